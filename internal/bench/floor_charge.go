package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// plainCharging is the floor's part that charges: what it knows of the one account
// that there is, and the provider that it posts to.
type plainCharging struct {
	f       *floor
	charges charges
	address string
	client  *http.Client
	number  int64 // of the open collection
}

const (
	plainAccount = "acct_plain"
	plainMethod  = "pm_plain"
	plainMonth   = "2026-03"
)

func (f *floor) openCharging(ctx context.Context) (*plainCharging, error) {
	c := &plainCharging{f: f, charges: charges{arrived: make(chan time.Time, 1)}, client: &http.Client{}}
	address, err := f.listen("/v1/payment_intents", func(w http.ResponseWriter, r *http.Request) {
		c.charges.note(createIntent, f.o.Now())
		_, _ = io.Copy(io.Discard, r.Body) // only that it came counts
		_, _ = io.WriteString(w, `{"id":"pi_plain"}`)
	})
	if err != nil {
		return nil, err
	}
	c.charges.origin = "http://" + address
	if c.address, err = f.listen(usagePath, c.use); err != nil {
		return nil, err
	}
	return c, f.write(ctx, []statement{
		{`INSERT INTO accounts (id, reference, kind, name, country, registered_at, currency, zone, email, language, address, tax_id, credit, state, closed_through, created_at)
		  VALUES ($1, 'plain', 'enterprise', 'Plain', 'US', 0, 'USD', 'UTC', '', 'en', '{}', '', 0, 'active', '2026-02', 0)`, []any{plainAccount}},
		{`INSERT INTO payment_methods (id, account_id, kind, provider, token, fingerprint, brand, networks, funding, country, last4, exp_month, exp_year, holder, state, reason,
		                               preferred, network_transaction, three_ds, consent, created_at, updated_at)
		  VALUES ($1, $2, 'card', 'plain', 'pm_x', 'x', 'visa', '[]', 'credit', 'US', '4242', 1, 2040, '', 'active', '', 1, '', '', '', 0, 0)`, []any{plainMethod, plainAccount}},
	})
}

// use takes usage that reaches the threshold: everything is written in one
// transaction, and then the charge is posted.
func (c *plainCharging) use(w http.ResponseWriter, r *http.Request) {
	if err := c.charge(r); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"recorded":1}`)
}

func (c *plainCharging) charge(r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	rows, err := readPlain(body)
	if err != nil {
		return err
	}
	if len(rows) != 1 {
		return errors.New("one line is expected")
	}
	c.number++
	if err := c.f.write(r.Context(), c.statements(rows[0])); err != nil {
		return err
	}
	form := bytes.NewBufferString(fmt.Sprintf("amount=%d&currency=usd&customer=cus_plain&payment_method=pm_x&off_session=true", rows[0].micro/10_000))
	answer, err := c.client.Post(c.charges.origin+"/v1/payment_intents", "application/x-www-form-urlencoded", form)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var intent struct{ ID string }
	return json.NewDecoder(answer.Body).Decode(&intent)
}

// statements are what a charge is remembered by.
func (c *plainCharging) statements(l plainRow) []statement {
	n, now, minor := c.number, c.f.o.Now().UnixMicro(), l.micro/10_000
	debt, pay, entry := fmt.Sprintf("debt_%d", n), fmt.Sprintf("pay_%d", n), fmt.Sprintf("ent_%d", n)
	return []statement{
		{`INSERT INTO usage_lines (` + plainColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			[]any{l.key, plainAccount, l.id, l.content, n, l.product, l.micro, l.pico, l.started, now}},
		{`INSERT INTO exposures (account_id, collection, product, micro, pico, lines) VALUES ($1, $2, $3, $4, $5, 1)
		      ON CONFLICT (account_id, collection, product) DO UPDATE SET micro = exposures.micro + excluded.micro, pico = exposures.pico + excluded.pico, lines = exposures.lines + 1`,
			[]any{plainAccount, n, l.product, l.micro, l.pico}},
		{`INSERT INTO collections (account_id, number, month, state, opened_at, shut_at) VALUES ($1, $2, $3, 'shut', $4, $5)`,
			[]any{plainAccount, n, plainMonth, now, now}},
		{`INSERT INTO debts (id, account_id, kind, month, number, collection, currency, net, tax, amount, tax_rule, paid, state, attempts, opened_at, settled_at)
		  VALUES ($1, $2, 'threshold', $3, $4, $5, 'USD', $6, 0, $7, '', $8, 'paid', 1, $9, $10)`,
			[]any{debt, plainAccount, plainMonth, n, n, minor, minor, minor, now, now}},
		{`INSERT INTO debt_lines (debt_id, product, lines, usage_micro, usage_pico, carry_in_micro, carry_in_pico, net, carry_out_micro, carry_out_pico)
		  VALUES ($1, $2, 1, $3, $4, 0, 0, $5, 0, 0)`, []any{debt, l.product, l.micro, l.pico, minor}},
		{`INSERT INTO payments (id, account_id, debt_id, method_id, attempt, key, provider, customer, charge_ref, currency, amount, initiator, reason, mandate, state, decline,
		                        challenge_url, network_transaction, three_ds, request_id, asked, opened_at)
		  VALUES ($1, $2, $3, $4, 1, $5, 'plain', 'cus_plain', '', 'USD', $6, 'mit', 'threshold', '', 'opening', '', '', '', '', '', 0, $7)`,
			[]any{pay, plainAccount, debt, plainMethod, "plain:" + debt, minor, now}},
		{`INSERT INTO entries (id, account_id, kind, subject, currency, amount, booked_at) VALUES ($1, $2, 'owed', $3, 'USD', $4, $5)`,
			[]any{entry, plainAccount, debt, minor, now}},
		{`INSERT INTO postings (entry_id, line, ledger_account, account_id, currency, amount) VALUES ($1, 1, 'owed', $2, 'USD', $3), ($4, 2, 'revenue', '', 'USD', $5)`,
			[]any{entry, plainAccount, minor, entry, -minor}},
		{`INSERT INTO events (id, account_id, kind, subject, version, payload, created_at) VALUES ($1, $2, 'payment.opened', $3, 1, $4, $5)`,
			[]any{fmt.Sprintf("evt_%d", n), plainAccount, pay, fmt.Sprintf(`{"payment":%q,"debt":%q,"amount":%d}`, pay, debt, minor), now}},
		{`INSERT INTO jobs (kind, subject, unique_key, due_at, attempts, last_error) VALUES ('watch_payment', $1, $2, $3, 0, '')`,
			[]any{pay, "watch_payment " + pay, now}},
	}
}

// statement is one that changes something.
type statement struct {
	text string
	args []any
}

// write runs statements in one transaction.
func (f *floor) write(ctx context.Context, all []statement) error {
	if f.pool != nil {
		return f.writePostgres(ctx, all)
	}
	f.turn.Lock()
	defer f.turn.Unlock()
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, s := range all {
		if _, err := tx.ExecContext(ctx, s.text, s.args...); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

func (f *floor) writePostgres(ctx context.Context, all []statement) error {
	tx, err := f.pool.Begin(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if _, err := tx.Exec(ctx, s.text, s.args...); err != nil {
			return errors.Join(err, tx.Rollback(ctx))
		}
	}
	return tx.Commit(ctx)
}
