package money_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/money"
)

func TestJSONRoundTrip(t *testing.T) {
	type line struct {
		Net  money.Amount `json:"net"`
		Cost money.Exact  `json:"cost"`
	}
	want := line{usd(-1230), money.Exact{Pico: 800_000, Currency: "USD"}}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	const wantText = `{"net":{"amount":"-12.30","currency":"USD"},"cost":{"amount":"0.0000008","currency":"USD"}}`
	if string(text) != wantText {
		t.Errorf("got %s, want %s", text, wantText)
	}
	var got line
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestJSONRefusesWhatItDoesNotWrite(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		err  error
	}{
		{"a number", `{"amount":12.34,"currency":"USD"}`, money.ErrJSON},
		{"no currency", `{"amount":"12.34"}`, money.ErrJSON},
		{"no amount", `{"currency":"USD"}`, money.ErrJSON},
		{"another field", `{"amount":"12.34","currency":"USD","tax":"0"}`, money.ErrJSON},
		{"null", `null`, money.ErrJSON},
		{"bare", `"12.34 USD"`, money.ErrJSON},
		{"unknown currency", `{"amount":"12.34","currency":"usd"}`, money.ErrCurrencyUnknown},
		{"not a number", `{"amount":"secret","currency":"USD"}`, money.ErrMalformed},
		{"too many decimals", `{"amount":"0.0000000000001","currency":"USD"}`, money.ErrPrecision},
	} {
		var a money.Amount
		var e money.Exact
		for _, into := range []any{&a, &e} {
			err := json.Unmarshal([]byte(c.text), into)
			if !errors.Is(err, c.err) {
				t.Errorf("%s into %T: got %v, want %v", c.name, into, err, c.err)
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "12.34")) {
				t.Errorf("%s into %T: got %q, which repeats the input", c.name, into, err)
			}
		}
	}
}
