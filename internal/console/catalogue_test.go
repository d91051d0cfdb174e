package console

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
)

var braces = regexp.MustCompile(`\{[a-z_]+\}`)

func TestEveryLanguageHasEveryTextWithItsNames(t *testing.T) {
	c := newCatalogue()
	first := c.languages[0]
	for _, w := range c.languages[1:] {
		for key, text := range first.texts {
			other, ok := w.texts[key]
			if !ok {
				t.Errorf("%s: %s is missing", w.Tag, key)
				continue
			}
			if (text == "") != (other == "") && key != "sentence.gap" {
				t.Errorf("%s: %s is empty in one language only", w.Tag, key)
			}
			got, want := braces.FindAllString(other, -1), braces.FindAllString(text, -1)
			slices.Sort(got)
			slices.Sort(want)
			if key != "date" && key != "month" && !slices.Equal(got, want) { // not all write months by name
				t.Errorf("%s: %s has the names %v, want %v", w.Tag, key, got, want)
			}
		}
		for key := range w.texts {
			if _, ok := first.texts[key]; !ok {
				t.Errorf("%s: %s is in no other language", w.Tag, key)
			}
		}
	}
}

func TestSentence(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "",
		"use another card": "Use another card.",
		"It is over.":      "It is over.",
		"ändern":           "Ändern.",
		"請更換銀行卡":           "請更換銀行卡。",
		"もう一度お試しください":      "もう一度お試しください。",
		"请联系银行。":           "请联系银行。",
	} {
		if got := sentence(in); got != want {
			t.Errorf("sentence(%q): got %q, want %q", in, got, want)
		}
	}
}

// TestPayPalSpeaksOfNoCard finds texts that a PayPal account would be told as if it
// were a card.
func TestPayPalSpeaksOfNoCard(t *testing.T) {
	w := newCatalogue().languages[0]
	keys := []string{"hold.descriptor", "hold.note", "challenge.open", "challenge.until", "waiting.bank", "method.known", "method.again"}
	for _, key := range wanted() {
		if strings.HasPrefix(key, "state.") && !strings.HasPrefix(key, "state.expired") || strings.HasPrefix(key, "step.") || strings.HasPrefix(key, "reason.") {
			keys = append(keys, key)
		}
	}
	ofCards := []string{"card_", "reason.unionpay", "reason.brand", "reason.funding", "reason.issuer_country", "reason.token_", "reason.method_type", "reason.three_ds"}
	for _, key := range keys {
		if slices.ContainsFunc(ofCards, func(of string) bool { return strings.Contains(key, of) }) {
			continue
		}
		if text := w.of(payment.PayPalKind, key); regexp.MustCompile(`(?i)\b(this|your|another) card\b|\bon the card\b|\byour bank\b`).MatchString(text) {
			t.Errorf("%s tells a PayPal account: %s", key, text)
		}
	}
}

// TestEveryKeyIsThereAndUsed reads the keys out of templates and code, and those
// that are put together from a beginning and a state.
func TestEveryKeyIsThereAndUsed(t *testing.T) {
	texts := newCatalogue().languages[0].texts
	used, beginnings := keysIn(t, "templates/*.html", regexp.MustCompile(`\b(?:t|of [\w$."]+) "([\w.]+)"|print "([\w.]+)"`)), []string{}
	for key := range keysIn(t, "*.go", regexp.MustCompile(`"([a-z][\w.]*)"`)) {
		used[key] = true
	}
	for key := range used {
		if strings.HasSuffix(key, ".") {
			beginnings = append(beginnings, key)
		}
	}
	beginnings = append(beginnings, "step.", "way.", "ways.", "reason.", "region.", "date", "paypal.", "usage.", "agreement.")
	for key := range texts {
		if !used[key] && !slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(key, b) }) {
			t.Errorf("the text %s is used nowhere", key)
		}
	}
	for key := range keysIn(t, "templates/*.html", regexp.MustCompile(`\b(?:t|of [\w$."]+) "([\w.]+)"`)) {
		if _, ok := texts[key]; !ok {
			t.Errorf("a template asks for the text %s, which is missing", key)
		}
	}
	for _, key := range wanted() {
		if _, ok := texts[key]; !ok {
			t.Errorf("the text %s is missing", key)
		}
	}
}

// wanted are the keys that are put together at run time.
func wanted() []string {
	var keys []string
	for _, s := range payment.MethodTable.States() {
		keys = append(keys, "state."+string(s), "state."+string(s)+".means")
	}
	for _, s := range payment.HoldTable.States() {
		keys = append(keys, "hold."+string(s))
	}
	for _, s := range payment.AgreementTable.States() {
		if s != payment.AgreementKept {
			keys = append(keys, agreementKeys[s], agreementKeys[s]+".means")
		}
	}
	for _, s := range []string{"asked", "opening", "unknown", "challenged", "placed", "placed_next", "renewed", "ends_next", "claimed", "captured", "releasing", "released", "expired", "refused"} {
		keys = append(keys, "usage."+s, "usage."+s+".text")
	}
	for _, why := range []string{"not_preferred", "unused", "promise_over", "capture_failed"} {
		keys = append(keys, "usage.why."+why)
	}
	for _, r := range policy.BuiltIn().Regions() {
		keys = append(keys, "region."+string(r))
	}
	for _, s := range []string{"asked", "challenged", "opening", "unknown", "placed", "placed_past", "placed_next", "release_next", "releasing", "release_sent", "released", "released_next", "expired", "refused"} {
		keys = append(keys, "step."+s, "step."+s+".text")
	}
	for _, k := range []policy.Kind{policy.Card, policy.PayPal, policy.BankTransfer} {
		for _, q := range []string{"", ".who", ".how", ".fast", ".fees", ".limits"} {
			keys = append(keys, "way."+string(k)+q)
		}
	}
	for _, code := range []string{
		"card_expired", "unionpay_only", "card_expiry_invalid", "method_not_available", "brand_unsupported", "card_prepaid", "funding_blocked",
		"issuer_country_blocked", "binding_stopped", "bank_transfer_not_open", "too_many_tries", "already_bound", "consent_missing", "token_unknown",
		"method_type_unsupported", "provider_unreachable", "provider_misconfigured", "provider_stopped", "currency_not_offered", "account_closed",
		"method_not_active", "no_challenge", "insufficient_funds", "issuer_block", "authentication", "data", "unsupported", "final", "try_later",
		"challenge_expired", "three_ds_missing", "hold_cancelled", "provider_unavailable", "agreement_not_approved", "payer_country_blocked",
		"forbidden", "method_in_flight", "method_preferred", "resources_running", "usage_unbilled", "bill_unpaid", "payment_overdue", "account_not_closing",
	} {
		keys = append(keys, "reason."+code, "reason."+code+".next")
	}
	for _, code := range problems {
		keys = append(keys, "problem."+code)
	}
	return append(keys, wantedByBuying()...)
}

func keysIn(t *testing.T, pattern string, key *regexp.Regexp) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	for _, name := range list {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
			if len(m) > 2 {
				found[m[2]] = true
			}
		}
	}
	return found
}

func TestFormats(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"0.00", "0.00"}, {"999.99", "999.99"}, {"1000.00", "1,000.00"}, {"-1234567.5", "−1,234,567.5"}, {"100000", "100,000"},
	} {
		if got := grouped(c.in); got != c.want {
			t.Errorf("%s is written %s, want %s", c.in, got, c.want)
		}
	}
}
