package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store"
)

// What may stand between us and the pretend bank.
var (
	errBankRefused = fault.New(fault.Invalid, "sandbox_bank_refused", "the pretend bank does not do that")
	errBankReal    = fault.New(fault.Conflict, "sandbox_bank_none", "this installation works with real payment providers, and has no pretend bank").
			WithNext("import the statements of your bank: bursar statement import FILE")
)

const (
	bankAnswerMax = 64 << 20 // bytes; a statement of tens of thousands of entries
	bankFileMode  = 0o600    // of statements that are kept
)

// pretendBank is the bank of the sandbox world, wherever that is.
type pretendBank struct {
	client *http.Client
	origin string
}

// bank finds the pretend bank of this installation: the embedded world's, or that of
// the server that stands in for the providers.
func (d *desk) bank() (pretendBank, error) {
	switch {
	case d.office.Live:
		return pretendBank{}, errBankReal
	case d.outside != nil:
		return pretendBank{&http.Client{Transport: d.outside}, "http://" + worldHost}, nil
	default:
		return pretendBank{http.DefaultClient, strings.TrimRight(d.config.Stripe.URL, "/")}, nil
	}
}

// ask gives the bank an order, "" for none, and returns its answer's body.
func (b pretendBank) ask(ctx context.Context, method, path string, order any) ([]byte, error) {
	var body io.Reader = http.NoBody
	if order != nil {
		text, err := json.Marshal(order)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, b.origin+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := b.client.Do(r)
	if err != nil {
		if f, expected := fault.Of(err); expected {
			return nil, f
		}
		return nil, errors.Join(errOutside.Detail("the sandbox world does not answer"), err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, bankAnswerMax))
	if err != nil || answer.StatusCode == http.StatusOK {
		return text, err
	}
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(text, &said) != nil || said.Error == "" {
		return nil, errOutside.Detail("what answers is no sandbox world")
	}
	return nil, errBankRefused.Detail("%s", said.Error)
}

// askInto gives the bank an order and reads its answer.
func (b pretendBank) askInto(ctx context.Context, method, path string, order, into any) error {
	text, err := b.ask(ctx, method, path, order)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return errOutside.Detail("what answers is no pretend bank")
	}
	return nil
}

func bankPath(account string, parts ...string) string {
	return "/_bank/accounts/" + url.PathEscape(account) + strings.Join(append([]string{""}, parts...), "/")
}

// knows sees to it that the bank has the account behind a number of ours, and that the
// number leads there: a receiving account of ours, or one that was given to a customer.
// Other numbers are left alone.
func (b pretendBank) knows(ctx context.Context, d *desk, number string) error {
	number = bank.NormalNumber(number)
	var r bank.ReceivingAccount
	var isVirtual bool
	err := d.store.View(ctx, func(tx *store.Tx) error {
		given, err := tx.VirtualAccounts(ctx, []string{number})
		if err != nil {
			return err
		}
		v, found := given[number]
		if isVirtual = found; found {
			r, err = tx.ReceivingAccount(ctx, v.Receiving)
			return err
		}
		ours, err := tx.ReceivingAccountsNumbered(ctx, number)
		if err == nil && len(ours) == 0 {
			return bank.ErrReceivingNotFound
		}
		if err == nil {
			r = ours[0] // a number has one currency at the pretend bank: that of the first
		}
		return err
	})
	if errors.Is(err, bank.ErrReceivingNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := b.open(ctx, r); err != nil || !isVirtual {
		return err
	}
	return b.lead(ctx, number, r.Number)
}

// open opens one of our accounts at the bank, if it is not there.
func (b pretendBank) open(ctx context.Context, r bank.ReceivingAccount) error {
	var known struct {
		Accounts []sandbox.BankAccount `json:"accounts"`
	}
	if err := b.askInto(ctx, http.MethodGet, "/_bank/accounts", nil, &known); err != nil {
		return err
	}
	for _, a := range known.Accounts {
		if a.Number == r.Number {
			return nil
		}
	}
	_, err := b.ask(ctx, http.MethodPut, bankPath(r.Number), sandbox.BankAccount{Bank: r.Bank, BIC: r.BIC, Holder: r.Holder, Currency: string(r.Currency)})
	return err
}

// lead has a number lead to an account, besides those that do.
func (b pretendBank) lead(ctx context.Context, number, account string) error {
	var a sandbox.BankAccount
	if err := b.askInto(ctx, http.MethodGet, bankPath(number), nil, &a); err == nil {
		return nil
	}
	if err := b.askInto(ctx, http.MethodGet, bankPath(account), nil, &a); err != nil {
		return err
	}
	order := struct {
		Ranges []sandbox.NumberRange `json:"ranges"`
	}{append(a.Virtual, sandbox.NumberRange{First: number})}
	_, err := b.ask(ctx, http.MethodPut, bankPath(account, "virtual"), order)
	return err
}

// atBank opens the installation and finds its pretend bank.
func (s *session) atBank(ctx context.Context, do func(*desk, pretendBank) error) error {
	return s.at(ctx, func(d *desk) error {
		b, err := d.bank()
		if err != nil {
			return err
		}
		return do(d, b)
	})
}

type sandboxAccounts struct{}

// Run lists our accounts at the pretend bank.
func (sandboxAccounts) Run(ctx context.Context, s *session) error {
	return s.atBank(ctx, func(_ *desk, b pretendBank) error {
		var known struct {
			Accounts []sandbox.BankAccount `json:"accounts"`
		}
		if err := b.askInto(ctx, http.MethodGet, "/_bank/accounts", nil, &known); err != nil {
			return err
		}
		return s.show(known.Accounts, func(w io.Writer) {
			table(w, "account,bank,holder,currency,booked,pending,statements,numbers", func(add func(...any)) {
				for _, a := range known.Accounts {
					add(a.Number, a.Bank, a.Holder, a.Currency, a.Booked, a.Pending, a.Statements, len(a.Virtual))
				}
			})
		})
	})
}

type sandboxTransfer struct {
	To           string `required:"" placeholder:"NUMBER" help:"Account number that is paid to: one of ours, or a customer's own."`
	Amount       string `required:"" help:"How much is sent."`
	Currency     string `help:"Currency that is sent; that of the account if it is left out."`
	Arrives      string `placeholder:"AMOUNT" help:"What arrives, if another currency is sent."`
	SenderFee    string `placeholder:"AMOUNT" help:"What banks on the way keep."`
	Rail         string `default:"cross_border" enum:"sepa,instant,domestic,cross_border,internal,cash,cheque" help:"The way it comes: ${enum}."`
	Reference    string `placeholder:"TEXT" help:"What the payer writes."`
	Structured   string `placeholder:"RF…" help:"Creditor's reference that the payer gives."`
	EndToEnd     string `placeholder:"ID" help:"Reference that the payer chose."`
	Payer        string `default:"A pretend payer" help:"Who pays."`
	PayerAccount string `placeholder:"NUMBER" help:"The payer's account."`
	PayerBIC     string `name:"payer-bic" placeholder:"BIC" help:"The payer's bank."`
	ValueDay     string `placeholder:"DAY" help:"Value date, such as 2026-03-10; today if it is left out."`
	Pending      bool   `help:"Announced on this day's statement, and booked with the next one."`
}

// Run has money arrive at the pretend bank.
func (c sandboxTransfer) Run(ctx context.Context, s *session) error {
	return s.atBank(ctx, func(d *desk, b pretendBank) error {
		if err := b.knows(ctx, d, c.To); err != nil {
			return err
		}
		return b.enter(ctx, s, "transfers", sandbox.Transfer{
			To: c.To, Amount: c.Amount, Currency: c.Currency, Arrives: c.Arrives, SenderFee: c.SenderFee, Rail: c.Rail, Reference: c.Reference,
			Structured: c.Structured, EndToEnd: c.EndToEnd, ValueDay: c.ValueDay, Pending: c.Pending,
			Payer: sandbox.BankParty{Name: c.Payer, Account: c.PayerAccount, BIC: c.PayerBIC},
		})
	})
}

type sandboxReverse struct {
	Entry  string `arg:"" help:"The bank's reference of the entry."`
	Reason string `default:"MS03" help:"Why, as a code of ISO 20022: AC04 closed account, FOCR recall, DUPL duplicate, CUST by order of the payer, …"`
}

// Run has the pretend bank undo an entry.
func (c sandboxReverse) Run(ctx context.Context, s *session) error {
	return s.atBank(ctx, func(_ *desk, b pretendBank) error {
		return b.enter(ctx, s, "reversals", sandbox.Reversal{Entry: c.Entry, Reason: c.Reason})
	})
}

type sandboxFee struct {
	Account string `required:"" placeholder:"NUMBER" help:"Our account."`
	Amount  string `required:"" help:"How much."`
	Note    string `placeholder:"TEXT" help:"What the bank calls it."`
}

// Run has the pretend bank take a fee.
func (c sandboxFee) Run(ctx context.Context, s *session) error {
	return s.atBank(ctx, func(d *desk, b pretendBank) error {
		if err := b.knows(ctx, d, c.Account); err != nil {
			return err
		}
		return b.enter(ctx, s, "fees", sandbox.BankFee{Account: c.Account, Amount: c.Amount, Note: c.Note})
	})
}

// enter gives the control desk an order that makes an entry, and shows that.
func (b pretendBank) enter(ctx context.Context, s *session, what string, order any) error {
	var e sandbox.BankEntry
	if err := b.askInto(ctx, http.MethodPost, "/_sandbox/bank/"+what, order, &e); err != nil {
		return err
	}
	return s.show(e, func(w io.Writer) {
		facts(w, func(add func(...any)) {
			add("entry", e.Reference)
			add("account", e.Account)
			add("paid to", e.To)
			add("amount", e.Amount+" "+e.Currency)
			add("state", e.State)
			add("booked on", e.Day)
			add("next", "bursar sandbox end-day, then bursar statement fetch")
		})
	})
}

type sandboxEndDay struct {
	Account string `placeholder:"NUMBER" help:"Of this account only."`
	statementFiles
}

// statementFiles says where files of statements are to be kept.
type statementFiles struct {
	Dir    string `placeholder:"DIR" help:"Keep the files there."`
	Format string `default:"camt.053" enum:"camt.053,mt940" help:"In which format: ${enum}."`
}

// Run ends the pretend bank's day.
func (c sandboxEndDay) Run(ctx context.Context, s *session) error {
	return s.atBank(ctx, func(_ *desk, b pretendBank) error {
		var issued struct {
			Statements []sandbox.BankStatement `json:"statements"`
		}
		order := struct {
			Account string `json:"account,omitempty"`
		}{c.Account}
		if err := b.askInto(ctx, http.MethodPost, "/_sandbox/bank/end-day", order, &issued); err != nil {
			return err
		}
		return c.keep(ctx, s, b, issued.Statements)
	})
}

type sandboxStatements struct {
	Account string `required:"" placeholder:"NUMBER" help:"Of this account."`
	After   int    `placeholder:"N" help:"Those behind this number only."`
	statementFiles
}

// Run lists the statements of an account.
func (c sandboxStatements) Run(ctx context.Context, s *session) error {
	return s.atBank(ctx, func(_ *desk, b pretendBank) error {
		list, err := b.statements(ctx, c.Account, c.After)
		if err != nil {
			return err
		}
		return c.keep(ctx, s, b, list)
	})
}

// statements lists an account's statements behind a number.
func (b pretendBank) statements(ctx context.Context, account string, after int) ([]sandbox.BankStatement, error) {
	var list struct {
		Statements []sandbox.BankStatement `json:"statements"`
	}
	err := b.askInto(ctx, http.MethodGet, bankPath(account, "statements")+fmt.Sprintf("?after=%d", after), nil, &list)
	return list.Statements, err
}

// keep writes the files of statements, if there is a place for them, and shows what
// there is.
func (c statementFiles) keep(ctx context.Context, s *session, b pretendBank, list []sandbox.BankStatement) error {
	paths := make([]string, len(list))
	for i, st := range list {
		if c.Dir == "" {
			continue
		}
		text, err := b.ask(ctx, http.MethodGet, st.Files[c.Format], nil)
		if err != nil {
			return err
		}
		paths[i] = filepath.Join(c.Dir, statementFileName(st, c.Format))
		if err := writeWhole(paths[i], text); err != nil {
			return err
		}
	}
	return s.show(list, func(w io.Writer) {
		table(w, "account,statement,day,currency,opening,credits,debits,closing,entries,pending,file", func(add func(...any)) {
			for i, st := range list {
				add(st.Account, st.Number, st.Day, st.Currency, st.Opening, st.Credits, st.Debits, st.Closing, st.Entries, st.Pending, paths[i])
			}
		})
	})
}

// statementFileName is what a statement of the pretend bank is called on disk.
func statementFileName(st sandbox.BankStatement, format string) string {
	ending := map[string]string{sandbox.BankCamt053: "xml", sandbox.BankMT940: "sta"}[format]
	return fmt.Sprintf("%s-%s-%05d.%s", st.Account, st.Day, st.Number, ending)
}

// writeWhole writes a file under a hidden name first, so that nobody who watches the
// directory sees half of it.
func writeWhole(path string, text []byte) error {
	aside := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".part")
	if err := os.WriteFile(aside, text, bankFileMode); err != nil {
		return errFile.At(path).Detail("%v", cause(err)).WithNext("check that the directory is there and may be written to")
	}
	return os.Rename(aside, path)
}

const followBankEvery = 5 * time.Second

// followBank has the pretend bank know our accounts and the numbers behind them, as long
// as the server runs.
func (d *desk) followBank(ctx context.Context) error {
	every := time.NewTicker(followBankEvery)
	defer every.Stop()
	told := ""
	for {
		b, err := d.bank()
		if err == nil {
			told, err = b.follow(ctx, d, told)
		}
		if err != nil && ctx.Err() == nil {
			d.log.WarnContext(ctx, "the pretend bank does not know all our accounts", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

// follow tells the bank what accounts and pools we have, unless that is what it was told
// the last time, and returns what that was.
func (b pretendBank) follow(ctx context.Context, d *desk, told string) (string, error) {
	var accounts []bank.ReceivingAccount
	var pools []bank.Pool
	err := d.store.View(ctx, func(tx *store.Tx) (err error) {
		if accounts, err = tx.ReceivingAccounts(ctx); err != nil {
			return err
		}
		pools, err = tx.Pools(ctx, "")
		return err
	})
	if err != nil {
		return told, err
	}
	now := ""
	for _, r := range accounts {
		now += r.Number + " "
	}
	for _, p := range pools {
		now += string(p.ID) + " "
	}
	if now == told {
		return told, nil
	}
	for _, r := range accounts {
		if err := b.open(ctx, r); err != nil {
			return told, err
		}
		if err := b.leadAll(ctx, r, pools); err != nil {
			return told, err
		}
	}
	return now, nil
}

// leadAll has the numbers of an account's pools lead to it. Numbers of a list are told
// when somebody pays to them.
func (b pretendBank) leadAll(ctx context.Context, r bank.ReceivingAccount, pools []bank.Pool) error {
	var a sandbox.BankAccount
	if err := b.askInto(ctx, http.MethodGet, bankPath(r.Number), nil, &a); err != nil {
		return err
	}
	before := len(a.Virtual)
	for _, p := range pools {
		numbers, ok := rangeOf(p)
		if ok && p.Receiving == r.ID && !slices.Contains(a.Virtual, numbers) {
			a.Virtual = append(a.Virtual, numbers)
		}
	}
	if len(a.Virtual) == before {
		return nil
	}
	order := struct {
		Ranges []sandbox.NumberRange `json:"ranges"`
	}{a.Virtual}
	_, err := b.ask(ctx, http.MethodPut, bankPath(r.Number, "virtual"), order)
	return err
}

const skippedMax = 50 // counters in a row that have no number

// rangeOf is from the first to the last number that a pool can make.
func rangeOf(p bank.Pool) (numbers sandbox.NumberRange, ok bool) {
	if p.Kind != bank.RangePool {
		return numbers, false
	}
	for n := range int64(skippedMax) {
		if first, err := p.Number(n); err == nil && numbers.First == "" {
			numbers.First = first
		}
		if last, err := p.Number(p.Last - n); err == nil && numbers.Last == "" && n <= p.Last {
			numbers.Last = last
		}
	}
	return numbers, numbers.First != "" && numbers.Last != ""
}
