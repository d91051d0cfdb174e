package bank

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
)

// PoolID names a pool of account numbers, such as "vpl_01j8…".
type PoolID string

// VirtualID names a virtual account, such as "vac_01j8…".
type VirtualID string

// PoolKind says where a pool's numbers come from.
type PoolKind string

// The kinds of pools.
const (
	RangePool PoolKind = "range" // numbers are made, one after the other
	ListPool  PoolKind = "list"  // the bank gave each of them
)

// What may be wrong with pools and virtual accounts.
var (
	ErrPoolInvalid     = fault.New(fault.Invalid, "pool_invalid", "the pool cannot be added as described")
	ErrNoPool          = fault.New(fault.Conflict, "pool_none", "no pool of account numbers is there for this customer's country and currency").WithNext("add one: `bursar receiving pool add`; until then the customer pays to the shared account, under a reference")
	ErrPoolExhausted   = fault.New(fault.Conflict, "pool_exhausted", "every number of the pools for this customer's country and currency is given out").WithNext("ask the bank for more numbers and add them: `bursar receiving pool add`; until then the customer pays to the shared account, under a reference")
	ErrNumberTaken     = fault.New(fault.Conflict, "account_number_taken", "a number of the list is in a pool already, or is a bank account of ours").WithNext("leave it out: a number is one customer's for ever")
	ErrVirtualNotFound = fault.New(fault.NotFound, "virtual_account_not_found", "the customer has no account number of their own")
)

// Pool is where virtual accounts' numbers come from. Numbers are given out in order,
// each once.
type Pool struct {
	ID        PoolID
	Receiving ReceivingID // the bank account behind them
	Kind      PoolKind
	Scheme    Scheme
	Country   string // of IBANs
	BankCode  string // of a range: what the number begins with, bank and branch, without check digits
	Prefix    string // of a range: what follows it in every number
	Digits    int    // of a range that is not of IBANs: how many characters a number has
	Next      int64  // the counter of the next one; of a list, its place in it, from 1
	Last      int64
	WarnAt    int64 // so many left, and somebody is told
	OpenedAt  time.Time
}

// The bounds of a pool.
const (
	PoolListMax  = 20_000
	poolCountMax = 999_999_999_999
)

// Left is how many numbers the pool still has.
func (p Pool) Left() int64 { return max(p.Last-p.Next+1, 0) }

// Check returns nil if p can be added for a receiving account. Of a range, the first
// and the last number are made to see that all can be.
func (p Pool) Check(r ReceivingAccount) error {
	bad := func(place, format string, args ...any) error { return ErrPoolInvalid.At(place).Detail(format, args...) }
	switch {
	case !r.IsOpen():
		return ErrReceivingClosed
	case p.Scheme != r.Scheme || p.Country != r.Country:
		return bad("scheme", "a pool's numbers are of the same scheme and country as their bank account's")
	case p.Next < 0 || p.Last < p.Next || p.Last > poolCountMax:
		return bad("last", "a pool has a first and a last number, from 0 to %d", int64(poolCountMax))
	case p.WarnAt < 0:
		return bad("warn_at", "the number at which to warn is 0 or more")
	case p.Kind == ListPool:
		return nil
	case p.Kind != RangePool:
		return bad("kind", "a pool is a range or a list")
	}
	for _, n := range []int64{p.Next, p.Last} {
		number, err := p.Number(n)
		if err == nil && p.Scheme != SchemeIBAN {
			err = CheckNumber(p.Scheme, r.BankCode, number)
		}
		if err != nil && !errors.Is(err, ErrNumberSkipped) {
			return err
		}
	}
	return nil
}

// ErrNumberSkipped says that there is no number with this counter: its check digit
// would have two digits.
var ErrNumberSkipped = fault.New(fault.Invalid, "account_number_skipped", "there is no account number with this counter")

// Number makes the number of a range with this counter, check digits and all.
func (p Pool) Number(counter int64) (string, error) {
	if p.Scheme == SchemeIBAN {
		return p.iban(counter)
	}
	size := p.Digits
	if p.Scheme == SchemeMX {
		size = 17 // and its check digit
	}
	head := p.Prefix
	if p.Scheme == SchemeMX {
		head = p.BankCode + p.Prefix
	}
	number, err := padded(head, counter, size)
	if err != nil {
		return "", err
	}
	if p.Scheme == SchemeMX {
		return number + clabe(number), nil
	}
	return number, nil
}

func (p Pool) iban(counter int64) (string, error) {
	layout := ibanLayouts[p.Country]
	switch {
	case layout == "":
		return "", ErrPoolInvalid.At("country").Detail("the country has no IBANs")
	case unproven[p.Country]:
		return "", ErrPoolInvalid.At("kind").Detail("numbers of this country hold check digits that only the bank can make").WithNext("ask the bank for the numbers themselves and add them as a list")
	}
	kinds := kindsOf(layout)
	s := seals[p.Country]
	rest, err := padded(p.BankCode+p.Prefix, counter, len(kinds)-s.size)
	if err != nil {
		return "", err
	}
	bban := rest
	if s.make != nil {
		if !isKind(rest, kinds[:s.at]+kinds[s.at+s.size:]) {
			return "", ErrPoolInvalid.At("prefix").Detail("bank code and prefix do not fit the layout of the country's IBANs")
		}
		check := s.make(rest)
		if check == "" {
			return "", ErrNumberSkipped
		}
		bban = rest[:s.at] + check + rest[s.at:]
	}
	n, err := MakeIBAN(p.Country, bban)
	return string(n), err
}

// padded is head and the counter behind it, with zeros between, so many characters
// in all.
func padded(head string, counter int64, size int) (string, error) {
	room := size - len(head)
	number := fmt.Sprint(counter)
	if room < len(number) || room > 30 {
		return "", ErrPoolInvalid.At("prefix").Detail("with this bank code and prefix there is no room for the last number")
	}
	return head + strings.Repeat("0", room-len(number)) + number, nil
}

// CheckList proves every number of a list, in normal form, and that none is there
// twice. The place of a fault is the line.
func (p Pool) CheckList(numbers []string, bankCode string) error {
	if len(numbers) == 0 || len(numbers) > PoolListMax {
		return ErrPoolInvalid.At("numbers").Detail("a list has 1 to %d numbers", PoolListMax)
	}
	seen := make(map[string]int, len(numbers))
	for i, n := range numbers {
		place := fmt.Sprintf("line %d", i+1)
		if f, bad := fault.Of(CheckNumber(p.Scheme, bankCode, n)); bad {
			return f.At(place)
		}
		if p.Scheme == SchemeIBAN && IBAN(n).Country() != p.Country {
			return ErrPoolInvalid.At(place).Detail("the IBAN is one of another country")
		}
		if before, twice := seen[n]; twice {
			return ErrPoolInvalid.At(place).Detail("the number is the same as that of line %d", before)
		}
		seen[n] = i + 1
	}
	return nil
}

// VirtualAccount is an account number that is one customer's alone (R-WIRE-01), and
// stays theirs when it is no longer used.
type VirtualAccount struct {
	ID         VirtualID
	Pool       PoolID
	Receiving  ReceivingID
	Number     string // in normal form
	Account    account.ID
	AssignedAt time.Time
	AssignedBy string
	RetiredAt  time.Time // when its bank account was closed; zero while it is in use
}
