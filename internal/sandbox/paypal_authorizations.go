package sandbox

import (
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// How long PayPal makes sure that the money of an authorization is there, and
// how long it can be captured at all. A reauthorization is honored anew, but
// can be captured no longer than its original.
// https://developer.paypal.com/docs/api/payments/v2/
const (
	honorPeriod          = 3 * 24 * time.Hour
	authorizationLife    = 29 * 24 * time.Hour
	capturesPerHoldMax   = 10
	refundsPerCaptureMax = 10
)

// States of an authorization on the wire. One that has expired is voided
// there; only a capture is told the difference.
const (
	authorizationCreated  = "CREATED"
	authorizationPartly   = "PARTIALLY_CAPTURED"
	authorizationCaptured = "CAPTURED"
	authorizationVoided   = "VOIDED"
)

// A paypalAuthorization reserves money.
type paypalAuthorization struct {
	ID                string       `json:"id"`
	Status            string       `json:"status"`
	Amount            *paypalMoney `json:"amount"`
	InvoiceID         string       `json:"invoice_id,omitempty"`
	CustomID          string       `json:"custom_id,omitempty"`
	SellerProtection  protection   `json:"seller_protection"`
	ExpirationTime    string       `json:"expiration_time"`
	Payee             *payee       `json:"payee,omitempty"`
	SupplementaryData *related     `json:"supplementary_data,omitempty"`
	CreateTime        string       `json:"create_time"`
	UpdateTime        string       `json:"update_time"`
	Links             []paypalLink `json:"links"`

	hidden authorizationHidden
}

type authorizationHidden struct {
	Created          int64 // Unix seconds
	Honored, Ends    int64 // Unix microseconds
	Origin           string
	Amount, Captured money.Amount
	Captures         int
	PayerID, TokenID string
	OrderID          string
	Original         string // of a reauthorization
	Replacement      string // the reauthorization of an original
	Expired          bool
}

type protection struct {
	Status            string   `json:"status"`
	DisputeCategories []string `json:"dispute_categories,omitempty"`
}

var protected = protection{"ELIGIBLE", []string{"ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"}}

// related says what else an authorization or capture belongs to.
type related struct {
	RelatedIDs relatedIDs `json:"related_ids"`
}

type relatedIDs struct {
	OrderID         string `json:"order_id,omitempty"`
	AuthorizationID string `json:"authorization_id,omitempty"`
	CaptureID       string `json:"capture_id,omitempty"`
}

func (a *paypalAuthorization) columns() columns {
	return columns{kind: "paypal_authorization", id: a.ID, created: a.hidden.Created, customer: a.hidden.PayerID,
		intent: a.hidden.OrderID, charge: a.hidden.TokenID, mark: a.Status}
}

func (a *paypalAuthorization) hiddenPart() any { return &a.hidden }

// link gives an authorization the links of its state.
func (a *paypalAuthorization) link() {
	self := a.hidden.Origin + "/v2/payments/authorizations/" + a.ID
	a.Links = []paypalLink{{self, "self", "GET"}}
	if a.isLive() {
		a.Links = append(a.Links, paypalLink{self + "/capture", "capture", "POST"}, paypalLink{self + "/void", "void", "POST"})
		if a.hidden.Original == "" {
			a.Links = append(a.Links, paypalLink{self + "/reauthorize", "reauthorize", "POST"})
		}
	}
	a.Links = append(a.Links, paypalLink{a.hidden.Origin + "/v2/checkout/orders/" + a.hidden.OrderID, "up", "GET"})
}

// isLive reports whether money is reserved by a itself.
func (a *paypalAuthorization) isLive() bool {
	return (a.Status == authorizationCreated || a.Status == authorizationPartly) && a.hidden.Replacement == ""
}

// rest is what is reserved and not captured.
func (a *paypalAuthorization) rest() money.Amount {
	if a.hidden.Captured.Cmp(a.hidden.Amount) > 0 {
		return none(a.hidden.Amount.Currency)
	}
	return minus(a.hidden.Amount, a.hidden.Captured)
}

// placeAuthorization reserves an amount for an order.
func (t *tx) placeAuthorization(o *paypalOrder, amount money.Amount) (*paypalAuthorization, error) {
	u := &o.PurchaseUnits[0]
	a := &paypalAuthorization{ID: t.w.paypalID(), Status: authorizationCreated, Amount: toPayPal(amount), InvoiceID: u.InvoiceID, CustomID: u.CustomID,
		SellerProtection: protected, Payee: &theMerchant, SupplementaryData: &related{relatedIDs{OrderID: o.ID}},
		CreateTime: paypalTime(t.now), UpdateTime: paypalTime(t.now)}
	a.hidden = authorizationHidden{Created: t.now.Unix(), Honored: t.now.Add(honorPeriod).UnixMicro(), Ends: t.now.Add(authorizationLife).UnixMicro(),
		Origin: o.hidden.Origin, Amount: amount, Captured: none(amount.Currency), PayerID: o.hidden.PayerID, TokenID: o.hidden.TokenID, OrderID: o.ID}
	return a, t.openAuthorization(a, o)
}

// openAuthorization writes a new authorization down.
func (t *tx) openAuthorization(a *paypalAuthorization, o *paypalOrder) error {
	a.ExpirationTime = paypalTime(time.UnixMicro(a.hidden.Ends))
	a.link()
	o.hidden.Authorizations = append(o.hidden.Authorizations, a.ID)
	t.save(o)
	t.save(a)
	if err := t.bookAuthorization(a); err != nil {
		return err
	}
	if err := t.later(time.UnixMicro(a.hidden.Ends), dueAuthorizationEnds, a.ID); err != nil {
		return err
	}
	return t.paypalEvent("PAYMENT.AUTHORIZATION.CREATED", a)
}

// authorization finds one by its id.
func (t *tx) authorization(id string) (*paypalAuthorization, error) {
	a, found, err := load[paypalAuthorization](t, "paypal_authorization", id)
	if err == nil && !found {
		err = noResource()
	}
	return a, err
}

func retrieveAuthorization(t *tx, c *paypalCall) (any, error) { return t.authorization(c.id) }

// authorizationEnds is the end of an authorization's validity.
func (t *tx) authorizationEnds(id string) error {
	a, found, err := load[paypalAuthorization](t, "paypal_authorization", id)
	if err != nil || !found || a.hidden.Ends > t.now.UnixMicro() || a.Status == authorizationVoided || a.Status == authorizationCaptured {
		return err
	}
	a.hidden.Expired = true
	return t.endAuthorization(a, "expired")
}

// endAuthorization releases what an authorization still reserves.
func (t *tx) endAuthorization(a *paypalAuthorization, state string) error {
	a.Status = authorizationVoided
	t.touch(a)
	if err := t.bookAuthorizationEnd(a, state); err != nil {
		return err
	}
	return t.paypalEvent("PAYMENT.AUTHORIZATION.VOIDED", a)
}

// voidAuthorization releases an authorization. One that was reauthorized is
// voided by the id of the original, which voids both.
func voidAuthorization(t *tx, c *paypalCall) (any, error) {
	a, err := t.authorization(c.id)
	if err != nil {
		return nil, err
	}
	switch {
	case a.hidden.Original != "":
		return nil, unprocessable("CANNOT_BE_VOIDED")
	case a.Status == authorizationVoided:
		return nil, unprocessable("PREVIOUSLY_VOIDED")
	case a.Status == authorizationCaptured:
		return nil, unprocessable("PREVIOUSLY_CAPTURED")
	case a.hidden.Replacement != "":
		anew, err := t.authorization(a.hidden.Replacement)
		if err != nil {
			return nil, err
		}
		if err := t.endAuthorization(anew, "voided"); err != nil {
			return nil, err
		}
	}
	if err := t.endAuthorization(a, "voided"); err != nil {
		return nil, err
	}
	if c.whole {
		return a, nil
	}
	return nothing{}, nil
}

// reauthorize reserves an authorization's money anew, once, after PayPal has
// ceased to honor it.
func reauthorize(t *tx, c *paypalCall) (any, error) {
	var r struct {
		Amount *paypalMoney `json:"amount"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	old, err := t.authorization(c.id)
	if err != nil {
		return nil, err
	}
	amount := old.hidden.Amount
	if r.Amount != nil {
		if amount, err = fromPayPal(r.Amount, "/amount"); err != nil {
			return nil, err
		}
	}
	if err := t.mayReauthorize(old, amount); err != nil {
		return nil, err
	}
	o, found, err := load[paypalOrder](t, "paypal_order", old.hidden.OrderID)
	if err != nil || !found {
		return nil, err
	}
	a := *old
	a.ID, a.Amount, a.Status = t.w.paypalID(), toPayPal(amount), authorizationCreated
	a.SupplementaryData = &related{relatedIDs{OrderID: o.ID, AuthorizationID: old.ID}}
	a.CreateTime, a.UpdateTime = paypalTime(t.now), paypalTime(t.now)
	a.hidden.Created, a.hidden.Amount, a.hidden.Original = t.now.Unix(), amount, old.ID
	a.hidden.Honored = min(t.now.Add(honorPeriod).UnixMicro(), a.hidden.Ends)
	old.hidden.Replacement = a.ID
	t.touch(old)
	if err := t.bookAuthorizationEnd(old, "reauthorized"); err != nil {
		return nil, err
	}
	if err := t.openAuthorization(&a, o); err != nil {
		return nil, err
	}
	return a.shown(c.whole), nil
}

// mayReauthorize returns nil if an authorization can be made again for an
// amount, from its fourth day on.
func (t *tx) mayReauthorize(a *paypalAuthorization, amount money.Amount) error {
	switch {
	case a.hidden.Original != "" || a.hidden.Replacement != "":
		return unprocessable("REAUTHORIZATION_NOT_SUPPORTED")
	case a.Status == authorizationVoided:
		return unprocessable("AUTHORIZATION_VOIDED")
	case a.Status != authorizationCreated:
		return unprocessable("AUTHORIZATION_ALREADY_CAPTURED")
	case amount.Currency != a.hidden.Amount.Currency:
		return unprocessable("AUTH_CURRENCY_MISMATCH")
	case t.now.UnixMicro() < a.hidden.Honored:
		return unprocessable("REAUTHORIZATION_TOO_SOON")
	case amount.Cmp(overcaptureOf(a.hidden.Amount)) > 0:
		return unprocessable("TRANSACTION_REFUSED")
	}
	return t.mayTakeFrom(a, amount, none(amount.Currency))
}

// mayTakeFrom returns nil if the payer of an authorization can pay an amount,
// so much of which is reserved by it.
func (t *tx) mayTakeFrom(a *paypalAuthorization, amount, held money.Amount) error {
	who, err := t.account(a.hidden.PayerID)
	if err != nil {
		return err
	}
	then, err := t.takePayerOrder(who)
	if err != nil {
		return err
	}
	if then == orderPayerAction {
		return refusedAsOrdered("PAYER_CANNOT_PAY")
	}
	if issue, declined := cutDecline(then); declined {
		return refusedAsOrdered(issue)
	}
	ok, err := t.can(who, amount, held)
	if err == nil && !ok {
		err = unprocessable("PAYER_CANNOT_PAY")
	}
	return err
}

// shown is an authorization as it is answered: whole, or the minimum.
func (a *paypalAuthorization) shown(whole bool) any {
	if whole {
		return a
	}
	return minimum{a.ID, a.Status, a.Links}
}

// A minimum is the answer that callers get who prefer nothing else.
type minimum struct {
	ID     string       `json:"id"`
	Status string       `json:"status"`
	Links  []paypalLink `json:"links"`
}
