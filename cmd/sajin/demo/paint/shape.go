package paint

import (
	"image"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

type point struct{ x, y float64 }

// path is a set of closed outlines. What any of them encloses is inside: they
// are wound alike when filled, so overlaps never cancel.
type path struct{ outlines [][]point }

func (p *path) move(x, y float64) { p.outlines = append(p.outlines, []point{{x, y}}) }

func (p *path) line(x, y float64) {
	last := len(p.outlines) - 1
	p.outlines[last] = append(p.outlines[last], point{x, y})
}

// curve bends from where the path is, past b and c, to d.
func (p *path) curve(bx, by, cx, cy, dx, dy float64) {
	outline := p.outlines[len(p.outlines)-1]
	a := outline[len(outline)-1]
	const steps = 20
	for i := 1; i <= steps; i++ {
		t := float64(i) / steps
		s := 1 - t
		k0, k1, k2, k3 := s*s*s, 3*s*s*t, 3*s*t*t, t*t*t
		p.line(k0*a.x+k1*bx+k2*cx+k3*dx, k0*a.y+k1*by+k2*cy+k3*dy)
	}
}

// polygon adds an outline of straight lines; its arguments are x, y, x, y ...
func (p *path) polygon(xy ...float64) {
	p.move(xy[0], xy[1])
	for i := 2; i+1 < len(xy); i += 2 {
		p.line(xy[i], xy[i+1])
	}
}

// ellipse adds an ellipse that is turned by an angle in radians.
func (p *path) ellipse(x, y, rx, ry, turn float64) {
	s, c := math.Sincos(turn)
	steps := int(min(24+700*max(rx, ry), 240)) // large ones would show their corners
	outline := make([]point, steps)
	for i := range outline {
		v, u := math.Sincos(2 * math.Pi * float64(i) / float64(steps))
		outline[i] = point{x + u*rx*c - v*ry*s, y + u*rx*s + v*ry*c}
	}
	p.outlines = append(p.outlines, outline)
}

// round adds a rectangle with rounded corners.
func (p *path) round(x0, y0, x1, y1, r float64) {
	k := r * 0.45
	p.move(x0+r, y0)
	p.line(x1-r, y0)
	p.curve(x1-k, y0, x1, y0+k, x1, y0+r)
	p.line(x1, y1-r)
	p.curve(x1, y1-k, x1-k, y1, x1-r, y1)
	p.line(x0+r, y1)
	p.curve(x0+k, y1, x0, y1-k, x0, y1-r)
	p.line(x0, y0+r)
	p.curve(x0, y0+k, x0+k, y0, x0+r, y0)
}

// stroke adds a line through points whose width goes from one to the other.
func (p *path) stroke(through []point, from, to float64) {
	n := len(through)
	outline := make([]point, 2*n)
	for i, q := range through {
		a, b := through[max(i-1, 0)], through[min(i+1, n-1)]
		dx, dy := b.x-a.x, b.y-a.y
		k := lerp(from, to, float64(i)/float64(max(n-1, 1))) / 2 / (math.Hypot(dx, dy) + 1e-9)
		outline[i] = point{q.x - dy*k, q.y + dx*k}
		outline[2*n-1-i] = point{q.x + dy*k, q.y - dx*k}
	}
	p.outlines = append(p.outlines, outline)
}

// area is positive for one winding and negative for the other.
func area(outline []point) (sum float64) {
	for i, a := range outline {
		b := outline[(i+1)%len(outline)]
		sum += a.x*b.y - b.x*a.y
	}
	return sum
}

// bounds is the smallest box around all outlines.
func (p *path) bounds() (x0, y0, x1, y1 float64) {
	x0, y0, x1, y1 = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, outline := range p.outlines {
		for _, q := range outline {
			x0, y0, x1, y1 = min(x0, q.x), min(y0, q.y), max(x1, q.x), max(y1, q.y)
		}
	}
	return x0, y0, x1, y1
}

// mask rasterizes the path: coverage within the box of pixels that it touches.
func (c *canvas) mask(p *path) *image.Alpha {
	x0, y0, x1, y1 := p.bounds()
	scale := float64(c.h)
	box := image.Rect(int(max(x0*scale, -9))-1, int(max(y0*scale, -9))-1,
		int(min(x1*scale, float64(c.w)))+2, int(min(y1*scale, scale))+2).Intersect(image.Rect(0, 0, c.w, c.h))
	if x1 < 0 || y1 < 0 || box.Empty() {
		return image.NewAlpha(image.Rectangle{})
	}
	raster := vector.NewRasterizer(box.Dx(), box.Dy())
	raster.DrawOp = draw.Src
	for _, outline := range p.outlines {
		n, back := len(outline), area(outline) < 0
		for i := range outline {
			q := outline[i]
			if back {
				q = outline[n-1-i]
			}
			x, y := float32(q.x*scale-float64(box.Min.X)), float32(q.y*scale-float64(box.Min.Y))
			if i == 0 {
				raster.MoveTo(x, y)
			} else {
				raster.LineTo(x, y)
			}
		}
		raster.ClosePath()
	}
	m := image.NewAlpha(box)
	raster.Draw(m, box, image.Opaque, image.Point{})
	return m
}
