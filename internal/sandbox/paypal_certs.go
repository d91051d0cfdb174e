package sandbox

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// certificatePath is where the certificates that webhooks are signed with are
// found, by name.
const certificatePath = "/v1/notifications/certs/"

// certificateHost is whom PayPal's certificates for webhooks are made out to.
const certificateHost = "messageverificationcerts.paypal.com"

// Certificates are valid in every year that the sandbox's clock may reach.
var (
	certificateFrom = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)
	certificateTo   = time.Date(2200, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// A paypalSeal is what the world signs PayPal's webhooks with. It is made once
// per state, when it is first needed, and kept there. It never changes.
type paypalSeal struct {
	name  string // of the certificate, in its address
	key   *rsa.PrivateKey
	chain []byte // PEM: the certificate, then the authority's that issued it
}

// sign signs a message as SHA256withRSA does.
func (s *paypalSeal) sign(message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
}

func (s *paypalSeal) hasSigned(message, signature []byte) bool {
	sum := sha256.Sum256(message)
	return rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], signature) == nil
}

// seal returns the seal, from memory, the state, or new. The world's lock must
// be held.
func (w *World) seal() (*paypalSeal, error) {
	if w.paypalSeal != nil {
		return w.paypalSeal, nil
	}
	kept, err := w.store.meta("paypal_seal")
	if err != nil {
		return nil, err
	}
	if kept == "" {
		if kept, err = w.makeSeal(); err != nil {
			return nil, fmt.Errorf("make the certificate for PayPal's webhooks: %w", err)
		}
		if err := w.store.setMeta("paypal_seal", kept); err != nil {
			return nil, err
		}
	}
	w.paypalSeal, err = readSeal([]byte(kept))
	return w.paypalSeal, err
}

// readSeal takes a seal apart as it is kept: PEM blocks of the key, the
// certificate and the authority's, and the name as a header of the first.
func readSeal(kept []byte) (*paypalSeal, error) {
	block, chain := pem.Decode(kept)
	if block == nil {
		return nil, errors.New("the sandbox's state holds no key for PayPal's webhooks where it should")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read the key for PayPal's webhooks: %w", err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the key for PayPal's webhooks is not an RSA key")
	}
	return &paypalSeal{name: block.Headers["Name"], key: private, chain: chain}, nil
}

// A keyring makes one key when it is first asked. Making one takes a tenth of
// a second, so worlds that are made in one process share theirs.
type keyring struct {
	once sync.Once
	key  *rsa.PrivateKey
	err  error
}

var sealKeys keyring

func (k *keyring) make(random io.Reader) (*rsa.PrivateKey, error) {
	const bits = 2048
	k.once.Do(func() { k.key, k.err = rsa.GenerateKey(random, bits) })
	return k.key, k.err
}

func (w *World) makeSeal() (string, error) {
	key, err := sealKeys.make(w.options.Random)
	if err != nil {
		return "", err
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), w.options.Random)
	if err != nil {
		return "", err
	}
	authority := &x509.Certificate{
		SerialNumber: w.serialNumber(), NotBefore: certificateFrom, NotAfter: certificateTo,
		Subject: pkix.Name{CommonName: "bursar sandbox, pretend authority", Organization: []string{"bursar sandbox"}},
		IsCA:    true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	authorityDER, err := x509.CreateCertificate(w.options.Random, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return "", err
	}
	leaf := &x509.Certificate{
		SerialNumber: w.serialNumber(), NotBefore: certificateFrom, NotAfter: certificateTo,
		Subject: pkix.Name{CommonName: certificateHost, Organization: []string{"PayPal, Inc."}, OrganizationalUnit: []string{"bursar sandbox, not PayPal"},
			Locality: []string{"San Jose"}, Province: []string{"California"}, Country: []string{"US"}},
		DNSNames: []string{certificateHost}, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	leafDER, err := x509.CreateCertificate(w.options.Random, leaf, authority, &key.PublicKey, authorityKey)
	if err != nil {
		return "", err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	name := "CERT-" + w.randomHex(4) + "-" + w.randomHex(4) + "-" + w.randomHex(4)
	var kept bytes.Buffer
	for _, block := range []*pem.Block{
		{Type: "PRIVATE KEY", Headers: map[string]string{"Name": name}, Bytes: keyDER},
		{Type: "CERTIFICATE", Bytes: leafDER},
		{Type: "CERTIFICATE", Bytes: authorityDER},
	} {
		if err := pem.Encode(&kept, block); err != nil {
			return "", err
		}
	}
	return kept.String(), nil
}

func (w *World) serialNumber() *big.Int {
	return new(big.Int).SetBytes([]byte(w.randomText(16)))
}

// randomHex is n random bytes in hexadecimal. The world's lock must be held.
func (w *World) randomHex(n int) string {
	raw := make([]byte, n)
	if _, err := io.ReadFull(w.options.Random, raw); err != nil {
		panic(fmt.Sprintf("sandbox: no randomness: %v", err))
	}
	return fmt.Sprintf("%x", raw)
}

// servePayPalCertificate answers with the chain of the certificate that
// webhooks are signed with. Anyone may have it.
func (w *World) servePayPalCertificate(rw http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(rw, "Certificates can only be read.", http.StatusMethodNotAllowed)
		return
	}
	w.mu.Lock()
	seal, err := w.seal()
	w.mu.Unlock()
	if err != nil {
		w.options.Logger.Error("sandbox certificate", "error", err)
		http.Error(rw, "The sandbox broke down; its log says why.", http.StatusInternalServerError)
		return
	}
	if strings.TrimPrefix(r.URL.Path, certificatePath) != seal.name {
		http.Error(rw, "There is no such certificate.", http.StatusNotFound)
		return
	}
	rw.Header().Set("Content-Type", "application/x-pem-file")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	rw.Write(seal.chain)
}
