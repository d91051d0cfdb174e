package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// oldVersion is the version of the tables that TestMigrationsKeepWhatIsThere begins
// with: the last one before columns were added whose values come from other rows.
const oldVersion = 12

// TestMigrationsKeepWhatIsThere lives months in today's books, puts their rows into the
// tables that version 12 had, with rows of every other table of then, and migrates: no
// row is lost or changed, what later versions added says what it should, the books
// prove themselves, and life goes on.
func TestMigrationsKeepWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			b, abroad, to := oldBooks(t, engine)
			tables := tablesOf(t, engine, to)
			before, counts := map[string][]string{}, map[string]int64{}
			for _, table := range tables {
				if before[table.name] = table.rows(t, to); len(before[table.name]) == 0 {
					t.Errorf("%s is empty, want rows in every table of version %d", table.name, oldVersion)
				}
			}
			for _, f := range filledIn {
				counts[f.name] = number(t, to, f.of)
			}

			if err := b.s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := b.s.Migrated(t.Context()); err != nil {
				t.Errorf("the database counts as %v, want migrated", err)
			}
			for _, table := range tables {
				if after := table.rows(t, to); !slices.Equal(after, before[table.name]) {
					t.Errorf("%s: got %d rows:\n%s\nwant the %d of before:\n%s", table.name, len(after), strings.Join(after, "\n"), len(before[table.name]), strings.Join(before[table.name], "\n"))
				}
			}
			for _, f := range filledIn {
				if got := number(t, to, f.are); got != counts[f.name] || got == 0 {
					t.Errorf("%s: got %d rows, want %d and some", f.name, got, counts[f.name])
				}
			}
			if got := table("usage_days", "day, product, month, lines, micro, pico").rows(t, to, "account_id = 'acct_402'"); !slices.Equal(got, daysAbroad) {
				t.Errorf("days: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(daysAbroad, "\n"))
			}
			if engine == storetest.SQLite {
				if got := number(t, to, `SELECT count(*) FROM pragma_foreign_key_check`); got != 0 {
					t.Errorf("%d rows refer to what is not there, want none", got)
				}
			}
			proven(t, b.s)
			b.goOn(abroad)
			proven(t, b.s)
		})
	}
}

// oldBooks lives months in today's books and puts their rows, and those of rowsOfOld,
// into a database of oldVersion, where the books then are. It returns them with
// acct_402, which is abroad, and the database.
func oldBooks(t *testing.T, engine string) (*books, account.Account, *sql.DB) {
	t.Helper()
	today, url := storetest.URL(t, engine), storetest.EmptyURL(t, engine)
	b := newBooks(t, storetest.Reopen(t, today))
	newBooks(t, b.s).cash()
	b.live()
	b.bank()
	b.moreBank()
	abroad := b.open("CAD")

	b.s = storetest.Reopen(t, url)
	if err := b.s.MigrateTo(t.Context(), oldVersion); err != nil {
		t.Fatal(err)
	}
	from, to := rawly(t, engine, today), rawly(t, engine, url)
	for _, table := range tablesOf(t, engine, to) {
		table.copy(t, from, to)
	}
	for _, row := range rowsOfOld {
		row.insert(t, to)
	}
	return b, abroad, to
}

// proven fails the test unless every proof of the books holds, and holds something.
func proven(t *testing.T, s *store.Store) {
	t.Helper()
	r := verify(t, s)
	if !r.OK() {
		complain(t, r)
		t.Errorf("problems in %v, want none", failing(r))
	}
	for _, c := range r.Checks {
		if c.Counted == 0 {
			t.Errorf("%s is proven of no rows, want some", c.Name)
		}
	}
}

// moreBank adds to bank's account movements in every state, and receipts in those that
// bank leaves out.
//
//	bln_411 to bln_418 of 11.00 to 18.00 EUR: pending, superseded, aside, conflict, dismissed, held, unexplained, unexplained
//	bln_421 brings 21.00: rem_421 goes back
//	bln_422 brings 22.00: rem_422, all of it credited to acct_401 by clm_422
//	bln_423 brings 23.00: rem_423, the seller's own by exp_423
func (b *books) moreBank() {
	b.t.Helper()
	states := map[int]bank.LineState{
		411: bank.LinePending, 412: bank.LineSuperseded, 413: bank.LineAside, 414: bank.LineConflict, 415: bank.LineDismissed, 416: bank.LineHeld, 417: bank.LineUnexplained, 418: bank.LineUnexplained,
		421: bank.LineRemitted, 422: bank.LineRemitted, 423: bank.LineRemitted,
	}
	day := b.now.Format(time.DateOnly)
	b.update(func(tx *store.Tx) error {
		var entries []ledger.Entry
		entry := func(e ledger.Entry, err error) {
			b.t.Helper()
			if err != nil {
				b.t.Fatal(err)
			}
			e.ID, e.BookedAt = b.id("ent"), b.now
			entries = append(entries, e)
		}
		for n := 411; n <= 423; n++ {
			state, isThere := states[n]
			if !isThere {
				continue
			}
			amount := euro(int64(n-400) * 100)
			id, print := fmt.Sprintf("bln_%d", n), fmt.Sprintf("p%d", n)
			l := bank.Line{
				ID: bank.LineID(id), Statement: "bst_401", Number: "DE1", Receiving: "rac_401", Format: "camt.053", Entry: n, Part: 1, Parts: 1, Print: print, Occurrence: 1, Core: print, Loose: print,
				State: state, Incoming: state != bank.LineUnexplained, Amount: amount, BookedOn: day, ValueOn: day, At: b.now,
			}
			if err := tx.AddLines(b.ctx, []bank.Line{l}); err != nil {
				return err
			}
			switch state {
			case bank.LineHeld, bank.LineRemitted, bank.LineUnexplained:
				entry(ledger.BookedLine(id, l.Signed()))
			}
			if state != bank.LineRemitted {
				continue
			}
			r := bank.Receipt(bank.RemittanceID(fmt.Sprintf("rem_%d", n)), l, bank.ReasonShared, b.now, bank.Clock{DueAt: b.now, LateAt: b.now})
			switch n {
			case 421:
				r.State, r.ReturnedBy, r.ReturnNote = bank.Returning, "ann", "nobody's"
			case 422:
				r.State, r.Claimed, r.Credited, r.EndedAt = bank.Credited, amount, amount, b.now
			case 423:
				r.State, r.Explained, r.EndedAt = bank.Ended, amount, b.now
			}
			if err := tx.AddRemittances(b.ctx, []bank.Remittance{r}); err != nil {
				return err
			}
			switch n {
			case 422:
				c := bank.Claim{ID: "clm_422", Remittance: r.ID, Account: "acct_401", Amount: amount, Fee: euro(0), State: bank.ClaimCredited, Automatic: true, Note: "n", ClaimedBy: bank.Automatic, ClaimedAt: b.now}
				if err := tx.AddClaims(b.ctx, []bank.Claim{c}); err != nil {
					return err
				}
				entry(ledger.CreditedReceipt("clm_422", "acct_401", amount, c.Fee))
			case 423:
				if err := tx.AddExplanation(b.ctx, bank.Explanation{ID: "exp_423", Line: l.ID, Kind: bank.ExplainTransfer, Amount: amount, Incoming: true, Note: "n", By: "ann", At: b.now}); err != nil {
					return err
				}
				entry(ledger.ExplainedLine("exp_423", ledger.OwnerFunds, "", amount))
			}
		}
		for _, e := range entries {
			if err := tx.Book(b.ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// oldRow is SQL that puts rows into a table of version 12. What it says of bytes comes
// beside it: each database writes them in its own way.
type oldRow struct {
	sql   string
	bytes []byte // $1
}

func (r oldRow) insert(t *testing.T, db *sql.DB) {
	t.Helper()
	var args []any
	if r.bytes != nil {
		args = append(args, r.bytes)
	}
	if _, err := db.ExecContext(t.Context(), r.sql, args...); err != nil {
		t.Fatalf("%s: %v", r.sql, err)
	}
}

// rowsOfOld are rows of the tables that the books of the tests leave empty. acct_402 is
// in Newfoundland, half an hour beside all others, and its clocks change within the
// lines.
var rowsOfOld = []oldRow{
	{sql: `INSERT INTO installation (name, value) VALUES ('id', 'inst_old')`},
	{sql: `INSERT INTO provider_customers VALUES ('acct_1', 'stripe', 'cus_1')`},
	{sql: `INSERT INTO bind_attempts VALUES ('try_501', 'acct_1', 'stripe:pm_1', '192.0.2.0/24', 'opened', 1)`},
	{sql: `INSERT INTO agreements VALUES ('agr_501', 'acct_1', 'paypal', 'here/agr_501', 'cus_1', 'ref', '', 'try_501', 'pm_1', 'c', 'en', 'r', 'a', 'kept', '', 1, 2, 3, 4, 5)`},
	{sql: `INSERT INTO resources VALUES ('acct_1', 3, '["vm-1"]', 1)`},
	{sql: `INSERT INTO events VALUES ('evt_501', 'acct_1', 'debt.opened', 'debt_1', 1, '{}', 1)`},
	{sql: `INSERT INTO webhook_endpoints VALUES ('whe_501', 'https://example.com', '[]', '[]', 'enabled', 'd', 1)`},
	{sql: `INSERT INTO deliveries VALUES ('dlv_501', 'whe_501', 'evt_501', 'waiting', 1, 2, 500, 'e', 3, 4)`},
	{sql: `INSERT INTO delivery_attempts VALUES ('dlv_501', 1, 2, 500, 'e', 3)`},
	{sql: `INSERT INTO provider_events VALUES ('stripe', 'evt_1', 'k', 'pi_1', '{}', 1, NULL), ('stripe', 'evt_2', 'k', 'pi_1', '{}', 1, 2)`},
	{sql: `INSERT INTO policies VALUES ('2024-08', 1, '{}', 2, 'cli')`},
	{sql: `INSERT INTO api_keys VALUES ('key_501', 'platform', $1, '[]', 1, NULL, NULL, 2)`, bytes: []byte("key")},
	{sql: `INSERT INTO idempotency_keys VALUES ('key_501', 'k', $1, 200, '{}', 1)`, bytes: []byte("request")},
	{sql: `INSERT INTO tickets VALUES ($1, 'session', 'acct_1', '', 9, NULL, 1, '192.0.2.1', 'Firefox')`, bytes: []byte("session")},
	{sql: `INSERT INTO tickets VALUES ($1, 'link', 'acct_1', '', 9, 2, 0, '', '')`, bytes: []byte("link")},
	{sql: `INSERT INTO notices VALUES ('ntc_501', 'acct_1', 'bill_issued', 'bill_1', '{}', 1, NULL), ('ntc_502', 'acct_1', 'bill_paid', 'bill_1', '{}', 1, 2)`},
	{sql: `INSERT INTO letters VALUES ('ntc_501', 'acct_1', 'bill_issued', 'waiting', 1, 0, 2, 3, 'a@example.com', 'en', '', '', 't', 'b', NULL, 1)`},
	{sql: `INSERT INTO mail_choices VALUES ('acct_1', 'bill_paid', 0)`},
	{sql: `INSERT INTO jobs (kind, subject, unique_key, due_at, attempts, claimed_until, river_job, last_error) VALUES ('sweep', '', 'sweep/', 1, 2, NULL, NULL, 'e')`},
	{sql: `INSERT INTO judgements VALUES ('jdg_501', 'acct_1', 'bind', 'try_501', 'pm_1', 'allow', '', '2024-08', '', 0, '{}', 1)`},
	{sql: `INSERT INTO identity_cases VALUES ('idc_501', 'acct_1', 'stripe:pm_1', 'pm_1', '{}', '', 'bind', 'r', '2024-08', 'submitted', 1, '', '[]', 1, 2, 3, 4, NULL, '', NULL)`},
	{sql: `INSERT INTO identity_documents VALUES ('doc_501', 'idc_501', 'acct_1', 'registered_identity', 1, 'image/png', 3, 1, 1, 1, 's', 'm', $1, $1, 1, 'ada', NULL)`, bytes: []byte{0, 255, 7}},
	{sql: `INSERT INTO identity_views VALUES ('idv_501', 'doc_501', 'idc_501', 'acct_1', 'bob', '192.0.2.1', 'r', 1)`},
	{sql: `INSERT INTO staff_members VALUES ('mbr_501', 'Ann', 'ann@example.com', 'finance', 'active', 0, 1, 2)`},
	{sql: `INSERT INTO staff_tickets VALUES ($1, 'session', 'mbr_501', '192.0.2.1', 1, 2, 3, NULL)`, bytes: []byte("staff")},
	{sql: `INSERT INTO staff_requests VALUES ('srq_501', 'ann@example.com', '192.0.2.1', 1)`},

	{sql: `INSERT INTO receiving_accounts VALUES
		('rac_401', 'main', 'DE', '["DE","AT"]', 'EUR', 'Bank', 'Street 1', 'COBADEFF', 'Holder', 'iban', '37040044', 'DE1', '["sepa"]', 1, 1, NULL),
		('rac_402', 'main', 'DE', '[]', 'EUR', 'Bank', '', 'COBADEFF', 'Holder', 'iban', '37040044', 'DE2', '["sepa"]', 0, 1, 7)`},
	{sql: `INSERT INTO number_pools VALUES
		('vpl_401', 'rac_401', 'range', 'iban', 'DE', '37040044', '99', 0, 3, 999, 5, 1),
		('vpl_402', 'rac_402', 'list', 'iban', 'DE', '', '', 0, 2, 2, 0, 1)`},
	{sql: `INSERT INTO pool_numbers VALUES ('vpl_402', 1, 'N1'), ('vpl_402', 2, 'N2')`},
	{sql: `INSERT INTO virtual_accounts VALUES
		('vac_401', 'vpl_402', 'rac_402', 'N1', 'acct_401', 1, 'cli', 7), ('vac_402', 'vpl_401', 'rac_401', 'DE99', 'acct_401', 8, 'cli', NULL), ('vac_403', 'vpl_401', 'rac_401', 'DE98', 'acct_402', 8, 'cli', NULL)`},
	{sql: `INSERT INTO payment_references VALUES ('RF18539007547034', 'acct_401', 1)`},
	{sql: `INSERT INTO bank_statements (id, file_id, place, account_number, receiving_id, format, bank_id, sequence, page, currency, first_day, last_day, credits, debits, booked, pending, info, proof, remarks, state, reason, imported_by, imported_at)
		SELECT 'bst_402', file_id, 2, account_number, receiving_id, format, '', '', '', currency, first_day, last_day, 1, 2, 3, 0, 0, 'unbalanced', '["r"]', 'held', 'r', 'x', 1 FROM bank_statements WHERE id = 'bst_401'`},
	{sql: `INSERT INTO bank_numbers VALUES ('DE1', 2)`},
	{sql: `INSERT INTO bank_sightings VALUES ('bst_402', 'p1', 1)`},
	{sql: `INSERT INTO claims (id, remittance_id, account_id, currency, amount, fee, state, automatic, note, proof, claimed_by, claimed_at, decided_by, decided_at, decision, reversed_by, reversal)
		VALUES ('clm_411', 'rem_401', 'acct_401', 'EUR', 1, 0, 'refused', 0, 'n', 'ticket 1', 'ann', 1, 'bob', 2, 'd', '', ''), ('clm_412', 'rem_421', 'acct_401', 'EUR', 2, 0, 'withdrawn', 0, 'n', '', 'ann', 1, '', NULL, '', '', '')`},

	{sql: `UPDATE accounts SET kind = 'enterprise', credit = 1, auto_apply = 0 WHERE id = 'acct_2'`},
	{sql: `INSERT INTO credit_lines VALUES
		('crl_501', 'acct_2', 'open', 'JPY', 100000, '{"Days":30}', 'r', 'active', 'ann', 1, 'bob', 2, '', NULL), ('crl_502', 'acct_2', 'change', 'JPY', 200000, '{"Days":30}', 'r', 'proposed', 'ann', 3, '', NULL, '', NULL)`},
	{sql: `INSERT INTO credit_alerts VALUES ('acct_2', 1, 5)`},

	{sql: `UPDATE accounts SET zone = 'America/St_Johns' WHERE id = 'acct_402'`},
	{sql: `INSERT INTO collections VALUES ('acct_402', 1, '2024-11', 'open', 1, NULL)`},
	usedAbroad("1", 1, "compute", "2024-11-03T02:29:59.999999Z", 1, 999_999), // 23:59:59 on the 2nd
	usedAbroad("2", 1, "compute", "2024-11-03T02:30:00Z", 2, 999_999),        // midnight, in summer time still
	usedAbroad("3", 1, "compute", "2024-11-04T03:29:59Z", 4, 2),              // 23:59:59 on the 3rd, in winter time
	usedAbroad("4", 1, "compute", "2024-11-04T03:30:00Z", -8, 0),             // a correction, at midnight
	usedAbroad("5", 1, "storage", "2024-10-31T12:00:00Z", 16, 0),             // late: of October, on November's bill
	usedAbroad("6", 0, "tax", "2024-11-03T12:00:00Z", 32, 0),                 // tax, in no collection
	{sql: `INSERT INTO exposures VALUES ('acct_402', 1, 'compute', 1, 0, 4), ('acct_402', 1, 'storage', 16, 0, 1)`},
}

// usedAbroad is a line of acct_402's usage.
func usedAbroad(id string, collection int, product, at string, micro, pico int64) oldRow {
	started, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		panic(err)
	}
	return oldRow{fmt.Sprintf(`INSERT INTO usage_lines VALUES ($1, 'acct_402', 'abroad_%s', $1, %d, '%s', %d, %d, %d, 1)`, id, collection, product, micro, pico, started.UnixMicro()), []byte("abroad" + id)}
}

// daysAbroad are acct_402's days: the 20029th since 1970 is the 2nd of November 2024.
var daysAbroad = []string{
	"20027 storage 2024-11 1 16 0",
	"20029 compute 2024-11 1 1 999999",
	"20030 compute 2024-11 2 6 1000001",
	"20031 compute 2024-11 1 -8 0",
}

// filledIn are the columns that later versions have added: as many rows say what they
// are, after the migration, as there were to say it of.
var filledIn = []struct{ name, of, are string }{
	{"debts on bills", `SELECT count(*) FROM debts WHERE bill_id IS NOT NULL`, `SELECT count(*) FROM debts AS d JOIN bills AS b ON b.id = d.bill_id WHERE d.billed_at = b.issued_at`},
	{"debts on no bill", `SELECT count(*) FROM debts WHERE bill_id IS NULL`, `SELECT count(*) FROM debts WHERE bill_id IS NULL AND billed_at IS NULL`},
	{"debts that the balance pays", `SELECT count(*) FROM debts`, `SELECT count(*) FROM debts WHERE by_hand = 0`},
	{"sessions", `SELECT count(*) FROM tickets`, `SELECT count(*) FROM tickets WHERE proved_at IS NULL AND return_url = ''`},
	{"exposures", `SELECT count(*) FROM exposures`, `SELECT count(*) FROM exposures WHERE day = 0 AND day_lines = 0 AND day_micro = 0 AND day_pico = 0`},
	{"lines of days", `SELECT count(*) FROM usage_lines WHERE collection <> 0`, `SELECT cast(sum(lines) as bigint) FROM usage_days`},
}

// goOn has rows of before be worked with: usage comes for days that are told already and
// for others, a month is closed, and where customers transfer to is what two people say.
func (b *books) goOn(abroad account.Account) {
	b.t.Helper()
	b.now = time.Date(2024, 11, 4, 12, 0, 0, 0, time.UTC)
	b.use(abroad, "compute", "1", "2") // of the 4th and the 3rd
	b.now = b.now.AddDate(0, 0, 1)
	b.use(abroad, "compute", "4", "8")
	if got, want := b.dayOf(abroad, "2024-11-04"), "8.999992"; got != want { // 1 and 8, less what was corrected
		b.t.Errorf("the 4th has %s of compute, want %s", got, want)
	}
	b.ids["debt"], b.ids["bill"] = 500, 500
	b.close(abroad)

	try := func(statement string) error {
		return b.s.Update(b.ctx, func(tx *store.Tx) error { _, err := tx.Exec(b.ctx, statement); return err })
	}
	for name, statement := range map[string]string{
		"another number of an account of before": `UPDATE receiving_accounts SET number = 'X' WHERE id = 'rac_401'`,
		"an account of before goes":              `DELETE FROM receiving_accounts WHERE id = 'rac_402'`,
		"a closed account of before opens":       `UPDATE receiving_accounts SET closed_at = NULL WHERE id = 'rac_402'`,
		"one person closes an account of before": `UPDATE receiving_accounts SET closed_at = 9 WHERE id = 'rac_401'`,
		"one person adds numbers to it":          `INSERT INTO number_pools VALUES ('vpl_403', 'rac_401', 'range', 'iban', 'DE', '', '97', 0, 1, 9, 0, 9)`,
		"the same number in the same currency":   agreedTo("open", "rac_403", "") + `; INSERT INTO receiving_accounts SELECT 'rac_403', seller, country, serves, currency, bank, bank_address, bic, holder, scheme, bank_code, number, rails, shared, opened_at, closed_at FROM receiving_accounts WHERE id = 'rac_401'`,
	} {
		if err := tryAll(try, statement); err == nil {
			b.t.Errorf("%s: got no error, want it refused", name)
		}
	}
	for name, statement := range map[string]string{
		"two people add numbers to it":       agreedTo("pool", "rac_401", "vpl_404") + `; INSERT INTO number_pools VALUES ('vpl_404', 'rac_401', 'range', 'iban', 'DE', '', '96', 0, 1, 9, 0, 9)`,
		"the same number in another":         agreedTo("open", "rac_404", "") + `; INSERT INTO receiving_accounts SELECT 'rac_404', seller, country, serves, 'USD', bank, bank_address, bic, holder, scheme, bank_code, number, rails, shared, opened_at, closed_at FROM receiving_accounts WHERE id = 'rac_401'`,
		"its pool gives the next number out": `UPDATE number_pools SET next = 4 WHERE id = 'vpl_401'`,
		"a proof for a claim of before":      `INSERT INTO claim_proofs SELECT 'prf_401', remittance_id, id, 'image/png', 3, 's', 'm', content, content, 1, 'ann' FROM claims, usage_lines WHERE id = 'clm_402' AND line_id = 'abroad_1'`,
		"a reminder of a receipt of before":  `INSERT INTO receipt_reminders VALUES ('rem_401', 'due', 9)`,
		"two people's word on its closing":   agreedTo("close", "rac_401", ""),
	} {
		if err := tryAll(try, statement); err != nil {
			b.t.Errorf("%s: %v", name, err)
		}
	}
	b.update(func(tx *store.Tx) error {
		retired, err := tx.CloseReceivingAccount(b.ctx, "rac_401", b.now)
		if retired != 2 {
			b.t.Errorf("closing an account of before retires %d numbers, want 2", retired)
		}
		return err
	})
}

// agreedTo is two people's word on a change.
func agreedTo(kind, receiving, pool string) string {
	return fmt.Sprintf(`INSERT INTO receiving_changes VALUES ('rcc_%[1]s_%[2]s', '%[1]s', '%[2]s', '%[3]s', '{}', 'letter', 'agreed', 'ann', 1, 'bob', 1, '')`, kind, receiving, pool)
}

// tryAll runs statements one after the other, up to the first error.
func tryAll(try func(string) error, statements string) error {
	for one := range strings.SplitSeq(statements, ";") {
		if err := try(one); err != nil {
			return err
		}
	}
	return nil
}

// dayOf is what an account used of compute on a day, in November 2024.
func (b *books) dayOf(a account.Account, day string) string {
	b.t.Helper()
	var used string
	err := b.s.View(b.ctx, func(tx *store.Tx) error {
		days, err := tx.MonthDays(b.ctx, a.ID, "2024-11", a.Currency)
		for _, d := range days {
			if d.Day.String() == day && d.Product == "compute" {
				used = d.Usage.Decimal()
			}
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return used
}

// rawly opens a database beside the store, on one connection.
func rawly(t *testing.T, engine, url string) *sql.DB {
	t.Helper()
	driver, dsn := "sqlite", "file:"+strings.TrimPrefix(url, "sqlite:")+"?_pragma=foreign_keys(1)&_pragma=busy_timeout(10000)"
	if engine == storetest.Postgres {
		driver, dsn = "pgx", url
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	return db
}

// rawTable is a table with some of its columns.
type rawTable struct {
	name    string
	columns []string
}

func table(name, columns string) rawTable { return rawTable{name, strings.Split(columns, ", ")} }

// tablesOf lists a database's tables with their columns, in the order in which they
// were made: none refers to a later one.
func tablesOf(t *testing.T, engine string, db *sql.DB) []rawTable {
	t.Helper()
	names := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version' ORDER BY rowid`
	columns := `SELECT name FROM pragma_table_info('%s') ORDER BY cid`
	if engine == storetest.Postgres {
		names = `SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'goose_db_version' ORDER BY oid`
		columns = `SELECT attname::text FROM pg_attribute WHERE attrelid = '%s'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`
	}
	var list []rawTable
	for _, name := range texts(t, db, names) {
		list = append(list, rawTable{name, texts(t, db, fmt.Sprintf(columns, name))})
	}
	return list
}

func texts(t *testing.T, db *sql.DB, query string) (list []string) {
	t.Helper()
	each(t, db, query, 1, func(row []any) { list = append(list, row[0].(string)) })
	return list
}

func number(t *testing.T, db *sql.DB, query string) (n int64) {
	t.Helper()
	each(t, db, query, 1, func(row []any) { n, _ = row[0].(int64) })
	return n
}

// each hands fn every row of an answer.
func each(t *testing.T, db *sql.DB, query string, columns int, fn func([]any)) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		row, into := make([]any, columns), make([]any, columns)
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for i, v := range row {
			if b, isBytes := v.([]byte); isBytes {
				row[i] = append([]byte{}, b...) // none is not NULL
			}
		}
		fn(row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func (r rawTable) query(where ...string) string {
	q := "SELECT " + strings.Join(r.columns, ", ") + " FROM " + r.name
	if len(where) > 0 {
		q += " WHERE " + strings.Join(where, " AND ")
	}
	return q
}

// rows writes every row as a line, sorted.
func (r rawTable) rows(t *testing.T, db *sql.DB, where ...string) (lines []string) {
	t.Helper()
	each(t, db, r.query(where...), len(r.columns), func(row []any) {
		texts := make([]string, len(row))
		for i, v := range row {
			if texts[i] = fmt.Sprint(v); v == nil {
				texts[i] = "NULL"
			}
		}
		lines = append(lines, strings.Join(texts, " "))
	})
	slices.Sort(lines)
	return lines
}

// copy puts the rows that a table of today has into the one of then.
func (r rawTable) copy(t *testing.T, from, to *sql.DB) {
	t.Helper()
	marks := make([]string, len(r.columns))
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	insert := "INSERT INTO " + r.name + " (" + strings.Join(r.columns, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")"
	each(t, from, r.query(), len(r.columns), func(row []any) {
		if _, err := to.ExecContext(context.Background(), insert, row...); err != nil {
			t.Fatalf("%s: %v", insert, err)
		}
	})
}
