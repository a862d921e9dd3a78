package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/backoff"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/trace"
	"github.com/sajin-sns/sajin/ports/tx"
)

// RouterOptions are what an operator may tune; zero values are the defaults.
type RouterOptions struct {
	Attempts int           // how often a handler is tried before its event is parked; 5
	Pause    time.Duration // after the first failure, then growing; 50 ms
	MaxPause time.Duration // at most; 5 s
	Timeout  time.Duration // for one attempt; 30 s
	Grace    time.Duration // for handlers that run when the router stops; 5 s
	Log      *slog.Logger

	Around Around // each attempt to handle an event, told its consumer, topic and id; nobody when nil
}

func (o *RouterOptions) defaults() {
	o.Attempts = cmp.Or(o.Attempts, 5)
	o.Pause = cmp.Or(o.Pause, 50*time.Millisecond)
	o.MaxPause = cmp.Or(o.MaxPause, 5*time.Second)
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.Grace = cmp.Or(o.Grace, 5*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Around == nil {
		o.Around = untold
	}
}

// Subscribers answers the subscriber of a consumer. A broker needs one for each,
// with a queue of its own; InProcess.Subscriber is the same for all.
type Subscribers func(consumer string) (message.Subscriber, error)

// Router delivers messages to the handlers of their topic, and makes of "at
// least once" what counts as once: a handler's transaction records that it was
// done, and does not happen a second time.
type Router struct {
	router    *message.Router
	consumers []*consumer
	runner    tx.Runner
	inbox     Inbox
	o         RouterOptions

	ctx     context.Context // of the handlers; they outlive the subscriptions by Grace
	cut     context.CancelFunc
	started bool
}

type consumer struct {
	event.Handler
	attempts                          gather[event.Envelope]
	handled, repeated, failed, parked atomic.Int64
}

// NewRouter makes a router. It closes the subscribers when it stops.
func NewRouter(subscribers Subscribers, handlers []event.Handler, runner tx.Runner, inbox Inbox, o RouterOptions) (*Router, error) {
	o.defaults()
	quiet := map[slog.Level]slog.Level{slog.LevelInfo: slog.LevelDebug, slog.LevelDebug: watermill.LevelTrace}
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: closeTimeout},
		watermill.NewSlogLoggerWithLevelMapping(o.Log, quiet))
	if err != nil {
		return nil, fmt.Errorf("event router: %w", err)
	}
	r := &Router{router: router, runner: runner, inbox: inbox, o: o}
	r.ctx, r.cut = context.WithCancel(context.Background())
	seen := map[string]bool{}
	for _, h := range handlers {
		name := h.Consumer + " " + h.Topic
		if h.Consumer == "" || h.Topic == "" || h.Handle == nil && h.HandleAll == nil || seen[name] {
			return nil, fmt.Errorf("event router: handler %q is incomplete or there twice", name)
		}
		seen[name] = true
		subscriber, err := subscribers(h.Consumer)
		if err != nil {
			return nil, fmt.Errorf("subscriber of %s: %w", h.Consumer, err)
		}
		c := &consumer{Handler: h}
		c.attempts = gather[event.Envelope]{lanes: lanes, most: 1, run: func(events []event.Envelope) error { return r.attempt(c, events) }}
		if h.HandleAll != nil {
			c.attempts.lanes, c.attempts.most, c.attempts.single = 1, together, lanes
		}
		r.consumers = append(r.consumers, c)
		router.AddConsumerHandler(name, h.Topic, subscriber, func(m *message.Message) error { return r.handle(c, m) })
	}
	return r, nil
}

// How many transactions a consumer may have at a time; one that handles events
// together has one, with as many of them in it.
const (
	lanes    = 4
	together = 32
)

// closeTimeout is Watermill's; Stop decides how long handlers have.
const closeTimeout = time.Hour

// ConsumerStats is what a consumer has done since the start.
type ConsumerStats struct {
	Consumer, Topic string
	Handled         int64
	Repeated        int64 // delivered again after it was done
	Failed          int64 // attempts
	Parked          int64
}

// Stats may be called at any time.
func (r *Router) Stats() []ConsumerStats {
	stats := make([]ConsumerStats, len(r.consumers))
	for i, c := range r.consumers {
		stats[i] = ConsumerStats{c.Consumer, c.Topic, c.handled.Load(), c.repeated.Load(), c.failed.Load(), c.parked.Load()}
	}
	return stats
}

// Start returns when every consumer listens. It may be called once.
func (r *Router) Start(ctx context.Context) error {
	ran := make(chan error, 1)
	go func() { ran <- r.router.Run(context.Background()) }()
	select {
	case <-r.router.Running():
		r.started = true
		return nil
	case err := <-ran:
		return fmt.Errorf("start event router: %w", err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop takes no message any more, waits for the handlers that run as long as
// Grace and ctx allow, and then ends their contexts. What they did not finish is
// delivered again, to whoever asks next.
func (r *Router) Stop(ctx context.Context) error {
	defer r.cut()
	if !r.started {
		return nil
	}
	closed := make(chan error, 1)
	go func() { closed <- r.router.Close() }()
	grace := time.NewTimer(r.o.Grace)
	defer grace.Stop()
	select {
	case err := <-closed:
		return err
	case <-grace.C:
	case <-ctx.Done():
	}
	r.cut()
	select {
	case err := <-closed:
		return err
	case <-ctx.Done():
		return fmt.Errorf("event handlers did not end: %w", ctx.Err())
	}
}

// handle sees a message through: nil means that it is done with, also when it
// had to be parked. An error gives it back.
func (r *Router) handle(c *consumer, m *message.Message) error {
	ctx := trace.With(r.ctx, m.Metadata.Get(metaTrace))
	e, err := decode(c.Topic, m)
	if err != nil {
		r.log(c, m).ErrorContext(ctx, "a message that no relay has sent is dropped", "error", err)
		return nil
	}
	for attempt := 1; ; attempt++ {
		err = c.attempts.do(e)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		c.failed.Add(1)
		r.log(c, m).WarnContext(ctx, "an event was not handled", "attempt", attempt, "error", err)
		if attempt >= r.o.Attempts {
			break
		}
		if !sleep(ctx, backoff.Pause(r.o.Pause, r.o.MaxPause, attempt)) {
			return err
		}
	}
	if parking := r.inbox.Park(ctx, c.Consumer, e, err.Error()); parking != nil {
		r.log(c, m).ErrorContext(ctx, "an event cannot be parked, and will be delivered again", "error", parking)
		return errors.Join(err, parking)
	}
	c.parked.Add(1)
	r.log(c, m).ErrorContext(ctx, "an event was parked: an operator has to look at it", "error", err)
	return nil
}

func (r *Router) log(c *consumer, m *message.Message) *slog.Logger {
	return r.o.Log.With("consumer", c.Consumer, "topic", c.Topic, "event", m.Metadata.Get(metaEvent))
}

// attempt handles events in a transaction, but for those that were handled before.
func (r *Router) attempt(c *consumer, events []event.Envelope) (err error) {
	ctx, cancel := context.WithTimeout(trace.With(r.ctx, events[0].TraceID), r.o.Timeout)
	defer cancel()
	ctx, end := r.o.Around(ctx, c.Consumer, c.Topic, events[0].ID.String())
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
		end(err)
	}()
	var fresh []event.Envelope
	err = r.runner.Do(ctx, func(ctx context.Context) (err error) {
		if fresh, err = r.consume(ctx, c, events); err != nil || len(fresh) == 0 {
			return err
		}
		if c.HandleAll != nil {
			err = c.HandleAll(ctx, fresh)
		} else {
			err = c.Handle(ctx, fresh[0])
		}
		failpoint.Hit("bus.event.handled")
		return err
	})
	failpoint.Hit("bus.event.consumed")
	if err != nil {
		if len(events) > 1 {
			r.o.Log.WarnContext(ctx, "events were not handled together, and are now one by one", "consumer", c.Consumer, "topic", c.Topic, "events", len(events), "error", err)
		}
		return err
	}
	c.handled.Add(int64(len(fresh)))
	c.repeated.Add(int64(len(events) - len(fresh)))
	return nil
}

// consume records that events are handled, and answers those that were not.
func (r *Router) consume(ctx context.Context, c *consumer, events []event.Envelope) (fresh []event.Envelope, err error) {
	ids := make([]ident.EventID, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	slices.SortFunc(ids, ident.EventID.Compare) // two processes that have the same ones take them in the same order
	left, err := r.inbox.Consume(ctx, c.Consumer, ids...)
	for _, e := range events {
		if i := slices.Index(left, e.ID); i >= 0 {
			fresh, left = append(fresh, e), slices.Delete(left, i, i+1)
		}
	}
	return fresh, err
}
