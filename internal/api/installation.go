package api

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

const (
	policyMax  = 1 << 20         // bytes of a body that holds a policy
	policyName = "body.document" // stands before places in it
)

type policyRequest struct {
	Document     string `json:"document" minLength:"1" maxLength:"500000" doc:"The policy in YAML."`
	EffectiveNow bool   `json:"effective_now,omitempty" doc:"If the document names an instant that is past, let it rule from now on."`
}

type policyCheckRequest struct {
	Document string `json:"document" minLength:"1" maxLength:"500000" doc:"The policy in YAML."`
}

func (s *Server) listPolicies(ctx context.Context, by access.Caller, _ *struct{}) (wire.List[wire.Policy], error) {
	rows, err := s.office.Policies(ctx, by)
	page := wire.List[wire.Policy]{Data: []wire.Policy{}}
	for _, r := range rows {
		page.Data = append(page.Data, wire.Policy{
			Object: "policy", Version: r.Version, EffectiveAt: wire.Maybe(r.EffectiveAt), AppliedAt: wire.Maybe(r.AppliedAt),
			AppliedBy: wire.MaybeText(r.AppliedBy), Document: r.Document,
		})
	}
	return page, err
}

func (s *Server) rulingPolicy(ctx context.Context, by access.Caller, _ *struct{}) (wire.Policy, error) {
	p, err := s.office.Policy(ctx, by)
	return wire.Policy{Object: "policy", Version: p.Version, EffectiveAt: wire.Maybe(p.Effective)}, err
}

func (s *Server) applyPolicy(ctx context.Context, by access.Caller, in *struct{ Body policyRequest }) (wire.Policy, error) {
	p, err := s.office.ApplyPolicy(ctx, by, []byte(in.Body.Document), policyName, in.Body.EffectiveNow)
	return wire.Policy{Object: "policy", Version: p.Version, EffectiveAt: wire.Maybe(p.Effective)}, err
}

func (s *Server) checkPolicy(ctx context.Context, by access.Caller, in *struct {
	Language string `header:"Accept-Language" doc:"The language of what is said to a payer."`
	Body     policyCheckRequest
}) (wire.PolicyCheck, error) {
	c, err := s.office.CheckPolicy(ctx, by, []byte(in.Body.Document), policyName)
	shape := wire.PolicyCheck{Object: "policy_check", Version: c.Policy.Version, Changes: []wire.PolicyChange{}, Touched: []wire.TouchedMethod{}}
	for _, change := range c.Changes {
		shape.Changes = append(shape.Changes, wire.PolicyChange(change))
	}
	for _, t := range c.Touched {
		shape.Touched = append(shape.Touched, wire.TouchedMethod{Method: string(t.Method.ID), Account: string(t.Method.Account), Reasons: objections(t.Why, in.Language)})
	}
	return shape, err
}

func (s *Server) clock(context.Context, access.Caller, *struct{}) (wire.Clock, error) {
	return s.clockJSON(s.office.Now()), nil
}

type clockRequest struct {
	Advance string `json:"advance" minLength:"2" maxLength:"20" example:"31d" doc:"A number and d, h, m or s, or several of them, such as 1d12h."`
}

func (s *Server) advanceClock(ctx context.Context, by access.Caller, in *struct{ Body clockRequest }) (wire.Clock, error) {
	span, err := parseSpan(in.Body.Advance)
	if err != nil {
		return wire.Clock{}, err
	}
	now, err := s.office.AdvanceClock(ctx, by, span)
	return s.clockJSON(now), err
}

func (s *Server) clockJSON(now time.Time) wire.Clock {
	return wire.Clock{Object: "clock", Now: wire.Instant(now), CanAdvance: !s.office.Live && s.office.Advance != nil}
}

var spanForm = regexp.MustCompile(`^(?:(\d{1,4})d)?((?:\d{1,6}h)?(?:\d{1,6}m)?(?:\d{1,6}s)?)$`)

// parseSpan reads a span of time that may have days, which always have 24 hours.
func parseSpan(text string) (time.Duration, error) {
	parts := spanForm.FindStringSubmatch(text)
	if parts == nil || text == "" {
		return 0, office.ErrClockSpan.At("body.advance")
	}
	var span time.Duration
	if parts[1] != "" {
		days, err := strconv.Atoi(parts[1])
		if err != nil {
			return 0, office.ErrClockSpan.At("body.advance")
		}
		span = time.Duration(days) * 24 * time.Hour
	}
	if parts[2] != "" {
		rest, err := time.ParseDuration(parts[2])
		if err != nil {
			return 0, office.ErrClockSpan.At("body.advance")
		}
		span += rest
	}
	return span, nil
}

type sessionRequest struct {
	Account string `json:"account" minLength:"1" maxLength:"64"`
	Page    string `json:"page,omitempty" maxLength:"200" pattern:"^(/[A-Za-z0-9._~-]+)*/?$" patternDescription:"a path of the console, such as /methods" example:"/methods" doc:"Where in the console the link leads; its first page if left out."`
	Return  string `json:"return_url,omitempty" maxLength:"500" example:"https://cloud.example.com/billing" doc:"Where the console leads its customer back to: from every page, and when they sign out or their session is over. It has to be on one of the origins that the installation names in its setting return-origins; where it names none, a sandbox installation takes any web address and one with real payments takes none."`
}

func (s *Server) openConsole(ctx context.Context, by access.Caller, in *struct{ Body sessionRequest }) (wire.Link, error) {
	link, until, err := s.office.OpenConsole(ctx, by, account.ID(in.Body.Account), office.Entrance{Page: in.Body.Page, ReturnURL: in.Body.Return})
	return wire.Link{Object: "link", URL: link, ExpiresAt: wire.Instant(until)}, err
}
