// Package packed is how pages and their files travel to browsers: as gzip, to those who
// take that, and as they are to others. Both doors with pages send by it.
//
// The length of a packed text tells a little of what is in it, to who can have words of
// their own put beside a secret and ask often (the attack is known as BREACH). No page
// holds a secret that outlives it, but there are names and sums; so each page is longer
// by chance, in a field of the head that browsers skip. Files are the same for everybody
// and are packed once.
package packed

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// isTaken tells whether a browser takes answers that are packed so.
func isTaken(r *http.Request) bool {
	for _, one := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(one, ";")
		if name = strings.TrimSpace(name); !strings.EqualFold(name, "gzip") && name != "*" {
			continue
		}
		_, q, _ := strings.Cut(strings.ReplaceAll(weight, " ", ""), "=")
		v, err := strconv.ParseFloat(q, 64)
		return q == "" || err == nil && v > 0
	}
	return false
}

// Sender sends pages. Several requests may share it.
type Sender struct {
	mu     sync.Mutex
	random io.Reader
}

// NewSender returns a sender of pages whose lengths are drawn from random, which it reads
// under a lock.
func NewSender(random io.Reader) *Sender { return &Sender{random: random} }

// Send answers with a page, packed if the browser takes that.
func (s *Sender) Send(w http.ResponseWriter, r *http.Request, status int, page []byte) {
	w.Header().Add("Vary", "Accept-Encoding")
	if isTaken(r) {
		page = s.pack(page)
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.WriteHeader(status)
	_, _ = w.Write(page) // who asked may have gone
}

// paddingMost is the most that is added to a packed page, of no meaning and of a length
// that chance decides.
const paddingMost = 97

var packers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// pack is a page as it travels.
func (s *Sender) pack(page []byte) []byte {
	var out bytes.Buffer
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	z.Reset(&out)
	n := s.chance() % paddingMost
	z.Extra = append([]byte{'B', 'p', n, 0}, make([]byte, n)...) // a subfield: its name, its length, nothing
	_, _ = z.Write(page)                                         // a buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

func (s *Sender) chance() byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b [1]byte
	if _, err := io.ReadFull(s.random, b[:]); err != nil {
		panic("packed: no chance: " + err.Error())
	}
	return b[0]
}

// Files packs the files of a directory of ours as small as they get, by their names.
func Files(from fs.FS, directory string) map[string][]byte {
	list, err := fs.ReadDir(from, directory)
	if err != nil {
		panic(err) // it is part of the binary
	}
	all := map[string][]byte{}
	for _, f := range list {
		text, err := fs.ReadFile(from, directory+"/"+f.Name())
		if err != nil {
			panic(err)
		}
		var out bytes.Buffer
		z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if err != nil {
			panic(err)
		}
		_, _ = z.Write(text) // a buffer takes everything
		_ = z.Close()
		all[f.Name()] = slices.Clip(out.Bytes())
	}
	return all
}

// SendFile answers with a file of ours: as Files packed it if the browser takes that, or
// else whole.
func SendFile(w http.ResponseWriter, r *http.Request, whole, small []byte) {
	w.Header().Set("Vary", "Accept-Encoding")
	if isTaken(r) {
		whole = small
		w.Header().Set("Content-Encoding", "gzip")
	}
	_, _ = w.Write(whole) // who asked may have gone
}
