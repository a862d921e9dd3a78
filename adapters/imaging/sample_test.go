package imaging

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"

	"github.com/sajin-sns/sajin/ports/media"
)

// photo has gradients and fine grain, the same each time.
func photo(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	seed := uint32(1)
	for y := range h {
		for x := range w {
			seed = seed*1664525 + 1013904223
			grain := int(seed>>27) - 16
			shade := func(v int) uint8 { return uint8(min(max(v+grain, 0), 255)) }
			m.SetRGBA(x, y, color.RGBA{shade(255 * x / w), shade(255 * y / h), shade(128 + 100*((x/40+y/40)%2)), 255})
		}
	}
	return m
}

func flat(w, h int, c color.Color) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, c)
		}
	}
	return m
}

func asJPEG(m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func asPNG(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// asGIF makes an animation of frames on a canvas of the first one's extent.
func asGIF(frames ...*image.Paletted) []byte {
	var b bytes.Buffer
	g := gif.GIF{Image: frames, Delay: make([]int, len(frames))}
	if err := gif.EncodeAll(&b, &g); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func paletted(r image.Rectangle, c color.Color) *image.Paletted {
	return image.NewPaletted(r, color.Palette{c, color.White, color.Black, color.Transparent})
}

// segment is a piece of a JPEG with a length.
func segment(marker byte, body string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(body))), body...)
}

func withSegments(file []byte, segments ...[]byte) []byte {
	return append(append(bytes.Clone(file[:2]), bytes.Join(segments, nil)...), file[2:]...)
}

// tiff is an Exif block with an orientation and, in a directory of its own, a
// place: 37.5665 north, 126.978 east.
func tiff(order binary.AppendByteOrder, orientation uint16) string {
	b := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*")
	}
	entry := func(tag, kind uint16, count uint32, value []byte) {
		b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, tag), kind), count)
		b = append(b, append(value, 0, 0, 0, 0)[:4]...)
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	entry(0x0112, 3, 1, order.AppendUint16(nil, orientation))
	entry(0x8825, 4, 1, order.AppendUint32(nil, 38))
	b = order.AppendUint32(b, 0)
	b = order.AppendUint16(b, 3)
	entry(1, 2, 2, []byte("N"))
	entry(3, 2, 2, []byte("E"))
	entry(0x1b, 2, 4, []byte("GPS"))
	return string(order.AppendUint32(b, 0))
}

func exif(orientation uint16) []byte {
	return segment(0xe1, "Exif\x00\x00"+tiff(binary.LittleEndian, orientation))
}

func chunk(name string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	body = append([]byte(name), body...)
	return binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
}

// withChunks puts chunks behind the header of a PNG.
func withChunks(file []byte, chunks ...[]byte) []byte {
	const head = 8 + 8 + 13 + 4
	return append(append(bytes.Clone(file[:head]), bytes.Join(chunks, nil)...), file[head:]...)
}

func pngClaiming(w, h uint32, depth, colour byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	head = append(head, depth, colour, 0, 0, 0)
	return bytes.Join([][]byte{[]byte(pngSignature), chunk("IHDR", head), chunk("IDAT", nil), chunk("IEND", nil)}, nil)
}

// source counts what is read of it, and calls before first.
type source struct {
	*bytes.Reader
	read   int
	before func(off int64) error
}

func from(data []byte) *source { return &source{Reader: bytes.NewReader(data)} }

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	if s.before != nil {
		if err := s.before(off); err != nil {
			return 0, err
		}
	}
	n, err := s.Reader.ReadAt(p, off)
	s.read += n
	return n, err
}

var _ io.ReaderAt = (*source)(nil)

func mustProcess(t *testing.T, p *Processor, file []byte) media.Result {
	t.Helper()
	r, err := p.Process(t.Context(), from(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func shown(t *testing.T, r media.Rendition) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(r.Data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func largest(t *testing.T, r media.Result) image.Image {
	t.Helper()
	return shown(t, r.Renditions[len(r.Renditions)-2])
}

// near says whether two colours differ by slack at most in each channel.
func near(a, b color.Color, slack int) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	off := func(x, y uint32) bool { return abs(int(x>>8)-int(y>>8)) > slack }
	return !off(ar, br) && !off(ag, bg) && !off(ab, bb)
}

func blamesTheFile(err error) bool {
	return errors.Is(err, media.ErrCorrupt) || errors.Is(err, media.ErrUnsupported)
}
