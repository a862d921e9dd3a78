package instrument

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/sajin-sns/sajin/ports/blob"
)

// What stores offer beside blob.Store, and nobody else needs a name for.
type (
	sweeper interface {
		Sweep(ctx context.Context) error
	}
	checker interface {
		Check(ctx context.Context) error
	}
)

// Blobs stands around a store. What the store offers beside blob.Store is passed
// on untold, for whoever asks the value that Blobs answers must be told the
// truth. So there is a type for each set of offers that a store of ours makes; a
// store with another set is answered as it is, and needs a type here to be told
// of.
func Blobs(s blob.Store, around ...Around) blob.Store {
	if len(around) == 0 {
		return s
	}
	told := &blobs{s, all(around)}
	signs, canSign := s.(blob.Presigner)
	forms, canForm := s.(blob.FormUploader)
	sweeps, canSweep := s.(sweeper)
	checks, canCheck := s.(checker)
	type offers struct{ sign, form, sweep, check bool }
	switch (offers{canSign, canForm, canSweep, canCheck}) {
	case offers{}:
		return told
	case offers{sweep: true}: // a folder
		return struct {
			blob.Store
			sweeper
		}{told, sweeps}
	case offers{sign: true, form: true, check: true}: // a bucket
		return struct {
			blob.Store
			blob.Presigner
			blob.FormUploader
			checker
		}{told, signs, forms, checks}
	default:
		return s
	}
}

type blobs struct {
	blob.Store
	around Around
}

// call makes one call.
func call[T any](ctx context.Context, around Around, fn func(ctx context.Context) (T, error), labels ...string) (T, error) {
	ctx, end := around(ctx, labels...)
	got, err := fn(ctx)
	end(err)
	return got, err
}

func (b *blobs) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	ctx, end := b.around(ctx, "put")
	from := &sender{Reader: body}
	err := b.Store.Put(ctx, key, from.orSeeker(), size, contentType)
	end(from.blame(err))
	return err
}

func (b *blobs) Open(ctx context.Context, key string) (blob.Object, error) {
	o, err := call(ctx, b.around, func(ctx context.Context) (blob.Object, error) { return b.Store.Open(ctx, key) }, "open")
	if err != nil {
		return nil, err
	}
	told := &object{Object: o, ctx: ctx, around: b.around}
	if file, ok := o.(blob.FileObject); ok {
		return &fileObject{objectAt{told, file}, file}, nil
	}
	if at, ok := o.(io.ReaderAt); ok {
		return &objectAt{told, at}, nil
	}
	return told, nil
}

func (b *blobs) Stat(ctx context.Context, key string) (blob.Info, error) {
	return call(ctx, b.around, func(ctx context.Context) (blob.Info, error) { return b.Store.Stat(ctx, key) }, "stat")
}

func (b *blobs) Delete(ctx context.Context, key string) error {
	ctx, end := b.around(ctx, "delete")
	err := b.Store.Delete(ctx, key)
	end(err)
	return err
}

func (b *blobs) List(ctx context.Context, prefix string, yield func(blob.Info) bool) error {
	ctx, end := b.around(ctx, "list")
	err := b.Store.List(ctx, prefix, yield)
	end(err)
	return err
}

func (b *blobs) StartUpload(ctx context.Context, key, contentType string) (blob.Upload, error) {
	return call(ctx, b.around, func(ctx context.Context) (blob.Upload, error) { return b.Store.StartUpload(ctx, key, contentType) }, "start_upload")
}

func (b *blobs) PutPart(ctx context.Context, u blob.Upload, number int, body io.Reader, size int64) (blob.Part, error) {
	ctx, end := b.around(ctx, "put_part")
	from := &sender{Reader: body}
	part, err := b.Store.PutPart(ctx, u, number, from.orSeeker(), size)
	end(from.blame(err))
	return part, err
}

func (b *blobs) ListParts(ctx context.Context, u blob.Upload) ([]blob.Part, error) {
	return call(ctx, b.around, func(ctx context.Context) ([]blob.Part, error) { return b.Store.ListParts(ctx, u) }, "list_parts")
}

func (b *blobs) CompleteUpload(ctx context.Context, u blob.Upload, parts []blob.Part) (blob.Info, error) {
	return call(ctx, b.around, func(ctx context.Context) (blob.Info, error) { return b.Store.CompleteUpload(ctx, u, parts) }, "complete_upload")
}

func (b *blobs) ListUploads(ctx context.Context, yield func(u blob.Upload, startedAt time.Time) bool) error {
	ctx, end := b.around(ctx, "list_uploads")
	err := b.Store.ListUploads(ctx, yield)
	end(err)
	return err
}

func (b *blobs) AbortUpload(ctx context.Context, u blob.Upload) error {
	ctx, end := b.around(ctx, "abort_upload")
	err := b.Store.AbortUpload(ctx, u)
	end(err)
	return err
}

// sender is a body, and whether it came to its end: that a client breaks off is
// not the store's failure.
type sender struct {
	io.Reader
	err error
}

// orSeeker is the body itself where it can be read again, which a store may make
// use of: such a one comes from no client.
func (s *sender) orSeeker() io.Reader {
	if _, ok := s.Reader.(io.Seeker); ok {
		return s.Reader
	}
	return s
}

func (s *sender) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

func (s *sender) blame(err error) error {
	if err != nil && s.err != nil {
		return errors.Join(context.Canceled, err)
	}
	return err
}

// object tells of reading only that it failed: what is read, a client takes in
// its own time.
type object struct {
	blob.Object
	ctx    context.Context
	around Around
	failed bool
}

func (o *object) Read(p []byte) (int, error) {
	n, err := o.Object.Read(p)
	o.tell(err)
	return n, err
}

func (o *object) tell(err error) {
	if err == nil || errors.Is(err, io.EOF) || o.failed {
		return
	}
	o.failed = true
	_, end := o.around(o.ctx, "read")
	end(err)
}

// fileObject tells nothing of what the kernel sends of the file.
type fileObject struct {
	objectAt
	file blob.FileObject
}

func (o *fileObject) File() *os.File { return o.file.File() }

type objectAt struct {
	*object
	at io.ReaderAt
}

func (o *objectAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.at.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		_, end := o.around(o.ctx, "read")
		end(err)
	}
	return n, err
}
