package paint

import "math"

// blossom is a flower of five notched petals, seen from above.
func blossom(c *canvas, x, y, r, turn float64, petal, heart rgb, light float64) {
	c.within(x-r*1.1, y-r*1.1, x+r*1.1, y+r*1.1, func(px, py float64, under rgb) rgb {
		u, v := (px-x)/r, (py-y)/r
		d := math.Hypot(u, v)
		if d > 1.1 {
			return under
		}
		sector := (math.Atan2(v, u) + turn) / (2 * math.Pi) * 5
		i := math.Floor(sector)
		a := (sector - i - 0.5) * 2 // -1 to 1 across one petal
		k := hash(int(i)%5+9, int(turn*1000))
		edge := (0.94 + 0.08*k) * math.Pow(math.Max(1-a*a*0.92, 0), 0.30) * (1 - 0.13*bell(a, 0.16))
		soft := 1.2 / (r * float64(c.h))
		p := mix(heart, petal, smooth(0.05, 0.62, d))
		p = p.mul(light * (0.86 + 0.10*k + 0.12*math.Cos(a*2.4) - 0.25*smooth(0.55, 1, math.Abs(a))*smooth(0.8, 0.3, d)))
		p = p.mul(1 - 0.07*bell(math.Mod(math.Abs(a)*6+9, 2)-1, 0.4)*smooth(0.15, 0.5, d))
		for s := range 5 {
			ang, long := float64(s)*1.2566-turn+0.63, 0.30+0.12*hash(s, int(turn*777))
			sy, sx := math.Sincos(ang)
			p = mix(p, hex(0xffd66b).mul(light), smooth(0.075, 0.04, math.Hypot(u-sx*long, v-sy*long)))
		}
		return mix(under, p, smooth(edge+soft, edge-soft, d))
	})
}
