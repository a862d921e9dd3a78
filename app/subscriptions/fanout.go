package subscriptions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/trace"
	"github.com/sajin-sns/sajin/ports/tx"
)

// The kinds of jobs of this package.
const (
	FanOutJob   = "subscriptions.fan-out"
	WithdrawJob = "subscriptions.withdraw"
)

// FanOut carries posts to the inboxes of their authors' subscribers, and takes
// deleted ones back. Where that are many it is a job, with a batch in each
// transaction: one that is interrupted goes on where it was.
type FanOut struct {
	Tx            tx.Runner
	Queue         jobs.Queue
	Subscriptions store.Subscriptions
	Inboxes       store.Inboxes
	Batch         int // subscribers in one transaction
	Now           func() time.Time
}

// progress is how far a fan-out has come: the payload of its job.
type progress struct {
	Author      ident.AccountID `json:"author"`
	PublishedAt time.Time       `json:"published_at"`
	After       ident.AccountID `json:"after"` // the last subscriber who was reached
}

// Handlers are the consumers of this module.
func (s *FanOut) Handlers() []event.Handler {
	return []event.Handler{
		event.OnAll("subscriptions.fan-out", s.published),
		event.On("subscriptions.withdraw", func(ctx context.Context, _ event.Envelope, e event.PostDeletedV1) error {
			if !e.WasPublished {
				return nil
			}
			return s.enqueue(ctx, WithdrawJob, e.PostID, progress{Author: e.AuthorID})
		}),
		event.On("subscriptions.fill-inbox", func(ctx context.Context, _ event.Envelope, e event.SubscribedV1) error {
			// A post may have been published while the subscription was made: not
			// there yet for the one, and delivered before the other was there.
			exists, err := s.Subscriptions.Exists(ctx, e.SubscriberID, e.CreatorID)
			if err != nil || !exists {
				return err
			}
			return s.Inboxes.Fill(ctx, e.SubscriberID, e.CreatorID, e.InboxFrom)
		}),
		event.On("subscriptions.count-started", func(ctx context.Context, _ event.Envelope, e event.SubscribedV1) error {
			return s.Subscriptions.Adjust(ctx, e.SubscriberID, e.CreatorID, 1)
		}),
		event.On("subscriptions.count-ended", func(ctx context.Context, _ event.Envelope, e event.UnsubscribedV1) error {
			return s.Subscriptions.Adjust(ctx, e.SubscriberID, e.CreatorID, -1)
		}),
	}
}

// small is how many subscribers an author may have whose posts reach them at
// once; what is more is left to a job.
const small = 100

func (s *FanOut) published(ctx context.Context, events []event.Envelope, all []event.PostPublishedV1) error {
	var due []store.Delivery
	cause := map[ident.PostID]string{}
	for i, e := range all {
		if !e.Merged {
			due = append(due, store.Delivery{Post: e.PostID, Author: e.AuthorID, PublishedAt: e.PublishedAt})
			cause[e.PostID] = events[i].TraceID
		}
	}
	large, err := s.Inboxes.DeliverSmall(ctx, due, min(small, s.Batch))
	for _, d := range large {
		ctx := trace.With(ctx, cause[d.Post])
		err = errors.Join(err, s.enqueue(ctx, FanOutJob, d.Post, progress{Author: d.Author, PublishedAt: d.PublishedAt}))
	}
	return err
}

// Workers are the jobs of this module.
func (s *FanOut) Workers() []jobs.Worker {
	return []jobs.Worker{
		{Kind: FanOutJob, Run: s.fanOut, GiveUp: s.later},
		{Kind: WithdrawJob, Run: s.withdraw, GiveUp: s.later},
	}
}

func (s *FanOut) enqueue(ctx context.Context, kind string, post ident.PostID, p progress) error {
	payload, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode %s: %w", kind, err)
	}
	return s.Queue.Enqueue(ctx, jobs.Job{Kind: kind, Subject: post, Owner: p.Author, Payload: string(payload)})
}

func (s *FanOut) fanOut(ctx context.Context, l jobs.Lease) error {
	var p progress
	if err := json.Unmarshal([]byte(l.Job.Payload), &p); err != nil {
		return jobs.Permanent{Err: fmt.Errorf("payload of %s: %w", l.Job.Kind, err)}
	}
	delivery := store.Delivery{Post: l.Job.Subject, Author: p.Author, PublishedAt: p.PublishedAt}
	for {
		next := p
		err := s.Tx.Do(ctx, func(ctx context.Context) (err error) {
			if next.After, err = s.Inboxes.Deliver(ctx, delivery, p.After, s.Batch); err != nil {
				return err
			}
			if next.After.IsZero() {
				return s.Queue.Finish(ctx, l)
			}
			payload, err := json.Marshal(next)
			if err != nil {
				return err
			}
			return s.Queue.Checkpoint(ctx, l, string(payload))
		})
		if err != nil || next.After.IsZero() {
			return err
		}
		p = next
		failpoint.Hit("subscriptions.fan-out.delivered")
	}
}

func (s *FanOut) withdraw(ctx context.Context, l jobs.Lease) error {
	for {
		n, err := s.Inboxes.Withdraw(ctx, l.Job.Subject, s.Batch)
		if err != nil {
			return err
		}
		if n < int64(s.Batch) {
			return s.Queue.Finish(ctx, l)
		}
	}
}

// again is how long a fan-out rests that has failed, or whose workers were
// killed, too often.
const again = 10 * time.Minute

// later puts a job off, and never gives it up: an inbox that lacks a post would
// lack it for ever.
func (s *FanOut) later(ctx context.Context, l jobs.Lease, cause error) error {
	if _, hopeless := errors.AsType[jobs.Permanent](cause); hopeless {
		return s.Queue.Finish(ctx, l)
	}
	return jobs.Postpone(ctx, s.Tx, s.Queue, l, s.Now().Add(again))
}
