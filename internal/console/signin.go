package console

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/signin"
)

const (
	signinPage = "/signin"
	choosePage = "/choose"

	attemptLasts = 10 * time.Minute
	chosenAtOnce = 50
)

// waysInRoutes are how customers come in without a link of the platform's: by its
// identity provider, and in a sandbox installation by choosing who to be.
func (c *console) waysInRoutes() map[string]http.HandlerFunc {
	routes := map[string]http.HandlerFunc{
		"GET " + confirmPage:  c.in(c.showConfirm),
		"POST " + confirmPage: c.in(c.confirm),
	}
	if c.options.SignIn != nil {
		routes["GET "+signinPage] = c.out(c.signIn)
		routes["GET "+signinPage+"/return"] = c.out(c.signedIn)
	}
	if c.options.Pretend {
		routes["GET "+choosePage] = c.out(c.showCustomers)
		routes["POST "+choosePage] = c.out(c.chooseCustomer)
	}
	return routes
}

// signIn sends the browser to the identity provider.
func (c *console) signIn(v *visit) error {
	if isAhead(v.r) {
		return errAhead
	}
	to, attempt, err := c.options.SignIn.Begin(v.r.Context(), ownPage(v.r.URL.Query().Get("page")), v.r.URL.Query().Has("again"))
	if err != nil {
		return err
	}
	kept, err := json.Marshal(attempt)
	if err != nil {
		return err
	}
	k := c.cookie(c.attemptCookie(), base64.RawURLEncoding.EncodeToString(kept))
	k.MaxAge = int(attemptLasts.Seconds())
	http.SetCookie(v.w, k)
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// signedIn takes what the identity provider sent the browser back with.
func (c *console) signedIn(v *visit) error {
	attempt := c.attemptOf(v.r)
	gone := c.cookie(c.attemptCookie(), "")
	gone.MaxAge = -1
	http.SetCookie(v.w, gone)
	q := v.r.URL.Query()
	claims, err := c.options.SignIn.Finish(v.r.Context(), attempt, q.Get("state"), q.Get("code"))
	if err == nil {
		var session string
		said := office.Vouched{Reference: claims.Account, Who: claims.Subject, Dated: !claims.SignedAt.IsZero(), Ago: claims.Ago}
		if session, err = c.office.SignIn(v.r.Context(), said, c.visitor(v.r)); err == nil {
			c.begin(v, session, attempt.Page)
			return nil
		}
	}
	if f, ok := fault.Of(err); ok && f.Kind == fault.Unauthenticated {
		v.show(http.StatusUnauthorized, "unknown.html", unknownView{Again: signinPage, HasNone: errors.Is(err, office.ErrNoAccount)})
		return nil
	}
	return err
}

// unknownView is what the page is made of that says that a sign-in led nowhere.
type unknownView struct {
	Again   string
	HasNone bool // the sign-in is good, and no account belongs to it
}

func (c *console) attemptCookie() string { return c.sessionCookie() + "_signin" }

// attemptOf reads what the browser kept; nothing if it kept nothing that can be read.
func (c *console) attemptOf(r *http.Request) signin.Attempt {
	var a signin.Attempt
	k, err := r.Cookie(c.attemptCookie())
	if err != nil {
		return a
	}
	kept, err := base64.RawURLEncoding.DecodeString(k.Value)
	if err != nil || json.Unmarshal(kept, &a) != nil {
		return signin.Attempt{}
	}
	return a
}

// chooseView is the list of pretend customers.
type chooseView struct {
	Customers []customerView
	Next      string // address of the next page; "" none
}

type customerView struct {
	ID, Name, Reference, About string
}

func (c *console) showCustomers(v *visit) error {
	list, next, err := c.office.PretendCustomers(v.r.Context(), office.Page{After: v.r.URL.Query().Get("after"), Limit: chosenAtOnce})
	if err != nil {
		return err
	}
	var view chooseView
	for _, a := range list {
		view.Customers = append(view.Customers, customerView{
			ID: string(a.ID), Name: a.Name, Reference: a.Reference,
			About: v.country(a.Country) + " · " + string(a.Currency) + " · " + v.t("kind."+string(a.Kind)),
		})
	}
	if next != "" {
		view.Next = choosePage + "?after=" + next
	}
	v.show(http.StatusOK, "choose.html", view)
	return nil
}

func (c *console) chooseCustomer(v *visit) error {
	session, err := c.office.Pretend(v.r.Context(), account.ID(v.r.PostFormValue("account")), c.visitor(v.r))
	if err != nil {
		return err
	}
	c.begin(v, session, "/")
	return nil
}
