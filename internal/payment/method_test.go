package payment_test

import (
	"errors"
	"testing"

	"github.com/bursar-pay/bursar/internal/payment"
)

func TestMethodTable(t *testing.T) {
	if err := payment.MethodTable.Check(payment.Verifying); err != nil {
		t.Errorf("the table is not sound: %v", err)
	}
	for _, s := range payment.MethodTable.States() {
		if got, want := payment.MethodTable.IsFinal(s), s == payment.Detached; got != want {
			t.Errorf("%s is final: got %t, want %t", s, got, want)
		}
	}
}

// An active method is never charged again without having been verified again:
// what made it invalid or was rejected cannot be undone.
func TestMethodTableHasNoWayBack(t *testing.T) {
	for _, from := range []payment.MethodState{payment.Invalid, payment.Rejected, payment.Detached} {
		for event, to := range payment.MethodTable[from] {
			if to != payment.Detached {
				t.Errorf("%s leads from %s to %s, want to nothing but detached", event, from, to)
			}
		}
	}
}

func TestMayDetach(t *testing.T) { // R-DEL-01..05
	owed := payment.Use{Unpaid: 1}
	running := payment.Use{Running: 1, Unbilled: true}
	cases := []struct {
		name     string
		state    payment.MethodState
		standing payment.Standing
		want     []error
	}{
		{"preferred of two", payment.Active, payment.Standing{IsPreferred: true, OtherActive: 1}, []error{payment.ErrMethodPreferred}},
		{"the other of two", payment.Active, payment.Standing{OtherActive: 1}, nil},
		{"the other of two, something owed", payment.Active, payment.Standing{OtherActive: 1, Use: payment.Use{Running: 1, Unpaid: 2, Overdue: 1}}, nil},
		{"last, nothing owed", payment.Active, payment.Standing{IsPreferred: true}, nil},
		{"last, one cent owed", payment.Active, payment.Standing{IsPreferred: true, Use: owed}, []error{payment.ErrBillUnpaid}},
		{"last, usage running", payment.Active, payment.Standing{IsPreferred: true, Use: running}, []error{payment.ErrResourcesRunning, payment.ErrUsageUnbilled}},
		{"last, everything", payment.Active, payment.Standing{Use: payment.Use{Running: 3, Unbilled: true, Unpaid: 2, Overdue: 1}},
			[]error{payment.ErrResourcesRunning, payment.ErrUsageUnbilled, payment.ErrBillUnpaid, payment.ErrOverdue}},
		{"last, one overdue", payment.Active, payment.Standing{Use: payment.Use{Unpaid: 1, Overdue: 1}}, []error{payment.ErrOverdue}},
		{"last, in flight", payment.Active, payment.Standing{IsPreferred: true, InFlight: true}, []error{payment.ErrMethodInFlight}},
		{"last, in flight and owed", payment.Active, payment.Standing{IsPreferred: true, InFlight: true, Use: owed},
			[]error{payment.ErrMethodInFlight, payment.ErrBillUnpaid}},
		{"preferred of two, in flight", payment.Active, payment.Standing{IsPreferred: true, OtherActive: 1, InFlight: true},
			[]error{payment.ErrMethodInFlight, payment.ErrMethodPreferred}},
		{"expired, owed", payment.Expired, payment.Standing{Use: running}, nil},
		{"unavailable, owed", payment.Unavailable, payment.Standing{Use: running}, nil},
		{"invalid, owed", payment.Invalid, payment.Standing{Use: owed}, nil},
		{"rejected", payment.Rejected, payment.Standing{}, nil},
		{"expired, in flight", payment.Expired, payment.Standing{InFlight: true}, []error{payment.ErrMethodInFlight}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := payment.Method{State: c.state}.MayDetach(c.standing)
			if (err == nil) != (len(c.want) == 0) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			for _, reason := range []error{payment.ErrMethodInFlight, payment.ErrMethodPreferred, payment.ErrResourcesRunning, payment.ErrUsageUnbilled, payment.ErrBillUnpaid, payment.ErrOverdue} {
				want := false
				for _, w := range c.want {
					want = want || errors.Is(w, reason)
				}
				if got := errors.Is(err, reason); got != want {
					t.Errorf("%v among the reasons: got %t, want %t", reason, got, want)
				}
			}
		})
	}
}

func TestMayCharge(t *testing.T) { // R-BIND-15, R-BIND-16
	cases := []struct {
		name    string
		method  payment.Method
		present bool
		want    error
	}{
		{"active, away", payment.Method{State: payment.Active, NetworkTransaction: "nt_1"}, false, nil},
		{"active, present", payment.Method{State: payment.Active}, true, nil},
		{"active, away, without a mandate", payment.Method{State: payment.Active}, false, payment.ErrNoMandate},
		{"verifying", payment.Method{State: payment.Verifying, NetworkTransaction: "nt_1"}, true, payment.ErrMethodNotActive},
		{"challenged", payment.Method{State: payment.Challenged, NetworkTransaction: "nt_1"}, true, payment.ErrMethodNotActive},
		{"unavailable", payment.Method{State: payment.Unavailable, NetworkTransaction: "nt_1"}, false, payment.ErrMethodNotActive},
		{"expired", payment.Method{State: payment.Expired, NetworkTransaction: "nt_1"}, true, payment.ErrMethodNotActive},
		{"detached", payment.Method{State: payment.Detached, NetworkTransaction: "nt_1"}, false, payment.ErrMethodNotActive},
	}
	for _, c := range cases {
		if got := c.method.MayCharge(c.present); !errors.Is(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
