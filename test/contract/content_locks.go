package contract

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

func leftAuthors(t *testing.T, w *stage) {
	w.subscribe(w.fan, w.hana, w.clock)
	w.subscribe(w.fan, w.bora, w.clock)
	var want []ident.PostID
	for i := range 6 {
		author := []ident.AccountID{w.hana, w.bora}[i%2]
		w.clock = w.clock.Add(time.Second)
		post := w.publish(w.draft(author, nil), author, i >= 4) // the last ones are merged
		if i < 4 {
			_, err := w.Inboxes.Deliver(t.Context(), store.Delivery{Post: post, Author: author, PublishedAt: w.clock}, ident.AccountID{}, 100)
			w.must(err)
		}
		if author == w.hana {
			want = append(want, post)
		}
	}
	w.exec(`UPDATE accounts SET deleted_at = $2 WHERE id = $1`, w.bora, w.clock)
	for _, size := range []int{1, 2, 3, 100} {
		same(t, walk(w, size, w.inbox(w.fan)), newestFirst(want))
	}
}

// termsHold: who buys a post pays for what it was when he asked, and gets it.
func termsHold(t *testing.T, w *stage) {
	post := w.post(w.hana, func(f *content.Fields) { f.Terms.Price = 5 })
	changed := make(chan error, 1)
	var buying atomic.Bool
	w.must(w.db.Do(t.Context(), func(ctx context.Context) error {
		if _, terms, err := w.Posts.Terms(ctx, post); err != nil || terms.Price != 5 {
			t.Fatal(terms, err)
		}
		buying.Store(true)
		go func() {
			changed <- w.db.Do(t.Context(), func(ctx context.Context) error {
				p, err := w.Posts.Lock(ctx, post)
				if err != nil {
					return err
				}
				if buying.Load() {
					return errors.New("the post could be changed before the purchase was over")
				}
				if err := p.Delete(w.hana, w.clock); err != nil {
					return err
				}
				return w.Posts.Save(ctx, p)
			})
		}()
		time.Sleep(50 * time.Millisecond) // for the change to begin
		buying.Store(false)
		return nil
	}))
	w.must(<-changed)
	if _, _, err := w.Posts.Terms(t.Context(), post); !errors.Is(err, content.ErrNotFound) {
		t.Error("it is gone:", err)
	}
	t.Run("many ask at once and none waits", func(t *testing.T) {
		if w.db.Dialect().ForShare == "" {
			return // whoever is in a transaction is alone
		}
		post := w.post(w.hana, nil)
		w.must(w.db.Do(t.Context(), func(ctx context.Context) error {
			if _, _, err := w.Posts.Terms(ctx, post); err != nil {
				return err
			}
			short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			return w.db.Do(short, func(ctx context.Context) error {
				_, _, err := w.Posts.Terms(ctx, post)
				return err
			})
		}))
	})
}

func mutualCounts(t *testing.T, w *stage) {
	var tries atomic.Int64
	for _, err := range atOnce(40, func(i int) error {
		return w.db.Do(t.Context(), func(ctx context.Context) error {
			tries.Add(1)
			if i%2 == 0 {
				return w.Subscriptions.Adjust(ctx, w.hana, w.bora, 1)
			}
			return w.Subscriptions.Adjust(ctx, w.bora, w.hana, 1)
		})
	}) {
		w.must(err)
	}
	if tries.Load() != 40 {
		t.Errorf("40 adjustments took %d tries: they wait for each other", tries.Load())
	}
	for _, account := range []ident.AccountID{w.hana, w.bora} {
		if c, err := w.Subscriptions.Creator(t.Context(), account)(); err != nil || c.Subscribers != 20 {
			t.Errorf("%+v, %v", c, err)
		}
	}
}
