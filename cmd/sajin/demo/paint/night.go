package paint

import "math"

var nights = []Scene{
	{Name: "hanok-moon", Title: "Full moon over Bukchon", Category: "travel",
		Tags: []string{"hanok", "moon", "bukchon", "night"}, paint: hanokMoon},
	{Name: "aurora", Title: "The sky moved for an hour", Category: "nature",
		Tags: []string{"aurora", "stars", "lake", "winter"}, paint: aurora},
	{Name: "star-trails", Title: "Two hours at one shutter", Category: "nature",
		Tags: []string{"stars", "longexposure", "camping", "night"}, paint: starTrails},
}

func aurora(c *canvas) {
	const shore = 0.70
	n := newNoise(71)
	c.sky(gradient(0x050a1c, 0x08182f, 0x0d2f45, 0x17525a), shore)
	c.stars(12, 900, 0.72, 0.9)
	curtains := []struct{ base, swing, tall, strength, seed float64 }{
		{0.50, 0.20, 0.34, 0.95, 1}, {0.36, 0.16, 0.26, 0.75, 5}, {0.60, 0.10, 0.22, 0.50, 9},
	}
	c.within(0, 0, c.aspect, shore, func(x, y float64, under rgb) rgb {
		for _, q := range curtains {
			lean := (x - c.aspect*0.5) * (0.62 - y) * 0.5
			u := x - lean
			fold := n.at(u*1.7+q.seed*7, q.seed) + 0.45*n.at(u*4.3, q.seed*3)
			low := q.base + q.swing*fold*0.75 - 0.05
			up := (low - y) / q.tall
			if up < -0.12 {
				continue
			}
			bend := u + 0.05*n.at(u*3, y*2+q.seed)
			rays := 0.55 + 0.45*n.at(bend*15, q.seed+y*0.5) + 0.28*n.at(bend*48, q.seed*2+y*0.3)
			long := 0.55 + 0.6*clamp(rays)
			fade := math.Exp(-max(up, 0)*2.4/long) * smooth(-0.10, 0.05, up)
			patch := smooth(-0.55, 0.35, n.at(u*1.3+q.seed*11, 3))
			light := mix(hex(0x3dff9a), hex(0x22d0c0), smooth(0.05, 0.5, up))
			light = mix(light, hex(0x8c4dff), smooth(0.30, 1.15, up))
			light = mix(hex(0xd6ffd0), light, smooth(-0.05, 0.13, up))
			under = under.plus(light, q.strength*fade*clamp(rays)*patch*0.95)
		}
		return under
	})
	far := c.ridge(func(x float64) float64 {
		return shore - 0.035 - 0.10*n.ridged(x*1.7+3, 5, 5) - 0.06*smooth(0.5, 0, math.Abs(x/c.aspect-0.78))
	})
	c.ground(far, nil, func(x, y, depth float64, _ rgb) rgb {
		slope := n.ridged(x*5+0.012, y*8, 5) - n.ridged(x*5-0.012, y*8+0.012, 5)
		snow := smooth(-0.03, 0.05, slope-0.25*depth)
		return mix(mix(hex(0x0b2132), hex(0x5fa7a5), 0.62*snow), hex(0x0e3542), smooth(0.02, 0.14, depth))
	})
	bank := c.ridge(func(x float64) float64 { return shore - 0.006 - 0.008*n.at(x*6, 2) })
	forest(c, bank, 3, 0.055, hex(0x061420))
	c.ground(bank, nil, func(_, _, _ float64, _ rgb) rgb { return hex(0x061420) })
	c.water(n, shore, 0.55, func(x, y, slope float64, mirrored rgb) rgb {
		return mix(hex(0x041019), mirrored, 0.80-0.7*(y-shore)).plus(hex(0x1d8f7a), 0.05*slope)
	})
	var trees path
	dice := random(44)
	for i := range 15 { // the near trees frame both sides
		t := float64(i) / 14
		edge := (0.40 - 0.02*float64(i%3)) * t * t
		x := edge
		if i%2 == 1 {
			x = c.aspect - edge*1.1
		}
		trees.pine(x, 1.04, (0.62-0.38*t)*(0.85+0.3*dice.Float64()), dice.Float64())
	}
	c.fill(&trees, flat(hex(0x030a12)))
	snow := c.ridge(func(x float64) float64 { return 0.965 + 0.02*n.fbm(x*2.5, 4, 3) })
	c.ground(snow, nil, func(x, _, depth float64, _ rgb) rgb {
		return mix(hex(0x2b6a72), hex(0x0c2434), smooth(0, 0.05, depth)+0.25*n.fbm(x*20, depth*80, 2))
	})
	c.look = look{bloom: 0.4, bright: 0.45, radius: 0.05, vignette: 0.3, grain: 4}
}

func starTrails(c *canvas) {
	n := newNoise(81)
	px, py := c.aspect*0.57, 0.44
	c.sky(gradient(0x060a1e, 0x0b1738, 0x1c2f5f, 0x4e4f7c, 0xc07a63, 0xf2aa6a), 0.86)
	rings := float64(c.h) / 3.4
	c.within(0, 0, c.aspect, 0.9, func(x, y float64, under rgb) rgb {
		dx, dy := x-px, y-py
		r, angle := math.Hypot(dx, dy)*rings, math.Atan2(dy, dx)/(2*math.Pi)+0.5
		sum := under
		for k := int(r) - 1; k <= int(r)+1; k++ { // one star a ring, and the rings beside
			if k < 0 {
				continue
			}
			m := math.Pow(hash(k, 1), 5)
			d := (r - float64(k) - 0.2 - 0.6*hash(k, 2)) / (0.26 + 0.22*m)
			begin := hash(k, 3)
			for arc := range 3 {
				run := angle - begin - float64(arc)/3 - 0.08*hash(k, 4+arc)
				run -= math.Floor(run)
				long := 0.22 + 0.05*hash(k, 8+arc)
				if run > long {
					continue
				}
				tint := mix(hex(0x9dbdff), hex(0xffd3a6), hash(k, 12+arc))
				glow := (0.10 + 0.95*m*hash(k, 20+arc) + 0.16*hash(k, 15+arc)) * smooth(0, 0.01, run) * smooth(long, long-0.01, run)
				sum = sum.plus(tint, glow*math.Exp(-d*d)*smooth(0.82, 0.55, y))
			}
		}
		return sum
	})
	c.glow(c.aspect*0.2, 0.86, 0.45, hex(0xff9a58).mul(0.22))
	for i := range 4 {
		k := float64(i) / 3
		ridge := c.ridge(func(x float64) float64 {
			return 0.80 + 0.10*k - (0.14-0.08*k)*n.ridged(x*(1.6-0.4*k)+k*9, k*4, 5) + 0.07*k*smooth(0.1, 0.9, math.Abs(x-px))
		})
		colour, haze := mix(hex(0x5a4664), hex(0x080c18), math.Sqrt(k)), mix(hex(0xb2715f), hex(0x0b1120), math.Sqrt(k))
		c.ground(ridge, nil, func(_, _, depth float64, _ rgb) rgb { return mix(colour, haze, smooth(0, 0.13, depth)) })
		if i == 3 {
			camp(c, px, ridge)
		}
	}
	c.look = look{bloom: 0.35, bright: 0.5, radius: 0.02, vignette: 0.35, grain: 4}
}

// camp is a lit tent under an old tree.
func camp(c *canvas, px float64, ridge []float64) {
	floor := func(x float64) float64 { return ridge[min(max(int(x*float64(c.h)), 0), c.w-1)] }
	x := px - 0.14
	y := floor(x) + 0.012
	c.glow(x, y-0.02, 0.10, hex(0xff9a3c).mul(0.55))
	var tent, door path
	tent.move(x-0.085, y)
	tent.curve(x-0.07, y-0.05, x-0.03, y-0.085, x, y-0.088)
	tent.curve(x+0.03, y-0.085, x+0.07, y-0.05, x+0.085, y)
	c.fill(&tent, func(tx, ty float64, _ rgb) rgb {
		d := math.Hypot((tx-x+0.012)*0.8, ty-y+0.028)
		p := mix(hex(0xffdc8a), hex(0xc8501c), smooth(0.0, 0.085, d))
		return p.mul(1 - 0.35*bell(tx-x-0.03*(ty-y+0.088)/0.088*1.2, 0.003)).mul(1.15)
	})
	door.polygon(x+0.006, y, x+0.004, y-0.06, x+0.034, y)
	c.fill(&door, veil(hex(0x6a2410), 0.55))
	var tree path
	tx := px + 0.20
	dice := random(15)
	branch(&tree, dice.Float64, point{tx, floor(tx) + 0.02}, -math.Pi/2+0.05, 0.115, 0.026, 8)
	c.fill(&tree, flat(hex(0x05070f)))
	c.within(x-0.25, y-0.02, x+0.25, y+0.08, func(gx, gy float64, under rgb) rgb {
		return under.plus(hex(0xff9a46), 0.22*bell(gx-x, 0.11)*bell(gy-y-0.004, 0.022)*smooth(-0.004, 0.004, gy-floor(gx)))
	})
}
