package accounts

import (
	"sync"
	"testing"
)

func TestRecent(t *testing.T) {
	holds := func(r *recent[int, int], key int) bool {
		value, ok := r.get(key)
		if ok && value != -key {
			t.Errorf("%d for %d", value, key)
		}
		return ok
	}
	t.Run("never holds more than it may, and always the last half of that", func(t *testing.T) {
		r := newRecent[int, int](10)
		for n := range 1000 {
			r.put(n, -n)
			if held := len(r.young) + len(r.old); held > 10 {
				t.Fatalf("%d entries", held)
			}
			for last := max(0, n-4); last <= n; last++ {
				_, young := r.young[last]
				if _, old := r.old[last]; !young && !old {
					t.Fatalf("%d is gone after %d", last, n)
				}
			}
		}
	})
	t.Run("keeps what is asked for", func(t *testing.T) {
		r := newRecent[int, int](10)
		r.put(1, -1)
		for n := 100; n < 200; n++ {
			r.put(n, -n)
			if !holds(&r, 1) {
				t.Fatalf("gone after %d others", n-99)
			}
		}
		if holds(&r, 100) {
			t.Error("and what is not")
		}
	})
	t.Run("forgets what is taken out, young or old", func(t *testing.T) {
		r := newRecent[int, int](6)
		for n := range 5 {
			r.put(n, -n)
		}
		r.remove(0)
		r.remove(4)
		r.removeAll(func(key, _ int) bool { return key == 1 || key == 3 })
		for n := range 5 {
			if holds(&r, n) != (n == 2) {
				t.Error(n)
			}
		}
	})
	t.Run("may be used by many at once", func(t *testing.T) {
		r := newRecent[int, int](4)
		var all sync.WaitGroup
		for worker := range 4 {
			all.Go(func() {
				for n := range 200 {
					r.put(n, -n)
					holds(&r, n-worker)
					r.remove(n)
				}
			})
		}
		all.Wait()
	})
}
