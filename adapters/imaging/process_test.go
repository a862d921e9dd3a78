package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/ports/media"
)

func TestRenditionsOfEverySize(t *testing.T) {
	p := New(Options{})
	for _, c := range []struct {
		w, h int
		want string
	}{
		{1, 1, "w320 1x1, preview 640x640"},
		{100, 50, "w320 100x50, preview 640x320"},
		{320, 10, "w320 320x10, preview 640x20"},
		{321, 200, "w320 320x199, w1080 321x200, preview 640x400"},
		{600, 1080, "w320 178x320, w1080 600x1080, preview 360x640"},
		{1081, 600, "w320 320x178, w1080 1080x599, w2048 1081x600, preview 640x360"},
		{2048, 1000, "w320 320x156, w1080 1080x527, w2048 2048x1000, preview 640x320"},
		{2500, 1250, "w320 320x160, w1080 1080x540, w2048 2048x1024, preview 640x320"},
		{4000, 1, "w320 320x1, w1080 1080x1, w2048 2048x1, preview 640x20"},
	} {
		t.Run(fmt.Sprintf("%dx%d", c.w, c.h), func(t *testing.T) {
			var got []string
			for _, r := range mustProcess(t, p, asPNG(image.NewGray(image.Rect(0, 0, c.w, c.h)))).Renditions {
				got = append(got, fmt.Sprintf("%s %dx%d", r.Name, r.Width, r.Height))
				config, err := jpeg.DecodeConfig(bytes.NewReader(r.Data))
				if err != nil || config.Width != r.Width || config.Height != r.Height || r.ContentType != "image/jpeg" || r.Extension != "jpg" {
					t.Errorf("%s: %+v, %v", r.Name, config, err)
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoMetadataComesThrough(t *testing.T) {
	p := New(Options{})
	secret := "37.5665N 126.978E"
	jpg := withSegments(asJPEG(photo(400, 300)), append(inJPEG(displayP3(), 1), exif(6), exif(3),
		segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>"+secret), segment(0xed, "Photoshop 3.0\x008BIM"+secret),
		segment(0xe0, "JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"), segment(0xfe, "<script>"+secret))...)
	for name, file := range map[string][]byte{
		"JPEG": append(jpg, "PK\x03\x04"+secret...),
		"PNG": append(withChunks(asPNG(photo(400, 300)), inPNG(displayP3()), chunk("eXIf", []byte(tiff(binary.BigEndian, 6))),
			chunk("tEXt", []byte("Comment\x00"+secret)), chunk("iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"+secret))), "<html>"+secret...),
		"WebP": append(webpFile(vp8x(0x2c, 24, 16), riffChunk("ICCP", displayP3()), lossless(24, 16, quarters(24, 16)),
			riffChunk("EXIF", []byte(tiff(binary.BigEndian, 6))), riffChunk("XMP ", []byte(secret))), secret...),
		"GIF": bytes.Replace(asGIF(paletted(image.Rect(0, 0, 24, 16), color.Black)), []byte("\x2c"), []byte("\x21\xfe\x04GPS "+"\x00\x2c"), 1),
	} {
		t.Run("of a "+name+" nothing is left but quantisers, codes and pixels", func(t *testing.T) {
			for _, r := range mustProcess(t, p, file).Renditions {
				for _, mark := range []string{"Exif", "GPS", "ICC_PROFILE", "acsp", "adobe", "xmp", "8BIM", "script", "126.978", "PK\x03\x04", "JFIF"} {
					if bytes.Contains(r.Data, []byte(mark)) {
						t.Errorf("%s holds %q", r.Name, mark)
					}
				}
				for off := 2; r.Data[off+1] != 0xda; off += 2 + int(binary.BigEndian.Uint16(r.Data[off+2:])) {
					if m := r.Data[off+1]; m != 0xdb && m != 0xc0 && m != 0xc4 {
						t.Errorf("%s has a segment %x", r.Name, m)
					}
				}
				if !bytes.HasSuffix(r.Data, []byte{0xff, 0xd9}) || bytes.Count(r.Data, []byte{0xff, 0xd9}) != 1 {
					t.Errorf("%s goes on behind its end", r.Name)
				}
			}
		})
	}
}

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

func TestWorkersDoNotShow(t *testing.T) {
	file := withSegments(asJPEG(photo(1500, 900)), append(inJPEG(adobeRGB(), 1), exif(5))...)
	want := mustProcess(t, New(Options{Workers: 1}), file)
	for _, workers := range []int{2, 3, 7} {
		if got := mustProcess(t, New(Options{Workers: workers}), file); !reflect.DeepEqual(want, got) {
			t.Errorf("with %d workers the result is another", workers)
		}
	}
}

func TestInterruptions(t *testing.T) {
	p := New(Options{})
	file := asJPEG(photo(1200, 900))
	deep := int64(len(file) / 2)
	broken := errors.New("the disk is gone")
	t.Run("a source that fails half-way is not a damaged picture", func(t *testing.T) {
		src := from(file)
		src.before = func(off int64) error {
			if off > deep {
				return broken
			}
			return nil
		}
		if _, err := p.Process(t.Context(), src, nil); !errors.Is(err, broken) || blamesTheFile(err) {
			t.Error(err)
		}
	})
	t.Run("a source shorter than it says is not a damaged picture", func(t *testing.T) {
		if _, err := p.Process(t.Context(), short{from(file[:deep]), int64(len(file))}, nil); err == nil || blamesTheFile(err) {
			t.Error(err)
		}
	})
	t.Run("decoding stops when the context does", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		src := from(file)
		src.before = func(off int64) error {
			if off > deep {
				cancel()
			}
			return nil
		}
		if _, err := p.Process(ctx, src, nil); !errors.Is(err, context.Canceled) || blamesTheFile(err) {
			t.Error(err)
		}
	})
	t.Run("so does resizing", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := p.Process(ctx, from(file), func(stage string, _ int) {
			if stage == "resizing" {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Run("a JPEG of very many scans is refused, one of many is not", func(t *testing.T) {
		mustProcess(t, p, progressive(64, 64, 20))
		if _, err := p.Process(t.Context(), from(progressive(64, 64, 2000)), nil); !errors.Is(err, media.ErrCorrupt) {
			t.Error(err)
		}
	})
	t.Run("a panic over a picture is an error about it", func(t *testing.T) {
		bad := rows{100, 100, func(y int, row []byte) { row[len(row)+y] = 0 }}
		if _, err := resize(t.Context(), bad, 50, 50, catmullRom, 3); !errors.Is(err, media.ErrCorrupt) {
			t.Error(err)
		}
	})
}

type short struct {
	*source
	size int64
}

func (s short) Size() int64 { return s.size }

func TestMemoryIsBooked(t *testing.T) {
	file := asJPEG(photo(1200, 900))
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
			"JPEG":             asJPEG(rgba),
			"grey JPEG":        asJPEG(image.NewGray(rgba.Rect)),
			"progressive JPEG": progressive(w, h, 3),
			"PNG":              asPNG(rgba),
			"grey PNG":         asPNG(image.NewGray(rgba.Rect)),
			"deep PNG":         asPNG(deep),
			"GIF":              asGIF(paletted(rgba.Rect, color.Black)),
			"lossless WebP":    webpFile(lossless(w, h, quarters(w, h))),
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
			if spare := int64(512 << 10); took > head.decodeBytes+spare || head.decodeBytes > 3*took {
				t.Errorf("%s took %d of %d", name, took, head.decodeBytes)
			}
		}
	})
}
