package content_test

import (
	"context"
	"crypto/rand"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/content"
	rules "github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
	"github.com/sajin-sns/sajin/test/pgtest"
)

// album locks media as their own module does, and tells when it has.
type album struct {
	kept   store.Media
	ready  atomic.Bool
	locked chan struct{}
	pause  time.Duration
}

func (a *album) Media(ctx context.Context, _ ident.AccountID, ids []ident.MediaID) ([]access.Medium, error) {
	if _, err := a.kept.LockAll(ctx, ids); err != nil {
		return nil, err
	}
	select {
	case a.locked <- struct{}{}:
		time.Sleep(a.pause)
	default:
	}
	all := make([]access.Medium, len(ids))
	for i, id := range ids {
		all[i].ID = id
		if a.ready.Load() {
			all[i].State = "ready"
		}
	}
	return all, nil
}

// nobody follows anybody.
type nobody struct{ access.Audience }

func (nobody) Author(context.Context, ident.AccountID) tx.Soon[access.Author] {
	return func() (access.Author, error) { return access.Author{}, nil }
}

func TestSettle(t *testing.T) {
	t.Run("two posts that share a medium do not wait for each other when all of it becomes ready at once", func(t *testing.T) {
		db, ctx := pgtest.Open(t), t.Context()
		ids := ident.NewSource(time.Now, rand.Reader)
		a := &album{kept: sqlstore.NewMedia(db), locked: make(chan struct{}), pause: 200 * time.Millisecond}
		posts := &content.Posts{
			Tx: db, Posts: sqlstore.NewPosts(db), Media: a, Audience: nobody{}, Outbox: sqlstore.NewOutbox(db, ids, time.Now), IDs: ids, Now: time.Now,
		}
		author := ident.New[ident.AccountID](ids)
		var pictures []ident.MediaID
		for range 3 {
			id := ident.New[ident.MediaID](ids)
			if err := a.kept.Insert(ctx, media.NewMedium(id, author, media.ForPost, 1, time.Now())); err != nil {
				t.Fatal(err)
			}
			pictures = append(pictures, id)
		}
		for _, other := range pictures[1:] {
			if _, err := posts.Create(ctx, author, content.New{Fields: rules.Fields{Media: []ident.MediaID{pictures[0], other}}}); err != nil {
				t.Fatal(err)
			}
		}
		a.ready.Store(true)

		var tries atomic.Int64
		settled := make(chan error, 2)
		settle := func(id ident.MediaID) {
			settled <- db.Do(ctx, func(ctx context.Context) error { tries.Add(1); return posts.Settle(ctx, id) })
		}
		go settle(pictures[0]) // both posts wait for it
		<-a.locked             // the first post and its media are locked, and stay so for a moment
		go settle(pictures[2]) // the second post waits for it
		for range 2 {
			if err := <-settled; err != nil {
				t.Fatal(err)
			}
		}
		visible, err := sqldb.One(ctx, db, sqldb.Scalar[int64], `SELECT count(*) FROM posts WHERE state = 'published'`)
		told, err2 := sqldb.One(ctx, db, sqldb.Scalar[int64], `SELECT count(*) FROM outbox`)
		if err != nil || err2 != nil || visible != 2 || told != 2 {
			t.Fatalf("%d posts are visible, %d events: %v, %v", visible, told, err, err2)
		}
		if tries.Load() != 2 {
			t.Errorf("it took %d tries", tries.Load())
		}
	})
}
