package media

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Media are the media of an account, for the account itself.
type Media struct {
	Tx      tx.Runner
	Media   store.Media
	Uploads store.Uploads
	Queue   jobs.Queue
	Outbox  event.Outbox
	Use     access.MediaUse
	Links   link.Media
	Now     func() time.Time
}

// Get reads a medium with links for its owner; media.ErrNotFound if it is not
// the actor's.
func (s *Media) Get(ctx context.Context, actor ident.AccountID, id ident.MediaID) (*store.Medium, error) {
	m, err := s.Media.View(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	for i := range m.Renditions {
		r := &m.Renditions[i]
		r.URL, r.ExpiresAt = s.Links.URL(r.Key, actor)
	}
	return m, nil
}

// Describe says in words what a medium shows. versions are the ones that the
// actor has read, nil for any.
//
// It fails with media.ErrNotFound, ErrStale, and with Invalid for bad words.
func (s *Media) Describe(ctx context.Context, actor ident.AccountID, id ident.MediaID, versions []int64, alt string) error {
	return s.change(ctx, id, func(_ context.Context, m *media.Medium) error {
		return m.Describe(actor, versions, alt, s.Now())
	})
}

// Retry has a medium processed again that failed for a passing reason.
//
// It fails with media.ErrNotFound, and with ErrNotRetryable for any other one.
func (s *Media) Retry(ctx context.Context, actor ident.AccountID, id ident.MediaID) error {
	return s.change(ctx, id, func(ctx context.Context, m *media.Medium) error {
		if err := m.Retry(actor, s.Now()); err != nil {
			return err
		}
		return s.Queue.Enqueue(ctx, process(m))
	})
}

func (s *Media) change(ctx context.Context, id ident.MediaID, change func(context.Context, *media.Medium) error) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		m, err := s.Media.Lock(ctx, id)
		if err != nil {
			return err
		}
		if err := change(ctx, m); err != nil {
			return err
		}
		return errors.Join(s.Media.Save(ctx, m), s.Outbox.Append(ctx, m.Events()...))
	})
}

// Delete takes a medium away and has its bytes removed. If its file is still on
// its way, the upload ends.
//
// It fails with media.ErrNotFound if it is not the actor's, and with
// media.ErrInUse if it is shown.
func (s *Media) Delete(ctx context.Context, actor ident.AccountID, id ident.MediaID) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.close(ctx, actor, id); err != nil {
			return err
		}
		m, err := s.Media.Lock(ctx, id)
		if err != nil {
			return err
		}
		used, err := s.Use.InUse(ctx, id) // behind the lock: a post that is being written waits for it, or is seen
		if err != nil {
			return err
		}
		if err := m.Delete(actor, used, s.Now()); err != nil {
			return err
		}
		return errors.Join(s.Media.Save(ctx, m), s.Queue.Enqueue(ctx, discard(m)))
	})
}

// close ends the upload of a medium if it is open.
func (s *Media) close(ctx context.Context, actor ident.AccountID, id ident.MediaID) error {
	u, err := s.Uploads.OfMedium(ctx, id)
	if errors.Is(err, media.ErrUploadNotFound) {
		return nil
	}
	if err == nil {
		u, err = s.Uploads.Lock(ctx, u.Record().ID)
	}
	if err != nil {
		return err
	}
	if u.Of(actor) != nil {
		return media.ErrNotFound
	}
	switch fresh, err := u.Abort(); {
	case errors.Is(err, media.ErrUploadCompleted), err == nil && !fresh:
		return nil // there is nothing left to end
	case err != nil:
		return err
	}
	return s.Uploads.Save(ctx, u)
}
