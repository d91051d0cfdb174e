package wire

import (
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
)

// Share is one product's part of a debt or bill. Usage and what was carried in
// are what is asked and what is carried out, to the last digit.
type Share struct {
	Product    string `json:"product"`
	Lines      int64  `json:"lines"`
	Usage      Amount `json:"usage"`
	CarriedIn  Amount `json:"carried_in"`
	Net        Amount `json:"net"`
	CarriedOut Amount `json:"carried_out"`
}

func ofShares(shares []billing.Share) []Share {
	shapes := make([]Share, 0, len(shares))
	for _, s := range shares {
		shapes = append(shapes, Share{
			Product: s.Product, Lines: s.Lines, Usage: OfExact(s.Usage), CarriedIn: OfExact(s.CarriedIn),
			Net: OfAmount(s.Net), CarriedOut: OfExact(s.CarriedOut),
		})
	}
	return shapes
}

// TaxRule is the tax that was applied.
type TaxRule struct {
	Name    string `json:"name"`
	Rate    string `json:"rate" doc:"A decimal fraction, such as 0.19."`
	Version string `json:"version" doc:"Of the policy that it comes from."`
}

// Debt is one amount that must be collected exactly once.
type Debt struct {
	Object        string    `json:"object" enum:"debt"`
	ID            string    `json:"id" example:"debt_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account       string    `json:"account"`
	Kind          string    `json:"kind" enum:"threshold,remainder,order,bill"`
	Month         string    `json:"month" example:"2024-09"`
	Number        int64     `json:"number" doc:"Among the account's debts of its kind and month."`
	Bill          *string   `json:"bill" doc:"Null until the month's bill is issued."`
	Net           Amount    `json:"net"`
	Tax           Amount    `json:"tax"`
	Amount        Amount    `json:"amount" doc:"Net and tax together."`
	TaxRule       *TaxRule  `json:"tax_rule,omitempty" doc:"Absent when no tax applied."`
	Paid          Amount    `json:"paid"`
	Open          Amount    `json:"open" doc:"What is still to be collected; zero once it is settled, cancelled or written off."`
	State         string    `json:"state" enum:"open,paid,cancelled,written_off"`
	Attempts      int       `json:"attempts" doc:"Payments so far."`
	DeclinedAt    *string   `json:"declined_at" format:"date-time" doc:"When the first payment was declined."`
	NextAttemptAt *string   `json:"next_attempt_at" format:"date-time" doc:"Null when none is planned."`
	OpenedAt      string    `json:"opened_at" format:"date-time"`
	SettledAt     *string   `json:"settled_at" format:"date-time"`
	Products      []Share   `json:"products,omitempty" doc:"Only where one debt is asked for."`
	Payments      []Payment `json:"payments,omitempty" doc:"Its attempts, the first one first; only where one debt is asked for."`
}

// OfDebt shapes a debt.
func OfDebt(d billing.Debt) Debt {
	shape := Debt{
		Object: "debt", ID: string(d.ID), Account: string(d.Account), Kind: string(d.Kind), Month: string(d.Month), Number: d.Number,
		Bill: MaybeText(d.Bill), Net: OfAmount(d.Net), Tax: OfAmount(d.Tax), Amount: OfAmount(d.Amount), Paid: OfAmount(d.Paid),
		Open: OfAmount(d.OpenAmount()), State: string(d.State), Attempts: d.Attempts, DeclinedAt: Maybe(d.DeclinedAt),
		NextAttemptAt: Maybe(d.NextAttemptAt), OpenedAt: Instant(d.OpenedAt), SettledAt: Maybe(d.SettledAt),
		Products: ofShares(d.Shares),
	}
	if d.TaxRule != (billing.TaxRule{}) {
		shape.TaxRule = &TaxRule{Name: d.TaxRule.Name, Rate: d.TaxRule.Rate, Version: d.TaxRule.Version}
	}
	if d.State != billing.Open {
		shape.Open = OfAmount(money.Amount{Currency: d.Amount.Currency})
	}
	return shape
}

// Bill is what a month owes: one per account and month, issued at its close.
type Bill struct {
	Object   string  `json:"object" enum:"bill"`
	ID       string  `json:"id" example:"bill_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account  string  `json:"account"`
	Month    string  `json:"month" example:"2024-09"`
	Number   string  `json:"number" doc:"As it is shown to people."`
	Net      Amount  `json:"net"`
	Tax      Amount  `json:"tax"`
	Total    Amount  `json:"total"`
	Open     Amount  `json:"open" doc:"The sum of what its debts have open."`
	Paid     bool    `json:"paid" doc:"Nothing of it is open."`
	IssuedAt string  `json:"issued_at" format:"date-time"`
	DueAt    *string `json:"due_at" format:"date-time" doc:"The last instant of the day by which it is to be paid by transfer; null where it is collected from a payment method."`
	ByHand   *bool   `json:"by_hand,omitempty" doc:"A person of staff took back what a balance had paid of it: the balance does not pay it by itself again until a person puts it there, or auto_apply is turned on anew. Only where one bill is asked for."`
	Products []Share `json:"products,omitempty" doc:"Only where one bill is asked for."`
	Debts    []Debt  `json:"debts,omitempty" doc:"Only where one bill is asked for."`
}

// OfBill shapes a bill.
func OfBill(b billing.Bill) Bill {
	shape := Bill{
		Object: "bill", ID: string(b.ID), Account: string(b.Account), Month: string(b.Month), Number: b.Number,
		Net: OfAmount(b.Net), Tax: OfAmount(b.Tax), Total: OfAmount(b.Total), Open: OfAmount(b.Open), Paid: b.IsPaid(),
		IssuedAt: Instant(b.IssuedAt), DueAt: Maybe(b.DueAt), Products: ofShares(b.Shares),
	}
	for _, d := range b.Debts {
		shape.Debts = append(shape.Debts, OfDebt(d))
	}
	return shape
}
