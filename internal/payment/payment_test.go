package payment_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/payment"
)

func TestPaymentTable(t *testing.T) {
	if err := payment.Table.Check(payment.Opening); err != nil {
		t.Errorf("the table is not sound: %v", err)
	}
	over := map[payment.State]bool{payment.Succeeded: true, payment.Declined: true, payment.Cancelled: true}
	for _, s := range payment.Table.States() {
		if got := payment.Table.IsFinal(s); got != over[s] {
			t.Errorf("%s is final: got %t, want %t", s, got, over[s])
		}
		if got := (payment.Payment{State: s}).IsOver(); got != over[s] {
			t.Errorf("%s is over: got %t, want %t", s, got, over[s])
		}
	}
}

// Money that moved is never ignored: success is accepted in every state that is
// not final.
func TestPaymentTableAcceptsSuccess(t *testing.T) {
	for _, s := range payment.Table.States() {
		got, err := payment.Table.Next(s, payment.Succeed)
		if payment.Table.IsFinal(s) {
			if err == nil {
				t.Errorf("success of a payment that is %s leads to %s, want it refused", s, got)
			}
			continue
		}
		if err != nil || got != payment.Succeeded {
			t.Errorf("success of a payment that is %s: got %s, %v, want %s", s, got, err, payment.Succeeded)
		}
	}
}

// A payment fails only when its intent is proven closed: a refusal, a lost answer
// and age alone never end it (design 2.2, 2.8).
func TestPaymentTableEndsByProofAlone(t *testing.T) {
	proofs := map[payment.Event]bool{payment.ProveNo: true, payment.ProveGone: true}
	for _, from := range payment.Table.States() {
		for event, to := range payment.Table[from] {
			failed := to == payment.Declined || to == payment.Cancelled
			if failed && !proofs[event] {
				t.Errorf("%s leads from %s to %s, want that by proof alone", event, from, to)
			}
		}
	}
	for _, event := range []payment.Event{payment.Decline, payment.Lapse} {
		if got, err := payment.Table.Next(payment.Unknown, event); err != nil || got != payment.Closing {
			t.Errorf("%s of an unknown payment: got %s, %v, want %s", event, got, err, payment.Closing)
		}
	}
}

// Whatever a payment is in, an answer leads out of it: there is no dead end that
// is not final.
func TestPaymentTableHasNoDeadEnd(t *testing.T) {
	for _, from := range payment.Table.States() {
		if payment.Table.IsFinal(from) {
			continue
		}
		seen, reached := map[payment.State]bool{from: true}, []payment.State{from}
		final := map[payment.State]bool{}
		for i := 0; i < len(reached); i++ {
			for _, to := range payment.Table[reached[i]] {
				if payment.Table.IsFinal(to) {
					final[to] = true
				} else if !seen[to] {
					seen[to], reached = true, append(reached, to)
				}
			}
		}
		if len(final) != 3 {
			t.Errorf("from %s one gets to %v, want to every end", from, final)
		}
	}
}
