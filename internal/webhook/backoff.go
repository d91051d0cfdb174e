package webhook

import "time"

// waits is how long is waited after each failed attempt, the first being the
// first of them. Together they span almost four days, so that a receiver that was
// down for a weekend misses nothing.
var waits = [...]time.Duration{
	5 * time.Second,
	5 * time.Minute,
	30 * time.Minute,
	2 * time.Hour,
	5 * time.Hour,
	10 * time.Hour,
	14 * time.Hour,
	20 * time.Hour,
	24 * time.Hour,
}

// AttemptsMax is how often a delivery is tried before it is given up.
const AttemptsMax = len(waits) + 1

// Backoff returns how long to wait after the given failed attempt, the first
// being 1, and whether there is to be another. Jitter is in [0, 1) and lengthens
// the wait by up to a fifth, so that what failed together does not come back
// together.
func Backoff(attempt int, jitter float64) (time.Duration, bool) {
	if attempt < 1 || attempt > len(waits) {
		return 0, false
	}
	wait := waits[attempt-1]
	return wait + time.Duration(jitter*float64(wait)/5), true
}
