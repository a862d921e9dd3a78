package contract

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/worker"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/trace"
)

// Jobs is what a queue of jobs promises, alone and under a worker.Pool. over
// makes the queue as one process has it.
func Jobs(t *testing.T, open func(t *testing.T) sqldb.DB, over func(db sqldb.DB, now func() time.Time) worker.Queue) {
	for name, promise := range map[string]func(*yard){
		"a job is handed out as it was enqueued":                           jobRoundTrip,
		"a job carries the id of the request that asked for it":            jobTrace,
		"a job for later is handed out when its time comes":                jobForLater,
		"a job of a transaction that failed never runs":                    jobRolledBack,
		"one that waits already stays as it is":                            jobWaitsAlready,
		"one that runs will run once more, from the start":                 jobRunsOnceMore,
		"one that runs will run once more, however the first run ends":     jobRunsOnceMoreAfterRetry,
		"an enqueue is not lost on a job that is just being finished":      jobEnqueueWhileFinishing,
		"a run sees what the transaction wrote that asked for it":          jobSeesTheTransaction,
		"one job comes before the rest of another owner's thousand":        jobFairExample,
		"owners take turns, whatever comes, comes back or comes due":       jobFairProperty,
		"owners take turns, also when jobs arrive from many sides at once": jobFairConcurrent,
		"a job is moved, be it to earlier or to later":                     jobMoved,
		"a job that has its turn is moved out of the queue":                jobMovedOutOfTheQueue,
		"a job that runs is run once more at the time it was moved to":     jobMovedWhileItRuns,
		"a run that puts itself off does not undo a move":                  jobPutOffWhileItIsMoved,
		"a move is not lost on a job that is just being run":               jobMovedRaces,
		"a job is not claimed while a transaction moves it":                jobMovedSeesTheTransaction,
		"kinds do not wait for each other":                                 jobKinds,
		"a lease that ran out goes to the next, who alone may finish":      jobFencing,
		"a lease is kept by extending it":                                  jobExtend,
		"whoever is late but not overtaken may still finish":               jobLateButFirst,
		"attempts are counted, also of workers that died":                  jobAttempts,
		"a released job is free at once, and the attempt is not counted":   jobRelease,
		"a checkpoint is where the next attempt begins":                    jobCheckpoint,
		"twenty claimers never run a job twice":                            jobClaimers,
		"depth counts what is due and not held":                            jobDepth,
		"a commit wakes, and nothing else does":                            jobWake,
		"a pool tries again after growing pauses and then gives up":        jobPoolRetries,
		"a pool keeps a long run, and two pools run a job once":            jobPoolHeartbeat,
		"a paused worker's commit is refused":                              jobPoolPaused,
	} {
		t.Run(name, func(t *testing.T) {
			y := &yard{t: t, db: open(t), clock: &movable{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
			y.open = func() worker.Queue { return over(y.db, y.clock.now) }
			y.Queue = y.open()
			y.ids = newIDs(y.clock.now)
			y.hana, y.bora = ident.New[ident.AccountID](y.ids), ident.New[ident.AccountID](y.ids)
			promise(y)
		})
	}
}

// movable is a clock that a test sets. It stands still before start.
type movable struct {
	mu      sync.Mutex
	at      time.Time
	started time.Time
}

func (c *movable) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.started.IsZero() {
		return c.at.Add(time.Since(c.started))
	}
	return c.at
}

func (c *movable) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started.IsZero() {
		c.started = time.Now()
	}
}

func (c *movable) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// yard is a queue to try things on.
type yard struct {
	worker.Queue
	t     *testing.T
	db    sqldb.DB
	open  func() worker.Queue // as another process has it
	clock *movable
	ids   *ident.Source

	hana, bora ident.AccountID
}

const (
	jobKind  = "media.process"
	jobLease = time.Minute
)

func (y *yard) must(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) is(err, want error) {
	y.t.Helper()
	if !errors.Is(err, want) {
		y.t.Fatalf("got error %v, want %v", err, want)
	}
}

func (y *yard) job(owner ident.AccountID) jobs.Job {
	return jobs.Job{Kind: jobKind, Subject: ident.New[ident.MediaID](y.ids), Owner: owner}
}

func (y *yard) enqueue(job jobs.Job) jobs.Job {
	y.t.Helper()
	y.must(y.Enqueue(y.t.Context(), job))
	return job
}

// next claims what there must be.
func (y *yard) next() jobs.Lease {
	y.t.Helper()
	l, ok, err := y.Claim(y.t.Context(), []string{jobKind}, jobLease)
	y.must(err)
	if !ok {
		y.t.Fatal("nothing is due")
	}
	return l
}

func (y *yard) nothing() {
	y.t.Helper()
	l, ok, err := y.Claim(y.t.Context(), []string{jobKind}, jobLease)
	y.must(err)
	if ok {
		y.t.Fatalf("handed out %+v", l)
	}
}

func (y *yard) finish(l jobs.Lease) {
	y.t.Helper()
	y.must(y.Finish(y.t.Context(), l))
}

func jobRoundTrip(y *yard) {
	in := y.enqueue(jobs.Job{Kind: jobKind, Subject: ident.New[ident.MediaID](y.ids), Owner: y.hana, Payload: `{"사진":1}`})
	l := y.next()
	in.RunAt = y.clock.now()
	if diff := cmp.Diff(jobs.Lease{ID: l.ID, Job: in, Fence: 1, Attempt: 1}, l); diff != "" || l.ID.IsZero() {
		y.t.Fatal(diff)
	}
	y.nothing()
	y.finish(l)
	y.clock.advance(2 * jobLease)
	y.nothing()
	for _, job := range []jobs.Job{{}, {Kind: jobKind, Owner: y.hana}, {Kind: jobKind, Subject: in.Subject}, {Subject: in.Subject, Owner: y.hana}} {
		if err := y.Enqueue(y.t.Context(), job); err == nil {
			y.t.Errorf("%+v has nothing to do, or is nobody's, and was enqueued", job)
		}
	}
}

func jobTrace(y *yard) {
	asked := func(id string) context.Context { return trace.With(y.t.Context(), id) }
	carries := func(id string) jobs.Lease {
		y.t.Helper()
		l := y.next()
		if l.TraceID != id {
			y.t.Errorf("carries %q, not %q", l.TraceID, id)
		}
		return l
	}
	job := y.job(y.hana)
	y.must(y.Enqueue(asked("first"), job))
	y.must(y.Enqueue(asked("second"), job)) // it waits already
	running := carries("first")
	y.must(y.Enqueue(asked("third"), job))
	y.finish(running)
	y.finish(carries("third"))

	y.must(y.Enqueue(asked("fourth"), job))
	y.must(y.Reschedule(asked("fifth"), job))
	running = carries("fifth")
	y.must(y.Reschedule(asked("sixth"), job))
	y.finish(running)
	y.must(y.Retry(y.t.Context(), carries("sixth"), y.clock.now(), "not now"))
	y.finish(carries("sixth"))

	y.must(y.Enqueue(y.t.Context(), job))
	y.finish(carries(""))
}

func jobForLater(y *yard) {
	job := y.job(y.hana)
	job.RunAt = y.clock.now().Add(time.Hour)
	y.enqueue(job)
	y.nothing()
	y.clock.advance(time.Hour - time.Second)
	y.nothing()
	y.clock.advance(time.Second)
	y.finish(y.next())
}

func jobRolledBack(y *yard) {
	broken := errors.New("changed my mind")
	y.is(y.db.Do(y.t.Context(), func(ctx context.Context) error {
		y.must(y.Enqueue(ctx, y.job(y.hana)))
		return broken
	}), broken)
	y.nothing()
}

func jobWaitsAlready(y *yard) {
	job := y.job(y.hana)
	job.Payload = "first"
	y.enqueue(job)
	job.Payload, job.RunAt = "second", y.clock.now().Add(time.Hour)
	y.enqueue(job)
	l := y.next()
	if l.Job.Payload != "first" {
		y.t.Errorf("payload is %q", l.Job.Payload)
	}
	y.finish(l)
	y.clock.advance(2 * time.Hour)
	y.nothing()
}

func jobRunsOnceMore(y *yard) {
	ctx := y.t.Context()
	job := y.job(y.hana)
	job.Payload = "first"
	y.enqueue(job)
	first := y.next()
	for _, payload := range []string{"second", "third"} {
		job.Payload = payload
		y.enqueue(job)
	}
	y.nothing()
	y.must(y.Checkpoint(ctx, first, "nearly done"))
	y.finish(first)
	y.is(y.Finish(ctx, first), jobs.ErrLeaseLost)

	again := y.next()
	if again.Job.Payload != "second" || again.Attempt != 1 || again.Fence <= first.Fence {
		y.t.Errorf("the second run is %+v", again)
	}
	y.is(y.Extend(ctx, first, jobLease), jobs.ErrLeaseLost)
	y.finish(again)
	y.clock.advance(2 * jobLease)
	y.nothing()
}

func jobRunsOnceMoreAfterRetry(y *yard) {
	job := y.job(y.hana)
	job.Payload = "first"
	y.enqueue(job)
	l := y.next()
	job.Payload, job.RunAt = "second", y.clock.now().Add(time.Hour)
	y.enqueue(job)
	y.must(y.Retry(y.t.Context(), l, y.clock.now(), "broken"))
	if l = y.next(); l.Attempt != 2 || l.Job.Payload != "first" {
		y.t.Errorf("tried again as %+v", l)
	}
	y.finish(l)
	y.nothing()
	y.clock.advance(time.Hour)
	if l = y.next(); l.Attempt != 1 || l.Job.Payload != "second" {
		y.t.Errorf("run once more as %+v", l)
	}
}

func jobEnqueueWhileFinishing(y *yard) {
	for range 40 {
		job := y.enqueue(y.job(y.hana))
		l := y.next()
		var both sync.WaitGroup
		both.Go(func() {
			if err := y.Finish(y.t.Context(), l); err != nil {
				y.t.Errorf("finish: %v", err)
			}
		})
		both.Go(func() {
			if err := y.Enqueue(y.t.Context(), job); err != nil {
				y.t.Errorf("enqueue: %v", err)
			}
		})
		both.Wait()
		y.finish(y.next())
		y.nothing()
	}
}

func jobSeesTheTransaction(y *yard) {
	job := y.enqueue(y.job(y.hana))
	var written atomic.Bool
	inside := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		if err := y.db.Do(y.t.Context(), func(ctx context.Context) error {
			if err := y.Enqueue(ctx, job); err != nil {
				return err
			}
			close(inside)
			time.Sleep(50 * time.Millisecond)
			written.Store(true)
			return nil
		}); err != nil {
			y.t.Error(err)
		}
	})
	<-inside
	for {
		l, ok, err := y.Claim(y.t.Context(), []string{jobKind}, jobLease)
		if err != nil {
			y.t.Error(err)
		}
		if ok {
			if !written.Load() {
				y.t.Error("claimed before the transaction had committed that asked for it")
			}
			y.finish(l)
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	both.Wait()
	y.nothing()
}

func jobKinds(y *yard) {
	ctx := y.t.Context()
	for range 5 {
		y.enqueue(y.job(y.hana))
	}
	mail := y.job(y.hana)
	mail.Kind = "mail.send"
	y.enqueue(mail)
	if l, ok, err := y.Claim(ctx, []string{"mail.send"}, jobLease); err != nil || !ok || l.Job.Kind != "mail.send" {
		y.t.Fatal(l, ok, err)
	} else {
		y.must(y.Release(ctx, l))
	}
	seen := map[string]int{}
	for range 2 {
		l, ok, err := y.Claim(ctx, []string{jobKind, "mail.send"}, jobLease)
		y.must(err)
		if ok {
			seen[l.Job.Kind]++
		}
	}
	if diff := cmp.Diff(map[string]int{jobKind: 1, "mail.send": 1}, seen); diff != "" {
		y.t.Errorf("two claims of two kinds: %s", diff)
	}
	if _, ok, err := y.Claim(ctx, []string{"other"}, jobLease); ok || err != nil {
		y.t.Error(ok, err)
	}
	if _, ok, err := y.Claim(ctx, nil, jobLease); ok || err != nil {
		y.t.Error(ok, err)
	}
}

func jobDepth(y *yard) {
	depth := func(want ...jobs.Depth) {
		y.t.Helper()
		got, err := y.Depth(y.t.Context())
		y.must(err)
		if diff := cmp.Diff(want, got); diff != "" {
			y.t.Error(diff)
		}
	}
	depth()
	y.enqueue(y.job(y.hana))
	later := y.job(y.hana)
	later.RunAt = y.clock.now().Add(time.Hour)
	y.enqueue(later)
	y.clock.advance(10 * time.Second)
	y.enqueue(y.job(y.hana))
	mail := y.job(y.bora)
	mail.Kind = "mail.send"
	y.enqueue(mail)
	y.clock.advance(5 * time.Second)
	depth(jobs.Depth{Kind: "mail.send", Due: 1, Oldest: 5 * time.Second}, jobs.Depth{Kind: jobKind, Due: 2, Oldest: 15 * time.Second})

	y.next()
	depth(jobs.Depth{Kind: "mail.send", Due: 1, Oldest: 5 * time.Second}, jobs.Depth{Kind: jobKind, Due: 1, Oldest: 5 * time.Second})
	y.clock.advance(jobLease + 3*time.Second)
	depth(jobs.Depth{Kind: "mail.send", Due: 1, Oldest: jobLease + 8*time.Second}, jobs.Depth{Kind: jobKind, Due: 2, Oldest: jobLease + 8*time.Second})
}

func jobWake(y *yard) {
	woken := func(kind string) bool {
		select {
		case <-y.Wake(kind):
			return true
		default:
			return false
		}
	}
	_ = y.db.Do(y.t.Context(), func(ctx context.Context) error {
		y.must(y.Enqueue(ctx, y.job(y.hana)))
		return errors.New("changed my mind")
	})
	later := y.job(y.hana)
	later.RunAt = y.clock.now().Add(time.Hour)
	y.enqueue(later)
	if woken(jobKind) {
		y.t.Error("woken by a transaction that failed, or for what is not due")
	}
	y.must(y.db.Do(y.t.Context(), func(ctx context.Context) error {
		y.must(y.Enqueue(ctx, y.job(y.hana)))
		if woken(jobKind) {
			y.t.Error("woken before the commit")
		}
		return nil
	}))
	if !woken(jobKind) || woken(jobKind) || woken("mail.send") {
		y.t.Error("one commit wakes one kind, once")
	}
	l := y.next()
	y.enqueue(l.Job)
	for woken(jobKind) {
	}
	y.finish(l)
	if !woken(jobKind) {
		y.t.Error("not woken for a job that runs once more")
	}
}
