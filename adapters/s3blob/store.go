// Package s3blob keeps blobs in a bucket that speaks the protocol of Amazon S3.
//
// The bucket is private and stays so: no ACL is ever set, and whoever is to
// read or write without this server is given a signed request for one thing and
// a while. Objects are below a prefix of the bucket under their own keys. What
// the store notes for itself is beside them under names that no key can have,
// because they have capital letters:
//
//	UPLOADS/<ref>/<key>  an upload is open: what S3 itself lists of open uploads
//	                     does not tell which one an object came of
//	FORMS/<ref>/<key>    what was sent with a form, until it becomes the object
package s3blob

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/sajin-sns/sajin/ports/blob"
)

// Options say where a bucket is and how to get in.
type Options struct {
	Endpoint  string // "http://host:port"; Amazon's when empty
	Region    string // "us-east-1" when empty
	Bucket    string
	Prefix    string // of all keys, without the slash at its end; may be empty
	Style     string // "path" or "host", where requests name the bucket; when empty, path at an Endpoint and host at Amazon's
	AccessKey string
	SecretKey string

	// Patience is how long the server may show no sign of life before a request
	// is given up, 30 seconds when zero. A transfer that goes on may take as long
	// as it likes.
	Patience time.Duration

	Transport http.RoundTripper // nil for one of its own
	Now       func() time.Time  // time.Now when nil; signatures always have the real time
}

// Parse reads s3://bucket/prefix?endpoint=http://host:port&region=...&style=path,
// all but the bucket optional.
func Parse(text string) (Options, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil || u.Port() != "" {
		return Options{}, fmt.Errorf("not of the form s3://bucket/prefix?endpoint=http://host:port&region=...&style=path")
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Options{}, fmt.Errorf("its parameters cannot be read: %w", err)
	}
	for name := range q {
		switch name {
		case "endpoint", "region", "style":
		default:
			return Options{}, fmt.Errorf("unknown parameter %q", name)
		}
	}
	o := Options{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/"), Endpoint: q.Get("endpoint"), Region: q.Get("region"), Style: q.Get("style")}
	return o, o.check()
}

func (o Options) check() error {
	if o.Prefix != "" && (checkKey(o.Prefix) != nil || len(o.Prefix) > 200) {
		return fmt.Errorf("the prefix may have up to 200 characters of a-z, 0-9, /, ., _ and -")
	}
	if o.Style != "" && o.Style != "path" && o.Style != "host" {
		return fmt.Errorf("style is path or host, not %q", o.Style)
	}
	if o.Endpoint == "" {
		return nil
	}
	at, err := url.Parse(o.Endpoint)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || strings.Trim(at.Path, "/") != "" || at.RawQuery != "" || at.User != nil {
		return fmt.Errorf("the endpoint must be http:// or https:// with a host and nothing after it")
	}
	return nil
}

// Store is a blob.Store in a bucket.
type Store struct {
	core     *minio.Core
	line     *line
	bucket   string
	prefix   string // ends in a slash, or is empty
	endpoint string
	region   string
	patience time.Duration
	now      func() time.Time
}

var (
	_ blob.Store     = (*Store)(nil)
	_ blob.Presigner = (*Store)(nil)
)

// New makes a store. It asks nothing of the server yet: Check does.
func New(o Options) (*Store, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("s3blob: %w", err)
	}
	s := &Store{
		bucket: o.Bucket, endpoint: cmp.Or(o.Endpoint, "https://s3.amazonaws.com"), region: cmp.Or(o.Region, "us-east-1"),
		patience: cmp.Or(o.Patience, 30*time.Second), now: o.Now,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if o.Prefix != "" {
		s.prefix = o.Prefix + "/"
	}
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	s.line = &line{next: o.Transport, patience: s.patience, now: s.now}
	lookup := minio.BucketLookupDNS
	if o.Style == "path" || o.Style == "" && o.Endpoint != "" {
		lookup = minio.BucketLookupPath
	}
	scheme, host, _ := strings.Cut(strings.TrimRight(s.endpoint, "/"), "://")
	core, err := minio.NewCore(host, &minio.Options{
		Creds: credentials.NewStaticV4(o.AccessKey, o.SecretKey, ""), Secure: scheme == "https", Transport: s.line,
		Region: s.region, BucketLookup: lookup,
		MaxRetries: 1, // again decides what is tried again
	})
	if err != nil {
		return nil, fmt.Errorf("s3blob: %w", err)
	}
	s.core = core
	return s, nil
}

// at is where an object is in the bucket.
func (s *Store) at(key string) string { return s.prefix + key }

func checkKey(key string) error {
	bad := len(key) > 512
	for segment := range strings.SplitSeq(key, "/") {
		bad = bad || segment == "" || segment == "." || segment == ".." || len(segment) > 200 || !plain(segment)
	}
	if bad {
		return fmt.Errorf("key of %d characters: %w", len(key), blob.ErrBadKey)
	}
	return nil
}

// plain tells whether a text has only the characters of keys.
func plain(text string) bool {
	return strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789._-/") == ""
}

// begins tells whether any key can begin with the prefix.
func begins(prefix string) bool {
	if !plain(prefix) || strings.HasPrefix(prefix, "/") || strings.Contains(prefix, "//") {
		return false
	}
	for part := range strings.SplitSeq(prefix, "/") {
		if part == "." || part == ".." {
			return !strings.Contains(prefix, part+"/")
		}
	}
	return true
}
