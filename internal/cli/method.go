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

	Detach   methodDetach   `cmd:"" help:"Take a payment method off its account."`
	Diagnose methodDiagnose `cmd:"" help:"Say why a payment method was not bound, or cannot be charged, and what can be done."`
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
		return showList(s, list, "", boundMethod, "method,kind,what,state,reason,preferred,held,added", func(m wire.Method) []any {
			return []any{m.ID, m.Kind, methodWords(m), m.State, m.Reason, m.Preferred, heldWords(m), m.CreatedAt}
		})
	})
}

// boundMethod shapes a payment method with its holds.
func boundMethod(b office.Bound) wire.Method {
	shape := wire.OfMethod(b.Method)
	if b.Hold.ID != "" {
		hold := wire.OfHold(b.Hold)
		shape.Hold = &hold
	}
	if b.Exposure.ID != "" {
		hold := wire.OfHold(b.Exposure)
		shape.Exposure = &hold
	}
	return shape
}

// methodWords tells a payment method from others.
func methodWords(m wire.Method) string {
	switch {
	case m.Card != nil:
		return fmt.Sprintf("%s %s, %02d/%d, %s", m.Card.Brand, m.Card.Last4, m.Card.ExpMonth, m.Card.ExpYear, m.Card.Country)
	case m.PayPal != nil:
		return fmt.Sprintf("%s, %s, %s", m.PayPal.Email, m.PayPal.Name, m.PayPal.Country)
	}
	return ""
}

// heldWords says what is held on a method for usage.
func heldWords(m wire.Method) string {
	if m.Exposure == nil || m.Exposure.EndedAt != nil {
		return ""
	}
	return cell(m.Exposure.Amount) + ", " + m.Exposure.State
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
		add(m.Kind, methodWords(m.Method))
		if m.PayPal != nil {
			add("payer", m.PayPal.PayerID)
		}
		add("state", m.State)
		add("reason", m.Reason)
		add("preferred", m.Preferred)
		add("added", m.CreatedAt)
	})
	fmt.Fprintln(w)
	table(w, "hold,for,amount,state,reason,opened,placed,void due,promised until,renewed,expires,ended", func(add func(...any)) {
		for _, h := range m.Holds {
			add(h.ID, h.Kind, h.Amount, h.State, h.Reason, h.OpenedAt, h.PlacedAt, h.VoidDue, h.HonoredUntil, h.RenewedAt, h.ExpiresAt, h.EndedAt)
		}
	})
	fmt.Fprintln(w)
	table(w, "at,by,action", func(add func(...any)) {
		for _, r := range m.History {
			add(r.At, r.By, r.Action)
		}
	})
}

type methodDetach struct {
	Method string `arg:"" help:"Its id."`
	DryRun bool   `help:"Only say what speaks against it; exit 1 if anything does."`
}

// Run takes a payment method off its account.
func (c methodDetach) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		if c.DryRun {
			m, why, err := d.office.MayDetachMethod(ctx, access.CommandLine, payment.MethodID(c.Method))
			if err != nil {
				return err
			}
			shape := wire.OfDetachability(m.ID, objectionsOf(why))
			return s.verdict(shape, shape.Allowed, func(w io.Writer) {
				facts(w, func(add func(...any)) {
					add("method", shape.Method)
					add("may be detached", shape.Allowed)
				})
				objectionsTable(w, shape.Reasons)
			})
		}
		m, err := d.office.DetachMethod(ctx, access.CommandLine, payment.MethodID(c.Method))
		if err != nil {
			return err
		}
		shape := wire.OfMethod(m)
		return s.show(shape, func(w io.Writer) { fmt.Fprintf(w, "%s is %s\n", shape.ID, shape.State) })
	})
}
