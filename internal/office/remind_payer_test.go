package office_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
)

// A payer who goes away from the challenge of a purchase gets a mail with a link to
// it, once, and not before they have had time to pass it (R-3DS-05). Who passed it
// gets none.
func TestAPayerWhoLeavesAChallengeIsToldOnce(t *testing.T) {
	for _, passes := range []bool{false, true} {
		name := "leaves"
		if passes {
			name = "passes"
		}
		t.Run(name, func(t *testing.T) {
			officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
				ruled(t, d, "  - name: failed_binds ", "  - name: everybody\n    when: amount >= 1\n    verdict: challenge\n    on: [purchase]\n  - name: failed_binds ")
				a := d.Customer()
				d.Bind(a, "pm_card_threeDSecureOptional")
				o := place(t, d, a, draft("r-1", a, 1000))
				p := pay(t, d, o.ID).Payment
				if p.State != payment.Waiting || p.Initiator != payment.CIT {
					t.Fatalf("the payment is %s by %s, want it to wait for its payer", p.State, p.Initiator)
				}
				told := func() int {
					return len(slices.DeleteFunc(told(t, d, a), func(m office.Message) bool { return m.Kind != "challenge_waiting" }))
				}
				d.Pass(4 * time.Minute)
				if got := told(); got != 0 {
					t.Errorf("after four minutes %d messages were sent, want none", got)
				}
				if passes {
					if _, err := d.Sandbox.AnswerChallenge(p.Ref, true); err != nil {
						t.Fatal(err)
					}
				}
				d.Pass(20 * time.Minute)
				want, state := 1, orders.Open
				if passes {
					want, state = 0, orders.Paid
				}
				if s := orderNow(t, d, o.ID); told() != want || s.Order.State != state {
					t.Errorf("after %d messages the order is %s, want %d and %s", told(), s.Order.State, want, state)
				}
				if !passes {
					m := theMessage(t, d, a, "challenge_waiting")
					l, err := d.Letter(t.Context(), access.CommandLine, m.ID)
					if err != nil || !strings.Contains(l.Text, "/challenge/") || m.Challenge != p.ID {
						t.Errorf("the letter (%v) leads to no challenge, or the message to %q:\n%s", err, m.Challenge, l.Text)
					}
				}
				d.Pass(time.Hour)
				d.Prove()
			})
		})
	}
}

func TestAMessageIsItsOwnAccounts(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, b := d.Customer(), d.Customer()
		d.Bind(a, "pm_card_visa")
		m := theMessage(t, d, a, "hold_placed")
		got, err := d.Message(t.Context(), session(a), a.ID, m.ID)
		if err != nil || got.ID != m.ID || got.Kind != m.Kind || got.Page != m.Page {
			t.Errorf("got %+v, %v; want %+v", got, err, m)
		}
		for _, by := range []access.Caller{session(b), access.CommandLine} {
			if _, err := d.Message(t.Context(), by, b.ID, m.ID); !errors.Is(err, mail.ErrMessageNotFound) {
				t.Errorf("%s asks for another account's message: %v, want %v", by.Name, err, mail.ErrMessageNotFound)
			}
		}
	})
}

// What a page says of the balance before an order is paid is what paying spends.
func TestWhatTheBalanceWouldPayIsWhatItPays(t *testing.T) {
	d := officetest.New(t)
	for _, c := range []struct {
		card              string
		held, price, want int64
	}{
		{"pm_card_visa", 400, 1000, 400}, {"pm_card_mastercard", 2000, 1000, 1000}, {"pm_card_amex", 980, 1000, 950}, // 0.50 is the least that is charged
	} {
		a := d.Customer()
		d.Bind(a, c.card)
		if _, err := d.TopUp(t.Context(), access.CommandLine, a.ID, office.TopUp{Reference: "one", Amount: money.Amount{Minor: c.held, Currency: a.Currency}}); err != nil {
			t.Fatal(err)
		}
		asked := draft("r-1", a, c.price)
		asked.UseBalance = true
		o := place(t, d, a, asked)
		before := orderNow(t, d, o.ID)
		pay(t, d, o.ID)
		after := orderNow(t, d, o.ID)
		if before.Spendable.Minor != c.want || !before.Applied.IsZero() || after.Applied.Minor != c.want {
			t.Errorf("of %d for %d: %d was told, %d spent before and %d after; want %d", c.held, c.price, before.Spendable.Minor, before.Applied.Minor, after.Applied.Minor, c.want)
		}
	}
	d.Prove()
}
