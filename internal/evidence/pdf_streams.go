package evidence

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/ascii85"
	"errors"
	"io"
)

// tableMax is how many bytes a stream of objects or of their places may have.
const tableMax = 32 << 20

// budget is how much may still be inflated.
type budget struct {
	ctx  context.Context
	left int64
}

// inflate decodes a stream as far as that makes it larger, into w. Pictures are left
// as they are: their own decoders know their size, and checkPicture has seen it.
// What is left is whether nothing but w's bytes are in the stream.
func (g *budget) inflate(w io.Writer, d dict, raw []byte) (whole bool, err error) {
	filters, err := filtersOf(d)
	if err != nil {
		return false, err
	}
	r := io.Reader(bytes.NewReader(raw))
	swollen := false
	for i, f := range filters {
		switch f {
		case "ASCIIHexDecode", "ASCII85Decode":
			if swollen {
				return false, damaged("a stream is encoded in a strange order")
			}
			b, err := io.ReadAll(r) // no longer than the file
			if err != nil {
				return false, g.failed()
			}
			if f == "ASCIIHexDecode" {
				b, err = unascii(b)
			} else {
				b, err = unascii85(b)
			}
			if err != nil {
				return false, err
			}
			r = bytes.NewReader(b)
		case "FlateDecode":
			if swollen {
				return false, ErrComplex
			}
			swollen = true
			z, err := zlib.NewReader(attentive{g.ctx, r})
			if err != nil {
				return false, g.failed()
			}
			r = z
		case "RunLengthDecode":
			if swollen {
				return false, ErrComplex
			}
			swollen = true
			b, err := io.ReadAll(r)
			if err != nil {
				return false, g.failed()
			}
			g.left -= runs(b)
			return false, g.spent()
		case "DCTDecode", "JPXDecode", "CCITTFaxDecode", "JBIG2Decode":
			if i != len(filters)-1 {
				return false, damaged("a stream is encoded in a strange order")
			}
			return false, g.copy(io.Discard, r)
		default:
			return false, damaged("a stream is encoded in a way that is not known or no longer used")
		}
	}
	return true, g.copy(w, r)
}

// copy copies what may still be inflated.
func (g *budget) copy(w io.Writer, r io.Reader) error {
	n, err := io.Copy(w, io.LimitReader(r, g.left+1))
	g.left -= n
	if err != nil && !errors.Is(err, errFull) {
		return g.failed()
	}
	if errors.Is(err, errFull) {
		return ErrComplex
	}
	return g.spent()
}

func (g *budget) spent() error {
	if g.left < 0 {
		return ErrComplex
	}
	return nil
}

func (g *budget) failed() error {
	if err := g.ctx.Err(); err != nil {
		return err
	}
	return damaged("a stream cannot be inflated")
}

// errFull says that a table has no room left.
var errFull = errors.New("full")

// table gathers bytes up to tableMax.
type table struct{ b []byte }

// Write implements io.Writer.
func (t *table) Write(p []byte) (int, error) {
	if len(t.b)+len(p) > tableMax {
		return 0, errFull
	}
	t.b = append(t.b, p...)
	return len(p), nil
}

// whole decodes a stream that has to be read itself.
func (g *budget) whole(d dict, raw []byte) ([]byte, error) {
	var t table
	whole, err := g.inflate(&t, d, raw)
	switch {
	case err != nil:
		return nil, err
	case !whole:
		return nil, damaged("a stream of objects is encoded as a picture")
	}
	return unpredict(d, t.b)
}

// filtersOf returns the names of a stream's filters in the order of decoding.
func filtersOf(d dict) ([]name, error) {
	switch f := d["Filter"].(type) {
	case nil:
		return nil, nil
	case name:
		return []name{f}, nil
	case array:
		var all []name
		for _, one := range f {
			n, ok := one.(name)
			if !ok || len(all) >= 4 {
				return nil, damaged("a stream's filter is no name")
			}
			all = append(all, n)
		}
		return all, nil
	}
	return nil, damaged("a stream's filter is no name")
}

// unascii undoes hexadecimal digits up to their end mark.
func unascii(b []byte) ([]byte, error) {
	o := objects{b: append([]byte("<"), b...)}
	return o.hex()
}

// unascii85 undoes base 85 up to its end mark.
func unascii85(b []byte) ([]byte, error) {
	b = bytes.TrimPrefix(b, []byte("<~"))
	if end := bytes.IndexByte(b, '~'); end >= 0 {
		b = b[:end]
	}
	out, err := io.ReadAll(ascii85.NewDecoder(bytes.NewReader(b)))
	if err != nil {
		return nil, damaged("a stream cannot be decoded")
	}
	return out, nil
}

// runs returns how long run-length encoded bytes are without it (7.4.5).
func runs(b []byte) int64 {
	var long int64
	for at := 0; at < len(b) && b[at] != 128; {
		if n := int(b[at]); n < 128 {
			long += int64(n) + 1
			at += n + 2
		} else {
			long += 257 - int64(n)
			at += 2
		}
	}
	return long
}

// unpredict undoes the prediction of rows that a stream's parameters tell of
// (7.4.4.4; the filters are those of PNG).
func unpredict(d dict, b []byte) ([]byte, error) {
	parms := d["DecodeParms"]
	if a, ok := parms.(array); ok && len(a) > 0 {
		parms = a[len(a)-1]
	}
	p, ok := parms.(dict)
	if !ok {
		if _, isRef := parms.(ref); isRef {
			return nil, damaged("a stream's parameters are elsewhere")
		}
		return b, nil
	}
	predictor := number(p, "Predictor", 1)
	if predictor == 1 {
		return b, nil
	}
	size := number(p, "Columns", 1)
	if predictor < 10 || number(p, "Colors", 1) != 1 || number(p, "BitsPerComponent", 8) != 8 || size < 1 || size > 1<<16 {
		return nil, damaged("a stream is predicted in a strange way")
	}
	return unfilter(b, int(size))
}

// unfilter undoes PNG's filters on rows of one byte per pixel.
func unfilter(b []byte, size int) ([]byte, error) {
	if len(b)%(size+1) != 0 {
		return nil, damaged("a stream's rows do not come out even")
	}
	var out []byte
	above := make([]byte, size)
	for len(b) > 0 {
		row := b[1 : size+1]
		for i := range row {
			var left, corner byte
			if i > 0 {
				left, corner = row[i-1], above[i-1]
			}
			switch b[0] {
			case 0:
			case 1:
				row[i] += left
			case 2:
				row[i] += above[i]
			case 3:
				row[i] += byte((int(left) + int(above[i])) / 2)
			case 4:
				row[i] += paeth(left, above[i], corner)
			default:
				return nil, damaged("a stream's row has an unknown filter")
			}
		}
		out = append(out, row...)
		above, b = row, b[size+1:]
	}
	return out, nil
}

// paeth is the neighbour that is nearest to left + above - corner.
func paeth(left, above, corner byte) byte {
	p := int(left) + int(above) - int(corner)
	a, b, c := abs(p-int(left)), abs(p-int(above)), abs(p-int(corner))
	switch {
	case a <= b && a <= c:
		return left
	case b <= c:
		return above
	}
	return corner
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// number returns an integer of a dictionary, or what it is when it is not there.
func number(d dict, k name, otherwise int64) int64 {
	switch v := d[k].(type) {
	case nil:
		return otherwise
	case int64:
		return v
	}
	return -1
}
