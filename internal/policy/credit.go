package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
)

// Credit is what the policy says of customers with a credit line.
type Credit struct {
	RemindBefore time.Duration // a bill's due day: the customer is reminded
	alertAt      []int64       // hundredths of a percent of the limit, falling
}

const (
	alertsMax        = 10
	alertPercentMax  = 100
	wholeOfLimit     = 100 * 100
	remindBeforeLast = 90 * 24 * time.Hour
)

// readCredit reads what is said of credit lines. A document without it, as those
// before there were credit lines, gets what the built-in one says.
func readCredit(p *Policy, v value) {
	if v.missing() {
		p.Credit = BuiltIn().Credit
		return
	}
	f := v.fields([]string{"alert_at", "remind_before"})
	p.Credit = Credit{RemindBefore: f["remind_before"].span(0)}
	if p.Credit.RemindBefore > remindBeforeLast {
		f["remind_before"].refuse("write at most 90d", "nobody waits that long")
	}
	for _, item := range f["alert_at"].items() {
		at := item.percent(0, alertPercentMax)
		if n := len(p.Credit.alertAt); n > 0 && at >= p.Credit.alertAt[n-1] {
			item.refuse("write the percentages from the highest to the lowest", "this is not lower than the one before")
		}
		p.Credit.alertAt = append(p.Credit.alertAt, at)
	}
	if len(p.Credit.alertAt) > alertsMax {
		f["alert_at"].refuse("choose at most 10", "there are too many levels")
	}
}

func (p Policy) addCredit(add adder) {
	var levels []string
	for _, at := range p.Credit.alertAt {
		levels = append(levels, fmt.Sprintf("%d%%", at/100))
	}
	add("credit.alert_at", "the levels of available credit at which a customer is told", "%s", strings.Join(levels, ", "))
	add("credit.remind_before", "the time before its due day from which a customer is reminded of a bill", "%s", spanText(p.Credit.RemindBefore))
}

// CreditLevel is how many of the policy's levels available credit has fallen to, of a
// limit: 0 is none (R-CRED-05). A level that is reached counts.
func (p Policy) CreditLevel(available, limit money.Amount) int {
	for i, at := range p.Credit.alertAt {
		level := limit.Minor/wholeOfLimit*at + limit.Minor%wholeOfLimit*at/wholeOfLimit
		if available.Minor > level {
			return i
		}
	}
	return len(p.Credit.alertAt)
}

// Terms are those that a credit line gets if none are chosen (R-BILL-04).
func (p Policy) Terms() account.Terms {
	return account.Terms{Days: p.CreditTerms.Days, Business: p.CreditTerms.BusinessDays}
}

// IsBusinessDay tells whether the day of an instant is one of business, in whatever
// zone the instant is told.
func (p Policy) IsBusinessDay(at time.Time) bool {
	year, month, day := at.Date()
	zone := p.Identity.Calendar.Zone
	if zone == nil {
		zone = time.UTC
	}
	return p.Identity.Calendar.IsBusinessDay(time.Date(year, month, day, 12, 0, 0, 0, zone))
}
