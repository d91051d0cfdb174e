package ledger

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/money"
)

func TestRefundEntriesReadAsAnAccountantExpects(t *testing.T) {
	usd := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }
	whole := Refund{ID: "ref_1", Customer: "acct_1", Net: usd(1000), Tax: usd(190), SetAside: usd(310)}
	untaxed := Refund{ID: "ref_2", Customer: "acct_1", Net: usd(1000), Tax: usd(0), SetAside: usd(0)}
	kept := Refund{ID: "ref_3", Customer: "acct_1", Net: usd(0), Tax: usd(0), SetAside: usd(310)}
	for _, c := range []struct {
		name string
		book func() (Entry, error)
		want string
	}{
		{"set aside", whole.Opened, "refund_set_aside 3.10: customer_balance acct_1 3.10, refunds_payable acct_1 -3.10"},
		{"paid", whole.Paid, "refund_paid 15.00: revenue 10.00, tax_payable 1.90, refunds_payable acct_1 3.10, provider_receivable -15.00"},
		{"to the balance", whole.PutOnBalance, "refund_to_balance 15.00: revenue 10.00, tax_payable 1.90, refunds_payable acct_1 3.10, customer_balance acct_1 -15.00"},
		{"dropped", whole.Dropped, "refund_failed 3.10: refunds_payable acct_1 3.10, customer_balance acct_1 -3.10"},
		{"without tax or balance", untaxed.Paid, "refund_paid 10.00: revenue 10.00, provider_receivable -10.00"},
		{"from the balance alone", kept.Paid, "refund_paid 3.10: refunds_payable acct_1 3.10, provider_receivable -3.10"},
		{"came back", func() (Entry, error) { return RefundCameBack("ref_1", "acct_1", usd(1500)) },
			"refund_returned 15.00: provider_receivable 15.00, customer_balance acct_1 -15.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := c.book()
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, p := range e.Postings {
				lines = append(lines, strings.Join(strings.Fields(fmt.Sprint(p.Ledger, " ", p.Customer, " ", p.Amount.Decimal())), " "))
				if (p.Customer != "") != p.Ledger.IsPerCustomer() {
					t.Errorf("%s is booked to customer %q", p.Ledger, p.Customer)
				}
			}
			if got := fmt.Sprintf("%s %s: %s", e.Kind, e.Amount.Decimal(), strings.Join(lines, ", ")); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}
