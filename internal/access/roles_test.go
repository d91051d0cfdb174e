package access_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
)

// TestRolesKeepApart holds the table of roles to what must not come together.
func TestRolesKeepApart(t *testing.T) {
	for _, r := range access.Roles {
		by := access.Caller{Name: r.Name, Scopes: r.Scopes}
		may := func(s access.Scope) bool { return by.May(s) == nil }
		for _, s := range r.Scopes {
			if !slices.Contains(access.Scopes, s) {
				t.Errorf("%s: there is no scope %s", r.Name, s)
			}
		}
		for _, c := range []struct {
			one, other access.Scope
			why        string
		}{
			{access.IdentityReview, access.PolicyWrite, "who decides on documents writes no rules"},
			{access.IdentityReview, access.KeysWrite, "who decides on documents makes no keys for a second pair of eyes"},
			{access.IdentityReview, access.MethodsWrite, "who decides on documents sends none"},
			{access.RefundsWrite, access.PolicyWrite, "who gives money back does not say how much may be"},
			{access.RefundsWrite, access.KeysWrite, "who gives money back makes no keys"},
		} {
			if may(c.one) && may(c.other) {
				t.Errorf("%s may %s and %s: %s", r.Name, c.one, c.other, c.why)
			}
		}
	}
	if r, ok := access.RoleOf("risk_reviewer"); !ok || !slices.Contains(r.Scopes, access.IdentityReview) {
		t.Errorf("risk_reviewer: got %v, %t", r, ok)
	}
}

func TestScopesByRole(t *testing.T) {
	reviewer, _ := access.RoleOf("risk_reviewer")
	for _, c := range []struct {
		list string
		want []access.Scope
	}{
		{"risk_reviewer", reviewer.Scopes},
		{"risk_reviewer, accounts:read,books:read", append(slices.Clone(reviewer.Scopes), access.BooksRead)},
		{"all", access.Scopes},
	} {
		if got, err := access.ParseScopes(c.list); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v, want %v", c.list, got, err, c.want)
		}
	}
	if _, err := access.ParseScopes("risk_overlord"); !errors.Is(err, access.ErrScopeUnknown) {
		t.Errorf("no role: got %v", err)
	}
}
