package sandbox_test

import (
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

const day = 24 * time.Hour

func usd(value string) object {
	return object{"amount": object{"currency_code": "USD", "value": value}}
}

func TestPayPalHoldIsCapturedInParts(t *testing.T) {
	m := newMerchant(t)
	hold := m.hold("10.00", "", m.vaulted(sandbox.PayerUS))
	first := m.must(m.send(auths+hold+"/capture", usd("4.00")), 201)
	if first.text("final_capture") != "false" || first.text("supplementary_data.related_ids.authorization_id") != hold {
		t.Errorf("first part: got %s", first.raw)
	}
	if got := m.get(auths + hold).text("status"); got != "PARTIALLY_CAPTURED" {
		t.Errorf("after the first part: got %s", got)
	}
	if got := m.totals(); got.Held != 600 || got.Captured != 400 {
		t.Errorf("books: got %+v", got)
	}
	m.refusedFor("too much", m.send(auths+hold+"/capture", usd("7.51")), 422, "MAX_CAPTURE_AMOUNT_EXCEEDED")
	m.refusedFor("euro", m.send(auths+hold+"/capture", object{"amount": object{"currency_code": "EUR", "value": "1.00"}}), 422, "AUTH_CAPTURE_CURRENCY_MISMATCH")
	last := usd("1.00")
	last["final_capture"] = true
	m.must(m.send(auths+hold+"/capture", last), 201)
	if got := m.get(auths + hold).text("status"); got != "CAPTURED" {
		t.Errorf("after the final part: got %s", got)
	}
	m.refusedFor("captured", m.send(auths+hold+"/capture", usd("1.00")), 422, "AUTHORIZATION_ALREADY_CAPTURED")
	m.refusedFor("voided", m.send(auths+hold+"/void", nil), 422, "PREVIOUSLY_CAPTURED")
	if got := m.totals(); got.Held != 0 || got.Captured != 500 || got.Voided != 500 {
		t.Errorf("books: got %+v", got)
	}
}

func TestPayPalCapturesMoreThanWasHeldUpToALimit(t *testing.T) {
	m := newMerchant(t)
	token := m.vaulted(sandbox.PayerUS)
	for _, c := range []struct{ held, limit, over string }{
		{"10.00", "11.50", "11.51"},
		{"500.00", "575.00", "575.01"},
		{"1000.00", "1075.00", "1075.01"},
	} {
		hold := m.hold(c.held, "", token)
		m.refusedFor("over the limit of "+c.held, m.send(auths+hold+"/capture", usd(c.over)), 422, "MAX_CAPTURE_AMOUNT_EXCEEDED")
		m.must(m.send(auths+hold+"/capture", usd(c.limit)), 201)
	}
	if got := m.totals(); got.Held != 0 || got.Voided != 0 {
		t.Errorf("books: got %+v", got)
	}
}

func TestPayPalHonorsAHoldForThreeDaysAndItLives29(t *testing.T) {
	m := newMerchant(t)
	token := m.vaulted(sandbox.PayerUS)
	early, late, never, partly := m.hold("5.00", "", token), m.hold("5.00", "", token), m.hold("5.00", "", token), m.hold("5.00", "", token)
	m.must(m.send(auths+partly+"/capture", usd("1.00")), 201)
	m.advance(4 * day)
	m.must(m.send(auths+early+"/capture", object{}), 201)
	m.advance(25*day - time.Second)
	m.must(m.send(auths+late+"/capture", object{}), 201)
	m.advance(time.Second)
	m.refusedFor("after 29 days", m.send(auths+never+"/capture", object{}), 422, "AUTHORIZATION_EXPIRED")
	m.refusedFor("the rest after 29 days", m.send(auths+partly+"/capture", object{}), 422, "AUTHORIZATION_EXPIRED")
	m.refusedFor("voided", m.send(auths+never+"/void", nil), 422, "PREVIOUSLY_VOIDED")
	if got := m.get(auths + never).text("status"); got != "VOIDED" {
		t.Errorf("expired: got %s, want VOIDED", got)
	}
	if got := m.totals(); got.Held != 0 || got.Expired != 900 || got.Captured != 1100 {
		t.Errorf("books: got %+v", got)
	}
}

func TestPayPalReauthorizesOnceFromTheFourthDayOn(t *testing.T) {
	m := newMerchant(t)
	hold := m.hold("10.00", "", m.vaulted(sandbox.PayerUS))
	m.refusedFor("too soon", m.send(auths+hold+"/reauthorize", object{}), 422, "REAUTHORIZATION_TOO_SOON")
	m.advance(3 * day)
	m.refusedFor("too much", m.send(auths+hold+"/reauthorize", usd("11.51")), 422, "TRANSACTION_REFUSED")
	anew := m.must(m.send(auths+hold+"/reauthorize", usd("11.00")), 201)
	id := anew.text("id")
	if id == hold || anew.text("status") != "CREATED" || anew.text("amount.value") != "11.00" || anew.text("expiration_time") != start.AddDate(0, 0, 29).Format(time.RFC3339) {
		t.Errorf("anew: got %s", anew.raw)
	}
	m.refusedFor("again", m.send(auths+hold+"/reauthorize", object{}), 422, "REAUTHORIZATION_NOT_SUPPORTED")
	m.advance(3 * day)
	m.refusedFor("again, the new one", m.send(auths+id+"/reauthorize", object{}), 422, "REAUTHORIZATION_NOT_SUPPORTED")
	m.refusedFor("capturing the old one", m.send(auths+hold+"/capture", object{}), 422, "AUTHORIZATION_VOIDED")
	m.refusedFor("voiding the new one", m.send(auths+id+"/void", nil), 422, "CANNOT_BE_VOIDED")
	if got := m.totals(); got.Held != 1100 {
		t.Errorf("books: got %+v", got)
	}
	if got := m.send(auths+hold+"/void", nil); got.status != 200 || got.text("status") != "VOIDED" {
		t.Errorf("voiding the old one: got %d %s", got.status, got.raw)
	}
	if got := m.get(auths + id).text("status"); got != "VOIDED" {
		t.Errorf("the new one: got %s", got)
	}
	if got := m.totals(); got.Held != 0 || got.Voided != 1100 {
		t.Errorf("books: got %+v", got)
	}
	m.refusedFor("voided", m.send(auths+hold+"/reauthorize", object{}), 422, "REAUTHORIZATION_NOT_SUPPORTED")

	other := m.hold("10.00", "", m.vaulted(sandbox.PayerUS))
	m.advance(5 * day)
	again := m.must(m.send(auths+other+"/reauthorize", object{}), 201)
	o := m.get(orders + "/" + again.text("supplementary_data.related_ids.order_id"))
	if o.text("purchase_units.0.payments.authorizations.1.id") != again.text("id") {
		t.Errorf("the order: got %s, want both authorizations", o.raw)
	}
	m.advance(24*day - time.Second)
	m.must(m.send(auths+again.text("id")+"/capture", usd("3.00")), 201)
	if got := m.get(auths + other).text("status"); got != "PARTIALLY_CAPTURED" {
		t.Errorf("the original: got %s, want it to show the capture of the new one", got)
	}
	m.advance(time.Second)
	m.refusedFor("29 days after the original", m.send(auths+again.text("id")+"/capture", object{}), 422, "AUTHORIZATION_EXPIRED")
	if got := m.get(orders + "/" + again.text("supplementary_data.related_ids.order_id")); got.text(firstCapture+"status") != "COMPLETED" {
		t.Errorf("the order: got %s, want the capture too", got.raw)
	}
}

func TestPayPalRefunds(t *testing.T) {
	m := newMerchant(t)
	token := m.vaulted(sandbox.PayerUS)
	capture := m.must(m.paid("CAPTURE", "10.00", "debt-1", token), 201).text(firstCapture + "id")
	part := usd("4.00")
	part["invoice_id"], part["note_to_payer"] = "refund-1", "sorry"
	first := m.must(m.send(captures+capture+"/refund", part), 201)
	if first.text("status") != "COMPLETED" || first.text("seller_payable_breakdown.total_refunded_amount.value") != "4.00" || first.text("custom_id") != "acct_1" {
		t.Errorf("refund: got %s", first.raw)
	}
	if got := m.get("/v2/payments/refunds/" + first.text("id")); got.text("id") != first.text("id") {
		t.Errorf("reading it: got %s", got.raw)
	}
	m.refusedFor("same invoice", m.send(captures+capture+"/refund", part), 422, "DUPLICATE_INVOICE_ID")
	m.refusedFor("too much", m.send(captures+capture+"/refund", usd("6.01")), 422, "REFUND_AMOUNT_EXCEEDED")
	m.refusedFor("pounds", m.send(captures+capture+"/refund", object{"amount": object{"currency_code": "GBP", "value": "1.00"}}), 422, "REFUND_CAPTURE_CURRENCY_MISMATCH")
	if got := m.get(captures + capture).text("status"); got != "PARTIALLY_REFUNDED" {
		t.Errorf("capture: got %s", got)
	}
	if rest := m.must(m.send(captures+capture+"/refund", object{}), 201); rest.text("amount.value") != "6.00" {
		t.Errorf("the rest: got %s", rest.raw)
	}
	m.refusedFor("once more", m.send(captures+capture+"/refund", object{}), 422, "CAPTURE_FULLY_REFUNDED")
	if got := m.get(captures + capture).text("status"); got != "REFUNDED" {
		t.Errorf("capture: got %s", got)
	}
	if got := m.totals(); got.Captured != 1000 || got.Refunded != 1000 || got.Fees != 84 {
		t.Errorf("books: got %+v", got)
	}
	if got := m.paypalBooks().Balances["USD"]["paypal_merchant"]; got != -84 {
		t.Errorf("merchant's balance: got %d, want -84: PayPal keeps its fee", got)
	}

	old := m.must(m.paid("CAPTURE", "10.00", "debt-2", token), 201).text(firstCapture + "id")
	m.advance(180 * day)
	m.must(m.send(captures+old+"/refund", usd("1.00")), 201)
	m.advance(time.Second)
	m.refusedFor("after 180 days", m.send(captures+old+"/refund", usd("1.00")), 422, "REFUND_TIME_LIMIT_EXCEEDED")
	m.refusedFor("no such capture", m.send(captures+"3C679366HH908993F/refund", object{}), 404, "INVALID_RESOURCE_ID")
}

func TestPayPalPayersWithoutEnoughMoney(t *testing.T) {
	m := newMerchant(t)
	poor := m.vaulted(sandbox.PayerNoFunds)
	m.refusedFor("charge", m.paid("CAPTURE", "1.00", "", poor), 422, "INSTRUMENT_DECLINED")
	m.refusedFor("hold in one step", m.paid("AUTHORIZE", "1.00", "", poor), 422, "INSTRUMENT_DECLINED")
	o := m.must(m.send(orders, order("AUTHORIZE", "1.00", "")), 201).text("id")
	m.refusedFor("hold in two steps", m.send(orders+"/"+o+"/authorize", object{"payment_source": by(poor)}), 422, "PAYER_CANNOT_PAY")

	small := m.vaulted(sandbox.PayerSmallBalance)
	hold := m.hold("15.00", "", small)
	m.refusedFor("beside a hold", m.paid("CAPTURE", "5.01", "", small), 422, "INSTRUMENT_DECLINED")
	m.must(m.paid("CAPTURE", "5.00", "", small), 201)
	if p, err := m.world.Payer(sandbox.PayerSmallBalance); err != nil || p.Balance["USD"] != "0.00" {
		t.Errorf("balance: got %v, %v, want nothing left", p.Balance, err)
	}
	m.advance(3 * day)
	m.must(m.paid("CAPTURE", "8.00", "", small), 201) // the hold is not honored any more
	m.refusedFor("hold after it was honored", m.send(auths+hold+"/capture", object{}), 422, "PAYER_CANNOT_PAY")
	m.refusedFor("renewing it", m.send(auths+hold+"/reauthorize", object{}), 422, "PAYER_CANNOT_PAY")
	m.must(m.send(auths+hold+"/capture", usd("7.00")), 201)
	if err := m.world.SetBalance(sandbox.PayerSmallBalance, "USD", "100.00"); err != nil {
		t.Fatal(err)
	}
	m.must(m.paid("CAPTURE", "100.00", "", small), 201)
	m.refusedFor("yen", m.send(orders, object{"intent": "CAPTURE", "purchase_units": []object{{"amount": object{"currency_code": "JPY", "value": "1"}}}, "payment_source": by(small)}), 422, "INSTRUMENT_DECLINED")
	if err := m.world.SetBalance(sandbox.PayerSmallBalance, "", ""); err != nil {
		t.Fatal(err)
	}
	m.must(m.paid("CAPTURE", "1000.00", "", small), 201)
}

func TestPayPalPayersFromEverywhere(t *testing.T) {
	m := newMerchant(t)
	ids := map[string]bool{}
	for payer, country := range map[string]string{sandbox.PayerUS: "US", sandbox.PayerUSSecond: "US", sandbox.PayerGB: "GB", sandbox.PayerJP: "JP",
		sandbox.PayerCN: "CN", sandbox.PayerChina: "C2", sandbox.PayerNoFunds: "US", "test-1": "US", "test-33": "US", "test-999999": "US"} {
		p := m.must(m.get("/v3/vault/payment-tokens/"+m.vaulted(payer)), 200)
		id := p.text("payment_source.paypal.payer_id")
		if got := p.text("payment_source.paypal.address.country_code"); got != country || ids[id] {
			t.Errorf("%s: got %s of %s, want %s and an id of its own", payer, got, id, country)
		}
		ids[id] = true
		again, err := m.world.Payer(id)
		if err != nil || again.Name != payer {
			t.Errorf("%s: got %+v, %v by its id", payer, again, err)
		}
	}
	for _, payer := range []string{"", "nobody", "test-0", "test-01", "test-1000000", "TESTPAYER2222"} {
		if _, err := m.world.Payer(payer); err == nil {
			t.Errorf("%q: got a payer", payer)
		}
	}
	if all, err := m.world.Payers(); err != nil || len(all) != 8 {
		t.Errorf("got %d payers, %v, want 8", len(all), err)
	}
}

func TestPayPalPayersAsOrdered(t *testing.T) {
	m := newMerchant(t)
	token := m.vaulted(sandbox.PayerUS)
	then := func(what string) {
		t.Helper()
		if err := m.world.OrderPayer(sandbox.PayerOrder{Payer: sandbox.PayerUS, Then: what}); err != nil {
			t.Fatal(err)
		}
	}
	then("decline:TRANSACTION_REFUSED")
	m.refusedFor("declined", m.paid("CAPTURE", "5.00", "", token), 422, "TRANSACTION_REFUSED")
	then("ok")
	m.must(m.paid("CAPTURE", "5.00", "", token), 201)

	then("payer_action")
	waiting := m.must(m.paid("CAPTURE", "6.00", "debt-1", token), 201)
	if waiting.text("status") != "PAYER_ACTION_REQUIRED" || waiting.link("payer-action") == "" {
		t.Errorf("in one step: got %s", waiting.raw)
	}
	path := orders + "/" + waiting.text("id")
	if got := m.send(path+"/capture", object{"payment_source": by(token)}); got.issue() != "PAYER_ACTION_REQUIRED" || got.link("payer-action") == "" {
		t.Errorf("without the payer: got %s", got.raw)
	}
	if a, err := m.world.Approval(waiting.text("id")); err != nil || a.Kind != "action" || a.Payer != sandbox.PayerUS || a.Amount != "6.00 USD" || !a.Open {
		t.Errorf("approval: got %+v, %v", a, err)
	}
	if _, err := m.world.ApproveAs(waiting.text("id"), sandbox.PayerGB); err == nil {
		t.Error("another payer: got no error")
	}
	if _, err := m.world.ApproveAs(waiting.text("id"), sandbox.PayerUS); err != nil {
		t.Fatal(err)
	}
	m.must(m.send(path+"/capture", object{}), 201)

	then("payer_action")
	o := m.must(m.send(orders, order("AUTHORIZE", "7.00", "")), 201).text("id")
	m.refusedFor("in two steps", m.send(orders+"/"+o+"/authorize", object{"payment_source": by(token)}), 422, "PAYER_ACTION_REQUIRED")
	if got := m.get(orders + "/" + o); got.text("status") != "PAYER_ACTION_REQUIRED" || got.link("payer-action") == "" {
		t.Errorf("in two steps: got %s", got.raw)
	}
	if b := m.totals(); b.Captured != 1100 || b.Held != 0 {
		t.Errorf("books: got %+v", b)
	}
	for _, bad := range []sandbox.PayerOrder{{Payer: "us", Then: "laugh"}, {Payer: "us", Then: "decline:"}, {Payer: "nobody", Then: "ok"}, {Payer: "us", Then: "ok", Times: -1}} {
		if err := m.world.OrderPayer(bad); err == nil {
			t.Errorf("%+v: got no error", bad)
		}
	}
}

func TestPayPalLiveHoldsCanBeFoundByAge(t *testing.T) {
	m := newMerchant(t)
	token := m.vaulted(sandbox.PayerUS)
	old := m.hold("1.00", "", token)
	m.advance(2 * time.Hour)
	m.hold("1.00", "", token)
	m.advance(time.Hour)
	if got := m.paypalBooks().Authorization(token); got.State != "held" || got.ID == old {
		t.Errorf("by the token: got %+v, want the new one", got)
	}
	got := m.paypalBooks().HeldLongerThan(2*time.Hour, m.world.Now())
	if len(got) != 1 || got[0].ID != old {
		t.Errorf("got %+v, want the old one alone", got)
	}
}
