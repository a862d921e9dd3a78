package fileblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sajin-sns/sajin/ports/blob"
)

// namesAtOnce is how many names of a folder are held at a time.
const namesAtOnce = 256

// ListUploads implements blob.Store.
func (s *Store) ListUploads(ctx context.Context, yield func(u blob.Upload, startedAt time.Time) bool) error {
	if err := s.listUploads(ctx, yield); err != nil {
		return fmt.Errorf("fileblob: listing uploads: %w", err)
	}
	return nil
}

func (s *Store) listUploads(ctx context.Context, yield func(blob.Upload, time.Time) bool) error {
	dir, err := os.Open(s.uploads)
	if err != nil {
		return err
	}
	defer dir.Close()
	for {
		names, err := dir.ReadDir(namesAtOnce)
		for _, name := range names {
			if !isRef(name.Name()) {
				continue // somebody else put it there
			}
			if more, err := s.visit(ctx, name.Name(), yield); err != nil || !more {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// visit yields an upload, unless it has ended since.
func (s *Store) visit(ctx context.Context, ref string, yield func(blob.Upload, time.Time) bool) (more bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	h, err := s.readHeader(ref)
	if errors.Is(err, blob.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	// Its header is written once, when it is started; parts only touch the folder.
	stat, err := os.Stat(filepath.Join(s.uploads, ref, "upload"))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return yield(blob.Upload{Key: h.Key, Ref: ref}, stat.ModTime().UTC()), nil
}
