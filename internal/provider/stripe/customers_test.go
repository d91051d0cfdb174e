package stripe

import (
	"errors"
	"io"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bursar-pay/bursar/internal/provider"
)

func TestOpenCustomer(t *testing.T) {
	made := reply{status: 200, body: `{"id":"cus_1","object":"customer"}`}
	c := provider.Customer{Key: "k1", Account: "acct_1", Reference: "acme", Name: "Acme", Email: "pay@acme.example"}

	t.Run("made", func(t *testing.T) {
		p, w := plugged(t, made)
		if got, err := p.OpenCustomer(t.Context(), c); got != "cus_1" || err != nil {
			t.Errorf("got %q, %v, want cus_1", got, err)
		}
		want := url.Values{"name": {"Acme"}, "email": {"pay@acme.example"}, "metadata[bursar_reference]": {"acme"}, "metadata[bursar_account]": {"acct_1"}}
		if diff := cmp.Diff(want, w.seen[0].form); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
		if got := w.seen[0].key; got != "k1:customer" {
			t.Errorf("got key %q, want k1:customer", got)
		}
	})
	t.Run("address that Stripe does not take", func(t *testing.T) {
		bad := reply{status: 400, body: `{"error":{"type":"invalid_request_error","code":"email_invalid","param":"email","message":"Invalid email address: x"}}`}
		p, w := plugged(t, bad, made)
		if got, err := p.OpenCustomer(t.Context(), c); got != "cus_1" || err != nil {
			t.Errorf("got %q, %v, want cus_1", got, err)
		}
		if got := w.seen[1].form.Has("email"); got {
			t.Error("the address was sent again")
		}
	})
	t.Run("stored 500", func(t *testing.T) {
		p, w := plugged(t, reply{status: 500, file: "error_api", replayed: true}, made)
		if got, err := p.OpenCustomer(t.Context(), c); got != "cus_1" || err != nil {
			t.Errorf("got %q, %v, want cus_1", got, err)
		}
		if got := w.seen[1].key; got != "k1:customer:2" {
			t.Errorf("got key %q, want k1:customer:2", got)
		}
	})
	for name, tt := range map[string]struct {
		reply reply
		want  error
	}{
		"lost":       {reply{err: io.ErrUnexpectedEOF}, provider.ErrUnreachable},
		"500":        {reply{status: 500, file: "error_api"}, provider.ErrUnreachable},
		"rate limit": {reply{status: 429, file: "error_rate_limit"}, provider.ErrUnreachable},
		"bad key":    {reply{status: 401, file: "error_unauthorized"}, provider.ErrMisconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := plugged(t, tt.reply)
			if got, err := p.OpenCustomer(t.Context(), c); got != "" || !errors.Is(err, tt.want) {
				t.Errorf("got %q, %v, want %v", got, err, tt.want)
			}
		})
	}
}

func TestInstrument(t *testing.T) {
	t.Run("card", func(t *testing.T) {
		p, _ := plugged(t, reply{status: 200, file: "method_card"})
		got, err := p.Instrument(t.Context(), "pm_1")
		if err != nil {
			t.Fatal(err)
		}
		want := provider.Instrument{
			Token: "pm_1", Customer: "cus_1", Fingerprint: "stripe:aB3dE", Brand: "visa", Networks: []string{"visa", "cartes_bancaires"},
			Funding: "debit", Country: "FR", Last4: "1001", ExpMonth: 7, ExpYear: 2031, Holder: "Jo Example",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("instrument (-want +got):\n%s", diff)
		}
	})
	missing := reply{status: 404, body: `{"error":{"type":"invalid_request_error","code":"resource_missing","param":"payment_method","message":"No such PaymentMethod: 'pm_1'"}}`}
	for name, tt := range map[string]struct {
		token   string
		replies []reply
		want    error
	}{
		"unknown token":     {"pm_1", []reply{missing}, provider.ErrTokenUnknown},
		"bank debit":        {"pm_2", []reply{{status: 200, file: "method_sepa"}}, provider.ErrMethodTypeUnsupported},
		"bad key":           {"pm_1", []reply{{status: 401, file: "error_unauthorized"}}, provider.ErrMisconfigured},
		"lost":              {"pm_1", []reply{{err: io.ErrUnexpectedEOF}}, provider.ErrUnreachable},
		"empty":             {"", nil, provider.ErrTokenUnknown},
		"a card number":     {"4242424242424242", nil, provider.ErrTokenUnknown},
		"another path":      {"pm_1/../../customers", nil, provider.ErrTokenUnknown},
		"another's account": {"cus_1", nil, provider.ErrTokenUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := plugged(t, tt.replies...)
			if got, err := p.Instrument(t.Context(), tt.token); !errors.Is(err, tt.want) {
				t.Errorf("got %+v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

func TestDetach(t *testing.T) {
	missing := reply{status: 404, body: `{"error":{"type":"invalid_request_error","code":"resource_missing"}}`}
	loose := reply{status: 400, body: `{"error":{"type":"invalid_request_error","message":"Nobody has this payment method attached."}}`}
	unattached := reply{status: 200, body: `{"id":"pm_1","object":"payment_method","type":"card","customer":null,"card":{"brand":"visa"}}`}
	for name, tt := range map[string]struct {
		replies []reply
		want    error
	}{
		"attached":         {[]reply{{status: 200, file: "method_card"}}, nil},
		"never heard of":   {[]reply{missing}, nil},
		"detached already": {[]reply{loose, unattached}, nil},
		"stored 500":       {[]reply{{status: 500, file: "error_api", replayed: true}, {status: 200, file: "method_card"}}, nil},
		"lost":             {[]reply{{err: io.ErrUnexpectedEOF}}, provider.ErrUnreachable},
		"bad key":          {[]reply{{status: 401, file: "error_unauthorized"}}, provider.ErrMisconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := plugged(t, tt.replies...)
			if err := p.Detach(t.Context(), "pm_1"); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	tests := []struct {
		s    string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"支付", 4, "支"}, {"支付", 2, ""}, {"", 0, ""}}
	for _, tt := range tests {
		if got := cut(tt.s, tt.n); got != tt.want {
			t.Errorf("cut(%q, %d): got %q, want %q", tt.s, tt.n, got, tt.want)
		}
	}
}
