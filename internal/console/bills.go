package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

// billsView is the list of bills, with what is open at its head.
type billsView struct {
	Owed   string // "" nothing
	Issues moment // when this month's is due
	Bills  []billLine
	Pager  pager
}

type billLine struct {
	Href, Month, Number, Total, Open string
	Standing                         standing
	Issued                           string
	Due                              string // by which day; "" it is collected, not due
}

func (c *console) showBills(v *visit) error {
	bills, next, err := c.office.Bills(v.r.Context(), v.by, v.account.ID, v.pageOf())
	if err != nil {
		return err
	}
	l, err := c.office.Outlook(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	w, err := c.office.WaysToPay(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	view := billsView{Issues: v.at(l.NextBill), Pager: v.pager(next)}
	if w.Owed.IsPositive() {
		view.Owed = sum(w.Owed)
	}
	for _, b := range bills {
		view.Bills = append(view.Bills, billLine{
			Href: billURL(b.ID), Month: v.month(b.Month), Number: b.Number, Total: sum(b.Total), Open: sumIf(b.Open), Standing: v.billStanding(b), Issued: v.dayOf(b.IssuedAt),
			Due: v.dayOf(b.DueAt),
		})
	}
	v.show(http.StatusOK, "bills.html", view)
	return nil
}

// billView is one bill.
type billView struct {
	Paid              bool // just now
	ID, Month, Number string
	Standing          standing
	Issued            moment
	Net, Tax, Total   string
	Open              string // "" nothing
	Shares            []shareLine
	Carried           bool // rounding left something, before or after
	Debts             []debtLine
	MoreDebts         int // that are not shown
	Payments          []paymentLine
	PDF               string
	Due               string   // by which day; "" it is collected, not due
	Credit            bool     // it is paid by transfer, and nothing of it is charged by itself
	Request           string   // the document that asks for a transfer; "" there is none
	Pay               *handPay // nil: nothing is open
	ByHand            bool     // the balance does not pay it by itself
}

// handPay is the form by which something is paid by hand.
type handPay struct {
	Action   string
	Open     string // as it is typed; "" it is paid whole
	Currency string
	Balance  string // that could pay some of it; "" none
	Ways     []payWay
}

// shareLine is a product's part of a bill.
type shareLine struct {
	Product, Lines, Usage, In, Net, Out string
}

// debtLine is one amount of a bill that was charged by itself.
type debtLine struct {
	ID, Name, Net, Tax, Amount string
	Order                      string // the page of the order that a credit line paid; "" it is for usage
	Open                       string // "" nothing
	Standing                   standing
	Opened                     string
	TaxName                    string // "" no tax
	Pay                        *handPay
	Retry                      moment // when it is tried again by itself
	Moving                     string // the page of the payment that is under way; "" none
}

// payWay is a payment method that can pay a debt by hand.
type payWay struct {
	ID, Name  string
	Preferred bool
}

const paymentsOfPage = 50 // of one bill

func (c *console) showBill(v *visit) error { return c.tellBill(v, billing.BillID(v.r.PathValue("id"))) }

func (c *console) tellBill(v *visit, id billing.BillID) error {
	s, err := c.office.BillStory(v.r.Context(), v.by, id)
	if err != nil {
		return err
	}
	b := s.Bill
	v.title = v.t("bill.of", "month", v.month(b.Month))
	view := billView{
		Paid: v.r.URL.Query().Has("paid"), ID: string(b.ID), Month: v.month(b.Month), Number: b.Number, Standing: v.billStanding(b), Issued: v.at(b.IssuedAt),
		Net: sum(b.Net), Tax: sum(b.Tax), Total: sum(b.Total), Open: sumIf(b.Open), Due: v.dayOf(b.DueAt), Credit: v.account.Credit, PDF: billURL(b.ID) + "/bill.pdf",
	}
	view.ByHand = s.ByHand && v.account.AutoApply
	if b.Open.IsPositive() {
		if view.Pay, err = c.payBillForm(v, b); err != nil {
			return err
		}
		to, err := c.transferTo(v)
		if err != nil {
			return err
		}
		if v.account.Credit && to != nil {
			view.Request = "/funds/request.pdf?bill=" + url.QueryEscape(string(b.ID))
		}
	}
	for _, h := range b.Shares {
		view.Carried = view.Carried || !h.CarriedIn.IsZero() || !h.CarriedOut.IsZero()
		view.Shares = append(view.Shares, shareLine{
			Product: h.Product, Lines: grouped(strconv.FormatInt(h.Lines, 10)), Usage: exact(h.Usage), In: exact(h.CarriedIn), Net: sum(h.Net), Out: exact(h.CarriedOut),
		})
	}
	last := map[string]payment.Payment{}
	for n := len(s.Payments) - 1; n >= 0; n-- {
		p := s.Payments[n].Payment
		last[p.Debt] = p
	}
	for _, d := range b.Debts {
		line := v.debtLine(d, last[string(d.ID)])
		if ord, isDrawn := s.Orders[d.ID]; isDrawn {
			line.Name, line.Order = v.t("for.order", "reference", ord.Reference), orderPage(ord.ID)
		}
		view.Debts = append(view.Debts, line)
	}
	view.MoreDebts = s.Debts - len(b.Debts)
	for _, l := range s.Payments[:min(len(s.Payments), paymentsOfPage)] {
		view.Payments = append(view.Payments, v.paymentLine(l))
	}
	v.show(http.StatusOK, "bill.html", view)
	return nil
}

// debtLine puts a debt into words. last is its newest payment.
func (v *visit) debtLine(d billing.Debt, last payment.Payment) debtLine {
	line := debtLine{
		ID: string(d.ID), Name: v.debtName(d), Net: sum(d.Net), Tax: sum(d.Tax), Amount: sum(d.Amount), Standing: v.debtStanding(d), Opened: v.dayOf(d.OpenedAt),
		TaxName: d.TaxRule.Name,
	}
	if d.State != billing.Open {
		return line
	}
	line.Open = sum(d.OpenAmount())
	if last.ID != "" && !last.IsOver() {
		line.Moving = paymentURL(last.ID)
		line.Standing = v.paymentStanding(last)
		return line
	}
	if !v.account.Credit {
		line.Retry = v.at(d.NextAttemptAt)
	}
	return line
}

// payWays are the payment methods that can pay something by hand now, the preferred
// one first.
func (c *console) payWays(v *visit) ([]payWay, error) {
	list, err := c.office.Methods(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return nil, err
	}
	var ways []payWay
	for _, b := range list {
		if b.Method.State == payment.Active {
			ways = append(ways, payWay{ID: string(b.Method.ID), Name: v.methodName(b.Method), Preferred: b.Method.Preferred})
		}
	}
	slices.SortStableFunc(ways, func(a, b payWay) int { return bit(b.Preferred) - bit(a.Preferred) })
	return ways, nil
}

// payBillForm is how a bill can be paid by hand.
func (c *console) payBillForm(v *visit, b billing.Bill) (*handPay, error) {
	ways, err := c.payWays(v)
	if err != nil {
		return nil, err
	}
	f, err := c.office.Funds(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return nil, err
	}
	p := &handPay{Action: billURL(b.ID) + "/pay", Open: b.Open.Decimal(), Currency: string(b.Open.Currency), Ways: ways}
	if f.Balance.IsPositive() {
		p.Balance = sum(f.Balance)
	}
	return p, nil
}

// fromBalance stands in a form for paying from the balance.
const fromBalance = "balance"

// payBill pays a bill by hand, or a part of it, from the balance or by a payment
// method (R-RECON-04).
func (c *console) payBill(v *visit) error {
	id := billing.BillID(v.r.PathValue("id"))
	with := v.r.PostFormValue("method")
	amount, err := money.ParseAmount(strings.TrimSpace(v.r.PostFormValue("amount")), v.account.Currency)
	if err != nil {
		return c.refuseBill(v, id, err)
	}
	p := office.BillPayment{FromBalance: with == fromBalance, Amount: amount, ReturnURL: c.office.ConsoleURL + billURL(id) + "/return"}
	if !p.FromBalance {
		p.Method = methodID(with)
	}
	paid, err := c.office.PayBill(v.r.Context(), v.by, id, p)
	if f, expected := fault.Of(err); expected && f.Kind != fault.NotFound && len(paid.Payments) == 0 {
		return c.refuseBill(v, id, err)
	}
	if n := len(paid.Payments); n > 0 && paid.Payments[n-1].State != payment.Succeeded {
		http.Redirect(v.w, v.r, paymentURL(paid.Payments[n-1].ID), http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, billURL(id)+"?paid", http.StatusSeeOther)
	return nil
}

// refuseBill says why a bill was not paid, if the customer has such a bill.
func (c *console) refuseBill(v *visit, id billing.BillID, refused error) error {
	if _, err := c.office.Bill(v.r.Context(), v.by, id); err != nil {
		return err
	}
	v.form = billURL(id)
	v.show(statusFor(refused), "unpaid.html", refusedView{Why: v.reasonsOf("", refused), Back: billURL(id)})
	return nil
}

// returnToBill leads who comes from their bank to the payment that they confirmed.
func (c *console) returnToBill(v *visit) error {
	s, err := c.office.BillStory(v.r.Context(), v.by, billing.BillID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	to := billURL(s.Bill.ID)
	if len(s.Payments) > 0 {
		to = paymentURL(s.Payments[0].Payment.ID)
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

func methodID(s string) payment.MethodID { return payment.MethodID(s) }

// showDebt leads to where a debt is told of: its newest payment, its order or its
// bill. The payer's bank sends them here.
func (c *console) showDebt(v *visit) error {
	s, err := c.office.Debt(v.r.Context(), v.by, billing.DebtID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	to := "/bills"
	switch n := len(s.Payments); {
	case n > 0:
		to = paymentURL(s.Payments[n-1].ID)
	case s.Debt.Bill != "":
		to = billURL(billing.BillID(s.Debt.Bill))
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// payDebt collects a debt now, with its payer present (R-DUN-09).
func (c *console) payDebt(v *visit) error {
	id := billing.DebtID(v.r.PathValue("id"))
	p, err := c.office.CollectDebt(v.r.Context(), v.by, id, office.Charge{
		Method: payment.MethodID(v.r.PostFormValue("method")), Initiator: payment.CIT, Reason: payment.PaidByCustomer,
		ReturnURL: c.office.ConsoleURL + "/debts/" + url.PathEscape(string(id)),
	})
	if f, expected := fault.Of(err); expected && f.Kind != fault.NotFound && f.Code != access.ErrForbidden.Code {
		return c.refusePaying(v, id, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, paymentURL(p.ID), http.StatusSeeOther)
	return nil
}

// refusedView says why something could not be paid, and leads back.
type refusedView struct {
	Why  []reason
	Back string
}

func (c *console) refusePaying(v *visit, id billing.DebtID, refused error) error {
	s, err := c.office.Debt(v.r.Context(), v.by, id)
	if err != nil {
		return err
	}
	view := refusedView{Why: v.reasonsOf("", refused), Back: "/debts/" + url.PathEscape(string(id))}
	if s.Debt.Bill != "" {
		view.Back = billURL(billing.BillID(s.Debt.Bill))
	}
	v.form = view.Back
	v.show(statusFor(refused), "unpaid.html", view)
	return nil
}
