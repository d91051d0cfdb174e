package office

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/store"
)

// settleRefund records what the provider said about a refund. Answers that come
// late, twice or out of order change nothing more.
func (o *Office) settleRefund(ctx context.Context, id payment.RefundID, r provider.Result) error {
	return o.changeRefund(ctx, id, func(tx *store.Tx, f payment.Refund) error {
		s := refundSettlement{o: o, tx: tx, refund: f, now: o.Now()}
		o.lanes.note(f.Provider, r, s.now)
		return s.apply(ctx, r)
	})
}

// refundSettlement is a refund while an answer about it is recorded.
type refundSettlement struct {
	o      *Office
	tx     *store.Tx
	refund payment.Refund
	now    time.Time
}

// apply is the meaning of each outcome. Failed changes nothing unless it is for good:
// nothing was done, and the watch asks again.
func (s *refundSettlement) apply(ctx context.Context, r provider.Result) error {
	if r.Ref != "" && s.refund.Ref != "" && r.Ref != s.refund.Ref {
		return fmt.Errorf("refund %s is two at the provider: %s and %s", s.refund.ID, s.refund.Ref, r.Ref)
	}
	if r.Ref != "" && r.Amount.Currency != "" && r.Amount != s.refund.Amount {
		return fmt.Errorf("the provider says that refund %s is of %s, where %s was asked", s.refund.ID, r.Amount, s.refund.Amount)
	}
	switch {
	case r.Outcome == provider.Approved:
		return s.succeed(ctx, r)
	case r.Outcome == provider.Pending:
		return s.step(ctx, payment.RefundAccepted, r)
	case r.Outcome == provider.Unknown:
		return s.step(ctx, payment.RefundLost, r)
	case r.Outcome == provider.Declined, r.Outcome == provider.Cancelled:
		s.keepRef(r)
		return s.toBalance(ctx, codeOf(r, "refused_by_provider"))
	case r.Outcome == provider.Failed && r.Hopeless:
		return s.fail(ctx, codeOf(r, "not_refundable"))
	}
	return nil
}

// codeOf is the provider's word for why a refund was not made, as a code of ours.
func codeOf(r provider.Result, otherwise string) string {
	if r.Decline.Code == "" {
		return otherwise
	}
	return strings.ToLower(r.Decline.Code)
}

func (s *refundSettlement) keepRef(r provider.Result) {
	if s.refund.Ref == "" {
		s.refund.Ref = r.Ref
	}
}

// step applies an event where the table knows it from here; elsewhere the answer is
// old news.
func (s *refundSettlement) step(ctx context.Context, e payment.RefundEvent, r provider.Result) error {
	next, err := payment.RefundTable.Next(s.refund.State, e)
	if err != nil {
		return nil
	}
	s.refund.State = next
	s.keepRef(r)
	if err := s.tx.SaveRefund(ctx, s.refund); err != nil || next != payment.RefundPending {
		return err
	}
	return s.o.notify(ctx, s.tx, s.refund.Account, "refund_started", string(s.refund.ID), mail.Facts{"amount": s.refund.Amount.String()})
}

// succeed books what the provider gave back.
func (s *refundSettlement) succeed(ctx context.Context, r provider.Result) error {
	if s.refund.State == payment.RefundSucceeded {
		return nil
	}
	next, err := payment.RefundTable.Next(s.refund.State, payment.RefundMade)
	if err != nil {
		return fmt.Errorf("the provider gave refund %s back, which is %s here: %w", s.refund.ID, s.refund.State, err)
	}
	s.refund.State, s.refund.SettledAt = next, s.now
	s.keepRef(r)
	return s.settle(ctx, ledger.Refund.Paid, "refund.succeeded")
}

// toBalance puts a refund on the customer's balance, once: its way is closed, or the
// payer's bank sent it back (R-REFUND-02, R-REFUND-03).
func (s *refundSettlement) toBalance(ctx context.Context, why string) error {
	cameBack := s.refund.State == payment.RefundSucceeded
	next, err := payment.RefundTable.Next(s.refund.State, payment.RefundReturned)
	if err != nil {
		return nil // it is there already
	}
	s.refund.State, s.refund.Outcome = next, why
	if !cameBack {
		s.refund.SettledAt = s.now
		return s.settle(ctx, ledger.Refund.PutOnBalance, "refund.to_balance")
	}
	s.refund.ReturnedAt = s.now
	e, err := ledger.RefundCameBack(string(s.refund.ID), s.refund.Account, s.refund.Amount)
	if err != nil {
		return err
	}
	return s.save(ctx, e, "refund.to_balance")
}

// settle books a refund that is certain, with the credit note that is due for what of
// it had been earned.
func (s *refundSettlement) settle(ctx context.Context, entry func(ledger.Refund) (ledger.Entry, error), what string) error {
	nothing := money.Amount{Currency: s.refund.Amount.Currency}
	l := ledger.Refund{ID: string(s.refund.ID), Customer: s.refund.Account, Net: nothing, Tax: nothing, SetAside: s.refund.FromBalance}
	if s.refund.Credited().IsPositive() {
		p, err := s.tx.Payment(ctx, s.refund.Payment)
		if err != nil {
			return err
		}
		d, err := s.tx.Debt(ctx, billing.DebtID(p.Debt))
		if err != nil {
			return err
		}
		n, err := s.o.issueCreditNote(ctx, s.tx, d, string(s.refund.ID), s.refund.Credited())
		if err != nil {
			return err
		}
		l.Net, l.Tax, s.refund.CreditNote = n.Net, n.Tax, n.Number
	}
	e, err := entry(l)
	if err != nil {
		return err
	}
	return s.save(ctx, e, what)
}

// fail ends a refund that gave nothing back: the payment can be refunded again, and
// what was set aside is on the balance again.
func (s *refundSettlement) fail(ctx context.Context, why string) error {
	next, err := payment.RefundTable.Next(s.refund.State, payment.RefundRefused)
	if err != nil {
		return nil
	}
	s.refund.State, s.refund.Outcome, s.refund.SettledAt = next, why, s.now
	if err := s.tx.FreeRefund(ctx, s.refund); err != nil {
		return err
	}
	if !s.refund.FromBalance.IsPositive() {
		return s.save(ctx, ledger.Entry{}, "refund.failed")
	}
	e, err := ledger.Refund{ID: string(s.refund.ID), Customer: s.refund.Account, SetAside: s.refund.FromBalance}.Dropped()
	if err != nil {
		return err
	}
	return s.save(ctx, e, "refund.failed")
}

// save writes the refund and books the entry, if there is one.
func (s *refundSettlement) save(ctx context.Context, e ledger.Entry, what string) error {
	if err := s.tx.SaveRefund(ctx, s.refund); err != nil {
		return err
	}
	if e.Kind != "" {
		if err := s.o.book(ctx, s.tx, e); err != nil {
			return err
		}
	}
	return s.o.tellRefund(ctx, s.tx, access.Jobs, s.refund, what)
}

// issueCreditNote credits an amount of a debt, in the debt's own proportion of net and
// tax (R-REFUND-05). Subject is the id of what it is for; there is one note for each.
// Numbers follow one another without a gap in each of the installation's years, as tax
// offices ask of a series: a gap would have to be explained, and a series for each
// account would let nobody see one. The account is locked.
func (o *Office) issueCreditNote(ctx context.Context, tx *store.Tx, d billing.Debt, subject string, amount money.Amount) (billing.CreditNote, error) {
	now := o.Now()
	rules, err := o.ruling(ctx, tx, now)
	if err != nil {
		return billing.CreditNote{}, err
	}
	credited, tax, err := tx.CreditedOf(ctx, d)
	if err != nil {
		return billing.CreditNote{}, err
	}
	n := billing.CreditNote{
		ID: billing.CreditNoteID(o.IDs.New("cn_")), Account: d.Account, Debt: d.ID, Bill: d.Bill, Subject: subject,
		Year: now.In(rules.Zone).Year(), Amount: amount, TaxRule: d.TaxRule, IssuedAt: now,
	}
	if n.Net, n.Tax, err = d.Credit(amount, credited, tax); err != nil {
		return billing.CreditNote{}, err
	}
	return tx.AddCreditNote(ctx, n)
}
