package bus

import (
	"runtime"
	"sync"
)

// gather is a group commit: calls that come while others run wait, and then run
// together. Where there is little to do every call runs at once, and alone.
type gather[T any] struct {
	lanes  int                   // runs at a time
	most   int                   // calls in one run
	single int                   // of a group that failed, how many run alone at a time; 0: all hear what it failed with
	run    func(items []T) error // all or nothing; must not panic

	mu      sync.Mutex
	waiting []waiter[T]
	running int
}

type waiter[T any] struct {
	item T
	done chan error
}

// do returns when a run with the item has ended.
func (g *gather[T]) do(item T) error {
	w := waiter[T]{item, make(chan error, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, w)
	if g.running < g.lanes {
		g.running++
		go g.lane()
	}
	g.mu.Unlock()
	return <-w.done
}

// lane runs what waits until nothing does.
func (g *gather[T]) lane() {
	runtime.Gosched() // who is about to call comes along
	for group := g.next(); len(group) > 0; group = g.next() {
		items := make([]T, len(group))
		for i, w := range group {
			items[i] = w.item
		}
		err := g.run(items)
		if err != nil && len(group) > 1 && g.single > 0 {
			g.separate(group)
			continue
		}
		for _, w := range group {
			w.done <- err
		}
	}
}

// separate runs each of a group alone: what is wrong with one of them, or keeps
// it waiting, is nothing to the others.
func (g *gather[T]) separate(group []waiter[T]) {
	var all sync.WaitGroup
	places := make(chan struct{}, g.single)
	for _, w := range group {
		places <- struct{}{}
		all.Go(func() {
			w.done <- g.run([]T{w.item})
			<-places
		})
	}
	all.Wait()
}

// next takes a group from those that wait; without one the lane ends.
func (g *gather[T]) next() []waiter[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(g.most, len(g.waiting))
	group := g.waiting[:n:n]
	if g.waiting = g.waiting[n:]; n == 0 {
		g.waiting = nil
		g.running--
	}
	return group
}
