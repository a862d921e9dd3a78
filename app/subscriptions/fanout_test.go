package subscriptions_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/subscriptions"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/jobs"
)

func TestFanOutIsNotGivenUp(t *testing.T) {
	db, err := sqlite.Open(t.Context(), ":memory:", sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := sqlite.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	clock := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return clock }
	ids := ident.NewSource(now, rand.Reader)
	queue := sqlstore.NewJobs(db, ids, now)
	fanOut := &subscriptions.FanOut{Tx: db, Queue: queue, Subscriptions: sqlstore.NewSubscriptions(db), Inboxes: sqlstore.NewInboxes(db), Batch: 10, Now: now}

	for _, worker := range fanOut.Workers() {
		claim := func(t *testing.T) (jobs.Lease, bool) {
			t.Helper()
			l, ok, err := queue.Claim(t.Context(), []string{worker.Kind}, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			return l, ok
		}
		enqueue := func(t *testing.T) jobs.Lease {
			t.Helper()
			job := jobs.Job{Kind: worker.Kind, Subject: ident.New[ident.PostID](ids), Owner: ident.New[ident.AccountID](ids), Payload: "{}"}
			if err := queue.Enqueue(t.Context(), job); err != nil {
				t.Fatal(err)
			}
			l, _ := claim(t)
			return l
		}
		t.Run(worker.Kind+": workers that are killed again and again put it off", func(t *testing.T) {
			l := enqueue(t)
			if err := worker.GiveUp(t.Context(), l, errors.New("no worker survived")); err != nil {
				t.Fatal(err)
			}
			if _, ok := claim(t); ok {
				t.Error("it does not rest")
			}
			clock = clock.Add(time.Hour)
			again, ok := claim(t)
			if !ok || again.Job.Subject != l.Job.Subject || again.Attempt != 1 {
				t.Errorf("it is gone, or has lost its attempts: %v, %+v", ok, again)
			}
			if err := queue.Finish(t.Context(), again); err != nil {
				t.Fatal(err)
			}
		})
		t.Run(worker.Kind+": what can never be done ends", func(t *testing.T) {
			l := enqueue(t)
			if err := worker.GiveUp(t.Context(), l, jobs.Permanent{Err: errors.New("it says nothing")}); err != nil {
				t.Fatal(err)
			}
			clock = clock.Add(time.Hour)
			if _, ok := claim(t); ok {
				t.Error("it comes again for ever")
			}
		})
	}
}
