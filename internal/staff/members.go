package staff

import (
	"net/http"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
)

// roleView is a role, and what it may do.
type roleView struct{ Code, Name, About, Scopes string }

func showMembers(v *visit) error {
	list, next, err := v.office().Members(v.ctx(), v.by, v.part())
	if err != nil {
		return err
	}
	var members []memberView
	for _, m := range list {
		one := memberOf(m)
		r, _ := access.RoleOf(m.Role)
		one.Self, one.Above = m.ID == v.member.ID, v.by.MayGive(r) != nil
		members = append(members, one)
	}
	var roles []roleView
	for _, r := range access.StaffRoles() {
		var scopes []string
		for _, s := range r.Scopes {
			scopes = append(scopes, string(s))
		}
		roles = append(roles, roleView{Code: r.Name, Name: label(r.Name), About: sentence(r.About), Scopes: strings.Join(scopes, ", ")})
	}
	v.show(http.StatusOK, "members.html", map[string]any{"Members": members, "Roles": roles, "Gives": v.gives(), "More": v.more(next), "May": v.may(access.StaffWrite)})
	return nil
}

// gives lists the roles that whoever looks may give to others.
func (v *visit) gives() []roleView {
	var list []roleView
	for _, r := range access.StaffRoles() {
		if v.by.MayGive(r) == nil {
			list = append(list, roleView{Code: r.Name, Name: label(r.Name)})
		}
	}
	return list
}

func addMember(v *visit) error {
	f := v.r.PostForm
	_, err := v.office().AddMember(v.ctx(), v.by, office.NewMember{Name: strings.TrimSpace(f.Get("name")), Email: f.Get("email"), Role: f.Get("role")})
	return v.toMembers(err)
}

func changeRole(v *visit) error {
	_, err := v.office().ChangeMember(v.ctx(), v.by, v.memberID(), office.MemberChange{Role: v.r.PostForm.Get("role")})
	return v.toMembers(err)
}

func disableMember(v *visit) error {
	_, err := v.office().DisableMember(v.ctx(), v.by, v.memberID())
	return v.toMembers(err)
}

func enableMember(v *visit) error {
	_, err := v.office().EnableMember(v.ctx(), v.by, v.memberID())
	return v.toMembers(err)
}

func signMemberOut(v *visit) error {
	_, err := v.office().EndSessions(v.ctx(), v.by, v.memberID())
	return v.toMembers(err)
}

func (v *visit) memberID() access.MemberID { return access.MemberID(v.r.PathValue("id")) }

func (v *visit) toMembers(err error) error {
	if err == nil {
		v.to("/staff/members")
	}
	return err
}
