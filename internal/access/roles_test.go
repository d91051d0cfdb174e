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

// TestWhoIsBoundToAnAccountReachesNoFurther holds every scope against a caller who has
// them all, and is bound to one account.
func TestWhoIsBoundToAnAccountReachesNoFurther(t *testing.T) {
	bound := access.Caller{Name: "console:acct_1", Account: "acct_1", Scopes: access.Scopes}
	for s, want := range map[access.Scope]error{
		access.AccountsWrite: nil, access.MethodsWrite: nil, access.UsageRead: nil, access.BillsWrite: nil, access.OrdersWrite: nil, access.FundsWrite: nil, access.CreditRead: nil,
		access.BooksRead: access.ErrForbidden, access.PolicyRead: access.ErrForbidden, access.KeysRead: access.ErrForbidden, access.KeysWrite: access.ErrForbidden,
		access.IdentityRead: access.ErrForbidden, access.IdentityReview: access.ErrForbidden, access.BankRead: access.ErrForbidden, access.BankApprove: access.ErrForbidden,
		access.CreditWrite: access.ErrForbidden, access.CreditApprove: access.ErrForbidden, access.StaffRead: access.ErrForbidden, access.StaffWrite: access.ErrForbidden,
		access.WebhooksWrite: access.ErrForbidden, access.ClockWrite: access.ErrForbidden,
	} {
		if got := bound.May(s); !errors.Is(got, want) {
			t.Errorf("%s: got %v, want %v", s, got, want)
		}
	}
	bound.Trusted = true
	if got := bound.May(access.KeysWrite); !errors.Is(got, access.ErrForbidden) {
		t.Errorf("bound and trusted: got %v, want %v", got, access.ErrForbidden)
	}
}

func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	all := access.Caller{Name: "key_1", Scopes: access.Scopes}
	for _, giver := range access.StaffRoles() {
		by := access.Caller{Name: "staff:" + giver.Name, Scopes: giver.Scopes}
		for _, given := range access.StaffRoles() {
			within := !slices.ContainsFunc(given.Scopes, func(s access.Scope) bool { return by.May(s) != nil })
			if err := by.MayGive(given); (err == nil) != within || err != nil && !errors.Is(err, access.ErrRoleAbove) {
				t.Errorf("%s gives %s: got %v, want it given: %t", giver.Name, given.Name, err, within)
			}
			if err := errors.Join(all.MayGive(given), access.CommandLine.MayGive(given)); err != nil {
				t.Errorf("who may all gives %s: got %v", given.Name, err)
			}
		}
		if err := by.MayGive(giver); err != nil {
			t.Errorf("%s gives their own role: got %v", giver.Name, err)
		}
	}
	if operator, _ := access.RoleOf("operator"); (access.Caller{Scopes: operator.Scopes}).MayGive(access.Role{Name: "finance", Scopes: []access.Scope{access.BankApprove}}) == nil {
		t.Error("an operator makes up who approves")
	}
}
