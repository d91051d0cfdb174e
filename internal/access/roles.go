package access

import "slices"

// Role is a name for what a kind of staff or program needs.
type Role struct {
	Name   string
	About  string
	Scopes []Scope
}

// Roles says what each role may do, and nothing else says it. None of them is a
// customer: a caller who is bound to an account never sees an identity check as staff
// does, whatever scopes it has.
var Roles = []Role{
	{"platform", "the platform's own servers", []Scope{AccountsWrite, MethodsWrite, UsageWrite, BillsWrite, OrdersWrite, FundsWrite, CreditRead, SessionsWrite, WebhooksRead}},
	{"support", "helps customers, and looks but does not decide", []Scope{AccountsRead, MethodsRead, UsageRead, BillsRead, OrdersRead, FundsRead, CreditRead, SessionsWrite}},
	{"account_manager", "looks after customers with credit: proposes lines, claims what they transferred", []Scope{
		AccountsRead, MethodsRead, UsageRead, BillsRead, OrdersRead, FundsRead, BankWrite, CreditWrite, SessionsWrite,
	}},
	{"risk_reviewer", "opens the documents of identity checks and decides on them", []Scope{AccountsRead, MethodsRead, BillsRead, IdentityRead, IdentityReview}},
	{"risk_officer", "writes the rules of risk, and looks at what they stopped; opens no documents", []Scope{AccountsRead, MethodsRead, BillsRead, IdentityRead, PolicyWrite}},
	{"finance", "gives money back, collects what is owed, decides on what account managers propose, and reads the books", []Scope{
		AccountsRead, MethodsRead, UsageRead, BillsWrite, OrdersWrite, RefundsWrite, FundsWrite, BankWrite, BankApprove, CreditWrite, CreditApprove, BooksRead,
	}},
	{"auditor", "reads everything but documents, and changes nothing", []Scope{
		AccountsRead, MethodsRead, UsageRead, BillsRead, BooksRead, PolicyRead, WebhooksRead, KeysRead, IdentityRead,
		OrdersRead, FundsRead, BankRead, CreditRead, StaffRead,
	}},
	{"operator", "runs the installation", []Scope{BooksRead, PolicyWrite, WebhooksWrite, KeysWrite, StaffWrite, ClockWrite}},
}

// RoleOf finds a role by its name.
func RoleOf(name string) (Role, bool) {
	i := slices.IndexFunc(Roles, func(r Role) bool { return r.Name == name })
	if i < 0 {
		return Role{}, false
	}
	return Roles[i], true
}
