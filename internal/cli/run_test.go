package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/pgtest"
)

// command runs one command in this process.
func command(t *testing.T, args ...string) (out, said string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, Streams{strings.NewReader(""), &o, &e})
	return o.String(), e.String(), code
}

// must runs a command that is to succeed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	out, said, code := command(t, args...)
	if code != exitGood {
		t.Fatalf("bursar %s: exit code %d: %s", strings.Join(args, " "), code, said)
	}
	return out
}

func TestExitCodes(t *testing.T) {
	t.Setenv("BURSAR_DATA", t.TempDir())
	for _, c := range []struct {
		words string
		want  int
	}{
		{"version", exitGood},
		{"--help", exitGood},
		{"config", exitGood},
		{"account ls", exitBad}, // no database
		{"policy check nowhere.yaml", exitBad},
		{"", exitUsage},
		{"account", exitUsage},
		{"account fly", exitUsage},
		{"account open", exitUsage},
		{"account ls --limit many", exitUsage},
		{"config --colour", exitUsage},
	} {
		if _, said, got := command(t, strings.Fields(c.words)...); got != c.want {
			t.Errorf("bursar %s: exit code %d, want %d: %s", c.words, got, c.want, said)
		}
	}
}

func TestMonthOnPostgres(t *testing.T) {
	t.Setenv("BURSAR_DATA", t.TempDir())
	t.Setenv("BURSAR_DB", pgtest.URL(t))
	const sample = "../../testdata/focus/focus_1.0_sample.csv"
	must(t, "migrate", "--clock", "2024-09-30T23:30:00Z")
	for _, reference := range []string{"1234567890123", "20209880", "/providers/Microsoft.Billing/billingAccounts/8611537"} {
		must(t, "account", "open", "--reference", reference, "--country", "US", "--currency", "USD", "--email", "a@b.example")
	}
	if got := must(t, "usage", "import", sample); !strings.HasPrefix(got, "1000 rows: 1000 recorded, 0 repeated") {
		t.Errorf("first import: %s", got)
	}
	if got := must(t, "usage", "import", sample); !strings.HasPrefix(got, "1000 rows: 0 recorded, 1000 repeated") {
		t.Errorf("second import: %s", got)
	}
	if got := must(t, "clock", "advance", "2h"); !strings.HasPrefix(got, "2024-10-01T01:30:") {
		t.Errorf("the clock is at %s", got)
	}
	if got := must(t, "bill", "ls"); strings.Count(got, "2024-09") != 3 {
		t.Errorf("bills after the month, want 3 of 2024-09: %s", got)
	}
	if got := must(t, "verify"); !strings.Contains(got, "the books prove: 28 checks on postgres") {
		t.Errorf("verify: %s", got)
	}
}

func TestTableKeepsOutsideTextInItsCell(t *testing.T) {
	for text, want := range map[any]string{
		"a\nb\tc":           "a b c",
		"\x1b[31mred\u009b": " [31mred ",
		"":                  "-",
		(*string)(nil):      "-",
		true:                "yes",
		7:                   "7",
	} {
		if got := cell(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
