package document_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/document"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
)

var press = document.New(nil, document.SystemDirectories)

// customers are what a customer may be called and where they live, in each language.
var customers = map[string]document.Party{
	"en":      {Name: "Łukasz & Zoë Müller-O’Brien GmbH", Address: []string{"Große Straße 12, Hinterhaus", "10115 Berlin"}, Country: "DE", TaxID: "DE123456789", Account: "acct_01j8z3v6k2m4n8p0q2r4s6t8vw"},
	"zh-Hant": {Name: "臺灣雲端服務股份有限公司", Address: []string{"信義路五段 7 號 45 樓", "110 臺北市"}, Country: "TW", TaxID: "12345678", Account: "acct_01j8z3v6k2m4n8p0q2r4s6t8vw"},
	"zh-Hans": {Name: "深圳市云计算有限公司", Address: []string{"南山区科技园路 1 号", "深圳"}, Country: "CN", TaxID: "91440300MA5EXAMPLE", Account: "acct_01j8z3v6k2m4n8p0q2r4s6t8vw"},
	"ja":      {Name: "株式会社𠮷野クラウド", Address: []string{"東京都千代田区丸の内 1-1-1", "髙島ビル 3 階"}, Country: "JP", TaxID: "T1234567890123", Account: "acct_01j8z3v6k2m4n8p0q2r4s6t8vw"},
}

var seller = document.Party{Name: "Bursar Example Cloud Ltd", Address: []string{"1 Example Street", "018956 Example City"}, Country: "SG", TaxID: "EXAMPLE-0000", Email: "billing@bursar.example"}

func envelope(language string) document.Envelope {
	return document.Envelope{Language: language, Zone: time.UTC, At: time.Date(2026, 3, 6, 9, 30, 0, 0, time.UTC), Seller: seller, Customer: customers[language]}
}

func transfer(dedicated bool) document.Transfer {
	t := document.Transfer{
		Receiving: bank.ReceivingAccount{
			Country: "DE", Currency: "EUR", Bank: "Example Bank AG", BankAddress: "Taunusanlage 1, 60325 Frankfurt am Main", BIC: "COBADEFF", Holder: "Bursar Example Cloud Ltd",
			Scheme: bank.SchemeIBAN, Number: "DE89370400440532013000", Rails: []bank.Rail{bank.RailSEPA, bank.RailInstant, bank.RailSwift},
		},
		Dedicated: dedicated, Number: "DE89 3704 0044 0532 0130 00", LeastDays: 2, MostDays: 4,
	}
	if !dedicated {
		t.Reference = bank.GroupedReference(bank.MakeReference(account.ID("acct_1"), 0))
	}
	return t
}

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func exact(t testing.TB, decimal string) money.Exact {
	t.Helper()
	e, _, err := money.ParseExact(decimal, "EUR")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func shares(t testing.TB, n int) []billing.Share {
	products := []string{"Compute", "Object storage", "GPU instances g7.48xlarge on demand", "雲端運算 ECS", "データ転送", "Réseau privé"}
	var all []billing.Share
	for i := range n {
		all = append(all, billing.Share{
			Product: products[i%len(products)], Lines: int64(17 + 1000*i), Usage: exact(t, "1234.567890123456"), CarriedIn: exact(t, "0.002"), Net: eur(123456), CarriedOut: exact(t, "0.009890123456"),
		})
	}
	return all
}

var vat = billing.TaxRule{Name: "VAT", Rate: "0.19", Version: "de-2021"}

func aBill(t testing.TB, language string, products int, transferred bool) document.Bill {
	paid := payment.Payment{ID: "pay_01j8z3v6k2m4n8p0q2r4s6t8vw", Amount: eur(119000), State: payment.Succeeded, SettledAt: time.Date(2026, 2, 14, 3, 0, 0, 0, time.UTC)}
	d := document.Bill{
		Envelope: envelope(language),
		Bill: billing.Bill{
			ID: "bill_1", Month: "2026-02", Number: "2026-02-000017", Net: eur(100000000), Tax: eur(19000000), Total: eur(119000000), Open: eur(118881000),
			IssuedAt: time.Date(2026, 3, 6, 0, 5, 0, 0, time.UTC), DueAt: time.Date(2026, 4, 5, 23, 59, 59, 0, time.UTC), Shares: shares(t, products),
			Debts: []billing.Debt{{Kind: billing.ThresholdDebt, Tax: eur(19000), TaxRule: vat}, {Kind: billing.RemainderDebt, Tax: eur(18981000), TaxRule: vat}},
		},
		Payments: []document.Paid{{Payment: paid, Method: payment.Method{Kind: payment.CardKind, Card: payment.Card{Brand: payment.Visa, Last4: "4242"}}}},
	}
	if transferred {
		to := transfer(true)
		d.Transfer = &to
	}
	return d
}

func aReceipt(language string) document.Receipt {
	return document.Receipt{
		Envelope: envelope(language), Payment: payment.Payment{ID: "pay_01j8z3v6k2m4n8p0q2r4s6t8vw", Amount: eur(11900), Refunded: eur(1000), State: payment.Succeeded, SettledAt: time.Date(2026, 2, 14, 3, 0, 0, 0, time.UTC)},
		Method: payment.Method{Kind: payment.PayPalKind, Email: "buyer@example.com"},
		Debt:   billing.Debt{Kind: billing.OrderDebt, Month: "2026-02", Net: eur(10000), Tax: eur(1900), Amount: eur(11900), TaxRule: vat},
		Order: order.Order{ID: "ord_1", Reference: "PO-4711/雲", Items: []order.Item{
			{Product: "db.small", Description: "Managed database, two nodes in two zones, daily backups kept for thirty days", Quantity: 2, Price: eur(5000), Net: eur(10000), From: "2026-02-14", Until: "2026-03-14"},
		}},
	}
}

// kinds sets one document of each kind.
func kinds(t testing.TB, language string) map[string]func() ([]byte, error) {
	return map[string]func() ([]byte, error){
		"proof": func() ([]byte, error) {
			return press.AccountProof(document.AccountProof{Envelope: envelope(language), Transfer: transfer(true)})
		},
		"proof_shared": func() ([]byte, error) {
			return press.AccountProof(document.AccountProof{Envelope: envelope(language), Transfer: transfer(false)})
		},
		"request": func() ([]byte, error) {
			return press.PaymentRequest(document.PaymentRequest{
				Envelope: envelope(language), Transfer: transfer(false), Amount: eur(118881000), Bill: "2026-02-000017", Month: "2026-02", DueAt: time.Date(2026, 4, 5, 23, 0, 0, 0, time.UTC), Note: "PO 4711",
			})
		},
		"bill":      func() ([]byte, error) { return press.Bill(aBill(t, language, 6, false)) },
		"bill_long": func() ([]byte, error) { return press.Bill(aBill(t, language, 90, true)) },
		"receipt":   func() ([]byte, error) { return press.Receipt(aReceipt(language)) },
		"credit_note": func() ([]byte, error) {
			return press.CreditNote(document.CreditNote{
				Envelope: envelope(language), BillNumber: "2026-02-000017",
				CreditNote: billing.CreditNote{Number: "CN-2026-000001", Net: eur(840), Tax: eur(160), Amount: eur(1000), TaxRule: vat, IssuedAt: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)},
			})
		},
	}
}

// TestTheSameFactsGiveTheSameBytes: on another press as well, so that a document is
// known by its hash. With the variable BURSAR_DOCUMENTS set to a directory the
// documents are kept there, to be looked at.
func TestTheSameFactsGiveTheSameBytes(t *testing.T) {
	keep := os.Getenv("BURSAR_DOCUMENTS")
	for _, language := range account.Languages {
		for name, set := range kinds(t, language) {
			first, err := set()
			if err != nil {
				t.Fatalf("%s in %s: %v", name, language, err)
			}
			before := press
			press = document.New(nil, document.SystemDirectories)
			second, err := set()
			press = before
			if err != nil || !bytes.Equal(first, second) {
				t.Errorf("%s in %s differs when it is set again: %v", name, language, err)
			}
			if keep == "" {
				continue
			}
			if err := os.WriteFile(filepath.Join(keep, name+"."+language+".pdf"), first, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestABillNamesItsOrders sets a bill of a month in which orders were drawn on credit.
func TestABillNamesItsOrders(t *testing.T) {
	d := aBill(t, "en", 0, true)
	d.Orders = []document.Drawn{{
		Order: order.Order{ID: "ord_1", Reference: "PO-4711", PaidAt: time.Date(2026, 2, 14, 3, 0, 0, 0, time.UTC), Items: []order.Item{{Product: "db.small"}, {Product: "Managed cache"}}},
		Net:   eur(123400),
	}}
	file, err := press.Bill(d)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(readPDF(t, file), "\n")
	for _, want := range []string{"Orders on credit, in EUR", "PO-4711", "db.small", "Managed cache", "1,234.00"} {
		if !strings.Contains(text, want) {
			t.Errorf("the bill does not say %q", want)
		}
	}
	if strings.Contains(text, "Usage by product") {
		t.Error("the bill has a table of usage, and there was none")
	}
}
