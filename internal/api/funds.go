package api

import (
	"context"
	"fmt"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

// addFundsRoutes adds balances: what they pay, how they are topped up and withdrawn.
func (s *Server) addFundsRoutes() {
	handle(s, route{path: "GET /v1/accounts/{id}/funds", id: "get-funds", scope: access.FundsRead, summary: "Say what an account has with us and owes"}, s.funds)
	handle(s, route{path: "PUT /v1/accounts/{id}/auto-apply", id: "set-auto-apply", scope: access.FundsWrite, summary: "Say whether a balance pays bills by itself"}, s.setAutoApply)
	handle(s, route{path: "GET /v1/accounts/{id}/cash-applications", id: "list-cash-applications", scope: access.FundsRead, summary: "List what was spent of a balance"}, s.listApplications)
	handle(s, route{path: "POST /v1/accounts/{id}/cash-applications", id: "apply-balance", scope: access.FundsWrite, status: 201, summary: "Spend a balance on chosen bills"}, s.applyBalance)
	handle(s, route{path: "POST /v1/cash-applications/{id}/undo", id: "undo-cash-application", scope: access.BankApprove, summary: "Take back what was spent of a balance"}, s.undoApplication)
	handle(s, route{path: "GET /v1/accounts/{id}/cash-replay", id: "replay-bills", scope: access.FundsRead, summary: "Make every decision about a balance again, and compare"}, s.replayBills)
	handle(s, route{path: "POST /v1/accounts/{id}/top-ups", id: "top-up", scope: access.FundsWrite, status: 201, summary: "Put money on a balance from a payment method"}, s.topUp)
	handle(s, route{path: "POST /v1/bills/{id}/pay", id: "pay-bill", scope: access.FundsWrite, summary: "Pay a bill, or a part of it, by hand"}, s.payBill)
	handle(s, route{path: "POST /v1/accounts/{id}/withdrawals", id: "propose-withdrawal", scope: access.BankWrite, status: 201, summary: "Propose to send money of a balance to its customer's bank"}, s.proposeWithdrawal)
	handle(s, route{path: "GET /v1/withdrawals", id: "list-withdrawals", scope: access.FundsRead, summary: "List withdrawals"}, s.listWithdrawals)
	handle(s, route{path: "GET /v1/withdrawals/{id}", id: "get-withdrawal", scope: access.FundsRead, summary: "Fetch a withdrawal"}, s.withdrawal)
	handle(s, route{path: "POST /v1/withdrawals/{id}/approve", id: "approve-withdrawal", scope: access.BankApprove, summary: "Agree to a withdrawal that another person proposed"}, s.approveWithdrawal)
	handle(s, route{path: "POST /v1/withdrawals/{id}/refuse", id: "refuse-withdrawal", scope: access.BankApprove, summary: "Refuse a withdrawal that another person proposed"}, s.refuseWithdrawal)
	handle(s, route{path: "POST /v1/withdrawals/{id}/drop", id: "drop-withdrawal", scope: access.BankWrite, summary: "Put the money of a withdrawal that has not left back on the balance"}, s.dropWithdrawal)
}

func (s *Server) funds(ctx context.Context, by access.Caller, in *IDInput) (wire.Funds, error) {
	f, err := s.office.Funds(ctx, by, account.ID(in.ID))
	shape := wire.Funds{
		Object: "funds", Account: string(f.Account.ID), AutoApply: f.Account.AutoApply, Balance: wire.OfAmount(f.Balance), Owed: wire.OfAmount(f.Owed),
		Withdrawing: wire.OfAmount(f.Withdrawing), Refunding: wire.OfAmount(f.Refunding), Open: []wire.Bill{},
	}
	for _, b := range f.Open {
		shape.Open = append(shape.Open, wire.OfBill(b))
	}
	if f.Credit != nil {
		c := ofCredit(*f.Credit)
		shape.Credit = &c
	}
	return shape, err
}

type autoApplyRequest struct {
	On bool `json:"on" doc:"Turned on, the balance pays what is open at once."`
}

func (s *Server) setAutoApply(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body autoApplyRequest
}) (wire.Account, error) {
	a, err := s.office.SetAutoApply(ctx, by, account.ID(in.ID), in.Body.On)
	return wire.OfAccount(a), err
}

func (s *Server) listApplications(ctx context.Context, by access.Caller, in *AccountPage) (wire.List[wire.Application], error) {
	p, err := in.page("app")
	if err != nil {
		return wire.List[wire.Application]{}, err
	}
	applications, next, err := s.office.CashApplications(ctx, by, account.ID(in.ID), p)
	return list(applications, next, wire.OfApplication), err
}

type applyRequest struct {
	Pay []applyItem `json:"pay" minItems:"1" maxItems:"500"`
}

type applyItem struct {
	Bill   string       `json:"bill,omitempty" maxLength:"64" doc:"Give a bill or a debt."`
	Debt   string       `json:"debt,omitempty" maxLength:"64"`
	Amount *wire.Amount `json:"amount,omitempty" doc:"All that is open if left out."`
}

func (s *Server) applyBalance(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body applyRequest
}) (wire.List[wire.Application], error) {
	var uses []office.BalanceUse
	for n, i := range in.Body.Pay {
		amount, err := amountFrom(i.Amount)
		if f, ok := fault.Of(err); ok {
			return wire.List[wire.Application]{}, f.At(fmt.Sprintf("pay[%d].amount", n))
		}
		uses = append(uses, office.BalanceUse{Bill: billing.BillID(i.Bill), Debt: billing.DebtID(i.Debt), Amount: amount})
	}
	done, err := s.office.ApplyBalance(ctx, by, account.ID(in.ID), uses)
	return list(done, "", wire.OfApplication), err
}

type undoRequest struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Server) undoApplication(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body undoRequest
}) (wire.Application, error) {
	a, err := s.office.UndoApplication(ctx, by, in.ID, in.Body.Reason)
	return wire.OfApplication(a), err
}

func (s *Server) replayBills(ctx context.Context, by access.Caller, in *IDInput) (wire.Replay, error) {
	r, err := s.office.ReplayBills(ctx, by, account.ID(in.ID))
	return wire.Replay{
		Object: "replay", Account: in.ID, Runs: r.Runs, Applications: r.Applications, Same: len(r.Differences) == 0, Differences: append([]string{}, r.Differences...),
	}, err
}

type topUpRequest struct {
	Reference string      `json:"reference,omitempty" maxLength:"100" pattern:"^[!-~]([ -~]*[!-~])?$" patternDescription:"printable ASCII characters, without spaces at its ends" doc:"Your own name for it, unique in the account; the same one is the same top-up."`
	Amount    wire.Amount `json:"amount"`
	Method    string      `json:"payment_method,omitempty" maxLength:"64" doc:"The preferred one if left out."`
	ReturnURL string      `json:"return_url,omitempty" maxLength:"2000" doc:"The page to which the payer comes back from a challenge; the order's own page if left out."`
}

func (s *Server) topUp(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body topUpRequest
}) (wire.OrderPayment, error) {
	amount, err := amountFrom(&in.Body.Amount)
	if err != nil {
		return wire.OrderPayment{}, err
	}
	p, err := s.office.TopUp(ctx, by, account.ID(in.ID), office.TopUp{
		Reference: in.Body.Reference, Amount: amount, Method: payment.MethodID(in.Body.Method), ReturnURL: in.Body.ReturnURL,
	})
	shape := wire.OrderPayment{Object: "order_payment", Order: wire.OfOrder(p.Order)}
	if p.Payment.ID != "" {
		paid := wire.OfPayment(p.Payment)
		shape.Payment = &paid
	}
	return shape, err
}

type payBillRequest struct {
	FromBalance bool         `json:"from_balance,omitempty"`
	Method      string       `json:"payment_method,omitempty" maxLength:"64" doc:"The preferred one if left out, unless the balance pays."`
	Amount      *wire.Amount `json:"amount,omitempty" doc:"All that is open if left out. A method pays a part only of what is not charged by itself."`
	ReturnURL   string       `json:"return_url,omitempty" maxLength:"2000" doc:"The page to which the payer comes back from a challenge; our own if left out."`
}

func (s *Server) payBill(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body payBillRequest
}) (wire.BillPayment, error) {
	amount, err := amountFrom(in.Body.Amount)
	if err != nil {
		return wire.BillPayment{}, err
	}
	p, err := s.office.PayBill(ctx, by, billing.BillID(in.ID), office.BillPayment{
		FromBalance: in.Body.FromBalance, Method: payment.MethodID(in.Body.Method), Amount: amount, ReturnURL: in.Body.ReturnURL,
	})
	shape := wire.BillPayment{Object: "bill_payment", Bill: wire.OfBill(p.Bill), Applications: []wire.Application{}, Payments: []wire.Payment{}}
	for _, a := range p.Applications {
		shape.Applications = append(shape.Applications, wire.OfApplication(a))
	}
	for _, pay := range p.Payments {
		shape.Payments = append(shape.Payments, wire.OfPayment(pay))
	}
	return shape, err
}

type withdrawalRequest struct {
	Amount    wire.Amount `json:"amount"`
	Recipient string      `json:"recipient" minLength:"1" maxLength:"300" doc:"Where the money is to go: holder, bank and number."`
	Reason    string      `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Server) proposeWithdrawal(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body withdrawalRequest
}) (wire.Withdrawal, error) {
	amount, err := amountFrom(&in.Body.Amount)
	if err != nil {
		return wire.Withdrawal{}, err
	}
	w, err := s.office.ProposeWithdrawal(ctx, by, account.ID(in.ID), office.Withdrawing{Amount: amount, Recipient: in.Body.Recipient, Reason: in.Body.Reason})
	return wire.OfWithdrawal(w), err
}

func (s *Server) listWithdrawals(ctx context.Context, by access.Caller, in *struct {
	PageInput
	Account string `query:"account" maxLength:"64" doc:"Only of this account."`
	State   string `query:"state" enum:"proposed,approved,refused,dropped,sent" doc:"Only in this state."`
}) (wire.List[wire.Withdrawal], error) {
	p, err := in.page("wdr")
	if err != nil {
		return wire.List[wire.Withdrawal]{}, err
	}
	f := office.WithdrawalFilter{Account: account.ID(in.Account), State: billing.WithdrawalState(in.State)}
	withdrawals, next, err := s.office.Withdrawals(ctx, by, f, p)
	return list(withdrawals, next, wire.OfWithdrawal), err
}

func (s *Server) withdrawal(ctx context.Context, by access.Caller, in *IDInput) (wire.Withdrawal, error) {
	w, err := s.office.Withdrawal(ctx, by, billing.WithdrawalID(in.ID))
	return wire.OfWithdrawal(w), err
}

func (s *Server) approveWithdrawal(ctx context.Context, by access.Caller, in *DecisionInput) (wire.Withdrawal, error) {
	w, err := s.office.ApproveWithdrawal(ctx, by, billing.WithdrawalID(in.ID), in.Body.Note)
	return wire.OfWithdrawal(w), err
}

func (s *Server) refuseWithdrawal(ctx context.Context, by access.Caller, in *DecisionInput) (wire.Withdrawal, error) {
	w, err := s.office.RefuseWithdrawal(ctx, by, billing.WithdrawalID(in.ID), in.Body.Note)
	return wire.OfWithdrawal(w), err
}

func (s *Server) dropWithdrawal(ctx context.Context, by access.Caller, in *DecisionInput) (wire.Withdrawal, error) {
	w, err := s.office.DropWithdrawal(ctx, by, billing.WithdrawalID(in.ID), in.Body.Note)
	return wire.OfWithdrawal(w), err
}
