package s3blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/health"
)

// maxSkew is how far clocks may be apart. Amazon takes no signature that is a
// quarter of an hour old, and links for a minute suffer sooner.
const maxSkew = 5 * time.Minute

// Check tells whether the bucket can be used now: that it is there, lets this
// server in, and agrees about the time. It is a *health.Problem that says what
// to do; blob.ErrUnavailable if nobody answered, which may pass by itself.
func (s *Store) Check(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	s.line.skew.Store(0)
	err := typed(limited, s.list(limited))
	if limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", blob.ErrUnavailable, errSilent)
	}
	answer, answered := errors.AsType[answered](err)
	skew := time.Duration(s.line.skew.Load())
	problem := func(format string, args ...any) error {
		return &health.Problem{Remedy: fmt.Sprintf(format, args...), Err: fmt.Errorf("s3blob: bucket %q at %s: %w", s.bucket, s.endpoint, err)}
	}
	switch {
	case answer.Code == "RequestTimeTooSkewed", (err == nil || answered) && skew.Abs() > maxSkew:
		if err == nil {
			err = blob.ErrRefused
		}
		err = fmt.Errorf("the storage's clock is %s from this machine's, and no signed link holds: %w", skew.Round(time.Second), err)
		return problem("set the clock of this machine, or that of the storage (NTP)")
	case err == nil, ctx.Err() != nil:
		return err
	case answer.Code == "NoSuchBucket":
		return problem("make the bucket %q, or correct its name in blob.url", s.bucket)
	case answer.Code == "InvalidAccessKeyId", answer.Code == "XAdminUserNotFound":
		return problem("correct blob.access_key")
	case answer.Code == "SignatureDoesNotMatch":
		return problem("correct blob.secret_key (and the region in blob.url, if the key is right)")
	case wrongRegion(answer):
		if answer.Region != "" {
			return problem("set region=%s in blob.url", answer.Region)
		}
		return problem("correct the region in blob.url: it is %q", s.region)
	case errors.Is(err, blob.ErrRefused):
		return problem("let the key of blob.access_key list, read, write and delete in the bucket: docs/operations.md has the policy")
	case errors.Is(err, blob.ErrUnavailable):
		return problem("see that %s can be reached from this machine, or correct the endpoint in blob.url", s.endpoint)
	default:
		return problem("see that blob.url names an S3 server: %s", s.endpoint)
	}
}

// list asks for one name, which needs all that is to be known.
func (s *Store) list(ctx context.Context) error {
	for found := range s.core.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix + uploads, MaxKeys: 1}) {
		return found.Err
	}
	return ctx.Err()
}

func wrongRegion(a answered) bool {
	switch a.Code {
	case "AuthorizationHeaderMalformed", "InvalidRegion", "PermanentRedirect", "IllegalLocationConstraintException":
		return true
	}
	return a.StatusCode == http.StatusMovedPermanently
}
