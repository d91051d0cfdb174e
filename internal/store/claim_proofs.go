package store

import (
	"context"
	"errors"

	"github.com/bursar-pay/bursar/internal/bank"
)

// SealedProof is a proof with what it holds, encrypted.
type SealedProof struct {
	bank.Proof
	WrappedKey []byte
	Ciphertext []byte
}

// AddProof inserts a file that is to prove a claim on a receipt.
func (tx *Tx) AddProof(ctx context.Context, p SealedProof) error {
	return tx.execOne(ctx, `
		INSERT INTO claim_proofs (id, remittance_id, media, size, sha256, master, wrapped_key, ciphertext, uploaded_at, uploaded_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		string(p.ID), string(p.Remittance), p.Media, p.Size, p.SHA256, p.Key, p.WrappedKey, p.Ciphertext, micros(p.UploadedAt), p.UploadedBy)
}

// GiveProof says which claim a file proves, and answers false if it is not there, came
// with another receipt or from somebody else, or proves another claim already.
func (tx *Tx) GiveProof(ctx context.Context, id bank.ProofID, c bank.Claim) (bool, error) {
	n, err := tx.exec(ctx, `
		UPDATE claim_proofs SET claim_id = $2
		 WHERE id = $1 AND remittance_id = $3 AND uploaded_by = $4 AND claim_id IS NULL`, string(id), string(c.ID), string(c.Remittance), c.ClaimedBy)
	return n == 1, err
}

// Proof fetches a file with what it holds.
func (tx *Tx) Proof(ctx context.Context, id bank.ProofID) (SealedProof, error) {
	var p SealedProof
	err := tx.queryRow(ctx, `
		SELECT id, remittance_id, coalesce(claim_id, ''), media, size, sha256, master, wrapped_key, ciphertext, uploaded_at, uploaded_by
		  FROM claim_proofs WHERE id = $1`, string(id)).
		Scan(&p.ID, &p.Remittance, &p.Claim, &p.Media, &p.Size, &p.SHA256, &p.Key, &p.WrappedKey, &p.Ciphertext, instant{&p.UploadedAt}, &p.UploadedBy)
	if errors.Is(err, errNoRow) {
		return p, bank.ErrProofNotFound
	}
	return p, err
}

// CountProofs counts the files that came with a receipt.
func (tx *Tx) CountProofs(ctx context.Context, id bank.RemittanceID) (n int, err error) {
	err = tx.queryRow(ctx, `SELECT count(*) FROM claim_proofs WHERE remittance_id = $1`, string(id)).Scan(&n)
	return n, err
}
