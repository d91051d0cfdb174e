package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// ErrMemory says that a process's memory cannot be looked up.
var ErrMemory = fault.New(fault.Unavailable, "bench_memory", "the memory of a process can be looked up on Linux only")

const (
	startTimeout = 30 * time.Second
	startPause   = 200 * time.Microsecond
	idleAfter    = time.Second // of silence
	startsUsual  = 5           // a turn

	coldStartMost  = 100 // ms
	idleMemoryMost = 64  // MiB
)

// coldStart is the time from the start of `bursar serve` on a database that is
// there until the first answer of /healthz.
func coldStart(_ context.Context, o *Options, g ground) (contest, error) {
	starts := o.some(startsUsual, 1)
	return processContest(o, g, Result{Unit: "ms", Most: coldStartMost}, func(ctx context.Context, args []string) (outcome, error) {
		var out outcome
		for range starts {
			p, took, err := o.start(ctx, args)
			if err != nil {
				return out, err
			}
			if err := p.end(); err != nil {
				return out, err
			}
			out.each = append(out.each, took)
		}
		out.value = quantile(append([]time.Duration(nil), out.each...), 0.50)
		return out, nil
	})
}

// idleMemory is the resident memory of `bursar serve` when nobody asks anything.
func idleMemory(_ context.Context, o *Options, g ground) (contest, error) {
	return processContest(o, g, Result{Unit: "MiB", Most: idleMemoryMost}, func(ctx context.Context, args []string) (outcome, error) {
		p, _, err := o.start(ctx, args)
		if err != nil {
			return outcome{}, err
		}
		select {
		case <-time.After(time.Duration(float64(idleAfter) * min(1, o.Work))):
		case <-ctx.Done():
		}
		used, err := p.memory()
		return outcome{value: used}, errors.Join(err, p.end())
	})
}

// processContest sets the server beside the same executable that only answers.
func processContest(o *Options, g ground, r Result, turn func(context.Context, []string) (outcome, error)) (contest, error) {
	if o.Binary == "" {
		return contest{}, errors.New("no executable to start is named")
	}
	r.LessIsGood, r.FloorIs = true, "the same executable with nothing but a listener that answers"
	data := g.file("data")
	serve := []string{"serve", "--data", data, "--db", "sqlite:" + filepath.Join(data, "bursar.db"), "--log-level", "error", "--sandbox-listen", "127.0.0.1:0"}
	isMade := false
	return contest{
		result: r,
		before: func(int) error {
			if isMade {
				return nil
			}
			isMade = true
			p, _, err := o.start(context.Background(), serve) // makes the tables
			if err != nil {
				return err
			}
			return p.end()
		},
		ours:  func(ctx context.Context) (outcome, error) { return turn(ctx, serve) },
		floor: func(ctx context.Context) (outcome, error) { return turn(ctx, []string{"bench", "--answer"}) },
		after: func(context.Context) error { return nil },
	}, nil
}

// Answer is the floor of what is measured from outside: a process with nothing but
// a listener.
func Answer(ctx context.Context, address string) error {
	s := &http.Server{Addr: address, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n") // the caller may have gone
	})}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// process is a server that was started.
type process struct {
	cmd    *exec.Cmd
	said   bytes.Buffer
	exited chan struct{}
	failed error // once exited is closed
}

// start starts the executable and waits for its first answer.
func (o *Options) start(ctx context.Context, args []string) (*process, time.Duration, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, 0, err
	}
	p := &process{exited: make(chan struct{})}
	p.cmd = exec.Command(o.Binary, append(args, "--listen", address)...)
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	from := o.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, 0, err
	}
	go func() {
		p.failed = p.cmd.Wait()
		close(p.exited)
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: startTimeout}
	for {
		answer, err := client.Get("http://" + address + "/healthz")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return p, o.Now().Sub(from), nil
			}
		}
		select {
		case <-p.exited:
			return nil, 0, fmt.Errorf("%s %s ended: %w: %s", filepath.Base(o.Binary), args[0], p.failed, p.said.String())
		case <-ctx.Done():
			return nil, 0, errors.Join(ctx.Err(), p.end())
		case <-time.After(startPause):
		}
		if o.Now().Sub(from) > startTimeout {
			return nil, 0, errors.Join(errors.New("a server that was started does not answer"), p.end())
		}
	}
}

func (p *process) end() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(startTimeout):
		return errors.Join(errors.New("a server does not end"), p.cmd.Process.Kill())
	}
}

// memory is what is resident, in MiB.
func (p *process) memory() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, ErrMemory
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib / 1024, err
		}
	}
	return 0, ErrMemory
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
