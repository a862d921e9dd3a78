// Package content holds the use cases of posts: writing, publishing and reading
// them. It knows media, subscribers and purchases only by the questions that it
// asks about them.
package content

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Posts changes posts.
type Posts struct {
	Tx         tx.Runner
	Posts      store.Posts
	Media      access.Media
	Audience   access.Audience
	Outbox     event.Outbox
	IDs        *ident.Source
	Now        func() time.Time
	Categories []string // that posts may have
}

// Create writes a post, and publishes it unless it is a draft: it becomes
// visible once all its media are ready.
//
// It fails with Invalid for bad fields and with access.ErrNoMedium for
// media that are not the actor's or have failed.
func (s *Posts) Create(ctx context.Context, actor ident.AccountID, f content.Fields, draft bool) (ident.PostID, error) {
	post, err := content.NewPost(ident.New[ident.PostID](s.IDs), actor, f, s.Categories, s.Now())
	if err != nil {
		return ident.PostID{}, err
	}
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		post := content.RestorePost(post.Record()) // a fresh one for each try of the transaction
		media, err := s.media(ctx, actor, post)
		if err != nil {
			return err
		}
		if !draft {
			if err := s.publish(ctx, actor, post, media); err != nil {
				return err
			}
		}
		if err := s.Posts.Insert(ctx, post); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, post.Events()...)
	})
	return post.ID(), err
}

// Edit names what to change of a post; nil members stay as they are.
type Edit struct {
	Post          ident.PostID
	Version       int64 // of the copy that the change was made on; 0: whichever there is
	Caption       *string
	CaptionLocked *content.CaptionLocked
	Tags          *[]string
	Category      *string
	Visibility    *content.Visibility
	Price         *money.Coins
	Media         *[]ident.MediaID
	Draft         *bool // false publishes a draft
}

// Edit changes a post and, if asked to, publishes it.
//
// It fails with NotFound if the post is not the actor's, with content.ErrStale
// if it is not in the named version any more, with Invalid for bad fields, and
// with Conflict for what a published post does not allow.
func (s *Posts) Edit(ctx context.Context, actor ident.AccountID, in Edit) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		post, err := s.Posts.Lock(ctx, in.Post)
		if err != nil {
			return err
		}
		r := post.Record()
		if in.Version != 0 && in.Version != r.Version && r.Author == actor {
			return content.ErrStale
		}
		if err := post.Edit(actor, in.apply(r.Fields), s.Categories, s.Now()); err != nil {
			return err
		}
		media, err := s.media(ctx, actor, post)
		if err != nil {
			return err
		}
		if in.Draft != nil && !*in.Draft {
			if err := s.publish(ctx, actor, post, media); err != nil {
				return err
			}
		}
		if in.Draft != nil && *in.Draft && r.State != content.Draft {
			return content.ErrPublished
		}
		if err := s.Posts.Save(ctx, post); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, post.Events()...)
	})
}

func (in Edit) apply(f content.Fields) content.Fields {
	set(&f.Caption, in.Caption)
	set(&f.CaptionLocked, in.CaptionLocked)
	set(&f.Tags, in.Tags)
	set(&f.Category, in.Category)
	set(&f.Terms.Visibility, in.Visibility)
	set(&f.Media, in.Media)
	set(&f.Terms.Price, in.Price)
	return f
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// Delete takes a post away. Who bought it keeps it.
//
// It fails with NotFound if the post is not the actor's or is gone already.
func (s *Posts) Delete(ctx context.Context, actor ident.AccountID, id ident.PostID) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		post, err := s.Posts.Lock(ctx, id)
		if err != nil {
			return err
		}
		if err := post.Delete(actor, s.Now()); err != nil {
			return err
		}
		if err := s.Posts.Save(ctx, post); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, post.Events()...)
	})
}

// Settle looks again at the posts that wait for a medium, which has become
// ready: those that wait for nothing else become visible. All posts are locked
// before any medium is, as everywhere: two media that the same posts wait for
// may become ready at once.
func (s *Posts) Settle(ctx context.Context, media ident.MediaID) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		waiting, err := s.Posts.Waiting(ctx, media)
		if err != nil {
			return err
		}
		posts := make([]*content.Post, len(waiting))
		for i, id := range waiting {
			if posts[i], err = s.Posts.Lock(ctx, id); err != nil {
				return err
			}
		}
		for _, post := range posts {
			if err := s.settle(ctx, post); err != nil {
				return err
			}
		}
		return nil
	})
}

// SettleOverdue publishes the posts that wait for nothing any more, whose event
// was parked or lost: a chore.
func (s *Posts) SettleOverdue(ctx context.Context) error {
	overdue, err := s.Posts.Overdue(ctx, overdueBatch)
	if err != nil {
		return err
	}
	for _, id := range overdue {
		err := s.Tx.Do(ctx, func(ctx context.Context) error {
			post, err := s.Posts.Lock(ctx, id)
			if err != nil {
				return err
			}
			return s.settle(ctx, post)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const overdueBatch = 1000

func (s *Posts) settle(ctx context.Context, post *content.Post) error {
	author := post.Record().Author
	media, err := s.media(ctx, author, post)
	if err != nil {
		if errors.Is(err, access.ErrNoMedium) {
			return nil // one of its media has failed: the post goes on waiting
		}
		return err
	}
	merged, err := s.Audience.Large(ctx, author)
	if err != nil {
		return err
	}
	if !post.Settle(media, merged, s.Now()) {
		return nil
	}
	if err := s.Posts.Save(ctx, post); err != nil {
		return err
	}
	return s.Outbox.Append(ctx, post.Events()...)
}

func (s *Posts) publish(ctx context.Context, actor ident.AccountID, post *content.Post, media []content.Medium) error {
	merged, err := s.Audience.Large(ctx, actor)
	if err != nil {
		return err
	}
	return post.Publish(actor, media, merged, s.Now())
}

// media asks how far the post's media are.
func (s *Posts) media(ctx context.Context, owner ident.AccountID, post *content.Post) ([]content.Medium, error) {
	known, err := s.Media.Media(ctx, owner, post.Media())
	media := make([]content.Medium, len(known))
	for i, m := range known {
		media[i] = content.Medium(m)
	}
	return media, err
}
