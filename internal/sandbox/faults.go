package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Fault is an order to misbehave. It waits until a request (or, with op
// "webhook", a delivery) comes that it is meant for.
type Fault struct {
	// Op is the operation: create, confirm, capture, cancel, refund of payment
	// intents, or any other as named in the books' requests; retrieve and list
	// mean every reading; paypal means every request to PayPal, any every request
	// at all; webhook means deliveries.
	Op string `json:"op"`
	// Kind is what happens; see FaultKinds.
	Kind string `json:"kind"`
	// Times is how often it happens before the fault is used up. 0 means once,
	// or for ever if Rate is given.
	Times int `json:"times,omitempty"`
	// DelayMS is how long slow and late wait, in milliseconds: of real time for
	// slow, of the sandbox's clock for late.
	DelayMS int64 `json:"delay_ms,omitempty"`
	// Rate is the probability that it happens, in (0, 1]; 0 means always.
	Rate float64 `json:"rate,omitempty"`
}

// FaultKinds are the kinds of faults and what each does.
var FaultKinds = map[string]string{
	"lost_before":  "the connection is cut before anything happened",
	"lost_after":   "everything happens, and then the connection is cut",
	"500":          "nothing happens; Stripe remembers the 500 under the idempotency key",
	"500_after":    "everything happens, but the answer is a 500, which Stripe remembers under the idempotency key; PayPal remembers what happened",
	"503":          "nothing happens and nothing is remembered",
	"429":          "refused before the idempotency layer",
	"unauthorized": "401, as with a revoked key",
	"slow":         "waits before it begins; a caller who gives up does not stop it",
	"duplicate":    "webhook: delivered twice",
	"late":         "webhook: delivered after a delay",
	"shuffle":      "webhook: those due together are delivered in random order",
	"lost":         "webhook: never delivered",
}

var webhookFaultKinds = []string{"duplicate", "late", "shuffle", "lost"}

// check returns what is wrong with a fault, or nil.
func (f Fault) check() error {
	switch {
	case FaultKinds[f.Kind] == "":
		return fmt.Errorf("unknown kind of fault")
	case f.Op == "":
		return fmt.Errorf("op is missing")
	case slices.Contains(webhookFaultKinds, f.Kind) != (f.Op == "webhook"):
		return fmt.Errorf("duplicate, late, shuffle and lost go with op webhook, the other kinds with the other ops")
	case f.Rate < 0 || f.Rate > 1 || f.Times < 0 || f.DelayMS < 0:
		return fmt.Errorf("rate is between 0 and 1; times and delay_ms are not negative")
	}
	return nil
}

// isFor reports whether a fault is meant for an operation.
func (f Fault) isFor(op string) bool {
	switch f.Op {
	case op:
		return true
	case "any":
		return op != "webhook"
	case "paypal":
		return strings.HasPrefix(op, "paypal_")
	case "retrieve", "list":
		return strings.HasSuffix(op, "_"+f.Op)
	}
	return false
}

// Fault adds a fault. It panics if the fault makes no sense.
func (w *World) Fault(f Fault) {
	if err := f.check(); err != nil {
		panic("sandbox: " + err.Error())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, f.counted())
	w.saveFaults()
}

// LoseNext loses the answer of the next request of an operation, which takes
// effect all the same.
func (w *World) LoseNext(op string) { w.Fault(Fault{Op: op, Kind: "lost_after"}) }

// Faults returns the faults that are still waiting.
func (w *World) Faults() []Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.faults)
}

// ClearFaults drops all faults.
func (w *World) ClearFaults() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = nil
	w.saveFaults()
}

// counted gives a fault without a number of times the one that it means.
func (f Fault) counted() Fault {
	if f.Times == 0 && f.Rate == 0 {
		f.Times = 1
	}
	return f
}

// take returns the first waiting fault for op among the kinds, and uses it up
// by one. The world's lock must be held.
func (w *World) take(op string, kinds ...string) (Fault, bool) {
	for i, f := range w.faults {
		if !f.isFor(op) || len(kinds) > 0 && !slices.Contains(kinds, f.Kind) {
			continue
		}
		if f.Rate > 0 && !w.chance(f.Rate) {
			continue
		}
		if f.Times > 0 {
			w.faults[i].Times--
			if w.faults[i].Times == 0 {
				w.faults = slices.Delete(w.faults, i, i+1)
			}
			w.saveFaults()
		}
		return f, true
	}
	return Fault{}, false
}

// saveFaults keeps the faults over a restart. The world's lock must be held.
func (w *World) saveFaults() {
	text, err := json.Marshal(w.faults)
	if err == nil {
		err = w.store.setMeta("faults", string(text))
	}
	if err != nil {
		w.options.Logger.Error("save the sandbox's faults", "error", err)
	}
}

// wait holds a request back for d, or until its caller gives up or the world
// closes, whichever is first.
func (w *World) wait(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-w.closing:
	}
}
