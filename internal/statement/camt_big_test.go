package statement_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/bursar-pay/bursar/internal/statement"
)

// writeBig writes a camt.053 of so many entries of 1.00, as a bank would: with all that a
// transfer has to say.
func writeBig(to io.Writer, entries int) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">
  <BkToCstmrStmt>
    <GrpHdr><MsgId>BIG</MsgId><CreDtTm>2026-01-02T03:04:05Z</CreDtTm></GrpHdr>
    <Stmt>
      <Id>BIG-1</Id>
      <Acct><Id><IBAN>NL91ABNA0417164300</IBAN></Id><Ccy>EUR</Ccy></Acct>
      <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>
      <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">%d.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>
      <TxsSummry><TtlNtries><NbOfNtries>%d</NbOfNtries></TtlNtries></TxsSummry>
`, entries, entries)
	for i := range entries {
		fmt.Fprintf(w, `      <Ntry>
        <NtryRef>%d</NtryRef>
        <Amt Ccy="EUR">1.00</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd>
        <RvslInd>false</RvslInd>
        <Sts><Cd>BOOK</Cd></Sts>
        <BookgDt><Dt>2026-01-01</Dt></BookgDt>
        <ValDt><Dt>2026-01-01</Dt></ValDt>
        <AcctSvcrRef>SVCR-%09d</AcctSvcrRef>
        <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
        <NtryDtls>
          <TxDtls>
            <Refs><EndToEndId>E2E-%09d</EndToEndId><TxId>TX-%09d</TxId></Refs>
            <Amt Ccy="EUR">1.00</Amt>
            <CdtDbtInd>CRDT</CdtDbtInd>
            <RltdPties>
              <Dbtr><Pty><Nm>Payer number %d</Nm></Pty></Dbtr>
              <DbtrAcct><Id><IBAN>NL02ABNA0123456789</IBAN></Id></DbtrAcct>
              <CdtrAcct><Id><IBAN>NL91ABNA0417164300</IBAN></Id></CdtrAcct>
            </RltdPties>
            <RltdAgts><DbtrAgt><FinInstnId><BICFI>ABNANL2A</BICFI></FinInstnId></DbtrAgt></RltdAgts>
            <RmtInf><Ustrd>Invoice 2026-%06d &amp; thanks</Ustrd></RmtInf>
          </TxDtls>
        </NtryDtls>
      </Ntry>
`, i, i, i, i, i, i)
	}
	fmt.Fprint(w, "    </Stmt>\n  </BkToCstmrStmt>\n</Document>\n")
	return w.Flush()
}

// bigFile returns a pipe out of which the file comes while it is written.
func bigFile(entries int) io.ReadCloser {
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(writeBig(w, entries)) }()
	return r
}

// TestMemoryIsFlat reads a file far larger than what it may keep in memory.
func TestMemoryIsFlat(t *testing.T) {
	const (
		entries = 50_000 // 55 MB
		step    = 5_000
		heapMax = 16 << 20 // above what there was before
	)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	file := bigFile(entries)
	defer file.Close()

	seen, most := 0, uint64(0)
	var closed statement.Statement
	err := statement.Read(file, statement.Options{}, statement.Visitor{
		Entry: func(statement.Entry) error {
			if seen++; seen%step == 0 {
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
			return nil
		},
		Close: func(s statement.Statement) error {
			closed = s
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen != entries || closed.Counts.Booked != entries || closed.Proof != statement.Balanced {
		t.Errorf("got %d entries, counts %+v, %v, want %d booked and balanced", seen, closed.Counts, closed.Proof, entries)
	}
	if most > before.HeapAlloc+heapMax {
		t.Errorf("the heap grew from %d to %d bytes, want at most %d more", before.HeapAlloc, most, heapMax)
	}
}

func BenchmarkCamt(b *testing.B) {
	const entries = 10_000
	var file bytes.Buffer
	if err := writeBig(&file, entries); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if err := statement.Read(bytes.NewReader(file.Bytes()), statement.Options{}, statement.Visitor{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(entries)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
