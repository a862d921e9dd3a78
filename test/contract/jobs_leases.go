package contract

import (
	"context"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/jobs"
)

func jobFencing(y *yard) {
	ctx := y.t.Context()
	y.enqueue(y.job(y.hana))
	slow := y.next()
	y.clock.advance(jobLease - time.Second)
	y.nothing()
	y.clock.advance(time.Second)
	fast := y.next()
	if fast.ID != slow.ID || fast.Fence <= slow.Fence || fast.Attempt != 2 {
		y.t.Errorf("after %+v came %+v", slow, fast)
	}
	y.is(y.Extend(ctx, slow, jobLease), jobs.ErrLeaseLost)
	y.is(y.Checkpoint(ctx, slow, "stale"), jobs.ErrLeaseLost)
	y.is(y.Retry(ctx, slow, y.clock.now(), "stale"), jobs.ErrLeaseLost)
	y.is(y.Release(ctx, slow), jobs.ErrLeaseLost)

	effect := y.job(y.bora)
	effect.Kind = "effect"
	y.is(y.db.Do(ctx, func(ctx context.Context) error {
		y.must(y.Enqueue(ctx, effect))
		return y.Finish(ctx, slow)
	}), jobs.ErrLeaseLost)
	if _, ok, err := y.Claim(ctx, []string{"effect"}, jobLease); ok || err != nil {
		y.t.Error("what the slow worker did has happened", err)
	}
	y.must(y.Extend(ctx, fast, jobLease))
	y.finish(fast)
	y.is(y.Finish(ctx, fast), jobs.ErrLeaseLost)
}

func jobExtend(y *yard) {
	y.enqueue(y.job(y.hana))
	l := y.next()
	for range 5 {
		y.clock.advance(jobLease - time.Second)
		y.nothing()
		y.must(y.Extend(y.t.Context(), l, jobLease))
	}
	y.clock.advance(jobLease)
	y.next()
}

func jobLateButFirst(y *yard) {
	y.enqueue(y.job(y.hana))
	late := y.next()
	y.clock.advance(jobLease / 2)
	other := y.enqueue(y.job(y.bora))
	y.clock.advance(jobLease)
	// Both are due and in the queue now, and this claim takes the other one.
	if l := y.next(); l.Job.Subject != other.Subject {
		y.t.Fatalf("handed out %+v", l)
	}
	y.must(y.Extend(y.t.Context(), late, jobLease))
	y.nothing()
	y.clock.advance(jobLease / 2)
	y.finish(late)
	y.clock.advance(10 * jobLease)
	if l := y.next(); l.Job.Subject != other.Subject {
		y.t.Error("finished, and yet handed out")
	}
	y.nothing()
}

func jobAttempts(y *yard) {
	ctx := y.t.Context()
	y.enqueue(y.job(y.hana))
	for attempt := 1; attempt <= jobs.MaxAttempts+2; attempt++ {
		l := y.next()
		if l.Attempt != attempt {
			y.t.Fatalf("attempt %d is called %d", attempt, l.Attempt)
		}
		if attempt%2 == 0 {
			y.must(y.Retry(ctx, l, y.clock.now().Add(time.Minute), "broken"))
			y.is(y.Finish(ctx, l), jobs.ErrLeaseLost)
			y.clock.advance(time.Minute - time.Second)
			y.nothing()
			y.clock.advance(time.Second)
		} else {
			y.clock.advance(jobLease)
		}
	}
}

func jobRelease(y *yard) {
	ctx := y.t.Context()
	y.enqueue(y.job(y.hana))
	first := y.next()
	y.must(y.Checkpoint(ctx, first, "half"))
	y.must(y.Release(ctx, first))
	y.is(y.Finish(ctx, first), jobs.ErrLeaseLost)
	l := y.next()
	if l.Attempt != 1 || l.Fence <= first.Fence || l.Job.Payload != "half" {
		y.t.Errorf("after the release came %+v", l)
	}
}

func jobCheckpoint(y *yard) {
	ctx := y.t.Context()
	y.enqueue(y.job(y.hana))
	l := y.next()
	y.must(y.Checkpoint(ctx, l, "one of two"))
	y.is(y.db.Do(ctx, func(ctx context.Context) error {
		y.must(y.Checkpoint(ctx, l, "two of two"))
		return context.Canceled
	}), context.Canceled)
	y.clock.advance(jobLease)
	if l = y.next(); l.Job.Payload != "one of two" {
		y.t.Errorf("begins at %q", l.Job.Payload)
	}
}

func jobClaimers(y *yard) {
	const count, claimers = 60, 20
	for i := range count {
		owner := y.hana
		if i%3 == 0 {
			owner = y.bora
		}
		y.enqueue(y.job(owner))
	}
	var mu sync.Mutex
	seen := map[ident.JobID]int{}
	var all sync.WaitGroup
	for range claimers {
		queue := y.open()
		all.Go(func() {
			for idle := 0; idle < 3; {
				l, ok, err := queue.Claim(y.t.Context(), []string{jobKind}, jobLease)
				if err != nil {
					y.t.Errorf("claim: %v", err)
					return
				}
				if !ok {
					idle++ // all that is left may be in others' hands just now
					time.Sleep(time.Millisecond)
					continue
				}
				mu.Lock()
				seen[l.ID]++
				mu.Unlock()
				if err := queue.Finish(y.t.Context(), l); err != nil {
					y.t.Errorf("finish: %v", err)
				}
			}
		})
	}
	all.Wait()
	for id, n := range seen {
		if n != 1 {
			y.t.Errorf("%s ran %d times", id, n)
		}
	}
	if len(seen) != count {
		y.t.Errorf("%d of %d jobs ran", len(seen), count)
	}
}
