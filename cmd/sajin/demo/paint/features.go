package paint

import "math"

// arc adds a thick bow from left to right that hangs by sag.
func (p *path) arc(x, y, half, sag, thick float64) {
	line := []point{}
	for i := range 17 {
		t := float64(i)/8 - 1
		line = append(line, point{x + half*t, y + sag*(1-t*t)})
	}
	p.stroke(line, thick, thick)
	p.ellipse(x-half, y, thick/2, thick/2, 0)
	p.ellipse(x+half, y, thick/2, thick/2, 0)
}

// features are the eyes, brows, nose, mouth, and what is worn on them.
func (f face) features(c *canvas) {
	dark := hex(0x2a2022)
	var eyes, brows, nose, mouth, teeth path
	for _, side := range []float64{-1, 1} {
		x := 0.5 + side*0.076
		if f.smiling {
			eyes.arc(x, 0.478, 0.028, -0.022, 0.013)
		} else {
			eyes.ellipse(x, 0.472, 0.0165, 0.0215, 0)
		}
		brows.arc(x, 0.420, 0.034, -0.013, 0.013)
	}
	c.fill(&eyes, flat(dark))
	if !f.smiling {
		for _, side := range []float64{-1, 1} {
			c.disc(0.5+side*0.076+0.006, 0.464, 0.006, 0, flat(rgb{1, 1, 1}))
		}
	}
	c.fill(&brows, flat(mix(f.hair, dark, 0.35)))
	nose.arc(0.5, 0.531, 0.017, 0.011, 0.011)
	c.fill(&nose, flat(f.skin.mul(0.66)))
	switch f.mouth {
	case 0:
		mouth.arc(0.5, 0.588, 0.044, 0.026, 0.012)
		c.fill(&mouth, flat(hex(0x8c2f35)))
	case 1: // laughing
		mouth.move(0.448, 0.582)
		mouth.curve(0.46, 0.645, 0.54, 0.645, 0.552, 0.582)
		mouth.curve(0.52, 0.588, 0.48, 0.588, 0.448, 0.582)
		c.fill(&mouth, flat(hex(0x7d2730)))
		teeth.move(0.460, 0.584)
		teeth.curve(0.47, 0.605, 0.53, 0.605, 0.540, 0.584)
		c.fill(&teeth, flat(hex(0xfffaf5)))
	default: // half a smile
		mouth.stroke([]point{{0.462, 0.600}, {0.49, 0.609}, {0.52, 0.606}, {0.543, 0.590}}, 0.012, 0.012)
		mouth.ellipse(0.462, 0.600, 0.006, 0.006, 0)
		mouth.ellipse(0.543, 0.590, 0.006, 0.006, 0)
		c.fill(&mouth, flat(hex(0x8c2f35)))
	}
	if f.glasses {
		f.spectacles(c)
	}
	if f.earrings {
		for _, side := range []float64{-1, 1} {
			c.disc(0.5+side*0.166, 0.548, 0.014, 0, flat(hex(0xf2c14e)))
		}
	}
}

func (f face) spectacles(c *canvas) {
	frame := hex(0x2b2a33)
	for _, side := range []float64{-1, 1} {
		x := 0.5 + side*0.080
		c.within(x-0.07, 0.40, x+0.07, 0.55, func(px, py float64, under rgb) rgb {
			d := math.Hypot(px-x, py-0.474) - 0.055
			tint := mix(under, rgb{1, 1, 1}, 0.10*smooth(0.001, -0.001, d))
			return mix(tint, frame, smooth(0.0066, 0.0046, math.Abs(d)))
		})
	}
	var bridge path
	bridge.arc(0.5, 0.468, 0.024, -0.010, 0.010)
	bridge.stroke([]point{{0.364, 0.466}, {0.332, 0.456}}, 0.010, 0.010)
	bridge.stroke([]point{{0.636, 0.466}, {0.668, 0.456}}, 0.010, 0.010)
	c.fill(&bridge, flat(frame))
}
