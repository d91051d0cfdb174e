package staff

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/office"
)

// uploadMax is the largest file of statements that is taken here; what is larger goes
// by the command line or the watched folder.
const uploadMax = 64 << 20

// statementLine is a bank statement in a list.
type statementLine struct {
	ID, File, Number, Format, Days, Opening, Closing, Credits, Debits, Proof, Remarks, By string
	Movements                                                                             int
	State                                                                                 standing
	Imported                                                                              moment
	Held, Own                                                                             bool
}

// statementNames are the states of statements in words.
var statementNames = map[bank.StatementState]standing{
	bank.StatementTaken: {Name: "Taken", Tone: "good"},
	bank.StatementHeld:  {Name: "Waits for a person's word", Tone: "wait"},
	bank.StatementAside: {Name: "Aside: the account is none of ours", Tone: "ended"},
}

func (v *visit) statementLine(s bank.Statement) statementLine {
	line := statementLine{
		ID: string(s.ID), File: string(s.File), Number: s.Number, Format: s.Format, Days: day(s.First), Credits: sum(s.Credits), Debits: sum(s.Debits), Proof: s.Proof,
		By: v.who(s.ImportedBy), Movements: s.Booked, State: statementNames[s.State], Imported: at(s.ImportedAt), Held: s.State == bank.StatementHeld, Own: s.ImportedBy == v.by.Name,
	}
	if s.Last != s.First {
		line.Days += " to " + day(s.Last)
	}
	if s.Opening != nil {
		line.Opening = sum(*s.Opening)
	}
	if s.Closing != nil {
		line.Closing = sum(*s.Closing)
	}
	if n := len(s.Remarks); n > 0 {
		line.Remarks = fmt.Sprint(n)
	}
	return line
}

type fileLine struct {
	ID, Name, Format, Size, By string
	Statements, Entries        int
	Imported                   moment
	Whole                      bool
}

// filesOnPage is how many of the newest files the page of statements lists.
const filesOnPage = 10

func showStatements(v *visit) error {
	state, filters := v.filters("state", []string{"all", "held", "taken", "aside"}, map[string]string{"held": "To be agreed to", "aside": "Of accounts that are none of ours"})
	if state == "all" {
		state = ""
	}
	list, next, err := v.office().BankStatements(v.ctx(), v.by, office.StatementFilter{State: bank.StatementState(state)}, v.part())
	if err != nil {
		return err
	}
	var lines []statementLine
	for _, s := range list {
		lines = append(lines, v.statementLine(s))
	}
	files, _, err := v.office().StatementFiles(v.ctx(), v.by, office.Page{Limit: filesOnPage})
	if err != nil {
		return err
	}
	var known []fileLine
	for _, f := range files {
		known = append(known, fileLine{
			ID: string(f.ID), Name: f.Name, Format: f.Format, Size: size(f.Size), By: v.who(f.ImportedBy), Statements: f.Statements, Entries: f.Entries, Imported: at(f.ImportedAt),
			Whole: !f.ReadAt.IsZero(),
		})
	}
	v.show(http.StatusOK, "statements.html", map[string]any{
		"Filters": filters, "Statements": lines, "More": v.more(next), "Files": known, "May": v.may(access.BankWrite), "Most": size(uploadMax),
	})
	return nil
}

// importedView is what came of a file.
type importedView struct {
	Name, Format                                                         string
	Known                                                                bool
	Statements                                                           []statementLine
	New, Repeated, Aside, Conflicts, Pending, Credited, Waiting, Entries int
}

// importStatement takes a file of bank statements. The answer is the page that says
// what came of it: sent again, the same file is known and nothing is done.
func importStatement(v *visit) error {
	if err := v.by.May(access.BankWrite); err != nil {
		return err
	}
	file, head, err := v.r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || err == nil && head.Size == 0 {
		return errNoFile
	}
	if err != nil {
		return errForm
	}
	defer file.Close()
	done, err := v.office().ImportStatementFor(v.ctx(), v.by, strings.TrimSpace(v.r.PostForm.Get("number")), head.Filename, file, office.StatementOptions{})
	if err != nil {
		return err
	}
	view := importedView{
		Name: done.File.Name, Format: done.File.Format, Known: done.IsKnown, New: done.New, Repeated: done.Known, Aside: done.Aside, Conflicts: done.Conflicts,
		Pending: done.Pending, Credited: done.Credited, Waiting: done.Waiting, Entries: done.File.Entries,
	}
	for _, s := range done.Statements {
		view.Statements = append(view.Statements, v.statementLine(s))
	}
	v.show(http.StatusOK, "imported.html", view)
	return nil
}

// statementView is one statement with its remarks and movements.
type statementView struct {
	statementLine
	BankID, Sequence, Reason, AgreedBy, Note string
	Agreed                                   moment
	Pending, Info                            int
	Remarks                                  []bank.Remark
	Lines                                    []lineView
	More                                     string
	May                                      bool
}

func showStatement(v *visit) error {
	id := bank.StatementID(v.r.PathValue("id"))
	s, err := v.office().BankStatement(v.ctx(), v.by, id)
	if err != nil {
		return err
	}
	list, next, err := v.office().BankLines(v.ctx(), v.by, office.LineFilter{Statement: id}, v.part())
	if err != nil {
		return err
	}
	view := statementView{
		statementLine: v.statementLine(s), BankID: s.BankID, Sequence: s.Sequence, Reason: label(s.Reason), AgreedBy: v.owner(s.AgreedBy), Note: s.Note, Agreed: at(s.AgreedAt),
		Pending: s.Pending, Info: s.Info, Remarks: s.Remarks, More: v.more(next), May: v.may(access.BankApprove),
	}
	for _, l := range list {
		view.Lines = append(view.Lines, v.lineView(l))
	}
	v.show(http.StatusOK, "statement.html", view)
	return nil
}

func agreeToStatement(v *visit) error {
	id := v.r.PathValue("id")
	if _, err := v.office().AgreeToStatement(v.ctx(), v.by, bank.StatementID(id), v.note()); err != nil {
		return err
	}
	v.onward("/staff/statements/" + url.PathEscape(id))
	return nil
}

// lineView is one movement as the bank told it.
type lineView struct {
	ID, Statement, Amount, Payer, PayerFrom, PaidTo, Text, Structured, Reference, EndToEnd, Rail, Booked, Value, Number, ReturnCode, Against, Note, By string
	State                                                                                                                                              standing
	Incoming, Reversal                                                                                                                                 bool
}

// lineNames are the states of movements in words.
var lineNames = map[bank.LineState]standing{
	bank.LinePending:     {Name: "Not booked by the bank yet", Tone: "wait"},
	bank.LineSuperseded:  {Name: "Booked since", Tone: "ended"},
	bank.LineAside:       {Name: "Aside", Tone: "ended"},
	bank.LineConflict:    {Name: "Contradicts another", Tone: "bad"},
	bank.LineDismissed:   {Name: "The same as another", Tone: "ended"},
	bank.LineHeld:        {Name: "Waits for its statement", Tone: "wait"},
	bank.LineRemitted:    {Name: "A receipt", Tone: "good"},
	bank.LineUnexplained: {Name: "To be explained", Tone: "wait"},
	bank.LineExplained:   {Name: "Explained", Tone: "good"},
}

func (v *visit) lineView(l bank.Line) lineView {
	return lineView{
		ID: string(l.ID), Statement: string(l.Statement), Amount: sum(l.Signed()), Payer: l.Payer, PayerFrom: l.PayerFrom, PaidTo: l.PaidTo, Text: l.Text, Structured: l.Structured,
		Reference: l.Reference, EndToEnd: l.EndToEnd, Rail: words(string(l.Rail)), Booked: day(l.BookedOn), Value: day(l.ValueOn), Number: l.Number, ReturnCode: l.ReturnCode,
		Against: string(l.Against), Note: l.Note, By: v.owner(l.DecidedBy), State: cmp.Or(lineNames[l.State], standingOf(l.State)), Incoming: l.Incoming, Reversal: l.Reversal,
	}
}

// explanationLine is what somebody said that a movement was.
type explanationLine struct {
	Kind, Amount, Subject, Note, By string
	At                              moment
}

// explanationNames say what a movement may have been.
var explanationNames = map[bank.ExplanationKind]string{
	bank.ExplainFee:        "The bank's fee, or what it pays us",
	bank.ExplainTransfer:   "A transfer between our own accounts",
	bank.ExplainPayout:     "A payment provider's payout, or what it took back",
	bank.ExplainWithdrawal: "A customer's withdrawal that left",
	bank.ExplainReturn:     "A receipt that we sent back",
	bank.ExplainReversal:   "A receipt that the bank took back",
}

func explanationOptions(kinds ...bank.ExplanationKind) []option {
	var list []option
	for _, k := range kinds {
		list = append(list, option{string(k), explanationNames[k]})
	}
	return list
}

func (v *visit) explanationLine(e bank.Explanation) explanationLine {
	return explanationLine{Kind: explanationNames[e.Kind], Amount: sum(e.Amount), Subject: e.Subject, Note: e.Note, By: v.who(e.By), At: at(e.At)}
}

// showLines lists movements that wait for a person's word.
func showLines(v *visit) error {
	state, filters := v.filters("state", []string{"unexplained", "conflict", "pending", "held", "all"},
		map[string]string{"unexplained": "To be explained", "conflict": "Contradictions", "pending": "Not booked yet", "held": "Of statements to be agreed to", "all": "All"})
	if state == "all" {
		state = ""
	}
	list, next, err := v.office().BankLines(v.ctx(), v.by, office.LineFilter{State: bank.LineState(state)}, v.part())
	if err != nil {
		return err
	}
	var lines []lineView
	for _, l := range list {
		lines = append(lines, v.lineView(l))
	}
	v.show(http.StatusOK, "lines.html", map[string]any{"Filters": filters, "Lines": lines, "More": v.more(next)})
	return nil
}

// movementView is one movement, and what can be said of it.
type movementView struct {
	lineView
	Explanations          []explanationLine
	Origins               []originView
	Kinds                 []option
	Unexplained, Conflict bool
	May                   bool
}

// originView is a receipt that a movement may have taken back, and why we think so.
type originView struct {
	Remittance string
	Score      int
	Evidence   []evidenceView
}

func showLine(v *visit) error {
	s, err := v.office().BankLine(v.ctx(), v.by, bank.LineID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	view := movementView{
		lineView: v.lineView(s.Line), Kinds: explanationOptions(bank.ExplanationKinds...), Unexplained: s.State == bank.LineUnexplained, Conflict: s.State == bank.LineConflict,
		May: v.may(access.BankApprove),
	}
	for _, e := range s.Explanations {
		view.Explanations = append(view.Explanations, v.explanationLine(e))
	}
	for _, o := range s.Origins {
		view.Origins = append(view.Origins, originView{Remittance: string(o.Remittance), Score: o.Score, Evidence: evidenceOf(o.Evidence)})
	}
	v.show(http.StatusOK, "line.html", view)
	return nil
}

func explainLine(v *visit) error {
	f, id := v.r.PostForm, v.r.PathValue("id")
	what := office.Explaining{Kind: bank.ExplanationKind(f.Get("kind")), Subject: strings.TrimSpace(f.Get("subject")), Note: v.note()}
	if _, err := v.office().ExplainLine(v.ctx(), v.by, bank.LineID(id), what); err != nil {
		return err
	}
	v.to("/staff/lines/" + url.PathEscape(id))
	return nil
}

func acceptLine(v *visit) error {
	id := v.r.PathValue("id")
	_, err := v.office().AcceptLine(v.ctx(), v.by, bank.LineID(id), v.note())
	if err == nil {
		v.to("/staff/lines/" + url.PathEscape(id))
	}
	return err
}

func dismissLine(v *visit) error {
	id := v.r.PathValue("id")
	_, err := v.office().DismissLine(v.ctx(), v.by, bank.LineID(id), v.note())
	if err == nil {
		v.to("/staff/lines/" + url.PathEscape(id))
	}
	return err
}
