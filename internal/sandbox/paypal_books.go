package sandbox

import (
	"slices"
	"time"
)

// Accounts of PayPal's half of the books.
const (
	accountPayPalPayers   = "paypal_payers"
	accountPayPalMerchant = "paypal_merchant" // what PayPal owes the merchant
	accountPayPalFees     = "paypal_fees"     // what PayPal earned
	paypalAccountHead     = "paypal_"
)

// bookAuthorization writes the line of a new authorization.
func (t *tx) bookAuthorization(a *paypalAuthorization) error {
	h := &a.hidden
	return t.w.store.exec(`
		INSERT INTO book_paypal_authorizations (id, order_id, original, payer, token, invoice, custom, currency, amount, captured, state, placed_at, honored_until, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 'held', $10, $11, $12)`,
		a.ID, h.OrderID, h.Original, h.PayerID, h.TokenID, a.InvoiceID, a.CustomID, string(h.Amount.Currency), h.Amount.Minor,
		t.now.UnixMicro(), h.Honored, h.Ends)
}

// bookTaken notes what was captured of an authorization.
func (t *tx) bookTaken(a *paypalAuthorization) error {
	if err := t.w.store.exec("UPDATE book_paypal_authorizations SET captured = $1 WHERE id = $2", a.hidden.Captured.Minor, a.ID); err != nil {
		return err
	}
	if a.Status != authorizationCaptured {
		return nil
	}
	return t.bookAuthorizationEnd(a, "captured")
}

// bookAuthorizationEnd notes that an authorization holds nothing any more.
func (t *tx) bookAuthorizationEnd(a *paypalAuthorization, state string) error {
	return t.w.store.exec("UPDATE book_paypal_authorizations SET state = $1, ended_at = $2 WHERE id = $3 AND state = 'held'",
		state, t.now.UnixMicro(), a.ID)
}

func (t *tx) bookPayPalCapture(p *paypalCapture) error {
	h := &p.hidden
	if err := t.w.store.exec(`
		INSERT INTO book_paypal_captures (id, order_id, authorization, payer, token, invoice, custom, currency, amount, fee, refunded, disputed, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, $11)`,
		p.ID, h.OrderID, h.AuthorizationID, h.PayerID, h.TokenID, p.InvoiceID, p.CustomID, string(h.Amount.Currency), h.Amount.Minor, h.Fee.Minor,
		t.now.UnixMicro()); err != nil {
		return err
	}
	return t.post(p.ID, "capture", string(h.Amount.Currency), posting{accountPayPalPayers, -h.Amount.Minor},
		posting{accountPayPalMerchant, h.Amount.Minor - h.Fee.Minor}, posting{accountPayPalFees, h.Fee.Minor})
}

func (t *tx) bookPayPalRefund(p *paypalCapture, r *paypalRefund) error {
	amount := r.hidden.Amount
	if err := t.w.store.exec("INSERT INTO book_paypal_refunds (id, capture, payer, invoice, currency, amount, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		r.ID, p.ID, r.hidden.PayerID, r.InvoiceID, string(amount.Currency), amount.Minor, t.now.UnixMicro()); err != nil {
		return err
	}
	if err := t.w.store.exec("UPDATE book_paypal_captures SET refunded = $1 WHERE id = $2", p.hidden.Refunded.Minor, p.ID); err != nil {
		return err
	}
	return t.post(r.ID, "refund", string(amount.Currency), posting{accountPayPalMerchant, -amount.Minor}, posting{accountPayPalPayers, amount.Minor})
}

// bookPayPalDispute notes that disputes took so much more of a capture, or gave
// it back if negative.
func (t *tx) bookPayPalDispute(capture string, minor int64) error {
	return t.w.store.exec("UPDATE book_paypal_captures SET disputed = disputed + $1 WHERE id = $2", minor, capture)
}

// PayPalBooks are what the world itself knows of all money that it moved as
// PayPal.
type PayPalBooks struct {
	Authorizations []BookedAuthorization `json:"authorizations"`
	Captures       []BookedCapture       `json:"captures"`
	Refunds        []BookedRefund        `json:"refunds"`
	// Totals are by currency, in minor units.
	Totals map[string]PayPalTotals `json:"totals"`
	// Balances are the sums of all postings, by currency and account.
	Balances map[string]map[string]int64 `json:"balances"`
}

// A BookedAuthorization is one reservation of a payer's money: held, captured,
// voided, expired or reauthorized. Amounts are in minor units, times Unix
// microseconds by the sandbox's clock, 0 for never.
type BookedAuthorization struct {
	ID       string `json:"id"`
	Order    string `json:"order"`
	Original string `json:"original,omitempty"` // of a reauthorization
	Payer    string `json:"payer"`              // payer id
	Token    string `json:"token,omitempty"`    // payment token
	Invoice  string `json:"invoice,omitempty"`
	Custom   string `json:"custom,omitempty"`
	Currency string `json:"currency"`
	Amount   int64  `json:"amount"`
	Captured int64  `json:"captured"`
	State    string `json:"state"`

	PlacedAtUS     int64 `json:"placed_at_us"`
	HonoredUntilUS int64 `json:"honored_until_us"`
	ExpiresAtUS    int64 `json:"expires_at_us"`
	EndedAtUS      int64 `json:"ended_at_us"`
}

// A BookedCapture is one payment that PayPal took. Amounts are in minor units.
type BookedCapture struct {
	ID            string `json:"id"`
	Order         string `json:"order"`
	Authorization string `json:"authorization,omitempty"`
	Payer         string `json:"payer"` // payer id
	Token         string `json:"token,omitempty"`
	Invoice       string `json:"invoice,omitempty"`
	Custom        string `json:"custom,omitempty"`
	Currency      string `json:"currency"`
	Amount        int64  `json:"amount"`
	Fee           int64  `json:"fee"`
	Refunded      int64  `json:"refunded"`
	Disputed      int64  `json:"disputed"`
	AtUS          int64  `json:"at_us"`
}

// A BookedRefund is money that PayPal gave back to a payer.
type BookedRefund struct {
	ID       string `json:"id"`
	Capture  string `json:"capture"`
	Payer    string `json:"payer"` // payer id
	Invoice  string `json:"invoice,omitempty"`
	Currency string `json:"currency"`
	Amount   int64  `json:"amount"`
	AtUS     int64  `json:"at_us"`
}

// PayPalTotals are sums over one currency, in minor units. Held is what live
// authorizations still reserve; Voided and Expired are what others reserved and
// released, the rests that a final capture left included.
type PayPalTotals struct {
	Captured int64 `json:"captured"`
	Refunded int64 `json:"refunded"`
	Disputed int64 `json:"disputed"`
	Fees     int64 `json:"fees"`
	Held     int64 `json:"held"`
	Voided   int64 `json:"voided"`
	Expired  int64 `json:"expired"`
}

// readPayPal reads PayPal's half of the books.
func (w *World) readPayPal(b *Books) error {
	b.PayPal = PayPalBooks{Authorizations: []BookedAuthorization{}, Captures: []BookedCapture{}, Refunds: []BookedRefund{},
		Totals: map[string]PayPalTotals{}, Balances: map[string]map[string]int64{}}
	for _, read := range []func(*PayPalBooks) error{w.readAuthorizations, w.readPayPalCaptures, w.readPayPalRefunds} {
		if err := read(&b.PayPal); err != nil {
			return err
		}
	}
	return nil
}

func (w *World) readAuthorizations(b *PayPalBooks) error {
	return w.store.each(`
		SELECT id, order_id, original, payer, token, invoice, custom, currency, amount, captured, state, placed_at, honored_until, expires_at, ended_at
		  FROM book_paypal_authorizations ORDER BY seq`, nil, func(scan func(...any) error) error {
		var a BookedAuthorization
		if err := scan(&a.ID, &a.Order, &a.Original, &a.Payer, &a.Token, &a.Invoice, &a.Custom, &a.Currency, &a.Amount, &a.Captured, &a.State,
			&a.PlacedAtUS, &a.HonoredUntilUS, &a.ExpiresAtUS, &a.EndedAtUS); err != nil {
			return err
		}
		total, rest := b.Totals[a.Currency], max(a.Amount-a.Captured, 0)
		switch a.State {
		case "held":
			total.Held += rest
		case "voided", "captured":
			total.Voided += rest
		case "expired":
			total.Expired += rest
		}
		b.Totals[a.Currency] = total
		b.Authorizations = append(b.Authorizations, a)
		return nil
	})
}

func (w *World) readPayPalCaptures(b *PayPalBooks) error {
	return w.store.each(`
		SELECT id, order_id, authorization, payer, token, invoice, custom, currency, amount, fee, refunded, disputed, at
		  FROM book_paypal_captures ORDER BY seq`, nil, func(scan func(...any) error) error {
		var p BookedCapture
		if err := scan(&p.ID, &p.Order, &p.Authorization, &p.Payer, &p.Token, &p.Invoice, &p.Custom, &p.Currency, &p.Amount, &p.Fee,
			&p.Refunded, &p.Disputed, &p.AtUS); err != nil {
			return err
		}
		total := b.Totals[p.Currency]
		total.Captured += p.Amount
		total.Refunded += p.Refunded
		total.Disputed += p.Disputed
		total.Fees += p.Fee
		b.Totals[p.Currency] = total
		b.Captures = append(b.Captures, p)
		return nil
	})
}

func (w *World) readPayPalRefunds(b *PayPalBooks) error {
	return w.store.each("SELECT id, capture, payer, invoice, currency, amount, at FROM book_paypal_refunds ORDER BY seq", nil, func(scan func(...any) error) error {
		var r BookedRefund
		err := scan(&r.ID, &r.Capture, &r.Payer, &r.Invoice, &r.Currency, &r.Amount, &r.AtUS)
		b.Refunds = append(b.Refunds, r)
		return err
	})
}

// HeldLongerThan returns the authorizations that still hold a payer's money
// although they were placed longer ago than age.
func (b PayPalBooks) HeldLongerThan(age time.Duration, now time.Time) []BookedAuthorization {
	old := []BookedAuthorization{}
	for _, a := range b.Authorizations {
		if a.State == "held" && now.Sub(time.UnixMicro(a.PlacedAtUS)) > age {
			old = append(old, a)
		}
	}
	return old
}

// Authorization finds the newest authorization that ref names: itself, an order,
// a payment token, an invoice or a custom id. It is zero if there is none.
func (b PayPalBooks) Authorization(ref string) BookedAuthorization {
	for _, a := range slices.Backward(b.Authorizations) {
		if ref == a.ID || ref == a.Order || ref == a.Token || ref == a.Invoice || ref == a.Custom {
			return a
		}
	}
	return BookedAuthorization{}
}
