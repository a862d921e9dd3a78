package sandboxpay

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// courier delivers webhooks over HTTP and tries again when they are not taken.
type courier struct {
	url      string
	key      []byte
	client   *http.Client
	backoff  []time.Duration
	now      func() time.Time
	log      *slog.Logger
	controls *Controls

	ctx  context.Context // until close
	end  context.CancelFunc
	mu   sync.Mutex // guards the counter against close
	busy sync.WaitGroup
}

func newCourier(o Options, key []byte, controls *Controls) *courier {
	c := &courier{url: o.WebhookURL, key: key, client: o.Client, backoff: o.Backoff, now: o.Now, log: o.Log, controls: controls}
	c.ctx, c.end = context.WithCancel(context.Background())
	return c
}

func (c *courier) close() {
	c.mu.Lock()
	c.end()
	c.mu.Unlock()
	c.busy.Wait()
}

// deliver sends the message now, and later again if it is not taken.
func (c *courier) deliver(ctx context.Context, m message) string {
	copies := c.controls.copies()
	for range copies {
		if err := c.send(ctx, m); err != nil {
			c.log.WarnContext(ctx, "sandbox: webhook not taken", "id", m.id, "error", err)
			c.background(func() { c.retry(m) })
			return retrying
		}
	}
	if copies == 0 {
		return none
	}
	return delivered
}

// schedule sends the message after a while.
func (c *courier) schedule(m message, after time.Duration) {
	c.background(func() {
		if c.pause(after) {
			c.deliver(c.ctx, m)
		}
	})
}

func (c *courier) background(work func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() == nil {
		c.busy.Go(work)
	}
}

func (c *courier) retry(m message) {
	for _, pause := range c.backoff {
		if !c.pause(pause) || c.send(c.ctx, m) == nil {
			return
		}
	}
	c.log.Warn("sandbox: webhook given up", "id", m.id)
}

// pause waits, unless the sandbox is closed meanwhile.
func (c *courier) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.ctx.Done():
		return false
	}
}

// send is one attempt, signed as of now.
func (c *courier) send(ctx context.Context, m message) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(m.body))
	if err != nil {
		return err
	}
	req.Header = m.header(c.key, c.now())
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return nil
}
