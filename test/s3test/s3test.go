// Package s3test gives tests an S3 server of their own: a private versitygw for
// the test process, built from test/tools and started on the first call, gone
// with the process, and in it an empty bucket for each test.
package s3test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// How every test gets in.
const (
	AccessKey = "sajin-test"
	SecretKey = "sajin-test-secret"
	Region    = "test-1"
)

// domain is what the server takes requests of host style below.
const domain = "s3.test"

// Bucket is a bucket of one test.
type Bucket struct {
	Name     string
	Endpoint string // http://127.0.0.1:port
	server   *server
}

// Open is an empty bucket, which is removed when the test ends.
func Open(t testing.TB) *Bucket {
	t.Helper()
	server, err := only()
	if err != nil {
		t.Fatalf("s3test: %v", err)
	}
	b := &Bucket{Name: "test-" + strings.ToLower(rand.Text()[:12]), Endpoint: "http://" + server.address, server: server}
	b.Make(t)
	t.Cleanup(func() { _ = os.RemoveAll(b.folder()) })
	return b
}

// URL is where the bucket is, as blob.url has it, at another endpoint if one is
// given: a proxy that a test has put in front of the server.
func (b *Bucket) URL(endpoint ...string) string {
	query := url.Values{"endpoint": {b.Endpoint}, "region": {Region}}
	if len(endpoint) > 0 {
		query.Set("endpoint", endpoint[0])
	}
	return "s3://" + b.Name + "?" + query.Encode()
}

// HostEndpoint is the endpoint for requests that name the bucket in the host.
// No name server knows it: Transport does.
func (b *Bucket) HostEndpoint() string {
	return "http://" + domain + b.Endpoint[strings.LastIndex(b.Endpoint, ":"):]
}

// Transport takes requests for every host to the server.
func (b *Bucket) Transport() *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, b.server.address)
	}}
}

// Client is a plain client, for what a test wants to do behind everybody's back.
func (b *Bucket) Client(t testing.TB) *minio.Core {
	t.Helper()
	core, err := minio.NewCore(b.server.address, &minio.Options{Creds: credentials.NewStaticV4(AccessKey, SecretKey, ""), Region: Region, BucketLookup: minio.BucketLookupPath})
	if err != nil {
		t.Fatal(err)
	}
	return core
}

// Make makes the bucket again that was removed.
func (b *Bucket) Make(t testing.TB) {
	t.Helper()
	if err := b.Client(t).MakeBucket(t.Context(), b.Name, minio.MakeBucketOptions{Region: Region}); err != nil {
		t.Fatalf("s3test: make a bucket: %v", err)
	}
}

// Remove takes the bucket away, with all that is in it.
func (b *Bucket) Remove(t testing.TB) {
	t.Helper()
	if err := os.RemoveAll(b.folder()); err != nil {
		t.Fatalf("s3test: %v", err)
	}
}

// Names are what is in the bucket.
func (b *Bucket) Names(t testing.TB) ([]string, error) {
	t.Helper()
	names := []string{}
	for found := range b.Client(t).ListObjectsIter(t.Context(), b.Name, minio.ListObjectsOptions{Recursive: true}) {
		if found.Err != nil {
			return nil, found.Err
		}
		names = append(names, found.Key)
	}
	return names, nil
}

func (b *Bucket) folder() string { return filepath.Join(b.server.root, b.Name) }

// only is the server of this process. Nothing stops it: it notices when the
// process is gone, however that came about.
var only = sync.OnceValues(start)

type server struct {
	address string // 127.0.0.1:port
	root    string // buckets are folders in it
}

// freePort is one that nobody listens on just now.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("no free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}
