package staff

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
)

const hardSpace = "\u00a0"

// sum writes an amount, such as 1,000.00 USD.
func sum(a money.Amount) string { return grouped(a.Decimal()) + hardSpace + string(a.Currency) }

// grouped puts commas between the thousands.
func grouped(decimal string) string {
	sign := ""
	if strings.HasPrefix(decimal, "-") {
		sign, decimal = "−", decimal[1:]
	}
	whole, rest, fraction := strings.Cut(decimal, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction {
		whole += "." + rest
	}
	return sign + whole
}

// moment is an instant as people read it, in UTC, and as machines do.
type moment struct {
	Text, ISO string
}

// at returns the moment of an instant; the zero moment for the zero instant. Staff
// may sit anywhere, and compare what they see: all read one clock.
func at(t time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	t = t.UTC()
	return moment{Text: t.Format("2 Jan 2006, 15:04") + " UTC", ISO: t.Format(time.RFC3339)}
}

// span writes how long something is, in its largest unit.
func span(d time.Duration) string {
	d = max(d, 0)
	for _, u := range []struct {
		name string
		of   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		switch n := int(d / u.of); {
		case n == 1:
			return "1 " + u.name
		case n > 1:
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return "under a minute"
}

// age is how long ago something was.
func (v *visit) age(t time.Time) string { return span(v.office().Now().Sub(t)) }

// words writes a code, such as risk_reviewer, as words.
func words(code string) string { return strings.ReplaceAll(code, "_", " ") }

// label is words for the beginning of a line.
func label(code string) string { return upper(words(code)) }

func roleName(role string) string { return words(role) }

func upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// sentence writes one of our own messages with a capital and a full stop.
func sentence(s string) string {
	if s = upper(s); s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// standing is a state as a page shows it: in words, and by a shape.
type standing struct {
	Name string
	Tone string // good, wait, bad or ended
}

// tones are the shapes of states, whatever they are of; what is not here waits.
var tones = map[string]string{
	"active": "good", "approved": "good", "paid": "good", "succeeded": "good", "placed": "good", "credited": "good", "matched": "good", "booked": "good", "applied": "good", "agreed": "good",
	"submitted": "wait", "open": "wait", "opening": "wait", "pending": "wait", "challenged": "wait", "verifying": "wait", "blocked": "wait", "proposed": "wait", "unclaimed": "wait",
	"unknown": "bad", "declined": "bad", "rejected": "bad", "refused": "bad", "failed": "bad", "invalid": "bad", "expired": "bad", "suspended": "bad", "unbalanced": "bad",
	"disabled": "ended", "detached": "ended", "cancelled": "ended", "lapsed": "ended", "closed": "ended", "released": "ended", "silent": "ended", "unavailable": "ended",
	"withdrawn": "ended", "reversed": "ended", "returned": "ended", "written_off": "ended",
}

func standingOf[S ~string](state S) standing {
	return standing{Name: label(string(state)), Tone: cmp.Or(tones[string(state)], "wait")}
}

// brandNames are the schemes' own names.
var brandNames = map[payment.Brand]string{
	payment.Visa: "Visa", payment.Mastercard: "Mastercard", payment.Amex: "American Express", payment.JCB: "JCB",
	payment.UnionPay: "UnionPay", payment.Discover: "Discover", payment.Diners: "Diners Club",
}

// looks names an instrument as its holder knows it.
func looks(kind payment.Kind, brand payment.Brand, last4, email string) string {
	switch kind {
	case payment.CreditKind:
		return "Credit line"
	case payment.PayPalKind:
		return strings.TrimSpace("PayPal " + email)
	}
	return cmp.Or(brandNames[brand], "Card") + hardSpace + "••••" + hardSpace + last4
}

func methodName(m payment.Method) string { return looks(m.Kind, m.Card.Brand, m.Card.Last4, m.Email) }

// memberView is a member of staff as pages show them.
type memberView struct {
	ID, Name, Email, Role, RoleCode string
	State                           standing
	Active, Pretend, Self           bool
	Above                           bool // their role is one that whoever looks does not give
	Since                           moment
}

func memberOf(m access.Member) memberView {
	return memberView{
		ID: string(m.ID), Name: m.Name, Email: m.Email, Role: roleName(m.Role), RoleCode: m.Role, State: standingOf(m.State), Active: m.State == access.MemberActive,
		Pretend: m.Pretend, Since: at(m.CreatedAt),
	}
}

// counted writes how many there are; "" for none, and that there are more than were
// counted.
func counted(n int, more bool) string {
	switch {
	case more:
		return fmt.Sprintf("more than %d", n)
	case n == 0:
		return ""
	}
	return fmt.Sprint(n)
}

// size writes how large a file is.
func size(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d KB", (bytes+1023)>>10)
	}
	if tenths := bytes % (1 << 20) * 10 >> 20; tenths > 0 {
		return fmt.Sprintf("%d.%d MB", bytes>>20, tenths)
	}
	return fmt.Sprintf("%d MB", bytes>>20)
}

func expiry(c payment.Card) string { return fmt.Sprintf("%02d/%02d", c.ExpMonth, c.ExpYear%100) }
