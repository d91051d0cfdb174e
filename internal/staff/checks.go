package staff

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
)

// checksView is the queue of identity checks, the oldest first.
type checksView struct {
	Filters []filter
	Checks  []checkLine
	More    string
}

// filter is a part of a list that can be chosen.
type filter struct {
	Name, Path string
	Chosen     bool
}

// filters offers parts of a list by one parameter; "" is all of it.
func (v *visit) filters(parameter string, values []string, names map[string]string) (chosen string, list []filter) {
	chosen = v.r.URL.Query().Get(parameter)
	if !slices.Contains(values, chosen) {
		chosen = values[0]
	}
	for _, value := range values {
		name, known := names[value]
		if !known {
			name = label(value)
		}
		q := url.Values{parameter: {value}}
		list = append(list, filter{Name: name, Path: v.r.URL.Path + "?" + q.Encode(), Chosen: value == chosen})
	}
	return chosen, list
}

type checkLine struct {
	ID, Account, Customer, What, Looks, Rule, Round string
	State                                           standing
	Late                                            bool
	Opened, Due                                     moment
}

func showChecks(v *visit) error {
	state, filters := v.filters("state", []string{"submitted", "open", "rejected", "approved", "expired", "all"},
		map[string]string{"submitted": "To decide on", "open": "With the customer", "all": "All"})
	if state == "all" {
		state = ""
	}
	list, next, err := v.office().ReviewQueue(v.ctx(), v.by, office.CheckFilter{State: identity.State(state)}, v.part())
	if err != nil {
		return err
	}
	view := checksView{Filters: filters, More: v.more(next)}
	for _, c := range list {
		line := checkLine{
			ID: string(c.ID), Account: string(c.Account), Customer: v.customer(c.Account), What: label(c.Occasion), Looks: looks(c.Looks.Kind, c.Looks.Brand, c.Looks.Last4, c.Looks.Email),
			Rule: words(c.Rule), Round: fmt.Sprint(c.Round), State: standingOf(c.State), Late: c.IsLate, Opened: at(c.OpenedAt),
		}
		switch c.State {
		case identity.Submitted:
			line.Due = at(c.ReviewBy)
		case identity.Open, identity.Rejected:
			line.Due = at(c.SubmitBy)
		}
		view.Checks = append(view.Checks, line)
	}
	v.show(http.StatusOK, "checks.html", view)
	return nil
}

// checkView is one identity check: what was stopped, what the documents are to agree
// with, and what can be done.
type checkView struct {
	ID, Round, What, Rule, Policy, Order, Method, Reason, DecidedBy string
	State                                                           standing
	Account                                                         registered
	Looks                                                           looksView
	Opened, SubmitBy, Submitted, ReviewBy, Decided, EraseAt         moment
	Late, Waits, May                                                bool
	Own                                                             bool // who looks has sent a document of it
	Documents                                                       []documentView
	Missing                                                         []string
	Reasons, Kinds                                                  []option
	Views                                                           []viewLine
}

type option struct{ Value, Name string }

// registered is whom an account is registered to.
type registered struct {
	ID, Reference, Name, Kind, Country, Email, TaxID string
	Address                                          []string
	Since                                            moment
}

type looksView struct{ Name, Holder, Country string }

type documentView struct {
	ID, Kind, Round, Media, Size, By string
	Sent, Erased                     moment
	Current, Open                    bool
}

type viewLine struct {
	Check, Document, By, Address, Reason string
	At                                   moment
}

// kindNames say what a document of each kind shows.
var kindNames = map[identity.Kind]string{
	identity.RegisteredIdentity: "Identity document", identity.MethodImage: "Picture of the payment method", identity.LatestStatement: "Latest statement",
}

// reasonNames are the reasons for a rejection, as the reviewer chooses them.
var reasonNames = map[identity.Reason]string{
	identity.Mismatch:   "Mismatch: it is not what the account was registered with",
	identity.Unreadable: "Unreadable: cut off, covered, too small, or in the wrong place",
	identity.Blurred:    "Blurred",
	identity.OutOfDate:  "Expired, or not the latest statement",
}

func showCheck(v *visit) error {
	id := identity.CaseID(v.r.PathValue("id"))
	if err := v.by.May(access.IdentityRead); err != nil {
		return err // the office shows an account's checks to others, too, but less of them
	}
	c, err := v.office().IdentityCheck(v.ctx(), v.by, id)
	if err != nil {
		return err
	}
	a, err := v.registered(c.Account)
	if err != nil {
		return err
	}
	views, _, err := v.office().DocumentViews(v.ctx(), v.by, id, office.Page{Limit: listMost})
	if err != nil {
		return err
	}
	view := checkView{
		ID: string(c.ID), Round: fmt.Sprint(c.Round), What: label(c.Occasion), Rule: c.Rule, Policy: c.Policy, Order: c.Order, Method: c.Method, Reason: reasonNames[c.Reason],
		State: standingOf(c.State), Account: a, Looks: looksView{Name: looks(c.Looks.Kind, c.Looks.Brand, c.Looks.Last4, c.Looks.Email), Holder: c.Looks.Holder, Country: c.Looks.Country},
		Opened: at(c.OpenedAt), SubmitBy: at(c.SubmitBy), Submitted: at(c.SubmittedAt), ReviewBy: at(c.ReviewBy), Decided: at(c.DecidedAt), EraseAt: at(c.EraseAt),
		Late: c.IsLate, Waits: c.State == identity.Submitted, May: v.may(access.IdentityReview),
	}
	if c.DecidedBy != "" {
		view.DecidedBy = v.who(c.DecidedBy)
	}
	current := c.Current(c.Documents)
	for _, d := range c.Documents {
		isCurrent := slices.ContainsFunc(current, func(o identity.Document) bool { return o.ID == d.ID })
		view.Documents = append(view.Documents, documentView{
			ID: string(d.ID), Kind: kindNames[d.Kind], Round: fmt.Sprint(d.Round), Media: d.Media, Size: size(d.Size), By: v.who(d.UploadedBy), Sent: at(d.UploadedAt),
			Erased: at(d.ErasedAt), Current: isCurrent, Open: d.MayOpen() == nil,
		})
		view.Own = view.Own || isCurrent && d.UploadedBy == v.by.Name
	}
	for _, k := range c.Missing {
		view.Missing = append(view.Missing, kindNames[k])
	}
	for _, r := range identity.Reasons {
		view.Reasons = append(view.Reasons, option{string(r), reasonNames[r]})
	}
	for _, k := range c.Wanted() {
		view.Kinds = append(view.Kinds, option{string(k), kindNames[k]})
	}
	for _, w := range views {
		view.Views = append(view.Views, v.viewLine(w))
	}
	v.show(http.StatusOK, "check.html", view)
	return nil
}

func (v *visit) viewLine(w office.DocumentView) viewLine {
	return viewLine{Check: string(w.Case), Document: string(w.Document), By: v.who(w.By), Address: w.Address, Reason: w.Reason, At: at(w.At)}
}

// extensions name files by what is in them.
var extensions = map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}

// openDocument hands out a document as a file. Who opened it, and why, is written down
// before that. The answer is the file itself: there is no address that leads to it.
func openDocument(v *visit) error {
	reason := strings.TrimSpace(v.r.PostForm.Get("reason"))
	if err := v.by.May(access.IdentityReview); err != nil {
		return err
	}
	if reason == "" {
		return office.ErrViewReason.Detail("a document is opened for a reason")
	}
	check, err := v.office().IdentityCheck(v.ctx(), v.by, identity.CaseID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	id := identity.DocumentID(v.r.PathValue("document"))
	if !slices.ContainsFunc(check.Documents, func(d identity.Document) bool { return d.ID == id }) {
		return identity.ErrDocumentNotFound
	}
	d, content, err := v.office().OpenDocument(v.ctx(), v.by, id, reason)
	if err != nil {
		return err
	}
	return v.attach(string(d.ID)+extensions[d.Media], d.Media, content)
}

func approveCheck(v *visit) error {
	id := v.r.PathValue("id")
	if _, err := v.office().ApproveIdentity(v.ctx(), v.by, identity.CaseID(id)); err != nil {
		return err
	}
	v.to("/staff/checks/" + url.PathEscape(id))
	return nil
}

func rejectCheck(v *visit) error {
	id := v.r.PathValue("id")
	r := identity.Rejection{Reason: identity.Reason(v.r.PostForm.Get("reason"))}
	for _, k := range v.r.PostForm["kind"] {
		r.Kinds = append(r.Kinds, identity.Kind(k))
	}
	if _, err := v.office().RejectIdentity(v.ctx(), v.by, identity.CaseID(id), r); err != nil {
		return err
	}
	v.to("/staff/checks/" + url.PathEscape(id))
	return nil
}

// showViews lists who was handed documents, of all identity checks.
func showViews(v *visit) error {
	list, next, err := v.office().DocumentViews(v.ctx(), v.by, "", v.part())
	if err != nil {
		return err
	}
	var lines []viewLine
	for _, w := range list {
		lines = append(lines, v.viewLine(w))
	}
	v.show(http.StatusOK, "views.html", map[string]any{"Views": lines, "More": v.more(next)})
	return nil
}
