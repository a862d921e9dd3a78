package imaging

import (
	"context"
	"errors"
	"image"
	"image/color"
	"runtime"
	"testing"

	"github.com/sajin-sns/sajin/ports/media"
)

func TestMemoryIsBooked(t *testing.T) {
	file := asJPEG(photo(500, 400))
	h, err := inspect(t.Context(), from(file), New(Options{}).limits)
	if err != nil {
		t.Fatal(err)
	}
	p := New(Options{MaxDecodeBytes: h.memory() + 1})
	t.Run("a second picture waits until the first is done, or until it is told not to", func(t *testing.T) {
		inside, leave, done := make(chan bool), make(chan bool), make(chan error)
		go func() {
			_, err := p.Process(t.Context(), from(file), func(stage string, _ int) {
				if stage == "decoding" {
					inside <- true
					<-leave
				}
			})
			done <- err
		}()
		<-inside
		ctx, cancel := context.WithCancel(t.Context())
		_, err := p.Process(ctx, from(file), func(stage string, _ int) {
			switch stage {
			case "waiting":
				cancel()
			case "decoding":
				t.Error("both were decoded at once")
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		leave <- true
		if err := <-done; err != nil {
			t.Error(err)
		}
		mustProcess(t, p, file) // there is room again
	})
	t.Run("what failed gives back what it booked", func(t *testing.T) {
		for range 3 {
			if _, err := p.Process(t.Context(), from(file[:len(file)-100]), nil); !errors.Is(err, media.ErrCorrupt) {
				t.Fatal(err)
			}
		}
		mustProcess(t, p, file)
	})
	t.Run("a decoder takes no more than was booked for it", func(t *testing.T) {
		const w, h = 1001, 799
		rgba, deep := photo(w, h), image.NewNRGBA64(image.Rect(0, 0, w, h))
		for name, file := range map[string][]byte{
			"JPEG":                               asJPEG(rgba),
			"grey JPEG":                          asJPEG(image.NewGray(rgba.Rect)),
			"progressive JPEG":                   progressive(w, h, 3),
			"PNG":                                asPNG(rgba),
			"grey PNG":                           asPNG(image.NewGray(rgba.Rect)),
			"deep PNG":                           asPNG(deep),
			"deep grey PNG":                      asPNG(image.NewGray16(rgba.Rect)),
			"PNG of a palette":                   asPNG(paletted(rgba.Rect, color.Black)),
			"PNG whose black is clear":           withChunks(asPNG(rgba), chunk("tRNS", make([]byte, 6))),
			"grey PNG whose black is clear":      withChunks(asPNG(image.NewGray(rgba.Rect)), chunk("tRNS", make([]byte, 2))),
			"deep grey PNG whose black is clear": withChunks(asPNG(image.NewGray16(rgba.Rect)), chunk("tRNS", make([]byte, 2))),
			"GIF":                                asGIF(paletted(rgba.Rect, color.Black)),
			"lossless WebP":                      webpFile(lossless(w, h, quarters(w, h))),
		} {
			head, err := inspect(t.Context(), from(file), New(Options{}).limits)
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := decodePixels(t.Context(), from(file), head); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			took := int64(after.TotalAlloc - before.TotalAlloc)
			// How many codes a lossless WebP has nobody knows beforehand.
			if spare := int64(512 << 10); took > head.decodeBytes+spare || head.decodeBytes > 3*took && name != "lossless WebP" {
				t.Errorf("%s took %d of %d", name, took, head.decodeBytes)
			}
		}
	})
	t.Run("nor do the codes of a lossless WebP, however small the file", func(t *testing.T) {
		const side = 204
		for name, file := range map[string][]byte{
			"pixels": webpFile(riffChunk("VP8L", append(losslessHead(side, side), manyCodes(side)...))),
			"alpha": webpFile(vp8x(1<<4, side, side), // compressed, before a picture that is not there
				riffChunk("ALPH", append([]byte{1}, manyCodes(side)...)), keyFrame(side, side)),
		} {
			src := from(file)
			head, err := inspect(t.Context(), src, New(Options{}).limits)
			if err != nil {
				t.Fatal(err)
			}
			before, most := live(), int64(0)
			src.before = func(int64) error {
				most = max(most, live())
				return nil
			}
			if _, err := decodePixels(t.Context(), src, head); (err == nil) != (name == "pixels") {
				t.Fatal(name, err)
			}
			if took := most - before; took > head.decodeBytes || took < 100<<20 {
				t.Errorf("%s took %d of %d", name, took, head.decodeBytes)
			}
		}
	})
	t.Run("an icon is processed also where there is little memory", func(t *testing.T) {
		mustProcess(t, New(Options{MaxDecodeBytes: 24 << 20}), webpFile(lossless(64, 64, quarters(64, 64))))
	})
}

// live is what the heap holds, garbage left out.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
