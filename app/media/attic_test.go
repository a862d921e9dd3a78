package media_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/fileblob"
	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/adapters/s3blob"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/test/contract"
	"github.com/sajin-sns/sajin/test/pgtest"
	"github.com/sajin-sns/sajin/test/s3test"
)

const (
	orphanRest     = 48 * time.Hour
	unattachedRest = 7 * 24 * time.Hour
)

// attic is a studio in which things are left lying. Blob stores date things by
// the clock on the wall, so that the studio's begins there.
type attic struct {
	*studio
	stock store.Stock
	said  strings.Builder
}

func newAttic(s *studio) *attic {
	s.clock.at = time.Now().UTC()
	s.limits.MaxOpen, s.limits.Quota = 100, 1<<20
	return &attic{studio: s, stock: sqlstore.NewStock(s.db)}
}

// attics runs a rule on every pair of a database and a blob store.
func attics(t *testing.T, rule func(t *testing.T, a *attic)) {
	for name, open := range map[string]func(t *testing.T) *studio{
		"sqlite and memory":   newStudio,
		"sqlite and disk":     func(t *testing.T) *studio { return onDisk(t, newStudio(t)) },
		"postgres and memory": func(t *testing.T) *studio { return newStudioOn(t, pgtest.Open(t)) },
		"postgres and disk":   func(t *testing.T) *studio { return onDisk(t, newStudioOn(t, pgtest.Open(t))) },
		"sqlite and s3":       func(t *testing.T) *studio { return inBucket(t, newStudio(t)) },
	} {
		t.Run(name, func(t *testing.T) { rule(t, newAttic(open(t))) })
	}
}

func onDisk(t *testing.T, s *studio) *studio {
	t.Helper()
	disk, err := fileblob.Open(t.TempDir())
	s.must(err)
	s.blobs = disk
	return s
}

func inBucket(t *testing.T, s *studio) *studio {
	t.Helper()
	bucket := s3test.Open(t)
	blobs, err := s3blob.New(s3blob.Options{
		Endpoint: bucket.Endpoint, Bucket: bucket.Name, Prefix: "sajin", Region: s3test.Region,
		AccessKey: s3test.AccessKey, SecretKey: s3test.SecretKey,
	})
	s.must(err)
	s.blobs, s.limits.PartSize = blobs, 100 // one part: those of a bucket are large
	return s
}

func (a *attic) collector(o outfit) *media.Collector {
	keeping := a.keeping()
	keeping.Tx = o.tx
	return &media.Collector{
		Stock: a.stock, Blobs: o.blobs, Uploads: a.taking(o), Media: keeping, Queue: a.jobs, Now: a.clock.now, Every: 24 * time.Hour,
		Rest: media.Rest{Orphans: orphanRest, Unattached: unattachedRest, Failed: unattachedRest},
		Log:  slog.New(slog.NewTextHandler(&a.said, nil)),
	}
}

func (a *attic) collect(in media.Collect) *media.Report {
	a.t.Helper()
	r, err := a.collector(a.plain()).Collect(a.t.Context(), in)
	a.must(err)
	return r
}

// counts are what a report says, by kind: found and removed.
func counts(r *media.Report) map[string][2]int64 {
	n := map[string][2]int64{}
	for _, f := range r.Findings {
		if f.Found != 0 || f.Removed != 0 {
			n[f.Kind] = [2]int64{f.Found, f.Removed}
		}
	}
	return n
}

func (a *attic) found(r *media.Report, want map[string][2]int64) {
	a.t.Helper()
	if diff := cmp.Diff(want, counts(r)); diff != "" {
		a.t.Error(diff)
	}
}

func (a *attic) put(key string) {
	a.t.Helper()
	a.must(a.blobs.Put(a.t.Context(), key, strings.NewReader("left over"), 9, ""))
}

// stray is an object that no medium has.
func (a *attic) stray() string {
	a.t.Helper()
	key := rules.OriginalKey(ident.New[ident.MediaID](a.ids))
	a.put(key)
	return key
}

// strayUpload is what a process leaves that dies before it has written down what
// the blob store calls the upload that it has begun.
func (a *attic) strayUpload(id ident.MediaID) blob.Upload {
	a.t.Helper()
	u, err := a.blobs.StartUpload(a.t.Context(), rules.OriginalKey(id), "")
	a.must(err)
	_, err = a.blobs.PutPart(a.t.Context(), u, 1, strings.NewReader("left over"), 9)
	a.must(err)
	return u
}

// attached is a ready medium that a post was made with.
func (a *attic) attached() ident.MediaID {
	a.t.Helper()
	id := a.ready().MediaID
	a.attach(id)
	return id
}

func (a *attic) attach(id ident.MediaID) {
	a.t.Helper()
	a.must(a.db.Do(a.t.Context(), func(ctx context.Context) error {
		_, err := (&media.Catalog{Store: a.media}).Media(ctx, a.owner, []ident.MediaID{id})
		return err
	}))
}

func (a *attic) open() []blob.Upload {
	a.t.Helper()
	var open []blob.Upload
	a.must(a.blobs.ListUploads(a.t.Context(), func(u blob.Upload, _ time.Time) bool { open = append(open, u); return true }))
	slices.SortFunc(open, func(a, b blob.Upload) int { return strings.Compare(a.Key+a.Ref, b.Key+b.Ref) })
	return open
}

// inventory is all there is, on both sides.
type inventory struct {
	Rows    map[string][]string
	Objects []blob.Info
	Uploads []blob.Upload
}

func (a *attic) inventory() inventory {
	a.t.Helper()
	i := inventory{Rows: contract.Dump(a.t, a.db), Uploads: a.open()}
	a.must(a.blobs.List(a.t.Context(), "", func(o blob.Info) bool { i.Objects = append(i.Objects, o); return true }))
	return i
}

// but leaves tables out of the comparison.
func (i inventory) but(tables ...string) inventory {
	i.Rows = maps.Clone(i.Rows)
	for _, table := range tables {
		delete(i.Rows, table)
	}
	return i
}

func (a *attic) unchanged(before, after inventory) {
	a.t.Helper()
	if diff := cmp.Diff(before, after); diff != "" {
		a.t.Error(diff)
	}
}

// elsewhere is another blob store with nothing in it.
func (a *attic) elsewhere() outfit { return outfit{a.db, memory.NewBlob()} }
