package statement

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"regexp"
	"strings"
)

// An MT940 or MT942 message is fields of the form :61:…, which may go on over several
// lines. As the network carries it, it stands in blocks, {1:…}{2:…}{4: … -}; banks also
// hand out the inside alone, with or without a line of - at its end, after words of
// their own, with the bytes of old transfer programs between the messages.

const (
	mtFieldMax  = 64 << 10 // bytes of one field
	mtFrameEdge = "\x01\x03\x1a"
)

var (
	mtField   = regexp.MustCompile(`^:([0-9]{2,3}[A-Za-z]?|NS):`)
	mtEnd     = regexp.MustCompile(`^-(XXX)?[ \t]*$`)
	mtHeader  = regexp.MustCompile(`\{2:[IO](94[0-9])`)
	mtStart   = regexp.MustCompile(`(?m)^[\x01\x03\x1a]*(\{1:F01|:20:|:94[02]:)`)
	mtInside  = regexp.MustCompile(`(?m)^:(25|28C?|60[FM]|61|62[FM]|34F):`)
	mtInterim = regexp.MustCompile(`(?m)^:(34F|13D?|90[DC]):`)
	mtBalance = regexp.MustCompile(`(?m)^:6[02][FM]:`)
)

// looksMT940 tells messages by their fields.
func looksMT940(first []byte) (Format, bool) {
	start := plainStart(first, "")
	if !mtStart.MatchString(start) || !mtInside.MatchString(start) && !mtHeader.MatchString(start) {
		return "", false
	}
	if m := mtHeader.FindStringSubmatch(start); m != nil && m[1] == "942" {
		return MT942, true
	}
	if mtInterim.MatchString(start) && !mtBalance.MatchString(start) {
		return MT942, true
	}
	return MT940, true
}

// mtReader takes a file apart into messages and these into fields.
type mtReader struct {
	source  *text
	lines   *lines
	out     *out
	format  Format // of messages that do not say it
	message *mtMessage
	tag     string   // of the field being read; "" between fields
	text    []string // its lines
	line    int      // on which it starts
	size    int
}

func readMT940(in *bufio.Reader, options Options, o *out) error {
	source, err := plain(in, "")
	if err != nil {
		return err
	}
	r := &mtReader{source: source, lines: newLines(source), out: o, format: cmp.Or(options.Format, MT940)}
	for {
		line, err := r.lines.next()
		if errors.Is(err, io.EOF) {
			return r.end()
		}
		if err != nil {
			return err
		}
		if err := r.take(line); err != nil {
			return err
		}
	}
}

// take takes a line apart where transfer programs have put their marks.
func (r *mtReader) take(line string) error {
	for {
		at := strings.IndexAny(line, mtFrameEdge)
		if at < 0 {
			return r.part(line)
		}
		if at > 0 {
			if err := r.part(line[:at]); err != nil {
				return err
			}
		}
		line = line[at+1:]
	}
}

// part takes what stands on a line between the marks of transfer programs.
func (r *mtReader) part(s string) error {
	if strings.HasPrefix(s, "{1:") || strings.HasPrefix(s, "{") && (r.message == nil || !r.message.begun) {
		return r.header(s)
	}
	if m := mtField.FindStringSubmatch(s); m != nil {
		return r.field(m[1], s[len(m[0]):])
	}
	switch {
	case r.message == nil: // words before, between or behind messages
		return nil
	case strings.HasPrefix(s, "-}"), mtEnd.MatchString(s):
		r.message.ended = true
		return r.close()
	case r.tag == "" || strings.TrimSpace(s) == "":
		return nil
	}
	if r.size += len(s); r.size > mtFieldMax {
		return mtBroken(r.line, r.tag, "the field is longer than %d bytes", mtFieldMax)
	}
	r.text = append(r.text, s)
	return nil
}

// header takes a line with the blocks that stand before the text. A new one ends a
// message that was left open.
func (r *mtReader) header(s string) error {
	if strings.HasPrefix(s, "{1:") {
		if err := r.close(); err != nil {
			return err
		}
		r.begin()
		r.message.framed = true
	}
	if m := mtHeader.FindStringSubmatch(s); m != nil && r.message != nil {
		r.message.statement.Format = Format("mt" + m[1])
		if f := r.message.statement.Format; f != MT940 && f != MT942 {
			return ErrBroken.Detail("the message is neither MT940 nor MT942").At(atLine(r.lines.number))
		}
	}
	if at := strings.Index(s, "{4:"); at >= 0 && len(s) > at+len("{4:") {
		return r.part(s[at+len("{4:"):])
	}
	return nil
}

// field starts a field; :20: starts a message, too.
func (r *mtReader) field(tag, text string) error {
	if err := r.endField(); err != nil {
		return err
	}
	if tag == "940" || tag == "942" { // a bank's own first line
		return nil
	}
	if tag == "20" && (r.message == nil || r.message.begun) {
		if err := r.close(); err != nil {
			return err
		}
		r.begin()
	}
	if r.message == nil {
		return mtBroken(r.lines.number, tag, "the field stands before :20:, outside a message")
	}
	r.tag, r.line, r.size = tag, r.lines.number, len(text)
	r.text = append(r.text[:0], text)
	return nil
}

func (r *mtReader) begin() {
	r.message = &mtMessage{out: r.out, statement: Statement{Line: r.lines.number, Format: r.format}}
}

func (r *mtReader) endField() error {
	if r.tag == "" {
		return nil
	}
	tag := r.tag
	r.tag = ""
	return r.message.take(tag, r.text, r.line)
}

// close ends the open message, if there is one.
func (r *mtReader) close() error {
	if r.message == nil {
		return nil
	}
	if err := r.endField(); err != nil {
		return err
	}
	m := r.message
	r.message = nil
	if !m.begun {
		return nil
	}
	return m.close(r.lines.number, r.source.encoding())
}

// end is the end of the file. A message in blocks must have had its own end by then; one
// without may leave it out, but not its closing balance as well as its last line break.
func (r *mtReader) end() error {
	if m := r.message; m != nil {
		if err := r.endField(); err != nil {
			return err
		}
		if m.framed || !r.lines.ended && !m.pastClose && !m.isInterim() {
			return ErrBroken.Detail("the file is cut off inside a message").At(atLine(r.lines.number))
		}
	}
	if err := r.close(); err != nil {
		return err
	}
	if r.out.statements == 0 {
		return ErrBroken.Detail("there is no statement in the file")
	}
	return nil
}

func mtBroken(line int, tag, format string, args ...any) error {
	return ErrBroken.Detail(format, args...).At(atLine(line) + ", :" + tag + ":")
}
