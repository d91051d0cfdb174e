package office_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store"
)

const refundSomeday = 10 * 24 * time.Hour

// ways are the kinds of method that are paid with, and the operation that refunds.
var ways = []struct{ kind, refunds string }{{"card", "refund"}, {"paypal", "paypal_capture_refund"}}

// paidUsage is a customer who paid so much usage by a kind of method.
func paidUsage(t *testing.T, d *officetest.Desk, kind, amount string) (account.Account, payment.Payment) {
	t.Helper()
	a := d.Customer()
	if kind == "paypal" {
		d.BindWallet(a, sandbox.PayerUS)
	} else {
		d.Bind(a, sandbox.Visa)
	}
	return a, paid(t, d, a, amount)
}

// paid has an account's next usage paid at once.
func paid(t *testing.T, d *officetest.Desk, a account.Account, amount string) payment.Payment {
	t.Helper()
	d.Use(a, fmt.Sprint("line-", amount, d.Clock.Now()), amount)
	debts := d.DebtsOf(a)
	last := debts[len(debts)-1]
	if last.Debt.State != billing.Paid {
		t.Fatalf("the debt is %s, want paid", last.Debt.State)
	}
	return last.Payments[len(last.Payments)-1]
}

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

// giveBack refunds so many cents of a payment and fails the test if that is refused.
func giveBack(t *testing.T, d *officetest.Desk, p payment.Payment, minor int64) payment.Refund {
	t.Helper()
	f, err := d.RefundPayment(context.Background(), access.CommandLine, p.ID, office.Refunding{Amount: usd(minor), Reason: "goodwill"})
	if err != nil {
		t.Fatalf("refund %d: %v", minor, err)
	}
	return f
}

// given is what the world gave back of a payment, and in how many refunds at PayPal.
func given(t *testing.T, d *officetest.Desk, p payment.Payment) (minor int64) {
	t.Helper()
	books, err := d.Sandbox.Books(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range books.Charges {
		if c.Intent == p.Ref {
			minor += c.Refunded
		}
	}
	for _, f := range books.PayPal.Refunds {
		if strings.HasPrefix(f.Invoice, p.Key+"/refund/") {
			minor += f.Amount
		}
	}
	return minor
}

// refundNow is a refund as it is now.
func refundNow(t *testing.T, d *officetest.Desk, f payment.Refund) payment.Refund {
	t.Helper()
	now, err := d.Refund(context.Background(), access.CommandLine, f.ID)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// balance is what the customer has with us.
func balance(t *testing.T, d *officetest.Desk, a account.Account) int64 {
	t.Helper()
	w, err := d.WaysToPay(context.Background(), access.CommandLine, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return w.Balance.Minor
}

func stands(t *testing.T, d *officetest.Desk, f payment.Refund, want payment.RefundState) payment.Refund {
	t.Helper()
	now := refundNow(t, d, f)
	if now.State != want {
		t.Errorf("the refund of %s is %s (%s), want %s", now.Amount, now.State, now.Outcome, want)
	}
	return now
}

func TestARefundGoesBackTheWayItCame(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		for _, way := range ways {
			t.Run(way.kind, func(t *testing.T) {
				a, p := paidUsage(t, d, way.kind, "1000")
				part := giveBack(t, d, p, 300_00)
				if part = stands(t, d, part, payment.RefundSucceeded); part.Ref == "" || part.CreditNote == "" || part.SettledAt.IsZero() {
					t.Errorf("got %+v, want it named by the provider, credited and settled", part)
				}
				rest, err := d.RefundPayment(context.Background(), access.CommandLine, p.ID, office.Refunding{Reason: "the rest"})
				if err != nil || rest.Amount != usd(700_00) || rest.State != payment.RefundSucceeded {
					t.Errorf("refund the rest: got %s %s, %v; want 700.00 succeeded", rest.Amount, rest.State, err)
				}
				for _, more := range []money.Amount{usd(1), {}} {
					if _, err := d.RefundPayment(context.Background(), access.CommandLine, p.ID, office.Refunding{Amount: more, Reason: "more"}); !errors.Is(err, payment.ErrRefundTooMuch) {
						t.Errorf("refund %s more: got %v, want %v (R-REFUND-04)", more, err, payment.ErrRefundTooMuch)
					}
				}
				if got := given(t, d, p); got != 1000_00 {
					t.Errorf("the payer got %d back, want 100000", got)
				}
				if got := balance(t, d, a); got != 0 {
					t.Errorf("the balance is %d, want 0", got)
				}
				d.Pass(refundSomeday)
				stands(t, d, part, payment.RefundSucceeded)
				if got := given(t, d, p); got != 1000_00 {
					t.Errorf("weeks later the payer got %d back, want 100000", got)
				}
			})
		}
		d.Prove()
	})
}

// Credit notes split tax as the debt did, add up over any parts, and are numbered
// without a gap over all accounts.
func TestRefundsOfTaxedUsageAddUp(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		document := strings.Replace(policy.BuiltIn().Document, "version: builtin-1 ", "version: taxed ", 1)
		document = strings.Replace(document, "tax: []", "tax:\n  - {version: us-1, name: Sales tax, country: US, rate: 0.0825, from: 2020-01-01}", 1)
		if _, err := d.ApplyPolicy(context.Background(), access.CommandLine, []byte(document), "taxed.yaml", true); err != nil {
			t.Fatal(err)
		}
		d.Pass(time.Second)
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		var numbers []string
		for _, parts := range [][]int64{{1, 1, 333_33, 333_34, 415_81}, {1082_50}, {541_25, 541_24, 1}} {
			p := paid(t, d, a, "1000")
			for _, part := range parts {
				numbers = append(numbers, giveBack(t, d, p, part).CreditNote)
			}
			notes, _, err := d.CreditNotes(context.Background(), access.CommandLine, a.ID, office.Page{Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			net, tax := usd(0), usd(0)
			for _, n := range notes {
				if string(n.Debt) == p.Debt {
					net.Minor, tax.Minor = net.Minor+n.Net.Minor, tax.Minor+n.Tax.Minor
				}
			}
			if net != usd(1000_00) || tax != usd(82_50) {
				t.Errorf("parts %v: credited net %s and tax %s, want 1000.00 and 82.50", parts, net, tax)
			}
			d.Pass(time.Minute)
		}
		for i, got := range numbers {
			if want := fmt.Sprintf("CN-2026-%06d", i+1); got != want {
				t.Errorf("credit note %d is %s, want %s", i, got, want)
			}
		}
		d.Prove()
	})
}

// However many ask at once, on two nodes, no more goes back than was taken.
func TestRefundsAtOnceNeverExceedThePayment(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		_, p := paidUsage(t, d, "card", "1000")
		other := officetest.Build(t, officetest.Options{URL: d.URL, World: d.Sandbox, Prompt: office.PromptInline})
		const asked, share = 24, 70_00
		results := make([]error, asked)
		var all sync.WaitGroup
		for i := range results {
			desk := d
			if i%2 == 1 {
				desk = other
			}
			all.Go(func() {
				_, results[i] = desk.RefundPayment(context.Background(), access.CommandLine, p.ID, office.Refunding{Amount: usd(share), Reason: "goodwill"})
			})
		}
		all.Wait()
		made := 0
		for i, err := range results {
			switch {
			case err == nil:
				made++
			case !errors.Is(err, payment.ErrRefundTooMuch):
				t.Errorf("refund %d: got %v, want it made or %v", i, err, payment.ErrRefundTooMuch)
			}
		}
		d.Pass(24 * time.Hour)
		if got := given(t, d, p); made != 14 || got != 14*share {
			t.Errorf("%d refunds were opened and the payer got %d back, want 14 and %d", made, got, 14*share)
		}
		d.Prove()
	})
}

func TestALostRefundIsAskedForUntilItIsKnown(t *testing.T) {
	for _, way := range ways {
		for _, kind := range []string{"lost_before", "500", "500_after", "503", "429", "unauthorized"} {
			t.Run(way.kind+" "+kind, func(t *testing.T) { loseRefund(t, officetest.New(t), way.kind, way.refunds, kind) })
		}
		t.Run(way.kind+" lost_after", func(t *testing.T) {
			officetest.Each(t, func(t *testing.T, d *officetest.Desk) { loseRefund(t, d, way.kind, way.refunds, "lost_after") })
		})
	}
}

func loseRefund(t *testing.T, d *officetest.Desk, way, operation, kind string) {
	_, p := paidUsage(t, d, way, "1000")
	d.Sandbox.Fault(sandbox.Fault{Op: operation, Kind: kind, Times: 2})
	f := giveBack(t, d, p, 600_00)
	if !f.IsLive() {
		t.Errorf("the refund is %s, want its answer still to come", f.State)
	}
	if _, err := d.RefundPayment(context.Background(), access.CommandLine, p.ID, office.Refunding{Amount: usd(600_00), Reason: "again"}); !errors.Is(err, payment.ErrRefundTooMuch) {
		t.Errorf("a second one: got %v, want %v: the first may have gone through", err, payment.ErrRefundTooMuch)
	}
	d.Pass(3 * 24 * time.Hour)
	stands(t, d, f, payment.RefundSucceeded)
	if got := given(t, d, p); got != 600_00 {
		t.Errorf("the payer got %d back, want 60000 once", got)
	}
	d.Prove()
}

// Every reading and every refund is lost for a week: nothing is given up by age, and
// the refund that went through at first is found in the end.
func TestARefundIsNeverGivenUpByAge(t *testing.T) {
	for _, way := range ways {
		t.Run(way.kind, func(t *testing.T) {
			d := officetest.New(t)
			_, p := paidUsage(t, d, way.kind, "1000")
			d.Sandbox.Fault(sandbox.Fault{Op: way.refunds, Kind: "lost_after"})
			f := giveBack(t, d, p, 600_00)
			d.Sandbox.Fault(sandbox.Fault{Op: "any", Kind: "lost_before", Rate: 1, Times: 50})
			d.Pass(7 * 24 * time.Hour)
			stands(t, d, f, payment.RefundUnknown)
			d.Pass(60 * 24 * time.Hour)
			stands(t, d, f, payment.RefundSucceeded)
			if got := given(t, d, p); got != 600_00 {
				t.Errorf("the payer got %d back, want 60000 once", got)
			}
			d.Prove()
		})
	}
}

func TestACrashBetweenTheBeatsOfARefundIsTakenUp(t *testing.T) {
	for _, way := range ways {
		for _, kind := range []string{"", "lost_before", "lost_after", "500", "500_after"} {
			t.Run(way.kind+" "+kind, func(t *testing.T) {
				d := officetest.New(t)
				_, p := paidUsage(t, d, way.kind, "1000")
				f, err := d.OpenRefund(context.Background(), access.CommandLine, p.ID, office.Refunding{Amount: usd(600_00), Reason: "goodwill"})
				if err != nil {
					t.Fatal(err)
				}
				other := officetest.Build(t, officetest.Options{URL: d.URL, World: d.Sandbox, Prompt: office.PromptOff})
				if kind != "" {
					d.Sandbox.Fault(sandbox.Fault{Op: way.refunds, Kind: kind})
				}
				other.Pass(3 * 24 * time.Hour)
				stands(t, other, f, payment.RefundSucceeded)
				if got := given(t, other, p); got != 600_00 {
					t.Errorf("the payer got %d back, want 60000 once", got)
				}
				other.Prove()
			})
		}
	}
}

func TestARefundThatComesBackGoesToTheBalanceOnce(t *testing.T) {
	for _, how := range []string{"told", "found"} {
		t.Run(how, func(t *testing.T) {
			officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
				a := d.Customer()
				d.Bind(a, "pm_card_refundFail")
				p := paid(t, d, a, "1000")
				f := giveBack(t, d, p, 600_00)
				stands(t, d, f, payment.RefundSucceeded)
				if how == "told" {
					d.Listen()
					d.Pass(2 * time.Hour)
					d.Hear()
				} else {
					d.Pass(3 * 24 * time.Hour)
				}
				now := stands(t, d, f, payment.RefundToBalance)
				if now.ReturnedAt.IsZero() || now.Outcome != "expired_or_canceled_card" || now.CreditNote == "" {
					t.Errorf("got %+v, want when and why it came back, and one credit note", now)
				}
				d.Pass(refundSomeday)
				if got := balance(t, d, a); got != 600_00 {
					t.Errorf("the balance is %d, want 60000 once (R-REFUND-03)", got)
				}
				if got := given(t, d, p); got != 0 {
					t.Errorf("the payer kept %d, want nothing", got)
				}
				d.Prove()
			})
		})
	}
}

func TestARefundThatTakesItsTime(t *testing.T) {
	d := officetest.New(t)
	a := d.Customer()
	d.Bind(a, "pm_card_pendingRefund")
	p := paid(t, d, a, "1000")
	f := giveBack(t, d, p, 600_00)
	stands(t, d, f, payment.RefundPending)
	d.Pass(24 * time.Hour)
	stands(t, d, f, payment.RefundSucceeded)
	var heard []string
	for _, m := range told(t, d, a) {
		if m.Subject == string(f.ID) {
			heard = append(heard, m.Kind)
		}
	}
	if slices.Sort(heard); fmt.Sprint(heard) != "[refund_done refund_started]" {
		t.Errorf("the customer was told %v, want that it was started, and done", heard)
	}
	d.Prove()
}

func TestALateRefundGoesToTheBalanceAtOnce(t *testing.T) {
	const day = 24 * time.Hour
	t.Run("built-in windows", func(t *testing.T) {
		d := officetest.New(t)
		refundLate(t, d, "card", 150*day)
		refundLate(t, d, "paypal", 180*day)
		d.Prove()
	})
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ruled(t, d, "card_window: 150d", "card_window: 2d", "paypal_window: 180d", "paypal_window: 3d")
		refundLate(t, d, "card", 2*day)
		refundLate(t, d, "paypal", 3*day)
		d.Prove()
	})
}

func refundLate(t *testing.T, d *officetest.Desk, kind string, window time.Duration) {
	t.Helper()
	a, p := paidUsage(t, d, kind, "1000")
	d.PassTo(p.SettledAt.Add(window - time.Minute))
	stands(t, d, giveBack(t, d, p, 100_00), payment.RefundSucceeded)
	d.Pass(2 * time.Minute)
	late := stands(t, d, giveBack(t, d, p, 200_00), payment.RefundToBalance)
	if late.Outcome != "window_over" || late.Ref != "" || late.CreditNote == "" {
		t.Errorf("%s: got %+v, want it credited and not asked for (R-REFUND-02)", kind, late)
	}
	if got, held := given(t, d, p), balance(t, d, a); got != 100_00 || held != 200_00 {
		t.Errorf("%s: the payer got %d back and has %d on the balance, want 10000 and 20000", kind, got, held)
	}
	d.Pass(refundSomeday)
	if held := balance(t, d, a); held != 200_00 {
		t.Errorf("%s: days later the balance is %d, want 20000", kind, held)
	}
}

// The policy's window may be longer than the provider's: then the provider says so.
func TestAProviderThatTakesNoRefundAnyMore(t *testing.T) {
	d := officetest.New(t)
	a, p := paidUsage(t, d, "paypal", "1000")
	d.PassTo(p.SettledAt.Add(180 * 24 * time.Hour)) // ours is not over; PayPal counts from an earlier second
	if err := d.Sandbox.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	f := stands(t, d, giveBack(t, d, p, 100_00), payment.RefundToBalance)
	if f.Outcome != "refund_time_limit_exceeded" || balance(t, d, a) != 100_00 {
		t.Errorf("got %s and a balance of %d, want the provider's word and 10000", f.Outcome, balance(t, d, a))
	}
}

// Staff has given the money back at the provider's own desk: the customer does not get
// it a second time, neither there nor on the balance.
func TestARefundOfWhatIsGoneFails(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, p := paidUsage(t, d, "card", "1000")
		const elsewhere = 800_00
		if r := d.Cards.Refund(context.Background(), provider.RefundAsk{Key: "by hand", Reference: "by hand", Charge: p.ChargeRef, Amount: usd(elsewhere)}); r.Outcome != provider.Approved {
			t.Fatalf("refund by hand: got %+v, want it approved", r)
		}
		f := stands(t, d, giveBack(t, d, p, 600_00), payment.RefundFailed)
		if f.Outcome == "" || f.CreditNote != "" {
			t.Errorf("got %+v, want why, and no credit note", f)
		}
		if got, held := given(t, d, p), balance(t, d, a); got != elsewhere || held != 0 {
			t.Errorf("the payer got %d back and has %d on the balance, want %d and nothing", got, held, elsewhere)
		}
		stands(t, d, giveBack(t, d, p, 200_00), payment.RefundSucceeded) // what failed does not count
	})
}

func TestWhoMayRefundUsage(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, p := paidUsage(t, d, "card", "1000")
		other := d.Customer()
		order(t, d, a, "decline:insufficient_funds", 1)
		d.Use(a, "declined", "1000")
		declined := d.DebtsOf(a)[1].Payments[0].ID
		staff := access.Caller{Name: "key_1", Scopes: []access.Scope{access.RefundsWrite}}
		for _, c := range []struct {
			name    string
			by      access.Caller
			payment payment.ID
			ask     office.Refunding
			want    error
		}{
			{"a key that pays debts", access.Caller{Name: "key_2", Scopes: []access.Scope{access.BillsWrite}}, p.ID, office.Refunding{Amount: usd(1), Reason: "x"}, access.ErrForbidden},
			{"the customer", access.Caller{Name: "console:a", Scopes: access.Scopes, Account: a.ID}, p.ID, office.Refunding{Amount: usd(1), Reason: "x"}, payment.ErrRefundNeedsStaff},
			{"another customer", access.Caller{Name: "console:b", Scopes: access.Scopes, Account: other.ID}, p.ID, office.Refunding{Amount: usd(1), Reason: "x"}, payment.ErrPaymentNotFound},
			{"without a reason", staff, p.ID, office.Refunding{Amount: usd(1)}, payment.ErrRefundReason},
			{"nothing", staff, p.ID, office.Refunding{Amount: usd(0), Reason: "x"}, payment.ErrRefundAmount},
			{"less than nothing", staff, p.ID, office.Refunding{Amount: usd(-1), Reason: "x"}, payment.ErrRefundAmount},
			{"another currency", staff, p.ID, office.Refunding{Amount: money.Amount{Minor: 1, Currency: "EUR"}, Reason: "x"}, payment.ErrRefundAmount},
			{"a cent too much", staff, p.ID, office.Refunding{Amount: usd(1000_01), Reason: "x"}, payment.ErrRefundTooMuch},
			{"the largest amount", staff, p.ID, office.Refunding{Amount: usd(1<<63 - 1), Reason: "x"}, payment.ErrRefundTooMuch},
			{"a payment that took nothing", staff, declined, office.Refunding{Reason: "x"}, payment.ErrNotRefundable},
			{"no payment", staff, "pay_nobody", office.Refunding{Reason: "x"}, payment.ErrPaymentNotFound},
			{"staff", staff, p.ID, office.Refunding{Amount: usd(1), Reason: "x"}, nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				if _, err := d.RefundPayment(context.Background(), c.by, c.payment, c.ask); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		}
		if got := given(t, d, p); got != 1 {
			t.Errorf("the payer got %d back, want the one cent that staff gave", got)
		}
		d.Prove()
	})
}

func TestRefundsOfAClosedAccount(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ruled(t, d, "card_window: 150d", "card_window: 50d")
		a, p := paidUsage(t, d, "card", "1000")
		d.PassTo(time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)) // its month is billed
		if _, err := d.CloseAccount(context.Background(), access.CommandLine, a.ID); err != nil {
			t.Fatal(err)
		}
		d.Pass(20 * 24 * time.Hour)
		if now := current(t, d, a); now.State != account.Closed {
			t.Fatalf("the account is %s, want closed", now.State)
		}
		stands(t, d, giveBack(t, d, p, 100_00), payment.RefundSucceeded)
		d.Pass(10 * 24 * time.Hour)
		stands(t, d, giveBack(t, d, p, 200_00), payment.RefundToBalance)
		if got, held := given(t, d, p), balance(t, d, a); got != 100_00 || held != 200_00 {
			t.Errorf("the payer got %d back and has %d on the balance, want 10000 and 20000, which we owe still", got, held)
		}
		d.Prove()
	})
}

// A method stays while a refund to it is under way (R-DEL-05), and one that is gone
// takes refunds all the same.
func TestAMethodAndItsRefunds(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, p := paidUsage(t, d, "card", "1000")
		other := d.Bind(a, sandbox.Mastercard)
		if _, err := d.PreferMethod(context.Background(), access.CommandLine, other.Method.ID); err != nil {
			t.Fatal(err)
		}
		d.Pass(time.Hour)
		d.Sandbox.Fault(sandbox.Fault{Op: "refund", Kind: "lost_before"})
		giveBack(t, d, p, 100_00)
		if _, err := d.DetachMethod(context.Background(), access.CommandLine, p.Method); !errors.Is(err, payment.ErrMethodInFlight) {
			t.Errorf("detach while a refund is unknown: got %v, want %v", err, payment.ErrMethodInFlight)
		}
		d.Pass(24 * time.Hour)
		if _, err := d.DetachMethod(context.Background(), access.CommandLine, p.Method); err != nil {
			t.Errorf("detach afterwards: %v", err)
		}
		d.Pass(time.Hour)
		stands(t, d, giveBack(t, d, p, 100_00), payment.RefundSucceeded)
		d.Prove()
	})
}

// A refund is made, forgotten by going back to a backup, and asked for again.
func TestARestoredBackupDoesNotRefundAgain(t *testing.T) {
	for _, way := range ways {
		for _, later := range []time.Duration{time.Minute, 60 * 24 * time.Hour} {
			t.Run(fmt.Sprint(way.kind, " ", later), func(t *testing.T) {
				d := officetest.New(t)
				_, p := paidUsage(t, d, way.kind, "1000")
				d.Pass(time.Hour)
				backup := filepath.Join(t.TempDir(), "backup.db")
				if err := d.Store.View(context.Background(), func(*store.Tx) error { return copyDatabase(d.Store.Path(), backup) }); err != nil {
					t.Fatal(err)
				}
				at := d.Clock.Now()
				stands(t, d, giveBack(t, d, p, 600_00), payment.RefundSucceeded)

				restored := officetest.Build(t, officetest.Options{URL: "sqlite:" + backup, World: d.Sandbox, Start: officetest.Start, Prompt: office.PromptInline})
				restored.PassTo(at.Add(later))
				f := giveBack(t, restored, p, 600_00)
				restored.Pass(3 * 24 * time.Hour)
				stands(t, restored, f, payment.RefundSucceeded)
				if got := given(t, restored, p); got != 600_00 {
					t.Errorf("the payer got %d back, want 60000 once", got)
				}
				restored.Prove()
			})
		}
	}
}

func TestRefundsAreToldAndWrittenDown(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, "pm_card_refundFail")
		p := paid(t, d, a, "1000")
		f := giveBack(t, d, p, 600_00)
		d.Pass(3 * 24 * time.Hour)
		events, _, err := d.ListEvents(context.Background(), access.CommandLine, office.EventFilter{Account: a.ID}, office.Page{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		var heard []string
		for i := len(events) - 1; i >= 0; i-- {
			if events[i].Subject == string(f.ID) {
				heard = append(heard, events[i].Kind)
			}
		}
		if got, want := fmt.Sprint(heard), "[refund.opened refund.succeeded refund.to_balance]"; got != want {
			t.Errorf("the platform heard %s, want %s", got, want)
		}
	})
}
