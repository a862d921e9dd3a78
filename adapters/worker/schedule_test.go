package worker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sajin-sns/sajin/adapters/worker"
)

func TestSchedule(t *testing.T) {
	start := func(t *testing.T, log *slog.Logger, interval time.Duration, run func(ctx context.Context) error) *worker.Schedule {
		t.Helper()
		s := worker.NewSchedule(log)
		s.Every("forget", interval, run)
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s
	}
	stop := func(t *testing.T, s *worker.Schedule) {
		t.Helper()
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	t.Run("a chore comes round, first within a minute", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			var at []time.Time
			s := start(t, nil, 6*time.Hour, func(context.Context) error { at = append(at, time.Now()); return nil })
			time.Sleep(10 * 24 * time.Hour)
			stop(t, s)
			if len(at) < 37 || len(at) > 43 {
				t.Errorf("%d times in ten days", len(at))
			}
			if at[0].Sub(began) > time.Minute {
				t.Errorf("first after %v", at[0].Sub(began))
			}
			same := 0
			for i := 1; i < len(at); i++ {
				pause := at[i].Sub(at[i-1])
				if pause < 6*time.Hour*9/10 || pause > 6*time.Hour*11/10 {
					t.Errorf("a pause of %v", pause)
				}
				if pause == 6*time.Hour {
					same++
				}
			}
			if same > 1 {
				t.Error("always the same pause, in every process")
			}
		})
	})
	t.Run("it does not overtake itself", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			now, runs := 0, 0
			s := start(t, nil, time.Second, func(context.Context) error {
				if now++; now > 1 {
					t.Error("twice at a time")
				}
				time.Sleep(time.Minute)
				now--
				runs++
				return nil
			})
			time.Sleep(time.Hour)
			stop(t, s)
			if runs < 55 {
				t.Errorf("%d runs", runs)
			}
		})
	})
	for name, c := range map[string]struct{ interval, first, last time.Duration }{
		"often": {time.Second, 2 * time.Second, 90 * time.Minute},
		"daily": {24 * time.Hour, 90 * time.Second, 36 * time.Hour},
	} {
		t.Run("a failure is tried again soon, and then ever less often: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				var at []time.Time
				s := start(t, slog.New(slog.NewTextHandler(&log, nil)), c.interval, func(context.Context) error {
					if at = append(at, time.Now()); len(at)%2 == 0 {
						panic("out of soap")
					}
					return errors.New("out of water")
				})
				time.Sleep(20 * 24 * time.Hour)
				stop(t, s)
				n := len(at)
				if first, last := at[1].Sub(at[0]), at[n-1].Sub(at[n-2]); first > c.first || last > c.last || last < c.last/2 {
					t.Errorf("pauses from %v to %v", first, last)
				}
				if text := log.String(); strings.Count(text, "a chore failed") != n || !strings.Contains(text, "out of soap") || !strings.Contains(text, "out of water") {
					t.Errorf("%d failures were logged as %s", n, text)
				}
			})
		})
	}
	t.Run("a success makes up for the failures before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var at []time.Time
			s := start(t, nil, 24*time.Hour, func(context.Context) error {
				if at = append(at, time.Now()); len(at) == 5 {
					return nil
				}
				return errors.New("out of water")
			})
			time.Sleep(10 * 24 * time.Hour)
			stop(t, s)
			if pause := at[6].Sub(at[5]); pause > 2*time.Minute {
				t.Errorf("after the next failure a pause of %v", pause)
			}
		})
	})
	t.Run("stopping ends what runs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, nil, time.Hour, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			time.Sleep(2 * time.Minute)
			stop(t, s)
		})
	})
	t.Run("what does not end is reported", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			end := make(chan struct{})
			s := start(t, nil, time.Hour, func(context.Context) error { <-end; return nil })
			time.Sleep(2 * time.Minute)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := s.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			close(end)
		})
	})
	t.Run("a chore without an interval is refused", func(t *testing.T) {
		s := worker.NewSchedule(nil)
		s.Every("forget", 0, func(context.Context) error { return nil })
		if err := s.Start(t.Context()); err == nil {
			t.Error("accepted")
		}
	})
}
