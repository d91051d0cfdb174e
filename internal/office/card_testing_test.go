package office_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/provider"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// What the bot has, and how many authorizations an hour the built-in policy lets
// newcomers ask for (reliability.md 4.4).
const (
	triesOfBot        = 100_000
	addressesOfBot    = 1_000
	accountsOfBot     = 1_000
	stepsOfAnHour     = 12
	authorizationsMax = 300
)

// manyCards is a card plug in a world of more cards than the sandbox has: what stands
// behind a "#" in a token tells cards of one kind apart. It counts what issuers are
// asked for.
type manyCards struct {
	provider.Provider
	mu     sync.Mutex
	now    func() time.Time
	asked  []time.Time
	mostOf time.Duration
	most   int // within mostOf
}

func (p *manyCards) Instrument(ctx context.Context, token string) (provider.Instrument, error) {
	name, number, _ := strings.Cut(token, "#")
	i, err := p.Provider.Instrument(ctx, name)
	i.Fingerprint += "#" + number
	return i, err
}

func (p *manyCards) Confirm(ctx context.Context, ref string, a provider.Ask) provider.Result {
	p.mu.Lock()
	now := p.now()
	p.asked = append(p.asked, now)
	recent := 0
	for n := len(p.asked) - 1; n >= 0 && p.asked[n].After(now.Add(-p.mostOf)); n-- {
		recent++
	}
	p.most = max(p.most, recent)
	p.mu.Unlock()
	return p.Provider.Confirm(ctx, ref, a)
}

// A bot tries 100,000 stolen cards in a day, from a thousand addresses and with a
// thousand accounts. What the issuers hear of it stays under the policy's limit, and
// honest people still bind: customers who have paid before at once, newcomers when
// the bot has used itself up.
func TestACardTestingBot(t *testing.T) {
	d := officetest.New(t)
	cards := &manyCards{Provider: d.Cards, now: d.Clock.Now, mostOf: time.Hour}
	d.Office.Cards = cards

	known := make([]account.Account, 24)
	for n := range known {
		known[n] = comer(t, d, fmt.Sprintf("known-%d", n))
		if err := tryCard(d, known[n], fmt.Sprintf("192.168.%d.9", n), fmt.Sprintf("%s#known-%d", sandbox.Visa, n)); err != nil {
			t.Fatal(err)
		}
		paid(t, d, known[n], "1000")
		d.Pass(3 * time.Minute)
	}
	bots := make([]account.Account, accountsOfBot)
	for n := range bots {
		bots[n] = comer(t, d, fmt.Sprintf("bot-%d", n))
	}
	d.Pass(time.Hour)
	before := len(cards.asked)
	cards.most = 0

	waiting := map[account.ID]int{} // newcomers, and how often they have tried
	newcomers := []account.Account{}
	tried := 0
	for hour := range 24 {
		newcomers = append(newcomers, comer(t, d, fmt.Sprintf("new-%d", hour)))
		waiting[newcomers[hour].ID] = 0
		for step := range stepsOfAnHour {
			for range triesOfBot/24/stepsOfAnHour + 1 {
				token := fmt.Sprintf("%s#%d", []string{sandbox.Declined, sandbox.Declined, sandbox.Declined, sandbox.Visa}[tried%4], tried)
				err := tryCard(d, bots[tried*7%accountsOfBot], fmt.Sprintf("10.%d.%d.66", tried%addressesOfBot/250, tried%addressesOfBot%250), token)
				if _, expected := fault.Of(err); err != nil && !expected {
					t.Fatal(err)
				}
				tried++
			}
			if step == stepsOfAnHour/2 {
				if err := tryCard(d, known[hour], fmt.Sprintf("192.168.%d.9", hour), fmt.Sprintf("%s#second-%d", sandbox.Mastercard, hour)); err != nil {
					t.Errorf("hour %d: a customer who has paid before adds a card: %v", hour, err)
				}
				for n, a := range newcomers {
					if isBound(t, d, a) {
						continue
					}
					waiting[a.ID]++
					err := tryCard(d, a, fmt.Sprintf("172.16.%d.9", n), fmt.Sprintf("%s#new-%d", sandbox.Visa, n))
					if err != nil && !errors.Is(err, office.ErrBindRisk) {
						t.Errorf("hour %d: a newcomer is told %v, want to wait", hour, err)
					}
				}
			}
			d.Pass(time.Hour / stepsOfAnHour)
		}
	}

	honest, longest := 0, 0
	for _, a := range newcomers {
		if isBound(t, d, a) {
			honest++
		}
		longest = max(longest, waiting[a.ID])
	}
	if honest != len(newcomers) {
		t.Errorf("%d of %d newcomers have bound a card by the end of the day", honest, len(newcomers))
	}
	if longest > 4 {
		t.Errorf("a newcomer had to try %d times, want 4 at most", longest)
	}
	// Customers who have paid before are not counted among the newcomers.
	if over := cards.most - 2; over > authorizationsMax {
		t.Errorf("issuers were asked %d times within an hour, want %d at most", cards.most, authorizationsMax)
	}
	nothingHeld(t, d)
	t.Logf("%d tries; issuers were asked %d times, %d within an hour; newcomers tried %d times at most", tried, len(cards.asked)-before, cards.most, longest)
}

// comer is a new customer.
func comer(t *testing.T, d *officetest.Desk, reference string) account.Account {
	t.Helper()
	a, err := d.OpenAccount(t.Context(), access.CommandLine, office.NewAccount{
		Reference: reference, Kind: account.Individual, Name: "Example Person", Country: "US", Currency: "USD", Email: "pay@example.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// tryCard is somebody at an address who adds a card to an account.
func tryCard(d *officetest.Desk, a account.Account, address, token string) error {
	by := access.Caller{Name: "console:" + string(a.ID), Scopes: []access.Scope{access.MethodsWrite}, Account: a.ID, Address: address}
	_, err := d.BindCard(context.Background(), by, a.ID, office.CardToBind{Token: token, Consent: "2026-01", ReturnURL: "http://console.test/return"})
	return err
}

func isBound(t *testing.T, d *officetest.Desk, a account.Account) bool {
	t.Helper()
	for _, m := range methodsOf(t, d, a) {
		if m.State == payment.Active {
			return true
		}
	}
	return false
}

// Many who come from one network at once are counted one after the other: no more
// get through than the policy says.
func TestLimitsHoldWhenManyTryAtOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		d.Office.Cards = &manyCards{Provider: d.Cards, now: d.Clock.Now, mostOf: time.Hour}
		const tries, limit = 40, 10
		var all sync.WaitGroup
		let := make(chan bool, tries)
		for n := range tries {
			a := comer(t, d, fmt.Sprintf("at-once-%d", n))
			all.Go(func() {
				err := tryCard(d, a, "203.0.113.9", fmt.Sprintf("%s#%d", sandbox.Visa, n))
				if err != nil && !errors.Is(err, policy.ErrTooManyTries) {
					t.Error(err)
				}
				let <- err == nil
			})
		}
		all.Wait()
		close(let)
		got := 0
		for ok := range let {
			if ok {
				got++
			}
		}
		if got != limit {
			t.Errorf("%d of %d tries from one network were let through at once, want %d", got, tries, limit)
		}
	})
}
