// Package policy is what one installation allows: who may pay with what, from which
// amount usage is collected, how large a hold is, where 3-D Secure is demanded, when a
// failed payment is tried again, which taxes apply, how often a card may be tried.
//
// All of it stands in one YAML document with a version and the instant from which it
// rules; docs/policy.md describes every field. Parse reads a document and tells
// everything that is wrong with it at once, by line, column and field. BuiltIn is the
// policy that an installation has until it applies its own.
//
// A policy decides and touches nothing: facts come in as arguments, and the answer is
// a value, or an error that holds every reason against.
package policy

import (
	_ "embed"
	"sync"
	"time"

	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
)

// Policy is a document that has been read. It is a value to look things up in: nobody
// changes one, since its maps and lists are shared between copies.
type Policy struct {
	Document   string         // the text that it was read from
	Version    string         // its name, unique in an installation
	Effective  time.Time      // the instant from which it rules
	Zone       *time.Location // where dates in the document and expiry months of cards are judged
	Descriptor string         // what payers see on their statements (R-DESC-01)

	BindingOpen bool // false stops all binding of new methods, for as long as an attack lasts
	BindLimits  BindLimits
	VoidWithin  time.Duration // a verification hold must have been voided by then (R-BIND-12)

	ChallengeExpiresAfter time.Duration // a 3-D Secure challenge in front of a waiting page (R-3DS-04)
	LinkExpiresAfter      time.Duration // one that a message brought (R-3DS-05)

	SuspendAfter time.Duration // from the first failed attempt (R-DUN-03)
	ReleaseAfter time.Duration
	OtherMethods bool // when the preferred method fails, the others may be charged (R-PREF-05)

	ExposureReleaseAfter time.Duration // without usage, until the hold that covers it is released (R-PP-08)

	BillDay          int // day of the month on which the month before is closed
	CreditInvoiceDay int // day on which credit customers get their invoice (R-BILL-03)
	CreditTerms      Terms
	SilentPeriod     time.Duration // from closing an account until its methods are free (R-CLOSE-01)

	Credit  Credit
	Orders  Orders
	Refunds RefundWindows
	Claims  Claims

	Identity identity.Timetable // of the checks that risk asks for (R-KYC-04, R-KYC-07)

	regions       []Region          // in the document's order
	countries     map[string]Region // those that are listed
	elsewhere     Region            // of all others
	cohorts       []Cohort
	sellers       []Seller
	availability  map[Region]ways
	blocked       blocked
	holds         PerCurrency
	cardThreshold PerCurrency
	cardMoves     Moves
	walletRanges  map[money.Currency]ThresholdRange // PayPal's
	walletMoves   Moves                             // within walletRanges
	exposureHolds exposureHolds
	challenges    map[Occasion][]Region
	attempts      []time.Duration
	askAfter      []time.Duration
	askEvery      time.Duration
	askUntil      time.Duration
	caps          map[payment.Brand][]Cap
	otherCaps     []Cap
	carryBelow    PerCurrency
	riskRules     []RiskRule // in the order in which they are asked
	taxes         []TaxRule
}

//go:embed builtin.yaml
var builtInDocument string

//go:embed demo.yaml
var demoDocument string

// embedded is a policy of ours, read when it is first asked for. (Parse looks into the
// built-in one, so that it cannot be a variable with an initial value.)
type embedded struct {
	once   sync.Once
	policy Policy
}

var builtIn, demo embedded

// BuiltIn returns the policy of an installation that has none of its own.
func BuiltIn() Policy { return builtIn.read(builtInDocument, "builtin.yaml") }

// Demo returns the policy of the demonstration: as the built-in one, but cards are
// charged from 5.00 USD, there is a tax, and the risk rules are fewer.
func Demo() Policy { return demo.read(demoDocument, "demo.yaml") }

func (e *embedded) read(text, name string) Policy {
	e.once.Do(func() {
		p, err := Parse([]byte(text), name)
		if err != nil {
			panic("policy: the embedded " + name + " is broken: " + err.Error())
		}
		e.policy = p
	})
	return e.policy
}
