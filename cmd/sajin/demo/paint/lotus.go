package paint

import "math"

// rings are the ripples of a drop.
func rings(c *canvas, x, y, r, phase float64) {
	c.within(x-r*1.3, y-r*1.3, x+r*1.3, y+r*1.3, func(px, py float64, under rgb) rgb {
		d := math.Hypot(px-x, py-y) / r
		if d > 1.3 {
			return under
		}
		wave := math.Sin(d*22+phase) * smooth(1.3, 0.5, d) * smooth(0.05, 0.2, d)
		light := (px - x + py - y) / r
		return under.mul(1+0.10*wave).plus(hex(0xcfeee6), 0.10*max(wave*(0.4-light), 0))
	})
}

// pad is a lily leaf with a notch at turn.
func pad(c *canvas, n *noise, x, y, r, turn float64) {
	var leaf path
	leaf.move(x+0.08*r*math.Cos(turn), y+0.08*r*math.Sin(turn))
	for i := range 61 {
		a := turn + 0.16 + float64(i)/60*(2*math.Pi-0.32)
		s, k := math.Sincos(a)
		rr := r * (1 + 0.018*math.Sin(a*9+turn))
		leaf.line(x+k*rr, y+s*rr)
	}
	c.shadow(&leaf, 0.010, 0.018, 0.012, hex(0x021417), 0.7)
	c.fill(&leaf, func(px, py float64, _ rgb) rgb {
		u, v := (px-x)/r, (py-y)/r
		d, a := math.Hypot(u, v), math.Atan2(v, u)
		vein := bell(math.Mod(math.Abs(a-turn)*11/math.Pi, 1)-0.5, 0.08/(0.35+d)) * smooth(0.02, 0.2, d) * smooth(1, 0.8, d)
		p := mix(hex(0x6fae4a), hex(0x1f5f3a), smooth(0, 1, d)+0.25*n.fbm(px*14, py*14, 3))
		p = p.mul(1-0.16*(u+v)).plus(hex(0xc8e59a), 0.16*vein)
		return mix(p, hex(0x8c4b35), 0.5*smooth(0.955, 0.99, d))
	})
	dice := random(uint64(x*1e6) + 3)
	for range 5 { // dew
		a, d := dice.Float64()*6.28, r*0.8*math.Sqrt(dice.Float64())
		bx, by, br := x+d*math.Cos(a), y+d*math.Sin(a), r*(0.015+0.03*dice.Float64())
		c.disc(bx, by, br, br*0.3, func(px, py float64, under rgb) rgb {
			return under.mul(0.8 + 0.5*smooth(-br, br, px-bx+py-by))
		})
		c.disc(bx-br*0.35, by-br*0.35, br*0.25, br*0.2, veil(hex(0xffffff), 0.9))
	}
}

// lotus is an open flower seen from above.
func lotus(c *canvas, x, y, r float64) {
	for ring := range 4 {
		k := float64(ring) / 3
		long, wide := r*(1-0.22*float64(ring)), r*(0.30-0.045*float64(ring))
		for i := range 8 {
			a := (float64(i)+0.5*float64(ring%2))*math.Pi/4 + 0.2
			s, co := math.Sincos(a)
			var petal path
			petal.move(x, y)
			petal.curve(x+co*long*0.3-s*wide, y+s*long*0.3+co*wide, x+co*long*0.75-s*wide*0.9, y+s*long*0.75+co*wide*0.9, x+co*long, y+s*long)
			petal.curve(x+co*long*0.75+s*wide*0.9, y+s*long*0.75-co*wide*0.9, x+co*long*0.3+s*wide, y+s*long*0.3-co*wide, x, y)
			if ring == 0 {
				c.shadow(&petal, 0.006, 0.010, 0.006, hex(0x052015), 0.35)
			}
			c.fill(&petal, func(px, py float64, _ rgb) rgb {
				u, v := ((px-x)*co+(py-y)*s)/long, ((py-y)*co-(px-x)*s)/wide
				p := mix(mix(hex(0xfff1f2), hex(0xffd7e2), k), hex(0xef6f9d), smooth(0.30, 1.0, u)*(0.95-0.35*k))
				return p.mul((1.02 - 0.26*v*v - 0.14*(co+s)*0.5 - 0.30*smooth(0.4, 0, u)) * (0.86 + 0.14*k))
			})
		}
	}
	c.disc(x, y, r*0.17, 0, func(px, py float64, _ rgb) rgb {
		return mix(hex(0xffe27a), hex(0xd99a20), math.Hypot(px-x, py-y)/(r*0.17))
	})
	for i := range 9 {
		s, k := math.Sincos(float64(i) * 2.4)
		d := r * 0.042 * math.Sqrt(float64(i))
		c.disc(x+k*d, y+s*d, r*0.016, 0, flat(hex(0x8a6a14)))
	}
}
