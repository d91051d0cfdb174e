package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
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

// send has a number of connections ask until all requests are answered.
func (o *Options) send(ctx context.Context, address string, connections int, requests []request) (took time.Duration, each []time.Duration, err error) {
	clients := make([]*client, connections)
	for i := range clients {
		if clients[i], err = dial(ctx, address); err != nil {
			return 0, nil, err
		}
		defer clients[i].conn.Close()
	}
	each = make([]time.Duration, len(requests))
	errs := make([]error, connections)
	var next atomic.Int64
	var done sync.WaitGroup
	began := o.Now()
	for i, c := range clients {
		done.Go(func() {
			for errs[i] == nil && ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(requests) {
					return
				}
				from := o.Now()
				errs[i] = c.ask(requests[n])
				each[n] = o.Now().Sub(from)
			}
		})
	}
	done.Wait()
	return o.Now().Sub(began), each, errors.Join(append(errs, ctx.Err())...)
}
