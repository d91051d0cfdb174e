package console_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/console"
)

// chromium is the browser of all tests here, one process with its own data,
// which ends with them.
var chromium struct {
	ctx  context.Context
	stop func()
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(code)
}

// browserOf starts the browser, or fails the test.
func browserOf(t testing.TB) context.Context {
	t.Helper()
	if chromium.ctx == nil && chromium.err == nil {
		startChromium()
	}
	if chromium.err != nil {
		t.Fatalf("these tests need a browser: install Debian's package chromium: %v", chromium.err)
	}
	return chromium.ctx
}

func startChromium() {
	path, err := exec.LookPath("chromium")
	if err != nil {
		chromium.err = err
		return
	}
	data, err := os.MkdirTemp("", "console-chromium-")
	if err != nil {
		chromium.err = err
		return
	}
	alloc, endAlloc := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(data), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Flag("disable-background-networking", true),
	)
	ctx, end := chromedp.NewContext(alloc)
	chromium.ctx, chromium.err = ctx, chromedp.Do(ctx)
	chromium.stop = func() {
		end()
		endAlloc()
		os.RemoveAll(data)
	}
}

// screen is a customer's browser in front of the pages and the world, each with
// an origin, and a site, of its own.
type screen struct {
	*desk
	ctx   context.Context // of the first window
	world string          // where the pretend world is reached
}

// longest is how long a test waits for something to be seen.
const longest = 10 * time.Second

func newScreen(t *testing.T) *screen {
	t.Helper()
	d := newDesk(t)
	world := httptest.NewServer(d.Sandbox)
	t.Cleanup(world.Close)
	provider := strings.Replace(world.URL, "127.0.0.1", "localhost", 1)
	d.Sandbox.SetBaseURL(provider)
	d.pages = console.New(d.Office, options(provider))
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.pages.ServeHTTP(w, r) }))
	t.Cleanup(pages.Close)
	d.ConsoleURL = pages.URL

	ctx, end := chromedp.NewContext(browserOf(t), chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil { // opens the window, which lives as long as this context
		t.Fatal(err)
	}
	s := &screen{desk: d, ctx: ctx, world: provider}
	s.do(chromedp.EmulateViewport(1280, 900))
	s.listen(ctx)
	return s
}

// listen fails the test when a page runs into an error or does what its policy
// forbids.
func (s *screen) listen(ctx context.Context) {
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if text := m.String(); m.IsException() || strings.Contains(text, "Content Security Policy") {
				s.T.Errorf("the browser says: %s", text)
			}
		}
	}()
}

func (s *screen) do(steps ...chromedp.Action[chromedp.Void]) {
	s.T.Helper()
	s.doIn(s.ctx, steps...)
}

func (s *screen) doIn(ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	s.T.Helper()
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for i, step := range steps {
		if err := chromedp.Do(ctx, step); err != nil {
			s.T.Fatalf("step %d: %v; the page says:\n%s", i+1, err, s.text())
		}
	}
}

// text is what the first window shows.
func (s *screen) text() string {
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + "\n" + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// sees waits until the first window shows all of the texts.
func (s *screen) sees(texts ...string) {
	s.T.Helper()
	s.seesIn(s.ctx, texts...)
}

func (s *screen) seesIn(ctx context.Context, texts ...string) {
	s.T.Helper()
	for _, text := range texts {
		script := fmt.Sprintf(`document.readyState === "complete" && document.body.innerText.replace(/\u00a0/g, " ").includes(%q)`, text)
		if err := waitFor(ctx, script); err != nil {
			shown, sad := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + "\n" + document.body.innerText`))
			s.T.Fatalf("did not see %q (%v); the page says (%v):\n%s", text, err, sad, shown)
		}
	}
}

// waitFor waits until a script is true, over as many pages as it takes.
func waitFor(ctx context.Context, script string) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
		if err == nil && is {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not in %s: %w", longest, ctx.Err())
		case <-tick.C:
		}
	}
}

// enter has the customer follow a one-time link.
func (s *screen) enter(a account.Account, page string) {
	s.T.Helper()
	s.do(chromedp.Navigate(s.ConsoleURL + s.link(a, page)))
}

// typeCard fills in the page with the card fields.
func (s *screen) typeCard(number string) {
	s.T.Helper()
	s.do(chromedp.WaitReady(chromedp.CSS("#number iframe")))
	s.settles()
	for _, field := range []struct{ id, text string }{{"number", number}, {"expiry", "1234"}, {"cvc", "123"}} {
		s.do(chromedp.Click(chromedp.CSS("#" + field.id + "-label")))
		s.hasFocus(field.id)
		s.do(chromedp.KeyEvent(field.text))
	}
	if err := waitFor(s.ctx, `document.querySelectorAll(".StripeElement--complete").length === 3`); err != nil {
		s.T.Fatalf("the fields are not complete: %v", err)
	}
	s.do(chromedp.SendKeys(chromedp.ID("holder"), "Ada Example"), chromedp.Click(chromedp.ID("consent")))
}

// hasFocus waits until what is typed goes into a field of the provider's.
func (s *screen) hasFocus(id string) {
	s.T.Helper()
	if err := waitFor(s.ctx, fmt.Sprintf(`document.getElementById(%q).classList.contains("focus")`, id)); err != nil {
		s.T.Fatalf("the field %s did not get the focus: %v", id, err)
	}
}

// submit presses the button of the page with the card fields.
func (s *screen) submit() {
	s.T.Helper()
	s.do(chromedp.Click(chromedp.CSS("form[data-card] button")))
}

// secondWindow presses a link that opens a window and returns that window.
func (s *screen) secondWindow(press chromedp.Action[chromedp.Void]) context.Context {
	s.T.Helper()
	opened := chromedp.WaitNewTarget(s.ctx, func(i *target.Info) bool { return i.Type == "page" })
	s.do(press)
	select {
	case id := <-opened:
		ctx, end := chromedp.NewContext(s.ctx, chromedp.WithTargetID(id))
		s.T.Cleanup(end)
		if err := chromedp.Do(ctx); err != nil {
			s.T.Fatalf("follow the second window: %v", err)
		}
		return ctx
	case <-time.After(longest):
		s.T.Fatalf("no second window opened; the page says:\n%s", s.text())
	}
	return nil
}

// isClosed waits until a window has closed by itself.
func (s *screen) isClosed(window context.Context) {
	s.T.Helper()
	id := chromedp.FromContext(window).Target.TargetID
	ctx, cancel := context.WithTimeout(s.ctx, longest)
	defer cancel()
	for ctx.Err() == nil {
		all, err := chromedp.Targets(ctx)
		if err == nil && !slices.ContainsFunc(all, func(i *target.Info) bool { return i.TargetID == id }) {
			return
		}
	}
	s.T.Error("the second window did not close")
}

// shows sets how the page is looked at.
func (s *screen) shows(width, height int64, dark bool) {
	s.T.Helper()
	s.do(chromedp.EmulateViewport(width, height))
	s.scheme(dark)
}

// scheme sets whether the reader prefers light on dark.
func (s *screen) scheme(dark bool) {
	s.T.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	s.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
}

// shot writes a picture of the whole page into the directory that -shots names.
func (s *screen) shot(name string) {
	s.T.Helper()
	if *shots == "" {
		return
	}
	picture, err := chromedp.Run(s.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		s.T.Fatal(err)
	}
	if err := os.WriteFile(*shots+"/"+name+".png", bytes.Clone(picture), 0o644); err != nil {
		s.T.Fatal(err)
	}
}

// tabTo presses Tab until an element has the focus, and fails the test if none of the
// next ones is it.
func (s *screen) tabTo(selector string) {
	s.T.Helper()
	for range 40 {
		s.do(chromedp.KeyEvent("\t"))
		if s.tabbed(selector) {
			return
		}
	}
	s.T.Fatalf("Tab does not lead to %s; the page says:\n%s", selector, s.text())
}

// tabbed tells whether the focus is where it should be, once it has moved. Into a frame
// of another origin it moves a moment after the key; another key before that would pass
// the frame by.
func (s *screen) tabbed(selector string) bool {
	s.T.Helper()
	script := fmt.Sprintf(`(() => {
		const now = document.activeElement;
		if (now === window.focusWas || !document.hasFocus()) return "still";
		window.focusWas = now;
		return now.matches(%q) ? "there" : "moved";
	})()`, selector)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Second) // as when there is more to reach within a frame
	for {
		got, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](script))
		if err == nil && got != "still" {
			return got == "there"
		}
		select {
		case <-late:
			return false
		case <-tick.C:
		}
	}
}
