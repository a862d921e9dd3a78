package media

import (
	"slices"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
)

// Holding is what a medium has in storage, according to its row.
type Holding struct {
	ID         ident.MediaID
	State      State
	Retryable  bool
	Size       int64 // of the original
	Renditions []Object
	UpdatedAt  time.Time
	DeletedAt  time.Time
}

// Object is something in storage.
type Object struct {
	Key  string
	Size int64
}

// Needs lists the objects that must be there: if one is not, bytes were lost.
func (h Holding) Needs() []Object {
	if h.State == Receiving || !h.DeletedAt.IsZero() {
		return nil
	}
	return append([]Object{{OriginalKey(h.ID), h.Size}}, h.Renditions...)
}

// NeedsBelow is Needs for the keys that begin with a prefix.
func (h Holding) NeedsBelow(prefix string) []Object {
	return slices.DeleteFunc(h.Needs(), func(o Object) bool { return !strings.HasPrefix(o.Key, prefix) })
}

// Disowns tells whether an object of the medium is not needed, and will never
// be again. For a medium that was taken away, that is so once it was gone before
// a time: until then its bytes are being removed anyway. What may still be
// processed keeps all that was made of it so far.
func (h Holding) Disowns(key string, goneBefore time.Time) bool {
	switch {
	case !h.DeletedAt.IsZero():
		return h.DeletedAt.Before(goneBefore)
	case key == OriginalKey(h.ID):
		return false
	case h.State == Ready, h.State == Failed && !h.Retryable:
		return !slices.ContainsFunc(h.Renditions, func(o Object) bool { return o.Key == key })
	default:
		return false
	}
}
