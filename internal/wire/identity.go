package wire

import (
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/policy"
)

// IdentityCheck is a check of the identity behind an account and a payment method.
type IdentityCheck struct {
	Object      string       `json:"object" enum:"identity_check"`
	ID          string       `json:"id" example:"kyc_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account     string       `json:"account"`
	Method      *string      `json:"payment_method" doc:"Null: it was stopped before it was bound."`
	Order       *string      `json:"order" doc:"That waits for the check, and can be paid by hand after it; null: none does."`
	Occasion    string       `json:"occasion" enum:"bind,purchase,upgrade,renewal,topup,charge" doc:"What was about to be done."`
	Rule        *string      `json:"rule" doc:"The risk rule that asked for it; told to staff alone."`
	State       string       `json:"state" enum:"open,submitted,approved,rejected,expired" doc:"Open and rejected ones take documents. Approved: the order, or the binding, can be tried again."`
	Round       int          `json:"round" doc:"How often the customer was asked, from 1."`
	Reason      *string      `json:"reason" enum:"mismatch,unreadable,blurred,expired" doc:"Why documents were rejected the last time."`
	Refused     []string     `json:"refused" nullable:"false" doc:"The kinds of documents that have to be sent again."`
	Missing     []string     `json:"missing,omitempty" doc:"The kinds of documents that are to be sent before it can be submitted."`
	Documents   []Document   `json:"documents,omitempty"`
	Looks       *Instrument  `json:"instrument,omitempty" doc:"What the picture of the payment method is to show."`
	OpenedAt    string       `json:"opened_at" format:"date-time"`
	SubmitBy    string       `json:"submit_by" format:"date-time" doc:"The first instant that is too late."`
	SubmittedAt *string      `json:"submitted_at" format:"date-time"`
	ReviewBy    *string      `json:"review_by" format:"date-time" doc:"When a decision is late."`
	IsLate      bool         `json:"late,omitempty" doc:"A decision is late; told to staff alone."`
	DecidedAt   *string      `json:"decided_at" format:"date-time"`
	DecidedBy   *string      `json:"decided_by" doc:"Told to staff alone."`
	EraseAt     *string      `json:"erase_at" format:"date-time" doc:"When its documents are erased; null while it is not over."`
	Explanation *Explanation `json:"explanation,omitempty" doc:"What the reason means to the customer, in the language asked for."`
}

// Instrument is how a payment method looks from outside.
type Instrument struct {
	Kind    string  `json:"kind" enum:"card,paypal,credit_line" doc:"A credit line is of the account itself, and has no other looks."`
	Brand   *string `json:"brand"`
	Last4   *string `json:"last4"`
	Holder  *string `json:"holder"`
	Country *string `json:"country"`
	Email   *string `json:"email"`
}

// Document is what is known of a document without opening it.
type Document struct {
	Object     string  `json:"object" enum:"identity_document"`
	ID         string  `json:"id" example:"kycdoc_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Check      string  `json:"identity_check"`
	Kind       string  `json:"kind" enum:"registered_identity,payment_method_image,latest_statement"`
	Round      int     `json:"round"`
	Media      string  `json:"media" enum:"image/jpeg,image/png,application/pdf" doc:"As found in its content."`
	Size       int64   `json:"size" doc:"Bytes, after cleaning."`
	Width      int     `json:"width" doc:"Pixels; 0 for a PDF."`
	Height     int     `json:"height"`
	Pages      int     `json:"pages" doc:"Of a PDF; 0 for a picture."`
	UploadedAt string  `json:"uploaded_at" format:"date-time"`
	UploadedBy *string `json:"uploaded_by" doc:"Told to staff alone."`
	ErasedAt   *string `json:"erased_at" format:"date-time" doc:"Null: it can be opened."`
}

// OfCase shapes an identity check, without its documents.
func OfCase(c identity.Case) IdentityCheck {
	shape := IdentityCheck{
		Object: "identity_check", ID: string(c.ID), Account: string(c.Account), Method: MaybeText(c.Method), Order: MaybeText(c.Order), Occasion: c.Occasion,
		Rule: MaybeText(c.Rule), State: string(c.State), Round: c.Round, Reason: MaybeText(c.Reason), Refused: kindNames(c.Refused),
		OpenedAt: Instant(c.OpenedAt), SubmitBy: Instant(c.SubmitBy), SubmittedAt: Maybe(c.SubmittedAt), ReviewBy: Maybe(c.ReviewBy),
		DecidedAt: Maybe(c.DecidedAt), DecidedBy: MaybeText(c.DecidedBy), EraseAt: Maybe(c.EraseAt),
	}
	return shape
}

// OfCheck shapes an identity check with its documents.
func OfCheck(c identity.Case, docs []identity.Document, missing []identity.Kind) IdentityCheck {
	shape := OfCase(c)
	shape.Documents, shape.Missing = []Document{}, kindNames(missing)
	for _, d := range docs {
		shape.Documents = append(shape.Documents, OfDocument(d))
	}
	return shape
}

// OfDocument shapes a document.
func OfDocument(d identity.Document) Document {
	return Document{
		Object: "identity_document", ID: string(d.ID), Check: string(d.Case), Kind: string(d.Kind), Round: d.Round, Media: d.Media, Size: d.Size,
		Width: d.Width, Height: d.Height, Pages: d.Pages, UploadedAt: Instant(d.UploadedAt), UploadedBy: MaybeText(d.UploadedBy), ErasedAt: Maybe(d.ErasedAt),
	}
}

func kindNames(kinds []identity.Kind) []string {
	names := []string{}
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return names
}

// DocumentView is one time that somebody was handed a document.
type DocumentView struct {
	Object   string  `json:"object" enum:"identity_document_view"`
	ID       string  `json:"id" example:"kycview_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Document string  `json:"identity_document"`
	Check    string  `json:"identity_check"`
	Account  string  `json:"account"`
	By       string  `json:"by"`
	Address  *string `json:"address"`
	Reason   *string `json:"reason"`
	At       string  `json:"at" format:"date-time"`
}

// Judgement is what risk said about something that was about to happen.
type Judgement struct {
	Object   string            `json:"object" enum:"judgement"`
	ID       string            `json:"id" example:"jdg_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Account  string            `json:"account"`
	Occasion string            `json:"occasion" enum:"bind,purchase,upgrade,renewal,topup,charge"`
	Subject  string            `json:"subject" doc:"The id of the order, or of the payment method: one that was refused was never kept."`
	Method   *string           `json:"payment_method"`
	Verdict  string            `json:"verdict" enum:"allow,challenge,verify_identity,refuse"`
	Rule     *string           `json:"rule" doc:"That decided; null: none fired."`
	Policy   string            `json:"policy" doc:"The version that has the rule."`
	Broken   bool              `json:"broken" doc:"The rule could not be evaluated, which counts as a challenge."`
	Inputs   policy.RiskInputs `json:"inputs" doc:"What the rules were given."`
	At       string            `json:"at" format:"date-time"`
}
