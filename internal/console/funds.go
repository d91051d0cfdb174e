package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/policy"
)

// fundsView is what a customer has with us, how more of it comes here, and what
// becomes of it.
type fundsView struct {
	Balance, Withdrawing, Refunding string // the last two are "" where there is nothing
	Below                           bool   // the balance is below zero: nothing is bought until it is filled
	Owed                            string
	Apply                           applySwitch
	Credit                          *creditView
	Transfer                        *transferView
	Receipts                        []receiptLine
	Uses                            []useLine
	Withdrawals                     []withdrawalLine
	TopUp                           *topUpView
}

// applySwitch is whether the balance pays bills by itself (S-18).
type applySwitch struct {
	On   bool
	Back string // the page it is on
}

// creditView is a credit line and what is used of it (S-14).
type creditView struct {
	Limit, Used, Available string
	Cash, Current, Earlier string
	Exceeded               bool
	Percent                int64
	Terms                  string
	Due                    []dueLine
}

// dueLine is a bill that is to be paid by a day.
type dueLine struct {
	Href, Month, Open, Day string
	Overdue                bool
}

// transferView is how money is transferred to us (S-15, S-16).
type transferView struct {
	Dedicated bool
	Rows      []copyRow
	Rails     []string
	Least     int
	Most      int
}

// copyRow is a line that is written into a transfer.
type copyRow struct {
	Name, Text string
	Exact      string // what is copied
}

// receiptLine is a transfer that reached us.
type receiptLine struct {
	Amount, Received, Credited string
	Standing                   standing
}

// useLine is what was spent of the balance.
type useLine struct {
	Amount, For, Href, At string
	Back                  string // what of it was taken back; "" nothing
}

type withdrawalLine struct {
	Amount, To, At string
	Standing       standing
}

// topUpView is the form by which money comes from a payment method.
type topUpView struct {
	Ways     []payWay
	Currency string
	Asked    string // what was typed, if the form comes again
	Why      []reason
}

const fundsLines = 10 // of each list on the page

func (c *console) showFunds(v *visit) error { return c.tellFunds(v, "", nil) }

// tellFunds shows the page; refused is why a top-up of what was asked was not begun.
func (c *console) tellFunds(v *visit, asked string, refused error) error {
	f, err := c.office.Funds(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	view := fundsView{
		Balance: sum(f.Balance), Below: f.Balance.IsNegative(), Withdrawing: sumIf(f.Withdrawing), Refunding: sumIf(f.Refunding), Owed: sum(f.Owed),
		Apply: applySwitch{On: f.Account.AutoApply, Back: "/funds"}, Credit: v.credit(f),
	}
	if view.Transfer, err = c.transferTo(v); err != nil {
		return err
	}
	if err := c.tellMovements(v, &view); err != nil {
		return err
	}
	ways, err := c.payWays(v)
	if err != nil {
		return err
	}
	if len(ways) > 0 && v.account.State == account.Active {
		view.TopUp = &topUpView{Ways: ways, Currency: string(v.account.Currency), Asked: asked, Why: v.reasonsOf("", refused)}
	}
	v.form = "/funds"
	v.show(statusFor(refused), "funds.html", view)
	return nil
}

// credit puts a credit line into words; nil if there is none.
func (v *visit) credit(f office.Funds) *creditView {
	c := f.Credit
	if c == nil {
		return nil
	}
	view := &creditView{
		Limit: sum(c.Limit), Used: sum(c.Used), Available: sum(c.Available), Cash: sum(c.Cash), Current: sum(c.Current), Earlier: sum(c.Earlier),
		Exceeded: c.Available.IsNegative(), Percent: percent(c.Used, c.Limit), Terms: v.terms(c.Line.Terms),
	}
	for _, b := range c.Due {
		if b.DueAt.IsZero() {
			continue
		}
		view.Due = append(view.Due, dueLine{
			Href: billURL(b.ID), Month: v.month(b.Month), Open: sum(b.Open), Day: v.dayOf(b.DueAt), Overdue: b.IsOverdue(v.console.office.Now()),
		})
	}
	return view
}

// terms says by when bills are paid.
func (w *words) terms(t account.Terms) string {
	days := strconv.Itoa(t.Days)
	switch {
	case t.EndOfMonth && t.Days == 0:
		return w.t("terms.month_end")
	case t.EndOfMonth:
		return w.t("terms.after_month_end", "days", days)
	case t.Business:
		return w.t("terms.business", "days", days)
	}
	return w.t("terms.days", "days", days)
}

// transferTo is how this account transfers money to us; nil where it cannot.
func (c *console) transferTo(v *visit) (*transferView, error) {
	w, err := c.office.WaysToPay(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return nil, err
	}
	if o, offered := offerOf(w, policy.BankTransfer); !offered || o.May != nil {
		return nil, nil
	}
	d, err := c.office.ReceivingDetails(v.r.Context(), v.by, v.account.ID)
	if errors.Is(err, bank.ErrNoReceiving) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	view := &transferView{Dedicated: d.Dedicated, Least: d.LeastDays, Most: d.MostDays}
	add := func(name, text, exact string) {
		if text != "" {
			view.Rows = append(view.Rows, copyRow{Name: v.t("transfer." + name), Text: text, Exact: exact})
		}
	}
	r := d.Receiving
	add("holder", r.Holder, r.Holder)
	add("number", d.ShownNumber(), d.Number)
	add("code", r.BankCode, r.BankCode)
	add("bic", r.BIC, r.BIC)
	add("bank", r.Bank, r.Bank)
	add("bank_address", r.BankAddress, r.BankAddress)
	add("country", v.country(r.Country), v.country(r.Country))
	add("currency", string(r.Currency), string(r.Currency))
	add("reference", d.ShownReference(), d.Reference)
	for _, rail := range r.Rails {
		view.Rails = append(view.Rails, v.t("rail."+string(rail)))
	}
	return view, nil
}

// receiptTones says how a transfer's state is told apart at a glance.
var receiptTones = map[bank.ClaimState]string{bank.ClaimProposed: "wait", bank.ClaimCredited: "good", bank.ClaimReversed: "bad", bank.ClaimRefused: "ended", bank.ClaimWithdrawn: "ended"}

var withdrawalTones = map[billing.WithdrawalState]string{
	billing.WithdrawalProposed: "wait", billing.WithdrawalApproved: "wait", billing.WithdrawalSent: "good", billing.WithdrawalRefused: "ended", billing.WithdrawalDropped: "ended",
}

// tellMovements adds what came to the balance and what was spent of it.
func (c *console) tellMovements(v *visit, view *fundsView) error {
	ctx, id, few := v.r.Context(), v.account.ID, office.Page{Limit: fundsLines}
	receipts, _, err := c.office.Receipts(ctx, v.by, id, few)
	if err != nil {
		return err
	}
	for _, r := range receipts {
		view.Receipts = append(view.Receipts, receiptLine{
			Amount: sum(r.Amount), Received: v.dayText(r.ReceivedOn), Credited: v.dayOf(r.CreditedAt), Standing: standing{receiptTones[r.State], v.t("receipt." + string(r.State))},
		})
	}
	uses, _, err := c.office.CashApplications(ctx, v.by, id, few)
	if err != nil {
		return err
	}
	for _, u := range uses {
		line := useLine{Amount: sum(u.Amount), For: v.t("use.debt"), Href: "/debts/" + url.PathEscape(string(u.Debt)), At: v.dayOf(u.AppliedAt), Back: sumIf(u.Undone)}
		if u.Bill != "" {
			line.For, line.Href = v.t("use.bill"), billURL(u.Bill)
		}
		view.Uses = append(view.Uses, line)
	}
	withdrawals, _, err := c.office.Withdrawals(ctx, v.by, office.WithdrawalFilter{Account: id}, few)
	if err != nil {
		return err
	}
	for _, w := range withdrawals {
		view.Withdrawals = append(view.Withdrawals, withdrawalLine{
			Amount: sum(w.Amount), To: w.Recipient, At: v.dayOf(w.ProposedAt), Standing: standing{withdrawalTones[w.State], v.t("withdrawal." + string(w.State))},
		})
	}
	return nil
}

// dayText writes a bank's day as pages do.
func (v *visit) dayText(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return v.date(t)
}

// setApply switches whether the balance pays bills by itself.
func (c *console) setApply(v *visit) error {
	if _, err := c.office.SetAutoApply(v.r.Context(), v.by, v.account.ID, v.r.PostFormValue("on") == "1"); err != nil {
		return err
	}
	http.Redirect(v.w, v.r, ownPage(v.r.PostFormValue("back")), http.StatusSeeOther)
	return nil
}

// topUp puts money on the balance from a payment method. It is an order, whose page
// goes on with it.
func (c *console) topUp(v *visit) error {
	asked := strings.TrimSpace(v.r.PostFormValue("amount"))
	amount, err := money.ParseAmount(asked, v.account.Currency)
	if err != nil {
		return c.tellFunds(v, "", err)
	}
	paid, err := c.office.TopUp(v.r.Context(), v.by, v.account.ID, office.TopUp{
		Amount: amount, Method: methodID(v.r.PostFormValue("method")), ReturnURL: c.office.ConsoleURL + "/funds",
	})
	switch f, expected := fault.Of(err); {
	case paid.Order.ID != "":
		http.Redirect(v.w, v.r, checkoutPage(paid.Order.ID), http.StatusSeeOther)
		return nil
	case expected && f.Kind != fault.NotFound:
		return c.tellFunds(v, amount.Decimal(), err)
	}
	return err
}
