package backoff_test

import (
	"testing"
	"time"

	"github.com/sajin-sns/sajin/ports/backoff"
)

func TestPause(t *testing.T) {
	between := func(t *testing.T, failures int, least time.Duration) {
		t.Helper()
		for range 100 {
			if p := backoff.Pause(time.Second, time.Minute, failures); p < least || p > least+least/2 {
				t.Fatalf("after %d failures %v, not %v and up to half as much again", failures, p, least)
			}
		}
	}
	t.Run("it is four times as long after each failure", func(t *testing.T) {
		between(t, 1, time.Second)
		between(t, 2, 4*time.Second)
		between(t, 3, 16*time.Second)
	})
	t.Run("it has a limit, however many failures there were", func(t *testing.T) {
		between(t, 4, time.Minute)
		between(t, 1_000_000_000, time.Minute)
	})
	t.Run("without a failure it is as after the first", func(t *testing.T) { between(t, 0, time.Second) })
	t.Run("it differs from time to time", func(t *testing.T) {
		seen := map[time.Duration]bool{}
		for range 100 {
			seen[backoff.Pause(time.Second, time.Minute, 3)] = true
		}
		if len(seen) < 50 {
			t.Errorf("%d different pauses of 100", len(seen))
		}
	})
}
