package paint

import (
	"math"
	"slices"
)

// sky paints a ramp from the top to the horizon.
func (c *canvas) sky(colours ramp, horizon float64) {
	c.shade(func(_, y float64, _ rgb) rgb { return colours.at(y / horizon) })
}

// sun is light in the sky with the haze around it.
type sun struct {
	x, y, r    float64
	disc, haze rgb
	reach      float64 // how far the haze goes, in heights
}

// light is what the sun adds at a place, without its disc.
func (s sun) light(x, y float64) rgb {
	d := math.Hypot(x-s.x, y-s.y) / s.reach
	return s.haze.mul(0.55*math.Exp(-3*d) + 0.45*math.Exp(-d*d*2.2))
}

func (c *canvas) sun(s sun) {
	c.shade(func(x, y float64, under rgb) rgb { return under.add(s.light(x, y)) })
	c.disc(s.x, s.y, s.r, s.r*0.06, flat(s.disc))
}

// stars strews so many stars above a height; bright ones are rare.
func (c *canvas) stars(seed uint64, count int, below float64, strength float64) {
	dice := random(seed)
	pixel := 1 / float64(c.h)
	for range count {
		x, y := dice.Float64()*c.aspect, math.Pow(dice.Float64(), 1.2)*below
		m := math.Pow(dice.Float64(), 9)
		tint := mix(hex(0xbcd4ff), hex(0xffe2c4), dice.Float64())
		k := strength * (0.25 + 0.75*dice.Float64()) * smooth(below, below*0.6, y)
		c.glow(x, y, max(0.0006+0.0009*m, 0.6*pixel), tint.mul(k*(0.5+2.5*m)))
		if m > 0.55 {
			c.glow(x, y, 0.007*m, tint.mul(0.10*k))
		}
	}
}

// ridge is the height of a skyline at every column of pixels.
func (c *canvas) ridge(f func(x float64) float64) []float64 {
	line := make([]float64, c.w)
	for i := range line {
		line[i] = f((float64(i) + 0.5) / float64(c.h))
	}
	return line
}

// ground paints from a ridge down to the ridge of what stands before it, or to
// the bottom if that is nil; f also learns the depth below the ridge.
func (c *canvas) ground(ridge, until []float64, f func(x, y, depth float64, under rgb) rgb) {
	scale := float64(c.h)
	c.within(0, slices.Min(ridge)-1/scale, c.aspect, 1, func(x, y float64, under rgb) rgb {
		i := int(x * scale)
		depth := y - ridge[i]
		cover := depth*scale + 0.5
		if cover <= 0 || until != nil && (y-until[i])*scale > 1 {
			return under
		}
		return mix(under, f(x, y, max(depth, 0), under), min(cover, 1))
	})
}

// next is the ridge that hides layer i, nil for the nearest.
func next(ridges [][]float64, i int) []float64 {
	if i+1 < len(ridges) {
		return ridges[i+1]
	}
	return nil
}

// pine adds a fir tree that stands at x, y.
func (p *path) pine(x, y, height float64, shape float64) {
	tiers := 9
	half := height * (0.17 + 0.06*shape)
	p.move(x, y-height)
	right := make([]point, 0, 2*tiers)
	for i := 1; i <= tiers; i++ {
		t := float64(i) / float64(tiers)
		w := half * math.Pow(t, 0.85) * (0.86 + 0.28*hash(i, int(shape*1e6)))
		yy := y - height*(1-t*0.94)
		p.line(x-w, yy)
		p.line(x-w*0.42, yy-height*0.012)
		w = half * math.Pow(t, 0.85) * (0.86 + 0.28*hash(i+50, int(shape*1e6)))
		right = append(right, point{x + w, yy}, point{x + w*0.42, yy - height*0.012})
	}
	p.line(x-half*0.1, y-height*0.06)
	p.line(x-half*0.1, y+height*0.04)
	p.line(x+half*0.1, y+height*0.04)
	p.line(x+half*0.1, y-height*0.06)
	for i := len(right) - 2; i >= 0; i -= 2 {
		p.line(right[i+1].x, right[i+1].y)
		p.line(right[i].x, right[i].y)
	}
}

// bird adds a small bird in flight.
func (p *path) bird(x, y, span, lift float64) {
	p.move(x-span, y-lift)
	p.curve(x-span*0.6, y-lift*1.7, x-span*0.2, y-lift*0.6, x, y)
	p.curve(x+span*0.2, y-lift*0.6, x+span*0.6, y-lift*1.7, x+span, y-lift)
	p.curve(x+span*0.6, y-lift*1.2, x+span*0.25, y-lift*0.1, x, y+span*0.12)
	p.curve(x-span*0.25, y-lift*0.1, x-span*0.6, y-lift*1.2, x-span, y-lift)
}
