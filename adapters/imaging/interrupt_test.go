package imaging

import (
	"context"
	"errors"
	"testing"

	"github.com/sajin-sns/sajin/ports/media"
)

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
		for _, file := range [][]byte{file, asPNG(photo(1200, 900))} {
			ctx, cancel := context.WithCancel(t.Context())
			src := from(file)
			src.before = func(off int64) error {
				if off > int64(len(file)/2) {
					cancel()
				}
				return nil
			}
			if _, err := p.Process(ctx, src, nil); !errors.Is(err, context.Canceled) || blamesTheFile(err) {
				t.Error(err)
			}
			if src.read > len(file) {
				t.Errorf("%d of %d bytes were read", src.read, len(file))
			}
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
