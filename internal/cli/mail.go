package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

type mailCommands struct {
	Ls   mailLs   `cmd:"" aliases:"list" help:"List the mails to customers."`
	Show mailShow `cmd:"" help:"Show a mail. Without a mail server, a sandbox installation keeps what it says."`
}

type mailLs struct {
	Account string `help:"To this account, by id or reference; to all if it is left out."`
	State   string `help:"Those that are waiting, sending, sent, failed, dropped or kept." enum:",waiting,sending,sent,failed,dropped,kept" default:""`
	pageFlags
}

// Run lists mails, newest first.
func (c mailLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		var a account.Account
		var err error
		if c.Account != "" {
			if a, err = d.account(ctx, c.Account); err != nil {
				return err
			}
		}
		list, next, err := d.office.Letters(ctx, access.CommandLine, office.LetterFilter{Account: a.ID, State: mail.State(c.State)}, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, mailShape, "mail,account,kind,state,attempts,to,language,title,problem,next attempt,made", func(m wire.Mail) []any {
			return []any{m.ID, m.Account, m.Kind, m.State, m.Attempts, m.Recipient, m.Language, m.Title, m.Reason, m.NextAt, m.CreatedAt}
		})
	})
}

type mailShow struct {
	Mail string `arg:"" help:"Its id."`
}

// Run shows a mail and, where it is kept, its text.
func (c mailShow) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		l, err := d.office.Letter(ctx, access.CommandLine, c.Mail)
		if err != nil {
			return err
		}
		shape := mailShape(l)
		return s.show(shape, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("mail", shape.ID)
				add("account", shape.Account)
				add("kind", shape.Kind)
				add("state", shape.State)
				add("attempts", shape.Attempts)
				add("to", shape.Recipient)
				add("language", shape.Language)
				add("problem", shape.Reason)
				add("answer", shape.Answer)
				add("title", shape.Title)
			})
			if l.Text == "" {
				return
			}
			fmt.Fprintln(w)
			for line := range strings.Lines(l.Text) {
				if line = strings.TrimRight(line, "\n"); line == "" {
					fmt.Fprintln(w)
				} else {
					fmt.Fprintln(w, cell(line))
				}
			}
		})
	})
}

func mailShape(l mail.Letter) wire.Mail {
	return wire.Mail{
		Object: "mail", ID: l.Message, Account: string(l.Account), Kind: l.Kind, State: string(l.State), Attempts: l.Attempts,
		Recipient: wire.MaybeText(l.Recipient), Language: wire.MaybeText(l.Language), Reason: wire.MaybeText(l.Reason), Answer: wire.MaybeText(l.Answer),
		NextAt: wire.Maybe(l.NextAt), Title: wire.MaybeText(l.Title), Text: wire.MaybeText(l.Text), EndedAt: wire.Maybe(l.EndedAt), CreatedAt: wire.Instant(l.CreatedAt),
	}
}
