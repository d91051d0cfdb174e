package api

import (
	"bytes"
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

const uploadMax = office.UploadMax + 64<<10 // with what a form puts around a file

// errUploadForm says that no file was found in a form.
var errUploadForm = fault.New(fault.Malformed, "upload_malformed", "the body is not a form with a file in it").
	WithNext("send multipart/form-data with one part named file, and the kind of document as the parameter kind")

// addIdentityRoutes adds what customers and staff do about identity checks.
func (s *Server) addIdentityRoutes() {
	handle(s, route{path: "GET /v1/accounts/{id}/identity-checks", id: "list-account-identity-checks", scope: access.MethodsRead, summary: "List an account's identity checks, newest first"}, s.accountChecks)
	handle(s, route{path: "GET /v1/identity-checks/{id}", id: "get-identity-check", scope: access.MethodsRead, summary: "Fetch an identity check and what was sent for it"}, s.identityCheck)
	s.addUploadRoute()
	handle(s, route{path: "DELETE /v1/identity-documents/{id}", id: "remove-identity-document", scope: access.MethodsWrite, summary: "Take a document back that was not submitted yet"}, s.removeDocument)
	handle(s, route{path: "POST /v1/identity-checks/{id}/submit", id: "submit-identity-check", scope: access.MethodsWrite, summary: "Hand the documents to the reviewers"}, s.submitIdentity)

	handle(s, route{path: "GET /v1/identity-checks", id: "list-identity-checks", scope: access.IdentityRead, summary: "List identity checks for staff, oldest first"}, s.reviewQueue)
	s.addContentRoute()
	handle(s, route{path: "POST /v1/identity-checks/{id}/approve", id: "approve-identity-check", scope: access.IdentityReview, summary: "Find a customer's documents in order"}, s.approveIdentity)
	handle(s, route{path: "POST /v1/identity-checks/{id}/reject", id: "reject-identity-check", scope: access.IdentityReview, summary: "Say what is wrong with a customer's documents"}, s.rejectIdentity)
	handle(s, route{path: "GET /v1/identity-document-views", id: "list-identity-document-views", scope: access.IdentityRead, summary: "List who was handed documents, oldest first"}, s.documentViews)
	handle(s, route{path: "GET /v1/judgements", id: "list-judgements", scope: access.IdentityRead, summary: "List what risk said, newest first"}, s.judgements)
	handle(s, route{path: "GET /v1/judgements/{id}", id: "get-judgement", scope: access.IdentityRead, summary: "Fetch what risk said once, with what it was given"}, s.judgement)
}

func (s *Server) accountChecks(ctx context.Context, by access.Caller, in *SpokenInput) (wire.List[wire.IdentityCheck], error) {
	checks, err := s.office.IdentityChecks(ctx, by, account.ID(in.ID))
	return list(checks, "", func(c office.IdentityCheck) wire.IdentityCheck { return identityJSON(c, in.Language) }), err
}

func (s *Server) identityCheck(ctx context.Context, by access.Caller, in *SpokenInput) (wire.IdentityCheck, error) {
	c, err := s.office.IdentityCheck(ctx, by, identity.CaseID(in.ID))
	return identityJSON(c, in.Language), err
}

func (s *Server) removeDocument(ctx context.Context, by access.Caller, in *IDInput) (wire.Document, error) {
	d, err := s.office.RemoveDocument(ctx, by, identity.DocumentID(in.ID))
	return wire.OfDocument(d), err
}

func (s *Server) submitIdentity(ctx context.Context, by access.Caller, in *SpokenInput) (wire.IdentityCheck, error) {
	c, err := s.office.SubmitIdentity(ctx, by, identity.CaseID(in.ID))
	return identityJSON(c, in.Language), err
}

// addUploadRoute adds the door for files, which are no JSON. Their size is known
// before they are read, and what they are by their content alone.
func (s *Server) addUploadRoute() {
	r := route{
		path: "POST /v1/identity-checks/{id}/documents", id: "add-identity-document", scope: access.MethodsWrite, body: true, large: uploadMax,
		summary: "Send a document for an identity check",
	}
	op := s.operation(r)
	op.Description = "Takes a JPEG or PNG picture or a PDF of up to 10 MiB. What it is counts, not what it is called; pictures are written anew, and PDFs that can act are refused. After a rejection the first document opens the check again."
	op.Parameters = append(op.Parameters,
		&huma.Param{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string", MaxLength: ptr(64)}},
		&huma.Param{Name: "kind", In: "query", Required: true, Schema: &huma.Schema{Type: "string", Enum: []any{string(identity.RegisteredIdentity), string(identity.MethodImage), string(identity.LatestStatement)}}, Description: "What the document shows."})
	op.RequestBody = formBody(uploadField)
	op.Responses["201"] = &huma.Response{Description: "Created", Content: map[string]*huma.MediaType{
		"application/json": {Schema: s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[wire.Document](), true, "")},
	}}
	s.serve(r, op, s.addDocument)
}

func (s *Server) addDocument(w http.ResponseWriter, r *http.Request) {
	by, id := callerOf(r.Context()), identity.CaseID(r.PathValue("id"))
	upload := office.Upload{Kind: identity.Kind(r.URL.Query().Get("kind"))}
	if err := s.office.MayAddDocument(r.Context(), by, id, upload.Kind); err != nil {
		s.refuse(w, r, err)
		return
	}
	files, err := filesIn(r, errUploadForm, office.UploadMax+1, uploadField)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	upload.Name, upload.Content = files[uploadField].name, bytes.NewReader(files[uploadField].content)
	d, err := s.office.AddDocument(r.Context(), by, id, upload)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	s.answer(w, wire.OfDocument(d))
}

func (s *Server) reviewQueue(ctx context.Context, by access.Caller, in *struct {
	PageInput
	Account string `query:"account" maxLength:"64" doc:"Of this account alone."`
	State   string `query:"state" enum:"open,submitted,approved,rejected,expired" doc:"In this state alone; those that wait for a decision are submitted."`
}) (wire.List[wire.IdentityCheck], error) {
	p, err := in.page("kyc")
	if err != nil {
		return wire.List[wire.IdentityCheck]{}, err
	}
	checks, next, err := s.office.ReviewQueue(ctx, by, office.CheckFilter{Account: account.ID(in.Account), State: identity.State(in.State)}, p)
	return list(checks, next, func(c office.IdentityCheck) wire.IdentityCheck { return identityJSON(c, "") }), err
}

// addContentRoute adds the way in which a document leaves the house: as a file to be
// kept beside the page, that nothing may render or run here.
func (s *Server) addContentRoute() {
	r := route{
		path: "GET /v1/identity-documents/{id}/content", id: "open-identity-document", scope: access.IdentityReview, raw: true,
		summary: "Open a document; that you did is written down",
	}
	op := s.operation(r)
	op.Parameters = []*huma.Param{
		{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string", MaxLength: ptr(64)}},
		{Name: "reason", In: "query", Schema: &huma.Schema{Type: "string", MaxLength: ptr(200)}, Description: "Why it is opened; kept with who, when and from where."},
	}
	file := &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{"image/jpeg": file, "image/png": file, "application/pdf": file}}
	s.serve(r, op, s.openDocument)
}

func (s *Server) openDocument(w http.ResponseWriter, r *http.Request) {
	d, content, err := s.office.OpenDocument(r.Context(), callerOf(r.Context()), identity.DocumentID(r.PathValue("id")), r.URL.Query().Get("reason"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	handOut(w, string(d.ID), d.Media, content)
}

func (s *Server) approveIdentity(ctx context.Context, by access.Caller, in *IDInput) (wire.IdentityCheck, error) {
	c, err := s.office.ApproveIdentity(ctx, by, identity.CaseID(in.ID))
	return identityJSON(c, ""), err
}

type rejectionRequest struct {
	Reason string   `json:"reason" enum:"mismatch,unreadable,blurred,expired" doc:"Told to the customer. Expired: the document is, or it is not the latest statement."`
	Kinds  []string `json:"kinds,omitempty" maxItems:"3" enum:"registered_identity,payment_method_image,latest_statement" doc:"Which documents have to be sent again; all if left out."`
}

func (s *Server) rejectIdentity(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body rejectionRequest
}) (wire.IdentityCheck, error) {
	r := identity.Rejection{Reason: identity.Reason(in.Body.Reason)}
	for _, k := range in.Body.Kinds {
		r.Kinds = append(r.Kinds, identity.Kind(k))
	}
	c, err := s.office.RejectIdentity(ctx, by, identity.CaseID(in.ID), r)
	return identityJSON(c, ""), err
}

func (s *Server) documentViews(ctx context.Context, by access.Caller, in *struct {
	PageInput
	Check string `query:"identity_check" maxLength:"64" doc:"Of this identity check alone."`
}) (wire.List[wire.DocumentView], error) {
	p, err := in.page("kycview")
	if err != nil {
		return wire.List[wire.DocumentView]{}, err
	}
	views, next, err := s.office.DocumentViews(ctx, by, identity.CaseID(in.Check), p)
	return list(views, next, func(v office.DocumentView) wire.DocumentView {
		return wire.DocumentView{
			Object: "identity_document_view", ID: v.ID, Document: string(v.Document), Check: string(v.Case), Account: string(v.Account), By: v.By,
			Address: wire.MaybeText(v.Address), Reason: wire.MaybeText(v.Reason), At: wire.Instant(v.At),
		}
	}), err
}

func (s *Server) judgements(ctx context.Context, by access.Caller, in *struct {
	PageInput
	Account string `query:"account" maxLength:"64" doc:"About this account alone."`
	Subject string `query:"subject" maxLength:"64" doc:"About this order or payment method alone."`
	Stopped bool   `query:"stopped" doc:"Those alone that asked for an identity check or refused."`
}) (wire.List[wire.Judgement], error) {
	p, err := in.page("jdg")
	if err != nil {
		return wire.List[wire.Judgement]{}, err
	}
	said, next, err := s.office.Judgements(ctx, by, office.JudgementFilter{Account: account.ID(in.Account), Subject: in.Subject, Stopped: in.Stopped}, p)
	return list(said, next, judgementJSON), err
}

func (s *Server) judgement(ctx context.Context, by access.Caller, in *IDInput) (wire.Judgement, error) {
	j, err := s.office.Judgement(ctx, by, in.ID)
	return judgementJSON(j), err
}

func judgementJSON(j office.Judgement) wire.Judgement {
	return wire.Judgement{
		Object: "judgement", ID: j.ID, Account: string(j.Account), Occasion: string(j.Occasion), Subject: j.Subject, Method: wire.MaybeText(j.Method),
		Verdict: string(j.Verdict), Rule: wire.MaybeText(j.Rule), Policy: j.Version, Broken: j.Broken, Inputs: j.Inputs, At: wire.Instant(j.At),
	}
}

// identityJSON shapes an identity check with its documents, and with the words for why
// they were rejected.
func identityJSON(c office.IdentityCheck, language string) wire.IdentityCheck {
	shape := wire.OfCheck(c.Case, c.Documents, c.Missing)
	shape.IsLate = c.IsLate
	shape.Looks = &wire.Instrument{
		Kind: string(c.Looks.Kind), Brand: wire.MaybeText(c.Looks.Brand), Last4: wire.MaybeText(c.Looks.Last4), Holder: wire.MaybeText(c.Looks.Holder),
		Country: wire.MaybeText(c.Looks.Country), Email: wire.MaybeText(c.Looks.Email),
	}
	if c.State == identity.Rejected {
		shape.Explanation = explanation("identity_"+string(c.Reason), language)
	}
	return shape
}
