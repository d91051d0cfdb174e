package bank_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/bank"
)

func TestNobodyDecidesAloneWhereMoneyGoes(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	proposed := bank.Change{State: bank.ChangeProposed, ProposedBy: "ann"}
	agreed := bank.Change{State: bank.ChangeAgreed, ProposedBy: "ann", DecidedBy: "bob"}
	for _, c := range []struct {
		name string
		do   func() (bank.Change, error)
		want bank.ChangeState
		err  error
	}{
		{"another agrees", func() (bank.Change, error) { return proposed.Decide(bank.AgreeToChange, "bob", "", now) }, bank.ChangeAgreed, nil},
		{"another refuses", func() (bank.Change, error) { return proposed.Decide(bank.RefuseChange, "bob", "", now) }, bank.ChangeRefused, nil},
		{"one's own", func() (bank.Change, error) { return proposed.Decide(bank.AgreeToChange, "ann", "", now) }, bank.ChangeProposed, bank.ErrOwnChange},
		{"refuses one's own", func() (bank.Change, error) { return proposed.Decide(bank.RefuseChange, "ann", "", now) }, bank.ChangeProposed, bank.ErrOwnChange},
		{"twice", func() (bank.Change, error) { return agreed.Decide(bank.RefuseChange, "cay", "", now) }, bank.ChangeAgreed, bank.ErrChangeDecided},
		{"taken back", func() (bank.Change, error) { return proposed.Withdraw("ann", now) }, bank.ChangeWithdrawn, nil},
		{"another's taken back", func() (bank.Change, error) { return proposed.Withdraw("bob", now) }, bank.ChangeProposed, bank.ErrNotYourChange},
		{"taken back too late", func() (bank.Change, error) { return agreed.Withdraw("ann", now) }, bank.ChangeAgreed, bank.ErrChangeDecided},
	} {
		if got, err := c.do(); got.State != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: got %s, %v, want %s, %v", c.name, got.State, err, c.want, c.err)
		}
	}
}
