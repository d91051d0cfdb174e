package staff

import (
	"fmt"
	"net/http"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/policy"
)

// judgementView is one thing that risk said, with the rule that did and all that the
// rule was given.
type judgementView struct {
	ID, Account, What, Subject, SubjectPath, Method, Verdict, Tone, Rule, Policy, Message string
	Broken                                                                                bool
	At                                                                                    moment
	Inputs                                                                                []fact
}

// fact is a name and what it is.
type fact struct{ Name, Value string }

// verdictNames say what a verdict did.
var verdictNames = map[policy.Verdict]string{
	policy.Allow: "Allowed", policy.Challenge: "Sent to 3-D Secure", policy.VerifyIdentity: "Stopped: identity to be verified", policy.Refuse: "Refused",
}

func showStopped(v *visit) error {
	which, filters := v.filters("show", []string{"stopped", "all"}, map[string]string{"stopped": "What was stopped", "all": "All that risk said"})
	q := v.r.URL.Query()
	f := office.JudgementFilter{Account: account.ID(q.Get("account")), Subject: q.Get("subject"), Stopped: which == "stopped"}
	list, next, err := v.office().Judgements(v.ctx(), v.by, f, v.part())
	if err != nil {
		return err
	}
	var views []judgementView
	for _, j := range list {
		views = append(views, judgementOf(j))
	}
	v.show(http.StatusOK, "stopped.html", map[string]any{"Filters": filters, "Judgements": views, "More": v.more(next), "Account": string(f.Account)})
	return nil
}

func judgementOf(j office.Judgement) judgementView {
	view := judgementView{
		ID: j.ID, Account: string(j.Account), What: label(string(j.Occasion)), Subject: j.Subject, Method: string(j.Method), Verdict: verdictNames[j.Verdict], Tone: "good",
		Rule: j.Rule, Policy: j.Version, Message: j.Message, Broken: j.Broken, At: at(j.At), Inputs: inputsOf(j.Inputs),
	}
	switch j.Verdict {
	case policy.Challenge:
		view.Tone = "wait"
	case policy.VerifyIdentity, policy.Refuse:
		view.Tone = "bad"
	}
	return view
}

// inputsOf names what a rule was given as its condition does.
func inputsOf(in policy.RiskInputs) []fact {
	var list []fact
	for _, f := range []struct {
		name  string
		value any
	}{
		{"amount", in.Amount + " " + in.Currency}, {"account_age_days", in.AccountAgeDays}, {"kind", in.Kind}, {"country", in.Country}, {"region", in.Region},
		{"method_kind", in.MethodKind}, {"method_country", in.MethodCountry}, {"ip_country", in.IPCountry}, {"country_mismatch", in.CountryMismatch},
		{"percent_of_threshold", in.PercentOfThreshold}, {"order_kind", in.OrderKind}, {"first_use", in.FirstUse}, {"failed_binds_24h", in.FailedBinds24h},
		{"failed_payments_24h", in.FailedPayments24h}, {"payments_24h", in.Payments24h}, {"orders_24h", in.Orders24h}, {"new_methods_30d", in.NewMethods30d},
		{"overdue", in.Overdue}, {"identity_verified", in.IdentityVerified},
	} {
		if text := fmt.Sprint(f.value); text != "" {
			list = append(list, fact{f.name, text})
		}
	}
	return list
}
