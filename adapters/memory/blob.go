// Package memory holds adapters that keep everything in this process, for tests
// and demonstrations. They keep the same promises as those that last.
package memory

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/ports/blob"
)

// Blob is a blob.Store that is gone when the process is.
type Blob struct {
	mu      sync.Mutex
	objects map[string]blobObject
	uploads map[blob.Upload]*blobUpload
}

var _ blob.Store = (*Blob)(nil)

// blobObject is never changed, only replaced: whoever opened it keeps it.
type blobObject struct {
	info blob.Info
	data []byte
	ref  string // of the upload that made it
}

// NewBlob makes an empty store.
func NewBlob() *Blob {
	return &Blob{objects: make(map[string]blobObject), uploads: make(map[blob.Upload]*blobUpload)}
}

// Put implements blob.Store.
func (b *Blob) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if err := checkBlobKey(key); err != nil {
		return err
	}
	data, err := receiveBlob(ctx, body, size)
	if err != nil {
		return fmt.Errorf("memory: putting %q: %w", key, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.store(key, data, contentType, "")
	return nil
}

func (b *Blob) store(key string, data []byte, contentType, ref string) blob.Info {
	info := blob.Info{
		Key:         key,
		Size:        int64(len(data)),
		ContentType: cmp.Or(contentType, "application/octet-stream"),
		ModifiedAt:  time.Now().UTC(),
	}
	b.objects[key] = blobObject{info, data, ref}
	return info
}

// Open implements blob.Store.
func (b *Blob) Open(ctx context.Context, key string) (blob.Object, error) {
	o, err := b.object(ctx, key)
	if err != nil {
		return nil, err
	}
	return &blobReader{bytes.NewReader(o.data), o.info}, nil
}

// Stat implements blob.Store.
func (b *Blob) Stat(ctx context.Context, key string) (blob.Info, error) {
	o, err := b.object(ctx, key)
	return o.info, err
}

func (b *Blob) object(ctx context.Context, key string) (blobObject, error) {
	if err := cmp.Or(checkBlobKey(key), ctx.Err()); err != nil {
		return blobObject{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.objects[key]
	if !ok {
		return blobObject{}, fmt.Errorf("memory: object %q: %w", key, blob.ErrNotFound)
	}
	return o, nil
}

type blobReader struct {
	*bytes.Reader
	info blob.Info
}

func (r *blobReader) Info() blob.Info { return r.info }
func (r *blobReader) Close() error    { return nil }

// Delete implements blob.Store.
func (b *Blob) Delete(ctx context.Context, key string) error {
	if err := cmp.Or(checkBlobKey(key), ctx.Err()); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.objects, key)
	return nil
}

// List implements blob.Store. It lists what is there when it begins.
func (b *Blob) List(ctx context.Context, prefix string, yield func(blob.Info) bool) error {
	b.mu.Lock()
	var infos []blob.Info
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		if strings.HasPrefix(key, prefix) {
			infos = append(infos, b.objects[key].info)
		}
	}
	b.mu.Unlock()
	for _, info := range infos {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !yield(info) {
			return nil
		}
	}
	return ctx.Err()
}

func checkBlobKey(key string) error {
	bad := len(key) > 512
	for segment := range strings.SplitSeq(key, "/") {
		bad = bad || segment == "" || segment == "." || segment == ".." || len(segment) > 200 ||
			strings.Trim(segment, "abcdefghijklmnopqrstuvwxyz0123456789._-") != ""
	}
	if bad {
		return fmt.Errorf("memory: key of %d characters: %w", len(key), blob.ErrBadKey)
	}
	return nil
}

// receiveBlob reads a body of exactly size bytes, and believes in no size before
// the bytes are there.
func receiveBlob(ctx context.Context, body io.Reader, size int64) ([]byte, error) {
	var data bytes.Buffer
	src := &blobBody{ctx, body}
	n, err := io.Copy(&data, io.LimitReader(src, size))
	if err != nil {
		return nil, err
	}
	if n != size {
		return nil, fmt.Errorf("%d bytes came, %d were announced: %w", n, size, blob.ErrSize)
	}
	switch _, err := io.ReadFull(src, make([]byte, 1)); err {
	case io.EOF:
		return data.Bytes(), ctx.Err()
	case nil:
		return nil, fmt.Errorf("more than %d bytes came: %w", size, blob.ErrSize)
	default:
		return nil, err
	}
}

// blobBody is a body that ends when the context does.
type blobBody struct {
	ctx  context.Context
	body io.Reader
}

func (s *blobBody) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.body.Read(b)
}
