package policy

import (
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/payment"
)

// Occasion is what is about to be done when 3-D Secure may be demanded, or risk is
// judged.
type Occasion string

// The occasions.
const (
	Bind     Occasion = "bind"
	Purchase Occasion = "purchase"
	Upgrade  Occasion = "upgrade"
	Renewal  Occasion = "renewal"
	TopUp    Occasion = "topup"  // the payer puts money on their balance
	Charge   Occasion = "charge" // usage is collected while the payer is away
)

var (
	occasions     = []Occasion{Bind, Purchase, Upgrade, Renewal} // on which 3-D Secure can always be run
	riskOccasions = append(slices.Clone(occasions), TopUp, Charge)
)

// Cap is a limit on attempts with one card, in any stretch of time of this length
// (R-DUN-07). Attempts that a person made and checks of the card count as well.
type Cap struct {
	Attempts   int
	Within     time.Duration
	SameAmount bool // only attempts of the same amount count
}

// Terms are when a credit customer's invoice is due, counted from its issue (R-BILL-04).
type Terms struct {
	Days         int
	BusinessDays bool
}

// Force3DS tells whether 3-D Secure is always run on the occasion in the region
// (R-3DS-01). Elsewhere it is run if the risk is seen.
func (p Policy) Force3DS(region Region, o Occasion) bool {
	return slices.Contains(p.challenges[o], region)
}

// RetryAt returns when the attempt of this number is due, the first being 1, and
// whether there is one (R-DUN-01). First is the time of the first attempt. Days are 24
// hours long, wherever the customer is.
func (p Policy) RetryAt(first time.Time, attempt int) (time.Time, bool) {
	if attempt < 1 || attempt > len(p.attempts) {
		return time.Time{}, false
	}
	return first.Add(p.attempts[attempt-1]), true
}

// AskAt returns when a provider is asked for the time of this number, the first being
// 1, how a payment ended whose answer was lost at the given time. False means that
// asking ends and a person must look: the payment stays unknown, it never fails by age
// (R-DUN-08).
func (p Policy) AskAt(lost time.Time, ask int) (time.Time, bool) {
	if ask < 1 {
		return time.Time{}, false
	}
	var after time.Duration
	if ask <= len(p.askAfter) {
		after = p.askAfter[ask-1]
	} else {
		// On every multiple of the period after the last of the list.
		past := p.askAfter[len(p.askAfter)-1] / p.askEvery
		after = (past + time.Duration(ask-len(p.askAfter))) * p.askEvery
	}
	if after > p.askUntil || after < 0 {
		return time.Time{}, false
	}
	return lost.Add(after), true
}

// Caps returns the limits on attempts with a card of the brand.
func (p Policy) Caps(b payment.Brand) []Cap {
	if caps, ok := p.caps[b]; ok {
		return slices.Clone(caps)
	}
	return slices.Clone(p.otherCaps)
}
