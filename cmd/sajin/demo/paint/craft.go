package paint

import "math"

var crafts = []Scene{
	{Name: "citrus", Title: "Vitamin sea", Category: "food",
		Tags: []string{"citrus", "flatlay", "fresh", "summer"}, paint: citrus},
	{Name: "latte", Title: "Second cup", Category: "food",
		Tags: []string{"coffee", "latteart", "cafe", "morning"}, paint: latte},
	{Name: "silk", Title: "Jade silk for a jeogori", Category: "fashion",
		Tags: []string{"silk", "texture", "fabric", "hanbok"}, paint: silk},
	{Name: "paper-waves", Title: "Cut paper, twelve sheets", Category: "art",
		Tags: []string{"paper", "craft", "waves", "minimal"}, paint: paperWaves},
	{Name: "film-camera", Title: "My father's camera", Category: "other",
		Tags: []string{"camera", "film", "analog", "stilllife"}, paint: filmCamera},
	{Name: "lanterns", Title: "One wish each", Category: "people",
		Tags: []string{"lanterns", "festival", "family", "night"}, paint: lanterns},
}

func silk(c *canvas) {
	n := newNoise(161)
	fold := func(x, y float64) float64 { // folds run down one diagonal and wander
		u, v := x*0.86+y*0.50, y*0.86-x*0.50
		v += 0.17*n.at(u*0.9+3, v*0.6) + 0.07*n.at(u*1.7, v*1.1+5)
		deep := 0.6 + 0.4*n.at(u*0.7+8, v*1.2)
		a := math.Sin(v*13 + 1.7*n.at(u*0.55, v*1.5+2))
		b := math.Sin(v*29 + u*1.5 + 3.0*n.at(u*0.8+6, v*1.8))
		fine := math.Sin(v*61 + 4*n.at(u*1.1, v*2.5))
		return 0.062*deep*a + 0.021*(1-0.6*deep)*b + 0.0032*fine*smooth(-0.2, 0.5, n.at(u*1.5, v*3)) + 0.06*n.at(u*0.9, v*1.4)
	}
	dark, body, pale := hex(0x011a1c), hex(0x0f8f78), hex(0xd4fff0)
	const spare = 1.02 // slopes at the far edges need cloth beyond them
	relief := newCanvas(c.w, c.h)
	relief.shade(func(x, y float64, _ rgb) rgb { return rgb{r: float32(fold(x*spare, y*spare))} })
	height := func(x, y float64) float64 { return float64(relief.at(x/spare, y/spare).r) }
	c.shade(func(x, y float64, _ rgb) rgb {
		const e = 0.003
		h := height(x, y)
		dx, dy := (height(x+e, y)-h)/e, (height(x, y+e)-h)/e
		k := 1 / math.Sqrt(1+dx*dx+dy*dy)
		nx, ny := -dx*k, -dy*k
		light := clamp(nx*0.38 - ny*0.60 + k*0.62)
		shine := clamp(nx*0.20 - ny*0.36 + k*0.90)
		p := mix(dark, body, smooth(0.05, 0.95, light)*(0.62+0.38*smooth(-0.08, 0.07, h)))
		p = p.plus(pale, 0.62*math.Pow(shine, 60)+0.10*math.Pow(shine, 12))
		p = p.plus(hex(0x1c5a9a), 0.35*smooth(0.5, 0.1, light)*(1-k))
		return p.mul(1 + 0.02*math.Sin((x+y)*1500)*math.Sin((x-y)*1500))
	})
	c.look = look{bloom: 0.25, bright: 0.6, radius: 0.04, vignette: 0.4, grain: 3}
}

func paperWaves(c *canvas) {
	n := newNoise(171)
	grain := func(x, y float64) float64 { return 1 + 0.030*n.at(x*120, y*120) + 0.025*n.at(x*300, y*310) }
	sky := gradient(0xfbe3c0, 0xfbcf9d, 0xf8b184)
	c.shade(func(x, y float64, _ rgb) rgb { return sky.at(y * 1.6).mul(grain(x, y)) })
	sx, sy := c.aspect*0.60, 0.30
	for i, ring := range []uint32{0xfbd9a4, 0xfcc07e, 0xf99a5b, 0xf06a3f} {
		r := 0.250 - 0.052*float64(i)
		var disc path
		disc.ellipse(sx, sy, r, r, 0)
		c.shadow(&disc, 0.004, 0.008, 0.010, hex(0x8a3f1f), 0.42)
		c.fill(&disc, func(x, y float64, _ rgb) rgb { return hex(ring).mul(grain(x, y)) })
	}
	cloud(c, grain, c.aspect*0.22, 0.19, 0.11, hex(0xfff3df))
	cloud(c, grain, c.aspect*0.83, 0.13, 0.085, hex(0xfff3df))
	sheets := gradient(0xf5a27a, 0xe5727a, 0xb3517f, 0x6a4387, 0x37397c, 0x1b2a5c, 0x0d1a3f)
	const layers = 10
	for i := range layers {
		t := float64(i) / (layers - 1)
		base, swing := 0.42+0.50*t, 0.055-0.012*t
		ridge := c.ridge(func(x float64) float64 {
			a := x*(5.2-2.2*t) + float64(i)*2.1
			crest := math.Sin(a+0.7*math.Sin(a)) + 0.45*math.Sin(x*2.3+float64(i)*1.3)
			return base - swing*crest + 0.012*n.at(x*3, float64(i)*5)
		})
		scale := float64(c.h)
		reach := 0.030 + 0.012*t
		c.shade(func(x, y float64, under rgb) rgb { // the shadow it throws on the sheet behind
			up := ridge[min(max(int((x+0.006)*scale), 0), c.w-1)] - y
			if up < -0.004 || up > reach {
				return under
			}
			return under.mul(1 - 0.48*math.Pow(1-max(up, 0)/reach, 2.2))
		})
		c.ground(ridge, nil, func(x, y, depth float64, _ rgb) rgb {
			p := sheets.at(t).mul(grain(x, y) * (1.05 - 0.25*smooth(0, 0.25, depth)))
			return p.plus(hex(0xffe6cf), 0.18*smooth(0.004, 0.0008, depth))
		})
		if i == 4 {
			paperBoat(c, grain, c.aspect*0.33, ridge[int(c.aspect*0.33*scale)]+0.012, 0.070)
		}
	}
	c.look = look{bloom: 0, vignette: 0.2, grain: 2}
}

// cloud is cut from white paper.
func cloud(c *canvas, grain func(x, y float64) float64, x, y, size float64, colour rgb) {
	var p path
	p.round(x-size, y-size*0.02, x+size, y+size*0.24, size*0.13)
	p.ellipse(x-size*0.35, y-size*0.02, size*0.30, size*0.28, 0)
	p.ellipse(x+size*0.18, y-size*0.10, size*0.42, size*0.40, 0)
	c.shadow(&p, 0.004, 0.010, 0.008, hex(0x8a4a2f), 0.4)
	c.fill(&p, func(px, py float64, _ rgb) rgb { return colour.mul(grain(px, py)) })
}

// paperBoat is folded.
func paperBoat(c *canvas, grain func(x, y float64) float64, x, y, s float64) {
	parts := []struct {
		colour uint32
		xy     []float64
	}{
		{0xe9dcc8, []float64{0, -1.15, -0.34, -0.36, 0, -0.36}}, {0xfffaf0, []float64{0, -1.15, 0, -0.36, 0.36, -0.36}},
		{0xfffaf0, []float64{-1, -0.52, -0.55, 0.12, 0.55, 0.12, 1, -0.52, 0.3, -0.36, -0.3, -0.36}}, {0xe3d3bc, []float64{-1, -0.52, -0.55, 0.12, 0, 0.12, -0.3, -0.36}},
	}
	for i, part := range parts {
		var p path
		for j := 0; j < len(part.xy); j += 2 {
			if j == 0 {
				p.move(x+part.xy[j]*s, y+part.xy[j+1]*s)
			} else {
				p.line(x+part.xy[j]*s, y+part.xy[j+1]*s)
			}
		}
		if i == 0 || i == 2 {
			c.shadow(&p, 0.003, 0.006, 0.006, hex(0x3a1c3f), 0.4)
		}
		c.fill(&p, func(px, py float64, _ rgb) rgb { return hex(part.colour).mul(grain(px, py)) })
	}
}
