package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/console"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
)

const (
	pagePayments = 10_000
	pageLines    = 10 // of usage behind each payment
	pageMonths   = 12 // over which they are spread
	pageProducts = 5
	pageRounds   = 30 // a turn, of every page
	pageMost     = 50 // milliseconds that a page may take at the server
	pageRest     = "88.125"
)

// consolePages is how long the customer's pages take at the server, without a network,
// for an account with a year of many payments behind it. The floor is the same of an
// account with one payment. The value is the median of the slowest page.
func consolePages(ctx context.Context, o *Options, g ground) (contest, error) {
	moved := *o
	offset := time.Duration(0)
	moved.Now = func() time.Time { return o.Now().Add(offset) }
	now := o.Now().UTC()
	offset = time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -pageMonths, 0).Sub(now)
	d, err := openDesk(ctx, &moved, g, 2)
	if err != nil {
		return contest{}, err
	}
	p := &pageReader{d: d, o: o, set: console.New(d.office, console.Options{ScriptURL: d.charges.origin + "/v3/", PublishableKey: "pk_bench", Random: o.Random})}
	if err := d.bindAll(ctx); err != nil {
		return contest{}, errors.Join(err, d.close(ctx))
	}
	if err := d.live(ctx, o.some(pagePayments, pageMonths), func(t time.Time) { offset = t.Sub(o.Now()) }); err != nil {
		return contest{}, errors.Join(err, d.close(ctx))
	}
	rounds := o.some(pageRounds, 3)
	var mine, plain []readPage
	turn := func(ctx context.Context, a account.Account, pages *[]readPage) (outcome, error) {
		var err error
		*pages, err = p.read(ctx, a, rounds)
		var out outcome
		for _, page := range *pages {
			out.each = append(out.each, page.each...)
			out.value = max(out.value, page.median())
		}
		return out, err
	}
	return contest{
		result: Result{Unit: "ms", Most: pageMost, LessIsGood: true, FloorIs: "the same pages of an account with one payment"},
		before: func(int) error { return nil },
		floor:  func(ctx context.Context) (outcome, error) { return turn(ctx, d.accounts[1], &plain) },
		ours:   func(ctx context.Context) (outcome, error) { return turn(ctx, d.accounts[0], &mine) },
		after: func(ctx context.Context) error {
			for i, page := range mine {
				o.Say(fmt.Sprintf("%8.2f ms, floor %.2f ms: %s", page.median(), plain[i].median(), page.name))
			}
			return errors.Join(d.prove(ctx), d.close(ctx))
		},
	}, nil
}

// live has the first account pay so many times within the months that are over, and the
// second once. Months are closed as they end, and some usage is left that is not
// charged. set sets the clock, which goes forward.
func (d *desk) live(ctx context.Context, payments int, set func(time.Time)) error {
	start := d.o.Now().UTC().Truncate(time.Second)
	end := start.AddDate(0, pageMonths, 1)
	for n := range payments {
		at := start.Add(end.Sub(start) / time.Duration(payments) * time.Duration(n))
		last := billing.MonthOf(d.o.Now(), time.UTC)
		set(at)
		if m := billing.MonthOf(at, time.UTC); m != last {
			if err := d.closeMonths(ctx, last); err != nil {
				return err
			}
		}
		if n == 0 {
			if err := d.spend(ctx, d.accounts[1], 1, "1000", 1); err != nil {
				return err
			}
		}
		if err := d.spend(ctx, d.accounts[0], n, "100", pageLines); err != nil {
			return err
		}
	}
	set(end.AddDate(0, 0, 1))
	if err := d.closeMonths(ctx, billing.MonthOf(end, time.UTC).Previous()); err != nil {
		return err
	}
	return errors.Join(d.spend(ctx, d.accounts[0], payments, pageRest, 1), d.spend(ctx, d.accounts[1], payments, pageRest, 1))
}

func (d *desk) closeMonths(ctx context.Context, m billing.Month) error {
	for _, a := range d.accounts {
		if _, err := d.office.CloseMonth(ctx, access.CommandLine, a.ID, m); err != nil {
			return fmt.Errorf("close %s: %w", m, err)
		}
	}
	return d.office.Drain(ctx)
}

// spend records lines of usage of an amount each, and waits for the charge.
func (d *desk) spend(ctx context.Context, a account.Account, n int, amount string, lines int) error {
	e, _, err := money.ParseExact(amount, a.Currency)
	if err != nil {
		return err
	}
	b := office.UsageBatch{Lines: make([]billing.Line, lines)}
	for i := range b.Lines {
		l := &b.Lines[i]
		*l = billing.Line{Row: i + 1, Account: a.ID, ID: fmt.Sprintf("page-%d-%d", n, i), Product: fmt.Sprintf("product-%d", i%pageProducts), Amount: e, StartedAt: d.o.Now()}
		copy(l.Content[:], l.ID)
	}
	if _, err := d.office.RecordUsage(ctx, access.CommandLine, b); err != nil {
		return err
	}
	return d.office.Drain(ctx)
}

// pageReader reads pages as customers see them.
type pageReader struct {
	d   *desk
	o   *Options
	set http.Handler
}

// readPage is a page and how long it took each time.
type readPage struct {
	name, path string
	each       []time.Duration
}

func (p readPage) median() float64 { return quantile(append([]time.Duration(nil), p.each...), 0.50) }

// read lets the customer of an account read every page, so many times.
func (p *pageReader) read(ctx context.Context, a account.Account, rounds int) ([]readPage, error) {
	session, err := p.enter(ctx, a)
	if err != nil {
		return nil, err
	}
	pages, err := p.of(ctx, a)
	if err != nil {
		return nil, err
	}
	for i := range pages {
		for range rounds {
			from := p.o.Now()
			r, err := p.get(ctx, pages[i].path, session)
			if err != nil {
				return nil, err
			}
			if r.status != http.StatusOK {
				return nil, fmt.Errorf("the page %s answered %d", pages[i].path, r.status)
			}
			pages[i].each = append(pages[i].each, p.o.Now().Sub(from))
		}
	}
	return pages, nil
}

// of are the pages of an account.
func (p *pageReader) of(ctx context.Context, a account.Account) ([]readPage, error) {
	first := office.Page{Limit: 1}
	bills, _, err := p.d.office.Bills(ctx, access.CommandLine, a.ID, first)
	if err != nil {
		return nil, err
	}
	payments, _, err := p.d.office.Payments(ctx, access.CommandLine, a.ID, first)
	if err != nil {
		return nil, err
	}
	methods, err := p.d.office.Methods(ctx, access.CommandLine, a.ID)
	if err != nil {
		return nil, err
	}
	if len(bills) == 0 || len(payments) == 0 || len(methods) == 0 {
		return nil, errors.New("the account has no bill, payment or method to read of")
	}
	pages := []readPage{
		{name: "one bill", path: "/bills/" + string(bills[0].ID)}, {name: "one payment", path: "/payments/" + string(payments[0].ID)},
		{name: "one method", path: "/methods/" + string(methods[0].Method.ID)},
		{name: "usage of a month", path: "/usage?month=" + string(billing.MonthOf(p.d.o.Now(), time.UTC).Previous())},
		{name: "payments, on", path: "/payments?after=" + url.QueryEscape(string(payments[0].ID))},
	}
	for _, path := range []string{"/", "/bills", "/payments", "/usage", "/orders", "/funds", "/methods", "/ways-to-pay", "/messages", "/account"} {
		pages = append(pages, readPage{name: path, path: path})
	}
	return pages, nil
}

// enter comes in by a one-time link and returns the session's cookie.
func (p *pageReader) enter(ctx context.Context, a account.Account) (string, error) {
	link, _, err := p.d.office.OpenConsole(ctx, access.CommandLine, a.ID, office.Entrance{Page: "/"})
	if err != nil {
		return "", err
	}
	u, err := url.Parse(link)
	if err != nil {
		return "", err
	}
	answer, err := p.get(ctx, u.Path, "")
	if err != nil {
		return "", err
	}
	for _, k := range (&http.Response{Header: answer.header}).Cookies() {
		if len(k.Value) > len("zh-Hant") { // the other one is the language
			return k.Name + "=" + k.Value, nil
		}
	}
	return "", errors.New("the link led to no session")
}

func (p *pageReader) get(ctx context.Context, path, session string) (*written, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://bench.invalid"+path, nil)
	if err != nil {
		return nil, err
	}
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Accept-Encoding", "gzip")
	if session != "" {
		r.Header.Set("Cookie", session)
	}
	w := &written{header: http.Header{}, status: http.StatusOK}
	p.set.ServeHTTP(w, r)
	return w, nil
}

// written is an answer that goes nowhere.
type written struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *written) Header() http.Header         { return w.header }
func (w *written) WriteHeader(status int)      { w.status = status }
func (w *written) Write(b []byte) (int, error) { return w.body.Write(b) }
