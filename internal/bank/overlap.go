package bank

import (
	"slices"
	"strconv"

	"github.com/bursar-pay/bursar/internal/money"
)

// ApartFrom returns those of an account's statements that cannot list what st lists:
// other pages of the same statement, and statements with other numbers that hang
// together with it by their balances, each beginning where another one ends. Copies of
// the same statement, and whatever else was exported over some of its days, may
// overlap with it, and are not among them.
func ApartFrom(st Statement, all []Statement) []Statement {
	var apart []Statement
	reached := map[StatementID]bool{st.ID: true}
	for grown := true; grown; { // each round reaches one at least
		grown = false
		for _, s := range all {
			if reached[s.ID] || s.Format != st.Format || isCopy(s, st) {
				continue
			}
			for _, from := range append([]Statement{st}, apart...) {
				if isPage(s, from) || follows(s, from) || follows(from, s) {
					reached[s.ID], grown = true, true
					apart = append(apart, s)
					break
				}
			}
		}
	}
	return apart
}

// isCopy tells whether two are the same statement, sent twice.
func isCopy(a, b Statement) bool {
	return a.Sequence == b.Sequence && a.Page == b.Page && (a.Sequence != "" || a.BankID == b.BankID)
}

// isPage tells whether two are pages of one statement.
func isPage(a, b Statement) bool {
	same := a.Sequence != "" && a.Sequence == b.Sequence || a.Sequence == "" && b.Sequence == "" && a.BankID != "" && a.BankID == b.BankID
	return same && a.Page != "" && b.Page != "" && a.Page != b.Page
}

// follows tells whether b has the number after a's and begins where a ends.
func follows(b, a Statement) bool {
	before, err := strconv.Atoi(a.Sequence)
	after, err2 := strconv.Atoi(b.Sequence)
	return err == nil && err2 == nil && after == before+1 && a.Closing != nil && b.Opening != nil && *a.Closing == *b.Opening
}

// ListedApart counts how often statements that do not overlap list a movement, copies
// of one counted once.
func ListedApart(apart []Statement, times map[StatementID]int) int {
	type place struct{ sequence, page, id string }
	most := map[place]int{}
	for _, s := range apart {
		at := place{s.Sequence, s.Page, ""}
		if s.Sequence == "" {
			at.id = s.BankID
		}
		most[at] = max(most[at], times[s.ID])
	}
	n := 0
	for _, m := range most {
		n += m
	}
	return n
}

// Surroundings are a statement among those of its account that have some of its days.
type Surroundings struct {
	Statement
	Beside []Statement // all of them
	Apart  []Statement // those that cannot list what it lists
}

// Recognize returns the line that a movement of the statement is, told in other words,
// or may be, told otherwise; "" none. Core is that of the movement; named are the lines
// with the same reference of the bank, alike those of the same day and amount. Some
// banks give one reference to several entries: then it tells nothing.
func (s Surroundings) Recognize(m Movement, core string, isReused bool, named, alike []Line) (id LineID, isSame bool) {
	if one, ok := s.onlyMovement(in(named, m.Currency)); ok && !isReused {
		other, _ := statementIn(s.Beside, one.Statement)
		_, isApart := statementIn(s.Apart, one.Statement)
		switch {
		case isApart:
		case one.Core == core:
			return one.ID, true
		case one.Signed().Minor == m.Signed || liesIn(s.Statement, one.BookedOn) || liesIn(other, m.BookedOn):
			return one.ID, false
		}
	}
	for _, l := range alike {
		if l.Statement != s.ID && l.Format != s.Format {
			return l.ID, false
		}
	}
	return "", false
}

// onlyMovement returns the one movement that lines of other statements are of, and
// false if there are none or more.
func (s Surroundings) onlyMovement(lines []Line) (Line, bool) {
	for _, l := range lines {
		if l.Statement == s.ID || l.Print != lines[0].Print || l.Occurrence != lines[0].Occurrence {
			return Line{}, false
		}
	}
	if len(lines) == 0 {
		return Line{}, false
	}
	one := lines[0] // of a batch, its whole
	for _, l := range lines[1:] {
		if l.Incoming == one.Incoming {
			one.Amount.Minor += l.Amount.Minor
		} else {
			one.Amount.Minor -= l.Amount.Minor
		}
	}
	return one, true
}

// in leaves lines in other currencies out: an account may have several, and a bank one
// reference for what left the one and came to the other.
func in(lines []Line, c money.Currency) []Line {
	return slices.DeleteFunc(slices.Clone(lines), func(l Line) bool { return l.Amount.Currency != c })
}

func liesIn(st Statement, day string) bool {
	return st.First != "" && st.First <= day && day <= st.Last
}

func statementIn(all []Statement, id StatementID) (Statement, bool) {
	for _, s := range all {
		if s.ID == id {
			return s, true
		}
	}
	return Statement{}, false
}
