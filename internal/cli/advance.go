package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

// What may stand between us and a running server.
var (
	errServerAway = fault.New(fault.Unavailable, "server_unreachable", "the server does not answer").WithNext("check the address given with --server")
	errServerKey  = fault.New(fault.Invalid, "server_key_missing", "a running server asks for an API key").WithNext("bring one with --key or BURSAR_KEY; `bursar key create --scopes clock:write` makes one")
)

type clockCommands struct {
	Show    clockShow    `cmd:"" default:"withargs" help:"Show the time of the installation."`
	Advance clockAdvance `cmd:"" help:"Live through a span of time: what falls due in it is done, in order."`
}

// serverFlags name a running server.
type serverFlags struct {
	Server string `placeholder:"URL" help:"Ask this running server instead of the database."`
	Key    string `placeholder:"KEY" help:"API key for that server."`
}

type clockShow struct{ serverFlags }

type clockAdvance struct {
	Span string `arg:"" help:"How long: 31d, 12h, 90m, 1d12h."`
	serverFlags
}

type shownClock struct {
	Now string `json:"now"`
}

// Run shows the time.
func (c clockShow) Run(ctx context.Context, s *session) error {
	s.given(map[string]string{"server": c.Server, "key": c.Key})
	if s.value("server") != "" {
		return s.askClock(ctx, http.MethodGet, nil)
	}
	return s.at(ctx, func(d *desk) error { return s.showClock(shownClock{wire.Instant(d.clock.Now())}) })
}

// Run advances the clock.
func (c clockAdvance) Run(ctx context.Context, s *session) error {
	span, err := parseSpan(c.Span)
	if err != nil {
		return err
	}
	s.given(map[string]string{"server": c.Server, "key": c.Key})
	if s.value("server") != "" {
		return s.askClock(ctx, http.MethodPost, map[string]string{"advance": c.Span})
	}
	cfg, err := s.config(slog.LevelWarn)
	if err != nil {
		return err
	}
	cfg.Prompt, cfg.Works = office.PromptInline, true
	d, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	now, err := d.advanceAlone(ctx, span)
	if err := errors.Join(err, d.Close(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	return s.showClock(shownClock{wire.Instant(now)})
}

// advanceAlone advances the clock unless a server keeps it.
func (d *desk) advanceAlone(ctx context.Context, span time.Duration) (time.Time, error) {
	known, err := d.settings(ctx, settingServerURL)
	if err != nil {
		return time.Time{}, err
	}
	if at := known[settingServerURL]; at != "" && isInstallation(ctx, at, d.installation) {
		return time.Time{}, errServerRuns.Detail("a server runs on this database at %s and keeps its own clock", at)
	}
	return d.office.AdvanceClock(ctx, access.CommandLine, span)
}

func (s *session) showClock(c shownClock) error {
	return s.show(c, func(w io.Writer) { fmt.Fprintln(w, c.Now) })
}

const answerMax = 1 << 20 // bytes of a server's answer

// askClock asks a running server for the time, or to move it.
func (s *session) askClock(ctx context.Context, method string, order map[string]string) error {
	key := s.value("key")
	if key == "" {
		return errServerKey
	}
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	if order == nil {
		body = nil
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(s.value("server"), "/")+"/v1/clock", bytes.NewReader(body))
	if err != nil {
		return errServerAway
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return errServerAway
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerMax))
	if err != nil {
		return errServerAway
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return problemOf(answer.StatusCode, text)
	}
	var c shownClock
	if err := json.Unmarshal(text, &c); err != nil || c.Now == "" {
		return errServerAway.Detail("what answers there is no bursar server")
	}
	return s.showClock(c)
}

// problemOf turns a server's problem back into a fault.
func problemOf(status int, text []byte) error {
	var p struct {
		Code   string `json:"code"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Next   string `json:"next"`
	}
	if err := json.Unmarshal(text, &p); err != nil || p.Code == "" {
		return errServerAway.Detail("the server answered with status %d", status)
	}
	message := p.Detail
	if message == "" {
		message = p.Title
	}
	return fault.New(fault.Invalid, p.Code, message).WithNext(p.Next)
}

// parseSpan reads a span of time such as 31d, 12h or 1d12h.
func parseSpan(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	days, rest, ok := strings.Cut(s, "d")
	if !ok {
		days, rest = "0", s
	}
	n, err := strconv.Atoi(days)
	if err != nil || s == "" || n < 0 || n > 10_000 {
		return 0, office.ErrClockSpan
	}
	span := time.Duration(n) * day
	if rest == "" {
		return span, nil
	}
	more, err := time.ParseDuration(rest)
	if err != nil || more < 0 || more > 10_000*day {
		return 0, office.ErrClockSpan
	}
	return span + more, nil
}
