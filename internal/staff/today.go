package staff

import (
	"net/http"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
)

// task is something that waits for a person of this role.
type task struct {
	Name, Path string
	Count      string // how many wait; "" none
	Late       string // how many have waited too long; "" none
	Note       string
}

// countMost is how far what waits is counted.
const countMost = 100

// tasks are what may wait, by what one has to be allowed to do something about it.
var tasks = []struct {
	scope access.Scope
	count func(*visit) (task, error)
}{
	{access.IdentityReview, checksToReview},
	{access.BankWrite, receiptsToClaim},
	{access.BankWrite, exceptions},
	{access.BankApprove, claimsToDecide},
	{access.BankApprove, statementsToAgree},
	{access.BankApprove, movementsToExplain},
	{access.BankApprove, receivingToDecide},
	{access.BankApprove, withdrawalsToDecide},
	{access.CreditApprove, creditToDecide},
}

func showToday(v *visit) error {
	var list []task
	for _, t := range tasks {
		if !v.may(t.scope) {
			continue
		}
		one, err := t.count(v)
		if err != nil {
			return err
		}
		list = append(list, one)
	}
	v.show(http.StatusOK, "today.html", map[string]any{"Tasks": list})
	return nil
}

var countPage = office.Page{Limit: countMost}

func checksToReview(v *visit) (task, error) {
	list, next, err := v.office().ReviewQueue(v.ctx(), v.by, office.CheckFilter{State: identity.Submitted}, countPage)
	late := 0
	for _, c := range list {
		if c.IsLate {
			late++
		}
	}
	return task{Name: "Identity checks to decide on", Path: "/staff/checks?state=submitted", Count: counted(len(list), next != ""), Late: counted(late, false)}, err
}

func receiptsToClaim(v *visit) (task, error) {
	list, next, err := v.office().Remittances(v.ctx(), v.by, office.RemittanceFilter{State: bank.Unclaimed}, countPage)
	if err != nil {
		return task{}, err
	}
	late, more, err := v.office().Remittances(v.ctx(), v.by, office.RemittanceFilter{Late: true}, countPage)
	if err != nil {
		return task{}, err
	}
	due, dueMore, err := v.office().Remittances(v.ctx(), v.by, office.RemittanceFilter{Due: true}, countPage)
	t := task{Name: "Receipts to claim", Path: "/staff/receipts", Count: counted(len(list), next != ""), Late: counted(len(late), more != "")}
	if soon := len(due) - len(late); soon > 0 {
		t.Note = counted(soon, dueMore != "") + " of them due: customers were promised two to four business days"
	}
	return t, err
}

func exceptions(v *visit) (task, error) {
	list, next, err := v.office().Remittances(v.ctx(), v.by, office.RemittanceFilter{Exceptions: true}, countPage)
	free := 0
	for _, r := range list {
		if r.Owner == "" {
			free++
		}
	}
	t := task{Name: "Exceptions among them", Path: "/staff/receipts?show=exceptions", Count: counted(len(list), next != "")}
	if free > 0 {
		t.Note = counted(free, false) + " without anybody who looks after it"
	}
	return t, err
}

// own tells of things that wait for another person how many those are.
func own(n int) string {
	if n == 0 {
		return ""
	}
	return counted(n, false) + " of them yours: another person decides"
}

func claimsToDecide(v *visit) (task, error) {
	list, next, err := v.office().Claims(v.ctx(), v.by, office.ClaimFilter{State: bank.ClaimProposed}, countPage)
	mine := 0
	for _, c := range list {
		if c.ClaimedBy == v.by.Name {
			mine++
		}
	}
	return task{Name: "Claims to decide on", Path: "/staff/approvals", Count: counted(len(list), next != ""), Note: own(mine)}, err
}

func statementsToAgree(v *visit) (task, error) {
	list, next, err := v.office().BankStatements(v.ctx(), v.by, office.StatementFilter{State: bank.StatementHeld}, countPage)
	mine := 0
	for _, s := range list {
		if s.ImportedBy == v.by.Name {
			mine++
		}
	}
	return task{Name: "Statements to agree to", Path: "/staff/statements?state=held", Count: counted(len(list), next != ""), Note: own(mine)}, err
}

func movementsToExplain(v *visit) (task, error) {
	list, next, err := v.office().BankLines(v.ctx(), v.by, office.LineFilter{State: bank.LineUnexplained}, countPage)
	if err != nil {
		return task{}, err
	}
	against, more, err := v.office().BankLines(v.ctx(), v.by, office.LineFilter{State: bank.LineConflict}, countPage)
	t := task{Name: "Movements to explain", Path: "/staff/lines", Count: counted(len(list), next != "")}
	if len(against) > 0 {
		t.Note = counted(len(against), more != "") + " that contradict what is booked"
	}
	return t, err
}

func withdrawalsToDecide(v *visit) (task, error) {
	list, next, err := v.office().Withdrawals(v.ctx(), v.by, office.WithdrawalFilter{State: billing.WithdrawalProposed}, countPage)
	mine := 0
	for _, w := range list {
		if w.ProposedBy == v.by.Name {
			mine++
		}
	}
	return task{Name: "Withdrawals to decide on", Path: "/staff/withdrawals?state=proposed", Count: counted(len(list), next != ""), Note: own(mine)}, err
}

func creditToDecide(v *visit) (task, error) {
	list, next, err := v.office().CreditProposals(v.ctx(), v.by, countPage)
	mine := 0
	for _, l := range list {
		if l.ProposedBy == v.by.Name && l.State == account.CreditProposed {
			mine++
		}
	}
	return task{Name: "Credit lines to decide on", Path: "/staff/credit", Count: counted(len(list), next != ""), Note: own(mine)}, err
}
