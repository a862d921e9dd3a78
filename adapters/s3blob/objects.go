package s3blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/sajin-sns/sajin/ports/blob"
)

const untyped = "application/octet-stream"

// emptySHA256 is the hash of no bytes.
const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key string, from io.Reader, size int64, contentType string) error {
	err := checkKey(key)
	if err == nil {
		err = s.put(ctx, s.at(key), from, size, contentType)
	}
	if err != nil {
		return fmt.Errorf("s3blob: putting %q: %w", key, err)
	}
	return nil
}

// put puts an object somewhere in the bucket, and does it again where it fails
// and the bytes can be had again.
func (s *Store) put(ctx context.Context, at string, from io.Reader, size int64, contentType string) error {
	seeker, ok := from.(io.Seeker)
	if !ok {
		return s.putOnce(ctx, at, from, size, contentType)
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return s.putOnce(ctx, at, from, size, contentType)
	}
	return repeat(ctx, func() error {
		if _, err := seeker.Seek(start, io.SeekStart); err != nil {
			return err
		}
		return s.putOnce(ctx, at, from, size, contentType)
	})
}

func (s *Store) putOnce(ctx context.Context, at string, from io.Reader, size int64, contentType string) error {
	b, err := newBody(ctx, from, size)
	if err != nil {
		return err
	}
	o := minio.PutObjectOptions{ContentType: cmp.Or(contentType, untyped)}
	if size == 0 {
		o.DisableContentSha256 = true // there is nothing to be hashed as it goes
		_, err = s.core.PutObject(ctx, s.bucket, at, nil, 0, "", emptySHA256, o)
	} else {
		_, err = s.core.PutObject(ctx, s.bucket, at, b, size, "", "", o)
	}
	if b.err != nil {
		return b.err
	}
	return typed(ctx, err)
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	err := checkKey(key)
	var found minio.ObjectInfo
	if err == nil {
		found, err = s.stat(ctx, s.at(key))
	}
	if err != nil {
		return blob.Info{}, fmt.Errorf("s3blob: object %q: %w", key, err)
	}
	return describe(key, found), nil
}

// stat describes what is somewhere in the bucket. The answer has no body that
// could tell a missing object from a missing bucket, so that is looked at: that
// an object is gone may be acted upon.
func (s *Store) stat(ctx context.Context, at string) (found minio.ObjectInfo, err error) {
	err = s.again(ctx, func() (err error) {
		found, err = s.core.StatObject(ctx, s.bucket, at, minio.StatObjectOptions{})
		return err
	})
	if !errors.Is(err, blob.ErrNotFound) {
		return found, err
	}
	var there bool
	lost := s.again(ctx, func() (err error) {
		there, err = s.core.BucketExists(ctx, s.bucket)
		return err
	})
	if lost == nil && !there {
		lost = fmt.Errorf("%w: there is no bucket %q", blob.ErrRefused, s.bucket)
	}
	return found, cmp.Or(lost, err)
}

func describe(key string, o minio.ObjectInfo) blob.Info {
	return blob.Info{Key: key, Size: o.Size, ContentType: o.ContentType, ModifiedAt: o.LastModified.UTC().Truncate(time.Second)}
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	err := checkKey(key)
	if err == nil {
		err = s.remove(ctx, s.at(key))
	}
	if err != nil {
		return fmt.Errorf("s3blob: deleting %q: %w", key, err)
	}
	return nil
}

func (s *Store) remove(ctx context.Context, at string) error {
	err := s.again(ctx, func() error { return s.core.RemoveObject(ctx, s.bucket, at, minio.RemoveObjectOptions{}) })
	if errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	return err
}

// List implements blob.Store.
func (s *Store) List(ctx context.Context, prefix string, yield func(blob.Info) bool) error {
	if !begins(prefix) {
		return ctx.Err()
	}
	err := s.walk(ctx, s.at(prefix), func(o minio.ObjectInfo) bool {
		key := o.Key[len(s.prefix):]
		if checkKey(key) != nil {
			return true // a note of its own, or somebody else's
		}
		info := describe(key, o)
		info.ContentType = "" // whatever some servers list, as others do not
		return yield(info)
	})
	if err != nil {
		return fmt.Errorf("s3blob: listing %q: %w", prefix, err)
	}
	return nil
}

// walk lists what is in the bucket, page by page, in the order of names. When a
// page does not come it goes on after the last one.
func (s *Store) walk(ctx context.Context, prefix string, yield func(minio.ObjectInfo) bool) error {
	o := minio.ListObjectsOptions{Prefix: prefix, Recursive: true}
	return s.again(ctx, func() error {
		for found := range s.core.ListObjectsIter(ctx, s.bucket, o) {
			if found.Err != nil {
				return found.Err
			}
			if !yield(found) {
				return nil
			}
			o.StartAfter = found.Key
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}
