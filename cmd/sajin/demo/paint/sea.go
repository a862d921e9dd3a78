package paint

import "math"

var seas = []Scene{
	{Name: "sea-sunset", Title: "The last ferry, Jeju", Category: "travel",
		Tags: []string{"sea", "sunset", "jeju", "goldenhour"}, paint: seaSunset},
	{Name: "manta", Title: "Two mantas passing above", Category: "animals",
		Tags: []string{"underwater", "ocean", "diving", "blue"}, paint: manta},
}

// clouds spreads a layer of them over the sky as it recedes to the horizon; f
// turns density, 0 to 1, into a colour.
func (c *canvas) clouds(n *noise, horizon, cover float64, f func(x, y, density float64, under rgb) rgb) {
	c.within(0, 0, c.aspect, horizon, func(x, y float64, under rgb) rgb {
		far := 0.32 / (horizon + 0.10 - y)
		u, v := (x-c.aspect/2)*far*1.7, far*2.6
		warp := n.fbm(u*0.7+3, v*0.7, 2)
		density := smooth(-cover, 0.75, n.fbm(u+warp*0.5, v+warp*0.6, 6))
		return f(x, y, density*smooth(horizon, horizon-0.16, y), under)
	})
}

// water reflects what is above the horizon in waves that grow towards the
// viewer. f gets the mirrored light and the slope of the wave.
func (c *canvas) water(n *noise, horizon, rough float64, f func(x, y, slope float64, mirrored rgb) rgb) {
	line := horizon - 1.5/float64(c.h)
	c.within(0, horizon, c.aspect, 1, func(x, y float64, under rgb) rgb {
		d := y - horizon
		if d < 0 {
			return under
		}
		far := 1 / (d + 0.012)
		u, v := (x-c.aspect/2)*far, far*2.1
		near := smooth(0, 0.05, d)
		slope := (0.62*n.fbm(u*0.62, v*1.9, 3)+0.38*n.at(u*2.6+5, v*6.3))*near + 0.5*n.at(x*46, y*330)*(1-near)
		swell := n.at(u*0.3+9, v*0.9+4)
		up := line - d*0.86 - (slope*0.085+swell*0.03)*rough*(0.25+2*d)
		return f(x, y, slope+0.3*swell, c.at(x+slope*0.035*rough, min(up, line)))
	})
}

func seaSunset(c *canvas) {
	const horizon = 0.585
	n := newNoise(11)
	c.sky(gradient(0x1f2a55, 0x5a3f7d, 0xb9527f, 0xf5835a, 0xffc56b), horizon)
	s := sun{x: c.aspect * 0.5, y: horizon - 0.052, r: 0.047, disc: rgb{1.5, 1.18, 0.72}, haze: hex(0xff8a3c), reach: 0.36}
	c.clouds(n, horizon, 0.12, func(x, y, density float64, under rgb) rgb {
		lit := mix(hex(0xff7a63), hex(0xffc872), smooth(0.7, 0.05, math.Hypot(x-s.x, (y-s.y)*1.4)))
		body := mix(hex(0x3c2c5e), hex(0x8a3f6b), smooth(0.1, horizon, y))
		p := mix(lit, body, smooth(0.25, 0.95, density))
		return mix(under, p, 0.92*smooth(0, 0.42, density))
	})
	c.sun(s)
	island(c, horizon)
	gold, deep := hex(0xffd48a), hex(0x14224a)
	c.water(n, horizon, 1, func(x, y, slope float64, mirrored rgb) rgb {
		d := y - horizon
		p := mix(deep, mirrored, 0.30+0.52*smooth(0.40, 0.0, d)+0.16*slope)
		column := bell(x-s.x+slope*0.07, 0.035+0.26*d)
		spark := smooth(0.12-0.5*column, 0.55, slope+0.55*n.at(x*60, y*260))
		return p.plus(gold, column*(0.16+1.5*spark)*(1-0.45*d))
	})
	ferry(c, c.aspect*0.31, horizon+0.012, 0.05)
	flock(c, c.aspect*0.68, 0.30, 7, hex(0x2a1c3e))
}

// island is a headland with a lighthouse at the right end of the horizon.
func island(c *canvas, horizon float64) {
	n := newNoise(8)
	right := c.aspect
	for i, colour := range []rgb{hex(0x8d4560), hex(0x2b1c3a)} {
		k := float64(i)
		ridge := c.ridge(func(x float64) float64 {
			return horizon + 0.004 - (0.075-0.03*k)*smooth(right-0.62+0.3*k, right-0.12, x)*(0.8+0.5*n.fbm(x*7, k*5, 4))
		})
		c.ground(ridge, nil, func(_, y, _ float64, under rgb) rgb {
			return mix(under, colour, smooth(horizon+0.002, horizon-0.001, y))
		})
	}
	x, y := right-0.115, horizon-0.04
	var tower path
	tower.polygon(x-0.009, y, x-0.006, y-0.07, x+0.006, y-0.07, x+0.009, y)
	tower.polygon(x-0.009, y-0.069, x+0.009, y-0.069, x+0.009, y-0.074, x-0.009, y-0.074)
	tower.polygon(x-0.005, y-0.073, x-0.005, y-0.088, x, y-0.096, x+0.005, y-0.088, x+0.005, y-0.073)
	c.fill(&tower, flat(hex(0x24182f)))
	c.glow(x, y-0.081, 0.012, hex(0xffe2a0).mul(1.4))
}

// ferry is a small sailing boat with its reflection.
func ferry(c *canvas, x, y, size float64) {
	for _, up := range []float64{1, -0.8} {
		var boat path
		boat.move(x-size*0.55, y-up*size*0.12)
		boat.curve(x-size*0.3, y+up*size*0.03, x+size*0.3, y+up*size*0.03, x+size*0.62, y-up*size*0.16)
		boat.polygon(x, y-up*size*0.16, x+size*0.02, y-up*size*1.35, x+size*0.47, y-up*size*0.24)
		boat.polygon(x-size*0.05, y-up*size*0.2, x-size*0.02, y-up*size*1.2, x-size*0.4, y-up*size*0.22)
		boat.stroke([]point{{x, y - up*size*0.1}, {x, y - up*size*1.4}}, size*0.025, size*0.02)
		c.fill(&boat, veil(hex(0x231733), []float64{0.45, 0, 0.97}[int(up+1)]))
	}
}
