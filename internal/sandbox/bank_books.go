package sandbox

import (
	"strings"

	"github.com/bursar-pay/bursar/internal/money"
)

// Accounts of the pretend bank's part of the books. Behind the head of the last stands
// the number of an account.
const (
	accountBankOutside  = "bank_outside"  // money of everybody else
	accountBankCharges  = "bank_charges"  // what the bank took from the merchant
	accountBankOnTheWay = "bank_way"      // what other banks kept of transfers
	accountBankExchange = "bank_exchange" // what was changed into other currencies
	accountBankHead     = "bank_account_"
	bankBooksHead       = "bank_"
)

// bookBankEntry books an entry as soon as it is more than announced.
func (t *tx) bookBankEntry(e *BankEntry) error {
	ours, currency := accountBankHead+e.Account, e.Currency
	switch {
	case e.Kind == bankFee:
		return t.post(e.Reference, e.Kind, currency, posting{ours, e.minor}, posting{accountBankCharges, -e.minor})
	case e.Sent == "":
		return t.post(e.Reference, e.Kind, currency, posting{ours, e.minor}, posting{accountBankOutside, -e.minor})
	}
	sent, err := money.ParseAmount(e.Sent, money.Currency(e.SentIn))
	if err != nil {
		return err
	}
	charges := int64(0)
	if e.Charges != "" {
		kept, err := money.ParseAmount(e.Charges, sent.Currency)
		if err != nil {
			return err
		}
		charges = kept.Minor
	}
	if e.SentIn == currency {
		return t.post(e.Reference, e.Kind, currency, posting{accountBankOutside, -sent.Minor}, posting{accountBankOnTheWay, charges}, posting{ours, e.minor})
	}
	if err := t.post(e.Reference, e.Kind, e.SentIn, posting{accountBankOutside, -sent.Minor}, posting{accountBankOnTheWay, charges},
		posting{accountBankExchange, sent.Minor - charges}); err != nil {
		return err
	}
	return t.post(e.Reference, e.Kind, currency, posting{accountBankExchange, -e.minor}, posting{ours, e.minor})
}

// BankBooks are what the pretend bank knows of the merchant's money.
type BankBooks struct {
	Accounts []BankAccount `json:"accounts"`
	// Totals are by currency over everything that was booked, in minor units.
	Totals map[string]BankTotals `json:"totals"`
	// Balances are the sums of all postings, by currency and account.
	Balances map[string]map[string]int64 `json:"balances"`
}

// BankTotals are sums over one currency, in minor units. Booked is what lies on the
// accounts, the opening balances included.
type BankTotals struct {
	Booked   int64 `json:"booked"`
	Opening  int64 `json:"opening"`
	Received int64 `json:"received"` // transfers in
	Sent     int64 `json:"sent"`     // payments
	Reversed int64 `json:"reversed"` // reversals, money out below zero
	Fees     int64 `json:"fees"`
}

func (w *World) readBank(b *Books) error {
	b.Bank = BankBooks{Accounts: []BankAccount{}, Totals: map[string]BankTotals{}, Balances: map[string]map[string]int64{}}
	t := &tx{w: w}
	rows, err := t.bankAccounts()
	if err != nil {
		return err
	}
	for _, row := range rows {
		a, err := t.shownAccount(row)
		if err != nil {
			return err
		}
		b.Bank.Accounts = append(b.Bank.Accounts, a)
		total := b.Bank.Totals[a.Currency]
		total.Opening += row.opening
		total.Booked += row.opening
		b.Bank.Totals[a.Currency] = total
	}
	return w.store.each(`
		SELECT a.currency, e.kind, sum(e.amount)
		  FROM bank_entries AS e JOIN bank_accounts AS a ON a.number = e.account
		 WHERE e.state = 'booked' GROUP BY a.currency, e.kind`, nil, func(scan func(...any) error) error {
		var currency, kind string
		var sum int64
		if err := scan(&currency, &kind, &sum); err != nil {
			return err
		}
		total := b.Bank.Totals[currency]
		total.Booked += sum
		switch kind {
		case bankTransfer:
			total.Received += sum
		case bankPayment:
			total.Sent -= sum
		case bankReversal:
			total.Reversed += sum
		case bankFee:
			total.Fees -= sum
		}
		b.Bank.Totals[currency] = total
		return nil
	})
}

// balancesOf says in which part of the books an account stands.
func (b *Books) balancesOf(account string) map[string]map[string]int64 {
	switch {
	case strings.HasPrefix(account, paypalAccountHead):
		return b.PayPal.Balances
	case strings.HasPrefix(account, bankBooksHead):
		return b.Bank.Balances
	default:
		return b.Balances
	}
}
