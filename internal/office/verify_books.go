package office

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/store"
)

// VerifyBooks proves the books and says what is wrong and where. It only reads.
func (o *Office) VerifyBooks(ctx context.Context, by access.Caller) (store.Report, error) {
	if err := by.May(access.BooksRead); err != nil {
		return store.Report{}, err
	}
	return o.Store.Verify(ctx, nil)
}
