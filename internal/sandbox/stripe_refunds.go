package sandbox

import (
	"time"
)

type refund struct {
	ID                     string             `json:"id"`
	Object                 string             `json:"object"`
	Amount                 int64              `json:"amount"`
	BalanceTransaction     opt                `json:"balance_transaction"`
	Charge                 string             `json:"charge"`
	Created                int64              `json:"created"`
	Currency               string             `json:"currency"`
	DestinationDetails     destinationDetails `json:"destination_details"`
	FailureBalance         string             `json:"failure_balance_transaction,omitempty"`
	FailureReason          string             `json:"failure_reason,omitempty"`
	Metadata               map[string]string  `json:"metadata"`
	PaymentIntent          opt                `json:"payment_intent"`
	PendingReason          string             `json:"pending_reason,omitempty"`
	Reason                 opt                `json:"reason"`
	ReceiptNumber          null               `json:"receipt_number"`
	SourceTransferReversal null               `json:"source_transfer_reversal"`
	Status                 string             `json:"status"`
	TransferReversal       null               `json:"transfer_reversal"`
}

type destinationDetails struct {
	Card struct {
		Reference       opt    `json:"reference"`
		ReferenceStatus string `json:"reference_status"`
		ReferenceType   string `json:"reference_type"`
		Type            string `json:"type"`
	} `json:"card"`
	Type string `json:"type"`
}

func (r *refund) columns() columns {
	return columns{kind: "refund", id: r.ID, created: r.Created, intent: string(r.PaymentIntent), charge: r.Charge}
}

func (r *refund) hiddenPart() any { return nil }

const refundParams = `charge payment_intent amount reason metadata.* currency customer origin instructions_email
	refund_application_fee reverse_transfer`

// refundTurns is how long the test cards take whose refunds change their mind.
const refundTurns = time.Hour

func createRefund(t *tx, c *call) (any, error) {
	ch, err := t.chargeToRefund(&c.form)
	if err != nil {
		return nil, err
	}
	left := ch.AmountCaptured - ch.hidden.Given - ch.hidden.Disputed
	amount, given := c.form.number("amount")
	if !given {
		amount = left
	}
	reason := c.form.choice("reason", "duplicate", "fraudulent", "requested_by_customer")
	metadata := c.form.mergeMetadata(nil)
	switch {
	case c.form.err != nil:
		return nil, c.form.err
	case !ch.Captured || ch.Status != succeeded:
		return nil, refusal("charge_not_refundable", "", "Charge "+ch.ID+" was not captured and cannot be refunded.")
	case ch.hidden.Disputed > 0:
		return nil, refusal("charge_disputed", "", "Charge "+ch.ID+" has been charged back; cannot issue a refund.")
	case left == 0:
		return nil, refusal("charge_already_refunded", "", "Charge "+ch.ID+" has already been refunded.")
	case given && amount < 1:
		return nil, invalidRequest("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	case amount > left:
		return nil, refusal("amount_too_large", "amount", "Refund amount is greater than the unrefunded amount on the charge.")
	}
	r := &refund{
		ID: t.w.newID("re"), Object: "refund", Amount: amount, Charge: ch.ID, Created: t.now.Unix(), Currency: ch.Currency,
		Metadata: metadata, PaymentIntent: ch.PaymentIntent, Reason: opt(reason), Status: succeeded,
	}
	r.DestinationDetails.Type = "card"
	r.DestinationDetails.Card.ReferenceStatus, r.DestinationDetails.Card.ReferenceType = "pending", "acquirer_reference_number"
	r.DestinationDetails.Card.Type = "refund"
	return r, t.giveBack(r, ch)
}

func (t *tx) chargeToRefund(f *form) (*charge, error) {
	id, param := f.text("charge"), "charge"
	if id == "" {
		param = "payment_intent"
		intentID := f.text("payment_intent")
		if intentID == "" {
			return nil, invalidRequest("parameter_missing", "", "One of the following params should be provided for this request: payment_intent or charge.")
		}
		p, found, err := load[intent](t, "payment_intent", intentID)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, noSuch("payment_intent", intentID, param)
		}
		if id = string(p.LatestCharge); p.Status != succeeded {
			return nil, refusal("payment_intent_unexpected_state", param, "This PaymentIntent does not have a successful charge to refund.")
		}
	}
	return t.charge(id, param)
}

// giveBack books a refund. Those of two test cards are not what they seem.
func (t *tx) giveBack(r *refund, ch *charge) error {
	turns := cardsByName[ch.hidden.Card].refund
	if turns == "pending" {
		r.Status, r.PendingReason = "pending", "processing"
	}
	b := t.newBalanceTransaction("refund", r.ID, r.Currency, -r.Amount, 0)
	r.BalanceTransaction = opt(b.ID)
	t.save(b)
	t.save(r)
	if turns != "" {
		if err := t.later(t.now.Add(refundTurns), dueRefundTurns, r.ID); err != nil {
			return err
		}
	}
	if err := t.refunded(ch, r.Amount, r.ID, "refund"); err != nil {
		return err
	}
	if err := t.event("refund.created", r); err != nil {
		return err
	}
	return t.event("charge.refunded", ch)
}

// refunded moves amount from the merchant to the payer, or back if negative.
func (t *tx) refunded(ch *charge, amount int64, entry, what string) error {
	ch.AmountRefunded += amount
	ch.hidden.Given += amount
	ch.Refunded = ch.hidden.Given == ch.AmountCaptured
	t.save(ch)
	p, _, err := load[intent](t, "payment_intent", string(ch.PaymentIntent))
	if err != nil {
		return err
	}
	if err := t.bookCharge(p, ch); err != nil {
		return err
	}
	return t.post(entry, what, ch.Currency, posting{accountMerchant, -amount}, posting{accountCardholders, amount})
}

// refundComesToItsEnd is what happens to the refunds of the two test cards.
func (t *tx) refundComesToItsEnd(id string) error {
	r, found, err := load[refund](t, "refund", id)
	if err != nil || !found {
		return err
	}
	ch, err := t.charge(r.Charge, "charge")
	if err != nil {
		return err
	}
	if r.Status == "pending" {
		r.Status, r.PendingReason = succeeded, ""
		t.save(r)
		if err := t.event("refund.updated", r); err != nil {
			return err
		}
		return t.event("charge.refund.updated", r)
	}
	b := t.newBalanceTransaction("refund_failure", r.ID, r.Currency, r.Amount, 0)
	t.save(b)
	r.Status, r.FailureReason, r.FailureBalance = failed, "expired_or_canceled_card", b.ID
	t.save(r)
	if err := t.refunded(ch, -r.Amount, b.ID, "refund_failure"); err != nil {
		return err
	}
	if err := t.event("refund.failed", r); err != nil {
		return err
	}
	return t.event("charge.refund.updated", r)
}

func (t *tx) refund(id string) (*refund, error) {
	r, found, err := load[refund](t, "refund", id)
	if err == nil && !found {
		err = noSuch("refund", id, "id")
	}
	return r, err
}

func retrieveRefund(t *tx, c *call) (any, error) { return t.refund(c.ids[0]) }

func updateRefund(t *tx, c *call) (any, error) {
	r, err := t.refund(c.ids[0])
	if err != nil {
		return nil, err
	}
	r.Metadata = c.form.mergeMetadata(r.Metadata)
	if c.form.err != nil {
		return nil, c.form.err
	}
	t.save(r)
	return r, t.event("refund.updated", r)
}
