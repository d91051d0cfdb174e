package console_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// weightMost is what a page may weigh, with everything that comes with it.
const weightMost = 60_000

var (
	links  = regexp.MustCompile(`href="(/[^"]*)"`)
	assets = regexp.MustCompile(`(?:href|src)="(/assets/[^"]+)"`)
	secret = regexp.MustCompile(`/[a-z]+_[0-9a-z]{26}`)
)

// busy is an account with much on each of its pages: payments and refunds of several
// pages, a bill of many debts, and a month of forty products on every day.
func busy(d *desk) account.Account {
	d.T.Helper()
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	for n := range 60 {
		d.Use(a, fmt.Sprint("charge ", n), "1000")
	}
	d.Pass(30 * 24 * time.Hour)
	var lines []billing.Line
	for day := range 8 {
		for n := range 40 {
			lines = append(lines, billing.Line{
				Row: len(lines) + 1, Account: a.ID, ID: fmt.Sprint("line ", day, " ", n), Product: fmt.Sprintf("Compute for project %d, region %d", n*7919, n%7),
				Amount: money.Exact{Micro: 1_234_567 + int64(n*day), Pico: int64(n), Currency: "USD"}, StartedAt: d.Clock.Now().AddDate(0, 0, -day),
			})
		}
	}
	if _, err := d.RecordUsage(d.T.Context(), access.CommandLine, office.UsageBatch{Lines: lines}); err != nil {
		d.T.Fatal(err)
	}
	return a
}

// unpacked asks for a page as browsers do, and returns how much came over the wire and
// what is in it.
func unpacked(t *testing.T, d *desk, path string) (weight int, text string) {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept-Encoding", "gzip, deflate, br")
	w := d.ask(r)
	weight = w.Body.Len()
	if w.Header().Get("Content-Encoding") != "gzip" {
		return weight, w.Body.String()
	}
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return weight, string(plain)
}

// TestEachPageIsLight follows every link there is from the overview of busy accounts,
// one page of each kind, and weighs the page with all that it loads.
func TestEachPageIsLight(t *testing.T) {
	t.Parallel()
	for name, come := range map[string]func(*desk) account.Account{"cards": busy, "credit": onCredit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.enter(come(d))
			seen, heaviest, where := map[string]bool{}, 0, ""
			for queue := []string{"/?lang=ja"}; len(queue) > 0; queue = queue[1:] {
				path := queue[0]
				weight, text := unpacked(t, d, path)
				for _, m := range assets.FindAllStringSubmatch(text, -1) {
					more, _ := unpacked(t, d, m[1])
					weight += more
				}
				if weight > heaviest {
					heaviest, where = weight, path
				}
				if weight > weightMost {
					t.Errorf("%s weighs %d bytes, want at most %d", path, weight, weightMost)
				}
				for _, m := range links.FindAllStringSubmatch(text, -1) {
					to, err := url.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
					if err != nil {
						t.Fatalf("%s links to %s: %v", path, m[1], err)
					}
					kind := secret.ReplaceAllString(to.Path, "/ID")
					for key := range to.Query() {
						kind += " " + key
					}
					if seen[kind] || to.Query().Has("lang") || strings.HasPrefix(to.Path, "/assets/") || strings.HasSuffix(to.Path, ".pdf") {
						continue
					}
					seen[kind] = true
					queue = append(queue, to.String())
				}
			}
			if len(seen) < 15 {
				t.Errorf("%d kinds of pages were weighed, want more: %v", len(seen), seen)
			}
			t.Logf("the heaviest of %d kinds of pages is %s with %d bytes", len(seen), where, heaviest)
		})
	}
}

// TestPackedAnswers are the same text, each of a length of its own.
func TestPackedAnswers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.enter(d.Customer())
	whole := plain(d.get("/").Body.String())
	lengths := map[int]bool{}
	for range 12 {
		weight, text := unpacked(t, d, "/")
		if plain(text) != whole {
			t.Fatalf("unpacked, the page is\n%s\nwant\n%s", text, whole)
		}
		lengths[weight] = true
	}
	if len(lengths) < 4 {
		t.Errorf("twelve answers have the lengths %v, want chance in them", lengths)
	}
	for _, c := range []struct {
		accepts string
		packed  bool
	}{{"", false}, {"gzip", true}, {"br, gzip;q=0.5", true}, {"gzip;q=0", false}, {"gzip; q=0.0", false}, {"identity", false}, {"*", true}, {"br", false}} {
		for _, path := range []string{"/", assets.FindStringSubmatch(d.get("/").Body.String())[1]} {
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("Accept-Encoding", c.accepts)
			w := d.ask(r)
			if packed := w.Header().Get("Content-Encoding") == "gzip"; packed != c.packed || w.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s, Accept-Encoding %q: packed %v, Vary %q; want %v, and said so", path, c.accepts, packed, w.Header().Get("Vary"), c.packed)
			}
		}
	}
}
