package console

import (
	"net/http"
	"net/url"
	"path"
	"time"
)

// sureFor is how long after they proved who they are a customer may do what a borrowed
// browser must not: bind and delete, pay, renew and cancel, change switches, close. A
// form that was opened in that time may be sent a little later.
const (
	sureFor  = 15 * time.Minute
	sureLate = 15 * time.Minute
)

const confirmPage = "/confirm"

// sure lets a handler see only customers who proved a short while ago who they are.
// The others are asked to do it again, and come back to the page that they wanted.
func (c *console) sure(serve func(*visit) error) func(*visit) error {
	return func(v *visit) error {
		limit := sureFor
		if v.r.Method == http.MethodPost {
			limit += sureLate
		}
		if c.office.Now().Sub(v.by.Since) <= limit {
			return serve(v)
		}
		http.Redirect(v.w, v.r, confirmPage+"?page="+url.QueryEscape(c.formPage(v.r.URL.Path)), http.StatusSeeOther)
		return nil
	}
}

// formPage is the page that a form stands on: that of its own address, or the nearest
// one above it.
func (c *console) formPage(at string) string {
	for ; at != "/"; at = path.Dir(at) {
		ask := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: at}}
		if _, pattern := c.mux.Handler(ask); pattern != "" && pattern != missingPattern {
			return at
		}
	}
	return at
}

// sureView is the page that asks customers to prove anew who they are.
type sureView struct {
	SignIn  string // address of the identity provider's; "" there is none
	Pretend bool   // a sandbox installation takes their word
	Page    string // where to go on
}

func (c *console) showConfirm(v *visit) error {
	view := sureView{Pretend: c.options.Pretend, Page: ownPage(v.r.URL.Query().Get("page"))}
	if c.options.SignIn != nil {
		view.SignIn = signinPage + "?again&page=" + url.QueryEscape(view.Page)
	}
	v.show(http.StatusOK, "confirm.html", view)
	return nil
}

// confirm begins a new session of the same customer, where nobody real can be hurt.
func (c *console) confirm(v *visit) error {
	if !c.options.Pretend {
		return errPageNotFound
	}
	session, err := c.office.Pretend(v.r.Context(), v.account.ID, c.visitor(v.r))
	if err != nil {
		return err
	}
	c.begin(v, session, v.r.PostFormValue("page"))
	return nil
}
