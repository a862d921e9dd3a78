package paint

import "math"

func lavender(c *canvas) {
	const horizon = 0.46
	n := newNoise(111)
	vx := c.aspect * 0.56
	c.sky(gradient(0x3a4a8c, 0x7f6bab, 0xd987a0, 0xffb37d, 0xffe09a), horizon)
	s := sun{x: vx + 0.10, y: horizon - 0.045, r: 0.034, disc: rgb{1.5, 1.3, 0.9}, haze: hex(0xffa64d).mul(0.8), reach: 0.38}
	c.clouds(n, horizon, 0.08, func(x, y, density float64, under rgb) rgb {
		lit := mix(hex(0xff9f8c), hex(0xffdca0), smooth(0.6, 0.05, math.Hypot(x-s.x, y-s.y)))
		return mix(under, mix(lit, hex(0x8a5f97), smooth(0.4, 1, density)), 0.85*smooth(0, 0.5, density))
	})
	c.sun(s)
	for i := range 2 {
		k := float64(i)
		ridge := c.ridge(func(x float64) float64 {
			return horizon + 0.006 - (0.06-0.03*k)*smooth(-0.3, 0.8, n.fbm(x*(1.6+k)+k*3+2, k*7, 3)) - 0.004*math.Abs(n.at(x*50, k))
		})
		colour := mix(hex(0xa06f93), hex(0x4f4268), k)
		c.ground(ridge, nil, func(x, y, _ float64, _ rgb) rgb { return colour.plus(s.light(x, y), 0.45) })
	}
	farm(c, c.aspect*0.20, horizon+0.004, 0.052) // the field in front hides its foot
	c.within(0, horizon, c.aspect, 1, func(x, y float64, under rgb) rgb {
		d := y - horizon
		if d < 0 {
			return under
		}
		far := 1 / (d + 0.018)
		row := (x - vx) * far * 1.35
		row += 0.10 * n.at(row*0.5, far*0.3)
		u := math.Abs(row-math.Round(row)) * 2 // 0 on top of a row, 1 in the furrow
		side := (row - math.Round(row)) * 2
		tuft := 0.6*n.at(row*7, far*5)*smooth(60, 12, far) + 0.7*n.at(row*26, far*13)*smooth(24, 3, far) + 0.45*n.at(x*190, y*90)
		blade := n.at(x*210, y*60)
		ground := smooth(0.74, 0.96, u+0.12*tuft)
		dome := math.Sqrt(max(1-u*u*1.25, 0))
		lit := clamp(0.16 + 0.50*dome + 0.36*tuft + 0.22*side*clamp((s.x-x)*3+0.5) + 0.12*blade)
		p := mix(hex(0x241650), hex(0x6a45b0), smooth(0.1, 0.7, lit))
		p = mix(p, hex(0xc08fe2), smooth(0.66, 1.0, lit))
		p = mix(p, hex(0x4a6a3a), 0.55*smooth(0.45, 0.75, u)*(0.5+0.5*blade))
		p = mix(p, mix(hex(0x2b2233), hex(0x6a4a3c), 0.5+0.5*n.fbm(x*30, y*60, 2)), ground*0.85)
		glow := math.Exp(-3.2 * math.Hypot(x-s.x, (y-s.y)*0.9))
		p = p.plus(hex(0xffa060).times(p.plus(rgb{0.1, 0.06, 0.05}, 1)), 2.6*glow*(0.35+0.65*dome))
		return mix(p, hex(0xe08f8f), 0.75*smooth(0.09, 0, d))
	})
	c.look = look{bloom: 0.35, bright: 0.65, radius: 0.05, vignette: 0.4, grain: 3}
}

// farm is a stone house with cypresses on the horizon.
func farm(c *canvas, x, y, size float64) {
	var trees, house, roof path
	for i, dx := range []float64{-1.5, -1.1, 1.35, 1.75, 2.2} {
		h := size * (1.5 + 0.5*hash(i, 3))
		trees.move(x+dx*size, y)
		trees.curve(x+dx*size-h*0.17, y-h*0.2, x+dx*size-h*0.10, y-h*0.7, x+dx*size, y-h)
		trees.curve(x+dx*size+h*0.10, y-h*0.7, x+dx*size+h*0.17, y-h*0.2, x+dx*size, y)
	}
	trees.ellipse(x-0.45*size, y-size*0.12, size*0.5, size*0.22, 0)
	trees.ellipse(x+2.8*size, y-size*0.2, size*0.6, size*0.4, 0)
	c.fill(&trees, flat(hex(0x2c2a45)))
	house.polygon(x-size*0.7, y, x-size*0.7, y-size*0.5, x+size*0.8, y-size*0.5, x+size*0.8, y)
	c.fill(&house, func(px, _ float64, _ rgb) rgb {
		return mix(hex(0x8f6a72), hex(0xe2a583), smooth(x-size*0.7, x+size, px))
	})
	roof.polygon(x-size*0.8, y-size*0.48, x-size*0.5, y-size*0.86, x+size*0.6, y-size*0.86, x+size*0.9, y-size*0.48)
	c.fill(&roof, flat(hex(0x7c3f42)))
	for _, u := range []float64{-0.4, 0.02, 0.44} {
		c.rect(x+u*size, y-size*0.36, x+u*size+size*0.14, y-size*0.14, flat(hex(0xffd584)))
	}
}

func balloons(c *canvas) {
	n := newNoise(121)
	c.sky(gradient(0x3f78b8, 0x83aed2, 0xd5c7c4, 0xffc79a, 0xffdfa8), 0.74)
	s := sun{x: c.aspect * 0.10, y: 0.60, r: 0.001, disc: hex(0xffffff), haze: hex(0xffb260).mul(0.8), reach: 0.55}
	c.clouds(n, 0.72, -0.10, func(_, y, density float64, under rgb) rgb {
		return mix(under, mix(hex(0xf6e7e2), hex(0xffcfa0), smooth(0.1, 0.7, y)), 0.65*density)
	})
	c.shade(func(x, y float64, under rgb) rgb { return under.add(s.light(x, y)) })
	ridges := make([][]float64, 6)
	for i := range ridges {
		k := float64(i) / 5
		ridges[i] = c.ridge(func(x float64) float64 {
			return 0.70 + 0.24*math.Pow(k, 1.5) - (0.075+0.03*k)*n.fbm(x*(1.9-1.0*k)+k*4.4, k*3, 5-i/2)
		})
	}
	for i, ridge := range ridges {
		k := float64(i) / 5
		hill, haze := mix(hex(0x9f9fbd), hex(0x1f4a3c), math.Sqrt(k)), mix(hex(0xffd6ae), hex(0xd99b6a), k)
		if i > 1 {
			grove(c, ridge, uint64(i), 0.005+0.016*k*k, hill, s)
		}
		c.ground(ridge, next(ridges, i), func(x, y, depth float64, _ rgb) rgb {
			patch := smooth(-0.1, 0.1, n.at(x*(9-5*k)+k*7, (y-ridge[int(x*float64(c.h))]*0.5)*(30-16*k)))
			p := mix(hill, mix(hill, hex(0xb79a3e), 0.45), patch*k)
			mist := smooth(0.005, 0.12, depth+0.045*n.fbm(x*2.5+k*9, y*7, 3)) * (0.95 - 0.5*k)
			return mix(p, haze, mist).plus(s.light(x, y), 0.4*(1-k)+0.06)
		})
		for j, b := range fleet {
			if b.layer == i {
				balloon(c, c.aspect*b.x, b.y, b.r, j, s)
			}
		}
	}
	c.look = look{bloom: 0.25, bright: 0.7, radius: 0.05, vignette: 0.25, grain: 3}
}
