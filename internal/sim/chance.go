package sim

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// chance is where everything random of a life comes from. The streams of actions,
// office and world are parted, so that one id more does not change all that
// follows; all begin at the seed.
type chance struct{ *rand.Rand }

func newChance(root *rand.PCG) chance {
	return chance{rand.New(rand.NewPCG(root.Uint64(), root.Uint64()))}
}

// Read fills b; it is the source of ids and secrets.
func (c chance) Read(b []byte) (int, error) {
	var word [8]byte
	for i := range b {
		if i%8 == 0 {
			binary.LittleEndian.PutUint64(word[:], c.Uint64())
		}
		b[i] = word[i%8]
	}
	return len(b), nil
}

// happens is true with a probability.
func (c chance) happens(rate float64) bool { return rate > 0 && c.Float64() < rate }

// between returns a whole number from low to high, both included.
func (c chance) between(low, high int) int { return low + c.IntN(high-low+1) }

// span returns a duration from low to high.
func (c chance) span(low, high time.Duration) time.Duration {
	return low + time.Duration(c.Int64N(int64(high-low)+1))
}

// oneOf returns one of several.
func oneOf[T any](c chance, of []T) T { return of[c.IntN(len(of))] }

// weighted returns an index, as often as its weight says.
func (c chance) weighted(weights []float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	at := c.Float64() * sum
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}
