package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// topUp buys coins, and pays for them or not. Who has paid may confirm it, or
// leave it to the provider's webhooks, which are lost for some.
func (c *crowd) topUp(p *person, pays bool) error {
	key := sajin.NewKey()
	var top api.TopUp
	err := c.persist("top-up", p, key, func(ctx context.Context) (string, error) {
		resp, err := p.StartTopUpWithResponse(ctx, &api.StartTopUpParams{IdempotencyKey: key}, api.NewTopUp{PackID: "starter"})
		if err != nil {
			return "", err
		}
		top = *resp.JSON201
		return top.ID.String(), nil
	})
	if err != nil {
		return fmt.Errorf("top-up: %w", err)
	}
	c.note(func() { p.topUps[top.ID] = false })
	if !pays {
		return nil
	}
	err = c.persist("pay", p, top.ID.String(), func(ctx context.Context) (string, error) {
		return "", p.PlaySandbox(ctx, top, "succeeded", "never") // webhooks are for the courier
	})
	if err != nil {
		return fmt.Errorf("payment: %w", err)
	}
	c.note(func() { p.topUps[top.ID] = true })
	way := []string{"confirmed", "lost", "duplicated", "reordered", "late"}[p.random.IntN(5)]
	if way != "confirmed" {
		c.courier.carry(way, top.ProviderRef, time.Duration(p.random.Int64N(int64(3*time.Second))))
		time.Sleep(time.Duration(p.random.Int64N(int64(200 * time.Millisecond))))
		return nil
	}
	return c.persist("confirm", p, top.ID.String(), func(ctx context.Context) (string, error) {
		resp, err := p.ConfirmTopUpWithResponse(ctx, top.ID)
		if err == nil && resp.JSON200.Status != api.TopUpStatusPaid {
			c.odd("a top-up that was paid is %s when it is confirmed: %s", resp.JSON200.Status, top.ID)
		}
		return "", err
	})
}

// courier brings the webhooks of the payment provider, as badly as it goes.
type courier struct {
	crowd *crowd
	all   sync.WaitGroup

	mu   sync.Mutex
	sent map[string]int64 // by what happened to them
}

// carry brings the message that a payment has succeeded.
func (c *courier) carry(way, ref string, later time.Duration) {
	c.mu.Lock()
	c.sent[way]++
	c.mu.Unlock()
	paid := message("payment.succeeded", ref)
	switch way {
	case "lost":
	case "duplicated":
		for range 3 {
			c.all.Go(func() { c.bring(paid) })
		}
	case "reordered": // what came before comes after
		c.all.Go(func() {
			c.bring(paid)
			c.bring(message("payment.processing", ref))
			c.bring(message("payment.created", ref))
		})
	case "late":
		c.all.Go(func() {
			time.Sleep(later)
			c.bring(paid)
		})
	}
}

type webhook struct {
	id   string
	body []byte
}

func message(kind, ref string) webhook {
	body, err := json.Marshal(map[string]any{"type": kind, "timestamp": time.Now().UTC(), "data": map[string]string{"id": ref, "reference": ""}})
	if err != nil {
		panic(err)
	}
	return webhook{"msg_" + sajin.NewKey(), body}
}

// bring delivers until it is taken in, as providers do.
func (c *courier) bring(m webhook) {
	for range 200 {
		if c.post(m) {
			return
		}
		select {
		case <-c.crowd.ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
	c.crowd.odd("webhook %s was not taken in: %s", m.id, m.body)
}

func (c *courier) post(m webhook) bool {
	ctx, cancel := context.WithTimeout(c.crowd.ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.crowd.stage.front+"/v1/webhooks/sandbox", bytes.NewReader(m.body))
	if err != nil {
		return false
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", m.id, at, m.body)
	req.Header = http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {m.id}, "Webhook-Timestamp": {at},
		"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	}
	resp, err := c.crowd.stage.RoundTrip(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode/100 == 2
}

func (c *courier) fates() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.sent)
}
