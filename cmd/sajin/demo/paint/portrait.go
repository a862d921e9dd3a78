package paint

import "math/rand/v2"

// portraitSize is the width and height of every portrait.
const portraitSize = 512

var (
	skins    = []uint32{0xffdbc0, 0xf6c8a2, 0xe9b083, 0xcf8f62, 0xa5683f, 0x7a4a2d}
	hairs    = []uint32{0x1f1a1c, 0x2e2220, 0x4a2f22, 0x7a4a28, 0xa8683a, 0x8d8a90}
	dyes     = []uint32{0xc9566b, 0x31466b, 0x6a4c93}
	grounds  = [][2]uint32{{0xffd166, 0xffe3a1}, {0x8ecae6, 0xbfe3f2}, {0xf4a6a0, 0xfac8c2}, {0xa8d5ba, 0xcbe8d6}, {0xcdb4db, 0xe3d3ec}, {0xf6bd60, 0xfad596}, {0x84a59d, 0xadc7c0}, {0xf28482, 0xf7aeab}, {0x9fb8e8, 0xc4d3f3}, {0xe8c7a0, 0xf2dec4}}
	garments = []uint32{0x2b5876, 0xe4572e, 0x3a7d5c, 0x5b4b8a, 0xf3f0e8, 0x222b3a, 0xd9576f, 0xe09f3e, 0x27818c}
)

// Portrait paints a face for an avatar: a 512 x 512 JPEG, the same for the same
// seed. Neighbouring seeds look unlike each other.
func Portrait(seed int) []byte {
	c := newCanvas(portraitSize, portraitSize)
	dice := random(uint64(seed) + 1)
	for range 3 {
		dice.Uint64()
	}
	f := newFace(seed, dice)
	ground := grounds[(seed%len(grounds)+len(grounds))%len(grounds)]
	c.shade(flat(hex(ground[0])))
	c.disc(0.5, 0.53, 0.405, 0, flat(hex(ground[1])))
	f.behind(c)
	f.torso(c)
	f.head(c)
	f.features(c)
	f.front(c)
	c.look = look{grain: 1}
	return c.develop()
}

// face is one person's looks.
type face struct {
	skin, hair, wear rgb
	style            int // of the hair
	collar, mouth    int
	smiling, glasses bool
	beard, earrings  bool
}

const styles = 8

func newFace(seed int, dice *rand.Rand) face {
	style := ((seed*3)%styles + styles) % styles
	skin, hair := dice.IntN(len(skins)), dice.IntN(len(hairs))
	if skin >= 4 && hair > 1 && hair < 5 {
		hair %= 2 // brown on brown would look like no hair at all
	}
	f := face{
		skin: hex(skins[skin]), hair: hex(hairs[hair]),
		wear: hex(garments[dice.IntN(len(garments))]), style: style,
		collar: dice.IntN(3), mouth: dice.IntN(3),
		smiling: dice.Float64() < 0.35, glasses: dice.Float64() < 0.28,
	}
	f.beard = (style == 0 || style == 5 || style == 6) && dice.Float64() < 0.4
	if !f.beard && dice.Float64() < 0.16 {
		f.hair = hex(dyes[dice.IntN(len(dyes))])
	}
	f.earrings = (style == 1 || style == 3 || style == 7) && dice.Float64() < 0.6
	return f
}

// torso is the shoulders, what they wear, and the neck.
func (f face) torso(c *canvas) {
	var body, neck, shade, trim path
	body.move(0.14, 1.02)
	body.curve(0.15, 0.86, 0.24, 0.79, 0.39, 0.765)
	body.line(0.61, 0.765)
	body.curve(0.76, 0.79, 0.85, 0.86, 0.86, 1.02)
	c.fill(&body, func(x, y float64, _ rgb) rgb { return f.wear.mul(1.06 - 0.35*(y-0.75)) })
	neck.round(0.425, 0.58, 0.575, 0.80, 0.04)
	neck.ellipse(0.5, 0.785, 0.098, 0.045, 0)
	c.fill(&neck, flat(f.skin))
	shade.move(0.425, 0.62)
	shade.curve(0.44, 0.715, 0.56, 0.715, 0.575, 0.62)
	c.fill(&shade, flat(f.skin.mul(0.72)))
	switch pale := mix(f.wear, rgb{1, 1, 1}, 0.35); f.collar {
	case 0: // a round neck
		line := []point{}
		for i := range 21 {
			t := float64(i)/10 - 1
			line = append(line, point{0.5 + 0.115*t, 0.772 + 0.062*(1-t*t)})
		}
		trim.stroke(line, 0.022, 0.022)
		c.fill(&trim, flat(pale))
	case 1: // a shirt
		trim.polygon(0.385, 0.755, 0.415, 0.735, 0.5, 0.845, 0.44, 0.90)
		trim.polygon(0.615, 0.755, 0.585, 0.735, 0.5, 0.845, 0.56, 0.90)
		c.fill(&trim, flat(pale))
		for _, y := range []float64{0.91, 0.97} {
			c.disc(0.5, y, 0.008, 0, flat(pale))
		}
	default: // a hood
		trim.move(0.34, 0.80)
		trim.curve(0.36, 0.70, 0.40, 0.69, 0.43, 0.71)
		trim.curve(0.44, 0.82, 0.56, 0.82, 0.57, 0.71)
		trim.curve(0.60, 0.69, 0.64, 0.70, 0.66, 0.80)
		trim.curve(0.60, 0.89, 0.40, 0.89, 0.34, 0.80)
		c.fill(&trim, flat(f.wear.mul(0.80)))
		var cords path
		cords.stroke([]point{{0.455, 0.845}, {0.450, 0.93}}, 0.010, 0.010)
		cords.stroke([]point{{0.545, 0.845}, {0.550, 0.93}}, 0.010, 0.010)
		c.fill(&cords, flat(pale))
	}
}

// head is the skull and the ears.
func (f face) head(c *canvas) {
	var ears, skull path
	for _, side := range []float64{-1, 1} {
		ears.ellipse(0.5+side*0.162, 0.49, 0.034, 0.044, 0)
	}
	c.fill(&ears, flat(f.skin.mul(0.88)))
	skull.move(0.335, 0.42)
	skull.curve(0.335, 0.20, 0.665, 0.20, 0.665, 0.42)
	skull.curve(0.668, 0.58, 0.60, 0.678, 0.5, 0.678)
	skull.curve(0.40, 0.678, 0.332, 0.58, 0.335, 0.42)
	c.fill(&skull, flat(f.skin))
	for _, side := range []float64{-1, 1} {
		blush := f.skin.times(rgb{1.12, 0.62, 0.60})
		c.disc(0.5+side*0.105, 0.553, 0.036, 0.022, veil(blush, 0.55))
	}
	if f.beard {
		var beard, lips path
		beard.move(0.334, 0.47)
		beard.curve(0.345, 0.56, 0.40, 0.545, 0.43, 0.545)
		beard.curve(0.47, 0.535, 0.53, 0.535, 0.57, 0.545)
		beard.curve(0.60, 0.545, 0.655, 0.56, 0.666, 0.47)
		beard.curve(0.672, 0.62, 0.60, 0.705, 0.5, 0.705)
		beard.curve(0.40, 0.705, 0.328, 0.62, 0.334, 0.47)
		c.fill(&beard, flat(f.hair))
		lips.ellipse(0.5, 0.595, 0.055, 0.030, 0)
		c.fill(&lips, flat(f.skin.mul(0.93)))
	}
}
