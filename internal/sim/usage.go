package sim

import (
	"crypto/md5"
	"fmt"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
)

const linesKept = 300 // lines that may be posted again

var products = []string{"compute", "storage", "network", billing.OtherProduct}

// postUsage posts a batch: mostly new lines, of one account or several, some of
// them repeated, contradicting, late or otherwise bad.
func postUsage(l *life) {
	accounts := l.accounts()
	if len(accounts) == 0 {
		return
	}
	if l.chance.happens(0.7) {
		accounts = []account.Account{oneOf(l.chance, accounts)}
	}
	var lines []billing.Line
	most := 12
	if l.temper.byHeart {
		most = 3
	}
	for row := range l.chance.between(1, most) {
		line := l.line(oneOf(l.chance, accounts))
		line.Row = row + 1
		lines = append(lines, line)
	}
	if l.chance.happens(0.1) && len(l.lines) > 0 {
		again := oneOf(l.chance, l.lines)
		again.Row = len(lines) + 1
		if l.chance.happens(0.5) {
			again.Content[0]++ // another content under the same id
		}
		lines = append(lines, again)
	}
	if l.chance.happens(0.05) {
		bad := lines[0]
		bad.ID, bad.Row = l.lineID(), len(lines)+1
		bad.Amount.Currency = "XXX"
		lines = append(lines, bad)
	}
	report, err := l.node().office.RecordUsage(l.ctx, access.CommandLine, office.UsageBatch{Lines: lines, SkipBad: l.chance.happens(0.3)})
	l.expect(err, "post %d lines: %d new, %d repeated, %d bad", len(lines), report.Recorded, report.Repeated, report.BadCount)
	if err == nil {
		l.lines = append(l.lines, lines...)
		if over := len(l.lines) - linesKept; over > 0 {
			l.lines = slices.Delete(l.lines, 0, over)
		}
	}
}

// postUsageAgain posts lines that were posted before, as a platform does whose
// answer was lost.
func postUsageAgain(l *life) {
	if len(l.lines) == 0 {
		return
	}
	from := l.chance.IntN(len(l.lines))
	lines := slices.Clone(l.lines[from:min(len(l.lines), from+10)])
	report, err := l.node().office.RecordUsage(l.ctx, access.CommandLine, office.UsageBatch{Lines: lines, SkipBad: true})
	l.expect(err, "post %d lines again: %d new", len(lines), report.Recorded)
}

func (l *life) lineID() string {
	l.serial++
	return fmt.Sprintf("line-%d", l.serial)
}

// line is one amount of usage, from far below a cent to far above a threshold.
func (l *life) line(a account.Account) billing.Line {
	line := billing.Line{Account: a.ID, ID: l.lineID(), Product: oneOf(l.chance, products), Amount: l.amount(a.Currency), StartedAt: l.clock.now}
	if l.chance.happens(0.2) {
		line.Account, line.Reference = "", a.Reference
	}
	switch l.chance.IntN(10) {
	case 0:
		line.StartedAt = line.StartedAt.Add(-l.chance.span(0, 70*24*time.Hour)) // late
	case 1:
		line.StartedAt = line.StartedAt.Add(l.chance.span(0, 10*time.Minute)) // ahead of our clock
	case 2:
		line.Tax = l.chance.happens(0.3)
	}
	line.Content = md5.Sum([]byte(fmt.Sprint(line.Product, line.Amount, line.StartedAt, line.Tax)))
	return line
}

// amount is drawn evenly from the powers of ten around a currency's threshold.
func (l *life) amount(c money.Currency) money.Exact {
	top := map[string]int64{"JPY": 1e11, "IDR": 1e13, "HUF": 1e12, "INR": 1e11, "KWD": 1e9}[string(c)]
	if top == 0 {
		top = 3e9 // 3,000 of the major unit
	}
	if c == "USD" && (l.chance.happens(0.2) || l.temper.byHeart && l.chance.happens(0.8)) {
		return l.small(c)
	}
	for range l.chance.IntN(l.chance.between(2, 8)) {
		top /= 10
	}
	micro := l.chance.Int64N(top + 1)
	pico := int64(0)
	switch l.chance.IntN(4) {
	case 0:
		pico = l.chance.Int64N(1_000_000)
	case 1:
		micro -= micro % 10_000 // whole cents, mostly
	case 2:
		micro = top
	}
	if l.chance.happens(0.003) {
		micro *= 10_000 // beyond what a provider charges at once
	}
	e, err := money.Normalize(micro, pico, c)
	if err != nil {
		l.violate("an amount of %d micro-units of %s: %v", micro, c, err)
	}
	if l.chance.happens(0.08) {
		e = e.Neg()
	}
	return e
}

// small is an amount by which a threshold of PayPal's is reached with little more, so
// that it can be taken from a hold.
func (l *life) small(c money.Currency) money.Exact {
	const least, most = 200_000, 3_000_000
	e, err := money.Normalize(least+l.chance.Int64N(most-least), 0, c)
	if err != nil {
		l.violate("a small amount of %s: %v", c, err)
	}
	return e
}

// accounts are all accounts as they were opened.
func (l *life) accounts() []account.Account {
	list, _, err := l.node().office.Accounts(l.ctx, access.CommandLine, office.Page{Limit: 10 * accountsMax})
	if err != nil {
		l.violate("list the accounts: %v", err)
	}
	return list
}
