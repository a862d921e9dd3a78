package bus

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/backoff"
	"github.com/sajin-sns/sajin/ports/event"
)

// RelayOptions are what an operator may tune; zero values are the defaults.
type RelayOptions struct {
	Concurrency int           // events being published at a time; 256
	Poll        time.Duration // how often to look for events of other processes; 500 ms
	Breath      time.Duration // after some were found, until the next look: what comes meanwhile is handled together; 10 ms
	Lease       time.Duration // after a crash, how long until another relay takes over; 30 s
	Pause       time.Duration // after the first failure to publish; 1 s, then growing
	MaxPause    time.Duration // at most; 1 min
	Grace       time.Duration // for what is being published when the relay stops; 5 s
	Now         func() time.Time
	Log         *slog.Logger

	// Away answers nil while there is somebody to publish to, and otherwise what
	// is closed once there may be: until then nothing is claimed, so that what
	// waits is neither tried in vain nor put off. There always is, by default.
	Away func() <-chan struct{}

	Around Around // each event while it is published, told its topic and id; nobody when nil
}

func (o *RelayOptions) defaults() {
	o.Concurrency = cmp.Or(o.Concurrency, 256)
	o.Poll = cmp.Or(o.Poll, 500*time.Millisecond)
	o.Breath = cmp.Or(o.Breath, 10*time.Millisecond)
	o.Lease = cmp.Or(o.Lease, 30*time.Second)
	o.Pause = cmp.Or(o.Pause, time.Second)
	o.MaxPause = cmp.Or(o.MaxPause, time.Minute)
	o.Grace = cmp.Or(o.Grace, 5*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Away == nil {
		o.Away = func() <-chan struct{} { return nil }
	}
	if o.Around == nil {
		o.Around = untold
	}
}

// Relay publishes the events of an outbox, each at least once. Several are
// published at a time; one topic cannot take all the room, so that a consumer
// that is slow holds up its own topic alone.
type Relay struct {
	outbox    Outbox
	publisher message.Publisher
	o         RelayOptions

	quit  context.CancelFunc // nil before Start
	ended chan struct{}      // closed when nothing is under way any more

	mu      sync.Mutex
	flights map[ident.EventID]event.Envelope // being published, by their deliveries
	freed   chan struct{}                    // receives when one of them is done

	sent              gather[event.Envelope] // what is to be taken off the outbox
	published, failed atomic.Int64
}

// NewRelay makes a relay. It closes nothing of what it was given.
func NewRelay(outbox Outbox, publisher message.Publisher, o RelayOptions) *Relay {
	o.defaults()
	r := &Relay{
		outbox: outbox, publisher: publisher, o: o,
		ended: make(chan struct{}), flights: map[ident.EventID]event.Envelope{}, freed: make(chan struct{}, 1),
	}
	r.sent = gather[event.Envelope]{lanes: 1, most: o.Concurrency, run: r.takeOff}
	return r
}

// RelayStats is what a relay has done since it started.
type RelayStats struct {
	Published, Failed int64
	UnderWay          int
}

// Stats may be called at any time.
func (r *Relay) Stats() RelayStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return RelayStats{Published: r.published.Load(), Failed: r.failed.Load(), UnderWay: len(r.flights)}
}

// Start begins to publish. It may be called once.
func (r *Relay) Start(context.Context) error {
	var ctx context.Context
	ctx, r.quit = context.WithCancel(context.Background())
	go r.run(ctx)
	return nil
}

// Stop claims nothing any more and waits for what is being published, as long
// as Grace and ctx allow. What is left then ends with the publisher.
func (r *Relay) Stop(ctx context.Context) error {
	if r.quit == nil {
		return nil
	}
	r.quit()
	ctx, cancel := context.WithTimeout(ctx, r.o.Grace)
	defer cancel()
	return r.wait(ctx)
}

func (r *Relay) wait(ctx context.Context) error {
	select {
	case <-r.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d events are still being published: %w", r.Stats().UnderWay, ctx.Err())
	}
}

func (r *Relay) run(ctx context.Context) {
	var flights sync.WaitGroup
	defer close(r.ended)
	defer flights.Wait()
	beat := time.NewTicker(r.o.Lease / 3)
	defer beat.Stop()
	poll := time.NewTicker(r.o.Poll)
	defer poll.Stop()

	for failures := 0; ctx.Err() == nil; {
		if back := r.o.Away(); back != nil {
			r.await(ctx, back, beat.C)
			continue
		}
		found, held, err := r.claim(ctx, &flights)
		switch {
		case err != nil && ctx.Err() == nil:
			failures++
			r.o.Log.ErrorContext(ctx, "events cannot be claimed", "error", err)
			poll.Reset(backoff.Pause(r.o.Poll, r.o.MaxPause, failures))
		case failures > 0:
			failures = 0
			poll.Reset(r.o.Poll)
		}
		if found {
			sleep(ctx, r.o.Breath)
		}
		r.rest(ctx, poll.C, beat.C, held, failures > 0)
	}
}

// claim starts to publish as many events as there is room for. It tells whether
// there were any, and whether there may be more that there was no room for.
func (r *Relay) claim(ctx context.Context, flights *sync.WaitGroup) (found, held bool, err error) {
	for {
		share := max(1, r.o.Concurrency/4) // of one topic, and what a claim brings on top
		room, full := r.room(share)
		if room == 0 {
			return found, true, nil
		}
		limit := min(room, share)
		events, err := r.outbox.Claim(ctx, limit, r.o.Now().Add(r.o.Lease), full)
		if err != nil {
			return found, false, err
		}
		found = found || len(events) > 0
		for _, e := range events {
			r.depart(e)
			flights.Go(func() { r.publish(e) })
		}
		if len(events) < limit {
			return found, len(full) > 0, nil
		}
	}
}

// await waits until somebody is back, and keeps what is under way meanwhile.
func (r *Relay) await(ctx context.Context, back <-chan struct{}, beat <-chan time.Time) {
	for {
		select {
		case <-beat:
			r.keep(ctx)
			continue
		case <-back:
		case <-ctx.Done():
		}
		return
	}
}

// rest waits until there may be something to claim.
func (r *Relay) rest(ctx context.Context, poll, beat <-chan time.Time, held, failing bool) {
	wake, freed := r.outbox.Wake(), (<-chan struct{})(r.freed)
	if failing {
		wake = nil
	}
	if failing || !held {
		freed = nil
	}
	for {
		select {
		case <-beat:
			r.keep(ctx)
			continue
		case <-ctx.Done():
		case <-poll:
		case <-wake:
		case <-freed:
		}
		return
	}
}
