package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// isBank tells the paths of the pretend bank.
func isBank(path string) bool { return path == "/_bank" || strings.HasPrefix(path, "/_bank/") }

// serveBank is the pretend bank as the merchant's programs see it: accounts, entries,
// payments and statements.
func (w *World) serveBank(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path == bankPagePath || r.URL.Path == bankPagePath+"/" {
		w.serveBankPage(rw, r)
		return
	}
	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/_bank"), "/"), "/")
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if method == http.MethodGet && len(parts) == 5 && parts[0] == "accounts" && parts[2] == "statements" {
		w.serveBankFile(rw, parts[1], parts[3], parts[4])
		return
	}
	order, known := w.bankOrderAt(method, parts)
	w.obey(rw, r, order, known)
}

// bankOrderAt finds what is asked of the bank under /_bank/.
func (w *World) bankOrderAt(method string, parts []string) (order func(*http.Request) (any, error), known bool) {
	if parts[0] != "accounts" || len(parts) > 3 {
		return nil, false
	}
	account := ""
	if len(parts) > 1 {
		account = parts[1]
		parts[1] = "*"
	}
	switch method + " " + strings.Join(parts, "/") {
	case "GET accounts":
		return func(*http.Request) (any, error) {
			all, err := w.BankAccounts()
			return map[string]any{"accounts": all}, err
		}, true
	case "GET accounts/*":
		return func(*http.Request) (any, error) { return w.BankAccount(account) }, true
	case "PUT accounts/*":
		return func(r *http.Request) (any, error) {
			a := BankAccount{}
			if err := readOrder(r, &a); err != nil {
				return nil, err
			}
			a.Number = account
			return w.OpenBankAccount(a)
		}, true
	case "PUT accounts/*/virtual":
		return func(r *http.Request) (any, error) {
			var o struct {
				Ranges []NumberRange `json:"ranges"`
			}
			if err := readOrder(r, &o); err != nil {
				return nil, err
			}
			return w.SetVirtualNumbers(account, o.Ranges)
		}, true
	case "POST accounts/*/payments":
		return func(r *http.Request) (any, error) {
			o := Payment{}
			if err := readOrder(r, &o); err != nil {
				return nil, err
			}
			o.Account = account
			return w.Pay(o)
		}, true
	case "GET accounts/*/entries":
		return func(r *http.Request) (any, error) {
			all, err := w.BankEntries(account, r.URL.Query().Get("after"))
			return map[string]any{"entries": all}, err
		}, true
	case "GET accounts/*/statements":
		return func(r *http.Request) (any, error) {
			after, err := strconv.Atoi(orText(r.URL.Query().Get("after"), "0"))
			if err != nil {
				return nil, badOrder{"after is the number of a statement."}
			}
			all, err := w.BankStatements(account, after)
			return map[string]any{"statements": all}, err
		}, true
	}
	return nil, false
}

func (w *World) serveBankFile(rw http.ResponseWriter, account, number, format string) {
	n, err := strconv.Atoi(number)
	if err != nil {
		w.answerControl(rw, nil, badOrder{"A statement has a number."})
		return
	}
	f, err := w.BankFile(account, n, format)
	if err != nil {
		w.answerControl(rw, nil, err)
		return
	}
	h := rw.Header()
	h.Set("Content-Type", f.Kind)
	h.Set("Content-Disposition", `attachment; filename="`+f.Name+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	rw.Write(f.Body)
}

// bankDesk are the orders of the control desk for the pretend bank: what happens in the
// world without the merchant having asked for it.
func (w *World) bankDesk() map[string]func(*http.Request) (any, error) {
	return map[string]func(*http.Request) (any, error){
		"POST bank/transfers": orderOf(w.Transfer),
		"POST bank/reversals": orderOf(w.Reverse),
		"POST bank/fees":      orderOf(w.TakeFee),
		"POST bank/drop": orderOf(func(o struct {
			Entry string `json:"entry"`
		}) (BankEntry, error) {
			return w.DropPending(o.Entry)
		}),
		"POST bank/end-day": orderOf(func(o struct {
			Account string `json:"account"`
		}) (any, error) {
			issued, err := w.EndDay(o.Account)
			return map[string]any{"statements": issued}, err
		}),
	}
}

// orderOf reads an order and does it. An order without a body is an empty one.
func orderOf[O, A any](do func(O) (A, error)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		var o O
		if r.ContentLength != 0 {
			if err := readOrder(r, &o); err != nil {
				return nil, err
			}
		}
		return do(o)
	}
}
