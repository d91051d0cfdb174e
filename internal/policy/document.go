package policy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/bursar-pay/bursar/internal/fault"
)

// The bounds of a document. The parser takes more than proportional time on hostile
// input, so that it only gets to see what is within them.
const (
	documentBytesMax = 64 << 10
	nestingMax       = 16
	textMax          = 80
	itemsMax         = 400
	faultsMax        = 50
)

// ErrInvalid is the fault of a document that is not a policy. Its place is the
// document's name, line, column and field.
var ErrInvalid = fault.New(fault.Invalid, "policy_invalid", "the document is not a policy")

// document gathers all that is wrong with one YAML text.
type document struct {
	name   string
	faults []finding
}

// finding is one thing that is wrong, and where.
type finding struct {
	at    *token.Position
	fault error
}

// value is one value of a document and where it stands.
type value struct {
	doc  *document
	path string   // the fields that lead to it, such as thresholds.card.USD
	node ast.Node // nil if it is missing, which has been said already
	at   *token.Position
}

// record is a mapping whose fields have been checked.
type record map[string]value

// entry is a field of a mapping whose names are the writer's own.
type entry struct {
	key   value
	value value
}

// open reads text as one YAML document.
func open(text []byte, name string) (value, error) {
	d := &document{name: name}
	top := value{doc: d, at: &token.Position{Line: 1, Column: 1}}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !readable(top, text) {
		return top, d.err()
	}
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		top.refuseSyntax(err)
		return top, d.err()
	}
	docs := file.Docs
	switch {
	case len(docs) == 0 || docs[0].Body == nil:
		top.refuse("start from the built-in policy", "the document is empty")
		return top, d.err()
	case len(docs) > 1:
		if start := docs[1].Start; start != nil {
			top.at = start.Position
		}
		top.refuse("keep one of them", "there is more than one document in the file")
		return top, d.err()
	}
	top.node = docs[0].Body
	return top, nil
}

// readable tells whether the text is within the bounds, and says why not.
func readable(top value, text []byte) bool {
	if len(text) > documentBytesMax {
		top.refuse("a policy has a few hundred lines; check that this is the right file",
			"the document is longer than %d KiB", documentBytesMax>>10)
		return false
	}
	line, column, depth, inComment := 1, 0, 0, false
	previous := '\n'
	for i, r := range string(text) {
		column++
		at := value{doc: top.doc, at: &token.Position{Line: line, Column: column}}
		switch {
		case r == utf8.RuneError && !bytes.HasPrefix(text[i:], []byte("\uFFFD")):
			at.refuse("save the file as UTF-8", "the document is not UTF-8")
			return false
		case r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f:
			at.refuse("remove it", "there is a control character")
			return false
		case r == '\n':
			line, column, inComment = line+1, 0, false
		case r == '#' && strings.ContainsRune(" \t\n", previous):
			inComment = true
		case inComment:
		case r == '[' || r == '{':
			depth++
		case (r == ']' || r == '}') && depth > 0:
			depth--
		}
		if depth > nestingMax {
			at.refuse("close the brackets that are open", "brackets are nested more than %d deep", nestingMax)
			return false
		}
		previous = r
	}
	return true
}

func (v value) refuseSyntax(err error) {
	message := "this cannot be read as YAML"
	var y yaml.Error
	if errors.As(err, &y) {
		if tk := y.GetToken(); tk != nil && tk.Position != nil {
			v.at = tk.Position
		}
		// A message with a quotation in it repeats the input.
		if said := y.GetMessage(); !strings.ContainsRune(said, '"') && utf8.ValidString(said) {
			message = "this cannot be read as YAML: " + strings.ReplaceAll(said, "\t", "tab")
		}
	}
	next := "check indentation, colons, quotes and brackets here and on the line before"
	if strings.Contains(message, "'tab'") {
		next = "indent with spaces; YAML does not take tabs"
	}
	v.refuse(next, "%s", message)
}

// err returns all that was found wrong, in the order of the lines.
func (d *document) err() error {
	slices.SortStableFunc(d.faults, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.at.Line, b.at.Line), cmp.Compare(a.at.Column, b.at.Column))
	})
	var why []error
	for i, f := range d.faults {
		if i == faultsMax {
			why = append(why, ErrInvalid.Detail("and %d more", len(d.faults)-i).WithNext("mend these first"))
			break
		}
		why = append(why, f.fault)
	}
	return errors.Join(why...)
}

// refuse notes what is wrong with v, and what to do about it.
func (v value) refuse(next, format string, args ...any) {
	why := ErrInvalid.At(v.place()).Detail(format, args...).WithNext(next)
	v.doc.faults = append(v.doc.faults, finding{at: v.at, fault: why})
}

func (v value) place() string {
	place := fmt.Sprintf("line %d, column %d", v.at.Line, v.at.Column)
	if v.doc.name != "" {
		place = v.doc.name + ", " + place
	}
	if v.path != "" {
		place += ": " + v.path
	}
	return place
}

func (v value) missing() bool { return v.node == nil }

// below is the path of a field of v.
func (v value) below(name string) string {
	if v.path == "" {
		return name
	}
	return v.path + "." + name
}

// child is the value of a node inside v. Of what goes over several lines the place is
// that of its key, or else of its first line.
func (v value) child(node ast.Node, key *token.Position) value {
	c := value{doc: v.doc, path: v.path, node: node, at: v.at}
	if first := node.GetToken(); first != nil && first.Position != nil {
		c.at = first.Position
	}
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			c.at = n.Values[0].Key.GetToken().Position
		}
		if !n.IsFlowStyle && key != nil {
			c.at = key
		}
	case *ast.SequenceNode:
		if !n.IsFlowStyle && key != nil {
			c.at = key
		}
	}
	return c
}

// named is v with its path going on with name.
func (v value) named(name string) value {
	v.path = v.below(name)
	return v
}

// fields reads v as a mapping that must have the required fields and may have the
// optional ones.
func (v value) fields(required []string, optional ...string) record {
	known := append(append([]string{}, required...), optional...)
	found := record{}
	for _, e := range v.entries() {
		name := e.key.text()
		switch {
		case name == "":
		case !slices.Contains(known, name):
			e.key.refuse(suggest(name, known, "the fields here are"), "there is no field of this name")
		default:
			e.value.path = v.below(name)
			found[name] = e.value
		}
	}
	_, isMapping := v.node.(*ast.MappingNode)
	for _, name := range required {
		if _, ok := found[name]; ok || !isMapping {
			continue
		}
		value{doc: v.doc, path: v.below(name), at: v.at}.refuse("add it; docs/policy.md says what it means, and the built-in policy has an example", "the field is missing")
	}
	for _, name := range known {
		if _, ok := found[name]; !ok {
			found[name] = value{doc: v.doc, path: v.below(name), at: v.at}
		}
	}
	return found
}

// entries reads v as a mapping. Keys that stand there twice are refused.
func (v value) entries() []entry {
	if v.missing() {
		return nil
	}
	mapping, ok := v.node.(*ast.MappingNode)
	if !ok {
		v.refuseKind("fields, each with a name, a colon and a value")
		return nil
	}
	var all []entry
	lines := map[string]int{}
	for _, pair := range mapping.Values {
		key := v.child(pair.Key, nil)
		if !isScalar(pair.Key) {
			key.refuse("write a plain name and a colon", "this kind of key is not used in a policy")
			continue
		}
		name := pair.Key.GetToken().Value
		if before, twice := lines[name]; twice {
			key.refuse("remove one of the two", "this is given twice, first on line %d", before)
			continue
		}
		lines[name] = key.at.Line
		all = append(all, entry{key: key, value: v.child(pair.Value, key.at)})
	}
	return all
}

// items reads v as a list.
func (v value) items() []value {
	if v.missing() {
		return nil
	}
	list, ok := v.node.(*ast.SequenceNode)
	if !ok {
		v.refuseKind("a list, such as [a, b]")
		return nil
	}
	if len(list.Values) > itemsMax {
		v.refuse("shorten it", "the list has more than %d items", itemsMax)
		return nil
	}
	var all []value
	for i, node := range list.Values {
		item := v.child(node, nil)
		item.path = v.path + "[" + strconv.Itoa(i) + "]"
		all = append(all, item)
	}
	return all
}

// refuseKind says that v is not the kind of value that is wanted.
func (v value) refuseKind(wanted string) {
	next := "write " + wanted
	switch v.node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		v.refuse("write the value out", "anchors, aliases and merges are not used in a policy")
	case *ast.TagNode:
		v.refuse("remove the tag", "tags are not used in a policy")
	case *ast.NullNode:
		v.refuse(next, "the field is empty")
	default:
		v.refuse(next, "this is not %s", wanted)
	}
}

// isScalar tells a plain or quoted value on one line.
func isScalar(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return true
	}
	return false
}
