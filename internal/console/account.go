package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
)

// accountView is what was given at registration (S-23), and who is in the pages now.
type accountView struct {
	Name, Email, Reference, Kind, Region, Country, Currency, Zone, TaxID string
	Registered                                                           moment
	Address                                                              []string
	State                                                                standing
	Languages                                                            []choice // in which messages are written
	Sessions                                                             []sessionLine
	Ended, Saved                                                         bool // something was done just now
}

// sessionLine is somebody in the pages of the account.
type sessionLine struct {
	ID, Agent, Address string
	Opened, Until      moment
	Own                bool
}

// accountTones says how an account's state is told apart at a glance.
var accountTones = map[account.State]string{account.Active: "good", account.Suspended: "bad", account.Silent: "wait", account.Closed: "ended"}

func (c *console) showAccount(v *visit) error {
	w, err := c.office.WaysToPay(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	sessions, err := c.office.Sessions(v.r.Context(), v.by, v.account.ID, c.sessionOf(v.r))
	if err != nil {
		return err
	}
	a, q := v.account, v.r.URL.Query()
	view := accountView{
		Name: a.Name, Email: a.Email, Reference: a.Reference, Kind: v.t("kind." + string(a.Kind)), Region: v.region(w.Region), Country: v.country(a.Country),
		Currency: string(a.Currency), Zone: a.Zone, TaxID: a.TaxID, Registered: v.at(a.RegisteredAt), Ended: q.Has("ended"), Saved: q.Has("saved"),
		State: standing{Tone: accountTones[a.State], Name: v.t("acct.state." + string(a.State))},
	}
	for _, line := range []string{a.Address.Line1, a.Address.Line2, a.Address.PostalCode + " " + a.Address.City, a.Address.Region} {
		if line != "" && line != " " {
			view.Address = append(view.Address, line)
		}
	}
	for _, l := range c.books.languages {
		view.Languages = append(view.Languages, choice{Tag: l.Tag, Name: l.t("language"), Chosen: l.Tag == a.Language})
	}
	for _, s := range sessions {
		view.Sessions = append(view.Sessions, sessionLine{ID: s.ID, Agent: v.browser(s.Agent), Address: s.Address, Opened: v.at(s.OpenedAt), Until: v.at(s.Until), Own: s.Own})
	}
	v.show(http.StatusOK, "account.html", view)
	return nil
}

// setLanguage chooses in which language the customer is written to.
func (c *console) setLanguage(v *visit) error {
	chosen := v.r.PostFormValue("language")
	if !slices.Contains(account.Languages, chosen) {
		return errPageNotFound
	}
	if _, err := c.office.ChangeAccount(v.r.Context(), v.by, v.account.ID, office.AccountChange{Language: &chosen}); err != nil {
		return err
	}
	http.Redirect(v.w, v.r, "/account?saved", http.StatusSeeOther)
	return nil
}

// endSession turns somebody out, or leaves.
func (c *console) endSession(v *visit) error {
	if err := c.office.EndSession(v.r.Context(), v.by, v.account.ID, v.r.PathValue("id")); err != nil {
		return err
	}
	http.Redirect(v.w, v.r, "/account?ended", http.StatusSeeOther)
	return nil
}

// Browsers and systems call themselves many things at once; the first that is found
// is the one.
var (
	browsers = []struct{ mark, name string }{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS", "Firefox"},
		{"Chrome/", "Chrome"}, {"CriOS", "Chrome"}, {"Safari/", "Safari"},
	}
	systems = []struct{ mark, name string }{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	}
)

// browser is what people call a browser.
func (w *words) browser(agent string) string {
	name, system := "", ""
	for _, b := range browsers {
		if name == "" && strings.Contains(agent, b.mark) {
			name = b.name
		}
	}
	for _, s := range systems {
		if system == "" && strings.Contains(agent, s.mark) {
			system = s.name
		}
	}
	switch {
	case name == "":
		return w.t("acct.browser")
	case system == "":
		return name
	}
	return w.t("acct.browser.on", "browser", name, "system", system)
}
