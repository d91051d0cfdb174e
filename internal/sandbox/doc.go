// Package sandbox is a pretend outside world for trying out payments: a card
// network that speaks Stripe's wire protocol, a wallet that speaks PayPal's, and a
// bank that takes transfers and issues statements, with state, clock, faults and
// books of their own.
//
// A [World] is an http.Handler. Give it a listener and point any Stripe client
// at it with any sk_test_ key, or connect a client to it in process with
// [World.Transport]. It knows the card numbers that Stripe publishes for
// testing and refuses every other, and it keeps none: a card is remembered by
// its published name. Any PayPal client gets an access token for any id and
// secret; payers are a table of pretend ones, who agree on the wallet's pages or
// by [World.ApproveAs]. What the world did it writes into one SQLite file, in one
// transaction per request, so that it can be killed at any moment and go on.
//
// It keeps double-entry books of the money that it moved, which nobody but
// itself writes to: whoever tests a payment system against it reads
// /_sandbox/books and compares. Under /_sandbox it also takes orders: move the
// clock, lose an answer, decline the next charge of a card.
//
// Simplifications against the real thing: there is one merchant, every key
// belongs to it; money settles in the currency it was charged in; and what
// collecting by card or PayPal has no use for is not there.
package sandbox
