package sandbox_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// worldToServe names, in the environment, the state file of the world that a
// second run of this test program serves until it is killed.
const worldToServe = "SANDBOX_TEST_SERVE"

func TestMain(m *testing.M) {
	if path := os.Getenv(worldToServe); path != "" {
		serveUntilKilled(path)
	}
	os.Exit(m.Run())
}

func serveUntilKilled(path string) {
	o := options()
	o.State = path
	w, err := sandbox.Open(o)
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString(l.Addr().String() + "\n")
	panic(http.Serve(l, w))
}

func TestWhatWasAnsweredSurvivesAKill(t *testing.T) {
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
	c := client(http.DefaultClient, "http://"+strings.TrimSpace(address))

	const beforeKill, workers = 100, 4
	paid := make(chan string, 10*beforeKill)
	for range workers {
		go func() {
			for {
				pi, err := c.V1PaymentIntents.Create(context.Background(), charge(sandbox.Visa))
				if err != nil {
					paid <- ""
					return
				}
				paid <- pi.ID
			}
		}()
	}
	answered := map[string]bool{}
	ended := 0
	for ended < workers {
		if id := <-paid; id == "" {
			ended++
		} else {
			answered[id] = true
		}
		if len(answered) == beforeKill {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd.Wait()

	o := options()
	o.State = path
	d := open(t, o)
	booked := map[string]int{}
	for _, ch := range d.books().Charges {
		booked[ch.Intent]++
	}
	for id := range answered {
		if booked[id] != 1 {
			t.Errorf("%s was answered: got %d charges in the books, want 1", id, booked[id])
		}
	}
	if extra := len(booked) - len(answered); extra < 0 || extra > workers {
		t.Errorf("got %d charges that nobody heard of, want at most one per worker", extra)
	}
}
