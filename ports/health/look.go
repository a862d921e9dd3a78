package health

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Finding is what a check has found.
type Finding struct {
	Name     string
	Optional bool
	Err      error // nil: it works
}

// ErrSilent is found where a check does not come back in time.
var ErrSilent = errors.New("no answer")

// Round makes the same checks again and again.
type Round struct {
	checks []Check
	within time.Duration
	out    []atomic.Bool // checks that have not come back
}

// NewRound makes a round of checks, each of which may take so long.
func NewRound(checks []Check, within time.Duration) *Round {
	return &Round{checks: checks, within: within, out: make([]atomic.Bool, len(checks))}
}

// Look makes the checks side by side and answers all findings, in their order,
// as soon as it has them: in little more than the time that a check may take. A
// check that does not come back by then is left behind, and not made again
// before it has.
func (r *Round) Look(ctx context.Context) []Finding {
	ctx, cancel := context.WithTimeout(ctx, r.within)
	defer cancel()
	findings := make([]Finding, len(r.checks))
	var all sync.WaitGroup
	for i, c := range r.checks {
		all.Go(func() { findings[i] = Finding{c.Name, c.Optional, r.try(ctx, i)} })
	}
	all.Wait()
	return findings
}

// patience is how long a check may take to notice that its time is over, so that
// what it says itself is heard.
const patience = 100 * time.Millisecond

func (r *Round) try(ctx context.Context, i int) error {
	if !r.out[i].CompareAndSwap(false, true) {
		return fmt.Errorf("%w since it was last asked", ErrSilent)
	}
	found := make(chan error, 1)
	go func() {
		defer r.out[i].Store(false)
		found <- safely(ctx, r.checks[i].Run)
	}()
	select {
	case err := <-found:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-found:
		return err
	case <-timer.C:
		return fmt.Errorf("%w in %v", ErrSilent, r.within)
	}
}

func safely(ctx context.Context, run func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return run(ctx)
}
