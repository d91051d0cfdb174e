package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/bursar-pay/bursar/internal/evidence"
)

// draw paints a picture whose upper left quarter is red, and the rest blue.
func draw(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{B: 255, A: 255}
			if x < w/2 && y < h/2 {
				c = color.NRGBA{R: 255, A: 255}
			}
			img.Set(x, y, c)
		}
	}
	return img
}

func photo(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, draw(w, h), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func scan(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, draw(w, h)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// gps is where the picture was taken, as it stands in Exif: degrees in rationals.
var gps = []byte{52, 0, 0, 0, 1, 0, 0, 0, 31, 0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0}

// exif is a TIFF directory with an orientation and a place.
func exif(orientation uint16) []byte {
	var b bytes.Buffer
	write := func(values ...any) {
		for _, v := range values {
			if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
				panic(err)
			}
		}
	}
	write([]byte("II*\x00"), uint32(8), uint16(2))
	write(uint16(0x0112), uint16(3), uint32(1), orientation, uint16(0)) // Orientation
	write(uint16(0x8825), uint16(4), uint32(1), uint32(38))             // where the GPS directory is
	write(uint32(0), uint16(1))
	write(uint16(2), uint16(5), uint32(3), uint32(56), uint32(0)) // GPSLatitude
	write(gps)
	return b.Bytes()
}

// withExif puts Exif and a comment into a JPEG, as a camera does.
func withExif(picture []byte, orientation uint16) []byte {
	segment := func(marker byte, data []byte) []byte {
		s := []byte{0xff, marker}
		s = binary.BigEndian.AppendUint16(s, uint16(len(data)+2))
		return append(s, data...)
	}
	out := bytes.Clone(picture[:2])
	out = append(out, segment(0xe1, append([]byte("Exif\x00\x00"), exif(orientation)...))...)
	out = append(out, segment(0xfe, []byte("<script>CANARY</script>"))...)
	return append(out, picture[2:]...)
}

// chunk is one chunk of a PNG.
func chunk(kind string, data []byte) []byte {
	c := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	c = append(c, kind...)
	c = append(c, data...)
	return binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE(c[4:]))
}

// withChunks puts chunks behind the header of a PNG.
func withChunks(picture []byte, chunks ...[]byte) []byte {
	const header = 8 + 12 + 13
	return bytes.Join([][]byte{picture[:header], bytes.Join(chunks, nil), picture[header:]}, nil)
}

func TestPicturesAreWrittenAnew(t *testing.T) {
	for _, c := range []struct {
		name    string
		content []byte
		media   evidence.Media
	}{
		{"JPEG", photo(t, 64, 32), evidence.JPEG},
		{"JPEG of a camera", withExif(photo(t, 64, 32), 1), evidence.JPEG},
		{"JPEG and web page", append(withExif(photo(t, 64, 32), 1), "<html><script>CANARY</script>"...), evidence.JPEG},
		{"JPEG and PDF", append(photo(t, 64, 32), "\n%PDF-1.4 CANARY"...), evidence.JPEG},
		{"PNG", scan(t, 64, 32), evidence.PNG},
		{"PNG with texts", withChunks(scan(t, 64, 32), chunk("tEXt", []byte("Author\x00CANARY")), chunk("eXIf", exif(1))), evidence.PNG},
		{"PNG and archive", append(scan(t, 64, 32), "PK\x03\x04CANARYPK\x05\x06"...), evidence.PNG},
	} {
		got, err := clean(t, c.content)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.Media != c.media || got.Width != 64 || got.Height != 32 || got.SHA256 != sha256.Sum256(got.Bytes) {
			t.Errorf("%s: got %s, %d x %d", c.name, got.Media, got.Width, got.Height)
		}
		for _, hidden := range [][]byte{[]byte("CANARY"), []byte("Exif"), []byte("eXIf"), []byte("script"), []byte("PK\x03\x04"), []byte("%PDF"), gps} {
			if bytes.Contains(got.Bytes, hidden) {
				t.Errorf("%s: %q is left", c.name, hidden)
			}
		}
		wantRed(t, c.name, got.Bytes, 16, 8)
	}
}

// wantRed says that the picture is red at this pixel, and blue at the opposite one.
func wantRed(t *testing.T, name string, picture []byte, x, y int) {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	b := img.Bounds()
	red, _, blue, _ := img.At(x, y).RGBA()
	otherRed, _, otherBlue, _ := img.At(b.Max.X-1-x, b.Max.Y-1-y).RGBA()
	if red < 0xc000 || blue > 0x4000 || otherRed > 0x4000 || otherBlue < 0xc000 {
		t.Errorf("%s: red and blue are not where they should be seen", name)
	}
}

// TestPicturesAreTheRightWayUp sends the same picture in all orientations of Exif.
func TestPicturesAreTheRightWayUp(t *testing.T) {
	for _, c := range []struct {
		orientation   uint16
		width, height int
		x, y          int // somewhere in the red quarter
	}{
		{0, 64, 32, 8, 4},
		{1, 64, 32, 8, 4},
		{2, 64, 32, 56, 4},
		{3, 64, 32, 56, 28},
		{4, 64, 32, 8, 28},
		{5, 32, 64, 4, 8},
		{6, 32, 64, 28, 8},
		{7, 32, 64, 28, 56},
		{8, 32, 64, 4, 56},
		{9, 64, 32, 8, 4},
	} {
		var gray bytes.Buffer
		g := image.NewGray(image.Rect(0, 0, 64, 32))
		if err := jpeg.Encode(&gray, g, nil); err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string][]byte{
			"JPEG":      withExif(photo(t, 64, 32), c.orientation),
			"PNG":       withChunks(scan(t, 64, 32), chunk("eXIf", exif(c.orientation))),
			"gray JPEG": withExif(gray.Bytes(), c.orientation),
		} {
			got := mustClean(t, content)
			if got.Width != c.width || got.Height != c.height {
				t.Errorf("%s, orientation %d: got %d x %d, want %d x %d", name, c.orientation, got.Width, got.Height, c.width, c.height)
			}
			if name != "gray JPEG" {
				wantRed(t, name, got.Bytes, c.x, c.y)
			}
		}
	}
}

// sized is a PNG that says to have this size and has a few bytes.
func sized(w, h uint32) []byte {
	header := binary.BigEndian.AppendUint32(nil, w)
	header = binary.BigEndian.AppendUint32(header, h)
	header = append(header, 8, 6, 0, 0, 0)
	return bytes.Join([][]byte{[]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", header), chunk("IDAT", []byte{0x78, 0x9c}), chunk("IEND", nil)}, nil)
}

// sizedJPEG is a JPEG whose frame says to have another size.
func sizedJPEG(t *testing.T, w, h uint16) []byte {
	t.Helper()
	b := photo(t, 16, 16)
	frame := bytes.Index(b, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(b[frame+5:], h)
	binary.BigEndian.PutUint16(b[frame+7:], w)
	return b
}

func TestPicturesThatAreTooLargeInside(t *testing.T) {
	wantRefused(t, "tall", sized(1, 16_385), evidence.ErrTooWide)
	wantRefused(t, "wide", sized(2_000_000_000, 1), evidence.ErrTooWide)
	wantRefused(t, "both", sized(6_325, 6_325), evidence.ErrTooWide)
	wantRefused(t, "JPEG", sizedJPEG(t, 65_535, 65_535), evidence.ErrTooWide)
	wantRefused(t, "beyond all numbers", sized(0xffffffff, 0xffffffff), evidence.ErrBroken)
	wantRefused(t, "nothing", sized(0, 0), evidence.ErrBroken)
}

// TestPictureThatIsDrawnTooOften sends a JPEG of a few kilobytes that would be gone
// over a thousand times.
func TestPictureThatIsDrawnTooOften(t *testing.T) {
	b := photo(t, 64, 64)
	start := bytes.Index(b, []byte{0xff, 0xda})
	again := b[start : len(b)-2]
	bomb := bytes.Clone(b[:start])
	for range 1_000 {
		bomb = append(bomb, again...)
	}
	bomb = append(bomb, 0xff, 0xd9)
	wantRefused(t, "many scans", bomb, evidence.ErrComplex)
}

func TestBrokenPictures(t *testing.T) {
	whole, paper := photo(t, 64, 64), scan(t, 64, 64)
	for name, content := range map[string][]byte{
		"half a JPEG":     whole[:len(whole)/2],
		"a JPEG's start":  whole[:4],
		"half a PNG":      paper[:len(paper)/2],
		"a PNG's start":   paper[:8],
		"a PNG's header":  paper[:40],
		"web page inside": []byte("\xff\xd8\xff<html><script>CANARY</script></html>"),
		"little inside":   sized(100, 100),
	} {
		wantRefused(t, name, content, evidence.ErrBroken)
	}
	flipped := bytes.Clone(paper)
	flipped[len(flipped)-20] ^= 1
	wantRefused(t, "a flipped bit", flipped, evidence.ErrBroken)
}

// TestOddExif sends Exif that leads nowhere: it changes nothing.
func TestOddExif(t *testing.T) {
	for name, tiff := range map[string][]byte{
		"none":              {},
		"no order":          []byte("XX*\x00\x08\x00\x00\x00"),
		"far away":          []byte("II*\x00\xff\xff\xff\xff"),
		"at its end":        []byte("II*\x00\x08\x00\x00\x00"),
		"many entries":      []byte("II*\x00\x08\x00\x00\x00\xff\xff\x12\x01"),
		"another type":      []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x04\x00\x00\x00\x01\x00\x06\x00\x00"),
		"a strange value":   []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\xff\xff\x00\x00"),
		"inside the header": []byte("II*\x00\x00\x00\x00\x00"),
	} {
		content := withChunks(scan(t, 64, 32), chunk("eXIf", tiff))
		if got := mustClean(t, content); got.Width != 64 || got.Height != 32 {
			t.Errorf("%s: got %d x %d", name, got.Width, got.Height)
		}
	}
	big := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00")
	if got := mustClean(t, withChunks(scan(t, 64, 32), chunk("eXIf", big))); got.Width != 32 || got.Height != 64 {
		t.Errorf("big endian: got %d x %d, want 32 x 64", got.Width, got.Height)
	}
}

func TestEveryColourIsTaken(t *testing.T) {
	for name, img := range map[string]image.Image{
		"gray":         image.NewGray(image.Rect(0, 0, 8, 8)),
		"gray, deep":   image.NewGray16(image.Rect(0, 0, 8, 8)),
		"deep":         image.NewNRGBA64(image.Rect(0, 0, 8, 8)),
		"with palette": image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.White}),
	} {
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		content := withChunks(b.Bytes(), chunk("eXIf", exif(6)))
		if name == "with palette" {
			content = b.Bytes()
		}
		if _, err := clean(t, content); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLimitsOfSides(t *testing.T) {
	limits := evidence.DefaultLimits()
	limits.Side, limits.Pixels = 64, 64*32
	small := evidence.NewCleaner(limits, evidence.NoScanner{})
	for _, c := range []struct {
		w, h int
		want error
	}{
		{64, 32, nil},
		{32, 64, nil},
		{65, 1, evidence.ErrTooWide},
		{1, 65, evidence.ErrTooWide},
		{64, 33, evidence.ErrTooWide},
	} {
		for _, content := range [][]byte{photo(t, c.w, c.h), scan(t, c.w, c.h)} {
			if _, err := small.Clean(t.Context(), evidence.Upload{Content: bytes.NewReader(content)}); !errors.Is(err, c.want) {
				t.Errorf("%d x %d: got %v, want %v", c.w, c.h, err, c.want)
			}
		}
	}
}
