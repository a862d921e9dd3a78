package accounts

import (
	"maps"
	"sync"
)

// recent remembers what was put or asked for last: at least half of size
// entries and at most size. It is safe for concurrent use.
type recent[K comparable, V any] struct {
	mu         *sync.Mutex
	half       int
	young, old map[K]V // when the young are half of size, they become the old
}

func newRecent[K comparable, V any](size int) recent[K, V] {
	return recent[K, V]{mu: new(sync.Mutex), half: max(1, size/2), young: map[K]V{}}
}

func (r *recent[K, V]) get(key K) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, ok := r.young[key]
	if !ok {
		if value, ok = r.old[key]; ok {
			r.keep(key, value)
		}
	}
	return value, ok
}

func (r *recent[K, V]) put(key K, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(key, value)
}

func (r *recent[K, V]) keep(key K, value V) {
	delete(r.old, key)
	r.young[key] = value
	if len(r.young) >= r.half {
		r.young, r.old = map[K]V{}, r.young
	}
}

func (r *recent[K, V]) remove(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.young, key)
	delete(r.old, key)
}

func (r *recent[K, V]) removeAll(match func(K, V) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.young, match)
	maps.DeleteFunc(r.old, match)
}
