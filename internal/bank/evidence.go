package bank

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
)

// Bill is what matching knows of a bill that is not paid whole.
type Bill struct {
	Number  string
	Account account.ID
	Open    money.Amount
}

// EvidenceKind names something that speaks for a customer, or against them.
type EvidenceKind string

// The kinds of evidence, with their weights. No weight decides anything: they put
// candidates in an order for whoever claims.
const (
	EvidenceNumber      EvidenceKind = "own_number"        // it came to, or names, the customer's own account number
	EvidenceReference   EvidenceKind = "payment_reference" // it bears the customer's payment reference
	EvidenceBill        EvidenceKind = "bill_number"       // it names a bill of theirs
	EvidenceCustomer    EvidenceKind = "customer_id"       // it names the customer's id or reference
	EvidencePayer       EvidenceKind = "earlier_payer"     // they were credited with what came from this account
	EvidenceSameName    EvidenceKind = "same_name"         // the payer has their name
	EvidenceLikeName    EvidenceKind = "similar_name"      // the payer has one like it
	EvidenceBillAmount  EvidenceKind = "bill_amount"       // a bill of theirs has just so much open
	EvidenceSumAmount   EvidenceKind = "sum_amount"        // all their open bills together have
	EvidenceShortAmount EvidenceKind = "short_amount"      // a bill has a little more open: a bank may have taken a fee
	EvidenceCurrency    EvidenceKind = "other_currency"    // their account is in another currency
	EvidenceClosed      EvidenceKind = "account_closed"
)

var weights = map[EvidenceKind]int{
	EvidenceNumber: 80, EvidenceReference: 60, EvidenceBill: 50, EvidenceCustomer: 40, EvidencePayer: 35, EvidenceSameName: 30, EvidenceLikeName: 15,
	EvidenceBillAmount: 25, EvidenceSumAmount: 20, EvidenceShortAmount: 10, EvidenceCurrency: -60, EvidenceClosed: -60,
}

// Evidence is one thing that speaks for a candidate or against them.
type Evidence struct {
	Kind   EvidenceKind `json:"kind"`
	Weight int          `json:"weight"`
	Detail string       `json:"detail"` // the number, bill or name itself
}

// Candidate is a customer who may have sent a receipt.
type Candidate struct {
	Account  account.ID
	Name     string
	Score    int // 0 to 100
	Evidence []Evidence
}

const candidatesMax = 20

// Candidates returns who may have sent a receipt, the likeliest first, each with all
// that speaks for them and against them. Tolerance is what a bank may have taken on
// the way. The same facts give the same answer, in the same order.
func Candidates(l Line, f Facts, open []Bill, tolerance money.Amount) []Candidate {
	found := map[account.ID][]Evidence{}
	add := func(id account.ID, k EvidenceKind, detail string) {
		if id == "" || slices.ContainsFunc(found[id], func(e Evidence) bool { return e.Kind == k }) {
			return
		}
		found[id] = append(found[id], Evidence{k, weights[k], detail})
	}
	clues := l.Clues()
	for _, n := range clues.Numbers {
		add(f.Virtual[n].Account, EvidenceNumber, n)
	}
	for _, r := range clues.References {
		add(f.References[r], EvidenceReference, r)
	}
	for _, b := range clues.Bills {
		add(f.Bills[b].Account, EvidenceBill, b)
	}
	for _, n := range clues.Names {
		add(f.Names[n], EvidenceCustomer, n)
	}
	for id := range f.Payers[clues.Payer] {
		add(id, EvidencePayer, clues.Payer)
	}
	for id, c := range f.Customers {
		switch {
		case l.Payer == "":
		case normalName(l.Payer) == normalName(c.Name):
			add(id, EvidenceSameName, c.Name)
		case areAlike(l.Payer, c.Name):
			add(id, EvidenceLikeName, c.Name)
		}
	}
	addAmounts(l, open, tolerance, add)
	return ranked(found, f, l.Amount.Currency)
}

// addAmounts adds what the amount itself says.
func addAmounts(l Line, open []Bill, tolerance money.Amount, add func(account.ID, EvidenceKind, string)) {
	sums, bills := map[account.ID]int64{}, map[account.ID]int{}
	for _, b := range open {
		if b.Open.Currency != l.Amount.Currency {
			continue
		}
		sums[b.Account] += b.Open.Minor
		bills[b.Account]++
		switch short := b.Open.Minor - l.Amount.Minor; {
		case short == 0:
			add(b.Account, EvidenceBillAmount, b.Number)
		case short > 0 && short <= tolerance.Minor:
			add(b.Account, EvidenceShortAmount, b.Number)
		}
	}
	for id, sum := range sums {
		if sum == l.Amount.Minor && bills[id] > 1 {
			add(id, EvidenceSumAmount, "")
		}
	}
}

func ranked(found map[account.ID][]Evidence, f Facts, c money.Currency) []Candidate {
	var list []Candidate
	for id, evidence := range found {
		customer := f.Customers[id]
		if customer.Currency != c {
			evidence = append(evidence, Evidence{EvidenceCurrency, weights[EvidenceCurrency], string(customer.Currency)})
		}
		if customer.Closed {
			evidence = append(evidence, Evidence{EvidenceClosed, weights[EvidenceClosed], ""})
		}
		slices.SortFunc(evidence, func(a, b Evidence) int {
			return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Kind, b.Kind))
		})
		score := 0
		for _, e := range evidence {
			score += e.Weight
		}
		list = append(list, Candidate{Account: id, Name: customer.Name, Score: min(max(score, 0), 100), Evidence: evidence})
	}
	slices.SortFunc(list, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Account, b.Account))
	})
	return list[:min(len(list), candidatesMax)]
}

// legalForms are left out when names are compared: banks and customers write them
// differently, or not at all.
var legalForms = []string{
	"ltd", "limited", "inc", "incorporated", "llc", "llp", "plc", "co", "corp", "corporation", "company", "gmbh", "ag", "kg", "ug", "sa", "sarl", "sas", "srl", "spa",
	"bv", "nv", "oy", "ab", "as", "aps", "pte", "pty", "kk", "the", "and",
}

var eastern = strings.NewReplacer("股份有限公司", "", "有限公司", "", "有限責任公司", "", "有限责任公司", "", "株式会社", "", "(株)", "", "㈱", "", "有限会社", "")

// nameWords are the words of a name that tell it from others.
func nameWords(s string) []string {
	var words []string
	for _, w := range strings.FieldsFunc(strings.ToLower(eastern.Replace(s)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if !slices.Contains(legalForms, w) {
			words = append(words, w)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func normalName(s string) string { return strings.Join(nameWords(s), " ") }

// areAlike tells whether two names share half of their words, or one is a part of the
// other, as a bank that cuts names after some characters leaves them.
func areAlike(a, b string) bool {
	x, y := nameWords(a), nameWords(b)
	if len(x) == 0 || len(y) == 0 {
		return false
	}
	shared := 0
	for _, w := range x {
		if slices.Contains(y, w) {
			shared++
		}
	}
	if shared > 0 && 2*shared >= max(len(x), len(y)) {
		return true
	}
	short, long := strings.ToLower(a), strings.ToLower(b)
	if len(short) > len(long) {
		short, long = long, short
	}
	return len(short) >= 8 && strings.HasPrefix(long, short)
}

// NameWord is the word of a payer's name by which customers are looked for: its
// longest; "" if none tells enough.
func NameWord(payer string) string {
	best := ""
	for _, w := range nameWords(payer) {
		if len(w) > len(best) {
			best = w
		}
	}
	if len(best) < 3 {
		return ""
	}
	return best
}

// Earlier is a receipt with the line that it came by.
type Earlier struct {
	Remittance Remittance
	Line       Line
}

// Origin is a receipt that a movement may have taken back.
type Origin struct {
	Remittance RemittanceID
	Score      int
	Evidence   []Evidence
}

// What speaks for a receipt having been taken back.
const (
	EvidenceReversal   EvidenceKind = "reversal"    // the bank says that it undoes an earlier movement
	EvidenceReturnCode EvidenceKind = "return_code" // it says why the money goes back
	EvidenceReturning  EvidenceKind = "returning"   // the receipt was to be sent back
	EvidenceEndToEnd   EvidenceKind = "end_to_end"  // they bear the same reference of the payer
	EvidenceBankRef    EvidenceKind = "bank_reference"
	EvidenceSamePayer  EvidenceKind = "same_payer" // they are of the same account
	EvidenceSameAmount EvidenceKind = "same_amount"
)

var originWeights = map[EvidenceKind]int{
	EvidenceReversal: 20, EvidenceReturnCode: 15, EvidenceReturning: 30, EvidenceEndToEnd: 35, EvidenceBankRef: 35, EvidenceSamePayer: 25, EvidenceSameAmount: 10,
}

// Origins returns which receipts a movement may have taken back, the likeliest first.
// Nothing is taken back by it: a person decides.
func Origins(l Line, earlier []Earlier) []Origin {
	var list []Origin
	for _, e := range earlier {
		o := Origin{Remittance: e.Remittance.ID}
		add := func(is bool, k EvidenceKind, detail string) {
			if is {
				o.Evidence = append(o.Evidence, Evidence{k, originWeights[k], detail})
				o.Score += originWeights[k]
			}
		}
		add(e.Line.Amount == l.Amount, EvidenceSameAmount, l.Amount.String())
		add(l.Reversal, EvidenceReversal, "")
		add(l.ReturnCode != "", EvidenceReturnCode, l.ReturnCode)
		add(e.Remittance.State == Returning, EvidenceReturning, "")
		add(l.EndToEnd != "" && l.EndToEnd == e.Line.EndToEnd, EvidenceEndToEnd, l.EndToEnd)
		add(e.Line.Reference != "" && (l.Reference == e.Line.Reference || strings.Contains(l.Text, e.Line.Reference)), EvidenceBankRef, e.Line.Reference)
		add(l.PayerFrom != "" && l.PayerFrom == e.Line.PayerFrom, EvidenceSamePayer, l.PayerFrom)
		o.Score = min(o.Score, 100)
		if len(o.Evidence) > 1 || !l.Reversal && o.Score > originWeights[EvidenceSameAmount] {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b Origin) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Remittance, a.Remittance))
	})
	return list[:min(len(list), candidatesMax)]
}

// Named lists the customers that the facts name.
func (f Facts) Named() []account.ID {
	var ids []account.ID
	for _, v := range f.Virtual {
		ids = append(ids, v.Account)
	}
	for _, id := range f.References {
		ids = append(ids, id)
	}
	for _, b := range f.Bills {
		ids = append(ids, b.Account)
	}
	for _, payers := range f.Payers {
		for id := range payers {
			ids = append(ids, id)
		}
	}
	return ids
}
