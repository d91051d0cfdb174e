package office_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
)

// TestManyReceiptsAreToldByAJob: the import of a statement that credits many does not wait
// for what their customers are told. Each is told all the same, once, also when the job
// runs again, and who is credited alone is told at once.
func TestManyReceiptsAreToldByAJob(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		const many = 620 // more than the job tells at once
		d.OpenBank()
		a, number := onCredit(t, d)
		other := euroCustomer(d, "Alpha Werke")
		to := ownNumber(t, d, other)
		d.Use(a, "march", "100")
		d.PassTo(time.Date(2026, 4, 7, 12, 0, 0, 0, time.UTC))
		bill := billsOf(t, d, a)[0]

		entries := make([]bankEntry, many)
		for i := range entries {
			entries[i] = bankEntry{day: 9, cents: bill.Total.Minor/many + 1, payer: fmt.Sprint("P", i), to: number}
		}
		if got := take(t, d, camt("M1", sheetOf("S1", 0, entries...))); got.Credited != many {
			t.Fatalf("got %+v, want all credited", got)
		}
		wantTold(t, d, "before the job", a, 0, 1)
		take(t, d, camt("M2", sheetOf("S2", 0, bankEntry{day: 10, cents: 700, payer: "Alone", to: to})))
		wantTold(t, d, "one alone, at once", other, 1, 0)

		d.Pass(time.Minute)
		wantTold(t, d, "after the job", a, many, 1)
		letters := lettersOf(t, d, a)
		if err := d.TellCustomers(t.Context(), "evt_", "evt_zzzz"); err != nil {
			t.Fatal(err)
		}
		d.Pass(time.Minute)
		wantTold(t, d, "told again", a, many, 1)
		wantTold(t, d, "told again", other, 1, 0)
		if again := lettersOf(t, d, a); letters < many || again != letters {
			t.Errorf("got %d letters and then %d, want one for each message", letters, again)
		}
		words, notices, err := d.WordsOf(t.Context(), "evt_", "evt_zzzz")
		if err != nil || len(words) != many+2 || !maps.Equal(words, notices) {
			t.Errorf("got %d words, %v; want the %d that were told beside their events, and the same", len(words), err, len(notices))
		}
		d.Prove()
	})
}

// wantTold fails the test unless an account was told of so many receipts and paid bills.
func wantTold(t *testing.T, d *officetest.Desk, when string, a account.Account, receipts, bills int) {
	t.Helper()
	got := map[string]int{}
	for _, m := range told(t, d, a) {
		got[m.Kind]++
	}
	if got["remittance_credited"] != receipts || got["bill_paid"] != bills {
		t.Errorf("%s: %s was told %v, want %d receipts and %d bills", when, a.Name, got, receipts, bills)
	}
}

// lettersOf counts an account's letters.
func lettersOf(t *testing.T, d *officetest.Desk, a account.Account) int {
	t.Helper()
	list, _, err := d.Letters(t.Context(), access.CommandLine, office.LetterFilter{Account: a.ID}, office.Page{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
