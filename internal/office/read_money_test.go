package office_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// customerOf is a customer in the pages of their account.
func customerOf(id string) access.Caller {
	return access.Caller{Name: "console:" + id, Scopes: []access.Scope{access.BillsRead, access.AccountsWrite}}
}

func TestSpendingByMonth(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.Use(a, "1", "1212.404")
		d.Pass(31 * 24 * time.Hour)
		d.Use(a, "2", "88.125")
		list, err := d.Spending(t.Context(), access.CommandLine, a.ID, 3)
		if err != nil || len(list) != 3 {
			t.Fatalf("got %+v, %v, want three months", list, err)
		}
		for i, want := range []struct {
			month  billing.Month
			usage  string
			billed bool
		}{{"2026-02", "0", false}, {"2026-03", "1212.4", true}, {"2026-04", "88.125", false}} {
			got := list[i]
			if got.Month != want.month || got.Usage.Decimal() != want.usage || (got.Bill != "") != want.billed {
				t.Errorf("month %d: got %+v, want %+v", i, got, want)
			}
		}
	})
}

func TestWhatIsOpenAndChargedNext(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, s := owing(t, d, "decline:insufficient_funds", 1)
		l, err := d.Outlook(t.Context(), access.CommandLine, a.ID)
		if err != nil || len(l.Open) != 1 {
			t.Fatalf("got %+v, %v, want the one open debt", l, err)
		}
		if got := l.Open[0]; got.Debt.ID != s.Debt.ID || got.Last.State != payment.Declined || got.Debt.NextAttemptAt.IsZero() {
			t.Errorf("got %+v, want it with its refused payment, to be tried again", got)
		}
		if want := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC); !l.NextBill.Equal(want) {
			t.Errorf("the next bill is issued %s, want %s", l.NextBill, want)
		}
		story, err := d.PaymentStory(t.Context(), access.CommandLine, l.Open[0].Last.ID, false)
		if err != nil || story.Debt.ID != s.Debt.ID || story.Method.ID != story.Payment.Method || len(story.Attempts) != 1 {
			t.Errorf("the payment's story: got %+v, %v", story, err)
		}
	})
}

func TestABillTellsOpenDebtsFirst(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		for n := range 3 {
			d.Use(a, strconv.Itoa(n), "1000")
		}
		order(t, d, a, "decline:insufficient_funds", 9)
		d.Use(a, "rest", "20")
		d.Pass(31 * 24 * time.Hour)
		b, err := d.BillOfMonth(t.Context(), access.CommandLine, a.ID, "2026-03")
		if err != nil || b.ID == "" {
			t.Fatalf("the month's bill: got %+v, %v", b, err)
		}
		s, err := d.BillStory(t.Context(), access.CommandLine, b.ID)
		if err != nil || s.Debts != 4 || len(s.Bill.Debts) != 4 || s.Bill.Debts[0].State != billing.Open || len(s.Bill.Shares) != 1 {
			t.Fatalf("got %+v, %v, want four debts, the open one first", s, err)
		}
		for i := 1; i < len(s.Payments); i++ {
			if s.Payments[i].Payment.OpenedAt.After(s.Payments[i-1].Payment.OpenedAt) {
				t.Error("the payments are not newest first")
			}
		}
		first, next, err := d.PaymentLines(t.Context(), access.CommandLine, a.ID, office.Page{Limit: 2})
		if err != nil || len(first) != 2 || next != string(first[1].Payment.ID) || first[0].Debt.ID == "" {
			t.Errorf("got %+v, %q, %v, want two payments with their debts, and a next page", first, next, err)
		}
		if none, err := d.BillOfMonth(t.Context(), access.CommandLine, a.ID, "2025-01"); err != nil || none.ID != "" {
			t.Errorf("a month without a bill: got %+v, %v, want none", none, err)
		}
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := context.Background()
		a, other := d.Customer(), d.Customer()
		enter := func(agent string) string {
			t.Helper()
			link, _, err := d.OpenConsole(ctx, access.CommandLine, a.ID, office.Entrance{Page: "/"})
			if err != nil {
				t.Fatal(err)
			}
			session, _, err := d.EnterConsole(ctx, link[len(d.ConsoleURL+"/enter/"):], office.Visitor{Address: "192.0.2.7", Agent: agent})
			if err != nil {
				t.Fatal(err)
			}
			return session
		}
		first := enter("one")
		d.Pass(time.Minute)
		own := enter("two")
		by := customerOf(string(a.ID))
		list, err := d.Sessions(ctx, by, a.ID, own)
		if err != nil || len(list) != 2 || !list[0].Own || list[1].Own || list[1].Agent != "one" || list[1].Address != "192.0.2.7" {
			t.Fatalf("got %+v, %v, want both, the own one first", list, err)
		}
		if err := d.EndSession(ctx, by, other.ID, list[1].ID); !errors.Is(err, office.ErrSessionNotFound) {
			t.Errorf("as another account's: got %v, want it not found", err)
		}
		if err := d.EndSession(ctx, by, a.ID, list[1].ID); err != nil {
			t.Fatal(err)
		}
		if _, err := d.ConsoleCaller(ctx, first, ""); err == nil {
			t.Error("the session that was ended lets in still")
		}
		if _, err := d.ConsoleCaller(ctx, own, ""); err != nil {
			t.Errorf("the other one: got %v, want it good", err)
		}
		if list, err = d.Sessions(ctx, by, a.ID, own); err != nil || len(list) != 1 {
			t.Errorf("got %+v, %v, want one left", list, err)
		}
	})
}

// TestTheNearestExposureIsOneMonths has usage of two months open, which together would
// reach the threshold and do not: here, months are billed on the third.
func TestTheNearestExposureIsOneMonths(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ruled(t, d, "  day: 1 ", "  day: 3 ")
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.Use(a, "march", "700")
		d.PassTo(time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC))
		d.Use(a, "april", "600.5")
		w, err := d.WaysToPay(t.Context(), access.CommandLine, a.ID)
		if err != nil || w.Exposure.Decimal() != "1300.5" || w.Nearest.Decimal() != "700" || len(d.DebtsOf(a)) != 0 {
			t.Errorf("got %s in all, %s at most and %v, want 1300.5, 700 and nothing charged", w.Exposure, w.Nearest, err)
		}
	})
}
