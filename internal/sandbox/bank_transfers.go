package sandbox

import (
	"fmt"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// A Transfer is what somebody's bank sends to an account of the merchant.
type Transfer struct {
	To       string `json:"to"` // an account's own number or a virtual one
	Amount   string `json:"amount"`
	Currency string `json:"currency,omitempty"` // of Amount; the account's, unless said
	// Arrives is what the account gets, if Amount is in another currency.
	Arrives string `json:"arrives,omitempty"`
	// SenderFee is what the banks on the way keep of Amount.
	SenderFee string    `json:"sender_fee,omitempty"`
	Rail      string    `json:"rail,omitempty"` // sepa, instant, domestic, cross_border, internal, cash or cheque
	Payer     BankParty `json:"payer"`
	// Reference is what the payer wrote, Structured a creditor's reference such as RF18….
	Reference  string `json:"reference,omitempty"`
	Structured string `json:"structured,omitempty"`
	EndToEnd   string `json:"end_to_end,omitempty"`
	ValueDay   string `json:"value_day,omitempty"` // today, unless said
	// Pending has the bank announce it on this day's statement and book it with the next.
	Pending bool `json:"pending,omitempty"`
}

// Transfer has money arrive at an account.
func (w *World) Transfer(o Transfer) (made BankEntry, err error) {
	err = w.asSandbox(func(t *tx) error {
		b, err := t.accountOfNumber(o.To)
		if err != nil {
			return err
		}
		e, err := t.arriving(b, o)
		if err != nil {
			return err
		}
		if err := t.addEntry(e); err != nil {
			return err
		}
		made = *e
		return nil
	})
	return made, err
}

// arriving is the entry that a transfer makes.
func (t *tx) arriving(b bankRow, o Transfer) (*BankEntry, error) {
	if o.Rail == "" {
		o.Rail = bankRailUsual
	}
	if _, known := bankRails[o.Rail]; !known {
		return nil, badOrder{"rail is sepa, instant, domestic, cross_border, internal, cash or cheque."}
	}
	if err := checkBankNumber(bankNumber(o.To)); err != nil {
		return nil, err
	}
	if o.Payer.Name == "" {
		o.Payer.Name = "A pretend payer"
	}
	f := bankFacts{Rail: o.Rail, Text: o.Reference, Ref: bankNumber(o.Structured), EndToEnd: o.EndToEnd, Other: o.Payer}
	f.Other.Account = bankNumber(o.Payer.Account)
	if number := bankNumber(o.To); number != b.number {
		f.To = number
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	got, err := f.take(b, o)
	if err != nil {
		return nil, err
	}
	e := t.newEntry(b, bankTransfer, got.Minor)
	e.bankFacts = f
	if o.Pending {
		e.State = bankPending
	}
	if o.ValueDay != "" {
		if _, err := time.Parse(time.DateOnly, o.ValueDay); err != nil {
			return nil, badOrder{"value_day is a day such as 2026-03-10."}
		}
		e.ValueDay = o.ValueDay
	}
	return e, nil
}

// check refuses texts that no statement can carry.
func (f bankFacts) check() error {
	for _, c := range []struct {
		text string
		most int
	}{
		{f.Text, bankTextMax},
		{f.Ref, bankReferenceMax},
		{f.EndToEnd, bankReferenceMax},
		{f.Other.Name, bankNameMax},
		{f.Other.BIC, bankReferenceMax},
		{f.Note, bankTextMax},
	} {
		if err := checkBankText(c.text, c.most); err != nil {
			return err
		}
	}
	if swiftText(f.EndToEnd) != f.EndToEnd {
		return badOrder{"end_to_end has letters, digits, spaces and / - : ( ) . , ' + only, as banks pass on."}
	}
	if f.Other.Account == "" {
		return nil
	}
	return checkBankNumber(f.Other.Account)
}

// take says what arrives of what was sent.
func (f *bankFacts) take(b bankRow, o Transfer) (got money.Amount, err error) {
	sentIn := b.currency
	if o.Currency != "" {
		if sentIn, err = money.ParseCurrency(o.Currency); err != nil {
			return got, badOrder{"currency is an ISO 4217 code such as EUR."}
		}
	}
	sent, err := parsePositive(o.Amount, sentIn)
	if err != nil {
		return got, err
	}
	rest := sent
	if o.SenderFee != "" {
		fee, err := parsePositive(o.SenderFee, sentIn)
		if err != nil {
			return got, err
		}
		if rest, err = sent.Sub(fee); err != nil || !rest.IsPositive() {
			return got, badOrder{"The sender's fee leaves nothing to arrive."}
		}
		f.Charges = fee.Decimal()
	}
	switch {
	case sentIn != b.currency && o.Arrives == "":
		return got, badOrder{fmt.Sprintf("The account is in %s: say with arrives what it gets.", b.currency)}
	case sentIn != b.currency:
		if got, err = parsePositive(o.Arrives, b.currency); err != nil {
			return got, err
		}
	case o.Arrives != "":
		return got, badOrder{"arrives is for transfers in another currency than the account's."}
	default:
		got = rest
	}
	if got != sent {
		f.Sent, f.SentIn = sent.Decimal(), string(sentIn)
	}
	return got, nil
}

// A Payment is what the merchant sends from an account. EndToEnd is its key: the same
// order again is the same payment.
type Payment struct {
	Account    string    `json:"account"`
	Amount     string    `json:"amount"`
	Rail       string    `json:"rail,omitempty"`
	Payee      BankParty `json:"payee"`
	Reference  string    `json:"reference,omitempty"`
	Structured string    `json:"structured,omitempty"`
	EndToEnd   string    `json:"end_to_end"`
}

// Pay has money leave an account, if there is enough.
func (w *World) Pay(o Payment) (made BankEntry, err error) {
	err = w.asSandbox(func(t *tx) error {
		b, err := t.bankAccount(o.Account)
		if err != nil {
			return err
		}
		e, err := t.leaving(b, o)
		if err != nil {
			return err
		}
		made = *e
		return nil
	})
	return made, err
}

func (t *tx) leaving(b bankRow, o Payment) (*BankEntry, error) {
	if o.Rail == "" {
		o.Rail = bankRailUsual
	}
	if _, known := bankRails[o.Rail]; !known || o.EndToEnd == "" || o.Payee.Name == "" || o.Payee.Account == "" {
		return nil, badOrder{"A payment names its payee and the payee's account, an end_to_end, and a rail that is known."}
	}
	amount, err := parsePositive(o.Amount, b.currency)
	if err != nil {
		return nil, err
	}
	e := t.newEntry(b, bankPayment, -amount.Minor)
	e.bankFacts = bankFacts{Rail: o.Rail, Text: o.Reference, Ref: bankNumber(o.Structured), EndToEnd: o.EndToEnd, Other: o.Payee}
	e.Other.Account = bankNumber(o.Payee.Account)
	if err := e.check(); err != nil {
		return nil, err
	}
	before, err := t.paymentWith(b, o.EndToEnd)
	switch {
	case err != nil:
		return nil, err
	case before != nil && (before.minor != e.minor || before.Other != e.Other):
		return nil, badOrder{"Another payment has this end_to_end."}
	case before != nil:
		return before, nil
	}
	a, err := t.shownAccount(b)
	if err != nil {
		return nil, err
	}
	if there, err := money.ParseAmount(a.Booked, b.currency); err != nil || there.Cmp(amount) < 0 {
		return nil, badOrder{"There is not so much money on the account."}
	}
	return e, t.addEntry(e)
}

// paymentWith finds a payment by its end_to_end, nil if there is none.
func (t *tx) paymentWith(b bankRow, endToEnd string) (found *BankEntry, err error) {
	err = t.entriesWhere(b, "kind = 'payment' AND end_to_end = $2", []any{endToEnd}, func(e *BankEntry) error {
		found = e
		return nil
	})
	return found, err
}

// bankReasons are those that ISO 20022 has for money that goes back.
var bankReasons = []string{"AC04", "AC06", "AM05", "AM09", "CUST", "DUPL", "FOCR", "FRAD", "MS03", "TECH"}

// A Reversal undoes an entry.
type Reversal struct {
	Entry  string `json:"entry"`            // the bank's reference
	Reason string `json:"reason,omitempty"` // an ISO 20022 code; MS03, no reason given, unless said
}

// Reverse undoes an entry that was booked: what came goes back, and what went comes
// back. One can be undone once, and an undoing not at all.
func (w *World) Reverse(o Reversal) (made BankEntry, err error) {
	if o.Reason == "" {
		o.Reason = "MS03"
	}
	if !slices.Contains(bankReasons, o.Reason) {
		return made, badOrder{"reason is one of AC04, AC06, AM05, AM09, CUST, DUPL, FOCR, FRAD, MS03 and TECH."}
	}
	err = w.asSandbox(func(t *tx) error {
		undone, err := t.bankEntry(o.Entry)
		if err != nil {
			return err
		}
		if undone.State != bankBooked || undone.Kind == bankReversal {
			return badOrder{"Only what was booked, and is no reversal, can be reversed."}
		}
		again := false
		if again, err = t.w.store.row("SELECT 1 FROM bank_entries WHERE reverses = $1", []any{undone.Reference}, new(int)); err != nil || again {
			return orElse(err, badOrder{"The entry was reversed already."})
		}
		e := t.newEntry(undone.bank, bankReversal, -undone.minor)
		e.bankFacts, e.Reverses = undone.bankFacts, undone.Reference
		e.Sent, e.SentIn, e.Charges = "", "", ""
		e.Reason, e.Note = o.Reason, "REVERSAL OF "+undone.Reference
		if err := t.addEntry(e); err != nil {
			return err
		}
		made = *e
		return nil
	})
	return made, err
}

// A BankFee is what the bank takes for itself.
type BankFee struct {
	Account string `json:"account"`
	Amount  string `json:"amount"`
	Note    string `json:"note,omitempty"`
}

// TakeFee has the bank take a fee from an account.
func (w *World) TakeFee(o BankFee) (made BankEntry, err error) {
	err = w.asSandbox(func(t *tx) error {
		b, err := t.bankAccount(o.Account)
		if err != nil {
			return err
		}
		amount, err := parsePositive(o.Amount, b.currency)
		if err != nil {
			return err
		}
		e := t.newEntry(b, bankFee, -amount.Minor)
		if e.Note = o.Note; e.Note == "" {
			e.Note = "ACCOUNT FEE"
		}
		if err := e.check(); err != nil {
			return err
		}
		if err := t.addEntry(e); err != nil {
			return err
		}
		made = *e
		return nil
	})
	return made, err
}

// DropPending has an entry that was announced never be booked.
func (w *World) DropPending(reference string) (dropped BankEntry, err error) {
	err = w.asSandbox(func(t *tx) error {
		e, err := t.bankEntry(reference)
		if err != nil {
			return err
		}
		if e.State != bankPending {
			return badOrder{"Only what is pending can be dropped."}
		}
		e.State, dropped = bankDropped, *e
		dropped.State = bankDropped
		return t.w.store.exec("UPDATE bank_entries SET state = 'dropped' WHERE seq = $1", e.seq)
	})
	return dropped, err
}
