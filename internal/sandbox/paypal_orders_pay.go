package sandbox

import (
	"encoding/json"
	"strings"

	"github.com/bursar-pay/bursar/internal/money"
)

func authorizePayPalOrder(t *tx, c *paypalCall) (any, error) { return t.payOrder(c, intentAuthorize) }

func capturePayPalOrder(t *tx, c *paypalCall) (any, error) { return t.payOrder(c, intentCapture) }

// payOrder authorizes or captures an order that its payer approved, or whose
// payment token comes along.
func (t *tx) payOrder(c *paypalCall, intent string) (any, error) {
	var r struct {
		PaymentSource *askedSource `json:"payment_source"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	if err := r.PaymentSource.check(); err != nil {
		return nil, err
	}
	o, err := t.order(c.id)
	if err != nil {
		return nil, err
	}
	switch {
	case o.Intent != intent:
		return nil, unprocessable("ACTION_DOES_NOT_MATCH_INTENT")
	case o.Status == orderCompleted && intent == intentAuthorize:
		return nil, unprocessable("ORDER_ALREADY_AUTHORIZED")
	case o.Status == orderCompleted:
		return nil, unprocessable("ORDER_ALREADY_CAPTURED")
	case o.hidden.MustAct:
		return nil, o.payerMustAct()
	}
	if token := r.PaymentSource.token(); token != "" {
		o.takeSource(r.PaymentSource)
		if err := t.payWith(o, token, c); err != nil {
			return nil, err
		}
	}
	if o.Status != payerApproved {
		return nil, unprocessable("ORDER_NOT_APPROVED")
	}
	waits, err := t.settleOrder(o, c)
	if err != nil {
		return nil, err
	}
	if waits {
		return nil, o.payerMustAct()
	}
	return t.shownOrder(o, c.whole)
}

// payerMustAct refuses to go on without the payer.
func (o *paypalOrder) payerMustAct() error {
	e := unprocessable("PAYER_ACTION_REQUIRED").leadingTo(paypalLink{o.hidden.Origin + "/checkoutnow?token=" + o.ID, "payer-action", "GET"})
	e.keep = true
	return e
}

// settleOrder takes or reserves the money of an order whose payer is known. It
// reports true if the payer has to do something first.
func (t *tx) settleOrder(o *paypalOrder, c *paypalCall) (waits bool, err error) {
	a, err := t.account(o.hidden.PayerID)
	if err != nil {
		return false, err
	}
	then, err := t.takePayerOrder(a)
	if err != nil {
		return false, err
	}
	o.UpdateTime = paypalTime(t.now)
	if then == orderPayerAction {
		o.Status, o.hidden.MustAct = payerActionRequired, true
		o.link()
		t.save(o)
		return true, nil
	}
	if issue, declined := cutDecline(then); declined {
		return false, refusedAsOrdered(issue)
	}
	if err := t.mayPay(o, a, c); err != nil {
		return false, err
	}
	o.Status = orderCompleted
	o.link()
	t.save(o)
	if o.Intent == intentAuthorize {
		_, err := t.placeAuthorization(o, o.hidden.Amount)
		return false, err
	}
	u := &o.PurchaseUnits[0]
	if _, err := t.takeCapture(takenCapture{order: o, amount: o.hidden.Amount, final: true, invoice: u.InvoiceID}); err != nil {
		return false, err
	}
	shown, err := t.shownOrder(o, true)
	if err != nil {
		return false, err
	}
	return false, t.paypalEvent("CHECKOUT.ORDER.COMPLETED", shown)
}

// mayPay returns nil if an order can be paid: its invoice was not before, and
// the payer has the money.
func (t *tx) mayPay(o *paypalOrder, a *paypalAccount, c *paypalCall) error {
	if err := t.refuseInvoice(o.PurchaseUnits[0].InvoiceID, o.ID); err != nil {
		return err
	}
	ok, err := t.can(a, o.hidden.Amount, none(o.hidden.Amount.Currency))
	if err == nil && !ok {
		err = t.noMoney(o, c)
	}
	return err
}

// noMoney is the refusal of an order whose payer cannot pay. Only some
// operations are described as answering that the instrument was declined.
func (t *tx) noMoney(o *paypalOrder, c *paypalCall) error {
	if c.op == "paypal_order_authorize" {
		return unprocessable("PAYER_CANNOT_PAY")
	}
	e := unprocessable("INSTRUMENT_DECLINED")
	if c.op == "paypal_order_capture" {
		e = e.leadingTo(paypalLink{o.hidden.Origin + "/checkoutnow?token=" + o.ID, "redirect", "GET"})
	}
	return e
}

// refuseInvoice refuses an invoice id that was captured before, other than for
// the order given.
func (t *tx) refuseInvoice(invoice, order string) error {
	if invoice == "" {
		return nil
	}
	var n int64
	if _, err := t.w.store.row("SELECT count(*) FROM book_paypal_captures WHERE invoice = $1 AND order_id <> $2", []any{invoice, order}, &n); err != nil {
		return err
	}
	if n > 0 {
		return unprocessable("DUPLICATE_INVOICE_ID")
	}
	return nil
}

// A patch is one change of an order.
type patch struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

// patchPayPalOrder changes what an order says of itself before it is paid.
func patchPayPalOrder(t *tx, c *paypalCall) (any, error) {
	var patches []patch
	if err := c.decode(&patches); err != nil {
		return nil, err
	}
	o, err := t.order(c.id)
	if err != nil {
		return nil, err
	}
	if o.Status == orderCompleted {
		return nil, unprocessable("ORDER_ALREADY_COMPLETED")
	}
	for _, p := range patches {
		if err := o.patch(p); err != nil {
			return nil, err
		}
	}
	o.UpdateTime = paypalTime(t.now)
	t.save(o)
	return nothing{}, nil
}

func (o *paypalOrder) patch(p patch) error {
	if p.Path == "/intent" {
		return o.patchIntent(p)
	}
	u := &o.PurchaseUnits[0]
	name, ok := strings.CutPrefix(p.Path, "/purchase_units/@reference_id=='"+u.ReferenceID+"'/")
	if !ok {
		return invalidField("/path", "FIELD_NOT_PATCHABLE")
	}
	if p.Op != "add" && p.Op != "replace" && p.Op != "remove" {
		return invalidField("/op", "INVALID_PARAMETER_VALUE")
	}
	if name == "amount" {
		return o.patchAmount(p)
	}
	texts := map[string]*string{"invoice_id": &u.InvoiceID, "custom_id": &u.CustomID, "description": &u.Description, "soft_descriptor": &u.SoftDescriptor}
	text, known := texts[name]
	if !known {
		return invalidField("/path", "FIELD_NOT_PATCHABLE")
	}
	*text = ""
	if p.Op == "remove" {
		return nil
	}
	if json.Unmarshal(p.Value, text) != nil {
		return invalidField("/value", "INVALID_PARAMETER_SYNTAX")
	}
	const textMax = 127
	if len(*text) > textMax {
		return invalidField("/value", "INVALID_STRING_LENGTH")
	}
	return nil
}

func (o *paypalOrder) patchIntent(p patch) error {
	var intent string
	switch {
	case p.Op != "replace":
		return invalidField("/op", "INVALID_PATCH_OPERATION")
	case json.Unmarshal(p.Value, &intent) != nil || intent != intentCapture && intent != intentAuthorize:
		return invalidField("/value", "INVALID_PARAMETER_VALUE")
	}
	o.Intent = intent
	o.link()
	return nil
}

func (o *paypalOrder) patchAmount(p patch) error {
	if p.Op == "remove" {
		return invalidField("/op", "INVALID_PATCH_OPERATION")
	}
	var asked unitAmount
	if json.Unmarshal(p.Value, &asked) != nil {
		return invalidField("/value", "INVALID_PARAMETER_SYNTAX")
	}
	amount, err := fromPayPal(&asked.paypalMoney, "/value")
	if err != nil {
		return err
	}
	if most := overcaptureOf(o.hidden.Amount); o.Status == payerApproved && (amount.Currency != most.Currency || amount.Cmp(most) > 0) {
		return invalidField("/value", "AMOUNT_NOT_PATCHABLE")
	}
	o.hidden.Amount = money.Amount{Minor: amount.Minor, Currency: amount.Currency}
	o.PurchaseUnits[0].Amount = &asked
	return nil
}
