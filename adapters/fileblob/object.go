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

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	temp, _, err := s.stage(func(w io.Writer) (label, error) {
		return label{Type: contentType}, receive(ctx, w, body, size)
	})
	if err == nil {
		err = s.publish(temp, key)
	}
	if err != nil {
		return fmt.Errorf("fileblob: putting %q: %w", key, err)
	}
	return nil
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, key string) (blob.Object, error) {
	if err := ready(ctx, key); err != nil {
		return nil, err
	}
	path := s.path(key)
	if o, ok := s.smalls.get(path); ok {
		return o, nil
	}
	o, err := s.open(ctx, key)
	if err != nil {
		return nil, err
	}
	return s.smalls.keep(path, o)
}

// ready tells whether an object may be looked for.
func ready(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return ctx.Err()
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	o, err := s.open(ctx, key)
	if err != nil {
		return blob.Info{}, err
	}
	return o.info, o.Close()
}

func (s *Store) open(ctx context.Context, key string) (*object, error) {
	if err := ready(ctx, key); err != nil {
		return nil, err
	}
	f, err := os.Open(s.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("fileblob: opening %q: %w", key, blob.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("fileblob: opening %q: %w", key, err)
	}
	l, size, stat, err := s.labels.read(f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &object{
		SectionReader: io.NewSectionReader(f, 0, size),
		file:          f,
		info:          describe(key, l.Type, size, stat.ModTime()),
		stat:          stat,
		upload:        l.Upload,
	}, nil
}

func describe(key, contentType string, size int64, at time.Time) blob.Info {
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	return blob.Info{Key: key, Size: size, ContentType: contentType, ModifiedAt: at.UTC()}
}

// object is an open file without its label. A file that was replaced or
// removed lives on for those who have it open.
type object struct {
	*io.SectionReader
	file   *os.File
	info   blob.Info
	stat   os.FileInfo
	upload string
}

func (o *object) Info() blob.Info { return o.info }
func (o *object) Close() error    { return o.file.Close() }

// File implements blob.FileObject: the SectionReader reads by offset.
func (o *object) File() *os.File { return o.file }

var _ blob.FileObject = (*object)(nil)

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := ready(ctx, key); err != nil {
		return err
	}
	path := s.path(key)
	err := s.disk.remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = s.syncUp(s.prune(filepath.Dir(path))) // so that it does not come back after a crash
	}
	if err != nil {
		return fmt.Errorf("fileblob: deleting %q: %w", key, err)
	}
	return nil
}
