package bus

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestGather(t *testing.T) {
	// all calls do for 1 to n, in this order, lets the runs go then, and answers
	// what each of them heard.
	all := func(g *gather[int], n int, hold chan bool) []error {
		heard := make([]error, n)
		var calls sync.WaitGroup
		for i := range n {
			calls.Go(func() { heard[i] = g.do(i + 1) })
			synctest.Wait()
		}
		close(hold)
		calls.Wait()
		return heard
	}
	rule := func(name string, test func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
	rule("the first call runs at once, and what comes meanwhile together", func(t *testing.T) {
		var runs [][]int
		hold := make(chan bool)
		g := &gather[int]{lanes: 1, most: 3, run: func(items []int) error {
			runs = append(runs, slices.Clone(items))
			<-hold
			return nil
		}}
		if heard := all(g, 6, hold); slices.ContainsFunc(heard, func(err error) bool { return err != nil }) {
			t.Error(heard)
		}
		if want := [][]int{{1}, {2, 3, 4}, {5, 6}}; !slices.EqualFunc(runs, want, slices.Equal) {
			t.Errorf("ran %v, not %v", runs, want)
		}
	})
	rule("no more run at a time than there are lanes", func(t *testing.T) {
		var now, peak atomic.Int64
		hold := make(chan bool)
		g := &gather[int]{lanes: 2, most: 1, run: func([]int) error {
			peak.Store(max(peak.Load(), now.Add(1)))
			<-hold
			now.Add(-1)
			return nil
		}}
		all(g, 8, hold)
		if peak.Load() != 2 {
			t.Errorf("%d ran at a time", peak.Load())
		}
	})
	bad := errors.New("three")
	// picky cannot do with 3, and counts what it has done, some time after hold.
	picky := func(single int, hold chan bool) (*gather[int], map[int]int) {
		var mu sync.Mutex
		ran := map[int]int{}
		return &gather[int]{lanes: 1, most: 10, single: single, run: func(items []int) error {
			<-hold
			if slices.Contains(items, 3) {
				return bad
			}
			mu.Lock()
			defer mu.Unlock()
			for _, i := range items {
				ran[i]++
			}
			return nil
		}}, ran
	}
	rule("of a group that failed each runs alone, and hears of its own failure", func(t *testing.T) {
		hold := make(chan bool)
		g, ran := picky(2, hold)
		for i, err := range all(g, 5, hold) {
			if want := i+1 == 3; errors.Is(err, bad) != want || ran[i+1] == 1 == want {
				t.Errorf("%d heard %v and ran %d times", i+1, err, ran[i+1])
			}
		}
	})
	rule("where none is to run alone, all hear what the group failed with", func(t *testing.T) {
		hold := make(chan bool)
		g, ran := picky(0, hold)
		for i, err := range all(g, 5, hold) {
			if want := i+1 > 1; errors.Is(err, bad) != want || ran[i+1] == 1 == want {
				t.Errorf("%d heard %v and ran %d times", i+1, err, ran[i+1])
			}
		}
	})
	rule("one of a group that takes long keeps the others waiting no longer than itself", func(t *testing.T) {
		hold := make(chan bool)
		g := &gather[int]{lanes: 1, most: 10, single: 4, run: func(items []int) error {
			<-hold
			if slices.Contains(items, 3) {
				time.Sleep(time.Minute)
				return bad
			}
			return nil
		}}
		began := time.Now()
		if heard := all(g, 9, hold); !errors.Is(heard[2], bad) || time.Since(began) != 2*time.Minute {
			t.Errorf("%v, after %s", heard, time.Since(began))
		}
	})
}
