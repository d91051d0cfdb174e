package office

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
)

// Account fetches an account.
func (o *Office) Account(ctx context.Context, by access.Caller, id account.ID) (a account.Account, err error) {
	if err := mayTouch(by, access.AccountsRead, id); err != nil {
		return a, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		a, err = tx.Account(ctx, id)
		return err
	})
	return a, err
}

// AccountByReference fetches an account by the platform's name for it.
func (o *Office) AccountByReference(ctx context.Context, by access.Caller, reference string) (a account.Account, err error) {
	if err := by.May(access.AccountsRead); err != nil {
		return a, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		a, err = tx.AccountByReference(ctx, reference)
		return err
	})
	if err == nil && by.MayTouch(a.ID) != nil {
		return account.Account{}, account.ErrNotFound
	}
	return a, err
}

// Accounts lists accounts in the order of their ids.
func (o *Office) Accounts(ctx context.Context, by access.Caller, p Page) (list []account.Account, next string, err error) {
	if err := by.May(access.AccountsRead); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if by.Account != "" {
			a, err := tx.Account(ctx, by.Account)
			list = []account.Account{a}
			return err
		}
		list, err = tx.Accounts(ctx, account.ID(p.After), p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(a account.Account) string { return string(a.ID) })
	return list, next, err
}

// WaysToPay is what an account may pay with, computed for it (S-01), and how far
// its usage is from being charged (S-09).
type WaysToPay struct {
	Region    policy.Region
	Policy    string // the version that rules
	Offers    []policy.Offer
	Threshold money.Amount // for the preferred method, as it stands now; zero if nothing triggers but the bill
	Held      payment.Hold // on usage; its ID is "" if none is live
	Exposure  money.Exact  // usage not collected yet
	Nearest   money.Exact  // the most of it in one month: each month's reaches the threshold by itself
	Owed      money.Amount // open debts
	Balance   money.Amount // what we hold for the customer

	Descriptor string        // what a hold or charge is called on the card's statement (R-DESC-01)
	VoidWithin time.Duration // by when a verification hold is released (R-BIND-12)
}

// WaysToPay says what an account may pay with.
func (o *Office) WaysToPay(ctx context.Context, by access.Caller, id account.ID) (w WaysToPay, err error) {
	if err := mayTouch(by, access.AccountsRead, id); err != nil {
		return w, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		p, err := o.ruling(ctx, tx, o.Now())
		if err != nil {
			return err
		}
		w.Descriptor, w.VoidWithin = p.Descriptor, p.VoidWithin
		w.Region, w.Policy = p.Region(a.Country, a.RegisteredAt), p.Version
		card, err := standingOf(ctx, tx, p, a, payment.CardKind)
		if err != nil {
			return err
		}
		wallet, err := standingOf(ctx, tx, p, a, payment.PayPalKind)
		if err != nil {
			return err
		}
		last, err := lastBilled(ctx, tx, a)
		if err != nil {
			return err
		}
		limits := o.limits(p, a.Currency)
		w.Offers = p.Offers(policy.OfferFacts{
			Region: w.Region, Kind: a.Kind, Credit: a.Credit, HoldMinimum: limits.Minimum, Factor: card.Factor, PayPalFactor: wallet.Factor, LastMonth: last, Step: limits.Step,
		})
		if o.Wallet == nil {
			w.Offers = slices.DeleteFunc(w.Offers, func(f policy.Offer) bool { return f.Kind == policy.PayPal })
		}
		w.Threshold = money.Amount{Currency: a.Currency}
		if t, ok, err := o.currentThreshold(ctx, tx, p, a); err != nil {
			return err
		} else if ok && !a.Credit {
			w.Threshold = t
		}
		if h, err := tx.HoldOnUsage(ctx, id); err == nil {
			w.Held = h
		} else if !errors.Is(err, payment.ErrHoldNotFound) {
			return err
		}
		if w.Exposure, w.Nearest, err = exposureOf(ctx, tx, a); err != nil {
			return err
		}
		if w.Owed, err = tx.Balance(ctx, id, ledger.CustomerReceivable, a.Currency); err != nil {
			return err
		}
		w.Balance, err = tx.Balance(ctx, id, ledger.CustomerBalance, a.Currency)
		w.Balance = w.Balance.Neg()
		return err
	})
	return w, err
}

// exposure sums what the account's open collections hold.
func (o *Office) exposure(ctx context.Context, tx *store.Tx, a account.Account) (money.Exact, error) {
	sum, _, err := exposureOf(ctx, tx, a)
	return sum, err
}

// exposureOf sums what the account's open collections hold, and tells the most that one
// of them does. There are two while a month that is over is not billed yet.
func exposureOf(ctx context.Context, tx *store.Tx, a account.Account) (sum, most money.Exact, err error) {
	sum, most = money.Exact{Currency: a.Currency}, money.Exact{Currency: a.Currency}
	open, err := tx.OpenCollections(ctx, []account.ID{a.ID})
	if err != nil {
		return sum, most, err
	}
	for i, c := range open {
		exposures, err := tx.Exposures(ctx, c, a.Currency)
		if err != nil {
			return sum, most, err
		}
		one := money.Exact{Currency: a.Currency}
		for _, e := range exposures {
			if one, err = one.Add(e.Usage); err != nil {
				return sum, most, err
			}
		}
		if i == 0 || one.Cmp(most) > 0 {
			most = one
		}
		if sum, err = sum.Add(one); err != nil {
			return sum, most, err
		}
	}
	return sum, most, nil
}

// Methods lists an account's payment methods with the newest hold of each.
func (o *Office) Methods(ctx context.Context, by access.Caller, id account.ID) (list []Bound, err error) {
	if err := mayTouch(by, access.MethodsRead, id); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(ctx, id); err != nil {
			return err
		}
		methods, err := tx.Methods(ctx, id)
		for _, m := range methods {
			holds, err := tx.HoldsOf(ctx, m.ID)
			if err != nil {
				return err
			}
			b := Bound{Method: m}
			b.take(holds)
			list = append(list, b)
		}
		return err
	})
	return list, err
}

// MethodStory is a payment method, its holds, and what was done to it.
type MethodStory struct {
	Method  payment.Method
	Holds   []payment.Hold // newest first
	History []store.Record // oldest first
}

// Method fetches a payment method with its story. look asks the provider first
// how a hold stands whose answer is not known, as a page does to which the payer
// comes back.
func (o *Office) Method(ctx context.Context, by access.Caller, id payment.MethodID, look bool) (s MethodStory, err error) {
	if err := by.May(access.MethodsRead); err != nil {
		return s, err
	}
	if s, err = o.story(ctx, by, id); err != nil || !look {
		return s, err
	}
	for _, h := range s.Holds {
		if !h.IsLive() {
			continue
		}
		if err := o.lookAtHold(ctx, h.ID); err != nil {
			o.Log.WarnContext(ctx, "left to its job", "work", "look at hold", "subject", h.ID, "error", err)
		}
	}
	return o.story(ctx, by, id)
}

func (o *Office) story(ctx context.Context, by access.Caller, id payment.MethodID) (s MethodStory, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if s.Method, err = tx.Method(ctx, id); err != nil {
			return err
		}
		if by.MayTouch(s.Method.Account) != nil {
			return payment.ErrMethodNotFound
		}
		if s.Holds, err = tx.HoldsOf(ctx, id); err != nil {
			return err
		}
		s.History, err = tx.History(ctx, s.Method.Account, string(id))
		return err
	})
	return s, err
}

// MonthUsage is what an account used in a month, summed in two ways that come to the
// same.
type MonthUsage struct {
	Products []billing.Exposure
	Days     []billing.DayUsage // by product too, the oldest day first; days of months before are usage that came late
}

// UsageOf sums an account's usage of a month, in its own zone; "" is the month that
// runs.
func (o *Office) UsageOf(ctx context.Context, by access.Caller, id account.ID, m billing.Month) (u MonthUsage, err error) {
	if err := mayTouch(by, access.UsageRead, id); err != nil {
		return u, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		if m == "" {
			m = billing.MonthOf(o.Now(), a.Location())
		}
		if u.Products, err = tx.MonthUsage(ctx, id, m, a.Currency); err != nil {
			return err
		}
		u.Days, err = tx.MonthDays(ctx, id, m, a.Currency)
		return err
	})
	return u, err
}
