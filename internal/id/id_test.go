package id_test

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/id"
)

func clock(at time.Time) func() time.Time { return func() time.Time { return at } }

func TestNewSpellsTimeAndChance(t *testing.T) {
	zeros, ones := make([]byte, 10), bytes.Repeat([]byte{0xff}, 10)
	for _, c := range []struct {
		name   string
		prefix string
		at     time.Time
		random []byte
		want   string
	}{
		{"nothing", "acct", time.UnixMilli(0), zeros, "acct_00000000000000000000000000"},
		{"prefix with its underscore", "acct_", time.UnixMilli(0), zeros, "acct_00000000000000000000000000"},
		{"all chance", "pm", time.UnixMilli(0), ones, "pm_0000000000zzzzzzzzzzzzzzzz"},
		{"one millisecond", "pay", time.UnixMilli(1), zeros, "pay_00000000010000000000000000"},
		{"last millisecond", "pay", time.UnixMilli(1<<48 - 1), ones, "pay_7zzzzzzzzzzzzzzzzzzzzzzzzz"},
		{"before 1970", "pay", time.UnixMilli(-5), zeros, "pay_00000000000000000000000000"},
	} {
		if got := id.NewSource(clock(c.at), bytes.NewReader(c.random)).New(c.prefix); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestIDsSortByTime(t *testing.T) {
	now := time.Date(2024, 9, 18, 22, 0, 0, 0, time.UTC)
	s := id.NewSource(func() time.Time { now = now.Add(time.Millisecond); return now }, rand.NewChaCha8([32]byte{1}))
	form := regexp.MustCompile(`^bill_[0-9a-hjkmnp-tv-z]{26}$`)
	last := ""
	for range 1000 {
		next := s.New("bill")
		if !form.MatchString(next) {
			t.Fatalf("got %s, want the form %s", next, form)
		}
		if strings.Compare(last, next) >= 0 {
			t.Fatalf("got %s after %s, want a greater one", next, last)
		}
		last = next
	}
}

func TestSameTimeAndChanceMakeTheSameIDs(t *testing.T) {
	at := time.Date(2024, 9, 18, 22, 0, 0, 0, time.UTC)
	a := id.NewSource(clock(at), rand.NewChaCha8([32]byte{7}))
	b := id.NewSource(clock(at), rand.NewChaCha8([32]byte{7}))
	for i := range 10 {
		if got, want := a.New("evt"), b.New("evt"); got != want {
			t.Errorf("id %d: got %s, want %s", i, got, want)
		}
	}
}

func TestSourceIsSharedSafely(t *testing.T) {
	const makers, each = 8, 500
	s := id.NewSource(clock(time.UnixMilli(1)), rand.NewChaCha8([32]byte{3}))
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		seen = map[string]bool{}
	)
	for range makers {
		wait.Go(func() {
			for range each {
				made := s.New("dlv")
				mu.Lock()
				seen[made] = true
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if got, want := len(seen), makers*each; got != want {
		t.Errorf("got %d different ids, want %d", got, want)
	}
}

func TestNewPanicsWithoutChance(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("got an id without chance, want a panic")
		}
	}()
	id.NewSource(clock(time.UnixMilli(1)), strings.NewReader("short")).New("acct")
}

func TestIDsOfOneMillisecondSortAsTheyWereMade(t *testing.T) {
	at := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	s := id.NewSource(func() time.Time { return at }, bytes.NewReader(bytes.Repeat([]byte{0xfe}, 20)))
	last := s.New("ent_")
	for i := range 1000 {
		if i == 500 {
			at = at.Add(-time.Hour) // the clock goes back
		}
		next := s.New("ent_")
		if next <= last {
			t.Fatalf("got %s after %s, want them to ascend", next, last)
		}
		last = next
	}
}
