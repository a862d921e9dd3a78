package paint

import "math"

// flat paints with one colour.
func flat(colour rgb) shader { return func(_, _ float64, _ rgb) rgb { return colour } }

// veil paints with one colour that lets some of what is under it through.
func veil(colour rgb, opacity float64) shader {
	return func(_, _ float64, under rgb) rgb { return mix(under, colour, opacity) }
}

// fill paints the inside of a path.
func (c *canvas) fill(p *path, f shader) {
	m := c.mask(p)
	for j := m.Rect.Min.Y; j < m.Rect.Max.Y; j++ {
		y := (float64(j) + 0.5) / float64(c.h)
		cover := m.Pix[(j-m.Rect.Min.Y)*m.Stride:][:m.Rect.Dx()]
		line := c.pix[j*c.w+m.Rect.Min.X:]
		for i, a := range cover {
			if a == 0 {
				continue
			}
			under := line[i]
			over := f((float64(i+m.Rect.Min.X)+0.5)/float64(c.h), y, under)
			line[i] = mix(under, over, float64(a)/255)
		}
	}
}

// shadow paints a path out of focus, shifted by dx and dy.
func (c *canvas) shadow(p *path, dx, dy, radius float64, colour rgb, opacity float64) {
	x0, y0, x1, y1 := p.bounds()
	x0, y0, x1, y1 = x0-2*radius, y0-2*radius, x1+2*radius, y1+2*radius
	const detail = 0.5 // a shadow needs no more than half the pixels
	scale := float64(c.h) * detail
	soft := newCanvas(int((x1-x0)*scale)+1, int((y1-y0)*scale)+1)
	unit := float64(soft.h) / scale // what soft measures in
	local := new(path)
	for _, outline := range p.outlines {
		for i, q := range outline {
			if i == 0 {
				local.move((q.x-x0)/unit, (q.y-y0)/unit)
			} else {
				local.line((q.x-x0)/unit, (q.y-y0)/unit)
			}
		}
	}
	soft.fill(local, flat(rgb{1, 1, 1}))
	soft.blur(radius / unit)
	c.within(x0+dx, y0+dy, x1+dx, y1+dy, func(x, y float64, under rgb) rgb {
		return mix(under, colour, opacity*float64(soft.at((x-dx-x0)/unit, (y-dy-y0)/unit).r))
	})
}

// disc paints a circle whose edge is as soft as it is told.
func (c *canvas) disc(x, y, r, soft float64, f shader) {
	soft = max(soft, 0.7/float64(c.h))
	reach := r + soft
	c.within(x-reach, y-reach, x+reach, y+reach, func(px, py float64, under rgb) rgb {
		d := math.Hypot(px-x, py-y)
		if d >= reach {
			return under
		}
		return mix(under, f(px, py, under), smooth(reach, r-soft, d))
	})
}

// glow adds light around a place; it is down to a third at r.
func (c *canvas) glow(x, y, r float64, light rgb) {
	reach := 2.6 * r
	c.within(x-reach, y-reach, x+reach, y+reach, func(px, py float64, under rgb) rgb {
		d := ((px-x)*(px-x) + (py-y)*(py-y)) / (r * r)
		if d > 6.7 {
			return under
		}
		return under.plus(light, max(math.Exp(-d)-0.0012, 0))
	})
}

// bokeh adds the disc that a small light becomes out of focus, brighter at the rim.
func (c *canvas) bokeh(x, y, r float64, light rgb) {
	edge := max(r*0.06, 0.7/float64(c.h))
	reach := r + edge
	c.within(x-reach, y-reach, x+reach, y+reach, func(px, py float64, under rgb) rgb {
		d := math.Hypot(px-x, py-y)
		return under.plus(light, smooth(reach, r-edge, d)*(0.72+0.28*smooth(0.6*r, r, d)))
	})
}

// rect paints an upright rectangle.
func (c *canvas) rect(x0, y0, x1, y1 float64, f shader) {
	scale := float64(c.h)
	c.within(x0-1/scale, y0-1/scale, x1+1/scale, y1+1/scale, func(x, y float64, under rgb) rgb {
		cover := clamp((x-x0)*scale+0.5) * clamp((x1-x)*scale+0.5) * clamp((y-y0)*scale+0.5) * clamp((y1-y)*scale+0.5)
		if cover == 0 {
			return under
		}
		return mix(under, f(x, y, under), cover)
	})
}
