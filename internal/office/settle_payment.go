package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/store"
)

// settlePayment records what the provider said about a payment, and what that
// means to its debt and account. Answers that come late, twice or out of order
// change nothing more.
func (o *Office) settlePayment(ctx context.Context, id payment.ID, r provider.Result) error {
	return o.settlingPayment(ctx, id, func(s *paymentSettlement) error {
		o.lanes.note(s.payment.Provider, r, s.now)
		return s.apply(ctx, r)
	})
}

// settlingPayment hands fn a payment that is not over, with its debt and
// account, and begins after the commit what fn has asked for.
func (o *Office) settlingPayment(ctx context.Context, id payment.ID, fn func(*paymentSettlement) error) error {
	var s *paymentSettlement
	err := o.changePayment(ctx, id, func(tx *store.Tx, a account.Account, p payment.Payment) error {
		s = nil
		if p.IsOver() {
			return nil
		}
		d, err := tx.Debt(ctx, billing.DebtID(p.Debt))
		if err != nil {
			return err
		}
		rules, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		s = &paymentSettlement{o: o, tx: tx, account: a, payment: p, debt: d, policy: rules, now: o.Now()}
		return fn(s)
	})
	if err == nil && s != nil {
		for _, f := range s.after {
			f()
		}
	}
	return err
}

// paymentSettlement is a payment with what belongs to it while an answer is
// recorded.
type paymentSettlement struct {
	o       *Office
	tx      *store.Tx
	account account.Account
	payment payment.Payment
	debt    billing.Debt
	policy  policy.Policy
	now     time.Time
	after   []func() // begun once the transaction is committed

	hasSurplus bool // it took more than its debt needed
}

// hopelessMax is how long a payment that the provider will not take as asked is
// asked for again, in case the mistake was ours and is mended, before it is given
// up: it blocks its debt.
const hopelessMax = time.Hour

// apply is the meaning of each outcome.
func (s *paymentSettlement) apply(ctx context.Context, r provider.Result) error {
	if r.RequestID != "" {
		s.payment.RequestID = r.RequestID
	}
	switch r.Outcome {
	case provider.Approved:
		return s.succeed(ctx, r)
	case provider.Declined:
		return s.decline(ctx, r)
	case provider.NeedsPayer:
		return s.needPayer(ctx, r)
	case provider.Pending:
		return s.step(ctx, payment.Accept, "")
	case provider.Unknown:
		return s.step(ctx, payment.LoseIt, "payment.lost")
	case provider.Cancelled:
		return s.end(ctx)
	case provider.Failed:
		return s.failed(ctx, r)
	}
	return nil
}

// failed changes nothing: it never took effect, and the watch asks again. What
// will never work is given up after a while: its intent, if there is one, is
// cancelled and proven so.
func (s *paymentSettlement) failed(ctx context.Context, r provider.Result) error {
	waits := s.payment.State == payment.Opening || s.payment.State == payment.Unknown || s.payment.State == payment.Pending
	if !waits || !r.Hopeless || s.now.Sub(s.payment.OpenedAt) < hopelessMax {
		return nil
	}
	return s.giveUp(ctx, payment.Lapse)
}

// step applies an event where the table knows it from here; elsewhere the answer
// is old news.
func (s *paymentSettlement) step(ctx context.Context, e payment.Event, what string) error {
	next, err := payment.Table.Next(s.payment.State, e)
	if err != nil || next == s.payment.State {
		return nil
	}
	s.payment.State = next
	return s.save(ctx, what)
}

func (s *paymentSettlement) save(ctx context.Context, what string) error {
	if err := s.tx.SavePayment(ctx, s.payment); err != nil || what == "" {
		return err
	}
	return s.o.tellPayment(ctx, s.tx, access.Jobs, s.payment, what)
}

// succeed books what the provider took. It is accepted from every state that is
// not final, because money that moved is never ignored.
func (s *paymentSettlement) succeed(ctx context.Context, r provider.Result) error {
	if !r.Captured || r.Amount != s.payment.Amount {
		return fmt.Errorf("the provider says that payment %s took %s, captured %t, where %s was asked", s.payment.ID, r.Amount, r.Captured, s.payment.Amount)
	}
	var err error
	if s.payment.State, err = payment.Table.Next(s.payment.State, payment.Succeed); err != nil {
		return err
	}
	s.payment.ChargeRef, s.payment.NetworkTransaction, s.payment.ThreeDS = r.ChargeRef, r.NetworkTransaction, payment.ThreeDS(r.ThreeDS)
	s.payment.SettledAt, s.payment.ChallengeURL = s.now, ""
	if err := s.save(ctx, "payment.succeeded"); err != nil {
		return err
	}
	if err := s.takeHold(ctx); err != nil {
		return err
	}
	if s.debt.Kind == billing.OrderDebt {
		return s.settleOrder(ctx, wasAuthenticated(r.ThreeDS))
	}
	if err := s.spend(ctx); err != nil {
		return err
	}
	if s.hasSurplus {
		if err := s.useBalance(ctx); err != nil {
			return err
		}
	}
	if s.debt.Kind != billing.ThresholdDebt || s.debt.State != billing.Paid {
		return nil
	}
	if s.payment.Attempt == 1 && s.debt.DeclinedAt.IsZero() {
		if err := s.moveThreshold(ctx, billing.PaidAtOnce); err != nil {
			return err
		}
	}
	// Usage went on adding up while the threshold's debt was unpaid; it is tested
	// again here.
	return s.retest(ctx)
}

// spend puts the payment's amount to its debt. What the debt no longer needs is
// the customer's.
func (s *paymentSettlement) spend(ctx context.Context) error {
	applied := money.Amount{Currency: s.payment.Amount.Currency}
	if s.debt.State == billing.Open {
		applied.Minor = min(s.payment.Amount.Minor, s.debt.OpenAmount().Minor)
	}
	surplus, err := s.payment.Amount.Sub(applied)
	if err != nil {
		return err
	}
	if applied.IsPositive() {
		captured := ledger.Captured
		if s.debt.Kind == billing.OrderDebt {
			captured = ledger.CapturedForOrder
		}
		if err := s.book(ctx, captured, applied); err != nil {
			return err
		}
		if s.debt.Paid, err = s.debt.Paid.Add(applied); err != nil {
			return err
		}
	}
	if surplus.IsPositive() {
		if err := s.book(ctx, ledger.Surplus, surplus); err != nil {
			return err
		}
		s.hasSurplus = s.debt.Kind != billing.OrderDebt
	}
	if s.debt.State != billing.Open {
		return nil
	}
	s.debt.NextAttemptAt = time.Time{}
	if s.debt.OpenAmount().IsZero() {
		if s.debt.State, err = billing.DebtTable.Next(s.debt.State, billing.Settle); err != nil {
			return err
		}
		s.debt.SettledAt = s.now
	}
	if s.debt.State != billing.Paid && isCharged(s.account, s.debt) { // what had paid the rest was taken back meanwhile
		s.debt.NextAttemptAt = s.now
		if err := s.tx.Enqueue(ctx, job.Job{Kind: collectDebt, Subject: string(s.debt.ID), At: s.now, Once: true}); err != nil {
			return err
		}
	}
	if err := s.tx.SaveDebt(ctx, s.debt); err != nil {
		return err
	}
	if s.debt.State == billing.Paid {
		return s.o.debtPaid(ctx, s.tx, s.account, s.debt)
	}
	return nil
}

func (s *paymentSettlement) book(ctx context.Context, entry func(string, account.ID, money.Amount) (ledger.Entry, error), amount money.Amount) error {
	e, err := entry(string(s.payment.ID), s.account.ID, amount)
	if err != nil {
		return err
	}
	return s.o.book(ctx, s.tx, e)
}

// book gives an entry its id and instant and writes it.
func (o *Office) book(ctx context.Context, tx *store.Tx, e ledger.Entry) error {
	e.ID, e.BookedAt = o.IDs.New("ent_"), o.Now()
	return tx.Book(ctx, e)
}

// debtPaid tells that a debt is paid, and its bill if that was the last of it,
// and takes the account out of arrears if nothing else is overdue.
func (o *Office) debtPaid(ctx context.Context, tx *store.Tx, a account.Account, d billing.Debt) error {
	if err := o.tellDebt(ctx, tx, access.Jobs, d, "debt.paid"); err != nil {
		return err
	}
	if d.Kind == billing.OrderDebt {
		return o.orderPaid(ctx, tx, a, d)
	}
	if d.Bill != "" {
		b, err := tx.Bill(ctx, billing.BillID(d.Bill))
		if err != nil {
			return err
		}
		if b.IsPaid() {
			if err := o.emit(ctx, tx, Event{Kind: "bill.paid", Account: a.ID, Subject: string(b.ID), Data: b}); err != nil {
				return err
			}
		}
	}
	if a.OverdueSince.IsZero() {
		return nil
	}
	open, err := tx.OpenDebts(ctx, a.ID)
	if err != nil {
		return err
	}
	for _, other := range open {
		if !other.DeclinedAt.IsZero() {
			return nil
		}
	}
	return tx.SetOverdue(ctx, a.ID, time.Time{})
}

// tellDebt writes down and tells what happened to a debt.
func (o *Office) tellDebt(ctx context.Context, tx *store.Tx, by access.Caller, d billing.Debt, what string) error {
	if err := o.audit(ctx, tx, by, d.Account, what, string(d.ID), map[string]any{"kind": d.Kind, "month": d.Month, "number": d.Number, "amount": d.Amount, "paid": d.Paid}); err != nil {
		return err
	}
	return o.emit(ctx, tx, Event{Kind: what, Account: d.Account, Subject: string(d.ID), Data: d})
}

// retest tests the account's open collections against its threshold.
func (s *paymentSettlement) retest(ctx context.Context) error {
	opened, err := s.o.testThresholds(ctx, s.tx, s.account, s.policy)
	if err != nil {
		return err
	}
	for _, p := range opened {
		s.after = append(s.after, func() { s.o.askSoon(ctx, p) })
	}
	return nil
}

// askSoon asks for a payment in this process, after the commit that opened it.
func (o *Office) askSoon(ctx context.Context, id payment.ID) {
	o.promptly(ctx, "ask for payment", string(id), func(ctx context.Context) error { return o.askForPayment(ctx, id, "") })
}

// decline begins the end of a payment that the issuer refused. Its intent stays
// chargeable at the provider, so it is cancelled there, and proven so, before
// the debt may be tried again.
func (s *paymentSettlement) decline(ctx context.Context, r provider.Result) error {
	if s.payment.State == payment.Closing {
		return nil
	}
	s.payment.Refusal = payment.Refusal{
		Class: string(r.Decline.Class), Code: r.Decline.Code, NetworkCode: r.Decline.NetworkCode, AdviceCode: r.Decline.AdviceCode, WaitAtLeast: r.Decline.WaitAtLeast,
	}
	s.payment.ChargeRef = r.ChargeRef
	if err := s.giveUp(ctx, payment.Decline); err != nil {
		return err
	}
	if r.Decline.Revoked {
		if err := s.revoke(ctx); err != nil {
			return err
		}
	}
	if s.debt.Kind != billing.ThresholdDebt || s.debt.State != billing.Open {
		return nil
	}
	return s.moveThreshold(ctx, billing.Refused)
}

// revoke loses a method whose payer took the agreement back (R-PP-10).
func (s *paymentSettlement) revoke(ctx context.Context) error {
	m, err := s.tx.Method(ctx, s.payment.Method)
	if err != nil {
		return err
	}
	return s.o.moveMethod(ctx, s.tx, m, payment.ConsentRevoked)
}

// giveUp moves the payment to closing and cancels its intent after the commit.
func (s *paymentSettlement) giveUp(ctx context.Context, e payment.Event) error {
	if err := s.step(ctx, e, ""); err != nil {
		return err
	}
	if err := s.overdue(ctx); err != nil {
		return err
	}
	id := s.payment.ID
	s.after = append(s.after, func() {
		s.o.promptly(ctx, "close payment", string(id), func(ctx context.Context) error { return s.o.closePayment(ctx, id) })
	})
	return nil
}

// overdue notes the first failure of a debt: from now on it is overdue, and the
// customer is told the same day (R-DUN-02).
// What a customer began by hand and left makes nothing overdue, and neither does an
// order: nothing was given for it yet.
func (s *paymentSettlement) overdue(ctx context.Context) error {
	if s.debt.Kind == billing.OrderDebt || s.debt.State != billing.Open || !s.debt.DeclinedAt.IsZero() || s.payment.Reason == payment.PaidByCustomer {
		return nil
	}
	s.debt.DeclinedAt = s.now
	if err := s.tx.SaveDebt(ctx, s.debt); err != nil {
		return err
	}
	if s.account.State == account.Silent { // what came late could not be collected (R-CLOSE-02)
		if err := s.o.reopen(ctx, s.tx, access.Jobs, &s.account, "payment_failed"); err != nil {
			return err
		}
	}
	if s.account.OverdueSince.IsZero() {
		s.account.OverdueSince = s.now
		if err := s.tx.SetOverdue(ctx, s.account.ID, s.now); err != nil {
			return err
		}
	}
	return s.o.notify(ctx, s.tx, s.account.ID, "payment_failed", string(s.debt.ID), map[string]string{"amount": s.payment.Amount.String()})
}

// needPayer lets the payment wait for the payer. With nobody present a link
// leads there; it lives longer than a challenge on a screen (R-3DS-06).
func (s *paymentSettlement) needPayer(ctx context.Context, r provider.Result) error {
	if s.payment.State == payment.Closing {
		return nil
	}
	lasts := s.policy.ChallengeExpiresAfter
	if s.payment.Initiator == payment.MIT {
		lasts = s.policy.LinkExpiresAfter
	}
	if s.payment.ChallengeUntil.IsZero() {
		s.payment.ChallengeUntil = s.now.Add(lasts) // once: a lost answer on the way gives no more time
	}
	s.payment.ChallengeURL = r.ChallengeURL
	first := s.payment.State != payment.Waiting
	if err := s.step(ctx, payment.NeedPayer, "payment.challenged"); err != nil {
		return err
	}
	if !first {
		return s.save(ctx, "")
	}
	if s.payment.Initiator == payment.CIT {
		return nil
	}
	return s.o.notify(ctx, s.tx, s.account.ID, "challenge_waiting", string(s.payment.ID), map[string]string{"amount": s.payment.Amount.String()})
}

// end records that the provider shows the intent cancelled, and plans the debt's
// next attempt.
func (s *paymentSettlement) end(ctx context.Context) error {
	unheard := s.payment.State != payment.Closing // nobody gave it up: the provider never had it
	e, what := payment.ProveGone, "payment.cancelled"
	if s.payment.State == payment.Closing && s.payment.Refusal.Class != "" {
		e, what = payment.ProveNo, "payment.declined"
	}
	next, err := payment.Table.Next(s.payment.State, e)
	if err != nil {
		return err
	}
	s.payment.State, s.payment.SettledAt, s.payment.ChallengeURL = next, s.now, ""
	if err := s.save(ctx, what); err != nil {
		return err
	}
	if err := s.giveHoldBack(ctx); err != nil {
		return err
	}
	if s.debt.Kind == billing.OrderDebt {
		return s.renewalFailed(ctx)
	}
	// What was transferred meanwhile had to wait for the payment's end.
	if err := s.useBalance(ctx); err != nil || !isCharged(s.account, s.debt) {
		return err
	}
	return s.o.planNext(ctx, s.tx, s.policy, s.debt, s.payment, unheard, s.now)
}

// useBalance spends what the customer has with us, now that no payment stands in the
// way, and reads the debt again.
func (s *paymentSettlement) useBalance(ctx context.Context) (err error) {
	if err := s.o.applyCash(ctx, s.tx, access.Jobs, []account.Account{s.account}); err != nil {
		return err
	}
	s.debt, err = s.tx.Debt(ctx, s.debt.ID)
	return err
}

// neverAsked is how long a debt waits whose payment did not reach the provider.
const neverAsked = time.Hour

// planNext plans the next attempt of a debt whose payment came to nothing:
// T+7 and T+14 from the first refusal, later if the issuer asked to wait, and
// never by itself if it will never approve (R-DUN-01, 05, 06). A card that became
// the preferred one while the payment was under way is tried now (R-DUN-09).
// One that the provider never had is no attempt, and is made up for soon.
func (o *Office) planNext(ctx context.Context, tx *store.Tx, p policy.Policy, d billing.Debt, last payment.Payment, unheard bool, now time.Time) error {
	if d.State != billing.Open {
		return nil
	}
	untried, err := isUntried(ctx, tx, d)
	if err != nil {
		return err
	}
	at, more := now, true
	switch {
	case untried:
	case last.Refusal.Class == payment.FinalClass:
		return nil
	case unheard && last.Hold != "": // its hold was gone: the method itself is asked
	case unheard || d.DeclinedAt.IsZero(): // nobody refused: the provider never heard of it
		at = now.Add(neverAsked)
	default:
		at, more = nextAttempt(p, d.DeclinedAt, now)
	}
	if !more {
		return nil
	}
	if wait := now.Add(last.Refusal.WaitAtLeast); !untried && at.Before(wait) {
		at = wait
	}
	d.NextAttemptAt = at
	if err := tx.SaveDebt(ctx, d); err != nil {
		return err
	}
	return tx.Enqueue(ctx, job.Job{Kind: collectDebt, Subject: string(d.ID), At: at, Once: true})
}

// isUntried tells whether the account's preferred method was never asked for a
// debt.
func isUntried(ctx context.Context, tx *store.Tx, d billing.Debt) (bool, error) {
	m, err := tx.Preferred(ctx, d.Account)
	if errors.Is(err, payment.ErrMethodNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	tried, err := tx.DebtPayments(ctx, d.ID)
	return !slices.ContainsFunc(tried, func(p payment.Payment) bool { return p.Method == m.ID }), err
}

// nextAttempt finds the first of the timetable's attempts that is still to come.
func nextAttempt(p policy.Policy, first, now time.Time) (time.Time, bool) {
	for n := 2; ; n++ {
		at, more := p.RetryAt(first, n)
		if !more || at.After(now) {
			return at, more
		}
	}
}

// tryLater plans an attempt that a cap or an issuer's advice put off.
func (o *Office) tryLater(ctx context.Context, id billing.DebtID) error {
	return o.changeDebt(ctx, id, func(tx *store.Tx, _ account.Account, d billing.Debt) error {
		if d.State != billing.Open {
			return nil
		}
		d.NextAttemptAt = o.Now().Add(24 * time.Hour)
		if err := tx.SaveDebt(ctx, d); err != nil {
			return err
		}
		return tx.Enqueue(ctx, job.Job{Kind: collectDebt, Subject: string(d.ID), At: d.NextAttemptAt, Once: true})
	})
}

// noteUncollected tells the customer, once, that something is owed and nothing
// can be charged. A method that becomes active collects it at once.
func (o *Office) noteUncollected(ctx context.Context, id billing.DebtID, why error) error {
	return o.changeDebt(ctx, id, func(tx *store.Tx, a account.Account, d billing.Debt) error {
		if d.State != billing.Open {
			return nil
		}
		code := "no_payment_method"
		if f, ok := fault.Of(why); ok {
			code = f.Code
		}
		if d.DeclinedAt.IsZero() {
			d.DeclinedAt = o.Now()
			if err := tx.SaveDebt(ctx, d); err != nil {
				return err
			}
			if a.OverdueSince.IsZero() {
				a.OverdueSince = o.Now()
				if err := tx.SetOverdue(ctx, a.ID, a.OverdueSince); err != nil {
					return err
				}
			}
			if a.State == account.Silent {
				if err := o.reopen(ctx, tx, access.Jobs, &a, code); err != nil {
					return err
				}
			}
		}
		return o.notify(ctx, tx, a.ID, "nothing_to_charge", string(d.ID), map[string]string{"amount": d.OpenAmount().String(), "reason": code})
	})
}

// isExpected tells a refusal by a rule from trouble that passes and from a mistake
// of ours.
func isExpected(err error) bool { return len(fault.All(err)) > 0 && !isTrouble(err) }

// isTrouble tells trouble that passes, such as a full disk.
func isTrouble(err error) bool {
	return slices.ContainsFunc(fault.All(err), func(f *fault.Error) bool { return f.Kind == fault.Unavailable })
}
