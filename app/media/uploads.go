// Package media holds the use cases of files that people send: taking them in,
// making renditions of them, and answering what other modules ask about them.
//
// Bytes are in the blob store and facts in the database, and no transaction
// spans both. So what is going to happen to bytes is written down first, then
// done, then recorded; every step may be done again after a crash.
package media

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// The kinds of jobs of this module. Their subject is the medium.
const (
	KindProcess = "media.process" // make renditions of a file that has arrived
	KindDiscard = "media.discard" // remove the bytes of a medium that was taken away
)

// untyped is what originals are stored as: nobody has looked at them, and what
// their sender says of them is not believed.
const untyped = "application/octet-stream"

// What the blob store's troubles look like from outside.
var (
	ErrStorage     = fault.New(fault.Unavailable, "media.storage-unavailable", "the storage does not answer; try again later")
	ErrStorageFull = fault.New(fault.Unavailable, "media.storage-full", "there is no space left; try again later")
)

// Uploads takes files in.
type Uploads struct {
	Tx      tx.Runner
	Uploads store.Uploads
	Media   store.Media
	Blobs   blob.Store
	Queue   jobs.Queue
	Links   link.Parts
	IDs     *ident.Source
	Now     func() time.Time
	Limits  media.Limits
}

// Ticket is an upload that may begin.
type Ticket struct {
	ID        ident.UploadID `json:"id" format:"uuid"`
	MediaID   ident.MediaID  `json:"media_id" format:"uuid"`
	Protocol  string         `json:"protocol" enum:"parts,form"`
	PartSize  int64          `json:"part_size" doc:"Of every part but the last"`
	Parts     []PartRequest  `json:"parts" nullable:"false" doc:"What to send: each part in a request of its own, in any order, several at a time, again if it fails; none with the protocol form"`
	Form      *FormRequest   `json:"form,omitempty" doc:"How to send the file with the protocol form"`
	ExpiresAt time.Time      `json:"expires_at"`
}

// PartRequest is how to send one part.
type PartRequest struct {
	Number  int               `json:"number"`
	URL     string            `json:"url" doc:"Absolute; whoever has it may send this part"`
	Method  string            `json:"method" example:"PUT"`
	Headers map[string]string `json:"headers" doc:"To be sent as they are"`
	Size    int64             `json:"size" doc:"The body must have exactly so many bytes"`
}

// Create opens an upload, and the medium that will come of it.
//
// It fails with what media.NewUpload and Limits.Admit say of the offer.
func (s *Uploads) Create(ctx context.Context, actor ident.AccountID, offer media.Offer) (*Ticket, error) {
	now := s.Now()
	upload, medium, err := media.NewUpload(ident.New[ident.UploadID](s.IDs), ident.New[ident.MediaID](s.IDs), actor, offer, s.Limits, now)
	if err != nil {
		return nil, err
	}
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		usage, err := s.Uploads.LockUsage(ctx, actor, now)
		if err != nil {
			return err
		}
		if err := s.Limits.Admit(usage, upload.Record().Size); err != nil {
			return err
		}
		if err := s.Media.Insert(ctx, medium); err != nil {
			return err
		}
		return s.Uploads.Insert(ctx, upload)
	})
	if err != nil {
		return nil, err
	}
	upload, err = s.start(ctx, upload, offer.Form)
	if err != nil {
		return nil, err
	}
	return s.ticket(ctx, upload)
}

// start opens the upload in the blob store. When that fails the upload ends, so
// that it holds no place among the open ones.
func (s *Uploads) start(ctx context.Context, u *media.Upload, form bool) (*media.Upload, error) {
	r := u.Record()
	detached := context.WithoutCancel(ctx)
	opened, err := s.open(ctx, u, form)
	if err != nil {
		return nil, errors.Join(storage("start upload", err), s.end(detached, r.ID, (*media.Upload).Abort))
	}
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		var err error
		if u, err = s.Uploads.Lock(ctx, r.ID); err != nil {
			return err
		}
		u.Started(opened.Ref)
		return s.Uploads.Save(ctx, u)
	})
	if err != nil { // nobody else knows what the blob store calls it
		return nil, errors.Join(err, s.Blobs.AbortUpload(detached, opened), s.end(detached, r.ID, (*media.Upload).Abort))
	}
	return u, nil
}

func (s *Uploads) ticket(ctx context.Context, u *media.Upload) (*Ticket, error) {
	r := u.Record()
	if forms, ok := s.forms(u); ok {
		form, err := s.signForm(ctx, forms, u)
		if err != nil {
			return nil, err
		}
		return &Ticket{
			ID: r.ID, MediaID: r.Medium, Protocol: protocolForm, PartSize: r.PartSize, ExpiresAt: r.ExpiresAt, Parts: []PartRequest{}, Form: form,
		}, nil
	}
	t := &Ticket{
		ID: r.ID, MediaID: r.Medium, Protocol: protocolParts, PartSize: r.PartSize, ExpiresAt: r.ExpiresAt,
		Parts: make([]PartRequest, 0, u.Parts()),
	}
	for number := 1; number <= u.Parts(); number++ {
		part, err := s.sign(ctx, u, number)
		if err != nil {
			return nil, err
		}
		t.Parts = append(t.Parts, part)
	}
	return t, nil
}

// find reads an upload of the actor.
func (s *Uploads) find(ctx context.Context, actor ident.AccountID, id ident.UploadID) (*media.Upload, error) {
	u, err := s.Uploads.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return u, u.Of(actor)
}

// inBlobs is what the blob store calls an upload.
func inBlobs(r media.UploadRecord) blob.Upload { return blob.Upload{Key: r.Key, Ref: r.Ref} }

// storage says what a client may know of a failure of the blob store.
func storage(attempt string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", attempt, err)
	case errors.Is(err, blob.ErrFull):
		return ErrStorageFull.Because(fmt.Errorf("%s: %w", attempt, err))
	default:
		return ErrStorage.Because(fmt.Errorf("%s: %w", attempt, err))
	}
}
