package bank

import (
	"time"

	"github.com/bursar-pay/bursar/internal/fault"
)

// ProofID names a file that proves a claim, such as "prf_01j8…".
type ProofID string

// Proof is a file that came with a claim: a letter, a screenshot of the payer's bank. It
// may show people and accounts, so that it is kept encrypted, and who opens it is
// written down.
type Proof struct {
	ID         ProofID
	Remittance RemittanceID
	Claim      ClaimID // "" it is not claimed with yet
	Media      string
	Size       int64
	SHA256     string
	Key        string // which master key wraps its own
	UploadedAt time.Time
	UploadedBy string
}

// ProofsMax is how many files may come with one receipt.
const ProofsMax = 20

// What may stand against a proof.
var (
	ErrProofNotFound = fault.New(fault.NotFound, "claim_proof_not_found", "there is no such file to claim with").
				WithNext("send it to this receipt yourself, and claim with it once")
	ErrProofsTooMany = fault.New(fault.Conflict, "claim_proofs_too_many", "too many files came with this receipt").WithNext("claim with one that is there")
)
