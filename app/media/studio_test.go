package media_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/media"
	rules "github.com/sajin-sns/sajin/domain/media"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/jobs"
	processors "github.com/sajin-sns/sajin/ports/media"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// studio is everything that takes files in and makes renditions of them, over a
// database, with a processor that is told what to answer.
type studio struct {
	t         *testing.T
	db        sqldb.DB
	clock     *clock
	ids       *ident.Source
	blobs     blob.Store
	jobs      *sqlstore.Jobs
	media     store.Media
	uploads   store.Uploads
	processor *processor
	use       use
	owner     ident.AccountID
	stranger  ident.AccountID
	limits    rules.Limits
	temp      string
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }
func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newStudio(t *testing.T) *studio {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := sqlite.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return newStudioOn(t, db)
}

func newStudioOn(t *testing.T, db sqldb.DB) *studio {
	s := &studio{
		t: t, db: db, temp: t.TempDir(), clock: &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, blobs: memory.NewBlob(), use: use{},
		processor: &processor{}, media: sqlstore.NewMedia(db), uploads: sqlstore.NewUploads(db),
		limits: rules.Limits{Types: []string{"image/png"}, MaxBytes: 1000, MaxPixels: 99, PartSize: 10, MaxOpen: 3, Quota: 2000, TTL: time.Hour},
	}
	s.ids = ident.NewSource(s.clock.now, rand.Reader)
	s.jobs = sqlstore.NewJobs(db, s.ids, s.clock.now)
	s.owner, s.stranger = ident.New[ident.AccountID](s.ids), ident.New[ident.AccountID](s.ids)
	return s
}

// outfit is what the use cases stand on; tests put something else in its place.
type outfit struct {
	tx    tx.Runner
	blobs blob.Store
}

func (s *studio) plain() outfit { return outfit{s.db, s.blobs} }

func (s *studio) taking(o outfit) *media.Uploads {
	return &media.Uploads{
		Tx: o.tx, Uploads: s.uploads, Media: s.media, Blobs: o.blobs, Queue: s.jobs, Links: links{}, IDs: s.ids, Now: s.clock.now, Limits: s.limits,
	}
}

func (s *studio) keeping() *media.Media {
	return &media.Media{Tx: s.db, Media: s.media, Uploads: s.uploads, Queue: s.jobs, Outbox: sqlstore.NewOutbox(s.db, s.ids, s.clock.now), Use: s.use, Links: links{}, Now: s.clock.now}
}

func (s *studio) workers(o outfit) map[string]jobs.Worker {
	processing := &media.Processing{
		Tx: o.tx, Media: s.media, Uploads: s.uploads, Blobs: o.blobs, Queue: s.jobs, Outbox: sqlstore.NewOutbox(s.db, s.ids, s.clock.now),
		Processors: []processors.Processor{refuser{}, s.processor}, Now: s.clock.now, TempDir: s.temp,
	}
	disposal := &media.Disposal{Tx: o.tx, Media: s.media, Uploads: s.uploads, Blobs: o.blobs, Queue: s.jobs, Now: s.clock.now}
	return map[string]jobs.Worker{media.KindProcess: processing.Worker(), media.KindDiscard: disposal.Worker()}
}

const lease = time.Minute

func (s *studio) claim(kind string) (jobs.Lease, bool) {
	s.t.Helper()
	l, ok, err := s.jobs.Claim(s.t.Context(), []string{kind}, lease)
	s.must(err)
	return l, ok
}

// drain does what is due as a pool of workers would, and tells how many runs
// that took.
func (s *studio) drain(o outfit) (runs int) {
	s.t.Helper()
	workers := s.workers(o)
	for {
		before := runs
		for kind, worker := range workers {
			l, ok := s.claim(kind)
			if !ok {
				continue
			}
			runs++
			err := worker.Run(s.t.Context(), l)
			switch {
			case err == nil:
			case l.Attempt >= jobs.MaxAttempts:
				s.must(worker.GiveUp(s.t.Context(), l, err))
			default:
				s.must(s.jobs.Retry(s.t.Context(), l, s.clock.now(), err.Error()))
			}
		}
		if runs == before {
			return runs
		}
	}
}

func (s *studio) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *studio) is(err, want error) {
	s.t.Helper()
	if !errors.Is(err, want) {
		s.t.Errorf("got %v, want %v", err, want)
	}
}

var file = []byte("\x89PNG and some more bytes")

func (s *studio) offer() rules.Offer {
	return rules.Offer{Filename: "sea.png", ContentType: "image/png", Size: int64(len(file)), Purpose: rules.ForPost}
}

func (s *studio) create() *media.Ticket {
	s.t.Helper()
	ticket, err := s.taking(s.plain()).Create(s.t.Context(), s.owner, s.offer())
	s.must(err)
	return ticket
}

// send sends every part.
func (s *studio) send(t *media.Ticket) {
	s.t.Helper()
	for _, p := range t.Parts {
		s.part(t, p.Number)
	}
}

func (s *studio) part(t *media.Ticket, number int) {
	s.t.Helper()
	from := int64(number-1) * t.PartSize
	data := file[from:min(from+t.PartSize, int64(len(file)))]
	_, err := s.taking(s.plain()).Put(s.t.Context(), t.ID, number, bytes.NewReader(data), int64(len(data)))
	s.must(err)
}

// received is a medium whose file is here and that waits for a worker.
func (s *studio) received() *media.Ticket {
	s.t.Helper()
	t := s.create()
	s.send(t)
	_, err := s.taking(s.plain()).Complete(s.t.Context(), s.owner, t.ID)
	s.must(err)
	return t
}

func (s *studio) ready() *media.Ticket {
	s.t.Helper()
	t := s.received()
	s.drain(s.plain())
	if r := s.record(t.MediaID); r.State != rules.Ready {
		s.t.Fatalf("it is %s: %+v", r.State, r.Failure)
	}
	return t
}

func (s *studio) record(id ident.MediaID) rules.Record {
	s.t.Helper()
	m, err := s.media.Lock(s.t.Context(), id)
	s.must(err)
	return m.Record()
}

func (s *studio) count(query string, args ...any) int64 {
	s.t.Helper()
	n, err := sqldb.One(s.t.Context(), s.db, sqldb.Scalar[int64], query, args...)
	s.must(err)
	return n
}

func (s *studio) events(topic string) int64 {
	s.t.Helper()
	return s.count(`SELECT count(*) FROM outbox WHERE topic = $1`, topic)
}

func (s *studio) queued(kind string) int64 {
	s.t.Helper()
	return s.count(`SELECT count(*) FROM jobs WHERE kind = $1`, kind)
}

func (s *studio) objects() []string {
	s.t.Helper()
	keys := []string{}
	s.must(s.blobs.List(s.t.Context(), "", func(i blob.Info) bool { keys = append(keys, i.Key); return true }))
	return keys
}

func (s *studio) usage() rules.Usage {
	s.t.Helper()
	u, err := s.uploads.Usage(s.t.Context(), s.owner, s.clock.now())
	s.must(err)
	return u
}

// whole checks what must hold whatever died: every rendition that the database
// names is in the blob store, and every original of a medium that is there.
func (s *studio) whole() {
	s.t.Helper()
	keys := s.objects()
	named, err := sqldb.List(s.t.Context(), s.db, sqldb.Scalar[string], `SELECT key FROM renditions
		UNION SELECT original FROM media WHERE state NOT IN ('receiving') AND deleted_at IS NULL`)
	s.must(err)
	for _, key := range named {
		if !slices.Contains(keys, key) {
			s.t.Errorf("the database names %s, which is not there", key)
		}
	}
}

// use is what is shown somewhere.
type use map[ident.MediaID]bool

func (u use) InUse(_ context.Context, id ident.MediaID) (bool, error) { return u[id], nil }

type links struct{}

func (links) Until() time.Time { return time.Time{} }

func (links) URL(key string, viewer ident.AccountID) (string, time.Time) {
	return "https://sajin.test/media/" + key + "?vid=" + viewer.String(), time.Unix(1, 0)
}

func (links) Part(upload ident.UploadID, number int, expires time.Time) string {
	return fmt.Sprintf("https://sajin.test/%s/%d?exp=%d", upload, number, expires.Unix())
}

// refuser is a processor that knows no file.
type refuser struct{}

func (refuser) Types() []string { return []string{"image/none"} }

func (refuser) Inspect(context.Context, processors.Source) (processors.Facts, error) {
	return processors.Facts{}, processors.ErrUnsupported
}

func (refuser) Process(context.Context, processors.Source, processors.Stage) (processors.Result, error) {
	return processors.Result{}, errors.New("it was asked for a file that it does not know")
}

// processor makes renditions out of nothing, unless it is told otherwise.
type processor struct {
	inspects  error
	processes error
	during    func(report processors.Stage) // while it works
}

func (*processor) Types() []string { return []string{"image/png"} }

var facts = processors.Facts{Kind: processors.Photo, ContentType: "image/png", Width: 40, Height: 30, Frames: 1}

func (p *processor) Inspect(_ context.Context, src processors.Source) (processors.Facts, error) {
	if p.inspects == nil {
		head := make([]byte, 4)
		if _, err := src.ReadAt(head, 0); err != nil || string(head) != "\x89PNG" {
			return processors.Facts{}, processors.ErrUnsupported
		}
	}
	return facts, p.inspects
}

func (p *processor) Process(_ context.Context, src processors.Source, report processors.Stage) (processors.Result, error) {
	if p.during != nil {
		p.during(report)
	}
	if p.processes != nil {
		return processors.Result{}, p.processes
	}
	all, err := io.ReadAll(io.NewSectionReader(src, 0, src.Size()))
	if err != nil {
		return processors.Result{}, err
	}
	rendition := func(name string, width int) processors.Rendition {
		return processors.Rendition{
			Name: name, ContentType: "image/jpeg", Extension: "jpg", Width: width, Height: width * 3 / 4,
			Data: []byte(name + " of " + strings.ToUpper(string(all))),
		}
	}
	return processors.Result{
		Facts:       facts,
		Renditions:  []processors.Rendition{rendition("w320", 40), rendition(processors.Preview, 20)},
		Placeholder: processors.Placeholder{Blurhash: "LKO2", Dominant: "#0000ff"},
	}, nil
}
