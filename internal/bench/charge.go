package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	chargeSamples = 200 // a turn
	chargeWarming = 10  // before the first, for both sides
	chargeTimeout = 10 * time.Second
)

var errNoCharge = errors.New("usage reached its threshold, and no charge reached the provider")

// chargeLatency is the time from sending the usage that reaches a threshold until
// the request for the charge arrives at the provider, one after the other.
func chargeLatency(ctx context.Context, o *Options, g ground) (contest, error) {
	d, err := openDesk(ctx, o, g, 1)
	if err != nil {
		return contest{}, err
	}
	if err := d.bind(ctx); err != nil {
		return contest{}, errors.Join(err, d.close(ctx))
	}
	f, err := openFloor(ctx, o, g)
	if err != nil {
		return contest{}, errors.Join(err, d.close(ctx))
	}
	c, err := f.openCharging(ctx)
	if err != nil {
		return contest{}, errors.Join(err, f.close(ctx), d.close(ctx))
	}
	chance := rand.New(rand.NewPCG(1, 2))
	samples := o.some(chargeSamples, 3)
	line := func() []byte {
		l := appendLine([]byte(`{"lines":[`), writtenLine{lineID(chance), d.accounts[0].ID, "compute", "1000", o.Now().UTC().Format(time.RFC3339)})
		return append(l, `]}`...)
	}
	ours := chargeSide{o, d.address, d.key, &d.charges, line, func() error { return d.office.Drain(ctx) }}
	floor := chargeSide{o, c.address, d.key, &c.charges, line, func() error { return nil }}
	return contest{
		result: Result{Unit: "ms", Goal: 3, LessIsGood: true,
			FloorIs: "reads the JSON, writes line, exposure, collection, debt, its line, payment, entry with postings, event and job in one transaction, and posts a charge"},
		before: func(turn int) error {
			if turn > 0 {
				return nil
			}
			_, errFloor := floor.run(ctx, o.some(chargeWarming, 1))
			_, errOurs := ours.run(ctx, o.some(chargeWarming, 1))
			return errors.Join(errFloor, errOurs)
		},
		floor: func(ctx context.Context) (outcome, error) { return floor.run(ctx, samples) },
		ours:  func(ctx context.Context) (outcome, error) { return ours.run(ctx, samples) },
		after: func(ctx context.Context) error {
			return errors.Join(d.prove(ctx), f.close(ctx), d.close(ctx))
		},
	}, nil
}

// chargeSide is one of the two that charge.
type chargeSide struct {
	o       *Options
	address string
	key     string
	charges *charges
	line    func() []byte
	settle  func() error // waits until what the charge began is over
}

// run sends lines that each reach the threshold. Its value is the median.
func (s chargeSide) run(ctx context.Context, samples int) (outcome, error) {
	c, err := dial(ctx, s.address)
	if err != nil {
		return outcome{}, err
	}
	defer c.conn.Close()
	each := make([]time.Duration, samples)
	for i := range each {
		r := post(usagePath, s.key, s.line())
		s.charges.wanted.Store(true)
		from := s.o.Now()
		if err := c.ask(r); err != nil {
			return outcome{}, err
		}
		select {
		case at := <-s.charges.arrived:
			each[i] = at.Sub(from)
		case <-time.After(chargeTimeout):
			return outcome{}, errNoCharge
		}
		if err := s.settle(); err != nil {
			return outcome{}, fmt.Errorf("settle the charge: %w", err)
		}
	}
	middle := quantile(append([]time.Duration(nil), each...), 0.50)
	return outcome{middle, each}, nil
}
