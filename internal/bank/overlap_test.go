package bank_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/bank"
)

func TestApartFrom(t *testing.T) {
	balance := func(n int64) *bank.Statement { a := euros(n); return &bank.Statement{Closing: &a} }
	sheet := func(id bank.StatementID, sequence, page string, opening, closing int64) bank.Statement {
		return bank.Statement{ID: id, Format: "mt940", Sequence: sequence, Page: page, Opening: balance(opening).Closing, Closing: balance(closing).Closing, First: "2026-03-10", Last: "2026-03-10"}
	}
	st := sheet("st", "7", "1", 0, 10)
	other := sheet("f", "7", "3", 20, 30)
	other.Format = "camt.053"
	for _, c := range []struct {
		name string
		all  []bank.Statement
		want int
	}{
		{"alone", []bank.Statement{st}, 0},
		{"another page", []bank.Statement{sheet("a", "7", "2", 10, 20)}, 1},
		{"the same page again", []bank.Statement{sheet("a", "7", "1", 0, 10)}, 0},
		{"the next number, which begins where it ends", []bank.Statement{sheet("a", "8", "1", 10, 20)}, 1},
		{"the number before, which ends where it begins", []bank.Statement{sheet("a", "6", "1", 5, 0)}, 1},
		{"the next number, which begins elsewhere", []bank.Statement{sheet("a", "8", "1", 0, 20)}, 0},
		{"the one after the next, over it", []bank.Statement{sheet("b", "9", "1", 20, 30), sheet("a", "8", "1", 10, 20)}, 2},
		{"the one after the next, alone", []bank.Statement{sheet("b", "9", "1", 20, 30)}, 0},
		{"an export without a number", []bank.Statement{sheet("a", "", "", 10, 20)}, 0},
		{"another format", []bank.Statement{other}, 0},
	} {
		if got := bank.ApartFrom(st, c.all); len(got) != c.want {
			t.Errorf("%s: got %d, want %d", c.name, len(got), c.want)
		}
	}
	pages := []bank.Statement{sheet("a", "7", "2", 10, 20), sheet("b", "7", "2", 10, 20), sheet("c", "7", "3", 20, 30)}
	if got := bank.ListedApart(pages, map[bank.StatementID]int{"a": 2, "b": 1, "c": 1}); got != 3 {
		t.Errorf("a page, its copy and another page: got %d, want 3", got)
	}
}

func TestRecognize(t *testing.T) {
	st := bank.Statement{ID: "new", Format: "camt.053", First: "2026-03-10", Last: "2026-03-11"}
	old := bank.Statement{ID: "old", Format: "camt.053", First: "2026-03-09", Last: "2026-03-10"}
	line := func(change ...func(*bank.Line)) bank.Line {
		l := bank.Line{ID: "bln_old", Statement: "old", Format: "camt.053", Print: "p", Occurrence: 1, Reference: "R", Incoming: true, Amount: euros(100), BookedOn: "2026-03-10"}
		for _, c := range change {
			c(&l)
		}
		return l
	}
	m := bank.Movement{Number: ours, Currency: "EUR", Signed: 101, BookedOn: "2026-03-10", Reference: "R"}
	later := m
	later.BookedOn, later.Signed = "2026-03-20", 100
	reusedLater := later
	reusedLater.Signed = 300
	far := bank.Statement{ID: "new", Format: "camt.053", First: "2026-03-20", Last: "2026-03-20"}
	for _, c := range []struct {
		name         string
		movement     bank.Movement
		st           bank.Statement
		isReused     bool
		named, alike []bank.Line
		want         bank.LineID
		isSame       bool
	}{
		{"nothing is there", m, st, false, nil, nil, "", false},
		{"the bank changed the amount", m, st, false, []bank.Line{line()}, nil, "bln_old", false},
		{"the bank changed the day", later, far, false, []bank.Line{line()}, nil, "bln_old", false},
		{"a reference that the bank gives again, on other days", reusedLater, far, false, []bank.Line{line()}, nil, "", false},
		{"a reference that this statement has twice", m, st, true, []bank.Line{line()}, nil, "", false},
		{"a reference that there was twice", m, st, false, []bank.Line{line(), line(func(l *bank.Line) { l.Print = "q" })}, nil, "", false},
		{"the parts of one batch", m, st, false, []bank.Line{line(), line(func(l *bank.Line) { l.Part = 2 })}, nil, "bln_old", false},
		{"the same in another format", m, st, false, nil, []bank.Line{line(func(l *bank.Line) { l.Format = "mt940" })}, "bln_old", false},
		{"an equal one in the same format", m, st, false, nil, []bank.Line{line()}, "", false},
		{"the same in other words", m, st, false, []bank.Line{line(func(l *bank.Line) { l.Core = "core" })}, nil, "bln_old", true},
		{"the same in other words, of a reference that is given twice", m, st, true, []bank.Line{line(func(l *bank.Line) { l.Core = "core" })}, nil, "", false},
	} {
		around := bank.Surroundings{Statement: c.st, Beside: []bank.Statement{old, c.st}}
		if got, isSame := around.Recognize(c.movement, "core", c.isReused, c.named, c.alike); got != c.want || isSame != c.isSame {
			t.Errorf("%s: got %q, the same %t, want %q, %t", c.name, got, isSame, c.want, c.isSame)
		}
	}
}

func TestPrints(t *testing.T) {
	m := bank.Movement{Number: ours, Currency: "EUR", Signed: 100, BookedOn: "2026-03-10", ValueOn: "2026-03-10", Details: []string{"a", "b"}}
	same := func(name string, want bool, change func(*bank.Movement)) {
		t.Helper()
		n := m
		change(&n)
		p, _, _ := m.Prints()
		q, _, _ := n.Prints()
		if (p == q) != want {
			t.Errorf("%s: got %t, want %t", name, p == q, want)
		}
	}
	same("the same", true, func(*bank.Movement) {})
	same("another account", false, func(n *bank.Movement) { n.Number = owned })
	same("the other way", false, func(n *bank.Movement) { n.Signed = -100 })
	same("another day", false, func(n *bank.Movement) { n.BookedOn = "2026-03-11" })
	same("other words", false, func(n *bank.Movement) { n.Details = []string{"a", "c"} })
	same("words cut otherwise", false, func(n *bank.Movement) { n.Details = []string{"ab", ""} })
	same("pending", false, func(n *bank.Movement) { n.Pending = true })
	m.Reference = "R"
	same("other words under one reference", false, func(n *bank.Movement) { n.Details = []string{"z"} })
	same("another reference", false, func(n *bank.Movement) { n.Reference = "S" })
	apart := bank.Surroundings{Statement: bank.Statement{ID: "new", First: "2026-03-10", Last: "2026-03-10"}, Apart: []bank.Statement{{ID: "old"}}}
	if got, _ := apart.Recognize(bank.Movement{Signed: 1, Reference: "R"}, "", false, []bank.Line{{ID: "bln_old", Statement: "old", BookedOn: "2026-03-10"}}, nil); got != "" {
		t.Errorf("on another page: got %q, want nothing", got)
	}
	for _, none := range []string{"", "NONREF", " nonref ", "NOTPROVIDED", "0", "00000", "//"} {
		if got := bank.BankReference(none); got != "" {
			t.Errorf("reference %q: got %q, want none", none, got)
		}
	}
}
