// Package throttle is how somebody is held back who does something too often:
// a bucket for each thing that is counted, which empties with each try and
// fills with time. It is the generic cell rate algorithm (ITU-T I.371), which
// needs to remember one time for each bucket. What is counted, and by what name,
// is for those who use it.
package throttle

import (
	"context"
	"time"
)

// Rate is how often something may be done: Burst times at once, and on the
// average Burst times in every Per. In any stretch of time that is never more
// than Burst + Burst×stretch/Per, where clocks are read to the microsecond. A
// Burst of 0 limits nothing.
type Rate struct {
	Burst int
	Per   time.Duration // in which an empty bucket is full again
}

// Step is in which time one more try comes into the bucket, in whole
// microseconds, rounded up.
func (r Rate) Step() time.Duration {
	if r.Burst <= 0 {
		return 0
	}
	step := max(1, (r.Per+time.Duration(r.Burst)-1)/time.Duration(r.Burst))
	return (step + time.Microsecond - 1).Truncate(time.Microsecond)
}

// Spend takes one try from the bucket that would be full at a time, and answers
// when it is full after that. If there is none in it, wait is how long that
// lasts, and then is full, or earlier: a bucket that says it is more than empty
// was written by a clock that has since been put back, and counts as empty.
func (r Rate) Spend(full, now time.Time) (then time.Time, wait time.Duration) {
	step := r.Step()
	depth := step * time.Duration(r.Burst)
	switch {
	case full.Before(now):
		full = now
	case full.Sub(now) > depth:
		full = now.Add(depth)
	}
	if wait := full.Sub(now) + step - depth; wait > 0 {
		return full, wait
	}
	return full.Add(step), 0
}

// Bucket is one thing that is counted. Who uses the same limiter keeps to names
// of his own: "sign-in 198.51.100.7".
type Bucket struct {
	Key  string
	Rate Rate
}

// Limiter keeps buckets. It is safe for concurrent use: of those who try at
// once, no more are let through than of those who try one after the other. A
// key is used with one rate; with another one, what has been taken counts as
// time until it is back.
//
// A limiter keeps its limits among those who share its storage. One that keeps
// them in memory lets N processes do together N times as much.
type Limiter interface {
	// Take takes one try from each of the buckets, which have different keys,
	// and answers 0; or, if one of them is empty, takes nothing and answers how
	// long that lasts at least: more than nothing and never longer than the
	// longest Per, also after a clock was put back. It costs less to refuse
	// than to let through. A transaction that ctx carries keeps what was taken
	// only if it is committed: call it outside of one.
	Take(ctx context.Context, buckets ...Bucket) (wait time.Duration, err error)

	// Give puts back what Take took, for those who turn out not to count. A
	// full bucket stays full.
	Give(ctx context.Context, buckets ...Bucket) error
}

// Seconds is a wait as clients are told it: whole seconds, rounded up.
func Seconds(wait time.Duration) int {
	return int((wait + time.Second - 1) / time.Second)
}
