package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

const (
	migrateTriesMax = 20             // more than the steps that can be lost to another start
	migrateLock     = 0x627572736172 // "bursar", among the database's advisory locks
)

// Migrate brings the tables to this binary's version. It is safe with several
// nodes starting at once, goes only forward, and refuses a database that a newer
// version has written.
func (s *Store) Migrate(ctx context.Context) error {
	switch e := s.engine.(type) {
	case *sqliteEngine:
		return s.migrateSQLite(ctx)
	case *postgresEngine:
		return s.migratePostgres(ctx, e)
	}
	return errors.New("store: an engine without migrations")
}

// migrateSQLite migrates on a connection of its own. SQLite has no lock that
// outlives a transaction; but each step is one transaction, with the note that it
// was done, so a start that loses the race for a step is told that its tables are
// there, and finds at its next look that nothing is left to do.
func (s *Store) migrateSQLite(ctx context.Context) error {
	db, err := sql.Open("sqlite", sqliteDSN(s.Path(), true))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for range migrateTriesMax {
		err = s.migrateOn(ctx, goose.DialectSQLite3, db)
		if err == nil || errors.Is(err, ErrNewerDatabase) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// migratePostgres migrates while it holds a lock that ends with its connection.
func (s *Store) migratePostgres(ctx context.Context, e *postgresEngine) error {
	own := e.pool.Config().ConnConfig.Copy()
	own.RuntimeParams["lock_timeout"] = "0" // another node's migration may take long
	turn, err := pgx.ConnectConfig(ctx, own)
	if err != nil {
		return fmt.Errorf("connect for a migration: %w", err)
	}
	defer turn.Close(context.WithoutCancel(ctx))
	if _, err := turn.Exec(ctx, `SELECT pg_advisory_lock($1)`, migrateLock); err != nil {
		return fmt.Errorf("wait for another node's migration: %w", err)
	}
	db := stdlib.OpenDBFromPool(e.pool)
	defer db.Close()
	return s.migrateOn(ctx, goose.DialectPostgres, db)
}

func (s *Store) migrateOn(ctx context.Context, d goose.Dialect, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations/"+s.Engine())
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(d, db, files)
	if err != nil {
		return err
	}
	if err := notNewer(ctx, p); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	if !s.river {
		return nil
	}
	return s.migrateJobs(ctx, db)
}

// Migrated returns nil if the tables are those of this binary.
func (s *Store) Migrated(ctx context.Context) error {
	var version int64
	err := s.View(ctx, func(tx *Tx) error {
		return tx.queryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&version)
	})
	want, lerr := latestMigration(s.Engine())
	switch {
	case lerr != nil:
		return lerr
	case err != nil || version < want:
		return ErrNotMigrated
	case version > want:
		return ErrNewerDatabase
	}
	return nil
}

func notNewer(ctx context.Context, p *goose.Provider) error {
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the database's version: %w", err)
	}
	sources := p.ListSources()
	if have > sources[len(sources)-1].Version {
		return ErrNewerDatabase
	}
	return nil
}

func latestMigration(engine string) (int64, error) {
	files, err := fs.Glob(migrations, "migrations/"+engine+"/*.sql")
	if err != nil || len(files) == 0 {
		return 0, errors.Join(err, errors.New("store: no migrations"))
	}
	return goose.NumericComponent(files[len(files)-1])
}
