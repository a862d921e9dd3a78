package paint

import "math"

// lanterns is a family letting go of theirs by the water, among a thousand.
func lanterns(c *canvas) {
	n := newNoise(211)
	const shore = 0.765
	c.sky(gradient(0x0a0d2e, 0x1a1a4f, 0x3d2a66, 0x7a3f63, 0xc06a4e), shore)
	c.stars(14, 240, 0.5, 0.4)
	c.clouds(n, shore, -0.12, func(_, y, density float64, under rgb) rgb {
		return mix(under, mix(hex(0x3a2f6b), hex(0xc2685a), smooth(0.1, 0.7, y)), 0.5*density)
	})
	for i := range 3 {
		k := float64(i) / 2
		ridge := c.ridge(func(x float64) float64 {
			return shore - 0.012 + 0.006*k - (0.10-0.07*k)*n.ridged(x*1.5+k*6+2, k*4, 4)
		})
		colour, haze := mix(hex(0x5a3560), hex(0x1a1434), k), mix(hex(0xa85a5a), hex(0x3a2448), k)
		c.ground(ridge, nil, func(_, _, depth float64, _ rgb) rgb { return mix(colour, haze, smooth(0, 0.09, depth)) })
	}
	dice := random(212)
	const count = 330
	for i := range count { // far ones first
		t := float64(i) / count
		near := math.Pow(t, 5)
		spread := dice.Float64() + 0.6*dice.Float64() - 0.3
		drift := 0.18 * math.Sin(spread*3)
		x := c.aspect * spread
		y := lerp(shore-0.03, -0.08, math.Pow(dice.Float64(), lerp(1.1, 0.6, t))) + drift*0.2
		if near > 0.25 && math.Abs(x-c.aspect*0.5) < 0.24 && y > 0.25 {
			continue
		}
		lantern(c, x, y, lerp(0.0035, 0.060, near), 0.25*(dice.Float64()-0.5), 0.72+0.35*dice.Float64())
	}
	lantern(c, c.aspect*0.5-0.015, 0.475, 0.068, 0.04, 1.1)
	c.water(n, shore, 0.9, func(x, y, slope float64, mirrored rgb) rgb {
		p := mix(hex(0x100c2a), mirrored, 0.86-0.8*(y-shore))
		return p.plus(hex(0xffa552), 0.32*smooth(0.1, 0.7, slope)*bell(x-c.aspect*0.5, 0.22))
	})
	bank := c.ridge(func(x float64) float64 { return 0.918 + 0.012*n.fbm(x*3, 5, 3) - 0.004*math.Abs(n.at(x*90, 2)) })
	c.ground(bank, nil, func(x, _, depth float64, _ rgb) rgb {
		return mix(hex(0x5a2f2a), hex(0x0b0818), smooth(0, 0.02, depth)+smooth(0, 0.4, math.Abs(x-c.aspect*0.5)))
	})
	family(c, c.aspect*0.5, 0.945, 0.36)
	c.look = look{bloom: 0.6, bright: 0.5, radius: 0.035, vignette: 0.4, grain: 4}
}

// lantern is a paper one with a flame in it.
func lantern(c *canvas, x, y, size, tilt, light float64) {
	c.glow(x, y, size*1.9, hex(0xff7a2a).mul(0.16*light))
	if size < 0.006 {
		c.glow(x, y, size*0.8, hex(0xffa848).mul(0.9*light))
		return
	}
	s, k := math.Sincos(tilt)
	at := func(u, v float64) (float64, float64) { return x + size*(u*k-v*s), y + size*(u*s+v*k) }
	var p path
	p.move(at(-0.46, 0.72))
	bend := func(a, b, d, e, f, g float64) {
		x1, y1 := at(a, b)
		x2, y2 := at(d, e)
		x3, y3 := at(f, g)
		p.curve(x1, y1, x2, y2, x3, y3)
	}
	bend(-0.56, 0.2, -0.70, -0.3, -0.60, -0.62)
	bend(-0.50, -0.86, 0.50, -0.86, 0.60, -0.62)
	bend(0.70, -0.3, 0.56, 0.2, 0.46, 0.72)
	bend(0.3, 0.80, -0.3, 0.80, -0.46, 0.72)
	c.fill(&p, func(px, py float64, under rgb) rgb {
		u, v := ((px-x)*k+(py-y)*s)/size, ((py-y)*k-(px-x)*s)/size
		heat := math.Exp(-2.1 * math.Hypot(u*1.1, (v-0.62)*0.72))
		q := mix(hex(0xc8401a), hex(0xff9a3a), smooth(0.12, 0.5, heat))
		q = mix(q, hex(0xffe9a8), smooth(0.45, 0.9, heat))
		q = q.mul(light * (0.92 + 0.14*math.Cos(u*9)))
		return mix(under, q, 0.94)
	})
}

// family is two grown-ups and a child from behind, arms up to one lantern.
func family(c *canvas, x, y, tall float64) {
	at := func(u, v float64) point { return point{x + u*tall, y - v*tall} }
	person := func(u, size, skirt float64, left, right point) *path {
		p := new(path)
		q := func(a, b float64) point { return at(u+a*size, b*size) }
		head, neck := q(0, 0.915), q(0, 0.82)
		p.ellipse(head.x, head.y, tall*size*0.060, tall*size*0.075, 0)
		p.stroke([]point{{neck.x, neck.y - tall*size*0.05}, {neck.x, neck.y + tall*size*0.05}}, tall*size*0.05, tall*size*0.06)
		start := q(-0.13, 0.76)
		p.move(start.x, start.y)
		for _, b := range [][6]float64{{-.12, .81, -.05, .81, 0, .82}, {.05, .81, .12, .81, .13, .76}, {.12, .6, .10, .52, .11 + skirt*.3, .44}, {.12 + skirt, .3, .13 + skirt, .25, .13 + skirt, .22}, {.05, .20, -.05, .20, -.13 - skirt, .22}, {-.13 - skirt, .25, -.12 - skirt, .3, -.11 - skirt*.3, .44}, {-.10, .52, -.12, .6, -.13, .76}} {
			a, d, e := q(b[0], b[1]), q(b[2], b[3]), q(b[4], b[5])
			p.curve(a.x, a.y, d.x, d.y, e.x, e.y)
		}
		for _, side := range []float64{-1, 1} {
			p.stroke([]point{q(side*0.065, 0.40), q(side*0.062, 0.2), q(side*0.068, 0.0)}, tall*size*0.105, tall*size*0.055)
			foot := q(side*0.075, 0.0)
			p.ellipse(foot.x, foot.y, tall*size*0.045, tall*size*0.022, 0)
			shoulder, hand := q(side*0.105, 0.755), right
			if side < 0 {
				hand = left
			}
			elbow := point{(shoulder.x+hand.x)/2 + side*tall*size*0.05, (shoulder.y+hand.y)/2 + tall*size*0.03}
			p.stroke([]point{shoulder, elbow, hand}, tall*size*0.075, tall*size*0.040)
			for _, joint := range []struct {
				point
				r float64
			}{{shoulder, 0.042}, {elbow, 0.029}, {hand, 0.027}} {
				p.ellipse(joint.x, joint.y, tall*size*joint.r, tall*size*joint.r*1.1, 0)
			}
		}
		return p
	}
	figures := []*path{
		person(-0.29, 1.0, 0.0, at(-0.30, 1.06), at(-0.11, 1.10)),
		person(0.255, 0.94, 0.06, at(0.09, 1.09), at(0.28, 1.02)),
		person(-0.02, 0.64, 0.05, at(-0.10, 0.76), at(0.065, 0.77)),
	}
	hair := new(path)
	top, tip := at(0.255, 0.87), at(0.255, 0.70)
	hair.stroke([]point{top, {top.x, (top.y + tip.y) / 2}, tip}, tall*0.125, tall*0.085)
	figures = append(figures, hair)
	for _, p := range figures {
		c.fill(p, func(px, py float64, _ rgb) rgb {
			d := math.Hypot(px-x, py-y+tall*1.2) / tall
			return mix(hex(0x7a3a24), hex(0x0d0916), smooth(0.05, 0.75, d))
		})
	}
}
