package policy

import (
	"errors"
	"net/netip"
	"strconv"
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// Limit is how often something may happen in any stretch of time of a length.
type Limit struct {
	Count  int
	Within time.Duration
}

// BindLimits bound tries to bind a card, so that nobody tests stolen cards on us
// (R-BIND-17). There is no limit per BIN, since numbers never reach us: that one is
// the provider's to keep. What bounds all of them together is a rule of risk on
// binds_1h.
type BindLimits struct {
	TriesPerAccount    Limit
	CardsPerAccount    Limit // different cards
	TriesPerCard       Limit // over all accounts
	TriesPerNetwork    Limit
	IPv4Bits, IPv6Bits int // how long the prefix of a network is
}

// ErrTooManyTries is the fault of trying to bind more often than the limits allow.
var ErrTooManyTries = fault.New(fault.TooMany, "too_many_tries", "payment methods were tried too often").
	WithNext("try again later")

// BindTries is how often was tried within each limit's time, this try not counted.
type BindTries struct {
	OfAccount   int
	OfCard      int
	OfNetwork   int
	Cards       int  // different cards of the account
	IsKnownCard bool // this card is among them
}

// MayTry returns nil if one more try is within the limits, else an ErrTooManyTries for
// each that it would pass. They do not say which limit it was, so that nobody can
// learn from them what others do.
func (l BindLimits) MayTry(t BindTries) error {
	var why []error
	passed := func(limit Limit) {
		why = append(why, ErrTooManyTries.WithNext("try again "+later(limit.Within)))
	}
	if t.OfAccount >= l.TriesPerAccount.Count {
		passed(l.TriesPerAccount)
	}
	if !t.IsKnownCard && t.Cards >= l.CardsPerAccount.Count {
		passed(l.CardsPerAccount)
	}
	if t.OfCard >= l.TriesPerCard.Count {
		passed(l.TriesPerCard)
	}
	if t.OfNetwork >= l.TriesPerNetwork.Count {
		passed(l.TriesPerNetwork)
	}
	return errors.Join(why...)
}

// later says that d has to pass, roughly.
func later(d time.Duration) string {
	switch hours := int(d.Round(time.Hour) / time.Hour); {
	case hours <= 1:
		return "in an hour"
	case hours <= 24:
		return "tomorrow"
	default:
		return "in " + strconv.Itoa((hours+23)/24) + " days"
	}
}

// Network returns the network that an address is counted with.
func (l BindLimits) Network(ip netip.Addr) netip.Prefix {
	ip = ip.Unmap().WithZone("")
	bits := l.IPv6Bits
	if ip.Is4() {
		bits = l.IPv4Bits
	}
	network, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // of no address
	}
	return network
}
