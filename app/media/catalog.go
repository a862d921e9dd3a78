package media

import (
	"context"
	"errors"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/store"
)

// Catalog answers what other modules ask about media.
type Catalog struct{ Store store.Media }

var (
	_ access.Media   = (*Catalog)(nil)
	_ access.Avatars = (*Catalog)(nil)
)

// Media implements access.Media. Who asks makes something of the media, in the
// same transaction: that is noted, so that they are not taken for left over.
func (c *Catalog) Media(ctx context.Context, owner ident.AccountID, ids []ident.MediaID) ([]access.Medium, error) {
	locked, err := c.Store.LockAll(ctx, ids)
	if err != nil {
		return nil, err
	}
	fit := make(map[ident.MediaID]access.Medium, len(locked))
	var fresh []ident.MediaID
	for _, m := range locked {
		r := m.Record()
		if !m.FitsPost(owner) {
			continue
		}
		fit[r.ID] = access.Medium{PostMedium: shown(r), Unused: !r.Attached}
		if !r.Attached {
			fresh = append(fresh, r.ID)
		}
	}
	all := make([]access.Medium, len(ids))
	for i, id := range ids {
		m, ok := fit[id]
		if !ok {
			return nil, access.ErrNoMedium
		}
		all[i] = m
	}
	return all, c.Store.Attach(ctx, fresh)
}

// shown is a medium as a post shows it.
func shown(r media.Record) store.PostMedium {
	m := store.PostMedium{
		ID: r.ID, Kind: r.Kind, State: string(r.State), Width: r.Width, Height: r.Height, DurationMS: r.Duration.Milliseconds(), Alt: r.Alt,
		Placeholder: store.Placeholder(r.Placeholder), Renditions: make([]store.Rendition, len(r.Renditions)),
	}
	for i, n := range r.Renditions {
		m.Renditions[i] = store.Rendition{Name: n.Name, ContentType: n.ContentType, Width: n.Width, Height: n.Height, Key: n.Key, Preview: n.Preview}
	}
	return m
}

// AvatarReady implements access.Avatars. That it becomes an avatar is noted.
func (c *Catalog) AvatarReady(ctx context.Context, owner ident.AccountID, id ident.MediaID) (bool, error) {
	m, err := c.Store.Lock(ctx, id)
	if errors.Is(err, media.ErrNotFound) {
		return false, nil
	}
	if err != nil || !m.FitsAvatar(owner) {
		return false, err
	}
	return true, c.Store.Attach(ctx, []ident.MediaID{id})
}
