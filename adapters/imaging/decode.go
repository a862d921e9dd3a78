package imaging

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"runtime/debug"

	"golang.org/x/image/webp"

	"github.com/sajin-sns/sajin/ports/media"
)

const (
	maxScans  = 100 // of a progressive JPEG: each of them walks over the whole picture
	readAhead = 64 << 10
)

// decode unpacks the picture that h describes and returns it as the largest
// rendition will need it: shrunk, in sRGB, upright. What the decoder allocated
// is unreachable afterwards.
func (p *Processor) decode(ctx context.Context, src media.Source, h header) (*image.RGBA, error) {
	profile, err := readProfile(ctx, src, h)
	if err != nil {
		return nil, err
	}
	img, err := decodePixels(ctx, src, h)
	if err != nil {
		return nil, err
	}
	if _, cmyk := img.(*image.CMYK); cmyk {
		profile = nil // it is not about the RGB that Go makes of the inks
	}
	at := img.Bounds().Min.Add(image.Pt(h.frame.x, h.frame.y)) // the first frame may be smaller than its canvas
	rows := rowsOf(img).onCanvas(at, h.width, h.height)
	w, hh := fit(h.width, h.height, sizes[len(sizes)-1].edge)
	small, err := resize(ctx, rows, w, hh, catmullRom, p.workers)
	if err != nil {
		return nil, err
	}
	if err := profile.apply(ctx, small, p.workers); err != nil {
		return nil, err
	}
	return upright(small, h.orientation), nil
}

// decodePixels runs the format's decoder. Every failure is ErrCorrupt or
// ErrUnsupported, a panic too, unless the source or the context is to blame.
func decodePixels(ctx context.Context, src media.Source, h header) (img image.Image, err error) {
	whole := span{0, src.Size()}
	var streams []*stream
	piece := func(s span) io.Reader {
		in := &stream{ctx: ctx, src: src, off: s.off, end: s.off + s.length}
		streams = append(streams, in)
		return bufio.NewReaderSize(in, readAhead)
	}
	defer func() {
		if err == nil {
			return
		}
		for _, in := range streams {
			if in.failure != nil {
				err = in.failure
				return
			}
		}
		err = blame(ctx, err)
	}()
	defer recovered(&err)

	var config image.Config
	switch h.contentType {
	case typeJPEG:
		if config, err = jpeg.DecodeConfig(piece(whole)); err == nil && h.agrees(config) {
			img, err = jpeg.Decode(&scans{ctx: ctx, in: piece(whole), from: h.firstScan})
		}
	case typePNG:
		if config, err = png.DecodeConfig(piece(whole)); err == nil && h.agrees(config) {
			img, err = png.Decode(piece(whole))
		}
	case typeGIF:
		if config, err = gif.DecodeConfig(piece(whole)); err == nil && h.agrees(config) {
			img, err = gif.Decode(piece(whole))
		}
	case typeWebP:
		img, err = webp.Decode(h.frame.still(piece))
	}
	if err == nil && img == nil {
		err = errors.New("the decoder and the inspection see different pictures")
	}
	return img, err
}

func recovered(err *error) {
	if r := recover(); r != nil {
		*err = media.ErrCorrupt.Because(fmt.Errorf("panic: %v\n%s", r, debug.Stack()))
	}
}

func (h header) agrees(c image.Config) bool { return c.Width == h.width && c.Height == h.height }

func blame(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var badJPEG jpeg.UnsupportedError
	var badPNG png.UnsupportedError
	if errors.As(err, &badJPEG) || errors.As(err, &badPNG) {
		return media.ErrUnsupported.Because(err)
	}
	return media.ErrCorrupt.Because(err)
}

// scans counts the scans of a JPEG as they pass, and looks at the context often:
// a few hundred bytes can hold several scans, each seconds of work.
type scans struct {
	ctx  context.Context
	in   io.Reader
	off  int64
	from int64 // where the first scan begins; before it the mark means nothing
	last byte
	seen int
}

func (s *scans) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.in.Read(p[:min(len(p), 512)])
	for i, b := range p[:n] {
		if s.last == 0xff && b == 0xda && s.off+int64(i) >= s.from {
			if s.seen++; s.seen > maxScans {
				return 0, errors.New("jpeg: too many scans")
			}
		}
		s.last = b
	}
	s.off += int64(n)
	return n, err
}
