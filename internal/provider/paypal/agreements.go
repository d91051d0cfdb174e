package paypal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/provider"
)

const (
	brandMax       = 127 // characters of our name on PayPal's page
	accountMax     = 64  // characters of our account's id at PayPal
	customerMax    = 22  // characters of PayPal's own id of a payer
	tokensPage     = 5   // PayPal's most
	tokenPagesMax  = 20
	setupTokenType = "SETUP_TOKEN"
)

var (
	errAgreementAsk = errors.New("paypal: an agreement needs a key and addresses to come back to")
	errNoAgreement  = errors.New("paypal: no agreement of ours is named")
	errNoPayer      = errors.New("paypal: the agreement does not say whose it is")
	errManyTokens   = errors.New("paypal: the payer has several tokens, and none says which agreement it is of")
)

// localePattern is what PayPal takes for the language of its page.
var localePattern = regexp.MustCompile(`^[a-z]{2}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)

// setupStandings says what each status of a setup token means.
var setupStandings = map[string]provider.Outcome{
	"CREATED":         provider.NeedsPayer,
	statusPayerAction: provider.NeedsPayer,
	statusApproved:    provider.Approved,
	"VAULTED":         provider.Approved,
	"TOKENIZED":       provider.Approved,
}

// OpenAgreement asks PayPal for a setup token: the payer approves it on PayPal's page
// and nothing is kept before KeepAgreement. It lapses after three days.
func (p *Plug) OpenAgreement(ctx context.Context, a provider.AgreementAsk) (string, provider.Result) {
	if a.Key == "" || a.ReturnURL == "" || a.CancelURL == "" {
		return "", provider.Result{Outcome: provider.Failed, Hopeless: true, Cause: errAgreementAsk}
	}
	s := &setupToken{}
	x := p.ask(ctx, question{call: createSetup, body: setupOf(a), key: stepKey(a.Key, openStep, nil)}, s)
	if !x.ok() || !isToken(s.ID) {
		return "", x.failed("")
	}
	name := s.ID
	if s.Customer != nil && isToken(s.Customer.ID) {
		name = s.Customer.ID + agreementMark + s.ID
	}
	r := s.result(x)
	r.Ref = name
	return name, r
}

// agreementMark stands between the customer and the setup token in our name of an
// agreement: once PayPal has forgotten the setup token, only the customer leads to
// what was made of it.
const agreementMark = ":"

func splitAgreement(name string) (who, id string) {
	who, id, named := strings.Cut(name, agreementMark)
	if !named {
		return "", name
	}
	return who, id
}

// setupOf words the agreement (R-PP-06): charged by the merchant, later, whenever
// usage has reached an amount.
func setupOf(a provider.AgreementAsk) setupToken {
	var several bool
	page := &pageContext{
		Brand: cut(a.Seller, brandMax), Shipping: "NO_SHIPPING", Vault: "ON_CREATE_PAYMENT_TOKENS",
		ReturnURL: a.ReturnURL, CancelURL: a.CancelURL,
	}
	if len(a.Language) <= 10 && localePattern.MatchString(a.Language) {
		page.Locale = a.Language
	}
	s := setupToken{Source: source{PayPal: &wallet{Type: "MERCHANT", Pattern: agreedPattern, Several: &several, Page: page}}}
	who := customer{}
	if a.Customer != "" && len(a.Customer) <= customerMax {
		who.ID = a.Customer
	}
	if len(a.Account) <= accountMax {
		who.MerchantID = a.Account
	}
	if who != (customer{}) {
		s.Customer = &who
	}
	return s
}

// result tells how an agreement stands.
func (s *setupToken) result(x *exchange) provider.Result {
	r := provider.Result{Outcome: provider.Unknown, Ref: s.ID, RequestID: x.debugID}
	outcome, known := setupStandings[s.Status]
	if !known {
		r.Cause = fmt.Errorf("paypal: agreement %s has status %q, which is new to us", word(s.ID), word(s.Status))
		return r
	}
	r.Outcome = outcome
	if outcome == provider.NeedsPayer {
		r.Live, r.ChallengeURL = true, href(s.Links, "approve", "payer-action")
	}
	return r
}

// Agreement reads how an agreement stands.
func (p *Plug) Agreement(ctx context.Context, name string) provider.Result {
	_, id := splitAgreement(name)
	_, r := p.readAgreement(ctx, id)
	r.Ref = name
	return r
}

// readAgreement reads a setup token; it is nil if it could not be read. One that
// PayPal does not know any more lapsed.
func (p *Plug) readAgreement(ctx context.Context, name string) (*setupToken, provider.Result) {
	if !isToken(name) {
		return nil, provider.Result{Outcome: provider.Unknown, Ref: name, Cause: errNoAgreement}
	}
	s := &setupToken{}
	x := p.ask(ctx, question{call: readSetup, id: name}, s)
	switch {
	case x.ok() && s.ID == name:
		return s, s.result(x)
	case x.missing():
		return nil, provider.Result{Outcome: provider.Cancelled, Ref: name, RequestID: x.debugID}
	}
	return nil, x.unread(name)
}

// KeepAgreement makes the payment token of an approved setup token. One that was made
// before, by a call whose answer was lost, is looked up.
func (p *Plug) KeepAgreement(ctx context.Context, name string, a provider.AgreementAsk) (provider.Instrument, provider.Result) {
	whose, name := splitAgreement(name)
	if !isToken(name) || a.Key == "" {
		return provider.Instrument{}, provider.Result{Outcome: provider.Failed, Hopeless: true, Ref: name, Cause: errNoAgreement}
	}
	t := &paymentToken{}
	body := paymentToken{Source: source{Token: &setupRef{ID: name, Type: setupTokenType}}}
	x := p.ask(ctx, question{call: createToken, body: body, key: stepKey(a.Key, keepStep, nil)}, t)
	switch {
	case x.ok() && t.ID != "":
		return t.instrument(), provider.Result{Outcome: provider.Approved, Ref: name, RequestID: x.debugID}
	case x.err != nil || x.problem == nil:
		return provider.Instrument{}, x.failed(name)
	case x.status != http.StatusUnprocessableEntity && x.status != http.StatusNotFound && x.status != http.StatusBadRequest:
		return provider.Instrument{}, x.failed(name)
	}

	// PayPal refused: how the setup token stands says why.
	s, r := p.readAgreement(ctx, name)
	switch {
	case s == nil && r.Outcome == provider.Cancelled && whose != "":
		return p.keptBefore(ctx, &setupToken{ID: name, Customer: &customer{ID: whose}}, a.Known)
	case s == nil:
		return provider.Instrument{}, r
	case s.Status == "VAULTED" || s.Status == "TOKENIZED":
		return p.keptBefore(ctx, s, a.Known)
	case r.Outcome == provider.NeedsPayer:
		return provider.Instrument{}, provider.Result{Outcome: provider.Cancelled, Ref: name, RequestID: r.RequestID, Cause: x.cause(name)}
	case x.effect() == declines:
		return provider.Instrument{}, x.declined(name)
	}
	return provider.Instrument{}, x.failed(name)
}

// keptBefore finds the payment token that a setup token became, among those of its
// payer. Cancelled says that there is none any more: the payer deleted it.
func (p *Plug) keptBefore(ctx context.Context, s *setupToken, known []string) (provider.Instrument, provider.Result) {
	r := provider.Result{Outcome: provider.Unknown, Ref: s.ID}
	if s.Customer == nil || s.Customer.ID == "" {
		r.Cause = errNoPayer
		return provider.Instrument{}, r
	}
	var found []paymentToken
	for page := 1; page <= tokenPagesMax; page++ {
		var got struct {
			Customer *customer      `json:"customer"`
			Tokens   []paymentToken `json:"payment_tokens"`
		}
		x := p.ask(ctx, question{call: listTokens, query: url.Values{
			"customer_id": {s.Customer.ID}, "page_size": {itoa(tokensPage)}, "page": {itoa(page)},
		}}, &got)
		r.RequestID = x.debugID
		if !x.ok() {
			return provider.Instrument{}, x.unread(s.ID)
		}
		for _, t := range got.Tokens {
			if s.payer() == "" && slices.Contains(known, t.ID) {
				continue
			}
			if t.Source.PayPal == nil || s.payer() != "" && t.Source.PayPal.payer() != s.payer() {
				continue
			}
			if t.Customer == nil {
				t.Customer = s.Customer
			}
			found = append(found, t)
		}
		if len(got.Tokens) < tokensPage {
			break
		}
	}
	switch len(found) {
	case 0:
		r.Outcome = provider.Cancelled
		return provider.Instrument{}, r
	case 1:
		r.Outcome = provider.Approved
		return found[0].instrument(), r
	}
	r.Cause = errManyTokens
	return provider.Instrument{}, r
}

func (s *setupToken) payer() string {
	if s.Source.PayPal == nil {
		return ""
	}
	return s.Source.PayPal.payer()
}

// payer is PayPal's id of the account; newer answers have it under another name.
func (w *wallet) payer() string {
	if w.PayerID != "" {
		return w.PayerID
	}
	return w.Account
}
