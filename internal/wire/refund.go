package wire

import (
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/payment"
)

// Refund gives some or all of a captured payment back.
type Refund struct {
	Object      string  `json:"object" enum:"refund"`
	ID          string  `json:"id" example:"ref_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account     string  `json:"account"`
	Payment     string  `json:"payment"`
	Number      int     `json:"number" doc:"Among the payment's refunds, from 1."`
	Amount      Amount  `json:"amount"`
	FromBalance Amount  `json:"from_balance" doc:"The part that was on the customer's balance and is set aside for it."`
	Reason      string  `json:"reason" doc:"Why the money is given back, as it was asked for."`
	State       string  `json:"state" enum:"opening,pending,unknown,succeeded,failed,to_balance" doc:"Unknown: the answer was lost and is being asked for; money may have moved. Failed: nothing was given back. To balance: it is on the customer's balance, because the way that it came is closed. One that succeeded can still go to the balance, when the payer's bank sends it back."`
	Outcome     *string `json:"outcome" doc:"Why it failed or went to the balance, as a code."`
	CreditNote  *string `json:"credit_note" example:"CN-2026-000001" doc:"The number of the credit note; null until the money is given back, and where nothing had been charged for it."`
	OpenedAt    string  `json:"opened_at" format:"date-time"`
	SettledAt   *string `json:"settled_at" format:"date-time"`
	ReturnedAt  *string `json:"returned_at" format:"date-time" doc:"When the payer's bank sent it back."`
}

// OfRefund shapes a refund.
func OfRefund(f payment.Refund) Refund {
	return Refund{
		Object: "refund", ID: string(f.ID), Account: string(f.Account), Payment: string(f.Payment), Number: f.Number, Amount: OfAmount(f.Amount),
		FromBalance: OfAmount(f.FromBalance), Reason: f.Reason, State: string(f.State), Outcome: MaybeText(f.Outcome), CreditNote: MaybeText(f.CreditNote),
		OpenedAt: Instant(f.OpenedAt), SettledAt: Maybe(f.SettledAt), ReturnedAt: Maybe(f.ReturnedAt),
	}
}

// CreditNote takes a part of what a debt charged back.
type CreditNote struct {
	Object   string  `json:"object" enum:"credit_note"`
	ID       string  `json:"id" example:"cn_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Number   string  `json:"number" example:"CN-2026-000001" doc:"One after the other in each year, without a gap."`
	Account  string  `json:"account"`
	Debt     string  `json:"debt"`
	Bill     *string `json:"bill" doc:"The bill that lists the debt; null while there is none."`
	Subject  string  `json:"subject" doc:"The id of what it is for, such as a refund."`
	Net      Amount  `json:"net"`
	Tax      Amount  `json:"tax"`
	Amount   Amount  `json:"amount" doc:"Net and tax together."`
	IssuedAt string  `json:"issued_at" format:"date-time"`
}

// OfCreditNote shapes a credit note.
func OfCreditNote(n billing.CreditNote) CreditNote {
	return CreditNote{
		Object: "credit_note", ID: string(n.ID), Number: n.Number, Account: string(n.Account), Debt: string(n.Debt), Bill: MaybeText(n.Bill), Subject: n.Subject,
		Net: OfAmount(n.Net), Tax: OfAmount(n.Tax), Amount: OfAmount(n.Amount), IssuedAt: Instant(n.IssuedAt),
	}
}
