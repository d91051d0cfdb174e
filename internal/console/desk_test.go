package console_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/console"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
)

var update = flag.Bool("update", false, "write goldens anew")

var shots = flag.String("shots", "", "write pictures of every page into this directory")

// desk is the pages of an office, asked without a network.
type desk struct {
	*officetest.Desk
	pages   http.Handler
	session string
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := officetest.New(t)
	return &desk{Desk: d, pages: console.New(d.Office, options("http://world.test"))}
}

func options(provider string) console.Options {
	return console.Options{
		ScriptURL: provider + "/v3/", PublishableKey: "pk_test_console", FrameOrigins: []string{provider}, WalletOrigins: []string{provider},
		Random: rand.NewChaCha8([32]byte{1}),
	}
}

// link makes a one-time link into the console and returns its path.
func (d *desk) link(a account.Account, page string) string {
	d.T.Helper()
	link, _, err := d.OpenConsole(context.Background(), access.CommandLine, a.ID, office.Entrance{Page: page})
	if err != nil {
		d.T.Fatal(err)
	}
	return strings.TrimPrefix(link, d.ConsoleURL)
}

// enter has the customer of an account come in.
func (d *desk) enter(a account.Account) {
	d.T.Helper()
	d.session = ""
	w := d.get(d.link(a, "/"))
	for _, k := range w.Result().Cookies() {
		if strings.HasSuffix(k.Name, "bursar") {
			d.session = k.Name + "=" + k.Value
		}
	}
	if w.Code != http.StatusSeeOther || d.session == "" {
		d.T.Fatalf("entering answered %d with session %q, want 303 and one", w.Code, d.session)
	}
}

func (d *desk) get(path string) *httptest.ResponseRecorder {
	return d.ask(httptest.NewRequest("GET", path, nil))
}

func (d *desk) post(path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return d.ask(r)
}

func (d *desk) ask(r *http.Request) *httptest.ResponseRecorder {
	if d.session != "" {
		r.Header.Set("Cookie", d.session)
	}
	w := httptest.NewRecorder()
	d.pages.ServeHTTP(w, r)
	return w
}

// run says how many resources an account runs at its platform.
func (d *desk) run(a account.Account, n int) {
	d.T.Helper()
	if _, err := d.ReportResources(context.Background(), access.CommandLine, a.ID, account.Resources{Running: n}); err != nil {
		d.T.Fatal(err)
	}
}

// in says what differs from a company in the United States.
func in(country, currency string) func(*office.NewAccount) {
	return func(n *office.NewAccount) { n.Country, n.Currency = country, currency }
}

func speaks(language string) func(*office.NewAccount) {
	return func(n *office.NewAccount) { n.Language = language }
}

var (
	nonces = regexp.MustCompile(`nonce="[^"]+"`)
	hashes = regexp.MustCompile(`-[0-9a-f]{12}\.`)
	ids    = regexp.MustCompile(`\b[a-z]{2,7}_[0-9a-z]{26}\b`)
)

// plain takes out of a page what differs from answer to answer and from build to
// build, and names ids in the order in which they are met.
func plain(page string) string {
	page = hashes.ReplaceAllString(nonces.ReplaceAllString(page, `nonce="NONCE"`), "-HASH.")
	met := map[string]string{}
	return ids.ReplaceAllStringFunc(page, func(id string) string {
		if met[id] == "" {
			kind, _, _ := strings.Cut(id, "_")
			met[id] = fmt.Sprintf("%s_%d", kind, len(met)+1)
		}
		return met[id]
	})
}
