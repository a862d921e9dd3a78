package memory

import (
	"fmt"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/ports/throttle"
	"github.com/sajin-sns/sajin/test/contract"
)

func TestThrottle(t *testing.T) {
	contract.Throttles(t, func(_ *testing.T, now func() time.Time) throttle.Limiter { return NewThrottle(now) })
}

func TestThrottleMemory(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l := NewThrottle(func() time.Time { return now })
	l.most = 100
	rate := throttle.Rate{Burst: 10, Per: time.Hour}
	take := func(key string) time.Duration {
		wait, err := l.Take(t.Context(), throttle.Bucket{Key: key, Rate: rate})
		if err != nil {
			t.Fatal(err)
		}
		return wait
	}
	for range 10 {
		take("flood")
	}
	t.Run("many who try once take no more than their share of memory", func(t *testing.T) {
		for i := range 10_000 {
			take(fmt.Sprint(i))
		}
		if len(l.full) > 100 {
			t.Errorf("%d buckets", len(l.full))
		}
	})
	t.Run("and do not have who floods forgotten", func(t *testing.T) {
		if take("flood") == 0 {
			t.Error("let through")
		}
	})
	t.Run("full buckets make room first", func(t *testing.T) {
		now = now.Add(2 * time.Hour)
		for range 10 {
			take("flood")
		}
		for i := range 99 {
			take(fmt.Sprint("later ", i))
		}
		if take("flood") == 0 || len(l.full) > 100 {
			t.Error("the flood was forgotten", len(l.full))
		}
	})
}
