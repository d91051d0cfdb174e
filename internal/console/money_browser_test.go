package console_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// moneyScenes are the pages about bills, payments, usage and the account.
var moneyScenes = []struct {
	name string
	come func(s *screen) (account.Account, string)
}{
	{"overview-months", func(s *screen) (account.Account, string) { return spends(s.desk, ""), "/" }},
	{"overview-unpaid", func(s *screen) (account.Account, string) { return spends(s.desk, "insufficient_funds"), "/" }},
	{"bills", func(s *screen) (account.Account, string) { return spends(s.desk, ""), "/bills" }},
	{"bills-none", func(s *screen) (account.Account, string) { return s.Customer(), "/bills" }},
	{"bill", func(s *screen) (account.Account, string) {
		a := spends(s.desk, "")
		return a, "/bills/" + billOf(s.desk, a)
	}},
	{"bill-unpaid", func(s *screen) (account.Account, string) {
		a := spends(s.desk, "insufficient_funds")
		s.Bind(a, sandbox.Mastercard)
		s.Pass(25 * 24 * time.Hour)
		return a, "/bills/" + billOf(s.desk, a)
	}},
	{"payments", func(s *screen) (account.Account, string) { return spends(s.desk, "insufficient_funds"), "/payments" }},
	{"payment", func(s *screen) (account.Account, string) {
		a := spends(s.desk, "")
		return a, "/payments/" + newestPayment(s.desk, a)
	}},
	{"payment-declined", func(s *screen) (account.Account, string) {
		a := spends(s.desk, "insufficient_funds")
		return a, "/payments/" + newestPayment(s.desk, a)
	}},
	{"payment-unknown", func(s *screen) (account.Account, string) {
		a := s.Customer()
		s.Bind(a, sandbox.Visa)
		s.Sandbox.Fault(sandbox.Fault{Op: "confirm", Kind: "lost_before", Times: 100})
		s.Use(a, "1", "1200.00")
		return a, "/payments/" + newestPayment(s.desk, a)
	}},
	{"payment-refunded", func(s *screen) (account.Account, string) {
		a := spends(s.desk, "")
		id := newestPayment(s.desk, a)
		giveBack(s.desk, id, "100.00")
		return a, "/payments/" + id
	}},
	{"usage", func(s *screen) (account.Account, string) {
		a := spends(s.desk, "")
		s.run(a, 3)
		return a, "/usage"
	}},
	{"overview-credit", func(s *screen) (account.Account, string) { return onCredit(s.desk), "/" }},
	{"bill-credit", func(s *screen) (account.Account, string) {
		a := onCredit(s.desk)
		transfers(s.desk, a, "1500.00")
		return a, "/bills/" + billOf(s.desk, a)
	}},
	{"funds", func(s *screen) (account.Account, string) {
		a := onCredit(s.desk)
		s.Bind(a, sandbox.Visa)
		transfers(s.desk, a, "1500.00")
		return a, "/funds"
	}},
	{"funds-plain", func(s *screen) (account.Account, string) { return spends(s.desk, ""), "/funds" }},
	{"account", func(s *screen) (account.Account, string) {
		a := s.Customer()
		s.desk.enter(a)
		return a, "/account"
	}},
}

// TestMoneyPagesOnEveryScreen walks the pages about money as TestPagesOnEveryScreen
// walks the others.
func TestMoneyPagesOnEveryScreen(t *testing.T) {
	for _, scene := range moneyScenes {
		t.Run(scene.name, func(t *testing.T) {
			s := newScreen(t)
			a, page := scene.come(s)
			s.enter(a, page)
			for _, language := range account.Languages {
				s.do(chromedp.Navigate(s.ConsoleURL + page + "?lang=" + language))
				s.settles()
				s.suits(language)
				if language == "en" {
					s.pictures(scene.name)
				}
			}
			s.shows(360, 740, false)
			s.shot(scene.name + "-ja")
		})
	}
}
