package paint

import "math"

var gardens = []Scene{
	{Name: "cherry-blossom", Title: "Ten days a year", Category: "nature",
		Tags: []string{"cherryblossom", "spring", "bokeh", "pink"}, paint: cherry},
	{Name: "autumn-path", Title: "The path behind the temple", Category: "nature",
		Tags: []string{"autumn", "forest", "maple", "walk"}, paint: autumn},
	{Name: "koi", Title: "Seven koi and a leaf", Category: "animals",
		Tags: []string{"koi", "pond", "water", "fromabove"}, paint: koiPond},
}

func cherry(c *canvas) {
	dice := random(131)
	back := c.smaller(3)
	air := gradient(0x6fb1dd, 0xa3cde9, 0xe3cbdc, 0xeea3c0, 0xcf7aa0)
	back.shade(func(x, y float64, _ rgb) rgb { return air.at(0.62*y + 0.38*(1-x/c.aspect)) })
	tints := []rgb{hex(0xffd3e0), hex(0xffb3cb), hex(0xfff1f4), hex(0xd7ecd0), hex(0xffe3c7)}
	for range 120 {
		x, y := dice.Float64()*c.aspect, dice.Float64()
		r := lerp(0.02, 0.085, math.Pow(dice.Float64(), 1.6))
		back.disc(x, y, r, r*0.05, veil(tints[dice.IntN(len(tints))], 0.06+0.20*dice.Float64()))
	}
	back.glow(c.aspect*0.86, 0.10, 0.42, hex(0xfff0dc).mul(0.25))
	back.blur(0.008)
	var far path
	distant := random(5)
	branch(&far, distant.Float64, point{c.aspect + 0.02, 0.98}, -math.Pi*0.80, 0.30, 0.03, 5)
	back.fill(&far, veil(hex(0x8a5a68), 0.6))
	for range 170 { // the blossom of that far branch, out of focus
		k := distant.Float64()
		x, y := c.aspect-0.75*k+0.12*(distant.Float64()-0.5), 0.98-0.42*k+0.30*(distant.Float64()-0.5)
		back.disc(x, y, 0.014+0.020*distant.Float64(), 0.012, veil(mix(hex(0xffd9e4), hex(0xf79fbd), distant.Float64()), 0.55))
	}
	back.blur(0.012)
	c.shade(func(x, y float64, _ rgb) rgb { return back.at(x, y) })

	twigs := []point{}
	var wood path
	grow := func(from point, angle, length, width float64, bends int) {
		line, at := []point{from}, from
		for i := range bends {
			angle += 0.42 * (dice.Float64() - 0.5)
			s, k := math.Sincos(angle)
			at = point{at.x + k*length/float64(bends), at.y + s*length/float64(bends)}
			line = append(line, at)
			if i > 0 {
				twigs = append(twigs, at)
			}
		}
		wood.stroke(line, width, width*0.3)
	}
	trunk := []struct{ x, y, angle, length, width float64 }{
		{-0.03, 0.20, 0.30, 0.86, 0.040}, {0.16, 0.28, -0.45, 0.52, 0.018}, {0.34, 0.31, 0.95, 0.40, 0.014},
		{0.50, 0.36, -0.30, 0.44, 0.013}, {0.09, 0.245, 1.15, 0.38, 0.013}, {-0.03, 0.05, 0.10, 0.55, 0.016}, {0.60, 0.42, 0.75, 0.30, 0.009},
	}
	for _, b := range trunk {
		grow(point{b.x, b.y}, b.angle, b.length, b.width, 8)
	}
	n := newNoise(4)
	c.fill(&wood, func(x, y float64, _ rgb) rgb {
		return mix(hex(0x2f1c1f), hex(0x7a5550), 0.35+0.5*n.fbm(x*30, y*90, 3))
	})
	type flower struct{ x, y, r, turn, light float64 }
	var flowers []flower
	for _, q := range twigs {
		for range 5 {
			away := 0.055 * math.Sqrt(dice.Float64())
			s, k := math.Sincos(dice.Float64() * 2 * math.Pi)
			flowers = append(flowers, flower{q.x + k*away, q.y + s*away*0.9, 0.018 + 0.017*dice.Float64(), dice.Float64() * 6.28, 0})
		}
	}
	dice.Shuffle(len(flowers), func(i, j int) { flowers[i], flowers[j] = flowers[j], flowers[i] })
	for i, f := range flowers {
		depth := float64(i) / float64(len(flowers)) // later ones are nearer
		light := lerp(0.70, 1.04, depth)
		c.disc(f.x+0.004, f.y+0.007, f.r*0.85, f.r*0.5, veil(hex(0x8f3f5e), 0.22))
		blossom(c, f.x, f.y, f.r, f.turn, mix(hex(0xffc4d6), hex(0xfff2f5), 0.35+0.65*hash(i, 4)), hex(0xe05c8c), light)
	}
	for range 9 { // blossom so near that it is only a colour
		x, y := c.aspect*(0.02+0.34*dice.Float64()), 0.90+0.14*dice.Float64()
		c.disc(x, y, 0.045+0.05*dice.Float64(), 0.05, veil(mix(hex(0xffe9ef), hex(0xf7a5c1), dice.Float64()), 0.55))
	}
	for range 34 { // petals on the wind
		x, y, r, turn := dice.Float64()*c.aspect, 0.3+0.7*dice.Float64(), 0.006+0.009*dice.Float64(), dice.Float64()*6.28
		var petal path
		petal.ellipse(x, y, r, r*0.5, turn)
		c.fill(&petal, veil(mix(hex(0xffb8cf), hex(0xfff0f4), dice.Float64()), 0.85))
	}
	c.look = look{bloom: 0.12, bright: 0.8, radius: 0.05, vignette: 0.15, grain: 3}
}
