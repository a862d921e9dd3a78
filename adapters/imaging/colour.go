package imaging

import (
	"context"
	"image"
	"math"
	"sync"
)

type matrix [3][3]float64

// fromXYZ leads from XYZ, as ICC profiles mean it (relative to D50), to linear sRGB.
var fromXYZ = matrix{
	{3.1338561, -1.6168667, -0.4906146},
	{-0.9787684, 1.9161415, 0.0334540},
	{0.0719453, -0.2289914, 1.4052427},
}

func (m matrix) times(n matrix) (p matrix) {
	for i := range p {
		for j := range p {
			for k := range p {
				p[i][j] += m[i][k] * n[k][j]
			}
		}
	}
	return p
}

const (
	lightBits  = 14 // of a linear value
	factorBits = 14
)

// conversion leads from some RGB space to sRGB. What sRGB cannot show is clipped.
type conversion struct {
	light  [3][256]int64 // of each code value, per channel
	matrix [3][3]int64
}

// newConversion is nil when the profile makes no sense, or is sRGB after all.
func newConversion(toXYZ matrix, curves [3]curve) *conversion {
	var c conversion
	for i, curve := range curves {
		for v := range 256 {
			light := curve(float64(v) / 255)
			if math.IsNaN(light) {
				return nil
			}
			c.light[i][v] = int64(math.Round(min(max(light, 0), 1) * (1<<lightBits - 1)))
		}
	}
	for i, row := range fromXYZ.times(toXYZ) {
		white := row[0] + row[1] + row[2]
		for j, v := range row { // white must stay white, even where a profile forgot to adapt it
			if v /= white; !(math.Abs(v) < 16) { // or is no number
				return nil
			}
			c.matrix[i][j] = int64(math.Round(v * (1 << factorBits)))
		}
		c.matrix[i][i] += 1<<factorBits - c.matrix[i][0] - c.matrix[i][1] - c.matrix[i][2]
	}
	if c.isIdentity() {
		return nil
	}
	return &c
}

// isIdentity tries a lattice of colours: many files carry a profile of sRGB.
func (c *conversion) isIdentity() bool {
	const step, slack = 51, 2
	var p [4]byte
	for r := 0; r < 256; r += step {
		for g := 0; g < 256; g += step {
			for b := 0; b < 256; b += step {
				p = [4]byte{byte(r), byte(g), byte(b)}
				c.pixel(p[:])
				if abs(int(p[0])-r) > slack || abs(int(p[1])-g) > slack || abs(int(p[2])-b) > slack {
					return false
				}
			}
		}
	}
	return true
}

func abs(v int) int { return max(v, -v) }

// encodings gives the sRGB code value of a linear value.
var encodings = sync.OnceValue(func() *[1 << lightBits]byte {
	var table [1 << lightBits]byte
	for i := range table {
		light := float64(i) / (1<<lightBits - 1)
		table[i] = byte(math.Round(255 * encodeSRGB(light)))
	}
	return &table
})

func encodeSRGB(light float64) float64 {
	if light <= 0.0031308 {
		return 12.92 * light
	}
	return 1.055*math.Pow(light, 1/2.4) - 0.055
}

func decodeSRGB(code float64) float64 {
	if code <= 0.04045 {
		return code / 12.92
	}
	return math.Pow((code+0.055)/1.055, 2.4)
}

func (c *conversion) pixel(p []byte) {
	table := encodings()
	r, g, b := c.light[0][p[0]], c.light[1][p[1]], c.light[2][p[2]]
	for i := range 3 {
		m := &c.matrix[i]
		light := (m[0]*r + m[1]*g + m[2]*b + 1<<(factorBits-1)) >> factorBits
		p[i] = table[min(max(light, 0), 1<<lightBits-1)]
	}
}

// apply converts a picture in place. A nil conversion leaves it as it is.
func (c *conversion) apply(ctx context.Context, m *image.RGBA, workers int) error {
	if c == nil {
		return nil
	}
	return inBands(ctx, m.Rect.Dy(), workers, func(ctx context.Context, from, to int) error {
		for y := from; y < to; y++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			for row := m.Pix[y*m.Stride : (y+1)*m.Stride]; len(row) >= 4; row = row[4:] {
				c.pixel(row[:3:3])
			}
		}
		return nil
	})
}
