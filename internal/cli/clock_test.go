package cli

import (
	"context"
	"errors"
	"testing"
	"time"
)

var ctx = context.Background()

func TestClockGoesOnFromWhereItWasSet(t *testing.T) {
	kept := time.Duration(0)
	c := &clock{keep: func(_ context.Context, offset time.Duration) error { kept = offset; return nil }}
	to := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := c.Set(ctx, to); err != nil {
		t.Fatal(err)
	}
	now := c.Now()
	if now.Before(to) || now.After(to.Add(time.Minute)) {
		t.Errorf("now is %s right after it was set to %s", now, to)
	}
	again := &clock{offset: readOffset(writeOffset(kept))}
	if got := again.Now(); got.Before(to) || got.After(to.Add(time.Minute)) {
		t.Errorf("after another start it is %s, want about %s", got, to)
	}
}

func TestClockStandsStillWhileStepping(t *testing.T) {
	c := &clock{}
	c.stand()
	at := c.Now()
	if got := c.Now(); !got.Equal(at) {
		t.Errorf("a standing clock went from %s to %s", at, got)
	}
	to := at.Add(31 * 24 * time.Hour)
	if err := c.Set(ctx, to); err != nil {
		t.Fatal(err)
	}
	if got := c.Now(); !got.Equal(to) {
		t.Errorf("it stands at %s, want %s", got, to)
	}
	c.take(0)
	c.goOn()
	if got := c.Now(); got.Before(to) {
		t.Errorf("it went back to %s from %s", got, to)
	}
}

func TestClockStaysWhereItIsIfItsOffsetIsNotKept(t *testing.T) {
	full := errors.New("no space left")
	c := &clock{keep: func(context.Context, time.Duration) error { return full }}
	c.stand()
	was := c.Now()
	if err := c.Set(ctx, was.Add(time.Hour)); !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
	if got := c.Now(); !got.Equal(was) {
		t.Errorf("it moved to %s from %s", got, was)
	}
}

func TestParseSpan(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"31d", 31 * day, true},
		{"12h", 12 * time.Hour, true},
		{"1d12h30m", day + 12*time.Hour + 30*time.Minute, true},
		{"0d", 0, true}, // the office says that it is nothing
		{"", 0, false},
		{"-1d", 0, false},
		{"1d-1h", 0, false},
		{"99999999999d", 0, false},
		{"31 days", 0, false},
		{"d", 0, false},
	} {
		got, err := parseSpan(c.text)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%q: got %s, %v; want %s, ok %v", c.text, got, err, c.want, c.ok)
		}
	}
}
