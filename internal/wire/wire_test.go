package wire_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

// states returns what a state field's description allows.
func states(t *testing.T, shape any) []string {
	t.Helper()
	f, ok := reflect.TypeOf(shape).FieldByName("State")
	if !ok {
		t.Fatalf("%T has no state", shape)
	}
	list := strings.Split(f.Tag.Get("enum"), ",")
	slices.Sort(list)
	return list
}

// TestStatesAreThoseOfTheTables: a state that is added to a rule is added to its
// shape, or this fails.
func TestStatesAreThoseOfTheTables(t *testing.T) {
	for _, c := range []struct {
		shape any
		want  string
	}{
		{wire.Method{}, fmt.Sprint(payment.MethodTable.States())},
		{wire.Hold{}, fmt.Sprint(payment.HoldTable.States())},
		{wire.Agreement{}, fmt.Sprint(payment.AgreementTable.States())},
		{wire.Payment{}, fmt.Sprint(payment.Table.States())},
		{wire.Refund{}, fmt.Sprint(payment.RefundTable.States())},
		{wire.Debt{}, fmt.Sprint(billing.DebtTable.States())},
		{wire.CreditLine{}, fmt.Sprint(account.CreditTable.States())},
		{wire.Withdrawal{}, fmt.Sprint(billing.WithdrawalTable.States())},
	} {
		if got := fmt.Sprint(states(t, c.shape)); got != c.want {
			t.Errorf("%T: got states %s, want %s", c.shape, got, c.want)
		}
	}
}

func TestEveryObjectNamesItsNoun(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{account.Account{ID: "acct_1"}, "account"},
		{payment.Method{ID: "pm_1"}, "payment_method"},
		{payment.Hold{ID: "hold_1"}, "hold"},
		{payment.Agreement{ID: "agr_1"}, "agreement"},
		{payment.Payment{ID: "pay_1"}, "payment"},
		{payment.Refund{ID: "ref_1"}, "refund"},
		{billing.Debt{ID: "debt_1"}, "debt"},
		{billing.Bill{ID: "bill_1"}, "bill"},
	} {
		shape, err := wire.Object(c.value)
		if err != nil {
			t.Errorf("%T: %v", c.value, err)
			continue
		}
		text, err := json.Marshal(shape)
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Object, ID string }
		if err := json.Unmarshal(text, &got); err != nil || got.Object != c.want || got.ID == "" {
			t.Errorf("%T: got %s, want object %s and its id", c.value, text, c.want)
		}
	}
	if shape, err := wire.Object(struct{ Secret string }{"s"}); err == nil {
		t.Errorf("a value without a shape: got %v, want an error", shape)
	}
}

func TestInstantsAreUTC(t *testing.T) {
	berlin := time.FixedZone("", 2*60*60)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(2024, 9, 18, 22, 0, 0, 0, time.UTC), "2024-09-18T22:00:00Z"},
		{time.Date(2024, 9, 19, 0, 0, 0, 120_000, berlin), "2024-09-18T22:00:00.00012Z"},
	} {
		if got := wire.Instant(c.at); got != c.want {
			t.Errorf("%v: got %s, want %s", c.at, got, c.want)
		}
	}
	if got := wire.Maybe(time.Time{}); got != nil {
		t.Errorf("no instant: got %s, want null", *got)
	}
}

func TestAmountsAreDecimalStrings(t *testing.T) {
	usage, _, err := money.ParseExact("0.0000008", "USD")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		got  wire.Amount
		want wire.Amount
	}{
		{wire.OfAmount(money.Amount{Minor: -1234, Currency: "USD"}), wire.Amount{Amount: "-12.34", Currency: "USD"}},
		{wire.OfAmount(money.Amount{Minor: 1234, Currency: "JPY"}), wire.Amount{Amount: "1234", Currency: "JPY"}},
		{wire.OfExact(usage), wire.Amount{Amount: "0.0000008", Currency: "USD"}},
	} {
		if c.got != c.want {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}

// TestAFinalRefusalIsNotTold: what the issuer said of a lost or stolen card is not
// for the payer.
func TestAFinalRefusalIsNotTold(t *testing.T) {
	for _, c := range []struct {
		class string
		shown bool
	}{{"insufficient_funds", true}, {payment.FinalClass, false}, {"issuer_block", false}} {
		shape := wire.OfPayment(payment.Payment{State: payment.Declined, Refusal: payment.Refusal{Class: c.class, Code: "stolen_card"}})
		if shape.Refusal == nil || shape.Refusal.Class != c.class || (shape.Refusal.Code != nil) != c.shown {
			t.Errorf("%s: got %+v, want the code shown %t", c.class, shape.Refusal, c.shown)
		}
	}
	if shape := wire.OfPayment(payment.Payment{State: payment.Succeeded}); shape.Refusal != nil {
		t.Errorf("no refusal: got %+v, want none", shape.Refusal)
	}
}

func TestAChallengeIsShownWhileItWaits(t *testing.T) {
	for _, s := range payment.Table.States() {
		shape := wire.OfPayment(payment.Payment{State: s, ChallengeURL: "https://issuer.example"})
		if got, want := shape.Challenge != nil, s == payment.Waiting; got != want {
			t.Errorf("payment %s: got a challenge %t, want %t", s, got, want)
		}
	}
	for _, s := range payment.HoldTable.States() {
		shape := wire.OfHold(payment.Hold{State: s, ChallengeURL: "https://issuer.example"})
		if got, want := shape.Challenge != nil, s == payment.HoldChallenged; got != want {
			t.Errorf("hold %s: got a challenge %t, want %t", s, got, want)
		}
	}
}

// TestOnlyAWaitingAgreementLeadsThePayerAway: a page that nobody should go to any
// more is not told.
func TestOnlyAWaitingAgreementLeadsThePayerAway(t *testing.T) {
	for _, s := range payment.AgreementTable.States() {
		shape := wire.OfAgreement(payment.Agreement{State: s, ApproveURL: "https://paypal.example", Reason: "already_bound"})
		if got, want := shape.ApproveURL != nil, s == payment.AgreementWaiting; got != want || shape.Reason == nil || shape.Method != nil {
			t.Errorf("%s: got a page %t, want %t: %+v", s, got, want, shape)
		}
	}
}

// TestAMethodIsOneKindOfThing: PayPal accounts have no number and no expiry, and
// cards no payer.
func TestAMethodIsOneKindOfThing(t *testing.T) {
	card := payment.Card{Fingerprint: "paypal:7XQ4USKDWM2HB", Holder: "Uma Stone", Country: "US", Last4: "4242"}
	wallet := wire.OfMethod(payment.Method{Kind: payment.PayPalKind, Card: card, Email: "us@example.com"})
	want := wire.PayPal{Email: "us@example.com", Name: "Uma Stone", Country: "US", PayerID: "7XQ4USKDWM2HB"}
	if wallet.Card != nil || wallet.PayPal == nil || *wallet.PayPal != want {
		t.Errorf("PayPal: got %+v, want %+v and no card", wallet.PayPal, want)
	}
	if plastic := wire.OfMethod(payment.Method{Kind: payment.CardKind, Card: card}); plastic.PayPal != nil || plastic.Card == nil {
		t.Errorf("card: got %+v, want a card", plastic)
	}
}

func TestAClosedAccountHasNoSilentPeriodAhead(t *testing.T) {
	at := time.Date(2024, 9, 18, 0, 0, 0, 0, time.UTC)
	for _, s := range states(t, wire.Closing{}) {
		shape := wire.OfClosing(account.Account{State: account.State(s)}, at, nil)
		if got, want := shape.Until != nil, s != string(account.Closed); got != want || !shape.Allowed || shape.Reasons == nil {
			t.Errorf("%s: got an end %t, want %t: %+v", s, got, want, shape)
		}
	}
}

func TestWhatIsSettledIsNotOpen(t *testing.T) {
	usd := func(n int64) money.Amount { return money.Amount{Minor: n, Currency: "USD"} }
	for _, s := range billing.DebtTable.States() {
		shape := wire.OfDebt(billing.Debt{State: s, Net: usd(1000), Tax: usd(0), Amount: usd(1000), Paid: usd(300)})
		want := "0.00"
		if s == billing.Open {
			want = "7.00"
		}
		if shape.Open.Amount != want {
			t.Errorf("%s: got %s open, want %s", s, shape.Open.Amount, want)
		}
	}
}
