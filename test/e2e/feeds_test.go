package e2e

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/ports/event"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// readers page through feeds, two posts at a time.
func readers(author *member, fan *member) map[string]func(cursor *string) ([]api.Post, *string, error) {
	two, tag, category, handle := int64(2), "window", "art", author.account.Handle
	ctx := fan.w.t.Context()
	newest := func(params api.ListPostsParams) func(cursor *string) ([]api.Post, *string, error) {
		return func(cursor *string) ([]api.Post, *string, error) {
			params.Limit, params.Cursor = &two, cursor
			resp, err := fan.ListPostsWithResponse(ctx, &params)
			if err != nil {
				return nil, nil, err
			}
			return resp.JSON200.Items, resp.JSON200.NextCursor, nil
		}
	}
	return map[string]func(cursor *string) ([]api.Post, *string, error){
		"main page": newest(api.ListPostsParams{}),
		"tag":       newest(api.ListPostsParams{Tag: &tag}),
		"category":  newest(api.ListPostsParams{Category: &category}),
		"author":    newest(api.ListPostsParams{Author: &handle}),
		"author's page": func(cursor *string) ([]api.Post, *string, error) {
			resp, err := fan.ListUserPostsWithResponse(ctx, handle, &api.ListUserPostsParams{Limit: &two, Cursor: cursor})
			if err != nil {
				return nil, nil, err
			}
			return resp.JSON200.Items, resp.JSON200.NextCursor, nil
		},
		"own posts": func(cursor *string) ([]api.Post, *string, error) {
			resp, err := author.ListOwnPostsWithResponse(ctx, &api.ListOwnPostsParams{Limit: &two, Cursor: cursor})
			if err != nil {
				return nil, nil, err
			}
			return resp.JSON200.Items, resp.JSON200.NextCursor, nil
		},
		"inbox": func(cursor *string) ([]api.Post, *string, error) {
			resp, err := fan.ListInboxWithResponse(ctx, &api.ListInboxParams{Limit: &two, Cursor: cursor})
			if err != nil {
				return nil, nil, err
			}
			return resp.JSON200.Items, resp.JSON200.NextCursor, nil
		},
	}
}

// inArt files a post where every reader finds it.
func inArt(p *api.NewPost) {
	category := "art"
	p.Tags, p.Category = &[]string{"window"}, &category
}

// newestFirst are the ids of posts that were published in this order.
func newestFirst(posts []api.Post) []uuid.UUID {
	all := ids(posts)
	slices.Reverse(all)
	return all
}

func TestPagesStayInPlace(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		author, fan := w.member("author"), w.member("fan")
		fan.follow(author)
		medium := author.stamped()
		var posts []api.Post
		publish := func(n int) {
			for range n {
				posts = append(posts, author.post(medium, inArt))
			}
		}
		publish(7)
		w.eventually("they are in the inbox", func() bool { return len(inbox(t, fan.Client)) == 7 })
		for name, page := range readers(author, fan) {
			t.Run("what is published while somebody reads moves nothing: "+name, func(t *testing.T) {
				w.in(t)
				want := newestFirst(posts)
				var got []uuid.UUID
				for cursor, pages := (*string)(nil), 0; cursor != nil || pages == 0; pages++ {
					items, next, err := page(cursor)
					w.must(err)
					if len(items) > 2 || len(items) == 0 || next == nil && len(got)+len(items) != len(want) {
						t.Fatalf("a page of %d, after %d of %d", len(items), len(got), len(want))
					}
					got = append(got, ids(items)...)
					if cursor = next; pages == 1 {
						publish(1)
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
				}
			})
			w.eventually("the new one is in the inbox", func() bool { return len(inbox(t, fan.Client)) == len(posts) })
		}
		t.Run("a post that is taken away where a page ended skips nothing", func(t *testing.T) {
			w.in(t)
			page := readers(author, fan)["main page"]
			first, next, err := page(nil)
			w.must(err)
			_, err = author.DeletePostWithResponse(t.Context(), first[1].ID, nil)
			w.must(err)
			second, _, err := page(next)
			w.must(err)
			if want := newestFirst(posts)[2:4]; !slices.Equal(ids(second), want) {
				t.Errorf("%v, want %v", ids(second), want)
			}
		})
		t.Run("a cursor is good for its own list and as it is", func(t *testing.T) {
			w.in(t)
			_, next, err := readers(author, fan)["main page"](nil)
			w.must(err)
			if _, _, err := readers(author, fan)["inbox"](next); code(err) != "request.cursor" {
				t.Error("of another list:", err)
			}
			changed := flipped(*next, len(*next)/2)
			if _, _, err := readers(author, fan)["main page"](&changed); code(err) != "request.cursor" {
				t.Error("changed:", err)
			}
		})
	})
}

func TestInboxes(t *testing.T) {
	for name, threshold := range map[string]int{"delivered": 10_000, "merged on reading": 1, "merged from the second subscriber on": 2} {
		t.Run(name, func(t *testing.T) {
			backends(t, func(t *testing.T, c config.Config) {
				c.Feeds.FanoutThreshold, c.Feeds.Backfill = threshold, 3
				inboxes(t, start(t, c))
			})
		})
	}
}

// inboxes is what a reader may rely on, however posts get to him.
func inboxes(t *testing.T, w *world) {
	author, another, fan, late := w.member("author"), w.member("another"), w.member("fan"), w.member("late")
	medium, other := author.stamped(), another.stamped()
	holds := func(t *testing.T, m *member, want ...api.Post) {
		t.Helper()
		var got []uuid.UUID
		w.in(t)
		defer func() {
			if t.Failed() {
				t.Logf("%v, want %v", got, newestFirst(want))
			}
		}()
		w.eventually("the inbox is as it should be", func() bool { got = ids(inbox(t, m.Client)); return slices.Equal(got, newestFirst(want)) })
	}
	counted := func(t *testing.T, n int64) {
		w.in(t)
		w.eventually("subscribers are counted", func() bool { return author.profile(author).Counts.Subscribers == n })
	}
	var posts []api.Post
	for range 5 {
		posts = append(posts, author.post(medium))
	}

	t.Run("an inbox begins with the newest posts, and only so many", func(t *testing.T) {
		holds(t, fan)
		fan.follow(author)
		holds(t, fan, posts[2:]...)
		counted(t, 1)
	})
	t.Run("what is published from then on comes on top", func(t *testing.T) {
		posts = append(posts, author.post(medium))
		holds(t, fan, posts[2:]...)
	})
	t.Run("of several creators all posts come, in the order of time", func(t *testing.T) {
		fan.follow(another)
		posts = append(posts, another.post(other), author.post(medium), another.post(other))
		holds(t, fan, posts[2:]...)
	})
	t.Run("who subscribes twice gets everything once", func(t *testing.T) {
		fan.follow(author)
		holds(t, fan, posts[2:]...)
	})
	t.Run("somebody else's inbox begins later", func(t *testing.T) {
		late.follow(author)
		counted(t, 2)
		holds(t, late, posts[4], posts[5], posts[7])
		posts = append(posts, author.post(medium))
		holds(t, late, posts[4], posts[5], posts[7], posts[9])
		holds(t, fan, posts[2:]...)
	})
	t.Run("a post that is taken away leaves every inbox", func(t *testing.T) {
		_, err := author.DeletePostWithResponse(t.Context(), posts[5].ID, nil)
		w.must(err)
		posts = slices.Delete(posts, 5, 6)
		holds(t, fan, posts[2:]...)
		holds(t, late, posts[4], posts[6], posts[8])
	})
	t.Run("unsubscribing empties it of that creator, and coming back begins anew", func(t *testing.T) {
		fan.unfollow(author)
		holds(t, fan, posts[5], posts[7])
		more := author.post(medium)
		holds(t, late, posts[4], posts[6], posts[8], more)
		holds(t, fan, posts[5], posts[7])
		fan.follow(author)
		holds(t, fan, posts[5], posts[6], posts[7], posts[8], more)
	})
	t.Run("a creator may remove a subscriber", func(t *testing.T) {
		_, err := author.RemoveSubscriberWithResponse(t.Context(), late.account.Handle)
		w.must(err)
		author.post(medium)
		holds(t, late)
		counted(t, 1)
	})
}

func (m *member) profile(of *member) api.Profile {
	m.w.t.Helper()
	resp, err := m.GetProfileWithResponse(m.w.t.Context(), of.account.Handle, nil)
	m.w.must(err)
	return *resp.JSON200
}

// crowd is how many subscribers it takes for a fan-out of several batches.
const crowd = 2500

// gather makes the author followed by many who are nowhere else, whose ids lie
// before and after those of members.
func gather(t *testing.T, db sqldb.DB, author *member, n int) {
	t.Helper()
	ids := ident.NewSource(time.Now, zeros{})
	var b sqldb.Batch
	for i := range n {
		id := ident.New[ident.AccountID](ids)
		id[0] = byte(i % 251)
		b.Exec(`INSERT INTO subscriptions (subscriber, creator, since, inbox_from) VALUES ($1, $2, $3, $3)`, id, author.accountID(), time.Now().Add(-time.Hour))
	}
	if err := db.Send(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
}

// zeros is no randomness: the ids of one source differ all the same.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestFanOut(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		db := w.database()
		author := w.member("author")
		fans := []*member{w.member("fan"), w.member("fan"), w.member("fan")}
		for _, fan := range fans {
			fan.follow(author)
		}
		gather(t, db, author, crowd)
		medium := author.stamped()
		entries := func(id uuid.UUID) int64 {
			return count(t, db, `SELECT count(*) FROM inbox_entries WHERE post = $1`, ident.PostID(id))
		}
		t.Run("everybody is reached, also behind several batches", func(t *testing.T) {
			w.in(t)
			post := author.post(medium)
			w.eventually("all have it", func() bool { return entries(post.ID) == crowd+int64(len(fans)) })
			for _, fan := range fans {
				if got := inbox(t, fan.Client); len(got) != 1 || got[0].ID != post.ID {
					t.Errorf("%v", ids(got))
				}
			}
			_, err := author.DeletePostWithResponse(t.Context(), post.ID, nil)
			w.must(err)
			w.eventually("it is taken back from all", func() bool { return entries(post.ID) == 0 })
		})
		t.Run("who leaves while it runs has nothing, now or later", func(t *testing.T) {
			w.in(t)
			var posts []api.Post
			var leaving sync.WaitGroup
			for _, fan := range fans[:2] {
				leaving.Go(func() {
					for i := 0; ; i++ {
						_, err := fan.UnsubscribeWithResponse(t.Context(), author.account.Handle)
						if err == nil && i < 8 {
							time.Sleep(time.Duration(i) * 5 * time.Millisecond)
							_, err = fan.SubscribeWithResponse(t.Context(), author.account.Handle)
						}
						if err != nil {
							t.Error(err)
						}
						if i >= 8 || err != nil {
							return
						}
					}
				})
			}
			for range 3 {
				posts = append(posts, author.post(medium))
			}
			leaving.Wait()
			w.eventually("who stays has all", func() bool { return slices.Equal(ids(inbox(t, fans[2].Client)), newestFirst(posts)) })
			w.eventually("the fan-out is over", func() bool { return count(t, db, `SELECT count(*) FROM jobs`) == 0 })
			for _, fan := range fans[:2] {
				if got := inbox(t, fan.Client); len(got) != 0 {
					t.Errorf("who left has %v", ids(got))
				}
			}
		})
	})
}

// TestSubscribingWhilePostsArrive is a race on purpose: whichever comes first,
// nobody's inbox lacks a post.
func TestSubscribingWhilePostsArrive(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		author := w.member("author")
		medium := author.stamped()
		fans := make([]*member, 4)
		for i := range fans {
			fans[i] = w.member("fan")
		}
		for round := range 6 {
			var posts []uuid.UUID
			var mu sync.Mutex
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					resp, err := author.CreatePostWithResponse(t.Context(), api.NewPost{MediaIds: &[]uuid.UUID{medium}})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					posts = append(posts, resp.JSON201.ID)
				})
			}
			for _, fan := range fans {
				all.Go(func() {
					if _, err := fan.SubscribeWithResponse(t.Context(), author.account.Handle); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			for i, fan := range fans {
				w.eventually(fmt.Sprintf("round %d, fan %d: all three are in the inbox", round, i), func() bool { return len(inbox(t, fan.Client)) == 3 })
				fan.unfollow(author)
			}
			for _, id := range posts {
				_, err := author.DeletePostWithResponse(t.Context(), id, nil)
				w.must(err)
			}
		}
		t.Run("an inbox is filled once more when the subscription is there for all to see", func(t *testing.T) {
			w.in(t)
			post, fan := author.post(medium), fans[0]
			fan.follow(author)
			w.eventually("the post is in the inbox", func() bool { return len(inbox(t, fan.Client)) == 1 })
			db := w.database()
			w.eventually("nothing is under way", func() bool {
				return count(t, db, `SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM outbox)`) == 0
			})
			// As if it had been published between the two: delivered too early for
			// this inbox, and not to be seen yet when that was filled.
			if _, err := db.Exec(t.Context(), `DELETE FROM inbox_entries`); err != nil {
				t.Fatal(err)
			}
			w.use(func(o event.Outbox) error {
				return o.Append(t.Context(), subscriptions.Subscribed{Subscription: subscriptions.Subscription{
					Subscriber: fan.accountID(), Creator: author.accountID(), Since: *post.PublishedAt, InboxFrom: *post.PublishedAt,
				}})
			})
			w.eventually("it is there again", func() bool { return len(inbox(t, fan.Client)) == 1 })
		})
	})
}

func TestPublishingWaitsForMedia(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		c.Uploads.PartSize = 1 << 10
		w := start(t, c)
		author, fan, stranger := w.member("author"), w.member("fan"), w.stranger()
		fan.follow(author)
		begin := func() api.Upload {
			data := stamp(int(people.Add(1)))
			resp, err := author.CreateUploadWithResponse(t.Context(), api.NewUpload{
				Filename: "stamp.jpg", ContentType: "image/jpeg", Size: int64(len(data)), Purpose: api.NewUploadPurposePost,
			})
			w.must(err)
			for _, part := range resp.JSON201.Parts {
				from := (part.Number - 1) * resp.JSON201.PartSize
				if got := w.send(part.Method, part.URL, "", data[from:from+part.Size]); got.status >= 300 {
					t.Fatalf("part %d: %d %s", part.Number, got.status, got.body)
				}
			}
			return *resp.JSON201
		}
		complete := func(u api.Upload) {
			_, err := author.CompleteUploadWithResponse(t.Context(), u.ID)
			w.must(err)
		}

		first, second, ready := begin(), begin(), author.stamped()
		post := author.post(first.MediaID, func(p *api.NewPost) {
			inArt(p)
			p.MediaIds = &[]uuid.UUID{first.MediaID, ready, second.MediaID}
		})
		hidden := func(t *testing.T) {
			w.in(t)
			t.Helper()
			w.sees("a stranger", stranger, author, post.ID, true)
			w.sees("a subscriber", fan.Client, author, post.ID, true)
			if got := read(t, author.Client, post.ID); got.State != api.PostStateProcessing || got.PublishedAt != nil {
				t.Errorf("its author sees it %s, published %v", got.State, got.PublishedAt)
			}
		}
		t.Run("a post is hidden until all its pictures are ready", func(t *testing.T) {
			hidden(t)
			w.in(t)
			complete(first)
			_, err := author.WaitForMedium(t.Context(), first.MediaID)
			w.must(err)
			hidden(t)
		})
		t.Run("and cannot be bought", func(t *testing.T) {
			if _, err := fan.buy(post.ID); code(err) != "content.post-not-found" {
				t.Error(err)
			}
		})
		t.Run("then it is everywhere at once", func(t *testing.T) {
			w.in(t)
			complete(second)
			w.eventually("it is published", func() bool { return len(mainPage(t, stranger)) == 1 })
			w.eventually("it is in the inbox", func() bool { return len(inbox(t, fan.Client)) == 1 })
			w.sees("a stranger", stranger, author, post.ID, false, "post", "main page", "tag", "category", "author", "author's page")
			got := read(t, stranger, post.ID)
			if len(got.Media) != 3 || got.Media[0].ID != first.MediaID || got.Media[1].ID != ready || got.Media[2].ID != second.MediaID {
				t.Errorf("its pictures are %s", asJSON(t, got.Media))
			}
			w.eventually("it is counted", func() bool { return author.profile(author).Counts.Posts == 1 })
		})
		t.Run("a post whose upload is given up stays hidden", func(t *testing.T) {
			w.in(t)
			third := begin()
			waiting := author.post(third.MediaID, inArt)
			_, err := author.AbortUploadWithResponse(t.Context(), third.ID)
			w.must(err)
			complete := author.post(ready, inArt)
			w.eventually("a later one is published", func() bool { return len(inbox(t, fan.Client)) == 2 })
			w.sees("a subscriber", fan.Client, author, waiting.ID, true)
			w.sees("a subscriber", fan.Client, author, complete.ID, false, "post", "main page", "tag", "category", "author", "author's page", "inbox")
		})
	})
}

func TestCountersConverge(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		creators := []*member{w.member("creator"), w.member("creator")}
		fans := []*member{w.member("fan"), w.member("fan"), w.member("fan"), w.member("fan")}
		posts := make([]api.Post, len(creators))
		for i, creator := range creators {
			posts[i] = creator.post(creator.stamped(), priced(3))
		}
		var all sync.WaitGroup
		for i, fan := range fans {
			w.give(fan, 100)
			all.Go(func() {
				for round := range 5 {
					creator := creators[(i+round)%2]
					_, err := fan.SubscribeWithResponse(t.Context(), creator.account.Handle)
					if err == nil && (i+round)%3 != 0 {
						_, err = fan.UnsubscribeWithResponse(t.Context(), creator.account.Handle)
					}
					if err != nil {
						t.Error(err)
					}
					if _, err := fan.buy(posts[round%2].ID); err != nil && code(err) != "wallet.already-owned" {
						t.Error(err)
					}
				}
			})
		}
		for _, creator := range creators {
			all.Go(func() {
				for i := range 4 {
					resp, err := creator.CreatePostWithResponse(t.Context(), api.NewPost{MediaIds: &[]uuid.UUID{posts[slices.Index(creators, creator)].Media[0].ID}})
					if err == nil && i%2 == 0 {
						_, err = creator.DeletePostWithResponse(t.Context(), resp.JSON201.ID, nil)
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		stranger := w.stranger()
		for i, m := range append(slices.Clone(creators), fans...) {
			want := api.AccountCounts{Subscribers: int64(len(subscribersOf(t, stranger, m))), Subscriptions: int64(len(subscriptionsOf(t, stranger, m)))}
			if i < len(creators) {
				want.Posts = 3
			}
			w.eventually(fmt.Sprintf("%s counts %+v", m.account.Handle, want), func() bool { return m.profile(m).Counts == want })
		}
		for i, creator := range creators {
			w.eventually("every sale is counted", func() bool {
				sales := read(t, creator.Client, posts[i].ID).Counts.Sales
				return sales != nil && *sales == int64(len(fans))
			})
			if read(t, stranger, posts[i].ID).Counts.Sales != nil {
				t.Error("strangers see sales")
			}
		}
		w.balanced()
	})
}

func subscribersOf(t *testing.T, client *sajin.Client, of *member) []api.Follow {
	t.Helper()
	resp, err := client.ListSubscribersWithResponse(t.Context(), of.account.Handle, nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp.JSON200.Items
}

func subscriptionsOf(t *testing.T, client *sajin.Client, of *member) []api.Follow {
	t.Helper()
	resp, err := client.ListSubscriptionsWithResponse(t.Context(), of.account.Handle, nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp.JSON200.Items
}
