package sandbox

import (
	"encoding/json"
	"time"
)

// A dispute is a payer contesting a charge at the bank.
type dispute struct {
	ID                       string            `json:"id"`
	Object                   string            `json:"object"`
	Amount                   int64             `json:"amount"`
	BalanceTransactions      []json.RawMessage `json:"balance_transactions"`
	Charge                   string            `json:"charge"`
	Created                  int64             `json:"created"`
	Currency                 string            `json:"currency"`
	EnhancedEligibilityTypes []string          `json:"enhanced_eligibility_types"`
	Evidence                 json.RawMessage   `json:"evidence"`
	EvidenceDetails          evidenceDetails   `json:"evidence_details"`
	IsChargeRefundable       bool              `json:"is_charge_refundable"`
	Livemode                 bool              `json:"livemode"`
	Metadata                 map[string]string `json:"metadata"`
	NetworkReasonCode        opt               `json:"network_reason_code"`
	PaymentIntent            opt               `json:"payment_intent"`
	Reason                   string            `json:"reason"`
	Status                   string            `json:"status"`
}

type evidenceDetails struct {
	DueBy           int64 `json:"due_by"`
	HasEvidence     bool  `json:"has_evidence"`
	PastDue         bool  `json:"past_due"`
	SubmissionCount int64 `json:"submission_count"`
}

func (d *dispute) columns() columns {
	return columns{kind: "dispute", id: d.ID, created: d.Created, intent: string(d.PaymentIntent), charge: d.Charge}
}

func (d *dispute) hiddenPart() any { return nil }

const (
	disputeFee      = 1500 // minor units, kept whoever wins
	evidenceWithin  = 9 * 24 * time.Hour
	inquiryPrefix   = "warning_"
	needsResponse   = "needs_response"
	disputeUnderWay = "under_review"
)

// networkReasons are Visa's codes for why a payer disputes.
var networkReasons = map[string]string{
	"fraudulent": "10.4", "product_not_received": "13.1", "duplicate": "12.6", "credit_not_processed": "13.6",
	"general": "10.4", "subscription_canceled": "13.2", "unrecognized": "10.4", "product_unacceptable": "13.3",
}

func (t *tx) disputeIfCardSays(ch *charge) error {
	p := cardsByName[ch.hidden.Card]
	if p.dispute == "" {
		return nil
	}
	_, err := t.openDispute(ch, p.dispute, p.inquiry)
	return err
}

// openDispute has a payer contest a captured charge. An inquiry moves no
// money; a dispute takes back what was captured and not refunded, and a fee.
func (t *tx) openDispute(ch *charge, reason string, inquiry bool) (*dispute, error) {
	d := &dispute{
		ID: t.w.newID("du"), Object: "dispute", Amount: ch.AmountCaptured - ch.hidden.Given, BalanceTransactions: []json.RawMessage{},
		Charge: ch.ID, Created: t.now.Unix(), Currency: ch.Currency, EnhancedEligibilityTypes: []string{},
		Evidence: json.RawMessage("{}"), EvidenceDetails: evidenceDetails{DueBy: t.now.Add(evidenceWithin).Unix()},
		IsChargeRefundable: inquiry, Metadata: map[string]string{}, NetworkReasonCode: opt(networkReasons[reason]),
		PaymentIntent: ch.PaymentIntent, Reason: reason, Status: needsResponse,
	}
	if inquiry {
		d.Status = inquiryPrefix + needsResponse
	}
	ch.Disputed = true
	t.save(ch)
	t.save(d)
	if !inquiry {
		if err := t.moveDisputed(d, ch, d.Amount, disputeFee); err != nil {
			return nil, err
		}
	}
	if err := t.event("charge.dispute.created", d); err != nil || inquiry {
		return d, err
	}
	return d, t.event("charge.dispute.funds_withdrawn", d)
}

// moveDisputed takes amount from the merchant for the payer, or gives it back
// if negative.
func (t *tx) moveDisputed(d *dispute, ch *charge, amount, fee int64) error {
	b := t.newBalanceTransaction("adjustment", d.ID, d.Currency, -amount, fee)
	t.save(b)
	doc, err := json.Marshal(b)
	if err != nil {
		return err
	}
	d.BalanceTransactions = append(d.BalanceTransactions, doc)
	ch.hidden.Disputed += amount
	t.save(ch)
	t.save(d)
	p, _, err := load[intent](t, "payment_intent", string(ch.PaymentIntent))
	if err != nil {
		return err
	}
	if err := t.bookCharge(p, ch); err != nil {
		return err
	}
	return t.post(b.ID, "dispute", d.Currency, posting{accountMerchant, -amount - fee}, posting{accountCardholders, amount}, posting{accountFees, fee})
}

func (t *tx) dispute(id string) (*dispute, *charge, error) {
	d, found, err := load[dispute](t, "dispute", id)
	if err != nil {
		return nil, nil, err
	}
	if !found {
		return nil, nil, noSuch("dispute", id, "id")
	}
	ch, err := t.charge(d.Charge, "charge")
	return d, ch, err
}

func retrieveDispute(t *tx, c *call) (any, error) {
	d, _, err := t.dispute(c.ids[0])
	return d, err
}

// updateDispute takes evidence. As with the real test cards, its
// uncategorized_text decides the outcome as soon as it is submitted.
func updateDispute(t *tx, c *call) (any, error) {
	d, ch, err := t.dispute(c.ids[0])
	if err != nil {
		return nil, err
	}
	d.Metadata = c.form.mergeMetadata(d.Metadata)
	submit := !c.form.given("submit") || c.form.flag("submit")
	if c.form.err != nil {
		return nil, c.form.err
	}
	t.save(d)
	if !c.form.has("evidence") {
		return d, t.event("charge.dispute.updated", d)
	}
	if d.isOver() {
		return nil, refusal("", "", "This dispute is closed and takes no more evidence.")
	}
	d.Evidence = c.form.root.at("evidence").json()
	d.EvidenceDetails.HasEvidence = true
	if !submit {
		return d, t.event("charge.dispute.updated", d)
	}
	d.EvidenceDetails.SubmissionCount++
	switch c.form.text("evidence.uncategorized_text") {
	case "winning_evidence":
		return d, t.endDispute(d, ch, true)
	case "losing_evidence":
		return d, t.endDispute(d, ch, false)
	}
	if d.isInquiry() {
		d.Status = inquiryPrefix + disputeUnderWay
	} else {
		d.Status = disputeUnderWay
	}
	return d, t.event("charge.dispute.updated", d)
}

func (d *dispute) isInquiry() bool {
	return d.Status == inquiryPrefix+needsResponse || d.Status == inquiryPrefix+disputeUnderWay
}

func (d *dispute) isOver() bool {
	return d.Status == "won" || d.Status == "lost" || d.Status == inquiryPrefix+"closed"
}

func closeDispute(t *tx, c *call) (any, error) {
	d, ch, err := t.dispute(c.ids[0])
	if err != nil {
		return nil, err
	}
	if d.isOver() {
		return nil, refusal("", "", "This dispute is already closed.")
	}
	return d, t.endDispute(d, ch, false)
}

func (t *tx) endDispute(d *dispute, ch *charge, won bool) error {
	reinstated := false
	switch {
	case d.isInquiry():
		d.Status = inquiryPrefix + "closed"
	case won:
		d.Status, reinstated = "won", true
		if err := t.moveDisputed(d, ch, -d.Amount, 0); err != nil {
			return err
		}
	default:
		d.Status = "lost"
	}
	t.save(d)
	if reinstated {
		if err := t.event("charge.dispute.funds_reinstated", d); err != nil {
			return err
		}
	}
	return t.event("charge.dispute.closed", d)
}
