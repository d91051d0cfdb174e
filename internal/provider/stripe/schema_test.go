package stripe

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

// Every request that the plug makes is valid by Stripe's own schema: stripe-mock,
// which refuses what is not in it, takes them all. It has no state, so what it
// answers is of no interest here.
func TestRequestsFitStripesSchema(t *testing.T) {
	strict := &refusals{next: http.DefaultTransport}
	mock := startMock(t)
	p, err := New(Options{
		Key: "sk_test_123", URL: mock, Client: &http.Client{Transport: strict},
		Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	calls := []struct {
		name string
		ask  func()
	}{
		{"open a customer", func() {
			p.OpenCustomer(ctx, provider.Customer{Key: "c", Account: "acct_1", Reference: "acme", Name: "Acme", Email: "pay@acme.example"})
		}},
		{"open a customer without a name", func() { p.OpenCustomer(ctx, provider.Customer{Key: "d", Reference: "acme"}) }},
		{"read an instrument", func() { p.Instrument(ctx, "pm_1") }},
		{"detach an instrument", func() { p.Detach(ctx, "pm_1") }},
		{"open a charge", func() { p.Open(ctx, charge()) }},
		{"open a hold", func() { p.Open(ctx, hold()) }},
		{"open a charge in yen", func() { a := charge(); a.Amount = money.Amount{Minor: 500, Currency: "JPY"}; p.Open(ctx, a) }},
		{"open a charge without words", func() { a := charge(); a.Descriptor, a.Note, a.Account = "", "", ""; p.Open(ctx, a) }},
		{"confirm while away", func() { p.Confirm(ctx, "pi_1", charge()) }},
		{"confirm with the payer", func() { p.Confirm(ctx, "pi_1", hold()) }},
		{"confirm without a page to return to", func() { a := hold(); a.ReturnURL, a.Force3DS = "", false; p.Confirm(ctx, "pi_1", a) }},
		{"cancel", func() { p.Cancel(ctx, "pi_1", "k") }},
		{"fetch", func() { p.Fetch(ctx, "pi_1") }},
		{"refund", func() { p.Refund(ctx, refundOfADollar()) }},
		{"fetch a refund", func() { p.FetchRefund(ctx, "re_1") }},
		{"find a refund", func() { p.FindRefund(ctx, refundOfADollar()) }},
		{"find", func() { p.Find(ctx, "cus_1", "pay_1", noon) }},
		{"find since ever", func() { p.Find(ctx, "cus_1", "pay_1", time.Time{}) }},
	}
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			strict.bodies, strict.asked = nil, 0
			c.ask()
			if strict.asked == 0 {
				t.Error("nothing was asked")
			}
			for _, body := range strict.bodies {
				t.Errorf("stripe-mock refuses it: %s", body)
			}
		})
	}

	t.Run("and stripe-mock does refuse", func(t *testing.T) {
		strict.bodies = nil
		form := strings.NewReader("amount=100&currency=usd&moon_phase=full")
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, mock+"/v1/payment_intents", form)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer sk_test_123")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := strict.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if len(strict.bodies) != 1 {
			t.Errorf("got status %d for an unknown parameter, want a refusal", resp.StatusCode)
		}
	})
}

// refusals keeps the bodies of all answers of 400 and above.
type refusals struct {
	next   http.RoundTripper
	asked  int
	bodies []string
}

// RoundTrip passes r on.
func (s *refusals) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked++
	resp, err := s.next.RoundTrip(r)
	if err != nil {
		s.bodies = append(s.bodies, err.Error())
		return nil, err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		resp.Body = io.NopCloser(strings.NewReader(string(body)))
		s.bodies = append(s.bodies, string(body))
	}
	return resp, nil
}

// startMock builds stripe-mock, as the tools module pins it, starts it on a free
// loopback port and returns its URL. Building takes a quarter of a minute the first
// time; the go command keeps the result. A tool that cannot be had fails the test.
func startMock(t *testing.T) string {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "tool", "-n", "stripe-mock")
	build.Dir = filepath.Join(moduleRoot(t), "tools")
	build.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	path, err := build.Output()
	if err != nil {
		t.Fatalf("build stripe-mock from tools/go.mod: %v", err)
	}

	ctx, stop := context.WithCancel(t.Context())
	mock := exec.CommandContext(ctx, strings.TrimSpace(string(path)),
		"-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0") // else it takes a fixed port on every interface
	out, err := mock.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := mock.Start(); err != nil {
		t.Fatalf("start stripe-mock: %v", err)
	}
	t.Cleanup(func() {
		stop()
		mock.Wait()
	})
	return "http://" + listenedOn(t, out)
}

// listenedOn reads the address off stripe-mock's first lines.
func listenedOn(t *testing.T, out io.Reader) string {
	t.Helper()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		_, address, found := strings.Cut(lines.Text(), "Listening for HTTP at address: ")
		if !found {
			continue
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			t.Fatalf("stripe-mock listens on %q: %v", address, err)
		}
		go io.Copy(io.Discard, out) // so that it never blocks on a full pipe
		return address
	}
	t.Fatalf("stripe-mock does not say where it listens: %v", lines.Err())
	return ""
}

// moduleRoot is the directory of go.mod above this package.
func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return root
}
