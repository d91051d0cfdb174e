package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
)

func TestMemberCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		m    access.Member
		want error
	}{
		{"a person", access.Member{Name: "Ada Ames", Email: "ada@example.com", Role: "finance"}, nil},
		{"a name in any script", access.Member{Name: "王小明", Email: "ming@example.com", Role: "account_manager"}, nil},
		{"no name", access.Member{Name: " ", Email: "ada@example.com", Role: "finance"}, access.ErrMemberInvalid},
		{"a long name", access.Member{Name: strings.Repeat("a", 101), Email: "ada@example.com", Role: "finance"}, access.ErrMemberInvalid},
		{"a name of two lines", access.Member{Name: "Ada\nAmes", Email: "ada@example.com", Role: "finance"}, access.ErrMemberInvalid},
		{"no address", access.Member{Name: "Ada", Email: "ada", Role: "finance"}, access.ErrMemberInvalid},
		{"an address with a name", access.Member{Name: "Ada", Email: "Ada <ada@example.com>", Role: "finance"}, access.ErrMemberInvalid},
		{"a long address", access.Member{Name: "Ada", Email: strings.Repeat("a", 250) + "@example.com", Role: "finance"}, access.ErrMemberInvalid},
		{"no role", access.Member{Name: "Ada", Email: "ada@example.com", Role: "queen"}, access.ErrMemberInvalid},
		{"a program's role", access.Member{Name: "Ada", Email: "ada@example.com", Role: "platform"}, access.ErrMemberInvalid},
	} {
		if got := c.m.Check(); !errors.Is(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAMemberMayWhatTheRoleMay(t *testing.T) {
	for _, r := range access.StaffRoles() {
		by := access.Member{ID: "mbr_1", Role: r.Name, State: access.MemberActive}.Caller("192.0.2.1")
		if by.Name != "staff:mbr_1" || by.Trusted || by.Account != "" || by.Address != "192.0.2.1" || !slices.Equal(by.Scopes, r.Scopes) {
			t.Errorf("%s: got %+v, want the role's scopes and nothing else", r.Name, by)
		}
	}
	if by := (access.Member{ID: "mbr_1", Role: "gone"}).Caller(""); by.May(access.AccountsRead) == nil {
		t.Error("a role that is not in the table any more: got leave, want none")
	}
}

func TestRolesWithAScope(t *testing.T) {
	for _, c := range []struct {
		scope access.Scope
		want  []string
	}{
		{access.IdentityReview, []string{"risk_reviewer"}},
		{access.RefundsWrite, []string{"finance"}},
		{access.BankApprove, []string{"finance"}},
		{access.StaffWrite, []string{"operator"}},
	} {
		var got []string
		for _, r := range access.RolesWith(c.scope) {
			got = append(got, r.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.scope, got, c.want)
		}
	}
}
