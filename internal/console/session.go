package console

import (
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
)

// errAhead answers what fetches links before anybody has followed them: a
// one-time link must not be used up by that.
var errAhead = fault.New(fault.Unavailable, "fetched_ahead", "one-time links open only for the one who follows them")

// enter takes a one-time link for a session.
func (c *console) enter(v *visit) error {
	if isAhead(v.r) {
		return errAhead
	}
	session, to, err := c.office.EnterConsole(v.r.Context(), v.r.PathValue("secret"), c.visitor(v.r))
	if err != nil {
		return err
	}
	c.keepBack(v, to.ReturnURL)
	c.begin(v, session, to.Page)
	return nil
}

// visitor is whose browser sent a request.
func (c *console) visitor(r *http.Request) office.Visitor {
	return office.Visitor{Address: c.address(r), Agent: r.UserAgent(), Before: c.sessionOf(r)}
}

// begin gives the browser a session, and leads to a page.
func (c *console) begin(v *visit, session, page string) {
	http.SetCookie(v.w, c.sessionFor(session, idleMost))
	http.Redirect(v.w, v.r, ownPage(page), http.StatusSeeOther)
}

// backKept is for how long a browser knows where its customer came from: whoever comes
// by a bookmark when their session is long over is led back there.
const backKept = 30 * 24 * time.Hour

func (c *console) backCookie() string { return c.sessionCookie() + "_back" }

// keepBack has the browser remember where the platform wants its customer again. A
// link that leads back nowhere does not lead back to where another one did.
func (c *console) keepBack(v *visit, address string) {
	k := c.cookie(c.backCookie(), base64.RawURLEncoding.EncodeToString([]byte(address)))
	k.MaxAge = int(backKept.Seconds())
	if address == "" {
		if _, err := v.r.Cookie(k.Name); err != nil {
			return
		}
		k.MaxAge = -1
	}
	http.SetCookie(v.w, k)
}

// wayBack is the way back to the platform.
type wayBack struct {
	Href string // "" there is none
	Host string
}

// back is where the customer came from. What a browser kept is not believed: the
// office says whether the console may lead there.
func (v *visit) back() wayBack {
	k, err := v.r.Cookie(v.console.backCookie())
	if err != nil {
		return wayBack{}
	}
	address, err := base64.RawURLEncoding.DecodeString(k.Value)
	if err != nil || !v.console.office.LeadsTo(string(address)) {
		return wayBack{}
	}
	u, err := url.Parse(string(address))
	if err != nil {
		return wayBack{}
	}
	return wayBack{Href: u.String(), Host: u.Host}
}

// leave ends the session.
func (c *console) leave(v *visit) error {
	if err := c.office.LeaveConsole(v.r.Context(), c.sessionOf(v.r)); err != nil {
		return err
	}
	http.SetCookie(v.w, c.sessionFor("", -time.Second))
	http.Redirect(v.w, v.r, "/left", http.StatusSeeOther)
	return nil
}

func (c *console) showLeft(v *visit) error {
	v.show(http.StatusOK, "left.html", nil)
	return nil
}

// endedView is what the page is made of that asks for a new link.
type endedView struct {
	Inside  bool   // there is a session all the same
	IsBack  bool   // from PayPal
	SignIn  string // where to sign in; "" nowhere
	Pretend string // where to choose a customer to be; "" nowhere
}

func (c *console) endedView(inside bool) endedView {
	e := endedView{Inside: inside}
	if c.options.SignIn != nil {
		e.SignIn = signinPage
	}
	if c.options.Pretend {
		e.Pretend = choosePage
	}
	return e
}

// A browser forgets its session when nobody looks at pages for a while. Whoever is
// at their bank or at PayPal meanwhile has longer. The office ends every session
// by its own clock, whatever browsers do.
const (
	idleMost = 15 * time.Minute
	awayMost = time.Hour
)

// stayOn has the browser remember the session for as long as the page is worth.
func (c *console) stayOn(v *visit) {
	if v.account.ID == "" {
		return
	}
	most := idleMost
	if v.waiting {
		most = awayMost
	}
	c.stay(v, most)
}

func (c *console) stay(v *visit, most time.Duration) {
	http.SetCookie(v.w, c.sessionFor(c.sessionOf(v.r), most))
}

func (c *console) sessionFor(secret string, most time.Duration) *http.Cookie {
	k := c.cookie(c.sessionCookie(), secret)
	k.MaxAge = int(most.Seconds())
	return k
}

// isAhead tells whether a request is a look at a link, not a visit.
func isAhead(r *http.Request) bool {
	return r.Method == http.MethodHead || strings.Contains(r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose"), "prefetch")
}

// ownPage returns page if it is a path on this origin, else the overview.
func ownPage(page string) string {
	if !strings.HasPrefix(page, "/") || strings.HasPrefix(page, "//") || strings.ContainsAny(page, "\\\r\n\t") {
		return "/"
	}
	return page
}

func (c *console) sessionCookie() string {
	if c.options.Secure {
		return "__Host-bursar" // browsers take it from this very host only, over HTTPS
	}
	return "bursar"
}

// cookie is one that scripts and other sites' requests do not see. Lax, because
// customers come here from their platform and come back from their bank.
func (c *console) cookie(name, value string) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: c.options.Secure, SameSite: http.SameSiteLaxMode}
}

// sessionOf returns the secret of a request's session, "" if it has none.
func (c *console) sessionOf(r *http.Request) string {
	k, err := r.Cookie(c.sessionCookie())
	if errors.Is(err, http.ErrNoCookie) {
		return ""
	}
	return k.Value
}

// address returns where a request came from.
func (c *console) address(r *http.Request) string {
	if via := r.Header.Values("X-Forwarded-For"); c.options.TrustProxy && len(via) > 0 {
		all := strings.Split(via[len(via)-1], ",")
		if a := net.ParseIP(strings.TrimSpace(all[len(all)-1])); a != nil {
			return a.String()
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}
