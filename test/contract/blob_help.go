package contract

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/sajin-sns/sajin/ports/blob"
)

// blobNoise is n bytes that a seed always gives, and no other seed does.
func blobNoise(seed uint64, n int) []byte {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	data := make([]byte, n)
	rand.NewChaCha8(key).Read(data)
	return data
}

// blobAction is an empty body that does something when it is read.
type blobAction func()

func (a blobAction) Read([]byte) (int, error) {
	a()
	return 0, io.EOF
}

func (blobs) put(t *testing.T, s blob.Store, key string, data []byte, contentType string) {
	t.Helper()
	if err := s.Put(t.Context(), key, bytes.NewReader(data), int64(len(data)), contentType); err != nil {
		t.Fatal(err)
	}
}

// get reads an object, and holds what it says of itself to what it is.
func (blobs) get(t *testing.T, s blob.Store, key string) ([]byte, blob.Info) {
	t.Helper()
	o, err := s.Open(t.Context(), key)
	if err != nil {
		t.Error(err)
		return nil, blob.Info{}
	}
	defer o.Close()
	data, err := io.ReadAll(o)
	if err != nil {
		t.Error(err)
	}
	if info := o.Info(); info.Key != key || info.Size != int64(len(data)) {
		t.Errorf("%q has %d bytes, and says %+v", key, len(data), info)
	}
	return data, o.Info()
}

func (blobs) absent(t *testing.T, s blob.Store, key string) {
	t.Helper()
	if _, err := s.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("describing %q, which is not there: %v", key, err)
	}
	if _, err := s.Open(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("opening %q, which is not there: %v", key, err)
	}
}

func (blobs) list(t *testing.T, s blob.Store, prefix string) []string {
	t.Helper()
	var keys []string
	if err := s.List(t.Context(), prefix, func(i blob.Info) bool { keys = append(keys, i.Key); return true }); err != nil {
		t.Error(err)
	}
	return keys
}
