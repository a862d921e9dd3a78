package natsbus

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	waternats "github.com/ThreeDotsLabs/watermill-nats/v2/pkg/nats"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sajin-sns/sajin/ports/backoff"
)

// subscriber is one consumer of topics.
type subscriber struct {
	bus      *Bus
	consumer string

	mu     sync.Mutex
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	all    sync.WaitGroup
}

func newSubscriber(b *Bus, consumer string) *subscriber {
	s := &subscriber{bus: b, consumer: consumer}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

var errClosed = errors.New("the subscriber is closed")

// Subscribe takes messages of a topic until ctx ends or Close. It does not wait
// for the broker: messages come once it is there, and again when it was away.
func (s *subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil, errClosed
	}
	ctx, cancel := context.WithCancel(ctx)
	release := context.AfterFunc(s.ctx, cancel)
	sub := &subscription{
		bus: s.bus, consumer: s.consumer, topic: topic,
		out: make(chan *message.Message), places: make(chan struct{}, s.bus.o.InHand),
	}
	s.all.Go(func() {
		defer release()
		defer cancel()
		sub.run(ctx)
	})
	return sub.out, nil
}

// Close ends the subscriptions. What consumers have in hand they can still
// answer for.
func (s *subscriber) Close() error {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.all.Wait()
	return nil
}

// subscription is a consumer of one topic.
type subscription struct {
	bus             *Bus
	consumer, topic string
	out             chan *message.Message
	places          chan struct{}  // one for each message in hand
	offers          sync.WaitGroup // messages that nobody has taken yet
}

func (s *subscription) run(ctx context.Context) {
	defer close(s.out)
	defer s.offers.Wait()
	log := s.bus.o.Log.With("consumer", s.consumer, "topic", s.topic)
	for failures := 0; ctx.Err() == nil; {
		err := s.follow(ctx, &failures)
		if ctx.Err() != nil {
			return
		}
		failures++
		if _, lost := s.bus.state(); lost == nil { // otherwise that was said
			log.WarnContext(ctx, "the queue of a consumer is not to be had", "failures", failures, "error", s.bus.explain(err))
		}
		s.bus.rest(ctx, failures)
	}
}

// follow takes messages until the connection or the queue is lost.
func (s *subscription) follow(ctx context.Context, failures *int) error {
	asking, cancel := s.bus.whileConnected(ctx)
	defer cancel()
	queue, err := s.bus.queue(asking, s.consumer, s.topic)
	if err != nil {
		return err
	}
	for {
		select {
		case s.places <- struct{}{}:
		case <-asking.Done():
			return context.Cause(asking)
		}
		m, err := queue.Next(jetstream.FetchContext(asking))
		if err != nil {
			<-s.places
			if errors.Is(err, nats.ErrTimeout) && asking.Err() == nil { // there was none
				*failures = 0
				continue
			}
			return err
		}
		*failures = 0
		s.offers.Add(1)
		s.bus.taken.Go(func() {
			defer func() { <-s.places }()
			s.deliver(ctx, m)
		})
	}
}

// deliver hands a message to the consumer and tells the broker what it answers;
// meanwhile, that it is being worked on.
func (s *subscription) deliver(ctx context.Context, m jetstream.Msg) {
	offered := sync.OnceFunc(s.offers.Done)
	defer offered()
	log := s.bus.o.Log.With("consumer", s.consumer, "topic", s.topic)
	msg, err := (&waternats.NATSMarshaler{}).Unmarshal(&nats.Msg{Subject: m.Subject(), Header: m.Headers(), Data: m.Data()})
	if err != nil {
		log.ErrorContext(ctx, "a message that cannot be read is dropped", "error", err)
		s.answer(log, m.Term)
		return
	}
	msg.SetContext(ctx)
	log.DebugContext(ctx, "a message is offered", "event", msg.UUID)
	beat := time.NewTicker(s.bus.o.AckWait / 3)
	defer beat.Stop()
	out, closing := s.out, ctx.Done()
	for {
		select {
		case out <- msg:
			out, closing = nil, nil
			offered()
		case <-closing:
			s.answer(log, m.Nak) // for another process
			return
		case <-msg.Acked():
			s.answer(log, m.Ack)
			return
		case <-msg.Nacked():
			s.refused(ctx, log, m)
			return
		case <-beat.C:
			s.answer(log, m.InProgress)
		}
	}
}

// refused gives a message back: at once by a process that is stopping, after a
// growing pause otherwise.
func (s *subscription) refused(ctx context.Context, log *slog.Logger, m jetstream.Msg) {
	if ctx.Err() != nil {
		s.answer(log, m.Nak)
		return
	}
	failures := 1
	if meta, err := m.Metadata(); err == nil {
		failures = int(min(meta.NumDelivered, 100))
	}
	s.answer(log, func() error { return m.NakWithDelay(backoff.Pause(s.bus.o.Pause, s.bus.o.MaxPause, failures)) })
}

// answer tells the broker something. What it does not hear of is delivered
// again, and found to be done.
func (s *subscription) answer(log *slog.Logger, say func() error) {
	if err := say(); err != nil {
		log.Debug("the broker could not be told what became of a message", "error", err)
	}
}
