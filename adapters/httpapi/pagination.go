package httpapi

import (
	"encoding/binary"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/store"
)

// Paged is embedded by the inputs of lists. It is exported, as all that is
// embedded, because the framework passes over what is not.
type Paged struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items at most"`
	Cursor string `query:"cursor" maxLength:"200" doc:"next_cursor of the page before"`
}

// bodyOf is the body of a list.
type bodyOf[T any] struct {
	Items      []T     `json:"items" nullable:"false"`
	NextCursor *string `json:"next_cursor" doc:"Where the next page begins; null on the last one"`
}

// listed is the answer of every list.
type listed[T any] struct{ Body bodyOf[T] }

var errCursor = fault.New(fault.BadRequest, "request.cursor", "the cursor is not one of this list; begin again without it")

// cursors makes positions opaque: signed, and good for one list only.
type cursors struct{ sealer link.Sealer }

func (c cursors) page(list string, in Paged) (store.Page, error) {
	page := store.Page{Limit: in.Limit}
	if in.Cursor == "" {
		return page, nil
	}
	data, err := c.sealer.Unseal("cursor:"+list, in.Cursor)
	if err != nil || len(data) != 24 {
		return page, errCursor
	}
	page.After.At = time.UnixMicro(int64(binary.BigEndian.Uint64(data))).UTC()
	copy(page.After.ID[:], data[8:])
	return page, nil
}

func (c cursors) text(list string, p store.Position) *string {
	if p.IsZero() {
		return nil
	}
	data := binary.BigEndian.AppendUint64(nil, uint64(p.At.UnixMicro()))
	text := c.sealer.Seal("cursor:"+list, append(data, p.ID[:]...))
	return &text
}

// list reads a page of a list and makes its answer. name keeps the cursors of
// one list from being used with another.
func list[T any](r *registry, name string, in Paged, read func(store.Page) (store.List[T], error)) (*listed[T], error) {
	page, err := r.cursors.page(name, in)
	if err != nil {
		return nil, err
	}
	l, err := read(page)
	if err != nil {
		return nil, err
	}
	items := l.Items
	if items == nil {
		items = []T{}
	}
	return &listed[T]{Body: bodyOf[T]{Items: items, NextCursor: r.cursors.text(name, l.Next)}}, nil
}
