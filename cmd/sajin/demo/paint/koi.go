package paint

import "math"

// koiPond looks straight down into dark green water.
func koiPond(c *canvas) {
	n := newNoise(151)
	c.shade(func(x, y float64, _ rgb) rgb {
		d := math.Hypot(x-c.aspect*0.35, y-0.3)
		p := mix(hex(0x1f6f6c), hex(0x062a33), smooth(0, 1.0, d+0.15*n.fbm(x*2, y*2, 3)))
		pebble := n.ridged(x*9, y*9, 3)
		return p.mul(0.75 + 0.5*pebble*pebble)
	})
	fish := []struct{ x, y, size, turn, bend float64 }{
		{0.26, 0.72, 0.20, -0.60, 0.9}, {0.55, 0.36, 0.23, 2.50, -0.8}, {0.78, 0.66, 0.19, -2.05, 1.0}, {0.30, 0.27, 0.17, 0.55, -0.9},
		{0.56, 0.80, 0.15, 0.15, 0.7}, {0.86, 0.24, 0.16, 1.70, 0.8}, {0.07, 0.50, 0.14, -1.3, -0.6},
	}
	for i, f := range fish {
		koi(c, n, i, c.aspect*f.x, f.y, f.size*min(1, c.aspect/1.15), f.turn, f.bend)
	}
	c.shade(func(x, y float64, under rgb) rgb { // the surface: caustics and the sky
		u, v := x+0.06*n.at(x*3.3, y*3.3), y+0.06*n.at(x*3.3+9, y*3.3)
		web := 1 - math.Abs(n.at(u*4.2, v*4.2)+0.35*n.at(u*9+3, v*9))
		p := under.mul(0.94).plus(hex(0xbff3e0), 0.11*math.Pow(clamp(web), 14)*smooth(-0.4, 0.4, n.at(x*1.7, y*1.7+5)))
		return p.plus(hex(0xbfe0ff), 0.10*smooth(0.15, 0.8, n.fbm(x*1.3+4, y*3, 3)))
	})
	for i, r := range [][3]float64{{0.43, 0.56, 0.15}, {0.70, 0.45, 0.09}, {0.13, 0.12, 0.10}} {
		rings(c, c.aspect*r[0], r[1], r[2], float64(i))
	}
	pads := [][4]float64{{0.93, 0.88, 0.15, 0.4}, {0.80, 0.99, 0.10, 2.1}, {1.0, 0.66, 0.075, 4.0}, {0.02, 0.93, 0.12, 1.2}, {0.15, 1.0, 0.07, 3.3}, {0.02, 0.10, 0.09, 5.2}, {0.66, 0.05, 0.07, 2.6}, {0.76, 0.02, 0.05, 0.7}}
	for _, p := range pads {
		pad(c, n, c.aspect*p[0], p[1], p[2], p[3])
	}
	lotus(c, c.aspect*0.90, 0.845, 0.085)
	dice := random(6)
	for range 12 {
		var petal path
		x, y := dice.Float64()*c.aspect, dice.Float64()
		petal.ellipse(x, y, 0.010, 0.006, dice.Float64()*3)
		c.shadow(&petal, 0.004, 0.006, 0.004, hex(0x021418), 0.5)
		c.fill(&petal, flat(mix(hex(0xffd5e2), hex(0xf79dbb), dice.Float64())))
	}
	c.look = look{bloom: 0.25, bright: 0.6, radius: 0.03, vignette: 0.45, grain: 3}
}

// koi is one fish from above; it swims towards turn and its back is bent.
func koi(c *canvas, n *noise, kind int, x, y, size, turn, bend float64) {
	spine := func(t float64) point { // 0 at the nose, 1 at the root of the tail
		a := turn + bend*(t-0.3)*(t+0.2)*1.4
		s, k := math.Sincos(a)
		return point{x - k*size*(t-0.4)*1.25, y - s*size*(t-0.4)*1.25}
	}
	girth := func(t float64) float64 {
		return size * 0.205 * math.Sqrt(clamp(t/0.08)) * math.Pow(math.Sin(math.Pi*math.Pow(clamp(t*0.93+0.035), 0.62)), 0.85)
	}
	normal := func(t float64) (float64, float64) {
		a, b := spine(t-0.01), spine(t+0.01)
		d := math.Hypot(b.x-a.x, b.y-a.y)
		return -(b.y - a.y) / d, (b.x - a.x) / d
	}
	var body, fins path
	left, right := []point{}, []point{}
	const steps = 36
	for i := range steps + 1 {
		t := float64(i) / steps
		q, w := spine(t), girth(t)+size*0.012*t
		nx, ny := normal(t)
		left, right = append(left, point{q.x + nx*w, q.y + ny*w}), append(right, point{q.x - nx*w, q.y - ny*w})
	}
	for i := len(right) - 1; i >= 0; i-- {
		left = append(left, right[i])
	}
	body.outlines = [][]point{left}
	place := func(t, side, out, back float64) point {
		q := spine(t)
		nx, ny := normal(t)
		return point{q.x + nx*side*out*size + ny*back*size, q.y + ny*side*out*size - nx*back*size}
	}
	for _, side := range []float64{-1, 1} {
		for _, f := range [][3]float64{{0.24, 0.40, 0.22}, {0.60, 0.22, 0.15}} {
			a, b, d, e := place(f[0], side, 0.10, 0), place(f[0], side, f[1]*0.8, -f[2]*0.25), place(f[0], side, f[1], f[2]*0.55), place(f[0], side, f[1]*0.72, f[2])
			g, h := place(f[0]+0.06, side, f[1]*0.5, f[2]*0.95), place(f[0]+0.13, side, 0.08, 0)
			fins.move(a.x, a.y)
			fins.curve(b.x, b.y, d.x, d.y, e.x, e.y)
			fins.curve(g.x, g.y, g.x, g.y, h.x, h.y)
		}
		a, b, d, e := place(0.91, side, 0.03, 0), place(1.0, side, 0.10, 0.22), place(1.0, side, 0.24+0.06*bend*side, 0.40), place(1.0, side, 0.0, 0.16)
		fins.move(a.x, a.y)
		fins.curve(b.x, b.y, b.x, b.y, d.x, d.y)
		fins.curve(lerp(d.x, e.x, .5), lerp(d.y, e.y, .5), e.x, e.y, e.x, e.y)
	}
	c.shadow(&body, 0.020, 0.034, 0.016, hex(0x02161b), 0.6)
	kinds := [][3]rgb{
		{hex(0xf7f1e6), hex(0xe2451c), hex(0x1c1a1f)}, {hex(0xf7a02b), hex(0xe8741a), hex(0xf6c25a)}, {hex(0xf4efe6), hex(0xd8331a), hex(0xf4efe6)},
		{hex(0xf3d9a8), hex(0xe98f2a), hex(0xfaf0dd)}, {hex(0xf6f3ee), hex(0xef6a26), hex(0x22222a)}, {hex(0xe9542a), hex(0xc52f18), hex(0xf7b48a)}, {hex(0xf7f1e6), hex(0xe8551f), hex(0xf7f1e6)},
	}
	skin := kinds[kind%len(kinds)]
	c.fill(&fins, func(px, py float64, under rgb) rgb {
		a := math.Atan2(py-y, px-x)
		rays := 0.5 + 0.5*math.Sin(a*90)
		return mix(under, mix(skin[0], hex(0xffffff), 0.25), 0.42+0.20*rays)
	})
	c.fill(&body, func(px, py float64, _ rgb) rgb {
		t := 0.0 // the nearest place of the spine
		best := math.Inf(1)
		for i := range 13 {
			q := spine(float64(i) / 12)
			if d := math.Hypot(px-q.x, py-q.y); d < best {
				best, t = d, float64(i)/12
			}
		}
		q := spine(t)
		nx, ny := normal(t)
		t = clamp(t + ((px-q.x)*ny-(py-q.y)*nx)/(1.25*size))
		q = spine(t)
		across := ((px-q.x)*nx + (py-q.y)*ny) / (girth(t) + 1e-4)
		k := float64(kind)
		p := mix(skin[0], skin[1], smooth(0.02, 0.10, n.fbm(t*3.4+k*7, across*0.55+k, 2)))
		p = mix(p, skin[2], smooth(0.26, 0.34, n.fbm(t*5+k*3+20, across*0.8, 2)))
		scales := math.Cos((t*46+across*7)*1.0) * math.Cos((t*46-across*7)*1.0)
		p = p.mul(1 + 0.07*scales*smooth(0.2, 0.3, t)*smooth(0.95, 0.8, t))
		p = p.mul(1.04 - 0.50*across*across)
		p = p.plus(hex(0xffffff), 0.16*bell(across+0.30, 0.16)*smooth(0, 0.2, t)*smooth(1, 0.6, t))
		p = mix(p, p.mul(0.6), bell(across, 0.05)*smooth(0.3, 0.4, t)*smooth(0.72, 0.62, t)*0.6)
		return mix(p, hex(0x0f4f52), 0.10+0.06*k/7)
	})
	for _, side := range []float64{-1, 1} {
		q := place(0.105, side, 0.085, 0)
		c.disc(q.x, q.y, size*0.016, 0, flat(hex(0x15130f)))
	}
}
