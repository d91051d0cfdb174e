package webhook_test

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/webhook"
)

// names is a name server in process. Each question for a name is answered with
// its next addresses, the last ones for ever: a name that changes is one with two.
type names struct {
	answers [][]netip.Addr
	asked   atomic.Int64
}

func resolver(answers ...[]netip.Addr) *net.Resolver {
	n := &names{answers: answers}
	return &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go n.serve(theirs)
		return ours, nil
	}}
}

// serve answers one question in DNS's form for streams: two bytes of length, then
// header, question and one record for each address of the kind asked for.
func (n *names) serve(conn net.Conn) {
	defer conn.Close()
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return
	}
	query := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return
	}
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5
	kind := binary.BigEndian.Uint16(query[end-4:])
	turn := min(int(n.asked.Add(1)-1)/2, len(n.answers)-1) // each look-up asks for A and AAAA
	var records []byte
	count := 0
	for _, a := range n.answers[turn] {
		if (kind == 1) != a.Is4() {
			continue
		}
		count++
		records = append(records, 0xc0, 12)                    // the name asked for
		records = binary.BigEndian.AppendUint16(records, kind) // A or AAAA
		records = append(records, 0, 1, 0, 0, 0, 0)            // internet, not to be kept
		records = binary.BigEndian.AppendUint16(records, uint16(len(a.AsSlice())))
		records = append(records, a.AsSlice()...)
	}
	answer := append([]byte{}, query[:2]...)
	answer = append(answer, 0x81, 0x80, 0, 1, 0, byte(count), 0, 0, 0, 0)
	answer = append(answer, query[12:end]...)
	answer = append(answer, records...)
	binary.BigEndian.PutUint16(size[:], uint16(len(answer)))
	_, _ = conn.Write(append(size[:], answer...))
}

func addrs(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, t := range texts {
		list = append(list, netip.MustParseAddr(t))
	}
	return list
}

func message(t testing.TB, url string) webhook.Message {
	return webhook.Message{ID: "evt_1", URL: url, Payload: []byte(`{"id":"evt_1"}`), Secrets: []webhook.SecretText{newSecret(t, 1)}, At: at}
}

// insiders are addresses that nothing may ever be sent to, in all the ways in which
// an address can be written.
var insiders = []string{
	"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.1.2.3",
	"169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
	"198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
	"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::a00:1",
	"64:ff9b::7f00:1", "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
	"2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
}

func TestInsideAddressesAreRefusedAtDial(t *testing.T) {
	for _, inside := range insiders {
		s := webhook.NewSender(webhook.Options{Resolver: resolver(addrs(inside))})
		got := s.Send(t.Context(), message(t, "https://receiver.example/hook"))
		if got.Problem != "address_refused" || got.Status != 0 {
			t.Errorf("name that resolves to %s: got %+v, want address_refused", inside, got)
		}
	}
}

func TestInsideAddressesAreRefusedAsLiterals(t *testing.T) {
	s := webhook.NewSender(webhook.Options{})
	for _, inside := range insiders {
		host := inside
		if strings.Contains(inside, ":") {
			host = "[" + inside + "]"
		}
		address := "https://" + host + "/hook"
		if err := s.Allows(address); !errors.Is(err, webhook.ErrEndpointURL) {
			t.Errorf("%s: got %v, want %v", address, err, webhook.ErrEndpointURL)
		}
		if got := s.Send(t.Context(), message(t, address)); got.Problem != "address_refused" {
			t.Errorf("%s: got %+v, want address_refused", address, got)
		}
	}
}

// TestOddSpellingsOfAddressesAreRefused writes 127.0.0.1 as resolvers of C would read it.
// To Go they are names, so the name server answers with what was meant.
func TestOddSpellingsOfAddressesAreRefused(t *testing.T) {
	for _, host := range []string{
		"2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "127.0.1", "00127.0.0.1", "localhost", "localhost.",
		"LOCALHOST", "127.0.0.1.nip.example", "127.0.0.1.", "xn--n3h.example", "%31%32%37.0.0.1", "１２７.0.0.1", "①②⑦.0.0.1", "[::1%25lo]", "[::ffff:7f00:1]",
	} {
		s := webhook.NewSender(webhook.Options{Resolver: resolver(addrs("127.0.0.1", "::1"))})
		got := s.Send(t.Context(), message(t, "https://"+host+"/hook"))
		if got.Problem == "" || got.Status != 0 || got.Problem == "tls_failed" || got.Problem == "unreachable" {
			t.Errorf("%s: got %+v, want it refused before a connection", host, got)
		}
	}
}

func TestANameThatChangesIsJudgedAtEveryDial(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") }))
	defer server.Close()
	s := webhook.NewSender(webhook.Options{AllowPrivate: true, Resolver: resolver(addrs("127.0.0.1"), addrs("169.254.169.254"))})
	m := message(t, strings.Replace(server.URL, "127.0.0.1", "changing.example", 1))
	for i, want := range []webhook.Result{{Status: 200}, {Problem: "address_refused"}, {Problem: "address_refused"}} {
		if got := s.Send(t.Context(), m); got != want {
			t.Errorf("delivery %d: got %+v, want %+v", i+1, got, want)
		}
	}
}

func TestOneInsideAddressAmongSeveralIsNotTried(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer server.Close()
	s := webhook.NewSender(webhook.Options{Resolver: resolver(addrs("10.0.0.1", "127.0.0.1", "::1", "169.254.169.254"))})
	if got := s.Send(t.Context(), message(t, "https://several.example/hook")); got.Problem != "address_refused" || calls.Load() != 0 {
		t.Errorf("got %+v and %d calls, want address_refused and none", got, calls.Load())
	}
}

func TestCheckURL(t *testing.T) {
	for _, c := range []struct {
		url             string
		public, private bool
	}{
		{"https://example.com/hook", true, true},
		{"https://example.com", true, true},
		{"https://example.com:443/hook?a=b", true, true},
		{"https://example.com:8443/hook", true, true},
		{"https://[2606:4700::1111]/hook", true, true},
		{"https://8.8.8.8/hook", true, true},
		{"http://example.com/hook", false, true},
		{"https://example.com:22/hook", false, true},
		{"https://10.0.0.1/hook", false, true},
		{"http://127.0.0.1:8080/hook", false, true},
		{"http://[::1]:8080/hook", false, true},
		{"http://169.254.169.254/latest", false, false},
		{"http://[fe80::1]/", false, false},
		{"http://0.0.0.0/", false, false},
		{"https://example.com:0/hook", false, false},
		{"https://example.com:65536/hook", false, false},
		{"https://user:pass@example.com/hook", false, false},
		{"https://example.com/hook#part", false, false},
		{"https://example.com/hook#", false, false},
		{"ftp://example.com/hook", false, false},
		{"file:///etc/passwd", false, false},
		{"gopher://127.0.0.1:25/", false, false},
		{"//example.com/hook", false, false},
		{"/hook", false, false},
		{"https:example.com", false, false},
		{"https://", false, false},
		{"https://:443/", false, false},
		{"", false, false},
		{"https://exa mple.com/", false, false},
		{"https://example.com/\x00", false, false},
		{"https://example.com/" + strings.Repeat("a", 2000), false, false},
	} {
		for allow, want := range map[bool]bool{false: c.public, true: c.private} {
			err := webhook.CheckURL(c.url, allow)
			if got := err == nil; got != want {
				t.Errorf("%.60q, private allowed %t: got %v, want allowed %t", c.url, allow, err, want)
			}
			if err != nil && len(c.url) > 12 && strings.Contains(err.Error(), c.url) {
				t.Errorf("%.60q: got %q, want it without the address", c.url, err)
			}
		}
	}
}

// receiver is a webhook receiver on this machine and a sender that trusts it.
func receiver(t *testing.T, handle http.HandlerFunc) (*webhook.Sender, string) {
	t.Helper()
	server := httptest.NewTLSServer(handle)
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return webhook.NewSender(webhook.Options{AllowPrivate: true, Roots: roots}), server.URL
}

func TestSendDeliversSigned(t *testing.T) {
	secret := newSecret(t, 1)
	var got http.Header
	var body []byte
	s, address := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNoContent)
	})
	m := message(t, address+"/hook")
	if r := s.Send(t.Context(), m); r != (webhook.Result{Status: 204}) {
		t.Fatalf("got %+v, want delivered with 204", r)
	}
	if string(body) != string(m.Payload) || !accepts(t, secret, body, got) {
		t.Errorf("got body %s and headers %v, want the payload, signed", body, got)
	}
	if got.Get("Content-Type") != "application/json" || got.Get("Webhook-Id") != "evt_1" || got.Get("Accept-Encoding") != "" {
		t.Errorf("got headers %v, want JSON, the event's id and no encoding", got)
	}
}

func TestAnswersThatAreNotDelivery(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer inside.Close()
	for _, c := range []struct {
		name   string
		handle http.HandlerFunc
		want   webhook.Result
	}{
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
		},
			webhook.Result{Status: 307, Problem: "redirected"}},
		{"not modified", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, webhook.Result{Status: 304, Problem: "redirected"}},
		{"server error", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, webhook.Result{Status: 500, Problem: "refused"}},
		{"not found", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, webhook.Result{Status: 404, Problem: "refused"}},
		{"gone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, webhook.Result{Status: 410, Problem: "refused", Final: true}},
		{"hung up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, webhook.Result{Problem: "unreachable"}},
		{"endless header", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("x", 100<<10)) },
			webhook.Result{Problem: "unreachable"}},
	} {
		s, address := receiver(t, c.handle)
		if got := s.Send(t.Context(), message(t, address)); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestAnEndlessAnswerIsNotReadToItsEnd(t *testing.T) {
	wrote := make(chan int, 1)
	s, address := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		sent := 0
		for range 1 << 12 {
			n, err := w.Write(make([]byte, 1<<14))
			sent += n
			if err != nil {
				break
			}
		}
		wrote <- sent
	})
	if got := s.Send(t.Context(), message(t, address)); got != (webhook.Result{Status: 200}) {
		t.Errorf("got %+v, want delivered: the status has said so", got)
	}
	if got := <-wrote; got >= 1<<26 {
		t.Errorf("the receiver could send all of %d bytes, want it cut off", got)
	}
}

func TestATrustedCertificateIsNeeded(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was delivered") }))
	defer server.Close()
	s := webhook.NewSender(webhook.Options{AllowPrivate: true})
	if got := s.Send(t.Context(), message(t, server.URL)); got.Problem != "tls_failed" {
		t.Errorf("got %+v, want tls_failed", got)
	}
}

func TestAProxyFromTheEnvironmentIsNotUsed(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	s := webhook.NewSender(webhook.Options{Resolver: resolver(addrs("127.0.0.1"))})
	if got := s.Send(t.Context(), message(t, "https://receiver.example/")); got.Problem != "address_refused" {
		t.Errorf("got %+v, want address_refused", got)
	}
}

// slow never answers; it ends with its request, as a real connection would.
type slow struct{}

func (slow) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestASlowReceiverIsLeft(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	s := webhook.NewSender(webhook.Options{Transport: slow{}})
	if got := s.Send(ctx, message(t, "https://receiver.example/")); got.Problem != "timeout" {
		t.Errorf("got %+v, want timeout", got)
	}
}

type failing struct{ err error }

func (f failing) RoundTrip(r *http.Request) (*http.Response, error) { return nil, f.err }

func TestProblemsAreNamedInOurWords(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"name", &net.DNSError{Err: "no such host", Name: "secret.example", IsNotFound: true}, "name_unknown"},
		{"refused", &net.OpError{Op: "dial", Err: errors.New("connection refused")}, "unreachable"},
		{"time", &url.Error{Op: "Post", Err: context.DeadlineExceeded}, "timeout"},
	} {
		s := webhook.NewSender(webhook.Options{Transport: failing{c.err}})
		if got := s.Send(t.Context(), message(t, "https://receiver.example/")); got.Problem != c.want {
			t.Errorf("%s: got %+v, want %s", c.name, got, c.want)
		}
	}
}

func TestAnUnsignedMessageIsNotSent(t *testing.T) {
	s := webhook.NewSender(webhook.Options{Transport: failing{errors.New("it was sent")}})
	m := message(t, "https://receiver.example/")
	m.Secrets = nil
	if got := s.Send(t.Context(), m); got.Problem != "unsigned" {
		t.Errorf("got %+v, want unsigned", got)
	}
}
