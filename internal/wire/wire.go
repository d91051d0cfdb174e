// Package wire is the JSON shape of every object: what the API answers and what
// events carry are the same. Amounts are decimal strings beside a currency,
// instants are RFC 3339 in UTC, and the field object names the noun. A field that
// is there once is there for ever; new ones may come.
package wire

import (
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/order"
	"github.com/bursar-pay/bursar/internal/payment"
)

// Object returns the shape of a value of the rules, for an event to carry whole.
// A value that has none is an error: nothing leaves the house in a shape that was
// not written down here.
func Object(v any) (any, error) {
	switch v := v.(type) {
	case account.Account:
		return OfAccount(v), nil
	case payment.Method:
		return OfMethod(v), nil
	case payment.Agreement:
		return OfAgreement(v), nil
	case payment.Hold:
		return OfHold(v), nil
	case payment.Payment:
		return OfPayment(v), nil
	case bank.Remittance:
		return OfRemittance(v), nil
	case bank.Claim:
		return OfClaim(v), nil
	case payment.Refund:
		return OfRefund(v), nil
	case billing.Debt:
		return OfDebt(v), nil
	case billing.Bill:
		return OfBill(v), nil
	case billing.Application:
		return OfApplication(v), nil
	case billing.Withdrawal:
		return OfWithdrawal(v), nil
	case account.CreditLine:
		return OfCreditLine(v), nil
	case identity.Case:
		return OfCase(v), nil
	case order.Order:
		return OfOrder(v), nil
	case order.Subscription:
		return OfSubscription(v), nil
	case bank.ReceivingAccount:
		return OfReceivingAccount(v), nil
	case bank.Change:
		return OfReceivingChange(v), nil
	case bank.VirtualAccount:
		return OfVirtualAccount(v), nil
	case bank.Pool:
		return OfPool(v), nil
	}
	return nil, fmt.Errorf("wire: %T has no shape", v)
}

// Amount is a sum of money: a decimal string, so that no reader makes a float of
// it, beside its currency.
type Amount struct {
	Amount   string `json:"amount" example:"12.34" doc:"Decimal number, with as many decimals as the currency has; usage has up to 12." pattern:"^-?[0-9]+(\\.[0-9]+)?$" patternDescription:"a decimal number such as 12.34" maxLength:"40"`
	Currency string `json:"currency" example:"USD" doc:"ISO 4217 code." pattern:"^[A-Z]{3}$" patternDescription:"an ISO 4217 code such as USD"`
}

// OfAmount shapes an amount in minor units.
func OfAmount(a money.Amount) Amount {
	return Amount{Amount: a.Decimal(), Currency: string(a.Currency)}
}

// OfExact shapes an amount of usage.
func OfExact(e money.Exact) Amount {
	return Amount{Amount: e.Decimal(), Currency: string(e.Currency)}
}

// instantForm is RFC 3339 with microseconds, which is how finely instants are
// kept.
const instantForm = "2006-01-02T15:04:05.999999Z07:00"

// Instant shapes an instant.
func Instant(t time.Time) string { return t.UTC().Format(instantForm) }

// Maybe shapes an instant that may not have come; the zero time is null.
func Maybe(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := Instant(t)
	return &s
}

// MaybeText shapes a text that may not be there; the empty one is null.
func MaybeText[T ~string](s T) *string {
	if s == "" {
		return nil
	}
	text := string(s)
	return &text
}

// List is one page of objects. Next is given to the same question as after, and
// is null on the last page.
type List[T any] struct {
	Data []T     `json:"data" nullable:"false"`
	Next *string `json:"next" doc:"Ask again with this as after for the next page; null on the last one."`
}
