package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// tagged is a resource that its owner changes by what he has read.
type tagged struct {
	*member
	path string
}

func (r tagged) etag() string {
	r.w.t.Helper()
	got := r.w.ask(http.MethodGet, r.path, r.token())
	if got.status != 200 || got.header.Get("Etag") == "" {
		r.w.t.Fatalf("%d %s", got.status, got.body)
	}
	return got.header.Get("Etag")
}

// change sends a change that is made on copies.
func (r tagged) change(method, body string, held ...string) reply {
	r.w.t.Helper()
	headers := []string{"Content-Type", "application/json"}
	for _, line := range held {
		headers = append(headers, "If-Match", line)
	}
	return r.w.send(method, r.path, r.token(), []byte(body), headers...)
}

func TestOptimisticConcurrency(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		author, stranger := w.member("author"), w.member("stranger")
		medium := author.stamped()
		post := tagged{author, "/v1/posts/" + author.post(medium).ID.String()}
		draft := tagged{author, "/v1/posts/" + author.post(medium, drafted).ID.String()}
		account := tagged{author, "/v1/users/account"}
		picture := tagged{author, "/v1/media/" + author.stamped().String()} // of no post: other words for it would be an edit of that

		for name, c := range map[string]struct {
			of      tagged
			member  string
			methods []string
		}{
			"a published post": {post, "caption", []string{"PATCH"}},
			"a draft":          {draft, "caption", []string{"PATCH"}},
			"the account":      {account, "bio", []string{"PATCH", "PUT"}},
			"a picture":        {picture, "alt", []string{"PATCH"}},
		} {
			says := func(words string, i int) string { return fmt.Sprintf(`{%q: "%s %d"}`, c.member, words, i) }
			t.Run("of those who change the same copy, one does: "+name, func(t *testing.T) {
				w.in(t)
				for round := range 4 {
					held := c.of.etag()
					won, mu, all := 0, sync.Mutex{}, sync.WaitGroup{}
					for i := range 6 {
						all.Go(func() {
							got := c.of.change(c.methods[i%len(c.methods)], says(fmt.Sprint("round ", round), i), held)
							mu.Lock()
							defer mu.Unlock()
							switch {
							case got.status == 200 && got.header.Get("Etag") != held:
								won++
							case got.status != 412 || !strings.HasSuffix(got.problem().Code, ".stale"):
								t.Errorf("%d %s %s", got.status, got.header.Get("Etag"), got.body)
							}
						})
					}
					all.Wait()
					if won != 1 {
						t.Errorf("%d of them did", won)
					}
				}
			})
			t.Run("a copy may be one of several, and must be a strong one: "+name, func(t *testing.T) {
				w.in(t)
				old := c.of.etag()
				if got := c.of.change("PATCH", says("new", 0), "*"); got.status != 200 {
					t.Fatalf("%d %s", got.status, got.body)
				}
				now := func() string { return c.of.etag() }
				for i, test := range []struct {
					held   []string
					status int
				}{
					{[]string{now()}, 200},
					{[]string{old + "," + now()}, 412}, // it was read before the change above
					{[]string{`"zq7", ,` + "\t" + `W/"a,b" , ` + "LATEST"}, 200},
					{[]string{`"zq7"`, "LATEST"}, 200},
					{[]string{"LATEST", old}, 200},
					{[]string{old}, 412},
					{[]string{old, `"zq7"`}, 412},
					{[]string{"W/LATEST"}, 412},
					{[]string{`"zq7"`}, 412},
					{[]string{" * "}, 200},
					{nil, 200},
					{[]string{"LATEST, *"}, 400},
					{[]string{"zq7"}, 400},
					{[]string{""}, 400},
				} {
					latest := now()
					var held []string
					for _, line := range test.held {
						held = append(held, strings.ReplaceAll(line, "LATEST", latest))
					}
					if got := c.of.change("PATCH", says("list", i), held...); got.status != test.status {
						t.Errorf("If-Match: %q: %d %s", held, got.status, got.body)
					}
				}
			})
			t.Run("who holds the copy is told nothing else, and a change changes the tag: "+name, func(t *testing.T) {
				w.in(t)
				held := c.of.etag()
				for _, line := range []string{held, "W/" + held, `"zq7", ` + held, "*"} {
					if got := w.ask("GET", c.of.path, c.of.token(), "If-None-Match", line); got.status != 304 || len(got.body) != 0 || got.header.Get("Etag") != held {
						t.Errorf("If-None-Match: %s: %d %s %s", line, got.status, got.header.Get("Etag"), got.body)
					}
				}
				changed := c.of.change("PATCH", says("changed", 0), held).header.Get("Etag")
				if got := w.ask("GET", c.of.path, c.of.token(), "If-None-Match", held); got.status != 200 || got.header.Get("Etag") != changed || changed == held {
					t.Errorf("%d %s", got.status, got.header.Get("Etag"))
				}
			})
		}
		t.Run("a post is deleted as it was read, or not", func(t *testing.T) {
			w.in(t)
			doomed := tagged{author, "/v1/posts/" + author.post(medium).ID.String()}
			old := doomed.etag()
			doomed.change("PATCH", `{"caption": "have a look first"}`)
			if got := doomed.change("DELETE", "", old); got.status != 412 || got.problem().Code != "content.stale" {
				t.Errorf("%d %s", got.status, got.body)
			}
			held := doomed.etag()
			statuses, mu, all := map[int]int{}, sync.Mutex{}, sync.WaitGroup{}
			for i := range 6 {
				all.Go(func() {
					got := doomed.change([]string{"DELETE", "PATCH"}[i%2], fmt.Sprintf(`{"caption": "no %d"}`, i), held)
					mu.Lock()
					defer mu.Unlock()
					statuses[got.status]++
				})
			}
			all.Wait()
			if statuses[204]+statuses[200] != 1 || statuses[204]+statuses[200]+statuses[404]+statuses[412] != 6 {
				t.Errorf("%v", statuses)
			}
		})
		t.Run("a condition tells strangers nothing", func(t *testing.T) {
			w.in(t)
			absent := tagged{stranger, "/v1/posts/" + uuid.NewString()}
			for _, theirs := range []tagged{{stranger, post.path}, {stranger, draft.path}} {
				for _, held := range []string{`"zq7"`, `"1-0123456789abcdef"`, post.etag(), draft.etag(), "*"} {
					for _, method := range []string{"PATCH", "DELETE"} {
						got, want := theirs.change(method, `{"caption": "mine"}`, held), absent.change(method, `{"caption": "mine"}`, held)
						if got.status != 404 || got.problem().Code != want.problem().Code || got.problem().Detail != want.problem().Detail {
							t.Errorf("%s %s: %d %s", method, held, got.status, got.body)
						}
					}
				}
				if got := w.ask("GET", draft.path, stranger.token(), "If-None-Match", draft.etag()+", *"); got.status != 404 {
					t.Errorf("%d", got.status)
				}
			}
		})
	})
}

// TestTagsTellNothing: what two people see differently has different tags, and
// what one does not see does not show in his.
func TestTagsTellNothing(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		author, buyer, other := w.member("author"), w.member("buyer"), w.member("other")
		w.give(buyer, 100)
		hidden := api.NewPostCaptionLockedHidden
		sold := author.post(author.stamped(), priced(5), func(p *api.NewPost) { p.CaptionLocked = &hidden })
		path := "/v1/posts/" + sold.ID.String()
		tag := func(m *member) string { return tagged{m, path}.etag() }
		buyer.purchase(sold.ID)
		w.eventually("the sale is counted", func() bool { return *read(t, author.Client, sold.ID).Counts.Sales == 1 })

		if all := map[string]bool{tag(author): true, tag(buyer): true, tag(other): true}; len(all) != 3 {
			t.Errorf("%v", all)
		}
		for _, m := range []*member{buyer, other} {
			if strings.Contains(tag(m), "-") {
				t.Errorf("%s counts versions", tag(m))
			}
			if got := w.ask("GET", path, m.token(), "If-None-Match", tag(author)); got.status != 200 {
				t.Errorf("somebody else's copy is none of his: %d", got.status)
			}
		}
		before, bought := tag(other), tag(buyer)
		author.says(sold.ID, "for buyers' eyes")
		got := read(t, other.Client, sold.ID)
		if got.EditedAt == nil || got.Caption != "" {
			t.Errorf("%s", asJSON(t, got))
		}
		if tag(buyer) == bought || tag(other) == before {
			t.Error("everybody sees that it was edited")
		}

		profile := w.ask("GET", "/v1/users/"+author.account.Handle, other.token())
		if profile.status != 200 || strings.Contains(profile.header.Get("Etag"), "-") {
			t.Errorf("%d %s", profile.status, profile.header.Get("Etag"))
		}
	})
}
