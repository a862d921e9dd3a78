package fileblob

import (
	"path/filepath"
	"testing"

	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/test/contract"
)

func TestContract(t *testing.T) {
	contract.Blobs(t, func(t *testing.T) blob.Store { return open(t, t.TempDir()) }, contract.BlobPromises{
		Keeps: true,
		Nests: true,
		Again: func(t *testing.T, s blob.Store) blob.Store { return open(t, filepath.Dir(s.(*Store).objects)) },
	})
}

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
