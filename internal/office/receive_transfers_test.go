package office_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/store"
)

// euroBank is a bank account in Germany for customers everywhere.
func euroBank(change ...func(*bank.ReceivingAccount)) bank.ReceivingAccount {
	r := bank.ReceivingAccount{
		Seller: "main", Country: "DE", Currency: "EUR", Bank: "Example Bank AG", BankAddress: "Frankfurt am Main", BIC: "cobadeff", Holder: "Bursar Example Cloud Ltd",
		Scheme: bank.SchemeIBAN, Number: "DE89 3704 0044 0532 0130 00", Rails: []bank.Rail{bank.RailSEPA, bank.RailSwift}, Shared: true,
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

// addReceiving adds a bank account of ours and fails the test if that is refused.
func addReceiving(t testing.TB, d *officetest.Desk, r bank.ReceivingAccount) bank.ReceivingAccount {
	t.Helper()
	return d.AddReceiving(r)
}

// addRange adds a pool of IBANs from 1 to last.
func addRange(t testing.TB, d *officetest.Desk, r bank.ReceivingAccount, last, warnAt int64) bank.Pool {
	t.Helper()
	return d.AddNumbers(office.NewPool{Receiving: r.ID, BankCode: "37040044", Prefix: "99", First: 1, Last: last, WarnAt: warnAt})
}

// european opens the account of a customer who pays in euro.
func european(d *officetest.Desk, n int) account.Account {
	return d.Customer(func(a *office.NewAccount) { a.Reference, a.Country, a.Currency = fmt.Sprintf("eu-%d", n), "DE", "EUR" })
}

func TestDetailsAreTheSharedAccountsUntilOneIsTheCustomersOwn(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := context.Background()
		a, b := european(d, 1), european(d, 2)
		if _, err := d.ReceivingDetails(ctx, access.CommandLine, a.ID); !errors.Is(err, bank.ErrNoReceiving) {
			t.Errorf("without a bank account: got %v, want %v", err, bank.ErrNoReceiving)
		}
		r := addReceiving(t, d, euroBank())

		first, err := d.ReceivingDetails(ctx, access.CommandLine, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if first.Dedicated || first.Number != r.Number || bank.CheckReference(first.Reference) != nil || first.Seller.Code != "main" || first.LeastDays != 2 || first.MostDays != 4 {
			t.Errorf("shared details are %+v", first)
		}
		again, err := d.ReceivingDetails(ctx, access.CommandLine, a.ID)
		if err != nil || again.Reference != first.Reference {
			t.Errorf("asked again, the reference is %q, %v; want %q", again.Reference, err, first.Reference)
		}
		other, err := d.ReceivingDetails(ctx, access.CommandLine, b.ID)
		if err != nil || other.Reference == first.Reference {
			t.Errorf("two customers have the reference %q, %v", other.Reference, err)
		}

		addRange(t, d, r, 10, 0)
		v, err := d.AssignVirtualAccount(ctx, access.CommandLine, a.ID)
		if err != nil || bank.CheckIBAN(v.Number) != nil {
			t.Fatalf("assigned %+v, %v", v, err)
		}
		own, err := d.ReceivingDetails(ctx, access.CommandLine, a.ID)
		if err != nil || !own.Dedicated || own.Number != v.Number || own.Reference != "" || own.Receiving.ID != r.ID {
			t.Errorf("own details are %+v, %v", own, err)
		}
		if twice, err := d.AssignVirtualAccount(ctx, access.CommandLine, a.ID); err != nil || twice.Number != v.Number {
			t.Errorf("assigned again: got %q, %v; want %q", twice.Number, err, v.Number)
		}
		err = d.Store.View(ctx, func(tx *store.Tx) error {
			whose, err := tx.VirtualAccounts(ctx, []string{v.Number, r.Number, "DE1"})
			if err != nil || len(whose) != 1 || whose[v.Number].Account != a.ID {
				t.Errorf("the number is %v's, %v; want %s's", whose, err, a.ID)
			}
			ours, err := tx.ReceivingAccountsNumbered(ctx, r.Number)
			if err != nil || len(ours) != 1 || ours[0].ID != r.ID {
				t.Errorf("by its number the account is %v, %v; want %q", ours, err, r.ID)
			}
			by, err := tx.AccountsByPaymentReference(ctx, []string{first.Reference, other.Reference, "RF18539007547034"})
			if err != nil || len(by) != 2 || by[first.Reference] != a.ID || by[other.Reference] != b.ID {
				t.Errorf("the references are of %v, %v", by, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		d.Prove()
	})
}

func TestCustomersSeeTheirOwnDetailsAlone(t *testing.T) {
	d := officetest.New(t)
	ctx := context.Background()
	a, b := european(d, 1), european(d, 2)
	r := addReceiving(t, d, euroBank())
	addRange(t, d, r, 10, 0)
	me := access.Caller{Name: "console:a", Scopes: []access.Scope{access.FundsRead, access.FundsWrite, access.BankWrite, access.BankApprove}, Account: a.ID}
	if _, err := d.ReceivingDetails(ctx, me, a.ID); err != nil {
		t.Errorf("my own: %v", err)
	}
	if _, err := d.ReceivingDetails(ctx, me, b.ID); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("another's: got %v, want %v", err, account.ErrNotFound)
	}
	if _, err := d.VirtualAccountsOf(ctx, me, b.ID); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("another's numbers: got %v, want %v", err, account.ErrNotFound)
	}
	for name, err := range map[string]error{
		"assign":   second(d.AssignVirtualAccount(ctx, me, a.ID)),
		"add":      second(d.ProposeReceiving(ctx, me, euroBank(), "letter")),
		"add pool": second(d.ProposePool(ctx, me, office.NewPool{Receiving: r.ID}, "letter")),
		"close":    second(d.ProposeClosing(ctx, me, r.ID, "letter")),
		"agree":    second(d.AgreeToReceiving(ctx, me, "rcc_1", "")),
		"changes":  second(d.ReceivingChange(ctx, me, "rcc_1")),
		"list":     second(d.ReceivingAccounts(ctx, me)),
	} {
		if !errors.Is(err, access.ErrForbidden) {
			t.Errorf("%s: got %v, want %v", name, err, access.ErrForbidden)
		}
	}
	reader := access.Caller{Name: "key_reader", Scopes: []access.Scope{access.BankRead}}
	if _, err := d.ProposeReceiving(ctx, reader, euroBank(), ""); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a reader adds an account: got %v, want %v", err, access.ErrForbidden)
	}
}

func second[T any](_ T, err error) error { return err }

// TestNumbersAreGivenOutOnce lets many customers ask at once, each of them twice,
// until the pools are empty: every number is one customer's, and nobody has two.
func TestNumbersAreGivenOutOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := context.Background()
		r := addReceiving(t, d, euroBank())
		addRange(t, d, r, 20, 5)
		var listed []string
		p := bank.Pool{Scheme: bank.SchemeIBAN, Country: "DE", BankCode: "37040044", Prefix: "98"}
		for n := range int64(10) {
			number, err := p.Number(n)
			if err != nil {
				t.Fatal(err)
			}
			listed = append(listed, number)
		}
		d.AddNumbers(office.NewPool{Receiving: r.ID, Numbers: listed, WarnAt: 2})
		const customers = 36
		ids := make([]account.ID, customers)
		for i := range ids {
			ids[i] = european(d, i).ID
		}

		got := make([]bank.VirtualAccount, 2*customers)
		errs := make([]error, 2*customers)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() { got[i], errs[i] = d.AssignVirtualAccount(ctx, access.CommandLine, ids[i%customers]) })
		}
		all.Wait()

		whose, numbers, refused := map[string]account.ID{}, map[account.ID]string{}, 0
		for i, v := range got {
			id := ids[i%customers]
			switch {
			case errors.Is(errs[i], bank.ErrPoolExhausted):
				refused++
				continue
			case errs[i] != nil:
				t.Fatal(errs[i])
			}
			if before, known := whose[v.Number]; known && before != id {
				t.Errorf("%s is %s's and %s's", v.Number, before, id)
			}
			if before, known := numbers[id]; known && before != v.Number {
				t.Errorf("%s has %s and %s", id, before, v.Number)
			}
			whose[v.Number], numbers[id] = id, v.Number
		}
		if len(whose) != 30 || refused != 2*(customers-30) {
			t.Errorf("%d numbers are given out, and %d times there was none; want 30 and %d", len(whose), refused, 2*(customers-30))
		}
		kinds := map[string]int{}
		events, _, err := d.ListEvents(ctx, access.CommandLine, office.EventFilter{}, office.Page{Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			kinds[e.Kind]++
		}
		if kinds["virtual_account.assigned"] != 30 || kinds["number_pool.low"] != 2 || kinds["number_pool.exhausted"] != 2 || kinds["receiving_account.opened"] != 1 {
			t.Errorf("events are %v; want one opened, 30 assigned, 2 low, 2 exhausted", kinds)
		}
		d.Prove()
	})
}

func TestNumbersAreNeverAnothers(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := context.Background()
		a, b := european(d, 1), european(d, 2)
		r := addReceiving(t, d, euroBank())
		addRange(t, d, r, 3, 0)
		v, err := d.AssignVirtualAccount(ctx, access.CommandLine, a.ID)
		if err != nil {
			t.Fatal(err)
		}

		// The same range once more: what is given out is passed over.
		other := addReceiving(t, d, euroBank(func(r *bank.ReceivingAccount) { r.Number, r.Serves = "DE02120300000000202051", []string{"AT"} }))
		addRange(t, d, other, 2, 0)
		austrian := d.Customer(func(n *office.NewAccount) { n.Country, n.Currency = "AT", "EUR" })
		w, err := d.AssignVirtualAccount(ctx, access.CommandLine, austrian.ID)
		if err != nil || w.Number == v.Number || w.Receiving != other.ID {
			t.Errorf("from the same range again: %+v, %v", w, err)
		}
		for name, numbers := range map[string][]string{
			"a customer's":                         {v.Number},
			"a bank account's":                     {r.Number},
			"one that is wrong":                    {"DE02120300000000202052"},
			"one twice":                            {"DE02500105170137075030", "DE02500105170137075030"},
			"a good one with a customer's with it": {"DE02500105170137075030", v.Number},
		} {
			c, err := d.ProposePool(ctx, access.CommandLine, office.NewPool{Receiving: r.ID, Numbers: numbers}, "letter")
			if err == nil {
				_, err = d.AgreeToReceiving(ctx, approver, c.ID, "")
			}
			if err == nil {
				t.Errorf("%s is taken into a list", name)
			}
		}
		if _, err := d.ProposeReceiving(ctx, access.CommandLine, euroBank(func(r *bank.ReceivingAccount) { r.Number = v.Number }), "letter"); !errors.Is(err, bank.ErrReceivingTaken) {
			t.Errorf("a customer's number as a bank account of ours: got %v, want %v", err, bank.ErrReceivingTaken)
		}

		// Closed: the number stays the customer's, and they are given another.
		d.CloseReceiving(r.ID)
		if _, err := d.AssignVirtualAccount(ctx, access.CommandLine, b.ID); !errors.Is(err, bank.ErrNoPool) {
			t.Errorf("behind a closed account: got %v, want %v", err, bank.ErrNoPool)
		}
		third := addReceiving(t, d, euroBank(func(r *bank.ReceivingAccount) { r.Number = "DE02500105170137075030" }))
		addRange(t, d, third, 9, 0)
		x, err := d.AssignVirtualAccount(ctx, access.CommandLine, a.ID)
		if err != nil || x.Number == v.Number || x.Number == w.Number {
			t.Errorf("after the account was closed: %+v, %v", x, err)
		}
		list, err := d.VirtualAccountsOf(ctx, access.CommandLine, a.ID)
		if err != nil || len(list) != 2 || list[0].RetiredAt.IsZero() || !list[1].RetiredAt.IsZero() {
			t.Errorf("the customer's numbers are %+v, %v; want a retired one and one in use", list, err)
		}
		if _, err := d.ProposeClosing(ctx, access.CommandLine, r.ID, "letter"); !errors.Is(err, bank.ErrReceivingClosed) {
			t.Errorf("closed again: got %v, want %v", err, bank.ErrReceivingClosed)
		}
		d.Prove()
	})
}

func TestDetailsDependOnSellerCountryAndCurrency(t *testing.T) {
	d := officetest.New(t)
	ctx := context.Background()
	eu := addReceiving(t, d, euroBank())
	us := addReceiving(t, d, bank.ReceivingAccount{
		Seller: "main", Country: "US", Serves: []string{"US"}, Currency: "USD", Bank: "Example Trust", BIC: "CITIUS33", Holder: "Bursar Example Cloud Ltd", Scheme: bank.SchemeUS,
		BankCode: "021000089", Number: "4012345678", Rails: []bank.Rail{bank.RailACH, bank.RailFedwire}, Shared: true,
	})
	hk := addReceiving(t, d, bank.ReceivingAccount{
		Seller: "main", Country: "HK", Currency: "USD", Bank: "Example Bank (Hong Kong)", BIC: "HSBCHKHH", Holder: "Bursar Example Cloud Ltd", Scheme: bank.SchemeHK,
		BankCode: "004", Number: "123456789001", Rails: []bank.Rail{bank.RailSwift}, Shared: true,
	})
	for _, c := range []struct {
		country  string
		currency money.Currency
		want     bank.ReceivingID
	}{
		{"DE", "EUR", eu.ID}, {"US", "USD", us.ID}, {"JP", "USD", hk.ID}, {"US", "EUR", eu.ID}, {"JP", "JPY", ""},
	} {
		a := d.Customer(func(n *office.NewAccount) { n.Country, n.Currency = c.country, string(c.currency) })
		got, err := d.ReceivingDetails(ctx, access.CommandLine, a.ID)
		if got.Receiving.ID != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s in %s: got %q, %v; want %q", c.country, c.currency, got.Receiving.ID, err, c.want)
		}
	}
	if _, err := d.ProposeReceiving(ctx, access.CommandLine, euroBank(func(r *bank.ReceivingAccount) { r.Seller, r.Number = "other", "DE02500105170137075030" }), "letter"); !errors.Is(err, bank.ErrReceivingInvalid) || !strings.Contains(err.Error(), "seller") {
		t.Errorf("of an unknown seller: got %v, want %v", err, bank.ErrReceivingInvalid)
	}
}
