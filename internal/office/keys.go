package office

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/store"
)

// keyUseNoted is how long the last use of a key may go without being written
// again.
const keyUseNoted = time.Minute

// NewKey describes an API key to be made.
type NewKey struct {
	Name      string
	Scopes    []access.Scope
	ExpiresAt time.Time // zero: never
}

// CreateKey makes an API key. Its text is returned here and never again. Nobody
// can give a scope that they lack.
func (o *Office) CreateKey(ctx context.Context, by access.Caller, n NewKey) (access.Key, access.KeyText, error) {
	if err := by.May(access.KeysWrite); err != nil {
		return access.Key{}, "", err
	}
	for _, s := range n.Scopes {
		if by.May(s) != nil {
			return access.Key{}, "", access.ErrScopeAbove.At("scopes").Detail("a key cannot give the scope %s, which it lacks", s)
		}
	}
	now := o.Now()
	k := access.Key{ID: o.IDs.New("key"), Name: n.Name, Scopes: n.Scopes, CreatedAt: now, ExpiresAt: n.ExpiresAt}
	if err := k.Check(now); err != nil {
		return access.Key{}, "", err
	}
	text, err := access.NewKeyText(o.Random, o.Live)
	if err != nil {
		return access.Key{}, "", err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.AddKey(ctx, k, sha256.Sum256([]byte(text))); err != nil {
			return err
		}
		return tx.Audit(ctx, store.Record{Chain: store.OfficeChain, At: now, By: by.Name, Action: "key.created", Subject: k.ID},
			map[string]any{"name": k.Name, "scopes": k.Scopes})
	})
	if err != nil {
		return access.Key{}, "", err // a key that was not kept opens nothing
	}
	return k, text, nil
}

// RevokeKey ends an API key's life at once. Revoking it again changes nothing.
func (o *Office) RevokeKey(ctx context.Context, by access.Caller, id string) (access.Key, error) {
	var k access.Key
	if err := by.May(access.KeysWrite); err != nil {
		return k, err
	}
	now := o.Now()
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		first, err := tx.RevokeKey(ctx, id, now)
		if err != nil {
			return err
		}
		if k, err = tx.Key(ctx, id); err != nil || !first {
			return err
		}
		return tx.Audit(ctx, store.Record{Chain: store.OfficeChain, At: now, By: by.Name, Action: "key.revoked", Subject: id}, nil)
	})
	return k, err
}

// Key fetches an API key, without its text.
func (o *Office) Key(ctx context.Context, by access.Caller, id string) (access.Key, error) {
	var k access.Key
	if err := by.May(access.KeysRead); err != nil {
		return k, err
	}
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		k, err = tx.Key(ctx, id)
		return err
	})
	return k, err
}

// ListKeys lists API keys, newest first.
func (o *Office) ListKeys(ctx context.Context, by access.Caller, p Page) (keys []access.Key, next string, err error) {
	if err := by.May(access.KeysRead); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) (err error) {
		keys, err = tx.Keys(ctx, p.After, p.Limit+1)
		return err
	})
	keys, next = cut(keys, p, func(k access.Key) string { return k.ID })
	return keys, next, err
}

// Authenticate says who bears this key, and where they ask from.
func (o *Office) Authenticate(ctx context.Context, key, address string) (access.Caller, error) {
	k, err := o.KeyOf(ctx, access.KeyText(key))
	if err != nil {
		return access.Caller{}, err
	}
	return k.Caller(address), nil
}

// KeyOf finds the key that has this text. One that never was, has expired, is
// revoked or belongs to another kind of installation gets the same answer. The
// time that the look-up takes tells nothing: it goes by the text's hash, which
// nobody can steer.
func (o *Office) KeyOf(ctx context.Context, text access.KeyText) (access.Key, error) {
	if !text.IsWhole(o.Live) {
		return access.Key{}, access.ErrKeyRefused
	}
	var k access.Key
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		k, err = tx.KeyByHash(ctx, sha256.Sum256([]byte(text)))
		return err
	})
	now := o.Now()
	switch {
	case errors.Is(err, access.ErrKeyNotFound):
		return access.Key{}, access.ErrKeyRefused
	case err != nil:
		return access.Key{}, err
	case !k.IsLive(now):
		return access.Key{}, access.ErrKeyRefused
	}
	o.noteUse(ctx, k, now)
	return k, nil
}

// noteUse writes when a key was used, at most once a minute and without keeping
// the request waiting. It is a courtesy to whoever cleans keys up: no request
// fails by it.
func (o *Office) noteUse(ctx context.Context, k access.Key, now time.Time) {
	if now.Sub(k.UsedAt) < keyUseNoted {
		return
	}
	o.promptly(ctx, "note_key_use", k.ID, func(ctx context.Context) error {
		return o.Store.Update(ctx, func(tx *store.Tx) error { return tx.TouchKey(ctx, k.ID, now, now.Add(-keyUseNoted)) })
	})
}
