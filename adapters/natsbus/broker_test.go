package natsbus_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sajin-sns/sajin/adapters/natsbus"
	"github.com/sajin-sns/sajin/ports/health"
	"github.com/sajin-sns/sajin/test/natstest"
)

const soon = 20 * time.Second

// until waits for something to come true.
func until(t *testing.T, what string, true func() bool) {
	t.Helper()
	for start := time.Now(); !true(); time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > soon {
			t.Fatalf("in vain waited until %s", what)
		}
	}
}

func subscribe(t *testing.T, b *natsbus.Bus, consumer string) <-chan *message.Message {
	t.Helper()
	s, err := b.Subscriber(consumer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	in, err := s.Subscribe(t.Context(), "a.b.v1")
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// publish publishes a message, as soon as that works.
func publish(t *testing.T, b *natsbus.Bus, id string) {
	t.Helper()
	var err error
	defer func() {
		if t.Failed() {
			t.Log(err)
		}
	}()
	until(t, id+" is published", func() bool {
		m := message.NewMessage(id, []byte("payload of "+id))
		m.Metadata.Set("trace_id", "")
		err = b.Publisher().Publish("a.b.v1", m)
		return err == nil
	})
}

func receive(t *testing.T, in <-chan *message.Message) *message.Message {
	t.Helper()
	select {
	case m := <-in:
		return m
	case <-time.After(soon):
		t.Fatal("no message comes")
		return nil
	}
}

// took expects a message, and acknowledges it.
func took(t *testing.T, in <-chan *message.Message, id string) {
	t.Helper()
	m := receive(t, in)
	if m.UUID != id || string(m.Payload) != "payload of "+id {
		t.Errorf("got %s %q, not %s", m.UUID, m.Payload, id)
	}
	m.Ack()
}

func healthy(t *testing.T, b *natsbus.Bus) {
	t.Helper()
	var err error
	until(t, "the bus is well", func() bool { err = b.Check(t.Context()); return err == nil })
}

// sick expects a problem, with something about its remedy.
func sick(t *testing.T, b *natsbus.Bus, problem, remedy string) {
	t.Helper()
	var err error
	until(t, problem, func() bool {
		err = b.Check(t.Context())
		return err != nil && strings.Contains(err.Error(), problem)
	})
	if got := health.Remedy(err); !strings.Contains(got, remedy) {
		t.Errorf("%v: %q does not speak of %q", err, got, remedy)
	}
}

func TestBroker(t *testing.T) {
	t.Parallel()
	t.Run("one that is not there yet is waited for", func(t *testing.T) {
		broker := natstest.Reserve(t, natstest.Options{})
		b := openBus(t, natsbus.Options{URL: broker.URL()})
		in := subscribe(t, b, "search")
		began := time.Now()
		err := b.Publisher().Publish("a.b.v1", message.NewMessage("1", nil))
		if problem, ok := errors.AsType[*health.Problem](err); !ok || !strings.Contains(problem.Remedy, "start the event broker") || time.Since(began) > time.Second {
			t.Errorf("publishing answers %v after %v", err, time.Since(began))
		}
		sick(t, b, "no connection", "start the event broker")
		broker.Start()
		publish(t, b, "1")
		took(t, in, "1")
		healthy(t, b)
	})
	t.Run("one that goes away and comes back delivers what it had", func(t *testing.T) {
		broker := natstest.Start(t, natstest.Options{})
		b := openBus(t, natsbus.Options{URL: broker.URL()})
		in := subscribe(t, b, "search")
		publish(t, b, "1")
		held := receive(t, in)
		publish(t, b, "2")
		broker.Stop()
		sick(t, b, "no connection", "start the event broker")
		held.Ack() // which nobody hears
		broker.Start()
		seen := map[string]bool{}
		until(t, "both have come", func() bool {
			m := receive(t, in)
			seen[m.UUID] = true
			m.Ack()
			return seen["1"] && seen["2"]
		})
		publish(t, b, "3")
		until(t, "the third has come", func() bool { m := receive(t, in); m.Ack(); return m.UUID == "3" })
		healthy(t, b)
	})
	t.Run("one that has lost everything is of use again at once", func(t *testing.T) {
		broker := natstest.Start(t, natstest.Options{})
		b := openBus(t, natsbus.Options{URL: broker.URL()})
		search, mail := subscribe(t, b, "search"), subscribe(t, b, "mail")
		publish(t, b, "1")
		took(t, search, "1")
		took(t, mail, "1")
		broker.Stop()
		broker.Wipe()
		broker.Start()
		publish(t, b, "2")
		took(t, search, "2")
		took(t, mail, "2")
		healthy(t, b)
	})
	t.Run("a stream that is deleted is made anew, and its queues", func(t *testing.T) {
		broker := natstest.Start(t, natstest.Options{})
		b := openBus(t, natsbus.Options{URL: broker.URL()})
		in := subscribe(t, b, "search")
		publish(t, b, "1")
		took(t, in, "1")
		if err := admin(t, broker).DeleteStream(t.Context(), "sajin"); err != nil {
			t.Fatal(err)
		}
		publish(t, b, "2")
		took(t, in, "2")
	})
	t.Run("a queue that is deleted is made anew, and misses nothing", func(t *testing.T) {
		broker := natstest.Start(t, natstest.Options{})
		b := openBus(t, natsbus.Options{URL: broker.URL(), InHand: 1})
		in := subscribe(t, b, "search.index")
		publish(t, b, "1")
		held := receive(t, in) // nothing more is asked for meanwhile
		publish(t, b, "2")
		if err := admin(t, broker).DeleteConsumer(t.Context(), "sajin", "search_index_a_b_v1"); err != nil {
			t.Fatal(err)
		}
		held.Ack()
		took(t, in, "1") // again: the broker has forgotten that it was done
		took(t, in, "2")
	})
	t.Run("one that does not let us in says so, and may be corrected", func(t *testing.T) {
		broker := natstest.Start(t, natstest.Options{User: "sajin", Password: "right"})
		wrong := strings.Replace(broker.URL(), "right", "wrong-secret", 1)
		b := openBus(t, natsbus.Options{URL: wrong})
		in := subscribe(t, b, "search")
		sick(t, b, "does not let us in", "password in events.url")
		if err := b.Check(t.Context()); strings.Contains(err.Error(), "wrong-secret") {
			t.Errorf("the password is in %q", err)
		}
		broker.Stop()
		broker.Password = "wrong-secret"
		broker.Start()
		publish(t, b, "1")
		took(t, in, "1")
	})
	t.Run("one that asks for a token or a user is given it", func(t *testing.T) {
		broker := natstest.Start(t, natstest.Options{User: "sajin", Password: "right"})
		healthy(t, openBus(t, natsbus.Options{URL: broker.URL() + "," + strings.Replace(broker.URL(), "sajin:right@", "", 1)}))
		second := natstest.Start(t, natstest.Options{Token: "s3cret"})
		healthy(t, openBus(t, natsbus.Options{URL: second.URL(), Token: "s3cret"}))
		sick(t, openBus(t, natsbus.Options{URL: second.URL()}), "does not let us in", "events.token")
	})
	t.Run("one without JetStream says what is missing", func(t *testing.T) {
		broker := natstest.Start(t, natstest.Options{NoJetStream: true})
		b := openBus(t, natsbus.Options{URL: broker.URL()})
		subscribe(t, b, "search")
		sick(t, b, "no JetStream", "--jetstream")
		err := b.Publisher().Publish("a.b.v1", message.NewMessage("1", nil))
		if !strings.Contains(health.Remedy(err), "--jetstream") {
			t.Errorf("publishing answers %v", err)
		}
	})
	t.Run("one that accepts connections and says nothing keeps nobody waiting", func(t *testing.T) {
		silent, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = silent.Close() })
		b := openBus(t, natsbus.Options{URL: "nats://" + silent.Addr().String(), Patience: 100 * time.Millisecond})
		sick(t, b, "no connection", "start the event broker")
	})
	t.Run("a stream that loses messages is refused", func(t *testing.T) {
		broker := natstest.Start(t, natstest.Options{})
		_, err := admin(t, broker).CreateStream(t.Context(), jetstream.StreamConfig{Name: "jobs", Subjects: []string{"jobs.>"}, Retention: jetstream.WorkQueuePolicy})
		if err != nil {
			t.Fatal(err)
		}
		b := openBus(t, natsbus.Options{URL: broker.URL(), Stream: "jobs"})
		sick(t, b, "retention must be limits", "events.stream")
	})
	t.Run("a stream that an operator has made stays as it is", func(t *testing.T) {
		broker := natstest.Start(t, natstest.Options{})
		js := admin(t, broker)
		if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "sajin", Subjects: []string{"sajin.>"}, MaxAge: time.Hour}); err != nil {
			t.Fatal(err)
		}
		b := openBus(t, natsbus.Options{URL: broker.URL()})
		in := subscribe(t, b, "search")
		publish(t, b, "1")
		took(t, in, "1")
		s, err := js.Stream(t.Context(), "sajin")
		if err != nil || s.CachedInfo().Config.MaxAge != time.Hour {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// admin is somebody else at the broker.
func admin(t *testing.T, broker *natstest.Server) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(broker.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// streamOf is the stream of a rule.
func streamOf(t *testing.T) string {
	_, rule, _ := strings.Cut(t.Name(), "/")
	return strings.ReplaceAll(rule, ",", "")
}

func TestMessages(t *testing.T) {
	t.Parallel()
	broker := natstest.Start(t, natstest.Options{})
	rule := func(name string, o natsbus.Options, test func(t *testing.T, b *natsbus.Bus)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o.URL, o.Stream = broker.URL(), streamOf(t)
			test(t, openBus(t, o))
		})
	}
	rule("what is published twice is delivered once", natsbus.Options{}, func(t *testing.T, b *natsbus.Bus) {
		in := subscribe(t, b, "search")
		publish(t, b, "1")
		publish(t, b, "1")
		publish(t, b, "2")
		times := map[string]int{} // in no particular order
		for range 2 {
			m := receive(t, in)
			times[m.UUID]++
			m.Ack()
		}
		if times["1"] != 1 || times["2"] != 1 {
			t.Errorf("delivered: %v", times)
		}
	})
	rule("what is refused comes again after growing pauses", natsbus.Options{}, func(t *testing.T, b *natsbus.Bus) {
		in := subscribe(t, b, "search")
		publish(t, b, "1")
		var at []time.Time
		for range 4 {
			m := receive(t, in)
			at = append(at, time.Now())
			m.Nack()
		}
		took(t, in, "1")
		if first, third := at[1].Sub(at[0]), at[3].Sub(at[2]); first < 20*time.Millisecond || third < 300*time.Millisecond {
			t.Errorf("pauses from %v to %v", first, third)
		}
	})
	rule("what takes long is not given to another meanwhile", natsbus.Options{AckWait: 2 * time.Second}, func(t *testing.T, b *natsbus.Bus) {
		one, two := subscribe(t, b, "search"), subscribe(t, b, "search")
		publish(t, b, "1")
		var held *message.Message
		select {
		case held = <-one:
		case held = <-two:
		case <-time.After(soon):
			t.Fatal("no message comes")
		}
		select {
		case <-one:
			t.Error("delivered again")
		case <-two:
			t.Error("delivered to the other one")
		case <-time.After(5 * time.Second):
		}
		held.Ack()
	})
	rule("no more are in hand than there is room for", natsbus.Options{InHand: 2}, func(t *testing.T, b *natsbus.Bus) {
		in := subscribe(t, b, "search")
		for _, id := range []string{"1", "2", "3"} {
			publish(t, b, id)
		}
		first, second := receive(t, in), receive(t, in)
		select {
		case m := <-in:
			t.Errorf("%s as well", m.UUID)
		case <-time.After(200 * time.Millisecond):
		}
		first.Ack()
		took(t, in, "3")
		second.Ack()
	})
	rule("after closing, what is in hand can still be answered for", natsbus.Options{}, func(t *testing.T, b *natsbus.Bus) {
		s, err := b.Subscriber("search")
		if err != nil {
			t.Fatal(err)
		}
		in, err := s.Subscribe(context.Background(), "a.b.v1")
		if err != nil {
			t.Fatal(err)
		}
		publish(t, b, "1")
		publish(t, b, "2")
		first, second := receive(t, in), receive(t, in)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, open := <-in; open {
			t.Error("a message after the end")
		}
		if _, err := s.Subscribe(t.Context(), "a.b.v1"); err == nil {
			t.Error("subscribed after the end")
		}
		first.Ack()
		second.Nack() // goes to another at once
		took(t, subscribe(t, b, "search"), second.UUID)
	})
	said := make(offers, 1)
	rule("what came and was not taken yet goes to another at once", natsbus.Options{AckWait: time.Hour, Log: slog.New(said)}, func(t *testing.T, b *natsbus.Bus) {
		s, err := b.Subscriber("search")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Subscribe(context.Background(), "a.b.v1"); err != nil {
			t.Fatal(err)
		}
		publish(t, b, "1")
		select {
		case <-said:
		case <-time.After(soon):
			t.Fatal("it does not come")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		took(t, subscribe(t, b, "search"), "1")
	})
	rule("a consumer that is new hears of what the stream keeps", natsbus.Options{}, func(t *testing.T, b *natsbus.Bus) {
		publish(t, b, "1")
		took(t, subscribe(t, b, "search"), "1")
		took(t, subscribe(t, b, "mail"), "1")
	})
}

// offers hears in the log that a message has come.
type offers chan struct{}

func (offers) Enabled(context.Context, slog.Level) bool { return true }
func (o offers) WithAttrs([]slog.Attr) slog.Handler     { return o }
func (o offers) WithGroup(string) slog.Handler          { return o }
func (o offers) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "a message is offered" {
		select {
		case o <- struct{}{}:
		default:
		}
	}
	return nil
}
