package paint

import "math"

var lands = []Scene{
	{Name: "dunes", Title: "Wind, four in the afternoon", Category: "travel",
		Tags: []string{"desert", "dunes", "minimal", "shadow"}, paint: dunes},
	{Name: "rice-terraces", Title: "Sunrise in every paddy", Category: "nature",
		Tags: []string{"terraces", "sunrise", "green", "countryside"}, paint: terraces},
	{Name: "lavender", Title: "Rows that smell of July", Category: "nature",
		Tags: []string{"lavender", "flowers", "summer", "sunset"}, paint: lavender},
	{Name: "balloons", Title: "Up with the first light", Category: "travel",
		Tags: []string{"balloons", "sunrise", "valley", "adventure"}, paint: balloons},
}

func dunes(c *canvas) {
	const horizon = 0.40
	n := newNoise(91)
	c.sky(gradient(0x2f6aa8, 0x6ea3cb, 0xb8c9cf, 0xf3d9b4), horizon+0.05)
	s := sun{x: c.aspect * 0.12, y: 0.20, r: 0.001, haze: hex(0xffdca8).mul(0.6), disc: hex(0xffffff), reach: 0.5}
	c.shade(func(x, y float64, under rgb) rgb { return under.add(s.light(x, y)) })
	c.clouds(n, horizon, -0.32, func(_, _, density float64, under rgb) rgb { return mix(under, hex(0xfff1de), 0.5*density) })
	land := terrain{eye: 2.3, horizon: horizon, focal: 1.15, near: 1.3, far: 90, stride: 1.007}
	land.height = func(x, z float64) float64 {
		x += 3.1
		u, v := x*0.13+0.35*n.at(x*0.09, z*0.05), z*0.085+0.3*n.at(x*0.07+5, z*0.08)
		a := 1 - math.Abs(n.at(u, v+0.6))
		b := 1 - math.Abs(n.at(u*2.3+7, v*2.1+3))
		h := 2.15*a*a*a + 0.38*b*b*a
		return h*smooth(0.5, 7, z) + 0.5*h*smooth(9, 30, z)
	}
	lit := ramp{{-0.30, hex(0x4a2233)}, {0.02, hex(0x8a4330)}, {0.30, hex(0xd98a48)}, {0.55, hex(0xf0b26a)}, {0.85, hex(0xffd79a)}}
	c.render(land, func(x, z float64) rgb {
		f := land.facing(x, z, -0.86, 0.42, 0.28)
		wind := math.Sin((x*0.9+z*0.45+0.55*n.at(x*1.1, z*0.9)+0.2*n.at(x*3, z*3))*34) * smooth(9, 2, z)
		fine := n.at(x*44, z*44) * smooth(7, 1.5, z)
		p := lit.at(f + 0.055*wind*smooth(-0.2, 0.25, f) + 0.035*fine)
		return mix(p, hex(0xf1d2ab), 0.80*smooth(6, 80, z))
	})
	caravan(c, c.aspect*0.60, 0.442, 0.028)
	c.look = look{bloom: 0.2, bright: 0.7, radius: 0.05, vignette: 0.3, grain: 4}
}

// caravan is a line of camels on a crest.
func caravan(c *canvas, x, y, size float64) {
	var herd path
	for i := range 4 {
		k := float64(i)
		s := size * (1 - 0.06*k)
		cx, cy := x+k*size*1.75, y-0.003*k+0.0012*math.Sin(k*2)
		herd.ellipse(cx, cy-s*0.62, s*0.46, s*0.19, 0)
		herd.ellipse(cx-s*0.02, cy-s*0.82, s*0.18, s*0.16, 0)
		herd.stroke([]point{{cx - s*0.38, cy - s*0.60}, {cx - s*0.58, cy - s*0.56}, {cx - s*0.70, cy - s*0.92}, {cx - s*0.90, cy - s*0.90}}, s*0.16, s*0.10)
		for j, leg := range []float64{-0.36, -0.24, 0.24, 0.36} {
			lean := 0.07 * float64(j%2*2-1)
			herd.stroke([]point{{cx + s*leg, cy - s*0.55}, {cx + s*(leg+lean), cy}}, s*0.10, s*0.05)
		}
		if i > 0 {
			herd.ellipse(cx-s*0.02, cy-s*1.05, s*0.10, s*0.15, 0)
			herd.ellipse(cx-s*0.02, cy-s*1.24, s*0.08, s*0.08, 0)
		}
	}
	c.fill(&herd, flat(hex(0x3a1d22)))
}

func terraces(c *canvas) {
	const horizon = 0.335
	n := newNoise(101)
	c.sky(gradient(0x41639e, 0x8f9fc0, 0xf0b9a0, 0xffdf9f), horizon+0.02)
	s := sun{x: c.aspect * 0.66, y: horizon - 0.055, r: 0.030, disc: rgb{1.5, 1.3, 0.9}, haze: hex(0xffa24f).mul(0.9), reach: 0.34}
	c.clouds(n, horizon, -0.05, func(_, y, density float64, under rgb) rgb {
		return mix(under, mix(hex(0xd9a3ae), hex(0xffd9a0), smooth(0.05, horizon, y)), 0.8*density)
	})
	c.sun(s)
	for i := range 4 {
		k := float64(i) / 3
		ridge := c.ridge(func(x float64) float64 {
			return horizon + 0.015 + 0.05*k - (0.12-0.03*k)*n.ridged(x*(2-0.6*k)+k*7, k*5, 4)
		})
		near := mix(hex(0xa98ba4), hex(0x3f5a5c), k)
		c.ground(ridge, nil, func(x, y, depth float64, _ rgb) rgb {
			return mix(near, mix(hex(0xf3c9a4), hex(0xe6b5ab), k), smooth(0, 0.09, depth)*0.9).plus(s.light(x, y), 0.5*(1-k))
		})
	}
	land := terrain{eye: 3.5, horizon: horizon, focal: 1.2, near: 1.2, far: 32, stride: 1.012}
	const steps = 10
	slope := func(x, z float64) float64 {
		w := 0.62*n.at(x*0.19+4, z*0.13) + 0.26*n.at(x*0.47, z*0.36+9)
		return 2.15 - 0.135*z + 0.0012*z*z + w + 0.011*(x-0.8)*(x-0.8)
	}
	land.height = func(x, z float64) float64 {
		q := slope(x, z) * steps
		step := math.Floor(q)
		stepped := step + smooth(0.78, 0.97, q-step)
		return lerp(stepped, q, smooth(5, 10, z)) / steps // far steps are finer than a pixel
	}
	c.render(land, func(x, z float64) rgb {
		q := slope(x, z) * steps
		step := math.Floor(q)
		at := q - step
		y := horizon + land.focal*(land.eye-step/steps)/z
		kind := n.at(x*0.36+step*5.3, step*2.7+z*0.12)
		mirror := mix(mix(hex(0xffd596), hex(0xe79a8f), smooth(horizon, 0.60, y)), hex(0x6f8cc8), smooth(0.48, 0.95, y))
		mirror = mirror.plus(hex(0xffc070), 1.1*bell((x/z*land.focal)-(s.x-c.aspect/2), 0.13)*smooth(1.1, 0.4, y))
		p := mirror
		if kind > 0.05 {
			blade := n.at(x*34, z*26) * smooth(8, 2, z)
			green := mix(hex(0x9cba4a), hex(0x477a30), clamp(0.5+0.6*n.fbm(x*1.7, z*1.7, 2)+0.3*blade))
			p = mix(p, green, 0.94*smooth(0.12, 0.15, kind+0.02*blade))
		}
		edge := bell(kind-0.135, 0.014) * smooth(12, 4, z) * smooth(1.6, 2.6, z) // between two fields of one step
		if bank := max(edge, smooth(0.68, 0.78, at), smooth(0.05, 0.02, at)); bank > 0.01 {
			p = mix(p, mix(hex(0x1d3a1c), hex(0x5d8a35), smooth(0.82, 1.0, at)*0.7+0.35*n.at(x*16, z*16)), bank)
		}
		p = mix(p, mix(hex(0x7f8a5c), hex(0xc9a58a), smooth(-0.3, 0.3, kind)), 0.75*smooth(6, 15, z))
		return mix(p, hex(0xe6b5ab), 0.80*smooth(7, 30, z))
	})
	c.look = look{bloom: 0.3, bright: 0.65, radius: 0.04, vignette: 0.35, grain: 3}
}
