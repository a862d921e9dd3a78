package paint

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"sync"
)

// look is how a finished scene is developed.
type look struct {
	bloom    float64 // how much bright places spread
	bright   float64 // the luma from which they do
	radius   float64 // how far, in heights
	vignette float64 // how much darker the corners are
	grain    float64 // film grain, in levels of 255; it also breaks up bands
}

var plain = look{bloom: 0.25, bright: 0.7, radius: 0.03, vignette: 0.25, grain: 3}

// quality is the JPEG quality of everything painted here.
const quality = 88

// develop turns light into a JPEG file.
func (c *canvas) develop() []byte {
	if c.look.bloom > 0 {
		c.glare()
	}
	img := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
	curve, reach := toned(), 1/(c.aspect*c.aspect+1)*4
	share(0, c.h, func(from, to int) {
		for j := from; j < to; j++ {
			dy := (float64(j)+0.5)/float64(c.h) - 0.5
			for i := range c.w {
				dx := (float64(i)+0.5)/float64(c.h) - c.aspect/2
				d := (dx*dx + dy*dy) * reach
				p := c.pix[j*c.w+i].mul(1 - c.look.vignette*d*d)
				grain := c.look.grain * (hash(i, j) + hash(i+c.w, j+c.h) - 1)
				at := img.Pix[img.PixOffset(i, j):][:4]
				at[0], at[1], at[2], at[3] = level(curve, p.r, grain), level(curve, p.g, grain), level(curve, p.b, grain), 255
			}
		}
	})
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: quality}); err != nil {
		panic(err) // a buffer does not fail, and the size is checked where the canvas is made
	}
	return file.Bytes()
}

// glare adds the light that a lens scatters around bright places.
func (c *canvas) glare() {
	soft := c.smaller(4)
	soft.shade(func(x, y float64, _ rgb) rgb {
		p := c.at(x, y)
		l := p.luma()
		return p.mul(min(max(l-c.look.bright, 0), 4) / (l + 0.001))
	})
	soft.blur(c.look.radius)
	c.shade(func(x, y float64, under rgb) rgb { return under.plus(soft.at(x, y), c.look.bloom) })
}

const tones = 1 << 14

// toned holds sRGB levels for light from 0 to 2: exact up to a shoulder, then
// rolling off, so that a bright sky never clips to a flat patch.
var toned = sync.OnceValue(func() *[tones]float32 {
	const shoulder = 0.72
	t := new([tones]float32)
	for i := range t {
		l := 2 * float64(i) / tones
		if l > shoulder {
			l = shoulder + (1-shoulder)*math.Tanh((l-shoulder)/(1-shoulder))
		}
		t[i] = float32(255 * encoded(l))
	}
	return t
})

func level(toned *[tones]float32, l float32, grain float64) uint8 {
	i := min(max(int(l*(tones/2)), 0), tones-1)
	return uint8(min(max(float64(toned[i])+grain+0.5, 0), 255))
}
