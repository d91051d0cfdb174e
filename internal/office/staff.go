package office

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/store"
)

const (
	staffLink    = "link"
	staffSession = "session"

	staffLinkLasts    = 15 * time.Minute
	staffSessionLasts = 8 * time.Hour
	staffIdleMost     = 15 * time.Minute
	staffSeenNoted    = time.Minute // a session's use is written at most so often

	staffRequestSpan   = time.Hour // in which requests for links are counted
	linksPerAddress    = 10        // requests from one network address
	linksPerMember     = 3         // links mailed to one person
	staffRequestsKept  = 24 * time.Hour
	staffNamesMax      = 1000 // members whose names are known to the pages
	staffLinkMailTitle = "Your link to the staff pages"
)

// ErrNoPretence says that nobody comes in here without being somebody.
var ErrNoPretence = fault.New(fault.Forbidden, "pretend_staff_refused", "pretended staff comes in only where payments are pretended too").
	WithNext("ask for a link to your own mail address")

// NewMember describes a member of staff.
type NewMember struct {
	Name  string
	Email string
	Role  string
}

// AddMember says that a person is staff, and in which role.
func (o *Office) AddMember(ctx context.Context, by access.Caller, n NewMember) (access.Member, error) {
	if err := by.May(access.StaffWrite); err != nil {
		return access.Member{}, err
	}
	return o.addMember(ctx, by, n, false)
}

func (o *Office) addMember(ctx context.Context, by access.Caller, n NewMember, pretend bool) (access.Member, error) {
	now := o.Now()
	m := access.Member{
		ID: access.MemberID(o.IDs.New("mbr_")), Name: n.Name, Email: access.NormalEmail(n.Email), Role: n.Role, State: access.MemberActive, Pretend: pretend,
		CreatedAt: now, ChangedAt: now,
	}
	if err := m.Check(); err != nil {
		return access.Member{}, err
	}
	if err := mayGive(by, m.Role); err != nil {
		return access.Member{}, err
	}
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		if added, err := tx.AddMember(ctx, m); err != nil || !added {
			return errors.Join(err, access.ErrMemberTaken)
		}
		return o.auditMember(ctx, tx, by, m, "added")
	})
	if err != nil {
		return access.Member{}, err
	}
	return m, nil
}

// mayGive returns nil if by may make a person what a role is.
func mayGive(by access.Caller, role string) error {
	r, _ := access.RoleOf(role)
	return by.MayGive(r)
}

func (o *Office) auditMember(ctx context.Context, tx *store.Tx, by access.Caller, m access.Member, did string) error {
	return tx.Audit(ctx, store.Record{Chain: store.OfficeChain, At: o.Now(), By: by.Name, Action: "staff." + did, Subject: string(m.ID)},
		map[string]any{"name": m.Name, "role": m.Role, "state": m.State})
}

// MemberChange says what is to be different; an empty field stays.
type MemberChange struct {
	Name string
	Role string
}

// ChangeMember gives a member of staff another name or role. Whoever has another role
// comes in anew. Nobody changes their own.
func (o *Office) ChangeMember(ctx context.Context, by access.Caller, id access.MemberID, c MemberChange) (access.Member, error) {
	return o.changeMember(ctx, by, id, "changed", func(tx *store.Tx, m *access.Member) error {
		if c.Name != "" {
			m.Name = c.Name
		}
		if c.Role == "" || c.Role == m.Role {
			return m.Check()
		}
		m.Role = c.Role
		if err := errors.Join(m.Check(), mayGive(by, m.Role)); err != nil {
			return err
		}
		return o.endTickets(ctx, tx, m.ID)
	})
}

// DisableMember keeps a member of staff out, from this moment on. Again it changes
// nothing.
func (o *Office) DisableMember(ctx context.Context, by access.Caller, id access.MemberID) (access.Member, error) {
	return o.changeMember(ctx, by, id, "disabled", func(tx *store.Tx, m *access.Member) error {
		m.State = access.MemberDisabled
		return o.endTickets(ctx, tx, m.ID)
	})
}

// EnableMember lets a member of staff in again.
func (o *Office) EnableMember(ctx context.Context, by access.Caller, id access.MemberID) (access.Member, error) {
	return o.changeMember(ctx, by, id, "enabled", func(tx *store.Tx, m *access.Member) error {
		if m.State == access.MemberActive {
			return nil
		}
		if _, err := tx.ActiveMember(ctx, m.Email); !errors.Is(err, access.ErrMemberNotFound) {
			return errors.Join(err, access.ErrMemberTaken)
		}
		m.State = access.MemberActive
		return nil
	})
}

// EndSessions ends every session and link of a member of staff.
func (o *Office) EndSessions(ctx context.Context, by access.Caller, id access.MemberID) (access.Member, error) {
	return o.changeMember(ctx, by, id, "signed_out", func(tx *store.Tx, m *access.Member) error { return o.endTickets(ctx, tx, m.ID) })
}

func (o *Office) endTickets(ctx context.Context, tx *store.Tx, id access.MemberID) error {
	_, err := tx.EndStaffTickets(ctx, id, o.Now())
	return err
}

// changeMember changes a member of staff under their lock.
func (o *Office) changeMember(ctx context.Context, by access.Caller, id access.MemberID, did string, change func(*store.Tx, *access.Member) error) (m access.Member, err error) {
	if err := by.May(access.StaffWrite); err != nil {
		return m, err
	}
	if by.Name == (access.Member{ID: id}).CallerName() {
		return m, access.ErrMemberSelf
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if m, err = tx.Member(ctx, id); err != nil {
			return err
		}
		before := m
		if err := change(tx, &m); err != nil {
			return err
		}
		if m != before {
			m.ChangedAt = o.Now()
			if err := tx.SaveMember(ctx, m); err != nil {
				return err
			}
		} else if did != "signed_out" {
			return nil
		}
		return o.auditMember(ctx, tx, by, m, did)
	})
	if err != nil {
		return access.Member{}, err
	}
	return m, nil
}

// Member fetches a member of staff.
func (o *Office) Member(ctx context.Context, by access.Caller, id access.MemberID) (m access.Member, err error) {
	if err := by.May(access.StaffRead); err != nil {
		return m, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		m, err = tx.Member(ctx, id)
		return err
	})
	return m, err
}

// MemberByEmail fetches the active member of staff who has a mail address.
func (o *Office) MemberByEmail(ctx context.Context, by access.Caller, email string) (m access.Member, err error) {
	if err := by.May(access.StaffRead); err != nil {
		return m, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		m, err = tx.ActiveMember(ctx, access.NormalEmail(email))
		return err
	})
	return m, err
}

// Members lists members of staff in the order in which they came.
func (o *Office) Members(ctx context.Context, by access.Caller, p Page) (list []access.Member, next string, err error) {
	if err := by.May(access.StaffRead); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Members(ctx, access.MemberID(p.After), p.Limit+1)
		return err
	})
	list, next = cut(list, p, func(m access.Member) string { return string(m.ID) })
	return list, next, err
}

// MemberNames are the names of the staff by what the audit calls them. Everybody of
// the staff may know their colleagues' names, and no customer may.
func (o *Office) MemberNames(ctx context.Context, by access.Caller) (map[string]string, error) {
	if by.Account != "" {
		return nil, access.ErrForbidden.Detail("this is for staff")
	}
	names := map[string]string{}
	err := o.Store.View(ctx, func(tx *store.Tx) error {
		list, err := tx.Members(ctx, "", staffNamesMax)
		for _, m := range list {
			names[m.CallerName()] = m.Name
		}
		return err
	})
	return names, err
}

// LinkMember makes a one-time link with which a member of staff comes in. Whoever
// holds it is that member: it is made for the operator at the machine alone, and
// anybody else has it mailed to whom it is for.
func (o *Office) LinkMember(ctx context.Context, by access.Caller, id access.MemberID) (link string, expires time.Time, err error) {
	if !by.Trusted {
		return "", time.Time{}, access.ErrForbidden.Detail("links for staff are made at the command line, or mailed").WithNext("ask for a link on the staff's sign-in page")
	}
	expires = o.Now().Add(staffLinkLasts)
	secret, err := o.staffTicket(ctx, staffLink, "", staffLinkLasts, func(tx *store.Tx) (access.MemberID, error) {
		m, err := tx.Member(ctx, id)
		switch {
		case err != nil:
			return "", err
		case m.State != access.MemberActive:
			return "", access.ErrMemberDisabled
		}
		return id, o.auditMember(ctx, tx, by, m, "link_made")
	})
	return o.staffLinkOf(secret), expires, err
}

func (o *Office) staffLinkOf(secret string) string { return o.ConsoleURL + "/staff/enter/" + secret }

// staffTicket makes a secret word and keeps its hash.
func (o *Office) staffTicket(ctx context.Context, kind, address string, lasts time.Duration, whose func(*store.Tx) (access.MemberID, error)) (string, error) {
	b := make([]byte, secretBytes)
	if _, err := io.ReadFull(o.Random, b); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	secret := base64.RawURLEncoding.EncodeToString(b)
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		id, err := whose(tx)
		if err != nil {
			return err
		}
		now := o.Now()
		return tx.AddStaffTicket(ctx, store.StaffTicket{
			Hash: hashOf(secret), Kind: kind, Member: id, Address: address, MadeAt: now, SeenAt: now, ExpiresAt: now.Add(lasts),
		})
	})
	return secret, err
}

// AskForLink has a link mailed to an address, if it is a member's. Whoever asks is
// answered the same, and as fast, whether it is or not: a job finds that out later.
func (o *Office) AskForLink(ctx context.Context, email, address string) error {
	now := o.Now()
	r := store.StaffRequest{ID: o.IDs.New("slr_"), Email: access.NormalEmail(email), Address: address, At: now}
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.CountStaffRequests(ctx, address, now.Add(-staffRequestSpan))
		if err != nil {
			return err
		}
		if n >= linksPerAddress {
			return access.ErrLinkTooOften
		}
		if (access.Member{Name: "x", Email: r.Email, Role: access.StaffRoles()[0].Name}).Check() != nil {
			r.Email = "" // it can be nobody's, and is not kept
		}
		if err := tx.AddStaffRequest(ctx, r, now.Add(-staffRequestsKept)); err != nil {
			return err
		}
		return tx.Enqueue(ctx, job.Job{Kind: mailStaffLink, Subject: r.ID, Once: true})
	})
}

// mailStaffLinkJob mails a link to the member of staff whose address was given. The
// secret word is made here, so that it is nowhere but in the mail.
func (o *Office) mailStaffLinkJob(ctx context.Context, id string) error {
	m, err := o.whoAsked(ctx, id)
	if err != nil || m.ID == "" {
		return err
	}
	if o.Mail == nil {
		o.Log.WarnContext(ctx, "a link for staff is not mailed: no mail server is configured", "member", m.ID)
		return nil
	}
	secret, err := o.staffTicket(ctx, staffLink, "", staffLinkLasts, func(tx *store.Tx) (access.MemberID, error) {
		return m.ID, o.auditMember(ctx, tx, access.Jobs, m, "link_mailed")
	})
	if err != nil {
		return err
	}
	switch r := o.Mail.Send(ctx, staffLinkMail(id, m, o.staffLinkOf(secret))); {
	case r.Reason == "" || r.Final || r.Doubt:
		return nil
	default:
		return fmt.Errorf("mail a link to %s: %s", m.ID, r.Reason)
	}
}

// whoAsked finds the member of staff that a request was for; their ID is "" if there
// is none, if they were mailed enough, or if a link would have come too late.
func (o *Office) whoAsked(ctx context.Context, id string) (m access.Member, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		r, rank, err := tx.StaffRequest(ctx, id, staffRequestSpan)
		if err != nil || r.Email == "" || rank > linksPerMember || o.Now().Sub(r.At) > staffRequestSpan {
			return err
		}
		m, err = tx.ActiveMember(ctx, r.Email)
		if errors.Is(err, access.ErrMemberNotFound) || m.Pretend {
			m, err = access.Member{}, nil
		}
		return err
	})
	return m, err
}

// staffLinkMail is in English, as the staff's pages are.
func staffLinkMail(request string, m access.Member, link string) mail.Mail {
	const once = "It works once, within 15 minutes. If you did not ask for it, do nothing: nobody comes in without it."
	text := "Hello " + m.Name + ",\n\nopen this link to sign in to the staff pages:\n\n" + link + "\n\n" + once + "\n"
	page := "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>" + staffLinkMailTitle + "</title><p>Hello " + html.EscapeString(m.Name) +
		",</p><p>open this link to sign in to the staff pages:</p><p><a href=\"" + html.EscapeString(link) + "\">" + html.EscapeString(link) + "</a></p><p>" + once + "</p></html>\n"
	return mail.Mail{Message: request, To: m.Email, Language: "en", Title: staffLinkMailTitle, Text: text, HTML: page}
}

// EnterStaff takes a one-time link and returns the secret of a new session. The one
// that the browser had before ends.
func (o *Office) EnterStaff(ctx context.Context, link, before, address string) (session string, err error) {
	return o.openStaffSession(ctx, before, address, func(tx *store.Tx) (access.Member, error) {
		id, err := tx.EndStaffTicket(ctx, hashOf(link), staffLink, o.Now())
		if err != nil {
			return access.Member{}, err
		}
		return tx.Member(ctx, id)
	})
}

func (o *Office) openStaffSession(ctx context.Context, before, address string, who func(*store.Tx) (access.Member, error)) (string, error) {
	return o.staffTicket(ctx, staffSession, address, staffSessionLasts, func(tx *store.Tx) (access.MemberID, error) {
		m, err := who(tx)
		if err != nil {
			return "", err
		}
		if m.State != access.MemberActive || m.Pretend && o.Live {
			return "", access.ErrStaffLink
		}
		if _, err := tx.EndStaffTicket(ctx, hashOf(before), staffSession, o.Now()); err != nil && !errors.Is(err, access.ErrStaffLink) {
			return "", err
		}
		return m.ID, o.auditMember(ctx, tx, m.Caller(address), m, "entered")
	})
}

// StaffCaller returns who a session stands for, and notes that it is used. A session
// ends after eight hours, after a quarter of an hour without use, and when its member
// is disabled or has another role.
func (o *Office) StaffCaller(ctx context.Context, session, address string) (access.Caller, access.Member, error) {
	now := o.Now()
	var t store.StaffTicket
	var m access.Member
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		t, m, err = tx.StaffSession(ctx, hashOf(session), now, now.Add(-staffIdleMost))
		return err
	})
	if err != nil {
		return access.Caller{}, access.Member{}, err
	}
	if now.Sub(t.SeenAt) >= staffSeenNoted {
		err = o.Store.Update(ctx, func(tx *store.Tx) error { return tx.TouchStaffSession(ctx, t.Hash, now, now.Add(-staffSeenNoted)) })
	}
	by := m.Caller(address)
	by.Since = t.MadeAt
	return by, m, err
}

// LeaveStaff ends a session. Ending one that is over is no error.
func (o *Office) LeaveStaff(ctx context.Context, session string) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		id, err := tx.EndStaffTicket(ctx, hashOf(session), staffSession, o.Now())
		if errors.Is(err, access.ErrStaffLink) {
			return nil
		}
		if err != nil {
			return err
		}
		m, err := tx.Member(ctx, id)
		if err != nil {
			return err
		}
		return o.auditMember(ctx, tx, m.Caller(""), m, "left")
	})
}

// pretendStaff are those whom a sandbox installation makes up. There are two wherever
// one decides on what the other proposes.
var pretendStaff = []NewMember{
	{"Ada Ames", "ada@staff.example", "account_manager"},
	{"Abel Anders", "abel@staff.example", "account_manager"},
	{"Fay Ferrer", "fay@staff.example", "finance"},
	{"Finn Falk", "finn@staff.example", "finance"},
	{"Rui Reis", "rui@staff.example", "risk_reviewer"},
	{"Rosa Ruiz", "rosa@staff.example", "risk_officer"},
	{"Sami Said", "sami@staff.example", "support"},
	{"Una Umar", "una@staff.example", "auditor"},
	{"Olu Okoye", "olu@staff.example", "operator"},
}

// PretendStaff lists those as whom anybody can come in, and makes them up the first
// time; nobody where payments are real.
func (o *Office) PretendStaff(ctx context.Context) (list []access.Member, err error) {
	if o.Live {
		return nil, nil
	}
	read := func() error {
		return o.Store.View(ctx, func(tx *store.Tx) error {
			list, err = tx.PretendMembers(ctx)
			return err
		})
	}
	if err := read(); err != nil || len(list) > 0 {
		return list, err
	}
	for _, n := range pretendStaff {
		if _, err := o.addMember(ctx, access.Jobs, n, true); err != nil && !errors.Is(err, access.ErrMemberTaken) {
			return nil, err // another process may be making them up, too
		}
	}
	return list, read()
}

// EnterPretend comes in as a pretended member of staff.
func (o *Office) EnterPretend(ctx context.Context, id access.MemberID, before, address string) (session string, err error) {
	if o.Live {
		return "", ErrNoPretence
	}
	return o.openStaffSession(ctx, before, address, func(tx *store.Tx) (access.Member, error) {
		m, err := tx.Member(ctx, id)
		if err == nil && !m.Pretend {
			err = ErrNoPretence
		}
		return m, err
	})
}
