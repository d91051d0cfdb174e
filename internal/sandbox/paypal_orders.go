package sandbox

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// orderLife is how long an order waits for the payer's approval, and, from
// there, for being authorized or captured. https://developer.paypal.com/docs/api/orders/v2/
const orderLife = 3 * time.Hour

// Intents and states of an order that are not also those of something else.
const (
	intentCapture   = "CAPTURE"
	intentAuthorize = "AUTHORIZE"
	orderCreated    = "CREATED"
	orderCompleted  = "COMPLETED"
)

// A paypalOrder is one purchase. The payments of its unit are added when it is
// answered.
type paypalOrder struct {
	ID            string         `json:"id"`
	Intent        string         `json:"intent"`
	Status        string         `json:"status"`
	PaymentSource *orderSource   `json:"payment_source,omitempty"`
	PurchaseUnits []purchaseUnit `json:"purchase_units"`
	Payer         *orderPayer    `json:"payer,omitempty"`
	CreateTime    string         `json:"create_time"`
	UpdateTime    string         `json:"update_time,omitempty"`
	Links         []paypalLink   `json:"links"`

	hidden orderHidden
}

type orderHidden struct {
	Created, Ends     int64 // Unix seconds
	Origin            string
	Amount            money.Amount
	PayerID, TokenID  string
	MustAct           bool // nobody but the payer can make it go on
	WithExperience    experienceContext
	Authorizations    []string
	Captures, Refunds []string
}

// orderSource says how an order is paid.
type orderSource struct {
	PayPal *orderWallet `json:"paypal,omitempty"`
}

type orderWallet struct {
	EmailAddress     string          `json:"email_address,omitempty"`
	AccountID        string          `json:"account_id,omitempty"`
	AccountStatus    string          `json:"account_status,omitempty"`
	Name             *paypalName     `json:"name,omitempty"`
	Address          *paypalAddress  `json:"address,omitempty"`
	StoredCredential json.RawMessage `json:"stored_credential,omitempty"`
}

type orderPayer struct {
	Name         *paypalName    `json:"name,omitempty"`
	EmailAddress string         `json:"email_address,omitempty"`
	PayerID      string         `json:"payer_id,omitempty"`
	Address      *paypalAddress `json:"address,omitempty"`
}

// A purchaseUnit is what is bought. The sandbox takes one per order.
type purchaseUnit struct {
	ReferenceID       string          `json:"reference_id,omitempty"`
	Amount            *unitAmount     `json:"amount,omitempty"`
	Payee             *payee          `json:"payee,omitempty"`
	Description       string          `json:"description,omitempty"`
	CustomID          string          `json:"custom_id,omitempty"`
	InvoiceID         string          `json:"invoice_id,omitempty"`
	SoftDescriptor    string          `json:"soft_descriptor,omitempty"`
	Items             json.RawMessage `json:"items,omitempty"`
	Shipping          json.RawMessage `json:"shipping,omitempty"`
	SupplementaryData json.RawMessage `json:"supplementary_data,omitempty"`
	Payments          *unitPayments   `json:"payments,omitempty"`
}

type unitAmount struct {
	paypalMoney
	Breakdown json.RawMessage `json:"breakdown,omitempty"`
}

type unitPayments struct {
	Authorizations []*paypalAuthorization `json:"authorizations,omitempty"`
	Captures       []*paypalCapture       `json:"captures,omitempty"`
	Refunds        []*paypalRefund        `json:"refunds,omitempty"`
}

// payee is the one merchant of the sandbox.
type payee struct {
	EmailAddress string `json:"email_address"`
	MerchantID   string `json:"merchant_id"`
}

var theMerchant = payee{"merchant@sandbox.example.com", "MERCHANT22222"}

func (o *paypalOrder) columns() columns {
	return columns{kind: "paypal_order", id: o.ID, created: o.hidden.Created, customer: o.hidden.PayerID, charge: o.hidden.TokenID, mark: o.Status}
}

func (o *paypalOrder) hiddenPart() any { return &o.hidden }

// link gives an order the links of its state.
func (o *paypalOrder) link() {
	self := o.hidden.Origin + "/v2/checkout/orders/" + o.ID
	page := o.hidden.Origin + "/checkoutnow?token=" + o.ID
	pay := paypalLink{self + "/capture", "capture", "POST"}
	if o.Intent == intentAuthorize {
		pay = paypalLink{self + "/authorize", "authorize", "POST"}
	}
	o.Links = []paypalLink{{self, "self", "GET"}}
	switch o.Status {
	case orderCreated:
		o.Links = append(o.Links, paypalLink{page, "approve", "GET"}, paypalLink{self, "update", "PATCH"}, pay)
	case payerActionRequired:
		o.Links = append(o.Links, paypalLink{page, "payer-action", "GET"})
	case payerApproved:
		o.Links = append(o.Links, paypalLink{self, "update", "PATCH"}, pay)
	}
}

// orderRequest is the body of creating an order.
type orderRequest struct {
	Intent             string             `json:"intent"`
	PurchaseUnits      []purchaseUnit     `json:"purchase_units"`
	PaymentSource      *askedSource       `json:"payment_source"`
	ApplicationContext *experienceContext `json:"application_context"`
}

// askedSource is a payment source as it is sent.
type askedSource struct {
	PayPal *askedWallet `json:"paypal"`
	Token  *struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	} `json:"token"`
	Card json.RawMessage `json:"card"`
}

type askedWallet struct {
	VaultID            string             `json:"vault_id"`
	BillingAgreementID string             `json:"billing_agreement_id"`
	ExperienceContext  *experienceContext `json:"experience_context"`
	StoredCredential   json.RawMessage    `json:"stored_credential"`
	Attributes         struct {
		Vault json.RawMessage `json:"vault"`
	} `json:"attributes"`
}

// token is the payment token that a source names, "" if it names none.
func (s *askedSource) token() string {
	switch {
	case s == nil:
		return ""
	case s.Token != nil:
		return s.Token.ID
	case s.PayPal != nil:
		return s.PayPal.VaultID
	}
	return ""
}

// check refuses sources that are not PayPal's own wallet.
func (s *askedSource) check() error {
	switch {
	case s == nil:
		return nil
	case s.Card != nil:
		return invalidField("/payment_source/card", "INVALID_PARAMETER_VALUE")
	case s.PayPal == nil && s.Token == nil:
		return missingField("/payment_source/paypal")
	case s.Token != nil && s.Token.ID == "":
		return missingField("/payment_source/token/id")
	case s.PayPal == nil:
		return nil
	case s.PayPal.Attributes.Vault != nil:
		return invalidField("/payment_source/paypal/attributes/vault", "INVALID_PARAMETER_VALUE")
	}
	if e := s.PayPal.ExperienceContext; e != nil {
		if e.ReturnURL != "" && !isPageURL(e.ReturnURL) {
			return urlField("/payment_source/paypal/experience_context/return_url", e.ReturnURL)
		}
		if e.CancelURL != "" && !isPageURL(e.CancelURL) {
			return urlField("/payment_source/paypal/experience_context/cancel_url", e.CancelURL)
		}
	}
	return s.PayPal.checkCredential()
}

func (s *askedWallet) checkCredential() error {
	if s.StoredCredential == nil {
		return nil
	}
	const at = "/payment_source/paypal/stored_credential"
	var said struct {
		PaymentInitiator string `json:"payment_initiator"`
		UsagePattern     string `json:"usage_pattern"`
	}
	if json.Unmarshal(s.StoredCredential, &said) != nil {
		return invalidField(at, "INVALID_PARAMETER_SYNTAX")
	}
	switch {
	case said.PaymentInitiator == "":
		return missingField(at + "/payment_initiator")
	case said.PaymentInitiator != "CUSTOMER" && said.PaymentInitiator != "MERCHANT":
		return invalidField(at+"/payment_initiator", "INVALID_PARAMETER_VALUE")
	case !slices.Contains(usagePatterns, said.UsagePattern):
		return invalidField(at+"/usage_pattern", "INVALID_PARAMETER_VALUE")
	}
	return nil
}

// check returns the amount of an order that can be made.
func (r *orderRequest) check() (money.Amount, error) {
	const unit = "/purchase_units/@reference_id=='default'"
	switch {
	case r.Intent == "":
		return money.Amount{}, missingField("/intent")
	case r.Intent != intentCapture && r.Intent != intentAuthorize:
		return money.Amount{}, invalidField("/intent", "INVALID_PARAMETER_VALUE")
	case len(r.PurchaseUnits) == 0:
		return money.Amount{}, missingField("/purchase_units")
	case len(r.PurchaseUnits) > 1:
		return money.Amount{}, invalidField("/purchase_units", "INVALID_ARRAY_MAX_ITEMS")
	}
	u := &r.PurchaseUnits[0]
	const textMax, descriptorMax = 127, 22
	switch {
	case len(u.InvoiceID) > textMax:
		return money.Amount{}, invalidField(unit+"/invoice_id", "INVALID_STRING_LENGTH")
	case len(u.CustomID) > textMax:
		return money.Amount{}, invalidField(unit+"/custom_id", "INVALID_STRING_LENGTH")
	case len(u.Description) > textMax:
		return money.Amount{}, invalidField(unit+"/description", "INVALID_STRING_LENGTH")
	case len(u.SoftDescriptor) > descriptorMax:
		return money.Amount{}, invalidField(unit+"/soft_descriptor", "INVALID_STRING_LENGTH")
	case u.Amount == nil:
		return money.Amount{}, missingField(unit + "/amount")
	}
	if err := r.PaymentSource.check(); err != nil {
		return money.Amount{}, err
	}
	return fromPayPal(&u.Amount.paypalMoney, unit+"/amount")
}

// createPayPalOrder makes an order, and pays it at once if it names a payment
// token.
func createPayPalOrder(t *tx, c *paypalCall) (any, error) {
	var r orderRequest
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	amount, err := r.check()
	if err != nil {
		return nil, err
	}
	if r.PaymentSource != nil && c.requestID == "" {
		return nil, malformed("PAYPAL_REQUEST_ID_REQUIRED")
	}
	o := t.newOrder(&r, amount)
	if token := r.PaymentSource.token(); token != "" {
		if err := t.payWith(o, token, c); err != nil {
			return nil, err
		}
		if _, err := t.settleOrder(o, c); err != nil {
			return nil, err
		}
	}
	o.link()
	t.save(o)
	return t.shownOrder(o, c.whole)
}

func (t *tx) newOrder(r *orderRequest, amount money.Amount) *paypalOrder {
	o := &paypalOrder{ID: t.w.paypalID(), Intent: r.Intent, Status: orderCreated, PurchaseUnits: r.PurchaseUnits, CreateTime: paypalTime(t.now)}
	u := &o.PurchaseUnits[0]
	if u.ReferenceID == "" {
		u.ReferenceID = "default"
	}
	u.Payee, u.Payments = &theMerchant, nil
	o.hidden = orderHidden{Created: t.now.Unix(), Ends: t.now.Add(orderLife).Unix(), Origin: t.by.origin, Amount: amount}
	if r.ApplicationContext != nil {
		o.hidden.WithExperience = *r.ApplicationContext
	}
	o.takeSource(r.PaymentSource)
	return o
}

// takeSource notes how an order is to be paid.
func (o *paypalOrder) takeSource(s *askedSource) {
	if s == nil {
		return
	}
	if o.PaymentSource == nil {
		o.PaymentSource = &orderSource{PayPal: &orderWallet{}}
	}
	if s.PayPal == nil {
		return
	}
	o.PaymentSource.PayPal.StoredCredential = s.PayPal.StoredCredential
	if s.PayPal.ExperienceContext != nil {
		o.hidden.WithExperience = *s.PayPal.ExperienceContext
	}
	if s.token() == "" {
		o.Status = payerActionRequired
	}
}

// payWith has an order paid by the payer of a payment token.
func (t *tx) payWith(o *paypalOrder, token string, c *paypalCall) error {
	p, found, err := load[paypalPaymentToken](t, "paypal_payment_token", token)
	if err != nil {
		return err
	}
	if !found || p.hidden.State != tokenLive {
		return unusableToken(c.op, found)
	}
	o.hidden.TokenID = token
	return t.approvedBy(o, p.hidden.PayerID)
}

// unusableToken is the refusal of a payment token that does not exist, or not
// any more. Operations are described as answering it differently.
func unusableToken(op string, existed bool) error {
	issue := "TOKEN_ID_NOT_FOUND"
	switch {
	case op == "paypal_order_confirm":
		issue = "PAYMENT_SOURCE_CANNOT_BE_USED"
	case existed:
		issue = "AGREEMENT_ALREADY_CANCELLED"
	case op == "paypal_order_create":
		issue = "BILLING_AGREEMENT_NOT_FOUND"
	}
	return unprocessable(issue).at("/payment_source/paypal/vault_id")
}

// approvedBy writes down who pays an order.
func (t *tx) approvedBy(o *paypalOrder, payer string) error {
	a, err := t.account(payer)
	if err != nil {
		return err
	}
	o.hidden.PayerID = a.PayerID
	o.Payer = &orderPayer{Name: &paypalName{GivenName: a.GivenName, Surname: a.Surname}, EmailAddress: a.Email, PayerID: a.PayerID, Address: &paypalAddress{a.Country}}
	var credential json.RawMessage
	if o.PaymentSource != nil && o.PaymentSource.PayPal != nil {
		credential = o.PaymentSource.PayPal.StoredCredential
	}
	o.PaymentSource = &orderSource{PayPal: &orderWallet{EmailAddress: a.Email, AccountID: a.PayerID, AccountStatus: "VERIFIED",
		Name: &paypalName{GivenName: a.GivenName, Surname: a.Surname}, Address: &paypalAddress{a.Country}, StoredCredential: credential}}
	o.Status = payerApproved
	return nil
}

// order finds one that has not lapsed.
func (t *tx) order(id string) (*paypalOrder, error) {
	o, found, err := load[paypalOrder](t, "paypal_order", id)
	if err == nil && (!found || o.Status != orderCompleted && t.now.Unix() >= o.hidden.Ends) {
		err = noResource()
	}
	return o, err
}

func retrievePayPalOrder(t *tx, c *paypalCall) (any, error) {
	o, err := t.order(c.id)
	if err != nil {
		return nil, err
	}
	return t.shownOrder(o, true)
}

// shownOrder is an order as it is answered: whole, or the minimum. The minimum
// of a paid order still says what its payments are.
func (t *tx) shownOrder(o *paypalOrder, whole bool) (any, error) {
	shown := *o
	shown.PurchaseUnits = slices.Clone(o.PurchaseUnits)
	u := &shown.PurchaseUnits[0]
	var err error
	if u.Payments, err = t.paymentsOf(o); err != nil {
		return nil, err
	}
	if whole {
		return &shown, nil
	}
	least := map[string]any{"id": o.ID, "status": o.Status, "links": o.Links}
	if o.PaymentSource != nil {
		least["payment_source"] = o.PaymentSource
	}
	if u.Payments != nil {
		least["purchase_units"] = []purchaseUnit{{ReferenceID: u.ReferenceID, Payments: u.Payments}}
		least["payer"] = o.Payer
	}
	return least, nil
}

// paymentsOf returns nil for an order without any.
func (t *tx) paymentsOf(o *paypalOrder) (*unitPayments, error) {
	h := &o.hidden
	if len(h.Authorizations)+len(h.Captures)+len(h.Refunds) == 0 {
		return nil, nil
	}
	p := &unitPayments{}
	for _, id := range h.Authorizations {
		a, err := t.authorization(id)
		if err != nil {
			return nil, err
		}
		p.Authorizations = append(p.Authorizations, a)
	}
	for _, id := range h.Captures {
		got, err := t.paypalCapture(id)
		if err != nil {
			return nil, err
		}
		p.Captures = append(p.Captures, got)
	}
	for _, id := range h.Refunds {
		r, err := t.paypalRefund(id)
		if err != nil {
			return nil, err
		}
		p.Refunds = append(p.Refunds, r)
	}
	return p, nil
}

// confirmPayPalOrder says how an order is to be paid: by a payment token, or
// by a payer who has to approve it.
func confirmPayPalOrder(t *tx, c *paypalCall) (any, error) {
	var r struct {
		PaymentSource *askedSource `json:"payment_source"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	if r.PaymentSource == nil {
		return nil, missingField("/payment_source")
	}
	if err := r.PaymentSource.check(); err != nil {
		return nil, err
	}
	o, err := t.order(c.id)
	if err != nil {
		return nil, err
	}
	switch {
	case o.Status == orderCompleted && o.Intent == intentAuthorize:
		return nil, unprocessable("ORDER_ALREADY_AUTHORIZED")
	case o.Status == orderCompleted:
		return nil, unprocessable("ORDER_ALREADY_CAPTURED")
	case o.Status == payerApproved:
		return nil, unprocessable("PAYMENT_ALREADY_APPROVED")
	case o.hidden.MustAct:
		return nil, unprocessable("PAYMENT_SOURCE_CANNOT_BE_USED")
	}
	o.takeSource(r.PaymentSource)
	if token := r.PaymentSource.token(); token != "" {
		if err := t.payWith(o, token, c); err != nil {
			return nil, err
		}
	}
	o.UpdateTime = paypalTime(t.now)
	o.link()
	t.save(o)
	return t.shownOrder(o, c.whole)
}
