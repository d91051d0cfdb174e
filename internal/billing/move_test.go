package billing_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/billing"
)

func TestStandingAfter(t *testing.T) { // R-THR-08
	moves := billing.Moves{RaiseAfter: 3, RaiseBy: 5_000, LowerBy: 4_000, Least: 5_000, Most: 20_000}
	atOnce := moves
	atOnce.RaiseAfter = 1
	fixed := billing.Moves{RaiseAfter: 1, RaiseBy: 5_000, LowerBy: 5_000, Least: 10_000, Most: 10_000}
	type standing = billing.Standing
	cases := []struct {
		name  string
		moves billing.Moves
		from  standing
		event billing.StandingEvent
		want  standing
		moved bool
	}{
		{"the first paid", moves, standing{10_000, 0}, billing.PaidAtOnce, standing{10_000, 1}, false},
		{"the second paid", moves, standing{10_000, 1}, billing.PaidAtOnce, standing{10_000, 2}, false},
		{"the third paid", moves, standing{10_000, 2}, billing.PaidAtOnce, standing{15_000, 0}, true},
		{"each one counts", atOnce, standing{10_000, 0}, billing.PaidAtOnce, standing{15_000, 0}, true},
		{"up to the most", moves, standing{15_000, 2}, billing.PaidAtOnce, standing{20_000, 0}, true},
		{"the last step is shorter", moves, standing{19_999, 2}, billing.PaidAtOnce, standing{20_000, 0}, true},
		{"at the most already", moves, standing{20_000, 2}, billing.PaidAtOnce, standing{20_000, 0}, false},
		{"counting at the most", moves, standing{20_000, 0}, billing.PaidAtOnce, standing{20_000, 1}, false},
		{"refused", moves, standing{10_000, 0}, billing.Refused, standing{6_000, 0}, true},
		{"refused once more", moves, standing{6_000, 0}, billing.Refused, standing{5_000, 0}, true},
		{"at the least already", moves, standing{5_000, 0}, billing.Refused, standing{5_000, 0}, false},
		{"just over the least", moves, standing{5_001, 0}, billing.Refused, standing{5_000, 0}, true},
		{"exactly to the least", moves, standing{9_000, 0}, billing.Refused, standing{5_000, 0}, true},
		{"a refusal ends the row", moves, standing{10_000, 2}, billing.Refused, standing{6_000, 0}, true},
		{"a refusal at the least ends the row", moves, standing{5_000, 2}, billing.Refused, standing{5_000, 0}, false},
		{"a longer row than is asked now", moves, standing{10_000, 9}, billing.PaidAtOnce, standing{15_000, 0}, true},
		{"above what is allowed now", moves, standing{40_000, 0}, billing.Refused, standing{16_000, 0}, true},
		{"above what is allowed now, paid", moves, standing{40_000, 2}, billing.PaidAtOnce, standing{20_000, 0}, false},
		{"below what is allowed now", moves, standing{1_000, 2}, billing.PaidAtOnce, standing{10_000, 0}, true},
		{"below what is allowed now, refused", moves, standing{1_000, 0}, billing.Refused, standing{5_000, 0}, false},
		{"no room to rise", fixed, standing{10_000, 0}, billing.PaidAtOnce, standing{10_000, 0}, false},
		{"no room to fall", fixed, standing{10_000, 0}, billing.Refused, standing{10_000, 0}, false},
		{"something else", moves, standing{10_000, 2}, "", standing{10_000, 2}, false},
	}
	for _, c := range cases {
		got, moved := c.from.After(c.event, c.moves)
		if got != c.want || moved != c.moved {
			t.Errorf("%s: got %+v, moved %t; want %+v, moved %t", c.name, got, moved, c.want, c.moved)
		}
	}
}
