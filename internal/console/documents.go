package console

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

// documentRoutes are what customers take away on paper.
func (c *console) documentRoutes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /bills/{id}/bill.pdf":       c.in(c.writeBill),
		"GET /payments/{id}/receipt.pdf": c.in(c.writeReceipt),
		"GET /funds/proof.pdf":           c.in(c.writeProof),
		"GET /funds/request.pdf":         c.in(c.writeRequest),
	}
}

func (c *console) writeBill(v *visit) error {
	d, err := c.office.BillDocument(v.r.Context(), v.by, billing.BillID(v.r.PathValue("id")))
	return v.hand(d, err)
}

func (c *console) writeReceipt(v *visit) error {
	d, err := c.office.ReceiptDocument(v.r.Context(), v.by, payment.ID(v.r.PathValue("id")))
	return v.hand(d, err)
}

func (c *console) writeProof(v *visit) error {
	d, err := c.office.AccountProof(v.r.Context(), v.by, v.account.ID)
	return v.hand(d, err)
}

func (c *console) writeRequest(v *visit) error {
	q := v.r.URL.Query()
	r := office.Requesting{Bill: billing.BillID(q.Get("bill")), Note: q.Get("note")}
	if text := q.Get("amount"); text != "" {
		var err error
		if r.Amount, err = money.ParseAmount(text, v.account.Currency); err != nil {
			return err
		}
	}
	d, err := c.office.PaymentRequest(v.r.Context(), v.by, v.account.ID, r)
	return v.hand(d, err)
}

// hand gives a document to the browser, as a file.
func (v *visit) hand(d office.Document, err error) error {
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Length", strconv.Itoa(len(d.PDF)))
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"`, d.Name))
	h.Set("Cache-Control", "no-store")
	_, _ = v.w.Write(d.PDF) // the customer may have gone
	return nil
}
