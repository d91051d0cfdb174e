package sandbox

import (
	"net/url"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// What a payer can be asked to approve.
const (
	approveAgreement = "agreement" // a setup token
	approvePayment   = "payment"   // an order
	approveAction    = "action"    // an order that was to be paid without the payer
)

// An Approval is what a payer sees of a setup token or an order.
type Approval struct {
	ID   string `json:"id"`
	Kind string `json:"kind"` // agreement, payment or action
	// Open says that the payer can agree now.
	Open         bool   `json:"open"`
	Status       string `json:"status"`
	Merchant     string `json:"merchant"`
	Description  string `json:"description,omitempty"`
	UsagePattern string `json:"usage_pattern,omitempty"`
	// Amount is decimal, with its currency behind it; empty for an agreement.
	Amount string `json:"amount,omitempty"`
	// Payer is the name of the only one who can approve; empty if anyone can.
	Payer     string `json:"payer,omitempty"`
	ReturnURL string `json:"return_url,omitempty"`
	CancelURL string `json:"cancel_url,omitempty"`
}

const noApproval = "There is no such setup token or order, or it has lapsed."

// Approval finds what a payer is asked to approve by the id of a setup token
// or an order.
func (w *World) Approval(id string) (a Approval, err error) {
	err = w.asSandbox(func(t *tx) error {
		s, o, err := t.approvable(id)
		if err != nil {
			return err
		}
		if a = s.approval(); s == nil {
			a, err = t.approvalOf(o)
		}
		return err
	})
	return a, err
}

// approvable finds a setup token or an order; one of them is nil.
func (t *tx) approvable(id string) (*paypalSetupToken, *paypalOrder, error) {
	s, found, err := load[paypalSetupToken](t, "paypal_setup_token", id)
	if err != nil || found && t.now.Unix() < s.hidden.Ends {
		return s, nil, err
	}
	o, found, err := load[paypalOrder](t, "paypal_order", id)
	if err != nil || found && (o.Status == orderCompleted || t.now.Unix() < o.hidden.Ends) {
		return nil, o, err
	}
	return nil, nil, badOrder{noApproval}
}

func (s *paypalSetupToken) approval() Approval {
	if s == nil {
		return Approval{}
	}
	e, wallet := s.hidden.WithExperience, s.PaymentSource.PayPal
	return Approval{ID: s.ID, Kind: approveAgreement, Open: s.Status == payerActionRequired, Status: s.Status, Merchant: merchantName(e),
		Description: wallet.Description, UsagePattern: wallet.UsagePattern, ReturnURL: s.back(e.ReturnURL), CancelURL: s.back(e.CancelURL)}
}

// back is a merchant's page with what PayPal appends for a setup token.
func (s *paypalSetupToken) back(page string) string {
	return returnTo(page, url.Values{"approval_token_id": {s.ID}, "approval_session_id": {s.ID}})
}

func merchantName(e experienceContext) string {
	if e.BrandName != "" {
		return e.BrandName
	}
	return "the sandbox's merchant"
}

func (t *tx) approvalOf(o *paypalOrder) (Approval, error) {
	e, u := o.hidden.WithExperience, o.PurchaseUnits[0]
	a := Approval{ID: o.ID, Kind: approvePayment, Open: o.Status == orderCreated || o.Status == payerActionRequired, Status: o.Status,
		Merchant: merchantName(e), Description: u.Description, Amount: shownMoney(o.hidden.Amount),
		ReturnURL: o.back(e.ReturnURL), CancelURL: returnTo(e.CancelURL, url.Values{"token": {o.ID}})}
	if o.hidden.PayerID == "" {
		return a, nil
	}
	who, err := t.account(o.hidden.PayerID)
	if err != nil {
		return a, err
	}
	a.Payer = who.Name
	if o.hidden.TokenID != "" {
		a.Kind = approveAction
	}
	return a, nil
}

// back is a merchant's page with what PayPal appends for an order.
func (o *paypalOrder) back(page string) string {
	values := url.Values{"token": {o.ID}}
	if o.hidden.PayerID != "" {
		values.Set("PayerID", o.hidden.PayerID)
	}
	return returnTo(page, values)
}

func shownMoney(a money.Amount) string { return toPayPal(a).Value + " " + string(a.Currency) }

// ApproveAs has a payer agree to a setup token or an order, and returns the
// page that the payer would be sent back to, which is empty if the merchant
// named none. Doing it again changes nothing.
func (w *World) ApproveAs(id, payer string) (back string, err error) {
	err = w.asSandbox(func(t *tx) error {
		a, err := t.account(payer)
		if err != nil {
			return err
		}
		s, o, err := t.approvable(id)
		switch {
		case err != nil:
			return err
		case s != nil:
			back = s.back(s.hidden.WithExperience.ReturnURL)
			return t.approveSetup(s, a)
		}
		if err := t.approveOrder(o, a); err != nil {
			return err
		}
		back = o.back(o.hidden.WithExperience.ReturnURL)
		return nil
	})
	return back, err
}

func (t *tx) approveSetup(s *paypalSetupToken, a *paypalAccount) error {
	if s.Status != payerActionRequired {
		return alreadyBy(s.hidden.PayerID, a)
	}
	s.Status, s.hidden.PayerID = payerApproved, a.PayerID
	wallet := &s.PaymentSource.PayPal
	wallet.EmailAddress, wallet.PayerID, wallet.AccountID = a.Email, a.PayerID, a.PayerID
	s.link()
	t.save(s)
	return nil
}

// alreadyBy is the answer to a payer who agrees to what is no more open.
func alreadyBy(payerID string, a *paypalAccount) error {
	if payerID == a.PayerID {
		return nil
	}
	return badOrder{"Somebody else agreed to this already."}
}

func (t *tx) approveOrder(o *paypalOrder, a *paypalAccount) error {
	switch {
	case o.Status != orderCreated && o.Status != payerActionRequired:
		return alreadyBy(o.hidden.PayerID, a)
	case o.hidden.PayerID != "" && o.hidden.PayerID != a.PayerID:
		return badOrder{"Only the payer of the agreement can do this."}
	}
	if err := t.approvedBy(o, a.PayerID); err != nil {
		return err
	}
	o.hidden.Ends, o.hidden.MustAct = t.now.Add(orderLife).Unix(), false
	o.UpdateTime = paypalTime(t.now)
	o.link()
	t.save(o)
	shown, err := t.shownOrder(o, true)
	if err != nil {
		return err
	}
	return t.paypalEvent("CHECKOUT.ORDER.APPROVED", shown)
}

// RefuseApproval has a payer go back to the merchant without having agreed, and
// returns the page that the payer would be sent to. What was asked stays open,
// since the payer may come back.
func (w *World) RefuseApproval(id string) (back string, err error) {
	a, err := w.Approval(id)
	if err == nil && !a.Open {
		err = badOrder{"This is not open any more."}
	}
	return a.CancelURL, err
}

// An Agreement is one that a payer has with the merchant, or had.
type Agreement struct {
	ID           string    `json:"id"` // of the payment token
	Customer     string    `json:"customer"`
	Payer        string    `json:"payer"` // name
	PayerID      string    `json:"payer_id"`
	Merchant     string    `json:"merchant"`
	Description  string    `json:"description,omitempty"`
	UsagePattern string    `json:"usage_pattern,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
	Cancelled    bool      `json:"cancelled"`
}

// Agreements lists the agreements of a payer, or of all payers if it is "",
// oldest first.
func (w *World) Agreements(payer string) (all []Agreement, err error) {
	all = []Agreement{}
	err = w.asSandbox(func(t *tx) error {
		ids, err := t.idsOf("paypal_payment_token")
		if err != nil {
			return err
		}
		for _, id := range ids {
			p, _, err := load[paypalPaymentToken](t, "paypal_payment_token", id)
			if err != nil {
				return err
			}
			a, err := t.account(p.hidden.PayerID)
			if err != nil {
				return err
			}
			if payer != "" && payer != a.Name && payer != a.PayerID {
				continue
			}
			wallet := p.PaymentSource.PayPal
			all = append(all, Agreement{ID: p.ID, Customer: p.Customer.ID, Payer: a.Name, PayerID: a.PayerID, Merchant: merchantName(p.hidden.WithExperience),
				Description: wallet.Description, UsagePattern: wallet.UsagePattern, CreatedAt: time.Unix(p.hidden.Created, 0).UTC(), Cancelled: p.hidden.State != tokenLive})
		}
		return nil
	})
	return all, err
}

// idsOf lists the objects of a kind, oldest first.
func (t *tx) idsOf(kind string) (ids []string, err error) {
	err = t.w.store.each("SELECT id FROM objects WHERE kind = $1 ORDER BY seq", []any{kind}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// CancelAgreement has a payer end an agreement in the wallet. Its payment token
// cannot be used from then on.
func (w *World) CancelAgreement(id string) error {
	return w.asSandbox(func(t *tx) error {
		p, found, err := load[paypalPaymentToken](t, "paypal_payment_token", id)
		switch {
		case err != nil:
			return err
		case !found:
			return badOrder{"There is no such agreement."}
		case p.hidden.State != tokenLive:
			return nil
		}
		return t.endToken(p, tokenCancelled)
	})
}
