package identity_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/identity"
)

// A Wednesday.
var wednesday = time.Date(2024, 9, 4, 10, 0, 0, 0, time.UTC)

var week = identity.DefaultTimetable(time.UTC)

var stop = identity.Stop{
	Account: "acct_1", Method: "pm_1", Order: "order_1",
	Occasion: "purchase", Rule: "new account, large amount", Policy: "builtin-1",
}

func ask(t *testing.T) identity.Case {
	t.Helper()
	return identity.Ask("kyc_1", stop, wednesday, week)
}

// sent are one document of each of these kinds, as a customer sends them in a round.
func sent(round int, kinds ...identity.Kind) []identity.Document {
	var docs []identity.Document
	for _, k := range kinds {
		docs = append(docs, identity.Document{Case: "kyc_1", Kind: k, Round: round, UploadedBy: "console:acct_1"})
	}
	return docs
}

// submitted is a case that waits for a reviewer, and its documents.
func submitted(t *testing.T) (identity.Case, []identity.Document) {
	t.Helper()
	docs := sent(1, identity.Kinds...)
	c, err := ask(t).Submit(docs, wednesday.Add(time.Hour), week)
	if err != nil {
		t.Fatal(err)
	}
	return c, docs
}

func rejected(t *testing.T, r identity.Rejection) (identity.Case, []identity.Document) {
	t.Helper()
	c, docs := submitted(t)
	c, err := c.Reject("staff:rei", r, docs, wednesday.Add(2*time.Hour), week)
	if err != nil {
		t.Fatal(err)
	}
	return c, docs
}

func TestCaseTableIsSound(t *testing.T) {
	if err := identity.CaseTable.Check(identity.Open); err != nil {
		t.Error(err)
	}
	for _, s := range []identity.State{identity.Approved, identity.Expired} {
		if !identity.CaseTable.IsFinal(s) {
			t.Errorf("%s is not final", s)
		}
	}
}

func TestGoodCase(t *testing.T) {
	c := ask(t)
	if c.State != identity.Open || c.Round != 1 || !c.IsLive() || c.Clears("acct_1", "pm_1") {
		t.Errorf("asked: got %+v", c)
	}
	if want := time.Date(2024, 9, 6, 0, 0, 0, 0, time.UTC); !c.SubmitBy.Equal(want) {
		t.Errorf("submit by: got %s, want %s", c.SubmitBy, want)
	}

	c, docs := submitted(t)
	if want := time.Date(2024, 9, 7, 0, 0, 0, 0, time.UTC); !c.ReviewBy.Equal(want) {
		t.Errorf("review by: got %s, want %s", c.ReviewBy, want)
	}
	if c.IsReviewLate(c.ReviewBy.Add(-1)) || !c.IsReviewLate(c.ReviewBy) {
		t.Error("a review is late from its deadline on")
	}

	now := wednesday.Add(24 * time.Hour)
	c, err := c.Approve("staff:rei", docs, now, week)
	if err != nil {
		t.Fatal(err)
	}
	if c.State != identity.Approved || c.IsLive() || c.DecidedBy != "staff:rei" || !c.DecidedAt.Equal(now) {
		t.Errorf("approved: got %+v", c)
	}
	if !c.Clears("acct_1", "pm_1") || c.Clears("acct_1", "pm_2") || c.Clears("acct_2", "pm_1") {
		t.Error("an approved case clears its account and method, and nothing else")
	}
	if got, want := c.EraseAt, now.Add(180*24*time.Hour); !got.Equal(want) {
		t.Errorf("erase at: got %s, want %s", got, want)
	}
	if err := c.MayErase(c.EraseAt.Add(-1)); !errors.Is(err, identity.ErrNotDue) {
		t.Errorf("erased early: got %v, want %v", err, identity.ErrNotDue)
	}
	if err := c.MayErase(c.EraseAt); err != nil {
		t.Errorf("erased in time: got %v", err)
	}
}

func TestMaySubmit(t *testing.T) {
	in := wednesday.Add(time.Hour)
	erased := sent(1, identity.Kinds...)
	erased[2].ErasedAt = in
	others := sent(1, identity.Kinds...)
	others[0].Case = "kyc_2"
	for _, c := range []struct {
		name  string
		state identity.State
		docs  []identity.Document
		now   time.Time
		want  error
	}{
		{"one of each", identity.Open, sent(1, identity.Kinds...), in, nil},
		{"nothing", identity.Open, nil, in, identity.ErrIncomplete},
		{"no statement", identity.Open, sent(1, identity.RegisteredIdentity, identity.MethodImage), in, identity.ErrIncomplete},
		{"the same twice", identity.Open, sent(1, identity.RegisteredIdentity, identity.RegisteredIdentity, identity.MethodImage), in, identity.ErrIncomplete},
		{"one was erased", identity.Open, erased, in, identity.ErrIncomplete},
		{"one of another case", identity.Open, others, in, identity.ErrIncomplete},
		{"last instant", identity.Open, sent(1, identity.Kinds...), time.Date(2024, 9, 5, 23, 59, 59, 999999999, time.UTC), nil},
		{"too late", identity.Open, sent(1, identity.Kinds...), time.Date(2024, 9, 6, 0, 0, 0, 0, time.UTC), identity.ErrTooLate},
		{"again at once", identity.Submitted, sent(1, identity.Kinds...), in, identity.ErrNotOpen},
		{"after approval", identity.Approved, sent(1, identity.Kinds...), in, identity.ErrNotOpen},
		{"after expiry", identity.Expired, sent(1, identity.Kinds...), in, identity.ErrNotOpen},
	} {
		k := ask(t)
		k.State = c.state
		if err := k.MaySubmit(c.docs, c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		got, err := k.Submit(c.docs, c.now, week)
		if err != nil && got.State != c.state {
			t.Errorf("%s: got state %s after a refusal, want %s", c.name, got.State, c.state)
		}
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	err := ask(t).MaySubmit(sent(1, identity.MethodImage), wednesday)
	want := "these documents are missing: registered_identity, latest_statement"
	if f, ok := fault.Of(err); !ok || f.Message != want || f.Next == "" {
		t.Errorf("got %v, want %q and a next step", err, want)
	}
}

func TestMayDecide(t *testing.T) {
	for _, c := range []struct {
		name  string
		state identity.State
		by    string
		want  error
	}{
		{"a reviewer", identity.Submitted, "staff:rei", nil},
		{"nobody", identity.Submitted, "", identity.ErrReviewerNeeded},
		{"who sent it", identity.Submitted, "console:acct_1", identity.ErrOwnDocuments},
		{"before it was submitted", identity.Open, "staff:rei", identity.ErrNotSubmitted},
		{"twice", identity.Approved, "staff:rei", identity.ErrNotSubmitted},
		{"a rejected one", identity.Rejected, "staff:rei", identity.ErrNotSubmitted},
	} {
		k, docs := submitted(t)
		k.State = c.state
		if err := k.MayDecide(c.by, docs); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestRejectNamesAReason(t *testing.T) {
	for _, c := range []struct {
		name string
		r    identity.Rejection
		want error
	}{
		{"blurred", identity.Rejection{Reason: identity.Blurred}, nil},
		{"mismatch", identity.Rejection{Reason: identity.Mismatch}, nil},
		{"unreadable", identity.Rejection{Reason: identity.Unreadable}, nil},
		{"expired", identity.Rejection{Reason: identity.OutOfDate, Kinds: []identity.Kind{identity.LatestStatement}}, nil},
		{"no reason", identity.Rejection{}, identity.ErrReasonUnknown},
		{"one of their own", identity.Rejection{Reason: "bad mood"}, identity.ErrReasonUnknown},
		{"of nothing", identity.Rejection{Reason: identity.Blurred, Kinds: []identity.Kind{"selfie"}}, identity.ErrKindUnknown},
	} {
		k, docs := submitted(t)
		got, err := k.Reject("staff:rei", c.r, docs, wednesday, week)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if c.want == nil && (got.State != identity.Rejected || got.Reason != c.r.Reason) {
			t.Errorf("%s: got %s because of %q", c.name, got.State, got.Reason)
		}
		if c.want != nil && got.State != identity.Submitted {
			t.Errorf("%s: got %s, want it to wait still", c.name, got.State)
		}
	}
}

// TestRejectedCaseIsSentAgain rejects the card's picture as blurred: it alone has to
// be sent again.
func TestRejectedCaseIsSentAgain(t *testing.T) {
	c, docs := rejected(t, identity.Rejection{Reason: identity.Blurred, Kinds: []identity.Kind{identity.MethodImage}})
	if got := c.Missing(docs); !slices.Equal(got, []identity.Kind{identity.MethodImage}) {
		t.Errorf("missing: got %v, want the picture", got)
	}
	if err := c.MaySubmit(docs, wednesday.Add(3*time.Hour)); !errors.Is(err, identity.ErrIncomplete) {
		t.Errorf("the same again: got %v, want %v", err, identity.ErrIncomplete)
	}

	c, err := c.Receive(identity.MethodImage, docs, wednesday.Add(3*time.Hour))
	if err != nil || c.State != identity.Open || c.Round != 2 {
		t.Fatalf("sent again: got %s in round %d, %v", c.State, c.Round, err)
	}
	docs = append(docs, sent(2, identity.MethodImage)...)
	if c, err = c.Submit(docs, wednesday.Add(3*time.Hour), week); err != nil {
		t.Fatal(err)
	}
	if got := c.Current(docs); len(got) != 3 || got[2].Round != 2 {
		t.Errorf("for the reviewer: got %v, want two of round 1 and the new picture", got)
	}

	// Now the statement is the problem; the first, blurred picture does not come back.
	c, err = c.Reject("staff:rei", identity.Rejection{Reason: identity.OutOfDate, Kinds: []identity.Kind{identity.LatestStatement}}, docs, wednesday.Add(4*time.Hour), week)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Missing(docs); !slices.Equal(got, []identity.Kind{identity.LatestStatement}) {
		t.Errorf("missing: got %v, want the statement", got)
	}
	if got := c.Current(docs); len(got) != 2 || got[1].Kind != identity.MethodImage || got[1].Round != 2 {
		t.Errorf("still good: got %v, want the identity and the second picture", got)
	}
}

func TestRejectingEverythingAsksForEverything(t *testing.T) {
	c, docs := rejected(t, identity.Rejection{Reason: identity.Mismatch})
	if got := c.Missing(docs); !slices.Equal(got, identity.Kinds) {
		t.Errorf("missing: got %v, want all kinds", got)
	}
}

func TestReceive(t *testing.T) {
	full := sent(1, identity.Kinds...)
	for len(full) < 10 {
		full = append(full, sent(1, identity.RegisteredIdentity)...)
	}
	for _, c := range []struct {
		name  string
		state identity.State
		round int
		kind  identity.Kind
		docs  []identity.Document
		now   time.Time
		want  error
	}{
		{"the first", identity.Open, 1, identity.MethodImage, nil, wednesday, nil},
		{"another side", identity.Open, 1, identity.RegisteredIdentity, sent(1, identity.RegisteredIdentity), wednesday, nil},
		{"one too many", identity.Open, 1, identity.RegisteredIdentity, full, wednesday, identity.ErrTooManyDocuments},
		{"a next round has room", identity.Rejected, 1, identity.RegisteredIdentity, full, wednesday, nil},
		{"the last round", identity.Rejected, 9, identity.RegisteredIdentity, nil, wednesday, nil},
		{"no more rounds", identity.Rejected, 10, identity.RegisteredIdentity, nil, wednesday, identity.ErrRoundsUsed},
		{"a selfie", identity.Open, 1, "selfie", nil, wednesday, identity.ErrKindUnknown},
		{"under review", identity.Submitted, 1, identity.MethodImage, nil, wednesday, identity.ErrNotOpen},
		{"after expiry", identity.Expired, 1, identity.MethodImage, nil, wednesday, identity.ErrNotOpen},
		{"too late", identity.Open, 1, identity.MethodImage, nil, wednesday.Add(72 * time.Hour), identity.ErrTooLate},
	} {
		k := ask(t)
		k.State, k.Round = c.state, c.round
		if _, err := k.Receive(c.kind, c.docs, c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestLapse(t *testing.T) {
	late := time.Date(2024, 9, 6, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		state identity.State
		now   time.Time
		want  error
	}{
		{"nothing came", identity.Open, late, nil},
		{"nothing came again", identity.Rejected, late, nil},
		{"a moment is left", identity.Open, late.Add(-1), identity.ErrNotDue},
		{"under review", identity.Submitted, late.AddDate(1, 0, 0), fault.New(fault.Conflict, "transition_refused", "")},
		{"approved", identity.Approved, late.AddDate(1, 0, 0), fault.New(fault.Conflict, "transition_refused", "")},
	} {
		k := ask(t)
		k.State = c.state
		got, err := k.Lapse(c.now, week)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if c.want != nil {
			if got.State != c.state || !got.EraseAt.IsZero() {
				t.Errorf("%s: got %s, erased at %s", c.name, got.State, got.EraseAt)
			}
			continue
		}
		if want := c.now.Add(15 * 24 * time.Hour); got.State != identity.Expired || !got.EraseAt.Equal(want) {
			t.Errorf("%s: got %s, erased at %s, want %s", c.name, got.State, got.EraseAt, want)
		}
	}
}

func TestRejectionGivesTheTimeAgain(t *testing.T) {
	c, docs := submitted(t)
	friday := time.Date(2024, 9, 6, 16, 0, 0, 0, time.UTC)
	c, err := c.Reject("staff:rei", identity.Rejection{Reason: identity.Blurred}, docs, friday, week)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2024, 9, 10, 0, 0, 0, 0, time.UTC); !c.SubmitBy.Equal(want) {
		t.Errorf("got %s, want the end of Monday, %s", c.SubmitBy, want)
	}
}

func TestMayRemove(t *testing.T) {
	own := sent(1, identity.MethodImage)[0]
	for _, c := range []struct {
		name  string
		state identity.State
		round int
		d     identity.Document
		want  error
	}{
		{"before it is submitted", identity.Open, 1, own, nil},
		{"under review", identity.Submitted, 1, own, identity.ErrDocumentInUse},
		{"of a round that was reviewed", identity.Open, 2, own, identity.ErrDocumentInUse},
		{"of another case", identity.Open, 1, identity.Document{Case: "kyc_2", Round: 1}, identity.ErrDocumentNotFound},
		{"twice", identity.Open, 1, identity.Document{Case: "kyc_1", Round: 1, ErasedAt: wednesday}, identity.ErrDocumentErased},
	} {
		k := ask(t)
		k.State, k.Round = c.state, c.round
		if err := k.MayRemove(c.d); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	if err := own.MayOpen(); err != nil {
		t.Errorf("open: got %v", err)
	}
	own.ErasedAt = wednesday
	if err := own.MayOpen(); !errors.Is(err, identity.ErrDocumentErased) {
		t.Errorf("open an erased one: got %v, want %v", err, identity.ErrDocumentErased)
	}
}
