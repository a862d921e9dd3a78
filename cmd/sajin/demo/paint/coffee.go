package paint

import "math"

// latte is a cup from above in the light of a window.
func latte(c *canvas) {
	n := newNoise(191)
	c.shade(func(x, y float64, _ rgb) rgb { // an oak table
		board := math.Floor(y*4.2 + 0.3)
		v := y*4.2 + 0.3 - board
		gx := x + board*3.7
		ring := n.fbm(gx*0.9+2, y*9+board*5, 4)
		fibre := n.at(gx*6, y*170)*0.5 + n.at(gx*16, y*420)*0.5
		p := mix(hex(0xb98a5e), hex(0x7a4f30), clamp(0.5+0.55*math.Sin(ring*11)*0.5+0.22*fibre))
		p = p.mul(0.94 + 0.12*hash(int(board)+3, 1))
		return p.mul(1 - 0.55*smooth(0.985, 1, math.Abs(v*2-1)))
	})
	light := func(x, y float64) float64 { // past the frame of the window
		return smooth(-0.06, 0.06, math.Sin((x*0.9+y*0.55)*5.4+4.3)+0.55)
	}
	sunlit := func() {
		c.shade(func(x, y float64, under rgb) rgb {
			l := light(x, y)
			return under.times(mix(hex(0xa9a6b8), hex(0xfff3dc), l)).mul(0.92 + 0.38*l)
		})
	}
	x, y, r := c.aspect*0.47, 0.51, 0.235*min(1, c.aspect/1.0)
	napkin(c, n, x, y, r)
	beans(c, r)
	var saucer, cup path
	saucer.ellipse(x, y, r*1.62, r*1.62, 0)
	c.shadow(&saucer, 0.020, 0.030, 0.030, hex(0x2a1408), 0.7)
	c.shadow(&saucer, 0.004, 0.006, 0.006, hex(0x2a1408), 0.6)
	glaze := hex(0xdfe7e4)
	c.fill(&saucer, func(px, py float64, _ rgb) rgb {
		u, v := (px-x)/r, (py-y)/r
		d := math.Hypot(u, v)
		dip := (smooth(1.1, 1.25, d) - smooth(1.5, 1.62, d)*1.2) * (u + v) / (d + 0.01)
		return glaze.mul(0.93+0.10*dip-0.15*smooth(1.56, 1.62, d)).plus(hex(0xffffff), 0.2*bell(d-1.545, 0.02)*smooth(0.6, -1, u+v))
	})
	spoon(c, x+r*1.22, y+r*0.35, r)
	var handle path
	handle.round(x-r*1.50, y-r*0.13, x-r*0.85, y+r*0.13, r*0.12)
	c.shadow(&handle, 0.008, 0.014, 0.008, hex(0x3a2c28), 0.5)
	c.fill(&handle, func(_, py float64, _ rgb) rgb { return glaze.mul(1.02 - 0.35*smooth(-0.13, 0.13, (py-y)/r)) })
	cup.ellipse(x, y, r*1.03, r*1.03, 0)
	c.shadow(&cup, 0.018, 0.028, 0.022, hex(0x3a2c28), 0.6)
	c.fill(&cup, func(px, py float64, _ rgb) rgb {
		u, v := (px-x)/r, (py-y)/r
		return coffee(n, u, v, glaze)
	})
	sunlit()
	c.look = look{bloom: 0.22, bright: 0.7, radius: 0.05, vignette: 0.4, grain: 3}
}

// coffee is the cup's rim, the crema and the leaf poured into it.
func coffee(n *noise, u, v float64, glaze rgb) rgb {
	d := math.Hypot(u, v)
	rim := glaze.mul(1.06).plus(hex(0xffffff), 0.22*smooth(0.3, -1, u+v))
	inner := glaze.mul(0.50 + 0.32*smooth(-1, 1, (u+v)/1.4))
	p := mix(rim, inner, smooth(0.965, 0.94, d))
	crema := mix(hex(0x9a5a26), hex(0x4f260f), smooth(0.35, 0.95, d)+0.25*n.fbm(u*4, v*4, 4))
	s, k := math.Sincos(0.55)
	a, b := u*k+v*s, v*k-u*s // b runs along the leaf, its tip up
	a += 0.025 * n.at(u*3, v*3)
	t := (0.72 - b) / 1.38 // 0 at the stem, 1 at the tip
	wide := 0.60 * math.Pow(math.Sin(math.Pi*clamp(math.Pow(clamp(t), 0.72))), 0.75)
	phase := t*8.5 + math.Pow(math.Abs(a)/(wide+0.05), 1.25)*1.15*(1-0.3*t) + 0.05*n.at(u*7, v*7)
	layer := math.Abs(phase-math.Floor(phase)-0.5) * 2
	milk := smooth(0.22, 0.40, layer) * smooth(wide+0.03, wide-0.03, math.Abs(a)) * smooth(0.02, 0.10, t) * smooth(1, 0.94, t)
	milk = max(milk, smooth(0.026, 0.010, math.Abs(a))*smooth(0.98, 0.9, t)*smooth(0.0, 0.05, t))
	heart := math.Hypot(a*1.0, (b+0.50)*1.25)
	milk = max(milk, smooth(0.15, 0.12, heart))
	crema = mix(crema, hex(0xf7e6cb), milk*(0.93+0.07*n.at(u*12, v*12)))
	crema = crema.mul(0.72 + 0.28*smooth(0.93, 0.80, d-0.05*(u+v)))
	return mix(p, crema, smooth(0.915, 0.895, d))
}

// napkin is a folded linen cloth under the saucer.
func napkin(c *canvas, n *noise, x, y, r float64) {
	var cloth path
	cloth.polygon(x-r*2.6, y+r*0.6, x+r*0.5, y-r*2.25, x+r*2.75, y+r*0.4, x-r*0.2, y+r*2.7)
	c.shadow(&cloth, 0.008, 0.012, 0.012, hex(0x2a1408), 0.6)
	s, k := math.Sincos(-0.745)
	c.fill(&cloth, func(px, py float64, _ rgb) rgb {
		u, v := (px-x)*k+(py-y)*s, (py-y)*k-(px-x)*s
		weave := n.at(u*260, v*26)*0.5 + n.at(u*26, v*260)*0.5
		p := hex(0x8fa3a0).mul(1 + 0.09*weave + 0.06*n.fbm(u*5, v*5, 3))
		stripe := smooth(0.010, 0.007, math.Abs(math.Abs(v/r)-1.42)*r) + smooth(0.004, 0.002, math.Abs(math.Abs(v/r)-1.30)*r)
		return mix(p, hex(0xf1e8d6), 0.85*min(stripe, 1))
	})
}

// beans lie scattered on the table.
func beans(c *canvas, r float64) {
	dice := random(12)
	for i := range 26 {
		x, y := c.aspect*(0.80+0.22*(dice.Float64()-0.35)), 0.12+0.22*(dice.Float64()-0.4)
		if i > 15 {
			x, y = c.aspect*(0.08+0.2*(dice.Float64()-0.4)), 0.86+0.2*(dice.Float64()-0.4)
		}
		turn, size := dice.Float64()*3.14, r*0.085
		s, k := math.Sincos(turn)
		var bean path
		bean.ellipse(x, y, size, size*0.70, turn)
		c.shadow(&bean, 0.004, 0.006, 0.005, hex(0x1a0c05), 0.65)
		c.fill(&bean, func(px, py float64, _ rgb) rgb {
			u, v := ((px-x)*k+(py-y)*s)/size, ((py-y)*k-(px-x)*s)/size
			p := mix(hex(0x6b3a1f), hex(0x2a130a), smooth(-0.8, 0.8, (px-x+py-y)/size))
			p = p.plus(hex(0xffe2c0), 0.16*bell((px-x)/size+0.3, 0.22)*bell((py-y)/size+0.3, 0.22))
			return p.mul(1 - 0.75*bell(v-0.10*math.Sin(u*3), 0.075))
		})
	}
}

// spoon rests on the saucer.
func spoon(c *canvas, x, y, r float64) {
	var steel path
	steel.stroke([]point{{x - r*0.10, y - r*0.55}, {x, y - r*0.1}, {x + r*0.14, y + r*0.75}}, r*0.050, r*0.095)
	steel.ellipse(x-r*0.14, y-r*0.72, r*0.125, r*0.21, -0.18)
	steel.ellipse(x+r*0.14, y+r*0.75, r*0.048, r*0.048, 0)
	c.shadow(&steel, 0.005, 0.010, 0.006, hex(0x3a2c28), 0.55)
	c.fill(&steel, func(px, py float64, _ rgb) rgb {
		u, v := (px-x)/r, (py-y)/r
		across := u - 0.16*(v+0.1) - 0.03
		p := mix(hex(0xf4f4f2), hex(0x77757c), smooth(-0.05, 0.06, across))
		bowl := math.Hypot((u+0.14)/0.105, (v+0.72)/0.185)
		return mix(p, mix(hex(0x6d6a70), hex(0xf7f3ec), smooth(-0.8, 0.9, (u+0.14)/0.105+(v+0.72)/0.2)), smooth(1.05, 0.9, bowl))
	})
}
