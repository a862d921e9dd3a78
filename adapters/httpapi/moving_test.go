package httpapi

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// trickle is a connection on which a byte comes every now and then, for ever.
type trickle struct {
	*httptest.ResponseRecorder
	every time.Duration
	until time.Time
}

func (c *trickle) SetReadDeadline(until time.Time) error { c.until = until; return nil }

func (c *trickle) Read(p []byte) (int, error) {
	if left := time.Until(c.until); left < c.every {
		time.Sleep(max(left, 0))
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(c.every)
	return copy(p, "x"), nil
}

func TestMovingBody(t *testing.T) {
	const size = 256 << 10
	took := func(t *testing.T, every time.Duration) (took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			c := &trickle{ResponseRecorder: httptest.NewRecorder(), every: every}
			started := time.Now()
			n, err := io.Copy(io.Discard, io.LimitReader(moving(c, c, size), size))
			if took = time.Since(started); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) || err == nil && n != size {
				t.Error(n, err)
			}
		})
		return took
	}
	t.Run("a body that stands still is given up after a minute", func(t *testing.T) {
		if got := took(t, time.Hour); got != time.Minute {
			t.Error(got)
		}
	})
	t.Run("one that hardly moves, when it could have come long ago", func(t *testing.T) {
		if got := took(t, 59*time.Second); got != time.Minute+size/slowest*time.Second {
			t.Error(got)
		}
	})
	t.Run("a slow one arrives", func(t *testing.T) {
		if got := took(t, 100*time.Microsecond); got != size*100*time.Microsecond {
			t.Error(got)
		}
	})
}

// listener is a client that takes some bytes of the answer every now and then,
// as much as the connection holds in between.
type listener struct {
	*httptest.ResponseRecorder
	takes int
	every time.Duration
	until time.Time
}

func (l *listener) SetWriteDeadline(until time.Time) error { l.until = until; return nil }

func (l *listener) Write(p []byte) (n int, err error) {
	for n < len(p) {
		if left := time.Until(l.until); !l.until.IsZero() && left < l.every {
			time.Sleep(max(left, 0))
			return n, os.ErrDeadlineExceeded
		}
		time.Sleep(l.every)
		taken := min(l.takes, len(p)-n)
		_, _ = l.ResponseRecorder.Write(p[n : n+taken])
		n += taken
	}
	return n, nil
}

func TestSlowListeners(t *testing.T) {
	const size = 1 << 20
	hears := func(t *testing.T, takes int, every time.Duration) (took time.Duration, heard int) {
		synctest.Test(t, func(t *testing.T) {
			api := New(Options{Version: "test", Log: slog.New(slog.DiscardHandler), NewID: func() string { return "id" }}, []Route{
				{Pattern: "GET /long", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, size)) })},
			})
			l := &listener{ResponseRecorder: httptest.NewRecorder(), takes: takes, every: every}
			started := time.Now()
			api.ServeHTTP(l, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/long", nil))
			took, heard = time.Since(started), l.Body.Len()
		})
		return took, heard
	}
	t.Run("who asks and does not listen is given up after a minute", func(t *testing.T) {
		if took, heard := hears(t, 1, time.Hour); took != time.Minute || heard != 0 {
			t.Error(took, heard)
		}
	})
	t.Run("who listens slowly hears everything", func(t *testing.T) {
		if took, heard := hears(t, 16<<10, 3*time.Second); took != size/(16<<10)*3*time.Second || heard != size {
			t.Error(took, heard)
		}
	})
}
