package store

import (
	"context"
	"fmt"
	"runtime/debug"
)

// ahead is a transaction that writes many rows while its caller goes on: the database
// works on one processor, and on another the caller puts together what comes next.
// Whatever asks the database waits until all that was handed over before is done, and
// is told what went wrong with it. So the order is the same as without.
type ahead struct {
	conn
	work chan func() error // nil: nothing is under way
	done chan error
	err  error // the first of what was handed over
}

const (
	aheadFrom = 200 // rows from which on handing over pays
	aheadMost = 16  // statements that wait
)

// isMany tells whether it inserts so many rows that its caller need not wait.
func (s statement) isMany() bool { return s.rows != nil && s.rows.columns[0].len() >= aheadFrom }

func (a *ahead) later(ctx context.Context, s statement) error {
	if a.err != nil {
		return a.err
	}
	switch {
	case s.isMany():
		a.begin()
		a.work <- func() error { return a.conn.together(ctx, []statement{s}) }
	case a.work != nil:
		a.work <- func() error { return a.conn.later(ctx, s) }
	default:
		return a.conn.later(ctx, s)
	}
	return nil
}

func (a *ahead) begin() {
	if a.work != nil {
		return
	}
	work, done := make(chan func() error, aheadMost), make(chan error, 1)
	a.work, a.done = work, done
	go func() {
		var err error
		for do := range work {
			if err == nil {
				err = careful(do)
			}
		}
		done <- err
	}()
}

// careful turns a panic into an error: nobody stands above this goroutine to catch it,
// and one request is not to end all others.
func careful(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("store: a statement panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return do()
}

// settle waits for what is under way.
func (a *ahead) settle() error {
	if a.work == nil {
		return a.err
	}
	close(a.work)
	a.work = nil
	if err := <-a.done; a.err == nil {
		a.err = err
	}
	return a.err
}

func (a *ahead) exec(ctx context.Context, query string, args []any) (int64, error) {
	if err := a.settle(); err != nil {
		return 0, err
	}
	return a.conn.exec(ctx, query, args)
}

func (a *ahead) query(ctx context.Context, query string, args []any, scan func(row) error) error {
	if err := a.settle(); err != nil {
		return err
	}
	return a.conn.query(ctx, query, args, scan)
}

func (a *ahead) together(ctx context.Context, all []statement) error {
	if err := a.settle(); err != nil {
		return err
	}
	return a.conn.together(ctx, all)
}

func (a *ahead) commit(ctx context.Context) error {
	if err := a.settle(); err != nil {
		a.conn.rollback()
		return err
	}
	return a.conn.commit(ctx)
}

func (a *ahead) rollback() {
	_ = a.settle() // the caller already has the error that led here
	a.conn.rollback()
}

func (a *ahead) raw() any {
	_ = a.settle() // it stays, and the commit at the latest tells it
	return a.conn.raw()
}
