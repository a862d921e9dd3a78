package fileblob

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/sajin-sns/sajin/ports/blob"
)

// held is an open upload that nobody else changes until it is released.
type held struct {
	header  header
	release func()
}

// hold waits until the upload is ours; ErrNotFound when it is not open. The
// system lets go of what a dead process held.
func (s *Store) hold(ctx context.Context, u blob.Upload) (held, error) {
	h, err := s.header(u)
	if err != nil {
		return held{}, err
	}
	f, err := os.OpenFile(filepath.Join(s.dir(u), "upload"), os.O_RDWR, 0)
	if err != nil {
		return held{}, gone(err)
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		unlock, err := tryLock(f)
		if err != nil {
			_ = f.Close()
			return held{}, err
		}
		if unlock != nil {
			mine := held{h, func() { unlock(); _ = f.Close() }}
			if _, err := os.Stat(s.dir(u)); err != nil { // whoever held it before us ended it
				mine.release()
				return held{}, gone(err)
			}
			return mine, nil
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return held{}, ctx.Err()
		case <-time.After(pause):
		}
	}
}
