package paint

import "math"

// manta looks up through blue water with light falling in.
func manta(c *canvas) {
	n := newNoise(31)
	blue := gradient(0x9fe9ea, 0x35b3cf, 0x0f76ae, 0x0a4a86, 0x06264f, 0x041633)
	sx := c.aspect * 0.40
	c.shade(func(x, y float64, _ rgb) rgb {
		d := math.Hypot((x-sx)*0.55, y+0.06)
		p := blue.at(d*0.98 + 0.03*n.fbm(x*2, y*2, 3))
		angle := math.Atan2(x-sx, y+0.34)
		ray := 0.6*n.at(angle*9, 3.3) + 0.4*n.at(angle*23+y*0.15, 8)
		ray = smooth(-0.05, 0.75, ray) * smooth(0.95, 0.10, y) * bell(angle, 0.75)
		ripple := n.ridged((x-sx)*3/(y+0.16), 2.2/(y+0.16), 2)
		p = p.plus(hex(0xa5f3ee), 0.42*ray)
		return p.plus(hex(0xe9fffb), smooth(0.62, 0.95, ripple)*smooth(0.17, 0.0, y)*0.9*bell(x-sx, 0.75))
	})
	c.glow(sx, -0.03, 0.20, hex(0xd8fff6).mul(0.95))
	school(c, c.aspect*0.26, 0.66, 0.20, 150, hex(0x0b4377))
	reef(c, n)
	ray(c, point{c.aspect * 0.60, 0.36}, 0.31, -0.35, hex(0x06294f), hex(0x1a6d9d))
	ray(c, point{c.aspect * 0.20, 0.25}, 0.13, -0.5, hex(0x1a6a9c), hex(0x3d97bd))
	school(c, c.aspect*0.80, 0.73, 0.15, 70, hex(0x062c57))
	dice := random(4)
	for range 70 {
		x, y := c.aspect*(0.86+0.10*(dice.Float64()-0.5)), dice.Float64()
		c.bokeh(x+0.02*math.Sin(y*30), y, 0.0015+0.004*dice.Float64()*(1-y), hex(0xbdf4f6).mul(0.35))
	}
	c.look = look{bloom: 0.3, bright: 0.6, radius: 0.05, vignette: 0.35, grain: 3}
}

// ray is a manta seen from below, wings spread.
func ray(c *canvas, at point, size, turn float64, dark, light rgb) {
	sin, cos := math.Sincos(turn)
	place := func(u, v float64) (float64, float64) {
		return at.x + size*(u*cos-v*sin), at.y + size*(u*sin+v*cos)
	}
	var body path
	mx, my := place(-0.10, -0.36)
	body.move(mx, my)
	bend := func(a, b, x, y, u, v float64) {
		ax, ay := place(a, b)
		bx, by := place(x, y)
		ex, ey := place(u, v)
		body.curve(ax, ay, bx, by, ex, ey)
	}
	bend(-0.06, -0.31, 0.06, -0.31, 0.10, -0.36)
	bend(0.11, -0.46, 0.16, -0.44, 0.17, -0.33)
	bend(0.36, -0.24, 0.62, -0.22, 1.02, 0.20)
	bend(0.74, 0.02, 0.40, 0.12, 0.20, 0.33)
	bend(0.12, 0.40, 0.04, 0.42, 0.025, 0.44)
	bend(0.03, 0.75, 0.05, 0.95, 0.10, 1.15)
	bend(0.02, 0.95, -0.02, 0.75, -0.025, 0.44)
	bend(-0.04, 0.42, -0.12, 0.40, -0.20, 0.33)
	bend(-0.40, 0.10, -0.70, -0.10, -0.98, 0.06)
	bend(-0.66, -0.26, -0.36, -0.26, -0.17, -0.33)
	bend(-0.16, -0.44, -0.11, -0.46, -0.10, -0.36)
	c.fill(&body, func(x, y float64, under rgb) rgb {
		dx, dy := (x-at.x)/size, (y-at.y)/size
		u, v := dx*cos+dy*sin, dy*cos-dx*sin
		belly := bell(u, 0.30) * bell(v-0.02, 0.34)
		edge := smooth(0.35, 1.0, math.Abs(u))
		p := mix(mix(dark, light, 0.55*edge), light, 0.42*belly)
		for side := -1.0; side <= 1; side += 2 {
			for k := range 5 {
				gv := v + 0.14 - 0.05*float64(k)
				p = p.mul(1 - 0.35*bell(gv-0.10*(math.Abs(u)-0.1), 0.008)*smooth(0.03, 0.06, u*side)*smooth(0.17, 0.13, u*side))
			}
		}
		return mix(p, under, 0.06)
	})
}

// school is a turning shoal of small fish.
func school(c *canvas, x, y, spread float64, count int, colour rgb) {
	dice := random(uint64(count))
	var fish path
	for range count {
		turn, r := dice.Float64()*2*math.Pi, math.Sqrt(dice.Float64())
		fx := x + spread*r*math.Cos(turn)*1.25
		fy := y + spread*r*math.Sin(turn)*0.42 + 0.05*math.Sin(fx*9)
		size, tilt := 0.006+0.006*dice.Float64(), 0.25*math.Cos(fx*9)-0.15
		s, k := math.Sincos(tilt)
		fish.ellipse(fx, fy, size, size*0.30, tilt)
		fish.polygon(fx-size*0.8*k, fy-size*0.8*s, fx-size*1.5*k+size*0.4*s, fy-size*1.5*s-size*0.4*k,
			fx-size*1.5*k-size*0.4*s, fy-size*1.5*s+size*0.4*k)
	}
	c.fill(&fish, veil(colour, 0.8))
}

// reef is the dark coral at the bottom.
func reef(c *canvas, n *noise) {
	for i := range 3 {
		k := float64(i)
		colour := mix(hex(0x0b4a7c), hex(0x031226), k/2)
		ridge := c.ridge(func(x float64) float64 {
			side := math.Abs(x/c.aspect-0.5) * 2
			return 0.955 + 0.03*k - 0.14*side*side*(1-0.1*k) - 0.05*n.fbm(x*3+k*7, k*3, 3) - 0.022*math.Abs(n.at(x*26, k)) - 0.008*n.at(x*70, k+9)
		})
		c.ground(ridge, nil, func(x, y, depth float64, _ rgb) rgb {
			return mix(colour, colour.mul(1.4), smooth(0.04, 0, depth)*(0.5+0.5*n.at(x*40, y*40)))
		})
	}
}
