package sandbox

import (
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// A paypalRefund gives money back.
type paypalRefund struct {
	ID                     string          `json:"id"`
	Status                 string          `json:"status"`
	Amount                 *paypalMoney    `json:"amount"`
	InvoiceID              string          `json:"invoice_id,omitempty"`
	CustomID               string          `json:"custom_id,omitempty"`
	NoteToPayer            string          `json:"note_to_payer,omitempty"`
	SellerPayableBreakdown refundBreakdown `json:"seller_payable_breakdown"`
	CreateTime             string          `json:"create_time"`
	UpdateTime             string          `json:"update_time"`
	Links                  []paypalLink    `json:"links"`

	hidden refundHidden
}

type refundHidden struct {
	Created            int64 // Unix seconds
	Amount             money.Amount
	PayerID            string
	OrderID, CaptureID string
}

// refundBreakdown is what a refund costs the merchant: PayPal keeps its fee of
// the capture, and takes none for giving back.
type refundBreakdown struct {
	GrossAmount         *paypalMoney `json:"gross_amount"`
	PayPalFee           *paypalMoney `json:"paypal_fee"`
	NetAmount           *paypalMoney `json:"net_amount"`
	TotalRefundedAmount *paypalMoney `json:"total_refunded_amount"`
}

func (r *paypalRefund) columns() columns {
	return columns{kind: "paypal_refund", id: r.ID, created: r.hidden.Created, customer: r.hidden.PayerID,
		intent: r.hidden.OrderID, charge: r.hidden.CaptureID, mark: r.Status}
}

func (r *paypalRefund) hiddenPart() any { return &r.hidden }

// refundOrder is the body of a refund.
type refundOrder struct {
	Amount      *paypalMoney `json:"amount"`
	InvoiceID   string       `json:"invoice_id"`
	CustomID    string       `json:"custom_id"`
	NoteToPayer string       `json:"note_to_payer"`
}

func refundCapture(t *tx, c *paypalCall) (any, error) {
	var asked refundOrder
	if err := c.decode(&asked); err != nil {
		return nil, err
	}
	p, err := t.paypalCapture(c.id)
	if err != nil {
		return nil, err
	}
	left := minus(minus(p.hidden.Amount, p.hidden.Refunded), p.hidden.Disputed)
	amount := left
	if asked.Amount != nil {
		if amount, err = fromPayPal(asked.Amount, "/amount"); err != nil {
			return nil, err
		}
	}
	if err := t.mayRefund(p, amount, left, asked.InvoiceID); err != nil {
		return nil, err
	}
	r, err := t.returnMoney(p, amount, asked)
	if err != nil {
		return nil, err
	}
	if c.whole {
		return r, nil
	}
	return minimum{r.ID, r.Status, r.Links}, nil
}

// mayRefund returns nil if an amount of a capture, of which so much is left,
// can be given back.
func (t *tx) mayRefund(p *paypalCapture, amount, left money.Amount, invoice string) error {
	switch {
	case amount.Currency != p.hidden.Amount.Currency:
		return unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH")
	case t.now.Sub(time.Unix(p.hidden.Created, 0)) > refundWindow:
		return unprocessable("REFUND_TIME_LIMIT_EXCEEDED")
	case p.Status == captureRefunded || !left.IsPositive():
		return unprocessable("CAPTURE_FULLY_REFUNDED")
	case p.hidden.Disputed.IsPositive():
		return unprocessable("TRANSACTION_DISPUTED")
	case amount.Cmp(left) > 0:
		return unprocessable("REFUND_AMOUNT_EXCEEDED")
	case p.hidden.Refunds >= refundsPerCaptureMax:
		return unprocessable("MAX_NUMBER_OF_REFUNDS_EXCEEDED")
	case invoice == "":
		return nil
	}
	var n int64
	if _, err := t.w.store.row("SELECT count(*) FROM book_paypal_refunds WHERE invoice = $1", []any{invoice}, &n); err != nil {
		return err
	}
	if n > 0 {
		return unprocessable("DUPLICATE_INVOICE_ID")
	}
	return nil
}

// returnMoney moves money from the merchant to the payer.
func (t *tx) returnMoney(p *paypalCapture, amount money.Amount, asked refundOrder) (*paypalRefund, error) {
	p.hidden.Refunded = plus(p.hidden.Refunded, amount)
	p.hidden.Refunds++
	p.Status, p.UpdateTime = capturePartlyRefunded, paypalTime(t.now)
	if p.hidden.Refunded == p.hidden.Amount {
		p.Status = captureRefunded
	}
	t.save(p)
	r := &paypalRefund{ID: t.w.paypalID(), Status: captureCompleted, Amount: toPayPal(amount), InvoiceID: asked.InvoiceID, CustomID: asked.CustomID,
		NoteToPayer: asked.NoteToPayer, CreateTime: paypalTime(t.now), UpdateTime: paypalTime(t.now),
		SellerPayableBreakdown: refundBreakdown{toPayPal(amount), toPayPal(none(amount.Currency)), toPayPal(amount), toPayPal(p.hidden.Refunded)}}
	if r.CustomID == "" {
		r.CustomID = p.CustomID
	}
	r.hidden = refundHidden{Created: t.now.Unix(), Amount: amount, PayerID: p.hidden.PayerID, OrderID: p.hidden.OrderID, CaptureID: p.ID}
	o := p.hidden.Origin
	r.Links = []paypalLink{{o + "/v2/payments/refunds/" + r.ID, "self", "GET"}, {o + "/v2/payments/captures/" + p.ID, "up", "GET"}}
	t.save(r)
	if order, found, err := load[paypalOrder](t, "paypal_order", p.hidden.OrderID); err != nil {
		return nil, err
	} else if found {
		order.hidden.Refunds = append(order.hidden.Refunds, r.ID)
		t.save(order)
	}
	a, err := t.account(p.hidden.PayerID)
	if err != nil {
		return nil, err
	}
	t.move(a, amount)
	if err := t.bookPayPalRefund(p, r); err != nil {
		return nil, err
	}
	return r, t.paypalEvent("PAYMENT.CAPTURE.REFUNDED", r)
}

// paypalRefund finds one by its id.
func (t *tx) paypalRefund(id string) (*paypalRefund, error) {
	r, found, err := load[paypalRefund](t, "paypal_refund", id)
	if err == nil && !found {
		err = noResource()
	}
	return r, err
}

func retrievePayPalRefund(t *tx, c *paypalCall) (any, error) { return t.paypalRefund(c.id) }
