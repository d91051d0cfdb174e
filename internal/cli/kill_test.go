package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/pgtest"
	"github.com/bursar-pay/bursar/internal/policy"
)

const (
	killRounds  = 8
	killPosters = 4
	linesEach   = 40 // of 1.00 USD, in each round, for each account; the threshold is 5.00
)

// killed is a server in a process of its own, killed without warning and started
// again on the same database.
type killed struct {
	t    *testing.T
	args []string
	env  []string

	mu  sync.Mutex
	at  started
	run *exec.Cmd
}

func (k *killed) start() {
	k.t.Helper()
	c := exec.Command("bursar", k.args...)
	c.Env = append(os.Environ(), k.env...)
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		k.t.Fatal(err)
	}
	var at started
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		_ = c.Process.Kill()
		_ = c.Wait()
		k.t.Fatalf("the server did not start: %v: %s", err, said.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	k.mu.Lock()
	k.at, k.run = at, c
	k.mu.Unlock()
}

func (k *killed) kill() {
	k.mu.Lock()
	c := k.run
	k.mu.Unlock()
	_ = c.Process.Kill() // SIGKILL: nothing is drained
	_ = c.Wait()
}

// ask sends a request to the server as it is now. An error is what a client sees
// when the server dies.
func (k *killed) ask(method, path, body string) (int, string, error) {
	k.mu.Lock()
	at := k.at
	k.mu.Unlock()
	origin := at.API
	if strings.HasPrefix(path, "/_sandbox") {
		origin = at.Sandbox
	}
	ctx, cancel := context.WithTimeout(k.t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, origin+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer "+at.Key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

func (k *killed) must(method, path, body string, into any) {
	k.t.Helper()
	status, text, err := k.ask(method, path, body)
	if err != nil || status >= 300 {
		k.t.Fatalf("%s %s: %d %s %v", method, path, status, text, err)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			k.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
}

// TestKilledWhileCharging kills a server again and again while thresholds trip,
// and then holds the pretend world's books against ours.
func TestKilledWhileCharging(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			dir := t.TempDir()
			db := "sqlite:" + filepath.Join(dir, "bursar.db")
			if engine == "postgres" {
				db = pgtest.URL(t)
			}
			rules := filepath.Join(dir, "policy.yaml")
			if err := os.WriteFile(rules, []byte(policy.Demo().Document), 0o600); err != nil {
				t.Fatal(err)
			}
			k := &killed{t: t, args: []string{"serve", "--demo", "--json", "--listen", "127.0.0.1:0", "--db", db, "--policy", rules}, env: []string{"BURSAR_DATA=" + dir}}
			k.start()
			t.Cleanup(k.kill)
			accounts := k.openAccounts()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 1))
			for round := range killRounds {
				k.round(accounts, round, time.Duration(20+random.IntN(400))*time.Millisecond)
			}
			k.settle(accounts)
			k.compare(accounts, db, dir)
		})
	}
}

// openAccounts opens accounts with a card each.
func (k *killed) openAccounts() []string {
	k.t.Helper()
	var ids []string
	for i, card := range []string{"pm_card_visa", "pm_card_mastercard", "pm_card_visa_debit", "pm_card_amex"} {
		var a struct{ ID string }
		k.must("POST", "/v1/accounts", fmt.Sprintf(`{"reference": "kill-%d", "name": "Kill %d", "country": "US", "currency": "USD", "email": "kill@example.com"}`, i, i), &a)
		k.must("POST", "/v1/accounts/"+a.ID+"/payment-methods", fmt.Sprintf(`{"token": %q, "consent": "1", "return_url": "https://shop.example/"}`, card), nil)
		ids = append(ids, a.ID)
	}
	return ids
}

// round posts every line of the round until the server has acknowledged it, and
// kills the server in between.
func (k *killed) round(accounts []string, round int, after time.Duration) {
	k.t.Helper()
	type line struct{ account, id string }
	lines := make(chan line, len(accounts)*linesEach)
	for i := range linesEach {
		for _, a := range accounts {
			lines <- line{a, fmt.Sprintf("r%d-%d", round, i)}
		}
	}
	close(lines)
	at := time.Now().UTC().Format(time.RFC3339)
	var posting sync.WaitGroup
	for range killPosters {
		posting.Go(func() {
			for l := range lines {
				body := fmt.Sprintf(`{"lines": [{"id": %q, "account": %q, "product": "compute", "amount": {"amount": "1.00", "currency": "USD"}, "started_at": %q}]}`, l.id, l.account, at)
				for k.t.Context().Err() == nil {
					status, text, err := k.ask("POST", "/v1/usage", body)
					if err == nil && status < 300 {
						break
					}
					if err == nil && status < 500 {
						k.t.Errorf("post: %d %s", status, text)
						break
					}
					time.Sleep(10 * time.Millisecond) // a client waits for its server
				}
			}
		})
	}
	time.Sleep(after) // anywhere in the round
	k.kill()
	k.start()
	posting.Wait()
}

type killDebts struct {
	Data []struct {
		ID, State string
		Amount    struct{ Amount string }
	}
}

type killPayments struct {
	Data []struct {
		ID, State string
	}
}

// settle lets the sandbox's clock pass until nothing is under way.
func (k *killed) settle(accounts []string) {
	k.t.Helper()
	for range 20 {
		k.must("POST", "/v1/clock", `{"advance": "1h"}`, nil)
		open := 0
		for _, a := range accounts {
			var p killPayments
			k.must("GET", "/v1/accounts/"+a+"/payments?limit=100", "", &p)
			for _, one := range p.Data {
				if one.State != "succeeded" && one.State != "declined" && one.State != "cancelled" {
					open++
				}
			}
		}
		if open == 0 {
			return
		}
	}
	k.t.Error("payments are under way a day later")
}

// compare holds the world's books against ours, charge by charge.
func (k *killed) compare(accounts []string, db, dir string) {
	k.t.Helper()
	ours := map[string]bool{}
	for _, a := range accounts {
		var p killPayments
		k.must("GET", "/v1/accounts/"+a+"/payments?limit=100", "", &p)
		for _, one := range p.Data {
			if one.State == "succeeded" {
				ours[one.ID] = true
			}
		}
		var d killDebts
		k.must("GET", "/v1/accounts/"+a+"/debts?limit=100", "", &d)
		for _, one := range d.Data {
			if one.State != "paid" {
				k.t.Errorf("debt %s of %s is %s, want paid", one.ID, one.Amount.Amount, one.State)
			}
		}
		if len(d.Data) == 0 {
			k.t.Error("no threshold tripped: nothing was tested")
		}
	}
	var books struct {
		Charges []struct {
			Captured int64
			Metadata map[string]string
		}
		Holds []struct{ State string }
	}
	k.must("GET", "/_sandbox/books", "", &books)
	seen := map[string]bool{}
	for _, c := range books.Charges {
		reference := c.Metadata["bursar_reference"]
		if c.Captured == 0 {
			continue
		}
		if seen[reference] || reference == "" {
			k.t.Errorf("the world charged %q, seen before %t", reference, seen[reference])
		}
		seen[reference] = true
	}
	if len(seen) != len(ours) {
		k.t.Errorf("the world made %d charges, we have %d payments", len(seen), len(ours))
	}
	for _, h := range books.Holds {
		if h.State == "held" {
			k.t.Error("a hold was left behind")
		}
	}
	verify := exec.Command("bursar", "verify", "--db", db)
	verify.Env = append(os.Environ(), "BURSAR_DATA="+dir)
	if out, err := verify.CombinedOutput(); err != nil {
		k.t.Errorf("verify: %v: %s", err, out)
	}
	k.t.Logf("%d charges over %d kills", len(seen), killRounds)
}
