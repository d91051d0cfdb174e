package console

import "net/http"

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

// endChallenge is where the payer's bank sends them.
func (c *console) endChallenge(v *visit) error {
	v.show(http.StatusOK, "challenge_done.html", map[string]bool{"Inside": c.admit(v) == nil})
	return nil
}
