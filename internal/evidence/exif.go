package evidence

import (
	"bytes"
	"encoding/binary"
)

// survey is what has to be known of a picture before it is decoded.
type survey struct {
	orientation int // as Exif has it, 1 to 8; 0 it has none
	scans       int // of a JPEG: how often decoding goes over the whole picture
}

// surveyJPEG walks over the markers of a JPEG, as ITU-T T.81 annex B has them. What
// is wrong with them is left to the decoder.
func surveyJPEG(b []byte) survey {
	const (
		startOfScan = 0xda
		endOfImage  = 0xd9
		application = 0xe1
	)
	var s survey
	for at := 2; ; {
		next := bytes.IndexByte(b[at:], 0xff)
		if next < 0 {
			return s
		}
		at += next + 1
		for at < len(b) && b[at] == 0xff {
			at++
		}
		if at+3 > len(b) || b[at] == endOfImage {
			return s
		}
		marker := b[at]
		at++
		if marker <= 0x01 || marker >= 0xd0 && marker <= 0xd8 {
			continue // a stuffed byte, or a marker without a length
		}
		size := int(binary.BigEndian.Uint16(b[at:]))
		if size < 2 || at+size > len(b) {
			return s
		}
		switch marker {
		case startOfScan:
			s.scans++
		case application:
			if tiff, ok := bytes.CutPrefix(b[at+2:at+size], []byte("Exif\x00\x00")); ok && s.orientation == 0 {
				s.orientation = orientation(tiff)
			}
		}
		at += size
	}
}

// surveyPNG walks over the chunks of a PNG up to its pixels.
func surveyPNG(b []byte) survey {
	const around = 12 // length, name and checksum of a chunk
	for at := 8; at+around <= len(b); {
		size := int64(binary.BigEndian.Uint32(b[at:]))
		if size > int64(len(b)-at-around) {
			break
		}
		switch string(b[at+4 : at+8]) {
		case "eXIf":
			return survey{orientation: orientation(b[at+8 : at+8+int(size)])}
		case "IDAT":
			return survey{}
		}
		at += around + int(size)
	}
	return survey{}
}

// orientation reads the one tag that changes how a picture is seen from Exif, which
// is a TIFF directory (TIFF 6.0, section 2); 0 if it has none.
func orientation(tiff []byte) int {
	const (
		header      = 8
		entry       = 12
		tag         = 0x0112
		shortNumber = 3
	)
	if len(tiff) < header {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(tiff[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := int64(order.Uint32(tiff[4:]))
	if at > int64(len(tiff)-2) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entry {
			return 0
		}
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == shortNumber {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 0
		}
		entries = entries[entry:]
	}
	return 0
}
