package sandbox_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

func TestDeclineCards(t *testing.T) {
	for _, c := range []struct{ card, code, decline string }{
		{"pm_card_visa_chargeDeclined", "card_declined", "generic_decline"},
		{"pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"},
		{"pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"},
		{"pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"},
		{"pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"},
		{"pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"},
		{"pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"},
		{"pm_card_radarBlock", "card_declined", "fraudulent"},
		{"pm_card_chargeCustomerFail", "card_declined", "generic_decline"},
		{"pm_card_threeDSecureRequiredProcessingError", "card_declined", "generic_decline"},
	} {
		_, refused := newDesk(t).pay(charge(c.card))
		if refused == nil || string(refused.Code) != c.code || string(refused.DeclineCode) != c.decline {
			t.Errorf("%s: got %+v, want %s %s", c.card, refused, c.code, c.decline)
		}
	}
}

func TestCardsSucceedWithTheirAttributes(t *testing.T) {
	for _, c := range []struct{ card, brand, funding, country, last4 string }{
		{sandbox.VisaDebit, "visa", "debit", "US", "5556"},
		{sandbox.Mastercard, "mastercard", "credit", "US", "4444"},
		{sandbox.MastercardPrepaid, "mastercard", "prepaid", "US", "5100"},
		{sandbox.Amex, "amex", "credit", "US", "0005"},
		{sandbox.JCB, "jcb", "credit", "JP", "0505"},
		{sandbox.UnionPay, "unionpay", "credit", "CN", "0005"},
		{"pm_card_cn", "visa", "credit", "CN", "0002"},
		{"pm_card_gb_debit", "visa", "debit", "GB", "0005"},
		{"pm_card_tw", "visa", "credit", "TW", "0008"},
		{"pm_card_visa_cartesBancaires", "visa", "credit", "FR", "1001"},
	} {
		p := charge(c.card)
		p.AddExpand("payment_method")
		pi, refused := newDesk(t).pay(p)
		if refused != nil {
			t.Errorf("%s: got %v", c.card, refused)
			continue
		}
		got := pi.PaymentMethod.Card
		if string(got.Brand) != c.brand || string(got.Funding) != c.funding || got.Country != c.country || got.Last4 != c.last4 {
			t.Errorf("%s: got %s %s %s %s", c.card, got.Brand, got.Funding, got.Country, got.Last4)
		}
	}
}

func TestAttachingAsksTheIssuer(t *testing.T) {
	d := newDesk(t)
	customer := d.customer()
	_, err := d.stripe.V1PaymentMethods.Attach(context.Background(), sandbox.Declined, &stripe.PaymentMethodAttachParams{Customer: &customer})
	if refused := d.refused(err); refused == nil || refused.HTTPStatusCode != 402 {
		t.Errorf("a card that is declined: got %v, want 402", err)
	}
	a, b := d.attached(sandbox.AttachesThenFails, customer), d.attached(sandbox.Visa, customer)
	var got []string
	for m, err := range d.stripe.V1PaymentMethods.List(context.Background(), &stripe.PaymentMethodListParams{Customer: &customer}).All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.ID)
	}
	if len(got) != 2 || got[0] != b || got[1] != a {
		t.Errorf("list: got %v, want %v", got, []string{b, a})
	}
	if _, err := d.stripe.V1PaymentMethods.Detach(context.Background(), b, nil); err != nil {
		t.Fatal(err)
	}
	p := charge(b)
	p.Customer = &customer
	if _, refused := d.pay(p); refused == nil || refused.HTTPStatusCode != 400 {
		t.Errorf("detached: got %v, want a refusal", refused)
	}
}

func TestFingerprintIsOfTheNumberAndTheWorld(t *testing.T) {
	of := func(d *desk, card string) string {
		m, err := d.stripe.V1PaymentMethods.Retrieve(context.Background(), card, nil)
		if err != nil {
			t.Fatal(err)
		}
		return m.Card.Fingerprint
	}
	one := newDesk(t)
	o := options()
	o.Random = bytes.NewReader(bytes.Repeat([]byte{7, 11, 13, 17, 19}, 1000))
	other := open(t, o)
	if a, b := of(one, sandbox.Visa), of(one, "pm_card_us"); a != b {
		t.Errorf("one number: got %s and %s, want the same", a, b)
	}
	if a, b := of(one, sandbox.Visa), of(one, sandbox.Mastercard); a == b {
		t.Errorf("two numbers: got %s twice", a)
	}
	if a, b := of(one, sandbox.Visa), of(other, sandbox.Visa); a == b {
		t.Errorf("two worlds: got %s twice", a)
	}
}

// methodForm is what the browser script sends.
func methodForm(number, month, year, cvc string) string {
	return url.Values{"type": {"card"}, "card[number]": {number}, "card[exp_month]": {month}, "card[exp_year]": {year}, "card[cvc]": {cvc}}.Encode()
}

func TestCardDataIsCheckedAndNeverKept(t *testing.T) {
	o := options()
	o.State = filepath.Join(t.TempDir(), "world.db")
	d := open(t, o)
	const real, unpublished, typo = "4539578763621486", "4111111111111111", "4539578763621487"
	for _, c := range []struct {
		name, number, month, year, cvc string
		status                         int
		code                           string
	}{
		{"published", "4242 4242 4242 4242", "12", "2030", "739", 200, ""},
		{"two-digit year", "5555555555554444", "12", "30", "739", 200, ""},
		{"amex", "378282246310005", "12", "2030", "7391", 200, ""},
		{"not published", real, "12", "2030", "739", 402, "test_mode_live_card"},
		{"well known, not published", unpublished, "12", "2030", "739", 402, "test_mode_live_card"},
		{"mistyped", typo, "12", "2030", "739", 402, "incorrect_number"},
		{"published as mistyped", "4242424242424241", "12", "2030", "739", 402, "incorrect_number"},
		{"month 13", "4242424242424242", "13", "2030", "739", 402, "invalid_expiry_month"},
		{"last month", "4242424242424242", "2", "2026", "739", 402, "invalid_expiry_month"},
		{"last year", "4242424242424242", "12", "2025", "739", 402, "invalid_expiry_year"},
		{"short cvc", "4242424242424242", "12", "2030", "73", 402, "invalid_cvc"},
		{"no number", "", "12", "2030", "739", 400, "parameter_missing"},
	} {
		got := d.post("/v1/payment_methods", methodForm(c.number, c.month, c.year, c.cvc), "key "+c.name)
		if got.status != c.status || !strings.Contains(got.body, c.code) {
			t.Errorf("%s: got %d %s, want %d %s", c.name, got.status, got.body, c.status, c.code)
		}
		if len(c.number) > 4 && strings.Contains(got.body, strings.ReplaceAll(c.number, " ", "")) {
			t.Errorf("%s: the answer repeats the number", c.name)
		}
	}
	for _, misplaced := range []string{real + "=1", "metadata[" + real + "]=1&card[" + real + "]=2"} {
		if got := d.post("/v1/payment_methods", misplaced, ""); strings.Contains(got.body, real) {
			t.Errorf("a number as a name: got it back in %s", got.body)
		}
	}
	d.post("/v1/payment_intents", payForm+"&"+strings.ReplaceAll(methodForm("4242424242424242", "12", "2030", "739"), "card", "payment_method_data%5Bcard%5D"), "")
	if err := d.world.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"world.db", "world.db-wal"} {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(o.State), name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, secret := range []string{real, unpublished, typo, "4242424242424242", "5555555555554444", "378282246310005", `"739"`, `"7391"`} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds card data %s", name, secret)
			}
		}
	}
}

func TestOrdersForACard(t *testing.T) {
	d := newDesk(t)
	customer := d.customer()
	bound := d.attached(sandbox.Visa, customer)
	off := func() (*stripe.PaymentIntent, *stripe.Error) {
		p := charge(bound)
		p.Customer, p.OffSession, p.ReturnURL = &customer, stripe.Bool(true), nil
		return d.pay(p)
	}
	for _, o := range []sandbox.CardOrder{{PaymentMethod: bound, Then: "decline:insufficient_funds", Times: 2}, {PaymentMethod: bound, Then: "authenticate"}} {
		if err := d.world.OrderCard(o); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"insufficient_funds", "insufficient_funds", "authentication_required", ""} {
		_, refused := off()
		got := ""
		if refused != nil {
			got = string(refused.DeclineCode)
		}
		if got != want {
			t.Errorf("charge %d: got %q, want %q", i, got, want)
		}
	}
	if err := d.world.OrderCard(sandbox.CardOrder{PaymentMethod: bound, Then: "decline:because"}); err == nil {
		t.Error("an unknown decline code: got no error")
	}
	failing := d.attached(sandbox.AttachesThenFails, customer)
	m, err := d.stripe.V1PaymentMethods.Retrieve(context.Background(), failing, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.world.OrderCard(sandbox.CardOrder{Fingerprint: m.Card.Fingerprint, Then: "ok"}); err != nil {
		t.Fatal(err)
	}
	bound = failing
	if _, refused := off(); refused != nil {
		t.Errorf("ordered to succeed: got %v", refused)
	}
}

func TestCardsExpireByTheClock(t *testing.T) {
	d := newDesk(t)
	made := d.post("/v1/payment_methods", methodForm("4242424242424242", "3", "2026", "123"), "")
	id, _, _ := strings.Cut(strings.TrimPrefix(made.body, `{"id":"`), `"`)
	if err := d.world.Advance(30 * 24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, refused := d.pay(charge(id)); refused == nil || refused.Code != "expired_card" {
		t.Errorf("in April: got %v, want expired_card", refused)
	}
}

func TestKeys(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		key, method, path string
		status            int
	}{
		{"", "GET", "/v1/customers", 401},
		{"sk_live_x", "GET", "/v1/customers", 401},
		{"nonsense", "GET", "/v1/customers", 401},
		{"pk_test_x", "GET", "/v1/customers", 401},
		{"sk_test_x", "GET", "/v1/customers", 200},
		{"rk_test_x", "GET", "/v1/customers", 200},
		{"pk_test_x", "POST", "/v1/payment_methods", 400},
		{"pk_test_x", "GET", "/v1/payment_intents/pi_1", 404},
		{"sk_test_x", "GET", "/v1/nothing", 404},
		{"sk_test_x", "PUT", "/v1/customers", 404},
	} {
		req, err := http.NewRequest(c.method, "http://sandbox.test"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.key != "" {
			req.SetBasicAuth(c.key, "")
		}
		res, err := d.world.Transport().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != c.status {
			t.Errorf("%s %s with key %q: got %d, want %d", c.method, c.path, c.key, res.StatusCode, c.status)
		}
	}
}

func TestBrowsersConfirmWithTheSecretOnly(t *testing.T) {
	d := newDesk(t)
	p := charge(sandbox.Visa)
	p.Confirm, p.ReturnURL = nil, nil
	pi, refused := d.pay(p)
	if refused != nil {
		t.Fatal(refused)
	}
	for _, c := range []struct {
		form   string
		status int
	}{
		{"", 404},
		{"client_secret=" + pi.ID + "_secret_guess", 404},
		{"off_session=true&client_secret=" + pi.ClientSecret, 400},
		{"amount=50&client_secret=" + pi.ClientSecret, 400},
		{"client_secret=" + pi.ClientSecret, 200},
	} {
		req, err := http.NewRequest("POST", "http://sandbox.test/v1/payment_intents/"+pi.ID+"/confirm", strings.NewReader(c.form))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer pk_test_x")
		res, err := d.world.Transport().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != c.status {
			t.Errorf("%q: got %d, want %d", c.form, res.StatusCode, c.status)
		}
	}
}
