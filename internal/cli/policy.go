package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/policy"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/wire"
)

var errFile = fault.New(fault.Invalid, "file_unreadable", "the file cannot be read").WithNext("check its name and its permissions")

type policyCommands struct {
	Check policyCheck `cmd:"" help:"Say whether a document is a policy, and what it would change."`
	Apply policyApply `cmd:"" help:"Let a document rule from its effective date on."`
	Show  policyShow  `cmd:"" help:"Show the policy that rules, and those that were applied."`
}

type policyCheck struct {
	Path string `arg:"" name:"file" help:"The document."`
}

// checkedPolicy is what a document would change.
type checkedPolicy struct {
	Version   string          `json:"version"`
	Effective string          `json:"effective"`
	Against   string          `json:"against"` // what it is compared with
	Changes   []policyChange  `json:"changes"`
	Touched   []touchedMethod `json:"touched"` // bound methods that could not be charged any more
}

type policyChange struct {
	Field  string `json:"field"`
	Text   string `json:"text"`
	Before string `json:"before"`
	After  string `json:"after"`
}

type touchedMethod struct {
	Method  string `json:"payment_method"`
	Account string `json:"account"`
	Why     string `json:"why"`
}

// Run checks a document. Without a database yet it is compared with the built-in
// policy.
func (c policyCheck) Run(ctx context.Context, s *session) error {
	text, err := readDocument(c.Path)
	if err != nil {
		return err
	}
	p, err := policy.Parse(text, filepath.Base(c.Path))
	if err != nil {
		return err
	}
	found := office.PolicyCheck{Policy: p, Changes: policy.Diff(policy.BuiltIn(), p)}
	against := "the built-in policy"
	err = s.at(ctx, func(d *desk) error {
		var err error
		against = "the policy that rules"
		found, err = d.office.CheckPolicy(ctx, access.CommandLine, text, filepath.Base(c.Path))
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotMigrated) {
		return err
	}
	return s.showCheck(found, against)
}

func (s *session) showCheck(found office.PolicyCheck, against string) error {
	shape := checkedPolicy{
		Version: found.Policy.Version, Effective: wire.Instant(found.Policy.Effective), Against: against,
		Changes: []policyChange{}, Touched: []touchedMethod{},
	}
	for _, c := range found.Changes {
		shape.Changes = append(shape.Changes, policyChange{c.Field, c.Text, c.Before, c.After})
	}
	for _, t := range found.Touched {
		shape.Touched = append(shape.Touched, touchedMethod{string(t.Method.ID), string(t.Method.Account), t.Why.Error()})
	}
	return s.show(shape, func(w io.Writer) {
		fmt.Fprintf(w, "policy %s is valid; it rules from %s on\n", shape.Version, shape.Effective)
		fmt.Fprintf(w, "against %s: %d changes\n", against, len(shape.Changes))
		for _, c := range shape.Changes {
			fmt.Fprintf(w, "  %s\n", cell(c.Text))
		}
		fmt.Fprintf(w, "%d bound payment methods could not be charged any more\n", len(shape.Touched))
		for _, t := range shape.Touched {
			fmt.Fprintf(w, "  %s of %s: %s\n", t.Method, t.Account, cell(t.Why))
		}
	})
}

type policyApply struct {
	Path string `arg:"" name:"file" help:"The document."`
	Now  bool   `help:"Let it rule from now on if its effective date is past."`
}

// Run applies a document.
func (c policyApply) Run(ctx context.Context, s *session) error {
	text, err := readDocument(c.Path)
	if err != nil {
		return err
	}
	return s.at(ctx, func(d *desk) error {
		p, err := d.office.ApplyPolicy(ctx, access.CommandLine, text, filepath.Base(c.Path), c.Now)
		if err != nil {
			return err
		}
		shape := appliedPolicy{Version: p.Version, Effective: wire.Instant(p.Effective), By: access.CommandLine.Name}
		return s.show(shape, func(w io.Writer) {
			fmt.Fprintf(w, "policy %s rules from %s on\n", shape.Version, shape.Effective)
		})
	})
}

type policyShow struct {
	Document bool `help:"Show the document itself."`
}

type appliedPolicy struct {
	Version   string `json:"version"`
	Effective string `json:"effective"`
	AppliedAt string `json:"applied_at,omitempty"`
	By        string `json:"by,omitempty"`
}

// Run shows the policy that rules and those that were applied, in the order of
// effect. Without a database it is the built-in one.
func (c policyShow) Run(ctx context.Context, s *session) error {
	p, rows := policy.BuiltIn(), []store.PolicyRow(nil)
	err := s.at(ctx, func(d *desk) (err error) {
		if p, err = d.office.Policy(ctx, access.CommandLine); err != nil {
			return err
		}
		rows, err = d.office.Policies(ctx, access.CommandLine)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotMigrated) {
		return err
	}
	applied := []appliedPolicy{}
	for _, r := range rows {
		applied = append(applied, appliedPolicy{r.Version, wire.Instant(r.EffectiveAt), wire.Instant(r.AppliedAt), r.AppliedBy})
	}
	shape := struct {
		Ruling   string          `json:"ruling"`
		Document string          `json:"document"`
		Applied  []appliedPolicy `json:"applied"`
	}{p.Version, p.Document, applied}
	return s.show(shape, func(w io.Writer) {
		if c.Document {
			io.WriteString(w, p.Document)
			return
		}
		fmt.Fprintf(w, "policy %s rules\n", p.Version)
		table(w, "version,effective,applied,by", func(add func(...any)) {
			for _, r := range applied {
				add(r.Version, r.Effective, r.AppliedAt, r.By)
			}
		})
	})
}

func readDocument(path string) ([]byte, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, errFile.At(path).Detail("%v", cause(err))
	}
	return text, nil
}

// applyAtStart lets the policy that a server was started with rule. The same
// document again changes nothing.
func (d *desk) applyAtStart(ctx context.Context, path string) error {
	text, err := readDocument(path)
	if err != nil {
		return err
	}
	p, err := policy.Parse(text, filepath.Base(path))
	if err != nil {
		return err
	}
	rows, err := d.office.Policies(ctx, access.CommandLine)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Version == p.Version && r.Document == string(text) {
			return nil
		}
	}
	_, err = d.office.ApplyPolicy(ctx, access.CommandLine, text, filepath.Base(path), true)
	if err == nil {
		d.log.Log(ctx, slog.LevelInfo, "policy applied", "version", p.Version)
	}
	return err
}
