package statement_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/statement"
)

// camt returns a camt.053 with the given elements in its one statement.
func camt(elements string) string {
	return `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
<Id>S1</Id><Acct><Id><IBAN>NL91ABNA0417164300</IBAN></Id><Ccy>EUR</Ccy></Acct>
` + elements + `
</Stmt></BkToCstmrStmt></Document>`
}

func bal(kind, amount, side string) string {
	if side != "" {
		side = "<CdtDbtInd>" + side + "</CdtDbtInd>"
	}
	return "<Bal><Tp><CdOrPrtry><Cd>" + kind + `</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">` + amount + "</Amt>" + side + "</Bal>\n"
}

func ntry(amount, side, more string) string {
	return `<Ntry><Amt Ccy="EUR">` + amount + "</Amt><CdtDbtInd>" + side + "</CdtDbtInd>" + more + "</Ntry>\n"
}

func readOne(t *testing.T, file string) statement.Statement {
	t.Helper()
	all, err := statement.ReadAll(strings.NewReader(file), statement.Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkSound(t, all)
	if len(all) != 1 {
		t.Fatalf("got %d statements, want 1", len(all))
	}
	return all[0]
}

func decimal(t *testing.T, text string) statement.Decimal {
	t.Helper()
	d, err := statement.ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func compareDecimals(a, b statement.Decimal) bool { return a.Cmp(b) == 0 }

// TestTransferOfARealFile reads all that one entry of a real file says.
func TestTransferOfARealFile(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(samples, "camt053/dvbern_camt.053-P-CH0309000000250090342-380000000-0-2016053100163801.xml"))
	if err != nil {
		t.Fatal(err)
	}
	s := readOne(t, string(text))
	batch := s.Lines[batchOf(t, s, 10)]
	if !batch.Splits() || batch.Amount.String() != "1000.00" {
		t.Errorf("got a batch of %v that splits: %v, want one of 1000.00 that does", batch.Amount, batch.Splits())
	}
	for _, d := range batch.Details {
		if d.Structured == "" || !d.HasAmount || d.Currency != "CHF" {
			t.Errorf("got %+v, want a payment in CHF with its reference", d)
		}
	}
}

func batchOf(t *testing.T, s statement.Statement, transactions int) int {
	t.Helper()
	for i, e := range s.Lines {
		if len(e.Details) == transactions {
			return i
		}
	}
	t.Fatalf("no entry has %d transactions", transactions)
	return 0
}

func TestEverythingThatATransferSays(t *testing.T) {
	s := readOne(t, camt(bal("OPBD", "10.00", "CRDT")+ntry("25.00", "CRDT", `
<NtryRef>E7</NtryRef><RvslInd>false</RvslInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><DtTm>2024-03-08T23:30:00.5-02:00</DtTm></BookgDt><ValDt><Dt>2024-03-09+01:00</Dt></ValDt>
<AcctSvcrRef>BANK-1</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RRCT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn><Prtry><Cd>544</Cd><Issr>NVB</Issr></Prtry></BkTxCd>
<NtryDtls><TxDtls>
<Refs><MsgId>M1</MsgId><AcctSvcrRef>BANK-1-1</AcctSvcrRef><InstrId>I1</InstrId><EndToEndId>NOTPROVIDED</EndToEndId><UETR>u-1</UETR><TxId>T1</TxId><MndtId>MD1</MndtId><ChqNb>C1</ChqNb></Refs>
<Amt Ccy="EUR">25.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<AmtDtls><InstdAmt><Amt Ccy="USD">30.00</Amt></InstdAmt><TxAmt><Amt Ccy="EUR">25.00</Amt></TxAmt></AmtDtls>
<RltdPties><Dbtr><Pty><Nm>Payer  Ltd</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>DE89 3704 0044 0532 0130 00</IBAN></Id></DbtrAcct><UltmtDbtr><Pty><Nm>Its mother</Nm></Pty></UltmtDbtr>
<Cdtr><Agt><FinInstnId><Nm>A bank</Nm></FinInstnId></Agt></Cdtr><CdtrAcct><Id><Othr><Id>990 17</Id></Othr></Id></CdtrAcct></RltdPties>
<RltdAgts><DbtrAgt><FinInstnId><BICFI>COBADEFF</BICFI></FinInstnId></DbtrAgt><CdtrAgt><FinInstnId><BIC>ABNANL2A</BIC></FinInstnId></CdtrAgt></RltdAgts>
<Purp><Cd>SALA</Cd></Purp>
<RmtInf><Ustrd>Invoice 7</Ustrd><Ustrd>and thanks</Ustrd><Strd><RfrdDocInf><Nb>INV-7</Nb></RfrdDocInf><CdtrRefInf><Ref>RF18 5390 0754 7034</Ref></CdtrRefInf></Strd><Strd><CdtrRefInf><Ref>RF712348231</Ref></CdtrRefInf></Strd></RmtInf>
<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf><AddtlTxInf>more</AddtlTxInf>
</TxDtls></NtryDtls><AddtlNtryInf>SEPA credit</AddtlNtryInf>`)+bal("CLBD", "35.00", "")))
	code := statement.Code{Domain: "PMNT", Family: "RRCT", SubFamily: "ESCT", Proprietary: "544", Issuer: "NVB"}
	want := statement.Entry{
		Statement: 1, Number: 1, Line: 4, Status: statement.Booked, Amount: decimal(t, "25.00"), Currency: "EUR",
		BookingDate: "2024-03-08", ValueDate: "2024-03-09", BookedAt: time.Date(2024, 3, 9, 1, 30, 0, 5e8, time.UTC),
		Reference: "BANK-1", OwnerRef: "E7", Code: code, Rail: statement.RailInstant, Info: "SEPA credit",
		Details: []statement.Detail{{
			Amount: decimal(t, "25.00"), Currency: "EUR", HasAmount: true,
			Reference: "BANK-1-1", InstructionID: "I1", TransactionID: "T1", MessageID: "M1", UETR: "u-1", MandateID: "MD1", Cheque: "C1",
			Structured: "RF18539007547034", Remittance: "Invoice 7\nand thanks\nINV-7\nRF712348231",
			Payer:   statement.Party{Name: "Payer Ltd", Account: "DE89370400440532013000", BIC: "COBADEFF", Ultimate: "Its mother"},
			Payee:   statement.Party{Name: "A bank", Account: "99017", BIC: "ABNANL2A"},
			Code:    code,
			Purpose: "SALA", ReturnReason: "AC04", Info: "more",
			Instructed: decimal(t, "30.00"), InstructedCurrency: "USD",
		}},
	}
	if diff := cmp.Diff(want, s.Lines[0], cmp.Comparer(compareDecimals)); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	if got, want := s.Lines[0].Other(s.Lines[0].Details[0]).Name, "Payer Ltd"; got != want {
		t.Errorf("got %q as the other party of a credit, want %q", got, want)
	}
	if s.Proof != statement.Balanced {
		t.Errorf("got %v, want balanced", s.Proof)
	}
}

func TestCamtProof(t *testing.T) {
	summary := func(elements string) string { return "<TxsSummry>" + elements + "</TxsSummry>" }
	two := ntry("5.00", "CRDT", "") + ntry("2.00", "DBIT", "")
	for _, c := range []struct {
		name, elements string
		want           statement.Proof
		remark         string
	}{
		{"adds up", bal("OPBD", "1.00", "CRDT") + bal("CLBD", "4.00", "CRDT") + two, statement.Balanced, ""},
		{"adds up from the last closing", bal("PRCD", "1.00", "CRDT") + bal("CLBD", "4", "CRDT") + two, statement.Balanced, ""},
		{"overdrawn", bal("OPBD", "4.00", "DBIT") + bal("CLBD", "1.00", "DBIT") + two, statement.Balanced, ""},
		{"balances behind the entries", two + bal("OPBD", "1.00", "CRDT") + bal("CLBD", "4.00", "CRDT"), statement.Balanced, ""},
		{"a cent off", bal("OPBD", "1.00", "CRDT") + bal("CLBD", "4.01", "CRDT") + two, statement.Unbalanced, "balance_differs"},
		{"a thousandth off", bal("OPBD", "1.00", "CRDT") + bal("CLBD", "4.001", "CRDT") + two, statement.Unbalanced, "balance_differs"},
		{"no opening", bal("CLBD", "4.00", "CRDT") + two, statement.Unproven, ""},
		{"no closing", bal("OPBD", "4.00", "CRDT") + bal("CLAV", "7.00", "CRDT") + two, statement.Unproven, ""},
		{"nothing but balances", bal("OPBD", "4.00", "CRDT") + bal("CLBD", "4.00", "CRDT"), statement.Balanced, ""},
		{"nothing but different balances", bal("OPBD", "4.00", "CRDT") + bal("CLBD", "4.10", "CRDT"), statement.Unbalanced, "balance_differs"},
		{"closing given twice", bal("OPBD", "1", "") + bal("CLBD", "4", "") + bal("CLBD", "4.00", "") + two, statement.Balanced, ""},
		{"two closings", bal("OPBD", "1", "") + bal("CLBD", "4", "") + bal("CLBD", "5", "") + two, statement.Unbalanced, "balance_given_twice"},
		{"pending is not booked", bal("OPBD", "1", "") + bal("CLBD", "1", "") + ntry("9", "CRDT", "<Sts>PDNG</Sts>"), statement.Balanced, ""},
		{
			"another currency", strings.ReplaceAll(bal("OPBD", "1", "")+bal("CLBD", "4", "")+two, `"EUR">2.00`, `"USD">2.00`),
			statement.Unbalanced, "currency_differs",
		},
		{"balance in another currency", strings.ReplaceAll(bal("OPBD", "1", ""), "EUR", "USD") + bal("CLBD", "4", "") + two, statement.Unbalanced, "currency_differs"},
		{"declared and kept", summary("<TtlNtries><NbOfNtries>2</NbOfNtries><Sum>7</Sum><TtlNetNtry><Amt>3</Amt><CdtDbtInd>CRDT</CdtDbtInd></TtlNetNtry></TtlNtries><TtlCdtNtries><NbOfNtries>1</NbOfNtries><Sum>5.000</Sum></TtlCdtNtries><TtlDbtNtries><NbOfNtries>1</NbOfNtries><Sum>2.0</Sum></TtlDbtNtries>") + two, statement.Unproven, ""},
		{"declared entries", summary("<TtlNtries><NbOfNtries>3</NbOfNtries></TtlNtries>") + two, statement.Unbalanced, "declared_entries_differ"},
		{"declared credits", summary("<TtlCdtNtries><NbOfNtries>2</NbOfNtries></TtlCdtNtries>") + two, statement.Unbalanced, "declared_entries_differ"},
		{"declared sum of credits", summary("<TtlCdtNtries><Sum>5.01</Sum></TtlCdtNtries>") + two, statement.Unbalanced, "declared_sum_differs"},
		{"declared sum of debits", summary("<TtlDbtNtries><Sum>5</Sum></TtlDbtNtries>") + two, statement.Unbalanced, "declared_sum_differs"},
		{"declared turnover", summary("<TtlNtries><Sum>3</Sum></TtlNtries>") + two, statement.Unbalanced, "declared_sum_differs"},
		{"declared net of version 2", summary("<TtlNtries><TtlNetNtryAmt>3</TtlNetNtryAmt><CdtDbtInd>DBIT</CdtDbtInd></TtlNtries>") + two, statement.Unbalanced, "declared_sum_differs"},
		{"declared with the pending", summary("<TtlNtries><NbOfNtries>3</NbOfNtries></TtlNtries>") + two + ntry("9", "CRDT", "<Sts>PDNG</Sts>"), statement.Unproven, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := readOne(t, camt(c.elements))
			if s.Proof != c.want {
				t.Errorf("got %v %v, want %v", s.Proof, s.Remarks, c.want)
			}
			var got []string
			for _, r := range s.Remarks {
				got = append(got, r.Code)
			}
			if strings.Join(got, " ") != c.remark {
				t.Errorf("got remarks %v, want %q", s.Remarks, c.remark)
			}
		})
	}
}

func TestCamtStatuses(t *testing.T) {
	for _, c := range []struct {
		element string
		want    statement.Status
		remarks int
	}{
		{"", statement.Booked, 0},
		{"<Sts>BOOK</Sts>", statement.Booked, 0},
		{"<Sts>\n BOOK\n</Sts>", statement.Booked, 0},
		{"<Sts>\n<Cd>BOOK</Cd>\n</Sts>", statement.Booked, 0},
		{"<Sts>PDNG</Sts>", statement.Pending, 0},
		{"<Sts><Cd>PDNG</Cd></Sts>", statement.Pending, 0},
		{"<Sts><Cd>FUTR</Cd></Sts>", statement.Pending, 0},
		{"<Sts>INFO</Sts>", statement.Info, 0},
		{"<Sts><Prtry>MAYBE</Prtry></Sts>", statement.Info, 1},
	} {
		s := readOne(t, camt(ntry("9.00", "CRDT", c.element)))
		if got := s.Lines[0].Status; got != c.want || len(s.Remarks) != c.remarks {
			t.Errorf("%s: got %s, remarks %v, want %s and %d remarks", c.element, got, s.Remarks, c.want, c.remarks)
		}
		if booked := s.Credits.Sign() > 0; booked != (c.want == statement.Booked) {
			t.Errorf("%s: got credits %v", c.element, s.Credits)
		}
	}
}

func TestBatches(t *testing.T) {
	tx := func(amount string) string { return "<TxDtls>" + amount + "</TxDtls>" }
	const five, seven = `<Amt Ccy="EUR">5.00</Amt>`, `<AmtDtls><TxAmt><Amt Ccy="EUR">7.00</Amt></TxAmt></AmtDtls>`
	for _, c := range []struct {
		name, details string
		amounts       string
		splits        bool
		remarks       int
	}{
		{"no details", "", "-12.00 EUR", true, 0},
		{"details that say nothing", tx(""), "-12.00 EUR", true, 0},
		{"one that is the entry", tx(`<Amt Ccy="EUR">12.00</Amt>`), "-12.00 EUR", true, 0},
		{"one that is less", tx(five), "-5.00 EUR", false, 1},
		{"one that was sent in another currency", tx(`<Amt Ccy="USD">14.00</Amt>`), "-12.00 EUR", true, 0},
		{"two that add up", tx(five) + tx(seven), "-5.00 EUR, -7.00 EUR", true, 0},
		{"one goes the other way", tx(five+"<CdtDbtInd>CRDT</CdtDbtInd>") + tx(`<Amt Ccy="EUR">17.00</Amt>`), "5.00 EUR, -17.00 EUR", true, 0},
		{"two that do not", tx(five) + tx(five), "-5.00 EUR, -5.00 EUR", false, 1},
		{"two, one of them silent", tx(five) + tx(""), "-5.00 EUR, ?", false, 0},
		{"two, one in another currency", tx(five) + tx(`<Amt Ccy="USD">7.00</Amt>`), "-5.00 EUR, -7.00 USD", false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := readOne(t, camt(ntry("12.00", "DBIT", "<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>"+c.details+"</NtryDtls>")))
			e := s.Lines[0]
			var amounts []string
			for _, d := range e.Details {
				if !d.HasAmount {
					amounts = append(amounts, "?")
					continue
				}
				amounts = append(amounts, d.Amount.String()+" "+string(d.Currency))
			}
			if got := strings.Join(amounts, ", "); got != c.amounts {
				t.Errorf("got %s, want %s", got, c.amounts)
			}
			if e.Splits() != c.splits || e.BatchOf != 2 {
				t.Errorf("got splits %v, batch of %d, want %v and 2", e.Splits(), e.BatchOf, c.splits)
			}
			if len(s.Remarks) != c.remarks || s.Proof != statement.Unproven {
				t.Errorf("got %v, remarks %v, want unproven and %d remarks", s.Proof, s.Remarks, c.remarks)
			}
		})
	}
}

// TestManyRemarks proves that remarks of one kind do not drown another.
func TestManyRemarks(t *testing.T) {
	differing := ntry("12.00", "CRDT", `<NtryDtls><TxDtls><Amt Ccy="EUR">5.00</Amt></TxDtls></NtryDtls>`)
	s := readOne(t, camt(bal("OPBD", "0", "")+bal("CLBD", "0", "")+strings.Repeat(differing, 1000)))
	kinds := map[string]int{}
	for _, r := range s.Remarks {
		kinds[r.Code]++
	}
	if want := map[string]int{"batch_differs": 10, "balance_differs": 1}; !maps.Equal(kinds, want) {
		t.Errorf("got remarks %v, want %v", kinds, want)
	}
}

// TestManyLinesOfRemittance takes time that grows with the file, not with its square.
func TestManyLinesOfRemittance(t *testing.T) {
	const lines = 1_000_000
	s := readOne(t, camt(ntry("1", "CRDT", "<NtryDtls><TxDtls><RmtInf>"+strings.Repeat("<Ustrd>a</Ustrd>", lines)+"</RmtInf></TxDtls></NtryDtls>")))
	if got, want := len(s.Lines[0].Details[0].Remittance), 2*lines-1; got != want {
		t.Errorf("got %d bytes, want %d", got, want)
	}
}

func TestReversalsKeepTheirOwnSide(t *testing.T) {
	const parties = "<RvslInd>true</RvslInd><NtryDtls><TxDtls><RltdPties><Dbtr><Nm>payer</Nm></Dbtr><Cdtr><Nm>payee</Nm></Cdtr></RltdPties></TxDtls></NtryDtls>"
	s := readOne(t, camt(ntry("5.00", "DBIT", parties)))
	e := s.Lines[0]
	if !e.Reversal || e.Amount.String() != "-5.00" || s.Debits.String() != "5.00" {
		t.Errorf("got %+v and debits %v, want a reversal that takes 5.00", e, s.Debits)
	}
	if got, want := e.Other(e.Details[0]).Name, "payer"; got != want {
		t.Errorf("got %q as the other party of a credit undone, want %q", got, want)
	}
}

func TestCamtEnvelopesAndNames(t *testing.T) {
	statement053 := "<x:BkToCstmrStmt><x:Stmt><x:Id>A</x:Id></x:Stmt><x:Stmt><x:Id>B</x:Id></x:Stmt></x:BkToCstmrStmt>"
	for _, c := range []struct{ name, file, want string }{
		{"no envelope, no namespace", camtPlain("BkToCstmrStmt", "Stmt"), "camt.053 -"},
		{"notification", camtPlain("BkToCstmrDbtCdtNtfctn", "Ntfctn"), "camt.054 -"},
		{"version 1", camtPlain("BkToCstmrStmtV01", "Stmt"), "camt.053 -"},
		{"prefix", "<x:Document xmlns:x='urn:iso:std:iso:20022:tech:xsd:camt.053.001.06'>" + statement053 + "</x:Document>", "camt.053 06, camt.053 06"},
		{"country's own namespace", "<x:Document xmlns:x='http://www.six-interbank-clearing.com/de/camt.053.001.04.CH.02'>" + statement053 + "</x:Document>", "camt.053 04, camt.053 04"},
		{"header names the version", "<Msg><AppHdr><MsgDefIdr>camt.053.001.11</MsgDefIdr></AppHdr>" + camtPlain("BkToCstmrStmt", "Stmt") + "</Msg>", "camt.053 11"},
		{"two messages", "<Envelope><a>" + camt("") + "</a><a>" + camt("") + "</a></Envelope>", "camt.053 08, camt.053 08"},
		{"a message of each kind", "<Envelope>" + camt("") + camtPlain("BkToCstmrDbtCdtNtfctn", "Ntfctn") + "</Envelope>", "camt.053 08, camt.054 08"},
	} {
		all, err := statement.ReadAll(strings.NewReader(c.file), statement.Options{})
		if err != nil {
			t.Errorf("%s: got %v", c.name, err)
			continue
		}
		var got []string
		for i, s := range all {
			if s.Number != i+1 {
				t.Errorf("%s: got number %d, want %d", c.name, s.Number, i+1)
			}
			version := s.Version
			if version == "" {
				version = "-"
			}
			got = append(got, string(s.Format)+" "+version)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: got %v, want %s", c.name, got, c.want)
		}
	}
}

func camtPlain(message, statement string) string {
	return "<Document><" + message + "><GrpHdr/><" + statement + "><Id>1</Id></" + statement + "></" + message + "></Document>"
}

func TestCamtThatIsRefused(t *testing.T) {
	for _, c := range []struct{ name, file, place string }{
		{"no statement", "<Document><BkToCstmrStmt><GrpHdr/></BkToCstmrStmt></Document>", "the document"},
		{"another message", "<Document><BkToCstmrAcctRpt><Rpt/></BkToCstmrAcctRpt></Document>", "the document"},
		{"any XML", "<feed><Stmt/></feed>", "the document"},
		{"negative amount", camt(ntry("-5.00", "CRDT", "")), "line 3, column 33 (Stmt/Ntry/Amt)"},
		{"negative balance", camt(bal("OPBD", "-5.00", "CRDT")), "line 3, column 77 (Stmt/Bal/Amt)"},
		{"amount that is none", camt(ntry("5,00", "CRDT", "")), "line 3, column 32 (Stmt/Ntry/Amt)"},
		{"amount that is empty", camt(ntry(" ", "CRDT", "")), "line 3, column 29 (Stmt/Ntry/Amt)"},
		{"amount too long", camt(ntry("1234567890123456789", "CRDT", "")), "line 3, column 47 (Stmt/Ntry/Amt)"},
		{"no amount", camt("<Ntry><CdtDbtInd>CRDT</CdtDbtInd></Ntry>"), "line 3, column 41 (Stmt/Ntry)"},
		{"two amounts", camt(ntry("5", "CRDT", "<Amt>6</Amt>")), "line 3, column 68 (Stmt/Ntry/Amt)"},
		{"no side", camt(`<Ntry><Amt Ccy="EUR">5</Amt></Ntry>`), "line 3, column 36 (Stmt/Ntry)"},
		{"two sides", camt(ntry("5", "CRDT", "<CdtDbtInd>DBIT</CdtDbtInd>")), "line 3, column 83 (Stmt/Ntry/CdtDbtInd)"},
		{"side that is none", camt(ntry("5", "C", "")), "line 3, column 53 (Stmt/Ntry/CdtDbtInd)"},
		{"currency that is none", camt(`<Ntry><Amt Ccy="eur">5</Amt></Ntry>`), "line 3, column 22 (Stmt/Ntry/Amt)"},
		{"reversal that is unclear", camt(ntry("5", "CRDT", "<RvslInd>yes</RvslInd>")), "line 3, column 78 (Stmt/Ntry/RvslInd)"},
		{"no such day", camt(ntry("5", "CRDT", "<ValDt><Dt>2023-02-29</Dt></ValDt>")), "line 3, column 82 (Stmt/Ntry/ValDt/Dt)"},
		{"date in another order", camt(ntry("5", "CRDT", "<BookgDt><Dt>28.02.2023</Dt></BookgDt>")), "line 3, column 84 (Stmt/Ntry/BookgDt/Dt)"},
		{"balance without an amount", camt("<Bal><CdtDbtInd>CRDT</CdtDbtInd></Bal>"), "line 3, column 39 (Stmt/Bal)"},
		{"count that is none", camt("<TxsSummry><TtlNtries><NbOfNtries>-1</NbOfNtries></TtlNtries></TxsSummry>"), "line 3, column 50 (Stmt/TxsSummry/TtlNtries/NbOfNtries)"},
		{"account behind its entries", camt(ntry("5", "CRDT", "") + "<Acct><Id><IBAN>X</IBAN></Id></Acct>"), "line 4, column 7 (Stmt/Acct)"},
		{"sum that is too large", camt(ntry("999999999999999999", "CRDT", "") + strings.Repeat(ntry("0.00001", "CRDT", ""), 2)), "statement 1, entry 2 (line 4)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := statement.ReadAll(strings.NewReader(c.file), statement.Options{})
			known, ok := fault.Of(err)
			if !ok {
				t.Fatalf("got %+v, %v, want a fault", got, err)
			}
			if known.Place != c.place {
				t.Errorf("got place %q, want %q (%s)", known.Place, c.place, known.Message)
			}
			if known.Next == "" {
				t.Errorf("got no next step with %q", known.Message)
			}
		})
	}
}

// TestFaultsRepeatNothing breaks a file in many ways, and looks for what it says in what
// is said about it.
func TestFaultsRepeatNothing(t *testing.T) {
	const secret = "Geheim4711"
	for _, file := range []string{
		camt(ntry(secret, "CRDT", "")),
		camt(ntry("5", secret, "")),
		camt(ntry("5", "CRDT", "<ValDt><Dt>"+secret+"</Dt></ValDt>")),
		camt(ntry("5", "CRDT", "<RvslInd>"+secret+"</RvslInd>")),
		camt(`<Ntry><Amt Ccy="` + secret + `">1</Amt></Ntry>`),
		camt("<" + secret + ">&bad;</" + secret + ">"),
		camt("<" + secret + "></x>"),
		camt("<x>&" + secret + ";</x>"),
		camt("<x " + secret + ">"),
		"<" + secret + "/>",
		"<?xml version='1.0' encoding='" + secret + "'?><x/>",
	} {
		_, err := statement.ReadAll(strings.NewReader(file), statement.Options{})
		known, ok := fault.Of(err)
		if !ok {
			t.Errorf("got %v, want a fault for %s", err, file)
			continue
		}
		if strings.Contains(fmt.Sprintf("%+v", *known), secret) {
			t.Errorf("the fault repeats the file: %+v", *known)
		}
	}
}

func TestLimits(t *testing.T) {
	many := strings.Repeat(ntry("1", "CRDT", ""), 10)
	for _, c := range []struct {
		name, file string
		options    statement.Options
		want       error
	}{
		{"entries that are allowed", camt(many), statement.Options{MaxEntries: 10}, nil},
		{"one entry more", camt(many), statement.Options{MaxEntries: 9}, statement.ErrTooLarge},
		{"bytes that are allowed", camt(many), statement.Options{MaxBytes: int64(len(camt(many)))}, nil},
		{"one byte more", camt(many), statement.Options{MaxBytes: int64(len(camt(many))) - 1}, statement.ErrTooLarge},
		{"many bytes more", camt(strings.Repeat(many, 300)), statement.Options{MaxBytes: 100_000}, statement.ErrTooLarge},
		{"too many transactions", camt(ntry("1", "CRDT", "<NtryDtls>"+strings.Repeat("<TxDtls/>", 100_001)+"</NtryDtls>")), statement.Options{}, statement.ErrTooLarge},
		{"too many balances", camt(strings.Repeat(bal("CLAV", "1", ""), 10_001)), statement.Options{}, statement.ErrTooLarge},
		{"the format that was named", camt(many), statement.Options{Format: statement.Camt053}, nil},
		{"not the format that was named", camt(many), statement.Options{Format: statement.Camt054}, statement.ErrBroken},
		{"a format that is none", camt(many), statement.Options{Format: "camt.029"}, statement.ErrUnknownFormat},
		{"nothing", "", statement.Options{}, statement.ErrBroken},
	} {
		_, err := statement.ReadAll(strings.NewReader(c.file), c.options)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		start string
		want  statement.Format
	}{
		{camt(""), statement.Camt053},
		{"\xef\xbb\xbf\n" + camt(""), statement.Camt053},
		{"\xff\xfe" + wide(camt(""), false), statement.Camt053},
		{document, statement.Camt054},
		{wide(document, true), statement.Camt054},
		{"<!DOCTYPE html>", statement.Camt053}, // the reader says what is wrong with it
		{"PK\x03\x04 zip", ""},
		{"%PDF-1.7", ""},
		{"", ""},
	} {
		got, err := statement.Detect([]byte(c.start))
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%.20q: got %q, %v, want %q", c.start, got, err, c.want)
		}
	}
}

// TestVisitorsErrorEndsIt proves that an error of the visitor is handed back untouched, from
// wherever it came.
func TestVisitorsErrorEndsIt(t *testing.T) {
	own := fault.New(fault.Conflict, "own", "enough")
	for name, visit := range map[string]statement.Visitor{
		"open":  {Open: func(statement.Statement) error { return own }},
		"entry": {Entry: func(statement.Entry) error { return own }},
		"close": {Close: func(statement.Statement) error { return own }},
	} {
		if err := statement.Read(strings.NewReader(camt(ntry("1", "CRDT", ""))), statement.Options{}, visit); err != own {
			t.Errorf("%s: got %#v, want the very error", name, err)
		}
	}
}

func TestVisitorSeesTheHeadFirst(t *testing.T) {
	var steps []string
	file := camt(bal("OPBD", "1", "") + ntry("1", "CRDT", "") + bal("CLBD", "2", ""))
	err := statement.Read(strings.NewReader(file), statement.Options{}, statement.Visitor{
		Open: func(s statement.Statement) error {
			steps = append(steps, "open "+s.Account.ID()+" "+s.Opening.Amount.String())
			return nil
		},
		Entry: func(e statement.Entry) error {
			steps = append(steps, e.Place())
			return nil
		},
		Close: func(s statement.Statement) error {
			steps = append(steps, "close "+s.Closing.Amount.String()+" "+s.Proof.String())
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "open NL91ABNA0417164300 1; statement 1, entry 1 (line 4); close 2 balanced"
	if got := strings.Join(steps, "; "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzCamt changes real files. What is accepted must be what it is said to be.
func FuzzCamt(f *testing.F) {
	for _, want := range readIndex(f) {
		text, err := os.ReadFile(filepath.Join(samples, want.File))
		if err != nil {
			f.Fatal(err)
		}
		if strings.HasPrefix(want.Format, "camt") && len(text) < fuzzSeedMax {
			f.Add(text)
		}
	}
	f.Add([]byte(camt(bal("OPBD", "1", "") + bal("CLBD", "4", "") + ntry("5.00", "CRDT", "") + ntry("2.00", "DBIT", ""))))
	f.Fuzz(func(t *testing.T, file []byte) {
		start := time.Now()
		got, err := statement.ReadAll(bytes.NewReader(file), statement.Options{Format: statement.Camt053})
		if err == nil {
			checkSound(t, got)
		} else if _, ok := fault.Of(err); !ok {
			t.Errorf("got %v, want a fault", err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %v for %d bytes", took, len(file))
		}
	})
}
