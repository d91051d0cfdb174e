package sandbox

// What can become due by the clock.
const (
	dueHoldEnds    = "hold_ends"
	dueFeeKnown    = "fee_known"
	dueRefundTurns = "refund_turns"

	dueAuthorizationEnds = "paypal_authorization_ends"

	duePayPalDisputeLapses = "paypal_dispute_lapses"

	dueBankDayEnds = "bank_day_ends"
)

// dueActions does each, to the object with the given id. They are written so
// that it does no harm if the object has moved on meanwhile.
var dueActions = map[string]func(t *tx, id string) error{
	dueHoldEnds:    (*tx).holdEnds,
	dueFeeKnown:    (*tx).feeBecomesKnown,
	dueRefundTurns: (*tx).refundComesToItsEnd,

	dueAuthorizationEnds: (*tx).authorizationEnds,

	duePayPalDisputeLapses: (*tx).paypalDisputeLapses,

	dueBankDayEnds: (*tx).bankDayEnds,
}
