package sandbox

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/money"
)

// bankSchema is the pretend bank's part of the state. An entry is never changed
// but from pending to booked or dropped, and by getting the number of the statement
// that it is on.
const bankSchema = `
CREATE TABLE IF NOT EXISTS bank_accounts (
	seq      INTEGER PRIMARY KEY,
	number   TEXT NOT NULL UNIQUE,
	bank     TEXT NOT NULL,
	bic      TEXT NOT NULL,
	holder   TEXT NOT NULL,
	currency TEXT NOT NULL,
	opening  INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS bank_numbers (
	seq     INTEGER PRIMARY KEY,
	account TEXT NOT NULL,
	first   TEXT NOT NULL,
	last    TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS bank_entries (
	seq        INTEGER PRIMARY KEY,
	reference  TEXT NOT NULL UNIQUE,
	account    TEXT NOT NULL,
	kind       TEXT NOT NULL CHECK (kind IN ('transfer', 'payment', 'reversal', 'fee')),
	state      TEXT NOT NULL CHECK (state IN ('pending', 'booked', 'dropped')),
	amount     INTEGER NOT NULL,
	day        TEXT NOT NULL,
	value_day  TEXT NOT NULL,
	statement  INTEGER NOT NULL DEFAULT 0,
	end_to_end TEXT NOT NULL,
	reverses   TEXT NOT NULL,
	doc        TEXT NOT NULL,
	at         INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS bank_entries_by_statement ON bank_entries (account, statement);
CREATE UNIQUE INDEX IF NOT EXISTS bank_payments_once ON bank_entries (account, end_to_end) WHERE kind = 'payment';
CREATE UNIQUE INDEX IF NOT EXISTS bank_reversals_once ON bank_entries (reverses) WHERE reverses <> '';
CREATE TABLE IF NOT EXISTS bank_statements (
	account TEXT NOT NULL,
	number  INTEGER NOT NULL,
	day     TEXT NOT NULL,
	opening INTEGER NOT NULL,
	closing INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	PRIMARY KEY (account, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bank_shown_pending (
	account   TEXT NOT NULL,
	statement INTEGER NOT NULL,
	entry     INTEGER NOT NULL,
	PRIMARY KEY (account, statement, entry)
) WITHOUT ROWID;`

// What the pretend bank is called, unless an account says otherwise.
const (
	bankName = "Pretend Bank"
	bankBIC  = "PRETUS33XXX"
)

const (
	bankAccountsMax = 1000
	bankRangesMax   = 10_000 // of one account
	bankListMax     = 1000   // rows of one answer
)

// A BankAccount is an account that the merchant has at the pretend bank. Balances
// are decimals.
type BankAccount struct {
	Number   string        `json:"number"` // IBAN, or any other number without spaces
	Bank     string        `json:"bank"`
	BIC      string        `json:"bic"`
	Holder   string        `json:"holder"`
	Currency string        `json:"currency"`
	Opening  string        `json:"opening"` // what lay there from the beginning
	Booked   string        `json:"booked"`
	Pending  string        `json:"pending"`
	Virtual  []NumberRange `json:"virtual"`
	// Statements is the number of the last one that was issued, 0 for none.
	Statements int `json:"statements"`
}

// A NumberRange are numbers that lead to one account: First, Last and all of the same
// length between them. The check digits of IBANs do not count for the order. Last may
// be empty for one number alone.
type NumberRange struct {
	First string `json:"first"`
	Last  string `json:"last,omitempty"`
}

// OpenBankAccount opens an account. Opening it again as it is does nothing.
func (w *World) OpenBankAccount(a BankAccount) (opened BankAccount, err error) {
	err = w.asSandbox(func(t *tx) error {
		row, err := newBankRow(a)
		if err != nil {
			return err
		}
		known, err := t.bankAccount(row.number)
		if err == nil {
			if row.seq = known.seq; row != known {
				return badOrder{"The account is there, and is another one than that."}
			}
			opened, err = t.shownAccount(known)
			return err
		}
		if err := t.addBankAccount(row); err != nil {
			return err
		}
		opened, err = t.shownAccount(row)
		return err
	})
	return opened, err
}

// bankRow is an account as the state has it.
type bankRow struct {
	seq                       int64
	number, bank, bic, holder string
	currency                  money.Currency
	opening                   int64
}

// in returns minor units as money of the account.
func (b bankRow) in(minor int64) money.Amount {
	return money.Amount{Minor: minor, Currency: b.currency}
}

func newBankRow(a BankAccount) (bankRow, error) {
	b := bankRow{number: bankNumber(a.Number), bank: a.Bank, bic: strings.ToUpper(a.BIC), holder: a.Holder}
	if b.bank == "" {
		b.bank = bankName
	}
	if b.bic == "" {
		b.bic = bankBIC
	}
	if b.holder == "" {
		b.holder = "The merchant"
	}
	if err := checkBankNumber(b.number); err != nil {
		return b, err
	}
	for _, text := range []string{b.bank, b.bic, b.holder} {
		if err := checkBankText(text, bankNameMax); err != nil {
			return b, err
		}
	}
	var err error
	if b.currency, err = money.ParseCurrency(a.Currency); err != nil {
		return b, badOrder{"currency is an ISO 4217 code such as EUR."}
	}
	if a.Opening == "" {
		return b, nil
	}
	opening, err := money.ParseAmount(a.Opening, b.currency)
	if err != nil {
		return b, badOrder{fmt.Sprintf("opening is a decimal in %s, such as 12.00.", b.currency)}
	}
	b.opening = opening.Minor
	return b, nil
}

func (t *tx) addBankAccount(b bankRow) error {
	all, err := t.bankAccounts()
	if err != nil {
		return err
	}
	if len(all) >= bankAccountsMax {
		return badOrder{"The pretend bank opens no more accounts."}
	}
	if other, err := t.accountOfNumber(b.number); err == nil {
		return badOrder{fmt.Sprintf("The number leads to the account %s already.", other.number)}
	}
	if err := t.w.store.exec("INSERT INTO bank_accounts (number, bank, bic, holder, currency, opening) VALUES ($1, $2, $3, $4, $5, $6)",
		b.number, b.bank, b.bic, b.holder, string(b.currency), b.opening); err != nil {
		return err
	}
	return t.post("bank "+b.number, "opening", string(b.currency), posting{accountBankOutside, -b.opening}, posting{accountBankHead + b.number, b.opening})
}

const bankAccountColumns = "seq, number, bank, bic, holder, currency, opening"

func scanBankAccount(scan func(...any) error) (b bankRow, err error) {
	var currency string
	err = scan(&b.seq, &b.number, &b.bank, &b.bic, &b.holder, &currency, &b.opening)
	b.currency = money.Currency(currency)
	return b, err
}

// errNoBankAccount answers whoever names an account that is not there.
var errNoBankAccount = badOrder{"The pretend bank has no account with this number; GET /_bank/accounts lists them."}

// bankAccount finds an account by its own number.
func (t *tx) bankAccount(number string) (b bankRow, err error) {
	found := false
	err = t.w.store.each("SELECT "+bankAccountColumns+" FROM bank_accounts WHERE number = $1", []any{bankNumber(number)}, func(scan func(...any) error) (err error) {
		found = true
		b, err = scanBankAccount(scan)
		return err
	})
	if err == nil && !found {
		return b, errNoBankAccount
	}
	return b, err
}

func (t *tx) bankAccounts() (all []bankRow, err error) {
	err = t.w.store.each("SELECT "+bankAccountColumns+" FROM bank_accounts ORDER BY seq", nil, func(scan func(...any) error) error {
		b, err := scanBankAccount(scan)
		all = append(all, b)
		return err
	})
	return all, err
}

// accountOfNumber finds the account that a number leads to: its own or a virtual one.
func (t *tx) accountOfNumber(number string) (bankRow, error) {
	number = bankNumber(number)
	b, err := t.bankAccount(number)
	if err == nil || err != errNoBankAccount {
		return b, err
	}
	account := ""
	err = t.w.store.each("SELECT account, first, last FROM bank_numbers", nil, func(scan func(...any) error) error {
		var r numberRange
		if err := scan(&r.account, &r.first, &r.last); err != nil {
			return err
		}
		if r.has(number) {
			account = r.account
		}
		return nil
	})
	if err != nil || account == "" {
		return b, orElse(err, errNoBankAccount)
	}
	return t.bankAccount(account)
}

// orElse returns err, or other if there is none.
func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// numberRange is a row of virtual numbers.
type numberRange struct{ account, first, last string }

func (r numberRange) has(number string) bool {
	if len(number) != len(r.first) || isIBANShaped(number) != isIBANShaped(r.first) {
		return false
	}
	n := withoutCheckDigits(number)
	return withoutCheckDigits(r.first) <= n && n <= withoutCheckDigits(r.last)
}

// meets reports whether some number would be in both.
func (r numberRange) meets(o numberRange) bool {
	return r.has(o.first) || r.has(o.last) || o.has(r.first)
}

// SetVirtualNumbers says which numbers lead to an account besides its own, instead of
// those that were said before.
func (w *World) SetVirtualNumbers(account string, ranges []NumberRange) (shown BankAccount, err error) {
	if len(ranges) > bankRangesMax {
		return shown, badOrder{"An account has at most 10,000 ranges of numbers."}
	}
	err = w.asSandbox(func(t *tx) error {
		b, err := t.bankAccount(account)
		if err != nil {
			return err
		}
		if err := t.w.store.exec("DELETE FROM bank_numbers WHERE account = $1", b.number); err != nil {
			return err
		}
		if err := t.addNumbers(b, ranges); err != nil {
			return err
		}
		shown, err = t.shownAccount(b)
		return err
	})
	return shown, err
}

func (t *tx) addNumbers(b bankRow, ranges []NumberRange) error {
	taken, err := t.numbersTaken()
	if err != nil {
		return err
	}
	for _, given := range ranges {
		r := numberRange{b.number, bankNumber(given.First), bankNumber(given.Last)}
		if r.last == "" {
			r.last = r.first
		}
		for _, number := range []string{r.first, r.last} {
			if err := checkBankNumber(number); err != nil {
				return err
			}
		}
		if len(r.first) != len(r.last) || !r.has(r.first) || !r.has(r.last) {
			return badOrder{"A range goes from a number to one of the same length that is not smaller."}
		}
		if slices.ContainsFunc(taken, r.meets) {
			return badOrder{"Some number of the range leads to an account already."}
		}
		taken = append(taken, r)
		if err := t.w.store.exec("INSERT INTO bank_numbers (account, first, last) VALUES ($1, $2, $3)", r.account, r.first, r.last); err != nil {
			return err
		}
	}
	return nil
}

// numbersTaken are all numbers that lead to an account.
func (t *tx) numbersTaken() (taken []numberRange, err error) {
	err = t.w.store.each("SELECT account, first, last FROM bank_numbers UNION ALL SELECT number, number, number FROM bank_accounts", nil, func(scan func(...any) error) error {
		var r numberRange
		err := scan(&r.account, &r.first, &r.last)
		taken = append(taken, r)
		return err
	})
	return taken, err
}

// shownAccount is an account as callers see it.
func (t *tx) shownAccount(b bankRow) (BankAccount, error) {
	a := BankAccount{
		Number: b.number, Bank: b.bank, BIC: b.bic, Holder: b.holder, Currency: string(b.currency), Opening: b.in(b.opening).Decimal(), Virtual: []NumberRange{},
	}
	var booked, pending int64
	if _, err := t.w.store.row(`
		SELECT coalesce(sum(CASE state WHEN 'booked' THEN amount END), 0), coalesce(sum(CASE state WHEN 'pending' THEN amount END), 0)
		  FROM bank_entries WHERE account = $1`, []any{b.number}, &booked, &pending); err != nil {
		return a, err
	}
	a.Booked, a.Pending = b.in(b.opening+booked).Decimal(), b.in(pending).Decimal()
	if _, err := t.w.store.row("SELECT coalesce(max(number), 0) FROM bank_statements WHERE account = $1", []any{b.number}, &a.Statements); err != nil {
		return a, err
	}
	err := t.w.store.each("SELECT first, last FROM bank_numbers WHERE account = $1 ORDER BY seq", []any{b.number}, func(scan func(...any) error) error {
		var r NumberRange
		err := scan(&r.First, &r.Last)
		a.Virtual = append(a.Virtual, r)
		return err
	})
	return a, err
}

// BankAccounts lists the merchant's accounts.
func (w *World) BankAccounts() (all []BankAccount, err error) {
	all = []BankAccount{}
	err = w.asSandbox(func(t *tx) error {
		rows, err := t.bankAccounts()
		if err != nil {
			return err
		}
		for _, b := range rows {
			a, err := t.shownAccount(b)
			if err != nil {
				return err
			}
			all = append(all, a)
		}
		return nil
	})
	return all, err
}

// BankAccount returns one account by its number or a virtual one.
func (w *World) BankAccount(number string) (a BankAccount, err error) {
	err = w.asSandbox(func(t *tx) error {
		b, err := t.accountOfNumber(number)
		if err != nil {
			return err
		}
		a, err = t.shownAccount(b)
		return err
	})
	return a, err
}
