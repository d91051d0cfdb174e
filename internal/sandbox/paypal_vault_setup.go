package sandbox

import (
	"encoding/json"
	"net/url"
	"slices"
	"time"
)

// setupTokenLife is how long a setup token can be approved and made a payment
// token. https://developer.paypal.com/docs/api/payment-tokens/v3/
const setupTokenLife = 3 * 24 * time.Hour

// States of a setup token.
const (
	payerActionRequired = "PAYER_ACTION_REQUIRED"
	payerApproved       = "APPROVED"
	setupVaulted        = "VAULTED"
)

// A paypalSetupToken asks a payer for an agreement.
type paypalSetupToken struct {
	ID            string        `json:"id"`
	Customer      vaultCustomer `json:"customer"`
	Status        string        `json:"status"`
	PaymentSource vaultedSource `json:"payment_source"`
	Links         []paypalLink  `json:"links"`
	hidden        setupTokenHidden
}

type setupTokenHidden struct {
	Created, Ends  int64 // Unix seconds
	Origin         string
	PayerID        string // who approved
	TokenID        string // what it was made into
	OwnCustomer    bool   // the merchant named the customer
	WithExperience experienceContext
}

type vaultCustomer struct {
	ID                 string `json:"id,omitempty"`
	MerchantCustomerID string `json:"merchant_customer_id,omitempty"`
}

// vaultedSource is a payment source of the vault. Only PayPal's own wallet is
// here.
type vaultedSource struct {
	PayPal vaultedWallet `json:"paypal"`
}

type vaultedWallet struct {
	Description    string         `json:"description,omitempty"`
	UsageType      string         `json:"usage_type,omitempty"`
	UsagePattern   string         `json:"usage_pattern,omitempty"`
	CustomerType   string         `json:"customer_type,omitempty"`
	PermitMultiple bool           `json:"permit_multiple_payment_tokens"`
	EmailAddress   string         `json:"email_address,omitempty"`
	PayerID        string         `json:"payer_id,omitempty"`
	AccountID      string         `json:"account_id,omitempty"`
	Name           *paypalName    `json:"name,omitempty"`
	Address        *paypalAddress `json:"address,omitempty"`
}

// experienceContext is what the payer sees and where the payer goes then.
type experienceContext struct {
	BrandName          string `json:"brand_name,omitempty"`
	Locale             string `json:"locale,omitempty"`
	ReturnURL          string `json:"return_url,omitempty"`
	CancelURL          string `json:"cancel_url,omitempty"`
	ShippingPreference string `json:"shipping_preference,omitempty"`
}

func (s *paypalSetupToken) columns() columns {
	return columns{kind: "paypal_setup_token", id: s.ID, created: s.hidden.Created, customer: s.Customer.ID, mark: s.Status}
}

func (s *paypalSetupToken) hiddenPart() any { return &s.hidden }

// link gives a setup token the links of its state.
func (s *paypalSetupToken) link() {
	o := s.hidden.Origin
	s.Links = []paypalLink{{o + "/v3/vault/setup-tokens/" + s.ID, "self", "GET"}}
	switch s.Status {
	case payerActionRequired:
		s.Links = append(s.Links, paypalLink{o + "/agreements/approve?approval_session_id=" + s.ID, "approve", "GET"})
	case payerApproved:
		s.Links = append(s.Links, paypalLink{o + "/v3/vault/payment-tokens", "confirm", "POST"})
	}
}

// setupTokenRequest is the body of creating one.
type setupTokenRequest struct {
	Customer      vaultCustomer `json:"customer"`
	PaymentSource *struct {
		Card   json.RawMessage `json:"card"`
		Venmo  json.RawMessage `json:"venmo"`
		PayPal *struct {
			vaultedWallet
			ExperienceContext experienceContext `json:"experience_context"`
		} `json:"paypal"`
	} `json:"payment_source"`
}

var usagePatterns = []string{"", "IMMEDIATE", "DEFERRED", "RECURRING_PREPAID", "RECURRING_POSTPAID", "THRESHOLD_PREPAID",
	"THRESHOLD_POSTPAID", "SUBSCRIPTION_PREPAID", "SUBSCRIPTION_POSTPAID", "UNSCHEDULED_PREPAID", "UNSCHEDULED_POSTPAID", "INSTALLMENT_PREPAID", "INSTALLMENT_POSTPAID"}

// check refuses what PayPal's own wallet cannot be set up with.
func (r *setupTokenRequest) check() error {
	const at = "/payment_source/paypal"
	switch {
	case r.PaymentSource == nil:
		return missingField("/payment_source")
	case r.PaymentSource.Card != nil || r.PaymentSource.Venmo != nil:
		return invalidField("/payment_source", "INVALID_PARAMETER_VALUE")
	case r.PaymentSource.PayPal == nil:
		return missingField(at)
	}
	p := r.PaymentSource.PayPal
	const customerMax = 22
	switch {
	case !isPageURL(p.ExperienceContext.ReturnURL):
		return urlField(at+"/experience_context/return_url", p.ExperienceContext.ReturnURL)
	case !isPageURL(p.ExperienceContext.CancelURL):
		return urlField(at+"/experience_context/cancel_url", p.ExperienceContext.CancelURL)
	case p.UsageType == "":
		return missingField(at + "/usage_type")
	case p.UsageType != "MERCHANT" && p.UsageType != "PLATFORM":
		return invalidField(at+"/usage_type", "INVALID_PARAMETER_VALUE")
	case !slices.Contains(usagePatterns, p.UsagePattern):
		return invalidField(at+"/usage_pattern", "INVALID_PARAMETER_VALUE")
	case len(p.Description) > 128:
		return invalidField(at+"/description", "INVALID_STRING_LENGTH")
	case len(r.Customer.ID) > customerMax:
		return invalidField("/customer/id", "INVALID_STRING_LENGTH")
	}
	return nil
}

func urlField(field, value string) error {
	if value == "" {
		return missingField(field)
	}
	return invalidField(field, "INVALID_PARAMETER_SYNTAX")
}

func isPageURL(page string) bool {
	u, err := url.Parse(page)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

func createSetupToken(t *tx, c *paypalCall) (any, error) {
	var r setupTokenRequest
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	asked := r.PaymentSource.PayPal
	s := &paypalSetupToken{ID: t.w.paypalID(), Customer: r.Customer, Status: payerActionRequired}
	s.hidden = setupTokenHidden{Created: t.now.Unix(), Ends: t.now.Add(setupTokenLife).Unix(), Origin: t.by.origin,
		OwnCustomer: r.Customer.ID != "", WithExperience: asked.ExperienceContext}
	if s.Customer.ID == "" {
		const customerLength = 12
		s.Customer.ID = t.w.randomText(customerLength)
	}
	s.PaymentSource.PayPal = vaultedWallet{Description: asked.Description, UsageType: asked.UsageType, UsagePattern: asked.UsagePattern,
		CustomerType: asked.CustomerType, PermitMultiple: asked.PermitMultiple}
	s.link()
	t.save(s)
	return s, nil
}

// setupToken finds one that has not lapsed.
func (t *tx) setupToken(id string) (*paypalSetupToken, error) {
	s, found, err := load[paypalSetupToken](t, "paypal_setup_token", id)
	if err == nil && (!found || t.now.Unix() >= s.hidden.Ends) {
		err = noResource()
	}
	return s, err
}

func retrieveSetupToken(t *tx, c *paypalCall) (any, error) { return t.setupToken(c.id) }
