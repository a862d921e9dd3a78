package fileblob

import (
	"bytes"
	"io"
	"os"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/sajin-sns/sajin/ports/blob"
)

// Opening, sending and closing a file costs more than the bytes of a thumbnail.
const (
	smallSize  = 32 << 10
	smallsKept = 512 // 16 MiB at most
)

// smalls remembers the bytes of small files that were read lately, under their
// paths. Each is given out only while the file at the path is still the same one:
// what was removed or replaced, also by another process, is not.
type smalls struct {
	kept *lru.Cache[string, *small]
}

type small struct {
	bytes []byte
	info  blob.Info
	of    os.FileInfo
}

func newSmalls() smalls {
	cache, err := lru.New[string, *small](smallsKept)
	if err != nil {
		panic(err) // it is of no size
	}
	return smalls{cache}
}

// get answers what is at a path, if that is remembered.
func (c smalls) get(path string) (blob.Object, bool) {
	k, ok := c.kept.Get(path)
	if !ok {
		return nil, false
	}
	if now, err := os.Stat(path); err != nil || !same(k.of, now) {
		c.kept.Remove(path)
		return nil, false
	}
	return k.open(), true
}

// keep remembers an object, if it is small, and answers it from memory.
func (c smalls) keep(path string, o *object) (blob.Object, error) {
	if o.info.Size > smallSize {
		return o, nil
	}
	defer func() { _ = o.Close() }()
	k := &small{make([]byte, o.info.Size), o.info, o.stat}
	if _, err := io.ReadFull(o, k.bytes); err != nil {
		return nil, err
	}
	c.kept.Add(path, k)
	return k.open(), nil
}

func (k *small) open() blob.Object { return &smallObject{*bytes.NewReader(k.bytes), k.info} }

type smallObject struct {
	bytes.Reader
	info blob.Info
}

func (o *smallObject) Info() blob.Info { return o.info }
func (o *smallObject) Close() error    { return nil }

// same tells whether nothing has happened to a file: none changes in place.
func same(then, now os.FileInfo) bool {
	return os.SameFile(then, now) && then.ModTime().Equal(now.ModTime()) && then.Size() == now.Size()
}
