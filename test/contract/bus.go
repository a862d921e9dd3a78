package contract

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/bus"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/trace"
)

// Wires lays a wire for a test, that carries events from publishers to
// subscribers, and answers what every process has of it: its own end.
type Wires func(t *testing.T) func() Wire

// Wire is what a process has of a wire.
type Wire struct {
	Publisher   message.Publisher
	Subscribers bus.Subscribers
	Cut         func() // as when the process is killed: nothing goes over it any more
}

// InProcess are the wires of processes that know nothing of each other.
func InProcess(*testing.T) func() Wire {
	return func() Wire {
		p := bus.NewInProcess()
		return Wire{Publisher: p, Subscribers: p.Subscriber, Cut: func() { _ = p.Close() }}
	}
}

// Bus is what the way from an outbox to the handlers promises, over a real
// store of events.
func Bus(t *testing.T, open func(t *testing.T) sqldb.DB, over func(db sqldb.DB, now func() time.Time) EventStore, wires Wires) {
	with := func(rule func(*office)) func(*office) {
		return func(o *office) {
			o.wire = wires(o.t)
			rule(o)
		}
	}
	rules := map[string]func(*office){
		"every consumer of a topic handles an event once":          (*office).everyConsumer,
		"an event that is delivered twice is handled once":         (*office).deliveredTwice,
		"a handler knows the request that caused the event":        (*office).traced,
		"a handler that fails is tried again, and leaves no trace": (*office).triedAgain,
		"a poison event is parked, and holds up nobody":            (*office).poison,
		"events handled together are each handled once":            (*office).together,
		"two processes deliver every event, and handle it once":    (*office).twoProcesses,
		"what was being handled at a stop is handled after it":     (*office).stopped,
		"what cannot even be parked is delivered again":            (*office).cannotPark,
		"an event outlives a publisher that is away":               (*office).publisherAway,
		"two processes share the work":                             (*office).shared,
		"what a killed process had in hand goes to another":        (*office).killed,
	}
	for name, rule := range rules {
		rules[name] = with(rule)
	}
	runOffices(t, open, over, rules)
}

func errCode(code string) error { return fault.New(fault.Internal, code, "") }

func (o *office) woken() bool {
	select {
	case <-o.Wake():
		return true
	default:
		return false
	}
}

// effects makes the table that handlers write into.
func (o *office) effects() {
	ddl := `CREATE TABLE contract_effects (consumer text NOT NULL, event uuid NOT NULL)`
	if o.db.Dialect().Name == "sqlite" {
		ddl = strings.Replace(ddl, "uuid", "BLOB", 1) + " STRICT"
	}
	dbExec(o.t, o.t.Context(), o.db, ddl)
}

// effect is a handler that leaves a row.
func (o *office) effect(consumer, topic string) event.Handler {
	return event.Handler{Consumer: consumer, Topic: topic, Handle: func(ctx context.Context, e event.Envelope) error {
		_, err := o.db.Exec(ctx, `INSERT INTO contract_effects (consumer, event) VALUES ($1, $2)`, consumer, e.ID)
		return err
	}}
}

// had counts a consumer's effects, and on how many events.
func (o *office) had(consumer string) (effects, events int64) {
	o.t.Helper()
	o.must(o.db.QueryRow(o.t.Context(), `SELECT count(*), count(DISTINCT event) FROM contract_effects WHERE consumer = $1`, consumer).Scan(&effects, &events))
	return effects, events
}

// wantEffects waits for so many effects, and allows no more.
func (o *office) wantEffects(consumer string, want int64) {
	o.t.Helper()
	for start := time.Now(); time.Since(start) < soon; time.Sleep(2 * time.Millisecond) {
		if effects, _ := o.had(consumer); effects >= want {
			break
		}
	}
	if effects, events := o.had(consumer); effects != want || events != want {
		o.t.Errorf("%s had %d effects on %d events, not %d", consumer, effects, events, want)
	}
}

// process is a server as far as events go.
type process struct {
	*bus.Bus
	router *bus.Router
	wire   Wire
}

// start starts a process. Its clock is the real one.
func (o *office) start(handlers ...event.Handler) *process {
	o.t.Helper()
	return o.startOn(o.open(), o.wire(), handlers...)
}

func (o *office) startOn(store EventStore, wire Wire, handlers ...event.Handler) *process {
	o.t.Helper()
	o.clock.start()
	router, err := bus.NewRouter(wire.Subscribers, handlers, o.db, store, bus.RouterOptions{Pause: 20 * time.Millisecond, Attempts: 3, Grace: 50 * time.Millisecond})
	o.must(err)
	relay := bus.NewRelay(store, wire.Publisher, bus.RelayOptions{
		Poll: 10 * time.Millisecond, Lease: 2 * time.Second, Pause: 10 * time.Millisecond, Grace: 50 * time.Millisecond, Now: o.clock.now,
	})
	p := &process{bus.New(relay, router), router, wire}
	o.must(p.Start(o.t.Context()))
	o.t.Cleanup(func() { _ = p.stop() })
	return p
}

func (p *process) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	return p.Stop(ctx)
}

// until waits for something to come true.
func (o *office) until(what string, true func() bool) {
	o.t.Helper()
	for start := time.Now(); !true(); time.Sleep(2 * time.Millisecond) {
		if time.Since(start) > soon {
			o.t.Fatalf("in vain waited until %s", what)
		}
	}
}

func (o *office) delivered() {
	o.t.Helper()
	o.until("the outbox is empty", func() bool {
		n, _, err := o.Backlog(o.t.Context())
		o.must(err)
		return n == 0
	})
}

func (o *office) everyConsumer() {
	o.effects()
	p := o.start(o.effect("fan-out", topicPublished), o.effect("search", topicPublished), o.effect("search", topicEnded))
	for range 5 {
		o.append(o.published(), o.ended())
	}
	o.delivered()
	o.wantEffects("fan-out", 5)
	o.wantEffects("search", 10)

	// Nobody listens to what a process without handlers publishes.
	o.must(p.stop())
	p = o.start()
	o.append(o.published())
	o.delivered()
	o.must(p.stop())
}

func (o *office) deliveredTwice() {
	o.effects()
	p := o.start(o.effect("fan-out", topicPublished))
	id := ident.New[ident.EventID](o.ids).String()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			m := message.NewMessage(ident.New[ident.EventID](o.ids).String(), []byte(`{}`))
			m.Metadata.Set("event_id", id)
			m.Metadata.Set("occurred_at", "2026-03-01T12:00:00Z")
			m.Metadata.Set("trace_id", "")
			if err := p.wire.Publisher.Publish(topicPublished, m); err != nil {
				o.t.Error(err)
			}
		})
	}
	all.Wait()
	o.until("all four were answered for", func() bool { s := p.router.Stats()[0]; return s.Handled+s.Repeated == 4 })
	o.wantEffects("fan-out", 1)
	want := []bus.ConsumerStats{{Consumer: "fan-out", Topic: topicPublished, Handled: 1, Repeated: 3}}
	if diff := cmp.Diff(want, p.router.Stats()); diff != "" {
		o.t.Error(diff)
	}
}

func (o *office) traced() {
	got := make(chan event.Envelope, 1)
	o.start(event.Handler{Consumer: "fan-out", Topic: topicPublished, Handle: func(ctx context.Context, e event.Envelope) error {
		if trace.ID(ctx) != e.TraceID {
			o.t.Errorf("the context carries %q", trace.ID(ctx))
		}
		got <- e
		return nil
	}})
	before := o.clock.now().Truncate(time.Microsecond)
	o.must(o.Append(trace.With(o.t.Context(), "4bf92f3577b34da6"), o.published()))
	e := <-got
	if e.TraceID != "4bf92f3577b34da6" || e.Topic != topicPublished || e.OccurredAt.Before(before) || e.OccurredAt.After(o.clock.now()) {
		o.t.Errorf("%+v", e)
	}
	o.delivered()
}

func (o *office) triedAgain() {
	o.effects()
	var tries atomic.Int64
	h := o.effect("fan-out", topicPublished)
	write := h.Handle
	h.Handle = func(ctx context.Context, e event.Envelope) error {
		if err := write(ctx, e); err != nil {
			return err
		}
		switch tries.Add(1) {
		case 1:
			return errors.New("not yet")
		case 2:
			panic("not quite yet")
		}
		return nil
	}
	p := o.start(h)
	o.append(o.published())
	o.delivered()
	o.wantEffects("fan-out", 1)
	o.until("the handler has answered", func() bool { return p.router.Stats()[0].Handled > 0 })
	if s := p.router.Stats()[0]; s.Handled != 1 || s.Failed != 2 || s.Parked != 0 {
		o.t.Errorf("%+v", s)
	}
}

func (o *office) poison() {
	o.effects()
	o.append(o.published())
	poison := o.claimOne().ID
	o.clock.advance(eventLease)
	o.append(o.published(), o.published(), o.ended())

	bad := o.effect("fan-out", topicPublished)
	write := bad.Handle
	bad.Handle = func(ctx context.Context, e event.Envelope) error {
		if e.ID == poison {
			_ = write(ctx, e)
			panic("cannot read this")
		}
		return write(ctx, e)
	}
	p := o.start(bad, o.effect("search", topicPublished), o.effect("search", topicEnded))
	o.delivered()
	o.wantEffects("fan-out", 2)
	o.wantEffects("search", 4)
	o.until("it is parked", func() bool { return p.router.Stats()[0].Parked > 0 })
	if n, err := o.Parked(o.t.Context()); n != 1 || err != nil {
		o.t.Errorf("%d are parked, %v", n, err)
	}
	if s := p.router.Stats()[0]; s.Failed != 3 || s.Parked != 1 {
		o.t.Errorf("%+v", s)
	}

	// Mended and sent again, it reaches the one consumer that it did not reach.
	o.must(p.stop())
	o.must(o.Resend(o.t.Context(), "fan-out", poison))
	o.start(o.effect("fan-out", topicPublished), o.effect("search", topicPublished))
	o.delivered()
	o.wantEffects("fan-out", 3)
	o.wantEffects("search", 4)
}

func (o *office) together() {
	o.effects()
	poison := ident.EventID{}
	var most atomic.Int64
	h := o.effect("fan-out", topicPublished)
	one := h.Handle
	h.HandleAll = func(ctx context.Context, events []event.Envelope) error {
		most.Store(max(most.Load(), int64(len(events))))
		time.Sleep(20 * time.Millisecond) // others come meanwhile
		for _, e := range events {
			if err := one(ctx, e); err != nil {
				return err
			}
			if e.ID == poison {
				return errors.New("cannot do this")
			}
		}
		return nil
	}
	o.append(o.published())
	poison = o.claimOne().ID
	o.clock.advance(eventLease)
	for range 60 {
		o.append(o.published())
	}
	a, b := o.start(h), o.start(h)
	o.delivered()
	o.wantEffects("fan-out", 60)
	parked := func() int64 { return a.router.Stats()[0].Parked + b.router.Stats()[0].Parked }
	o.until("the bad one is parked", func() bool { return parked() > 0 })
	if n := a.router.Stats()[0].Handled + b.router.Stats()[0].Handled; n != 60 || parked() != 1 {
		o.t.Errorf("handled %d, parked %d", n, parked())
	}
	if most.Load() < 2 {
		o.t.Error("no two were handled together")
	}
}

func (o *office) twoProcesses() {
	o.effects()
	handlers := []event.Handler{o.effect("fan-out", topicPublished), o.effect("search", topicPublished)}
	one, two := o.start(handlers...), o.start(handlers...)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			store := o.open()
			for range 25 {
				if err := store.Append(o.t.Context(), o.published()); err != nil {
					o.t.Error(err)
				}
			}
		})
	}
	all.Wait()
	o.delivered()
	o.wantEffects("fan-out", 100)
	o.wantEffects("search", 100)
	o.must(one.stop())
	o.must(two.stop())
	if a, b := one.router.Stats()[0].Handled, two.router.Stats()[0].Handled; a+b != 100 {
		o.t.Errorf("they handled %d and %d", a, b)
	}
}

func (o *office) stopped() {
	o.effects()
	handling := make(chan struct{})
	slow := o.effect("fan-out", topicPublished)
	write := slow.Handle
	slow.Handle = func(ctx context.Context, e event.Envelope) error {
		if err := write(ctx, e); err != nil {
			return err
		}
		close(handling)
		<-ctx.Done()
		return ctx.Err()
	}
	p := o.start(slow)
	o.append(o.published())
	<-handling
	o.must(p.stop())
	o.wantEffects("fan-out", 0)
	o.start(o.effect("fan-out", topicPublished))
	o.delivered()
	o.wantEffects("fan-out", 1)
}

// unparking is a store that has no room for parked events, until the second is refused.
type unparking struct {
	EventStore
	refused atomic.Int64
}

func (s *unparking) Park(ctx context.Context, consumer string, e event.Envelope, cause string) error {
	if s.refused.Add(1) <= 2 {
		return errors.New("the disk is full")
	}
	return s.EventStore.Park(ctx, consumer, e, cause)
}

func (o *office) cannotPark() {
	store := &unparking{EventStore: o.open()}
	o.startOn(store, o.wire(), event.Handler{Consumer: "fan-out", Topic: topicPublished,
		Handle: func(context.Context, event.Envelope) error { return errors.New("the disk is full") }})
	o.append(o.published())
	o.until("it is parked after all", func() bool {
		n, err := o.Parked(o.t.Context())
		o.must(err)
		return n == 1
	})
	if n := store.refused.Load(); n != 3 {
		o.t.Errorf("it was tried %d times to park the event", n)
	}
}

// moody is a publisher that fails at first.
type moody struct {
	message.Publisher
	left atomic.Int64
}

func (p *moody) Publish(topic string, messages ...*message.Message) error {
	if left := p.left.Add(-1); left >= 0 {
		if left%2 == 0 {
			panic("nothing there")
		}
		return fmt.Errorf("the broker is away for %d more", left)
	}
	return p.Publisher.Publish(topic, messages...)
}

func (o *office) publisherAway() {
	o.effects()
	wire := o.wire()
	away := &moody{Publisher: wire.Publisher}
	away.left.Store(4)
	wire.Publisher = away
	o.startOn(o.open(), wire, o.effect("fan-out", topicPublished))
	o.append(o.published(), o.published())
	o.delivered()
	o.wantEffects("fan-out", 2)
}
