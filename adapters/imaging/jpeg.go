package imaging

import (
	"bytes"
	"encoding/binary"
)

const (
	maxSegments = 1024    // before the first scan
	maxStray    = 4 << 10 // bytes between segments, which lax writers leave
)

// readJPEG walks from segment to segment up to the first scan, reading only
// those that matter.
func readJPEG(f *file, lim limits) (header, error) {
	h := header{contentType: typeJPEG, frames: 1, orientation: 1}
	var frame frameHeader
	exif, adobeRGB := false, false
	off := int64(2)
	for range maxSegments {
		marker, at, err := nextMarker(f, off)
		if err != nil {
			return h, err
		}
		if marker >= 0xd0 && marker <= 0xd7 || marker == 0 { // restart, or stray data: no length follows
			off = at
			continue
		}
		if marker == 0xd9 {
			return h, corrupt("jpeg: no picture before the end")
		}
		size, err := f.bytes(at, 2)
		if err != nil {
			return h, err
		}
		body := span{at + 2, int64(binary.BigEndian.Uint16(size)) - 2}
		if body.length < 0 {
			return h, corrupt("jpeg: short segment")
		}
		off = body.off + body.length

		switch {
		case marker == 0xda:
			if frame.components == nil {
				return h, corrupt("jpeg: scan before frame")
			}
			h.firstScan = at
			h.decodeBytes = frame.memory(adobeRGB)
			return h, nil
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			if frame.components != nil {
				return h, corrupt("jpeg: two frames")
			}
			if frame, err = readFrameHeader(f, marker, body); err != nil {
				return h, err
			}
			h.width, h.height = frame.width, frame.height
			if err := lim.dimensions(int64(h.width), int64(h.height)); err != nil {
				return h, err
			}
		case marker == 0xe1 && !exif:
			// The first Exif segment decides, even when it is silent or broken.
			if tiff, ok, err := after(f, body, "Exif\x00"); err != nil {
				return h, err
			} else if ok && len(tiff) > 0 {
				exif, h.orientation = true, orientation(tiff[1:])
			}
		case marker == 0xe2:
			if head, ok, err := after(f, span{body.off, min(body.length, 14)}, "ICC_PROFILE\x00"); err != nil {
				return h, err
			} else if ok && len(head) == 2 {
				h.profile = append(h.profile, span{body.off + 14, body.length - 14})
			}
		case marker == 0xee:
			if head, ok, err := after(f, span{body.off, min(body.length, 12)}, "Adobe"); err != nil {
				return h, err
			} else if ok && len(head) == 7 {
				adobeRGB = head[6] == 0
			}
		}
	}
	return h, corrupt("jpeg: too many segments")
}

// nextMarker finds the marker at or soon after off, and where it ends.
func nextMarker(f *file, off int64) (marker byte, next int64, err error) {
	for start := off; off-start < maxStray; off++ {
		b, err := f.bytes(off, 2)
		if err != nil {
			return 0, 0, err
		}
		if b[0] == 0xff && b[1] != 0xff {
			return b[1], off + 2, nil
		}
	}
	return 0, 0, corrupt("jpeg: no marker where a segment should start")
}

// after returns what follows prefix in a piece of a file, if it starts so.
func after(f *file, s span, prefix string) ([]byte, bool, error) {
	if s.length < int64(len(prefix)) {
		return nil, false, nil
	}
	b, err := f.bytes(s.off, len(prefix))
	if err != nil || string(b) != prefix {
		return nil, false, err
	}
	b, err = f.bytes(s.off, int(s.length))
	if err != nil {
		return nil, false, err
	}
	return bytes.TrimPrefix(b, []byte(prefix)), true, nil
}

type frameHeader struct {
	width, height int
	progressive   bool
	components    []component
}

type component struct{ id, h, v byte }

func readFrameHeader(f *file, marker byte, s span) (frameHeader, error) {
	if marker > 0xc2 {
		return frameHeader{}, unsupported("jpeg: neither baseline nor progressive")
	}
	b, err := f.bytes(s.off, int(s.length))
	if err != nil {
		return frameHeader{}, err
	}
	if len(b) < 6 || len(b) != 6+3*int(b[5]) || b[5] == 0 {
		return frameHeader{}, corrupt("jpeg: malformed frame header")
	}
	if b[0] != 8 {
		return frameHeader{}, unsupported("jpeg: not of 8 bits")
	}
	fh := frameHeader{
		height:      int(binary.BigEndian.Uint16(b[1:])),
		width:       int(binary.BigEndian.Uint16(b[3:])),
		progressive: marker == 0xc2,
	}
	for c := b[6:]; len(c) > 0; c = c[3:] {
		fh.components = append(fh.components, component{c[0], c[1] >> 4, c[1] & 15})
	}
	return fh, nil
}

// memory is what image/jpeg allocates: a plane for each component, with its
// coefficients as int32 when progressive, and a packed copy for CMYK and RGB.
func (fh frameHeader) memory(adobeRGB bool) int64 {
	hmax, vmax := byte(1), byte(1)
	for _, c := range fh.components {
		hmax, vmax = max(hmax, c.h), max(vmax, c.v)
	}
	mcus := func(side int, factor byte) int64 { return (int64(side) + 8*int64(factor) - 1) / (8 * int64(factor)) }
	area := mcus(fh.width, hmax) * mcus(fh.height, vmax) * 64 // of a plane with factors 1, 1

	var samples int64
	for _, c := range fh.components {
		if len(fh.components) == 1 {
			c.h, c.v = hmax, vmax
		}
		samples += area * int64(max(c.h, 1)) * int64(max(c.v, 1))
	}
	total := samples
	if fh.progressive {
		total += 4 * samples
	}
	named := len(fh.components) == 3 && fh.components[0].id == 'R' && fh.components[1].id == 'G' && fh.components[2].id == 'B'
	if len(fh.components) == 4 || len(fh.components) == 3 && (adobeRGB || named) {
		total += 4 * int64(fh.width) * int64(fh.height)
	}
	return total
}
