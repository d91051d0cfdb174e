package console

import (
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/bursar-pay/bursar/internal/fault"
)

// errAhead answers what fetches links before anybody has followed them: a
// one-time link must not be used up by that.
var errAhead = fault.New(fault.Unavailable, "fetched_ahead", "one-time links open only for the one who follows them")

// enter takes a one-time link for a session.
func (c *console) enter(v *visit) error {
	if isAhead(v.r) {
		return errAhead
	}
	session, page, err := c.office.EnterConsole(v.r.Context(), v.r.PathValue("secret"))
	if err != nil {
		return err
	}
	http.SetCookie(v.w, c.cookie(c.sessionCookie(), session))
	http.Redirect(v.w, v.r, ownPage(page), http.StatusSeeOther)
	return nil
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
