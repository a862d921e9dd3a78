package imaging

import (
	"image"
	"math"
)

// blurhash encodes a picture as the published BlurHash algorithm does: a few
// cosine components in linear light, quantised, as digits of base 83. Its cost
// grows with the pixels: it is meant for the small copy.
func blurhash(m *image.RGBA, across, down int) string {
	parts := components(m, across, down)
	hash := base83(nil, across-1+9*(down-1), 1)

	largest := 0.0
	for _, p := range parts[1:] {
		for _, v := range p {
			largest = max(largest, math.Abs(v))
		}
	}
	scale := 1.0
	if len(parts) > 1 {
		quantised := min(max(int(largest*166-0.5), 0), 82)
		scale = float64(quantised+1) / 166
		hash = base83(hash, quantised, 1)
	} else {
		hash = base83(hash, 0, 1)
	}

	average := 0
	for _, light := range parts[0] {
		average = average<<8 | int(255*encodeSRGB(min(max(light, 0), 1))+0.5)
	}
	hash = base83(hash, average, 4)
	for _, p := range parts[1:] {
		digits := 0
		for _, v := range p {
			root := math.Copysign(math.Sqrt(math.Abs(v/scale)), v)
			digits = digits*19 + int(min(max(math.Floor(9*root+9.5), 0), 18))
		}
		hash = base83(hash, digits, 2)
	}
	return string(hash)
}

// components are the cosine components of each channel, the average first.
func components(m *image.RGBA, across, down int) [][3]float64 {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	var light [256]float64
	for v := range light {
		light[v] = decodeSRGB(float64(v) / 255)
	}
	parts := make([][3]float64, 0, across*down)
	for j := range down {
		for i := range across {
			var sum [3]float64
			for y := range h {
				vertical := math.Cos(math.Pi * float64(j) * float64(y) / float64(h))
				for x := range w {
					basis := math.Cos(math.Pi*float64(i)*float64(x)/float64(w)) * vertical
					p := m.Pix[y*m.Stride+4*x:]
					for c := range sum {
						sum[c] += basis * light[p[c]]
					}
				}
			}
			weight := 2 / float64(w*h)
			if i == 0 && j == 0 {
				weight /= 2
			}
			for c := range sum {
				sum[c] *= weight
			}
			parts = append(parts, sum)
		}
	}
	return parts
}

func base83(hash []byte, value, digits int) []byte {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
	start := len(hash)
	for range digits {
		hash = append(hash, alphabet[value%83])
		value /= 83
	}
	for i, j := start, len(hash)-1; i < j; i, j = i+1, j-1 {
		hash[i], hash[j] = hash[j], hash[i]
	}
	return hash
}
