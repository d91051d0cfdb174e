package api

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

// addDocumentRoutes adds what customers take away on paper. Documents are in the
// account's own language.
func (s *Server) addDocumentRoutes() {
	s.addWritten(route{path: "GET /v1/accounts/{id}/account-proof.pdf", id: "get-account-proof", scope: access.FundsRead, summary: "Write the proof of the bank account to which a customer transfers money"}, nil,
		func(r *http.Request) (office.Document, error) {
			return s.office.AccountProof(r.Context(), callerOf(r.Context()), account.ID(r.PathValue("id")))
		})
	s.addWritten(route{path: "GET /v1/accounts/{id}/payment-request.pdf", id: "get-payment-request", scope: access.FundsRead, summary: "Write a request for a transfer: of what is open of a bill, or of an amount"},
		[]*huma.Param{
			{Name: "bill", In: "query", Schema: &huma.Schema{Type: "string", MaxLength: ptr(64)}, Description: "The bill to be paid."},
			{Name: "amount", In: "query", Schema: &huma.Schema{Type: "string", MaxLength: ptr(40)}, Description: "So much, as a decimal number in the account's currency; all that is open of the bill if left out."},
			{Name: "note", In: "query", Schema: &huma.Schema{Type: "string", MaxLength: ptr(140)}, Description: "The customer's own words."},
		}, s.paymentRequest)
	s.addWritten(route{path: "GET /v1/bills/{id}/document.pdf", id: "get-bill-document", scope: access.BillsRead, summary: "Write a bill"}, nil,
		func(r *http.Request) (office.Document, error) {
			return s.office.BillDocument(r.Context(), callerOf(r.Context()), billing.BillID(r.PathValue("id")))
		})
	s.addWritten(route{path: "GET /v1/payments/{id}/receipt.pdf", id: "get-receipt", scope: access.BillsRead, summary: "Write the receipt of a payment that succeeded"}, nil,
		func(r *http.Request) (office.Document, error) {
			return s.office.ReceiptDocument(r.Context(), callerOf(r.Context()), payment.ID(r.PathValue("id")))
		})
	s.addWritten(route{path: "GET /v1/credit-notes/{id}/document.pdf", id: "get-credit-note-document", scope: access.BillsRead, summary: "Write a credit note"}, nil,
		func(r *http.Request) (office.Document, error) {
			return s.office.CreditNoteDocument(r.Context(), callerOf(r.Context()), billing.CreditNoteID(r.PathValue("id")))
		})
}

// addWritten adds a door that answers with a PDF.
func (s *Server) addWritten(r route, more []*huma.Param, write func(*http.Request) (office.Document, error)) {
	r.raw = true
	op := s.operation(r)
	op.Parameters = append([]*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string", MaxLength: ptr(64)}}}, more...)
	op.Responses["200"] = &huma.Response{
		Description: "OK", Content: map[string]*huma.MediaType{"application/pdf": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
		Headers: map[string]*huma.Param{"Digest": {Schema: &huma.Schema{Type: "string"}, Description: "The SHA-256 of the PDF in hexadecimal digits: the same facts give the same document."}},
	}
	s.serve(r, op, func(w http.ResponseWriter, r *http.Request) {
		d, err := write(r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/pdf")
		h.Set("Content-Length", strconv.Itoa(len(d.PDF)))
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"`, d.Name))
		h.Set("Digest", "sha-256="+d.SHA256)
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		_, _ = w.Write(d.PDF) // the caller may have gone
	})
}

func (s *Server) paymentRequest(r *http.Request) (office.Document, error) {
	by, id, q := callerOf(r.Context()), account.ID(r.PathValue("id")), r.URL.Query()
	ask := office.Requesting{Bill: billing.BillID(q.Get("bill")), Note: q.Get("note")}
	if text := q.Get("amount"); text != "" {
		a, err := s.office.Account(r.Context(), by, id)
		if err != nil {
			return office.Document{}, err
		}
		if ask.Amount, err = money.ParseAmount(text, a.Currency); err != nil {
			return office.Document{}, err
		}
	}
	return s.office.PaymentRequest(r.Context(), by, id, ask)
}
