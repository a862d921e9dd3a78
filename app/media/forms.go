package media

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
)

// The ways in which files are sent.
const (
	protocolParts = "parts"
	protocolForm  = "form"
)

// FormRequest is how to send a whole file with one form.
type FormRequest struct {
	URL       string            `json:"url" doc:"Where to POST the form to, as multipart/form-data; whoever has it may"`
	Fields    map[string]string `json:"fields" doc:"To be sent as they are, before the file, which is the last field and called file"`
	ExpiresAt time.Time         `json:"expires_at"`
}

// open begins the upload in the blob store: for a form, if one is wanted, the
// store takes forms, and the file is small enough.
func (s *Uploads) open(ctx context.Context, u *media.Upload, form bool) (blob.Upload, error) {
	r := u.Record()
	if forms, ok := s.Blobs.(blob.FormUploader); ok && form && u.Parts() == 1 {
		return forms.StartForm(ctx, r.Key, r.ContentType, r.Size)
	}
	return s.Blobs.StartUpload(ctx, r.Key, untyped)
}

// forms is the blob store, if the upload is sent to it with a form.
func (s *Uploads) forms(u *media.Upload) (blob.FormUploader, bool) {
	forms, ok := s.Blobs.(blob.FormUploader)
	return forms, ok && forms.IsForm(inBlobs(u.Record()))
}

func (s *Uploads) protocol(u *media.Upload) string {
	if _, ok := s.forms(u); ok {
		return protocolForm
	}
	return protocolParts
}

// signForm makes the form of an upload, which is good for as long as that is.
// There is none when the upload has just been put together.
func (s *Uploads) signForm(ctx context.Context, forms blob.FormUploader, u *media.Upload) (*FormRequest, error) {
	r := u.Record()
	form, err := forms.SignForm(ctx, inBlobs(r), min(r.ExpiresAt.Sub(s.Now()), maxSigned))
	if errors.Is(err, blob.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, storage("sign form", err)
	}
	return &FormRequest{URL: form.URL, Fields: form.Fields, ExpiresAt: form.ExpiresAt}, nil
}
