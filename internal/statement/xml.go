package statement

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// Limits of an XML file. What banks send stays far below them.
const (
	xmlBufferBytes   = 128 << 10
	xmlTagBytesMax   = 32 << 10 // one tag with its attributes; must fit the buffer
	xmlTextBytesMax  = 64 << 10 // one value
	xmlDepthMax      = 200
	xmlAttributesMax = 100
)

// xmlToken is what the scanner stopped at.
type xmlToken uint8

const (
	xmlStart xmlToken = iota // an element begins: local, attributes
	xmlEnd                   // it ends: text, if keep was set when it began
	xmlEOF                   // after the end of the root element
)

// xmlScanner reads XML 1.0 as far as statements need it, and refuses the rest: there is
// no document type, so no entity but the five of XML itself, and nothing that a file could
// make it fetch or multiply. What it accepts is well-formed. Memory is bounded by the
// limits above, whatever the file.
type xmlScanner struct {
	from io.Reader // checked UTF-8
	buf  []byte
	pos  int   // next byte of buf
	end  int   // of what is in buf
	err  error // of from, once buf is used up

	lines     int // ended before buf[counted]
	counted   int
	columns   int // bytes of the line before buf[counted]
	open      [xmlDepthMax]int
	names     []byte // qualified names of the open elements, one behind the other
	depth     int
	begun     bool // any markup was read
	sawRoot   bool
	selfClose bool // the latest start tag was its own end

	local      []byte         // local name of the latest start; valid until the next call
	attributes []xmlAttribute // of the latest start; likewise
	values     []byte         // of the attributes
	keep       bool           // whether text is wanted; the caller sets it after a start
	text       []byte         // since the latest tag, entities resolved
}

// xmlAttribute is a name as written, and where its value is in values.
type xmlAttribute struct {
	name       []byte
	start, end int
}

func newXMLScanner(from io.Reader) *xmlScanner {
	return &xmlScanner{from: from, buf: make([]byte, xmlBufferBytes)}
}

// next reads up to the next tag, its end included.
func (x *xmlScanner) next() (xmlToken, error) {
	x.text = x.text[:0]
	if x.selfClose {
		x.selfClose = false
		x.pop()
		return xmlEnd, nil
	}
	for {
		if err := x.readText(); err != nil {
			return xmlEOF, err
		}
		if !x.need(1) {
			return xmlEOF, x.ended()
		}
		token, found, err := x.readMarkup()
		if err != nil || found {
			return token, err
		}
	}
}

// readMarkup reads what begins with the < at pos, and reports whether it is a tag.
func (x *xmlScanner) readMarkup() (token xmlToken, found bool, err error) {
	if !x.need(2) {
		x.pos = x.end
		return xmlEOF, false, x.cutOff("a tag")
	}
	first := !x.begun
	x.begun = true
	switch x.buf[x.pos+1] {
	case '/':
		return xmlEnd, true, x.readEnd()
	case '?':
		return xmlEOF, false, x.readInstruction(first)
	case '!':
	default:
		return xmlStart, true, x.readStart()
	}
	switch {
	case x.starts("<!--"):
		return xmlEOF, false, x.skipComment()
	case x.starts("<![CDATA["):
		return xmlEOF, false, x.readCDATA()
	default:
		return xmlEOF, false, x.refuseDeclaration()
	}
}

// attribute returns the value of the attribute of the latest start tag, nil if absent.
func (x *xmlScanner) attribute(name string) []byte {
	for _, a := range x.attributes {
		if string(a.name) == name {
			return x.values[a.start:a.end]
		}
	}
	return nil
}

// line returns the physical line that the scanner has come to, from 1.
func (x *xmlScanner) line() int {
	x.count()
	return x.lines + 1
}

// place returns line and column, which counts bytes of the text in UTF-8.
func (x *xmlScanner) place() string {
	x.count()
	return fmt.Sprintf("line %d, column %d", x.lines+1, x.columns+1)
}

func (x *xmlScanner) count() {
	passed := x.buf[x.counted:x.pos]
	x.counted = x.pos
	if n := bytes.Count(passed, []byte{'\n'}); n > 0 {
		x.lines += n
		x.columns = len(passed) - 1 - bytes.LastIndexByte(passed, '\n')
		return
	}
	x.columns += len(passed)
}

func (x *xmlScanner) broken(format string, args ...any) error {
	return ErrBroken.Detail(format, args...).At(x.place())
}

// ended says what the end of the input means here.
func (x *xmlScanner) ended() error {
	switch {
	case x.err != nil && x.err != io.EOF:
		return placed(x.err, x.place())
	case x.depth > 0:
		return x.broken("the file ends with %d elements still open: it was cut off", x.depth)
	case !x.sawRoot:
		return x.broken("the file has no element in it")
	default:
		return nil
	}
}

// cutOff is the fault of an end within something.
func (x *xmlScanner) cutOff(what string) error {
	if x.err != nil && x.err != io.EOF {
		return placed(x.err, x.place())
	}
	return x.broken("the file ends within %s: it was cut off", what)
}

// need reports whether n more bytes can be had; those are then in buf at pos.
func (x *xmlScanner) need(n int) bool {
	for x.end-x.pos < n {
		if !x.fill() {
			return false
		}
	}
	return true
}

// fill moves what is left to the front and reads more behind it.
func (x *xmlScanner) fill() bool {
	if x.err != nil {
		return false
	}
	if x.pos > 0 {
		x.count()
		copy(x.buf, x.buf[x.pos:x.end])
		x.end -= x.pos
		x.pos, x.counted = 0, 0
	}
	if x.end == len(x.buf) {
		return false
	}
	n, err := x.from.Read(x.buf[x.end:])
	x.end += n
	x.err = err
	return n > 0 || err == nil
}

func (x *xmlScanner) starts(s string) bool {
	return x.need(len(s)) && string(x.buf[x.pos:x.pos+len(s)]) == s
}

// readText reads up to the next < or the end of the file.
func (x *xmlScanner) readText() error {
	for {
		if x.pos == x.end && !x.fill() {
			return nil
		}
		run := x.buf[x.pos:x.end]
		if i := bytes.IndexByte(run, '<'); i >= 0 {
			run = run[:i]
		}
		amp := bytes.IndexByte(run, '&')
		if amp >= 0 {
			run = run[:amp]
		}
		if err := x.takeText(run); err != nil {
			return err
		}
		switch {
		case amp >= 0:
			if err := x.readReference(); err != nil {
				return err
			}
		case x.pos < x.end:
			return nil
		}
	}
}

func (x *xmlScanner) takeText(run []byte) error {
	if x.depth == 0 {
		if i := bytes.IndexFunc(run, func(r rune) bool { return !isXMLSpace(byte(min(r, utf8.RuneSelf))) }); i >= 0 {
			x.pos += i
			if x.sawRoot {
				return x.broken("text follows the end of the document")
			}
			return x.broken("the file does not start as XML")
		}
	}
	if i := bytes.IndexByte(run, ']'); i >= 0 {
		if i = bytes.Index(run[i:], []byte("]]>")); i >= 0 {
			return x.broken("text has a ]]> that ends nothing")
		}
	}
	err := x.addText(run)
	x.pos += len(run)
	return err
}

func (x *xmlScanner) addText(b []byte) error {
	if !x.keep {
		return nil
	}
	if len(x.text)+len(b) > xmlTextBytesMax {
		return x.broken("a value is longer than %d bytes", xmlTextBytesMax)
	}
	x.text = append(x.text, b...)
	return nil
}

// readReference reads &name; or &#number; in text.
func (x *xmlScanner) readReference() error {
	if x.depth == 0 {
		return x.broken("a reference stands outside of the document")
	}
	const referenceMax = 12 // &#x0010FFFF;
	x.need(referenceMax)
	waiting := x.buf[x.pos:min(x.end, x.pos+referenceMax)]
	r, size, ok := readXMLReference(waiting)
	if !ok {
		if len(waiting) < referenceMax && bytes.IndexByte(waiting, ';') < 0 {
			x.pos = x.end
			return x.cutOff("a reference")
		}
		return x.broken("an entity that is not one of XML's own, or a & that is not written as &amp;")
	}
	if x.keep {
		if err := x.addText(utf8.AppendRune(nil, r)); err != nil {
			return err
		}
	}
	x.pos += size
	return nil
}

// readCDATA takes a section as text.
func (x *xmlScanner) readCDATA() error {
	const start, end = "<![CDATA[", "]]>"
	if x.depth == 0 {
		return x.broken("text stands outside of the document")
	}
	x.pos += len(start)
	for {
		if !x.need(len(end)) {
			x.pos = x.end
			return x.cutOff("a CDATA section")
		}
		run := x.buf[x.pos:x.end]
		i := bytes.Index(run, []byte(end))
		if i < 0 {
			run = run[:len(run)-len(end)+1]
		} else {
			run = run[:i]
		}
		if err := x.addText(run); err != nil {
			return err
		}
		x.pos += len(run)
		if i >= 0 {
			x.pos += len(end)
			return nil
		}
	}
}

// readInstruction skips a processing instruction, unless it is the XML declaration.
func (x *xmlScanner) readInstruction(first bool) error {
	const start = "<?"
	x.need(xmlDeclarationMax)
	waiting := x.buf[x.pos+len(start) : x.end]
	name, _ := cutXMLName(waiting)
	switch {
	case name == nil && len(waiting) > 0:
		return x.broken("a processing instruction without a proper name")
	case string(name) != "xml":
		return x.skipPast(start, "?>", "a processing instruction")
	case !first:
		return x.broken("an XML declaration that is not at the start: two files may have been joined")
	}
	declaration, _, ok := bytes.Cut(waiting[:min(len(waiting), xmlDeclarationMax)], []byte("?>"))
	if !ok {
		return x.broken("an XML declaration without an end")
	}
	if err := x.readAttributes(declaration[len(name):]); err != nil {
		return err
	}
	if string(x.attribute("version")) != "1.0" {
		return x.broken("XML of a version other than 1.0")
	}
	return x.skipPast(start, "?>", "the XML declaration")
}

// skipComment skips a comment, in which no two hyphens may stand but those of its end.
func (x *xmlScanner) skipComment() error {
	if err := x.skipPast("<!--", "--", "a comment"); err != nil {
		return err
	}
	if !x.need(1) {
		return x.cutOff("a comment")
	}
	if x.buf[x.pos] != '>' {
		return x.broken("two hyphens within a comment")
	}
	x.pos++
	return nil
}

// skipPast skips what is of no interest.
func (x *xmlScanner) skipPast(start, end, what string) error {
	x.pos += len(start)
	for {
		if !x.need(len(end)) {
			x.pos = x.end
			return x.cutOff(what)
		}
		run := x.buf[x.pos:x.end]
		if i := bytes.Index(run, []byte(end)); i >= 0 {
			x.pos += i + len(end)
			return nil
		}
		x.pos += len(run) - len(end) + 1
	}
}

func (x *xmlScanner) refuseDeclaration() error {
	const html = "<!DOCTYPE html"
	x.need(len(html))
	switch waiting := x.buf[x.pos:min(x.end, x.pos+len(html))]; {
	case bytes.EqualFold(waiting, []byte(html)):
		return x.broken("the file is a web page, not a statement: the download went wrong")
	case bytes.HasPrefix(waiting, []byte("<!DOCTYPE")):
		return x.broken("a document type declaration, which could hold entities, is refused")
	case x.err != nil && len(waiting) < len("<![CDATA["):
		x.pos = x.end
		return x.cutOff("a declaration")
	default:
		return x.broken("a declaration that does not belong in a statement")
	}
}

// readTag returns what stands between < and >, and passes it. Attribute values may hold
// a >.
func (x *xmlScanner) readTag() ([]byte, error) {
	waiting := x.buf[x.pos:x.end]
	if i := bytes.IndexByte(waiting, '>'); i > 0 && i < xmlTagBytesMax && !bytes.ContainsAny(waiting[1:i], `"'<`) {
		x.pos += i + 1
		return waiting[1:i], nil
	}
	quote := byte(0)
	for i := 1; ; i++ {
		if i == xmlTagBytesMax {
			return nil, x.broken("a tag is longer than %d bytes", xmlTagBytesMax)
		}
		if x.pos+i >= x.end && !x.need(i+1) {
			x.pos = x.end
			return nil, x.cutOff("a tag")
		}
		switch b := x.buf[x.pos+i]; {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '<':
			return nil, x.broken("a < within a tag")
		case b == '>':
			tag := x.buf[x.pos+1 : x.pos+i]
			x.pos += i + 1
			return tag, nil
		}
	}
}

func (x *xmlScanner) readStart() error {
	if x.depth == 0 && x.sawRoot {
		return x.broken("a second document follows the end of the first")
	}
	tag, err := x.readTag()
	if err != nil {
		return err
	}
	if n := len(tag); n > 0 && tag[n-1] == '/' {
		x.selfClose = true
		tag = tag[:n-1]
	}
	name, rest := cutXMLName(tag)
	if name == nil {
		return x.broken("a tag without a proper name")
	}
	if err := x.readAttributes(rest); err != nil {
		return err
	}
	if x.depth == xmlDepthMax {
		return x.broken("elements are nested deeper than %d", xmlDepthMax)
	}
	x.sawRoot = true
	x.open[x.depth] = len(x.names)
	x.depth++
	x.names = append(x.names, name...)
	x.local = localName(name)
	x.keep = false
	return nil
}

func (x *xmlScanner) readEnd() error {
	x.pos++ // so that the tag starts with the slash
	tag, err := x.readTag()
	if err != nil {
		return err
	}
	name, rest := cutXMLName(tag)
	if len(bytes.Trim(rest, xmlSpaces)) > 0 || x.depth == 0 || !bytes.Equal(name, x.names[x.open[x.depth-1]:]) {
		return x.broken("an end tag that does not close the element that is open")
	}
	x.pop()
	return nil
}

func (x *xmlScanner) pop() {
	x.depth--
	x.names = x.names[:x.open[x.depth]]
	x.keep = false
}

// readAttributes reads what follows the name in a start tag.
func (x *xmlScanner) readAttributes(rest []byte) error {
	x.attributes, x.values = x.attributes[:0], x.values[:0]
	for {
		trimmed := bytes.TrimLeft(rest, xmlSpaces)
		if len(trimmed) == 0 {
			return nil
		}
		if len(trimmed) == len(rest) {
			return x.broken("attributes that no space parts")
		}
		name, after := cutXMLName(trimmed)
		after = bytes.TrimLeft(after, xmlSpaces)
		if name == nil || len(after) == 0 || after[0] != '=' {
			return x.broken("an attribute without name or value")
		}
		after = bytes.TrimLeft(after[1:], xmlSpaces)
		if len(after) == 0 || after[0] != '"' && after[0] != '\'' {
			return x.broken("an attribute whose value is not quoted")
		}
		value, behind, ok := bytes.Cut(after[1:], after[:1])
		if !ok {
			return x.broken("an attribute whose quote is not closed")
		}
		if err := x.addAttribute(name, value); err != nil {
			return err
		}
		rest = behind
	}
}

func (x *xmlScanner) addAttribute(name, value []byte) error {
	if len(x.attributes) == xmlAttributesMax {
		return x.broken("a tag has more than %d attributes", xmlAttributesMax)
	}
	for _, a := range x.attributes {
		if bytes.Equal(a.name, name) {
			return x.broken("an attribute is given twice")
		}
	}
	start := len(x.values)
	for len(value) > 0 {
		switch i := bytes.IndexAny(value, "<&"); {
		case i < 0:
			x.values = append(x.values, value...)
			value = nil
		case value[i] == '<':
			return x.broken("a < within an attribute")
		default:
			x.values = append(x.values, value[:i]...)
			r, size, ok := readXMLReference(value[i:])
			if !ok {
				return x.broken("an entity in an attribute that is not one of XML's own")
			}
			x.values = utf8.AppendRune(x.values, r)
			value = value[i+size:]
		}
	}
	x.attributes = append(x.attributes, xmlAttribute{name: name, start: start, end: len(x.values)})
	return nil
}
