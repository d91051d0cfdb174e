package sandbox

import (
	"net/http"
	"net/url"
	"slices"
)

const (
	bankPagePath   = "/_bank"
	bankPageLines  = 50 // entries of an account that the page shows
	bankPageIssued = 20 // statements
)

// A bankPage is the pretend bank as a person sees it, who may play both the merchant's
// bank and whoever pays.
type bankPage struct {
	Accounts   []BankAccount
	Account    BankAccount
	Entries    []BankEntry // newest first
	Statements []BankStatement
	Rails      []string
	Today      string
	Problem    string
	Done       string
}

// bankDone are the answers to what was done on the page.
var bankDone = map[string]string{
	"transfer": "The money has arrived.",
	"reverse":  "The entry was reversed.",
	"end-day":  "The day has ended. The statements are below.",
}

// serveBankPage shows one account of the merchant, and does what is asked on it.
func (w *World) serveBankPage(rw http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && w.isFromElsewhere(r) {
		http.Error(rw, "The pretend bank takes no orders from pages of other origins.", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(rw, r.Body, bodyMax)
	account, problem := r.FormValue("account"), ""
	if r.Method == http.MethodPost {
		what := r.PostFormValue("do")
		err := w.doOnBankPage(what, r.PostForm)
		if err == nil {
			http.Redirect(rw, r, bankPagePath+"?"+url.Values{"account": {account}, "done": {what}}.Encode(), http.StatusSeeOther)
			return
		}
		problem = w.tellPayer(err)
	}
	v, err := w.bankPage(account)
	if err != nil {
		w.refusePage(rw, http.StatusNotFound, err)
		return
	}
	status := http.StatusOK
	if v.Problem, v.Done = problem, bankDone[r.FormValue("done")]; problem != "" {
		status = http.StatusUnprocessableEntity
	}
	w.writePage(rw, status, "bank.html", payerPolicy(), v)
}

// isFromElsewhere tells whether a browser sends a form from a page of another origin.
// Browsers say so by themselves; of those that do not, the origin is asked.
func (w *World) isFromElsewhere(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	origin := r.Header.Get("Origin")
	return origin != "" && origin != w.origin(r)
}

func (w *World) doOnBankPage(what string, form url.Values) (err error) {
	switch what {
	case "transfer":
		_, err = w.Transfer(Transfer{To: form.Get("to"), Amount: form.Get("amount"), Rail: form.Get("rail"), Reference: form.Get("reference"),
			Payer: BankParty{Name: form.Get("payer"), Account: form.Get("payer_account")}})
	case "reverse":
		_, err = w.Reverse(Reversal{Entry: form.Get("entry")})
	case "end-day":
		_, err = w.EndDay("")
	default:
		err = badOrder{"Transfer, reverse or end the day."}
	}
	return err
}

func (w *World) bankPage(account string) (v bankPage, err error) {
	v.Today = w.now().Format("2006-01-02")
	for rail := range bankRails {
		v.Rails = append(v.Rails, rail)
	}
	slices.Sort(v.Rails)
	if v.Accounts, err = w.BankAccounts(); err != nil || len(v.Accounts) == 0 {
		return v, err
	}
	if v.Account = v.Accounts[0]; account != "" {
		if v.Account, err = w.BankAccount(account); err != nil {
			return v, err
		}
	}
	if v.Entries, err = w.latestBankEntries(v.Account.Number); err != nil {
		return v, err
	}
	v.Statements, err = w.BankStatements(v.Account.Number, max(v.Account.Statements-bankPageIssued, 0))
	slices.Reverse(v.Statements)
	return v, err
}

// latestBankEntries lists the newest entries of an account, the newest first.
func (w *World) latestBankEntries(account string) (all []BankEntry, err error) {
	err = w.asSandbox(func(t *tx) error {
		b, err := t.bankAccount(account)
		if err != nil {
			return err
		}
		return t.entriesWhere(b, "seq IN (SELECT seq FROM bank_entries WHERE account = $1 ORDER BY seq DESC LIMIT $2)", []any{bankPageLines}, func(e *BankEntry) error {
			all = append(all, *e)
			return nil
		})
	})
	slices.Reverse(all)
	return all, err
}
