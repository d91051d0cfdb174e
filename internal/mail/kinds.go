// Package mail is what a customer is told: the kinds of messages, their words in
// every language that the product speaks, and letters, which are messages on their
// way to a mailbox. A message is kept as a kind and some facts, and is put into
// words when it is read or sent, in the language that its reader has by then.
//
// Letters go out over SMTP through a Sender. It never decides whether a letter is
// sent again: it says what is known of an attempt, and Letter.After knows what
// follows. A letter whose answer was lost is sent once more and no oftener, under
// the same Message-ID.
package mail

import (
	"slices"
	"strings"
)

// Kind is a kind of message. Its name is for ever, as what is kept refers to it.
type Kind struct {
	Name string

	// Critical kinds concern money that is owed or access to what was paid for.
	// They are always mailed.
	Critical bool

	// Page is the console's page on which the reader goes on; {subject} stands for
	// the id of what the message is about. "" leads nowhere.
	Page string

	// Challenge says that the message is about a payment that waits for its payer,
	// and that a mail brings a single-use link to it (R-3DS-05).
	Challenge bool
}

// The pages of the console that mails lead to beside those of their kinds.
const (
	MessagesPage = "/messages"
	ChoicesPage  = "/messages/choices"
)

// Kinds are all kinds of messages, in the order in which they are shown.
var Kinds = []Kind{
	{Name: "payment_failed", Critical: true, Page: "/methods"}, // R-DUN-02
	{Name: "nothing_to_charge", Critical: true, Page: "/methods"},
	{Name: "challenge_waiting", Critical: true, Challenge: true}, // R-3DS-06
	{Name: "threshold_charged", Page: "/debts/{subject}"},
	{Name: "bill_issued", Critical: true, Page: "/bills/{subject}"},
	{Name: "bill_paid", Page: "/bills/{subject}"},
	{Name: "hold_placed", Page: "/methods/{subject}"},
	{Name: "hold_returned", Page: "/methods/{subject}"}, // S-25
	{Name: "hold_declined", Critical: true, Page: "/methods"},
	{Name: "card_expiring", Page: "/methods/{subject}"}, // R-DUN-10
	{Name: "method_expired", Critical: true, Page: "/methods/{subject}"},
	{Name: "method_unavailable", Critical: true, Page: "/methods/{subject}"},
	{Name: "method_invalid", Critical: true, Page: "/methods/{subject}"},
	{Name: "agreement_refused", Page: "/ways-to-pay"},
	{Name: "identity_needed", Critical: true, Page: "/identity/{subject}"},
	{Name: "identity_approved", Critical: true, Page: "/identity/{subject}"},
	{Name: "identity_rejected", Critical: true, Page: "/identity/{subject}"},
	{Name: "identity_expired", Critical: true, Page: "/identity/{subject}"},
	{Name: "account_closing", Critical: true, Page: "/close"},
	{Name: "account_reopened", Critical: true, Page: "/"},
	{Name: "order_paid", Page: "/checkout/{subject}"},
	{Name: "order_lapsed", Page: "/checkout/{subject}"},
	{Name: "order_cancelled", Page: "/checkout/{subject}"},
	{Name: "renewal_failed", Critical: true, Page: "/subscriptions/{subject}"},
	{Name: "refund_started", Page: "/refunds/{subject}"},
	{Name: "refund_done", Page: "/refunds/{subject}"},
	{Name: "bill_due", Critical: true, Page: "/bills/{subject}"},
	{Name: "bill_overdue", Critical: true, Page: "/bills/{subject}"},
	{Name: "cash_applied", Page: "/funds"},
	{Name: "balance_topped_up", Page: "/funds"},
	{Name: "credit_opened", Critical: true, Page: "/funds"},
	{Name: "credit_low", Critical: true, Page: "/funds"}, // R-CRED-05
	{Name: "refund_to_balance", Critical: true, Page: "/funds"},
	{Name: "remittance_credited", Page: "/funds"}, // R-WIRE-03
	{Name: "remittance_reversed", Critical: true, Page: "/funds"},
}

// KindOf finds a kind by its name.
func KindOf(name string) (Kind, bool) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds[i], true
}

// PageOf is the path of the console on which the reader of a message about subject
// goes on. A subject may have more behind a slash, which tells messages about the
// same thing apart.
func (k Kind) PageOf(subject string) string {
	id, _, _ := strings.Cut(subject, "/")
	return strings.ReplaceAll(k.Page, "{subject}", id)
}
