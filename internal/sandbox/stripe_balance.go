package sandbox

import "time"

// fundsAvailableAfter is how long captured money is pending.
const fundsAvailableAfter = 2 * 24 * time.Hour

// A balanceTransaction is one movement on the merchant's balance. Amounts are
// in minor units of the currency that was charged; nothing is exchanged.
type balanceTransaction struct {
	ID                string      `json:"id"`
	Object            string      `json:"object"`
	Amount            int64       `json:"amount"`
	AvailableOn       int64       `json:"available_on"`
	BalanceType       string      `json:"balance_type"`
	Created           int64       `json:"created"`
	Currency          string      `json:"currency"`
	Description       opt         `json:"description"`
	ExchangeRate      null        `json:"exchange_rate"`
	Fee               int64       `json:"fee"`
	FeeDetails        []feeDetail `json:"fee_details"`
	Net               int64       `json:"net"`
	ReportingCategory string      `json:"reporting_category"`
	Source            string      `json:"source"`
	Status            string      `json:"status"`
	Type              string      `json:"type"`
}

type feeDetail struct {
	Amount      int64  `json:"amount"`
	Application null   `json:"application"`
	Currency    string `json:"currency"`
	Description string `json:"description"`
	Type        string `json:"type"`
}

func (b *balanceTransaction) columns() columns {
	return columns{kind: "balance_transaction", id: b.ID, created: b.Created, charge: b.Source, mark: b.Type}
}

func (b *balanceTransaction) hiddenPart() any { return nil }

// statusAt is pending until the funds are available; nothing is written when
// that changes.
func (b *balanceTransaction) statusAt(now int64) string {
	if now < b.AvailableOn {
		return "pending"
	}
	return "available"
}

// newBalanceTransaction moves amount, and takes a fee off it. Money that comes
// in is pending at first; what goes out, goes at once.
func (t *tx) newBalanceTransaction(kind, source, currency string, amount, fee int64) *balanceTransaction {
	b := &balanceTransaction{
		ID: t.w.newID("txn"), Object: "balance_transaction", Amount: amount, AvailableOn: t.now.Unix(), BalanceType: "payments",
		Created: t.now.Unix(), Currency: currency, Fee: fee, FeeDetails: []feeDetail{}, Net: amount - fee,
		ReportingCategory: kind, Source: source, Status: "available", Type: kind,
	}
	if fee != 0 {
		b.FeeDetails = append(b.FeeDetails, feeDetail{Amount: fee, Currency: currency, Description: "Stripe processing fees", Type: "stripe_fee"})
	}
	if kind == "adjustment" {
		b.ReportingCategory = "dispute"
	}
	if kind == "charge" {
		b.AvailableOn, b.Status = t.now.Add(fundsAvailableAfter).Unix(), "pending"
	}
	return b
}

func retrieveBalanceTransaction(t *tx, c *call) (any, error) {
	b, found, err := load[balanceTransaction](t, "balance_transaction", c.ids[0])
	if err == nil && !found {
		err = noSuch("balance transaction", c.ids[0], "id")
	}
	if err == nil {
		b.Status = b.statusAt(t.now.Unix())
	}
	return b, err
}

type balance struct {
	Object    string         `json:"object"`
	Available []balanceFunds `json:"available"`
	Livemode  bool           `json:"livemode"`
	Pending   []balanceFunds `json:"pending"`
}

type balanceFunds struct {
	Amount      int64  `json:"amount"`
	Currency    string `json:"currency"`
	SourceTypes struct {
		Card int64 `json:"card"`
	} `json:"source_types"`
}

func retrieveBalance(t *tx, c *call) (any, error) {
	b := balance{Object: "balance", Available: []balanceFunds{}, Pending: []balanceFunds{}}
	err := t.w.store.each(`
		SELECT json_extract(doc, '$.currency') AS currency,
		       sum(CASE WHEN json_extract(doc, '$.available_on') <= $1 THEN json_extract(doc, '$.net') ELSE 0 END),
		       sum(CASE WHEN json_extract(doc, '$.available_on') > $1 THEN json_extract(doc, '$.net') ELSE 0 END)
		  FROM objects WHERE kind = 'balance_transaction' GROUP BY currency ORDER BY currency`,
		[]any{t.now.Unix()}, func(scan func(...any) error) error {
			var currency string
			var available, pending int64
			if err := scan(&currency, &available, &pending); err != nil {
				return err
			}
			b.Available = append(b.Available, funds(currency, available))
			b.Pending = append(b.Pending, funds(currency, pending))
			return nil
		})
	if len(b.Available) == 0 {
		b.Available = append(b.Available, funds("usd", 0))
		b.Pending = append(b.Pending, funds("usd", 0))
	}
	return b, err
}

func funds(currency string, amount int64) balanceFunds {
	f := balanceFunds{Amount: amount, Currency: currency}
	f.SourceTypes.Card = amount
	return f
}
