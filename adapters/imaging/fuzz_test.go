package imaging

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"testing"

	"github.com/sajin-sns/sajin/domain/fault"
)

// FuzzFiles holds that no file whatever makes a panic, a picture beyond the
// budgets, or an error that would have it tried again.
func FuzzFiles(f *testing.F) {
	m := photo(12, 9)
	for _, seed := range [][]byte{
		withSegments(asJPEG(m), append(inJPEG(displayP3(), 2), exif(6))...),
		progressive(12, 9, 3), inks(0, 255, 255, 0),
		withChunks(asPNG(m), inPNG(adobeRGB()), chunk("eXIf", []byte(tiff(binary.BigEndian, 6)))),
		asPNG(image.NewNRGBA64(m.Rect)), pngClaiming(20000, 20000, 1, 0),
		asGIF(paletted(m.Rect, color.Black), paletted(m.Rect, color.White)),
		webpFile(lossless(12, 9, quarters(12, 9))), lossyAlpha,
		webpFile(vp8x(0x12, 24, 16), webpFrames(0, 0, 24, 16, lossyAlpha[30:]), riffChunk("EXIF", []byte(tiff(binary.LittleEndian, 5)))),
		[]byte("<svg/>"), nil,
	} {
		f.Add(seed)
	}
	p := New(Options{MaxBytes: 1 << 16, MaxPixels: 64 * 64, MaxFrames: 8, Workers: 1})
	f.Fuzz(func(t *testing.T, file []byte) {
		inspected, err := p.Inspect(t.Context(), from(file))
		if err == nil && (inspected.Width < 1 || inspected.Height < 1 || inspected.Width*inspected.Height > 64*64 || inspected.Frames < 1 || inspected.Frames > 8) {
			t.Fatalf("beyond the budgets: %+v", inspected)
		}
		result, failed := p.Process(t.Context(), from(file), nil)
		switch {
		case err != nil && failed == nil:
			t.Fatalf("inspection refuses what is processed: %v", err)
		case failed != nil && fault.KindOf(failed) == fault.Internal:
			t.Fatalf("an error that blames nobody: %v", failed)
		case failed == nil && result.Facts != inspected:
			t.Fatalf("%+v, inspected as %+v", result.Facts, inspected)
		}
	})
}

func FuzzOrientation(f *testing.F) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		f.Add([]byte(tiff(order, 6)))
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		if got := orientation(block); got < 1 || got > 8 {
			t.Fatal(got)
		}
	})
}

func FuzzICC(f *testing.F) {
	for _, p := range [][]byte{displayP3(), adobeRGB(), sRGB(iccTable(64, decodeSRGB)), sRGB(iccParametric(4, 1, 1, 0, 1, 0, 0, 0))} {
		f.Add(p, false)
		f.Add(inPNG(p)[8:], true)
	}
	f.Fuzz(func(t *testing.T, profile []byte, deflated bool) {
		if deflated {
			if profile = inflateProfile(profile); len(profile) > maxProfile {
				t.Fatal(len(profile))
			}
		}
		c := parseICC(profile)
		if c == nil {
			return
		}
		white := []byte{255, 255, 255}
		c.pixel(white)
		for i := range c.light { // where full code values are full light, white stays white
			if c.light[i][255] != 1<<lightBits-1 {
				return
			}
		}
		if !bytes.Equal(white, []byte{255, 255, 255}) {
			t.Fatal(white)
		}
	})
}
