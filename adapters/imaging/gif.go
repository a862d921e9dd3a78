package imaging

import (
	"encoding/binary"
)

// readGIF counts the frames, for which it must walk over the whole file: a
// GIF has no index. The end may lack its mark, but not come within a block.
func readGIF(f *file, lim limits) (header, error) {
	h := header{contentType: typeGIF, orientation: 1}
	f.window = 64 << 10
	head, err := f.bytes(6, 7)
	if err != nil {
		return h, err
	}
	h.width, h.height = int(binary.LittleEndian.Uint16(head)), int(binary.LittleEndian.Uint16(head[2:]))
	if err := lim.dimensions(int64(h.width), int64(h.height)); err != nil {
		return h, err
	}
	off := 13 + colourTable(head[4])
	for off < f.size || h.frames == 0 {
		kind, err := f.bytes(off, 1)
		if err != nil {
			return h, err
		}
		switch kind[0] {
		case 0x21: // extension: a label, then blocks
			off, err = skipBlocks(f, off+2)
		case 0x2c:
			if off, err = readGIFFrame(f, off+1, &h); err == nil && h.frames > lim.frames {
				return h, nil // the caller refuses
			}
		default: // 0x3b ends the file; anything else is rubbish behind the pictures
			if h.frames == 0 {
				return h, corrupt("gif: no frame")
			}
			return h, nil
		}
		if err != nil {
			return h, err
		}
	}
	return h, nil
}

func readGIFFrame(f *file, off int64, h *header) (int64, error) {
	d, err := f.bytes(off, 9)
	if err != nil {
		return 0, err
	}
	x, y := int(binary.LittleEndian.Uint16(d)), int(binary.LittleEndian.Uint16(d[2:]))
	w, hh := int(binary.LittleEndian.Uint16(d[4:])), int(binary.LittleEndian.Uint16(d[6:]))
	if h.frames == 0 {
		if w == 0 || hh == 0 || x+w > h.width || y+hh > h.height {
			return 0, corrupt("gif: the first frame is not within the canvas")
		}
		h.decodeBytes = 2 * int64(w) * int64(hh) // twice while interlacing is undone
	}
	h.frames++
	return skipBlocks(f, off+9+colourTable(d[8])+1)
}

func colourTable(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (1 + flags&7)
}

// skipBlocks walks over blocks, each led by its length, up to the empty one.
func skipBlocks(f *file, off int64) (int64, error) {
	for {
		n, err := f.bytes(off, 1)
		if err != nil {
			return 0, err
		}
		off += 1 + int64(n[0])
		if n[0] == 0 {
			return off, nil
		}
	}
}
