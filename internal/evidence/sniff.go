package evidence

import (
	"bytes"
	"path"
	"strings"
)

// starts are how the media begin that are taken.
var starts = []struct {
	media Media
	bytes string
}{
	{JPEG, "\xff\xd8\xff"},
	{PNG, "\x89PNG\r\n\x1a\n"},
	{PDF, "%PDF-"},
}

// others are how media begin that people send by mistake, and what to tell them.
var others = []struct {
	at    int
	bytes string
	names []string // how names of such files end
	is    string
}{
	{4, "ftyphei", []string{".heic", ".heif"}, "a HEIC picture, as iPhones make them"},
	{4, "ftypmif", nil, "a HEIC picture, as iPhones make them"},
	{4, "ftypavif", []string{".avif"}, "an AVIF picture"},
	{0, "GIF8", []string{".gif"}, "a GIF picture"},
	{8, "WEBP", []string{".webp"}, "a WebP picture"},
	{0, "II*\x00", []string{".tif", ".tiff"}, "a TIFF picture"},
	{0, "MM\x00*", nil, "a TIFF picture"},
	{0, "BM", []string{".bmp"}, "a BMP picture"},
	{0, "PK\x03\x04", []string{".zip", ".docx", ".xlsx", ".odt", ".pages"}, "an archive or an office document"},
	{0, "\xd0\xcf\x11\xe0", []string{".doc", ".xls"}, "an office document"},
	{0, "<", []string{".svg", ".html", ".htm", ".xml"}, "a drawing or a web page"},
}

// sniff tells what a file is by its first bytes. The name only helps to say what is
// wrong with one that is not taken.
func sniff(content []byte, name string) (Media, error) {
	for _, s := range starts {
		if bytes.HasPrefix(content, []byte(s.bytes)) {
			return s.media, nil
		}
	}
	for _, o := range others {
		if len(content) > o.at && bytes.HasPrefix(content[o.at:], []byte(o.bytes)) {
			return "", ErrKind.Detail("the file is %s, which is not taken", o.is)
		}
	}
	ending := strings.ToLower(path.Ext(name))
	for _, o := range others {
		for _, n := range o.names {
			if n == ending {
				return "", ErrKind.Detail("the file looks like %s, which is not taken", o.is)
			}
		}
	}
	return "", ErrKind
}
