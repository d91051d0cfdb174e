package store_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// cut says what a proxy does to the next commit that passes through it.
type cut int32

const (
	none   cut = iota
	before     // the server never hears of it
	after      // the server's answer never arrives
	dead       // nor does anything else from then on
)

// proxy stands before a PostgreSQL server and can lose a commit or its answer.
type proxy struct {
	listener        net.Listener
	network, server string
	next            atomic.Int32 // a cut
	gone            atomic.Bool

	mu    sync.Mutex
	conns []net.Conn
}

// behindProxy returns a store whose connections go through a proxy.
func behindProxy(t *testing.T) (*store.Store, *proxy) {
	t.Helper()
	direct := storetest.URL(t, storetest.Postgres)
	c, err := pgx.ParseConfig(direct)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	p.network, p.server = pgconn.NetworkAddress(c.Host, c.Port)
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { p.serve(&serving) })
	t.Cleanup(func() {
		p.listener.Close()
		p.closeAll()
		serving.Wait()
	})
	u := url.URL{Scheme: "postgres", User: url.UserPassword(c.User, c.Password), Host: p.listener.Addr().String(),
		Path: c.Database, RawQuery: "sslmode=disable"}
	return storetest.Reopen(t, u.String()), p
}

func (p *proxy) serve(serving *sync.WaitGroup) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(p.network, p.server)
		if err != nil || p.gone.Load() {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		var mute atomic.Bool // the server's words are not passed on
		serving.Go(func() { p.forward(client, server, &mute) })
		serving.Go(func() { p.back(server, client, &mute) })
	}
}

func (p *proxy) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
}

// forward passes the client's words on, up to the commit that is to be lost.
func (p *proxy) forward(client, server net.Conn, mute *atomic.Bool) {
	defer server.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(buf[:n], []byte("commit\x00")) {
			switch cut(p.next.Swap(int32(none))) {
			case before:
				client.Close()
				return
			case after:
				mute.Store(true)
			case dead:
				p.gone.Store(true)
				client.Close()
				return
			}
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// back passes the server's words on. The first that is not to be heard ends the
// connection: by then the server has done what it was told.
func (p *proxy) back(server, client net.Conn, mute *atomic.Bool) {
	defer client.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil || mute.Load() {
			return
		}
		if _, err := io.Copy(client, bytes.NewReader(buf[:n])); err != nil {
			return
		}
	}
}

func TestACommitWhoseAnswerIsLostIsLookedUp(t *testing.T) {
	cases := []struct {
		name string
		cut  cut
		runs int // how often the function must run for its effect to be there once
	}{
		{"it was done", after, 1},
		{"it was not done", before, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, p := behindProxy(t)
			p.next.Store(int32(c.cut))
			runs := 0
			err := s.Update(t.Context(), func(tx *store.Tx) error {
				runs++
				_, err := tx.Exec(t.Context(), `INSERT INTO installation (name, value) VALUES ('a', 'once')`)
				return err
			})
			if err != nil {
				t.Fatalf("update: %v", err)
			}
			if runs != c.runs {
				t.Errorf("the function ran %d times, want %d", runs, c.runs)
			}
			if got := marked(t, s, "a"); got != "once" {
				t.Errorf("value is %q, want once", got)
			}
		})
	}
}

// TestACommitThatGoesAlongWithAStatementIsLookedUp loses the connection at a commit
// that takes along what waited.
func TestACommitThatGoesAlongWithAStatementIsLookedUp(t *testing.T) {
	s, p := behindProxy(t)
	p.next.Store(int32(before))
	runs := 0
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		runs++
		if err := mark(t.Context(), tx, "a", "once"); err != nil {
			return err
		}
		return tx.Change(t.Context(), `UPDATE installation SET value = value || ' and all' WHERE name = 'a'`)
	})
	if err != nil || runs != 2 {
		t.Errorf("update gives %v after %d runs, want success after 2", err, runs)
	}
	if got := marked(t, s, "a"); got != "once and all" {
		t.Errorf("value is %q, want \"once and all\"", got)
	}
}

func TestACommitThatCannotBeLookedUpIsUnknown(t *testing.T) {
	s, p := behindProxy(t)
	s.LookUpFor(200 * time.Millisecond)
	p.next.Store(int32(dead))
	runs := 0
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		runs++
		return mark(t.Context(), tx, "a", "")
	})
	if !errors.Is(err, store.ErrCommitUnknown) || runs != 1 {
		t.Errorf("update gives %v after %d runs, want %v after 1", err, runs, store.ErrCommitUnknown)
	}
	if err != nil && strings.Contains(err.Error(), "password") {
		t.Errorf("the error %q shows a secret", err)
	}
}
