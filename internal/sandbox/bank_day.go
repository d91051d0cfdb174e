package sandbox

import (
	"slices"
	"time"
)

// A BankStatement is what the bank says about one account and day. It never changes
// once it was issued. Amounts are decimals.
type BankStatement struct {
	Account  string `json:"account"`
	Number   int    `json:"number"` // of the account, from 1, without a gap
	Day      string `json:"day"`
	Currency string `json:"currency"`
	Opening  string `json:"opening"` // the closing balance of the one before
	Closing  string `json:"closing"`
	Credits  string `json:"credits"`
	Debits   string `json:"debits"`
	Entries  int    `json:"entries"` // booked ones
	Pending  int    `json:"pending"` // entries that are announced
	// Files are where it can be downloaded, by format.
	Files map[string]string `json:"files"`

	bank             bankRow
	opening, closing int64
	openingDay       string
	atUS             int64
}

// dayWillEnd has the account's day end by itself at midnight, so that statements come
// when the clock is moved, too.
func (t *tx) dayWillEnd(b bankRow) error {
	midnight := t.now.Truncate(24 * time.Hour).Add(24 * time.Hour)
	found, err := t.w.store.row("SELECT 1 FROM due WHERE at = $1 AND what = $2 AND object = $3",
		[]any{midnight.UnixMicro(), dueBankDayEnds, b.number}, new(int))
	if err != nil || found {
		return err
	}
	return t.later(midnight, dueBankDayEnds, b.number)
}

// bankDayEnds ends the day that is over at midnight.
func (t *tx) bankDayEnds(account string) error {
	b, err := t.bankAccount(account)
	if err != nil {
		return err
	}
	if _, err = t.endDay(b, t.now.Add(-time.Nanosecond).Format(time.DateOnly), false); err != nil {
		return err
	}
	waiting, err := t.w.store.row("SELECT 1 FROM bank_entries WHERE account = $1 AND state = 'pending' LIMIT 1", []any{b.number}, new(int))
	if err != nil || !waiting {
		return err
	}
	return t.dayWillEnd(b)
}

// EndDay ends the bank's day now, on one account or on all if account is "", and
// returns the statements that it issues. What is booked later today is on another
// one. Without anything booked there is one statement a day at most.
func (w *World) EndDay(account string) (issued []BankStatement, err error) {
	issued = []BankStatement{}
	err = w.asSandbox(func(t *tx) error {
		rows, err := t.bankAccounts()
		if account != "" {
			var b bankRow
			b, err = t.bankAccount(account)
			rows = []bankRow{b}
		}
		if err != nil {
			return err
		}
		for _, b := range rows {
			got, err := t.endDay(b, t.now.Format(time.DateOnly), true)
			if err != nil {
				return err
			}
			issued = append(issued, got...)
		}
		return nil
	})
	return issued, err
}

// endDay issues the statements of an account that are missing up to a day. Entries that
// an earlier statement announced are booked on the last of them.
func (t *tx) endDay(b bankRow, day string, evenEmpty bool) (issued []BankStatement, err error) {
	cleared, err := t.bookAnnounced(b, day)
	if err != nil {
		return nil, err
	}
	var days []string
	err = t.w.store.each("SELECT DISTINCT day FROM bank_entries WHERE account = $1 AND state = 'booked' AND statement = 0 AND day <= $2 ORDER BY day",
		[]any{b.number, day}, func(scan func(...any) error) error {
			var d string
			err := scan(&d)
			days = append(days, d)
			return err
		})
	if err != nil {
		return nil, err
	}
	if !slices.Contains(days, day) && (cleared || evenEmpty) {
		there := false
		if there, err = t.w.store.row("SELECT 1 FROM bank_statements WHERE account = $1 AND day >= $2", []any{b.number, day}, new(int)); err != nil {
			return nil, err
		}
		if !there {
			days = append(days, day)
		}
	}
	for i, d := range days {
		s, err := t.issue(b, d, i == len(days)-1)
		if err != nil {
			return nil, err
		}
		issued = append(issued, s)
	}
	return issued, nil
}

// bookAnnounced books what the statement of an earlier day has shown as pending.
func (t *tx) bookAnnounced(b bankRow, day string) (found bool, err error) {
	var all []*BankEntry
	if err := t.entriesWhere(b, `state = 'pending' AND seq IN (
		SELECT p.entry FROM bank_shown_pending AS p JOIN bank_statements AS s ON s.account = p.account AND s.number = p.statement
		 WHERE p.account = $1 AND s.day < $2)`, []any{day}, func(e *BankEntry) error {
		all = append(all, e)
		return nil
	}); err != nil {
		return false, err
	}
	for _, e := range all {
		e.State, e.Day = bankBooked, day
		if err := t.w.store.exec("UPDATE bank_entries SET state = 'booked', day = $1 WHERE seq = $2", day, e.seq); err != nil {
			return false, err
		}
		if err := t.bookBankEntry(e); err != nil {
			return false, err
		}
	}
	return len(all) > 0, nil
}

// issue makes the next statement of an account. The last one of a day's end shows what
// is pending, too.
func (t *tx) issue(b bankRow, day string, last bool) (BankStatement, error) {
	number, opening := 0, b.opening
	if _, err := t.w.store.row("SELECT number, closing FROM bank_statements WHERE account = $1 ORDER BY number DESC LIMIT 1",
		[]any{b.number}, &number, &opening); err != nil {
		return BankStatement{}, err
	}
	number++
	sum := int64(0)
	if _, err := t.w.store.row("SELECT coalesce(sum(amount), 0) FROM bank_entries WHERE account = $1 AND state = 'booked' AND statement = 0 AND day = $2",
		[]any{b.number, day}, &sum); err != nil {
		return BankStatement{}, err
	}
	if err := t.w.store.exec("UPDATE bank_entries SET statement = $1 WHERE account = $2 AND state = 'booked' AND statement = 0 AND day = $3",
		number, b.number, day); err != nil {
		return BankStatement{}, err
	}
	if err := t.w.store.exec("INSERT INTO bank_statements (account, number, day, opening, closing, at) VALUES ($1, $2, $3, $4, $5, $6)",
		b.number, number, day, opening, opening+sum, t.now.UnixMicro()); err != nil {
		return BankStatement{}, err
	}
	if last {
		if err := t.w.store.exec(`
			INSERT INTO bank_shown_pending (account, statement, entry)
			SELECT account, $1, seq FROM bank_entries WHERE account = $2 AND state = 'pending'`, number, b.number); err != nil {
			return BankStatement{}, err
		}
	}
	return t.bankStatement(b, number)
}

const bankStatementColumns = `s.account, s.number, s.day, s.opening, s.closing, s.at,
	coalesce((SELECT p.day FROM bank_statements AS p WHERE p.account = s.account AND p.number = s.number - 1), s.day),
	(SELECT count(*) FROM bank_entries AS e WHERE e.account = s.account AND e.statement = s.number),
	coalesce((SELECT sum(e.amount) FROM bank_entries AS e WHERE e.account = s.account AND e.statement = s.number AND e.amount > 0), 0),
	(SELECT count(*) FROM bank_shown_pending AS p WHERE p.account = s.account AND p.statement = s.number)`

func scanBankStatement(b bankRow, scan func(...any) error) (BankStatement, error) {
	s := BankStatement{bank: b, Currency: string(b.currency), Files: map[string]string{}}
	var credits int64
	if err := scan(&s.Account, &s.Number, &s.Day, &s.opening, &s.closing, &s.atUS, &s.openingDay, &s.Entries, &credits, &s.Pending); err != nil {
		return s, err
	}
	s.Opening, s.Closing, s.Credits = b.in(s.opening).Decimal(), b.in(s.closing).Decimal(), b.in(credits).Decimal()
	s.Debits = b.in(s.opening + credits - s.closing).Decimal()
	for format := range bankFormats {
		s.Files[format] = bankFilePath(s, format)
	}
	return s, nil
}

// bankStatement finds one statement of an account.
func (t *tx) bankStatement(b bankRow, number int) (s BankStatement, err error) {
	found := false
	err = t.w.store.each("SELECT "+bankStatementColumns+" FROM bank_statements AS s WHERE s.account = $1 AND s.number = $2", []any{b.number, number},
		func(scan func(...any) error) (err error) {
			found = true
			s, err = scanBankStatement(b, scan)
			return err
		})
	if err == nil && !found {
		err = badOrder{"The account has no statement with this number."}
	}
	return s, err
}

// BankStatements lists the statements of an account behind a number, oldest first.
func (w *World) BankStatements(account string, after int) (all []BankStatement, err error) {
	all = []BankStatement{}
	err = w.asSandbox(func(t *tx) error {
		b, err := t.bankAccount(account)
		if err != nil {
			return err
		}
		return t.w.store.each("SELECT "+bankStatementColumns+" FROM bank_statements AS s WHERE s.account = $1 AND s.number > $2 ORDER BY s.number LIMIT $3",
			[]any{b.number, after, bankListMax}, func(scan func(...any) error) error {
				s, err := scanBankStatement(b, scan)
				all = append(all, s)
				return err
			})
	})
	return all, err
}
