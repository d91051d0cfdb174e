package bank

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/state"
)

// The ids of what a bank tells us: a file, a statement in it, and a line, which is one
// movement or one transaction of a batch.
type (
	FileID      string // "stf_01j8…"
	StatementID string // "bst_01j8…"
	LineID      string // "bln_01j8…"
)

// What may be wrong with statements and lines.
var (
	ErrStatementNotFound = fault.New(fault.NotFound, "statement_not_found", "there is no such bank statement")
	ErrStatementOwn      = fault.New(fault.Forbidden, "statement_own_import", "who imported a statement may not agree to it").WithNext("let another person look at the remarks and agree")
	ErrStatementNotHeld  = fault.New(fault.Conflict, "statement_not_held", "the statement does not wait for anybody's word")
	ErrLineNotFound      = fault.New(fault.NotFound, "bank_line_not_found", "there is no such bank line")
	ErrLineNotOpen       = fault.New(fault.Conflict, "bank_line_not_open", "the bank line is not waiting to be explained").WithNext("look at its present state")
	ErrLineHeld          = fault.New(fault.Conflict, "bank_line_held", "the line's statement waits for a person's word").WithNext("agree to the statement first")
	ErrLineKind          = fault.New(fault.Invalid, "bank_line_kind", "a line of this kind cannot be explained so")
)

// Statement is what a bank said about one of its accounts in one file.
type Statement struct {
	ID         StatementID
	File       FileID
	Place      int         // among the statements of the file, from 1
	Number     string      // of the account, in normal form; "" the file does not say
	Receiving  ReceivingID // "" while the account is none of ours
	Format     string      // "camt.053", "mt940" …
	BankID     string      // what the bank calls it
	Sequence   string      // among the account's statements; "" the bank does not count
	Page       string
	Currency   money.Currency // "" the file does not say
	First      string         // day of its first movement, "2026-03-08"; "" it has none
	Last       string
	Opening    *money.Amount // nil: the file gives none
	Closing    *money.Amount
	Credits    money.Amount // booked
	Debits     money.Amount
	Booked     int
	Pending    int
	Info       int    // entries that are no movements
	Proof      string // balanced, unbalanced, unproven
	Remarks    []Remark
	State      StatementState
	Reason     string // why it is aside or held; "" it is neither
	ImportedBy string
	ImportedAt time.Time
	AgreedBy   string
	AgreedAt   time.Time
	Note       string
}

// Remark is something about a statement that a person should see.
type Remark struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Place   string `json:"place,omitempty"`
}

// StatementState is how far a statement has come.
type StatementState string

// The states of a statement.
const (
	StatementTaken StatementState = "taken" // its movements are booked and matched
	StatementHeld  StatementState = "held"  // they are booked, and nothing is matched before a person agrees
	StatementAside StatementState = "aside" // it is about an account that is none of ours: kept, and not booked
)

// StatementEvent is something that happened to a statement.
type StatementEvent string

// The events of a statement.
const (
	Agree StatementEvent = "agree"
	Adopt StatementEvent = "adopt" // its account was added
	Doubt StatementEvent = "doubt" // its account was added, and it does not add up
)

// StatementTable is the life of a statement.
var StatementTable = state.Table[StatementState, StatementEvent]{
	StatementAside: {Adopt: StatementTaken, Doubt: StatementHeld},
	StatementHeld:  {Agree: StatementTaken},
	StatementTaken: {},
}

// Line is one movement on a bank account, or one transaction of a batch. What it says
// never changes: what the bank says otherwise later is another line.
type Line struct {
	ID         LineID
	Statement  StatementID
	Number     string // of the bank account, in normal form
	Receiving  ReceivingID
	Format     string
	Entry      int // place among the statement's entries, from 1
	Part       int // among the entry's transactions, from 1
	Parts      int
	Print      string // tells the movement from every other one, but for Occurrence
	Occurrence int    // among equal movements, from 1
	Core       string // fingerprint of account, day and amount alone
	Loose      string // what a pending entry and the booked one have in common
	State      LineState
	Incoming   bool
	Amount     money.Amount // above zero
	Reversal   bool         // it undoes an earlier movement
	BookedOn   string       // the bank's day, "2026-03-08"
	ValueOn    string       // from which it counts (R-WIRE-10)
	Reference  string       // the bank's own; "" it gave none
	EndToEnd   string       // the payer's
	Rail       Rail
	Payer      string // name of who paid, or of who was paid
	PayerFrom  string // their account, in normal form
	PaidTo     string // the account that the payer named, in normal form
	Structured string
	Text       string // what the payer wrote, and what the bank adds
	ReturnCode string // why it comes back
	Against    LineID // a conflict: the line that it contradicts
	DecidedBy  string
	Note       string
	At         time.Time
}

// LineState is what became of a line.
type LineState string

// The states of a line.
const (
	LinePending     LineState = "pending"     // the bank has not booked it yet
	LineSuperseded  LineState = "superseded"  // it was pending, and the bank has booked it since
	LineAside       LineState = "aside"       // its account is none of ours
	LineConflict    LineState = "conflict"    // it contradicts a line that is booked: a person decides
	LineDismissed   LineState = "dismissed"   // a person found it to be that line, told otherwise
	LineHeld        LineState = "held"        // booked; its statement waits for a person's word
	LineRemitted    LineState = "remitted"    // booked; it is a receipt, and its story goes on there
	LineUnexplained LineState = "unexplained" // booked; money that left, and nobody has said why
	LineExplained   LineState = "explained"   // booked, and accounted for
)

// LineEvent is something that happened to a line.
type LineEvent string

// The events of a line.
const (
	BankBooked LineEvent = "bank_booked"
	TakeUp     LineEvent = "take_up" // its account was added, or a person let it count
	Contradict LineEvent = "contradict"
	Dismiss    LineEvent = "dismiss"
	Receive    LineEvent = "receive" // it brings money
	Ask        LineEvent = "ask"     // it takes money away
	Explain    LineEvent = "explain"
)

// LineTable is the life of a line.
var LineTable = state.Table[LineState, LineEvent]{
	LinePending:     {BankBooked: LineSuperseded},
	LineSuperseded:  {},
	LineAside:       {TakeUp: LineHeld, Contradict: LineConflict},
	LineConflict:    {TakeUp: LineHeld, Dismiss: LineDismissed},
	LineDismissed:   {},
	LineHeld:        {Receive: LineRemitted, Ask: LineUnexplained},
	LineRemitted:    {},
	LineUnexplained: {Explain: LineExplained},
	LineExplained:   {},
}

// IsBooked tells whether the ledger has the line.
func (l Line) IsBooked() bool {
	switch l.State {
	case LineHeld, LineRemitted, LineUnexplained, LineExplained:
		return true
	}
	return false
}

// Signed is the amount as it changes the account.
func (l Line) Signed() money.Amount {
	if l.Incoming {
		return l.Amount
	}
	return l.Amount.Neg()
}

// noReferences are what banks write where they have none.
var noReferences = []string{"", "NONREF", "NOREF", "NOTPROVIDED", "NOTPROVIDE", "NONE", "NA", "0"}

// BankReference is a bank's reference if it is one, else "".
func BankReference(s string) string {
	s = strings.TrimSpace(s)
	if slices.Contains(noReferences, strings.ToUpper(strings.Trim(s, " /-"))) || strings.Trim(s, "0") == "" {
		return ""
	}
	return s
}

// Movement is what makes an entry of a bank statement this one and no other.
type Movement struct {
	Number    string // of the account
	Currency  money.Currency
	Signed    int64 // minor units
	BookedOn  string
	ValueOn   string
	Reference string   // the bank's, by BankReference
	Details   []string // everything else that it says, in its order
	Pending   bool
}

// Prints returns the movement's fingerprints: print is that of all that the bank says
// of it, which equal movements share; core is that of its account, day and amount;
// loose is what it had in common with itself before it was booked.
func (m Movement) Prints() (print, core, loose string) {
	core = fingerprint("core", m.Number, m.BookedOn, string(m.Currency), amountText(m.Signed))
	kind := "booked"
	if m.Pending {
		kind = "pending"
	}
	words := strings.Join(m.Details, "\x1f")
	print = fingerprint(kind, core, m.ValueOn, m.Reference, words)
	if m.Reference != "" {
		return print, core, fingerprint("loose", m.Number, m.Reference)
	}
	return print, core, fingerprint("loose", m.Number, string(m.Currency), amountText(m.Signed), words)
}

func amountText(n int64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	return string(b[:])
}

// fingerprint is 128 bits of the parts: who would make two alike would have to be the
// bank itself.
func fingerprint(parts ...string) string {
	b := make([]byte, 0, 256)
	for _, p := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// ExplanationKind says what a movement was.
type ExplanationKind string

// The kinds of explanation.
const (
	ExplainFee        ExplanationKind = "fee"        // the bank's, or what it pays us
	ExplainTransfer   ExplanationKind = "transfer"   // between our own accounts
	ExplainPayout     ExplanationKind = "payout"     // a provider's to us, or back
	ExplainWithdrawal ExplanationKind = "withdrawal" // a customer's balance that left
	ExplainReturn     ExplanationKind = "return"     // a receipt that was sent back
	ExplainReversal   ExplanationKind = "reversal"   // a receipt that the bank took back
)

// ExplanationKinds lists them in the order in which they are offered.
var ExplanationKinds = []ExplanationKind{ExplainFee, ExplainTransfer, ExplainPayout, ExplainWithdrawal, ExplainReturn, ExplainReversal}

// Explanation is a person's word on what a movement was, or on a part of it.
type Explanation struct {
	ID       string // "exp_01j8…"
	Line     LineID
	Kind     ExplanationKind
	Amount   money.Amount // above zero
	Incoming bool
	Subject  string // the receipt or withdrawal that it is about; "" none
	Account  account.ID
	Note     string
	By       string
	At       time.Time
}
