package api

import (
	"bytes"
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

const (
	statementUploadMax = 64 << 20 // larger files are imported by the command line
	layoutField        = "layout"
)

// errStatementForm says that no file was found in a form.
var errStatementForm = fault.New(fault.Malformed, "upload_malformed", "the body is not a form with a file in it").
	WithNext("send multipart/form-data with one part named file")

// errProofForm says it of a file to claim with.
var errProofForm = fault.New(fault.Malformed, "upload_malformed", "the body is not a form with a file in it").
	WithNext("send multipart/form-data with one part named file: a JPEG or PNG picture, or a PDF")

// addBankRoutes adds what staff does with what banks say.
func (s *Server) addBankRoutes() {
	s.addStatementRoute()
	handle(s, route{path: "GET /v1/statement-files", id: "list-statement-files", scope: access.BankRead, summary: "List imported files of bank statements, newest first"}, s.statementFiles)
	handle(s, route{path: "GET /v1/bank-statements", id: "list-bank-statements", scope: access.BankRead, summary: "List bank statements, newest first"}, s.bankStatements)
	handle(s, route{path: "GET /v1/bank-statements/{id}", id: "get-bank-statement", scope: access.BankRead, summary: "Fetch a bank statement"}, s.bankStatement)
	handle(s, route{path: "POST /v1/bank-statements/{id}/agree", id: "agree-to-bank-statement", scope: access.BankApprove, summary: "Have a statement matched that does not add up"}, s.agreeToStatement)
	handle(s, route{path: "GET /v1/bank-lines", id: "list-bank-lines", scope: access.BankRead, summary: "List movements on our bank accounts, in the order in which they were taken"}, s.bankLines)
	handle(s, route{path: "GET /v1/bank-lines/{id}", id: "get-bank-line", scope: access.BankRead, summary: "Fetch a movement, and what it may have been"}, s.bankLine)
	handle(s, route{path: "POST /v1/bank-lines/{id}/accept", id: "accept-bank-line", scope: access.BankApprove, summary: "Let a movement count that contradicts another one"}, s.acceptLine)
	handle(s, route{path: "POST /v1/bank-lines/{id}/dismiss", id: "dismiss-bank-line", scope: access.BankApprove, summary: "Find a movement to be the one that it contradicts"}, s.dismissLine)
	handle(s, route{path: "POST /v1/bank-lines/{id}/explain", id: "explain-bank-line", scope: access.BankApprove, summary: "Say what a movement was that no customer is credited with"}, s.explainLine)
	handle(s, route{path: "GET /v1/remittances", id: "list-remittances", scope: access.BankRead, summary: "List receipts, newest first"}, s.remittances)
	handle(s, route{path: "GET /v1/remittances/{id}", id: "get-remittance", scope: access.BankRead, summary: "Fetch a receipt, with who may have sent it and why"}, s.remittance)
	handle(s, route{path: "POST /v1/remittances/{id}/claims", id: "claim-remittance", scope: access.BankWrite, status: 201, summary: "Say that a receipt, or a part of it, is a customer's"}, s.claimRemittance)
	s.addProofRoutes()
	handle(s, route{path: "POST /v1/remittances/{id}/assign", id: "assign-remittance", scope: access.BankWrite, summary: "Say who looks after a receipt"}, s.assignRemittance)
	handle(s, route{path: "POST /v1/remittances/{id}/return", id: "return-remittance", scope: access.BankWrite, summary: "Have what is nobody's of a receipt sent back"}, s.returnRemittance)
	handle(s, route{path: "POST /v1/remittances/{id}/keep", id: "keep-remittance", scope: access.BankWrite, summary: "Do not send a receipt back after all"}, s.keepRemittance)
	handle(s, route{path: "GET /v1/claims", id: "list-claims", scope: access.BankRead, summary: "List claims, newest first"}, s.claims)
	handle(s, route{path: "GET /v1/claims/{id}", id: "get-claim", scope: access.BankRead, summary: "Fetch a claim"}, s.claim)
	handle(s, route{path: "POST /v1/claims/{id}/approve", id: "approve-claim", scope: access.BankApprove, summary: "Credit what another person has claimed"}, s.approveClaim)
	handle(s, route{path: "POST /v1/claims/{id}/refuse", id: "refuse-claim", scope: access.BankApprove, summary: "Find a claim to be wrong"}, s.refuseClaim)
	handle(s, route{path: "POST /v1/claims/{id}/withdraw", id: "withdraw-claim", scope: access.BankWrite, summary: "Take one's own claim back"}, s.withdrawClaim)
	handle(s, route{path: "POST /v1/claims/{id}/reverse", id: "reverse-claim", scope: access.BankApprove, summary: "Take back what was credited wrongly"}, s.reverseClaim)
	handle(s, route{path: "GET /v1/accounts/{id}/receipts", id: "list-receipts", scope: access.FundsRead, summary: "List what a customer transferred, newest first"}, s.receipts)
}

// addStatementRoute adds the door for files of banks, which are no JSON.
func (s *Server) addStatementRoute() {
	r := route{path: "POST /v1/statement-files", id: "import-statement", scope: access.BankWrite, body: true, slow: true, large: statementUploadMax, summary: "Import a file of bank statements"}
	op := s.operation(r)
	op.Description = "Takes camt.053, camt.054, MT940, MT942, BAI2 or CSV of up to 64 MiB; of larger ones ask the bank for one file a day, or import them where the installation runs, by `bursar statement import` or its watched directory, which take up to 4 GiB. A broken file is refused whole, with the place. The same bytes again, the same statement in others, and statements that overlap count once. How the columns of a CSV are laid out may be said in a part named layout, in YAML or JSON; without it a layout that ships is found."
	op.Parameters = append(op.Parameters, &huma.Param{Name: "account_number", In: "query", Schema: &huma.Schema{Type: "string", MaxLength: ptr(40)}, Description: "Of the bank account, where the file does not say it, as CSV often does not."},
		&huma.Param{Name: "format", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"auto", "camt.053", "camt.054", "mt940", "mt942", "bai2", "csv"}}, Description: "What the file is, if it should not be found out."})
	op.RequestBody = formBody(uploadField, layoutField)
	op.Responses["201"] = &huma.Response{Description: "Created", Content: map[string]*huma.MediaType{
		"application/json": {Schema: s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[wire.StatementImport](), true, "")},
	}}
	s.serve(r, op, s.importStatement)
}

func (s *Server) importStatement(w http.ResponseWriter, r *http.Request) {
	by := callerOf(r.Context())
	if err := by.May(access.BankWrite); err != nil { // before what they sent is looked at
		s.refuse(w, r, err)
		return
	}
	files, err := filesIn(r, errStatementForm, statementUploadMax, uploadField, layoutField)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	query, file := r.URL.Query(), files[uploadField]
	options, err := office.ReadStatementsAs(query.Get("format"), files[layoutField].content)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	options.MaxBytes = statementUploadMax
	done, err := s.office.ImportStatementFor(r.Context(), by, query.Get("account_number"), file.name, bytes.NewReader(file.content), options)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	s.answer(w, ImportJSON(done))
}

// ImportJSON shapes what came of importing a file.
func ImportJSON(i office.StatementImport) wire.StatementImport {
	return wire.StatementImport{
		Object: "statement_import", File: FileJSON(i.File), IsKnown: i.IsKnown, Statements: list(i.Statements, "", wire.OfBankStatement).Data,
		New: i.New, Known: i.Known, Aside: i.Aside, Conflicts: i.Conflicts, Pending: i.Pending, Credited: i.Credited, Waiting: i.Waiting,
	}
}

// FileJSON shapes a file of bank statements.
func FileJSON(f office.StatementFile) wire.StatementFile {
	return wire.StatementFile{
		Object: "statement_file", ID: string(f.ID), SHA256: f.SHA256, Name: f.Name, Size: f.Size, Format: f.Format, Statements: f.Statements, Entries: f.Entries,
		ImportedBy: f.ImportedBy, ImportedAt: wire.Instant(f.ImportedAt), ReadAt: wire.Maybe(f.ReadAt),
	}
}

func (s *Server) statementFiles(ctx context.Context, by access.Caller, in *PageInput) (wire.List[wire.StatementFile], error) {
	p, err := in.page("stf")
	if err != nil {
		return wire.List[wire.StatementFile]{}, err
	}
	files, next, err := s.office.StatementFiles(ctx, by, p)
	return list(files, next, FileJSON), err
}

func (s *Server) bankStatements(ctx context.Context, by access.Caller, in *struct {
	PageInput
	State     string `query:"state" enum:"taken,held,aside" doc:"In this state alone."`
	Receiving string `query:"receiving_account" maxLength:"64" doc:"Of this account of ours alone."`
	File      string `query:"statement_file" maxLength:"64" doc:"Of this file alone."`
}) (wire.List[wire.BankStatement], error) {
	p, err := in.page("bst")
	if err != nil {
		return wire.List[wire.BankStatement]{}, err
	}
	all, next, err := s.office.BankStatements(ctx, by, office.StatementFilter{State: bank.StatementState(in.State), Receiving: bank.ReceivingID(in.Receiving), File: bank.FileID(in.File)}, p)
	return list(all, next, wire.OfBankStatement), err
}

func (s *Server) bankStatement(ctx context.Context, by access.Caller, in *IDInput) (wire.BankStatement, error) {
	st, err := s.office.BankStatement(ctx, by, bank.StatementID(in.ID))
	return wire.OfBankStatement(st), err
}

// notedInput is an order about one object, and why it is given.
type notedInput struct {
	IDInput
	Body struct {
		Note string `json:"note" minLength:"1" maxLength:"500" doc:"Why, for the audit."`
	}
}

func (s *Server) agreeToStatement(ctx context.Context, by access.Caller, in *notedInput) (wire.BankStatement, error) {
	st, err := s.office.AgreeToStatement(ctx, by, bank.StatementID(in.ID), in.Body.Note)
	return wire.OfBankStatement(st), err
}

func (s *Server) bankLines(ctx context.Context, by access.Caller, in *struct {
	PageInput
	Statement string `query:"bank_statement" maxLength:"64" doc:"Of this statement alone."`
	State     string `query:"state" enum:"pending,superseded,aside,conflict,dismissed,held,remitted,unexplained,explained" doc:"In this state alone."`
	Receiving string `query:"receiving_account" maxLength:"64" doc:"On this account of ours alone."`
}) (wire.List[wire.BankLine], error) {
	p, err := in.page("bln")
	if err != nil {
		return wire.List[wire.BankLine]{}, err
	}
	all, next, err := s.office.BankLines(ctx, by, office.LineFilter{Statement: bank.StatementID(in.Statement), State: bank.LineState(in.State), Receiving: bank.ReceivingID(in.Receiving)}, p)
	return list(all, next, wire.OfBankLine), err
}

func (s *Server) bankLine(ctx context.Context, by access.Caller, in *IDInput) (wire.LineStory, error) {
	l, err := s.office.BankLine(ctx, by, bank.LineID(in.ID))
	return LineJSON(l), err
}

// LineJSON shapes a movement and what was said of it.
func LineJSON(l office.LineStory) wire.LineStory {
	return wire.LineStory{
		BankLine: wire.OfBankLine(l.Line), Explanations: list(l.Explanations, "", wire.OfLineExplanation).Data, Origins: list(l.Origins, "", wire.OfOrigin).Data,
	}
}

func (s *Server) acceptLine(ctx context.Context, by access.Caller, in *notedInput) (wire.BankLine, error) {
	l, err := s.office.AcceptLine(ctx, by, bank.LineID(in.ID), in.Body.Note)
	return wire.OfBankLine(l), err
}

func (s *Server) dismissLine(ctx context.Context, by access.Caller, in *notedInput) (wire.BankLine, error) {
	l, err := s.office.DismissLine(ctx, by, bank.LineID(in.ID), in.Body.Note)
	return wire.OfBankLine(l), err
}

type explanationRequest struct {
	Kind    string `json:"kind" enum:"fee,transfer,payout,withdrawal,return,reversal" doc:"A fee of the bank, or one given back; a transfer between our own accounts; a provider's payout; a withdrawal of a customer's balance; a receipt that was sent back; a receipt that the bank took back, which takes it from whom it was credited to."`
	Subject string `json:"subject,omitempty" maxLength:"64" doc:"The receipt or the withdrawal that it is about."`
	Note    string `json:"note" minLength:"1" maxLength:"500" doc:"How you know, for the audit."`
}

func (s *Server) explainLine(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body explanationRequest
}) (wire.BankLine, error) {
	l, err := s.office.ExplainLine(ctx, by, bank.LineID(in.ID), office.Explaining{Kind: bank.ExplanationKind(in.Body.Kind), Subject: in.Body.Subject, Note: in.Body.Note})
	return wire.OfBankLine(l), err
}

func (s *Server) remittances(ctx context.Context, by access.Caller, in *struct {
	PageInput
	Account    string `query:"account" maxLength:"64" doc:"With a claim for this account alone."`
	State      string `query:"state" enum:"unclaimed,credited,returning,ended" doc:"In this state alone."`
	Reason     string `query:"reason" maxLength:"40" doc:"That were not credited by themselves for this reason alone."`
	Owner      string `query:"owner" maxLength:"200" doc:"That this person looks after alone."`
	Exceptions bool   `query:"exceptions" doc:"Those alone that wait and need more than an ordinary claim."`
	Due        bool   `query:"due" doc:"Those alone that wait and should have been claimed by now."`
	Late       bool   `query:"late" doc:"Those alone that have waited longer than customers were promised."`
}) (wire.List[wire.Remittance], error) {
	p, err := in.page("rem")
	if err != nil {
		return wire.List[wire.Remittance]{}, err
	}
	all, next, err := s.office.Remittances(ctx, by, office.RemittanceFilter{
		Account: account.ID(in.Account), State: bank.RemittanceState(in.State), Reason: bank.Reason(in.Reason), Owner: in.Owner, Exceptions: in.Exceptions, Due: in.Due, Late: in.Late,
	}, p)
	return list(all, next, wire.OfRemittance), err
}

func (s *Server) remittance(ctx context.Context, by access.Caller, in *IDInput) (wire.RemittanceStory, error) {
	r, err := s.office.Remittance(ctx, by, bank.RemittanceID(in.ID))
	return RemittanceJSON(r), err
}

// RemittanceJSON shapes a receipt with all that is known of it.
func RemittanceJSON(r office.RemittanceStory) wire.RemittanceStory {
	return wire.RemittanceStory{
		Remittance: wire.OfRemittance(r.Remittance), BankLine: wire.OfBankLine(r.BankLine), Candidates: list(r.Candidates, "", wire.OfCandidate).Data,
		Claims: list(r.Claims, "", wire.OfClaim).Data, Explanations: list(r.Explanations, "", wire.OfLineExplanation).Data,
	}
}

type claimRequest struct {
	Account string       `json:"account" maxLength:"64"`
	Amount  *wire.Amount `json:"amount,omitempty" doc:"All that is free of it if left out."`
	Fee     *wire.Amount `json:"fee,omitempty" doc:"What a bank took on the way, that we bear: a bill of the customer is short by just that, and the policy allows for it."`
	Note    string       `json:"note" minLength:"1" maxLength:"500" doc:"How you know whose it is."`
	Proof   string       `json:"proof,omitempty" maxLength:"200" doc:"Where the proof is."`
	File    string       `json:"proof_file,omitempty" maxLength:"64" doc:"The file that proves it, which the caller has sent to this receipt."`
}

func (s *Server) claimRemittance(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body claimRequest
}) (wire.Claim, error) {
	what := office.Claiming{Account: account.ID(in.Body.Account), Note: in.Body.Note, Proof: in.Body.Proof, File: bank.ProofID(in.Body.File)}
	var err error
	if what.Amount, err = amountFrom(in.Body.Amount); err != nil {
		return wire.Claim{}, err
	}
	if what.Fee, err = amountFrom(in.Body.Fee); err != nil {
		return wire.Claim{}, err
	}
	c, err := s.office.ClaimRemittance(ctx, by, bank.RemittanceID(in.ID), what)
	return wire.OfClaim(c), err
}

// addProofRoutes adds the doors for files that prove claims.
func (s *Server) addProofRoutes() {
	r := route{path: "POST /v1/remittances/{id}/proofs", id: "add-claim-proof", scope: access.BankWrite, body: true, large: uploadMax, summary: "Send a file that proves whose a receipt is"}
	op := s.operation(r)
	op.Description = "Takes a JPEG or PNG picture or a PDF of up to 10 MiB. What it is counts, not what it is called; pictures are written anew, and PDFs that can act are refused. It is kept encrypted, and its sender names it in a claim."
	id := &huma.Param{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string", MaxLength: ptr(64)}}
	op.Parameters = append(op.Parameters, id)
	op.RequestBody = formBody(uploadField)
	op.Responses["201"] = &huma.Response{Description: "Created", Content: map[string]*huma.MediaType{
		"application/json": {Schema: s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[wire.ClaimProof](), true, "")},
	}}
	s.serve(r, op, s.addProof)

	r = route{path: "GET /v1/claim-proofs/{id}/content", id: "open-claim-proof", scope: access.BankRead, raw: true, summary: "Open a file that proves a claim; that you did is written down"}
	op = s.operation(r)
	op.Parameters = []*huma.Param{id}
	file := &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{"image/jpeg": file, "image/png": file, "application/pdf": file}}
	s.serve(r, op, s.openProof)
}

func (s *Server) addProof(w http.ResponseWriter, r *http.Request) {
	by, id := callerOf(r.Context()), bank.RemittanceID(r.PathValue("id"))
	if err := s.office.MayAddProof(r.Context(), by, id); err != nil { // before what they sent is looked at
		s.refuse(w, r, err)
		return
	}
	files, err := filesIn(r, errProofForm, office.UploadMax+1, uploadField)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	p, err := s.office.AddProof(r.Context(), by, id, files[uploadField].name, bytes.NewReader(files[uploadField].content))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	s.answer(w, wire.OfProof(p))
}

func (s *Server) openProof(w http.ResponseWriter, r *http.Request) {
	p, content, err := s.office.OpenProof(r.Context(), callerOf(r.Context()), bank.ProofID(r.PathValue("id")))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	handOut(w, string(p.ID), p.Media, content)
}

func (s *Server) assignRemittance(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body struct {
		Owner string `json:"owner" maxLength:"200" doc:"Empty: nobody."`
	}
}) (wire.Remittance, error) {
	r, err := s.office.AssignRemittance(ctx, by, bank.RemittanceID(in.ID), in.Body.Owner)
	return wire.OfRemittance(r), err
}

func (s *Server) returnRemittance(ctx context.Context, by access.Caller, in *notedInput) (wire.Remittance, error) {
	r, err := s.office.ReturnRemittance(ctx, by, bank.RemittanceID(in.ID), in.Body.Note)
	return wire.OfRemittance(r), err
}

func (s *Server) keepRemittance(ctx context.Context, by access.Caller, in *notedInput) (wire.Remittance, error) {
	r, err := s.office.KeepRemittance(ctx, by, bank.RemittanceID(in.ID), in.Body.Note)
	return wire.OfRemittance(r), err
}

func (s *Server) claims(ctx context.Context, by access.Caller, in *struct {
	PageInput
	State      string `query:"state" enum:"proposed,credited,refused,withdrawn,reversed" doc:"In this state alone; those that wait for a decision are proposed."`
	Account    string `query:"account" maxLength:"64" doc:"For this account alone."`
	Remittance string `query:"remittance" maxLength:"64" doc:"On this receipt alone."`
}) (wire.List[wire.Claim], error) {
	p, err := in.page("clm")
	if err != nil {
		return wire.List[wire.Claim]{}, err
	}
	all, next, err := s.office.Claims(ctx, by, office.ClaimFilter{State: bank.ClaimState(in.State), Account: account.ID(in.Account), Remittance: bank.RemittanceID(in.Remittance)}, p)
	return list(all, next, wire.OfClaim), err
}

func (s *Server) claim(ctx context.Context, by access.Caller, in *IDInput) (wire.Claim, error) {
	c, err := s.office.Claim(ctx, by, bank.ClaimID(in.ID))
	return wire.OfClaim(c), err
}

func (s *Server) approveClaim(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body struct {
		Note string `json:"note,omitempty" maxLength:"500"`
	}
}) (wire.Claim, error) {
	c, err := s.office.ApproveClaim(ctx, by, bank.ClaimID(in.ID), in.Body.Note)
	return wire.OfClaim(c), err
}

func (s *Server) refuseClaim(ctx context.Context, by access.Caller, in *notedInput) (wire.Claim, error) {
	c, err := s.office.RefuseClaim(ctx, by, bank.ClaimID(in.ID), in.Body.Note)
	return wire.OfClaim(c), err
}

func (s *Server) withdrawClaim(ctx context.Context, by access.Caller, in *IDInput) (wire.Claim, error) {
	c, err := s.office.WithdrawClaim(ctx, by, bank.ClaimID(in.ID))
	return wire.OfClaim(c), err
}

func (s *Server) reverseClaim(ctx context.Context, by access.Caller, in *notedInput) (wire.Claim, error) {
	c, err := s.office.ReverseClaim(ctx, by, bank.ClaimID(in.ID), in.Body.Note)
	return wire.OfClaim(c), err
}

func (s *Server) receipts(ctx context.Context, by access.Caller, in *struct {
	IDInput
	PageInput
}) (wire.List[wire.Received], error) {
	p, err := in.page("clm")
	if err != nil {
		return wire.List[wire.Received]{}, err
	}
	all, next, err := s.office.Receipts(ctx, by, account.ID(in.ID), p)
	return list(all, next, func(r office.Received) wire.Received {
		return wire.Received{
			Object: "receipt", ID: string(r.Claim), Amount: wire.OfAmount(r.Amount), State: string(r.State), ReceivedOn: wire.MaybeText(r.ReceivedOn),
			ClaimedAt: wire.Instant(r.ClaimedAt), CreditedAt: wire.Maybe(r.CreditedAt),
		}
	}), err
}
