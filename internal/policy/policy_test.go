package policy_test

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/policy"
)

// document is the built-in policy with some of its text replaced: each old text, which
// must stand there once, by the new one after it.
func document(t *testing.T, oldAndNew ...string) string {
	t.Helper()
	text := policy.BuiltIn().Document
	for i := 0; i < len(oldAndNew); i += 2 {
		if n := strings.Count(text, oldAndNew[i]); n != 1 {
			t.Fatalf("%q stands in the built-in policy %d times, want once", oldAndNew[i], n)
		}
		text = strings.Replace(text, oldAndNew[i], oldAndNew[i+1], 1)
	}
	return text
}

// with is the policy of such a document.
func with(t *testing.T, oldAndNew ...string) policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(document(t, oldAndNew...)), "test")
	if err != nil {
		t.Fatalf("the document is refused: %v", err)
	}
	return p
}

func at(t *testing.T, instant string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// codes are the codes of all faults in err.
func codes(err error) string {
	var all []string
	for _, f := range fault.All(err) {
		all = append(all, f.Code)
	}
	return strings.Join(all, " ")
}

// checkFaults fails unless every fault in err can be shown: a code, a message and a next step.
func checkFaults(t *testing.T, err error) {
	t.Helper()
	for _, f := range fault.All(err) {
		if f.Code == "" || f.Message == "" || f.Next == "" {
			t.Errorf("fault %q lacks a code, a message or a next step: %q, %q", f.Code, f.Message, f.Next)
		}
	}
}

func TestBuiltInSaysWhatTheSeedSays(t *testing.T) {
	p := policy.BuiltIn()
	hours := func(n int) time.Duration { return time.Duration(n) * time.Hour }
	cases := []struct {
		name      string
		got, want any
	}{
		{"version", p.Version, "builtin-1"},
		{"effective", p.Effective, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"zone", p.Zone.String(), "UTC"},
		{"descriptor", p.Descriptor, "BURSAR.EXAMPLE"},
		{"binding is open", p.BindingOpen, true},
		{"holds are voided within 24 hours", p.VoidWithin, hours(24)},
		{"challenge", p.ChallengeExpiresAfter, 30 * time.Minute},
		{"link", p.LinkExpiresAfter, hours(72)},
		{"suspend at T+15", p.SuspendAfter, hours(15 * 24)},
		{"release at T+30", p.ReleaseAfter, hours(30 * 24)},
		{"only the preferred method", p.OtherMethods, false},
		{"bill day", p.BillDay, 1},
		{"credit invoice on the 6th", p.CreditInvoiceDay, 6},
		{"credit terms", p.CreditTerms, policy.Terms{Days: 30}},
		{"silent period", p.SilentPeriod, hours(15 * 24)},
		{"orders", p.Orders, policy.Orders{LapseAfter: hours(24), RenewBefore: hours(72), LatePayment: policy.ApplyLate}},
		{"refunds to cards", p.RefundWindow(policy.Card), hours(150 * 24)},
		{"refunds to PayPal", p.RefundWindow(policy.PayPal), hours(180 * 24)},
		{"tries per account", p.BindLimits.TriesPerAccount, policy.Limit{Count: 5, Within: hours(24)}},
		{"cards per account", p.BindLimits.CardsPerAccount, policy.Limit{Count: 3, Within: hours(24)}},
		{"tries per card", p.BindLimits.TriesPerCard, policy.Limit{Count: 5, Within: hours(24)}},
		{"tries per network", p.BindLimits.TriesPerNetwork, policy.Limit{Count: 10, Within: hours(1)}},
		{"IPv4 network", p.BindLimits.IPv4Bits, 24},
		{"IPv6 network", p.BindLimits.IPv6Bits, 56},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
}

func TestDemoIsTheBuiltInPolicyButForThresholdTaxAndRisk(t *testing.T) {
	want := []string{
		"the card threshold in USD changes from 1000.00 to 5.00",
		"the tax jp-consumption-2019 is new: Consumption tax of 0.10 for JP from 2019-10-01",
	}
	changes := slices.DeleteFunc(policy.Diff(policy.BuiltIn(), policy.Demo()), func(c policy.Change) bool { return strings.HasPrefix(c.Field, "risk") })
	checkChanges(t, changes, want)
}

func TestTimelineHasAPolicyForEachInstant(t *testing.T) {
	first := with(t, "version: builtin-1 ", "version: first", "effective: 2020-01-01", "effective: 2024-09-01")
	second := with(t, "version: builtin-1 ", "version: second", "effective: 2020-01-01", "effective: 2024-09-15T12:00:00+02:00")
	third := with(t, "version: builtin-1 ", "version: third", "effective: 2020-01-01", "effective: 2024-10-01")
	mended := with(t, "version: builtin-1 ", "version: mended", "effective: 2020-01-01", "effective: 2024-10-01")
	line := policy.NewTimeline(third, first, second, mended)
	cases := []struct{ name, instant, want string }{
		{"before the first", "2023-01-01T00:00:00Z", "first"},
		{"as the first begins", "2024-09-01T00:00:00Z", "first"},
		{"a second before the second", "2024-09-15T09:59:59Z", "first"},
		{"as the second begins", "2024-09-15T10:00:00Z", "second"},
		{"later in that month", "2024-09-30T23:59:59Z", "second"},
		{"of two from one instant, the later given", "2024-10-01T00:00:00Z", "mended"},
		{"long after", "2030-01-01T00:00:00Z", "mended"},
	}
	for _, c := range cases {
		if got := line.At(at(t, c.instant)).Version; got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	if got := policy.NewTimeline().At(at(t, "2024-01-01T00:00:00Z")).Version; got != "builtin-1" {
		t.Errorf("without any policy: got %s, want the built-in one", got)
	}
}

func TestDatesAreTheFirstInstantOfTheDayInTheZone(t *testing.T) {
	cases := []struct{ name, zone, date, want string }{
		{"UTC", "UTC", "2024-03-31", "2024-03-31T00:00:00Z"},
		{"clocks go forward later that day", "Europe/Berlin", "2024-03-31", "2024-03-30T23:00:00Z"},
		{"the day after", "Europe/Berlin", "2024-04-01", "2024-03-31T22:00:00Z"},
		{"clocks go back later that day", "Europe/Berlin", "2024-10-27", "2024-10-26T22:00:00Z"},
		{"midnight is left out", "Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00Z"},
		{"midnight comes twice", "America/Havana", "2024-11-03", "2024-11-03T04:00:00Z"},
		{"clocks went back to the day before", "Africa/Cairo", "2024-11-01", "2024-10-31T22:00:00Z"},
		{"midnight is left out in the south", "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"},
		{"midnight is left out in the east", "Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00Z"},
		{"farthest east", "Pacific/Kiritimati", "2024-01-01", "2023-12-31T10:00:00Z"},
		{"leap day", "America/Los_Angeles", "2024-02-29", "2024-02-29T08:00:00Z"},
		{"an instant has its own offset", "Asia/Tokyo", "2024-02-29T00:00:00-12:00", "2024-02-29T12:00:00Z"},
	}
	for _, c := range cases {
		p := with(t, "zone: UTC ", "zone: "+c.zone, "effective: 2020-01-01", "effective: "+c.date)
		if !p.Effective.Equal(at(t, c.want)) {
			t.Errorf("%s: %s begins at %s, want %s", c.name, c.date, p.Effective.Format(time.RFC3339), c.want)
		}
	}
}

func checkChanges(t *testing.T, got []policy.Change, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("change %d is missing, want %q", i, want[i])
		case i >= len(want):
			t.Errorf("change %d: got %q, want none", i, got[i].Text)
		case got[i].Text != want[i]:
			t.Errorf("change %d: got %q, want %q", i, got[i].Text, want[i])
		}
	}
}

func TestDiff(t *testing.T) {
	builtIn := policy.BuiltIn()
	if changes := policy.Diff(builtIn, builtIn); len(changes) > 0 {
		t.Errorf("a policy differs from itself: %v", changes)
	}
	changed := with(t,
		"version: builtin-1 ", "version: two",
		"GB, GG", "GG",
		"cohorts: []", "cohorts: [{country: MY, registered_before: 2019-10-08, region: other}]",
		"malaysia: [visa, mastercard]", "malaysia: [visa, mastercard, amex]",
		"  eu: [visa, mastercard, amex]", "  eu: [visa, mastercard]",
		"issuer_countries: [CN]", "issuer_countries: []",
		"open: on ", "open: off ",
		"      MYR: 1.00\n", "",
		"{least: 8.00, start: 8.00, most: 500.00}", "{least: 8.00, start: 10.00, most: 500.00}",
		"[0d, 7d, 14d]", "[0d, 3d]",
		"visa: [15 per 30d]", "visa: [20 per 30d]",
		"30 calendar days", "20 business days",
		"tax: []", "tax: [{version: eu, name: VAT, region: eu, rate: 0.2, from: 2020-01-01T12:00:00Z, until: 2030-01-01, kinds: [individual], reverse_charge: on}]",
	)
	checkChanges(t, policy.Diff(builtIn, changed), []string{
		"the region of MY for accounts registered before 2019-10-08 is new: other",
		"amex in eu changes from offered to not offered",
		"amex in malaysia changes from not offered to offered",
		"the list of refused countries of issuers changes from CN to none",
		"binding changes from on to off",
		"the PayPal threshold in USD changes from 8.00, within 8.00 and 500.00 to 10.00, within 8.00 and 500.00",
		"the timetable of attempts changes from 0d, 7d, 14d to 0d, 3d",
		"the list of limits on attempts with visa changes from 15 per 30d to 20 per 30d",
		"the term of credit invoices changes from 30 calendar days to 20 business days",
		"the tax eu is new: VAT of 0.2 for eu from 2020-01-01T12:00:00Z until 2030-01-01, kinds individual, reverse charge with a tax id",
		"the region of GB goes, which was europe_non_eu",
		"the verification hold in MYR goes, which was 1.00",
	})
}

// TestEveryFieldIsDescribed holds docs/policy.md against the built-in policy, its
// commented examples included.
func TestEveryFieldIsDescribed(t *testing.T) {
	reference, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	fields := regexp.MustCompile(`(?m)^#? *(?:- )?([a-z][a-z_0-9]*):(?: |$)`).FindAllStringSubmatch(policy.BuiltIn().Document, -1)
	if len(fields) < 60 {
		t.Fatalf("found %d fields in the built-in policy, want 60 or more", len(fields))
	}
	for _, f := range fields {
		described := regexp.MustCompile("[`.]" + f[1] + "[`.]").Match(reference)
		if !described && !slices.Contains(policy.BuiltIn().Regions(), policy.Region(f[1])) {
			t.Errorf("docs/policy.md does not describe %s", f[1])
		}
	}
}

func TestParseNeverEchoesWhatItRefuses(t *testing.T) {
	secret := "hunter2hunter2"
	texts := []string{
		secret,
		secret + ": 1",
		"version: [" + secret + "\n",
		"- \"" + secret + "\n",
		document(t, "version: builtin-1 ", "version: {"+secret+": 1}"),
		document(t, "version: builtin-1 ", secret+": builtin-1"),
		document(t, "zone: UTC ", "zone: "+secret),
		document(t, "USD: 1.00\n", secret+": 1.00\n"),
		document(t, "[US]", "["+secret+"]"),
		document(t, "open: on ", "open: "+secret),
		document(t, "credit_terms: 30 calendar days", "credit_terms: "+secret),
		document(t, "version: builtin-1 ", "version: *"+secret),
		document(t, "version: builtin-1 ", "%YAML "+secret),
	}
	for _, text := range texts {
		_, err := policy.Parse([]byte(text), "secrets.yaml")
		if !errors.Is(err, policy.ErrInvalid) {
			t.Errorf("%.40q: got %v, want ErrInvalid", text, err)
			continue
		}
		for _, f := range fault.All(err) {
			if strings.Contains(f.Place+f.Message+f.Next, secret) {
				t.Errorf("%.40q is echoed: %+v", text, f)
			}
		}
	}
}
