package wire

// Mail is a message on its way to a customer's mailbox.
type Mail struct {
	Object    string  `json:"object" enum:"mail"`
	ID        string  `json:"id" example:"msg_01j8z3v6k2m4n8p0q2r4s6t8vw" doc:"The message's own."`
	Account   string  `json:"account"`
	Kind      string  `json:"kind"`
	State     string  `json:"state" enum:"waiting,sending,sent,failed,dropped,kept" doc:"Kept mails can be read here, because no mail server is configured."`
	Attempts  int     `json:"attempts"`
	Recipient *string `json:"recipient" doc:"Of the last attempt."`
	Language  *string `json:"language"`
	Reason    *string `json:"reason" doc:"Why it failed, was dropped or waits again: server_unreachable, tls_refused, login_refused, sender_refused, recipient_refused, mail_refused, address_invalid, answer_lost, interrupted, tries_exhausted, no_mail_server or no_longer_waiting."`
	Answer    *string `json:"answer" doc:"The code of the mail server's last answer."`
	NextAt    *string `json:"next_attempt_at" format:"date-time"`
	Title     *string `json:"title" doc:"Of a kept mail."`
	Text      *string `json:"text,omitempty" doc:"Of a kept mail; only where one mail is asked for."`
	EndedAt   *string `json:"ended_at" format:"date-time"`
	CreatedAt string  `json:"created_at" format:"date-time"`
}
