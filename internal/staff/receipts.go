package staff

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
)

// receiptLine is a receipt in a list.
type receiptLine struct {
	ID, Received, Age, Amount, Free, Payer, Reason, Owner string
	State                                                 standing
	Due                                                   moment
	IsDue, Late                                           bool
}

// receiptReasons say why a receipt was not credited by itself.
var receiptReasons = map[bank.Reason]string{
	bank.ReasonSeveralAccounts:  "Names accounts of more than one customer",
	bank.ReasonUnknownNumber:    "Came to a number that is nobody's",
	bank.ReasonAccountClosed:    "The customer's account is closed",
	bank.ReasonCurrencyMismatch: "Not in the customer's currency",
	bank.ReasonRail:             "Came in a way that is not taken there",
	bank.ReasonReturned:         "A payment of ours that came back",
	bank.ReasonShared:           "Came to the shared account",
	bank.ReasonUnknownPayer:     "Came to the shared account, and names nobody who is known",
	bank.ReasonReversed:         "Was credited, wrongly",
}

// remittanceNames are the states of receipts, where the state's own name says too little.
var remittanceNames = map[string]string{
	"unclaimed": "Waits for a claim", "credited": "Credited", "returning": "To be sent back", "ended": "Accounted for",
}

func remittanceStanding(s bank.RemittanceState) standing {
	return standing{Name: cmp.Or(remittanceNames[string(s)], label(string(s))), Tone: cmp.Or(tones[string(s)], "ended")}
}

// receiptFilters are the parts of the list of receipts.
var receiptFilters = []string{"unclaimed", "exceptions", "late", "mine", "returning", "credited", "ended", "all"}

func showReceipts(v *visit) error {
	show, filters := v.filters("show", receiptFilters, map[string]string{
		"unclaimed": "Unclaimed", "exceptions": "Exceptions", "mine": "Mine", "returning": "To be sent back", "ended": "Accounted for", "all": "All",
	})
	f := office.RemittanceFilter{Account: account.ID(v.r.URL.Query().Get("account"))}
	switch show {
	case "exceptions":
		f.Exceptions = true
	case "late":
		f.Late = true
	case "mine":
		f.Owner = v.by.Name
	case "all":
	default:
		f.State = bank.RemittanceState(show)
	}
	if f.Account != "" {
		f.State = ""
	}
	list, next, err := v.office().Remittances(v.ctx(), v.by, f, v.part())
	if err != nil {
		return err
	}
	var lines []receiptLine
	for _, r := range list {
		lines = append(lines, v.receiptLine(r))
	}
	v.show(http.StatusOK, "receipts.html", map[string]any{"Filters": filters, "Receipts": lines, "More": v.more(next), "Account": string(f.Account)})
	return nil
}

func (v *visit) receiptLine(r bank.Remittance) receiptLine {
	now := v.office().Now()
	return receiptLine{
		ID: string(r.ID), Received: day(r.ReceivedOn), Age: v.age(r.OpenedAt), Amount: sum(r.Amount), Free: sum(r.Free()), Payer: r.Payer, Reason: receiptReasons[r.Reason],
		Owner: v.owner(r.Owner), State: remittanceStanding(r.State), Due: at(r.DueAt), IsDue: r.IsDue(now), Late: r.IsLate(now),
	}
}

// owner is who looks after something; "" nobody.
func (v *visit) owner(name string) string {
	if name == "" {
		return ""
	}
	return v.who(name)
}

// day writes the bank's day, such as 8 Mar 2026, or as the bank has it.
func day(text string) string {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return text
	}
	return d.Format("2 Jan 2006")
}

// receiptView is a receipt with all that is known of it.
type receiptView struct {
	receiptLine
	Line                   lineView
	Latest                 moment // by when it is to be claimed at the latest
	Candidates             []candidateView
	Claims                 []claimLine
	Explanations           []explanationLine
	History                []historyLine
	Credited, Explained    string
	ReturnNote, ReturnedBy string
	Open, Unclaimed        bool // something is to be done; it can be claimed
	Returning              bool
	May, MayApprove        bool
	Kinds                  []option
	Currency               string
	For                    string // the candidate that was chosen to claim it for; "" none yet
}

// candidateView is a customer who may have sent it, and why we think so.
type candidateView struct {
	Account, Name string
	Score         int
	Evidence      []evidenceView
}

type evidenceView struct{ Text, Detail, Weight string }

// evidenceNames say what speaks for a candidate, or against them.
var evidenceNames = map[bank.EvidenceKind]string{
	bank.EvidenceNumber:      "It names the customer's own account number",
	bank.EvidenceReference:   "It bears the customer's payment reference",
	bank.EvidenceBill:        "It names a bill of theirs",
	bank.EvidenceCustomer:    "It names the customer",
	bank.EvidencePayer:       "They were credited with what came from this account before",
	bank.EvidenceSameName:    "The payer has their name",
	bank.EvidenceLikeName:    "The payer has a name like theirs",
	bank.EvidenceBillAmount:  "A bill of theirs has just so much open",
	bank.EvidenceSumAmount:   "All their open bills together have just so much open",
	bank.EvidenceShortAmount: "A bill has a little more open: a bank may have taken a fee",
	bank.EvidenceCurrency:    "Their account is in another currency",
	bank.EvidenceClosed:      "Their account is closed",

	bank.EvidenceReversal:   "The bank says that it undoes an earlier movement",
	bank.EvidenceReturnCode: "It says why the money goes back",
	bank.EvidenceReturning:  "The receipt was to be sent back",
	bank.EvidenceEndToEnd:   "Both bear the same reference of the payer",
	bank.EvidenceBankRef:    "Both bear the same reference of the bank",
	bank.EvidenceSamePayer:  "Both are of the same account",
	bank.EvidenceSameAmount: "The amount is the same",
}

func evidenceOf(list []bank.Evidence) []evidenceView {
	var views []evidenceView
	for _, e := range list {
		views = append(views, evidenceView{cmp.Or(evidenceNames[e.Kind], label(string(e.Kind))), e.Detail, fmt.Sprintf("%+d", e.Weight)})
	}
	return views
}

// claimLine is somebody's word that a receipt is a customer's.
type claimLine struct {
	ID, Remittance, Account, Customer, Amount, Fee, Note, Proof, File, By, DecidedBy, Decision, ReversedBy, Reversal string
	State                                                                                                            standing
	Made, Decided                                                                                                    moment
	Waits, Credited, Automatic                                                                                       bool
	Own                                                                                                              bool // it is theirs who looks
}

func (v *visit) claimLine(c bank.Claim) claimLine {
	line := claimLine{
		ID: string(c.ID), Remittance: string(c.Remittance), Account: string(c.Account), Customer: v.customer(c.Account), Amount: sum(c.Amount), Note: c.Note, Proof: c.Proof, File: string(c.ProofFile), By: v.who(c.ClaimedBy),
		DecidedBy: v.owner(c.DecidedBy), Decision: c.Decision, ReversedBy: v.owner(c.ReversedBy), Reversal: c.Reversal, State: standingOf(c.State), Made: at(c.ClaimedAt),
		Decided: at(c.DecidedAt), Waits: c.State == bank.ClaimProposed, Credited: c.State == bank.ClaimCredited, Automatic: c.Automatic, Own: c.ClaimedBy == v.by.Name,
	}
	if c.Fee.IsPositive() {
		line.Fee = sum(c.Fee)
	}
	return line
}

func showReceipt(v *visit) error {
	s, err := v.office().Remittance(v.ctx(), v.by, bank.RemittanceID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	view := receiptView{
		receiptLine: v.receiptLine(s.Remittance), Line: v.lineView(s.BankLine), Latest: at(s.LateAt), Credited: sum(s.Credited), Explained: sum(s.Explained),
		ReturnNote: s.ReturnNote, ReturnedBy: v.owner(s.ReturnedBy), Open: s.IsOpen(), Unclaimed: s.State == bank.Unclaimed && s.Free().IsPositive(),
		Returning: s.State == bank.Returning, May: v.may(access.BankWrite), MayApprove: v.may(access.BankApprove), History: v.historyOf(s.History),
		Currency: string(s.Amount.Currency), Kinds: explanationOptions(bank.ExplainFee, bank.ExplainTransfer, bank.ExplainPayout),
	}
	for _, c := range s.Candidates {
		if string(c.Account) == v.r.URL.Query().Get("for") {
			view.For = string(c.Account)
		}
		view.Candidates = append(view.Candidates, candidateView{Account: string(c.Account), Name: c.Name, Score: c.Score, Evidence: evidenceOf(c.Evidence)})
	}
	for _, c := range s.Claims {
		view.Claims = append(view.Claims, v.claimLine(c))
	}
	for _, e := range s.Explanations {
		view.Explanations = append(view.Explanations, v.explanationLine(e))
	}
	v.show(http.StatusOK, "receipt.html", view)
	return nil
}

// claimReceipt says for whom a receipt is. Another person decides on it.
func claimReceipt(v *visit) error {
	if err := v.by.May(access.BankWrite); err != nil {
		return err // before accounts are looked up by what was typed
	}
	f := v.r.PostForm
	id := cmp.Or(v.r.PathValue("id"), f.Get("receipt"))
	s, err := v.office().Remittance(v.ctx(), v.by, bank.RemittanceID(id))
	if err != nil {
		return err
	}
	a, err := v.account(f.Get("account"))
	if err != nil {
		return err
	}
	claim := office.Claiming{Account: a.ID, Note: strings.TrimSpace(f.Get("note")), Proof: strings.TrimSpace(f.Get("proof"))}
	if claim.Amount, err = maybeAmount(f.Get("amount"), s.Amount.Currency); err != nil {
		return err
	}
	if claim.Fee, err = maybeAmount(f.Get("fee"), s.Amount.Currency); err != nil {
		return err
	}
	if claim.File, err = proofIn(v, s.ID); err != nil {
		return err
	}
	if _, err := v.office().ClaimRemittance(v.ctx(), v.by, bank.RemittanceID(id), claim); err != nil {
		return err
	}
	v.to("/staff/receipts/" + url.PathEscape(id))
	return nil
}

// account finds the account that was typed, by id or reference.
func (v *visit) account(text string) (account.Account, error) {
	text = strings.TrimSpace(text)
	a, err := v.office().Account(v.ctx(), v.by, account.ID(text))
	if errors.Is(err, account.ErrNotFound) {
		a, err = v.office().AccountByReference(v.ctx(), v.by, text)
	}
	if errors.Is(err, account.ErrNotFound) {
		err = errNoAccount
	}
	return a, err
}

// maybeAmount reads an amount that may be left out.
func maybeAmount(text string, c money.Currency) (money.Amount, error) {
	if strings.TrimSpace(text) == "" {
		return money.Amount{}, nil
	}
	return amountOf(text, c)
}

// back to the page of a receipt after something was done to it.
func (v *visit) toReceipt(err error) error {
	if err == nil {
		v.to("/staff/receipts/" + url.PathEscape(v.r.PathValue("id")))
	}
	return err
}

func (v *visit) note() string { return strings.TrimSpace(v.r.PostForm.Get("note")) }

// takeReceipt makes whoever presses the button look after a receipt, or nobody.
func takeReceipt(v *visit) error {
	owner := v.by.Name
	if v.r.PostForm.Get("who") == "nobody" {
		owner = ""
	}
	_, err := v.office().AssignRemittance(v.ctx(), v.by, bank.RemittanceID(v.r.PathValue("id")), owner)
	return v.toReceipt(err)
}

func returnReceipt(v *visit) error {
	_, err := v.office().ReturnRemittance(v.ctx(), v.by, bank.RemittanceID(v.r.PathValue("id")), v.note())
	return v.toReceipt(err)
}

func keepReceipt(v *visit) error {
	_, err := v.office().KeepRemittance(v.ctx(), v.by, bank.RemittanceID(v.r.PathValue("id")), v.note())
	return v.toReceipt(err)
}

// What is decided on a claim leads back to where the decision was made.
func decideClaim(decide func(*visit, bank.ClaimID) (bank.Claim, error)) func(*visit) error {
	return func(v *visit) error {
		c, err := decide(v, bank.ClaimID(v.r.PathValue("id")))
		if err != nil {
			return err
		}
		v.onward("/staff/receipts/" + url.PathEscape(string(c.Remittance)))
		return nil
	}
}

// onward leads to the approvals if that is where the form stood, else to a page.
func (v *visit) onward(path string) {
	if v.r.PostForm.Get("from") == "approvals" {
		path = "/staff/approvals"
	}
	v.to(path)
}

func approveClaim(v *visit, id bank.ClaimID) (bank.Claim, error) {
	return v.office().ApproveClaim(v.ctx(), v.by, id, v.note())
}

func refuseClaim(v *visit, id bank.ClaimID) (bank.Claim, error) {
	return v.office().RefuseClaim(v.ctx(), v.by, id, v.note())
}

func withdrawClaim(v *visit, id bank.ClaimID) (bank.Claim, error) {
	return v.office().WithdrawClaim(v.ctx(), v.by, id)
}

func reverseClaim(v *visit, id bank.ClaimID) (bank.Claim, error) {
	return v.office().ReverseClaim(v.ctx(), v.by, id, v.note())
}
