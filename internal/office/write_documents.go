package office

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/document"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// What may stand against writing a document.
var (
	ErrNoPress     = fault.New(fault.Unavailable, "documents_unavailable", "this installation writes no documents").WithNext("fetch the figures over the API instead")
	ErrNoReceipt   = fault.New(fault.Conflict, "receipt_not_yet", "there is a receipt for payments that succeeded alone").WithNext("wait until the payment is over; one that was refused took nothing")
	ErrRequest     = fault.New(fault.Invalid, "payment_request_invalid", "a payment request is for an open bill, or for an amount in the account's currency").WithNext("name a bill, or an amount above zero in the account's currency")
	ErrRequestPaid = fault.New(fault.Conflict, "bill_settled", "nothing of the bill is open").WithNext("ask for the bill itself, or for a receipt")
)

const requestNoteMax = 140 // characters, as a transfer's own note

// Document is a written document.
type Document struct {
	Name   string // of the file
	PDF    []byte
	SHA256 string // of the PDF, in hexadecimal digits
}

// AccountProof writes the proof of the bank account to which a customer transfers
// money (R-WIRE-05).
func (o *Office) AccountProof(ctx context.Context, by access.Caller, id account.ID) (Document, error) {
	if err := mayTouch(by, access.FundsRead, id); err != nil {
		return Document{}, err
	}
	to, err := o.transferTo(ctx, id)
	if err != nil {
		return Document{}, err
	}
	_, e, err := o.envelope(ctx, id)
	if err != nil {
		return Document{}, err
	}
	return o.print("account-proof-"+string(id), func(p *document.Press) ([]byte, error) {
		return p.AccountProof(document.AccountProof{Envelope: e, Transfer: to})
	})
}

// Requesting says what a payment request asks for: what is open of a bill, or an
// amount.
type Requesting struct {
	Bill   billing.BillID // "" none
	Amount money.Amount   // zero: what is open of the bill
	Note   string         // the customer's own words, such as a number of theirs
}

// PaymentRequest writes what a customer hands to whoever makes transfers for them
// (R-WIRE-05).
func (o *Office) PaymentRequest(ctx context.Context, by access.Caller, id account.ID, r Requesting) (Document, error) {
	if err := mayTouch(by, access.FundsRead, id); err != nil {
		return Document{}, err
	}
	if len([]rune(r.Note)) > requestNoteMax {
		return Document{}, ErrRequest.Detail("a note has at most %d characters", requestNoteMax)
	}
	to, err := o.transferTo(ctx, id)
	if err != nil {
		return Document{}, err
	}
	a, e, err := o.envelope(ctx, id)
	if err != nil {
		return Document{}, err
	}
	d := document.PaymentRequest{Envelope: e, Transfer: to, Amount: r.Amount, Note: r.Note}
	name := "payment-request-" + string(id)
	if r.Bill != "" {
		b, err := o.billOf(ctx, a, r.Bill)
		if err != nil {
			return Document{}, err
		}
		if !b.Open.IsPositive() {
			return Document{}, ErrRequestPaid
		}
		d.Bill, d.Month, d.DueAt = b.Number, b.Month, b.DueAt
		name = "payment-request-" + b.Number
		if r.Amount.IsZero() {
			d.Amount = b.Open
		}
	}
	if !d.Amount.IsPositive() || d.Amount.Currency != a.Currency {
		return Document{}, ErrRequest
	}
	return o.print(name, func(p *document.Press) ([]byte, error) { return p.PaymentRequest(d) })
}

// billOf fetches a bill of an account.
func (o *Office) billOf(ctx context.Context, a account.Account, id billing.BillID) (b billing.Bill, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if b, err = tx.Bill(ctx, id); err == nil && b.Account != a.ID {
			err = billing.ErrBillNotFound
		}
		return err
	})
	return b, err
}

// BillDocument writes a bill. What is paid by transfer says where to.
func (o *Office) BillDocument(ctx context.Context, by access.Caller, id billing.BillID) (Document, error) {
	b, err := o.Bill(ctx, by, id)
	if err != nil {
		return Document{}, err
	}
	a, e, err := o.envelope(ctx, b.Account)
	if err != nil {
		return Document{}, err
	}
	e.At = b.IssuedAt
	d := document.Bill{Envelope: e, Bill: b}
	if d.Payments, err = o.billPayments(ctx, id); err != nil {
		return Document{}, err
	}
	if d.Orders, err = o.billOrders(ctx, b); err != nil {
		return Document{}, err
	}
	if !b.DueAt.IsZero() {
		to, err := o.transferTo(ctx, a.ID)
		if err == nil {
			d.Transfer = &to
		} else if !errors.Is(err, bank.ErrNoReceiving) {
			return Document{}, err
		}
	}
	return o.print("bill-"+b.Number, func(p *document.Press) ([]byte, error) { return p.Bill(d) })
}

// billOrders are the orders of a bill that were drawn on credit, as they were billed.
func (o *Office) billOrders(ctx context.Context, b billing.Bill) (list []document.Drawn, err error) {
	var ids []billing.DebtID
	for _, d := range b.Debts {
		if d.Kind == billing.BillDebt {
			ids = append(ids, d.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		orders, err := drawnOrders(ctx, tx, ids)
		for _, d := range b.Debts {
			if ord, isDrawn := orders[d.ID]; isDrawn {
				list = append(list, document.Drawn{Order: ord, Net: d.Net})
			}
		}
		return err
	})
	return list, err
}

func (o *Office) billPayments(ctx context.Context, id billing.BillID) (list []document.Paid, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		paid, err := tx.BillPayments(ctx, id)
		if err != nil {
			return err
		}
		methods := map[payment.MethodID]payment.Method{}
		for _, p := range paid {
			m, known := methods[p.Method]
			if !known {
				if m, err = tx.Method(ctx, p.Method); err != nil {
					return err
				}
				methods[p.Method] = m
			}
			list = append(list, document.Paid{Payment: p, Method: m})
		}
		return nil
	})
	return list, err
}

// ReceiptDocument writes the receipt of a payment (R-BILL-03). There is one as soon as
// the payment has succeeded.
func (o *Office) ReceiptDocument(ctx context.Context, by access.Caller, id payment.ID) (Document, error) {
	p, err := o.Payment(ctx, by, id, false)
	if err != nil {
		return Document{}, err
	}
	if p.State != payment.Succeeded {
		return Document{}, ErrNoReceipt
	}
	_, e, err := o.envelope(ctx, p.Account)
	if err != nil {
		return Document{}, err
	}
	e.At = p.SettledAt
	d := document.Receipt{Envelope: e, Payment: p}
	err = o.Store.View(ctx, func(tx *store.Tx) (err error) {
		if d.Method, err = tx.Method(ctx, p.Method); err != nil {
			return err
		}
		if d.Debt, err = tx.Debt(ctx, billing.DebtID(p.Debt)); err != nil {
			return err
		}
		if d.Debt.Shares, err = tx.DebtShares(ctx, d.Debt); err != nil {
			return err
		}
		d.Bill, err = numberOfBill(ctx, tx, d.Debt)
		if err != nil || d.Debt.Kind != billing.OrderDebt {
			return err
		}
		d.Order, err = tx.OrderOfDebt(ctx, d.Debt.ID)
		if errors.Is(err, order.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		return Document{}, err
	}
	return o.print("receipt-"+string(id), func(p *document.Press) ([]byte, error) { return p.Receipt(d) })
}

// CreditNoteDocument writes a credit note (R-REFUND-05).
func (o *Office) CreditNoteDocument(ctx context.Context, by access.Caller, id billing.CreditNoteID) (Document, error) {
	if err := by.May(access.BillsRead); err != nil {
		return Document{}, err
	}
	var d document.CreditNote
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		if d.CreditNote, err = tx.CreditNote(ctx, id); err != nil {
			return err
		}
		if by.MayTouch(d.Account) != nil {
			return store.ErrCreditNoteNotFound
		}
		debt, err := tx.Debt(ctx, d.Debt)
		if err != nil {
			return err
		}
		d.BillNumber, err = numberOfBill(ctx, tx, debt)
		if err != nil || debt.Kind != billing.OrderDebt {
			return err
		}
		ord, err := tx.OrderOfDebt(ctx, debt.ID)
		if errors.Is(err, order.ErrNotFound) {
			return nil
		}
		d.Order = ord.Reference
		return err
	})
	if err != nil {
		return Document{}, err
	}
	if _, d.Envelope, err = o.envelope(ctx, d.Account); err != nil {
		return Document{}, err
	}
	d.At = d.IssuedAt
	return o.print("credit-note-"+d.Number, func(p *document.Press) ([]byte, error) { return p.CreditNote(d) })
}

// numberOfBill is the number of the bill that lists a debt; "" if none does yet.
func numberOfBill(ctx context.Context, tx *store.Tx, d billing.Debt) (string, error) {
	if d.Bill == "" {
		return "", nil
	}
	b, err := tx.Bill(ctx, billing.BillID(d.Bill))
	return b.Number, err
}

// transferTo is how a customer transfers money, for a document.
func (o *Office) transferTo(ctx context.Context, id account.ID) (document.Transfer, error) {
	d, err := o.detailsFor(ctx, id)
	return document.Transfer{
		Receiving: d.Receiving, Dedicated: d.Dedicated, Number: d.ShownNumber(), Reference: d.ShownReference(), LeastDays: d.LeastDays, MostDays: d.MostDays,
	}, err
}

// envelope is what every document for a customer has. It is of today, in the
// customer's zone: two of one day are the same.
func (o *Office) envelope(ctx context.Context, id account.ID) (a account.Account, e document.Envelope, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if a, err = tx.Account(ctx, id); err != nil {
			return err
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		e.Seller = sellerParty(p.Seller(p.Region(a.Country, a.RegisteredAt)))
		return nil
	})
	y, m, d := o.Now().In(a.Location()).Date()
	e.Language, e.Zone, e.At, e.Customer = a.Language, a.Location(), time.Date(y, m, d, 0, 0, 0, 0, a.Location()), customerParty(a)
	return a, e, err
}

func sellerParty(s policy.Seller) document.Party {
	return document.Party{Name: s.Name, Address: s.Address, Country: s.Country, TaxID: s.TaxID, Email: s.Email}
}

// customerParty is how a customer is written to.
func customerParty(a account.Account) document.Party {
	p := document.Party{Name: a.Name, Country: a.Country, TaxID: a.TaxID, Account: string(a.ID)}
	for _, line := range []string{a.Address.Line1, a.Address.Line2, spaced(a.Address.PostalCode, a.Address.City), a.Address.Region} {
		if line != "" {
			p.Address = append(p.Address, line)
		}
	}
	return p
}

func spaced(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

// print has a document set.
func (o *Office) print(name string, set func(*document.Press) ([]byte, error)) (Document, error) {
	if o.Press == nil {
		return Document{}, ErrNoPress
	}
	pdf, err := set(o.Press)
	if err != nil {
		return Document{}, err
	}
	sum := sha256.Sum256(pdf)
	return Document{Name: name + ".pdf", PDF: pdf, SHA256: hex.EncodeToString(sum[:])}, nil
}
