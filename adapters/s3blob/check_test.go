package s3blob_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/minio/minio-go/v7"

	"github.com/sajin-sns/sajin/adapters/s3blob"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/health"
	"github.com/sajin-sns/sajin/test/s3test"
)

var minioPlain = minio.PutObjectOptions{ContentType: "video/mp4"}

func TestCheck(t *testing.T) {
	t.Parallel()
	if err := newProxy(t).store().Check(t.Context()); err != nil {
		t.Errorf("nothing is wrong: %v", err)
	}
	for name, c := range map[string]struct {
		options func(o *s3blob.Options)
		bend    func(p *proxy) bend
		remedy  string
		want    error
	}{
		"a bucket that was never made": {options: func(o *s3blob.Options) { o.Bucket = "never-made" }, remedy: `"never-made"`, want: blob.ErrRefused},
		"a key that is unknown":        {options: func(o *s3blob.Options) { o.AccessKey = "somebody" }, remedy: "blob.access_key", want: blob.ErrRefused},
		"a wrong secret":               {options: func(o *s3blob.Options) { o.SecretKey = "guessed" }, remedy: "blob.secret_key", want: blob.ErrRefused},
		"a wrong region":               {options: func(o *s3blob.Options) { o.Region = "elsewhere-1" }, remedy: "region", want: blob.ErrRefused},
		"a key that may nothing":       {bend: func(*proxy) bend { return says(403, "AccessDenied") }, remedy: "docs/operations.md", want: blob.ErrRefused},
		"a clock that is slow":         {bend: func(p *proxy) bend { return p.dated(-6 * time.Minute) }, remedy: "clock", want: blob.ErrRefused},
		"a clock that is fast":         {bend: func(p *proxy) bend { return p.dated(6 * time.Minute) }, remedy: "clock", want: blob.ErrRefused},
		"a clock that S3 complains of": {bend: func(*proxy) bend { return says(403, "RequestTimeTooSkewed") }, remedy: "clock", want: blob.ErrRefused},
		"no answer":                    {bend: func(p *proxy) bend { return p.hangs }, remedy: "endpoint in blob.url", want: blob.ErrUnavailable},
		"too much to do":               {bend: func(*proxy) bend { return says(503, "SlowDown") }, remedy: "endpoint in blob.url", want: blob.ErrUnavailable},
	} {
		t.Run(name+" is told, with what to do", func(t *testing.T) {
			p := newProxy(t)
			s := p.store(func(o *s3blob.Options) {
				o.Patience = 2 * time.Second
				if c.options != nil {
					c.options(o)
				}
			})
			if c.bend != nil {
				p.becomes(c.bend(p))
			}
			err := s.Check(t.Context())
			if remedy := health.Remedy(err); !strings.Contains(remedy, c.remedy) {
				t.Errorf("%v: remedy %q", err, remedy)
			}
			is(t, err, c.want)
			if err != nil && strings.Contains(err.Error(), s3test.SecretKey) {
				t.Error("it tells the secret")
			}
		})
	}
	t.Run("a clock that is a little off does not matter", func(t *testing.T) {
		p := newProxy(t)
		p.becomes(p.dated(-4 * time.Minute))
		if err := p.store().Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		p := newProxy(t)
		s := p.store()
		p.Close()
		err := s.Check(t.Context())
		is(t, err, blob.ErrUnavailable)
		if _, ok := errors.AsType[*health.Problem](err); !ok {
			t.Errorf("%v says not what to do", err)
		}
	})
}

func TestParse(t *testing.T) {
	got, err := s3blob.Parse("s3://photos/some/where/?endpoint=https%3A%2F%2Fs3.example.com&region=eu-1&style=host")
	want := s3blob.Options{Bucket: "photos", Prefix: "some/where", Endpoint: "https://s3.example.com", Region: "eu-1", Style: "host"}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(want, "Now")); err != nil || diff != "" {
		t.Errorf("%s, %v", diff, err)
	}
	for _, bad := range []string{
		"", "s3:", "s3://", "file:///x", "s3://u:p@b", "s3://b/Photos", "s3://b/a//b", "s3://b/../x", "s3://b?style=dns", "s3://b?regoin=x", "s3://b?endpoint=h:1",
		"s3://b?endpoint=http://h/path", "s3://b?endpoint=http://u:p@h", "s3://b?a=%zz", "s3://b/" + strings.Repeat("a", 201),
	} {
		if got, err := s3blob.Parse(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, got)
		}
	}
}
