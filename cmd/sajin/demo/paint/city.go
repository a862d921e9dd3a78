package paint

import (
	"math"
	"math/rand/v2"
)

var cities = []Scene{
	{Name: "night-city", Title: "Seoul from the river", Category: "city",
		Tags: []string{"seoul", "night", "skyline", "hanriver"}, paint: nightCity},
	{Name: "rainy-window", Title: "Waiting for the rain to stop", Category: "city",
		Tags: []string{"rain", "bokeh", "neon", "mood"}, paint: rainyWindow},
	{Name: "red-umbrella", Title: "First snow, the two of us", Category: "people",
		Tags: []string{"snow", "couple", "winter", "street"}, paint: redUmbrella},
}

func nightCity(c *canvas) {
	const shore = 0.66
	n := newNoise(41)
	c.sky(gradient(0x0a1130, 0x1d2a63, 0x4b3a80, 0xa84f7c, 0xf58a60, 0xffbd7c), shore)
	c.stars(5, 150, 0.30, 0.28)
	c.clouds(n, shore, 0.06, func(x, y, density float64, under rgb) rgb {
		return mix(under, mix(hex(0x35306e), hex(0xd8606a), smooth(0.05, 0.5, y)), 0.75*density)
	})
	hill := c.ridge(func(x float64) float64 {
		d := (x - c.aspect*0.30) / 0.42
		return shore - 0.20*math.Exp(-d*d) - 0.03 + 0.012*n.fbm(x*9, 1, 4)
	})
	c.ground(hill, nil, func(x, y, depth float64, _ rgb) rgb {
		return mix(hex(0x4a3265), hex(0x8a4668), smooth(0, 0.22, depth))
	})
	seoulTower(c, c.aspect*0.30, shore-0.222)
	dice := random(9)
	for i, skin := range []rgb{hex(0x553866), hex(0x2a2850), hex(0x0d1230)} {
		k := float64(i)
		for x := -0.05; x < c.aspect; {
			w := lerp(0.035, 0.06, dice.Float64()) * (1 + 0.2*k)
			centre := bell(x/c.aspect-0.70, 0.28)
			tall := lerp(0.07, 0.12, k/2) + (0.10+0.22*centre)*math.Pow(dice.Float64(), 1.3)*(1-0.18*k) + 0.06*centre
			tower(c, dice, x, shore, w, tall, skin, 0.35+0.3*k)
			x += w * lerp(0.9, 1.25, dice.Float64())
		}
	}
	signature(c, c.aspect*0.735, shore)
	c.rect(0, shore-0.006, c.aspect, shore, flat(hex(0x0a0d22)))
	for x := 0.012; x < c.aspect; x += 0.026 {
		c.glow(x, shore-0.008, 0.0035, hex(0xffb765).mul(1.3))
	}
	quay := shore - max(0.003, 2/float64(c.h))
	c.water(n, shore, 1.25, func(x, y, slope float64, _ rgb) rgb {
		up := 2*shore - y
		var light rgb
		for j := range 5 { // long exposures smear reflections downwards
			k := (float64(j) - 2) * (0.006 + 0.05*(y-shore))
			light = light.plus(c.at(x+slope*(0.004+0.03*(y-shore)), min(up+k-slope*0.02, quay)), 0.2)
		}
		return mix(hex(0x060a1c), light, 0.80-0.9*(y-shore)).plus(light, 0.25*smooth(0.1, 0.6, slope))
	})
	c.look = look{bloom: 0.55, bright: 0.42, radius: 0.022, vignette: 0.35, grain: 3}
}

// tower is a building with its lit windows.
func tower(c *canvas, dice *rand.Rand, x, shore, w, tall float64, skin rgb, lit float64) {
	top := shore - tall
	c.rect(x, top, x+w, shore, func(px, py float64, _ rgb) rgb {
		side := mix(skin, skin.mul(0.72), smooth(x+w*0.62, x+w*0.64, px))
		return side.plus(hex(0x9a4a7a), 0.13*smooth(shore-0.30, shore, py))
	})
	if dice.Float64() < 0.5 {
		c.rect(x+w*0.2, top-0.012, x+w*0.6, top, flat(skin))
	}
	if tall > 0.24 && dice.Float64() < 0.6 {
		c.rect(x+w*0.48, top-0.05, x+w*0.52, top, flat(skin))
		c.glow(x+w*0.5, top-0.05, 0.004, hex(0xff4338).mul(1.6))
	}
	warm := []rgb{hex(0xffd08a), hex(0xffb45e), hex(0xfff0cf), hex(0xbfdcff)}[dice.IntN(4)]
	columns, rows := int(w/0.0085), int(tall/0.0105)
	busy := 0.15 + 0.5*dice.Float64()
	for j := range rows - 1 {
		floor := dice.Float64() < 0.08 // a whole floor at work
		for i := range columns {
			if !floor && dice.Float64() > busy {
				continue
			}
			wx, wy := x+w*(float64(i)+0.5)/float64(columns), top+0.009+float64(j)*0.0105
			k := lit * (0.12 + 1.1*math.Pow(dice.Float64(), 2))
			c.rect(wx-0.0023, wy, wx+0.0023, wy+0.0050, func(_, _ float64, under rgb) rgb { return under.plus(warm, k) })
		}
	}
}

// signature is the tall tapering tower that tells which city it is.
func signature(c *canvas, x, shore float64) {
	const tall = 0.475
	var glass path
	glass.move(x-0.034, shore)
	glass.curve(x-0.034, shore-0.2, x-0.018, shore-0.38, x-0.007, shore-tall)
	glass.line(x-0.001, shore-tall+0.03)
	glass.line(x+0.001, shore-tall+0.03)
	glass.line(x+0.007, shore-tall)
	glass.curve(x+0.018, shore-0.38, x+0.034, shore-0.2, x+0.034, shore)
	c.fill(&glass, func(px, py float64, _ rgb) rgb {
		up := (shore - py) / tall
		p := mix(hex(0x1a2a58), hex(0x4d6aa8), 0.5+0.5*math.Cos((px-x)*70+0.6)).mul(0.6 + 0.6*up)
		rung := math.Abs(math.Mod(py*110, 1) - 0.5)
		window := hash(int(px*260), int(py*110))
		p = p.plus(hex(0xffdfa8), 0.42*smooth(0.62, 1, window)*smooth(0.42, 0.3, rung))
		return p.plus(hex(0xcfe4ff), 0.8*smooth(0.93, 1, up)+0.5*bell(px-x, 0.0016))
	})
	c.glow(x, shore-tall+0.01, 0.022, hex(0xbfd8ff).mul(0.55))
}

// seoulTower stands on its hill.
func seoulTower(c *canvas, x, y float64) {
	var t path
	t.polygon(x-0.006, y+0.03, x-0.004, y-0.055, x+0.004, y-0.055, x+0.006, y+0.03)
	t.polygon(x-0.015, y-0.056, x-0.011, y-0.082, x+0.011, y-0.082, x+0.015, y-0.056, x+0.006, y-0.047, x-0.006, y-0.047)
	t.polygon(x-0.004, y-0.08, x-0.0012, y-0.155, x+0.0012, y-0.155, x+0.004, y-0.08)
	c.fill(&t, func(_, py float64, _ rgb) rgb {
		return mix(hex(0x6ac6d8), hex(0x2f5f9a), smooth(y-0.10, y+0.02, py))
	})
	c.rect(x-0.0135, y-0.066, x+0.0135, y-0.061, flat(hex(0xfff3cf)))
	c.glow(x, y-0.06, 0.035, hex(0x3fb6d8).mul(0.4))
	c.glow(x, y-0.155, 0.004, hex(0xff4338).mul(1.6))
}
