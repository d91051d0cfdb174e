package sandbox

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// camtNamespace is that of the statement, version 8.
const camtNamespace = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"

// camtWriter writes elements; what it writes to cannot fail.
type camtWriter struct {
	to    *bytes.Buffer
	depth int
}

func (c *camtWriter) indent() { c.to.WriteString(strings.Repeat(" ", c.depth)) }

// within writes an element around what inside writes.
func (c *camtWriter) within(name string, inside func()) {
	c.indent()
	fmt.Fprintf(c.to, "<%s>\n", name)
	c.depth++
	inside()
	c.depth--
	c.indent()
	fmt.Fprintf(c.to, "</%s>\n", name)
}

// text writes an element with a text; one without a text is left out.
func (c *camtWriter) text(name, text string) {
	if text == "" {
		return
	}
	c.indent()
	fmt.Fprintf(c.to, "<%s>", name)
	_ = xml.EscapeText(c.to, []byte(text)) // a buffer takes everything
	fmt.Fprintf(c.to, "</%s>\n", name)
}

// path writes a text within elements that have nothing else in them.
func (c *camtWriter) path(path, text string) {
	first, rest, deeper := strings.Cut(path, "/")
	switch {
	case text == "":
	case deeper:
		c.within(first, func() { c.path(rest, text) })
	default:
		c.text(first, text)
	}
}

// amount writes an amount without its sign, and its currency.
func (c *camtWriter) amount(decimal, currency string) {
	c.indent()
	fmt.Fprintf(c.to, "<Amt Ccy=\"%s\">%s</Amt>\n", currency, strings.TrimPrefix(decimal, "-"))
}

func (c *camtWriter) side(minor int64) {
	side := "CRDT"
	if minor < 0 {
		side = "DBIT"
	}
	c.text("CdtDbtInd", side)
}

// writeCamt writes a statement as ISO 20022's camt.053, version 8.
func writeCamt(to *bytes.Buffer, s BankStatement, booked, pending []*BankEntry) {
	at := time.UnixMicro(s.atUS).UTC().Format("2006-01-02T15:04:05Z")
	c := &camtWriter{to: to}
	to.WriteString(xml.Header)
	fmt.Fprintf(to, "<Document xmlns=%q>\n", camtNamespace)
	c.depth++
	c.within("BkToCstmrStmt", func() {
		c.within("GrpHdr", func() {
			c.text("MsgId", s.id()+"-M")
			c.text("CreDtTm", at)
		})
		c.within("Stmt", func() {
			c.text("Id", s.id())
			c.text("ElctrncSeqNb", fmt.Sprint(s.Number))
			c.text("LglSeqNb", fmt.Sprint(s.Number))
			c.text("CreDtTm", at)
			c.within("FrToDt", func() {
				c.text("FrDtTm", s.Day+"T00:00:00Z")
				c.text("ToDtTm", s.Day+"T23:59:59Z")
			})
			c.account(s.bank)
			c.balance("OPBD", s.openingDay, s.opening, s)
			c.balance("CLBD", s.Day, s.closing, s)
			c.totals(s, booked)
			for _, e := range booked {
				c.entry(e)
			}
			for _, e := range pending {
				c.entry(e)
			}
		})
	})
	to.WriteString("</Document>\n")
}

// id is what the bank calls a statement. Its numbers do not start again with the year.
func (s BankStatement) id() string {
	return fmt.Sprintf("STMT-%s-%05d", strings.ReplaceAll(s.Day, "-", ""), s.Number)
}

func (c *camtWriter) number(number string) {
	if isIBANShaped(number) {
		c.path("Id/IBAN", number)
		return
	}
	c.path("Id/Othr/Id", number)
}

func (c *camtWriter) account(b bankRow) {
	c.within("Acct", func() {
		c.number(b.number)
		c.text("Ccy", string(b.currency))
		c.path("Ownr/Nm", b.holder)
		c.within("Svcr", func() {
			c.within("FinInstnId", func() {
				c.text("BICFI", b.bic)
				c.text("Nm", b.bank)
			})
		})
	})
}

func (c *camtWriter) balance(kind, day string, minor int64, s BankStatement) {
	c.within("Bal", func() {
		c.path("Tp/CdOrPrtry/Cd", kind)
		c.amount(s.bank.in(minor).Decimal(), s.Currency)
		c.side(minor)
		c.path("Dt/Dt", day)
	})
}

func (c *camtWriter) totals(s BankStatement, booked []*BankEntry) {
	credits := 0
	for _, e := range booked {
		if e.minor > 0 {
			credits++
		}
	}
	c.within("TxsSummry", func() {
		c.path("TtlNtries/NbOfNtries", fmt.Sprint(len(booked)))
		c.within("TtlCdtNtries", func() {
			c.text("NbOfNtries", fmt.Sprint(credits))
			c.text("Sum", s.Credits)
		})
		c.within("TtlDbtNtries", func() {
			c.text("NbOfNtries", fmt.Sprint(len(booked)-credits))
			c.text("Sum", s.Debits)
		})
	})
}

func (c *camtWriter) entry(e *BankEntry) {
	c.within("Ntry", func() {
		c.amount(e.Amount, e.Currency)
		c.side(e.minor)
		if e.Kind == bankReversal {
			c.text("RvslInd", "true")
		}
		status := "BOOK"
		if e.State == bankPending {
			status = "PDNG"
		}
		c.path("Sts/Cd", status)
		c.path("BookgDt/Dt", e.Day)
		c.path("ValDt/Dt", e.ValueDay)
		c.text("AcctSvcrRef", e.Reference)
		c.code(e)
		c.within("NtryDtls", func() {
			c.within("TxDtls", func() { c.detail(e) })
		})
		c.text("AddtlNtryInf", e.Note)
	})
}

func (c *camtWriter) code(e *BankEntry) {
	domain, family, sub := "ACMT", "MDOP", "CHRG"
	if way, known := bankRails[e.Rail]; known {
		domain, family, sub = "PMNT", way.family, way.sub
		if e.isOurs() {
			family = way.outFamily
		}
	}
	c.within("BkTxCd", func() {
		c.within("Domn", func() {
			c.text("Cd", domain)
			c.within("Fmly", func() {
				c.text("Cd", family)
				c.text("SubFmlyCd", sub)
			})
		})
	})
}

// isOurs tells a payment that the merchant made, or the undoing of one.
func (e *BankEntry) isOurs() bool {
	return e.Kind == bankPayment || e.Kind == bankReversal && e.minor > 0
}

// detail writes the one transaction of an entry. The parties of a reversal are those of
// the payment that it undoes.
func (c *camtWriter) detail(e *BankEntry) {
	c.within("Refs", func() {
		c.text("AcctSvcrRef", e.Reference)
		c.text("EndToEndId", orText(e.EndToEnd, "NOTPROVIDED"))
		c.text("TxId", e.TxID)
	})
	c.amount(e.Amount, e.Currency)
	c.side(e.minor)
	if e.Sent != "" {
		c.within("AmtDtls", func() {
			c.within("InstdAmt", func() { c.amount(e.Sent, e.SentIn) })
		})
	}
	if e.Kind == bankFee {
		return
	}
	payer, payee := e.Other, BankParty{e.bank.holder, orText(e.To, e.bank.number), e.bank.bic}
	if e.isOurs() {
		payer, payee = payee, payer
	}
	c.within("RltdPties", func() {
		c.party("Dbtr", payer)
		c.party("Cdtr", payee)
	})
	c.within("RltdAgts", func() {
		c.path("DbtrAgt/FinInstnId/BICFI", payer.BIC)
		c.path("CdtrAgt/FinInstnId/BICFI", payee.BIC)
	})
	if e.Text != "" || e.Ref != "" {
		c.within("RmtInf", func() {
			c.text("Ustrd", e.Text)
			if e.Ref != "" {
				c.within("Strd", func() {
					c.within("CdtrRefInf", func() {
						c.path("Tp/CdOrPrtry/Cd", "SCOR")
						c.text("Ref", e.Ref)
					})
				})
			}
		})
	}
	c.path("RtrInf/Rsn/Cd", e.Reason)
}

func (c *camtWriter) party(name string, p BankParty) {
	c.path(name+"/Pty/Nm", p.Name)
	if p.Account != "" {
		c.within(name+"Acct", func() { c.number(p.Account) })
	}
}

func orText(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
