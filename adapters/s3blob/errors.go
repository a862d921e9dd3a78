package s3blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/sajin-sns/sajin/ports/blob"
)

// errChanged is what reading on answers when the object is another one by now.
var errChanged = errors.New("s3blob: the object was replaced while it was read")

// What servers call the same thing.
var (
	missing  = []string{"NoSuchKey", "NoSuchUpload", "NoSuchVersion"}
	full     = []string{"QuotaExceeded", "InsufficientStorage", "InsufficientCapacity", "ServiceQuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"}
	refusing = []string{
		"NoSuchBucket", "AccessDenied", "AllAccessDisabled", "AccountProblem", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSecurity", "NotSignedUp",
		"XAdminUserNotFound", "RequestTimeTooSkewed", "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "InvalidRegion", "InvalidBucketName",
	}
	passing = []string{
		"InternalError", "SlowDown", "SlowDownRead", "SlowDownWrite", "ServiceUnavailable", "RequestTimeout", "Throttling", "ThrottlingException",
		"RequestLimitExceeded", "RequestThrottled", "TooManyRequests", "OperationAborted", "XMinioServerNotInitialized",
		"ExistingObjectIsDirectory", // of gateways to a disk, while a neighbour's folder comes and goes
	}
	wrongParts = []string{"InvalidPart", "InvalidPartOrder", "EntityTooSmall"}
)

// typed makes an error of the port of what the client library answers. What is
// no answer of the server at all was lost on the way.
func typed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if over := ctx.Err(); over != nil {
		return over
	}
	answer, answered := errors.AsType[minio.ErrorResponse](err)
	if !answered {
		return fmt.Errorf("%w: %w", blob.ErrUnavailable, err)
	}
	kind := kindOf(answer)
	if kind == nil {
		return told(answer)
	}
	return fmt.Errorf("%w: %w", kind, told(answer))
}

func kindOf(answer minio.ErrorResponse) error {
	status := answer.StatusCode
	switch {
	case slices.Contains(missing, answer.Code):
		return blob.ErrNotFound
	case slices.Contains(full, answer.Code), status == http.StatusInsufficientStorage:
		return blob.ErrFull
	case slices.Contains(wrongParts, answer.Code):
		return blob.ErrIncomplete
	case answer.Code == "PreconditionFailed", status == http.StatusPreconditionFailed:
		return errChanged
	case slices.Contains(refusing, answer.Code), status == http.StatusForbidden, status == http.StatusUnauthorized, status == http.StatusMovedPermanently:
		return blob.ErrRefused
	case slices.Contains(passing, answer.Code), status >= 500 && status != http.StatusNotImplemented,
		status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status < 400: // an error in an answer that begins well
		return blob.ErrUnavailable
	default:
		return nil
	}
}

// answered is an error in the server's words, with its code, which says more.
type answered struct{ minio.ErrorResponse }

func told(answer minio.ErrorResponse) error { return answered{answer} }

func (a answered) Error() string {
	return fmt.Sprintf("%s (status %d): %s", a.Code, a.StatusCode, a.ErrorResponse.Error())
}

// attempts is how often a request is made that gets no proper answer.
const attempts = 3

// again calls fn, which must be harmless to repeat, until the server has
// answered. A server that was waited for in vain is not waited for again.
func (s *Store) again(ctx context.Context, fn func() error) error {
	return repeat(ctx, func() error { return typed(ctx, fn()) })
}

// repeat is again for what answers errors of the port.
func repeat(ctx context.Context, fn func() error) error {
	for attempt := 1; ; attempt++ {
		err := fn()
		if attempt == attempts || !errors.Is(err, blob.ErrUnavailable) || errors.Is(err, errSilent) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(100*attempt) * time.Millisecond): // the client library has waited for a random while
		}
	}
}
