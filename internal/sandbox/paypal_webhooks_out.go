package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

const (
	paypalAuthAlgo = "SHA256withRSA"
	// A delivery that fails is tried again 25 times over three days, as PayPal
	// says it does; how it spreads them is ours: two minutes, doubling up to
	// three and three quarter hours.
	// https://developer.paypal.com/api/rest/webhooks/rest/
	paypalRetriesMax   = 25
	paypalFirstRetry   = 2 * time.Minute
	paypalSlowestRetry = 225 * time.Minute
)

// paypalRetryAfter is how long to wait after an attempt that failed, given how
// many failed before it.
func paypalRetryAfter(before int64) time.Duration {
	d := paypalFirstRetry
	for range before {
		if d *= 2; d >= paypalSlowestRetry {
			return paypalSlowestRetry
		}
	}
	return d
}

// addressPayPal is the request that tells a webhook of an event as PayPal
// does, signed with the world's certificate. Every attempt is a transmission
// of its own.
func (w *World) addressPayPal(d delivery) (*http.Request, error) {
	var to paypalWebhook
	if err := errors.Join(json.Unmarshal(d.endpoint, &to), json.Unmarshal(d.secret, &to.hidden)); err != nil {
		return nil, err
	}
	seal, transmission, err := w.readyToSign()
	if err != nil {
		return nil, err
	}
	at := w.now().Format(time.RFC3339)
	signature, err := seal.sign(paypalSigned(transmission, at, to.signedAs(), d.event))
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, to.URL, bytes.NewReader(d.event))
	if err != nil {
		return nil, err
	}
	origin := to.hidden.Origin
	if base := w.baseURL.Load().(string); base != "" {
		origin = base
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "PayPal/AUHR-1.0 (bursar sandbox)")
	req.Header.Set("Paypal-Transmission-Id", transmission)
	req.Header.Set("Paypal-Transmission-Time", at)
	req.Header.Set("Paypal-Transmission-Sig", base64.StdEncoding.EncodeToString(signature))
	req.Header.Set("Paypal-Cert-Url", origin+certificatePath+seal.name)
	req.Header.Set("Paypal-Auth-Algo", paypalAuthAlgo)
	req.Header.Set("Paypal-Auth-Version", "v2")
	return req, nil
}

// readyToSign returns the seal, and a new transmission's id in the form of a
// UUID.
func (w *World) readyToSign() (*paypalSeal, string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	seal, err := w.seal()
	if err != nil {
		return nil, "", err
	}
	return seal, w.randomHex(4) + "-" + w.randomHex(2) + "-" + w.randomHex(2) + "-" + w.randomHex(2) + "-" + w.randomHex(6), nil
}
