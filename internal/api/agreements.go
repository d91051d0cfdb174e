package api

import (
	"cmp"
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/api/problem"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

type agreementRequest struct {
	Consent   string `json:"consent" minLength:"1" maxLength:"64" doc:"Version of the text in which the payer agreed to later charges."`
	ReturnURL string `json:"return_url" minLength:"1" maxLength:"2000" doc:"The page to which the payer comes back, agreed or not. Its query is given the agreement's id as agreement, and turned_away=1 if they turned away."`
	Language  string `json:"language,omitempty" maxLength:"35" example:"ja" doc:"Of PayPal's page, BCP 47; the account's if left out."`
}

func (s *Server) openAgreement(ctx context.Context, by access.Caller, in *struct {
	SpokenInput
	Body agreementRequest
}) (wire.Agreement, error) {
	g, err := s.office.BindPayPal(ctx, by, account.ID(in.ID), office.PayPalToBind{Consent: in.Body.Consent, ReturnURL: in.Body.ReturnURL, Language: in.Body.Language})
	return agreementJSON(g, in.Language), err
}

func (s *Server) listAgreements(ctx context.Context, by access.Caller, in *SpokenInput) (wire.List[wire.Agreement], error) {
	agreements, err := s.office.Agreements(ctx, by, account.ID(in.ID))
	return list(agreements, "", func(g payment.Agreement) wire.Agreement { return agreementJSON(g, in.Language) }), err
}

func (s *Server) agreement(ctx context.Context, by access.Caller, in *struct {
	SpokenInput
	Refresh bool `query:"refresh" doc:"Ask PayPal first how it stands."`
}) (wire.Agreement, error) {
	g, err := s.office.Agreement(ctx, by, payment.AgreementID(in.ID), in.Refresh)
	return agreementJSON(g, in.Language), err
}

type returnRequest struct {
	TurnedAway bool `json:"turned_away,omitempty" doc:"They came by the way out. It is a hint: PayPal is asked all the same."`
}

func (s *Server) returnToAgreement(ctx context.Context, by access.Caller, in *struct {
	SpokenInput
	Body returnRequest
}) (wire.Agreement, error) {
	g, err := s.office.ReturnToAgreement(ctx, by, payment.AgreementID(in.ID), in.Body.TurnedAway)
	return agreementJSON(g, in.Language), err
}

// agreementJSON shapes an agreement with the words for what came of it.
func agreementJSON(g payment.Agreement, language string) wire.Agreement {
	shape := wire.OfAgreement(g)
	shape.Explanation = explanation(cmp.Or(g.Reason, "agreement_"+string(g.State)), language)
	return shape
}

// explanation says what a code means to a payer; nil where there are no words for it.
func explanation(code, language string) *wire.Explanation {
	title, next, ok := problem.Explain(code, language)
	if !ok {
		return nil
	}
	return &wire.Explanation{Title: title, Next: next}
}
