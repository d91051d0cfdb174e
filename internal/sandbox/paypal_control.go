package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// paypalDesk are the orders of the control desk for PayPal's half, by method
// and path below /_sandbox/.
func (w *World) paypalDesk() map[string]func(*http.Request) (any, error) {
	return map[string]func(*http.Request) (any, error){
		"GET paypal/payers":           func(*http.Request) (any, error) { return w.Payers() },
		"POST paypal/payers":          w.orderPayer,
		"GET paypal/agreements":       func(r *http.Request) (any, error) { return w.Agreements(r.URL.Query().Get("payer")) },
		"GET paypal/orders":           func(*http.Request) (any, error) { return w.PayPalOrders() },
		"GET paypal/authorizations":   w.listAuthorizations,
		"DELETE paypal/tokens":        func(*http.Request) (any, error) { return map[string]bool{"revoked": true}, w.RevokeAccessTokens() },
		"POST paypal/disputes":        w.orderPayPalDispute,
		"POST paypal/disputes/decide": w.orderPayPalDecision,
		"POST paypal/search_lag":      w.orderPayPalSearchLag,
	}
}

// paypalOrderAt finds the order of the control desk whose path names something:
// paypal/approvals/<id>/approve or refuse, paypal/agreements/<id>/cancel.
func (w *World) paypalOrderAt(method string, parts []string) (order func(*http.Request) (any, error), known bool) {
	if len(parts) != 4 || parts[0] != "paypal" {
		return nil, false
	}
	id := parts[2]
	switch method + " " + parts[1] + " " + parts[3] {
	case "POST approvals approve":
		return func(r *http.Request) (any, error) { return w.orderApproval(r, id) }, true
	case "POST approvals refuse":
		return func(*http.Request) (any, error) {
			back, err := w.RefuseApproval(id)
			return map[string]string{"return_to": back}, err
		}, true
	case "POST agreements cancel":
		return func(*http.Request) (any, error) { return map[string]string{"cancelled": id}, w.CancelAgreement(id) }, true
	}
	return nil, false
}

func (w *World) orderApproval(r *http.Request, id string) (any, error) {
	o := struct {
		Payer string `json:"payer"`
	}{PayerUS}
	if r.ContentLength != 0 {
		if err := readOrder(r, &o); err != nil {
			return nil, err
		}
	}
	back, err := w.ApproveAs(id, o.Payer)
	return map[string]string{"return_to": back}, err
}

// orderPayer sets a payer's balance, or has the payer's next payments end as
// ordered.
func (w *World) orderPayer(r *http.Request) (any, error) {
	var o struct {
		PayerOrder
		Currency string  `json:"currency"`
		Balance  *string `json:"balance"`
	}
	if err := readOrder(r, &o); err != nil {
		return nil, err
	}
	if o.Balance != nil {
		if err := w.SetBalance(o.Payer, o.Currency, *o.Balance); err != nil {
			return nil, err
		}
	}
	if o.Then != "" {
		if err := w.OrderPayer(o.PayerOrder); err != nil {
			return nil, err
		}
	}
	return w.Payer(o.Payer)
}

// listAuthorizations lists all, or those that hold money for longer than
// ?held_longer_than_s=.
func (w *World) listAuthorizations(r *http.Request) (any, error) {
	books, err := w.Books(r.Context())
	if err != nil {
		return nil, err
	}
	text := r.URL.Query().Get("held_longer_than_s")
	if text == "" {
		return books.PayPal.Authorizations, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	const most = 100 * 365 * 24 * 3600
	if err != nil || seconds < 0 || seconds > most {
		return nil, badOrder{"held_longer_than_s is a number of seconds."}
	}
	return books.PayPal.HeldLongerThan(time.Duration(seconds)*time.Second, w.Now()), nil
}

// A ListedOrder is an order at PayPal as the control desk lists it.
type ListedOrder struct {
	ID       string `json:"id"`
	Intent   string `json:"intent"`
	Status   string `json:"status"`
	Amount   string `json:"amount"` // decimal, and the currency
	Invoice  string `json:"invoice,omitempty"`
	Custom   string `json:"custom,omitempty"`
	Payer    string `json:"payer,omitempty"` // payer id
	Approve  string `json:"approve,omitempty"`
	Lapsed   bool   `json:"lapsed"`
	MadeAtUS int64  `json:"made_at_us"`
}

// PayPalOrders lists all orders, oldest first.
func (w *World) PayPalOrders() (all []ListedOrder, err error) {
	all = []ListedOrder{}
	err = w.asSandbox(func(t *tx) error {
		ids, err := t.idsOf("paypal_order")
		if err != nil {
			return err
		}
		for _, id := range ids {
			o, _, err := load[paypalOrder](t, "paypal_order", id)
			if err != nil {
				return err
			}
			all = append(all, t.listed(o))
		}
		return nil
	})
	return all, err
}

func (t *tx) listed(o *paypalOrder) ListedOrder {
	u := o.PurchaseUnits[0]
	l := ListedOrder{ID: o.ID, Intent: o.Intent, Status: o.Status, Amount: shownMoney(o.hidden.Amount), Invoice: u.InvoiceID, Custom: u.CustomID,
		Payer: o.hidden.PayerID, Lapsed: o.Status != orderCompleted && t.now.Unix() >= o.hidden.Ends, MadeAtUS: o.hidden.Created * int64(time.Second/time.Microsecond)}
	for _, link := range o.Links {
		if (link.Rel == "approve" || link.Rel == "payer-action") && strings.Contains(link.Href, "token=") {
			l.Approve = link.Href
		}
	}
	return l
}
