package paypal

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"
)

// An area is a part of PayPal's API that keeps idempotency keys for one span.
type area string

// The areas. none keeps no keys: its calls read, or can be repeated by nature.
const (
	none     area = ""
	vault    area = "vault"
	orders   area = "orders"
	payments area = "payments"
)

// windows says how long PayPal keeps a PayPal-Request-Id. Orders are kept longer
// only by agreement with PayPal, so that is not counted on.
// https://developer.paypal.com/api/rest/reference/idempotency/
var windows = map[area]time.Duration{
	vault:    3 * time.Hour,
	orders:   6 * time.Hour,
	payments: 45 * 24 * time.Hour,
}

// windowMargin is left of a window for clocks that differ.
const windowMargin = 30 * time.Minute

// A call is one operation of PayPal's API. A star in its path stands for an id.
type call struct {
	doing  string
	method string
	path   string
	keys   area
}

// The calls.
var (
	createSetup  = call{"open the agreement", http.MethodPost, "/v3/vault/setup-tokens", vault}
	readSetup    = call{"read the agreement", http.MethodGet, "/v3/vault/setup-tokens/*", none}
	createToken  = call{"keep the agreement", http.MethodPost, "/v3/vault/payment-tokens", vault}
	listTokens   = call{"list the payer's tokens", http.MethodGet, "/v3/vault/payment-tokens", none}
	readToken    = call{"read the token", http.MethodGet, "/v3/vault/payment-tokens/*", none}
	deleteToken  = call{"delete the token", http.MethodDelete, "/v3/vault/payment-tokens/*", none}
	createOrder  = call{"open the order", http.MethodPost, "/v2/checkout/orders", orders}
	getOrder     = call{"read the order", http.MethodGet, "/v2/checkout/orders/*", none}
	patchOrder   = call{"shut the order", http.MethodPatch, "/v2/checkout/orders/*", none}
	captureOrder = call{"capture the order", http.MethodPost, "/v2/checkout/orders/*/capture", orders}
	holdOrder    = call{"authorize the order", http.MethodPost, "/v2/checkout/orders/*/authorize", orders}
	readHold     = call{"read the authorization", http.MethodGet, "/v2/payments/authorizations/*", none}
	captureHold  = call{"capture the authorization", http.MethodPost, "/v2/payments/authorizations/*/capture", payments}
	renewHold    = call{"renew the authorization", http.MethodPost, "/v2/payments/authorizations/*/reauthorize", payments}
	voidHold     = call{"void the authorization", http.MethodPost, "/v2/payments/authorizations/*/void", none}
	readCapture  = call{"read the capture", http.MethodGet, "/v2/payments/captures/*", none}
	search       = call{"search the transactions", http.MethodGet, "/v1/reporting/transactions", none}
	verifyNews   = call{"verify a message", http.MethodPost, "/v1/notifications/verify-webhook-signature", none}
)

// keyMax is the longest PayPal-Request-Id that every area takes.
const keyMax = 108

// stepKey derives the key of one step. A body that the caller may word in another
// way the next time, such as one with a return address, is part of the key: PayPal
// refuses one key with two bodies, and what fences the money is not the key.
func stepKey(key, step string, body []byte) string {
	key += "/" + step
	if body != nil {
		sum := sha256.Sum256(body)
		key += "/" + hex.EncodeToString(sum[:6])
	}
	if len(key) <= keyMax && word(key) != "" {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256-" + hex.EncodeToString(sum[:])
}
