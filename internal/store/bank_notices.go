package store

import (
	"context"
	"time"
)

// AddNotices inserts many notices of one kind, each once for its subject, and letters
// of them that wait: for all if always, else for those who have not chosen to do
// without. A notice whose subject was told of before has no letter.
func (tx *Tx) AddNotices(ctx context.Context, all []Notice, always bool, at time.Time) error {
	if len(all) == 0 {
		return nil
	}
	text := func(name string, of func(Notice) string) column { return textColumn(name, all, of) }
	if err := tx.later(ctx, statement{rows: &bulk{
		into: "notices",
		columns: []column{
			text("id", func(n Notice) string { return n.ID }),
			text("account_id", func(n Notice) string { return string(n.Account) }),
			text("kind", func(n Notice) string { return n.Kind }),
			text("subject", func(n Notice) string { return n.Subject }),
			text("detail", func(n Notice) string { return asJSON(n.Detail) }),
			numberColumn("created_at", all, func(n Notice) int64 { return n.CreatedAt.UnixMicro() }),
		},
		more: `ON CONFLICT DO NOTHING`,
	}}); err != nil {
		return err
	}
	ids := make([]string, len(all))
	for i, n := range all {
		ids[i] = n.ID
	}
	return tx.change(ctx, `
		INSERT INTO letters (message_id, account_id, kind, state, attempts, doubts, next_at, recipient, language, reason, answer, title, body, created_at)
		SELECT n.id, n.account_id, n.kind, 'waiting', 0, 0, cast($3 as bigint), '', '', '', '', '', '', cast($3 as bigint)
		  FROM notices AS n
		 WHERE n.id IN (SELECT key FROM json_each($1))
		   AND ($2 = 1 OR NOT EXISTS (SELECT 1 FROM mail_choices AS c WHERE c.account_id = n.account_id AND c.kind = n.kind AND c.wanted = 0))`,
		keySet(ids), bit(always), micros(at))
}
