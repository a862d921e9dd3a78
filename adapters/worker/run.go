package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/trace"
)

var (
	errTimeout = errors.New("the run took longer than it may")
	errWornOut = fmt.Errorf("no worker survived the job in %d attempts", jobs.MaxAttempts)
)

// patience is how long a run may take to end once its context has.
const patience = 5 * time.Second

// work sees one claimed job through.
func (p *Pool) work(k *kind, l jobs.Lease) {
	log := p.o.Log.With("kind", k.Kind, "job", l.ID.String(), "attempt", l.Attempt)
	ctx, let := p.hold(l, log)
	defer let()

	failpoint.Hit("worker.job.claimed")
	// A job that kills its workers comes back through its lease alone.
	if l.Attempt > jobs.MaxAttempts {
		p.giveUp(ctx, k, l, errWornOut, log)
		return
	}
	limited, cancel := context.WithTimeoutCause(ctx, k.Timeout, errTimeout)
	defer cancel()
	ran := make(chan error, 1)
	go func() {
		err := errors.New("the run ended its goroutine") // runtime.Goexit gets past every return
		defer func() { ran <- err }()
		running, end := p.o.Around(limited, k.Kind, l.ID.String())
		err = safely(func() error { return k.Run(running, l) })
		end(err)
	}()
	over, err := wait(limited, ran)
	p.settle(ctx, limited, k, l, err, log)
	if !over {
		let() // whoever does it next must not wait for this one
		log.ErrorContext(ctx, "a run goes on after its context has ended, and keeps its place")
		late := <-ran // the job has gone on without it
		log.WarnContext(ctx, "a run that went on after its context has ended at last", "error", late)
	}
}

// wait answers how a run ended; over is false if it has not, though it should.
func wait(ctx context.Context, ran <-chan error) (over bool, err error) {
	select {
	case err := <-ran:
		return true, err
	case <-ctx.Done():
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-ran:
		return true, err
	case <-timer.C:
		return false, context.Cause(ctx)
	}
}

// settle decides what becomes of a job after a run. limited was the context of
// the run, within ctx.
func (p *Pool) settle(ctx, limited context.Context, k *kind, l jobs.Lease, err error, log *slog.Logger) {
	cause := context.Cause(limited)
	switch _, permanent := errors.AsType[jobs.Permanent](err); {
	case err == nil:
		k.done.Add(1)
	case errors.Is(cause, jobs.ErrLeaseLost), errors.Is(err, jobs.ErrLeaseLost):
		k.lost.Add(1)
		log.WarnContext(ctx, "a job was given to another worker while it ran", "error", err)
	case errors.Is(cause, errStopping):
		k.released.Add(1)
		p.settled(ctx, log, "release", func(ctx context.Context) error { return p.queue.Release(ctx, l) })
	case permanent || l.Attempt >= jobs.MaxAttempts:
		p.giveUp(ctx, k, l, err, log)
	default:
		if errors.Is(cause, errTimeout) && !errors.Is(err, errTimeout) {
			err = fmt.Errorf("%w: %w", errTimeout, err)
		}
		k.retried.Add(1)
		log.WarnContext(ctx, "a job failed and will be tried again", "error", err)
		p.retry(ctx, l, err, log)
	}
}

// giveUp lets the worker record that the job has failed for good. When even
// that fails, it is tried again.
func (p *Pool) giveUp(ctx context.Context, k *kind, l jobs.Lease, cause error, log *slog.Logger) {
	log.ErrorContext(ctx, "a job is given up", "error", cause)
	limited, cancel := context.WithTimeout(ctx, k.Timeout)
	defer cancel()
	err := safely(func() error { return k.GiveUp(limited, l, cause) })
	switch {
	case err == nil:
		k.gaveUp.Add(1)
	case errors.Is(err, jobs.ErrLeaseLost), errors.Is(context.Cause(ctx), jobs.ErrLeaseLost):
		k.lost.Add(1)
	case errors.Is(context.Cause(ctx), errStopping):
		k.released.Add(1)
		p.settled(ctx, log, "release", func(ctx context.Context) error { return p.queue.Release(ctx, l) })
	default:
		log.ErrorContext(ctx, "a job cannot be given up, which will be tried again", "error", err)
		k.retried.Add(1)
		p.retry(ctx, l, cause, log)
	}
}

func (p *Pool) retry(ctx context.Context, l jobs.Lease, cause error, log *slog.Logger) {
	at := p.o.Now().Add(p.o.Backoff(l.Attempt))
	p.settled(ctx, log, "retry", func(ctx context.Context) error { return p.queue.Retry(ctx, l, at, cause.Error()) })
}

// settled gives a job back, though the run's context has ended and also while the pool is stopping. What fails is not
// tried again: the lease will end.
func (p *Pool) settled(ctx context.Context, log *slog.Logger, what string, give func(ctx context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := give(ctx); err != nil {
		log.ErrorContext(ctx, "a job cannot be given back, and will be when its lease ends", "how", what, "error", err)
	}
}

// safely makes an error of a panic.
func safely(run func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return run()
}

// hold keeps a lease up until let is called. The context ends, with
// jobs.ErrLeaseLost for its cause, when the lease is lost, or may be because the
// queue has not answered for as long as it lasts.
func (p *Pool) hold(l jobs.Lease, log *slog.Logger) (ctx context.Context, let func()) {
	ctx, cancel := context.WithCancelCause(trace.With(p.running, l.TraceID))
	stop := make(chan struct{})
	stopped := make(chan struct{})
	end := time.Now().Add(p.o.Lease)
	go func() {
		defer close(stopped)
		beat := time.NewTicker(p.o.Lease / 3)
		defer beat.Stop()
		for {
			select {
			case <-stop:
				return
			case <-beat.C:
			}
			asked := time.Now()
			extend, done := context.WithTimeout(context.WithoutCancel(ctx), p.o.Lease/3)
			err := p.queue.Extend(extend, l, p.o.Lease)
			done()
			switch {
			case err == nil:
				end = asked.Add(p.o.Lease)
			case errors.Is(err, jobs.ErrLeaseLost) || !time.Now().Before(end):
				cancel(jobs.ErrLeaseLost)
				return
			default:
				log.WarnContext(ctx, "a lease cannot be extended", "error", err)
			}
		}
	}()
	var once bool
	return ctx, func() {
		if once {
			return
		}
		once = true
		close(stop)
		<-stopped
		cancel(nil)
	}
}
