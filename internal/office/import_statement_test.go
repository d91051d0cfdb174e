package office_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/statement"
	"github.com/bursar-pay/bursar/internal/store"
)

// Clerks: one claims, one decides, one looks.
var (
	clerk    = access.Caller{Name: "mbr_alice", Scopes: []access.Scope{access.BankWrite}}
	approver = access.Caller{Name: "mbr_bob", Scopes: []access.Scope{access.BankWrite, access.BankApprove}}
)

// bankEntry is an entry of a bank's statement.
type bankEntry struct {
	day       int // of March 2026
	cents     int64
	reference string // the bank's
	status    string // BOOK unless set
	payer     string
	from      string // the payer's account
	to        string // the account that the payer named
	text      string
	endToEnd  string
	reversal  bool
	parts     []bankEntry // of a batch
}

// bankSheet is a statement of the bank.
type bankSheet struct {
	number   string // of the account
	id       string
	sequence string
	page     string
	currency string
	opening  int64
	closing  int64
	hasNone  bool // of the two
	entries  []bankEntry
}

func decimalOf(cents int64) string {
	if cents < 0 {
		cents = -cents
	}
	return fmt.Sprintf("%d.%02d", cents/100, cents%100)
}

func sideOf(cents int64) string {
	if cents < 0 {
		return "DBIT"
	}
	return "CRDT"
}

// camt writes sheets as a file of camt.053.
func camt(message string, sheets ...bankSheet) []byte {
	var b strings.Builder
	tag := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "<%s>%s</%s>", name, value, name)
		}
	}
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>%s</MsgId><CreDtTm>2026-03-31T06:00:00Z</CreDtTm></GrpHdr>`, message)
	for _, s := range sheets {
		currency := cmp.Or(s.currency, "EUR")
		b.WriteString("<Stmt>")
		tag("Id", s.id)
		if s.page != "" {
			fmt.Fprintf(&b, "<StmtPgntn><PgNb>%s</PgNb><LastPgInd>false</LastPgInd></StmtPgntn>", s.page)
		}
		tag("ElctrncSeqNb", s.sequence)
		fmt.Fprintf(&b, "<CreDtTm>2026-03-31T06:00:00Z</CreDtTm><Acct><Id><IBAN>%s</IBAN></Id><Ccy>%s</Ccy></Acct>", s.number, currency)
		for _, balance := range []struct {
			kind  string
			cents int64
		}{{"OPBD", s.opening}, {"CLBD", s.closing}} {
			if !s.hasNone {
				fmt.Fprintf(&b, `<Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp><Amt Ccy="%s">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Dt><Dt>2026-03-31</Dt></Dt></Bal>`,
					balance.kind, currency, decimalOf(balance.cents), sideOf(balance.cents))
			}
		}
		for _, e := range s.entries {
			fmt.Fprintf(&b, `<Ntry><Amt Ccy="%s">%s</Amt><CdtDbtInd>%s</CdtDbtInd>`, currency, decimalOf(e.cents), sideOf(e.cents))
			if e.reversal {
				tag("RvslInd", "true")
			}
			fmt.Fprintf(&b, "<Sts><Cd>%s</Cd></Sts><BookgDt><Dt>2026-03-%02d</Dt></BookgDt><ValDt><Dt>2026-03-%02d</Dt></ValDt>", cmp.Or(e.status, "BOOK"), e.day, e.day)
			tag("AcctSvcrRef", e.reference)
			b.WriteString("<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls>")
			parts := e.parts
			if len(parts) == 0 {
				parts = []bankEntry{e}
			}
			for _, p := range parts {
				b.WriteString("<TxDtls>")
				if p.endToEnd != "" {
					fmt.Fprintf(&b, "<Refs><EndToEndId>%s</EndToEndId></Refs>", p.endToEnd)
				}
				fmt.Fprintf(&b, `<Amt Ccy="%s">%s</Amt><CdtDbtInd>%s</CdtDbtInd><RltdPties>`, currency, decimalOf(p.cents), sideOf(p.cents))
				parties := []struct{ tag, name, number string }{{"Dbtr", p.payer, p.from}, {"Cdtr", "", p.to}}
				if p.cents < 0 { // the other one is who gets the money
					parties[0].tag, parties[1].tag = "Cdtr", "Dbtr"
				}
				for _, party := range parties {
					if party.name != "" {
						fmt.Fprintf(&b, "<%s><Pty><Nm>%s</Nm></Pty></%s>", party.tag, party.name, party.tag)
					}
					if party.number != "" {
						fmt.Fprintf(&b, "<%sAcct><Id><IBAN>%s</IBAN></Id></%sAcct>", party.tag, party.number, party.tag)
					}
				}
				b.WriteString("</RltdPties>")
				if p.text != "" {
					fmt.Fprintf(&b, "<RmtInf><Ustrd>%s</Ustrd></RmtInf>", p.text)
				}
				b.WriteString("</TxDtls>")
			}
			b.WriteString("</NtryDtls></Ntry>")
		}
		b.WriteString("</Stmt>")
	}
	b.WriteString("</BkToCstmrStmt></Document>")
	return []byte(b.String())
}

// sheetOf is a statement that adds up.
func sheetOf(id string, opening int64, entries ...bankEntry) bankSheet {
	s := bankSheet{number: officetest.BankNumber, id: id, opening: opening, closing: opening, entries: entries}
	for _, e := range entries {
		if e.status == "" {
			s.closing += e.cents
		}
	}
	return s
}

func take(t testing.TB, d *officetest.Desk, file []byte) office.StatementImport {
	t.Helper()
	i, err := d.ImportStatement(context.Background(), clerk, "statement.xml", bytes.NewReader(file), statement.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func linesOf(t testing.TB, d *officetest.Desk) []bank.Line {
	t.Helper()
	lines, _, err := d.BankLines(context.Background(), clerk, office.LineFilter{}, office.Page{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func receiptsOf(t testing.TB, d *officetest.Desk) []bank.Remittance {
	t.Helper()
	list, _, err := d.Remittances(context.Background(), clerk, office.RemittanceFilter{}, office.Page{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(list)
	return list
}

// booksHold returns what the ledger has on an account, debits positive.
func booksHold(t testing.TB, d *officetest.Desk, l ledger.Account) int64 {
	t.Helper()
	var n int64
	if err := d.Store.View(context.Background(), func(tx *store.Tx) error {
		totals, err := tx.Totals(context.Background())
		for _, total := range totals {
			if total.Ledger == l {
				n += total.Debit.Minor - total.Credit.Minor
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func euroCustomer(d *officetest.Desk, name string) account.Account {
	return d.Customer(func(n *office.NewAccount) { n.Currency, n.Country, n.Name = "EUR", "DE", name })
}

// ownNumber gives a customer an account number of their own.
func ownNumber(t testing.TB, d *officetest.Desk, a account.Account) string {
	t.Helper()
	v, err := d.AssignVirtualAccount(context.Background(), access.CommandLine, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return v.Number
}

func TestMoneyToACustomersOwnNumberIsCreditedByItself(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		d.OpenBank()
		a := euroCustomer(d, "Alpha Werke")
		number := ownNumber(t, d, a)
		file := camt("M1", sheetOf("S1", 0, bankEntry{day: 9, cents: 125_000, reference: "R1", payer: "Alpha", to: number}, bankEntry{day: 9, cents: 700, reference: "R2", payer: "Nobody"},
			bankEntry{day: 9, cents: -300, reference: "R3", text: "fee"}))
		got := take(t, d, file)
		if got.New != 3 || got.Credited != 1 || got.Waiting != 1 || got.IsKnown {
			t.Errorf("got %+v, want 3 new, 1 credited, 1 waiting", got)
		}
		if balance, err := d.Funds(context.Background(), access.CommandLine, a.ID); err != nil || balance.Balance.Minor != 125_000 {
			t.Errorf("balance: got %v, %v, want 1250.00", balance.Balance, err)
		}
		if cash, suspense := booksHold(t, d, ledger.BankCash), booksHold(t, d, ledger.BankSuspense); cash != 125_400 || suspense != -400 {
			t.Errorf("books: got %d in the bank and %d in suspense, want 125400 and -400", cash, suspense)
		}
		again := take(t, d, file)
		if !again.IsKnown || again.New != 0 || len(again.Statements) != 1 {
			t.Errorf("again: got %+v, want it known", again)
		}
		seen, _, err := d.Receipts(context.Background(), access.Caller{Name: "console:" + string(a.ID), Account: a.ID, Scopes: []access.Scope{access.FundsRead}}, a.ID, office.Page{Limit: 10})
		if err != nil || len(seen) != 1 || seen[0].State != bank.ClaimCredited || seen[0].ReceivedOn != "2026-03-09" {
			t.Errorf("the customer sees %+v, %v", seen, err)
		}
		d.Prove()
	})
}

func TestOneFileTwiceInOtherBytesCountsOnce(t *testing.T) {
	d := officetest.New(t)
	d.OpenBank()
	equal := bankEntry{day: 9, cents: 500, payer: "Twin"}
	take(t, d, camt("M1", sheetOf("S1", 0, equal, equal, bankEntry{day: 9, cents: 100, reference: "R"})))
	got := take(t, d, camt("M2", sheetOf("S1", 0, bankEntry{day: 9, cents: 100, reference: "R"}, equal, equal)))
	if got.New != 0 || got.Known != 3 {
		t.Errorf("got %+v, want 3 known", got)
	}
	got = take(t, d, camt("M3", sheetOf("S2", 0, equal, equal, equal, bankEntry{day: 9, cents: 100, reference: "R"})))
	if got.New != 1 || got.Known != 3 {
		t.Errorf("a third equal entry: got %+v, want 1 new", got)
	}
	if cash := booksHold(t, d, ledger.BankCash); cash != 1_600 {
		t.Errorf("got %d in the bank, want 1600", cash)
	}
	d.Prove()
}

// TestTheSameBooksHoweverTheBankSendsIt makes a true history of an account, has the
// bank send it in any pieces, overlapping, twice, in any order and in other bytes, and
// asks that the books hold each movement once.
func TestTheSameBooksHoweverTheBankSendsIt(t *testing.T) {
	d := officetest.New(t)
	accounts := 0
	rapid.Check(t, func(r *rapid.T) {
		accounts++
		number, err := bank.MakeIBAN("DE", fmt.Sprintf("37040044%010d", accounts))
		if err != nil {
			r.Fatal(err)
		}
		receiving := d.AddReceiving(bank.ReceivingAccount{
			Seller: "main", Country: "DE", Currency: "EUR", Bank: "Pretend Bank", Holder: "Example Cloud GmbH", Scheme: bank.SchemeIBAN, Number: string(number),
			Rails: []bank.Rail{bank.RailSEPA}, Shared: true,
		})
		truth, files := drawHistory(r, string(number))
		for i, f := range files {
			if got := take(t, d, f); got.Conflicts != 0 {
				r.Fatalf("file %d: got %+v, want no conflict", i, got)
			}
		}
		count := map[string]int{}
		for _, e := range truth {
			count[keyOf(e)]++
		}
		lines, _, err := d.BankLines(context.Background(), clerk, office.LineFilter{Receiving: receiving.ID}, office.Page{Limit: 1_000})
		if err != nil {
			r.Fatal(err)
		}
		for _, l := range lines {
			if l.IsBooked() {
				count[fmt.Sprint(l.BookedOn, l.Signed().Minor, l.Reference, l.Payer)]--
			}
		}
		for k, n := range count {
			if n != 0 {
				r.Errorf("%s: %d are missing (or too many, below zero)", k, n)
			}
		}
	})
	d.Prove()
}

func keyOf(e bankEntry) string {
	return fmt.Sprint(fmt.Sprintf("2026-03-%02d", e.day), e.cents, e.reference, e.payer)
}

// drawHistory draws the movements of some days, and files that list all of them, some
// more than once.
func drawHistory(r *rapid.T, number string) (truth []bankEntry, files [][]byte) {
	mode := rapid.SampledFrom([]string{"unique", "none", "reused"}).Draw(r, "references")
	days := rapid.IntRange(1, 4).Draw(r, "days")
	byDay := make([][]bankEntry, days)
	for day := range days {
		for n := range rapid.IntRange(0, 5).Draw(r, "entries") {
			e := bankEntry{day: day + 1, cents: int64(rapid.SampledFrom([]int{100, 100, 250, -100}).Draw(r, "cents")), payer: rapid.SampledFrom([]string{"", "A"}).Draw(r, "payer")}
			switch mode {
			case "unique":
				e.reference = fmt.Sprintf("U%d-%d", day, n)
			case "reused":
				e.reference = fmt.Sprintf("B%d", day)
			}
			byDay[day] = append(byDay[day], e)
		}
		truth = append(truth, byDay[day]...)
	}
	shuffled := func(list []bankEntry) []bankEntry {
		if len(list) == 0 {
			return nil
		}
		return rapid.Permutation(list).Draw(r, "order")
	}
	message, sequence, opening := 0, 0, int64(0)
	add := func(s bankSheet) {
		s.number = number
		for range rapid.IntRange(1, 2).Draw(r, "copies") {
			message++
			files = append(files, camt(fmt.Sprint("M", message), s))
		}
	}
	for day := range days { // the bank's own statements: whole, in pages, or several a day
		how := rapid.SampledFrom([]string{"whole", "pages", "numbers"}).Draw(r, "how")
		pieces := [][]bankEntry{byDay[day]}
		if n := len(byDay[day]); how != "whole" && n > 1 {
			cut := rapid.IntRange(1, n-1).Draw(r, "cut")
			pieces = [][]bankEntry{byDay[day][:cut], byDay[day][cut:]}
		}
		if how != "numbers" {
			sequence++
		}
		for p, piece := range pieces {
			if how == "numbers" {
				sequence++
			}
			s := sheetOf(fmt.Sprint("S", sequence), opening, shuffled(piece)...)
			s.sequence, opening = fmt.Sprint(sequence), s.closing
			if how == "pages" {
				s.page = fmt.Sprint(p + 1)
			}
			add(s)
		}
	}
	for range rapid.IntRange(0, 3).Draw(r, "exports") { // by a person, over whole days
		first := rapid.IntRange(0, days-1).Draw(r, "first")
		last := rapid.IntRange(first, days-1).Draw(r, "last")
		s := bankSheet{number: officetest.BankNumber, id: fmt.Sprint("X", message), hasNone: true, entries: shuffled(slices.Concat(byDay[first : last+1]...))}
		add(s)
	}
	arrival := make([]int, len(files))
	for i := range arrival {
		arrival[i] = i
	}
	var arrived [][]byte
	for _, i := range rapid.Permutation(arrival).Draw(r, "arrival") {
		arrived = append(arrived, files[i])
	}
	return truth, arrived
}

func TestBrokenFilesAreRefusedWhole(t *testing.T) {
	d := officetest.New(t)
	d.OpenBank()
	whole := camt("M1", sheetOf("S1", 0, bankEntry{day: 9, cents: 100, reference: "A"}, bankEntry{day: 9, cents: 200, reference: "B"}))
	for _, c := range []struct {
		name string
		file []byte
		code string
	}{
		{"cut", whole[:len(whole)-200], "statement_broken"},
		{"a cent and a half", bytes.Replace(whole, []byte(">2.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>"), []byte(">2.005</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>"), 1), "amount_decimals"},
		{"no statement", []byte("hello"), "statement_format_unknown"},
		{"empty", nil, "statement_broken"},
	} {
		_, err := d.ImportStatement(context.Background(), clerk, "x", bytes.NewReader(c.file), statement.Options{})
		f, ok := fault.Of(err)
		if !ok || c.code != f.Code && c.name != "a cent and a half" || c.name == "a cent and a half" && f.Place == "" {
			t.Errorf("%s: got %v, want %s", c.name, err, c.code)
		}
	}
	if lines := linesOf(t, d); len(lines) != 0 {
		t.Errorf("got %d lines, want none of a broken file", len(lines))
	}
	if files, _, err := d.StatementFiles(context.Background(), clerk, office.Page{Limit: 10}); err != nil || len(files) != 0 {
		t.Errorf("got %d files, %v, want none", len(files), err)
	}
}

func TestAStatementThatDoesNotAddUpWaitsForAnotherPerson(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		d.OpenBank()
		a := euroCustomer(d, "Alpha")
		s := sheetOf("S1", 0, bankEntry{day: 9, cents: 5_000, reference: "A", to: ownNumber(t, d, a)})
		s.closing++
		got := take(t, d, camt("M1", s))
		if got.New != 1 || got.Credited != 0 || got.Statements[0].State != bank.StatementHeld || got.Statements[0].Proof != "unbalanced" {
			t.Fatalf("got %+v, want it booked and held", got)
		}
		if cash, suspense := booksHold(t, d, ledger.BankCash), booksHold(t, d, ledger.BankSuspense); cash != 5_000 || suspense != -5_000 {
			t.Errorf("got %d in the bank and %d in suspense, want 5000 and -5000", cash, suspense)
		}
		id := got.Statements[0].ID
		own := clerk
		own.Scopes = approver.Scopes
		if _, err := d.AgreeToStatement(context.Background(), own, id, "it is fine"); !errors.Is(err, bank.ErrStatementOwn) {
			t.Errorf("own import: got %v", err)
		}
		if _, err := d.AgreeToStatement(context.Background(), clerk, id, "it is fine"); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("without the right: got %v", err)
		}
		if _, err := d.AgreeToStatement(context.Background(), approver, id, "the bank confirmed it by phone"); err != nil {
			t.Fatal(err)
		}
		if funds, err := d.Funds(context.Background(), access.CommandLine, a.ID); err != nil || funds.Balance.Minor != 5_000 {
			t.Errorf("balance: got %v, %v, want 50.00", funds.Balance, err)
		}
		if _, err := d.AgreeToStatement(context.Background(), approver, id, "again"); !errors.Is(err, bank.ErrStatementNotHeld) {
			t.Errorf("again: got %v", err)
		}
		d.Prove()
	})
}

func TestAStatementOfAnUnknownAccountIsTakenUpOnceItIsOurs(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		got := take(t, d, camt("M1", sheetOf("S1", 0, bankEntry{day: 9, cents: 5_000, reference: "A"}, bankEntry{day: 9, cents: -100, reference: "B"})))
		if got.Aside != 2 || got.New != 0 || got.Statements[0].State != bank.StatementAside || got.Statements[0].Reason != "account_unknown" {
			t.Fatalf("got %+v, want it aside", got)
		}
		if cash := booksHold(t, d, ledger.BankCash); cash != 0 {
			t.Errorf("got %d in the bank, want nothing booked", cash)
		}
		d.Prove()
		d.OpenBank()
		d.Pass(0)
		if cash := booksHold(t, d, ledger.BankCash); cash != 4_900 {
			t.Errorf("got %d in the bank, want 4900", cash)
		}
		if list := receiptsOf(t, d); len(list) != 1 || list[0].Reason != bank.ReasonUnknownPayer {
			t.Errorf("got %+v, want a receipt of an unknown payer", list)
		}
		d.Prove()
	})
}

func TestWhatTheBankChangesIsShownAndNeverApplied(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		d.OpenBank()
		take(t, d, camt("M1", sheetOf("S1", 0, bankEntry{day: 9, cents: 5_000, reference: "A"}, bankEntry{day: 9, cents: 700, reference: "B"})))
		got := take(t, d, camt("M2", sheetOf("S1", 0, bankEntry{day: 9, cents: 5_100, reference: "A"}, bankEntry{day: 9, cents: 750, reference: "B"})))
		if got.Conflicts != 2 || got.New != 0 {
			t.Fatalf("got %+v, want 2 conflicts", got)
		}
		lines := linesOf(t, d)
		if lines[2].State != bank.LineConflict || lines[2].Against != lines[0].ID {
			t.Errorf("got %+v, want a conflict with %s", lines[2], lines[0].ID)
		}
		if _, err := d.DismissLine(context.Background(), approver, lines[2].ID, "a correction: the bank books the difference"); err != nil {
			t.Error(err)
		}
		if l, err := d.AcceptLine(context.Background(), approver, lines[3].ID, "two transfers under one reference"); err != nil || l.State != bank.LineRemitted {
			t.Errorf("got %+v, %v, want it received", l, err)
		}
		if _, err := d.AcceptLine(context.Background(), approver, lines[2].ID, "after all"); !errors.Is(err, bank.ErrLineNotOpen) {
			t.Errorf("decided twice: got %v", err)
		}
		if cash := booksHold(t, d, ledger.BankCash); cash != 6_450 {
			t.Errorf("got %d in the bank, want 6450", cash)
		}
		if got := take(t, d, camt("M3", sheetOf("S1", 0, bankEntry{day: 9, cents: 5_100, reference: "A"}))); got.Known != 1 {
			t.Errorf("dismissed and sent again: got %+v, want it known", got)
		}
		d.Prove()
	})
}

func TestWhatIsPendingIsBookedOnce(t *testing.T) {
	d := officetest.New(t)
	d.OpenBank()
	waits := bankEntry{day: 9, cents: 900, payer: "Alpha", endToEnd: "E1", status: "PDNG"}
	got := take(t, d, camt("M1", sheetOf("S1", 0, waits)))
	if got.Pending != 1 || got.New != 0 || booksHold(t, d, ledger.BankCash) != 0 {
		t.Fatalf("got %+v, want it shown and not booked", got)
	}
	booked := waits
	booked.status, booked.day = "", 10
	if got = take(t, d, camt("M2", sheetOf("S2", 0, booked))); got.New != 1 || booksHold(t, d, ledger.BankCash) != 900 {
		t.Fatalf("got %+v, want it booked", got)
	}
	if lines := linesOf(t, d); lines[0].State != bank.LineSuperseded || lines[1].State != bank.LineRemitted {
		t.Errorf("got %s and %s, want superseded and remitted", lines[0].State, lines[1].State)
	}
	d.Prove()
}

func TestBatchesAreSplitIntoTheirTransactions(t *testing.T) {
	d := officetest.New(t)
	d.OpenBank()
	a, b := euroCustomer(d, "Alpha"), euroCustomer(d, "Beta")
	parts := []bankEntry{{cents: 400, to: ownNumber(t, d, a)}, {cents: 600, to: ownNumber(t, d, b)}}
	got := take(t, d, camt("M1", sheetOf("S1", 0, bankEntry{day: 9, cents: 1_000, reference: "BATCH", parts: parts}, bankEntry{day: 9, cents: 1_000, reference: "TOTAL", parts: []bankEntry{parts[0], parts[0]}})))
	if got.New != 2 || got.Credited != 2 || got.Waiting != 1 {
		t.Errorf("got %+v, want the batch credited to two, and the one that does not add up whole and waiting", got)
	}
	if got = take(t, d, camt("M2", sheetOf("S1", 0, bankEntry{day: 9, cents: 1_000, reference: "BATCH", parts: parts}))); got.Known != 1 {
		t.Errorf("again: got %+v, want it known", got)
	}
	d.Prove()
}

func TestChainsOfBalancesAreRemarkedUpon(t *testing.T) {
	d := officetest.New(t)
	d.OpenBank()
	take(t, d, camt("M1", sheetOf("S1", 0, bankEntry{day: 8, cents: 900, reference: "A"})))
	got := take(t, d, camt("M2", sheetOf("S3", 1_000, bankEntry{day: 10, cents: 100, reference: "C"})))
	if st := got.Statements[0]; st.State != bank.StatementTaken || len(st.Remarks) != 1 || st.Remarks[0].Code != "chain_differs" {
		t.Errorf("got %+v, want it taken with a remark", st)
	}
}

func TestOneMovementInTwoFormatsIsForAPersonToSay(t *testing.T) {
	d := officetest.New(t)
	d.OpenBank()
	take(t, d, camt("M1", sheetOf("S1", 0, bankEntry{day: 9, cents: 900, reference: "A1"})))
	mt := ":20:X\r\n:25:" + officetest.BankNumber + "\r\n:28C:1/1\r\n:60F:C260308EUR0,00\r\n:61:2603090309C9,00NTRFNONREF//\r\n:86:transfer\r\n:62F:C260309EUR9,00\r\n-\r\n"
	got := take(t, d, []byte(mt))
	if got.Conflicts != 1 || got.New != 0 {
		t.Errorf("got %+v, want a conflict", got)
	}
	d.Prove()
}

func TestCustomersDoNotWorkTheBank(t *testing.T) {
	d := officetest.New(t)
	a := euroCustomer(d, "Alpha")
	by := access.Caller{Name: "console", Account: a.ID, Scopes: access.Scopes}
	ctx := context.Background()
	_, e1 := d.ImportStatement(ctx, by, "x", bytes.NewReader(nil), statement.Options{})
	_, _, e2 := d.Remittances(ctx, by, office.RemittanceFilter{}, office.Page{Limit: 1})
	_, e3 := d.ClaimRemittance(ctx, by, "rem_x", office.Claiming{Account: a.ID, Note: "mine"})
	_, e4 := d.ApproveClaim(ctx, by, "clm_x", "")
	_, e5 := d.ExplainLine(ctx, by, "bln_x", office.Explaining{Kind: bank.ExplainFee, Note: "x"})
	_, e6 := d.Remittance(ctx, by, "rem_x")
	for i, err := range []error{e1, e2, e3, e4, e5, e6} {
		if !errors.Is(err, access.ErrForbidden) {
			t.Errorf("%d: got %v, want forbidden", i+1, err)
		}
	}
}
