package paint

import "math"

// autumn is a forest path painted in dabs, the way a painter would.
func autumn(c *canvas) {
	n := newNoise(141)
	const horizon = 0.56
	cx := c.aspect * 0.52
	c.shade(func(x, y float64, _ rgb) rgb {
		d := math.Hypot((x-cx)*0.9, y-horizon+0.10)
		p := mix(hex(0xfff1b8), hex(0xf2a23c), smooth(0, 0.42, d))
		p = mix(p, hex(0x8f3b1c), smooth(0.30, 0.95, d))
		return p.mul(0.95 + 0.16*n.fbm(x*4, y*4, 4))
	})
	c.within(0, horizon-0.02, c.aspect, 1, func(x, y float64, under rgb) rgb {
		d := max(y-horizon, 0)
		bend := cx + 0.16*math.Sin(d*5.2)*d + 0.02*n.at(y*9, 3)
		wide := 0.022 + 0.62*d
		off := math.Abs(x-bend)/wide + 0.16*n.fbm(x*12, y*22, 3)
		earth := mix(hex(0xf5cd8a), hex(0x8a5636), smooth(0, 0.36, d)+0.12*n.fbm(x*9, y*26, 3))
		floor := mix(hex(0xe08a34), hex(0x6e2c18), smooth(0, 0.42, d)+0.25*n.fbm(x*14, y*30, 3))
		p := mix(floor, earth, smooth(1.05, 0.70, off))
		shade := smooth(0.05, 0.55, n.fbm((x-bend)/(d+0.15)*0.9+4, 3.2/(d+0.2), 3))
		p = p.mul(1 - 0.5*shade*smooth(0.02, 0.15, d))
		return mix(under, p, smooth(-0.01, 0.02, y-horizon))
	})
	dice := random(142)
	leaves := []rgb{hex(0xf6c445), hex(0xef9b28), hex(0xe2691f), hex(0xc93a1c), hex(0xa3231a), hex(0xf8de7a), hex(0x8a7a22)}
	for i := range 6 { // from the light outwards: trunks, then their leaves
		k := float64(i) / 5
		spread := 0.10 + 0.62*k*k + 0.10*k
		haze := 0.75 * (1 - k) * (1 - 0.4*k)
		for _, side := range []float64{-1, 1} {
			for range 2 {
				x := cx + side*(spread+0.10*k*dice.Float64()+0.03*dice.Float64())
				trunk(c, n, x, horizon+0.02+0.36*k*k, 0.006+0.052*k*k+0.008*k, haze, dice.Float64())
			}
		}
		for range 46 { // a clump of leaves hangs about one place
			bx := cx + (dice.Float64()*2-1)*(0.22+0.72*k)
			by := (dice.Float64()*0.9 + dice.Float64()*0.3) * (0.46 - 0.10*k)
			if math.Abs(bx-cx) < (0.05+0.42*k*k)*smooth(-0.1, 0.45, by) {
				continue
			}
			wide := 0.035 + 0.05*k
			tone := clamp(0.5 + 0.8*n.fbm(bx*3+k*5, by*3, 2) + 0.4*(dice.Float64()-0.5))
			for j := range 44 {
				x, y := bx+wide*(dice.Float64()+dice.Float64()-1)*1.5, by+wide*(dice.Float64()+dice.Float64()-1)
				leaf := leaves[int(clamp(tone+0.3*(dice.Float64()-0.5))*6.99)]
				light := 0.40 + 0.55*math.Exp(-2.2*math.Hypot(x-cx, y-horizon+0.2)) + 0.40*float64(j)/44 + 0.25*(by-y)/wide
				size := (0.0034 + 0.0062*k) * (0.6 + 0.8*dice.Float64())
				dab(c, x, y, size, dice.Float64()*3.14, mix(leaf.mul(light), hex(0xffe6a0), haze*0.8), 0.92)
			}
		}
	}
	for range 3400 { // and the fallen ones
		d := 0.44 * math.Pow(dice.Float64(), 0.7)
		x, y := dice.Float64()*c.aspect, horizon+0.01+d
		bend := cx + 0.16*math.Sin(d*5.2)*d
		if math.Abs(x-bend) < (0.02+0.55*d) && dice.Float64() < 0.72 {
			continue
		}
		tone := leaves[dice.IntN(6)].mul(lerp(1.05, 0.62, smooth(0, 0.40, d)) * (0.7 + 0.5*dice.Float64()))
		size := 0.0014 + 0.0125*d
		dab(c, x, y, size, 0.5*(dice.Float64()-0.5), tone, 0.92)
	}
	for range 60 {
		dab(c, dice.Float64()*c.aspect, dice.Float64()*0.9, 0.004+0.004*dice.Float64(), dice.Float64()*3, leaves[dice.IntN(6)], 0.95)
	}
	c.glow(cx, horizon-0.11, 0.30, hex(0xffdf90).mul(0.24))
	c.within(0, horizon-0.32, c.aspect, 1, func(x, y float64, under rgb) rgb { // shafts of low sun
		u, v := x-cx+0.02, y-horizon+0.32
		fade := smooth(0.75, 0.05, math.Hypot(u, v)) * smooth(0, 0.1, v)
		if fade == 0 {
			return under
		}
		angle, sum := math.Atan2(v, u), 0.0
		for i := range 5 {
			sum += bell(angle-0.75-0.16*float64(i), 0.035)
		}
		return under.plus(hex(0xffe2a0), 0.13*fade*sum)
	})
	c.look = look{bloom: 0.3, bright: 0.65, radius: 0.05, vignette: 0.4, grain: 4}
}

// dab is one touch of a flat brush.
func dab(c *canvas, x, y, size, turn float64, colour rgb, opacity float64) {
	sin, cos := math.Sincos(turn)
	reach := size * 1.1
	soft := 0.9 / (size * float64(c.h))
	c.within(x-reach, y-reach, x+reach, y+reach, func(px, py float64, under rgb) rgb {
		u, v := (px-x)/size, (py-y)/size
		u, v = u*cos+v*sin, (v*cos-u*sin)*1.7
		d := math.Sqrt(u*u + v*v)
		if d > 1+soft {
			return under
		}
		return mix(under, colour.mul(1+0.16*(u-v)), opacity*smooth(1+soft, 1-soft, d))
	})
}

// trunk is a tree whose crown is out of the picture.
func trunk(c *canvas, n *noise, x, foot, width, haze, lean float64) {
	var wood path
	line := []point{}
	for i := range 14 {
		t := float64(i) / 13
		line = append(line, point{x + (lean-0.5)*0.10*t + 0.010*n.at(t*4, x*20), foot - t*(foot+0.05)})
	}
	line[0].y += width * 0.2
	wood.stroke(line, width*1.25, width*0.72)
	wood.polygon(x-width*1.1, foot+width*0.25, x-width*0.5, foot-width*0.8, x+width*0.5, foot-width*0.8, x+width*1.1, foot+width*0.25)
	for k := range 4 {
		at := line[4+2*k]
		side := float64(k%2*2 - 1)
		long := width * (2 + 2.5*hash(k, int(x*1000)))
		wood.stroke([]point{at, {at.x + side*long*0.4, at.y - long*0.35}, {at.x + side*long, at.y - long*0.6}}, width*0.35, width*0.08)
	}
	c.fill(&wood, func(px, py float64, _ rgb) rgb {
		bark := 0.5 + 0.5*n.fbm(px*3/width*0.8, py*16, 3)
		p := mix(hex(0x1c0f0d), hex(0x5a3322), bark)
		return mix(p, hex(0xffcf7c), haze)
	})
}
