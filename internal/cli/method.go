package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

type methodCommands struct {
	Ls   methodLs   `cmd:"" help:"List an account's payment methods."`
	Show methodShow `cmd:"" help:"Show a payment method, its holds and its history."`
}

type methodLs struct {
	Account string `required:"" help:"Of this account, by id or reference."`
}

// Run lists an account's payment methods.
func (c methodLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		list, err := d.office.Methods(ctx, access.CommandLine, a.ID)
		if err != nil {
			return err
		}
		shape := func(b office.Bound) wire.Method { return wire.OfMethod(b.Method) }
		return showList(s, list, "", shape, "method,kind,card,state,reason,preferred,added", func(m wire.Method) []any {
			return []any{m.ID, m.Kind, cardText(m), m.State, m.Reason, m.Preferred, m.CreatedAt}
		})
	})
}

func cardText(m wire.Method) string {
	if m.Card == nil {
		return ""
	}
	return fmt.Sprintf("%s %s, %02d/%d, %s", m.Card.Brand, m.Card.Last4, m.Card.ExpMonth, m.Card.ExpYear, m.Card.Country)
}

type methodShow struct {
	Method string `arg:"" help:"Its id."`
	Look   bool   `help:"Ask the provider first, if it is not known how a hold stands."`
}

// shownMethod is a payment method with its story.
type shownMethod struct {
	wire.Method
	Holds   []wire.Hold   `json:"holds"`
	History []historyLine `json:"history"`
}

type historyLine struct {
	At     string `json:"at"`
	By     string `json:"by"`
	Action string `json:"action"`
}

// Run shows a payment method.
func (c methodShow) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		story, err := d.office.Method(ctx, access.CommandLine, payment.MethodID(c.Method), c.Look)
		if err != nil {
			return err
		}
		shape := shownMethod{Method: wire.OfMethod(story.Method), Holds: []wire.Hold{}, History: []historyLine{}}
		for _, h := range story.Holds {
			shape.Holds = append(shape.Holds, wire.OfHold(h))
		}
		for _, r := range story.History {
			shape.History = append(shape.History, historyLine{wire.Instant(r.At), r.By, r.Action})
		}
		return s.show(shape, func(w io.Writer) { methodText(w, shape) })
	})
}

func methodText(w io.Writer, m shownMethod) {
	facts(w, func(add func(...any)) {
		add("method", m.ID)
		add("account", m.Account)
		add("card", cardText(m.Method))
		add("state", m.State)
		add("reason", m.Reason)
		add("preferred", m.Preferred)
		add("added", m.CreatedAt)
	})
	fmt.Fprintln(w)
	table(w, "hold,amount,state,opened,placed,void due,ended", func(add func(...any)) {
		for _, h := range m.Holds {
			add(h.ID, h.Amount, h.State, h.OpenedAt, h.PlacedAt, h.VoidDue, h.EndedAt)
		}
	})
	fmt.Fprintln(w)
	table(w, "at,by,action", func(add func(...any)) {
		for _, r := range m.History {
			add(r.At, r.By, r.Action)
		}
	})
}
