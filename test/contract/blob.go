package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/ports/blob"
)

// BlobPromises is what a blob store offers beyond, or short of, the others.
type BlobPromises struct {
	// Presigns says that the store is a blob.Presigner, and that its requests
	// can be made from here. Its links live a second at least.
	Presigns bool

	// Forms says that the store is a blob.FormUploader, likewise.
	Forms bool

	// Client makes those requests; http.DefaultClient when it is nil.
	Client *http.Client

	// PartSize is the size of every part but the last: at least 5 MiB for S3.
	// 1 KiB when it is zero.
	PartSize int64

	// Keeps says that an opened object stays readable when it is replaced or
	// deleted; without it, reading on may fail.
	Keeps bool

	// Nests says that "a" and "a/b" can both be objects.
	Nests bool

	// Again opens the objects of a store a second time, as another process
	// would; nil when they live in one process.
	Again func(t *testing.T, s blob.Store) blob.Store
}

// Blobs holds a blob store to its promises. open makes an empty one.
func Blobs(t *testing.T, open func(t *testing.T) blob.Store, promises BlobPromises) {
	if promises.PartSize == 0 {
		promises.PartSize = 1 << 10
	}
	if promises.Client == nil {
		promises.Client = http.DefaultClient
	}
	if promises.Again == nil {
		promises.Again = func(_ *testing.T, s blob.Store) blob.Store { return s }
	}
	b := blobs{open: open, promises: promises}
	t.Run("putting", b.putting)
	t.Run("bodies that lie or fail", b.lying)
	t.Run("keys", b.keys)
	t.Run("reading", b.reading)
	t.Run("replaced while open", b.replacing)
	t.Run("listing", b.listing)
	t.Run("writers at once", b.racing)
	t.Run("uploads", b.uploads)
	t.Run("completing", b.completing)
	t.Run("open uploads", b.openUploads)
	t.Run("uploads at once", b.racingUploads)
	t.Run("presigning", b.presigning)
	t.Run("forms", b.forming)
}

type blobs struct {
	open     func(t *testing.T) blob.Store
	promises BlobPromises
}

func (b blobs) putting(t *testing.T) {
	ctx := t.Context()
	s := b.open(t)
	t.Run("what was put is there, whole, with its type, for everybody", func(t *testing.T) {
		before := time.Now()
		for _, size := range []int{0, 1, 4096, 100_003} {
			key := fmt.Sprintf("media/%d.jpg", size)
			data := blobNoise(uint64(size), size)
			b.put(t, s, key, data, "image/jpeg")
			for _, s := range []blob.Store{s, b.promises.Again(t, s)} {
				got, info := b.get(t, s, key)
				if !bytes.Equal(got, data) {
					t.Errorf("%s: %d bytes were put, %d other ones are there", key, len(data), len(got))
				}
				want := blob.Info{Key: key, Size: int64(size), ContentType: "image/jpeg", ModifiedAt: info.ModifiedAt}
				if diff := cmp.Diff(want, info); diff != "" {
					t.Error(diff)
				}
				if d := info.ModifiedAt.Sub(before); d < -time.Minute || d > time.Minute {
					t.Errorf("%s: put at %s, modified at %s", key, before, info.ModifiedAt)
				}
			}
		}
	})
	t.Run("an object without a type is a stream of octets", func(t *testing.T) {
		b.put(t, s, "untyped", []byte("x"), "")
		if _, info := b.get(t, s, "untyped"); info.ContentType != "application/octet-stream" {
			t.Errorf("it is %q", info.ContentType)
		}
	})
	t.Run("an object is replaced whole, type and all", func(t *testing.T) {
		b.put(t, s, "twice", blobNoise(1, 9000), "image/png")
		b.put(t, s, "twice", []byte("short"), "image/webp")
		got, info := b.get(t, s, "twice")
		if string(got) != "short" || info.ContentType != "image/webp" {
			t.Errorf("%q of type %s is there", got, info.ContentType)
		}
	})
	t.Run("what is not there is not found, and may be deleted", func(t *testing.T) {
		b.put(t, s, "gone/a", []byte("x"), "text/plain")
		for range 2 {
			if err := s.Delete(ctx, "gone/a"); err != nil {
				t.Fatal(err)
			}
		}
		b.absent(t, s, "gone/a")
		b.absent(t, s, "gone")
		b.absent(t, s, "never")
		b.put(t, s, "gone/a", []byte("back"), "text/plain")
		if got, _ := b.get(t, s, "gone/a"); string(got) != "back" {
			t.Errorf("%q came back", got)
		}
	})
}

func (b blobs) lying(t *testing.T) {
	data := blobNoise(2, 70_000)
	for _, body := range badBlobBodies(data) {
		t.Run(body.name, func(t *testing.T) {
			s := b.open(t)
			for _, there := range []bool{false, true} {
				if there {
					b.put(t, s, "k", []byte("old"), "text/plain")
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if err := s.Put(ctx, "k", body.make(cancel), int64(len(data)), "image/png"); !errors.Is(err, body.want) {
					t.Errorf("got %v, want %v", err, body.want)
				}
				if !there {
					b.absent(t, s, "k")
					continue
				}
				if got, info := b.get(t, s, "k"); string(got) != "old" || info.ContentType != "text/plain" {
					t.Errorf("the object turned into %d bytes of %s", len(got), info.ContentType)
				}
			}
		})
	}
	t.Run("of a size below zero", func(t *testing.T) {
		s := b.open(t)
		if err := s.Put(t.Context(), "k", strings.NewReader("x"), -1, ""); !errors.Is(err, blob.ErrSize) {
			t.Errorf("got %v", err)
		}
		b.absent(t, s, "k")
	})
}

type badBlobBody struct {
	name string
	make func(cancel func()) io.Reader
	want error
}

// badBlobBodies are bodies that must not be stored as the data.
func badBlobBodies(data []byte) []badBlobBody {
	cause := errors.New("the line went dead")
	whole := func() io.Reader { return bytes.NewReader(data) }
	half := func() io.Reader { return bytes.NewReader(data[:len(data)/2]) }
	return []badBlobBody{
		{"shorter than announced", func(func()) io.Reader { return bytes.NewReader(data[1:]) }, blob.ErrSize},
		{"empty", func(func()) io.Reader { return strings.NewReader("") }, blob.ErrSize},
		{"longer than announced", func(func()) io.Reader { return io.MultiReader(whole(), strings.NewReader("x")) }, blob.ErrSize},
		{"failing half-way", func(func()) io.Reader { return io.MultiReader(half(), iotest.ErrReader(cause)) }, cause},
		{"failing at its end", func(func()) io.Reader { return io.MultiReader(whole(), iotest.ErrReader(cause)) }, cause},
		{"cancelled half-way", func(cancel func()) io.Reader { return io.MultiReader(half(), blobAction(cancel), half()) }, context.Canceled},
		{"cancelled before it came", func(cancel func()) io.Reader { cancel(); return whole() }, context.Canceled},
	}
}
