// Package id makes the ids of our own objects: a prefix that says what it is, and
// 128 bits that sort by the time they were made. Time and chance are handed in,
// so a simulation makes the same ids again.
package id

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

const (
	// alphabet is in the order of its bytes, so that text sorts as the bits do,
	// and leaves out i, l, o and u, which are easily misread.
	alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

	timeBytes   = 6  // milliseconds since 1970, enough until the year 10889
	randomBytes = 10 // ids of one millisecond differ in these
	textLength  = 26 // 130 bits of text for 128 bits
)

// Source makes ids. It may be used by several goroutines at once.
type Source struct {
	now    func() time.Time
	mu     sync.Mutex // guards random, which need not be safe by itself
	random io.Reader
}

// NewSource returns a source that takes the time from now and chance from random,
// which must not run dry.
func NewSource(now func() time.Time, random io.Reader) *Source {
	return &Source{now: now, random: random}
}

// New returns a new id: the prefix, an underscore unless the prefix ends in one,
// and 26 lower-case letters and digits. Ids made in different milliseconds sort by
// time. It panics if the source of chance fails, since going on could make the
// same id twice.
func (s *Source) New(prefix string) string {
	var bits [timeBytes + randomBytes]byte
	var millis [8]byte
	binary.BigEndian.PutUint64(millis[:], uint64(max(0, s.now().UnixMilli())))
	copy(bits[:timeBytes], millis[8-timeBytes:])
	s.fill(bits[timeBytes:])

	var text strings.Builder
	text.Grow(len(prefix) + 1 + textLength)
	text.WriteString(prefix)
	if !strings.HasSuffix(prefix, "_") {
		text.WriteByte('_')
	}
	high, low := binary.BigEndian.Uint64(bits[:8]), binary.BigEndian.Uint64(bits[8:])
	for shift := (textLength - 1) * 5; shift >= 0; shift -= 5 {
		text.WriteByte(alphabet[fiveBits(high, low, shift)])
	}
	return text.String()
}

func (s *Source) fill(random []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := io.ReadFull(s.random, random); err != nil {
		panic(fmt.Sprintf("id: the source of chance failed: %v", err))
	}
}

// fiveBits returns the lowest five bits of the 128-bit number high, low shifted
// right by shift.
func fiveBits(high, low uint64, shift int) uint64 {
	switch {
	case shift >= 64:
		return high >> (shift - 64) & 31
	case shift == 0:
		return low & 31
	default:
		return (low>>shift | high<<(64-shift)) & 31
	}
}
