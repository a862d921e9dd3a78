package memory

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/sajin-sns/sajin/ports/blob"
)

type blobUpload struct {
	contentType string
	startedAt   time.Time
	parts       map[int]blobPart
}

type blobPart struct {
	blob.Part
	data []byte
}

// StartUpload implements blob.Store.
func (b *Blob) StartUpload(ctx context.Context, key, contentType string) (blob.Upload, error) {
	if err := cmp.Or(checkBlobKey(key), ctx.Err()); err != nil {
		return blob.Upload{}, err
	}
	u := blob.Upload{Key: key, Ref: rand.Text()}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.uploads[u] = &blobUpload{contentType, time.Now().UTC(), make(map[int]blobPart)}
	return u, nil
}

// PutPart implements blob.Store.
func (b *Blob) PutPart(ctx context.Context, u blob.Upload, number int, body io.Reader, size int64) (blob.Part, error) {
	if number < 1 || number > 10_000 {
		return blob.Part{}, errors.New("memory: parts are numbered from 1 to 10000")
	}
	if _, err := b.ListParts(ctx, u); err != nil {
		return blob.Part{}, err // before the body is taken in
	}
	data, err := receiveBlob(ctx, body, size)
	if err != nil {
		return blob.Part{}, fmt.Errorf("memory: part %d of %q: %w", number, u.Key, err)
	}
	sum := sha256.Sum256(data)
	part := blob.Part{Number: number, Size: size, ETag: hex.EncodeToString(sum[:16])}
	b.mu.Lock()
	defer b.mu.Unlock()
	open, err := b.upload(u)
	if err != nil {
		return blob.Part{}, err
	}
	open.parts[number] = blobPart{part, data}
	return part, nil
}

// upload finds an open upload; the caller has the lock.
func (b *Blob) upload(u blob.Upload) (*blobUpload, error) {
	if err := checkBlobKey(u.Key); err != nil {
		return nil, err
	}
	open, ok := b.uploads[u]
	if !ok {
		return nil, fmt.Errorf("memory: upload of %q: %w", u.Key, blob.ErrNotFound)
	}
	return open, nil
}

// ListParts implements blob.Store.
func (b *Blob) ListParts(ctx context.Context, u blob.Upload) ([]blob.Part, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	open, err := b.upload(u)
	if err := cmp.Or(err, ctx.Err()); err != nil {
		return nil, err
	}
	parts := make([]blob.Part, 0, len(open.parts))
	for _, number := range slices.Sorted(maps.Keys(open.parts)) {
		parts = append(parts, open.parts[number].Part)
	}
	return parts, nil
}

// CompleteUpload implements blob.Store.
func (b *Blob) CompleteUpload(ctx context.Context, u blob.Upload, parts []blob.Part) (blob.Info, error) {
	if err := ctx.Err(); err != nil {
		return blob.Info{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	open, err := b.upload(u)
	if made, ok := b.objects[u.Key]; ok && err != nil && made.ref != "" && made.ref == u.Ref {
		return made.info, nil
	}
	if err != nil {
		return blob.Info{}, err
	}
	data, err := open.assemble(parts)
	if err != nil {
		return blob.Info{}, fmt.Errorf("memory: completing %q: %w", u.Key, err)
	}
	delete(b.uploads, u)
	return b.store(u.Key, data, open.contentType, u.Ref), nil
}

func (u *blobUpload) assemble(parts []blob.Part) ([]byte, error) {
	parts = slices.SortedFunc(slices.Values(parts), func(a, b blob.Part) int { return cmp.Compare(a.Number, b.Number) })
	if len(parts) == 0 || len(parts) != len(u.parts) {
		return nil, fmt.Errorf("%d parts are named, %d are here: %w", len(parts), len(u.parts), blob.ErrIncomplete)
	}
	var data []byte
	for i, part := range parts {
		if got := u.parts[i+1]; got.Part != part {
			return nil, fmt.Errorf("part %d is missing or another one: %w", i+1, blob.ErrIncomplete)
		}
		data = append(data, u.parts[i+1].data...)
	}
	return data, nil
}

// AbortUpload implements blob.Store.
func (b *Blob) AbortUpload(ctx context.Context, u blob.Upload) error {
	if err := cmp.Or(checkBlobKey(u.Key), ctx.Err()); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.uploads, u)
	return nil
}

// ListUploads implements blob.Store. It lists what is open when it begins.
func (b *Blob) ListUploads(ctx context.Context, yield func(u blob.Upload, startedAt time.Time) bool) error {
	b.mu.Lock()
	started := make(map[blob.Upload]time.Time, len(b.uploads))
	for u, open := range b.uploads {
		started[u] = open.startedAt
	}
	b.mu.Unlock()
	for u, at := range started {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !yield(u, at) {
			return nil
		}
	}
	return ctx.Err()
}
