package console

import (
	"net/http"

	"github.com/bursar-pay/bursar/internal/payment"
)

// offerChallenge is where a link in a message leads (R-3DS-05). The link is good
// for one time, and mail programs look at links by themselves, so it is used up
// by the button on this page only.
func (c *console) offerChallenge(v *visit) error {
	v.show(http.StatusOK, "challenge.html", nil)
	return nil
}

// takeChallenge takes the payer to their bank.
func (c *console) takeChallenge(v *visit) error {
	p, err := c.office.TakeChallenge(v.r.Context(), v.r.PathValue("secret"))
	if err != nil {
		return err
	}
	if p.ChallengeURL == "" {
		http.Redirect(v.w, v.r, "/challenge/done", http.StatusSeeOther)
		return nil
	}
	http.Redirect(v.w, v.r, p.ChallengeURL, http.StatusSeeOther)
	return nil
}

// endChallenge is where the payer's bank sends them. Who is signed in goes on to the
// payment, which says how it ended.
func (c *console) endChallenge(v *visit) error {
	inside := c.admit(v) == nil
	if id := payment.ID(v.r.URL.Query().Get("payment")); inside && id != "" {
		if _, err := c.lookAtPayment(v, id, true); err == nil {
			http.Redirect(v.w, v.r, paymentURL(id), http.StatusSeeOther)
			return nil
		}
	}
	v.show(http.StatusOK, "challenge_done.html", map[string]bool{"Inside": inside})
	return nil
}
