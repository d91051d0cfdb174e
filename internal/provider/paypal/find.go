package paypal

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/provider"
)

const (
	findSpan     = 31 * 24 * time.Hour // PayPal's longest
	findSpansMax = 13                  // a year and a bit
	findPage     = 500                 // PayPal's most
	findPagesMax = 20                  // in one span
	findSkew     = 10 * time.Minute    // by how much PayPal's clock may differ from ours
)

var (
	errTooMany     = errors.New("paypal: too many transactions to look through")
	errNoReference = errors.New("paypal: to find an intent needs its reference")
)

// A transaction is what PayPal's report says of one.
type transaction struct {
	Info struct {
		ID        string `json:"transaction_id"`
		Event     string `json:"transaction_event_code"`
		InvoiceID string `json:"invoice_id"`
		Custom    string `json:"custom_field"`
	} `json:"transaction_info"`
}

// Find looks for money taken or reserved under our reference in PayPal's report of
// transactions. The report is up to three hours behind and never shows an order that
// took nothing. So Failed does not prove that nothing was asked for in the last
// hours; what makes it safe to go on is that no order is confirmed before its id is
// saved, and that PayPal refuses to take money twice under one invoice id.
func (p *Plug) Find(ctx context.Context, _, reference string, since time.Time) (string, provider.Result) {
	if reference == "" {
		return "", provider.Result{Outcome: provider.Unknown, Cause: errNoReference}
	}
	until := p.now().Add(findSkew)
	from := since.Add(-findSkew)
	if since.IsZero() || until.Sub(from) > findSpansMax*findSpan {
		from = until.Add(-findSpansMax * findSpan)
	}
	best := provider.Result{Outcome: provider.Failed}
	for from.Before(until) {
		to := from.Add(findSpan)
		if to.After(until) {
			to = until
		}
		ids, x, err := p.searchSpan(ctx, reference, from, to)
		if err != nil {
			r := x.unread("")
			r.Cause = err
			return "", r
		}
		for _, t := range ids {
			r := p.resolve(ctx, t)
			if r.Outcome == provider.Unknown {
				return "", r
			}
			if best.Ref == "" || weight[r.Outcome] > weight[best.Outcome] {
				best = r
			}
		}
		best.RequestID = x.debugID
		from = to
	}
	return best.Ref, best
}

// searchSpan returns the payments and holds of a span that carry our reference.
func (p *Plug) searchSpan(ctx context.Context, reference string, from, to time.Time) (found []transaction, x *exchange, err error) {
	for page := 1; page <= findPagesMax; page++ {
		var got struct {
			Details []transaction `json:"transaction_details"`
			Pages   int           `json:"total_pages"`
		}
		x = p.ask(ctx, question{call: search, query: url.Values{
			"start_date": {from.UTC().Format(time.RFC3339)}, "end_date": {to.UTC().Format(time.RFC3339)},
			"fields": {"transaction_info"}, "balance_affecting_records_only": {"N"},
			"page_size": {itoa(findPage)}, "page": {itoa(page)},
		}}, &got)
		if !x.ok() {
			return nil, x, x.cause("")
		}
		for _, t := range got.Details {
			if (t.Info.InvoiceID == reference || t.Info.Custom == reference) && t.isPayment() {
				found = append(found, t)
			}
		}
		if page >= got.Pages {
			return found, x, nil
		}
	}
	return nil, x, errTooMany
}

// Event codes begin with a group: payments, and authorizations. Refunds, fees and
// disputes carry our reference too. https://developer.paypal.com/docs/transaction-search/transaction-event-codes/
const (
	paymentGroup = "T00"
	holdGroup    = "T13"
)

func (t transaction) isPayment() bool {
	return isID(t.Info.ID) && (strings.HasPrefix(t.Info.Event, paymentGroup) || strings.HasPrefix(t.Info.Event, holdGroup))
}

// resolve reads what a transaction was made by, and how that stands.
func (p *Plug) resolve(ctx context.Context, t transaction) provider.Result {
	if strings.HasPrefix(t.Info.Event, holdGroup) {
		var h authorization
		x := p.ask(ctx, question{call: readHold, id: t.Info.ID}, &h)
		if which := h.ref(); x.ok() && which != "" {
			return p.Fetch(ctx, which)
		}
		return x.unread("")
	}
	var c capture
	x := p.ask(ctx, question{call: readCapture, id: t.Info.ID}, &c)
	if which := c.ref(); x.ok() && which != "" {
		return p.Fetch(ctx, which)
	}
	return x.unread("")
}

// findTwin looks for the intent that was paid under our reference before this one
// was: our books were restored from a backup, say.
func (p *Plug) findTwin(ctx context.Context, name string, a provider.Ask, refusal *exchange) provider.Result {
	found, r := p.Find(ctx, a.Customer, a.Reference, time.Time{})
	if found != "" && r.Outcome == provider.Approved && r.Captured == !a.Hold {
		return r
	}
	return refusal.unread(name)
}

// ref names the intent that an authorization belongs to: its order.
func (h *authorization) ref() string {
	return orderRef(h.Related.IDs.OrderID, h.Links)
}

// ref names the intent that a capture belongs to: its order, or itself if it was
// taken from a hold.
func (c *capture) ref() string {
	id := c.Related.IDs.AuthorizationID
	if !isID(id) {
		id = upward(c.Links, "authorizations")
	}
	if isID(id) && c.InvoiceID != "" {
		return ref{authorization: id, reference: c.InvoiceID}.String()
	}
	return orderRef(c.Related.IDs.OrderID, c.Links)
}

func orderRef(id string, links []link) string {
	if !isID(id) {
		id = upward(links, "orders")
	}
	if id == "" {
		return ""
	}
	return ref{order: id}.String()
}

func itoa(n int) string { return strconv.Itoa(n) }
