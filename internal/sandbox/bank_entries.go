package sandbox

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// Kinds and states of the entries of a bank account.
const (
	bankTransfer = "transfer" // somebody paid in
	bankPayment  = "payment"  // the merchant paid somebody
	bankReversal = "reversal" // an earlier entry was undone
	bankFee      = "fee"      // the bank took something

	bankPending = "pending"
	bankBooked  = "booked"
	bankDropped = "dropped"
)

// A BankParty is who is at the other end.
type BankParty struct {
	Name    string `json:"name"`
	Account string `json:"account,omitempty"`
	BIC     string `json:"bic,omitempty"`
}

// A BankEntry is one movement on an account. Days are such as 2026-03-10; the amount
// is a decimal, below zero if it went out.
type BankEntry struct {
	Reference string `json:"reference"` // the bank's own
	Account   string `json:"account"`
	Kind      string `json:"kind"`
	State     string `json:"state"`
	Amount    string `json:"amount"`
	Currency  string `json:"currency"`
	Day       string `json:"day"` // on which it was booked; until then, announced
	ValueDay  string `json:"value_day"`
	Statement int    `json:"statement"` // number of the statement it is booked on; 0 until then
	Reverses  string `json:"reverses,omitempty"`
	AtUS      int64  `json:"at_us"`
	bankFacts

	seq   int64
	minor int64
	bank  bankRow
}

// bankFacts is what is known of an entry besides, as the state keeps it.
type bankFacts struct {
	To       string    `json:"to,omitempty"` // the number that was named, if not the account's own
	Rail     string    `json:"rail,omitempty"`
	Text     string    `json:"text,omitempty"`       // what the payer wrote
	Ref      string    `json:"structured,omitempty"` // creditor's reference, such as RF18…
	EndToEnd string    `json:"end_to_end,omitempty"`
	TxID     string    `json:"transaction,omitempty"`
	Other    BankParty `json:"other,omitzero"`
	Sent     string    `json:"sent,omitempty"` // decimal, if not what arrived
	SentIn   string    `json:"sent_currency,omitempty"`
	Charges  string    `json:"charges,omitempty"` // taken on the way, of what was sent
	Reason   string    `json:"reason,omitempty"`  // of a reversal, an ISO 20022 code
	Note     string    `json:"note,omitempty"`    // what the bank says in words
}

// rails are the ways that money comes and goes by: the family and sub-family of
// ISO 20022 in and out, the business transaction code of MT940 in and out, and the
// type of its :61:.
var bankRails = map[string]struct {
	family, outFamily, sub string
	code, outCode          string
	swift                  string
}{
	"sepa":         {"RCDT", "ICDT", "ESCT", "166", "116", "TRF"},
	"instant":      {"RRCT", "IRCT", "ESCT", "168", "118", "TRF"},
	"domestic":     {"RCDT", "ICDT", "DMCT", "051", "020", "TRF"},
	"cross_border": {"RCDT", "ICDT", "XBCT", "202", "201", "TRF"},
	"internal":     {"RCDT", "ICDT", "BOOK", "051", "020", "TRF"},
	"cash":         {"CNTR", "CNTR", "CDPT", "082", "083", "MSC"},
	"cheque":       {"RCHQ", "ICHQ", "CCHQ", "070", "001", "CHK"},
}

// bankRailUsual is taken if an order does not name one.
const bankRailUsual = "cross_border"

// newEntry is an entry of today on an account.
func (t *tx) newEntry(b bankRow, kind string, minor int64) *BankEntry {
	today := t.now.Format(time.DateOnly)
	return &BankEntry{Account: b.number, Kind: kind, State: bankBooked, Currency: string(b.currency), Day: today, ValueDay: today, AtUS: t.now.UnixMicro(),
		minor: minor, bank: b, Amount: b.in(minor).Decimal()}
}

// addEntry writes an entry, books it unless it is pending, and sees to it that its day
// will end.
func (t *tx) addEntry(e *BankEntry) error {
	n := int64(0)
	if _, err := t.w.store.row("SELECT coalesce(max(seq), 0) FROM bank_entries", nil, &n); err != nil {
		return err
	}
	e.seq = n + 1
	e.Reference = fmt.Sprintf("B%s%09d", t.now.Format("060102"), e.seq)
	if e.TxID == "" {
		e.TxID = "T" + t.w.randomText(20)
	}
	doc, err := json.Marshal(e.bankFacts)
	if err != nil {
		return err
	}
	if err := t.w.store.exec(`
		INSERT INTO bank_entries (seq, reference, account, kind, state, amount, day, value_day, end_to_end, reverses, doc, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		e.seq, e.Reference, e.Account, e.Kind, e.State, e.minor, e.Day, e.ValueDay, e.EndToEnd, e.Reverses, string(doc), e.AtUS); err != nil {
		return err
	}
	if e.State == bankBooked {
		if err := t.bookBankEntry(e); err != nil {
			return err
		}
	}
	return t.dayWillEnd(e.bank)
}

const bankEntryColumns = "seq, reference, account, kind, state, amount, day, value_day, statement, reverses, doc, at"

func scanBankEntry(b bankRow, scan func(...any) error) (*BankEntry, error) {
	e := &BankEntry{bank: b, Currency: string(b.currency)}
	var doc []byte
	if err := scan(&e.seq, &e.Reference, &e.Account, &e.Kind, &e.State, &e.minor, &e.Day, &e.ValueDay, &e.Statement, &e.Reverses, &doc, &e.AtUS); err != nil {
		return nil, err
	}
	e.Amount = b.in(e.minor).Decimal()
	return e, json.Unmarshal(doc, &e.bankFacts)
}

// bankEntry finds an entry by the bank's reference.
func (t *tx) bankEntry(reference string) (*BankEntry, error) {
	account := ""
	found, err := t.w.store.row("SELECT account FROM bank_entries WHERE reference = $1", []any{reference}, &account)
	if err != nil || !found {
		return nil, orElse(err, badOrder{"The pretend bank has no entry with this reference."})
	}
	b, err := t.bankAccount(account)
	if err != nil {
		return nil, err
	}
	var e *BankEntry
	err = t.w.store.each("SELECT "+bankEntryColumns+" FROM bank_entries WHERE reference = $1", []any{reference}, func(scan func(...any) error) (err error) {
		e, err = scanBankEntry(b, scan)
		return err
	})
	return e, err
}

// entriesWhere lists entries of an account in the order they came.
func (t *tx) entriesWhere(b bankRow, where string, args []any, do func(*BankEntry) error) error {
	return t.w.store.each("SELECT "+bankEntryColumns+" FROM bank_entries WHERE account = $1 AND "+where+" ORDER BY seq",
		append([]any{b.number}, args...), func(scan func(...any) error) error {
			e, err := scanBankEntry(b, scan)
			if err != nil {
				return err
			}
			return do(e)
		})
}

// BankEntries lists what happened on an account after the entry with that reference, ""
// for from the beginning, oldest first.
func (w *World) BankEntries(account, after string) (all []BankEntry, err error) {
	all = []BankEntry{}
	err = w.asSandbox(func(t *tx) error {
		b, err := t.bankAccount(account)
		if err != nil {
			return err
		}
		from := int64(0)
		if after != "" {
			last, err := t.bankEntry(after)
			if err != nil {
				return err
			}
			from = last.seq
		}
		return t.entriesWhere(b, "seq > $2", []any{from}, func(e *BankEntry) error {
			if len(all) < bankListMax {
				all = append(all, *e)
			}
			return nil
		})
	})
	return all, err
}

// parsePositive reads a decimal above zero.
func parsePositive(decimal string, c money.Currency) (money.Amount, error) {
	a, err := money.ParseAmount(decimal, c)
	if err != nil || !a.IsPositive() {
		return a, badOrder{fmt.Sprintf("An amount in %s is a decimal above zero, such as 12.00.", c)}
	}
	return a, nil
}
