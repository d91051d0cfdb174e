package sandbox_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

type disputeDoc struct {
	DisputeID string `json:"dispute_id"`
	Reason    string `json:"reason"`
	Status    string `json:"status"`
	State     string `json:"dispute_state"`
	Stage     string `json:"dispute_life_cycle_stage"`
	Amount    struct {
		Value string `json:"value"`
	} `json:"dispute_amount"`
	Transactions []struct {
		Seller  string `json:"seller_transaction_id"`
		Invoice string `json:"invoice_number"`
		Buyer   struct {
			Name string `json:"name"`
		} `json:"buyer"`
	} `json:"disputed_transactions"`
	Outcome struct {
		Code string `json:"outcome_code"`
	} `json:"dispute_outcome"`
	Links []struct{ Href, Rel string } `json:"links"`
}

func (d *desk) dispute(id string) (doc disputeDoc) {
	d.Helper()
	if status := d.askPayPal("GET", "/v1/customer/disputes/"+id, nil, &doc); status != 200 {
		d.Fatalf("dispute %s: got %d", id, status)
	}
	return doc
}

// balances are what the books say that the accounts of PayPal's half have, in
// one currency.
func (d *desk) balances(currency string) map[string]int64 {
	d.Helper()
	b := d.books()
	if !b.Balanced {
		d.Error("the books are out of balance")
	}
	return b.PayPal.Balances[currency]
}

// Who wins a dispute gets the money, and until then nobody has it.
func TestDisputedMoneyMoves(t *testing.T) {
	const captured, fee, chargebackFee = 100_00, 3_98, 15_00
	for _, c := range []struct {
		name    string
		reason  string
		end     func(d *desk, id string)
		outcome string
		payers  int64 // what they have paid in the end
		fees    int64
	}{
		{"the payer wins a chargeback", "UNAUTHORISED", func(d *desk, id string) { d.decide(id, true) }, "RESOLVED_BUYER_FAVOUR", 0, fee + chargebackFee},
		{"the payer wins an inquiry", "OTHER", func(d *desk, id string) { d.decide(id, true) }, "RESOLVED_BUYER_FAVOUR", 0, fee},
		{"the merchant wins", "UNAUTHORISED", func(d *desk, id string) { d.decide(id, false) }, "RESOLVED_SELLER_FAVOUR", captured, fee},
		{"the merchant gives in", "CREDIT_NOT_PROCESSED", func(d *desk, id string) {
			if status := d.askPayPal("POST", "/v1/customer/disputes/"+id+"/accept-claim", nil, nil); status != 200 {
				d.Errorf("accept: got %d", status)
			}
		}, "RESOLVED_BUYER_FAVOUR", 0, fee},
		{"PayPal's own sandbox decides", "OTHER", func(d *desk, id string) {
			if status := d.askPayPal("POST", "/v1/customer/disputes/"+id+"/adjudicate", map[string]string{"adjudication_outcome": "SELLER_FAVOR"}, nil); status != 200 {
				d.Errorf("adjudicate: got %d", status)
			}
		}, "RESOLVED_SELLER_FAVOUR", captured, fee},
		{"the merchant keeps silent", "OTHER", func(d *desk, id string) {
			if err := d.world.Advance(11 * 24 * time.Hour); err != nil {
				d.Fatal(err)
			}
		}, "RESOLVED_BUYER_FAVOUR", 0, fee},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			capture := d.captured(d.vaulted(sandbox.PayerUS), "USD", "100.00", "INV-1")
			id, err := d.world.DisputePayPal(capture, c.reason)
			if err != nil {
				t.Fatal(err)
			}
			if got := d.balances("USD"); got["paypal_disputed"] != captured || got["paypal_merchant"] != -fee {
				t.Errorf("while it lasts: got %v, want the disputed amount set aside", got)
			}
			c.end(d, id)
			got := d.balances("USD")
			want := map[string]int64{"paypal_payers": -c.payers, "paypal_fees": c.fees, "paypal_disputed": 0, "paypal_merchant": c.payers - c.fees}
			for account, amount := range want {
				if got[account] != amount {
					t.Errorf("in the end: got %d in %s, want %d", got[account], account, amount)
				}
			}
			if doc := d.dispute(id); doc.Status != "RESOLVED" || doc.State != "RESOLVED" || doc.Outcome.Code != c.outcome {
				t.Errorf("got %+v, want %s", doc, c.outcome)
			}
			if err := d.world.DecidePayPalDispute(id, true); err == nil {
				t.Error("deciding again: got no error")
			}
			if status := d.askPayPal("POST", "/v1/customer/disputes/"+id+"/accept-claim", nil, nil); status != 422 {
				t.Errorf("accepting what is over: got %d, want 422", status)
			}
		})
	}
}

func (d *desk) decide(id string, buyerWins bool) {
	d.Helper()
	if err := d.world.DecidePayPalDispute(id, buyerWins); err != nil {
		d.Error(err)
	}
}

func TestDisputeIsToldAndAnswered(t *testing.T) {
	d, m, id := hearing(t, "CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED")
	capture := d.captured(d.vaulted(sandbox.PayerGB), "GBP", "12.34", "INV-7")
	dispute, err := d.world.DisputePayPal(capture, "MERCHANDISE_OR_SERVICE_NOT_RECEIVED")
	if err != nil {
		t.Fatal(err)
	}
	doc := d.dispute(dispute)
	if doc.DisputeID != dispute || doc.Amount.Value != "12.34" || doc.Stage != "INQUIRY" || doc.Status != "WAITING_FOR_SELLER_RESPONSE" ||
		doc.Transactions[0].Seller != capture || doc.Transactions[0].Invoice != "INV-7" || doc.Transactions[0].Buyer.Name != "Gwen Britten" {
		t.Errorf("got %+v", doc)
	}
	evidence := map[string]any{"evidences": []map[string]any{{"evidence_type": "OTHER", "notes": "The machine ran."}}}
	if status := d.askPayPal("POST", "/v1/customer/disputes/"+dispute+"/provide-evidence", evidence, nil); status != 200 {
		t.Errorf("evidence: got %d, want 200", status)
	}
	if status := d.askPayPal("POST", "/v1/customer/disputes/"+dispute+"/provide-evidence", evidence, nil); status != 422 {
		t.Errorf("evidence twice: got %d, want 422", status)
	}
	if doc := d.dispute(dispute); doc.Status != "UNDER_REVIEW" || doc.State != "UNDER_PAYPAL_REVIEW" {
		t.Errorf("after the evidence: got %+v", doc)
	}
	if err := d.world.Advance(30 * 24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if doc := d.dispute(dispute); doc.Status != "UNDER_REVIEW" {
		t.Errorf("a month later: got %s, want it still under review", doc.Status)
	}
	d.decide(dispute, false)
	d.tick()
	want := []string{"CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED"}
	if got := m.types(); !slices.Equal(got, want) {
		t.Errorf("got events %v, want %v", got, want)
	}
	for _, p := range m.got {
		if !strings.Contains(string(p.event.Resource), dispute) || p.event.ResourceType != "dispute" || d.checkSignature(p, id) != nil {
			t.Errorf("got event %+v", p.event)
		}
	}
}

func TestEvidenceComesAsAForm(t *testing.T) {
	d := newDesk(t)
	dispute, err := d.world.DisputePayPal(d.captured(d.vaulted(sandbox.PayerUS), "USD", "8.00", "INV-1"), "OTHER")
	if err != nil {
		t.Fatal(err)
	}
	const form = "--cut\r\nContent-Disposition: form-data; name=\"evidence-file\"; filename=\"a.txt\"\r\n\r\nproof\r\n--cut--\r\n"
	req, err := http.NewRequest("POST", "http://sandbox.test/v1/customer/disputes/"+dispute+"/provide-evidence", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+d.paypalBearer())
	req.Header.Set("Content-Type", `multipart/form-data; boundary="cut"`)
	if status, got := d.exchanged(req); status != 200 {
		t.Errorf("got %d %s, want 200", status, got)
	}
	if doc := d.dispute(dispute); doc.Status != "UNDER_REVIEW" {
		t.Errorf("got %s, want UNDER_REVIEW", doc.Status)
	}
}

func TestDisputesAreListed(t *testing.T) {
	d := newDesk(t)
	token := d.vaulted(sandbox.PayerUS)
	var captures, disputes []string
	for _, invoice := range []string{"INV-1", "INV-2", "INV-3"} {
		capture := d.captured(token, "USD", "8.00", invoice)
		dispute, err := d.world.DisputePayPal(capture, "OTHER")
		if err != nil {
			t.Fatal(err)
		}
		captures, disputes = append(captures, capture), append(disputes, dispute)
		if err := d.world.Advance(time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	d.decide(disputes[0], true)
	for query, want := range map[string][]string{
		"":                        {disputes[2], disputes[1], disputes[0]},
		"?dispute_state=RESOLVED": {disputes[0]},
		"?dispute_state=RESOLVED,REQUIRED_ACTION":      {disputes[2], disputes[1], disputes[0]},
		"?disputed_transaction_id=" + captures[1]:      {disputes[1]},
		"?start_time=2026-03-02T09:30:00.000Z":         {disputes[2], disputes[1]},
		"?update_time_after=2026-03-02T11:30:00.000Z":  {disputes[0]},
		"?update_time_before=2026-03-02T10:30:00.000Z": {disputes[1]},
	} {
		var list struct{ Items []disputeDoc }
		if status := d.askPayPal("GET", "/v1/customer/disputes"+query, nil, &list); status != 200 {
			t.Errorf("%q: got %d", query, status)
		}
		var got []string
		for _, item := range list.Items {
			got = append(got, item.DisputeID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", query, got, want)
		}
	}

	var got []string
	for path := "/v1/customer/disputes?page_size=2"; path != ""; {
		var page struct {
			Items []disputeDoc
			Links []struct{ Href, Rel string }
		}
		d.askPayPal("GET", path, nil, &page)
		path = ""
		for _, item := range page.Items {
			got = append(got, item.DisputeID)
		}
		for _, l := range page.Links {
			path = strings.TrimPrefix(l.Href, "http://sandbox.test")
		}
	}
	if want := []string{disputes[2], disputes[1], disputes[0]}; !slices.Equal(got, want) {
		t.Errorf("by pages: got %v, want %v", got, want)
	}
	for query, want := range map[string]int{"?page_size=51": 400, "?start_time=yesterday": 400, "/PP-D-NONE": 404} {
		if status := d.askPayPal("GET", "/v1/customer/disputes"+query, nil, nil); status != want {
			t.Errorf("%q: got %d, want %d", query, status, want)
		}
	}
}

func TestWhatCannotBeDisputed(t *testing.T) {
	d := newDesk(t)
	token := d.vaulted(sandbox.PayerUS)
	refunded := d.captured(token, "USD", "8.00", "INV-1")
	if status := d.askPayPal("POST", "/v2/payments/captures/"+refunded+"/refund", map[string]any{}, nil); status != 201 {
		t.Fatalf("refund: got %d", status)
	}
	disputed := d.captured(token, "USD", "8.00", "INV-2")
	if _, err := d.world.DisputePayPal(disputed, "OTHER"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]string{
		"refunded": {refunded, "OTHER"}, "disputed": {disputed, "OTHER"}, "missing": {"NONE", "OTHER"}, "odd reason": {d.captured(token, "USD", "8.00", "INV-3"), "BORED"},
	} {
		if _, err := d.world.DisputePayPal(c[0], c[1]); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if status := d.askPayPal("POST", "/v2/payments/captures/"+disputed+"/refund", map[string]any{}, nil); status != 422 {
		t.Errorf("refunding what is disputed: got %d, want 422", status)
	}
}

func TestDisputesByTheControlDesk(t *testing.T) {
	d := newDesk(t)
	capture := d.captured(d.vaulted(sandbox.PayerUS), "USD", "8.00", "INV-1")
	status, text, _ := d.order("POST", "/_sandbox/paypal/disputes", `{"capture":"`+capture+`"}`)
	if status != 200 || !strings.Contains(text, "PP-D-") {
		t.Fatalf("got %d %s", status, text)
	}
	var list struct{ Items []disputeDoc }
	d.askPayPal("GET", "/v1/customer/disputes", nil, &list)
	if status, text, _ := d.order("POST", "/_sandbox/paypal/disputes/decide", `{"dispute":"`+list.Items[0].DisputeID+`","buyer_wins":true}`); status != 200 {
		t.Errorf("decide: got %d %s", status, text)
	}
	if doc := d.dispute(list.Items[0].DisputeID); doc.Outcome.Code != "RESOLVED_BUYER_FAVOUR" {
		t.Errorf("got %+v", doc)
	}
	if status, _, _ := d.order("POST", "/_sandbox/paypal/disputes", `{"capture":"NONE"}`); status != 400 {
		t.Errorf("no such capture: got %d, want 400", status)
	}
}
