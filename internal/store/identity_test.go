package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

var askedAt = time.Date(2024, 9, 4, 10, 0, 0, 0, time.UTC)

// identityAccount adds an account to have its identity checked.
func identityAccount(t *testing.T, s *store.Store, id account.ID) {
	t.Helper()
	a := account.Account{
		ID: id, Reference: string(id), Kind: account.Individual, Name: "n", Country: "US", RegisteredAt: askedAt, Currency: "USD", Zone: "UTC",
		Email: "a@example.com", Language: "en", State: account.Active, CreatedAt: askedAt,
	}
	if err := s.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.AddAccount(t.Context(), a); return err }); err != nil {
		t.Fatal(err)
	}
}

func identityCase(id identity.CaseID, a account.ID, instrument payment.Fingerprint) store.IdentityCase {
	return store.IdentityCase{
		Case:       identity.Ask(id, identity.Stop{Account: a, Method: "pm_1", Order: "ord_1", Occasion: "purchase", Rule: "r", Policy: "v"}, askedAt, identity.DefaultTimetable(time.UTC)),
		Instrument: instrument, Looks: store.Looks{Kind: payment.CardKind, Brand: payment.Visa, Last4: "4242", Holder: "N N"},
	}
}

func TestIdentityCasesAndDocuments(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		identityAccount(t, s, "acct_1")
		identityAccount(t, s, "acct_2")
		c := identityCase("kyc_1", "acct_1", "f1")
		d := store.SealedDocument{Account: "acct_1", WrappedKey: []byte{1, 0, 2}, Ciphertext: []byte{3, 0, 4}, Document: identity.Document{
			ID: "kycdoc_1", Case: "kyc_1", Kind: identity.MethodImage, Round: 1, Media: "image/png", Size: 3, Width: 2, Height: 1, SHA256: "ab", Key: "m",
			UploadedAt: askedAt, UploadedBy: "key_1",
		}}
		update := func(fn func(*store.Tx) error) error { return s.Update(ctx, fn) }
		if err := update(func(tx *store.Tx) error {
			return errors.Join(tx.AddCase(ctx, c), tx.AddCase(ctx, identityCase("kyc_2", "acct_1", "f2")), tx.AddCase(ctx, identityCase("kyc_3", "acct_2", "f1")), tx.AddDocument(ctx, d))
		}); err != nil {
			t.Fatal(err)
		}
		if err := update(func(tx *store.Tx) error { return tx.AddCase(ctx, identityCase("kyc_4", "acct_1", "f1")) }); !s.IsTaken(err) {
			t.Errorf("a second live check: got %v, want it refused", err)
		}

		// What was asked stays; how it stands goes on.
		c.State, c.Round, c.Reason, c.Refused = identity.Rejected, 2, identity.Blurred, []identity.Kind{identity.MethodImage}
		c.SubmittedAt, c.ReviewBy, c.DecidedAt, c.DecidedBy = askedAt, askedAt.Add(time.Hour), askedAt.Add(time.Minute), "key_2"
		if err := update(func(tx *store.Tx) error {
			return errors.Join(tx.SaveCase(ctx, c.Case), tx.AddView(ctx, store.DocumentView{ID: "kycview_1", Document: "kycdoc_1", Case: "kyc_1", Account: "acct_1", By: "key_2", Reason: "why", At: askedAt}))
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.View(ctx, func(tx *store.Tx) error {
			got, err := tx.LiveCase(ctx, "acct_1", "f1")
			if err != nil || got.ID != c.ID || got.State != c.State || got.Reason != c.Reason || !slices.Equal(got.Refused, c.Refused) || got.Looks != c.Looks || !got.ReviewBy.Equal(c.ReviewBy) || got.Stop != c.Stop {
				t.Errorf("live: got %+v, %v, want %+v", got, err, c)
			}
			if _, err := tx.LiveCase(ctx, "acct_2", "f2"); !errors.Is(err, identity.ErrCaseNotFound) {
				t.Errorf("none: got %v", err)
			}
			for _, q := range []struct {
				filter store.CaseFilter
				want   []identity.CaseID
			}{
				{store.CaseFilter{}, []identity.CaseID{"kyc_1", "kyc_2", "kyc_3"}},
				{store.CaseFilter{Account: "acct_1", After: "kyc_1"}, []identity.CaseID{"kyc_2"}},
				{store.CaseFilter{State: identity.Rejected}, []identity.CaseID{"kyc_1"}},
			} {
				list, err := tx.Cases(ctx, q.filter, 10)
				if got := caseIDs(list); err != nil || !slices.Equal(got, q.want) {
					t.Errorf("%+v: got %v, %v, want %v", q.filter, got, err, q.want)
				}
			}
			if list, err := tx.NewestCases(ctx, "acct_1", 1); err != nil || !slices.Equal(caseIDs(list), []identity.CaseID{"kyc_2"}) {
				t.Errorf("newest: got %v, %v", caseIDs(list), err)
			}
			if list, err := tx.CasesToTend(ctx, c.SubmitBy.Add(-time.Microsecond), 10); err != nil || len(list) != 0 {
				t.Errorf("before the deadline: got %v, %v", caseIDs(list), err)
			}
			if list, err := tx.CasesToTend(ctx, c.SubmitBy, 10); err != nil || len(list) != 3 {
				t.Errorf("at the deadline: got %v, %v", caseIDs(list), err)
			}
			views, err := tx.Views(ctx, "kyc_1", "", 10)
			if err != nil || len(views) != 1 || views[0].Reason != "why" {
				t.Errorf("views: got %+v, %v", views, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}

		// Erasing leaves the note that there was one.
		c.State, c.EraseAt = identity.Approved, askedAt.Add(48*time.Hour)
		if err := update(func(tx *store.Tx) error { return tx.SaveCase(ctx, c.Case) }); err != nil {
			t.Fatal(err)
		}
		due := func() int {
			var n int
			if err := s.View(ctx, func(tx *store.Tx) error {
				list, err := tx.CasesToTend(ctx, c.EraseAt, 10)
				n = len(slices.DeleteFunc(list, func(x store.IdentityCase) bool { return x.ID != "kyc_1" }))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if due() != 1 {
			t.Error("a check whose documents are to be erased is not due")
		}
		if err := update(func(tx *store.Tx) error { return tx.EraseDocument(ctx, "kycdoc_1", c.EraseAt) }); err != nil {
			t.Fatal(err)
		}
		if due() != 0 {
			t.Error("a check without documents is still due")
		}
		if err := update(func(tx *store.Tx) error { return tx.EraseDocument(ctx, "kycdoc_1", c.EraseAt) }); err == nil {
			t.Error("a document was erased twice")
		}
		if err := s.View(ctx, func(tx *store.Tx) error {
			got, err := tx.Document(ctx, "kycdoc_1")
			if err != nil || got.WrappedKey != nil || len(got.Ciphertext) != 0 || got.SHA256 != "" || got.Key != "" || !got.ErasedAt.Equal(c.EraseAt) || got.Kind != d.Kind {
				t.Errorf("erased: got %+v, %v", got, err)
			}
			n, err := tx.CountRisk(ctx, "acct_1", payment.Method{Card: payment.Card{Fingerprint: "f1"}}, askedAt, askedAt, askedAt)
			if err != nil || !n.IsVerified {
				t.Errorf("approved: got %+v, %v", n, err)
			}
			n, err = tx.CountRisk(ctx, "acct_2", payment.Method{Card: payment.Card{Fingerprint: "f1"}}, askedAt, askedAt, askedAt)
			if err != nil || n.IsVerified {
				t.Errorf("another account: got %+v, %v", n, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func caseIDs(list []store.IdentityCase) []identity.CaseID {
	var ids []identity.CaseID
	for _, c := range list {
		ids = append(ids, c.ID)
	}
	return ids
}

func TestJudgements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		identityAccount(t, s, "acct_1")
		said := func(id, subject string, v policy.Verdict) store.Judgement {
			return store.Judgement{
				ID: id, Account: "acct_1", Occasion: policy.Purchase, Subject: subject, Method: "pm_1", At: askedAt,
				Judgement: policy.Judgement{Verdict: v, Rule: "r", Version: "v", Message: "m", Broken: v == policy.Challenge, Inputs: policy.RiskInputs{Amount: "1.00", FirstUse: true}},
			}
		}
		all := []store.Judgement{said("jdg_1", "ord_1", policy.VerifyIdentity), said("jdg_2", "ord_1", policy.Allow), said("jdg_3", "ord_2", policy.Challenge)}
		if err := s.Update(ctx, func(tx *store.Tx) error {
			for i, outcome := range []string{"opened", "kept", "risk_control_rejection", "already_bound"} {
				if err := tx.AddBindAttempt(ctx, store.BindAttempt{ID: "try_" + string(rune('a'+i)), Account: "acct_1", Outcome: outcome, At: askedAt.Add(time.Minute)}); err != nil {
					return err
				}
			}
			return errors.Join(tx.AddJudgement(ctx, all[0]), tx.AddJudgement(ctx, all[1]), tx.AddJudgement(ctx, all[2]))
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.View(ctx, func(tx *store.Tx) error {
			for _, q := range []struct {
				filter store.JudgementFilter
				want   []string
			}{
				{store.JudgementFilter{}, []string{"jdg_3", "jdg_2", "jdg_1"}},
				{store.JudgementFilter{Subject: "ord_1", Before: "jdg_2"}, []string{"jdg_1"}},
				{store.JudgementFilter{Stopped: true}, []string{"jdg_1"}},
				{store.JudgementFilter{Account: "acct_2"}, nil},
			} {
				list, err := tx.Judgements(ctx, q.filter, 10)
				var got []string
				for _, j := range list {
					got = append(got, j.ID)
				}
				if err != nil || !slices.Equal(got, q.want) {
					t.Errorf("%+v: got %v, %v, want %v", q.filter, got, err, q.want)
				}
			}
			if got, err := tx.Judgement(ctx, "jdg_3"); err != nil || got != all[2] {
				t.Errorf("got %+v, %v, want %+v", got, err, all[2])
			}
			if _, err := tx.Judgement(ctx, "jdg_9"); !errors.Is(err, store.ErrJudgementNotFound) {
				t.Errorf("none: got %v", err)
			}
			n, err := tx.CountRisk(ctx, "acct_1", payment.Method{ID: "pm_1"}, askedAt, askedAt, askedAt)
			if want := (store.RiskCounts{FailedBinds: 1}); err != nil || n != want {
				t.Errorf("counts: got %+v, %v, want %+v", n, err, want)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}
