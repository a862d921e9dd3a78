package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

const newcomers = 40 // who do more than sign up

// gather brings the first people, who all know each other.
func (c *crowd) gather(creators, fans int) error {
	for n := range creators + fans {
		role, all := "creator", &c.creators
		if n >= creators {
			role, all = "fan", &c.fans
		}
		p, err := c.join(fmt.Sprintf("%s_%d", role, n))
		if err != nil {
			return err
		}
		*all = append(*all, p)
	}
	for _, fan := range c.fans {
		for _, creator := range c.creators {
			if err := c.subscribe(fan, creator); err != nil {
				return err
			}
		}
	}
	return nil
}

// work has everybody do what they do, until stop.
func (c *crowd) work() {
	for _, p := range c.creators {
		c.repeat(func(n int) error { return c.publish(p, n) })
	}
	for _, p := range c.fans {
		c.repeat(func(int) error { return c.topUp(p, true) })
		shopper := &person{Client: p.Client, name: p.name, account: p.account, random: c.chance(p.name + " shops"), purchases: p.purchases}
		c.repeat(func(int) error { return c.shop(shopper) })
	}
	c.repeat(c.welcome)
}

func (c *crowd) repeat(do func(n int) error) {
	c.all.Go(func() {
		for n := 0; !c.stop.Load() && c.ctx.Err() == nil; n++ {
			if err := do(n); err != nil && c.ctx.Err() == nil {
				c.odd("%v", err)
				time.Sleep(time.Second)
			}
		}
	})
}

// finish lets everybody end what was begun.
func (c *crowd) finish() {
	c.stop.Store(true)
	c.all.Wait()
	c.courier.all.Wait()
}

// welcome is somebody new: one of the first subscribes to everybody, and perhaps
// thinks better of it.
func (c *crowd) welcome(n int) error {
	p, err := c.join(fmt.Sprintf("newcomer_%d", n))
	if err != nil {
		return err
	}
	if n >= newcomers {
		time.Sleep(time.Second)
		return nil
	}
	for i, creator := range c.creators {
		if err := c.subscribe(p, creator); err != nil {
			return err
		}
		if (n+i)%4 == 3 {
			if err := c.unsubscribe(p, creator); err != nil {
				return err
			}
		}
	}
	if err := c.topUp(p, n%2 == 0); err != nil {
		return err
	}
	time.Sleep(time.Duration(p.random.Int64N(int64(2 * time.Second))))
	return nil
}

func (c *crowd) subscribe(p, creator *person) error {
	err := c.persist("subscribe", p, creator.name, func(ctx context.Context) (string, error) {
		_, err := p.SubscribeWithResponse(ctx, creator.account.Handle)
		return "", err
	})
	if err == nil {
		c.note(func() { p.follows[creator.name] = time.Now() })
	}
	return err
}

func (c *crowd) unsubscribe(p, creator *person) error {
	err := c.persist("unsubscribe", p, creator.name, func(ctx context.Context) (string, error) {
		_, err := p.UnsubscribeWithResponse(ctx, creator.account.Handle)
		return "", err
	})
	if err == nil {
		c.note(func() { p.follows[creator.name] = time.Time{} })
	}
	return err
}

var pictures atomic.Int64

// picture is a small one, unlike any other.
func picture() []byte {
	n := int(pictures.Add(1))
	canvas := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i := range 40 * 30 {
		canvas.Set(i%40, i/40, color.RGBA{uint8(i * 7), uint8(n * 31), uint8(i/40*8 + n), 255})
	}
	var out bytes.Buffer
	_ = jpeg.Encode(&out, canvas, nil)
	return append(out.Bytes(), fmt.Sprint(n)...) // what follows the end of a picture is nobody's concern
}

// publish uploads a picture and posts it.
func (c *crowd) publish(p *person, n int) error {
	caption := fmt.Sprint(p.name, " ", n)
	data := picture()
	f := sajin.File{Name: "picture", ContentType: "image/jpeg", Size: int64(len(data)), Data: bytes.NewReader(data)}
	var begun, medium uuid.UUID
	f.Started = func(u api.Upload) { begun = u.ID }
	err := c.persist("upload", p, caption, func(ctx context.Context) (_ string, err error) {
		if begun == uuid.Nil {
			medium, err = p.Upload(ctx, f)
		} else {
			medium, err = p.ResumeUpload(ctx, begun, f)
		}
		return medium.String(), err
	})
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	c.note(func() { c.media[medium] = p })

	made := post{author: p, medium: medium, caption: caption, asked: time.Now()}
	price, tried := int64(1+p.random.IntN(5)), false
	err = c.persist("create-post", p, caption, func(ctx context.Context) (string, error) {
		if tried {
			if made.id, err = written(ctx, p, caption); err != nil || made.id != uuid.Nil {
				return made.id.String(), err
			}
		}
		tried = true
		resp, err := p.CreatePostWithResponse(ctx, api.NewPost{Caption: &caption, MediaIds: &[]uuid.UUID{medium}, PriceCoins: &price})
		if err != nil {
			return "", err
		}
		made.id = resp.JSON201.ID
		return made.id.String(), nil
	})
	if err != nil {
		return fmt.Errorf("post: %w", err)
	}
	c.note(func() { c.posts[made.id] = &made })
	time.Sleep(time.Duration(p.random.Int64N(int64(300 * time.Millisecond)))) // others want to work, too
	return nil
}

// written looks for a post among the latest of its author: one has no key, so
// who did not hear the answer looks first.
func written(ctx context.Context, p *person, caption string) (uuid.UUID, error) {
	resp, err := p.ListOwnPostsWithResponse(ctx, nil)
	if err != nil {
		return uuid.Nil, err
	}
	for _, one := range resp.JSON200.Items {
		if one.Caption == caption {
			return one.ID, nil
		}
	}
	return uuid.Nil, nil
}

// shop buys the newest post that the fan does not have.
func (c *crowd) shop(p *person) error {
	var target *api.Post
	limit := int64(100)
	err := c.persist("main-page", p, "", func(ctx context.Context) (string, error) {
		resp, err := p.ListPostsWithResponse(ctx, &api.ListPostsParams{Limit: &limit})
		if err != nil {
			return "", err
		}
		for _, one := range resp.JSON200.Items {
			if !one.Purchased {
				target = &one
				break
			}
		}
		return "", nil
	})
	if err != nil || target == nil {
		time.Sleep(50 * time.Millisecond)
		return err
	}
	key := sajin.NewKey()
	for {
		id, err := c.buy(p, target, key)
		switch code(err) {
		case "wallet.insufficient-coins":
			if c.stop.Load() {
				return nil
			}
			time.Sleep(50 * time.Millisecond)
			continue
		case "":
			if err != nil {
				return err
			}
		default:
			return fmt.Errorf("purchase of %s: %w", target.ID, err) // also that it is owned already: the key is this purchase's
		}
		c.note(func() { p.purchases[target.ID] = bought{id, key} })
		if p.random.IntN(4) == 0 {
			return c.insist(p, target, id, key)
		}
		return nil
	}
}

func (c *crowd) buy(p *person, target *api.Post, key string) (id uuid.UUID, err error) {
	err = c.persist("purchase", p, key, func(ctx context.Context) (string, error) {
		resp, err := p.PurchasePostWithResponse(ctx, target.ID, &api.PurchasePostParams{IdempotencyKey: key}, api.NewPurchase{})
		if err == nil {
			id = resp.JSON201.Purchase.ID
		}
		return id.String(), err
	})
	return id, err
}

// insist sends the same purchase again, twice at once, and then another one of
// the same post.
func (c *crowd) insist(p *person, target *api.Post, id uuid.UUID, key string) error {
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if again, err := c.buy(p, target, key); err != nil || again != id {
				c.odd("purchase %s with the same key again: %s, %v", id, again, err)
			}
		})
	}
	both.Wait()
	if again, err := c.buy(p, target, sajin.NewKey()); code(err) != "wallet.already-owned" && c.ctx.Err() == nil {
		c.odd("post %s was bought twice: %s and %s, %v", target.ID, id, again, err)
	}
	return nil
}
