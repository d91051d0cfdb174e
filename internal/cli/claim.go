package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/api"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

type receiptCommands struct {
	Ls       receiptLs       `cmd:"" aliases:"list" help:"List receipts, newest first: what came to our bank accounts."`
	Show     receiptShow     `cmd:"" help:"Show a receipt, with who may have sent it and why."`
	Claims   receiptClaims   `cmd:"" help:"List claims, newest first."`
	Claim    receiptClaim    `cmd:"" help:"Say that a receipt, or a part of it, is a customer's."`
	Proof    receiptProof    `cmd:"" help:"Write the file that proves a claim; that you opened it is written down."`
	Approve  receiptApprove  `cmd:"" help:"Credit what another person has claimed."`
	Refuse   receiptRefuse   `cmd:"" help:"Find a claim to be wrong."`
	Withdraw receiptWithdraw `cmd:"" help:"Take your own claim back."`
	Reverse  receiptReverse  `cmd:"" help:"Take back what was credited wrongly."`
	Assign   receiptAssign   `cmd:"" help:"Say who looks after a receipt."`
	Return   receiptReturn   `cmd:"" help:"Have what is nobody's of a receipt sent back to who paid it."`
	Keep     receiptKeep     `cmd:"" help:"Do not send a receipt back after all."`
	Lines    receiptLines    `cmd:"" help:"List movements on our bank accounts, in the order in which they were taken."`
	Line     receiptLine     `cmd:"" help:"Show a movement, and what it may have been."`
	Explain  receiptExplain  `cmd:"" help:"Say what a movement was that no customer is credited with."`
	Accept   receiptAccept   `cmd:"" help:"Let a movement count that contradicts another one."`
	Dismiss  receiptDismiss  `cmd:"" help:"Find a movement to be the one that it contradicts."`
	Sheets   receiptSheets   `cmd:"" help:"List bank statements, newest first."`
	Agree    receiptAgree    `cmd:"" help:"Have a statement matched that does not add up."`
}

type receiptLs struct {
	Account    string `help:"With a claim for this account, by id or reference."`
	State      string `help:"Those that are unclaimed, credited, returning or ended." enum:",unclaimed,credited,returning,ended" default:""`
	Owner      string `help:"That this person looks after."`
	Exceptions bool   `help:"Those that wait and need more than an ordinary claim."`
	Due        bool   `help:"Those that should have been claimed by now."`
	Late       bool   `help:"Those that have waited longer than customers were promised."`
	pageFlags
}

// Run lists receipts.
func (c receiptLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		f := office.RemittanceFilter{State: bank.RemittanceState(c.State), Owner: c.Owner, Exceptions: c.Exceptions, Due: c.Due, Late: c.Late}
		if c.Account != "" {
			a, err := d.account(ctx, c.Account)
			if err != nil {
				return err
			}
			f.Account = a.ID
		}
		list, next, err := d.office.Remittances(ctx, access.CommandLine, f, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfRemittance, "receipt,amount,free,state,reason,payer,received,due,late,owner", func(r wire.Remittance) []any {
			return []any{r.ID, r.Amount, r.Free, r.State, r.Reason, r.Payer, r.ReceivedOn, r.DueAt, r.LateAt, r.Owner}
		})
	})
}

type receiptShow struct {
	Receipt string `arg:"" help:"Its id."`
}

// Run shows a receipt.
func (c receiptShow) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		r, err := d.office.Remittance(ctx, access.CommandLine, bank.RemittanceID(c.Receipt))
		if err != nil {
			return err
		}
		shape := api.RemittanceJSON(r)
		return s.show(shape, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("receipt", shape.ID)
				add("amount", shape.Amount)
				add("credited", shape.Credited)
				add("free", shape.Free)
				add("state", shape.State)
				add("reason", shape.Reason)
				add("payer", shape.Payer)
				add("from", shape.PayerFrom)
				add("text", shape.BankLine.Text)
				add("received", shape.ReceivedOn)
				add("due", shape.DueAt)
				add("late", shape.LateAt)
				add("owner", shape.Owner)
				add("sent back by", shape.ReturnedBy)
			})
			if len(shape.Candidates) > 0 {
				fmt.Fprintln(w)
				table(w, "candidate,name,score,evidence", func(add func(...any)) {
					for _, one := range shape.Candidates {
						var because []string
						for _, e := range one.Evidence {
							because = append(because, fmt.Sprintf("%s %+d", e.Kind, e.Weight))
						}
						add(one.Account, one.Name, one.Score, strings.Join(because, ", "))
					}
				})
			}
			if len(shape.Claims) > 0 {
				fmt.Fprintln(w)
				table(w, claimHead, func(add func(...any)) {
					for _, one := range shape.Claims {
						add(claimRow(one)...)
					}
				})
			}
		})
	})
}

const claimHead = "claim,receipt,account,amount,fee,state,claimed by,decided by,reversed by,note,proof"

func claimRow(c wire.Claim) []any {
	return []any{c.ID, c.Remittance, c.Account, c.Amount, c.Fee, c.State, c.ClaimedBy, c.DecidedBy, c.ReversedBy, c.Note, c.ProofFile}
}

type receiptClaims struct {
	State   string `help:"Those that are proposed, credited, refused, withdrawn or reversed." enum:",proposed,credited,refused,withdrawn,reversed" default:""`
	Account string `help:"For this account, by id or reference."`
	pageFlags
}

// Run lists claims.
func (c receiptClaims) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		f := office.ClaimFilter{State: bank.ClaimState(c.State)}
		if c.Account != "" {
			a, err := d.account(ctx, c.Account)
			if err != nil {
				return err
			}
			f.Account = a.ID
		}
		list, next, err := d.office.Claims(ctx, access.CommandLine, f, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfClaim, claimHead, claimRow)
	})
}

type receiptClaim struct {
	Receipt string `arg:"" help:"Its id."`
	Account string `required:"" help:"Whose it is, by id or reference."`
	Amount  string `help:"So much of it, in its currency; all that is free if it is left out."`
	Fee     string `help:"What a bank took on the way, that we bear: a bill is short by just that."`
	Note    string `required:"" help:"How you know, for the audit."`
	Proof   string `help:"Where the proof is."`
	File    string `name:"proof-file" placeholder:"FILE" help:"The proof itself: a JPEG or PNG picture or a PDF, which is kept encrypted."`
	asFlag
}

// Run claims a receipt.
func (c receiptClaim) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		a, err := d.account(ctx, c.Account)
		if err != nil {
			return err
		}
		what := office.Claiming{Account: a.ID, Note: c.Note, Proof: c.Proof}
		for _, one := range []struct {
			text string
			into *money.Amount
		}{{c.Amount, &what.Amount}, {c.Fee, &what.Fee}} {
			if one.text == "" {
				continue
			}
			r, err := d.office.Remittance(ctx, access.CommandLine, bank.RemittanceID(c.Receipt))
			if err != nil {
				return err
			}
			if *one.into, err = money.ParseAmount(one.text, r.Amount.Currency); err != nil {
				return err
			}
		}
		if c.File != "" {
			f, err := os.Open(c.File)
			if err != nil {
				return errFile.At(c.File).Detail("%v", cause(err))
			}
			defer f.Close()
			p, err := d.office.AddProof(ctx, c.caller(), bank.RemittanceID(c.Receipt), filepath.Base(c.File), f)
			if err != nil {
				return err
			}
			what.File = p.ID
		}
		claim, err := d.office.ClaimRemittance(ctx, c.caller(), bank.RemittanceID(c.Receipt), what)
		return s.showClaim(claim, err)
	})
}

// showClaim shows a claim as it is now.
func (s *session) showClaim(c bank.Claim, err error) error {
	if err != nil {
		return err
	}
	shape := wire.OfClaim(c)
	return s.show(shape, func(w io.Writer) {
		facts(w, func(add func(...any)) {
			add("claim", shape.ID)
			add("receipt", shape.Remittance)
			add("account", shape.Account)
			add("amount", shape.Amount)
			add("fee", shape.Fee)
			add("state", shape.State)
			add("claimed by", shape.ClaimedBy)
			add("decided by", shape.DecidedBy)
			add("reversed by", shape.ReversedBy)
		})
	})
}

// claimFlags name a claim, why it is decided so, and by whom.
type claimFlags struct {
	Claim string `arg:"" help:"Its id."`
	Note  string `required:"" help:"Why, for the audit."`
	asFlag
}

type receiptProof struct {
	Proof string `arg:"" help:"Its id, as the claim names it."`
	Out   string `required:"" placeholder:"FILE" help:"Where to write it; nobody but you will be able to read it."`
	asFlag
}

// Run writes the file that proves a claim. Nothing of it is shown on the terminal.
func (c receiptProof) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		p, content, err := d.office.OpenProof(ctx, c.caller(), bank.ProofID(c.Proof))
		if err != nil {
			return err
		}
		if err := writeNew(c.Out, content); err != nil {
			return err
		}
		shape := wire.OfProof(p)
		return s.show(shape, func(w io.Writer) { fmt.Fprintf(w, "%s: %s, %d bytes\n", c.Out, shape.Media, len(content)) })
	})
}

type receiptApprove struct {
	Claim string `arg:"" help:"Its id."`
	Note  string `help:"Why, for the audit."`
	asFlag
}

// Run approves a claim.
func (c receiptApprove) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		claim, err := d.office.ApproveClaim(ctx, c.caller(), bank.ClaimID(c.Claim), c.Note)
		return s.showClaim(claim, err)
	})
}

type receiptRefuse struct{ claimFlags }

// Run refuses a claim.
func (c receiptRefuse) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		claim, err := d.office.RefuseClaim(ctx, c.caller(), bank.ClaimID(c.Claim), c.Note)
		return s.showClaim(claim, err)
	})
}

type receiptWithdraw struct {
	Claim string `arg:"" help:"Its id."`
	asFlag
}

// Run withdraws a claim.
func (c receiptWithdraw) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		claim, err := d.office.WithdrawClaim(ctx, c.caller(), bank.ClaimID(c.Claim))
		return s.showClaim(claim, err)
	})
}

type receiptReverse struct{ claimFlags }

// Run reverses a claim.
func (c receiptReverse) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		claim, err := d.office.ReverseClaim(ctx, c.caller(), bank.ClaimID(c.Claim), c.Note)
		return s.showClaim(claim, err)
	})
}

type receiptAssign struct {
	Receipt string `arg:"" help:"Its id."`
	Owner   string `required:"" help:"Who looks after it."`
	asFlag
}

// Run assigns a receipt.
func (c receiptAssign) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		r, err := d.office.AssignRemittance(ctx, c.caller(), bank.RemittanceID(c.Receipt), c.Owner)
		return s.showReceipt(r, err)
	})
}

func (s *session) showReceipt(r bank.Remittance, err error) error {
	if err != nil {
		return err
	}
	shape := wire.OfRemittance(r)
	return s.show(shape, func(w io.Writer) {
		facts(w, func(add func(...any)) {
			add("receipt", shape.ID)
			add("amount", shape.Amount)
			add("free", shape.Free)
			add("state", shape.State)
			add("owner", shape.Owner)
			add("sent back by", shape.ReturnedBy)
		})
	})
}

type receiptReturn struct {
	Receipt string `arg:"" help:"Its id."`
	Note    string `required:"" help:"Why, for the audit."`
	asFlag
}

// Run has a receipt sent back.
func (c receiptReturn) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		r, err := d.office.ReturnRemittance(ctx, c.caller(), bank.RemittanceID(c.Receipt), c.Note)
		return s.showReceipt(r, err)
	})
}

type receiptKeep struct {
	Receipt string `arg:"" help:"Its id."`
	Note    string `required:"" help:"Why, for the audit."`
	asFlag
}

// Run keeps a receipt.
func (c receiptKeep) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		r, err := d.office.KeepRemittance(ctx, c.caller(), bank.RemittanceID(c.Receipt), c.Note)
		return s.showReceipt(r, err)
	})
}

type receiptLines struct {
	Statement string `help:"Of this statement."`
	State     string `help:"In this state: ${enum}." enum:",pending,superseded,aside,conflict,dismissed,held,remitted,unexplained,explained" default:""`
	pageFlags
}

const lineHead = "line,booked,amount,state,other party,reference,text,contradicts"

func lineRow(l wire.BankLine) []any {
	amount := l.Amount
	if !l.Incoming {
		amount.Amount = "-" + amount.Amount
	}
	return []any{l.ID, l.BookedOn, amount, l.State, l.Other, l.Reference, l.Text, l.Against}
}

// Run lists movements.
func (c receiptLines) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		list, next, err := d.office.BankLines(ctx, access.CommandLine, office.LineFilter{Statement: bank.StatementID(c.Statement), State: bank.LineState(c.State)}, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfBankLine, lineHead, lineRow)
	})
}

type receiptLine struct {
	Line string `arg:"" help:"Its id."`
}

// Run shows a movement.
func (c receiptLine) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		l, err := d.office.BankLine(ctx, access.CommandLine, bank.LineID(c.Line))
		if err != nil {
			return err
		}
		shape := api.LineJSON(l)
		return s.show(shape, func(w io.Writer) {
			table(w, lineHead, func(add func(...any)) { add(lineRow(shape.BankLine)...) })
			if len(shape.Origins) > 0 {
				fmt.Fprintln(w)
				table(w, "may take back,score", func(add func(...any)) {
					for _, o := range shape.Origins {
						add(o.Remittance, o.Score)
					}
				})
			}
			if len(shape.Explanations) > 0 {
				fmt.Fprintln(w)
				table(w, "explained as,amount,about,by,note", func(add func(...any)) {
					for _, e := range shape.Explanations {
						add(e.Kind, e.Amount, e.Subject, e.By, e.Note)
					}
				})
			}
		})
	})
}

type receiptExplain struct {
	Line    string `arg:"" help:"Its id."`
	Kind    string `required:"" enum:"fee,transfer,payout,withdrawal,return,reversal" help:"What it was: ${enum}."`
	Subject string `help:"The receipt that went back, or the withdrawal."`
	Note    string `required:"" help:"How you know, for the audit."`
	asFlag
}

// Run explains a movement.
func (c receiptExplain) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		l, err := d.office.ExplainLine(ctx, c.caller(), bank.LineID(c.Line), office.Explaining{Kind: bank.ExplanationKind(c.Kind), Subject: c.Subject, Note: c.Note})
		return s.showLine(l, err)
	})
}

func (s *session) showLine(l bank.Line, err error) error {
	if err != nil {
		return err
	}
	shape := wire.OfBankLine(l)
	return s.show(shape, func(w io.Writer) {
		table(w, lineHead, func(add func(...any)) { add(lineRow(shape)...) })
	})
}

// lineFlags name a movement, why it is decided so, and by whom.
type lineFlags struct {
	Line string `arg:"" help:"Its id."`
	Note string `required:"" help:"Why, for the audit."`
	asFlag
}

type receiptAccept struct{ lineFlags }

// Run lets a movement count.
func (c receiptAccept) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		l, err := d.office.AcceptLine(ctx, c.caller(), bank.LineID(c.Line), c.Note)
		return s.showLine(l, err)
	})
}

type receiptDismiss struct{ lineFlags }

// Run dismisses a movement.
func (c receiptDismiss) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		l, err := d.office.DismissLine(ctx, c.caller(), bank.LineID(c.Line), c.Note)
		return s.showLine(l, err)
	})
}

type receiptSheets struct {
	State string `help:"Those that are taken, held or aside." enum:",taken,held,aside" default:""`
	pageFlags
}

const sheetHead = "statement,account,sequence,from,to,opening,closing,entries,proof,state,reason,remarks"

func sheetRow(b wire.BankStatement) []any {
	return []any{b.ID, b.Number, b.Sequence, b.First, b.Last, b.Opening, b.Closing, b.Booked, b.Proof, b.State, b.Reason, len(b.Remarks)}
}

// Run lists bank statements.
func (c receiptSheets) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		list, next, err := d.office.BankStatements(ctx, access.CommandLine, office.StatementFilter{State: bank.StatementState(c.State)}, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfBankStatement, sheetHead, sheetRow)
	})
}

type receiptAgree struct {
	Statement string `arg:"" help:"Its id."`
	Note      string `required:"" help:"Why, for the audit."`
	asFlag
}

// Run agrees to a statement.
func (c receiptAgree) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		st, err := d.office.AgreeToStatement(ctx, c.caller(), bank.StatementID(c.Statement), c.Note)
		if err != nil {
			return err
		}
		shape := wire.OfBankStatement(st)
		return s.show(shape, func(w io.Writer) {
			table(w, sheetHead, func(add func(...any)) { add(sheetRow(shape)...) })
		})
	})
}
