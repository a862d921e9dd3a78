package imaging

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
)

// What image/jpeg cannot write is written here: progressive pictures and inks.

func frameSegment(marker byte, w, h int, factors ...byte) []byte {
	body := binary.BigEndian.AppendUint16([]byte{8}, uint16(h))
	body = append(binary.BigEndian.AppendUint16(body, uint16(w)), byte(len(factors)))
	for i, hv := range factors {
		body = append(body, byte(i+1), hv, 0)
	}
	return segment(marker, string(body))
}

func quantSegment() []byte { return segment(0xdb, "\x00"+strings.Repeat("\x01", 64)) }

// huffmanSegment is a table whose symbols all have codes of one length.
func huffmanSegment(class byte, length int, symbols string) []byte {
	counts := make([]byte, 16)
	counts[length-1] = byte(len(symbols))
	return segment(0xc4, string(class)+string(counts)+symbols)
}

// progressive is a grey picture in the given number of scans, all but the first
// of which say nothing.
func progressive(w, h, scans int) []byte {
	blocks := (w + 7) / 8 * ((h + 7) / 8)
	data := make([]byte, (blocks+7)/8) // a bit per block
	if rest := blocks % 8; rest != 0 {
		data[len(data)-1] = 0xff >> rest
	}
	parts := [][]byte{{0xff, 0xd8}, quantSegment(), frameSegment(0xc2, w, h, 0x11),
		huffmanSegment(0x00, 1, "\x00"), huffmanSegment(0x10, 1, "\x00"),
		segment(0xda, "\x01\x01\x00\x00\x00\x00"), data}
	for range scans - 1 {
		parts = append(parts, segment(0xda, "\x01\x01\x00\x01\x3f\x00"), data)
	}
	return bytes.Join(append(parts, []byte{0xff, 0xd9}), nil)
}

// inks is a CMYK picture of 8 by 8 as printing programs write it: inverted.
func inks(c, m, y, k int) []byte {
	var data []byte
	acc, n := uint64(0), 0
	put := func(v uint64, width int) {
		acc, n = acc<<width|v, n+width
		for n >= 8 {
			b := byte(acc >> (n - 8))
			data = append(data, b)
			if b == 0xff {
				data = append(data, 0)
			}
			n -= 8
		}
	}
	for _, ink := range []int{c, m, y, k} {
		dc := 8 * (255 - ink - 128)
		size := bits.Len(uint(abs(dc)))
		put(uint64(size), 4)
		if dc < 0 {
			dc += 1<<size - 1
		}
		put(uint64(dc), size)
		put(0, 1) // no more
	}
	put(0x7f, 7)
	return bytes.Join([][]byte{{0xff, 0xd8}, segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x00"), quantSegment(),
		frameSegment(0xc0, 8, 8, 0x11, 0x11, 0x11, 0x11),
		huffmanSegment(0x00, 4, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"), huffmanSegment(0x10, 1, "\x00"),
		segment(0xda, "\x04\x01\x00\x02\x00\x03\x00\x04\x00\x00\x3f\x00"), data, {0xff, 0xd9}}, nil)
}
