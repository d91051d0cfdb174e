package sandbox

import (
	"github.com/bursar-pay/bursar/internal/money"
)

// Codes of what moves money at PayPal, as transaction search shows them.
// https://developer.paypal.com/docs/transaction-search/transaction-event-codes/
const (
	codePayment         = "T0006"
	codeDisputeFee      = "T0114"
	codeDisputeLost     = "T1106"
	codeRefund          = "T1107"
	codeDisputeHold     = "T1110"
	codeDisputeHoldEnds = "T1111"
	codeAuthorization   = "T1300"
)

// accountPayPalDisputed is, in the books, the money that disputes are about.
const accountPayPalDisputed = "paypal_disputed"

// A paypalAdjustment is money that PayPal moves by itself: no payment, no
// refund. Its amount is the merchant's: positive if received.
type paypalAdjustment struct {
	ID         string       `json:"id"`
	Code       string       `json:"code"`
	CreateTime string       `json:"create_time"`
	Amount     *paypalMoney `json:"amount"`
	InvoiceID  string       `json:"invoice_id,omitempty"`
	CustomID   string       `json:"custom_id,omitempty"`

	hidden struct {
		Capture, PayerID string
		Amount           money.Amount
		Created          int64 // Unix seconds
	}
}

const kindPayPalAdjustment = "paypal_adjustment"

func (a *paypalAdjustment) columns() columns {
	return columns{kind: kindPayPalAdjustment, id: a.ID, created: a.hidden.Created, customer: a.hidden.PayerID, charge: a.hidden.Capture, mark: a.Code}
}

func (a *paypalAdjustment) hiddenPart() any { return &a.hidden }

// adjust moves money between the merchant and another account of the books.
func (t *tx) adjust(ch *paypalCapture, code string, amount money.Amount, other string) error {
	a := &paypalAdjustment{ID: t.w.paypalID(), Code: code, CreateTime: paypalTime(t.now), Amount: toPayPal(amount), InvoiceID: ch.InvoiceID, CustomID: ch.CustomID}
	a.hidden.Capture, a.hidden.PayerID, a.hidden.Amount, a.hidden.Created = ch.ID, ch.hidden.PayerID, amount, t.now.Unix()
	t.save(a)
	return t.post(a.ID, "dispute", string(amount.Currency), posting{accountPayPalMerchant, amount.Minor}, posting{other, -amount.Minor})
}

// setAside takes the disputed amount from the merchant while nobody knows whose
// it is, or gives it back if negative.
func (t *tx) setAside(ch *paypalCapture, code string, amount money.Amount) error {
	if err := t.adjust(ch, code, amount.Neg(), accountPayPalDisputed); err != nil {
		return err
	}
	return t.disputed(ch, amount)
}

// disputed notes how much of a capture disputes have taken from the merchant.
func (t *tx) disputed(ch *paypalCapture, amount money.Amount) error {
	ch.hidden.Disputed = plus(ch.hidden.Disputed, amount)
	t.save(ch)
	return t.bookPayPalDispute(ch.ID, amount.Minor)
}

// payBack gives the payer who won a dispute the money, and takes PayPal's fee
// for a chargeback.
func (t *tx) payBack(d *paypalDispute, ch *paypalCapture) error {
	amount := d.hidden.Amount
	if err := t.adjust(ch, codeDisputeLost, amount.Neg(), accountPayPalPayers); err != nil {
		return err
	}
	if err := t.disputed(ch, amount); err != nil {
		return err
	}
	payer, err := t.account(ch.hidden.PayerID)
	if err != nil {
		return err
	}
	t.move(payer, amount)
	d.MoneyMovements = append(d.MoneyMovements, disputeMoneyMovement{"SELLER", toPayPal(amount), paypalTime(t.now), "DEBIT", "DISPUTE_SETTLEMENT"},
		disputeMoneyMovement{"BUYER", toPayPal(amount), paypalTime(t.now), "CREDIT", "DISPUTE_SETTLEMENT"})
	fee := money.Amount{Minor: disputeFees[amount.Currency], Currency: amount.Currency}
	if d.Stage != stageChargeback || fee.IsZero() {
		return nil
	}
	d.MoneyMovements = append(d.MoneyMovements, disputeMoneyMovement{"SELLER", toPayPal(fee), paypalTime(t.now), "DEBIT", "DISPUTE_FEE"})
	return t.adjust(ch, codeDisputeFee, fee.Neg(), accountPayPalFees)
}

// nameBuyer puts the payer's name on a dispute.
func (t *tx) nameBuyer(d *paypalDispute, payerID string) error {
	payer, err := t.account(payerID)
	if err != nil {
		return err
	}
	d.Transactions[0].Buyer.Name = payer.GivenName + " " + payer.Surname
	return nil
}
