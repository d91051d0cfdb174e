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
	IDInput
	Body methodRequest
}) (wire.Method, error) {
	b, err := s.office.BindCard(ctx, by, account.ID(in.ID), office.CardToBind{Token: in.Body.Token, Consent: in.Body.Consent, ReturnURL: in.Body.ReturnURL})
	return boundJSON(b), err
}

func (s *Server) listMethods(ctx context.Context, by access.Caller, in *IDInput) (wire.List[wire.Method], error) {
	methods, err := s.office.Methods(ctx, by, account.ID(in.ID))
	return list(methods, "", boundJSON), err
}

func (s *Server) method(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Refresh bool `query:"refresh" doc:"Ask the provider first how its hold stands, as a page does to which the payer comes back."`
}) (wire.Method, error) {
	story, err := s.office.Method(ctx, by, payment.MethodID(in.ID), in.Refresh)
	b := office.Bound{Method: story.Method}
	if len(story.Holds) > 0 {
		b.Hold = story.Holds[0]
	}
	return boundJSON(b), err
}

func (s *Server) preferMethod(ctx context.Context, by access.Caller, in *IDInput) (wire.Method, error) {
	m, err := s.office.PreferMethod(ctx, by, payment.MethodID(in.ID))
	return wire.OfMethod(m), err
}

func (s *Server) methodTimeline(ctx context.Context, by access.Caller, in *IDInput) (wire.List[wire.Happening], error) {
	story, err := s.office.Method(ctx, by, payment.MethodID(in.ID), false)
	page := wire.List[wire.Happening]{Data: []wire.Happening{}}
	for _, r := range story.History {
		page.Data = append(page.Data, wire.Happening{At: wire.Instant(r.At), By: r.By, Action: r.Action, Detail: json.RawMessage(r.Detail)})
	}
	return page, err
}

func boundJSON(b office.Bound) wire.Method {
	shape := wire.OfMethod(b.Method)
	if b.Hold.ID != "" {
		hold := wire.OfHold(b.Hold)
		shape.Hold = &hold
	}
	return shape
}
