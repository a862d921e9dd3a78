package s3blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/sajin-sns/sajin/ports/blob"
)

// CompleteUpload implements blob.Store. S3 itself would leave out parts that are
// not named, and forgets an upload once it is complete: so the parts are
// compared first, and the object's metadata say which upload it came of.
func (s *Store) CompleteUpload(ctx context.Context, u blob.Upload, parts []blob.Part) (blob.Info, error) {
	info, err := s.complete(ctx, u, slices.SortedFunc(slices.Values(parts), func(a, b blob.Part) int { return cmp.Compare(a.Number, b.Number) }))
	if err != nil {
		return blob.Info{}, fmt.Errorf("s3blob: completing %q: %w", u.Key, err)
	}
	return info, nil
}

func (s *Store) complete(ctx context.Context, u blob.Upload, parts []blob.Part) (blob.Info, error) {
	r, err := readRef(u)
	if err != nil {
		return blob.Info{}, err
	}
	assemble := s.assemble
	if r.id == "" {
		assemble = s.adopt
	}
	var info blob.Info
	err = repeat(ctx, func() (err error) {
		info, err = assemble(ctx, r, parts) // which looks first what came of the last time
		return err
	})
	if err == nil {
		_ = s.forget(ctx, r) // what stays of it is listed as open, and can be aborted
	}
	return info, err
}

// assemble has the server put parts together. When it does not find them,
// somebody else may be completing the upload, or aborting it, which takes one
// part after the other: then the list of parts is another one the next time.
func (s *Store) assemble(ctx context.Context, r ref, parts []blob.Part) (blob.Info, error) {
	var trouble error
	var before []blob.Part
	for attempt := range 6 {
		here, err := s.parts(ctx, r)
		switch {
		case errors.Is(err, blob.ErrNotFound):
			return s.outcome(ctx, r)
		case err != nil:
			return blob.Info{}, err
		case attempt > 0 && slices.Equal(here, before):
			return blob.Info{}, s.ended(ctx, r, len(here) < len(parts), trouble)
		}
		before, trouble = here, match(parts, here)
		if trouble == nil {
			if trouble = s.join(ctx, r, parts); trouble == nil || errors.Is(trouble, blob.ErrNotFound) {
				return s.verified(ctx, r, parts)
			}
		} else if len(here) >= len(parts) {
			return blob.Info{}, trouble
		}
		if !errors.Is(trouble, blob.ErrIncomplete) {
			return blob.Info{}, trouble
		}
		select {
		case <-ctx.Done():
			return blob.Info{}, ctx.Err()
		case <-time.After(time.Duration(10<<attempt) * time.Millisecond):
		}
	}
	return blob.Info{}, trouble
}

func (s *Store) join(ctx context.Context, r ref, parts []blob.Part) error {
	named := make([]minio.CompletePart, len(parts))
	for i, p := range parts {
		named[i] = minio.CompletePart{PartNumber: p.Number, ETag: p.ETag}
	}
	_, err := s.core.CompleteMultipartUpload(ctx, s.bucket, s.at(r.key), r.id, named, minio.PutObjectOptions{})
	return typed(ctx, err)
}

// ended says whether parts are missing because the upload was aborted, which
// takes its note off at last. A server that was just then putting them together
// may have kept what is left: that goes, too.
func (s *Store) ended(ctx context.Context, r ref, missing bool, trouble error) error {
	if !missing {
		return trouble
	}
	_, err := s.stat(ctx, s.note(r))
	if !errors.Is(err, blob.ErrNotFound) {
		return trouble
	}
	if err := s.abort(ctx, r); err != nil {
		return err
	}
	return blob.ErrNotFound
}

// verified describes the object that the upload made, and holds it to its size.
func (s *Store) verified(ctx context.Context, r ref, parts []blob.Part) (blob.Info, error) {
	var size int64
	for _, p := range parts {
		size += p.Size
	}
	info, err := s.outcome(ctx, r)
	if err == nil && info.Size != size {
		return blob.Info{}, fmt.Errorf("%d bytes were sent, and the storage made %d of them", size, info.Size)
	}
	return info, err
}

// outcome is what came of an upload that S3 knows no more: the object, or
// ErrNotFound. While there is neither, and the note has not been taken off,
// somebody may be putting it together.
func (s *Store) outcome(ctx context.Context, r ref) (blob.Info, error) {
	for attempt := 1; ; attempt++ {
		info, err := s.made(ctx, r)
		if !errors.Is(err, blob.ErrNotFound) || attempt == 30 {
			return info, err
		}
		if _, err := s.stat(ctx, s.note(r)); err != nil {
			return s.made(ctx, r) // the note may have gone since, because the object has come
		}
		select {
		case <-ctx.Done():
			return blob.Info{}, ctx.Err()
		case <-time.After(time.Duration(5*attempt) * time.Millisecond):
		}
	}
}

// match holds the parts that are named to those that are here.
func match(named, here []blob.Part) error {
	if len(named) == 0 || len(named) != len(here) {
		return fmt.Errorf("%d parts are named, %d are here: %w", len(named), len(here), blob.ErrIncomplete)
	}
	for i, p := range named {
		if p.Number != i+1 || p != here[i] {
			return fmt.Errorf("part %d is missing or another one: %w", i+1, blob.ErrIncomplete)
		}
	}
	return nil
}

// made describes the object that the upload made, ErrNotFound if it is not, or
// not any more, there.
func (s *Store) made(ctx context.Context, r ref) (blob.Info, error) {
	found, err := s.stat(ctx, s.at(r.key))
	if err != nil {
		return blob.Info{}, err
	}
	if found.UserMetadata[madeBy] != r.token {
		return blob.Info{}, blob.ErrNotFound
	}
	return describe(r.key, found), nil
}

// AbortUpload implements blob.Store.
func (s *Store) AbortUpload(ctx context.Context, u blob.Upload) error {
	r, err := readRef(u)
	if err == nil {
		err = s.abort(ctx, r)
	} else if errors.Is(err, blob.ErrNotFound) {
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("s3blob: aborting an upload of %q: %w", u.Key, err)
	}
	return nil
}

func (s *Store) abort(ctx context.Context, r ref) error {
	// Who completes it meanwhile, in vain, may keep it: so it is looked at again.
	for attempt := 0; r.id != "" && attempt < attempts; attempt++ {
		err := s.again(ctx, func() error { return s.core.AbortMultipartUpload(ctx, s.bucket, s.at(r.key), r.id) })
		if err == nil {
			_, err = s.page(ctx, r, 0, 1)
		}
		if errors.Is(err, blob.ErrNotFound) {
			break
		}
		if err != nil {
			return err
		}
	}
	return s.forget(ctx, r)
}

// forget removes what the store keeps beside an upload.
func (s *Store) forget(ctx context.Context, r ref) error {
	err := s.remove(ctx, s.note(r))
	if r.id == "" {
		err = errors.Join(err, s.remove(ctx, s.sent(r)))
	}
	return err
}
