package payment_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/payment"
)

func TestHoldTable(t *testing.T) {
	if err := payment.HoldTable.Check(payment.HoldOpening); err != nil {
		t.Errorf("the table is not sound: %v", err)
	}
	over := map[payment.HoldState]bool{payment.HoldReleased: true, payment.HoldExpired: true, payment.HoldRefused: true, payment.HoldCaptured: true}
	for _, s := range payment.HoldTable.States() {
		if got := payment.HoldTable.IsFinal(s); got != over[s] {
			t.Errorf("%s is final: got %t, want %t", s, got, over[s])
		}
		if got := (payment.Hold{State: s}).IsLive(); got == over[s] {
			t.Errorf("%s is live: got %t, want %t", s, got, !over[s])
		}
	}
}

// Funds that are reserved are never forgotten: a placed hold ends released or
// expired, or a payment that claimed it was taken from it, and nothing else.
func TestHoldTableNeverForgetsFunds(t *testing.T) {
	for _, from := range []payment.HoldState{payment.HoldPlaced, payment.HoldClaimed, payment.HoldReleasing} {
		for event, to := range payment.HoldTable[from] {
			isTaken := from == payment.HoldPlaced && to == payment.HoldClaimed || to == payment.HoldCaptured
			if to != payment.HoldReleasing && to != payment.HoldReleased && to != payment.HoldExpired && !isTaken {
				t.Errorf("%s leads from %s to %s, want towards its release", event, from, to)
			}
		}
	}
}

// Every live hold can be released at once: the sweep needs no other way.
func TestHoldTableReleasesFromEverywhere(t *testing.T) {
	for _, s := range payment.HoldTable.States() {
		if payment.HoldTable.IsFinal(s) || s == payment.HoldReleasing {
			continue
		}
		if got, err := payment.HoldTable.Next(s, payment.Release); err != nil || got != payment.HoldReleasing {
			t.Errorf("the release of a hold that is %s: got %s, %v, want %s", s, got, err, payment.HoldReleasing)
		}
	}
}
