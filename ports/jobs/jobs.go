// Package jobs is work that is written down in the transaction that wants it
// done, and then done once by whichever process has a hand free.
package jobs

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Job is a piece of work. There is at most one of a kind for a subject.
type Job struct {
	Kind    string // "media.process"
	Subject [16]byte
	Owner   ident.AccountID // whose turn it uses: the queue is fair between owners
	Payload string
	RunAt   time.Time // zero: now
}

// Queue keeps the jobs.
type Queue interface {
	// Enqueue writes the job down in ctx's transaction. One that is already
	// waiting for the same subject stays as it is; one that is being run will
	// run once more.
	Enqueue(ctx context.Context, job Job) error

	// Reschedule is Enqueue for a job whose time is what matters: one that is
	// already waiting for the same subject is moved to RunAt, be it earlier or
	// later, with the payload and with all its attempts; one that is being run
	// will run once more at RunAt, whatever was asked for meanwhile.
	Reschedule(ctx context.Context, job Job) error

	// Claim takes the next job of the kinds that is due, for so long, and
	// counts an attempt. Owners take turns: however much one of them has
	// waiting, another's first job comes after at most one of his (start-time
	// fair queuing, Goyal, Vin and Chen 1996). ok is false when nothing is due.
	Claim(ctx context.Context, kinds []string, lease time.Duration) (l Lease, ok bool, err error)

	// Extend keeps the job for so long from now; ErrLeaseLost if it is not
	// held any more.
	Extend(ctx context.Context, l Lease, by time.Duration) error

	// Checkpoint replaces the payload, in the transaction of the step that it
	// records; ErrLeaseLost, and so must the transaction fail.
	Checkpoint(ctx context.Context, l Lease, payload string) error

	// Finish takes the job off the queue, in the transaction of its effect;
	// ErrLeaseLost, and so must the transaction fail.
	Finish(ctx context.Context, l Lease) error

	// Retry gives the job back, to be tried again at a time.
	Retry(ctx context.Context, l Lease, at time.Time, why string) error

	// Depth counts the jobs of each kind that are due, and how long the oldest
	// has been.
	Depth(ctx context.Context) ([]Depth, error)
}

// Lease is a claimed job. Whoever lets it run out loses it: the next claim has
// a higher Fence, and only the highest may finish.
type Lease struct {
	ID      ident.JobID
	Job     Job
	Fence   int64
	Attempt int    // 1 for the first
	TraceID string // of the request that asked for the job: what the ctx of Enqueue carried
}

// Depth is how much of a kind is waiting.
type Depth struct {
	Kind   string
	Due    int64
	Oldest time.Duration
}

// ErrLeaseLost is what a worker hears that was too slow.
var ErrLeaseLost = fault.New(fault.Conflict, "jobs.lease-lost", "the job was given to another worker")

// MaxAttempts is how often a job is tried before it is given up.
const MaxAttempts = 5

// Worker does the jobs of one kind.
type Worker struct {
	Kind string

	// Run does the job and calls Finish in the transaction of its effect. An
	// error makes the queue try again later; wrap it with Permanent if that is
	// of no use. The lease is kept up while Run runs; its context ends when
	// the lease is lost.
	Run func(ctx context.Context, l Lease) error

	// GiveUp records that the job has failed for good, and calls Finish.
	GiveUp func(ctx context.Context, l Lease, cause error) error
}

// Postpone puts a job off until a time, with all its attempts: for a GiveUp that
// must not give up.
func Postpone(ctx context.Context, t tx.Runner, q Queue, l Lease, until time.Time) error {
	return t.Do(ctx, func(ctx context.Context) error {
		again := l.Job
		again.RunAt = until
		if err := q.Finish(ctx, l); err != nil {
			return err
		}
		return q.Enqueue(ctx, again)
	})
}

// Permanent marks an error that trying again will not mend.
type Permanent struct{ Err error }

func (p Permanent) Error() string { return p.Err.Error() }
func (p Permanent) Unwrap() error { return p.Err }
