package office

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

const (
	linkLasts    = 15 * time.Minute
	sessionLasts = time.Hour
	secretBytes  = 32

	linkTicket      = "link"
	sessionTicket   = "session"
	challengeTicket = "challenge"
)

// Entrance is where a link into the console leads, and where its customer came from.
type Entrance struct {
	Page      string // a path of the console; "" its first page
	ReturnURL string // where the platform wants its customer again; "" nowhere
}

// ErrReturnElsewhere says that the console leads customers back to their platform, and
// to nobody else who asks for it.
var ErrReturnElsewhere = fault.New(fault.Invalid, "return_elsewhere", "the console does not lead back to this address").
	WithNext("name an address on one of the origins that the installation has under return-origins")

// OpenConsole makes a one-time link with which a customer comes into the console
// of their account, as the platform asks for it.
func (o *Office) OpenConsole(ctx context.Context, by access.Caller, id account.ID, e Entrance) (link string, expires time.Time, err error) {
	if err := mayTouch(by, access.SessionsWrite, id); err != nil {
		return "", time.Time{}, err
	}
	if e.ReturnURL != "" && !o.LeadsTo(e.ReturnURL) {
		return "", time.Time{}, ErrReturnElsewhere
	}
	secret, err := o.issueTicket(ctx, linkTicket, linkLasts, func(tx *store.Tx) (store.Ticket, error) {
		t := store.Ticket{Account: id, Subject: e.Page, ReturnURL: e.ReturnURL}
		if _, err := tx.Account(ctx, id); err != nil {
			return t, err
		}
		return t, o.audit(ctx, tx, by, id, "console.link_made", string(id), map[string]any{"page": e.Page})
	})
	return o.ConsoleURL + "/enter/" + secret, o.Now().Add(linkLasts), err
}

// LeadsTo tells whether the console may lead a customer to an address of the
// platform's. Where no origins are configured, a sandbox installation may lead anywhere,
// and one with real payments nowhere.
func (o *Office) LeadsTo(address string) bool {
	u, err := url.Parse(address)
	if err != nil || !isWebAddress(address) || u.User != nil || strings.ContainsFunc(address, unicode.IsControl) {
		return false
	}
	if len(o.ReturnOrigins) == 0 {
		return !o.Live
	}
	return slices.Contains(o.ReturnOrigins, u.Scheme+"://"+strings.ToLower(u.Host))
}

// Visitor is who comes into the console, as far as their browser tells.
type Visitor struct {
	Address string
	Agent   string // the browser, as it calls itself
	Before  string // the secret of the session that the browser has had, which ends; "" none
}

const agentMost = 200 // bytes that are kept of what a browser calls itself

// EnterConsole takes a one-time link and returns the secret of a session, and where
// the link leads.
func (o *Office) EnterConsole(ctx context.Context, link string, from Visitor) (session string, e Entrance, err error) {
	session, err = o.openSession(ctx, from, func(tx *store.Tx) (account.ID, time.Time, error) {
		t, err := tx.UseTicket(ctx, hashOf(link), linkTicket, o.Now())
		if err != nil {
			return "", time.Time{}, err
		}
		e = Entrance{Page: t.Subject, ReturnURL: t.ReturnURL}
		by := access.Caller{Name: "console:" + string(t.Account), Address: from.Address}
		return t.Account, o.Now(), o.audit(ctx, tx, by, t.Account, "console.entered", string(t.Account), map[string]any{})
	})
	return session, e, err
}

// openSession begins a session for whom who says, and since when they have proved to
// be that; the zero time is never. The one that the browser has had ends: nobody who
// knows that one stays in by it.
func (o *Office) openSession(ctx context.Context, from Visitor, who func(*store.Tx) (account.ID, time.Time, error)) (string, error) {
	return o.issueTicket(ctx, sessionTicket, sessionLasts, func(tx *store.Tx) (store.Ticket, error) {
		id, proved, err := who(tx)
		if err != nil {
			return store.Ticket{}, err
		}
		if _, err := tx.UseTicket(ctx, hashOf(from.Before), sessionTicket, o.Now()); err != nil && !errors.Is(err, store.ErrTicket) {
			return store.Ticket{}, err
		}
		agent := strings.ToValidUTF8(from.Agent[:min(len(from.Agent), agentMost)], "")
		return store.Ticket{Account: id, OpenedAt: o.Now(), ProvedAt: proved, Address: from.Address, Agent: agent}, nil
	})
}

// Session is somebody's stay in the console of an account.
type Session struct {
	ID       string // good for ending it, not for taking part in it
	Account  account.ID
	Address  string
	Agent    string
	OpenedAt time.Time
	Until    time.Time
	Own      bool // of who asks
}

const sessionsShown = 50

// Sessions lists the sessions of an account that are not over, the newest first.
// own is the secret of the one that asks; "" it is none of them.
func (o *Office) Sessions(ctx context.Context, by access.Caller, id account.ID, own string) (list []Session, err error) {
	err = o.viewAccount(ctx, by, id, func(tx *store.Tx) error {
		list = nil
		tickets, err := tx.Sessions(ctx, id, o.Now(), sessionsShown)
		for _, t := range tickets {
			list = append(list, Session{ID: t.Name(), Account: id, Address: t.Address, Agent: t.Agent, OpenedAt: t.OpenedAt, Until: t.ExpiresAt, Own: own != "" && bytes.Equal(t.Hash, hashOf(own))})
		}
		return err
	})
	return list, err
}

// ErrSessionNotFound says that an account has no such session, or not any more.
var ErrSessionNotFound = fault.New(fault.NotFound, "session_not_found", "there is no such session")

// EndSession ends a session of an account. Who is in it is asked for a new link at
// their next step.
func (o *Office) EndSession(ctx context.Context, by access.Caller, id account.ID, session string) error {
	if err := mayTouch(by, access.AccountsWrite, id); err != nil {
		return err
	}
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockAccount(ctx, id); err != nil {
			return err
		}
		tickets, err := tx.Sessions(ctx, id, o.Now(), sessionsShown)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(tickets, func(t store.Ticket) bool { return t.Name() == session })
		if at < 0 {
			return ErrSessionNotFound
		}
		if _, err := tx.UseTicket(ctx, tickets[at].Hash, sessionTicket, o.Now()); err != nil {
			return err
		}
		return o.audit(ctx, tx, by, id, "console.session_ended", string(id), map[string]any{"session": session})
	})
}

// ConsoleCaller returns who a session stands for: its account's customer, who may
// touch nothing else.
func (o *Office) ConsoleCaller(ctx context.Context, session, address string) (access.Caller, error) {
	var t store.Ticket
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		t, err = tx.Ticket(ctx, hashOf(session), sessionTicket, o.Now())
		return err
	})
	return access.Caller{
		Name: "console:" + string(t.Account), Account: t.Account, Address: address, Since: t.ProvedAt,
		Scopes: []access.Scope{access.AccountsRead, access.AccountsWrite, access.MethodsWrite, access.UsageRead, access.BillsWrite, access.FundsWrite, access.CreditRead},
	}, err
}

// LeaveConsole ends a session. Ending one that is over is no error.
func (o *Office) LeaveConsole(ctx context.Context, session string) error {
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		t, err := tx.UseTicket(ctx, hashOf(session), sessionTicket, o.Now())
		if errors.Is(err, store.ErrTicket) {
			return nil
		}
		if err != nil {
			return err
		}
		by := access.Caller{Name: "console:" + string(t.Account)}
		return o.audit(ctx, tx, by, t.Account, "console.left", string(t.Account), map[string]any{})
	})
}

// OpenChallenge makes a single-use link with which the payer completes a payment
// that waits for them (R-3DS-05).
func (o *Office) OpenChallenge(ctx context.Context, by access.Caller, id payment.ID) (link string, expires time.Time, err error) {
	if err := by.May(access.BillsWrite); err != nil {
		return "", time.Time{}, err
	}
	p, err := o.payment(ctx, id)
	if err != nil {
		return "", time.Time{}, err
	}
	if by.MayTouch(p.Account) != nil {
		return "", time.Time{}, payment.ErrPaymentNotFound
	}
	if p.State != payment.Waiting {
		return "", time.Time{}, ErrNoChallenge
	}
	secret, err := o.issueTicket(ctx, challengeTicket, p.ChallengeUntil.Sub(o.Now()), func(tx *store.Tx) (store.Ticket, error) {
		t := store.Ticket{Account: p.Account, Subject: string(id)}
		return t, o.audit(ctx, tx, by, p.Account, "payment.link_made", string(id), map[string]any{})
	})
	return o.ConsoleURL + "/challenge/" + secret, p.ChallengeUntil, err
}

// TakeChallenge uses a challenge link up and returns the payment that it is for,
// with where its challenge is.
func (o *Office) TakeChallenge(ctx context.Context, link string) (payment.Payment, error) {
	var t store.Ticket
	err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		t, err = tx.UseTicket(ctx, hashOf(link), challengeTicket, o.Now())
		return err
	})
	if err != nil {
		return payment.Payment{}, err
	}
	return o.ContinuePayment(ctx, payment.ID(t.Subject), o.ConsoleURL+"/challenge/done")
}

// issueTicket makes a secret word and keeps its hash, with what else there is to
// keep of it.
func (o *Office) issueTicket(ctx context.Context, kind string, lasts time.Duration, what func(*store.Tx) (store.Ticket, error)) (string, error) {
	b := make([]byte, secretBytes)
	if _, err := io.ReadFull(o.Random, b); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	secret := base64.RawURLEncoding.EncodeToString(b)
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		t, err := what(tx)
		if err != nil {
			return err
		}
		t.Hash, t.Kind, t.ExpiresAt = hashOf(secret), kind, o.Now().Add(lasts)
		return tx.AddTicket(ctx, t)
	})
	return secret, err
}

func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}
