package paint

import "math"

var mountains = []Scene{
	{Name: "misty-mountains", Title: "Jirisan before anyone is up", Category: "nature",
		Tags: []string{"mountains", "dawn", "mist", "hiking"}, paint: mistyMountains},
	{Name: "ink-wash", Title: "Seven peaks in ink", Category: "art",
		Tags: []string{"sumukhwa", "ink", "hanji", "painting"}, paint: inkWash},
}

func mistyMountains(c *canvas) {
	n := newNoise(3)
	dawn := gradient(0x2f4472, 0x6f78a8, 0xc79bb0, 0xf6b795, 0xffdca8)
	c.sky(dawn, 0.56)
	s := sun{x: c.aspect * 0.64, y: 0.385, r: 0.036, disc: rgb{1.5, 1.25, 0.9}, haze: hex(0xff9a4a).mul(0.9), reach: 0.42}
	c.shade(func(x, y float64, under rgb) rgb {
		cloud := smooth(0.05, 0.9, n.fbm(x*1.3+7, y*7, 4)+0.25) * smooth(0.45, 0.1, y)
		return mix(under, mix(hex(0xe9b7b4), hex(0xffd0a0), smooth(0.1, 0.4, y)), 0.5*cloud)
	})
	c.sun(s)
	ridges := make([][]float64, 7)
	for i := range ridges {
		t := float64(i) / 6
		base, rise, pitch := 0.47+0.40*math.Pow(t, 1.25), 0.10+0.07*t, lerp(2.6, 1.2, t)
		ridges[i] = c.ridge(func(x float64) float64 {
			x += float64(i) * 11.3
			return base - rise*(n.ridged(x*pitch, float64(i)*3.7, 5)*1.5-0.75) - 0.012*n.fbm(x*22, 9, 3)
		})
	}
	for i, ridge := range ridges {
		t := float64(i) / 6
		haze := mix(hex(0xf7bd98), hex(0x8ba3ba), math.Sqrt(t))
		rock := mix(hex(0xb489a0), hex(0x0d2029), math.Pow(t, 0.62))
		c.ground(ridge, next(ridges, i), func(x, y, depth float64, _ rgb) rgb {
			mist := smooth(0, 0.21, depth+0.07*n.fbm(x*2.2+float64(i)*5, y*6, 4)) * (1 - 0.72*t*t*t)
			p := mix(rock, haze, mist*0.85)
			return p.plus(s.light(x, y), 0.75*(1-t)+0.05)
		})
		if i >= 5 {
			forest(c, ridge, uint64(i), lerp(0.035, 0.085, t), rock.mul(0.8))
		}
	}
	flock(c, c.aspect*0.36, 0.25, 9, hex(0x2b2c48))
	c.look.vignette = 0.3
}

// forest stands pines along a ridge.
func forest(c *canvas, ridge []float64, seed uint64, height float64, colour rgb) {
	dice := random(seed)
	var trees path
	for x := -0.02; x < c.aspect; x += height * (0.1 + 0.28*dice.Float64()) {
		i := min(max(int(x*float64(c.h)), 0), c.w-1)
		trees.pine(x, ridge[i]+height*0.15, height*(0.45+0.75*dice.Float64()), dice.Float64())
	}
	c.fill(&trees, flat(colour))
}

// flock is a loose wedge of birds.
func flock(c *canvas, x, y float64, count int, colour rgb) {
	dice := random(77)
	var birds path
	for i := range count {
		k := float64(i) - float64(count)/2
		birds.bird(x+k*0.021+0.008*dice.Float64(), y+math.Abs(k)*0.009+0.02*dice.Float64(), 0.006+0.005*dice.Float64(), 0.003+0.003*dice.Float64())
	}
	c.fill(&birds, flat(colour))
}

func inkWash(c *canvas) {
	n := newNoise(21)
	paper, ink := hex(0xf1e9d8), hex(0x1b1d20)
	c.shade(func(x, y float64, _ rgb) rgb {
		fibre := 0.5*n.at(x*160, y*9) + 0.5*n.at(x*11, y*190)
		return paper.mul(1 + 0.025*fibre + 0.05*n.fbm(x*2, y*2, 3))
	})
	c.disc(c.aspect*0.70, 0.215, 0.072, 0.004, func(x, y float64, under rgb) rgb {
		return mix(under, under.times(hex(0xd8412f)), 0.86+0.12*n.fbm(x*20, y*20, 3))
	})
	const layers = 6
	for i := range layers {
		t := float64(i) / (layers - 1)
		base := 0.37 + 0.42*t
		centre := c.aspect * []float64{0.30, 0.78, 0.16, 0.60, 0.98, 0.06}[i]
		ridge := c.ridge(func(x float64) float64 {
			d := (x - centre) / (0.34 + 0.12*t)
			peak := 0.24*math.Exp(-d*d) + 0.10*math.Exp(-(d-1.5)*(d-1.5)*2)
			return base - peak*(0.85+0.5*n.ridged(x*3.5+float64(i)*9, 2, 4)) + 0.05*n.fbm(x*4, float64(i)*4, 5) + 0.05 +
				0.3*t*t*smooth(0.25, 0.8, math.Abs(x-centre))
		})
		strength, water := lerp(0.30, 0.92, math.Pow(t, 1.3)), lerp(0.8, 1.1, smooth(0.8, 1, t))
		c.ground(ridge, nil, func(x, y, depth float64, under rgb) rgb {
			if depth > 0.45 || y > water+0.05 {
				return under
			}
			wet := 0.5 + 0.5*n.fbm(x*3.1+float64(i)*7, y*3.1, 4)
			stroke := n.ridged(x*7+depth*5, y*2.2-x*3, 4)
			wash := math.Exp(-depth*(9-3*wet)) * (0.55 + 0.65*wet) * smooth(water+0.05, water-0.14, y)
			edge := 0.5 * math.Exp(-depth*90) * smooth(water, water-0.1, y)
			dark := strength * clamp(wash*(0.45+0.85*stroke)+edge*wet)
			return under.times(mix(rgb{1, 1, 1}, ink, dark))
		})
	}
	boat(c, c.aspect*0.57, 0.865, 0.075, ink)
	seal(c, c.aspect-0.12, 0.86, 0.062)
	c.look = look{vignette: 0.12, grain: 4}
}

// boat is a fisherman's, drawn with a few strokes.
func boat(c *canvas, x, y, size float64, ink rgb) {
	var hull path
	hull.move(x-size, y-size*0.16)
	hull.curve(x-size*0.5, y+size*0.12, x+size*0.5, y+size*0.12, x+size, y-size*0.2)
	hull.curve(x+size*0.6, y+size*0.22, x-size*0.5, y+size*0.26, x-size, y-size*0.16)
	hull.stroke([]point{{x + size*0.2, y - size*0.02}, {x + size*0.26, y - size*0.34}}, size*0.17, size*0.09)
	hull.ellipse(x+size*0.27, y-size*0.40, size*0.055, size*0.06, 0)
	hull.polygon(x+size*0.13, y-size*0.40, x+size*0.27, y-size*0.52, x+size*0.42, y-size*0.41)
	hull.stroke([]point{{x + size*0.2, y - size*0.2}, {x + size*0.9, y - size*0.62}, {x + size*1.25, y - size*0.7}}, size*0.02, size*0.008)
	c.fill(&hull, veil(ink, 0.88))
	for i := range 5 {
		k := float64(i)
		w := size * (1.5 - 0.2*k)
		var ripple path
		ripple.ellipse(x+size*0.2*math.Sin(k*2), y+size*(0.26+0.13*k), w, size*0.012, 0)
		c.fill(&ripple, veil(ink, 0.22-0.035*k))
	}
}

// seal is the square red stamp of a painter.
func seal(c *canvas, x, y, size float64) {
	n := newNoise(5)
	var stamp, cut path
	stamp.round(x, y, x+size, y+size, size*0.1)
	c.fill(&stamp, func(px, py float64, under rgb) rgb {
		return mix(under, hex(0xb3261e), 0.9-0.5*smooth(0.2, 0.8, n.fbm(px*90, py*90, 2)))
	})
	for _, l := range [][4]float64{ // the strokes of the syllables sa and jin
		{.30, .13, .15, .44}, {.27, .22, .42, .44}, {.66, .11, .66, .46}, {.66, .28, .82, .28},
		{.17, .55, .52, .55}, {.36, .55, .17, .74}, {.34, .60, .52, .73}, {.70, .51, .70, .78}, {.24, .78, .24, .89}, {.215, .89, .76, .89}} {
		cut.stroke([]point{{x + l[0]*size, y + l[1]*size}, {x + l[2]*size, y + l[3]*size}}, size*0.07, size*0.07)
	}
	c.fill(&cut, veil(hex(0xf4e6d6), 0.95))
}
