package api_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"mime/multipart"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/evidence"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/seal"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// stopped opens an account and an identity check about one of its cards, as risk
// does, and returns their ids.
func (d *desk) stopped() (acct, check string) {
	d.t.Helper()
	d.office.Vault = seal.New(seal.NewFile(filepath.Join(d.t.TempDir(), "master.json")))
	d.office.Evidence = evidence.NewCleaner(evidence.DefaultLimits(), evidence.NoScanner{})
	acct = d.post(201, "/v1/accounts", `{"reference":"r","name":"n","country":"US","currency":"USD","email":"a@example.com"}`)["id"].(string)
	stop := identity.Stop{Account: account.ID(acct), Occasion: "bind", Rule: "a_rule", Policy: "builtin-1"}
	c := store.IdentityCase{
		Case:       identity.Ask(identity.CaseID(d.office.IDs.New("kyc_")), stop, d.now, policy.BuiltIn().Identity),
		Instrument: "stripe:f", Looks: store.Looks{Kind: "card", Brand: "visa", Last4: "4242"},
	}
	if err := d.store.Update(context.Background(), func(tx *store.Tx) error { return tx.AddCase(context.Background(), c) }); err != nil {
		d.t.Fatal(err)
	}
	return acct, string(c.ID)
}

// form is a body with one file in it, and its content type.
func form(t testing.TB, field string, content []byte) (body, media string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile(field, "../../etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func photograph(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 30, 20)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (d *desk) upload(check, kind, key string, content []byte) *httptest.ResponseRecorder {
	d.t.Helper()
	body, media := form(d.t, "file", content)
	return d.ask(ask{method: "POST", path: "/v1/identity-checks/" + check + "/documents?kind=" + kind, key: key, body: body, header: map[string]string{"Content-Type": media}})
}

func TestIdentityCheckOverTheAPI(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			d := open(t, engine)
			acct, check := d.stopped()
			customers := d.newKey(access.MethodsWrite)
			reviewers := d.newKey(access.MethodsRead, access.IdentityRead, access.IdentityReview)

			got := d.want(200, ask{method: "GET", path: "/v1/identity-checks/" + check, key: customers})
			if got["state"] != "open" || got["rule"] != nil || len(got["missing"].([]any)) != 3 {
				t.Errorf("the customer's side sees %v", got)
			}
			var document string
			for _, kind := range []string{"registered_identity", "payment_method_image", "latest_statement"} {
				w := d.upload(check, kind, customers, photograph(t))
				if w.Code != 201 || !strings.Contains(w.Body.String(), `"media":"image/jpeg"`) || strings.Contains(w.Body.String(), "passwd") {
					t.Fatalf("upload: got %d %s", w.Code, w.Body)
				}
				_, rest, _ := strings.Cut(w.Body.String(), `"id":"`)
				document, _, _ = strings.Cut(rest, `"`)
			}
			d.want(200, ask{method: "POST", path: "/v1/identity-checks/" + check + "/submit", key: customers})
			if got := d.want(200, ask{method: "GET", path: "/v1/accounts/" + acct + "/identity-checks", key: customers}); len(got["data"].([]any)) != 1 {
				t.Errorf("the account's checks: got %v", got)
			}

			// Documents leave as files that nothing renders, and staff alone gets them.
			if w := d.ask(ask{method: "GET", path: "/v1/identity-documents/" + document + "/content", key: customers}); w.Code != 403 {
				t.Errorf("the customer's key opens a document: got %d", w.Code)
			}
			r := httptest.NewRequest("GET", "/v1/identity-documents/"+document+"/content?reason=review", nil)
			r.Header.Set("Authorization", "Bearer "+reviewers)
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r) // the answer is no JSON
			if w.Code != 200 || !bytes.HasPrefix(w.Body.Bytes(), []byte("\xff\xd8")) {
				t.Fatalf("open: got %d %.100s", w.Code, w.Body)
			}
			for name, want := range map[string]string{
				"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "no-store",
				"Content-Disposition": `attachment; filename="` + document + `.jpg"`,
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			views := d.want(200, ask{method: "GET", path: "/v1/identity-document-views?identity_check=" + check, key: reviewers})["data"].([]any)
			if len(views) != 1 || views[0].(map[string]any)["reason"] != "review" || views[0].(map[string]any)["identity_document"] != document {
				t.Errorf("the log: got %v", views)
			}

			queue := d.want(200, ask{method: "GET", path: "/v1/identity-checks?state=submitted", key: reviewers})["data"].([]any)
			if len(queue) != 1 || queue[0].(map[string]any)["rule"] != "a_rule" {
				t.Errorf("the queue: got %v", queue)
			}
			d.want(422, ask{method: "POST", path: "/v1/identity-checks/" + check + "/reject", key: reviewers, body: `{"reason":"ugly"}`})
			d.want(200, ask{method: "POST", path: "/v1/identity-checks/" + check + "/reject", key: reviewers, body: `{"reason":"blurred","kinds":["latest_statement"]}`})
			got = d.want(200, ask{method: "GET", path: "/v1/identity-checks/" + check, key: customers, header: map[string]string{"Accept-Language": "ja"}})
			if why, _ := got["explanation"].(map[string]any); got["reason"] != "blurred" || why["title"] != "書類が不鮮明です" || got["decided_by"] != nil {
				t.Errorf("after the rejection the customer's side sees %v", got)
			}
			// Who sends one for the customer does not decide on it.
			both := d.newKey(access.MethodsWrite, access.IdentityReview)
			if w := d.upload(check, "latest_statement", both, photograph(t)); w.Code != 201 {
				t.Fatalf("upload again: got %d %s", w.Code, w.Body)
			}
			d.want(200, ask{method: "POST", path: "/v1/identity-checks/" + check + "/submit", key: customers})
			if got := d.want(403, ask{method: "POST", path: "/v1/identity-checks/" + check + "/approve", key: both}); got["code"] != "identity_own_documents" {
				t.Errorf("got %v, want identity_own_documents", got["code"])
			}
			d.want(200, ask{method: "POST", path: "/v1/identity-checks/" + check + "/approve", key: reviewers})
			d.want(409, ask{method: "POST", path: "/v1/identity-checks/" + check + "/approve", key: reviewers})
		})
	}
}

func TestUploadsThatAreNotTaken(t *testing.T) {
	d := newDesk(t)
	_, check := d.stopped()
	path := "/v1/identity-checks/" + check + "/documents?kind=latest_statement"
	other, media := form(t, "other", photograph(t))
	half := other[:len(other)/2]
	for _, c := range []struct {
		name, body, media, code string
		status                  int
	}{
		{"no form", `{"file":"x"}`, "application/json", "media_type_unsupported", 415},
		{"a form without an end or file", half, media, "upload_malformed", 400},
		{"a form without the file", other, media, "upload_malformed", 400},
		{"a form without a boundary", other, "multipart/form-data", "upload_malformed", 400},
		{"more than a document can have", strings.Repeat("x", 11<<20), media, "body_too_large", 413},
	} {
		got := d.want(c.status, ask{method: "POST", path: path, body: c.body, header: map[string]string{"Content-Type": c.media}})
		if got["code"] != c.code {
			t.Errorf("%s: got %v, want %s", c.name, got["code"], c.code)
		}
	}
	for name, c := range map[string]struct {
		content []byte
		code    string
	}{
		"nothing": {nil, "evidence_empty"},
		"a page":  {[]byte("<html><script>alert(1)</script>"), "evidence_kind"},
		"zeros":   {make([]byte, 10<<20+1), "evidence_too_large"},
	} {
		if w := d.upload(check, "latest_statement", "", c.content); !strings.Contains(w.Body.String(), `"code":"`+c.code+`"`) {
			t.Errorf("%s: got %d %s, want %s", name, w.Code, w.Body, c.code)
		}
	}
	if w := d.upload(check, "selfie", "", photograph(t)); w.Code != 422 || !strings.Contains(w.Body.String(), "identity_kind_unknown") {
		t.Errorf("no kind of ours: got %d %s", w.Code, w.Body)
	}
	// A body that says how large it is, and is too large, is not read.
	r := httptest.NewRequest("POST", path, unread{t})
	r.ContentLength = 1 << 40
	r.Header.Set("Authorization", "Bearer "+d.key)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if w.Code != 413 {
		t.Errorf("a terabyte: got %d %s, want 413", w.Code, w.Body)
	}
	if got := d.want(200, ask{method: "GET", path: "/v1/identity-checks/" + check}); len(got["missing"].([]any)) != 3 {
		t.Errorf("something was kept: %v", got)
	}
}

// unread is a body that nobody is to read.
type unread struct{ t testing.TB }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, nil
}
