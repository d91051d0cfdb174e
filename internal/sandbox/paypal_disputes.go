package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// A paypalDispute is a payer contesting a captured payment at PayPal.
type paypalDispute struct {
	ID             string                 `json:"dispute_id"`
	CreateTime     string                 `json:"create_time"`
	UpdateTime     string                 `json:"update_time"`
	Transactions   []disputedTransaction  `json:"disputed_transactions"`
	Reason         string                 `json:"reason"`
	Status         string                 `json:"status"`
	State          string                 `json:"dispute_state"`
	Amount         *paypalMoney           `json:"dispute_amount"`
	Outcome        *disputeOutcome        `json:"dispute_outcome,omitempty"`
	Adjudications  []disputeAdjudication  `json:"adjudications,omitempty"`
	MoneyMovements []disputeMoneyMovement `json:"money_movements,omitempty"`
	Stage          string                 `json:"dispute_life_cycle_stage"`
	Channel        string                 `json:"dispute_channel"`
	Messages       []disputeMessage       `json:"messages,omitempty"`
	Evidences      []json.RawMessage      `json:"evidences,omitempty"`
	SellerDue      string                 `json:"seller_response_due_date,omitempty"`
	Options        *disputeOptions        `json:"allowed_response_options,omitempty"`
	Links          []paypalLink           `json:"links"`

	hidden struct {
		Capture string
		Amount  money.Amount
		Created int64 // Unix seconds
		Updated int64
	}
}

type disputedTransaction struct {
	BuyerTransaction  string       `json:"buyer_transaction_id"`
	SellerTransaction string       `json:"seller_transaction_id"`
	CreateTime        string       `json:"create_time"`
	Status            string       `json:"transaction_status"`
	Gross             *paypalMoney `json:"gross_amount"`
	InvoiceNumber     string       `json:"invoice_number,omitempty"`
	Custom            string       `json:"custom,omitempty"`
	Buyer             struct {
		Name string `json:"name"`
	} `json:"buyer"`
}

type disputeOutcome struct {
	Code     string       `json:"outcome_code"`
	Refunded *paypalMoney `json:"amount_refunded,omitempty"`
}

type disputeAdjudication struct {
	Type   string `json:"type"`
	Time   string `json:"adjudication_time"`
	Reason string `json:"reason"`
	Stage  string `json:"dispute_life_cycle_stage"`
}

type disputeMoneyMovement struct {
	Party  string       `json:"affected_party"`
	Amount *paypalMoney `json:"amount"`
	Time   string       `json:"initiated_time"`
	Type   string       `json:"type"`
	Reason string       `json:"reason"`
}

type disputeMessage struct {
	By   string `json:"posted_by"`
	Time string `json:"time_posted"`
	Text string `json:"content"`
}

type disputeOptions struct {
	AcceptClaim struct {
		Types []string `json:"accept_claim_types"`
	} `json:"accept_claim"`
}

const (
	kindPayPalDispute = "paypal_dispute"

	disputeWaitsForSeller = "WAITING_FOR_SELLER_RESPONSE"
	disputeUnderReview    = "UNDER_REVIEW"
	disputeResolved       = "RESOLVED"

	stageInquiry    = "INQUIRY"
	stageChargeback = "CHARGEBACK"

	// sellerAnswersWithin is how long the merchant has before the payer wins.
	sellerAnswersWithin = 10 * 24 * time.Hour
)

// disputeStates say in which state of the list a dispute of a status is.
var disputeStates = map[string]string{
	disputeWaitsForSeller: "REQUIRED_ACTION", disputeUnderReview: "UNDER_PAYPAL_REVIEW", disputeResolved: "RESOLVED",
}

// paypalDisputeStages are the reasons that a payer can give, and the stage
// that a dispute for it begins in: what the payer did not authorize is no
// matter between payer and merchant.
var paypalDisputeStages = map[string]string{
	"MERCHANDISE_OR_SERVICE_NOT_RECEIVED": stageInquiry, "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED": stageInquiry, "UNAUTHORISED": stageChargeback,
	"CREDIT_NOT_PROCESSED": stageInquiry, "DUPLICATE_TRANSACTION": stageInquiry, "INCORRECT_AMOUNT": stageInquiry, "PAYMENT_BY_OTHER_MEANS": stageInquiry,
	"CANCELED_RECURRING_BILLING": stageInquiry, "PROBLEM_WITH_REMITTANCE": stageInquiry, "OTHER": stageInquiry,
}

// disputeFees are what a merchant pays for a lost chargeback, in minor units.
// In other currencies it is free.
// https://www.paypal.com/us/business/paypal-business-fees
var disputeFees = map[money.Currency]int64{"USD": 1500, "EUR": 1400, "GBP": 1200, "JPY": 1875}

func (d *paypalDispute) columns() columns {
	return columns{kind: kindPayPalDispute, id: d.ID, created: d.hidden.Created, charge: d.hidden.Capture, mark: d.State}
}

func (d *paypalDispute) hiddenPart() any { return &d.hidden }

func paypalDisputeRoutes() map[string]paypalRoute {
	return map[string]paypalRoute{
		"GET v1/customer/disputes":                     {op: "paypal_dispute_list", do: listPayPalDisputes},
		"GET v1/customer/disputes/*":                   {op: "paypal_dispute_retrieve", do: retrievePayPalDispute},
		"POST v1/customer/disputes/*/accept-claim":     {op: "paypal_dispute_accept", anyBody: true, do: acceptPayPalClaim},
		"POST v1/customer/disputes/*/provide-evidence": {op: "paypal_dispute_evidence", anyBody: true, do: provideEvidence},
		"POST v1/customer/disputes/*/adjudicate":       {op: "paypal_dispute_adjudicate", do: adjudicatePayPalDispute},
	}
}

// DisputePayPal has the payer of a captured payment contest it, for one of
// PayPal's reasons, and returns the dispute's id. The money is set aside.
func (w *World) DisputePayPal(captureID, reason string) (string, error) {
	stage, known := paypalDisputeStages[reason]
	if !known {
		return "", badOrder{"reason is not one of PayPal's reasons for a dispute, such as UNAUTHORISED"}
	}
	var id string
	err := w.asSandbox(func(t *tx) error {
		d, err := t.openPayPalDispute(captureID, reason, stage)
		if err == nil {
			id = d.ID
		}
		return err
	})
	return id, err
}

func (t *tx) openPayPalDispute(captureID, reason, stage string) (*paypalDispute, error) {
	ch, found, err := load[paypalCapture](t, "paypal_capture", captureID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, badOrder{"There is no such capture."}
	}
	left := minus(ch.hidden.Amount, ch.hidden.Refunded)
	if !left.IsPositive() || !ch.hidden.Disputed.IsZero() {
		return nil, badOrder{"Only a captured payment that is neither refunded nor disputed can be disputed."}
	}
	at := paypalTime(t.now)
	d := &paypalDispute{
		ID: t.newDisputeID(), CreateTime: at, UpdateTime: at, Reason: reason, Amount: toPayPal(left), Stage: stage, Channel: "INTERNAL",
		Transactions: []disputedTransaction{{BuyerTransaction: t.w.paypalID(), SellerTransaction: ch.ID, CreateTime: ch.CreateTime, Status: ch.Status,
			Gross: toPayPal(ch.hidden.Amount), InvoiceNumber: ch.InvoiceID, Custom: ch.CustomID}},
		Messages:  []disputeMessage{{By: "BUYER", Time: at, Text: "The payer contests this payment."}},
		SellerDue: paypalTime(t.now.Add(sellerAnswersWithin)), Options: &disputeOptions{},
	}
	d.Options.AcceptClaim.Types = []string{"REFUND"}
	d.hidden.Capture, d.hidden.Amount, d.hidden.Created = ch.ID, left, t.now.Unix()
	if err := t.nameBuyer(d, ch.hidden.PayerID); err != nil {
		return nil, err
	}
	t.turnDispute(d, disputeWaitsForSeller)
	if err := t.setAside(ch, codeDisputeHold, left); err != nil {
		return nil, err
	}
	if err := t.later(t.now.Add(sellerAnswersWithin), duePayPalDisputeLapses, d.ID); err != nil {
		return nil, err
	}
	return d, t.paypalEvent("CUSTOMER.DISPUTE.CREATED", d)
}

// newDisputeID is an id such as PP-D-123456789.
func (t *tx) newDisputeID() string {
	raw, err := strconv.ParseUint(t.w.randomHex(4), 16, 64)
	if err != nil {
		panic("sandbox: hexadecimal that is none: " + err.Error())
	}
	return fmt.Sprintf("PP-D-%010d", raw)
}

// turnDispute gives a dispute a status, and the links to what can be done now.
func (t *tx) turnDispute(d *paypalDispute, status string) {
	d.Status, d.State = status, disputeStates[status]
	d.UpdateTime, d.hidden.Updated = paypalTime(t.now), t.now.Unix()
	self := t.w.paypalOrigin(t) + "/v1/customer/disputes/" + d.ID
	d.Links = []paypalLink{{Href: self, Rel: "self", Method: "GET"}}
	if status == disputeWaitsForSeller {
		d.Links = append(d.Links, paypalLink{Href: self + "/provide-evidence", Rel: "provide_evidence", Method: "POST"})
	} else {
		d.SellerDue = ""
	}
	if status == disputeResolved {
		d.Options = nil
	} else {
		d.Links = append(d.Links, paypalLink{Href: self + "/accept-claim", Rel: "accept_claim", Method: "POST"})
	}
	t.save(d)
}

// endPayPalDispute decides a dispute and moves the money that was set aside.
func (t *tx) endPayPalDispute(d *paypalDispute, outcome, adjudged string, buyerWins bool) error {
	ch, found, err := load[paypalCapture](t, "paypal_capture", d.hidden.Capture)
	if err != nil || !found {
		return fmt.Errorf("capture of dispute %s: found %v, %w", d.ID, found, err)
	}
	d.Outcome = &disputeOutcome{Code: outcome}
	if adjudged != "" {
		d.Adjudications = append(d.Adjudications, disputeAdjudication{Type: adjudged, Time: paypalTime(t.now), Reason: "DECISION_BASED_ON_AVAILABLE_INFORMATION", Stage: d.Stage})
	}
	if err := t.setAside(ch, codeDisputeHoldEnds, d.hidden.Amount.Neg()); err != nil {
		return err
	}
	if buyerWins {
		d.Outcome.Refunded = d.Amount
		if err := t.payBack(d, ch); err != nil {
			return err
		}
	}
	t.turnDispute(d, disputeResolved)
	return t.paypalEvent("CUSTOMER.DISPUTE.RESOLVED", d)
}

// paypalDisputeLapses is what happens when the merchant has not answered in
// time: the payer wins.
func (t *tx) paypalDisputeLapses(id string) error {
	d, found, err := load[paypalDispute](t, kindPayPalDispute, id)
	if err != nil || !found || d.Status != disputeWaitsForSeller {
		return err
	}
	return t.endPayPalDispute(d, "RESOLVED_BUYER_FAVOUR", "PAYOUT_TO_BUYER", true)
}

// DecidePayPalDispute has PayPal decide a dispute that is not resolved yet.
func (w *World) DecidePayPalDispute(id string, buyerWins bool) error {
	return w.asSandbox(func(t *tx) error {
		d, found, err := load[paypalDispute](t, kindPayPalDispute, id)
		if err != nil {
			return err
		}
		if !found || d.Status == disputeResolved {
			return badOrder{"There is no such dispute, or it is resolved already."}
		}
		return t.adjudge(d, buyerWins)
	})
}

func (t *tx) adjudge(d *paypalDispute, buyerWins bool) error {
	if buyerWins {
		return t.endPayPalDispute(d, "RESOLVED_BUYER_FAVOUR", "PAYOUT_TO_BUYER", true)
	}
	return t.endPayPalDispute(d, "RESOLVED_SELLER_FAVOUR", "PAYOUT_TO_SELLER", false)
}

// openDisputeNamed is a dispute in which something can still be done.
func (t *tx) openDisputeNamed(id string) (*paypalDispute, error) {
	d, found, err := load[paypalDispute](t, kindPayPalDispute, id)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, noResource()
	case d.Status == disputeResolved:
		return nil, unprocessable("ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE")
	}
	return d, nil
}

// subsequentAction is the answer of all that is done to a dispute: where it is.
func (d *paypalDispute) subsequentAction() map[string][]paypalLink {
	return map[string][]paypalLink{"links": d.Links[:1]}
}

func retrievePayPalDispute(t *tx, c *paypalCall) (any, error) {
	d, found, err := load[paypalDispute](t, kindPayPalDispute, c.id)
	if err == nil && !found {
		err = noResource()
	}
	return d, err
}

// acceptPayPalClaim gives the payer the money back without a decision.
func acceptPayPalClaim(t *tx, c *paypalCall) (any, error) {
	d, err := t.openDisputeNamed(c.id)
	if err != nil {
		return nil, err
	}
	if err := t.endPayPalDispute(d, "RESOLVED_BUYER_FAVOUR", "", true); err != nil {
		return nil, err
	}
	return d.subsequentAction(), nil
}

// provideEvidence takes what the merchant has to say: JSON, or a form with
// files, of which only the fact is kept.
func provideEvidence(t *tx, c *paypalCall) (any, error) {
	d, err := t.openDisputeNamed(c.id)
	if err != nil {
		return nil, err
	}
	if d.Status != disputeWaitsForSeller {
		return nil, unprocessable("ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE")
	}
	evidences := []map[string]any{{"evidence_type": "OTHER"}}
	if strings.HasPrefix(c.contentType, "application/json") {
		var asked struct {
			Evidences []map[string]any `json:"evidences"`
		}
		if err := c.decode(&asked); err != nil {
			return nil, err
		}
		evidences = asked.Evidences
	}
	const evidencesMax = 100
	if len(evidences) == 0 || len(evidences)+len(d.Evidences) > evidencesMax {
		return nil, missingField("/evidences")
	}
	for _, e := range evidences {
		e["source"], e["date"], e["dispute_life_cycle_stage"] = "SUBMITTED_BY_SELLER", paypalTime(t.now), d.Stage
		doc, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		d.Evidences = append(d.Evidences, doc)
	}
	t.turnDispute(d, disputeUnderReview)
	if err := t.paypalEvent("CUSTOMER.DISPUTE.UPDATED", d); err != nil {
		return nil, err
	}
	return d.subsequentAction(), nil
}

// adjudicatePayPalDispute decides a dispute. PayPal's own sandbox has it, too.
func adjudicatePayPalDispute(t *tx, c *paypalCall) (any, error) {
	d, err := t.openDisputeNamed(c.id)
	if err != nil {
		return nil, err
	}
	var asked struct {
		Outcome string `json:"adjudication_outcome"`
	}
	if err := c.decode(&asked); err != nil {
		return nil, err
	}
	if asked.Outcome != "BUYER_FAVOR" && asked.Outcome != "SELLER_FAVOR" {
		return nil, invalidField("/adjudication_outcome", "INVALID_PARAMETER_VALUE")
	}
	if err := t.adjudge(d, asked.Outcome == "BUYER_FAVOR"); err != nil {
		return nil, err
	}
	return d.subsequentAction(), nil
}

func (w *World) orderPayPalDispute(r *http.Request) (any, error) {
	var o struct {
		Capture string `json:"capture"`
		Reason  string `json:"reason"`
	}
	if err := readOrder(r, &o); err != nil {
		return nil, err
	}
	if o.Reason == "" {
		o.Reason = "UNAUTHORISED"
	}
	id, err := w.DisputePayPal(o.Capture, o.Reason)
	return map[string]string{"dispute": id}, err
}

func (w *World) orderPayPalDecision(r *http.Request) (any, error) {
	var o struct {
		Dispute   string `json:"dispute"`
		BuyerWins bool   `json:"buyer_wins"`
	}
	if err := readOrder(r, &o); err != nil {
		return nil, err
	}
	return o, w.DecidePayPalDispute(o.Dispute, o.BuyerWins)
}
