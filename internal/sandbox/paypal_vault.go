package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// States of a payment token in the vault. One that is deleted is not shown
// any more.
const (
	tokenLive      = "CREATED"
	tokenDeleted   = "DELETED"
	tokenCancelled = "CANCELLED"
)

// A paypalPaymentToken stands for an agreement with a payer.
type paypalPaymentToken struct {
	ID            string        `json:"id"`
	Customer      vaultCustomer `json:"customer"`
	PaymentSource vaultedSource `json:"payment_source"`
	Links         []paypalLink  `json:"links"`

	hidden paymentTokenHidden
}

type paymentTokenHidden struct {
	Created        int64 // Unix seconds
	State          string
	PayerID        string
	Origin         string
	WithExperience experienceContext
}

func (p *paypalPaymentToken) columns() columns {
	return columns{kind: "paypal_payment_token", id: p.ID, created: p.hidden.Created, customer: p.Customer.ID,
		intent: p.hidden.PayerID, mark: p.hidden.State}
}

func (p *paypalPaymentToken) hiddenPart() any { return &p.hidden }

// paymentTokenRequest is the body of creating one.
type paymentTokenRequest struct {
	Customer      vaultCustomer `json:"customer"`
	PaymentSource *struct {
		Card  json.RawMessage `json:"card"`
		Token *struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"token"`
	} `json:"payment_source"`
}

func createPaymentToken(t *tx, c *paypalCall) (any, error) {
	var r paymentTokenRequest
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	switch {
	case r.PaymentSource == nil:
		return nil, missingField("/payment_source")
	case r.PaymentSource.Card != nil:
		return nil, invalidField("/payment_source/card", "INVALID_PARAMETER_VALUE")
	case r.PaymentSource.Token == nil || r.PaymentSource.Token.ID == "":
		return nil, missingField("/payment_source/token/id")
	case r.PaymentSource.Token.Type != "SETUP_TOKEN":
		return nil, invalidField("/payment_source/token/type", "INVALID_PARAMETER_VALUE")
	}
	s, err := t.setupToken(r.PaymentSource.Token.ID)
	if err != nil {
		return nil, err
	}
	switch s.Status {
	case payerActionRequired:
		approve := paypalLink{s.hidden.Origin + "/agreements/approve?approval_session_id=" + s.ID, "approve", "GET"}
		return nil, unprocessable("PAYER_ACTION_REQUIRED").saying("The payer has not approved the setup token.").leadingTo(approve)
	case setupVaulted:
		return nil, unprocessable("SETUP_TOKEN_ALREADY_TOKENIZED").saying("A payment token was made of this setup token before.")
	}
	if s.hidden.OwnCustomer && r.Customer.ID != "" && r.Customer.ID != s.Customer.ID {
		return nil, invalidField("/customer/id", "INVALID_PARAMETER_VALUE")
	}
	return t.vault(s, r.Customer)
}

// vault makes an approved setup token a payment token. Unless more were
// permitted, a payer has one with a customer.
func (t *tx) vault(s *paypalSetupToken, customer vaultCustomer) (any, error) {
	s.Status = setupVaulted
	t.save(s)
	if !s.PaymentSource.PayPal.PermitMultiple {
		existing, err := t.tokenOf(s.hidden.PayerID, s.Customer.ID)
		if err != nil {
			return nil, err
		}
		if existing != nil {
			s.hidden.TokenID = existing.ID
			s.link()
			return withStatus{http.StatusOK, existing}, nil
		}
	}
	a, err := t.account(s.hidden.PayerID)
	if err != nil {
		return nil, err
	}
	const idLength = 10
	p := &paypalPaymentToken{ID: t.w.randomOf("0123456789abcdefghijklmnopqrstuvwxyz", idLength), Customer: s.Customer, PaymentSource: s.PaymentSource}
	if customer.MerchantCustomerID != "" {
		p.Customer.MerchantCustomerID = customer.MerchantCustomerID
	}
	wallet := &p.PaymentSource.PayPal
	wallet.EmailAddress, wallet.PayerID, wallet.AccountID = a.Email, a.PayerID, a.PayerID
	wallet.Name, wallet.Address = a.name(), &paypalAddress{a.Country}
	p.hidden = paymentTokenHidden{Created: t.now.Unix(), State: tokenLive, PayerID: a.PayerID, Origin: s.hidden.Origin, WithExperience: s.hidden.WithExperience}
	self := s.hidden.Origin + "/v3/vault/payment-tokens/" + p.ID
	p.Links = []paypalLink{{self, "self", "GET"}, {self, "delete", "DELETE"}}
	s.hidden.TokenID = p.ID
	s.link()
	t.save(p)
	return p, t.paypalEvent("VAULT.PAYMENT-TOKEN.CREATED", p)
}

func (a *paypalAccount) name() *paypalName {
	return &paypalName{a.GivenName, a.Surname, a.GivenName + " " + a.Surname}
}

// tokenOf finds the live token between a payer and a customer, nil if there is
// none.
func (t *tx) tokenOf(payerID, customer string) (*paypalPaymentToken, error) {
	if err := t.flush(); err != nil {
		return nil, err
	}
	var id string
	found, err := t.w.store.row("SELECT id FROM objects WHERE "+byCustomer+" = $1 AND kind = 'paypal_payment_token' AND intent = $2 AND mark = $3",
		[]any{customer, payerID, tokenLive}, &id)
	if err != nil || !found {
		return nil, err
	}
	p, _, err := load[paypalPaymentToken](t, "paypal_payment_token", id)
	return p, err
}

// liveToken finds a payment token that can be looked at.
func (t *tx) liveToken(id string) (*paypalPaymentToken, error) {
	p, found, err := load[paypalPaymentToken](t, "paypal_payment_token", id)
	if err == nil && (!found || p.hidden.State != tokenLive) {
		err = noResource()
	}
	return p, err
}

func retrievePaymentToken(t *tx, c *paypalCall) (any, error) { return t.liveToken(c.id) }

// deletePaymentToken answers the same however often it is asked.
func deletePaymentToken(t *tx, c *paypalCall) (any, error) {
	p, found, err := load[paypalPaymentToken](t, "paypal_payment_token", c.id)
	if err != nil || !found || p.hidden.State != tokenLive {
		return nothing{}, err
	}
	return nothing{}, t.endToken(p, tokenDeleted)
}

// endToken ends an agreement, by the merchant or by the payer.
func (t *tx) endToken(p *paypalPaymentToken, state string) error {
	p.hidden.State = state
	t.save(p)
	return t.paypalEvent("VAULT.PAYMENT-TOKEN.DELETED", p)
}

// listPaymentTokens lists the tokens of a customer, newest first.
func listPaymentTokens(t *tx, c *paypalCall) (any, error) {
	customer := c.query.Get("customer_id")
	if customer == "" {
		e := missingField("customer_id")
		e.Details[0].Location = "query"
		return nil, e
	}
	size, page := pageOf(c.query, "page_size", 5), pageOf(c.query, "page", 1)
	var all []*paypalPaymentToken
	var ids []string
	err := t.w.store.each("SELECT id FROM objects WHERE "+byCustomer+" = $1 AND kind = 'paypal_payment_token' AND mark = $2 ORDER BY seq DESC",
		[]any{customer, tokenLive}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		p, _, err := load[paypalPaymentToken](t, "paypal_payment_token", id)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	from := min((page-1)*size, len(all))
	shown := append([]*paypalPaymentToken{}, all[from:min(from+size, len(all))]...)
	who := vaultCustomer{ID: customer}
	if len(all) > 0 {
		who = all[0].Customer
	}
	answer := map[string]any{"customer": who, "payment_tokens": shown,
		"links": []paypalLink{{t.by.origin + "/v3/vault/payment-tokens?customer_id=" + url.QueryEscape(customer), "self", "GET"}}}
	if c.query.Get("total_required") == "true" {
		answer["total_items"], answer["total_pages"] = len(all), (len(all)+size-1)/size
	}
	return answer, nil
}

// pageOf reads a number of a page, from 1 to 20.
func pageOf(query url.Values, name string, usual int) int {
	const most = 20
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < 1 {
		return usual
	}
	return min(n, most)
}
