package wire

import "github.com/bursar-pay/bursar/internal/diagnosis"

// Diagnosis says why something did not go through, and what can be done.
type Diagnosis struct {
	Object    string     `json:"object" enum:"diagnosis"`
	Subject   string     `json:"subject" doc:"The id of what is diagnosed."`
	Audience  string     `json:"audience" enum:"payer,staff" doc:"What is for staff must not be shown to a payer."`
	Language  string     `json:"language" enum:"en,zh-Hant,zh-Hans,ja" doc:"In which it is told."`
	State     string     `json:"state" enum:"fine,under_way,waits,failed" doc:"Under way: it is not known yet how it ends. Waits: for the payer, or for an instant."`
	Cause     *string    `json:"cause" doc:"Null where there is nothing to explain; else one of: card_type, already_bound, issuer_refusal, hold_failed, browser_or_network, identity_check, three_ds_not_finished, card_state_or_features, method_not_usable, insufficient_funds, funding_source, agreement, details_wrong, no_payment_method, limits, risk, account_state, amount_not_chargeable, lapsed, provider_unavailable, unknown_outcome."`
	Reason    *string    `json:"reason" doc:"The cause more finely, as a code."`
	Certainty *string    `json:"certainty" doc:"Certain, likely or possible, in lower case; null without a cause."`
	Title     string     `json:"title" doc:"The cause by name, or the state where there is none."`
	Meaning   string     `json:"meaning,omitempty" doc:"What the cause means to whoever pays."`
	Also      []Finding  `json:"also" nullable:"false" doc:"What else may be behind it, the likeliest first."`
	Evidence  []Evidence `json:"evidence" nullable:"false" doc:"What we know, as it happened; what always holds comes last."`
	Customer  []Advice   `json:"customer" nullable:"false" doc:"What the customer can do, the best first."`
	Staff     []Advice   `json:"staff,omitempty" doc:"What staff can do; absent for payers."`
}

// Finding is a cause with its certainty.
type Finding struct {
	Cause     string `json:"cause"`
	Certainty string `json:"certainty" enum:"certain,likely,possible"`
	Title     string `json:"title"`
}

// Evidence is one fact.
type Evidence struct {
	Fact   string            `json:"fact" example:"hold_asked"`
	At     *string           `json:"at" format:"date-time" doc:"Null where it holds whenever it is looked at."`
	Source string            `json:"source" enum:"bursar,policy,provider,payer,staff" doc:"Who it comes from; an issuer's answer comes through the provider."`
	Text   string            `json:"text"`
	Values map[string]string `json:"values,omitempty" doc:"What the text is told with."`
}

// Advice is something that can be done.
type Advice struct {
	Step string  `json:"step" example:"use_another_method"`
	Text string  `json:"text"`
	URL  *string `json:"url" doc:"Where; null nowhere in particular."`
}

// OfDiagnosis shapes a diagnosis in a language.
func OfDiagnosis(d diagnosis.Diagnosis, audience string, l diagnosis.Language) Diagnosis {
	shape := Diagnosis{
		Object: "diagnosis", Subject: d.Subject, Audience: audience, Language: l.Tag(), State: string(d.State), Cause: MaybeText(d.Cause), Reason: MaybeText(d.Reason),
		Certainty: MaybeText(d.Certainty), Title: l.State(d.State), Also: []Finding{}, Evidence: []Evidence{}, Customer: adviceOf(d.Customer, l), Staff: adviceOf(d.Staff, l),
	}
	if d.Cause != "" {
		shape.Title, shape.Meaning = l.Cause(d.Cause)
	}
	for _, f := range d.Also {
		title, _ := l.Cause(f.Cause)
		shape.Also = append(shape.Also, Finding{Cause: string(f.Cause), Certainty: string(f.Certainty), Title: title})
	}
	for _, e := range d.Evidence {
		fact := Evidence{Fact: string(e.Fact), At: Maybe(e.At), Source: string(e.Source), Text: l.Evidence(e)}
		for _, v := range e.Values {
			if fact.Values == nil {
				fact.Values = map[string]string{}
			}
			fact.Values[v.Name] = v.Text
		}
		shape.Evidence = append(shape.Evidence, fact)
	}
	return shape
}

func adviceOf(list []diagnosis.Advice, l diagnosis.Language) []Advice {
	shapes := []Advice{}
	for _, a := range list {
		shapes = append(shapes, Advice{Step: string(a.Step), Text: l.Step(a.Step), URL: MaybeText(a.URL)})
	}
	return shapes
}

// BindAttempt is one try to bind a card or PayPal account, with what became of it.
type BindAttempt struct {
	Object    string    `json:"object" enum:"bind_attempt"`
	ID        string    `json:"id" example:"try_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	At        string    `json:"at" format:"date-time"`
	Outcome   string    `json:"outcome" example:"already_bound" doc:"Opened, kept, or the code of what refused it."`
	Method    *string   `json:"payment_method" doc:"That came of it; null if none did."`
	Agreement *string   `json:"agreement" doc:"That was opened for it; null for cards, and where a rule refused it at once."`
	Diagnosis Diagnosis `json:"diagnosis"`
}

// BindAttempts is a page of an account's tries, newest first.
type BindAttempts struct {
	Data []BindAttempt `json:"data" nullable:"false"`
	Next *string       `json:"next" doc:"Ask for the next page with it; null on the last."`
	Now  Diagnosis     `json:"now" doc:"Whether one more would be let through now, whatever the instrument."`
}
