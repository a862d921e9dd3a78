package server_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/test/s3test"
)

func inBucket(b *s3test.Bucket, endpoint string) config.Config {
	c := server.InMemory()
	c.Blob.URL, c.Blob.AccessKey, c.Blob.SecretKey = config.URL(b.URL(endpoint)), s3test.AccessKey, s3test.SecretKey
	return c
}

func TestStorageAtStart(t *testing.T) {
	t.Run("a bucket that refuses stops the start, and it is said what to mend", func(t *testing.T) {
		b := s3test.Open(t)
		for remedy, change := range map[string]func(c *config.Config){
			"blob.access_key": func(c *config.Config) { c.Blob.AccessKey = "somebody" },
			"blob.secret_key": func(c *config.Config) { c.Blob.SecretKey = "guessed" },
			"region": func(c *config.Config) {
				c.Blob.URL = config.URL(strings.Replace(c.Blob.URL.Reveal(), s3test.Region, "else-1", 1))
			},
			"its name in blob.url": func(c *config.Config) {
				c.Blob.URL = config.URL(strings.Replace(c.Blob.URL.Reveal(), b.Name, "gone", 1))
			},
			"blob.url: unknown par": func(c *config.Config) { c.Blob.URL += "&acl=public" },
		} {
			c := inBucket(b, b.Endpoint)
			change(&c)
			s, err := server.Start(t.Context(), c, server.Options{})
			if err == nil {
				t.Errorf("%s: it starts", remedy)
				_ = s.Stop(context.Background())
			} else if !strings.Contains(err.Error(), remedy) || strings.Contains(err.Error(), "guessed") {
				t.Errorf("%s: %v", remedy, err)
			}
		}
	})
	t.Run("a bucket that does not answer is waited for, and /readyz tells", func(t *testing.T) {
		b := s3test.Open(t)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		_ = l.Close()
		s, err := server.Start(t.Context(), inBucket(b, "http://"+address), server.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Stop(context.Background()) })
		ready := func() int {
			t.Helper()
			response, err := http.Get(s.URL + "/readyz")
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			return response.StatusCode
		}
		if status := ready(); status != http.StatusServiceUnavailable {
			t.Errorf("without a storage it is ready: %d", status)
		}
		pass(t, address, strings.TrimPrefix(b.Endpoint, "http://"))
		for deadline := time.Now().Add(time.Minute); ready() != http.StatusOK; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("it does not become ready")
			}
		}
	})
}

// pass lets connections to one address through to another.
func pass(t *testing.T, from, to string) {
	t.Helper()
	l, err := net.Listen("tcp", from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			go join(near, far)
			go join(far, near)
		}
	}()
}

func join(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
}
