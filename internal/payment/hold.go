package payment

import (
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/state"
)

// HoldID names a hold, such as "hold_01j8…".
type HoldID string

// HoldKind says what a hold is for.
type HoldKind string

// The kinds of hold: the small one that proves a method, and PayPal's on usage.
const (
	Verification HoldKind = "verification"
	ExposureHold HoldKind = "exposure"
)

// HoldState is where a hold is in its life.
type HoldState string

// The states of a hold.
const (
	HoldOpening    HoldState = "opening"    // remembered; the provider is being asked
	HoldChallenged HoldState = "challenged" // the payer has to pass a challenge
	HoldPlaced     HoldState = "placed"     // funds are reserved
	HoldUnknown    HoldState = "unknown"    // the answer was lost; funds may be reserved
	HoldReleasing  HoldState = "releasing"  // its release was asked for and is not proven yet
	HoldReleased   HoldState = "released"   // the provider shows it released
	HoldExpired    HoldState = "expired"    // it ended by itself at the provider
	HoldRefused    HoldState = "declined"   // never placed
)

// HoldEvent is something that happened to a hold.
type HoldEvent string

// The events of a hold.
const (
	Reserved    HoldEvent = "reserved"
	Challenge   HoldEvent = "challenge"
	AnswerLost  HoldEvent = "answer_lost"
	Refuse      HoldEvent = "refuse"
	Release     HoldEvent = "release"
	ReleaseDone HoldEvent = "release_done"
	Expire      HoldEvent = "expire"
)

// HoldTable is the life of a hold. A refused one may still be alive at the
// provider, so it is released there too before it is over.
var HoldTable = state.Table[HoldState, HoldEvent]{
	HoldOpening:    {Reserved: HoldPlaced, Challenge: HoldChallenged, AnswerLost: HoldUnknown, Refuse: HoldRefused, Release: HoldReleasing},
	HoldUnknown:    {Reserved: HoldPlaced, Challenge: HoldChallenged, Refuse: HoldRefused, Release: HoldReleasing, ReleaseDone: HoldReleased},
	HoldChallenged: {Reserved: HoldPlaced, Refuse: HoldRefused, Release: HoldReleasing, AnswerLost: HoldUnknown},
	HoldPlaced:     {Release: HoldReleasing, Expire: HoldExpired},
	HoldReleasing:  {ReleaseDone: HoldReleased, Expire: HoldExpired},
	HoldReleased:   {},
	HoldExpired:    {},
	HoldRefused:    {},
}

// Hold is funds reserved, not taken. It is never captured when it only verifies
// a method (R-BIND-13).
type Hold struct {
	ID             HoldID
	Account        account.ID
	Method         MethodID
	Kind           HoldKind
	Key            string // the provider's idempotency key
	Customer       string // the provider's
	Ref            string // the provider's id; "" until it is known
	Amount         money.Amount
	Force3DS       bool
	ReturnURL      string
	State          HoldState
	ChallengeURL   string
	ChallengeUntil time.Time
	Asked          int
	OpenedAt       time.Time
	PlacedAt       time.Time
	VoidDue        time.Time
	ExpiresAt      time.Time
	EndedAt        time.Time
}

// ErrHoldNotFound says that a hold does not exist.
var ErrHoldNotFound = fault.New(fault.NotFound, "hold_not_found", "there is no such hold")

// IsLive tells whether the hold may still reserve funds at the provider.
func (h Hold) IsLive() bool { return !HoldTable.IsFinal(h.State) }
