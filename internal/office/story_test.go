package office_test

import (
	"context"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store"
)

// caller is the customer of an account in the console.
func caller(a account.Account) access.Caller {
	return access.Caller{Name: "console:" + string(a.ID), Account: a.ID, Scopes: access.Scopes, Address: "192.0.2.7"}
}

// order has the account's preferred card behave as told at its next charges.
func order(t *testing.T, d *officetest.Desk, a account.Account, then string, times int) {
	t.Helper()
	methods, err := d.Methods(context.Background(), access.CommandLine, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range methods {
		if m.Method.Preferred {
			if err := d.Sandbox.OrderCard(sandbox.CardOrder{PaymentMethod: m.Method.Card.Token, Then: then, Times: times}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// billsOf lists an account's bills, oldest first.
func billsOf(t *testing.T, d *officetest.Desk, a account.Account) []billing.Bill {
	t.Helper()
	bills, _, err := d.Bills(context.Background(), access.CommandLine, a.ID, office.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for i, j := 0, len(bills)-1; i < j; i, j = i+1, j-1 {
		bills[i], bills[j] = bills[j], bills[i]
	}
	return bills
}

func fullBill(t *testing.T, d *officetest.Desk, id billing.BillID) billing.Bill {
	t.Helper()
	b, err := d.Bill(context.Background(), access.CommandLine, id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// makeCredit turns an account into a credit customer, as staff will.
func makeCredit(t *testing.T, d *officetest.Desk, a account.Account) {
	t.Helper()
	err := d.Store.Update(context.Background(), func(tx *store.Tx) error {
		a.Credit = true
		return tx.SaveAccount(context.Background(), a)
	})
	if err != nil {
		t.Fatal(err)
	}
}
