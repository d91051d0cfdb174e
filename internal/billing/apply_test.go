package billing

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

func usdOf(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

var marchSix = time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC)

// owing is a debt with so much open, on a bill of a day, due on a day, with a number.
func owing(id string, billed, due int, number string, open, inFlight int64) Owed {
	o := Owed{Debt: DebtID(id), Bill: BillID("bill_" + number), BilledAt: marchSix.AddDate(0, 0, billed), Number: number, Open: usdOf(open), InFlight: usdOf(inFlight)}
	if due > 0 {
		o.DueAt = marchSix.AddDate(0, 0, due)
	}
	return o
}

// charged is a debt of which a method is charged at least 0.50, in steps of 0.10.
func charged(o Owed) Owed {
	o.Least, o.Step = 50, 10
	return o
}

func byHand(o Owed) Owed {
	o.ByHand = true
	return o
}

func TestApply(t *testing.T) {
	for _, c := range []struct {
		name    string
		balance int64
		owed    []Owed
		want    string
	}{
		{"nothing owed", 100, nil, "[]"},
		{"nothing held", 0, []Owed{owing("a", 0, 30, "1", 100, 0)}, "[]"},
		{"less than nothing held", -5, []Owed{owing("a", 0, 30, "1", 100, 0)}, "[]"},
		{"the oldest bill first (R-RECON-02)", 150, []Owed{owing("new", 9, 10, "1", 100, 0), owing("old", 0, 60, "2", 100, 0)}, "[{old 1.00 USD} {new 0.50 USD}]"},
		{"the last one in part (R-RECON-03)", 1, []Owed{owing("a", 0, 30, "1", 100, 0)}, "[{a 0.01 USD}]"},
		{"more than is owed", 500, []Owed{owing("a", 0, 30, "1", 100, 0)}, "[{a 1.00 USD}]"},
		{"of one day, the one due first (R-RECON-07)", 100, []Owed{owing("late", 0, 60, "1", 100, 0), owing("soon", 0, 30, "2", 100, 0)}, "[{soon 1.00 USD}]"},
		{"what is due comes before what is not", 100, []Owed{owing("none", 0, 0, "1", 100, 0), owing("due", 0, 30, "2", 100, 0)}, "[{due 1.00 USD}]"},
		{"of one day and due day, the lower number", 100, []Owed{owing("b", 0, 30, "202602-X", 100, 0), owing("a", 0, 30, "202601-X", 100, 0)}, "[{a 1.00 USD}]"},
		{"within a bill, the older debt", 100, []Owed{
			{Debt: "x", Bill: "b", Open: usdOf(70), InFlight: usdOf(0), OpenedAt: marchSix.AddDate(0, 0, -3)},
			{Debt: "y", Bill: "b", Open: usdOf(70), InFlight: usdOf(0), OpenedAt: marchSix.AddDate(0, 0, -9)},
		}, "[{y 0.70 USD} {x 0.30 USD}]"},
		{"nothing that a payment is asking for", 100, []Owed{owing("a", 0, 30, "1", 100, 100), owing("b", 1, 30, "2", 100, 0)}, "[{b 1.00 USD}]"},
		{"what a part payment leaves", 100, []Owed{owing("a", 0, 30, "1", 100, 40)}, "[{a 0.60 USD}]"},
		{"a payment that asks for more than is open", 100, []Owed{owing("a", 0, 30, "1", 100, 140)}, "[]"},
		{"all of what a method is charged", 100, []Owed{charged(owing("a", 0, 30, "1", 100, 0))}, "[{a 1.00 USD}]"},
		{"as much as leaves enough to be charged", 80, []Owed{charged(owing("a", 0, 30, "1", 100, 0))}, "[{a 0.50 USD}]"},
		{"in the provider's steps", 35, []Owed{charged(owing("a", 0, 30, "1", 200, 0))}, "[{a 0.30 USD}]"},
		{"too little open to leave any", 30, []Owed{charged(owing("a", 0, 30, "1", 40, 0)), owing("b", 1, 30, "2", 100, 0)}, "[{b 0.30 USD}]"},
		{"what waits for a person", 100, []Owed{byHand(owing("a", 0, 30, "1", 100, 0)), owing("b", 1, 30, "2", 40, 0)}, "[{b 0.40 USD}]"},
		{"another currency", 100, []Owed{{Debt: "a", Open: money.Amount{Minor: 100, Currency: "JPY"}, InFlight: money.Amount{Currency: "JPY"}}}, "[]"},
	} {
		if got := fmt.Sprint(Apply(usdOf(c.balance), c.owed)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// TestApplyIsTheSameInAnyOrder shuffles random debts: the answer is always the same,
// spends no more than there is, and no debt gets more than is free of it.
func TestApplyIsTheSameInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		var owed []Owed
		free := int64(0)
		for i := range r.IntN(12) {
			o := owing(fmt.Sprint("d", i), r.IntN(3), r.IntN(3), fmt.Sprint(r.IntN(3)), 1+r.Int64N(1000), r.Int64N(1200))
			owed = append(owed, o)
			free += o.Free().Minor
		}
		balance := r.Int64N(4000)
		first := Apply(usdOf(balance), owed)
		spent := int64(0)
		for _, a := range first {
			i := slices.IndexFunc(owed, func(o Owed) bool { return o.Debt == a.Debt })
			if spent += a.Amount.Minor; a.Amount.Cmp(owed[i].Free()) > 0 || !a.Amount.IsPositive() {
				t.Fatalf("%s gets %s, and %s of it is free", a.Debt, a.Amount, owed[i].Free())
			}
		}
		if want := min(balance, free); spent != want {
			t.Fatalf("got %d spent of %d on %d, want %d", spent, balance, free, want)
		}
		if err := MayApply(usdOf(balance), owed, first); err != nil && len(first) > 0 {
			t.Fatalf("what Apply says may not be applied: %v", err)
		}
		r.Shuffle(len(owed), func(i, j int) { owed[i], owed[j] = owed[j], owed[i] })
		if again := Apply(usdOf(balance), owed); !slices.Equal(again, first) {
			t.Fatalf("got %v after shuffling, want %v", again, first)
		}
	}
}

func TestMayApply(t *testing.T) {
	owed := []Owed{owing("a", 0, 30, "1", 100, 0), owing("b", 1, 30, "2", 100, 60)}
	one := func(debt DebtID, minor int64) Allocation { return Allocation{debt, usdOf(minor)} }
	for _, c := range []struct {
		name   string
		held   int64
		chosen []Allocation
		want   error
	}{
		{"all of one", 100, []Allocation{one("a", 100)}, nil},
		{"the newer one first", 100, []Allocation{one("b", 40)}, nil},
		{"two", 140, []Allocation{one("a", 100), one("b", 40)}, nil},
		{"more than is held", 139, []Allocation{one("a", 100), one("b", 40)}, ErrNothingHeld},
		{"more than is open", 500, []Allocation{one("a", 101)}, ErrAppliesTooMuch},
		{"what is in flight", 500, []Allocation{one("b", 41)}, ErrAppliesTooMuch},
		{"nothing chosen", 500, nil, ErrAppliesNothing},
		{"nothing of it", 500, []Allocation{one("a", 0)}, ErrAppliesNothing},
		{"less than nothing", 500, []Allocation{one("a", -1)}, ErrAppliesNothing},
		{"another currency", 500, []Allocation{{"a", money.Amount{Minor: 1, Currency: "EUR"}}}, ErrAppliesNothing},
		{"one twice", 500, []Allocation{one("a", 1), one("a", 1)}, ErrAppliedTwice},
		{"what is not owed", 500, []Allocation{one("c", 1)}, ErrNotAppliable},
	} {
		if got := MayApply(usdOf(c.held), owed, c.chosen); !errors.Is(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestRunsDecideAgain(t *testing.T) {
	owed := []Owed{owing("a", 0, 30, "1", 100, 0), owing("b", 1, 30, "2", 100, 0)}
	auto := Run{Cause: Automatic, Balance: usdOf(120), Owed: owed}
	if got, err := auto.Decide(); err != nil || fmt.Sprint(got) != "[{a 1.00 USD} {b 0.20 USD}]" {
		t.Errorf("by itself: got %v and %v, want all of a and a part of b", got, err)
	}
	chosen := []Allocation{{"b", usdOf(100)}}
	if got, err := (Run{Cause: ByHand, Balance: usdOf(120), Owed: owed, Chosen: chosen}).Decide(); err != nil || !slices.Equal(got, chosen) {
		t.Errorf("by hand: got %v and %v, want what was chosen", got, err)
	}
	if _, err := (Run{Cause: ByHand, Balance: usdOf(20), Owed: owed, Chosen: chosen}).Decide(); !errors.Is(err, ErrNothingHeld) {
		t.Errorf("by hand, with too little: got %v, want %v", err, ErrNothingHeld)
	}
}
