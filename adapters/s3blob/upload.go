package s3blob

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/sajin-sns/sajin/ports/blob"
)

const (
	uploads = "UPLOADS/"
	forms   = "FORMS/"
	madeBy  = "Sajin-Upload" // the metadata of an object that names the upload it came of

	maxPart  = 10_000
	pageSize = 1000
)

// ref is a blob.Upload taken apart: what the store calls it, and what S3 does.
type ref struct {
	key   string
	text  string
	token string
	id    string // "" for an upload that is sent with a form
}

func newRef(key, token, id string) ref {
	r := ref{key: key, token: token, id: id, text: "f." + token}
	if id != "" {
		r.text = "m." + token + "." + url.PathEscape(id)
	}
	return r
}

// readRef takes apart what newRef made; anything else is not found.
func readRef(u blob.Upload) (ref, error) {
	if err := checkKey(u.Key); err != nil {
		return ref{}, err
	}
	kind, rest, _ := strings.Cut(u.Ref, ".")
	token, escaped, _ := strings.Cut(rest, ".")
	id, err := url.PathUnescape(escaped)
	if r := newRef(u.Key, token, id); err == nil && r.text == u.Ref && (kind == "m") == (id != "") && len(token) == 26 && !strings.Contains(token, "/") {
		return r, nil
	}
	return ref{}, blob.ErrNotFound
}

func (r ref) upload() blob.Upload { return blob.Upload{Key: r.key, Ref: r.text} }

// note is where it is written that the upload is open.
func (s *Store) note(r ref) string { return s.prefix + uploads + r.text + "/" + r.key }

// noted is what the note says: what else is to be known of a form.
type noted struct {
	ContentType string `json:"content_type"`
	Size        int64  `json:"size,omitempty"`
}

func (s *Store) write(ctx context.Context, r ref, n noted) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return s.put(ctx, s.note(r), bytes.NewReader(text), int64(len(text)), "application/json")
}

// StartUpload implements blob.Store.
func (s *Store) StartUpload(ctx context.Context, key, contentType string) (blob.Upload, error) {
	err := checkKey(key)
	var r ref
	if err == nil {
		r, err = s.start(ctx, key, contentType)
	}
	if err != nil {
		return blob.Upload{}, fmt.Errorf("s3blob: starting an upload of %q: %w", key, err)
	}
	return r.upload(), nil
}

func (s *Store) start(ctx context.Context, key, contentType string) (ref, error) {
	token := rand.Text()
	o := minio.PutObjectOptions{ContentType: cmp.Or(contentType, untyped), UserMetadata: map[string]string{madeBy: token}}
	var id string
	err := s.again(ctx, func() (err error) {
		id, err = s.core.NewMultipartUpload(ctx, s.bucket, s.at(key), o)
		return err
	})
	if err != nil {
		return ref{}, err
	}
	r := newRef(key, token, id)
	if err := s.write(ctx, r, noted{ContentType: o.ContentType}); err != nil {
		return ref{}, errors.Join(err, s.abort(context.WithoutCancel(ctx), r))
	}
	return r, nil
}

// PutPart implements blob.Store.
func (s *Store) PutPart(ctx context.Context, u blob.Upload, number int, from io.Reader, size int64) (blob.Part, error) {
	r, err := readRef(u)
	switch {
	case err != nil:
	case number < 1 || number > maxPart:
		err = fmt.Errorf("parts are numbered from 1 to %d", maxPart)
	case r.id == "":
		err = errSentByForm
	}
	var part blob.Part
	if err == nil {
		part, err = s.putPart(ctx, r, number, from, size)
	}
	if err != nil {
		return blob.Part{}, fmt.Errorf("s3blob: part %d of %q: %w", number, u.Key, err)
	}
	return part, nil
}

func (s *Store) putPart(ctx context.Context, r ref, number int, from io.Reader, size int64) (blob.Part, error) {
	b, err := newBody(ctx, from, size)
	if err != nil {
		return blob.Part{}, err
	}
	var o minio.PutObjectPartOptions
	var source io.Reader = b
	if size == 0 {
		o.DisableContentSha256, o.Sha256Hex, source = true, emptySHA256, nil
	}
	part, err := s.core.PutObjectPart(ctx, s.bucket, s.at(r.key), r.id, number, source, size, o)
	if b.err != nil {
		return blob.Part{}, b.err
	}
	if err := typed(ctx, err); err != nil {
		if _, lost := s.page(ctx, r, 0, 1); errors.Is(lost, blob.ErrNotFound) {
			return blob.Part{}, lost // the server hung up on a part of an upload that is over
		}
		return blob.Part{}, err
	}
	return blob.Part{Number: number, Size: size, ETag: part.ETag}, nil
}

// ListParts implements blob.Store.
func (s *Store) ListParts(ctx context.Context, u blob.Upload) ([]blob.Part, error) {
	r, err := readRef(u)
	var parts []blob.Part
	switch {
	case err != nil:
	case r.id == "":
		parts, err = s.formParts(ctx, r)
	default:
		parts, err = s.parts(ctx, r)
	}
	if err != nil {
		return nil, fmt.Errorf("s3blob: parts of %q: %w", u.Key, err)
	}
	return parts, nil
}

func (s *Store) parts(ctx context.Context, r ref) ([]blob.Part, error) {
	parts := []blob.Part{}
	for marker := 0; ; {
		page, err := s.page(ctx, r, marker, pageSize)
		if err != nil {
			return nil, err
		}
		for _, p := range page.ObjectParts {
			parts = append(parts, blob.Part{Number: p.PartNumber, Size: p.Size, ETag: strings.Trim(p.ETag, `"`)})
		}
		if !page.IsTruncated || page.NextPartNumberMarker <= marker {
			return parts, nil
		}
		marker = page.NextPartNumberMarker
	}
}

func (s *Store) page(ctx context.Context, r ref, after, most int) (page minio.ListObjectPartsResult, err error) {
	err = s.again(ctx, func() (err error) {
		page, err = s.core.ListObjectParts(ctx, s.bucket, s.at(r.key), r.id, after, most)
		return err
	})
	return page, err
}

// ListUploads implements blob.Store. What was sent with a form after its upload
// had ended counts as an upload, so that it can be aborted.
func (s *Store) ListUploads(ctx context.Context, yield func(u blob.Upload, startedAt time.Time) bool) error {
	seen := map[blob.Upload]bool{} // uploads with a form
	for _, folder := range []string{uploads, forms} {
		more := true
		err := s.walk(ctx, s.prefix+folder, func(o minio.ObjectInfo) bool {
			text, key, _ := strings.Cut(o.Key[len(s.prefix+folder):], "/")
			u := blob.Upload{Key: key, Ref: text}
			r, err := readRef(u)
			if err != nil || seen[u] {
				return true
			}
			if r.id == "" {
				seen[u] = true
			}
			more = yield(u, describe("", o).ModifiedAt)
			return more
		})
		if err != nil {
			return fmt.Errorf("s3blob: listing uploads: %w", err)
		}
		if !more {
			break
		}
	}
	return nil
}
