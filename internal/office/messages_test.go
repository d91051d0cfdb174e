package office_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/mail"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// told lists what an account was told, newest first.
func told(t *testing.T, d *officetest.Desk, a account.Account) []office.Message {
	t.Helper()
	list, _, err := d.Messages(t.Context(), access.CommandLine, a.ID, office.Page{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// kindsOf are the kinds of messages, oldest first.
func kindsOf(list []office.Message) []string {
	var kinds []string
	for _, m := range slices.Backward(list) {
		kinds = append(kinds, m.Kind)
	}
	return kinds
}

// theMessage is the one message of a kind.
func theMessage(t *testing.T, d *officetest.Desk, a account.Account, kind string) office.Message {
	t.Helper()
	list := slices.DeleteFunc(told(t, d, a), func(m office.Message) bool { return m.Kind != kind })
	if len(list) != 1 {
		t.Fatalf("got %d messages of the kind %s, want one", len(list), kind)
	}
	return list[0]
}

// session is a customer who has come into the console.
func session(a account.Account) access.Caller {
	return access.Caller{Name: "console:" + string(a.ID), Account: a.ID, Scopes: []access.Scope{access.AccountsRead, access.MethodsWrite, access.UsageRead, access.BillsWrite}}
}

// TestEveryMessageThatIsToldHasWords finds the kinds in the office's own text.
func TestEveryMessageThatIsToldHasWords(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if word, ok := kindTold(n).(*ast.BasicLit); ok {
				kind, err := strconv.Unquote(word.Value)
				if _, known := mail.KindOf(kind); err != nil || !known {
					t.Errorf("%s tells the message %s, which has no words", f.Name(), word.Value)
				}
				found++
			}
			return true
		})
	}
	if found < 10 {
		t.Errorf("got %d places that tell something, want all of them", found)
	}
	for _, s := range []payment.MethodState{payment.Unavailable, payment.Invalid, payment.Expired} {
		if _, known := mail.KindOf("method_" + string(s)); !known {
			t.Errorf("a method that becomes %s is told without words", s)
		}
	}
}

// kindTold is the kind of message in a call of notify, in a word for notifyAll, or in
// what an event means; nil in anything else.
func kindTold(n ast.Node) ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		if of, ok := n.Fun.(*ast.SelectorExpr); ok && of.Sel.Name == "notify" && len(n.Args) == 6 {
			return n.Args[3]
		}
	case *ast.CompositeLit:
		if of, ok := n.Type.(*ast.Ident); ok && of.Name == "word" {
			return n.Elts[1]
		}
	case *ast.ReturnStmt:
		if len(n.Results) != 2 {
			return nil
		}
		if facts, ok := n.Results[1].(*ast.CompositeLit); ok {
			if of, ok := facts.Type.(*ast.SelectorExpr); ok && of.Sel.Name == "Facts" {
				return n.Results[0]
			}
		}
	}
	return nil
}

func TestACustomerIsToldWhatHappensToTheirMoney(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer(func(n *office.NewAccount) { n.Language = "ja" })
		d.Bind(a, sandbox.Visa)
		d.Pass(time.Hour)
		d.Use(a, "1", "1000")
		d.PassTo(time.Date(2026, 4, 2, 12, 0, 0, 0, time.UTC))
		want := []string{"hold_placed", "hold_returned", "threshold_charged", "bill_issued"}
		if got := kindsOf(told(t, d, a)); !slices.Equal(got[:min(len(got), 4)], want) {
			t.Errorf("got %v, want %v at first", got, want)
		}
		charged := theMessage(t, d, a, "threshold_charged").In("en")
		if charged.Title != "1,000.00\u00a0USD was charged for your usage" || len(charged.Paragraphs) != 2 {
			t.Errorf("got %+v, want it to say what was charged", charged)
		}
		placed := theMessage(t, d, a, "hold_placed")
		if got := placed.In("zh-Hant").Paragraphs[0]; !strings.Contains(got, "Visa") || !strings.HasPrefix(placed.Page, "/methods/pm_") {
			t.Errorf("got %q on %s, want the card told by its holder's name for it", got, placed.Page)
		}
		letters, _, err := d.Letters(t.Context(), access.CommandLine, office.LetterFilter{Account: a.ID, State: mail.Kept}, office.Page{Limit: 100})
		if err != nil || len(letters) != len(told(t, d, a)) {
			t.Fatalf("got %d letters kept, %v, want one for each message", len(letters), err)
		}
		l, err := d.Letter(t.Context(), access.CommandLine, letters[len(letters)-1].Message)
		if err != nil || l.Language != "ja" || l.Recipient != "pay@example.com" || !strings.Contains(l.Text, "仮に押さえました") || !strings.Contains(l.Text, "http://console.test/methods/pm_") {
			t.Errorf("got %+v, %v, want the letter in Japanese with a link", l, err)
		}
		d.Prove()
	})
}

// TestTheFirstFailureIsToldTheSameDay is R-DUN-02.
func TestTheFirstFailureIsToldTheSameDay(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, _ := owing(t, d, "decline:insufficient_funds", 2)
		failed := theMessage(t, d, a, "payment_failed")
		if !failed.CreatedAt.Equal(officetest.Start) || !failed.Critical {
			t.Errorf("got %+v, want it told at once", failed)
		}
		d.Pass(time.Second)
		if l, err := d.Letter(t.Context(), access.CommandLine, failed.ID); err != nil || l.State != mail.Kept || l.EndedAt.Sub(officetest.Start) > time.Minute {
			t.Errorf("got %+v, %v, want it mailed at once", l, err)
		}
		d.Pass(8 * 24 * time.Hour)
		theMessage(t, d, a, "payment_failed") // once, however often it is tried
	})
}

func TestCustomersChooseTheirMails(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, other := d.Customer(), d.Customer()
		by := session(a)
		c, err := d.SetMailChoices(t.Context(), by, a.ID, office.MailChange{Language: "zh-Hant", Wanted: map[string]bool{"hold_placed": false, "payment_failed": true}})
		if err != nil || c.Language != "zh-Hant" || c.Email != a.Email {
			t.Fatalf("got %+v, %v, want it chosen", c, err)
		}
		for _, k := range c.Kinds {
			if k.Wanted != (k.Kind != "hold_placed") || k.In("ja") == "" || k.Critical && !k.Wanted {
				t.Errorf("got %+v, want all but the one", k)
			}
		}
		d.Bind(a, sandbox.Visa)
		d.Pass(time.Hour)
		if m := theMessage(t, d, a, "hold_placed"); m.In("zh-Hant").Title == "" {
			t.Error("got no words, want the message in the message centre all the same")
		}
		letters, _, err := d.Letters(t.Context(), access.CommandLine, office.LetterFilter{Account: a.ID}, office.Page{Limit: 10})
		if err != nil || len(letters) != 1 || letters[0].Kind != "hold_returned" || letters[0].Language != "zh-Hant" {
			t.Errorf("got %+v, %v, want the other letter alone, in the chosen language", letters, err)
		}
		for _, c := range []struct {
			name   string
			by     access.Caller
			id     account.ID
			change office.MailChange
			want   error
		}{
			{"critical", by, a.ID, office.MailChange{Wanted: map[string]bool{"payment_failed": false}}, mail.ErrKindCritical},
			{"unknown", by, a.ID, office.MailChange{Wanted: map[string]bool{"of_tomorrow": true}}, mail.ErrKindUnknown},
			{"no language", by, a.ID, office.MailChange{Language: "tlh"}, account.ErrInvalid},
			{"another's", by, other.ID, office.MailChange{Language: "ja"}, account.ErrNotFound},
			{"a key that only reads", access.Caller{Name: "key", Scopes: []access.Scope{access.AccountsRead}}, a.ID, office.MailChange{Language: "ja"}, access.ErrForbidden},
		} {
			if _, err := d.SetMailChoices(t.Context(), c.by, c.id, c.change); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
		if c, err := d.SetMailChoices(t.Context(), by, a.ID, office.MailChange{Wanted: map[string]bool{"hold_placed": true}}); err != nil || c.Language != "zh-Hant" || !c.Kinds[slices.IndexFunc(c.Kinds, func(k office.MailChoice) bool { return k.Kind == "hold_placed" })].Wanted {
			t.Errorf("got %+v, %v, want it back", c, err)
		}
		if c, err := d.MailChoices(t.Context(), session(other), other.ID); err != nil || slices.ContainsFunc(c.Kinds, func(k office.MailChoice) bool { return !k.Wanted }) {
			t.Errorf("got %+v, %v, want another's choices untouched", c, err)
		}
	})
}

func TestMessagesAreReadOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a, other := d.Customer(), d.Customer()
		for _, subject := range []string{"bill_1", "bill_2", "bill_3", "bill_3"} {
			if err := d.Notify(t.Context(), a.ID, "bill_issued", subject, mail.Facts{"month": "2026-03", "total": "5.00 USD"}); err != nil {
				t.Fatal(err)
			}
			d.Pass(time.Minute)
		}
		by := session(a)
		unread := func(want int) {
			t.Helper()
			if got, err := d.UnreadMessages(t.Context(), by, a.ID); err != nil || got != want {
				t.Errorf("got %d unread, %v, want %d", got, err, want)
			}
		}
		unread(3)
		first, next, err := d.Messages(t.Context(), by, a.ID, office.Page{Limit: 2})
		if err != nil || len(first) != 2 || next != first[1].ID || first[0].Subject != "bill_3" {
			t.Fatalf("got %+v, next %s, %v, want the newest two", first, next, err)
		}
		rest, next, err := d.Messages(t.Context(), by, a.ID, office.Page{Limit: 2, After: next})
		if err != nil || len(rest) != 1 || next != "" {
			t.Fatalf("got %+v, next %q, %v, want the oldest", rest, next, err)
		}
		if err := d.MarkRead(t.Context(), by, a.ID, first[0].ID); err != nil {
			t.Fatal(err)
		}
		unread(2)
		d.Pass(time.Minute)
		if err := errors.Join(d.MarkRead(t.Context(), by, a.ID, first[0].ID), d.MarkAllRead(t.Context(), by, a.ID, first[1].ID)); err != nil {
			t.Fatal(err)
		}
		unread(0)
		again := told(t, d, a)
		if !again[0].ReadAt.Equal(d.Now().Add(-time.Minute)) || !again[1].ReadAt.Equal(d.Now()) {
			t.Errorf("got them read at %s and %s, want the first reading kept", again[0].ReadAt, again[1].ReadAt)
		}
		for _, err := range []error{
			d.MarkRead(t.Context(), session(other), other.ID, first[0].ID), d.MarkAllRead(t.Context(), session(other), other.ID, first[0].ID), d.MarkRead(t.Context(), by, a.ID, "msg_none"),
		} {
			if !errors.Is(err, mail.ErrMessageNotFound) {
				t.Errorf("got %v, want message_not_found", err)
			}
		}
		if _, _, err := d.Messages(t.Context(), session(other), a.ID, office.Page{Limit: 2}); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("got %v, want another's account not to exist", err)
		}
		if _, err := d.Letter(t.Context(), session(a), first[0].ID); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("got %v, want the letters' contents kept from sessions", err)
		}
	})
}

// TestExpiryIsToldThreeTimes is R-DUN-10: on the 1st, the 15th and the last day of
// the month before the card's last one.
func TestExpiryIsToldThreeTimes(t *testing.T) {
	d := officetest.Build(t, officetest.Options{Start: time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)})
	a := d.Customer()
	m := d.Bind(a, cardUntil(t, d, 5, 2026)).Method
	before := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	d.PassTo(before.Add(-time.Hour))
	count := func() (n int) {
		for _, m := range told(t, d, a) {
			if m.Kind == "card_expiring" {
				n++
			}
		}
		return n
	}
	for _, c := range []struct{ day, hour, want int }{{1, 4, 1}, {14, 12, 1}, {15, 4, 2}, {29, 20, 2}, {30, 4, 3}, {40, 0, 3}} {
		d.PassTo(before.AddDate(0, 0, c.day-1).Add(time.Duration(c.hour) * time.Hour))
		if got := count(); got != c.want {
			t.Errorf("on day %d: got %d notices, want %d", c.day, got, c.want)
		}
	}
	list := told(t, d, a)
	latest := list[slices.IndexFunc(list, func(m office.Message) bool { return m.Kind == "card_expiring" })]
	if w := latest.In("en"); !strings.Contains(w.Title, "expires soon") || !strings.Contains(w.Paragraphs[0], "the end of May 2026") || latest.Page != "/methods/"+string(m.ID) {
		t.Errorf("got %+v on %s, want the card and its month", w, latest.Page)
	}
}

// cardUntil makes a card at the provider that ends with a month, as a payer would
// whose card does.
func cardUntil(t *testing.T, d *officetest.Desk, month, year int) string {
	t.Helper()
	form := url.Values{"type": {"card"}, "card[number]": {"4242424242424242"}, "card[cvc]": {"123"}, "card[exp_month]": {strconv.Itoa(month)}, "card[exp_year]": {strconv.Itoa(year)}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://world.test/v1/payment_methods", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("sk_test_officetest", "")
	answer, err := d.Sandbox.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var card struct{ ID string }
	if err := json.NewDecoder(answer.Body).Decode(&card); err != nil || card.ID == "" {
		t.Fatalf("got %s, %v, want a card", answer.Status, err)
	}
	return card.ID
}
