package paint

import "math"

// The styles of hair, in the order that newFace counts them.
const (
	parted = iota
	bob
	long
	bun
	curls
	beanie
	cropped
	ponytail
)

// behind is the hair that hangs behind the neck.
func (f face) behind(c *canvas) {
	var p path
	switch f.style {
	case bob:
		p.round(0.295, 0.24, 0.705, 0.665, 0.17)
	case long:
		p.move(0.30, 0.42)
		p.curve(0.30, 0.16, 0.70, 0.16, 0.70, 0.42)
		p.curve(0.70, 0.60, 0.735, 0.75, 0.745, 0.86)
		p.line(0.255, 0.86)
		p.curve(0.265, 0.75, 0.30, 0.60, 0.30, 0.42)
	case bun:
		p.ellipse(0.5, 0.205, 0.085, 0.080, 0)
	case curls:
		for i := range 15 {
			s, k := math.Sincos(math.Pi * (0.88 + 1.24*float64(i)/14))
			p.ellipse(0.5+k*0.185, 0.425+s*0.185, 0.072, 0.072, 0)
		}
		p.ellipse(0.5, 0.38, 0.19, 0.17, 0)
	case ponytail:
		p.move(0.62, 0.25)
		p.curve(0.80, 0.20, 0.84, 0.42, 0.775, 0.66)
		p.curve(0.75, 0.58, 0.72, 0.46, 0.62, 0.38)
	default:
		return
	}
	c.fill(&p, flat(f.hair.mul(0.80)))
}

// front is the hair, or the hat, over the forehead.
func (f face) front(c *canvas) {
	var p path
	scalp := func(reach float64) { // over the top of the head, down to reach at both sides
		const temple, top = 0.42, 0.238
		pull := (top - temple/4) / 0.75
		p.move(0.322, reach)
		p.line(0.322, temple)
		p.curve(0.312, pull, 0.688, pull, 0.678, temple)
		p.line(0.678, reach)
	}
	colour := f.hair
	switch f.style {
	case parted:
		scalp(0.45)
		p.curve(0.655, 0.42, 0.650, 0.385, 0.640, 0.365)
		p.curve(0.56, 0.375, 0.46, 0.355, 0.425, 0.30)
		p.curve(0.405, 0.345, 0.365, 0.365, 0.350, 0.385)
		p.curve(0.345, 0.41, 0.338, 0.43, 0.326, 0.45)
	case bob:
		scalp(0.60)
		p.curve(0.645, 0.58, 0.640, 0.46, 0.632, 0.385)
		p.curve(0.56, 0.402, 0.44, 0.402, 0.368, 0.385)
		p.curve(0.360, 0.46, 0.355, 0.58, 0.326, 0.60)
	case long:
		scalp(0.62)
		p.curve(0.645, 0.60, 0.660, 0.42, 0.5, 0.300)
		p.curve(0.340, 0.42, 0.355, 0.60, 0.326, 0.62)
	case bun, ponytail:
		scalp(0.45)
		p.curve(0.650, 0.37, 0.58, 0.315, 0.5, 0.310)
		p.curve(0.42, 0.315, 0.350, 0.37, 0.326, 0.45)
	case curls:
		for i := range 9 {
			s, k := math.Sincos(math.Pi * (1.02 + 0.96*float64(i)/8))
			p.ellipse(0.5+k*0.150, 0.395+s*0.115, 0.058, 0.055, 0)
		}
	case beanie:
		p.move(0.318, 0.40)
		p.curve(0.310, 0.115, 0.690, 0.115, 0.682, 0.40)
		colour = f.wear.mul(0.9)
	default: // cropped
		scalp(0.425)
		p.curve(0.655, 0.36, 0.645, 0.335, 0.610, 0.325)
		p.curve(0.54, 0.310, 0.46, 0.310, 0.390, 0.325)
		p.curve(0.355, 0.335, 0.345, 0.36, 0.326, 0.425)
	}
	c.fill(&p, func(x, y float64, _ rgb) rgb {
		return colour.mul(1 + 0.22*bell(math.Hypot(x-0.44, y-0.30), 0.11))
	})
	if f.style == beanie {
		var band path
		band.round(0.306, 0.345, 0.694, 0.425, 0.035)
		c.fill(&band, func(x, _ float64, _ rgb) rgb { return colour.mul(0.80 + 0.06*math.Sin(x*190)) })
		c.disc(0.5, 0.185, 0.048, 0.004, flat(mix(colour, rgb{1, 1, 1}, 0.5)))
	}
}
