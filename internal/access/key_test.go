package access_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
)

func TestKeyTextHasTheFormThatScannersKnow(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	for _, live := range []bool{false, true} {
		prefix := map[bool]string{false: "bur_test_", true: "bur_live_"}[live]
		form := regexp.MustCompile(`^` + prefix + `[0-9A-Za-z]{36}$`)
		seen := map[access.KeyText]bool{}
		for range 1000 {
			k, err := access.NewKeyText(random, live)
			if err != nil {
				t.Fatal(err)
			}
			if !form.MatchString(string(k)) || !k.IsWhole(live) || k.IsWhole(!live) || seen[k] {
				t.Fatalf("live %t: got %s, want a whole key of its own", live, string(k))
			}
			seen[k] = true
		}
	}
}

func TestEveryDigitIsAsLikely(t *testing.T) {
	random := rand.NewChaCha8([32]byte{2})
	counts := map[rune]int{}
	const keys = 4000
	for range keys {
		k, err := access.NewKeyText(random, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range string(k)[len("bur_test_") : len("bur_test_")+30] {
			counts[r]++
		}
	}
	want := float64(keys*30) / 62
	for r, n := range counts {
		if float64(n) < want*0.85 || float64(n) > want*1.15 {
			t.Errorf("digit %c: got %d times, want about %.0f", r, n, want)
		}
	}
}

func TestChecksumRefusesChangedKeys(t *testing.T) {
	k, err := access.NewKeyText(bytes.NewReader(bytes.Repeat([]byte{7}, 30)), false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(k) {
		changed := []byte(k)
		changed[i] ^= 1
		if access.KeyText(changed).IsWhole(false) {
			t.Errorf("changed at %d: got a whole key, want it refused", i)
		}
	}
	for _, c := range []string{"", "bur_test_", string(k) + "0", string(k)[:len(k)-1], " " + string(k), strings.ToUpper(string(k))} {
		if access.KeyText(c).IsWhole(false) {
			t.Errorf("%d bytes: got a whole key, want it refused", len(c))
		}
	}
}

func TestKeyTextIsHidden(t *testing.T) {
	k, err := access.NewKeyText(bytes.NewReader(bytes.Repeat([]byte{7}, 30)), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{k.String(), fmt.Sprintf("%v %s %#v %+v", k, k, k, k), k.LogValue().String()} {
		if strings.Contains(got, string(k)[len("bur_live_"):]) {
			t.Errorf("got %q, want the key hidden", got)
		}
	}
}

func TestNewKeyTextNeedsChance(t *testing.T) {
	if k, err := access.NewKeyText(bytes.NewReader(nil), false); err == nil {
		t.Errorf("got %s without chance, want an error", k)
	}
}

func TestKeyCheckAndIsLive(t *testing.T) {
	now := time.Date(2024, 9, 18, 22, 0, 0, 0, time.UTC)
	whole := access.Key{Name: "shop", Scopes: []access.Scope{access.UsageWrite}}
	for _, c := range []struct {
		name string
		key  access.Key
		err  error
		live bool
	}{
		{"for good", whole, nil, true},
		{"expires later", access.Key{Name: "shop", Scopes: whole.Scopes, ExpiresAt: now.Add(1)}, nil, true},
		{"expires now", access.Key{Name: "shop", Scopes: whole.Scopes, ExpiresAt: now}, access.ErrKeyInvalid, false},
		{"no name", access.Key{Name: " ", Scopes: whole.Scopes}, access.ErrKeyInvalid, true},
		{"long name", access.Key{Name: strings.Repeat("n", 101), Scopes: whole.Scopes}, access.ErrKeyInvalid, true},
		{"no scopes", access.Key{Name: "shop"}, access.ErrKeyInvalid, true},
		{"revoked", access.Key{Name: "shop", Scopes: whole.Scopes, RevokedAt: now}, nil, false},
	} {
		if got := c.key.Check(now); !errors.Is(got, c.err) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.err)
		}
		if got := c.key.IsLive(now); got != c.live {
			t.Errorf("%s: got live %t, want %t", c.name, got, c.live)
		}
	}
}
