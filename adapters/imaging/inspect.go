package imaging

import (
	"bytes"
	"context"
	"errors"

	"github.com/sajin-sns/sajin/ports/media"
)

const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
	typeWebP = "image/webp"
	typeGIF  = "image/gif"

	// maxSide bounds the row buffers; no JPEG has a longer side.
	maxSide = 65535

	maxExif = 64 << 10 // of an Exif block, the first bytes that are looked at
)

// span is a piece of a file.
type span struct{ off, length int64 }

// header is what the head of a file says, with the budgets checked.
type header struct {
	contentType   string
	width, height int // as stored: before the orientation
	frames        int
	orientation   int   // 1..8
	decodeBytes   int64 // the most that the decoder will hold

	profile  []span // the pieces of the ICC profile
	deflated bool   // the profile is compressed

	firstScan int64     // of a JPEG
	frame     webpFrame // the first of an animated WebP
}

func (h header) facts() media.Facts {
	f := media.Facts{Kind: media.Photo, ContentType: h.contentType, Width: h.width, Height: h.height, Frames: h.frames}
	if h.orientation >= 5 {
		f.Width, f.Height = f.Height, f.Width
	}
	return f
}

// memory is what processing the picture holds at most: the decoder's buffers,
// and three times the largest rendition while it is turned and encoded.
func (h header) memory() int64 {
	w, hh := fit(h.width, h.height, sizes[len(sizes)-1].edge)
	return h.decodeBytes + 3*4*int64(w)*int64(hh) + 2<<20
}

type limits struct {
	bytes, pixels, memory int64
	frames                int
}

// dimensions checks the sides that a header claims. They may be any number.
func (l limits) dimensions(w, h int64) error {
	if w <= 0 || h <= 0 || w > maxSide || h > maxSide || w*h > l.pixels {
		return media.ErrDimensions.With("max_pixels", l.pixels).With("max_side", maxSide)
	}
	return nil
}

// inspect tells the type by the first bytes alone and reads the headers.
func inspect(ctx context.Context, src media.Source, lim limits) (header, error) {
	f := open(ctx, src)
	if f.size <= 0 {
		return header{}, errEnd
	}
	magic, err := f.bytes(0, int(min(f.size, 16)))
	if err != nil {
		return header{}, err
	}
	var read func(*file, limits) (header, error)
	switch {
	case bytes.HasPrefix(magic, []byte("\xff\xd8\xff")):
		read = readJPEG
	case bytes.HasPrefix(magic, []byte(pngSignature)):
		read = readPNG
	case bytes.HasPrefix(magic, []byte("RIFF")) && len(magic) >= 12 && string(magic[8:12]) == "WEBP":
		read = readWebP
	case bytes.HasPrefix(magic, []byte("GIF87a")), bytes.HasPrefix(magic, []byte("GIF89a")):
		read = readGIF
	default:
		return header{}, media.ErrUnsupported
	}
	if f.size > lim.bytes {
		return header{}, media.ErrTooLarge.With("max_bytes", lim.bytes)
	}
	h, err := read(f, lim)
	if err != nil {
		return header{}, err
	}
	if h.frames > lim.frames {
		return header{}, media.ErrFrames.With("max_frames", lim.frames)
	}
	if h.memory() > lim.memory {
		return header{}, media.ErrDimensions.Because(errors.New("decoding would take more memory than there is"))
	}
	return h, nil
}

func corrupt(why string) error     { return media.ErrCorrupt.Because(errors.New(why)) }
func unsupported(why string) error { return media.ErrUnsupported.Because(errors.New(why)) }
