package api

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

// addCreditRoutes adds credit lines: proposed by one person, decided on by another.
func (s *Server) addCreditRoutes() {
	handle(s, route{path: "GET /v1/accounts/{id}/credit", id: "get-credit", scope: access.CreditRead, summary: "Say how an account's credit stands"}, s.credit)
	handle(s, route{path: "GET /v1/accounts/{id}/credit-lines", id: "list-credit-lines", scope: access.CreditRead, summary: "List all that was proposed for an account's credit, the last first"}, s.listCreditLines)
	handle(s, route{path: "POST /v1/accounts/{id}/credit-lines", id: "propose-credit-line", scope: access.CreditWrite, status: 201, summary: "Propose credit for an account, other credit, or none any more"}, s.proposeCreditLine)
	handle(s, route{path: "GET /v1/credit-proposals", id: "list-credit-proposals", scope: access.CreditRead, summary: "List what was proposed and waits for a decision, the oldest first"}, s.listCreditProposals)
	handle(s, route{path: "GET /v1/credit-lines/{id}", id: "get-credit-line", scope: access.CreditRead, summary: "Fetch a credit line"}, s.creditLine)
	handle(s, route{path: "POST /v1/credit-lines/{id}/approve", id: "approve-credit-line", scope: access.CreditApprove, summary: "Make true what another person proposed"}, s.approveCreditLine)
	handle(s, route{path: "POST /v1/credit-lines/{id}/refuse", id: "refuse-credit-line", scope: access.CreditApprove, summary: "Refuse what another person proposed"}, s.refuseCreditLine)
	handle(s, route{path: "POST /v1/credit-lines/{id}/withdraw", id: "withdraw-credit-line", scope: access.CreditWrite, summary: "Take back what you proposed"}, s.withdrawCreditLine)
}

// amountFrom reads an amount that may be left out.
func amountFrom(a *wire.Amount) (money.Amount, error) {
	if a == nil {
		return money.Amount{}, nil
	}
	c, err := money.ParseCurrency(a.Currency)
	if err != nil {
		return money.Amount{}, err
	}
	return money.ParseAmount(a.Amount, c)
}

func ofCredit(c office.CreditStanding) wire.Credit {
	shape := wire.Credit{
		Object: "credit", Line: wire.OfCreditLine(c.Line), Limit: wire.OfAmount(c.Limit), Cash: wire.OfAmount(c.Cash), Current: wire.OfAmount(c.Current),
		Earlier: wire.OfAmount(c.Earlier), Used: wire.OfAmount(c.Used), Available: wire.OfAmount(c.Available), Due: []wire.Bill{},
	}
	for _, b := range c.Due {
		shape.Due = append(shape.Due, wire.OfBill(b))
	}
	return shape
}

func (s *Server) credit(ctx context.Context, by access.Caller, in *IDInput) (wire.Credit, error) {
	c, err := s.office.Credit(ctx, by, account.ID(in.ID))
	return ofCredit(c), err
}

func (s *Server) listCreditLines(ctx context.Context, by access.Caller, in *IDInput) (wire.List[wire.CreditLine], error) {
	lines, err := s.office.CreditLines(ctx, by, account.ID(in.ID))
	return list(lines, "", wire.OfCreditLine), err
}

func (s *Server) listCreditProposals(ctx context.Context, by access.Caller, in *PageInput) (wire.List[wire.CreditLine], error) {
	p, err := in.page("crl")
	if err != nil {
		return wire.List[wire.CreditLine]{}, err
	}
	lines, next, err := s.office.CreditProposals(ctx, by, p)
	return list(lines, next, wire.OfCreditLine), err
}

func (s *Server) creditLine(ctx context.Context, by access.Caller, in *IDInput) (wire.CreditLine, error) {
	l, err := s.office.CreditLine(ctx, by, account.CreditLineID(in.ID))
	return wire.OfCreditLine(l), err
}

type creditRequest struct {
	Kind   string       `json:"kind" enum:"open,change,close"`
	Limit  *wire.Amount `json:"limit,omitempty" doc:"Left out, a change keeps it; closing has none."`
	Terms  string       `json:"terms,omitempty" maxLength:"40" example:"20 business days" doc:"By when a bill is to be paid: N calendar days, N business days, end of month, or end of month + N days. Left out, a change keeps them, and a new line gets the policy's."`
	Reason string       `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Server) proposeCreditLine(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body creditRequest
}) (wire.CreditLine, error) {
	p := office.CreditProposal{Kind: account.CreditKind(in.Body.Kind), Reason: in.Body.Reason}
	var err error
	if p.Limit, err = amountFrom(in.Body.Limit); err != nil {
		return wire.CreditLine{}, err
	}
	if in.Body.Terms != "" {
		t, err := account.ParseTerms(in.Body.Terms)
		if err != nil {
			return wire.CreditLine{}, err
		}
		p.Terms = &t
	}
	l, err := s.office.ProposeCreditLine(ctx, by, account.ID(in.ID), p)
	return wire.OfCreditLine(l), err
}

type decisionRequest struct {
	Note string `json:"note,omitempty" maxLength:"500" doc:"Why; kept beside the decision."`
}

// DecisionInput is a decision on what another person proposed.
type DecisionInput struct {
	IDInput
	Body decisionRequest
}

func (s *Server) approveCreditLine(ctx context.Context, by access.Caller, in *DecisionInput) (wire.CreditLine, error) {
	l, err := s.office.ApproveCreditLine(ctx, by, account.CreditLineID(in.ID), in.Body.Note)
	return wire.OfCreditLine(l), err
}

func (s *Server) refuseCreditLine(ctx context.Context, by access.Caller, in *DecisionInput) (wire.CreditLine, error) {
	l, err := s.office.RefuseCreditLine(ctx, by, account.CreditLineID(in.ID), in.Body.Note)
	return wire.OfCreditLine(l), err
}

func (s *Server) withdrawCreditLine(ctx context.Context, by access.Caller, in *IDInput) (wire.CreditLine, error) {
	l, err := s.office.WithdrawCreditLine(ctx, by, account.CreditLineID(in.ID))
	return wire.OfCreditLine(l), err
}
