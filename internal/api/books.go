package api

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/ledger"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/wire"
)

func (s *Server) listBalances(ctx context.Context, by access.Caller, _ *struct{}) (wire.List[wire.Balance], error) {
	totals, err := s.office.Totals(ctx, by)
	page := wire.List[wire.Balance]{Data: []wire.Balance{}}
	for _, t := range totals {
		page.Data = append(page.Data, wire.Balance{
			Object: "balance", LedgerAccount: string(t.Ledger), Debit: wire.OfAmount(t.Debit), Credit: wire.OfAmount(t.Credit),
		})
	}
	return page, err
}

func (s *Server) listEntries(ctx context.Context, by access.Caller, in *AccountPage) (wire.List[wire.Entry], error) {
	p, err := in.page("ent")
	if err != nil {
		return wire.List[wire.Entry]{}, err
	}
	entries, next, err := s.office.Entries(ctx, by, account.ID(in.ID), p)
	return list(entries, next, entryJSON), err
}

func entryJSON(e ledger.Entry) wire.Entry {
	shape := wire.Entry{
		Object: "entry", ID: e.ID, Kind: string(e.Kind), Account: string(e.Account), Subject: e.Subject, Amount: wire.OfAmount(e.Amount),
		BookedAt: wire.Instant(e.BookedAt), Postings: []wire.Posting{},
	}
	for _, p := range e.Postings {
		nothing := money.Amount{Currency: p.Amount.Currency}
		line := wire.Posting{LedgerAccount: string(p.Ledger), Debit: wire.OfAmount(p.Amount), Credit: wire.OfAmount(nothing)}
		if p.Amount.IsNegative() {
			line.Debit, line.Credit = wire.OfAmount(nothing), wire.OfAmount(p.Amount.Neg())
		}
		shape.Postings = append(shape.Postings, line)
	}
	return shape
}

func (s *Server) verify(ctx context.Context, by access.Caller, _ *struct{}) (wire.Verification, error) {
	report, err := s.office.VerifyBooks(ctx, by)
	shape := wire.Verification{Object: "verification", Verified: report.OK(), Checked: report.Checked, Checks: []wire.Check{}}
	for _, c := range report.Checks {
		check := wire.Check{Name: c.Name, Title: c.Title, OK: c.OK(), Checked: c.Counted, ProblemCount: c.Total, Problems: []wire.BrokenPromise{}}
		for _, p := range c.Problems {
			check.Problems = append(check.Problems, wire.BrokenPromise(p))
		}
		shape.Checks = append(shape.Checks, check)
	}
	return shape, err
}
