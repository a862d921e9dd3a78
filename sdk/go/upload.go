package sajin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/sdk/go/api"
)

// File is something to be uploaded.
type File struct {
	Name        string
	ContentType string
	Size        int64
	Data        io.ReaderAt
	Purpose     api.NewUploadPurpose    // a post's medium when empty
	Progress    func(sent, total int64) // called after each part; may be nil
	Started     func(upload api.Upload) // called when the upload is open, for ResumeUpload later; may be nil
	Form        bool                    // send it with one form, if it is small and the server can take that
}

// attempts is how often one part is sent before the upload is given up.
const attempts = 4

// Upload sends a file and answers the id of its medium, which is being
// processed from then on. A part that fails is sent again.
func (c *Client) Upload(ctx context.Context, f File) (uuid.UUID, error) {
	if f.Purpose == "" {
		f.Purpose = api.NewUploadPurposePost
	}
	digest := sha256.New()
	if _, err := io.Copy(digest, f.section(0, f.Size)); err != nil {
		return uuid.Nil, fmt.Errorf("sajin: read %s: %w", f.Name, err)
	}
	sum := hex.EncodeToString(digest.Sum(nil))
	offer := api.NewUpload{Filename: f.Name, ContentType: f.ContentType, Size: f.Size, Purpose: f.Purpose, Sha256: &sum}
	if f.Form {
		form := api.NewUploadProtocolForm
		offer.Protocol = &form
	}
	resp, err := c.CreateUploadWithResponse(ctx, offer)
	if err != nil {
		return uuid.Nil, err
	}
	upload := *resp.JSON201
	if f.Started != nil {
		f.Started(upload)
	}
	if upload.Form != nil {
		return c.sendForm(ctx, f, upload.ID, upload.MediaID, *upload.Form)
	}
	return c.sendParts(ctx, f, upload.ID, upload.MediaID, upload.PartSize, upload.Parts, 0)
}

// ResumeUpload sends what has not arrived of an upload that was begun before,
// and answers the id of its medium.
func (c *Client) ResumeUpload(ctx context.Context, upload uuid.UUID, f File) (uuid.UUID, error) {
	resp, err := c.GetUploadWithResponse(ctx, upload)
	if err != nil {
		return uuid.Nil, err
	}
	status := *resp.JSON200
	if status.Form != nil {
		return c.sendForm(ctx, f, upload, status.MediaID, *status.Form)
	}
	var missing []api.UploadPart
	var sent int64
	for _, part := range status.Parts {
		if part.Received {
			sent += part.Size
			continue
		}
		signed, err := c.SignUploadPartWithResponse(ctx, upload, part.Number)
		if err != nil {
			return uuid.Nil, err
		}
		missing = append(missing, *signed.JSON200)
	}
	return c.sendParts(ctx, f, upload, status.MediaID, status.PartSize, missing, sent)
}

func (c *Client) sendParts(ctx context.Context, f File, upload, media uuid.UUID, partSize int64, parts []api.UploadPart, sent int64) (uuid.UUID, error) {
	for _, part := range parts {
		if err := c.sendPart(ctx, f.section((part.Number-1)*partSize, part.Size), part); err != nil {
			return uuid.Nil, err
		}
		if sent += part.Size; f.Progress != nil {
			f.Progress(sent, f.Size)
		}
	}
	_, err := c.CompleteUploadWithResponse(ctx, upload)
	return media, err
}

func (c *Client) sendPart(ctx context.Context, body *io.SectionReader, part api.UploadPart) error {
	return again(ctx, func() error { return c.put(ctx, body, part) })
}

// again sends something several times, unless the server refuses it.
func again(ctx context.Context, send func() error) error {
	var err error
	for attempt := range attempts {
		if attempt > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Duration(attempt) * 200 * time.Millisecond):
			}
		}
		if err = send(); err == nil {
			return nil
		}
		if _, refused := errors.AsType[*Error](err); refused {
			return err
		}
	}
	return err
}

func (c *Client) put(ctx context.Context, body *io.SectionReader, part api.UploadPart) error {
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, part.Method, part.URL, io.NopCloser(body))
	if err != nil {
		return fmt.Errorf("sajin: %w", err)
	}
	req.ContentLength = part.Size
	for name, value := range part.Headers {
		req.Header.Set(name, value)
	}
	resp, err := c.send(req, "") // the link is the right
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func (f File) section(from, size int64) *io.SectionReader {
	return io.NewSectionReader(f.Data, from, size)
}

// MediumFailed is what WaitForMedium answers of a file that could not be
// processed.
type MediumFailed struct{ api.MediumError }

func (e *MediumFailed) Error() string { return "sajin: the file could not be processed: " + e.Code }

// WaitForMedium returns when a medium is ready; *MediumFailed when it never
// will be.
func (c *Client) WaitForMedium(ctx context.Context, id uuid.UUID) (*api.Medium, error) {
	var medium *api.Medium
	err := until(ctx, func() (bool, error) {
		resp, err := c.GetMediumWithResponse(ctx, id, nil)
		if err != nil {
			return false, err
		}
		medium = resp.JSON200
		if medium.State == api.MediumStateFailed {
			return false, &MediumFailed{*medium.Error}
		}
		return medium.State == api.MediumStateReady, nil
	})
	return medium, err
}
