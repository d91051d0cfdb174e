package office

import (
	"errors"
	"strconv"
	"sync"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/payment"
)

// intake gathers batches of usage: what arrives while a transaction commits goes
// together into the next one. There is one committer and no lingering; a lone
// batch is committed at once.
type intake struct {
	mu      sync.Mutex
	waiting []*usageRequest
	busy    bool

	repeats bool // the last transaction met lines that were there before; whoever commits has it
}

// usageRequest is a batch on its way, and what became of it.
type usageRequest struct {
	by      access.Caller
	batch   UsageBatch
	report  UsageReport
	refused bool // final: a bad line refused the batch
	err     error
	opened  []payment.ID     // to be asked for after the commit
	held    []payment.HoldID // and holds
	done    chan struct{}
}

// add hands a batch in. commit is called with the batches that go together, this
// one among them, by whoever comes when nobody commits.
func (q *intake) add(r *usageRequest, commit func([]*usageRequest)) {
	q.mu.Lock()
	q.waiting = append(q.waiting, r)
	if q.busy {
		q.mu.Unlock()
		return
	}
	q.busy = true
	q.mu.Unlock()

	commit(q.take())
	q.mu.Lock()
	q.busy = len(q.waiting) > 0
	again := q.busy
	q.mu.Unlock()
	if again {
		go q.drain(commit) // this caller has its answer; others wait
	}
}

// drain commits until nothing waits.
func (q *intake) drain(commit func([]*usageRequest)) {
	for {
		if batch := q.take(); batch != nil {
			commit(batch)
			continue
		}
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.busy = false
			q.mu.Unlock()
			return
		}
		q.mu.Unlock()
	}
}

// take returns what goes together: as many as arrived, up to a batch's bound of
// lines.
func (q *intake) take() []*usageRequest {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, lines := 0, 0
	for n < len(q.waiting) && (n == 0 || lines+len(q.waiting[n].batch.Lines) <= billing.LinesMax) {
		lines += len(q.waiting[n].batch.Lines)
		n++
	}
	if n == 0 {
		return nil
	}
	batch := q.waiting[:n:n]
	q.waiting = append([]*usageRequest(nil), q.waiting[n:]...)
	return batch
}

// reset forgets what an earlier run of the transaction found.
func (r *usageRequest) reset() { r.report, r.err, r.opened, r.held = UsageReport{}, nil, nil, nil }

func (r *usageRequest) bad(row int, why error) {
	r.report.BadCount++
	if len(r.report.Bad) < badLinesMax {
		r.report.Bad = append(r.report.Bad, BadLine{row, why})
	}
}

// refuse ends the batch: nothing of it is recorded, and the error names every
// bad line that was kept.
func (r *usageRequest) refuse() {
	why := []error{errUsageRefused}
	for _, b := range r.report.Bad {
		why = append(why, atRow(b))
	}
	r.refused, r.err = true, errors.Join(why...)
	r.report.Recorded, r.report.Repeated, r.report.Tax, r.opened, r.held = 0, 0, 0, nil, nil
}

// atRow says where the bad line stands: its row, and the field if one is named.
func atRow(b BadLine) error {
	f, ok := fault.Of(b.Why)
	if !ok {
		return b.Why
	}
	place := "row " + strconv.Itoa(b.Row)
	if f.Place != "" {
		place += ": " + f.Place
	}
	return f.At(place)
}
