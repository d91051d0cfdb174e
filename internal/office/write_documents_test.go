package office_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
)

// isPDF fails the test unless a document was written.
func isPDF(t testing.TB, what string, d office.Document, err error) {
	t.Helper()
	if err != nil || !bytes.HasPrefix(d.PDF, []byte("%PDF-1.7")) || len(d.SHA256) != 64 || !strings.HasSuffix(d.Name, ".pdf") {
		t.Errorf("%s: %q, %d bytes, %v", what, d.Name, len(d.PDF), err)
	}
}

// TestDocumentsOfAMonth: a month is used, charged and billed. Each payment has its
// receipt at once, the bill has a document, and what is written twice is the same.
func TestDocumentsOfAMonth(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := context.Background()
		a := d.Customer(func(n *office.NewAccount) { n.Name, n.Language = "臺灣雲端服務股份有限公司", "zh-Hant" })
		d.Bind(a, "pm_card_visa")
		d.Use(a, "1", "1200.00")
		debts := d.DebtsOf(a)
		if len(debts) != 1 || len(debts[0].Payments) != 1 {
			t.Fatalf("got %+v, want a debt that was paid", debts)
		}
		pay := debts[0].Payments[0]
		receipt, err := d.ReceiptDocument(ctx, access.CommandLine, pay.ID)
		isPDF(t, "receipt before the bill", receipt, err)

		d.Use(a, "2", "7.50")
		d.PassTo(time.Date(2026, 4, 2, 12, 0, 0, 0, time.UTC))
		bills, _, err := d.Bills(ctx, access.CommandLine, a.ID, office.Page{Limit: 5})
		if err != nil || len(bills) == 0 {
			t.Fatalf("%d bills, %v", len(bills), err)
		}
		bill := bills[len(bills)-1]
		first, err := d.BillDocument(ctx, access.CommandLine, bill.ID)
		isPDF(t, "bill", first, err)
		d.Pass(26 * time.Hour)
		again, err := d.BillDocument(ctx, access.CommandLine, bill.ID)
		if err != nil || again.SHA256 != first.SHA256 {
			t.Errorf("the bill a day later is another document: %v", err)
		}
		if _, err := d.PaymentRequest(ctx, access.CommandLine, a.ID, office.Requesting{Bill: bill.ID}); !errors.Is(err, bank.ErrNoReceiving) {
			t.Errorf("a request without a bank account: got %v, want %v", err, bank.ErrNoReceiving)
		}

		other := d.Customer()
		mine := access.Caller{Name: "console", Scopes: access.Scopes, Account: other.ID}
		for what, err := range map[string]error{
			"bill":    second(d.BillDocument(ctx, mine, bill.ID)),
			"receipt": second(d.ReceiptDocument(ctx, mine, pay.ID)),
			"proof":   second(d.AccountProof(ctx, mine, a.ID)),
			"request": second(d.PaymentRequest(ctx, mine, a.ID, office.Requesting{})),
		} {
			if !errors.Is(err, billing.ErrBillNotFound) && !errors.Is(err, payment.ErrPaymentNotFound) && !errors.Is(err, account.ErrNotFound) {
				t.Errorf("another customer's %s: got %v, want that it is not there", what, err)
			}
		}
	})
}

func TestRequestsAndProofs(t *testing.T) {
	d := officetest.New(t)
	ctx := context.Background()
	a := european(d, 1)
	r := addReceiving(t, d, euroBank())
	shared, err := d.AccountProof(ctx, access.CommandLine, a.ID)
	isPDF(t, "proof of the shared account", shared, err)
	addRange(t, d, r, 9, 0)
	if _, err := d.AssignVirtualAccount(ctx, access.CommandLine, a.ID); err != nil {
		t.Fatal(err)
	}
	own, err := d.AccountProof(ctx, access.CommandLine, a.ID)
	isPDF(t, "proof of the customer's own number", own, err)
	if own.SHA256 == shared.SHA256 {
		t.Error("the proof is the same with another number")
	}
	d.Pass(time.Minute)
	if again, err := d.AccountProof(ctx, access.CommandLine, a.ID); err != nil || again.SHA256 != own.SHA256 {
		t.Errorf("the proof of the same day is another document: %v", err)
	}

	eur := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }
	good, err := d.PaymentRequest(ctx, access.CommandLine, a.ID, office.Requesting{Amount: eur(250_00), Note: "PO 4711"})
	isPDF(t, "request", good, err)
	for name, c := range map[string]struct {
		ask  office.Requesting
		want error
	}{
		"nothing":          {office.Requesting{}, office.ErrRequest},
		"less than none":   {office.Requesting{Amount: eur(-1)}, office.ErrRequest},
		"another currency": {office.Requesting{Amount: money.Amount{Minor: 1, Currency: "USD"}}, office.ErrRequest},
		"a long note":      {office.Requesting{Amount: eur(1), Note: strings.Repeat("x", 141)}, office.ErrRequest},
		"no such bill":     {office.Requesting{Bill: "bill_none"}, billing.ErrBillNotFound},
	} {
		if _, err := d.PaymentRequest(ctx, access.CommandLine, a.ID, c.ask); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	d.Office.Press = nil
	if _, err := d.AccountProof(ctx, access.CommandLine, a.ID); !errors.Is(err, office.ErrNoPress) {
		t.Errorf("without a press: got %v, want %v", err, office.ErrNoPress)
	}
}

func TestOnlyWhatWasPaidHasAReceipt(t *testing.T) {
	d := officetest.New(t)
	ctx := context.Background()
	_, owed := owing(t, d, "decline:insufficient_funds", 1)
	if _, err := d.ReceiptDocument(ctx, access.CommandLine, owed.Payments[0].ID); !errors.Is(err, office.ErrNoReceipt) {
		t.Errorf("of a payment that was declined: got %v, want %v", err, office.ErrNoReceipt)
	}
}
