package office_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

func TestUsageIsChargedWhenItReachesTheThreshold(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.Use(a, "1", "999.99")
		if got := len(d.DebtsOf(a)); got != 0 {
			t.Fatalf("999.99 opened %d debts, want none (R-THR-03)", got)
		}
		d.Use(a, "2", "0.00999999")
		if got := len(d.DebtsOf(a)); got != 0 {
			t.Fatalf("999.99999999 opened %d debts, want none", got)
		}
		d.Use(a, "3", "0.00000001")
		debts := d.DebtsOf(a)
		if len(debts) != 1 || debts[0].Debt.State != billing.Paid || debts[0].Debt.Amount.Decimal() != "1000.00" {
			t.Fatalf("1000.00 opened %+v, want one paid debt of 1000.00", debts)
		}
		p := debts[0].Payments
		if len(p) != 1 || p[0].Initiator != payment.MIT || p[0].Reason != payment.ThresholdReached || p[0].Mandate == "" {
			t.Errorf("the payment is %+v, want one MIT that quotes its mandate (R-3DS-08)", p)
		}
		d.Use(a, "4", "5")
		if got := len(d.DebtsOf(a)); got != 1 {
			t.Errorf("later usage opened %d debts, want it to start a new count (R-THR-04)", got)
		}
		d.Prove()
	})
}

func TestAChargeTakesAllUsageSoFar(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	d.Use(a, "1", "900")
	d.Use(a, "2", "2345.678")
	if got := d.DebtsOf(a)[0].Debt.Amount.Decimal(); got != "3245.67" {
		t.Errorf("charged %s, want 3245.67 (R-THR-04)", got)
	}
	d.Prove()
}

func TestOneHundredConcurrentLinesMakeOneCharge(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() { d.Use(a, fmt.Sprint(i), "10.00") })
		}
		wg.Wait()
		debts := d.DebtsOf(a)
		if len(debts) != 1 || debts[0].Debt.Amount.Decimal() != "1000.00" {
			t.Errorf("%d debts, want one of 1000.00 (R-THR-05)", len(debts))
		}
		d.Prove()
	})
}

func TestWhileAThresholdDebtIsUnpaidUsageAddsUpAndIsTestedWhenItIsSettled(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	order(t, d, a, "decline:insufficient_funds", 1)
	d.Use(a, "1", "1000")
	d.Use(a, "2", "1500")
	if got := len(d.DebtsOf(a)); got != 1 {
		t.Fatalf("%d debts while one is unpaid, want 1", got)
	}
	d.Pass(7*24*time.Hour + time.Hour)
	debts := d.DebtsOf(a)
	if len(debts) != 2 || debts[0].Debt.State != billing.Paid || debts[1].Debt.State != billing.Paid {
		t.Fatalf("after T+7 there are %d debts, want two, both paid", len(debts))
	}
	d.Prove()
}

func TestALineIsCountedOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Use(a, "same", "1.50")
		again := d.UseAt(a, "same", "1.50", officetest.Start)
		if again.Repeated != 1 || again.Recorded != 0 {
			t.Errorf("the second time: %+v, want repeated", again)
		}
		l := officetest.Line(t, a, "same", "1.51", officetest.Start)
		_, err := d.RecordUsage(context.Background(), access.CommandLine, office.UsageBatch{Lines: []billing.Line{l}})
		if !errors.Is(err, billing.ErrLineConflict) {
			t.Errorf("other content: %v, want line_conflict", err)
		}
		d.Prove()
	})
}

func TestOneBadLineRefusesItsBatchAndNoOther(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		line := func(row int, id, amount string, change func(*billing.Line)) billing.Line {
			l := officetest.Line(t, a, id, amount, officetest.Start)
			l.Row = row
			if change != nil {
				change(&l)
			}
			return l
		}
		batch := []billing.Line{
			line(1, "a", "1", nil),
			line(2, "b", "1", func(l *billing.Line) { l.Account = "acct_nobody" }),
			line(3, "c", "1", func(l *billing.Line) { l.Amount.Currency = "EUR" }),
			line(4, "d", "1", func(l *billing.Line) { l.StartedAt = officetest.Start.AddDate(0, 1, 0) }),
			line(5, "a", "2", nil),
		}
		_, err := d.RecordUsage(context.Background(), access.CommandLine, office.UsageBatch{Lines: batch[:4]})
		for place, want := range map[string]error{"row 2": billing.ErrAccountUnknown, "row 3": account.ErrCurrencyMismatch, "row 4": billing.ErrFutureMonth} {
			if !errors.Is(err, want) || !hasPlace(err, place) {
				t.Errorf("got %v, want %v at %s", err, want, place)
			}
		}
		if r := d.Use(a, "a", "1"); r.Recorded != 1 {
			t.Errorf("the good line of a refused batch was recorded: %+v", r)
		}
		r, err := d.RecordUsage(context.Background(), access.CommandLine, office.UsageBatch{Lines: batch, SkipBad: true})
		if err != nil || r.BadCount != 4 || r.Repeated != 1 {
			t.Errorf("skipping bad ones: %+v, %v; want one repeated and four bad", r, err)
		}
		d.Prove()
	})
}

func TestUsageOfAClosedMonthGoesToTheNextBill(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	d.Use(a, "march", "10")
	d.PassTo(time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC))
	d.UseAt(a, "late", "7", officetest.Start)
	d.PassTo(time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC))
	bills := billsOf(t, d, a)
	if len(bills) != 2 || bills[0].Net.Decimal() != "10.00" || bills[1].Net.Decimal() != "7.00" {
		t.Errorf("bills are %+v, want 10.00 and 7.00 (R-THR-10)", bills)
	}
	d.Prove()
}

func TestACreditCustomerHasNoThresholdAndNoAutomaticCharge(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	makeCredit(t, d, a)
	d.Use(a, "1", "5000")
	if got := len(d.DebtsOf(a)); got != 0 {
		t.Errorf("%d threshold debts, want none (R-THR-09)", got)
	}
	d.PassTo(time.Date(2026, 4, 7, 0, 0, 0, 0, time.UTC)) // billed on the 6th (R-BILL-03)
	debts := d.DebtsOf(a)
	if len(debts) != 1 || debts[0].Debt.Kind != billing.BillDebt || len(debts[0].Payments) != 0 {
		t.Errorf("the month made %+v, want one bill that no card was charged for (R-CRED-03)", debts)
	}
	d.Prove()
}

func TestTheMonthIsThresholdDebtsAndARemainderToTheLastDigit(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		want := money.Exact{Currency: "USD"}
		for i := range 40 {
			amount := fmt.Sprintf("61.%04d%03d7", i*211%10000, i*37%1000)
			e, _, err := money.ParseExact(amount, "USD")
			if err != nil {
				t.Fatal(err)
			}
			if want, err = want.Add(e); err != nil {
				t.Fatal(err)
			}
			d.Use(a, fmt.Sprint(i), amount)
		}
		d.PassTo(time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC))
		b := fullBill(t, d, billsOf(t, d, a)[0].ID)
		if len(b.Debts) != 3 || !b.IsPaid() {
			t.Fatalf("the bill has %d debts, open %v; want two thresholds, a remainder, all paid", len(b.Debts), b.Open)
		}
		net, err := b.Net.Exact()
		if err != nil {
			t.Fatal(err)
		}
		left := money.Exact{Currency: "USD"}
		for _, s := range b.Shares {
			if left, err = left.Add(s.CarriedOut); err != nil {
				t.Fatal(err)
			}
		}
		if got, _ := net.Add(left); got.Cmp(want) != 0 {
			t.Errorf("net %v and carried out %v are %v, want %v (R-THR-06)", b.Net, left, got, want)
		}
		again, err := d.CloseMonth(context.Background(), access.CommandLine, a.ID, "2026-03")
		if err != nil || again.ID != b.ID {
			t.Errorf("closing again: %v, %v; want the same bill (R-BILL-02)", again.ID, err)
		}
		d.Prove()
	})
}

func TestWhatIsUnderTheProvidersMinimumIsCarried(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	d.Use(a, "1", "0.301")
	d.PassTo(time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC))
	if got := billsOf(t, d, a)[0]; !got.Total.IsZero() {
		t.Errorf("the first bill asks for %v, want nothing (R-BILL-05)", got.Total)
	}
	d.Use(a, "2", "0.302")
	d.PassTo(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	if got := billsOf(t, d, a)[1]; got.Total.Decimal() != "0.60" || !got.IsPaid() {
		t.Errorf("the second bill is %v, open %v; want 0.60, paid", got.Total, got.Open)
	}
	d.Prove()
}

func TestANegativeMonthIsCarriedAsCredit(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	d.Use(a, "credit", "-30")
	d.PassTo(time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC))
	d.Use(a, "use", "100")
	d.PassTo(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	if got := billsOf(t, d, a)[1].Total.Decimal(); got != "70.00" {
		t.Errorf("the next bill is %s, want 70.00 (R-BILL-08)", got)
	}
	d.Prove()
}

// hasPlace tells whether a fault within err stands at a place.
func hasPlace(err error, place string) bool {
	for _, f := range fault.All(err) {
		if f.Place == place {
			return true
		}
	}
	return false
}

func TestWhatOneBatchBringsDoesNotFailAnother(t *testing.T) {
	d := officetest.Build(t, officetest.Options{Prompt: office.PromptInline})
	rich, other := d.Customer(), d.Customer()
	d.Use(rich, "most", "-8000000000000")
	d.Use(rich, "more", "-500000000000")
	var wg sync.WaitGroup
	errs := make([]error, 40)
	for i := range errs {
		a, amount := other, "1"
		if i%2 == 0 {
			a, amount = rich, "-900000000000"
		}
		l := officetest.Line(t, a, fmt.Sprint(i), amount, officetest.Start)
		wg.Go(func() {
			_, errs[i] = d.RecordUsage(context.Background(), access.CommandLine, office.UsageBatch{Lines: []billing.Line{l}})
		})
	}
	wg.Wait()
	for i, err := range errs {
		if i%2 == 1 && err != nil {
			t.Errorf("an innocent batch was refused: %v", err)
		}
	}
	d.Prove()
}
