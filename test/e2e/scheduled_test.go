package e2e

import (
	"context"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/adapters/argon"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/ident"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

func at(moment time.Time) func(*api.NewPost) {
	return func(p *api.NewPost) { p.PublishAt = &moment }
}

// own are the ids of one's own posts in a state.
func (m *member) own(state api.ListOwnPostsParamsState) []uuid.UUID {
	m.w.t.Helper()
	resp, err := m.ListOwnPostsWithResponse(m.w.t.Context(), &api.ListOwnPostsParams{State: &state})
	m.w.must(err)
	return ids(resp.JSON200.Items)
}

// unschedule sends null, which the generated client cannot say.
func (m *member) unschedule(post uuid.UUID) reply {
	m.w.t.Helper()
	return m.w.send(http.MethodPatch, "/v1/posts/"+post.String(), m.token(), []byte(`{"publish_at": null}`), "Content-Type", "application/json")
}

func TestScheduledPosts(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		c.Auth.AccessTTL = 48 * time.Hour // the clock is turned on
		w := start(t, c)
		author, fan, guard, stranger := w.member("author"), w.member("fan"), w.member("guard"), w.stranger()
		w.use(func(people *accounts.Accounts) error {
			return people.GrantRole(t.Context(), guard.account.Handle, "moderator")
		})
		fan.follow(author)
		w.give(fan, 100)
		medium := author.stamped()
		due := w.watch.now().Add(2 * time.Hour).UTC().Truncate(time.Microsecond)
		post := author.post(medium, inArt, priced(5), at(due))

		t.Run("its author sees it, and when it is due", func(t *testing.T) {
			w.in(t)
			if post.State != api.PostStateScheduled || post.PublishAt == nil || !post.PublishAt.Equal(due) || post.PublishedAt != nil {
				t.Errorf("%s", asJSON(t, post))
			}
			if got := author.own(api.ListOwnPostsParamsStateScheduled); len(got) != 1 || got[0] != post.ID {
				t.Errorf("%v", got)
			}
			if got := author.own(api.ListOwnPostsParamsStateDraft); len(got) != 0 {
				t.Errorf("it is no draft: %v", got)
			}
		})
		t.Run("nobody else can tell that it is there", func(t *testing.T) {
			w.in(t)
			absent := uuid.UUID(ident.PostID{1}).String()
			for who, m := range map[string]*member{"a subscriber": fan, "a moderator": guard} {
				w.sees(who, m.Client, author, post.ID, true)
				there, gone := w.ask(http.MethodGet, "/v1/posts/"+post.ID.String(), m.token()), w.ask(http.MethodGet, "/v1/posts/"+absent, m.token())
				if there.status != 404 || there.problem().Code != gone.problem().Code || there.problem().Detail != gone.problem().Detail {
					t.Errorf("%s: %s, of a post that does not exist %s", who, there.body, gone.body)
				}
			}
			w.sees("a stranger", stranger, author, post.ID, true)
			if _, err := fan.buy(post.ID); code(err) != "content.post-not-found" {
				t.Error(err)
			}
			for _, body := range []string{`{"publish_at": null}`, `{"draft": false}`, `{"publish_at": "2020-01-01T00:00:00Z"}`} {
				got := w.send(http.MethodPatch, "/v1/posts/"+post.ID.String(), fan.token(), []byte(body), "Content-Type", "application/json")
				if got.problem().Code != "content.post-not-found" {
					t.Errorf("%s: %s", body, got.body)
				}
			}
			if n := author.profile(fan).Counts.Posts; n != 0 {
				t.Errorf("it is counted: %d", n)
			}
		})
		t.Run("what cannot be scheduled is told so", func(t *testing.T) {
			w.in(t)
			yes, past, far := true, w.watch.now().Add(-time.Second), w.watch.now().AddDate(1, 0, 1)
			for what, p := range map[string]api.NewPost{
				"for the past":        {MediaIds: &[]uuid.UUID{medium}, PublishAt: &past},
				"more than a year on": {MediaIds: &[]uuid.UUID{medium}, PublishAt: &far},
				"as a draft":          {MediaIds: &[]uuid.UUID{medium}, PublishAt: &due, Draft: &yes},
				"without a picture":   {PublishAt: &due},
			} {
				if _, err := author.CreatePostWithResponse(t.Context(), p); !strings.HasPrefix(code(err), "content.") {
					t.Errorf("%s: %v", what, err)
				}
			}
			for _, body := range []string{`{"publish_at": "tomorrow"}`, `{"publish_at": 17}`, `{"publish_at": "2030-01-01"}`, `{"publish_at": ""}`} {
				got := w.send(http.MethodPatch, "/v1/posts/"+post.ID.String(), author.token(), []byte(body), "Content-Type", "application/json")
				if got.status != 422 {
					t.Errorf("%s: %d %s", body, got.status, got.body)
				}
			}
		})
		sooner := author.post(medium, at(due.Add(24*time.Hour)))
		later, draft, deleted := author.post(medium, at(due)), author.post(medium, at(due)), author.post(medium, at(due))
		t.Run("its author moves it, takes the time away, or deletes it", func(t *testing.T) {
			w.in(t)
			for id, moment := range map[uuid.UUID]time.Time{sooner.ID: due.Add(-time.Hour), later.ID: due.Add(24 * time.Hour)} {
				resp, err := author.EditPostWithResponse(t.Context(), id, nil, api.EditedPost{PublishAt: &moment})
				w.must(err)
				if got := *resp.JSON200; got.State != api.PostStateScheduled || !got.PublishAt.Equal(moment) {
					t.Errorf("%s", asJSON(t, got))
				}
			}
			if got := author.unschedule(draft.ID); got.status != 200 || !strings.Contains(string(got.body), `"state":"draft"`) {
				t.Errorf("%d %s", got.status, got.body)
			}
			_, err := author.DeletePostWithResponse(t.Context(), deleted.ID, nil)
			w.must(err)
		})
		t.Run("one that was moved to earlier comes alone", func(t *testing.T) {
			w.in(t)
			w.watch.turn(time.Hour)
			w.eventually("it is published", func() bool { return len(inbox(t, fan.Client)) == 1 })
			if got := inbox(t, fan.Client); got[0].ID != sooner.ID {
				t.Errorf("%v", ids(got))
			}
		})
		t.Run("one that was due while the server was down comes when it is up, as of then", func(t *testing.T) {
			w.in(t)
			author.post(medium)
			w.eventually("it is delivered", func() bool { return len(inbox(t, fan.Client)) == 2 })
			w.down()
			w.watch.turn(5 * time.Hour)
			up := w.watch.now()
			w.up()
			author, fan, stranger = w.again(author), w.again(fan), w.stranger()
			w.eventually("it is published", func() bool { return len(inbox(t, fan.Client)) == 3 })
			w.sees("a subscriber", fan.Client, author, post.ID, true, "post", "main page", "tag", "category", "author", "author's page", "inbox")
			got := read(t, stranger, post.ID)
			if got.PublishedAt == nil || got.PublishedAt.Before(up) || got.PublishAt != nil {
				t.Errorf("published at %v, planned for %v, up since %v", got.PublishedAt, got.PublishAt, up)
			}
			if mainPage(t, stranger)[0].ID != post.ID {
				t.Error("it is not the newest, and who reads on from there does not see it")
			}
			if _, err := fan.buy(post.ID); err != nil {
				t.Error(err)
			}
			if got := author.unschedule(post.ID); got.problem().Code != "content.already-published" {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
		t.Run("nothing comes of the others, before their time or ever", func(t *testing.T) {
			w.in(t)
			db := w.database()
			w.eventually("nothing is due", func() bool {
				return count(t, db, `SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM jobs WHERE kind = 'content.publish')`) == 1
			})
			if got := author.own(api.ListOwnPostsParamsStateScheduled); len(got) != 1 || got[0] != later.ID {
				t.Errorf("%v", got)
			}
			if got := author.own(api.ListOwnPostsParamsStateDraft); len(got) != 1 || got[0] != draft.ID {
				t.Errorf("%v", got)
			}
			w.sees("a stranger", stranger, author, deleted.ID, true)
			w.eventually("they are counted", func() bool { return author.profile(author).Counts.Posts == 3 })
		})
	})
}

// again is somebody on a server that has another address now.
func (w *world) again(m *member) *member {
	w.t.Helper()
	client := w.stranger()
	_, err := client.SignInWith(w.t.Context(), string(m.account.Email), password)
	w.must(err)
	return &member{client, w, m.account}
}

// TestScheduledOnce has two servers on one database publish the same posts.
func TestScheduledOnce(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		author, fan := w.member("author"), w.member("fan")
		fan.follow(author)
		medium := author.stamped()
		other, err := server.Start(t.Context(), w.config, server.Options{Now: w.watch.now, Passwords: argon.ForTests})
		w.must(err)
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			if err := other.Stop(ctx); err != nil {
				t.Error(err)
			}
		})
		const posts = 20
		for range posts {
			author.post(medium, at(w.watch.now().Add(time.Hour)))
		}
		w.watch.turn(time.Hour)
		db := w.database()
		w.eventually("all are published, delivered and counted", func() bool {
			return len(inbox(t, fan.Client)) == posts && count(t, db, `SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM outbox)`) == 0
		})
		if n := author.profile(author).Counts.Posts; n != posts {
			t.Errorf("%d of %d are counted", n, posts)
		}
	})
}

// TestScheduledAndKilled kills the program while posts wait for their time, and
// again when they are due.
func TestScheduledAndKilled(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "sajin")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/sajin").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	backends(t, func(t *testing.T, c config.Config) {
		p := &mortal{t: t, binary: binary, config: c, log: &logBook{}}
		p.config.HTTP.Listen = freeAddress(t)
		p.config.Payments.Sandbox.WebhookSecret = "a secret of the sandbox's"
		p.start()
		t.Cleanup(p.kill)
		w := &world{t: t, config: p.config, log: &logBook{}}
		client, err := sajin.New(p.config.PublicURL(), nil)
		w.must(err)
		account, err := client.SignUp(t.Context(), api.NewAccount{Email: "hana@example.com", Password: password, Handle: "hana"})
		w.must(err)
		author := &member{client, w, *account}
		medium := author.stamped()
		due := time.Now().Add(3 * time.Second)
		for i := range 5 {
			author.post(medium, at(due.Add(time.Duration(i)*200*time.Millisecond)))
		}
		p.kill()
		p.start()
		time.Sleep(time.Until(due.Add(100 * time.Millisecond)))
		p.kill()
		p.start()
		w.eventually("all of them are published", func() bool {
			return len(author.own(api.ListOwnPostsParamsStatePublished)) == 5
		})
		for _, post := range mainPage(t, client) {
			if post.PublishedAt.Before(due) {
				t.Errorf("published at %v, due at %v", post.PublishedAt, due)
			}
		}
		w.eventually("all of them are counted, once", func() bool { return author.profile(author).Counts.Posts == 5 })
	})
}
