package content

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/jobs"
)

// LeaveJob is the kind of job that takes away the posts of an account that is
// gone for good. Its subject is the account.
const LeaveJob = "content.leave"

const leaveBatch = 100

// Leaving takes the posts of purged accounts away, one in a transaction. Fans
// who bought one keep it.
type Leaving struct {
	Posts *Posts
	Queue jobs.Queue
}

// Handlers are the consumers of this use case.
func (s *Leaving) Handlers() []event.Handler {
	return []event.Handler{
		event.On(LeaveJob, func(ctx context.Context, _ event.Envelope, e event.AccountPurgedV1) error {
			return s.Queue.Enqueue(ctx, jobs.Job{Kind: LeaveJob, Subject: e.AccountID, Owner: e.AccountID})
		}),
	}
}

// Worker does the job.
func (s *Leaving) Worker() jobs.Worker {
	return jobs.Worker{Kind: LeaveJob, Run: s.run, GiveUp: s.postpone}
}

// postpone keeps at it: what belonged to somebody who left must go.
func (s *Leaving) postpone(ctx context.Context, l jobs.Lease, _ error) error {
	return jobs.Postpone(ctx, s.Posts.Tx, s.Queue, l, s.Posts.Now().Add(time.Hour))
}

// left ends the job, and lets others know.
func (s *Leaving) left(ctx context.Context, l jobs.Lease, author ident.AccountID) error {
	return s.Posts.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Queue.Finish(ctx, l); err != nil {
			return err
		}
		return s.Posts.Outbox.Append(ctx, content.AuthorLeft{Author: author, At: s.Posts.Now()})
	})
}

func (s *Leaving) run(ctx context.Context, l jobs.Lease) error {
	author := ident.AccountID(l.Job.Subject)
	for {
		remaining, err := s.Posts.Posts.Remaining(ctx, author, leaveBatch)
		if err != nil {
			return err
		}
		if len(remaining) == 0 {
			if err := s.forget(ctx, author); err != nil {
				return err
			}
			return s.left(ctx, l, author)
		}
		for _, id := range remaining {
			if err := s.Posts.Delete(ctx, author, id, nil); err != nil && !errors.Is(err, content.ErrNotFound) {
				return err
			}
		}
	}
}

// forget removes what the posts of who left once said.
func (s *Leaving) forget(ctx context.Context, author ident.AccountID) error {
	for {
		if n, err := s.Posts.Edits.Forget(ctx, author, leaveBatch); err != nil || n == 0 {
			return err
		}
	}
}
