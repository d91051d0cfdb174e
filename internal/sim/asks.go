package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Paths of PayPal's requests that ask for something.
const (
	ordersPath  = "/v2/checkout/orders/"
	holdsPath   = "/v2/payments/authorizations/"
	setupsPath  = "/v3/vault/setup-tokens"
	tokensPath  = "/v3/vault/payment-tokens/"
	orderRef    = "order:" // begins our name of an order
	captureRef  = "capture-of:"
	requestID   = "PayPal-Request-Id"
	openEnding  = "/open" // of the key under which something is opened
	takenPath   = "/v2/payments/captures/"
	asksOfMoney = `SELECT id, key, provider_ref, state FROM payments UNION ALL SELECT id, key, provider_ref, state FROM holds`
)

// mayBeAsked holds a request against what is committed by now: money is asked for
// what we have remembered, with its key; confirmed under an id that is saved;
// cancelled when that was decided.
func (l *life) mayBeAsked(r *http.Request) {
	if l.o.plant.isPlug() {
		return
	}
	if isPayPal(r) {
		l.payPalMayBeAsked(r)
		return
	}
	if r.URL.Path == "/v1/refunds" && r.Method == http.MethodPost {
		form, err := formOf(r)
		if err != nil {
			l.violate("a refund is asked for that cannot be read: %v", err)
		}
		l.refundMayBeAsked(form.Get("metadata[bursar_reference]"), r.Header.Get("Idempotency-Key"), ":refund")
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/v1/payment_intents")
	if !ok || r.Method != http.MethodPost {
		return
	}
	ref, step, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch step {
	case "":
		form, err := formOf(r)
		reference, key := form.Get("metadata[bursar_reference]"), r.Header.Get("Idempotency-Key")
		if err != nil || l.any(`SELECT id FROM (`+asksOfMoney+`) WHERE key = $1 AND $2 LIKE key || ':open%'`, reference, key) == "" {
			l.violate("money is asked for %q under the key %q, which is not remembered", reference, key)
		}
	case "confirm":
		if l.any(`SELECT id FROM (`+asksOfMoney+`) WHERE provider_ref = $1`, ref) == "" {
			l.violate("%s is confirmed, and nothing here has this id", ref)
		}
	case "cancel":
		if l.any(`SELECT id FROM (`+asksOfMoney+`) WHERE provider_ref = $1 AND state NOT IN ('opening', 'pending', 'challenged', 'unknown', 'placed', 'succeeded')`, ref) == "" {
			l.violate("%s is cancelled, which nobody has decided", ref)
		}
	}
}

// formOf reads a request's form and leaves it to be read again.
func formOf(r *http.Request) (url.Values, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return url.ParseQuery(string(body))
}

// payPalMayBeAsked is mayBeAsked for PayPal: an order is opened for what we have
// remembered, and paid once its id is saved; money is taken from a hold that was set
// aside for it; a hold goes when that was decided, and a token when nobody holds it.
func (l *life) payPalMayBeAsked(r *http.Request) {
	body, err := bodyOf(r)
	if err != nil {
		l.violate("PayPal is asked for something that cannot be read: %v", err)
		return
	}
	path, key := r.URL.Path, r.Header.Get(requestID)
	id, step, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, ordersPath), holdsPath), "/")
	ref := orderRef + id
	switch {
	case r.Method == http.MethodGet || path == passPath:
	case path == strings.TrimSuffix(ordersPath, "/"):
		if l.any(`SELECT id FROM (`+asksOfMoney+`) WHERE key = $1 AND $2 = key || $3`, body.invoice(), key, openEnding) == "" {
			l.violate("an order is opened for %q under the key %q, which is not remembered", body.invoice(), key)
		}
	case path == setupsPath:
		if l.any(`SELECT id FROM agreements WHERE $1 = key || $2`, key, openEnding) == "" {
			l.violate("a payer is asked under the key %q, which is not remembered", key)
		}
	case path == strings.TrimSuffix(tokensPath, "/"):
		if l.any(`SELECT id FROM agreements WHERE provider_ref = $1 OR provider_ref LIKE '%:' || $1`, body.Source.Token.ID) == "" {
			l.violate("the agreement %s is kept, and nothing here has this id", body.Source.Token.ID)
		}
	case strings.HasPrefix(path, tokensPath):
		token := strings.TrimPrefix(path, tokensPath)
		if held := l.any(`SELECT id FROM payment_methods WHERE token = $1 AND state NOT IN ('rejected', 'detached')`, token); held != "" {
			l.violate("PayPal is told to forget the token of %s, which is bound", held)
		}
	case strings.HasPrefix(path, ordersPath) && r.Method == http.MethodPatch:
		if l.any(`SELECT id FROM (`+asksOfMoney+`) WHERE provider_ref = $1 AND state IN ('closing', 'cancelled', 'declined', 'releasing', 'released', 'expired')`, ref) == "" {
			l.violate("order %s is shut, which nobody has decided", id)
		}
	case strings.HasPrefix(path, ordersPath):
		if l.any(`SELECT id FROM (`+asksOfMoney+`) WHERE provider_ref = $1`, ref) == "" {
			l.violate("%s of order %s is asked for, and nothing here has this id", step, id)
		}
	case strings.HasPrefix(path, takenPath):
		l.refundMayBeAsked(body.Invoice, key, "/refund")
	case strings.HasPrefix(path, holdsPath):
		l.holdMayBeAsked(id, step, body.Invoice)
	}
}

// holdMayBeAsked is payPalMayBeAsked for what is held on a payer's account.
func (l *life) holdMayBeAsked(id, step, invoice string) {
	b, err := l.world.Books(l.ctx)
	if err != nil {
		l.violate("the world's books cannot be read: %v", err)
		return
	}
	ref := orderRef + b.PayPal.Authorization(id).Order
	switch step {
	case "capture":
		if l.any(`SELECT p.id FROM payments AS p JOIN holds AS h ON h.id = p.hold_id WHERE p.key = $1 AND p.provider_ref = $2 AND h.charge_ref = $3`,
			invoice, captureRef+id+"/"+invoice, id) == "" {
			l.violate("%s is taken from authorization %s, which was not set aside for it", invoice, id)
		}
	case "void":
		if l.any(`SELECT id FROM holds WHERE provider_ref = $1 AND state NOT IN ('opening', 'challenged', 'unknown', 'placed')`, ref) == "" {
			l.violate("authorization %s is voided, which nobody has decided", id)
		}
	case "reauthorize":
		if l.any(`SELECT id FROM holds WHERE provider_ref = $1 AND kind = 'exposure'`, ref) == "" {
			l.violate("authorization %s is renewed, which is no hold on usage", id)
		}
	}
}

// payPalBody is what counts of a request to PayPal.
type payPalBody struct {
	Invoice string `json:"invoice_id"`
	Units   []struct {
		Invoice string `json:"invoice_id"`
	} `json:"purchase_units"`
	Source struct {
		Token struct {
			ID string `json:"id"`
		} `json:"token"`
	} `json:"payment_source"`
}

func (b payPalBody) invoice() string {
	if len(b.Units) != 1 {
		return b.Invoice
	}
	return b.Units[0].Invoice
}

// bodyOf reads a request's JSON and leaves it to be read again. A list, as of
// patches, says nothing that counts.
func bodyOf(r *http.Request) (b payPalBody, err error) {
	if r.Body == nil {
		return b, nil
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return b, err
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	if !bytes.HasPrefix(raw, []byte("{")) {
		return b, nil
	}
	return b, json.Unmarshal(raw, &b)
}
