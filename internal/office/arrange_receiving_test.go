package office_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/store"
)

// roundsOfADuel is how often each two things are done at once.
const roundsOfADuel = 20

// otherNode is a second office on a desk's database, as another process is.
func otherNode(t *testing.T, d *officetest.Desk) *officetest.Desk {
	t.Helper()
	return officetest.Build(t, officetest.Options{URL: d.URL, World: d.Sandbox, Start: d.Clock.Now(), Prompt: office.PromptInline, Seed: 11})
}

// atOnce runs two things at the same time, either begun first by turns.
func atOnce(round int, one, two func() error) (errOne, errTwo error) {
	var both sync.WaitGroup
	start := make(chan struct{})
	run := func(f func() error, err *error) { both.Go(func() { <-start; *err = f() }) }
	if round%2 == 0 {
		run(one, &errOne)
		run(two, &errTwo)
	} else {
		run(two, &errTwo)
		run(one, &errOne)
	}
	close(start)
	both.Wait()
	return errOne, errTwo
}

// ibanOf is a German account number, another for each n.
func ibanOf(t testing.TB, n int) string {
	t.Helper()
	number, err := bank.Pool{Scheme: bank.SchemeIBAN, Country: "DE", BankCode: "37040044", Prefix: "70"}.Number(int64(n))
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// deciding is what a person does about a proposal.
type deciding struct {
	by   string
	want bank.ChangeState
	do   func(*officetest.Desk, access.Caller, bank.ChangeID) (bank.Change, error)
}

func agreeing(by string) deciding {
	return deciding{by, bank.ChangeAgreed, func(d *officetest.Desk, by access.Caller, id bank.ChangeID) (bank.Change, error) {
		return d.AgreeToReceiving(context.Background(), by, id, "as in the letter")
	}}
}

var (
	refusing = deciding{"mbr_dan", bank.ChangeRefused, func(d *officetest.Desk, by access.Caller, id bank.ChangeID) (bank.Change, error) {
		return d.RefuseReceiving(context.Background(), by, id, "not in the letter")
	}}
	withdrawing = deciding{clerk.Name, bank.ChangeWithdrawn, func(d *officetest.Desk, by access.Caller, id bank.ChangeID) (bank.Change, error) {
		return d.WithdrawReceiving(context.Background(), by, id)
	}}
)

// TestTwoNodesDecideOnOneChangeAtOnce has one person agree to where customers transfer
// to on one node while another agrees, refuses or withdraws on the other: one of the two
// is told that it is decided, and what was decided is there once, or not at all.
func TestTwoNodesDecideOnOneChangeAtOnce(t *testing.T) {
	for _, duel := range []struct {
		name     string
		one, two deciding
	}{
		{"agreed twice by one", agreeing("mbr_bob"), agreeing("mbr_bob")},
		{"agreed by two", agreeing("mbr_bob"), agreeing("mbr_dan")},
		{"agreed and refused", agreeing("mbr_bob"), refusing},
		{"agreed and withdrawn", agreeing("mbr_bob"), withdrawing},
	} {
		t.Run(duel.name, func(t *testing.T) {
			t.Parallel()
			officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
				other := otherNode(t, d)
				r := addReceiving(t, d, euroBank())
				changes := map[bank.ChangeID]bank.Change{}
				won := [2]int{}
				for round := range roundsOfADuel {
					for _, c := range proposals(t, d, r, round) {
						var done [2]bank.Change
						decide := func(i int, node *officetest.Desk, p deciding) func() error {
							return func() (err error) {
								done[i], err = p.do(node, access.Caller{Name: p.by, Scopes: approver.Scopes}, c.ID)
								return err
							}
						}
						one, two := atOnce(round, decide(0, d, duel.one), decide(1, other, duel.two))
						winner, lost := 0, two
						if one != nil {
							winner, lost = 1, one
						}
						if (one == nil) == (two == nil) || !errors.Is(lost, bank.ErrChangeDecided) {
							t.Fatalf("round %d, %s: got %v and %v, want one done and the other told %v", round, c.Kind, one, two, bank.ErrChangeDecided)
						}
						won[winner]++
						want := []deciding{duel.one, duel.two}[winner]
						now, err := d.ReceivingChange(t.Context(), reading(clerk), c.ID)
						if err != nil || now.State != want.want || done[winner].State != want.want || want.want != bank.ChangeWithdrawn && now.DecidedBy != want.by {
							t.Errorf("round %d, %s: got %s by %q and %v, want %s by %s", round, c.Kind, now.State, now.DecidedBy, err, want.want, want.by)
						}
						changes[c.ID] = now
					}
				}
				t.Logf("%d changes: %d were the first node's, %d the second's", len(changes), won[0], won[1])
				toldOnce(t, d, changes)
				d.Prove()
			})
		})
	}
}

// proposals proposes a bank account, numbers behind another, and the closing of a third.
func proposals(t *testing.T, d *officetest.Desk, r bank.ReceivingAccount, round int) []bank.Change {
	t.Helper()
	ctx := context.Background()
	at := func(n int) func(*bank.ReceivingAccount) {
		return func(r *bank.ReceivingAccount) { r.Number = ibanOf(t, 10*round+n) }
	}
	closing := addReceiving(t, d, euroBank(at(1)))
	var list []bank.Change
	keep := func(c bank.Change, err error) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	keep(d.ProposeReceiving(ctx, clerk, euroBank(at(2)), "the bank's letter"))
	keep(d.ProposePool(ctx, clerk, office.NewPool{Receiving: r.ID, Numbers: []string{ibanOf(t, 10*round+3), ibanOf(t, 10*round+4)}}, "the bank's letter"))
	keep(d.ProposeClosing(ctx, clerk, closing.ID, "the bank closes it"))
	return list
}

// toldOnce fails the test unless each change came to what was decided: an account, pool
// or closing that is there once if it was agreed to, one event of each thing that
// happened, and one record.
func toldOnce(t *testing.T, d *officetest.Desk, changes map[bank.ChangeID]bank.Change) {
	t.Helper()
	events, _, err := d.ListEvents(t.Context(), access.CommandLine, office.EventFilter{}, office.Page{Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	for _, e := range events {
		told[e.Kind+" "+e.Subject]++
	}
	err = d.Store.View(t.Context(), func(tx *store.Tx) error {
		accounts, err := tx.ReceivingAccounts(t.Context())
		if err != nil {
			return err
		}
		pools, err := tx.Pools(t.Context(), "")
		if err != nil {
			return err
		}
		for id, c := range changes {
			there, event, action, subject := 0, "", "", string(c.Receiving)
			switch c.Kind {
			case bank.OpenReceiving:
				event = "receiving_account.opened"
				there = countOf(accounts, func(r bank.ReceivingAccount) bool { return r.ID == c.Receiving || r.Number == c.Account.Number })
			case bank.CloseReceiving:
				event, action = "receiving_account.closed", "virtual_accounts.retired"
				there = countOf(accounts, func(r bank.ReceivingAccount) bool { return r.ID == c.Receiving && !r.IsOpen() })
			case bank.AddNumbers:
				action, subject = "number_pool.opened", string(c.Pool.ID)
				there = countOf(pools, func(p bank.Pool) bool { return p.ID == c.Pool.ID && p.Left() == 2 })
			}
			want := 0
			if c.State == bank.ChangeAgreed {
				want = 1
			}
			if there != want {
				t.Errorf("%s of %s: %d are there, want %d", c.Kind, c.State, there, want)
			}
			if got := told[event+" "+subject]; event != "" && got != want {
				t.Errorf("%s of %s: %d events %s, want %d", c.Kind, c.State, got, event, want)
			}
			if proposed, decided := told["receiving_change.proposed "+string(id)], told["receiving_change."+string(c.State)+" "+string(id)]; proposed != 1 || decided != 1 {
				t.Errorf("%s of %s: %d times proposed and %d times decided, want once each", c.Kind, c.State, proposed, decided)
			}
			if err := recorded(t, tx, string(id), "receiving_change.proposed", "receiving_change."+string(c.State)); err != nil {
				return err
			}
			if action == "" {
				continue
			}
			if err := recorded(t, tx, subject, slices.Repeat([]string{action}, want)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func countOf[T any](list []T, is func(T) bool) (n int) {
	for _, one := range list {
		if is(one) {
			n++
		}
	}
	return n
}

// recorded fails the test unless this and no more was written down of a subject.
func recorded(t *testing.T, tx *store.Tx, subject string, want ...string) error {
	t.Helper()
	records, err := tx.SubjectHistory(t.Context(), subject)
	var got []string
	for _, r := range records {
		got = append(got, r.Action)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("of %s: got the records %v, want %v", subject, got, want)
	}
	return err
}

// TestTwoNodesAgreeToTheSameNumberAtOnce has two proposals of one number agreed to at
// once: one account, or one pool, has it, and the other proposal waits as it was.
func TestTwoNodesAgreeToTheSameNumberAtOnce(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		other := otherNode(t, d)
		r := addReceiving(t, d, euroBank())
		for round := range roundsOfADuel {
			number := ibanOf(t, round)
			for _, c := range []struct {
				name    string
				propose func() (bank.Change, error)
				want    error
			}{
				{"account", func() (bank.Change, error) {
					return d.ProposeReceiving(ctx, clerk, euroBank(func(r *bank.ReceivingAccount) { r.Number = number }), "letter")
				}, bank.ErrReceivingTaken},
				{"numbers", func() (bank.Change, error) {
					return d.ProposePool(ctx, clerk, office.NewPool{Receiving: r.ID, Numbers: []string{ibanOf(t, 1000+round)}}, "letter")
				}, bank.ErrNumberTaken},
			} {
				var both [2]bank.Change
				for i := range both {
					var err error
					if both[i], err = c.propose(); err != nil {
						t.Fatal(err)
					}
				}
				agree := func(node *officetest.Desk, id bank.ChangeID) func() error {
					return func() error { return second(node.AgreeToReceiving(ctx, approver, id, "")) }
				}
				one, two := atOnce(round, agree(d, both[0].ID), agree(other, both[1].ID))
				lost, waits := two, both[1].ID
				if one != nil {
					lost, waits = one, both[0].ID
				}
				if (one == nil) == (two == nil) || !errors.Is(lost, c.want) {
					t.Fatalf("round %d, %s: got %v and %v, want one done and the other told %v", round, c.name, one, two, c.want)
				}
				if left, err := d.ReceivingChange(ctx, reading(clerk), waits); err != nil || left.State != bank.ChangeProposed {
					t.Errorf("round %d, %s: the other proposal is %s, %v, want it to wait", round, c.name, left.State, err)
				}
			}
		}
		list, err := d.ReceivingAccounts(ctx, reading(clerk))
		if want := 1 + roundsOfADuel; err != nil || len(list) != want {
			t.Errorf("got %d accounts, %v, want %d", len(list), err, want)
		}
		d.Prove()
	})
}

// TestANumberIsOursOrACustomers has a bank account agreed to while its number is the next
// that a customer is given: what came to it would be all that one customer's if it were
// both.
func TestANumberIsOursOrACustomers(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		ctx := t.Context()
		other := otherNode(t, d)
		r := addReceiving(t, d, euroBank())
		pool := d.AddNumbers(office.NewPool{Receiving: r.ID, BankCode: "37040044", Prefix: "70", Last: 999})
		ours := 0
		for round := range 2 * roundsOfADuel {
			a := european(d, round)
			var next int64
			if err := d.Store.View(ctx, func(tx *store.Tx) error {
				pools, err := tx.Pools(ctx, r.ID)
				next = pools[0].Next
				return err
			}); err != nil {
				t.Fatal(err)
			}
			number, err := pool.Number(next)
			if err != nil {
				t.Fatal(err)
			}
			c, err := d.ProposeReceiving(ctx, clerk, euroBank(func(r *bank.ReceivingAccount) { r.Number, r.Serves = number, []string{"AT"} }), "letter")
			if err != nil {
				t.Fatal(err)
			}
			var v bank.VirtualAccount
			agreed, given := atOnce(round, func() error { return second(d.AgreeToReceiving(ctx, approver, c.ID, "")) }, func() (err error) {
				v, err = other.AssignVirtualAccount(ctx, access.CommandLine, a.ID)
				return err
			})
			switch {
			case given != nil:
				t.Fatal(given)
			case agreed == nil && v.Number == number:
				t.Errorf("round %d: %s is an account of ours and a customer's number, want one of the two", round, number)
			case agreed == nil:
				ours++
			case !errors.Is(agreed, bank.ErrReceivingTaken) || v.Number != number:
				t.Errorf("round %d: the customer has %s and agreeing gives %v, want %s and %v", round, v.Number, agreed, number, bank.ErrReceivingTaken)
			}
		}
		t.Logf("%d numbers: %d are ours", 2*roundsOfADuel, ours)
		d.Prove()
	})
}
