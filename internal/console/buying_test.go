package console_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// place places an order of one month of a database.
func (d *desk) place(a account.Account, price int64, change ...func(*order.Draft)) order.Order {
	d.T.Helper()
	asked := order.Draft{Reference: fmt.Sprintf("shop-%d", d.Clock.Now().UnixMilli()+price), Kind: order.Purchase, Items: []order.DraftItem{{
		Product: "Database, small", Description: "2 processors, 8 GB", Quantity: 1, Price: money.Amount{Minor: price, Currency: a.Currency}, Term: order.Month, AutoRenew: true,
	}}}
	for _, f := range change {
		f(&asked)
	}
	o, err := d.PlaceOrder(d.T.Context(), access.CommandLine, a.ID, asked)
	if err != nil {
		d.T.Fatal(err)
	}
	return o
}

// buy places an order and pays it, as far as that goes.
func (d *desk) buy(a account.Account, price int64, change ...func(*order.Draft)) order.Order {
	d.T.Helper()
	o := d.place(a, price, change...)
	_, _ = d.PayOrder(d.T.Context(), access.CommandLine, o.ID, office.PayChoice{ReturnURL: "http://console.test/return"})
	return d.orderNow(o.ID).Order
}

func (d *desk) orderNow(id order.ID) office.OrderStory {
	d.T.Helper()
	s, err := d.Order(d.T.Context(), access.CommandLine, id, false)
	if err != nil {
		d.T.Fatal(err)
	}
	return s
}

// fund puts money on an account's balance.
func (d *desk) fund(a account.Account, minor int64) office.OrderPayment {
	d.T.Helper()
	p, err := d.TopUp(d.T.Context(), access.CommandLine, a.ID, office.TopUp{Reference: "one", Amount: money.Amount{Minor: minor, Currency: a.Currency}})
	if err != nil {
		d.T.Fatal(err)
	}
	return p
}

// ruled puts a risk rule before all others, and changes what else is given in pairs.
func (d *desk) ruled(rule string, changes ...string) {
	d.T.Helper()
	name := fmt.Sprintf("ruled-%d", len(rule))
	changes = append(changes, "version: builtin-1 ", "version: "+name+" ", "  - name: failed_binds ", rule+"\n  - name: failed_binds ")
	document := strings.NewReplacer(changes...).Replace(policy.BuiltIn().Document)
	if _, err := d.ApplyPolicy(d.T.Context(), access.CommandLine, []byte(document), name+".yaml", true); err != nil {
		d.T.Fatal(err)
	}
}

// stop has risk ask for the identity behind whatever is bought.
func (d *desk) stop() {
	d.ruled("  - name: strangers\n    when: amount >= 1 and not identity_verified\n    verdict: verify_identity\n    on: [purchase]")
}

// challenged gives an account a card whose bank wants a challenge when it is asked
// to, and has risk ask for one of every purchase.
func (d *desk) challenged(a account.Account, changes ...string) {
	d.T.Helper()
	d.ruled("  - name: everybody\n    when: amount >= 1\n    verdict: challenge\n    on: [purchase]", changes...)
	d.Bind(a, "pm_card_threeDSecureOptional")
}

// stopped is an account with an order that waits for an identity check.
func (d *desk) stopped(change ...func(*office.NewAccount)) (account.Account, order.Order) {
	d.T.Helper()
	d.stop()
	a := d.Customer(change...)
	d.Bind(a, sandbox.Visa)
	o := d.buy(a, 20_00)
	if o.State != order.Blocked || o.Case == "" {
		d.T.Fatalf("the order is %s with case %q, want blocked with one", o.State, o.Case)
	}
	return a, o
}

// reviewer decides on identity checks.
var reviewer = access.Caller{Name: "key_reviewer", Scopes: []access.Scope{access.MethodsRead, access.IdentityRead, access.IdentityReview}}

// session is the customer of an account in the console.
func session(a account.Account) access.Caller {
	return access.Caller{Name: "console:" + string(a.ID), Account: a.ID, Scopes: []access.Scope{access.AccountsRead, access.AccountsWrite, access.MethodsWrite, access.UsageRead, access.BillsWrite, access.FundsWrite}}
}

// photo is a picture that differs from others by its shade.
func photo(t testing.TB, shade uint8) []byte {
	t.Helper()
	p := image.NewGray(image.Rect(0, 0, 64, 40))
	for i := range p.Pix {
		p.Pix[i] = shade + uint8(i%7)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sends has the customer send a picture of each kind, and hand them in.
func (d *desk) sends(a account.Account, id identity.CaseID, handIn bool) {
	d.T.Helper()
	for i, k := range identity.Kinds {
		if _, err := d.AddDocument(d.T.Context(), session(a), id, office.Upload{Kind: k, Name: "scan.png", Content: bytes.NewReader(photo(d.T, uint8(10*i)))}); err != nil {
			d.T.Fatal(err)
		}
	}
	if !handIn {
		return
	}
	if _, err := d.SubmitIdentity(d.T.Context(), session(a), id); err != nil {
		d.T.Fatal(err)
	}
}

func (d *desk) rejects(id identity.CaseID, kinds ...identity.Kind) {
	d.T.Helper()
	if _, err := d.RejectIdentity(d.T.Context(), reviewer, id, identity.Rejection{Reason: identity.Blurred, Kinds: kinds}); err != nil {
		d.T.Fatal(err)
	}
}

func (d *desk) approves(id identity.CaseID) {
	d.T.Helper()
	if _, err := d.ApproveIdentity(d.T.Context(), reviewer, id); err != nil {
		d.T.Fatal(err)
	}
}

// stages are orders, identity checks and messages as their customer comes to them.
var stages = []struct {
	name string
	come func(d *desk) (account.Account, string)
}{
	{"orders-empty", func(d *desk) (account.Account, string) { return d.Customer(), "/orders" }},
	{"orders", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.buy(a, 12_34)
		d.place(a, 20_00)
		return a, "/orders"
	}},
	{"checkout", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.Bind(a, sandbox.Mastercard)
		d.Bind(a, sandbox.AlwaysAuthenticate)
		return a, page(d.place(a, 12_34))
	}},
	{"checkout-first-zh-Hant", func(d *desk) (account.Account, string) {
		a := d.Customer(speaks("zh-Hant"), in("SG", "USD"))
		return a, page(d.place(a, 12_34, func(o *order.Draft) {
			o.Items = append(o.Items, order.DraftItem{Product: "Address", Quantity: 3, Price: money.Amount{Minor: 1_50, Currency: a.Currency}})
		}))
	}},
	{"checkout-balance", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.fund(a, 4_00)
		return a, page(d.place(a, 12_34, func(o *order.Draft) { o.UseBalance = true }))
	}},
	{"checkout-paid", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.fund(a, 4_00)
		return a, page(d.buy(a, 12_34, func(o *order.Draft) { o.UseBalance, o.ReturnURL = true, "https://shop.example/thanks" }))
	}},
	{"checkout-credit", func(d *desk) (account.Account, string) {
		a := onCredit(d)
		return a, page(d.place(a, 12_34))
	}},
	{"checkout-credit-paid", func(d *desk) (account.Account, string) {
		a := onCredit(d)
		return a, page(d.buy(a, 12_34))
	}},
	{"checkout-topup", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		return a, page(d.fund(a, 50_00).Order)
	}},
	{"checkout-challenged", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.challenged(a)
		return a, page(d.buy(a, 12_34))
	}},
	{"checkout-paypal-challenged", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.BindWallet(a, sandbox.PayerUS)
		if err := d.Sandbox.OrderPayer(sandbox.PayerOrder{Payer: sandbox.PayerUS, Then: "payer_action", Times: 1}); err != nil {
			d.T.Fatal(err)
		}
		return a, page(d.buy(a, 12_34))
	}},
	{"checkout-late", func(d *desk) (account.Account, string) { // passed after the order's time, and given back
		a := d.Customer()
		d.challenged(a, "late_payment: apply", "late_payment: refund")
		o := d.place(a, 12_34)
		d.Pass(24*time.Hour - 10*time.Minute)
		p, err := d.PayOrder(d.T.Context(), access.CommandLine, o.ID, office.PayChoice{ReturnURL: "http://console.test/return"})
		if err != nil {
			d.T.Fatal(err)
		}
		d.Pass(15 * time.Minute)
		if _, err := d.Sandbox.AnswerChallenge(p.Payment.Ref, true); err != nil {
			d.T.Fatal(err)
		}
		d.Pass(time.Hour)
		return a, page(o)
	}},
	{"checkout-unknown-ja", func(d *desk) (account.Account, string) {
		a := d.Customer(speaks("ja"))
		d.Bind(a, sandbox.Visa)
		d.Sandbox.Fault(sandbox.Fault{Op: "confirm", Kind: "lost_before", Times: 100})
		return a, page(d.buy(a, 12_34))
	}},
	{"checkout-failed", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.refuses(a)
		return a, page(d.buy(a, 12_34))
	}},
	{"checkout-blocked", func(d *desk) (account.Account, string) {
		a, o := d.stopped()
		return a, page(o)
	}},
	{"checkout-refused", func(d *desk) (account.Account, string) {
		d.ruled("  - name: nobody\n    when: amount >= 1\n    verdict: refuse\n    on: [purchase]")
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		return a, page(d.buy(a, 12_34))
	}},
	{"checkout-lapsed-zh-Hans", func(d *desk) (account.Account, string) {
		a := d.Customer(speaks("zh-Hans"))
		o := d.place(a, 12_34)
		d.Pass(48 * time.Hour)
		return a, page(o)
	}},
	{"checkout-cancelled", func(d *desk) (account.Account, string) {
		a := d.Customer()
		o := d.place(a, 12_34)
		if _, err := d.CancelOrder(d.T.Context(), access.CommandLine, o.ID); err != nil {
			d.T.Fatal(err)
		}
		return a, page(o)
	}},
	{"checkout-return", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		return a, page(d.buy(a, 12_34)) + "/return"
	}},
	{"cancel", func(d *desk) (account.Account, string) {
		a := d.Customer()
		return a, page(d.place(a, 12_34)) + "/cancel"
	}},
	{"cancel-not", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		return a, page(d.buy(a, 12_34)) + "/cancel"
	}},
	{"order", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		o := d.buy(a, 30_00)
		d.Pass(10 * 24 * time.Hour)
		if _, err := d.CancelOrder(d.T.Context(), access.CommandLine, o.ID); err != nil {
			d.T.Fatal(err)
		}
		return a, record(o)
	}},
	{"subscription", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		return a, "/subscriptions/" + string(d.orderNow(d.buy(a, 12_34).ID).Subscriptions[0].ID)
	}},
	{"identities", func(d *desk) (account.Account, string) {
		a, _ := d.stopped()
		return a, "/identity"
	}},
	{"identity-open", func(d *desk) (account.Account, string) {
		a, o := d.stopped()
		return a, "/identity/" + o.Case
	}},
	{"identity-ready-ja", func(d *desk) (account.Account, string) {
		a, o := d.stopped(speaks("ja"))
		d.sends(a, identity.CaseID(o.Case), false)
		return a, "/identity/" + o.Case
	}},
	{"identity-submitted", func(d *desk) (account.Account, string) {
		a, o := d.stopped()
		d.sends(a, identity.CaseID(o.Case), true)
		return a, "/identity/" + o.Case
	}},
	{"identity-rejected-zh-Hant", func(d *desk) (account.Account, string) {
		a, o := d.stopped(speaks("zh-Hant"))
		d.sends(a, identity.CaseID(o.Case), true)
		d.rejects(identity.CaseID(o.Case), identity.MethodImage)
		return a, "/identity/" + o.Case
	}},
	{"identity-approved", func(d *desk) (account.Account, string) {
		a, o := d.stopped()
		d.sends(a, identity.CaseID(o.Case), true)
		d.approves(identity.CaseID(o.Case))
		return a, "/identity/" + o.Case
	}},
	{"identity-expired", func(d *desk) (account.Account, string) {
		a, o := d.stopped()
		d.Pass(5 * 24 * time.Hour)
		return a, "/identity/" + o.Case
	}},
	{"messages-empty", func(d *desk) (account.Account, string) { return d.Customer(), "/messages" }},
	{"messages", func(d *desk) (account.Account, string) {
		a := d.Customer()
		d.Bind(a, sandbox.Visa)
		d.buy(a, 12_34)
		return a, "/messages"
	}},
	{"message-zh-Hans", func(d *desk) (account.Account, string) {
		a := d.Customer(speaks("zh-Hans"))
		d.Bind(a, sandbox.Visa)
		d.buy(a, 12_34)
		return a, "/messages/" + d.told(a, "order_paid").ID
	}},
	{"choices", func(d *desk) (account.Account, string) { return d.Customer(), "/messages/choices" }},
}

func page(o order.Order) string { return "/checkout/" + string(o.ID) }

func record(o order.Order) string { return "/orders/" + string(o.ID) }

// refuses has the bank of an account's card refuse the next charge.
func (d *desk) refuses(a account.Account) {
	d.T.Helper()
	list, err := d.Methods(d.T.Context(), access.CommandLine, a.ID)
	if err != nil || len(list) == 0 {
		d.T.Fatalf("there is no card: %v", err)
	}
	i, err := d.Cards.Instrument(d.T.Context(), list[0].Method.Card.Token)
	if err != nil {
		d.T.Fatal(err)
	}
	if err := d.Sandbox.OrderCard(sandbox.CardOrder{Fingerprint: strings.TrimPrefix(i.Fingerprint, "stripe:"), Then: "decline:insufficient_funds", Times: 1}); err != nil {
		d.T.Fatal(err)
	}
}

// told is the one message of a kind that an account was told.
func (d *desk) told(a account.Account, kind string) office.Message {
	d.T.Helper()
	list, _, err := d.Messages(d.T.Context(), access.CommandLine, a.ID, office.Page{Limit: 100})
	if err != nil {
		d.T.Fatal(err)
	}
	var found []office.Message
	for _, m := range list {
		if m.Kind == kind {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		d.T.Fatalf("got %d messages of the kind %s, want one", len(found), kind)
	}
	return found[0]
}

func TestPagesOfBuying(t *testing.T) {
	for _, s := range stages {
		t.Run(s.name, func(t *testing.T) {
			d := newDesk(t)
			a, page := s.come(d)
			d.enter(a)
			w := d.get(page)
			if w.Code != http.StatusOK {
				t.Fatalf("%s answered %d, want 200", page, w.Code)
			}
			compare(t, s.name, plain(w.Body.String()))
		})
	}
}

// Whatever has a page answers for another account's id as for one that nobody has.
func TestWhatOthersBoughtIsLikeWhatNobodyHas(t *testing.T) {
	d := newDesk(t)
	theirs, o := d.stopped()
	d.sends(theirs, identity.CaseID(o.Case), false)
	check, err := d.IdentityCheck(t.Context(), access.CommandLine, identity.CaseID(o.Case))
	if err != nil {
		t.Fatal(err)
	}
	message := d.told(theirs, "identity_needed")
	ours := d.Customer()
	d.Bind(ours, sandbox.Mastercard)
	d.Pass(time.Minute) // one policy follows the other
	d.ruled("  - name: everybody\n    when: amount >= 1\n    verdict: allow\n    on: [purchase]")
	sub := d.orderNow(d.buy(theirs, 5_00).ID).Subscriptions[0]
	mine := d.place(ours, 7_00)
	d.enter(ours)
	get := func(path string) func(string) *httptest.ResponseRecorder {
		return func(id string) *httptest.ResponseRecorder { return d.get(strings.ReplaceAll(path, "{}", id)) }
	}
	post := func(path string, form url.Values) func(string) *httptest.ResponseRecorder {
		return func(id string) *httptest.ResponseRecorder {
			return d.post(strings.ReplaceAll(path, "{}", id), form)
		}
	}
	none := "0000000000000000000000"
	for _, c := range []struct {
		id, missing string
		asks        []func(string) *httptest.ResponseRecorder
	}{
		{string(o.ID), "ord_0000" + none, []func(string) *httptest.ResponseRecorder{
			get("/orders/{}"), get("/checkout/{}"), get("/checkout/{}/state"), get("/checkout/{}/cancel"), post("/checkout/{}", nil), post("/checkout/{}/cancel", nil), post("/checkout/{}/confirm", nil),
		}},
		{string(sub.ID), "sub_0000" + none, []func(string) *httptest.ResponseRecorder{
			get("/subscriptions/{}"), post("/subscriptions/{}/renew", url.Values{"token": {"x"}}), post("/subscriptions/{}/automatic", url.Values{"on": {"1"}}),
		}},
		{o.Case, "kyc_0000" + none, []func(string) *httptest.ResponseRecorder{
			get("/identity/{}"), post("/identity/{}/submit", nil), post("/identity/{}/remove", url.Values{"document": {string(check.Documents[0].ID)}}),
			func(id string) *httptest.ResponseRecorder {
				return d.upload(id, file{string(identity.MethodImage), "x.png", photo(t, 1)})
			},
		}},
		{message.ID, "msg_0000" + none, []func(string) *httptest.ResponseRecorder{
			get("/messages/{}"), post("/messages/{}/confirm", nil), func(id string) *httptest.ResponseRecorder {
				return d.post("/messages/read", url.Values{"through": {id}})
			},
		}},
		{string(list(d, theirs)[0].Method.ID), "pm_0000" + none, []func(string) *httptest.ResponseRecorder{
			func(id string) *httptest.ResponseRecorder { return d.post(page(mine), url.Values{"method": {id}}) },
		}},
	} {
		for n, ask := range c.asks {
			foreign, missing := ask(c.id), ask(c.missing)
			strip := func(w *httptest.ResponseRecorder, id string) string {
				return strings.ReplaceAll(plain(w.Body.String()), id, "ID")
			}
			if foreign.Code != 404 || missing.Code != 404 || strip(foreign, c.id) != strip(missing, c.missing) {
				t.Errorf("%s, question %d: a foreign one answered %d, a missing one %d; want the same 404:\n%s\n%s", c.missing, n, foreign.Code, missing.Code, foreign.Body, missing.Body)
			}
		}
	}
	for _, session := range []string{d.session, ""} {
		d.session = session
		w := d.get(page(o) + "/return")
		if w.Code != 200 || strings.Contains(w.Body.String(), "20.00") || !strings.Contains(w.Body.String(), "You can close this window") {
			t.Errorf("the return page shows another account's order, or has no end (%d):\n%s", w.Code, w.Body)
		}
	}
}

func list(d *desk, a account.Account) []office.Bound {
	d.T.Helper()
	all, err := d.Methods(d.T.Context(), access.CommandLine, a.ID)
	if err != nil {
		d.T.Fatal(err)
	}
	return all
}

// file is one file of a form.
type file struct {
	field, name string
	content     []byte
}

// upload sends a form with files to an identity check.
func (d *desk) upload(id string, files ...file) *httptest.ResponseRecorder {
	d.T.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range files {
		part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, f.field, f.name)}, "Content-Type": {"application/octet-stream"}})
		if err != nil {
			d.T.Fatal(err)
		}
		if _, err := part.Write(f.content); err != nil {
			d.T.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		d.T.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/identity/"+id+"/documents", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return d.ask(r)
}

func TestDocumentsComeByForm(t *testing.T) {
	d := newDesk(t)
	a, o := d.stopped()
	d.enter(a)
	kinds := identity.Kinds
	for _, c := range []struct {
		name   string
		files  []file
		status int
		want   string
		kept   int
	}{
		{"nothing chosen", []file{{string(kinds[0]), "", nil}}, 422, `data-code="document_not_chosen"`, 0},
		{"not a picture", []file{{string(kinds[0]), "a.png", []byte("<script>alert(1)</script>")}}, 422, `data-code="evidence_kind"`, 0},
		{"an unknown kind", []file{{"tax_return", "a.png", photo(t, 1)}}, 422, `data-code="identity_kind_unknown"`, 0},
		{"too large", []file{{string(kinds[0]), "a.png", append(photo(t, 2), make([]byte, office.UploadMax)...)}}, 413, `data-code="evidence_too_large"`, 0},
		{"too much at all", []file{{string(kinds[0]), "a.png", make([]byte, 7*office.UploadMax)}}, 413, `data-code="upload_too_large"`, 0},
		{"one of two", []file{{string(kinds[0]), "a.png", photo(t, 3)}, {string(kinds[1]), "b.gif", []byte("GIF89a")}}, 422, `data-code="evidence_kind"`, 1},
		{"the same again", []file{{string(kinds[0]), "a.png", photo(t, 3)}}, 303, "", 1},
		{"the others", []file{{string(kinds[1]), "b.png", photo(t, 4)}, {string(kinds[2]), "c.png", photo(t, 5)}}, 303, "", 3},
	} {
		w := d.upload(o.Case, c.files...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: answered %d, want %d with %s:\n%s", c.name, w.Code, c.status, c.want, w.Body)
		}
		check, err := d.IdentityCheck(t.Context(), access.CommandLine, identity.CaseID(o.Case))
		if err != nil || len(check.Documents) != c.kept {
			t.Errorf("%s: %d documents are kept (%v), want %d", c.name, len(check.Documents), err, c.kept)
		}
	}
	if w := d.post("/identity/"+o.Case+"/documents", url.Values{"a": {"b"}}); w.Code != 422 {
		t.Errorf("a form without files answered %d, want 422", w.Code)
	}
	if w := d.post("/identity/"+o.Case+"/submit", nil); w.Code != http.StatusSeeOther {
		t.Errorf("handing in answered %d, want 303", w.Code)
	}
	if w := d.upload(o.Case, file{string(kinds[0]), "late.png", photo(t, 9)}); w.Code != 409 || !strings.Contains(w.Body.String(), `data-code="identity_case_not_open"`) {
		t.Errorf("a document after handing in answered %d, want 409 and why", w.Code)
	}
}

// Two presses of one button, and one in another tab, make one payment.
func TestPayingTwicePaysOnce(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	o := d.place(a, 12_34)
	d.enter(a)
	d.Sandbox.Fault(sandbox.Fault{Op: "confirm", Kind: "lost_after", Times: 1})
	for n, want := range []string{page(o), page(o) + "?again", page(o) + "?again"} {
		w := d.post(page(o), nil)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Errorf("press %d answered %d to %q, want 303 to %s:\n%s", n+1, w.Code, w.Header().Get("Location"), want, w.Body)
		}
	}
	if body := d.get(page(o) + "?again").Body.String(); !strings.Contains(body, "Nothing is charged a second time") || strings.Contains(body, `name="method"`) {
		t.Errorf("the page does not say what is under way, or lets pay again:\n%s", body)
	}
	var told struct {
		Mark    string
		Waiting bool
	}
	if err := json.Unmarshal(d.get(page(o)+"/state").Body.Bytes(), &told); err != nil || told.Waiting {
		t.Errorf("after the question the page is told %+v (%v), want that it is over", told, err)
	}
	if s := d.orderNow(o.ID); s.Order.State != order.Paid || len(s.Payments) != 1 {
		t.Errorf("the order is %s after %d payments, want paid by one", s.Order.State, len(s.Payments))
	}
	if w := d.post(page(o), nil); w.Code != http.StatusSeeOther {
		t.Errorf("paying what is paid answered %d, want 303 to its page", w.Code)
	}
	d.Prove()
}

func TestWhatStandsAgainstPayingIsSaid(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	o := d.place(a, 12_34)
	d.enter(a)
	if w := d.post(page(o), nil); w.Code != 409 || !strings.Contains(w.Body.String(), `data-code="no_payment_method"`) || !strings.Contains(w.Body.String(), "Nothing was charged") {
		t.Errorf("paying with nothing answered %d, want 409 and why:\n%s", w.Code, w.Body)
	}
	m := d.Bind(a, sandbox.AlwaysAuthenticate).Method
	if w := d.post(page(o), url.Values{"method": {string(m.ID)}}); w.Code != 409 || !strings.Contains(w.Body.String(), `data-code="method_not_active"`) {
		t.Errorf("paying with a card that is not verified answered %d, want 409 and why (S-24)", w.Code)
	}
}

// A payment method that is added on the way leads back to the order.
func TestAddingACardLeadsBackToTheOrder(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	o := d.place(a, 12_34)
	d.enter(a)
	w := d.get(page(o))
	for _, k := range w.Result().Cookies() {
		if k.Name == "bursar_order" {
			d.session += "; " + k.Name + "=" + k.Value
		}
	}
	m := d.Bind(a, sandbox.Visa).Method
	way := page(o) + "?with=" + string(m.ID)
	if body := d.get("/methods/" + string(m.ID)).Body.String(); !strings.Contains(body, `href="`+way+`"`) {
		t.Errorf("the card's page does not lead to %s:\n%s", way, body)
	}
	if w := d.post(page(o), url.Values{"method": {string(m.ID)}}); w.Code != http.StatusSeeOther {
		t.Fatalf("paying answered %d, want 303", w.Code)
	}
	if body := d.get("/methods/" + string(m.ID)).Body.String(); strings.Contains(body, page(o)) {
		t.Error("the card's page leads to an order that is paid")
	}
	d.session = "" // another customer in the same browser
	b := d.Customer()
	d.enter(b)
	d.session += "; bursar_order=" + string(d.place(a, 5_00).ID)
	if body := d.get("/methods/" + string(d.Bind(b, sandbox.Mastercard).Method.ID)).Body.String(); strings.Contains(body, "/checkout/") {
		t.Error("the card's page leads to another account's order")
	}
}

func TestRenewingByHand(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	s := d.orderNow(d.buy(a, 12_34).ID).Subscriptions[0]
	d.enter(a)
	at := "/subscriptions/" + string(s.ID)
	first, again := d.post(at+"/renew", url.Values{"token": {"one"}}), d.post(at+"/renew", url.Values{"token": {"one"}})
	if first.Code != http.StatusSeeOther || first.Header().Get("Location") != again.Header().Get("Location") || !strings.HasPrefix(first.Header().Get("Location"), "/checkout/ord_") {
		t.Fatalf("renewing answered %d to %q and then %d to %q, want the same checkout", first.Code, first.Header().Get("Location"), again.Code, again.Header().Get("Location"))
	}
	if w := d.post(at+"/renew", url.Values{"token": {"two"}}); w.Code != 409 || !strings.Contains(w.Body.String(), `data-code="order_pending"`) {
		t.Errorf("another renewal answered %d, want 409 and why", w.Code)
	}
	if body := d.get(at).Body.String(); !strings.Contains(body, first.Header().Get("Location")) {
		t.Error("the page does not lead to the order that is to be paid")
	}
	if w := d.post(first.Header().Get("Location"), nil); w.Code != http.StatusSeeOther {
		t.Fatalf("paying answered %d, want 303", w.Code)
	}
	if w := d.post(at+"/automatic", url.Values{"on": {"0"}}); w.Code != http.StatusSeeOther || !strings.Contains(d.get(at).Body.String(), "does not renew itself") {
		t.Errorf("switching automatic renewal off answered %d", w.Code)
	}
	d.Prove()
}

func TestCancellingByHand(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	o := d.place(a, 12_34)
	paid := d.buy(a, 5_00)
	d.enter(a)
	if w := d.post(page(o)+"/cancel", nil); w.Code != http.StatusSeeOther || d.orderNow(o.ID).Order.State != order.Cancelled {
		t.Errorf("cancelling answered %d, and the order is %s", w.Code, d.orderNow(o.ID).Order.State)
	}
	if w := d.post(page(paid)+"/cancel", nil); w.Code != 403 || d.orderNow(paid.ID).Order.State != order.Paid {
		t.Errorf("cancelling what is paid answered %d, want 403", w.Code)
	}
}

func TestMessagesAreReadAndChosen(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	o := d.buy(a, 12_34)
	d.enter(a)
	unread := func() int {
		t.Helper()
		n, err := d.UnreadMessages(t.Context(), session(a), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := unread()
	m := d.told(a, "order_paid")
	for range 2 {
		if body := d.get("/messages/" + m.ID).Body.String(); !strings.Contains(body, "12.34") || !strings.Contains(body, `href="`+page(o)+`"`) {
			t.Errorf("the message does not say what was paid, or leads nowhere:\n%s", body)
		}
	}
	if got := unread(); got != before-1 {
		t.Errorf("%d messages are unread after one was read, want %d", got, before-1)
	}
	list, _, err := d.Messages(t.Context(), session(a), a.ID, office.Page{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if w := d.post("/messages/read", url.Values{"through": {list[0].ID}}); w.Code != http.StatusSeeOther || unread() != 0 {
		t.Errorf("marking all read answered %d, and %d are unread", w.Code, unread())
	}

	w := d.post("/messages/choices", url.Values{"language": {"ja"}, "kind.order_paid": {"1"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/messages/choices?saved&lang=ja" {
		t.Errorf("choosing answered %d to %q, want 303 to the page in Japanese", w.Code, w.Header().Get("Location"))
	}
	c, err := d.MailChoices(t.Context(), session(a), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range c.Kinds {
		if want := k.Critical || k.Kind == "order_paid"; k.Wanted != want {
			t.Errorf("mails of the kind %s are wanted: %t, want %t", k.Kind, k.Wanted, want)
		}
	}
	if w := d.post("/messages/choices", url.Values{"language": {"tlh"}}); w.Code != 422 {
		t.Errorf("an unknown language answered %d, want 422", w.Code)
	}
}

// A payer who has gone away from a challenge is told, and led back to it.
func TestAMessageLeadsToTheChallenge(t *testing.T) {
	d := newDesk(t)
	a := d.Customer()
	d.challenged(a)
	o := d.buy(a, 12_34)
	d.Pass(6 * time.Minute)
	m := d.told(a, "challenge_waiting")
	if m.Challenge == "" || d.orderNow(o.ID).Payments[0].State != payment.Waiting {
		t.Fatalf("the message %+v leads to no challenge", m)
	}
	d.enter(a)
	w := d.post("/messages/"+m.ID+"/confirm", nil)
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/challenge/") {
		t.Fatalf("going on answered %d to %q, want 303 to a challenge", w.Code, to)
	}
	w = d.post(w.Header().Get("Location"), nil)
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "http://world.test/") {
		t.Errorf("the link answered %d to %q, want 303 to the bank", w.Code, to)
	}
	d.Pass(time.Hour)
	if s := d.orderNow(o.ID); s.Order.State != order.Open || s.Payments[0].State != payment.Cancelled {
		t.Errorf("nobody came: the order is %s and its payment %s, want open and cancelled", s.Order.State, s.Payments[0].State)
	}
	d.enter(a) // the session is over, too
	if body := d.get(page(o)).Body.String(); !strings.Contains(body, "Pay again") {
		t.Error("the page does not let pay again")
	}
	d.Prove()
}
