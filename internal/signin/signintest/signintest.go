// Package signintest is an OpenID Connect provider for tests, in process.
package signintest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Provider signs whatever it is told to, and checks what a provider checks. It knows
// one client, "bursar" with the secret "s3cret", and one code, "code-1".
type Provider struct {
	*httptest.Server
	t         testing.TB
	Key       *rsa.PrivateKey
	Claims    map[string]any // beyond those that every token has; Asked sets them
	Now       time.Time
	challenge string
	Down      bool
	Refuses   bool
}

// New starts a provider whose time is now, and stops it with the test.
func New(t testing.TB, now time.Time) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{t: t, Key: key, Now: now}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		if p.Down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		p.say(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) {
		p.say(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		verifier := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		switch id, secret, _ := r.BasicAuth(); {
		case p.Down:
			w.WriteHeader(http.StatusBadGateway)
		case p.Refuses, r.FormValue("code") != "code-1", base64.RawURLEncoding.EncodeToString(verifier[:]) != p.challenge, id != "bursar" || secret != "s3cret":
			w.WriteHeader(http.StatusBadRequest)
			p.say(w, map[string]string{"error": "invalid_grant"})
		default:
			w.Header().Set("Content-Type", "application/json")
			p.say(w, map[string]any{"access_token": "at", "token_type": "Bearer", "id_token": p.token()})
		}
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *Provider) say(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

func (p *Provider) token() string {
	claims := map[string]any{"iss": p.URL, "aud": "bursar", "sub": "user-1", "iat": p.Now.Unix(), "exp": p.Now.Add(time.Minute).Unix()}
	maps.Copy(claims, p.Claims)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.Key, KeyID: "1"}}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		p.t.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		p.t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		p.t.Fatal(err)
	}
	return compact
}

// Asked takes a browser that was sent here, and returns what it was sent with. What
// the next token says beyond what all say is claims, and the nonce that was asked for.
func (p *Provider) Asked(to string, claims map[string]any) url.Values {
	p.t.Helper()
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, p.URL+"/authorize?") {
		p.t.Fatalf("got sent to %s, %v, want %s/authorize", to, err, p.URL)
	}
	q := u.Query()
	p.challenge = q.Get("code_challenge")
	p.Claims = map[string]any{"nonce": q.Get("nonce")}
	maps.Copy(p.Claims, claims)
	return q
}

// MaxAge is how many seconds ago a browser that was sent to an address may have signed
// in there; -1 if nothing is said.
func MaxAge(t testing.TB, to string) int {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(u.Query().Get("max_age"))
	if err != nil {
		return -1
	}
	return n
}
