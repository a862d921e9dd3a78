// Package imaging makes renditions of still pictures in pure Go: JPEG, PNG,
// WebP and GIF come in, metadata-free sRGB JPEGs go out.
//
// It takes files from strangers. Nothing is decoded before the header has
// passed the budgets, and what a decoder may allocate is booked against one
// budget for the whole process. It must not know where files are kept or who
// may see them.
//
// Of an animation only the first frame is processed, as a still: of a GIF, an
// APNG (its default picture) and an animated WebP alike. The frames are counted,
// and too many are refused. HEIC, AVIF and films are not accepted.
package imaging

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/semaphore"

	"github.com/sajin-sns/sajin/ports/media"
)

// Options are the budgets. A zero value means the default.
type Options struct {
	MaxBytes  int64 // of a file; 64 MiB
	MaxPixels int64 // of a picture; 100 million
	MaxFrames int   // of an animation; 1000

	// MaxDecodeBytes bounds the buffers of all concurrent calls of Process
	// together; 768 MiB. A call waits until there is room, and a picture that
	// would not fit on its own is refused. Garbage that the collector has not
	// yet taken comes on top: set GOMEMLIMIT where that matters.
	MaxDecodeBytes int64

	Workers int // goroutines for one picture; GOMAXPROCS
}

// Processor implements media.Processor. It is safe for concurrent use.
type Processor struct {
	limits  limits
	memory  *semaphore.Weighted
	workers int
}

var _ media.Processor = (*Processor)(nil)

// New makes a Processor.
func New(o Options) *Processor {
	p := &Processor{
		limits: limits{
			bytes:  orDefault(o.MaxBytes, 64<<20),
			pixels: orDefault(o.MaxPixels, 100_000_000),
			frames: orDefault(o.MaxFrames, 1000),
			memory: orDefault(o.MaxDecodeBytes, 768<<20),
		},
		workers: orDefault(o.Workers, runtime.GOMAXPROCS(0)),
	}
	p.memory = semaphore.NewWeighted(p.limits.memory)
	return p
}

func orDefault[T int | int64](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// Types lists the accepted content types.
func (p *Processor) Types() []string {
	return []string{typeJPEG, typePNG, typeWebP, typeGIF}
}

// Inspect implements media.Processor. Of JPEG, PNG and WebP it reads the
// headers alone, whatever the size of the file; the frames of a GIF can only be
// counted by walking over all of it.
func (p *Processor) Inspect(ctx context.Context, src media.Source) (media.Facts, error) {
	h, err := inspect(ctx, src, p.limits)
	if err != nil {
		return media.Facts{}, err
	}
	return h.facts(), nil
}

// Process implements media.Processor.
func (p *Processor) Process(ctx context.Context, src media.Source, report media.Stage) (media.Result, error) {
	if report == nil {
		report = func(string, int) {}
	}
	report("inspecting", 0)
	h, err := inspect(ctx, src, p.limits)
	if err != nil {
		return media.Result{}, err
	}

	report("waiting", 5)
	booked := h.memory()
	if err := p.memory.Acquire(ctx, booked); err != nil {
		return media.Result{}, fmt.Errorf("imaging: waiting for memory: %w", err)
	}
	defer func() { p.memory.Release(booked) }()

	report("decoding", 10)
	picture, err := p.decode(ctx, src, h)
	if err != nil {
		return media.Result{}, err
	}
	p.memory.Release(h.decodeBytes) // the decoder's buffers are garbage by now
	booked -= h.decodeBytes

	report("resizing", 60)
	return p.render(ctx, h.facts(), picture, report)
}
