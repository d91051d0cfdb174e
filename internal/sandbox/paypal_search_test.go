package sandbox_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

type foundTransactions struct {
	Details []struct {
		Info *struct {
			ID        string            `json:"transaction_id"`
			Code      string            `json:"transaction_event_code"`
			Status    string            `json:"transaction_status"`
			Amount    map[string]string `json:"transaction_amount"`
			Fee       map[string]string `json:"fee_amount"`
			InvoiceID string            `json:"invoice_id"`
			Custom    string            `json:"custom_field"`
			Reference string            `json:"paypal_reference_id"`
		} `json:"transaction_info"`
		Payer *struct {
			Email string `json:"email_address"`
		} `json:"payer_info"`
	} `json:"transaction_details"`
	LastRefreshed string `json:"last_refreshed_datetime"`
	TotalItems    int    `json:"total_items"`
	TotalPages    int    `json:"total_pages"`
	Links         []struct{ Rel, Href string }
}

// found searches the month of the tests.
func (d *desk) found(more string) (got foundTransactions) {
	d.Helper()
	query := "start_date=2026-03-01T00:00:00Z&end_date=2026-03-31T23:59:59.999Z" + more
	if status := d.askPayPal("GET", "/v1/reporting/transactions?"+query, nil, &got); status != 200 {
		d.Fatalf("search %s: got %d", more, status)
	}
	return got
}

func (f foundTransactions) codes() (codes []string) {
	for _, detail := range f.Details {
		codes = append(codes, detail.Info.Code+" "+detail.Info.Amount["value"])
	}
	return codes
}

func TestTransactionsAreFoundLate(t *testing.T) {
	d := newDesk(t)
	capture := d.captured(d.vaulted(sandbox.PayerJP), "JPY", "1200", "INV-1")
	if got := d.found(""); got.TotalItems != 0 || got.LastRefreshed != "2026-03-02T06:00:00Z" {
		t.Errorf("at once: got %+v, want nothing yet", got)
	}
	if err := d.world.Advance(3 * time.Hour); err != nil {
		t.Fatal(err)
	}
	got := d.found("&fields=all")
	if len(got.Details) != 1 {
		t.Fatalf("three hours later: got %+v, want the capture", got)
	}
	info := got.Details[0].Info
	if info.ID != capture || info.Code != "T0006" || info.Status != "S" || info.InvoiceID != "INV-1" || info.Custom != "custom-INV-1" ||
		info.Amount["value"] != "1200" || info.Fee["value"] != "-91" || got.Details[0].Payer.Email != "jp@payers.example.com" {
		t.Errorf("got %+v", info)
	}
	if err := d.world.SetPayPalSearchLag(0); err != nil {
		t.Fatal(err)
	}
	d.captured(d.vaulted(sandbox.PayerUS), "USD", "8.00", "INV-2")
	if got := d.found(""); got.TotalItems != 2 {
		t.Errorf("without a lag: got %d transactions, want 2", got.TotalItems)
	}
	if status, _, _ := d.order("POST", "/_sandbox/paypal/search_lag", `{"minutes":60}`); status != 200 {
		t.Errorf("setting the lag: got %d", status)
	}
	if got := d.found(""); got.TotalItems != 1 {
		t.Errorf("with a lag again: got %d transactions, want 1", got.TotalItems)
	}
}

func TestAllThatMovesMoneyIsFound(t *testing.T) {
	d := newDesk(t)
	if err := d.world.SetPayPalSearchLag(0); err != nil {
		t.Fatal(err)
	}
	token := d.vaulted(sandbox.PayerUS)
	d.ordered("AUTHORIZE", token, "USD", "1.00", "HOLD-1")
	refunded := d.captured(token, "USD", "20.00", "INV-1")
	d.askPayPal("POST", "/v2/payments/captures/"+refunded+"/refund", map[string]any{"amount": map[string]string{"currency_code": "USD", "value": "5.00"}}, nil)
	lost, err := d.world.DisputePayPal(d.captured(token, "USD", "30.00", "INV-2"), "UNAUTHORISED")
	if err != nil {
		t.Fatal(err)
	}
	d.decide(lost, true)

	want := []string{"T0006 20.00", "T1107 -5.00", "T0006 30.00", "T1110 -30.00", "T1111 30.00", "T1106 -30.00", "T0114 -15.00"}
	if got := d.found("").codes(); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for query, count := range map[string]int{
		"&balance_affecting_records_only=N": 8, "&balance_affecting_records_only=N&transaction_type=T1300": 1, "&transaction_type=T0006": 2,
		"&transaction_id=" + refunded: 1, "&transaction_currency=EUR": 0, "&transaction_status=S": 7, "&transaction_status=D": 0,
	} {
		if got := d.found(query); got.TotalItems != count {
			t.Errorf("%s: got %v, want %d", query, got.codes(), count)
		}
	}

	// What is found adds up to what the books say the merchant has.
	var sum int64
	for _, detail := range d.found("").Details {
		sum += cents(t, detail.Info.Amount["value"]) + cents(t, detail.Info.Fee["value"])
	}
	if got := d.balances("USD")["paypal_merchant"]; got != sum {
		t.Errorf("got a sum of %d, the books say %d", sum, got)
	}
}

func cents(t *testing.T, decimal string) int64 {
	t.Helper()
	if decimal == "" {
		return 0
	}
	var whole, rest int64
	var sign int64 = 1
	if decimal[0] == '-' {
		sign, decimal = -1, decimal[1:]
	}
	if _, err := fmt.Sscanf(decimal, "%d.%d", &whole, &rest); err != nil {
		t.Fatalf("amount %q: %v", decimal, err)
	}
	return sign * (whole*100 + rest)
}

func TestTransactionsComeInPages(t *testing.T) {
	d := newDesk(t)
	if err := d.world.SetPayPalSearchLag(0); err != nil {
		t.Fatal(err)
	}
	token := d.vaulted(sandbox.PayerUS)
	for i := range 5 {
		d.captured(token, "USD", "8.00", fmt.Sprintf("INV-%d", i))
	}
	var invoices []string
	for page := 1; page <= 3; page++ {
		got := d.found(fmt.Sprintf("&page_size=2&page=%d", page))
		if got.TotalItems != 5 || got.TotalPages != 3 {
			t.Errorf("page %d: got %d items on %d pages, want 5 on 3", page, got.TotalItems, got.TotalPages)
		}
		for _, detail := range got.Details {
			invoices = append(invoices, detail.Info.InvoiceID)
		}
		hasNext := slices.ContainsFunc(got.Links, func(l struct{ Rel, Href string }) bool { return l.Rel == "next" })
		if hasNext != (page < 3) {
			t.Errorf("page %d: got a next page: %v", page, hasNext)
		}
	}
	if want := []string{"INV-0", "INV-1", "INV-2", "INV-3", "INV-4"}; !slices.Equal(invoices, want) {
		t.Errorf("got %v, want %v", invoices, want)
	}
	if got := d.found("&page=9"); len(got.Details) != 0 {
		t.Errorf("behind the last page: got %v", got.codes())
	}
}

func TestSearchesThatAreRefused(t *testing.T) {
	d := newDesk(t)
	for name, query := range map[string]url.Values{
		"no start":   {"end_date": {"2026-03-31T00:00:00Z"}},
		"no end":     {"start_date": {"2026-03-01T00:00:00Z"}},
		"32 days":    {"start_date": {"2026-03-01T00:00:00Z"}, "end_date": {"2026-04-02T00:00:00Z"}},
		"backwards":  {"start_date": {"2026-03-02T00:00:00Z"}, "end_date": {"2026-03-01T00:00:00Z"}},
		"no time":    {"start_date": {"2026-03-01"}, "end_date": {"2026-03-02"}},
		"large page": {"start_date": {"2026-03-01T00:00:00Z"}, "end_date": {"2026-03-02T00:00:00Z"}, "page_size": {"501"}},
		"odd filter": {"start_date": {"2026-03-01T00:00:00Z"}, "end_date": {"2026-03-02T00:00:00Z"}, "store_id": {"1"}},
	} {
		var refused struct {
			Name    string
			Details []struct{ Field, Location, Description string }
		}
		status := d.askPayPal("GET", "/v1/reporting/transactions?"+query.Encode(), nil, &refused)
		if status != 400 || refused.Name != "INVALID_REQUEST" || len(refused.Details) != 1 || refused.Details[0].Location != "query" || refused.Details[0].Description == "" {
			t.Errorf("%s: got %d %+v", name, status, refused)
		}
	}
	within := url.Values{"start_date": {"2026-03-01T00:00:00-0700"}, "end_date": {"2026-04-01T00:00:00-0700"}}
	if status := d.askPayPal("GET", "/v1/reporting/transactions?"+within.Encode(), nil, nil); status != 200 {
		t.Errorf("31 days with an offset: got %d, want 200", status)
	}
}
