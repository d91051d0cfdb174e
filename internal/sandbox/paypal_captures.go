package sandbox

import (
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// refundWindow is how long after a capture it can be refunded.
// https://developer.paypal.com/docs/api/payments/v2/
const refundWindow = 180 * 24 * time.Hour

// States of a capture.
const (
	captureCompleted      = "COMPLETED"
	capturePartlyRefunded = "PARTIALLY_REFUNDED"
	captureRefunded       = "REFUNDED"
)

// A paypalCapture takes money.
type paypalCapture struct {
	ID                        string       `json:"id"`
	Status                    string       `json:"status"`
	Amount                    *paypalMoney `json:"amount"`
	FinalCapture              bool         `json:"final_capture"`
	InvoiceID                 string       `json:"invoice_id,omitempty"`
	CustomID                  string       `json:"custom_id,omitempty"`
	SellerProtection          protection   `json:"seller_protection"`
	SellerReceivableBreakdown breakdown    `json:"seller_receivable_breakdown"`
	DisbursementMode          string       `json:"disbursement_mode"`
	Payee                     *payee       `json:"payee,omitempty"`
	SupplementaryData         *related     `json:"supplementary_data,omitempty"`
	CreateTime                string       `json:"create_time"`
	UpdateTime                string       `json:"update_time"`
	Links                     []paypalLink `json:"links"`

	hidden captureHidden
}

type captureHidden struct {
	Created            int64 // Unix seconds
	Origin             string
	Amount, Fee        money.Amount
	Refunded, Disputed money.Amount
	Refunds            int
	PayerID, TokenID   string
	OrderID            string
	AuthorizationID    string
}

// breakdown is what the merchant gets of a capture.
type breakdown struct {
	GrossAmount *paypalMoney `json:"gross_amount"`
	PayPalFee   *paypalMoney `json:"paypal_fee"`
	NetAmount   *paypalMoney `json:"net_amount"`
}

func (p *paypalCapture) columns() columns {
	return columns{kind: "paypal_capture", id: p.ID, created: p.hidden.Created, customer: p.hidden.PayerID,
		intent: p.hidden.OrderID, charge: p.hidden.AuthorizationID, mark: p.Status}
}

func (p *paypalCapture) hiddenPart() any { return &p.hidden }

// link gives a capture the links of its state.
func (p *paypalCapture) link() {
	self := p.hidden.Origin + "/v2/payments/captures/" + p.ID
	p.Links = []paypalLink{{self, "self", "GET"}, {self + "/refund", "refund", "POST"}}
	if p.hidden.AuthorizationID != "" {
		p.Links = append(p.Links, paypalLink{p.hidden.Origin + "/v2/payments/authorizations/" + p.hidden.AuthorizationID, "up", "GET"})
	} else {
		p.Links = append(p.Links, paypalLink{p.hidden.Origin + "/v2/checkout/orders/" + p.hidden.OrderID, "up", "GET"})
	}
}

// A takenCapture is what takeCapture takes.
type takenCapture struct {
	order   *paypalOrder
	from    *paypalAuthorization // nil for an order that is captured at once
	amount  money.Amount
	final   bool
	invoice string
}

// takeCapture moves money from the payer to the merchant.
func (t *tx) takeCapture(k takenCapture) (*paypalCapture, error) {
	o, fee := k.order, paypalFeeOf(k.amount)
	p := &paypalCapture{ID: t.w.paypalID(), Status: captureCompleted, Amount: toPayPal(k.amount), FinalCapture: k.final, InvoiceID: k.invoice,
		CustomID: o.PurchaseUnits[0].CustomID, SellerProtection: protected,
		SellerReceivableBreakdown: breakdown{toPayPal(k.amount), toPayPal(fee), toPayPal(minus(k.amount, fee))},
		DisbursementMode:          "INSTANT", Payee: &theMerchant, SupplementaryData: &related{relatedIDs{OrderID: o.ID}},
		CreateTime: paypalTime(t.now), UpdateTime: paypalTime(t.now)}
	p.hidden = captureHidden{Created: t.now.Unix(), Origin: o.hidden.Origin, Amount: k.amount, Fee: fee, Refunded: none(k.amount.Currency),
		Disputed: none(k.amount.Currency), PayerID: o.hidden.PayerID, TokenID: o.hidden.TokenID, OrderID: o.ID}
	if k.from != nil {
		p.CustomID = k.from.CustomID
		p.hidden.AuthorizationID, p.hidden.TokenID = k.from.ID, k.from.hidden.TokenID
		p.SupplementaryData.RelatedIDs.AuthorizationID = k.from.ID
	}
	p.link()
	a, err := t.account(p.hidden.PayerID)
	if err != nil {
		return nil, err
	}
	t.move(a, k.amount.Neg())
	o.hidden.Captures = append(o.hidden.Captures, p.ID)
	t.save(o)
	t.save(p)
	if err := t.bookPayPalCapture(p); err != nil {
		return nil, err
	}
	return p, t.paypalEvent("PAYMENT.CAPTURE.COMPLETED", p)
}

// captureRequest is the body of capturing an authorization.
type captureRequest struct {
	Amount       *paypalMoney `json:"amount"`
	InvoiceID    string       `json:"invoice_id"`
	FinalCapture bool         `json:"final_capture"`
}

func captureAuthorization(t *tx, c *paypalCall) (any, error) {
	var r captureRequest
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	const invoiceMax = 127
	if len(r.InvoiceID) > invoiceMax {
		return nil, invalidField("/invoice_id", "INVALID_STRING_LENGTH")
	}
	a, err := t.authorization(c.id)
	if err != nil {
		return nil, err
	}
	if err := a.mayBeCaptured(); err != nil {
		return nil, err
	}
	amount := a.rest()
	if r.Amount != nil {
		if amount, err = fromPayPal(r.Amount, "/amount"); err != nil {
			return nil, err
		}
	}
	if err := t.mayCapture(a, amount, r.InvoiceID); err != nil {
		return nil, err
	}
	o, found, err := load[paypalOrder](t, "paypal_order", a.hidden.OrderID)
	if err != nil || !found {
		return nil, err
	}
	if r.InvoiceID == "" {
		r.InvoiceID = a.InvoiceID
	}
	if err := t.take(a, amount, r.FinalCapture); err != nil {
		return nil, err
	}
	p, err := t.takeCapture(takenCapture{order: o, from: a, amount: amount, final: r.FinalCapture, invoice: r.InvoiceID})
	if err != nil {
		return nil, err
	}
	if err := t.bookTaken(a); err != nil {
		return nil, err
	}
	if c.whole {
		return p, nil
	}
	return minimum{p.ID, p.Status, p.Links}, nil
}

// mayBeCaptured returns nil if anything can be captured of a.
func (a *paypalAuthorization) mayBeCaptured() error {
	switch {
	case a.hidden.Expired:
		return unprocessable("AUTHORIZATION_EXPIRED")
	case a.Status == authorizationVoided || a.hidden.Replacement != "":
		return unprocessable("AUTHORIZATION_VOIDED")
	case a.Status == authorizationCaptured:
		return unprocessable("AUTHORIZATION_ALREADY_CAPTURED")
	case a.hidden.Captures >= capturesPerHoldMax:
		return unprocessable("MAX_CAPTURE_COUNT_EXCEEDED")
	}
	return nil
}

// mayCapture returns nil if an amount can be captured of a now. While PayPal
// honors a the money is there; later it may be.
func (t *tx) mayCapture(a *paypalAuthorization, amount money.Amount, invoice string) error {
	if amount.Currency != a.hidden.Amount.Currency {
		return unprocessable("AUTH_CAPTURE_CURRENCY_MISMATCH")
	}
	if plus(a.hidden.Captured, amount).Cmp(overcaptureOf(a.hidden.Amount)) > 0 {
		return unprocessable("MAX_CAPTURE_AMOUNT_EXCEEDED")
	}
	// An invoice that is named is captured once. One that comes from the order
	// may be captured in parts.
	named, order := invoice, ""
	if named == "" {
		named, order = a.InvoiceID, a.hidden.OrderID
	}
	if err := t.refuseInvoice(named, order); err != nil {
		return err
	}
	held := none(amount.Currency)
	if t.now.UnixMicro() < a.hidden.Honored {
		held = a.rest()
	}
	return t.mayTakeFrom(a, amount, held)
}

// take notes that so much of a was captured. The original of a reauthorization
// shows it too.
func (t *tx) take(a *paypalAuthorization, amount money.Amount, final bool) error {
	a.hidden.Captured = plus(a.hidden.Captured, amount)
	a.hidden.Captures++
	a.Status = authorizationPartly
	if final || a.hidden.Captured.Cmp(a.hidden.Amount) >= 0 {
		a.Status = authorizationCaptured
	}
	t.touch(a)
	if a.hidden.Original == "" {
		return nil
	}
	original, err := t.authorization(a.hidden.Original)
	if err == nil {
		original.Status = a.Status
		t.touch(original)
	}
	return err
}

// touch saves an authorization that has changed.
func (t *tx) touch(a *paypalAuthorization) {
	a.UpdateTime = paypalTime(t.now)
	a.link()
	t.save(a)
}

// paypalCapture finds one by its id.
func (t *tx) paypalCapture(id string) (*paypalCapture, error) {
	p, found, err := load[paypalCapture](t, "paypal_capture", id)
	if err == nil && !found {
		err = noResource()
	}
	return p, err
}

func retrieveCapture(t *tx, c *paypalCall) (any, error) { return t.paypalCapture(c.id) }
