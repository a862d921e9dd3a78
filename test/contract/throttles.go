package contract

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sajin-sns/sajin/ports/throttle"
)

var throttleStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// turnstile is a limiter with a clock to turn.
type turnstile struct {
	throttle.Limiter
	t     *testing.T
	ahead atomic.Int64
}

func (s *turnstile) now() time.Time       { return throttleStart.Add(time.Duration(s.ahead.Load())) }
func (s *turnstile) turn(d time.Duration) { s.ahead.Add(int64(d)) }

func (s *turnstile) take(buckets ...throttle.Bucket) time.Duration {
	s.t.Helper()
	wait, err := s.Take(s.t.Context(), buckets...)
	if err != nil {
		s.t.Fatal(err)
	}
	return wait
}

func (s *turnstile) give(buckets ...throttle.Bucket) {
	s.t.Helper()
	if err := s.Give(s.t.Context(), buckets...); err != nil {
		s.t.Fatal(err)
	}
}

// left takes until a bucket is empty, and tells how many tries were in it.
func (s *turnstile) left(b throttle.Bucket) (n int) {
	s.t.Helper()
	for s.take(b) == 0 {
		n++
	}
	return n
}

func (s *turnstile) holds(b throttle.Bucket, want int) {
	s.t.Helper()
	if n := s.left(b); n != want {
		s.t.Errorf("%s lets through %d, want %d", b.Key, n, want)
	}
}

// Throttles holds a limiter to its promises. open makes one whose buckets are
// all full, and that asks now what time it is.
func Throttles(t *testing.T, open func(t *testing.T, now func() time.Time) throttle.Limiter) {
	run := func(name string, rule func(s *turnstile)) {
		t.Run(name, func(t *testing.T) {
			s := &turnstile{t: t}
			s.Limiter = open(t, s.now)
			rule(s)
		})
	}
	minute := func(key string, burst int) throttle.Bucket {
		return throttle.Bucket{Key: key, Rate: throttle.Rate{Burst: burst, Per: time.Minute}}
	}
	run("a burst goes through at once, and then one in every step", func(s *turnstile) {
		b := minute("a", 3)
		s.holds(b, 3)
		for range 5 {
			wait := s.take(b)
			if wait <= 0 || wait > 20*time.Second {
				s.t.Fatalf("wait of %s", wait)
			}
			s.turn(wait - time.Microsecond)
			if s.take(b) == 0 {
				s.t.Fatal("it is let through too early")
			}
			s.turn(time.Microsecond)
			s.holds(b, 1)
		}
		s.turn(time.Minute)
		s.holds(b, 3)
	})
	run("buckets with other keys know nothing of each other", func(s *turnstile) {
		s.holds(minute("a", 2), 2)
		s.holds(minute("A", 2), 2)
		s.holds(minute("", 2), 2)
		s.holds(minute("\x00\xff 사진", 2), 2)
	})
	run("of several buckets all are taken from, or none", func(s *turnstile) {
		a, b := minute("a", 5), minute("b", 2)
		for range 2 {
			if s.take(a, b) != 0 {
				s.t.Fatal("refused too early")
			}
		}
		for range 5 {
			if wait := s.take(a, b); wait != 30*time.Second {
				s.t.Fatalf("wait of %s for b", wait)
			}
		}
		s.holds(a, 3)
		if wait := s.take(b, a); wait != 30*time.Second {
			s.t.Errorf("wait of %s: the longer one counts", wait)
		}
	})
	run("what is given back can be taken again", func(s *turnstile) {
		a, b := minute("a", 3), minute("b", 3)
		s.holds(a, 3)
		s.give(a, b)
		s.holds(a, 1)
		s.give(a, a, a)
		s.holds(a, 3)
		s.holds(b, 3)
	})
	run("a full bucket stays full", func(s *turnstile) {
		a := minute("a", 3)
		s.give(a)
		s.take(a)
		s.give(a, a, a, a)
		s.holds(a, 3)
	})
	run("a rate without a burst limits nothing, and nothing is no bucket", func(s *turnstile) {
		never := throttle.Bucket{Key: "x"}
		for range 100 {
			if s.take(never) != 0 || s.take() != 0 {
				s.t.Fatal("refused")
			}
		}
		s.give(never)
		s.give()
	})
	run("a clock that is put back locks nobody out for longer than Per", func(s *turnstile) {
		b := minute("a", 4)
		s.turn(24 * time.Hour)
		s.holds(b, 4)
		s.turn(-24 * time.Hour)
		if wait := s.take(b); wait > time.Minute {
			s.t.Errorf("wait of %s", wait)
		}
		s.turn(time.Minute)
		s.holds(b, 4)
	})
	run("never more than a burst and what time brings", throttleBound)
	run("those who try at once get no more than one after the other", func(s *turnstile) {
		for round := range 5 {
			b := minute(fmt.Sprint("crowd ", round), 7)
			var through atomic.Int64
			for _, err := range atOnce(40, func(int) error {
				wait, err := s.Take(s.t.Context(), b)
				if err == nil && wait == 0 {
					through.Add(1)
				}
				if wait < 0 || wait > time.Minute {
					return fmt.Errorf("wait of %s", wait)
				}
				return err
			}) {
				if err != nil {
					s.t.Fatal(err)
				}
			}
			if through.Load() != 7 {
				s.t.Fatalf("%d went through", through.Load())
			}
		}
	})
	run("nor do those who give back, and who take in another order", func(s *turnstile) {
		a, b := minute("a", 30), minute("b", 30)
		for _, err := range atOnce(24, func(i int) error {
			pair := []throttle.Bucket{a, b}
			if i%2 == 1 {
				pair = []throttle.Bucket{b, a}
			}
			wait, err := s.Take(s.t.Context(), pair...)
			if err != nil || wait > 0 {
				return errors.Join(fmt.Errorf("wait of %s", wait), err)
			}
			if i%4 < 2 {
				return s.Give(s.t.Context(), pair...)
			}
			return nil
		}) {
			if err != nil {
				s.t.Fatal(err)
			}
		}
		s.holds(a, 18)
		s.holds(b, 18)
	})
	run("a call that is not waited for says so, and takes nothing", func(s *turnstile) {
		ctx, cancel := context.WithCancel(s.t.Context())
		cancel()
		if wait, err := s.Take(ctx, minute("a", 2)); err == nil && wait > 0 {
			s.t.Errorf("wait of %s", wait)
		} else if err == nil {
			s.give(minute("a", 2))
		}
		s.holds(minute("a", 2), 2)
	})
}

// throttleBound tries at random times, and counts what goes through in every
// stretch of them.
func throttleBound(s *turnstile) {
	lives := 0
	rapid.Check(s.t, func(t *rapid.T) {
		lives++
		b := throttle.Bucket{Key: fmt.Sprint("life ", lives), Rate: throttle.Rate{
			Burst: rapid.IntRange(1, 8).Draw(t, "burst"),
			Per:   time.Duration(rapid.IntRange(1, 3_600_000).Draw(t, "per")) * time.Millisecond,
		}}
		var passed []time.Time
		for range rapid.IntRange(1, 25).Draw(t, "tries") {
			s.turn(time.Duration(rapid.Int64Range(0, int64(b.Rate.Per)/3).Draw(t, "pause")))
			if s.take(b) > 0 {
				continue
			}
			passed = append(passed, s.now())
			for i, since := range passed {
				stretch := s.now().Sub(since) + time.Microsecond // to which clocks are read
				if n := float64(len(passed) - i); n > float64(b.Rate.Burst)*(1+float64(stretch)/float64(b.Rate.Per))+1e-6 {
					t.Fatalf("%v in %s at %+v", n, stretch, b.Rate)
				}
			}
		}
	})
}

// SharedThrottles holds two limiters on one storage, as two processes have
// them, to keeping their limits together.
func SharedThrottles(t *testing.T, open func(t *testing.T, now func() time.Time) (one, other throttle.Limiter)) {
	s := &turnstile{t: t}
	one, other := open(t, s.now)
	both := []throttle.Limiter{one, other}
	b := throttle.Bucket{Key: "of all processes", Rate: throttle.Rate{Burst: 10, Per: time.Minute}}
	through := func(n int) int64 {
		var passed atomic.Int64
		for _, err := range atOnce(n, func(i int) error {
			wait, err := both[i%2].Take(t.Context(), b)
			if err == nil && wait == 0 {
				passed.Add(1)
			}
			return err
		}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		return passed.Load()
	}
	if n := through(40); n != 10 {
		t.Errorf("%d went through two processes", n)
	}
	if err := one.Give(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if n := through(10); n != 1 {
		t.Errorf("%d went through after one was given back", n)
	}
	s.turn(18 * time.Second)
	if n := through(10); n != 3 {
		t.Errorf("%d went through after three steps", n)
	}
}
