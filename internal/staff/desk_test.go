package staff_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/staff"
)

var update = flag.Bool("update", false, "write goldens anew")

// desk is the staff's pages of an office, asked without a network.
type desk struct {
	*officetest.Desk
	pages   http.Handler
	session string // the cookie of who is in; "" nobody
	people  map[string]access.Member
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := officetest.New(t)
	return &desk{Desk: d, pages: staff.New(d.Office, staff.Options{Random: rand.NewChaCha8([32]byte{1})}), people: map[string]access.Member{}}
}

// member adds a person in a role, the first time that one of that name is named.
func (d *desk) member(name, role string) access.Member {
	d.T.Helper()
	if m, known := d.people[name]; known {
		return m
	}
	m, err := d.AddMember(context.Background(), access.CommandLine, office.NewMember{
		Name: name, Email: strings.ReplaceAll(strings.ToLower(name), " ", ".") + "@example.com", Role: role,
	})
	if err != nil {
		d.T.Fatal(err)
	}
	d.people[name] = m
	return m
}

// enter has a person of a role come in by a link, as the only one on this desk.
func (d *desk) enter(name, role string) access.Member {
	d.T.Helper()
	m := d.member(name, role)
	link, _, err := d.LinkMember(context.Background(), access.CommandLine, m.ID)
	if err != nil {
		d.T.Fatal(err)
	}
	d.session = ""
	w := d.post(strings.TrimPrefix(link, d.ConsoleURL), nil)
	for _, k := range w.Result().Cookies() {
		d.session = k.Name + "=" + k.Value
	}
	if w.Code != http.StatusSeeOther || d.session == "" {
		d.T.Fatalf("entering answered %d with session %q, want 303 and one", w.Code, d.session)
	}
	return m
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

// want asks for a page, and fails the test unless its status is the one expected.
func (d *desk) want(status int, w *httptest.ResponseRecorder) string {
	d.T.Helper()
	if w.Code != status {
		d.T.Fatalf("got %d, want %d:\n%s", w.Code, status, w.Body)
	}
	return w.Body.String()
}

// stopped is an order of a customer that waits for an identity check, whose documents
// were submitted. The card is a Visa unless another is named.
func (d *desk) stopped(card ...string) (account.Account, order.Order, identity.CaseID) {
	d.T.Helper()
	ctx := context.Background()
	a := d.Customer()
	d.Bind(a, append(card, sandbox.Visa)[0])
	// Above what the built-in policy lets an account order that nobody knows.
	o, err := d.PlaceOrder(ctx, access.CommandLine, a.ID, order.Draft{Reference: "o-1", Kind: order.Purchase, Items: []order.DraftItem{
		{Product: "db.small", Description: "Small database", Quantity: 1, Price: money.Amount{Minor: 60_000, Currency: a.Currency}, Term: order.Month},
	}})
	if err != nil {
		d.T.Fatal(err)
	}
	_, _ = d.PayOrder(ctx, access.CommandLine, o.ID, office.PayChoice{}) // the order says what risk made of it
	s, err := d.Order(ctx, access.CommandLine, o.ID, false)
	if err != nil || s.Order.Case == "" {
		d.T.Fatalf("the order is %s, %v; want it blocked by an identity check", s.Order.State, err)
	}
	id := identity.CaseID(s.Order.Case)
	d.send(a, id)
	return a, s.Order, id
}

// send has the customer send one picture of each kind, and submit them.
func (d *desk) send(a account.Account, id identity.CaseID) {
	d.T.Helper()
	ctx := context.Background()
	by := access.Caller{Name: "console:" + string(a.ID), Account: a.ID, Scopes: []access.Scope{access.MethodsWrite}}
	for n, k := range identity.Kinds {
		p := image.NewGray(image.Rect(0, 0, 64, 40))
		for i := range p.Pix {
			p.Pix[i] = uint8(i%7 + 20*n)
		}
		var file bytes.Buffer
		if err := png.Encode(&file, p); err != nil {
			d.T.Fatal(err)
		}
		if _, err := d.AddDocument(ctx, by, id, office.Upload{Kind: k, Name: "scan.png", Content: &file}); err != nil {
			d.T.Fatal(err)
		}
	}
	if _, err := d.SubmitIdentity(ctx, by, id); err != nil {
		d.T.Fatal(err)
	}
}

// paid is a payment of a customer's order that has succeeded.
func (d *desk) paid() (account.Account, payment.Payment) {
	d.T.Helper()
	ctx := context.Background()
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	o, err := d.PlaceOrder(ctx, access.CommandLine, a.ID, order.Draft{Reference: "p-1", Kind: order.Purchase, Items: []order.DraftItem{
		{Product: "db.small", Quantity: 1, Price: money.Amount{Minor: 4_000, Currency: a.Currency}, Term: order.Month},
	}})
	if err != nil {
		d.T.Fatal(err)
	}
	if _, err := d.PayOrder(ctx, access.CommandLine, o.ID, office.PayChoice{}); err != nil {
		d.T.Fatal(err)
	}
	s, err := d.Debt(ctx, access.CommandLine, billing.DebtID(o.Debt))
	if err != nil || len(s.Payments) != 1 || s.Payments[0].State != payment.Succeeded {
		d.T.Fatalf("the order's payments are %v, %v; want one that has succeeded", s.Payments, err)
	}
	return a, s.Payments[0]
}

var (
	hashes = regexp.MustCompile(`-[0-9a-f]{12}\.`)
	ids    = regexp.MustCompile(`\b([a-z]+)_[0-9a-z]{26}\b`)
)

// plain takes out of a page what differs from build to build, and names ids in the
// order in which they are met.
func plain(page string) string {
	page = hashes.ReplaceAllString(page, "-HASH.")
	met := map[string]string{}
	return ids.ReplaceAllStringFunc(page, func(id string) string {
		if met[id] == "" {
			kind, _, _ := strings.Cut(id, "_")
			met[id] = fmt.Sprintf("%s_%d", kind, len(met)+1)
		}
		return met[id]
	})
}

// golden holds a page to its file.
func (d *desk) golden(name, page string) {
	d.T.Helper()
	path := filepath.Join("testdata", name+".html")
	got := plain(page)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			d.T.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		d.T.Fatal(err)
	}
	if got != string(want) {
		d.T.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}
