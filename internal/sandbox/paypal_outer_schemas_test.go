package sandbox_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// readOuterSchemas are PayPal's own descriptions of webhooks, disputes and
// transaction search.
var readOuterSchemas = sync.OnceValues(func() (*wireSchemas, error) {
	s := &wireSchemas{lax: map[string]bool{}}
	for _, name := range []string{"notifications_webhooks_v1", "customer_disputes_v1", "reporting_transactions_v1"} {
		document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "testdata", "paypal-openapi", name+".json"))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		s.documents = append(s.documents, document)
	}
	return s, nil
})

func outerSchemas(t testing.TB) *wireSchemas {
	t.Helper()
	s, err := readOuterSchemas()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkWire holds a request that was accepted, and every answer, against
// PayPal's descriptions.
func checkWire(t testing.TB, method, path string, request []byte, status int, answer []byte) {
	t.Helper()
	s := schemas(t)
	if strings.HasPrefix(path, "/v1/") {
		s = outerSchemas(t)
	}
	if s.operation(method, path) == nil {
		t.Errorf("%s %s is not described", method, path)
		return
	}
	// The description of made-up events knows no names with a dash, and PayPal
	// has such; that of verifying takes an event of which nothing can be
	// sent, and that of the vault knows no token that is set up.
	isOdd := strings.HasSuffix(path, "/simulate-event") && strings.Contains(string(request), "-TOKEN.") ||
		strings.HasSuffix(path, "/verify-webhook-signature") || strings.HasSuffix(path, "/payment-tokens")
	if err := s.request(method, path, request); err != nil && status < 300 && !isOdd {
		t.Errorf("%s %s was accepted: %v", method, path, err)
	}
	if status == 204 || isReportingRefusal(path, status) {
		return
	}
	if err := s.response(method, path, status, answer); err != nil {
		t.Errorf("%s %s answered %d %s: %v", method, path, status, answer, err)
	}
}

// isReportingRefusal reports whether an answer is an error of transaction
// search: those have no description.
func isReportingRefusal(path string, status int) bool {
	return strings.HasPrefix(path, "/v1/reporting/") && status >= 400
}

func TestOuterSchemasRefuseWhatIsWrong(t *testing.T) {
	s := outerSchemas(t)
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/v1/notifications/webhooks", `{"url":"https://shop.test/"}`},
		{"POST", "/v1/notifications/verify-webhook-signature", `{"auth_algo":"SHA256withRSA"}`},
		{"POST", "/v1/customer/disputes/PP-D-1/adjudicate", `{}`},
	} {
		if err := s.request(c.method, c.path, []byte(c.body)); err == nil {
			t.Errorf("%s %s %s: got no complaint", c.method, c.path, c.body)
		}
	}
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/v1/notifications/verify-webhook-signature", `{"verification_status":"MAYBE"}`},
		{"GET", "/v1/customer/disputes/PP-D-1", `{"status":"LOST"}`},
		{"GET", "/v1/customer/disputes", `{"items":[{"dispute_state":"GONE"}]}`},
		{"GET", "/v1/reporting/transactions", `{"transaction_details":[{"transaction_info":{"transaction_id":"a-b"}}]}`},
	} {
		if err := s.response(c.method, c.path, 200, []byte(c.body)); err == nil {
			t.Errorf("%s %s %s: got no complaint", c.method, c.path, c.body)
		}
	}
	if len(s.lax) > 1 {
		t.Errorf("got patterns that could not be checked: %v", s.lax)
	}
}
