package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
)

// UsageLine is a line with the account and the collection that it goes to.
type UsageLine struct {
	billing.Line
	Collection int64
}

// UsageAccount is what the intake of usage needs of an account.
type UsageAccount struct {
	ID            account.ID
	Reference     string
	Currency      money.Currency
	Zone          string
	Credit        bool
	State         account.State
	ClosedThrough billing.Month
	Factor        int64        // of its threshold, as in billing.Standing, for the kind that is charged
	Charged       payment.Kind // PayPalKind if that is preferred, else ""
	IsHeld        bool         // a hold on usage is live
}

// MeetForUsage locks the accounts that a batch names, by id or by reference, in
// the order of their ids so that two batches cannot wait for each other, and
// fetches their open collections with what they hold.
func (tx *Tx) MeetForUsage(ctx context.Context, ids []account.ID, references []string) (accounts []UsageAccount, open []CollectionSum, err error) {
	byID, names := tx.given(1, column{name: "named", texts: textsOf(ids)})
	byReference, more := tx.given(2, column{name: "named", texts: textsOf(references)})
	names = append(names, more...)
	// With "OR" PostgreSQL would look at every account.
	named := `(SELECT named FROM ` + byID + ` UNION ALL SELECT id FROM accounts WHERE reference IN (SELECT named FROM ` + byReference + `))`
	var policies int
	var wallets []UsageAccount
	err = tx.together(ctx, statement{text: `
		SELECT id, reference, currency, zone, credit, state, closed_through, threshold_factor
		  FROM accounts
		 WHERE id IN ` + named + `
		 ORDER BY id` + tx.forUpdate(), args: names, scan: func(r row) error {
		var a UsageAccount
		err := r.Scan(&a.ID, &a.Reference, &a.Currency, &a.Zone, flag{&a.Credit}, &a.State, &a.ClosedThrough, &a.Factor)
		accounts = append(accounts, a)
		return err
	}}, statement{text: `
		SELECT c.account_id, c.number, c.month, cast(coalesce(sum(e.micro), 0) as bigint), cast(coalesce(sum(e.pico), 0) as bigint)
		  FROM collections AS c
		  LEFT JOIN exposures AS e ON e.account_id = c.account_id AND e.collection = c.number
		 WHERE c.state = 'open' AND c.account_id IN ` + named + `
		 GROUP BY c.account_id, c.number, c.month
		 ORDER BY c.account_id, c.number`, args: names, scan: func(r row) error {
		var s CollectionSum
		err := r.Scan(&s.Account, &s.Number, &s.Month, &s.Micro, &s.Pico)
		open = append(open, s)
		return err
	}}, statement{text: `
		SELECT a.id, a.paypal_factor, (SELECT count(*) FROM holds AS h WHERE h.account_id = a.id AND h.kind = 'exposure' AND h.` + liveHold + `)
		  FROM accounts AS a
		  JOIN payment_methods AS m ON m.account_id = a.id AND m.preferred = 1
		 WHERE m.kind = 'paypal' AND a.id IN ` + named, args: names, scan: func(r row) error { // after the lock: what it waited for is seen
		var w UsageAccount
		err := r.Scan(&w.ID, &w.Factor, flag{&w.IsHeld})
		wallets = append(wallets, w)
		return err
	}}, statement{text: policyCount, scan: func(r row) error { return r.Scan(&policies) }})
	if err != nil {
		return accounts, open, err
	}
	tx.policies = &policies
	for _, w := range wallets {
		for i := range accounts {
			if a := &accounts[i]; a.ID == w.ID {
				a.Charged, a.Factor, a.IsHeld = payment.PayPalKind, w.Factor, w.IsHeld
			}
		}
	}
	return accounts, open, nil
}

// lineKey is what usage lines are unique by: 16 bytes instead of two texts. Its
// beginning is the account's, so that an account's lines lie together in the
// index; the rest makes it as good as impossible that two lines share one.
func lineKey(a account.ID, id string) []byte {
	text := make([]byte, 0, 128)
	text = append(text, a...)
	ofAccount := sha256.Sum256(text)
	text = append(append(text, 0), id...)
	ofLine := sha256.Sum256(text)
	return append(ofAccount[:4:4], ofLine[:12]...)
}

// AddUsage inserts the lines that were not there before and returns their
// positions among those given; of a line given twice, the first.
func (tx *Tx) AddUsage(ctx context.Context, lines []UsageLine, at time.Time) (inserted []int, err error) {
	if len(lines) == 0 {
		return nil, nil
	}
	careful := insertLines(lines, at)
	careful.more, careful.inserted = "ON CONFLICT DO NOTHING", &inserted
	err = tx.together(ctx, statement{rows: &careful})
	return inserted, err
}

// AddNewUsage does the work of AddUsage and AddExposures in half the time, for
// lines that are all taken to be new. If they are not, the transaction fails, at
// its commit at the latest, and Store.IsTaken knows the error.
func (tx *Tx) AddNewUsage(ctx context.Context, lines []UsageLine, at time.Time, deltas []ExposureDelta) error {
	if len(lines) == 0 {
		return nil
	}
	plain := insertLines(lines, at)
	if err := tx.later(ctx, statement{rows: &plain}); err != nil {
		return err
	}
	return tx.AddExposures(ctx, deltas)
}

func insertLines(lines []UsageLine, at time.Time) bulk {
	n := len(lines)
	keys, contents := make([][]byte, n), make([][]byte, n)
	accounts, ids, products := make([]string, n), make([]string, n), make([]string, n)
	collections, micro, pico, started, received := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for i := range lines {
		l := &lines[i]
		keys[i], contents[i] = lineKey(l.Account, l.ID), l.Content[:]
		accounts[i], ids[i], products[i] = string(l.Account), l.ID, l.Product
		collections[i], micro[i], pico[i] = l.Collection, l.Amount.Micro, l.Amount.Pico
		started[i], received[i] = l.StartedAt.UnixMicro(), at.UnixMicro()
	}
	return bulk{
		into: "usage_lines",
		columns: []column{
			{name: "line_key", bytes: keys}, {name: "account_id", texts: accounts}, {name: "line_id", texts: ids}, {name: "content", bytes: contents},
			{name: "collection", numbers: collections}, {name: "product", texts: products}, {name: "micro", numbers: micro}, {name: "pico", numbers: pico},
			{name: "started_at", numbers: started}, {name: "received_at", numbers: received},
		},
	}
}

// UsageContents fetches the content hashes of lines that are there already.
func (tx *Tx) UsageContents(ctx context.Context, lines []UsageLine) (map[account.ID]map[string][16]byte, error) {
	out := map[account.ID]map[string][16]byte{}
	keys := make([]string, len(lines))
	for i, l := range lines {
		keys[i] = hex.EncodeToString(lineKey(l.Account, l.ID))
	}
	err := tx.query(ctx, `
		SELECT account_id, line_id, content
		  FROM usage_lines
		 WHERE line_key IN (SELECT `+tx.store.engine.fromHex("key")+` FROM json_each($1))`,
		[]any{keySet(keys)}, func(r row) error {
			var a account.ID
			var id string
			var content []byte
			if err := r.Scan(&a, &id, &content); err != nil {
				return err
			}
			if out[a] == nil {
				out[a] = map[string][16]byte{}
			}
			var h [16]byte
			copy(h[:], content)
			out[a][id] = h
			return nil
		})
	return out, err
}

// ExposureDelta is what a batch adds to a collection's exposure of one product.
type ExposureDelta struct {
	Account    account.ID
	Collection int64
	Month      billing.Month // of the collection
	Product    string
	Lines      int64
	Usage      money.Exact
	Day        billing.Day        // the newest, of which all is that is of none of the others
	Others     []billing.DayUsage // each day once
}

// AddLine adds a line of a day.
func (d *ExposureDelta) AddLine(day billing.Day, amount money.Exact) (err error) {
	if day != d.Day {
		if err := d.addOther(day, amount); err != nil {
			return err
		}
	}
	d.Lines++
	d.Usage, err = d.Usage.Add(amount)
	return err
}

// addOther notes a line that is not of the newest day so far. If it is of a newer one,
// what was the newest is one of the others from now on.
func (d *ExposureDelta) addOther(day billing.Day, amount money.Exact) (err error) {
	if day > d.Day {
		whole := billing.DayUsage{Day: d.Day, Exposure: billing.Exposure{Product: d.Product, Lines: d.Lines, Usage: d.Usage}}
		for _, o := range d.Others {
			whole.Lines -= o.Lines
			if whole.Usage, err = whole.Usage.Sub(o.Usage); err != nil {
				return err
			}
		}
		d.Others, d.Day = append(d.Others, whole), day
		return nil
	}
	at := slices.IndexFunc(d.Others, func(o billing.DayUsage) bool { return o.Day == day })
	if at < 0 {
		at = len(d.Others)
		d.Others = append(d.Others, billing.DayUsage{Day: day, Exposure: billing.Exposure{Product: d.Product, Usage: money.Exact{Currency: amount.Currency}}})
	}
	o := &d.Others[at]
	o.Lines++
	o.Usage, err = o.Usage.Add(amount)
	return err
}

// AddExposures adds a batch's sums to the exposures, and to the days that they are of.
func (tx *Tx) AddExposures(ctx context.Context, deltas []ExposureDelta) error {
	if len(deltas) == 0 {
		return nil
	}
	if err := tx.later(ctx, addExposures(deltas)); err != nil {
		return err
	}
	others := addDays(deltas)
	if others.columns[0].len() == 0 {
		return nil // as nearly always
	}
	return tx.later(ctx, statement{rows: &others})
}

// addExposures adds to the exposures, and to the day that each of them has beside its
// sums. What was there of another day is moved to usage_days by a trigger.
func addExposures(deltas []ExposureDelta) statement {
	n := len(deltas)
	accounts, products := make([]string, n), make([]string, n)
	collections, micro, pico, lines := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	days, dayMicro, dayPico, dayLines := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for i := range deltas {
		d := &deltas[i]
		accounts[i], collections[i], products[i] = string(d.Account), d.Collection, d.Product
		micro[i], pico[i], lines[i] = d.Usage.Micro, d.Usage.Pico, d.Lines
		days[i], dayMicro[i], dayPico[i], dayLines[i] = int64(d.Day), d.Usage.Micro, d.Usage.Pico, d.Lines
		for _, o := range d.Others {
			dayMicro[i], dayPico[i], dayLines[i] = dayMicro[i]-o.Usage.Micro, dayPico[i]-o.Usage.Pico, dayLines[i]-o.Lines
		}
	}
	return statement{rows: &bulk{
		into: "exposures",
		columns: []column{
			{name: "account_id", texts: accounts}, {name: "collection", numbers: collections}, {name: "product", texts: products},
			{name: "micro", numbers: micro}, {name: "pico", numbers: pico}, {name: "lines", numbers: lines},
			{name: "day", numbers: days}, {name: "day_micro", numbers: dayMicro}, {name: "day_pico", numbers: dayPico}, {name: "day_lines", numbers: dayLines},
		},
		more: `ON CONFLICT (account_id, collection, product) DO UPDATE
		   SET micro = exposures.micro + excluded.micro, pico = exposures.pico + excluded.pico, lines = exposures.lines + excluded.lines,
		       day = excluded.day,
		       day_micro = CASE WHEN exposures.day = excluded.day THEN exposures.day_micro ELSE 0 END + excluded.day_micro,
		       day_pico = CASE WHEN exposures.day = excluded.day THEN exposures.day_pico ELSE 0 END + excluded.day_pico,
		       day_lines = CASE WHEN exposures.day = excluded.day THEN exposures.day_lines ELSE 0 END + excluded.day_lines`,
	}}
}

// addDays adds what a batch has of other days than the newest. The months' open
// collections are one each, so that no row comes twice.
func addDays(deltas []ExposureDelta) bulk {
	var accounts, months, products []string
	var days, lines, micro, pico []int64
	for _, d := range deltas {
		for _, o := range d.Others {
			accounts, months, products = append(accounts, string(d.Account)), append(months, string(d.Month)), append(products, d.Product)
			days, lines, micro, pico = append(days, int64(o.Day)), append(lines, o.Lines), append(micro, o.Usage.Micro), append(pico, o.Usage.Pico)
		}
	}
	return bulk{
		into: "usage_days",
		columns: []column{
			{name: "account_id", texts: accounts}, {name: "month", texts: months}, {name: "day", numbers: days}, {name: "product", texts: products},
			{name: "lines", numbers: lines}, {name: "micro", numbers: micro}, {name: "pico", numbers: pico},
		},
		more: `ON CONFLICT (account_id, month, day, product) DO UPDATE
		   SET lines = usage_days.lines + excluded.lines, micro = usage_days.micro + excluded.micro, pico = usage_days.pico + excluded.pico`,
	}
}

// CollectionSum is a collection and the sum of its exposures over its products.
type CollectionSum struct {
	billing.Collection
	Micro int64
	Pico  int64
}

// OpenCollections fetches the open collections of these accounts.
func (tx *Tx) OpenCollections(ctx context.Context, ids []account.ID) ([]billing.Collection, error) {
	var out []billing.Collection
	err := tx.query(ctx, `
		SELECT account_id, number, month
		  FROM collections
		 WHERE state = 'open' AND account_id IN (SELECT key FROM json_each($1))
		 ORDER BY account_id, number`, []any{keySet(ids)}, func(r row) error {
		var c billing.Collection
		err := r.Scan(&c.Account, &c.Number, &c.Month)
		out = append(out, c)
		return err
	})
	return out, err
}

// OpenCollection opens the account's next collection, for this month. The
// account is locked.
func (tx *Tx) OpenCollection(ctx context.Context, id account.ID, m billing.Month, at time.Time) (billing.Collection, error) {
	c := billing.Collection{Account: id, Month: m}
	err := tx.queryRow(ctx, `
		INSERT INTO collections (account_id, number, month, state, opened_at)
		SELECT $1, coalesce(max(number), 0) + 1, $2, 'open', cast($3 as bigint) FROM collections WHERE account_id = $1
		RETURNING number`, string(id), string(m), micros(at)).Scan(&c.Number)
	return c, err
}

// ShutCollection ends a collection: no line goes into it any more.
func (tx *Tx) ShutCollection(ctx context.Context, c billing.Collection, at time.Time) error {
	return tx.execOne(ctx, `
		UPDATE collections SET state = 'shut', shut_at = $3
		 WHERE account_id = $1 AND number = $2 AND state = 'open'`, string(c.Account), c.Number, micros(at))
}

const exposuresOf = `
		SELECT product, lines, micro, pico FROM exposures
		 WHERE account_id = $1 AND collection = $2
		 ORDER BY product`

// Exposures fetches what a collection holds, by product.
func (tx *Tx) Exposures(ctx context.Context, c billing.Collection, cur money.Currency) ([]billing.Exposure, error) {
	return tx.exposures(ctx, cur, exposuresOf, string(c.Account), c.Number)
}

// ToRound fetches what a collection holds and what rounding has left its account.
func (tx *Tx) ToRound(ctx context.Context, c billing.Collection, cur money.Currency) (exposures []billing.Exposure, carries map[string]money.Exact, err error) {
	carries = map[string]money.Exact{}
	err = tx.together(ctx,
		statement{text: exposuresOf, args: []any{string(c.Account), c.Number}, scan: scanExposure(cur, &exposures)},
		statement{text: carriesOf, args: []any{string(c.Account)}, scan: scanCarry(cur, carries)})
	return exposures, carries, err
}

// MonthUsage sums an account's usage of a month by product, whatever collection
// it went to. Here and below, a cross join keeps SQLite from going through all
// exposures that the account has ever had.
func (tx *Tx) MonthUsage(ctx context.Context, id account.ID, m billing.Month, cur money.Currency) ([]billing.Exposure, error) {
	return tx.exposures(ctx, cur, `
		SELECT e.product, cast(sum(e.lines) as bigint), cast(sum(e.micro) as bigint), cast(sum(e.pico) as bigint)
		  FROM collections AS c CROSS JOIN exposures AS e
		 WHERE c.account_id = $1 AND c.month = $2 AND e.account_id = c.account_id AND e.collection = c.number
		 GROUP BY e.product
		 ORDER BY e.product`, string(id), string(m))
}

// MonthDays sums an account's usage of a month by day and product, the oldest day
// first. Days of months before are there too, if usage came after their bill.
func (tx *Tx) MonthDays(ctx context.Context, id account.ID, m billing.Month, cur money.Currency) ([]billing.DayUsage, error) {
	var out []billing.DayUsage
	err := tx.query(ctx, `
		SELECT day, product, cast(sum(lines) as bigint), cast(sum(micro) as bigint), cast(sum(pico) as bigint)
		  FROM (SELECT day, product, lines, micro, pico
		          FROM usage_days
		         WHERE account_id = $1 AND month = $2
		        UNION ALL
		        SELECT e.day, e.product, e.day_lines, e.day_micro, e.day_pico
		          FROM collections AS c CROSS JOIN exposures AS e
		         WHERE c.account_id = $1 AND c.month = $2 AND e.account_id = c.account_id AND e.collection = c.number AND e.day_lines <> 0) AS days
		 GROUP BY day, product
		 ORDER BY day, product`, []any{string(id), string(m)}, func(r row) error {
		var d billing.DayUsage
		var micro, pico int64
		err := r.Scan(&d.Day, &d.Product, &d.Lines, &micro, &pico)
		if err == nil {
			d.Usage, err = money.Normalize(micro, pico, cur)
		}
		out = append(out, d)
		return err
	})
	return out, err
}

func (tx *Tx) exposures(ctx context.Context, cur money.Currency, query string, args ...any) ([]billing.Exposure, error) {
	var out []billing.Exposure
	err := tx.query(ctx, query, args, scanExposure(cur, &out))
	return out, err
}

func scanExposure(cur money.Currency, out *[]billing.Exposure) func(row) error {
	return func(r row) error {
		var e billing.Exposure
		var micro, pico int64
		if err := r.Scan(&e.Product, &e.Lines, &micro, &pico); err != nil {
			return err
		}
		var err error
		e.Usage, err = money.Normalize(micro, pico, cur)
		*out = append(*out, e)
		return err
	}
}

const carriesOf = `SELECT product, micro, pico FROM carries WHERE account_id = $1`

// Carries fetches what rounding has left an account, by product.
func (tx *Tx) Carries(ctx context.Context, id account.ID, cur money.Currency) (map[string]money.Exact, error) {
	out := map[string]money.Exact{}
	err := tx.query(ctx, carriesOf, []any{string(id)}, scanCarry(cur, out))
	return out, err
}

func scanCarry(cur money.Currency, out map[string]money.Exact) func(row) error {
	return func(r row) error {
		var product string
		var micro, pico int64
		if err := r.Scan(&product, &micro, &pico); err != nil {
			return err
		}
		var err error
		out[product], err = money.Normalize(micro, pico, cur)
		return err
	}
}

// SetCarries writes what rounding leaves.
func (tx *Tx) SetCarries(ctx context.Context, id account.ID, shares []billing.Share) error {
	if len(shares) == 0 {
		return nil
	}
	type carry struct {
		Product string `json:"p"`
		Micro   int64  `json:"m"`
		Pico    int64  `json:"f"`
	}
	rows := make([]carry, len(shares))
	for i, s := range shares {
		rows[i] = carry{s.Product, s.CarriedOut.Micro, s.CarriedOut.Pico}
	}
	return tx.change(ctx, `
		INSERT INTO carries (account_id, product, micro, pico)
		SELECT $1, value->>'p', cast(value->>'m' as bigint), cast(value->>'f' as bigint)
		  FROM json_each($2)
		 WHERE true
		    ON CONFLICT (account_id, product) DO UPDATE SET micro = excluded.micro, pico = excluded.pico`,
		string(id), numbered(rows))
}

// HasUnbilledUsage tells whether open collections of the account hold usage.
func (tx *Tx) HasUnbilledUsage(ctx context.Context, id account.ID) (bool, error) {
	var one int64
	err := tx.queryRow(ctx, `
		SELECT 1
		  FROM collections AS c CROSS JOIN exposures AS e
		 WHERE c.account_id = $1 AND c.state = 'open' AND e.account_id = c.account_id AND e.collection = c.number AND (e.micro <> 0 OR e.pico <> 0)
		 LIMIT 1`, string(id)).Scan(&one)
	if errors.Is(err, errNoRow) {
		return false, nil
	}
	return one == 1, err
}
