package imaging

import (
	"bytes"
	"encoding/binary"
	"io"
)

// webpFrame is the one picture of a WebP that is decoded: the still, or the
// first frame of an animation.
type webpFrame struct {
	x, y, width, height int    // where it is drawn on the canvas
	format              string // "VP8 " or "VP8L"
	alpha, pixels       span
}

// readWebP walks over the chunks; Exif comes behind the pixels, so it jumps
// over those.
func readWebP(f *file, lim limits) (header, error) {
	h := header{contentType: typeWebP, frames: 1, orientation: 1}
	size, err := f.bytes(4, 4)
	if err != nil {
		return h, err
	}
	end := min(f.size, 8+int64(binary.LittleEndian.Uint32(size)))
	var alpha span
	frames, exif := 0, false
	for off, n := int64(12), 0; off < end; n++ {
		if n > maxChunks+2*lim.frames {
			return h, corrupt("webp: too many chunks")
		}
		id, body, err := webpChunk(f, off)
		if err != nil {
			return h, err
		}
		off = body.off + body.length + body.length&1
		switch id {
		case "VP8X":
			b, err := f.bytes(body.off, 10)
			if err != nil {
				return h, err
			}
			h.width, h.height = 1+uint24(b[4:]), 1+uint24(b[7:])
			if err := lim.dimensions(int64(h.width), int64(h.height)); err != nil {
				return h, err
			}
		case "ALPH":
			alpha = body
		case "VP8 ", "VP8L":
			if h.frame.format != "" {
				continue
			}
			simple := h.width == 0
			if err := h.webpStill(f, id, alpha, body, lim); err != nil || simple {
				return h, err
			}
		case "ANMF":
			if frames++; frames == 1 {
				if err := h.webpFirstFrame(f, body); err != nil {
					return h, err
				}
			}
			if h.frames = frames; frames > lim.frames {
				return h, nil // the caller refuses
			}
		case "ICCP":
			if h.profile == nil {
				h.profile = []span{body}
			}
		case "EXIF":
			tiff, err := f.bytes(body.off, int(min(body.length, maxExif)))
			if err != nil {
				return h, err
			}
			if !exif { // some writers put JPEG's prefix there
				exif, h.orientation = true, orientation(bytes.TrimPrefix(tiff, []byte("Exif\x00\x00")))
			}
		}
	}
	if h.frame.format == "" {
		return h, corrupt("webp: no picture")
	}
	return h, nil
}

func webpChunk(f *file, off int64) (id string, body span, err error) {
	b, err := f.bytes(off, 8)
	if err != nil {
		return "", span{}, err
	}
	id, body = string(b[:4]), span{off + 8, int64(binary.LittleEndian.Uint32(b[4:]))}
	if body.length > f.size-body.off {
		return "", span{}, errEnd
	}
	return id, body, nil
}

func (h *header) webpStill(f *file, format string, alpha, pixels span, lim limits) error {
	w, hh, err := webpDimensions(f, format, pixels)
	if err != nil {
		return err
	}
	if h.width != 0 && (w != h.width || hh != h.height) {
		return corrupt("webp: the picture is not of its canvas' size")
	}
	h.width, h.height = w, hh
	h.setWebPFrame(webpFrame{width: w, height: hh, format: format, alpha: alpha, pixels: pixels})
	return lim.dimensions(int64(w), int64(hh))
}

func (h *header) webpFirstFrame(f *file, body span) error {
	b, err := f.bytes(body.off, 16)
	if err != nil {
		return err
	}
	fr := webpFrame{x: 2 * uint24(b), y: 2 * uint24(b[3:]), width: 1 + uint24(b[6:]), height: 1 + uint24(b[9:])}
	if h.width == 0 || body.length < 16 || fr.x+fr.width > h.width || fr.y+fr.height > h.height {
		return corrupt("webp: the first frame is not within the canvas")
	}
	fr.format, fr.pixels, err = webpChunk(f, body.off+16)
	if err == nil && fr.format == "ALPH" {
		fr.alpha = fr.pixels
		fr.format, fr.pixels, err = webpChunk(f, fr.alpha.off+fr.alpha.length+fr.alpha.length&1)
	}
	if err != nil {
		return err
	}
	w, hh, err := webpDimensions(f, fr.format, fr.pixels)
	if err != nil {
		return err
	}
	if w != fr.width || hh != fr.height {
		return corrupt("webp: the first frame is not of its own size")
	}
	h.setWebPFrame(fr)
	return nil
}

// setWebPFrame also reckons what x/image/webp allocates: packed pixels and a
// second buffer for the transforms, or planes; alpha is unpacked like a picture,
// whether it is compressed or not.
func (h *header) setWebPFrame(fr webpFrame) {
	area := int64(fr.width+15) * int64(fr.height+15)
	switch {
	case fr.format == "VP8L":
		fr.alpha = span{}
		h.decodeBytes = 8*area + fr.codes(fr.pixels)
	case fr.alpha.length > 0:
		h.decodeBytes = (2+9)*area + fr.codes(fr.alpha)
	default:
		h.decodeBytes = 2 * area
	}
	h.frame = fr
}

// codes is what the Huffman codes of a lossless stream take at most. There is a
// group of them for each tile of 4 by 4 pixels, but the decoder refuses more
// than 2600. A group has tables of 2.6 KiB and up to 5304 nodes, in 53 KiB; ten
// bytes of the stream can ask for 32 KiB of nodes.
func (fr webpFrame) codes(stream span) int64 {
	groups := min(2600, int64(fr.width+3)/4*(int64(fr.height+3)/4))
	return groups*(3<<10) + min(groups*(53<<10), stream.length*(4<<10))
}

func webpDimensions(f *file, format string, pixels span) (w, h int, err error) {
	b, err := f.bytes(pixels.off, int(min(pixels.length, 10)))
	if err != nil {
		return 0, 0, err
	}
	switch {
	case format == "VP8 " && len(b) == 10 && b[0]&1 == 0 && string(b[3:6]) == "\x9d\x01\x2a":
		return int(binary.LittleEndian.Uint16(b[6:]) & 0x3fff), int(binary.LittleEndian.Uint16(b[8:]) & 0x3fff), nil
	case format == "VP8L" && len(b) >= 5 && b[0] == 0x2f:
		bits := binary.LittleEndian.Uint32(b[1:])
		return 1 + int(bits&0x3fff), 1 + int(bits>>14&0x3fff), nil
	}
	return 0, 0, corrupt("webp: malformed bit stream")
}

// still is the frame as a file of its own, so that the decoder sees nothing but
// what was inspected, and so that it can read animations at all.
func (fr webpFrame) still(piece func(span) io.Reader) io.Reader {
	var parts []io.Reader
	size := 4
	add := func(id string, s span, body io.Reader) {
		head := binary.LittleEndian.AppendUint32([]byte(id), uint32(s.length))
		parts = append(parts, bytes.NewReader(head), body)
		if s.length&1 != 0 {
			parts = append(parts, bytes.NewReader([]byte{0}))
		}
		size += 8 + int(s.length+s.length&1)
	}
	if fr.alpha.length > 0 {
		const hasAlpha = 1 << 4
		canvas := appendUint24(appendUint24([]byte{hasAlpha, 0, 0, 0}, fr.width-1), fr.height-1)
		add("VP8X", span{length: 10}, bytes.NewReader(canvas))
		add("ALPH", fr.alpha, piece(fr.alpha))
	}
	add(fr.format, fr.pixels, piece(fr.pixels))
	riff := append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(size)), "WEBP"...)
	return io.MultiReader(append([]io.Reader{bytes.NewReader(riff)}, parts...)...)
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func appendUint24(b []byte, v int) []byte { return append(b, byte(v), byte(v>>8), byte(v>>16)) }
