package sandbox

import (
	"net/http"
	"strings"
)

// A route is one operation of Stripe's API.
type route struct {
	op     string
	public bool // a publishable key may call it
	takes  *paramSet
	do     func(t *tx, c *call) (any, error)
}

// Columns whose indices leave out objects without them. SQLite uses such an
// index only for a condition that says so.
const (
	byCustomer = "customer <> '' AND customer"
	byIntent   = "intent <> '' AND intent"
	byCharge   = "charge <> '' AND charge"
)

var (
	customersList = collection{kind: "customer", path: "/v1/customers", where: "mark <> 'deleted'",
		filters: map[string]string{"email": "json_extract(doc, '$.email')"}}
	methodsList = collection{kind: "payment_method", path: "/v1/payment_methods",
		filters: map[string]string{"customer": byCustomer, "type": "mark"}}
	intentsList = collection{kind: "payment_intent", path: "/v1/payment_intents",
		filters: map[string]string{"customer": byCustomer}}
	setupsList = collection{kind: "setup_intent", path: "/v1/setup_intents",
		filters: map[string]string{"customer": byCustomer, "payment_method": "json_extract(doc, '$.payment_method')"}}
	chargesList = collection{kind: "charge", path: "/v1/charges",
		filters: map[string]string{"customer": byCustomer, "payment_intent": byIntent}}
	refundsList = collection{kind: "refund", path: "/v1/refunds",
		filters: map[string]string{"charge": byCharge, "payment_intent": byIntent}}
	balanceTransactionsList = collection{kind: "balance_transaction", path: "/v1/balance_transactions",
		filters: map[string]string{"type": "mark", "source": byCharge, "currency": "json_extract(doc, '$.currency')"}}
	eventsList = collection{kind: "event", path: "/v1/events",
		filters: map[string]string{"type": "mark", "types": "mark"}}
	endpointsList = collection{kind: "webhook_endpoint", path: "/v1/webhook_endpoints", where: "mark <> 'deleted'"}
	disputesList  = collection{kind: "dispute", path: "/v1/disputes",
		filters: map[string]string{"charge": byCharge, "payment_intent": byIntent}}
)

// stripeRoutes are the operations by method and path, * standing for an id.
// Operations on payment intents have the short names that faults use.
func stripeRoutes() map[string]route {
	routes := map[string]route{}
	add := func(shape, op, params string, do func(*tx, *call) (any, error)) {
		routes[shape] = route{op: op, takes: takes(params + " expand.*"), do: do}
	}
	browser := func(shape, op, params string, do func(*tx, *call) (any, error)) {
		routes[shape] = route{op: op, public: true, do: do,
			takes: takes(params + " expand.* key _stripe_version _stripe_account payment_user_agent referrer time_on_page guid muid sid pasted_fields client_attribution_metadata.**")}
	}
	listing := func(shape, op string, l collection) {
		routes[shape] = route{op: op, takes: l.takes(), do: l.list}
	}

	add("POST customers", "customer_create", customerParams, createCustomer)
	add("GET customers/*", "customer_retrieve", "", retrieveCustomer)
	add("POST customers/*", "customer_update", customerParams, updateCustomer)
	add("DELETE customers/*", "customer_delete", "", deleteCustomer)
	listing("GET customers", "customer_list", customersList)
	routes["GET customers/*/payment_methods"] = route{op: "customer_method_list", do: listCustomerMethods,
		takes: takes(pageParams + "type type.* expand.* allow_redisplay")}
	add("GET customers/*/payment_methods/*", "customer_method_retrieve", "", retrieveCustomerMethod)

	browser("POST payment_methods", "method_create", methodParams, createMethod)
	add("GET payment_methods/*", "method_retrieve", "", retrieveMethod)
	add("POST payment_methods/*", "method_update", "allow_redisplay metadata.* card.exp_month card.exp_year card.networks.preferred "+billingParams, updateMethod)
	add("POST payment_methods/*/attach", "method_attach", "customer", attachMethod)
	add("POST payment_methods/*/detach", "method_detach", "", detachMethod)
	listing("GET payment_methods", "method_list", methodsList)
	browser("POST tokens", "token_create", tokenParams, createToken)
	add("GET tokens/*", "token_retrieve", "", retrieveToken)

	add("POST payment_intents", "create", createIntentParams, createIntent)
	browser("GET payment_intents/*", "retrieve", "client_secret", retrieveIntent)
	add("POST payment_intents/*", "update", updateIntentParams, updateIntent)
	browser("POST payment_intents/*/confirm", "confirm", confirmParams, confirmIntent)
	add("POST payment_intents/*/capture", "capture", "amount_to_capture final_capture metadata.* statement_descriptor statement_descriptor_suffix amount_details.** payment_details.**", captureIntent)
	add("POST payment_intents/*/cancel", "cancel", "cancellation_reason", cancelIntent)
	listing("GET payment_intents", "list", intentsList)

	add("POST setup_intents", "setup_create", createSetupParams, createSetup)
	browser("GET setup_intents/*", "setup_retrieve", "client_secret", retrieveSetup)
	add("POST setup_intents/*", "setup_update", setupParams, updateSetup)
	browser("POST setup_intents/*/confirm", "setup_confirm", setupAttemptParams, confirmSetupIntent)
	add("POST setup_intents/*/cancel", "setup_cancel", "cancellation_reason", cancelSetup)
	listing("GET setup_intents", "setup_list", setupsList)

	add("GET charges/*", "charge_retrieve", "", retrieveCharge)
	add("POST charges/*", "charge_update", "description metadata.* receipt_email", updateCharge)
	listing("GET charges", "charge_list", chargesList)
	add("POST refunds", "refund", refundParams, createRefund)
	add("GET refunds/*", "refund_retrieve", "", retrieveRefund)
	add("POST refunds/*", "refund_update", "metadata.*", updateRefund)
	listing("GET refunds", "refund_list", refundsList)
	add("GET disputes/*", "dispute_retrieve", "", retrieveDispute)
	add("POST disputes/*", "dispute_update", "evidence.** metadata.* submit", updateDispute)
	add("POST disputes/*/close", "dispute_close", "", closeDispute)
	listing("GET disputes", "dispute_list", disputesList)

	add("GET balance", "balance_retrieve", "", retrieveBalance)
	add("GET balance_transactions/*", "balance_transaction_retrieve", "", retrieveBalanceTransaction)
	routes["GET balance_transactions"] = route{op: "balance_transaction_list", takes: balanceTransactionsList.takes(), do: listBalanceTransactions}
	add("GET events/*", "event_retrieve", "", retrieveEvent)
	listing("GET events", "event_list", eventsList)
	add("POST webhook_endpoints", "endpoint_create", endpointParams, createEndpoint)
	add("GET webhook_endpoints/*", "endpoint_retrieve", "", retrieveEndpoint)
	add("POST webhook_endpoints/*", "endpoint_update", endpointParams, updateEndpoint)
	add("DELETE webhook_endpoints/*", "endpoint_delete", "", deleteEndpoint)
	listing("GET webhook_endpoints", "endpoint_list", endpointsList)
	return routes
}

// match finds the route of a request. In a path, every second part after the
// version is an id.
func (w *World) match(method, path string) (to route, ids []string, known bool) {
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(path, "/v1/"), "/"), "/")
	const deepest = 4
	if len(parts) > deepest {
		return route{}, nil, false
	}
	for i := 1; i < len(parts); i += 2 {
		ids = append(ids, parts[i])
		parts[i] = "*"
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	to, known = w.routes[method+" "+strings.Join(parts, "/")]
	return to, ids, known
}
