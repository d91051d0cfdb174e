package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

const (
	orders   = "/v2/checkout/orders"
	auths    = "/v2/payments/authorizations/"
	captures = "/v2/payments/captures/"
)

func (m *merchant) advance(d time.Duration) {
	m.Helper()
	if err := m.world.Advance(d); err != nil {
		m.Fatal(err)
	}
	m.logIn()
}

func TestPayPalSetupTokensThatAreNotApproved(t *testing.T) {
	m := newMerchant(t)
	s := m.must(m.send("/v3/vault/setup-tokens", setup()), 201)
	m.refusedFor("not approved", m.tokenize(s.text("id")), 422, "PAYER_ACTION_REQUIRED")
	back, err := m.world.RefuseApproval(s.text("id"))
	if err != nil || !strings.HasPrefix(back, "https://shop.test/cancel?") {
		t.Errorf("refused: got %q, %v", back, err)
	}
	m.refusedFor("refused", m.tokenize(s.text("id")), 422, "PAYER_ACTION_REQUIRED")
	m.refusedFor("no such", m.tokenize("5C991763VB2781612"), 404, "INVALID_RESOURCE_ID")
	m.advance(3*24*time.Hour - time.Second)
	if got := m.get("/v3/vault/setup-tokens/" + s.text("id")); got.status != 200 {
		t.Errorf("just before three days: got %d", got.status)
	}
	m.advance(time.Second)
	if got := m.get("/v3/vault/setup-tokens/" + s.text("id")); got.status != 404 {
		t.Errorf("after three days: got %d", got.status)
	}
	if _, err := m.world.ApproveAs(s.text("id"), sandbox.PayerUS); err == nil {
		t.Error("approving one that lapsed: got no error")
	}
}

func TestPayPalSetupTokensThatMakeNoSense(t *testing.T) {
	m := newMerchant(t)
	without := func(path ...string) object {
		s := setup()
		at := s["payment_source"].(object)["paypal"].(object)
		for _, name := range path[:len(path)-1] {
			at = at[name].(object)
		}
		delete(at, path[len(path)-1])
		return s
	}
	card := object{"payment_source": object{"card": object{"name": "A"}}}
	wrong := setup()
	wrong["payment_source"].(object)["paypal"].(object)["usage_pattern"] = "SOMETIMES"
	for name, c := range map[string]struct {
		body  any
		issue string
	}{
		"nothing":     {object{}, "MISSING_REQUIRED_PARAMETER"},
		"card":        {card, "INVALID_PARAMETER_VALUE"},
		"return url":  {without("experience_context", "return_url"), "MISSING_REQUIRED_PARAMETER"},
		"cancel url":  {without("experience_context", "cancel_url"), "MISSING_REQUIRED_PARAMETER"},
		"usage type":  {without("usage_type"), "MISSING_REQUIRED_PARAMETER"},
		"usage":       {wrong, "INVALID_PARAMETER_VALUE"},
		"not a token": {[]string{}, "INVALID_PARAMETER_SYNTAX"},
	} {
		m.refusedFor(name, m.send("/v3/vault/setup-tokens", c.body), 400, c.issue)
	}
	m.refusedFor("a list without customer", m.get("/v3/vault/payment-tokens"), 400, "MISSING_REQUIRED_PARAMETER")
}

func TestPayPalOnePayerHasOneTokenWithACustomer(t *testing.T) {
	m := newMerchant(t)
	vault := func(customer string, several bool) reply {
		s := setup()
		if customer != "" {
			s["customer"] = object{"id": customer}
		}
		s["payment_source"].(object)["paypal"].(object)["permit_multiple_payment_tokens"] = several
		id := m.must(m.send("/v3/vault/setup-tokens", s), 201).text("id")
		if _, err := m.world.ApproveAs(id, sandbox.PayerUS); err != nil {
			t.Fatal(err)
		}
		got := m.tokenize(id)
		m.refusedFor("twice", m.tokenize(id), 422, "SETUP_TOKEN_ALREADY_TOKENIZED")
		return got
	}
	first := m.must(vault("", false), 201)
	customer := first.text("customer.id")
	if again := vault(customer, false); again.status != 200 || again.text("id") != first.text("id") {
		t.Errorf("same payer and customer: got %d %s, want the old token", again.status, again.raw)
	}
	if other := vault("somebody", false); other.status != 201 || other.text("id") == first.text("id") {
		t.Errorf("other customer: got %d %s, want a new token", other.status, other.raw)
	}
	if more := vault(customer, true); more.status != 201 || more.text("id") == first.text("id") {
		t.Errorf("several permitted: got %d %s, want a new token", more.status, more.raw)
	}
}

func TestPayPalAgreementCancelledByThePayer(t *testing.T) {
	m := newMerchant(t)
	token := m.vaulted(sandbox.PayerUS)
	open := m.must(m.send(orders, order("CAPTURE", "5.00", "")), 201).text("id")
	if err := m.world.CancelAgreement(token); err != nil {
		t.Fatal(err)
	}
	m.refusedFor("in one step", m.paid("CAPTURE", "5.00", "", token), 422, "AGREEMENT_ALREADY_CANCELLED")
	m.refusedFor("in two steps", m.send(orders+"/"+open+"/capture", object{"payment_source": by(token)}), 422, "AGREEMENT_ALREADY_CANCELLED")
	m.refusedFor("confirmed", m.send(orders+"/"+open+"/confirm-payment-source", object{"payment_source": by(token)}), 422, "PAYMENT_SOURCE_CANNOT_BE_USED")
	m.refusedFor("no such token", m.paid("CAPTURE", "5.00", "", "nkq2y9g"), 422, "BILLING_AGREEMENT_NOT_FOUND")
	m.refusedFor("no such token later", m.send(orders+"/"+open+"/capture", object{"payment_source": by("nkq2y9g")}), 422, "TOKEN_ID_NOT_FOUND")
	if got := m.get("/v3/vault/payment-tokens/" + token); got.status != 404 {
		t.Errorf("looking at it: got %d", got.status)
	}
	all, err := m.world.Agreements(sandbox.PayerUS)
	if err != nil || len(all) != 1 || !all[0].Cancelled || all[0].UsagePattern != "THRESHOLD_POSTPAID" || all[0].Merchant != "Cloud Ltd" {
		t.Errorf("agreements: got %+v, %v", all, err)
	}
	if err := m.world.CancelAgreement(token); err != nil {
		t.Errorf("cancelled again: got %v", err)
	}
}

func TestPayPalOrderInTwoStepsWithAToken(t *testing.T) {
	m := newMerchant(t)
	token := m.vaulted(sandbox.PayerJP)
	o := m.must(m.send(orders, order("AUTHORIZE", "8.00", "hold-7")), 201)
	if o.text("status") != "CREATED" || o.link("approve") == "" || o.link("authorize") == "" {
		t.Errorf("order: got %s", o.raw)
	}
	path := orders + "/" + o.text("id")
	m.refusedFor("nobody approved", m.send(path+"/authorize", object{}), 422, "ORDER_NOT_APPROVED")
	m.refusedFor("wrong intent", m.send(path+"/capture", object{}), 422, "ACTION_DOES_NOT_MATCH_INTENT")
	patched := m.call("PATCH", path, []object{
		{"op": "replace", "path": "/purchase_units/@reference_id=='default'/amount", "value": object{"currency_code": "USD", "value": "9.00"}},
		{"op": "add", "path": "/purchase_units/@reference_id=='default'/invoice_id", "value": "hold-8"},
	}, "")
	if patched.status != 204 {
		t.Errorf("patch: got %d %s", patched.status, patched.raw)
	}
	got := m.must(m.send(path+"/authorize", object{"payment_source": by(token)}), 201)
	if got.text("status") != "COMPLETED" || got.text(firstHold+"amount.value") != "9.00" || got.text(firstHold+"invoice_id") != "hold-8" ||
		got.text(firstHold+"expiration_time") != start.AddDate(0, 0, 29).Format(time.RFC3339) {
		t.Errorf("authorized: got %s", got.raw)
	}
	m.refusedFor("twice", m.send(path+"/authorize", object{"payment_source": by(token)}), 422, "ORDER_ALREADY_AUTHORIZED")
	m.refusedFor("patched late", m.call("PATCH", path, []object{{"op": "replace", "path": "/intent", "value": "CAPTURE"}}, ""), 422, "ORDER_ALREADY_COMPLETED")
	m.refusedFor("confirmed late", m.send(path+"/confirm-payment-source", object{"payment_source": by(token)}), 422, "ORDER_ALREADY_AUTHORIZED")
}

func TestPayPalOrderWhoseIntentChanged(t *testing.T) {
	m := newMerchant(t)
	path := orders + "/" + m.must(m.send(orders, order("CAPTURE", "8.00", "debt-1")), 201).text("id")
	if got := m.call("PATCH", path, []object{{"op": "replace", "path": "/intent", "value": "AUTHORIZE"}}, ""); got.status != 204 {
		t.Errorf("patch: got %d %s", got.status, got.raw)
	}
	m.refusedFor("capture", m.send(path+"/capture", object{"payment_source": by(m.vaulted(sandbox.PayerUS))}), 422, "ACTION_DOES_NOT_MATCH_INTENT")
}

func TestPayPalOrderThatThePayerApproves(t *testing.T) {
	m := newMerchant(t)
	o := order("CAPTURE", "12.50", "")
	o["payment_source"] = object{"paypal": object{"experience_context": object{"return_url": "https://shop.test/paid", "cancel_url": "https://shop.test/no"}}}
	made := m.must(m.send(orders, o), 201)
	path := orders + "/" + made.text("id")
	if made.text("status") != "PAYER_ACTION_REQUIRED" || made.link("payer-action") == "" {
		t.Errorf("order: got %s", made.raw)
	}
	back, err := m.world.ApproveAs(made.text("id"), sandbox.PayerUSSecond)
	if err != nil || back != "https://shop.test/paid?PayerID=9LN2USVCTRE8J&token="+made.text("id") {
		t.Errorf("approved: got %q, %v", back, err)
	}
	if _, err := m.world.ApproveAs(made.text("id"), sandbox.PayerGB); err == nil {
		t.Error("approved by another: got no error")
	}
	if got := m.get(path); got.text("status") != "APPROVED" || got.text("payer.payer_id") != "9LN2USVCTRE8J" || got.link("capture") == "" {
		t.Errorf("approved order: got %s", got.raw)
	}
	got := m.call("POST", path+"/capture", object{}, "c1", "Prefer", "return=minimal")
	if got.status != 201 || got.text(firstCapture+"status") != "COMPLETED" || got.text("purchase_units.0.amount.value") != "" {
		t.Errorf("captured: got %d %s, want the minimum", got.status, got.raw)
	}
	m.refusedFor("twice", m.send(path+"/capture", object{}), 422, "ORDER_ALREADY_CAPTURED")
}

func TestPayPalOrdersLapse(t *testing.T) {
	m := newMerchant(t)
	token := m.vaulted(sandbox.PayerUS)
	idle := m.must(m.send(orders, order("CAPTURE", "5.00", "")), 201).text("id")
	approved := m.must(m.send(orders, order("CAPTURE", "5.00", "")), 201).text("id")
	paid := m.must(m.paid("CAPTURE", "5.00", "", token), 201).text("id")
	m.advance(2 * time.Hour)
	if _, err := m.world.ApproveAs(approved, sandbox.PayerUS); err != nil {
		t.Fatal(err)
	}
	m.advance(time.Hour)
	m.refusedFor("idle", m.get(orders+"/"+idle), 404, "INVALID_RESOURCE_ID")
	m.refusedFor("idle, captured", m.send(orders+"/"+idle+"/capture", object{"payment_source": by(token)}), 404, "INVALID_RESOURCE_ID")
	m.must(m.get(orders+"/"+approved), 200)
	m.must(m.get(orders+"/"+paid), 200)
	m.advance(2 * time.Hour)
	m.refusedFor("approved three hours ago", m.send(orders+"/"+approved+"/capture", object{}), 404, "INVALID_RESOURCE_ID")
	m.must(m.get(orders+"/"+paid), 200)
}

func TestPayPalInvoiceIsCapturedOnce(t *testing.T) {
	m := newMerchant(t)
	token := m.vaulted(sandbox.PayerUS)
	second := m.must(m.send(orders, order("CAPTURE", "5.00", "debt-1")), 201).text("id")
	hold := m.hold("5.00", "debt-1", token)
	other := m.hold("9.00", "hold-2", token)
	m.must(m.paid("CAPTURE", "5.00", "debt-1", token), 201)
	m.refusedFor("in one step", m.paid("CAPTURE", "5.00", "debt-1", token), 422, "DUPLICATE_INVOICE_ID")
	m.refusedFor("in two steps", m.send(orders+"/"+second+"/capture", object{"payment_source": by(token)}), 422, "DUPLICATE_INVOICE_ID")
	m.refusedFor("from a hold", m.send(auths+hold+"/capture", object{}), 422, "DUPLICATE_INVOICE_ID")
	part := func(invoice string) reply {
		return m.send(auths+other+"/capture", object{"amount": object{"currency_code": "USD", "value": "1.00"}, "invoice_id": invoice})
	}
	m.refusedFor("from a hold, named", part("debt-1"), 422, "DUPLICATE_INVOICE_ID")
	m.must(part("debt-2"), 201)
	m.refusedFor("part of a hold again", part("debt-2"), 422, "DUPLICATE_INVOICE_ID")
	m.must(part("debt-3"), 201)
}

func TestPayPalRefusesOrdersThatMakeNoSense(t *testing.T) {
	m := newMerchant(t)
	amount := func(currency, value string) object {
		return object{"intent": "CAPTURE", "purchase_units": []object{{"amount": object{"currency_code": currency, "value": value}}}}
	}
	two := order("CAPTURE", "1.00", "")
	two["purchase_units"] = append(two["purchase_units"].([]object), two["purchase_units"].([]object)...)
	carded := order("CAPTURE", "1.00", "")
	carded["payment_source"] = object{"card": object{"vault_id": "x"}}
	for _, c := range []struct {
		name   string
		body   any
		status int
		issue  string
	}{
		{"no intent", object{}, 400, "MISSING_REQUIRED_PARAMETER"},
		{"intent", order("HOLD", "1.00", ""), 400, "INVALID_PARAMETER_VALUE"},
		{"no units", object{"intent": "CAPTURE"}, 400, "MISSING_REQUIRED_PARAMETER"},
		{"two units", two, 400, "INVALID_ARRAY_MAX_ITEMS"},
		{"no amount", object{"intent": "CAPTURE", "purchase_units": []object{{}}}, 400, "MISSING_REQUIRED_PARAMETER"},
		{"no value", amount("USD", ""), 400, "MISSING_REQUIRED_PARAMETER"},
		{"words", amount("USD", "one"), 400, "INVALID_PARAMETER_SYNTAX"},
		{"currency", amount("XXX", "1.00"), 422, "INVALID_CURRENCY_CODE"},
		{"nothing", amount("USD", "0.00"), 422, "CANNOT_BE_ZERO_OR_NEGATIVE"},
		{"less", amount("USD", "-1.00"), 422, "CANNOT_BE_ZERO_OR_NEGATIVE"},
		{"a third decimal", amount("USD", "1.001"), 422, "DECIMAL_PRECISION"},
		{"half a yen", amount("JPY", "1.5"), 422, "DECIMAL_PRECISION"},
		{"fillers", amount("HUF", "100.50"), 422, "DECIMAL_PRECISION"},
		{"long invoice", order("CAPTURE", "1.00", strings.Repeat("x", 128)), 400, "INVALID_STRING_LENGTH"},
		{"card", carded, 400, "INVALID_PARAMETER_VALUE"},
		{"a list", []int{1}, 400, "INVALID_PARAMETER_SYNTAX"},
	} {
		m.refusedFor(c.name, m.send(orders, c.body), c.status, c.issue)
	}
	source := order("CAPTURE", "1.00", "")
	source["payment_source"] = by(m.vaulted(sandbox.PayerUS))
	m.refusedFor("no request id", m.call("POST", orders, source, ""), 400, "PAYPAL_REQUEST_ID_REQUIRED")
	m.refusedFor("patching what cannot be", m.call("PATCH", orders+"/"+m.must(m.send(orders, order("CAPTURE", "1.00", "")), 201).text("id"),
		[]object{{"op": "replace", "path": "/id", "value": "1"}}, ""), 400, "FIELD_NOT_PATCHABLE")
	for value, want := range map[string]string{"500": "500", "1": "1"} {
		if got := m.must(m.send(orders, amount("JPY", value)), 201).text("purchase_units.0.amount.value"); got != want {
			t.Errorf("yen: got %s, want %s", got, want)
		}
	}
}
