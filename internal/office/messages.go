package office

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/job"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/store"
)

// notify tells the customer something: a message in the message centre, once for
// each subject, and a letter to their mailbox unless they have chosen to do without
// letters of that kind. kind is one of mail.Kinds. Both are kept with whatever the
// transaction does; nothing is sent before the commit, and nothing is lost after it.
func (o *Office) notify(ctx context.Context, tx *store.Tx, id account.ID, kind, subject string, facts mail.Facts) error {
	return o.notifyAll(ctx, tx, []word{{id, kind, subject, facts}})
}

// word is something that a customer is told.
type word struct {
	account account.ID
	kind    string // one of mail.Kinds
	subject string
	facts   mail.Facts
}

// notifyAll is notify for many, with a fixed number of statements.
func (o *Office) notifyAll(ctx context.Context, tx *store.Tx, words []word) error {
	now := o.Now()
	notices := make([]store.Notice, len(words))
	var mailed []store.Notice
	var letters []job.Job
	for i, w := range words {
		n := store.Notice{ID: o.IDs.New("msg"), Account: w.account, Kind: w.kind, Subject: w.subject, Detail: w.facts, CreatedAt: now}
		notices[i] = n
		if _, known := mail.KindOf(w.kind); !known { // the message can be read; money is not held up for a word
			o.Log.ErrorContext(ctx, "message without words", "kind", w.kind)
			continue
		}
		// Where there is no letter the job finds none. To ask here would cost a journey.
		mailed, letters = append(mailed, n), append(letters, letterJob(n.ID, now))
	}
	if err := tx.AddNotices(ctx, notices); err != nil {
		return err
	}
	isCritical := func(kind string) bool { k, _ := mail.KindOf(kind); return k.Critical }
	if err := tx.AddLetters(ctx, mailed, isCritical); err != nil {
		return err
	}
	return tx.Enqueue(ctx, letters...)
}

// planLetter enqueues the job of a letter's next attempt.
func (o *Office) planLetter(ctx context.Context, tx *store.Tx, message string, at time.Time) error {
	return tx.Enqueue(ctx, letterJob(message, at))
}

func letterJob(message string, at time.Time) job.Job {
	return job.Job{Kind: deliverMail, Subject: message, At: at, Once: true}
}

// meaning is what an event that needs no more facts means to the customer; "" nothing.
func meaning(e Event) (kind string, facts mail.Facts) {
	switch is := e.Data.(type) {
	case billing.Debt:
		if e.Kind == "debt.paid" && is.Kind == billing.ThresholdDebt {
			return "threshold_charged", mail.Facts{"amount": is.Amount.String(), "month": string(is.Month)}
		}
	case billing.Bill:
		if e.Kind == "bill.paid" {
			return "bill_paid", mail.Facts{"month": string(is.Month), "total": is.Total.String()}
		}
	case bank.Claim:
		if e.Kind == "claim.credited" {
			return "remittance_credited", mail.Facts{"amount": is.Credited().String()}
		}
	case payment.Refund:
		if kind := map[string]string{"refund.succeeded": "refund_done", "refund.to_balance": "refund_to_balance"}[e.Kind]; kind != "" {
			return kind, mail.Facts{"amount": is.Amount.String()}
		}
	case payment.Agreement:
		if e.Kind == "agreement.refused" && is.Reason != reasonNotApproved { // that was the payer's own doing
			return "agreement_refused", mail.Facts{"kind": string(payment.PayPalKind), "reason": is.Reason}
		}
	}
	return "", nil
}

// tellHolder tells of a hold that was placed, and of one that was given back
// (S-25). What never was held is not told.
func (o *Office) tellHolder(ctx context.Context, tx *store.Tx, event string, h payment.Hold) error {
	kind := map[string]string{"hold.placed": "hold_placed", "hold.released": "hold_returned"}[event]
	if kind == "" || h.PlacedAt.IsZero() {
		return nil
	}
	m, err := tx.Method(ctx, h.Method)
	if err != nil {
		return err
	}
	facts := methodFacts(m)
	facts["amount"], facts["variant"] = h.Amount.String(), string(h.Kind)
	return o.notify(ctx, tx, h.Account, kind, string(h.Method)+"/"+string(h.ID), facts)
}

// methodFacts are what messages say about a payment method.
func methodFacts(m payment.Method) mail.Facts {
	if m.Kind == payment.PayPalKind {
		return mail.Facts{"kind": string(m.Kind), "email": m.Email}
	}
	return mail.Facts{"kind": string(m.Kind), "brand": string(m.Card.Brand), "last4": m.Card.Last4}
}

// Message is something the customer was told.
type Message struct {
	ID        string
	Account   account.ID
	Kind      string
	Subject   string // the id of what it is about; what is behind a slash tells messages about the same thing apart
	Critical  bool
	Page      string     // path of the console on which the reader goes on; "" none
	Challenge payment.ID // the payment that the reader can complete now with OpenChallenge; "" none
	CreatedAt time.Time
	ReadAt    time.Time // zero: it was not

	facts mail.Facts
	zone  *time.Location
}

// In puts the message into words. Its title, paragraphs and the word for the way on
// are plain text.
func (m Message) In(language string) mail.Written {
	return mail.Write(m.Kind, m.facts, mail.Reader{Language: language, Zone: m.zone})
}

// messageOf is a notice as its reader gets it.
func messageOf(n store.Notice, zone *time.Location) Message {
	k, _ := mail.KindOf(n.Kind)
	return Message{
		ID: n.ID, Account: n.Account, Kind: n.Kind, Subject: n.Subject, Critical: k.Critical, Page: k.PageOf(n.Subject),
		CreatedAt: n.CreatedAt, ReadAt: n.ReadAt, facts: n.Detail, zone: zone,
	}
}

// Messages lists what an account was told, newest first.
func (o *Office) Messages(ctx context.Context, by access.Caller, id account.ID, p Page) (list []Message, next string, err error) {
	if err := mayTouch(by, access.AccountsRead, id); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		notices, err := tx.Notices(ctx, id, p.After, p.Limit+1)
		if err != nil {
			return err
		}
		list = make([]Message, 0, len(notices))
		for _, n := range notices {
			m := messageOf(n, a.Location())
			if k, _ := mail.KindOf(n.Kind); k.Challenge {
				if m.Challenge, err = o.openChallenge(ctx, tx, n); err != nil {
					return err
				}
			}
			list = append(list, m)
		}
		return nil
	})
	list, next = cut(list, p, func(m Message) string { return m.ID })
	return list, next, err
}

// Message fetches one message of an account.
func (o *Office) Message(ctx context.Context, by access.Caller, id account.ID, message string) (m Message, err error) {
	if err := mayTouch(by, access.AccountsRead, id); err != nil {
		return m, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		n, err := tx.Notice(ctx, message)
		if err != nil {
			return err
		}
		if n.Account != id {
			return mail.ErrMessageNotFound
		}
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		m = messageOf(n, a.Location())
		if k, _ := mail.KindOf(n.Kind); k.Challenge {
			m.Challenge, err = o.openChallenge(ctx, tx, n)
		}
		return err
	})
	if err != nil {
		return Message{}, err
	}
	return m, nil
}

// openChallenge is the payment that a notice asks the payer to complete, while it
// waits for them.
func (o *Office) openChallenge(ctx context.Context, tx *store.Tx, n store.Notice) (payment.ID, error) {
	p, err := tx.Payment(ctx, payment.ID(n.Subject))
	if err != nil || !o.waitsForPayer(p) {
		return "", err
	}
	return p.ID, nil
}

func (o *Office) waitsForPayer(p payment.Payment) bool {
	return p.State == payment.Waiting && p.ChallengeUntil.After(o.Now())
}

// UnreadMax is how many unread messages are counted at most.
const UnreadMax = 100

// UnreadMessages counts what an account was told and has not read, up to UnreadMax.
func (o *Office) UnreadMessages(ctx context.Context, by access.Caller, id account.ID) (count int, err error) {
	if err := mayTouch(by, access.AccountsRead, id); err != nil {
		return 0, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		count, err = tx.UnreadNotices(ctx, id, UnreadMax)
		return err
	})
	return count, err
}

// MarkRead notes that one message of an account was read. A message that was read
// before keeps its instant.
func (o *Office) MarkRead(ctx context.Context, by access.Caller, id account.ID, message string) error {
	return o.markRead(ctx, by, id, message, (*store.Tx).ReadNotice)
}

// MarkAllRead notes that an account's messages were read, from its first to the
// given one: those that came after a page was shown stay unread.
func (o *Office) MarkAllRead(ctx context.Context, by access.Caller, id account.ID, through string) error {
	return o.markRead(ctx, by, id, through, (*store.Tx).ReadNotices)
}

func (o *Office) markRead(ctx context.Context, by access.Caller, id account.ID, message string, mark func(*store.Tx, context.Context, account.ID, string, time.Time) error) error {
	if err := mayAnswer(by, id); err != nil {
		return err
	}
	return o.Store.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Notice(ctx, message)
		if err != nil {
			return err
		}
		if n.Account != id {
			return mail.ErrMessageNotFound
		}
		return mark(tx, ctx, id, message, o.Now())
	})
}

// mayAnswer is the question before what customers do for themselves: a session of
// their own is enough, and whoever may change the account may do it for them.
func mayAnswer(by access.Caller, id account.ID) error {
	if by.Account != "" {
		return mayTouch(by, access.AccountsRead, id)
	}
	return mayTouch(by, access.AccountsWrite, id)
}

// MailChoices are the mails that an account gets.
type MailChoices struct {
	Email    string // where they go
	Language string // one of account.Languages
	Kinds    []MailChoice
}

// MailChoice is whether mails of a kind are sent.
type MailChoice struct {
	Kind     string
	Critical bool // always sent
	Wanted   bool
}

// In is what the kind is called.
func (c MailChoice) In(language string) string { return mail.Label(c.Kind, language) }

// MailChoices says which mails an account gets.
func (o *Office) MailChoices(ctx context.Context, by access.Caller, id account.ID) (c MailChoices, err error) {
	if err := mayTouch(by, access.AccountsRead, id); err != nil {
		return c, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		c, err = choicesOf(ctx, tx, a)
		return err
	})
	return c, err
}

func choicesOf(ctx context.Context, tx *store.Tx, a account.Account) (MailChoices, error) {
	c := MailChoices{Email: a.Email, Language: a.Language}
	chosen, err := tx.MailChoices(ctx, a.ID)
	for _, k := range mail.Kinds {
		wanted, isChosen := chosen[k.Name]
		c.Kinds = append(c.Kinds, MailChoice{Kind: k.Name, Critical: k.Critical, Wanted: k.Critical || !isChosen || wanted})
	}
	return c, err
}

// MailChange is what a customer changes about their mails. Language "" and kinds
// that are not named stay as they are.
type MailChange struct {
	Language string
	Wanted   map[string]bool // by kind
}

// SetMailChoices changes which mails an account gets, and in which language it is
// told. Mails of critical kinds cannot be switched off.
func (o *Office) SetMailChoices(ctx context.Context, by access.Caller, id account.ID, change MailChange) (c MailChoices, err error) {
	if err := mayAnswer(by, id); err != nil {
		return c, err
	}
	for kind, wanted := range change.Wanted {
		k, known := mail.KindOf(kind)
		switch {
		case !known:
			return c, mail.ErrKindUnknown
		case k.Critical && !wanted:
			return c, mail.ErrKindCritical.At(kind)
		}
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		before, err := tx.MailChoices(ctx, id)
		if err != nil {
			return err
		}
		var changed []string
		for _, k := range mail.Kinds {
			wanted, isNamed := change.Wanted[k.Name]
			if was, isChosen := before[k.Name]; !isNamed || wanted == (!isChosen || was) {
				continue
			}
			if err := tx.ChooseMail(ctx, id, k.Name, wanted); err != nil {
				return err
			}
			changed = append(changed, k.Name)
		}
		if change.Language != "" && change.Language != a.Language {
			a.Language = change.Language
			if err := a.Check(); err != nil {
				return err
			}
			if err := tx.SaveAccount(ctx, a); err != nil {
				return err
			}
			changed = append(changed, "language")
			if err := o.emit(ctx, tx, Event{Kind: "account.changed", Account: id, Subject: string(id), Data: a}); err != nil {
				return err
			}
		}
		if len(changed) > 0 {
			if err := o.audit(ctx, tx, by, id, "mail.chosen", string(id), map[string]any{"changed": strings.Join(changed, ",")}); err != nil {
				return err
			}
		}
		c, err = choicesOf(ctx, tx, a)
		return err
	})
	return c, err
}

// LetterFilter says which mails are wanted; an empty field means all.
type LetterFilter struct {
	Account account.ID
	State   mail.State
}

// Letters lists mails, newest first, without what is in them.
func (o *Office) Letters(ctx context.Context, by access.Caller, f LetterFilter, p Page) (list []mail.Letter, next string, err error) {
	if err := by.May(access.AccountsRead); err != nil {
		return nil, "", err
	}
	if by.Account != "" {
		if f.Account != "" && f.Account != by.Account {
			return nil, "", nil
		}
		f.Account = by.Account
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Letters(ctx, store.LetterFilter{Account: f.Account, State: f.State, Before: p.After}, p.Limit+1)
		return err
	})
	for i := range list {
		list[i].Text = ""
	}
	list, next = cut(list, p, func(l mail.Letter) string { return l.Message })
	return list, next, err
}

// Letter fetches a mail. A kept one may hold a link with which its reader acts for
// the customer, so whoever reads it must be somebody who may make such links.
func (o *Office) Letter(ctx context.Context, by access.Caller, message string) (l mail.Letter, err error) {
	if err := by.May(access.SessionsWrite); err != nil {
		return l, err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		l, err = tx.Letter(ctx, message)
		return err
	})
	if err == nil && by.MayTouch(l.Account) != nil {
		return mail.Letter{}, mail.ErrLetterNotFound
	}
	return l, err
}

// noticeDays are the days of the month before a card's last one on which its holder
// is told (R-DUN-10), and the month's last day.
var noticeDays = []int{1, 15}

// tellExpiries tells the holders of cards that end next month. A day that was missed
// is made up for; who bound their card after it is told on the next one.
func (o *Office) tellExpiries(ctx context.Context) error {
	const (
		page     = 500
		pagesMax = 10_000
	)
	for range pagesMax {
		told := 0
		err := o.Store.Update(ctx, func(tx *store.Tx) error {
			p, err := o.ruling(ctx, tx, o.Now())
			if err != nil {
				return err
			}
			today := o.Now().In(p.Zone)
			due, end := noticeDay(today), time.Date(today.Year(), today.Month()+1, 1, 0, 0, 0, 0, p.Zone)
			cards, err := tx.ExpiringCards(ctx, end, due, "card_expiring", "/"+due.Format(time.DateOnly), page)
			if err != nil {
				return err
			}
			told = len(cards)
			for _, m := range cards {
				facts := methodFacts(m)
				facts["expires"] = end.Format("2006-01")
				if err := o.notify(ctx, tx, m.Account, "card_expiring", string(m.ID)+"/"+due.Format(time.DateOnly), facts); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || told < page {
			return err
		}
	}
	return nil
}

// noticeDay is the last notice day of this month up to today.
func noticeDay(today time.Time) time.Time {
	last := time.Date(today.Year(), today.Month()+1, 0, 0, 0, 0, 0, today.Location()).Day()
	day := 1
	for _, d := range slices.Concat(noticeDays, []int{last}) {
		if d <= today.Day() {
			day = d
		}
	}
	return time.Date(today.Year(), today.Month(), day, 0, 0, 0, 0, today.Location())
}
