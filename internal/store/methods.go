package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/payment"
)

const methodColumns = `id, account_id, kind, provider, token, fingerprint, brand, networks, funding, country, last4, exp_month, exp_year, holder, state, reason, preferred, network_transaction, three_ds, consent, created_at, updated_at, email`

func scanMethod(r row) (payment.Method, error) {
	var m payment.Method
	err := r.Scan(&m.ID, &m.Account, &m.Kind, &m.Provider, &m.Card.Token, &m.Card.Fingerprint, &m.Card.Brand, document{&m.Card.Networks}, &m.Card.Funding, &m.Card.Country,
		&m.Card.Last4, &m.Card.ExpMonth, &m.Card.ExpYear, &m.Card.Holder, &m.State, &m.Reason, flag{&m.Preferred}, &m.NetworkTransaction,
		document{&m.ThreeDS}, document{&m.Consent}, instant{&m.CreatedAt}, instant{&m.UpdatedAt}, &m.Email)
	if errors.Is(err, errNoRow) {
		return m, payment.ErrMethodNotFound
	}
	return m, err
}

// AddMethod inserts a payment method and answers false if its instrument is held
// by another living one: of several binds at once the database lets one win
// (R-BIND-03).
func (tx *Tx) AddMethod(ctx context.Context, m payment.Method) (bool, error) {
	n, err := tx.exec(ctx, `
		INSERT INTO payment_methods (`+methodColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
		ON CONFLICT DO NOTHING`,
		string(m.ID), string(m.Account), string(m.Kind), m.Provider, m.Card.Token, string(m.Card.Fingerprint), string(m.Card.Brand), asJSON(m.Card.Networks), string(m.Card.Funding),
		m.Card.Country, m.Card.Last4, int64(m.Card.ExpMonth), int64(m.Card.ExpYear), m.Card.Holder, string(m.State), m.Reason, bit(m.Preferred),
		m.NetworkTransaction, asJSON(m.ThreeDS), asJSON(m.Consent), micros(m.CreatedAt), micros(m.UpdatedAt), m.Email)
	return n == 1, err
}

// SaveMethod writes what may change of a payment method.
func (tx *Tx) SaveMethod(ctx context.Context, m payment.Method) error {
	return tx.execOne(ctx, `
		UPDATE payment_methods
		   SET token = $2, state = $3, reason = $4, preferred = $5, network_transaction = $6, three_ds = $7, updated_at = $8
		 WHERE id = $1`,
		string(m.ID), m.Card.Token, string(m.State), m.Reason, bit(m.Preferred), m.NetworkTransaction, asJSON(m.ThreeDS), micros(m.UpdatedAt))
}

// Method fetches a payment method.
func (tx *Tx) Method(ctx context.Context, id payment.MethodID) (payment.Method, error) {
	return scanMethod(tx.queryRow(ctx, `SELECT `+methodColumns+` FROM payment_methods WHERE id = $1`, string(id)))
}

// HolderOf finds the method that holds this instrument, on whatever account: a
// closed account keeps its instruments until its silent period is over.
func (tx *Tx) HolderOf(ctx context.Context, fp payment.Fingerprint) (payment.Method, error) {
	return scanMethod(tx.queryRow(ctx, `
		SELECT `+methodColumns+`
		  FROM payment_methods
		 WHERE fingerprint = $1
		   AND state NOT IN ('rejected', 'detached')`, string(fp)))
}

// MethodByToken fetches the method that the provider knows by this token, one that
// is not over if there is any.
func (tx *Tx) MethodByToken(ctx context.Context, provider, token string) (payment.Method, error) {
	return scanMethod(tx.queryRow(ctx, `
		SELECT `+methodColumns+`
		  FROM payment_methods
		 WHERE provider = $1 AND token = $2
		 ORDER BY CASE WHEN state IN ('rejected', 'detached') THEN 1 ELSE 0 END, id DESC
		 LIMIT 1`, provider, token))
}

// TokensOf lists every token that a provider ever gave out for an account's methods.
func (tx *Tx) TokensOf(ctx context.Context, id account.ID, provider string) ([]string, error) {
	var out []string
	err := tx.query(ctx, `SELECT DISTINCT token FROM payment_methods WHERE account_id = $1 AND provider = $2 ORDER BY token`,
		[]any{string(id), provider}, func(r row) error {
			var token string
			err := r.Scan(&token)
			out = append(out, token)
			return err
		})
	return out, err
}

// Methods lists an account's payment methods, oldest first, detached ones left
// out.
func (tx *Tx) Methods(ctx context.Context, id account.ID) ([]payment.Method, error) {
	var out []payment.Method
	err := tx.query(ctx, `
		SELECT `+methodColumns+`
		  FROM payment_methods
		 WHERE account_id = $1 AND state <> 'detached'
		 ORDER BY id`, []any{string(id)}, func(r row) error {
		m, err := scanMethod(r)
		out = append(out, m)
		return err
	})
	return out, err
}

// Preferred fetches the method that is charged, ErrMethodNotFound if none is.
func (tx *Tx) Preferred(ctx context.Context, id account.ID) (payment.Method, error) {
	return scanMethod(tx.queryRow(ctx, `SELECT `+methodColumns+` FROM payment_methods WHERE account_id = $1 AND preferred = 1`, string(id)))
}

// ActiveMethods lists the active and unavailable methods after the given one, to
// be held against a policy or the calendar.
func (tx *Tx) ActiveMethods(ctx context.Context, after payment.MethodID, limit int) ([]payment.Method, error) {
	var out []payment.Method
	err := tx.query(ctx, `
		SELECT `+methodColumns+`
		  FROM payment_methods
		 WHERE state IN ('active', 'unavailable') AND id > $1
		 ORDER BY id LIMIT $2`, []any{string(after), int64(limit)}, func(r row) error {
		m, err := scanMethod(r)
		out = append(out, m)
		return err
	})
	return out, err
}

// BindAttempt is one try to bind an instrument, kept for limits (R-BIND-17).
type BindAttempt struct {
	ID          string
	Account     account.ID
	Fingerprint payment.Fingerprint
	Network     string // the caller's /24 or /56; "" unknown
	Outcome     string
	At          time.Time
}

// CountBindsAlone makes the tries of others wait that are counted with this one, until
// this transaction is over: two that come from one network at once would not see each
// other. The account is locked.
func (tx *Tx) CountBindsAlone(ctx context.Context) error {
	ask := tx.store.engine.oneAtATime()
	if ask == "" || !tx.writes {
		return nil
	}
	var done bool
	return tx.queryRow(ctx, ask).Scan(flag{&done})
}

// AddBindAttempt remembers a try.
func (tx *Tx) AddBindAttempt(ctx context.Context, a BindAttempt) error {
	return tx.execOne(ctx, `
		INSERT INTO bind_attempts (id, account_id, fingerprint, network, outcome, at)
		VALUES ($1, $2, $3, $4, $5, $6)`, a.ID, string(a.Account), string(a.Fingerprint), a.Network, a.Outcome, micros(a.At))
}

// SaveBindAttempt writes what a try came to, and whose instrument it was.
func (tx *Tx) SaveBindAttempt(ctx context.Context, id string, fp payment.Fingerprint, outcome string) error {
	return tx.execOne(ctx, `UPDATE bind_attempts SET fingerprint = $2, outcome = $3 WHERE id = $1`, id, string(fp), outcome)
}

// BindWindows says since when tries are counted.
type BindWindows struct {
	Account, Cards, Card, Network time.Time
}

// BindCounts is how often binding was tried within each window.
type BindCounts struct {
	Account     int // by the account
	Cards       int // different cards by the account
	Card        int // of the card, by whomever
	Network     int // from the caller's network
	IsKnownCard bool
}

// CountBinds counts earlier tries.
func (tx *Tx) CountBinds(ctx context.Context, a BindAttempt, w BindWindows) (BindCounts, error) {
	var c BindCounts
	err := tx.queryRow(ctx, `
		SELECT (SELECT count(*) FROM bind_attempts WHERE account_id = $1 AND at > $4),
		       (SELECT count(DISTINCT fingerprint) FROM bind_attempts WHERE account_id = $1 AND fingerprint <> '' AND at > $5),
		       (SELECT count(*) FROM bind_attempts WHERE fingerprint = $2 AND fingerprint <> '' AND at > $6),
		       (SELECT count(*) FROM bind_attempts WHERE network = $3 AND network <> '' AND at > $7),
		       (SELECT count(*) FROM bind_attempts WHERE account_id = $1 AND fingerprint = $2 AND at > $5)`,
		string(a.Account), string(a.Fingerprint), a.Network, micros(w.Account), micros(w.Cards), micros(w.Card), micros(w.Network)).
		Scan(&c.Account, &c.Cards, &c.Card, &c.Network, flag{&c.IsKnownCard})
	return c, err
}
