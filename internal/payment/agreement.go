package payment

import (
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/state"
)

// AgreementID names an agreement, such as "agr_01j8…".
type AgreementID string

// AgreementState is where an agreement is in its life.
type AgreementState string

// The states of an agreement.
const (
	AgreementOpening    AgreementState = "opening"    // remembered; the provider is being asked
	AgreementWaiting    AgreementState = "waiting"    // the payer decides on the provider's page
	AgreementKept       AgreementState = "kept"       // a payment method came of it
	AgreementDiscarding AgreementState = "discarding" // agreed to and not kept; the provider is being told to forget it
	AgreementRefused    AgreementState = "refused"    // by the payer, or by a rule; nothing is bound
	AgreementLapsed     AgreementState = "lapsed"     // nobody decided in time
)

// AgreementEvent is something that happened to an agreement.
type AgreementEvent string

// The events of an agreement.
const (
	ShowAgreement    AgreementEvent = "show"
	KeepAgreement    AgreementEvent = "keep"
	DiscardAgreement AgreementEvent = "discard"
	RefuseAgreement  AgreementEvent = "refuse"
	LapseAgreement   AgreementEvent = "lapse"
)

// AgreementTable is the life of an agreement. What a payer agreed to and a rule
// refuses is forgotten at the provider before it is over.
var AgreementTable = state.Table[AgreementState, AgreementEvent]{
	AgreementOpening:    {ShowAgreement: AgreementWaiting, RefuseAgreement: AgreementRefused, LapseAgreement: AgreementLapsed},
	AgreementWaiting:    {KeepAgreement: AgreementKept, DiscardAgreement: AgreementDiscarding, RefuseAgreement: AgreementRefused, LapseAgreement: AgreementLapsed},
	AgreementDiscarding: {RefuseAgreement: AgreementRefused},
	AgreementKept:       {},
	AgreementRefused:    {},
	AgreementLapsed:     {},
}

// Agreement is a payer's leave to be charged later, asked for on a wallet's own
// page (R-PP-01). A payment method is bound only by one that was approved.
type Agreement struct {
	ID         AgreementID
	Account    account.ID
	Provider   string
	Key        string // the provider's idempotency key
	Customer   string // the provider's
	Ref        string // the provider's id; "" until it is known
	Token      string // of one that is not kept, until the provider has forgotten it
	Try        string // the bind attempt that it counts as
	Method     MethodID
	Consent    Consent
	Language   string
	ReturnURL  string
	ApproveURL string // where the payer must go
	State      AgreementState
	Reason     string // why it was refused, a reason code; "" it was not
	Asked      int
	OpenedAt   time.Time
	ReturnedAt time.Time // when the payer came back
	Until      time.Time // the payer decides by then
	EndedAt    time.Time
}

// What may stand against an agreement.
var (
	ErrAgreementNotFound    = fault.New(fault.NotFound, "agreement_not_found", "there is no such agreement")
	ErrAgreementNotApproved = fault.New(fault.Conflict, "agreement_not_approved", "the agreement was not approved at PayPal, so nothing was bound").
				WithNext("begin again and choose to agree on PayPal's page, or use a card") // R-PP-04
)

// IsOver tells whether nothing can happen to the agreement any more.
func (a Agreement) IsOver() bool { return AgreementTable.IsFinal(a.State) }
