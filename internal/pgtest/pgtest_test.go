package pgtest_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bursar-pay/bursar/internal/pgtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(orphanVariable) != "" {
		leaveServer()
	}
	pgtest.Main(m)
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func ask[T any](t *testing.T, conn *pgx.Conn, sql string) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func TestEachURLIsAnEmptyDatabase(t *testing.T) {
	first, second := connect(t, pgtest.URL(t)), connect(t, pgtest.URL(t))
	if _, err := first.Exec(t.Context(), `CREATE TABLE mark (n int)`); err != nil {
		t.Fatal(err)
	}
	if got := ask[int](t, second, `SELECT count(*) FROM pg_tables WHERE tablename = 'mark'`); got != 0 {
		t.Errorf("the second database has %d tables of the first, want 0", got)
	}
}

func TestCloneHoldsWhatItsTemplateHolds(t *testing.T) {
	url, name, err := pgtest.Create("template0")
	if err != nil {
		t.Fatal(err)
	}
	defer pgtest.Drop(name)
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), `CREATE TABLE mark AS SELECT 7 AS n`); err != nil {
		t.Fatal(err)
	}
	conn.Close(t.Context())
	if got := ask[int](t, connect(t, pgtest.CloneURL(t, name)), `SELECT n FROM mark`); got != 7 {
		t.Errorf("mark in the clone is %d, want 7", got)
	}
}

func TestClusterSurvivesAKillAtItsAddress(t *testing.T) {
	dir, err := os.MkdirTemp("", "bursar-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	c, err := pgtest.Start(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	if _, err := connect(t, c.LoopbackURL("postgres")).Exec(t.Context(), `CREATE TABLE mark AS SELECT 7 AS n`); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	if conn, err := pgx.Connect(t.Context(), c.URL("postgres")); err == nil {
		conn.Close(t.Context())
		t.Fatal("a killed server answers")
	}
	if err := c.Restart(); err != nil {
		t.Fatal(err)
	}
	if got := ask[int](t, connect(t, c.URL("postgres")), `SELECT n FROM mark`); got != 7 {
		t.Errorf("mark after the kill is %d, want 7", got)
	}
	if got := ask[string](t, connect(t, c.URL("postgres")), `SHOW fsync`); got != "on" {
		t.Errorf("fsync of a cluster without settings is %s, want on", got)
	}
}

func TestMissingServerIsNamed(t *testing.T) {
	t.Setenv("BURSAR_POSTGRES_BIN", t.TempDir())
	_, err := pgtest.Start(t.TempDir())
	if !errors.Is(err, pgtest.ErrNoServer) || !strings.Contains(err.Error(), "package postgresql") {
		t.Errorf("starting without binaries gives %v, want the package to install", err)
	}
}

// orphanVariable tells this test binary to start a server and die badly.
const orphanVariable = "PGTEST_ORPHAN_DIR"

const endTimeout = 20 * time.Second

func leaveServer() {
	dir := os.Getenv(orphanVariable)
	if _, err := pgtest.Start(dir, pgtest.Fast()...); err != nil {
		os.Exit(1)
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

func TestServerEndsWithAProcessThatIsKilled(t *testing.T) {
	dir, err := os.MkdirTemp("", "bursar-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), orphanVariable+"="+dir)
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the process that starts a server and is killed ended with %v", err)
	}
	pidFile := filepath.Join(dir, "data", "postmaster.pid")
	for deadline := time.Now().Add(endTimeout); time.Now().Before(deadline); runtime.Gosched() {
		b, err := os.ReadFile(pidFile)
		if errors.Is(err, fs.ErrNotExist) {
			return // the server took its file away as it ended
		}
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(string(b), "\n")
		pid, err := strconv.Atoi(line)
		if err != nil || syscall.Kill(pid, 0) == syscall.ESRCH {
			return
		}
	}
	t.Errorf("the server still runs %v after the process that started it", endTimeout)
}
