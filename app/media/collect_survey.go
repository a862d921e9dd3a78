package media

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/store"
)

const (
	pageSize  = 500  // rows that are held at a time
	named     = 20   // missing objects that a report names
	confirmed = 1000 // missing objects that are looked for once more; beyond that it is not a matter of moments
)

// kinds are what is looked for, in the order of a report.
var kinds = []string{
	store.OverdueUploads, store.UnnamedUploads, store.UnattachedMedia, store.StrayObjects, store.MissingObjects, store.UnknownObjects,
}

// survey is one comparison.
type survey struct {
	*Collector
	now, before time.Time // before: an orphan is older

	findings map[string]*store.Finding
	missing  []string
	media    int64 // rows, also deleted ones
	needed   int64 // objects that rows name
	objects  int64 // that are there, of whatever medium
	uploads  int64 // that are open in the blob store
}

func (s *survey) finding(kind string) *store.Finding {
	f := s.findings[kind]
	if f == nil {
		f = &store.Finding{Kind: kind}
		s.findings[kind] = f
	}
	return f
}

func (s *survey) found(kind string, bytes int64) {
	f := s.finding(kind)
	f.Found++
	f.Bytes += bytes
}

func (s *survey) report() *Report {
	r := &Report{StorageCheck: store.StorageCheck{At: s.now}, Missing: s.missing}
	for _, kind := range kinds {
		r.Findings = append(r.Findings, *s.finding(kind))
	}
	return r
}

// count looks at everything and changes nothing.
func (s *survey) count(ctx context.Context) error {
	var err error
	overdue := s.finding(store.OverdueUploads)
	if overdue.Found, overdue.Bytes, err = s.Stock.Overdue(ctx, s.now); err != nil {
		return err
	}
	err = s.unnamed(ctx, func(u blob.Upload) error {
		parts, err := s.Blobs.ListParts(ctx, u)
		if err != nil && !errors.Is(err, blob.ErrNotFound) { // of one that has ended something may be left, too
			return storage("list parts", err)
		}
		var bytes int64
		for _, p := range parts {
			bytes += p.Size
		}
		s.found(store.UnnamedUploads, bytes)
		return nil
	})
	if err != nil {
		return err
	}
	for i, prefix := range media.Prefixes() {
		w := s.walk(prefix)
		w.object = func(blob.Info) { s.objects++ }
		w.stray = func(o blob.Info) error { s.found(store.StrayObjects, o.Size); return nil }
		w.unknown = func(o blob.Info) { s.found(store.UnknownObjects, o.Size) }
		w.passed = func(h media.Holding, present map[string]bool) error {
			if i == 0 {
				s.media++
			}
			return s.check(ctx, prefix, h, present)
		}
		if err := w.run(ctx, s.Blobs); err != nil {
			return err
		}
	}
	return s.idle(ctx, func(u store.Unattached, _ time.Time) error {
		s.found(store.UnattachedMedia, u.Bytes)
		return nil
	})
}

// unnamed calls visit for the uploads that are open in the blob store, and that
// no open upload calls its own. Whoever begins one writes its name down right
// afterwards, if he lives.
func (s *survey) unnamed(ctx context.Context, visit func(blob.Upload) error) error {
	var failed error
	s.uploads = 0
	err := s.Blobs.ListUploads(ctx, func(u blob.Upload, startedAt time.Time) bool {
		s.uploads++
		if !startedAt.Before(s.before) {
			return true
		}
		var orphan bool
		if orphan, failed = s.orphan(ctx, u); orphan {
			failed = visit(u)
		}
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return storage("list uploads", err)
}

func (s *survey) orphan(ctx context.Context, u blob.Upload) (bool, error) {
	id, ok := media.MediumOf(u.Key)
	if !ok {
		return false, nil // somebody else's
	}
	upload, err := s.Uploads.Uploads.OfMedium(ctx, id)
	if errors.Is(err, media.ErrUploadNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	r := upload.Record()
	return r.Ref != u.Ref || r.State != media.UploadOpen, nil
}

// check finds what of a medium is not there. A list is not of one moment: what
// seems to be missing is looked for once more.
func (s *survey) check(ctx context.Context, prefix string, h media.Holding, present map[string]bool) error {
	for _, o := range h.NeedsBelow(prefix) {
		s.needed++
		if present[o.Key] {
			continue
		}
		if s.finding(store.MissingObjects).Found < confirmed {
			lost, err := s.lost(ctx, h.ID, o.Key)
			if err != nil {
				return err
			}
			if !lost {
				continue
			}
		}
		s.found(store.MissingObjects, o.Size)
		if len(s.missing) < named {
			s.missing = append(s.missing, o.Key)
		}
	}
	return nil
}

func (s *survey) lost(ctx context.Context, id ident.MediaID, key string) (bool, error) {
	if _, err := s.Blobs.Stat(ctx, key); !errors.Is(err, blob.ErrNotFound) {
		return false, storage("describe object", err)
	}
	h, err := s.Stock.Holding(ctx, id) // read last: bytes go after the row has said so
	if errors.Is(err, media.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, o := range h.Needs() {
		if o.Key == key {
			return true, nil
		}
	}
	return false, nil
}
