package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
)

const memberColumns = `id, name, email, role, state, pretend, created_at, changed_at`

func intoMember(m *access.Member) []any {
	return []any{&m.ID, &m.Name, &m.Email, &m.Role, &m.State, flag{&m.Pretend}, instant{&m.CreatedAt}, instant{&m.ChangedAt}}
}

func scanMember(r row) (access.Member, error) {
	var m access.Member
	err := r.Scan(intoMember(&m)...)
	if errors.Is(err, errNoRow) {
		return m, access.ErrMemberNotFound
	}
	return m, err
}

// AddMember inserts a member of staff and answers false if another active one has
// the address.
func (tx *Tx) AddMember(ctx context.Context, m access.Member) (bool, error) {
	n, err := tx.exec(ctx, `
		INSERT INTO staff_members (`+memberColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT DO NOTHING`,
		string(m.ID), m.Name, m.Email, m.Role, string(m.State), bit(m.Pretend), micros(m.CreatedAt), micros(m.ChangedAt))
	return n == 1, err
}

// SaveMember writes what may change of a member of staff. Who enables one has looked
// for others with the address under their lock.
func (tx *Tx) SaveMember(ctx context.Context, m access.Member) error {
	return tx.execOne(ctx, `UPDATE staff_members SET name = $2, role = $3, state = $4, changed_at = $5 WHERE id = $1`,
		string(m.ID), m.Name, m.Role, string(m.State), micros(m.ChangedAt))
}

// Member fetches a member of staff, and locks them where the transaction may write.
func (tx *Tx) Member(ctx context.Context, id access.MemberID) (access.Member, error) {
	return scanMember(tx.queryRow(ctx, `SELECT `+memberColumns+` FROM staff_members WHERE id = $1`+tx.forUpdate(), string(id)))
}

// ActiveMember fetches the active member of staff who has a mail address, and locks
// them where the transaction may write.
func (tx *Tx) ActiveMember(ctx context.Context, email string) (access.Member, error) {
	return scanMember(tx.queryRow(ctx, `SELECT `+memberColumns+` FROM staff_members WHERE email = $1 AND state = 'active'`+tx.forUpdate(), email))
}

// Members lists members of staff in the order in which they came, those after the
// given id; "" starts with the first.
func (tx *Tx) Members(ctx context.Context, after access.MemberID, limit int) ([]access.Member, error) {
	var out []access.Member
	err := tx.query(ctx, `SELECT `+memberColumns+` FROM staff_members WHERE id > $1 ORDER BY id LIMIT $2`, []any{string(after), int64(limit)}, func(r row) error {
		m, err := scanMember(r)
		out = append(out, m)
		return err
	})
	return out, err
}

// PretendMembers lists the active members of staff that a sandbox installation made up.
func (tx *Tx) PretendMembers(ctx context.Context) ([]access.Member, error) {
	var out []access.Member
	err := tx.query(ctx, `SELECT `+memberColumns+` FROM staff_members WHERE pretend = 1 AND state = 'active' ORDER BY id`, nil, func(r row) error {
		m, err := scanMember(r)
		out = append(out, m)
		return err
	})
	return out, err
}

// StaffTicket is a right that a secret word carries for a member of staff: a one-time
// link or a session. Only the word's hash is kept.
type StaffTicket struct {
	Hash      []byte
	Kind      string
	Member    access.MemberID
	Address   string
	MadeAt    time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// AddStaffTicket keeps a ticket.
func (tx *Tx) AddStaffTicket(ctx context.Context, t StaffTicket) error {
	return tx.execOne(ctx, `
		INSERT INTO staff_tickets (hash, kind, member_id, address, made_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		t.Hash, t.Kind, string(t.Member), t.Address, micros(t.MadeAt), micros(t.SeenAt), micros(t.ExpiresAt))
}

// EndStaffTicket ends a ticket that has not ended, and returns who had it: of several
// who use a link, one gets it.
func (tx *Tx) EndStaffTicket(ctx context.Context, hash []byte, kind string, now time.Time) (access.MemberID, error) {
	var id access.MemberID
	err := tx.queryRow(ctx, `
		UPDATE staff_tickets SET ended_at = $3
		 WHERE hash = $1 AND kind = $2 AND ended_at IS NULL AND expires_at > $3
		RETURNING member_id`, hash, kind, micros(now)).Scan(&id)
	if errors.Is(err, errNoRow) {
		return id, access.ErrStaffLink
	}
	return id, err
}

// StaffSession fetches a session that has not ended and was seen after the given
// instant, and its member, who is active.
func (tx *Tx) StaffSession(ctx context.Context, hash []byte, now, idleSince time.Time) (StaffTicket, access.Member, error) {
	t, m := StaffTicket{Hash: hash}, access.Member{}
	err := tx.queryRow(ctx, `
		SELECT t.kind, t.member_id, t.address, t.made_at, t.seen_at, t.expires_at,
		       m.id, m.name, m.email, m.role, m.state, m.pretend, m.created_at, m.changed_at
		  FROM staff_tickets AS t JOIN staff_members AS m ON m.id = t.member_id
		 WHERE t.hash = $1 AND t.kind = 'session' AND t.ended_at IS NULL AND t.expires_at > $2 AND t.seen_at > $3 AND m.state = 'active'`,
		hash, micros(now), micros(idleSince)).
		Scan(append([]any{&t.Kind, &t.Member, &t.Address, instant{&t.MadeAt}, instant{&t.SeenAt}, instant{&t.ExpiresAt}}, intoMember(&m)...)...)
	if errors.Is(err, errNoRow) {
		return t, m, access.ErrStaffLink
	}
	return t, m, err
}

// TouchStaffSession notes that a session was used, unless that was noted since the
// given instant.
func (tx *Tx) TouchStaffSession(ctx context.Context, hash []byte, now, since time.Time) error {
	return tx.change(ctx, `UPDATE staff_tickets SET seen_at = $2 WHERE hash = $1 AND ended_at IS NULL AND seen_at < $3`, hash, micros(now), micros(since))
}

// EndStaffTickets ends all that a member of staff could come in with, and answers how
// many there were.
func (tx *Tx) EndStaffTickets(ctx context.Context, id access.MemberID, now time.Time) (int, error) {
	n, err := tx.exec(ctx, `UPDATE staff_tickets SET ended_at = $2 WHERE member_id = $1 AND ended_at IS NULL`, string(id), micros(now))
	return int(n), err
}

// StaffRequest is one time that somebody asked for a link to be mailed.
type StaffRequest struct {
	ID      string
	Email   string
	Address string
	At      time.Time
}

// AddStaffRequest keeps a request for a link, and forgets those before an instant.
func (tx *Tx) AddStaffRequest(ctx context.Context, r StaffRequest, forget time.Time) error {
	if err := tx.change(ctx, `DELETE FROM staff_requests WHERE at < $1`, micros(forget)); err != nil {
		return err
	}
	return tx.execOne(ctx, `INSERT INTO staff_requests (id, email, address, at) VALUES ($1, $2, $3, $4)`, r.ID, r.Email, r.Address, micros(r.At))
}

// CountStaffRequests counts the requests for links that came from an address since an
// instant.
func (tx *Tx) CountStaffRequests(ctx context.Context, address string, since time.Time) (n int, err error) {
	err = tx.queryRow(ctx, `SELECT count(*) FROM staff_requests WHERE address = $1 AND at > $2`, address, micros(since)).Scan(&n)
	return n, err
}

// StaffRequest fetches a request for a link, and which of those for the same mail
// address since an instant it is, from 1. Its ID is "" if it was forgotten.
func (tx *Tx) StaffRequest(ctx context.Context, id string, span time.Duration) (r StaffRequest, rank int, err error) {
	err = tx.queryRow(ctx, `
		SELECT id, email, address, at,
		       (SELECT count(*) FROM staff_requests AS s WHERE s.email = r.email AND s.at > r.at - $2 AND s.id <= r.id)
		  FROM staff_requests AS r WHERE id = $1`, id, span.Microseconds()).Scan(&r.ID, &r.Email, &r.Address, instant{&r.At}, &rank)
	if errors.Is(err, errNoRow) {
		return StaffRequest{}, 0, nil
	}
	return r, rank, err
}

// AccountHistory lists what was done to an account and all that is its, newest first,
// before the given number of its chain; 0 starts with the newest.
func (tx *Tx) AccountHistory(ctx context.Context, id account.ID, before int64, limit int) ([]Record, error) {
	var out []Record
	err := tx.query(ctx, `
		SELECT chain, number, at, by, action, subject, detail
		  FROM audit
		 WHERE chain = $1 AND ($2 = 0 OR number < $2)
		 ORDER BY number DESC LIMIT $3`, []any{string(id), before, int64(limit)}, func(r row) error {
		var a Record
		err := r.Scan(&a.Chain, &a.Number, instant{&a.At}, &a.By, &a.Action, &a.Subject, &a.Detail)
		out = append(out, a)
		return err
	})
	return out, err
}
