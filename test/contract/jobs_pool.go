package contract

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sajin-sns/sajin/adapters/worker"
	"github.com/sajin-sns/sajin/ports/jobs"
)

// soon bounds what happens at once, on a machine that has other things to do.
const soon = 20 * time.Second

// poolOf starts a pool of one kind.
func (y *yard) poolOf(queue worker.Queue, w jobs.Worker, o worker.Options) *worker.Pool {
	y.t.Helper()
	w.Kind = jobKind
	if w.GiveUp == nil {
		w.GiveUp = func(_ context.Context, l jobs.Lease, cause error) error {
			y.t.Errorf("%s was given up: %v", l.ID, cause)
			return queue.Finish(y.t.Context(), l)
		}
	}
	o.Poll = 5 * time.Millisecond
	p, err := worker.New(queue, []jobs.Worker{w}, o)
	y.must(err)
	y.must(p.Start(y.t.Context()))
	y.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			y.t.Error(err)
		}
	})
	return p
}

func receive[T any](y *yard, from <-chan T, what string) T {
	y.t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(soon):
		y.t.Fatalf("in vain waited for %s", what)
		panic("unreachable")
	}
}

func jobPoolRetries(y *yard) {
	queue := y.open()
	ran, gaveUp := make(chan int, 100), make(chan error, 100)
	pauses := make(chan time.Duration, jobs.MaxAttempts)
	broken := errors.New("the disk is full")
	y.poolOf(queue, jobs.Worker{
		Run: func(_ context.Context, l jobs.Lease) error {
			ran <- l.Attempt
			return broken
		},
		GiveUp: func(ctx context.Context, l jobs.Lease, cause error) error {
			gaveUp <- cause
			return queue.Finish(ctx, l)
		},
	}, worker.Options{Lease: 24 * time.Hour, Now: y.clock.now, Backoff: func(attempt int) time.Duration {
		pause := time.Duration(attempt*attempt) * time.Minute
		pauses <- pause
		return pause
	}})
	y.enqueue(y.job(y.hana))
	for attempt := 1; attempt <= jobs.MaxAttempts; attempt++ {
		if got := receive(y, ran, "an attempt"); got != attempt {
			y.t.Fatalf("attempt %d is called %d", attempt, got)
		}
		if attempt == jobs.MaxAttempts {
			break
		}
		pause := receive(y, pauses, "a pause")
		y.clock.advance(pause - time.Second)
		select {
		case <-ran:
			y.t.Fatalf("tried again before %v were over", pause)
		case <-time.After(30 * time.Millisecond):
		}
		y.clock.advance(2 * time.Second)
	}
	if cause := receive(y, gaveUp, "the end"); !errors.Is(cause, broken) {
		y.t.Error(cause)
	}
	y.clock.advance(time.Hour)
	select {
	case <-ran:
		y.t.Error("given up, and yet tried again")
	case <-time.After(30 * time.Millisecond):
	}
}

func jobPoolHeartbeat(y *yard) {
	y.clock.start() // a heart beats in real time
	const lease = time.Second
	var runs atomic.Int64
	done := make(chan error, 10)
	for range 2 {
		queue := y.open()
		y.poolOf(queue, jobs.Worker{Run: func(ctx context.Context, l jobs.Lease) error {
			runs.Add(1)
			select {
			case <-time.After(2 * lease):
			case <-ctx.Done():
			}
			err := queue.Finish(ctx, l)
			done <- err
			return err
		}}, worker.Options{Lease: lease, Now: y.clock.now})
	}
	y.enqueue(y.job(y.hana))
	if err := receive(y, done, "the end of a long run"); err != nil {
		y.t.Error(err)
	}
	if n := runs.Load(); n != 1 {
		y.t.Errorf("one job ran %d times", n)
	}
}

// jobPoolPaused is a process that stands still, heart and all, for longer than
// its lease: a machine asleep, a disk that hangs.
func jobPoolPaused(y *yard) {
	queue := y.open()
	running, resume, refused := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	p := y.poolOf(queue, jobs.Worker{Run: func(ctx context.Context, l jobs.Lease) error {
		close(running)
		<-resume
		effect := y.job(y.bora)
		effect.Kind = "effect"
		err := y.db.Do(ctx, func(ctx context.Context) error {
			if err := queue.Enqueue(ctx, effect); err != nil {
				return err
			}
			return queue.Finish(ctx, l)
		})
		refused <- err
		return err
	}}, worker.Options{Limit: worker.Limit{Concurrency: 1}, Now: y.clock.now, Lease: jobLease})
	y.enqueue(y.job(y.hana))
	receive(y, running, "a run")
	y.clock.advance(2 * jobLease)
	other := y.next()
	close(resume)
	y.is(receive(y, refused, "the commit"), jobs.ErrLeaseLost)
	if _, ok, err := y.Claim(y.t.Context(), []string{"effect"}, jobLease); ok || err != nil {
		y.t.Error("what the paused worker did has happened", err)
	}
	y.finish(other)
	for start := time.Now(); p.Stats()[0].Lost != 1; time.Sleep(time.Millisecond) {
		if time.Since(start) > soon {
			y.t.Fatalf("%+v", p.Stats())
		}
	}
}
