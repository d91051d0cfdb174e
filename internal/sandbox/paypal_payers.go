package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bursar-pay/bursar/internal/money"
)

// Names of the pretend payers. Besides them there are as many others from the
// US as anyone asks for: test-1, test-2 and so on up to test-999999.
const (
	PayerUS           = "us"
	PayerUSSecond     = "us-second"
	PayerGB           = "gb"
	PayerJP           = "jp"
	PayerCN           = "cn"       // mainland China, by its ISO code
	PayerChina        = "c2"       // mainland China, by the code that PayPal uses for it in trade with the world
	PayerNoFunds      = "no-funds" // has neither a balance nor a bank nor a card
	PayerSmallBalance = "small"    // has 20.00 USD, and nothing else
	payerMany         = "test-"    // and a number
	payersManyMax     = 999_999
	payerIDAlphabet   = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
)

// A pretendPayer is a row of the table of payers.
type pretendPayer struct {
	name, id, given, surname, country, note string
	balance                                 map[money.Currency]int64 // minor units; nil means as much as needed
}

var pretendPayers = []pretendPayer{
	{PayerUS, "7XQ4USKDWM2HB", "Uma", "Stone", "US", "pays whatever is asked", nil},
	{PayerUSSecond, "9LN2USVCTRE8J", "Cal", "Rivers", "US", "another one from the US", nil},
	{PayerGB, "4GBRTWPHLK6XA", "Gwen", "Britten", "GB", "from the United Kingdom", nil},
	{PayerJP, "8JPNMVDSCE3QY", "Jiro", "Asano", "JP", "from Japan", nil},
	{PayerCN, "6CNWKZTRPB5HF", "Ning", "Chen", "CN", "from mainland China, country code CN", nil},
	{PayerChina, "3C2XHGMQLD9VR", "Ping", "Wei", "C2", "from mainland China, country code C2", nil},
	{PayerNoFunds, "5NFZPSKWTYA4E", "Norman", "Void", "US", "has no source of funds: every hold and charge is refused", map[money.Currency]int64{}},
	{PayerSmallBalance, "2SMLBHQVGR7CN", "Penny", "Short", "US", "has 20.00 USD until that is used up", map[money.Currency]int64{"USD": 20_00}},
}

// findPretendPayer finds a payer by name or payer id.
func findPretendPayer(payer string) (pretendPayer, bool) {
	for _, p := range pretendPayers {
		if payer == p.name || payer == p.id {
			return p, true
		}
	}
	const idHead = "TESTPAYER"
	number := 0
	if digits, ok := strings.CutPrefix(payer, payerMany); ok {
		n, err := strconv.Atoi(digits)
		if err != nil || strconv.Itoa(n) != digits {
			return pretendPayer{}, false
		}
		number = n
	} else if tail, ok := strings.CutPrefix(payer, idHead); ok && len(tail) == 4 {
		for _, r := range tail {
			digit := strings.IndexRune(payerIDAlphabet, r)
			if digit < 0 {
				return pretendPayer{}, false
			}
			number = number*len(payerIDAlphabet) + digit
		}
	}
	if number < 1 || number > payersManyMax {
		return pretendPayer{}, false
	}
	tail := make([]byte, 4)
	for i, n := len(tail)-1, number; i >= 0; i, n = i-1, n/len(payerIDAlphabet) {
		tail[i] = payerIDAlphabet[n%len(payerIDAlphabet)]
	}
	return pretendPayer{name: payerMany + strconv.Itoa(number), id: idHead + string(tail), given: "Tess", surname: "Payer",
		country: "US", note: "one of many from the US"}, true
}

// A paypalAccount is a payer's account, from the first time that it is used.
type paypalAccount struct {
	PayerID   string `json:"payer_id"`
	Name      string `json:"name"`
	Email     string `json:"email_address"`
	GivenName string `json:"given_name"`
	Surname   string `json:"surname"`
	Country   string `json:"country_code"`
	Note      string `json:"note"`

	hidden struct {
		// Balance is in minor units; nil means as much as needed.
		Balance map[money.Currency]int64
	}
}

func (a *paypalAccount) columns() columns {
	return columns{kind: "paypal_account", id: a.PayerID, mark: a.Name}
}

func (a *paypalAccount) hiddenPart() any { return &a.hidden }

// account finds a payer's account by name or payer id.
func (t *tx) account(payer string) (*paypalAccount, error) {
	p, known := findPretendPayer(payer)
	if !known {
		return nil, badOrder{"There is no such pretend payer; GET /_sandbox/paypal/payers lists them."}
	}
	a, found, err := load[paypalAccount](t, "paypal_account", p.id)
	if err != nil || found {
		return a, err
	}
	a = &paypalAccount{PayerID: p.id, Name: p.name, Email: p.name + "@payers.example.com", GivenName: p.given, Surname: p.surname,
		Country: p.country, Note: p.note}
	a.hidden.Balance = maps.Clone(p.balance)
	t.save(a)
	return a, nil
}

// limited reports whether the payer has only what the balance says.
func (a *paypalAccount) limited() bool { return a.hidden.Balance != nil }

// can reports whether a payer can pay amount now, given that so much of it is
// held by the authorization that it is paid from.
func (t *tx) can(a *paypalAccount, amount, held money.Amount) (bool, error) {
	if !a.limited() {
		return true, nil
	}
	reserved, err := t.reserved(a, amount.Currency)
	if err != nil {
		return false, err
	}
	free := a.hidden.Balance[amount.Currency] - reserved
	return amount.Minor-min(held.Minor, amount.Minor) <= free, nil
}

// reserved is what live authorizations hold of a payer's balance while PayPal
// honors them.
func (t *tx) reserved(a *paypalAccount, c money.Currency) (minor int64, err error) {
	_, err = t.w.store.row(`
		SELECT coalesce(sum(max(amount - captured, 0)), 0) FROM book_paypal_authorizations
		 WHERE payer = $1 AND currency = $2 AND state = 'held' AND honored_until > $3`,
		[]any{a.PayerID, string(c), t.now.UnixMicro()}, &minor)
	return minor, err
}

// move adds to a payer's balance, or takes from it.
func (t *tx) move(a *paypalAccount, amount money.Amount) {
	if a.limited() {
		a.hidden.Balance[amount.Currency] += amount.Minor
		t.save(a)
	}
}

// A Payer is a pretend payer as tests and pages see one.
type Payer struct {
	Name      string `json:"name"`
	PayerID   string `json:"payer_id"`
	Email     string `json:"email_address"`
	GivenName string `json:"given_name"`
	Surname   string `json:"surname"`
	Country   string `json:"country_code"`
	Note      string `json:"note"`
	// Balance is a decimal by currency, what is reserved taken off; nil means as
	// much as needed.
	Balance map[string]string `json:"balance,omitempty"`
}

func (t *tx) shownPayer(a *paypalAccount) (Payer, error) {
	p := Payer{Name: a.Name, PayerID: a.PayerID, Email: a.Email, GivenName: a.GivenName, Surname: a.Surname, Country: a.Country, Note: a.Note}
	if !a.limited() {
		return p, nil
	}
	p.Balance = map[string]string{}
	for _, c := range slices.Sorted(maps.Keys(a.hidden.Balance)) {
		reserved, err := t.reserved(a, c)
		if err != nil {
			return p, err
		}
		p.Balance[string(c)] = toPayPal(money.Amount{Minor: a.hidden.Balance[c] - reserved, Currency: c}).Value
	}
	return p, nil
}

// Payers returns the pretend payers of the table. The many named test-1 and so
// on are not among them.
func (w *World) Payers() ([]Payer, error) {
	var all []Payer
	err := w.asSandbox(func(t *tx) error {
		for _, row := range pretendPayers {
			p, err := t.payer(row.id)
			if err != nil {
				return err
			}
			all = append(all, p)
		}
		return nil
	})
	return all, err
}

// Payer returns one pretend payer by name or payer id.
func (w *World) Payer(payer string) (p Payer, err error) {
	err = w.asSandbox(func(t *tx) error {
		p, err = t.payer(payer)
		return err
	})
	return p, err
}

func (t *tx) payer(payer string) (Payer, error) {
	a, err := t.account(payer)
	if err != nil {
		return Payer{}, err
	}
	return t.shownPayer(a)
}

// SetBalance gives a payer so much of one currency and nothing of any that was
// not set before. The balance "" takes the limits away.
func (w *World) SetBalance(payer, currency, balance string) error {
	return w.asSandbox(func(t *tx) error {
		a, err := t.account(payer)
		if err != nil {
			return err
		}
		t.save(a)
		if balance == "" {
			a.hidden.Balance = nil
			return nil
		}
		c := money.Currency(currency)
		if _, known := paypalCurrencies[c]; !known {
			return badOrder{"PayPal does not know this currency."}
		}
		amount, err := money.ParseAmount(balance, c)
		if err != nil || amount.IsNegative() {
			return badOrder{fmt.Sprintf("A balance in %s is a decimal such as 12.00.", c)}
		}
		if a.hidden.Balance == nil {
			a.hidden.Balance = map[money.Currency]int64{}
		}
		a.hidden.Balance[c] = amount.Minor
		return nil
	})
}

// asSandbox does something that no caller of an API asked for.
func (w *World) asSandbox(do func(*tx) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.doDue(); err != nil {
		return err
	}
	return w.within(caller{}, do)
}

// Names as PayPal writes them.
type paypalName struct {
	GivenName string `json:"given_name"`
	Surname   string `json:"surname"`
	FullName  string `json:"full_name,omitempty"`
}

type paypalAddress struct {
	CountryCode string `json:"country_code"`
}
