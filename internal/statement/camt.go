package statement

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

// Limits of what is kept at one time.
const (
	camtDetailsMax  = 100_000  // transactions behind one entry
	camtBalancesMax = 10_000   // of one statement
	camtTextMax     = 48 << 20 // bytes of values: of one entry, or of a statement's head
)

// camtMessages are the messages that are read, by the element that holds one.
var camtMessages = map[string]Format{
	"BkToCstmrStmt":         Camt053,
	"BkToCstmrDbtCdtNtfctn": Camt054,

	"BkToCstmrStmtV01":         Camt053, // version 1
	"BkToCstmrDbtCdtNtfctnV01": Camt054,
}

// camtNeighbours are messages that may be taken for them.
var camtNeighbours = map[string]string{
	"BkToCstmrAcctRpt":  "camt.052, an interim report: what it shows comes again in camt.053, booked",
	"CstmrPmtStsRpt":    "pain.002, a report on payment orders",
	"CstmrCdtTrfInitn":  "pain.001, a payment order",
	"CstmrDrctDbtInitn": "pain.008, a direct debit order",
	"OFX":               "OFX",
	"html":              "a web page",
}

// looksCamt takes all XML: what is no statement is for the reader to refuse, which can
// name the place.
func looksCamt(first []byte) (Format, bool) {
	text, _, err := xmlText(bufio.NewReader(bytes.NewReader(first)))
	if err != nil {
		return Camt053, true
	}
	start, _ := io.ReadAll(text) // cut off somewhere, or broken further on
	if start = bytes.TrimLeft(start, xmlSpaces); len(start) == 0 || start[0] != '<' {
		return "", false
	}
	if bytes.Contains(start, []byte("BkToCstmrDbtCdtNtfctn")) {
		return Camt054, true
	}
	return Camt053, true
}

// camtReader goes through the document once, and through the tree of known elements
// beside it. Elements are known by their local names: namespaces differ by version and
// by country, and only name the version.
type camtReader struct {
	xml      *xmlScanner
	out      *out
	options  Options
	encoding string
	path     []camtFrame // the open elements, of whatever message

	format    Format // of the message that is open; empty between messages
	version   string
	neighbour string // another message that was met
	met       bool   // a message that is read here

	statement  *Statement // the open one; the out's own once that is opened
	opened     bool
	net        *Decimal // of the statement's totals, which say its side elsewhere
	netSide    camtSide
	balance    Balance
	entry      Entry
	detail     Detail
	sides      []camtSide // of the entry's transactions
	remittance []byte     // of the open transaction
	seen       camtSeen
	currency   money.Currency // Ccy of the latest element that may have one
	kept       int            // bytes of values kept since the statement or the entry began
}

// camtFrame is one open element. node is nil for one that is of no interest.
type camtFrame struct {
	node     *camtNode
	hasChild bool
}

// camtSeen is what the open balance or entry said so far that must not be said twice, or
// is needed to make sense of the rest.
type camtSeen struct {
	amount bool
	side   camtSide
	status string
	detail camtSide // of the open transaction
}

// camtSide is a CdtDbtInd, if there was one.
type camtSide struct {
	given bool
	debit bool
}

// readCamt reads camt.053 and camt.054, alone or in an envelope, of any version.
func readCamt(in *bufio.Reader, options Options, o *out) error {
	text, encoding, err := xmlText(in)
	if err != nil {
		return err
	}
	c := &camtReader{xml: newXMLScanner(text), out: o, options: options, encoding: encoding}
	for {
		token, err := c.xml.next()
		switch {
		case err != nil:
			return c.within(err)
		case token == xmlEOF:
			return c.finish()
		case token == xmlStart:
			err = c.start()
		default:
			err = c.end()
		}
		if err != nil {
			return err
		}
	}
}

// finish refuses a document that had nothing to read in it.
func (c *camtReader) finish() error {
	switch {
	case c.out.statements > 0:
		return nil
	case c.neighbour != "":
		return ErrBroken.Detail("the file is %s", c.neighbour).At("the document")
	case c.met:
		return ErrBroken.Detail("the message has no statement in it").At("the document")
	default:
		return ErrBroken.Detail("the file is XML, and neither camt.053 nor camt.054").At("the document")
	}
}

// start takes the start of an element.
func (c *camtReader) start() error {
	var node *camtNode
	if n := len(c.path); n > 0 {
		parent := &c.path[n-1]
		parent.hasChild = true
		if parent.node != nil {
			node = parent.node.children[string(c.xml.local)]
			if node == nil && parent.node.set != nil && len(parent.node.children) == 0 {
				return c.broken("an element stands where a value belongs")
			}
		}
	}
	if c.format == "" {
		var err error
		if node, err = c.envelope(); err != nil {
			return err
		}
	}
	c.path = append(c.path, camtFrame{node: node})
	if node == nil {
		return nil
	}
	c.xml.keep = node.set != nil
	if node.inCurrency {
		if err := c.takeCurrency(); err != nil {
			return err
		}
	}
	if node.begin != nil {
		return node.begin(c)
	}
	return nil
}

// envelope looks, outside of any message, for one and for its version.
func (c *camtReader) envelope() (*camtNode, error) {
	for _, a := range c.xml.attributes {
		if bytes.HasPrefix(a.name, []byte("xmlns")) {
			c.takeVersion(c.xml.values[a.start:a.end])
		}
	}
	name := string(c.xml.local)
	if name == camtHeader.name {
		return camtHeader, nil
	}
	format, ok := camtMessages[name]
	if !ok {
		if what, ok := camtNeighbours[name]; ok && c.neighbour == "" {
			c.neighbour = what
		}
		return nil, nil
	}
	c.format, c.met = format, true
	if c.options.Format != "" && c.options.Format != format {
		return nil, c.broken("the file is %s, not the format that was named", format)
	}
	return camtMessage, nil
}

// takeVersion finds camt.053.001.08 in a namespace or a header.
func (c *camtReader) takeVersion(name []byte) {
	const digits = 2
	for _, format := range [2]Format{Camt053, Camt054} {
		if _, version, ok := bytes.Cut(name, []byte(string(format)+".001.")); ok && len(version) >= digits {
			c.version = strings.ToValidUTF8(string(version[:digits]), "")
		}
	}
}

// takeCurrency keeps the Ccy of an element.
func (c *camtReader) takeCurrency() error {
	code := c.xml.attribute("Ccy")
	if string(code) == string(c.currency) {
		return nil
	}
	currency, err := camtCurrency(code)
	c.currency = currency
	return c.here(err)
}

// end takes the end of an element.
func (c *camtReader) end() error {
	last := len(c.path) - 1
	frame := c.path[last]
	if node := frame.node; node != nil {
		if node.set != nil && !frame.hasChild {
			if err := c.take(node); err != nil {
				return err
			}
		}
		if node.end != nil {
			if err := node.end(c); err != nil {
				return err
			}
		}
	}
	c.path = c.path[:last]
	return nil
}

func (c *camtReader) take(node *camtNode) error {
	value := tidy(c.xml.text)
	if c.kept += len(value); c.kept > camtTextMax {
		return ErrTooLarge.Detail("the values of one entry are longer than %d bytes", camtTextMax).At(c.place())
	}
	return c.here(node.set(c, value))
}

// tidy takes spaces from both ends of a value, and leaves one where there are more, all in
// place.
func tidy(b []byte) []byte {
	kept := b[:0]
	for _, c := range b {
		if isXMLSpace(c) {
			if len(kept) == 0 || kept[len(kept)-1] == ' ' {
				continue
			}
			c = ' '
		}
		kept = append(kept, c)
	}
	return bytes.TrimRight(kept, " ")
}

// here adds the place to a fault that has none.
func (c *camtReader) here(err error) error {
	if err == nil {
		return nil
	}
	return placed(err, c.place())
}

// within adds the path of known elements to the place of a fault of the scanner.
func (c *camtReader) within(err error) error {
	known, ok := fault.Of(err)
	names := c.names()
	if !ok || names == "" {
		return err
	}
	return known.At(known.Place + " (" + names + ")")
}

func (c *camtReader) place() string {
	if names := c.names(); names != "" {
		return c.xml.place() + " (" + names + ")"
	}
	return c.xml.place()
}

func (c *camtReader) broken(format string, args ...any) error {
	return ErrBroken.Detail(format, args...).At(c.place())
}

// names returns the path of the element that is open, as far as it is known here: what
// else a file calls its elements is not repeated.
func (c *camtReader) names() string {
	var names []string
	for _, f := range c.path {
		if f.node != nil && f.node.name != "" {
			names = append(names, f.node.name)
		}
	}
	return strings.Join(names, "/")
}

// beginStatement starts a Stmt or a Ntfctn.
func (c *camtReader) beginStatement() error {
	c.statement = &Statement{
		Line: c.xml.line(), Format: c.format, Version: c.version, Encoding: c.encoding,
	}
	c.opened, c.kept, c.net, c.netSide = false, 0, nil, camtSide{}
	return nil
}

// open tells the visitor of the statement. Its head is known by then: entries follow it.
func (c *camtReader) open() error {
	if c.opened {
		return nil
	}
	c.chooseBalances()
	if err := c.out.open(*c.statement); err != nil {
		return err
	}
	c.opened, c.statement = true, c.out.current
	return nil
}

// refuseLate refuses what says whose entries these are, where they are told already.
func (c *camtReader) refuseLate() error {
	if c.opened {
		return c.broken("the account is named behind its entries")
	}
	return nil
}

func (c *camtReader) endStatement() error {
	if err := c.open(); err != nil {
		return err
	}
	c.chooseBalances()
	for _, b := range c.statement.Balances {
		for _, chosen := range [2]*Balance{c.statement.Opening, c.statement.Closing} {
			if chosen != nil && b.Kind == chosen.Kind && b.Currency == chosen.Currency && b.Amount.Cmp(chosen.Amount) != 0 {
				c.out.contradict(remarkBalanceTwice, "")
			}
		}
	}
	c.declareNet()
	return c.out.close()
}

// declareNet takes the declared net amount if its side is said, or it needs none.
func (c *camtReader) declareNet() {
	if c.net == nil || !c.netSide.given && c.net.Sign() > 0 {
		return
	}
	net := *c.net
	if c.netSide.debit && net.Sign() > 0 {
		net = net.Neg()
	}
	c.statement.Declared.Net = &net
}

// chooseBalances takes as opening the booked one, else the closing of the statement
// before, which is the same. Where there are several, that in the account's currency, and
// the first, is meant.
func (c *camtReader) chooseBalances() {
	s := c.statement
	choose := func(kind string) *Balance {
		var chosen *Balance
		for i := range s.Balances {
			b := &s.Balances[i]
			if b.Kind != kind {
				continue
			}
			if chosen == nil || chosen.Currency != s.Currency && b.Currency == s.Currency {
				chosen = b
			}
		}
		return chosen
	}
	if s.Opening = choose("OPBD"); s.Opening == nil {
		s.Opening = choose("PRCD")
	}
	s.Closing = choose("CLBD")
	for _, b := range [2]*Balance{s.Opening, s.Closing} {
		if s.Currency == "" && b != nil {
			s.Currency = b.Currency
		}
	}
}

func (c *camtReader) beginBalance() error {
	c.balance, c.seen = Balance{}, camtSeen{}
	return nil
}

// endBalance adds the balance. One without a side is a credit: the standard wants it said,
// and there are banks that leave it out.
func (c *camtReader) endBalance() error {
	if !c.seen.amount {
		return c.broken("a balance without an amount")
	}
	if len(c.statement.Balances) == camtBalancesMax {
		return ErrTooLarge.Detail("a statement has more than %d balances", camtBalancesMax).At(c.place())
	}
	if c.seen.side.debit {
		c.balance.Amount = c.balance.Amount.Neg()
	}
	c.statement.Balances = append(c.statement.Balances, c.balance)
	return nil
}

func (c *camtReader) beginEntry() error {
	if err := c.open(); err != nil {
		return err
	}
	c.entry, c.seen, c.kept = Entry{Line: c.xml.line()}, camtSeen{}, 0
	c.sides = c.sides[:0]
	return nil
}

// endEntry hands the entry on. Unlike a balance it must say its side.
func (c *camtReader) endEntry() error {
	switch {
	case !c.seen.amount:
		return c.broken("an entry without an amount")
	case !c.seen.side.given:
		return c.broken("an entry that does not say whether it is a credit or a debit")
	}
	e := &c.entry
	if c.seen.side.debit {
		e.Amount = e.Amount.Neg()
	}
	for i := range e.Details {
		c.settleDetail(&e.Details[i], c.sides[i])
	}
	e.Rail = camtRail(e.Code)
	known := false
	if e.Status, known = camtStatuses[c.seen.status]; !known {
		e.Status = Info
		c.out.remark(remarkStatus, c.place())
	}
	return c.out.entry(*e, c.seen.side.debit)
}

// settleDetail gives a transaction the side of its entry if it did not say its own. The
// amount of an only transaction in another currency is what was instructed: what it was on
// the account, the entry says.
func (c *camtReader) settleDetail(d *Detail, side camtSide) {
	e := &c.entry
	if !side.given {
		side = c.seen.side
	}
	if side.debit {
		d.Amount = d.Amount.Neg()
	}
	if len(e.Details) > 1 || !d.HasAmount || d.Currency == e.Currency || d.Currency == "" || e.Currency == "" {
		return
	}
	if d.InstructedCurrency == "" {
		d.Instructed, d.InstructedCurrency = d.Amount.Abs(), d.Currency
	}
	d.Amount, d.Currency, d.HasAmount = Decimal{}, "", false
}

func (c *camtReader) beginDetail() error {
	c.detail, c.remittance, c.seen.detail = Detail{}, c.remittance[:0], camtSide{}
	return nil
}

func (c *camtReader) endDetail() error {
	if len(c.entry.Details) == camtDetailsMax {
		return ErrTooLarge.Detail("an entry has more than %d transactions", camtDetailsMax).At(c.place())
	}
	d := &c.detail
	d.Remittance = string(c.remittance)
	if d.HasAmount && d.Instructed.Cmp(d.Amount) == 0 && d.InstructedCurrency == d.Currency {
		d.Instructed, d.InstructedCurrency = Decimal{}, ""
	}
	c.entry.Details = append(c.entry.Details, *d)
	c.sides = append(c.sides, c.seen.detail)
	return nil
}

// camtStatuses are what the standard's words mean. An entry without one is booked: those
// are files that show booked entries only.
var camtStatuses = map[string]Status{
	"":     Booked,
	"BOOK": Booked,
	"PDNG": Pending,
	"FUTR": Pending,
	"INFO": Info,
}
