package sandbox

import "net/url"

// A threeDSChallenge is an issuer waiting for a payer to authenticate, for a
// payment intent or a setup intent.
type threeDSChallenge struct {
	ID        string `json:"id"`
	Created   int64  `json:"created"`
	For       string `json:"for"`
	ReturnURL string `json:"return_url"`
	// Done is "", "complete" or "fail".
	Done string `json:"done"`
}

func (h *threeDSChallenge) columns() columns {
	return columns{kind: "challenge", id: h.ID, created: h.Created, intent: h.For}
}

func (h *threeDSChallenge) hiddenPart() any { return nil }

// newChallenge opens a challenge and says what the payer has to do.
func (t *tx) newChallenge(of, returnURL, origin string) (*threeDSChallenge, *nextAction) {
	h := &threeDSChallenge{ID: t.w.newID("threeds"), Created: t.now.Unix(), For: of, ReturnURL: returnURL}
	t.save(h)
	page := origin + "/_issuer/3ds/" + h.ID
	if returnURL == "" {
		return h, &nextAction{Type: "use_stripe_sdk", UseStripeSDK: &useStripeSDK{Type: "three_d_secure_redirect", Source: h.ID, StripeJS: page}}
	}
	return h, &nextAction{Type: "redirect_to_url", RedirectToURL: &redirectToURL{ReturnURL: returnURL, URL: page}}
}

// challengePayer leaves the intent waiting for the payer.
func (t *tx) challengePayer(p *intent, m *method, a attempt) error {
	h, next := t.newChallenge(p.ID, a.returnURL, a.origin)
	p.hidden.Challenge = h.ID
	p.Status, p.NextAction = requiresAction, next
	t.save(p)
	return t.event("payment_intent.requires_action", p)
}

// dropChallenge makes the page of a challenge that was not answered a thing of
// the past.
func (p *intent) dropChallenge() {
	p.hidden.Challenge, p.NextAction = "", nil
}

// answerChallenge ends a challenge. It returns where the payer goes next, ""
// if nowhere, and reports whether the challenge was still open.
func (t *tx) answerChallenge(h *threeDSChallenge, passed bool) (back string, open bool, err error) {
	var secret, secretName, objectName string
	p, found, err := load[intent](t, "payment_intent", h.For)
	if err != nil {
		return "", false, err
	}
	if found {
		objectName, secretName, secret = "payment_intent", "payment_intent_client_secret", p.ClientSecret
		open, err = t.answerForIntent(p, h, passed)
	} else {
		s, found, loadErr := load[setup](t, "setup_intent", h.For)
		if loadErr != nil || !found {
			return "", false, loadErr
		}
		objectName, secretName, secret = "setup_intent", "setup_intent_client_secret", s.ClientSecret
		open, err = t.answerForSetup(s, h, passed)
	}
	if err != nil && !keepsEffect(err) {
		return "", open, err
	}
	result := "succeeded"
	if !passed || err != nil {
		result = failed
	}
	return returnTo(h.ReturnURL, url.Values{objectName: {h.For}, secretName: {secret}, "redirect_status": {result}}), open, nil
}

func (t *tx) answerForIntent(p *intent, h *threeDSChallenge, passed bool) (open bool, err error) {
	if h.Done != "" || p.Status != requiresAction || p.hidden.Challenge != h.ID {
		return false, nil
	}
	h.finish(t, passed)
	m, found, err := load[method](t, "payment_method", string(p.PaymentMethod))
	if err != nil || !found {
		return true, err
	}
	if !passed {
		return true, t.authenticationFailed(p, m)
	}
	if p.hidden.Order == orderAuthenticate {
		p.hidden.Order = orderApprove
	}
	return true, t.authorize(p, m, tdsResults[challenge].details(t, m))
}

func (h *threeDSChallenge) finish(t *tx, passed bool) {
	h.Done = "fail"
	if passed {
		h.Done = "complete"
	}
	t.save(h)
}

// authenticationFailed sends the intent back for another payment method. No
// charge was tried.
func (t *tx) authenticationFailed(p *intent, m *method) error {
	e, err := authenticationError("payment_intent_authentication_failure", m)
	if err != nil {
		return err
	}
	p.dropChallenge()
	p.LastPaymentError = e
	p.Status, p.PaymentMethod = requiresPaymentMethod, ""
	t.save(p)
	return t.event("payment_intent.payment_failed", p)
}

// returnTo adds a query to a page's address; "" stays "".
func returnTo(page string, query url.Values) string {
	u, err := url.Parse(page)
	if page == "" || err != nil {
		return ""
	}
	q := u.Query()
	for name, values := range query {
		q[name] = values
	}
	u.RawQuery = q.Encode()
	return u.String()
}
