package bench

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // the driver
)

// floor is a plain program on a database of its own, with the same tables and the
// same care for what is written.
type floor struct {
	o       *Options
	place   place
	db      *sql.DB       // on SQLite, one connection
	turn    sync.Mutex    // SQLite has one writer
	pool    *pgxpool.Pool // on PostgreSQL
	servers []*http.Server

	mu      sync.Mutex
	waiting []*posted // gathered
	busy    bool
}

func openFloor(ctx context.Context, o *Options, g ground) (*floor, error) {
	p, err := g.prepare(ctx, o, "floor")
	if err != nil {
		return nil, err
	}
	f := &floor{o: o, place: p}
	if err := f.open(ctx); err != nil {
		return nil, errors.Join(err, f.close(ctx))
	}
	return f, nil
}

// open opens the database of its place.
func (f *floor) open(ctx context.Context) (err error) {
	if f.place.path != "" {
		return f.openSQLite(ctx)
	}
	f.pool, err = pgxpool.New(ctx, f.place.url)
	return err
}

func (f *floor) openSQLite(ctx context.Context) (err error) {
	dsn := "file:" + (&url.URL{Path: f.place.path}).EscapedPath() + "?_txlock=immediate&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=cache_size(-65536)"
	if f.db, err = sql.Open("sqlite", dsn); err != nil {
		return err
	}
	f.db.SetMaxOpenConns(1)
	return nil
}

func (f *floor) close(ctx context.Context) error {
	var errs []error
	for _, s := range f.servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, f.closeDatabase(), f.place.leave(ctx))...)
}

func (f *floor) closeDatabase() error {
	if f.pool != nil {
		f.pool.Close()
	}
	if f.db == nil {
		return nil
	}
	return f.db.Close()
}

func (f *floor) listen(path string, h http.HandlerFunc) (string, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+path, h)
	s, address, err := listen(mux)
	if err == nil {
		f.servers = append(f.servers, s)
	}
	return address, err
}

// plainLine is a line as it is sent.
type plainLine struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	Product string `json:"product"`
	Amount  struct {
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
	} `json:"amount"`
	StartedAt string `json:"started_at"`
}

// plainRow is a line as it is kept.
type plainRow struct {
	key, content         []byte
	account, id, product string
	micro, pico, started int64
}

// saver writes rows and returns when they are durable.
type saver func(context.Context, []plainRow) error

// usage takes posts of usage.
func (f *floor) usage(save saver) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		rows, err := readPlain(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := save(r.Context(), rows); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"recorded":%d}`, len(rows))
	}
}

func readPlain(body []byte) ([]plainRow, error) {
	var batch struct {
		Lines []plainLine `json:"lines"`
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		return nil, err
	}
	rows := make([]plainRow, len(batch.Lines))
	for i, l := range batch.Lines {
		at, err := time.Parse(time.RFC3339, l.StartedAt)
		if err != nil {
			return nil, err
		}
		micro, pico, err := plainAmount(l.Amount.Amount)
		if err != nil {
			return nil, err
		}
		key := sha256.Sum256([]byte(l.Account + " " + l.ID))
		content := sha256.Sum256([]byte(l.Product + l.Amount.Amount + l.Amount.Currency + l.StartedAt))
		rows[i] = plainRow{key[:16], content[:16], l.Account, l.ID, l.Product, micro, pico, at.UnixMicro()}
	}
	return rows, nil
}

// plainAmount reads what the load sends, and not all that there is.
func plainAmount(s string) (micro, pico int64, err error) {
	whole, fraction, _ := strings.Cut(s, ".")
	fraction += strings.Repeat("0", max(0, 12-len(fraction)))
	for i, c := range []byte(whole + fraction) {
		if c < '0' || c > '9' {
			return 0, 0, fmt.Errorf("the amount %q is not decimal", s)
		}
		if i < len(whole)+6 {
			micro = micro*10 + int64(c-'0')
		} else {
			pico = pico*10 + int64(c-'0')
		}
	}
	return micro, pico, nil
}

// save inserts rows in a transaction of their own.
func (f *floor) save(ctx context.Context, rows []plainRow) error {
	if f.pool != nil {
		return f.savePostgres(ctx, rows)
	}
	return f.saveSQLite(ctx, rows)
}

const plainColumns = `line_key, account_id, line_id, content, collection, product, micro, pico, started_at, received_at`

func (f *floor) savePostgres(ctx context.Context, rows []plainRow) error {
	n := len(rows)
	account, id, product := make([]string, n), make([]string, n), make([]string, n)
	key, content := make([][]byte, n), make([][]byte, n)
	micro, pico, started := make([]int64, n), make([]int64, n), make([]int64, n)
	for i, r := range rows {
		key[i], content[i], account[i], id[i], product[i] = r.key, r.content, r.account, r.id, r.product
		micro[i], pico[i], started[i] = r.micro, r.pico, r.started
	}
	_, err := f.pool.Exec(ctx, `
		INSERT INTO usage_lines (`+plainColumns+`)
		SELECT key, account, line, content, 1, product, micro, pico, started, $9::bigint
		  FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[])
		       AS t (key, account, line, content, product, micro, pico, started)
		    ON CONFLICT DO NOTHING`, key, account, id, content, product, micro, pico, started, f.o.Now().UnixMicro())
	return err
}

func (f *floor) saveSQLite(ctx context.Context, rows []plainRow) (err error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	insert, err := tx.Prepare(`INSERT INTO usage_lines (` + plainColumns + `) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	at := f.o.Now().UnixMicro()
	for _, r := range rows {
		if _, err := insert.Exec(r.key, r.account, r.id, r.content, r.product, r.micro, r.pico, r.started, at); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// posted is rows that wait for a commit.
type posted struct {
	rows []plainRow
	done chan error
}

// gather has rows saved with whatever else arrives while the commit before them is
// under way.
func (f *floor) gather(ctx context.Context, rows []plainRow) error {
	p := &posted{rows, make(chan error, 1)}
	f.mu.Lock()
	f.waiting = append(f.waiting, p)
	idle := !f.busy
	f.busy = true
	f.mu.Unlock()
	if idle {
		go f.commit(context.WithoutCancel(ctx))
	}
	return <-p.done
}

func (f *floor) commit(ctx context.Context) {
	for {
		f.mu.Lock()
		together := f.waiting
		f.waiting = nil
		f.busy = len(together) > 0
		f.mu.Unlock()
		if len(together) == 0 {
			return
		}
		var all []plainRow
		for _, p := range together {
			all = append(all, p.rows...)
		}
		err := f.save(ctx, all)
		for _, p := range together {
			p.done <- err
		}
	}
}

// mustHold makes sure that the floor did its work.
func (f *floor) mustHold(ctx context.Context, lines int) error {
	const question = `SELECT count(*) FROM usage_lines`
	var n int
	var err error
	if f.pool != nil {
		err = f.pool.QueryRow(ctx, question).Scan(&n)
	} else {
		err = f.db.QueryRowContext(ctx, question).Scan(&n)
	}
	if err == nil && n != lines {
		err = fmt.Errorf("the floor holds %d lines instead of %d", n, lines)
	}
	return err
}
