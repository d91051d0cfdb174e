package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

const walletPath = "/_paypal/wallet"

// An approvalPage is the page on which a payer agrees to what a merchant asks.
type approvalPage struct {
	Approval
	Title, Path, Parameter, Here string
	Payers                       []Payer
	As                           string // the payer who is logged in, by name; "" for nobody
	Payer                        Payer
	Preset                       bool // only this payer can answer
	Pattern, Agree               string
	Terms                        []string
	Problem                      string // why the last answer did not do
	Over                         string // why there is nothing to answer any more
	Left                         bool   // the payer walked away
	Back                         string // the merchant's page
}

// servePayPalPages serves the pages that payers see: where they approve what
// a merchant asks, and their accounts.
func (w *World) servePayPalPages(rw http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(rw, r.Body, bodyMax)
	}
	switch r.URL.Path {
	case "/_paypal/paypal.css":
		writeAsset(rw, "text/css", "paypal.css")
	case walletPath:
		w.serveWallet(rw, r)
	case "/agreements/approve":
		w.serveApproval(rw, r, "approval_session_id")
	case "/checkoutnow":
		w.serveApproval(rw, r, "token")
	default:
		http.NotFound(rw, r)
	}
}

func (w *World) serveApproval(rw http.ResponseWriter, r *http.Request, parameter string) {
	id := r.FormValue(parameter)
	asked, err := w.Approval(id)
	if err != nil {
		v := approvalPage{Title: "Nothing to answer", Over: w.tellPayer(err)}
		w.writePage(rw, http.StatusNotFound, "paypal_approval.html", payerPolicy(), v)
		return
	}
	v, err := w.approvalPage(asked, r.URL.Path, parameter, r.FormValue("as"))
	if err != nil {
		w.refusePage(rw, http.StatusInternalServerError, err)
		return
	}
	if r.Method == http.MethodPost && v.Over == "" && v.Problem == "" {
		if back := w.answerApproval(r.PostFormValue("answer"), &v); back != "" {
			http.Redirect(rw, r, back, http.StatusSeeOther)
			return
		}
	}
	status := http.StatusOK
	if v.Problem != "" {
		status = http.StatusUnprocessableEntity
	}
	// Browsers apply form-action to where a form's answer redirects, too.
	w.writePage(rw, status, "paypal_approval.html", payerPolicy(asked.ReturnURL, asked.CancelURL), v)
}

// payerPolicy lets a page show itself and send its forms here, or on to pages
// of the merchant.
func payerPolicy(merchant ...string) string {
	policy := "style-src 'self'; frame-ancestors 'none'; form-action 'self'"
	for _, page := range merchant {
		if origin := originOf(page); origin != "" {
			policy += " " + origin
		}
	}
	return policy
}

// answerApproval does what the payer chose and returns the merchant's page to
// go on to, or notes on the page why there is none.
func (w *World) answerApproval(answer string, v *approvalPage) (back string) {
	var err error
	switch {
	case answer == "leave":
		v.Left = true
		return ""
	case answer == "cancel":
		back, err = w.RefuseApproval(v.ID)
	case answer == "agree" && v.As != "":
		back, err = w.ApproveAs(v.ID, v.As)
	default:
		err = badOrder{"Log in, then agree, cancel or walk away."}
	}
	if err != nil {
		v.Problem = w.tellPayer(err)
		return ""
	}
	if back == "" {
		v.Over = "That is done. The merchant gave no page to go back to; you can close this window."
	}
	return back
}

// tellPayer is an error as a payer may read it.
func (w *World) tellPayer(err error) string {
	var bad badOrder
	if errors.As(err, &bad) {
		return bad.why
	}
	w.options.Logger.Error("sandbox PayPal page", "error", err)
	return "The sandbox broke down; its log says why."
}

func (w *World) refusePage(rw http.ResponseWriter, status int, err error) {
	var bad badOrder
	if !errors.As(err, &bad) {
		status = http.StatusInternalServerError
	}
	http.Error(rw, w.tellPayer(err), status)
}

// approvalPage describes what is asked of a payer, who may have logged in.
func (w *World) approvalPage(asked Approval, path, parameter, as string) (approvalPage, error) {
	v := approvalPage{Approval: asked, Path: path, Parameter: parameter, Title: "Pay " + asked.Merchant, Agree: "Agree and pay", Back: asked.ReturnURL,
		Here: path + "?" + url.Values{parameter: {asked.ID}}.Encode()}
	if asked.Kind == "agreement" {
		v.Title, v.Agree = "Let "+asked.Merchant+" charge you later", "Agree and continue"
		v.Pattern = asked.UsagePattern
	}
	v.Terms = termsOf(asked)
	if !asked.Open {
		v.Over = fmt.Sprintf("There is nothing to answer here: this is %s.", statusWords(asked.Status))
		return v, nil
	}
	if asked.Payer != "" {
		as, v.Preset = asked.Payer, true
	}
	if as != "" {
		p, err := w.Payer(as)
		if err == nil {
			v.Payer, v.As = p, p.Name
			return v, nil
		}
		v.Problem = w.tellPayer(err)
	}
	var err error
	v.Payers, err = w.Payers()
	return v, err
}

// statusWords says a status of PayPal's in words.
func statusWords(status string) string {
	switch status {
	case "APPROVED", "VAULTED":
		return "agreed already"
	case "COMPLETED":
		return "paid already"
	case "VOIDED":
		return "withdrawn"
	}
	return "over"
}

// usageTerms are what a payer agrees to, by usage pattern; %s is the merchant.
// https://developer.paypal.com/docs/api/payment-tokens/v3/#definition-usage_pattern
var usageTerms = map[string]string{
	"IMMEDIATE":             "%s may charge this account when you buy something, without asking again.",
	"DEFERRED":              "%s may charge this account after it delivers, without asking again.",
	"RECURRING_PREPAID":     "%s may charge this account at regular intervals, in advance.",
	"RECURRING_POSTPAID":    "%s may charge this account at regular intervals, afterwards.",
	"THRESHOLD_PREPAID":     "%s may charge this account in advance, whenever what you paid before is used up to an amount that you and it agreed on.",
	"THRESHOLD_POSTPAID":    "%s may charge this account for what you have used whenever your usage reaches an amount that you and it agreed on, and for the rest at the end of the month.",
	"SUBSCRIPTION_PREPAID":  "%s may charge this account for a subscription, in advance.",
	"SUBSCRIPTION_POSTPAID": "%s may charge this account for a subscription, afterwards.",
	"UNSCHEDULED_PREPAID":   "%s may charge this account at any time, in advance.",
	"UNSCHEDULED_POSTPAID":  "%s may charge this account at any time, afterwards.",
	"INSTALLMENT_PREPAID":   "%s may charge this account in instalments, in advance.",
	"INSTALLMENT_POSTPAID":  "%s may charge this account in instalments, afterwards.",
}

const plainTerms = "%s may charge this account later, without asking again."

// termsOf says what the payer agrees to, a paragraph each.
func termsOf(asked Approval) []string {
	switch asked.Kind {
	case "agreement":
		return []string{agreementTerms(asked.Merchant, asked.UsagePattern),
			"It may reserve an amount before it charges it. You can cancel this agreement in your account at any time; what is owed until then stays owed."}
	case "action":
		return []string{asked.Merchant + " tried to charge this account while you were away, and we want to hear from you before we let it."}
	}
	return []string{"You pay this once. " + asked.Merchant + " gets no leave to charge you again."}
}

func agreementTerms(merchant, pattern string) string {
	terms, known := usageTerms[pattern]
	if !known {
		terms = plainTerms
	}
	return fmt.Sprintf(terms, merchant)
}
