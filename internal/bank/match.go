package bank

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
)

// Clues are what a receipt names, to be looked up before it is matched. Numbers and
// references are in normal form.
type Clues struct {
	Numbers    []string // of accounts: the one that the money came to, and those that the payer wrote
	References []string // ISO 11649, proven
	Bills      []string // what looks like the number of a bill
	Names      []string // what looks like a customer's id or reference
	Payer      string   // the account that it came from
}

// The bounds of what is looked for in one receipt.
const (
	cluesMax      = 20
	textLookedAt  = 2_000
	ibanLengthMax = 34
)

var (
	billForm = regexp.MustCompile(`[0-9]{6}-[0-9A-Z]{12}`)
	nameForm = regexp.MustCompile(`[0-9A-Za-z][0-9A-Za-z_./-]{2,63}`)
)

// words is all that a payer wrote.
func (l Line) words() string {
	all := strings.Join([]string{l.Structured, l.Text, l.EndToEnd}, "\n")
	return all[:min(len(all), textLookedAt)]
}

// direct are the numbers that the bank itself says the money came to.
func (l Line) direct() []string {
	var list []string
	for _, n := range []string{l.PaidTo, l.Number} {
		if n != "" && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

// Clues returns what the line names.
func (l Line) Clues() Clues {
	words := l.words()
	c := Clues{Numbers: l.direct(), References: FindReferences(l.Structured + "\n" + words), Payer: l.PayerFrom}
	for _, n := range FindIBANs(words) {
		if !slices.Contains(c.Numbers, n) {
			c.Numbers = append(c.Numbers, n)
		}
	}
	c.Bills = distinct(billForm.FindAllString(strings.ToUpper(words), cluesMax))
	c.Names = distinct(nameForm.FindAllString(words, cluesMax))
	return c
}

func distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// FindIBANs returns every IBAN in a text that a payer wrote, its check digits proven,
// in the order in which they stand there.
func FindIBANs(text string) []string {
	squeezed := NormalNumber(text[:min(len(text), textLookedAt)])
	var found []string
	for at := 0; at+5 <= len(squeezed) && len(found) < cluesMax; at++ {
		if !isKind(squeezed[at:at+4], "aann") || !HasIBANs(squeezed[at:at+2]) {
			continue
		}
		for n := min(ibanLengthMax, len(squeezed)-at); n > 14; n-- {
			if one := squeezed[at : at+n]; CheckIBAN(one) == nil {
				if !slices.Contains(found, one) {
					found = append(found, one)
				}
				break // a country's IBANs have one length
			}
		}
	}
	return found
}

// Facts are what is known of the clues of some receipts, when they are matched.
type Facts struct {
	Receiving  map[ReceivingID]ReceivingAccount
	Virtual    map[string]VirtualAccount     // by number; those that are given out
	Customers  map[account.ID]Customer       // of all customers that the others name
	References map[string]account.ID         // of payment references
	Bills      map[string]Bill               // open ones, by their numbers
	Payers     map[string]map[account.ID]int // who was credited with what came from an account before, and how often
	Names      map[string]account.ID         // by id and by reference
}

// Verdict is what becomes of a receipt by itself.
type Verdict struct {
	Account account.ID // whose it is, with no human step (R-WIRE-03); "" a person decides
	Number  string     // by which it was found
	Reason  Reason     // why a person decides
}

// Match tells whose a receipt is. A customer's own account number alone decides; what
// else a receipt names only proposes (R-WIRE-12).
func Match(l Line, f Facts) Verdict {
	receiving := f.Receiving[l.Receiving]
	number, several := f.owned(l.direct())
	if number == "" && !several {
		number, several = f.owned(FindIBANs(l.words()))
	}
	owner := f.Customers[f.Virtual[number].Account]
	v := Verdict{Number: number}
	switch {
	case several:
		v.Reason = ReasonSeveralAccounts
	case l.ReturnCode != "" || l.Reversal:
		v.Reason = ReasonReturned
	case !receiving.Takes(l.Rail):
		v.Reason = ReasonRail
	case number == "" && !receiving.Shared:
		v.Reason = ReasonUnknownNumber
	case number == "" && f.isKnown(l.Clues()):
		v.Reason = ReasonShared
	case number == "":
		v.Reason = ReasonUnknownPayer
	case l.BookedOn < f.Virtual[number].AssignedAt.AddDate(0, 0, -1).Format(time.DateOnly):
		v.Reason = ReasonUnknownNumber // nobody's then: who has it now did not send it. A bank's day may be behind ours
	case owner.Closed || owner.ID == "":
		v.Reason = ReasonAccountClosed
	case owner.Currency != l.Amount.Currency:
		v.Reason = ReasonCurrencyMismatch
	default:
		v.Account = owner.ID
	}
	return v
}

// owned finds the number among some that is a customer's, and whether they are of
// more than one.
func (f Facts) owned(numbers []string) (number string, several bool) {
	for _, n := range numbers {
		v, ok := f.Virtual[n]
		switch {
		case !ok:
		case number == "":
			number = n
		case v.Account != f.Virtual[number].Account:
			return "", true
		}
	}
	return number, false
}

// isKnown tells whether anything that a receipt names is known here.
func (f Facts) isKnown(c Clues) bool {
	for _, r := range c.References {
		if _, ok := f.References[r]; ok {
			return true
		}
	}
	for _, b := range c.Bills {
		if _, ok := f.Bills[b]; ok {
			return true
		}
	}
	return len(f.Payers[c.Payer]) > 0
}
