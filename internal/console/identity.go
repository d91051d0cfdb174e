package console

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
	orders "github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
)

// The bounds of a form with documents: two sides of each kind, and what a form puts
// around them.
const (
	uploadPattern = "/identity/{id}/documents"
	uploadsMost   = 6
	uploadMax     = uploadsMost*office.UploadMax + 64<<10
	partsMost     = 4 * uploadsMost
)

// isUpload tells whether a request may bring documents.
func isUpload(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/identity/") && strings.HasSuffix(r.URL.Path, "/documents")
}

// What is wrong with a form that was to bring documents.
var (
	errNoDocument   = fault.New(fault.Invalid, "document_not_chosen", "no file was chosen").WithNext("choose a file for each document, then send them")
	errUploadBroken = fault.New(fault.Malformed, "upload_broken", "the files did not arrive whole").WithNext("send them again; if that goes on, send them one by one")
	errUploadLarge  = fault.New(fault.TooLarge, "upload_too_large", "the files are too large together").WithNext("send them one by one, each below 10 MB")
)

func checkPage(id identity.CaseID) string { return "/identity/" + url.PathEscape(string(id)) }

// checkView is an identity check as its customer is told it.
type checkView struct {
	Page        string
	Tone, State string
	Means       string
	Method      string // what is checked
	Occasion    string // what was stopped, in words
	Opened      moment
	Until       moment // by when documents are to be sent; zero where none are
	Review      moment // by when we answer
	Erased      moment
	Reason      string // why it was rejected, in words; "" it was not
	ReasonNext  string
}

// checkPageView is one identity check with a page of its own.
type checkPageView struct {
	Check   checkView
	Reasons []reason // why something was not taken
	Closed  []reason // why no documents are taken at the moment
	Kinds   []kindView
	Sends   bool // documents can be sent now
	Missing int
	Ready   bool // everything is there; it can be handed in
	Sent    bool // something came just now
	Order   *orderView
	Pays    string // the button that pays the order; "" none
	With    string // the payment method that pays it
	Most    string // how large a file may be
	MostRaw int
	Add     string // where the payment method is added that was stopped; "" nowhere
}

// kindView is one kind of document that is asked for.
type kindView struct {
	Kind, Name, What string
	Documents        []documentView
	Again            bool // it was refused, and is asked for again
	Wanted           bool // it has to be sent
}

// documentView is what is said of a document that was sent. What it shows is never
// shown here.
type documentView struct {
	ID, Name string
	At       moment
	Removes  bool // it can be taken back
}

var checkTones = map[identity.State]string{
	identity.Open: "wait", identity.Submitted: "wait", identity.Approved: "good", identity.Rejected: "bad", identity.Expired: "ended",
}

// check puts an identity check into words.
func (v *visit) check(c office.IdentityCheck, has wallet) checkView {
	state := "identity." + string(c.State)
	view := checkView{
		Page: checkPage(c.ID), Tone: checkTones[c.State], State: v.t(state), Means: v.t(state + ".means"), Opened: v.at(c.OpenedAt),
		Method: v.looks(c, has), Occasion: v.t("identity.occasion.order"),
	}
	if c.Order == "" {
		view.Occasion = v.t("identity.occasion.bind")
	}
	switch c.State {
	case identity.Open, identity.Rejected:
		view.Until = v.at(c.SubmitBy)
	case identity.Submitted:
		view.Review = v.at(c.ReviewBy)
	case identity.Approved, identity.Expired:
		view.Erased = v.at(c.EraseAt)
	}
	if c.Reason != "" && c.State != identity.Approved {
		view.Reason, view.ReasonNext = v.t("identity.reason."+string(c.Reason)), v.t("identity.reason."+string(c.Reason)+".next")
	}
	return view
}

// looks is the payment method that is checked, as its holder knows it, though it
// may not be bound.
func (v *visit) looks(c office.IdentityCheck, has wallet) string {
	if m, bound := has[payment.MethodID(c.Method)]; bound {
		return v.methodName(m)
	}
	if c.OnCredit {
		return v.t("credit.facts")
	}
	return v.methodName(payment.Method{Kind: c.Looks.Kind, Email: c.Looks.Email, Card: payment.Card{Brand: c.Looks.Brand, Last4: c.Looks.Last4}})
}

func (c *console) checkOf(v *visit, id string) (office.IdentityCheck, error) {
	return c.office.IdentityCheck(v.r.Context(), v.by, identity.CaseID(id))
}

// showChecks lists an account's identity checks, newest first.
func (c *console) showChecks(v *visit) error {
	list, err := c.office.IdentityChecks(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	has, _, err := c.walletOf(v)
	if err != nil {
		return err
	}
	var views []checkView
	for _, check := range list {
		views = append(views, v.check(check, has))
	}
	v.show(http.StatusOK, "identities.html", views)
	return nil
}

// showCheck shows one identity check: what is asked for and why, and how it stands.
func (c *console) showCheck(v *visit) error { return c.offerCheck(v, nil) }

func (c *console) offerCheck(v *visit, refused error) error {
	check, err := c.checkOf(v, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	has, _, err := c.walletOf(v)
	if err != nil {
		return err
	}
	view := checkPageView{Check: v.check(check, has), Reasons: v.reasonsAt(refused), Missing: len(check.Missing), Sent: v.r.URL.Query().Has("sent"), Most: megabytes(office.UploadMax), MostRaw: office.UploadMax}
	if check.State == identity.Open || check.State == identity.Rejected {
		may := c.office.MayAddDocument(v.r.Context(), v.by, check.ID, identity.Kinds[0])
		if _, expected := fault.Of(may); may != nil && !expected {
			return may
		}
		view.Closed, view.Sends = v.reasonsOf("", may), may == nil || errors.Is(may, identity.ErrTooManyDocuments)
		if view.Sends {
			view.Closed = nil
		}
		view.Ready = check.State == identity.Open && view.Missing == 0
	}
	view.Kinds = v.kinds(check)
	if check.State == identity.Approved {
		if err := c.goOn(v, check, has, &view); err != nil {
			return err
		}
	}
	v.title, v.form = v.t("identity"), checkPage(check.ID)
	v.show(statusFor(refused), "identity.html", view)
	return nil
}

// kinds lists the kinds of documents that a check needs, with what was sent.
func (v *visit) kinds(check office.IdentityCheck) []kindView {
	var list []kindView
	current := map[identity.DocumentID]bool{}
	for _, d := range check.Current(check.Documents) {
		current[d.ID] = true
	}
	for _, k := range check.Wanted() {
		name := "identity.kind." + string(k)
		view := kindView{Kind: string(k), Name: v.t(name), What: v.t(name + ".what")}
		if k == identity.MethodImage && check.Looks.Kind == payment.PayPalKind {
			view.Name, view.What = v.t("paypal."+name), v.t("paypal."+name+".what")
		}
		for _, again := range check.Refused {
			view.Again = view.Again || again == k
		}
		for _, d := range check.Documents {
			if d.Kind == k && current[d.ID] {
				view.Documents = append(view.Documents, documentView{
					ID: string(d.ID), Name: v.documentName(d), At: v.at(d.UploadedAt), Removes: check.MayRemove(d) == nil,
				})
			}
		}
		view.Wanted = len(view.Documents) == 0
		view.Again = view.Again && view.Wanted
		list = append(list, view)
	}
	return list
}

// documentName says what a document is, which is all that is told of it.
func (v *visit) documentName(d identity.Document) string {
	kind := v.t("identity.picture")
	if d.Pages > 0 {
		kind = v.t("identity.pdf", "pages", d.Pages)
	}
	return kind + v.t("list.comma") + megabytes(d.Size)
}

// megabytes writes a size.
func megabytes(size int64) string {
	if size < 1<<20 {
		return strconv.FormatInt(max(1, size>>10), 10) + hardSpace + "kB"
	}
	return strconv.FormatInt(size>>20, 10) + hardSpace + "MB"
}

// goOn says how the customer goes on once they are verified: the order that waited
// can be paid by one press, with the payment method that was checked.
func (c *console) goOn(v *visit, check office.IdentityCheck, has wallet, view *checkPageView) error {
	if check.Order == "" {
		view.Add = addPages["card"]
		if check.Looks.Kind == payment.PayPalKind {
			view.Add = payPalPage
		}
		return nil
	}
	s, err := c.office.Order(v.r.Context(), v.by, orders.ID(check.Order), false)
	if err != nil {
		return err
	}
	o := v.order(s.Order)
	view.Order = &o
	mayPay := s.Why == nil && s.Order.State == orders.Open
	if mayPay && check.OnCredit {
		view.Pays = v.t("identity.pay", "amount", sum(s.Debt.OpenAmount()), "method", v.t("credit.facts"))
	}
	if m := has[payment.MethodID(check.Method)]; mayPay && m.State == payment.Active {
		view.Pays, view.With = v.t("identity.pay", "amount", sum(s.Debt.OpenAmount()), "method", v.methodName(m)), check.Method
	}
	return nil
}

// takeDocuments takes what a form brings, file by file. What is in order is kept,
// and of what is not the customer is told why.
func (c *console) takeDocuments(v *visit) error {
	id := identity.CaseID(v.r.PathValue("id"))
	if _, err := c.checkOf(v, string(id)); err != nil {
		return err
	}
	form, err := v.r.MultipartReader()
	if err != nil {
		return c.offerCheck(v, errNoDocument)
	}
	taken, err := c.takeParts(v, id, form)
	if _, expected := fault.Of(err); err != nil && !expected {
		return err
	}
	if err == nil && taken == 0 {
		err = errNoDocument
	}
	if err != nil {
		return c.offerCheck(v, err)
	}
	http.Redirect(v.w, v.r, checkPage(id)+"?sent", http.StatusSeeOther)
	return nil
}

// takeParts hands a form's files on as they come. Whether they may come is asked
// before a byte of each is read.
func (c *console) takeParts(v *visit, id identity.CaseID, form *multipart.Reader) (taken int, refused error) {
	for range partsMost {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return taken, refused
		case err != nil:
			return taken, errors.Join(refused, brokenOff(err))
		}
		if part.FileName() == "" {
			continue
		}
		kind := identity.Kind(part.FormName())
		err = c.office.MayAddDocument(v.r.Context(), v.by, id, kind)
		if err == nil {
			_, err = c.office.AddDocument(v.r.Context(), v.by, id, office.Upload{Kind: kind, Name: part.FileName(), Content: part})
		}
		switch f, expected := fault.Of(err); {
		case err == nil:
			taken++
		case expected:
			refused = errors.Join(refused, f.At(string(kind)))
		case isCut(err):
			return taken, errors.Join(refused, brokenOff(err))
		default:
			return taken, err
		}
	}
	return taken, refused
}

// isCut tells whether a form ended before its end.
func isCut(err error) bool {
	var large *http.MaxBytesError
	return errors.As(err, &large) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// brokenOff says why a form could not be read to its end.
func brokenOff(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return errUploadLarge
	}
	return errUploadBroken
}

// reasonsAt returns the reasons in an error about documents, each with the document
// that it is about.
func (v *visit) reasonsAt(err error) []reason {
	var list []reason
	for _, f := range fault.All(err) {
		r := v.reasonOf("", f.Code, f.Message, f.Next)
		if key := "identity.kind." + f.Place; f.Place != "" && v.knows(key) {
			r.What = v.t("identity.of", "document", v.t(key), "what", r.What)
		}
		list = append(list, r)
	}
	return list
}

// removeDocument takes a document back before it is handed in.
func (c *console) removeDocument(v *visit) error {
	check, err := c.checkOf(v, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	err = identity.ErrDocumentNotFound
	for _, d := range check.Documents {
		if string(d.ID) == v.r.PostFormValue("document") {
			_, err = c.office.RemoveDocument(v.r.Context(), v.by, d.ID)
		}
	}
	if f, expected := fault.Of(err); expected && f.Kind != fault.NotFound {
		return c.offerCheck(v, err)
	}
	if err != nil && !errors.Is(err, identity.ErrDocumentErased) {
		return err
	}
	http.Redirect(v.w, v.r, checkPage(check.ID), http.StatusSeeOther)
	return nil
}

// submitCheck hands in what was sent.
func (c *console) submitCheck(v *visit) error {
	check, err := c.office.SubmitIdentity(v.r.Context(), v.by, identity.CaseID(v.r.PathValue("id")))
	if f, expected := fault.Of(err); expected && f.Kind != fault.NotFound {
		return c.offerCheck(v, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, checkPage(check.ID), http.StatusSeeOther)
	return nil
}
