package document

import (
	"fmt"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
)

// ErrTooLong says that a document would have more pages than anybody reads.
var ErrTooLong = fault.New(fault.TooLarge, "document_too_long", "the document would have more than 200 pages").
	WithNext("fetch its figures over the API instead")

// Party is a seller or a customer, as a document names them.
type Party struct {
	Name    string
	Address []string // lines, without the country
	Country string   // ISO 3166-1 code
	TaxID   string
	Email   string
	Account string // a customer's id with us
}

// Envelope is what every document has.
type Envelope struct {
	Language string
	Zone     *time.Location // of the customer; dates are told in it
	At       time.Time      // of the document
	Seller   Party
	Customer Party
}

// Transfer is how money is to be sent.
type Transfer struct {
	Receiving bank.ReceivingAccount
	Dedicated bool
	Number    string // as people read it
	Reference string // as people read it; "" none is needed
	LeastDays int
	MostDays  int
}

// AccountProof says which bank account a customer's transfers go to (R-WIRE-05).
type AccountProof struct {
	Envelope
	Transfer
}

// AccountProof sets the proof of a receiving account.
func (p *Press) AccountProof(d AccountProof) ([]byte, error) {
	title := "proof.title"
	text := "proof.text"
	if !d.Dedicated {
		title, text = "proof.shared.title", "proof.shared.text"
	}
	return p.make(d.Envelope, title, "", func(s *sheet) {
		s.parties(d.Envelope, "customer", []fact{{name: s.say.t("issued"), value: s.say.date(d.At)}, {name: s.say.t("account"), value: d.Customer.Account}})
		s.space(18)
		s.text(left, right-left, s.say.t(text, "customer", d.Customer.Name, "seller", d.Seller.Name), normal)
		s.transfer(d.Transfer)
		s.space(26)
		s.text(left, right-left, s.say.t("proof.machine", "seller", d.Seller.Name), faint)
	})
}

// PaymentRequest asks for a transfer: for a bill, or of an amount that the customer
// named.
type PaymentRequest struct {
	Envelope
	Transfer
	Amount money.Amount
	Bill   string        // its number; "" none
	Month  billing.Month // of the bill
	DueAt  time.Time     // zero: not due on a day
	Note   string        // the customer's own words
}

// PaymentRequest sets a request for payment.
func (p *Press) PaymentRequest(d PaymentRequest) ([]byte, error) {
	return p.make(d.Envelope, "request.title", d.Bill, func(s *sheet) {
		s.parties(d.Envelope, "customer", []fact{
			{name: s.say.t("issued"), value: s.say.date(d.At)}, {name: s.say.t("account"), value: d.Customer.Account}, {name: s.say.t("bill"), value: d.Bill},
			{name: s.say.t("month_of"), value: s.monthOf(d.Month)}, {name: s.say.t("due"), value: s.say.date(d.DueAt), strong: true},
		})
		s.section(s.say.t("request.amount"), 40)
		s.text(left, right-left, sum(d.Amount), look{size: 17, bold: true})
		if d.Note != "" {
			s.space(4)
			s.text(left, right-left, s.say.t("request.note", "note", d.Note), normal)
		}
		s.transfer(d.Transfer)
	})
}

// Bill is a month's bill.
type Bill struct {
	Envelope
	billing.Bill
	Orders   []Drawn // that a credit line paid
	Payments []Paid
	Transfer *Transfer // where it is paid by transfer; nil: it is charged
}

// Drawn is an order that a credit line paid, and what of the bill that is.
type Drawn struct {
	Order order.Order
	Net   money.Amount
}

// Paid is a payment that took part of something.
type Paid struct {
	payment.Payment
	payment.Method
}

// Bill sets a bill.
func (p *Press) Bill(d Bill) ([]byte, error) {
	return p.make(d.Envelope, "bill.title", d.Number, func(s *sheet) {
		s.parties(d.Envelope, "billed", []fact{
			{name: s.say.t("bill.number"), value: d.Number}, {name: s.say.t("issued"), value: s.say.date(d.IssuedAt)}, {name: s.say.t("month_of"), value: s.monthOf(d.Month)},
			{name: s.say.t("due"), value: s.say.date(d.DueAt), strong: true}, {name: s.say.t("account"), value: d.Customer.Account},
		})
		if len(d.Shares) > 0 || len(d.Orders) == 0 {
			s.section(s.say.t("bill.products", "currency", string(d.Total.Currency)), 50)
			s.shares(d.Shares)
		}
		if len(d.Orders) > 0 {
			s.section(s.say.t("bill.orders", "currency", string(d.Total.Currency)), 50)
			s.drawn(d.Orders)
		}
		s.totals(s.billTotals(d))
		if note := s.reverseNote(d.Envelope, d.Debts); note != "" {
			s.space(8)
			s.text(left, right-left, note, faint)
		}
		s.payments(d.Payments)
		if d.Transfer != nil {
			s.transfer(*d.Transfer)
		}
		s.space(10)
		s.text(left, right-left, s.say.t("bill.rounding"), faint)
	})
}

// Receipt says that a payment was received (R-BILL-03).
type Receipt struct {
	Envelope
	Payment payment.Payment
	Method  payment.Method
	Debt    billing.Debt
	Bill    string      // the number of the bill that lists the debt; "" it is not issued yet, or the debt is an order's
	Order   order.Order // its ID is "" if the debt is for usage
}

// Receipt sets a receipt.
func (p *Press) Receipt(d Receipt) ([]byte, error) {
	return p.make(d.Envelope, "receipt.title", string(d.Payment.ID), func(s *sheet) {
		s.parties(d.Envelope, "customer", []fact{
			{name: s.say.t("receipt.number"), value: string(d.Payment.ID)}, {name: s.say.t("paid_on"), value: s.say.date(d.Payment.SettledAt)},
			{name: s.say.t("paid_with"), value: s.say.method(d.Method)}, {name: s.say.t("bill"), value: d.Bill}, {name: s.say.t("order"), value: d.ordered()},
			{name: s.say.t("account"), value: d.Customer.Account},
		})
		s.section(s.what(d.Debt, d.Order), 50)
		var all []total
		switch {
		case d.Order.ID == "":
			s.shares(d.Debt.Shares)
		case !d.Order.TopUp:
			s.items(d.Order)
		}
		if !d.Order.TopUp { // which sells nothing
			all = append(all, total{name: s.say.t("net"), value: sum(d.Debt.Net)})
			all = append(all, s.taxes([]billing.Debt{d.Debt})...)
			all = append(all, total{name: s.say.t("total"), value: sum(d.Debt.Amount)})
		}
		all = append(all, total{name: s.say.t("receipt.paid"), value: sum(d.Payment.Amount), final: true})
		if d.Payment.Refunded.IsPositive() {
			all = append(all, total{name: s.say.t("refunded"), value: sum(d.Payment.Refunded.Neg())})
		}
		s.totals(all)
		if note := s.reverseNote(d.Envelope, []billing.Debt{d.Debt}); note != "" {
			s.space(8)
			s.text(left, right-left, note, faint)
		}
	})
}

// ordered is the order's reference; "" where nothing was ordered.
func (d Receipt) ordered() string {
	if d.Order.TopUp {
		return ""
	}
	return d.Order.Reference
}

// CreditNote takes a part of a charge back.
type CreditNote struct {
	Envelope
	billing.CreditNote
	BillNumber string // "" the debt is on no bill
	Order      string // the order's reference; "" it is none
}

// CreditNote sets a credit note.
func (p *Press) CreditNote(d CreditNote) ([]byte, error) {
	return p.make(d.Envelope, "note.title", d.Number, func(s *sheet) {
		s.parties(d.Envelope, "customer", []fact{
			{name: s.say.t("note.number"), value: d.Number}, {name: s.say.t("issued"), value: s.say.date(d.IssuedAt)}, {name: s.say.t("bill"), value: d.BillNumber},
			{name: s.say.t("order"), value: d.Order}, {name: s.say.t("account"), value: d.Customer.Account},
		})
		s.space(18)
		s.text(left, right-left, s.say.t("note.text"), normal)
		s.space(12)
		tax := billing.Debt{Tax: d.Tax, TaxRule: d.TaxRule}
		all := append([]total{{name: s.say.t("net"), value: sum(d.Net)}}, s.taxes([]billing.Debt{tax})...)
		s.totals(append(all, total{name: s.say.t("note.amount"), value: sum(d.Amount), final: true}))
	})
}

// make sets a document: its title and seller at the top, and what body sets below.
func (p *Press) make(e Envelope, title, number string, body func(*sheet)) ([]byte, error) {
	r, err := p.fonts()
	if err != nil {
		return nil, err
	}
	say, err := speak(e.Language, e.Zone)
	if err != nil {
		return nil, err
	}
	name := say.t(title)
	s := newSheet(r, say, joined(" · ", name, number, e.Seller.Name))
	s.letterhead(name, e.Seller)
	body(s)
	return s.finish(about{Title: joined(" ", name, number), Author: e.Seller.Name, Language: say.language, At: e.At})
}

// letterhead sets the title, and beside it who sells.
func (s *sheet) letterhead(title string, seller Party) {
	s.beside(func() {
		s.text(left, 270, title, titled)
	}, func() {
		const x = 345
		s.space(3)
		s.text(x, right-x, seller.Name, strong)
		for _, line := range s.address(seller) {
			s.text(x, right-x, line, faint)
		}
	})
	s.space(14)
	s.rule(0.9, 0)
	s.space(14)
}

// parties sets whom the document is for, and beside it its facts.
func (s *sheet) parties(e Envelope, role string, facts []fact) {
	s.beside(func() {
		s.text(left, 240, s.say.t(role), small)
		s.space(2)
		s.text(left, 240, e.Customer.Name, headed)
		for _, line := range s.address(e.Customer) {
			s.text(left, 240, line, faint)
		}
	}, func() {
		const x = 296
		s.facts(x, right-x, 74, facts, false)
	})
}

// address is how a party is written to.
func (s *sheet) address(p Party) []string {
	all := append([]string{}, p.Address...)
	if p.Country != "" {
		all = append(all, s.say.country(p.Country))
	}
	if p.TaxID != "" {
		all = append(all, s.say.t("tax_id", "id", p.TaxID))
	}
	if p.Email != "" {
		all = append(all, p.Email)
	}
	return all
}

// transfer sets how money is to be sent, and what to mind.
func (s *sheet) transfer(t Transfer) {
	r := t.Receiving
	s.section(s.say.t("transfer.title"), 120)
	s.rule(0.9, 0)
	s.facts(left, right-left, 170, []fact{
		{name: s.say.t("holder"), value: r.Holder, strong: true},
		{name: s.say.maybe("number."+string(r.Scheme), s.say.t("account_number")), value: t.Number, strong: true},
		{name: s.say.maybe("code."+string(r.Scheme), s.say.t("bank_code")), value: r.BankCode},
		{name: s.say.t("bic"), value: r.BIC},
		{name: s.say.t("bank"), value: r.Bank},
		{name: s.say.t("bank_address"), value: joined(s.say.t("comma"), r.BankAddress, s.say.country(r.Country))},
		{name: s.say.t("currency"), value: string(r.Currency)},
		{name: s.say.t("reference"), value: t.Reference, strong: true},
		{name: s.say.t("rails"), value: s.say.rails(r.Rails)},
	}, true)
	s.space(10)
	notes := []string{s.say.t("transfer.days", "least", fmt.Sprint(t.LeastDays), "most", fmt.Sprint(t.MostDays)), s.say.t("transfer.fees")}
	if t.Reference != "" {
		notes = append([]string{s.say.t("transfer.reference")}, notes...)
	} else if t.Dedicated {
		notes = append([]string{s.say.t("transfer.dedicated")}, notes...)
	}
	for _, note := range notes {
		s.text(left, right-left, note, faint)
		s.space(3)
	}
}

func (s *sheet) monthOf(m billing.Month) string {
	if m == "" {
		return ""
	}
	return s.say.month(m)
}

// shares sets usage by product.
func (s *sheet) shares(all []billing.Share) {
	if len(all) == 0 {
		return
	}
	var rows [][]string
	for _, p := range all {
		rows = append(rows, []string{p.Product, grouped(fmt.Sprint(p.Lines)), exact(p.Usage), exact(p.CarriedIn), exact(p.CarriedOut), grouped(p.Net.Decimal())})
	}
	s.table([]column{
		{s.say.t("product"), 0.23, atLeft}, {s.say.t("usage_lines"), 0.08, atRight}, {s.say.t("usage"), 0.22, atRight},
		{s.say.t("carried_in"), 0.165, atRight}, {s.say.t("carried_out"), 0.165, atRight}, {s.say.t("net"), 0.14, atRight},
	}, rows)
}

// drawn sets orders that a credit line paid.
func (s *sheet) drawn(orders []Drawn) {
	var rows [][]string
	for _, d := range orders {
		var products []string
		for _, i := range d.Order.Items {
			products = append(products, i.Product)
		}
		rows = append(rows, []string{d.Order.Reference, strings.Join(products, "\n"), s.say.date(d.Order.PaidAt), grouped(d.Net.Decimal())})
	}
	s.table([]column{{s.say.t("order"), 0.3, atLeft}, {s.say.t("product"), 0.36, atLeft}, {s.say.t("paid_on"), 0.2, atLeft}, {s.say.t("net"), 0.14, atRight}}, rows)
}

// items sets what an order is for.
func (s *sheet) items(o order.Order) {
	var rows [][]string
	for _, i := range o.Items {
		days := ""
		if i.From != "" && i.Until != "" {
			days = string(i.From) + " – " + string(i.Until)
		}
		what := joined("\n", i.Product, i.Description, days)
		rows = append(rows, []string{what, grouped(fmt.Sprint(i.Quantity)), grouped(i.Price.Decimal()), grouped(i.Net.Decimal())})
	}
	s.table([]column{{s.say.t("product"), 0.49, atLeft}, {s.say.t("quantity"), 0.13, atRight}, {s.say.t("price"), 0.19, atRight}, {s.say.t("net"), 0.19, atRight}}, rows)
}

// what says what a payment was for.
func (s *sheet) what(d billing.Debt, o order.Order) string {
	switch {
	case o.TopUp:
		return s.say.t("for.topup")
	case o.ID != "":
		return s.say.t("for.order", "order", o.Reference)
	case d.Kind == billing.OrderDebt:
		return s.say.t("order")
	}
	return s.say.t("for."+string(d.Kind), "month", s.say.month(d.Month), "currency", string(d.Amount.Currency))
}

// billTotals are the figures under a bill.
func (s *sheet) billTotals(d Bill) []total {
	all := append([]total{{name: s.say.t("net"), value: sum(d.Net)}}, s.taxes(d.Debts)...)
	all = append(all, total{name: s.say.t("total"), value: sum(d.Total), final: true})
	if paid, err := d.Total.Sub(d.Open); err == nil && !paid.IsZero() {
		all = append(all, total{name: s.say.t("bill.settled"), value: sum(paid.Neg())})
	}
	return append(all, total{name: s.say.t("bill.open"), value: sum(d.Open), final: true})
}

// taxes sums what debts charge of each tax.
func (s *sheet) taxes(debts []billing.Debt) []total {
	var order []billing.TaxRule
	sums := map[billing.TaxRule]money.Amount{}
	for _, d := range debts {
		if d.TaxRule == (billing.TaxRule{}) {
			continue
		}
		before, known := sums[d.TaxRule]
		if !known {
			order, sums[d.TaxRule] = append(order, d.TaxRule), d.Tax
			continue
		}
		if both, err := before.Add(d.Tax); err == nil {
			sums[d.TaxRule] = both
		}
	}
	var all []total
	for _, rule := range order {
		all = append(all, total{name: s.say.t("tax", "name", rule.Name, "rate", percent(rule.Rate)), value: sum(sums[rule])})
	}
	return all
}

// reverseNote says who accounts for the tax where none is charged to a customer with
// a tax id.
func (s *sheet) reverseNote(e Envelope, debts []billing.Debt) string {
	for _, d := range debts {
		if d.TaxRule != (billing.TaxRule{}) && percent(d.TaxRule.Rate) == "0%" && e.Customer.TaxID != "" {
			return s.say.t("reverse", "name", d.TaxRule.Name)
		}
	}
	return ""
}

// payments lists what was paid by card and PayPal.
func (s *sheet) payments(all []Paid) {
	if len(all) == 0 {
		return
	}
	s.section(s.say.t("bill.payments"), 50)
	var rows [][]string
	for _, p := range all {
		rows = append(rows, []string{s.say.date(p.Payment.SettledAt), s.say.method(p.Method), string(p.Payment.ID), sum(p.Payment.Amount)})
	}
	s.table([]column{{s.say.t("paid_on"), 0.18, atLeft}, {s.say.t("paid_with"), 0.27, atLeft}, {s.say.t("receipt.number"), 0.35, atLeft}, {s.say.t("amount"), 0.20, atRight}}, rows)
}

// joined puts what there is of some texts together.
func joined(between string, all ...string) string {
	var there []string
	for _, s := range all {
		if s != "" {
			there = append(there, s)
		}
	}
	return strings.Join(there, between)
}
