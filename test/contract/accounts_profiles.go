package contract

import (
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

func profileRelations(t *testing.T, p *people) {
	ctx := t.Context()
	hana, bora := p.someone("hana"), p.add("bora")
	hana.DisplayName, hana.Bio, hana.Avatar, hana.Role = "Hana Kim", "hello", ident.New[ident.MediaID](p.ids), accounts.Moderator
	p.must(p.insert(hana))
	exec := func(query string, args ...any) {
		t.Helper()
		_, err := p.db.Exec(ctx, query, args...)
		p.must(err)
	}
	exec(`INSERT INTO media (id, owner, purpose, state, stage, progress, attempt, error_code, retryable, original, size, sha256, kind, content_type,
			width, height, duration_ms, blurhash, dominant, alt, created_at, updated_at)
		VALUES ($1, $2, 'avatar', 'ready', '', 100, 1, '', $3, 'original', 1, '', 'photo', 'image/jpeg', 640, 640, 0, '', '', '', $4, $4)`,
		hana.Avatar, hana.ID, false, p.clock)
	for i, name := range []string{"w320", "w1080", "preview"} {
		exec(`INSERT INTO renditions (media, name, position, preview, key, content_type, width, height, size)
			VALUES ($1, $2, $3, $4, $5, 'image/jpeg', 320, 320, 1)`, hana.Avatar, name, i, name == "preview", "avatars/"+name)
	}
	exec(`UPDATE account_counts SET posts = 3, subscribers = 1, subscriptions = 2 WHERE account = $1`, hana.ID)
	exec(`INSERT INTO subscriptions (subscriber, creator, since, inbox_from) VALUES ($1, $2, $3, $3)`, bora.ID, hana.ID, p.clock)

	want := store.Profile{
		ID: hana.ID, Handle: "hana", DisplayName: "Hana Kim", Bio: "hello", Counts: store.AccountCounts{Posts: 3, Subscribers: 1, Subscriptions: 2},
		CreatedAt: p.clock, AvatarKey: "avatars/w320", Version: 1,
	}
	for viewer, relation := range map[ident.AccountID]store.ProfileViewer{
		{}:      {},
		bora.ID: {Subscribed: true},
		hana.ID: {Self: true},
	} {
		want.Viewer = relation
		got, err := p.Profiles.Profile(ctx, viewer, "hana")
		p.must(err)
		p.equal(&want, got)
		list, err := p.Profiles.Search(ctx, viewer, "hana", store.Page{Limit: 10})
		p.must(err)
		p.equal([]*store.Profile{&want}, list.Items)
	}
	t.Run("following goes one way", func(*testing.T) {
		got, err := p.Profiles.Profile(ctx, hana.ID, "bora")
		p.must(err)
		p.equal(store.ProfileViewer{}, got.Viewer)
	})
	t.Run("the owner sees more", func(*testing.T) {
		got, err := p.Profiles.Own(ctx, hana.ID)
		p.must(err)
		p.equal(&store.OwnAccount{
			ID: hana.ID, Email: "hana@Example.com", Role: accounts.Moderator, Handle: "hana", DisplayName: "Hana Kim", Bio: "hello",
			AvatarMediaID: &hana.Avatar, Counts: want.Counts, CreatedAt: p.clock, AvatarKey: "avatars/w320", Version: 1,
		}, got)
		got, err = p.Profiles.Own(ctx, bora.ID)
		p.must(err)
		if got.AvatarMediaID != nil || got.AvatarKey != "" || got.Counts != (store.AccountCounts{}) {
			t.Error(got)
		}
	})
	t.Run("a deleted account is not seen, also not by its owner", func(*testing.T) {
		hana.DeletedAt, hana.PurgeAt = p.clock, p.clock.Add(time.Hour)
		p.must(p.save(hana))
		_, err := p.Profiles.Profile(ctx, bora.ID, "hana")
		p.is(err, accounts.ErrNotFound)
		_, err = p.Profiles.Own(ctx, hana.ID)
		p.is(err, accounts.ErrNotFound)
		list, err := p.Profiles.Search(ctx, bora.ID, "hana", store.Page{Limit: 10})
		p.must(err)
		if len(list.Items) != 0 {
			t.Error(list.Items[0])
		}
	})
}
