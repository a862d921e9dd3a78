package bus_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sajin-sns/sajin/adapters/bus"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
)

// ledger is an inbox in a map, and a transaction that is none.
type ledger struct {
	mu     sync.Mutex
	done   map[string]bool
	parked []string
}

func (l *ledger) Do(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func (l *ledger) Consume(_ context.Context, consumer string, ids ...ident.EventID) ([]ident.EventID, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(ids), func(id ident.EventID) bool { return l.done[consumer+id.String()] }), nil
}

func (l *ledger) Park(_ context.Context, consumer string, _ event.Envelope, cause string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parked = append(l.parked, consumer+": "+cause)
	return nil
}

func message7() *message.Message {
	m := message.NewMessage(ident.EventID{15: 7}.String(), nil)
	m.Metadata.Set("occurred_at", time.Now().Format(time.RFC3339Nano))
	m.Metadata.Set("event_id", m.UUID)
	return m
}

func TestRouter(t *testing.T) {
	start := func(t *testing.T, p *bus.InProcess, o bus.RouterOptions, handle func(ctx context.Context, e event.Envelope) error) (*bus.Router, *ledger) {
		t.Helper()
		l := &ledger{}
		r, err := bus.NewRouter(p.Subscriber, []event.Handler{{Consumer: "search", Topic: "a", Handle: handle}}, l, l, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		return r, l
	}
	rule := func(name string, test func(t *testing.T, p *bus.InProcess)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, bus.NewInProcess()) })
		})
	}
	stop := func(t *testing.T, r *bus.Router) {
		t.Helper()
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	rule("pauses between attempts grow, and then the event is parked", func(t *testing.T, p *bus.InProcess) {
		var at []time.Time
		r, l := start(t, p, bus.RouterOptions{}, func(context.Context, event.Envelope) error {
			at = append(at, time.Now())
			return errors.New("no room")
		})
		if err := p.Publish("a", message7()); err != nil {
			t.Error(err)
		}
		if len(at) != 5 || len(l.parked) != 1 || l.parked[0] != "search: no room" {
			t.Fatalf("tried %d times, then %v", len(at), l.parked)
		}
		for i := 2; i < len(at); i++ {
			if before, after := at[i-1].Sub(at[i-2]), at[i].Sub(at[i-1]); after < 2*before {
				t.Errorf("a pause of %v after one of %v", after, before)
			}
		}
		stop(t, r)
	})
	rule("an attempt that takes too long is ended", func(t *testing.T, p *bus.InProcess) {
		r, l := start(t, p, bus.RouterOptions{Attempts: 1, Timeout: time.Minute}, func(ctx context.Context, _ event.Envelope) error {
			<-ctx.Done()
			return ctx.Err()
		})
		began := time.Now()
		if err := p.Publish("a", message7()); err != nil || len(l.parked) != 1 || time.Since(began) != time.Minute {
			t.Errorf("%v, %v after %v", err, l.parked, time.Since(began))
		}
		stop(t, r)
	})
	rule("a message that no relay has sent is dropped", func(t *testing.T, p *bus.InProcess) {
		r, l := start(t, p, bus.RouterOptions{}, func(context.Context, event.Envelope) error {
			t.Error("handled")
			return nil
		})
		timeless := message7()
		timeless.Metadata = nil
		if err := p.Publish("a", message.NewMessage("no id", nil), timeless); err != nil || len(l.parked) != 0 {
			t.Error(err, l.parked)
		}
		stop(t, r)
	})
	// Watermill holds a mutex while it waits: these take the time they take.
	t.Run("stopping waits for handlers that run, and then ends them", func(t *testing.T) {
		p := bus.NewInProcess()
		running, ended := make(chan struct{}, 2), make(chan bool, 2)
		r, l := start(t, p, bus.RouterOptions{Attempts: 1, Grace: 300 * time.Millisecond}, func(ctx context.Context, e event.Envelope) error {
			running <- struct{}{}
			pause := 100 * time.Millisecond
			if e.ID != (ident.EventID{15: 7}) {
				pause = time.Hour
			}
			timer := time.NewTimer(pause)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
			ended <- ctx.Err() == nil
			return ctx.Err()
		})
		long := message7()
		long.Metadata.Set("event_id", ident.EventID{15: 8}.String())
		answers := make(chan error, 2)
		go func() { answers <- p.Publish("a", message7()) }()
		go func() { answers <- p.Publish("a", long) }()
		<-running
		<-running
		began := time.Now()
		stop(t, r)
		if took := time.Since(began); took < 300*time.Millisecond {
			t.Errorf("stopped after %v", took)
		}
		if first, second := <-ended, <-ended; !first || second {
			t.Errorf("in time: the short one %t, the long one %t", first, second)
		}
		if one, other := <-answers, <-answers; one == nil || other == nil || len(l.parked) != 0 {
			t.Error("who was stopped cannot answer for an event, and does not park it either")
		}
	})
	t.Run("a handler that does not listen is reported", func(t *testing.T) {
		p := bus.NewInProcess()
		running, end := make(chan struct{}), make(chan struct{})
		r, _ := start(t, p, bus.RouterOptions{Grace: time.Millisecond}, func(context.Context, event.Envelope) error {
			close(running)
			<-end
			return nil
		})
		go func() { _ = p.Publish("a", message7()) }()
		<-running
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := r.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		close(end)
	})
	t.Run("a handler that is incomplete or there twice is refused", func(t *testing.T) {
		handle := func(context.Context, event.Envelope) error { return nil }
		good := event.Handler{Consumer: "search", Topic: "a", Handle: handle}
		for _, handlers := range [][]event.Handler{
			{good, good}, {{Topic: "a", Handle: handle}}, {{Consumer: "search", Handle: handle}}, {{Consumer: "search", Topic: "a"}},
		} {
			if _, err := bus.NewRouter(bus.NewInProcess().Subscriber, handlers, nil, nil, bus.RouterOptions{}); err == nil {
				t.Errorf("accepted %+v", handlers)
			}
		}
	})
	t.Run("a subscriber that fails keeps the router from starting", func(t *testing.T) {
		closed := bus.NewInProcess()
		_ = closed.Close()
		handlers := []event.Handler{{Consumer: "search", Topic: "a", Handle: func(context.Context, event.Envelope) error { return nil }}}
		r, err := bus.NewRouter(closed.Subscriber, handlers, nil, nil, bus.RouterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b := bus.New(bus.NewRelay(newShelf(), closed, bus.RelayOptions{}), r)
		if err := b.Start(t.Context()); err == nil {
			t.Error("started")
		}
		if err := b.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		away := errors.New("the broker is away")
		if _, err := bus.NewRouter(func(string) (message.Subscriber, error) { return nil, away }, handlers, nil, nil, bus.RouterOptions{}); !errors.Is(err, away) {
			t.Error(err)
		}
	})
}

func TestBus(t *testing.T) {
	t.Run("stopping lets handlers that run answer for their events", func(t *testing.T) {
		s, p, l := newShelf(), bus.NewInProcess(), &ledger{}
		running := make(chan struct{})
		router, err := bus.NewRouter(p.Subscriber, []event.Handler{{Consumer: "search", Topic: "a", Handle: func(ctx context.Context, _ event.Envelope) error {
			close(running)
			time.Sleep(100 * time.Millisecond)
			return ctx.Err()
		}}}, l, l, bus.RouterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b := bus.New(bus.NewRelay(s, p, bus.RelayOptions{}), router)
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.put("a", 7)
		<-running
		if err := b.Stop(t.Context()); err != nil || s.left() != 0 {
			t.Errorf("%v, %d events left", err, s.left())
		}
	})
}
