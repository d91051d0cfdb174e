package stripe

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/provider"
)

func TestOpenSendsWhatTheAskSays(t *testing.T) {
	tests := []struct {
		name string
		ask  provider.Ask
		key  string
		want url.Values
	}{
		{"charge while away", charge(), "k1:open", url.Values{
			"amount": {"2500"}, "currency": {"usd"}, "customer": {"cus_1"}, "payment_method": {"pm_1"},
			"payment_method_types[0]": {"card"}, "capture_method": {"automatic"}, "confirm": {"false"},
			"metadata[bursar_reference]": {"pay_1"}, "metadata[bursar_account]": {"acct_1"},
			"description": {"usage of October"}, "statement_descriptor_suffix": {"BURSAR CLO"}, "expand[0]": {"latest_charge"},
		}},
		{"hold of a payer who is here", hold(), "k2:open", url.Values{
			"amount": {"100"}, "currency": {"usd"}, "customer": {"cus_1"}, "payment_method": {"pm_1"},
			"payment_method_types[0]": {"card"}, "capture_method": {"manual"}, "confirm": {"false"},
			"setup_future_usage": {"off_session"}, "payment_method_options[card][request_three_d_secure]": {"challenge"},
			"metadata[bursar_reference]": {"hold_1"}, "metadata[bursar_account]": {"acct_1"},
			"statement_descriptor_suffix": {"BURSAR CLO"}, "expand[0]": {"latest_charge"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, w := plugged(t, reply{status: 200, file: "intent_requires_confirmation"})
			ref, r := p.Open(t.Context(), tt.ask)
			if ref != "pi_1" || r.Outcome != provider.Pending || !r.Live || r.RequestID != "req_test" {
				t.Errorf("got %q %+v, want pi_1, pending and live", ref, r)
			}
			if diff := cmp.Diff(tt.want, w.seen[0].form); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
			if got := w.seen[0]; got.key != tt.key || got.path != "/v1/payment_intents" || got.authorization != "Bearer sk_test_secret" {
				t.Errorf("got %+v, want key %s", got, tt.key)
			}
		})
	}
}

func TestConfirmSendsWhoStartedIt(t *testing.T) {
	tests := []struct {
		name string
		ask  provider.Ask
		want url.Values
	}{
		{"while away", charge(), url.Values{"payment_method": {"pm_1"}, "off_session": {"true"}, "expand[0]": {"latest_charge"}}},
		{"payer is here", hold(), url.Values{
			"payment_method": {"pm_1"}, "return_url": {"https://console.example/back"}, "expand[0]": {"latest_charge"},
			"payment_method_options[card][request_three_d_secure]": {"challenge"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, w := plugged(t, reply{status: 200, file: "intent_succeeded"})
			p.Confirm(t.Context(), "pi_1", tt.ask)
			if diff := cmp.Diff(tt.want, w.seen[0].form); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
			if got, want := w.seen[0].key, tt.ask.Key+":confirm"; got != want {
				t.Errorf("got key %q, want %q", got, want)
			}
		})
	}
}

func TestStandings(t *testing.T) {
	usd := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }
	const secret = "pi_1_secret_x"
	tests := []struct {
		file string
		want provider.Result
	}{
		{"intent_requires_confirmation", provider.Result{Outcome: provider.Pending, Amount: usd(2500), Live: true, ClientSecret: secret}},
		{"intent_never_confirmed", provider.Result{Outcome: provider.Pending, Amount: usd(2500), Live: true, ClientSecret: secret}},
		{"intent_processing", provider.Result{Outcome: provider.Pending, Amount: usd(2500), Live: true, ClientSecret: secret, ChargeRef: "ch_1"}},
		{"intent_requires_action", provider.Result{Outcome: provider.NeedsPayer, Amount: usd(2500), Live: true, ClientSecret: secret,
			ChallengeURL: "https://hooks.stripe.example/3ds/1"}},
		{"intent_requires_capture", provider.Result{Outcome: provider.Approved, Amount: usd(100), ChargeRef: "ch_1",
			HeldUntil: time.Unix(1767225600, 0).UTC(), NetworkTransaction: "123456789012345",
			ThreeDS: provider.ThreeDS{Version: "2.2.0", Result: "authenticated", ECI: "05", TransactionID: "5e9a3c1e-ds"}}},
		{"intent_succeeded", provider.Result{Outcome: provider.Approved, Captured: true, Amount: usd(2400), ChargeRef: "ch_1", NetworkTransaction: "123456789012345"}},
		{"intent_canceled", provider.Result{Outcome: provider.Cancelled, Amount: usd(2500)}},
		{"intent_declined", provider.Result{Outcome: provider.Declined, Amount: usd(2500), Live: true, ClientSecret: secret, ChargeRef: "ch_2",
			Decline: provider.Decline{Class: provider.IssuerBlock, Code: "do_not_honor", NetworkCode: "05", AdviceCode: "26", WaitAtLeast: 48 * time.Hour}}},
		{"intent_challenge_failed", provider.Result{Outcome: provider.Declined, Amount: usd(2500), Live: true, ClientSecret: secret,
			Decline: provider.Decline{Class: provider.Authentication, Code: "payment_intent_authentication_failure"}}},
		{"intent_refused_after_challenge", provider.Result{Outcome: provider.Declined, Amount: usd(2500), Live: true, ClientSecret: secret, ChargeRef: "ch_3",
			ThreeDS: provider.ThreeDS{Version: "2.2.0", Result: "authenticated"},
			Decline: provider.Decline{Class: provider.Authentication, Code: "authentication_required"}}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			p, _ := plugged(t, reply{status: 200, file: tt.file})
			tt.want.Ref, tt.want.RequestID = "pi_1", "req_test"
			if diff := cmp.Diff(tt.want, p.Fetch(t.Context(), "pi_1")); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewStatusIsUnknown(t *testing.T) {
	p, _ := plugged(t, reply{status: 200, file: "intent_new_status"})
	if r := p.Fetch(t.Context(), "pi_1"); r.Outcome != provider.Unknown || !r.Live || r.Cause == nil {
		t.Errorf("got %+v, want unknown with a cause", r)
	}
}

// A step's outcome by what comes back, for the three steps and for reading.
func TestFailures(t *testing.T) {
	cut := io.ErrUnexpectedEOF
	tests := []struct {
		name    string
		reply   reply
		open    provider.Outcome
		confirm provider.Outcome
		cancel  provider.Outcome
		stops   bool // the lane
	}{
		{"answer lost", reply{err: cut}, provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"500", reply{status: 500, file: "error_api"}, provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"503 of a proxy", reply{status: 503, body: "<html>"}, provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"200 that is cut off", reply{status: 200, body: `{"id":"pi_1","amo`}, provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"redirect", reply{status: 307, body: ""}, provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"rate limit", reply{status: 429, file: "error_rate_limit"}, provider.Failed, provider.Failed, provider.Failed, false},
		{"429 of a proxy", reply{status: 429, body: "slow down"}, provider.Failed, provider.Failed, provider.Failed, false},
		{"locked by another", reply{status: 429, file: "error_lock_timeout"}, provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"a twin is running", reply{status: 409, file: "error_key_in_use"}, provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"bad key", reply{status: 401, file: "error_unauthorized"}, provider.Failed, provider.Failed, provider.Failed, true},
		{"forbidden", reply{status: 403, body: "{}"}, provider.Failed, provider.Failed, provider.Failed, true},
		{"no such address", reply{status: 404, body: "not found"}, provider.Failed, provider.Failed, provider.Failed, true},
		{"no such method", reply{status: 400, file: "error_missing_method"}, provider.Failed, provider.Failed, provider.Failed, false},
		{"too small", reply{status: 400, file: "error_amount_too_small"}, provider.Failed, provider.Failed, provider.Failed, false},
		{"400 of a proxy", reply{status: 400, body: "bad request"}, provider.Unknown, provider.Unknown, provider.Unknown, false},
		{"no such intent", reply{status: 404, file: "error_missing_intent"}, provider.Unknown, provider.Unknown, provider.Unknown, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, w := plugged(t, tt.reply, tt.reply, tt.reply, tt.reply, tt.reply)
			ref, opened := p.Open(t.Context(), charge())
			if ref != "" || opened.Ref != "" {
				t.Errorf("open returned %q, want none", ref)
			}
			got := map[string]provider.Result{
				"open": opened, "confirm": p.Confirm(t.Context(), "pi_1", charge()), "cancel": p.Cancel(t.Context(), "pi_1", "k1"),
				"fetch": p.Fetch(t.Context(), "pi_1"),
			}
			_, got["find"] = p.Find(t.Context(), "cus_1", "pay_1", noon)
			want := map[string]provider.Outcome{
				"open": tt.open, "confirm": tt.confirm, "cancel": tt.cancel,
				"fetch": provider.Unknown, "find": provider.Unknown, // reading never says that nothing was charged
			}
			for step, outcome := range want {
				r := got[step]
				if r.Outcome != outcome || r.Misconfigured != tt.stops || r.Cause == nil {
					t.Errorf("%s: got %s, stops %v, cause %v; want %s, %v and a cause", step, r.Outcome, r.Misconfigured, r.Cause, outcome, tt.stops)
				}
				for _, hidden := range []string{"sk_test", "key1", "No such", "<html>"} {
					if r.Cause != nil && strings.Contains(r.Cause.Error(), hidden) {
						t.Errorf("%s: cause %q quotes the answer", step, r.Cause)
					}
				}
			}
			if len(w.seen) != 5 {
				t.Errorf("got %d requests, want 5: nothing is retried", len(w.seen))
			}
		})
	}
}

func TestDeclinedAnswers(t *testing.T) {
	t.Run("issuer says no", func(t *testing.T) {
		p, _ := plugged(t, reply{status: 402, file: "error_declined"})
		got := p.Confirm(t.Context(), "pi_1", charge())
		want := provider.Result{
			Outcome: provider.Declined, Ref: "pi_1", ChargeRef: "ch_2", Amount: charge().Amount, Live: true, ClientSecret: "pi_1_secret_x", RequestID: "req_test",
			Decline: provider.Decline{Class: provider.Final, Code: "do_not_honor", NetworkCode: "05", AdviceCode: "03"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
	})
	t.Run("payer is needed", func(t *testing.T) {
		p, _ := plugged(t, reply{status: 402, file: "error_authentication_required"})
		got := p.Confirm(t.Context(), "pi_1", charge())
		if got.Outcome != provider.NeedsPayer || !got.Live || got.ChallengeURL != "" || got.Decline.Class != provider.Authentication {
			t.Errorf("got %+v, want needs_payer, live, without a challenge yet", got)
		}
	})
	t.Run("payer is here and passed", func(t *testing.T) {
		p, _ := plugged(t, reply{status: 402, file: "error_authentication_required"}, reply{status: 200, file: "intent_refused_after_challenge"})
		if got := p.Confirm(t.Context(), "pi_1", hold()); got.Outcome != provider.Declined || got.Decline.Class != provider.Authentication {
			t.Errorf("got %+v, want declined for authentication", got)
		}
	})
}

func TestStepOnAnIntentThatMovedOn(t *testing.T) {
	moved := reply{status: 400, file: "error_unexpected_state"}
	t.Run("confirm of a captured one", func(t *testing.T) {
		p, _ := plugged(t, moved, reply{status: 200, file: "intent_succeeded"})
		if got := p.Confirm(t.Context(), "pi_1", charge()); got.Outcome != provider.Approved || !got.Captured {
			t.Errorf("got %+v, want approved and captured", got)
		}
	})
	t.Run("cancel of a captured one", func(t *testing.T) {
		p, _ := plugged(t, moved, reply{status: 200, file: "intent_succeeded"})
		if got := p.Cancel(t.Context(), "pi_1", "k1"); got.Outcome != provider.Approved || !got.Captured {
			t.Errorf("got %+v, want approved and captured", got)
		}
	})
	t.Run("cancel of a cancelled one", func(t *testing.T) {
		p, _ := plugged(t, moved, reply{status: 200, file: "intent_canceled"})
		if got := p.Cancel(t.Context(), "pi_1", "k1"); got.Outcome != provider.Cancelled || got.Live {
			t.Errorf("got %+v, want cancelled", got)
		}
	})
}

// What is repeated from under a key is not believed.
func TestStoredAnswers(t *testing.T) {
	stored500 := reply{status: 500, file: "error_api", replayed: true}
	stored402 := reply{status: 402, file: "error_authentication_required", replayed: true}
	taken := reply{status: 400, file: "error_key_taken"}
	unconfirmed := reply{status: 200, file: "intent_requires_confirmation"}
	succeeded := reply{status: 200, file: "intent_succeeded"}
	declined := reply{status: 200, file: "intent_declined"}
	challenge := reply{status: 200, file: "intent_requires_action"}

	tests := []struct {
		name    string
		ask     provider.Ask
		replies []reply
		want    provider.Outcome
		keys    []string
	}{
		{"500 that did nothing: the next key", charge(), []reply{stored500, unconfirmed, succeeded}, provider.Approved, []string{"k1:confirm", "", "k1:confirm:2"}},
		{"500 after the effect: how it stands", charge(), []reply{stored500, succeeded}, provider.Approved, []string{"k1:confirm", ""}},
		{"two stored 500: the third key, read once", charge(), []reply{stored500, unconfirmed, stored500, succeeded}, provider.Approved,
			[]string{"k1:confirm", "", "k1:confirm:2", "k1:confirm:3"}},
		{"away and declined: the issuer is not asked again", charge(), []reply{stored402, declined}, provider.Declined, []string{"k1:confirm", ""}},
		{"payer comes back after a decline", hold(), []reply{stored402, declined, challenge}, provider.NeedsPayer, []string{"k2:confirm", "", "k2:confirm:2"}},
		{"payer comes back to another page", hold(), []reply{taken, declined, challenge}, provider.NeedsPayer, []string{"k2:confirm", "", "k2:confirm:2"}},
		{"a challenge is open already", hold(), []reply{taken, challenge}, provider.NeedsPayer, []string{"k2:confirm", ""}},
		{"it cannot be read", charge(), []reply{stored500, {status: 503, body: "x"}}, provider.Unknown, []string{"k1:confirm", ""}},
	}
	for _, tt := range tests {
		t.Run("confirm/"+tt.name, func(t *testing.T) {
			p, w := plugged(t, tt.replies...)
			if got := p.Confirm(t.Context(), "pi_1", tt.ask); got.Outcome != tt.want {
				t.Errorf("got %+v, want %s", got, tt.want)
			}
			var keys []string
			for _, r := range w.seen {
				keys = append(keys, r.key)
			}
			if diff := cmp.Diff(tt.keys, keys); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}

	t.Run("confirm/for ever", func(t *testing.T) {
		replies := []reply{stored500, unconfirmed}
		for range keysMax - 1 {
			replies = append(replies, stored500)
		}
		p, _ := plugged(t, replies...)
		if got := p.Confirm(t.Context(), "pi_1", charge()); got.Outcome != provider.Pending || got.Cause == nil {
			t.Errorf("got %+v, want pending with a cause", got)
		}
	})
	t.Run("cancel/500 that did nothing", func(t *testing.T) {
		p, _ := plugged(t, stored500, reply{status: 200, file: "intent_requires_capture"}, reply{status: 200, file: "intent_canceled"})
		if got := p.Cancel(t.Context(), "pi_1", "k1"); got.Outcome != provider.Cancelled {
			t.Errorf("got %+v, want cancelled", got)
		}
	})
	t.Run("open/500 that did nothing", func(t *testing.T) {
		p, w := plugged(t, stored500, reply{status: 200, body: list("")}, unconfirmed)
		if ref, got := p.Open(t.Context(), charge()); ref != "pi_1" || got.Outcome != provider.Pending {
			t.Errorf("got %q %+v, want pi_1 pending", ref, got)
		}
		if got := w.seen[2].key; got != "k1:open:2" {
			t.Errorf("got key %q, want k1:open:2", got)
		}
	})
	t.Run("open/500 after the effect", func(t *testing.T) {
		p, _ := plugged(t, stored500, reply{status: 200, body: list(string(fixture(t, "intent_succeeded")))})
		if ref, got := p.Open(t.Context(), charge()); ref != "pi_1" || !got.Captured {
			t.Errorf("got %q %+v, want pi_1 captured", ref, got)
		}
	})
	t.Run("open/success of long ago", func(t *testing.T) {
		p, _ := plugged(t, reply{status: 200, file: "intent_requires_confirmation", replayed: true}, succeeded)
		if ref, got := p.Open(t.Context(), charge()); ref != "pi_1" || !got.Captured {
			t.Errorf("got %q %+v, want pi_1 captured", ref, got)
		}
	})
	t.Run("open/key taken by another ask", func(t *testing.T) {
		p, _ := plugged(t, taken)
		if ref, got := p.Open(t.Context(), charge()); ref != "" || got.Outcome != provider.Unknown {
			t.Errorf("got %q %+v, want unknown", ref, got)
		}
	})
}

func TestFind(t *testing.T) {
	ours := func(id, status string) string {
		return fmt.Sprintf(`{"id":%q,"object":"payment_intent","amount":2500,"amount_received":2500,"currency":"usd","status":%q,"metadata":{"bursar_reference":"pay_1"}}`, id, status)
	}
	other := `{"id":"pi_9","object":"payment_intent","amount":1,"currency":"usd","status":"succeeded","metadata":{"bursar_reference":"pay_2"}}`

	t.Run("on the second page", func(t *testing.T) {
		first := strings.Replace(list(other), `"has_more":false`, `"has_more":true`, 1)
		p, w := plugged(t, reply{status: 200, body: first}, reply{status: 200, body: list(ours("pi_1", "succeeded"))})
		ref, r := p.Find(t.Context(), "cus_1", "pay_1", noon)
		if ref != "pi_1" || r.Outcome != provider.Approved {
			t.Errorf("got %q %+v, want pi_1 approved", ref, r)
		}
		want := url.Values{"customer": {"cus_1"}, "limit": {"100"}, "expand[0]": {"data.latest_charge"}, "created[gte]": {fmt.Sprint(noon.Add(-findSkew).Unix())}}
		if diff := cmp.Diff(want, w.seen[0].form); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
		if got := w.seen[1].form.Get("starting_after"); got != "pi_9" {
			t.Errorf("got starting_after %q, want pi_9", got)
		}
	})
	t.Run("two with one reference: the one that took money", func(t *testing.T) {
		p, _ := plugged(t, reply{status: 200, body: list(ours("pi_1", "canceled"), ours("pi_2", "succeeded"), ours("pi_3", "requires_confirmation"))})
		if ref, r := p.Find(t.Context(), "cus_1", "pay_1", noon); ref != "pi_2" || !r.Captured {
			t.Errorf("got %q %+v, want pi_2 captured", ref, r)
		}
	})
	t.Run("none", func(t *testing.T) {
		p, _ := plugged(t, reply{status: 200, body: list(other)})
		if ref, r := p.Find(t.Context(), "cus_1", "pay_1", noon); ref != "" || r.Outcome != provider.Failed {
			t.Errorf("got %q %+v, want none and failed", ref, r)
		}
	})
	t.Run("second page lost", func(t *testing.T) {
		first := strings.Replace(list(ours("pi_1", "canceled")), `"has_more":false`, `"has_more":true`, 1)
		p, _ := plugged(t, reply{status: 200, body: first}, reply{err: io.ErrUnexpectedEOF})
		if ref, r := p.Find(t.Context(), "cus_1", "pay_1", noon); ref != "" || r.Outcome != provider.Unknown {
			t.Errorf("got %q %+v, want unknown", ref, r)
		}
	})
	t.Run("too many", func(t *testing.T) {
		page := make([]string, findPage)
		for i := range page {
			page[i] = other
		}
		body := strings.Replace(list(page...), `"has_more":false`, `"has_more":true`, 1)
		var replies []reply
		for range findMax/findPage + 1 {
			replies = append(replies, reply{status: 200, body: body})
		}
		p, _ := plugged(t, replies...)
		if _, r := p.Find(t.Context(), "cus_1", "pay_1", noon); r.Outcome != provider.Unknown {
			t.Errorf("got %+v, want unknown", r)
		}
	})
	t.Run("nobody's", func(t *testing.T) {
		p, _ := plugged(t)
		if _, r := p.Find(t.Context(), "", "pay_1", noon); r.Outcome != provider.Unknown {
			t.Errorf("got %+v, want unknown: without a customer everybody's would be searched", r)
		}
	})
}

// What is wrong before anything is sent is Failed, and nothing is sent.
func TestNothingIsSent(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	with := func(change func(*provider.Ask)) provider.Ask {
		a := charge()
		change(&a)
		return a
	}
	p, w := plugged(t)
	opens := map[string]provider.Ask{
		"currency that is not offered": with(func(a *provider.Ask) { a.Amount.Currency = "XAU" }),
		"nothing":                      with(func(a *provider.Ask) { a.Amount.Minor = 0 }),
		"less than nothing":            with(func(a *provider.Ask) { a.Amount.Minor = -5 }),
		"too fine":                     with(func(a *provider.Ask) { a.Amount = money.Amount{Minor: 5124, Currency: "KWD"} }),
		"too much":                     with(func(a *provider.Ask) { a.Amount.Minor = 1_000_000_000 }),
		"no key":                       with(func(a *provider.Ask) { a.Key = "" }),
		"no reference":                 with(func(a *provider.Ask) { a.Reference = "" }),
	}
	for name, a := range opens {
		if ref, r := p.Open(t.Context(), a); ref != "" || r.Outcome != provider.Failed || r.Cause == nil || r.Misconfigured {
			t.Errorf("%s: got %q %+v, want failed with a cause", name, ref, r)
		}
	}
	if _, r := p.Open(gone, charge()); r.Outcome != provider.Failed {
		t.Errorf("open after its caller left: got %s, want failed", r.Outcome)
	}
	if r := p.Confirm(gone, "pi_1", charge()); r.Outcome != provider.Failed || !r.Live {
		t.Errorf("confirm after its caller left: got %+v, want failed and live", r)
	}
	if r := p.Confirm(t.Context(), "", charge()); r.Outcome != provider.Failed {
		t.Errorf("confirm of nothing: got %s, want failed", r.Outcome)
	}
	if r := p.Fetch(t.Context(), ""); r.Outcome != provider.Unknown {
		t.Errorf("fetch of nothing: got %s, want unknown", r.Outcome)
	}
	if len(w.seen) != 0 {
		t.Errorf("sent %v, want nothing", w.paths())
	}
}

func TestDescriptorSuffix(t *testing.T) {
	tests := []struct{ prefix, descriptor, want string }{
		{"", "BURSAR", "BURSAR"},
		{"", "ALIBABACLOUD.COM", "ALIBABACLO"},             // the prefix may take ten
		{"ALI", "BURSAR CLOUD USAGE", "BURSAR CLOUD USAG"}, // 3 + 2 + 17 = 22
		{"BURSAR", "Bursar CLOUD", "CLOUD"},
		{"BURSAR", "BURSAR", ""},
		{"", "12345", ""}, // needs a letter
		{"", `A<B>*"'\`, "AB"},
		{"", "支付 PAY", "PAY"},
		{"", "", ""},
	}
	for _, tt := range tests {
		if got := descriptorSuffix(tt.prefix, tt.descriptor); got != tt.want {
			t.Errorf("descriptorSuffix(%q, %q): got %q, want %q", tt.prefix, tt.descriptor, got, tt.want)
		}
	}
}

func list(items ...string) string {
	data := strings.Trim(strings.Join(items, ","), ",")
	return `{"object":"list","url":"/v1/payment_intents","has_more":false,"data":[` + data + `]}`
}
