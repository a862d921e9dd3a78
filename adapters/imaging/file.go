package imaging

import (
	"context"
	"fmt"
	"io"

	"github.com/sajin-sns/sajin/ports/media"
)

var errEnd = media.ErrCorrupt.Because(io.ErrUnexpectedEOF)

// file reads a source through a small window, so that a walk over headers costs
// few reads and short ones.
type file struct {
	ctx    context.Context
	src    media.Source
	size   int64
	window int
	start  int64
	held   []byte
}

func open(ctx context.Context, src media.Source) *file {
	return &file{ctx: ctx, src: src, size: src.Size(), window: 512}
}

// bytes returns the n bytes at off, valid until the next call. That the file
// ends before them is ErrCorrupt; that the source cannot be read is not.
func (f *file) bytes(off int64, n int) ([]byte, error) {
	if off < 0 || off > f.size-int64(n) {
		return nil, errEnd
	}
	if off < f.start || off+int64(n) > f.start+int64(len(f.held)) {
		if err := f.ctx.Err(); err != nil {
			return nil, err
		}
		length := min(int64(max(n, f.window)), f.size-off)
		if int64(cap(f.held)) < length {
			f.held = make([]byte, length)
		}
		f.start, f.held = off, f.held[:length]
		if err := readFull(f.src, f.held, off); err != nil {
			f.held = f.held[:0]
			return nil, err
		}
	}
	at := int(off - f.start)
	return f.held[at : at+n : at+n], nil
}

// readFull fails where a source ends before its own size: that is the source's
// fault, and not the picture's.
func readFull(src io.ReaderAt, buf []byte, off int64) error {
	n, err := src.ReadAt(buf, off)
	if n == len(buf) {
		return nil
	}
	return fmt.Errorf("imaging: read %d bytes of %d at %d: %w", n, len(buf), off, err)
}

// stream feeds a decoder. It stops at the context's end, and remembers why the
// source failed, because decoders do not tell that from a damaged picture.
type stream struct {
	ctx      context.Context
	src      io.ReaderAt
	off, end int64
	failure  error
}

func (s *stream) Read(p []byte) (int, error) {
	if s.failure == nil {
		s.failure = s.ctx.Err()
	}
	if s.failure != nil {
		return 0, s.failure
	}
	if s.off >= s.end {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.end-s.off)]
	if err := readFull(s.src, p, s.off); err != nil {
		s.failure = err
		return 0, err
	}
	s.off += int64(len(p))
	return len(p), nil
}
