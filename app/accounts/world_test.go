package accounts_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/accounts"
	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/throttle"
	"github.com/sajin-sns/sajin/ports/token"
)

const (
	accessTTL  = 15 * time.Minute
	refreshTTL = 30 * 24 * time.Hour
	grace      = 30 * 24 * time.Hour
	day        = 24 * time.Hour
	stepUpTTL  = 10 * time.Minute
)

// phone is what people of the tests sign in with.
var phone = rules.Device{UserAgent: "test", Address: "192.0.2.1"}

// world is the module on a database in memory, with a clock of its own.
type world struct {
	t     *testing.T
	db    sqldb.DB
	clock time.Time
	log   bytes.Buffer

	hasher  *hasher
	devices *devices
	issuer  *issuer
	avatars avatars
	outbox  *failing

	credentials   *accounts.Credentials
	accounts      *accounts.Accounts
	sessions      *accounts.Sessions
	profiles      *accounts.Profiles
	maintenance   *accounts.Maintenance
	stepUp        *accounts.StepUp
	emails        *accounts.Emails
	postman       *accounts.Postman
	post          *post
	queue         *sqlstore.Jobs
	authenticator *accounts.Authenticator
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := sqlite.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, db: db, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		hasher: &hasher{cost: "cheap"}, avatars: avatars{},
	}
	now := func() time.Time { return w.clock }
	ids := ident.NewSource(now, rand.Reader)
	w.devices = &devices{Devices: sqlstore.NewSessions(db)}
	ring := keyring.New(rand.Reader)
	w.issuer = &issuer{Issuer: ring.Tokens("https://sajin.test", now)}
	w.outbox = &failing{Outbox: sqlstore.NewOutbox(db, ids, now)}
	w.queue, w.post = sqlstore.NewJobs(db, ids, now), &post{Mailbox: memory.NewMailbox()}
	standings := accounts.NewStandings(w.devices, now)
	shared := accounts.Shared{
		Tx: db, Accounts: sqlstore.NewAccounts(db), Sessions: sqlstore.NewSessions(db), Outbox: w.outbox, Standings: standings, Now: now,
		Tokens: sqlstore.NewOneTimeTokens(db), Letters: &accounts.Letters{
			Queue: w.queue, Random: rand.Reader, Now: now, Limiter: memory.NewThrottle(now),
			PerRecipient: throttle.Rate{Burst: 3, Per: time.Hour}, PerClient: throttle.Rate{Burst: 10, Per: time.Hour},
		},
	}
	w.emails = &accounts.Emails{Shared: shared}
	w.postman = &accounts.Postman{
		Shared: shared, Queue: w.queue, Sender: w.post, Sealer: ring, PublicURL: "https://photos.example.com", Site: "사진", Host: "photos.example.com",
		Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
	w.credentials = &accounts.Credentials{Shared: shared, Identities: sqlstore.NewIdentities(db), Passwords: w.hasher, IDs: ids}
	w.accounts = &accounts.Accounts{Shared: shared, Avatars: w.avatars, Grace: grace}
	w.sessions = &accounts.Sessions{
		Shared: shared, Devices: w.devices, Passwords: w.hasher, IDs: ids,
		Mint: accounts.Mint{Tokens: w.issuer, Random: rand.Reader, Sealer: ring, AccessTTL: accessTTL, RefreshTTL: refreshTTL},
	}
	w.stepUp = &accounts.StepUp{Shared: shared, Devices: w.devices, Passwords: w.hasher, TTL: stepUpTTL}
	w.profiles = &accounts.Profiles{
		Profiles: sqlstore.NewProfiles(db), Accounts: shared.Accounts, URL: func(key string) string { return "/media/" + key + "?sig=1" },
	}
	w.maintenance = &accounts.Maintenance{Shared: shared, Identities: sqlstore.NewIdentities(db), RefreshTTL: refreshTTL}
	w.authenticator = accounts.NewAuthenticator(w.issuer, standings, now)
	return w
}

func (w *world) pass(d time.Duration) { w.clock = w.clock.Add(d) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) is(err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Fatalf("got error %v, want %v", err, want)
	}
}

func (w *world) equal(want, got any) {
	w.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Fatal(diff)
	}
}

// invalid fails unless err is Invalid, about exactly these fields.
func (w *world) invalid(err error, paths ...string) {
	w.t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Invalid {
		w.t.Fatalf("got %v, want Invalid", err)
	}
	var got []string
	for _, field := range f.Fields {
		got = append(got, field.Path)
	}
	w.equal(paths, got)
}

// passwordOf is what a person of the tests signs in with.
func passwordOf(handle string) string { return "password of " + handle }

func (w *world) register(handle string) ident.AccountID {
	w.t.Helper()
	id, err := w.credentials.Register(w.t.Context(), rules.Application{
		Email: handle + "@example.com", Password: passwordOf(handle), Handle: handle,
	}, phone)
	w.must(err)
	return id
}

func (w *world) trySignIn(email, password string) (accounts.Grant, error) {
	return w.sessions.SignIn(w.t.Context(), accounts.SignIn{
		Email: email, Password: password, Device: phone,
	})
}

func (w *world) signIn(handle string) accounts.Grant {
	w.t.Helper()
	g, err := w.trySignIn(handle+"@example.com", passwordOf(handle))
	w.must(err)
	return g
}

func (w *world) refresh(refreshToken string) accounts.Grant {
	w.t.Helper()
	g, err := w.sessions.Refresh(w.t.Context(), refreshToken)
	w.must(err)
	return g
}

func (w *world) refuses(refreshToken string, want error) {
	w.t.Helper()
	_, err := w.sessions.Refresh(w.t.Context(), refreshToken)
	w.is(err, want)
}

// in says who the server takes the holder of an access token for; nil is no error.
func (w *world) in(g accounts.Grant, want error) rules.Actor {
	w.t.Helper()
	actor, err := w.authenticator.Authenticate(w.t.Context(), g.AccessToken)
	w.is(err, want)
	return actor
}

func (w *world) record(id ident.AccountID) rules.Record {
	w.t.Helper()
	a, err := w.accounts.Accounts.Get(w.t.Context(), id)
	w.must(err)
	return a.Record()
}

// topics are the events since the last call.
func (w *world) topics() []string {
	w.t.Helper()
	topics, err := sqldb.List(w.t.Context(), w.db, sqldb.Scalar[string], `SELECT topic FROM outbox ORDER BY id`)
	w.must(err)
	_, err = w.db.Exec(w.t.Context(), `DELETE FROM outbox`)
	w.must(err)
	return topics
}

func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	n, err := sqldb.One(w.t.Context(), w.db, sqldb.Scalar[int], query, args...)
	w.must(err)
	return n
}

// hasher hashes at no cost, and counts.
type hasher struct {
	cost             string
	hashes, verifies int
	longest          int    // password that was verified, in bytes
	meanwhile        func() // happens once, while a password is verified
}

func (h *hasher) Hash(_ context.Context, password string) (string, error) {
	h.hashes++
	return h.cost + " hash of " + password, nil
}

func (h *hasher) Verify(_ context.Context, password, hash string) (ok, stale bool, err error) {
	h.verifies++
	h.longest = max(h.longest, len(password))
	if fn := h.meanwhile; fn != nil {
		h.meanwhile = nil
		fn()
	}
	cost, of, _ := strings.Cut(hash, " hash of ")
	return hash != "" && of == password, cost != h.cost, nil
}

// devices counts what is asked of storage.
type devices struct {
	store.Devices
	standings int
	meanwhile func() // happens once, after a standing was read
	err       error
}

func (d *devices) Standing(ctx context.Context, id ident.SessionID) (store.Standing, error) {
	d.standings++
	standing, err := d.Devices.Standing(ctx, id)
	if fn := d.meanwhile; fn != nil {
		d.meanwhile = nil
		fn()
	}
	return standing, errors.Join(err, d.err)
}

// issuer counts the signatures that are checked.
type issuer struct {
	token.Issuer
	verified int
}

func (i *issuer) Verify(text string) (token.Claims, error) {
	i.verified++
	return i.Issuer.Verify(text)
}

// avatars are the media that may be shown, and whose.
type avatars map[ident.MediaID]ident.AccountID

func (a avatars) AvatarReady(_ context.Context, owner ident.AccountID, media ident.MediaID) (bool, error) {
	return a[media] == owner, nil
}

// failing is an outbox that can be made to fail.
type failing struct {
	event.Outbox
	err error
}

func (f *failing) Append(ctx context.Context, events ...any) error {
	if f.err != nil && len(events) > 0 {
		return f.err
	}
	return f.Outbox.Append(ctx, events...)
}
