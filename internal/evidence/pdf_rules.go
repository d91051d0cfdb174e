package evidence

import (
	"bytes"
	"slices"
	"strings"
)

// actors are names that make a PDF act when it is opened or touched, or carry
// another file, wherever they stand (ISO 32000-1, 12.6, 7.11.4, 13; XFA; PDF 2.0).
var actors = []name{
	"JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "FileAttachment",
	"GoToR", "GoToE", "ImportData", "SubmitForm", "Rendition", "Sound", "Movie",
	"3D", "U3D", "PRC", "XFA", "NeedsRendering",
}

// actorKeys do so as keys; the same letters may name a font or a glyph elsewhere.
var actorKeys = []name{"JS", "AA", "EF", "RF", "Collection"}

// schemes are where a link may lead: a bank's statement often has one to the bank.
var schemes = []string{"http", "https", "mailto", "tel"}

// mayName refuses a name that acts. Some readers take other bytes than the format's
// own for the end of a name, so what stands before and behind such bytes is looked at
// on its own.
func mayName(n name) error {
	for _, part := range strings.FieldsFunc(string(n), func(r rune) bool { return r < '!' || r > '~' }) {
		if slices.Contains(actors, name(part)) || strings.HasPrefix(part, "RichMedia") {
			return ErrActive
		}
	}
	return nil
}

// mayKey refuses a key, as it is written, in which readers could see different keys.
func mayKey(written []byte) error {
	for _, c := range written {
		if c < '!' || c > '~' {
			return damaged("a key has strange bytes")
		}
	}
	return nil
}

// mayEnter refuses an entry of a dictionary that acts or hides.
func mayEnter(k name, v any) error {
	switch k {
	case "Encrypt":
		return ErrEncrypted
	case "OpenAction":
		// An array is no action but the page to begin with, which many programs write.
		if _, ok := v.(array); !ok {
			return ErrActive
		}
	case "Subtype":
		if n, _ := v.(name); strings.HasPrefix(string(n), "PS") { // a program in PostScript
			return ErrActive
		}
	case "URI":
		return mayLead(v)
	}
	if slices.Contains(actorKeys, k) {
		return ErrActive
	}
	return nil
}

// mayLead refuses a link to anywhere but the web, mail and telephones. A dictionary
// under the same key holds the beginning of all links, which is checked on its own.
func mayLead(v any) error {
	s, ok := v.(str)
	if _, isDict := v.(dict); isDict {
		return nil
	}
	if !ok {
		return ErrActive
	}
	s = bytes.TrimLeft(s, "\x00\t\n\f\r ")
	if bytes.HasPrefix(s, []byte{0xfe, 0xff}) || bytes.HasPrefix(s, []byte{'\\'}) || bytes.HasPrefix(s, []byte("//")) {
		return ErrActive
	}
	scheme, _, found := bytes.Cut(s, []byte(":"))
	if found && !bytes.ContainsAny(scheme, "/?#.") && !slices.Contains(schemes, strings.ToLower(string(scheme))) {
		return ErrActive
	}
	return nil
}

// mayStream refuses a stream that lies in another file.
func mayStream(d dict) error {
	for _, k := range []name{"F", "FFilter", "FDecodeParms"} {
		if _, ok := d[k]; ok {
			return ErrActive
		}
	}
	return nil
}

// damaged is the fault of a PDF that does not keep to the rules of its format. What
// readers make of such a one is anybody's guess, so nothing is guessed here.
func damaged(how string) error { return ErrBroken.Detail("the PDF cannot be read: %s", how) }
