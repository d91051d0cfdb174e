package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Accounts of the world's own books. An entry's postings add up to nothing.
const (
	accountCardholders = "cardholders" // money of the payers, at their banks
	accountMerchant    = "merchant"    // what the provider owes the merchant
	accountFees        = "fees"        // what the provider earned
)

// A posting is one line of an entry.
type posting struct {
	account string
	amount  int64
}

// post writes one entry. It panics if the entry does not balance, since that
// is a mistake of this program.
func (t *tx) post(entry, what, currency string, lines ...posting) error {
	sum := int64(0)
	for _, line := range lines {
		sum += line.amount
	}
	if sum != 0 {
		panic(fmt.Sprintf("sandbox: entry %s of %s is out of balance by %d", entry, what, sum))
	}
	for _, line := range lines {
		if line.amount == 0 {
			continue
		}
		if err := t.w.store.exec("INSERT INTO book_postings (entry, what, account, currency, amount, at) VALUES ($1, $2, $3, $4, $5, $6)",
			entry, what, line.account, currency, line.amount, t.now.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}

// bookCharge writes or changes the line of a charge. A second charge that
// succeeds on one intent is refused by the table itself.
func (t *tx) bookCharge(p *intent, ch *charge) error {
	metadata, err := json.Marshal(p.Metadata)
	if err != nil {
		return err
	}
	return t.w.store.exec(`
		INSERT INTO book_charges (id, intent, customer, method, currency, amount, captured, refunded, disputed, status, at, metadata)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (id) DO UPDATE SET captured = excluded.captured, refunded = excluded.refunded, disputed = excluded.disputed`,
		ch.ID, p.ID, string(p.Customer), string(ch.PaymentMethod), ch.Currency, ch.Amount, ch.AmountCaptured,
		ch.hidden.Given, ch.hidden.Disputed, ch.Status, t.now.UnixMicro(), string(metadata))
}

func (t *tx) bookFailed(p *intent, ch *charge) error { return t.bookCharge(p, ch) }

func (t *tx) bookCapture(p *intent, ch *charge) error {
	if err := t.bookCharge(p, ch); err != nil {
		return err
	}
	if p.manual() {
		if err := t.w.store.exec("UPDATE book_holds SET state = 'captured', captured_at = $1 WHERE intent = $2 AND state = 'held'",
			t.now.UnixMicro(), p.ID); err != nil {
			return err
		}
	}
	return t.post(ch.ID, "capture", ch.Currency, posting{accountCardholders, -ch.AmountCaptured}, posting{accountMerchant, ch.AmountCaptured})
}

func (t *tx) bookHold(p *intent, ch *charge, end time.Time) error {
	if err := t.bookCharge(p, ch); err != nil {
		return err
	}
	metadata, err := json.Marshal(p.Metadata)
	if err != nil {
		return err
	}
	return t.w.store.exec(`
		INSERT INTO book_holds (intent, charge, customer, method, currency, amount, state, placed_at, expires_at, metadata)
		VALUES ($1, $2, $3, $4, $5, $6, 'held', $7, $8, $9)`,
		p.ID, ch.ID, string(p.Customer), string(ch.PaymentMethod), ch.Currency, ch.Amount, t.now.UnixMicro(), end.UnixMicro(), string(metadata))
}

func (t *tx) bookRelease(p *intent, ch *charge, expired bool) error {
	state := "canceled"
	if expired {
		state = "expired"
	}
	return t.w.store.exec("UPDATE book_holds SET state = $1, voided_at = $2 WHERE intent = $3 AND state = 'held'", state, t.now.UnixMicro(), p.ID)
}

// Books are what the world itself knows of all money that it moved.
type Books struct {
	Charges []BookedCharge `json:"charges"`
	Holds   []BookedHold   `json:"holds"`
	// Totals are by currency, in minor units.
	Totals map[string]Totals `json:"totals"`
	// Balances are the sums of all postings, by currency and account. In each
	// currency they add up to nothing.
	Balances map[string]map[string]int64 `json:"balances"`
	// Balanced says that every single entry adds up to nothing.
	Balanced bool  `json:"balanced"`
	Entries  int64 `json:"entries"`
	// Requests counts what was asked of the world, by operation.
	Requests map[string]int64 `json:"requests"`
	ClockUS  int64            `json:"clock_us"`
	// PayPal is PayPal's part. Charges, Holds, Totals and Balances are the card
	// network's alone; Balanced, Entries and Requests are about all.
	PayPal PayPalBooks `json:"paypal"`
	// Bank is the pretend bank's part.
	Bank BankBooks `json:"bank"`
}

// A BookedCharge is one attempt to charge. Amounts are in minor units.
type BookedCharge struct {
	ID            string            `json:"id"`
	Intent        string            `json:"intent"`
	Customer      string            `json:"customer"`
	PaymentMethod string            `json:"payment_method"`
	Currency      string            `json:"currency"`
	Amount        int64             `json:"amount"`
	Captured      int64             `json:"captured"`
	Refunded      int64             `json:"refunded"`
	Disputed      int64             `json:"disputed"`
	Status        string            `json:"status"`
	AtUS          int64             `json:"at_us"`
	Metadata      map[string]string `json:"metadata"`
}

// A BookedHold is one reservation of funds: held, captured, canceled or
// expired. Times are Unix microseconds by the sandbox's clock, 0 for never.
type BookedHold struct {
	Intent        string            `json:"intent"`
	Charge        string            `json:"charge"`
	Customer      string            `json:"customer"`
	PaymentMethod string            `json:"payment_method"`
	Currency      string            `json:"currency"`
	Amount        int64             `json:"amount"`
	State         string            `json:"state"`
	PlacedAtUS    int64             `json:"placed_at_us"`
	ExpiresAtUS   int64             `json:"expires_at_us"`
	CapturedAtUS  int64             `json:"captured_at_us"`
	VoidedAtUS    int64             `json:"voided_at_us"`
	Metadata      map[string]string `json:"metadata"`
}

// Totals are sums over one currency, in minor units.
type Totals struct {
	Charged  int64 `json:"charged"`
	Captured int64 `json:"captured"`
	Refunded int64 `json:"refunded"`
	Disputed int64 `json:"disputed"`
	Held     int64 `json:"held"`
	Failed   int64 `json:"failed"`
}

// Books reads the books.
func (w *World) Books(ctx context.Context) (Books, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := Books{Charges: []BookedCharge{}, Holds: []BookedHold{}, Totals: map[string]Totals{}, Balances: map[string]map[string]int64{},
		Requests: map[string]int64{}, Balanced: true}
	if err := ctx.Err(); err != nil {
		return b, err
	}
	if err := w.doDue(); err != nil {
		return b, err
	}
	b.ClockUS = w.now().UnixMicro()
	for op, n := range w.counts {
		b.Requests[op] = n
	}
	for _, read := range []func(*Books) error{w.readCharges, w.readHolds, w.readPayPal, w.readBank, w.readPostings} {
		if err := read(&b); err != nil {
			return b, err
		}
	}
	return b, nil
}

func (w *World) readCharges(b *Books) error {
	return w.store.each(`
		SELECT id, intent, customer, method, currency, amount, captured, refunded, disputed, status, at, metadata
		  FROM book_charges ORDER BY seq`, nil, func(scan func(...any) error) error {
		var c BookedCharge
		var metadata []byte
		if err := scan(&c.ID, &c.Intent, &c.Customer, &c.PaymentMethod, &c.Currency, &c.Amount, &c.Captured, &c.Refunded,
			&c.Disputed, &c.Status, &c.AtUS, &metadata); err != nil {
			return err
		}
		total := b.Totals[c.Currency]
		if c.Status == succeeded {
			total.Charged += c.Amount
		} else {
			total.Failed += c.Amount
		}
		total.Captured += c.Captured
		total.Refunded += c.Refunded
		total.Disputed += c.Disputed
		b.Totals[c.Currency] = total
		b.Charges = append(b.Charges, c)
		return json.Unmarshal(metadata, &b.Charges[len(b.Charges)-1].Metadata)
	})
}

const holdColumns = "intent, charge, customer, method, currency, amount, state, placed_at, expires_at, captured_at, voided_at, metadata"

func scanHold(scan func(...any) error) (BookedHold, error) {
	var h BookedHold
	var metadata []byte
	if err := scan(&h.Intent, &h.Charge, &h.Customer, &h.PaymentMethod, &h.Currency, &h.Amount, &h.State,
		&h.PlacedAtUS, &h.ExpiresAtUS, &h.CapturedAtUS, &h.VoidedAtUS, &metadata); err != nil {
		return h, err
	}
	return h, json.Unmarshal(metadata, &h.Metadata)
}

func (w *World) readHolds(b *Books) error {
	return w.store.each("SELECT "+holdColumns+" FROM book_holds ORDER BY seq", nil, func(scan func(...any) error) error {
		h, err := scanHold(scan)
		if err != nil {
			return err
		}
		if h.State == "held" {
			total := b.Totals[h.Currency]
			total.Held += h.Amount
			b.Totals[h.Currency] = total
		}
		b.Holds = append(b.Holds, h)
		return nil
	})
}

func (w *World) readPostings(b *Books) error {
	if err := w.store.each("SELECT entry, what, currency, sum(amount) FROM book_postings GROUP BY entry, what, currency", nil, func(scan func(...any) error) error {
		var entry, what, currency string
		var sum int64
		err := scan(&entry, &what, &currency, &sum)
		b.Entries++
		b.Balanced = b.Balanced && sum == 0
		return err
	}); err != nil {
		return err
	}
	return w.store.each("SELECT currency, account, sum(amount) FROM book_postings GROUP BY currency, account", nil, func(scan func(...any) error) error {
		var currency, account string
		var sum int64
		if err := scan(&currency, &account, &sum); err != nil {
			return err
		}
		balances := b.balancesOf(account)
		if balances[currency] == nil {
			balances[currency] = map[string]int64{}
		}
		balances[currency][account] = sum
		return nil
	})
}

// Hold finds the newest hold that ref names: an intent, a charge, a payment
// method, or the value of any metadata key. It is zero if there is none.
func (w *World) Hold(ref string) BookedHold {
	books, err := w.Books(context.Background())
	if err != nil {
		w.options.Logger.Error("read the sandbox's books", "error", err)
		return BookedHold{}
	}
	for _, h := range slices.Backward(books.Holds) {
		if ref == h.Intent || ref == h.Charge || ref == h.PaymentMethod {
			return h
		}
		for _, value := range h.Metadata {
			if value == ref {
				return h
			}
		}
	}
	return BookedHold{}
}
