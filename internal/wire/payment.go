package wire

import (
	"strings"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
)

// Method is a card or PayPal account bound to an account.
type Method struct {
	Object      string       `json:"object" enum:"payment_method"`
	ID          string       `json:"id" example:"pm_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account     string       `json:"account"`
	Kind        string       `json:"kind" enum:"card,paypal"`
	Card        *Card        `json:"card,omitempty" doc:"Absent unless the kind is card."`
	PayPal      *PayPal      `json:"paypal,omitempty" doc:"Absent unless the kind is paypal."`
	State       string       `json:"state" enum:"verifying,challenged,active,unavailable,invalid,expired,rejected,detached" doc:"Only an active one is charged."`
	Reason      *string      `json:"reason" doc:"Why it is in its state, as a code."`
	Explanation *Explanation `json:"explanation,omitempty" doc:"The reason in words; absent where there are none, and in events."`
	Preferred   bool         `json:"preferred" doc:"It is the one that is charged."`
	CreatedAt   string       `json:"created_at" format:"date-time"`
	UpdatedAt   string       `json:"updated_at" format:"date-time"`
	Hold        *Hold        `json:"hold,omitempty" doc:"The newest hold that verifies it; not in events."`
	Exposure    *Hold        `json:"exposure,omitempty" doc:"The newest hold on usage, whether it is live or over; absent if there was none, and in events."`
}

// Card is what is known of a card. Its number never reaches Bursar.
type Card struct {
	Brand    string `json:"brand" example:"visa"`
	Funding  string `json:"funding" enum:"credit,debit,prepaid,unknown"`
	Country  string `json:"country" doc:"ISO 3166-1 code of the issuer's country, empty when unknown."`
	Last4    string `json:"last4" example:"4242"`
	ExpMonth int    `json:"exp_month"`
	ExpYear  int    `json:"exp_year"`
	Holder   string `json:"holder"`
}

// PayPal is what is known of a PayPal account.
type PayPal struct {
	Email   string `json:"email"`
	Name    string `json:"name"`
	Country string `json:"country" doc:"ISO 3166-1 code of the country where it is registered, empty when unknown."`
	PayerID string `json:"payer_id" doc:"PayPal's own id of the payer, the same for every merchant."`
}

// OfMethod shapes a payment method.
func OfMethod(m payment.Method) Method {
	shape := Method{
		Object: "payment_method", ID: string(m.ID), Account: string(m.Account), Kind: string(m.Kind), State: string(m.State),
		Reason: MaybeText(m.Reason), Preferred: m.Preferred, CreatedAt: Instant(m.CreatedAt), UpdatedAt: Instant(m.UpdatedAt),
	}
	switch m.Kind {
	case payment.PayPalKind:
		_, payer, _ := strings.Cut(string(m.Card.Fingerprint), ":")
		shape.PayPal = &PayPal{Email: m.Email, Name: m.Card.Holder, Country: m.Card.Country, PayerID: payer}
	case payment.CardKind:
		shape.Card = &Card{
			Brand: string(m.Card.Brand), Funding: string(m.Card.Funding), Country: m.Card.Country, Last4: m.Card.Last4,
			ExpMonth: m.Card.ExpMonth, ExpYear: m.Card.ExpYear, Holder: m.Card.Holder,
		}
	}
	return shape
}

// Challenge is a step that the payer has to pass in person.
type Challenge struct {
	URL   string  `json:"url" doc:"Where the payer must go."`
	Until *string `json:"until" format:"date-time" doc:"After that it is too late."`
}

// Hold is funds reserved, not taken.
type Hold struct {
	Object       string     `json:"object" enum:"hold"`
	ID           string     `json:"id" example:"hold_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account      string     `json:"account"`
	Method       string     `json:"payment_method"`
	Kind         string     `json:"kind" enum:"verification,exposure" doc:"It proves a payment method, and is never taken; or it covers usage that is not charged yet."`
	Amount       Amount     `json:"amount"`
	State        string     `json:"state" enum:"opening,challenged,placed,claimed,unknown,releasing,released,expired,declined,captured" doc:"Claimed: a payment is being taken from it. Unknown: the answer was lost and is being asked for; funds may be reserved."`
	Reason       *string    `json:"reason" doc:"Why it ended, as a code."`
	Challenge    *Challenge `json:"challenge,omitempty" doc:"Absent unless the payer has a step to pass."`
	OpenedAt     string     `json:"opened_at" format:"date-time"`
	PlacedAt     *string    `json:"placed_at" format:"date-time"`
	VoidDue      *string    `json:"void_due" format:"date-time" doc:"The latest moment for its release; null unless it only verifies."`
	HonoredUntil *string    `json:"honored_until" format:"date-time" doc:"Until when its funds are promised; null if that is as long as it lives."`
	RenewedAt    *string    `json:"renewed_at" format:"date-time" doc:"When its funds were promised anew, which happens once."`
	ExpiresAt    *string    `json:"expires_at" format:"date-time" doc:"When it ends by itself, as the provider says."`
	EndedAt      *string    `json:"ended_at" format:"date-time"`
}

// OfHold shapes a hold.
func OfHold(h payment.Hold) Hold {
	shape := Hold{
		Object: "hold", ID: string(h.ID), Account: string(h.Account), Method: string(h.Method), Kind: string(h.Kind),
		Amount: OfAmount(h.Amount), State: string(h.State), OpenedAt: Instant(h.OpenedAt), PlacedAt: Maybe(h.PlacedAt),
		Reason: MaybeText(h.Reason), VoidDue: Maybe(h.VoidDue), HonoredUntil: Maybe(h.HonoredUntil), RenewedAt: Maybe(h.RenewedAt), ExpiresAt: Maybe(h.ExpiresAt), EndedAt: Maybe(h.EndedAt),
	}
	if h.State == payment.HoldChallenged && h.ChallengeURL != "" {
		shape.Challenge = &Challenge{URL: h.ChallengeURL, Until: Maybe(h.ChallengeUntil)}
	}
	return shape
}

// Payment is one attempt to collect one debt from one method.
type Payment struct {
	Object    string     `json:"object" enum:"payment"`
	ID        string     `json:"id" example:"pay_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account   string     `json:"account"`
	Debt      string     `json:"debt"`
	Method    string     `json:"payment_method"`
	Hold      *string    `json:"hold" doc:"The hold that it is taken from; null if it asks the payment method itself."`
	Attempt   int        `json:"attempt" doc:"Its number among the debt's payments."`
	Amount    Amount     `json:"amount"`
	Refunded  Amount     `json:"refunded" doc:"What of it was given back, or is on its way."`
	Initiator string     `json:"initiator" enum:"cit,mit" doc:"The customer in front of a screen, or the merchant while they are away."`
	Reason    string     `json:"reason" example:"threshold_reached"`
	State     string     `json:"state" enum:"opening,pending,challenged,unknown,closing,succeeded,declined,cancelled" doc:"Unknown: the answer was lost and is being asked for; money may have moved."`
	Refusal   *Refusal   `json:"refusal,omitempty" doc:"Absent unless the issuer said no."`
	Challenge *Challenge `json:"challenge,omitempty" doc:"Absent unless the payer has a step to pass."`
	OpenedAt  string     `json:"opened_at" format:"date-time"`
	SettledAt *string    `json:"settled_at" format:"date-time"`
}

func refundedOf(p payment.Payment) Amount {
	return OfAmount(money.Amount{Minor: p.Refunded.Minor, Currency: p.Amount.Currency})
}

// isForThePayer tells of which refusals the provider's own word is shown. Of the
// others it may be that a card is lost, stolen or suspected.
func isForThePayer(class string) bool { return class != payment.FinalClass && class != "issuer_block" }

// Refusal is why an issuer said no. After a final one, or one that the issuer gives
// no reason for, nothing is told but that: its word is not for the payer.
type Refusal struct {
	Class string  `json:"class" example:"insufficient_funds"`
	Code  *string `json:"code" doc:"The provider's word; null when it must not be shown."`
}

// OfPayment shapes a payment.
func OfPayment(p payment.Payment) Payment {
	shape := Payment{
		Object: "payment", ID: string(p.ID), Account: string(p.Account), Debt: p.Debt, Method: string(p.Method), Hold: MaybeText(p.Hold), Attempt: p.Attempt,
		Amount: OfAmount(p.Amount), Refunded: refundedOf(p), Initiator: string(p.Initiator), Reason: string(p.Reason), State: string(p.State),
		OpenedAt: Instant(p.OpenedAt), SettledAt: Maybe(p.SettledAt),
	}
	if p.Refusal.Class != "" {
		shape.Refusal = &Refusal{Class: p.Refusal.Class, Code: MaybeText(p.Refusal.Code)}
		if !isForThePayer(p.Refusal.Class) {
			shape.Refusal.Code = nil
		}
	}
	if p.State == payment.Waiting && p.ChallengeURL != "" {
		shape.Challenge = &Challenge{URL: p.ChallengeURL, Until: Maybe(p.ChallengeUntil)}
	}
	return shape
}
