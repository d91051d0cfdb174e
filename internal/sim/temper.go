package sim

import (
	"slices"
	"strings"
)

// The faults that are not the sandbox's own.
const (
	slow       = "slow"        // our patience ends, and the request arrives later
	dies       = "crash"       // the process dies, at any point
	sleeps     = "pause"       // a node sleeps past its lease, and another takes over
	refuses    = "disk"        // the database refuses a change
	isDown     = "outage"      // the provider is down for hours
	newsLost   = "news_lost"   // a webhook never comes
	newsTwice  = "news_twice"  // it comes again
	newsLate   = "news_late"   // it comes later than newer ones
	newsForged = "news_forged" // somebody else sends one
	tooLate    = "late_3ds"    // a challenge is answered after its time

	passRevoked = "token_revoked" // PayPal takes none of the access tokens that it gave
)

// onTheWire are the sandbox's faults of requests; any may meet any request.
var onTheWire = []string{"lost_before", "lost_after", "500", "500_after", "503", "429", "unauthorized"}

// FaultNames are the faults that can be simulated, in the order in which they are
// shown.
var FaultNames = append(slices.Clone(onTheWire), slow, isDown, dies, sleeps, refuses, newsLost, newsTwice, newsLate, newsForged, tooLate, passRevoked)

func faultList() string { return strings.Join(FaultNames, ", ") }

// temper is what sets one life apart from others: how often what is done, and how
// often what goes wrong. Many lives with few faults each find more than one with
// all of them, since one fault can hide what another would show.
type temper struct {
	weights []float64 // of actions
	rates   map[string]float64
	byHeart bool // most customers pay by PayPal, and in small amounts
}

func newTemper(c chance, faults []string) temper {
	t := temper{weights: make([]float64, len(actions)), rates: map[string]float64{}}
	for i, a := range actions {
		t.weights[i] = a.weight * oneOf(c, []float64{0.1, 0.5, 1, 1, 3, 8})
	}
	if t.byHeart = c.happens(0.4); t.byHeart {
		t.weights[indexOf("bind a card")] *= 0.15
		t.weights[indexOf("cancel an agreement")] *= 0.3
		t.weights[indexOf("post usage")] *= 2
	}
	for _, f := range FaultNames { // all of them, so that the choice does not change the rest
		rate := 0.0
		if c.happens(0.45) {
			rate = oneOf(c, usualRates[f])
		}
		if slices.Contains(faults, f) {
			t.rates[f] = rate
		}
	}
	return t
}

func indexOf(name string) int {
	return slices.IndexFunc(actions, func(a action) bool { return a.name == name })
}

// usualRates are the probabilities from which a life draws: per request for what
// is on the wire, per step for the others, per message for news.
var usualRates = map[string][]float64{
	"lost_before": {0.01, 0.05, 0.3}, "lost_after": {0.01, 0.05, 0.3}, "500": {0.01, 0.05, 0.2}, "500_after": {0.01, 0.05, 0.2},
	"503": {0.01, 0.1}, "429": {0.01, 0.1}, "unauthorized": {0.005, 0.02}, slow: {0.01, 0.05, 0.2}, isDown: {0.002, 0.01},
	dies: {0.02, 0.1, 0.3}, sleeps: {0.01, 0.05, 0.2}, refuses: {0.02, 0.1}, newsLost: {0.1, 0.5, 1}, newsTwice: {0.1, 0.5}, newsLate: {0.1, 0.5},
	newsForged: {0.05}, tooLate: {0.3, 0.9}, passRevoked: {0.01, 0.1},
}
