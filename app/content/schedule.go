package content

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/jobs"
)

// PublishJob is the kind of job that publishes a scheduled post when it is due.
// Its subject is the post.
const PublishJob = "content.publish"

// absent is how long a post that is due waits, each time, for an author who may
// come back.
const absent = time.Hour

var errDraftAt = fault.Invalidf("content.draft-scheduled", "draft", "must be left out beside publish_at: a scheduled post is no draft")

// decide does what the author wants of a post that is not published: to publish
// it now, later, or not yet.
func (s *Posts) decide(ctx context.Context, actor ident.AccountID, in Edit, post *content.Post, media []content.Medium) error {
	if in.PublishAt != nil {
		if in.Draft != nil {
			return errDraftAt
		}
		return post.Schedule(actor, *in.PublishAt, s.Now())
	}
	if in.Unschedule || in.Draft != nil && *in.Draft {
		if err := post.Unschedule(actor); err != nil {
			return err
		}
	}
	if in.Draft != nil && !*in.Draft {
		return s.publish(ctx, actor, post, media)
	}
	return nil
}

// plan keeps the job that publishes a post in step with the post, in its
// transaction. What is not scheduled any more is not taken off the queue: the
// job comes now, finds nothing to do, and ends.
func (s *Posts) plan(ctx context.Context, before content.Record, post *content.Post) error {
	r := post.Record()
	job := jobs.Job{Kind: PublishJob, Subject: r.ID, Owner: r.Author}
	switch {
	case r.State == content.Scheduled && r.PublishAt.Equal(before.PublishAt), r.State != content.Scheduled && before.State != content.Scheduled:
		return nil
	case r.State == content.Scheduled:
		job.RunAt = r.PublishAt
	}
	return s.Queue.Reschedule(ctx, job)
}

// Scheduler publishes scheduled posts when they are due. The post decides, not
// the job: whatever happened to the post meanwhile, the job does what is right
// for it when it runs.
type Scheduler struct {
	Posts   *Posts
	Authors access.Authors
}

// Worker does the job.
func (s *Scheduler) Worker() jobs.Worker {
	return jobs.Worker{Kind: PublishJob, Run: s.run, GiveUp: s.postpone}
}

// postpone keeps at it: somebody relies on the post to come.
func (s *Scheduler) postpone(ctx context.Context, l jobs.Lease, _ error) error {
	return jobs.Postpone(ctx, s.Posts.Tx, s.Posts.Queue, l, s.Posts.Now().Add(10*time.Minute))
}

func (s *Scheduler) run(ctx context.Context, l jobs.Lease) error {
	return s.Posts.Tx.Do(ctx, func(ctx context.Context) error {
		post, err := s.Posts.Posts.Lock(ctx, ident.PostID(l.Job.Subject))
		if errors.Is(err, content.ErrNotFound) {
			return s.Posts.Queue.Finish(ctx, l)
		}
		if err != nil {
			return err
		}
		r, now := post.Record(), s.Posts.Now()
		switch {
		case r.State != content.Scheduled:
			return s.Posts.Queue.Finish(ctx, l)
		case r.PublishAt.After(now):
			return jobs.Postpone(ctx, s.Posts.Tx, s.Posts.Queue, l, r.PublishAt)
		}
		here, err := s.Authors.Live(ctx, r.Author)
		if err != nil {
			return err
		}
		if !here {
			return jobs.Postpone(ctx, s.Posts.Tx, s.Posts.Queue, l, now.Add(absent))
		}
		return errors.Join(s.Posts.release(ctx, post), s.Posts.Queue.Finish(ctx, l))
	})
}

// release publishes a post that is due, as if its author had just done so: it
// is visible from now on, or once its media are ready.
func (s *Posts) release(ctx context.Context, post *content.Post) error {
	if !post.Release(s.Now()) {
		return nil
	}
	if _, err := s.ready(ctx, post); err != nil {
		return err
	}
	if err := s.Posts.Save(ctx, post); err != nil {
		return err
	}
	return s.Outbox.Append(ctx, post.Events()...)
}
