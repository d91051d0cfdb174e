package evidence

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
)

const (
	jpegQuality = 90
	scansMax    = 64 // of a progressive JPEG; cameras and programs write about 10
)

// redraw decodes a picture and writes it anew, the way up that it is meant to be
// seen. Its size is known before it is decoded.
func (c *Cleaner) redraw(ctx context.Context, m Media, content []byte) (File, error) {
	decode, size := png.Decode, png.DecodeConfig
	if m == JPEG {
		decode, size = jpeg.Decode, jpeg.DecodeConfig
	}
	config, err := size(bytes.NewReader(content))
	switch {
	case err != nil:
		return File{}, ErrBroken
	case config.Width > c.limits.Side || config.Height > c.limits.Side:
		return File{}, ErrTooWide.Detail("a side of the picture has more than %d pixels", c.limits.Side)
	case int64(config.Width)*int64(config.Height) > c.limits.Pixels:
		return File{}, ErrTooWide.Detail("the picture has more than %d million pixels", c.limits.Pixels/1_000_000)
	}
	found := surveyPNG(content)
	if m == JPEG {
		found = surveyJPEG(content)
	}
	if found.scans > scansMax {
		return File{}, ErrComplex
	}

	img, err := decode(attentive{ctx, bytes.NewReader(content)})
	if ctx.Err() != nil {
		return File{}, ctx.Err()
	}
	if err != nil {
		return File{}, ErrBroken
	}
	if img, err = turn(ctx, img, found.orientation); err != nil {
		return File{}, err
	}
	var out bytes.Buffer
	if m == JPEG {
		err = jpeg.Encode(&out, img, &jpeg.Options{Quality: jpegQuality})
	} else {
		err = png.Encode(&out, img)
	}
	if err != nil {
		return File{}, fmt.Errorf("write a picture anew: %w", err)
	}
	b := img.Bounds()
	return File{Media: m, Bytes: out.Bytes(), Width: b.Dx(), Height: b.Dy()}, ctx.Err()
}

// turn returns the picture as an orientation of Exif says that it is meant to be
// seen: 1 as it is, 2 to 8 mirrored, turned or both.
func turn(ctx context.Context, src image.Image, orientation int) (image.Image, error) {
	if orientation < 2 || orientation > 8 {
		return src, nil
	}
	b := src.Bounds()
	w, h := b.Dx(), b.Dy()
	from := func(x, y int) (int, int) { // where the pixel at x, y comes from
		switch orientation {
		case 2:
			return w - 1 - x, y
		case 3:
			return w - 1 - x, h - 1 - y
		case 4:
			return x, h - 1 - y
		case 5:
			return y, x
		case 6:
			return y, h - 1 - x
		case 7:
			return w - 1 - y, h - 1 - x
		default:
			return w - 1 - y, x
		}
	}
	seen := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		seen = image.Rect(0, 0, h, w)
	}
	dst, set := canvas(src, seen)
	for y := range seen.Dy() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for x := range seen.Dx() {
			fx, fy := from(x, y)
			set(x, y, b.Min.X+fx, b.Min.Y+fy)
		}
	}
	return dst, nil
}

// canvas returns an empty picture that can hold what src shows, and what copies one
// pixel of src to it. What cameras make is copied as it is; anything else by colour.
func canvas(src image.Image, r image.Rectangle) (image.Image, func(x, y, fx, fy int)) {
	switch s := src.(type) {
	case *image.YCbCr:
		dst := image.NewYCbCr(r, image.YCbCrSubsampleRatio444)
		return dst, func(x, y, fx, fy int) {
			to, chroma := dst.YOffset(x, y), s.COffset(fx, fy)
			dst.Y[to], dst.Cb[to], dst.Cr[to] = s.Y[s.YOffset(fx, fy)], s.Cb[chroma], s.Cr[chroma]
		}
	case *image.Gray:
		dst := image.NewGray(r)
		return dst, func(x, y, fx, fy int) { dst.Pix[dst.PixOffset(x, y)] = s.Pix[s.PixOffset(fx, fy)] }
	}
	dst := image.NewNRGBA(r)
	return dst, func(x, y, fx, fy int) { dst.Set(x, y, src.At(fx, fy)) }
}
