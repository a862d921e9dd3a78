package paint

import (
	"math"
	"runtime"
	"sync"
)

// canvas is a picture in linear light. Its unit is its own height: y goes from
// 0 at the top to 1, x from 0 to aspect, so a scene is composed once and fits
// both orientations.
type canvas struct {
	w, h   int
	aspect float64
	pix    []rgb
	look   look
}

func newCanvas(w, h int) *canvas {
	return &canvas{w: w, h: h, aspect: float64(w) / float64(h), pix: make([]rgb, w*h), look: plain}
}

// smaller is an empty canvas of the same shape with fewer pixels, for what will
// be out of focus anyway.
func (c *canvas) smaller(by int) *canvas {
	s := newCanvas(max(c.w/by, 1), max(c.h/by, 1))
	s.aspect = c.aspect
	return s
}

// shader gives the colour at a place, knowing what is under it.
type shader func(x, y float64, under rgb) rgb

// shade recolours every pixel.
func (c *canvas) shade(f shader) { c.within(0, 0, c.aspect, 1, f) }

// within recolours the pixels of a box. f must be a function of its arguments
// alone: large boxes are shared out among the processors.
func (c *canvas) within(x0, y0, x1, y1 float64, f shader) {
	left, right := max(int(x0*float64(c.h)), 0), min(int(math.Ceil(x1*float64(c.h))), c.w)
	top, bottom := max(int(y0*float64(c.h)), 0), min(int(math.Ceil(y1*float64(c.h))), c.h)
	if left >= right || top >= bottom {
		return
	}
	rows := func(from, to int) {
		for j := from; j < to; j++ {
			y := (float64(j) + 0.5) / float64(c.h)
			line := c.pix[j*c.w : (j+1)*c.w]
			for i := left; i < right; i++ {
				line[i] = f((float64(i)+0.5)/float64(c.h), y, line[i])
			}
		}
	}
	if (right-left)*(bottom-top) < 1<<15 {
		rows(top, bottom)
		return
	}
	share(top, bottom, rows)
}

// share splits a range among the processors.
func share(from, to int, work func(from, to int)) {
	parts := min(runtime.GOMAXPROCS(0), to-from)
	var wait sync.WaitGroup
	for p := range parts {
		wait.Go(func() { work(from+(to-from)*p/parts, from+(to-from)*(p+1)/parts) })
	}
	wait.Wait()
}

// at samples between pixels; places outside repeat the edge.
func (c *canvas) at(x, y float64) rgb {
	x = min(max(x*float64(c.h)-0.5, 0), float64(c.w)-1.001)
	y = min(max(y*float64(c.h)-0.5, 0), float64(c.h)-1.001)
	i, j := int(max(x, 0)), int(max(y, 0))
	row, next := c.pix[j*c.w:], c.pix[min(j+1, c.h-1)*c.w:]
	u, k := x-float64(i), min(i+1, c.w-1)
	return mix(mix(row[i], row[k], u), mix(next[i], next[k], u), y-float64(j))
}

// blur softens by a radius in heights: three boxes, which is nearly a Gaussian.
func (c *canvas) blur(radius float64) {
	r := int(radius*float64(c.h)*0.62 + 0.5)
	if r < 1 {
		return
	}
	turned := &canvas{w: c.h, h: c.w, pix: make([]rgb, len(c.pix))}
	for _, pair := range [][2]*canvas{{c, turned}, {turned, c}} {
		from, to := pair[0], pair[1]
		share(0, from.h, func(first, last int) {
			a, b := make([]rgb, from.w), make([]rgb, from.w)
			for j := first; j < last; j++ {
				box(a, from.pix[j*from.w:(j+1)*from.w], r)
				box(b, a, r)
				box(a, b, r)
				for i, v := range a {
					to.pix[i*to.w+j] = v
				}
			}
		})
	}
}

func box(to, from []rgb, r int) {
	last := len(from) - 1
	sum := from[0].mul(float64(r))
	for i := 1; i <= r; i++ {
		sum = sum.add(from[min(i-1, last)])
	}
	k := 1 / float64(2*r+1)
	for i := range to {
		sum = sum.add(from[min(i+r, last)])
		to[i] = sum.mul(k)
		sum = sum.plus(from[max(i-r, 0)], -1)
	}
}
