package console

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// takesGzip tells whether a browser takes answers that are packed so.
func takesGzip(r *http.Request) bool {
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

// paddingMost is the most that is added to a packed page, of no meaning and of a length
// that chance decides.
const paddingMost = 97

var packers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// packed is a page as it travels. The length of a packed text tells a little of what is
// in it, to who can have words of their own put beside a secret and ask often (the
// attack is known as BREACH). No page holds a secret that outlives it, but there are
// names and sums; so each answer is longer by chance, in a field of the head that
// browsers skip.
func (c *console) packed(page []byte) []byte {
	var length [1]byte
	if _, err := c.random.Read(length[:]); err != nil {
		panic("console: no chance: " + err.Error())
	}
	var out bytes.Buffer
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	z.Reset(&out)
	n := length[0] % paddingMost
	z.Extra = append([]byte{'B', 'p', n, 0}, make([]byte, n)...) // a subfield: its name, its length, nothing
	_, _ = z.Write(page)                                         // a buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

// send answers with a page, packed if the browser takes that.
func (c *console) send(w http.ResponseWriter, r *http.Request, status int, page []byte) {
	w.Header().Add("Vary", "Accept-Encoding")
	if takesGzip(r) {
		page = c.packed(page)
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.WriteHeader(status)
	_, _ = w.Write(page) // the customer may have gone
}

// packedAssets are our files, packed once, by their names.
var packedAssets = sync.OnceValue(func() map[string][]byte {
	all := map[string][]byte{}
	for _, name := range assetNames() {
		text, err := files.ReadFile("assets/" + name)
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
		all[name] = slices.Clip(out.Bytes())
	}
	return all
})
