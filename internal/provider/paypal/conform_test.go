package paypal_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/provider/paypal"
	"github.com/bursar-pay/bursar/internal/provider/providertest"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

const (
	origin  = "http://sandbox.test"
	ours    = "https://console.example/hooks/paypal"
	another = "https://elsewhere.example/hooks"
)

var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// The plug passes the suite against the sandbox, connected in process, and every
// request on the way is one that PayPal describes.
func TestConformance(t *testing.T) {
	providertest.Run(t, func(t *testing.T) (provider.Provider, providertest.World) {
		w := newWorld(t)
		return w.plug, w
	})
}

// A charge or a hold that is cancelled while its confirmation is on its way is not
// taken by that confirmation, however late it arrives.
func TestCancelOvertakesConfirm(t *testing.T) {
	w := newWorld(t)
	charge := provider.Ask{
		Key: "k", Reference: "pay_1", Method: w.Token(t, providertest.Good),
		Amount: money.Amount{Minor: 2500, Currency: "USD"}, Initiator: provider.MIT,
	}
	hold := charge
	hold.Key, hold.Reference, hold.Hold = "h", "hold_1", true
	for _, a := range []provider.Ask{charge, hold} {
		ref, r := w.plug.Open(t.Context(), a)
		if ref == "" {
			t.Fatalf("open: %+v", r)
		}
		w.net.onTheWay = make(chan struct{})
		late := make(chan provider.Result)
		go func() { late <- w.plug.Confirm(t.Context(), ref, a) }()
		<-w.net.onTheWay
		if r := w.plug.Cancel(t.Context(), ref, a.Key); r.Outcome != provider.Cancelled {
			t.Errorf("%s: cancel: got %+v, want cancelled", a.Reference, r)
		}
		w.net.onTheWay <- struct{}{}
		if r := <-late; r.Outcome != provider.Cancelled {
			t.Errorf("%s: confirm: got %+v, want cancelled", a.Reference, r)
		}
		w.net.onTheWay = nil
		if taken, held := w.Taken(t, a.Reference), w.Held(t, a.Reference); taken != 0 || held != 0 {
			t.Errorf("%s: got %d taken and %d held, want nothing", a.Reference, taken, held)
		}
	}
}

// world is the sandbox as the suite knows it.
type world struct {
	*sandbox.World
	plug *paypal.Plug
	net  *network
	made *int // tokens
}

func newWorld(t *testing.T) world {
	t.Helper()
	posted := &mailbox{got: map[string][]letter{}}
	box, err := sandbox.Open(sandbox.Options{
		Now: func() time.Time { return start }, Random: rand.NewChaCha8([32]byte{1}),
		BaseURL: origin, Client: &http.Client{Transport: posted},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Errorf("close the sandbox: %v", err)
		}
	})
	for url, id := range map[string]string{ours: webhookID(providertest.NewSecret), another: "SOMEBODYELSE"} {
		if err := box.PayPalEndpoint(url, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := box.SetPayPalSearchLag(0); err != nil {
		t.Fatal(err)
	}
	w := world{World: box, net: &network{World: box, posted: posted}, made: new(int)}
	w.plug = w.connect(t)
	return w
}

// webhookID is the name of an endpoint, of letters and digits.
func webhookID(secret string) string { return strings.ToUpper(strings.ReplaceAll(secret, "_", "")) }

func (w world) connect(t *testing.T) *paypal.Plug {
	t.Helper()
	p, err := paypal.New(paypal.Options{
		URL: origin, ClientID: "client_conformance", Secret: "secret_conformance",
		WebhookID: webhookID(providertest.NewSecret), Client: &http.Client{Transport: strict{t, w.net}}, Now: w.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Restart returns a plug that remembers nothing.
func (w world) Restart(t *testing.T) provider.Wallet { return w.connect(t) }

var payers = map[providertest.Card]string{
	providertest.Good:          sandbox.PayerUS,
	providertest.Other:         sandbox.PayerGB,
	providertest.Authenticates: "test-1",
}

// Token has a payer agree, as a customer of their own.
func (w world) Token(t *testing.T, c providertest.Card) string {
	t.Helper()
	*w.made++
	a := provider.AgreementAsk{
		Key: fmt.Sprintf("token-%d", *w.made), Account: fmt.Sprintf("acct_token_%d", *w.made),
		ReturnURL: "https://console.example/back", CancelURL: "https://console.example/cancelled",
	}
	ref, r := w.plug.OpenAgreement(t.Context(), a)
	if ref == "" {
		t.Fatalf("open an agreement: %+v", r)
	}
	if _, err := w.ApproveAs(ref[strings.LastIndex(ref, ":")+1:], payers[c]); err != nil {
		t.Fatal(err)
	}
	if c == providertest.Authenticates {
		w.order(t, payers[c], "payer_action")
	}
	kept, r := w.plug.KeepAgreement(t.Context(), ref, a)
	if kept.Token == "" {
		t.Fatalf("keep an agreement: %+v", r)
	}
	return kept.Token
}

func (w world) order(t *testing.T, payer, then string) {
	t.Helper()
	if err := w.OrderPayer(sandbox.PayerOrder{Payer: payer, Then: then}); err != nil {
		t.Fatal(err)
	}
}

var refusals = map[provider.Class]string{
	provider.InsufficientFunds: "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
	provider.IssuerBlock:       "INSTRUMENT_DECLINED",
	provider.BadData:           "REFERENCED_CARD_EXPIRED",
	provider.Unsupported:       "DOMESTIC_TRANSACTION_REQUIRED",
	provider.Final:             "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
	provider.TryLater:          "DECLINED_DUE_TO_RELATED_TXN",
}

// Refuse orders the payer's next payment to be refused.
func (w world) Refuse(t *testing.T, token string, class provider.Class) {
	t.Helper()
	w.order(t, w.agreement(t, token).PayerID, "decline:"+refusals[class])
}

// Withdraw cancels the agreement as the payer.
func (w world) Withdraw(t *testing.T, token string) {
	t.Helper()
	if err := w.CancelAgreement(w.agreement(t, token).ID); err != nil {
		t.Fatal(err)
	}
}

func (w world) agreement(t *testing.T, token string) sandbox.Agreement {
	t.Helper()
	agreements, err := w.Agreements("")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range agreements {
		if a.ID == token {
			return a
		}
	}
	t.Fatalf("there is no agreement %s", token)
	return sandbox.Agreement{}
}

// Fail orders a fault for the next request of a step.
func (w world) Fail(s providertest.Step, f providertest.Fault) { w.net.fail(s, f) }

// Answer goes to PayPal's page as whoever it is for, and agrees or turns away.
func (w world) Answer(t *testing.T, page string, pass bool) {
	t.Helper()
	u, err := url.Parse(page)
	if err != nil || !strings.HasPrefix(page, origin+"/") {
		t.Fatalf("page at %q, want at %s", page, origin)
	}
	id := u.Query().Get("token") + u.Query().Get("approval_session_id")
	asked, err := w.Approval(id)
	if err != nil {
		t.Fatal(err)
	}
	if !pass {
		if _, err := w.RefuseApproval(id); err != nil {
			t.Fatal(err)
		}
		return
	}
	payer := sandbox.PayerUS
	if asked.Payer != "" {
		payer = asked.Payer
	}
	if _, err := w.ApproveAs(id, payer); err != nil {
		t.Fatal(err)
	}
}

// Intents counts orders.
func (w world) Intents(t *testing.T, reference string) int {
	t.Helper()
	orders, err := w.PayPalOrders()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, o := range orders {
		if o.Custom == reference {
			n++
		}
	}
	return n
}

func (w world) books(t *testing.T) sandbox.PayPalBooks {
	t.Helper()
	books, err := w.Books(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !books.Balanced {
		t.Error("the sandbox's books do not balance")
	}
	return books.PayPal
}

// Taken reads the sandbox's books.
func (w world) Taken(t *testing.T, reference string) int64 {
	t.Helper()
	var taken int64
	for _, c := range w.books(t).Captures {
		if c.Invoice == reference {
			taken += c.Amount - c.Refunded
		}
	}
	return taken
}

// Held reads the sandbox's books.
func (w world) Held(t *testing.T, reference string) int64 {
	t.Helper()
	var held int64
	for _, h := range w.books(t).Authorizations {
		if h.Custom == reference && h.State == "held" {
			held += h.Amount - h.Captured
		}
	}
	return held
}

// News returns what the sandbox posts about an intent, to us or to somebody else.
func (w world) News(t *testing.T, ref, secret string, _ time.Time) (http.Header, []byte) {
	t.Helper()
	if err := w.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	to := ours
	if secret != providertest.NewSecret {
		to = another
	}
	id := strings.TrimPrefix(ref, "order:")
	for _, l := range w.net.posted.letters(to) {
		if bytes.Contains(l.body, []byte("PAYMENT.CAPTURE.COMPLETED")) && bytes.Contains(l.body, []byte(id)) {
			return l.header.Clone(), bytes.Clone(l.body)
		}
	}
	t.Fatalf("nothing was posted about %s", ref)
	return nil, nil
}

// Pass moves the sandbox's clock.
func (w world) Pass(t *testing.T, d time.Duration) {
	t.Helper()
	if err := w.Advance(d); err != nil {
		t.Fatal(err)
	}
}

// A network leads from the plug to the sandbox, and has faults befall the requests
// that they are meant for.
type network struct {
	*sandbox.World
	posted *mailbox

	mu     sync.Mutex
	faults []aimed

	onTheWay chan struct{} // if set, told of a confirmation that is on its way, and waited for
}

type aimed struct {
	step  providertest.Step
	fault providertest.Fault
	times int
}

func (n *network) fail(s providertest.Step, f providertest.Fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	times := 1
	if f == providertest.Unauthenticated {
		times = 2 // after one the plug renews its token
	}
	n.faults = append(n.faults, aimed{s, f, times})
}

var kinds = map[providertest.Fault]string{
	providertest.LostBefore: "lost_before", providertest.LostAfter: "lost_after",
	providertest.StoredBefore: "500", providertest.StoredAfter: "500_after",
	providertest.Down: "503", providertest.TooMany: "429", providertest.Unauthenticated: "unauthorized",
}

// RoundTrip orders the fault that waits for a request, and passes it on.
func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	step, is := stepOf(r)
	n.mu.Lock()
	for i := range n.faults {
		f := &n.faults[i]
		if is && f.times > 0 && (f.step == step || f.step == providertest.Any) {
			f.times--
			n.World.Fault(sandbox.Fault{Op: "paypal", Kind: kinds[f.fault]})
			break
		}
	}
	n.mu.Unlock()
	if step == providertest.Confirming && n.onTheWay != nil {
		n.onTheWay <- struct{}{}
		<-n.onTheWay
	}
	return n.World.Transport().RoundTrip(r)
}

// stepOf says which step a request belongs to; getting a token is none.
func stepOf(r *http.Request) (providertest.Step, bool) {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, "/v1/oauth2/"), strings.Contains(path, "/certs/"):
		return "", false
	case r.Method == http.MethodGet:
		return providertest.Reading, true
	case r.Method == http.MethodPatch, r.Method == http.MethodDelete, strings.HasSuffix(path, "/void"):
		return providertest.Cancelling, true
	case strings.HasSuffix(path, "/reauthorize"):
		return providertest.Renewing, true
	case strings.HasSuffix(path, "/refund"):
		return providertest.Refunding, true
	case path == "/v2/checkout/orders", path == "/v3/vault/setup-tokens":
		return providertest.Opening, true
	}
	return providertest.Confirming, true
}

// A mailbox keeps what the sandbox posts.
type mailbox struct {
	mu  sync.Mutex
	got map[string][]letter
}

type letter struct {
	header http.Header
	body   []byte
}

// RoundTrip takes a letter.
func (m *mailbox) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got[r.URL.String()] = append(m.got[r.URL.String()], letter{r.Header, body})
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

func (m *mailbox) letters(to string) []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.got[to]
}
