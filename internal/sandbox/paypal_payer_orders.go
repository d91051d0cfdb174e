package sandbox

import (
	"net/http"
	"regexp"
	"strings"
)

// orderPayerAction makes the next payment of a payer wait for the payer. The
// other orders are those for cards: ok, and decline: with one of PayPal's
// issues, such as decline:INSTRUMENT_DECLINED.
const orderPayerAction = "payer_action"

// A PayerOrder makes a payer's next payments end otherwise than the balance
// says. Orders for one payer are carried out in turn.
type PayerOrder struct {
	Payer string `json:"payer"` // name or payer id
	// Then is "ok", "payer_action" or "decline:" and an issue.
	Then string `json:"then"`
	// Times is for how many payments; 0 means one.
	Times int `json:"times,omitempty"`
}

var issueForm = regexp.MustCompile(`^[A-Z][A-Z_]{2,60}$`)

func cutDecline(then string) (issue string, declined bool) {
	return strings.CutPrefix(then, orderDecline)
}

// OrderPayer has a payer's payments end as ordered: whatever creates, authorizes
// or captures an order with the payer's money, or captures or renews an
// authorization.
func (w *World) OrderPayer(o PayerOrder) error {
	issue, declines := cutDecline(o.Then)
	switch {
	case !(declines && issueForm.MatchString(issue)) && o.Then != orderApprove && o.Then != orderPayerAction:
		return badOrder{"then is ok, payer_action, or decline: and one of PayPal's issues"}
	case o.Times < 0:
		return badOrder{"times is not negative"}
	}
	return w.asSandbox(func(t *tx) error {
		a, err := t.account(o.Payer)
		if err != nil {
			return err
		}
		return w.store.exec("INSERT INTO card_orders (target, answer, times) VALUES ($1, $2, $3)", a.PayerID, o.Then, max(o.Times, 1))
	})
}

// takePayerOrder uses up the oldest order for a payer, "" if there is none.
func (t *tx) takePayerOrder(a *paypalAccount) (string, error) {
	return t.takeOrder(a.PayerID, a.PayerID)
}

// refusedAsOrdered is a refusal that an order asked for. The order stays used up.
func refusedAsOrdered(issue string) error {
	e := unprocessable(issue)
	e.status, e.keep = http.StatusUnprocessableEntity, true
	return e
}
