package paypal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// passAhead is how long before its end a token is renewed, so that none ends while
// a question is under way.
const passAhead = 5 * time.Minute

// errPassRefused is the cause of an exchange without a token: PayPal does not take
// our client id and secret.
var errPassRefused = errors.New("paypal: our credentials are refused")

// A pass is the access token that every call needs, had for the client id and
// secret. Many may ask for it at once; one of them renews it, and the others wait.
type pass struct {
	clientID, secret string

	mu      sync.Mutex
	token   string
	until   time.Time // renewed from here on
	renewal *renewal  // under way; nil = none
}

// A renewal is one request for a token, awaited by many.
type renewal struct {
	done  chan struct{} // closed when token and err are set
	token string
	err   error
}

// drop forgets a token that PayPal refused, unless it was renewed meanwhile.
func (s *pass) drop(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == token {
		s.token = ""
	}
}

// token returns the access token, renewed if its end is near.
func (p *Plug) token(ctx context.Context) (string, error) {
	s := p.pass
	s.mu.Lock()
	if s.token != "" && p.now().Before(s.until) {
		defer s.mu.Unlock()
		return s.token, nil
	}
	if s.renewal == nil {
		s.renewal = &renewal{done: make(chan struct{})}
		// Whoever asked first may give up; the others still want the token.
		go p.renew(context.WithoutCancel(ctx), s.renewal)
	}
	r := s.renewal
	s.mu.Unlock()

	select {
	case <-r.done:
		return r.token, r.err
	case <-ctx.Done():
		return "", fmt.Errorf("paypal: wait for a token: %w", ctx.Err())
	}
}

// renew asks for a token and tells all who wait for it.
func (p *Plug) renew(ctx context.Context, r *renewal) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	asked := p.now()
	token, lasts, err := p.askToken(ctx)

	s := p.pass
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewal = nil
	if err == nil {
		s.token, s.until = token, asked.Add(lasts-min(passAhead, lasts/2))
	}
	r.token, r.err = token, err
	close(r.done)
}

// askToken trades the client id and secret for a token.
// https://developer.paypal.com/api/rest/authentication/
func (p *Plug) askToken(ctx context.Context) (token string, lasts time.Duration, err error) {
	const path = "/v1/oauth2/token"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url.String()+path, strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return "", 0, errors.New("paypal: the request for a token cannot be made")
	}
	r.SetBasicAuth(p.pass.clientID, p.pass.secret)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	var got struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	x := &exchange{question: question{call: call{doing: "get a token", method: http.MethodPost, path: path}}}
	p.exchange(x, r, &got)
	switch {
	case x.ok() && got.AccessToken != "" && got.ExpiresIn > 0:
		return got.AccessToken, time.Duration(min(got.ExpiresIn, 1<<24)) * time.Second, nil
	case x.status == http.StatusUnauthorized || x.status == http.StatusForbidden || x.status == http.StatusBadRequest:
		return "", 0, fmt.Errorf("%w (%w)", errPassRefused, x.cause(""))
	}
	return "", 0, x.cause("")
}
