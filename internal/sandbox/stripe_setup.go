package sandbox

import (
	"encoding/json"
	"slices"
)

// A setup is a SetupIntent: a payment method that is to be kept for later.
type setup struct {
	ID                                string            `json:"id"`
	Object                            string            `json:"object"`
	Application                       null              `json:"application"`
	AutomaticPaymentMethods           *automaticMethods `json:"automatic_payment_methods"`
	CancellationReason                opt               `json:"cancellation_reason"`
	ClientSecret                      string            `json:"client_secret"`
	Created                           int64             `json:"created"`
	Customer                          opt               `json:"customer"`
	CustomerAccount                   null              `json:"customer_account"`
	Description                       opt               `json:"description"`
	ExcludedPaymentMethodTypes        null              `json:"excluded_payment_method_types"`
	FlowDirections                    null              `json:"flow_directions"`
	LastSetupError                    *apiError         `json:"last_setup_error"`
	LatestAttempt                     null              `json:"latest_attempt"`
	Livemode                          bool              `json:"livemode"`
	Mandate                           null              `json:"mandate"`
	Metadata                          map[string]string `json:"metadata"`
	NextAction                        *nextAction       `json:"next_action"`
	OnBehalfOf                        null              `json:"on_behalf_of"`
	PaymentMethod                     opt               `json:"payment_method"`
	PaymentMethodConfigurationDetails null              `json:"payment_method_configuration_details"`
	PaymentMethodOptions              setupOptions      `json:"payment_method_options"`
	PaymentMethodTypes                []string          `json:"payment_method_types"`
	SingleUseMandate                  null              `json:"single_use_mandate"`
	Status                            string            `json:"status"`
	Usage                             string            `json:"usage"`

	hidden intentHidden
}

type setupOptions struct {
	Card setupCardOptions `json:"card"`
}

type setupCardOptions struct {
	MandateOptions      null   `json:"mandate_options"`
	Network             null   `json:"network"`
	RequestThreeDSecure string `json:"request_three_d_secure"`
}

func (s *setup) columns() columns {
	return columns{kind: "setup_intent", id: s.ID, created: s.Created, customer: string(s.Customer)}
}

func (s *setup) hiddenPart() any { return &s.hidden }

const (
	setupAttemptParams = `payment_method payment_method_data.type payment_method_data.allow_redisplay
		payment_method_data.billing_details.address.* payment_method_data.billing_details.email
		payment_method_data.billing_details.name payment_method_data.billing_details.phone
		payment_method_data.card.number payment_method_data.card.exp_month payment_method_data.card.exp_year
		payment_method_data.card.cvc payment_method_data.card.token payment_method_options.card.request_three_d_secure
		mandate_data.** return_url use_stripe_sdk client_secret`
	setupParams       = setupAttemptParams + ` customer description metadata.* payment_method_types.*`
	createSetupParams = setupParams + ` usage confirm automatic_payment_methods.enabled automatic_payment_methods.allow_redirects`
)

func createSetup(t *tx, c *call) (any, error) {
	s := &setup{
		ID: t.w.newID("seti"), Object: "setup_intent", Created: t.now.Unix(), PaymentMethodTypes: []string{"card"},
		Status: requiresPaymentMethod, Usage: "off_session",
		PaymentMethodOptions: setupOptions{setupCardOptions{RequestThreeDSecure: "automatic"}},
	}
	s.ClientSecret = s.ID + "_secret_" + t.w.randomText(24)
	if v := c.form.choice("usage", "off_session", "on_session"); v != "" {
		s.Usage = v
	}
	confirm := c.form.flag("confirm")
	if err := t.changeSetup(s, &c.form); err != nil {
		return nil, err
	}
	t.save(s)
	if err := t.event("setup_intent.created", s); err != nil {
		return nil, err
	}
	if !confirm {
		return s, nil
	}
	return s, t.confirmSetup(s, c.attempt(t))
}

func (t *tx) changeSetup(s *setup, f *form) error {
	s.Description = f.textOr("description", s.Description)
	s.Metadata = f.mergeMetadata(s.Metadata)
	if v := f.choice("payment_method_options.card.request_three_d_secure", "any", "automatic", "challenge"); v != "" {
		s.PaymentMethodOptions.Card.RequestThreeDSecure = v
	}
	if f.err != nil {
		return f.err
	}
	if id := f.text("customer"); id != "" {
		if _, err := t.customer(id, "customer"); err != nil {
			return err
		}
		s.Customer = opt(id)
	}
	// A payment intent with the same customer chooses its method by the same rules.
	p := &intent{Customer: s.Customer, PaymentMethod: s.PaymentMethod}
	if err := t.chooseMethod(p, f); err != nil {
		return err
	}
	if p.PaymentMethod != s.PaymentMethod {
		s.PaymentMethod, s.Status = p.PaymentMethod, requiresConfirmation
	}
	return nil
}

func (t *tx) setup(c *call) (*setup, error) {
	s, found, err := load[setup](t, "setup_intent", c.ids[0])
	if err != nil {
		return nil, err
	}
	if !found || c.public && c.form.text("client_secret") != s.ClientSecret {
		return nil, noSuch("setupintent", c.ids[0], "intent")
	}
	return s, nil
}

func retrieveSetup(t *tx, c *call) (any, error) { return t.setup(c) }

func updateSetup(t *tx, c *call) (any, error) {
	s, err := t.setup(c)
	if err != nil {
		return nil, err
	}
	if err := t.changeSetup(s, &c.form); err != nil {
		return nil, err
	}
	t.save(s)
	return s, nil
}

func confirmSetupIntent(t *tx, c *call) (any, error) {
	s, err := t.openSetup(c, "confirm")
	if err != nil {
		return nil, err
	}
	if err := t.changeSetup(s, &c.form); err != nil {
		return nil, err
	}
	return s, t.confirmSetup(s, c.attempt(t))
}

// openSetup finds a setup that something can still be done with.
func (t *tx) openSetup(c *call, verb string) (*setup, error) {
	s, err := t.setup(c)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{requiresPaymentMethod, requiresConfirmation, requiresAction}, s.Status) {
		e := refusal("setup_intent_unexpected_state", "", "You cannot "+verb+" this SetupIntent because it has a status of "+s.Status+".")
		if e.SetupIntent, err = json.Marshal(s); err != nil {
			return nil, err
		}
		return nil, e
	}
	return s, nil
}

func (t *tx) confirmSetup(s *setup, a attempt) error {
	if s.PaymentMethod == "" {
		return refusal("setup_intent_unexpected_state", "", "You cannot confirm this SetupIntent because it's missing a payment method.")
	}
	m, err := t.method(string(s.PaymentMethod), "payment_method")
	if err != nil {
		return err
	}
	if err := t.mayUse(m, string(s.Customer)); err != nil {
		return err
	}
	s.LastSetupError, s.NextAction, s.hidden.Challenge = nil, nil, ""
	t.save(s)
	asked := s.PaymentMethodOptions.Card.RequestThreeDSecure != "automatic"
	switch need := issuerWants(m.published().auth, m.hidden.SetUp, asked, false); {
	case need == challenge:
		h, next := t.newChallenge(s.ID, a.returnURL, a.origin)
		s.hidden.Challenge, s.NextAction, s.Status = h.ID, next, requiresAction
		return t.event("setup_intent.requires_action", s)
	case need == lookupFailed:
		return t.setupFailed(s, m, "generic_decline")
	}
	return t.finishSetup(s, m, false)
}

func (t *tx) finishSetup(s *setup, m *method, authenticated bool) error {
	if p := m.published(); p.decline != "" && !p.attaches {
		return t.setupFailed(s, m, p.decline)
	}
	m.validated()
	m.hidden.SetUp = m.hidden.SetUp || authenticated || m.published().auth == authUnenrolled
	t.save(m)
	s.NextAction, s.Status = nil, succeeded
	t.save(s)
	if m.Customer == "" && s.Customer != "" {
		if err := t.attachTo(m, string(s.Customer)); err != nil {
			return err
		}
	}
	return t.event("setup_intent.succeeded", s)
}

func (t *tx) setupFailed(s *setup, m *method, code string) error {
	e := cardError(code, m.Card.Brand)
	doc, err := json.Marshal(m)
	if err != nil {
		return err
	}
	e.PaymentMethod = doc
	kept := *e
	s.LastSetupError, s.Status, s.PaymentMethod, s.NextAction = &kept, requiresPaymentMethod, "", nil
	t.save(s)
	if e.SetupIntent, err = json.Marshal(s); err != nil {
		return err
	}
	if err := t.event("setup_intent.setup_failed", s); err != nil {
		return err
	}
	return e
}

func (t *tx) answerForSetup(s *setup, h *threeDSChallenge, passed bool) (open bool, err error) {
	if h.Done != "" || s.Status != requiresAction || s.hidden.Challenge != h.ID {
		return false, nil
	}
	h.finish(t, passed)
	m, err := t.method(string(s.PaymentMethod), "payment_method")
	if err != nil {
		return true, err
	}
	if passed {
		return true, t.finishSetup(s, m, true)
	}
	e, err := authenticationError("setup_intent_authentication_failure", m)
	if err != nil {
		return true, err
	}
	s.LastSetupError, s.Status, s.PaymentMethod, s.NextAction = e, requiresPaymentMethod, "", nil
	t.save(s)
	return true, t.event("setup_intent.setup_failed", s)
}

// authenticationError is what stays on an intent whose payer did not pass.
func authenticationError(code string, m *method) (*apiError, error) {
	doc, err := json.Marshal(m)
	e := invalidRequest(code, "", "The provided PaymentMethod has failed authentication. Provide another one, or try again.")
	e.DocURL, e.PaymentMethod = docURL(code), doc
	return e, err
}

func cancelSetup(t *tx, c *call) (any, error) {
	s, err := t.openSetup(c, "cancel")
	if err != nil {
		return nil, err
	}
	reason := c.form.choice("cancellation_reason", "abandoned", "duplicate", "requested_by_customer")
	if c.form.err != nil {
		return nil, c.form.err
	}
	s.Status, s.CancellationReason, s.NextAction, s.hidden.Challenge = canceled, opt(reason), nil, ""
	t.save(s)
	return s, t.event("setup_intent.canceled", s)
}
