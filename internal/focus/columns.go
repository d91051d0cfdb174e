package focus

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/money"
)

// The faults of a single row.
var (
	ErrRow   = fault.New(fault.Invalid, "row_malformed", "the row cannot be read").WithNext(rowNext)
	ErrValue = fault.New(fault.Invalid, "value_missing", "the row lacks a value that it must have").WithNext(rowNext)
	ErrTime  = fault.New(fault.Invalid, "time_malformed", "not a time").
			WithNext("write times in UTC such as 2024-09-18T22:00:00Z")
)

const (
	rowNext = "correct the row in the file, or leave bad rows out with --skip-bad"

	columnsMax   = 1000
	nameBytesMax = 512 // of an id, an account or a product

	otherProduct = "other"
	taxCategory  = "tax"
)

// column is one that we read; its number is its place in spelled.
type column int

const (
	billedCost column = iota
	billingAccount
	billingCurrency
	chargeCategory
	periodStart
	requiredColumns // those above must be in the header
)

const (
	periodEnd column = iota + requiredColumns
	serviceName
	lineID
	description
	subAccount
	resource
	region
	columnCount
)

var spelled = [columnCount]string{
	billedCost:      "BilledCost",
	billingAccount:  "BillingAccountId",
	billingCurrency: "BillingCurrency",
	chargeCategory:  "ChargeCategory",
	periodStart:     "ChargePeriodStart",
	periodEnd:       "ChargePeriodEnd",
	serviceName:     "ServiceName",
	lineID:          "Id",
	description:     "ChargeDescription",
	subAccount:      "SubAccountId",
	resource:        "ResourceId",
	region:          "RegionId",
}

// columns knows where in a record each column is.
type columns struct {
	names  []string         // every name in the header, in small letters
	at     [columnCount]int // -1 for a column that the file does not have
	sorted []int            // positions in the order of their names
	spoken []byte           // the row being hashed, kept for its memory
}

func readHeader(header []string) (columns, error) {
	c := columns{names: make([]string, len(header))}
	if len(header) > columnsMax {
		return c, ErrBroken.Detail("the header has more than %d columns", columnsMax).At("header")
	}
	for i, name := range header {
		if !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
			return c, ErrBroken.Detail("column %d of the header is not UTF-8 text", i+1).At("header").
				WithNext("save the file as UTF-8")
		}
		c.names[i] = strings.ToLower(strings.TrimSpace(name))
		c.sorted = append(c.sorted, i)
	}
	slices.SortStableFunc(c.sorted, func(a, b int) int { return cmp.Compare(c.names[a], c.names[b]) })
	if err := c.refuseTwins(); err != nil {
		return c, err
	}
	return c, c.locate()
}

func (c *columns) refuseTwins() error {
	for k := 1; k < len(c.sorted); k++ {
		one, other := c.sorted[k-1], c.sorted[k]
		if c.names[one] == c.names[other] {
			return ErrBroken.Detail("columns %d and %d have the same name", one+1, other+1).At("header").
				WithNext("remove or rename one of the two columns")
		}
	}
	return nil
}

// locate finds the columns that we read, and says which of the required ones are missing.
func (c *columns) locate() error {
	var missing []string
	for known, name := range spelled {
		c.at[known] = slices.Index(c.names, strings.ToLower(name))
		if c.at[known] < 0 && column(known) < requiredColumns {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if len(missing) == int(requiredColumns) && len(c.names) == 1 && strings.ContainsAny(c.names[0], ";\t|") {
		return ErrBroken.Detail("the columns are not separated by commas").At("header")
	}
	return ErrBroken.Detail("these columns are missing: %s", strings.Join(missing, ", ")).At("header")
}

// fill sets what record says in row, or returns a fault of the first column that is wrong.
func (c *columns) fill(row *Row, record []string) error {
	for i, text := range record {
		if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
			return ErrRow.Detail("column %d is not UTF-8 text", i+1).WithNext("save the file as UTF-8")
		}
	}
	for _, known := range []column{billedCost, billingAccount, billingCurrency, chargeCategory, periodStart} {
		if c.value(record, known) == "" {
			return ErrValue.Detail("%s is empty", spelled[known])
		}
	}
	for _, known := range []column{lineID, billingAccount, serviceName} {
		if len(c.value(record, known)) > nameBytesMax {
			return ErrRow.Detail("%s is longer than %d bytes", spelled[known], nameBytesMax)
		}
	}
	row.ID = c.value(record, lineID)
	row.Account = c.value(record, billingAccount)
	row.Product = cmp.Or(c.value(record, serviceName), otherProduct)
	row.Category = c.value(record, chargeCategory)
	row.Tax = strings.EqualFold(row.Category, taxCategory)
	row.Description = c.value(record, description)
	row.SubAccount = c.value(record, subAccount)
	row.Resource = c.value(record, resource)
	row.Region = c.value(record, region)
	if err := c.fillAmount(row, record); err != nil {
		return err
	}
	return c.fillPeriod(row, record)
}

func (c *columns) fillAmount(row *Row, record []string) error {
	currency, err := money.ParseCurrency(c.value(record, billingCurrency))
	if err != nil {
		return inColumn(err, billingCurrency)
	}
	row.Amount, row.Rounded, err = money.ParseExact(c.value(record, billedCost), currency)
	return inColumn(err, billedCost)
}

func (c *columns) fillPeriod(row *Row, record []string) (err error) {
	if row.Start, err = parseTime(c.value(record, periodStart)); err != nil {
		return inColumn(err, periodStart)
	}
	if end := c.value(record, periodEnd); end != "" {
		row.End, err = parseTime(end)
	}
	return inColumn(err, periodEnd)
}

// value returns what record says in a column, and nothing if it says NULL.
func (c *columns) value(record []string, known column) string {
	i := c.at[known]
	if i < 0 || isAbsent(record[i]) {
		return ""
	}
	return record[i]
}

// content hashes all that record says: every column that is not absent, with its name, in
// the order of the names. Neither the order of columns nor NULL for nothing matters.
func (c *columns) content(record []string) (hash [16]byte) {
	c.spoken = c.spoken[:0]
	for _, i := range c.sorted {
		if isAbsent(record[i]) {
			continue
		}
		for _, text := range [...]string{c.names[i], record[i]} {
			c.spoken = binary.BigEndian.AppendUint32(c.spoken, uint32(len(text)))
			c.spoken = append(c.spoken, text...)
		}
	}
	whole := sha256.Sum256(c.spoken)
	return [16]byte(whole[:16])
}

func isAbsent(text string) bool {
	return text == "" || len(text) == 4 && strings.EqualFold(text, "null")
}

// inColumn says in a fault of a value which column it is in.
func inColumn(err error, known column) error {
	if err == nil {
		return nil
	}
	if f, ok := fault.Of(err); ok {
		return f.Detail("%s: %s", spelled[known], f.Message)
	}
	return err
}
