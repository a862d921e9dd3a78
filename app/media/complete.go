package media

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/jobs"
)

// Completed is a file that is here whole.
type Completed struct {
	MediaID ident.MediaID `json:"media_id" format:"uuid"`
	State   media.State   `json:"state" enum:"received,inspecting,processing,ready,failed"`
}

// Complete puts the parts of an upload together and has the medium processed.
// It may be called again at any time, by several at once, and also after a
// crash that came between its steps: one medium and one job come of it.
//
// It fails with media.ErrUploadNotFound if the upload is not the actor's, with
// media.ErrUploadGone if it has ended otherwise, and with
// media.ErrUploadIncomplete, whose details name the missing parts.
func (s *Uploads) Complete(ctx context.Context, actor ident.AccountID, id ident.UploadID) (*Completed, error) {
	u, err := s.find(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	switch err := u.Open(s.Now()); {
	case err == nil:
		if err := s.assemble(ctx, u); err != nil {
			return nil, err
		}
	case !errors.Is(err, media.ErrUploadCompleted):
		return nil, err
	}
	failpoint.Hit("media.upload.assembled")
	return s.arrive(ctx, id)
}

// assemble has the blob store put the parts together.
func (s *Uploads) assemble(ctx context.Context, u *media.Upload) error {
	parts, err := s.Blobs.ListParts(ctx, inBlobs(u.Record()))
	switch {
	case errors.Is(err, blob.ErrNotFound):
		// Perhaps they were, and the one who asked for it got no further.
	case err != nil:
		return storage("list parts", err)
	default:
		if missing := u.Missing(arrived(parts)); len(missing) > 0 {
			return media.ErrUploadIncomplete.With("missing", missing)
		}
	}
	_, err = s.Blobs.CompleteUpload(ctx, inBlobs(u.Record()), parts)
	switch {
	case errors.Is(err, blob.ErrIncomplete): // a part was sent again meanwhile
		return media.ErrUploadIncomplete.With("missing", []int{}).Because(err)
	case errors.Is(err, blob.ErrNotFound):
		return s.ended(ctx, u.Record().ID)
	default:
		return storage("complete upload", err)
	}
}

// arrive records that the file is here. Whoever comes first starts the job.
func (s *Uploads) arrive(ctx context.Context, id ident.UploadID) (*Completed, error) {
	var completed *Completed
	var late bool
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		u, err := s.Uploads.Lock(ctx, id)
		if err != nil {
			return err
		}
		r := u.Record()
		m, err := s.Media.Lock(ctx, r.Medium)
		if err != nil {
			return err
		}
		fresh, err := u.Complete()
		if late = err != nil; late {
			// It was aborted while the parts were put together, perhaps after
			// the bytes were removed: they are back.
			return s.Queue.Enqueue(ctx, discard(m))
		}
		if m.Deleted() {
			return media.ErrNotFound
		}
		if fresh {
			if err := m.Receive(s.Now()); err != nil {
				return err
			}
			if err := errors.Join(s.Uploads.Save(ctx, u), s.Media.Save(ctx, m), s.Queue.Enqueue(ctx, process(m))); err != nil {
				return err
			}
		}
		completed = &Completed{MediaID: r.Medium, State: m.Record().State}
		return nil
	})
	failpoint.Hit("media.upload.arrived")
	if err == nil && late {
		err = media.ErrUploadGone
	}
	if err != nil {
		return nil, err
	}
	return completed, nil
}

// Abort ends an upload and has its bytes removed; that it has ended already is
// no error.
//
// It fails with media.ErrUploadNotFound if the upload is not the actor's, and
// with media.ErrUploadCompleted if a medium has come of it.
func (s *Uploads) Abort(ctx context.Context, actor ident.AccountID, id ident.UploadID) error {
	if _, err := s.find(ctx, actor, id); err != nil {
		return err
	}
	return s.end(ctx, id, (*media.Upload).Abort)
}

// expireAtOnce is how many overdue uploads are looked for at a time.
const expireAtOnce = 100

// ExpireUploads ends the uploads whose time is over, and has their bytes
// removed. It is called every now and then.
func (s *Uploads) ExpireUploads(ctx context.Context) error {
	_, err := s.Expire(ctx, s.Now())
	return err
}

// Expire ends the uploads whose time is over at a time, and counts them.
func (s *Uploads) Expire(ctx context.Context, now time.Time) (expired int64, err error) {
	for {
		ids, err := s.Uploads.Overdue(ctx, now, expireAtOnce)
		if err != nil || len(ids) == 0 {
			return expired, err
		}
		var failed error
		for _, id := range ids { // one that cannot be ended does not keep the others
			over := false
			err := s.end(ctx, id, func(u *media.Upload) (bool, error) {
				over = u.Expire(now)
				return over, nil
			})
			if err == nil && over {
				expired++
			}
			failed = errors.Join(failed, err)
		}
		if failed != nil {
			return expired, failed
		}
	}
}

// end closes an upload, takes away the medium that waited for it, and has the
// bytes removed, unless it has ended already.
func (s *Uploads) end(ctx context.Context, id ident.UploadID, how func(*media.Upload) (fresh bool, err error)) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		u, err := s.Uploads.Lock(ctx, id)
		if err != nil {
			return err
		}
		fresh, err := how(u)
		if err != nil || !fresh {
			return err
		}
		m, err := s.Media.Lock(ctx, u.Record().Medium)
		if err != nil {
			return err
		}
		m.Drop(s.Now())
		return errors.Join(s.Uploads.Save(ctx, u), s.Media.Save(ctx, m), s.Queue.Enqueue(ctx, discard(m)))
	})
}

// process is the job that makes renditions.
func process(m *media.Medium) jobs.Job { return job(KindProcess, m) }

// discard is the job that removes bytes.
func discard(m *media.Medium) jobs.Job { return job(KindDiscard, m) }

func job(kind string, m *media.Medium) jobs.Job {
	return jobs.Job{Kind: kind, Subject: m.Record().ID, Owner: m.Record().Owner}
}
