package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

func verify(t testing.TB, s *store.Store) store.Report {
	t.Helper()
	r, err := s.Verify(t.Context(), nil)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return r
}

// failing returns the names of the checks that found problems.
func failing(r store.Report) []string {
	var names []string
	for _, c := range r.Checks {
		if !c.OK() {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return names
}

func complain(t testing.TB, r store.Report) {
	t.Helper()
	for _, c := range r.Checks {
		for _, p := range c.Problems {
			t.Logf("%s: %s: %s", c.Name, p.Where, p.What)
		}
	}
}

func TestVerifyHealthyBooks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if r := verify(t, s); !r.OK() || r.Checked != 0 {
			complain(t, r)
			t.Errorf("an empty database: got %v and %d rows checked, want no problem and 0", failing(r), r.Checked)
		}
		newBooks(t, s).live()

		var heard []string
		r, err := s.Verify(t.Context(), func(check string) { heard = append(heard, check) })
		if err != nil {
			t.Fatal(err)
		}
		if !r.OK() {
			complain(t, r)
			t.Errorf("problems in %v, want none", failing(r))
		}
		if r.Engine != s.Engine() {
			t.Errorf("engine %q, want %q", r.Engine, s.Engine())
		}
		var names, unheld []string
		var sum int64
		for _, c := range r.Checks {
			names = append(names, c.Name)
			sum += c.Counted
			if c.Counted == 0 {
				unheld = append(unheld, c.Name)
			}
			if c.Title == "" || strings.HasSuffix(c.Title, ".") {
				t.Errorf("%s has the title %q, want a sentence without its full stop", c.Name, c.Title)
			}
		}
		if !slices.Equal(heard, names) {
			t.Errorf("progress heard %v, want %v", heard, names)
		}
		if r.Checked != sum {
			t.Errorf("checked %d rows, want %d", r.Checked, sum)
		}

		// What those books have nothing of is in the others'.
		for name, live := range map[string]func(*books){"cash": (*books).cash, "bank": (*books).bank} {
			other := storetest.Open(t, s.Engine())
			live(newBooks(t, other))
			r := verify(t, other)
			if !r.OK() {
				complain(t, r)
				t.Errorf("%s: problems in %v, want none", name, failing(r))
			}
			for _, c := range r.Checks {
				if c.Counted > 0 {
					unheld = slices.DeleteFunc(unheld, func(n string) bool { return n == c.Name })
				}
			}
		}
		if len(unheld) > 0 {
			t.Errorf("%v were held against nothing", unheld)
		}
	})
}

func TestVerifyOnlyReads(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			s, err := store.Open(t.Context(), built(t, engine, (*books).live), store.Options{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if r := verify(t, s); !r.OK() {
				complain(t, r)
				t.Errorf("problems in %v, want none", failing(r))
			}
		})
	}
}

// A forgery is what somebody with the database's password could do.
type forgery struct {
	name  string
	free  string // tables that lose their triggers, constraints and indexes first
	sql   string
	check string // finds it
	where string // the place it names
	what  string // part of what it says, if that matters
	also  string // other checks that find it too
}

var forgeries = []forgery{
	{"a posting raised", "postings", `UPDATE postings SET amount = amount + 1 WHERE entry_id = 'ent_1' AND amount > 0`,
		"entries_balance", "entry ent_1", "does not balance: its postings sum to 0.01 USD, its debits to 8.45 USD, and its amount is 8.44 USD", "balances"},
	{"a posting lost", "postings", `DELETE FROM postings WHERE entry_id = 'ent_1' AND ledger_account = 'tax_payable'`,
		"entries_balance", "entry ent_1", "", "balances debts_paid"},
	{"both sides raised alike", "postings", `UPDATE postings SET amount = amount * 2 WHERE entry_id = 'ent_2'`,
		"entries_balance", "entry ent_2", "is not the sum of its debits", "balances provider_receivable"},
	{"an entry without postings", "postings", `DELETE FROM postings WHERE entry_id = 'ent_2'`,
		"entries_balance", "entry ent_2", "has no postings", "balances provider_receivable"},
	{"postings without entry", "entries", `DELETE FROM entries WHERE id = 'ent_2'`,
		"entries_balance", "entry ent_2", "is not there", "debts_paid payments"},
	{"another currency", "postings", `UPDATE postings SET currency = 'EUR' WHERE entry_id = 'ent_2' AND amount > 0`,
		"entries_balance", "entry ent_2", "more than one currency", "balances provider_receivable"},
	{"what a card paid, out of the cash", "postings", `UPDATE postings SET ledger_account = 'provider_fees' WHERE entry_id = 'ent_2' AND amount > 0`,
		"entries_balance", "entry ent_2", "is not booked to the accounts of its kind", "provider_receivable"},
	{"an entry of another customer", "entries", `UPDATE entries SET account_id = 'acct_2' WHERE id = 'ent_2'`,
		"entries_balance", "entry ent_2", "is not booked to the accounts of its kind", ""},
	{"a posting of NULL", "postings", `UPDATE postings SET amount = NULL WHERE entry_id = 'ent_2' AND amount > 0`,
		"entries_balance", "entry ent_2", "", "balances provider_receivable"},

	{"a balance raised", "balances", `UPDATE balances SET amount = amount + 1 WHERE ledger_account = 'customer_balance'`,
		"balances", "balance customer_balance of acct_1", "is -0.60 USD, and its postings sum to -0.61 USD", ""},
	{"a balance lost", "balances", `DELETE FROM balances WHERE ledger_account = 'customer_balance'`,
		"balances", "balance customer_balance of acct_1", "", ""},
	{"a balance out of nothing", "balances", `INSERT INTO balances VALUES ('acct_2', 'customer_balance', 'JPY', -1000)`,
		"balances", "balance customer_balance of acct_2", "", ""},

	{"a debt paid by hand", "debts", `UPDATE debts SET state = 'paid', paid = amount WHERE id = 'debt_5'`,
		"debts_paid", "debt debt_5", "says that 14.68 USD was paid, and the ledger has 0.00 USD captured and spent for it", "receivable"},
	{"paid without money", "debts", `UPDATE debts SET state = 'paid' WHERE id = 'debt_5'`,
		"debts_paid", "debt debt_5", "is paid with an amount of 14.68 USD", ""},
	{"an amount that is not its parts", "debts", `UPDATE debts SET tax = tax + 1 WHERE id = 'debt_5'`,
		"debts_paid", "debt debt_5", "", ""},
	{"tax as revenue", "postings", `UPDATE postings SET ledger_account = 'revenue' WHERE entry_id = 'ent_1' AND ledger_account = 'tax_payable'`,
		"debts_paid", "debt debt_1", "", ""},
	{"a debt that is not booked", "entries postings", `DELETE FROM postings WHERE entry_id = 'ent_9'; DELETE FROM entries WHERE id = 'ent_9'`,
		"debts_paid", "debt debt_5", "is booked by 0 entries", "balances"},
	{"a debt numbered anew", "debts", `UPDATE debts SET number = 2 WHERE id = 'debt_5'`,
		"debts_paid", "account acct_1", "debts of kind threshold for 2024-10", ""},
	{"a debt of NULL", "debts", `UPDATE debts SET paid = NULL WHERE id = 'debt_5'`,
		"debts_paid", "debt debt_5", "nothing paid", "receivable"},
	{"a debt lost", "debts", `DELETE FROM debts WHERE id = 'debt_4'`,
		"debts_paid", "debt debt_4", "", "carries receivable shares"},

	{"a success denied", "payments", `UPDATE payments SET state = 'declined' WHERE id = 'pay_3'`,
		"payments", "payment pay_3", "is declined and took 0.00 USD, and the ledger has 8.44 USD", "provider_receivable"},
	{"a success invented", "payments", `UPDATE payments SET state = 'succeeded' WHERE id = 'pay_1'`,
		"payments", "payment pay_1", "", "collected_once provider_receivable"},
	{"two at once", "payments", `UPDATE payments SET state = 'unknown' WHERE id IN ('pay_1', 'pay_2')`,
		"payments", "debt debt_1", "has 2 payments that are not over", ""},
	{"an attempt left out", "payments", `UPDATE payments SET attempt = 7 WHERE id = 'pay_3'`,
		"payments", "debt debt_1", "from 1 to 7", ""},
	{"one intent twice", "payments", `UPDATE payments SET provider_ref = 'pi_pay_1' WHERE id = 'pay_2'`,
		"payments", "payment pay_2", "is one of 2", ""},
	{"one key twice", "payments", `UPDATE payments SET key = 'here/acct_1/threshold/2024-08/1/1' WHERE id = 'pay_2'`,
		"payments", "payment pay_2", "", ""},
	{"somebody else's debt", "payments", `UPDATE payments SET account_id = 'acct_2' WHERE id = 'pay_1'`,
		"payments", "payment pay_1", "", ""},
	{"a payment lost", "payments", `DELETE FROM payments WHERE id = 'pay_6'`,
		"payments", "payment pay_6", "is not there", "debts_paid provider_receivable"},

	{"a surplus kept as revenue", "postings balances", `
		UPDATE postings SET ledger_account = 'revenue', account_id = '' WHERE ledger_account = 'customer_balance' AND account_id = 'acct_1';
		DELETE FROM balances WHERE ledger_account = 'customer_balance' AND account_id = 'acct_1'`,
		"collected_once", "debt debt_2", "was collected by 2 payments of 1.22 USD for an amount of 0.61 USD", ""},
	{"a surplus held for another", "postings balances", `
		UPDATE postings SET account_id = 'acct_2' WHERE ledger_account = 'customer_balance' AND account_id = 'acct_1';
		UPDATE balances SET account_id = 'acct_2' WHERE ledger_account = 'customer_balance' AND account_id = 'acct_1'`,
		"collected_once", "debt debt_2", "", "entries_balance"},

	{"a debt cancelled in silence", "debts", `UPDATE debts SET state = 'cancelled' WHERE id = 'debt_5'`,
		"receivable", "account acct_1", "the ledger has 14.68 USD receivable, and the debts have 0.00 USD open", ""},
	{"what one owes, to another", "postings balances", `
		UPDATE postings SET account_id = 'acct_2' WHERE entry_id = 'ent_9' AND amount > 0;
		UPDATE balances SET amount = 0 WHERE account_id = 'acct_1' AND ledger_account = 'customer_receivable';
		INSERT INTO balances VALUES ('acct_2', 'customer_receivable', 'USD', 1468)`,
		"receivable", "account acct_2", "", "entries_balance"},

	{"a line of usage dearer", "usage_lines", `UPDATE usage_lines SET micro = micro + 1 WHERE line_id = 'line_1'`,
		"usage_sums", "collection 1 of acct_1, product compute", "the exposure is of 2 lines and there are 2; the lines' sum less the exposure is 0.000001", ""},
	{"a line of usage lost", "usage_lines", `DELETE FROM usage_lines WHERE line_id = 'line_3'`,
		"usage_sums", "collection 1 of acct_1, product storage", "", ""},
	{"a line for another product", "usage_lines", `UPDATE usage_lines SET product = 'gold' WHERE line_id = 'line_3'`,
		"usage_sums", "collection 1 of acct_1, product gold", "", ""},
	{"a line in no collection", "usage_lines", `UPDATE usage_lines SET collection = 99 WHERE line_id = 'line_1'`,
		"usage_sums", "collection 99 of acct_1, product compute", "", ""},
	{"tax collected", "exposures", `INSERT INTO exposures (account_id, collection, product, micro, pico, lines) VALUES ('acct_1', 0, 'compute', 5, 0, 1)`,
		"usage_sums", "collection 0 of acct_1, product compute", "tax is in an exposure", ""},
	{"an exposure lost", "exposures", `DELETE FROM exposures WHERE account_id = 'acct_3' AND product = 'storage'`,
		"usage_sums", "collection 3 of acct_3, product storage", "", ""},
	{"a day's usage dearer", "exposures", `UPDATE exposures SET day_micro = day_micro + 1 WHERE account_id = 'acct_1' AND collection = 1 AND product = 'compute'`,
		"usage_sums", "account acct_1, product compute, on the bill of 2024-08", "of 2024-08-20 2 lines are told and there are 2; the lines' sum less what is told is -0.000001", ""},
	{"usage of a day, told of another", "exposures", `UPDATE exposures SET day = day + 1 WHERE account_id = 'acct_1' AND collection = 1 AND product = 'storage'`,
		"usage_sums", "account acct_1, product storage, on the bill of 2024-08", "", ""},
	{"usage of a day that nobody had", "usage_days", `INSERT INTO usage_days VALUES ('acct_1', '2024-08', 19950, 'gold', 1, 5, 0)`,
		"usage_sums", "account acct_1, product gold, on the bill of 2024-08", "", ""},
	{"a line of another day", "usage_lines", `UPDATE usage_lines SET started_at = started_at - 86400000000 WHERE line_id = 'line_1'`,
		"usage_sums", "account acct_1, product compute, on the bill of 2024-08", "", ""},
	{"a collection lost", "collections", `DELETE FROM collections WHERE account_id = 'acct_3' AND number = 3`,
		"usage_sums", "collection 3 of acct_3, product storage", "the collection is not there", ""},

	{"a second open collection", "collections", `INSERT INTO collections VALUES ('acct_3', 4, '2024-10', 'open', 0, NULL)`,
		"collections", "account acct_3", "for 2024-10 there are 2 open collections", ""},
	{"shut by nobody", "collections", `UPDATE collections SET state = 'shut' WHERE account_id = 'acct_3' AND number = 3`,
		"collections", "collection 3 of acct_3", "no debt collects it", "carries"},
	{"open in a closed month", "collections", `INSERT INTO collections VALUES ('acct_3', 4, '2024-09', 'open', 0, NULL)`,
		"collections", "collection 4 of acct_3", "is open and of 2024-09, and its account is closed through 2024-09", ""},
	{"collected twice", "debts", `UPDATE debts SET collection = 1 WHERE id = 'debt_2'`,
		"collections", "collection 1 of acct_1", "is collected by 2 debts", "shares"},
	{"a debt for usage under way", "collections", `UPDATE collections SET state = 'open' WHERE account_id = 'acct_1' AND number = 4`,
		"collections", "debt debt_5", "which is open", "carries"},
	{"usage in another month", "collections", `UPDATE collections SET month = '2024-07' WHERE account_id = 'acct_1' AND number = 1`,
		"collections", "debt debt_1", "", "shares usage_sums"},

	{"a carry lost on the way", "debt_lines", `UPDATE debt_lines SET carry_out_pico = carry_out_pico + 1 WHERE debt_id = 'debt_1' AND product = 'compute'`,
		"shares", "debt debt_1, product compute", "usage 5.1000008 USD and 0 USD carried in are not 5.10 USD and 0.000000800001 USD carried out", ""},
	{"a line more", "debt_lines", `UPDATE debt_lines SET lines = lines + 1 WHERE debt_id = 'debt_1' AND product = 'compute'`,
		"shares", "debt debt_1, product compute", "", ""},
	{"a product left out", "debt_lines", `DELETE FROM debt_lines WHERE debt_id = 'debt_1' AND product = 'storage'`,
		"shares", "debt debt_1", "asks for 7.10 USD net, and its products for 5.10 USD", "carries"},
	{"a dearer bill", "bills", `UPDATE bills SET net = net + 1, amount = amount + 1 WHERE id = 'bill_1'`,
		"shares", "bill bill_1", "", ""},
	{"a line of a bill", "bill_lines", `UPDATE bill_lines SET net = net + 1, carry_in_micro = carry_in_micro + 10000 WHERE bill_id = 'bill_1' AND product = 'compute'`,
		"shares", "bill bill_1, product compute", "", ""},
	{"usage of a bill", "bill_lines", `UPDATE bill_lines SET usage_pico = usage_pico + 1, carry_out_pico = carry_out_pico + 1 WHERE bill_id = 'bill_1' AND product = 'compute'`,
		"shares", "bill bill_1, product compute", "is for 3 lines, and its month has 3; its usage less the exposures is 0.000000000001 USD", ""},
	{"a debt off its bill", "debts", `UPDATE debts SET bill_id = NULL WHERE id = 'debt_1'`,
		"shares", "debt debt_1", "is of 2024-08, and it is on the bill of no month", ""},
	{"a debt on another's bill", "debts", `UPDATE debts SET bill_id = 'bill_2' WHERE id = 'debt_1'`,
		"shares", "debt debt_1", "", ""},
	{"a debt billed at another time", "debts", `UPDATE debts SET billed_at = billed_at - 1 WHERE id = 'debt_1'`,
		"shares", "debt debt_1", "is on bill_1, which was issued at another time than the debt says", ""},
	{"a bill issued at another time", "bills", `UPDATE bills SET issued_at = issued_at + 1 WHERE id = 'bill_2'`,
		"shares", "debt debt_3", "is on bill_2, which was issued at another time than the debt says", ""},
	{"a debt billed on no bill", "debts", `UPDATE debts SET billed_at = opened_at WHERE id = 'debt_5'`,
		"shares", "debt debt_5", "is on no bill", ""},
	{"a bill of an open month", "accounts", `UPDATE accounts SET closed_through = '2024-08' WHERE id = 'acct_2'`,
		"shares", "bill bill_5", "is of 2024-09, and its account is closed through 2024-08", "collections"},

	{"what a bill carries out", "bill_lines", `UPDATE bill_lines SET carry_out_pico = carry_out_pico + 1 WHERE bill_id = 'bill_1' AND product = 'compute'`,
		"shares", "bill bill_1, product compute", "carried out", ""},

	{"a pico more carried", "carries", `UPDATE carries SET pico = pico + 1 WHERE account_id = 'acct_1' AND product = 'compute'`,
		"carries", "account acct_1, product compute", "is -0.000000000001 USD", ""},
	{"a carry lost", "carries", `DELETE FROM carries WHERE account_id = 'acct_3'`,
		"carries", "account acct_3, product compute", "", ""},
	{"a carry invented", "carries", `INSERT INTO carries VALUES ('acct_2', 'gold', 0, 1)`,
		"carries", "account acct_2, product gold", "", ""},

	{"an instrument on two accounts", "payment_methods", `UPDATE payment_methods SET fingerprint = 'stripe:pm_1' WHERE id = 'pm_2'`,
		"methods", "method pm_2", "is the same instrument as pm_1, on acct_2 and acct_1", ""},
	{"nothing preferred", "payment_methods", `UPDATE payment_methods SET preferred = 0 WHERE id = 'pm_2'`,
		"methods", "account acct_2", "has 0 preferred methods among 1 active ones", ""},
	{"two preferred", "payment_methods", `UPDATE payment_methods SET account_id = 'acct_1' WHERE id = 'pm_2'`,
		"methods", "account acct_1", "has 2 preferred", "payments"},
	{"an expired one preferred", "payment_methods", `UPDATE payment_methods SET state = 'expired' WHERE id = 'pm_2'`,
		"methods", "method pm_2", "is preferred and expired", ""},

	{"a hold never released", "holds", `UPDATE holds SET state = 'placed' WHERE id = 'hold_1'`,
		"holds", "hold hold_1", "of 1.00 USD is placed, and it has expired", ""},
	{"a release never proven", "holds", `UPDATE holds SET state = 'releasing' WHERE id = 'hold_2'`,
		"holds", "hold hold_2", "of 100 JPY is releasing", ""},

	{"history rewritten", "audit", `UPDATE audit SET by = 'somebody' WHERE chain = 'acct_1' AND number = 2`,
		"audit", "audit record 2 of acct_1", "is not what was hashed", ""},
	{"a record cut out", "audit", `DELETE FROM audit WHERE chain = 'acct_1' AND number = 2`,
		"audit", "audit record 3 of acct_1", "comes after number 1", ""},
	{"a gap closed", "audit", `
		DELETE FROM audit WHERE chain = 'acct_1' AND number = 2;
		UPDATE audit SET number = number - 1 WHERE chain = 'acct_1' AND number > 2`,
		"audit", "audit record 2 of acct_1", "does not carry the hash of the one before it", ""},
	{"the tail cut", "audit", `DELETE FROM audit WHERE chain = 'acct_2' AND number = 3`,
		"audit", "audit chain acct_2", "its head is 3, and there are 2 records up to number 2", ""},
	{"the last record replaced", "audit", `UPDATE audit SET hash = previous WHERE chain = 'acct_2' AND number = 3`,
		"audit", "audit chain acct_2", "the hash of its head is not that of its last record", ""},
	{"a head lost", "audit_heads", `DELETE FROM audit_heads WHERE chain = 'acct_2'`,
		"audit", "audit chain acct_2", "its head is missing", ""},
	{"a chain lost", "audit audit_heads", `DELETE FROM audit WHERE chain = 'acct_2'; DELETE FROM audit_heads WHERE chain = 'acct_2'`,
		"audit", "account acct_2", "has no audit chain", ""},
	{"a record of NULL", "audit", `UPDATE audit SET detail = NULL, at = NULL, previous = NULL WHERE chain = 'acct_1' AND number = 2`,
		"audit", "audit record 2 of acct_1", "", ""},
}

func TestVerifyFindsForgeries(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			address := built(t, engine, (*books).live)
			for _, f := range forgeries {
				t.Run(f.name, func(t *testing.T) { f.test(t, engine, address) })
			}
		})
	}
}

func (f forgery) test(t *testing.T, engine, address string) {
	defer forge(t, engine, address, strings.Fields(f.free), f.sql)()
	s, err := store.Open(t.Context(), address, store.Options{ReadOnly: true, Conns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := verify(t, s)

	want := append(strings.Fields(f.also), f.check)
	slices.Sort(want)
	if got := failing(r); !slices.Equal(got, want) {
		complain(t, r)
		t.Errorf("problems in %v, want %v", got, want)
	}
	for _, c := range r.Checks {
		if c.Name != f.check {
			continue
		}
		if !slices.ContainsFunc(c.Problems, func(p store.Problem) bool { return p.Where == f.where && strings.Contains(p.What, f.what) }) {
			complain(t, r)
			t.Errorf("%s names no problem at %q with %q", c.Name, f.where, f.what)
		}
	}
}

// forge puts copies in the place of tables, without all that guards them, and
// runs statements on the copies. The answer undoes it.
func forge(t *testing.T, engine, address string, free []string, statements string) (undo func()) {
	t.Helper()
	driver, dsn := "sqlite", strings.TrimPrefix(address, "sqlite:")
	if engine == storetest.Postgres {
		driver, dsn = "pgx", address
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	run := func(statement string) int64 {
		t.Helper()
		result, err := db.ExecContext(context.Background(), statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		n, _ := result.RowsAffected() // both drivers know it
		return n
	}
	for _, table := range free {
		run("ALTER TABLE " + table + " RENAME TO kept_" + table)
		run("CREATE TABLE " + table + " AS SELECT * FROM kept_" + table)
	}
	for _, one := range strings.Split(statements, ";") {
		if n := run(one); n == 0 && !strings.Contains(one, "DROP") {
			t.Fatalf("%s: changed nothing", one)
		}
	}
	return func() {
		for _, table := range free {
			run("DROP TABLE " + table)
			run("ALTER TABLE kept_" + table + " RENAME TO " + table)
		}
	}
}

// guarded are the rows and columns that the books prove. What is left out is no
// money, such as names, times and what the provider said, or is nothing: a carry
// of zero, tax that is never collected, the month of a collection under way.
var guarded = []struct{ table, rows string }{
	{"entries", "true"}, {"postings", "true"}, {"balances", "amount <> 0"}, {"debts", "true"}, {"payments", "true"},
	{"usage_lines", "collection <> 0"}, {"exposures", "true"}, {"usage_days", "true"}, {"collections", "state = 'shut'"}, {"carries", "micro <> 0 OR pico <> 0"},
	{"bills", "true"}, {"debt_lines", "true"}, {"bill_lines", "true"}, {"audit", "true"}, {"audit_heads", "true"},
	{"refunds", "true"}, {"credit_notes", "true"}, {"orders", "true"}, {"cash_applications", "true"},
}

var guardedNumbers = map[string]string{
	"entries":     "amount",
	"postings":    "amount",
	"balances":    "amount",
	"debts":       "number collection net tax amount paid billed_at",
	"payments":    "attempt amount refunded",
	"usage_lines": "collection micro pico",
	"exposures":   "collection micro pico lines day_lines day_micro day_pico",
	"usage_days":  "day lines micro pico",
	"carries":     "micro pico",
	"bills":       "net tax amount",
	"debt_lines":  "lines usage_micro usage_pico carry_in_micro carry_in_pico net carry_out_micro carry_out_pico",
	"bill_lines":  "lines usage_micro usage_pico carry_in_micro carry_in_pico net carry_out_micro carry_out_pico",
	"audit":       "number at",
	"audit_heads": "number",

	"refunds":      "number amount from_balance",
	"credit_notes": "year sequence net tax amount",

	"orders":            "net tax amount",
	"cash_applications": "amount",
}

var guardedTexts = map[string]string{
	"entries":     "id account_id kind subject currency",
	"postings":    "entry_id ledger_account account_id currency",
	"balances":    "account_id ledger_account currency",
	"debts":       "id account_id month",
	"payments":    "account_id debt_id method_id currency",
	"usage_lines": "account_id product",
	"exposures":   "account_id product",
	"usage_days":  "account_id month product",
	"collections": "account_id month state",
	"carries":     "account_id product",
	"bills":       "id account_id month currency",
	"debt_lines":  "debt_id product",
	"bill_lines":  "bill_id product",
	"audit":       "chain by action subject detail",
	"audit_heads": "chain",

	"refunds":      "payment_id account_id currency state",
	"credit_notes": "account_id debt_id subject currency",

	"orders":            "account_id currency state debt_id",
	"cash_applications": "account_id debt_id currency",
}

// changedRows is how many rows of a table are changed, spread over all of it.
const changedRows = 10

// Whatever is changed in a guarded column of a row, or if the row is lost, verify
// sees it: one change at a time.
func TestVerifySeesEveryChangeAndLoss(t *testing.T) {
	address := built(t, storetest.SQLite, (*books).live)
	s, err := store.Open(t.Context(), address, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db, err := sql.Open("sqlite", strings.TrimPrefix(address, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, g := range guarded {
		changes := []string{"DELETE FROM " + g.table + " WHERE rowid = %d"}
		for _, column := range strings.Fields(guardedNumbers[g.table]) {
			changes = append(changes, "UPDATE "+g.table+" SET "+column+" = coalesce("+column+", 0) + 1 WHERE rowid = %d")
		}
		for _, column := range strings.Fields(guardedTexts[g.table]) {
			changes = append(changes, "UPDATE "+g.table+" SET "+column+" = "+column+" || 'x' WHERE rowid = %d")
		}
		changeEach(t, s, db, g.table, g.rows, changes)
	}
	if r := verify(t, s); !r.OK() {
		complain(t, r)
		t.Errorf("problems in %v after all is restored, want none", failing(r))
	}
}

// changeEach makes each change to a free copy of the table, a row at a time, and
// restores it after verify has looked.
func changeEach(t *testing.T, s *store.Store, db *sql.DB, table, rows string, changes []string) {
	t.Helper()
	run := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	run("ALTER TABLE " + table + " RENAME TO kept")
	run("CREATE TABLE " + table + " AS SELECT * FROM kept WHERE " + rows + " UNION ALL SELECT * FROM kept WHERE NOT (" + rows + ")")
	run("CREATE TABLE copied AS SELECT * FROM " + table) // its order is that of the row ids
	var n int
	if err := db.QueryRow("SELECT count(*) FROM kept WHERE " + rows).Scan(&n); err != nil || n == 0 {
		t.Errorf("%s has %d rows to change (%v), want some", table, n, err)
	}
	for row := 1; row <= n; row += 1 + n/changedRows {
		for _, change := range changes {
			change = fmt.Sprintf(change, row)
			run(change)
			if r := verify(t, s); r.OK() {
				t.Errorf("nothing is wrong after: %s", change)
			}
			run("DELETE FROM " + table)
			run("INSERT INTO " + table + " SELECT * FROM copied ORDER BY rowid")
		}
	}
	for _, statement := range []string{"DROP TABLE copied", "DROP TABLE " + table, "ALTER TABLE kept RENAME TO " + table} {
		run(statement)
	}
}

func TestVerifySurvivesSumsBeyondAllBounds(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			address := built(t, engine, (*books).live)
			forge(t, engine, address, []string{"postings", "exposures"}, `
				UPDATE postings SET amount = 9223372036854775807;
				UPDATE exposures SET micro = -9223372036854775807`)
			r := verify(t, storetest.Reopen(t, address))
			got := failing(r)
			for _, want := range []string{"entries_balance", "balances", "usage_sums", "carries"} {
				if !slices.Contains(got, want) {
					t.Errorf("problems in %v, want %s among them", got, want)
				}
			}
			if slices.Contains(got, "audit") || len(r.Checks) != 28 {
				t.Errorf("problems in %v of %d checks, want the audit chains whole after them, and 28", got, len(r.Checks))
			}
		})
	}
}

func TestVerifySurvivesAMissingTable(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			address := built(t, engine, (*books).live)
			forge(t, engine, address, nil, `DROP TABLE carries`)
			r := verify(t, storetest.Reopen(t, address))
			if got, want := failing(r), []string{"carries"}; !slices.Equal(got, want) {
				complain(t, r)
				t.Errorf("problems in %v, want %v", got, want)
			}
		})
	}
}

func TestVerifyNamesTheFirstProblemsAndCountsTheOthers(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			address := built(t, engine, func(b *books) {
				for range 130 {
					b.open("USD")
				}
			})
			forge(t, engine, address, []string{"payment_methods"}, `UPDATE payment_methods SET preferred = 0`)
			r := verify(t, storetest.Reopen(t, address))
			for _, c := range r.Checks {
				if c.Name == "methods" && (c.Total != 130 || len(c.Problems) != 100) {
					t.Errorf("%d problems named of %d, want 100 of 130", len(c.Problems), c.Total)
				}
			}
		})
	}
}

// built returns the address of a database with these books, which nobody is
// connected to.
func built(t *testing.T, engine string, live func(*books)) string {
	t.Helper()
	address := storetest.URL(t, engine)
	s, err := store.Open(t.Context(), address, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	live(newBooks(t, s))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}
