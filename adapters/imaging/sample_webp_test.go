package imaging

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"image/color"
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
	var out []byte
	acc, n := uint64(0), 0
	put := func(v uint64, width int) {
		acc, n = acc|v<<n, n+width
		for ; n >= 8; n -= 8 {
			out, acc = append(out, byte(acc)), acc>>8
		}
	}
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
	put(0, 7)
	return riffChunk("VP8L", out)
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
