package sandbox

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A walletPage is a payer's own view of the account.
type walletPage struct {
	Payers        []Payer
	As            string // the payer who is logged in, by name; "" for nobody
	Payer         Payer
	Balances      []walletBalance
	Agreements    []walletAgreement
	Activity      []walletLine
	Problem, Done string
}

type walletBalance struct{ Currency, Value string }

// A walletAgreement is one merchant's leave to charge the payer.
type walletAgreement struct {
	Agreement
	Terms, Since string
}

// A walletLine is one movement, as the payer sees it: money paid is negative.
type walletLine struct{ When, What, Reference, State, Amount string }

const walletLinesMax = 100

// serveWallet shows a payer's account, and cancels an agreement for the payer.
// There is no password: whoever names a payer is logged in.
func (w *World) serveWallet(rw http.ResponseWriter, r *http.Request) {
	as := r.FormValue("as")
	problem := ""
	if r.Method == http.MethodPost {
		err := w.cancelAsPayer(as, r.PostFormValue("cancel"))
		if err == nil {
			http.Redirect(rw, r, walletPath+"?"+url.Values{"as": {as}, "done": {"cancelled"}}.Encode(), http.StatusSeeOther)
			return
		}
		problem = w.tellPayer(err)
	}
	v, err := w.walletPage(as)
	if err != nil {
		w.refusePage(rw, http.StatusInternalServerError, err)
		return
	}
	status := http.StatusOK
	if problem != "" {
		v.Problem = problem
	}
	if v.Problem != "" {
		status = http.StatusUnprocessableEntity
	}
	if r.FormValue("done") == "cancelled" {
		v.Done = "The agreement is cancelled. The merchant has been told and cannot charge this account any more."
	}
	w.writePage(rw, status, "paypal_wallet.html", payerPolicy(), v)
}

// cancelAsPayer cancels an agreement of the payer's own.
func (w *World) cancelAsPayer(as, id string) error {
	p, err := w.Payer(as)
	if err != nil {
		return err
	}
	own, err := w.Agreements(p.Name)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(own, func(a Agreement) bool { return a.ID == id }) {
		return badOrder{"This account has no such agreement."}
	}
	return w.CancelAgreement(id)
}

func (w *World) walletPage(as string) (v walletPage, err error) {
	if as != "" {
		if v.Payer, err = w.Payer(as); err != nil {
			v.Problem = w.tellPayer(err)
		} else {
			v.As = v.Payer.Name
		}
	}
	if v.As == "" {
		v.Payers, err = w.Payers()
		return v, err
	}
	for _, currency := range slices.Sorted(maps.Keys(v.Payer.Balance)) {
		v.Balances = append(v.Balances, walletBalance{currency, v.Payer.Balance[currency]})
	}
	agreements, err := w.Agreements(v.As)
	if err != nil {
		return v, err
	}
	for _, a := range agreements {
		v.Agreements = append(v.Agreements, walletAgreement{a, agreementTerms(a.Merchant, a.UsagePattern), a.CreatedAt.Format(time.DateOnly)})
	}
	v.Activity, err = w.activityOf(v.Payer)
	return v, err
}

// payersWords say what a movement is to the payer, by its code. What is not
// here is between PayPal and the merchant.
var payersWords = map[string]string{
	codePayment: "Payment", codeRefund: "Refund", codeAuthorization: "Reserved", codeDisputeHold: "Dispute opened", codeDisputeLost: "Dispute won, money back",
}

// activityOf is what happened in a payer's account, the newest first.
func (w *World) activityOf(p Payer) ([]walletLine, error) {
	var lines []walletLine
	err := w.asSandbox(func(t *tx) error {
		return t.w.store.each(`
			SELECT kind, mark, doc, hidden FROM objects
			 WHERE customer <> '' AND customer = $1 AND kind IN ('paypal_capture', 'paypal_refund', 'paypal_adjustment', 'paypal_authorization')
			 ORDER BY created DESC, seq DESC LIMIT $2`, []any{p.PayerID, walletLinesMax}, func(scan func(...any) error) error {
			m, err := scanMovement(scan)
			if err == nil && payersWords[m.Code] != "" {
				lines = append(lines, m.payersLine())
			}
			return err
		})
	})
	return lines, err
}

func (m movement) payersLine() walletLine {
	line := walletLine{When: strings.NewReplacer("T", " ", "Z", " UTC").Replace(m.Initiated), What: payersWords[m.Code], Reference: m.InvoiceID,
		State: strings.ToLower(strings.ReplaceAll(m.mark, "_", " ")), Amount: m.Amount.Value + " " + m.Amount.CurrencyCode}
	switch m.Code {
	case codePayment:
		line.Amount = "-" + line.Amount
	case codeRefund, codeDisputeHold, codeDisputeLost:
		line.Amount = strings.TrimPrefix(line.Amount, "-")
	}
	switch {
	case m.kind == kindPayPalAdjustment:
		line.State = ""
	case m.mark == authorizationCreated:
		line.State = "held"
	}
	return line
}
