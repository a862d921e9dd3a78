package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sajin-sns/sajin/ports/health"
)

// probe is a server with checks, asked how it is.
func probe(t *testing.T, api http.Handler) (status int, body string) {
	t.Helper()
	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	return answer.Code, answer.Body.String()
}

func readyAPI(log *slog.Logger, checks ...health.Check) http.Handler {
	return New(Options{Version: "test", Log: log, BodyLimit: 1 << 10, NewID: func() string { return "request-1" }}, nil, &Service{Checks: checks})
}

func TestReadiness(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	t.Run("the problem names what is missing, and keeps to itself why", func(t *testing.T) {
		var log strings.Builder
		fail := func(context.Context) error {
			return &health.Problem{Remedy: "start it", Err: errors.New("dial tcp 10.0.0.3: refused")}
		}
		api := readyAPI(slog.New(slog.NewTextHandler(&log, nil)), health.Check{Name: "storage", Run: fail},
			health.Check{Name: "mail", Optional: true, Run: fail}, health.Check{Name: "database", Run: fail})
		status, body := probe(t, api)
		if status != http.StatusServiceUnavailable || !strings.Contains(body, `"missing":["database","storage"]`) || strings.Contains(body, "10.0.0.3") {
			t.Error(status, body)
		}
		if text := log.String(); !strings.Contains(text, "10.0.0.3") || !strings.Contains(text, "start it") {
			t.Error(text)
		}
	})
	t.Run("what can be done without degrades", func(t *testing.T) {
		api := readyAPI(quiet, health.Check{Name: "mail", Optional: true, Run: func(context.Context) error { return errors.New("away") }})
		if status, body := probe(t, api); status != http.StatusOK || !strings.Contains(body, `"status":"degraded","degraded":["mail"]`) {
			t.Error(status, body)
		}
	})
	t.Run("however many ask, the checks are made once a second", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var asked atomic.Int64
			api := readyAPI(quiet, health.Check{Name: "database", Run: func(context.Context) error {
				asked.Add(1)
				time.Sleep(100 * time.Millisecond)
				return nil
			}})
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					if status, body := probe(t, api); status != http.StatusOK {
						t.Error(status, body)
					}
				})
			}
			all.Wait()
			if n := asked.Load(); n != 1 {
				t.Errorf("asked %d times", n)
			}
			time.Sleep(2 * time.Second)
			probe(t, api)
			if n := asked.Load(); n != 2 {
				t.Errorf("asked %d times after a while", n)
			}
		})
	})
	t.Run("a dependency that hangs gives an answer, and one who goes away spoils nobody's", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			end := make(chan bool)
			defer close(end)
			api := readyAPI(quiet, health.Check{Name: "storage", Run: func(context.Context) error { <-end; return nil }})
			ctx, leave := context.WithCancel(t.Context())
			go api.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/readyz", nil))
			synctest.Wait()
			leave()
			started := time.Now()
			status, body := probe(t, api)
			if took := time.Since(started); status != http.StatusServiceUnavailable || !strings.Contains(body, `"missing":["storage"]`) || took > 3*time.Second {
				t.Error(status, body, took)
			}
		})
	})
}
