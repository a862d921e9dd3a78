package paint

import "math"

// redUmbrella is a couple seen from behind in the first snow of a blue evening.
func redUmbrella(c *canvas) {
	n := newNoise(61)
	const street = 0.70
	c.sky(gradient(0x14244f, 0x24437f, 0x4a73ae, 0x93a9cd, 0xe3c9c0), street)
	cx := c.aspect * 0.5
	c.glow(cx, street-0.06, 0.36, hex(0xffb880).mul(0.42))
	c.within(0, street, c.aspect, 1, func(x, y float64, under rgb) rgb {
		d := y - street
		far := 0.2 / (d + 0.03)
		drift := n.fbm((x-cx)*far*2, far*5, 4)
		p := mix(hex(0xc9c3d0), hex(0x5f7cb4), smooth(0, 0.30, d+0.03*drift))
		way := math.Abs(x-cx) / (0.05 + 0.75*d)
		p = mix(p, p.times(hex(0xc3cad9)), 0.8*smooth(1, 0.75, way+0.2*drift))
		trodden := smooth(0.35, 0.6, n.at((x-cx)*far*26, far*34)) * smooth(0.55, 0.3, way)
		p = p.mul(1 - 0.22*trodden)
		return p.plus(hex(0xffb06c), 0.30*bell(x-cx, 0.09+0.9*d)*math.Exp(-d*4.5)*(0.8+0.3*drift))
	})
	for i := range 5 {
		avenue(c, i, cx, street)
	}
	for i := range 4 {
		k := float64(3 - i)
		side, spread, size := 0.055+0.62*math.Pow(0.52, k), 1.0, 0.17+0.62*math.Pow(0.52, k)
		for _, s := range []float64{-1, 1} {
			lamp(c, cx+s*side*spread, street+0.23*math.Pow(0.45, k), size*0.62, -s)
		}
	}
	couple(c, cx, 0.885, 0.36)
	dice := random(29)
	for range 900 {
		m := math.Pow(dice.Float64(), 3)
		x, y, r := dice.Float64()*c.aspect, dice.Float64(), 0.0009+0.0024*m
		c.disc(x, y, r, r*0.8, veil(hex(0xf4f6fb), 0.45+0.5*dice.Float64()))
	}
	for range 46 {
		r := 0.007 + 0.013*dice.Float64()
		c.disc(dice.Float64()*c.aspect, dice.Float64(), r, r*0.35, veil(hex(0xe6ecf7), 0.10+0.14*dice.Float64()))
	}
	c.look = look{bloom: 0.4, bright: 0.62, radius: 0.045, vignette: 0.45, grain: 4}
}

// avenue is one pair of bare, snow-dusted trees; the first is the farthest.
func avenue(c *canvas, i int, cx, street float64) {
	t := float64(i) / 4
	near := math.Pow(0.56, float64(4-i))
	colour := mix(hex(0x8d9cc0), hex(0x16213f), math.Pow(t, 0.7))
	dice := random(uint64(100 + i))
	for _, side := range []float64{-1, 1} {
		var tree path
		branch(&tree, dice.Float64, point{cx + side*(0.05+0.66*near), street + 0.24*near}, -math.Pi/2-side*0.04, 0.27*near+0.01, 0.034*near, 7)
		c.fill(&tree, flat(colour))
		drift := mix(hex(0xc9c3d0), hex(0x7f97c4), t)
		c.disc(cx+side*(0.05+0.66*near), street+0.24*near+0.020*near, 0.030*near, 0.016*near, flat(drift))
	}
}

// branch grows a tree: a limb that divides until it is thin.
func branch(p *path, dice func() float64, at point, angle, length, width float64, depth int) {
	const joints = 4
	limb := []point{at}
	for range joints {
		angle += 0.34 * (dice() - 0.5)
		s, k := math.Sincos(angle)
		at = point{at.x + k*length/joints, at.y + s*length/joints}
		limb = append(limb, at)
	}
	p.stroke(limb, width, width*0.66)
	if depth == 0 {
		return
	}
	p.ellipse(at.x, at.y, width*0.33, width*0.33, 0)
	for k := range 2 + int(dice()*1.4) {
		fork := (0.30 + 0.42*dice()) * float64(k%2*2-1)
		if k == 2 {
			fork *= 0.3
		}
		branch(p, dice, at, angle+fork, length*(0.66+0.2*dice()), width*0.64, depth-1)
	}
}

// lamp is a street lamp that leans its light over the way.
func lamp(c *canvas, x, y, size, lean float64) {
	var post path
	post.stroke([]point{{x, y}, {x, y - size}}, size*0.035, size*0.022)
	post.ellipse(x, y, size*0.04, size*0.015, 0)
	arm := []point{}
	for i := range 9 {
		t := float64(i) / 8
		arm = append(arm, point{x + lean*size*0.17*t, y - size*(1+0.05*math.Sin(math.Pi*t))})
	}
	post.stroke(arm, size*0.02, size*0.016)
	hx, hy := x+lean*size*0.17, y-size*0.985
	post.polygon(hx-size*0.05, hy+size*0.03, hx-size*0.02, hy-size*0.02, hx+size*0.02, hy-size*0.02, hx+size*0.05, hy+size*0.03)
	c.fill(&post, flat(mix(hex(0x10182b), hex(0x6b6f86), smooth(0.5, 0.1, size))))
	c.glow(hx, hy+size*0.045, size*0.036, hex(0xffe2ae).mul(1.6))
	c.glow(hx, hy+size*0.06, size*0.22, hex(0xffa856).mul(0.42))
}
