package staff_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/axetest"
	"github.com/bursar-pay/bursar/internal/identity"
)

var shots = flag.String("shots", "", "write pictures of pages into this directory")

// chromium is the browser of all tests here, one process with its own data, which
// ends with them.
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
	data, err := os.MkdirTemp("", "staff-chromium-")
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

// screen is a member's browser in front of the pages.
type screen struct {
	*desk
	ctx context.Context
	url string
}

// longest is how long a test waits for something to be seen.
const longest = 10 * time.Second

func newScreen(t *testing.T) *screen {
	t.Helper()
	s := &screen{desk: newDesk(t)}
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.pages.ServeHTTP(w, r) }))
	t.Cleanup(pages.Close)
	s.url, s.ConsoleURL = pages.URL, pages.URL
	ctx, end := chromedp.NewContext(browserOf(t), chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil { // opens the window, which lives as long as this context
		t.Fatal(err)
	}
	s.ctx = ctx
	s.do(chromedp.EmulateViewport(1280, 900))
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if text := m.String(); m.IsException() || strings.Contains(text, "Content Security Policy") {
				t.Errorf("the browser says: %s", text)
			}
		}
	}()
	return s
}

func (s *screen) do(steps ...chromedp.Action[chromedp.Void]) {
	s.T.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, longest)
	defer cancel()
	for i, step := range steps {
		if err := chromedp.Do(ctx, step); err != nil {
			s.T.Fatalf("step %d: %v; the page says:\n%s", i+1, err, s.text())
		}
	}
}

func (s *screen) text() string {
	ctx, cancel := context.WithTimeout(s.ctx, longest)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + "\n" + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// sees waits until the page says something.
func (s *screen) sees(what string) {
	s.T.Helper()
	if !s.becomes(fmt.Sprintf(`document.readyState === "complete" && document.body.innerText.includes(%q)`, what)) {
		s.T.Fatalf("the page never says %q; it says:\n%s", what, s.text())
	}
}

// becomes tells whether a script comes to be true, on this page or the next.
func (s *screen) becomes(script string) bool {
	ctx, cancel := context.WithTimeout(s.ctx, longest)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script)); err == nil && is {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// press presses the button with a text, as a person with a keyboard would: it gets the
// focus, and then the return key.
func (s *screen) press(button string) {
	s.T.Helper()
	if !s.becomes(fmt.Sprintf(`(() => { const b = [...document.querySelectorAll("button")].find(b => b.innerText.startsWith(%q)); b?.focus(); return b === document.activeElement })()`, button)) {
		s.T.Fatalf("there is no button %q; the page says:\n%s", button, s.text())
	}
	s.do(chromedp.KeyEvent("\r"))
}

// shot writes a picture of the whole page into the directory that -shots names.
func (s *screen) shot(name string) {
	s.T.Helper()
	if *shots == "" {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, 2*longest)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		s.T.Fatal(err)
	}
	if err := os.WriteFile(*shots+"/"+name+".png", bytes.Clone(picture), 0o644); err != nil {
		s.T.Fatal(err)
	}
}

// keepsNobodyOut fails the test if the page keeps somebody from using it.
func (s *screen) keepsNobodyOut(where string) {
	s.T.Helper()
	if found := axetest.Barriers(s.ctx, s.T); found != "" {
		s.T.Errorf("%s:\n%s", where, found)
	}
}

// TestAPersonDecidesOnAnIdentityCheck walks through the pages in a browser: in as a
// pretended reviewer, to the queue, a rejection, and after the customer has sent again
// the approval.
func TestAPersonDecidesOnAnIdentityCheck(t *testing.T) {
	s := newScreen(t)
	_, _, id := s.stopped()
	s.do(chromedp.Navigate(s.url + "/staff"))
	s.sees("Or come in as somebody who is made up")
	s.keepsNobodyOut("login")
	s.shot("login")
	s.press("Rui Reis")
	s.sees("Identity checks to decide on")
	s.keepsNobodyOut("today")
	s.shot("today")
	s.do(chromedp.Click(chromedp.CSS(".tasks a")))
	s.sees("To decide on")
	s.keepsNobodyOut("checks")
	s.shot("checks")
	s.do(chromedp.Click(chromedp.CSS("tbody a.id")))
	s.sees("What the documents are to agree with")
	s.keepsNobodyOut("check")
	s.shot("check")
	s.do(
		chromedp.SetValue(chromedp.ID("reason"), "blurred"),
		chromedp.Click(chromedp.CSS(`input[value="registered_identity"]`)),
	)
	s.press("Reject")
	s.sees("Decided")
	c, err := s.IdentityCheck(t.Context(), access.CommandLine, id)
	if err != nil || c.State != identity.Rejected || len(c.Refused) != 1 {
		t.Fatalf("got %s, %v, %v; want rejected for one document", c.State, c.Refused, err)
	}
	s.keepsNobodyOut("check-rejected")
	s.shot("check-rejected")
	s.sendAgain(id)
	s.do(chromedp.Navigate(s.url + "/staff/checks/" + string(id)))
	s.press("Approve")
	s.sees("Approved")
	if c, err = s.IdentityCheck(t.Context(), access.CommandLine, id); err != nil || c.State != identity.Approved || !strings.HasPrefix(c.DecidedBy, "staff:mbr_") {
		t.Fatalf("got %s by %s, %v; want approved by the member", c.State, c.DecidedBy, err)
	}
	s.do(chromedp.Navigate(s.url + "/staff/members"))
	s.sees("Not for your role")
	s.keepsNobodyOut("forbidden")
	s.shot("forbidden")
	s.press("Sign out")
	s.sees("You are signed out.")
}

// look is a window and what its browser prefers.
type look struct {
	name          string
	width, height int64
	dark          bool
}

// looksAt is how pages are looked at, so that each is seen in the dark and in the light,
// on a desk and on a phone.
var looksAt = []look{{"dark", 1280, 900, true}, {"narrow", 390, 844, false}}

// opensAll opens everything on a page that can be opened.
const opensAll = `document.querySelectorAll("details").forEach((d) => { d.open = true })`

// TestPagesFitTheirWindows looks at every page in several windows, with all that can be
// opened on it open. Nothing on them keeps anybody out.
func TestPagesFitTheirWindows(t *testing.T) {
	s := newScreen(t)
	scenes := s.scenes()
	in := ""
	for _, scene := range scenes {
		if scene.who != "" && scene.who != in {
			s.comesIn(scene.who, scene.role)
			in = scene.who
		}
		for _, look := range looksAt {
			s.looks(look, chromedp.Navigate(s.url+scene.path))
			s.suits(scene.name, look)
		}
	}

	// Two pages answer a form: what a file of the bank came to, and what is refused.
	file := filepath.Join(t.TempDir(), "statement.xml")
	if err := os.WriteFile(file, s.received("75.00", "Somebody", "for you").Body, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "text.xml")
	if err := os.WriteFile(empty, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.comesIn(fay, inFinance)
	for _, form := range []struct{ name, file, says string }{{"imported", file, "Movements booked"}, {"refused", empty, "That was not done"}} {
		s.do(chromedp.Navigate(s.url + "/staff/statements"))
		s.sees("Import a file")
		s.do(chromedp.SetUploadFiles(chromedp.ID("file"), []string{form.file}))
		s.press("Import")
		s.sees(form.says)
		for _, look := range looksAt {
			s.looks(look)
			s.suits(form.name, look)
		}
	}
}

// comesIn has a member of the staff come in by a link.
func (s *screen) comesIn(name, role string) {
	s.T.Helper()
	link, _, err := s.LinkMember(s.T.Context(), access.CommandLine, s.member(name, role).ID)
	if err != nil {
		s.T.Fatal(err)
	}
	s.do(chromedp.Navigate(link))
	s.sees("Press the button")
	s.press("Sign in")
	s.sees("Today")
}

// looks sets the window, and then goes somewhere.
func (s *screen) looks(at look, then ...chromedp.Action[chromedp.Void]) {
	s.T.Helper()
	scheme := map[bool]string{false: "light", true: "dark"}[at.dark]
	s.do(append([]chromedp.Action[chromedp.Void]{chromedp.EmulateViewport(at.width, at.height), emulateScheme(scheme)}, then...)...)
	s.sees("Bursar staff")
}

// suits fails the test if the page sticks out of its window or keeps somebody out.
func (s *screen) suits(page string, at look) {
	s.T.Helper()
	over, err := chromedp.Run(s.ctx, chromedp.Evaluate[int](opensAll+`; document.documentElement.scrollWidth - window.innerWidth`))
	if err != nil || over > 0 {
		s.T.Errorf("%s, %s: %d pixels stick out, %v", page, at.name, over, err)
	}
	s.keepsNobodyOut(page + ", " + at.name)
	s.shot(page + "-" + at.name)
}

// emulateScheme has the browser prefer light or dark.
func emulateScheme(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}
