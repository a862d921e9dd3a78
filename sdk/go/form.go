package sajin

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/sdk/go/api"
)

// sendForm sends a whole file with its form, and completes the upload.
func (c *Client) sendForm(ctx context.Context, f File, upload, media uuid.UUID, form api.UploadForm) (uuid.UUID, error) {
	if err := again(ctx, func() error { return c.post(ctx, f, form) }); err != nil {
		return uuid.Nil, err
	}
	if f.Progress != nil {
		f.Progress(f.Size, f.Size)
	}
	_, err := c.CompleteUploadWithResponse(ctx, upload)
	return media, err
}

func (c *Client) post(ctx context.Context, f File, form api.UploadForm) error {
	var around bytes.Buffer
	w := multipart.NewWriter(&around)
	for _, name := range slices.Sorted(maps.Keys(form.Fields)) {
		if err := w.WriteField(name, form.Fields[name]); err != nil {
			return fmt.Errorf("sajin: %w", err)
		}
	}
	if _, err := w.CreateFormFile("file", "file"); err != nil {
		return fmt.Errorf("sajin: %w", err)
	}
	before := around.Len()
	if err := w.Close(); err != nil {
		return fmt.Errorf("sajin: %w", err)
	}
	head, tail := around.Bytes()[:before], around.Bytes()[before:]
	body := io.MultiReader(bytes.NewReader(head), f.section(0, f.Size), bytes.NewReader(tail))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, form.URL, io.NopCloser(body))
	if err != nil {
		return fmt.Errorf("sajin: %w", err)
	}
	req.ContentLength = int64(len(head)+len(tail)) + f.Size
	req.Header.Set("Content-Type", w.FormDataContentType())
	resp, err := c.send(req, "") // the form is the right
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
