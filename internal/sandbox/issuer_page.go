package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// An issuerView is what the issuer's page shows.
type issuerView struct {
	ID, Merchant, Amount, Card string
	Over                       bool   // the challenge was answered, or nobody waits for it any more
	Left                       bool   // the payer walked away
	Back                       string // the shop's page, if it gave one
}

// serveIssuer is the page on which a payer authenticates, as the bank that
// issued the card would show it, for the challenges of 3-D Secure.
func (w *World) serveIssuer(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/_issuer/issuer.css" {
		writeAsset(rw, "text/css", "issuer.css")
		return
	}
	id, ok := strings.CutPrefix(r.URL.Path, "/_issuer/3ds/")
	if !ok {
		http.NotFound(rw, r)
		return
	}
	v, returnURL, err := w.readChallenge(id)
	if err != nil {
		w.options.Logger.Error("sandbox issuer", "error", err)
		http.Error(rw, "The sandbox broke down; its log says why.", http.StatusInternalServerError)
		return
	}
	if v.ID == "" {
		http.Error(rw, "There is no such challenge.", http.StatusNotFound)
		return
	}
	// Browsers apply form-action to where a form's answer redirects, too.
	policy := "style-src 'self'; frame-ancestors 'none'; form-action 'self' " + originOf(returnURL)
	if r.Method != http.MethodPost {
		w.writePage(rw, http.StatusOK, "issuer.html", policy, v)
		return
	}
	w.answerIssuer(rw, r, v, policy)
}

// answerIssuer takes the payer's answer and sends the payer back.
func (w *World) answerIssuer(rw http.ResponseWriter, r *http.Request, v issuerView, policy string) {
	r.Body = http.MaxBytesReader(rw, r.Body, bodyMax)
	verb := r.PostFormValue("answer")
	if verb == "leave" {
		v.Left = true
		w.writePage(rw, http.StatusOK, "issuer.html", policy, v)
		return
	}
	if verb != "complete" && verb != "fail" {
		http.Error(rw, "Choose complete, fail or leave.", http.StatusBadRequest)
		return
	}
	back, open, err := w.passChallenge(v.ID, verb == "complete")
	if err != nil {
		w.options.Logger.Error("sandbox issuer", "error", err)
		http.Error(rw, "The sandbox broke down; its log says why.", http.StatusInternalServerError)
		return
	}
	if open && back != "" {
		http.Redirect(rw, r, back, http.StatusSeeOther)
		return
	}
	v.Over = true
	w.writePage(rw, http.StatusOK, "issuer.html", policy, v)
}

func (w *World) passChallenge(id string, pass bool) (back string, open bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.doDue(); err != nil {
		return "", false, err
	}
	err = w.within(caller{}, func(t *tx) error {
		h, found, err := load[threeDSChallenge](t, "challenge", id)
		if err != nil || !found {
			return err
		}
		back, open, err = t.answerChallenge(h, pass)
		return err
	})
	return back, open, err
}

// readChallenge returns the zero view if there is no such challenge.
func (w *World) readChallenge(id string) (v issuerView, returnURL string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	err = w.within(caller{}, func(t *tx) error {
		h, found, err := load[threeDSChallenge](t, "challenge", id)
		if err != nil || !found {
			return err
		}
		returnURL = h.ReturnURL
		v = issuerView{ID: h.ID, Merchant: descriptorPrefix, Over: h.Done != ""}
		waiting, err := t.openChallengeOf(h.For)
		if err != nil {
			return err
		}
		v.Over = v.Over || waiting != h.ID
		return t.describeChallenge(h, &v)
	})
	return v, returnURL, err
}

func (t *tx) describeChallenge(h *threeDSChallenge, v *issuerView) error {
	methodID := ""
	p, found, err := load[intent](t, "payment_intent", h.For)
	if err != nil {
		return err
	}
	if found {
		v.Merchant, v.Amount, methodID = string(statementText(p)), shownAmount(p.Amount, p.Currency), string(p.PaymentMethod)
		v.Back = returnTo(h.ReturnURL, url.Values{"payment_intent": {p.ID}, "payment_intent_client_secret": {p.ClientSecret}})
	} else {
		s, found, err := load[setup](t, "setup_intent", h.For)
		if err != nil {
			return err
		}
		if found {
			methodID = string(s.PaymentMethod)
			v.Back = returnTo(h.ReturnURL, url.Values{"setup_intent": {s.ID}, "setup_intent_client_secret": {s.ClientSecret}})
		}
	}
	m, found, err := load[method](t, "payment_method", methodID)
	if err == nil && found {
		v.Card = tokenBrands[m.Card.Brand] + " •••• " + m.Card.Last4
	}
	return err
}

// digitsOf are the decimals of currencies that have other than two.
// https://docs.stripe.com/currencies#zero-decimal
var digitsOf = map[string]int{
	"bif": 0, "clp": 0, "djf": 0, "gnf": 0, "jpy": 0, "kmf": 0, "krw": 0, "mga": 0, "pyg": 0, "rwf": 0, "vnd": 0,
	"vuv": 0, "xaf": 0, "xof": 0, "xpf": 0, "bhd": 3, "jod": 3, "kwd": 3, "omr": 3, "tnd": 3,
}

// shownAmount is an amount as payers read it, such as 12.34 USD.
func shownAmount(minor int64, currency string) string {
	digits, special := digitsOf[currency]
	if !special {
		digits = 2
	}
	text := fmt.Sprintf("%0*d", digits+1, minor)
	if digits > 0 {
		text = text[:len(text)-digits] + "." + text[len(text)-digits:]
	}
	return text + " " + strings.ToUpper(currency)
}
