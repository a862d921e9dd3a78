package main

import (
	"context"
	"time"
)

// moment is a random one, soon.
func (t *torturer) moment(from, to time.Duration) {
	time.Sleep(from + time.Duration(t.random.Int64N(int64(to-from))))
}

// do has a fault happen to the process that runs, and kills it in the end. came
// is false if it did not get to where it was to happen.
func (t *torturer) do(ctx context.Context, st step) (came bool, err error) {
	n := t.stage.node.Load()
	if st.kind == killAtPoint {
		return t.atPoint(n, st.point), nil
	}
	came = true
	switch st.kind {
	case restartDB:
		t.moment(100*time.Millisecond, time.Second)
		t.happened(st.kind)
		restart, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := t.stage.pg.Restart(restart); err != nil {
			return true, err
		}
		t.recover()
	case dropConns:
		t.moment(100*time.Millisecond, time.Second)
		t.happened(st.kind)
		t.stage.wire.drop()
		t.recover()
	case halfOpen:
		t.moment(100*time.Millisecond, time.Second)
		t.happened(st.kind)
		t.stage.wire.silence()
		t.recover()
	case fullDisk:
		t.moment(100*time.Millisecond, 500*time.Millisecond)
		free, err := t.stage.fill()
		t.moment(500*time.Millisecond, 1500*time.Millisecond)
		if free != nil {
			free()
		}
		if err != nil {
			return true, err
		}
		t.happened(st.kind)
		t.recover()
	case pauseProcess:
		came, err = t.pause(ctx, n, st.point)
	}
	if err == nil {
		t.moment(50*time.Millisecond, 900*time.Millisecond)
		t.kill(t.stage.node.Load())
	}
	return came, err
}

// pointWithin is how long a process may take to come to a failpoint.
const pointWithin = 8 * time.Second

func (t *torturer) atPoint(n *node, point string) bool {
	select {
	case <-n.hit:
		<-n.gone
		t.happened(killAtPoint)
		t.report.hits[point]++
		return true
	case <-time.After(pointWithin):
	}
	t.kill(n)
	return false
}

func (t *torturer) kill(n *node) {
	select {
	case <-n.gone:
		t.report.violates("the server ended by itself")
	default:
	}
	n.kill()
	t.happened(killAnywhere)
}

// happened notes a fault from which the server is to recover now.
func (t *torturer) happened(kind string) {
	t.report.faults = append(t.report.faults, occurrence{kind, time.Now()})
}

// recover waits until something works again.
func (t *torturer) recover() {
	since := time.Now()
	for time.Since(since) < 20*time.Second {
		if _, ok := t.crowd.history.recovered(since); ok {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// pause stops a process where it holds a lease, lets another one take over, and
// has the first one go on as if nothing had happened.
func (t *torturer) pause(ctx context.Context, first *node, point string) (came bool, err error) {
	if point == "" {
		t.moment(100*time.Millisecond, time.Second)
		first.pause()
	} else {
		select {
		case <-first.hit:
		case <-time.After(pointWithin):
			return false, nil
		}
	}
	t.happened(pauseProcess)
	if err := t.up(ctx, ""); err != nil {
		return true, err
	}
	time.Sleep(lease + time.Second)
	first.proceed()
	t.moment(200*time.Millisecond, 600*time.Millisecond)
	t.kill(first)
	return true, nil
}
