package contract

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/bus"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/trace"
)

// EventStore keeps events on their way, and what consumers did with them.
type EventStore interface {
	event.Outbox
	bus.Outbox
	bus.Inbox

	Backlog(ctx context.Context) (waiting int64, oldest time.Duration, err error)
	Oldest(ctx context.Context) (time.Duration, error)
	Parked(ctx context.Context) (int64, error)
	Resend(ctx context.Context, consumer string, id ident.EventID) error
	ForgetConsumed(ctx context.Context, before time.Time) (int64, error)
}

// Events is what a store of events promises.
func Events(t *testing.T, open func(t *testing.T) sqldb.DB, over func(db sqldb.DB, now func() time.Time) EventStore) {
	runOffices(t, open, over, map[string]func(*office){
		"an event is claimed as it was appended":                  (*office).roundTrip,
		"an event of a transaction that failed never happened":    (*office).rolledBack,
		"an event that is not in the catalog fails":               (*office).unknown,
		"a claimed event is nobody else's until its time":         (*office).leases,
		"topics can be passed over":                               (*office).except,
		"many claimers claim an event once":                       (*office).claimers,
		"a delayed event comes back after what its attempts cost": (*office).delays,
		"the backlog knows the age of the oldest":                 (*office).backlog,
		"a commit wakes, and nothing else does":                   (*office).wakes,
		"an event is consumed once by each consumer":              (*office).consumes,
		"of two who consume at a time one waits for the other":    (*office).consumesTogether,
		"a parked event is done with, until it is sent again":     (*office).resends,
		"what may be delivered again is not forgotten":            (*office).forgets,
	})
}

func runOffices(t *testing.T, open func(t *testing.T) sqldb.DB, over func(db sqldb.DB, now func() time.Time) EventStore, rules map[string]func(*office)) {
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			o := &office{t: t, db: open(t), clock: &movable{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
			o.open = func() EventStore { return over(o.db, o.clock.now) }
			o.EventStore = o.open()
			o.ids = newIDs(o.clock.now)
			rule(o)
		})
	}
}

// office is a store of events to try things on.
type office struct {
	EventStore
	t     *testing.T
	db    sqldb.DB
	open  func() EventStore // as another process has it
	wire  func() Wire       // of one process more; of the suite of the bus
	clock *movable
	ids   *ident.Source
}

const (
	topicPublished = "content.post.published.v1"
	topicEnded     = "subscriptions.subscription.ended.v1"
	eventLease     = time.Minute
)

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) published() content.PostPublished {
	return content.PostPublished{
		Post: ident.New[ident.PostID](o.ids), Author: ident.New[ident.AccountID](o.ids), Tags: []string{"사진"}, PublishedAt: o.clock.now(),
	}
}

func (o *office) ended() subscriptions.Unsubscribed {
	return subscriptions.Unsubscribed{
		Subscriber: ident.New[ident.AccountID](o.ids), Creator: ident.New[ident.AccountID](o.ids), At: o.clock.now(),
	}
}

func (o *office) append(events ...any) {
	o.t.Helper()
	o.must(o.Append(o.t.Context(), events...))
}

func (o *office) claim(limit int, except ...string) []event.Envelope {
	o.t.Helper()
	events, err := o.Claim(o.t.Context(), limit, o.clock.now().Add(eventLease), except)
	o.must(err)
	return events
}

func (o *office) claimOne() event.Envelope {
	o.t.Helper()
	events := o.claim(10)
	if len(events) != 1 {
		o.t.Fatalf("claimed %d events, not one", len(events))
	}
	return events[0]
}

func (o *office) roundTrip() {
	ctx := trace.With(o.t.Context(), "4bf92f3577b34da6")
	e := o.published()
	o.must(o.Append(ctx, e, o.ended()))
	o.must(o.Append(ctx))
	first := o.claim(1)
	if len(first) != 1 {
		o.t.Fatalf("claimed %d events with a limit of one", len(first))
	}
	want := event.Envelope{
		ID: first[0].ID, Delivery: first[0].ID, Topic: topicPublished, OccurredAt: o.clock.now(), TraceID: "4bf92f3577b34da6",
		Payload: []byte(`{"post_id":"` + e.Post.String() + `","author_id":"` + e.Author.String() +
			`","tags":["사진"],"merged":false,"published_at":"2026-03-01T12:00:00Z"}`),
	}
	if diff := cmp.Diff(want, first[0]); diff != "" || first[0].ID.IsZero() {
		o.t.Error(diff)
	}
	second := o.claimOne()
	if second.Topic != topicEnded || second.ID == first[0].ID {
		o.t.Errorf("%+v", second)
	}
	o.must(o.Sent(ctx, first[0]))
	o.must(o.Sent(ctx, first[0]))
	o.clock.advance(eventLease)
	if again := o.claimOne(); again.ID != second.ID {
		o.t.Errorf("%+v", again)
	}
}

func (o *office) rolledBack() {
	_ = o.db.Do(o.t.Context(), func(ctx context.Context) error {
		o.must(o.Append(ctx, o.published()))
		return errors.New("changed my mind")
	})
	if events := o.claim(10); len(events) != 0 {
		o.t.Errorf("%+v", events)
	}
}

func (o *office) unknown() {
	err := o.db.Do(o.t.Context(), func(ctx context.Context) error {
		return o.Append(ctx, o.published(), struct{ Secret string }{})
	})
	if err == nil || len(o.claim(10)) != 0 {
		o.t.Errorf("appended with %v", err)
	}
}

func (o *office) leases() {
	ctx := o.t.Context()
	o.append(o.published())
	e := o.claimOne()
	o.clock.advance(eventLease - time.Second)
	if events := o.claim(10); len(events) != 0 {
		o.t.Errorf("claimed twice: %+v", events)
	}
	o.must(o.Keep(ctx, []event.Envelope{e}, o.clock.now().Add(eventLease)))
	o.must(o.Keep(ctx, nil, o.clock.now()))
	o.clock.advance(eventLease - time.Second)
	if events := o.claim(10); len(events) != 0 {
		o.t.Errorf("kept, and yet claimed: %+v", events)
	}
	o.clock.advance(time.Second)
	if again := o.claimOne(); again.ID != e.ID {
		o.t.Errorf("%+v", again)
	}
}

func (o *office) except() {
	o.append(o.published(), o.ended(), o.published())
	if events := o.claim(10, topicPublished, "other"); len(events) != 1 || events[0].Topic != topicEnded {
		o.t.Errorf("%+v", events)
	}
	if events := o.claim(10, topicPublished, topicEnded); len(events) != 0 {
		o.t.Errorf("%+v", events)
	}
	if events := o.claim(10); len(events) != 2 {
		o.t.Errorf("%+v", events)
	}
}

func (o *office) claimers() {
	const count = 100
	for range count {
		o.append(o.published())
	}
	var mu sync.Mutex
	seen := map[ident.EventID]int{}
	var all sync.WaitGroup
	for range 10 {
		store := o.open()
		all.Go(func() {
			for idle := 0; idle < 3; {
				events, err := store.Claim(o.t.Context(), 7, o.clock.now().Add(eventLease), nil)
				if err != nil {
					o.t.Errorf("claim: %v", err)
					return
				}
				if len(events) == 0 {
					idle++
					time.Sleep(time.Millisecond)
				}
				mu.Lock()
				for _, e := range events {
					seen[e.ID]++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for id, n := range seen {
		if n != 1 {
			o.t.Errorf("%s was claimed %d times", id, n)
		}
	}
	if len(seen) != count {
		o.t.Errorf("%d of %d events were claimed", len(seen), count)
	}
}

func (o *office) delays() {
	ctx := o.t.Context()
	o.append(o.published())
	var attempts []int
	pause := func(n int) time.Duration {
		attempts = append(attempts, n)
		return time.Duration(n) * time.Hour
	}
	for n := 1; n <= 3; n++ {
		o.must(o.Delay(ctx, o.claimOne(), pause, "the broker is away"))
		o.clock.advance(time.Duration(n)*time.Hour - time.Second)
		if events := o.claim(10); len(events) != 0 {
			o.t.Errorf("claimed too soon: %+v", events)
		}
		o.clock.advance(time.Second)
	}
	e := o.claimOne()
	o.must(o.Sent(ctx, e))
	o.must(o.Delay(ctx, e, pause, "by a relay that was overtaken"))
	if diff := cmp.Diff([]int{1, 2, 3}, attempts); diff != "" {
		o.t.Error(diff)
	}
}

func (o *office) backlog() {
	want := func(waiting int64, oldest time.Duration) {
		o.t.Helper()
		n, age, err := o.Backlog(o.t.Context())
		o.must(err)
		if n != waiting || age != oldest {
			o.t.Errorf("%d wait, the oldest for %v; want %d and %v", n, age, waiting, oldest)
		}
		if age, err := o.Oldest(o.t.Context()); err != nil || age != oldest {
			o.t.Errorf("the oldest waits for %v, not %v: %v", age, oldest, err)
		}
	}
	want(0, 0)
	o.append(o.published())
	o.clock.advance(90 * time.Second)
	o.append(o.published())
	want(2, 90*time.Second)
	first := o.claim(1)
	o.must(o.Delay(o.t.Context(), first[0], func(int) time.Duration { return time.Hour }, "the broker is away"))
	o.clock.advance(30 * time.Second)
	want(2, 2*time.Minute)
	o.must(o.Sent(o.t.Context(), first[0]))
	want(1, 30*time.Second)
}

func (o *office) wakes() {
	_ = o.db.Do(o.t.Context(), func(ctx context.Context) error {
		o.must(o.Append(ctx, o.published()))
		return errors.New("changed my mind")
	})
	o.must(o.Append(o.t.Context()))
	if o.woken() {
		o.t.Error("woken for nothing")
	}
	o.must(o.db.Do(o.t.Context(), func(ctx context.Context) error {
		o.must(o.Append(ctx, o.published()))
		if o.woken() {
			o.t.Error("woken before the commit")
		}
		return nil
	}))
	if !o.woken() || o.woken() {
		o.t.Error("one commit wakes once")
	}
}

// consume is what a consumer does, and whether it was the first time.
func (o *office) consume(consumer string, id ident.EventID) bool {
	o.t.Helper()
	var fresh []ident.EventID
	o.must(o.db.Do(o.t.Context(), func(ctx context.Context) (err error) {
		fresh, err = o.Consume(ctx, consumer, id)
		return err
	}))
	return slices.Equal(fresh, []ident.EventID{id})
}

func (o *office) consumes() {
	id, other := ident.New[ident.EventID](o.ids), ident.New[ident.EventID](o.ids)
	_ = o.db.Do(o.t.Context(), func(ctx context.Context) error {
		fresh, err := o.Consume(ctx, "fan-out", id)
		if err != nil || len(fresh) != 1 {
			o.t.Error(fresh, err)
		}
		return errors.New("the handler failed")
	})
	got := []bool{o.consume("fan-out", id), o.consume("fan-out", id), o.consume("search", id), o.consume("fan-out", other)}
	if !slices.Equal(got, []bool{true, false, true, true}) {
		o.t.Errorf("fresh: %v", got)
	}
	o.must(o.db.Do(o.t.Context(), func(ctx context.Context) error {
		more := ident.New[ident.EventID](o.ids)
		fresh, err := o.Consume(ctx, "search", id, more, other, more)
		slices.SortFunc(fresh, ident.EventID.Compare)
		if want := []ident.EventID{other, more}; !slices.Equal(fresh, want) {
			o.t.Errorf("of four, of which one was consumed and two are the same: %v, not %v", fresh, want)
		}
		return err
	}))
}

func (o *office) consumesTogether() {
	id := ident.New[ident.EventID](o.ids)
	var all sync.WaitGroup
	fresh := make([]bool, 8)
	for i := range fresh {
		all.Go(func() {
			if err := o.db.Do(o.t.Context(), func(ctx context.Context) (err error) {
				left, err := o.Consume(ctx, "fan-out", id)
				if fresh[i] = len(left) == 1; fresh[i] && i%2 == 0 {
					fresh[i] = false
					err = errors.New("the handler failed")
				}
				return err
			}); err != nil && i%2 == 1 {
				o.t.Errorf("consume: %v", err)
			}
		})
	}
	all.Wait()
	n := 0
	for _, f := range fresh {
		if f {
			n++
		}
	}
	if n != 1 {
		o.t.Errorf("%d of them were the first", n)
	}
}

func (o *office) resends() {
	ctx := o.t.Context()
	parked := func(want int64) {
		o.t.Helper()
		if n, err := o.Parked(ctx); err != nil || n != want {
			o.t.Errorf("%d are parked, %v; want %d", n, err, want)
		}
	}
	parked(0)
	o.append(o.published())
	e := o.claimOne()
	o.must(o.Park(ctx, "fan-out", e, "division by zero"))
	o.must(o.Park(ctx, "fan-out", e, "in another process, too"))
	o.must(o.Park(ctx, "search", e, "no room"))
	parked(2)
	if o.consume("fan-out", e.ID) || !o.consume("mail", e.ID) {
		o.t.Error("parked by one consumer means done, for that one alone")
	}
	o.must(o.Park(ctx, "mail", e, "handled in another process meanwhile"))
	parked(2)

	refused := func(consumer string, want string) {
		o.t.Helper()
		if err := o.Resend(ctx, consumer, e.ID); err == nil || !errors.Is(err, errCode(want)) {
			o.t.Errorf("resend answers %v, not %s", err, want)
		}
	}
	refused("fan-out", "events.under-way")
	o.must(o.Sent(ctx, e))
	refused("mail", "events.not-parked")
	for o.woken() {
	}
	o.must(o.Resend(ctx, "fan-out", e.ID))
	if !o.woken() {
		o.t.Error("the relay is not told")
	}
	parked(1)
	again := o.claimOne()
	o.t.Run("a relay that was slow to publish it the first time takes nothing off", func(t *testing.T) {
		no := func(int) time.Duration { return -time.Hour }
		if again.Delivery == e.Delivery {
			t.Error("the two sendings cannot be told apart")
		}
		o.must(o.Sent(ctx, e))
		o.must(o.Delay(ctx, e, no, "by the slow one"))
		o.must(o.Keep(ctx, []event.Envelope{e}, o.clock.now()))
		if n, _, err := o.Backlog(ctx); n != 1 || err != nil || len(o.claim(10)) != 0 {
			t.Errorf("%d wait, %v", n, err)
		}
	})
	e.Delivery = again.Delivery
	if diff := cmp.Diff(e, again); diff != "" {
		o.t.Error(diff)
	}
	o.must(o.Sent(ctx, again))
	if n, _, err := o.Backlog(ctx); n != 0 || err != nil {
		o.t.Errorf("%d wait, %v", n, err)
	}
	if !o.consume("fan-out", e.ID) || o.consume("search", e.ID) || o.consume("mail", e.ID) {
		o.t.Error("sent again to one consumer means new, for that one alone")
	}
	refused("fan-out", "events.not-parked")
}

func (o *office) forgets() {
	ctx := o.t.Context()
	o.append(o.published(), o.published(), o.published())
	all := o.claim(10)
	waits, parked, done := all[0], all[1], all[2]
	for _, e := range all {
		o.consume("fan-out", e.ID)
	}
	o.must(o.Park(ctx, "search", parked, "no room"))
	o.must(o.Sent(ctx, parked))
	o.must(o.Sent(ctx, done))
	o.clock.advance(time.Hour)
	o.consume("search", done.ID)
	for want := int64(1); want >= 0; want-- {
		if n, err := o.ForgetConsumed(ctx, o.clock.now()); err != nil || n != want {
			o.t.Errorf("forgot %d, %v; want %d", n, err, want)
		}
	}
	got := []bool{o.consume("fan-out", waits.ID), o.consume("fan-out", parked.ID), o.consume("fan-out", done.ID), o.consume("search", done.ID)}
	if !slices.Equal(got, []bool{false, false, true, false}) {
		o.t.Errorf("fresh: %v", got)
	}
}
