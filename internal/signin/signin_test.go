package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/signin"
	"github.com/bursar-pay/bursar/internal/signin/signintest"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func newParty(t *testing.T, p *signintest.Provider) *signin.Party {
	t.Helper()
	party, err := signin.New(signin.Options{
		Issuer: p.URL, Client: "bursar", Secret: "s3cret", Return: "https://pay.example.com/signin/return", Claim: "account",
		HTTP: p.Client(), Now: func() time.Time { return noon }, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	return party
}

// begin sends a browser to the provider, which remembers what it was asked.
func begin(t *testing.T, party *signin.Party, p *signintest.Provider) signin.Attempt {
	t.Helper()
	to, a, err := party.Begin(t.Context(), "/bills", false)
	if err != nil {
		t.Fatal(err)
	}
	q := p.Asked(to, map[string]any{"account": "shop-7", "email": "ada@example.com", "email_verified": true, "name": "Ada", "auth_time": noon.Unix()})
	for name, want := range map[string]string{
		"state": a.State, "nonce": a.Nonce, "client_id": "bursar", "response_type": "code", "code_challenge_method": "S256",
		"redirect_uri": "https://pay.example.com/signin/return", "scope": "openid email profile",
	} {
		if got := q.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if strings.Contains(to, a.Verifier) || a.Page != "/bills" {
		t.Errorf("got %s and %+v, want the verifier kept here and the page remembered", to, a)
	}
	return a
}

func TestWhoeverTheProviderVouchesForComesIn(t *testing.T) {
	p := signintest.New(t, noon)
	party := newParty(t, p)
	a := begin(t, party, p)
	got, err := party.Finish(t.Context(), a, a.State, "code-1")
	if want := (signin.Claims{Subject: "user-1", Email: "ada@example.com", Name: "Ada", Account: "shop-7", SignedAt: noon}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestWhatABrowserBringsIsNotBelieved(t *testing.T) {
	p := signintest.New(t, noon)
	for _, c := range []struct {
		name  string
		spoil func(a *signin.Attempt, state, code *string)
		want  error
	}{
		{"another state", func(_ *signin.Attempt, state, _ *string) { *state = "other" }, signin.ErrRefused},
		{"no attempt", func(a *signin.Attempt, state, _ *string) { *a, *state = signin.Attempt{}, "" }, signin.ErrRefused},
		{"no code", func(_ *signin.Attempt, _, code *string) { *code = "" }, signin.ErrRefused},
		{"another code", func(_ *signin.Attempt, _, code *string) { *code = "code-2" }, signin.ErrRefused},
		{"another verifier", func(a *signin.Attempt, _, _ *string) { a.Verifier = "stolen" }, signin.ErrRefused},
		{"another nonce", func(*signin.Attempt, *string, *string) { p.Claims["nonce"] = "other" }, signin.ErrRefused},
		{"another issuer", func(*signin.Attempt, *string, *string) { p.Claims["iss"] = "https://evil.example.com" }, signin.ErrRefused},
		{"another client", func(*signin.Attempt, *string, *string) { p.Claims["aud"] = "shop" }, signin.ErrRefused},
		{"expired", func(*signin.Attempt, *string, *string) { p.Claims["exp"] = noon.Add(-time.Hour).Unix() }, signin.ErrRefused},
		{"no subject", func(*signin.Attempt, *string, *string) { p.Claims["sub"] = "" }, signin.ErrRefused},
		{"another key", func(*signin.Attempt, *string, *string) {
			var err error
			if p.Key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
				t.Fatal(err)
			}
		}, signin.ErrRefused},
		{"the provider refuses", func(*signin.Attempt, *string, *string) { p.Refuses = true }, signin.ErrRefused},
		{"the provider is away", func(*signin.Attempt, *string, *string) { p.Down = true }, signin.ErrAway},
	} {
		t.Run(c.name, func(t *testing.T) {
			was := p.Key
			defer func() { p.Key, p.Refuses, p.Down = was, false, false }()
			party := newParty(t, p)
			a := begin(t, party, p)
			state, code := a.State, "code-1"
			c.spoil(&a, &state, &code)
			got, err := party.Finish(t.Context(), a, state, code)
			if !errors.Is(err, c.want) || got != (signin.Claims{}) {
				t.Errorf("got %+v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestAnAddressThatIsNotVerifiedIsNotTold(t *testing.T) {
	p := signintest.New(t, noon)
	party := newParty(t, p)
	a := begin(t, party, p)
	p.Claims["email_verified"] = false
	delete(p.Claims, "account")
	got, err := party.Finish(t.Context(), a, a.State, "code-1")
	if err != nil || got.Email != "" || got.Account != "" || got.Subject != "user-1" {
		t.Errorf("got %+v, %v, want neither address nor account", got, err)
	}
}

func TestAProviderThatIsAwayIsAskedAgain(t *testing.T) {
	p := signintest.New(t, noon)
	party := newParty(t, p)
	p.Down = true
	if _, _, err := party.Begin(t.Context(), "/", false); !errors.Is(err, signin.ErrAway) {
		t.Errorf("while it is away: got %v, want %v", err, signin.ErrAway)
	}
	p.Down = false
	begin(t, party, p)
}

func TestAProviderIsReachedOverHTTPSOrHere(t *testing.T) {
	for issuer, want := range map[string]bool{
		"https://login.example.com": true, "http://127.0.0.1:9000": true, "http://localhost:9000/realms/a": true,
		"http://login.example.com": false, "login.example.com": false, "": false,
	} {
		_, err := signin.New(signin.Options{Issuer: issuer, Client: "bursar"})
		if got := err == nil; got != want {
			t.Errorf("%q: got %v, want it taken: %t", issuer, err, want)
		}
	}
	if _, err := signin.New(signin.Options{Issuer: "https://login.example.com"}); err == nil {
		t.Error("without a client: got no error, want one")
	}
}

func TestAnOldSignInDoesNotCountAsANewOne(t *testing.T) {
	p := signintest.New(t, noon)
	party := newParty(t, p)
	for _, c := range []struct {
		name string
		at   any
		want bool
	}{{"just now", noon.Unix(), true}, {"an hour ago", noon.Add(-time.Hour).Unix(), false}, {"it does not say", nil, false}} {
		to, a, err := party.Begin(t.Context(), "/", true)
		if err != nil {
			t.Fatal(err)
		}
		claims := map[string]any{}
		if c.at != nil {
			claims["auth_time"] = c.at
		}
		if q := p.Asked(to, claims); q.Get("prompt") != "login" || q.Get("max_age") != "0" {
			t.Errorf("got asked with %v, want who they are to be asked anew", q)
		}
		if _, err := party.Finish(t.Context(), a, a.State, "code-1"); (err == nil) != c.want {
			t.Errorf("%s: got %v, want it taken: %t", c.name, err, c.want)
		}
	}
}
