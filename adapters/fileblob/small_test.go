package fileblob

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sajin-sns/sajin/ports/blob"
)

func TestWhatAnotherProcessDoesIsSeen(t *testing.T) {
	dir := t.TempDir()
	mine, other := open(t, dir), open(t, dir)
	put := func(s *Store, text string) {
		t.Helper()
		if err := s.Put(t.Context(), "small", strings.NewReader(text), int64(len(text)), "text/plain"); err != nil {
			t.Fatal(err)
		}
	}
	reads := func(want string) {
		t.Helper()
		for range 2 { // from the file, and from memory
			o, err := mine.Open(t.Context(), "small")
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(o)
			if err != nil || string(got) != want || o.Info().Size != int64(len(want)) {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		}
	}
	put(mine, "a thumbnail")
	reads("a thumbnail")
	if mine.smalls.kept.Len() != 1 {
		t.Fatal("it is not kept")
	}
	put(other, "another one")
	reads("another one")
	if err := other.Delete(t.Context(), "small"); err != nil {
		t.Fatal(err)
	}
	if _, err := mine.Open(t.Context(), "small"); !errors.Is(err, blob.ErrNotFound) {
		t.Error(err)
	}
	put(mine, strings.Repeat("x", smallSize+1))
	reads(strings.Repeat("x", smallSize+1))
	if mine.smalls.kept.Len() != 0 {
		t.Error("what is large, or gone, is kept")
	}
}
