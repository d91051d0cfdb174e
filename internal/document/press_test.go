package document_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/goregular"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/document"
	"github.com/bursar-pay/bursar/internal/order"
)

// squeezed is a text without its spaces and line ends, which setting moves.
func squeezed(s string) string { return strings.Join(strings.Fields(s), "") }

// TestEveryFactIsOnTheDocument reads each document back: names, numbers and amounts
// come out as they went in, in every language.
func TestEveryFactIsOnTheDocument(t *testing.T) {
	want := map[string][]string{
		"proof":        {"DE89 3704 0044 0532 0130 00", "COBADEFF", "Example Bank AG"},
		"proof_shared": {"DE89 3704 0044 0532 0130 00", transfer(false).Reference},
		"request":      {"1,188,810.00 EUR", "2026-02-000017", "PO 4711", transfer(false).Reference},
		"bill":         {"2026-02-000017", "1,190,000.00 EUR", "−1,190.00 EUR", "1,188,810.00 EUR", "VAT 19%", "190,000.00 EUR", "Visa •••• 4242", "pay_01j8z3v6k2m4n8p0q2r4s6t8vw", "1,234.567890123456", "データ転送", "Réseau privé"},
		"receipt":      {"PO-4711/雲", "119.00 EUR", "−10.00 EUR", "PayPal buyer@example.com", "2026-02-14 – 2026-03-14"},
		"credit_note":  {"CN-2026-000001", "10.00 EUR", "8.40 EUR", "1.60 EUR"},
	}
	for _, language := range account.Languages {
		party := customers[language]
		for name, set := range kinds(t, language) {
			file, err := set()
			if err != nil {
				t.Fatalf("%s in %s: %v", name, language, err)
			}
			text := squeezed(strings.Join(readPDF(t, file), "\n"))
			facts := append(slices.Clone(want[name]), seller.Name, seller.TaxID, party.Account, party.TaxID)
			for _, f := range append(facts, party.Address...) {
				if !strings.Contains(text, squeezed(f)) {
					t.Errorf("%s in %s does not say %q", name, language, f)
				}
			}
			if !strings.Contains(text, squeezed(party.Name)) {
				t.Errorf("%s in %s does not name %q", name, language, party.Name)
			}
		}
	}
}

func TestTablesGoOnWithTheirHead(t *testing.T) {
	d := aBill(t, "en", 120, true)
	for i := range d.Shares {
		d.Shares[i].Product = fmt.Sprintf("Product number %03d", i)
	}
	file, err := press.Bill(d)
	if err != nil {
		t.Fatal(err)
	}
	pages := readPDF(t, file)
	if len(pages) < 4 {
		t.Fatalf("120 products take %d pages, want more", len(pages))
	}
	next := 0
	for n, page := range pages {
		if want := fmt.Sprintf("Page %d of %d", n+1, len(pages)); !strings.Contains(page, want) {
			t.Errorf("page %d does not say %q", n+1, want)
		}
		rows := strings.Count(page, "Product number")
		if rows > 0 && strings.Count(page, "Carried out") != 1 {
			t.Errorf("page %d has %d rows and not one head", n+1, rows)
		}
		for range rows {
			if want := fmt.Sprintf("Product number %03d", next); !strings.Contains(page, want) {
				t.Errorf("page %d lacks %q", n+1, want)
			}
			next++
		}
	}
	if next != 120 {
		t.Errorf("%d rows are on the pages, want 120", next)
	}
}

func TestALongBillIsRefusedAndNotCut(t *testing.T) {
	d := aBill(t, "en", 9_000, false)
	if _, err := press.Bill(d); !errors.Is(err, document.ErrTooLong) {
		t.Errorf("9,000 products: got %v, want %v", err, document.ErrTooLong)
	}
}

// TestNamesOfAllKinds: a name comes out as it went in; what no font has stands there
// as its code point, and a note says so; nothing is ever lost.
func TestNamesOfAllKinds(t *testing.T) {
	const note = "could not be set here"
	for _, c := range []struct {
		name, in, want string // want "" is in
	}{
		{"German", "Müller & Söhne Straßenbau", ""},
		{"Polish", "Zażółć gęślą jaźń S.A.", ""},
		{"Vietnamese", "Nguyễn Thị Ngọc Ánh Đặng", ""},
		{"Greek", "Αθανάσιος Παπαδόπουλος", ""},
		{"Russian", "Щербакова Ольга Юрьевна", ""},
		{"Georgian", "გიორგი", ""},
		{"Armenian", "Հայաստան", ""},
		{"Korean", "대한민국 주식회사", ""},
		{"Japanese", "渡邊 齋藤 髙橋 株式会社ヴェルサイユ", ""},
		{"above U+FFFF", "𠮷野家 𠀋", ""},
		{"traditional and rare", "龘靐齉 鑫淼森 邨瀞", ""},
		{"compatibility ideographs stay what they are", "\ufa11\ufa0f", ""},
		{"marks behind letters are put together", "Ame\u0301lie Nguye\u0302\u0303n", "Amélie Nguyễn"},
		{"punctuation", "“A” – B… ‘C’ №5 ½ € ₩ ¥", ""},
		{"emoji", "Rocket 🚀 Inc", "Rocket [U+1F680] Inc"},
		{"Arabic, whose letters join", "شركة", "[U+0634][U+0631][U+0643][U+0629]"},
		{"Hebrew, from right to left", "א1", "[U+05D0]1"},
		{"Thai, whose marks stack", "ไทย", "[U+0E44][U+0E17][U+0E22]"},
		{"what nobody sees", "Ac\u200bme\u202eInc", "Ac[U+200B]me[U+202E]Inc"},
		{"a selector of variants", "葛\U000e0100飾", "葛[U+E0100]飾"},
		{"private use", "\ue000", "[U+E000]"},
	} {
		d := aReceipt("en")
		d.Customer.Name = c.in
		file, err := press.Receipt(d)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := c.want
		if want == "" {
			want = c.in
		}
		text := strings.Join(readPDF(t, file), "\n")
		if !strings.Contains(squeezed(text), squeezed(want)) {
			t.Errorf("%s: %q is not in\n%s", c.name, want, text)
		}
		if got := strings.Contains(text, note); got != strings.Contains(want, "[U+") {
			t.Errorf("%s: the note is there: %v", c.name, got)
		}
	}
}

func TestOwnFontsGoFirst(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "House.ttf"), goregular.TTF, 0o600); err != nil {
		t.Fatal(err)
	}
	d := aReceipt("en")
	d.Order.Reference = "PO-4711"
	file, err := document.New([]string{dir}, nil).Receipt(d)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(file), "+House") || strings.Contains(string(file), "+GoRegular") {
		t.Error("the operator's own font is not the one that is used")
	}
	if err := os.WriteFile(filepath.Join(dir, "Broken.ttf"), goregular.TTF[:5000], 0o600); err != nil {
		t.Fatal(err)
	}
	for name, own := range map[string]string{"a broken font": dir, "no directory": filepath.Join(dir, "nowhere")} {
		if _, err := document.New([]string{own}, nil).Receipt(d); !errors.Is(err, document.ErrFont) {
			t.Errorf("%s: got %v, want %v", name, err, document.ErrFont)
		}
	}
}

// TestWithoutFontsOfTheMachine: English is set all the same, and what is not is marked.
func TestWithoutFontsOfTheMachine(t *testing.T) {
	d := aReceipt("en")
	d.Customer.Name = "Acme 雲"
	file, err := document.New(nil, nil).Receipt(d)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(readPDF(t, file), "\n"); !strings.Contains(text, "Acme [U+96F2]") {
		t.Errorf("got\n%s\nwant the name with a code point in it", text)
	}
}

func TestReverseChargeIsSaid(t *testing.T) {
	d := aReceipt("en")
	d.Debt.TaxRule = billing.TaxRule{Name: "VAT", Rate: "0", Version: "eu-2021"}
	file, err := press.Receipt(d)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(readPDF(t, file), "\n"); !strings.Contains(text, "VAT 0%") || !strings.Contains(text, "reverse charge") {
		t.Errorf("got\n%s\nwant the tax and who accounts for it", text)
	}
}

func TestEveryLanguageHasEveryText(t *testing.T) {
	all, err := document.Languages(account.Languages)
	if err != nil {
		t.Fatal(err)
	}
	for key, english := range all["en"] {
		for _, language := range account.Languages {
			text, known := all[language][key]
			if !known || text == "" {
				t.Errorf("%s has no text %s", language, key)
			}
			for _, hole := range strings.SplitAfter(english, "}") {
				if _, name, ok := strings.Cut(hole, "{"); ok && !strings.Contains(text, "{"+name) && name != "month_name}" {
					t.Errorf("%s: the text %s lacks {%s", language, key, name)
				}
			}
		}
	}
	for _, language := range account.Languages {
		if len(all[language]) != len(all["en"]) {
			t.Errorf("%s has %d texts, English has %d", language, len(all[language]), len(all["en"]))
		}
	}
}

// TestReceiptsOfAllKinds: whatever a payment was for has words.
func TestReceiptsOfAllKinds(t *testing.T) {
	for _, language := range account.Languages {
		for name, change := range map[string]func(*document.Receipt){
			"threshold":                           func(d *document.Receipt) { d.Debt.Kind = billing.ThresholdDebt },
			"remainder":                           func(d *document.Receipt) { d.Debt.Kind = billing.RemainderDebt },
			"bill":                                func(d *document.Receipt) { d.Debt.Kind, d.Bill = billing.BillDebt, "202602-1" },
			"an order that is not there any more": func(d *document.Receipt) {},
			"top-up":                              func(d *document.Receipt) { d.Order = order.Order{ID: "ord_1", Reference: "topup:1", TopUp: true} },
		} {
			d := aReceipt(language)
			d.Order, d.Debt.Shares = order.Order{}, shares(t, 2)
			change(&d)
			file, err := press.Receipt(d)
			if err != nil {
				t.Errorf("%s in %s: %v", name, language, err)
				continue
			}
			text := strings.Join(readPDF(t, file), "\n")
			if !strings.Contains(text, "119.00\u00a0EUR") || strings.Contains(text, "topup:") {
				t.Errorf("%s in %s:\n%s", name, language, text)
			}
		}
	}
}
