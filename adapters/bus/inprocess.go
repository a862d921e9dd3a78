package bus

import (
	"context"
	"errors"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"
)

// InProcess carries events within one process, from a Relay to the Router of
// the same server. Publish answers success only when every consumer of the
// topic has acknowledged: until then the event stays in the outbox, so that
// nothing is lost when the process dies.
//
// Watermill's own gochannel does not do for this. It answers success for what
// it dropped while it was being closed, delivers one event of a topic at a
// time, and sends what was refused again at once, for ever.
type InProcess struct {
	ctx   context.Context // ends with Close
	close context.CancelFunc

	mu     sync.RWMutex
	topics map[string][]*subscription
	ends   sync.WaitGroup
}

var (
	_ message.Publisher  = (*InProcess)(nil)
	_ message.Subscriber = (*InProcess)(nil)
)

// NewInProcess makes one without subscribers.
func NewInProcess() *InProcess {
	p := &InProcess{topics: map[string][]*subscription{}}
	p.ctx, p.close = context.WithCancel(context.Background())
	return p
}

var (
	errClosed  = errors.New("a consumer of the event has stopped")
	errRefused = errors.New("a consumer has refused the event")
)

// subscription is one consumer of a topic. It stays on the list when it has
// ended: what is published then would not reach its consumer, and so must fail.
type subscription struct {
	ctx context.Context
	in  chan *message.Message
}

// Publish delivers the messages, to all subscribers of the topic at the same
// time, and fails unless each of them acknowledges each message. A topic that
// nobody has subscribed to takes everything.
func (p *InProcess) Publish(topic string, messages ...*message.Message) error {
	p.mu.RLock()
	subscriptions := p.topics[topic]
	p.mu.RUnlock()
	for _, m := range messages {
		if p.ctx.Err() != nil {
			return errClosed
		}
		answers := make(chan error, len(subscriptions))
		for _, s := range subscriptions {
			go func() { answers <- s.deliver(m.Copy()) }()
		}
		var err error
		for range subscriptions {
			err = errors.Join(err, <-answers)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *subscription) deliver(m *message.Message) error {
	if s.ctx.Err() != nil {
		return errClosed
	}
	m.SetContext(s.ctx)
	select {
	case s.in <- m:
	case <-s.ctx.Done():
		return errClosed
	}
	select {
	case <-m.Acked():
		return nil
	case <-m.Nacked():
		return errRefused
	case <-s.ctx.Done():
		return errClosed
	}
}

// Subscribe makes one more consumer of the topic, for as long as ctx or until
// Close. Each subscriber gets every message, and may have many of them in hand
// at a time.
func (p *InProcess) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return nil, errClosed
	}
	ctx, end := context.WithCancel(ctx)
	s := &subscription{ctx: ctx, in: make(chan *message.Message)}
	out := make(chan *message.Message)
	p.topics[topic] = append(p.topics[topic], s)
	p.ends.Go(func() {
		defer context.AfterFunc(p.ctx, end)()
		defer end()
		defer close(out)
		for {
			select {
			case m := <-s.in:
				select {
				case out <- m:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	})
	return out, nil
}

// Subscriber is the bus itself, for every consumer; see Subscribers.
func (p *InProcess) Subscriber(string) (message.Subscriber, error) { return p, nil }

// Close ends every subscription.
func (p *InProcess) Close() error {
	p.mu.Lock()
	p.close()
	p.mu.Unlock()
	p.ends.Wait()
	return nil
}
