package bus

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
	rule("one that fails does not fail the others", func(t *testing.T) {
		bad := errors.New("three")
		ran := map[int]int{}
		hold := make(chan bool)
		g := &gather[int]{lanes: 1, most: 10, run: func(items []int) error {
			<-hold
			if slices.Contains(items, 3) {
				return bad
			}
			for _, i := range items {
				ran[i]++
			}
			return nil
		}}
		for i, err := range all(g, 5, hold) {
			if want := i+1 == 3; errors.Is(err, bad) != want || ran[i+1] == 1 == want {
				t.Errorf("%d heard %v and ran %d times", i+1, err, ran[i+1])
			}
		}
	})
}
