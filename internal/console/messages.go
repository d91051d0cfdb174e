package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
)

const messagesShown = 20 // on a page

func messagePage(id string) string { return "/messages/" + url.PathEscape(id) }

// messagesView is what the account was told, newest first.
type messagesView struct {
	Messages []messageView
	Unread   string // how many are; "" none
	Through  string // the newest of this page: those up to it can be marked read
	Next     string // the address of the next page; "" this is the last
	First    bool
}

// messageView is one message in words.
type messageView struct {
	Page, Title string
	Text        []string
	Unread      bool
	Challenge   bool   // its reader can complete a payment now
	Confirm     string // where they do
	Go, Label   string // the way on; "" none
	At          moment
}

func (v *visit) message(m office.Message) messageView {
	written := m.In(v.Tag)
	view := messageView{Page: messagePage(m.ID), Title: written.Title, Text: written.Paragraphs, Unread: m.ReadAt.IsZero(), At: v.at(m.CreatedAt), Go: m.Page, Label: written.Go}
	if m.Challenge != "" {
		view.Challenge, view.Confirm = true, view.Page+"/confirm"
	}
	if view.Label == "" {
		view.Go = ""
	}
	return view
}

// unread counts the messages that the customer has not read, up to
// office.UnreadMax. It is for the menu, which is not worth a page that fails.
func (c *console) unread(v *visit) int {
	if v.account.ID == "" {
		return 0
	}
	count, err := c.office.UnreadMessages(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		c.log.WarnContext(v.r.Context(), "messages are not counted", "error", err)
		return 0
	}
	return count
}

// showMessages lists what the account was told.
func (c *console) showMessages(v *visit) error {
	page := office.Page{After: v.r.URL.Query().Get("after"), Limit: messagesShown}
	list, next, err := c.office.Messages(v.r.Context(), v.by, v.account.ID, page)
	if err != nil {
		return err
	}
	view := messagesView{First: page.After == ""}
	for _, m := range list {
		view.Messages = append(view.Messages, v.message(m))
	}
	if next != "" {
		view.Next = "/messages?after=" + url.QueryEscape(next)
	}
	if n := c.unread(v); n > 0 {
		view.Unread = v.t("messages.unread", "count", countText(n))
		if len(list) > 0 {
			view.Through = list[0].ID
		}
	}
	v.show(http.StatusOK, "messages.html", view)
	return nil
}

// countText writes how many messages are unread, which are counted up to a bound.
func countText(n int) string {
	if n >= office.UnreadMax {
		return strconv.Itoa(office.UnreadMax-1) + "+"
	}
	return strconv.Itoa(n)
}

// showMessage shows one message, which is read by that.
func (c *console) showMessage(v *visit) error {
	m, err := c.office.Message(v.r.Context(), v.by, v.account.ID, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if m.ReadAt.IsZero() && !isAhead(v.r) {
		if err := c.office.MarkRead(v.r.Context(), v.by, v.account.ID, m.ID); err != nil {
			return err
		}
	}
	view := v.message(m)
	v.title = view.Title
	v.show(http.StatusOK, "message.html", view)
	return nil
}

// readMessages marks those read that were on a page, and what came before them.
func (c *console) readMessages(v *visit) error {
	if err := c.office.MarkAllRead(v.r.Context(), v.by, v.account.ID, v.r.PostFormValue("through")); err != nil {
		return err
	}
	http.Redirect(v.w, v.r, "/messages", http.StatusSeeOther)
	return nil
}

// confirmFromMessage leads to the challenge that a message is about (R-3DS-05).
func (c *console) confirmFromMessage(v *visit) error {
	m, err := c.office.Message(v.r.Context(), v.by, v.account.ID, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if m.Challenge == "" {
		http.Redirect(v.w, v.r, messagePage(m.ID), http.StatusSeeOther)
		return nil
	}
	return c.toChallenge(v, m.Challenge)
}

// choicesView is which mails an account gets, and in which language.
type choicesView struct {
	Email     string
	Languages []choice
	Kinds     []choiceView // that can be switched
	Fixed     []string     // that are always sent
	Saved     bool
	Reasons   []reason
}

type choiceView struct {
	Kind, Name string
	Wanted     bool
}

// showChoices shows which mails are sent.
func (c *console) showChoices(v *visit) error { return c.offerChoices(v, nil) }

func (c *console) offerChoices(v *visit, refused error) error {
	chosen, err := c.office.MailChoices(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	view := choicesView{Email: chosen.Email, Saved: v.r.URL.Query().Has("saved"), Reasons: v.reasonsOf("", refused)}
	for _, w := range c.books.languages {
		view.Languages = append(view.Languages, choice{Tag: w.Tag, Name: w.t("language"), Chosen: strings.EqualFold(w.Tag, chosen.Language)})
	}
	for _, k := range chosen.Kinds {
		if k.Critical {
			view.Fixed = append(view.Fixed, k.In(v.Tag))
			continue
		}
		view.Kinds = append(view.Kinds, choiceView{Kind: k.Kind, Name: k.In(v.Tag), Wanted: k.Wanted})
	}
	v.title, v.form = v.t("choices"), "/messages/choices"
	v.show(statusFor(refused), "choices.html", view)
	return nil
}

// setChoices changes which mails are sent: of the kinds that can be switched, those
// that are ticked.
func (c *console) setChoices(v *visit) error {
	before, err := c.office.MailChoices(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	change := office.MailChange{Language: v.r.PostFormValue("language"), Wanted: map[string]bool{}}
	for _, k := range before.Kinds {
		if !k.Critical {
			change.Wanted[k.Kind] = v.r.PostForm.Has("kind." + k.Kind)
		}
	}
	after, err := c.office.SetMailChoices(v.r.Context(), v.by, v.account.ID, change)
	if f, expected := fault.Of(err); expected && f.Kind != fault.NotFound {
		return c.offerChoices(v, err)
	}
	if err != nil {
		return err
	}
	page := "/messages/choices?saved"
	if after.Language != before.Language {
		page += "&lang=" + url.QueryEscape(after.Language)
	}
	http.Redirect(v.w, v.r, page, http.StatusSeeOther)
	return nil
}
