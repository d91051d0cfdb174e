// Package office acts: one file per operation, named as staff would say it. An
// operation that moves money has three beats: decide and remember (one
// transaction), ask the world (no transaction open), record the answer (one
// transaction). After the first commit a job looks after the operation, so that
// a crash between beats loses nothing.
package office

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bursar-pay/bursar/internal/document"
	"github.com/bursar-pay/bursar/internal/evidence"
	"github.com/bursar-pay/bursar/internal/id"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/seal"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/webhook"
)

// Office is where operations start. Its fields are set once, before the first
// call, and it is safe for concurrent use.
type Office struct {
	Store        *store.Store
	Cards        provider.Provider
	Wallet       provider.Wallet // nil: none is plugged in
	Webhooks     *webhook.Sender
	Mail         *mail.Sender // nil: no mail server is configured
	Vault        *seal.Vault  // keeps documents of identity checks; nil: none are taken
	Evidence     *evidence.Cleaner
	Press        *document.Press // sets documents; nil: none are written
	Now          func() time.Time
	IDs          *id.Source
	Random       io.Reader
	Log          *slog.Logger
	Installation string // this installation's name in provider keys; kept in the database
	Live         bool   // a real provider is configured: the clock cannot be advanced
	ConsoleURL   string // origin of the pages, for links; "" none

	// ReturnOrigins are the platform's origins, such as https://cloud.example.com, to
	// which the console may lead its customers back.
	ReturnOrigins []string

	// Prompt says how the process that decided also asks at once, before the job
	// that would (rule 3 of the design).
	Prompt Prompt

	// Advance moves the clock of a sandbox installation, from due time to due time
	// of the jobs in between; nil where the clock is the world's.
	Advance func(ctx context.Context, to time.Time) error

	policies   policyCache
	working    tally
	delivering atomic.Int64
	mailing    atomic.Int64
	lanes      lanes
	intake     intake
	recalled   sync.Map // customers of the provider about whom recall has nothing more to ask
	zones      zones
}

// Handlers are the office's jobs by kind.
func (o *Office) Handlers() job.Handlers {
	return job.Handlers{
		watchHold:         o.watchHold,
		watchAgreement:    o.watchAgreement,
		forgetMethod:      o.forgetMethodJob,
		forgetToken:       o.forgetTokenJob,
		endSilence:        o.endSilenceJob,
		watchPayment:      o.watchPayment,
		collectDebt:       o.collectDebtJob,
		closeMonth:        o.closeMonthJob,
		lapseOrder:        o.lapseOrderJob,
		renewSubscription: o.renewSubscriptionJob,
		sweep:             o.sweepJob,
		watchBill:         o.watchBillJob,
		watchCredit:       o.watchCreditJob,
		watchRefund:       o.watchRefund,
		watchIdentity:     o.watchIdentityJob,
		workNews:          o.workNewsJob,
		DeliverEvent:      o.deliverEventJob,
		tellCustomers:     o.tellCustomersJob,
		deliverMail:       o.deliverMailJob,
		workStatement:     o.workStatementJob,
		mailStaffLink:     o.mailStaffLinkJob,
	}
}

// The kinds of jobs. DeliverEvent's handler is in deliver.go.
const (
	watchHold         job.Kind = "watch_hold"
	watchAgreement    job.Kind = "watch_agreement"
	forgetToken       job.Kind = "forget_token"
	forgetMethod      job.Kind = "forget_method"
	endSilence        job.Kind = "end_silence"
	watchPayment      job.Kind = "watch_payment"
	collectDebt       job.Kind = "collect_debt"
	closeMonth        job.Kind = "close_month"
	lapseOrder        job.Kind = "lapse_order"
	renewSubscription job.Kind = "renew_subscription"
	sweep             job.Kind = "sweep"
	watchBill         job.Kind = "watch_bill"
	watchCredit       job.Kind = "watch_credit"
	watchRefund       job.Kind = "watch_refund"
	watchIdentity     job.Kind = "watch_identity"
	workNews          job.Kind = "work_news"
	DeliverEvent      job.Kind = "deliver_event"
	tellCustomers     job.Kind = "tell_customers"
	deliverMail       job.Kind = "deliver_mail"
	workStatement     job.Kind = "work_statement"
	mailStaffLink     job.Kind = "mail_staff_link"
)

// Prompt is how work that a commit promised is begun.
type Prompt int

// The ways. Beside is production's; Inline makes tests, demo and simulation do
// one thing at a time; Off leaves everything to the queue.
const (
	PromptBeside Prompt = iota
	PromptInline
	PromptOff
)

const promptMax = 64 // pieces of work begun beside at once; more are left to their jobs

// Drain waits until the work that this process began after its commits is over,
// or ctx is.
func (o *Office) Drain(ctx context.Context) error {
	select {
	case <-o.working.idle():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("work begun is not over: %w", ctx.Err())
	}
}

// promptly does work in this process right after the commit that promised it;
// the job enqueued in that transaction takes over if this process dies.
func (o *Office) promptly(ctx context.Context, what, subject string, do func(context.Context) error) {
	ctx = context.WithoutCancel(ctx)
	run := func() {
		if err := do(ctx); err != nil {
			o.Log.WarnContext(ctx, "left to its job", "work", what, "subject", subject, "error", err)
		}
	}
	switch o.Prompt {
	case PromptOff:
	case PromptInline:
		run()
	default:
		if !o.working.begin() {
			return
		}
		go func() {
			defer o.working.end()
			run()
		}()
	}
}

// tally counts work under way. Waiting for it and beginning more may overlap.
type tally struct {
	mu      sync.Mutex
	n       int
	waiting chan struct{} // closed when nothing is under way; nil while nobody waits
}

// begin answers false when enough is under way.
func (t *tally) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n >= promptMax {
		return false
	}
	t.n++
	return true
}

func (t *tally) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n--; t.n == 0 && t.waiting != nil {
		close(t.waiting)
		t.waiting = nil
	}
}

// idle returns a channel that is closed when nothing is under way.
func (t *tally) idle() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == nil {
		t.waiting = make(chan struct{})
	}
	c := t.waiting
	if t.n == 0 {
		close(c)
		t.waiting = nil
	}
	return c
}

// policyCache keeps the parsed policies of the database.
type policyCache struct {
	mu       sync.Mutex
	timeline policy.Timeline
	count    int // policies in the database when they were read
	loaded   bool
}
