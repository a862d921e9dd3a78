package s3blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConns:        256,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true, // objects are given as they are
	}
}

// errSilent is why a request was given up on which the server made no progress.
var errSilent = errors.New("the storage showed no sign of life")

// line is the connection to the server. It gives a request up when the server
// stands still for too long, in whichever direction bytes go, and notes how far
// the server's clock is from this one.
//
// The time in which this side has nothing to send, or does not read, does not
// count: a client that sends a part through this server may be slow.
type line struct {
	next     http.RoundTripper
	patience time.Duration
	now      func() time.Time
	skew     atomic.Int64 // a time.Duration: how far the server's clock is ahead
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	w := &watch{ctx: ctx, patience: l.patience, cancel: cancel}
	w.timer = time.AfterFunc(l.patience, func() { cancel(errSilent) })
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &sending{r.Body, w}
	}
	response, err := l.next.RoundTrip(r)
	w.answered()
	if err != nil {
		cancel(nil)
		return nil, w.why(err)
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		l.skew.Store(int64(date.Sub(l.now())))
	}
	response.Body = &receiving{response.Body, w}
	return response, nil
}

// watch cancels a request when the server lets it wait for too long.
type watch struct {
	ctx      context.Context
	patience time.Duration
	cancel   context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer
	done  bool // the head of the answer is here: what is still sent no longer counts
}

func (w *watch) pause() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.done {
		w.timer.Stop()
	}
}

func (w *watch) resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.done {
		w.timer.Reset(w.patience)
	}
}

func (w *watch) answered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = true
	w.timer.Stop()
}

// why tells why a request failed: that it was given up says nothing.
func (w *watch) why(err error) error {
	if err != nil && !errors.Is(err, io.EOF) && errors.Is(context.Cause(w.ctx), errSilent) {
		return fmt.Errorf("%w for %s", errSilent, w.patience)
	}
	return err
}

// sending is the body of a request: while this side looks for what to send, the
// server is not waited for.
type sending struct {
	io.ReadCloser
	w *watch
}

func (b *sending) Read(p []byte) (int, error) {
	b.w.pause()
	defer b.w.resume()
	return b.ReadCloser.Read(p)
}

// Close leaves it to the client that signs the body to close it, which it does
// whatever happens; both at a time would meet in its signer.
func (b *sending) Close() error { return nil }

// receiving is the body of an answer: the server is waited for while somebody
// reads.
type receiving struct {
	io.ReadCloser
	w *watch
}

func (b *receiving) Read(p []byte) (int, error) {
	b.w.timer.Reset(b.w.patience)
	n, err := b.ReadCloser.Read(p)
	b.w.timer.Stop()
	return n, b.w.why(err)
}

func (b *receiving) Close() error {
	b.w.timer.Stop()
	defer b.w.cancel(nil)
	return b.ReadCloser.Close()
}
