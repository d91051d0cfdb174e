package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// What a command can end with.
const (
	exitGood  = 0
	exitBad   = 1
	exitUsage = 2
)

// commands is the command line.
type commands struct {
	globals

	Serve   serveCommand   `cmd:"" help:"Run the API, the pages, the workers and, when no provider is configured, the sandbox world."`
	Demo    demoCommand    `cmd:"" help:"Live one month from usage rows to collected money, and prove the books."`
	Migrate migrateCommand `cmd:"" help:"Make the database's tables, or bring them up to date."`
	Config  configCommand  `cmd:"" help:"Show what is configured, and where each value came from."`
	Verify  verifyCommand  `cmd:"" help:"Prove the books."`

	Account    accountCommands    `cmd:"" help:"Accounts of the platform's customers."`
	Method     methodCommands     `cmd:"" help:"Payment methods."`
	Usage      usageCommands      `cmd:"" help:"Priced usage."`
	Debt       debtCommands       `cmd:"" help:"What must be collected once."`
	Payment    paymentCommands    `cmd:"" help:"Attempts to collect."`
	Order      orderCommands      `cmd:"" help:"What is prepaid: orders, and the subscriptions that they give."`
	Bill       billCommands       `cmd:"" help:"Monthly bills."`
	Credit     creditCommands     `cmd:"" help:"Credit lines."`
	Funds      fundsCommands      `cmd:"" help:"Balances, and what they pay."`
	Withdrawal withdrawalCommands `cmd:"" help:"Money of balances on its way to customers' banks."`
	Document   documentCommands   `cmd:"" help:"Documents as PDF: proofs, payment requests, bills, receipts, credit notes."`
	Receiving  receivingCommands  `cmd:"" help:"Where customers transfer money to."`
	Statement  statementCommands  `cmd:"" help:"Bank statements."`
	Receipt    receiptCommands    `cmd:"" help:"What came to our bank accounts, and who claims it."`
	Identity   identityCommands   `cmd:"" help:"Identity checks, and what risk stopped."`
	Policy     policyCommands     `cmd:"" help:"What this installation allows."`
	Key        keyCommands        `cmd:"" help:"API keys."`
	Staff      staffCommands      `cmd:"" help:"Who is staff, and in which role."`
	Webhook    webhookCommands    `cmd:"" help:"Where events are sent."`
	Mail       mailCommands       `cmd:"" help:"Mails to customers."`
	Clock      clockCommands      `cmd:"" help:"The clock of a sandbox installation."`

	Sandbox sandboxCommands `cmd:"" help:"The pretend outside world: run it alone, or have its bank do something."`
	Bench   benchCommand    `cmd:"" help:"Measure, each figure beside that of the plainest program that does the same."`
	Sim     simCommand      `cmd:"" help:"Simulate random months, with faults, and hold the books against the world's."`
	Version versionCommand  `cmd:"" help:"Show the version."`
}

const about = "Bursar takes money for usage-billed platforms and keeps the books of it."

// ended unwinds the stack when the parser has shown help.
type ended struct{ code int }

// Run runs one command and returns what the process is to exit with. SIGINT and
// SIGTERM end what runs.
func Run(args []string, streams Streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return run(ctx, args, streams)
}

func run(ctx context.Context, args []string, streams Streams) (code int) {
	defer func() {
		if p := recover(); p != nil {
			e, ok := p.(ended)
			if !ok {
				panic(p)
			}
			code = e.code
		}
	}()
	var c commands
	parser, err := kong.New(&c, kong.Name("bursar"), kong.Description(about), kong.Writers(streams.Out, streams.Err),
		kong.Exit(func(code int) { panic(ended{code}) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		panic(err) // the command line's own definition is wrong
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		return complainOfUsage(streams.Err, err)
	}
	s, err := c.session(streams)
	if err != nil {
		complain(streams.Err, err)
		return exitBad
	}
	if err := chosen.Run(s); err != nil {
		complain(streams.Err, err)
		return exitBad
	}
	return exitGood
}

// complainOfUsage says what is wrong with the words of a command.
func complainOfUsage(w io.Writer, err error) int {
	command := "bursar"
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context != nil {
		words, _, _ := strings.Cut(wrong.Context.Command(), " <") // without placeholders
		command = strings.TrimSpace(command + " " + words)
	}
	fmt.Fprintf(w, "bursar: usage: %s\n  next: see `%s --help`\n", err, command)
	return exitUsage
}
