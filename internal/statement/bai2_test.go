package statement_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bursar-pay/bursar/internal/statement"
)

const bai = `01,SENDER,RECEIVER,240131,0600,1,,,2/
02,RECEIVER,BANKUS33,1,240130,2400,EUR,2/
03,123456,,010,+10000,,,015,9875,,/
88,100,500,1,,400,625,1,/
16,195,500,V,240131,1200,BANKREF,CUSTREF,INVOICE 4711
88,VIELEN DANK/
16,495,625,Z,,X/
49,22125,6/
98,22125,1,8/
99,22125,1,10/
`

func TestBAI2(t *testing.T) {
	s := readOne(t, bai)
	if s.Proof != statement.Balanced || s.Account.Other != "123456" || s.Account.Servicer != "BANKUS33" || s.Currency != "EUR" || s.From != "2024-01-30" {
		t.Errorf("got %+v (%v)", s.Account, s.Remarks)
	}
	want := []statement.Entry{
		{Statement: 1, Number: 1, Line: 5, Status: statement.Booked, Amount: decimal(t, "5.00"), Currency: "EUR", BookingDate: "2024-01-30", ValueDate: "2024-01-31",
			Reference: "BANKREF", OwnerRef: "CUSTREF", Code: statement.Code{Proprietary: "195", Issuer: "BAI"}, Rail: statement.RailDomestic,
			Details: []statement.Detail{{Amount: decimal(t, "5.00"), HasAmount: true, Currency: "EUR", Remittance: "INVOICE 4711\nVIELEN DANK",
				Code: statement.Code{Proprietary: "195", Issuer: "BAI"}}}},
		{Statement: 1, Number: 2, Line: 7, Status: statement.Booked, Amount: decimal(t, "-6.25"), Currency: "EUR", BookingDate: "2024-01-30", OwnerRef: "X",
			Code: statement.Code{Proprietary: "495", Issuer: "BAI"}, Rail: statement.RailDomestic,
			Details: []statement.Detail{{Amount: decimal(t, "-6.25"), HasAmount: true, Currency: "EUR", Code: statement.Code{Proprietary: "495", Issuer: "BAI"}}}},
	}
	if diff := cmp.Diff(want, s.Lines, cmp.Comparer(compareDecimals)); diff != "" {
		t.Errorf("the entries differ (-want +got):\n%s", diff)
	}
}

// TestBAI2OnOneLine: some banks join records, or break text without 88.
func TestBAI2OnOneLine(t *testing.T) {
	joined := strings.ReplaceAll(bai, "/\n", "/   ")
	joined = strings.Replace(joined, "INVOICE 4711\n88,VIELEN", "INVOICE 4711\n88,VIELEN\n", 1)
	s := readOne(t, joined)
	if got, want := s.Lines[0].Details[0].Remittance, "INVOICE 4711\nVIELEN DANK"; s.Proof != statement.Balanced || got != want {
		t.Errorf("got %v and %q, want balanced and %q", s.Proof, got, want)
	}
}

func TestBAI2Decimals(t *testing.T) {
	for _, c := range []struct{ currency, want string }{{"JPY", "10000"}, {"KWD", "10.000"}, {"", "100.00"}} {
		s := readOne(t, strings.Replace(bai, "EUR", c.currency, 1))
		if got := s.Opening.Amount.String(); got != c.want {
			t.Errorf("%q: got an opening balance of %s, want %s", c.currency, got, c.want)
		}
	}
}

func TestBAI2Funds(t *testing.T) {
	for _, c := range []struct{ name, funds string }{
		{"spread over three days", "S,100,200,200,"}, {"spread over named days", "D,2,0,100,1,400,"}, {"at once", "0,"}, {"unsaid", ","}, {"value dated", "V,240131,,"},
	} {
		s := readOne(t, strings.Replace(bai, "V,240131,1200,", c.funds, 1))
		if got := s.Lines[0]; got.Reference != "BANKREF" || got.OwnerRef != "CUSTREF" {
			t.Errorf("%s: got references %q and %q, want BANKREF and CUSTREF", c.name, got.Reference, got.OwnerRef)
		}
	}
}

func TestBAI2ThatIsRefused(t *testing.T) {
	for _, c := range []struct{ name, old, new, place string }{
		{"a wrong control total", "49,22125,6", "49,22126,6", "line 8, for what starts on line 3"},
		{"a wrong number of records", "49,22125,6", "49,22125,7", "line 8, for what starts on line 3"},
		{"a wrong group total", "98,22125", "98,22124", "line 9, for what starts on line 2"},
		{"a wrong number of accounts", "98,22125,1", "98,22125,2", "line 9, for what starts on line 2"},
		{"a wrong file total", "99,22125", "99,22124", "line 10, for what starts on line 1"},
		{"no total", "49,22125,6/", "49,/", "line 8"},
		{"an entry left out", "16,495,625,Z,,X/\n", "", "line 7, for what starts on line 3"},
		{"an amount changed", "16,495,625", "16,495,626", "line 8, for what starts on line 3"},
		{"no account closed", "49,22125,6/\n", "", "line 8"},
		{"no group", "02,RECEIVER,BANKUS33,1,240130,2400,EUR,2/\n", "", "line 2"},
		{"version 3", "1,,,2/", "1,,,3/", "line 1"},
		{"a date that is none", "240130", "240230", "line 2"},
		{"a group taken back", "BANKUS33,1,", "BANKUS33,2,", "line 2"},
		{"funds of an unknown type", "625,Z", "625,Q", "line 7"},
		{"days without a number", "625,Z", "625,D", "line 7"},
		{"an amount of letters", "495,625", "495,6x5", "line 7"},
		{"an unknown record", "49,22125,6/\n", "50,1/\n49,22125,6/\n", "line 8"},
		{"a continuation of nothing", "01,SENDER", "88,x/\n01,SENDER", "line 1"},
		{"something behind the end", "99,22125,1,10/\n", "99,22125,1,10/\n16,195,1/\n", "line 11"},
		{"no end", "99,22125,1,10/\n", "", "line 9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := statement.ReadAll(strings.NewReader(strings.Replace(bai, c.old, c.new, 1)), statement.Options{Format: statement.BAI2})
			checkRefused(t, err)
			if got := placeOf(err); got != c.place {
				t.Errorf("got place %q, want %q (%v)", got, c.place, err)
			}
		})
	}
}

// TestEveryDigitOfAnAmountIsProved: each figure is in a total.
func TestEveryDigitOfAnAmountIsProved(t *testing.T) {
	for _, amount := range []string{"+10000", "9875", "500,1", "625,1", "195,500", "495,625"} {
		at := strings.Index(bai, amount) + strings.LastIndexAny(amount, "0123456789")
		if _, count, ok := strings.Cut(amount, ","); ok && count == "1" {
			at = strings.Index(bai, amount)
		}
		changed := bai[:at] + "3" + bai[at+1:]
		if _, err := statement.ReadAll(strings.NewReader(changed), statement.Options{}); err == nil {
			t.Errorf("got no error with a digit of %s changed", amount)
		}
	}
}

func TestEveryCutOfBAI2IsRefused(t *testing.T) {
	for n := 1; n < strings.LastIndex(bai, "/"); n++ {
		if n == strings.LastIndex(bai, "0/")+1 {
			continue // all but the last slash is there
		}
		if _, err := statement.ReadAll(strings.NewReader(bai[:n]), statement.Options{Format: statement.BAI2}); err == nil {
			t.Errorf("got no error for the first %d bytes", n)
		}
	}
}

func FuzzBAI2(f *testing.F) {
	seedFrom(f, "bai2", 64<<10)
	f.Add([]byte(bai))
	f.Fuzz(func(t *testing.T, file []byte) { fuzzText(t, file, statement.BAI2) })
}
