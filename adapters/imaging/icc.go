package imaging

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"io"
	"math"

	"github.com/sajin-sns/sajin/ports/media"
)

const (
	maxProfile   = 1 << 20 // matrix profiles have a few kB; tables for presses have more, and are of no use here
	maxProfileIn = 4 << 20 // deflated
)

// readProfile finds the conversion to sRGB that the picture's ICC profile asks
// for. It is nil, as if the picture were in sRGB, for a profile that is absent,
// malformed, too large, or made of anything but a matrix and three curves.
func readProfile(ctx context.Context, src media.Source, h header) (*conversion, error) {
	var whole int64
	for _, s := range h.profile {
		whole += s.length
	}
	if whole == 0 || whole > maxProfileIn || !h.deflated && whole > maxProfile {
		return nil, nil
	}
	icc := make([]byte, 0, whole)
	for _, s := range h.profile { // in the order of the file, which is the order of their numbers
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		start := len(icc)
		icc = icc[:start+int(s.length)]
		if err := readFull(src, icc[start:], s.off); err != nil {
			return nil, err
		}
	}
	if h.deflated {
		icc = inflateProfile(icc)
	}
	return parseICC(icc), nil
}

// inflateProfile unpacks an iCCP chunk: a name, a zero, a method, a zlib stream.
func inflateProfile(chunk []byte) []byte {
	name := bytes.IndexByte(chunk, 0)
	if name < 0 || name > 79 || len(chunk) < name+2 {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(chunk[name+2:]))
	if err != nil {
		return nil
	}
	icc, err := io.ReadAll(io.LimitReader(z, maxProfile+1))
	if err != nil || len(icc) > maxProfile {
		return nil
	}
	return icc
}

// parseICC reads the matrix and the curves of an RGB profile.
func parseICC(icc []byte) *conversion {
	if len(icc) < 132 || string(icc[16:24]) != "RGB XYZ " || string(icc[36:40]) != "acsp" {
		return nil
	}
	tag := func(name string) []byte {
		table := icc[132:]
		for range min(binary.BigEndian.Uint32(icc[128:]), 100) {
			if len(table) < 12 {
				return nil
			}
			off, size := uint64(binary.BigEndian.Uint32(table[4:])), uint64(binary.BigEndian.Uint32(table[8:]))
			if string(table[:4]) == name && off+size <= uint64(len(icc)) {
				return icc[off : off+size]
			}
			table = table[12:]
		}
		return nil
	}
	var toXYZ matrix
	var curves [3]curve
	for i, c := range []string{"r", "g", "b"} {
		column, ok := parseXYZ(tag(c + "XYZ"))
		if !ok {
			return nil
		}
		for row := range toXYZ {
			toXYZ[row][i] = column[row]
		}
		if curves[i] = parseCurve(tag(c + "TRC")); curves[i] == nil {
			return nil
		}
	}
	return newConversion(toXYZ, curves)
}

func parseXYZ(tag []byte) (v [3]float64, ok bool) {
	if len(tag) < 20 || string(tag[:4]) != "XYZ " {
		return v, false
	}
	for i := range v {
		v[i] = fixed(tag[8+4*i:])
	}
	return v, true
}

// curve turns a code value into light, both 0..1.
type curve func(float64) float64

func parseCurve(tag []byte) curve {
	if len(tag) < 12 {
		return nil
	}
	switch string(tag[:4]) {
	case "curv":
		return parseTable(binary.BigEndian.Uint32(tag[8:]), tag[12:])
	case "para":
		return parseParametric(binary.BigEndian.Uint16(tag[8:]), tag[12:])
	}
	return nil
}

func parseTable(count uint32, points []byte) curve {
	switch {
	case uint64(len(points)) < 2*uint64(count):
		return nil
	case count == 0:
		return func(x float64) float64 { return x }
	case count == 1:
		gamma := float64(binary.BigEndian.Uint16(points)) / 256
		return func(x float64) float64 { return math.Pow(x, gamma) }
	}
	point := func(i int) float64 { return float64(binary.BigEndian.Uint16(points[2*i:])) / 65535 }
	return func(x float64) float64 {
		at := x * float64(count-1)
		i := min(int(at), int(count)-2)
		return point(i) + (at-float64(i))*(point(i+1)-point(i))
	}
}

func parseParametric(kind uint16, params []byte) curve {
	counts := []int{1, 3, 4, 5, 7}
	if int(kind) >= len(counts) || len(params) < 4*counts[kind] {
		return nil
	}
	p := make([]float64, 7) // g, a, b, c, d, e, f of (ax+b)^g + e from d on, cx + f below
	for i := range counts[kind] {
		p[i] = fixed(params[4*i:])
	}
	g, a, b, c, d, e, f := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	switch kind {
	case 0:
		a = 1
	case 1, 2: // the curve begins at -b/a, where the power is of 0; c is an offset
		e = c
	}
	return func(x float64) float64 {
		if x >= d {
			return math.Pow(max(a*x+b, 0), g) + e
		}
		return c*x + f
	}
}

// fixed is a number with 16 bits below the point.
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }
