package staff

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
)

// creditLine is what was proposed for an account's credit, and what became of it.
type creditLine struct {
	ID, Account, Customer, Kind, Limit, Terms, Reason, By, DecidedBy, Note string
	State                                                                  standing
	Proposed, Decided, Ended                                               moment
	Waits, Own                                                             bool
}

// creditKinds say what a proposal would do.
var creditKinds = map[account.CreditKind]string{account.OpenCredit: "Open", account.ChangeCredit: "Change", account.CloseCredit: "Close"}

func (v *visit) creditLine(l account.CreditLine) creditLine {
	line := creditLine{
		ID: string(l.ID), Account: string(l.Account), Customer: v.customer(l.Account), Kind: creditKinds[l.Kind], Reason: l.Reason, By: v.who(l.ProposedBy), DecidedBy: v.owner(l.DecidedBy), Note: l.Note,
		State: standingOf(l.State), Proposed: at(l.ProposedAt), Decided: at(l.DecidedAt), Ended: at(l.EndedAt), Waits: l.State == account.CreditProposed,
		Own: l.ProposedBy == v.by.Name,
	}
	if l.Kind != account.CloseCredit {
		line.Limit, line.Terms = sum(l.Limit), l.Terms.String()
	}
	return line
}

// creditView is an account's credit: how it stands, what was proposed, and what can be.
type creditView struct {
	Account                                         registered
	Open                                            bool
	Limit, Cash, Current, Earlier, Available, Terms string
	Over                                            bool // nothing can be bought
	Due                                             []billLine
	Lines                                           []creditLine
	Waiting, May, MayApprove                        bool
	Currency                                        string
	Kinds                                           []option
}

type billLine struct {
	Number, Open, Total string
	Issued, Due         moment
	Overdue             bool
}

// showCredit lists proposals, and leads to an account's credit.
func showCredit(v *visit) error {
	list, next, err := v.office().CreditProposals(v.ctx(), v.by, v.part())
	if err != nil {
		return err
	}
	var lines []creditLine
	for _, l := range list {
		lines = append(lines, v.creditLine(l))
	}
	v.show(http.StatusOK, "credit.html", map[string]any{"Lines": lines, "More": v.more(next), "MayApprove": v.may(access.CreditApprove), "May": v.may(access.CreditWrite)})
	return nil
}

// findCredit leads from an account's id or reference to its credit.
func findCredit(v *visit) error {
	if err := v.by.May(access.CreditRead); err != nil {
		return err
	}
	a, err := v.account(v.r.URL.Query().Get("account"))
	if err != nil {
		return err
	}
	v.to("/staff/accounts/" + url.PathEscape(string(a.ID)) + "/credit")
	return nil
}

func showAccountCredit(v *visit) error {
	id := account.ID(v.r.PathValue("id"))
	lines, err := v.office().CreditLines(v.ctx(), v.by, id)
	if err != nil {
		return err
	}
	a, err := v.office().Account(v.ctx(), v.by, id)
	if err != nil {
		return err
	}
	view := creditView{May: v.may(access.CreditWrite), MayApprove: v.may(access.CreditApprove), Currency: string(a.Currency)}
	if view.Account, err = v.registered(id); err != nil {
		return err
	}
	for _, l := range lines {
		view.Lines = append(view.Lines, v.creditLine(l))
		view.Waiting = view.Waiting || l.State == account.CreditProposed
	}
	c, err := v.office().Credit(v.ctx(), v.by, id)
	switch {
	case errors.Is(err, account.ErrNoCredit):
		view.Kinds = []option{{string(account.OpenCredit), "Open a credit line"}}
	case err != nil:
		return err
	default:
		view.Open, view.Limit, view.Terms = true, sum(c.Limit), c.Line.Terms.String()
		view.Cash, view.Current, view.Earlier, view.Available = sum(c.Cash), sum(c.Current), sum(c.Earlier), sum(c.Available)
		view.Over, view.Due = c.Available.IsNegative(), v.billLines(c.Due)
		view.Kinds = []option{{string(account.ChangeCredit), "Change limit or terms"}, {string(account.CloseCredit), "Close the credit line"}}
	}
	v.show(http.StatusOK, "account_credit.html", view)
	return nil
}

func (v *visit) billLines(bills []billing.Bill) []billLine {
	var list []billLine
	now := v.office().Now()
	for _, b := range bills {
		list = append(list, billLine{Number: b.Number, Open: sum(b.Open), Total: sum(b.Total), Issued: at(b.IssuedAt), Due: at(b.DueAt), Overdue: b.IsOverdue(now)})
	}
	return list
}

func proposeCredit(v *visit) error {
	if err := v.by.May(access.CreditWrite); err != nil {
		return err
	}
	id, f := account.ID(v.r.PathValue("id")), v.r.PostForm
	a, err := v.office().Account(v.ctx(), v.by, id)
	if err != nil {
		return err
	}
	p := office.CreditProposal{Kind: account.CreditKind(f.Get("kind")), Reason: strings.TrimSpace(f.Get("reason")), Limit: money.Amount{Currency: a.Currency}}
	if text := f.Get("limit"); strings.TrimSpace(text) != "" {
		if p.Limit, err = amountOf(text, a.Currency); err != nil {
			return err
		}
	}
	if text := f.Get("terms"); strings.TrimSpace(text) != "" {
		terms, err := account.ParseTerms(text)
		if err != nil {
			return err
		}
		p.Terms = &terms
	}
	if _, err := v.office().ProposeCreditLine(v.ctx(), v.by, id, p); err != nil {
		return err
	}
	v.to("/staff/accounts/" + url.PathEscape(string(id)) + "/credit")
	return nil
}

func decideCredit(decide func(*visit, account.CreditLineID) (account.CreditLine, error)) func(*visit) error {
	return func(v *visit) error {
		l, err := decide(v, account.CreditLineID(v.r.PathValue("id")))
		if err != nil {
			return err
		}
		v.onward("/staff/accounts/" + url.PathEscape(string(l.Account)) + "/credit")
		return nil
	}
}

func approveCredit(v *visit, id account.CreditLineID) (account.CreditLine, error) {
	return v.office().ApproveCreditLine(v.ctx(), v.by, id, v.note())
}

func refuseCredit(v *visit, id account.CreditLineID) (account.CreditLine, error) {
	return v.office().RefuseCreditLine(v.ctx(), v.by, id, v.note())
}

func withdrawCredit(v *visit, id account.CreditLineID) (account.CreditLine, error) {
	return v.office().WithdrawCreditLine(v.ctx(), v.by, id)
}

// withdrawalLine is money of a balance on its way to its customer's bank.
type withdrawalLine struct {
	ID, Account, Customer, Amount, Recipient, Reason, By, DecidedBy, Note string
	State                                                                 standing
	Proposed, Decided, Ended                                              moment
	Waits, Approved, Own                                                  bool
}

// withdrawalNames are the states of withdrawals in words.
var withdrawalNames = map[billing.WithdrawalState]standing{
	billing.WithdrawalProposed: {Name: "Proposed", Tone: "wait"},
	billing.WithdrawalApproved: {Name: "To be sent by the bank", Tone: "wait"},
	billing.WithdrawalRefused:  {Name: "Refused", Tone: "bad"},
	billing.WithdrawalDropped:  {Name: "Dropped", Tone: "ended"},
	billing.WithdrawalSent:     {Name: "Sent", Tone: "good"},
}

func (v *visit) withdrawalLine(w billing.Withdrawal) withdrawalLine {
	return withdrawalLine{
		ID: string(w.ID), Account: string(w.Account), Customer: v.customer(w.Account), Amount: sum(w.Amount), Recipient: w.Recipient, Reason: w.Reason, By: v.who(w.ProposedBy), DecidedBy: v.owner(w.DecidedBy),
		Note: w.Note, State: withdrawalNames[w.State], Proposed: at(w.ProposedAt), Decided: at(w.DecidedAt), Ended: at(w.EndedAt),
		Waits: w.State == billing.WithdrawalProposed, Approved: w.State == billing.WithdrawalApproved, Own: w.ProposedBy == v.by.Name,
	}
}

func showWithdrawals(v *visit) error {
	state, filters := v.filters("state", []string{"all", "proposed", "approved", "sent", "refused", "dropped"}, map[string]string{"approved": "To be sent"})
	if state == "all" {
		state = ""
	}
	f := office.WithdrawalFilter{State: billing.WithdrawalState(state), Account: account.ID(v.r.URL.Query().Get("account"))}
	list, next, err := v.office().Withdrawals(v.ctx(), v.by, f, v.part())
	if err != nil {
		return err
	}
	var lines []withdrawalLine
	for _, w := range list {
		lines = append(lines, v.withdrawalLine(w))
	}
	v.show(http.StatusOK, "withdrawals.html", map[string]any{
		"Filters": filters, "Withdrawals": lines, "More": v.more(next), "May": v.may(access.BankWrite), "MayApprove": v.may(access.BankApprove),
	})
	return nil
}

func proposeWithdrawal(v *visit) error {
	if err := v.by.May(access.BankWrite); err != nil {
		return err
	}
	f := v.r.PostForm
	a, err := v.account(f.Get("account"))
	if err != nil {
		return err
	}
	w := office.Withdrawing{Recipient: strings.TrimSpace(f.Get("recipient")), Reason: strings.TrimSpace(f.Get("reason"))}
	if w.Amount, err = amountOf(f.Get("amount"), a.Currency); err != nil {
		return err
	}
	if _, err := v.office().ProposeWithdrawal(v.ctx(), v.by, a.ID, w); err != nil {
		return err
	}
	v.to("/staff/withdrawals")
	return nil
}

func decideWithdrawal(decide func(*visit, billing.WithdrawalID) (billing.Withdrawal, error)) func(*visit) error {
	return func(v *visit) error {
		if _, err := decide(v, billing.WithdrawalID(v.r.PathValue("id"))); err != nil {
			return err
		}
		v.onward("/staff/withdrawals")
		return nil
	}
}

func approveWithdrawal(v *visit, id billing.WithdrawalID) (billing.Withdrawal, error) {
	return v.office().ApproveWithdrawal(v.ctx(), v.by, id, v.note())
}

func refuseWithdrawal(v *visit, id billing.WithdrawalID) (billing.Withdrawal, error) {
	return v.office().RefuseWithdrawal(v.ctx(), v.by, id, v.note())
}

func dropWithdrawal(v *visit, id billing.WithdrawalID) (billing.Withdrawal, error) {
	return v.office().DropWithdrawal(v.ctx(), v.by, id, v.note())
}
