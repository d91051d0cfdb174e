package statement

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/money"
)

// camtNode is an element that is of interest, or leads to one.
type camtNode struct {
	name       string
	children   map[string]*camtNode
	inCurrency bool                                // its attribute Ccy counts
	set        func(c *camtReader, v []byte) error // takes its value; empty ones too
	begin, end func(c *camtReader) error
}

// camtField is where a value stands, below the element that the table is for. There may
// be several paths, parted by spaces: they differ by version. @ stands for the attribute
// Ccy.
type camtField struct {
	paths string
	set   func(c *camtReader, v []byte) error
}

// camtHeader is the one element outside of the message that is read: it names the version
// where no namespace does.
var camtHeader = &camtNode{name: "MsgDefIdr", set: func(c *camtReader, v []byte) error {
	c.takeVersion(v)
	return nil
}}

// camtMessage is the tree of what is read, from the element of the message on.
var camtMessage = camtTree()

func camtTree() *camtNode {
	message := &camtNode{end: func(c *camtReader) error {
		c.format = ""
		return nil
	}}
	for _, name := range [2]string{"Stmt", "Ntfctn"} {
		statement := &camtNode{begin: (*camtReader).beginStatement, end: (*camtReader).endStatement}
		statement.add(camtStatementFields)
		for _, head := range [2]string{"Id", "Acct"} {
			statement.child(head).begin = (*camtReader).refuseLate
		}
		balance := statement.child("Bal")
		balance.begin, balance.end = (*camtReader).beginBalance, (*camtReader).endBalance
		balance.add(camtBalanceFields)
		entry := statement.child("Ntry")
		entry.begin, entry.end = (*camtReader).beginEntry, (*camtReader).endEntry
		entry.add(camtEntryFields)
		detail := entry.child("NtryDtls").child("TxDtls")
		detail.begin, detail.end = (*camtReader).beginDetail, (*camtReader).endDetail
		detail.add(camtDetailFields)
		entry.children["TxDtls"] = detail // version 1 has no NtryDtls around it
		message.put(name, statement)
	}
	return message
}

// put hangs child below n.
func (n *camtNode) put(name string, child *camtNode) {
	if n.children == nil {
		n.children = map[string]*camtNode{}
	}
	child.name = name
	n.children[name] = child
}

// child returns the element below n, made if it is not there.
func (n *camtNode) child(name string) *camtNode {
	found, ok := n.children[name]
	if !ok {
		found = &camtNode{}
		n.put(name, found)
	}
	return found
}

// add hangs the fields of a table below n.
func (n *camtNode) add(fields []camtField) {
	for _, f := range fields {
		for path := range strings.FieldsSeq(f.paths) {
			path, inCurrency := strings.CutSuffix(path, "@")
			at := n
			for name := range strings.SplitSeq(path, "/") {
				at = at.child(name)
			}
			at.set, at.inCurrency = f.set, inCurrency
		}
	}
}

// camtStatementFields are those of Stmt and Ntfctn.
var camtStatementFields = []camtField{
	{"Id", camtText(func(c *camtReader) *string { return &c.statement.ID })},
	{"ElctrncSeqNb", camtText(func(c *camtReader) *string { return &c.statement.Sequence })},
	{"LglSeqNb", camtText(func(c *camtReader) *string { return &c.statement.Legal })},
	{"StmtPgntn/PgNb NtfctnPgntn/PgNb", camtText(func(c *camtReader) *string { return &c.statement.Page })},
	{"StmtPgntn/LastPgInd NtfctnPgntn/LastPgInd", func(c *camtReader, v []byte) error {
		last, err := camtBool(v)
		c.statement.More = !last
		return err
	}},
	{"CpyDplctInd", camtText(func(c *camtReader) *string { return &c.statement.Copy })},
	{"CreDtTm", func(c *camtReader, v []byte) (err error) {
		_, c.statement.Created, err = camtDate(v)
		return err
	}},
	{"FrToDt/FrDtTm FrToDt/FrDt", camtDay(func(c *camtReader) *Date { return &c.statement.From })},
	{"FrToDt/ToDtTm FrToDt/ToDt", camtDay(func(c *camtReader) *Date { return &c.statement.To })},

	{"Acct/Id/IBAN", camtNumber(func(c *camtReader) *string { return &c.statement.Account.IBAN })},
	{"Acct/Id/Othr/Id Acct/Id/BBAN Acct/Id/PrtryAcct/Id", camtText(func(c *camtReader) *string { return &c.statement.Account.Other })},
	{"Acct/Ccy", func(c *camtReader, v []byte) (err error) {
		c.statement.Currency, err = camtCurrency(v)
		return err
	}},
	{"Acct/Ownr/Nm", camtText(func(c *camtReader) *string { return &c.statement.Account.Owner })},
	{
		"Acct/Svcr/FinInstnId/BIC Acct/Svcr/FinInstnId/BICFI",
		camtText(func(c *camtReader) *string { return &c.statement.Account.Servicer }),
	},
	{
		"Acct/Svcr/FinInstnId/ClrSysMmbId/MmbId Acct/Svcr/FinInstnId/Othr/Id",
		camtFallback(func(c *camtReader) *string { return &c.statement.Account.Servicer }),
	},

	{"TxsSummry/TtlNtries/NbOfNtries", camtCount(func(c *camtReader) **int { return &c.statement.Declared.Entries })},
	{"TxsSummry/TtlNtries/Sum", camtSum(func(c *camtReader) **Decimal { return &c.statement.Declared.Turnover })},
	{
		"TxsSummry/TtlNtries/TtlNetNtryAmt TxsSummry/TtlNtries/TtlNetNtry/Amt",
		camtSum(func(c *camtReader) **Decimal { return &c.net }),
	},
	{
		"TxsSummry/TtlNtries/CdtDbtInd TxsSummry/TtlNtries/TtlNetNtry/CdtDbtInd",
		func(c *camtReader, v []byte) error { return camtTakeSide(&c.netSide, v) },
	},
	{"TxsSummry/TtlCdtNtries/NbOfNtries", camtCount(func(c *camtReader) **int { return &c.statement.Declared.CreditEntries })},
	{"TxsSummry/TtlCdtNtries/Sum", camtSum(func(c *camtReader) **Decimal { return &c.statement.Declared.Credits })},
	{"TxsSummry/TtlDbtNtries/NbOfNtries", camtCount(func(c *camtReader) **int { return &c.statement.Declared.DebitEntries })},
	{"TxsSummry/TtlDbtNtries/Sum", camtSum(func(c *camtReader) **Decimal { return &c.statement.Declared.Debits })},
}

// camtBalanceFields are those of Bal.
var camtBalanceFields = []camtField{
	{
		"Tp/CdOrPrtry/Cd Tp/CdOrPrtry/Prtry Tp/Cd Tp/Prtry",
		camtText(func(c *camtReader) *string { return &c.balance.Kind }),
	},
	{"Amt@", func(c *camtReader, v []byte) (err error) {
		if c.balance.Amount, err = camtAmount(v); err != nil {
			return err
		}
		c.balance.Currency = c.currency
		return c.once(&c.seen.amount)
	}},
	{"CdtDbtInd", func(c *camtReader, v []byte) error { return camtTakeSide(&c.seen.side, v) }},
	{"Dt/Dt Dt/DtTm", camtDay(func(c *camtReader) *Date { return &c.balance.Date })},
}

// camtEntryFields are those of Ntry.
var camtEntryFields = []camtField{
	{"NtryRef", camtText(func(c *camtReader) *string { return &c.entry.OwnerRef })},
	{"Amt@", func(c *camtReader, v []byte) (err error) {
		if c.entry.Amount, err = camtAmount(v); err != nil {
			return err
		}
		c.entry.Currency = c.currency
		return c.once(&c.seen.amount)
	}},
	{"CdtDbtInd", func(c *camtReader, v []byte) error { return camtTakeSide(&c.seen.side, v) }},
	{"RvslInd", func(c *camtReader, v []byte) (err error) {
		c.entry.Reversal, err = camtBool(v)
		return err
	}},
	{"Sts Sts/Cd Sts/Prtry", camtText(func(c *camtReader) *string { return &c.seen.status })},
	{"BookgDt/Dt BookgDt/DtTm", func(c *camtReader, v []byte) (err error) {
		c.entry.BookingDate, c.entry.BookedAt, err = camtDate(v)
		return err
	}},
	{"ValDt/Dt ValDt/DtTm", camtDay(func(c *camtReader) *Date { return &c.entry.ValueDate })},
	{"AcctSvcrRef", camtReference(func(c *camtReader) *string { return &c.entry.Reference })},
	{"BkTxCd/Domn/Cd", camtText(func(c *camtReader) *string { return &c.entry.Code.Domain })},
	{"BkTxCd/Domn/Fmly/Cd", camtText(func(c *camtReader) *string { return &c.entry.Code.Family })},
	{"BkTxCd/Domn/Fmly/SubFmlyCd", camtText(func(c *camtReader) *string { return &c.entry.Code.SubFamily })},
	{"BkTxCd/Prtry/Cd", camtText(func(c *camtReader) *string { return &c.entry.Code.Proprietary })},
	{"BkTxCd/Prtry/Issr", camtText(func(c *camtReader) *string { return &c.entry.Code.Issuer })},
	{"AddtlNtryInf", camtText(func(c *camtReader) *string { return &c.entry.Info })},
	{"NtryDtls/Btch/NbOfTxs", func(c *camtReader, v []byte) error {
		n, err := camtInt(v)
		c.entry.BatchOf += n
		return err
	}},
}

// camtDetailFields are those of TxDtls. The name of a party moved in version 8, and BIC
// became BICFI in version 3.
var camtDetailFields = []camtField{
	{"Refs/MsgId", camtText(func(c *camtReader) *string { return &c.detail.MessageID })},
	{"Refs/AcctSvcrRef", camtReference(func(c *camtReader) *string { return &c.detail.Reference })},
	{"Refs/InstrId", camtText(func(c *camtReader) *string { return &c.detail.InstructionID })},
	{"Refs/EndToEndId", camtReference(func(c *camtReader) *string { return &c.detail.EndToEndID })},
	{"Refs/TxId", camtText(func(c *camtReader) *string { return &c.detail.TransactionID })},
	{"Refs/UETR", camtText(func(c *camtReader) *string { return &c.detail.UETR })},
	{"Refs/MndtId", camtText(func(c *camtReader) *string { return &c.detail.MandateID })},
	{"Refs/ChqNb", camtText(func(c *camtReader) *string { return &c.detail.Cheque })},

	{"Amt@", func(c *camtReader, v []byte) error { return c.takeDetailAmount(v, true) }},
	{"AmtDtls/TxAmt/Amt@", func(c *camtReader, v []byte) error { return c.takeDetailAmount(v, false) }},
	{"CdtDbtInd", func(c *camtReader, v []byte) error { return camtTakeSide(&c.seen.detail, v) }},
	{"AmtDtls/InstdAmt/Amt@", func(c *camtReader, v []byte) (err error) {
		c.detail.Instructed, err = camtAmount(v)
		c.detail.InstructedCurrency = c.currency
		return err
	}},
	{"BkTxCd/Domn/Cd", camtText(func(c *camtReader) *string { return &c.detail.Code.Domain })},
	{"BkTxCd/Domn/Fmly/Cd", camtText(func(c *camtReader) *string { return &c.detail.Code.Family })},
	{"BkTxCd/Domn/Fmly/SubFmlyCd", camtText(func(c *camtReader) *string { return &c.detail.Code.SubFamily })},
	{"BkTxCd/Prtry/Cd", camtText(func(c *camtReader) *string { return &c.detail.Code.Proprietary })},
	{"BkTxCd/Prtry/Issr", camtText(func(c *camtReader) *string { return &c.detail.Code.Issuer })},

	{"RltdPties/Dbtr/Nm RltdPties/Dbtr/Pty/Nm", camtText(func(c *camtReader) *string { return &c.detail.Payer.Name })},
	{"RltdPties/Dbtr/Agt/FinInstnId/Nm", camtFallback(func(c *camtReader) *string { return &c.detail.Payer.Name })},
	{"RltdPties/DbtrAcct/Id/IBAN", camtNumber(func(c *camtReader) *string { return &c.detail.Payer.Account })},
	{
		"RltdPties/DbtrAcct/Id/Othr/Id RltdPties/DbtrAcct/Id/BBAN RltdPties/DbtrAcct/Id/PrtryAcct/Id",
		camtNumber(func(c *camtReader) *string { return &c.detail.Payer.Account }),
	},
	{"RltdPties/UltmtDbtr/Nm RltdPties/UltmtDbtr/Pty/Nm", camtText(func(c *camtReader) *string { return &c.detail.Payer.Ultimate })},
	{
		"RltdAgts/DbtrAgt/FinInstnId/BIC RltdAgts/DbtrAgt/FinInstnId/BICFI",
		camtText(func(c *camtReader) *string { return &c.detail.Payer.BIC }),
	},
	{"RltdPties/Cdtr/Nm RltdPties/Cdtr/Pty/Nm", camtText(func(c *camtReader) *string { return &c.detail.Payee.Name })},
	{"RltdPties/Cdtr/Agt/FinInstnId/Nm", camtFallback(func(c *camtReader) *string { return &c.detail.Payee.Name })},
	{"RltdPties/CdtrAcct/Id/IBAN", camtNumber(func(c *camtReader) *string { return &c.detail.Payee.Account })},
	{
		"RltdPties/CdtrAcct/Id/Othr/Id RltdPties/CdtrAcct/Id/BBAN RltdPties/CdtrAcct/Id/PrtryAcct/Id",
		camtNumber(func(c *camtReader) *string { return &c.detail.Payee.Account }),
	},
	{"RltdPties/UltmtCdtr/Nm RltdPties/UltmtCdtr/Pty/Nm", camtText(func(c *camtReader) *string { return &c.detail.Payee.Ultimate })},
	{
		"RltdAgts/CdtrAgt/FinInstnId/BIC RltdAgts/CdtrAgt/FinInstnId/BICFI",
		camtText(func(c *camtReader) *string { return &c.detail.Payee.BIC }),
	},

	{"Purp/Cd Purp/Prtry", camtText(func(c *camtReader) *string { return &c.detail.Purpose })},
	{
		"RmtInf/Ustrd RmtInf/Strd/RfrdDocInf/Nb RmtInf/Strd/RfrdDocInf/RfrdDocNb RmtInf/Strd/AddtlRmtInf",
		func(c *camtReader, v []byte) error {
			c.addRemittance(v)
			return nil
		},
	},
	{"RmtInf/Strd/CdtrRefInf/Ref RmtInf/Strd/CdtrRefInf/CdtrRef", func(c *camtReader, v []byte) error {
		number := bytes.ReplaceAll(v, []byte{' '}, nil)
		if c.detail.Structured == "" {
			c.detail.Structured = string(number)
			return nil
		}
		c.addRemittance(number)
		return nil
	}},
	{"RtrInf/Rsn/Cd RtrInf/Rsn/Prtry RtrInf/RtrRsn/Cd", camtText(func(c *camtReader) *string { return &c.detail.ReturnReason })},
	{"AddtlTxInf", camtText(func(c *camtReader) *string { return &c.detail.Info })},
}

// addRemittance adds a line of text about what is paid.
func (c *camtReader) addRemittance(line []byte) {
	if len(line) > 0 && len(c.remittance) > 0 {
		c.remittance = append(c.remittance, '\n')
	}
	c.remittance = append(c.remittance, line...)
}

// takeDetailAmount takes the amount of a transaction. Amt came with version 3, and counts
// where both are given.
func (c *camtReader) takeDetailAmount(v []byte, own bool) error {
	amount, err := camtAmount(v)
	if err != nil || c.detail.HasAmount && !own {
		return err
	}
	c.detail.Amount, c.detail.Currency, c.detail.HasAmount = amount, c.currency, true
	return nil
}

// once refuses what a balance or an entry says a second time: which would count?
func (c *camtReader) once(seen *bool) error {
	if *seen {
		return ErrBroken.Detail("an amount is given twice")
	}
	*seen = true
	return nil
}

func camtTakeSide(side *camtSide, v []byte) error {
	if side.given {
		return ErrBroken.Detail("credit or debit is said twice")
	}
	switch string(v) {
	case "CRDT":
		*side = camtSide{given: true}
	case "DBIT":
		*side = camtSide{given: true, debit: true}
	default:
		return ErrBroken.Detail("neither CRDT nor DBIT")
	}
	return nil
}

// camtText takes a text as it is.
func camtText(field func(*camtReader) *string) func(*camtReader, []byte) error {
	return func(c *camtReader, v []byte) error {
		*field(c) = string(v)
		return nil
	}
}

// camtReference takes a reference, and not the words that stand for none: whoever knows
// entries by their references would take them all for one.
func camtReference(field func(*camtReader) *string) func(*camtReader, []byte) error {
	return func(c *camtReader, v []byte) error {
		if f := field(c); string(v) != "NOTPROVIDED" && string(v) != "NONREF" {
			*f = string(v)
		}
		return nil
	}
}

// camtFallback takes a text where there is none yet.
func camtFallback(field func(*camtReader) *string) func(*camtReader, []byte) error {
	return func(c *camtReader, v []byte) error {
		if f := field(c); *f == "" {
			*f = string(v)
		}
		return nil
	}
}

// camtNumber takes an account number without the spaces that people put in.
func camtNumber(field func(*camtReader) *string) func(*camtReader, []byte) error {
	return func(c *camtReader, v []byte) error {
		*field(c) = string(bytes.ReplaceAll(v, []byte{' '}, nil))
		return nil
	}
}

func camtDay(field func(*camtReader) *Date) func(*camtReader, []byte) error {
	return func(c *camtReader, v []byte) (err error) {
		*field(c), _, err = camtDate(v)
		return err
	}
}

func camtCount(field func(*camtReader) **int) func(*camtReader, []byte) error {
	return func(c *camtReader, v []byte) error {
		n, err := camtInt(v)
		*field(c) = &n
		return err
	}
}

func camtSum(field func(*camtReader) **Decimal) func(*camtReader, []byte) error {
	return func(c *camtReader, v []byte) error {
		sum, err := camtDecimal(v)
		*field(c) = &sum
		return err
	}
}

// camtAmount reads an amount. The side is said elsewhere, so it is never negative.
func camtAmount(v []byte) (Decimal, error) {
	amount, err := camtDecimal(v)
	if err == nil && amount.Sign() < 0 {
		return Decimal{}, ErrBroken.Detail("an amount below zero: its side is said by CdtDbtInd alone")
	}
	return amount, err
}

// camtDecimal reads a number as XML Schema lets it be written: +1, 1. and .5 are numbers.
func camtDecimal(v []byte) (Decimal, error) {
	v = bytes.TrimPrefix(v, []byte{'+'})
	if whole, ok := bytes.CutSuffix(v, []byte{'.'}); ok && len(whole) > 0 {
		v = whole
	}
	return ParseDecimal(string(v))
}

func camtInt(v []byte) (int, error) {
	const digitsMax = 15 // as the standard has it
	n, err := strconv.Atoi(string(v))
	if err != nil || n < 0 || len(v) > digitsMax {
		return 0, ErrBroken.Detail("a count that is not a number")
	}
	return n, nil
}

func camtBool(v []byte) (bool, error) {
	switch string(v) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	default:
		return false, ErrBroken.Detail("neither true nor false")
	}
}

// camtCurrency reads a code of three capitals. Whether it is a currency that money can be
// kept in is for those to say who book it.
func camtCurrency(v []byte) (money.Currency, error) {
	const letters = 3
	if len(v) == 0 {
		return "", nil
	}
	for _, b := range v {
		if b < 'A' || b > 'Z' || len(v) != letters {
			return "", ErrBroken.Detail("a currency code that is not three capital letters")
		}
	}
	return money.Currency(v), nil
}

// camtDate reads a day, which may have a zone, or an instant. The day is the one that the
// bank wrote; the instant is zero if its zone is not said.
func camtDate(v []byte) (Date, time.Time, error) {
	const dayBytes = len(time.DateOnly)
	if len(v) < dayBytes {
		return "", time.Time{}, ErrBroken.Detail("a date that is none")
	}
	day, rest := string(v[:dayBytes]), v[dayBytes:]
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return "", time.Time{}, ErrBroken.Detail("a date that is none")
	}
	if len(rest) == 0 {
		return Date(day), time.Time{}, nil
	}
	if bytes.IndexByte([]byte("TZ+-"), rest[0]) < 0 {
		return "", time.Time{}, ErrBroken.Detail("a date with something behind it")
	}
	at, err := time.Parse(time.RFC3339Nano, string(v))
	if err != nil {
		return Date(day), time.Time{}, nil
	}
	return Date(day), at.UTC(), nil
}

// camtRails tells the rail by family and sub-family, or by one of them.
var camtRails = map[[2]string]Rail{
	{"RCDT", "ESCT"}: RailSEPA,
	{"ICDT", "ESCT"}: RailSEPA,
	{"RCDT", "XBCT"}: RailCrossBorder,
	{"ICDT", "XBCT"}: RailCrossBorder,
	{"RCDT", "BOOK"}: RailInternal,
	{"ICDT", "BOOK"}: RailInternal,
	{"RCDT", "DMCT"}: RailDomestic,
	{"ICDT", "DMCT"}: RailDomestic,
	{"RCDT", "VCOM"}: RailDomestic,
	{"RCDT", "ACDT"}: RailDomestic,
	{"ICDT", "ACDT"}: RailDomestic,
	{"RCDT", "STDO"}: RailDomestic,
	{"ICDT", "STDO"}: RailDomestic,
	{"CNTR", "CHKD"}: RailCheque,
	{"RRCT", ""}:     RailInstant,
	{"IRCT", ""}:     RailInstant,
	{"RDDT", ""}:     RailDirectDebit,
	{"IDDT", ""}:     RailDirectDebit,
	{"CCRD", ""}:     RailCard,
	{"MCRD", ""}:     RailCard,
	{"CNTR", ""}:     RailCash,
	{"RCHQ", ""}:     RailCheque,
	{"ICHQ", ""}:     RailCheque,
	{"", "CHRG"}:     RailFee,
	{"", "FEES"}:     RailFee,
	{"", "COMM"}:     RailFee,
	{"", "INTR"}:     RailInterest,
}

// camtRail returns the rail of the first that is known: the pair, the sub-family, which
// tells fees and interest in any family, and the family.
func camtRail(code Code) Rail {
	for _, key := range [3][2]string{{code.Family, code.SubFamily}, {"", code.SubFamily}, {code.Family, ""}} {
		if rail, ok := camtRails[key]; ok {
			return rail
		}
	}
	return ""
}
