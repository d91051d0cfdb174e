package console

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/packed"
)

//go:embed assets templates
var files embed.FS

// page is what the frame of every page is made of.
type page struct {
	*words
	Title     string
	Nonce     string
	Here      string // the path, for the menu
	Waiting   bool   // without script, the page comes again by itself
	Account   string // the customer's name; "" without a session
	Back      wayBack
	Section   string // of the menu; "" none
	Menu      []entry
	Unread    string // how many messages; "" none
	Languages []choice
	Scripts   template.URL // the provider's script; "" none
	Body      any
}

type choice struct {
	Tag, Name, Href string
	Chosen          bool
}

// titles are the keys of the pages' titles, where a visit has none of its own.
var titles = map[string]string{
	"overview.html": "overview", "ways.html": "ways", "methods.html": "methods", "bind.html": "bind", "return.html": "return",
	"paypal.html": "wallet", "agreement.html": "agreement", "close.html": "close", "left.html": "left",
	"challenge.html": "pay", "challenge_done.html": "pay.done", "ended.html": "ended", "missing.html": "missing",
	"choose.html": "choose", "confirm.html": "confirm", "unknown.html": "signin.refused",
	"broken.html": "broken", "refused.html": "refused",
	"orders.html": "orders", "identities.html": "identities", "messages.html": "messages",
	"bills.html": "menu.bills", "payments.html": "menu.payments", "used.html": "menu.usage", "funds.html": "menu.funds", "account.html": "acct", "unpaid.html": "unpaid",
}

// entry is one of the menu.
type entry struct {
	Name, Href string
	In         bool // the page belongs to it
	Is         bool // the page is it
	Unread     string
}

// sections are the entries of the menu, and what else belongs to them. Those without
// a name have no entry of their own.
var sections = []struct {
	name, text, href string
	within           []string
}{
	{"overview", "overview", "/", nil},
	{"bills", "menu.bills", "/bills", nil},
	{"payments", "menu.payments", "/payments", []string{"/debts"}},
	{"usage", "menu.usage", "/usage", nil},
	{"orders", "menu.orders", "/orders", []string{"/checkout", "/subscriptions"}},
	{"funds", "menu.funds", "/funds", nil},
	{"methods", "methods", "/methods", []string{"/agreements"}},
	{"ways", "ways", "/ways-to-pay", nil},
	{"messages", "menu.messages", "/messages", nil},
	{"account", "", "/account", []string{"/close", "/identity"}},
}

// sectionOf says which entry of the menu a path belongs to.
func sectionOf(p string) string {
	for _, s := range sections {
		for _, at := range append([]string{s.href}, s.within...) {
			if p == at || at != "/" && strings.HasPrefix(p, at+"/") {
				return s.name
			}
		}
	}
	return ""
}

// menu lists the entries of the menu.
func (v *visit) menu(unread string) []entry {
	here := sectionOf(v.r.URL.Path)
	var list []entry
	for _, s := range sections {
		if s.text == "" {
			continue
		}
		e := entry{Name: v.t(s.text), Href: s.href, In: s.name == here, Is: v.r.URL.Path == s.href}
		if s.name == "messages" {
			e.Unread = unread
		}
		list = append(list, e)
	}
	return list
}

// unread is how many messages the customer has not read; "" none. A page is not
// lost for want of it.
func (v *visit) unread() string {
	if v.account.ID == "" {
		return ""
	}
	n, err := v.console.office.UnreadMessages(v.r.Context(), v.by, v.account.ID)
	switch {
	case err != nil || n == 0:
		return ""
	case n >= office.UnreadMax:
		return strconv.Itoa(office.UnreadMax-1) + "+"
	}
	return strconv.Itoa(n)
}

// show writes a page.
func (v *visit) show(status int, name string, body any) {
	nonce := v.console.newNonce()
	p := page{
		words: v.words, Title: cmp.Or(v.title, v.t(titles[name])), Nonce: nonce, Here: v.r.URL.Path, Waiting: v.waiting, Account: v.account.Name,
		Back:    v.back(),
		Section: sectionOf(v.r.URL.Path), Languages: v.languages(), Body: body, Unread: v.unread(),
	}
	if p.Account != "" {
		p.Menu = v.menu(p.Unread)
	}
	if v.card {
		p.Scripts = template.URL(v.console.options.ScriptURL) // the operator's own setting
	}
	var out bytes.Buffer
	if err := v.pages().ExecuteTemplate(&out, name, p); err != nil {
		panic(fmt.Errorf("show %s: %w", name, err))
	}
	v.console.stayOn(v)
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Tag)
	h.Set("Content-Security-Policy", v.policy(nonce))
	v.console.pages.Send(v.w, v.r, status, out.Bytes())
}

// languages are the choices at the page's foot. A page that answers a form links
// to the form.
func (v *visit) languages() []choice {
	here := v.r.URL.Path
	if v.r.Method == http.MethodPost && v.form != "" {
		here = v.form
	}
	var list []choice
	for _, w := range v.console.books.languages {
		list = append(list, choice{Tag: w.Tag, Name: w.t("language"), Href: here + "?lang=" + w.Tag, Chosen: w.Tag == v.Tag})
	}
	return list
}

// policy is what the page's browser may do: our own files, and on the page with
// the card fields the provider's. Nothing inline runs without this answer's
// nonce.
func (v *visit) policy(nonce string) string {
	provider := ""
	frames := "'none'"
	if v.card {
		provider = " " + strings.Join(v.console.providerOrigins(), " ")
		frames = strings.TrimSpace(provider)
	}
	forms := []string{"'self'"} // browsers apply these to where a form's answer leads, too
	if strings.HasPrefix(v.r.URL.Path, "/challenge/") {
		forms = append(forms, v.console.providerOrigins()...)
	}
	if v.leads || strings.HasPrefix(v.r.URL.Path, "/challenge/") {
		forms = append(forms, v.console.options.WalletOrigins...)
	}
	rules := []string{
		"default-src 'none'", "base-uri 'none'", "img-src 'self'", "style-src 'self'", "connect-src 'self'" + provider,
		"script-src 'nonce-" + nonce + "'" + provider, "frame-src " + frames, "form-action " + strings.Join(forms, " "), "frame-ancestors 'none'",
	}
	if !v.card {
		rules = append(rules, "require-trusted-types-for 'script'") // the provider's script has not been asked whether it bears that
	}
	return strings.Join(rules, "; ")
}

// providerOrigins are the script's and those that were named besides.
func (c *console) providerOrigins() []string {
	all := slices.Clone(c.options.FrameOrigins)
	if u, err := url.Parse(c.options.ScriptURL); err == nil && u.Host != "" {
		all = append(all, u.Scheme+"://"+u.Host)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

const nonceBytes = 16

func (c *console) newNonce() string {
	b := make([]byte, nonceBytes)
	if _, err := c.random.Read(b); err != nil {
		panic(fmt.Errorf("make a nonce: %w", err))
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// tell writes JSON for our own script.
func (v *visit) tell(value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	_, err = v.w.Write(append(body, '\n'))
	return err
}

// parsed are the templates before they are given a language.
var parsed = sync.OnceValue(func() *template.Template {
	funcs := template.FuncMap{"t": (&words{}).t, "of": (&words{}).of, "asset": assetPath, "timeline": timelineOf}
	return template.Must(template.New("").Funcs(funcs).ParseFS(files, "templates/*.html"))
})

// timelineOf is a life that has nothing more to be told of it.
func timelineOf(steps []step) holdView { return holdView{Steps: steps} }

// assetNames maps the names under which browsers get our files, which change
// with what is in them, to the files.
var assetNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	list, err := files.ReadDir("assets")
	if err != nil {
		panic(err)
	}
	for _, f := range list {
		at, err := assetPath(f.Name())
		if err != nil {
			panic(err)
		}
		names[path.Base(at)] = f.Name()
	}
	return names
})

// assetPath is where browsers get one of our files.
func assetPath(name string) (string, error) {
	text, err := files.ReadFile("assets/" + name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	kind := path.Ext(name)
	return "/assets/" + strings.TrimSuffix(name, kind) + "-" + hex.EncodeToString(sum[:6]) + kind, nil
}

var assetKinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	name, known := assetNames()[r.PathValue("name")]
	if !known {
		http.NotFound(w, r)
		return
	}
	text, err := files.ReadFile("assets/" + name)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", assetKinds[path.Ext(name)])
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	packed.SendFile(w, r, text, packedAssets()[name])
}

// packedAssets are our files, packed once, by their names.
var packedAssets = sync.OnceValue(func() map[string][]byte { return packed.Files(files, "assets") })
