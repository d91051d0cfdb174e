package api

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/diagnosis"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

// AudienceInput is the part of a question that says for whom the answer is.
type AudienceInput struct {
	Audience string `query:"audience" enum:"payer,staff" default:"payer" doc:"For staff there is more, which must not reach a payer; it needs the scope books:read as well."`
}

// DiagnosisInput asks for the diagnosis of one object.
type DiagnosisInput struct {
	SpokenInput
	AudienceInput
}

func (s *Server) addDiagnosisRoutes() {
	handle(s, route{path: "GET /v1/payments/{id}/diagnosis", id: "diagnose-payment", scope: access.BillsRead, summary: "Say why a payment did not go through"}, s.diagnosePayment)
	handle(s, route{path: "GET /v1/debts/{id}/diagnosis", id: "diagnose-debt", scope: access.BillsRead, summary: "Say why a debt is not collected"}, s.diagnoseDebt)
	handle(s, route{path: "GET /v1/payment-methods/{id}/diagnosis", id: "diagnose-payment-method", scope: access.MethodsRead, summary: "Say why a payment method was not bound, or cannot be charged"}, s.diagnoseMethod)
	handle(s, route{path: "GET /v1/agreements/{id}/diagnosis", id: "diagnose-agreement", scope: access.MethodsRead, summary: "Say why no payment method came of an agreement"}, s.diagnoseAgreement)
	handle(s, route{path: "GET /v1/accounts/{id}/bind-attempts", id: "list-bind-attempts", scope: access.MethodsRead, summary: "List an account's tries to bind, and why they failed"}, s.bindAttempts)
}

func (s *Server) diagnosePayment(ctx context.Context, by access.Caller, in *DiagnosisInput) (wire.Diagnosis, error) {
	d, err := s.office.DiagnosePayment(ctx, by, payment.ID(in.ID), office.Audience(in.Audience))
	return diagnosisJSON(d, in.Language), err
}

func (s *Server) diagnoseDebt(ctx context.Context, by access.Caller, in *DiagnosisInput) (wire.Diagnosis, error) {
	d, err := s.office.DiagnoseDebt(ctx, by, billing.DebtID(in.ID), office.Audience(in.Audience))
	return diagnosisJSON(d, in.Language), err
}

func (s *Server) diagnoseMethod(ctx context.Context, by access.Caller, in *DiagnosisInput) (wire.Diagnosis, error) {
	d, err := s.office.DiagnoseMethod(ctx, by, payment.MethodID(in.ID), office.Audience(in.Audience))
	return diagnosisJSON(d, in.Language), err
}

func (s *Server) diagnoseAgreement(ctx context.Context, by access.Caller, in *DiagnosisInput) (wire.Diagnosis, error) {
	d, err := s.office.DiagnoseAgreement(ctx, by, payment.AgreementID(in.ID), office.Audience(in.Audience))
	return diagnosisJSON(d, in.Language), err
}

func (s *Server) bindAttempts(ctx context.Context, by access.Caller, in *struct {
	DiagnosisInput
	PageInput
}) (wire.BindAttempts, error) {
	p, err := in.page("try")
	if err != nil {
		return wire.BindAttempts{}, err
	}
	tries, err := s.office.DiagnoseBindAttempts(ctx, by, account.ID(in.ID), office.Audience(in.Audience), p)
	page := list(tries.Tries, tries.Next, func(t office.BindTry) wire.BindAttempt {
		return wire.BindAttempt{
			Object: "bind_attempt", ID: t.Attempt.ID, At: wire.Instant(t.Attempt.At), Outcome: t.Attempt.Outcome,
			Method: wire.MaybeText(t.Attempt.Method), Agreement: wire.MaybeText(t.Attempt.Agreement), Diagnosis: diagnosisJSON(t.Diagnosis, in.Language),
		}
	})
	return wire.BindAttempts{Data: page.Data, Next: page.Next, Now: diagnosisJSON(tries.Now, in.Language)}, err
}

// diagnosisJSON shapes a diagnosis in the language asked for, or else the account's.
func diagnosisJSON(d office.Diagnosed, language string) wire.Diagnosis {
	return wire.OfDiagnosis(d.Diagnosis, string(d.To), diagnosis.LanguageOf(language, d.Language))
}
