package api

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/bursar-pay/bursar/internal/office"
)

// replayedHeader marks an answer that was given before.
const replayedHeader = "Idempotent-Replayed"

func idempotencyKey(r *http.Request) (string, bool) {
	values := r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// once runs a change at most once for its caller and key, and answers it again
// as often as it is asked for.
//
// The change runs to its end even if the caller hangs up: an answer that nobody
// heard is the one that will be asked for again. Answers below 500 are kept,
// refusals too, except 429, which invites to try again. After a 5xx the key is
// freed, and the same request runs again: see Office.BeginRequest for why no
// operation can then have a second effect.
func (s *Server) once(w http.ResponseWriter, r *http.Request, key string, body []byte, limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), limit)
	defer cancel()
	by := callerOf(ctx)

	// Of this process's own requests we know without a clock which are running.
	leave, ok := s.running.enter(by.Name, key)
	if !ok {
		s.refuse(w, r, office.ErrIdempotencyInProgress)
		return
	}
	defer leave()

	request, err := s.office.BeginRequest(ctx, by, key, requestHash(r, body))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	sealer := answerSealer{token: bearer(r), name: by.Name + " " + key}
	if request.Status != 0 {
		kept, err := sealer.open(request.Answer)
		if err != nil {
			s.refuse(w, r, fmt.Errorf("open the kept answer: %w", err))
			return
		}
		w.Header().Set(replayedHeader, "true")
		kept.write(w, request.Status)
		return
	}

	given := &keptWriter{header: w.Header()}
	s.attempt(given, r.WithContext(ctx), request)
	if err := s.keep(ctx, request, given, sealer); err != nil {
		// The effect is there and its answer is not kept: the same request will run
		// again and find the effect. The caller still gets the answer.
		s.log.ErrorContext(ctx, "an answer was not kept", "request", requestID(ctx), "error", err)
	}
	given.answer().write(w, given.status)
}

// attempt runs the change; if it panics the key is freed before the panic goes on.
func (s *Server) attempt(w *keptWriter, r *http.Request, request office.Request) {
	defer func() {
		if p := recover(); p != nil {
			if err := s.office.DropRequest(r.Context(), request); err != nil {
				s.log.ErrorContext(r.Context(), "an idempotency key was not freed", "request", requestID(r.Context()), "error", err)
			}
			panic(p)
		}
	}()
	s.mux.ServeHTTP(w, r)
}

func (s *Server) keep(ctx context.Context, request office.Request, given *keptWriter, sealer answerSealer) error {
	// The change may have used up its time; keeping its answer has its own.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), changeTimeMax)
	defer cancel()
	if given.status == 0 {
		given.status = http.StatusOK
	}
	if given.status >= http.StatusInternalServerError || given.status == http.StatusTooManyRequests {
		return s.office.DropRequest(ctx, request)
	}
	sealed, err := sealer.seal(given.answer(), s.office.Random)
	if err != nil {
		return err
	}
	return s.office.EndRequest(ctx, request, given.status, sealed)
}

// requestHash is of all that makes a request this one and no other.
func requestHash(r *http.Request, body []byte) [32]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s\n", r.Method, r.URL.RequestURI())
	h.Write(body)
	return [32]byte(h.Sum(nil))
}

// running are the requests with an idempotency key that this process works on.
type running struct {
	mu   sync.Mutex
	keys map[[2]string]bool
}

func (r *running) enter(caller, key string) (leave func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := [2]string{caller, key}
	if r.keys[k] {
		return nil, false
	}
	if r.keys == nil {
		r.keys = map[[2]string]bool{}
	}
	r.keys[k] = true
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.keys, k)
	}, true
}

// keptAnswer is what of an answer is given again.
type keptAnswer struct {
	ContentType string `json:"content_type"`
	Body        []byte `json:"body"`
}

func (a keptAnswer) write(w http.ResponseWriter, status int) {
	if a.ContentType != "" {
		w.Header().Set("Content-Type", a.ContentType)
	}
	w.WriteHeader(status)
	_, _ = w.Write(a.Body) // the caller may have gone
}

// keptWriter takes an answer before the caller gets it.
type keptWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptWriter) Header() http.Header { return k.header }

func (k *keptWriter) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

func (k *keptWriter) Write(b []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(b)
}

func (k *keptWriter) answer() keptAnswer {
	return keptAnswer{ContentType: k.header.Get("Content-Type"), Body: k.body.Bytes()}
}

// answerSealer encrypts answers with the caller's own API key, of which we keep
// only a hash: an answer may hold a secret that is shown once, and whoever gets
// hold of the database must not find it there.
type answerSealer struct {
	token string // the API key
	name  string // of the request; an answer cannot be passed off as another one's
}

func (a answerSealer) cipher() (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(a.token), nil, "bursar idempotent answer", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (a answerSealer) seal(answer keptAnswer, random io.Reader) (string, error) {
	aead, err := a.cipher()
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(answer)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return "", err
	}
	return base64.RawStdEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, []byte(a.name))), nil
}

func (a answerSealer) open(sealed string) (keptAnswer, error) {
	var answer keptAnswer
	aead, err := a.cipher()
	if err != nil {
		return answer, err
	}
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < aead.NonceSize() {
		return answer, fmt.Errorf("the kept answer is broken")
	}
	plain, err := aead.Open(nil, raw[:aead.NonceSize()], raw[aead.NonceSize():], []byte(a.name))
	if err != nil {
		return answer, err
	}
	return answer, json.Unmarshal(plain, &answer)
}
