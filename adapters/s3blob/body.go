package s3blob

import (
	"context"
	"fmt"
	"io"

	"github.com/sajin-sns/sajin/ports/blob"
)

// body is what is sent, of exactly the announced size. It keeps its last bytes
// back until it has seen that nothing comes after them, so that the server never
// has a whole body that should not be stored. err is why it broke off.
type body struct {
	ctx  context.Context
	from io.Reader
	size int64
	left int64
	err  error
}

func newBody(ctx context.Context, from io.Reader, size int64) (*body, error) {
	b := &body{ctx: ctx, from: from, size: size, left: size}
	if size < 0 {
		return nil, fmt.Errorf("%d bytes are announced: %w", size, blob.ErrSize)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if size == 0 { // nobody reads it
		return b, b.end()
	}
	return b, nil
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	if b.err = b.ctx.Err(); b.err != nil {
		return 0, b.err
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	switch {
	case err != nil && err != io.EOF:
		b.err = err
	case b.left == 0:
		b.err = b.end()
	case err == io.EOF:
		b.err = fmt.Errorf("%d bytes came, %d were announced: %w", b.size-b.left, b.size, blob.ErrSize)
	}
	if b.err != nil {
		return 0, b.err
	}
	return n, nil
}

// end looks whether the body ends where it should.
func (b *body) end() error {
	switch _, err := io.ReadFull(b.from, make([]byte, 1)); err {
	case io.EOF:
		return b.ctx.Err()
	case nil:
		return fmt.Errorf("more than %d bytes came: %w", b.size, blob.ErrSize)
	default:
		return err
	}
}
