package paint

import "math"

// fleet is where the balloons hang, and behind which layer of rock.
var fleet = []struct {
	x, y, r float64
	layer   int
}{
	{0.37, 0.46, 0.026, 0}, {0.46, 0.55, 0.020, 0}, {0.90, 0.58, 0.021, 0}, {0.64, 0.60, 0.017, 0}, {0.20, 0.53, 0.024, 0},
	{0.56, 0.23, 0.036, 1}, {0.88, 0.40, 0.046, 1}, {0.07, 0.22, 0.042, 1}, {0.76, 0.13, 0.026, 1},
	{0.16, 0.40, 0.068, 2}, {0.70, 0.42, 0.130, 4}, {0.31, 0.24, 0.082, 4},
}

var liveries = [][]rgb{
	{hex(0xd8352f), hex(0xf6e9d2), hex(0xf2a33a)},
	{hex(0x16607a), hex(0xf3d9a4), hex(0xe2683c)},
	{hex(0xf0b52e), hex(0xc83f2d), hex(0x7c2444)},
	{hex(0x2f3f86), hex(0xe9e2d6), hex(0x57a6b5)},
	{hex(0xe2703a), hex(0xfbe3b0), hex(0x3d7f6b)},
}

// balloon is one with its basket; the sun lights it from its own side.
func balloon(c *canvas, x, y, r float64, kind int, s sun) {
	livery := liveries[kind%len(liveries)]
	const gores = 16
	half := func(v float64) float64 { // its outline, v from -1 at the crown to 1.32 at the mouth
		if v < 0.15 {
			return math.Sqrt(max(1-v*v, 0))
		}
		t := (v - 0.15) / 1.17
		return lerp(0.9887, 0.20, t*t*(1.9-0.9*t)*0.6+t*0.4)
	}
	var skin, basket path
	left, right := []point{}, []point{}
	for i := range 61 {
		v := -1 + 2.32*float64(i)/60
		left, right = append(left, point{x - r*half(v), y + r*v}), append(right, point{x + r*half(v), y + r*v})
	}
	for i := len(right) - 1; i >= 0; i-- {
		left = append(left, right[i])
	}
	skin.outlines = [][]point{left}
	haze := clamp(0.62 - r*7)
	c.fill(&skin, func(px, py float64, _ rgb) rgb {
		v := (py - y) / r
		u := clamp((px-x)/(r*half(v)+1e-9)/2+0.5)*2 - 1
		around := math.Asin(u*0.999)/math.Pi*gores + 0.5
		gore := math.Floor(around)
		p := livery[((int(gore)%2)+2)%2]
		if band := v + 0.05*math.Abs(math.Mod(around+64, 1)-0.5)*4; kind%2 == 0 && band > 0.02 && band < 0.36 {
			p = livery[2]
		} else if kind%2 == 1 && (v < -0.62 || v > 0.80) {
			p = livery[2]
		}
		depth := math.Sqrt(max(1-u*u, 0))
		light := 0.34 + 0.78*clamp(-0.72*u+0.45*depth-0.15*v)
		seam := math.Abs(math.Mod(around+64, 1) - 0.5)
		p = p.mul(light * (1 - 0.22*smooth(0.44, 0.5, seam)))
		p = p.plus(hex(0xffb169), 0.22*smooth(-0.4, -1, u)*smooth(1.3, 0.2, v))
		p = p.plus(hex(0x6e86b8), 0.10*smooth(0.3, 1, u))
		return mix(p, hex(0xf3cdb4), haze)
	})
	w := r * 0.13
	basket.round(x-w, y+r*1.56, x+w, y+r*1.76, w*0.3)
	for _, side := range []float64{-1, -0.4, 0.4, 1} {
		basket.stroke([]point{{x + side*r*0.19, y + r*1.30}, {x + side*w*0.9, y + r*1.58}}, r*0.014, r*0.014)
	}
	c.fill(&basket, flat(mix(hex(0x4a2c22), hex(0xd9b3a0), haze)))
	if r > 0.05 {
		c.glow(x, y+r*1.36, r*0.09, hex(0xffc45e).mul(1.1))
	}
}

// grove plants round trees along a ridge, lit from the side of the sun.
func grove(c *canvas, ridge []float64, seed uint64, size float64, leaf rgb, s sun) {
	n, dice := newNoise(seed), random(seed)
	for x := -0.02; x < c.aspect+0.02; x += size * (0.25 + 0.6*dice.Float64()) {
		if n.at(x*3, 1) < -0.05 {
			continue
		}
		y := ridge[min(max(int(x*float64(c.h)), 0), c.w-1)]
		r := size * (0.5 + 0.7*dice.Float64())
		var tree path
		tree.ellipse(x, y-r*0.5, r*0.75, r*(0.8+0.5*dice.Float64()), 0)
		tree.ellipse(x+r*0.5, y-r*0.1, r*0.6, r*0.6, 0)
		c.fill(&tree, func(px, py float64, _ rgb) rgb {
			p := mix(leaf.mul(0.62), hex(0xf0b060), 0.38*smooth(0.2, -0.9, (px-x+(py-y+r*0.5)*0.8)/r))
			return p.plus(s.light(px, py), 0.10)
		})
	}
}
