package bus_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sajin-sns/sajin/adapters/bus"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
)

// shelf is an outbox that remembers what it was asked.
type shelf struct {
	mu     sync.Mutex
	events []event.Envelope
	due    map[ident.EventID]time.Time
	claims map[ident.EventID]int
	asked  int // how often events were claimed
	broken bool
	wake   chan struct{}
}

func newShelf() *shelf {
	return &shelf{due: map[ident.EventID]time.Time{}, claims: map[ident.EventID]int{}, wake: make(chan struct{}, 1)}
}

// put adds events of a topic that are named by their number.
func (s *shelf) put(topic string, numbers ...byte) {
	s.mu.Lock()
	for _, n := range numbers {
		id := ident.EventID{15: n}
		s.events = append(s.events, event.Envelope{ID: id, Delivery: id, Topic: topic, OccurredAt: time.Now(), TraceID: "trace"})
		s.due[id] = time.Now()
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *shelf) Wake() <-chan struct{} { return s.wake }

func (s *shelf) Claim(_ context.Context, limit int, until time.Time, except []string) ([]event.Envelope, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.broken {
		return nil, errors.New("the database is away")
	}
	var claimed []event.Envelope
	for _, e := range s.events {
		if len(claimed) < limit && !s.due[e.ID].After(time.Now()) && !slices.Contains(except, e.Topic) {
			claimed = append(claimed, e)
			s.due[e.ID] = until
			s.claims[e.ID]++
		}
	}
	return claimed, nil
}

func (s *shelf) Keep(_ context.Context, events []event.Envelope, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		s.due[e.ID] = until
	}
	return nil
}

func (s *shelf) Sent(_ context.Context, sent ...event.Envelope) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = slices.DeleteFunc(s.events, func(e event.Envelope) bool {
		return slices.ContainsFunc(sent, func(gone event.Envelope) bool { return e.ID == gone.ID })
	})
	return nil
}

func (s *shelf) Delay(_ context.Context, e event.Envelope, pause func(int) time.Duration, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due[e.ID] = time.Now().Add(pause(s.claims[e.ID]))
	return nil
}

func (s *shelf) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

func (s *shelf) questions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *shelf) breaks(broken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = broken
}

// publisher is a function that publishes.
type publisher func(topic string, m *message.Message) error

func (p publisher) Publish(topic string, messages ...*message.Message) error {
	for _, m := range messages {
		if err := p(topic, m); err != nil {
			return err
		}
	}
	return nil
}

func (publisher) Close() error { return nil }

// journal is when what was published.
type journal struct {
	mu sync.Mutex
	at map[string][]time.Time // by topic
}

func (j *journal) note(topic string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.at == nil {
		j.at = map[string][]time.Time{}
	}
	j.at[topic] = append(j.at[topic], time.Now())
}

func (j *journal) of(topic string) []time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.at[topic])
}

// beforePoll is time enough for a relay to take a few breaths in.
const beforePoll = 400 * time.Millisecond

func TestRelay(t *testing.T) {
	rule := func(name string, test func(t *testing.T, s *shelf)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, newShelf()) })
		})
	}
	start := func(t *testing.T, s *shelf, o bus.RelayOptions, publish publisher) *bus.Relay {
		t.Helper()
		r := bus.NewRelay(s, publish, o)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		return r
	}
	stop := func(t *testing.T, r *bus.Relay) {
		t.Helper()
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	rule("a message says all of its event", func(t *testing.T, s *shelf) {
		got := make(chan *message.Message, 1)
		r := start(t, s, bus.RelayOptions{}, func(_ string, m *message.Message) error { got <- m; return nil })
		at := time.Now()
		s.put("a", 7)
		m := <-got
		if m.UUID != "00000000-0000-0000-0000-000000000007" || m.Metadata.Get("event_id") != m.UUID || m.Metadata.Get("trace_id") != "trace" ||
			m.Metadata.Get("occurred_at") != at.UTC().Format(time.RFC3339Nano) {
			t.Errorf("%s %v", m.UUID, m.Metadata)
		}
		if time.Now() != at {
			t.Error("a commit of this process has to wait for the poll")
		}
		stop(t, r)
		if s.left() != 0 || r.Stats() != (bus.RelayStats{Published: 1}) {
			t.Errorf("%d left, %+v", s.left(), r.Stats())
		}
	})
	rule("a slow topic leaves room for the others", func(t *testing.T, s *shelf) {
		var j journal
		release := make(chan struct{})
		r := start(t, s, bus.RelayOptions{Concurrency: 8}, func(topic string, _ *message.Message) error {
			j.note(topic)
			if topic == "slow" {
				<-release
			}
			return nil
		})
		s.put("slow", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
		synctest.Wait()
		s.put("quick", 20, 21, 22, 23, 24, 25, 26, 27, 28)
		time.Sleep(beforePoll)
		if quick := j.of("quick"); len(quick) != 9 {
			t.Errorf("quick ones were published at %v", quick)
		}
		if n := len(j.of("slow")); n < 2 || n > 4 {
			t.Errorf("the slow topic took %d of 8 places", n)
		}
		close(release)
		time.Sleep(beforePoll)
		if n := len(j.of("slow")); n != 16 || s.left() != 0 {
			t.Errorf("%d slow ones were published without waiting for a poll, %d are left", n, s.left())
		}
		stop(t, r)
	})
	rule("no more are published at a time than there is room for", func(t *testing.T, s *shelf) {
		var j journal
		release := make(chan struct{})
		r := start(t, s, bus.RelayOptions{Concurrency: 3}, func(topic string, _ *message.Message) error {
			j.note("any")
			<-release
			return nil
		})
		for n := byte(1); n < 10; n++ {
			s.put(string('a'+rune(n)), n)
		}
		synctest.Wait()
		if n := len(j.of("any")); n != 3 || r.Stats().UnderWay != 3 {
			t.Errorf("%d at a time, %+v", n, r.Stats())
		}
		close(release)
		time.Sleep(beforePoll)
		if s.left() != 0 {
			t.Errorf("%d left", s.left())
		}
		stop(t, r)
	})
	rule("the first is published at once, and what comes in the same breath a breath later", func(t *testing.T, s *shelf) {
		var j journal
		r := start(t, s, bus.RelayOptions{Breath: 20 * time.Millisecond}, func(topic string, _ *message.Message) error { j.note(topic); return nil })
		began := time.Now()
		for n := byte(1); n <= 5; n++ {
			s.put("a", n)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(beforePoll)
		if at := j.of("a"); len(at) != 5 || at[0] != began || at[1].Sub(began) != 20*time.Millisecond || at[4] != at[1] || s.questions() > 4 {
			t.Errorf("published at %v, asked %d times", at, s.questions())
		}
		stop(t, r)
	})
	rule("what takes long to publish is kept from other relays", func(t *testing.T, s *shelf) {
		var j journal
		slow := func(topic string, _ *message.Message) error {
			j.note(topic)
			time.Sleep(10 * time.Minute)
			return nil
		}
		one, two := start(t, s, bus.RelayOptions{}, slow), start(t, s, bus.RelayOptions{}, slow)
		s.put("a", 1)
		time.Sleep(11 * time.Minute)
		if n := len(j.of("a")); n != 1 || s.left() != 0 {
			t.Errorf("published %d times, %d left", n, s.left())
		}
		stop(t, one)
		stop(t, two)
	})
	rule("what cannot be published is tried again after growing pauses", func(t *testing.T, s *shelf) {
		var j journal
		r := start(t, s, bus.RelayOptions{}, func(topic string, _ *message.Message) error {
			j.note(topic)
			if topic == "good" {
				return nil
			}
			if len(j.of(topic))%2 == 0 {
				panic("no such broker")
			}
			return errors.New("the broker is away")
		})
		s.put("bad", 1)
		s.put("good", 2)
		time.Sleep(time.Hour)
		at := j.of("bad")
		if len(at) < 40 || len(at) > 70 {
			t.Errorf("tried %d times in an hour", len(at))
		}
		if first, later := at[1].Sub(at[0]), at[9].Sub(at[8]); first > 2*time.Second || later < time.Minute {
			t.Errorf("pauses from %v to %v", first, later)
		}
		if s.left() != 1 || len(j.of("good")) != 1 {
			t.Errorf("%d left, %d good ones", s.left(), len(j.of("good")))
		}
		stop(t, r)
	})
	rule("while there is nobody to publish to, nothing is claimed", func(t *testing.T, s *shelf) {
		var j journal
		var away atomic.Pointer[chan struct{}]
		gone := func() chan struct{} {
			back := make(chan struct{})
			away.Store(&back)
			return back
		}
		back := gone()
		r := start(t, s, bus.RelayOptions{Away: func() <-chan struct{} {
			if c := away.Load(); c != nil {
				return *c
			}
			return nil
		}}, func(topic string, _ *message.Message) error { j.note(topic); return nil })
		s.put("a", 1, 2)
		time.Sleep(time.Hour)
		if n := s.questions(); n != 0 || s.left() != 2 {
			t.Errorf("asked %d times, %d left", n, s.left())
		}
		began := time.Now()
		away.Store(nil)
		close(back)
		synctest.Wait()
		if at := j.of("a"); len(at) != 2 || at[1] != began || s.left() != 0 {
			t.Errorf("published at %v, %d left", at, s.left())
		}
		gone()
		stop(t, r) // without waiting for anybody
	})
	rule("an outbox that does not answer is asked ever less often", func(t *testing.T, s *shelf) {
		s.breaks(true)
		r := start(t, s, bus.RelayOptions{}, func(string, *message.Message) error { return nil })
		time.Sleep(time.Hour)
		if n := s.questions(); n > 70 {
			t.Errorf("asked %d times in an hour", n)
		}
		s.breaks(false)
		s.put("a", 1)
		time.Sleep(2 * time.Minute)
		if s.left() != 0 {
			t.Error("not noticed that it is back")
		}
		n := s.questions()
		time.Sleep(time.Minute)
		if polls := s.questions() - n; polls < 100 || polls > 121 {
			t.Errorf("asked %d times a minute", polls)
		}
		stop(t, r)
	})
	rule("stopping waits for what is being published, and for nothing else", func(t *testing.T, s *shelf) {
		r := start(t, s, bus.RelayOptions{Concurrency: 1}, func(string, *message.Message) error { time.Sleep(3 * time.Second); return nil })
		s.put("a", 1, 2)
		synctest.Wait()
		began := time.Now()
		stop(t, r)
		if took := time.Since(began); took != 3*time.Second || s.left() != 1 {
			t.Errorf("stopped after %v, %d left", took, s.left())
		}
	})
	rule("stopping does not wait for ever", func(t *testing.T, s *shelf) {
		end := make(chan struct{})
		r := start(t, s, bus.RelayOptions{}, func(string, *message.Message) error { <-end; return nil })
		s.put("a", 1)
		synctest.Wait()
		if err := r.Stop(context.Background()); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 events") {
			t.Error(err)
		}
		close(end)
		if err := bus.NewRelay(s, nil, bus.RelayOptions{}).Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
