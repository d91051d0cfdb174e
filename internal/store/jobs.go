package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/bursar-pay/bursar/internal/job"
)

// Enqueuer puts jobs into a queue, in the transaction that needs them. However many
// they are, the number of statements is the same.
type Enqueuer interface {
	Enqueue(ctx context.Context, tx *Tx, jobs ...job.Job) error
}

var errNoQueue = errors.New("store: no queue has been chosen with UseQueue")

// UseQueue says where jobs go. It is called once, before the first Update.
func (s *Store) UseQueue(q Enqueuer) { s.enqueue = q }

// Enqueue puts jobs into the queue that UseQueue has named.
func (tx *Tx) Enqueue(ctx context.Context, jobs ...job.Job) error {
	switch {
	case len(jobs) == 0:
		return nil
	case tx.store.enqueue == nil:
		return tx.note(errNoQueue)
	}
	return tx.store.enqueue.Enqueue(ctx, tx, jobs...)
}

// sorted splits jobs into single ones and others. Of several that are the same single
// job, the one that is due first stays, where the first of them stood: PostgreSQL
// changes no row twice in one statement.
func sorted(jobs []job.Job) (single, others []job.Job) {
	at := map[string]int{}
	for _, j := range jobs {
		if !j.Once {
			others = append(others, j)
			continue
		}
		i, again := at[uniqueKey(j)]
		switch {
		case !again:
			at[uniqueKey(j)] = len(single)
			single = append(single, j)
		case dueAt(j) < dueAt(single[i]):
			single[i] = j
		}
	}
	return single, others
}

// jobColumns are the columns of jobs that have no key yet.
func jobColumns(jobs []job.Job) []column {
	n := make([]int64, len(jobs))
	none := make([]string, len(jobs))
	return []column{
		textColumn("kind", jobs, func(j job.Job) string { return string(j.Kind) }),
		textColumn("subject", jobs, func(j job.Job) string { return j.Subject }),
		numberColumn("due_at", jobs, dueAt),
		{name: "attempts", numbers: n}, {name: "last_error", texts: none},
	}
}

// anEarlierJobWins is how a single job goes in beside one that waits.
const anEarlierJobWins = `
	ON CONFLICT (unique_key) DO UPDATE
	SET due_at = excluded.due_at
	WHERE excluded.due_at < jobs.due_at`

// --- The stepper's queue ---

// jobNotDue is the due time of a job that runs and is not wanted again.
const jobNotDue = math.MaxInt64

var _ job.StepperRows = (*Store)(nil)

// StepperQueue returns the queue that a job.Stepper works on. wake is called
// after each commit that enqueued something; nil if no stepper is in this process.
func StepperQueue(wake func()) Enqueuer { return stepperQueue{wake} }

type stepperQueue struct{ wake func() }

// Enqueue inserts rows. A single job that waits, or runs, takes the earlier due
// time instead; while it runs it has none, so that it will run once more.
func (q stepperQueue) Enqueue(ctx context.Context, tx *Tx, jobs ...job.Job) error {
	single, others := sorted(jobs)
	if len(others) > 0 {
		if err := tx.later(ctx, statement{rows: &bulk{into: "jobs", columns: jobColumns(others)}}); err != nil {
			return err
		}
	}
	if len(single) > 0 {
		columns := append(jobColumns(single), textColumn("unique_key", single, uniqueKey))
		if err := tx.later(ctx, statement{rows: &bulk{into: "jobs", columns: columns, more: anEarlierJobWins}}); err != nil {
			return err
		}
	}
	if q.wake != nil {
		tx.AfterCommit(q.wake)
	}
	return nil
}

// uniqueKey tells single jobs apart; "" for the others.
func uniqueKey(j job.Job) string {
	if !j.Once {
		return ""
	}
	return string(j.Kind) + " " + j.Subject
}

// dueAt is a job's due time as the database keeps it: at once is the beginning
// of time, so that no clock is needed here.
func dueAt(j job.Job) int64 {
	if j.At.IsZero() {
		return 0
	}
	return j.At.UnixMicro()
}

// ClaimJob takes the job that is due the longest. One whose holder's time is over
// comes first. Due times up to now are met by this run; a later one stays.
func (s *Store) ClaimJob(ctx context.Context, now, until time.Time) (c job.Claim, found bool, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		c, found = job.Claim{}, false
		return tx.query(ctx, `
			UPDATE jobs
			   SET claimed_until = $2,
			       attempts = attempts + 1,
			       due_at = CASE WHEN due_at <= $1 THEN cast($3 as bigint) ELSE due_at END
			 WHERE id = coalesce(
			       (SELECT id FROM jobs WHERE claimed_until <= $1 ORDER BY claimed_until, id LIMIT 1`+tx.skipLocked()+`),
			       (SELECT id FROM jobs WHERE due_at <= $1 AND claimed_until IS NULL ORDER BY due_at, id LIMIT 1`+tx.skipLocked()+`))
			RETURNING id, kind, subject, attempts, claimed_until`,
			[]any{now.UnixMicro(), until.UnixMicro(), int64(jobNotDue)}, func(r row) error {
				found = true
				return r.Scan(&c.ID, textOf(&c.Kind), &c.Subject, &c.Attempt, instant{&c.Until})
			})
	})
	return c, found && err == nil, err
}

// FinishJob removes a claimed job, unless it was enqueued again while it ran.
func (s *Store) FinishJob(ctx context.Context, c job.Claim) error {
	return s.Update(ctx, func(tx *Tx) error {
		n, err := tx.exec(ctx, `
			DELETE FROM jobs
			 WHERE id = $1 AND attempts = $2 AND claimed_until = $3
			   AND due_at = $4`,
			c.ID, c.Attempt, c.Until.UnixMicro(), int64(jobNotDue))
		if err != nil || n == 1 {
			return err
		}
		_, err = tx.exec(ctx, `
			UPDATE jobs
			   SET claimed_until = NULL, attempts = 0, last_error = ''
			 WHERE id = $1 AND attempts = $2 AND claimed_until = $3`,
			c.ID, c.Attempt, c.Until.UnixMicro())
		return err
	})
}

// PostponeJob gives a claimed job back, due at the given instant or at an
// earlier one for which it was enqueued while it ran.
func (s *Store) PostponeJob(ctx context.Context, c job.Claim, at time.Time, failure string) error {
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `
			UPDATE jobs
			   SET claimed_until = NULL,
			       due_at = CASE WHEN due_at < $4 THEN due_at ELSE cast($4 as bigint) END,
			       attempts = attempts - CASE WHEN $5 = '' THEN 1 ELSE 0 END,
			       last_error = $5
			 WHERE id = $1 AND attempts = $2 AND claimed_until = $3`,
			c.ID, c.Attempt, c.Until.UnixMicro(), at.UnixMicro(), failure)
		return err
	})
}

// NextJob returns when the next job falls due, or the next claim is over.
func (s *Store) NextJob(ctx context.Context) (at time.Time, found bool, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		var next sql.NullInt64
		err := tx.queryRow(ctx, `
			SELECT min(at)
			  FROM (SELECT min(due_at) AS at FROM jobs WHERE claimed_until IS NULL
			        UNION ALL
			        SELECT min(claimed_until) FROM jobs WHERE claimed_until IS NOT NULL) AS next`).Scan(&next)
		at, found = time.UnixMicro(next.Int64).UTC(), next.Valid
		return err
	})
	return at, found && err == nil, err
}

// FailingJobs lists the stepper's jobs that failed and wait.
func (s *Store) FailingJobs(ctx context.Context, limit int) (failing []job.Failure, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		return tx.query(ctx, `
			SELECT kind, subject, attempts, last_error, due_at
			  FROM jobs
			 WHERE last_error <> '' AND claimed_until IS NULL
			 ORDER BY attempts DESC, id
			 LIMIT $1`, []any{limit}, func(r row) error {
			var f job.Failure
			err := r.Scan(textOf(&f.Kind), &f.Subject, &f.Attempts, &f.Error, instant{&f.Next})
			failing = append(failing, f)
			return err
		})
	})
	return failing, err
}

// --- River's queue ---

// riverConns are the connections that River's workers have of their own on
// PostgreSQL. On SQLite it is one: River's parts would lock each other out.
const riverConns = 6

var _ job.RiverRows = (*Store)(nil)

// RiverQueue returns the queue that a job.River works on.
func (s *Store) RiverQueue(now func() time.Time) (Enqueuer, error) {
	quiet := &river.Config{Logger: slog.New(slog.DiscardHandler)} // it only inserts
	if s.Path() != "" {
		c, err := river.NewClient(riversqlite.New(nil), quiet)
		return riverQueue[*sql.Tx]{c, now}, err
	}
	c, err := river.NewClient(riverpgxv5.New(nil), quiet)
	return riverQueue[pgx.Tx]{c, now}, err
}

type riverQueue[T any] struct {
	client *river.Client[T]
	now    func() time.Time
}

// Enqueue inserts River's jobs and, for single ones, the rows that make them so. A
// single job that waits already gets another job of River's if that is due
// earlier; the one it had finds itself superseded and ends.
func (q riverQueue[T]) Enqueue(ctx context.Context, tx *Tx, jobs ...job.Job) error {
	single, others := sorted(jobs)
	rows, err := keepSingle(ctx, tx, single)
	if err != nil {
		return err
	}
	var params []river.InsertManyParams
	for _, j := range append(others, single...) {
		args := job.RiverArgs{Job: j.Kind, Subject: j.Subject}
		if j.Once {
			var isNew bool
			if args.Once, isNew = rows[uniqueKey(j)]; !isNew {
				continue // it waits, and for no later
			}
		}
		params = append(params, river.InsertManyParams{Args: args, InsertOpts: job.RiverInsert(j.At, q.now())})
	}
	if err := tx.usable(ctx); err != nil || len(params) == 0 {
		return err
	}
	// Without the caller's cancellation, as in sqliteEngine.begin.
	inserted, err := q.client.InsertManyTx(context.WithoutCancel(ctx), tx.conn.raw().(T), params)
	if err != nil || len(rows) == 0 {
		return tx.note(err)
	}
	return nameRiverJobs(ctx, tx, inserted)
}

// keepSingle inserts the rows of single jobs, and returns by their keys those that
// need a job of River's.
func keepSingle(ctx context.Context, tx *Tx, single []job.Job) (map[string]int64, error) {
	if len(single) == 0 {
		return nil, nil
	}
	columns := append(jobColumns(single), textColumn("unique_key", single, uniqueKey))
	given, args := tx.given(1, columns...)
	rows := make(map[string]int64, len(single))
	err := tx.query(ctx, `
		INSERT INTO jobs (kind, subject, due_at, attempts, last_error, unique_key)
		SELECT kind, subject, due_at, attempts, last_error, unique_key FROM `+given+` WHERE true`+anEarlierJobWins+`
		RETURNING id, unique_key`, args, func(r row) error {
		var id int64
		var key string
		err := r.Scan(&id, &key)
		rows[key] = id
		return err
	})
	return rows, err
}

// nameRiverJobs notes in the rows of single jobs which job of River's comes for each.
func nameRiverJobs(ctx context.Context, tx *Tx, inserted []*rivertype.JobInsertResult) error {
	var rows, jobs []int64
	for _, i := range inserted {
		var args job.RiverArgs
		if err := json.Unmarshal(i.Job.EncodedArgs, &args); err != nil {
			return tx.note(err)
		}
		if args.Once != 0 {
			rows, jobs = append(rows, args.Once), append(jobs, i.Job.ID)
		}
	}
	given, args := tx.given(1, column{name: "once", numbers: rows}, column{name: "river", numbers: jobs})
	return tx.change(ctx, `UPDATE jobs SET river_job = given.river FROM `+given+` WHERE jobs.id = given.once`, args...)
}

// OpenRiver returns a client that works on this database, and what closes its
// connections.
func (s *Store) OpenRiver(ctx context.Context, c *river.Config) (job.RiverClient, func() error, error) {
	if e, ok := s.engine.(*postgresEngine); ok {
		own := e.pool.Config()
		own.MaxConns = riverConns
		pool, err := pgxpool.NewWithConfig(ctx, own)
		if err != nil {
			return nil, nil, err
		}
		client, err := river.NewClient(riverpgxv5.New(pool), c)
		if err != nil {
			pool.Close()
			return nil, nil, err
		}
		return client, func() error { pool.Close(); return nil }, nil
	}
	db, err := sql.Open("sqlite", sqliteDSN(s.Path(), true))
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(1)
	polling := *c
	polling.PollOnly = true // listening is a poll too, and a faster one
	client, err := river.NewClient(riversqlite.New(db), &polling)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return client, db.Close, nil
}

// BeginOnce takes a single job from those that wait: what is enqueued from now
// on will run once more. It answers false to a job of River's that is superseded.
func (s *Store) BeginOnce(ctx context.Context, id, riverJob int64) (found bool, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		n, err := tx.exec(ctx, `
			UPDATE jobs SET unique_key = NULL
			 WHERE id = $1 AND (river_job = $2 OR river_job IS NULL)`, id, riverJob)
		found = n == 1
		return err
	})
	return found && err == nil, err
}

// FinishOnce removes a single job's row.
func (s *Store) FinishOnce(ctx context.Context, id int64) error {
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `DELETE FROM jobs WHERE id = $1`, id)
		return err
	})
}

// PostponeOnce puts a single job back among those that wait. If another of its
// kind and subject was enqueued meanwhile, one that only snoozes ends here, for
// the other comes earlier and goes on; one that failed stays beside it.
func (s *Store) PostponeOnce(ctx context.Context, id int64, at time.Time, failure string) (kept bool, err error) {
	for range 2 {
		err = s.Update(ctx, func(tx *Tx) error {
			kept = true
			var others int64
			if err := tx.queryRow(ctx, `
				SELECT count(*) FROM jobs AS mine
				  JOIN jobs AS other ON other.unique_key = mine.kind || ' ' || mine.subject
				 WHERE mine.id = $1 AND other.id <> $1`, id).Scan(&others); err != nil {
				return err
			}
			if others > 0 && failure == "" {
				kept = false
				_, err := tx.exec(ctx, `DELETE FROM jobs WHERE id = $1`, id)
				return err
			}
			_, err := tx.exec(ctx, `
				UPDATE jobs
				   SET due_at = $2,
				       attempts = attempts + CASE WHEN $3 = '' THEN 0 ELSE 1 END,
				       last_error = $3,
				       unique_key = CASE WHEN $4 = 0 THEN kind || ' ' || subject END
				 WHERE id = $1`, id, at.UnixMicro(), failure, others)
			return err
		})
		if !s.engine.isUniqueViolation(err) {
			break
		} // else it was enqueued between our look and our write: look again
	}
	return kept, err
}

// --- River's tables ---

// migrateJobs brings River's tables to the version that this binary's River
// expects. It runs under Migrate's lock.
func (s *Store) migrateJobs(ctx context.Context, db *sql.DB) error {
	switch e := s.engine.(type) {
	case *sqliteEngine:
		return migrateRiver(ctx, riversqlite.New(db))
	case *postgresEngine:
		return migrateRiver(ctx, riverpgxv5.New(e.pool))
	}
	return nil
}

func migrateRiver[T any](ctx context.Context, d riverdriver.Driver[T]) error {
	m, err := rivermigrate.New(d, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}
