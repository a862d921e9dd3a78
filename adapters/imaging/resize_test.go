package imaging

import (
	"image"
	"image/color"
	"testing"

	"golang.org/x/image/draw"
	"pgregory.net/rapid"
)

func TestTaps(t *testing.T) {
	t.Run("the shares of every sample are within the picture and add up to one", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			from, to := rapid.IntRange(1, 3000).Draw(t, "from"), rapid.IntRange(1, 700).Draw(t, "to")
			for _, k := range []kernel{catmullRom, bSpline} {
				taps := newTaps(from, to, k)
				for i, first := range taps.first {
					sum, size := int32(0), int32(0)
					for _, share := range taps.shares[i*taps.n : (i+1)*taps.n] {
						sum, size = sum+share, size+max(share, -share)
					}
					if first < 0 || first+taps.n > from || sum != 1<<weightBits {
						t.Fatalf("%d to %d, sample %d: from %d on, %d of %d", from, to, i, first, sum, 1<<weightBits)
					}
					if size > 3<<(weightBits-1) { // else 16 bits would not hold an intermediate value
						t.Fatalf("%d to %d, sample %d: shares as large as %d", from, to, i, size)
					}
				}
			}
		})
	})
}

func TestResizing(t *testing.T) {
	t.Run("a flat picture stays flat, whatever its size", func(t *testing.T) {
		for _, c := range []color.RGBA{{0, 0, 0, 255}, {255, 255, 255, 255}, {1, 128, 254, 255}} {
			for _, side := range [][2]int{{7, 3}, {50, 50}, {333, 90}} {
				out, err := resize(t.Context(), rowsOf(flat(100, 70, c)), side[0], side[1], catmullRom, 2)
				if err != nil {
					t.Fatal(err)
				}
				for i := range out.Pix {
					if out.Pix[i] != [4]byte{c.R, c.G, c.B, 255}[i%4] {
						t.Fatalf("%v at %v: %v", c, side, out.Pix[i/4*4:i/4*4+4])
					}
				}
			}
		}
	})
	t.Run("the result is the Catmull-Rom of another implementation", func(t *testing.T) {
		src := photo(403, 301)
		for _, side := range [][2]int{{200, 150}, {61, 299}, {403, 40}, {1, 1}} {
			got, err := resize(t.Context(), rowsOf(src), side[0], side[1], catmullRom, 2)
			if err != nil {
				t.Fatal(err)
			}
			want := image.NewRGBA(got.Rect)
			draw.CatmullRom.Scale(want, want.Rect, src, src.Rect, draw.Src, nil)
			for y := range side[1] {
				for x := range side[0] {
					edge := x < 2 || y < 2 || x >= side[0]-2 || y >= side[1]-2 // which each goes on beyond in its way
					if !edge && !near(got.At(x, y), want.At(x, y), 2) {
						t.Fatalf("%v at %d, %d: %v, not %v", side, x, y, got.At(x, y), want.At(x, y))
					}
				}
			}
		}
	})
	t.Run("sides keep their ratio as near as whole pixels can", func(t *testing.T) {
		for _, c := range [][5]int{{4000, 3000, 2048, 2048, 1536}, {3000, 4000, 320, 240, 320}, {321, 200, 320, 320, 199}, {9000, 1, 320, 320, 1}, {10, 20, 320, 10, 20}} {
			if w, h := fit(c[0], c[1], c[2]); w != c[3] || h != c[4] {
				t.Errorf("%v: %d by %d", c, w, h)
			}
		}
	})
}
