package sim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// errPatience is what a caller sees whose time was over before an answer came.
var errPatience = fmt.Errorf("sim: no answer in time: %w", context.DeadlineExceeded)

// wire lies between the plugs and the world. What can go wrong with a request
// goes wrong here: it is lost before or after its effect, refused, slow; and the
// process that sent it can die or sleep on either side of it.
type wire struct{ l *life }

// passPath is where PayPal gives its access tokens. The plug fetches one for all of
// its callers on a goroutine of its own, which is no place to die or sleep.
const passPath = "/v1/oauth2/token"

// RoundTrip carries a request to the world.
func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	l := w.l
	isPass := r.URL.Path == passPath
	if !isPass {
		l.failpoint()
		l.mayPause()
	}
	l.mayPassJustNow(r)
	kind := l.misfortune(r)
	l.trace("  %s %s %s", r.Method, r.URL.Path, kind)
	switch kind {
	case "":
	case slow:
		l.count(slow)
		return nil, l.delay(r)
	default:
		l.count(kind)
		l.world.Fault(sandbox.Fault{Op: "any", Kind: kind, Times: 1})
	}
	l.mayBeAsked(r)
	l.asked++
	answer, err := l.world.Transport().RoundTrip(r)
	if kind != "" {
		l.world.ClearFaults() // a path that the world does not know meets none
	}
	if !isPass {
		l.failpoint()
		l.mayPause()
	}
	return answer, err
}

// mayPassJustNow lets a payer pass the challenge of an intent, or approve an order,
// whose cancellation is on its way.
func (l *life) mayPassJustNow(r *http.Request) {
	ref, isCancel := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/v1/payment_intents/"), "/cancel")
	if id, isOrder := strings.CutPrefix(r.URL.Path, ordersPath); isOrder && r.Method == http.MethodPatch {
		ref, isCancel = orderRef+id, true
	}
	if isCancel && !l.healed && l.chance.happens(l.temper.rates[tooLate]) && l.answer(ref, true) {
		l.count(tooLate)
	}
}

// outage is a time in which every request to a provider meets the same fault.
type outage struct {
	until time.Time
	kind  string
	of    string // the provider; "" all of them
}

// meets tells whether a request is to one that is down.
func (o outage) meets(r *http.Request) bool { return o.of == "" || (o.of == walletName) == isPayPal(r) }

// isPayPal tells whether a request is to PayPal.
func isPayPal(r *http.Request) bool {
	for _, head := range []string{"/v1/oauth2/", "/v1/notifications/", "/v1/reporting/", "/v2/", "/v3/vault/"} {
		if strings.HasPrefix(r.URL.Path, head) {
			return true
		}
	}
	return false
}

// misfortune says what befalls the next request; "" nothing.
func (l *life) misfortune(r *http.Request) string {
	if l.healed {
		return ""
	}
	if l.clock.now.Before(l.outage.until) && l.outage.meets(r) {
		return l.outage.kind
	}
	for _, kind := range onTheWire {
		if l.chance.happens(l.temper.rates[kind]) {
			return kind
		}
	}
	if l.chance.happens(l.temper.rates[slow]) {
		return slow
	}
	return ""
}

// lateRequest is one that its sender has given up, and that still arrives.
type lateRequest struct {
	at   time.Time
	sent *http.Request
	body []byte
}

const latestArrival = 20 * time.Minute

// delay keeps a request for later.
func (l *life) delay(r *http.Request) error {
	late := lateRequest{at: l.clock.now.Add(l.chance.span(time.Second, latestArrival)), sent: r.Clone(context.Background())}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		late.body = body
	}
	l.late = append(l.late, late)
	return errPatience
}

// nextLate takes the first late request that arrives by an instant.
func (l *life) nextLate(by time.Time) (time.Time, lateRequest, bool) {
	first := -1
	for i, r := range l.late {
		if !r.at.After(by) && (first < 0 || r.at.Before(l.late[first].at)) {
			first = i
		}
	}
	if first < 0 {
		return time.Time{}, lateRequest{}, false
	}
	r := l.late[first]
	l.late = slices.Delete(l.late, first, first+1)
	return r.at, r, true
}

// arriveLate lets a late request take effect. Nobody hears the answer.
func (l *life) arriveLate(r lateRequest) {
	l.trace("  late: %s %s", r.sent.Method, r.sent.URL.Path)
	r.sent.Body = io.NopCloser(bytes.NewReader(r.body))
	l.asked++
	answer, err := l.world.Transport().RoundTrip(r.sent)
	if err == nil {
		answer.Body.Close()
	}
	if id, isToken := strings.CutPrefix(r.sent.URL.Path, tokensPath); isToken && r.sent.Method == http.MethodDelete {
		l.payers.deletedLate[id] = true
	}
}

// mayPause puts the node to sleep, perhaps longer than it has leased its job, and
// lets the other one work meanwhile.
func (l *life) mayPause() {
	if l.asleep || l.healed || !l.chance.happens(l.temper.rates[sleeps]) {
		return
	}
	l.count(sleeps)
	l.asleep = true
	sleeper := l.acting
	l.acting = 1 - sleeper
	to := l.clock.now.Add(oneOf(l.chance, []time.Duration{5 * time.Second, 15 * time.Second, 3 * time.Minute, 2 * time.Hour}))
	switch l.chance.IntN(3) {
	case 0:
		l.advance(to)
	case 1:
		l.advance(to)
		fallthrough
	default:
		a := whileAsleep[l.chance.IntN(len(whileAsleep))]
		l.trace("  meanwhile: %s", a.name)
		a.do(l)
	}
	l.acting = sleeper
	l.asleep = false
}
