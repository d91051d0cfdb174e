package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/provider"
)

// The bugs below are planted between the office and the card plug, or among the
// office's jobs. Each is one of the accidents that others had in public, and must
// be found, or the simulation proves nothing by finding none.

// unknownIsGone takes a lost answer for a proof that nothing happened.
type unknownIsGone struct{ provider.Provider }

func (p unknownIsGone) Confirm(ctx context.Context, ref string, a provider.Ask) provider.Result {
	r := p.Provider.Confirm(ctx, ref, a)
	if r.Outcome == provider.Unknown {
		r.Outcome = provider.Cancelled
	}
	return r
}

// anotherIntent opens another intent, under another key, when an answer was lost.
type anotherIntent struct {
	provider.Provider
	n *int
}

func (p anotherIntent) Confirm(ctx context.Context, ref string, a provider.Ask) provider.Result {
	r := p.Provider.Confirm(ctx, ref, a)
	if r.Outcome != provider.Unknown {
		return r
	}
	*p.n++
	a.Key += fmt.Sprintf("/again%d", *p.n)
	if other, opened := p.Provider.Open(ctx, a); other != "" && opened.Outcome == provider.Pending {
		return p.Provider.Confirm(ctx, other, a)
	}
	return r
}

// confirmsAtOnce opens and confirms in one step, before its id can be saved.
type confirmsAtOnce struct{ provider.Provider }

func (p confirmsAtOnce) Open(ctx context.Context, a provider.Ask) (string, provider.Result) {
	ref, r := p.Provider.Open(ctx, a)
	if ref != "" {
		r = p.Provider.Confirm(ctx, ref, a)
	}
	return ref, r
}

// neverCancels says that an intent is cancelled which it has left alone.
type neverCancels struct{ provider.Provider }

func (p neverCancels) Cancel(_ context.Context, ref, _ string) provider.Result {
	return provider.Result{Outcome: provider.Cancelled, Ref: ref}
}

// ignoresLateSuccess takes an intent that succeeded after all for a cancelled one.
type ignoresLateSuccess struct{ provider.Provider }

func (p ignoresLateSuccess) Cancel(ctx context.Context, ref, key string) provider.Result {
	r := p.Provider.Cancel(ctx, ref, key)
	if r.Outcome == provider.Approved {
		r.Outcome = provider.Cancelled
	}
	return r
}

// believesNews takes a message for the truth, whoever signed it, and never asks.
type believesNews struct {
	provider.Provider
	said map[string]provider.Outcome
	took map[string]provider.Ask
}

func (p believesNews) ReadNews(_ http.Header, body []byte, now time.Time) (provider.News, error) {
	var e struct {
		ID, Type string
		Data     struct{ Object struct{ ID string } }
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return provider.News{}, provider.ErrNewsMalformed
	}
	if e.Type == "payment_intent.succeeded" {
		p.said[e.Data.Object.ID] = provider.Approved
	}
	return provider.News{ID: e.ID, Kind: e.Type, Ref: e.Data.Object.ID, At: now}, nil
}

func (p believesNews) Confirm(ctx context.Context, ref string, a provider.Ask) provider.Result {
	p.took[ref] = a
	return p.Provider.Confirm(ctx, ref, a)
}

func (p believesNews) Fetch(ctx context.Context, ref string) provider.Result {
	a, asked := p.took[ref]
	if p.said[ref] == provider.Approved && asked && !a.Hold {
		return provider.Result{Outcome: provider.Approved, Ref: ref, Amount: a.Amount, Captured: true}
	}
	return p.Provider.Fetch(ctx, ref)
}

// wrongFactor asks for a hundred times the amount where a currency has no decimals.
type wrongFactor struct{ provider.Provider }

func (p wrongFactor) Open(ctx context.Context, a provider.Ask) (string, provider.Result) {
	if a.Amount.Currency.Digits() == 0 {
		a.Amount.Minor *= 100
	}
	return p.Provider.Open(ctx, a)
}

// failsByAge takes a payment whose answer was lost three times for failed.
type failsByAge struct {
	provider.Provider
	lost map[string]int
}

func (p failsByAge) Fetch(ctx context.Context, ref string) provider.Result {
	r := p.Provider.Fetch(ctx, ref)
	if r.Outcome == provider.Unknown {
		if p.lost[ref]++; p.lost[ref] >= 3 {
			r.Outcome = provider.Cancelled
		}
	}
	return r
}

func cardPlant(rates map[string]float64, often []string, wrap func(provider.Provider) provider.Provider) plant {
	return plant{rates: rates, often: often, cards: func(_ *life, p provider.Provider) provider.Provider { return wrap(p) }}
}

func jobPlant(rates map[string]float64, often []string, kinds ...job.Kind) plant {
	return plant{rates: rates, often: often, handlers: func(h job.Handlers) {
		for _, k := range kinds {
			h[k] = func(context.Context, string) error { return nil }
		}
	}}
}

func TestPlantedBugsAreFound(t *testing.T) {
	t.Parallel()
	// The weather in which a bug shows, so that it is found soon.
	calm := map[string]float64{}
	lossy := map[string]float64{"lost_after": 0.4, "lost_before": 0.3}
	late := map[string]float64{tooLate: 1}
	forged := map[string]float64{newsForged: 1}
	deadly := map[string]float64{dies: 0.5}
	charging := []string{"bind a card", "post usage"}
	paying := []string{"bind a card", "post usage", "deliver news", "change a card"}
	unsure := []string{"bind a card", "post usage", "change a card", "continue a payment", "let days pass"}
	believer := believesNews{said: map[string]provider.Outcome{}, took: map[string]provider.Ask{}}
	findPlants(t, []plantCase{
		{"a lost answer is taken for a refusal", "the world", cardPlant(lossy, charging, func(p provider.Provider) provider.Provider { return unknownIsGone{p} })},
		{"a second intent is opened after a lost answer", "the world", cardPlant(lossy, charging, func(p provider.Provider) provider.Provider { return anotherIntent{p, new(int)} })},
		{"the issuer is asked before the intent's id is saved", "the world", cardPlant(deadly, charging, func(p provider.Provider) provider.Provider { return confirmsAtOnce{p} })},
		{"a cancellation is believed and not made", "the world", cardPlant(calm, charging, func(p provider.Provider) provider.Provider { return neverCancels{p} })},
		{"a late success is ignored", "the world", cardPlant(late, unsure, func(p provider.Provider) provider.Provider { return ignoresLateSuccess{p} })},
		{"news is believed, whoever signed it", "the world", cardPlant(forged, paying, func(p provider.Provider) provider.Provider { believer.Provider = p; return believer })},
		{"yen are taken for hundredths", "the world", cardPlant(calm, charging, func(p provider.Provider) provider.Provider { return wrongFactor{p} })},
		{"an unknown payment fails by age", "the world", cardPlant(lossy, charging, func(p provider.Provider) provider.Provider { return failsByAge{p, map[string]int{}} })},
		{"nobody looks after payments", "a payment is not over", jobPlant(lossy, charging, "watch_payment")},
		{"nobody releases holds", "a hold is not over", jobPlant(lossy, charging, "watch_hold")},
	})
}

// plantCase is a bug and part of what is found of it.
type plantCase struct {
	name, says string
	plant      plant
}

// findPlants fails the test unless each bug is found by one of sixty short lives,
// and that life is without a violation if it is lived without the bug.
func findPlants(t *testing.T, cases []plantCase) {
	t.Helper()
	const seedsMost, steps = 60, 100
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= seedsMost; seed++ {
				o := Options{First: seed, Last: seed, Steps: steps, Faults: FaultNames, plant: c.plant}
				found := run(t, o).Violations
				if len(found) == 0 {
					continue
				}
				what, _, _ := strings.Cut(found[0].What, "\n")
				if !strings.Contains(what, c.says) {
					t.Errorf("seed %d found something else: %s", seed, what)
				}
				t.Logf("found by seed %d at step %d: %s", seed, found[0].Step, what)
				o.Steps, o.plant = min(found[0].Step, steps), plant{rates: c.plant.rates, often: c.plant.often}
				for _, v := range run(t, o).Violations {
					t.Errorf("without the planted bug, seed %d, step %d: %s", v.Seed, v.Step, v.What)
				}
				return
			}
			t.Errorf("not found by %d seeds of %d steps", seedsMost, steps)
		})
	}
}
