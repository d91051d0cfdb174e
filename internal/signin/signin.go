// Package signin lets people in whom an OpenID Connect provider vouches for: the
// platform's own identity provider, for its customers and for its staff. It sends
// their browser there and checks what it brings back; who they are here is the
// office's to say.
package signin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/bursar-pay/bursar/internal/fault"
)

// What may stand against signing in.
var (
	// ErrRefused is one answer for whatever is wrong with what a browser brings: who
	// forges learns nothing from it.
	ErrRefused = fault.New(fault.Unauthenticated, "signin_refused", "the sign-in was not completed").
			WithNext("start again from the page where you signed in")
	ErrAway    = fault.New(fault.Unavailable, "signin_unavailable", "the identity provider does not answer").WithNext("try again in a few minutes")
	errOptions = fault.New(fault.Invalid, "signin_invalid", "the identity provider is not configured as it must be")
)

// Options say which provider vouches, and what it knows us as.
type Options struct {
	Issuer   string // such as https://login.example.com; https, or http on loopback
	Client   string // our id there
	Secret   string
	Return   string // where it sends browsers back to; registered there
	Claim    string // of the ID token, whose text is an account's reference; "" none is asked for
	Scopes   []string
	HTTP     *http.Client
	Now      func() time.Time // the world's time, which the provider goes by too
	Random   io.Reader        // read under a lock
	Patience time.Duration    // with the provider, for one exchange; zero: 10 s
}

// Party is us as the provider knows us. It is safe for concurrent use.
type Party struct {
	options Options

	mu       sync.Mutex
	provider *oidc.Provider // nil until it was reached
}

// New checks options. The provider is first asked when somebody signs in: it may be
// away when we start.
func New(o Options) (*Party, error) {
	u, err := url.Parse(o.Issuer)
	local := err == nil && u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && !local:
		return nil, errOptions.At("issuer").WithNext("name its https origin, as its discovery document has it")
	case o.Client == "":
		return nil, errOptions.At("client").WithNext("name the client that is registered there")
	}
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	return &Party{options: o}, nil
}

// Attempt is what a browser keeps while it is away, and has to bring back. It opens
// nothing by itself.
type Attempt struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Page     string `json:"p"` // where to go on
	Again    bool   `json:"a"` // they had to prove who they are anew
}

// Claims are what the provider says of whoever signed in.
type Claims struct {
	Subject  string // its own, lasting name for them
	Email    string // "" unless the provider has verified it
	Name     string
	Account  string        // the text of Options.Claim; "" it is not there
	SignedAt time.Time     // when they last proved who they are; zero: it does not say
	Ago      time.Duration // how long before now that was, by the provider's clock
}

// Begin makes an attempt, and says where to send the browser. again has the provider
// ask them who they are even if it knows.
func (p *Party) Begin(ctx context.Context, page string, again bool) (to string, a Attempt, err error) {
	config, _, err := p.reach(ctx)
	if err != nil {
		return "", a, err
	}
	a.Page, a.Again = page, again
	for _, word := range []*string{&a.State, &a.Nonce, &a.Verifier} {
		if *word, err = p.word(); err != nil {
			return "", a, err
		}
	}
	with := []oauth2.AuthCodeOption{oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)}
	most := signedMost
	if again {
		most, with = 0, append(with, oauth2.SetAuthURLParam("prompt", "login"))
	}
	// OpenID Connect Core 3.1.2.1: who is asked for an age says when it was.
	with = append(with, oauth2.SetAuthURLParam("max_age", strconv.Itoa(int(most.Seconds()))))
	return config.AuthCodeURL(a.State, with...), a, nil
}

// Finish checks what the browser brings back against its attempt.
func (p *Party) Finish(ctx context.Context, a Attempt, state, code string) (Claims, error) {
	var c Claims
	if a.State == "" || code == "" || !isSame(a.State, state) {
		return c, ErrRefused
	}
	config, provider, err := p.reach(ctx)
	if err != nil {
		return c, err
	}
	ctx, done := context.WithTimeout(oidc.ClientContext(ctx, p.options.HTTP), p.options.Patience)
	defer done()
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		var answered *oauth2.RetrieveError
		if errors.As(err, &answered) && answered.Response.StatusCode < http.StatusInternalServerError {
			return c, ErrRefused
		}
		return c, ErrAway
	}
	text, _ := token.Extra("id_token").(string)
	is, err := provider.Verifier(&oidc.Config{ClientID: p.options.Client, Now: p.options.Now}).Verify(ctx, text)
	if err != nil || !isSame(is.Nonce, a.Nonce) || is.Subject == "" {
		return c, ErrRefused
	}
	c, err = p.claimsOf(is)
	if err == nil && a.Again && (c.SignedAt.IsZero() || c.Ago > againWithin) {
		return Claims{}, ErrRefused
	}
	return c, err
}

// signedMost is how long ago they may have proved who they are to the provider.
const signedMost = 30 * 24 * time.Hour

// againWithin is how long ago they may have proved who they are where they had to do
// it anew, by the provider's clock.
const againWithin = 5 * time.Minute

func (p *Party) claimsOf(is *oidc.IDToken) (Claims, error) {
	var said struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
		Name     string `json:"name"`
		At       int64  `json:"auth_time"`
	}
	every := map[string]any{}
	if is.Claims(&said) != nil || is.Claims(&every) != nil {
		return Claims{}, ErrRefused
	}
	c := Claims{Subject: is.Subject, Name: said.Name}
	if said.Verified {
		c.Email = said.Email
	}
	if said.At > 0 {
		c.SignedAt = time.Unix(said.At, 0).UTC()
		c.Ago = max(0, p.options.Now().Sub(c.SignedAt))
	}
	if p.options.Claim != "" {
		c.Account, _ = every[p.options.Claim].(string)
	}
	return c, nil
}

// reach fetches the provider's discovery document, once.
func (p *Party) reach(ctx context.Context) (oauth2.Config, *oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.provider == nil {
		ctx, done := context.WithTimeout(ctx, p.options.Patience)
		defer done()
		found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.options.HTTP), p.options.Issuer)
		if err != nil {
			return oauth2.Config{}, nil, ErrAway
		}
		p.provider = found
	}
	scopes := append([]string{oidc.ScopeOpenID, "email", "profile"}, p.options.Scopes...)
	return oauth2.Config{
		ClientID: p.options.Client, ClientSecret: p.options.Secret, Endpoint: p.provider.Endpoint(), RedirectURL: p.options.Return, Scopes: scopes,
	}, p.provider, nil
}

const wordBytes = 32

func (p *Party) word() (string, error) {
	b := make([]byte, wordBytes)
	if _, err := io.ReadFull(p.options.Random, b); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// isSame compares in a time that tells nothing.
func isSame(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
