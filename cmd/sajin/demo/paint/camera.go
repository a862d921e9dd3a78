package paint

import "math"

// filmCamera is an old camera against a warm wall.
func filmCamera(c *canvas) {
	n := newNoise(201)
	const shelf = 0.735
	c.shade(func(x, y float64, _ rgb) rgb {
		d := math.Hypot((x-c.aspect*0.30)*0.8, y-0.15)
		wall := mix(hex(0xf0b45c), hex(0xb85f35), smooth(0, 1.05, d)).mul(1 + 0.03*n.fbm(x*5, y*5, 4))
		bar := smooth(-0.03, 0.03, math.Sin((x*0.8+y*0.42)*8.5+1.2)+0.2)
		wall = wall.mul(0.84+0.22*bar*smooth(0.9, 0.2, d)).plus(hex(0xffe0a8), 0.05*bar)
		wood := mix(hex(0x8f5230), hex(0x4a2515), clamp(0.4+0.5*n.fbm(x*1.5, y*28, 4)+0.2*n.at(x*7, y*160)))
		wood = wood.mul(1.15-0.7*smooth(shelf, 1, y)).plus(hex(0xffd9a0), 0.20*bell(y-shelf, 0.006))
		return mix(wall, wood, smooth(shelf-0.001, shelf+0.001, y))
	})
	s := 0.335 * min(1, c.aspect/1.08)
	x, y := c.aspect*0.5, shelf+0.020-s*0.62
	rolls(c, n, x, shelf, s)
	body(c, n, x, y, s)
	lens(c, x+s*0.02, y+s*0.13, s*0.465)
	c.look = look{bloom: 0.2, bright: 0.75, radius: 0.04, vignette: 0.4, grain: 3}
}

// body is the box of the camera, s being half its width.
func body(c *canvas, n *noise, x, y, s float64) {
	var ground, box, skin, hump, knobs, lugs path
	ground.ellipse(x, y+s*0.645, s*1.08, s*0.06, 0)
	c.shadow(&ground, 0.02, 0.006, 0.020, hex(0x1a0a05), 0.85)
	steel := func(top, low float64) shader {
		return func(px, py float64, _ rgb) rgb {
			t := (py - y - top*s) / ((low - top) * s)
			p := mix(hex(0xf3efe6), hex(0x8f8a84), smooth(0, 1, t))
			p = p.plus(hex(0xffffff), 0.35*bell(t-0.10, 0.05)-0.10*bell(t-0.55, 0.12))
			return p.mul(0.84 + 0.22*smooth(1.1, -0.8, (px-x)/s) + 0.02*n.at(px*30, py*500))
		}
	}
	for _, k := range [][4]float64{{-.80, -.68, -.50, -.50}, {.52, -.66, .84, -.50}, {-.40, -.60, -.27, -.50}, {.34, -.615, .44, -.50}} {
		knobs.round(x+k[0]*s, y+k[1]*s, x+k[2]*s, y+k[3]*s, s*0.02)
	}
	c.fill(&knobs, func(px, py float64, under rgb) rgb {
		p := steel(-0.70, -0.45)(px, py, under)
		return p.mul(0.80 + 0.25*math.Sin((px-x)/s*170)*0.5)
	})
	hump.move(x-s*0.40, y-s*0.46)
	hump.line(x-s*0.27, y-s*0.73)
	hump.curve(x-s*0.25, y-s*0.78, x-s*0.22, y-s*0.79, x-s*0.18, y-s*0.79)
	hump.line(x+s*0.22, y-s*0.79)
	hump.curve(x+s*0.26, y-s*0.79, x+s*0.29, y-s*0.78, x+s*0.31, y-s*0.73)
	hump.line(x+s*0.44, y-s*0.46)
	c.fill(&hump, steel(-0.80, -0.42))
	box.round(x-s, y-s*0.52, x+s, y+s*0.63, s*0.13)
	c.fill(&box, steel(-0.52, -0.20))
	skin.polygon(x-s, y-s*0.27, x+s, y-s*0.27, x+s, y+s*0.50, x-s, y+s*0.50)
	c.fill(&skin, func(px, py float64, _ rgb) rgb { // leather
		u, v := (px-x)/s, (py-y)/s
		pebble := n.at(u*38, v*38) + 0.6*n.at(u*75+3, v*75)
		p := mix(hex(0x2a1c18), hex(0x4d352b), 0.5+0.5*pebble)
		p = p.mul(1.1 - 0.45*smooth(-0.4, 1, u) - 0.3*smooth(0.1, 0.5, v))
		p = p.plus(hex(0xffd9a8), 0.05*smooth(0.3, 0.9, pebble)*smooth(0.4, -1, u))
		return p.mul(smooth(-0.275, -0.245, v)*0.5 + 0.5)
	})
	bottom := new(path)
	bottom.round(x-s, y+s*0.44, x+s, y+s*0.63, s*0.09)
	c.fill(bottom, func(px, py float64, under rgb) rgb {
		return mix(under, steel(0.48, 0.66)(px, py, under).mul(0.8), smooth(0.494, 0.500, (py-y)/s))
	})
	glass := new(path)
	glass.round(x+s*0.56, y-s*0.46, x+s*0.82, y-s*0.31, s*0.03)
	c.fill(glass, func(px, py float64, _ rgb) rgb {
		return mix(hex(0x0c1220), hex(0x7d9ac0), 0.8*bell((px-x)/s-(py-y)/s-1.02, 0.05)+0.12)
	})
	c.disc(x-s*0.66, y-s*0.39, s*0.050, 0, flat(hex(0x1a1414)))
	c.disc(x-s*0.66, y-s*0.39, s*0.036, s*0.01, flat(hex(0xd83a26)))
	c.glow(x-s*0.672, y-s*0.402, s*0.010, hex(0xffffff).mul(0.5))
	for _, side := range []float64{-1, 1} {
		lugs.round(x+side*s*1.015-s*0.03, y-s*0.40, x+side*s*1.015+s*0.03, y-s*0.28, s*0.03)
	}
	c.fill(&lugs, steel(-0.42, -0.22))
	finder := new(path)
	finder.round(x-s*0.13, y-s*0.70, x+s*0.17, y-s*0.56, s*0.02)
	c.fill(finder, func(px, py float64, _ rgb) rgb {
		return mix(hex(0x14110f), hex(0x5b6f86), 0.7*bell((px-x)/s+(py-y)/s*0.8+0.52, 0.06))
	})
}

// lens is the front of the lens with its coatings.
func lens(c *canvas, x, y, r float64) {
	var barrel path
	barrel.ellipse(x, y, r, r, 0)
	c.shadow(&barrel, r*0.10, r*0.13, r*0.10, hex(0x0a0504), 0.75)
	c.fill(&barrel, func(px, py float64, _ rgb) rgb {
		u, v := (px-x)/r, (py-y)/r
		d, a := math.Hypot(u, v), math.Atan2(v, u)
		brushed := 0.5 + 0.5*math.Cos(2*(a+0.8))
		p := mix(hex(0x8d8983), hex(0xf4f1ea), brushed*brushed)
		knurl := 0.75 + 0.25*math.Sin(a*110)
		p = mix(p, p.mul(knurl), smooth(0.90, 0.92, d))
		black := mix(hex(0x0b0b0d), hex(0x3a3a40), 0.6*math.Pow(brushed, 4))
		p = mix(p, black, smooth(0.885, 0.875, d))
		tick := smooth(0.62, 0.75, math.Cos(a*36)) * smooth(0.775, 0.785, d) * smooth(0.845, 0.835, d)
		p = mix(p, hex(0xe8e2d2), 0.8*tick)
		p = mix(p, mix(hex(0x6b6762), hex(0xe9e5dc), brushed), smooth(0.720, 0.715, d)*smooth(0.675, 0.68, d))
		p = mix(p, hex(0x060608), smooth(0.675, 0.665, d))
		ridge := 0.5 + 0.5*math.Cos((d-0.50)*math.Pi*2/0.032)
		p = mix(p, hex(0x1c1c20).mul(0.4+1.2*ridge*brushed), smooth(0.66, 0.655, d)*smooth(0.50, 0.505, d))
		q := 0.56 - 0.12*d
		glass := mix(hex(0x03040a), hex(0x1a1440), smooth(0.1, 0.5, d))
		glass = glass.plus(hex(0x5b3fd0), 0.50*bell(math.Hypot(u-0.10, v-0.13)-0.30, 0.11)*smooth(-0.3, 0.6, u+v))
		glass = glass.plus(hex(0x1fb8b0), 0.55*bell(math.Hypot(u+0.06, v+0.08)-0.24, 0.07)*smooth(0.2, -0.6, u+v))
		glass = glass.plus(hex(0xffa24f), 0.60*bell(math.Hypot(u-0.17, v-0.20), 0.11))
		glass = glass.plus(hex(0xffffff), 0.95*bell(u+0.21, 0.085)*bell(v+0.24, 0.060)+0.12*bell(u-0.24, 0.04)*bell(v-0.05, 0.05))
		glass = mix(glass, hex(0x010103), 0.75*smooth(0.17, 0.14, math.Hypot(u, v))*smooth(0.0, 0.1, q))
		return mix(p, glass, smooth(0.505, 0.495, d))
	})
}

// rolls of film stand beside the camera.
func rolls(c *canvas, n *noise, x, shelf, s float64) {
	for i, k := range []struct{ at, back float64 }{{-1.42, 0}, {1.46, 0.01}, {1.22, -0.018}} {
		rx, foot := x+k.at*s, shelf+0.012+k.back
		w, h := s*0.125, s*0.40
		var floor, can, cap path
		floor.ellipse(rx, foot, w*1.2, w*0.3, 0)
		c.shadow(&floor, 0.012, 0.004, 0.010, hex(0x1a0a05), 0.8)
		can.round(rx-w, foot-h, rx+w, foot, w*0.14)
		cap.round(rx-w*0.42, foot-h*1.14, rx+w*0.42, foot-h*0.97, w*0.1)
		round := func(p rgb, px float64) rgb {
			u := (px - rx) / w
			return p.mul(0.30+0.95*math.Sqrt(max(1-u*u, 0))*smooth(1.3, -0.9, u)).plus(hex(0xffffff), 0.25*bell(u+0.45, 0.10))
		}
		c.fill(&cap, func(px, _ float64, _ rgb) rgb { return round(hex(0x2a2724), px) })
		label := []rgb{hex(0xe9b72b), hex(0x2f7d5b), hex(0xc8402a)}[i]
		c.fill(&can, func(px, py float64, _ rgb) rgb {
			t := (py - foot + h) / h
			p := label
			if t > 0.56 && t < 0.76 {
				p = hex(0xf6efe0)
			}
			if t < 0.08 || t > 0.93 {
				p = hex(0xb9b4ac)
			}
			return round(p.mul(1+0.03*n.at(px*90, py*90)), px)
		})
	}
}
