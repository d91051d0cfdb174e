package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/store"
)

var errBooks = fault.New(fault.Conflict, "books_broken", "the books do not prove").
	WithNext("stop collecting, keep a copy of the database, and look at the places named above")

type verifyCommand struct{}

// shownCheck is one promise of the books.
type shownCheck struct {
	Name     string         `json:"name"`
	Title    string         `json:"title"`
	OK       bool           `json:"ok"`
	Counted  int64          `json:"counted"`
	Total    int64          `json:"problems_total"`
	Problems []shownProblem `json:"problems"`
}

type shownProblem struct {
	Where string `json:"where"`
	What  string `json:"what"`
}

// Run proves the books. It opens the database for reading only, whatever else
// runs on it, and needs no provider.
func (verifyCommand) Run(ctx context.Context, s *session) (err error) {
	books, err := store.Open(ctx, s.value("db"), store.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	if err := books.Migrated(ctx); err != nil {
		return err
	}
	bar := s.progress(-1, "checks")
	n := int64(0)
	found, err := books.Verify(ctx, func(string) { n++; bar.to(n) })
	bar.end()
	if err != nil {
		return err
	}
	shape := struct {
		OK      bool         `json:"ok"`
		Engine  string       `json:"engine"`
		Checked int64        `json:"checked"`
		Checks  []shownCheck `json:"checks"`
	}{found.OK(), found.Engine, found.Checked, checksOf(found)}
	if err := s.show(shape, func(w io.Writer) { verdict(w, found) }); err != nil {
		return err
	}
	if !found.OK() {
		return errBooks
	}
	return nil
}

func checksOf(r store.Report) []shownCheck {
	shown := []shownCheck{}
	for _, c := range r.Checks {
		one := shownCheck{Name: c.Name, Title: c.Title, OK: c.OK(), Counted: c.Counted, Total: c.Total, Problems: []shownProblem{}}
		for _, p := range c.Problems {
			one.Problems = append(one.Problems, shownProblem{p.Where, p.What})
		}
		shown = append(shown, one)
	}
	return shown
}

// verdict is how people read what a verification found.
func verdict(w io.Writer, r store.Report) {
	table(w, "check,rows,verdict,promise", func(add func(...any)) {
		for _, c := range r.Checks {
			said := "holds"
			if !c.OK() {
				said = fmt.Sprintf("%d problems", c.Total)
			}
			add(c.Name, c.Counted, said, c.Title)
		}
	})
	for _, c := range r.Checks {
		for _, p := range c.Problems {
			fmt.Fprintf(w, "%s: %s: %s\n", c.Name, cell(p.Where), cell(p.What))
		}
		if more := c.Total - int64(len(c.Problems)); more > 0 {
			fmt.Fprintf(w, "%s: and %d more\n", c.Name, more)
		}
	}
	if r.OK() {
		fmt.Fprintf(w, "the books prove: %d checks on %s\n", len(r.Checks), r.Engine)
	}
}
