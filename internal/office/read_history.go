package office

import (
	"context"
	"strconv"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/store"
)

// Record is one line of the audit log.
type Record = store.Record

// History lists what was done to an account and all that is its, newest first: by whom,
// and to what. The details are for those who read the books. A page goes on after a
// record's number.
func (o *Office) History(ctx context.Context, by access.Caller, id account.ID, p Page) (list []Record, next string, err error) {
	if err := mayTouch(by, access.AccountsRead, id); err != nil {
		return nil, "", err
	}
	if by.Account != "" {
		return nil, "", access.ErrForbidden.Detail("this is for staff")
	}
	before, err := strconv.ParseInt("0"+p.After, 10, 64)
	if err != nil {
		before = 0 // no number that was ever handed out
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(ctx, id); err != nil {
			return err
		}
		list, err = tx.AccountHistory(ctx, id, before, p.Limit+1)
		return err
	})
	if by.May(access.BooksRead) != nil {
		for i := range list {
			list[i].Detail = ""
		}
	}
	list, next = cut(list, p, func(r Record) string { return strconv.FormatInt(r.Number, 10) })
	return list, next, err
}
