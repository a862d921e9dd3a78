package imaging

import (
	"encoding/binary"
	"math"
)

const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	maxChunks    = 1024 // before the pixels
)

// readPNG walks over the chunks in front of the pixels. Text is skipped and
// never inflated; so is whatever follows the pixels, an eXIf included.
func readPNG(f *file, lim limits) (header, error) {
	h := header{contentType: typePNG, frames: 1, orientation: 1, deflated: true}
	head, err := f.bytes(8, 8+13)
	if err != nil {
		return h, err
	}
	if string(head[:8]) != "\x00\x00\x00\x0dIHDR" {
		return h, corrupt("png: no header")
	}
	width, height := binary.BigEndian.Uint32(head[8:]), binary.BigEndian.Uint32(head[12:])
	if err := lim.dimensions(int64(width), int64(height)); err != nil {
		return h, err
	}
	h.width, h.height = int(width), int(height)
	interlaced := head[20] != 0
	depth, colour := head[16], head[17]

	exif, transparent := false, false
	off := int64(8 + 8 + 13 + 4)
	for range maxChunks {
		head, err := f.bytes(off, 8)
		if err != nil {
			return h, err
		}
		body := span{off + 8, int64(binary.BigEndian.Uint32(head))}
		if body.length > math.MaxInt32 || body.off+body.length+4 > f.size {
			return h, errEnd
		}
		off = body.off + body.length + 4
		switch string(head[4:]) {
		case "IDAT":
			h.decodeBytes = pngPixelBytes(depth, colour, transparent) * int64(h.width) * int64(h.height)
			if interlaced {
				h.decodeBytes *= 2 // the passes are pictures of their own
			}
			return h, nil
		case "IEND":
			return h, corrupt("png: no pixels")
		case "tRNS":
			transparent = true
		case "acTL":
			if body.length == 8 {
				count, err := f.bytes(body.off, 4)
				if err != nil {
					return h, err
				}
				h.frames = int(max(1, binary.BigEndian.Uint32(count)))
			}
		case "eXIf":
			if exif {
				continue
			}
			tiff, err := f.bytes(body.off, int(min(body.length, maxExif)))
			if err != nil {
				return h, err
			}
			exif, h.orientation = true, orientation(tiff)
		case "iCCP":
			if h.profile == nil {
				h.profile = []span{body}
			}
		}
	}
	return h, corrupt("png: too many chunks")
}

// pngPixelBytes is what image/png takes for a pixel. Where one colour stands for
// clear, it adds alpha to all.
func pngPixelBytes(depth, colour byte, transparent bool) int64 {
	const grey, palette = 0, 3
	switch {
	case colour == palette:
		return 1
	case colour == grey && !transparent:
		return max(1, int64(depth)/8)
	case depth == 16:
		return 8
	}
	return 4
}
