package content

import (
	"context"
	"errors"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/access"
)

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
	settled, err := s.ready(ctx, post)
	if err != nil || !settled {
		return err
	}
	if err := s.Posts.Save(ctx, post); err != nil {
		return err
	}
	return s.Outbox.Append(ctx, post.Events()...)
}

// ready makes a waiting post visible if it waits for nothing any more.
func (s *Posts) ready(ctx context.Context, post *content.Post) (bool, error) {
	author := post.Record().Author
	asked := s.Audience.Author(ctx, author)
	media, err := s.media(ctx, author, post)
	if err != nil {
		if errors.Is(err, access.ErrNoMedium) {
			return false, nil // one of its media has failed: the post goes on waiting
		}
		return false, err
	}
	by, err := asked()
	if err != nil {
		return false, err
	}
	return post.Settle(known(media), by.Large, s.Now()), nil
}
