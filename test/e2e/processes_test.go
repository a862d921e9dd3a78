package e2e

import (
	"crypto/rand"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/adapters/argon"
	"github.com/sajin-sns/sajin/adapters/bus"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/worker"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/sdk/go/api"
	"github.com/sajin-sns/sajin/test/natstest"
	"github.com/sajin-sns/sajin/test/pgtest"
	"github.com/sajin-sns/sajin/test/s3test"
)

// twin is a server of two on the same data, and what it has done of the work.
type twin struct {
	*world
	bus  *bus.Bus
	pool *worker.Pool
}

func startTwin(t *testing.T, c config.Config) *twin {
	t.Helper()
	w := &twin{world: &world{t: t, config: c, log: &logBook{}}}
	s, err := server.Start(t.Context(), c, server.Options{
		Log: slog.New(slog.NewJSONHandler(w.log, nil)), Passwords: argon.ForTests,
		With: func(b *bus.Bus, p *worker.Pool) { w.bus, w.pool = b, p },
	})
	w.must(err)
	w.server = s
	t.Cleanup(w.down)
	return w
}

// handled is how many events it has handled, and done how many jobs it has done.
func (w *twin) handled() (n int64) {
	_, consumers := w.bus.Stats()
	for _, c := range consumers {
		n += c.Handled
	}
	return n
}

func (w *twin) done() (n int64) {
	for _, k := range w.pool.Stats() {
		n += k.Done
	}
	return n
}

// TestTwoServersShareTheWork runs two servers on one PostgreSQL, with a broker
// and without.
func TestTwoServersShareTheWork(t *testing.T) {
	for name, configure := range map[string]func(c *config.Config){
		"PostgreSQL alone": func(*config.Config) {},
		"a broker":         func(c *config.Config) { c.Events.URL = config.URL(natstest.Start(t, natstest.Options{}).URL()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := oneBackend(t)
			c.Database.URL = config.URL(pgtest.URL(t))
			c.Auth.SigningKeyFile = filepath.Join(t.TempDir(), "keys.pem")
			c.Payments.Sandbox.WebhookSecret = "a secret of the sandbox's"
			configure(&c)
			one, two := startTwin(t, c), startTwin(t, c)
			creator, fan := one.member("creator"), two.member("fan")
			fan.follow(creator)
			elsewhere := *creator // the same person at the other server
			elsewhere.w, elsewhere.Client = two.world, two.stranger()
			_, err := elsewhere.SignInWith(t.Context(), creator.account.Handle+"@example.com", password)
			one.must(err)

			var posted []uuid.UUID
			for len(posted) < 60 && (one.handled() == 0 || two.handled() == 0 || one.done() == 0 || two.done() == 0 || len(posted) < 6) {
				for _, m := range []*member{creator, &elsewhere} {
					posted = append(posted, m.publish(nil).ID)
				}
			}
			one.eventually("everything is in the inbox", func() bool {
				return len(inboxOf(fan)) >= len(posted)
			})
			db := one.database()
			one.eventually("all work is done", func() bool { // the hour's audit of the ledger comes when it comes
				return count(t, db, `SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM outbox)`) == 0 &&
					one.handled()+two.handled() == count(t, db, `SELECT count(*) FROM consumed_events WHERE consumer <> 'wallet.audit'`)
			})
			same(t, "the inbox", inboxOf(fan), posted)
			if counts := creator.profile(creator).Counts; counts.Posts != int64(len(posted)) || counts.Subscribers != 1 {
				t.Errorf("%d posts are counted as %+v", len(posted), counts)
			}
			if n := count(t, db, `SELECT count(*) FROM parked_events`); n != 0 {
				t.Errorf("%d events were set aside", n)
			}
			if one.handled() == 0 || two.handled() == 0 || one.done() == 0 || two.done() == 0 {
				t.Errorf("of %d posts one has handled %d events and done %d jobs, the other %d and %d", len(posted), one.handled(), one.done(), two.handled(), two.done())
			}
		})
	}
}

// inboxOf is all of an inbox, and ownPosts all that somebody has posted.
func inboxOf(m *member) []uuid.UUID {
	m.w.t.Helper()
	return ids(everyPage(m.w.t, func(cursor *string) ([]api.Post, *string, error) {
		resp, err := m.ListInboxWithResponse(m.w.t.Context(), &api.ListInboxParams{Cursor: cursor})
		if err != nil {
			return nil, nil, err
		}
		return resp.JSON200.Items, resp.JSON200.NextCursor, nil
	}))
}

func ownPosts(m *member) []api.Post {
	m.w.t.Helper()
	return everyPage(m.w.t, func(cursor *string) ([]api.Post, *string, error) {
		resp, err := m.ListOwnPostsWithResponse(m.w.t.Context(), &api.ListOwnPostsParams{Cursor: cursor})
		if err != nil {
			return nil, nil, err
		}
		return resp.JSON200.Items, resp.JSON200.NextCursor, nil
	})
}

// TestOneOfTwoIsKilled runs the program twice, on PostgreSQL, S3 and NATS, and
// kills one of the two, again and again, while people work through the other.
func TestOneOfTwoIsKilled(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "sajin")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/sajin").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, roles := range map[string]struct{ stays, dies string }{
		"two that do everything":           {"api,worker,media", "api,worker,media"},
		"one that answers, one that works": {"api", "worker,media"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config.Default()
			c.Database.URL, c.DataDir = config.URL(pgtest.URL(t)), t.TempDir()
			c.Events.URL = config.URL(natstest.Start(t, natstest.Options{}).URL())
			c.Auth.SigningKeyFile = filepath.Join(c.DataDir, "keys.pem")
			c.Payments.Sandbox.WebhookSecret = config.Secret(rand.Text())
			bucket := inBucket(t, &c)
			process := func(roles string) *mortal {
				p := &mortal{t: t, binary: binary, config: c, log: &logBook{}}
				p.config.HTTP.Listen, p.config.DataDir = freeAddress(t), filepath.Join(c.DataDir, rand.Text())
				p.config.Roles = strings.Split(roles, ",")
				p.start()
				t.Cleanup(p.kill)
				return p
			}
			stays, dies := process(roles.stays), process(roles.dies)
			v := newSurvivors(t, stays.config)
			v.server = nil
			v.work()
			const kills = 4
			for n := range kills {
				before, bought := v.acknowledged(), v.bought()
				v.wait("people get on with it while the other one is there", func() bool { return v.acknowledged() >= before+6 && v.bought() >= bought+2 })
				dies.kill()
				before = v.acknowledged()
				v.wait("people get on with it while it is not", func() bool { return v.acknowledged() >= before+6 })
				if n < kills-1 || !strings.Contains(roles.stays, "worker") {
					dies.start()
				}
			}
			v.finish()
			v.checkTwo(bucket)
			t.Logf("%d kills; %s", kills, v)
			if t.Failed() {
				t.Logf("the one that stays said:\n%s\nthe killed ones:\n%s", stays.log, dies.log)
			}
		})
	}
}

// acknowledged counts what people were told.
func (v *survivors) acknowledged() (n int) {
	v.note(func() {
		n = len(v.posts)
		for _, fan := range v.fans {
			n += len(v.purchases[fan]) + len(v.topUps[fan])
		}
	})
	return n
}

// bought counts purchases: of what was processed, published and paid for.
func (v *survivors) bought() (n int) {
	v.note(func() {
		for _, fan := range v.fans {
			n += len(v.purchases[fan])
		}
	})
	return n
}

// wait waits for longer than leases last.
func (v *survivors) wait(what string, holds func() bool) {
	v.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if holds() {
			return
		}
	}
	v.t.Fatalf("waited in vain: %s; %s", what, v)
}

// checkTwo holds those who are left to everything that was acknowledged, once.
func (v *survivors) checkTwo(bucket *s3test.Bucket) {
	t, db := v.t, v.database()
	v.wait("all work is done", func() bool {
		return count(t, db, `SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM outbox)`) == 0 && v.counted()
	})
	if n := count(t, db, `SELECT count(*) FROM parked_events`); n != 0 {
		t.Errorf("%d events were set aside", n)
	}
	v.checkPosts()
	for _, fan := range v.fans {
		v.checkFan(fan)
	}
	v.balanced()
	v.checkBucket(db, bucket)
}

// counted tells whether every event of every post has had its effect: what the
// broker still holds is in no table.
func (v *survivors) counted() bool {
	posts, sold := int64(len(v.posts)), int64(0)
	for _, fan := range v.fans {
		sold += int64(len(v.purchases[fan]))
		if len(inboxOf(fan)) < len(v.posts) {
			return false
		}
	}
	var counted, sales int64
	for _, creator := range v.creators {
		counted += creator.profile(creator).Counts.Posts
		for _, p := range ownPosts(creator) {
			if p.Counts.Sales != nil {
				sales += *p.Counts.Sales
			}
		}
	}
	return counted >= posts && sales >= sold
}

// checkBucket holds the bucket to what the database knows.
func (v *survivors) checkBucket(db sqldb.DB, bucket *s3test.Bucket) {
	known := texts(v.t, db, `SELECT key FROM renditions`)
	for id := range v.media {
		known = append(known, media.OriginalKey([16]byte(id)))
	}
	there, err := bucket.Names(v.t)
	v.must(err)
	same(v.t, "the stored objects", there, known)
}
