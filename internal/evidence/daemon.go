package evidence

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// Daemon is a scanner that asks a virus scanner's daemon over a socket, in the
// protocol of ClamAV's clamd. Each file is asked about on a connection of its own.
// It is safe for use by several goroutines.
type Daemon struct {
	network, address string
}

// ErrScannerAddress says that the address of a scanner is none.
var ErrScannerAddress = fault.New(fault.Invalid, "scanner_address", "the scanner's address is not written as one").
	WithNext("write unix:/path/of/the/socket or tcp:host:port")

// NewDaemon returns the scanner that listens at an address such as
// "unix:/run/clamav/clamd.ctl" or "tcp:127.0.0.1:3310".
func NewDaemon(address string) (*Daemon, error) {
	network, where, _ := strings.Cut(address, ":")
	switch network {
	case "unix":
		if !filepath.IsAbs(where) {
			return nil, ErrScannerAddress
		}
	case "tcp":
		if host, port, err := net.SplitHostPort(where); err != nil || host == "" || port == "" {
			return nil, ErrScannerAddress
		}
	default:
		return nil, ErrScannerAddress
	}
	return &Daemon{network, where}, nil
}

const (
	scanMost  = time.Minute // for one file, from the first knock to the answer
	scanChunk = 64 << 10    // bytes that are sent at once
	answerMax = 4 << 10     // bytes of an answer
)

// Scan implements Scanner. The name of what was found stays out of the answer: it can
// hold words of who made it.
func (d *Daemon) Scan(ctx context.Context, content []byte) error {
	ctx, cancel := context.WithTimeout(ctx, scanMost)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, d.network, d.address)
	if err != nil {
		return fmt.Errorf("reach the scanner: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	sent := send(conn, content)
	// A daemon that has heard enough answers and hangs up in the midst of a file: its
	// answer counts, not that it listened no longer.
	answer, err := bufio.NewReader(io.LimitReader(conn, answerMax)).ReadString(0)
	if err != nil {
		return fmt.Errorf("hear the scanner: %w", errors.Join(ctx.Err(), sent, err))
	}
	switch answer = strings.TrimRight(answer, "\x00\r\n "); {
	case answer == "stream: OK" && sent == nil:
		return nil
	case strings.HasPrefix(answer, "stream: ") && strings.HasSuffix(answer, " FOUND"):
		return ErrInfected
	}
	return errors.Join(errScannerAnswer, sent)
}

var errScannerAnswer = errors.New("evidence: the scanner did not look at the whole file")

// send hands a file over: each chunk behind its length, and a length of zero at the
// end.
func send(w io.Writer, content []byte) error {
	b := bufio.NewWriterSize(w, scanChunk+8)
	b.WriteString("zINSTREAM\x00") // what goes wrong is told by Flush
	for len(content) > 0 {
		chunk := content[:min(len(content), scanChunk)]
		content = content[len(chunk):]
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(chunk))))
		b.Write(chunk)
	}
	b.Write([]byte{0, 0, 0, 0})
	return b.Flush()
}
