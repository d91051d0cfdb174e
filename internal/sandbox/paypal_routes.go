package sandbox

import (
	"maps"
	"net/http"
	"strings"
)

const opPayPalToken = "paypal_token"

// paypalRoutes are the operations by method and path, * standing for an id.
func paypalRoutes() map[string]paypalRoute {
	routes := map[string]paypalRoute{
		"POST v1/oauth2/token": {op: opPayPalToken, do: issueAccessToken},
	}
	maps.Copy(routes, vaultRoutes())
	maps.Copy(routes, orderRoutes())
	maps.Copy(routes, paymentRoutes())
	maps.Copy(routes, paypalWebhookRoutes())
	maps.Copy(routes, paypalDisputeRoutes())
	maps.Copy(routes, paypalSearchRoutes())
	return routes
}

func vaultRoutes() map[string]paypalRoute {
	return map[string]paypalRoute{
		"POST v3/vault/setup-tokens":       {op: "paypal_setup_create", status: http.StatusCreated, window: windowVault, replay: http.StatusOK, do: createSetupToken},
		"GET v3/vault/setup-tokens/*":      {op: "paypal_setup_retrieve", do: retrieveSetupToken},
		"POST v3/vault/payment-tokens":     {op: "paypal_vault_create", status: http.StatusCreated, window: windowVault, replay: http.StatusOK, do: createPaymentToken},
		"GET v3/vault/payment-tokens":      {op: "paypal_vault_list", do: listPaymentTokens},
		"GET v3/vault/payment-tokens/*":    {op: "paypal_vault_retrieve", do: retrievePaymentToken},
		"DELETE v3/vault/payment-tokens/*": {op: "paypal_vault_delete", do: deletePaymentToken},
	}
}

func orderRoutes() map[string]paypalRoute {
	return map[string]paypalRoute{
		"POST v2/checkout/orders":                          {op: "paypal_order_create", status: http.StatusCreated, window: windowOrders, replay: http.StatusOK, do: createPayPalOrder},
		"GET v2/checkout/orders/*":                         {op: "paypal_order_retrieve", do: retrievePayPalOrder},
		"PATCH v2/checkout/orders/*":                       {op: "paypal_order_patch", do: patchPayPalOrder},
		"POST v2/checkout/orders/*/confirm-payment-source": {op: "paypal_order_confirm", do: confirmPayPalOrder},
		"POST v2/checkout/orders/*/authorize":              {op: "paypal_order_authorize", status: http.StatusCreated, window: windowOrders, replay: http.StatusOK, do: authorizePayPalOrder},
		"POST v2/checkout/orders/*/capture":                {op: "paypal_order_capture", status: http.StatusCreated, window: windowOrders, replay: http.StatusOK, do: capturePayPalOrder},
	}
}

func paymentRoutes() map[string]paypalRoute {
	return map[string]paypalRoute{
		"GET v2/payments/authorizations/*":              {op: "paypal_authorization_retrieve", do: retrieveAuthorization},
		"POST v2/payments/authorizations/*/capture":     {op: "paypal_authorization_capture", status: http.StatusCreated, window: windowPayments, do: captureAuthorization},
		"POST v2/payments/authorizations/*/reauthorize": {op: "paypal_authorization_reauthorize", status: http.StatusCreated, window: windowPayments, do: reauthorize},
		"POST v2/payments/authorizations/*/void":        {op: "paypal_authorization_void", window: windowPayments, do: voidAuthorization},
		"GET v2/payments/captures/*":                    {op: "paypal_capture_retrieve", do: retrieveCapture},
		"POST v2/payments/captures/*/refund":            {op: "paypal_capture_refund", status: http.StatusCreated, window: windowPayments, do: refundCapture},
		"GET v2/payments/refunds/*":                     {op: "paypal_refund_retrieve", do: retrievePayPalRefund},
	}
}

// matchPayPal finds the route of a request. In a path, the fourth part is an id.
func (w *World) matchPayPal(method, path string) (to paypalRoute, id string, known bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	const idAt, deepest = 3, 5
	if len(parts) > deepest {
		return paypalRoute{}, "", false
	}
	if len(parts) > idAt {
		id, parts[idAt] = parts[idAt], "*"
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	to, known = w.paypalRoutes[method+" "+strings.Join(parts, "/")]
	return to, id, known
}
