package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"time"
)

// A method is a payment method.
type method struct {
	ID             string            `json:"id"`
	Object         string            `json:"object"`
	AllowRedisplay string            `json:"allow_redisplay"`
	BillingDetails billingDetails    `json:"billing_details"`
	Card           methodCard        `json:"card"`
	Created        int64             `json:"created"`
	Customer       opt               `json:"customer"`
	Livemode       bool              `json:"livemode"`
	Metadata       map[string]string `json:"metadata"`
	Type           string            `json:"type"`

	hidden methodHidden
}

// methodHidden is what the world knows of a payment method and does not tell.
type methodHidden struct {
	Card     string // name of the published card
	HasCVC   bool   // the holder gave a security code
	SetUp    bool   // authenticated for use off session
	Used     bool   // charged without a customer: cannot be used again
	Detached bool
}

type methodCard struct {
	Brand             string       `json:"brand"`
	Checks            checks       `json:"checks"`
	Country           string       `json:"country"`
	DisplayBrand      string       `json:"display_brand"`
	ExpMonth          int64        `json:"exp_month"`
	ExpYear           int64        `json:"exp_year"`
	Fingerprint       string       `json:"fingerprint"`
	Funding           string       `json:"funding"`
	GeneratedFrom     null         `json:"generated_from"`
	Last4             string       `json:"last4"`
	Networks          cardNetworks `json:"networks"`
	RegulatedStatus   string       `json:"regulated_status"`
	ThreeDSecureUsage struct {
		Supported bool `json:"supported"`
	} `json:"three_d_secure_usage"`
	Wallet null `json:"wallet"`
}

type checks struct {
	AddressLine1Check      opt `json:"address_line1_check"`
	AddressPostalCodeCheck opt `json:"address_postal_code_check"`
	CVCCheck               opt `json:"cvc_check"`
}

type cardNetworks struct {
	Available []string `json:"available"`
	Preferred opt      `json:"preferred"`
}

func (m *method) columns() columns {
	return columns{kind: "payment_method", id: m.ID, created: m.Created, customer: string(m.Customer), mark: m.Type}
}

func (m *method) hiddenPart() any { return &m.hidden }

// published is the test card behind a payment method.
func (m *method) published() *card { return cardsByName[m.hidden.Card] }

const (
	billingParams = `billing_details.address.* billing_details.email billing_details.name billing_details.phone billing_details.tax_id`
	cardParams    = `card.number card.exp_month card.exp_year card.cvc card.token card.networks.preferred`
	methodParams  = `type allow_redisplay metadata.* radar_options.** ` + billingParams + " " + cardParams
)

func createMethod(t *tx, c *call) (any, error) {
	m, err := t.newMethod(&c.form, "")
	if err != nil {
		return nil, err
	}
	t.save(m)
	return m, nil
}

// newMethod reads a payment method's data from the parameters under prefix.
func (t *tx) newMethod(f *form, prefix string) (*method, error) {
	at := func(path string) string { return prefix + path }
	if kind := f.need(at("type")); f.err == nil && kind != "card" {
		return nil, invalidRequest("", bracketed(at("type")), "The sandbox knows payment methods of type card only.")
	}
	m, err := t.cardFrom(f, prefix+"card.")
	if err != nil {
		return nil, err
	}
	m.BillingDetails = f.billing(at("billing_details"), m.BillingDetails)
	if v := f.choice(at("allow_redisplay"), "always", "limited", "unspecified"); v != "" {
		m.AllowRedisplay = v
	}
	if prefix == "" {
		m.Metadata = f.mergeMetadata(nil)
	}
	return m, f.err
}

// cardFrom makes a payment method of card data or of a token for it.
func (t *tx) cardFrom(f *form, prefix string) (*method, error) {
	if token := f.text(prefix + "token"); token != "" {
		return t.methodOfToken(token, bracketed(prefix+"token"))
	}
	number := f.need(prefix + "number")
	month, _ := f.number(prefix + "exp_month")
	year, _ := f.number(prefix + "exp_year")
	if !f.has(prefix + "exp_month") {
		f.fail(missing(bracketed(prefix + "exp_month")))
	}
	if !f.has(prefix + "exp_year") {
		f.fail(missing(bracketed(prefix + "exp_year")))
	}
	if f.err != nil {
		return nil, f.err
	}
	p, err := acceptCard(number, f.text(prefix+"cvc"), f.has(prefix+"cvc"))
	if err != nil {
		return nil, err
	}
	if year >= 0 && year < 100 {
		year += 2000
	}
	if err := t.checkExpiry(month, year); err != nil {
		return nil, err
	}
	m := t.cardMethod(p, month, year)
	m.hidden.HasCVC = f.has(prefix + "cvc")
	if m.hidden.HasCVC {
		m.Card.Checks.CVCCheck = "unchecked"
	}
	return m, nil
}

// acceptCard finds the published card with this number. No error repeats the
// number, and no other number gets past here.
func acceptCard(number, cvc string, hasCVC bool) (*card, error) {
	number = strings.NewReplacer(" ", "", "-", "").Replace(number)
	p := cardsByNumber[number]
	if p == nil {
		if plausibleNumber(number) {
			e := cardDataError("card_declined", "", "Your card was declined. The sandbox takes the published test card numbers only, see https://docs.stripe.com/testing.")
			e.DeclineCode = "test_mode_live_card"
			return nil, e
		}
		return nil, cardDataError("incorrect_number", "number", "Your card number is incorrect.")
	}
	if hasCVC && (len(cvc) != p.cvcLength() || strings.Trim(cvc, "0123456789") != "") {
		return nil, cardDataError("invalid_cvc", "cvc", "Your card's security code is invalid.")
	}
	return p, nil
}

func (t *tx) checkExpiry(month, year int64) error {
	const yearsAhead = 50
	now := int64(t.now.Year())
	switch {
	case month < 1 || month > 12:
		return cardDataError("invalid_expiry_month", "exp_month", "Your card's expiration month is invalid.")
	case year < now || year > now+yearsAhead:
		return cardDataError("invalid_expiry_year", "exp_year", "Your card's expiration year is invalid.")
	case year == now && month < int64(t.now.Month()):
		return cardDataError("invalid_expiry_month", "exp_month", "Your card's expiration month is invalid.")
	}
	return nil
}

// tokenYears is how long the cards of published tokens are good for.
const tokenYears = 4

// methodOfToken makes a payment method out of pm_card_NAME, tok_NAME or a
// token of /v1/tokens.
func (t *tx) methodOfToken(token, param string) (*method, error) {
	if p := publishedCard(token); p != nil {
		m := t.cardMethod(p, int64(t.now.Month()), int64(t.now.Year()+tokenYears))
		m.hidden.HasCVC = true
		m.Card.Checks.CVCCheck = "unchecked"
		return m, nil
	}
	k, found, err := load[cardToken](t, "token", token)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, noSuch("token", token, param)
	}
	if k.Used {
		return nil, refusal("token_already_used", param, "You cannot use a Stripe token more than once.")
	}
	k.Used = true
	t.save(k)
	m := t.cardMethod(cardsByName[k.hidden.Card], k.Card.ExpMonth, k.Card.ExpYear)
	m.hidden.HasCVC = k.hidden.HasCVC
	m.Card.Checks.CVCCheck = k.Card.CVCCheck
	return m, nil
}

func (t *tx) cardMethod(p *card, month, year int64) *method {
	m := &method{
		ID: t.w.newID("pm"), Object: "payment_method", AllowRedisplay: "unspecified",
		Created: t.now.Unix(), Metadata: map[string]string{}, Type: "card",
		hidden: methodHidden{Card: p.name()},
	}
	m.Card = methodCard{
		Brand: p.brand, Country: p.country, DisplayBrand: p.brand, ExpMonth: month, ExpYear: year,
		Fingerprint: t.w.fingerprint(p), Funding: p.funding, Last4: p.last4(),
		Networks: cardNetworks{Available: p.networks()}, RegulatedStatus: "unregulated",
	}
	if p.brand == amex {
		m.Card.DisplayBrand = "american_express"
	}
	m.Card.ThreeDSecureUsage.Supported = p.supports3DS()
	return m
}

func (c *card) networks() []string {
	if c.cobrand != "" {
		return []string{c.cobrand, c.brand}
	}
	return []string{c.brand}
}

// fingerprint tells cards apart without their numbers: a keyed hash, the same
// for one number within one world and different in another.
func (w *World) fingerprint(p *card) string {
	const length = 16
	mac := hmac.New(sha256.New, w.secret)
	mac.Write([]byte(p.number))
	sum := mac.Sum(nil)[:length]
	for i, b := range sum {
		sum[i] = idLetters[int(b)%len(idLetters)]
	}
	return string(sum)
}

// expired reports whether the card's last month is over.
func (m *method) expired(now time.Time) bool {
	end := time.Date(int(m.Card.ExpYear), time.Month(m.Card.ExpMonth)+1, 1, 0, 0, 0, 0, time.UTC)
	return !now.Before(end)
}

// method finds a payment method, or makes one of a published token.
func (t *tx) method(id, param string) (*method, error) {
	m, found, err := load[method](t, "payment_method", id)
	if err != nil || found {
		return m, err
	}
	if strings.HasPrefix(id, "pm_card_") && publishedCard(id) != nil {
		m, err := t.methodOfToken(id, param)
		if err == nil {
			t.save(m)
		}
		return m, err
	}
	return nil, noSuch("PaymentMethod", id, param)
}

func retrieveMethod(t *tx, c *call) (any, error) {
	return t.method(c.ids[0], "id")
}

func retrieveCustomerMethod(t *tx, c *call) (any, error) {
	m, err := t.method(c.ids[1], "id")
	if err == nil && string(m.Customer) != c.ids[0] {
		return nil, noSuch("PaymentMethod", c.ids[1], "id")
	}
	return m, err
}

func updateMethod(t *tx, c *call) (any, error) {
	m, err := t.method(c.ids[0], "id")
	if err != nil {
		return nil, err
	}
	f := &c.form
	month, hasMonth := f.number("card.exp_month")
	year, hasYear := f.number("card.exp_year")
	if !hasMonth {
		month = m.Card.ExpMonth
	}
	if !hasYear {
		year = m.Card.ExpYear
	}
	if hasMonth || hasYear {
		if err := t.checkExpiry(month, year); err != nil {
			return nil, err
		}
	}
	m.Card.ExpMonth, m.Card.ExpYear = month, year
	m.BillingDetails = f.billing("billing_details", m.BillingDetails)
	m.Metadata = f.mergeMetadata(m.Metadata)
	if v := f.choice("allow_redisplay", "always", "limited", "unspecified"); v != "" {
		m.AllowRedisplay = v
	}
	if f.err != nil {
		return nil, f.err
	}
	t.save(m)
	return m, t.event("payment_method.updated", m)
}

func attachMethod(t *tx, c *call) (any, error) {
	to := c.form.need("customer")
	if c.form.err != nil {
		return nil, c.form.err
	}
	return t.attach(c.ids[0], "id", to)
}

// attach gives a payment method to a customer. The issuer is asked, so that a
// card that declines everything is refused here already.
func (t *tx) attach(id, param, customerID string) (*method, error) {
	m, err := t.method(id, param)
	if err != nil {
		return nil, err
	}
	u, err := t.customer(customerID, "customer")
	if err != nil {
		return nil, err
	}
	switch {
	case string(m.Customer) == u.ID:
		return m, nil
	case m.Customer != "":
		return nil, refusal("payment_method_unexpected_state", "", "This PaymentMethod is attached to another customer.")
	case m.hidden.Detached || m.hidden.Used:
		return nil, t.usedUp()
	}
	if p := m.published(); p.decline != "" && !p.attaches {
		e := cardError(p.decline, p.brand)
		e.keep = false
		return nil, e
	}
	m.validated()
	return m, t.attachTo(m, u.ID)
}

func (t *tx) usedUp() error {
	return refusal("payment_method_unexpected_state", "payment_method",
		"A PaymentMethod that was charged without belonging to a Customer, or that was detached from one, cannot be used again.")
}

func (t *tx) attachTo(m *method, customerID string) error {
	m.Customer = opt(customerID)
	t.save(m)
	return t.event("payment_method.attached", m)
}

// validated notes what the issuer said of the holder's data.
func (m *method) validated() {
	p := m.published()
	result := func(asked, fails bool) opt {
		switch {
		case !asked:
			return ""
		case fails:
			return "fail"
		}
		return "pass"
	}
	m.Card.Checks = checks{
		AddressLine1Check:      result(m.BillingDetails.Address.Line1 != "", p.lineFails),
		AddressPostalCodeCheck: result(m.BillingDetails.Address.PostalCode != "", p.zipFails),
		CVCCheck:               result(m.hidden.HasCVC, p.cvcFails),
	}
}

func detachMethod(t *tx, c *call) (any, error) {
	m, found, err := load[method](t, "payment_method", c.ids[0])
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, noSuch("PaymentMethod", c.ids[0], "id")
	}
	if m.Customer == "" {
		return nil, refusal("payment_method_unexpected_state", "", "This PaymentMethod is not attached to a customer, so it cannot be detached.")
	}
	return m, t.detach(m)
}

func (t *tx) detach(m *method) error {
	before := m.Customer
	m.Customer = ""
	m.hidden.Detached = true
	t.save(m)
	return t.eventChanging("payment_method.detached", m, map[string]any{"customer": before})
}
