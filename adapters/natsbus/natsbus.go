// Package natsbus carries events between processes, over NATS JetStream: a
// Watermill publisher and subscribers for adapters/bus, which it does not know.
//
// Everything is in one stream, under its name: the events of the topic
// "content.post.published.v1" are in the subject "sajin.content.post.published.v1"
// of the stream "sajin". Every consumer of a topic has a durable queue in it that
// all processes share. The stream and the queues are made when they are missing,
// at any time: the database is the only record of what happened, and a broker
// may lose everything that it has and be of use again at once.
//
// Publishing is watermill-nats's. Its subscriber does not do here: it hears
// nothing any more once its queue was deleted, does not start without a broker,
// cannot tell the broker that a message is still being worked on, and forgets
// what is in hand when it is closed. Subscribers are made of nats.go's jetstream
// package instead, and ask for one message at a time.
package natsbus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	waternats "github.com/ThreeDotsLabs/watermill-nats/v2/pkg/nats"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sajin-sns/sajin/ports/backoff"
)

// Options say where the broker is and how it is used; zero values are the
// defaults where one is given.
type Options struct {
	URL         string // nats://[user:password@]host:port, tls://; several with commas between them
	Token       string
	Credentials string // path of a file with a JWT and its key (.creds)
	Stream      string // "sajin"

	Keep     time.Duration // how long the stream keeps events; 7 days. One that is there already is left as it is
	Forget   time.Duration // how long it is remembered what was handled: a stream keeps nothing for as long; 30 days
	AckWait  time.Duration // after a crash, how long until another process is given what was in hand; 30 s
	InHand   int           // messages of a consumer and topic at a time, in this process; 32
	Pause    time.Duration // before what was refused is delivered again; 1 s, then growing
	MaxPause time.Duration // at most; 1 min
	Patience time.Duration // for an answer of the broker; 5 s
	Log      *slog.Logger
}

func (o *Options) defaults() {
	o.Stream = cmp.Or(o.Stream, "sajin")
	o.Keep = cmp.Or(o.Keep, 7*24*time.Hour)
	o.Forget = cmp.Or(o.Forget, 30*24*time.Hour)
	o.AckWait = cmp.Or(o.AckWait, 30*time.Second)
	o.InHand = cmp.Or(o.InHand, 32)
	o.Pause = cmp.Or(o.Pause, time.Second)
	o.MaxPause = cmp.Or(o.MaxPause, time.Minute)
	o.Patience = cmp.Or(o.Patience, 5*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Bus is a connection to the broker, made again whenever it is lost.
type Bus struct {
	o    Options
	conn *nats.Conn
	js   jetstream.JetStream
	pub  *waternats.Publisher

	taken sync.WaitGroup // messages that were given to a consumer

	mu      sync.Mutex
	up      chan struct{} // closed while there is a connection
	down    chan struct{} // closed while there is none
	lost    error         // why there is none
	trouble error         // why the stream or a queue could not be made, the last time
}

// Open makes a bus. It waits for the broker no longer than Patience, and does
// not need it: what is asked of the bus before it is there fails or waits.
func Open(o Options) (*Bus, error) {
	o.defaults()
	b := &Bus{o: o, up: make(chan struct{}), down: make(chan struct{}), lost: errors.New("there was no connection yet")}
	close(b.down)
	options := []nats.Option{
		nats.Name("sajin"),
		nats.Timeout(o.Patience),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(), // somebody may be about to correct it
		nats.CustomReconnectDelay(func(rounds int) time.Duration { return backoff.Pause(100*time.Millisecond, 5*time.Second, rounds) }),
		nats.ReconnectBufSize(-1), // what cannot be sent now fails: the outbox is the buffer
		nats.PingInterval(10 * time.Second),
		nats.ConnectHandler(b.connected),
		nats.ReconnectHandler(b.connected),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { b.disconnected(err) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { b.disconnected(err) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			o.Log.Warn("the event broker complains", "error", err)
		}),
	}
	if u := user(o.URL); u != nil { // of the first address, for all of them
		secret, _ := u.Password()
		options = append(options, nats.UserInfo(u.Username(), secret))
	}
	if o.Token != "" {
		options = append(options, nats.Token(o.Token))
	}
	if o.Credentials != "" {
		options = append(options, nats.UserCredentials(o.Credentials))
	}
	var err error
	if b.conn, err = nats.Connect(o.URL, options...); err != nil {
		return nil, fmt.Errorf("event broker: %w", err)
	}
	if b.conn.IsConnected() {
		b.connected(b.conn) // the handler is called a little later
	}
	if b.js, err = jetstream.New(b.conn, jetstream.WithDefaultTimeout(o.Patience)); err == nil {
		b.pub, err = newPublisher(b)
	}
	if err != nil {
		b.conn.Close()
		return nil, fmt.Errorf("event broker: %w", err)
	}
	return b, nil
}

// user is who the first of the addresses names, if it has a password: without
// one it is a token, which the client finds itself.
func user(addresses string) *url.Userinfo {
	first, _, _ := strings.Cut(addresses, ",")
	u, err := url.Parse(first)
	if err != nil || u.User == nil {
		return nil
	}
	if _, set := u.User.Password(); !set {
		return nil
	}
	return u.User
}

// Away answers nil while there is a connection, and otherwise what is closed
// once there is one.
func (b *Bus) Away() <-chan struct{} {
	changed, lost := b.state()
	if lost == nil {
		return nil
	}
	return changed
}

// Publisher publishes until Close; closing it alone does nothing.
func (b *Bus) Publisher() message.Publisher { return publisher{b} }

// Subscriber is one of a consumer, which all processes share the messages of.
func (b *Bus) Subscriber(consumer string) (message.Subscriber, error) {
	return newSubscriber(b, consumer), nil
}

// Close gives what consumers have answered a moment to reach the broker, and
// ends the connection. Close the subscribers first.
func (b *Bus) Close() error {
	answered := make(chan struct{})
	go func() {
		b.taken.Wait()
		close(answered)
	}()
	timer := time.NewTimer(b.o.Patience)
	defer timer.Stop()
	select {
	case <-answered:
	case <-timer.C:
	}
	if b.conn.IsConnected() {
		_ = b.conn.FlushTimeout(b.o.Patience) // what does not arrive is delivered again
	}
	b.conn.Close()
	return nil
}

func (b *Bus) connected(conn *nats.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost != nil {
		b.lost, b.trouble, b.down = nil, nil, make(chan struct{})
		close(b.up)
		b.o.Log.Info("connected to the event broker", "broker", conn.ConnectedUrlRedacted())
	}
}

func (b *Bus) disconnected(err error) {
	err = cmp.Or(err, errors.New("the broker has closed the connection"))
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost == nil {
		b.up = make(chan struct{})
		close(b.down)
	}
	if b.lost == nil || b.lost.Error() != err.Error() { // once, not at every attempt
		b.o.Log.Warn("no connection to the event broker; events wait in the database", "error", err)
	}
	b.lost = err
}

// state is what is closed once there is a connection or none any more, and why
// there is none now.
func (b *Bus) state() (changed <-chan struct{}, lost error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost != nil {
		return b.up, b.lost
	}
	return b.down, nil
}

// whileConnected is a context that ends with the connection that there is now.
func (b *Bus) whileConnected(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	changed, lost := b.state()
	if lost != nil {
		cancel(lost)
		return ctx, func() {}
	}
	go func() {
		select {
		case <-changed:
			cancel(nats.ErrDisconnected)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// rest waits for the connection, or with one for as long as the failures ask for.
func (b *Bus) rest(ctx context.Context, failures int) {
	changed, lost := b.state()
	if lost != nil {
		select {
		case <-changed:
		case <-ctx.Done():
		}
		return
	}
	timer := time.NewTimer(backoff.Pause(100*time.Millisecond, 15*time.Second, failures))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-ctx.Done():
	}
}
