package s3blob

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sajin-sns/sajin/ports/blob"
)

// longest is how long a signature is good for at most.
const longest = 7 * 24 * time.Hour

// until is when something expires that is signed now. Signatures count in whole
// seconds.
func (s *Store) until(ttl time.Duration) time.Time {
	return s.now().Add(within(ttl)).UTC().Truncate(time.Second)
}

func within(ttl time.Duration) time.Duration {
	return min(max(ttl.Truncate(time.Second), time.Second), longest)
}

// PresignPart implements blob.Presigner. The length of the body is signed, and
// whoever sends one says it by itself.
func (s *Store) PresignPart(ctx context.Context, u blob.Upload, number int, size int64, ttl time.Duration) (blob.Request, error) {
	r, err := readRef(u)
	switch {
	case err != nil:
	case number < 1 || number > maxPart:
		err = fmt.Errorf("parts are numbered from 1 to %d", maxPart)
	case size < 0:
		err = blob.ErrSize
	case r.id == "":
		err = errSentByForm
	}
	var request blob.Request
	if err == nil {
		query := url.Values{"partNumber": {strconv.Itoa(number)}, "uploadId": {r.id}}
		request, err = s.presign(ctx, http.MethodPut, r.key, ttl, query, http.Header{"Content-Length": {strconv.FormatInt(size, 10)}})
	}
	if err != nil {
		return blob.Request{}, fmt.Errorf("s3blob: signing part %d of %q: %w", number, u.Key, err)
	}
	return request, nil
}

// PresignGet implements blob.Presigner.
func (s *Store) PresignGet(ctx context.Context, key string, ttl time.Duration, d blob.Download) (blob.Request, error) {
	query := url.Values{}
	for name, value := range map[string]string{
		"response-content-type": d.ContentType, "response-content-disposition": d.Disposition, "response-cache-control": d.CacheControl,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	err := checkKey(key)
	var request blob.Request
	if err == nil {
		request, err = s.presign(ctx, cmp.Or(d.Method, http.MethodGet), key, ttl, query, nil)
	}
	if err != nil {
		return blob.Request{}, fmt.Errorf("s3blob: signing the download of %q: %w", key, err)
	}
	return request, nil
}

func (s *Store) presign(ctx context.Context, method, key string, ttl time.Duration, query url.Values, header http.Header) (blob.Request, error) {
	expires := s.until(ttl)
	to, err := s.core.PresignHeader(ctx, method, s.bucket, s.at(key), within(ttl), query, header)
	if err != nil {
		return blob.Request{}, typed(ctx, err)
	}
	return blob.Request{Method: method, URL: to.String(), Headers: map[string]string{}, ExpiresAt: expires}, nil
}
