package staff

import (
	"net/http"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
)

// approvalsView is all that one person has proposed and another decides on. Who
// proposed it sees that it waits for somebody else; the database holds to that.
type approvalsView struct {
	Claims      []claimLine
	Credit      []creditLine
	Withdrawals []withdrawalLine
	Statements  []statementLine
	MayBank     bool // decides on claims, withdrawals and statements
	MayCredit   bool
	None        bool
	More        bool // there are more than are shown
}

func showApprovals(v *visit) error {
	view := approvalsView{MayBank: v.may(access.BankApprove), MayCredit: v.may(access.CreditApprove)}
	first := office.Page{Limit: listMost}
	claims, more, err := v.office().Claims(v.ctx(), v.by, office.ClaimFilter{State: bank.ClaimProposed}, first)
	if err != nil {
		return err
	}
	for _, c := range claims {
		view.Claims = append(view.Claims, v.claimLine(c))
	}
	held, next, err := v.office().BankStatements(v.ctx(), v.by, office.StatementFilter{State: bank.StatementHeld}, first)
	if err != nil {
		return err
	}
	more += next
	for _, s := range held {
		view.Statements = append(view.Statements, v.statementLine(s))
	}
	if v.may(access.CreditRead) {
		lines, next, err := v.office().CreditProposals(v.ctx(), v.by, first)
		if err != nil {
			return err
		}
		more += next
		for _, l := range lines {
			view.Credit = append(view.Credit, v.creditLine(l))
		}
	}
	if v.may(access.FundsRead) {
		list, next, err := v.office().Withdrawals(v.ctx(), v.by, office.WithdrawalFilter{State: billing.WithdrawalProposed}, first)
		if err != nil {
			return err
		}
		more += next
		for _, w := range list {
			view.Withdrawals = append(view.Withdrawals, v.withdrawalLine(w))
		}
	}
	view.None = len(view.Claims)+len(view.Credit)+len(view.Withdrawals)+len(view.Statements) == 0
	view.More = more != ""
	v.show(http.StatusOK, "approvals.html", view)
	return nil
}
