package throttle_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sajin-sns/sajin/ports/throttle"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestSpend(t *testing.T) {
	rate := throttle.Rate{Burst: 3, Per: time.Minute}
	t.Run("a burst at once, and then one in every step", func(t *testing.T) {
		full, now := time.Time{}, noon
		for range 3 {
			var wait time.Duration
			if full, wait = rate.Spend(full, now); wait != 0 {
				t.Fatal(wait)
			}
		}
		for range 3 {
			then, wait := rate.Spend(full, now)
			if wait != 20*time.Second || !then.Equal(full) {
				t.Fatal(then, wait)
			}
			now = now.Add(wait - time.Microsecond)
			if _, wait = rate.Spend(full, now); wait != time.Microsecond {
				t.Fatal(wait)
			}
			now = now.Add(wait)
			if full, wait = rate.Spend(full, now); wait != 0 {
				t.Fatal(wait)
			}
		}
	})
	t.Run("a clock that was put back keeps nobody longer than from an empty bucket on", func(t *testing.T) {
		full, wait := rate.Spend(noon.Add(time.Hour), noon)
		if wait != 20*time.Second || !full.Equal(noon.Add(time.Minute)) {
			t.Error(full, wait)
		}
	})
	t.Run("a step is never too short", func(t *testing.T) {
		for rate, want := range map[throttle.Rate]time.Duration{
			{Burst: 3, Per: time.Second}: 333334 * time.Microsecond, {Burst: 1, Per: time.Hour}: time.Hour,
			{Burst: 9, Per: 0}: time.Microsecond, {Burst: 1000, Per: time.Microsecond}: time.Microsecond, {}: 0,
		} {
			if got := rate.Step(); got != want {
				t.Errorf("%+v: %s", rate, got)
			}
		}
	})
	t.Run("seconds are rounded up", func(t *testing.T) {
		for wait, want := range map[time.Duration]int{time.Microsecond: 1, time.Second: 1, time.Second + 1: 2, 20 * time.Second: 20} {
			if got := throttle.Seconds(wait); got != want {
				t.Errorf("%s: %d", wait, got)
			}
		}
	})
}

func TestSpendNeverLetsThroughMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := throttle.Rate{
			Burst: rapid.IntRange(1, 50).Draw(t, "burst"),
			Per:   time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "per")),
		}
		var full time.Time
		var passed []time.Time
		now := noon
		for range rapid.IntRange(1, 200).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(rate.Per)/2).Draw(t, "pause")))
			then, wait := rate.Spend(full, now)
			if wait < 0 || wait > max(rate.Per, time.Microsecond)+time.Microsecond {
				t.Fatalf("wait of %s", wait)
			}
			if full = then; wait > 0 {
				continue
			}
			passed = append(passed, now)
			for i, since := range passed {
				stretch := now.Sub(since)
				if n := float64(len(passed) - i); n > float64(rate.Burst)*(1+float64(stretch)/float64(rate.Per))+1e-6 {
					t.Fatalf("%v in %s at %+v", n, stretch, rate)
				}
			}
		}
	})
}
