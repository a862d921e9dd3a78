package ident_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
)

func TestSource(t *testing.T) {
	t.Run("ids of one source strictly increase, also when the clock steps back", func(t *testing.T) {
		clock := time.UnixMilli(1_700_000_000_000)
		source := ident.NewSource(func() time.Time { return clock }, rand.Reader)
		last := ident.New[ident.PostID](source)
		for i := range 20_000 {
			if i == 10_000 {
				clock = clock.Add(-time.Hour)
			}
			next := ident.New[ident.PostID](source)
			if next.Compare(last) <= 0 {
				t.Fatalf("id %d: %s does not follow %s", i, next, last)
			}
			if s := next.String(); s[14] != '7' || !strings.ContainsRune("89ab", rune(s[19])) {
				t.Fatalf("%s is not a version 7 UUID of the RFC 9562 variant", s)
			}
			last = next
		}
	})
	t.Run("an id tells when it was made", func(t *testing.T) {
		at := time.UnixMilli(1_700_000_000_123).UTC()
		id := ident.New[ident.PostID](ident.NewSource(func() time.Time { return at }, rand.Reader))
		if !id.Time().Equal(at) {
			t.Fatalf("made at %s, says %s", at, id.Time())
		}
	})
}

func TestAt(t *testing.T) {
	clock := time.UnixMilli(1_700_000_000_500).UTC()
	id := ident.New[ident.PostID](ident.NewSource(func() time.Time { return clock }, rand.Reader))
	if id.Compare(ident.At[ident.PostID](clock)) <= 0 || id.Compare(ident.At[ident.PostID](clock.Add(time.Millisecond))) >= 0 {
		t.Errorf("%s is not between the bounds of its millisecond", id)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("0190a5f0-0000-7000-8000-000000000001")
	f.Add("0190A5F0-0000-7000-8000-00000000000g")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ident.Parse[ident.PostID](text)
		if err != nil {
			if !id.IsZero() {
				t.Fatalf("%q is refused and still gives %s", text, id)
			}
			return
		}
		if id.String() != strings.ToLower(text) {
			t.Fatalf("%q reads as %s", text, id)
		}
	})
}
