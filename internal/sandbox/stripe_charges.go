package sandbox

import (
	"encoding/json"
	"strings"
	"time"
)

type charge struct {
	ID                            string            `json:"id"`
	Object                        string            `json:"object"`
	Amount                        int64             `json:"amount"`
	AmountCaptured                int64             `json:"amount_captured"`
	AmountRefunded                int64             `json:"amount_refunded"`
	Application                   null              `json:"application"`
	ApplicationFee                null              `json:"application_fee"`
	ApplicationFeeAmount          null              `json:"application_fee_amount"`
	BalanceTransaction            opt               `json:"balance_transaction"`
	BillingDetails                billingDetails    `json:"billing_details"`
	CalculatedStatementDescriptor opt               `json:"calculated_statement_descriptor"`
	Captured                      bool              `json:"captured"`
	Created                       int64             `json:"created"`
	Currency                      string            `json:"currency"`
	Customer                      opt               `json:"customer"`
	Description                   opt               `json:"description"`
	Disputed                      bool              `json:"disputed"`
	FailureBalanceTransaction     null              `json:"failure_balance_transaction"`
	FailureCode                   opt               `json:"failure_code"`
	FailureMessage                opt               `json:"failure_message"`
	FraudDetails                  struct{}          `json:"fraud_details"`
	Livemode                      bool              `json:"livemode"`
	Metadata                      map[string]string `json:"metadata"`
	OnBehalfOf                    null              `json:"on_behalf_of"`
	Outcome                       outcome           `json:"outcome"`
	Paid                          bool              `json:"paid"`
	PaymentIntent                 opt               `json:"payment_intent"`
	PaymentMethod                 opt               `json:"payment_method"`
	PaymentMethodDetails          chargeDetails     `json:"payment_method_details"`
	RadarOptions                  struct{}          `json:"radar_options"`
	ReceiptEmail                  opt               `json:"receipt_email"`
	ReceiptNumber                 null              `json:"receipt_number"`
	ReceiptURL                    null              `json:"receipt_url"`
	Refunded                      bool              `json:"refunded"`
	Review                        null              `json:"review"`
	Shipping                      json.RawMessage   `json:"shipping"`
	Source                        null              `json:"source"`
	SourceTransfer                null              `json:"source_transfer"`
	StatementDescriptor           opt               `json:"statement_descriptor"`
	StatementDescriptorSuffix     opt               `json:"statement_descriptor_suffix"`
	Status                        string            `json:"status"`
	TransferData                  null              `json:"transfer_data"`
	TransferGroup                 opt               `json:"transfer_group"`

	hidden chargeHidden
}

type chargeHidden struct {
	Card     string // name of the published card
	Given    int64  // refunded to the payer, what a partial capture released not counted
	Disputed int64  // withdrawn by disputes
}

type outcome struct {
	AdviceCode         opt    `json:"advice_code"`
	NetworkAdviceCode  opt    `json:"network_advice_code"`
	NetworkDeclineCode opt    `json:"network_decline_code"`
	NetworkStatus      string `json:"network_status"`
	Reason             opt    `json:"reason"`
	RiskLevel          string `json:"risk_level"`
	RiskScore          int64  `json:"risk_score"`
	SellerMessage      string `json:"seller_message"`
	Type               string `json:"type"`
}

type chargeDetails struct {
	Card chargeCard `json:"card"`
	Type string     `json:"type"`
}

type chargeCard struct {
	AmountAuthorized         int64         `json:"amount_authorized"`
	AuthorizationCode        opt           `json:"authorization_code"`
	Brand                    string        `json:"brand"`
	CaptureBefore            int64         `json:"capture_before,omitempty"`
	Checks                   checks        `json:"checks"`
	Country                  string        `json:"country"`
	ExpMonth                 int64         `json:"exp_month"`
	ExpYear                  int64         `json:"exp_year"`
	ExtendedAuthorization    support       `json:"extended_authorization"`
	Fingerprint              string        `json:"fingerprint"`
	Funding                  string        `json:"funding"`
	IncrementalAuthorization support       `json:"incremental_authorization"`
	Installments             null          `json:"installments"`
	Last4                    string        `json:"last4"`
	Mandate                  null          `json:"mandate"`
	Multicapture             support       `json:"multicapture"`
	Network                  string        `json:"network"`
	NetworkToken             networkToken  `json:"network_token"`
	NetworkTransactionID     opt           `json:"network_transaction_id"`
	Overcapture              overcapture   `json:"overcapture"`
	RegulatedStatus          string        `json:"regulated_status"`
	ThreeDSecure             *threeDSecure `json:"three_d_secure"`
	Wallet                   null          `json:"wallet"`
}

// support says whether a feature of card networks could be used.
type support struct {
	Status string `json:"status"`
}

type networkToken struct {
	Used bool `json:"used"`
}

type overcapture struct {
	MaximumAmountCapturable int64  `json:"maximum_amount_capturable"`
	Status                  string `json:"status"`
}

// threeDSecure is what 3-D Secure said of an attempt.
type threeDSecure struct {
	AuthenticationFlow          opt    `json:"authentication_flow"`
	ElectronicCommerceIndicator opt    `json:"electronic_commerce_indicator"`
	ExemptionIndicator          null   `json:"exemption_indicator"`
	Result                      string `json:"result"`
	ResultReason                opt    `json:"result_reason"`
	TransactionID               opt    `json:"transaction_id"`
	Version                     opt    `json:"version"`
}

// tdsResult is how one outcome of 3-D Secure is written down. The indicator is
// Visa's; Mastercard counts from 00 to 02.
type tdsResult struct{ flow, result, reason, visaECI, mastercardECI string }

var tdsResults = map[authNeed]tdsResult{
	attempted:    {"", "attempt_acknowledged", "", "06", "01"},
	frictionless: {"frictionless", "authenticated", "", "05", "02"},
	challenge:    {"challenge", "authenticated", "", "05", "02"},
	lookupBroken: {"", "processing_error", "protocol_error", "07", "00"},
	lookupFailed: {"", "processing_error", "protocol_error", "07", "00"},
}

// details is nil for an attempt without 3-D Secure.
func (r tdsResult) details(t *tx, m *method) *threeDSecure {
	if r.result == "" {
		return nil
	}
	eci := r.visaECI
	if m.Card.Brand == mastercard {
		eci = r.mastercardECI
	}
	return &threeDSecure{
		AuthenticationFlow: opt(r.flow), ElectronicCommerceIndicator: opt(eci), Result: r.result,
		ResultReason: opt(r.reason), TransactionID: opt(t.w.randomText(36)), Version: "2.2.0",
	}
}

func (c *charge) columns() columns {
	return columns{kind: "charge", id: c.ID, created: c.Created, customer: string(c.Customer), intent: string(c.PaymentIntent)}
}

func (c *charge) hiddenPart() any { return &c.hidden }

// descriptorPrefix is the merchant's name on card statements.
const descriptorPrefix = "SANDBOX"

func statementText(p *intent) opt {
	const longest = 22
	text := descriptorPrefix
	if p.StatementDescriptorSuffix != "" {
		text += "* " + string(p.StatementDescriptorSuffix)
	} else if p.StatementDescriptor != "" {
		text = string(p.StatementDescriptor)
	}
	return opt(strings.ToUpper(text[:min(len(text), longest)]))
}

// newCharge is one attempt on an intent, with nothing decided yet.
func (t *tx) newCharge(p *intent, m *method, tds *threeDSecure) *charge {
	ch := &charge{
		ID: t.w.newID("ch"), Object: "charge", Amount: p.Amount, BillingDetails: m.BillingDetails,
		CalculatedStatementDescriptor: statementText(p), Created: t.now.Unix(), Currency: p.Currency,
		Customer: p.Customer, Description: p.Description, Metadata: map[string]string{},
		PaymentIntent: opt(p.ID), PaymentMethod: opt(m.ID), ReceiptEmail: p.ReceiptEmail, Shipping: p.Shipping,
		StatementDescriptor: p.StatementDescriptor, StatementDescriptorSuffix: p.StatementDescriptorSuffix,
		TransferGroup: p.TransferGroup, hidden: chargeHidden{Card: m.hidden.Card},
	}
	for k, v := range p.Metadata {
		ch.Metadata[k] = v
	}
	unavailable := support{"disabled"}
	ch.PaymentMethodDetails = chargeDetails{Type: "card", Card: chargeCard{
		Brand: m.Card.Brand, Checks: m.Card.Checks, Country: m.Card.Country, ExpMonth: m.Card.ExpMonth, ExpYear: m.Card.ExpYear,
		ExtendedAuthorization: unavailable, Fingerprint: m.Card.Fingerprint, Funding: m.Card.Funding,
		IncrementalAuthorization: support{"unavailable"}, Last4: m.Card.Last4, Multicapture: support{"unavailable"},
		Network: m.Card.Brand, Overcapture: overcapture{p.Amount, "unavailable"}, RegulatedStatus: "unregulated", ThreeDSecure: tds,
	}}
	return ch
}

var riskScores = map[string]int64{"normal": 12, "elevated": 68, "highest": 92}

func (c *card) riskLevel() string {
	if c.risk == "" {
		return "normal"
	}
	return c.risk
}

func approvedOutcome(p *card) outcome {
	return outcome{
		NetworkStatus: "approved_by_network", RiskLevel: p.riskLevel(), RiskScore: riskScores[p.riskLevel()],
		SellerMessage: "Payment complete.", Type: "authorized",
	}
}

func declinedOutcome(p *card, e *apiError) outcome {
	o := outcome{
		AdviceCode: opt(e.AdviceCode), NetworkAdviceCode: opt(e.NetworkAdviceCode), NetworkDeclineCode: opt(e.NetworkDeclineCode),
		NetworkStatus: "declined_by_network", Reason: opt(e.DeclineCode), RiskLevel: p.riskLevel(), RiskScore: riskScores[p.riskLevel()],
		SellerMessage: "The bank did not accept the payment.", Type: "issuer_declined",
	}
	if p.blocked {
		o.NetworkStatus, o.Type, o.Reason = "not_sent_to_network", "blocked", "highest_risk_level"
		o.SellerMessage = "The payment was blocked as too risky."
	}
	return o
}

// feeOf is what the provider keeps of a captured charge: 2.9 percent and 30
// minor units, rounded half up, and never more than the charge.
func feeOf(amount int64) int64 {
	const perMille, fixed = 29, 30
	return min(amount, (amount*perMille+500)/1000+fixed)
}

// feeKnownAfter is how long it takes until an automatic_async charge has its
// balance transaction.
const feeKnownAfter = 2 * time.Second

// captureCharge takes amount of a charge for good. The intent's status has
// been set by the caller.
func (t *tx) captureCharge(p *intent, ch *charge, amount int64) error {
	ch.Captured, ch.AmountCaptured = true, amount
	ch.AmountRefunded = ch.Amount - amount // a partial capture releases the rest
	p.AmountReceived, p.AmountCapturable = amount, 0
	t.save(ch)
	t.save(p)
	if err := t.bookCapture(p, ch); err != nil {
		return err
	}
	if p.CaptureMethod == "automatic_async" && !p.manual() {
		if err := t.later(t.now.Add(feeKnownAfter), dueFeeKnown, ch.ID); err != nil {
			return err
		}
	} else if err := t.settleCharge(ch); err != nil {
		return err
	}
	kind := "charge.succeeded"
	if p.manual() {
		kind = "charge.captured"
	}
	if err := t.event(kind, ch); err != nil {
		return err
	}
	if err := t.event("payment_intent.succeeded", p); err != nil {
		return err
	}
	return t.disputeIfCardSays(ch)
}

// settleCharge gives a captured charge its balance transaction.
func (t *tx) settleCharge(ch *charge) error {
	fee := feeOf(ch.AmountCaptured)
	b := t.newBalanceTransaction("charge", ch.ID, ch.Currency, ch.AmountCaptured, fee)
	if cardsByName[ch.hidden.Card].available {
		b.AvailableOn, b.Status = t.now.Unix(), "available"
	}
	ch.BalanceTransaction = opt(b.ID)
	t.save(ch)
	t.save(b)
	return t.post(b.ID, "charge", ch.Currency, posting{accountFees, fee}, posting{accountMerchant, -fee})
}

// feeBecomesKnown is settleCharge, some time after an asynchronous capture.
func (t *tx) feeBecomesKnown(id string) error {
	ch, found, err := load[charge](t, "charge", id)
	if err != nil || !found || ch.BalanceTransaction != "" {
		return err
	}
	if err := t.settleCharge(ch); err != nil {
		return err
	}
	return t.event("charge.updated", ch)
}

func (t *tx) charge(id, param string) (*charge, error) {
	ch, found, err := load[charge](t, "charge", id)
	if err == nil && !found {
		err = noSuch("charge", id, param)
	}
	return ch, err
}

func retrieveCharge(t *tx, c *call) (any, error) { return t.charge(c.ids[0], "id") }

func updateCharge(t *tx, c *call) (any, error) {
	ch, err := t.charge(c.ids[0], "id")
	if err != nil {
		return nil, err
	}
	ch.Description = c.form.textOr("description", ch.Description)
	ch.Metadata = c.form.mergeMetadata(ch.Metadata)
	ch.ReceiptEmail = c.form.textOr("receipt_email", ch.ReceiptEmail)
	if c.form.err != nil {
		return nil, c.form.err
	}
	t.save(ch)
	return ch, t.event("charge.updated", ch)
}
