package cli

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/identity"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

type identityCommands struct {
	Ls        identityLs        `cmd:"" aliases:"list" help:"List identity checks, oldest first: the queue of the reviewers."`
	Show      identityShow      `cmd:"" help:"Show an identity check and its documents."`
	Open      identityOpen      `cmd:"" help:"Write a document into a file; that you did is written down."`
	Approve   identityApprove   `cmd:"" help:"Find the documents in order: the account can go on with this payment method."`
	Reject    identityReject    `cmd:"" help:"Say what is wrong with the documents; the customer can send them again."`
	ExportLog identityExportLog `cmd:"" help:"Write who was handed which document, and when, as CSV."`
	Stopped   identityStopped   `cmd:"" help:"List what risk has stopped, with the rule that did."`
}

var (
	errReviewerName = fault.New(fault.Invalid, "reviewer_name_invalid", "a reviewer's name is 1 to 60 letters, digits and any of . - _ @").WithNext("write your own name behind --by")
	errFileThere    = fault.New(fault.Conflict, "file_exists", "there is a file of this name already").WithNext("name another file")
)

// reviewerFlags say who decides: the audit names them.
type reviewerFlags struct {
	By string `required:"" placeholder:"NAME" help:"Who you are, for the log."`
}

const reviewerNameMax = 60

// caller is the operator at the machine, by their own name.
func (f reviewerFlags) caller() (access.Caller, error) {
	fits := f.By != "" && len(f.By) <= reviewerNameMax
	for _, r := range f.By {
		fits = fits && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_@", r))
	}
	if !fits {
		return access.Caller{}, errReviewerName
	}
	by := access.CommandLine
	by.Name += ":" + f.By
	return by, nil
}

type identityLs struct {
	Account string `help:"Of this account, by id or reference; of all if it is left out."`
	State   string `help:"Those that are open, submitted, approved, rejected or expired." enum:",open,submitted,approved,rejected,expired" default:""`
	pageFlags
}

// Run lists identity checks.
func (c identityLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		var a account.Account
		var err error
		if c.Account != "" {
			if a, err = d.account(ctx, c.Account); err != nil {
				return err
			}
		}
		list, next, err := d.office.ReviewQueue(ctx, access.CommandLine, office.CheckFilter{Account: a.ID, State: identity.State(c.State)}, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, checkShape, "check,account,what,order,rule,state,round,reason,submit by,review by,late", func(w wire.IdentityCheck) []any {
			return []any{w.ID, w.Account, w.Occasion, w.Order, w.Rule, w.State, w.Round, w.Reason, w.SubmitBy, w.ReviewBy, w.IsLate}
		})
	})
}

func checkShape(c office.IdentityCheck) wire.IdentityCheck {
	shape := wire.OfCheck(c.Case, c.Documents, c.Missing)
	shape.IsLate = c.IsLate
	shape.Looks = &wire.Instrument{
		Kind: string(c.Looks.Kind), Brand: wire.MaybeText(c.Looks.Brand), Last4: wire.MaybeText(c.Looks.Last4), Holder: wire.MaybeText(c.Looks.Holder),
		Country: wire.MaybeText(c.Looks.Country), Email: wire.MaybeText(c.Looks.Email),
	}
	return shape
}

type identityShow struct {
	Check string `arg:"" help:"Its id."`
}

// Run shows an identity check, with what the documents are to agree with.
func (c identityShow) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		check, err := d.office.IdentityCheck(ctx, access.CommandLine, identity.CaseID(c.Check))
		if err != nil {
			return err
		}
		a, err := d.office.Account(ctx, access.CommandLine, check.Account)
		if err != nil {
			return err
		}
		shape := checkShape(check)
		return s.show(shape, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("check", shape.ID)
				add("state", shape.State)
				add("account", shape.Account)
				add("registered as", fmt.Sprintf("%s, %s, %s", a.Name, a.Kind, a.Country))
				add("payment method", shape.Method)
				add("looks like", strings.Join(strings.Fields(fmt.Sprint(check.Looks.Kind, " ", check.Looks.Brand, " ", check.Looks.Last4, " ", check.Looks.Holder, " ", check.Looks.Email)), " "))
				add("stopped", shape.Occasion)
				add("by the rule", shape.Rule)
				add("order", shape.Order)
				add("round", shape.Round)
				add("rejected for", shape.Reason)
				add("missing", strings.Join(shape.Missing, ", "))
				add("submit by", shape.SubmitBy)
				add("review by", shape.ReviewBy)
				add("decided", shape.DecidedAt)
				add("by", shape.DecidedBy)
				add("erased", shape.EraseAt)
			})
			fmt.Fprintln(w)
			table(w, "document,kind,round,media,bytes,sent,by,erased", func(add func(...any)) {
				for _, d := range shape.Documents {
					add(d.ID, d.Kind, d.Round, d.Media, d.Size, d.UploadedAt, d.UploadedBy, d.ErasedAt)
				}
			})
		})
	})
}

type identityOpen struct {
	Document string `arg:"" help:"Its id."`
	Out      string `required:"" placeholder:"FILE" help:"Where to write it; nobody but you will be able to read it."`
	Reason   string `help:"Why it is opened, for the log."`
	reviewerFlags
}

// Run writes a document into a new file. Nothing of it is shown on the terminal.
func (c identityOpen) Run(ctx context.Context, s *session) error {
	by, err := c.caller()
	if err != nil {
		return err
	}
	return s.at(ctx, func(d *desk) (err error) {
		file, err := os.OpenFile(c.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, os.ErrExist) {
			return errFileThere
		}
		if err != nil {
			return fmt.Errorf("make the file: %w", err)
		}
		defer func() {
			err = errors.Join(err, file.Close())
			if err != nil {
				os.Remove(c.Out)
			}
		}()
		doc, content, err := d.office.OpenDocument(ctx, by, identity.DocumentID(c.Document), c.Reason)
		if err != nil {
			return err
		}
		if _, err := file.Write(content); err != nil {
			return fmt.Errorf("write the file: %w", err)
		}
		return s.show(wire.OfDocument(doc), func(w io.Writer) {
			fmt.Fprintf(w, "%s, %d bytes, is in %s; delete it when you are done\n", doc.Media, len(content), cell(c.Out))
		})
	})
}

type identityApprove struct {
	Check string `arg:"" help:"Its id."`
	reviewerFlags
}

// Run approves an identity check.
func (c identityApprove) Run(ctx context.Context, s *session) error {
	return decideCheck(ctx, s, c.reviewerFlags, func(o *office.Office, by access.Caller) (office.IdentityCheck, error) {
		return o.ApproveIdentity(ctx, by, identity.CaseID(c.Check))
	})
}

type identityReject struct {
	Check    string   `arg:"" help:"Its id."`
	Reason   string   `required:"" enum:"mismatch,unreadable,blurred,expired" help:"Mismatch, unreadable, blurred or expired; the customer is told."`
	Document []string `placeholder:"KIND" help:"Which have to be sent again: registered_identity, payment_method_image, latest_statement; all if it is left out."`
	reviewerFlags
}

// Run rejects an identity check.
func (c identityReject) Run(ctx context.Context, s *session) error {
	r := identity.Rejection{Reason: identity.Reason(c.Reason)}
	for _, k := range c.Document {
		r.Kinds = append(r.Kinds, identity.Kind(k))
	}
	return decideCheck(ctx, s, c.reviewerFlags, func(o *office.Office, by access.Caller) (office.IdentityCheck, error) {
		return o.RejectIdentity(ctx, by, identity.CaseID(c.Check), r)
	})
}

func decideCheck(ctx context.Context, s *session, f reviewerFlags, decide func(*office.Office, access.Caller) (office.IdentityCheck, error)) error {
	by, err := f.caller()
	if err != nil {
		return err
	}
	return s.at(ctx, func(d *desk) error {
		check, err := decide(d.office, by)
		if err != nil {
			return err
		}
		shape := checkShape(check)
		return s.show(shape, func(w io.Writer) { fmt.Fprintf(w, "%s is %s, by %s\n", shape.ID, shape.State, cell(shape.DecidedBy)) })
	})
}

type identityExportLog struct {
	Check string `placeholder:"ID" help:"Of this identity check alone."`
}

// Run writes the log of views, oldest first.
func (c identityExportLog) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		out := csv.NewWriter(s.Out)
		if err := out.Write([]string{"at", "by", "address", "document", "identity_check", "account", "reason"}); err != nil {
			return err
		}
		for after := ""; ; {
			views, next, err := d.office.DocumentViews(ctx, access.CommandLine, identity.CaseID(c.Check), office.Page{After: after, Limit: pageMax})
			if err != nil {
				return err
			}
			for _, v := range views {
				if err := out.Write([]string{v.At.UTC().Format(time.RFC3339Nano), v.By, v.Address, string(v.Document), string(v.Case), string(v.Account), plain(v.Reason)}); err != nil {
					return err
				}
			}
			if out.Flush(); next == "" || out.Error() != nil {
				return out.Error()
			}
			after = next
		}
	})
}

// plain keeps a text from being taken for a formula by whoever opens the log in a
// spreadsheet.
func plain(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

type identityStopped struct {
	Account string `help:"Of this account, by id or reference; of all if it is left out."`
	pageFlags
}

// Run lists what risk has stopped, newest first.
func (c identityStopped) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		var a account.Account
		var err error
		if c.Account != "" {
			if a, err = d.account(ctx, c.Account); err != nil {
				return err
			}
		}
		list, next, err := d.office.Judgements(ctx, access.CommandLine, office.JudgementFilter{Account: a.ID, Stopped: true}, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, judgementShape, "at,account,what,subject,verdict,rule,policy,amount,currency,account age days,failed binds,failed payments", func(w wire.Judgement) []any {
			in := w.Inputs
			return []any{w.At, w.Account, w.Occasion, w.Subject, w.Verdict, w.Rule, w.Policy, in.Amount, in.Currency, in.AccountAgeDays, in.FailedBinds24h, in.FailedPayments24h}
		})
	})
}

func judgementShape(j office.Judgement) wire.Judgement {
	return wire.Judgement{
		Object: "judgement", ID: j.ID, Account: string(j.Account), Occasion: string(j.Occasion), Subject: j.Subject, Method: wire.MaybeText(j.Method),
		Verdict: string(j.Verdict), Rule: wire.MaybeText(j.Rule), Policy: j.Version, Broken: j.Broken, Inputs: j.Inputs, At: wire.Instant(j.At),
	}
}
