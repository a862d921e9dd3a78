package media

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Disposal removes the bytes of media that were taken away.
type Disposal struct {
	Tx      tx.Runner
	Media   store.Media
	Uploads store.Uploads
	Blobs   blob.Store
	Queue   jobs.Queue
	Now     func() time.Time
}

// Worker is the worker of KindDiscard.
func (s *Disposal) Worker() jobs.Worker {
	return jobs.Worker{Kind: KindDiscard, Run: s.run, GiveUp: s.postpone}
}

func (s *Disposal) run(ctx context.Context, l jobs.Lease) error {
	var m *media.Medium
	err := s.Tx.Do(ctx, func(ctx context.Context) (err error) {
		m, err = s.Media.Lock(ctx, ident.MediaID(l.Job.Subject))
		return err
	})
	if err == nil && m.Deleted() { // nothing else may cost anybody his pictures
		err = s.remove(ctx, m.Record())
	}
	if err != nil && !errors.Is(err, media.ErrNotFound) {
		return err
	}
	return s.Queue.Finish(ctx, l)
}

func (s *Disposal) remove(ctx context.Context, m media.Record) error {
	upload, err := s.Uploads.OfMedium(ctx, m.ID)
	if err == nil && upload.Record().Ref != "" {
		err = storage("abort upload", s.Blobs.AbortUpload(ctx, inBlobs(upload.Record())))
	}
	if err != nil && !errors.Is(err, media.ErrUploadNotFound) {
		return err
	}
	keys := []string{m.Original}
	err = s.Blobs.List(ctx, media.RenditionFolder(m.ID), func(i blob.Info) bool {
		keys = append(keys, i.Key)
		return true
	})
	if err != nil {
		return storage("list renditions", err)
	}
	for _, key := range keys {
		if err := s.Blobs.Delete(ctx, key); err != nil {
			return storage("delete object", err)
		}
	}
	return nil
}

// postpone keeps at it: what somebody took away must go, however long the
// storage is down.
func (s *Disposal) postpone(ctx context.Context, l jobs.Lease, _ error) error {
	return jobs.Postpone(ctx, s.Tx, s.Queue, l, s.Now().Add(time.Hour))
}
