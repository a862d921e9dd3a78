package paint

import (
	"math"
	"math/rand/v2"
)

// noise is a seeded gradient noise over the plane. It repeats every 256 units.
type noise struct{ perm [512]uint8 }

func newNoise(seed uint64) *noise {
	n := new(noise)
	for i, v := range random(seed).Perm(256) {
		n.perm[i], n.perm[i+256] = uint8(v), uint8(v)
	}
	return n
}

// random rolls the same dice for the same seed, which is all that a picture needs.
func random(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)) //nolint:gosec // nothing here is a secret
}

var gradients = func() (g [32][2]float64) {
	for i := range g {
		s, c := math.Sincos(2 * math.Pi * (float64(i) + 0.5) / float64(len(g)))
		g[i] = [2]float64{c * 1.5, s * 1.5}
	}
	return g
}()

// at is about -1 to 1, and 0 on average.
func (n *noise) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(fx)&255, int(fy)&255
	x, y = x-fx, y-fy
	a, b := int(n.perm[ix])+iy, int(n.perm[ix+1])+iy
	g00, g10 := &gradients[n.perm[a]&31], &gradients[n.perm[b]&31]
	g01, g11 := &gradients[n.perm[a+1]&31], &gradients[n.perm[b+1]&31]
	u, v := x*x*x*(x*(x*6-15)+10), y*y*y*(y*(y*6-15)+10)
	top := lerp(g00[0]*x+g00[1]*y, g10[0]*(x-1)+g10[1]*y, u)
	low := lerp(g01[0]*x+g01[1]*(y-1), g11[0]*(x-1)+g11[1]*(y-1), u)
	return lerp(top, low, v)
}

// fbm adds octaves, each turned so that the lattice does not show.
func (n *noise) fbm(x, y float64, octaves int) float64 {
	sum, gain, total := 0.0, 1.0, 0.0
	for range octaves {
		sum += gain * n.at(x, y)
		total += gain
		gain *= 0.5
		x, y = 1.62*x+1.18*y+19.1, 1.62*y-1.18*x+7.7
	}
	return sum / total * 1.25
}

// ridged is 0 to 1 with sharp crests, like mountains seen from above.
func (n *noise) ridged(x, y float64, octaves int) float64 {
	sum, gain, total, weight := 0.0, 1.0, 0.0, 1.0
	for range octaves {
		v := 1 - math.Abs(n.at(x, y))
		v *= v * weight
		weight = clamp(v * 1.6)
		sum += gain * v
		total += gain
		gain *= 0.5
		x, y = 1.62*x+1.18*y+5.3, 1.62*y-1.18*x+11.9
	}
	return sum / total
}

// hash is a fixed random number in 0..1 for a pair of integers.
func hash(x, y int) float64 {
	v := uint64(uint32(x))<<32 | uint64(uint32(y))
	v = (v ^ v>>31) * 0x9e3779b97f4a7c15
	v = (v ^ v>>29) * 0xbf58476d1ce4e5b9
	return float64((v^v>>32)>>11&(1<<40-1)) / (1 << 40)
}
