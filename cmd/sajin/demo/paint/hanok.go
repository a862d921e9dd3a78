package paint

import "math"

func hanokMoon(c *canvas) {
	n := newNoise(51)
	c.sky(gradient(0x0b1533, 0x152a57, 0x2b4a7f, 0x5d6f9c, 0xb98f96), 0.72)
	c.stars(8, 380, 0.5, 0.6)
	moon(c, n, c.aspect*0.62, 0.285, 0.165)
	c.clouds(n, 0.66, -0.18, func(x, y, density float64, under rgb) rgb {
		return mix(under, mix(hex(0x3a4f80), hex(0xd9b7a4), 0.6*bell(x-c.aspect*0.62, 0.35)), 0.75*density)
	})
	for i := range 3 {
		k := float64(i) / 2
		ridge := c.ridge(func(x float64) float64 {
			return 0.60 + 0.05*k - 0.14*(1-0.4*k)*n.ridged(x*1.3+k*5, k*3, 4) + 0.03*k
		})
		near, low := mix(hex(0x5a6690), hex(0x253358), k), mix(hex(0xa88f9f), hex(0x4a5076), k)
		c.ground(ridge, nil, func(_, _, depth float64, _ rgb) rgb { return mix(near, low, smooth(0, 0.14, depth)) })
	}
	c.within(0, 0.66, c.aspect, 1, func(_, y float64, under rgb) rgb {
		return mix(under, hex(0x241f3d), smooth(0.66, 0.72, y))
	})
	roofs := []struct{ x, y, w, k float64 }{
		{0.10, 0.655, 0.30, 0}, {0.86, 0.650, 0.27, 0}, {0.50, 0.660, 0.24, 0}, {0.30, 0.672, 0.26, 0.2}, {0.70, 0.680, 0.28, 0.25},
		{0.95, 0.735, 0.42, 0.55}, {0.50, 0.728, 0.36, 0.5}, {0.03, 0.740, 0.44, 0.6},
		{0.74, 0.835, 0.66, 0.95}, {0.16, 0.855, 0.62, 1},
	}
	for _, r := range roofs {
		hanok(c, c.aspect*r.x, r.y, r.w, r.k)
	}
	garden(c, n)
	plum(c)
	c.look = look{bloom: 0.45, bright: 0.5, radius: 0.05, vignette: 0.35, grain: 3}
}

// moon is full, with its seas.
func moon(c *canvas, n *noise, x, y, r float64) {
	c.glow(x, y, r*1.75, hex(0xd9cdb8).mul(0.26))
	c.disc(x, y, r, 0.0015, func(px, py float64, _ rgb) rgb {
		u, v := (px-x)/r, (py-y)/r
		seas := smooth(-0.05, 0.55, n.fbm(u*1.5+9.2, v*1.5+3.1, 5))
		fine := n.fbm(u*7, v*7, 4)
		p := mix(hex(0xf6e7c4), hex(0xbf9f78), 0.8*seas+0.12*fine)
		return p.mul(0.98 - 0.22*(u*u+v*v))
	})
}

// hanok is a tiled house seen from the street; its eaves hang at y. k goes from
// 0, far and pale, to 1, near and dark.
func hanok(c *canvas, x, y, w, k float64) {
	tile, air := mix(hex(0x46557f), hex(0x0e1428), math.Sqrt(k)), mix(hex(0x6d7398), hex(0x1a2138), k)
	half, tall := w/2, w*0.20
	wall := w * 0.24
	c.rect(x-half*0.80, y-0.01, x+half*0.80, y+wall+0.3, func(px, py float64, _ rgb) rgb {
		return mix(tile.mul(0.7), mix(hex(0x2a2b4a), hex(0x060914), k), smooth(y, y+wall, py))
	})
	windows(c, x, y+w*0.045, half*0.72, wall*0.62, k)
	eave := func(u float64) float64 { return y + w*0.026 - w*0.062*math.Pow(math.Abs(u), 3.2) } // tips rise
	crest := func(u float64) float64 { return y - tall - w*0.018*u*u*u*u*3 + w*0.012 }
	var roof path
	const steps = 40
	for i := range steps + 1 {
		u := float64(i)/steps*2 - 1
		if i == 0 {
			roof.move(x-half, eave(-1))
		} else {
			roof.line(x+u*half, eave(u))
		}
	}
	roof.curve(x+half*0.86, y-w*0.052, x+half*0.70, y-w*0.09, x+half*0.62, crest(1)+w*0.012)
	for i := range steps + 1 {
		u := 1 - float64(i)/steps*2
		roof.line(x+u*half*0.62, crest(u)-w*0.006)
	}
	roof.curve(x-half*0.70, y-w*0.09, x-half*0.86, y-w*0.052, x-half, eave(-1))
	scale := float64(c.h)
	c.fill(&roof, func(px, py float64, _ rgb) rgb {
		u := (px - x) / half
		down := clamp((py - y + tall) / tall)
		across := u / (0.62 + 0.36*down*down)
		const tiles = 46
		rib := 0.5 + 0.5*math.Cos(across*tiles*math.Pi)
		sharp := smooth(1.2, 4, w/tiles*scale) // ribs finer than a pixel only shimmer
		p := mix(tile, air.mul(1.25), 0.28*down+0.10)
		p = p.mul(1 + sharp*(0.75*rib*rib-0.35))
		p = p.plus(hex(0xffd9b0), 0.05*smooth(0.3, 0, down)+sharp*0.045*rib*rib*smooth(1, 0, math.Abs(across-0.2)))
		return p.mul(1 - 0.55*smooth(0.93, 1.1, down))
	})
	var rim path
	under, over := []point{}, []point{}
	for i := range steps + 1 {
		u := float64(i)/steps*2 - 1
		under = append(under, point{x + u*half, eave(u)})
		over = append(over, point{x + u*half*0.64, crest(u) - w*0.004})
	}
	rim.stroke(under, w*0.012, w*0.012)
	rim.stroke(over, w*0.026, w*0.026)
	for _, s := range []float64{-1, 1} {
		rim.stroke([]point{{x + s*half*0.62, crest(1)}, {x + s*half*0.70, y - w*0.105}, {x + s*half*0.80, y - w*0.072}, {x + s*half*0.98, eave(1)}}, w*0.020, w*0.016)
	}
	c.fill(&rim, flat(tile.mul(0.72).plus(hex(0x8fa2d0), 0.03)))
}

// windows are paper doors with a lamp behind them.
func windows(c *canvas, x, y, half, tall, k float64) {
	c.glow(x, y+tall*0.5, half*0.9, hex(0xff9c45).mul(0.10+0.22*k))
	const doors = 6
	for i := range doors {
		w := 2 * half / doors
		left := x - half + float64(i)*w + w*0.06
		right := left + w*0.88
		dim := 0.30 + 0.75*hash(i, int(x*1000))
		c.rect(left, y, right, y+tall, func(px, py float64, _ rgb) rgb {
			u, v := (px-left)/(right-left), (py-y)/tall
			p := mix(hex(0xffd48c), hex(0xe8863a), smooth(0.1, 0.8, math.Hypot(u-0.5, (v-0.4)*0.8))).mul(dim * (0.55 + 0.45*k))
			bar := max(smooth(0.40, 0.46, math.Abs(math.Mod(u*4, 1)-0.5)), smooth(0.42, 0.46, math.Abs(math.Mod(v*7, 1)-0.5)))
			bar = max(bar, smooth(0.72, 0.74, v), smooth(0.46, 0.48, math.Abs(u-0.5)))
			return mix(p, hex(0x2a1712), 0.85*bar*smooth(0, 0.3, k+0.12))
		})
	}
}

// garden is the dark of shrubs and a low wall in front of the houses.
func garden(c *canvas, n *noise) {
	for i := range 3 {
		k := float64(i) / 2
		ridge := c.ridge(func(x float64) float64 {
			return 0.962 + 0.02*k - 0.025*math.Abs(n.at(x*5+k*9, k)) - 0.018*math.Abs(n.at(x*19, k*3)) - 0.01*n.at(x*60, k)
		})
		c.ground(ridge, nil, func(x, y, depth float64, _ rgb) rgb {
			return mix(hex(0x2b2f52), hex(0x080c1c), 0.3+0.35*k+smooth(0, 0.06, depth)*0.5+0.25*n.at(x*50, y*50))
		})
	}
}

// plum is the flowering branch that frames the moon.
func plum(c *canvas) {
	dice := random(33)
	var wood path
	at := point{-0.02, 0.10}
	line := []point{at}
	for i := range 9 {
		at = point{at.x + 0.046, at.y + 0.020 + 0.018*math.Sin(float64(i)*1.3)}
		line = append(line, at)
	}
	wood.stroke(line, 0.018, 0.004)
	tips := line[2:]
	for i, q := range line[1:8] {
		up := q
		twig := []point{q}
		for j := range 4 {
			up = point{up.x + 0.022, up.y - 0.030 + 0.010*dice.Float64() + 0.05*float64(i%2)}
			twig = append(twig, up)
			if j > 0 {
				tips = append(tips, up)
			}
		}
		wood.stroke(twig, 0.006, 0.002)
	}
	c.fill(&wood, flat(hex(0x0c1124)))
	for _, q := range tips {
		for range 2 {
			x, y := q.x+0.018*(dice.Float64()-0.5), q.y+0.018*(dice.Float64()-0.5)
			blossom(c, x, y, 0.008+0.007*dice.Float64(), dice.Float64()*6, hex(0xf0c3d0), hex(0xb0486c), 0.85)
		}
	}
}
