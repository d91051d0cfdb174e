package wire

import "github.com/bursar-pay/bursar/internal/payment"

// Agreement is a payer's leave to be charged later, asked for on PayPal's own page.
type Agreement struct {
	Object      string       `json:"object" enum:"agreement"`
	ID          string       `json:"id" example:"agr_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account     string       `json:"account"`
	State       string       `json:"state" enum:"opening,waiting,kept,discarding,refused,lapsed" doc:"Opening: PayPal is being asked for the page. Waiting: the payer decides there. Kept: it is a payment method now. Discarding: a rule refused what the payer agreed to, and PayPal is being told to forget it. Refused, lapsed: nothing was bound."`
	Reason      *string      `json:"reason" doc:"Why nothing was bound, as a code: agreement_not_approved, payer_country_blocked, already_bound, insufficient_funds and others."`
	Explanation *Explanation `json:"explanation,omitempty" doc:"The reason in words; not in events."`
	ApproveURL  *string      `json:"approve_url" doc:"Where the payer must go; null unless it waits for them."`
	Method      *string      `json:"payment_method" doc:"That came of it; null unless it was kept."`
	Until       string       `json:"until" format:"date-time" doc:"By when the payer decides."`
	OpenedAt    string       `json:"opened_at" format:"date-time"`
	EndedAt     *string      `json:"ended_at" format:"date-time"`
}

// Explanation says in the language asked for what a code means to a payer.
type Explanation struct {
	Title string `json:"title"`
	Next  string `json:"next" doc:"What can be done now."`
}

// OfAgreement shapes an agreement.
func OfAgreement(g payment.Agreement) Agreement {
	shape := Agreement{
		Object: "agreement", ID: string(g.ID), Account: string(g.Account), State: string(g.State), Reason: MaybeText(g.Reason),
		Method: MaybeText(g.Method), Until: Instant(g.Until), OpenedAt: Instant(g.OpenedAt), EndedAt: Maybe(g.EndedAt),
	}
	if g.State == payment.AgreementWaiting {
		shape.ApproveURL = MaybeText(g.ApproveURL)
	}
	return shape
}

// Detachability says whether a payment method could be taken off its account now.
type Detachability struct {
	Object  string      `json:"object" enum:"detachability"`
	Method  string      `json:"payment_method"`
	Allowed bool        `json:"allowed" doc:"Nothing stands against it."`
	Reasons []Objection `json:"reasons" nullable:"false" doc:"Everything that stands against it."`
}

// OfDetachability shapes what was found out about a payment method.
func OfDetachability(id payment.MethodID, reasons []Objection) Detachability {
	return Detachability{Object: "detachability", Method: string(id), Allowed: len(reasons) == 0, Reasons: append([]Objection{}, reasons...)}
}
