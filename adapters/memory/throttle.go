package memory

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/ports/throttle"
)

// Throttle is a throttle.Limiter of this process alone, in bounded memory: N
// processes let N times as much through. It asks nobody, so refusing a flood
// costs a look into a map.
type Throttle struct {
	now  func() time.Time
	most int
	seed maphash.Seed

	mu   sync.Mutex
	full map[uint64]time.Time // by the hash of the key: when the bucket is full
}

var _ throttle.Limiter = (*Throttle)(nil)

// mostBuckets is how many a Throttle remembers: a few megabytes.
const mostBuckets = 1 << 17

// sampled is how many buckets are looked at for one to be dropped.
const sampled = 16

// NewThrottle makes a limiter whose buckets are all full.
func NewThrottle(now func() time.Time) *Throttle {
	return &Throttle{now: now, most: mostBuckets, seed: maphash.MakeSeed(), full: map[uint64]time.Time{}}
}

// Take implements throttle.Limiter.
func (l *Throttle) Take(_ context.Context, buckets ...throttle.Bucket) (wait time.Duration, err error) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range buckets {
		wait = max(wait, l.look(b, now))
	}
	if wait > 0 {
		return wait, nil
	}
	for _, b := range buckets {
		if b.Rate.Burst > 0 {
			key := l.key(b)
			then, _ := b.Rate.Spend(l.full[key], now)
			l.remember(key, then, now)
		}
	}
	return 0, nil
}

// look tells how long a bucket is empty, and corrects it where the clock was put
// back.
func (l *Throttle) look(b throttle.Bucket, now time.Time) time.Duration {
	if b.Rate.Burst <= 0 {
		return 0
	}
	key := l.key(b)
	then, wait := b.Rate.Spend(l.full[key], now)
	if wait > 0 {
		l.full[key] = then
	}
	return wait
}

// Give implements throttle.Limiter.
func (l *Throttle) Give(_ context.Context, buckets ...throttle.Bucket) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range buckets {
		key := l.key(b)
		if full, ok := l.full[key]; ok {
			l.full[key] = full.Add(-b.Rate.Step())
		}
	}
	return nil
}

func (l *Throttle) key(b throttle.Bucket) uint64 { return maphash.String(l.seed, b.Key) }

// remember keeps a bucket, in the place of another one where there are too many:
// of some that it looks at, the one that is full first. Who has a bucket
// forgotten finds it full.
func (l *Throttle) remember(key uint64, full, now time.Time) {
	if _, known := l.full[key]; !known && len(l.full) >= l.most {
		var drop uint64
		var first time.Time
		seen := 0
		for other, at := range l.full { // begins anywhere
			if seen == 0 || at.Before(first) {
				drop, first = other, at
			}
			if seen++; seen == sampled || !at.After(now) {
				break
			}
		}
		delete(l.full, drop)
	}
	l.full[key] = full
}
