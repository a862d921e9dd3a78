package paint

import "math"

// rainyWindow is a street at night, out of focus behind a wet pane.
func rainyWindow(c *canvas) {
	street := c.smaller(3)
	dice := random(17)
	street.sky(gradient(0x061018, 0x0b2230, 0x183845, 0x2a2630, 0x101620, 0x05070c), 1)
	lights := []rgb{hex(0xffa23e), hex(0xff4b3a), hex(0x37c6d9), hex(0xffd9a0), hex(0xff5fa2), hex(0xffb84d), hex(0x5ee0a0)}
	street.glow(c.aspect*0.5, 0.52, 0.42, hex(0xd0622a).mul(0.11))
	for range 90 {
		spread := dice.Float64() + dice.Float64() - 1
		x, y := c.aspect*(0.5+0.62*spread), 0.52+0.20*(dice.Float64()+dice.Float64()-1)-0.10*math.Abs(spread)
		r := lerp(0.014, 0.058, math.Pow(dice.Float64(), 1.8))
		street.bokeh(x, y, r, lights[dice.IntN(len(lights))].mul(lerp(0.75, 0.22, r/0.06)))
	}
	for i := range 8 { // cars, and what they throw on the road
		near := hash(i, 7)
		x, y := c.aspect*(0.06+0.125*float64(i)+0.04*hash(i, 8)), 0.63+0.07*near
		light, r := lights[[]int{3, 1}[int(hash(i, 9)*2)]], lerp(0.016, 0.032, near)
		for side := -1.0; side <= 1; side += 2 {
			at := x + side*r*1.2
			street.bokeh(at, y, r, light.mul(0.8))
			street.within(at-0.08, y, at+0.08, 1, func(px, py float64, under rgb) rgb {
				return under.plus(light, 0.28*bell(px-at-0.002*math.Sin(py*90), r*0.8)*math.Exp(-(py-y)*6))
			})
		}
	}
	street.blur(0.004)
	n := newNoise(23)
	c.shade(func(x, y float64, _ rgb) rgb {
		p := street.at(x+0.004*n.at(x*9, y*5), y)
		mist := 0.012 + 0.012*n.fbm(x*3, y*3, 3)
		fine := smooth(0.5, 0.95, n.at(x*150, y*150))
		return mix(p, hex(0x8fb4c8), mist).mul(1 + 0.5*fine)
	})
	for range 26 {
		x, y, r := dice.Float64()*c.aspect, dice.Float64()*0.9, lerp(0.005, 0.0095, dice.Float64())
		trail(c, street, n, x, y, r, 0.15+0.5*dice.Float64())
	}
	for range 1300 {
		r := 0.0012 + 0.019*math.Pow(dice.Float64(), 7)
		drop(c, street, dice.Float64()*c.aspect, dice.Float64(), r, 1+0.25*dice.Float64())
	}
	c.look = look{bloom: 0.35, bright: 0.6, radius: 0.03, vignette: 0.4, grain: 4}
}

// drop shows the street upside down, as a small lens does.
func drop(c, street *canvas, x, y, r, tall float64) {
	c.within(x-r*1.3, y-r*tall*1.3, x+r*1.3, y+r*tall*1.3, func(px, py float64, under rgb) rgb {
		u, v := (px-x)/r, (py-y)/(r*tall)
		u *= 1 + 0.16*v
		lobes := 1 + 0.13*math.Sin(2*u+x*900)*math.Cos(2.3*v+y*700)
		d := math.Hypot(u, v) * lobes
		if d > 1.25 {
			return under
		}
		bulge := 0.10 + 0.22*d*d
		p := street.at(x-u*bulge, 0.53+(y-0.5)*0.3-v*bulge*1.3).mul(1.15)
		p = p.mul(1 - 0.8*smooth(0.5, 1, d)*smooth(0.5, -0.9, v))
		p = p.plus(hex(0xcfe6ff), 0.5*smooth(0.20, 0.0, math.Hypot(u+0.30, (v+0.45)*1.5)))
		p = p.plus(hex(0xffc890), 0.10*smooth(0.5, 0.95, d)*smooth(0.1, 0.9, v))
		edge := 0.7 / (r * float64(c.h))
		return mix(under.mul(1-0.28*smooth(1.25, 1, d)), p, smooth(1+edge, 1-edge, d))
	})
}

// trail is the way a drop took down the pane, with what it left behind.
func trail(c, street *canvas, n *noise, x, y, r, length float64) {
	bend := func(py float64) float64 { return x + 0.012*n.at(py*4, x*30) + 0.004*n.at(py*17, x*30+5) }
	c.within(x-0.04, y-length, x+0.04, y, func(px, py float64, under rgb) rgb {
		t := (y - py) / length
		w := r * (0.75 - 0.5*t) * (0.8 + 0.4*n.at(py*60, x*9))
		u := (px - bend(py)) / w
		if math.Abs(u) > 1.2 || t < 0 || t > 1 {
			return under
		}
		p := street.at(px-u*0.06, py).mul(1.1 - 0.35*u)
		return mix(under, p, smooth(1.15, 0.8, math.Abs(u))*smooth(1, 0.75, t)*0.9)
	})
	dice := random(uint64(x * 1e9))
	for k := length; k > 0; k -= 0.012 + 0.03*dice.Float64() {
		drop(c, street, bend(y-k)+0.002*(dice.Float64()-0.5), y-k, r*(0.18+0.3*dice.Float64()), 1.2)
	}
	drop(c, street, bend(y), y, r, 1.5)
}
