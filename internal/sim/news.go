package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	newsMax         = 1 << 20
	cardsName       = "stripe"
	walletName      = "paypal"
	stripeSignature = "Stripe-Signature"
)

// message is a webhook of the world that is on its way.
type message struct {
	from   string // the provider
	header http.Header
	body   []byte
}

// postOffice takes the world's webhooks and keeps them until they are delivered.
type postOffice struct{ l *life }

// RoundTrip takes a webhook, as its receiver would.
func (p postOffice) RoundTrip(r *http.Request) (*http.Response, error) {
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, newsMax))
	if err != nil {
		return nil, err
	}
	if !p.l.healed && !p.l.chance.happens(p.l.temper.rates[newsLost]) {
		p.l.mailbox = append(p.l.mailbox, message{strings.TrimPrefix(r.URL.Path, "/"), r.Header.Clone(), body})
	} else if !p.l.healed {
		p.l.count(newsLost)
	}
	return &http.Response{
		StatusCode: http.StatusNoContent, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: r,
	}, nil
}

const mailboxMax = 200 // older messages are lost

// deliverNews hands some of what waits to the office: in order, or in none.
func deliverNews(l *life) {
	if over := len(l.mailbox) - mailboxMax; over > 0 {
		l.mailbox = slices.Delete(l.mailbox, 0, over)
	}
	for range l.chance.between(1, 5) {
		if len(l.mailbox) == 0 {
			return
		}
		at := 0
		if len(l.mailbox) > 1 && l.chance.happens(l.temper.rates[newsLate]) {
			l.count(newsLate)
			at = l.chance.between(1, len(l.mailbox)-1)
		}
		m := l.mailbox[at]
		if l.chance.happens(l.temper.rates[newsTwice]) {
			l.count(newsTwice) // it stays, and comes again
		} else {
			l.mailbox = slices.Delete(l.mailbox, at, at+1)
		}
		l.receive(m)
		if l.chance.happens(l.temper.rates[newsForged]) {
			l.forge(m)
		}
	}
}

// receive lets the office have a message. That it cannot be kept just now is no
// violation: the world would send it again. Stripe signs again when it does; what
// PayPal has signed is good for days.
func (l *life) receive(m message) error {
	if m.from == cardsName {
		m.header = http.Header{stripeSignature: {signed(newsSecret, l.clock.now, m.body)}}
	}
	return l.hear(m)
}

func (l *life) hear(m message) error {
	err := l.node().office.ReceiveNews(l.ctx, m.from, m.header, m.body)
	l.trace("  news of %s: %v", m.from, err)
	return err
}

// forge sends a message that must not be believed: signed by somebody else, or
// long ago. It says that a payment which is not over has succeeded, or that a payer
// has ended an agreement.
func (l *life) forge(m message) {
	l.count(newsForged)
	if m.from != cardsName {
		l.forgePayPal(m)
		return
	}
	if ref := l.any(`SELECT provider_ref FROM payments WHERE provider = 'stripe' AND provider_ref IS NOT NULL AND state NOT IN ('succeeded', 'declined', 'cancelled') ORDER BY provider_ref`); ref != "" {
		l.serial++
		m.body = fmt.Appendf(nil, `{"id": "evt_forged_%d", "type": "payment_intent.succeeded", "data": {"object": {"id": %q, "object": "payment_intent"}}}`, l.serial, ref)
	}
	signature := signed("whsec_of_somebody_else", l.clock.now, m.body)
	if l.chance.happens(0.5) {
		signature = signed(newsSecret, l.clock.now.Add(-time.Hour), m.body)
	}
	m.header = http.Header{stripeSignature: {signature}}
	l.mustRefuse(m)
}

// forgePayPal sends a message under a signature of PayPal's that is for another.
func (l *life) forgePayPal(m message) {
	token := l.any(`SELECT token FROM payment_methods WHERE provider = 'paypal' AND state = 'active' ORDER BY id`)
	l.serial++
	m.body = fmt.Appendf(nil, `{"id": "WH-FORGED-%d", "event_type": "VAULT.PAYMENT-TOKEN.DELETED", "resource": {"id": %q}}`, l.serial, token)
	m.header = m.header.Clone()
	switch l.chance.IntN(3) {
	case 0:
		m.header.Del("Paypal-Transmission-Sig")
	case 1: // another certificate, from a place of the forger's
		m.header.Set("Paypal-Cert-Url", "http://evil.invalid/v1/notifications/certs/CERT-0-0-0")
	}
	l.mustRefuse(m)
}

func (l *life) mustRefuse(m message) {
	if l.hear(m) == nil && !l.o.plant.isPlug() {
		l.violate("a forged message of %s was taken for news", m.from)
	}
}

// signed is what the world puts on a message: the time, and a MAC of time and body.
func signed(secret string, at time.Time, body []byte) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
