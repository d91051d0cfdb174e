package api

import (
	"context"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

type keyRequest struct {
	Name      string    `json:"name" minLength:"1" maxLength:"100" example:"billing pipeline"`
	Scopes    []string  `json:"scopes" nullable:"false" minItems:"1" maxItems:"50" doc:"What the key may do; \"all\" alone means everything that the key you use may do. Write includes read."`
	ExpiresAt time.Time `json:"expires_at,omitzero" doc:"Leave it out for a key that does not expire."`
}

// IDInput is the part of a request that names an object. It is exported for the
// framework, which does not fill what is embedded otherwise.
type IDInput struct {
	ID string `path:"id" maxLength:"64"`
}

// SpokenInput is the question for one object whose answer has words for a payer.
type SpokenInput struct {
	IDInput
	Language string `header:"Accept-Language" doc:"The language of what is said to a payer: English, Chinese in both scripts, or Japanese."`
}

func (s *Server) createKey(ctx context.Context, by access.Caller, in *struct{ Body keyRequest }) (wire.Key, error) {
	scopes, err := readScopes(in.Body.Scopes)
	if err != nil {
		return wire.Key{}, err
	}
	k, text, err := s.office.CreateKey(ctx, by, office.NewKey{Name: in.Body.Name, Scopes: scopes, ExpiresAt: in.Body.ExpiresAt})
	shape := keyJSON(k)
	shape.Key = string(text)
	return shape, err
}

func (s *Server) listKeys(ctx context.Context, by access.Caller, in *PageInput) (wire.List[wire.Key], error) {
	p, err := in.page("key")
	if err != nil {
		return wire.List[wire.Key]{}, err
	}
	keys, next, err := s.office.ListKeys(ctx, by, p)
	return list(keys, next, keyJSON), err
}

func (s *Server) key(ctx context.Context, by access.Caller, in *IDInput) (wire.Key, error) {
	k, err := s.office.Key(ctx, by, in.ID)
	return keyJSON(k), err
}

func (s *Server) revokeKey(ctx context.Context, by access.Caller, in *IDInput) (wire.Key, error) {
	k, err := s.office.RevokeKey(ctx, by, in.ID)
	s.keys.forget()
	return keyJSON(k), err
}

func readScopes(names []string) ([]access.Scope, error) {
	var scopes []access.Scope
	for _, n := range names {
		some, err := access.ParseScopes(n)
		if err != nil || n == "all" && len(names) > 1 {
			return nil, access.ErrScopeUnknown.At("body.scopes")
		}
		scopes = append(scopes, some...)
	}
	return scopes, nil
}

func keyJSON(k access.Key) wire.Key {
	shape := wire.Key{
		Object: "api_key", ID: k.ID, Name: k.Name, Scopes: make([]string, 0, len(k.Scopes)), CreatedAt: wire.Instant(k.CreatedAt),
		ExpiresAt: wire.Maybe(k.ExpiresAt), RevokedAt: wire.Maybe(k.RevokedAt), UsedAt: wire.Maybe(k.UsedAt),
	}
	for _, scope := range k.Scopes {
		shape.Scopes = append(shape.Scopes, string(scope))
	}
	return shape
}
