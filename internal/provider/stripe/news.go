package stripe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/provider"
)

const (
	newsTolerance  = 300 * time.Second // between the signature and us, either way
	signaturesMax  = 16                // in one header; Stripe sends one per live secret
	signatureBytes = 4096              // of header
)

// ReadNews checks the signature of an event and says what it is about. The check is
// our own, since stripe-go's reads the wall clock.
// https://docs.stripe.com/webhooks/signature
func (p *Plug) ReadNews(header http.Header, body []byte, now time.Time) (provider.News, error) {
	at, signatures, ok := readSignature(header.Get("Stripe-Signature"))
	if !ok || !p.signed(at, signatures, body) {
		return provider.News{}, provider.ErrNewsForged
	}
	if age := now.Sub(time.Unix(at, 0)); age > newsTolerance || age < -newsTolerance {
		return provider.News{}, provider.ErrNewsStale
	}
	return readEvent(body)
}

// readSignature reads t=…,v1=…,v1=…. A header with two times is refused, as one
// could be signed and the other believed.
func readSignature(text string) (at int64, signatures [][]byte, ok bool) {
	if len(text) > signatureBytes {
		return 0, nil, false
	}
	times := 0
	for pair := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch name {
		case "t":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil || n < 0 || n > 1<<40 {
				return 0, nil, false
			}
			at = n
			times++
		case "v1":
			if s, err := hex.DecodeString(value); err == nil && len(signatures) < signaturesMax {
				signatures = append(signatures, s)
			}
		}
	}
	return at, signatures, times == 1 && len(signatures) > 0
}

// signed reports whether one of our secrets made one of the signatures.
func (p *Plug) signed(at int64, signatures [][]byte, body []byte) bool {
	valid := false
	for _, secret := range p.secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(strconv.AppendInt(nil, at, 10))
		mac.Write([]byte{'.'})
		mac.Write(body)
		want := mac.Sum(nil)
		for _, s := range signatures {
			valid = hmac.Equal(s, want) || valid
		}
	}
	return valid
}

// readEvent finds the intent that an event is about: the object itself, or the one
// that a charge, a refund, a dispute or a warning of fraud belongs to. It reads as little as it can, so that
// events of any API version can be read.
func readEvent(body []byte) (provider.News, error) {
	var e struct {
		ID      string `json:"id"`
		Type    string `json:"type"`
		Created int64  `json:"created"`
		Data    struct {
			Object struct {
				ID            string            `json:"id"`
				Object        string            `json:"object"`
				PaymentIntent named             `json:"payment_intent"`
				Metadata      map[string]string `json:"metadata"`
			} `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" || e.Type == "" {
		return provider.News{}, provider.ErrNewsMalformed
	}
	object := e.Data.Object
	n := provider.News{ID: e.ID, Kind: e.Type, Reference: object.Metadata[metaReference], At: time.Unix(e.Created, 0).UTC()}
	n.Ref = string(object.PaymentIntent)
	if object.Object == "payment_intent" {
		n.Ref = object.ID
	}
	return n, nil
}

// named is the id of an object that may be there whole, by its id, or not at all.
type named string

// UnmarshalJSON reads the id out of either form.
func (n *named) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, (*string)(n))
	}
	var whole struct {
		ID string `json:"id"`
	}
	err := json.Unmarshal(data, &whole)
	*n = named(whole.ID)
	return err
}
