package s3test_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/sajin-sns/sajin/test/s3test"
)

func TestOpen(t *testing.T) {
	put := func(b *s3test.Bucket) {
		t.Helper()
		if _, err := b.Client(t).PutObject(t.Context(), b.Name, "k", strings.NewReader("x"), 1, "", "", minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("every test has an empty bucket of its own", func(t *testing.T) {
		a, b := s3test.Open(t), s3test.Open(t)
		put(a)
		if names, err := b.Names(t); err != nil || len(names) != 0 {
			t.Errorf("%q, %v", names, err)
		}
		if names, err := a.Names(t); err != nil || len(names) != 1 {
			t.Errorf("%q, %v", names, err)
		}
	})
	t.Run("it is gone with the test", func(t *testing.T) {
		var inner *s3test.Bucket
		t.Run("inner", func(t *testing.T) {
			inner = s3test.Open(t)
			put(inner)
		})
		if there, err := inner.Client(t).BucketExists(t.Context(), inner.Name); err != nil || there {
			t.Errorf("%v, %v", there, err)
		}
	})
	t.Run("a bucket that is removed can be made again", func(t *testing.T) {
		b := s3test.Open(t)
		put(b)
		b.Remove(t)
		if there, err := b.Client(t).BucketExists(t.Context(), b.Name); err != nil || there {
			t.Errorf("%v, %v", there, err)
		}
		b.Make(t)
		if names, err := b.Names(t); err != nil || len(names) != 0 {
			t.Errorf("%q, %v", names, err)
		}
	})
}

func TestKill(t *testing.T) {
	const variable = "S3TEST_CHILD"
	if os.Getenv(variable) != "" { // the child: says where its server is, and waits to be killed
		fmt.Fprintln(os.Stdout, "server", s3test.Open(t).Endpoint)
		select {}
	}
	t.Run("a server does not outlive a test process that is killed", func(t *testing.T) {
		child := exec.Command(os.Args[0], "-test.run=^TestKill$")
		child.Env = append(os.Environ(), variable+"=1")
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		var address string
		for lines := bufio.NewScanner(out); address == "" && lines.Scan(); {
			if where, found := strings.CutPrefix(lines.Text(), "server http://"); found {
				address = where
			}
		}
		answers := func() bool {
			c, err := net.Dial("tcp", address)
			if err == nil {
				_ = c.Close()
			}
			return err == nil
		}
		if !answers() {
			t.Errorf("nobody is at %q", address)
		}
		_ = child.Process.Kill()
		_ = child.Wait()
		for range 500 {
			if !answers() {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatalf("%s is still there", address)
	})
}
