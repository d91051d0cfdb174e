package cli

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

type sandboxCommands struct {
	Serve      sandboxCommand    `cmd:"" default:"withargs" help:"Run the outside world alone: a card network that speaks Stripe's protocol, a wallet that speaks PayPal's, and a bank."`
	Accounts   sandboxAccounts   `cmd:"" help:"Show our accounts at the pretend bank."`
	Transfer   sandboxTransfer   `cmd:"" help:"Have somebody transfer money to us at the pretend bank."`
	Reverse    sandboxReverse    `cmd:"" help:"Have the pretend bank undo an entry."`
	Fee        sandboxFee        `cmd:"" help:"Have the pretend bank take a fee from us."`
	EndDay     sandboxEndDay     `cmd:"" help:"End the pretend bank's day: it issues statements."`
	Statements sandboxStatements `cmd:"" help:"List what the pretend bank has issued, or keep the files."`
}

type sandboxCommand struct {
	Listen string `default:"127.0.0.1:12111" placeholder:"ADDR" help:"Address to listen on."`
	State  string `placeholder:"PATH" help:"File that keeps the state; without one it is gone when this ends."`
}

// Run serves the outside world alone, for anyone's client.
func (c sandboxCommand) Run(ctx context.Context, s *session) (err error) {
	log, err := s.logger(slog.LevelWarn)
	if err != nil {
		return err
	}
	l, err := listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	world, err := sandbox.Open(sandbox.Options{State: c.State, Now: wall, Random: chance(), BaseURL: originOf(l), Logger: log})
	if err != nil {
		return errOutside.Detail("%v", err).WithNext("stop the sandbox that uses the file, or name another file with --state")
	}
	defer func() { err = errors.Join(err, world.Close()) }()
	running := newServers(log)
	running.serve(l, world)
	running.run(func(ctx context.Context) error { return runWorld(ctx, world) })
	shape := started{Sandbox: originOf(l)}
	err = s.show(map[string]string{"sandbox": shape.Sandbox}, func(w io.Writer) {
		facts(w, func(add func(...any)) {
			add("sandbox world", shape.Sandbox)
			add("books", shape.Sandbox+"/_sandbox/books")
			add("bank", shape.Sandbox+"/_bank")
			add("key", "any that begins with sk_test_")
		})
	})
	if err == nil {
		err = running.wait(ctx)
	}
	running.drain()
	return err
}
