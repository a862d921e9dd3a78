package fileblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/failpoint"
)

// stage writes a whole file, without a name that anybody looks for, and sees
// it onto the disk. fill writes the bytes and answers their label.
func (s *Store) stage(fill func(w io.Writer) (label, error)) (temp string, info os.FileInfo, err error) {
	f, err := s.disk.create(s.tmp)
	if err != nil {
		return "", nil, full(err)
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			s.disk.discard(f.Name())
			err = full(err)
		}
	}()
	w := s.disk.writer(f)
	l, err := fill(w)
	if err != nil {
		return "", nil, err
	}
	if err := l.write(w); err != nil {
		return "", nil, err
	}
	if err := s.disk.sync(f); err != nil {
		return "", nil, err
	}
	info, err = f.Stat()
	return f.Name(), info, err
}

// publish makes a staged file the object of a key, for good.
func (s *Store) publish(temp, key string) error {
	failpoint.Hit("fileblob.file.synced")
	path := s.path(key)
	dir := filepath.Dir(path)
	var err error
	for range 1000 {
		if err = s.disk.mkdirs(dir); err == nil {
			err = s.disk.rename(temp, path)
		}
		// A Delete takes folders away when they are empty, also while they are
		// being made: then they "exist" and are gone.
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			break
		}
		if _, lost := os.Lstat(temp); lost != nil {
			break
		}
	}
	if err != nil {
		s.disk.discard(temp)
		s.prune(dir)
		return full(err)
	}
	failpoint.Hit("fileblob.file.named")
	return s.syncUp(dir)
}

// syncUp syncs a folder of objects and all above it: any of them may be new,
// and made by somebody who has not come to sync it yet.
func (s *Store) syncUp(dir string) error {
	for {
		err := s.disk.syncDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // deleted since, with all that was in it
			return err
		}
		if dir == s.objects {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// prune removes a folder of objects, and those above it, that are empty. It
// answers the first that stays.
func (s *Store) prune(dir string) string {
	for dir != s.objects {
		if err := s.disk.remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

// receive copies a body of exactly size bytes.
func receive(ctx context.Context, w io.Writer, body io.Reader, size int64) error {
	src := &source{ctx: ctx, body: body}
	n, err := io.Copy(w, io.LimitReader(src, size))
	if err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("%d bytes came, %d were announced: %w", n, size, blob.ErrSize)
	}
	switch _, err := io.ReadFull(src, make([]byte, 1)); err {
	case io.EOF:
		return ctx.Err()
	case nil:
		return fmt.Errorf("more than %d bytes came: %w", size, blob.ErrSize)
	default:
		return err
	}
}

// source is a body that ends when the context does.
type source struct {
	ctx  context.Context
	body io.Reader
}

func (s *source) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.body.Read(b)
}
