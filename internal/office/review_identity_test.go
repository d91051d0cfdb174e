package office_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/evidence"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/seal"
	"github.com/bursar-pay/bursar/internal/store"
)

// reviewer opens documents and decides.
var reviewer = access.Caller{Name: "key_reviewer", Address: "192.0.2.7", Scopes: []access.Scope{access.MethodsRead, access.IdentityRead, access.IdentityReview}}

// picture is a photograph that differs from others by its shade.
func picture(t *testing.T, shade uint8) []byte {
	t.Helper()
	p := image.NewGray(image.Rect(0, 0, 64, 40))
	for i := range p.Pix {
		p.Pix[i] = shade + uint8(i%7)
	}
	p.Set(1, 1, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func upload(k identity.Kind, content []byte) office.Upload {
	return office.Upload{Kind: k, Name: "scan.png", Content: bytes.NewReader(content)}
}

// send has the customer of an account send pictures of these kinds.
func send(t *testing.T, d *officetest.Desk, a account.Account, id identity.CaseID, shade uint8, kinds ...identity.Kind) []identity.Document {
	t.Helper()
	var sent []identity.Document
	for i, k := range kinds {
		doc, err := d.AddDocument(t.Context(), session(a), id, upload(k, picture(t, shade+uint8(10*i))))
		if err != nil {
			t.Fatalf("send %s: %v", k, err)
		}
		sent = append(sent, doc)
	}
	return sent
}

func submit(t *testing.T, d *officetest.Desk, a account.Account, id identity.CaseID) {
	t.Helper()
	if c, err := d.SubmitIdentity(t.Context(), session(a), id); err != nil || c.State != identity.Submitted {
		t.Fatalf("submit: got %s, %v", c.State, err)
	}
}

// stoppedOrder is an order that waits for an identity check.
func stoppedOrder(t *testing.T, d *officetest.Desk, a account.Account, reference string) (orders.Order, identity.CaseID) {
	t.Helper()
	o := place(t, d, a, draft(reference, a, 60_000))
	if _, err := d.PayOrder(t.Context(), session(a), o.ID, office.PayChoice{}); !errors.Is(err, orders.ErrRisk) {
		t.Fatalf("pay: got %v, want %v", err, orders.ErrRisk)
	}
	o = orderNow(t, d, o.ID).Order
	if o.State != orders.Blocked || o.Case == "" {
		t.Fatalf("the order is %s with case %q, want blocked with one", o.State, o.Case)
	}
	return o, identity.CaseID(o.Case)
}

func checkNow(t *testing.T, d *officetest.Desk, by access.Caller, id identity.CaseID) office.IdentityCheck {
	t.Helper()
	c, err := d.IdentityCheck(t.Context(), by, id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// charges counts what the pretend network was asked to take.
func charges(t *testing.T, d *officetest.Desk) int {
	t.Helper()
	books, err := d.Sandbox.Books(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(books.Charges)
}

func TestAStoppedOrderIsPaidAfterAnIdentityCheck(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		m := d.Bind(a, sandbox.Visa).Method
		before := charges(t, d)
		o, id := stoppedOrder(t, d, a, "o-1")
		if got := charges(t, d); got != before {
			t.Errorf("the provider was asked %d times, want not at all", got-before)
		}
		_, err := d.PayOrder(t.Context(), session(a), o.ID, office.PayChoice{})
		if !errors.Is(err, orders.ErrRisk) {
			t.Errorf("pay while it is blocked: got %v", err)
		}
		if m := theMessage(t, d, a, "identity_needed"); m.Page != "/identity/"+string(id) {
			t.Errorf("the message leads to %s, want the check", m.Page)
		}

		// The customer sees what to send, and not which rule it was.
		c := checkNow(t, d, session(a), id)
		if c.State != identity.Open || c.Rule != "" || c.Method != string(m.ID) || c.Order != string(o.ID) || !slices.Equal(c.Missing, identity.Kinds) || c.Looks.Last4 != m.Card.Last4 {
			t.Errorf("the customer sees %+v", c)
		}
		if c := checkNow(t, d, reviewer, id); c.Rule != "new_account_large_amount" {
			t.Errorf("the reviewer sees the rule %q", c.Rule)
		}

		// Documents, of which one is blurred.
		first := send(t, d, a, id, 40, identity.Kinds...)
		submit(t, d, a, id)
		queue, _, err := d.ReviewQueue(t.Context(), reviewer, office.CheckFilter{State: identity.Submitted}, office.Page{Limit: 10})
		if err != nil || len(queue) != 1 || queue[0].ID != id || len(queue[0].Documents) != 3 {
			t.Fatalf("the queue: got %+v, %v", queue, err)
		}
		c, err = d.RejectIdentity(t.Context(), reviewer, id, identity.Rejection{Reason: identity.Blurred, Kinds: []identity.Kind{identity.LatestStatement}})
		if err != nil || c.State != identity.Rejected || c.DecidedBy != reviewer.Name {
			t.Fatalf("reject: got %+v, %v", c.Case, err)
		}
		if text := theMessage(t, d, a, "identity_rejected").In("en"); !strings.Contains(strings.Join(text.Paragraphs, " "), "could not be read well enough") {
			t.Errorf("the customer reads %q", text.Paragraphs)
		}
		c = checkNow(t, d, session(a), id)
		if c.Reason != identity.Blurred || c.DecidedBy != "" || !slices.Equal(c.Missing, []identity.Kind{identity.LatestStatement}) {
			t.Errorf("after the rejection the customer sees %+v", c)
		}

		// They send it again, twice by mistake, and it is approved.
		again := send(t, d, a, id, 90, identity.LatestStatement)[0]
		if twin := send(t, d, a, id, 90, identity.LatestStatement)[0]; twin.ID != again.ID || again.Round != 2 {
			t.Errorf("the same file again is %s of round %d, want %s of round 2", twin.ID, again.Round, again.ID)
		}
		submit(t, d, a, id)
		submit(t, d, a, id) // a double click
		if c, err = d.ApproveIdentity(t.Context(), reviewer, id); err != nil || c.State != identity.Approved {
			t.Fatalf("approve: got %+v, %v", c.Case, err)
		}
		theMessage(t, d, a, "identity_approved")
		if got := charges(t, d); got != before {
			t.Errorf("approval charged %d times, want not at all", got-before)
		}

		// The same order goes on by one click.
		if s := orderNow(t, d, o.ID); s.Order.State != orders.Open {
			t.Fatalf("after approval the order is %s, want open", s.Order.State)
		}
		pay(t, d, o.ID)
		if s := orderNow(t, d, o.ID); s.Order.State != orders.Paid || s.Order.Verdict != "allow" {
			t.Errorf("the order is %s, verdict %s, want paid and allow", s.Order.State, s.Order.Verdict)
		}
		want := []string{"identity_check.opened", "identity_check.submitted", "identity_check.rejected", "identity_check.submitted", "identity_check.approved"}
		if got := kinds(t, d, string(id)); !slices.Equal(got, want) {
			t.Errorf("the platform was told %v, want %v", got, want)
		}

		// Each verdict is kept with its inputs.
		said, _, err := d.Judgements(t.Context(), reviewer, office.JudgementFilter{Subject: string(o.ID)}, office.Page{Limit: 10})
		if err != nil || len(said) != 2 || said[1].Verdict != "verify_identity" || said[1].Rule != "new_account_large_amount" || said[0].Verdict != "allow" {
			t.Fatalf("judgements: got %+v, %v", said, err)
		}
		if in := said[0].Inputs; !in.IdentityVerified || in.Amount != "600.00" || !in.FirstUse || in.OrderKind != "purchase" || in.Orders24h != 1 {
			t.Errorf("inputs: got %+v", in)
		}
		if len(first) != 3 {
			t.Errorf("got %d documents", len(first))
		}
		d.Prove()
	})
}

func TestOneCheckForAccountAndInstrument(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, b := d.Customer(), d.Customer()
		d.Bind(a, sandbox.Visa)
		d.Bind(b, sandbox.Mastercard)
		one, first := stoppedOrder(t, d, a, "o-1")
		_, second := stoppedOrder(t, d, a, "o-2")
		_, other := stoppedOrder(t, d, b, "o-1")
		if first != second || first == other {
			t.Errorf("the checks are %s, %s and of another account %s", first, second, other)
		}
		// Another account's customer finds nothing of it.
		for name, err := range map[string]error{
			"look":   errOf(d.IdentityCheck(t.Context(), session(b), first)),
			"send":   errOf(d.AddDocument(t.Context(), session(b), first, upload(identity.MethodImage, picture(t, 1)))),
			"submit": errOf(d.SubmitIdentity(t.Context(), session(b), first)),
		} {
			if !errors.Is(err, identity.ErrCaseNotFound) {
				t.Errorf("%s: got %v, want %v", name, err, identity.ErrCaseNotFound)
			}
		}
		doc := send(t, d, a, first, 1, identity.MethodImage)[0]
		if _, err := d.RemoveDocument(t.Context(), session(b), doc.ID); !errors.Is(err, identity.ErrDocumentNotFound) {
			t.Errorf("remove: got %v, want %v", err, identity.ErrDocumentNotFound)
		}
		send(t, d, a, first, 20, identity.RegisteredIdentity, identity.LatestStatement)
		submit(t, d, a, first)
		if _, err := d.ApproveIdentity(t.Context(), reviewer, first); err != nil {
			t.Fatal(err)
		}
		pay(t, d, one.ID)
		if s := orderNow(t, d, one.ID); s.Order.State != orders.Paid {
			t.Errorf("the order is %s", s.Order.State)
		}
		if c := checkNow(t, d, reviewer, other); c.State != identity.Open {
			t.Errorf("the other account's check is %s, want open", c.State)
		}
		d.Prove()
	})
}

func errOf[T any](_ T, err error) error { return err }

func TestWhatIsNotTakenAsADocument(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		_, id := stoppedOrder(t, d, a, "o-1")
		good := picture(t, 9)
		for _, c := range []struct {
			name    string
			kind    identity.Kind
			content io.Reader
			want    error
		}{
			{"nothing", identity.MethodImage, strings.NewReader(""), evidence.ErrEmpty},
			{"a text", identity.MethodImage, strings.NewReader("<script>alert(1)</script>"), evidence.ErrKind},
			{"half a picture", identity.MethodImage, bytes.NewReader(good[:len(good)/2]), evidence.ErrBroken},
			{"larger than any", identity.MethodImage, io.MultiReader(bytes.NewReader(good), io.LimitReader(zeros{}, 11<<20)), evidence.ErrTooLarge},
			{"no kind of ours", "selfie", bytes.NewReader(good), identity.ErrKindUnknown},
		} {
			_, err := d.AddDocument(t.Context(), session(a), id, office.Upload{Kind: c.kind, Name: "x", Content: c.content})
			if !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
		if c := checkNow(t, d, session(a), id); len(c.Documents) != 0 || c.State != identity.Open {
			t.Errorf("something was kept: %+v", c)
		}
		if _, err := d.SubmitIdentity(t.Context(), session(a), id); !errors.Is(err, identity.ErrIncomplete) {
			t.Errorf("submit nothing: got %v", err)
		}
		reader := access.Caller{Name: "key_reader", Scopes: []access.Scope{access.MethodsRead}}
		if err := d.MayAddDocument(t.Context(), reader, id, identity.MethodImage); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("with a key that only reads: got %v", err)
		}

		// What was sent by mistake is taken back, and is gone.
		doc := send(t, d, a, id, 9, identity.MethodImage)[0]
		if gone, err := d.RemoveDocument(t.Context(), session(a), doc.ID); err != nil || gone.ErasedAt.IsZero() || gone.SHA256 != "" {
			t.Errorf("remove: got %+v, %v", gone, err)
		}
		if _, _, err := d.OpenDocument(t.Context(), reviewer, doc.ID, ""); !errors.Is(err, identity.ErrDocumentErased) {
			t.Errorf("open what was removed: got %v", err)
		}
		if err := errOf(d.RemoveDocument(t.Context(), session(a), doc.ID)); !errors.Is(err, identity.ErrDocumentErased) {
			t.Errorf("remove it again: got %v", err)
		}

		// After submitting nothing more is taken.
		docs := send(t, d, a, id, 60, identity.Kinds...)
		submit(t, d, a, id)
		if err := errOf(d.AddDocument(t.Context(), session(a), id, upload(identity.MethodImage, good))); !errors.Is(err, identity.ErrNotOpen) {
			t.Errorf("send after submitting: got %v", err)
		}
		if err := errOf(d.RemoveDocument(t.Context(), session(a), docs[0].ID)); !errors.Is(err, identity.ErrDocumentInUse) {
			t.Errorf("remove after submitting: got %v", err)
		}
		vault := d.Vault
		d.Vault = nil
		if err := d.MayAddDocument(t.Context(), session(a), id, identity.MethodImage); !errors.Is(err, office.ErrNoVault) {
			t.Errorf("without a vault: got %v", err)
		}
		d.Vault = vault
	})
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func TestWhoMayDecideOnDocuments(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		_, id := stoppedOrder(t, d, a, "o-1")
		if _, err := d.ApproveIdentity(t.Context(), reviewer, id); !errors.Is(err, identity.ErrNotSubmitted) {
			t.Errorf("before anything was sent: got %v", err)
		}
		// A member of staff sends a document for the customer, and may not decide on it.
		sender := access.Caller{Name: "key_sender", Scopes: access.Scopes}
		doc, err := d.AddDocument(t.Context(), sender, id, upload(identity.RegisteredIdentity, picture(t, 3)))
		if err != nil {
			t.Fatal(err)
		}
		send(t, d, a, id, 30, identity.MethodImage, identity.LatestStatement)
		submit(t, d, a, id)

		customer := session(a)
		customer.Scopes = access.Scopes // by mistake
		nobody := access.Caller{Scopes: access.Scopes}
		looker := access.Caller{Name: "key_looker", Scopes: []access.Scope{access.MethodsRead, access.IdentityRead}}
		for _, c := range []struct {
			name string
			by   access.Caller
			want error
		}{
			{"a customer", customer, access.ErrForbidden},
			{"who sent one of them", sender, identity.ErrOwnDocuments},
			{"somebody without a name", nobody, identity.ErrReviewerNeeded},
			{"who may only look", looker, access.ErrForbidden},
		} {
			if _, err := d.ApproveIdentity(t.Context(), c.by, id); !errors.Is(err, c.want) {
				t.Errorf("approved by %s: got %v, want %v", c.name, err, c.want)
			}
			if _, err := d.RejectIdentity(t.Context(), c.by, id, identity.Rejection{Reason: identity.Mismatch}); !errors.Is(err, c.want) {
				t.Errorf("rejected by %s: got %v, want %v", c.name, err, c.want)
			}
		}
		for name, err := range map[string]error{
			"the queue":     third(d.ReviewQueue(t.Context(), customer, office.CheckFilter{}, office.Page{Limit: 1})),
			"the log":       third(d.DocumentViews(t.Context(), customer, "", office.Page{Limit: 1})),
			"what was said": third(d.Judgements(t.Context(), customer, office.JudgementFilter{}, office.Page{Limit: 1})),
			"a document":    third(d.OpenDocument(t.Context(), customer, doc.ID, "")),
		} {
			if !errors.Is(err, access.ErrForbidden) {
				t.Errorf("a customer asks for %s: got %v, want %v", name, err, access.ErrForbidden)
			}
		}
		if _, _, err := d.OpenDocument(t.Context(), looker, doc.ID, ""); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a document for who may only look: got %v", err)
		}
		if _, err := d.RejectIdentity(t.Context(), reviewer, id, identity.Rejection{Reason: "ugly"}); !errors.Is(err, identity.ErrReasonUnknown) {
			t.Errorf("for no reason of ours: got %v", err)
		}

		// Of many who decide at once, one does.
		var all sync.WaitGroup
		results := make([]error, 6)
		for i := range results {
			all.Go(func() {
				by := reviewer
				by.Name += string(rune('a' + i))
				if i%2 == 0 {
					_, results[i] = d.ApproveIdentity(context.Background(), by, id)
				} else {
					_, results[i] = d.RejectIdentity(context.Background(), by, id, identity.Rejection{Reason: identity.Mismatch})
				}
			})
		}
		all.Wait()
		decided := 0
		for _, err := range results {
			switch {
			case err == nil:
				decided++
			case !errors.Is(err, identity.ErrNotSubmitted):
				t.Errorf("got %v, want %v", err, identity.ErrNotSubmitted)
			}
		}
		if decided != 1 {
			t.Errorf("%d decided, want one", decided)
		}
		if got := kinds(t, d, string(id)); len(got) != 3 {
			t.Errorf("the platform was told %v", got)
		}
		d.Prove()
	})
}

func third[A, B any](_ A, _ B, err error) error { return err }

func TestEveryViewOfADocumentIsLogged(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		_, id := stoppedOrder(t, d, a, "o-1")
		docs := send(t, d, a, id, 70, identity.MethodImage, identity.LatestStatement)
		for _, doc := range docs {
			is, content, err := d.OpenDocument(t.Context(), reviewer, doc.ID, "to compare the name")
			if err != nil || is.Media != "image/png" || !bytes.HasPrefix(content, []byte("\x89PNG")) {
				t.Fatalf("open: got %s of %d bytes, %v", is.Media, len(content), err)
			}
		}
		if _, _, err := d.OpenDocument(t.Context(), reviewer, docs[0].ID, strings.Repeat("x", 201)); !errors.Is(err, office.ErrViewReason) {
			t.Errorf("a reason without end: got %v", err)
		}
		if _, _, err := d.OpenDocument(t.Context(), reviewer, "kycdoc_none", ""); !errors.Is(err, identity.ErrDocumentNotFound) {
			t.Errorf("none: got %v", err)
		}
		views, next, err := d.DocumentViews(t.Context(), reviewer, id, office.Page{Limit: 1})
		if err != nil || len(views) != 1 || next == "" {
			t.Fatalf("the log: got %+v, %q, %v", views, next, err)
		}
		if v := views[0]; v.By != reviewer.Name || v.Address != reviewer.Address || v.Document != docs[0].ID || v.Reason != "to compare the name" || !v.At.Equal(d.Clock.Now()) {
			t.Errorf("the log says %+v", v)
		}
		rest, next, err := d.DocumentViews(t.Context(), reviewer, "", office.Page{After: next, Limit: 10})
		if err != nil || len(rest) != 1 || next != "" || rest[0].Document != docs[1].ID {
			t.Errorf("the rest of the log: got %+v, %q, %v", rest, next, err)
		}
		d.Prove() // the audit chain has them too
	})
}

func TestACheckLapsesAndItsDocumentsAreErased(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		_, id := stoppedOrder(t, d, a, "o-1")
		doc := send(t, d, a, id, 50, identity.MethodImage)[0]
		before := sealedNow(t, d, doc.ID)
		if bytes.Contains(before.Ciphertext, []byte("PNG")) {
			t.Error("the database holds the picture as it is")
		}

		// Started on a Tuesday, good until Wednesday is over.
		d.PassTo(time.Date(2026, 3, 11, 23, 59, 59, 0, time.UTC))
		if c := checkNow(t, d, reviewer, id); c.State != identity.Open {
			t.Fatalf("before its deadline it is %s", c.State)
		}
		d.Pass(time.Second)
		if c := checkNow(t, d, reviewer, id); c.State != identity.Expired {
			t.Fatalf("after its deadline it is %s, want expired", c.State)
		}
		theMessage(t, d, a, "identity_expired")
		if got := kinds(t, d, string(a.ID)); !slices.Contains(got, "account.suspend_requested") {
			t.Errorf("the platform was told %v, want account.suspend_requested", got)
		}
		if err := errOf(d.AddDocument(t.Context(), session(a), id, upload(identity.MethodImage, picture(t, 1)))); !errors.Is(err, identity.ErrNotOpen) {
			t.Errorf("send after the deadline: got %v", err)
		}
		if _, _, err := d.OpenDocument(t.Context(), reviewer, doc.ID, ""); err != nil {
			t.Errorf("open within the 15 days: %v", err)
		}

		// A new order opens another check.
		if _, again := stoppedOrder(t, d, a, "o-2"); again == id {
			t.Error("the lapsed check was taken up again")
		}

		d.Pass(15 * 24 * time.Hour)
		after := sealedNow(t, d, doc.ID)
		if after.ErasedAt.IsZero() || len(after.WrappedKey) != 0 || after.SHA256 != "" || after.Key != "" || len(after.Ciphertext) != 0 {
			t.Errorf("after 15 days the database has %+v", after.Document)
		}
		if _, _, err := d.OpenDocument(t.Context(), reviewer, doc.ID, ""); !errors.Is(err, identity.ErrDocumentErased) {
			t.Errorf("open after it was erased: got %v", err)
		}
		// Whoever kept the ciphertext has nothing.
		label := seal.Label{Owner: string(a.ID), Place: "identity_documents.ciphertext", ID: string(doc.ID)}
		if _, err := d.Vault.Open(t.Context(), label, seal.Sealed{Key: seal.WrappedKey{Master: after.Key, Bytes: after.WrappedKey}, Ciphertext: before.Ciphertext}); !errors.Is(err, seal.ErrErased) {
			t.Errorf("open a copy of the ciphertext: got %v, want %v", err, seal.ErrErased)
		}
		if c := checkNow(t, d, reviewer, id); len(c.Documents) != 1 || c.Documents[0].ErasedAt.IsZero() {
			t.Errorf("what was decided on is not told any more: %+v", c.Documents)
		}
		d.Prove()
	})
}

func sealedNow(t *testing.T, d *officetest.Desk, id identity.DocumentID) (doc store.SealedDocument) {
	t.Helper()
	err := d.Store.View(t.Context(), func(tx *store.Tx) (err error) {
		doc, err = tx.Document(t.Context(), id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestApprovedDocumentsAreErasedInTime(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		o, id := stoppedOrder(t, d, a, "o-1")
		docs := send(t, d, a, id, 50, identity.Kinds...)
		submit(t, d, a, id)
		d.Pass(10 * 24 * time.Hour) // the reviewers are late; the customer is not
		if c := checkNow(t, d, reviewer, id); c.State != identity.Submitted || !c.IsLate {
			t.Fatalf("after 10 days it is %s, late %t", c.State, c.IsLate)
		}
		if _, err := d.ApproveIdentity(t.Context(), reviewer, id); err != nil {
			t.Fatal(err)
		}
		pay(t, d, o.ID) // it has waited too
		d.Pass(179 * 24 * time.Hour)
		if _, _, err := d.OpenDocument(t.Context(), reviewer, docs[0].ID, ""); err != nil {
			t.Errorf("on day 179: %v", err)
		}
		d.Pass(24 * time.Hour)
		for _, doc := range docs {
			if err := third(d.OpenDocument(t.Context(), reviewer, doc.ID, "")); !errors.Is(err, identity.ErrDocumentErased) {
				t.Errorf("on day 180: got %v", err)
			}
		}
		d.Prove()
	})
}

func TestDocumentsOutliveARestart(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		_, id := stoppedOrder(t, d, a, "o-1")
		doc := send(t, d, a, id, 50, identity.Kinds...)[0]
		submit(t, d, a, id)

		again := officetest.Build(t, officetest.Options{Engine: d.Store.Engine(), URL: d.URL, Keys: d.Keys, World: d.Sandbox, Prompt: office.PromptInline, Seed: 2, Start: d.Clock.Now()})
		if _, content, err := again.OpenDocument(t.Context(), reviewer, doc.ID, ""); err != nil || len(content) == 0 {
			t.Errorf("after a restart: got %d bytes, %v", len(content), err)
		}
		elsewhere := officetest.Build(t, officetest.Options{Engine: d.Store.Engine(), URL: d.URL, World: d.Sandbox, Prompt: office.PromptInline, Seed: 3, Start: d.Clock.Now()})
		if _, _, err := elsewhere.OpenDocument(t.Context(), reviewer, doc.ID, ""); !errors.Is(err, seal.ErrMasterMissing) {
			t.Errorf("without the master key: got %v, want %v", err, seal.ErrMasterMissing)
		}
		if _, err := again.ApproveIdentity(t.Context(), reviewer, id); err != nil {
			t.Errorf("approve after a restart: %v", err)
		}
	})
}

func TestRiskBeforeACardIsBound(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ruled(t, d, "risk:\n", `risk:
  - name: gold_bind
    when: kind == "individual" and method_kind == "card"
    verdict: verify_identity
    on: [bind]
  - name: abroad_bind
    when: country == "DE"
    verdict: challenge
    on: [bind]
  - name: never_bind
    when: country == "GB"
    verdict: refuse
    on: [bind]
    message: We cannot take cards from there today.
`)
		person := func(n *office.NewAccount) { n.Kind = account.Individual }
		from := func(country string) func(*office.NewAccount) {
			return func(n *office.NewAccount) { n.Country = country }
		}

		a := d.Customer(person)
		_, err := d.TryBind(a, sandbox.Visa)
		f, ok := fault.Of(err)
		if !ok || f.Code != "risk_control_rejection" || !strings.Contains(f.Next, "http://console.test/identity/kyc_") {
			t.Fatalf("bind: got %v with next step %q", err, f.Next)
		}
		if got := charges(t, d); got != 0 {
			t.Errorf("%d holds were asked for, want none", got)
		}
		checks, err := d.IdentityChecks(t.Context(), session(a), a.ID)
		if err != nil || len(checks) != 1 || checks[0].Method != "" || checks[0].Occasion != "bind" || checks[0].Looks.Last4 == "" {
			t.Fatalf("the checks: got %+v, %v", checks, err)
		}
		id := checks[0].ID
		send(t, d, a, id, 50, identity.Kinds...)
		submit(t, d, a, id)
		if _, err := d.ApproveIdentity(t.Context(), reviewer, id); err != nil {
			t.Fatal(err)
		}
		if m := d.Bind(a, sandbox.Visa).Method; m.State != payment.Active {
			t.Errorf("after approval the card is %s", m.State)
		}
		// Another card of theirs is another matter.
		if _, err := d.TryBind(a, sandbox.Mastercard); !errors.Is(err, office.ErrBindRisk) {
			t.Errorf("another card: got %v", err)
		}

		if b := d.Bind(d.Customer(from("DE")), sandbox.Mastercard); !b.Hold.Force3DS {
			t.Error("a challenge was not demanded")
		}
		never := d.Customer(from("GB"))
		if _, err := d.TryBind(never, "pm_card_gb"); !errors.Is(err, office.ErrBindRisk) || err.Error() != "We cannot take cards from there today." {
			t.Errorf("refused: got %v", err)
		}
		stopped, _, err := d.Judgements(t.Context(), reviewer, office.JudgementFilter{Account: never.ID, Stopped: true}, office.Page{Limit: 10})
		if err != nil || len(stopped) != 1 || stopped[0].Rule != "never_bind" || stopped[0].Version != "changed-1" {
			t.Errorf("what was stopped: got %+v, %v", stopped, err)
		}
		if checks, err := d.IdentityChecks(t.Context(), session(never), never.ID); err != nil || len(checks) != 0 {
			t.Errorf("who is refused is not asked to verify: got %+v, %v", checks, err)
		}
		d.Prove()
	})
}

func TestRiskBeforePayPalIsBound(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ruled(t, d, "risk:\n", `risk:
  - name: wallets
    when: method_kind == "paypal"
    verdict: verify_identity
    on: [bind]
`)
		a := d.Customer()
		g := d.AskPayer(a)
		d.Agree(g, sandbox.PayerUS)
		if g = d.Return(g); g.Method != "" || g.Reason != "risk_control_rejection" {
			t.Fatalf("the agreement is %s, %s, with method %q", g.State, g.Reason, g.Method)
		}
		checks, err := d.IdentityChecks(t.Context(), session(a), a.ID)
		if err != nil || len(checks) != 1 || checks[0].Looks.Kind != payment.PayPalKind || checks[0].Looks.Email == "" {
			t.Fatalf("the checks: got %+v, %v", checks, err)
		}
		send(t, d, a, checks[0].ID, 50, identity.Kinds...)
		submit(t, d, a, checks[0].ID)
		if _, err := d.ApproveIdentity(t.Context(), reviewer, checks[0].ID); err != nil {
			t.Fatal(err)
		}
		if m := d.BindWallet(a, sandbox.PayerUS); m.State != payment.Active {
			t.Errorf("after approval it is %s", m.State)
		}
		d.Prove()
	})
}

func TestRiskRefusesAndChallengesOrders(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ruled(t, d, "risk:\n", `risk:
  - name: not_today
    when: amount == 77
    verdict: refuse
    on: [purchase]
  - name: ask_the_bank
    when: amount == 88
    verdict: challenge
    on: [purchase]
`)
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		o := place(t, d, a, draft("o-1", a, 7_700))
		if _, err := d.PayOrder(t.Context(), session(a), o.ID, office.PayChoice{}); !errors.Is(err, orders.ErrRisk) {
			t.Errorf("refused: got %v", err)
		}
		if s := orderNow(t, d, o.ID); s.Order.State != orders.Refused || s.Order.Rule != "not_today" || s.Order.Case != "" {
			t.Errorf("the order is %s by %q, case %q", s.Order.State, s.Order.Rule, s.Order.Case)
		}
		o = place(t, d, a, draft("o-2", a, 8_800))
		p, err := d.PayOrder(t.Context(), session(a), o.ID, office.PayChoice{})
		if err != nil || !p.Payment.Force3DS {
			t.Errorf("challenge: got %+v, %v", p.Payment, err)
		}
		d.Prove()
	})
}
