package store_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

var benchEntries = flag.Int("verify.entries", 100_000, "entries in the books that BenchmarkVerify proves")

// BenchmarkVerify proves books of so many entries: an account has ten threshold
// debts of two usage lines, each paid by one payment. It tells how long each
// check takes.
func BenchmarkVerify(b *testing.B) {
	for _, engine := range storetest.Engines() {
		b.Run(engine, func(b *testing.B) {
			address := storetest.URL(b, engine)
			fill(b, engine, address, *benchEntries)
			s := storetest.Reopen(b, address)
			b.ResetTimer()
			for range b.N {
				spent := map[string]time.Duration{}
				check, since := "", time.Now()
				lap := func(next string) {
					spent[check] += time.Since(since)
					check, since = next, time.Now()
				}
				r, err := s.Verify(b.Context(), lap)
				if err != nil || !r.OK() {
					b.Fatalf("verify: %v, problems in %v", err, failing(r))
				}
				lap("")
				for _, c := range r.Checks {
					b.ReportMetric(float64(spent[c.Name].Milliseconds()), c.Name+"-ms/op")
				}
			}
			b.ReportMetric(float64(*benchEntries)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// Rows are made by the database from a row of numbers: n counts debts from 0, ten
// to an account.
const (
	numbers   = `WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < %d) `
	ofAccount = `'acct_' || (1000000000 + n / 10)`
	ofDebt    = `(10000000000 + n)`
)

// filled are the rows of one debt, and of its account where n is the account's
// first. EMPTY is bytes, none; BYTES(… HERE) is a text's.
var filled = []string{
	`INSERT INTO accounts (id, reference, kind, name, country, registered_at, currency, zone, email, language, address, tax_id, credit, state, overdue_since, closed_through, created_at, threshold_factor, threshold_streak) SELECT acct, acct, 'individual', 'Ada', 'DE', 0, 'USD', 'UTC', 'ada@example.com', 'en', '{}', '', 0, 'active', NULL, '2024-08', 0, 10000, 0 FROM rows WHERE n % 10 = 0`,
	`INSERT INTO payment_methods (id, account_id, kind, provider, token, fingerprint, brand, networks, funding, country, last4, exp_month, exp_year, holder, state, reason, preferred, network_transaction, three_ds, consent, created_at, updated_at) SELECT 'pm_' || n, acct, 'card', 'stripe', 'tok', 'stripe:' || n, 'visa', '[]', 'credit', 'DE', '4242', 1, 2030, '', 'active', '', 1, '', '{}', '{}', 0, 0
	   FROM rows WHERE n % 10 = 0`,
	`INSERT INTO collections SELECT acct, n % 10 + 1, '2024-09', 'shut', 0, 0 FROM rows`,
	`INSERT INTO usage_lines SELECT BYTES('line_' || n || 'a' HERE), acct, 'line_' || n || 'a', EMPTY, n % 10 + 1, 'compute', 10000000, 5, 0, 0 FROM rows`,
	`INSERT INTO usage_lines SELECT BYTES('line_' || n || 'b' HERE), acct, 'line_' || n || 'b', EMPTY, n % 10 + 1, 'compute', 2340000, 5, 0, 0 FROM rows`,
	`INSERT INTO exposures SELECT acct, n % 10 + 1, 'compute', 12340000, 10, 2, 0, 2, 12340000, 10 FROM rows`,
	`INSERT INTO carries SELECT acct, 'compute', 0, 100 FROM rows WHERE n % 10 = 0`,
	`INSERT INTO debts (id, account_id, kind, month, number, collection, bill_id, currency, net, tax, amount, tax_rule, paid, state, attempts, declined_at, next_attempt_at, opened_at, settled_at) SELECT 'debt_' || id, acct, 'threshold', '2024-09', n % 10 + 1, n % 10 + 1, NULL, 'USD', 1234, 234, 1468, '{}', 1468, 'paid', 1, NULL, NULL, 0, 0 FROM rows`,
	`INSERT INTO debt_lines SELECT 'debt_' || id, 'compute', 2, 12340000, 10, 0, n % 10 * 10, 1234, 0, n % 10 * 10 + 10 FROM rows`,
	`INSERT INTO payments (id, account_id, debt_id, method_id, attempt, key, provider, customer, provider_ref, charge_ref, currency, amount, initiator, reason, mandate, state, decline, challenge_url, challenge_until, network_transaction, three_ds, request_id, asked, opened_at, settled_at) SELECT 'pay_' || id, acct, 'debt_' || id, 'pm_' || (n - n % 10), 1, 'here/' || id, 'stripe', 'cus', 'pi_' || id, '', 'USD', 1468, 'mit', 'retry', '', 'succeeded',
	   '{}', '', NULL, '', '{}', '', 0, 0, 0 FROM rows`,
	`INSERT INTO entries SELECT 'ent_' || id || 'a', acct, 'usage_owed', 'debt_' || id, 'USD', 1468, 0 FROM rows`,
	`INSERT INTO entries SELECT 'ent_' || id || 'b', acct, 'payment_captured', 'pay_' || id, 'USD', 1468, 0 FROM rows`,
	`INSERT INTO postings SELECT 'ent_' || id || 'a', line, name, CASE WHEN line = 1 THEN acct ELSE '' END, 'USD', amount
	   FROM rows, (SELECT 1 AS line, 'customer_receivable' AS name, 1468 AS amount UNION ALL SELECT 2, 'revenue', -1234 UNION ALL SELECT 3, 'tax_payable', -234) AS parts`,
	`INSERT INTO postings SELECT 'ent_' || id || 'b', line, name, CASE WHEN line = 2 THEN acct ELSE '' END, 'USD', amount
	   FROM rows, (SELECT 1 AS line, 'provider_receivable' AS name, 1468 AS amount UNION ALL SELECT 2, 'customer_receivable', -1468) AS parts`,
	`INSERT INTO balances SELECT acct, 'customer_receivable', 'USD', 0 FROM rows WHERE n % 10 = 0`,
}

func fill(b *testing.B, engine, address string, entries int) {
	b.Helper()
	driver, dsn := "sqlite", strings.TrimPrefix(address, "sqlite:")
	spell := strings.NewReplacer("EMPTY", "x''", "BYTES(", "cast(", " HERE)", " as blob)")
	if engine == storetest.Postgres {
		driver, dsn = "pgx", address
		spell = strings.NewReplacer("EMPTY", `'\x'::bytea`, "BYTES(", "convert_to(", " HERE)", ", 'UTF8')")
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for _, insert := range filled {
		insert = spell.Replace(insert)
		rows := fmt.Sprintf(numbers, entries/2) + `, rows AS (SELECT n, ` + ofAccount + ` AS acct, ` + ofDebt + ` AS id FROM counted) `
		into, values, _ := strings.Cut(insert, " SELECT ")
		if _, err := db.Exec(into + " " + rows + "SELECT " + values); err != nil {
			b.Fatalf("%s: %v", into, err)
		}
	}
	if engine == storetest.Postgres {
		if _, err := db.Exec(`ANALYZE`); err != nil {
			b.Fatal(err)
		}
	}
	chains(b, storetest.Reopen(b, address), entries/20)
}

// chains gives each account its audit chain, of two records.
func chains(b *testing.B, s *store.Store, accounts int) {
	b.Helper()
	ctx := context.Background()
	const batch = 1000
	for first := 0; first < accounts; first += batch {
		err := s.Update(ctx, func(tx *store.Tx) error {
			for n := first; n < min(first+batch, accounts); n++ {
				chain := account.ID(fmt.Sprintf("acct_%d", 1_000_000_000+n))
				for _, action := range []string{"account.opened", "method.bound"} {
					r := store.Record{Chain: string(chain), At: time.UnixMicro(1), By: "job", Action: action, Subject: string(chain)}
					if err := tx.Audit(ctx, r, map[string]string{"reason": "so that there is something"}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
