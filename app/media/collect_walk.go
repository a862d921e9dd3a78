package media

import (
	"context"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/store"
)

// walk goes through the objects below a prefix and through the media side by
// side, both in the order of ids, and holds no more of either than a page.
type walk struct {
	prefix string
	strays func(h *media.Holding, o blob.Info) bool // h: the medium of the object, nil if there is none
	shelf  shelf

	object  func(blob.Info)       // every object of a medium
	stray   func(blob.Info) error // an object that no medium has
	unknown func(blob.Info)       // an object that is none of ours
	passed  func(h media.Holding, present map[string]bool) error

	present map[string]bool // what is there of the medium that the walk is at
}

// walk makes a walk that only finds strays.
func (s *survey) walk(prefix string) *walk {
	return &walk{
		prefix: prefix, shelf: shelf{stock: s.Stock}, present: map[string]bool{},
		strays: func(h *media.Holding, o blob.Info) bool {
			return o.ModifiedAt.Before(s.before) && (h == nil || h.Disowns(o.Key, s.before))
		},
		object: func(blob.Info) {}, unknown: func(blob.Info) {},
		stray:  func(blob.Info) error { return nil },
		passed: func(media.Holding, map[string]bool) error { return nil },
	}
}

func (w *walk) run(ctx context.Context, blobs blob.Store) error {
	var failed error
	err := blobs.List(ctx, w.prefix, func(o blob.Info) bool {
		failed = w.visit(ctx, o)
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	if err != nil {
		return storage("list objects", err)
	}
	for {
		h, err := w.shelf.at(ctx)
		if err != nil || h == nil {
			return err
		}
		if err := w.pass(*h); err != nil {
			return err
		}
	}
}

func (w *walk) visit(ctx context.Context, o blob.Info) error {
	id, ok := media.MediumOf(o.Key)
	if !ok {
		w.unknown(o)
		return nil
	}
	w.object(o)
	h, err := w.to(ctx, id)
	if err != nil {
		return err
	}
	if h != nil {
		w.present[o.Key] = true
	}
	if w.strays(h, o) {
		return w.stray(o)
	}
	return nil
}

// to goes on to a medium, nil if there is none of that id.
func (w *walk) to(ctx context.Context, id ident.MediaID) (*media.Holding, error) {
	for {
		h, err := w.shelf.at(ctx)
		if err != nil || h == nil {
			return nil, err
		}
		switch order := h.ID.Compare(id); {
		case order == 0:
			return h, nil
		case order > 0:
			return nil, nil
		}
		if err := w.pass(*h); err != nil {
			return nil, err
		}
	}
}

func (w *walk) pass(h media.Holding) error {
	w.shelf.next()
	present := w.present
	if len(present) > 0 {
		w.present = map[string]bool{}
	}
	return w.passed(h, present)
}

// shelf is the media in the order of their ids.
type shelf struct {
	stock store.Stock
	page  []media.Holding
	last  ident.MediaID
	empty bool
}

// at is the medium that comes next, nil when that was all.
func (s *shelf) at(ctx context.Context) (*media.Holding, error) {
	if len(s.page) == 0 && !s.empty {
		page, err := s.stock.Holdings(ctx, s.last, pageSize)
		if err != nil {
			return nil, err
		}
		s.page, s.empty = page, len(page) == 0
	}
	if s.empty {
		return nil, nil
	}
	return &s.page[0], nil
}

func (s *shelf) next() {
	s.last = s.page[0].ID
	s.page = s.page[1:]
}
