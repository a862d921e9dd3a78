package media

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
)

// Status is how far an upload has come.
type Status struct {
	ID          ident.UploadID    `json:"id" format:"uuid"`
	MediaID     ident.MediaID     `json:"media_id" format:"uuid"`
	State       media.UploadState `json:"state" enum:"open,completed"`
	Filename    string            `json:"filename"`
	ContentType string            `json:"content_type" doc:"As you announced it"`
	Size        int64             `json:"size"`
	Protocol    string            `json:"protocol" enum:"parts,form"`
	PartSize    int64             `json:"part_size"`
	Parts       []PartStatus      `json:"parts" nullable:"false" doc:"What is sent with a form is one part"`
	Form        *FormRequest      `json:"form,omitempty" doc:"A fresh form, as long as nothing has arrived by it"`
	ExpiresAt   time.Time         `json:"expires_at"`
}

// PartStatus is whether a part has arrived.
type PartStatus struct {
	Number   int   `json:"number"`
	Size     int64 `json:"size"`
	Received bool  `json:"received" doc:"Send it (again) when it is false; POST /v1/uploads/{id}/parts/{n} gives a fresh link"`
}

// Status tells which parts have arrived, and how to send what has not with a form.
//
// It fails with media.ErrUploadNotFound if the upload is not the actor's, and
// with media.ErrUploadGone if it was aborted or has expired.
func (s *Uploads) Status(ctx context.Context, actor ident.AccountID, id ident.UploadID) (*Status, error) {
	u, err := s.find(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	r := u.Record()
	missing := map[int]bool{}
	if err := u.Open(s.Now()); err == nil {
		parts, err := s.Blobs.ListParts(ctx, inBlobs(r))
		if err != nil && !errors.Is(err, blob.ErrNotFound) {
			return nil, storage("list parts", err)
		}
		if err == nil { // else they were put together, and nobody has recorded it: none is to be sent again
			for _, number := range u.Missing(arrived(parts)) {
				missing[number] = true
			}
		}
	} else if !errors.Is(err, media.ErrUploadCompleted) {
		return nil, err
	}
	status := &Status{
		ID: r.ID, MediaID: r.Medium, State: r.State, Filename: r.Filename, ContentType: r.ContentType, Size: r.Size,
		Protocol: s.protocol(u), PartSize: r.PartSize, ExpiresAt: r.ExpiresAt, Parts: make([]PartStatus, 0, u.Parts()),
	}
	if forms, ok := s.forms(u); ok && missing[1] {
		if status.Form, err = s.signForm(ctx, forms, u); err != nil {
			return nil, err
		}
	}
	for number := 1; number <= u.Parts(); number++ {
		size, err := u.Part(number)
		if err != nil {
			return nil, err
		}
		status.Parts = append(status.Parts, PartStatus{Number: number, Size: size, Received: !missing[number]})
	}
	return status, nil
}

func arrived(parts []blob.Part) []media.Arrived {
	all := make([]media.Arrived, len(parts))
	for i, p := range parts {
		all[i] = media.Arrived{Number: p.Number, Size: p.Size}
	}
	return all
}
