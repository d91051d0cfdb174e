package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// A schema of the wire is what PayPal's own descriptions say of its APIs. See
// testdata/paypal-openapi/README.md at the top of the tree.
type wireSchemas struct {
	mu        sync.Mutex
	documents []*openapi3.T
	lax       map[string]bool // patterns that only a laxer engine compiles
}

var readSchemas = sync.OnceValues(func() (*wireSchemas, error) {
	s := &wireSchemas{lax: map[string]bool{}}
	for _, name := range []string{"checkout_orders_v2", "payments_payment_v2", "vault_payment_tokens_v3"} {
		document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "testdata", "paypal-openapi", name+".json"))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		s.documents = append(s.documents, document)
	}
	return s, nil
})

func schemas(t testing.TB) *wireSchemas {
	t.Helper()
	s, err := readSchemas()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// compile is the validator's way to patterns. One that Go's engine cannot
// compile is let pass by itself: the rest of its body is still checked.
func (s *wireSchemas) compile(pattern string) (openapi3.RegexMatcher, error) {
	compiled, err := regexp.Compile(pattern)
	if err == nil {
		return compiled, nil
	}
	s.lax[pattern] = true
	return regexp.MustCompile(""), nil
}

func (s *wireSchemas) visit(schema *openapi3.SchemaRef, text []byte, as openapi3.SchemaValidationOption) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return err
	}
	return schema.Value.VisitJSON(value, as, openapi3.SetSchemaRegexCompiler(s.compile))
}

// operation finds what the description says of a request; nil if nothing.
func (s *wireSchemas) operation(method, path string) *openapi3.Operation {
	path, _, _ = strings.Cut(path, "?")
	for _, document := range s.documents {
		for template, item := range document.Paths.Map() {
			if fits(template, path) {
				return item.GetOperation(method)
			}
		}
	}
	return nil
}

func fits(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}

// request returns what is wrong with the body of a request.
func (s *wireSchemas) request(method, path string, body []byte) error {
	op := s.operation(method, path)
	if op == nil || op.RequestBody == nil || len(body) == 0 {
		return nil
	}
	media := op.RequestBody.Value.Content.Get("application/json")
	if media == nil {
		return nil
	}
	return s.visit(media.Schema, body, openapi3.VisitAsRequest())
}

// response returns what is wrong with an answer, one with a status that is not
// described included.
func (s *wireSchemas) response(method, path string, status int, body []byte) error {
	op := s.operation(method, path)
	switch {
	case op == nil:
		return fmt.Errorf("%s %s is not described", method, path)
	case status == http.StatusTooManyRequests:
		return nil // https://developer.paypal.com/api/rest/reference/rate-limiting/
	}
	described := op.Responses.Status(status)
	if described == nil {
		described = op.Responses.Default()
	}
	if described == nil {
		// The vault's description names fewer statuses than its answers have.
		if status == http.StatusUnauthorized || status == http.StatusConflict || status == http.StatusServiceUnavailable {
			return nil
		}
		return fmt.Errorf("%s %s: status %d is not described", method, path, status)
	}
	media := described.Value.Content.Get("application/json")
	switch {
	case media == nil && len(body) == 0, media == nil && status >= 500:
		return nil
	case media == nil:
		return fmt.Errorf("%s %s: status %d has a body and none is described", method, path, status)
	}
	return s.visit(media.Schema, body, openapi3.VisitAsResponse())
}

func TestPayPalSchemasRefuseWhatIsWrong(t *testing.T) {
	s := schemas(t)
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/v2/checkout/orders", `{"intent":"HOLD","purchase_units":[{"amount":{"currency_code":"USD","value":"1.00"}}]}`},
		{"POST", "/v2/checkout/orders", `{"intent":"CAPTURE","purchase_units":[{"amount":{"currency_code":"USD","value":"one"}}]}`},
		{"POST", "/v2/checkout/orders", `{"intent":"CAPTURE"}`},
		{"POST", "/v2/payments/authorizations/A1/capture", `{"amount":{"currency_code":"USD"}}`},
		{"POST", "/v2/payments/captures/C1/refund", `{"note_to_payer":""}`},
		{"POST", "/v3/vault/setup-tokens", `{"payment_source":{"paypal":{"usage_type":"merchant"}}}`},
		{"POST", "/v3/vault/setup-tokens", `{}`},
	} {
		if err := s.request(c.method, c.path, []byte(c.body)); err == nil {
			t.Errorf("%s %s %s: got no complaint", c.method, c.path, c.body)
		}
	}
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/v2/checkout/orders/O1", 200, `{"status":"PAID"}`},
		{"GET", "/v2/payments/authorizations/A1", 200, `{"status":"EXPIRED"}`},
		{"POST", "/v2/checkout/orders/O1/capture", 422, `{"name":"UNPROCESSABLE_ENTITY","details":[{"issue":"NO_SUCH_ISSUE"}]}`},
		{"GET", "/v3/vault/payment-tokens/p", 404, `{"name":"RESOURCE_NOT_FOUND"}`},
		{"GET", "/v3/vault/payment-tokens/p", 200, `{"payment_source":{"paypal":{"payer_id":"short"}}}`},
	} {
		if err := s.response(c.method, c.path, c.status, []byte(c.body)); err == nil {
			t.Errorf("%s %s %d %s: got no complaint", c.method, c.path, c.status, c.body)
		}
	}
	if len(s.lax) > 0 {
		t.Errorf("got patterns that could not be checked: %v", s.lax)
	}
}
