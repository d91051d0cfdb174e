package sandbox_test

import (
	"bytes"
	"cmp"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/statement"
)

// The account of most tests, and a number that leads to it.
var (
	bankIBAN    = "DE89370400440532013000"
	bankVirtual = iban("DE", "370400440000000042")
)

// bank opens an account of 1,000.00 EUR with numbers from …00 to …99.
func (d *desk) bank() {
	d.Helper()
	if _, err := d.world.OpenBankAccount(sandbox.BankAccount{Number: bankIBAN, Currency: "EUR", Holder: "Example Cloud GmbH", BIC: "COBADEFFXXX", Opening: "1000.00"}); err != nil {
		d.Fatalf("open an account: %v", err)
	}
	if _, err := d.world.SetVirtualNumbers(bankIBAN, []sandbox.NumberRange{{First: iban("DE", "370400440000000000"), Last: iban("DE", "370400440000000099")}}); err != nil {
		d.Fatalf("set virtual numbers: %v", err)
	}
}

// iban puts the check digits of ISO 13616 between a country and a number of digits.
func iban(country, number string) string {
	rest := 0
	for _, r := range number + country + "00" {
		if r >= 'A' {
			rest = (rest*100 + int(r-'A') + 10) % 97
			continue
		}
		rest = (rest*10 + int(r-'0')) % 97
	}
	check := 98 - rest
	return country + string(rune('0'+check/10)) + string(rune('0'+check%10)) + number
}

func (d *desk) transfer(o sandbox.Transfer) sandbox.BankEntry {
	d.Helper()
	e, err := d.world.Transfer(o)
	if err != nil {
		d.Fatalf("transfer %s: %v", o.Amount, err)
	}
	return e
}

func (d *desk) endDay() sandbox.BankStatement {
	d.Helper()
	issued, err := d.world.EndDay("")
	if err != nil || len(issued) != 1 {
		d.Fatalf("end the day: got %v, %v, want one statement", issued, err)
	}
	return issued[0]
}

// parsed reads a statement back through bursar's own reader, which must find that it
// adds up.
func (d *desk) parsed(s sandbox.BankStatement, format string) statement.Statement {
	d.Helper()
	f, err := d.world.BankFile(s.Account, s.Number, format)
	if err != nil {
		d.Fatalf("statement %d as %s: %v", s.Number, format, err)
	}
	found, err := statement.Detect(f.Body)
	if err != nil || string(found) != format {
		d.Errorf("detect: got %s, %v, want %s", found, err, format)
	}
	all, err := statement.ReadAll(bytes.NewReader(f.Body), statement.Options{})
	if err != nil || len(all) != 1 {
		d.Fatalf("read %s: got %d statements, %v\n%s", format, len(all), err, f.Body)
	}
	if got := all[0]; got.Proof != statement.Balanced || len(got.Remarks) > 0 {
		d.Errorf("%s: got %v with %v, want it balanced\n%s", format, got.Proof, got.Remarks, f.Body)
	}
	return all[0]
}

// bankDay is a day on which everything happens.
func (d *desk) bankDay() {
	d.Helper()
	payer := sandbox.BankParty{Name: "Meridian Robotics and Automation Holding Limited", Account: "GB33BUKB20201555555555", BIC: "BUKBGB22"}
	first := d.transfer(sandbox.Transfer{To: bankVirtual, Amount: "120.50", Rail: "sepa", Payer: payer, Reference: "Invoice 2026-02 for the compute of February and a little more", EndToEnd: "E2E-1"})
	d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "99.00", Rail: "instant", Payer: sandbox.BankParty{Name: "Ana"}, Structured: "RF18 5390 0754 7034"})
	d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "500.00", SenderFee: "15.00", Rail: "cross_border", Payer: payer, Reference: "EREF: our order - 7", EndToEnd: "X/7"})
	d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "100.00", Currency: "USD", Arrives: "91.07", Payer: payer})
	d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "5.00", Rail: "cash", ValueDay: "2026-03-03"})
	d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "7.00", Rail: "cheque", Payer: payer})
	if _, err := d.world.Pay(sandbox.Payment{Account: bankIBAN, Amount: "30.00", Rail: "sepa", Payee: payer, Reference: "Back to you", EndToEnd: "wdr 1"}); err != nil {
		d.Fatal(err)
	}
	if _, err := d.world.TakeFee(sandbox.BankFee{Account: bankIBAN, Amount: "4.20"}); err != nil {
		d.Fatal(err)
	}
	if _, err := d.world.Reverse(sandbox.Reversal{Entry: first.Reference, Reason: "FOCR"}); err != nil {
		d.Fatal(err)
	}
}

func TestStatementsAddUpAndSayTheSame(t *testing.T) {
	d := newDesk(t)
	d.bank()
	d.bankDay()
	s := d.endDay()
	if s.Number != 1 || s.Opening != "1000.00" || s.Closing != "1652.87" || s.Entries != 9 || s.Day != "2026-03-02" {
		t.Errorf("statement: got %+v", s)
	}
	camt, mt := d.parsed(s, sandbox.BankCamt053), d.parsed(s, sandbox.BankMT940)
	if camt.Account.ID() != bankIBAN || camt.Account.Owner != "Example Cloud GmbH" || camt.Version != "08" || camt.Sequence != "1" || camt.Account.Servicer != "COBADEFFXXX" {
		t.Errorf("camt: got %+v of %q, version %s", camt.Account, camt.Sequence, camt.Version)
	}
	if mt.Account.ID() != bankIBAN || mt.Currency != camt.Currency || mt.Opening.Amount.Cmp(camt.Opening.Amount) != 0 || mt.Closing.Date != camt.Closing.Date {
		t.Errorf("mt940: got %+v, opening %+v", mt.Account, mt.Opening)
	}
	for i, a := range camt.Lines {
		b := mt.Lines[i]
		got, want := lineOf(b), lineOf(a)
		if want.Text == "" { // then all that MT940 says about it counts as its words
			got.Text = ""
		}
		if got != want {
			t.Errorf("entry %d:\nmt940 %+v\n camt %+v", i+1, got, want)
		}
	}
	if got := lineOf(camt.Lines[0]); got.Other.Name != "Meridian Robotics and Automation Holding Limited" || got.EndToEnd != "E2E-1" ||
		got.Text != "Invoice 2026-02 for the compute of February and a little more" || got.Rail != statement.RailSEPA {
		t.Errorf("first entry: got %+v", got)
	}
	if to := camt.Lines[0].Details[0].Payee.Account; to != bankVirtual {
		t.Errorf("virtual number: got %s, want %s", to, bankVirtual)
	}
	if !strings.HasSuffix(mt.Lines[0].Details[0].Remittance, "ACCT "+bankVirtual) {
		t.Errorf("virtual number in MT940: got %q", mt.Lines[0].Details[0].Remittance)
	}
	if got := camt.Lines[1].Details[0].Structured; got != "RF18539007547034" {
		t.Errorf("creditor's reference: got %q", got)
	}
	if got := camt.Lines[2].Details[0]; got.Instructed.String() != "500.00" || got.InstructedCurrency != "EUR" || camt.Lines[2].Amount.String() != "485.00" {
		t.Errorf("sent less the fee: got %+v of %v", got.Instructed, camt.Lines[2].Amount)
	}
	if got := camt.Lines[3].Details[0]; got.Instructed.String() != "100.00" || got.InstructedCurrency != "USD" {
		t.Errorf("sent in dollars: got %+v", got.Instructed)
	}
	undone := camt.Lines[8]
	if !undone.Reversal || undone.Amount.String() != "-120.50" || undone.Details[0].ReturnReason != "FOCR" || undone.Details[0].EndToEndID != "E2E-1" ||
		undone.Info != "REVERSAL OF "+camt.Lines[0].Reference || undone.Details[0].TransactionID != camt.Lines[0].Details[0].TransactionID {
		t.Errorf("reversal: got %+v", undone)
	}
}

// said is what both formats say of an entry.
type said struct {
	Status            statement.Status
	Amount, Reference string
	Booking, Value    statement.Date
	Reversal          bool
	Rail              statement.Rail
	EndToEnd, Text    string
	Other             statement.Party
	Currency          string
}

func lineOf(e statement.Entry) said {
	d := e.Details[0]
	other := e.Other(d)
	// The number that was paid to and the creditor's reference are among the words of
	// MT940; a rail within the country has no code of its own there.
	text, _, _ := strings.Cut(d.Remittance, "ACCT ")
	text = strings.TrimSpace(strings.TrimSpace(text) + " " + d.Structured)
	return said{Status: e.Status, Amount: e.Amount.String(), Reference: e.Reference, Booking: e.BookingDate, Value: e.ValueDate, Reversal: e.Reversal,
		Rail: e.Rail, EndToEnd: d.EndToEndID, Text: text, Other: other, Currency: cmp.Or(string(e.Currency), "EUR")}
}

func TestBankBooksBalance(t *testing.T) {
	d := newDesk(t)
	d.bank()
	d.bankDay()
	b := d.books().Bank
	want := sandbox.BankTotals{Booked: 1652_87, Opening: 1000_00, Received: 807_57, Sent: 30_00, Reversed: -120_50, Fees: 4_20}
	if got := b.Totals["EUR"]; got != want {
		t.Errorf("totals: got %+v, want %+v", got, want)
	}
	if got := b.Balances["EUR"]["bank_account_"+bankIBAN]; got != want.Booked {
		t.Errorf("the account's postings: got %d, want %d", got, want.Booked)
	}
	if got := b.Balances["EUR"]["bank_way"]; got != 15_00 {
		t.Errorf("kept on the way: got %d, want 1500", got)
	}
	for currency, accounts := range b.Balances {
		sum := int64(0)
		for _, amount := range accounts {
			sum += amount
		}
		if sum != 0 {
			t.Errorf("%s: got a sum of %d, want 0", currency, sum)
		}
	}
}

func TestStatementsChainFromDayToDay(t *testing.T) {
	d := newDesk(t)
	d.bank()
	d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "1.00"})
	first := d.endDay()
	d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "2.00"}) // later on the same day
	// A day ends by itself at midnight, if something was booked; a weekend without
	// anything has no statement.
	if err := d.world.Advance(3 * 24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "4.00"})
	empty := d.endDay()
	if again, err := d.world.EndDay(bankIBAN); err != nil || len(again) != 0 {
		t.Errorf("end the same day again: got %v, %v, want no statement", again, err)
	}
	all, err := d.world.BankStatements(bankIBAN, 0)
	if err != nil || len(all) != 3 {
		t.Fatalf("got %d statements, %v, want 3", len(all), err)
	}
	type day struct{ day, opening, closing string }
	var got []day
	for _, s := range all {
		got = append(got, day{s.Day, s.Opening, s.Closing})
	}
	want := []day{{"2026-03-02", "1000.00", "1001.00"}, {"2026-03-02", "1001.00", "1003.00"}, {"2026-03-05", "1003.00", "1007.00"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if all[0].Number != first.Number || all[2].Number != empty.Number || empty.Number != 3 {
		t.Errorf("numbers: got %d and %d", first.Number, empty.Number)
	}
	if since, err := d.world.BankStatements(bankIBAN, 2); err != nil || len(since) != 1 || since[0].Number != 3 {
		t.Errorf("after 2: got %v, %v", since, err)
	}
	if quiet, err := d.world.EndDay(""); err != nil || len(quiet) != 0 {
		t.Errorf("a day that has ended: got %v, %v", quiet, err)
	}
	if err := d.world.Advance(24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if s := d.endDay(); s.Entries != 0 || s.Opening != s.Closing || s.Day != "2026-03-06" {
		t.Errorf("a quiet day: got %+v", s)
	} else {
		d.parsed(s, sandbox.BankCamt053)
		d.parsed(s, sandbox.BankMT940)
	}
}

func TestPendingEntriesAreShownThenBooked(t *testing.T) {
	d := newDesk(t)
	d.bank()
	waits := d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "10.00", Pending: true})
	drops := d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "20.00", Pending: true})
	s := d.endDay()
	if s.Entries != 0 || s.Pending != 2 || s.Closing != "1000.00" {
		t.Errorf("first day: got %+v, want two that are announced", s)
	}
	before := d.parsed(s, sandbox.BankCamt053)
	if before.Counts.Pending != 2 || before.Lines[0].Status != statement.Pending {
		t.Errorf("first day: got %+v", before.Counts)
	}
	file, err := d.world.BankFile(bankIBAN, 1, sandbox.BankCamt053)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.world.DropPending(drops.Reference); err != nil {
		t.Fatal(err)
	}
	if _, err := d.world.DropPending(drops.Reference); err == nil {
		t.Error("dropped twice: got no error")
	}
	if got := d.books().Bank.Totals["EUR"].Received; got != 0 {
		t.Errorf("received before it was booked: got %d, want 0", got)
	}
	// It clears with the next midnight, without anything else having happened.
	if err := d.world.Advance(2 * 24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	all, err := d.world.BankStatements(bankIBAN, 1)
	if err != nil || len(all) != 1 || all[0].Day != "2026-03-03" || all[0].Closing != "1010.00" {
		t.Fatalf("second day: got %+v, %v", all, err)
	}
	if got := d.parsed(all[0], sandbox.BankMT940).Lines; len(got) != 1 || got[0].Reference != waits.Reference {
		t.Errorf("second day: got %+v, want %s", got, waits.Reference)
	}
	if again, err := d.world.BankFile(bankIBAN, 1, sandbox.BankCamt053); err != nil || !bytes.Equal(again.Body, file.Body) {
		t.Errorf("the first day's file has changed, %v:\n%s\nwant\n%s", err, again.Body, file.Body)
	}
}

func TestBankStateOutlivesTheWorld(t *testing.T) {
	o := options()
	o.State = filepath.Join(t.TempDir(), "world.db")
	d := open(t, o)
	d.bank()
	d.bankDay()
	s := d.endDay()
	d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "10.00", Pending: true})
	before := d.books().Bank
	file, err := d.world.BankFile(bankIBAN, s.Number, sandbox.BankCamt053)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.world.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, o)
	if after := d.books().Bank; !reflect.DeepEqual(after, before) {
		t.Errorf("books: got %+v\nwant %+v", after, before)
	}
	again, err := d.world.BankFile(bankIBAN, s.Number, sandbox.BankCamt053)
	if err != nil || !bytes.Equal(again.Body, file.Body) {
		t.Errorf("the statement: got %v, and other bytes", err)
	}
	d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "1.00"})
	if next := d.endDay(); next.Number != s.Number+1 || next.Opening != s.Closing {
		t.Errorf("the next one: got %+v", next)
	}
}

func TestBankRefusals(t *testing.T) {
	d := newDesk(t)
	d.bank()
	e := d.transfer(sandbox.Transfer{To: bankIBAN, Amount: "10.00"})
	back, err := d.world.Reverse(sandbox.Reversal{Entry: e.Reference})
	if err != nil {
		t.Fatal(err)
	}
	const bank, desk = "/_bank/accounts", "/_sandbox/bank"
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", desk + "/transfers", `{"to":"DE00370400440532013000","amount":"1.00"}`, 400, "no account"},
		{"POST", desk + "/transfers", `{"to":"` + iban("DE", "370400440000000100") + `","amount":"1.00"}`, 400, "no account"},
		{"POST", desk + "/transfers", `{"to":"` + bankIBAN + `","amount":"0.00"}`, 400, "above zero"},
		{"POST", desk + "/transfers", `{"to":"` + bankIBAN + `","amount":"1.001"}`, 400, "above zero"},
		{"POST", desk + "/transfers", `{"to":"` + bankIBAN + `","amount":"1.00","currency":"USD"}`, 400, "arrives"},
		{"POST", desk + "/transfers", `{"to":"` + bankIBAN + `","amount":"1.00","sender_fee":"1.00"}`, 400, "leaves nothing"},
		{"POST", desk + "/transfers", `{"to":"` + bankIBAN + `","amount":"1.00","rail":"pigeon"}`, 400, "rail is"},
		{"POST", desk + "/transfers", `{"to":"` + bankIBAN + `","amount":"1.00","reference":"a\u0001b"}`, 400, "characters"},
		{"POST", desk + "/transfers", `{"to":"` + bankIBAN + `","amount":"1.00","payer":{"name":"A","account":"GB00BUKB20201555555555"}}`, 400, "check digits"},
		{"POST", desk + "/transfers", `{"to":"` + bankIBAN + `","sum":"1.00"}`, 400, "JSON"},
		{"POST", desk + "/transfers", `{"to":"` + bankIBAN + `","amount":"1.00","end_to_end":"wdr_1"}`, 400, "banks pass on"},
		{"POST", desk + "/reversals", `{"entry":"` + e.Reference + `"}`, 400, "already"},
		{"POST", desk + "/reversals", `{"entry":"` + back.Reference + `"}`, 400, "no reversal"},
		{"POST", desk + "/reversals", `{"entry":"B0"}`, 400, "no entry"},
		{"POST", desk + "/reversals", `{"entry":"` + e.Reference + `","reason":"WHIM"}`, 400, "reason"},
		{"POST", desk + "/fees", `{"account":"` + bankIBAN + `","amount":"-1.00"}`, 400, "above zero"},
		{"POST", bank + "/" + bankIBAN + "/payments", `{"amount":"5000.00","end_to_end":"a","payee":{"name":"B","account":"1"}}`, 400, "not so much"},
		{"POST", bank + "/" + bankIBAN + "/payments", `{"amount":"5.00","payee":{"name":"B","account":"1"}}`, 400, "end_to_end"},
		{"PUT", bank + "/" + bankIBAN, `{"currency":"USD"}`, 400, "another one"},
		{"PUT", bank + "/" + bankVirtual, `{"currency":"EUR"}`, 400, "leads to"},
		{"PUT", bank + "/1234", `{"currency":"QQQ"}`, 400, "ISO 4217"},
		{"PUT", bank + "/1234", `{"currency":"USD"}`, 200, bankBICOf},
		{"PUT", bank + "/1234/virtual", `{"ranges":[{"first":"` + bankVirtual + `"}]}`, 400, "leads to an account"},
		{"PUT", bank + "/1234/virtual", `{"ranges":[{"first":"900","last":"800"}]}`, 400, "not smaller"},
		{"PUT", bank + "/1234/virtual", `{"ranges":[{"first":"900","last":"999"},{"first":"950"}]}`, 400, "leads to an account"},
		{"PUT", bank + "/1234/virtual", `{"ranges":[{"first":"900","last":"999"}]}`, 200, `"first": "900"`},
		{"GET", bank + "/1234/statements/1/camt.053", "", 400, "no statement"},
		{"GET", bank + "/1234/statements/1/pdf", "", 400, "camt.053 and mt940"},
		{"GET", bank + "/1234/statements", "", 200, `"statements": []`},
		{"GET", bank + "/950", "", 200, `"number": "1234"`},
		{"GET", bank + "/77", "", 400, "no account"},
		{"GET", bank + "/1234/cards", "", 404, "no such order"},
	} {
		if status, text, _ := d.order(c.method, c.path, c.body); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s %s %s: got %d %s, want %d with %q", c.method, c.path, c.body, status, text, c.status, c.want)
		}
	}
}

const bankBICOf = `"bic": "PRETUS33XXX"`

func TestPaymentsHaveAKey(t *testing.T) {
	d := newDesk(t)
	d.bank()
	body := `{"amount":"30.00","end_to_end":"wdr 1","payee":{"name":"B","account":"GB33BUKB20201555555555"}}`
	_, first, _ := d.order("POST", "/_bank/accounts/"+bankIBAN+"/payments", body)
	_, again, _ := d.order("POST", "/_bank/accounts/"+bankIBAN+"/payments", body)
	if first != again || !strings.Contains(first, `"amount": "-30.00"`) {
		t.Errorf("got %s\nand %s, want the same payment", first, again)
	}
	if status, text, _ := d.order("POST", "/_bank/accounts/"+bankIBAN+"/payments", strings.Replace(body, "30.00", "31.00", 1)); status != 400 || !strings.Contains(text, "end_to_end") {
		t.Errorf("another amount: got %d %s", status, text)
	}
	if got := d.books().Bank.Totals["EUR"].Sent; got != 30_00 {
		t.Errorf("sent: got %d, want 3000", got)
	}
}

func TestBankPage(t *testing.T) {
	d := newDesk(t)
	if status, text, _ := d.order("GET", "/_bank", ""); status != 200 || !strings.Contains(text, "There is none yet") {
		t.Errorf("without an account: got %d %s", status, text)
	}
	d.bank()
	post := func(form, origin string) (int, string) {
		headers := []string{"Content-Type", "application/x-www-form-urlencoded"}
		switch {
		case strings.HasPrefix(origin, "http"):
			headers = append(headers, "Origin", origin)
		case origin != "":
			headers = append(headers, "Origin", "null", "Sec-Fetch-Site", origin)
		}
		status, text, header := d.order("POST", "/_bank", form, headers...)
		return status, text + header.Get("Location")
	}
	for _, c := range []struct {
		form, origin string
		status       int
		want         string
	}{
		{"do=transfer&amount=12.00&rail=sepa&payer=%3Cb%3E&to=" + bankVirtual, "http://sandbox.test", 303, "done=transfer"},
		{"do=transfer&amount=12.00&to=" + bankIBAN, "https://elsewhere.test", 403, ""},
		{"do=transfer&amount=12.00&to=" + bankIBAN, "cross-site", 403, ""},
		{"do=transfer&amount=twelve&to=" + bankIBAN, "same-origin", 422, "above zero"},
		{"do=dance", "", 422, "end the day"},
		{"do=end-day&account=" + bankIBAN, "", 303, "done=end-day"},
		{"do=reverse&entry=B260302000000001", "", 303, "done=reverse"},
	} {
		if status, text := post(c.form, c.origin); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s from %q: got %d %s, want %d with %q", c.form, c.origin, status, text, c.status, c.want)
		}
	}
	status, text, _ := d.order("GET", "/_bank?done=end-day&account="+bankIBAN, "")
	for _, want := range []string{"&lt;b&gt;", "/statements/1/mt940", "REVERSAL OF B260302000000001", "The day has ended", "1000.00 EUR"} {
		if status != 200 || !strings.Contains(text, want) {
			t.Errorf("the page: got %d without %q", status, want)
		}
	}
	if status, _, _ := d.order("GET", "/_bank?account=77", ""); status != 404 {
		t.Errorf("an unknown account: got %d, want 404", status)
	}
}

func TestStatementIsDownloadedOverHTTP(t *testing.T) {
	d := newDesk(t)
	d.bank()
	status, text, _ := d.order("POST", "/_sandbox/bank/transfers", `{"to":"`+bankVirtual+`","amount":"12.00","rail":"sepa","payer":{"name":"Żółć & Söhne <GmbH>"},"reference":"日本 ]]>"}`)
	if status != 200 || !strings.Contains(text, `"state": "booked"`) {
		t.Fatalf("transfer: got %d %s", status, text)
	}
	if status, text, _ = d.order("POST", "/_sandbox/bank/end-day", ""); status != 200 || !strings.Contains(text, "statements/1/camt.053") {
		t.Fatalf("end the day: got %d %s", status, text)
	}
	for format, kind := range map[string]string{"camt.053": "application/xml", "mt940": "text/plain"} {
		status, text, header := d.order("GET", "/_bank/accounts/"+bankIBAN+"/statements/1/"+format, "")
		if status != 200 || !strings.HasPrefix(header.Get("Content-Type"), kind) || !strings.Contains(header.Get("Content-Disposition"), bankIBAN+"-2026-03-02-00001.") {
			t.Errorf("%s: got %d %v", format, status, header)
		}
		all, err := statement.ReadAll(strings.NewReader(text), statement.Options{})
		if err != nil || all[0].Proof != statement.Balanced {
			t.Fatalf("%s: got %v", format, err)
		}
		want := map[string]string{"camt.053": "Żółć & Söhne <GmbH>", "mt940": ".... . S.hne .GmbH."}[format]
		if got := all[0].Lines[0].Details[0].Payer.Name; got != want {
			t.Errorf("%s: got payer %q, want %q", format, got, want)
		}
	}
}
