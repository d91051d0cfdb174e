package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
)

func usageLine(id, account, amount string) string {
	return fmt.Sprintf(`{"id":%q,"account":%q,"product":"compute","amount":{"amount":%q,"currency":"USD"},"started_at":"2024-09-18T11:00:00Z"}`, id, account, amount)
}

func openedAccount(d *desk, reference string) string {
	d.t.Helper()
	a := d.post(201, "/v1/accounts", `{"reference":"`+reference+`","name":"Acme","country":"US","currency":"USD","email":"a@example.com"}`)
	return a["id"].(string)
}

func TestUsageIsRecordedOnce(t *testing.T) {
	d := newDesk(t)
	a := openedAccount(d, "acme")
	body := `{"lines":[` + usageLine("1", a, "0.0000008") + `,` + usageLine("2", a, "1.0000000000005") + `,
		{"id":"3","reference":"acme","amount":{"amount":"-0.5","currency":"USD"},"started_at":"2024-09-18T11:00:00+02:00"},
		{"id":"4","reference":"acme","amount":{"amount":"7","currency":"USD"},"started_at":"2024-09-18T11:00:00Z","tax":true}]}`
	got := d.post(200, "/v1/usage", body)
	if got["recorded"] != 3.0 || got["tax"] != 1.0 || got["repeated"] != 0.0 || got["rounded"] != 1.0 || got["bad_count"] != 0.0 {
		t.Errorf("got %v, want three recorded, one of tax, one rounded", got)
	}
	if again := d.post(200, "/v1/usage", body); again["recorded"] != 0.0 || again["repeated"] != 4.0 {
		t.Errorf("again: got %v, want four repeated", again)
	}
	usage := d.get("/v1/accounts/" + a + "/usage")
	if got := fmt.Sprint(usage["products"]); !strings.Contains(got, "amount:1.0000008 ") || !strings.Contains(got, "amount:-0.5 ") {
		t.Errorf("got %s, want 1.0000008 of compute and -0.5 of other", got)
	}
	if past := d.get("/v1/accounts/" + a + "/usage?month=2024-08"); fmt.Sprint(past["products"]) != "[]" || past["month"] != "2024-08" {
		t.Errorf("got %v, want nothing in August", past)
	}
	d.want(422, ask{method: "GET", path: "/v1/accounts/" + a + "/usage?month=2024-13"})
}

// TestUsageByDay asks for a month's days: by product they come to the month to the last
// digit, on the days of the account's own zone.
func TestUsageByDay(t *testing.T) {
	d := newDesk(t)
	a := d.post(201, "/v1/accounts", `{"reference":"acme","name":"Acme","country":"US","currency":"USD","zone":"America/New_York","email":"a@example.com"}`)["id"].(string)
	path := "/v1/accounts/" + a + "/usage?month=2024-09"
	line := func(id, product, amount, at string) string {
		return fmt.Sprintf(`{"id":%q,"account":%q,"product":%q,"amount":{"amount":%q,"currency":"USD"},"started_at":%q}`, id, a, product, amount, at)
	}
	if got := d.get(path + "&by=day"); fmt.Sprint(got["days"]) != "[]" {
		t.Errorf("before anything was used: got days %v, want an empty list", got["days"])
	}
	d.post(200, "/v1/usage", `{"lines":[`+strings.Join([]string{
		line("1", "compute", "1.000000000001", "2024-09-17T11:00:00Z"),
		line("2", "disk", "0.25", "2024-09-17T12:00:00Z"),
		line("3", "compute", "2.5", "2024-09-18T03:59:59Z"), // still the 17th in New York
		line("4", "compute", "4", "2024-09-18T04:00:00Z"),
		line("5", "disk", "-0.05", "2024-09-18T11:00:00Z"),
	}, ",")+`]}`)
	d.post(200, "/v1/usage", `{"lines":[`+line("6", "disk", "0.5", "2024-09-16T11:00:00Z")+`]}`) // late, of a day before

	told := func(list any) (text string) {
		for _, one := range list.([]any) {
			u := one.(map[string]any)
			text += fmt.Sprintln(u["day"], u["product"], u["lines"], decimals(u, "usage"))
		}
		return text
	}
	got := d.get(path + "&by=day")
	if days, want := told(got["days"]), `2024-09-16 disk 1 0.5
2024-09-17 compute 2 3.500000000001
2024-09-17 disk 1 0.25
2024-09-18 compute 1 4
2024-09-18 disk 1 -0.05
`; days != want {
		t.Errorf("got days\n%swant\n%s", days, want)
	}
	products := told(got["products"])
	if want := "<nil> compute 3 7.500000000001\n<nil> disk 3 0.7\n"; products != want {
		t.Errorf("got products\n%swant what the days come to\n%s", products, want)
	}
	for _, query := range []string{"", "&by=product"} {
		got := d.get(path + query)
		if _, told := got["days"]; told {
			t.Errorf("%q: got days %v, want none", query, got["days"])
		}
		if got := told(got["products"]); got != products {
			t.Errorf("%q: got products\n%swant the same as by day", query, got)
		}
	}
	if got := d.get("/v1/accounts/" + a + "/usage?month=2024-08&by=day"); fmt.Sprint(got["days"], got["products"]) != "[] []" {
		t.Errorf("got %v, want nothing in August", got)
	}
}

// TestUsageByDayIsRefused to whom it does not belong, and by what it cannot be told.
func TestUsageByDayIsRefused(t *testing.T) {
	d := newDesk(t)
	a, other := openedAccount(d, "acme"), openedAccount(d, "other")
	d.post(200, "/v1/usage", `{"lines":[`+usageLine("1", a, "1")+`]}`)
	path := "/v1/accounts/" + a + "/usage?by="
	for _, by := range []string{"hour", "Day", "day,product", canary} {
		w := d.ask(ask{method: "GET", path: path + by})
		var p struct {
			Code, Next string
			Errors     []mistake
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if w.Code != 422 || p.Code != "request_invalid" || p.Next == "" || len(p.Errors) != 1 || p.Errors[0].Place != "query.by" || strings.Contains(w.Body.String(), canary) {
			t.Errorf("by=%s: got %d %s, want 422 request_invalid at query.by", by, w.Code, w.Body)
		}
	}
	if got := d.get(path); got["days"] != nil {
		t.Errorf("by nothing: got %v, want what is told when it is left out", got)
	}
	d.want(403, ask{method: "GET", path: path + "day", key: d.newKey(access.BillsRead)})
	d.want(401, ask{method: "GET", path: path + "day", key: "none"})
	for whose, want := range map[string]int{a: 200, other: 404} {
		by := access.Caller{Name: "console:" + whose, Scopes: access.Scopes, Account: account.ID(whose)}
		w := httptest.NewRecorder()
		d.ServeAs(by, w, httptest.NewRequest("GET", path+"day", nil))
		if w.Code != want || want == 404 && (!strings.Contains(w.Body.String(), "account_not_found") || strings.Contains(w.Body.String(), "compute")) {
			t.Errorf("the key of %s: got %d %s, want %d", whose, w.Code, w.Body, want)
		}
	}
}

func TestBadLinesAreNamedByRow(t *testing.T) {
	d := newDesk(t)
	a := openedAccount(d, "acme")
	good := usageLine("1", a, "1")
	for _, c := range []struct{ name, line, code, place string }{
		{"unknown account", usageLine("2", "acct_4242424242424242", "1"), "account_unknown", "row 2"},
		{"bad amount", usageLine("2", a, "4242424242424242x"), "amount_malformed", "row 2: amount.amount"},
		{"huge amount", usageLine("2", a, strings.Repeat("42", 12)), "amount_out_of_range", "row 2: amount.amount"},
		{"unknown currency", strings.Replace(usageLine("2", a, "1"), "USD", "XXX", 1), "currency_unknown", "row 2: amount.currency"},
		{"another currency", strings.Replace(usageLine("2", a, "1"), "USD", "EUR", 1), "currency_mismatch", "row 2"},
		{"no instant", strings.Replace(usageLine("2", a, "1"), "2024-09-18T11:00:00Z", "4242424242424242", 1), "line_invalid", "row 2: started_at"},
		{"next month", strings.Replace(usageLine("2", a, "1"), "2024-09", "2024-10", 1), "month_in_future", "row 2"},
		{"no account", strings.Replace(usageLine("2", a, "1"), `"account":"`+a+`",`, "", 1), "line_invalid", "row 2: account"},
		{"both names", strings.Replace(usageLine("2", a, "1"), `"account"`, `"reference":"acme","account"`, 1), "line_invalid", "row 2: account"},
		{"no amount", `{"id":"2","account":"` + a + `","started_at":"2024-09-18T11:00:00Z"}`, "line_invalid", "row 2: amount"},
		{"no id", usageLine("", a, "1"), "line_invalid", "row 2: id"},
		{"another line under its id", usageLine("1", a, "2"), "line_conflict", "row 2"},
	} {
		strict := `{"lines":[` + good + `,` + c.line + `]}`
		w := d.ask(ask{method: "POST", path: "/v1/usage", body: strict})
		var p struct {
			Code   string
			Errors []struct{ Code, Place string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 422 || p.Code != "usage_refused" ||
			len(p.Errors) != 1 || p.Errors[0].Code != c.code || p.Errors[0].Place != c.place || strings.Contains(w.Body.String(), "42424242") {
			t.Errorf("%s: got %d %s, want 422 with %s at %s", c.name, w.Code, w.Body, c.code, c.place)
		}
		lenient := d.post(200, "/v1/usage", `{"skip_bad":true,"lines":[`+usageLine("good "+c.name, a, "1")+`,`+strings.Replace(c.line, `"1"`, `"good `+c.name+`"`, 1)+`]}`)
		if lenient["recorded"] != 1.0 || lenient["bad_count"] != 1.0 || len(lenient["bad"].([]any)) != 1 {
			t.Errorf("%s, skipped: got %v, want one recorded and one bad", c.name, lenient)
		}
	}
	if usage := d.get("/v1/accounts/" + a + "/usage"); fmt.Sprint(usage["products"].([]any)[0].(map[string]any)["lines"]) != "12" {
		t.Errorf("got %v, want the good line of each lenient batch and nothing of the strict ones", usage)
	}
}

func TestABatchOfBadLinesOnlyIsReported(t *testing.T) {
	d := newDesk(t)
	a := openedAccount(d, "acme")
	if got := d.post(200, "/v1/usage", `{"skip_bad":true,"lines":[`+usageLine("1", a, "x")+`]}`); got["recorded"] != 0.0 || got["bad_count"] != 1.0 {
		t.Errorf("got %v, want one bad line", got)
	}
	d.want(403, ask{method: "POST", path: "/v1/usage", key: d.newKey(access.UsageRead), body: `{"skip_bad":true,"lines":[` + usageLine("1", a, "x") + `]}`})
}

func TestUsageBodiesAreReadStrictly(t *testing.T) {
	d := newDesk(t)
	a := openedAccount(d, "acme")
	line := usageLine("1", a, "1")
	for _, c := range []struct {
		name, body  string
		status      int
		code, place string
	}{
		{"empty", ``, 400, "body_malformed", ""},
		{"cut", `{"lines":[` + line, 400, "body_malformed", ""},
		{"comma", `{"lines":[` + line + `,]}`, 400, "body_malformed", ""},
		{"two values", `{"lines":[` + line + `]}{}`, 400, "body_malformed", ""},
		{"not UTF-8", `{"lines":[` + strings.Replace(line, "compute", "\xff", 1) + `]}`, 400, "body_malformed", ""},
		{"NUL", `{"lines":[` + strings.Replace(line, "compute", `a\u0000b`, 1) + `]}`, 400, "body_malformed", ""},
		{"raw control character", `{"lines":[` + strings.Replace(line, "compute", "a\nb", 1) + `]}`, 400, "body_malformed", ""},
		{"lone surrogate", `{"lines":[` + strings.Replace(line, "compute", `\ud800`, 1) + `]}`, 400, "body_malformed", ""},
		{"one name twice", `{"lines":[` + strings.Replace(line, `"id":"1"`, `"id":"1","id":"2"`, 1) + `]}`, 400, "body_malformed", ""},
		{"lines twice", `{"lines":[` + line + `],"lines":[` + line + `]}`, 400, "body_malformed", ""},
		{"no lines", `{"lines":[]}`, 422, "no_lines", ""},
		{"nothing", `{}`, 422, "no_lines", ""},
		{"a list", `[` + line + `]`, 422, "request_invalid", "body"},
		{"lines no list", `{"lines":{}}`, 422, "request_invalid", "body.lines"},
		{"line no object", `{"lines":[` + line + `,7]}`, 422, "request_invalid", "body.lines[1]"},
		{"unknown field", `{"lines":[` + strings.Replace(line, `"id"`, `"colour":1,"id"`, 1) + `]}`, 422, "request_invalid", "body.lines[0].colour"},
		{"unknown field that is a number", `{"lines":[` + strings.Replace(line, `"id"`, `"`+canary+`":1,"id"`, 1) + `]}`, 422, "request_invalid", "body.lines[0].?"},
		{"unknown field of the batch", `{"lines":[` + line + `],"mode":"x"}`, 422, "request_invalid", "body.mode"},
		{"amount a number", `{"lines":[{"id":"1","account":"` + a + `","amount":4242424242424242,"started_at":"2024-09-18T11:00:00Z"}]}`, 422, "request_invalid", "body.lines[0].amount"},
		{"amount's amount a number", `{"lines":[` + strings.Replace(line, `"amount":"1"`, `"amount":1`, 1) + `]}`, 422, "request_invalid", "body.lines[0].amount.amount"},
		{"id null", `{"lines":[` + strings.Replace(line, `"id":"1"`, `"id":null`, 1) + `]}`, 422, "request_invalid", "body.lines[0].id"},
		{"skip_bad text", `{"skip_bad":"true","lines":[` + line + `]}`, 422, "request_invalid", "body.skip_bad"},
		{"too many", `{"lines":[` + strings.Repeat(`{},`, 10_000) + `{}]}`, 413, "too_many_lines", ""},
		{"huge", `{"lines":[` + strings.Repeat(" ", 9<<20) + `]}`, 413, "body_too_large", ""},
	} {
		w := d.ask(ask{method: "POST", path: "/v1/usage", body: c.body})
		var p struct {
			Code   string
			Errors []mistake
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != c.status || p.Code != c.code || strings.Contains(w.Body.String(), "42424242") {
			t.Errorf("%s: got %d %.300s, want %d %s", c.name, w.Code, w.Body, c.status, c.code)
		}
		if c.place != "" && (len(p.Errors) != 1 || p.Errors[0].Place != c.place) {
			t.Errorf("%s: got %.300s, want the place %s", c.name, w.Body, c.place)
		}
	}
	for name, value := range map[string]string{"Content-Type": "text/csv", "Content-Encoding": "gzip"} {
		w := d.ask(ask{method: "POST", path: "/v1/usage", body: `{"lines":[` + line + `]}`, header: map[string]string{name: value}})
		if w.Code != 415 {
			t.Errorf("%s %s: got %d %s, want 415", name, value, w.Code, w.Body)
		}
	}
	if got := d.post(200, "/v1/usage", ` { "skip_bad" : false , "lines" : [ `+strings.Replace(line, `"id"`, `"\u0069d"`, 1)+` ] } `); got["recorded"] != 1.0 {
		t.Errorf("with space and escapes: got %v, want one recorded", got)
	}
}

// FuzzUsageIsReadAsJSON holds the reader by hand to the library's: what it takes
// is JSON, and says the same as the library reads in it.
func FuzzUsageIsReadAsJSON(f *testing.F) {
	d := newDesk(f)
	a := openedAccount(d, "acme")
	for _, seed := range []string{
		`{"lines":[` + usageLine("1", a, "1.5") + `]}`, `{"skip_bad":true,"lines":[{"id":"\"\\","amount":{"amount":"1","currency":"USD"}}]}`,
		`{"lines":[{}]}`, `{"lines":[],"skip_bad":false}`, `{`, `{"lines":[` + usageLine("é", a, "-1e3") + `,{"tax":true}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := d.ask(ask{method: "POST", path: "/v1/usage", body: string(body)})
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%q: got %d %s, want an answer below 500", body, w.Code, w.Body)
		}
		isForm := !bytes.Contains(w.Body.Bytes(), []byte(`"body_malformed"`))
		var batch struct {
			Lines   []map[string]any `json:"lines"`
			SkipBad any              `json:"skip_bad"`
		}
		err := json.Unmarshal(body, &batch)
		if isForm && w.Code == 200 && err != nil {
			t.Errorf("%q: got %d, want it refused: %v", body, w.Code, err)
		}
		var report struct {
			Recorded, Repeated, Tax int
			BadCount                int `json:"bad_count"`
		}
		if w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &report) != nil {
			return
		}
		if got := report.Recorded + report.Repeated + report.Tax + report.BadCount; got != len(batch.Lines) {
			t.Errorf("%q: got %d lines counted, want %d", body, got, len(batch.Lines))
		}
	})
}

func BenchmarkUsage(b *testing.B) {
	d := newDesk(b)
	a := openedAccount(d, "acme")
	const lines = 1000
	for n := 0; b.Loop(); n++ {
		var body strings.Builder
		body.WriteString(`{"lines":[`)
		for i := range lines {
			if i > 0 {
				body.WriteByte(',')
			}
			body.WriteString(usageLine(fmt.Sprintf("%d-%d", n, i), a, "0.0001"))
		}
		body.WriteString(`]}`)
		if w := d.ask(ask{method: "POST", path: "/v1/usage", body: body.String()}); w.Code != 200 {
			b.Fatalf("got %d %s, want 200", w.Code, w.Body)
		}
	}
	b.ReportMetric(float64(b.N*lines)/b.Elapsed().Seconds(), "lines/s")
}
