package staff

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
)

// loginView is the page on which one asks for a link.
type loginView struct {
	Over    bool // a link or a session was of no use any more
	Stale   bool // the session is good to look around in, and too old to decide in
	Asked   bool
	Left    bool
	Pretend []memberView // as whom anybody can come in, in a sandbox installation
}

func showLogin(v *visit) error {
	q := v.r.URL.Query()
	v.door.showLogin(v, http.StatusOK, loginView{Asked: q.Has("asked"), Left: q.Has("left")})
	return nil
}

func (d *door) showLogin(v *visit, status int, view loginView) {
	people, err := d.office.PretendStaff(v.ctx())
	if err != nil {
		d.log.WarnContext(v.ctx(), "pretended staff is not offered", "error", err)
	}
	for _, m := range people {
		view.Pretend = append(view.Pretend, memberOf(m))
	}
	v.member = access.Member{} // the frame is that of one who is not in
	v.show(status, "login.html", view)
}

// askForLink answers the same for every address.
func askForLink(v *visit) error {
	if err := v.office().AskForLink(v.ctx(), v.r.PostForm.Get("email"), v.door.address(v.r)); err != nil {
		return err
	}
	v.to("/staff/login?asked")
	return nil
}

// showEnter asks for one press of a button: what fetches links before anybody has
// followed them does not use them up.
func showEnter(v *visit) error {
	v.member = access.Member{}
	v.show(http.StatusOK, "enter.html", v.r.PathValue("secret"))
	return nil
}

func enter(v *visit) error {
	session, err := v.office().EnterStaff(v.ctx(), v.r.PathValue("secret"), v.door.sessionOf(v.r), v.door.address(v.r))
	return v.begin(session, err)
}

func enterPretend(v *visit) error {
	session, err := v.office().EnterPretend(v.ctx(), access.MemberID(v.r.PostForm.Get("member")), v.door.sessionOf(v.r), v.door.address(v.r))
	if errors.Is(err, access.ErrMemberNotFound) {
		err = access.ErrStaffLink
	}
	return v.begin(session, err)
}

func (v *visit) begin(session string, err error) error {
	if err != nil {
		return err
	}
	http.SetCookie(v.w, v.door.cookie(session, sessionMost))
	v.to("/staff")
	return nil
}

func leave(v *visit) error {
	if err := v.office().LeaveStaff(v.ctx(), v.door.sessionOf(v.r)); err != nil {
		return err
	}
	http.SetCookie(v.w, v.door.cookie("", -time.Second))
	v.to("/staff/login?left")
	return nil
}

// sessionMost is how long browsers keep the cookie. The office ends every session by
// its own clock, and sooner.
const sessionMost = 8 * time.Hour

func (d *door) cookieName() string {
	if d.options.Secure {
		return "__Host-bursar_staff" // browsers take it from this very host only, over HTTPS
	}
	return "bursar_staff"
}

// cookie is one that scripts and other sites' forms do not see. It is Lax so that a
// link to a case, sent to a colleague, opens the case.
func (d *door) cookie(value string, most time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: d.cookieName(), Value: value, Path: "/", HttpOnly: true, Secure: d.options.Secure, SameSite: http.SameSiteLaxMode, MaxAge: int(most.Seconds()),
	}
}

func (d *door) sessionOf(r *http.Request) string {
	k, err := r.Cookie(d.cookieName())
	if errors.Is(err, http.ErrNoCookie) {
		return ""
	}
	return k.Value
}

// address returns where a request came from.
func (d *door) address(r *http.Request) string {
	if via := r.Header.Values("X-Forwarded-For"); d.options.TrustProxy && len(via) > 0 {
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
