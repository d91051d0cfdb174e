package ledger

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/money"
)

func TestCashEntriesReadAsAnAccountantExpects(t *testing.T) {
	amount := money.Amount{Minor: 1500, Currency: "USD"}
	for _, c := range []struct {
		name string
		book func() (Entry, error)
		want string
	}{
		{"spent on a bill", func() (Entry, error) { return AppliedToDebt("app_1", "acct_1", amount) },
			"balance_applied app_1 15.00: customer_balance acct_1 15.00, customer_receivable acct_1 -15.00"},
		{"taken back", func() (Entry, error) { return Unapplied("und_1", "acct_1", amount) },
			"balance_unapplied und_1 15.00: customer_receivable acct_1 15.00, customer_balance acct_1 -15.00"},
		{"drawn on credit", func() (Entry, error) { return DrawnOnCredit("debt_1", "acct_1", amount) },
			"credit_drawn debt_1 15.00: customer_receivable acct_1 15.00, customer_deposits acct_1 -15.00"},
		{"topped up", func() (Entry, error) { return ToppedUpBy("debt_1", "acct_1", amount) },
			"topped_up debt_1 15.00: customer_deposits acct_1 15.00, customer_balance acct_1 -15.00"},
		{"set apart", func() (Entry, error) { return OpenedWithdrawal("wdr_1", "acct_1", amount) },
			"withdrawal_opened wdr_1 15.00: customer_balance acct_1 15.00, withdrawals_payable acct_1 -15.00"},
		{"put back", func() (Entry, error) { return DroppedWithdrawal("wdr_1", "acct_1", amount) },
			"withdrawal_dropped wdr_1 15.00: withdrawals_payable acct_1 15.00, customer_balance acct_1 -15.00"},
	} {
		e, err := c.book()
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, p := range e.Postings {
			lines = append(lines, fmt.Sprint(p.Ledger, " ", p.Customer, " ", p.Amount.Decimal()))
			if (p.Customer != "") != p.Ledger.IsPerCustomer() {
				t.Errorf("%s: %s is booked to customer %q", c.name, p.Ledger, p.Customer)
			}
		}
		if got := fmt.Sprint(e.Kind, " ", e.Subject, " ", e.Amount.Decimal(), ": ", strings.Join(lines, ", ")); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
