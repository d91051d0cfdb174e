package cli

import (
	"compress/gzip"
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"

	"github.com/bursar-pay/bursar/internal/pgtest"
)

// tests lets the scripts' process be a test's, with its database server.
type tests struct{ m *testing.M }

func (t tests) Run() int {
	pgtest.Main(t.m) // exits
	return 0
}

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){
		"bursar": func() { os.Exit(Run(os.Args[1:], Streams{os.Stdin, os.Stdout, os.Stderr})) },
	})
}

// TestScripts drives the binary as a customer would.
func TestScripts(t *testing.T) {
	samples, err := filepath.Abs("../../testdata/focus")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("BURSAR_DATA", filepath.Join(e.WorkDir, "data"))
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "config"))
			e.Setenv("SAMPLES", samples)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"occupy": occupy, "halve": halve, "newer": newer, "take": take,
		},
	})
}

// occupy listens on a port and names it in $TAKEN.
func occupy(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("TAKEN", l.Addr().String())
}

// halve FILE OUT writes the first half of FILE, packed.
func halve(ts *testscript.TestScript, _ bool, args []string) {
	whole := filepath.Join(ts.Getenv("WORK"), "whole.gz")
	f, err := os.Create(whole)
	ts.Check(err)
	z := gzip.NewWriter(f)
	_, err = z.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(z.Close())
	ts.Check(f.Close())
	packed, err := os.ReadFile(whole)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), packed[:len(packed)/2], 0o600))
}

// newer FILE makes a database look like one of a later version.
func newer(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
	ts.Check(err)
}
