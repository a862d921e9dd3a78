package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
)

// original is a file that has arrived, read in any order and known by its hash.
type original struct {
	io.ReaderAt
	size   int64
	sha256 string // in hex
	close  func() error
}

// Size is the number of bytes that are there.
func (o *original) Size() int64 { return o.size }

// Close lets go of the file.
func (o *original) Close() error { return o.close() }

// openOriginal opens a file and reads it once, for its hash. Where the blob
// store can read in any order it stays there; else it is copied into a file
// that is gone with this process.
func openOriginal(ctx context.Context, blobs blob.Store, key, tempDir string) (*original, error) {
	object, err := blobs.Open(ctx, key)
	if err != nil {
		return nil, storage("open original", err)
	}
	digest := sha256.New()
	o := &original{size: object.Info().Size, close: object.Close}
	direct, ok := object.(io.ReaderAt)
	if ok {
		o.ReaderAt = direct
		_, err = io.Copy(digest, &patient{ctx, io.NewSectionReader(direct, 0, o.size)})
	} else {
		err = o.spool(io.TeeReader(&patient{ctx, object}, digest), tempDir)
		err = errors.Join(err, object.Close())
	}
	if err != nil {
		_ = o.close() // the first error counts
		return nil, storage("read original", err)
	}
	o.sha256 = hex.EncodeToString(digest.Sum(nil))
	return o, nil
}

// spool copies the file into a temporary one, which loses its name at once
// where the system allows that.
func (o *original) spool(from io.Reader, dir string) error {
	o.close = func() error { return nil }
	temp, err := os.CreateTemp(dir, "sajin-original-*")
	if err != nil {
		return err
	}
	unlinked := os.Remove(temp.Name()) == nil
	o.ReaderAt, o.close = temp, func() error {
		err := temp.Close()
		if !unlinked {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
		return err
	}
	n, err := io.Copy(temp, from)
	if err == nil && n != o.size {
		err = fmt.Errorf("%d of %d bytes came", n, o.size)
	}
	return err
}

// verify holds the file to what was announced. wanted may be empty.
func (o *original) verify(size int64, wanted string) error {
	switch {
	case o.size != size:
		return inFile(media.ErrSizeMismatch)
	case wanted != "" && wanted != o.sha256:
		return inFile(media.ErrHashMismatch)
	default:
		return nil
	}
}

// patient reads until the context ends.
type patient struct {
	ctx  context.Context
	from io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.from.Read(b)
}
