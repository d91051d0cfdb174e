package sandbox

import "encoding/json"

type customer struct {
	ID               string            `json:"id"`
	Object           string            `json:"object"`
	Address          *address          `json:"address"`
	Balance          int64             `json:"balance"`
	Created          int64             `json:"created"`
	Currency         opt               `json:"currency"`
	DefaultSource    null              `json:"default_source"`
	Delinquent       bool              `json:"delinquent"`
	Description      opt               `json:"description"`
	Discount         null              `json:"discount"`
	Email            opt               `json:"email"`
	InvoicePrefix    string            `json:"invoice_prefix"`
	InvoiceSettings  invoiceSettings   `json:"invoice_settings"`
	Livemode         bool              `json:"livemode"`
	Metadata         map[string]string `json:"metadata"`
	Name             opt               `json:"name"`
	Phone            opt               `json:"phone"`
	PreferredLocales []string          `json:"preferred_locales"`
	Shipping         json.RawMessage   `json:"shipping"`
	TaxExempt        string            `json:"tax_exempt"`
	TestClock        null              `json:"test_clock"`

	hidden struct{ Deleted bool }
}

type invoiceSettings struct {
	CustomFields         null `json:"custom_fields"`
	DefaultPaymentMethod opt  `json:"default_payment_method"`
	Footer               null `json:"footer"`
	RenderingOptions     null `json:"rendering_options"`
}

// deleted is what remains of a deleted object.
type deleted struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
}

func (c *customer) columns() columns {
	mark := ""
	if c.hidden.Deleted {
		mark = "deleted"
	}
	return columns{kind: "customer", id: c.ID, created: c.Created, mark: mark}
}

func (c *customer) hiddenPart() any { return &c.hidden }

const customerParams = `name email phone description metadata.* address.* shipping.** preferred_locales.* tax_exempt
	invoice_settings.default_payment_method invoice_settings.footer invoice_settings.custom_fields.** payment_method source balance`

func createCustomer(t *tx, c *call) (any, error) {
	u := &customer{
		ID: t.w.newID("cus"), Object: "customer", Created: t.now.Unix(),
		InvoicePrefix: t.w.randomText(8), PreferredLocales: []string{}, TaxExempt: "none",
	}
	if err := u.change(&c.form); err != nil {
		return nil, err
	}
	t.save(u)
	if id := c.form.text("payment_method"); id != "" {
		if _, err := t.attach(id, "payment_method", u.ID); err != nil {
			return nil, err
		}
	}
	return u, t.event("customer.created", u)
}

func (u *customer) change(f *form) error {
	u.Name = f.textOr("name", u.Name)
	u.Email = f.textOr("email", u.Email)
	u.Phone = f.textOr("phone", u.Phone)
	u.Description = f.textOr("description", u.Description)
	u.Metadata = f.mergeMetadata(u.Metadata)
	u.InvoiceSettings.DefaultPaymentMethod = f.textOr("invoice_settings.default_payment_method", u.InvoiceSettings.DefaultPaymentMethod)
	if f.has("address") {
		if u.Address == nil {
			u.Address = &address{}
		}
		*u.Address = f.address("address", *u.Address)
	}
	if f.has("shipping") {
		u.Shipping = f.root.at("shipping").json()
	}
	if f.has("preferred_locales") {
		u.PreferredLocales = f.all("preferred_locales")
	}
	if v := f.choice("tax_exempt", "none", "exempt", "reverse"); v != "" {
		u.TaxExempt = v
	}
	return f.err
}

// json is a branch of parameters as the object that it describes; its leaves
// are texts.
func (p *param) json() json.RawMessage {
	if len(p.kids) == 0 {
		text, err := json.Marshal(opt(p.value))
		if err != nil {
			return json.RawMessage("null")
		}
		return text
	}
	kids := map[string]json.RawMessage{}
	for name, kid := range p.kids {
		kids[name] = kid.json()
	}
	text, err := json.Marshal(kids)
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}

// customer finds a customer that is not deleted.
func (t *tx) customer(id, param string) (*customer, error) {
	u, found, err := load[customer](t, "customer", id)
	if err == nil && (!found || u.hidden.Deleted) {
		err = noSuch("customer", id, param)
	}
	return u, err
}

func retrieveCustomer(t *tx, c *call) (any, error) {
	u, found, err := load[customer](t, "customer", c.ids[0])
	if err == nil && !found {
		err = noSuch("customer", c.ids[0], "id")
	}
	if err == nil && u.hidden.Deleted {
		return deleted{u.ID, "customer", true}, nil
	}
	return u, err
}

func updateCustomer(t *tx, c *call) (any, error) {
	u, err := t.customer(c.ids[0], "id")
	if err != nil {
		return nil, err
	}
	if err := u.change(&c.form); err != nil {
		return nil, err
	}
	t.save(u)
	return u, t.event("customer.updated", u)
}

// deleteCustomer also detaches the customer's payment methods.
func deleteCustomer(t *tx, c *call) (any, error) {
	u, err := t.customer(c.ids[0], "id")
	if err != nil {
		return nil, err
	}
	var methods []string
	err = t.w.store.each("SELECT id FROM objects WHERE customer <> '' AND customer = $1 AND kind = 'payment_method'", []any{u.ID}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		methods = append(methods, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, id := range methods {
		m, _, err := load[method](t, "payment_method", id)
		if err != nil {
			return nil, err
		}
		if err := t.detach(m); err != nil {
			return nil, err
		}
	}
	u.hidden.Deleted = true
	t.save(u)
	return deleted{u.ID, "customer", true}, t.event("customer.deleted", u)
}
