package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// request is a POST as its bytes go over the wire. Clients share the machine with
// what they measure, so that theirs is the plainest there can be.
type request []byte

func post(path, key string, body []byte) request {
	r := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, key, len(body))
	return append(r, body...)
}

// client is one connection that asks over and over.
type client struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(ctx context.Context, address string) (*client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn, bufio.NewReader(conn)}, nil
}

var errAnswer = errors.New("the answer is not HTTP as expected")

const answerMax = 64 << 10

// ask sends a request and reads its answer, which must be a good one.
func (c *client) ask(r request) error {
	if _, err := c.conn.Write(r); err != nil {
		return err
	}
	head, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	isGood := len(head) > 12 && string(head[9:12]) == "200"
	status := string(head)
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		const name = "content-length:"
		if len(line) > len(name) && strings.EqualFold(string(line[:len(name)]), name) {
			if length, err = strconv.Atoi(strings.TrimSpace(string(line[len(name):]))); err != nil {
				return errAnswer
			}
		}
	}
	if length < 0 || length > answerMax {
		return errAnswer
	}
	if isGood {
		_, err := c.in.Discard(length)
		return err
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(c.in, body); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s%s", errAnswer, status, body)
}

// sent is how long a load took, and each of its requests.
type sent struct {
	Took time.Duration   `json:"took"`
	Each []time.Duration `json:"each"`
}

// send has a process of its own send a load, so that it competes with what is
// measured as little as a client on another machine can on this one.
func (o *Options) send(ctx context.Context, dir, address string, connections int, requests []request) (s sent, err error) {
	path := filepath.Join(dir, "load")
	if err := writeLoad(path, requests); err != nil {
		return s, err
	}
	cmd := exec.CommandContext(ctx, o.Binary, "bench", "--load", path, "--connections", strconv.Itoa(connections), "--listen", address)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return s, fmt.Errorf("send a load: %w: %s", err, said.String())
	}
	return s, json.Unmarshal(out, &s)
}

// writeLoad keeps requests in a file, each behind its length.
func writeLoad(path string, requests []request) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, r := range requests {
		fmt.Fprintf(w, "%d\n", len(r))
		w.Write(r) // Flush tells what went wrong
	}
	return errors.Join(w.Flush(), f.Close())
}

func readLoad(path string) (requests []request, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	for {
		line, err := in.ReadString('\n')
		if err == io.EOF {
			return requests, nil
		}
		if err != nil {
			return nil, err
		}
		length, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil || length < 0 || length > requestMax {
			return nil, errors.New("the file holds no load")
		}
		r := make(request, length)
		if _, err := io.ReadFull(in, r); err != nil {
			return nil, err
		}
		requests = append(requests, r)
	}
}

const requestMax = 16 << 20

// Send is the process that sends a load: a number of connections ask until all
// its requests are answered. What it measured goes to out.
func Send(ctx context.Context, path, address string, connections int, now func() time.Time, out io.Writer) error {
	requests, err := readLoad(path)
	if err != nil {
		return err
	}
	clients := make([]*client, connections)
	for i := range clients {
		if clients[i], err = dial(ctx, address); err != nil {
			return err
		}
		defer clients[i].conn.Close()
	}
	s := sent{Each: make([]time.Duration, len(requests))}
	errs := make([]error, connections)
	var next atomic.Int64
	var done sync.WaitGroup
	began := now()
	for i, c := range clients {
		done.Go(func() {
			for errs[i] == nil && ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(requests) {
					return
				}
				from := now()
				errs[i] = c.ask(requests[n])
				s.Each[n] = now().Sub(from)
			}
		})
	}
	done.Wait()
	s.Took = now().Sub(began)
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(s)
}
