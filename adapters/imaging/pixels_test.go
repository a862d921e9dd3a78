package imaging

import (
	"image"
	"image/color"
	"strings"
	"testing"
)

func TestKindsOfPixels(t *testing.T) {
	p := New(Options{})
	half := color.NRGBA{255, 0, 0, 128}
	mixed := color.RGBA{255, 127, 127, 255}
	fill := func(m interface {
		image.Image
		Set(x, y int, c color.Color)
	}, c color.Color) []byte {
		for y := range 16 {
			for x := range 16 {
				m.Set(x, y, c)
			}
		}
		return asPNG(m)
	}
	r := image.Rect(0, 0, 16, 16)
	clear := paletted(r, color.Transparent)
	offset := paletted(r, color.White)
	for y := range 8 {
		for x := range 8 {
			offset.SetColorIndex(x, y, 2)
		}
	}
	moved := paletted(image.Rect(32, 32, 48, 48), color.RGBA{0, 0, 255, 255})
	for name, c := range map[string]struct {
		file []byte
		want color.Color
	}{
		"half clear":                 {fill(image.NewNRGBA(r), half), mixed},
		"half clear, of 16 bits":     {fill(image.NewNRGBA64(r), half), mixed},
		"of 16 bits":                 {fill(image.NewRGBA64(r), mixed), mixed},
		"grey":                       {fill(image.NewGray(r), color.Gray{77}), color.Gray{77}},
		"grey of 16 bits":            {fill(image.NewGray16(r), color.Gray16{77 << 8}), color.Gray{77}},
		"of a palette, half clear":   {fill(image.NewPaletted(r, color.Palette{half, color.Black}), half), mixed},
		"a GIF that is clear":        {asGIF(clear), color.White},
		"red ink":                    {inks(0, 255, 255, 0), color.RGBA{255, 0, 0, 255}},
		"blue and some black ink":    {inks(255, 255, 0, 55), color.RGBA{0, 0, 200, 255}},
		"no ink":                     {inks(0, 0, 0, 0), color.White},
		"progressive and all grey":   {progressive(16, 16, 4), color.Gray{128}},
		"WebP with its corner clear": {webpFile(lossless(32, 32, quarters(32, 32))), color.White},
	} {
		t.Run(name, func(t *testing.T) {
			m := largest(t, mustProcess(t, p, c.file))
			if got := m.At(m.Bounds().Dx()/2, m.Bounds().Dy()/2); !near(got, c.want, 4) {
				t.Errorf("%v, not %v", got, c.want)
			}
		})
	}
	t.Run("of an animation the first frame is shown, in its place on a white canvas", func(t *testing.T) {
		g := asGIF(moved, offset)
		copy(g[6:], "\x40\x00\x40\x00") // the canvas
		blue := color.NRGBA{0, 0, 255, 255}
		w := webpFile(vp8x(0x12, 64, 64), riffChunk("ANIM", make([]byte, 6)),
			webpFrames(32, 32, 16, 16, lossless(16, 16, func(int, int) color.NRGBA { return blue })),
			webpFrames(0, 0, 64, 64, lossless(64, 64, quarters(64, 64))))
		for _, file := range [][]byte{g, w} {
			result := mustProcess(t, p, file)
			m := largest(t, result)
			if result.Facts.Frames != 2 || m.Bounds().Dx() != 64 || !near(m.At(40, 40), blue, 4) || !near(m.At(56, 56), color.White, 4) || !near(m.At(8, 40), color.White, 4) {
				t.Errorf("%+v: %v, %v, %v", result.Facts, m.At(40, 40), m.At(56, 56), m.At(8, 40))
			}
		}
	})
	t.Run("lossy WebP has its colours and its alpha, still and animated", func(t *testing.T) {
		frame := webpFrames(0, 0, 24, 16, lossyAlpha[30:])
		for _, file := range [][]byte{lossyAlpha, webpFile(vp8x(0x12, 24, 16), frame)} {
			m := largest(t, mustProcess(t, p, file))
			if !near(m.At(4, 3), color.RGBA{200, 40, 40, 255}, 40) || !near(m.At(20, 3), color.RGBA{40, 60, 200, 255}, 40) || !near(m.At(12, 13), color.White, 10) {
				t.Errorf("%v, %v, %v", m.At(4, 3), m.At(20, 3), m.At(12, 13))
			}
		}
	})
}

func TestTurning(t *testing.T) {
	t.Run("every orientation puts every pixel in its place", func(t *testing.T) {
		m := image.NewRGBA(image.Rect(0, 0, 3, 2)) // abc over def
		for i, c := range "abcdef" {
			m.SetRGBA(i%3, i/3, color.RGBA{uint8(c), 0, 0, 255})
		}
		for value, want := range []string{1: "abc/def", "cba/fed", "fed/cba", "def/abc", "ad/be/cf", "da/eb/fc", "fc/eb/da", "cf/be/ad"} {
			if value == 0 {
				continue
			}
			out := upright(m, value)
			var got strings.Builder
			for y := range out.Rect.Dy() {
				if y > 0 {
					got.WriteByte('/')
				}
				for x := range out.Rect.Dx() {
					got.WriteByte(out.RGBAAt(x, y).R)
				}
			}
			if got.String() != want {
				t.Errorf("%d: %s, not %s", value, got.String(), want)
			}
		}
	})
}
