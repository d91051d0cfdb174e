package staff_test

import (
	"bytes"
	"image"
	"image/png"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/office"
)

// TestWhereMoneyGoesIsAgreedByAnother: on the page of receiving accounts one proposes and
// another agrees, and then customers are told.
func TestWhereMoneyGoesIsAgreedByAnother(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.enter("Ann", "finance")
	letter := url.Values{
		"seller": {"main"}, "holder": {"Example Cloud <GmbH>"}, "bank": {"Example Bank"}, "bic": {"COBADEFFXXX"}, "country": {"de"}, "currency": {"eur"}, "scheme": {"iban"},
		"number": {"DE89 3704 0044 0532 0130 00"}, "rails": {"sepa", "swift"}, "shared": {"1"}, "reason": {"letter of 3 March"},
	}
	wrong := url.Values{}
	for name, values := range letter {
		wrong[name] = values
	}
	wrong["number"] = []string{"DE89 3704 0044 0532 0130 01"}
	if page := d.want(422, d.post("/staff/receiving", wrong)); !strings.Contains(page, "iban_invalid") {
		t.Errorf("a digit wrong: got %s", plain(page))
	}
	d.want(303, d.post("/staff/receiving", letter))
	page := plain(d.want(200, d.get("/staff/receiving")))
	for _, want := range []string{"Add a bank account", "DE89 3704 0044 0532 0130 00", "Example Cloud &lt;GmbH&gt;", "letter of 3 March", "Waiting for another person", "There are none: customers cannot transfer money."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q: %s", want, page)
		}
	}
	changes, _, err := d.ReceivingChanges(t.Context(), access.CommandLine, bank.ChangeProposed, office.Page{Limit: 10})
	if err != nil || len(changes) != 1 {
		t.Fatalf("got %d proposals, %v, want one", len(changes), err)
	}
	path := "/staff/receiving/changes/" + string(changes[0].ID)
	d.want(403, d.post(path+"/agree", url.Values{}))
	d.enter("Bob", "finance")
	if today := plain(d.want(200, d.get("/staff"))); !strings.Contains(today, "Receiving accounts to agree to") {
		t.Errorf("today does not tell of it: %s", today)
	}
	d.want(303, d.post(path+"/agree", url.Values{"note": {"compared"}}))
	d.want(303, d.post("/staff/receiving/pools", url.Values{"account": {string(changes[0].Receiving)}, "bank_code": {"37040044"}, "prefix": {"99"}, "first": {"1"}, "last": {"50"}, "note": {"the same letter"}}))
	d.want(422, d.post("/staff/receiving/pools", url.Values{"account": {string(changes[0].Receiving)}, "first": {"one"}, "note": {"x"}}))
	page = plain(d.want(200, d.get("/staff/receiving")))
	for _, want := range []string{"Add account numbers", "DE32 3704 0044 9900 0000 01", "Agreed", "compared", "shared"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q: %s", want, page)
		}
	}
	changes, _, _ = d.ReceivingChanges(t.Context(), access.CommandLine, bank.ChangeProposed, office.Page{Limit: 10})
	d.want(303, d.post("/staff/receiving/changes/"+string(changes[0].ID)+"/withdraw", url.Values{}))
	d.want(303, d.post("/staff/receiving/"+string(changes[0].Receiving)+"/close", url.Values{"note": {"moved"}}))
	changes, _, _ = d.ReceivingChanges(t.Context(), access.CommandLine, bank.ChangeProposed, office.Page{Limit: 10})
	d.enter("Ann", "finance")
	d.want(303, d.post("/staff/receiving/changes/"+string(changes[0].ID)+"/refuse", url.Values{"note": {"not yet"}}))
	if list, err := d.ReceivingAccounts(t.Context(), access.CommandLine); err != nil || len(list) != 1 || !list[0].IsOpen() {
		t.Errorf("got %+v, %v, want the account open", list, err)
	}
}

// TestAClaimsProofIsOpenedByWhoDecides: the file comes with the claim's form.
func TestAClaimsProofIsOpenedByWhoDecides(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.OpenBank()
	a := d.Customer(german)
	d.Import(d.received("50.00", "Somebody", "for you"))
	d.enter("Ann", "finance")
	var picture, body bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	form := multipart.NewWriter(&body)
	for name, text := range map[string]string{"receipt": string(d.onlyReceipt().ID), "account": string(a.ID), "note": "see the picture"} {
		if err := form.WriteField(name, text); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", "../../etc/passwd.png")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(picture.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/staff/claims", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	d.want(303, d.ask(r))
	claims, _, err := d.Claims(t.Context(), access.CommandLine, office.ClaimFilter{}, office.Page{Limit: 10})
	if err != nil || len(claims) != 1 || claims[0].ProofFile == "" {
		t.Fatalf("got %+v, %v, want a claim with a file", claims, err)
	}
	d.enter("Bob", "finance")
	path := "/staff/claim-proofs/" + string(claims[0].ProofFile)
	if page := d.want(200, d.get("/staff/approvals")); !strings.Contains(page, path) {
		t.Error("the approvals do not lead to the proof")
	}
	w := d.get(path)
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/png" || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") || !bytes.HasPrefix(w.Body.Bytes(), []byte("\x89PNG")) {
		t.Errorf("got %d %v, want the picture as a file", w.Code, w.Header())
	}
}
