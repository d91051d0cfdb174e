package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

// at opens the installation for one command, hands it over and closes it. What
// the command charges is asked of the provider before it ends.
func (s *session) at(ctx context.Context, do func(*desk) error) (err error) {
	c, err := s.config(slog.LevelWarn)
	if err != nil {
		return err
	}
	c.Prompt = office.PromptInline
	d, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer func() {
		if closed := d.Close(context.WithoutCancel(ctx)); err == nil {
			err = closed
		}
	}()
	return do(d)
}

// show writes the answer of a command: as JSON if that is asked for, else as
// people read it.
func (s *session) show(shape any, people func(io.Writer)) error {
	if s.json {
		e := json.NewEncoder(s.Out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(shape)
	}
	out := &strings.Builder{}
	people(out)
	_, err := io.WriteString(s.Out, out.String())
	return err
}

// verdict shows the answer to a question of whether something may be done, and has
// the command fail if it may not.
func (s *session) verdict(shape any, isAllowed bool, people func(io.Writer)) error {
	if err := s.show(shape, people); err != nil || isAllowed {
		return err
	}
	return errSaid
}

// objectionsOf shapes every reason why not.
func objectionsOf(why error) []wire.Objection {
	var shapes []wire.Objection
	for _, f := range fault.All(why) {
		shapes = append(shapes, wire.Objection{Code: f.Code, Detail: f.Message, Place: f.Place, Next: f.Next})
	}
	return shapes
}

func objectionsTable(w io.Writer, list []wire.Objection) {
	if len(list) == 0 {
		return
	}
	table(w, "reason,what,next", func(add func(...any)) {
		for _, o := range list {
			add(o.Code, o.Detail, o.Next)
		}
	})
}

// pageFlags say which part of a list is wanted.
type pageFlags struct {
	After string `placeholder:"ID" help:"Go on after the object with this id."`
	Limit int    `default:"50" help:"How many at most."`
}

const pageMax = 1_000

func (p pageFlags) page() office.Page {
	return office.Page{After: p.After, Limit: min(max(p.Limit, 1), pageMax)}
}

// showList writes a page of a list as a table.
func showList[T, W any](s *session, items []T, next string, shape func(T) W, head string, row func(W) []any) error {
	page := wire.List[W]{Data: make([]W, 0, len(items)), Next: wire.MaybeText(next)}
	for _, item := range items {
		page.Data = append(page.Data, shape(item))
	}
	return s.show(page, func(w io.Writer) {
		table(w, head, func(add func(...any)) {
			for _, shaped := range page.Data {
				add(row(shaped)...)
			}
		})
		if next != "" {
			fmt.Fprintf(w, "more: --after %s\n", next)
		}
	})
}

// table writes rows under a head, whose words are parted by commas.
func table(w io.Writer, head string, rows func(add func(...any))) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.ReplaceAll(head, ",", "\t")))
	rows(func(cells ...any) { line(t, cells) })
	_ = t.Flush() // what it writes to is memory
}

// facts writes what is known of one thing, a line each.
func facts(w io.Writer, rows func(add func(...any))) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows(func(cells ...any) { line(t, cells) })
	_ = t.Flush() // what it writes to is memory
}

func line(w io.Writer, cells []any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = cell(c)
	}
	fmt.Fprintln(w, strings.TrimRight(strings.Join(texts, "\t"), "\t "))
}

// cell is how people read a value. Names and texts from outside cannot break the
// table or steer the terminal.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case *string:
		if v == nil {
			return "-"
		}
		return cell(*v)
	case string:
		if v == "" {
			return "-"
		}
		return strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
				return ' '
			}
			return r
		}, v)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case wire.Amount:
		return v.Amount + " " + v.Currency
	case time.Time:
		return wire.Instant(v)
	}
	return cell(fmt.Sprint(v))
}
