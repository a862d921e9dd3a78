package e2e

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/media"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// TestKilled runs the real server and kills it, again and again, while people
// upload, publish, top up and buy. E2E_SEED gives the moments of an earlier run.
func TestKilled(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "sajin")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/sajin").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("E2E_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	backends(t, func(t *testing.T, c config.Config) {
		kills := 10
		if c.Database.URL != "" {
			kills = 5
		}
		c.Limits.Enabled = false // of the server that comes after the killed ones, too
		p := &mortal{t: t, binary: binary, config: c, log: &logBook{}}
		p.config.HTTP.Listen, p.config.Uploads.PartSize, p.config.Uploads.MaxBytes = freeAddress(t), 1<<10, 1<<20
		p.config.Payments.Sandbox.WebhookSecret = "a secret of the sandbox's"
		p.start()
		t.Cleanup(p.kill)
		v := newSurvivors(t, p.config)
		v.work()
		random := rand.New(rand.NewPCG(seed, 0))
		for range kills {
			time.Sleep(150*time.Millisecond + time.Duration(random.Int64N(int64(750*time.Millisecond))))
			p.kill()
			p.start()
		}
		time.Sleep(200 * time.Millisecond)
		p.kill()
		v.restart()
		v.finish()
		v.check()
		t.Logf("E2E_SEED=%d: %d kills; %s", seed, kills+1, v)
		if t.Failed() {
			t.Logf("the killed ones said:\n%s", p.log)
		}
	})
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// mortal is the program that operators run, as a process of its own.
type mortal struct {
	t      *testing.T
	binary string
	config config.Config
	log    *logBook
	cmd    *exec.Cmd
}

func (p *mortal) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.binary, "serve")
	p.cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SAJIN_") }),
		"SAJIN_DATA_DIR="+p.config.DataDir, "SAJIN_DATABASE_URL="+p.config.Database.URL.Reveal(), "SAJIN_HTTP_LISTEN="+p.config.HTTP.Listen,
		"SAJIN_UPLOADS_PART_SIZE="+p.config.Uploads.PartSize.String(), "SAJIN_UPLOADS_MAX_BYTES="+p.config.Uploads.MaxBytes.String(),
		"SAJIN_PAYMENTS_SANDBOX_WEBHOOK_SECRET="+p.config.Payments.Sandbox.WebhookSecret.Reveal(),
		"SAJIN_LIMITS_ENABLED=false", "SAJIN_LOG_FORMAT=json", "SAJIN_ROLES="+strings.Join(p.config.Roles, ","), "SAJIN_EVENTS_URL="+p.config.Events.URL.Reveal(),
		"SAJIN_BLOB_URL="+p.config.Blob.URL.Reveal(), "SAJIN_BLOB_ACCESS_KEY="+p.config.Blob.AccessKey.Reveal(), "SAJIN_BLOB_SECRET_KEY="+p.config.Blob.SecretKey.Reveal(),
		"SAJIN_AUTH_SIGNING_KEY_FILE="+p.config.Auth.SigningKeyFile)
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		resp, err := http.Get(p.config.PublicURL() + "/readyz")
		if err != nil {
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
	p.t.Fatalf("the server does not come up again:\n%s", p.log)
}

// kill is kill -9: nothing in the process has a chance to end well.
func (p *mortal) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

// survivors are people who keep what they were about to do, and do it again
// until they hear how it went.
type survivors struct {
	*world
	creators, fans []*member
	stop           atomic.Bool
	all            sync.WaitGroup
	retries        atomic.Int64

	mu        sync.Mutex // guards what follows: everything that was acknowledged
	media     map[uuid.UUID]*member
	posts     map[string]uuid.UUID // by caption
	purchases map[*member]map[uuid.UUID]purchase
	topUps    map[*member]map[string]uuid.UUID // by key
	set       map[*member][]string             // keys of top-ups to come back to
}

// purchase is one that was acknowledged, of a post.
type purchase struct {
	key string
	id  uuid.UUID
}

func newSurvivors(t *testing.T, c config.Config) *survivors {
	v := &survivors{
		world: &world{t: t, config: c, log: &logBook{}},
		media: map[uuid.UUID]*member{}, posts: map[string]uuid.UUID{}, purchases: map[*member]map[uuid.UUID]purchase{},
		topUps: map[*member]map[string]uuid.UUID{}, set: map[*member][]string{},
	}
	for range 2 {
		v.creators, v.fans = append(v.creators, v.join("creator")), append(v.fans, v.join("fan"))
	}
	for _, fan := range v.fans {
		v.purchases[fan], v.topUps[fan] = map[uuid.UUID]purchase{}, map[string]uuid.UUID{}
		for _, creator := range v.creators {
			fan.follow(creator)
		}
	}
	return v
}

func (v *survivors) join(name string) *member {
	client, err := sajin.New(v.config.PublicURL(), nil)
	v.must(err)
	handle := fmt.Sprintf("%s_%d", name, people.Add(1))
	account, err := client.SignUp(v.t.Context(), api.NewAccount{Email: handle + "@example.com", Password: password, Handle: handle})
	v.must(err)
	return &member{client, v.world, *account}
}

// restart goes on in this process, on the same address, at a time when the
// leases of the killed are over.
func (v *survivors) restart() {
	v.t.Helper()
	v.age()
	v.watch.turn(2 * time.Minute)
	v.up()
	v.t.Cleanup(v.down)
}

// age makes what the killed left half-written old enough to be theirs.
func (v *survivors) age() {
	for _, path := range v.unfinished() {
		past := time.Now().Add(-2 * time.Hour)
		v.must(os.Chtimes(path, past, past))
	}
}

// unfinished are the files and folders that were being written.
func (v *survivors) unfinished() (paths []string) {
	paths, err := filepath.Glob(filepath.Join(v.config.DataDir, "blobs", "tmp", "*"))
	v.must(err)
	return paths
}

// persist tries until it is told how it went: nil, or a problem that trying
// again will not change.
func (v *survivors) persist(try func(ctx context.Context) error) error {
	for {
		ctx, cancel := context.WithTimeout(v.t.Context(), 30*time.Second)
		err := try(ctx)
		cancel()
		problem, told := errors.AsType[*sajin.Error](err)
		if err == nil || told && problem.Status < 500 {
			return err
		}
		if v.t.Context().Err() != nil {
			return err
		}
		v.retries.Add(1)
		time.Sleep(10 * time.Millisecond)
	}
}

func (v *survivors) work() {
	for _, creator := range v.creators {
		v.all.Go(func() {
			for n := 0; !v.stop.Load(); n++ {
				v.publish(creator, n)
			}
		})
	}
	for _, fan := range v.fans {
		v.all.Go(func() {
			for !v.stop.Load() {
				v.topUp(fan, sajin.NewKey())
			}
		})
		v.all.Go(func() {
			for !v.stop.Load() {
				v.shop(fan)
			}
		})
	}
}

// finish lets everybody end what was begun.
func (v *survivors) finish() {
	v.stop.Store(true)
	v.all.Wait()
	for fan, keys := range v.set {
		for _, key := range keys {
			v.topUp(fan, key)
		}
	}
}

// publish uploads a picture and posts it.
func (v *survivors) publish(creator *member, n int) {
	caption := fmt.Sprint(creator.account.Handle, " ", n)
	data := stamp(int(people.Add(1)))
	var begun, medium uuid.UUID
	err := v.persist(func(ctx context.Context) (err error) {
		f := file(data, "image/jpeg")
		f.Started = func(u api.Upload) { begun = u.ID }
		if begun == uuid.Nil {
			medium, err = creator.Upload(ctx, f)
		} else {
			medium, err = creator.ResumeUpload(ctx, begun, f)
		}
		return err
	})
	if err != nil {
		v.t.Errorf("upload: %v", err)
		return
	}
	v.note(func() { v.media[medium] = creator })

	price := int64(3)
	var post uuid.UUID
	err = v.persist(func(ctx context.Context) error {
		if post, err = v.written(ctx, creator, caption); err != nil || post != uuid.Nil {
			return err
		}
		resp, err := creator.CreatePostWithResponse(ctx, api.NewPost{Caption: &caption, MediaIds: &[]uuid.UUID{medium}, PriceCoins: &price})
		if err == nil {
			post = resp.JSON201.ID
		}
		return err
	})
	if err != nil {
		v.t.Errorf("post: %v", err)
		return
	}
	v.note(func() { v.posts[caption] = post })
}

// written looks for a post among the latest of its author: one has no key, so
// who did not hear the answer looks first.
func (v *survivors) written(ctx context.Context, creator *member, caption string) (uuid.UUID, error) {
	resp, err := creator.ListOwnPostsWithResponse(ctx, nil)
	if err != nil {
		return uuid.Nil, err
	}
	for _, p := range resp.JSON200.Items {
		if p.Caption == caption {
			return p.ID, nil
		}
	}
	return uuid.Nil, nil
}

// topUp buys coins. What another process may still be starting is left for later.
func (v *survivors) topUp(fan *member, key string) {
	var top api.TopUp
	err := v.persist(func(ctx context.Context) error {
		resp, err := fan.StartTopUpWithResponse(ctx, &api.StartTopUpParams{IdempotencyKey: key}, api.NewTopUp{PackID: "starter"})
		if err == nil {
			top = *resp.JSON201
		}
		return err
	})
	if code(err) == "idempotency.in-progress" && !v.stop.Load() {
		v.note(func() { v.set[fan] = append(v.set[fan], key) })
		return
	}
	if err == nil {
		v.note(func() { v.topUps[fan][key] = top.ID })
		err = v.persist(func(ctx context.Context) error {
			return fan.PlaySandbox(ctx, top, succeeded, []api.SandboxAttemptWebhook{never, api.SandboxAttemptWebhookNow, api.SandboxAttemptWebhookLate}[rand.N(3)])
		})
	}
	if err == nil {
		err = v.persist(func(ctx context.Context) error {
			resp, err := fan.ConfirmTopUpWithResponse(ctx, top.ID)
			if err == nil && resp.JSON200.Status != api.TopUpStatusPaid {
				v.t.Errorf("a top-up that was paid is %s", resp.JSON200.Status)
			}
			return err
		})
	}
	if err != nil {
		v.t.Errorf("top-up: %v", err)
	}
}

// shop buys the newest post that the fan does not have.
func (v *survivors) shop(fan *member) {
	var posts []api.Post
	err := v.persist(func(ctx context.Context) error {
		limit := int64(100)
		resp, err := fan.ListPostsWithResponse(ctx, &api.ListPostsParams{Limit: &limit})
		if err == nil {
			posts = resp.JSON200.Items
		}
		return err
	})
	if err != nil {
		v.t.Errorf("main page: %v", err)
		return
	}
	i := slices.IndexFunc(posts, func(p api.Post) bool { return !p.Purchased })
	if i < 0 {
		time.Sleep(20 * time.Millisecond)
		return
	}
	key := sajin.NewKey()
	for {
		var bought uuid.UUID
		err := v.persist(func(ctx context.Context) error {
			resp, err := fan.PurchasePostWithResponse(ctx, posts[i].ID, &api.PurchasePostParams{IdempotencyKey: key}, api.NewPurchase{})
			if err == nil {
				bought = resp.JSON201.Purchase.ID
			}
			return err
		})
		switch {
		case err == nil:
			v.note(func() { v.purchases[fan][posts[i].ID] = purchase{key, bought} })
			return
		case code(err) == "wallet.insufficient-coins" && !v.stop.Load():
			time.Sleep(20 * time.Millisecond)
		case code(err) == "wallet.insufficient-coins":
			return
		default:
			v.t.Errorf("purchase: %v", err) // also that it is owned already: the key is this purchase's
			return
		}
	}
}

func (v *survivors) note(what func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	what()
}

func (v *survivors) String() string {
	bought, topUps, left := 0, 0, 0
	for _, fan := range v.fans {
		bought, topUps, left = bought+len(v.purchases[fan]), topUps+len(v.topUps[fan]), left+len(v.set[fan])
	}
	return fmt.Sprintf("%d media, %d posts, %d purchases, %d top-ups (%d of them left for later), %d retries", len(v.media), len(v.posts), bought, topUps, left, v.retries.Load())
}

// check holds the server to everything that it has acknowledged, once.
func (v *survivors) check() {
	t, db := v.t, v.database()
	if len(v.posts) < 4 || v.retries.Load() == 0 {
		t.Errorf("hardly anything happened: %s", v)
	}
	v.eventually("all work is done", func() bool {
		return count(t, db, `SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM outbox)`) == 0
	})
	if n := count(t, db, `SELECT count(*) FROM parked_events`); n != 0 {
		t.Errorf("%d events were set aside", n)
	}
	for id, owner := range v.media {
		resp, err := owner.GetMediumWithResponse(t.Context(), id, nil)
		if err != nil || resp.JSON200.State != api.MediumStateReady {
			t.Errorf("medium %s: %+v, %v", id, resp, err)
		}
	}
	v.checkPosts()
	for _, fan := range v.fans {
		v.checkFan(fan)
	}
	v.balanced()
	v.checkFiles(db)
	if strings.Contains(v.log.String(), `"panic"`) {
		t.Errorf("somebody panicked:\n%s", v.log)
	}
}

// checkPosts holds every caption to one post, which everybody sees once.
func (v *survivors) checkPosts() {
	sales := map[uuid.UUID]int64{}
	for _, fan := range v.fans {
		for post := range v.purchases[fan] {
			sales[post]++
		}
	}
	var all []uuid.UUID
	for _, creator := range v.creators {
		mine := ownPosts(creator)
		for _, p := range mine {
			if p.State != api.PostStatePublished || v.posts[p.Caption] != p.ID {
				v.t.Errorf("post %s, %q, is %s; acknowledged was %s", p.ID, p.Caption, p.State, v.posts[p.Caption])
			}
			if p.Counts.Sales == nil || *p.Counts.Sales != sales[p.ID] {
				v.t.Errorf("post %s counts %s, sold %d times", p.ID, asJSON(v.t, p.Counts), sales[p.ID])
			}
		}
		all = append(all, ids(mine)...)
		if counts := creator.profile(creator).Counts; counts.Posts != int64(len(mine)) || counts.Subscribers != int64(len(v.fans)) {
			v.t.Errorf("%s has %d posts and counts %+v", creator.account.Handle, len(mine), counts)
		}
	}
	same(v.t, "the posts of the creators", all, slices.Collect(maps.Values(v.posts)))
	for _, fan := range v.fans {
		same(v.t, "the inbox of "+fan.account.Handle, inboxOf(fan), all)
	}
}

// checkFan holds the library and the wallet to what was acknowledged.
func (v *survivors) checkFan(fan *member) {
	t := v.t
	library := everyPage(t, func(cursor *string) ([]api.LibraryItem, *string, error) {
		resp, err := fan.ListLibraryWithResponse(t.Context(), &api.ListLibraryParams{Cursor: cursor})
		if err != nil {
			return nil, nil, err
		}
		return resp.JSON200.Items, resp.JSON200.NextCursor, nil
	})
	var bought, acknowledged []uuid.UUID
	coins := int64(0)
	for _, item := range library {
		bought = append(bought, item.Purchase.ID)
		coins -= item.Purchase.Coins
		if p := v.purchases[fan][item.Post.ID]; p.id != item.Purchase.ID || item.Post.Locked {
			t.Errorf("bought was %s, acknowledged %s", item.Purchase.ID, p.id)
		}
	}
	for post, p := range v.purchases[fan] {
		acknowledged = append(acknowledged, p.id)
		resp, err := fan.PurchasePostWithResponse(t.Context(), post, &api.PurchasePostParams{IdempotencyKey: p.key}, api.NewPurchase{})
		if err != nil || resp.JSON201.Purchase.ID != p.id || resp.HTTPResponse.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("the key of purchase %s, again: %+v, %v", p.id, resp, err)
		}
	}
	same(t, "the library of "+fan.account.Handle, bought, acknowledged)

	var topUps []uuid.UUID
	for _, top := range everyPage(t, func(cursor *string) ([]api.TopUp, *string, error) {
		resp, err := fan.ListTopUpsWithResponse(t.Context(), &api.ListTopUpsParams{Cursor: cursor})
		if err != nil {
			return nil, nil, err
		}
		return resp.JSON200.Items, resp.JSON200.NextCursor, nil
	}) {
		topUps = append(topUps, top.ID)
		coins += top.Coins + top.Bonus
		if top.Status != api.TopUpStatusPaid {
			t.Errorf("top-up %s is %s", top.ID, top.Status)
		}
	}
	same(t, "the top-ups of "+fan.account.Handle, topUps, slices.Collect(maps.Values(v.topUps[fan])))
	if got := fan.wallet(); got.Total != coins {
		t.Errorf("%s has %+v, bought and topped up were %d", fan.account.Handle, got, coins)
	}
}

// checkFiles holds the disk to what the database knows.
func (v *survivors) checkFiles(db sqldb.DB) {
	if left := v.unfinished(); len(left) > 0 {
		v.t.Errorf("half-written files are left: %q", left)
	}
	known := texts(v.t, db, `SELECT key FROM renditions`)
	for id := range v.media {
		known = append(known, media.OriginalKey([16]byte(id)))
	}
	var there []string
	root := filepath.Join(v.config.DataDir, "blobs", "objects")
	v.must(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			key, _ := filepath.Rel(root, path)
			there = append(there, strings.ReplaceAll(filepath.ToSlash(key), "+/", "/"))
		}
		return err
	}))
	same(v.t, "the stored objects", there, known)
	v.checkUploads(db)
}

// checkUploads holds the folders of uploads to being open ones. Of those that
// the killed were about to begin, and nobody heard of, only the name may be left.
func (v *survivors) checkUploads(db sqldb.DB) {
	open := texts(v.t, db, `SELECT blob_ref FROM uploads WHERE state = 'open' AND blob_ref <> ''`)
	unheard := texts(v.t, db, `SELECT blob_key FROM uploads WHERE blob_ref = ''`)
	folders, err := filepath.Glob(filepath.Join(v.config.DataDir, "blobs", "uploads", "*"))
	v.must(err)
	for _, folder := range folders {
		files, err := os.ReadDir(folder)
		v.must(err)
		header, err := os.ReadFile(filepath.Join(folder, "upload"))
		v.must(err)
		named := slices.ContainsFunc(unheard, func(key string) bool { return strings.Contains(string(header), key) })
		if !slices.Contains(open, filepath.Base(folder)) && (!named || len(files) != 1) {
			v.t.Errorf("an upload is left that nobody knows of, with %d files: %s", len(files), header)
		}
	}
}

func everyPage[T any](t *testing.T, page func(cursor *string) ([]T, *string, error)) (all []T) {
	t.Helper()
	for cursor := (*string)(nil); ; {
		items, next, err := page(cursor)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, items...)
		if cursor = next; cursor == nil {
			return all
		}
	}
}

// same holds two lists to having the same members, each once, in any order.
func same[T ~string | ~[16]byte](t *testing.T, what string, got, want []T) {
	t.Helper()
	counted := map[T]int{}
	for _, one := range want {
		counted[one]++
	}
	for _, one := range got {
		counted[one]--
	}
	for one, n := range counted {
		if n != 0 {
			t.Errorf("%s: of %v there are %d too few", what, one, n)
		}
	}
}
