package payment

import (
	"errors"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/money"
)

func TestRefundTable(t *testing.T) {
	if err := RefundTable.Check(RefundOpening); err != nil {
		t.Error(err)
	}
	for s := range RefundTable {
		if s != RefundSucceeded && RefundTable.IsFinal(s) == (Refund{State: s}).IsLive() {
			t.Errorf("%s: final %v and live %v", s, RefundTable.IsFinal(s), Refund{State: s}.IsLive())
		}
	}
	for _, s := range []RefundState{RefundFailed, RefundToBalance} {
		for _, e := range []RefundEvent{RefundMade, RefundReturned, RefundRefused} {
			if next, err := RefundTable.Next(s, e); err == nil {
				t.Errorf("%s leads from %s to %s: the customer would have it twice", e, s, next)
			}
		}
	}
}

func TestARefundIsTakenFromWhereTheMoneyIs(t *testing.T) {
	usd := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }
	for _, c := range []struct {
		name                   string
		balance, held, revenue int64
		before                 []Refund
		amount, want           int64
		why                    error
	}{
		{"revenue alone", 0, 0, 1000, nil, 1000, 0, nil},
		{"a cent too much", 0, 0, 1000, nil, 1001, 0, ErrRefundTooMuch},
		{"other money on the balance is not the payment's", 0, 5000, 1000, nil, 1001, 0, ErrRefundTooMuch},
		{"the balance first", 300, 300, 700, nil, 200, 200, nil},
		{"then revenue", 300, 300, 700, nil, 1000, 300, nil},
		{"what is spent of the balance cannot be given back", 300, 100, 700, nil, 900, 100, ErrRefundBalanceSpent},
		{"but the rest can", 300, 100, 700, nil, 800, 100, nil},
		{"what went before counts", 300, 0, 700, []Refund{{Amount: usd(500), FromBalance: usd(300), State: RefundSucceeded}}, 500, 0, nil},
		{"and no more", 300, 0, 700, []Refund{{Amount: usd(500), FromBalance: usd(300), State: RefundUnknown}}, 501, 0, ErrRefundTooMuch},
		{"what failed does not count", 300, 300, 700, []Refund{{Amount: usd(500), FromBalance: usd(300), State: RefundFailed}}, 1000, 300, nil},
		{"a balance below nothing", 300, -50, 700, nil, 700, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Source{Balance: usd(c.balance), Held: usd(c.held), Revenue: usd(c.revenue)}
			got, err := s.Split(usd(c.amount), c.before)
			if got != usd(c.want) || !errors.Is(err, c.why) {
				t.Errorf("got %s from the balance, %v; want %s, %v", got, err, usd(c.want), c.why)
			}
		})
	}
}

func TestRefundReasons(t *testing.T) {
	for reason, ok := range map[string]bool{
		"": false, "duplicate": true, "ゴールが違う": true, strings.Repeat("x", 200): true, strings.Repeat("x", 201): false, "two\nlines": false,
	} {
		if err := CheckRefundReason(reason); (err == nil) != ok {
			t.Errorf("%q: got %v, want allowed %v", reason, err, ok)
		}
	}
}
