package content

import (
	"context"
	"errors"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/store"
)

// keep writes down the versions that an edit replaces, in its transaction.
func (s *Posts) keep(ctx context.Context, former []content.Former) error {
	for _, f := range former {
		if err := s.Edits.Append(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// History reads the former versions of published posts.
type History struct {
	Posts store.Posts
	Edits store.Edits
}

// Of lists the former versions of a post, the newest first, for its author and
// for moderators. content.ErrNotFound for anybody else: that a post was
// edited, and when, is in the post.
func (s *History) Of(ctx context.Context, by Viewer, id ident.PostID, page store.Page) (store.List[*store.PostEdit], error) {
	post, err := s.Posts.Get(ctx, id)
	if err == nil {
		err = post.History(content.Viewer{Account: by.Account, Moderator: by.Moderator})
	}
	if err != nil {
		return store.List[*store.PostEdit]{}, err
	}
	return s.Edits.List(ctx, id, page)
}

// redescribed makes other words for a medium an edit of every published post
// that shows it.
func (s *Posts) redescribed(ctx context.Context, e event.MediumDescribedV1) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		shown, err := s.Posts.Showing(ctx, e.MediaID)
		if err != nil {
			return err
		}
		posts := make([]*content.Post, len(shown))
		for i, id := range shown { // all of them before any medium, as everywhere
			if posts[i], err = s.Posts.Lock(ctx, id); err != nil {
				return err
			}
		}
		for _, post := range posts {
			media, err := s.media(ctx, e.OwnerID, post)
			if err != nil {
				return err
			}
			post.Redescribed(e.MediaID, e.FormerAlt, known(media), e.At)
			if err := errors.Join(s.keep(ctx, post.Former(known(media))), s.Posts.Save(ctx, post)); err != nil {
				return err
			}
		}
		return nil
	})
}
