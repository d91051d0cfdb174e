package bank_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/bank"
)

func TestRangesMakeProvenNumbers(t *testing.T) {
	for _, c := range []struct {
		name string
		pool bank.Pool
		n    int64
		want string // "" refused
	}{
		{"Germany", bank.Pool{Scheme: bank.SchemeIBAN, Country: "DE", BankCode: "37040044", Prefix: "77"}, 42, "DE91370400447700000042"},
		{"Netherlands: only the bank can make them", bank.Pool{Scheme: bank.SchemeIBAN, Country: "NL", BankCode: "ABNA", Prefix: "0"}, 1, ""},
		{"Spain, with digits of its own inside", bank.Pool{Scheme: bank.SchemeIBAN, Country: "ES", BankCode: "21000418", Prefix: "02"}, 51332, "ES9121000418450200051332"},
		{"Italy, with a letter in front", bank.Pool{Scheme: bank.SchemeIBAN, Country: "IT", BankCode: "0542811101", Prefix: "0000001"}, 23456, "IT60X0542811101000000123456"},
		{"France, with a key at the end", bank.Pool{Scheme: bank.SchemeIBAN, Country: "FR", BankCode: "2004101005", Prefix: "0500013M"}, 26, "FR1420041010050500013M02606"},
		{"Belgium", bank.Pool{Scheme: bank.SchemeIBAN, Country: "BE", BankCode: "539", Prefix: "0"}, 75470, "BE68539007547034"},
		{"Norway", bank.Pool{Scheme: bank.SchemeIBAN, Country: "NO", BankCode: "8601"}, 111794, "NO9386011117947"},
		{"Finland", bank.Pool{Scheme: bank.SchemeIBAN, Country: "FI", BankCode: "123"}, 4560000078, "FI2112345600000785"},
		{"Portugal", bank.Pool{Scheme: bank.SchemeIBAN, Country: "PT", BankCode: "00020123"}, 12345678901, "PT50000201231234567890154"},
		{"no room", bank.Pool{Scheme: bank.SchemeIBAN, Country: "DE", BankCode: "37040044", Prefix: "77000000"}, 100, ""},
		{"letters where digits are", bank.Pool{Scheme: bank.SchemeIBAN, Country: "DE", BankCode: "3704004A"}, 1, ""},
		{"United States", bank.Pool{Scheme: bank.SchemeUS, Country: "US", Prefix: "8800", Digits: 12}, 7, "880000000007"},
		{"Mexico", bank.Pool{Scheme: bank.SchemeMX, Country: "MX", BankCode: "032180", Prefix: "00011835"}, 971, "032180000118359719"},
	} {
		got, err := c.pool.Number(c.n)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
		if err == nil && c.pool.Scheme == bank.SchemeIBAN && bank.CheckIBAN(got) != nil {
			t.Errorf("%s: %s is not proven", c.name, got)
		}
	}
}

func TestNorwegianNumbersWithoutACheckDigitAreSkipped(t *testing.T) {
	p := bank.Pool{Scheme: bank.SchemeIBAN, Country: "NO", BankCode: "8601"}
	skipped := 0
	for n := range int64(110) {
		number, err := p.Number(n)
		switch {
		case errors.Is(err, bank.ErrNumberSkipped):
			skipped++
		case err != nil || bank.CheckIBAN(number) != nil:
			t.Errorf("number %d: %q, %v", n, number, err)
		}
	}
	if skipped < 5 || skipped > 15 {
		t.Errorf("%d of 110 are skipped, want about one in eleven", skipped)
	}
}

func german() bank.ReceivingAccount {
	return bank.ReceivingAccount{
		ID: "rac_1", Seller: "main", Country: "DE", Currency: "EUR", Bank: "Example Bank", BIC: "COBADEFF", Holder: "Example Cloud GmbH",
		Scheme: bank.SchemeIBAN, Number: "DE89370400440532013000", Rails: []bank.Rail{bank.RailSEPA, bank.RailSwift}, Shared: true,
	}
}

func TestReceivingAccountCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*bank.ReceivingAccount)
		want   error
	}{
		{"good", func(*bank.ReceivingAccount) {}, nil},
		{"one digit wrong", func(r *bank.ReceivingAccount) { r.Number = "DE89370400440532013001" }, bank.ErrIBAN},
		{"IBAN of another country", func(r *bank.ReceivingAccount) { r.Number = "BE68539007547034" }, bank.ErrReceivingInvalid},
		{"SWIFT without a BIC", func(r *bank.ReceivingAccount) { r.BIC = "" }, bank.ErrBIC},
		{"SEPA alone, without a BIC", func(r *bank.ReceivingAccount) { r.BIC, r.Rails = "", r.Rails[:1] }, nil},
		{"a BIC too short", func(r *bank.ReceivingAccount) { r.BIC = "COBADEF" }, bank.ErrBIC},
		{"no rail", func(r *bank.ReceivingAccount) { r.Rails = nil }, bank.ErrReceivingInvalid},
		{"unknown rail", func(r *bank.ReceivingAccount) { r.Rails = []bank.Rail{"pigeon"} }, bank.ErrReceivingInvalid},
		{"nobody holds it", func(r *bank.ReceivingAccount) { r.Holder = "" }, bank.ErrReceivingInvalid},
		{"a line break in the name", func(r *bank.ReceivingAccount) { r.Holder = "Example\nCloud" }, bank.ErrReceivingInvalid},
		{"no currency", func(r *bank.ReceivingAccount) { r.Currency = "EURO" }, bank.ErrReceivingInvalid},
	} {
		r := german()
		c.change(&r)
		if err := r.Check(); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestReceivingForPicksTheNearest(t *testing.T) {
	account := func(id bank.ReceivingID, serves ...string) bank.ReceivingAccount {
		r := german()
		r.ID, r.Serves = id, serves
		return r
	}
	closed := account("rac_0", "DE")
	closed.ClosedAt = time.Unix(1, 0)
	other := account("rac_9", "DE")
	other.Seller = "other"
	all := []bank.ReceivingAccount{account("rac_3"), account("rac_2", "DE", "AT"), account("rac_1", "FR"), account("rac_4", "DE"), closed, other, account("rac_5")}
	every := func(bank.ReceivingAccount) bool { return true }
	for _, c := range []struct {
		name, seller, country string
		wanted                func(bank.ReceivingAccount) bool
		want                  bank.ReceivingID
	}{
		{"named, the older of two", "main", "DE", every, "rac_2"},
		{"named once", "main", "FR", every, "rac_1"},
		{"elsewhere, the older of two", "main", "JP", every, "rac_3"},
		{"another seller", "other", "DE", every, "rac_9"},
		{"another seller, elsewhere", "other", "JP", every, ""},
		{"none that is wanted", "main", "DE", func(bank.ReceivingAccount) bool { return false }, ""},
	} {
		got, ok := bank.ReceivingFor(all, c.seller, c.country, "EUR", c.wanted)
		if got.ID != c.want || ok != (c.want != "") {
			t.Errorf("%s: got %q, want %q", c.name, got.ID, c.want)
		}
	}
	if got, ok := bank.ReceivingFor(all, "main", "DE", "USD", every); ok {
		t.Errorf("in another currency: got %s, want none", got.ID)
	}
}

func TestPoolCheck(t *testing.T) {
	good := bank.Pool{Kind: bank.RangePool, Scheme: bank.SchemeIBAN, Country: "DE", BankCode: "37040044", Prefix: "99", Next: 1, Last: 99_999_999}
	for _, c := range []struct {
		name   string
		change func(*bank.Pool)
		want   error
	}{
		{"good", func(*bank.Pool) {}, nil},
		{"the last has no room", func(p *bank.Pool) { p.Last = 100_000_000 }, bank.ErrPoolInvalid},
		{"ends before it begins", func(p *bank.Pool) { p.Last = 0 }, bank.ErrPoolInvalid},
		{"another country", func(p *bank.Pool) { p.Country = "BE" }, bank.ErrPoolInvalid},
		{"neither range nor list", func(p *bank.Pool) { p.Kind = "heap" }, bank.ErrPoolInvalid},
		{"warns at less than none", func(p *bank.Pool) { p.WarnAt = -1 }, bank.ErrPoolInvalid},
		{"a list needs no prefix", func(p *bank.Pool) { p.Kind, p.BankCode, p.Prefix, p.Last = bank.ListPool, "", "", 3 }, nil},
	} {
		p := good
		c.change(&p)
		if err := p.Check(german()); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	shut := german()
	shut.ClosedAt = time.Unix(1, 0)
	if err := good.Check(shut); !errors.Is(err, bank.ErrReceivingClosed) {
		t.Errorf("closed account: got %v, want %v", err, bank.ErrReceivingClosed)
	}
}

func TestCheckList(t *testing.T) {
	p := bank.Pool{Kind: bank.ListPool, Scheme: bank.SchemeIBAN, Country: "DE"}
	if err := p.CheckList([]string{"DE89370400440532013000"}, ""); err != nil {
		t.Errorf("one good number: %v", err)
	}
	for _, c := range []struct {
		name    string
		numbers []string
		place   string
	}{
		{"none", nil, "numbers"},
		{"one wrong", []string{"DE89370400440532013000", "DE89370400440532013001"}, "line 2"},
		{"one twice", []string{"DE89370400440532013000", "DE89370400440532013000"}, "line 2"},
		{"of another country", []string{"BE68539007547034"}, "line 1"},
	} {
		err := p.CheckList(c.numbers, "")
		if err == nil || !strings.Contains(err.Error(), c.place) {
			t.Errorf("%s: got %v, want a fault at %s", c.name, err, c.place)
		}
	}
}
