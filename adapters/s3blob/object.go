package s3blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/sajin-sns/sajin/ports/blob"
)

// near is how far ahead it is cheaper to read on than to ask again.
const near = 64 << 10

// object is an open object: the version that there was when it was opened, or
// none.
type object struct {
	ctx  context.Context
	s    *Store
	at   string
	info blob.Info
	etag string

	pos  int64         // of the reader
	body io.ReadCloser // nil when none is open
	next int64         // what the body gives next
}

// Open implements blob.Store. The request that tells what the object is brings
// its bytes as well: most are read from the start to the end.
func (s *Store) Open(ctx context.Context, key string) (blob.Object, error) {
	err := checkKey(key)
	o := &object{ctx: ctx, s: s, at: s.at(key)}
	if err == nil {
		err = s.again(ctx, o.open)
	}
	if err != nil {
		return nil, fmt.Errorf("s3blob: opening %q: %w", key, err)
	}
	o.info.Key = key
	return o, nil
}

func (o *object) open() error {
	body, found, _, err := o.s.core.GetObject(o.ctx, o.s.bucket, o.at, minio.GetObjectOptions{})
	if err != nil {
		return err
	}
	if found.Size < 0 || found.ETag == "" {
		_ = body.Close()
		return errors.New("the storage does not say how large the object is, or which version it is")
	}
	o.body, o.info, o.etag = body, describe("", found), found.ETag
	return nil
}

func (o *object) Info() blob.Info { return o.info }

func (o *object) Close() error {
	o.drop()
	return nil
}

func (o *object) drop() {
	if o.body != nil {
		_ = o.body.Close()
		o.body = nil
	}
}

func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.pos
	case io.SeekEnd:
		offset += o.info.Size
	}
	if offset < 0 {
		return 0, errors.New("s3blob: there is nothing before the start")
	}
	o.pos = offset
	return offset, nil
}

// Read reads on where a broken connection left off, and where somebody seeked
// to, as long as the object is the one that was opened.
func (o *object) Read(p []byte) (int, error) {
	left := o.info.Size - o.pos
	if left <= 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	var n int
	err := o.s.again(o.ctx, func() error {
		if err := o.reach(); err != nil {
			return err
		}
		var err error
		n, err = o.body.Read(p[:min(int64(len(p)), left)])
		o.next += int64(n)
		if err != nil {
			o.drop()
		}
		if n > 0 {
			return nil // what ails it shows when it is read on
		}
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		return err
	})
	o.pos += int64(n)
	if err != nil {
		return n, fmt.Errorf("s3blob: reading %q at %d: %w", o.info.Key, o.pos, err)
	}
	return n, nil
}

// reach opens the body at the position, unless it is there.
func (o *object) reach() error {
	if ahead := o.pos - o.next; o.body != nil && ahead > 0 && ahead <= near {
		n, err := io.CopyN(io.Discard, o.body, ahead)
		if o.next += n; err != nil {
			o.drop()
		}
	}
	if o.body != nil && o.next == o.pos {
		return nil
	}
	o.drop()
	var options minio.GetObjectOptions
	if err := options.SetMatchETag(o.etag); err != nil {
		return err
	}
	if o.pos > 0 {
		if err := options.SetRange(o.pos, 0); err != nil {
			return err
		}
	}
	body, found, header, err := o.s.core.GetObject(o.ctx, o.s.bucket, o.at, options)
	if err != nil {
		return err
	}
	if found.ETag != o.etag || found.Size != o.info.Size-o.pos ||
		o.pos > 0 && !strings.HasPrefix(header.Get("Content-Range"), fmt.Sprintf("bytes %d-", o.pos)) {
		_ = body.Close()
		return errors.New("the storage answered with something else than was asked for")
	}
	o.body, o.next = body, o.pos
	return nil
}
