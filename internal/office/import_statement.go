package office

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"hash/fnv"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/statement"
	"github.com/bursar-pay/bursar/internal/store"
)

const (
	statementsMax   = 20_000 // in one file
	fileNameMax     = 200
	importBatch     = 1_000 // entries that one transaction takes
	bankTextMax     = 2_000 // bytes of what a payer wrote
	bankNameMax     = 200
	referenceMaxLen = 140
)

// What may stand against importing a file.
var (
	ErrFileChanged       = fault.New(fault.Conflict, "statement_file_changed", "the file changed while it was read").WithNext("import it again once it is whole; what was taken of it is taken once")
	ErrTooManyStatements = fault.New(fault.TooLarge, "statements_too_many", "the file has too many statements").WithNext("ask the bank for one file a day")
	ErrLayoutFormat      = fault.New(fault.Invalid, "statement_layout_format", "a layout is for CSV only").WithNext("leave the format out, or the layout")
	ErrStatementNameless = fault.New(fault.Invalid, "statement_account_unsaid", "the file does not say which bank account it is about").WithNext("say it: name the account's number beside the file")
)

// StatementImport is what came of a file.
type StatementImport struct {
	File       store.StatementFile
	IsKnown    bool // its bytes were imported before: nothing was done
	Statements []bank.Statement
	New        int // movements that were booked
	Known      int // that were there already
	Aside      int // that wait for their account to be added
	Conflicts  int // that contradict what is booked, and wait for a person
	Pending    int // that the bank has not booked yet
	Credited   int // receipts that are on a customer's balance
	Waiting    int // receipts that somebody has to claim
}

// add takes what came of a part of the file.
func (s *StatementImport) add(t StatementImport) {
	s.New += t.New
	s.Known += t.Known
	s.Aside += t.Aside
	s.Conflicts += t.Conflicts
	s.Pending += t.Pending
	s.Credited += t.Credited
	s.Waiting += t.Waiting
}

// mayBank is the question before what is staff's alone.
func mayBank(by access.Caller, s access.Scope) error {
	if by.Account != "" {
		return access.ErrForbidden.Detail("a customer does not work the bank's statements")
	}
	return by.May(s)
}

// mayNote is mayBank for what is not done without a reason. Who has no right to do it is
// not told what is wrong with the reason.
func mayNote(by access.Caller, s access.Scope, note string) error {
	if err := mayBank(by, s); err != nil {
		return err
	}
	return bank.CheckNote(note)
}

// StatementOptions say how a file of bank statements is read, in a name that doors may
// use.
type StatementOptions = statement.Options

// ReadStatementsAs says how a file is read whose sender names its format, "" or "auto" not,
// or describes the columns of a CSV, in YAML or JSON.
func ReadStatementsAs(format string, layout []byte) (StatementOptions, error) {
	var options StatementOptions
	if format != "" && format != "auto" {
		options.Format = statement.Format(format)
	}
	if len(layout) == 0 {
		return options, nil
	}
	if options.Format != "" && options.Format != statement.CSV {
		return options, ErrLayoutFormat
	}
	parsed, err := statement.ParseLayout(layout)
	options.Layout = parsed
	return options, err
}

// ImportStatement takes a file of bank statements. It is gone through twice: whole, to
// see that it can be trusted, and then to take it. A broken one is refused with the place,
// and nothing of it is kept. What is there already counts once, however often and in
// whatever other files it comes (R-WIRE-04).
func (o *Office) ImportStatement(ctx context.Context, by access.Caller, name string, file io.ReadSeeker, options statement.Options) (StatementImport, error) {
	return o.ImportStatementFor(ctx, by, "", name, file, options)
}

// ImportStatementFor is ImportStatement for a file that does not say which account it
// is about, as CSV often does not.
func (o *Office) ImportStatementFor(ctx context.Context, by access.Caller, number, name string, file io.ReadSeeker, options statement.Options) (StatementImport, error) {
	var done StatementImport
	if err := mayBank(by, access.BankWrite); err != nil {
		return done, err
	}
	var k keeping
	surveys, f, err := o.survey(file, options, &k)
	if err != nil {
		return done, err
	}
	number = bank.NormalNumber(number)
	if err := o.mayName(ctx, surveys, number); err != nil {
		return done, err
	}
	f.ID, f.Name, f.ImportedBy, f.ImportedAt = bank.FileID(o.IDs.New("stf_")), plainText(name, fileNameMax), by.Name, o.Now()
	if err := o.Store.Update(ctx, func(tx *store.Tx) error {
		done.File, err = tx.AddStatementFile(ctx, f)
		return err
	}); err != nil {
		return done, err
	}
	if done.IsKnown = !done.File.ReadAt.IsZero(); done.IsKnown {
		return done, o.listStatements(ctx, &done)
	}
	r := &importing{office: o, ctx: ctx, by: by, number: number, surveys: surveys, done: &done}
	take := statement.Visitor{Open: r.open, Entry: r.entry, Close: func(statement.Statement) error { return r.flush() }}
	read := func(file io.Reader) error { return statement.Read(file, options, take) }
	if k.isWhole() {
		read = func(io.Reader) error { return k.visit(take) }
	}
	if err := readAgain(file, f.SHA256, read); err != nil {
		return done, err
	}
	if err := o.endImport(ctx, by, &done); err != nil {
		return done, err
	}
	return done, o.listStatements(ctx, &done)
}

// readAgain goes through a file a second time, and makes sure that it is the same one:
// somebody may have gone on writing it.
func readAgain(file io.ReadSeeker, sum string, read func(io.Reader) error) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	hashed := &hashing{from: file, sum: sha256.New()}
	if err := read(hashed); err != nil {
		return err
	}
	if hashed.text() != sum {
		return ErrFileChanged
	}
	return nil
}

// A file with more entries and statements, or bytes, is not kept in memory between its
// two readings.
const (
	keptMost  = 20_000
	keptBytes = 32 << 20
)

// keeping is what a file has, as long as it is not too much: it is a day's file then,
// and need not be taken apart twice.
type keeping struct {
	parts   []kept
	tooMany bool
}

// kept is a statement that begins, an entry, or a statement that ends.
type kept struct {
	begins, ends *statement.Statement
	entry        statement.Entry
}

// keep takes what was found after so many bytes.
func (k *keeping) keep(p kept, size int64) {
	if k.tooMany = k.tooMany || len(k.parts) == keptMost || size > keptBytes; k.tooMany {
		k.parts = nil
		return
	}
	k.parts = append(k.parts, p)
}

func (k *keeping) isWhole() bool { return !k.tooMany }

// visit tells what was read.
func (k *keeping) visit(v statement.Visitor) error {
	for _, p := range k.parts {
		var err error
		switch {
		case p.begins != nil:
			err = v.Open(*p.begins)
		case p.ends != nil:
			err = v.Close(*p.ends)
		default:
			err = v.Entry(p.entry)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mayName returns nil if every statement of a file has an account: its own, or the one
// of ours that whoever brought it has named. A file is known by its bytes once it was
// taken, so that what is taken under no name, or a wrong one, could never be put right.
func (o *Office) mayName(ctx context.Context, surveys []survey, number string) error {
	isUnsaid := func(v survey) bool { return numberOf(v.statement.Account.ID()) == "" }
	if !slices.ContainsFunc(surveys, isUnsaid) {
		return nil
	}
	if number == "" {
		return ErrStatementNameless
	}
	return o.Store.View(ctx, func(tx *store.Tx) error {
		ours, _, err := o.ourAccounts(ctx, tx, number)
		if err == nil && len(ours) == 0 {
			return bank.ErrReceivingNotFound
		}
		return err
	})
}

func (o *Office) listStatements(ctx context.Context, done *StatementImport) error {
	return o.Store.View(ctx, func(tx *store.Tx) (err error) {
		done.Statements, err = tx.BankStatements(ctx, store.StatementFilter{File: done.File.ID}, statementsMax)
		for i, j := 0, len(done.Statements)-1; i < j; i, j = i+1, j-1 {
			done.Statements[i], done.Statements[j] = done.Statements[j], done.Statements[i]
		}
		return err
	})
}

func (o *Office) endImport(ctx context.Context, by access.Caller, done *StatementImport) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		done.File.ReadAt = o.Now()
		if err := tx.EndStatementFile(ctx, done.File.ID, done.File.ReadAt); err != nil {
			return err
		}
		return o.auditBank(ctx, tx, by, "statement.imported", string(done.File.ID), map[string]any{
			"name": done.File.Name, "sha256": done.File.SHA256, "statements": done.File.Statements, "new": done.New, "known": done.Known, "aside": done.Aside, "conflicts": done.Conflicts,
		})
	})
}

// auditBank appends a record to the chain of what belongs to no customer.
func (o *Office) auditBank(ctx context.Context, tx *store.Tx, by access.Caller, action, subject string, detail any) error {
	return tx.Audit(ctx, store.Record{Chain: store.OfficeChain, At: o.Now(), By: by.Name, Action: action, Subject: subject}, detail)
}

// survey is what the first reading finds of a statement.
type survey struct {
	statement   statement.Statement
	first, last string
	reused      map[uint64]bool // references that the bank gave to more than one entry
}

// survey reads the file whole and keeps a few words for each statement, and all it has
// if that is little.
func (o *Office) survey(file io.Reader, options statement.Options, k *keeping) ([]survey, store.StatementFile, error) {
	var all []survey
	var f store.StatementFile
	var seen map[uint64]struct{}
	hashed := &hashing{from: file, sum: sha256.New()}
	err := statement.Read(hashed, options, statement.Visitor{
		Open: func(s statement.Statement) error {
			if len(all) == statementsMax {
				return ErrTooManyStatements.Detail("the file has more than %d statements", statementsMax)
			}
			all, seen = append(all, survey{}), map[uint64]struct{}{}
			f.Format = string(s.Format)
			k.keep(kept{begins: &s}, hashed.size)
			return nil
		},
		Entry: func(e statement.Entry) error {
			s := &all[len(all)-1]
			f.Entries++
			k.keep(kept{entry: e}, hashed.size)
			if e.Status == statement.Info || e.Amount.IsZero() {
				return nil
			}
			if _, err := sharesOf(e); err != nil {
				return err
			}
			s.cover(string(bookedOn(e)))
			if reference := referenceOf(e); reference != "" {
				h := fnv.New64a()
				h.Write([]byte(reference))
				key := h.Sum64()
				if _, again := seen[key]; !again {
					seen[key] = struct{}{}
				} else if s.reused == nil {
					s.reused = map[uint64]bool{key: true}
				} else {
					s.reused[key] = true
				}
			}
			return nil
		},
		Close: func(s statement.Statement) error {
			all[len(all)-1].statement = s
			k.keep(kept{ends: &s}, hashed.size)
			return nil
		},
	})
	f.SHA256, f.Size, f.Statements = hashed.text(), hashed.size, len(all)
	return all, f, err
}

func (s *survey) cover(day string) {
	if day == "" {
		return
	}
	if s.first == "" || day < s.first {
		s.first = day
	}
	s.last = max(s.last, day)
}

func (s survey) isReused(reference string) bool {
	h := fnv.New64a()
	h.Write([]byte(reference))
	return s.reused[h.Sum64()]
}

// hashing is a reader that tells the hash of all that went through it.
type hashing struct {
	from io.Reader
	sum  hash.Hash
	size int64
}

func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.from.Read(p)
	h.sum.Write(p[:n])
	h.size += int64(n)
	return n, err
}

// text reads what is left, since a reader may stop before the end, and returns the
// hash.
func (h *hashing) text() string {
	_, _ = io.Copy(io.Discard, h) // what cannot be read is not hashed, and then differs
	return hex.EncodeToString(h.sum.Sum(nil))
}

// importing is the second reading.
type importing struct {
	office  *Office
	ctx     context.Context
	by      access.Caller
	number  string // of the account, if the file does not say it
	surveys []survey
	done    *StatementImport

	survey    survey
	statement bank.Statement
	times     map[[16]byte]int32 // how often the statement has listed each print so far
	batch     []moved
}

// moved is an entry of the statement on its way into the books.
type moved struct {
	bank.Movement
	print, core, loose string
	times              int // how often the statement has listed its like, with this one
	lines              []bank.Line
}

// open keeps a statement, and decides whether it may be worked.
func (r *importing) open(s statement.Statement) error {
	o := r.office
	r.survey = r.surveys[s.Number-1]
	r.times, r.batch = map[[16]byte]int32{}, nil
	return o.Store.Update(r.ctx, func(tx *store.Tx) error {
		st := o.statementOf(r.survey, r.number)
		st.ID, st.File, st.ImportedBy, st.ImportedAt = bank.StatementID(o.IDs.New("bst_")), r.done.File.ID, r.by.Name, o.Now()
		if err := o.place(r.ctx, tx, &st, r.survey.statement.Account); err != nil {
			return err
		}
		var err error
		r.statement, err = tx.AddStatement(r.ctx, st)
		return err
	})
}

// statementOf is a statement as the file has it.
func (o *Office) statementOf(v survey, number string) bank.Statement {
	s := v.statement
	st := bank.Statement{
		Place: s.Number, Number: numberOf(s.Account.ID()), Format: string(s.Format), BankID: plainText(s.ID, bankNameMax), Sequence: plainText(s.Sequence, bankNameMax),
		Page: plainText(s.Page, bankNameMax), Currency: s.Currency, First: v.first, Last: v.last, Booked: s.Counts.Booked, Pending: s.Counts.Pending, Info: s.Counts.Info,
		Proof: s.Proof.String(), State: bank.StatementTaken,
	}
	if st.Sequence == "" {
		st.Sequence = plainText(s.Legal, bankNameMax)
	}
	if st.Number == "" {
		st.Number = number
	}
	for _, m := range s.Remarks {
		st.Remarks = append(st.Remarks, bank.Remark{Code: m.Code, Message: m.Message, Place: m.Place})
	}
	st.Credits, st.Debits = inMinor(s.Credits, s.Currency), inMinor(s.Debits, s.Currency)
	for _, b := range []struct {
		from *statement.Balance
		to   **money.Amount
	}{{s.Opening, &st.Opening}, {s.Closing, &st.Closing}} {
		if b.from == nil {
			continue
		}
		if a, err := b.from.Amount.In(s.Currency); err == nil {
			*b.to = &a
		}
	}
	return st
}

func inMinor(d statement.Decimal, c money.Currency) money.Amount {
	a, err := d.In(c)
	if err != nil {
		return money.Amount{Currency: c}
	}
	return a
}

// The reasons for which a statement is not worked at once. Each is for ever.
const (
	asideUnknown  = "account_unknown"
	asideCurrency = "currency_differs"
	heldDoubt     = "does_not_add_up"
)

// place says whose account a statement is about, and what is to be seen before its
// movements are matched. From then on the account has one number: files of one account
// may name it by its IBAN or by the bank's own number.
func (o *Office) place(ctx context.Context, tx *store.Tx, st *bank.Statement, a statement.Account) error {
	ours, number, err := o.ourAccounts(ctx, tx, st.Number, numberOf(a.Other))
	if err != nil {
		return err
	}
	if len(ours) == 0 {
		st.State, st.Reason = bank.StatementAside, asideUnknown
		return nil
	}
	st.Number = number
	receiving, found := bank.InCurrency(ours, st.Currency)
	if !found {
		st.State, st.Reason = bank.StatementAside, asideCurrency
		return nil
	}
	st.Receiving = receiving.ID
	if st.Proof == statement.Unbalanced.String() {
		st.State, st.Reason = bank.StatementHeld, heldDoubt
	}
	return o.remarkChain(ctx, tx, st)
}

// ourAccounts finds the accounts of ours that have one of these numbers, one for each
// currency, or the one that stands behind a customer's own number. It returns the number
// by which they were found.
func (o *Office) ourAccounts(ctx context.Context, tx *store.Tx, numbers ...string) ([]bank.ReceivingAccount, string, error) {
	for _, n := range numbers {
		if n == "" {
			continue
		}
		ours, err := tx.ReceivingAccountsNumbered(ctx, n)
		if err != nil || len(ours) > 0 {
			return ours, n, err
		}
		owned, err := tx.VirtualAccounts(ctx, []string{n})
		if err != nil {
			return nil, "", err
		}
		if v, ok := owned[n]; ok {
			r, err := tx.ReceivingAccount(ctx, v.Receiving)
			return []bank.ReceivingAccount{r}, n, err
		}
	}
	return nil, "", nil
}

// remarkChain remarks a statement that does not begin where the one before it ended.
func (o *Office) remarkChain(ctx context.Context, tx *store.Tx, st *bank.Statement) error {
	if st.Opening == nil || st.First == "" {
		return nil
	}
	before, err := tx.StatementBefore(ctx, st.Number, st.Currency, st.First)
	switch {
	case errors.Is(err, bank.ErrStatementNotFound):
		return nil
	case err != nil:
		return err
	case before.Closing.Minor != st.Opening.Minor:
		st.Remarks = append(st.Remarks, bank.Remark{
			Code: "chain_differs", Message: "the opening balance is " + st.Opening.String() + ", and the statement before it closed with " + before.Closing.String(),
		})
	}
	return nil
}

// entry takes one entry, and writes when there are enough.
func (r *importing) entry(e statement.Entry) error {
	if e.Status == statement.Info || e.Amount.IsZero() {
		return nil
	}
	m, err := r.read(e)
	if err != nil {
		return err
	}
	var print [16]byte // a statement may have a million entries
	if _, err := hex.Decode(print[:], []byte(m.print)); err != nil {
		return err
	}
	r.times[print]++
	m.times = int(r.times[print])
	r.batch = append(r.batch, m)
	if len(r.batch) < importBatch {
		return nil
	}
	return r.flush()
}

// flush takes the batch in one transaction.
func (r *importing) flush() error {
	if len(r.batch) == 0 {
		return nil
	}
	var t StatementImport
	err := r.office.Store.Update(r.ctx, func(tx *store.Tx) (err error) {
		t, err = r.office.takeMovements(r.ctx, tx, r.by, r.statement.ID, r.survey, r.batch)
		return err
	})
	r.done.add(t)
	r.batch = r.batch[:0]
	return err
}

// read turns an entry into a movement and its lines, one for each transaction of a
// batch that says how it splits.
func (r *importing) read(e statement.Entry) (moved, error) {
	whole, err := amountOf(e.Amount, e.Currency, e)
	if err != nil {
		return moved{}, err
	}
	shares, err := sharesOf(e)
	if err != nil {
		return moved{}, err
	}
	m := moved{Movement: bank.Movement{
		Number: r.statement.Number, Currency: whole.Currency, Signed: whole.Minor, BookedOn: string(bookedOn(e)), ValueOn: string(e.ValueDate),
		Reference: referenceOf(e), Details: words(e), Pending: e.Status == statement.Pending,
	}}
	m.print, m.core, m.loose = m.Prints()
	for _, part := range shares {
		m.lines = append(m.lines, r.line(e, part.detail, m, part.amount))
	}
	for i := range m.lines {
		m.lines[i].Part, m.lines[i].Parts = i+1, len(m.lines)
	}
	return m, nil
}

func (r *importing) line(e statement.Entry, d statement.Detail, m moved, signed money.Amount) bank.Line {
	other, incoming := d.Payer, signed.IsPositive()
	if !incoming {
		other, signed = d.Payee, signed.Neg()
	}
	name := other.Name
	if name == "" {
		name = other.Ultimate
	}
	paidTo := ""
	if incoming {
		paidTo = numberOf(d.Payee.Account)
	}
	text := strings.Join(nonEmpty(d.Remittance, d.Info, e.Info), "\n")
	return bank.Line{
		Statement: r.statement.ID, Number: m.Number, Format: r.statement.Format, Entry: e.Number, Print: m.print, Core: m.core, Loose: m.loose,
		Incoming: incoming, Amount: signed, Reversal: e.Reversal, BookedOn: m.BookedOn, ValueOn: m.ValueOn, Reference: m.Reference,
		EndToEnd: plainText(d.EndToEndID, referenceMaxLen), Rail: railOf(e.Rail), Payer: plainText(name, bankNameMax), PayerFrom: numberOf(other.Account),
		PaidTo: paidTo, Structured: plainText(d.Structured, referenceMaxLen), Text: plainText(text, bankTextMax), ReturnCode: plainText(d.ReturnReason, bankNameMax),
	}
}

// share is a transaction of an entry, with its amount in money.
type share struct {
	detail statement.Detail
	amount money.Amount // with its sign
}

// sharesOf are the transactions of an entry that says how it splits, else the entry as
// one. The first reading asks for them too: it is the last at which a file is refused.
func sharesOf(e statement.Entry) ([]share, error) {
	if len(e.Details) < 2 || !e.Splits() {
		whole, err := amountOf(e.Amount, e.Currency, e)
		if len(e.Details) == 1 {
			return []share{{e.Details[0], whole}}, err
		}
		return []share{{joined(e.Details), whole}}, err
	}
	var all []share
	for _, d := range e.Details {
		amount, err := amountOf(d.Amount, d.Currency, e)
		if err != nil {
			return nil, err
		}
		if !amount.IsZero() {
			all = append(all, share{d, amount})
		}
	}
	return all, nil
}

// joined is what a batch that does not say how it splits has in common: nothing but
// its words.
func joined(details []statement.Detail) statement.Detail {
	var d statement.Detail
	var texts []string
	for _, one := range details {
		texts = append(texts, nonEmpty(one.Structured, one.Remittance, one.EndToEndID)...)
		d.ReturnReason = max(d.ReturnReason, one.ReturnReason)
	}
	d.Remittance = strings.Join(texts, "\n")
	return d
}

// numberOf is the number of a bank account as a file has it.
func numberOf(s string) string { return plainText(bank.NormalNumber(s), referenceMaxLen) }

// amountOf is an amount of an entry in money.
func amountOf(d statement.Decimal, c money.Currency, e statement.Entry) (money.Amount, error) {
	a, err := d.In(c)
	if f, ok := fault.Of(err); ok {
		return a, f.At(e.Place())
	}
	return a, err
}

// bookedOn is the bank's day of an entry.
func bookedOn(e statement.Entry) statement.Date {
	if e.BookingDate == "" {
		return e.ValueDate
	}
	return e.BookingDate
}

// referenceOf is what the account's bank calls an entry; "" it has no name for it.
func referenceOf(e statement.Entry) string {
	reference := bank.BankReference(e.Reference)
	if reference == "" && len(e.Details) == 1 {
		reference = bank.BankReference(e.Details[0].Reference)
	}
	return plainText(reference, referenceMaxLen)
}

// words are what a bank says of an entry beside its day and amount, as far as it says
// the same each time: places in the file, balances and the ids of messages are not.
func words(e statement.Entry) []string {
	list := []string{e.Info, e.Code.Domain, e.Code.Family, e.Code.SubFamily, e.Code.Proprietary}
	for _, d := range e.Details {
		list = append(list, d.Amount.String(), d.EndToEndID, d.InstructionID, d.TransactionID, d.UETR, d.MandateID, d.Cheque, d.Structured, d.Remittance,
			d.Payer.Name, d.Payer.Account, d.Payee.Name, d.Payee.Account, d.Purpose, d.ReturnReason, d.Info)
	}
	return list
}

// rails are the ways that a bank names, in our words; the others could be any.
var rails = map[statement.Rail]bank.Rail{
	statement.RailSEPA: bank.RailSEPA, statement.RailInstant: bank.RailInstant, statement.RailCrossBorder: bank.RailSwift,
	statement.RailCash: bank.RailCash, statement.RailCheque: bank.RailCheque,
}

func railOf(r statement.Rail) bank.Rail { return rails[r] }

func nonEmpty(list ...string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// plainText is a stranger's text as it is kept: so long at most, and without what is
// no text, or has the text around it read in another order than it stands in.
func plainText(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == 0x2028, r == 0x2029, r == 0xfeff:
			return -1
		}
		return r
	}, s)
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// takeUpStatements has statements taken up that were kept aside while their account
// was none of ours.
func (o *Office) takeUpStatements(ctx context.Context, tx *store.Tx, number string) error {
	aside, err := tx.BankStatements(ctx, store.StatementFilter{State: bank.StatementAside, Number: number}, statementsMax)
	if err != nil {
		return err
	}
	for _, st := range aside {
		if err := tx.Enqueue(ctx, job.Job{Kind: workStatement, Subject: string(st.ID), At: o.Now(), Once: true}); err != nil {
			return err
		}
	}
	return nil
}
