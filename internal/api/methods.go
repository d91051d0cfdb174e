package api

import (
	"context"
	"encoding/json"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

type methodRequest struct {
	Token     string `json:"token" minLength:"1" maxLength:"255" example:"pm_card_visa" doc:"The card as the provider's fields in the browser handed it over; never a number."`
	Consent   string `json:"consent" minLength:"1" maxLength:"64" doc:"Version of the text in which the payer agreed to later charges."`
	ReturnURL string `json:"return_url" minLength:"1" maxLength:"2000" doc:"The page to which the payer comes back from a challenge."`
}

func (s *Server) bindCard(ctx context.Context, by access.Caller, in *struct {
	SpokenInput
	Body methodRequest
}) (wire.Method, error) {
	b, err := s.office.BindCard(ctx, by, account.ID(in.ID), office.CardToBind{Token: in.Body.Token, Consent: in.Body.Consent, ReturnURL: in.Body.ReturnURL})
	return boundJSON(b, in.Language), err
}

func (s *Server) listMethods(ctx context.Context, by access.Caller, in *SpokenInput) (wire.List[wire.Method], error) {
	methods, err := s.office.Methods(ctx, by, account.ID(in.ID))
	return list(methods, "", func(b office.Bound) wire.Method { return boundJSON(b, in.Language) }), err
}

func (s *Server) method(ctx context.Context, by access.Caller, in *struct {
	SpokenInput
	Refresh bool `query:"refresh" doc:"Ask the provider first how its hold stands, as a page does to which the payer comes back."`
}) (wire.Method, error) {
	story, err := s.office.Method(ctx, by, payment.MethodID(in.ID), in.Refresh)
	b := office.Bound{Method: story.Method}
	for _, h := range story.Holds { // newest first
		switch {
		case h.Kind == payment.Verification && b.Hold.ID == "":
			b.Hold = h
		case h.Kind == payment.ExposureHold && b.Exposure.ID == "":
			b.Exposure = h
		}
	}
	return boundJSON(b, in.Language), err
}

func (s *Server) preferMethod(ctx context.Context, by access.Caller, in *IDInput) (wire.Method, error) {
	m, err := s.office.PreferMethod(ctx, by, payment.MethodID(in.ID))
	return wire.OfMethod(m), err
}

func (s *Server) detachMethod(ctx context.Context, by access.Caller, in *IDInput) (wire.Method, error) {
	m, err := s.office.DetachMethod(ctx, by, payment.MethodID(in.ID))
	return wire.OfMethod(m), err
}

func (s *Server) detachability(ctx context.Context, by access.Caller, in *SpokenInput) (wire.Detachability, error) {
	m, why, err := s.office.MayDetachMethod(ctx, by, payment.MethodID(in.ID))
	return wire.OfDetachability(m.ID, objections(why, in.Language)), err
}

func (s *Server) methodTimeline(ctx context.Context, by access.Caller, in *IDInput) (wire.List[wire.Happening], error) {
	story, err := s.office.Method(ctx, by, payment.MethodID(in.ID), false)
	page := wire.List[wire.Happening]{Data: []wire.Happening{}}
	for _, r := range story.History {
		page.Data = append(page.Data, wire.Happening{At: wire.Instant(r.At), By: r.By, Action: r.Action, Detail: json.RawMessage(r.Detail)})
	}
	return page, err
}

// boundJSON shapes a payment method with its holds, and with the words for its
// reason.
func boundJSON(b office.Bound, language string) wire.Method {
	shape := wire.OfMethod(b.Method)
	shape.Explanation = explanation(b.Method.Reason, language)
	shape.Hold, shape.Exposure = maybeHold(b.Hold), maybeHold(b.Exposure)
	return shape
}

func maybeHold(h payment.Hold) *wire.Hold {
	if h.ID == "" {
		return nil
	}
	shape := wire.OfHold(h)
	return &shape
}
