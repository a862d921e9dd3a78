package instrument_test

import (
	"context"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/sajin-sns/sajin/adapters/fileblob"
	"github.com/sajin-sns/sajin/adapters/instrument"
	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/adapters/s3blob"
	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/payment"
	"github.com/sajin-sns/sajin/test/contract"
)

// told is what was told of calls, in the order in which they ended.
type told struct {
	mu    sync.Mutex
	calls []string
	last  error
}

func (c *told) around(ctx context.Context, labels ...string) (context.Context, func(error)) {
	return ctx, func(err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls, c.last = append(c.calls, strings.Join(labels, " ")), err
	}
}

func (c *told) want(t *testing.T, calls ...string) {
	t.Helper()
	if !slices.Equal(c.calls, calls) {
		t.Errorf("told of %v, not of %v", c.calls, calls)
	}
	c.calls = nil
}

func TestStoreKeepsItsPromises(t *testing.T) {
	contract.Blobs(t, func(*testing.T) blob.Store {
		return instrument.Blobs(memory.NewBlob(), new(told).around, new(told).around)
	}, contract.BlobPromises{Keeps: true, Nests: true})
}

func TestNothingIsHidden(t *testing.T) {
	disk, err := fileblob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := s3blob.New(s3blob.Options{Endpoint: "http://127.0.0.1:1", Bucket: "b", Region: "r", AccessKey: "a", SecretKey: "s"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []blob.Store{disk, memory.NewBlob(), bucket} {
		told := instrument.Blobs(s, new(told).around)
		if told == s {
			t.Errorf("%T offers more than instrument.Blobs knows: nobody is told of its calls", s)
		}
		around := reflect.TypeOf(told)
		for m := range reflect.TypeOf(s).Methods() {
			if _, ok := around.MethodByName(m.Name); !ok {
				t.Errorf("%T offers %s, which nobody sees who asks for it", s, m.Name)
			}
		}
	}
}

func TestBlobs(t *testing.T) {
	ctx, seen := t.Context(), &told{}
	disk, err := fileblob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := instrument.Blobs(disk, seen.around)

	t.Run("each call is told, with its error", func(t *testing.T) {
		if err := s.Put(ctx, "a", io.LimitReader(strings.NewReader("sea"), 3), 3, ""); err != nil || seen.last != nil {
			t.Error(err, seen.last)
		}
		if _, err := s.Stat(ctx, "b"); !errors.Is(err, blob.ErrNotFound) || !errors.Is(seen.last, blob.ErrNotFound) {
			t.Error(err, seen.last)
		}
		seen.want(t, "put", "stat")
	})
	t.Run("a body that breaks off is the client's, not the store's", func(t *testing.T) {
		body := io.MultiReader(strings.NewReader("se"), iotest.ErrReader(io.ErrUnexpectedEOF))
		if err := s.Put(ctx, "c", body, 3, ""); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if !errors.Is(seen.last, context.Canceled) {
			t.Error(seen.last)
		}
		seen.want(t, "put")
	})
	t.Run("of reading, only that it fails", func(t *testing.T) {
		large := strings.Repeat("sea", 20<<10) // so that it is read from its file
		if err := s.Put(ctx, "large", strings.NewReader(large), int64(len(large)), ""); err != nil {
			t.Fatal(err)
		}
		o, err := s.Open(ctx, "large")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(o); err != nil || string(got) != large {
			t.Error(len(got), err)
		}
		if _, ok := o.(io.ReaderAt); !ok {
			t.Error("a file can be read anywhere")
		}
		_, _ = o.Seek(0, io.SeekStart)
		_ = o.Close()
		seen.want(t, "put", "open")
		for range 2 {
			if _, err := o.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
				t.Error("a closed file is read", err)
			}
		}
		seen.want(t, "read")
	})
	t.Run("without anybody who watches, nothing stands in between", func(t *testing.T) {
		if instrument.Blobs(disk) != blob.Store(disk) {
			t.Error("another store")
		}
	})
}

func TestProvider(t *testing.T) {
	p, err := sandboxpay.New(sandboxpay.NewMemoryBook(), sandboxpay.Options{PublicURL: "http://sajin.example", WebhookSecret: "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	seen := &told{}
	around := instrument.Provider(p, seen.around)
	started, err := around.Start(t.Context(), payment.Order{Reference: "a", Price: money.Amount{Minor: 5000, Currency: "KRW"}, ExpiresAt: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := around.Get(t.Context(), started.Ref, "a"); err != nil {
		t.Error(err)
	}
	if err := around.Cancel(t.Context(), started.Ref); err != nil {
		t.Error(err)
	}
	if _, err := around.Parse(nil, nil, time.Now()); !errors.Is(err, payment.ErrBadSignature) || !errors.Is(seen.last, payment.ErrBadSignature) {
		t.Error(err, seen.last)
	}
	seen.want(t, "sandbox start", "sandbox get", "sandbox cancel", "sandbox parse_webhook")
}
