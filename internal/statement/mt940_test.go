package statement_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bursar-pay/bursar/internal/statement"
)

// mt is an MT940 message as the network carries it, around its fields.
func mt(fields string) string {
	return "{1:F01BANKDEFFXXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\n:20:X1\n:25:123456\n:28C:7/2\n" + fields + "-}\n"
}

const (
	mtOpening = ":60F:C240101EUR100,00\n"
	mtClosing = ":62F:C240131EUR%s\n"
)

func TestMT940Entries(t *testing.T) {
	for _, c := range []struct {
		name, line, amount string
		want               statement.Entry
	}{
		{"a credit", ":61:2401310131C12,5NTRFINV7//B1\n", "112,50", statement.Entry{
			BookingDate: "2024-01-31", ValueDate: "2024-01-31", OwnerRef: "INV7", Reference: "B1", Code: statement.Code{Proprietary: "TRF", Issuer: "SWIFT"},
		}},
		{"a debit with a funds code", ":61:240131DR12,50NCHGNONREF\n", "87,50", statement.Entry{
			ValueDate: "2024-01-31", Code: statement.Code{Proprietary: "CHG", Issuer: "SWIFT"}, Rail: statement.RailFee,
		}},
		{"a debit in D", ":61:2401310131DD12,50NMSC1\n", "87,50", statement.Entry{
			BookingDate: "2024-01-31", ValueDate: "2024-01-31", OwnerRef: "1", Code: statement.Code{Proprietary: "MSC", Issuer: "SWIFT"},
		}},
		{"the reversal of a credit is a debit", ":61:240131RC12,50NTRFX\n", "87,50", statement.Entry{
			ValueDate: "2024-01-31", OwnerRef: "X", Reversal: true, Code: statement.Code{Proprietary: "TRF", Issuer: "SWIFT"},
		}},
		{"the reversal of a debit is a credit", ":61:240131RDR12,50NTRFX\n", "112,50", statement.Entry{
			ValueDate: "2024-01-31", OwnerRef: "X", Reversal: true, Code: statement.Code{Proprietary: "TRF", Issuer: "SWIFT"},
		}},
		{"expected is not booked", ":61:240131EC12,50NTRFX\n", "100,00", statement.Entry{
			ValueDate: "2024-01-31", OwnerRef: "X", Status: statement.Pending, Code: statement.Code{Proprietary: "TRF", Issuer: "SWIFT"},
		}},
		{"booked in the year after its value", ":61:2312310102C12,50NTRFX\nmore words\n", "112,50", statement.Entry{
			BookingDate: "2024-01-02", ValueDate: "2023-12-31", OwnerRef: "X", Info: "more words", Code: statement.Code{Proprietary: "TRF", Issuer: "SWIFT"},
		}},
		{"no type, as some banks write", ":61:240131C12,50//B2\n", "112,50", statement.Entry{ValueDate: "2024-01-31", Reference: "B2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := readOne(t, mt(mtOpening+c.line+strings.Replace(mtClosing, "%s", c.amount, 1)))
			if s.Proof != statement.Balanced {
				t.Errorf("got %v, want balanced (%v)", s.Proof, s.Remarks)
			}
			got := s.Lines[0]
			c.want.Statement, c.want.Number, c.want.Line, c.want.Currency = 1, 1, 6, "EUR"
			c.want.Amount, c.want.Details = got.Amount, got.Details
			if c.want.Status == "" {
				c.want.Status = statement.Booked
			}
			if diff := cmp.Diff(c.want, got, cmp.Comparer(compareDecimals)); diff != "" {
				t.Errorf("the entry differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMT940About(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       statement.Detail
		payer      statement.Party
	}{
		{"free text", ":86:Rechnung 4711\nvielen Dank\n", statement.Detail{Remittance: "Rechnung 4711\nvielen Dank"}, statement.Party{}},
		{"several fields", ":86:KENMERK 1\n:86:FACTUUR 2\n", statement.Detail{Remittance: "KENMERK 1\nFACTUUR 2"}, statement.Party{}},
		{"subfields, wrapped in the middle", ":86:166?00GUTSCHRIFT?109310?20EREF+E-77?21MREF+M1 SVWZ+Rechnu\nng 47?2211?30DRESDEFF508?31DE1450880050\n0194785000?32KARL?33 KAUFMANN\n",
			statement.Detail{EndToEndID: "E-77", MandateID: "M1", Remittance: "Rechnung 4711"},
			statement.Party{Name: "KARL KAUFMANN", Account: "DE14508800500194785000", BIC: "DRESDEFF508"}},
		{"subfields without marks are lines", ":86:051?00Gutschrift?20SPENDE?21FAM. MEIER?32MEIER\n",
			statement.Detail{Remittance: "SPENDE\nFAM. MEIER"}, statement.Party{Name: "MEIER"}},
		{"a full subfield goes on in the next", ":86:051?20" + strings.Repeat("x", 24) + "INV?21-4711\n",
			statement.Detail{Remittance: strings.Repeat("x", 24) + "INV-4711"}, statement.Party{}},
		{"codewords", ":86:/TRTP/SEPA OVERBOEKING/IBAN/NL75INGB0001234567/BIC/INGBNL2A/NAME/\nHR K/REMI/RES.NR 00042/EREF/NOTPROV\nIDED\n",
			statement.Detail{Remittance: "RES.NR 00042"}, statement.Party{Name: "HR K", Account: "NL75INGB0001234567", BIC: "INGBNL2A"}},
		{"codewords with a counterparty", ":86:/EREF/50181//CNTP/NL12COBA0733959555/COBANL2XXXX/B ASDGF BV/AMSTERDAM//R\nEMI/USTD//Factuur 9876//PURP/OTHR/\n",
			statement.Detail{EndToEndID: "50181", Remittance: "Factuur 9876", Purpose: "OTHR"}, statement.Party{Name: "B ASDGF BV", Account: "NL12COBA0733959555", BIC: "COBANL2XXXX"}},
		{"a creditor's reference", ":86:/REMI/STRD/CUR/8850426741301240/\n", statement.Detail{Structured: "8850426741301240"}, statement.Party{}},
		{"labels", ":86:SEPA OVERBOEKING                 IBAN: NL56CHAS0101010101\nBIC: CHASNL2XXXX                 NAAM: AA GHGHGH B.V.\nOMSCHRIJVING: 1412DEC 2015\nKENMERK: 7541410\n",
			statement.Detail{EndToEndID: "7541410", Remittance: "1412DEC 2015"}, statement.Party{Name: "AA GHGHGH B.V.", Account: "NL56CHAS0101010101", BIC: "CHASNL2XXXX"}},
		{"named lines", ":NS:01Zweck 1\n02Zweck 2\n15Müller\n17Überweisung\n", statement.Detail{Remittance: "Zweck 1\nZweck 2"}, statement.Party{Name: "Müller"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := readOne(t, mt(mtOpening+":61:240131C12,50NTRFX\n"+c.text+strings.Replace(mtClosing, "%s", "112,50", 1)))
			got := s.Lines[0].Details[0]
			c.want.Amount, c.want.HasAmount, c.want.Currency, c.want.Code = got.Amount, true, "EUR", got.Code
			c.want.Payer = c.payer
			if diff := cmp.Diff(c.want, got, cmp.Comparer(compareDecimals)); diff != "" {
				t.Errorf("the transaction differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMT940Account(t *testing.T) {
	for _, c := range []struct{ field, iban, other, written string }{
		{"NL91ABNA0417164300", "NL91ABNA0417164300", "", ""},
		{"NL91 ABNA 0417 1643 00", "NL91ABNA0417164300", "", ""},
		{"NL91ABNA0417164300 EUR", "NL91ABNA0417164300", "", "NL91ABNA0417164300 EUR"},
		{"NL91ABNA0417164300EUR", "NL91ABNA0417164300", "", "NL91ABNA0417164300EUR"},
		{"NL92ABNA0417164300", "", "NL92ABNA0417164300", ""}, // the check digits are wrong
		{"25040066/0123456789", "", "25040066/0123456789", ""},
		{"0123456789 EUR", "", "0123456789", "0123456789 EUR"},
		{"", "", "", ""},
	} {
		s := readOne(t, strings.Replace(mt(mtOpening+strings.Replace(mtClosing, "%s", "100,00", 1)), "123456", c.field, 1))
		if got, want := s.Account, (statement.Account{IBAN: c.iban, Other: c.other, Written: c.written}); got != want {
			t.Errorf("%q: got %+v, want %+v", c.field, got, want)
		}
	}
}

func TestMT940ThatIsRefused(t *testing.T) {
	closing := strings.Replace(mtClosing, "%s", "100,00", 1)
	for _, c := range []struct{ name, file, place string }{
		{"no closing balance", mt(mtOpening), "statement from line 2 to line 6"},
		{"another currency", mt(mtOpening + ":62F:C240131USD100,00\n"), "line 6, :62F:"},
		{"an amount without a comma", mt(mtOpening + ":61:240131C1250NTRFX\n" + closing), "line 6, :61:"},
		{"an amount of many digits", mt(mtOpening + ":61:240131C" + strings.Repeat("9", 40) + ",NTRFX\n" + closing), "line 6, :61:"},
		{"no such day", mt(mtOpening + ":61:240231C12,50NTRFX\n" + closing), "line 6, :61:"},
		{"no such booking day", mt(mtOpening + ":61:2401311331C12,50NTRFX\n" + closing), "line 6, :61:"},
		{"no mark", mt(mtOpening + ":61:24013112,50NTRFX\n" + closing), "line 6, :61:"},
		{"an entry behind the end", mt(mtOpening + closing + ":61:240131C12,50NTRFX\n"), "line 7, :61:"},
		{"two closing balances", mt(mtOpening + closing + closing), "line 7, :62F:"},
		{"two opening balances", mt(mtOpening + mtOpening + closing), "line 6, :60F:"},
		{"a balance without an amount", mt(mtOpening + ":62F:C240131EUR\n"), "line 6, :62F:"},
		{"another message", strings.Replace(mt(mtOpening+closing), "I940", "I943", 1), "line 1"},
		{"an entry without a message", ":61:240131C12,50NTRFX\n:20:X\n", "line 1, :61:"},
		{"a zero byte", mt(mtOpening + ":61:240131C12,50NTRFX\n:86:a\x00b\n" + closing), "line 7"},
		{"a long field", mt(mtOpening + ":61:240131C12,50NTRFX\n:86:" + strings.Repeat(strings.Repeat("x", 99)+"\n", 700) + closing), "line 7, :86:"},
		{"a long line", mt(mtOpening + ":86:" + strings.Repeat("x", 70_000) + "\n" + closing), "line 6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := statement.ReadAll(strings.NewReader(c.file), statement.Options{Format: statement.MT940})
			checkRefused(t, err)
			if got := placeOf(err); got != c.place {
				t.Errorf("got place %q, want %q (%v)", got, c.place, err)
			}
		})
	}
}

// TestEveryCutOfAMessageIsRefused: a message in blocks says where it ends.
func TestEveryCutOfAMessageIsRefused(t *testing.T) {
	file := mt(mtOpening + ":61:240131C12,50NTRFX//1\n:86:words\n:61:240131D12,50NTRFX//2\n:86:words\n" + strings.Replace(mtClosing, "%s", "100,00", 1))
	for n := 1; n < len(file)-len("-}\n"); n++ {
		_, err := statement.ReadAll(strings.NewReader(file[:n]), statement.Options{})
		if err == nil {
			t.Errorf("got no error for the first %d bytes", n)
		}
	}
}

// TestNoCutOfABareMessageAddsUp: one without blocks may end anywhere, and then has no
// closing balance, or none that its entries reach.
func TestNoCutOfABareMessageAddsUp(t *testing.T) {
	file := ":20:X\n:25:1\n" + mtOpening + ":61:240131C12,50NTRFX//1\n:86:words\n:61:240131D2,50NTRFX//2\n:86:words\n:62F:C240131EUR110,05\n"
	file = strings.Replace(file, "D2,50", "D2,45", 1)
	for n := 1; n < len(file)-1; n++ {
		all, err := statement.ReadAll(strings.NewReader(file[:n]), statement.Options{Format: statement.MT940})
		if err == nil && all[0].Proof == statement.Balanced {
			t.Errorf("got a balanced statement from the first %d bytes", n)
		}
	}
}

func TestInterimReport(t *testing.T) {
	file := ":20:X\n:25:1\n:28C:1/1\n:34F:PLN0,\n:13D:1701191815+0100\n:61:1701190119CN0,01NTRFNONREF//1\n:61:1701190119DN0,02NTRFNONREF//2\n"
	for _, c := range []struct {
		name, totals string
		remarks      int
	}{
		{"right totals", ":90D:1PLN0,02\n:90C:1PLN0,01\n", 0},
		{"a wrong sum", ":90D:1PLN0,02\n:90C:1PLN0,03\n", 1},
		{"a wrong number", ":90D:2PLN0,02\n:90C:1PLN0,01\n", 1},
	} {
		s := readOne(t, file+c.totals+"-\n")
		if s.Format != statement.MT942 || s.Currency != "PLN" || s.Proof != statement.Unproven || len(s.Remarks) != c.remarks {
			t.Errorf("%s: got %s in %s, %v, %d remarks; want mt942 in PLN, unproven, %d", c.name, s.Format, s.Currency, s.Proof, len(s.Remarks), c.remarks)
		}
	}
}

func FuzzMT940(f *testing.F) {
	seedFrom(f, "mt940", 4<<10)
	f.Fuzz(func(t *testing.T, file []byte) { fuzzText(t, file, statement.MT940) })
}
