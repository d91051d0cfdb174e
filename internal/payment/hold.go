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
	HoldClaimed    HoldState = "claimed"    // a payment is being taken from it
	HoldUnknown    HoldState = "unknown"    // the answer was lost; funds may be reserved
	HoldReleasing  HoldState = "releasing"  // its release was asked for and is not proven yet
	HoldReleased   HoldState = "released"   // the provider shows it released
	HoldExpired    HoldState = "expired"    // it ended by itself at the provider
	HoldRefused    HoldState = "declined"   // never placed
	HoldCaptured   HoldState = "captured"   // a payment was taken from it, and what was left is free
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
	Claim       HoldEvent = "claim"
	Take        HoldEvent = "take"
)

// HoldTable is the life of a hold. A refused one may still be alive at the
// provider, so it is released there too before it is over. One that somebody else
// captured there is over too.
var HoldTable = state.Table[HoldState, HoldEvent]{
	HoldOpening:    {Reserved: HoldPlaced, Challenge: HoldChallenged, AnswerLost: HoldUnknown, Refuse: HoldRefused, Release: HoldReleasing, Take: HoldCaptured},
	HoldUnknown:    {Reserved: HoldPlaced, Challenge: HoldChallenged, Refuse: HoldRefused, Release: HoldReleasing, ReleaseDone: HoldReleased, Take: HoldCaptured},
	HoldChallenged: {Reserved: HoldPlaced, Refuse: HoldRefused, Release: HoldReleasing, AnswerLost: HoldUnknown, Take: HoldCaptured},
	HoldPlaced:     {Release: HoldReleasing, Expire: HoldExpired, Claim: HoldClaimed, Take: HoldCaptured},
	HoldClaimed:    {Take: HoldCaptured, Release: HoldReleasing},
	HoldReleasing:  {ReleaseDone: HoldReleased, Expire: HoldExpired, Take: HoldCaptured},
	HoldReleased:   {},
	HoldExpired:    {},
	HoldRefused:    {},
	HoldCaptured:   {},
}

// Hold is funds reserved, not taken. One that only verifies a method is never
// captured (R-BIND-13); from one on usage a threshold's payment may be taken, once
// (R-PP-07 to R-PP-09).
type Hold struct {
	ID             HoldID
	Account        account.ID
	Method         MethodID
	Kind           HoldKind
	Provider       string
	Key            string // the provider's idempotency key
	Customer       string // the provider's
	Ref            string // the provider's id; "" until it is known
	ChargeRef      string // the authorization that money can be taken from
	Amount         money.Amount
	Force3DS       bool
	ReturnURL      string
	State          HoldState
	Reason         string // why it ended, a reason code; "" none
	ChallengeURL   string
	ChallengeUntil time.Time
	Asked          int
	OpenedAt       time.Time
	PlacedAt       time.Time
	VoidDue        time.Time
	HonoredUntil   time.Time // until when its funds are promised (R-PP-09); zero: as long as it lives
	RenewedAt      time.Time // once, after its promise had ended
	ExpiresAt      time.Time
	EndedAt        time.Time
	UsageLines     int64     // that the account had when use was last looked for
	UsedAt         time.Time // when usage was last seen
}

// ErrHoldNotFound says that a hold does not exist.
var ErrHoldNotFound = fault.New(fault.NotFound, "hold_not_found", "there is no such hold")

// MayGive tells whether money can be taken from the hold now: its funds are
// promised still (R-PP-09).
func (h Hold) MayGive(now time.Time) bool {
	return h.Kind == ExposureHold && h.State == HoldPlaced && h.ChargeRef != "" && now.Before(h.ExpiresAt) &&
		(h.HonoredUntil.IsZero() || now.Before(h.HonoredUntil))
}

// IsLive tells whether the hold may still reserve funds at the provider.
func (h Hold) IsLive() bool { return !HoldTable.IsFinal(h.State) }
