// Package identity holds the check of a customer's identity that risk asks for. A
// payment that risk stopped opens a case; the customer sends documents; a reviewer
// approves, which lifts the stop for this account and payment method, or rejects
// with a reason, after which the customer may send again. Every step has a deadline,
// and documents are erased when theirs has come.
//
// The package decides and touches nothing: what a document holds is in evidence and
// seal, who may see one is in access.
package identity

import (
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/state"
)

// CaseID names a case, such as "kyc_01j8…".
type CaseID string

// State is where a case is in its life.
type State string

// The states of a case.
const (
	Open      State = "open"      // the customer is to send documents
	Submitted State = "submitted" // a reviewer is to decide
	Approved  State = "approved"  // the stop is lifted
	Rejected  State = "rejected"  // a reviewer said why; the customer may send again
	Expired   State = "expired"   // nothing was sent in time; the next stop opens another case
)

// Event is something that happened to a case.
type Event string

// The events of a case.
const (
	Submit  Event = "submit"
	Approve Event = "approve"
	Reject  Event = "reject"
	Resume  Event = "resume" // the customer sends something again
	Lapse   Event = "lapse"
)

// CaseTable is the life of a case (R-KYC-04).
var CaseTable = state.Table[State, Event]{
	Open:      {Submit: Submitted, Lapse: Expired},
	Submitted: {Approve: Approved, Reject: Rejected},
	Rejected:  {Resume: Open, Lapse: Expired},
	Approved:  {},
	Expired:   {},
}

// Reason is why documents were rejected (R-KYC-05).
type Reason string

// The reasons, the same for ever. The customer is shown them.
const (
	Mismatch   Reason = "mismatch"   // it is not what the account was registered with (R-KYC-03)
	Unreadable Reason = "unreadable" // cut off, covered, too small, or in the wrong place
	Blurred    Reason = "blurred"
	OutOfDate  Reason = "expired" // the document, or it is not the latest statement
)

// Reasons lists every reason, in the order in which they are offered.
var Reasons = []Reason{Mismatch, Unreadable, Blurred, OutOfDate}

// roundsMax is how often documents can be submitted in one case.
const roundsMax = 10

// Stop is what risk stopped (R-KYC-01).
type Stop struct {
	Account  account.ID
	Method   string // the payment method's id
	Order    string // the id of what waits, which can go on by hand after approval; "" nothing does
	Occasion string // what was about to be done, in the policy's words
	Rule     string // that fired
	Policy   string // version of the policy that had the rule
}

// Case is one check of an account and payment method.
type Case struct {
	Stop
	ID          CaseID
	OnCredit    bool // a credit line was to pay, and no payment method
	State       State
	Round       int    // how often the customer was asked, from 1
	Reason      Reason // why it was last rejected; "" it was not
	Refused     []Kind // which documents have to be sent again after that
	OpenedAt    time.Time
	SubmitBy    time.Time // the first instant that is too late
	SubmittedAt time.Time // the last time; zero: never
	ReviewBy    time.Time // when the review is late; zero: nothing was submitted
	DecidedAt   time.Time // the last time; zero: never
	DecidedBy   string    // the caller's name, as the audit has it
	EraseAt     time.Time // when its documents are erased; zero: it is not over
}

// Why a case cannot go on.
var (
	ErrCaseNotFound   = fault.New(fault.NotFound, "identity_case_not_found", "there is no such identity check")
	ErrNotOpen        = fault.New(fault.Conflict, "identity_case_not_open", "the identity check does not take documents now").WithNext("wait for the decision; after it, a new purchase says whether anything else is needed")
	ErrTooLate        = fault.New(fault.Conflict, "identity_case_too_late", "the time to send documents is over").WithNext("place the order again; if an identity check is still needed, a new one is opened")
	ErrRoundsUsed     = fault.New(fault.Conflict, "identity_rounds_used", "documents were sent too often").WithNext("ask support for help")
	ErrIncomplete     = fault.New(fault.Invalid, "identity_documents_missing", "documents are missing").WithNext("send each of the kinds that are named, then submit again")
	ErrNotSubmitted   = fault.New(fault.Conflict, "identity_case_not_submitted", "the identity check is not waiting for a decision").WithNext("look at its present state; only a submitted one is decided")
	ErrOwnDocuments   = fault.New(fault.Forbidden, "identity_own_documents", "who sent a document may not decide on it").WithNext("let another reviewer decide")
	ErrReviewerNeeded = fault.New(fault.Forbidden, "identity_reviewer_needed", "a decision needs a reviewer with a name").WithNext("sign in as a reviewer")
	ErrReasonUnknown  = fault.New(fault.Invalid, "identity_reason_unknown", "there is no such reason").WithNext("use mismatch, unreadable, blurred or expired")
	ErrNotDue         = fault.New(fault.Conflict, "identity_case_not_due", "the deadline has not come").WithNext("try again after it")
)

// Ask opens a case about what risk stopped.
func Ask(id CaseID, s Stop, now time.Time, t Timetable) Case {
	return Case{
		Stop:     s,
		ID:       id,
		State:    Open,
		Round:    1,
		OpenedAt: now,
		SubmitBy: t.Calendar.EndOf(now, t.SubmitDays),
	}
}

// IsLive tells whether something can still happen to the case. An account and
// payment method have at most one that is.
func (c Case) IsLive() bool { return !CaseTable.IsFinal(c.State) }

// Clears tells whether the case lifts the stop for this account and payment method
// (R-KYC-06). Nothing is charged by that: the customer goes on by hand.
func (c Case) Clears(a account.ID, method string) bool {
	return c.State == Approved && c.Account == a && c.Method == method
}

// Receive returns the case as it is once another document of this kind is in it; a
// rejected one is open again, and its next round has begun. The document belongs to
// the round of the case that is returned. Docs are those of the case so far.
func (c Case) Receive(k Kind, docs []Document, now time.Time) (Case, error) {
	switch {
	case c.State != Open && c.State != Rejected:
		return c, ErrNotOpen
	case !now.Before(c.SubmitBy):
		return c, ErrTooLate
	case c.State == Rejected && c.Round >= roundsMax:
		return c, ErrRoundsUsed
	}
	if c.State == Rejected {
		c.State, _ = CaseTable.Next(c.State, Resume) // it is in the table
		c.Round++
	}
	return c, c.mayHold(k, docs)
}

// MaySubmit returns nil if the customer may hand in what they sent.
func (c Case) MaySubmit(docs []Document, now time.Time) error {
	switch {
	case c.State == Rejected:
		return ErrIncomplete.Detail("these have to be sent again: %s", list(c.Refused))
	case c.State != Open:
		return ErrNotOpen
	case !now.Before(c.SubmitBy):
		return ErrTooLate
	}
	if missing := c.Missing(docs); len(missing) > 0 {
		return ErrIncomplete.Detail("these documents are missing: %s", list(missing))
	}
	return nil
}

// Submit returns the case as it is once its documents were handed in.
func (c Case) Submit(docs []Document, now time.Time, t Timetable) (Case, error) {
	if err := c.MaySubmit(docs, now); err != nil {
		return c, err
	}
	c.State, _ = CaseTable.Next(c.State, Submit)
	c.SubmittedAt = now
	c.ReviewBy = t.Calendar.EndOf(now, t.ReviewDays)
	return c, nil
}

// MayDecide returns nil if the caller of this name may approve or reject: two pairs
// of eyes, so nobody decides on what they sent themselves.
func (c Case) MayDecide(by string, docs []Document) error {
	switch {
	case by == "":
		return ErrReviewerNeeded
	case c.State != Submitted:
		return ErrNotSubmitted
	case slices.ContainsFunc(docs, func(d Document) bool { return d.UploadedBy == by }):
		return ErrOwnDocuments
	}
	return nil
}

// Approve returns the case as it is once a reviewer found everything in order.
func (c Case) Approve(by string, docs []Document, now time.Time, t Timetable) (Case, error) {
	if err := c.MayDecide(by, docs); err != nil {
		return c, err
	}
	c.State, _ = CaseTable.Next(c.State, Approve)
	c.Reason, c.Refused = "", nil
	c.DecidedAt, c.DecidedBy = now, by
	c.EraseAt = now.Add(t.KeepApproved)
	return c, nil
}

// Rejection is what a reviewer found wrong.
type Rejection struct {
	Reason Reason
	Kinds  []Kind // which documents have to be sent again; none means all
}

// Reject returns the case as it is once a reviewer said why not. The customer has
// as long to send again as they had at first.
func (c Case) Reject(by string, r Rejection, docs []Document, now time.Time, t Timetable) (Case, error) {
	if err := c.MayDecide(by, docs); err != nil {
		return c, err
	}
	if !slices.Contains(Reasons, r.Reason) {
		return c, ErrReasonUnknown
	}
	for _, k := range r.Kinds {
		if !k.IsKnown() {
			return c, ErrKindUnknown
		}
	}
	c.State, _ = CaseTable.Next(c.State, Reject)
	c.Reason, c.Refused = r.Reason, sorted(r.Kinds)
	c.DecidedAt, c.DecidedBy = now, by
	c.SubmitBy = t.Calendar.EndOf(now, t.SubmitDays)
	return c, nil
}

// Lapse returns the case as it is once the customer let its deadline pass, which
// suspends the account (R-KYC-07).
func (c Case) Lapse(now time.Time, t Timetable) (Case, error) {
	next, err := CaseTable.Next(c.State, Lapse)
	if err != nil {
		return c, err
	}
	if now.Before(c.SubmitBy) {
		return c, ErrNotDue
	}
	c.State = next
	c.EraseAt = now.Add(t.KeepExpired)
	return c, nil
}

// IsReviewLate tells whether a reviewer should have decided by now. The case still
// waits: our delay is not the customer's.
func (c Case) IsReviewLate(now time.Time) bool {
	return c.State == Submitted && !now.Before(c.ReviewBy)
}

// MayErase returns nil if the documents' time has come.
func (c Case) MayErase(now time.Time) error {
	if c.EraseAt.IsZero() || now.Before(c.EraseAt) {
		return ErrNotDue
	}
	return nil
}

// list names kinds in a message.
func list(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}
