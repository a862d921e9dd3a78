package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/ports/backoff"
)

// Schedule runs chores that come round by the clock: forgetting what is old,
// finding what was left lying. Every process runs them all, so that a chore must
// not mind being done twice.
type Schedule struct {
	log     *slog.Logger
	chores  []chore
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
}

type chore struct {
	name     string
	interval time.Duration
	run      func(ctx context.Context) error
}

// NewSchedule makes an empty one; a nil log stays silent.
func NewSchedule(log *slog.Logger) *Schedule {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Schedule{log: log}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Every adds a chore, before Start. It first runs within a minute and then
// again an interval after it has ended, more or less by a tenth: never twice at
// the same time, nor at the same moment in every process. After a failure it is
// tried again in a minute or an interval, whichever is shorter, and then ever
// less often, down to once in an hour or an interval, whichever is longer.
func (s *Schedule) Every(name string, interval time.Duration, run func(ctx context.Context) error) {
	s.chores = append(s.chores, chore{name, interval, run})
}

// Start begins the rounds. It may be called once.
func (s *Schedule) Start(context.Context) error {
	for _, c := range s.chores {
		if c.interval <= 0 {
			return fmt.Errorf("chore %q needs an interval", c.name)
		}
	}
	for _, c := range s.chores {
		s.running.Go(func() { s.rounds(c) })
	}
	return nil
}

// RunAll runs every chore once and now, in the order in which they were added,
// and answers everything that went wrong.
func (s *Schedule) RunAll(ctx context.Context) error {
	var failures []error
	for _, c := range s.chores {
		if err := safely(func() error { return c.run(ctx) }); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return errors.Join(failures...)
}

// Stop ends the contexts of what runs and waits for it, as long as ctx allows.
func (s *Schedule) Stop(ctx context.Context) error {
	s.cancel()
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("chores did not end: %w", ctx.Err())
	}
}

func (s *Schedule) rounds(c chore) {
	pause := rand.N(min(c.interval, time.Minute)) //nolint:gosec // jitter may be guessed
	for failures := 0; ; {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-s.ctx.Done():
			timer.Stop()
			return
		}
		err := safely(func() error { return c.run(s.ctx) })
		switch {
		case s.ctx.Err() != nil:
			return
		case err != nil:
			failures++
			pause = backoff.Pause(min(c.interval, time.Minute), max(c.interval, time.Hour), failures)
			s.log.ErrorContext(s.ctx, "a chore failed", "chore", c.name, "failures", failures, "again_in", pause.String(), "error", err)
		default:
			failures = 0
			pause = c.interval - c.interval/10 + rand.N(c.interval/5+1) //nolint:gosec // jitter may be guessed
		}
	}
}
