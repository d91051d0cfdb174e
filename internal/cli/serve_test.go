package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/pgtest"
)

// served is a server that runs in this process.
type served struct {
	t *testing.T
	started
	browser http.Client
	errors  *lockedBuffer
	stop    func() int // drains it and returns its exit code
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startServer runs `bursar serve` until it says where it answers.
func startServer(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	read, write := io.Pipe()
	s := &served{t: t, errors: &lockedBuffer{}}
	ended := make(chan int, 1)
	go func() {
		code := run(ctx, append([]string{"serve", "--json", "--listen", "127.0.0.1:0"}, args...), Streams{nil, write, s.errors})
		write.CloseWithError(io.EOF)
		ended <- code
	}()
	var once sync.Once
	code := 0
	s.stop = func() int {
		once.Do(func() { cancel(); code = <-ended })
		return code
	}
	t.Cleanup(func() { s.stop() })
	if err := json.NewDecoder(read).Decode(&s.started); err != nil {
		t.Fatalf("the server did not say where it answers: %v: %s", err, s.errors)
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	return s
}

// ask sends a request and returns the answer's status and body.
func (s *served) ask(method, url, body string) (int, string) {
	s.t.Helper()
	if strings.HasPrefix(url, "/") {
		url = s.API + url
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.Key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := s.browser.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func (s *served) want(method, url, body string, status int, holds string) string {
	s.t.Helper()
	got, text := s.ask(method, url, body)
	if got != status || !strings.Contains(text, holds) {
		s.t.Fatalf("%s %s: got %d %s, want %d with %q", method, url, got, text, status, holds)
	}
	return text
}

// TestServeDemo lives a month with a server: a card is bound, a file is imported
// beside it, its threshold is charged, the clock is advanced, and the books prove.
func TestServeDemo(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("BURSAR_DATA", dir)
	s := startServer(t, "--demo")
	s.want("GET", "/healthz", "", 200, "ok")
	s.want("GET", "/readyz", "", 200, "ready")
	s.want("GET", s.Sandbox+"/healthz", "", 200, "ok")
	if len(s.Links) != len(welcomeAccounts) {
		t.Fatalf("%d links in, want %d", len(s.Links), len(welcomeAccounts))
	}
	if jar, err := cookiejar.New(nil); err != nil {
		t.Fatal(err)
	} else {
		s.browser.Jar = jar
	}
	s.want("GET", s.Links[0].URL, "", 200, s.Sandbox+"/v3/")

	us := s.Links[0].Account
	bound := s.want("POST", "/v1/accounts/"+us+"/payment-methods", `{"token": "pm_card_visa", "consent": "v1", "return_url": "https://shop.example/back"}`, 201, `"active"`)
	if !strings.Contains(bound, `"preferred":true`) {
		t.Errorf("the first card is not preferred: %s", bound)
	}

	// Beside the server, on its database and in its world.
	file := filepath.Join(dir, "usage.csv")
	writeUsage(t, file, s.Links[0].Reference, 6, "1.000000000001")
	if got := must(t, "usage", "import", file); !strings.HasPrefix(got, "6 rows: 6 recorded") {
		t.Errorf("import: %s", got)
	}
	if got := must(t, "payment", "ls", "--account", us); !strings.Contains(got, "threshold_reached  succeeded") {
		t.Errorf("no threshold was charged: %s", got)
	}
	if _, said, code := command(t, "clock", "advance", "1d"); code != exitBad || !strings.Contains(said, "server_running") {
		t.Errorf("the clock of a running server was advanced behind its back: %d %s", code, said)
	}
	must(t, "clock", "advance", "31d", "--server", s.API, "--key", s.Key)
	if got := must(t, "bill", "ls", "--account", us); !strings.Contains(got, "6.00 USD") {
		t.Errorf("no bill after the month: %s", got)
	}
	s.want("GET", s.Sandbox+"/_sandbox/books", "", 200, `"balanced":`)

	if code := s.stop(); code != exitGood {
		t.Errorf("exit code %d: %s", code, s.errors)
	}
	must(t, "verify")

	// The next one goes on where it was.
	again := startServer(t, "--demo")
	again.want("GET", "/v1/accounts/"+again.Links[0].Account+"/bills", "", 200, `"total"`)
	if len(again.Links) != len(welcomeAccounts) {
		t.Errorf("%d links after another start, want %d", len(again.Links), len(welcomeAccounts))
	}
}

// TestTwoServersShareOneWorld runs two nodes on one sandbox database.
func TestTwoServersShareOneWorld(t *testing.T) {
	t.Setenv("BURSAR_DATA", t.TempDir())
	first := startServer(t, "--demo")
	second := startServer(t)
	second.Key = first.Key
	if second.Sandbox != first.Sandbox {
		t.Errorf("the second server has its world at %s, the first at %s", second.Sandbox, first.Sandbox)
	}
	us := first.Links[0].Account
	second.want("POST", "/v1/accounts/"+us+"/payment-methods", `{"token": "pm_card_visa", "consent": "v1", "return_url": "https://shop.example/back"}`, 201, `"active"`)
	second.want("POST", "/v1/clock", `{"advance": "1d"}`, 503, "sandbox_unavailable")
}

// TestServeWithAnotherSandbox puts a sandbox that runs alone behind the adapter.
func TestServeWithAnotherSandbox(t *testing.T) {
	t.Setenv("BURSAR_DATA", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"sandbox", "--json", "--listen", "127.0.0.1:0"}, Streams{nil, write, io.Discard})
	}()
	defer func() { cancel(); <-ended }()
	var world started
	if err := json.NewDecoder(read).Decode(&world); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BURSAR_STRIPE_URL", world.Sandbox)
	t.Setenv("BURSAR_STRIPE_KEY", "sk_test_other")
	s := startServer(t, "--demo")
	us := s.Links[0].Account
	s.want("POST", "/v1/accounts/"+us+"/payment-methods", `{"token": "pm_card_visa", "consent": "v1", "return_url": "https://shop.example/back"}`, 201, `"active"`)
	s.want("POST", "/v1/clock", `{"advance": "1d"}`, 200, `"now"`)
	var face struct {
		Now time.Time `json:"now"`
	}
	if err := json.Unmarshal([]byte(s.want("GET", world.Sandbox+"/_sandbox/clock", "", 200, "now")), &face); err != nil {
		t.Fatal(err)
	}
	if ahead := face.Now.Sub(wall()); ahead < 23*time.Hour {
		t.Errorf("the other sandbox's clock is %s ahead, want a day", ahead)
	}
}

func TestServeOnPostgres(t *testing.T) {
	t.Setenv("BURSAR_DATA", t.TempDir())
	t.Setenv("BURSAR_DB", pgtest.URL(t))
	s := startServer(t, "--demo")
	us := s.Links[0].Account
	s.want("POST", "/v1/accounts/"+us+"/payment-methods", `{"token": "pm_card_visa", "consent": "v1", "return_url": "https://shop.example/back"}`, 201, `"active"`)
	s.want("POST", "/v1/clock", `{"advance": "2d"}`, 200, `"now"`)
	if code := s.stop(); code != exitGood {
		t.Errorf("exit code %d: %s", code, s.errors)
	}
	must(t, "verify")
}
