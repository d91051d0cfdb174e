package webhook_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/webhook"
)

func TestBackoffSpansMoreThanADay(t *testing.T) {
	var total time.Duration
	attempt := 1
	for ; ; attempt++ {
		least, again := webhook.Backoff(attempt, 0)
		if !again {
			break
		}
		most, _ := webhook.Backoff(attempt, 0.999)
		if most < least || most > least+least/5 {
			t.Errorf("attempt %d: got %v to %v, want at most a fifth between", attempt, least, most)
		}
		total += least
	}
	if attempt != webhook.AttemptsMax {
		t.Errorf("got %d attempts, want %d", attempt, webhook.AttemptsMax)
	}
	if total < 24*time.Hour || total > 5*24*time.Hour {
		t.Errorf("got %v from first to last attempt, want more than a day and less than five", total)
	}
	for _, odd := range []int{-1, 0, webhook.AttemptsMax + 1} {
		if wait, again := webhook.Backoff(odd, 0.5); wait != 0 || again {
			t.Errorf("attempt %d: got %v, %t, want no other", odd, wait, again)
		}
	}
}

func TestDeliveryAfterAnAttempt(t *testing.T) {
	for _, c := range []struct {
		name     string
		attempts int
		result   webhook.Result
		state    webhook.DeliveryState
		next     time.Time
	}{
		{"delivered at once", 0, webhook.Result{Status: 200}, webhook.Delivered, time.Time{}},
		{"refused once", 0, webhook.Result{Status: 500, Problem: "refused"}, webhook.Waiting, at.Add(5 * time.Second)},
		{"refused again", 1, webhook.Result{Status: 500, Problem: "refused"}, webhook.Waiting, at.Add(5 * time.Minute)},
		{"no answer", 8, webhook.Result{Problem: "timeout"}, webhook.Waiting, at.Add(24 * time.Hour)},
		{"refused for the last time", 9, webhook.Result{Status: 500, Problem: "refused"}, webhook.GivenUp, time.Time{}},
		{"delivered at last", 9, webhook.Result{Status: 204}, webhook.Delivered, time.Time{}},
		{"gone for good", 0, webhook.Result{Status: 410, Problem: "refused", Final: true}, webhook.GivenUp, time.Time{}},
	} {
		got := webhook.Delivery{State: webhook.Waiting, Attempts: c.attempts, NextAt: at}.After(c.result, at, 0)
		want := webhook.Delivery{
			State: c.state, Attempts: c.attempts + 1, NextAt: c.next, LastAt: at, LastStatus: c.result.Status, LastError: c.result.Problem,
		}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, want)
		}
	}
}

func TestEndpointHears(t *testing.T) {
	for _, c := range []struct {
		name  string
		e     webhook.Endpoint
		want  bool
		event string
	}{
		{"all", webhook.Endpoint{State: webhook.Enabled}, true, "bill.paid"},
		{"one of its own", webhook.Endpoint{State: webhook.Enabled, Kinds: []string{"bill.issued", "bill.paid"}}, true, "bill.paid"},
		{"another", webhook.Endpoint{State: webhook.Enabled, Kinds: []string{"bill.issued"}}, false, "bill.paid"},
		{"disabled", webhook.Endpoint{State: webhook.Disabled}, false, "bill.paid"},
	} {
		if got := c.e.Hears(c.event); got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
}

func TestEventCarriesTheWholeObject(t *testing.T) {
	a := account.Account{ID: "acct_1", Reference: "acme", Name: "A & B <c>", Currency: "USD", State: account.Active, CreatedAt: at}
	e, err := webhook.NewEvent("evt_1", at, "account.opened", a.ID, "acct_1", a)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Object, ID, Type, Account string
		Version                   int
		CreatedAt                 string `json:"created_at"`
		Data                      struct{ Object, ID, Name string }
	}
	if err := json.Unmarshal(e.Payload, &got); err != nil {
		t.Fatal(err)
	}
	if got.Object != "event" || got.ID != "evt_1" || got.Type != "account.opened" || got.Account != "acct_1" || got.Version != webhook.Version ||
		got.CreatedAt != "2024-09-18T22:00:00Z" || got.Data.Object != "account" || got.Data.Name != a.Name {
		t.Errorf("got %s, want the account as an event", e.Payload)
	}
}

func TestNewEventRefusesWhatHasNoShape(t *testing.T) {
	if e, err := webhook.NewEvent("evt_1", at, "account.opened", "", "x", struct{ Secret string }{"s"}); err == nil {
		t.Errorf("unknown type: got %s, want an error", e.Payload)
	}
	for _, kind := range []string{"", "account", "account.", "Account.opened", "account.opened.twice", "account opened"} {
		if _, err := webhook.NewEvent("evt_1", at, kind, "", "x", account.Account{}); err == nil {
			t.Errorf("kind %q: got an event, want an error", kind)
		}
	}
}
