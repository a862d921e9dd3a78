package bus_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sajin-sns/sajin/adapters/bus"
)

func subscribe(ctx context.Context, t *testing.T, p *bus.InProcess, topic string) <-chan *message.Message {
	t.Helper()
	out, err := p.Subscribe(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// publish answers what Publish will.
func publish(p *bus.InProcess, topic, id string) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- p.Publish(topic, message.NewMessage(id, []byte("payload of "+id))) }()
	return answer
}

func open[T any](c <-chan T) bool {
	synctest.Wait()
	select {
	case <-c:
		return false
	default:
		return true
	}
}

func TestInProcess(t *testing.T) {
	rule := func(name string, test func(t *testing.T, p *bus.InProcess)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := bus.NewInProcess()
				defer func() { _ = p.Close() }()
				test(t, p)
			})
		})
	}
	rule("publishing waits for every consumer of the topic", func(t *testing.T, p *bus.InProcess) {
		one, two := subscribe(t.Context(), t, p, "a"), subscribe(t.Context(), t, p, "a")
		answer := publish(p, "a", "1")
		first, second := <-one, <-two
		if first.UUID != "1" || string(second.Payload) != "payload of 1" {
			t.Errorf("%+v, %+v", first, second)
		}
		if first.Ack(); !open(answer) {
			t.Error("answered before the second consumer had acknowledged")
		}
		second.Ack()
		if err := <-answer; err != nil {
			t.Error(err)
		}
	})
	rule("messages of a topic do not wait for each other", func(t *testing.T, p *bus.InProcess) {
		out := subscribe(t.Context(), t, p, "a")
		slow := publish(p, "a", "slow")
		held := <-out
		quick := publish(p, "a", "quick")
		(<-out).Ack()
		if err := <-quick; err != nil {
			t.Error(err)
		}
		if !open(slow) {
			t.Error("the slow one was answered for")
		}
		held.Ack()
		if err := <-slow; err != nil {
			t.Error(err)
		}
	})
	rule("what a consumer refuses fails, and is not sent again", func(t *testing.T, p *bus.InProcess) {
		one, two := subscribe(t.Context(), t, p, "a"), subscribe(t.Context(), t, p, "a")
		answer := publish(p, "a", "1")
		(<-one).Nack()
		if m := <-two; !open(answer) {
			t.Error("answered before the other consumer was done")
		} else {
			m.Ack()
		}
		if err := <-answer; err == nil {
			t.Error("published, though refused")
		}
		if !open(one) {
			t.Error("sent again")
		}
	})
	rule("a topic that nobody listens to takes everything", func(t *testing.T, p *bus.InProcess) {
		subscribe(t.Context(), t, p, "a")
		if err := p.Publish("b", message.NewMessage("1", nil), message.NewMessage("2", nil)); err != nil {
			t.Error(err)
		}
	})
	rule("what is under way when it is closed has not been published", func(t *testing.T, p *bus.InProcess) {
		out := subscribe(t.Context(), t, p, "a")
		held, waiting := publish(p, "a", "1"), publish(p, "a", "2")
		m := <-out
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if <-held == nil || <-waiting == nil || <-publish(p, "a", "3") == nil || <-publish(p, "b", "4") == nil {
			t.Error("published, and nobody has seen it")
		}
		m.Ack()
		if m.Context().Err() == nil {
			t.Error("the context of the message has not ended")
		}
		for range out { // ends
		}
		if _, err := p.Subscribe(t.Context(), "a"); err == nil {
			t.Error("there is nothing to subscribe to")
		}
	})
	rule("nothing is published past a consumer that has stopped", func(t *testing.T, p *bus.InProcess) {
		ctx, cancel := context.WithCancel(t.Context())
		gone, stays := subscribe(ctx, t, p, "a"), subscribe(t.Context(), t, p, "a")
		answer := publish(p, "a", "1")
		<-gone
		cancel()
		(<-stays).Ack()
		if <-answer == nil {
			t.Error("published, and lost for the consumer that stopped")
		}
		go func() {
			for m := range stays {
				m.Ack()
			}
		}()
		if <-publish(p, "a", "2") == nil {
			t.Error("published after the consumer had stopped")
		}
		if err := <-publish(p, "b", "3"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
	})
}
