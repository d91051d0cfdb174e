package bank

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
)

// ErrReference says that a text is no creditor reference.
var ErrReference = fault.New(fault.Invalid, "reference_invalid", "this is not a payment reference").
	WithNext("copy it from the payment request: RF, two digits, and up to 21 letters and digits")

const (
	referencePrefix   = "RF"
	referenceRestMax  = 21 // ISO 11649
	referenceOwn      = 12 // of ours: 60 bits
	referencesFound   = 20
	referenceTextMax  = 2_000
	referenceAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // no letter that looks like another character
)

// MakeReference makes a payment reference for a customer, an ISO 11649 creditor
// reference. It follows from the account alone; try tells it from one that another
// customer has by chance.
func MakeReference(id account.ID, try int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "payment reference %d of %s", try, id))
	var rest strings.Builder
	for _, b := range sum[:referenceOwn] {
		rest.WriteByte(referenceAlphabet[b%32]) // 32 divides 256: every character is as likely
	}
	return referencePrefix + ibanCheck(referencePrefix, rest.String()) + rest.String()
}

// NormalReference is a reference as it is kept and compared.
func NormalReference(s string) string { return NormalNumber(s) }

// CheckReference returns nil if s, in normal form, is an ISO 11649 reference whose
// check digits are right.
func CheckReference(s string) error {
	if len(s) < 5 || len(s) > 4+referenceRestMax || !strings.HasPrefix(s, referencePrefix) || !isKind(s[2:4], "nn") || !isKind(s[4:], strings.Repeat("c", len(s)-4)) {
		return ErrReference
	}
	if s[2:4] != ibanCheck(referencePrefix, s[4:]) {
		return ErrReference.Detail("the check digits of the reference do not agree with the rest of it")
	}
	return nil
}

// GroupedReference is a reference as people read it, in groups of four.
func GroupedReference(s string) string { return grouped(s) }

// FindReferences returns every reference in a text that a payer wrote, in normal
// form and in the order in which they stand there. Payers put spaces and line ends
// into them and words behind them, so that all lengths are tried: one that is right
// by chance belongs to nobody.
func FindReferences(text string) []string {
	text = text[:min(len(text), referenceTextMax)]
	squeezed := NormalNumber(text)
	var found []string
	for at := 0; len(found) < referencesFound; at++ {
		next := strings.Index(squeezed[at:], referencePrefix)
		if next < 0 {
			break
		}
		at += next
		for n := min(4+referenceRestMax, len(squeezed)-at); n > 4; n-- {
			if one := squeezed[at : at+n]; CheckReference(one) == nil && !slices.Contains(found, one) {
				found = append(found, one)
			}
		}
	}
	return found
}
