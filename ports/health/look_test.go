package health_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sajin-sns/sajin/ports/health"
)

func TestRound(t *testing.T) {
	broken := errors.New("broken")
	t.Run("what fails is found under its name, and what panics has failed", func(t *testing.T) {
		findings := health.NewRound([]health.Check{
			{Name: "good", Run: func(context.Context) error { return nil }},
			{Name: "bad", Optional: true, Run: func(context.Context) error { return broken }},
			{Name: "worse", Run: func(context.Context) error { panic("oh") }},
		}, time.Second).Look(t.Context())
		if f := findings[0]; f != (health.Finding{Name: "good"}) {
			t.Error(f)
		}
		if f := findings[1]; f.Name != "bad" || !f.Optional || !errors.Is(f.Err, broken) {
			t.Error(f)
		}
		if f := findings[2]; f.Name != "worse" || f.Err == nil {
			t.Error(f)
		}
	})
	t.Run("one that hangs is found in time, and holds nobody else up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			end := make(chan bool)
			var asked atomic.Int64
			r := health.NewRound([]health.Check{
				{Name: "hangs", Run: func(context.Context) error { asked.Add(1); <-end; return nil }},
				{Name: "listens", Run: func(ctx context.Context) error { <-ctx.Done(); return errors.Join(broken, ctx.Err()) }},
				{Name: "good", Run: func(context.Context) error { return nil }},
			}, 2*time.Second)
			started := time.Now()
			findings := r.Look(t.Context())
			if took := time.Since(started); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
			if !errors.Is(findings[0].Err, health.ErrSilent) || !errors.Is(findings[1].Err, broken) || findings[2].Err != nil {
				t.Error(findings)
			}
			if again := r.Look(t.Context()); !errors.Is(again[0].Err, health.ErrSilent) || asked.Load() != 1 {
				t.Errorf("%v, asked %d times", again[0].Err, asked.Load())
			}
			close(end)
			synctest.Wait()
			if again := r.Look(t.Context()); again[0].Err != nil || asked.Load() != 2 {
				t.Errorf("%v, asked %d times", again[0].Err, asked.Load())
			}
		})
	})
}
