package paypal

import (
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// The shapes below hold what we send and read of PayPal's objects, and no more.

// sum is an amount in PayPal's spelling.
type sum struct {
	Currency string `json:"currency_code"`
	Value    string `json:"value"`
}

type link struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
}

type customer struct {
	ID         string `json:"id,omitempty"`
	MerchantID string `json:"merchant_customer_id,omitempty"`
}

type name struct {
	Given   string `json:"given_name,omitempty"`
	Surname string `json:"surname,omitempty"`
	Full    string `json:"full_name,omitempty"`
}

type address struct {
	Country string `json:"country_code,omitempty"`
}

// pageContext is what PayPal's page shows, and where it sends the payer back to.
type pageContext struct {
	Brand     string `json:"brand_name,omitempty"`
	Locale    string `json:"locale,omitempty"`
	Shipping  string `json:"shipping_preference,omitempty"`
	Vault     string `json:"vault_instruction,omitempty"`
	ReturnURL string `json:"return_url,omitempty"`
	CancelURL string `json:"cancel_url,omitempty"`
}

// stored says who uses a kept token, and in what pattern.
type stored struct {
	Initiator string `json:"payment_initiator"`
	Usage     string `json:"usage"`
	Pattern   string `json:"usage_pattern"`
}

// wallet is a PayPal account as a source of money, asked for or told of.
type wallet struct {
	VaultID  string       `json:"vault_id,omitempty"`
	Stored   *stored      `json:"stored_credential,omitempty"`
	Pattern  string       `json:"usage_pattern,omitempty"`
	Type     string       `json:"usage_type,omitempty"`
	Several  *bool        `json:"permit_multiple_payment_tokens,omitempty"`
	Page     *pageContext `json:"experience_context,omitempty"`
	PayerID  string       `json:"payer_id,omitempty"`
	Account  string       `json:"account_id,omitempty"`
	Email    string       `json:"email_address,omitempty"`
	Name     *name        `json:"name,omitempty"`
	Address  *address     `json:"address,omitempty"`
	Shipping *struct {
		Address *address `json:"address,omitempty"`
	} `json:"shipping,omitempty"`
}

type setupRef struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

type source struct {
	PayPal *wallet   `json:"paypal,omitempty"`
	Token  *setupRef `json:"token,omitempty"`
}

// setupToken is an agreement that was asked for; paymentToken is one that was kept.
type setupToken struct {
	ID       string    `json:"id,omitempty"`
	Status   string    `json:"status,omitempty"`
	Customer *customer `json:"customer,omitempty"`
	Source   source    `json:"payment_source"`
	Links    []link    `json:"links,omitempty"`
}

type paymentToken struct {
	ID       string    `json:"id,omitempty"`
	Customer *customer `json:"customer,omitempty"`
	Source   source    `json:"payment_source"`
}

type order struct {
	ID     string  `json:"id,omitempty"`
	Intent string  `json:"intent,omitempty"`
	Status string  `json:"status,omitempty"`
	Source *source `json:"payment_source,omitempty"`
	Units  []unit  `json:"purchase_units,omitempty"`
	Links  []link  `json:"links,omitempty"`
}

type unit struct {
	Kind        string `json:"reference_id,omitempty"` // forHold or forCharge
	Amount      sum    `json:"amount"`
	InvoiceID   string `json:"invoice_id,omitempty"`
	CustomID    string `json:"custom_id,omitempty"`
	Description string `json:"description,omitempty"`
	Descriptor  string `json:"soft_descriptor,omitempty"`
	Payments    *struct {
		Authorizations []authorization `json:"authorizations"`
		Captures       []capture       `json:"captures"`
		Refunds        []refund        `json:"refunds"`
	} `json:"payments,omitempty"`
}

type related struct {
	IDs struct {
		OrderID         string `json:"order_id"`
		AuthorizationID string `json:"authorization_id"`
		CaptureID       string `json:"capture_id"`
	} `json:"related_ids"`
}

type authorization struct {
	ID        string    `json:"id"`
	Status    string    `json:"status"`
	Amount    sum       `json:"amount"`
	InvoiceID string    `json:"invoice_id"`
	CustomID  string    `json:"custom_id"`
	Created   time.Time `json:"create_time"`
	Expires   time.Time `json:"expiration_time"`
	Processor processor `json:"processor_response"`
	Related   related   `json:"supplementary_data"`
	Links     []link    `json:"links"`
}

type capture struct {
	ID        string    `json:"id"`
	Status    string    `json:"status"`
	Amount    sum       `json:"amount"`
	InvoiceID string    `json:"invoice_id"`
	CustomID  string    `json:"custom_id"`
	Final     bool      `json:"final_capture"`
	Processor processor `json:"processor_response"`
	Related   related   `json:"supplementary_data"`
	Links     []link    `json:"links"`
}

// processor is what the bank behind the payer's account said.
type processor struct {
	Code   string `json:"response_code"`
	Advice string `json:"payment_advice_code"`
}

// captureAsk takes money from an authorization.
type captureAsk struct {
	Amount     sum    `json:"amount"`
	InvoiceID  string `json:"invoice_id"`
	Final      bool   `json:"final_capture"`
	Descriptor string `json:"soft_descriptor,omitempty"`
}

type patch struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value string `json:"value"`
}

// href returns the first link of one of the relations, in their order.
func href(links []link, rels ...string) string {
	for _, rel := range rels {
		for _, l := range links {
			if l.Rel == rel {
				return l.Href
			}
		}
	}
	return ""
}

// upward returns the id of the thing of a kind, such as "orders", that the link to
// the parent leads to.
func upward(links []link, kind string) string {
	_, id, found := strings.Cut(href(links, "up"), "/"+kind+"/")
	if !found || !isID(id) {
		return ""
	}
	return id
}

// sumOf spells an amount as PayPal does.
func sumOf(a money.Amount) sum {
	value := a.Decimal()
	if whole[a.Currency] {
		value, _, _ = strings.Cut(value, ".")
	}
	return sum{Currency: string(a.Currency), Value: value}
}

// amount reads PayPal's spelling, noughts that the currency does not have included.
func (s sum) amount() (money.Amount, error) {
	c, err := money.ParseCurrency(s.Currency)
	if err != nil {
		return money.Amount{}, err
	}
	value := s.Value
	if strings.Contains(value, ".") {
		value = strings.TrimRight(strings.TrimRight(value, "0"), ".")
	}
	return money.ParseAmount(value, c)
}
