package s3blob_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/sajin-sns/sajin/adapters/s3blob"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/test/contract"
	"github.com/sajin-sns/sajin/test/s3test"
)

func options(b *s3test.Bucket) s3blob.Options {
	return s3blob.Options{Endpoint: b.Endpoint, Region: s3test.Region, Bucket: b.Name, AccessKey: s3test.AccessKey, SecretKey: s3test.SecretKey}
}

func open(t *testing.T, o s3blob.Options) *s3blob.Store {
	t.Helper()
	s, err := s3blob.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stores opens stores, and the objects of each again as another process would.
type stores struct {
	options func(t *testing.T) s3blob.Options
	mu      sync.Mutex
	of      map[blob.Store]s3blob.Options
}

func (s *stores) open(t *testing.T) blob.Store {
	o := s.options(t)
	store := open(t, o)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[blob.Store]s3blob.Options{}
	}
	s.of[store] = o
	return store
}

func (s *stores) again(t *testing.T, store blob.Store) blob.Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return open(t, s.of[store])
}

const partSize = 5 << 20

func TestContract(t *testing.T) {
	t.Parallel()
	s := &stores{options: func(t *testing.T) s3blob.Options { return options(s3test.Open(t)) }}
	contract.Blobs(t, s.open, contract.BlobPromises{Presigns: true, Forms: true, PartSize: partSize, Again: s.again})
}

func TestContractInHostStyleBelowAPrefix(t *testing.T) {
	t.Parallel()
	client := &http.Client{}
	s := &stores{options: func(t *testing.T) s3blob.Options {
		b := s3test.Open(t)
		o := options(b)
		o.Endpoint, o.Style, o.Prefix = b.HostEndpoint(), "host", "some/where"
		o.Transport = b.Transport()
		client.Transport = o.Transport // one server serves all buckets
		return o
	}}
	contract.Blobs(t, s.open, contract.BlobPromises{Presigns: true, Forms: true, PartSize: partSize, Again: s.again, Client: client})
}
