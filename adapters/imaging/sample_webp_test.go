package imaging

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"image/color"
	"math/bits"
)

func riffChunk(name string, body []byte) []byte {
	out := append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body))), body...)
	if len(body)%2 != 0 {
		out = append(out, 0)
	}
	return out
}

func webpFile(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func vp8x(flags byte, w, h int) []byte {
	return riffChunk("VP8X", appendUint24(appendUint24([]byte{flags, 0, 0, 0}, w-1), h-1))
}

// lossless is a VP8L chunk of colours whose channels are 0 or 255 each: then
// every channel's code has two symbols, of one bit.
func lossless(w, h int, at func(x, y int) color.NRGBA) []byte {
	var out lowBits
	put := out.put
	put(0x2f, 8)
	put(uint64(w-1), 14)
	put(uint64(h-1), 14)
	put(1, 1)       // alpha
	put(0, 3+1+1+1) // version; neither transforms, nor a cache, nor groups
	for range 4 {   // green, red, blue, alpha:
		put(0b111, 3) // a simple code, of two symbols, the first with 8 bits
		put(0, 8)
		put(255, 8)
	}
	put(0b0001, 4) // distances: a simple code of one symbol, which is 0
	for y := range h {
		for x := range w {
			c := at(x, y)
			for _, v := range []byte{c.G, c.R, c.B, c.A} {
				put(uint64(v&1), 1)
			}
		}
	}
	return riffChunk("VP8L", out.bytes())
}

// lowBits are written from the lowest.
type lowBits struct {
	out []byte
	acc uint64
	n   int
}

func (b *lowBits) put(v uint64, width int) {
	b.acc, b.n = b.acc|v<<b.n, b.n+width
	for ; b.n >= 8; b.n -= 8 {
		b.out, b.acc = append(b.out, byte(b.acc)), b.acc>>8
	}
}

func (b *lowBits) bytes() []byte {
	b.put(0, 7)
	return b.out
}

// code is one whose first 1<<length symbols have that length. The lengths are
// themselves in a code of one symbol, which takes no bits.
func (b *lowBits) code(length int) {
	b.put(0, 1) // not simple
	b.put(19-4, 4)
	for _, l := range []int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} {
		if l == length {
			b.put(1, 3)
		} else {
			b.put(0, 3)
		}
	}
	b.put(1, 1) // so many symbols:
	b.put(5, 3)
	b.put(1<<length-2, 12)
}

// manyCodes is a lossless stream of side by side black pixels, without its
// header: with 2600 groups of codes, nearly as large as they can be.
func manyCodes(side int) []byte {
	const groups = 2600
	var b lowBits
	b.put(0, 1)                     // no transform
	b.put(1, 1)                     // a colour cache
	b.put(11, 4)                    // of 2048 colours
	b.put(1, 1)                     // groups
	b.put(0, 3)                     // for each tile of 4 by 4
	b.put(0, 1)                     // and which, is a picture without a cache:
	for _, l := range []int{8, 4} { // the group's number is in green and red
		b.code(l)
	}
	for range 3 {
		b.put(0b0001, 4)
	}
	for tile := range (side + 3) / 4 * ((side + 3) / 4) {
		group := min(tile, groups-1)
		b.put(uint64(bits.Reverse8(uint8(group))), 8)
		b.put(uint64(bits.Reverse8(uint8(group>>8)))>>4, 4)
	}
	for range groups {
		for _, l := range []int{11, 8, 8, 8, 5} {
			b.code(l)
		}
	}
	for range side * side {
		b.put(0, 11+8+8+8)
	}
	return b.bytes()
}

// losslessHead begins a VP8L chunk.
func losslessHead(w, h int) []byte {
	return binary.LittleEndian.AppendUint32([]byte{0x2f}, uint32(w-1|(h-1)<<14))
}

// keyFrame is the head of a VP8 chunk and nothing else.
func keyFrame(w, h int) []byte {
	head := []byte{0, 0, 0, 0x9d, 0x01, 0x2a}
	return riffChunk("VP8 ", binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(head, uint16(w)), uint16(h)))
}

// quarters has a colour in each quarter; the last is see-through.
func quarters(w, h int) func(x, y int) color.NRGBA {
	return func(x, y int) color.NRGBA {
		switch {
		case y < h/2 && x < w/2:
			return color.NRGBA{255, 0, 0, 255}
		case y < h/2:
			return color.NRGBA{0, 255, 0, 255}
		case x < w/2:
			return color.NRGBA{0, 0, 255, 255}
		}
		return color.NRGBA{}
	}
}

func webpFrames(x, y, w, h int, chunks []byte) []byte {
	head := appendUint24(appendUint24(appendUint24(appendUint24(nil, x/2), y/2), w-1), h-1)
	return riffChunk("ANMF", append(append(head, 100, 0, 0, 0), chunks...))
}

// lossyAlpha is 24 by 16, red on the left, blue on the right, the lower half
// see-through: VP8 with a compressed ALPH.
var lossyAlpha, _ = hex.DecodeString("524946467800000057454250565038580a000000100000001700000f0000" +
	"414c50480d00000001100b26f94b67b03b22727e7c0056503820440000005003009d012a180010003eb54a9e4a272422a1b00800e0" +
	"168968009d0021dfc1d44ef600feb8ffbd6cf36dbbed13fc1bf72d1bff929f8579473fa9bffd10eb42df320000")
