package api

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

// AccountPage asks for a page of what belongs to an account.
type AccountPage struct {
	IDInput
	PageInput
}

func (s *Server) listDebts(ctx context.Context, by access.Caller, in *AccountPage) (wire.List[wire.Debt], error) {
	p, err := in.page("debt")
	if err != nil {
		return wire.List[wire.Debt]{}, err
	}
	debts, next, err := s.office.Debts(ctx, by, account.ID(in.ID), p)
	return list(debts, next, wire.OfDebt), err
}

func (s *Server) debt(ctx context.Context, by access.Caller, in *IDInput) (wire.Debt, error) {
	story, err := s.office.Debt(ctx, by, billing.DebtID(in.ID))
	shape := wire.OfDebt(story.Debt)
	for _, p := range story.Payments {
		shape.Payments = append(shape.Payments, wire.OfPayment(p))
	}
	return shape, err
}

type collectRequest struct {
	Method    string `json:"payment_method,omitempty" maxLength:"64" doc:"The preferred one if left out."`
	Present   bool   `json:"customer_present,omitempty" doc:"The customer sits in front of a screen and can pass a challenge."`
	ReturnURL string `json:"return_url,omitempty" maxLength:"2000" doc:"The page to which the customer comes back from a challenge; needed when they are present."`
}

func (s *Server) collectDebt(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body collectRequest
}) (wire.Payment, error) {
	c := office.Charge{Method: payment.MethodID(in.Body.Method), Initiator: payment.MIT, Reason: payment.Retry, ReturnURL: in.Body.ReturnURL}
	if in.Body.Present {
		c.Initiator, c.Reason = payment.CIT, payment.PaidByCustomer
	}
	p, err := s.office.CollectDebt(ctx, by, billing.DebtID(in.ID), c)
	return wire.OfPayment(p), err
}

func (s *Server) listPayments(ctx context.Context, by access.Caller, in *AccountPage) (wire.List[wire.Payment], error) {
	p, err := in.page("pay")
	if err != nil {
		return wire.List[wire.Payment]{}, err
	}
	payments, next, err := s.office.Payments(ctx, by, account.ID(in.ID), p)
	return list(payments, next, wire.OfPayment), err
}

func (s *Server) payment(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Refresh bool `query:"refresh" doc:"Ask the provider first how it stands, as a page does to which the payer comes back."`
}) (wire.Payment, error) {
	p, err := s.office.Payment(ctx, by, payment.ID(in.ID), in.Refresh)
	return wire.OfPayment(p), err
}

func (s *Server) openChallenge(ctx context.Context, by access.Caller, in *IDInput) (wire.Link, error) {
	link, until, err := s.office.OpenChallenge(ctx, by, payment.ID(in.ID))
	return wire.Link{Object: "link", URL: link, ExpiresAt: wire.Instant(until)}, err
}

func (s *Server) listBills(ctx context.Context, by access.Caller, in *AccountPage) (wire.List[wire.Bill], error) {
	p, err := in.page("bill")
	if err != nil {
		return wire.List[wire.Bill]{}, err
	}
	bills, next, err := s.office.Bills(ctx, by, account.ID(in.ID), p)
	return list(bills, next, wire.OfBill), err
}

func (s *Server) bill(ctx context.Context, by access.Caller, in *IDInput) (wire.Bill, error) {
	b, err := s.office.Bill(ctx, by, billing.BillID(in.ID))
	if err != nil {
		return wire.Bill{}, err
	}
	story, err := s.office.BillStory(ctx, by, b.ID) // knows what waits for a person, but not every debt
	shape := wire.OfBill(b)
	shape.ByHand = &story.ByHand
	return shape, err
}

type billRunRequest struct {
	Month string `json:"month" minLength:"7" maxLength:"7" example:"2024-09"`
}

func (s *Server) runBills(ctx context.Context, by access.Caller, in *struct{ Body billRunRequest }) (wire.BillRun, error) {
	month, err := billing.ParseMonth(in.Body.Month)
	if err != nil {
		return wire.BillRun{}, err
	}
	run, err := s.office.RunBills(ctx, by, month, nil)
	return wire.BillRun{Object: "bill_run", Month: string(month), Closed: run.Closed, Charged: run.Charged, Failed: run.Failed}, err
}
