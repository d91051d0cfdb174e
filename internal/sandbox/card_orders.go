package sandbox

import (
	"errors"
	"strings"
)

// What the control desk can order for the next charges of a card.
const (
	orderApprove      = "ok"
	orderAuthenticate = "authenticate"
	orderDecline      = "decline:" // and a decline code
)

// A CardOrder makes a card that was bound behave otherwise than its number
// says, for its next charges. Orders for one card are carried out in turn.
type CardOrder struct {
	// PaymentMethod or Fingerprint says which card: that payment method only,
	// or every payment method of that number.
	PaymentMethod string `json:"payment_method,omitempty"`
	Fingerprint   string `json:"fingerprint,omitempty"`
	// Then is "ok", "authenticate" or "decline:" and a decline code.
	Then string `json:"then"`
	// Times is for how many attempts; 0 means one.
	Times int `json:"times,omitempty"`
}

// OrderCard has a card behave as ordered.
func (w *World) OrderCard(o CardOrder) error {
	target := o.PaymentMethod + o.Fingerprint
	if (o.PaymentMethod == "") == (o.Fingerprint == "") {
		return errors.New("name either payment_method or fingerprint")
	}
	code, isDecline := strings.CutPrefix(o.Then, orderDecline)
	_, known := declines[code]
	if !(isDecline && known) && o.Then != orderApprove && o.Then != orderAuthenticate {
		return errors.New("then is ok, authenticate, or decline: and one of Stripe's decline codes")
	}
	if o.Times < 0 {
		return errors.New("times is not negative")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cardOrders = true
	return w.store.exec("INSERT INTO card_orders (target, answer, times) VALUES ($1, $2, $3)", target, o.Then, max(o.Times, 1))
}

// takeCardOrder uses up the oldest order for a payment method or its card, ""
// if there is none.
func (t *tx) takeCardOrder(m *method) (string, error) {
	if !t.w.cardOrders {
		return "", nil
	}
	return t.takeOrder(m.ID, m.Card.Fingerprint)
}

// takeOrder uses up the oldest order for either target.
func (t *tx) takeOrder(target, other string) (string, error) {
	var seq, times int64
	var answer string
	found, err := t.w.store.row(`
		SELECT seq, answer, times FROM card_orders
		 WHERE target IN ($1, $2) ORDER BY seq LIMIT 1`, []any{target, other}, &seq, &answer, &times)
	if err != nil || !found {
		return "", err
	}
	if times > 1 {
		return answer, t.w.store.exec("UPDATE card_orders SET times = times - 1 WHERE seq = $1", seq)
	}
	return answer, t.w.store.exec("DELETE FROM card_orders WHERE seq = $1", seq)
}
