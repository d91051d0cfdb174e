// Package id makes the ids of our own objects: a prefix that says what it is, and
// 128 bits that sort by the time they were made. Time and chance are handed in,
// so a simulation makes the same ids again.
package id

import (
	"bytes"
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
	mu     sync.Mutex // guards what follows
	random io.Reader
	last   [timeBytes + randomBytes]byte // the id made last
	made   bool                          // whether there is one
}

// NewSource returns a source that takes the time from now and chance from random,
// which must not run dry.
func NewSource(now func() time.Time, random io.Reader) *Source {
	return &Source{now: now, random: random}
}

// New returns a new id: the prefix, an underscore unless the prefix ends in one,
// and 26 lower-case letters and digits. Ids of one source sort in the order in
// which they were made, also within a millisecond and when the clock goes back.
// It panics if the source of chance fails, since going on could make the same id
// twice.
func (s *Source) New(prefix string) string {
	bits := s.next(uint64(max(0, s.now().UnixMilli())))

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

// next returns the bits of the next id: the time and fresh chance, or, in the
// millisecond of the last id or before it, the last id's bits and one more.
func (s *Source) next(millis uint64) [timeBytes + randomBytes]byte {
	var bits [timeBytes + randomBytes]byte
	var text [8]byte
	binary.BigEndian.PutUint64(text[:], millis)
	copy(bits[:timeBytes], text[8-timeBytes:])

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made && bytes.Compare(bits[:timeBytes], s.last[:timeBytes]) <= 0 {
		for i := len(s.last) - 1; i >= 0; i-- {
			if s.last[i]++; s.last[i] != 0 {
				break
			}
		}
		return s.last
	}
	if _, err := io.ReadFull(s.random, bits[timeBytes:]); err != nil {
		panic(fmt.Sprintf("id: the source of chance failed: %v", err))
	}
	s.last, s.made = bits, true
	return bits
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
