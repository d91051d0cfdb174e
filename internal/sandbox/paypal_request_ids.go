package sandbox

import (
	"net/http"
	"time"
)

// How long PayPal remembers a PayPal-Request-Id, by API.
// https://developer.paypal.com/docs/api/orders/v2/
// https://developer.paypal.com/docs/api/payments/v2/
// https://developer.paypal.com/docs/api/payment-tokens/v3/
const (
	windowVault    = 3 * time.Hour
	windowOrders   = 6 * time.Hour
	windowPayments = 45 * 24 * time.Hour

	requestIDMax = 108
)

// paypalOnce carries out a request, or replays the answer that its
// PayPal-Request-Id got before. Ids of different operations have nothing to do
// with each other. Of two at once with one id the second is refused.
func (w *World) paypalOnce(r *http.Request, to paypalRoute, c *paypalCall, during Fault) answer {
	by := caller{request: c.debugID, origin: w.origin(r)}
	if to.window == 0 || c.requestID == "" {
		c.requestID = ""
		w.sleepIfSlow(r, during)
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.performPayPal(to, c, by, "", during)
	}
	if len(c.requestID) > requestIDMax {
		return malformed("INVALID_STRING_LENGTH").answer(c)
	}
	by.key = c.requestID
	running := "paypal " + to.op + " " + c.requestID
	if !w.running.enter(running) {
		return paypalConflict().answer(c)
	}
	defer w.running.leave(running)
	w.sleepIfSlow(r, during)

	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.hashPayPal(r.Method, r.URL.Path, c.body)
	before, found, err := w.paypalAnsweredBefore(to, c, asked)
	switch {
	case err != nil:
		return w.asPayPalError(err).answer(c)
	case found:
		return before
	}
	return w.performPayPal(to, c, by, asked, during)
}

// paypalAnsweredBefore finds the answer that is remembered under an id. The
// caller must be who it says first.
func (w *World) paypalAnsweredBefore(to paypalRoute, c *paypalCall, asked string) (before answer, found bool, err error) {
	if err := w.within(caller{}, func(t *tx) error { return t.checkBearer(c) }); err != nil {
		return before, false, err
	}
	var was string
	found, err = w.store.row("SELECT asked, status, body FROM paypal_answers WHERE op = $1 AND request = $2 AND ends > $3",
		[]any{to.op, c.requestID, w.now().UnixMicro()}, &was, &before.status, &before.body)
	if err != nil || !found {
		return before, false, err
	}
	if was != asked {
		return unprocessable("PAYPAL_REQUEST_ID_PREVIOUSLY_USED").saying("Another request came with this PayPal-Request-Id before.").answer(c), true, nil
	}
	if to.replay != 0 && before.status != http.StatusNoContent {
		before.status = to.replay
	}
	return before, true, nil
}

// rememberPayPalAnswer keeps the answer of a request that took effect. One
// that was refused may be sent again under its id.
func (t *tx) rememberPayPalAnswer(to paypalRoute, c *paypalCall, asked string, got answer) error {
	if c.requestID == "" || to.window == 0 {
		return nil
	}
	now := t.w.now()
	if err := t.w.store.exec("DELETE FROM paypal_answers WHERE ends <= $1", now.UnixMicro()); err != nil {
		return err
	}
	return t.w.store.exec("INSERT INTO paypal_answers (op, request, asked, status, body, ends) VALUES ($1, $2, $3, $4, $5, $6)",
		to.op, c.requestID, asked, got.status, string(got.body), now.Add(to.window).UnixMicro())
}
