package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/store"
)

func keyed(key string) map[string]string { return map[string]string{"Idempotency-Key": key} }

func keyAsk(name, idempotencyKey string) ask {
	return ask{method: "POST", path: "/v1/keys", body: `{"name":"` + name + `","scopes":["usage:read"]}`, header: keyed(idempotencyKey)}
}

func TestSameKeyAndBodyIsAnsweredAgain(t *testing.T) {
	d := newDesk(t)
	first := d.ask(keyAsk("shop", "a"))
	if first.Code != 201 || first.Header().Get("Idempotent-Replayed") != "" {
		t.Fatalf("got %d %s, want 201 and no replay", first.Code, first.Body)
	}
	d.now = noon.Add(45 * 24 * time.Hour)
	again := d.ask(keyAsk("shop", "a"))
	if again.Code != 201 || again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" ||
		again.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
		t.Errorf("got %d %s, %v, want the first answer %s", again.Code, again.Body, again.Header(), first.Body)
	}
	if keys := d.get("/v1/keys")["data"].([]any); len(keys) != 2 {
		t.Errorf("got %d keys, want the desk's and one more", len(keys))
	}
	if got := d.want(409, keyAsk("another", "a")); got["code"] != "idempotency_mismatch" {
		t.Errorf("other body: got %v, want idempotency_mismatch", got)
	}
	if got := d.want(409, ask{method: "POST", path: "/v1/webhook-endpoints", body: keyAsk("shop", "").body, header: keyed("a")}); got["code"] != "idempotency_mismatch" {
		t.Errorf("other path: got %v, want idempotency_mismatch", got)
	}
	other := keyAsk("shop", "a")
	other.key = d.newKey(access.Scopes...)
	if w := d.ask(other); w.Code != 201 || w.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("another caller: got %d %s, want a run of its own", w.Code, w.Body)
	}
}

func TestRefusalsAreAnsweredAgainToo(t *testing.T) {
	d := newDesk(t)
	a := ask{method: "POST", path: "/v1/webhook-endpoints/whe_1/enable", header: keyed("a")}
	first, again := d.ask(a), d.ask(a)
	if first.Code != 404 || again.Code != 404 || again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" ||
		again.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %s then %d %s, want the same problem, replayed", first.Code, first.Body, again.Code, again.Body)
	}
}

func TestIdempotencyKeysHaveAForm(t *testing.T) {
	d := newDesk(t)
	for name, key := range map[string]string{"empty": "", "long": strings.Repeat("k", 256), "space": "a b", "not ASCII": "ключ", "control": "a\tb"} {
		if got := d.want(400, keyAsk("shop", key)); got["code"] != "idempotency_key_invalid" {
			t.Errorf("%s: got %v, want idempotency_key_invalid", name, got)
		}
	}
	d.want(201, keyAsk("shop", strings.Repeat("k", 255)))
	d.want(200, ask{method: "GET", path: "/v1/keys", header: keyed("")})
}

func TestOfConcurrentRequestsOneRuns(t *testing.T) {
	d := newDesk(t)
	const askers = 32
	answers := make([]*httptest.ResponseRecorder, askers)
	var wait sync.WaitGroup
	for i := range askers {
		wait.Go(func() { answers[i] = d.ask(keyAsk("shop", "a")) })
	}
	wait.Wait()
	made := ""
	for _, w := range answers {
		switch {
		case w.Code == 409 && strings.Contains(w.Body.String(), "idempotency_in_progress") && w.Header().Get("Retry-After") == "1":
		case w.Code == 201 && (made == "" || made == w.Body.String()):
			made = w.Body.String()
		default:
			t.Errorf("got %d %s, want the one answer or idempotency_in_progress", w.Code, w.Body)
		}
	}
	if keys := d.get("/v1/keys")["data"].([]any); made == "" || len(keys) != 2 {
		t.Errorf("got %d keys, want the desk's and one more", len(keys))
	}
}

// TestAnInterruptedRequestRunsAgainAfterAMinute: another node died in the middle.
func TestAnInterruptedRequestRunsAgainAfterAMinute(t *testing.T) {
	d := newDesk(t)
	first := d.ask(keyAsk("shop", "a"))
	if first.Code != 201 {
		t.Fatal(first.Body)
	}
	// As if it had not come to its end.
	ctx := context.Background()
	caller := d.caller()
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		r, found, err := tx.Request(ctx, caller, "a")
		if err != nil || !found {
			return fmt.Errorf("the request is not there: %w", err)
		}
		if _, err := tx.ForgetRequests(ctx, noon.Add(time.Hour), 10); err != nil {
			return err
		}
		_, err = tx.AddRequest(ctx, r)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d.now = noon.Add(59 * time.Second)
	if got := d.want(409, keyAsk("shop", "a")); got["code"] != "idempotency_in_progress" {
		t.Errorf("within a minute: got %v, want idempotency_in_progress", got)
	}
	d.now = noon.Add(61 * time.Second)
	d.want(201, keyAsk("shop", "a"))
	if w := d.ask(keyAsk("shop", "a")); w.Code != 201 || w.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("after that: got %d %s, want the second run's answer again", w.Code, w.Body)
	}
}

// broken is a source of chance that fails while it is told to.
type broken struct {
	chance
	fails bool
}

func (b *broken) Read(p []byte) (int, error) {
	if b.fails {
		return 0, fmt.Errorf("no chance")
	}
	return b.chance.Read(p)
}

func TestAServerErrorIsNotTheFinalAnswer(t *testing.T) {
	d := newDesk(t)
	random := &broken{chance: chance{r: d.random}, fails: true}
	d.office.Random = random
	if w := d.ask(keyAsk("shop", "a")); w.Code != 500 {
		t.Fatalf("got %d %s, want 500", w.Code, w.Body)
	}
	random.fails = false
	if w := d.ask(keyAsk("shop", "a")); w.Code != 201 || w.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("got %d %s, want it to run again", w.Code, w.Body)
	}
}

// TestKeptAnswersAreSealed: a key that is shown once must not lie in the database.
func TestKeptAnswersAreSealed(t *testing.T) {
	d := newDesk(t)
	made := d.want(201, keyAsk("shop", "a"))
	ctx := context.Background()
	caller := d.caller()
	err := d.store.View(ctx, func(tx *store.Tx) error {
		r, _, err := tx.Request(ctx, caller, "a")
		if r.Status != 201 || r.Answer == "" || strings.Contains(r.Answer, made["key"].(string)) || strings.Contains(r.Answer, "bur_") || strings.Contains(r.Answer, made["id"].(string)) {
			t.Errorf("got %+v, want status 201 and an answer that cannot be read", r)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAChangeEndsThoughItsCallerHangsUp: the answer that nobody heard is the one
// that will be asked for again.
func TestAChangeEndsThoughItsCallerHangsUp(t *testing.T) {
	d := newDesk(t)
	ctx, hangUp := context.WithCancel(context.Background())
	r := httptest.NewRequest("POST", "/v1/keys", &hangsUp{Reader: strings.NewReader(keyAsk("shop", "").body), then: hangUp}).WithContext(ctx)
	r.Header.Set("Authorization", "Bearer "+d.key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", "a")
	d.ServeHTTP(httptest.NewRecorder(), r)
	w := d.ask(keyAsk("shop", "a"))
	var made map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != 201 || w.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("got %d %s, want the answer that was not heard", w.Code, w.Body)
	}
}

// hangsUp is a body whose sender goes away when it is read.
type hangsUp struct {
	*strings.Reader
	then func()
}

func (h *hangsUp) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if h.Len() == 0 {
		h.then()
	}
	return n, err
}
