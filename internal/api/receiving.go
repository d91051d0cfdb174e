package api

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

// addReceivingRoutes adds where customers transfer money to.
func (s *Server) addReceivingRoutes() {
	handle(s, route{path: "GET /v1/accounts/{id}/receiving-details", id: "get-receiving-details", scope: access.FundsRead, summary: "Say how a customer transfers money"}, s.receivingDetails)
	handle(s, route{path: "GET /v1/accounts/{id}/virtual-accounts", id: "list-virtual-accounts", scope: access.FundsRead, summary: "List every account number that a customer was ever given, the first one first"}, s.virtualAccounts)
	handle(s, route{path: "POST /v1/accounts/{id}/virtual-accounts", id: "assign-virtual-account", scope: access.BankWrite, status: 201, summary: "Give a customer an account number of their own, or answer with the one that they have"}, s.assignVirtualAccount)
	handle(s, route{path: "GET /v1/receiving-accounts", id: "list-receiving-accounts", scope: access.BankRead, summary: "List the seller's bank accounts and the pools of numbers behind them"}, s.receivingAccounts)
	handle(s, route{path: "POST /v1/receiving-accounts", id: "propose-receiving-account", scope: access.BankWrite, status: 201, summary: "Propose to add one of the seller's bank accounts; another person agrees"}, s.proposeReceiving)
	handle(s, route{path: "POST /v1/receiving-accounts/{id}/close", id: "propose-closing", scope: access.BankWrite, status: 201, summary: "Propose to close one of the seller's bank accounts: customers are not told to pay to it any more"}, s.proposeClosing)
	handle(s, route{path: "POST /v1/receiving-accounts/{id}/pools", id: "propose-number-pool", scope: access.BankWrite, status: 201, large: poolMax, summary: "Propose to add account numbers that customers can be given"}, s.proposePool)
	handle(s, route{path: "GET /v1/receiving-changes", id: "list-receiving-changes", scope: access.BankRead, summary: "List what was proposed of bank accounts and numbers, newest first"}, s.receivingChanges)
	handle(s, route{path: "GET /v1/receiving-changes/{id}", id: "get-receiving-change", scope: access.BankRead, summary: "Fetch a proposal, with every number of a list"}, s.receivingChange)
	handle(s, route{path: "POST /v1/receiving-changes/{id}/agree", id: "agree-to-receiving-change", scope: access.BankApprove, summary: "Make true what another person proposed"}, s.agreeToReceiving)
	handle(s, route{path: "POST /v1/receiving-changes/{id}/refuse", id: "refuse-receiving-change", scope: access.BankApprove, summary: "Refuse what another person proposed"}, s.refuseReceiving)
	handle(s, route{path: "POST /v1/receiving-changes/{id}/withdraw", id: "withdraw-receiving-change", scope: access.BankWrite, summary: "Take back what you proposed"}, s.withdrawReceiving)
	s.addDocumentRoutes()
}

const poolMax = 2 << 20 // bytes: 20,000 numbers

func (s *Server) receivingDetails(ctx context.Context, by access.Caller, in *IDInput) (wire.ReceivingDetails, error) {
	d, err := s.office.ReceivingDetails(ctx, by, account.ID(in.ID))
	return DetailsJSON(d), err
}

// DetailsJSON shapes how a customer transfers money.
func DetailsJSON(d office.ReceivingDetails) wire.ReceivingDetails {
	r := d.Receiving
	return wire.ReceivingDetails{
		Object: "receiving_details", Account: string(d.Account), Dedicated: d.Dedicated, Seller: d.Seller.Name, Holder: r.Holder, Bank: r.Bank,
		BankAddress: wire.MaybeText(r.BankAddress), Country: r.Country, Currency: string(r.Currency), BIC: wire.MaybeText(r.BIC), Scheme: string(r.Scheme),
		BankCode: wire.MaybeText(r.BankCode), Number: d.Number, Shown: d.ShownNumber(), Reference: wire.MaybeText(d.Reference), Rails: wire.OfRails(r.Rails),
		LeastDays: d.LeastDays, MostDays: d.MostDays,
	}
}

func (s *Server) virtualAccounts(ctx context.Context, by access.Caller, in *IDInput) (wire.List[wire.VirtualAccount], error) {
	all, err := s.office.VirtualAccountsOf(ctx, by, account.ID(in.ID))
	return list(all, "", wire.OfVirtualAccount), err
}

func (s *Server) assignVirtualAccount(ctx context.Context, by access.Caller, in *IDInput) (wire.VirtualAccount, error) {
	v, err := s.office.AssignVirtualAccount(ctx, by, account.ID(in.ID))
	return wire.OfVirtualAccount(v), err
}

func (s *Server) receivingAccounts(ctx context.Context, by access.Caller, _ *struct{}) (wire.List[wire.ReceivingAccount], error) {
	all, err := s.office.ReceivingAccounts(ctx, by)
	return list(all, "", func(p office.PooledAccount) wire.ReceivingAccount {
		shape := wire.OfReceivingAccount(p.ReceivingAccount)
		for _, pool := range p.Pools {
			shape.Pools = append(shape.Pools, wire.OfPool(pool))
		}
		return shape
	}), err
}

type receivingRequest struct {
	Seller      string   `json:"seller" minLength:"1" maxLength:"40" doc:"Its code in the policy."`
	Country     string   `json:"country" minLength:"2" maxLength:"2" example:"DE" doc:"ISO 3166-1 code of where the account is held."`
	Serves      []string `json:"serves,omitempty" maxItems:"300" doc:"Countries of the customers that it is for; all that no other account of the currency names if left out."`
	Currency    string   `json:"currency" minLength:"3" maxLength:"3" example:"EUR"`
	Bank        string   `json:"bank" minLength:"1" maxLength:"140"`
	BankAddress string   `json:"bank_address,omitempty" maxLength:"140"`
	BIC         string   `json:"bic,omitempty" maxLength:"15" doc:"Needed where SWIFT transfers are taken."`
	Holder      string   `json:"holder" minLength:"1" maxLength:"140" doc:"Whose name payers write."`
	Scheme      string   `json:"scheme" enum:"iban,us,mx_clabe,cn,jp,gb,au,hk,sg,other"`
	BankCode    string   `json:"bank_code,omitempty" maxLength:"40" doc:"Routing number, sort code and so on; left out with an IBAN."`
	Number      string   `json:"number" minLength:"1" maxLength:"64"`
	Rails       []string `json:"rails" minItems:"1" maxItems:"12" nullable:"false" enum:"swift,sepa,sepa_instant,ach,fedwire,faster_payments,chaps,zengin,cnaps,local,cash,cheque"`
	Shared      bool     `json:"shared,omitempty" doc:"Customers without a number of their own pay to it, under a reference."`
	Reason      string   `json:"reason" minLength:"1" maxLength:"500" doc:"Why, and where the bank's letter is: who agrees compares them."`
}

func (s *Server) proposeReceiving(ctx context.Context, by access.Caller, in *struct{ Body receivingRequest }) (wire.ReceivingChange, error) {
	b := in.Body
	r := bank.ReceivingAccount{
		Seller: b.Seller, Country: b.Country, Serves: b.Serves, Currency: money.Currency(b.Currency), Bank: b.Bank, BankAddress: b.BankAddress, BIC: b.BIC, Holder: b.Holder,
		Scheme: bank.Scheme(b.Scheme), BankCode: b.BankCode, Number: b.Number, Shared: b.Shared,
	}
	for _, rail := range b.Rails {
		r.Rails = append(r.Rails, bank.Rail(rail))
	}
	c, err := s.office.ProposeReceiving(ctx, by, r, b.Reason)
	return wire.OfReceivingChange(c), err
}

func (s *Server) proposeClosing(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}) (wire.ReceivingChange, error) {
	c, err := s.office.ProposeClosing(ctx, by, bank.ReceivingID(in.ID), in.Body.Reason)
	return wire.OfReceivingChange(c), err
}

type poolRequest struct {
	Numbers  []string `json:"numbers,omitempty" maxItems:"20000" doc:"A list of the numbers themselves; a range if left out."`
	BankCode string   `json:"bank_code,omitempty" maxLength:"40" doc:"Of a range of IBANs: bank and branch, as every number begins after its check digits."`
	Prefix   string   `json:"prefix,omitempty" maxLength:"30" doc:"Of a range: what follows in every number."`
	Digits   int      `json:"digits,omitempty" minimum:"0" maximum:"34" doc:"Of a range of local numbers: how many each has."`
	First    int64    `json:"first,omitempty" minimum:"0" maximum:"999999999999" doc:"The counter of the first number of a range."`
	Last     int64    `json:"last,omitempty" minimum:"0" maximum:"999999999999"`
	WarnAt   int64    `json:"warn_at,omitempty" minimum:"0" maximum:"999999999999" doc:"So many left, and the event number_pool.low says so."`
	Reason   string   `json:"reason" minLength:"1" maxLength:"500" doc:"Why, and where the bank's letter is: who agrees compares them."`
}

func (s *Server) proposePool(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body poolRequest
}) (wire.ReceivingChange, error) {
	b := in.Body
	c, err := s.office.ProposePool(ctx, by, office.NewPool{
		Receiving: bank.ReceivingID(in.ID), Numbers: b.Numbers, BankCode: b.BankCode, Prefix: b.Prefix, Digits: b.Digits, First: b.First, Last: b.Last, WarnAt: b.WarnAt,
	}, b.Reason)
	return wire.OfReceivingChange(c), err
}

func (s *Server) receivingChanges(ctx context.Context, by access.Caller, in *struct {
	PageInput
	State string `query:"state" enum:"proposed,agreed,refused,withdrawn" doc:"In this state alone; those that wait for a decision are proposed."`
}) (wire.List[wire.ReceivingChange], error) {
	p, err := in.page("rcc")
	if err != nil {
		return wire.List[wire.ReceivingChange]{}, err
	}
	all, next, err := s.office.ReceivingChanges(ctx, by, bank.ChangeState(in.State), p)
	return list(all, next, func(c bank.Change) wire.ReceivingChange {
		c.Numbers = nil
		return wire.OfReceivingChange(c)
	}), err
}

func (s *Server) receivingChange(ctx context.Context, by access.Caller, in *IDInput) (wire.ReceivingChange, error) {
	c, err := s.office.ReceivingChange(ctx, by, bank.ChangeID(in.ID))
	return wire.OfReceivingChange(c), err
}

func (s *Server) agreeToReceiving(ctx context.Context, by access.Caller, in *DecisionInput) (wire.ReceivingChange, error) {
	c, err := s.office.AgreeToReceiving(ctx, by, bank.ChangeID(in.ID), in.Body.Note)
	return wire.OfReceivingChange(c), err
}

func (s *Server) refuseReceiving(ctx context.Context, by access.Caller, in *DecisionInput) (wire.ReceivingChange, error) {
	c, err := s.office.RefuseReceiving(ctx, by, bank.ChangeID(in.ID), in.Body.Note)
	return wire.OfReceivingChange(c), err
}

func (s *Server) withdrawReceiving(ctx context.Context, by access.Caller, in *IDInput) (wire.ReceivingChange, error) {
	c, err := s.office.WithdrawReceiving(ctx, by, bank.ChangeID(in.ID))
	return wire.OfReceivingChange(c), err
}
