package console_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// TestDocumentsAreFiles: what a customer takes away comes as a PDF of a name of its
// own, and another customer's is not there.
func TestDocumentsAreFiles(t *testing.T) {
	d := newDesk(t)
	a := d.Customer(func(n *office.NewAccount) { n.Name = "雲端服務股份有限公司" })
	d.Bind(a, sandbox.Visa)
	d.Use(a, "1", "1200.00")
	paid := d.DebtsOf(a)[0].Payments[0]
	d.AddReceiving(bank.ReceivingAccount{
		Seller: "main", Country: "US", Currency: "USD", Bank: "Example Trust", BIC: "CITIUS33", Holder: "Bursar Example Cloud Ltd", Scheme: bank.SchemeUS,
		BankCode: "021000089", Number: "4012345678", Rails: []bank.Rail{bank.RailACH}, Shared: true,
	})
	d.enter(a)
	for path, name := range map[string]string{
		"/payments/" + string(paid.ID) + "/receipt.pdf": "receipt-" + string(paid.ID),
		"/funds/proof.pdf": "account-proof-" + string(a.ID),
		"/funds/request.pdf?amount=250.00&note=PO%2017": "payment-request-" + string(a.ID),
	} {
		w := d.get(path)
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF-")) ||
			!strings.Contains(w.Header().Get("Content-Disposition"), name) || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d %v", path, w.Code, w.Header())
		}
	}
	for path, want := range map[string]int{
		"/funds/request.pdf": 422, "/funds/request.pdf?amount=-1": 422, "/funds/request.pdf?bill=bill_none": 404,
		"/bills/bill_none/bill.pdf": 404, "/payments/pay_none/receipt.pdf": 404,
	} {
		if w := d.get(path); w.Code != want {
			t.Errorf("%s: got %d, want %d", path, w.Code, want)
		}
	}
	d.enter(d.Customer())
	if w := d.get("/payments/" + string(paid.ID) + "/receipt.pdf"); w.Code != 404 {
		t.Errorf("another customer's receipt: got %d, want 404", w.Code)
	}
}
