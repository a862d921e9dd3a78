package httpapi

import (
	"errors"
	"io"
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
func (c *trickle) SetWriteDeadline(time.Time) error      { return nil }

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
