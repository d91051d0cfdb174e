package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
)

// An attempt is how an intent is confirmed.
type attempt struct {
	offSession    bool // the payer is not there
	refuseActions bool // error_on_requires_action
	returnURL     string
	origin        string // of the world, for the issuer's page
}

// attempt reads how the request wants an intent confirmed.
func (c *call) attempt(t *tx) attempt {
	off := c.form.text("off_session")
	return attempt{
		offSession:    off != "" && off != "false" && off != "0",
		refuseActions: c.form.flag("error_on_requires_action"),
		returnURL:     c.form.text("return_url"),
		origin:        t.by.origin,
	}
}

func confirmIntent(t *tx, c *call) (any, error) {
	p, err := t.intent(c)
	if err != nil {
		return nil, err
	}
	open := []string{requiresPaymentMethod, requiresConfirmation, requiresAction}
	switch {
	case p.Status == succeeded || p.Status == requiresCapture:
		return nil, t.unexpected(p, "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.")
	case !slices.Contains(open, p.Status):
		return nil, t.unexpected(p, "You cannot confirm this PaymentIntent because it has a status of "+p.Status+
			". Only a PaymentIntent with one of the following statuses may be confirmed: "+strings.Join(open, ", ")+".")
	case c.public && p.ConfirmationMethod == "manual":
		return nil, refusal("payment_intent_invalid_parameter", "", "This PaymentIntent has confirmation_method manual and can be confirmed with a secret key only.")
	}
	if err := t.changeIntent(p, &c.form); err != nil {
		return nil, err
	}
	a := c.attempt(t)
	if c.public && a.offSession {
		c.form.fail(invalidRequest("", "off_session", "A payer's browser cannot say that the payer is not there."))
	}
	if c.form.err != nil {
		return nil, c.form.err
	}
	if err := t.confirm(p, a); err != nil {
		return nil, err
	}
	return p, nil
}

// confirm makes one attempt to charge: it asks the payer to authenticate if
// need be, or goes to the issuer at once.
func (t *tx) confirm(p *intent, a attempt) error {
	m, err := t.methodToCharge(p, a)
	if err != nil {
		return err
	}
	p.dropChallenge()
	p.LastPaymentError = nil
	p.hidden.OffSession = a.offSession
	p.hidden.ReturnURL = a.returnURL
	if p.hidden.Order, err = t.takeCardOrder(m); err != nil {
		return err
	}
	t.save(p)

	switch need := authenticationFor(p, m, a.offSession); {
	case need == challenge && (a.offSession || a.refuseActions):
		return t.declined(p, m, "authentication_required", nil)
	case need == challenge:
		return t.challengePayer(p, m, a)
	case need == lookupFailed:
		return t.declined(p, m, "generic_decline", tdsResults[need].details(t, m))
	default:
		return t.authorize(p, m, tdsResults[need].details(t, m))
	}
}

// methodToCharge returns the intent's payment method if it can be charged.
func (t *tx) methodToCharge(p *intent, a attempt) (*method, error) {
	if p.PaymentMethod == "" {
		return nil, t.unexpected(p, "You cannot confirm this PaymentIntent because it's missing a payment method. "+
			"Name one as you confirm it, or before.")
	}
	m, err := t.method(string(p.PaymentMethod), "payment_method")
	if err != nil {
		return nil, err
	}
	if err := t.mayUse(m, string(p.Customer)); err != nil {
		return nil, err
	}
	if a.offSession && p.Customer != "" && m.Customer == "" {
		return nil, refusal("resource_missing", "payment_method", "The customer does not have a payment method with the ID "+m.ID+
			". The payment method must be attached to the customer.")
	}
	return m, nil
}

// authNeed is what 3-D Secure does in one attempt.
type authNeed uint8

const (
	noAuthentication authNeed = iota
	attempted                 // asked for, but the card is not enrolled
	frictionless              // authenticated without the payer
	challenge                 // the payer has to authenticate
	lookupBroken              // asked for, failed, and the charge goes on
	lookupFailed              // required, and failed
)

// authenticationFor decides what 3-D Secure does in this attempt.
func authenticationFor(p *intent, m *method, offSession bool) authNeed {
	switch order := p.hidden.Order; {
	case order == orderAuthenticate:
		return challenge
	case order != "":
		return noAuthentication
	}
	asked := !offSession && p.PaymentMethodOptions.Card.RequestThreeDSecure != "automatic"
	return issuerWants(m.published().auth, m.hidden.SetUp, asked, offSession)
}

// issuerWants says what an issuer makes of an attempt.
func issuerWants(a auth, setUp, asked, offSession bool) authNeed {
	switch a {
	case authAlways:
		return challenge
	case authUnlessSetUp:
		if !offSession || !setUp {
			return challenge
		}
	case authWasSetUp:
		if !offSession {
			return challenge
		}
	case authFrictionless:
		return frictionless
	case authLookupFails:
		return lookupFailed
	case authOptional:
		if asked {
			return challenge
		}
	case authBroken:
		if asked {
			return lookupBroken
		}
	case authUnenrolled:
		if asked {
			return attempted
		}
	}
	return noAuthentication
}

// authorize goes to the issuer. tds is what 3-D Secure said, nil if nothing.
func (t *tx) authorize(p *intent, m *method, tds *threeDSecure) error {
	if code := refusalOf(m, p.hidden.Order, m.expired(t.now)); code != "" {
		return t.declined(p, m, code, tds)
	}
	ch := t.newCharge(p, m, tds)
	ch.Status, ch.Paid = succeeded, true
	ch.Outcome = approvedOutcome(m.published())
	ch.PaymentMethodDetails.Card.AmountAuthorized = p.Amount
	ch.PaymentMethodDetails.Card.AuthorizationCode = opt(t.digits(6))
	ch.PaymentMethodDetails.Card.NetworkTransactionID = opt(t.digits(15))
	p.LatestCharge = opt(ch.ID)
	p.LastPaymentError, p.NextAction = nil, nil
	if err := t.keepMethod(p, m, tds); err != nil {
		return err
	}
	if p.manual() {
		return t.placeHold(p, ch)
	}
	p.Status = succeeded
	return t.captureCharge(p, ch, p.Amount)
}

// manual reports whether the intent waits for capture.
func (p *intent) manual() bool {
	return p.CaptureMethod == "manual" || p.PaymentMethodOptions.Card.CaptureMethod == "manual"
}

// refusalOf is the decline code with which the issuer or Radar refuses a
// charge, or "".
func refusalOf(m *method, order string, expired bool) string {
	p := m.published()
	if code, ok := strings.CutPrefix(order, orderDecline); ok {
		return code
	}
	switch {
	case order != "":
		return ""
	case expired:
		return "expired_card"
	case p.blocked:
		return "fraudulent"
	case p.cvcFails && m.hidden.HasCVC:
		return "incorrect_cvc"
	}
	return p.decline
}

// keepMethod notes that a payment method was charged, and gives it to the
// customer if the intent wants it kept.
func (t *tx) keepMethod(p *intent, m *method, tds *threeDSecure) error {
	m.validated()
	t.save(m)
	usage := string(p.SetupFutureUsage)
	if v := p.PaymentMethodOptions.Card.SetupFutureUsage; v != "" && v != "none" {
		usage = v
	}
	if usage == "off_session" && (tds != nil && tds.Result == "authenticated" || m.published().auth == authUnenrolled) {
		m.hidden.SetUp = true
	}
	if m.Customer == "" && usage != "" && p.Customer != "" {
		return t.attachTo(m, string(p.Customer))
	}
	if m.Customer == "" {
		m.hidden.Used = true
	}
	return nil
}

// declined records an attempt that the issuer refused. The intent goes back to
// where another payment method can be tried; the error keeps all this.
func (t *tx) declined(p *intent, m *method, code string, tds *threeDSecure) error {
	ch := t.newCharge(p, m, tds)
	e := cardError(code, m.Card.Brand)
	ch.Status = failed
	ch.FailureCode, ch.FailureMessage = opt(e.Code), opt(e.Message)
	ch.Outcome = declinedOutcome(m.published(), e)
	e.Charge = ch.ID
	p.LatestCharge = opt(ch.ID)
	p.Status, p.NextAction, p.PaymentMethod = requiresPaymentMethod, nil, ""

	methodDoc, err := json.Marshal(m)
	if err != nil {
		return err
	}
	e.PaymentMethod = methodDoc
	kept := *e
	p.LastPaymentError = &kept
	t.save(ch)
	t.save(p)
	if e.PaymentIntent, err = json.Marshal(p); err != nil {
		return err
	}
	if err := t.bookFailed(p, ch); err != nil {
		return err
	}
	if err := t.event("charge.failed", ch); err != nil {
		return err
	}
	if err := t.event("payment_intent.payment_failed", p); err != nil {
		return err
	}
	return e
}

// digits returns n random digits.
func (t *tx) digits(n int) string {
	text := []byte(t.w.randomText(n))
	for i, b := range text {
		text[i] = '0' + b%10
	}
	return string(text)
}
