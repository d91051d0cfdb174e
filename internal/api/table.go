package api

import "github.com/bursar-pay/bursar/internal/access"

// addRoutes is the table of what the API offers.
func (s *Server) addRoutes() {
	handle(s, route{path: "POST /v1/accounts", id: "open-account", scope: access.AccountsWrite, status: 201, summary: "Open an account"}, s.openAccount)
	handle(s, route{path: "GET /v1/accounts", id: "list-accounts", scope: access.AccountsRead, summary: "List accounts"}, s.listAccounts)
	handle(s, route{path: "GET /v1/accounts/{id}", id: "get-account", scope: access.AccountsRead, summary: "Fetch an account"}, s.account)
	handle(s, route{path: "PATCH /v1/accounts/{id}", id: "change-account", scope: access.AccountsWrite, summary: "Change how an account is named and reached"}, s.changeAccount)
	handle(s, route{path: "GET /v1/accounts/{id}/ways-to-pay", id: "get-ways-to-pay", scope: access.AccountsRead, summary: "Say what an account may pay with"}, s.waysToPay)

	handle(s, route{path: "PUT /v1/accounts/{id}/resources", id: "report-resources", scope: access.UsageWrite, summary: "Say what runs for an account"}, s.reportResources)
	handle(s, route{path: "GET /v1/accounts/{id}/resources", id: "get-resources", scope: access.AccountsRead, summary: "Fetch what runs for an account, as it was told last"}, s.resources)
	handle(s, route{path: "GET /v1/accounts/{id}/closing", id: "get-closing", scope: access.AccountsRead, summary: "Say what stands against closing an account"}, s.closing)
	handle(s, route{path: "POST /v1/accounts/{id}/close", id: "close-account", scope: access.AccountsWrite, summary: "Begin an account's silent period, after which it is closed"}, s.closeAccount)
	handle(s, route{path: "POST /v1/accounts/{id}/reopen", id: "reopen-account", scope: access.AccountsWrite, summary: "Take an account out of its silent period"}, s.reopenAccount)

	handle(s, route{path: "POST /v1/accounts/{id}/agreements", id: "open-agreement", scope: access.MethodsWrite, status: 201, summary: "Ask a payer for leave to charge their PayPal account"}, s.openAgreement)
	handle(s, route{path: "GET /v1/accounts/{id}/agreements", id: "list-agreements", scope: access.MethodsRead, summary: "List an account's newest agreements"}, s.listAgreements)
	handle(s, route{path: "GET /v1/agreements/{id}", id: "get-agreement", scope: access.MethodsRead, summary: "Fetch an agreement"}, s.agreement)
	handle(s, route{path: "POST /v1/agreements/{id}/return", id: "return-to-agreement", scope: access.MethodsRead, summary: "Say that the payer came back from PayPal's page"}, s.returnToAgreement)

	handle(s, route{path: "POST /v1/accounts/{id}/payment-methods", id: "bind-card", scope: access.MethodsWrite, status: 201, summary: "Bind a card to an account"}, s.bindCard)
	handle(s, route{path: "GET /v1/accounts/{id}/payment-methods", id: "list-payment-methods", scope: access.MethodsRead, summary: "List an account's payment methods"}, s.listMethods)
	handle(s, route{path: "GET /v1/payment-methods/{id}", id: "get-payment-method", scope: access.MethodsRead, summary: "Fetch a payment method"}, s.method)
	handle(s, route{path: "GET /v1/payment-methods/{id}/detachability", id: "get-detachability", scope: access.MethodsRead, summary: "Say whether a payment method could be taken off its account"}, s.detachability)
	handle(s, route{path: "DELETE /v1/payment-methods/{id}", id: "detach-payment-method", scope: access.MethodsWrite, summary: "Take a payment method off its account"}, s.detachMethod)
	handle(s, route{path: "POST /v1/payment-methods/{id}/prefer", id: "prefer-payment-method", scope: access.MethodsWrite, summary: "Make a payment method the one that is charged"}, s.preferMethod)
	handle(s, route{path: "GET /v1/payment-methods/{id}/timeline", id: "get-payment-method-timeline", scope: access.MethodsRead, summary: "Say what was done to a payment method"}, s.methodTimeline)

	s.addUsageRoute()
	handle(s, route{path: "GET /v1/accounts/{id}/usage", id: "get-usage", scope: access.UsageRead, summary: "Sum an account's usage of a month by product"}, s.usageOf)

	handle(s, route{path: "GET /v1/accounts/{id}/debts", id: "list-debts", scope: access.BillsRead, summary: "List an account's debts"}, s.listDebts)
	handle(s, route{path: "GET /v1/accounts/{id}/payments", id: "list-payments", scope: access.BillsRead, summary: "List an account's payments"}, s.listPayments)
	handle(s, route{path: "GET /v1/accounts/{id}/bills", id: "list-bills", scope: access.BillsRead, summary: "List an account's bills"}, s.listBills)
	handle(s, route{path: "GET /v1/debts/{id}", id: "get-debt", scope: access.BillsRead, summary: "Fetch a debt and its payments"}, s.debt)
	handle(s, route{path: "POST /v1/debts/{id}/collect", id: "collect-debt", scope: access.BillsWrite, summary: "Try to collect a debt now"}, s.collectDebt)
	handle(s, route{path: "GET /v1/payments/{id}", id: "get-payment", scope: access.BillsRead, summary: "Fetch a payment"}, s.payment)
	handle(s, route{path: "POST /v1/payments/{id}/challenge-links", id: "create-challenge-link", scope: access.BillsWrite, status: 201, summary: "Make a link with which the payer completes a payment"}, s.openChallenge)
	handle(s, route{path: "POST /v1/payments/{id}/refunds", id: "refund-payment", scope: access.RefundsWrite, status: 201, summary: "Give some or all of a payment back"}, s.refundPayment)
	handle(s, route{path: "GET /v1/payments/{id}/refunds", id: "list-payment-refunds", scope: access.BillsRead, summary: "List a payment's refunds, the first one first"}, s.listPaymentRefunds)
	handle(s, route{path: "GET /v1/accounts/{id}/refunds", id: "list-refunds", scope: access.BillsRead, summary: "List an account's refunds"}, s.listRefunds)
	handle(s, route{path: "GET /v1/accounts/{id}/credit-notes", id: "list-credit-notes", scope: access.BillsRead, summary: "List an account's credit notes"}, s.listCreditNotes)
	handle(s, route{path: "GET /v1/refunds/{id}", id: "get-refund", scope: access.BillsRead, summary: "Fetch a refund"}, s.refund)
	handle(s, route{path: "GET /v1/bills/{id}", id: "get-bill", scope: access.BillsRead, summary: "Fetch a bill"}, s.bill)
	handle(s, route{path: "POST /v1/bill-runs", id: "run-bills", scope: access.BillsWrite, slow: true, summary: "Close a month for every account for which it is over"}, s.runBills)

	handle(s, route{path: "GET /v1/balances", id: "list-balances", scope: access.BooksRead, summary: "Sum the ledger by account and currency"}, s.listBalances)
	handle(s, route{path: "GET /v1/accounts/{id}/entries", id: "list-entries", scope: access.BooksRead, summary: "List an account's ledger entries, oldest first"}, s.listEntries)
	handle(s, route{path: "GET /v1/verification", id: "verify-books", scope: access.BooksRead, summary: "Prove the books"}, s.verify)

	handle(s, route{path: "GET /v1/policies", id: "list-policies", scope: access.PolicyRead, summary: "List the policies that were applied"}, s.listPolicies)
	handle(s, route{path: "GET /v1/policies/ruling", id: "get-ruling-policy", scope: access.PolicyRead, summary: "Say which policy rules now"}, s.rulingPolicy)
	handle(s, route{path: "POST /v1/policies", id: "apply-policy", scope: access.PolicyWrite, status: 201, large: policyMax, summary: "Apply a policy"}, s.applyPolicy)
	handle(s, route{path: "POST /v1/policies/check", id: "check-policy", scope: access.PolicyRead, large: policyMax, summary: "Say what a policy would change"}, s.checkPolicy)

	handle(s, route{path: "POST /v1/console-sessions", id: "open-console", scope: access.SessionsWrite, status: 201, summary: "Make a one-time link into an account's console"}, s.openConsole)
	handle(s, route{path: "GET /v1/clock", id: "get-clock", summary: "Say what time it is here"}, s.clock)
	handle(s, route{path: "POST /v1/clock", id: "advance-clock", scope: access.ClockWrite, slow: true, summary: "Advance a sandbox installation's clock"}, s.advanceClock)
	s.addNewsRoute()
	s.addDiagnosisRoutes()

	handle(s, route{path: "POST /v1/keys", id: "create-key", scope: access.KeysWrite, status: 201, summary: "Make an API key"}, s.createKey)
	handle(s, route{path: "GET /v1/keys", id: "list-keys", scope: access.KeysRead, summary: "List API keys"}, s.listKeys)
	handle(s, route{path: "GET /v1/keys/{id}", id: "get-key", scope: access.KeysRead, summary: "Fetch an API key"}, s.key)
	handle(s, route{path: "POST /v1/keys/{id}/revoke", id: "revoke-key", scope: access.KeysWrite, summary: "End an API key's life"}, s.revokeKey)

	handle(s, route{path: "POST /v1/webhook-endpoints", id: "create-webhook-endpoint", scope: access.WebhooksWrite, status: 201, summary: "Make a webhook endpoint"}, s.createEndpoint)
	handle(s, route{path: "GET /v1/webhook-endpoints", id: "list-webhook-endpoints", scope: access.WebhooksRead, summary: "List webhook endpoints"}, s.listEndpoints)
	handle(s, route{path: "GET /v1/webhook-endpoints/{id}", id: "get-webhook-endpoint", scope: access.WebhooksRead, summary: "Fetch a webhook endpoint"}, s.endpoint)
	handle(s, route{path: "POST /v1/webhook-endpoints/{id}/rotate-secret", id: "rotate-webhook-secret", scope: access.WebhooksWrite, summary: "Give a webhook endpoint a new secret"}, s.rotateSecret)
	handle(s, route{path: "POST /v1/webhook-endpoints/{id}/disable", id: "disable-webhook-endpoint", scope: access.WebhooksWrite, summary: "Stop sending to a webhook endpoint"}, s.disableEndpoint)
	handle(s, route{path: "POST /v1/webhook-endpoints/{id}/enable", id: "enable-webhook-endpoint", scope: access.WebhooksWrite, summary: "Send to a webhook endpoint again"}, s.enableEndpoint)
	handle(s, route{path: "GET /v1/webhook-endpoints/{id}/deliveries", id: "list-deliveries", scope: access.WebhooksRead, summary: "List what was sent to a webhook endpoint"}, s.listDeliveries)
	handle(s, route{path: "GET /v1/deliveries/{id}", id: "get-delivery", scope: access.WebhooksRead, summary: "Fetch a delivery and its attempts"}, s.delivery)
	handle(s, route{path: "POST /v1/deliveries/{id}/replay", id: "replay-delivery", scope: access.WebhooksWrite, summary: "Send an event to an endpoint once more"}, s.replayDelivery)
	handle(s, route{path: "GET /v1/events", id: "list-events", scope: access.WebhooksRead, summary: "List events"}, s.listEvents)
	handle(s, route{path: "GET /v1/events/{id}", id: "get-event", scope: access.WebhooksRead, summary: "Fetch an event"}, s.event)

	s.addIdentityRoutes()
	s.addOrderRoutes()
	s.addCreditRoutes()
	s.addFundsRoutes()
	s.addReceivingRoutes()
	s.addBankRoutes()
	s.addStaffRoutes()
	s.describeEvents()
	s.addSpecRoutes()
}
