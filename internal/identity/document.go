package identity

import (
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// DocumentID names a document, such as "kycdoc_01j8…".
type DocumentID string

// Kind is what a document shows (R-KYC-02).
type Kind string

// The kinds of document. A case needs at least one of each that it wants.
const (
	// RegisteredIdentity is a passport, driving licence, identity card or business
	// licence of whom the account is registered to.
	RegisteredIdentity Kind = "registered_identity"
	// MethodImage is the front of the card with its first six and last four digits
	// and the name, the rest covered; of a wallet, the name and last four.
	MethodImage Kind = "payment_method_image"
	// LatestStatement is the newest monthly statement of the payment method.
	LatestStatement Kind = "latest_statement"
)

// Kinds lists every kind that a case needs, in the order in which they are asked for.
var Kinds = []Kind{RegisteredIdentity, MethodImage, LatestStatement}

// documentsMax is how many documents one round of a case holds: two sides of each
// kind, and some to spare.
const documentsMax = 10

// Document is what is known of a document without opening it. What it holds is
// sealed elsewhere, under a key of its own.
type Document struct {
	ID         DocumentID
	Case       CaseID
	Kind       Kind
	Round      int    // of the case, in which it was sent
	Media      string // as found in its content, such as "image/jpeg"
	Size       int64  // bytes, after cleaning
	Width      int    // pixels; 0 for a PDF
	Height     int
	Pages      int    // of a PDF; 0 for a picture
	SHA256     string // of the cleaned bytes, in hex; "" once erased, because it tells who has the same file
	Key        string // which master key wraps its data key
	UploadedAt time.Time
	UploadedBy string    // the caller's name, as the audit has it
	ErasedAt   time.Time // when its data key was destroyed; zero: it can be opened
}

// What may be wrong with a document.
var (
	ErrDocumentNotFound = fault.New(fault.NotFound, "identity_document_not_found", "there is no such document")
	ErrDocumentErased   = fault.New(fault.NotFound, "identity_document_erased", "the document was erased").WithNext("its time was over; what was decided on it is kept with the case")
	ErrKindUnknown      = fault.New(fault.Invalid, "identity_kind_unknown", "there is no such kind of document").WithNext("use registered_identity, payment_method_image or latest_statement")
	ErrTooManyDocuments = fault.New(fault.Conflict, "identity_documents_too_many", "the identity check has as many documents as it can hold").WithNext("remove one that is not needed, or submit what is there")
	ErrDocumentInUse    = fault.New(fault.Conflict, "identity_document_in_use", "a document that was submitted stays").WithNext("send another one when the check asks for it")
)

// IsKnown tells whether k is one of Kinds.
func (k Kind) IsKnown() bool { return slices.Contains(Kinds, k) }

// Wanted are the kinds that the case needs, in the order in which they are asked for.
// Of a credit line there is no picture and no statement.
func (c Case) Wanted() []Kind {
	if c.OnCredit {
		return []Kind{RegisteredIdentity}
	}
	return Kinds
}

// Missing returns the kinds that still have to be sent.
func (c Case) Missing(docs []Document) []Kind {
	current := c.Current(docs)
	var missing []Kind
	for _, k := range c.Wanted() {
		if !slices.ContainsFunc(current, func(d Document) bool { return d.Kind == k }) {
			missing = append(missing, k)
		}
	}
	return missing
}

// Current returns those of docs that the case rests on now: of each kind the ones of
// the latest round that has any, unless a reviewer has asked for the kind again.
func (c Case) Current(docs []Document) []Document {
	latest := map[Kind]int{}
	for _, d := range docs {
		if c.holds(d) {
			latest[d.Kind] = max(latest[d.Kind], d.Round)
		}
	}
	var current []Document
	for _, d := range docs {
		again := slices.Contains(c.Refused, d.Kind) && (c.State == Rejected || d.Round < c.Round)
		if c.holds(d) && d.Round == latest[d.Kind] && !again {
			current = append(current, d)
		}
	}
	return current
}

// MayRemove returns nil if the customer may take a document back before it is
// submitted.
func (c Case) MayRemove(d Document) error {
	switch {
	case d.Case != c.ID:
		return ErrDocumentNotFound
	case !d.ErasedAt.IsZero():
		return ErrDocumentErased
	case c.State != Open || d.Round != c.Round:
		return ErrDocumentInUse
	}
	return nil
}

// MayOpen returns nil if what the document holds is still there.
func (d Document) MayOpen() error {
	if !d.ErasedAt.IsZero() {
		return ErrDocumentErased
	}
	return nil
}

// holds tells whether d is in the case and can be opened.
func (c Case) holds(d Document) bool { return d.Case == c.ID && d.ErasedAt.IsZero() }

// mayHold returns nil if one more document of the kind fits in this round.
func (c Case) mayHold(k Kind, docs []Document) error {
	if !k.IsKnown() {
		return ErrKindUnknown
	}
	here := 0
	for _, d := range docs {
		if c.holds(d) && d.Round == c.Round {
			here++
		}
	}
	if here >= documentsMax {
		return ErrTooManyDocuments
	}
	return nil
}

// sorted returns kinds once each, in the order of Kinds; none means all.
func sorted(kinds []Kind) []Kind {
	var out []Kind
	for _, k := range Kinds {
		if len(kinds) == 0 || slices.Contains(kinds, k) {
			out = append(out, k)
		}
	}
	return out
}
