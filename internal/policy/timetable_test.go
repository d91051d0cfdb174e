package policy_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
)

func TestForce3DS(t *testing.T) {
	cases := []struct {
		region   policy.Region
		occasion policy.Occasion
		want     bool
	}{
		{policy.EU, policy.Bind, true},
		{policy.Malaysia, policy.Bind, true},
		{policy.UnitedStates, policy.Bind, false},
		{policy.EuropeNonEU, policy.Bind, false},
		{policy.Other, policy.Bind, false},
		{policy.EU, policy.Purchase, false},
		{policy.EU, policy.Upgrade, false},
		{policy.Malaysia, policy.Renewal, false},
	}
	for _, c := range cases {
		if got := policy.BuiltIn().Force3DS(c.region, c.occasion); got != c.want {
			t.Errorf("%s in %s: got %t, want %t", c.occasion, c.region, got, c.want)
		}
	}
}

// TestRetryAt is R-DUN-01. The first attempt is just before clocks change in Berlin.
func TestRetryAt(t *testing.T) {
	cases := []struct {
		attempt int
		want    string // "" none
	}{
		{0, ""},
		{1, "2024-10-26T10:00:00Z"},
		{2, "2024-11-02T10:00:00Z"},
		{3, "2024-11-09T10:00:00Z"},
		{4, ""},
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		got, ok := policy.BuiltIn().RetryAt(at(t, "2024-10-26T10:00:00Z").In(berlin), c.attempt)
		if ok != (c.want != "") || ok && !got.Equal(at(t, c.want)) {
			t.Errorf("attempt %d: got %s (%t), want %q", c.attempt, got, ok, c.want)
		}
	}
}

func TestAskAt(t *testing.T) {
	lost := at(t, "2024-09-01T00:00:00Z")
	want := []string{"10s", "1m", "5m", "1h", "24h", "48h", "72h", "96h", "120h", "144h", "168h"}
	for i, span := range want {
		after, err := time.ParseDuration(span)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := policy.BuiltIn().AskAt(lost, i+1)
		if !ok || !got.Equal(lost.Add(after)) {
			t.Errorf("ask %d: got %s after the loss (%t), want %s", i+1, got.Sub(lost), ok, after)
		}
	}
	for _, ask := range []int{-1, 0, len(want) + 1, 1 << 62} {
		if got, ok := policy.BuiltIn().AskAt(lost, ask); ok {
			t.Errorf("ask %d: got %s, want none", ask, got)
		}
	}
}

func TestCaps(t *testing.T) {
	const day = 24 * time.Hour
	visa := []policy.Cap{{Attempts: 15, Within: 30 * day}}
	cases := []struct {
		brand payment.Brand
		want  []policy.Cap
	}{
		{payment.Visa, visa},
		{payment.Mastercard, []policy.Cap{{Attempts: 10, Within: day}, {Attempts: 35, Within: 30 * day, SameAmount: true}}},
		{payment.Amex, visa},
		{payment.UnknownBrand, visa},
	}
	for _, c := range cases {
		if got := policy.BuiltIn().Caps(c.brand); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.brand, got, c.want)
		}
	}
}

func TestMayTry(t *testing.T) {
	cases := []struct {
		name  string
		tries policy.BindTries
		want  string
	}{
		{"the first", policy.BindTries{}, ""},
		{"fifth of the account", policy.BindTries{OfAccount: 4}, ""},
		{"sixth of the account", policy.BindTries{OfAccount: 5}, "too_many_tries"},
		{"third card of the account", policy.BindTries{Cards: 2}, ""},
		{"fourth card of the account", policy.BindTries{Cards: 3}, "too_many_tries"},
		{"one of three cards again", policy.BindTries{Cards: 3, IsKnownCard: true}, ""},
		{"sixth of the card", policy.BindTries{OfCard: 5}, "too_many_tries"},
		{"tenth of the network", policy.BindTries{OfNetwork: 9}, ""},
		{"eleventh of the network", policy.BindTries{OfNetwork: 10}, "too_many_tries"},
		{"two limits at once", policy.BindTries{OfAccount: 5, OfNetwork: 10}, "too_many_tries too_many_tries"},
	}
	for _, c := range cases {
		err := policy.BuiltIn().BindLimits.MayTry(c.tries)
		if got := codes(err); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		checkFaults(t, err)
	}
}

func TestNetwork(t *testing.T) {
	cases := []struct{ name, address, want string }{
		{"IPv4", "203.0.113.77", "203.0.113.0/24"},
		{"IPv4 in IPv6", "::ffff:203.0.113.77", "203.0.113.0/24"},
		{"IPv6", "2001:db8:1:2ff:3:4:5:6", "2001:db8:1:200::/56"},
		{"IPv6 with a zone", "fe80::1%eth0", "fe80::/56"},
	}
	for _, c := range cases {
		if got := policy.BuiltIn().BindLimits.Network(netip.MustParseAddr(c.address)); got.String() != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	if got := policy.BuiltIn().BindLimits.Network(netip.Addr{}); got.IsValid() {
		t.Errorf("no address: got %s, want none", got)
	}
}
