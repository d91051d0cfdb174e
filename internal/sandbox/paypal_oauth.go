package sandbox

import (
	"io"
	"net/http"
	"net/url"
	"time"
)

// accessTokenLife is how long an access token is good for, by the sandbox's
// clock.
const accessTokenLife = 9 * time.Hour

// An accessToken lets its bearer call. Only a digest of it is kept.
type accessToken struct {
	ID      string `json:"id"`
	Created int64  `json:"created"`
	Ends    int64  `json:"ends"`
}

func (a *accessToken) columns() columns {
	return columns{kind: "paypal_access_token", id: a.ID, created: a.Created}
}

func (a *accessToken) hiddenPart() any { return nil }

const paypalScope = "https://uri.paypal.com/services/payments/payment/authcapture https://uri.paypal.com/services/payments/refund " +
	"https://uri.paypal.com/services/vault/payment-tokens/read https://uri.paypal.com/services/vault/payment-tokens/readwrite " +
	"https://uri.paypal.com/services/applications/webhooks https://uri.paypal.com/services/disputes/read-seller " +
	"https://uri.paypal.com/services/disputes/update-seller https://uri.paypal.com/services/reporting/search/read openid"

// readTokenRequest accepts any client with a secret: all are one merchant.
func (c *paypalCall) readTokenRequest(r *http.Request) error {
	client, secret, ok := r.BasicAuth()
	if !ok || client == "" || secret == "" {
		return refusedCaller(opPayPalToken)
	}
	const formMax = 1 << 14
	body, err := io.ReadAll(io.LimitReader(r.Body, formMax))
	if err != nil {
		return malformed("MALFORMED_REQUEST_JSON")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("grant_type") == "" {
		return &paypalError{status: http.StatusBadRequest, oauth: "invalid_request", Message: "The grant_type is missing."}
	}
	if form.Get("grant_type") != "client_credentials" {
		return &paypalError{status: http.StatusBadRequest, oauth: "unsupported_grant_type", Message: "The sandbox knows the grant client_credentials only."}
	}
	return nil
}

func issueAccessToken(t *tx, c *paypalCall) (any, error) {
	const tokenLength, nonceLength = 92, 43
	token := "A21AA" + t.w.randomText(tokenLength)
	if err := t.w.store.exec("DELETE FROM objects WHERE kind = 'paypal_access_token' AND created < $1", t.now.Add(-accessTokenLife).Unix()); err != nil {
		return nil, err
	}
	t.save(&accessToken{ID: t.w.digest(token), Created: t.now.Unix(), Ends: t.now.Add(accessTokenLife).Unix()})
	return map[string]any{
		"scope": paypalScope, "access_token": token, "token_type": "Bearer", "app_id": "APP-80W284485P519543T",
		"expires_in": int64(accessTokenLife / time.Second),
		"nonce":      t.now.Format(time.RFC3339) + t.w.randomText(nonceLength),
	}, nil
}

// digest is what is kept of a secret that its bearer must show again.
func (w *World) digest(secret string) string { return w.hashPayPal("", "access token", []byte(secret)) }

// checkBearer returns nil if the caller may call.
func (t *tx) checkBearer(c *paypalCall) error {
	if c.op == opPayPalToken {
		return nil
	}
	token, found, err := load[accessToken](t, "paypal_access_token", t.w.digest(c.bearer))
	if err != nil {
		return err
	}
	if !found || t.now.Unix() >= token.Ends {
		return refusedCaller(c.op)
	}
	return nil
}

// RevokeAccessTokens has PayPal forget every access token that it gave, so
// that all its callers have to ask for new ones.
func (w *World) RevokeAccessTokens() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.store.exec("DELETE FROM objects WHERE kind = 'paypal_access_token'")
}
