package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/bursar-pay/bursar/internal/pgtest"
	"github.com/bursar-pay/bursar/internal/store"
)

// ground is where a benchmark is set up: an engine, and a directory that goes with
// it.
type ground struct {
	engine string // as Store.Engine names it
	dir    string
	url    string // of a PostgreSQL database in which schemas are made
}

const (
	sqlite   = "sqlite"
	postgres = "postgres"
)

// findGrounds returns the engines to measure on: that of the database that was
// named, else SQLite and, where its server is installed, a private PostgreSQL.
func findGrounds(ctx context.Context, o Options, dir string) (grounds []ground, leave func() error, err error) {
	nothing := func() error { return nil }
	switch path, isFile := strings.CutPrefix(o.DB, "sqlite:"); {
	case isFile:
		// The place is what counts: files beside the one that was named.
		beside, err := os.MkdirTemp(filepath.Dir(path), "bursar-bench-")
		return []ground{{engine: sqlite, dir: beside}}, func() error { return os.RemoveAll(beside) }, err
	case o.DB != "":
		return []ground{{engine: postgres, url: o.DB}}, nothing, nil
	}
	grounds = []ground{{engine: sqlite}}
	data := filepath.Join(dir, "postgres")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, nil, err
	}
	if err := os.Chmod(dir, 0o711); err != nil { // the server may run as another user
		return nil, nil, err
	}
	cluster, err := pgtest.Start(data)
	if errors.Is(err, pgtest.ErrNoServer) {
		o.Say("without PostgreSQL: its server is not installed here")
		return grounds, nothing, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return append(grounds, ground{engine: postgres, url: cluster.URL("postgres")}), cluster.Stop, nil
}

// place is a migrated and empty database of one side of a contest.
type place struct {
	url   string
	path  string // of the file, on SQLite
	leave func(context.Context) error
}

// prepare makes a migrated and empty database: a file, or a schema of its own in
// the database that there is.
func (g ground) prepare(ctx context.Context, o *Options, name string) (p place, err error) {
	p.leave = func(context.Context) error { return nil }
	if g.engine == sqlite {
		p.path = g.file(name + ".db")
		p.url = "sqlite:" + p.path
	} else if p.url, p.leave, err = g.schema(ctx, o, name); err != nil {
		return p, err
	}
	s, err := store.Open(ctx, p.url, store.Options{})
	if err == nil {
		err = errors.Join(s.Migrate(ctx), s.Close())
	}
	if err != nil {
		return p, errors.Join(err, p.leave(ctx))
	}
	return p, nil
}

// schema makes a schema and returns an address that sees nothing but it.
func (g ground) schema(ctx context.Context, o *Options, name string) (string, func(context.Context) error, error) {
	mark := make([]byte, 6)
	if _, err := io.ReadFull(o.Random, mark); err != nil {
		return "", nil, err
	}
	name = fmt.Sprintf("bursar_bench_%s_%x", name, mark)
	u, err := url.Parse(g.url)
	if err != nil {
		return "", nil, store.ErrDatabaseURL
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	run := func(ctx context.Context, statement string) error {
		conn, err := pgx.Connect(ctx, g.url)
		if err != nil {
			return fmt.Errorf("connect to PostgreSQL: %w", err)
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, statement)
		return err
	}
	leave := func(ctx context.Context) error {
		return run(context.WithoutCancel(ctx), "DROP SCHEMA "+name+" CASCADE")
	}
	return u.String(), leave, run(ctx, "CREATE SCHEMA "+name)
}
