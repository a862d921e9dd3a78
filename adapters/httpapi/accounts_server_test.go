package httpapi_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/argon"
	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/throttle"
)

// accountServer is a server of accounts alone.
type accountServer struct {
	t       *testing.T
	api     *httpapi.API
	clock   time.Time
	ids     *ident.Source
	log     bytes.Buffer
	avatars readyAvatars
	queue   *sqlstore.Jobs
	mailbox *memory.Mailbox
	postman *accounts.Postman
}

// readyAvatars are the media that may be shown, and whose.
type readyAvatars map[ident.MediaID]ident.AccountID

func (a readyAvatars) AvatarReady(_ context.Context, owner ident.AccountID, media ident.MediaID) (bool, error) {
	return a[media] == owner, nil
}

func newAccountServer(t *testing.T, change ...func(s *accountServer, o *httpapi.Options)) *accountServer {
	t.Helper()
	s := &accountServer{t: t, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), avatars: readyAvatars{}}
	db, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := sqlite.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return s.clock }
	s.ids = ident.NewSource(now, rand.Reader)
	ring := keyring.New(rand.Reader)
	tokens := ring.Tokens("https://sajin.test", now)
	hasher := argon.New(argon.Options{Memory: 64, Iterations: 1})
	sessions := sqlstore.NewSessions(db)
	s.queue = sqlstore.NewJobs(db, s.ids, now)
	standings := accounts.NewStandings(sessions, now)
	shared := accounts.Shared{
		Tx: db, Accounts: sqlstore.NewAccounts(db), Sessions: sessions, Outbox: sqlstore.NewOutbox(db, s.ids, now), Standings: standings, Now: now,
		Tokens: sqlstore.NewOneTimeTokens(db), Letters: &accounts.Letters{
			Queue: s.queue, Random: rand.Reader, Now: now, Limiter: memory.NewThrottle(now), PerRecipient: throttle.Rate{Burst: 3, Per: time.Hour},
		},
	}
	profiles := &accounts.Profiles{Profiles: sqlstore.NewProfiles(db), Accounts: shared.Accounts, URL: func(key string) string { return "/media/" + key }}
	s.mailbox = memory.NewMailbox()
	s.postman = &accounts.Postman{
		Shared: shared, Queue: s.queue, Sender: s.mailbox, Sealer: ring, PublicURL: "https://sajin.test", Site: "sajin", Host: "sajin.test", Log: slog.New(slog.DiscardHandler),
	}
	stepUp := &accounts.StepUp{Shared: shared, Devices: sessions, Passwords: hasher, TTL: 10 * time.Minute}
	o := httpapi.Options{
		Version: "test", PublicURL: "https://sajin.test", BodyLimit: 16 << 10,
		Log:    slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Auth:   accounts.NewAuthenticator(tokens, standings, now),
		StepUp: stepUp,
		Sealer: ring, NewID: func() string { return ident.New[ident.EventID](s.ids).String() },
	}
	for _, c := range change {
		c(s, &o)
	}
	s.api = httpapi.New(o, httpapi.LinkPages(),
		&httpapi.Emails{Emails: &accounts.Emails{Shared: shared}, Credentials: &accounts.Credentials{Shared: shared, Passwords: hasher, IDs: s.ids}, Profiles: profiles},
		&httpapi.Accounts{
			Credentials: &accounts.Credentials{Shared: shared, Passwords: hasher, IDs: s.ids},
			Accounts:    &accounts.Accounts{Shared: shared, Avatars: s.avatars, Grace: 720 * time.Hour}, Profiles: profiles,
		},
		&httpapi.Sessions{
			Sessions: &accounts.Sessions{
				Shared: shared, Devices: sessions, Passwords: hasher, IDs: s.ids,
				Mint: accounts.Mint{Tokens: tokens, Random: rand.Reader, Sealer: ring, AccessTTL: 15 * time.Minute, RefreshTTL: 720 * time.Hour},
			},
			StepUp: stepUp, Profiles: profiles,
		},
		&httpapi.Keys{Tokens: tokens})
	return s
}

// accountRequest is one request; Body may be text, or what is encoded.
type accountRequest struct {
	Method, Path string
	Token        string
	Body         any
	Header       map[string]string
	From         string // 192.0.2.1:1234 when empty
}

// accountReply is an answer, with its body read.
type accountReply struct {
	t      *testing.T
	Status int
	Header http.Header
	Text   string
	Body   map[string]any
}

func (s *accountServer) send(q accountRequest) *accountReply {
	s.t.Helper()
	text, ok := q.Body.(string)
	if !ok && q.Body != nil {
		encoded, err := json.Marshal(q.Body)
		if err != nil {
			s.t.Fatal(err)
		}
		text = string(encoded)
	}
	r := httptest.NewRequestWithContext(s.t.Context(), q.Method, q.Path, strings.NewReader(text))
	if q.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.Token != "" {
		r.Header.Set("Authorization", "Bearer "+q.Token)
	}
	for name, value := range q.Header {
		r.Header.Set(name, value)
	}
	if q.From != "" {
		r.RemoteAddr = q.From
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	a := &accountReply{t: s.t, Status: w.Code, Header: w.Header(), Text: w.Body.String()}
	if a.Text != "" && strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(w.Body.Bytes(), &a.Body); err != nil {
			s.t.Fatalf("%s %s: %v in %s", q.Method, q.Path, err, a.Text)
		}
	}
	return a
}

// is fails unless the answer has the status.
func (a *accountReply) is(status int) *accountReply {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("got %d, want %d: %s", a.Status, status, a.Text)
	}
	return a
}

// problem fails unless the answer is that problem, in the one form of all problems.
func (a *accountReply) problem(status int, code string) *accountReply {
	a.t.Helper()
	a.is(status)
	want := map[string]any{"type": "/problems/" + code, "code": code, "status": float64(status), "title": http.StatusText(status)}
	for member, value := range want {
		if a.Body[member] != value {
			a.t.Fatalf("%s is %v, want %v: %s", member, a.Body[member], value, a.Text)
		}
	}
	if a.Header.Get("Content-Type") != "application/problem+json" || a.Body["trace_id"] != a.Header.Get("X-Request-Id") {
		a.t.Fatal(a.Header, a.Text)
	}
	return a
}

// at fails unless the problem is about exactly these places.
func (a *accountReply) at(places ...string) *accountReply {
	a.t.Helper()
	var got []string
	list, _ := a.Body["errors"].([]any)
	for _, e := range list {
		location, _ := e.(map[string]any)["location"].(string)
		got = append(got, location)
	}
	if diff := cmp.Diff(places, got); diff != "" {
		a.t.Fatal(diff, a.Text)
	}
	return a
}

// text is a member of the body that is text.
func (a *accountReply) text(member string) string {
	a.t.Helper()
	text, ok := a.Body[member].(string)
	if !ok {
		a.t.Fatalf("no text %s in %s", member, a.Text)
	}
	return text
}

// object makes a body.
type object = map[string]any

func person(handle string) object {
	return object{"email": handle + "@example.com", "password": "password of " + handle, "handle": handle}
}

func (s *accountServer) register(handle string) *accountReply {
	s.t.Helper()
	return s.send(accountRequest{Method: "POST", Path: "/v1/users", Body: person(handle)}).is(http.StatusCreated)
}

func (s *accountServer) signIn(handle string) *accountReply {
	s.t.Helper()
	credentials := person(handle)
	delete(credentials, "handle")
	return s.send(accountRequest{Method: "POST", Path: "/v1/sessions", Body: credentials}).is(http.StatusCreated)
}

// in registers somebody, signs him in and answers the access token.
func (s *accountServer) in(handle string) string {
	s.t.Helper()
	s.register(handle)
	return s.signIn(handle).text("access_token")
}

// own reads one's own account.
func (s *accountServer) own(token string) *accountReply {
	s.t.Helper()
	return s.send(accountRequest{Method: "GET", Path: "/v1/users/account", Token: token})
}
