package mail_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/mail"
)

// everyFact is something for every place in a text.
var everyFact = mail.Facts{
	"amount": "1234.50 USD", "total": "1234.50 USD", "month": "2026-03", "expires": "2026-04", "until": "2026-03-31", "product": "Large",
	"reason": "no_payment_method", "last4": "4242", "brand": "visa",
}

func TestEveryKindIsToldInEveryLanguage(t *testing.T) {
	for _, k := range mail.Kinds {
		for _, variant := range []string{"", "paypal", "exposure", "credit", "change"} {
			facts := mail.Facts{"variant": variant}
			for name, fact := range everyFact {
				facts[name] = fact
			}
			first := mail.Write(k.Name, facts, mail.Reader{Language: "en"})
			for _, tag := range account.Languages {
				w := mail.Write(k.Name, facts, mail.Reader{Language: tag})
				if w.Title == "" || w.Title == k.Name || len(w.Paragraphs) != len(first.Paragraphs) || len(w.Paragraphs) == 0 || w.Go == "" {
					t.Errorf("%s/%s in %s: got %+v, want a title, %d paragraphs and a way on", k.Name, variant, tag, w, len(first.Paragraphs))
				}
				if text := w.Title + strings.Join(w.Paragraphs, ""); strings.ContainsAny(text, "{}\n") {
					t.Errorf("%s/%s in %s: got %q, want no place left and no line broken", k.Name, variant, tag, text)
				}
				if tag != "en" && w.Title == first.Title {
					t.Errorf("%s in %s: got the English title %q", k.Name, tag, w.Title)
				}
				if label := mail.Label(k.Name, tag); label == k.Name || label == "" {
					t.Errorf("%s in %s: got the label %q", k.Name, tag, label)
				}
			}
		}
	}
}

// TestTheLanguagesSayTheSame finds words, reasons and kinds that a language has and
// another has not, and places that one of them does not fill.
func TestTheLanguagesSayTheSame(t *testing.T) {
	first := mail.Places("en")
	if len(first) < 50 {
		t.Fatalf("got %d texts in English, want more", len(first))
	}
	for _, tag := range account.Languages {
		other := mail.Places(tag)
		for key, places := range first {
			if got, ok := other[key]; !ok || !slices.Equal(got, places) {
				t.Errorf("%s in %s: got places %v (there %t), want %v", key, tag, got, ok, places)
			}
		}
		for key := range other {
			if _, ok := first[key]; !ok {
				t.Errorf("%s is in %s, and not in English", key, tag)
			}
		}
	}
	for key := range first {
		name, isKind := strings.CutPrefix(key, "kind ")
		name, _, _ = strings.Cut(name, "/")
		if _, known := mail.KindOf(name); isKind && !known {
			t.Errorf("the texts have the kind %s, which is none", name)
		}
	}
}

func TestAmountsAndDatesAreWrittenByLanguage(t *testing.T) {
	for _, c := range []struct{ tag, want string }{
		{"en", "Your bill for March 2026: 1,234.50\u00a0USD"},
		{"zh-Hant", "2026年3月賬單：1,234.50\u00a0USD"},
		{"zh-Hans", "2026年3月账单：1,234.50\u00a0USD"},
		{"ja", "2026年3月分の請求書：1,234.50\u00a0USD"},
		{"xx", "Your bill for March 2026: 1,234.50\u00a0USD"},
	} {
		if got := mail.Write("bill_issued", everyFact, mail.Reader{Language: c.tag}).Title; got != c.want {
			t.Errorf("%s: got %q, want %q", c.tag, got, c.want)
		}
	}
	zone := time.FixedZone("", 9*3600)
	late := mail.Facts{"until": "2026-03-31T20:00:00Z"}
	if got := mail.Write("account_closing", late, mail.Reader{Language: "en", Zone: zone}).Paragraphs[0]; !strings.Contains(got, "1 April 2026") {
		t.Errorf("got %q, want the day that it is in the reader's zone", got)
	}
	for _, c := range []struct{ amount, want string }{
		{"1000000 JPY", "1,000,000\u00a0JPY"}, {"0.125 KWD", "0.125\u00a0KWD"}, {"-12.00 USD", "−12.00\u00a0USD"}, {"999.99 EUR", "999.99\u00a0EUR"},
	} {
		if got := mail.Write("refund_done", mail.Facts{"amount": c.amount}, mail.Reader{}).Title; got != c.want+" was given back" {
			t.Errorf("%s: got %q, want %s", c.amount, got, c.want)
		}
	}
}

func TestWhatIsNotKnownIsLeftOut(t *testing.T) {
	w := mail.Write("nothing_to_charge", mail.Facts{"amount": "5.00 USD", "reason": "a_code_of_tomorrow"}, mail.Reader{})
	if len(w.Paragraphs) != 2 || strings.Contains(strings.Join(w.Paragraphs, " "), "tomorrow") {
		t.Errorf("got %q, want the amount and what to do, and nothing of a code without words", w.Paragraphs)
	}
	if got := mail.Write("of_tomorrow", nil, mail.Reader{}); got.Title != "of_tomorrow" {
		t.Errorf("got %+v for a kind without words, want its name", got)
	}
}

func TestMethodsAreToldAsTheirHoldersKnowThem(t *testing.T) {
	for _, c := range []struct {
		facts mail.Facts
		want  string
	}{
		{mail.Facts{"kind": "card", "last4": "4242", "brand": "visa"}, "Visa\u00a0••••\u00a04242 has expired"},
		{mail.Facts{"kind": "card", "last4": "4242"}, "Card\u00a0••••\u00a04242 has expired"},
		{mail.Facts{"kind": "paypal", "email": "payer@example.com"}, "PayPal\u00a0payer@example.com has expired"},
		{mail.Facts{}, "Card has expired"},
	} {
		if got := mail.Write("method_expired", c.facts, mail.Reader{}).Title; got != c.want {
			t.Errorf("%v: got %q, want %q", c.facts, got, c.want)
		}
	}
	if got := mail.Write("method_invalid", mail.Facts{"kind": "paypal"}, mail.Reader{}).Title; got != "The agreement with PayPal was cancelled" {
		t.Errorf("got %q, want PayPal's own words", got)
	}
}
