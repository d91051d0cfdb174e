package office

import (
	"context"
	"encoding/hex"
	"io"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/evidence"
	"github.com/bursar-pay/bursar/internal/seal"
	"github.com/bursar-pay/bursar/internal/store"
)

// proofLabel binds what a proof holds to where it belongs.
func proofLabel(r bank.RemittanceID, id bank.ProofID) seal.Label {
	return seal.Label{Owner: string(r), Place: "claim_proofs.ciphertext", ID: string(id)}
}

// MayAddProof returns nil if the caller may send a file with a receipt now, else why
// not: it is asked before a byte of one is read.
func (o *Office) MayAddProof(ctx context.Context, by access.Caller, id bank.RemittanceID) error {
	if err := mayBank(by, access.BankWrite); err != nil {
		return err
	}
	return o.Store.View(ctx, func(tx *store.Tx) error {
		r, err := tx.Remittance(ctx, id)
		switch {
		case err != nil:
			return err
		case o.Vault == nil || o.Evidence == nil:
			return ErrNoVault
		}
		return mayProve(ctx, tx, r)
	})
}

func mayProve(ctx context.Context, tx *store.Tx, r bank.Remittance) error {
	if r.State != bank.Unclaimed {
		return bank.ErrRemittanceOver
	}
	n, err := tx.CountProofs(ctx, r.ID)
	if err == nil && n >= bank.ProofsMax {
		err = bank.ErrProofsTooMany
	}
	return err
}

// AddProof takes a file that is to prove whose a receipt is: what is safe of it is
// encrypted and kept. Who sent it names it in their claim, and who decides opens it.
func (o *Office) AddProof(ctx context.Context, by access.Caller, id bank.RemittanceID, name string, content io.Reader) (bank.Proof, error) {
	if err := o.MayAddProof(ctx, by, id); err != nil {
		return bank.Proof{}, err
	}
	file, err := o.Evidence.Clean(ctx, evidence.Upload{Name: name, Content: content})
	if err != nil {
		return bank.Proof{}, err
	}
	p := bank.Proof{
		ID: bank.ProofID(o.IDs.New("prf_")), Remittance: id, Media: string(file.Media), Size: int64(len(file.Bytes)), SHA256: hex.EncodeToString(file.SHA256[:]), UploadedBy: by.Name,
	}
	sealed, err := o.Vault.Seal(ctx, proofLabel(id, p.ID), file.Bytes)
	if err != nil {
		return bank.Proof{}, err
	}
	p.Key = sealed.Key.Master
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		r, err := tx.LockRemittance(ctx, id)
		if err != nil {
			return err
		}
		if err := mayProve(ctx, tx, r); err != nil {
			return err
		}
		p.UploadedAt = o.Now()
		if err := tx.AddProof(ctx, store.SealedProof{Proof: p, WrappedKey: sealed.Key.Bytes, Ciphertext: sealed.Ciphertext}); err != nil {
			return err
		}
		return o.auditBank(ctx, tx, by, "claim_proof.received", string(id), map[string]any{"proof": p.ID, "media": p.Media, "size": p.Size, "sha256": p.SHA256})
	})
	if err != nil {
		return bank.Proof{}, err
	}
	return p, nil
}

// OpenProof hands out a file that proves a claim. That it was opened, and by whom, is
// written down before that.
func (o *Office) OpenProof(ctx context.Context, by access.Caller, id bank.ProofID) (bank.Proof, []byte, error) {
	if err := mayBank(by, access.BankRead); err != nil {
		return bank.Proof{}, nil, err
	}
	var p store.SealedProof
	if err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.Proof(ctx, id); err != nil {
			return err
		}
		if o.Vault == nil {
			return ErrNoVault
		}
		return o.auditBank(ctx, tx, by, "claim_proof.opened", string(p.Remittance), map[string]any{"proof": p.ID, "claim": p.Claim})
	}); err != nil {
		return bank.Proof{}, nil, err
	}
	content, err := o.Vault.Open(ctx, proofLabel(p.Remittance, p.ID), seal.Sealed{Key: seal.WrappedKey{Master: p.Key, Bytes: p.WrappedKey}, Ciphertext: p.Ciphertext})
	return p.Proof, content, err
}
