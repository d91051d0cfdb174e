package paypal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/provider"
)

// A problem is PayPal's way to say why it did not do as asked.
type problem struct {
	Name    string   `json:"name"`
	Details []detail `json:"details"`
	Links   []link   `json:"links"`

	// OAuth says it in its own way.
	Error string `json:"error"`
}

type detail struct {
	Issue string `json:"issue"`
	Field string `json:"field"`
}

// readProblem reads a refusal; nil if it is not PayPal's.
func readProblem(raw []byte) *problem {
	p := &problem{}
	if json.Unmarshal(raw, p) != nil || p.Name == "" && p.Error == "" {
		return nil
	}
	return p
}

// word is the most telling of the problem's words that we know, else the first.
func (p *problem) word() string {
	if p == nil {
		return ""
	}
	for _, d := range p.Details {
		if _, known := issues[d.Issue]; known {
			return d.Issue
		}
	}
	if len(p.Details) > 0 && p.Details[0].Issue != "" {
		return p.Details[0].Issue
	}
	if p.Name != "" {
		return p.Name
	}
	return p.Error
}

// aboutToken reports whether the problem is with the payer's token.
func (p *problem) aboutToken() bool {
	return p != nil && slices.ContainsFunc(p.Details, func(d detail) bool { return strings.Contains(d.Field, "vault_id") })
}

// A verdict is what a failure means to whoever asked for money to move.
type verdict struct {
	outcome       provider.Outcome
	misconfigured bool
	hopeless      bool
}

// verdicts says what each HTTP status means when a step was not taken. What is not
// here, 409 and every 5xx among it, is Unknown: a 409 says that a twin of the
// request is running, and the twin may take the money; a 5xx may come before or
// after the effect. What PayPal says with 422 is in issues.
// https://developer.paypal.com/api/rest/responses/
var verdicts = map[int]verdict{
	http.StatusBadRequest:      {outcome: provider.Failed, hopeless: true},
	http.StatusUnauthorized:    {outcome: provider.Failed, misconfigured: true},
	http.StatusForbidden:       {outcome: provider.Failed, misconfigured: true},
	http.StatusTooManyRequests: {outcome: provider.Failed}, // refused before anything is done
}

// judge tells what a failure means. It answers Failed only on proof.
func (x *exchange) judge() verdict {
	if x.unsent {
		return verdict{outcome: provider.Failed, misconfigured: x.misconfigured}
	}
	if x.status == http.StatusBadRequest && x.problem == nil {
		return verdict{outcome: provider.Unknown} // a proxy's refusal, not PayPal's
	}
	if x.status == http.StatusUnprocessableEntity && x.problem != nil {
		switch issues[x.problem.word()].effect {
		case hopeless:
			return verdict{outcome: provider.Failed, hopeless: true}
		case ours:
			return verdict{outcome: provider.Failed, misconfigured: true}
		}
		return verdict{outcome: provider.Unknown}
	}
	if v, ok := verdicts[x.status]; ok && x.err == nil {
		return v
	}
	return verdict{outcome: provider.Unknown}
}

// failed words a failure as the result of a step with an intent, ref "" while it is
// opened.
func (x *exchange) failed(ref string) provider.Result {
	v := x.judge()
	return provider.Result{
		Outcome: v.outcome, Misconfigured: v.misconfigured, Hopeless: v.hopeless,
		Ref: ref, Live: ref != "", RequestID: x.debugID, Cause: x.cause(ref),
	}
}

// unread tells that an intent could not be read or searched. That is never Failed:
// it says nothing about the money.
func (x *exchange) unread(ref string) provider.Result {
	return provider.Result{
		Outcome: provider.Unknown, Misconfigured: x.judge().misconfigured,
		Ref: ref, Live: ref != "", RequestID: x.debugID, Cause: x.cause(ref),
	}
}

// declined words a refusal by the payer's side.
func (x *exchange) declined(ref string) provider.Result {
	why := x.problem.word()
	i := issues[why]
	if x.problem.aboutToken() && i.effect == 0 {
		i = issues["TOKEN_ID_NOT_FOUND"]
	}
	if i.class == "" {
		i.class = provider.IssuerBlock
	}
	return provider.Result{
		Outcome: provider.Declined, Ref: ref, Live: ref != "", RequestID: x.debugID,
		Decline: provider.Decline{Class: i.class, Code: word(why), Revoked: i.revoked},
	}
}

// effect is what a refusal leaves us to do; 0 if it was none of PayPal's refusals
// of a step.
func (x *exchange) effect() effect {
	if x.err != nil || x.problem == nil {
		return 0
	}
	switch x.status {
	case http.StatusUnprocessableEntity, http.StatusNotFound, http.StatusBadRequest, http.StatusForbidden, http.StatusConflict:
	default:
		return 0
	}
	if i, known := issues[x.problem.word()]; known {
		return i.effect
	}
	switch {
	case x.status == http.StatusNotFound && !x.problem.aboutToken():
		return moved // the order itself
	case x.status == http.StatusNotFound, x.status == http.StatusUnprocessableEntity, x.problem.aboutToken():
		return declines
	}
	return 0
}

// cause words a failure for the log: codes and ids, never PayPal's message, a body
// or a header, since those can quote what was sent.
func (x *exchange) cause(ref string) error {
	doing := x.doing
	if ref != "" {
		doing += " for " + word(ref)
	}
	switch {
	case x.problem != nil:
		return fmt.Errorf("paypal: %s: HTTP %d %s %s, debug id %s", doing, x.status, word(x.problem.Name), word(x.problem.word()), x.debugID)
	case x.err != nil && x.status == 0:
		return fmt.Errorf("paypal: %s: %w", doing, x.err)
	case x.err != nil:
		return fmt.Errorf("paypal: %s: HTTP %d, %w, debug id %s", doing, x.status, x.err, x.debugID)
	}
	return fmt.Errorf("paypal: %s: HTTP %d with a body that is not PayPal's, debug id %s", doing, x.status, x.debugID)
}

// fail words a failure where no money can move: a fault, with the cause for the log.
func (x *exchange) fail() error {
	why := x.cause("")
	switch v := x.judge(); {
	case v.misconfigured:
		return errors.Join(provider.ErrMisconfigured, why)
	case v.hopeless:
		return why // our own mistake
	}
	return errors.Join(provider.ErrUnreachable, why)
}
