package bench

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
)

const (
	usagePath      = "/v1/usage"
	usageAccounts  = 100
	usageProducts  = 5
	batchLines     = 1_000
	batchRequests  = 150 // a turn
	batchClients   = 4
	singleRequests = 40_000 // a turn
	singleClients  = 64
)

// usageBatch is usage in arrays of a thousand lines.
func usageBatch(ctx context.Context, o *Options, g ground) (contest, error) {
	return usageContest(ctx, o, g, usageLoad{
		requests: o.some(batchRequests, batchClients), lines: batchLines, clients: batchClients,
		known: Result{Unit: "lines/s", Goal: 0.4, FloorIs: "reads the JSON and inserts the lines, a transaction for each request"},
		floor: func(f *floor) saver { return f.save },
	})
}

// usageSingle is usage in posts of one line.
func usageSingle(ctx context.Context, o *Options, g ground) (contest, error) {
	return usageContest(ctx, o, g, usageLoad{
		requests: o.some(singleRequests, singleClients), lines: 1, clients: singleClients,
		known: Result{Unit: "posts/s", Goal: 0.5, FloorIs: "reads the JSON, gathers what has arrived without lingering, and inserts it in one transaction"},
		floor: func(f *floor) saver { return f.gather },
	})
}

// usageLoad is what is sent in a turn, to both sides alike.
type usageLoad struct {
	requests, lines, clients int
	known                    Result
	floor                    func(*floor) saver
}

func usageContest(ctx context.Context, o *Options, g ground, l usageLoad) (contest, error) {
	d, err := openDesk(ctx, o, g, usageAccounts)
	if err != nil {
		return contest{}, err
	}
	f, err := openFloor(ctx, o, g)
	if err != nil {
		return contest{}, errors.Join(err, d.close(ctx))
	}
	address, err := f.listen(usagePath, f.usage(l.floor(f)))
	if err != nil {
		return contest{}, errors.Join(err, d.close(ctx), f.close(ctx))
	}
	var requests []request
	turn := func(ctx context.Context, address string) (outcome, error) {
		s, err := o.send(ctx, g.dir, address, l.clients, requests)
		return outcome{float64(len(requests)*l.lines) / s.Took.Seconds(), s.Each}, err
	}
	return contest{
		result: l.known,
		before: func(int) (err error) {
			requests, err = l.make(o, d.key, d.accounts)
			return err
		},
		floor: func(ctx context.Context) (outcome, error) { return turn(ctx, address) },
		ours:  func(ctx context.Context) (outcome, error) { return turn(ctx, d.address) },
		after: func(ctx context.Context) error {
			return errors.Join(d.prove(ctx), f.mustHold(ctx, turns*l.requests*l.lines), f.close(ctx), d.close(ctx))
		},
	}, nil
}

// make writes a turn's requests. Their line ids are random, which is the dearest
// that a platform can choose; amounts are small, so that no threshold is reached.
func (l usageLoad) make(o *Options, key string, accounts []account.Account) ([]request, error) {
	var seed [16]byte
	if _, err := io.ReadFull(o.Random, seed[:]); err != nil {
		return nil, err
	}
	chance := rand.New(rand.NewPCG(uint64(seed[0])|uint64(seed[1])<<8, uint64(seed[2])|uint64(seed[3])<<8|uint64(seed[4])<<16))
	now := o.Now().UTC().Format(time.RFC3339)
	requests := make([]request, l.requests)
	var body []byte
	for i := range requests {
		body = append(body[:0], `{"lines":[`...)
		for n := range l.lines {
			if n > 0 {
				body = append(body, ',')
			}
			body = appendLine(body, writtenLine{
				id: lineID(chance), account: accounts[chance.IntN(len(accounts))].ID, product: fmt.Sprintf("product-%d", chance.IntN(usageProducts)),
				amount: fmt.Sprintf("0.%08d", chance.IntN(1_000_000)), at: now,
			})
		}
		requests[i] = post(usagePath, key, append(body, `]}`...))
	}
	return requests, nil
}

type writtenLine struct {
	id      string
	account account.ID
	product string
	amount  string
	at      string
}

func appendLine(b []byte, l writtenLine) []byte {
	return fmt.Appendf(b, `{"id":%q,"account":%q,"product":%q,"amount":{"amount":%q,"currency":"USD"},"started_at":%q}`, l.id, l.account, l.product, l.amount, l.at)
}

// lineID is like a UUID.
func lineID(chance *rand.Rand) string {
	var b [16]byte
	for i := range b {
		b[i] = byte(chance.Uint32())
	}
	t := hex.EncodeToString(b[:])
	return t[:8] + "-" + t[8:12] + "-" + t[12:16] + "-" + t[16:20] + "-" + t[20:]
}
