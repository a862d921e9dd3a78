package worker_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/adapters/worker"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/jobs"
)

// shop is a real queue, in memory, under a clock that runs as fast as it can.
type shop struct {
	*sqlstore.Jobs
	t     *testing.T
	ids   *ident.Source
	other *sqlstore.Jobs // the queue as another process has it

	failing atomic.Bool // the queue does not answer
}

func inShop(t *testing.T, name string, test func(s *shop)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			db, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			if err := sqlite.Migrate(t.Context(), db); err != nil {
				t.Fatal(err)
			}
			ids := ident.NewSource(time.Now, rand.Reader)
			test(&shop{Jobs: sqlstore.NewJobs(db, ids, time.Now), t: t, ids: ids, other: sqlstore.NewJobs(db, ids, time.Now)})
		})
	})
}

var errSilent = errors.New("the queue does not answer")

func (s *shop) Claim(ctx context.Context, kinds []string, lease time.Duration) (jobs.Lease, bool, error) {
	if s.failing.Load() {
		return jobs.Lease{}, false, errSilent
	}
	return s.Jobs.Claim(ctx, kinds, lease)
}

func (s *shop) Extend(ctx context.Context, l jobs.Lease, by time.Duration) error {
	if s.failing.Load() {
		return errSilent
	}
	return s.Jobs.Extend(ctx, l, by)
}

func (s *shop) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) enqueue(kind string) {
	s.t.Helper()
	s.must(s.Enqueue(s.t.Context(), s.job(kind)))
}

func (s *shop) job(kind string) jobs.Job {
	return jobs.Job{Kind: kind, Subject: ident.New[ident.MediaID](s.ids), Owner: ident.New[ident.AccountID](s.ids)}
}

// empty fails unless no job is left, done or not.
func (s *shop) empty() {
	s.t.Helper()
	time.Sleep(24 * time.Hour)
	if depth, err := s.Depth(s.t.Context()); err != nil || len(depth) != 0 {
		s.t.Errorf("left in the queue: %+v, %v", depth, err)
	}
}

// open starts a pool, for the test to stop.
func (s *shop) open(o worker.Options, workers ...jobs.Worker) *worker.Pool {
	s.t.Helper()
	for i := range workers {
		if workers[i].GiveUp == nil {
			workers[i].GiveUp = func(ctx context.Context, l jobs.Lease, cause error) error {
				s.t.Errorf("given up: %v", cause)
				return s.Finish(ctx, l)
			}
		}
	}
	if o.Poll == 0 {
		o.Poll = 10 * time.Second // a day has fewer of them
	}
	p, err := worker.New(s, workers, o)
	s.must(err)
	s.must(p.Start(s.t.Context()))
	return p
}

func (s *shop) stop(p *worker.Pool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s.must(p.Stop(ctx))
}

func TestPlaces(t *testing.T) {
	inShop(t, "a kind has its places and keeps no other waiting", func(s *shop) {
		var now, most, mails atomic.Int64
		p := s.open(worker.Options{Limit: worker.Limit{Concurrency: 9}, Kinds: map[string]worker.Limit{"video": {Concurrency: 2}}},
			jobs.Worker{Kind: "video", Run: func(ctx context.Context, l jobs.Lease) error {
				most.Store(max(most.Load(), now.Add(1)))
				defer now.Add(-1)
				time.Sleep(10 * time.Minute)
				return s.Finish(ctx, l)
			}},
			jobs.Worker{Kind: "mail", Run: func(ctx context.Context, l jobs.Lease) error {
				mails.Add(1)
				return s.Finish(ctx, l)
			}})
		for range 7 {
			s.enqueue("video")
		}
		s.enqueue("mail")
		time.Sleep(time.Second)
		if mails.Load() != 1 {
			s.t.Error("the mail waits for the videos")
		}
		s.empty()
		if most.Load() != 2 {
			s.t.Errorf("%d videos at a time", most.Load())
		}
		if got := p.Stats()[0]; got != (worker.Stats{Kind: "video", Done: 7}) {
			s.t.Errorf("%+v", got)
		}
		s.stop(p)
	})
	inShop(t, "a commit of this process is noticed at once, one of another with the next poll", func(s *shop) {
		done := make(chan time.Time)
		p := s.open(worker.Options{Poll: time.Hour}, jobs.Worker{Kind: "mail", Run: func(ctx context.Context, l jobs.Lease) error {
			done <- time.Now()
			return s.Finish(ctx, l)
		}})
		time.Sleep(time.Second)
		asked := time.Now()
		s.enqueue("mail")
		if at := <-done; at != asked {
			s.t.Errorf("begun after %v", at.Sub(asked))
		}
		time.Sleep(time.Second)
		asked = time.Now()
		s.must(s.other.Enqueue(s.t.Context(), s.job("mail")))
		if took := (<-done).Sub(asked); took > 75*time.Minute {
			s.t.Errorf("begun after %v", took)
		}
		s.stop(p)
	})
	t.Run("a worker that is incomplete or there twice is refused", func(t *testing.T) {
		run := func(context.Context, jobs.Lease) error { return nil }
		up := func(context.Context, jobs.Lease, error) error { return nil }
		good := jobs.Worker{Kind: "mail", Run: run, GiveUp: up}
		for _, workers := range [][]jobs.Worker{
			{good, good}, {{Run: run, GiveUp: up}}, {{Kind: "mail", GiveUp: up}}, {{Kind: "mail", Run: run}},
		} {
			if _, err := worker.New(nil, workers, worker.Options{}); err == nil {
				t.Errorf("accepted %+v", workers)
			}
		}
	})
}

func TestFailures(t *testing.T) {
	inShop(t, "a panic is a failure like any other, and pauses grow", func(s *shop) {
		var at []time.Time
		var cause error
		p := s.open(worker.Options{}, jobs.Worker{
			Kind: "mail",
			Run: func(context.Context, jobs.Lease) error {
				at = append(at, time.Now())
				panic("no such letter")
			},
			GiveUp: func(ctx context.Context, l jobs.Lease, err error) error {
				cause = err
				return s.Finish(ctx, l)
			},
		})
		s.enqueue("mail")
		s.empty()
		if len(at) != jobs.MaxAttempts || cause == nil || !strings.Contains(cause.Error(), "no such letter") {
			s.t.Fatalf("tried %d times, then %v", len(at), cause)
		}
		for i, least := 1, 5*time.Second; i < len(at); i, least = i+1, 4*least {
			if pause := at[i].Sub(at[i-1]); pause < least {
				s.t.Errorf("a pause of %v, not %v, after %d failures", pause, least, i)
			}
		}
		s.stop(p)
	})
	inShop(t, "what trying again will not mend is given up at once", func(s *shop) {
		runs, causes := 0, []error{}
		broken := errors.New("no such address")
		p := s.open(worker.Options{}, jobs.Worker{
			Kind: "mail",
			Run: func(context.Context, jobs.Lease) error {
				runs++
				return errors.Join(errors.New("send"), jobs.Permanent{Err: broken})
			},
			GiveUp: func(ctx context.Context, l jobs.Lease, cause error) error {
				causes = append(causes, cause)
				return s.Finish(ctx, l)
			},
		})
		s.enqueue("mail")
		s.empty()
		if runs != 1 || len(causes) != 1 || !errors.Is(causes[0], broken) || p.Stats()[0].GivenUp != 1 {
			s.t.Errorf("%d runs, then %v", runs, causes)
		}
		s.stop(p)
	})
	inShop(t, "what killed its workers is given up without another run", func(s *shop) {
		s.enqueue("mail")
		for range jobs.MaxAttempts {
			if _, ok, err := s.Claim(s.t.Context(), []string{"mail"}, time.Minute); !ok || err != nil {
				s.t.Fatal(ok, err)
			}
			time.Sleep(time.Minute)
		}
		gaveUp := 0
		p := s.open(worker.Options{}, jobs.Worker{
			Kind:   "mail",
			Run:    func(context.Context, jobs.Lease) error { s.t.Error("run"); return nil },
			GiveUp: func(ctx context.Context, l jobs.Lease, _ error) error { gaveUp++; return s.Finish(ctx, l) },
		})
		s.empty()
		if gaveUp != 1 {
			s.t.Errorf("given up %d times", gaveUp)
		}
		s.stop(p)
	})
	inShop(t, "giving up is tried again, too", func(s *shop) {
		tries := 0
		p := s.open(worker.Options{}, jobs.Worker{
			Kind: "mail",
			Run:  func(context.Context, jobs.Lease) error { return jobs.Permanent{Err: errors.New("no such address")} },
			GiveUp: func(ctx context.Context, l jobs.Lease, _ error) error {
				if tries++; tries < 9 {
					panic("not now")
				}
				return s.Finish(ctx, l)
			},
		})
		s.enqueue("mail")
		s.empty()
		if tries != 9 {
			s.t.Errorf("tried %d times", tries)
		}
		s.stop(p)
	})
	inShop(t, "a queue that does not answer is asked ever less often", func(s *shop) {
		ran := make(chan time.Time, 1)
		s.failing.Store(true)
		p := s.open(worker.Options{}, jobs.Worker{Kind: "mail", Run: func(ctx context.Context, l jobs.Lease) error {
			ran <- time.Now()
			return s.Finish(ctx, l)
		}})
		s.enqueue("mail")
		time.Sleep(time.Hour)
		s.failing.Store(false)
		back := time.Now()
		if took := (<-ran).Sub(back); took > 2*time.Minute {
			s.t.Errorf("noticed %v after it was back", took)
		}
		s.stop(p)
	})
}

func TestLimits(t *testing.T) {
	inShop(t, "a run that takes too long is ended and tried again", func(s *shop) {
		var ends []time.Duration
		p := s.open(worker.Options{Limit: worker.Limit{Timeout: 10 * time.Minute}}, jobs.Worker{Kind: "video",
			Run: func(ctx context.Context, l jobs.Lease) error {
				if l.Attempt == 2 {
					return s.Finish(ctx, l)
				}
				start := time.Now()
				<-ctx.Done()
				ends = append(ends, time.Since(start))
				return ctx.Err()
			}})
		s.enqueue("video")
		s.empty()
		if !slices.Equal(ends, []time.Duration{10 * time.Minute}) {
			s.t.Errorf("ended after %v", ends)
		}
		if got := p.Stats()[0]; got.Done != 1 || got.Retried != 1 {
			s.t.Errorf("%+v", got)
		}
		s.stop(p)
	})
	inShop(t, "one that does not listen loses its job, and keeps its place", func(s *shop) {
		release := make(chan struct{})
		var mu sync.Mutex
		var finishes []error
		p := s.open(worker.Options{Limit: worker.Limit{Concurrency: 2, Timeout: time.Minute}}, jobs.Worker{Kind: "video",
			Run: func(_ context.Context, l jobs.Lease) error {
				if l.Attempt == 1 {
					<-release
				}
				err := s.Finish(context.Background(), l)
				mu.Lock()
				defer mu.Unlock()
				finishes = append(finishes, err)
				return err
			}})
		s.enqueue("video")
		time.Sleep(10 * time.Minute)
		if got := p.Stats()[0]; got.Running != 1 || got.Retried != 1 || got.Done != 1 {
			s.t.Errorf("%+v", got)
		}
		close(release)
		s.empty()
		if len(finishes) != 2 || finishes[0] != nil || !errors.Is(finishes[1], jobs.ErrLeaseLost) {
			s.t.Errorf("%v", finishes)
		}
		s.stop(p)
	})
	inShop(t, "a long run is kept, and ended when the queue has not answered for a lease", func(s *shop) {
		lost := make(chan time.Duration)
		p := s.open(worker.Options{Lease: time.Minute}, jobs.Worker{Kind: "video",
			Run: func(ctx context.Context, l jobs.Lease) error {
				if l.Attempt == 2 {
					return s.Finish(ctx, l)
				}
				time.Sleep(30 * time.Minute)
				if ctx.Err() != nil {
					s.t.Error("ended while the queue answered")
				}
				s.failing.Store(true)
				start := time.Now()
				<-ctx.Done()
				s.failing.Store(false)
				if !errors.Is(context.Cause(ctx), jobs.ErrLeaseLost) {
					s.t.Error(context.Cause(ctx))
				}
				lost <- time.Since(start)
				return ctx.Err()
			}})
		s.enqueue("video")
		if took := <-lost; took > time.Minute || took < 40*time.Second {
			s.t.Errorf("ended %v after the queue had fallen silent", took)
		}
		s.empty()
		if got := p.Stats()[0]; got != (worker.Stats{Kind: "video", Done: 1, Lost: 1}) {
			s.t.Errorf("%+v", got)
		}
		s.stop(p)
	})
}

func TestStop(t *testing.T) {
	sleeper := func(s *shop, runs *[]int) jobs.Worker {
		return jobs.Worker{Kind: "video", Run: func(ctx context.Context, l jobs.Lease) error {
			*runs = append(*runs, l.Attempt)
			select {
			case <-time.After(7 * time.Second):
				return s.Finish(ctx, l)
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
	}
	inShop(t, "what runs may end in time, and nothing new begins", func(s *shop) {
		var runs []int
		p := s.open(worker.Options{Limit: worker.Limit{Concurrency: 1}}, sleeper(s, &runs))
		s.enqueue("video")
		s.enqueue("video")
		time.Sleep(time.Second)
		s.stop(p)
		if got := p.Stats()[0]; got != (worker.Stats{Kind: "video", Done: 1}) {
			s.t.Errorf("%+v", got)
		}
	})
	inShop(t, "what does not is given back at once, and no attempt is counted", func(s *shop) {
		var runs []int
		p := s.open(worker.Options{Grace: 2 * time.Second}, sleeper(s, &runs))
		s.enqueue("video")
		time.Sleep(time.Second)
		start := time.Now()
		s.stop(p)
		if took := time.Since(start); took != 2*time.Second {
			s.t.Errorf("stopped after %v", took)
		}
		if got := p.Stats()[0]; got != (worker.Stats{Kind: "video", Released: 1}) {
			s.t.Errorf("%+v", got)
		}
		next := s.open(worker.Options{}, sleeper(s, &runs))
		time.Sleep(10 * time.Second)
		s.stop(next)
		if !slices.Equal(runs, []int{1, 1}) || next.Stats()[0].Done != 1 {
			s.t.Errorf("attempts %v, then %+v", runs, next.Stats())
		}
	})
	inShop(t, "one that never ends is reported", func(s *shop) {
		end := make(chan struct{})
		p := s.open(worker.Options{}, jobs.Worker{Kind: "video", Run: func(context.Context, jobs.Lease) error {
			<-end
			return errors.New("too late")
		}})
		s.enqueue("video")
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
		defer cancel()
		if err := p.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			s.t.Error(err)
		}
		close(end)
		synctest.Wait()
		if got := p.Stats()[0]; got != (worker.Stats{Kind: "video", Released: 1}) {
			s.t.Errorf("%+v", got)
		}
	})
	inShop(t, "a pool that never started stops", func(s *shop) {
		p, err := worker.New(s, nil, worker.Options{})
		s.must(err)
		s.stop(p)
	})
}
