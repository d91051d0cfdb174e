// Package access says who is calling and what each role may do. It is a table
// to be read, not a mechanism: the office asks May at the top of an operation.
package access

import (
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
)

// Scope is one thing that an API key may do.
type Scope string

// The scopes of API keys. Write includes read.
const (
	AccountsRead   Scope = "accounts:read"
	AccountsWrite  Scope = "accounts:write"
	MethodsRead    Scope = "methods:read"
	MethodsWrite   Scope = "methods:write"
	UsageRead      Scope = "usage:read"
	UsageWrite     Scope = "usage:write"
	BillsRead      Scope = "bills:read"
	BillsWrite     Scope = "bills:write"   // runs month closes, pays debts
	RefundsWrite   Scope = "refunds:write" // gives back what was paid: staff's alone (R-REFUND-06)
	BooksRead      Scope = "books:read"    // ledger, audit, verification
	PolicyRead     Scope = "policy:read"
	PolicyWrite    Scope = "policy:write"
	WebhooksRead   Scope = "webhooks:read"
	WebhooksWrite  Scope = "webhooks:write"
	KeysRead       Scope = "keys:read"
	KeysWrite      Scope = "keys:write"
	IdentityRead   Scope = "identity:read"   // the queue of identity checks, what risk stopped, and who looked at documents
	IdentityReview Scope = "identity:review" // opens documents and decides: staff's alone, never a customer's
	OrdersRead     Scope = "orders:read"
	OrdersWrite    Scope = "orders:write"   // places, pays and cancels orders; bills:write includes it
	FundsRead      Scope = "funds:read"     // balance, cash applications, how to transfer money
	FundsWrite     Scope = "funds:write"    // applies a balance, tops it up, sets the switch of automatic cash application
	BankRead       Scope = "bank:read"      // statements, receipts and claims: staff's alone
	BankWrite      Scope = "bank:write"     // imports statements, claims receipts, explains movements, proposes withdrawals
	BankApprove    Scope = "bank:approve"   // decides on what another person claimed or proposed (R-WIRE-06)
	CreditRead     Scope = "credit:read"    // an account's credit line
	CreditWrite    Scope = "credit:write"   // proposes credit lines (R-CRED-04)
	CreditApprove  Scope = "credit:approve" // decides on what another person proposed
	StaffRead      Scope = "staff:read"
	StaffWrite     Scope = "staff:write"    // says who is staff, and in which role
	SessionsWrite  Scope = "sessions:write" // links into the console for a customer
	ClockWrite     Scope = "clock:write"    // advances a sandbox installation's clock
)

// Scopes lists every scope, in the order in which they are shown.
var Scopes = []Scope{
	AccountsRead, AccountsWrite, MethodsRead, MethodsWrite, UsageRead, UsageWrite, BillsRead, BillsWrite, RefundsWrite,
	BooksRead, PolicyRead, PolicyWrite, WebhooksRead, WebhooksWrite, KeysRead, KeysWrite, IdentityRead, IdentityReview,
	OrdersRead, OrdersWrite, FundsRead, FundsWrite, BankRead, BankWrite, BankApprove, CreditRead, CreditWrite, CreditApprove, StaffRead, StaffWrite,
	SessionsWrite, ClockWrite,
}

// Caller is who asks. The audit chain names it.
type Caller struct {
	Name    string     // "key_…", "console:acct_…", "cli", "job", "provider:stripe"
	Scopes  []Scope    // what it may do; ignored for Trusted callers
	Account account.ID // when set, the caller may touch this account alone
	Trusted bool       // the operator's own process: command line, jobs
	Address string     // where the request came from, for limits and consent; "" unknown
	Since   time.Time  // when a person proved who they are; zero for keys and programs
}

// What the office answers to callers who may not.
var (
	ErrForbidden    = fault.New(fault.Forbidden, "forbidden", "the key may not do this").WithNext("use a key that has the scope named here")
	ErrScopeUnknown = fault.New(fault.Invalid, "scope_unknown", "there is no such scope").WithNext("use some of: " + scopeList() + ", or all")
)

// CommandLine is the operator at the machine.
var CommandLine = Caller{Name: "cli", Trusted: true}

// Jobs is Bursar itself, doing what it promised.
var Jobs = Caller{Name: "job", Trusted: true}

// unbound are the scopes that reach beyond any one account. A caller who is bound to
// an account never has them, whatever it was given.
var unbound = []Scope{
	BooksRead, PolicyRead, PolicyWrite, WebhooksWrite, KeysRead, KeysWrite, IdentityRead, IdentityReview,
	BankRead, BankWrite, BankApprove, CreditWrite, CreditApprove, StaffRead, StaffWrite, ClockWrite,
}

// May returns nil if c has the scope, or one that includes it.
func (c Caller) May(s Scope) error {
	if c.Account != "" && slices.Contains(unbound, s) {
		return ErrForbidden.Detail("the scope %s reaches beyond one account", s)
	}
	if c.Trusted || slices.Contains(c.Scopes, s) {
		return nil
	}
	if noun, ok := strings.CutSuffix(string(s), ":read"); ok && slices.Contains(c.Scopes, Scope(noun+":write")) {
		return nil
	}
	if wider, ok := within[s]; ok && c.May(wider) == nil {
		return nil
	}
	return ErrForbidden.Detail("the key lacks the scope %s", s)
}

// within says which scope includes another one that was made out of it later, so
// that keys that were given before go on working.
var within = map[Scope]Scope{OrdersRead: BillsRead, OrdersWrite: BillsWrite}

// MayTouch returns nil if c may see this account. To a caller bound to another
// account it does not exist, so the answer is the one for a missing account.
func (c Caller) MayTouch(a account.ID) error {
	if c.Account == "" || c.Account == a {
		return nil
	}
	return account.ErrNotFound
}

// ParseScopes reads a comma-separated list of scopes and names of roles; "all" means
// every scope.
func ParseScopes(list string) ([]Scope, error) {
	if list == "all" {
		return slices.Clone(Scopes), nil
	}
	var out []Scope
	for _, s := range strings.Split(list, ",") {
		name := strings.TrimSpace(s)
		scopes := []Scope{Scope(name)}
		if r, ok := RoleOf(name); ok {
			scopes = r.Scopes
		} else if !slices.Contains(Scopes, scopes[0]) {
			return nil, ErrScopeUnknown
		}
		for _, scope := range scopes {
			if !slices.Contains(out, scope) {
				out = append(out, scope)
			}
		}
	}
	return out, nil
}

func scopeList() string {
	var names []string
	for _, s := range Scopes {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}
