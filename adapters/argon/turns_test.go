package argon

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sajin-sns/sajin/ports/password"
)

func TestTurns(t *testing.T) {
	const minute = time.Minute
	// taken is a Hasher whose only turn somebody has, and what gives it back.
	taken := func() (*Hasher, func()) {
		h := New(Options{Memory: 64, Iterations: 1, Concurrent: 1})
		h.turns <- struct{}{}
		return h, func() { <-h.turns }
	}
	t.Run("no more hashes are made at a time than there is memory for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h, giveBack := taken()
			done := make(chan error, 1)
			go func() {
				_, err := h.Hash(t.Context(), "correct horse")
				done <- err
			}()
			synctest.Wait()
			if len(done) > 0 {
				t.Fatal("it did not wait")
			}
			giveBack()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Run("a caller whose time is over waits no longer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h, _ := taken()
			ctx, cancel := context.WithTimeout(t.Context(), minute)
			defer cancel()
			started := time.Now()
			if _, _, err := h.Verify(ctx, "correct horse", ""); !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != minute {
				t.Error(err, time.Since(started))
			}
		})
	})
	t.Run("a caller that went away gets no turn", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := New(Options{Memory: 64}).Hash(ctx, "correct horse"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Run("only so many wait; who comes then hears at once that there are too many", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := New(Options{Memory: 64, Iterations: 1, Concurrent: 1, Waiting: 2})
			h.turns <- struct{}{}
			done := make(chan error, 3)
			for range 3 { // the one that would have the turn, and two that wait for it
				go func() {
					_, err := h.Hash(t.Context(), "correct horse")
					done <- err
				}()
			}
			synctest.Wait()
			if _, err := h.Hash(t.Context(), "correct horse"); !errors.Is(err, password.ErrBusy) {
				t.Error(err)
			}
			if _, _, err := h.Verify(t.Context(), "correct horse", ""); !errors.Is(err, password.ErrBusy) {
				t.Error(err)
			}
			<-h.turns
			for range 3 {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
			if _, err := h.Hash(t.Context(), "correct horse"); err != nil {
				t.Error("their places were not given back:", err)
			}
		})
	})
	t.Run("turns come back, also after errors", func(t *testing.T) {
		h := New(Options{Memory: 64, Iterations: 1, Concurrent: 1})
		for range 3 {
			if _, _, err := h.Verify(t.Context(), "correct horse", "no hash"); err == nil {
				t.Fatal("no error")
			}
			if _, err := h.Hash(t.Context(), "correct horse"); err != nil {
				t.Fatal(err)
			}
		}
	})
}
