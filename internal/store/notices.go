package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/payment"
)

// Notice is something the customer is told, once: a message as it is kept.
type Notice struct {
	ID        string
	Account   account.ID
	Kind      string
	Subject   string
	Detail    mail.Facts
	CreatedAt time.Time
	ReadAt    time.Time // zero: it was not
}

const noticeColumns = `id, account_id, kind, subject, detail, created_at, read_at`

func scanNotice(r row) (Notice, error) {
	var n Notice
	err := r.Scan(&n.ID, &n.Account, &n.Kind, &n.Subject, document{&n.Detail}, instant{&n.CreatedAt}, instant{&n.ReadAt})
	if errors.Is(err, errNoRow) {
		return n, mail.ErrMessageNotFound
	}
	return n, err
}

// AddNotices keeps notices; another of the same kind about the same subject is left
// out.
func (tx *Tx) AddNotices(ctx context.Context, all []Notice) error {
	if len(all) == 0 {
		return nil
	}
	text := func(name string, of func(Notice) string) column { return textColumn(name, all, of) }
	return tx.later(ctx, statement{rows: &bulk{
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
	}})
}

// Notice fetches a notice.
func (tx *Tx) Notice(ctx context.Context, id string) (Notice, error) {
	return scanNotice(tx.queryRow(ctx, `SELECT `+noticeColumns+` FROM notices WHERE id = $1`, id))
}

// Notices lists an account's notices, newest first, those before the given id; ""
// starts with the newest.
func (tx *Tx) Notices(ctx context.Context, id account.ID, before string, limit int) ([]Notice, error) {
	var out []Notice
	err := tx.query(ctx, `
		SELECT `+noticeColumns+`
		  FROM notices
		 WHERE account_id = $1 AND ($2 = '' OR id < $2)
		 ORDER BY id DESC
		 LIMIT $3`, []any{string(id), before, int64(limit)}, func(r row) error {
		n, err := scanNotice(r)
		out = append(out, n)
		return err
	})
	return out, err
}

// UnreadNotices counts an account's unread notices, up to a limit.
func (tx *Tx) UnreadNotices(ctx context.Context, id account.ID, limit int) (count int, err error) {
	err = tx.queryRow(ctx, `
		SELECT count(*)
		  FROM (SELECT 1 FROM notices WHERE account_id = $1 AND read_at IS NULL LIMIT $2) AS unread`,
		string(id), int64(limit)).Scan(&count)
	return count, err
}

// ReadNotices marks an account's notices as read, from the oldest to the given
// one. Those that were read before keep their instant.
func (tx *Tx) ReadNotices(ctx context.Context, id account.ID, through string, at time.Time) error {
	return tx.change(ctx, `
		UPDATE notices SET read_at = $3
		 WHERE account_id = $1 AND id <= $2 AND read_at IS NULL`, string(id), through, micros(at))
}

// ReadNotice marks one notice of an account as read.
func (tx *Tx) ReadNotice(ctx context.Context, id account.ID, notice string, at time.Time) error {
	return tx.change(ctx, `
		UPDATE notices SET read_at = $3
		 WHERE id = $2 AND account_id = $1 AND read_at IS NULL`, string(id), notice, micros(at))
}

// MailChoices fetches what an account chose about mails: by kind, whether it wants
// them.
func (tx *Tx) MailChoices(ctx context.Context, id account.ID) (map[string]bool, error) {
	out := map[string]bool{}
	err := tx.query(ctx, `SELECT kind, wanted FROM mail_choices WHERE account_id = $1`, []any{string(id)}, func(r row) error {
		var kind string
		var wanted bool
		err := r.Scan(&kind, flag{&wanted})
		out[kind] = wanted
		return err
	})
	return out, err
}

// ChooseMail keeps whether an account wants mails of a kind.
func (tx *Tx) ChooseMail(ctx context.Context, id account.ID, kind string, wanted bool) error {
	return tx.change(ctx, `
		INSERT INTO mail_choices (account_id, kind, wanted) VALUES ($1, $2, $3)
		ON CONFLICT (account_id, kind) DO UPDATE SET wanted = excluded.wanted`, string(id), kind, bit(wanted))
}

// ExpiringCards lists active cards that end with a month, were bound before an
// instant, and about which there is no notice of this kind with this ending of its
// subject, in the order of their ids.
func (tx *Tx) ExpiringCards(ctx context.Context, end time.Time, bound time.Time, kind, ending string, limit int) ([]payment.Method, error) {
	var out []payment.Method
	err := tx.query(ctx, `
		SELECT `+methodColumns+`
		  FROM payment_methods AS m
		 WHERE m.state = 'active' AND m.kind = 'card' AND m.exp_year = $1 AND m.exp_month = $2 AND m.created_at < $3
		   AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.subject = m.id || cast($5 as text) AND n.kind = $4)
		 ORDER BY m.id
		 LIMIT $6`, []any{int64(end.Year()), int64(end.Month()), micros(bound), kind, ending, int64(limit)}, func(r row) error {
		m, err := scanMethod(r)
		out = append(out, m)
		return err
	})
	return out, err
}
