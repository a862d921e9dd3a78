package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// reply is what came back, whole.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// in has the helpers of a world fail a part of its test, as long as that runs.
func (w *world) in(t *testing.T) {
	whole := w.t
	w.t = t
	t.Cleanup(func() { w.t = whole })
}

// ask sends a request as it is given and follows no redirect. headers are names
// and values in turn; nobody is signed in when token is empty.
func (w *world) ask(method, link, token string, headers ...string) reply {
	w.t.Helper()
	return w.send(method, link, token, nil, headers...)
}

func (w *world) send(method, link, token string, body []byte, headers ...string) reply {
	w.t.Helper()
	if strings.HasPrefix(link, "/") {
		link = w.server.URL + link
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, link, bytes.NewReader(body))
	w.must(err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	w.must(err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	w.must(err)
	return reply{resp.StatusCode, resp.Header, got}
}

// problem is the problem that a reply holds; its code is empty if it is none.
func (a reply) problem() api.Problem {
	var p api.Problem
	if a.header.Get("Content-Type") != "application/problem+json" || json.Unmarshal(a.body, &p) != nil || int(p.Status) != a.status {
		return api.Problem{}
	}
	return p
}

// token is the access token of a member.
func (m *member) token() string { return m.Tokens().Access }

func (m *member) accountID() ident.AccountID { return ident.AccountID(m.account.ID) }

// use hands parts of a second server, on the same data and with the same clock,
// to fn: what an operator does, or the schedule.
func (w *world) use(fn any) {
	w.t.Helper()
	w.must(server.Use(w.t.Context(), w.config, server.Options{Now: w.watch.now}, fn))
}

// give gives somebody coins.
func (w *world) give(m *member, coins money.Coins) {
	w.t.Helper()
	w.use(func(g *wallet.Grants) error {
		return g.Grant(w.t.Context(), wallet.Grant{Account: m.accountID(), Coins: coins, Reference: rand.Text()})
	})
}

// balanced holds the book to adding up.
func (w *world) balanced() {
	w.t.Helper()
	w.use(func(s *wallet.Statements) error {
		balance, err := s.TrialBalance(w.t.Context())
		if err == nil && !balance.Balanced {
			w.t.Errorf("the book does not balance: %q", balance.Problems)
		}
		return err
	})
}

// database opens the database of the server once more.
func (w *world) database() sqldb.DB {
	w.t.Helper()
	db, err := server.OpenDatabase(w.t.Context(), w.config)
	w.must(err)
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

// texts are the values of a query's only column.
func texts(t *testing.T, db sqldb.DB, query string, args ...any) []string {
	t.Helper()
	all, err := sqldb.List(t.Context(), db, sqldb.Scalar[string], query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func count(t *testing.T, db sqldb.DB, query string, args ...any) int64 {
	t.Helper()
	n, err := sqldb.One(t.Context(), db, sqldb.Scalar[int64], query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// stamp is a picture that is soon processed; each seed makes another one.
func stamp(seed int) []byte {
	picture := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i := range 40 * 30 {
		picture.Set(i%40, i/40, color.RGBA{uint8(i * 7), uint8(seed * 31), uint8(i/40*8 + seed), 255})
	}
	var out bytes.Buffer
	_ = jpeg.Encode(&out, picture, nil)
	return out.Bytes()
}

// file makes an upload of bytes.
func file(data []byte, contentType string) sajin.File {
	return sajin.File{Name: "picture", ContentType: contentType, Size: int64(len(data)), Data: bytes.NewReader(data)}
}

// take uploads a file and waits until it is ready.
func (m *member) take(f sajin.File) uuid.UUID {
	m.w.t.Helper()
	id, err := m.Upload(m.w.t.Context(), f)
	m.w.must(err)
	_, err = m.WaitForMedium(m.w.t.Context(), id)
	m.w.must(err)
	return id
}

// stamped uploads a stamp.
func (m *member) stamped() uuid.UUID {
	m.w.t.Helper()
	return m.take(file(stamp(int(people.Add(1))), "image/jpeg"))
}

// post writes a post of media that are there.
func (m *member) post(medium uuid.UUID, change ...func(*api.NewPost)) api.Post {
	m.w.t.Helper()
	caption := "a stamp"
	p := api.NewPost{Caption: &caption, MediaIds: &[]uuid.UUID{medium}}
	for _, c := range change {
		c(&p)
	}
	resp, err := m.CreatePostWithResponse(m.w.t.Context(), p)
	m.w.must(err)
	return *resp.JSON201
}

func forSubscribers(p *api.NewPost) {
	visibility := api.NewPostVisibilitySubscribers
	p.Visibility = &visibility
}

func (m *member) unfollow(creator *member) {
	m.w.t.Helper()
	_, err := m.UnsubscribeWithResponse(m.w.t.Context(), creator.account.Handle)
	m.w.must(err)
}

// purchase buys a post, which must work.
func (m *member) purchase(post uuid.UUID) api.Purchase {
	m.w.t.Helper()
	bought, err := m.buy(post)
	m.w.must(err)
	return *bought
}

func rendition(t *testing.T, p api.Post, name string) string {
	t.Helper()
	for _, r := range p.Media[0].Renditions {
		if r.Name == name {
			return r.URL
		}
	}
	t.Fatalf("there is no %s among %+v", name, p.Media[0].Renditions)
	return ""
}
