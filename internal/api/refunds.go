package api

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

type refundRequest struct {
	Amount *wire.Amount `json:"amount,omitempty" doc:"All that is left of the payment if left out."`
	Reason string       `json:"reason" minLength:"1" maxLength:"200" doc:"Why the money is given back; kept in the audit, and told to the platform."`
}

func (s *Server) refundPayment(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body refundRequest
}) (wire.Refund, error) {
	r := office.Refunding{Reason: in.Body.Reason}
	if a := in.Body.Amount; a != nil {
		c, err := money.ParseCurrency(a.Currency)
		if err != nil {
			return wire.Refund{}, err
		}
		if r.Amount, err = money.ParseAmount(a.Amount, c); err != nil {
			return wire.Refund{}, err
		}
	}
	f, err := s.office.RefundPayment(ctx, by, payment.ID(in.ID), r)
	return wire.OfRefund(f), err
}

func (s *Server) refund(ctx context.Context, by access.Caller, in *IDInput) (wire.Refund, error) {
	f, err := s.office.Refund(ctx, by, payment.RefundID(in.ID))
	return wire.OfRefund(f), err
}

func (s *Server) listPaymentRefunds(ctx context.Context, by access.Caller, in *IDInput) (wire.List[wire.Refund], error) {
	refunds, err := s.office.RefundsOf(ctx, by, payment.ID(in.ID))
	return list(refunds, "", wire.OfRefund), err
}

func (s *Server) listRefunds(ctx context.Context, by access.Caller, in *AccountPage) (wire.List[wire.Refund], error) {
	p, err := in.page("ref")
	if err != nil {
		return wire.List[wire.Refund]{}, err
	}
	refunds, next, err := s.office.Refunds(ctx, by, account.ID(in.ID), p)
	return list(refunds, next, wire.OfRefund), err
}

func (s *Server) listCreditNotes(ctx context.Context, by access.Caller, in *AccountPage) (wire.List[wire.CreditNote], error) {
	p, err := in.page("cn")
	if err != nil {
		return wire.List[wire.CreditNote]{}, err
	}
	notes, next, err := s.office.CreditNotes(ctx, by, account.ID(in.ID), p)
	return list(notes, next, wire.OfCreditNote), err
}
