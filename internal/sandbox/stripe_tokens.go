package sandbox

// A cardToken stands for card data once, as older integrations use it.
type cardToken struct {
	ID       string    `json:"id"`
	Object   string    `json:"object"`
	Card     tokenCard `json:"card"`
	ClientIP null      `json:"client_ip"`
	Created  int64     `json:"created"`
	Livemode bool      `json:"livemode"`
	Type     string    `json:"type"`
	Used     bool      `json:"used"`

	hidden methodHidden
}

type tokenCard struct {
	ID          string `json:"id"`
	Object      string `json:"object"`
	Brand       string `json:"brand"`
	Country     string `json:"country"`
	CVCCheck    opt    `json:"cvc_check"`
	ExpMonth    int64  `json:"exp_month"`
	ExpYear     int64  `json:"exp_year"`
	Fingerprint string `json:"fingerprint"`
	Funding     string `json:"funding"`
	Last4       string `json:"last4"`
}

// tokenBrands are the names that the older objects use for brands.
var tokenBrands = map[string]string{
	visa: "Visa", mastercard: "MasterCard", amex: "American Express", discover: "Discover",
	diners: "Diners Club", jcb: "JCB", unionpay: "UnionPay",
}

func (k *cardToken) columns() columns {
	return columns{kind: "token", id: k.ID, created: k.Created}
}

func (k *cardToken) hiddenPart() any { return &k.hidden }

const tokenParams = `card.number card.exp_month card.exp_year card.cvc card.name card.address_line1 card.address_line2
	card.address_city card.address_state card.address_zip card.address_country card.currency`

func createToken(t *tx, c *call) (any, error) {
	m, err := t.cardFrom(&c.form, "card.")
	if err != nil {
		return nil, err
	}
	k := &cardToken{ID: t.w.newID("tok"), Object: "token", Created: t.now.Unix(), Type: "card", hidden: m.hidden}
	k.Card = tokenCard{
		ID: t.w.newID("card"), Object: "card", Brand: tokenBrands[m.Card.Brand], Country: m.Card.Country,
		CVCCheck: m.Card.Checks.CVCCheck, ExpMonth: m.Card.ExpMonth, ExpYear: m.Card.ExpYear,
		Fingerprint: m.Card.Fingerprint, Funding: m.Card.Funding, Last4: m.Card.Last4,
	}
	t.save(k)
	return k, nil
}

func retrieveToken(t *tx, c *call) (any, error) {
	k, found, err := load[cardToken](t, "token", c.ids[0])
	if err == nil && !found {
		err = noSuch("token", c.ids[0], "id")
	}
	return k, err
}
