package imaging

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/ports/media"
)

func TestTypeIsToldByTheBytes(t *testing.T) {
	p := New(Options{})
	jpeg := string(asJPEG(photo(16, 16)))
	for name, file := range map[string]string{
		"svg":                    `<?xml version="1.0"?><svg onload="alert(1)"/>`,
		"svg in UTF-16":          "\xff\xfe<\x00s\x00v\x00g\x00",
		"html":                   "<!DOCTYPE html><script>",
		"html before a jpeg":     "<html>" + jpeg,
		"pdf":                    "%PDF-1.7\n",
		"pdf before a jpeg":      "%PDF-1.4\n" + jpeg,
		"tiff, little-endian":    "II*\x00\x08\x00\x00\x00" + jpeg,
		"tiff, big-endian":       "MM\x00*\x00\x00\x00\x08",
		"bmp":                    "BM\x36\x00\x00\x00",
		"ico":                    "\x00\x00\x01\x00\x01\x00",
		"zip":                    "PK\x03\x04",
		"gzip":                   "\x1f\x8b\x08\x00",
		"playlist":               "#EXTM3U\n",
		"heic":                   "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00",
		"avif":                   "\x00\x00\x00\x20ftypavif\x00\x00\x00\x00",
		"mp4":                    "\x00\x00\x00\x20ftypisom\x00\x00\x00\x00",
		"webm":                   "\x1aE\xdf\xa3",
		"sound in a RIFF":        "RIFF\x24\x00\x00\x00WAVEfmt ",
		"a RIFF and no more":     "RIFF\x24\x00\x00\x00",
		"half a PNG's signature": pngSignature[:4],
		"a GIF of no version":    "GIF88a\x01\x00\x01\x00",
		"text":                   "hello\n",
		"one byte":               "\x89",
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if _, err := p.Inspect(t.Context(), from([]byte(file))); !errors.Is(err, media.ErrUnsupported) {
				t.Error(err)
			}
		})
	}
	t.Run("kinds of JPEG that cannot be decoded are refused", func(t *testing.T) {
		for _, marker := range []byte{0xc3, 0xc5, 0xc9, 0xcf} {
			file := withSegments([]byte("\xff\xd8\xff\xda"), frameSegment(marker, 8, 8, 0x11))
			if _, err := p.Inspect(t.Context(), from(file)); !errors.Is(err, media.ErrUnsupported) {
				t.Errorf("%x: %v", marker, err)
			}
		}
	})
	t.Run("the four types are told apart", func(t *testing.T) {
		for want, file := range map[string][]byte{
			typeJPEG: asJPEG(photo(20, 10)),
			typePNG:  asPNG(photo(20, 10)),
			typeGIF:  asGIF(paletted(image.Rect(0, 0, 20, 10), color.Black)),
			typeWebP: webpFile(lossless(20, 10, quarters(20, 10))),
		} {
			got, err := p.Inspect(t.Context(), from(file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(media.Facts{Kind: media.Photo, ContentType: want, Width: 20, Height: 10, Frames: 1}, got); diff != "" {
				t.Error(diff)
			}
		}
	})
	t.Run("no type is listed that is not among the four", func(t *testing.T) {
		if got := slices.Sorted(slices.Values(p.Types())); !slices.Equal(got, []string{typeGIF, typeJPEG, typePNG, typeWebP}) {
			t.Error(got)
		}
	})
}

func TestBudgetsHoldBeforeDecoding(t *testing.T) {
	p := New(Options{})
	small := New(Options{MaxBytes: 2000, MaxPixels: 100 * 50, MaxFrames: 3, MaxDecodeBytes: 8 << 20})
	frames := func(n int) []*image.Paletted {
		return slices.Repeat([]*image.Paletted{paletted(image.Rect(0, 0, 8, 8), color.Black)}, n)
	}
	animated := func(n int) []byte {
		frame := webpFrames(0, 0, 8, 8, lossless(8, 8, quarters(8, 8)))
		return webpFile(append([][]byte{vp8x(2, 8, 8), riffChunk("ANIM", make([]byte, 6))}, slices.Repeat([][]byte{frame}, n)...)...)
	}
	acTL := func(n byte) []byte {
		return withChunks(asPNG(photo(8, 8)), chunk("acTL", []byte{0, 0, 0, n, 0, 0, 0, 0}))
	}
	for _, c := range []struct {
		rule string
		p    *Processor
		file []byte
		want error
	}{
		{"four hundred megapixels in a few bytes", p, pngClaiming(20000, 20000, 1, 0), media.ErrDimensions},
		{"sides that overflow when multiplied", p, pngClaiming(1<<32-1, 1<<32-1, 8, 2), media.ErrDimensions},
		{"sides that overflow to something small", p, pngClaiming(1<<31, 1<<31, 8, 2), media.ErrDimensions},
		{"a side of nothing", p, pngClaiming(0, 10, 8, 2), media.ErrDimensions},
		{"a side longer than any buffer", p, pngClaiming(65536, 1, 8, 2), media.ErrDimensions},
		{"a JPEG that claims 65500 by 65500", p, withSegments([]byte("\xff\xd8\xff\xda"), frameSegment(0xc0, 65500, 65500, 0x22, 0x11, 0x11)), media.ErrDimensions},
		{"a JPEG without a height", p, withSegments([]byte("\xff\xd8\xff\xda"), frameSegment(0xc0, 100, 0, 0x11)), media.ErrDimensions},
		{"a canvas of 65535 by 65535", p, []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00\x3b"), media.ErrDimensions},
		{"a canvas of sixteen million by sixteen million", p, webpFile(vp8x(0, 1<<24, 1<<24)), media.ErrDimensions},
		{"one pixel too many", small, pngClaiming(101, 50, 8, 0), media.ErrDimensions},
		{"a byte too many", small, append(asGIF(frames(1)...), make([]byte, 2000)...), media.ErrTooLarge},
		{"a GIF of four frames", small, asGIF(frames(4)...), media.ErrFrames},
		{"an animated WebP of four frames", small, animated(4), media.ErrFrames},
		{"an animated PNG of four frames", small, acTL(4), media.ErrFrames},
		{"a frame that sticks out of its GIF", p, []byte("GIF89a\x08\x00\x08\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x2c\x01\x00\x00\x00\x08\x00\x08\x00\x00\x02\x00\x3b"), media.ErrCorrupt},
		{"a frame that sticks out of its WebP", p, webpFile(vp8x(2, 8, 8), webpFrames(2, 0, 8, 8, lossless(8, 8, quarters(8, 8)))), media.ErrCorrupt},
		{"a canvas that is not its picture's", p, webpFile(vp8x(0, 8, 8), lossless(9, 8, quarters(9, 8))), media.ErrCorrupt},
		{"a frame that is not its picture's", p, webpFile(vp8x(2, 16, 16), webpFrames(0, 0, 8, 8, lossless(16, 16, quarters(16, 16)))), media.ErrCorrupt},
	} {
		t.Run(c.rule+" is refused", func(t *testing.T) {
			if _, err := c.p.Inspect(t.Context(), from(c.file)); !errors.Is(err, c.want) {
				t.Errorf("Inspect: %v, not %v", err, c.want)
			}
			if _, err := c.p.Process(t.Context(), from(c.file), nil); !errors.Is(err, c.want) {
				t.Errorf("Process: %v, not %v", err, c.want)
			}
		})
	}
	t.Run("a picture that fits in pixels and not in memory is refused", func(t *testing.T) {
		tight := New(Options{MaxDecodeBytes: 200 << 20})
		for marker, want := range map[byte]error{0xc0: nil, 0xc2: media.ErrDimensions} { // progressive takes five times as much
			file := withSegments([]byte("\xff\xd8\xff\xda\x00\x08"), frameSegment(marker, 5000, 5000, 0x11, 0x11, 0x11))
			if _, err := tight.Inspect(t.Context(), from(file)); !errors.Is(err, want) {
				t.Errorf("%x: %v", marker, err)
			}
		}
	})
	t.Run("as many frames as there may be are counted", func(t *testing.T) {
		for _, file := range [][]byte{asGIF(frames(3)...), animated(3), acTL(3)} {
			if facts, err := small.Inspect(t.Context(), from(file)); err != nil || facts.Frames != 3 {
				t.Errorf("%+v, %v", facts, err)
			}
		}
	})
	t.Run("a large file of another type is of another type", func(t *testing.T) {
		if _, err := small.Inspect(t.Context(), from(make([]byte, 3000))); !errors.Is(err, media.ErrUnsupported) {
			t.Error(err)
		}
	})
}

func TestInspectingReadsLittle(t *testing.T) {
	p := New(Options{})
	padding := slices.Repeat([][]byte{segment(0xe2, strings.Repeat("x", 65000))}, 60)
	webp := webpFile(vp8x(8, 20, 10), lossless(20, 10, quarters(20, 10)), riffChunk("JUNK", make([]byte, 4<<20)), riffChunk("EXIF", []byte(tiff(binary.BigEndian, 6))))
	for name, file := range map[string][]byte{
		"JPEG with four megabytes before the picture": withSegments(asJPEG(photo(16, 16)), append(padding, exif(6))...),
		"PNG with four megabytes before the picture":  withChunks(asPNG(photo(16, 16)), chunk("zTXt", make([]byte, 4<<20)), chunk("eXIf", []byte(tiff(binary.LittleEndian, 6)))),
		"WebP with four megabytes behind the picture": webp,
	} {
		t.Run(name, func(t *testing.T) {
			src := from(file)
			facts, err := p.Inspect(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			if facts.Width > facts.Height {
				t.Errorf("the Exif was not found: %+v", facts)
			}
			if src.read > 64<<10 {
				t.Errorf("%d bytes were read", src.read)
			}
		})
	}
	t.Run("a header of too many pieces is given up", func(t *testing.T) {
		for _, file := range [][]byte{
			withSegments(asJPEG(photo(8, 8)), slices.Repeat([][]byte{segment(0xe3, "")}, 2000)...),
			withChunks(asPNG(photo(8, 8)), slices.Repeat([][]byte{chunk("aaAa", nil)}, 2000)...),
			webpFile(append([][]byte{vp8x(0, 8, 8)}, slices.Repeat([][]byte{riffChunk("JUNK", nil)}, 9000)...)...),
		} {
			if _, err := p.Inspect(t.Context(), from(file)); !errors.Is(err, media.ErrCorrupt) {
				t.Error(err)
			}
		}
	})
}

func TestOrientationTag(t *testing.T) {
	t.Run("both byte orders are read, and only 1 to 8 mean anything", func(t *testing.T) {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			for _, value := range []uint16{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 65535} {
				want := int(value)
				if value < 1 || value > 8 {
					want = 1
				}
				if got := orientation([]byte(tiff(order, value))); got != want {
					t.Errorf("%v %d gives %d", order, value, got)
				}
			}
		}
	})
	t.Run("a tag of another type or count means 1", func(t *testing.T) {
		for at, v := range map[int]byte{12: 4, 14: 2} {
			b := []byte(tiff(binary.LittleEndian, 6))
			if b[at] = v; orientation(b) != 1 {
				t.Errorf("with %d at %d", v, at)
			}
		}
	})
	t.Run("every type of file has its place for it", func(t *testing.T) {
		block := tiff(binary.BigEndian, 8)
		still := lossless(20, 10, quarters(20, 10))
		for name, file := range map[string][]byte{
			"JPEG":                withSegments(asJPEG(photo(20, 10)), exif(8)),
			"PNG":                 withChunks(asPNG(photo(20, 10)), chunk("eXIf", []byte(block))),
			"WebP":                webpFile(vp8x(8, 20, 10), still, riffChunk("EXIF", []byte(block))),
			"WebP, as some write": webpFile(vp8x(8, 20, 10), still, riffChunk("EXIF", []byte("Exif\x00\x00"+block))),
		} {
			facts, err := New(Options{}).Inspect(t.Context(), from(file))
			if err != nil || facts.Width != 10 || facts.Height != 20 {
				t.Errorf("%s: %+v, %v", name, facts, err)
			}
		}
	})
	t.Run("the first Exif segment decides, even a broken or a silent one", func(t *testing.T) {
		file := asJPEG(photo(20, 10))
		for want, first := range map[int][]byte{10: exif(6), 20: segment(0xe1, "Exif\x00\x00rubbish")} {
			facts, err := New(Options{}).Inspect(t.Context(), from(withSegments(file, segment(0xe1, "http://ns.adobe.com/"), first, exif(8), exif(3))))
			if err != nil || facts.Width != want {
				t.Errorf("%+v, %v", facts, err)
			}
		}
	})
	t.Run("stray bytes between segments are stepped over", func(t *testing.T) {
		facts, err := New(Options{}).Inspect(t.Context(), from(withSegments(asJPEG(photo(20, 10)), segment(0xfe, "a comment"), []byte("\x00stray\xff\xff\xff"), exif(6))))
		if err != nil || facts.Width != 10 {
			t.Errorf("%+v, %v", facts, err)
		}
	})
}

func TestNoPartOfAFileIsAPicture(t *testing.T) {
	p := New(Options{})
	colours := quarters(24, 16)
	for name, file := range map[string][]byte{
		"JPEG":          withSegments(asJPEG(photo(24, 16)), exif(6)),
		"progressive":   progressive(24, 16, 3),
		"PNG":           asPNG(photo(24, 16)),
		"GIF":           bytes.TrimSuffix(asGIF(paletted(image.Rect(0, 0, 24, 16), color.Black)), []byte{0x3b}),
		"WebP":          webpFile(lossless(24, 16, colours)),
		"lossy WebP":    lossyAlpha,
		"animated WebP": webpFile(vp8x(2, 24, 16), webpFrames(0, 0, 24, 16, lossless(24, 16, colours))),
	} {
		t.Run(name, func(t *testing.T) {
			mustProcess(t, p, file)
			for n := range len(file) - 1 { // the last byte may be padding
				if _, err := p.Process(t.Context(), from(file[:n]), nil); !blamesTheFile(err) {
					t.Fatalf("%d bytes of %d: %v", n, len(file), err)
				}
			}
		})
	}
}
