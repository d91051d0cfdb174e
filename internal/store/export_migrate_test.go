package store

import (
	"context"
	"database/sql"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// MigrateTo brings an empty database to the tables of an older version, as a binary of
// then did.
func (s *Store) MigrateTo(ctx context.Context, version int64) error {
	files, err := fs.Sub(migrations, "migrations/"+s.Engine())
	if err != nil {
		return err
	}
	var db *sql.DB
	dialect := goose.DialectSQLite3
	if e, isPostgres := s.engine.(*postgresEngine); isPostgres {
		dialect, db = goose.DialectPostgres, stdlib.OpenDBFromPool(e.pool)
	} else if db, err = sql.Open("sqlite", sqliteDSN(s.Path(), true)); err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	p, err := goose.NewProvider(dialect, db, files)
	if err != nil {
		return err
	}
	_, err = p.UpTo(ctx, version)
	return err
}
