// Package worker does the jobs of a queue: it claims them, keeps them while they
// run, tries again what failed and gives up what is hopeless. It also runs the
// small chores that come round by the clock. It knows no kind of job.
package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sajin-sns/sajin/ports/backoff"
	"github.com/sajin-sns/sajin/ports/jobs"
)

// Queue is what a Pool takes jobs from.
type Queue interface {
	jobs.Queue

	// Release gives a job back to be done by somebody else now, as if it had
	// not been claimed: the attempt does not count.
	Release(ctx context.Context, l jobs.Lease) error

	// Wake receives after this process has committed a job of the kind that is
	// due.
	Wake(kind string) <-chan struct{}
}

// Limit is what the jobs of one kind may take.
type Limit struct {
	Concurrency int           // jobs at a time, in this process
	Timeout     time.Duration // for one run, by the clock
}

// Options are what an operator may tune; zero values are the defaults.
type Options struct {
	Limit                  // of a kind that Kinds does not name; 4 at a time, an hour each
	Kinds map[string]Limit // zero fields are as in Limit

	Lease   time.Duration                   // after a crash, how long until somebody else takes over; 1 min
	Poll    time.Duration                   // how often to look for jobs of other processes and for retries; 1 s
	Backoff func(attempt int) time.Duration // before the next attempt; 5 s, 20 s, 80 s ... and up to half as long again
	Grace   time.Duration                   // for what runs when the pool stops; 10 s
	Now     func() time.Time
	Log     *slog.Logger

	// Around is told of each run before it begins, by kind and id of the job, and
	// by what it answers, of how the run ended; nobody when nil.
	Around func(ctx context.Context, labels ...string) (context.Context, func(err error))
}

func (o *Options) defaults() {
	o.Concurrency = cmp.Or(o.Concurrency, 4)
	o.Timeout = cmp.Or(o.Timeout, time.Hour)
	o.Lease = cmp.Or(o.Lease, time.Minute)
	o.Poll = cmp.Or(o.Poll, time.Second)
	o.Grace = cmp.Or(o.Grace, 10*time.Second)
	if o.Backoff == nil {
		o.Backoff = func(attempt int) time.Duration { return backoff.Pause(5*time.Second, time.Hour, attempt) }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Around == nil {
		o.Around = func(ctx context.Context, _ ...string) (context.Context, func(error)) { return ctx, func(error) {} }
	}
}

// Pool runs the jobs of a queue. Every kind has places of its own, so that one
// with much to do does not keep the others waiting.
type Pool struct {
	queue Queue
	kinds []*kind
	o     Options

	claiming context.Context // ends when the pool stops
	quit     context.CancelFunc
	running  context.Context // ends Grace later
	cut      context.CancelCauseFunc
	loops    sync.WaitGroup // one for each kind
	runs     sync.WaitGroup // one for each job
	done     chan struct{}  // closed when they are all over; nil before Start
}

type kind struct {
	jobs.Worker
	Limit
	places chan struct{}
	hurry  chan struct{}

	done, retried, gaveUp, lost, released atomic.Int64
}

// New makes a pool. It fails when a worker is incomplete or there twice.
func New(queue Queue, workers []jobs.Worker, o Options) (*Pool, error) {
	o.defaults()
	p := &Pool{queue: queue, o: o}
	p.claiming, p.quit = context.WithCancel(context.Background())
	p.running, p.cut = context.WithCancelCause(context.Background())
	seen := map[string]bool{}
	for _, w := range workers {
		if w.Kind == "" || w.Run == nil || w.GiveUp == nil || seen[w.Kind] {
			return nil, fmt.Errorf("worker of %q is incomplete or there twice", w.Kind)
		}
		seen[w.Kind] = true
		limit := o.Kinds[w.Kind]
		limit.Concurrency = cmp.Or(limit.Concurrency, o.Concurrency)
		limit.Timeout = cmp.Or(limit.Timeout, o.Timeout)
		p.kinds = append(p.kinds, &kind{Worker: w, Limit: limit, places: make(chan struct{}, limit.Concurrency), hurry: make(chan struct{}, 1)})
	}
	return p, nil
}

// Stats is what became of the jobs of a kind, in this process, since the start.
type Stats struct {
	Kind     string
	Running  int
	Done     int64
	Retried  int64 // runs that failed and are tried again
	GivenUp  int64
	Lost     int64 // runs whose lease went to another worker
	Released int64 // runs that were cut off when the pool stopped
}

// Stats may be called at any time.
func (p *Pool) Stats() []Stats {
	stats := make([]Stats, len(p.kinds))
	for i, k := range p.kinds {
		stats[i] = Stats{k.Kind, len(k.places), k.done.Load(), k.retried.Load(), k.gaveUp.Load(), k.lost.Load(), k.released.Load()}
	}
	return stats
}

// Start begins to claim. It may be called once.
func (p *Pool) Start(context.Context) error {
	p.done = make(chan struct{})
	for _, k := range p.kinds {
		p.loops.Go(func() { p.loop(k) })
	}
	go func() {
		p.loops.Wait()
		p.runs.Wait()
		close(p.done)
	}()
	return nil
}

// Hurry has the pool look for jobs now instead of at the next poll: somebody
// knows that they have become due.
func (p *Pool) Hurry() {
	for _, k := range p.kinds {
		select {
		case k.hurry <- struct{}{}:
		default:
		}
	}
}

var errStopping = errors.New("the server is stopping")

// Stop claims nothing any more and lets what runs go on for Grace, or for half
// of the time that ctx leaves. Then it ends the contexts of what still runs and
// gives those jobs back. It fails when a job does not end before ctx does.
func (p *Pool) Stop(ctx context.Context) error {
	p.quit()
	defer p.cut(errStopping)
	if p.done == nil {
		return nil
	}
	grace := p.o.Grace
	if deadline, ok := ctx.Deadline(); ok {
		grace = min(grace, time.Until(deadline)/2)
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	case <-timer.C:
	}
	p.cut(errStopping)
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("jobs did not end: %w", ctx.Err())
	}
}

// loop claims the jobs of a kind.
func (p *Pool) loop(k *kind) {
	for failures := 0; ; {
		select {
		case k.places <- struct{}{}:
		case <-p.claiming.Done():
			return
		}
		l, ok, err := p.queue.Claim(p.claiming, []string{k.Kind}, p.o.Lease)
		if err == nil && ok {
			p.runs.Go(func() {
				defer func() { <-k.places }()
				p.work(k, l)
			})
			failures = 0
			continue
		}
		<-k.places
		wake, pause := p.queue.Wake(k.Kind), p.o.Poll+rand.N(p.o.Poll/4+1) //nolint:gosec // jitter may be guessed
		if err != nil && p.claiming.Err() == nil {
			p.o.Log.ErrorContext(p.claiming, "jobs cannot be claimed", "kind", k.Kind, "error", err)
			failures++
			wake, pause = nil, backoff.Pause(p.o.Poll, time.Minute, failures)
		} else {
			failures = 0
		}
		timer := time.NewTimer(pause)
		select {
		case <-wake:
		case <-k.hurry:
		case <-timer.C:
		case <-p.claiming.Done():
		}
		timer.Stop()
	}
}
