// Package media is what sajin asks of the programs and libraries that read
// pictures and films: to look at a file before trusting it, and to make from it
// the renditions that may be shown.
package media

import (
	"context"
	"io"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
)

// Kind is what a medium is.
type Kind string

// The kinds.
const (
	Photo Kind = "photo"
	Video Kind = "video"
)

// Source is a received file. Its name and declared type are not part of it:
// they are the sender's claims, and only the bytes count.
type Source interface {
	io.ReaderAt
	Size() int64
}

// Facts are what an inspection found, before anything was decoded.
type Facts struct {
	Kind        Kind
	ContentType string // of the bytes: "image/jpeg"
	Width       int    // as shown: after the orientation is applied
	Height      int
	Frames      int // 1 for a still
	Duration    time.Duration
}

// Rendition is one picture or film made from an original, fit to be shown.
// It carries no metadata of the original.
type Rendition struct {
	Name        string // "w320", "w1080", "w2048"; Preview for the locked preview
	ContentType string
	Extension   string // "jpg": of the file name that it is stored under
	Width       int
	Height      int
	Data        []byte
}

// Preview is the name of the rendition that may be shown to those who have no
// right to the medium. It is a function of a copy of 32 px alone.
const Preview = "preview"

// Placeholder stands in for a picture until it has loaded. It too is computed
// from the copy of 32 px alone.
type Placeholder struct {
	Blurhash string
	Dominant string // "#a1b2c3"
}

// Result is what processing made of a source.
type Result struct {
	Facts       Facts
	Renditions  []Rendition // from small to large, the preview last
	Placeholder Placeholder
}

// Stage is called as processing moves on: a word for a person and 0..100.
type Stage func(stage string, percent int)

// Processor makes renditions of one family of types.
type Processor interface {
	// Types lists the content types that it really can process here and now.
	Types() []string

	// Inspect reads as little as it can and decodes no pixels. It fails with
	// one of the faults below.
	Inspect(ctx context.Context, src Source) (Facts, error)

	// Process makes the renditions. It keeps to the context's deadline, to its
	// own budget of memory, and fails with one of the faults below; any other
	// error means that it may work later. Equal bytes give equal results.
	Process(ctx context.Context, src Source, report Stage) (Result, error)
}

// What can be wrong with a file, for good: trying again will not help.
var (
	ErrUnsupported = fault.New(fault.Unsupported, "media.type-unsupported", "files of this type are not accepted")
	ErrCorrupt     = fault.New(fault.Invalid, "media.corrupt", "the file is damaged or incomplete")
	ErrTooLarge    = fault.New(fault.TooLarge, "media.too-large", "the file has more bytes than are accepted")
	ErrDimensions  = fault.New(fault.Invalid, "media.dimensions", "the picture has more pixels than are accepted, or none")
	ErrFrames      = fault.New(fault.Invalid, "media.too-many-frames", "the animation has more frames than are accepted")
	ErrTooLong     = fault.New(fault.Invalid, "media.too-long", "the film is longer than is accepted")
)
