package sandbox

import (
	"net/http"
	"sync"
	"time"
)

const (
	// answersKept is how long an answer is replayed to the same key, by the
	// sandbox's clock. https://docs.stripe.com/api/idempotent_requests
	answersKept     = 24 * time.Hour
	answersTidiedBy = time.Hour
	keyMax          = 255
)

// keysInUse are the idempotency keys of requests that are under way.
type keysInUse struct {
	mu   sync.Mutex
	keys map[string]bool
}

// enter reports false if the key is in use already.
func (k *keysInUse) enter(key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys[key] {
		return false
	}
	if k.keys == nil {
		k.keys = map[string]bool{}
	}
	k.keys[key] = true
	return true
}

func (k *keysInUse) leave(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keys, key)
}

// A result is an answer, perhaps an old one.
type result struct {
	answer
	original string // the request that was answered first, if this is a replay
}

func (g result) writeTo(rw http.ResponseWriter, key string) {
	if key != "" && len(key) <= keyMax {
		rw.Header().Set("Idempotency-Key", key)
	}
	if g.original != "" {
		rw.Header().Set("Idempotent-Replayed", "true")
		rw.Header().Set("Original-Request", g.original)
	}
	writeAnswer(rw, g.answer)
}

// once carries out a request, or replays the answer that its idempotency key
// got before. Two at once with one key do not wait for each other: the second
// is refused.
func (w *World) once(r *http.Request, to route, c *call, by caller, during Fault) result {
	if by.key == "" {
		w.sleepIfSlow(r, during)
		w.mu.Lock()
		defer w.mu.Unlock()
		return result{answer: w.perform(to, c, by, "", during)}
	}
	if len(by.key) > keyMax {
		return result{answer: invalidRequest("", "", "An idempotency key has 255 characters at most.").answer()}
	}
	if !w.running.enter(by.key) {
		e := &apiError{status: http.StatusConflict, Type: typeIdempotency, Code: "idempotency_key_in_use",
			Message: "Another request with this idempotency key is still under way. Try again when it has ended."}
		return result{answer: e.answer()}
	}
	defer w.running.leave(by.key)
	w.sleepIfSlow(r, during)

	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.hashRequest(r.Method, r.URL.Path, c.form.root)
	before, found, err := w.answeredBefore(by.key, asked)
	switch {
	case err != nil:
		return result{answer: asAPIError(w, err).answer()}
	case found:
		return before
	}
	return result{answer: w.perform(to, c, by, asked, during)}
}

// answeredBefore finds the answer that is remembered under a key.
func (w *World) answeredBefore(key, asked string) (before result, found bool, err error) {
	var was string
	var at int64
	found, err = w.store.row("SELECT asked, request, status, body, at FROM answers WHERE key = $1", []any{key},
		&was, &before.original, &before.status, &before.body, &at)
	if err != nil || !found {
		return before, false, err
	}
	if w.now().Sub(time.UnixMicro(at)) > answersKept {
		return before, false, w.store.exec("DELETE FROM answers WHERE key = $1", key)
	}
	if was != asked {
		e := &apiError{status: http.StatusBadRequest, Type: typeIdempotency,
			Message: "This idempotency key was used before with other parameters. Use another key for another request."}
		return result{answer: e.answer()}, true, nil
	}
	return before, true, nil
}

// rememberAnswer keeps an answer for the request's idempotency key.
func (t *tx) rememberAnswer(by caller, asked string, got answer) error {
	if by.key == "" {
		return nil
	}
	if now := t.now; now.Sub(t.w.tidied) > answersTidiedBy {
		t.w.tidied = now
		if err := t.w.store.exec("DELETE FROM answers WHERE at < $1", now.Add(-answersKept).UnixMicro()); err != nil {
			return err
		}
	}
	return t.w.store.exec("INSERT INTO answers (key, asked, request, status, body, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO NOTHING",
		by.key, asked, by.request, got.status, string(got.body), t.now.UnixMicro())
}
