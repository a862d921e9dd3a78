package media

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
)

// maxSigned is how long a bucket accepts a signature at most.
const maxSigned = 7 * 24 * time.Hour

// ErrBody is what somebody hears, if he still listens, whose body broke off.
var ErrBody = fault.New(fault.BadRequest, "request.body", "the body of the request ended too early")

// Sign says once more how to send a part: links may have been lost, or be too
// old.
//
// It fails with media.ErrUploadNotFound if the upload is not the actor's, with
// media.ErrPartNotFound for a number that it does not have, with
// media.ErrUploadIsForm if it is sent otherwise, and with media.ErrUploadGone or
// ErrUploadCompleted if it takes no parts any more.
func (s *Uploads) Sign(ctx context.Context, actor ident.AccountID, id ident.UploadID, number int) (PartRequest, error) {
	u, err := s.find(ctx, actor, id)
	if err != nil {
		return PartRequest{}, err
	}
	if err := u.Open(s.Now()); err != nil {
		return PartRequest{}, err
	}
	return s.sign(ctx, u, number)
}

// sign makes the link of one part, to the blob store if that takes parts
// itself, else to this server. It is good for as long as the upload is.
func (s *Uploads) sign(ctx context.Context, u *media.Upload, number int) (PartRequest, error) {
	r := u.Record()
	size, err := u.Part(number)
	if err != nil {
		return PartRequest{}, err
	}
	if _, ok := s.forms(u); ok {
		return PartRequest{}, media.ErrUploadIsForm
	}
	part := PartRequest{Number: number, Method: http.MethodPut, Headers: map[string]string{}, Size: size}
	presigner, ok := s.Blobs.(blob.Presigner)
	if !ok {
		part.URL = s.Links.Part(r.ID, number, r.ExpiresAt)
		return part, nil
	}
	request, err := presigner.PresignPart(ctx, inBlobs(r), number, size, min(r.ExpiresAt.Sub(s.Now()), maxSigned))
	if err != nil {
		return PartRequest{}, storage("sign part", err)
	}
	part.URL, part.Method = request.URL, request.Method
	if request.Headers != nil {
		part.Headers = request.Headers
	}
	return part, nil
}

// Put takes a part in as it comes, without keeping it in memory, and answers
// its tag. Whoever has the link of the part may call it: that was checked. What
// was sent before under the number is replaced.
//
// It fails with what media.Upload.Take says, and with ErrBody if the body broke
// off; then an earlier part stays as it was.
func (s *Uploads) Put(ctx context.Context, id ident.UploadID, number int, body io.Reader, size int64) (etag string, err error) {
	u, err := s.Uploads.Get(ctx, id)
	if err != nil {
		return "", err
	}
	if err := u.Take(number, size, s.Now()); err != nil {
		return "", err
	}
	source := &watchedBody{Reader: body}
	part, err := s.Blobs.PutPart(ctx, inBlobs(u.Record()), number, source, size)
	switch {
	case err == nil:
		return part.ETag, nil
	case source.err != nil, errors.Is(err, blob.ErrSize):
		return "", ErrBody.Because(err)
	case errors.Is(err, blob.ErrNotFound):
		return "", s.ended(ctx, id) // it ended while the part was on its way
	default:
		return "", storage("put part", err)
	}
}

// ended says why the blob store does not know an upload any more.
func (s *Uploads) ended(ctx context.Context, id ident.UploadID) error {
	u, err := s.Uploads.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := u.Open(s.Now()); err != nil {
		return err
	}
	return media.ErrUploadGone
}

// watchedBody remembers whether reading failed, to tell a client that went away
// from a disk that did.
type watchedBody struct {
	io.Reader
	err error
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
