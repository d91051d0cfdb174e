package wire

import (
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
)

// CreditLine is up to how much a customer may owe, as it was proposed and decided. A
// change of it is another one.
type CreditLine struct {
	Object     string  `json:"object" enum:"credit_line"`
	ID         string  `json:"id" example:"crl_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account    string  `json:"account"`
	Kind       string  `json:"kind" enum:"open,change,close"`
	Limit      Amount  `json:"limit"`
	Terms      string  `json:"terms" example:"30 calendar days" doc:"By when a bill is to be paid, counted from its day of issue. Empty if the line is to be closed."`
	Reason     string  `json:"reason"`
	State      string  `json:"state" enum:"proposed,active,refused,withdrawn,replaced,closed"`
	ProposedBy string  `json:"proposed_by"`
	ProposedAt string  `json:"proposed_at" format:"date-time"`
	DecidedBy  *string `json:"decided_by" doc:"Never who proposed it."`
	DecidedAt  *string `json:"decided_at" format:"date-time"`
	Note       string  `json:"note" doc:"Of who decided."`
	EndedAt    *string `json:"ended_at" format:"date-time"`
}

// OfCreditLine shapes a credit line.
func OfCreditLine(l account.CreditLine) CreditLine {
	shape := CreditLine{
		Object: "credit_line", ID: string(l.ID), Account: string(l.Account), Kind: string(l.Kind), Limit: OfAmount(l.Limit), Reason: l.Reason, State: string(l.State),
		ProposedBy: l.ProposedBy, ProposedAt: Instant(l.ProposedAt), DecidedBy: MaybeText(l.DecidedBy), DecidedAt: Maybe(l.DecidedAt), Note: l.Note, EndedAt: Maybe(l.EndedAt),
	}
	if l.Kind != account.CloseCredit {
		shape.Terms = l.Terms.String()
	}
	return shape
}

// Application is what was spent of a customer's balance on a debt.
type Application struct {
	Object    string  `json:"object" enum:"cash_application"`
	ID        string  `json:"id" example:"app_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account   string  `json:"account"`
	Debt      string  `json:"debt"`
	Bill      *string `json:"bill" doc:"Null where the debt is on no bill."`
	Amount    Amount  `json:"amount"`
	Undone    Amount  `json:"undone" doc:"What of it was taken back since."`
	Cause     *string `json:"cause" enum:"automatic,by_hand" doc:"Null where an order took it when it was paid."`
	Run       *string `json:"run" doc:"The decision that it is part of."`
	By        *string `json:"by"`
	AppliedAt string  `json:"applied_at" format:"date-time"`
}

// OfApplication shapes a cash application.
func OfApplication(a billing.Application) Application {
	return Application{
		Object: "cash_application", ID: a.ID, Account: string(a.Account), Debt: string(a.Debt), Bill: MaybeText(string(a.Bill)), Amount: OfAmount(a.Amount), Undone: OfAmount(a.Undone),
		Cause: MaybeText(string(a.Cause)), Run: MaybeText(a.Run), By: MaybeText(a.By), AppliedAt: Instant(a.AppliedAt),
	}
}

// Withdrawal is money of a customer's balance on its way back to their bank.
type Withdrawal struct {
	Object     string  `json:"object" enum:"withdrawal"`
	ID         string  `json:"id" example:"wdr_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account    string  `json:"account"`
	Amount     Amount  `json:"amount"`
	Recipient  string  `json:"recipient" doc:"Where the money is to go, as a person wrote it."`
	Reason     string  `json:"reason"`
	State      string  `json:"state" enum:"proposed,approved,refused,dropped,sent" doc:"Sent: a bank statement shows it."`
	ProposedBy string  `json:"proposed_by"`
	ProposedAt string  `json:"proposed_at" format:"date-time"`
	DecidedBy  *string `json:"decided_by" doc:"Never who proposed it."`
	DecidedAt  *string `json:"decided_at" format:"date-time"`
	Note       string  `json:"note"`
	EndedAt    *string `json:"ended_at" format:"date-time"`
}

// OfWithdrawal shapes a withdrawal.
func OfWithdrawal(w billing.Withdrawal) Withdrawal {
	return Withdrawal{
		Object: "withdrawal", ID: string(w.ID), Account: string(w.Account), Amount: OfAmount(w.Amount), Recipient: w.Recipient, Reason: w.Reason, State: string(w.State),
		ProposedBy: w.ProposedBy, ProposedAt: Instant(w.ProposedAt), DecidedBy: MaybeText(w.DecidedBy), DecidedAt: Maybe(w.DecidedAt), Note: w.Note, EndedAt: Maybe(w.EndedAt),
	}
}

// Credit is how an account's credit stands.
type Credit struct {
	Object    string     `json:"object" enum:"credit"`
	Line      CreditLine `json:"line"`
	Limit     Amount     `json:"limit"`
	Cash      Amount     `json:"cash" doc:"The balance, with what was credited to it."`
	Current   Amount     `json:"unsettled_current" doc:"Usage that is not billed yet, with its tax, rounded up."`
	Earlier   Amount     `json:"unsettled_earlier" doc:"What is open of bills, and orders that are on the next one."`
	Used      Amount     `json:"used" doc:"Current and earlier together."`
	Available Amount     `json:"available" doc:"Cash and limit less what is unsettled. Below zero nothing can be bought."`
	Due       []Bill     `json:"due" nullable:"false" doc:"Open bills, in the order in which a balance pays them."`
}

// Funds is what an account has with us and owes.
type Funds struct {
	Object      string  `json:"object" enum:"funds"`
	Account     string  `json:"account"`
	AutoApply   bool    `json:"auto_apply" doc:"The balance pays bills by itself, the oldest first."`
	Balance     Amount  `json:"balance"`
	Owed        Amount  `json:"owed"`
	Withdrawing Amount  `json:"withdrawing" doc:"Taken off the balance, on its way to the customer's bank."`
	Refunding   Amount  `json:"refunding" doc:"Taken off the balance, on its way back to a payment method."`
	Open        []Bill  `json:"open_bills" nullable:"false"`
	Credit      *Credit `json:"credit,omitempty" doc:"Absent without a credit line."`
}

// BillPayment is what came of paying a bill.
type BillPayment struct {
	Object       string        `json:"object" enum:"bill_payment"`
	Bill         Bill          `json:"bill"`
	Applications []Application `json:"cash_applications" nullable:"false"`
	Payments     []Payment     `json:"payments" nullable:"false" doc:"One for each debt of the bill, in their order; after one that has not succeeded none is begun."`
}

// Replay is what came of making the decisions about a balance again.
type Replay struct {
	Object       string   `json:"object" enum:"replay"`
	Account      string   `json:"account"`
	Runs         int      `json:"runs"`
	Applications int      `json:"cash_applications"`
	Same         bool     `json:"same" doc:"Every decision came out as it was made."`
	Differences  []string `json:"differences" nullable:"false"`
}
