package sandbox_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// A charge at PayPal whose answer came, or was lost with the world.
type attempt struct {
	invoice  string
	answered bool
}

func TestPayPalChargesOfAKilledWorldAreCapturedOnce(t *testing.T) {
	o := options()
	o.State = filepath.Join(t.TempDir(), "world.db")
	o.Random = rand.NewChaCha8([32]byte{2}) // each world that has the file draws ids of its own
	m := merchantOf(open(t, o))
	token := m.vaulted(sandbox.PayerUS)
	if err := m.world.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), worldToServe+"="+o.State)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}

	const beforeKill, workers = 60, 4
	attempts := make(chan attempt, 10*beforeKill)
	for worker := range workers {
		go func() {
			for n := 0; ; n++ {
				a := attempt{invoice: fmt.Sprintf("debt-%d-%d", worker, n)}
				a.answered = chargeOver("http://"+strings.TrimSpace(address), m.token, token, a.invoice)
				attempts <- a
				if !a.answered {
					return
				}
			}
		}()
	}
	var all []attempt
	for lost := 0; lost < workers; {
		a := <-attempts
		if all = append(all, a); !a.answered {
			lost++
		}
		if len(all) == beforeKill {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd.Wait()

	o.Random = rand.NewChaCha8([32]byte{3})
	m = &merchant{desk: open(t, o), token: m.token}
	for _, a := range all {
		if a.answered {
			continue
		}
		body := order("CAPTURE", "1.00", a.invoice)
		body["payment_source"] = by(token)
		if got := m.call("POST", orders, body, a.invoice); got.status >= 300 {
			t.Errorf("%s, again: got %d %s", a.invoice, got.status, got.raw)
		}
	}
	captured := map[string]int{}
	for _, c := range m.paypalBooks().Captures {
		captured[c.Invoice]++
	}
	for _, a := range all {
		if captured[a.invoice] != 1 {
			t.Errorf("%s (answered: %v): got %d captures, want 1", a.invoice, a.answered, captured[a.invoice])
		}
	}
	if len(captured) != len(all) {
		t.Errorf("got captures of %d invoices, want %d", len(captured), len(all))
	}
}

// chargeOver charges 1.00 USD over a network and reports whether an answer came.
func chargeOver(origin, bearer, token, invoice string) bool {
	o := order("CAPTURE", "1.00", invoice)
	o["payment_source"] = by(token)
	body, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	req, err := http.NewRequest("POST", origin+orders, strings.NewReader(string(body)))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("PayPal-Request-Id", invoice)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err == nil && res.StatusCode == http.StatusCreated
}
