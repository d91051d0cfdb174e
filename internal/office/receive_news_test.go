package office

import (
	"strings"
	"testing"
)

func TestNewsIsKeptWithoutSecrets(t *testing.T) {
	got := string(withoutSecrets([]byte(`{"object": {"id": "pi_1", "client_secret": "pi_1_secret_abc", "amount": 100}, "client_secret":null}`)))
	if strings.Contains(got, "secret_abc") || !strings.Contains(got, `"amount": 100`) {
		t.Errorf("got %s, want it without its secret and otherwise whole", got)
	}
}
