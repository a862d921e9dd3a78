package sqlstore

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/jobs"
)

// Claim implements jobs.Queue. Kinds take turns in being looked at first.
func (s *Jobs) Claim(ctx context.Context, kinds []string, lease time.Duration) (l jobs.Lease, ok bool, err error) {
	first := int(s.next.Add(1))
	for i := range kinds {
		l, ok, err = s.claim(ctx, kinds[(first+i)%len(kinds)], lease)
		if ok || err != nil {
			break
		}
	}
	return l, ok, wrap("claim job", err)
}

func (s *Jobs) claim(ctx context.Context, kind string, lease time.Duration) (l jobs.Lease, ok bool, err error) {
	now := s.now()
	// Asked without a transaction: most of the time nothing is due, and on
	// SQLite a transaction keeps others from writing.
	var queued, arrived bool
	err = s.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM jobs WHERE kind = $1 AND turn IS NOT NULL),
			EXISTS (SELECT 1 FROM jobs WHERE kind = $1 AND turn IS NULL AND run_at <= $2)`, kind, now).Scan(&queued, &arrived)
	if err != nil || !queued && !arrived {
		return l, false, err
	}
	err = s.db.Do(ctx, func(ctx context.Context) error {
		if arrived {
			if err := s.queue(ctx, kind, now); err != nil {
				return err
			}
		}
		l, ok, err = s.take(ctx, kind, s.now().Add(lease))
		return err
	})
	return l, ok && err == nil, err
}

// take claims the first of the fair queue that nobody else is just claiming.
func (s *Jobs) take(ctx context.Context, kind string, until time.Time) (l jobs.Lease, ok bool, err error) {
	found, err := sqldb.List(ctx, s.db, scanLease, `SELECT id, kind, subject, owner, payload, run_at, lease, attempts, coalesce(trace_id, '') FROM jobs
		WHERE kind = $1 AND turn IS NOT NULL ORDER BY turn, run_at, id LIMIT 1`+s.db.Dialect().SkipLocked, kind)
	if err != nil || len(found) == 0 {
		return l, false, err
	}
	l = found[0]
	l.Fence++
	l.Attempt++
	_, err = s.db.Exec(ctx, `UPDATE jobs SET turn = NULL, run_at = $2, running = TRUE, lease = $3, attempts = $4 WHERE id = $1`,
		l.ID, until, l.Fence, l.Attempt)
	return l, err == nil, err
}

func scanLease(row sqldb.Row) (l jobs.Lease, err error) {
	var subject ident.JobID
	err = row.Scan(&l.ID, &l.Job.Kind, &subject, &l.Job.Owner, &l.Job.Payload, &l.Job.RunAt, &l.Fence, &l.Attempt, &l.TraceID)
	l.Job.Subject = subject
	return l, err
}

// arrivals is how many jobs are given their turns at a time.
const arrivals = 500

// queue gives a turn to every job of a kind that has become due. It is start-time
// fair queuing with the first waiting turn for the virtual time: an owner's job
// comes right behind his last one that waits, or where the queue begins. So
// whoever has nothing waiting finds at most one job of anybody else before his,
// the one with the same turn that has been due for longer.
//
// That is done on claiming, one process at a time, and not in Enqueue, where
// transactions that do not see each other would hand out the same turn; and
// what comes back, or was meant for later, queues like any other.
func (s *Jobs) queue(ctx context.Context, kind string, now time.Time) error {
	var head sqldb.Batch
	head.Exec(`INSERT INTO job_kinds (kind) VALUES ($1) ON CONFLICT (kind) DO NOTHING`, kind)
	head.Query(func(rows sqldb.Rows) error { return each(rows, func() error { return nil }) },
		`SELECT kind FROM job_kinds WHERE kind = $1`+s.db.Dialect().ForUpdate, kind)
	var start *int64
	head.Query(func(rows sqldb.Rows) error { return each(rows, func() error { return rows.Scan(&start) }) },
		`SELECT min(turn) FROM jobs WHERE kind = $1 AND turn IS NOT NULL`, kind)
	if err := s.db.Send(ctx, &head); err != nil {
		return err
	}
	for {
		arrived, err := sqldb.List(ctx, s.db, scanArrival, `SELECT j.id, j.owner,
				(SELECT coalesce(max(q.turn), 0) FROM jobs q WHERE q.kind = j.kind AND q.owner = j.owner AND q.turn IS NOT NULL)
			FROM jobs j WHERE j.kind = $1 AND j.turn IS NULL AND j.run_at <= $2
			ORDER BY j.run_at, j.id LIMIT $3`+s.db.Dialect().SkipLocked, kind, now, arrivals)
		if err != nil || len(arrived) == 0 {
			return err
		}
		last := map[ident.AccountID]int64{}
		var b sqldb.Batch
		for _, a := range arrived {
			turn := max(last[a.owner], a.last) + 1
			if start != nil {
				turn = max(turn, *start)
			}
			last[a.owner] = turn
			b.Exec(`UPDATE jobs SET turn = $2 WHERE id = $1`, a.id, turn)
		}
		if err := s.db.Send(ctx, &b); err != nil || len(arrived) < arrivals {
			return err
		}
	}
}

// arrival is a job that has become due, and the last turn its owner has.
type arrival struct {
	id    ident.JobID
	owner ident.AccountID
	last  int64
}

func scanArrival(row sqldb.Row) (a arrival, err error) {
	err = row.Scan(&a.id, &a.owner, &a.last)
	return a, err
}
