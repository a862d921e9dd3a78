// Package content holds the use cases of posts: writing, publishing and reading
// them. It knows media, subscribers and purchases only by the questions that it
// asks about them.
package content

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Posts changes posts.
type Posts struct {
	Tx         tx.Runner
	Posts      store.Posts
	Edits      store.Edits
	Media      access.Media
	Audience   access.Audience
	Outbox     event.Outbox
	Queue      jobs.Queue
	IDs        *ident.Source
	Now        func() time.Time
	Categories []string // that posts may have
}

// New is a post to be written.
type New struct {
	content.Fields
	Draft     bool
	PublishAt *time.Time // publishes it then, and not at once
}

// Create writes a post, and publishes it unless it is a draft or is scheduled:
// it becomes visible once all its media are ready. It answers the post as
// store.Feeds would read it now.
//
// It fails with Invalid for bad fields and for a draft that is to be published,
// with access.ErrNoMedium for media that are not the actor's or have failed, and
// with content.ErrCrowded for one that too many posts show.
func (s *Posts) Create(ctx context.Context, actor ident.AccountID, in New) (written *store.Post, err error) {
	post, err := content.NewPost(ident.New[ident.PostID](s.IDs), actor, in.Fields, s.Categories, s.Now())
	if err == nil && in.Draft && in.PublishAt != nil {
		err = errDraftAt
	}
	if err != nil {
		return nil, err
	}
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		post := content.RestorePost(post.Record()) // a fresh one for each try of the transaction
		asked := s.Audience.Author(ctx, actor)
		media, err := s.fresh(ctx, actor, post)
		if err != nil {
			return err
		}
		author, err := asked()
		if err != nil {
			return err
		}
		switch {
		case in.PublishAt != nil:
			err = post.Schedule(actor, *in.PublishAt, s.Now())
		case !in.Draft:
			err = post.Publish(actor, known(media), author.Large, s.Now())
		}
		if err != nil {
			return err
		}
		if err := errors.Join(s.Posts.Insert(ctx, post), s.plan(ctx, content.Record{}, post)); err != nil {
			return err
		}
		written = view(post.Record(), author.Author, media)
		return s.Outbox.Append(ctx, post.Events()...)
	})
	failpoint.Hit("content.post.created")
	if err != nil {
		return nil, err
	}
	return written, nil
}

// Edit names what to change of a post; nil members stay as they are.
type Edit struct {
	Post          ident.PostID
	Versions      []int64 // of the copies that the change may be made on; nil: any
	Caption       *string
	CaptionLocked *content.CaptionLocked
	Tags          *[]string
	Category      *string
	Visibility    *content.Visibility
	Price         *money.Coins
	Media         *[]ident.MediaID
	PublishAt     *time.Time // schedules what is not published yet, in place of the time that it has
	Unschedule    bool       // makes a draft of what is scheduled
	Draft         *bool      // false publishes what is not published yet, true is Unschedule
}

// Edit changes a post and, if asked to, publishes or schedules it.
//
// It fails with NotFound if the post is not the actor's, with content.ErrStale
// if it is in none of the named versions any more, with Invalid for bad fields and
// for Draft beside PublishAt, and with Conflict for what a published post does
// not allow.
func (s *Posts) Edit(ctx context.Context, actor ident.AccountID, in Edit) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		post, err := s.Posts.Lock(ctx, in.Post)
		if err != nil {
			return err
		}
		r := post.Record()
		if err := current(actor, r, in.Versions); err != nil {
			return err
		}
		if err := post.Edit(actor, in.apply(r.Fields), s.Categories, s.Now()); err != nil {
			return err
		}
		media, err := s.fresh(ctx, actor, post, r.Media...)
		if err != nil {
			return err
		}
		former := post.Former(known(media))
		if err := s.decide(ctx, actor, in, post, known(media)); err != nil {
			return err
		}
		if err := errors.Join(s.Posts.Save(ctx, post), s.plan(ctx, r, post), s.keep(ctx, former)); err != nil {
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

// current fails with content.ErrStale unless the actor's post is in one of the
// versions; nil stands for any.
func current(actor ident.AccountID, r content.Record, versions []int64) error {
	if versions != nil && r.Author == actor && r.State != content.Deleted && !slices.Contains(versions, r.Version) {
		return content.ErrStale
	}
	return nil
}

// Delete takes a post away, in one of the versions or, if they are nil, in any.
// Who bought it keeps it.
//
// It fails with NotFound if the post is not the actor's or is gone already, and
// with content.ErrStale if it is in none of the versions any more.
func (s *Posts) Delete(ctx context.Context, actor ident.AccountID, id ident.PostID, versions []int64) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		post, err := s.Posts.Lock(ctx, id)
		if err != nil {
			return err
		}
		before := post.Record()
		if err := current(actor, before, versions); err != nil {
			return err
		}
		if err := post.Delete(actor, s.Now()); err != nil {
			return err
		}
		if err := errors.Join(s.Posts.Save(ctx, post), s.plan(ctx, before, post)); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, post.Events()...)
	})
}

func (s *Posts) publish(ctx context.Context, actor ident.AccountID, post *content.Post, media []content.Medium) error {
	author, err := s.Audience.Author(ctx, actor)()
	if err != nil {
		return err
	}
	return post.Publish(actor, media, author.Large, s.Now())
}

// fresh asks for the post's media, and whether there is room in those that are
// new to it.
func (s *Posts) fresh(ctx context.Context, owner ident.AccountID, post *content.Post, shown ...ident.MediaID) ([]access.Medium, error) {
	media, err := s.media(ctx, owner, post)
	if err != nil {
		return nil, err
	}
	var added []ident.MediaID
	for _, m := range media {
		if !m.Unused && !slices.Contains(shown, m.ID) {
			added = append(added, m.ID)
		}
	}
	crowded, err := s.Posts.Crowded(ctx, added, content.MaxPostsOfMedium, post.ID())
	if err == nil && !crowded.IsZero() {
		err = content.ErrCrowded.With("media_id", crowded.String())
	}
	return media, err
}

// media asks for the post's media.
func (s *Posts) media(ctx context.Context, owner ident.AccountID, post *content.Post) ([]access.Medium, error) {
	return s.Media.Media(ctx, owner, post.Media())
}

// known is what a post needs to know of its media.
func known(media []access.Medium) []content.Medium {
	all := make([]content.Medium, len(media))
	for i, m := range media {
		all[i] = content.Medium{ID: m.ID, Ready: m.Ready(), Video: m.Video(), Alt: m.Alt}
	}
	return all
}
