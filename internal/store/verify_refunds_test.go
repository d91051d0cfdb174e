package store_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// refunds adds an account that was given money back in every way. Its ids begin at
// 101, whatever went before.
//
//	acct_101 EUR  debt_101 of 119.00, paid by pay_101 and once more by pay_102
//	pay_101       ref_101 40.00 paid, ref_102 20.00 to the balance, ref_103 10.01 came back, ref_104 5.00 failed, ref_105 3.00 unknown
//	pay_102       ref_106 7.00 of the balance paid, ref_107 4.00 of it failed, ref_108 2.00 of it unknown
func (b *books) refunds() {
	b.t.Helper()
	for _, prefix := range []string{"acct", "pm", "hold", "line", "tax", "debt", "pay", "ent", "ref", "cn"} {
		b.ids[prefix] = 100
	}
	eur := b.open("EUR")
	b.use(eur, "compute", "100")
	d := b.trip(eur)
	paid, over := b.pay(d.ID, payment.Succeeded), b.pay(d.ID, payment.Succeeded)
	b.refund(paid, 4000, 0, payment.RefundSucceeded)
	b.refund(paid, 2000, 0, payment.RefundToBalance)
	b.cameBack(b.refund(paid, 1001, 0, payment.RefundSucceeded))
	b.refund(paid, 500, 0, payment.RefundFailed)
	b.refund(paid, 300, 0, payment.RefundUnknown)
	b.refund(over, 700, 700, payment.RefundSucceeded)
	b.refund(over, 400, 400, payment.RefundFailed)
	b.refund(over, 200, 200, payment.RefundUnknown)
}

// refund gives some of a payment back, part of it out of the balance, and books how it
// ended.
func (b *books) refund(id payment.ID, minor, fromBalance int64, end payment.RefundState) payment.RefundID {
	b.t.Helper()
	f := payment.Refund{ID: payment.RefundID(b.id("ref")), Payment: id, Provider: "stripe", Reason: "asked", By: "cli", State: end}
	b.update(func(tx *store.Tx) error {
		p, err := tx.Payment(b.ctx, id)
		if err != nil {
			return err
		}
		before, err := tx.RefundsOf(b.ctx, id)
		if err != nil {
			return err
		}
		f.Account, f.Number, f.ChargeRef, f.OpenedAt = p.Account, len(before)+1, p.ChargeRef, b.now
		f.Amount, f.FromBalance = money.Amount{Minor: minor, Currency: p.Amount.Currency}, money.Amount{Minor: fromBalance, Currency: p.Amount.Currency}
		f.Key = p.RefundKey(f.Number, f.Amount)
		none := money.Amount{Currency: p.Amount.Currency}
		l := ledger.Refund{ID: string(f.ID), Customer: f.Account, Net: none, Tax: none, SetAside: f.FromBalance}
		if f.IsCertain() && f.Credited().IsPositive() {
			n, err := b.credit(tx, billing.DebtID(p.Debt), string(f.ID), f.Credited())
			if err != nil {
				return err
			}
			l.Net, l.Tax, f.CreditNote = n.Net, n.Tax, n.Number
		}
		if !f.IsLive() {
			f.SettledAt = b.now
			f.Ref = "re_" + string(f.ID)
		}
		if added, err := tx.AddRefund(b.ctx, f); err != nil || !added {
			b.t.Fatalf("add %s: %v, %v; want it added", f.ID, added, err)
		}
		if fromBalance > 0 {
			if err := b.entry(tx, l.Opened); err != nil {
				return err
			}
		}
		switch {
		case end == payment.RefundSucceeded:
			return b.entry(tx, l.Paid)
		case end == payment.RefundToBalance:
			return b.entry(tx, l.PutOnBalance)
		case end != payment.RefundFailed:
			return nil
		}
		if err := tx.FreeRefund(b.ctx, f); err != nil || fromBalance == 0 {
			return err
		}
		return b.entry(tx, l.Dropped)
	})
	return f.ID
}

func (b *books) credit(tx *store.Tx, id billing.DebtID, subject string, amount money.Amount) (billing.CreditNote, error) {
	d, err := tx.Debt(b.ctx, id)
	if err != nil {
		return billing.CreditNote{}, err
	}
	n := billing.CreditNote{ID: billing.CreditNoteID(b.id("cn")), Account: d.Account, Debt: d.ID, Subject: subject, Year: b.now.Year(), Amount: amount, IssuedAt: b.now}
	credited, tax, err := tx.CreditedOf(b.ctx, d)
	if err != nil {
		return n, err
	}
	if n.Net, n.Tax, err = d.Credit(amount, credited, tax); err != nil {
		return n, err
	}
	return tx.AddCreditNote(b.ctx, n)
}

func (b *books) entry(tx *store.Tx, make func() (ledger.Entry, error)) error {
	e, err := make()
	if err != nil {
		return err
	}
	return b.book(tx, e)
}

// cameBack has the payer's bank send a refund back.
func (b *books) cameBack(id payment.RefundID) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		f, err := tx.Refund(b.ctx, id)
		if err != nil {
			return err
		}
		f.State, f.ReturnedAt, f.Outcome = payment.RefundToBalance, b.now, "expired_or_canceled_card"
		if err := tx.SaveRefund(b.ctx, f); err != nil {
			return err
		}
		return b.entry(tx, func() (ledger.Entry, error) { return ledger.RefundCameBack(string(id), f.Account, f.Amount) })
	})
}

var refundForgeries = []forgery{
	{"more given back than was taken", "payments refunds", `
		UPDATE refunds SET amount = 11900, key = replace(key, '/300', '/11900') WHERE id = 'ref_105'; UPDATE payments SET refunded = refunded + 11600 WHERE id = 'pay_101'`,
		"refunds", "payment pay_101", "took 119.00 EUR and has 189.01 EUR set apart to give back, and its refunds are of 189.01 EUR", ""},
	{"a refund forgotten by its payment", "payments", `UPDATE payments SET refunded = refunded - 4000 WHERE id = 'pay_101'`,
		"refunds", "payment pay_101", "", ""},
	{"a refund lost", "refunds", `DELETE FROM refunds WHERE id = 'ref_105'`,
		"refunds", "payment pay_101", "", ""},
	{"a refund to another customer", "refunds", `UPDATE refunds SET account_id = 'acct_1' WHERE id = 'ref_105'`,
		"refunds", "refund ref_105", "", ""},
	{"a refund of another charge", "refunds", `UPDATE refunds SET charge_ref = 'ch_of_somebody' WHERE id = 'ref_105'`,
		"refunds", "refund ref_105", "", ""},
	{"a refund in no state", "refunds", `UPDATE refunds SET state = 'gone' WHERE id = 'ref_105'`,
		"refunds", "refund ref_105", "", ""},
	{"a refund numbered anew", "refunds", `UPDATE refunds SET number = 9, key = replace(key, '/5/', '/9/') WHERE id = 'ref_105'`,
		"refunds", "payment pay_101", "has 5 refunds with 5 different numbers from 1 to 9", ""},
	{"one refund twice", "refunds", `UPDATE refunds SET provider_ref = 're_ref_101' WHERE id = 'ref_102'`,
		"refunds", "refund ref_102", "is one of 2", ""},
	{"one key twice", "refunds", `UPDATE refunds SET key = (SELECT key FROM refunds WHERE id = 'ref_101') WHERE id = 'ref_102'`,
		"refunds", "refund ref_102", "is one of 2 under the key", ""},

	{"a refund made in silence", "refunds", `UPDATE refunds SET state = 'succeeded' WHERE id = 'ref_105'`,
		"refunds_booked", "refund ref_105", "is succeeded, and the ledger has too much for it by -3.00 EUR paid", "provider_receivable"},
	{"a refund denied", "refunds", `UPDATE refunds SET state = 'unknown' WHERE id = 'ref_101'`,
		"refunds_booked", "refund ref_101", "", "provider_receivable"},
	{"both ways at once", "refunds", `UPDATE refunds SET state = 'to_balance' WHERE id = 'ref_101'`,
		"refunds_booked", "refund ref_101", "by 40.00 EUR paid, -40.00 EUR to the balance", "provider_receivable"},
	{"a return denied", "refunds", `UPDATE refunds SET returned_at = NULL WHERE id = 'ref_103'`,
		"refunds_booked", "refund ref_103", "by 10.01 EUR paid, -10.01 EUR to the balance, 10.01 EUR returned", ""},
	{"a credit note that is not the refund's", "credit_notes", `UPDATE credit_notes SET subject = 'ref_105' WHERE subject = 'ref_101'`,
		"refunds_booked", "refund ref_101", "is to be credited with 40.00 EUR, and 0.00 EUR is credited by 0 notes, where it names 1", ""},
	{"tax given up as revenue", "credit_notes", `UPDATE credit_notes SET net = net + 1, tax = tax - 1 WHERE subject = 'ref_101'`,
		"refunds_booked", "refund ref_101", "", ""},
	{"nothing set aside", "refunds", `UPDATE refunds SET from_balance = 0 WHERE id = 'ref_108'`,
		"refunds_booked", "account acct_101", "has 2.00 EUR set aside for refunds in the ledger, and its refunds on their way take 0.00 EUR", ""},

	{"more credited than was charged", "credit_notes", `UPDATE credit_notes SET net = 11000, amount = 11000 + tax WHERE subject = 'ref_102'`,
		"credit_notes", "debt debt_101", "", "refunds_booked"},
	{"a credit note for another", "credit_notes", `UPDATE credit_notes SET account_id = 'acct_2' WHERE subject = 'ref_102'`,
		"credit_notes", "debt debt_101", "", ""},
	{"a gap in the numbers", "credit_notes", `UPDATE credit_notes SET sequence = 7 WHERE sequence = 3`,
		"credit_notes", "year 2024", "to 7, and counts up to 3", ""},
	{"a series set back", "credit_note_series", `UPDATE credit_note_series SET last = 2`,
		"credit_notes", "year 2024", "", ""},
	{"a series lost", "credit_note_series", `DELETE FROM credit_note_series`,
		"credit_notes", "year 2024", "", ""},
}

func TestVerifyFindsForgeriesOfRefunds(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			address := built(t, engine, (*books).refunds)
			for _, f := range refundForgeries {
				t.Run(f.name, func(t *testing.T) { f.test(t, engine, address) })
			}
		})
	}
}
