package wire

// WaysToPay is what an account may pay with, and how far its usage is from being
// charged.
type WaysToPay struct {
	Object    string  `json:"object" enum:"ways_to_pay"`
	Account   string  `json:"account"`
	Region    string  `json:"region" example:"eu"`
	Policy    string  `json:"policy" doc:"The version that rules."`
	Offers    []Offer `json:"offers" nullable:"false"`
	Threshold Amount  `json:"threshold" doc:"Usage is charged when it reaches this, as it stands for the preferred payment method; zero for a credit customer."`
	Held      *Hold   `json:"held,omitempty" doc:"The live hold on usage; absent if there is none."`
	Exposure  Amount  `json:"exposure" doc:"Usage that is not collected yet."`
	Owed      Amount  `json:"owed" doc:"Open debts."`
	Balance   Amount  `json:"balance" doc:"What is held for the customer."`
}

// Offer is one way to pay.
type Offer struct {
	Kind      string      `json:"kind" example:"card"`
	Available bool        `json:"available"`
	Reasons   []Objection `json:"reasons,omitempty" doc:"Why it is not available."`
	Brands    []string    `json:"brands,omitempty" doc:"Of cards that may be used."`
	Hold      *Amount     `json:"hold,omitempty" doc:"That verifies it; absent if it needs none."`
	Threshold *Amount     `json:"threshold,omitempty" doc:"From which usage is collected, the account's own if it moves; absent if nothing but the bill asks for it."`
	Exposure  *Amount     `json:"exposure_hold,omitempty" doc:"The hold that covers running usage while it is preferred, as it would be placed now; absent if there is none."`
	Challenge bool        `json:"challenge" doc:"3-D Secure is always run when it is added."`
}

// Objection is one thing that stands against something.
type Objection struct {
	Code   string `json:"code" doc:"Decide by this: it stays the same for ever."`
	Title  string `json:"title,omitempty" doc:"What it is about, in the language asked for; absent where it concerns no payer."`
	Detail string `json:"detail"`
	Place  string `json:"place,omitempty"`
	Next   string `json:"next,omitempty" doc:"What can be done now; in the language asked for where it concerns a payer."`
}

// UsageReport says what became of a batch's lines: each is counted once.
type UsageReport struct {
	Object   string    `json:"object" enum:"usage_report"`
	Recorded int       `json:"recorded" doc:"New, and to be collected."`
	Repeated int       `json:"repeated" doc:"Were there already."`
	Tax      int       `json:"tax" doc:"New rows of tax: kept, and never collected."`
	Rounded  int       `json:"rounded" doc:"Had more than 12 decimals and were rounded half to even at the 12th."`
	BadCount int       `json:"bad_count" doc:"Were refused, with leave to skip them."`
	Bad      []BadLine `json:"bad" nullable:"false" doc:"The first hundred of them."`
}

// BadLine is a line of usage that was refused, and why.
type BadLine struct {
	Row int `json:"row" doc:"From 1, in the order of the batch."`
	Objection
}

// Usage is an account's usage of a month.
type Usage struct {
	Object   string         `json:"object" enum:"usage"`
	Account  string         `json:"account"`
	Month    *string        `json:"month" doc:"As asked for; null stands for the month of this moment."`
	Products []ProductUsage `json:"products" nullable:"false"`
	Days     []DayUsage     `json:"days,omitzero" nullable:"false" doc:"The same usage by day and product, the oldest day first; there when asked for by day. Days of months before are usage that came after their bill."`
}

// ProductUsage is the exact sum of an account's usage of one product.
type ProductUsage struct {
	Product string `json:"product"`
	Lines   int64  `json:"lines"`
	Usage   Amount `json:"usage"`
}

// DayUsage is the exact sum of a day's usage of one product.
type DayUsage struct {
	Day string `json:"day" format:"date" doc:"In the account's zone."`
	ProductUsage
}

// Happening is one line of what was done to an object.
type Happening struct {
	At     string `json:"at" format:"date-time"`
	By     string `json:"by" example:"key_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Action string `json:"action" example:"payment_method.activated"`
	Detail any    `json:"detail"`
}

// BillRun says how far closing the months of all accounts has come.
type BillRun struct {
	Object  string `json:"object" enum:"bill_run"`
	Month   string `json:"month" example:"2024-09"`
	Closed  int    `json:"closed" doc:"Accounts whose bill was issued by this run."`
	Charged int    `json:"charged" doc:"Of those, with something to be charged."`
	Failed  int    `json:"failed" doc:"Accounts that could not be closed; the next run tries them again."`
}

// Policy is a version of what the installation allows.
type Policy struct {
	Object      string  `json:"object" enum:"policy"`
	Version     string  `json:"version"`
	EffectiveAt *string `json:"effective_at" format:"date-time" doc:"Null for the one that is built in."`
	AppliedAt   *string `json:"applied_at" format:"date-time" doc:"Null for the one that is built in."`
	AppliedBy   *string `json:"applied_by"`
	Document    string  `json:"document,omitempty" doc:"The policy itself, in YAML; only in lists."`
}

// PolicyCheck is what a policy would change.
type PolicyCheck struct {
	Object  string          `json:"object" enum:"policy_check"`
	Version string          `json:"version"`
	Changes []PolicyChange  `json:"changes" nullable:"false"`
	Touched []TouchedMethod `json:"touched" nullable:"false" doc:"Bound methods that could not be charged any more."`
}

// PolicyChange is one way in which a policy differs from the one that rules.
type PolicyChange struct {
	Field  string `json:"field"`
	Text   string `json:"text"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// TouchedMethod is a bound method that a policy withdraws, and why.
type TouchedMethod struct {
	Method  string      `json:"payment_method"`
	Account string      `json:"account"`
	Reasons []Objection `json:"reasons" nullable:"false"`
}

// Clock is the installation's clock.
type Clock struct {
	Object     string `json:"object" enum:"clock"`
	Now        string `json:"now" format:"date-time"`
	CanAdvance bool   `json:"can_be_advanced" doc:"Only in a sandbox installation."`
}

// Link is an address that lets somebody in, once.
type Link struct {
	Object    string `json:"object" enum:"link"`
	URL       string `json:"url"`
	ExpiresAt string `json:"expires_at" format:"date-time"`
}

// Balance is a ledger account summed over all customers.
type Balance struct {
	Object        string `json:"object" enum:"balance"`
	LedgerAccount string `json:"ledger_account" example:"customer_receivable"`
	Debit         Amount `json:"debit"`
	Credit        Amount `json:"credit"`
}

// Entry is one balanced booking.
type Entry struct {
	Object   string    `json:"object" enum:"entry"`
	ID       string    `json:"id" example:"ent_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Kind     string    `json:"kind" example:"payment_captured"`
	Account  string    `json:"account"`
	Subject  string    `json:"subject" doc:"The debt or payment that it books."`
	Amount   Amount    `json:"amount" doc:"The sum of its debits."`
	Postings []Posting `json:"postings" nullable:"false"`
	BookedAt string    `json:"booked_at" format:"date-time"`
}

// Posting is one line of an entry.
type Posting struct {
	LedgerAccount string `json:"ledger_account"`
	Debit         Amount `json:"debit"`
	Credit        Amount `json:"credit"`
}

// Verification says whether the books prove themselves.
type Verification struct {
	Object   string  `json:"object" enum:"verification"`
	Verified bool    `json:"verified"`
	Checked  int64   `json:"checked" doc:"Rows that the checks were about."`
	Checks   []Check `json:"checks" nullable:"false"`
}

// Check is one promise of the books, and where it is broken.
type Check struct {
	Name         string          `json:"name"`
	Title        string          `json:"title"`
	OK           bool            `json:"ok"`
	Checked      int64           `json:"checked"`
	ProblemCount int64           `json:"problem_count"`
	Problems     []BrokenPromise `json:"problems" nullable:"false" doc:"The first of them."`
}

// BrokenPromise is one place where a promise of the books is broken.
type BrokenPromise struct {
	Where string `json:"where"`
	What  string `json:"what"`
}
