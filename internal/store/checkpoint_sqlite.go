package store

import (
	"database/sql"
	"time"
)

const (
	// logPagesMost is how long SQLite's write-ahead log may grow before a commit itself
	// writes it back, in pages of 4 KiB. It is the net under the checkpointer.
	logPagesMost = 20_000

	// checkpointPause is between two times that the log is written back.
	checkpointPause = 500 * time.Millisecond
)

// checkpointer writes SQLite's write-ahead log back into the database beside those who
// write. SQLite alone has every so many commits do it, and its caller wait for it: a
// page read and written for each that was changed, and two more times for the disk. It
// only ever does what no reader or writer has to wait for; what it leaves, the next time
// does, or a commit when the log has grown too long.
type checkpointer struct {
	db    *sql.DB
	woken chan struct{}
	quit  chan struct{}
	done  chan struct{}
}

func newCheckpointer(path string) *checkpointer {
	c := &checkpointer{woken: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	db, err := sql.Open("sqlite", sqliteDSN(path, true)) // it connects when it is first needed
	if err != nil {
		close(c.done)
		return c
	}
	c.db = db
	db.SetMaxOpenConns(1)
	go c.loop()
	return c
}

// wake says that something was committed.
func (c *checkpointer) wake() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

func (c *checkpointer) loop() {
	defer close(c.done)
	for {
		select {
		case <-c.woken:
		case <-c.quit:
			return
		}
		// What goes wrong here is tried again. Nothing is lost by it: what was committed is
		// in the log, and a full disk is told to whoever commits next.
		_, _ = c.db.Exec(`PRAGMA wal_checkpoint(PASSIVE)`)
		select {
		case <-time.After(checkpointPause):
		case <-c.quit:
			return
		}
	}
}

func (c *checkpointer) close() error {
	close(c.quit)
	<-c.done
	if c.db == nil {
		return nil
	}
	return c.db.Close()
}
