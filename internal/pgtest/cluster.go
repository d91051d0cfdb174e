// Package pgtest starts a private PostgreSQL server from the binaries installed
// on the machine, for tests, benchmarks and drills. A test asks URL for an empty
// database of its own; the server behind it starts with the first one asked for
// and ends with the test binary, however that ends. Without server binaries a
// test fails and names the package to install: it is never skipped.
//
// Drills that must kill the server start a Cluster of their own.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoServer says that PostgreSQL's server binaries are not installed.
var ErrNoServer = errors.New("no PostgreSQL server binaries were found: install the Debian package postgresql, or name their directory in " + binVariable)

const (
	binVariable  = "BURSAR_POSTGRES_BIN"
	systemBin    = "/usr/lib/postgresql/*/bin"
	serverUser   = "postgres" // who runs the server when we are root, which PostgreSQL refuses to be
	startTimeout = time.Minute
	startPoll    = 20 * time.Millisecond
	portTriesMax = 5
	connsMax     = 300
	logTailMax   = 2000
)

// Fast returns the settings of a server whose data need not survive a crash of
// the machine.
func Fast() []string {
	return []string{"fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB"}
}

// Cluster is one PostgreSQL server with its data.
type Cluster struct {
	dir      string // holds everything below
	bin      string
	settings []string
	owner    *syscall.Credential // nil: ourselves
	port     int
	password string // of connections over TCP; the socket's directory is private

	process *os.Process
	exited  chan struct{} // closed when the server has ended
}

// Start makes a cluster in dir and starts its server, durable unless settings
// say otherwise; a setting is "name=value", later ones win. A dir that holds a
// cluster already is started as it is. As root the server runs as the user
// postgres, who must be able to reach dir.
func Start(dir string, settings ...string) (*Cluster, error) {
	bin, err := serverBinaries()
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, bin: bin, settings: settings}
	if os.Geteuid() == 0 {
		if c.owner, err = credential(serverUser); err != nil {
			return nil, err
		}
	}
	if err := c.prepare(); err != nil {
		return nil, err
	}
	for range portTriesMax {
		if c.port, err = freePort(); err != nil {
			return nil, err
		}
		if err = c.Restart(); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// serverBinaries returns the directory of initdb and postgres.
func serverBinaries() (string, error) {
	if dir := os.Getenv(binVariable); dir != "" {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
			return "", fmt.Errorf("%w: %s holds none", ErrNoServer, dir)
		}
		return dir, nil
	}
	installed, err := filepath.Glob(systemBin + "/initdb")
	if err != nil {
		return "", err
	}
	newest, version := "", 0.0
	for _, path := range installed {
		dir := filepath.Dir(path)
		if v, err := strconv.ParseFloat(filepath.Base(filepath.Dir(dir)), 64); err == nil && v > version {
			newest, version = dir, v
		}
	}
	if newest != "" {
		return newest, nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", ErrNoServer
}

func credential(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("find the user that runs PostgreSQL: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// prepare runs initdb unless the data is there.
func (c *Cluster) prepare() error {
	secret := filepath.Join(c.dir, "password")
	if _, err := os.Stat(filepath.Join(c.data(), "PG_VERSION")); err == nil {
		b, err := os.ReadFile(secret)
		c.password = string(b)
		return err
	}
	c.password = rand.Text()
	if err := os.MkdirAll(c.sockets(), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(secret, []byte(c.password), 0o600); err != nil {
		return err
	}
	if c.owner != nil {
		for _, path := range []string{c.dir, c.sockets(), secret} {
			if err := os.Chown(path, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
				return err
			}
		}
	}
	cmd := exec.Command(filepath.Join(c.bin, "initdb"), "--pgdata", c.data(), "--username", serverUser, "--pwfile", secret,
		"--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a PostgreSQL cluster: %w: %s", err, tail(out))
	}
	return nil
}

func (c *Cluster) data() string    { return filepath.Join(c.dir, "data") }
func (c *Cluster) sockets() string { return filepath.Join(c.dir, "run") }
func (c *Cluster) logFile() string { return filepath.Join(c.dir, "log") }

// Restart starts the server of a cluster that was stopped or killed, at its old
// address, and returns when it answers. The processes of one that was killed end a
// moment after it, and until then the next one refuses to start.
func (c *Cluster) Restart() error {
	for until := time.Now().Add(startTimeout); ; time.Sleep(startPoll) {
		err := c.start()
		if err == nil || !strings.Contains(err.Error(), "shared memory block") || time.Now().After(until) {
			return err
		}
	}
}

func (c *Cluster) start() error {
	log, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	args := []string{"-D", c.data(), "-p", strconv.Itoa(c.port), "-k", c.sockets()}
	for _, s := range append([]string{"listen_addresses=127.0.0.1", "max_connections=" + strconv.Itoa(connsMax)}, c.settings...) {
		args = append(args, "-c", s)
	}
	cmd := exec.Command(filepath.Join(c.bin, "postgres"), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, log, log
	// The server must not outlive us, whatever ends us. Its own process group
	// keeps a Ctrl-C meant for us away from it until we stop it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner, Pdeathsig: syscall.SIGQUIT, Setpgid: true}
	if err := c.run(cmd); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	return c.await()
}

// run starts cmd from a thread that lives as long as cmd does: the death signal
// is sent when the thread that started a process ends, not when we do.
func (c *Cluster) run(cmd *exec.Cmd) error {
	started := make(chan error)
	exited := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
			close(exited)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	c.process, c.exited = cmd.Process, exited
	return nil
}

// await returns when the server answers, or why it does not.
func (c *Cluster) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	poll := time.NewTicker(startPoll)
	defer poll.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-poll.C:
		case <-c.exited:
			log, _ := os.ReadFile(c.logFile()) // without it the error still says what happened
			return fmt.Errorf("PostgreSQL ended while starting: %s", tail(log))
		case <-ctx.Done():
			c.Kill()
			return fmt.Errorf("PostgreSQL did not answer in %v: %w", startTimeout, err)
		}
	}
}

func tail(log []byte) string {
	return strings.TrimSpace(string(log[max(0, len(log)-logTailMax):]))
}

// URL returns the address of one of the cluster's databases, over the socket in
// its private directory.
func (c *Cluster) URL(database string) string {
	q := url.Values{"host": {c.sockets()}, "port": {strconv.Itoa(c.port)}}
	return (&url.URL{Scheme: "postgres", User: url.User(serverUser), Path: "/" + database, RawQuery: q.Encode()}).String()
}

// Socket returns the path of the server's socket, for a proxy.
func (c *Cluster) Socket() string {
	return filepath.Join(c.sockets(), ".s.PGSQL."+strconv.Itoa(c.port))
}

// LoopbackURL returns the address of one of the cluster's databases over TCP,
// password included.
func (c *Cluster) LoopbackURL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(serverUser, c.password), Path: "/" + database,
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)), RawQuery: "sslmode=disable"}
	return u.String()
}

// Stop ends the server, breaking its connections, and waits for it.
func (c *Cluster) Stop() error { return c.end(syscall.SIGINT) }

// Kill ends the server as a crash would, and waits for it.
func (c *Cluster) Kill() error { return c.end(syscall.SIGKILL) }

func (c *Cluster) end(s syscall.Signal) error {
	if c.process == nil {
		return nil
	}
	if err := c.process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-c.exited
	return nil
}
