package pgtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// sharedVariable may hold the address of a database, as a user who may create
// others, so that many test binaries can use one server.
const sharedVariable = "BURSAR_TEST_POSTGRES"

const dirPattern = "bursar-postgres-"

// server is the one server of this test binary, started by the first who asks.
var server struct {
	once  sync.Once
	admin string // address of the database from which others are made
	err   error

	cluster *Cluster // nil: somebody else's server
	dir     string
	lock    *os.File // of dir, while this process lives

	mu   sync.Mutex
	made map[string]bool // databases that Create made and Drop has not removed
}

// Main runs a package's tests and ends their server. A package that calls URL
// has it in its TestMain; without it the server still ends with the binary, but
// its directory stays until the next start.
func Main(m *testing.M) {
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
	}
	os.Exit(code)
}

func stop() error {
	if server.cluster == nil {
		var errs []error
		for name := range server.made { // Drop takes it out
			errs = append(errs, Drop(name))
		}
		return errors.Join(errs...)
	}
	return errors.Join(server.cluster.Stop(), os.RemoveAll(server.dir))
}

// URL returns the address of an empty database that is t's own and goes with it.
func URL(t testing.TB) string {
	t.Helper()
	return CloneURL(t, "template0")
}

// CloneURL returns the address of a copy, t's own, of a database that nobody is
// connected to.
func CloneURL(t testing.TB, template string) string {
	t.Helper()
	address, name, err := Create(template)
	if err != nil {
		t.Fatalf("a PostgreSQL database for the test: %v", err)
	}
	t.Cleanup(func() {
		if err := Drop(name); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return address
}

// Create makes a database as a copy of template on this binary's server and
// returns its address and its name. It is for what several tests share, a
// template for CloneURL above all; Drop removes it.
func Create(template string) (address, name string, err error) {
	name = fmt.Sprintf("bursar_%d_%08x", os.Getpid(), rand.Uint32())
	err = asAdmin("CREATE DATABASE " + pgx.Identifier{name}.Sanitize() + " TEMPLATE " + pgx.Identifier{template}.Sanitize())
	if err != nil {
		return "", "", err
	}
	u, err := url.Parse(server.admin)
	if err != nil {
		return "", "", err
	}
	u.Path = "/" + name
	note(name, true)
	return u.String(), name, nil
}

// Drop removes a database that Create made, and whoever is connected to it.
func Drop(name string) error {
	note(name, false)
	return asAdmin("DROP DATABASE IF EXISTS " + pgx.Identifier{name}.Sanitize() + " WITH (FORCE)")
}

// note keeps in mind what is left to drop on a server that outlives us.
func note(name string, there bool) {
	server.mu.Lock()
	defer server.mu.Unlock()
	if server.made == nil {
		server.made = map[string]bool{}
	}
	if there {
		server.made[name] = true
	} else {
		delete(server.made, name)
	}
}

func asAdmin(statement string) error {
	server.once.Do(func() { server.err = begin() })
	if server.err != nil {
		return server.err
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server.admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// begin starts this binary's server, unless there is one to share.
func begin() error {
	if server.admin = os.Getenv(sharedVariable); server.admin != "" {
		return nil
	}
	sweep()
	dir, err := os.MkdirTemp("", dirPattern)
	if err != nil {
		return err
	}
	if err := hold(dir); err != nil {
		return err
	}
	c, err := Start(dir, Fast()...)
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	server.cluster, server.dir, server.admin = c, dir, c.URL("postgres")
	return nil
}

// hold locks dir for as long as this process lives.
func hold(dir string) error {
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		return err
	}
	server.lock = lock
	return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// sweep removes what test binaries left that were killed before they could: the
// directories that nobody holds any more. What cannot be looked at stays.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), dirPattern+"*"))
	for _, dir := range left {
		lock, err := os.Open(filepath.Join(dir, "lock"))
		if err != nil {
			continue
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(dir)
		}
		_ = lock.Close()
	}
}
