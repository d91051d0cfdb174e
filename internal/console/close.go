package console

import (
	"net/http"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
)

// closeView is what stands against closing the account, and what it means.
type closeView struct {
	State account.State
	Why   []reason
	May   bool
	Asks  bool   // this session may close the account; else the platform does
	Until moment // the end of the silent period
}

// showClosing tells what stands against closing the account.
func (c *console) showClosing(v *visit) error { return c.askClosing(v, nil) }

func (c *console) askClosing(v *visit, refused error) error {
	closing, err := c.office.MayCloseAccount(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	v.form = "/close"
	v.show(statusFor(refused), "close.html", closeView{
		State: closing.Account.State, Why: v.reasonsOf("", closing.Why), May: closing.Why == nil, Asks: v.by.May(access.AccountsWrite) == nil, Until: v.at(closing.Until),
	})
	return nil
}

// closeAccount begins the account's silent period.
func (c *console) closeAccount(v *visit) error {
	return c.afterClosing(v, func() error {
		_, err := c.office.CloseAccount(v.r.Context(), v.by, v.account.ID)
		return err
	})
}

// keepAccount takes the account out of its silent period.
func (c *console) keepAccount(v *visit) error {
	return c.afterClosing(v, func() error {
		_, err := c.office.ReopenAccount(v.r.Context(), v.by, v.account.ID)
		return err
	})
}

func (c *console) afterClosing(v *visit, change func() error) error {
	err := change()
	if f, expected := fault.Of(err); expected && f.Kind == fault.Conflict {
		return c.askClosing(v, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, "/close", http.StatusSeeOther)
	return nil
}
