package metrics_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sajin-sns/sajin/adapters/metrics"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/ports/jobs"
)

// scrape answers the lines about sajin.
func scrape(t *testing.T, c *metrics.Collector, others ...prometheus.Collector) map[string]string {
	t.Helper()
	answer := httptest.NewRecorder()
	c.Handler(others...).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	if answer.Code != 200 || !strings.Contains(answer.Body.String(), "\ngo_goroutines ") {
		t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	lines := map[string]string{}
	for line := range strings.Lines(answer.Body.String()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(name, "sajin_") {
			lines[name] = value
		}
	}
	return lines
}

func want(t *testing.T, got map[string]string, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, not %q", name, got[name], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
}

func TestScrape(t *testing.T) {
	ctx := t.Context()
	db, err := sqlite.Open(ctx, sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := sqlite.Migrate(ctx, db); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	ids := ident.NewSource(now, rand.Reader)
	outbox, queue := sqlstore.NewOutbox(db, ids, now), sqlstore.NewJobs(db, ids, now)
	c := metrics.New(outbox, queue, metrics.Options{Kinds: []string{"mail.send", "media.process"}})

	t.Run("nothing waits", func(t *testing.T) {
		want(t, scrape(t, c), map[string]string{
			"sajin_outbox_waiting": "0", "sajin_outbox_oldest_seconds": "0", "sajin_events_parked": "0",
			`sajin_jobs_due{kind="mail.send"}`: "0", `sajin_jobs_oldest_seconds{kind="mail.send"}`: "0",
			`sajin_jobs_due{kind="media.process"}`: "0", `sajin_jobs_oldest_seconds{kind="media.process"}`: "0",
		})
	})
	t.Run("what waits is counted when it is asked for", func(t *testing.T) {
		owner := ident.New[ident.AccountID](ids)
		for range 3 {
			if err := outbox.Append(ctx, subscriptions.Unsubscribed{Subscriber: owner, At: at}); err != nil {
				t.Fatal(err)
			}
		}
		events, err := outbox.Claim(ctx, 1, at.Add(time.Hour), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := outbox.Park(ctx, "search", events[0], "no room"); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"media.process", "other"} {
			if err := queue.Enqueue(ctx, jobs.Job{Kind: kind, Subject: ident.New[ident.MediaID](ids), Owner: owner}); err != nil {
				t.Fatal(err)
			}
		}
		at = at.Add(90500 * time.Millisecond)
		want(t, scrape(t, c), map[string]string{
			"sajin_outbox_waiting": "3", "sajin_outbox_oldest_seconds": "90.5", "sajin_events_parked": "1",
			`sajin_jobs_due{kind="mail.send"}`: "0", `sajin_jobs_oldest_seconds{kind="mail.send"}`: "0",
			`sajin_jobs_due{kind="media.process"}`: "1", `sajin_jobs_oldest_seconds{kind="media.process"}`: "90.5",
			`sajin_jobs_due{kind="other"}`: "1", `sajin_jobs_oldest_seconds{kind="other"}`: "90.5",
		})
	})
}

// silent is a database that does not answer some questions.
type silent struct{}

func (silent) Backlog(ctx context.Context) (int64, time.Duration, error) {
	<-ctx.Done()
	return 0, 0, ctx.Err()
}
func (silent) Parked(context.Context) (int64, error) { return 7, nil }
func (silent) Depth(context.Context) ([]jobs.Depth, error) {
	return nil, errors.New("the database is away")
}

func TestSilence(t *testing.T) {
	t.Run("what cannot be read is missing, and the rest is answered", func(t *testing.T) {
		var log bytes.Buffer
		o := metrics.Options{Timeout: 10 * time.Millisecond, Kinds: []string{"mail.send"}, Log: slog.New(slog.NewTextHandler(&log, nil))}
		other := prometheus.NewGauge(prometheus.GaugeOpts{Name: "sajin_other"})
		want(t, scrape(t, metrics.New(silent{}, silent{}, o), other), map[string]string{"sajin_events_parked": "7", "sajin_other": "0"})
		if text := log.String(); !strings.Contains(text, "the database is away") || !strings.Contains(text, "deadline exceeded") {
			t.Errorf("logged: %s", text)
		}
	})
}

// slow is a database that answers when it is told to.
type slow struct {
	silent
	asked, answer chan bool
}

func (s slow) Backlog(context.Context) (int64, time.Duration, error) {
	s.asked <- true
	<-s.answer
	return 0, 0, nil
}

func TestFlood(t *testing.T) {
	t.Run("two scrapes at once are answered, and a third is refused before it asks the database", func(t *testing.T) {
		db := slow{asked: make(chan bool), answer: make(chan bool)}
		h := metrics.New(db, silent{}, metrics.Options{}).Handler()
		get := func() int {
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
			return answer.Code
		}
		codes := make(chan int, 3)
		for range 2 {
			go func() { codes <- get() }()
			<-db.asked
		}
		go func() { codes <- get() }()
		select {
		case <-db.asked:
			t.Error("the third asks the database")
			db.answer <- true
		case code := <-codes:
			if code != 503 {
				t.Errorf("the third is answered %d", code)
			}
			codes <- 200 // in its place
		}
		close(db.answer)
		for range 3 {
			if code := <-codes; code != 200 {
				t.Errorf("answered %d", code)
			}
		}
	})
}
