package media

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/jobs"
)

// KindLeave is the kind of job that takes away the media of an account that is
// gone for good. Its subject is the account.
const KindLeave = "media.leave"

const leaveBatch = 100

// Leaving takes away what somebody who left had uploaded, but for what fans
// bought.
type Leaving struct {
	Media *Media
}

// Handlers are the consumers of this use case.
func (s *Leaving) Handlers() []event.Handler {
	return []event.Handler{
		event.On(KindLeave, func(ctx context.Context, _ event.Envelope, e event.AuthorLeftV1) error {
			return s.Media.Queue.Enqueue(ctx, jobs.Job{Kind: KindLeave, Subject: e.AuthorID, Owner: e.AuthorID})
		}),
	}
}

// Worker does the job.
func (s *Leaving) Worker() jobs.Worker {
	return jobs.Worker{Kind: KindLeave, Run: s.run, GiveUp: func(ctx context.Context, l jobs.Lease, _ error) error {
		return jobs.Postpone(ctx, s.Media.Tx, s.Media.Queue, l, s.Media.Now().Add(time.Hour))
	}}
}

func (s *Leaving) run(ctx context.Context, l jobs.Lease) error {
	owner := ident.AccountID(l.Job.Subject)
	var after ident.MediaID
	for {
		ids, err := s.Media.Media.Remaining(ctx, owner, after, leaveBatch)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return s.Media.Queue.Finish(ctx, l)
		}
		for _, id := range ids {
			err := s.Media.Delete(ctx, owner, id)
			if err != nil && !errors.Is(err, media.ErrInUse) && !errors.Is(err, media.ErrNotFound) {
				return err
			}
			after = id
		}
	}
}
