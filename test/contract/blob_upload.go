package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/ports/blob"
)

func (b blobs) uploads(t *testing.T) {
	ctx := t.Context()
	t.Run("parts come in any order and are listed in that of their numbers", func(t *testing.T) {
		s, u := b.start(t, "k")
		var want []blob.Part
		for _, number := range []int{3, 1, 10_000, 2, 11} {
			want = append(want, b.part(t, s, u, number, uint64(number), b.promises.PartSize))
		}
		slices.SortFunc(want, func(a, b blob.Part) int { return a.Number - b.Number })
		got, err := b.promises.Again(t, s).ListParts(ctx, u)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("an upload without parts lists none and is no object", func(t *testing.T) {
		s, u := b.start(t, "k")
		if parts, err := s.ListParts(ctx, u); err != nil || len(parts) != 0 {
			t.Errorf("%v, %v", parts, err)
		}
		b.part(t, s, u, 1, 1, 10)
		b.absent(t, s, "k")
		if keys := b.list(t, s, ""); len(keys) != 0 {
			t.Errorf("%q are listed", keys)
		}
	})
	t.Run("a part that is sent again replaces the earlier one", func(t *testing.T) {
		s, u := b.start(t, "k")
		first := b.part(t, s, u, 1, 1, 20)
		second := b.part(t, s, u, 1, 2, 30)
		if parts, err := s.ListParts(ctx, u); err != nil || len(parts) != 1 || parts[0] != second {
			t.Errorf("%v, %v", parts, err)
		}
		if third := b.part(t, s, u, 1, 3, 30); third.ETag == second.ETag || second.ETag == first.ETag {
			t.Error("other bytes have the same tag")
		}
	})
	t.Run("numbers outside 1..10000 are refused", func(t *testing.T) {
		s, u := b.start(t, "k")
		for _, number := range []int{-1, 0, 10_001} {
			if _, err := s.PutPart(ctx, u, number, strings.NewReader("x"), 1); err == nil {
				t.Errorf("part %d is accepted", number)
			}
		}
		if parts, err := s.ListParts(ctx, u); err != nil || len(parts) != 0 {
			t.Errorf("%v, %v", parts, err)
		}
	})
	data := blobNoise(7, 60_000)
	for _, body := range badBlobBodies(data) {
		t.Run("the earlier part stays when a body is "+body.name, func(t *testing.T) {
			s, u := b.start(t, "k")
			kept := b.part(t, s, u, 1, 1, 40)
			for number := 1; number <= 2; number++ {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				if _, err := s.PutPart(ctx, u, number, body.make(cancel), int64(len(data))); !errors.Is(err, body.want) {
					t.Errorf("got %v, want %v", err, body.want)
				}
			}
			if parts, err := s.ListParts(ctx, u); err != nil || len(parts) != 1 || parts[0] != kept {
				t.Errorf("%v, %v", parts, err)
			}
		})
	}
	t.Run("uploads of one key do not know of each other", func(t *testing.T) {
		s, one := b.start(t, "k")
		two, err := s.StartUpload(ctx, "k", "image/two")
		if err != nil {
			t.Fatal(err)
		}
		p1, p2 := b.part(t, s, one, 1, 1, 50), b.part(t, s, two, 1, 2, 60)
		b.complete(t, s, one, p1)
		b.complete(t, s, two, p2)
		got, info := b.get(t, s, "k")
		if !bytes.Equal(got, blobNoise(2, 60)) || info.ContentType != "image/two" {
			t.Errorf("%+v", info)
		}
	})
	t.Run("an aborted upload, or one that never was, is not open", func(t *testing.T) {
		s, aborted := b.start(t, "k")
		b.put(t, s, "k", []byte("another one"), "text/plain")
		part := b.part(t, s, aborted, 1, 1, 10)
		for range 2 {
			if err := s.AbortUpload(ctx, aborted); err != nil {
				t.Fatal(err)
			}
		}
		for _, u := range []blob.Upload{aborted, {Key: "k", Ref: "never"}, {Key: "k"}, {Key: "k", Ref: "../objects"}} {
			b.notOpen(t, s, u)
			if _, err := s.CompleteUpload(ctx, u, []blob.Part{part}); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("completing %q: %v", u.Ref, err)
			}
			if err := s.AbortUpload(ctx, u); err != nil {
				t.Errorf("aborting %q: %v", u.Ref, err)
			}
		}
		if got, _ := b.get(t, s, "k"); string(got) != "another one" {
			t.Error("the object was touched")
		}
	})
	t.Run("an upload is of its key alone", func(t *testing.T) {
		s, u := b.start(t, "k")
		b.notOpen(t, s, blob.Upload{Key: "other", Ref: u.Ref})
		if parts, err := s.ListParts(ctx, u); err != nil || len(parts) != 0 {
			t.Errorf("%v, %v", parts, err)
		}
	})
}

func (b blobs) completing(t *testing.T) {
	ctx := t.Context()
	size := b.promises.PartSize
	t.Run("the object is its parts in order, the last one of any size", func(t *testing.T) {
		for _, last := range []int64{size, 1, 0} {
			s, u := b.start(t, "k")
			p3, p1, p2 := b.part(t, s, u, 3, 3, last), b.part(t, s, u, 1, 1, size), b.part(t, s, u, 2, 2, size)
			info := b.complete(t, s, u, p3, p1, p2)
			want := slices.Concat(blobNoise(1, int(size)), blobNoise(2, int(size)), blobNoise(3, int(last)))
			got, stat := b.get(t, b.promises.Again(t, s), "k")
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes, want %d", len(got), len(want))
			}
			if diff := cmp.Diff(blob.Info{Key: "k", Size: int64(len(want)), ContentType: "video/mp4", ModifiedAt: info.ModifiedAt}, info); diff != "" {
				t.Error(diff)
			}
			if stat != info {
				t.Errorf("completed as %+v, there is %+v", info, stat)
			}
			b.notOpen(t, s, u)
		}
	})
	t.Run("an upload without a type makes a stream of octets", func(t *testing.T) {
		s := b.open(t)
		u, err := s.StartUpload(ctx, "k", "")
		if err != nil {
			t.Fatal(err)
		}
		if info := b.complete(t, s, u, b.part(t, s, u, 1, 1, 10)); info.ContentType != "application/octet-stream" {
			t.Errorf("it is %q", info.ContentType)
		}
	})
	t.Run("the parts must be exactly those that are here", func(t *testing.T) {
		s, u := b.start(t, "k")
		stale := b.part(t, s, u, 1, 9, size)
		p1, p2, p3 := b.part(t, s, u, 1, 1, size), b.part(t, s, u, 2, 2, size), b.part(t, s, u, 3, 3, 10)
		longer, other := p3, p3
		longer.Size++
		other.ETag = p1.ETag
		missing := blob.Part{Number: 4, Size: 10, ETag: p3.ETag}
		for name, parts := range map[string][]blob.Part{
			"none": nil, "one left out": {p1, p2}, "a gap": {p1, p3}, "no first": {p2, p3}, "one too many": {p1, p2, p3, missing},
			"one twice": {p1, p2, p2}, "one twice, and all": {p1, p2, p3, p3}, "another size": {p1, p2, longer}, "another tag": {p1, p2, other},
			"one that was replaced": {stale, p2, p3},
		} {
			if _, err := s.CompleteUpload(ctx, u, parts); !errors.Is(err, blob.ErrIncomplete) {
				t.Errorf("%s: %v", name, err)
			}
			b.absent(t, s, "k")
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := s.CompleteUpload(gone, u, []blob.Part{p1, p2, p3}); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		b.complete(t, s, u, p1, p2, p3)
	})
	t.Run("parts with a gap never make an object", func(t *testing.T) {
		s, u := b.start(t, "k")
		p1, p3 := b.part(t, s, u, 1, 1, size), b.part(t, s, u, 3, 3, size)
		if _, err := s.CompleteUpload(ctx, u, []blob.Part{p1, p3}); !errors.Is(err, blob.ErrIncomplete) {
			t.Errorf("got %v", err)
		}
		b.complete(t, s, u, p1, b.part(t, s, u, 2, 2, size), p3)
	})
	t.Run("completing again answers the same, until the object is another one", func(t *testing.T) {
		s, u := b.start(t, "k")
		p := b.part(t, s, u, 1, 1, 10)
		first := b.complete(t, s, u, p)
		for _, s := range []blob.Store{s, b.promises.Again(t, s)} {
			if again := b.complete(t, s, u, p); again != first {
				t.Errorf("%+v, then %+v", first, again)
			}
		}
		if err := s.AbortUpload(ctx, u); err != nil {
			t.Error(err)
		}
		if got, _ := b.get(t, s, "k"); !bytes.Equal(got, blobNoise(1, 10)) {
			t.Error("aborting a completed upload touched its object")
		}
		for name, change := range map[string]func() error{
			"replaced": func() error { return s.Put(ctx, "k", strings.NewReader("x"), 1, "") },
			"deleted":  func() error { return s.Delete(ctx, "k") },
		} {
			if err := change(); err != nil {
				t.Fatal(err)
			}
			if _, err := s.CompleteUpload(ctx, u, []blob.Part{p}); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func (b blobs) racingUploads(t *testing.T) {
	t.Run("of fifty that complete at once all are told the same", func(t *testing.T) {
		s, u := b.start(t, "k")
		again := b.promises.Again(t, s)
		parts := []blob.Part{b.part(t, s, u, 1, 1, b.promises.PartSize), b.part(t, s, u, 2, 2, 100)}
		var all sync.WaitGroup
		infos := make([]blob.Info, 50)
		for i := range infos {
			all.Go(func() {
				var err error
				if infos[i], err = []blob.Store{s, again}[i%2].CompleteUpload(t.Context(), u, parts); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if same := slices.Compact(infos); len(same) != 1 {
			t.Errorf("they were told %+v", same)
		}
		b.notOpen(t, s, u)
	})
	t.Run("of those that complete and those that abort one wins", func(t *testing.T) {
		for range 10 {
			s, u := b.start(t, "k")
			again := b.promises.Again(t, s)
			p := b.part(t, s, u, 1, 1, 100)
			var completed, aborted error
			var both sync.WaitGroup
			both.Go(func() { _, completed = s.CompleteUpload(t.Context(), u, []blob.Part{p}) })
			both.Go(func() { aborted = again.AbortUpload(t.Context(), u) })
			both.Wait()
			if aborted != nil {
				t.Error(aborted)
			}
			if completed == nil {
				b.get(t, s, "k")
			} else if b.absent(t, s, "k"); !errors.Is(completed, blob.ErrNotFound) {
				t.Error(completed)
			}
			b.notOpen(t, s, u)
		}
	})
	t.Run("a part that many send at once is one of theirs, whole", func(t *testing.T) {
		s, u := b.start(t, "k")
		again := b.promises.Again(t, s)
		var all sync.WaitGroup
		for w := range 12 {
			all.Go(func() {
				size := 1000 + int64(w)
				if _, err := []blob.Store{s, again}[w%2].PutPart(t.Context(), u, 1, bytes.NewReader(blobNoise(uint64(w), int(size))), size); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		parts, err := s.ListParts(t.Context(), u)
		if err != nil || len(parts) != 1 {
			t.Fatalf("%v, %v", parts, err)
		}
		b.complete(t, s, u, parts...)
		got, _ := b.get(t, s, "k")
		if w := len(got) - 1000; w < 0 || !bytes.Equal(got, blobNoise(uint64(w), len(got))) {
			t.Errorf("%d bytes are nobody's", len(got))
		}
	})
}

func (b blobs) start(t *testing.T, key string) (blob.Store, blob.Upload) {
	t.Helper()
	s := b.open(t)
	u, err := s.StartUpload(t.Context(), key, "video/mp4")
	if err != nil {
		t.Fatal(err)
	}
	if u.Key != key {
		t.Fatalf("an upload of %q has the key %q", key, u.Key)
	}
	return s, u
}

func (b blobs) part(t *testing.T, s blob.Store, u blob.Upload, number int, seed uint64, size int64) blob.Part {
	t.Helper()
	part, err := s.PutPart(t.Context(), u, number, bytes.NewReader(blobNoise(seed, int(size))), size)
	if err != nil {
		t.Fatal(fmt.Errorf("part %d: %w", number, err))
	}
	if part.Number != number || part.Size != size || part.ETag == "" {
		t.Fatalf("part %d of %d bytes became %+v", number, size, part)
	}
	return part
}

func (b blobs) complete(t *testing.T, s blob.Store, u blob.Upload, parts ...blob.Part) blob.Info {
	t.Helper()
	info, err := s.CompleteUpload(t.Context(), u, parts)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func (blobs) notOpen(t *testing.T, s blob.Store, u blob.Upload) {
	t.Helper()
	if _, err := s.ListParts(t.Context(), u); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("parts of an upload that is not open: %v", err)
	}
	if _, err := s.PutPart(t.Context(), u, 1, strings.NewReader("x"), 1); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a part for an upload that is not open: %v", err)
	}
}
