package access

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/bursar-pay/bursar/internal/fault"
)

// MemberID names a member of staff, such as "mbr_01j8…".
type MemberID string

// MemberState says whether a member of staff may come in.
type MemberState string

// The states of a member.
const (
	MemberActive   MemberState = "active"
	MemberDisabled MemberState = "disabled"
)

// Member is one person of the staff. Each has one role, and what the role may do is
// all that the person may. None is ever removed: the audit names them for good.
type Member struct {
	ID        MemberID
	Name      string
	Email     string // where links are mailed to, lower case; among active members it is one's own
	Role      string // the name of one of Roles
	State     MemberState
	Pretend   bool // made up by a sandbox installation, for anybody who tries it out
	CreatedAt time.Time
	ChangedAt time.Time
}

// What may be wrong with a member of staff.
var (
	ErrMemberNotFound = fault.New(fault.NotFound, "member_not_found", "there is no such member of staff")
	ErrMemberInvalid  = fault.New(fault.Invalid, "member_invalid", "the member of staff cannot be kept as described")
	ErrMemberTaken    = fault.New(fault.Conflict, "member_email_taken", "another active member of staff has this mail address").WithNext("disable that one first, or use another address")
	ErrMemberDisabled = fault.New(fault.Conflict, "member_disabled", "the member of staff is disabled").WithNext("enable them first")
	ErrMemberSelf     = fault.New(fault.Forbidden, "member_own_record", "nobody changes their own role or whether they may come in").WithNext("ask another person who may")
	ErrRoleAbove      = fault.New(fault.Forbidden, "role_above_own", "nobody gives a role that may do what they may not").WithNext("have it given at the command line with bursar staff, or with an API key that has every scope of the role")
	ErrLinkTooOften   = fault.New(fault.TooMany, "staff_link_too_often", "too many links were asked for").WithNext("wait an hour, or ask whoever runs the installation for a link")
	ErrStaffLink      = fault.New(fault.Unauthenticated, "staff_link_invalid", "the link or the session is over").WithNext("ask for a new link")
)

const (
	memberNameMax  = 100 // characters
	memberEmailMax = 254 // RFC 5321, 4.5.3.1.3
)

var memberEmail = regexp.MustCompile(`^[^@\s<>"]+@[^@\s<>"]+\.[^@\s<>"]+$`)

// programRoles are roles of programs: no person has them.
var programRoles = []string{"platform"}

// StaffRoles lists the roles that a person can have, in the order of Roles.
func StaffRoles() []Role {
	return slices.DeleteFunc(slices.Clone(Roles), func(r Role) bool { return slices.Contains(programRoles, r.Name) })
}

// RolesWith lists the staff roles that may do something, in the order of Roles.
func RolesWith(s Scope) []Role {
	return slices.DeleteFunc(StaffRoles(), func(r Role) bool { return Caller{Scopes: r.Scopes}.May(s) != nil })
}

// MayGive returns nil if c may make a person something: it may do all that the role
// may. So nobody makes up a colleague who approves what they propose themselves.
func (c Caller) MayGive(r Role) error {
	for _, s := range r.Scopes {
		if c.May(s) != nil {
			return ErrRoleAbove.Detail("the role %s may %s, which you may not", r.Name, s)
		}
	}
	return nil
}

// NormalEmail is how addresses are compared.
func NormalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Check returns nil if m can be kept, else what is wrong.
func (m Member) Check() error {
	switch n := len([]rune(m.Name)); {
	case strings.TrimSpace(m.Name) == "" || n > memberNameMax || strings.ContainsFunc(m.Name, unicode.IsControl):
		return ErrMemberInvalid.At("name").Detail("a name has 1 to %d characters", memberNameMax)
	case len(m.Email) > memberEmailMax || !memberEmail.MatchString(m.Email) || strings.ContainsFunc(m.Email, unicode.IsControl):
		return ErrMemberInvalid.At("email").Detail("this is no mail address").WithNext("write it like name@example.com")
	case !slices.ContainsFunc(StaffRoles(), func(r Role) bool { return r.Name == m.Role }):
		return ErrMemberInvalid.At("role").Detail("there is no such role for a person").WithNext("use one of: " + roleList())
	}
	return nil
}

func roleList() string {
	var names []string
	for _, r := range StaffRoles() {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}

// CallerName is how the audit names the member.
func (m Member) CallerName() string { return StaffPrefix + string(m.ID) }

// StaffPrefix begins the names of callers who are members of staff.
const StaffPrefix = "staff:"

// Caller returns the member as one who asks, from the given address.
func (m Member) Caller(address string) Caller {
	r, _ := RoleOf(m.Role)
	return Caller{Name: m.CallerName(), Scopes: r.Scopes, Address: address}
}
