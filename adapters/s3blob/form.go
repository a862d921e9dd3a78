package s3blob

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"crypto/rand"

	"github.com/minio/minio-go/v7"

	"github.com/sajin-sns/sajin/ports/blob"
)

var _ blob.FormUploader = (*Store)(nil)

var errSentByForm = errors.New("this upload is sent with its form")

// sent is where a form puts what it sends. It becomes the object when the upload
// is completed: by then nobody's form leads to the object.
func (s *Store) sent(r ref) string { return s.prefix + forms + r.text + "/" + r.key }

// StartForm implements blob.FormUploader.
func (s *Store) StartForm(ctx context.Context, key, contentType string, size int64) (blob.Upload, error) {
	r := newRef(key, rand.Text(), "")
	err := checkKey(key)
	switch {
	case err != nil:
	case size < 1:
		err = fmt.Errorf("a form sends at least one byte: %w", blob.ErrSize)
	default:
		if contentType == "" {
			contentType = untyped
		}
		err = s.write(ctx, r, noted{ContentType: contentType, Size: size})
	}
	if err != nil {
		return blob.Upload{}, fmt.Errorf("s3blob: starting a form for %q: %w", key, err)
	}
	return r.upload(), nil
}

// IsForm implements blob.FormUploader.
func (s *Store) IsForm(u blob.Upload) bool {
	r, err := readRef(u)
	return err == nil && r.id == ""
}

// SignForm implements blob.FormUploader.
func (s *Store) SignForm(ctx context.Context, u blob.Upload, ttl time.Duration) (blob.Form, error) {
	r, err := readRef(u)
	if err == nil && r.id != "" {
		err = errors.New("it is sent in parts")
	}
	var form blob.Form
	if err == nil {
		form, err = s.sign(ctx, r, ttl)
	}
	if err != nil {
		return blob.Form{}, fmt.Errorf("s3blob: signing a form for %q: %w", u.Key, err)
	}
	return form, nil
}

func (s *Store) sign(ctx context.Context, r ref, ttl time.Duration) (blob.Form, error) {
	n, err := s.read(ctx, r)
	if err != nil {
		return blob.Form{}, err
	}
	expires := s.until(ttl)
	policy := minio.NewPostPolicy()
	err = errors.Join(
		policy.SetBucket(s.bucket), policy.SetKey(s.sent(r)), policy.SetContentType(n.ContentType),
		policy.SetContentLengthRange(n.Size, n.Size), policy.SetExpires(expires),
	)
	if err != nil {
		return blob.Form{}, err
	}
	to, fields, err := s.core.PresignedPostPolicy(ctx, policy)
	if err != nil {
		return blob.Form{}, typed(ctx, err)
	}
	return blob.Form{URL: to.String(), Fields: fields, ExpiresAt: expires}, nil
}

// read reads the note of an upload with a form; ErrNotFound when it is not open.
func (s *Store) read(ctx context.Context, r ref) (n noted, err error) {
	err = s.again(ctx, func() error {
		body, _, _, err := s.core.GetObject(ctx, s.bucket, s.note(r), minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		defer body.Close()
		text, err := io.ReadAll(io.LimitReader(body, 64<<10))
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &n)
	})
	return n, err
}

// formParts is the part that a form has sent, if it has, and it is whole.
func (s *Store) formParts(ctx context.Context, r ref) ([]blob.Part, error) {
	n, err := s.read(ctx, r)
	if err != nil {
		return nil, err
	}
	found, err := s.stat(ctx, s.sent(r))
	switch {
	case errors.Is(err, blob.ErrNotFound), err == nil && found.Size != n.Size:
		return []blob.Part{}, nil
	case err != nil:
		return nil, err
	}
	return []blob.Part{{Number: 1, Size: found.Size, ETag: found.ETag}}, nil
}

// adopt makes the object of what a form has sent: the server copies exactly the
// bytes that the caller was told of. A form that sends something again, now or
// later, changes nothing.
func (s *Store) adopt(ctx context.Context, r ref, parts []blob.Part) (blob.Info, error) {
	if info, err := s.made(ctx, r); !errors.Is(err, blob.ErrNotFound) {
		return info, err
	}
	n, err := s.read(ctx, r)
	if errors.Is(err, blob.ErrNotFound) {
		return s.made(ctx, r) // somebody else may have completed it just now
	}
	if err != nil {
		return blob.Info{}, err
	}
	here, err := s.formParts(ctx, r)
	if err == nil {
		err = match(parts, here)
	}
	if err != nil {
		if info, lost := s.made(ctx, r); lost == nil {
			return info, nil // and what was sent is gone because of that
		}
		return blob.Info{}, err
	}
	copied, err := s.core.CopyObject(ctx, s.bucket, s.sent(r), s.bucket, s.at(r.key), map[string]string{
		"X-Amz-Copy-Source-If-Match": parts[0].ETag, "X-Amz-Metadata-Directive": "REPLACE",
		"X-Amz-Meta-" + madeBy: r.token, "Content-Type": n.ContentType,
	}, minio.CopySrcOptions{}, minio.PutObjectOptions{})
	if err == nil && copied.ETag == "" {
		err = errors.New("the storage began to copy, and broke off")
	}
	err = typed(ctx, err)
	switch {
	case errors.Is(err, errChanged):
		return blob.Info{}, fmt.Errorf("it was sent again meanwhile: %w", blob.ErrIncomplete)
	case err != nil && !errors.Is(err, blob.ErrNotFound):
		return blob.Info{}, err
	}
	return s.verified(ctx, r, parts)
}
