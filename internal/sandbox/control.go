package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"
)

// serveControl is the control desk: what a test or a demo does to the world.
// A page of another origin cannot use it, since it takes JSON only.
func (w *World) serveControl(rw http.ResponseWriter, r *http.Request) {
	path := strings.Trim(strings.TrimPrefix(r.URL.Path, "/_sandbox"), "/")
	if path == "" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		w.serveIndex(rw)
		return
	}
	orders := map[string]func(*http.Request) (any, error){
		"GET books": func(r *http.Request) (any, error) { return w.Books(r.Context()) },
		"GET faults": func(*http.Request) (any, error) {
			return map[string]any{"faults": w.Faults(), "kinds": FaultKinds}, nil
		},
		"POST faults":   w.orderFault,
		"DELETE faults": func(*http.Request) (any, error) { w.ClearFaults(); return map[string]any{"faults": []Fault{}}, nil },
		"POST cards":    w.orderCard,
		"GET cards":     func(*http.Request) (any, error) { return publishedCards(), nil },
		"GET clock":     func(*http.Request) (any, error) { return w.clockFace(), nil },
		"POST clock":    w.orderClock,
		"POST disputes": w.orderDispute,
		"POST tick":     func(r *http.Request) (any, error) { return w.clockFace(), w.Tick(r.Context()) },
	}
	maps.Copy(orders, w.paypalDesk())
	maps.Copy(orders, w.bankDesk())
	order, known := orders[r.Method+" "+path]
	if parts := strings.Split(path, "/"); !known && len(parts) == 3 && parts[0] == "challenges" && r.Method == http.MethodPost {
		order, known = w.challengeOrder(parts[1], parts[2]), true
	} else if !known {
		order, known = w.paypalOrderAt(r.Method, parts)
	}
	w.obey(rw, r, order, known)
}

// obey does an order that was found, if it came in an order's form and from here.
func (w *World) obey(rw http.ResponseWriter, r *http.Request, order func(*http.Request) (any, error), known bool) {
	switch {
	case !known:
		controlAnswer(rw, http.StatusNotFound, controlError("There is no such order; see /_sandbox/."))
	case r.Method != http.MethodGet && r.ContentLength != 0 && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		controlAnswer(rw, http.StatusUnsupportedMediaType, controlError("The control desk takes application/json."))
	case r.Method != http.MethodGet && r.Header.Get("Origin") != "" && r.Header.Get("Origin") != w.origin(r):
		controlAnswer(rw, http.StatusForbidden, controlError("The control desk takes no orders from other origins."))
	default:
		got, err := order(r)
		w.answerControl(rw, got, err)
	}
}

func controlError(message string) map[string]string { return map[string]string{"error": message} }

// A badOrder is an order that makes no sense, and why.
type badOrder struct{ why string }

func (b badOrder) Error() string { return b.why }

func (w *World) answerControl(rw http.ResponseWriter, got any, err error) {
	var bad badOrder
	var refused *apiError
	switch {
	case err == nil:
		controlAnswer(rw, http.StatusOK, got)
	case errors.As(err, &bad):
		controlAnswer(rw, http.StatusBadRequest, controlError(bad.why))
	case errors.As(err, &refused):
		controlAnswer(rw, refused.status, controlError(refused.Message))
	default:
		w.options.Logger.Error("sandbox control", "error", err)
		controlAnswer(rw, http.StatusInternalServerError, controlError("The sandbox broke down; its log says why."))
	}
}

func controlAnswer(rw http.ResponseWriter, status int, got any) {
	body, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"no JSON for this"}`)
	}
	writeAnswer(rw, answer{status, append(body, '\n')})
}

// readOrder decodes an order; fields that it does not know are refused.
func readOrder(r *http.Request, into any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, bodyMax))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return badOrder{"The order is not JSON of the expected form; see /_sandbox/."}
	}
	return nil
}

func (w *World) orderFault(r *http.Request) (any, error) {
	var f Fault
	if err := readOrder(r, &f); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, badOrder{err.Error()}
	}
	w.Fault(f)
	return map[string]any{"faults": w.Faults()}, nil
}

func (w *World) orderCard(r *http.Request) (any, error) {
	var o CardOrder
	if err := readOrder(r, &o); err != nil {
		return nil, err
	}
	if err := w.OrderCard(o); err != nil {
		return nil, badOrder{err.Error()}
	}
	return o, nil
}

type clockFace struct {
	Now      string `json:"now"`
	OffsetUS int64  `json:"offset_us"`
}

func (w *World) clockFace() clockFace {
	return clockFace{w.now().Format(time.RFC3339Nano), w.offset.Load() / int64(time.Microsecond)}
}

func (w *World) orderClock(r *http.Request) (any, error) {
	var o struct {
		OffsetUS  *int64 `json:"offset_us"`
		AdvanceUS int64  `json:"advance_us"`
	}
	if err := readOrder(r, &o); err != nil {
		return nil, err
	}
	const centuryUS = 100 * 365 * 24 * int64(time.Hour/time.Microsecond)
	offset := w.offset.Load()/int64(time.Microsecond) + o.AdvanceUS
	if o.OffsetUS != nil {
		offset = *o.OffsetUS
	}
	if offset > centuryUS || offset < -centuryUS || o.AdvanceUS > centuryUS || o.AdvanceUS < -centuryUS {
		return nil, badOrder{"The clock moves by a century at most."}
	}
	if err := w.SetClock(time.Duration(offset) * time.Microsecond); err != nil {
		return nil, err
	}
	return w.clockFace(), nil
}

func (w *World) orderDispute(r *http.Request) (any, error) {
	var o struct {
		Charge  string `json:"charge"`
		Reason  string `json:"reason"`
		Inquiry bool   `json:"inquiry"`
	}
	if err := readOrder(r, &o); err != nil {
		return nil, err
	}
	if o.Reason == "" {
		o.Reason = "fraudulent"
	}
	return w.Dispute(o.Charge, o.Reason, o.Inquiry)
}

// Dispute has the payer of a captured charge contest it at the bank, for one
// of Stripe's reasons, and returns the dispute's id.
func (w *World) Dispute(chargeID, reason string, inquiry bool) (string, error) {
	if networkReasons[reason] == "" {
		return "", badOrder{"reason is not one of Stripe's reasons for a dispute"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var id string
	err := w.within(caller{}, func(t *tx) error {
		ch, err := t.charge(chargeID, "charge")
		if err != nil {
			return err
		}
		if !ch.Captured || ch.Disputed || ch.Refunded {
			return badOrder{"only a captured charge that is neither refunded nor disputed can be disputed"}
		}
		d, err := t.openDispute(ch, reason, inquiry)
		if err == nil {
			id = d.ID
		}
		return err
	})
	return id, err
}

func (w *World) challengeOrder(intentID, verb string) func(*http.Request) (any, error) {
	return func(*http.Request) (any, error) {
		if verb != "complete" && verb != "fail" {
			return nil, badOrder{"A challenge can be completed or failed."}
		}
		back, err := w.AnswerChallenge(intentID, verb == "complete")
		return map[string]string{"return_to": back}, err
	}
}

// AnswerChallenge has the payer of an intent pass or fail the challenge that
// waits, and returns the page that the payer would be sent back to.
func (w *World) AnswerChallenge(intentID string, pass bool) (returnTo string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.doDue(); err != nil {
		return "", err
	}
	err = w.within(caller{}, func(t *tx) error {
		id, err := t.openChallengeOf(intentID)
		if err != nil {
			return err
		}
		h, found, err := load[threeDSChallenge](t, "challenge", id)
		if err != nil {
			return err
		}
		if !found {
			return badOrder{"No challenge waits for this intent."}
		}
		returnTo, _, err = t.answerChallenge(h, pass)
		return err
	})
	return returnTo, err
}

func (t *tx) openChallengeOf(intentID string) (string, error) {
	p, found, err := load[intent](t, "payment_intent", intentID)
	if err != nil || found {
		if found && p.Status == requiresAction {
			return p.hidden.Challenge, nil
		}
		return "", err
	}
	s, found, err := load[setup](t, "setup_intent", intentID)
	if err != nil || !found || s.Status != requiresAction {
		return "", err
	}
	return s.hidden.Challenge, nil
}

// publishedCards lists the test cards, for people.
func publishedCards() any {
	type row struct {
		Number        string `json:"number"`
		PaymentMethod string `json:"payment_method"`
		Brand         string `json:"brand"`
		Funding       string `json:"funding"`
		Country       string `json:"country"`
	}
	rows := make([]row, 0, len(cards))
	for i := range cards {
		c := &cards[i]
		rows = append(rows, row{c.number, fmt.Sprintf("pm_card_%s", c.name()), c.brand, c.funding, c.country})
	}
	return rows
}
