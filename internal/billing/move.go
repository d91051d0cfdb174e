package billing

// StartFactor is the factor of a threshold that stands where it starts.
const StartFactor = 10_000

// Standing is where the threshold of one account stands (R-THR-08).
type Standing struct {
	Factor int64 // of the amount where it starts, in 1/10,000
	Streak int64 // threshold debts in a row that their first payment paid, since the last move
}

// Moves is by how much thresholds move, and within what. All but RaiseAfter are
// of the amount where a threshold starts, in 1/10,000.
type Moves struct {
	RaiseAfter int64 // so many debts in a row, each paid by its first payment; 1 or more
	RaiseBy    int64
	LowerBy    int64 // at each refusal
	Least      int64
	Most       int64
}

// StandingEvent is something that happened to a threshold debt, and the reason
// that a move has.
type StandingEvent string

// The events that count.
const (
	PaidAtOnce StandingEvent = "paid_history" // its first payment paid it
	Refused    StandingEvent = "refused"      // an issuer refused a payment of it
)

// After returns the standing after an event, and whether the threshold moved. A
// factor that m no longer allows counts as the nearest one that it does.
func (s Standing) After(e StandingEvent, m Moves) (next Standing, moved bool) {
	from := min(max(s.Factor, m.Least), m.Most)
	next = Standing{Factor: from, Streak: s.Streak}
	switch e {
	case PaidAtOnce:
		if next.Streak++; next.Streak >= m.RaiseAfter {
			next = Standing{Factor: min(from+m.RaiseBy, m.Most)}
		}
	case Refused:
		next = Standing{Factor: max(from-m.LowerBy, m.Least)}
	}
	return next, next.Factor != from
}
