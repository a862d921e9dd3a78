package imaging

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"math"
)

type iccTag struct {
	name string
	body []byte
}

func iccProfile(space string, tags ...iccTag) []byte {
	head := make([]byte, 128)
	copy(head[12:], "mntr"+space+"XYZ ")
	copy(head[36:], "acsp")
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var data []byte
	for _, t := range tags {
		table = append(table, t.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(128+4+12*len(tags)+len(data)))
		table = binary.BigEndian.AppendUint32(table, uint32(len(t.body)))
		data = append(data, t.body...)
	}
	out := bytes.Join([][]byte{head, table, data}, nil)
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out
}

func s15(values ...float64) (out []byte) {
	for _, v := range values {
		out = binary.BigEndian.AppendUint32(out, uint32(int32(math.Round(v*65536))))
	}
	return out
}

func iccXYZ(x, y, z float64) []byte { return append([]byte("XYZ \x00\x00\x00\x00"), s15(x, y, z)...) }

func iccGamma(g float64) []byte {
	return binary.BigEndian.AppendUint16([]byte("curv\x00\x00\x00\x00\x00\x00\x00\x01"), uint16(math.Round(g*256)))
}

func iccParametric(kind byte, params ...float64) []byte {
	return append([]byte{'p', 'a', 'r', 'a', 0, 0, 0, 0, 0, kind, 0, 0}, s15(params...)...)
}

func iccTable(n int, f func(float64) float64) []byte {
	out := binary.BigEndian.AppendUint32([]byte("curv\x00\x00\x00\x00"), uint32(n))
	for i := range n {
		out = binary.BigEndian.AppendUint16(out, uint16(math.Round(65535*f(float64(i)/float64(n-1)))))
	}
	return out
}

func iccMatrix(red, green, blue [3]float64, curve []byte) []byte {
	return iccProfile("RGB ",
		iccTag{"rXYZ", iccXYZ(red[0], red[1], red[2])},
		iccTag{"gXYZ", iccXYZ(green[0], green[1], green[2])},
		iccTag{"bXYZ", iccXYZ(blue[0], blue[1], blue[2])},
		iccTag{"rTRC", curve}, iccTag{"gTRC", curve}, iccTag{"bTRC", curve})
}

// The primaries are as published, adapted to D50.
func sRGBCurve() []byte { return iccParametric(3, 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045) }

func displayP3() []byte {
	return iccMatrix([3]float64{0.51512, 0.24120, -0.00105}, [3]float64{0.29198, 0.69225, 0.04189},
		[3]float64{0.15710, 0.06657, 0.78407}, sRGBCurve())
}

func dimP3() []byte {
	return iccMatrix([3]float64{0.25756, 0.12060, -0.00052}, [3]float64{0.14599, 0.34612, 0.02094},
		[3]float64{0.07855, 0.03328, 0.39204}, sRGBCurve())
}

func adobeRGB() []byte {
	return iccMatrix([3]float64{0.60974, 0.31111, 0.01947}, [3]float64{0.20528, 0.62567, 0.06087},
		[3]float64{0.14919, 0.06322, 0.74457}, iccGamma(2.19921875))
}

func proPhoto() []byte {
	return iccMatrix([3]float64{0.79767, 0.28804, 0}, [3]float64{0.13519, 0.71188, 0},
		[3]float64{0.03134, 0.00009, 0.82491}, iccGamma(1.80078125))
}

func sRGB(curve []byte) []byte {
	return iccMatrix([3]float64{0.43607, 0.22249, 0.01392}, [3]float64{0.38515, 0.71687, 0.09708},
		[3]float64{0.14307, 0.06061, 0.71410}, curve)
}

// inJPEG cuts a profile into as many segments as are asked for.
func inJPEG(profile []byte, pieces int) (segments [][]byte) {
	for i := range pieces {
		piece := profile[i*len(profile)/pieces : (i+1)*len(profile)/pieces]
		segments = append(segments, segment(0xe2, "ICC_PROFILE\x00"+string([]byte{byte(i + 1), byte(pieces)})+string(piece)))
	}
	return segments
}

func inPNG(profile []byte) []byte {
	b := bytes.NewBufferString("a profile\x00\x00")
	z := zlib.NewWriter(b)
	if _, err := z.Write(profile); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return chunk("iCCP", b.Bytes())
}
