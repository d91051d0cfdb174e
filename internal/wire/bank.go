package wire

import (
	"github.com/bursar-pay/bursar/internal/bank"
)

// StatementFile is a file of bank statements that was imported.
type StatementFile struct {
	Object     string  `json:"object" enum:"statement_file"`
	ID         string  `json:"id" example:"stf_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	SHA256     string  `json:"sha256" doc:"Of its bytes: the same bytes are the same import."`
	Name       string  `json:"name"`
	Size       int64   `json:"size"`
	Format     string  `json:"format" example:"camt.053"`
	Statements int     `json:"statements"`
	Entries    int     `json:"entries"`
	ImportedBy string  `json:"imported_by"`
	ImportedAt string  `json:"imported_at" format:"date-time"`
	ReadAt     *string `json:"read_at" format:"date-time" doc:"Null while its import is not over; importing it again goes on with it."`
}

// BankStatement is what a bank said about one account in one file.
type BankStatement struct {
	Object     string       `json:"object" enum:"bank_statement"`
	ID         string       `json:"id" example:"bst_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	File       string       `json:"statement_file"`
	Place      int          `json:"place" doc:"Among the statements of the file, from 1."`
	Number     string       `json:"account_number"`
	Receiving  *string      `json:"receiving_account" doc:"Null while the account is none of ours."`
	Format     string       `json:"format"`
	BankID     *string      `json:"bank_id"`
	Sequence   *string      `json:"sequence"`
	Page       *string      `json:"page"`
	Currency   *string      `json:"currency"`
	First      *string      `json:"first_day" format:"date"`
	Last       *string      `json:"last_day" format:"date"`
	Opening    *Amount      `json:"opening"`
	Closing    *Amount      `json:"closing"`
	Credits    *Amount      `json:"credits"`
	Debits     *Amount      `json:"debits"`
	Booked     int          `json:"booked" doc:"Entries that the bank has booked."`
	Pending    int          `json:"pending"`
	Info       int          `json:"information" doc:"Entries that are no movements."`
	Proof      string       `json:"proof" enum:"balanced,unbalanced,unproven"`
	Remarks    []BankRemark `json:"remarks" nullable:"false"`
	State      string       `json:"state" enum:"taken,held,aside" doc:"Held: it does not add up, and is booked but not matched before a person agrees. Aside: it is about an account that is none of ours."`
	Reason     *string      `json:"reason" doc:"Why it is held or aside, as a code."`
	ImportedBy string       `json:"imported_by"`
	ImportedAt string       `json:"imported_at" format:"date-time"`
	AgreedBy   *string      `json:"agreed_by"`
	AgreedAt   *string      `json:"agreed_at" format:"date-time"`
	Note       *string      `json:"note"`
}

// BankRemark is something about a statement that a person should see.
type BankRemark struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Place   *string `json:"place"`
}

// BankLine is one movement on a bank account, or one transaction of a batch.
type BankLine struct {
	Object     string  `json:"object" enum:"bank_line"`
	ID         string  `json:"id" example:"bln_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Statement  string  `json:"bank_statement"`
	Receiving  *string `json:"receiving_account"`
	Number     string  `json:"account_number"`
	Entry      int     `json:"entry" doc:"Place among the statement's entries, from 1."`
	Part       int     `json:"part"`
	Parts      int     `json:"parts"`
	State      string  `json:"state" enum:"pending,superseded,aside,conflict,dismissed,held,remitted,unexplained,explained"`
	Incoming   bool    `json:"incoming"`
	Amount     Amount  `json:"amount"`
	Reversal   bool    `json:"reversal"`
	BookedOn   *string `json:"booked_on" format:"date"`
	ValueOn    *string `json:"value_on" format:"date"`
	Reference  *string `json:"bank_reference"`
	EndToEnd   *string `json:"end_to_end_id"`
	Rail       *string `json:"rail"`
	Other      *string `json:"other_party" doc:"Who paid, or was paid."`
	From       *string `json:"other_account"`
	PaidTo     *string `json:"paid_to" doc:"The account number that the payer named."`
	Structured *string `json:"structured_reference"`
	Text       *string `json:"text"`
	Return     *string `json:"return_code"`
	Against    *string `json:"contradicts" doc:"The line that a conflict may be, told otherwise."`
	DecidedBy  *string `json:"decided_by"`
	Note       *string `json:"note"`
	At         string  `json:"taken_at" format:"date-time"`
}

// Remittance is a receipt: a movement that brings money, which may be customers'.
type Remittance struct {
	Object     string  `json:"object" enum:"remittance"`
	ID         string  `json:"id" example:"rem_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Line       string  `json:"bank_line"`
	Receiving  string  `json:"receiving_account"`
	Amount     Amount  `json:"amount"`
	Claimed    Amount  `json:"claimed" doc:"Under claims that are proposed or credited."`
	Credited   Amount  `json:"credited"`
	Explained  Amount  `json:"explained" doc:"What was no customer's: returned, taken back, a payout and so on."`
	Free       Amount  `json:"free" doc:"What can still be claimed."`
	State      string  `json:"state" enum:"unclaimed,credited,returning,ended"`
	Reason     *string `json:"reason" doc:"Why it was not credited by itself, as a code."`
	Owner      *string `json:"owner" doc:"Who looks after it."`
	ReceivedOn *string `json:"received_on" format:"date" doc:"The bank's value date."`
	Payer      *string `json:"payer"`
	PayerFrom  *string `json:"payer_account"`
	ReturnedBy *string `json:"returned_by"`
	ReturnNote *string `json:"return_note"`
	OpenedAt   string  `json:"opened_at" format:"date-time"`
	DueAt      string  `json:"due_at" format:"date-time" doc:"Somebody should have claimed it by then."`
	LateAt     string  `json:"late_at" format:"date-time"`
	EndedAt    *string `json:"ended_at" format:"date-time"`
}

// Claim is somebody's word that a receipt, or a part of it, is a customer's.
type Claim struct {
	Object     string  `json:"object" enum:"claim"`
	ID         string  `json:"id" example:"clm_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Remittance string  `json:"remittance"`
	Account    string  `json:"account"`
	Amount     Amount  `json:"amount"`
	Fee        Amount  `json:"fee" doc:"What a bank took on the way and we bear: it is credited too."`
	State      string  `json:"state" enum:"proposed,credited,refused,withdrawn,reversed"`
	Automatic  bool    `json:"automatic" doc:"It came to the customer's own account number: nobody had to decide."`
	Note       string  `json:"note"`
	Proof      *string `json:"proof"`
	ProofFile  *string `json:"proof_file" doc:"The file that proves it; opened at /v1/claim-proofs."`
	ClaimedBy  string  `json:"claimed_by"`
	ClaimedAt  string  `json:"claimed_at" format:"date-time"`
	DecidedBy  *string `json:"decided_by"`
	DecidedAt  *string `json:"decided_at" format:"date-time"`
	Decision   *string `json:"decision"`
	ReversedBy *string `json:"reversed_by"`
	ReversedAt *string `json:"reversed_at" format:"date-time"`
	Reversal   *string `json:"reversal"`
}

// Candidate is a customer who may have sent a receipt.
type Candidate struct {
	Account  string          `json:"account"`
	Name     string          `json:"name"`
	Score    int             `json:"score" doc:"From 0 to 100; it decides nothing."`
	Evidence []MatchEvidence `json:"evidence" nullable:"false"`
}

// MatchEvidence is one thing that speaks for a candidate, or against them.
type MatchEvidence struct {
	Kind   string  `json:"kind" example:"payment_reference"`
	Weight int     `json:"weight"`
	Detail *string `json:"detail"`
}

// LineExplanation is a person's word on what a movement was.
type LineExplanation struct {
	ID      string  `json:"id"`
	Line    string  `json:"bank_line"`
	Kind    string  `json:"kind" enum:"fee,transfer,payout,withdrawal,return,reversal"`
	Amount  Amount  `json:"amount"`
	Subject *string `json:"subject"`
	Note    string  `json:"note"`
	By      string  `json:"by"`
	At      string  `json:"at" format:"date-time"`
}

// OfBankStatement shapes a statement.
func OfBankStatement(s bank.Statement) BankStatement {
	shape := BankStatement{
		Object: "bank_statement", ID: string(s.ID), File: string(s.File), Place: s.Place, Number: s.Number, Receiving: MaybeText(s.Receiving), Format: s.Format,
		BankID: MaybeText(s.BankID), Sequence: MaybeText(s.Sequence), Page: MaybeText(s.Page), Currency: MaybeText(s.Currency), First: MaybeText(s.First), Last: MaybeText(s.Last),
		Booked: s.Booked, Pending: s.Pending, Info: s.Info, Proof: s.Proof, Remarks: []BankRemark{}, State: string(s.State), Reason: MaybeText(s.Reason),
		ImportedBy: s.ImportedBy, ImportedAt: Instant(s.ImportedAt), AgreedBy: MaybeText(s.AgreedBy), AgreedAt: Maybe(s.AgreedAt), Note: MaybeText(s.Note),
	}
	for _, m := range s.Remarks {
		shape.Remarks = append(shape.Remarks, BankRemark{m.Code, m.Message, MaybeText(m.Place)})
	}
	if s.Currency != "" {
		credits, debits := OfAmount(s.Credits), OfAmount(s.Debits)
		shape.Credits, shape.Debits = &credits, &debits
	}
	if s.Opening != nil {
		a := OfAmount(*s.Opening)
		shape.Opening = &a
	}
	if s.Closing != nil {
		a := OfAmount(*s.Closing)
		shape.Closing = &a
	}
	return shape
}

// OfBankLine shapes a line.
func OfBankLine(l bank.Line) BankLine {
	return BankLine{
		Object: "bank_line", ID: string(l.ID), Statement: string(l.Statement), Receiving: MaybeText(l.Receiving), Number: l.Number, Entry: l.Entry, Part: l.Part, Parts: l.Parts,
		State: string(l.State), Incoming: l.Incoming, Amount: OfAmount(l.Amount), Reversal: l.Reversal, BookedOn: MaybeText(l.BookedOn), ValueOn: MaybeText(l.ValueOn),
		Reference: MaybeText(l.Reference), EndToEnd: MaybeText(l.EndToEnd), Rail: MaybeText(l.Rail), Other: MaybeText(l.Payer), From: MaybeText(l.PayerFrom), PaidTo: MaybeText(l.PaidTo),
		Structured: MaybeText(l.Structured), Text: MaybeText(l.Text), Return: MaybeText(l.ReturnCode), Against: MaybeText(l.Against), DecidedBy: MaybeText(l.DecidedBy),
		Note: MaybeText(l.Note), At: Instant(l.At),
	}
}

// OfRemittance shapes a receipt.
func OfRemittance(r bank.Remittance) Remittance {
	return Remittance{
		Object: "remittance", ID: string(r.ID), Line: string(r.Line), Receiving: string(r.Receiving), Amount: OfAmount(r.Amount), Claimed: OfAmount(r.Claimed),
		Credited: OfAmount(r.Credited), Explained: OfAmount(r.Explained), Free: OfAmount(r.Free()), State: string(r.State), Reason: MaybeText(r.Reason), Owner: MaybeText(r.Owner),
		ReceivedOn: MaybeText(r.ReceivedOn), Payer: MaybeText(r.Payer), PayerFrom: MaybeText(r.PayerFrom), ReturnedBy: MaybeText(r.ReturnedBy), ReturnNote: MaybeText(r.ReturnNote),
		OpenedAt: Instant(r.OpenedAt), DueAt: Instant(r.DueAt), LateAt: Instant(r.LateAt), EndedAt: Maybe(r.EndedAt),
	}
}

// OfClaim shapes a claim.
func OfClaim(c bank.Claim) Claim {
	return Claim{
		Object: "claim", ID: string(c.ID), Remittance: string(c.Remittance), Account: string(c.Account), Amount: OfAmount(c.Amount), Fee: OfAmount(c.Fee), State: string(c.State),
		Automatic: c.Automatic, Note: c.Note, Proof: MaybeText(c.Proof), ProofFile: MaybeText(c.ProofFile), ClaimedBy: c.ClaimedBy, ClaimedAt: Instant(c.ClaimedAt), DecidedBy: MaybeText(c.DecidedBy),
		DecidedAt: Maybe(c.DecidedAt), Decision: MaybeText(c.Decision), ReversedBy: MaybeText(c.ReversedBy), ReversedAt: Maybe(c.ReversedAt), Reversal: MaybeText(c.Reversal),
	}
}

// ClaimProof is a file that is to prove a claim.
type ClaimProof struct {
	Object     string  `json:"object" enum:"claim_proof"`
	ID         string  `json:"id" example:"prf_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Remittance string  `json:"remittance"`
	Claim      *string `json:"claim" doc:"That it proves; null until it is claimed with it."`
	Media      string  `json:"media" enum:"image/jpeg,image/png,application/pdf"`
	Size       int64   `json:"size"`
	SHA256     string  `json:"sha256"`
	UploadedBy string  `json:"uploaded_by"`
	UploadedAt string  `json:"uploaded_at" format:"date-time"`
}

// OfProof shapes a proof.
func OfProof(p bank.Proof) ClaimProof {
	return ClaimProof{
		Object: "claim_proof", ID: string(p.ID), Remittance: string(p.Remittance), Claim: MaybeText(p.Claim), Media: p.Media, Size: p.Size, SHA256: p.SHA256,
		UploadedBy: p.UploadedBy, UploadedAt: Instant(p.UploadedAt),
	}
}

// OfCandidate shapes a candidate.
func OfCandidate(c bank.Candidate) Candidate {
	return Candidate{Account: string(c.Account), Name: c.Name, Score: c.Score, Evidence: evidenceJSON(c.Evidence)}
}

// OfLineExplanation shapes an explanation.
func OfLineExplanation(e bank.Explanation) LineExplanation {
	return LineExplanation{
		ID: e.ID, Line: string(e.Line), Kind: string(e.Kind), Amount: OfAmount(e.Amount), Subject: MaybeText(e.Subject), Note: e.Note, By: e.By, At: Instant(e.At),
	}
}

// StatementImport is what came of importing a file.
type StatementImport struct {
	Object     string          `json:"object" enum:"statement_import"`
	File       StatementFile   `json:"statement_file"`
	IsKnown    bool            `json:"known" doc:"Its bytes were imported before: nothing was done."`
	Statements []BankStatement `json:"statements" nullable:"false"`
	New        int             `json:"new_entries" doc:"That were booked."`
	Known      int             `json:"known_entries" doc:"That were there already."`
	Aside      int             `json:"entries_aside" doc:"That wait for their account to be added."`
	Conflicts  int             `json:"conflicts" doc:"That contradict what is booked, and wait for a person."`
	Pending    int             `json:"pending_entries"`
	Credited   int             `json:"credited" doc:"Receipts that are on a customer's balance."`
	Waiting    int             `json:"to_claim" doc:"Receipts that somebody has to claim."`
}

// RemittanceStory is a receipt with all that is known of it.
type RemittanceStory struct {
	Remittance
	BankLine     BankLine          `json:"line"`
	Candidates   []Candidate       `json:"candidates" nullable:"false" doc:"Who may have sent it, the likeliest first; none once it is over."`
	Claims       []Claim           `json:"claims" nullable:"false" doc:"Newest first."`
	Explanations []LineExplanation `json:"explanations" nullable:"false"`
}

// LineStory is a movement and what was said of it, or could be.
type LineStory struct {
	BankLine
	Explanations []LineExplanation `json:"explanations" nullable:"false"`
	Origins      []Origin          `json:"origins" nullable:"false" doc:"Receipts that it may have taken back, of one that nobody has explained."`
}

// Origin is a receipt that a movement may have taken back.
type Origin struct {
	Remittance string          `json:"remittance"`
	Score      int             `json:"score"`
	Evidence   []MatchEvidence `json:"evidence" nullable:"false"`
}

// Received is a transfer as its customer may see it.
type Received struct {
	Object     string  `json:"object" enum:"receipt"`
	ID         string  `json:"id" doc:"Of the claim."`
	Amount     Amount  `json:"amount"`
	State      string  `json:"state" enum:"proposed,credited,reversed" doc:"Proposed: it reached us, and is being looked at."`
	ReceivedOn *string `json:"received_on" format:"date" doc:"The bank's value date."`
	ClaimedAt  string  `json:"claimed_at" format:"date-time"`
	CreditedAt *string `json:"credited_at" format:"date-time"`
}

func evidenceJSON(all []bank.Evidence) []MatchEvidence {
	shapes := []MatchEvidence{}
	for _, e := range all {
		shapes = append(shapes, MatchEvidence{string(e.Kind), e.Weight, MaybeText(e.Detail)})
	}
	return shapes
}

// OfOrigin shapes a receipt that a movement may have taken back.
func OfOrigin(o bank.Origin) Origin {
	return Origin{Remittance: string(o.Remittance), Score: o.Score, Evidence: evidenceJSON(o.Evidence)}
}
