package evidence_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/evidence"
)

// scannerDaemon is a virus scanner that listens until the test is over. It reads
// what it is sent, at most so many bytes, and answers by what that was.
func scannerDaemon(t *testing.T, network, address string, most int, answer func(content []byte) string) string {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serveScan(conn, most, answer)
		}
	}()
	return network + ":" + l.Addr().String()
}

func serveScan(conn net.Conn, most int, answer func([]byte) string) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	if word, err := r.ReadString(0); err != nil || word != "zINSTREAM\x00" {
		io.WriteString(conn, "UNKNOWN COMMAND\x00")
		return
	}
	var content []byte
	for {
		var size uint32
		if binary.Read(r, binary.BigEndian, &size) != nil {
			return
		}
		if size == 0 {
			io.WriteString(conn, answer(content))
			return
		}
		if len(content)+int(size) > most {
			io.WriteString(conn, "INSTREAM size limit exceeded. ERROR\x00")
			return
		}
		chunk := make([]byte, size)
		if _, err := io.ReadFull(r, chunk); err != nil {
			return
		}
		content = append(content, chunk...)
	}
}

const most = 64 << 20

// test files of virus scanners hold this text; the pretend one finds it.
func findsCanary(content []byte) string {
	if bytes.Contains(content, []byte("CANARY")) {
		return "stream: Test.CANARY FOUND\x00"
	}
	return "stream: OK\x00"
}

func TestDaemonIsAskedAboutEveryFile(t *testing.T) {
	addresses := []string{
		scannerDaemon(t, "tcp", "127.0.0.1:0", most, findsCanary),
		scannerDaemon(t, "unix", filepath.Join(t.TempDir(), "s"), most, findsCanary),
	}
	large := bytes.Repeat([]byte("x"), 300_000)
	for _, address := range addresses {
		d, err := evidence.NewDaemon(address)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name    string
			content []byte
			want    error
		}{
			{"a good file", []byte("%PDF-1.4"), nil},
			{"a bad one", []byte("%PDF-1.4 CANARY"), evidence.ErrInfected},
			{"a large one", large, nil},
			{"one that is bad at its end", append(large, "CANARY"...), evidence.ErrInfected},
		} {
			if err := d.Scan(t.Context(), c.content); !errors.Is(err, c.want) {
				t.Errorf("%s at %s: got %v, want %v", c.name, address, err, c.want)
			}
		}
	}
}

// What the daemon cannot look at is not taken, and neither is anything while it is
// away.
func TestNothingIsTakenUnscanned(t *testing.T) {
	gone := scannerDaemon(t, "unix", filepath.Join(t.TempDir(), "s"), most, findsCanary) + "-gone"
	for name, address := range map[string]string{
		"it is not there":                gone,
		"it hangs up":                    scannerDaemon(t, "tcp", "127.0.0.1:0", most, func([]byte) string { return "" }),
		"it has trouble of its own":      scannerDaemon(t, "tcp", "127.0.0.1:0", most, func([]byte) string { return "stream: Can't open database ERROR\x00" }),
		"it answers something else":      scannerDaemon(t, "tcp", "127.0.0.1:0", most, func([]byte) string { return "PONG\x00" }),
		"it says a lot and no end to it": scannerDaemon(t, "tcp", "127.0.0.1:0", most, func([]byte) string { return strings.Repeat("x", 1<<20) }),
		"the file is too large for it":   scannerDaemon(t, "tcp", "127.0.0.1:0", 4, findsCanary),
	} {
		d, err := evidence.NewDaemon(address)
		if err != nil {
			t.Fatal(err)
		}
		c := evidence.NewCleaner(evidence.DefaultLimits(), d)
		wantRefusedBy(t, c, name, []byte("%PDF-1.4 "), evidence.ErrUnscanned)
	}
}

func TestAScanEndsWithItsContext(t *testing.T) {
	asked := make(chan bool, 1)
	held := make(chan bool)
	t.Cleanup(func() { close(held) })
	d, err := evidence.NewDaemon(scannerDaemon(t, "tcp", "127.0.0.1:0", most, func([]byte) string { asked <- true; <-held; return "" }))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if err := d.Scan(ctx, []byte("%PDF-1.4")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}

func TestAddressesOfScanners(t *testing.T) {
	for _, address := range []string{"", "unix:", "unix:relative.sock", "tcp:", "tcp:host", "tcp::3310", "tcp:host:", "http://host:3310", "host:3310"} {
		if _, err := evidence.NewDaemon(address); !errors.Is(err, evidence.ErrScannerAddress) {
			t.Errorf("%q: got %v, want scanner_address", address, err)
		}
	}
}
