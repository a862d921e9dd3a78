package sqlstore

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/trace"
)

// Jobs is jobs.Queue. A lease that ran out may still be extended or finished,
// as long as nobody else has claimed the job.
type Jobs struct {
	db   sqldb.DB
	ids  *ident.Source
	now  func() time.Time
	next atomic.Uint32 // the kind that a claim of several begins with

	mu   sync.Mutex
	wake map[string]chan struct{} // by kind
}

var _ jobs.Queue = (*Jobs)(nil)

// NewJobs makes the queue.
func NewJobs(db sqldb.DB, ids *ident.Source, now func() time.Time) *Jobs {
	return &Jobs{db: db, ids: ids, now: now, wake: map[string]chan struct{}{}}
}

var errIncomplete = errors.New("a job needs a kind, a subject and an owner")

// Enqueue implements jobs.Queue. The update locks the row also when there is
// nothing to update: a job that is waiting is then not claimed before ctx's
// transaction has committed, and sees what it wrote.
func (s *Jobs) Enqueue(ctx context.Context, job jobs.Job) error {
	return s.put(ctx, job, `next_payload = excluded.payload, next_run_at = excluded.run_at, next_trace_id = excluded.trace_id
			WHERE jobs.running AND jobs.next_run_at IS NULL`)
}

// Reschedule implements jobs.Queue. A job that was dealt a turn loses it: it is
// not due any more, or will queue again.
func (s *Jobs) Reschedule(ctx context.Context, job jobs.Job) error {
	return s.put(ctx, job, `payload = CASE WHEN jobs.running THEN jobs.payload ELSE excluded.payload END,
			turn = CASE WHEN jobs.running THEN jobs.turn END,
			run_at = CASE WHEN jobs.running THEN jobs.run_at ELSE excluded.run_at END,
			attempts = CASE WHEN jobs.running THEN jobs.attempts ELSE 0 END,
			trace_id = CASE WHEN jobs.running THEN jobs.trace_id ELSE excluded.trace_id END,
			next_trace_id = CASE WHEN jobs.running THEN excluded.trace_id END,
			next_payload = CASE WHEN jobs.running THEN excluded.payload END,
			next_run_at = CASE WHEN jobs.running THEN excluded.run_at END`)
}

// put writes a job down, or does something about the one that is there.
func (s *Jobs) put(ctx context.Context, job jobs.Job, update string) error {
	if job.Kind == "" || job.Subject == [16]byte{} || job.Owner.IsZero() {
		return errIncomplete
	}
	now := s.now()
	at := now
	if job.RunAt.After(now) {
		at = job.RunAt
	}
	_, err := s.db.Exec(ctx, `INSERT INTO jobs (id, kind, subject, owner, payload, turn, run_at, running, attempts, lease, last_error, created_at, trace_id)
		VALUES ($1, $2, $3, $4, $5, NULL, $6, FALSE, 0, 0, '', $7, $8)
		ON CONFLICT (kind, subject) DO UPDATE SET `+update,
		ident.New[ident.JobID](s.ids), job.Kind, ident.JobID(job.Subject), job.Owner, job.Payload, at, now, trace.ID(ctx))
	if err != nil {
		return wrap("enqueue "+job.Kind, err)
	}
	if at.Equal(now) {
		s.nudge(ctx, job.Kind)
	}
	return nil
}

// held finds a job only for who holds it: the last to have claimed it, who has
// not given it back.
const held = ` WHERE id = $1 AND lease = $2 AND running`

// Extend implements jobs.Queue.
func (s *Jobs) Extend(ctx context.Context, l jobs.Lease, by time.Duration) error {
	return s.update(ctx, "extend lease", l, `UPDATE jobs SET run_at = $3, turn = NULL`, s.now().Add(by))
}

// Checkpoint implements jobs.Queue.
func (s *Jobs) Checkpoint(ctx context.Context, l jobs.Lease, payload string) error {
	return s.update(ctx, "checkpoint job", l, `UPDATE jobs SET payload = $3`, payload)
}

// Retry implements jobs.Queue.
func (s *Jobs) Retry(ctx context.Context, l jobs.Lease, at time.Time, why string) error {
	return s.update(ctx, "retry job", l, `UPDATE jobs SET running = FALSE, turn = NULL, run_at = $3, last_error = $4`, at, why)
}

// Release gives a job back to be done by somebody else now, as if it had not
// been claimed: the attempt does not count. ErrLeaseLost if it is not held any
// more.
func (s *Jobs) Release(ctx context.Context, l jobs.Lease) error {
	err := s.update(ctx, "release job", l, `UPDATE jobs SET running = FALSE, turn = NULL, run_at = $3, attempts = attempts - 1`, s.now())
	if err == nil {
		s.nudge(ctx, l.Job.Kind)
	}
	return err
}

func (s *Jobs) update(ctx context.Context, attempt string, l jobs.Lease, set string, args ...any) error {
	n, err := s.db.Exec(ctx, set+held, append([]any{l.ID, l.Fence}, args...)...)
	if err == nil && n != 1 {
		return jobs.ErrLeaseLost
	}
	return wrap(attempt, err)
}

// Finish implements jobs.Queue. The order matters: an Enqueue that comes
// between the two statements finds no row any more, or is seen by the second.
func (s *Jobs) Finish(ctx context.Context, l jobs.Lease) error {
	var gone, again int64
	var b sqldb.Batch
	b.ExecRows(func(n int64) error { gone = n; return nil }, `DELETE FROM jobs`+held+` AND next_run_at IS NULL`, l.ID, l.Fence)
	b.ExecRows(func(n int64) error {
		if again = n; gone+again != 1 {
			return jobs.ErrLeaseLost
		}
		return nil
	}, `UPDATE jobs SET running = FALSE, turn = NULL, attempts = 0, last_error = '', payload = next_payload, run_at = next_run_at,
		trace_id = next_trace_id, next_trace_id = NULL, next_payload = NULL, next_run_at = NULL`+held+` AND next_run_at IS NOT NULL`, l.ID, l.Fence)
	err := s.db.Send(ctx, &b)
	if errors.Is(err, jobs.ErrLeaseLost) {
		return jobs.ErrLeaseLost
	}
	if err == nil && again == 1 {
		s.nudge(ctx, l.Job.Kind)
	}
	return wrap("finish job", err)
}

// Depth implements jobs.Queue. A job whose worker has gone is due as well.
func (s *Jobs) Depth(ctx context.Context) ([]jobs.Depth, error) {
	now := s.now()
	depths, err := sqldb.List(ctx, s.db, func(row sqldb.Row) (d jobs.Depth, err error) {
		var first time.Time
		err = row.Scan(&d.Kind, &d.Due, &first)
		d.Oldest = max(0, now.Sub(first))
		return d, err
	}, `SELECT kind, count(*), min(run_at) FROM jobs WHERE run_at <= $1 GROUP BY kind ORDER BY kind`, now)
	return depths, wrap("depth of the queue", err)
}

// Wake receives after this process has committed a job of the kind that is due.
func (s *Jobs) Wake(kind string) <-chan struct{} { return s.waker(kind) }

func (s *Jobs) nudge(ctx context.Context, kind string) {
	wake := s.waker(kind)
	sqldb.AfterCommit(ctx, func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
}

func (s *Jobs) waker(kind string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake[kind] == nil {
		s.wake[kind] = make(chan struct{}, 1)
	}
	return s.wake[kind]
}
