// Package evidence takes files that strangers send to prove who they are, and lets
// through what is safe to keep and to show: pictures and plain PDFs. What a file is
// gets decided by its content. Pictures are decoded and written anew, so that nothing
// survives but what can be seen: no place where they were taken, no second file
// inside or behind the first. A PDF stays as it is, byte for byte, after all of it was
// read and understood, and only if nothing in it can act, hide or swell.
//
// No text that comes back holds the file's name or any of its content.
package evidence

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"

	"github.com/bursar-pay/bursar/internal/fault"
)

// Media is what a file is.
type Media string

// The media that are taken.
const (
	JPEG Media = "image/jpeg"
	PNG  Media = "image/png"
	PDF  Media = "application/pdf"
)

// Upload is a file as it was sent.
type Upload struct {
	Name    string // as the sender calls it: never trusted, kept or shown; it helps to say what to do about a file that is not taken
	Content io.Reader
}

// File is a file that is safe to keep. It is evidence of a person: its own texts
// hide what it holds.
type File struct {
	Media  Media
	Bytes  []byte
	Width  int // pixels of a picture as it is seen; 0 for a PDF
	Height int
	Pages  int // of a PDF; 0 for a picture
	SHA256 [sha256.Size]byte
}

// String describes the file without its content.
func (f File) String() string { return fmt.Sprintf("%s of %d bytes", f.Media, len(f.Bytes)) }

// GoString is String.
func (f File) GoString() string { return f.String() }

// LogValue is String, for logs.
func (f File) LogValue() slog.Value { return slog.StringValue(f.String()) }

// Limits are what a file may cost. All must be positive.
type Limits struct {
	Bytes    int64 // of a file as it was sent
	Side     int   // pixels of a picture's longer side
	Pixels   int64 // of a picture
	Pages    int   // of a PDF
	Inflated int64 // bytes of all that is compressed in a PDF
	AtOnce   int   // files that are worked on at the same time; a picture takes 5 to 18 bytes of memory per pixel
}

// DefaultLimits are good for pictures of telephones and statements of banks.
func DefaultLimits() Limits {
	return Limits{Bytes: 10 << 20, Side: 16_384, Pixels: 40_000_000, Pages: 50, Inflated: 256 << 20, AtOnce: 1}
}

// Scanner looks for malware in a file as it was sent. It returns nil if it found
// none, ErrInfected if it found some; any other error stops the file too.
type Scanner interface {
	Scan(ctx context.Context, content []byte) error
}

// NoScanner is the scanner of an installation that has none.
type NoScanner struct{}

// Scan implements Scanner: it finds nothing.
func (NoScanner) Scan(context.Context, []byte) error { return nil }

// Why a file is not taken.
var (
	ErrEmpty     = fault.New(fault.Invalid, "evidence_empty", "the file is empty").WithNext("choose the file again; if it comes from the cloud, download it first")
	ErrTooLarge  = fault.New(fault.TooLarge, "evidence_too_large", "the file is too large").WithNext("take the picture with a lower resolution, or send fewer pages")
	ErrKind      = fault.New(fault.Invalid, "evidence_kind", "the file is neither a JPEG or PNG picture nor a PDF").WithNext("send a JPEG or PNG picture, or a PDF; a screenshot is one")
	ErrTooWide   = fault.New(fault.TooLarge, "evidence_pixels", "the picture has too many pixels").WithNext("take it with a lower resolution, or crop it to the document")
	ErrBroken    = fault.New(fault.Invalid, "evidence_broken", "the file cannot be read as what it says it is").WithNext("open it, save or print it anew, and send that; or send a picture of it")
	ErrComplex   = fault.New(fault.TooLarge, "evidence_complex", "the file is far larger inside than it looks").WithNext("print it to a new PDF, or send a picture of it")
	ErrPages     = fault.New(fault.TooLarge, "evidence_pages", "the PDF has too many pages").WithNext("send only the pages that are asked for")
	ErrEncrypted = fault.New(fault.Invalid, "evidence_encrypted", "the PDF is protected by a password or restrictions").WithNext("print it to a new PDF without protection, or send a picture of it")
	ErrActive    = fault.New(fault.Invalid, "evidence_active", "the PDF holds something that can act, such as a script, a form or an attachment").WithNext("print it to a new PDF, or send a picture of it")
	ErrInfected  = fault.New(fault.Invalid, "evidence_infected", "the file was found to hold malware").WithNext("check your device, and send another file")
	ErrUnscanned = fault.New(fault.Unavailable, "evidence_unscanned", "the file could not be checked for malware").WithNext("try again in some minutes")
)

// Cleaner takes files. It is safe for use by several goroutines.
type Cleaner struct {
	limits  Limits
	scanner Scanner
	seats   chan struct{}
}

// NewCleaner returns a cleaner that keeps to the limits and asks the scanner about
// each file.
func NewCleaner(l Limits, s Scanner) *Cleaner {
	return &Cleaner{limits: l, scanner: s, seats: make(chan struct{}, max(l.AtOnce, 1))}
}

// Clean returns what is safe to keep of a file, or a fault that says why nothing is.
// It gives up when ctx ends, also in the midst of a picture.
func (c *Cleaner) Clean(ctx context.Context, u Upload) (File, error) {
	content, err := io.ReadAll(io.LimitReader(u.Content, c.limits.Bytes+1))
	switch {
	case err != nil:
		return File{}, fmt.Errorf("read a file: %w", err)
	case len(content) == 0:
		return File{}, ErrEmpty
	case int64(len(content)) > c.limits.Bytes:
		return File{}, ErrTooLarge.Detail("the file is larger than %d MiB", c.limits.Bytes>>20)
	}
	media, err := sniff(content, u.Name)
	if err != nil {
		return File{}, err
	}
	if err := c.scan(ctx, content); err != nil {
		return File{}, err
	}

	select {
	case c.seats <- struct{}{}:
		defer func() { <-c.seats }()
	case <-ctx.Done():
		return File{}, ctx.Err()
	}
	f := File{Media: media}
	switch media {
	case PDF:
		f.Bytes = content
		f.Pages, err = checkPDF(ctx, content, c.limits)
	default:
		f, err = c.redraw(ctx, media, content)
	}
	if err != nil {
		return File{}, err
	}
	f.SHA256 = sha256.Sum256(f.Bytes)
	return f, nil
}

func (c *Cleaner) scan(ctx context.Context, content []byte) error {
	err := c.scanner.Scan(ctx, content)
	if _, expected := fault.Of(err); err != nil && !expected {
		return fmt.Errorf("%w: %w", ErrUnscanned, err)
	}
	return err
}

// attentive reads until its context ends, so that nothing that reads outlives the
// patience of who waits.
type attentive struct {
	ctx context.Context
	io.Reader
}

// Read implements io.Reader.
func (a attentive) Read(p []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err
	}
	return a.Reader.Read(p)
}
