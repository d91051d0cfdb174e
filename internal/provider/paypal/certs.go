package paypal

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	certMax      = 64 << 10 // bytes of a certificate and its chain
	certChainMax = 8        // certificates in it
	certsMax     = 16       // URLs remembered; PayPal uses one or two at a time
	certPath     = "/v1/notifications/certs/"
	paypalDomain = ".paypal.com"
	signerName   = "messageverificationcerts." // begins the name on PayPal's certificate
)

var (
	errCertUnfetched = errors.New("paypal: the certificate could not be fetched")
	errCertBad       = errors.New("paypal: the certificate is not one of PayPal's")
)

// certificates remembers the chains that were fetched, by URL. A chain is checked at
// every use, since it may have ended meanwhile.
type certificates struct {
	roots *x509.CertPool // who vouches for PayPal; nil = whom this system trusts

	mu     sync.Mutex
	chains map[string][]*x509.Certificate
}

func (c *certificates) chain(url string) []*x509.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.chains[url]
}

func (c *certificates) keep(url string, chain []*x509.Certificate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.chains) >= certsMax || c.chains == nil {
		c.chains = map[string][]*x509.Certificate{}
	}
	c.chains[url] = chain
}

// certURL returns where the certificate that a message names is fetched from; "" is
// nowhere. PayPal's messages name a URL of PayPal's. Of a message from a server that
// is configured in PayPal's place only the path counts, at that server. Anything else
// would let whoever writes to us choose their own certificate, and send us to any
// address.
func (p *Plug) certURL(named string) string {
	u, err := url.Parse(named)
	if err != nil || u.User != nil || u.Opaque != "" || !strings.HasPrefix(u.Path, certPath) || !isToken(u.Path[len(certPath):]) {
		return ""
	}
	switch {
	case !isPayPal(p.url):
		return p.url.String() + u.Path
	case isPayPal(u):
		return "https://" + strings.ToLower(u.Hostname()) + u.Path
	}
	return ""
}

func isPayPal(u *url.URL) bool {
	return u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") &&
		strings.HasSuffix(strings.ToLower(u.Hostname()), paypalDomain)
}

// signingKey returns the public key of the certificate at a URL that is allowed.
func (p *Plug) signingKey(ctx context.Context, at string, now time.Time) (*rsa.PublicKey, error) {
	chain := p.certs.chain(at)
	fetched := chain != nil
	if !fetched {
		var err error
		if chain, err = p.fetchChain(ctx, at); err != nil {
			return nil, err
		}
	}
	if err := p.trust(chain, now); err != nil {
		return nil, err
	}
	key, isRSA := chain[0].PublicKey.(*rsa.PublicKey)
	if !isRSA {
		return nil, errCertBad
	}
	if !fetched {
		p.certs.keep(at, chain)
	}
	return key, nil
}

// fetchChain fetches a certificate with those that vouch for it.
func (p *Plug) fetchChain(ctx context.Context, at string) ([]*x509.Certificate, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, errCertUnfetched
	}
	resp, err := p.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCertUnfetched, wireError(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: HTTP %d", errCertUnfetched, resp.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, certMax))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCertUnfetched, wireError(err))
	}
	return readChain(raw)
}

// readChain reads PEM: the certificate first, then its chain.
func readChain(raw []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for len(chain) < certChainMax {
		var block *pem.Block
		if block, raw = pem.Decode(raw); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errCertBad
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, errCertBad
	}
	return chain, nil
}

// trust checks a chain: PayPal's up to a root that this system knows, and under
// PayPal's name; that of a server configured in its place up to the root that the
// server itself shows.
func (p *Plug) trust(chain []*x509.Certificate, now time.Time) error {
	opts := x509.VerifyOptions{
		Roots: p.certs.roots, Intermediates: x509.NewCertPool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	if isPayPal(p.url) {
		if !isSigner(chain[0]) {
			return errCertBad
		}
	} else {
		opts.Roots = x509.NewCertPool()
		opts.Roots.AddCert(chain[len(chain)-1])
	}
	if _, err := chain[0].Verify(opts); err != nil {
		return fmt.Errorf("%w: %w", errCertBad, err)
	}
	return nil
}

// isSigner reports whether a certificate is in the name under which PayPal signs its
// messages, and not any other of a PayPal host.
func isSigner(c *x509.Certificate) bool {
	for _, n := range append([]string{c.Subject.CommonName}, c.DNSNames...) {
		if strings.HasPrefix(n, signerName) && strings.HasSuffix(n, paypalDomain) {
			return true
		}
	}
	return false
}
