package contract

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sajin-sns/sajin/ports/event"
)

// shared goes on until each of two processes was given something.
func (o *office) shared() {
	o.effects()
	one, two := o.start(o.effect("fan-out", topicPublished)), o.start(o.effect("fan-out", topicPublished))
	appended := int64(0)
	o.until("both have handled events", func() bool {
		o.append(o.published(), o.published())
		appended += 2
		return one.router.Stats()[0].Handled > 0 && two.router.Stats()[0].Handled > 0
	})
	o.delivered()
	o.wantEffects("fan-out", appended)
	o.must(one.stop())
	o.must(two.stop())
	if a, b := one.router.Stats()[0], two.router.Stats()[0]; a.Handled+b.Handled != appended || a.Failed+b.Failed != 0 {
		o.t.Errorf("of %d events they handled %+v and %+v", appended, a, b)
	}
}

var errKilled = errors.New("the process was killed")

// mortal is the store as a process has it that is killed: from then on it
// writes nothing.
type mortal struct {
	EventStore
	dead atomic.Bool
}

func (s *mortal) alive() error {
	if s.dead.Load() {
		return errKilled
	}
	return nil
}

func (s *mortal) Claim(ctx context.Context, limit int, until time.Time, except []string) ([]event.Envelope, error) {
	if err := s.alive(); err != nil {
		return nil, err
	}
	return s.EventStore.Claim(ctx, limit, until, except)
}

func (s *mortal) Keep(ctx context.Context, events []event.Envelope, until time.Time) error {
	if err := s.alive(); err != nil {
		return err
	}
	return s.EventStore.Keep(ctx, events, until)
}

func (s *mortal) Sent(ctx context.Context, events ...event.Envelope) error {
	if err := s.alive(); err != nil {
		return err
	}
	return s.EventStore.Sent(ctx, events...)
}

func (s *mortal) Delay(ctx context.Context, e event.Envelope, pause func(int) time.Duration, why string) error {
	if err := s.alive(); err != nil {
		return err
	}
	return s.EventStore.Delay(ctx, e, pause, why)
}

func (s *mortal) Park(ctx context.Context, consumer string, e event.Envelope, cause string) error {
	if err := s.alive(); err != nil {
		return err
	}
	return s.EventStore.Park(ctx, consumer, e, cause)
}

func (o *office) killed() {
	o.effects()
	holding, end := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(end) })
	o.t.Cleanup(release)
	var once sync.Once
	stuck := event.Handler{Consumer: "fan-out", Topic: topicPublished, Handle: func(context.Context, event.Envelope) error {
		once.Do(func() { close(holding) })
		<-end
		return errKilled
	}}
	store, wire := &mortal{EventStore: o.open()}, o.wire()
	o.startOn(store, wire, stuck)
	o.append(o.published(), o.published(), o.published())
	<-holding
	store.dead.Store(true)
	wire.Cut()
	release() // its transaction ends with its connection
	o.start(o.effect("fan-out", topicPublished))
	o.delivered()
	o.wantEffects("fan-out", 3)
	if n, err := o.Parked(o.t.Context()); n != 0 || err != nil {
		o.t.Errorf("%d are parked, %v", n, err)
	}
}
