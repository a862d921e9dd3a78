package paint

import "math"

// rgb is a colour in linear light, so that mixing two of them does what light does.
type rgb struct{ r, g, b float32 }

// hex reads a colour as designers write it: 0xrrggbb in sRGB.
func hex(v uint32) rgb {
	return rgb{linear[v>>16&255], linear[v>>8&255], linear[v&255]}
}

var linear = func() (t [256]float32) {
	for i := range t {
		s := float64(i) / 255
		if s <= 0.04045 {
			t[i] = float32(s / 12.92)
		} else {
			t[i] = float32(math.Pow((s+0.055)/1.055, 2.4))
		}
	}
	return t
}()

// encoded is the inverse of what linear holds.
func encoded(l float64) float64 {
	if l <= 0.0031308 {
		return l * 12.92
	}
	return 1.055*math.Pow(l, 1/2.4) - 0.055
}

func (c rgb) add(d rgb) rgb   { return rgb{c.r + d.r, c.g + d.g, c.b + d.b} }
func (c rgb) times(d rgb) rgb { return rgb{c.r * d.r, c.g * d.g, c.b * d.b} }

func (c rgb) mul(k float64) rgb {
	f := float32(k)
	return rgb{c.r * f, c.g * f, c.b * f}
}

// plus adds so much of another light.
func (c rgb) plus(d rgb, k float64) rgb {
	f := float32(k)
	return rgb{c.r + d.r*f, c.g + d.g*f, c.b + d.b*f}
}

// luma is how bright the eye finds the colour.
func (c rgb) luma() float64 {
	return float64(0.2126*c.r + 0.7152*c.g + 0.0722*c.b)
}

func mix(a, b rgb, t float64) rgb {
	f := float32(t)
	return rgb{a.r + (b.r-a.r)*f, a.g + (b.g-a.g)*f, a.b + (b.b-a.b)*f}
}

// stop is one colour of a ramp.
type stop struct {
	at     float64
	colour rgb
}

// ramp is a gradient through its stops, which are in ascending order.
type ramp []stop

// gradient reads a ramp whose colours are evenly spaced from 0 to 1.
func gradient(colours ...uint32) ramp {
	r := make(ramp, len(colours))
	for i, v := range colours {
		r[i] = stop{float64(i) / float64(len(colours)-1), hex(v)}
	}
	return r
}

func (r ramp) at(t float64) rgb {
	if t <= r[0].at {
		return r[0].colour
	}
	for i := 1; i < len(r); i++ {
		if t < r[i].at {
			k := (t - r[i-1].at) / (r[i].at - r[i-1].at)
			return mix(r[i-1].colour, r[i].colour, k*k*(3-2*k))
		}
	}
	return r[len(r)-1].colour
}

func clamp(v float64) float64 { return min(max(v, 0), 1) }

func lerp(a, b, t float64) float64 { return a + (b-a)*t }

// smooth goes from 0 at a to 1 at b without a corner; a may be above b.
func smooth(a, b, v float64) float64 {
	t := clamp((v - a) / (b - a))
	return t * t * (3 - 2*t)
}

// bell is a Gaussian: 1 at zero, 0.37 at width.
func bell(d, width float64) float64 {
	d /= width
	return math.Exp(-d * d)
}
