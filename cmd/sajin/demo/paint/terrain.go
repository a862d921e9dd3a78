package paint

import "math"

// terrain is land seen in perspective. Distances are in units of its own; the
// eye stands at the origin, looking along z.
type terrain struct {
	height    func(x, z float64) float64
	eye       float64 // how high the eye is
	horizon   float64 // where on the canvas height 0 at infinity lies
	focal     float64
	near, far float64
	stride    float64 // how much farther every step is, as a factor above 1
}

// render draws the land column by column from near to far over what is there;
// f gives its colour at a place.
func (c *canvas) render(t terrain, f func(x, z float64) rgb) {
	scale := float64(c.h)
	share(0, c.w, func(from, to int) {
		light, open := make([]rgb, c.h), make([]float64, c.h)
		for i := from; i < to; i++ {
			for j := range light {
				light[j], open[j] = rgb{}, 1
			}
			slant := ((float64(i)+0.5)/scale - c.aspect/2) / t.focal
			seen := func(z float64) float64 { return t.horizon + t.focal*(t.eye-t.height(slant*z, z))/z }
			top, fromY, fromZ := 1.0, 2.0, t.near
			climb := func(y, z float64) { // paints what rises above everything nearer
				for j := min(int(top*scale), c.h-1); j >= max(int(y*scale), 0); j-- {
					high, low := max(y, float64(j)/scale), min(top, float64(j+1)/scale)
					if low <= high {
						continue
					}
					k := clamp((fromY - (high+low)/2) / (fromY - y))
					at := 1 / lerp(1/fromZ, 1/z, k)
					light[j] = light[j].plus(f(slant*at, at), (low-high)*scale)
					open[j] -= (low - high) * scale
				}
				top, fromY, fromZ = min(top, y), y, z
			}
			lastY, lastZ := 2.0, t.near
			for z := t.near; z < t.far && top > 0; z *= t.stride {
				y := seen(z)
				if y > lastY && lastY <= fromY { // there is a crest about the last step
					a, b := fromZ, z
					for range 6 {
						if p, q := lerp(a, b, 0.4), lerp(a, b, 0.6); seen(p) < seen(q) {
							b = q
						} else {
							a = p
						}
					}
					lastZ = (a + b) / 2
					lastY = seen(lastZ)
				}
				climb(lastY, lastZ)
				lastY, lastZ = y, z
			}
			climb(lastY, lastZ)
			for j, rest := range open {
				if rest < 1 {
					c.pix[j*c.w+i] = light[j].plus(c.pix[j*c.w+i], max(rest, 0))
				}
			}
		}
	})
}

// facing is how far the land at a place turns to a light, -1 to 1.
func (t terrain) facing(x, z, lx, ly, lz float64) float64 {
	const reach = 0.02
	h := t.height(x, z)
	dx, dz := (t.height(x+reach, z)-h)/reach, (t.height(x, z+reach)-h)/reach
	return (ly - dx*lx - dz*lz) / math.Sqrt(1+dx*dx+dz*dz)
}
