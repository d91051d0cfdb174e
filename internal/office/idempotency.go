package office

import (
	"context"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/store"
)

const (
	// requestKept is how long an answer can be replayed: longer than any
	// provider remembers its own keys (R-IDEM-01).
	requestKept = 60 * 24 * time.Hour
	// requestAbandoned is how long a request that has no answer is taken to be
	// running. A door gives none more time than that.
	requestAbandoned   = time.Minute
	requestsForgotten  = 1000 // at once
	idempotencyKeyMax  = 255
	idempotencyKeyForm = "1 to 255 printable characters of ASCII"
)

// What may be wrong with an idempotency key.
var (
	ErrIdempotencyKey        = fault.New(fault.Malformed, "idempotency_key_invalid", "an idempotency key has "+idempotencyKeyForm).At("header.Idempotency-Key").WithNext("use a new random UUID for each change, and the same one when you send it again")
	ErrIdempotencyMismatch   = fault.New(fault.Conflict, "idempotency_mismatch", "this idempotency key was used for another request").WithNext("use a new key for a new request; send the same request again to get its answer")
	ErrIdempotencyInProgress = fault.New(fault.Conflict, "idempotency_in_progress", "the request with this idempotency key is still running").WithNext("wait a moment and send the same request again to get its answer")
)

// Request is a change that a caller asked for under an idempotency key, or the
// answer that was given to it before.
type Request struct {
	Status int    // of the answer to replay; 0 means that the change is yet to be made
	Answer string // as EndRequest was given it

	caller, key string
	began       time.Time
}

// BeginRequest claims an idempotency key for a request, whose hash is that of all
// that makes it this request and no other. Of several at once one may run; the
// others are told to wait. A request that was answered is answered again.
//
// A run that has not ended after a minute was interrupted: its process died, or
// lost the database. It may be run again, because what a key protects against is
// a second effect, and no operation has one: each decides by the state it finds,
// under locks and unique indexes, and asks providers with keys that hold nothing
// random. At worst the second run answers that what the first one did is there
// already.
func (o *Office) BeginRequest(ctx context.Context, by access.Caller, key string, hash [32]byte) (Request, error) {
	r := Request{caller: by.Name, key: key, began: o.Now().Truncate(time.Microsecond)}
	if !isIdempotencyKey(key) {
		return r, ErrIdempotencyKey
	}
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		fresh, err := tx.AddRequest(ctx, store.Request{Caller: by.Name, Key: key, Hash: hash, StartedAt: r.began})
		if err != nil || fresh {
			return err
		}
		known, found, err := tx.Request(ctx, by.Name, key)
		switch {
		case err != nil:
			return err
		case !found:
			return ErrIdempotencyInProgress // it was given up between the two statements
		case known.Hash != hash:
			return ErrIdempotencyMismatch
		case known.Status != 0:
			r.Status, r.Answer = known.Status, known.Answer
			return nil
		case r.began.Sub(known.StartedAt) < requestAbandoned:
			return ErrIdempotencyInProgress
		}
		ours, err := tx.RestartRequest(ctx, by.Name, key, known.StartedAt, r.began)
		if err == nil && !ours {
			return ErrIdempotencyInProgress
		}
		return err
	})
	return r, err
}

// EndRequest keeps a request's answer, to be given again.
func (o *Office) EndRequest(ctx context.Context, r Request, status int, answer string) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.AnswerRequest(ctx, r.caller, r.key, r.began, status, answer)
		return err // a later run that took over keeps its own answer
	})
}

// DropRequest frees a request's key, because its answer is not a final one: the
// same request, sent again, runs again.
func (o *Office) DropRequest(ctx context.Context, r Request) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.ForgetRequest(ctx, r.caller, r.key, r.began)
	})
}

// forgetRequests deletes idempotency keys that have had their time, some at once,
// and tells whether there may be more.
func (o *Office) forgetRequests(ctx context.Context) (more bool, err error) {
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.ForgetRequests(ctx, o.Now().Add(-requestKept), requestsForgotten)
		more = n == requestsForgotten
		return err
	})
	return more, err
}

func isIdempotencyKey(key string) bool {
	if key == "" || len(key) > idempotencyKeyMax {
		return false
	}
	for i := range len(key) {
		if key[i] < '!' || key[i] > '~' {
			return false
		}
	}
	return true
}
