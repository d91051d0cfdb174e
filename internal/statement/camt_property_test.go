package statement_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bursar-pay/bursar/internal/statement"
)

// drawn is a statement made up by chance, in cents, and what is to be read from it.
type drawn struct {
	file            string
	credits, debits int64
	booked, others  int
	adds            bool
}

// TestStatementsByChance writes statements of every shape that the standard lets one have,
// right and wrong, and proves that they are read as what they are.
func TestStatementsByChance(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		want := drawStatement(r)
		all, err := statement.ReadAll(strings.NewReader(want.file), statement.Options{})
		if err != nil {
			r.Fatalf("got %v for %s", err, want.file)
		}
		s := all[0]
		if s.Credits.Cmp(inCents(r, want.credits)) != 0 || s.Debits.Cmp(inCents(r, want.debits)) != 0 {
			r.Errorf("got credits %v and debits %v, want %s and %s", s.Credits, s.Debits, cents(want.credits), cents(want.debits))
		}
		if s.Counts.Booked != want.booked || s.Counts.All() != want.booked+want.others || len(s.Lines) != s.Counts.All() {
			r.Errorf("got counts %+v and %d lines, want %d booked and %d others", s.Counts, len(s.Lines), want.booked, want.others)
		}
		proof := statement.Unbalanced
		if want.adds {
			proof = statement.Balanced
		}
		if s.Proof != proof {
			r.Errorf("got %v, want %v for %s", s.Proof, proof, want.file)
		}
	})
}

func drawStatement(r *rapid.T) drawn {
	var d drawn
	var entries strings.Builder
	for range rapid.IntRange(0, 12).Draw(r, "entries") {
		amount := rapid.Int64Range(0, 1e9).Draw(r, "amount")
		debit, booked := rapid.Bool().Draw(r, "debit"), rapid.IntRange(0, 3).Draw(r, "status") > 0
		switch {
		case !booked:
			d.others++
		case debit:
			d.debits += amount
			d.booked++
		default:
			d.credits += amount
			d.booked++
		}
		entries.WriteString(drawEntry(r, amount, debit, booked))
	}
	opening := rapid.Int64Range(-1e11, 1e11).Draw(r, "opening")
	closing := opening + d.credits - d.debits
	if d.adds = rapid.Bool().Draw(r, "adds up"); !d.adds {
		closing += rapid.SampledFrom([]int64{-100, -1, 1, 7, 1e10}).Draw(r, "off by")
	}
	kind := rapid.SampledFrom([]string{"OPBD", "PRCD"}).Draw(r, "kind")
	head, foot := drawBalance(r, kind, opening)+drawBalance(r, "CLBD", closing), ""
	if rapid.Bool().Draw(r, "balances behind") {
		head, foot = foot, head
	}
	d.file = camt(head + entries.String() + foot)
	return d
}

func drawBalance(r *rapid.T, kind string, amount int64) string {
	side := rapid.SampledFrom([]string{"CRDT", ""}).Draw(r, "side of a credit")
	if amount < 0 {
		amount, side = -amount, "DBIT"
	}
	return drawSpace(r) + bal(kind, drawDecimals(r, amount), side)
}

func drawEntry(r *rapid.T, amount int64, debit, booked bool) string {
	side := "CRDT"
	if debit {
		side = "DBIT"
	}
	more := rapid.SampledFrom([]string{"", "<Sts>BOOK</Sts>", "<Sts><Cd>BOOK</Cd></Sts>"}).Draw(r, "booked")
	if !booked {
		more = rapid.SampledFrom([]string{"<Sts>PDNG</Sts>", "<Sts>INFO</Sts>", "<Sts><Cd>FUTR</Cd></Sts>"}).Draw(r, "not booked")
	}
	more += rapid.SampledFrom([]string{
		"", "<RvslInd>true</RvslInd>", "<AddtlNtryInf>5.00 &amp; more</AddtlNtryInf>", "<NtryDtls/>",
		`<NtryDtls><TxDtls><AmtDtls><InstdAmt><Amt Ccy="USD">77</Amt></InstdAmt></AmtDtls></TxDtls></NtryDtls>`,
		"<Chrgs><Amt>3</Amt><CdtDbtInd>DBIT</CdtDbtInd></Chrgs>", "<Unknown><Ntry><Amt>9</Amt></Ntry></Unknown>",
	}).Draw(r, "more")
	return drawSpace(r) + ntry(drawDecimals(r, amount), side, more)
}

func drawSpace(r *rapid.T) string {
	return rapid.SampledFrom([]string{"", "\n\t", "\r\n", "<!-- <Ntry/> -->", "<?skip <Ntry/> ?>"}).Draw(r, "space")
}

// drawDecimals writes cents with the decimals and the space that banks use.
func drawDecimals(r *rapid.T, amount int64) string {
	return rapid.SampledFrom([]string{"", " ", "+", "0", "<!-- -->"}).Draw(r, "before") + cents(amount) +
		rapid.SampledFrom([]string{"", "\n"}).Draw(r, "behind")
}

func cents(amount int64) string { return fmt.Sprintf("%d.%02d", amount/100, amount%100) }

func inCents(r *rapid.T, amount int64) statement.Decimal {
	d, err := statement.NewDecimal(amount, 2)
	if err != nil {
		r.Fatal(err)
	}
	return d
}
