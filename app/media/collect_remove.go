package media

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/store"
)

// remove goes through it all once more and removes what it finds, never more
// than was counted, up to the first failure. rows says whether media may go,
// too.
func (s *survey) remove(ctx context.Context, rows bool) error {
	uploads := s.finding(store.UnnamedUploads)
	err := s.unless(uploads, func() error {
		return s.unnamed(ctx, func(u blob.Upload) error {
			return s.one(uploads, func() error { return storage("abort upload", s.Blobs.AbortUpload(ctx, u)) })
		})
	})
	if err != nil {
		return err
	}
	strays := s.finding(store.StrayObjects)
	err = s.unless(strays, func() error {
		for _, prefix := range media.Prefixes() {
			w := s.walk(prefix)
			w.stray = func(o blob.Info) error {
				return s.one(strays, func() error { return storage("delete object", s.Blobs.Delete(ctx, o.Key)) })
			}
			if err := w.run(ctx, s.Blobs); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !rows {
		return err
	}
	return s.removeRows(ctx)
}

func (s *survey) removeRows(ctx context.Context) error {
	n, err := s.Uploads.Expire(ctx, s.now)
	s.finding(store.OverdueUploads).Removed += n
	if err != nil {
		return err
	}
	unattached := s.finding(store.UnattachedMedia)
	return s.idle(ctx, func(u store.Unattached, since time.Time) error {
		gone, err := s.Media.expire(ctx, u.ID, since)
		if gone {
			unattached.Removed++
		}
		return err
	})
}

// unless does nothing where nothing was counted.
func (s *survey) unless(f *store.Finding, do func() error) error {
	if f.Found == 0 {
		return nil
	}
	return do()
}

// one removes one of what was counted.
func (s *survey) one(f *store.Finding, do func() error) error {
	if f.Removed >= f.Found {
		return nil
	}
	if err := do(); err != nil {
		return err
	}
	f.Removed++
	return nil
}

// expire takes a medium away that nothing was ever made of, as Delete does. It
// decides behind the lock that whoever makes something of it takes as well: of
// two at once, one has it.
func (s *Media) expire(ctx context.Context, id ident.MediaID, since time.Time) (gone bool, err error) {
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		gone = false
		m, err := s.Media.Lock(ctx, id)
		if err != nil {
			return err
		}
		used, err := s.Use.InUse(ctx, id)
		if err != nil {
			return err
		}
		if gone = m.Expire(since, used, s.Now()); !gone {
			return nil
		}
		return errors.Join(s.Media.Save(ctx, m), s.Queue.Enqueue(ctx, discard(m)))
	})
	if errors.Is(err, media.ErrNotFound) {
		err = nil
	}
	return gone && err == nil, err
}
