package imaging

import (
	"bytes"
	"image"
	"image/color"
	"testing"
)

func TestTheLockedSeeACopyOf32Pixels(t *testing.T) {
	p := New(Options{})
	t.Run("the preview and the placeholder are made from the copy and nothing else", func(t *testing.T) {
		for _, side := range [][2]int{{480, 320}, {320, 480}, {200, 200}, {20, 9}} {
			original := photo(side[0], side[1])
			m := original
			for _, edge := range []int{1080, 320, copyEdge} { // as from rendition to rendition
				w, h := fit(side[0], side[1], edge)
				var err error
				if m, err = resize(t.Context(), rowsOf(m), w, h, catmullRom, 1); err != nil {
					t.Fatal(err)
				}
			}
			if max(m.Rect.Dx(), m.Rect.Dy()) > 32 {
				t.Fatalf("the copy is %v", m.Rect)
			}
			preview, about, err := veil(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			if shape := map[bool]byte{false: 'L', true: 'T'}[side[1] > side[0]]; about.Blurhash[0] != shape {
				t.Errorf("the hash of %v begins with %q", side, about.Blurhash[0])
			}
			result := mustProcess(t, p, asPNG(original))
			if got := result.Renditions[len(result.Renditions)-1]; !bytes.Equal(got.Data, preview.Data) || about != result.Placeholder {
				t.Errorf("%v: the result is not what the copy gives", side)
			}
		}
	})
	t.Run("two pictures with the same copy have the same preview, hash and colour", func(t *testing.T) {
		// A chequered pattern of single pixels, which half the size no longer shows.
		plain, secret := image.NewRGBA(image.Rect(0, 0, 640, 640)), image.NewRGBA(image.Rect(0, 0, 640, 640))
		for y := range 640 {
			for x := range 640 {
				shade := uint8(60 + 8*(x/64))
				plain.SetRGBA(x, y, color.RGBA{shade, 90, uint8(50 + y/8), 255})
				secret.SetRGBA(x, y, color.RGBA{shade, uint8(90 + 80*(1-2*((x+y)%2))), uint8(50 + y/8), 255})
			}
		}
		a, b := mustProcess(t, p, asPNG(plain)), mustProcess(t, p, asPNG(secret))
		if bytes.Equal(a.Renditions[1].Data, b.Renditions[1].Data) {
			t.Fatal("the originals do not differ")
		}
		if !bytes.Equal(a.Renditions[2].Data, b.Renditions[2].Data) {
			t.Error("the previews differ")
		}
		if a.Placeholder != b.Placeholder {
			t.Errorf("%v and %v", a.Placeholder, b.Placeholder)
		}
	})
	t.Run("a preview is large and blurred, whatever the size of the original", func(t *testing.T) {
		for _, edge := range []int{2, 31, 700} {
			m := photo(edge, edge)
			m.SetRGBA(edge/2, edge/2, color.RGBA{255, 255, 255, 255})
			result := mustProcess(t, p, asPNG(m))
			preview := shown(t, result.Renditions[len(result.Renditions)-1])
			if preview.Bounds().Dx() != 640 {
				t.Fatal(preview.Bounds())
			}
			for y := 0; y < 640; y += 5 { // neighbouring pixels are almost alike
				for x := 1; x < 640; x++ {
					if !near(preview.At(x, y), preview.At(x-1, y), 28) {
						t.Fatalf("of %d: %v beside %v", edge, preview.At(x-1, y), preview.At(x, y))
					}
				}
			}
		}
	})
}

func TestBlurring(t *testing.T) {
	t.Run("of a lone point in the copy the preview shows a faint cloud", func(t *testing.T) {
		m := flat(32, 32, color.Black)
		m.SetRGBA(16, 16, color.RGBA{255, 255, 255, 255})
		preview, _, err := veil(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(t, preview).At(330, 330); !near(got, color.Gray{44}, 5) {
			t.Error(got)
		}
	})
	t.Run("a lone point is spread over its neighbours", func(t *testing.T) {
		m := flat(5, 5, color.Black)
		m.SetRGBA(2, 2, color.RGBA{255, 255, 255, 255})
		out := blur(m)
		for at, want := range map[image.Point]uint8{{2, 2}: 64, {1, 2}: 32, {2, 3}: 32, {3, 3}: 16, {0, 2}: 0} {
			if got := out.RGBAAt(at.X, at.Y); got != (color.RGBA{want, want, want, 255}) {
				t.Errorf("%v: %v", at, got)
			}
		}
	})
}

func TestDominantColour(t *testing.T) {
	t.Run("it is that of most pixels, not the average", func(t *testing.T) {
		m := flat(32, 20, color.RGBA{200, 20, 20, 255})
		for y := range 20 {
			for x := range 13 {
				m.SetRGBA(x, y, color.RGBA{20, 20, uint8(100 + 5*x), 255})
			}
		}
		if got := dominant(m); got != "#c81414" {
			t.Error(got)
		}
	})
}
