package paint

import "math"

// fruit is a kind of citrus: its rind, its flesh from the middle outwards.
type fruit struct{ rind, pith, core, flesh rgb }

var basket = []fruit{
	{hex(0xf28a1c), hex(0xfff0d2), hex(0xffc04a), hex(0xf5861a)}, // orange
	{hex(0xf2c61f), hex(0xfffbe2), hex(0xfff09a), hex(0xf3cf2e)}, // lemon
	{hex(0x5f9a2a), hex(0xf3f9d8), hex(0xdcec8e), hex(0x9cc63f)}, // lime
	{hex(0xf0915a), hex(0xffeedd), hex(0xff9a86), hex(0xe4455a)}, // grapefruit
}

func citrus(c *canvas) {
	n := newNoise(181)
	table := hex(0x8fd0cf)
	c.shade(func(x, y float64, _ rgb) rgb {
		p := table.mul(1.12 - 0.22*math.Hypot(x/c.aspect-0.25, y-0.2) + 0.02*n.fbm(x*8, y*8, 4))
		shade := n.fbm(x*1.1+y*0.8+3, y*0.5-x*0.5, 3)
		return p.mul(1 - 0.10*smooth(0, 0.35, shade))
	})
	leaves := [][4]float64{{0.245, 0.49, 0.12, 0.5}, {0.61, 0.17, 0.10, 2.2}, {0.655, 0.80, 0.13, -0.7}, {0.93, 0.40, 0.10, 1.9}, {0.06, 0.78, 0.10, -2.0}, {0.43, 0.93, 0.10, 3.6}, {0.36, 0.10, 0.09, -0.4}}
	for _, l := range leaves {
		leaf(c, n, c.aspect*l[0], l[1], l[2], l[3])
	}
	slices := []struct {
		x, y, r float64
		kind    int
	}{
		{0.175, 0.235, 0.190, 0}, {0.490, 0.300, 0.135, 1}, {0.795, 0.235, 0.205, 3}, {0.400, 0.660, 0.215, 3}, {0.095, 0.620, 0.115, 2}, {0.760, 0.640, 0.165, 0},
		{0.555, 0.560, 0.082, 2}, {0.195, 0.885, 0.140, 1}, {0.955, 0.900, 0.170, 1}, {0.610, 0.935, 0.125, 2}, {0.960, 0.550, 0.100, 2}, {0.335, 0.420, 0.070, 2}, {0.600, 0.045, 0.095, 2}, {0.375, 0.020, 0.080, 1}, {0.010, 0.410, 0.075, 1}, {0.420, 0.930, 0.070, 0},
	}
	squeeze := min(1, c.aspect/1.25)
	for i, s := range slices {
		slice(c, n, c.aspect*s.x, s.y, s.r*squeeze, float64(i)*0.8, basket[s.kind])
	}
	dice := random(7)
	for range 60 { // splashes of juice
		x, y, r := dice.Float64()*c.aspect, dice.Float64(), 0.002+0.006*math.Pow(dice.Float64(), 3)
		c.disc(x+r*0.4, y+r*0.6, r, r*0.5, veil(hex(0x2b6a70), 0.4))
		c.disc(x, y, r, 0, func(px, py float64, under rgb) rgb {
			return under.mul(0.95 + 0.35*smooth(-r, r, px-x+py-y))
		})
		c.disc(x-r*0.3, y-r*0.35, r*0.28, r*0.1, veil(hex(0xffffff), 0.9))
	}
	c.look = look{bloom: 0.12, bright: 0.8, radius: 0.04, vignette: 0.2, grain: 2}
}

// slice is a round of fruit lying flat.
func slice(c *canvas, n *noise, x, y, r, turn float64, f fruit) {
	var round path
	round.ellipse(x, y, r, r, 0)
	c.shadow(&round, r*0.07, r*0.12, 0.012+r*0.05, hex(0x0f4a52), 0.55)
	c.shadow(&round, 0.002, 0.004, 0.004, hex(0x0f4a52), 0.5)
	const segments = 10
	c.fill(&round, func(px, py float64, _ rgb) rgb {
		u, v := (px-x)/r, (py-y)/r
		d := math.Hypot(u, v)
		wobble := 0.012 * n.at(u*3+turn, v*3)
		p := mix(f.rind.mul(1.05-0.22*(u+v)), f.pith, smooth(0.955, 0.925, d+wobble*0.5))
		sector := (math.Atan2(v, u) + turn) / (2 * math.Pi) * segments
		i := math.Floor(sector)
		k := hash(int(i+40)%segments, int(turn*10)+3)
		a := (sector - i - 0.5 + 0.05*(k-0.5)) * 2
		wide := (1 - math.Abs(a)) * math.Pi / segments * d // distance to the membrane
		inside := smooth(0.008, 0.026, wide) * smooth(0.10, 0.15, d+wobble) * smooth(0.868+0.02*k, 0.838+0.02*k, d+wobble+0.11*math.Pow(math.Abs(a), 5))
		flesh := mix(f.core, f.flesh, smooth(0.1, 0.80, d)+0.15*(k-0.5))
		cells := n.at(a*5+i*7, d*5+turn) + 0.7*n.at(a*13*d+i*3, d*9)
		flesh = flesh.mul(1.0 + 0.16*cells - 0.10*math.Abs(a))
		flesh = flesh.plus(hex(0xffffff), 0.10*smooth(0.35, 0.9, cells))
		flesh = flesh.plus(f.core, 0.22*bell(wide, 0.03)+0.15*smooth(0.70, 0.86, d))
		p = mix(p, flesh, inside)
		return p.plus(hex(0xffffff), 0.13*bell(u+v+0.75, 0.22)*inside)
	})
	dice := random(uint64(x*1e6) + 1)
	for i := range 4 { // seeds
		if dice.Float64() < 0.35 {
			continue
		}
		a := (float64(i*3)+0.5)/segments*2*math.Pi - turn
		s, k := math.Sincos(a)
		var seed path
		sx, sy := x+k*r*0.33, y+s*r*0.33
		seed.ellipse(sx, sy, r*0.060, r*0.026, a)
		c.shadow(&seed, 0.001, 0.002, 0.002, f.flesh.mul(0.4), 0.6)
		c.fill(&seed, func(px, py float64, _ rgb) rgb {
			return mix(hex(0xfff4d0), hex(0xcfa95f), smooth(-0.03, 0.04, (px-sx+py-sy)/r))
		})
	}
}

// leaf is a glossy citrus leaf from its stalk at x, y.
func leaf(c *canvas, n *noise, x, y, long, turn float64) {
	s, k := math.Sincos(turn)
	at := func(u, v float64) (float64, float64) { return x + long*(u*k-v*s), y + long*(u*s+v*k) }
	var blade path
	blade.move(at(-0.9, 0))
	for _, side := range []float64{-1, 1} {
		x1, y1 := at(-0.45*-side, 0.42*side)
		x2, y2 := at(0.45*-side, 0.42*side)
		x3, y3 := at(-0.9*side, 0)
		blade.curve(x2, y2, x1, y1, x3, y3)
	}
	c.shadow(&blade, 0.008, 0.014, 0.010, hex(0x0f4a52), 0.5)
	c.fill(&blade, func(px, py float64, _ rgb) rgb {
		u, v := ((px-x)*k+(py-y)*s)/long, ((py-y)*k-(px-x)*s)/long
		p := mix(hex(0x2f7a3c), hex(0x86b84a), 0.45+0.9*v+0.15*n.fbm(u*4, v*4, 2))
		vein := bell(math.Mod(u*5+math.Abs(v)*4+20, 1)-0.5, 0.07)
		p = p.plus(hex(0xcfe59a), 0.10*vein+0.28*bell(v, 0.012))
		return p.plus(hex(0xffffff), 0.18*bell(v+0.16, 0.06)*smooth(0.8, 0.2, math.Abs(u)))
	})
}
