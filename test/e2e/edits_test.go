package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/app/content"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// says has a post say something else.
func (m *member) says(post uuid.UUID, caption string) api.Post {
	m.w.t.Helper()
	resp, err := m.EditPostWithResponse(m.w.t.Context(), post, nil, api.EditedPost{Caption: &caption})
	m.w.must(err)
	return *resp.JSON200
}

// former are the former versions of a post, as somebody reads them in pages of two.
func (m *member) former(post uuid.UUID) []api.PostEdit {
	m.w.t.Helper()
	two := int64(2)
	return everyPage(m.w.t, func(cursor *string) ([]api.PostEdit, *string, error) {
		resp, err := m.ListPostEditsWithResponse(m.w.t.Context(), post, &api.ListPostEditsParams{Limit: &two, Cursor: cursor})
		if err != nil {
			return nil, nil, err
		}
		return resp.JSON200.Items, resp.JSON200.NextCursor, nil
	})
}

func TestEditHistory(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		author, buyer, guard := w.member("author"), w.member("buyer"), w.member("guard")
		w.use(func(people *accounts.Accounts) error {
			return people.GrantRole(t.Context(), guard.account.Handle, "moderator")
		})
		w.give(buyer, 100)
		medium := author.stamped()
		post := author.post(medium, inArt, priced(5))
		buyer.purchase(post.ID)

		t.Run("who bought a post sees that it was changed, and not what it said", func(t *testing.T) {
			w.in(t)
			if got := read(t, buyer.Client, post.ID); got.EditedAt != nil {
				t.Errorf("edited at %v", got.EditedAt)
			}
			author.says(post.ID, "second words")
			price, visibility := int64(9), api.EditedPostVisibilitySubscribers
			_, err := author.EditPostWithResponse(t.Context(), post.ID, nil, api.EditedPost{PriceCoins: &price, Visibility: &visibility})
			w.must(err)
			if got := read(t, buyer.Client, post.ID); got.EditedAt == nil || got.Caption != "second words" || got.PriceCoins != 9 {
				t.Errorf("%s", asJSON(t, got))
			}
			for who, token := range map[string]string{"the buyer": buyer.token(), "nobody": ""} {
				got := w.ask(http.MethodGet, "/v1/posts/"+post.ID.String()+"/edits", token)
				if want := map[string]string{"the buyer": "content.post-not-found", "nobody": "accounts.sign-in"}[who]; got.problem().Code != want {
					t.Errorf("%s: %s", who, got.body)
				}
			}
		})
		t.Run("its author and moderators read every former version, the newest first", func(t *testing.T) {
			w.in(t)
			author.says(post.ID, "second words") // as it is
			alt := "a stamp of the sea"
			_, err := author.EditMediumWithResponse(t.Context(), medium, nil, api.EditedMedium{Alt: alt})
			w.must(err)
			w.eventually("other words for its picture are an edit", func() bool { return len(author.former(post.ID)) == 3 })
			for _, m := range []*member{author, guard} {
				got := m.former(post.ID)
				if len(got) != 3 || got[0].PriceCoins != 9 || got[0].Media[0].ID != medium || got[0].Media[0].Alt != "" ||
					got[1].PriceCoins != 5 || got[1].Visibility != api.PostEditVisibilityPublic || got[1].Caption != "second words" ||
					got[2].Caption != "a stamp" || !slices.Equal(got[2].Tags, []string{"window"}) || got[2].Category != "art" ||
					!got[2].ReplacedAt.Before(got[1].ReplacedAt) {
					t.Errorf("%s", asJSON(t, got))
				}
			}
			author.says(post.ID, "third words")
			if got := author.former(post.ID); len(got) != 4 || got[0].Media[0].Alt != alt {
				t.Errorf("%s", asJSON(t, got))
			}
		})
		t.Run("a cursor is good for the edits of its own post", func(t *testing.T) {
			w.in(t)
			other, one := author.post(medium), int64(1)
			resp, err := author.ListPostEditsWithResponse(t.Context(), post.ID, &api.ListPostEditsParams{Limit: &one})
			w.must(err)
			_, err = author.ListPostEditsWithResponse(t.Context(), other.ID, &api.ListPostEditsParams{Cursor: resp.JSON200.NextCursor})
			if code(err) != "request.cursor" {
				t.Error(err)
			}
		})
		t.Run("the first version stays, however often a post is changed", func(t *testing.T) {
			w.in(t)
			busy := author.post(medium)
			w.use(func(posts *content.Posts) error {
				for i := range 120 {
					words := fmt.Sprint("version ", i)
					if err := posts.Edit(t.Context(), author.accountID(), content.Edit{Post: ident.PostID(busy.ID), Caption: &words}); err != nil {
						return err
					}
				}
				return nil
			})
			got := author.former(busy.ID)
			if len(got) != 100 || got[99].Caption != "a stamp" || got[98].Caption != "version 20" || got[0].Caption != "version 118" {
				t.Errorf("%d: %q ... %q, %q", len(got), got[0].Caption, got[len(got)-2].Caption, got[len(got)-1].Caption)
			}
		})
		t.Run("moderators read on when the post is gone, its author does not", func(t *testing.T) {
			w.in(t)
			_, err := author.DeletePostWithResponse(t.Context(), post.ID, nil)
			w.must(err)
			if got := guard.former(post.ID); len(got) != 4 {
				t.Errorf("%d", len(got))
			}
			if _, err := author.ListPostEditsWithResponse(t.Context(), post.ID, nil); code(err) != "content.post-not-found" {
				t.Error(err)
			}
		})
	})
}
