package bank

import (
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/state"
)

// ClaimID names a claim, such as "clm_01j8…".
type ClaimID string

// ClaimState is what became of a claim.
type ClaimState string

// The states of a claim.
const (
	ClaimProposed  ClaimState = "proposed"
	ClaimCredited  ClaimState = "credited"
	ClaimRefused   ClaimState = "refused"
	ClaimWithdrawn ClaimState = "withdrawn"
	ClaimReversed  ClaimState = "reversed"
)

// ClaimEvent is something that happened to a claim.
type ClaimEvent string

// The events of a claim.
const (
	ApproveClaim  ClaimEvent = "approve"
	RefuseClaim   ClaimEvent = "refuse"
	WithdrawClaim ClaimEvent = "withdraw"
	ReverseClaim  ClaimEvent = "reverse"
)

// ClaimTable is the life of a claim (R-WIRE-06, R-WIRE-07).
var ClaimTable = state.Table[ClaimState, ClaimEvent]{
	ClaimProposed:  {ApproveClaim: ClaimCredited, RefuseClaim: ClaimRefused, WithdrawClaim: ClaimWithdrawn},
	ClaimCredited:  {ReverseClaim: ClaimReversed},
	ClaimRefused:   {},
	ClaimWithdrawn: {},
	ClaimReversed:  {},
}

// Automatic is who claims what came to a customer's own account number.
const Automatic = "job"

// Claim is somebody's word that a receipt, or a part of it, is a customer's.
type Claim struct {
	ID         ClaimID
	Remittance RemittanceID
	Account    account.ID
	Amount     money.Amount // of the receipt
	Fee        money.Amount // what a bank took on the way and we bear
	State      ClaimState
	Automatic  bool // by the number that the money came to: nobody had to decide
	Note       string
	Proof      string  // where the proof is: a ticket, a letter; "" none
	ProofFile  ProofID // the file that proves it; "" none
	ClaimedBy  string
	ClaimedAt  time.Time
	DecidedBy  string
	DecidedAt  time.Time
	Decision   string // why
	ReversedBy string
	ReversedAt time.Time
	Reversal   string // why
}

// What may stand against a claim.
var (
	ErrClaimNotFound    = fault.New(fault.NotFound, "claim_not_found", "there is no such claim")
	ErrClaimDecided     = fault.New(fault.Conflict, "claim_decided", "the claim was decided already").WithNext("look at its present state")
	ErrClaimNotCredited = fault.New(fault.Conflict, "claim_not_credited", "only a claim that was credited can be reversed")
	ErrOwnClaim         = fault.New(fault.Forbidden, "claim_own", "who claimed a receipt may not decide on the claim").WithNext("let another person decide (R-WIRE-06)")
	ErrNotYourClaim     = fault.New(fault.Forbidden, "claim_not_yours", "a claim is withdrawn by who made it").WithNext("refuse it instead")
	ErrClaimAmount      = fault.New(fault.Invalid, "claim_amount_invalid", "the amount cannot be claimed").WithNext("claim an amount above zero, in the receipt's currency, of what is free of it")
	ErrClaimCurrency    = fault.New(fault.Invalid, "claim_currency_mismatch", "the receipt is not in the customer's currency").WithNext("send it back, or credit an account of the customer in that currency (R-WIRE-09)")
	ErrClaimClosed      = fault.New(fault.Conflict, "claim_account_closed", "the customer's account is closed").WithNext("send the money back to who paid it")
	ErrFee              = fault.New(fault.Invalid, "claim_fee_invalid", "so much cannot be taken for a bank's fee").WithNext("the amount and the fee together are what a bill of the customer has open, and the fee is within the policy's tolerance")
)

// MayClaim returns nil if an amount of a receipt can be claimed for a customer, else
// why not. Whether so much is free when it is written is the database's to say.
func (r Remittance) MayClaim(c Customer, amount money.Amount) error {
	switch {
	case r.State == Returning:
		return ErrReturning
	case r.State != Unclaimed:
		return ErrRemittanceOver
	case c.Closed:
		return ErrClaimClosed
	case c.Currency != r.Amount.Currency:
		return ErrClaimCurrency
	case amount.Currency != r.Amount.Currency || !amount.IsPositive():
		return ErrClaimAmount
	case amount.Cmp(r.Free()) > 0:
		return ErrNothingLeft
	}
	return nil
}

// MayBear returns nil if a fee may be borne by us: it makes the amount what a bill has
// open, and is within the tolerance.
func MayBear(amount, fee, tolerance money.Amount, open []money.Amount) error {
	if fee.IsZero() {
		return nil
	}
	if fee.Currency != amount.Currency || !fee.IsPositive() || fee.Cmp(tolerance) > 0 {
		return ErrFee
	}
	whole, err := amount.Add(fee)
	if err != nil {
		return err
	}
	for _, o := range open {
		if o.Cmp(whole) == 0 {
			return nil
		}
	}
	return ErrFee
}

// Credited is what the customer gets. The sum was bounded when the claim was made.
func (c Claim) Credited() money.Amount {
	return money.Amount{Minor: c.Amount.Minor + c.Fee.Minor, Currency: c.Amount.Currency}
}

// Decide returns the claim as it is once somebody has approved or refused it: never
// who made it (R-WIRE-06).
func (c Claim) Decide(e ClaimEvent, by, note string, now time.Time) (Claim, error) {
	next, err := ClaimTable.Next(c.State, e)
	switch {
	case err != nil:
		return c, ErrClaimDecided
	case by == c.ClaimedBy:
		return c, ErrOwnClaim
	}
	c.State, c.DecidedBy, c.DecidedAt, c.Decision = next, by, now, note
	return c, nil
}

// Withdraw returns the claim as it is once who made it took it back.
func (c Claim) Withdraw(by string, now time.Time) (Claim, error) {
	next, err := ClaimTable.Next(c.State, WithdrawClaim)
	switch {
	case err != nil:
		return c, ErrClaimDecided
	case by != c.ClaimedBy:
		return c, ErrNotYourClaim
	}
	c.State, c.DecidedAt = next, now
	return c, nil
}

// Reverse returns the claim as it is once it was found to be wrong: never by who made
// it (R-WIRE-07).
func (c Claim) Reverse(by, why string, now time.Time) (Claim, error) {
	next, err := ClaimTable.Next(c.State, ReverseClaim)
	switch {
	case err != nil:
		return c, ErrClaimNotCredited
	case by == c.ClaimedBy:
		return c, ErrOwnClaim
	}
	c.State, c.ReversedBy, c.ReversedAt, c.Reversal = next, by, now, why
	return c, nil
}
