package bank_test

import (
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
)

const (
	ours   = "DE89370400440532013000"
	owned  = "DE75512108001245126199"
	others = "GB29NWBK60161331926819"
)

func euros(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func facts(change ...func(*bank.Facts)) bank.Facts {
	f := bank.Facts{
		Receiving: map[bank.ReceivingID]bank.ReceivingAccount{"rac_1": {ID: "rac_1", Currency: "EUR", Number: ours, Rails: []bank.Rail{bank.RailSEPA, bank.RailSwift}, Shared: true}},
		Virtual:   map[string]bank.VirtualAccount{owned: {Number: owned, Account: "acct_a"}},
		Customers: map[account.ID]bank.Customer{
			"acct_a": {ID: "acct_a", Name: "Alpha Werke GmbH", Currency: "EUR"}, "acct_b": {ID: "acct_b", Name: "Beta Trading Ltd", Currency: "EUR"},
		},
	}
	for _, c := range change {
		c(&f)
	}
	return f
}

func receipt(change ...func(*bank.Line)) bank.Line {
	l := bank.Line{ID: "bln_1", Number: ours, Receiving: "rac_1", Incoming: true, Amount: euros(150_000), Rail: bank.RailSEPA, BookedOn: "2026-03-10"}
	for _, c := range change {
		c(&l)
	}
	return l
}

func TestMatch(t *testing.T) {
	paidTo := func(n string) func(*bank.Line) { return func(l *bank.Line) { l.PaidTo = n } }
	says := func(s string) func(*bank.Line) { return func(l *bank.Line) { l.Text = s } }
	for _, c := range []struct {
		name   string
		line   bank.Line
		facts  bank.Facts
		want   account.ID
		reason bank.Reason
	}{
		{"to the customer's own number", receipt(paidTo(owned)), facts(), "acct_a", ""},
		{"the statement is the customer's own", receipt(func(l *bank.Line) { l.Number = owned }), facts(), "acct_a", ""},
		{"the number stands in the text, broken up", receipt(says("for DE75 5121 0800 1245 1261 99 thanks")), facts(), "acct_a", ""},
		{"a number with a wrong digit is no number", receipt(says("DE75512108001245126198")), facts(), "", bank.ReasonUnknownPayer},
		{"somebody else's IBAN in the text", receipt(says(others)), facts(), "", bank.ReasonUnknownPayer},
		{"from before the number was theirs", receipt(paidTo(owned)), facts(func(f *bank.Facts) {
			f.Virtual[owned] = bank.VirtualAccount{Number: owned, Account: "acct_a", AssignedAt: time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)}
		}), "", bank.ReasonUnknownNumber},
		{"on the day it became theirs", receipt(paidTo(owned)), facts(func(f *bank.Facts) {
			f.Virtual[owned] = bank.VirtualAccount{Number: owned, Account: "acct_a", AssignedAt: time.Date(2026, 3, 10, 23, 0, 0, 0, time.UTC)}
		}), "acct_a", ""},
		{"two customers' numbers", receipt(says(owned + " " + others)), facts(func(f *bank.Facts) {
			f.Virtual[others] = bank.VirtualAccount{Number: others, Account: "acct_b"}
		}), "", bank.ReasonSeveralAccounts},
		{"the bank's word goes before the payer's", receipt(paidTo(owned), says(others)), facts(func(f *bank.Facts) {
			f.Virtual[others] = bank.VirtualAccount{Number: others, Account: "acct_b"}
		}), "acct_a", ""},
		{"closed", receipt(paidTo(owned)), facts(func(f *bank.Facts) {
			f.Customers["acct_a"] = bank.Customer{ID: "acct_a", Currency: "EUR", Closed: true}
		}), "", bank.ReasonAccountClosed},
		{"another currency", receipt(paidTo(owned)), facts(func(f *bank.Facts) {
			f.Customers["acct_a"] = bank.Customer{ID: "acct_a", Currency: "USD"}
		}), "", bank.ReasonCurrencyMismatch},
		{"cash", receipt(paidTo(owned), func(l *bank.Line) { l.Rail = bank.RailCash }), facts(), "", bank.ReasonRail},
		{"a rail that the bank does not name", receipt(paidTo(owned), func(l *bank.Line) { l.Rail = "" }), facts(), "acct_a", ""},
		{"our own payment came back", receipt(paidTo(owned), func(l *bank.Line) { l.ReturnCode = "AC04" }), facts(), "", bank.ReasonReturned},
		{"a reference is known", receipt(says("RF18539007547034")), facts(func(f *bank.Facts) {
			f.References = map[string]account.ID{"RF18539007547034": "acct_b"}
		}), "", bank.ReasonShared},
		{"the payer is known", receipt(func(l *bank.Line) { l.PayerFrom = others }), facts(func(f *bank.Facts) {
			f.Payers = map[string]map[account.ID]int{others: {"acct_b": 2}}
		}), "", bank.ReasonShared},
		{"nobody is known", receipt(), facts(), "", bank.ReasonUnknownPayer},
		{"a number of nobody behind an account that is not shared", receipt(), facts(func(f *bank.Facts) {
			r := f.Receiving["rac_1"]
			r.Shared = false
			f.Receiving["rac_1"] = r
		}), "", bank.ReasonUnknownNumber},
	} {
		if got := bank.Match(c.line, c.facts); got.Account != c.want || got.Reason != c.reason {
			t.Errorf("%s: got %q, %q, want %q, %q", c.name, got.Account, got.Reason, c.want, c.reason)
		}
	}
}

func TestCandidatesAreRankedAndExplained(t *testing.T) {
	l := receipt(func(l *bank.Line) {
		l.Payer, l.Text, l.PayerFrom = "BETA TRADING LIMITED", "RF18 5390 0754 7034 invoice 202603-ABCDEFGHJKMN", others
	})
	f := facts(func(f *bank.Facts) {
		f.References = map[string]account.ID{"RF18539007547034": "acct_b"}
		f.Bills = map[string]bank.Bill{"202603-ABCDEFGHJKMN": {Number: "202603-ABCDEFGHJKMN", Account: "acct_b", Open: euros(150_000)}}
		f.Payers = map[string]map[account.ID]int{others: {"acct_a": 1}}
		f.Customers["acct_c"] = bank.Customer{ID: "acct_c", Name: "Gamma", Currency: "USD"}
	})
	open := []bank.Bill{f.Bills["202603-ABCDEFGHJKMN"], {Number: "1", Account: "acct_a", Open: euros(100_000)}, {Number: "2", Account: "acct_a", Open: euros(50_000)}, {Number: "3", Account: "acct_c", Open: euros(150_500)}}
	first := bank.Candidates(l, f, open, euros(1_000))
	if len(first) != 3 || first[0].Account != "acct_b" || first[0].Score != 100 || first[1].Account != "acct_a" || first[2].Account != "acct_c" || first[2].Score != 0 {
		t.Fatalf("got %+v, want acct_b, acct_a, acct_c", first)
	}
	kinds := func(c bank.Candidate) (list []bank.EvidenceKind) {
		for _, e := range c.Evidence {
			list = append(list, e.Kind)
		}
		return list
	}
	for i, want := range [][]bank.EvidenceKind{
		{bank.EvidenceReference, bank.EvidenceBill, bank.EvidenceSameName, bank.EvidenceBillAmount},
		{bank.EvidencePayer, bank.EvidenceSumAmount},
		{bank.EvidenceShortAmount, bank.EvidenceCurrency},
	} {
		if got := kinds(first[i]); !slices.Equal(got, want) {
			t.Errorf("%s: got evidence %v, want %v", first[i].Account, got, want)
		}
	}
	for range 20 {
		if again := bank.Candidates(l, f, open, euros(1_000)); !slices.EqualFunc(again, first, func(a, b bank.Candidate) bool {
			return a.Account == b.Account && a.Score == b.Score && slices.Equal(a.Evidence, b.Evidence)
		}) {
			t.Fatalf("got %+v, want the same as before: %+v", again, first)
		}
	}
}

func TestNamesOfPayers(t *testing.T) {
	for _, c := range []struct {
		payer, name string
		want        []bank.EvidenceKind
	}{
		{"Alpha Werke", "Alpha Werke GmbH", []bank.EvidenceKind{bank.EvidenceSameName}},
		{"ALPHA-WERKE GMBH", "Alpha Werke GmbH", []bank.EvidenceKind{bank.EvidenceSameName}},
		{"株式会社アルファ", "アルファ", []bank.EvidenceKind{bank.EvidenceSameName}},
		{"Alpha Werke Vertrieb", "Alpha Werke GmbH", []bank.EvidenceKind{bank.EvidenceLikeName}},
		{"Alpha Werke Vertriebsges", "Alpha Werke Vertriebsgesellschaft Nord mbH", []bank.EvidenceKind{bank.EvidenceLikeName}},
		{"Omega", "Alpha Werke GmbH", nil},
		{"GmbH", "Alpha Werke GmbH", nil},
	} {
		f := bank.Facts{Customers: map[account.ID]bank.Customer{"acct_a": {ID: "acct_a", Name: c.name, Currency: "EUR"}}}
		var got []bank.EvidenceKind
		for _, candidate := range bank.Candidates(receipt(func(l *bank.Line) { l.Payer = c.payer }), f, nil, euros(0)) {
			for _, e := range candidate.Evidence {
				got = append(got, e.Kind)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s for %s: got %v, want %v", c.payer, c.name, got, c.want)
		}
	}
}

func TestOriginsOfReversals(t *testing.T) {
	earlier := []bank.Earlier{
		{Remittance: bank.Remittance{ID: "rem_1"}, Line: receipt(func(l *bank.Line) { l.EndToEnd, l.PayerFrom = "E1", others })},
		{Remittance: bank.Remittance{ID: "rem_2"}, Line: receipt(func(l *bank.Line) { l.EndToEnd = "E2" })},
	}
	out := receipt(func(l *bank.Line) { l.Incoming, l.Reversal, l.EndToEnd, l.PayerFrom = false, true, "E1", others })
	got := bank.Origins(out, earlier)
	if len(got) != 2 || got[0].Remittance != "rem_1" || got[0].Score <= got[1].Score {
		t.Errorf("got %+v, want rem_1 before rem_2", got)
	}
	if got := bank.Origins(receipt(func(l *bank.Line) { l.Incoming = false }), earlier); len(got) != 0 {
		t.Errorf("the amount alone: got %+v, want nothing", got)
	}
}
