package sandbox_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

func TestTransfersThatWereAnsweredSurviveAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "world.db")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), worldToServe+"="+path)
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
	origin := "http://" + strings.TrimSpace(address)
	ask := func(method, path, body string) (sandbox.BankEntry, error) {
		var e sandbox.BankEntry
		r, err := http.NewRequest(method, origin+path, strings.NewReader(body))
		if err != nil {
			return e, err
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return e, err
		}
		defer answer.Body.Close()
		return e, json.NewDecoder(answer.Body).Decode(&e)
	}
	if _, err := ask("PUT", "/_bank/accounts/"+bankIBAN, `{"currency":"EUR"}`); err != nil {
		t.Fatal(err)
	}
	const beforeKill, most = 30, 500
	answered := map[string]bool{}
	for n := range most {
		e, err := ask("POST", "/_sandbox/bank/transfers", fmt.Sprintf(`{"to":%q,"amount":"1.00","end_to_end":"E%d"}`, bankIBAN, n))
		if err != nil {
			break
		}
		if answered[e.Reference] = true; n == beforeKill {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd.Wait()

	o := options()
	o.State = path
	d := open(t, o)
	entries, err := d.world.BankEntries(bankIBAN, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		delete(answered, e.Reference)
	}
	if len(answered) > 0 {
		t.Errorf("answered and gone after the kill: %v", answered)
	}
	if got := d.books().Bank.Totals["EUR"].Booked; got != int64(len(entries))*100 {
		t.Errorf("got %d booked for %d entries", got, len(entries))
	}
	s := d.endDay()
	d.parsed(s, sandbox.BankCamt053)
	if s.Entries != len(entries) {
		t.Errorf("the statement has %d entries, want %d", s.Entries, len(entries))
	}
}
