package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
)

// Statuses of an intent.
const (
	requiresPaymentMethod = "requires_payment_method"
	requiresConfirmation  = "requires_confirmation"
	requiresAction        = "requires_action"
	requiresCapture       = "requires_capture"
	succeeded             = "succeeded"
	canceled              = "canceled"
	failed                = "failed"
)

// An intent is a PaymentIntent: one amount that is to be collected once.
type intent struct {
	ID                                string            `json:"id"`
	Object                            string            `json:"object"`
	Amount                            int64             `json:"amount"`
	AmountCapturable                  int64             `json:"amount_capturable"`
	AmountDetails                     amountDetails     `json:"amount_details"`
	AmountReceived                    int64             `json:"amount_received"`
	Application                       null              `json:"application"`
	ApplicationFeeAmount              null              `json:"application_fee_amount"`
	AutomaticPaymentMethods           *automaticMethods `json:"automatic_payment_methods"`
	CanceledAt                        optInt            `json:"canceled_at"`
	CancellationReason                opt               `json:"cancellation_reason"`
	CaptureMethod                     string            `json:"capture_method"`
	ClientSecret                      string            `json:"client_secret"`
	ConfirmationMethod                string            `json:"confirmation_method"`
	Created                           int64             `json:"created"`
	Currency                          string            `json:"currency"`
	Customer                          opt               `json:"customer"`
	CustomerAccount                   null              `json:"customer_account"`
	Description                       opt               `json:"description"`
	ExcludedPaymentMethodTypes        null              `json:"excluded_payment_method_types"`
	LastPaymentError                  *apiError         `json:"last_payment_error"`
	LatestCharge                      opt               `json:"latest_charge"`
	Livemode                          bool              `json:"livemode"`
	Metadata                          map[string]string `json:"metadata"`
	NextAction                        *nextAction       `json:"next_action"`
	OnBehalfOf                        null              `json:"on_behalf_of"`
	PaymentMethod                     opt               `json:"payment_method"`
	PaymentMethodConfigurationDetails null              `json:"payment_method_configuration_details"`
	PaymentMethodOptions              intentOptions     `json:"payment_method_options"`
	PaymentMethodTypes                []string          `json:"payment_method_types"`
	Processing                        null              `json:"processing"`
	ReceiptEmail                      opt               `json:"receipt_email"`
	Review                            null              `json:"review"`
	SetupFutureUsage                  opt               `json:"setup_future_usage"`
	Shipping                          json.RawMessage   `json:"shipping"`
	Source                            null              `json:"source"`
	StatementDescriptor               opt               `json:"statement_descriptor"`
	StatementDescriptorSuffix         opt               `json:"statement_descriptor_suffix"`
	Status                            string            `json:"status"`
	TransferData                      null              `json:"transfer_data"`
	TransferGroup                     opt               `json:"transfer_group"`

	hidden intentHidden
}

// intentHidden is what the world knows of an intent and does not tell.
type intentHidden struct {
	OffSession bool   // as last confirmed
	ReturnURL  string // where the issuer sends the payer back to
	Challenge  string // id of the challenge that waits
	Order      string // what the control desk ordered for this attempt
	HoldEnds   int64  // Unix seconds until which a hold can be captured
}

type amountDetails struct {
	Tip struct{} `json:"tip"`
}

type automaticMethods struct {
	AllowRedirects string `json:"allow_redirects"`
	Enabled        bool   `json:"enabled"`
}

type intentOptions struct {
	Card *cardOptions `json:"card,omitempty"`
}

type cardOptions struct {
	CaptureMethod       string `json:"capture_method,omitempty"`
	Installments        null   `json:"installments"`
	MandateOptions      null   `json:"mandate_options"`
	Network             null   `json:"network"`
	RequestThreeDSecure string `json:"request_three_d_secure"`
	SetupFutureUsage    string `json:"setup_future_usage,omitempty"`
}

// nextAction is what the payer has to do.
type nextAction struct {
	Type          string         `json:"type"`
	RedirectToURL *redirectToURL `json:"redirect_to_url,omitempty"`
	UseStripeSDK  *useStripeSDK  `json:"use_stripe_sdk,omitempty"`
}

type redirectToURL struct {
	ReturnURL string `json:"return_url"`
	URL       string `json:"url"`
}

type useStripeSDK struct {
	Type     string `json:"type"`
	Source   string `json:"source"`
	StripeJS string `json:"stripe_js"`
}

func (p *intent) columns() columns {
	return columns{kind: "payment_intent", id: p.ID, created: p.Created, customer: string(p.Customer)}
}

func (p *intent) hiddenPart() any { return &p.hidden }

const (
	attemptParams = `payment_method payment_method_types.* payment_method_data.type payment_method_data.allow_redisplay
		payment_method_data.metadata.* payment_method_data.radar_options.**
		payment_method_data.billing_details.address.* payment_method_data.billing_details.email
		payment_method_data.billing_details.name payment_method_data.billing_details.phone payment_method_data.billing_details.tax_id
		payment_method_data.card.number payment_method_data.card.exp_month payment_method_data.card.exp_year
		payment_method_data.card.cvc payment_method_data.card.token
		payment_method_options.card.request_three_d_secure payment_method_options.card.capture_method
		payment_method_options.card.setup_future_usage payment_method_options.card.moto payment_method_options.card.network
		payment_method_options.card.cvc_token payment_method_options.card.statement_descriptor_suffix_kana
		payment_method_options.card.statement_descriptor_suffix_kanji payment_method_options.card.require_cvc_recollection
		mandate mandate_data.** radar_options.** receipt_email return_url setup_future_usage shipping.** use_stripe_sdk`
	confirmParams = attemptParams + ` off_session error_on_requires_action capture_method client_secret expected_payment_method_type`
	detailParams  = ` amount currency customer description metadata.* statement_descriptor statement_descriptor_suffix
		capture_method transfer_group amount_details.** payment_details.**`
	createIntentParams = attemptParams + detailParams + ` automatic_payment_methods.enabled automatic_payment_methods.allow_redirects
		confirm confirmation_method off_session error_on_requires_action`
	updateIntentParams = attemptParams + detailParams + ` client_secret`
)

func createIntent(t *tx, c *call) (any, error) {
	f := &c.form
	p := &intent{
		ID: t.w.newID("pi"), Object: "payment_intent", CaptureMethod: "automatic_async", ConfirmationMethod: "automatic",
		Created: t.now.Unix(), PaymentMethodTypes: []string{"card"}, Status: requiresPaymentMethod,
	}
	p.ClientSecret = p.ID + "_secret_" + t.w.randomText(24)
	f.need("amount")
	f.need("currency")
	p.chooseMethodTypes(f)
	if v := f.choice("confirmation_method", "automatic", "manual"); v != "" {
		p.ConfirmationMethod = v
	}
	confirm := f.flag("confirm")
	for _, only := range []string{"off_session", "return_url", "error_on_requires_action", "mandate_data"} {
		if f.has(only) && !confirm {
			f.fail(invalidRequest("", only, "The parameter `"+only+"` cannot be passed when creating a PaymentIntent unless `confirm` is set to true."))
		}
	}
	if err := t.changeIntent(p, f); err != nil {
		return nil, err
	}
	if p.PaymentMethod != "" {
		p.Status = requiresConfirmation
	}
	t.save(p)
	if err := t.event("payment_intent.created", p); err != nil {
		return nil, err
	}
	if !confirm {
		return p, nil
	}
	return p, t.confirm(p, c.attempt(t))
}

func (p *intent) chooseMethodTypes(f *form) {
	switch {
	case f.has("payment_method_types") && f.flag("automatic_payment_methods.enabled"):
		f.fail(invalidRequest("", "payment_method_types", "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."))
	case f.has("payment_method_types"):
		p.PaymentMethodTypes = f.all("payment_method_types")
		if !slices.Contains(p.PaymentMethodTypes, "card") {
			f.fail(invalidRequest("payment_method_unactivated", "payment_method_types", "The sandbox can be paid by card only."))
		}
	default:
		p.AutomaticPaymentMethods = &automaticMethods{AllowRedirects: "always", Enabled: true}
		if v := f.choice("automatic_payment_methods.allow_redirects", "always", "never"); v != "" {
			p.AutomaticPaymentMethods.AllowRedirects = v
		}
	}
}

// changeIntent applies the parameters that creating, updating and confirming
// an intent have in common.
func (t *tx) changeIntent(p *intent, f *form) error {
	if f.has("amount") {
		p.Amount, _ = f.number("amount")
	}
	if f.has("currency") {
		p.Currency = strings.ToLower(f.text("currency"))
	}
	if f.err == nil && (f.has("amount") || f.has("currency")) {
		f.failIf(checkAmount(p.Amount, p.Currency))
	}
	if v := f.choice("capture_method", "automatic", "automatic_async", "manual"); v != "" {
		p.CaptureMethod = v
	}
	if v := f.choice("setup_future_usage", "off_session", "on_session"); v != "" {
		p.SetupFutureUsage = opt(v)
	}
	p.Description = f.textOr("description", p.Description)
	p.ReceiptEmail = f.textOr("receipt_email", p.ReceiptEmail)
	p.TransferGroup = f.textOr("transfer_group", p.TransferGroup)
	p.StatementDescriptor = f.descriptor("statement_descriptor", p.StatementDescriptor)
	p.StatementDescriptorSuffix = f.descriptor("statement_descriptor_suffix", p.StatementDescriptorSuffix)
	p.Metadata = f.mergeMetadata(p.Metadata)
	if f.has("shipping") {
		p.Shipping = f.root.at("shipping").json()
	}
	p.changeOptions(f)
	if f.err != nil {
		return f.err
	}
	if id := f.text("customer"); id != "" {
		if _, err := t.customer(id, "customer"); err != nil {
			return err
		}
		p.Customer = opt(id)
	}
	return t.chooseMethod(p, f)
}

func (p *intent) changeOptions(f *form) {
	o := p.PaymentMethodOptions.Card
	if o == nil {
		o = &cardOptions{RequestThreeDSecure: "automatic"}
		p.PaymentMethodOptions.Card = o
	}
	if v := f.choice("payment_method_options.card.request_three_d_secure", "any", "automatic", "challenge"); v != "" {
		o.RequestThreeDSecure = v
	}
	if v := f.choice("payment_method_options.card.capture_method", "manual"); v != "" {
		o.CaptureMethod = v
	}
	if v := f.choice("payment_method_options.card.setup_future_usage", "none", "off_session", "on_session"); v != "" {
		o.SetupFutureUsage = v
	}
}

// chooseMethod sets the intent's payment method, if the request names or
// describes one.
func (t *tx) chooseMethod(p *intent, f *form) error {
	var m *method
	var err error
	switch {
	case f.has("payment_method_data"):
		m, err = t.newMethod(f, "payment_method_data.")
		if err == nil {
			t.save(m)
		}
	case f.text("payment_method") != "":
		m, err = t.method(f.text("payment_method"), "payment_method")
	default:
		return nil
	}
	if err != nil {
		return err
	}
	if err := t.mayUse(m, string(p.Customer)); err != nil {
		return err
	}
	p.PaymentMethod = opt(m.ID)
	return nil
}

// mayUse returns nil if a payment method can be charged for a customer.
func (t *tx) mayUse(m *method, customerID string) error {
	switch {
	case m.Customer != "" && customerID == "":
		return refusal("payment_method_unexpected_state", "payment_method",
			"This PaymentMethod belongs to a Customer; name that Customer in the `customer` parameter.")
	case m.Customer != "" && string(m.Customer) != customerID:
		return refusal("payment_method_unexpected_state", "payment_method",
			"This PaymentMethod belongs to another Customer.")
	case m.hidden.Detached || m.hidden.Used && m.Customer == "":
		return t.usedUp()
	}
	return nil
}

// descriptor reads what cardholders see on their statement.
func (f *form) descriptor(path string, before opt) opt {
	const longest = 22
	v := f.textOr(path, before)
	if v == before {
		return v
	}
	if v != "" && (len(v) > longest || strings.ContainsAny(string(v), `<>\'"*`) || !strings.ContainsAny(strings.ToLower(string(v)), "abcdefghijklmnopqrstuvwxyz")) {
		f.fail(invalidRequest("", bracketed(path), "A statement descriptor has at most 22 characters, at least one letter, and none of < > \\ ' \" *."))
	}
	return v
}

// failIf is fail for an error that may be nil.
func (f *form) failIf(err error) {
	if err != nil {
		f.fail(err)
	}
}

// intent finds an intent. A caller with a publishable key needs its secret.
func (t *tx) intent(c *call) (*intent, error) {
	p, found, err := load[intent](t, "payment_intent", c.ids[0])
	if err != nil {
		return nil, err
	}
	if !found || c.public && c.form.text("client_secret") != p.ClientSecret {
		return nil, noSuch("payment_intent", c.ids[0], "intent")
	}
	return p, nil
}

func retrieveIntent(t *tx, c *call) (any, error) {
	p, err := t.intent(c)
	if err == nil && c.form.has("client_secret") && c.form.text("client_secret") != p.ClientSecret {
		return nil, invalidRequest("", "client_secret", "The client_secret provided does not match the client_secret associated with the PaymentIntent.")
	}
	return p, err
}

func updateIntent(t *tx, c *call) (any, error) {
	p, err := t.intent(c)
	if err != nil {
		return nil, err
	}
	open := []string{requiresPaymentMethod, requiresConfirmation, requiresAction}
	fixed := []string{"amount", "currency", "customer", "payment_method", "payment_method_data", "capture_method", "setup_future_usage"}
	if !slices.Contains(open, p.Status) && slices.ContainsFunc(fixed, c.form.has) {
		return nil, t.unexpected(p, "This PaymentIntent's parameters could not be updated because it has a status of "+p.Status+
			". You may only update it while it has one of the statuses "+strings.Join(open, ", ")+".")
	}
	had := p.PaymentMethod
	if err := t.changeIntent(p, &c.form); err != nil {
		return nil, err
	}
	if p.PaymentMethod != had && p.Status != requiresConfirmation {
		p.dropChallenge()
		p.Status = requiresConfirmation
	}
	t.save(p)
	return p, nil
}

// unexpected refuses what the intent's status does not allow.
func (t *tx) unexpected(p *intent, message string) error {
	e := refusal("payment_intent_unexpected_state", "", message)
	doc, err := json.Marshal(p)
	if err != nil {
		return err
	}
	e.PaymentIntent = doc
	return e
}
