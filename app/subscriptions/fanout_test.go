package subscriptions_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/subscriptions"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/trace"
)

func open(t *testing.T) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := sqlite.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestFanOutIsNotGivenUp(t *testing.T) {
	db := open(t)
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

func TestJobsOfEventsHandledTogether(t *testing.T) {
	db := open(t)
	ids := ident.NewSource(time.Now, rand.Reader)
	queue := sqlstore.NewJobs(db, ids, time.Now)
	fanOut := &subscriptions.FanOut{Tx: db, Queue: queue, Inboxes: sqlstore.NewInboxes(db), Batch: 1, Now: time.Now}

	var published event.Handler
	for _, h := range fanOut.Handlers() {
		if h.Consumer == "subscriptions.fan-out" {
			published = h
		}
	}
	causes := map[ident.PostID]string{}
	var events []event.Envelope
	for _, cause := range []string{"the first request", "another one"} {
		e := event.PostPublishedV1{PostID: ident.New[ident.PostID](ids), AuthorID: ident.New[ident.AccountID](ids), PublishedAt: time.Now()}
		_, err := db.Exec(t.Context(), `INSERT INTO accounts (id, email, email_key, handle, display_name, bio, password_hash, role, version, created_at)
			VALUES ($1, $2, $2, $2, '', '', '', 'member', 1, $3)`, e.AuthorID, e.AuthorID.String(), time.Now())
		for range 2 {
			if err == nil {
				_, err = db.Exec(t.Context(), `INSERT INTO subscriptions (subscriber, creator, since, inbox_from) VALUES ($1, $2, $3, $3)`,
					ident.New[ident.AccountID](ids), e.AuthorID, time.Now().Add(-time.Hour))
			}
		}
		payload, encoding := json.Marshal(e)
		if err != nil || encoding != nil {
			t.Fatal(err, encoding)
		}
		causes[e.PostID] = cause
		events = append(events, event.Envelope{Topic: e.Topic(), TraceID: cause, Payload: payload})
	}
	if err := published.HandleAll(trace.With(t.Context(), "the first request"), events); err != nil {
		t.Fatal(err)
	}
	for range events {
		l, ok, err := queue.Claim(t.Context(), []string{subscriptions.FanOutJob}, time.Minute)
		if err != nil || !ok {
			t.Fatal("a post of somebody with many subscribers takes a job:", err)
		}
		if want := causes[ident.PostID(l.Job.Subject)]; l.TraceID != want {
			t.Errorf("the job is of %q, not of %q", l.TraceID, want)
		}
	}
}
