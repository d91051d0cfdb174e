package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/api/problem"
	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

const (
	usageBodyMax = 8 << 20
	badShownMax  = 100
	usageKept    = 1 << 20 // a buffer larger than that is not kept for the next body
)

// usageRequest describes the body of POST /v1/usage. It is read by usageReader,
// which does the same in a tenth of the time.
type usageRequest struct {
	Lines   []usageLine `json:"lines" nullable:"false" minItems:"1" maxItems:"10000"`
	SkipBad bool        `json:"skip_bad,omitempty" doc:"Record the good lines and report the bad ones. Left out, one bad line refuses them all."`
}

// usageLine is one priced amount of usage.
type usageLine struct {
	ID        string      `json:"id" minLength:"1" maxLength:"128" doc:"Unique in its account. The same line sent again is counted, not booked twice; a correction is a line of its own."`
	Account   string      `json:"account,omitempty" doc:"The account's id, or leave it out and send reference."`
	Reference string      `json:"reference,omitempty" doc:"Your own name for the account."`
	Product   string      `json:"product,omitempty" maxLength:"200" doc:"What was used, for the bill; \"other\" if left out."`
	Amount    wire.Amount `json:"amount" doc:"In the account's currency, with up to 12 decimals; negative for a credit or a correction."`
	StartedAt string      `json:"started_at" format:"date-time" doc:"Start of the charge period; decides the month."`
	Tax       bool        `json:"tax,omitempty" doc:"Your own tax: kept and counted, never collected."`
}

// errUsageRefused sums up the lines that could not be read.
var errUsageRefused = fault.New(fault.Invalid, "usage_refused", "the batch has bad lines, and nothing of it was recorded").
	WithNext("correct the lines named here, or ask for bad lines to be skipped")

// addUsageRoute adds the one route that is hot: the body is read by hand and the
// framework is left out.
func (s *Server) addUsageRoute() {
	r := route{
		path: "POST /v1/usage", id: "record-usage", scope: access.UsageWrite, raw: true, large: usageBodyMax, body: true,
		summary: "Record priced usage",
	}
	schemas := s.huma.OpenAPI().Components.Schemas
	op := s.operation(r)
	op.Description = "Takes up to 10,000 lines in one transaction, and charges what reaches its threshold. Line ids are its idempotency keys."
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: schemas.Schema(reflect.TypeFor[usageRequest](), true, "")},
	}}
	op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{
		"application/json": {Schema: schemas.Schema(reflect.TypeFor[wire.UsageReport](), true, "")},
	}}
	s.serve(r, op, s.recordUsage)
}

func (s *Server) recordUsage(w http.ResponseWriter, r *http.Request) {
	batch, err := s.readUsage(w, r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	if len(batch.bad) > 0 && !batch.SkipBad {
		s.refuse(w, r, batch.refusal())
		return
	}
	report, err := s.office.RecordUsage(r.Context(), callerOf(r.Context()), batch.UsageBatch)
	if len(batch.bad) > 0 && errors.Is(err, billing.ErrNoLines) {
		err = nil // there were lines, and leave to skip them all
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.answer(w, batch.report(report))
}

// answer writes a good answer.
func (s *Server) answer(w http.ResponseWriter, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // shapes are strings and numbers
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(text, '\n')) // the caller may have gone
}

// readUsage reads a batch within the limits of size and lines.
func (s *Server) readUsage(w http.ResponseWriter, r *http.Request) (*usageBatch, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Header.Get("Content-Type") != "" && (err != nil || media != "application/json") {
		return nil, problem.ErrMediaType
	}
	buffer, _ := s.buffers.Get().(*bytes.Buffer)
	if buffer == nil {
		buffer = &bytes.Buffer{}
	}
	defer func() {
		if buffer.Cap() <= usageKept {
			buffer.Reset()
			s.buffers.Put(buffer)
		}
	}()
	_, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, usageBodyMax))
	if err := bodyFault(err, usageBodyMax); err != nil {
		return nil, err
	}
	return decodeUsage(buffer.Bytes())
}

// usageBatch is a batch as it was read: the lines that could be, and why others
// could not.
type usageBatch struct {
	office.UsageBatch
	bad     []office.BadLine // the first of them
	badMore int              // beyond those
	rounded int
}

func (b *usageBatch) refuse(row int, why *fault.Error) {
	if len(b.bad) < badShownMax {
		b.bad = append(b.bad, office.BadLine{Row: row, Why: why})
		return
	}
	b.badMore++
}

// refusal says what is wrong with every line that could not be read.
func (b *usageBatch) refusal() error {
	why := []error{errUsageRefused}
	for _, line := range b.bad {
		if f, ok := fault.Of(line.Why); ok {
			why = append(why, f.At("row "+strconv.Itoa(line.Row)+": "+f.Place))
		}
	}
	return errors.Join(why...)
}

func (b *usageBatch) report(r office.UsageReport) wire.UsageReport {
	shape := wire.UsageReport{
		Object: "usage_report", Recorded: r.Recorded, Repeated: r.Repeated, Tax: r.Tax, Rounded: b.rounded,
		BadCount: r.BadCount + len(b.bad) + b.badMore, Bad: []wire.BadLine{},
	}
	for _, lines := range [][]office.BadLine{b.bad, r.Bad} {
		for _, line := range lines {
			if f, ok := fault.Of(line.Why); ok && len(shape.Bad) < badShownMax {
				shape.Bad = append(shape.Bad, wire.BadLine{Row: line.Row, Objection: wire.Objection{Code: f.Code, Detail: f.Message, Place: f.Place, Next: f.Next}})
			}
		}
	}
	return shape
}

// contentOf tells a line from another one that came under the same id: all of it
// counts but the way in which it was written.
func contentOf(l billing.Line) [16]byte {
	var room [256]byte
	text := binary.BigEndian.AppendUint64(room[:0], uint64(l.Amount.Micro))
	text = binary.BigEndian.AppendUint64(text, uint64(l.Amount.Pico))
	text = binary.BigEndian.AppendUint64(text, uint64(l.StartedAt.UnixMicro()))
	tax := byte(0)
	if l.Tax {
		tax = 1
	}
	text = append(text, tax)
	text = append(text, l.Amount.Currency...)
	text = append(text, l.Product...)
	sum := sha256.Sum256(text)
	return [16]byte(sum[:])
}
