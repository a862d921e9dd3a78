package contract

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/ports/jobs"
)

// at is a job for a time from now.
func (y *yard) at(job jobs.Job, payload string, in time.Duration) jobs.Job {
	job.Payload, job.RunAt = payload, y.clock.now().Add(in)
	return job
}

func (y *yard) reschedule(job jobs.Job) {
	y.t.Helper()
	y.must(y.Reschedule(y.t.Context(), job))
}

func jobMoved(y *yard) {
	job := y.job(y.hana)
	y.reschedule(y.at(job, "in two hours", 2*time.Hour))
	y.reschedule(y.at(job, "in one hour", time.Hour))
	y.clock.advance(time.Hour - time.Second)
	y.nothing()
	y.reschedule(y.at(job, "later again", 3*time.Hour))
	y.clock.advance(3*time.Hour - time.Second)
	y.nothing()
	y.clock.advance(time.Second)
	l := y.next()
	if l.Job.Payload != "later again" {
		y.t.Errorf("%+v", l)
	}
	y.finish(l)
	y.clock.advance(10 * time.Hour)
	y.nothing()
	y.is(y.db.Do(y.t.Context(), func(ctx context.Context) error {
		y.must(y.Reschedule(ctx, y.job(y.hana)))
		return jobs.ErrLeaseLost
	}), jobs.ErrLeaseLost)
	y.nothing()
}

func jobMovedOutOfTheQueue(y *yard) {
	first, job := y.enqueue(y.job(y.hana)), y.enqueue(y.job(y.hana))
	l := y.next() // both have a turn now
	moved, other := job, l
	if l.Job.Subject == job.Subject {
		moved = first
	}
	y.reschedule(y.at(moved, "", time.Hour))
	y.nothing()
	y.finish(other)
	y.clock.advance(time.Hour)
	if l = y.next(); l.Job.Subject != moved.Subject {
		y.t.Errorf("%+v", l)
	}
}

func jobMovedWhileItRuns(y *yard) {
	job := y.job(y.hana)
	y.enqueue(job)
	l := y.next()
	y.enqueue(job) // at once, after this run
	y.reschedule(y.at(job, "later", 2*time.Hour))
	y.reschedule(y.at(job, "earlier", time.Hour))
	if l.Job.Payload != "" {
		y.t.Errorf("%+v", l)
	}
	y.finish(l)
	y.nothing()
	y.clock.advance(time.Hour)
	if l = y.next(); l.Job.Payload != "earlier" || l.Attempt != 1 {
		y.t.Errorf("%+v", l)
	}
	y.reschedule(y.at(job, "once more", time.Hour))
	y.must(y.Retry(y.t.Context(), l, y.clock.now().Add(time.Minute), "broken"))
	y.reschedule(y.at(job, "it waits again", 30*time.Minute)) // in place of both
	y.clock.advance(time.Minute)
	y.nothing()
	y.clock.advance(29 * time.Minute)
	if l = y.next(); l.Job.Payload != "it waits again" || l.Attempt != 1 {
		y.t.Errorf("%+v", l)
	}
	y.finish(l)
	y.clock.advance(10 * time.Hour)
	y.nothing()
}

func jobPutOffWhileItIsMoved(y *yard) {
	job := y.enqueue(y.job(y.hana))
	l := y.next()
	y.reschedule(y.at(job, "moved", time.Hour))
	y.must(jobs.Postpone(y.t.Context(), y.db, y, l, y.clock.now().Add(5*time.Hour)))
	y.clock.advance(time.Hour)
	if l = y.next(); l.Job.Payload != "moved" {
		y.t.Errorf("%+v", l)
	}
}

// jobMovedRaces: whoever moves a job that is just being claimed and finished
// finds it run after that, at the time that he gave.
func jobMovedRaces(y *yard) {
	for range 40 {
		job := y.enqueue(y.job(y.hana))
		var both sync.WaitGroup
		var ran bool
		both.Go(func() {
			l, ok, err := y.Claim(y.t.Context(), []string{jobKind}, jobLease)
			if err == nil && ok {
				err = y.Finish(y.t.Context(), l)
				ran = true
			}
			if err != nil {
				y.t.Error(err)
			}
		})
		both.Go(func() {
			if err := y.Reschedule(y.t.Context(), y.at(job, "moved", time.Hour)); err != nil {
				y.t.Error(err)
			}
		})
		both.Wait()
		y.nothing()
		y.clock.advance(time.Hour)
		l := y.next()
		if l.Job.Payload != "moved" {
			y.t.Fatalf("%+v, after it was run before: %v", l, ran)
		}
		y.finish(l)
		y.nothing()
	}
}

// jobMovedSeesTheTransaction: a job that is due is not claimed while a
// transaction moves it.
func jobMovedSeesTheTransaction(y *yard) {
	job := y.enqueue(y.job(y.hana))
	y.must(y.db.Do(y.t.Context(), func(ctx context.Context) error {
		if err := y.Reschedule(ctx, y.at(job, "", time.Hour)); err != nil || y.db.Dialect().SkipLocked == "" {
			return err // elsewhere whoever is in a transaction is alone
		}
		claimed := make(chan error, 1)
		go func() {
			_, ok, err := y.Claim(context.WithoutCancel(y.t.Context()), []string{jobKind}, jobLease)
			if ok {
				err = errors.New("claimed")
			}
			claimed <- err
		}()
		return receive(y, claimed, "a claim that finds nothing")
	}))
	y.nothing()
}
