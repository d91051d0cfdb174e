package staff

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

type accountLine struct {
	ID, Reference, Name, Kind, Country, Currency string
	Credit                                       bool
	State                                        standing
}

// showAccounts lists accounts, or leads to the one whose id or reference was typed, or
// to a payment.
func showAccounts(v *visit) error {
	find := strings.TrimSpace(v.r.URL.Query().Get("find"))
	view := map[string]any{"Find": find, "Missed": false}
	if find != "" {
		path, err := v.find(find)
		if err != nil {
			return err
		}
		if path != "" {
			v.to(path)
			return nil
		}
		view["Missed"] = true
	}
	list, next, err := v.office().Accounts(v.ctx(), v.by, v.part())
	if err != nil {
		return err
	}
	var lines []accountLine
	for _, a := range list {
		lines = append(lines, accountLine{
			ID: string(a.ID), Reference: a.Reference, Name: a.Name, Kind: string(a.Kind), Country: a.Country, Currency: string(a.Currency), Credit: a.Credit, State: standingOf(a.State),
		})
	}
	view["Accounts"], view["More"] = lines, v.more(next)
	v.show(http.StatusOK, "accounts.html", view)
	return nil
}

// find returns the page of what has an id or a reference; "" if nothing has.
func (v *visit) find(text string) (string, error) {
	if strings.HasPrefix(text, "pay_") {
		p, err := v.office().Payment(v.ctx(), v.by, payment.ID(text), false)
		if err == nil {
			return "/staff/payments/" + string(p.ID), nil
		}
		return "", notMissing(err)
	}
	if a, err := v.office().Account(v.ctx(), v.by, account.ID(text)); err == nil {
		return "/staff/accounts/" + string(a.ID), nil
	} else if notMissing(err) != nil {
		return "", err
	}
	a, err := v.office().AccountByReference(v.ctx(), v.by, text)
	if err == nil {
		return "/staff/accounts/" + string(a.ID), nil
	}
	return "", notMissing(err)
}

// notMissing is err, unless it says that there is no such thing.
func notMissing(err error) error {
	for _, missing := range []error{account.ErrNotFound, payment.ErrPaymentNotFound} {
		if errors.Is(err, missing) {
			return nil
		}
	}
	return err
}

// registered reads whom an account is registered to.
func (v *visit) registered(id account.ID) (registered, error) {
	a, err := v.office().Account(v.ctx(), v.by, id)
	r := registered{
		ID: string(a.ID), Reference: a.Reference, Name: a.Name, Kind: label(string(a.Kind)), Country: a.Country, Email: a.Email, TaxID: a.TaxID, Since: at(a.RegisteredAt),
	}
	for _, line := range []string{a.Address.Line1, a.Address.Line2, strings.TrimSpace(a.Address.PostalCode + " " + a.Address.City), a.Address.Region} {
		if line != "" {
			r.Address = append(r.Address, line)
		}
	}
	return r, err
}

// accountView is one account, to be looked at.
type accountView struct {
	registered
	State                    standing
	Currency, Zone, Language string
	Credit                   bool
	Overdue                  moment
	Owed, Balance            string
	Methods                  []methodLine
	Orders                   []orderLine
	Payments                 []paymentLine
	Refunds                  []refundLine
	Checks                   []checkLine
	History                  []historyLine
	SeesChecks               bool
	Links                    []filter // to what else there is about it, for this role
}

type methodLine struct {
	ID, Name, Holder, Expires, Reason string
	State                             standing
	Preferred                         bool
	Bound                             moment
}

type orderLine struct {
	ID, Kind, What, Amount, Verdict, Rule, Case string
	State                                       standing
	Placed                                      moment
}

type paymentLine struct {
	ID, Amount, Refunded, Reason, Refusal string
	State                                 standing
	Opened                                moment
}

type refundLine struct {
	ID, Payment, Amount, Reason, By, Outcome string
	State                                    standing
	Opened, Settled                          moment
}

type historyLine struct {
	By, What, Subject, Detail string
	At                        moment
}

// accountMost is how many lines of each list an account's page shows.
const accountMost = 20

func showAccount(v *visit) error {
	id := account.ID(v.r.PathValue("id"))
	a, err := v.office().Account(v.ctx(), v.by, id)
	if err != nil {
		return err
	}
	view := accountView{
		State: standingOf(a.State), Currency: string(a.Currency), Zone: a.Zone, Language: a.Language, Credit: a.Credit, Overdue: at(a.OverdueSince),
		SeesChecks: v.may(access.IdentityRead),
	}
	if view.registered, err = v.registered(id); err != nil {
		return err
	}
	w, err := v.office().WaysToPay(v.ctx(), v.by, id)
	if err != nil {
		return err
	}
	view.Owed, view.Balance = sum(w.Owed), sum(w.Balance)
	view.Links = v.about(id)
	for _, read := range []func(*visit, account.ID, *accountView) error{readMethods, readOrders, readPayments, readRefunds, readChecks, readHistory} {
		if err := read(v, id, &view); err != nil {
			return err
		}
	}
	v.show(http.StatusOK, "account.html", view)
	return nil
}

// about lists what else there is about an account, as far as the role may see it.
func (v *visit) about(id account.ID) []filter {
	whose := url.Values{"account": {string(id)}}.Encode()
	var list []filter
	for _, l := range []struct {
		scope      access.Scope
		name, path string
	}{
		{access.CreditRead, "Its credit line", "/staff/accounts/" + url.PathEscape(string(id)) + "/credit"},
		{access.BankRead, "What was received for it", "/staff/receipts?" + whose},
		{access.FundsRead, "Its withdrawals", "/staff/withdrawals?" + whose},
		{access.IdentityRead, "What risk said of it", "/staff/stopped?show=all&" + whose},
	} {
		if v.may(l.scope) {
			list = append(list, filter{Name: l.name, Path: l.path})
		}
	}
	return list
}

func readMethods(v *visit, id account.ID, view *accountView) error {
	list, err := v.office().Methods(v.ctx(), v.by, id)
	for _, b := range list {
		m := b.Method
		line := methodLine{
			ID: string(m.ID), Name: methodName(m), Holder: m.Card.Holder, Reason: words(m.Reason), State: standingOf(m.State), Preferred: m.Preferred, Bound: at(m.CreatedAt),
		}
		if m.Card.ExpMonth > 0 {
			line.Expires = expiry(m.Card)
		}
		view.Methods = append(view.Methods, line)
	}
	return err
}

func readOrders(v *visit, id account.ID, view *accountView) error {
	list, _, err := v.office().Orders(v.ctx(), v.by, id, office.Page{Limit: accountMost})
	for _, o := range list {
		line := orderLine{
			ID: string(o.ID), Kind: label(string(o.Kind)), Amount: sum(o.Amount), Verdict: words(o.Verdict), Rule: o.Rule, State: standingOf(o.State), Placed: at(o.PlacedAt),
		}
		if len(o.Items) > 0 {
			line.What = cmp.Or(o.Items[0].Description, o.Items[0].Product)
		}
		if view.SeesChecks {
			line.Case = o.Case
		}
		view.Orders = append(view.Orders, line)
	}
	return err
}

func readPayments(v *visit, id account.ID, view *accountView) error {
	list, _, err := v.office().Payments(v.ctx(), v.by, id, office.Page{Limit: accountMost})
	for _, p := range list {
		view.Payments = append(view.Payments, paymentOf(p))
	}
	return err
}

func paymentOf(p payment.Payment) paymentLine {
	line := paymentLine{ID: string(p.ID), Amount: sum(p.Amount), Reason: words(string(p.Reason)), Refusal: words(p.Refusal.Class), State: standingOf(p.State), Opened: at(p.OpenedAt)}
	if p.Refunded.IsPositive() {
		line.Refunded = sum(p.Refunded)
	}
	return line
}

func readRefunds(v *visit, id account.ID, view *accountView) error {
	list, _, err := v.office().Refunds(v.ctx(), v.by, id, office.Page{Limit: accountMost})
	for _, f := range list {
		view.Refunds = append(view.Refunds, v.refundOf(f))
	}
	return err
}

func (v *visit) refundOf(f payment.Refund) refundLine {
	return refundLine{
		ID: string(f.ID), Payment: string(f.Payment), Amount: sum(f.Amount), Reason: f.Reason, By: v.who(f.By), Outcome: words(f.Outcome), State: standingOf(f.State),
		Opened: at(f.OpenedAt), Settled: at(f.SettledAt),
	}
}

func readChecks(v *visit, id account.ID, view *accountView) error {
	if !view.SeesChecks {
		return nil
	}
	list, err := v.office().IdentityChecks(v.ctx(), v.by, id)
	for _, c := range list {
		view.Checks = append(view.Checks, checkLine{ID: string(c.ID), What: label(c.Occasion), Rule: c.Rule, State: standingOf(c.State), Opened: at(c.OpenedAt), Late: c.IsLate})
	}
	return err
}

func readHistory(v *visit, id account.ID, view *accountView) error {
	list, _, err := v.office().History(v.ctx(), v.by, id, office.Page{Limit: accountMost})
	view.History = v.historyOf(list)
	return err
}

func (v *visit) historyOf(list []office.Record) []historyLine {
	var lines []historyLine
	for _, r := range list {
		lines = append(lines, historyLine{By: v.who(r.By), What: r.Action, Subject: r.Subject, Detail: r.Detail, At: at(r.At)})
	}
	return lines
}

// showHistory lists all that was done to an account.
func showHistory(v *visit) error {
	id := account.ID(v.r.PathValue("id"))
	list, next, err := v.office().History(v.ctx(), v.by, id, v.part())
	if err != nil {
		return err
	}
	v.show(http.StatusOK, "history.html", map[string]any{
		"Account": string(id), "History": v.historyOf(list), "More": v.more(next), "Details": v.may(access.BooksRead),
	})
	return nil
}
