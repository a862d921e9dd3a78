package contract

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/ports/blob"
)

func (b blobs) openUploads(t *testing.T) {
	ctx := t.Context()
	t.Run("in an empty store none is open", func(t *testing.T) {
		s := b.open(t)
		b.put(t, s, "k", []byte("x"), "text/plain")
		if open := b.started(t, s); len(open) != 0 {
			t.Errorf("%v", open)
		}
	})
	t.Run("those that are open are listed, each with its key and the time it was started", func(t *testing.T) {
		s := b.open(t)
		before := time.Now()
		var want []blob.Upload
		for _, key := range []string{"originals/a", "originals/a", "b/c/d.jpg", "empty"} {
			want = append(want, b.begin(t, s, key))
		}
		b.part(t, s, want[0], 1, 1, 10)
		b.part(t, s, want[2], 1, 1, 20)
		got := b.started(t, b.promises.Again(t, s))
		if diff := cmp.Diff(inOrder(want), inOrder(slices.Collect(maps.Keys(got)))); diff != "" {
			t.Error(diff)
		}
		for u, at := range got {
			if d := at.Sub(before); d < -time.Minute || d > time.Minute {
				t.Errorf("%v: started at %s, listed as of %s", u, before, at)
			}
		}
	})
	t.Run("a part that arrives later does not make an upload younger", func(t *testing.T) {
		s, u := b.start(t, "k")
		first := b.started(t, s)[u]
		time.Sleep(20 * time.Millisecond) // so that another time would be another one
		b.part(t, s, u, 1, 1, 10)
		if later := b.started(t, s)[u]; first.IsZero() || !later.Equal(first) {
			t.Errorf("%s, then %s", first, later)
		}
	})
	t.Run("what is listed can be aborted, also while listing, and is then listed no more", func(t *testing.T) {
		s := b.open(t)
		for i := range 7 {
			b.part(t, s, b.begin(t, s, fmt.Sprintf("k%d", i)), 1, 1, 10)
		}
		aborted := 0
		err := s.ListUploads(ctx, func(u blob.Upload, _ time.Time) bool {
			if err := s.AbortUpload(ctx, u); err != nil {
				t.Error(err)
			}
			aborted++
			return true
		})
		if err != nil || aborted != 7 {
			t.Errorf("%d aborted, %v", aborted, err)
		}
		if open := b.started(t, s); len(open) != 0 {
			t.Errorf("%v are still open", open)
		}
	})
	t.Run("a completed upload and an aborted one are listed no more", func(t *testing.T) {
		s := b.open(t)
		completed, aborted, open := b.begin(t, s, "a"), b.begin(t, s, "b"), b.begin(t, s, "c")
		b.complete(t, s, completed, b.part(t, s, completed, 1, 1, 10))
		if err := s.AbortUpload(ctx, aborted); err != nil {
			t.Fatal(err)
		}
		if got := slices.Collect(maps.Keys(b.started(t, s))); len(got) != 1 || got[0] != open {
			t.Errorf("%v", got)
		}
	})
	t.Run("the listing ends when enough was seen, and when the context does", func(t *testing.T) {
		s := b.open(t)
		for i := range 3 {
			b.begin(t, s, fmt.Sprintf("k%d", i))
		}
		seen := 0
		if err := s.ListUploads(ctx, func(blob.Upload, time.Time) bool { seen++; return seen < 2 }); err != nil || seen != 2 {
			t.Errorf("%d seen, %v", seen, err)
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if err := s.ListUploads(gone, func(blob.Upload, time.Time) bool { return true }); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
	t.Run("who stays open is listed whatever others start and end meanwhile", func(t *testing.T) {
		s, stays := b.start(t, "stays")
		again := b.promises.Again(t, s)
		var all sync.WaitGroup
		for w := range 4 {
			all.Go(func() {
				for range 10 {
					u, err := again.StartUpload(ctx, fmt.Sprintf("k%d", w), "")
					if err == nil {
						err = again.AbortUpload(ctx, u)
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		for range 10 {
			if open := b.started(t, s); open[stays].IsZero() {
				t.Errorf("not among %v", open)
			}
		}
		all.Wait()
	})
}

func (blobs) begin(t *testing.T, s blob.Store, key string) blob.Upload {
	t.Helper()
	u, err := s.StartUpload(t.Context(), key, "video/mp4")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// started lists the open uploads; none may be listed twice.
func (blobs) started(t *testing.T, s blob.Store) map[blob.Upload]time.Time {
	t.Helper()
	open := make(map[blob.Upload]time.Time)
	err := s.ListUploads(t.Context(), func(u blob.Upload, at time.Time) bool {
		if _, twice := open[u]; twice {
			t.Errorf("%v is listed twice", u)
		}
		open[u] = at
		return true
	})
	if err != nil {
		t.Error(err)
	}
	return open
}

func inOrder(uploads []blob.Upload) []blob.Upload {
	return slices.SortedFunc(slices.Values(uploads), func(a, b blob.Upload) int {
		return slices.Compare([]string{a.Key, a.Ref}, []string{b.Key, b.Ref})
	})
}
