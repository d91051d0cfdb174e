package office_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store"
)

// Two people of staff, and a customer's own session cannot stand in for either.
var (
	salesperson = access.Caller{Name: "staff:mbr_manager", Scopes: []access.Scope{access.CreditWrite, access.BankWrite, access.FundsWrite, access.CreditApprove, access.BankApprove}}
	controller  = access.Caller{Name: "staff:mbr_finance", Scopes: []access.Scope{access.CreditWrite, access.BankWrite, access.CreditApprove, access.BankApprove, access.FundsWrite}}
)

func terms(t *testing.T, text string) *account.Terms {
	t.Helper()
	got, err := account.ParseTerms(text)
	if err != nil {
		t.Fatal(err)
	}
	return &got
}

// withCredit opens a credit line of so many cents for an account, as staff does.
func withCredit(t *testing.T, d *officetest.Desk, a account.Account, limit int64, due string) account.CreditLine {
	t.Helper()
	l, err := d.ProposeCreditLine(t.Context(), salesperson, a.ID, office.CreditProposal{Kind: account.OpenCredit, Limit: usd(limit), Terms: terms(t, due), Reason: "annual contract"})
	if err != nil {
		t.Fatal(err)
	}
	if l, err = d.ApproveCreditLine(t.Context(), controller, l.ID, "seen the contract"); err != nil {
		t.Fatal(err)
	}
	return l
}

func creditNow(t *testing.T, d *officetest.Desk, a account.Account) office.CreditStanding {
	t.Helper()
	c, err := d.Credit(t.Context(), access.CommandLine, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// toldOf lists the kinds of what a customer was told, oldest first.
func toldOf(t *testing.T, d *officetest.Desk, a account.Account) []string {
	t.Helper()
	list, _, err := d.Messages(t.Context(), access.CommandLine, a.ID, office.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, m := range list {
		kinds = append(kinds, m.Kind)
	}
	slices.Reverse(kinds)
	return kinds
}

func count(list []string, of string) (n int) {
	for _, s := range list {
		if s == of {
			n++
		}
	}
	return n
}

func TestCreditTakesTwoPeople(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		a := d.Customer()
		ask := office.CreditProposal{Kind: account.OpenCredit, Limit: usd(500_000), Terms: terms(t, "30 calendar days"), Reason: "annual contract"}
		person := d.Customer(func(n *office.NewAccount) { n.Kind = account.Individual })
		if _, err := d.ProposeCreditLine(ctx, salesperson, person.ID, ask); !errors.Is(err, account.ErrCreditEnterprise) {
			t.Errorf("for a person (R-ELIG-06): got %v, want %v", err, account.ErrCreditEnterprise)
		}
		if _, err := d.ProposeCreditLine(ctx, caller(a), a.ID, ask); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("by the customer: got %v, want %v", err, access.ErrForbidden)
		}
		if _, err := d.ProposeCreditLine(ctx, salesperson, a.ID, office.CreditProposal{Kind: account.ChangeCredit, Limit: usd(1), Reason: "r"}); !errors.Is(err, account.ErrNoCredit) {
			t.Errorf("change of what is not there: got %v, want %v", err, account.ErrNoCredit)
		}
		l, err := d.ProposeCreditLine(ctx, salesperson, a.ID, ask)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.ProposeCreditLine(ctx, controller, a.ID, ask); !errors.Is(err, account.ErrCreditPending) {
			t.Errorf("two proposals at once: got %v, want %v", err, account.ErrCreditPending)
		}
		if _, err := d.ApproveCreditLine(ctx, salesperson, l.ID, ""); !errors.Is(err, account.ErrOwnProposal) {
			t.Errorf("by who proposed it: got %v, want %v", err, account.ErrOwnProposal)
		}
		if _, err := d.ApproveCreditLine(ctx, caller(a), l.ID, ""); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("approved by the customer: got %v, want %v", err, access.ErrForbidden)
		}
		// The database says so too, whatever the office thinks.
		err = d.Store.Update(ctx, func(tx *store.Tx) error {
			forged := l
			forged.State, forged.DecidedBy, forged.DecidedAt = account.CreditActive, l.ProposedBy, d.Clock.Now()
			return tx.SaveCreditLine(ctx, forged)
		})
		if err == nil {
			t.Error("the database takes a line that its proposer decided on, want it refused")
		}
		if accountNow(t, d, a.ID).Credit {
			t.Error("the account has credit before anybody decided")
		}
		if l, err = d.ApproveCreditLine(ctx, controller, l.ID, "seen"); err != nil || l.State != account.CreditActive {
			t.Fatalf("approve: got %s and %v, want active", l.State, err)
		}
		if !accountNow(t, d, a.ID).Credit {
			t.Error("the account has no credit, want it")
		}
		if _, err := d.RefuseCreditLine(ctx, controller, l.ID, ""); !errors.Is(err, account.ErrCreditDecided) {
			t.Errorf("refused after it was approved: got %v, want %v", err, account.ErrCreditDecided)
		}

		// A change is another proposal; the history keeps both.
		change, err := d.ProposeCreditLine(ctx, controller, a.ID, office.CreditProposal{Kind: account.ChangeCredit, Limit: usd(800_000), Reason: "grew"})
		if err != nil || change.Terms != l.Terms {
			t.Fatalf("change: got terms %s and %v, want those of before", change.Terms, err)
		}
		if _, err := d.WithdrawCreditLine(ctx, salesperson, change.ID); !errors.Is(err, account.ErrNotYourProposal) {
			t.Errorf("withdrawn by another: got %v, want %v", err, account.ErrNotYourProposal)
		}
		if _, err := d.ApproveCreditLine(ctx, salesperson, change.ID, ""); err != nil {
			t.Fatal(err)
		}
		if c := creditNow(t, d, a); c.Limit != usd(800_000) || c.Available != usd(800_000) {
			t.Errorf("got a limit of %s with %s available, want 8000.00 of each", c.Limit, c.Available)
		}
		end, err := d.ProposeCreditLine(ctx, salesperson, a.ID, office.CreditProposal{Kind: account.CloseCredit, Reason: "contract ended"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.ApproveCreditLine(ctx, controller, end.ID, ""); err != nil {
			t.Fatal(err)
		}
		history, err := d.CreditLines(ctx, caller(a), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		var states []string
		for _, l := range history {
			states = append(states, string(l.Kind)+" "+string(l.State))
		}
		if got, want := strings.Join(states, ", "), "close closed, change closed, open replaced"; got != want {
			t.Errorf("got the history %s, want %s", got, want)
		}
		if accountNow(t, d, a.ID).Credit {
			t.Error("the account has credit after its line was closed")
		}
		d.Prove()
	})
}

// TestCreditMonth is the month of a customer with credit: nothing is charged however
// much is used, the bill comes on the sixth and is due by its terms, the customer is
// reminded and then overdue, and still no card is charged (R-CRED-03, R-BILL-03,
// R-BILL-04, R-THR-09).
func TestCreditMonth(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		withCredit(t, d, a, 500_000, "10 business days")
		d.Use(a, "line-1", "2400.004") // far above the threshold
		if c := creditNow(t, d, a); c.Current != usd(240_001) || c.Available != usd(259_999) {
			t.Errorf("got %s unsettled and %s available, want 2400.01 and 2599.99", c.Current, c.Available)
		}
		d.PassTo(time.Date(2026, 4, 5, 23, 0, 0, 0, time.UTC))
		if bills := billsOf(t, d, a); len(bills) != 0 {
			t.Fatalf("got %d bills on the fifth, want none before the sixth", len(bills))
		}
		d.PassTo(time.Date(2026, 4, 6, 1, 0, 0, 0, time.UTC))
		bills := billsOf(t, d, a)
		if len(bills) != 1 {
			t.Fatalf("got %d bills on the sixth, want one", len(bills))
		}
		b := bills[0]
		if got, want := b.DueAt.Format(time.DateTime), "2026-04-20 23:59:59"; got != want || b.Open != usd(240_000) {
			t.Errorf("got %s due at %s, want 2400.00 at %s", b.Open, got, want)
		}
		d.PassTo(time.Date(2026, 4, 17, 23, 0, 0, 0, time.UTC))
		if told := toldOf(t, d, a); count(told, "bill_due") != 0 {
			t.Errorf("got told %v four days before, want no reminder yet", told)
		}
		d.PassTo(time.Date(2026, 4, 18, 1, 0, 0, 0, time.UTC))
		if told := toldOf(t, d, a); count(told, "bill_due") != 1 || count(told, "bill_overdue") != 0 {
			t.Errorf("got told %v, want one reminder", told)
		}
		if now := accountNow(t, d, a.ID); !now.OverdueSince.IsZero() {
			t.Error("the account is overdue before the due day is over")
		}
		d.PassTo(time.Date(2026, 6, 2, 0, 0, 0, 0, time.UTC))
		if told := toldOf(t, d, a); count(told, "bill_overdue") != 1 {
			t.Errorf("got told %v, want once that it is overdue", told)
		}
		if now := accountNow(t, d, a.ID); !now.OverdueSince.Equal(time.Date(2026, 4, 21, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("overdue since %s, want 21 April", now.OverdueSince)
		}
		for _, s := range d.DebtsOf(a) {
			if len(s.Payments) != 0 {
				t.Errorf("the debt %s has %d payments, want none ever (R-CRED-03)", s.Debt.ID, len(s.Payments))
			}
		}
		d.Prove()
	})
}

// TestOrdersOnCredit buys from available credit: the order is on the month's bill as a
// debt of its own, until nothing is available (R-PAY-02, R-CRED-01, R-CRED-02).
func TestOrdersOnCredit(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		a := d.Customer(someCompany)
		withCredit(t, d, a, 100_000, "30 calendar days")
		o := place(t, d, a, draft("first", a, 60_000))
		if s := orderNow(t, d, o.ID); s.Credit != usd(100_000) || s.Why != nil {
			t.Errorf("before: got %s available and %v, want 1000.00 and nothing against it", s.Credit, s.Why)
		}
		if p := pay(t, d, o.ID); p.Order.State != orders.Paid || p.Payment.ID != "" {
			t.Fatalf("got the order %s with payment %q, want paid with none", p.Order.State, p.Payment.ID)
		}
		if c := creditNow(t, d, a); c.Earlier != usd(60_000) || c.Available != usd(40_000) {
			t.Errorf("got %s unsettled and %s available, want 600.00 and 400.00", c.Earlier, c.Available)
		}
		dear := place(t, d, a, draft("second", a, 40_001))
		if _, err := d.PayOrder(ctx, access.CommandLine, dear.ID, office.PayChoice{}); !errors.Is(err, orders.ErrExceedsCredit) {
			t.Errorf("a cent too much: got %v, want %v", err, orders.ErrExceedsCredit)
		}
		if s := orderNow(t, d, dear.ID); !errors.Is(s.Why, orders.ErrExceedsCredit) {
			t.Errorf("its page says %v, want %v", s.Why, orders.ErrExceedsCredit)
		}
		d.Use(a, "line-1", "500") // usage goes on, and what is available is below nothing
		if c := creditNow(t, d, a); c.Available != usd(-10_000) {
			t.Errorf("got %s available, want -100.00", c.Available)
		}
		if _, err := d.PlaceOrder(ctx, access.CommandLine, a.ID, draft("third", a, 1)); !errors.Is(err, orders.ErrExceedsCredit) {
			t.Errorf("below nothing (R-CRED-02): got %v, want %v", err, orders.ErrExceedsCredit)
		}
		d.PassTo(time.Date(2026, 4, 7, 0, 0, 0, 0, time.UTC))
		b := fullBill(t, d, billsOf(t, d, a)[0].ID)
		if b.Total != usd(110_000) || len(b.Debts) != 2 || len(b.Shares) != 1 || b.Shares[0].Net != usd(50_000) {
			t.Errorf("got a bill of %s with %d debts and shares %v, want 1100.00 with two, and 500.00 of usage", b.Total, len(b.Debts), b.Shares)
		}
		told, err := d.BillStory(ctx, caller(a), b.ID)
		if err != nil || len(told.Orders) != 1 {
			t.Fatalf("got the orders %v on the bill and %v, want one", told.Orders, err)
		}
		for id, ord := range told.Orders {
			if i := slices.IndexFunc(b.Debts, func(x billing.Debt) bool { return x.ID == id }); ord.ID != o.ID || b.Debts[i].Amount != usd(60_000) {
				t.Errorf("got the order %s for %s, want %s for 600.00", ord.ID, b.Debts[i].Amount, o.ID)
			}
		}

		months, err := d.Spending(ctx, caller(a), a.ID, 2)
		if err != nil || len(months) != 2 || months[0].Bill != b.ID || months[0].Usage.Decimal() != "500" || months[0].Orders != usd(60_000) {
			t.Errorf("got the spending %+v and %v, want 500.00 of usage and the order's 600.00 once", months, err)
		}

		// What was not consumed of a cancelled order is credited, and pays the bill.
		if _, err := d.CancelOrder(ctx, access.CommandLine, o.ID); err != nil {
			t.Fatal(err)
		}
		after := fullBill(t, d, b.ID)
		if after.Open.Cmp(b.Open) >= 0 {
			t.Errorf("got %s open after the order was cancelled, want less than %s", after.Open, b.Open)
		}
		d.Prove()
	})
}

// TestCreditIsLow tells once for each crossing of a level (R-CRED-05).
func TestCreditIsLow(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		withCredit(t, d, a, 100_000, "30 calendar days")
		for _, c := range []struct {
			name, usage string
			want        int
		}{
			{"above a fifth", "799.99", 0},
			{"a fifth", "0.01", 1},
			{"still below it", "100", 1},
			{"nothing", "100", 2},
			{"less than nothing", "50", 2},
		} {
			d.Use(a, c.name, c.usage)
			d.Pass(3 * time.Hour)
			if got := count(toldOf(t, d, a), "credit_low"); got != c.want {
				t.Errorf("%s: told %d times, want %d", c.name, got, c.want)
			}
		}
		// A higher limit arms it again.
		l, err := d.ProposeCreditLine(t.Context(), salesperson, a.ID, office.CreditProposal{Kind: account.ChangeCredit, Limit: usd(1_000_000), Reason: "grew"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.ApproveCreditLine(t.Context(), controller, l.ID, ""); err != nil {
			t.Fatal(err)
		}
		d.Use(a, "much", "7000")
		d.Pass(3 * time.Hour)
		if got := count(toldOf(t, d, a), "credit_low"); got != 3 {
			t.Errorf("after another limit and more usage: told %d times, want 3", got)
		}
	})
}

// TestCreditRaces lets many approve and refuse one proposal at once: one of them does.
func TestCreditRaces(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		l, err := d.ProposeCreditLine(t.Context(), salesperson, a.ID, office.CreditProposal{Kind: account.OpenCredit, Limit: usd(1000), Reason: "r"})
		if err != nil {
			t.Fatal(err)
		}
		var done int
		for err := range together(8, func(n int) error {
			if n%2 == 0 {
				_, err := d.ApproveCreditLine(t.Context(), controller, l.ID, "")
				return err
			}
			_, err := d.RefuseCreditLine(t.Context(), controller, l.ID, "")
			return err
		}) {
			if err == nil {
				done++
			} else if !errors.Is(err, account.ErrCreditDecided) {
				t.Errorf("got %v, want %v", err, account.ErrCreditDecided)
			}
		}
		if done != 1 {
			t.Errorf("%d decided, want one", done)
		}
		d.Prove()
	})
}

// together runs so many at once and gives what each answered.
func together(n int, do func(int) error) func(func(error) bool) {
	answers := make(chan error, n)
	for i := range n {
		go func() { answers <- do(i) }()
	}
	return func(yield func(error) bool) {
		for range n {
			if !yield(<-answers) {
				return
			}
		}
	}
}

// TestRenewalsOnCredit renews what renews itself from the credit line, with a card bound
// beside it that is never asked, until nothing is available.
func TestRenewalsOnCredit(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		withCredit(t, d, a, 25_000, "60 calendar days")
		o := place(t, d, a, renewing("first", a, 10_000))
		pay(t, d, o.ID)
		sub := orderNow(t, d, o.ID).Subscriptions[0].ID
		d.PassTo(time.Date(2026, 4, 9, 12, 0, 0, 0, time.UTC))
		if s := subscriptionNow(t, d, sub); s.Terms != 2 {
			t.Errorf("got %d terms, want two", s.Terms)
		}
		d.PassTo(time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC))
		if s := subscriptionNow(t, d, sub); s.Terms != 2 || s.State == orders.Active {
			t.Errorf("with too little available: got %d terms and %s, want it ended after two", s.Terms, s.State)
		}
		if told := toldOf(t, d, a); count(told, "renewal_failed") == 0 {
			t.Errorf("told %v, want that a renewal failed", told)
		}
		for _, s := range d.DebtsOf(a) {
			if len(s.Payments) > 0 {
				t.Errorf("the debt %s was charged to the card, want never", s.Debt.ID)
			}
		}
		d.Prove()
	})
}
