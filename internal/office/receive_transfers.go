package office

import (
	"context"
	"errors"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// AddReceivingAccount adds one of the seller's bank accounts. Who may decide on
// money adds it, since it says where all of it goes.
func (o *Office) AddReceivingAccount(ctx context.Context, by access.Caller, r bank.ReceivingAccount) (bank.ReceivingAccount, error) {
	if err := mayArrange(by); err != nil {
		return bank.ReceivingAccount{}, err
	}
	r.ID, r.OpenedAt = bank.ReceivingID(o.IDs.New("rac_")), o.Now()
	r.Number, r.BIC, r.BankCode = bank.NormalNumber(r.Number), bank.NormalNumber(r.BIC), bank.NormalNumber(r.BankCode)
	if err := r.Check(); err != nil {
		return bank.ReceivingAccount{}, err
	}
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		if _, known := p.SellerByCode(r.Seller); !known {
			return bank.ErrReceivingInvalid.At("seller").Detail("the policy has no seller of this code").WithNext("use one of: " + strings.Join(p.SellerCodes(), ", "))
		}
		added, err := tx.AddReceivingAccount(ctx, r)
		if err != nil {
			return err
		}
		if !added {
			return bank.ErrReceivingTaken
		}
		if err := o.takeUpStatements(ctx, tx, r.Number); err != nil {
			return err
		}
		if err := o.auditReceiving(ctx, tx, by, string(r.ID), "receiving_account.opened",
			map[string]any{"seller": r.Seller, "country": r.Country, "serves": r.Serves, "currency": r.Currency, "number": r.Number, "holder": r.Holder, "shared": r.Shared}); err != nil {
			return err
		}
		return o.emit(ctx, tx, Event{Kind: "receiving_account.opened", Subject: string(r.ID), Data: r})
	})
	if err != nil {
		return bank.ReceivingAccount{}, err
	}
	return r, nil
}

// CloseReceivingAccount closes one of the seller's bank accounts: customers are not
// told to pay to it any more, and those who have a number behind it are given another
// one when they next need it. What still comes to it is booked as before.
func (o *Office) CloseReceivingAccount(ctx context.Context, by access.Caller, id bank.ReceivingID) (bank.ReceivingAccount, error) {
	if err := mayArrange(by); err != nil {
		return bank.ReceivingAccount{}, err
	}
	var r bank.ReceivingAccount
	err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if r, err = tx.LockReceivingAccount(ctx, id); err != nil {
			return err
		}
		if !r.IsOpen() {
			return bank.ErrReceivingClosed
		}
		r.ClosedAt = o.Now()
		retired, err := tx.CloseReceivingAccount(ctx, id, r.ClosedAt)
		if err != nil {
			return err
		}
		if err := o.auditReceiving(ctx, tx, by, string(id), "receiving_account.closed", map[string]any{"retired": retired}); err != nil {
			return err
		}
		return o.emit(ctx, tx, Event{Kind: "receiving_account.closed", Subject: string(id), Data: r})
	})
	if err != nil {
		return bank.ReceivingAccount{}, err
	}
	return r, nil
}

// NewPool says which numbers a bank lets us give to customers.
type NewPool struct {
	Receiving bank.ReceivingID
	Numbers   []string // of a list; none: a range
	BankCode  string   // of a range of IBANs: bank and branch; the bank account's own if it is left out
	Prefix    string   // of a range: what follows in every number
	Digits    int      // of a range of local numbers: how many each has
	First     int64
	Last      int64
	WarnAt    int64
}

// AddPool adds a pool of account numbers behind one of the seller's bank accounts.
func (o *Office) AddPool(ctx context.Context, by access.Caller, n NewPool) (bank.Pool, error) {
	if err := mayArrange(by); err != nil {
		return bank.Pool{}, err
	}
	var p bank.Pool
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		r, err := tx.LockReceivingAccount(ctx, n.Receiving)
		if err != nil {
			return err
		}
		p = bank.Pool{
			ID: bank.PoolID(o.IDs.New("vpl_")), Receiving: r.ID, Kind: bank.RangePool, Scheme: r.Scheme, Country: r.Country, BankCode: bank.NormalNumber(n.BankCode),
			Prefix: bank.NormalNumber(n.Prefix), Digits: n.Digits, Next: n.First, Last: n.Last, WarnAt: n.WarnAt, OpenedAt: o.Now(),
		}
		numbers := make([]string, len(n.Numbers))
		for i, number := range n.Numbers {
			numbers[i] = bank.NormalNumber(number)
		}
		if len(numbers) > 0 {
			p.Kind, p.BankCode, p.Prefix, p.Digits, p.Next, p.Last = bank.ListPool, "", "", 0, 1, int64(len(numbers))
			if err := p.CheckList(numbers, r.BankCode); err != nil {
				return err
			}
		}
		if err := p.Check(r); err != nil {
			return err
		}
		if err := tx.AddPool(ctx, p); err != nil {
			return err
		}
		if added, err := tx.AddPoolNumbers(ctx, p.ID, numbers); err != nil {
			return err
		} else if !added {
			return bank.ErrNumberTaken
		}
		return o.auditReceiving(ctx, tx, by, string(p.ID), "number_pool.opened", map[string]any{
			"receiving_account": r.ID, "kind": p.Kind, "bank_code": p.BankCode, "prefix": p.Prefix, "first": p.Next, "last": p.Last, "warn_at": p.WarnAt,
		})
	})
	if err != nil {
		return bank.Pool{}, err
	}
	return p, nil
}

// AssignVirtualAccount gives a customer an account number of their own (R-WIRE-01),
// or answers with the one that they have.
func (o *Office) AssignVirtualAccount(ctx context.Context, by access.Caller, id account.ID) (bank.VirtualAccount, error) {
	if by.Account != "" {
		return bank.VirtualAccount{}, access.ErrForbidden
	}
	if err := by.May(access.BankWrite); err != nil {
		return bank.VirtualAccount{}, err
	}
	var v bank.VirtualAccount
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		v, err = o.assignVirtualAccount(ctx, tx, by, a)
		return err
	})
	if err != nil {
		return bank.VirtualAccount{}, err
	}
	return v, nil
}

// assignVirtualAccount gives a customer the next number of the pools behind the bank
// account that serves them. The account is locked. When there is no number left it
// answers ErrNoPool or ErrPoolExhausted, and the transaction can go on.
func (o *Office) assignVirtualAccount(ctx context.Context, tx *store.Tx, by access.Caller, a account.Account) (bank.VirtualAccount, error) {
	if v, err := tx.VirtualAccountOf(ctx, a.ID); err == nil || !errors.Is(err, bank.ErrVirtualNotFound) {
		return v, err
	}
	if a.State == account.Closed {
		return bank.VirtualAccount{}, account.ErrClosed
	}
	r, err := o.lockPooled(ctx, tx, a)
	if err != nil {
		return bank.VirtualAccount{}, err
	}
	pools, err := tx.Pools(ctx, r.ID)
	if err != nil {
		return bank.VirtualAccount{}, err
	}
	for _, p := range pools {
		v, err := o.takeNumber(ctx, tx, by, p, a)
		if errors.Is(err, bank.ErrPoolExhausted) {
			continue
		}
		return v, err
	}
	return bank.VirtualAccount{}, bank.ErrPoolExhausted
}

// lockPooled finds the bank account whose pools serve a customer, and locks it: there
// numbers are given out one at a time.
func (o *Office) lockPooled(ctx context.Context, tx *store.Tx, a account.Account) (bank.ReceivingAccount, error) {
	pools, err := tx.Pools(ctx, "")
	if err != nil {
		return bank.ReceivingAccount{}, err
	}
	hasPool, hasLeft := map[bank.ReceivingID]bool{}, map[bank.ReceivingID]bool{}
	for _, p := range pools {
		hasPool[p.Receiving] = true
		hasLeft[p.Receiving] = hasLeft[p.Receiving] || p.Left() > 0
	}
	all, seller, err := o.receivingOf(ctx, tx, a)
	if err != nil {
		return bank.ReceivingAccount{}, err
	}
	r, found := bank.ReceivingFor(all, seller.Code, a.Country, a.Currency, func(r bank.ReceivingAccount) bool { return hasLeft[r.ID] })
	if !found {
		if _, found := bank.ReceivingFor(all, seller.Code, a.Country, a.Currency, func(r bank.ReceivingAccount) bool { return hasPool[r.ID] }); found {
			return r, bank.ErrPoolExhausted
		}
		return r, bank.ErrNoPool
	}
	if r, err = tx.LockReceivingAccount(ctx, r.ID); err == nil && !r.IsOpen() {
		err = bank.ErrNoPool // it was closed while we waited
	}
	return r, err
}

// takenMax is how many numbers in a row may turn out to be taken, or not to exist,
// before somebody must look.
const takenMax = 1_000

// takeNumber gives a customer the next number of a pool. The bank account behind it
// is locked.
func (o *Office) takeNumber(ctx context.Context, tx *store.Tx, by access.Caller, p bank.Pool, a account.Account) (bank.VirtualAccount, error) {
	v := bank.VirtualAccount{ID: bank.VirtualID(o.IDs.New("vac_")), Pool: p.ID, Receiving: p.Receiving, Account: a.ID, AssignedAt: o.Now(), AssignedBy: by.Name}
	before := p
	for range takenMax {
		if p.Left() == 0 {
			break
		}
		n := p.Next
		p.Next++
		var err error
		if p.Kind == bank.ListPool {
			v.Number, err = tx.PoolNumber(ctx, p.ID, n)
		} else {
			v.Number, err = p.Number(n)
		}
		if errors.Is(err, bank.ErrNumberSkipped) {
			continue
		}
		if err != nil {
			return bank.VirtualAccount{}, err
		}
		if added, err := tx.AddVirtualAccount(ctx, v); err != nil || !added {
			if err != nil {
				return bank.VirtualAccount{}, err
			}
			continue // somebody's already, from another pool: it is passed over for ever
		}
		return v, o.noteAssigned(ctx, tx, by, before, p, v)
	}
	if p.Next > before.Next {
		if err := tx.MovePool(ctx, p.ID, p.Next); err != nil {
			return bank.VirtualAccount{}, err
		}
	}
	return bank.VirtualAccount{}, bank.ErrPoolExhausted
}

// noteAssigned moves the pool on and tells who now has the number, and that a pool
// is nearly empty when it comes to be.
func (o *Office) noteAssigned(ctx context.Context, tx *store.Tx, by access.Caller, before, p bank.Pool, v bank.VirtualAccount) error {
	if err := tx.MovePool(ctx, p.ID, p.Next); err != nil {
		return err
	}
	if err := o.audit(ctx, tx, by, v.Account, "virtual_account.assigned", string(v.ID), map[string]any{"number": v.Number, "pool": v.Pool}); err != nil {
		return err
	}
	if err := o.emit(ctx, tx, Event{Kind: "virtual_account.assigned", Account: v.Account, Subject: string(v.ID), Data: v}); err != nil {
		return err
	}
	switch {
	case p.Left() == 0:
		return o.emit(ctx, tx, Event{Kind: "number_pool.exhausted", Subject: string(p.ID), Data: p})
	case p.Left() <= p.WarnAt && before.Left() > p.WarnAt:
		return o.emit(ctx, tx, Event{Kind: "number_pool.low", Subject: string(p.ID), Data: p})
	}
	return nil
}

// receivingOf lists our bank accounts, and says who sells to a customer.
func (o *Office) receivingOf(ctx context.Context, tx *store.Tx, a account.Account) ([]bank.ReceivingAccount, policy.Seller, error) {
	p, err := o.ruling(ctx, tx, o.Now())
	if err != nil {
		return nil, policy.Seller{}, err
	}
	all, err := tx.ReceivingAccounts(ctx)
	return all, p.Seller(p.Region(a.Country, a.RegisteredAt)), err
}

// paymentReference is the customer's reference on shared accounts, made when it is
// first needed. The account is locked.
func (o *Office) paymentReference(ctx context.Context, tx *store.Tx, a account.Account) (string, error) {
	reference, err := tx.PaymentReference(ctx, a.ID)
	for try := 0; err == nil && reference == "" && try < takenMax; try++ {
		made, added := bank.MakeReference(a.ID, try), false
		if added, err = tx.AddPaymentReference(ctx, a.ID, made, o.Now()); added {
			reference = made
		}
	}
	return reference, err
}

// mayArrange tells whether a caller may say where money goes: never a customer.
func mayArrange(by access.Caller) error {
	if by.Account != "" {
		return access.ErrForbidden
	}
	return by.May(access.BankApprove)
}

func (o *Office) auditReceiving(ctx context.Context, tx *store.Tx, by access.Caller, subject, did string, detail map[string]any) error {
	return tx.Audit(ctx, store.Record{Chain: store.OfficeChain, At: o.Now(), By: by.Name, Action: did, Subject: subject}, detail)
}
