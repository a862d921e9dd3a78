// Package backoff is how long to wait before something that failed is tried
// again.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Pause is four times as long after each failure, up to most, and up to half as
// long again by chance, so that those who failed together do not come back
// together. After the first failure it is first.
func Pause(first, most time.Duration, failures int) time.Duration {
	pause := min(first, most)
	for i := 1; i < failures && pause < most; i++ {
		pause = min(4*pause, most)
	}
	return pause + rand.N(pause/2+1) //nolint:gosec // jitter may be guessed
}
