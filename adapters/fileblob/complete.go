package fileblob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/failpoint"
)

// CompleteUpload implements blob.Store. The object is there from one rename,
// the upload is gone from another; a crash between them is noticed by the
// object's label, which names the upload that made it.
func (s *Store) CompleteUpload(ctx context.Context, u blob.Upload, parts []blob.Part) (blob.Info, error) {
	info, err := s.complete(ctx, u, parts)
	if err != nil {
		return blob.Info{}, fmt.Errorf("fileblob: completing %q: %w", u.Key, err)
	}
	return info, nil
}

func (s *Store) complete(ctx context.Context, u blob.Upload, parts []blob.Part) (blob.Info, error) {
	held, err := s.hold(ctx, u)
	if errors.Is(err, blob.ErrNotFound) {
		return s.made(ctx, u)
	}
	if err != nil {
		return blob.Info{}, err
	}
	defer held.release()

	info, err := s.made(ctx, u)
	switch {
	case err == nil:
		err = s.syncUp(filepath.Dir(s.path(u.Key)))
	case errors.Is(err, blob.ErrNotFound):
		info, err = s.assemble(ctx, u, held.header, parts)
	}
	if err != nil {
		return blob.Info{}, err
	}
	failpoint.Hit("fileblob.upload.assembled")
	return info, s.drop(u)
}

// made describes the object that the upload made, if it is still there.
func (s *Store) made(ctx context.Context, u blob.Upload) (blob.Info, error) {
	o, err := s.open(ctx, u.Key)
	if err != nil {
		return blob.Info{}, err
	}
	defer o.Close()
	if o.upload == "" || o.upload != u.Ref {
		return blob.Info{}, blob.ErrNotFound
	}
	return o.info, nil
}

func (s *Store) assemble(ctx context.Context, u blob.Upload, h header, parts []blob.Part) (blob.Info, error) {
	parts = slices.SortedFunc(slices.Values(parts), func(a, b blob.Part) int { return cmp.Compare(a.Number, b.Number) })
	numbers, err := s.numbers(u)
	if err != nil {
		return blob.Info{}, err
	}
	if len(parts) == 0 || len(parts) != len(numbers) {
		return blob.Info{}, fmt.Errorf("%d parts are named, %d are here: %w", len(parts), len(numbers), blob.ErrIncomplete)
	}
	var size int64
	temp, stat, err := s.stage(func(w io.Writer) (label, error) {
		for i, part := range parts {
			if part.Number != i+1 {
				return label{}, fmt.Errorf("part %d is not named: %w", i+1, blob.ErrIncomplete)
			}
			if err := s.appendPart(ctx, w, u, part); err != nil {
				return label{}, err
			}
			size += part.Size
		}
		return label{Type: h.Type, Upload: u.Ref}, ctx.Err()
	})
	if err != nil {
		return blob.Info{}, err
	}
	if err := s.publish(temp, u.Key); err != nil {
		return blob.Info{}, err
	}
	return describe(u.Key, h.Type, size, stat.ModTime()), nil
}

func (s *Store) appendPart(ctx context.Context, w io.Writer, u blob.Upload, want blob.Part) error {
	f, part, err := s.openPart(ctx, u, want.Number)
	if errors.Is(err, blob.ErrNotFound) {
		return fmt.Errorf("part %d is not here: %w", want.Number, blob.ErrIncomplete)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if part != want {
		return fmt.Errorf("part %d is another one: %w", want.Number, blob.ErrIncomplete)
	}
	if n, err := io.Copy(w, io.LimitReader(f, part.Size)); err != nil || n != part.Size {
		return fmt.Errorf("part %d: copied %d bytes of %d: %w", part.Number, n, part.Size, cmp.Or(err, io.ErrUnexpectedEOF))
	}
	return nil
}

// AbortUpload implements blob.Store.
func (s *Store) AbortUpload(ctx context.Context, u blob.Upload) error {
	held, err := s.hold(ctx, u)
	if errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	if err == nil {
		defer held.release()
		err = s.drop(u)
	}
	if err != nil {
		return fmt.Errorf("fileblob: aborting an upload of %q: %w", u.Key, err)
	}
	return nil
}

// drop ends an upload that is held: at once by a rename, and then at leisure.
func (s *Store) drop(u blob.Upload) error {
	trash := filepath.Join(s.tmp, u.Ref)
	if err := s.disk.rename(s.dir(u), trash); err != nil {
		return err
	}
	if err := s.disk.syncDir(s.uploads); err != nil {
		return err
	}
	return s.disk.removeAll(trash)
}
