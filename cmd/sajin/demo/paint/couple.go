package paint

// couple stands at x, y, so tall, under one umbrella.
func couple(c *canvas, x, y, tall float64) {
	at := func(u, v float64) point { return point{x + u*tall, y - v*tall} }
	shape := func(xy ...float64) *path {
		p := new(path)
		p.move(at(xy[0], xy[1]).x, at(xy[0], xy[1]).y)
		for i := 2; i+5 < len(xy); i += 6 {
			a, b, d := at(xy[i], xy[i+1]), at(xy[i+2], xy[i+3]), at(xy[i+4], xy[i+5])
			p.curve(a.x, a.y, b.x, b.y, d.x, d.y)
		}
		return p
	}
	shade := new(path)
	shade.ellipse(x, y+tall*0.015, tall*0.42, tall*0.035, 0)
	c.shadow(shade, 0, 0, 0.012, hex(0x1c2848), 0.75)

	night, wool := hex(0x141b30), hex(0x2a2233)
	legs := new(path)
	for _, l := range [][4]float64{{-.17, .36, -.185, .02}, {-.085, .36, -.075, .02}, {.085, .34, .075, .02}, {.15, .34, .165, .02}} {
		a, b := at(l[0], l[1]), at(l[2], l[3])
		legs.stroke([]point{a, b}, tall*0.062, tall*0.042)
		legs.ellipse(b.x, b.y+tall*0.004, tall*0.034, tall*0.02, 0)
	}
	c.fill(legs, flat(night))

	rim := func(base rgb) shader { // the lamps behind light the outlines
		return func(px, py float64, _ rgb) rgb {
			u, v := (px-x)/tall, (y-py)/tall
			return base.mul(1+0.5*v).plus(hex(0xffb070), 0.05*smooth(0.75, 0.25, v)*smooth(0.02, 0.2, u))
		}
	}
	left := shape(-.225, .30, -.235, .5, -.245, .66, -.205, .70, -.17, .735, -.10, .735, -.065, .70, -.02, .66, -.03, .5, -.02, .28, -.08, .265, -.17, .265, -.225, .30)
	right := shape(.015, .20, .04, .42, .01, .60, .05, .655, .085, .69, .145, .69, .18, .655, .225, .60, .20, .42, .235, .20, .16, .18, .09, .18, .015, .20)
	c.fill(left, rim(hex(0x232c4a)))
	c.fill(right, rim(hex(0x8c6a55)))
	arms := new(path)
	arms.stroke([]point{at(-.075, .665), at(-.035, .575), at(.010, .615)}, tall*0.070, tall*0.046)
	elbow, hand := at(-.036, .575), at(.014, .620)
	arms.ellipse(elbow.x, elbow.y, tall*0.031, tall*0.031, 0)
	arms.ellipse(hand.x, hand.y, tall*0.025, tall*0.025, 0)
	c.fill(arms, rim(hex(0x232c4a)))

	heads := new(path)
	for _, h := range [][3]float64{{-.135, .80, .066}, {.112, .755, .062}} {
		p := at(h[0], h[1])
		heads.ellipse(p.x, p.y, tall*h[2]*0.9, tall*h[2]*1.08, 0)
	}
	c.fill(heads, flat(wool))
	hair := shape(.055, .79, .03, .66, .04, .62, .06, .60, .10, .585, .14, .59, .165, .60, .19, .64, .19, .72, .17, .79, .16, .84, .07, .84, .055, .79)
	c.fill(hair, flat(hex(0x241a20)))
	scarf := shape(-.20, .725, -.16, .75, -.10, .75, -.065, .72, -.07, .69, -.10, .68, -.135, .68, -.17, .68, -.20, .69, -.20, .725)
	c.fill(scarf, flat(hex(0xc9b59a)))

	pole := new(path)
	pole.stroke([]point{at(.02, .60), at(.0, 1.13)}, tall*0.014, tall*0.012)
	c.fill(pole, flat(hex(0x1a1520)))
	dome := shape(-.42, .86, -.37, 1.06, -.16, 1.12, 0, 1.12, .16, 1.12, .37, 1.06, .42, .86,
		.40, .885, .33, .885, .28, .86, .24, .89, .18, .89, .14, .86, .10, .89, .04, .89, 0, .86,
		-.04, .89, -.10, .89, -.14, .86, -.18, .89, -.24, .89, -.28, .86, -.33, .885, -.40, .885, -.42, .86)
	c.fill(dome, func(px, py float64, _ rgb) rgb {
		u, v := (px-x)/tall, (y-py)/tall
		across := u / (0.03 + 0.40*smooth(1.13, 0.86, v))
		p := mix(hex(0xe02b34), hex(0x8f1220), smooth(1.10, 0.86, v)*0.8)
		for _, seam := range []float64{-0.667, -0.333, 0, 0.333, 0.667} {
			p = p.mul(1 - 0.30*bell(across-seam, 0.035))
		}
		p = p.plus(hex(0xff7a6a), 0.28*bell(u+0.10, 0.14)*bell(v-1.06, 0.05))
		return mix(p, hex(0xeef1f8), 0.85*smooth(1.085, 1.11, v+0.02*(across*across)))
	})
}
