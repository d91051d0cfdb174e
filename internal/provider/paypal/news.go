package paypal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/provider"
)

const (
	// newsOldest bounds the age of a message. PayPal tries for three days to deliver
	// one. An older one that is repeated does no harm either: messages are told apart
	// by their ids, and none is believed before the object was read.
	newsOldest = 73 * time.Hour
	newsAhead  = 5 * time.Minute // by how much PayPal's clock may be ahead of ours

	newsHeaderMax = 1000            // characters of one header
	newsAlgorithm = "SHA256withRSA" // the only one that PayPal uses
)

// A letterhead is what the headers of a message say about it.
type letterhead struct {
	id, time, signature, certURL, algorithm string
}

// ReadNews checks the signature of a message against the certificate that it names,
// and says what it is about. If the certificate cannot be had, PayPal is asked to
// check the signature itself.
// https://developer.paypal.com/api/rest/webhooks/rest/#verify-the-message
func (p *Plug) ReadNews(header http.Header, body []byte, now time.Time) (provider.News, error) {
	head, ok := readLetterhead(header)
	at := p.certURL(head.certURL)
	if !ok || p.webhookID == "" || at == "" {
		return provider.News{}, provider.ErrNewsForged
	}
	sent, err := time.Parse(time.RFC3339, head.time)
	if err != nil {
		return provider.News{}, provider.ErrNewsForged
	}
	if age := now.Sub(sent); age > newsOldest || age < -newsAhead {
		return provider.News{}, provider.ErrNewsStale
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	key, err := p.signingKey(ctx, at, now)
	switch {
	case errors.Is(err, errCertUnfetched):
		err = p.askWhetherSigned(ctx, head, body)
	case err == nil && !head.signedBy(key, p.webhookID, body):
		err = provider.ErrNewsForged
	case err != nil:
		err = errors.Join(provider.ErrNewsForged, err)
	}
	if err != nil {
		return provider.News{}, err
	}
	return readEvent(body)
}

// readLetterhead takes the headers in. One that is there twice is refused, as one
// could be checked and the other believed.
func readLetterhead(h http.Header) (letterhead, bool) {
	var l letterhead
	for name, into := range map[string]*string{
		"Paypal-Transmission-Id": &l.id, "Paypal-Transmission-Time": &l.time, "Paypal-Transmission-Sig": &l.signature,
		"Paypal-Cert-Url": &l.certURL, "Paypal-Auth-Algo": &l.algorithm,
	} {
		values := h.Values(name)
		if len(values) != 1 || values[0] == "" || len(values[0]) > newsHeaderMax {
			return l, false
		}
		*into = values[0]
	}
	return l, l.algorithm == newsAlgorithm && !strings.Contains(l.id+l.time, "|")
}

// signedBy reports whether the key made the signature, for our endpoint and this
// body. What is signed is the body's CRC-32, not the body; the message is no more
// than a hint.
func (l letterhead) signedBy(key *rsa.PublicKey, webhookID string, body []byte) bool {
	signature, err := base64.StdEncoding.DecodeString(l.signature)
	if err != nil {
		return false
	}
	text := fmt.Sprintf("%s|%s|%s|%d", l.id, l.time, webhookID, crc32.ChecksumIEEE(body))
	digest := sha256.Sum256([]byte(text))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
}

// askWhetherSigned has PayPal check a signature.
func (p *Plug) askWhetherSigned(ctx context.Context, l letterhead, body []byte) error {
	if !json.Valid(body) {
		return provider.ErrNewsForged
	}
	ask, err := json.Marshal(map[string]string{
		"auth_algo": l.algorithm, "cert_url": l.certURL, "transmission_id": l.id,
		"transmission_sig": l.signature, "transmission_time": l.time, "webhook_id": p.webhookID,
	})
	if err != nil {
		return fmt.Errorf("word the question whether a message is signed: %w", err)
	}
	// The body goes byte for byte as it came: its checksum is what was signed.
	whole := bytes.Join([][]byte{bytes.TrimSuffix(ask, []byte("}")), []byte(`,"webhook_event":`), body, []byte("}")}, nil)
	var got struct {
		Status string `json:"verification_status"`
	}
	x := p.ask(ctx, question{call: verifyNews, body: whole}, &got)
	switch {
	case !x.ok():
		return x.fail()
	case got.Status != "SUCCESS":
		return provider.ErrNewsForged
	}
	return nil
}

// An event is a message, of which as little is read as can be.
type event struct {
	ID       string    `json:"id"`
	Type     string    `json:"event_type"`
	Created  time.Time `json:"create_time"`
	Resource resource  `json:"resource"`
}

// A resource is what a message is about: an order, an authorization, a capture, a
// refund, a payment token or a dispute.
type resource struct {
	ID        string  `json:"id"`
	InvoiceID string  `json:"invoice_id"`
	CustomID  string  `json:"custom_id"`
	Units     []unit  `json:"purchase_units"`
	Related   related `json:"supplementary_data"`
	Links     []link  `json:"links"`
	Disputed  []struct {
		Invoice string `json:"invoice_number"`
		Custom  string `json:"custom"`
	} `json:"disputed_transactions"`
}

// readEvent finds the intent or the token that a message is about.
func readEvent(body []byte) (provider.News, error) {
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" || e.Type == "" {
		return provider.News{}, provider.ErrNewsMalformed
	}
	n := provider.News{ID: e.ID, Kind: e.Type, At: e.Created.UTC()}
	about := e.Resource
	n.Reference = about.InvoiceID
	if n.Reference == "" {
		n.Reference = about.CustomID
	}
	switch {
	case strings.HasPrefix(e.Type, "CHECKOUT.ORDER."):
		n.Ref = orderRef(about.ID, nil)
		if len(about.Units) > 0 {
			n.Reference = about.Units[0].CustomID
		}
	case strings.HasPrefix(e.Type, "PAYMENT.AUTHORIZATION."):
		n.Ref = orderRef(about.Related.IDs.OrderID, about.Links)
	case strings.HasPrefix(e.Type, "PAYMENT.CAPTURE."):
		c := capture{InvoiceID: about.InvoiceID, Related: about.Related, Links: about.Links}
		n.Ref = c.ref()
	case strings.HasPrefix(e.Type, "VAULT.PAYMENT-TOKEN."):
		n.Token = about.ID
	case strings.HasPrefix(e.Type, "CUSTOMER.DISPUTE.") && len(about.Disputed) > 0:
		n.Reference = about.Disputed[0].Invoice
		if n.Reference == "" {
			n.Reference = about.Disputed[0].Custom
		}
	}
	return n, nil
}
