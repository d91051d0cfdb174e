package job_test

import (
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/job"
)

func TestBackoff(t *testing.T) {
	cases := []struct {
		name    string
		attempt int
		jitter  float64
		want    time.Duration
	}{
		{"first", 1, 0.5, 5 * time.Second},
		{"first, soonest", 1, 0, 3750 * time.Millisecond},
		{"second", 2, 0.5, 10 * time.Second},
		{"third", 3, 0.5, 20 * time.Second},
		{"tenth", 10, 0.5, 5 * 512 * time.Second},
		{"eleventh is capped", 11, 0.5, time.Hour},
		{"thousandth", 1000, 0.5, time.Hour},
		{"thousandth, soonest", 1000, 0, 45 * time.Minute},
	}
	for _, c := range cases {
		if got := job.Backoff(c.attempt, c.jitter); got != c.want {
			t.Errorf("%s: backoff is %v, want %v", c.name, got, c.want)
		}
	}
	if got, limit := job.Backoff(1000, 0.999), 75*time.Minute; got >= limit {
		t.Errorf("longest backoff is %v, want less than %v", got, limit)
	}
}
