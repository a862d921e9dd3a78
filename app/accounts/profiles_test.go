package accounts_test

import (
	"strings"
	"testing"

	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// wearing gives an account an avatar that is stored under a key.
func (w *world) wearing(id ident.AccountID, key string) {
	w.t.Helper()
	medium := ident.MediaID(id)
	for _, insert := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO media (id, owner, purpose, state, stage, progress, attempt, error_code, retryable, original, size, sha256, kind, content_type,
			width, height, duration_ms, blurhash, dominant, alt, created_at, updated_at)
			VALUES ($1, $2, 'avatar', 'ready', '', 100, 1, '', $3, '', 1, '', 'photo', 'image/jpeg', 1, 1, 0, '', '', '', $4, $4)`, []any{medium, id, false, w.clock}},
		{`INSERT INTO renditions (media, name, position, preview, key, content_type, width, height, size)
			VALUES ($1, 'w320', 0, $2, $3, 'image/jpeg', 320, 320, 1)`, []any{medium, false, key}},
		{`UPDATE accounts SET avatar = $1 WHERE id = $2`, []any{medium, id}},
	} {
		_, err := w.db.Exec(w.t.Context(), insert.query, insert.args...)
		w.must(err)
	}
}

func TestProfiles(t *testing.T) {
	t.Run("an avatar has an address, where there is one", func(t *testing.T) {
		w := newWorld(t)
		hana, bora := w.register("hana"), w.register("bora")
		w.wearing(hana, "a/hana")
		for id, want := range map[ident.AccountID]string{hana: "/media/a/hana?sig=1", bora: ""} {
			own, err := w.profiles.Own(t.Context(), id)
			w.must(err)
			w.equal(want, own.AvatarURL)
			p, err := w.profiles.Profile(t.Context(), bora, own.Handle)
			w.must(err)
			w.equal(want, p.AvatarURL)
			w.equal(id == bora, p.Viewer.Self)
			list, err := w.profiles.Search(t.Context(), bora, own.Handle, store.Page{Limit: 10})
			w.must(err)
			w.equal([]*store.Profile{p}, list.Items)
		}
	})
	t.Run("a handle is found in any case; what is none is not found", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		p, err := w.profiles.Profile(t.Context(), ident.AccountID{}, "HaNa")
		w.must(err)
		w.equal(hana, p.ID)
		for _, handle := range []string{"", "ha", "nobody", "account", "ha na", "hana\x00", "hana\xff", "deleted-" + hana.String()} {
			_, err := w.profiles.Profile(t.Context(), ident.AccountID{}, handle)
			w.is(err, rules.ErrNotFound)
			_, err = w.profiles.ByHandle(t.Context(), handle)
			w.is(err, rules.ErrNotFound)
		}
	})
	t.Run("a search takes a handle as people write it", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		for query, want := range map[string]int{"hana": 1, "@HANA": 1, " ha ": 1, "@ ha": 1, "na": 0, "@": 0, " ": 0, "": 0} {
			list, err := w.profiles.Search(t.Context(), ident.AccountID{}, query, store.Page{Limit: 10})
			w.must(err)
			if len(list.Items) != want {
				t.Errorf("%q: %d", query, len(list.Items))
			}
		}
	})
	t.Run("a search for what cannot be text is refused", func(t *testing.T) {
		w := newWorld(t)
		for _, query := range []string{"a\x00", "a\xff", strings.Repeat("a", 51)} {
			_, err := w.profiles.Search(t.Context(), ident.AccountID{}, query, store.Page{Limit: 10})
			w.invalid(err, "query")
		}
	})
}
