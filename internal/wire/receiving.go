package wire

import "github.com/bursar-pay/bursar/internal/bank"

// ReceivingAccount is one of the seller's bank accounts, to which customers transfer
// money.
type ReceivingAccount struct {
	Object      string   `json:"object" enum:"receiving_account"`
	ID          string   `json:"id" example:"rac_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Seller      string   `json:"seller" doc:"Its code in the policy."`
	Country     string   `json:"country" doc:"ISO 3166-1 code of where it is held."`
	Serves      []string `json:"serves" nullable:"false" doc:"Countries of the customers that it is for; none: all that no other account of the currency names."`
	Currency    string   `json:"currency"`
	Bank        string   `json:"bank"`
	BankAddress *string  `json:"bank_address"`
	BIC         *string  `json:"bic"`
	Holder      string   `json:"holder"`
	Scheme      string   `json:"scheme" enum:"iban,us,mx_clabe,cn,jp,gb,au,hk,sg,other"`
	BankCode    *string  `json:"bank_code" doc:"Routing number, sort code and so on; null with an IBAN."`
	Number      string   `json:"number" doc:"Without spaces."`
	Rails       []string `json:"rails" nullable:"false" doc:"What it takes: swift, sepa, ach and others."`
	Shared      bool     `json:"shared" doc:"Customers without a number of their own pay to it, under a reference."`
	OpenedAt    string   `json:"opened_at" format:"date-time"`
	ClosedAt    *string  `json:"closed_at" format:"date-time"`
	Pools       []Pool   `json:"pools,omitempty" doc:"Where accounts are listed."`
}

// Pool is where customers' own account numbers come from.
type Pool struct {
	Object    string  `json:"object" enum:"number_pool"`
	ID        string  `json:"id" example:"vpl_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Receiving string  `json:"receiving_account"`
	Kind      string  `json:"kind" enum:"range,list"`
	BankCode  *string `json:"bank_code" doc:"Of a range: what every number begins with, without check digits."`
	Prefix    *string `json:"prefix" doc:"Of a range: what follows in every number."`
	Next      int64   `json:"next" doc:"The counter of the next number."`
	Last      int64   `json:"last"`
	Left      int64   `json:"left" doc:"How many numbers there are still."`
	WarnAt    int64   `json:"warn_at" doc:"So many left, and an event says so."`
	OpenedAt  string  `json:"opened_at" format:"date-time"`
}

// VirtualAccount is an account number that is one customer's alone.
type VirtualAccount struct {
	Object     string  `json:"object" enum:"virtual_account"`
	ID         string  `json:"id" example:"vac_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account    string  `json:"account"`
	Receiving  string  `json:"receiving_account"`
	Pool       string  `json:"pool"`
	Number     string  `json:"number" doc:"Without spaces."`
	AssignedAt string  `json:"assigned_at" format:"date-time"`
	AssignedBy string  `json:"assigned_by"`
	RetiredAt  *string `json:"retired_at" format:"date-time" doc:"When the bank account behind it was closed; null while it is in use. The number is never another customer's."`
}

// ReceivingDetails is how a customer transfers money.
type ReceivingDetails struct {
	Object      string   `json:"object" enum:"receiving_details"`
	Account     string   `json:"account"`
	Dedicated   bool     `json:"dedicated" doc:"The number is the customer's own: what comes to it is credited by itself. If not, the reference must be written."`
	Seller      string   `json:"seller" doc:"Whom the money is for."`
	Holder      string   `json:"holder"`
	Bank        string   `json:"bank"`
	BankAddress *string  `json:"bank_address"`
	Country     string   `json:"country"`
	Currency    string   `json:"currency"`
	BIC         *string  `json:"bic"`
	Scheme      string   `json:"scheme" enum:"iban,us,mx_clabe,cn,jp,gb,au,hk,sg,other"`
	BankCode    *string  `json:"bank_code"`
	Number      string   `json:"number" doc:"Without spaces."`
	Shown       string   `json:"shown_number" doc:"As people read it."`
	Reference   *string  `json:"reference" doc:"ISO 11649; null with a number of the customer's own."`
	Rails       []string `json:"rails" nullable:"false"`
	LeastDays   int      `json:"least_days" doc:"Business days until the money is seen."`
	MostDays    int      `json:"most_days"`
}

// OfReceivingAccount shapes one of our bank accounts.
func OfReceivingAccount(r bank.ReceivingAccount) ReceivingAccount {
	return ReceivingAccount{
		Object: "receiving_account", ID: string(r.ID), Seller: r.Seller, Country: r.Country, Serves: append([]string{}, r.Serves...), Currency: string(r.Currency),
		Bank: r.Bank, BankAddress: MaybeText(r.BankAddress), BIC: MaybeText(r.BIC), Holder: r.Holder, Scheme: string(r.Scheme), BankCode: MaybeText(r.BankCode),
		Number: r.Number, Rails: OfRails(r.Rails), Shared: r.Shared, OpenedAt: Instant(r.OpenedAt), ClosedAt: Maybe(r.ClosedAt),
	}
}

// OfRails shapes rails.
func OfRails(rails []bank.Rail) []string {
	shapes := make([]string, 0, len(rails))
	for _, r := range rails {
		shapes = append(shapes, string(r))
	}
	return shapes
}

// OfPool shapes a pool.
func OfPool(p bank.Pool) Pool {
	return Pool{
		Object: "number_pool", ID: string(p.ID), Receiving: string(p.Receiving), Kind: string(p.Kind), BankCode: MaybeText(p.BankCode), Prefix: MaybeText(p.Prefix),
		Next: p.Next, Last: p.Last, Left: p.Left(), WarnAt: p.WarnAt, OpenedAt: Instant(p.OpenedAt),
	}
}

// OfVirtualAccount shapes a customer's own account number.
func OfVirtualAccount(v bank.VirtualAccount) VirtualAccount {
	return VirtualAccount{
		Object: "virtual_account", ID: string(v.ID), Account: string(v.Account), Receiving: string(v.Receiving), Pool: string(v.Pool), Number: v.Number,
		AssignedAt: Instant(v.AssignedAt), AssignedBy: v.AssignedBy, RetiredAt: Maybe(v.RetiredAt),
	}
}

// ReceivingChange is somebody's proposal to change where customers transfer money to.
type ReceivingChange struct {
	Object     string          `json:"object" enum:"receiving_change"`
	ID         string          `json:"id" example:"rcc_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Kind       string          `json:"kind" enum:"open,close,pool" doc:"A bank account is added, one is closed, or numbers are added that customers are given."`
	Receiving  string          `json:"receiving_account" doc:"That it is about; of one to be added, the id that it will have."`
	Account    *ReceivingTerms `json:"account,omitempty" doc:"What is to be added; left out of the other kinds."`
	Pool       *PoolTerms      `json:"pool,omitempty" doc:"The numbers that are to be added; left out of the other kinds."`
	Reason     string          `json:"reason"`
	State      string          `json:"state" enum:"proposed,agreed,refused,withdrawn"`
	ProposedBy string          `json:"proposed_by"`
	ProposedAt string          `json:"proposed_at" format:"date-time"`
	DecidedBy  *string         `json:"decided_by" doc:"Never who proposed it."`
	DecidedAt  *string         `json:"decided_at" format:"date-time"`
	Note       *string         `json:"note"`
}

// ReceivingTerms is a bank account that is to be added.
type ReceivingTerms struct {
	Seller      string   `json:"seller"`
	Country     string   `json:"country"`
	Serves      []string `json:"serves" nullable:"false"`
	Currency    string   `json:"currency"`
	Bank        string   `json:"bank"`
	BankAddress *string  `json:"bank_address"`
	BIC         *string  `json:"bic"`
	Holder      string   `json:"holder"`
	Scheme      string   `json:"scheme"`
	BankCode    *string  `json:"bank_code"`
	Number      string   `json:"number" doc:"Without spaces."`
	Rails       []string `json:"rails" nullable:"false"`
	Shared      bool     `json:"shared"`
}

// PoolTerms are numbers that are to be added.
type PoolTerms struct {
	ID       string   `json:"id" doc:"That the pool will have."`
	Kind     string   `json:"kind" enum:"range,list"`
	BankCode *string  `json:"bank_code"`
	Prefix   *string  `json:"prefix"`
	First    int64    `json:"first"`
	Last     int64    `json:"last"`
	WarnAt   int64    `json:"warn_at"`
	Numbers  []string `json:"numbers,omitempty" doc:"Of a list, where one change is fetched."`
}

// OfReceivingChange shapes a proposal.
func OfReceivingChange(c bank.Change) ReceivingChange {
	shape := ReceivingChange{
		Object: "receiving_change", ID: string(c.ID), Kind: string(c.Kind), Receiving: string(c.Receiving), Reason: c.Reason, State: string(c.State), ProposedBy: c.ProposedBy,
		ProposedAt: Instant(c.ProposedAt), DecidedBy: MaybeText(c.DecidedBy), DecidedAt: Maybe(c.DecidedAt), Note: MaybeText(c.Note),
	}
	switch r, p := c.Account, c.Pool; c.Kind {
	case bank.OpenReceiving:
		shape.Account = &ReceivingTerms{
			Seller: r.Seller, Country: r.Country, Serves: append([]string{}, r.Serves...), Currency: string(r.Currency), Bank: r.Bank, BankAddress: MaybeText(r.BankAddress),
			BIC: MaybeText(r.BIC), Holder: r.Holder, Scheme: string(r.Scheme), BankCode: MaybeText(r.BankCode), Number: r.Number, Rails: OfRails(r.Rails), Shared: r.Shared,
		}
	case bank.AddNumbers:
		shape.Pool = &PoolTerms{
			ID: string(p.ID), Kind: string(p.Kind), BankCode: MaybeText(p.BankCode), Prefix: MaybeText(p.Prefix), First: p.Next, Last: p.Last, WarnAt: p.WarnAt, Numbers: c.Numbers,
		}
	}
	return shape
}
