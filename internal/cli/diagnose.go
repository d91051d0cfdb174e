package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/diagnosis"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/wire"
)

// diagnoseFlags say for whom a diagnosis is and in which language.
type diagnoseFlags struct {
	For      string `enum:"staff,payer" default:"staff" help:"Who is told: staff or payer. What is for staff must not reach a payer."`
	Language string `default:"en" help:"en, zh-Hant, zh-Hans or ja."`
}

type paymentDiagnose struct {
	Payment string `arg:"" help:"Its id."`
	diagnoseFlags
}

// Run says why a payment did not go through.
func (c paymentDiagnose) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		said, err := d.office.DiagnosePayment(ctx, access.CommandLine, payment.ID(c.Payment), office.Audience(c.For))
		if err != nil {
			return err
		}
		return s.showDiagnosis(said, c.Language)
	})
}

type methodDiagnose struct {
	Method string `arg:"" help:"Its id."`
	diagnoseFlags
}

// Run says why a payment method was not bound, or cannot be charged.
func (c methodDiagnose) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		said, err := d.office.DiagnoseMethod(ctx, access.CommandLine, payment.MethodID(c.Method), office.Audience(c.For))
		if err != nil {
			return err
		}
		return s.showDiagnosis(said, c.Language)
	})
}

func (s *session) showDiagnosis(d office.Diagnosed, language string) error {
	l := diagnosis.LanguageOf(language)
	shape := wire.OfDiagnosis(d.Diagnosis, string(d.To), l)
	return s.show(shape, func(w io.Writer) { diagnosisText(w, shape, l) })
}

func diagnosisText(w io.Writer, d wire.Diagnosis, l diagnosis.Language) {
	facts(w, func(add func(...any)) {
		add("subject", d.Subject)
		add("state", d.State)
		add("cause", d.Cause)
		add("reason", d.Reason)
		add("certainty", d.Certainty)
		add("title", d.Title)
		if d.Meaning != "" {
			add("meaning", d.Meaning)
		}
		for _, f := range d.Also {
			add("also "+l.Certainty(diagnosis.Certainty(f.Certainty)), f.Title)
		}
	})
	if len(d.Evidence) > 0 {
		fmt.Fprintln(w)
		table(w, "at,from,evidence", func(add func(...any)) {
			for _, e := range d.Evidence {
				add(e.At, l.Source(diagnosis.Source(e.Source)), e.Text)
			}
		})
	}
	adviceText(w, "what the customer can do", d.Customer)
	adviceText(w, "what staff can do", d.Staff)
}

func adviceText(w io.Writer, head string, list []wire.Advice) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(w)
	table(w, head, func(add func(...any)) {
		for _, a := range list {
			if a.URL != nil {
				add(a.Text + ": " + *a.URL)
				continue
			}
			add(a.Text)
		}
	})
}
