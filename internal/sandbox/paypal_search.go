package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// searchLag is how long PayPal may take to show a transaction.
	// https://developer.paypal.com/docs/api/transaction-search/v1/
	searchLag        = 3 * time.Hour
	searchPeriodMax  = 31 * 24 * time.Hour
	searchPageUsual  = 100
	searchPageMax    = 500
	searchResultsMax = 10_000
)

// paypalSearchRoutes are the operations of transaction search, v1.
func paypalSearchRoutes() map[string]paypalRoute {
	return map[string]paypalRoute{
		"GET v1/reporting/transactions": {op: "paypal_transaction_list", do: searchTransactions},
	}
}

// SetPayPalSearchLag says how long transaction search takes to show what
// happened, by the sandbox's clock. It is three hours unless told otherwise.
func (w *World) SetPayPalSearchLag(lag time.Duration) error {
	return w.asSandbox(func(t *tx) error {
		return t.w.store.setMeta("paypal_search_lag", lag.String())
	})
}

func (t *tx) searchLag() (time.Duration, error) {
	text, err := t.w.store.meta("paypal_search_lag")
	if err != nil || text == "" {
		return searchLag, err
	}
	return time.ParseDuration(text)
}

func (w *World) orderPayPalSearchLag(r *http.Request) (any, error) {
	var o struct {
		Minutes int64 `json:"minutes"`
	}
	if err := readOrder(r, &o); err != nil {
		return nil, err
	}
	const minutesMax = 60 * 24 * 365
	if o.Minutes < 0 || o.Minutes > minutesMax {
		return nil, badOrder{"The lag is between nothing and a year."}
	}
	return o, w.SetPayPalSearchLag(time.Duration(o.Minutes) * time.Minute)
}

type searchResponse struct {
	Details       []transactionDetail `json:"transaction_details,omitempty"`
	AccountNumber string              `json:"account_number"`
	StartDate     string              `json:"start_date"`
	EndDate       string              `json:"end_date"`
	LastRefreshed string              `json:"last_refreshed_datetime"`
	Page          int                 `json:"page"`
	TotalItems    int                 `json:"total_items"`
	TotalPages    int                 `json:"total_pages"`
	Links         []paypalLink        `json:"links"`
}

type transactionDetail struct {
	Transaction *transactionInfo  `json:"transaction_info,omitempty"`
	Payer       *transactionPayer `json:"payer_info,omitempty"`
	Cart        *struct{}         `json:"cart_info,omitempty"`
}

type transactionInfo struct {
	AccountID     string       `json:"paypal_account_id,omitempty"`
	ID            string       `json:"transaction_id"`
	ReferenceID   string       `json:"paypal_reference_id,omitempty"`
	ReferenceType string       `json:"paypal_reference_id_type,omitempty"`
	Code          string       `json:"transaction_event_code"`
	Initiated     string       `json:"transaction_initiation_date"`
	Updated       string       `json:"transaction_updated_date"`
	Amount        *paypalMoney `json:"transaction_amount"`
	Fee           *paypalMoney `json:"fee_amount,omitempty"`
	Status        string       `json:"transaction_status"`
	InvoiceID     string       `json:"invoice_id,omitempty"`
	CustomField   string       `json:"custom_field,omitempty"`
	Protection    string       `json:"protection_eligibility,omitempty"`
}

type transactionPayer struct {
	AccountID     string      `json:"account_id"`
	Email         string      `json:"email_address"`
	AddressStatus string      `json:"address_status"`
	Status        string      `json:"payer_status"`
	Name          *paypalName `json:"payer_name"`
	Country       string      `json:"country_code"`
}

// A search is what is asked of transaction search.
type search struct {
	from, to         time.Time
	id, code, status string
	currency         string
	fields           []string
	everything       bool // what moves no money, too
	pageSize, page   int
}

// unknownFilters are parameters of PayPal's that the sandbox cannot filter by.
var unknownFilters = []string{"transaction_amount", "payment_instrument_type", "store_id", "terminal_id"}

func (c *paypalCall) readSearch() (s search, err error) {
	for _, name := range []string{"start_date", "end_date"} {
		if c.query.Get(name) == "" {
			return s, inQuery(name, "MISSING_REQUIRED_PARAMETER", "The parameter is missing.")
		}
	}
	for _, name := range unknownFilters {
		if c.query.Get(name) != "" {
			return s, inQuery(name, "NOT_SUPPORTED", "The sandbox cannot search by this.")
		}
	}
	if s.from, s.to, err = c.period("start_date", "end_date", s.from, s.to); err != nil {
		return s, err
	}
	if s.to.Before(s.from) {
		return s, inQuery("end_date", "INVALID_DATE_RANGE", "The end is before the start.")
	}
	if s.to.Sub(s.from) > searchPeriodMax {
		return s, inQuery("end_date", "INVALID_DATE_RANGE", "The period is longer than 31 days.")
	}
	if s.pageSize, err = c.number("page_size", searchPageUsual, 1, searchPageMax); err != nil {
		return s, err
	}
	if s.page, err = c.number("page", 1, 1, searchResultsMax); err != nil {
		return s, err
	}
	s.id, s.code, s.status = c.query.Get("transaction_id"), c.query.Get("transaction_type"), c.query.Get("transaction_status")
	s.currency = c.query.Get("transaction_currency")
	s.everything = c.query.Get("balance_affecting_records_only") == "N"
	s.fields = strings.Split(c.query.Get("fields"), ",")
	return s, nil
}

// shows reports whether a part of the details was asked for.
func (s search) shows(part string) bool {
	return slices.Contains(s.fields, part) || slices.Contains(s.fields, "all")
}

// searchTransactions answers with a page of what moved the merchant's money,
// the oldest first. What is newer than the lag is not there yet.
func searchTransactions(t *tx, c *paypalCall) (any, error) {
	s, err := c.readSearch()
	if err != nil {
		return nil, err
	}
	lag, err := t.searchLag()
	if err != nil {
		return nil, err
	}
	known := t.now.Add(-lag)
	found, err := t.transactions(s, known)
	if err != nil {
		return nil, err
	}
	if len(found) > searchResultsMax {
		return nil, paypalRefusal(http.StatusBadRequest, "RESULTSET_TOO_LARGE", "There are more transactions than one search can show; ask for a shorter period.")
	}
	got := searchResponse{Details: []transactionDetail{}, AccountNumber: theMerchant.MerchantID, StartDate: paypalTime(s.from), EndDate: paypalTime(s.to),
		LastRefreshed: paypalTime(known), Page: s.page, TotalItems: len(found), TotalPages: (len(found) + s.pageSize - 1) / s.pageSize}
	first := min((s.page-1)*s.pageSize, len(found))
	for _, m := range found[first:min(first+s.pageSize, len(found))] {
		detail, err := t.detail(m, s)
		if err != nil {
			return nil, err
		}
		got.Details = append(got.Details, detail)
	}
	got.Links = c.pageLinks(t, got.Page, got.TotalPages)
	return got, nil
}

// pageLinks lead to this page of a search and those around it.
func (c *paypalCall) pageLinks(t *tx, page, pages int) []paypalLink {
	links := []paypalLink{}
	for _, l := range []struct {
		rel  string
		page int
	}{{"self", page}, {"first", 1}, {"prev", page - 1}, {"next", page + 1}, {"last", pages}} {
		if l.rel != "self" && (l.page < 1 || l.page > pages || l.page == page) {
			continue
		}
		to := maps.Clone(c.query)
		to.Set("page", strconv.Itoa(l.page))
		links = append(links, paypalLink{Href: t.w.paypalOrigin(t) + "/v1/reporting/transactions?" + to.Encode(), Rel: l.rel, Method: http.MethodGet})
	}
	return links
}

// A movement is one object that transaction search shows.
type movement struct {
	kind, mark, payerID string
	transactionInfo
}

// transactions are the movements that a search finds, the oldest first.
func (t *tx) transactions(s search, known time.Time) ([]movement, error) {
	var found []movement
	err := t.w.store.each(`
		SELECT kind, mark, doc, hidden FROM objects
		 WHERE kind IN ('paypal_capture', 'paypal_refund', 'paypal_adjustment', 'paypal_authorization')
		   AND created >= $1 AND created <= $2 AND created <= $3 AND ($4 = '' OR id = $4)
		 ORDER BY created, seq`,
		[]any{s.from.Unix(), s.to.Unix(), known.Unix(), s.id}, func(scan func(...any) error) error {
			m, err := scanMovement(scan)
			if err == nil && m.matches(s) {
				found = append(found, m)
			}
			return err
		})
	return found, err
}

func (m movement) matches(s search) bool {
	return (s.everything || m.Code != codeAuthorization) && (s.code == "" || s.code == m.Code) &&
		(s.status == "" || s.status == m.Status) && (s.currency == "" || s.currency == m.Amount.CurrencyCode)
}

// statusLetters are transaction search's letters for the states of captures,
// refunds and authorizations. What is not here succeeded.
var statusLetters = map[string]string{
	"PENDING": "P", "CREATED": "P", "PARTIALLY_CAPTURED": "P", "DECLINED": "D", "DENIED": "D", "FAILED": "D", "REFUNDED": "V", "VOIDED": "V", "CANCELLED": "V",
}

// scanMovement reads a movement from its kind, mark, doc and hidden part.
func scanMovement(scan func(...any) error) (movement, error) {
	var m movement
	var doc, hidden []byte
	if err := scan(&m.kind, &m.mark, &doc, &hidden); err != nil {
		return m, err
	}
	var shown struct {
		ID         string       `json:"id"`
		CreateTime string       `json:"create_time"`
		UpdateTime string       `json:"update_time"`
		Amount     *paypalMoney `json:"amount"`
		InvoiceID  string       `json:"invoice_id"`
		CustomID   string       `json:"custom_id"`
		Receivable struct {
			Fee *paypalMoney `json:"paypal_fee"`
		} `json:"seller_receivable_breakdown"`
		Payable struct {
			Fee *paypalMoney `json:"paypal_fee"`
		} `json:"seller_payable_breakdown"`
	}
	var kept struct {
		PayerID, OrderID, Capture, CaptureID string
	}
	if err := json.Unmarshal(doc, &shown); err != nil {
		return m, fmt.Errorf("read a movement of kind %s: %w", m.kind, err)
	}
	if err := json.Unmarshal(hidden, &kept); err != nil {
		return m, fmt.Errorf("read a movement of kind %s: %w", m.kind, err)
	}
	m.payerID = kept.PayerID
	m.transactionInfo = transactionInfo{AccountID: kept.PayerID, ID: shown.ID, Initiated: shown.CreateTime, Updated: shown.UpdateTime, Amount: shown.Amount,
		InvoiceID: shown.InvoiceID, CustomField: shown.CustomID, Status: statusLetters[m.mark]}
	if m.Updated == "" {
		m.Updated = m.Initiated
	}
	if m.Status == "" {
		m.Status = "S"
	}
	switch m.kind {
	case "paypal_capture":
		m.Code, m.ReferenceID, m.ReferenceType, m.Protection = codePayment, kept.OrderID, "ODR", "01"
		m.Fee = negative(shown.Receivable.Fee)
	case "paypal_refund":
		m.Code, m.ReferenceID, m.ReferenceType = codeRefund, kept.CaptureID, "TXN"
		m.Amount, m.Fee = negative(m.Amount), shown.Payable.Fee
	case kindPayPalAdjustment:
		m.Code, m.ReferenceID, m.ReferenceType, m.Status = m.mark, kept.Capture, "TXN", "S"
	default:
		m.Code, m.ReferenceID, m.ReferenceType = codeAuthorization, kept.OrderID, "ODR"
	}
	return m, nil
}

// negative is an amount that leaves the merchant.
func negative(m *paypalMoney) *paypalMoney {
	if m == nil {
		return nil
	}
	return &paypalMoney{m.CurrencyCode, "-" + m.Value}
}

// detail is a movement as a search shows it.
func (t *tx) detail(m movement, s search) (transactionDetail, error) {
	var d transactionDetail
	if s.shows("transaction_info") || s.fields[0] == "" {
		info := m.transactionInfo
		d.Transaction = &info
	}
	if s.shows("payer_info") {
		payer, err := t.account(m.payerID)
		if err != nil {
			return d, err
		}
		d.Payer = &transactionPayer{AccountID: payer.PayerID, Email: payer.Email, AddressStatus: "Y", Status: "Y", Country: payer.Country,
			Name: &paypalName{GivenName: payer.GivenName, Surname: payer.Surname, FullName: payer.GivenName + " " + payer.Surname}}
	}
	if s.shows("cart_info") {
		d.Cart = &struct{}{}
	}
	return d, nil
}
