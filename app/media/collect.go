package media

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/store"
)

// Collector compares the database with the blob store. It removes what crashes
// and people have left over, and tells what is missing. What it does may be done
// again, by several at once, and be broken off anywhere.
type Collector struct {
	Stock   store.Stock
	Blobs   blob.Store
	Uploads *Uploads
	Media   *Media
	Queue   jobs.Queue
	Now     func() time.Time
	Rest    Rest
	Every   time.Duration // between two checks by itself; 0: only when it is asked to
	Log     *slog.Logger
}

// Rest is how long things lie before they are taken for left over.
type Rest struct {
	Orphans    time.Duration // uploads and objects that no row names
	Unattached time.Duration // ready media that nothing was ever made of
	Failed     time.Duration // media that failed, and that nothing was made of
}

// Collect says how to collect.
type Collect struct {
	DryRun bool          // only count
	Force  bool          // remove what no row names, however much it is
	Older  time.Duration // in the place of Rest.Orphans, if it is not zero
}

// LeastRest is the shortest time after which something is taken for an orphan:
// what is being made now has no row yet.
const LeastRest = time.Hour

// ErrMixedUp is what comes of a comparison in which so much does not fit that
// one of both sides must be the wrong one.
var ErrMixedUp = errors.New("the database and the storage do not seem to belong together")

// Report is what was found. Of the missing objects it names the first ones.
type Report struct {
	store.StorageCheck
	Missing []string
}

// Finding is what was found of a kind.
func (r *Report) Finding(kind string) store.Finding {
	for _, f := range r.Findings {
		if f.Kind == kind {
			return f
		}
	}
	return store.Finding{Kind: kind}
}

// Collect counts everything first and removes nothing before it has seen it all:
// also not when the blob store fails on the way. Rows without an object are
// reported and never touched. The report tells how far it came, also with an
// error.
//
// It fails with ErrMixedUp, and has removed nothing, if most of what the
// database names is not there, or most of what is there is not in the database.
// Force goes on in spite of that with what no row names; rows stay where they
// are also then if what they name is not there.
func (c *Collector) Collect(ctx context.Context, in Collect) (*Report, error) {
	rest := cmp.Or(in.Older, c.Rest.Orphans)
	if rest < LeastRest {
		return &Report{}, fmt.Errorf("what is younger than %s may still be in the making", LeastRest)
	}
	now := c.Now()
	s := &survey{Collector: c, now: now, before: now.Add(-rest), findings: map[string]*store.Finding{}}
	if err := s.count(ctx); err != nil {
		return s.report(), err
	}
	wrongStorage, wrongDatabase := s.wrongStorage(), s.wrongDatabase()
	verdict := cmp.Or(wrongStorage, wrongDatabase)
	if in.DryRun {
		return s.report(), verdict
	}
	if verdict == nil || in.Force {
		if err := s.remove(ctx, wrongStorage == nil); err != nil {
			return s.report(), err
		}
		verdict = nil
	}
	r := s.report()
	return r, errors.Join(verdict, c.Stock.SaveCheck(ctx, r.StorageCheck))
}

// few is how many orphans may be most of what there is without looking like
// somebody else's belongings.
const few = 10

// wrongStorage says why the blob store cannot be the one of the database.
func (s *survey) wrongStorage() error {
	if missing := s.finding(store.MissingObjects).Found; 2*missing > s.needed {
		return fmt.Errorf("%w: of %d objects that the database names %d are not there; is blob.url right?", ErrMixedUp, s.needed, missing)
	}
	return nil
}

// wrongDatabase says why the database cannot be the one of the blob store.
func (s *survey) wrongDatabase() error {
	const hint = "is database.url right?"
	strays, unnamed := s.finding(store.StrayObjects).Found, s.finding(store.UnnamedUploads).Found
	switch {
	case s.media == 0 && strays+unnamed > 0:
		return fmt.Errorf("%w: the database has no media, and the storage has objects or uploads of some; %s", ErrMixedUp, hint)
	case strays > few && 2*strays > s.objects:
		return fmt.Errorf("%w: %d of %d objects are of no medium in the database; %s", ErrMixedUp, strays, s.objects, hint)
	case unnamed > few && 2*unnamed > s.uploads:
		return fmt.Errorf("%w: %d of %d open uploads are of no upload in the database; %s", ErrMixedUp, unnamed, s.uploads, hint)
	}
	return nil
}

// idle calls visit for the media that nothing was made of, and whose time is
// over.
func (s *survey) idle(ctx context.Context, visit func(u store.Unattached, since time.Time) error) error {
	for state, ttl := range map[media.State]time.Duration{media.Ready: s.Rest.Unattached, media.Failed: s.Rest.Failed} {
		since := s.now.Add(-ttl)
		for after := (ident.MediaID{}); ; {
			page, err := s.Stock.Unattached(ctx, state, since, after, pageSize)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			for _, u := range page {
				if err := visit(u, since); err != nil {
					return err
				}
			}
			after = page[len(page)-1].ID
		}
	}
	return nil
}
