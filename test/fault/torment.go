package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/sajin-sns/sajin/ports/failpoint"
)

// The kinds of faults.
const (
	killAnywhere = "kill -9 at a random moment"
	killAtPoint  = "kill -9 at a failpoint"
	restartDB    = "PostgreSQL killed and restarted"
	dropConns    = "connections to the database reset"
	halfOpen     = "connections to the database half open"
	fullDisk     = "disk for blobs full"
	pauseProcess = "process paused past its leases, another one takes over"
)

// step is a fault. Each ends with a kill, by itself or another one.
type step struct {
	kind  string
	point string // of killAtPoint, or where the process pauses; "": anywhere
	times int    // how often the process comes there before it happens
	tries int
}

// plan is what happens in a run of so many kills, in an order that the seed has.
func plan(random *rand.Rand, s *stage, kills int) []step {
	var steps []step
	some := max(1, kills/25)
	add := func(kind string) {
		for range some {
			steps = append(steps, step{kind: kind})
		}
	}
	if s.pg != nil {
		add(restartDB)
		add(dropConns)
		add(halfOpen)
		for n := range some {
			steps = append(steps, step{kind: pauseProcess, times: 1, point: []string{"media.renditions.put", "", "subscriptions.fan-out.delivered"}[n%3]})
		}
	}
	if s.small {
		add(fullDisk)
	}
	order := random.Perm(len(failpoint.Points))
	for n := 0; len(steps) < kills; n++ {
		if n%2 == 0 || n/2 >= 4*len(order) {
			point := failpoint.Points[order[n/2%len(order)]]
			steps = append(steps, step{kind: killAtPoint, point: point, times: 1 + random.IntN(3)})
		} else {
			steps = append(steps, step{kind: killAnywhere})
		}
	}
	random.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	return steps
}

// torturer does the steps.
type torturer struct {
	stage   *stage
	crowd   *crowd
	random  *rand.Rand
	report  *report
	address [2]string
	next    int
}

// torment runs the server on a database and answers what came of it.
func torment(ctx context.Context, o options, database string) (*report, error) {
	began := time.Now()
	s, err := newStage(ctx, o.Binary, database)
	if err != nil {
		return nil, err
	}
	defer s.lower()
	h, err := newHistory(filepath.Join(s.dir, "history.jsonl"))
	if err != nil {
		return nil, err
	}
	defer h.close()
	r := newReport(o, s, database)
	t := &torturer{stage: s, crowd: newCrowd(ctx, s, h, o.Seed), random: rand.New(rand.NewPCG(o.Seed, 0)), report: r}
	for i := range t.address {
		if t.address[i], err = free(); err != nil {
			return nil, err
		}
	}
	if err := t.up(ctx, ""); err != nil {
		return nil, err
	}
	if err := t.crowd.gather(o.Creators, o.Fans); err != nil {
		return nil, err
	}
	s.node.Load().kill()
	t.crowd.work()
	err = t.steps(ctx, o.Kills)
	if err == nil {
		err = t.up(ctx, "")
	}
	if err == nil {
		t.crowd.finish()
		if err = ctx.Err(); err == nil {
			err = check(ctx, t.crowd, r)
		}
	} else {
		t.crowd.stop.Store(true)
	}
	r.took = time.Since(began)
	r.measure(h, t.crowd)
	h.close()
	s.keep(o.Keep, database, err != nil || r.broken() > 0, r)
	return r, err
}

// steps does what is planned, and again what did not come about.
func (t *torturer) steps(ctx context.Context, kills int) error {
	steps := plan(t.random, t.stage, kills)
	for n := 0; n < len(steps); n++ {
		st := steps[n]
		armed := ""
		switch {
		case st.kind == killAtPoint:
			armed = fmt.Sprintf("kill:%s:%d", st.point, st.times)
		case st.point != "":
			armed = fmt.Sprintf("stop:%s:%d", st.point, st.times)
		}
		if err := t.up(ctx, armed); err != nil {
			return err
		}
		came, err := t.do(ctx, st)
		if err != nil {
			return fmt.Errorf("%s: %w", st.kind, err)
		}
		if !came && st.tries < 3 {
			steps = append(steps, step{kind: st.kind, point: st.point, times: 1, tries: st.tries + 1})
		}
		t.report.progress(n+1, len(steps))
	}
	return nil
}

// up starts a process, which is the one that is asked from then on.
func (t *torturer) up(ctx context.Context, armed string) error {
	address := t.address[t.next%len(t.address)]
	t.next++
	n, err := t.stage.start(ctx, address, armed)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	t.stage.node.Store(n)
	return nil
}

// keep saves what the processes said and people were told, if somebody is to look at it.
func (s *stage) keep(dir, database string, wrong bool, r *report) {
	if dir == "" {
		if !wrong {
			return
		}
		dir = os.TempDir()
	}
	dir = filepath.Join(dir, fmt.Sprintf("sajin-fault-%s-%d", database, r.seed))
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return
	}
	for _, name := range []string{"history.jsonl", "server.log"} {
		text, err := os.ReadFile(filepath.Join(s.dir, name))
		if err == nil {
			_ = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
	}
	r.kept = dir
}
