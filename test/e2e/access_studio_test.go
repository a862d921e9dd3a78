package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/ident"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// studio is a world with a creator, one of everything that may be a creator's,
// and all who may ask for it.
type studio struct {
	*world
	document *document
	db       sqldb.DB
	actors   map[string]*member // by what they are to the creator; nil: anonymous
	secrets  []knowledge
	posts    map[string]thing // those that stay for the whole of a test
	used     uuid.UUID        // a medium of the creator's that posts may show
	other    *member
}

// knowledge is a text that not everybody may read.
type knowledge struct {
	what, text string
	known      []string
}

// thing is what a line of the matrix is about.
type thing struct {
	name   string
	path   map[string]string
	mark   string // what tells that it is there
	secret string // the caption that only those read who may
}

var (
	creatorOnly = []string{"creator"}
	staff       = []string{"creator", "moderator", "admin"}
)

func openStudio(t *testing.T, c config.Config) *studio {
	t.Helper()
	c.Payments.Sandbox.WebhookSecret = webhookSecret
	c.Limits.Enabled = false
	issuer := withIssuer(t, &c)
	w := start(t, c)
	s := &studio{world: w, document: readDocument(t, w.server.URL), db: w.database(), actors: map[string]*member{"anonymous": nil}, posts: map[string]thing{}}
	for _, name := range []string{"creator", "stranger", "subscriber", "buyer", "former", "moderator", "admin"} {
		s.actors[name] = s.employ(name)
	}
	s.other = w.member("other")
	creator, subscriber, buyer, former := s.actors["creator"], s.actors["subscriber"], s.actors["buyer"], s.actors["former"]
	subscriber.follow(creator)
	former.follow(creator)
	s.used = creator.stamped()

	s.keep("free", "free words", nil)
	s.keep("paid", "first words", []string{"creator", "moderator", "admin"}, priced(30))
	creator.says(s.posts["paid"].id(), "paid words")
	s.reveal("the caption of a paid post", "paid words", append(staff, "buyer"))
	paid := s.posts["paid"]
	paid.secret = "paid words"
	s.posts["paid"] = paid
	s.keep("closed", "closed words", append(staff, "subscriber"), forSubscribers)
	s.keep("scheduled", "scheduled words", creatorOnly, func(p *api.NewPost) { at := time.Now().Add(24 * time.Hour); p.PublishAt = &at })
	s.keep("draft", "draft words", creatorOnly, drafted)
	former.unfollow(creator)
	w.give(buyer, 30)
	buyer.purchase(s.posts["paid"].id())
	for name, m := range s.actors {
		if m != nil && name != "creator" {
			w.give(m, 10)
		}
	}
	w.give(creator, 10)
	for what, text := range map[string]string{
		"the creator's address": string(creator.account.Email), "the creator's access token": creator.Tokens().Access, "the creator's refresh token": creator.Tokens().Refresh,
		"the original of a picture": "originals/", "the provider's secret": issuer.ClientSecret, "a password": password, "the webhook secret": webhookSecret,
	} {
		known := creatorOnly
		if what == "the original of a picture" || strings.Contains(what, "secret") || what == "a password" {
			known = nil
		}
		s.reveal(what, text, known)
	}
	w.eventually("the posts are in the inbox", func() bool { return len(inbox(t, subscriber.Client)) == 3 })
	return s
}

// employ is a new member, with the role that goes by the name.
func (s *studio) employ(name string) *member {
	s.t.Helper()
	m := s.member(name)
	if name == "moderator" || name == "admin" {
		s.use(func(people *accounts.Accounts) error {
			return people.GrantRole(s.t.Context(), m.account.Handle, name)
		})
	}
	return m
}

func (s *studio) reveal(what, text string, known []string) {
	s.secrets = append(s.secrets, knowledge{what, text, known})
}

// keep writes a post of a picture of its own, and remembers who may know what
// is in it. Of what is published everybody may see the previews.
func (s *studio) keep(name, caption string, known []string, change ...func(*api.NewPost)) {
	s.t.Helper()
	creator := s.actors["creator"]
	medium := creator.stamped()
	post := creator.post(medium, append(change, func(p *api.NewPost) {
		hidden := api.NewPostCaptionLockedHidden
		p.Caption, p.CaptionLocked = &caption, &hidden
	})...)
	s.posts[name] = thing{name, map[string]string{"id": post.ID.String()}, post.ID.String(), caption}
	if known == nil {
		return
	}
	s.reveal("the caption "+caption, caption, known)
	if name == "paid" {
		known = append(staff, "buyer") // of the pictures; the caption will be another one
	}
	preview := "NOT preview"
	if name == "draft" || name == "scheduled" {
		preview = "1 = 1"
	}
	keys := texts(s.t, s.db, `SELECT key FROM renditions WHERE media = $1 AND `+preview, ident.MediaID(medium))
	if len(keys) == 0 {
		s.t.Fatal("a picture has no renditions")
	}
	for _, key := range keys {
		s.reveal("a picture of the post that is "+name, key, known)
	}
}

func (p thing) id() uuid.UUID { return uuid.MustParse(p.path["id"]) }

// about makes what a line of the matrix is about. What may end with the line is
// made for it.
func (s *studio) about(name string) thing {
	s.t.Helper()
	creator := s.actors["creator"]
	is := func(id string) thing { return thing{name: name, path: map[string]string{"id": id}, mark: id} }
	post := func(change ...func(*api.NewPost)) thing { return is(creator.post(s.used, change...).ID.String()) }
	switch name {
	case "free", "paid", "closed", "scheduled":
		return s.posts[name]
	case "draft":
		d := post(drafted)
		d.secret = "a stamp"
		return d
	case "spare":
		return post()
	case "deleted":
		gone := post()
		s.done(creator.DeletePostWithResponse(s.t.Context(), gone.id(), nil))
		return gone
	case "cheap":
		return post(priced(1))
	case "members":
		return post(priced(1), forSubscribers)
	case "edits":
		return thing{name: name, path: s.posts["paid"].path, mark: "first words"}
	case "medium":
		m := is(creator.stamped().String())
		m.mark = "renditions/" + m.path["id"]
		s.reveal("a picture of the creator's", m.mark, creatorOnly)
		return m
	case "upload", "sent":
		u := creator.open(name == "sent")
		up := is(u.ID.String())
		up.mark = u.MediaID.String()
		s.reveal("the medium of an upload", up.mark, creatorOnly)
		return up
	case "session":
		_, id := creator.device()
		s.reveal("a session of the creator's", id, creatorOnly)
		return is(id)
	case "identity":
		if len(s.identities(creator.token())) == 0 {
			s.browser().link(creator.token())
		}
		id := s.identities(creator.token())[0].ID.String()
		s.reveal("an identity of the creator's", id, creatorOnly)
		return is(id)
	case "receipt":
		seller := s.member("seller")
		id := creator.purchase(seller.post(seller.stamped(), priced(1)).ID).Purchase.ID.String()
		s.reveal("a purchase of the creator's", id, creatorOnly)
		return is(id)
	case "top-up":
		top := creator.begin("starter")
		s.reveal("a payment of the creator's", path.Base(top.Client["pay_url"]), creatorOnly)
		return is(top.ID.String())
	case "creator":
		return thing{name: name, path: map[string]string{"handle": creator.account.Handle}, mark: creator.account.Handle}
	case "other":
		return thing{name: name, path: map[string]string{"handle": s.other.account.Handle}}
	case "own", "-":
		return thing{name: name}
	}
	s.t.Fatalf("nobody knows what %q is", name)
	return thing{}
}

// request is one that somebody may make without a fault of its form.
func (s *studio) request(op *operation, actor string, about thing) sample {
	s.t.Helper()
	who := s.actors[actor]
	r := sample{who: who, path: map[string]string{"n": "1", "provider": "google", "handle": s.actors["creator"].account.Handle}, header: http.Header{}}
	for name, value := range about.path {
		r.path[name] = value
	}
	if about.name == "own" && who != nil {
		r.path["handle"] = who.account.Handle
	}
	for _, p := range op.in("header") {
		if p.Name == "Idempotency-Key" {
			r.header.Set(p.Name, sajin.NewKey())
		}
	}
	switch op.ID {
	case "search-profiles":
		r.query = map[string]string{"query": "creator"}
	case "list-posts", "list-user-posts", "list-own-posts", "list-inbox", "list-library", "list-sessions", "list-top-ups":
		r.query = map[string]string{"limit": "100"}
	case "receive-webhook":
		r.path["provider"], r.raw = "sandbox", []byte(`{"type":"ping","timestamp":"2026-01-01T00:00:00Z","data":{}}`)
		r.header = signed(r.raw)
	case "edit-post":
		r.body = map[string]any{"category": "art"}
	case "edit-medium":
		r.body = map[string]any{"alt": "a thing"}
	case "create-post":
		r.body = map[string]any{"caption": "a stamp", "draft": true}
		if about.name == "medium" {
			r.body["media_ids"] = []string{about.path["id"]}
		}
	case "create-upload":
		r.body = map[string]any{"filename": "a.jpg", "content_type": "image/jpeg", "size": 100, "purpose": "post"}
	case "purchase-post":
		r.body = map[string]any{}
	case "start-top-up":
		r.body = map[string]any{"pack_id": "starter"}
	default:
		s.identify(op, actor, &r)
	}
	return r
}

// identify puts in what is about who asks. What ends a session or an account is
// done to one that is made for it.
func (s *studio) identify(op *operation, actor string, r *sample) {
	s.t.Helper()
	who, fresh := r.who, fmt.Sprintf("new_%d", people.Add(1))
	switch op.ID {
	case "change-password", "delete-account", "sign-out", "reset-password", "verify-email":
		if who != nil {
			r.who = s.employ(actor)
			who = r.who
		}
	}
	switch op.ID {
	case "register":
		r.body = map[string]any{"email": fresh + "@example.com", "password": password, "handle": fresh}
	case "sign-in":
		r.body = map[string]any{"email": "nobody@example.com", "password": password}
		if who != nil {
			r.body["email"] = string(who.account.Email)
		}
	case "refresh-session":
		r.body = map[string]any{"refresh_token": "sjr_" + strings.Repeat("A", 60)}
		if who != nil {
			tokens, _ := who.device()
			r.body["refresh_token"] = tokens.Refresh
		}
	case "sign-in-with-code":
		r.body = map[string]any{"code": "sjc_that_nobody_was_given"}
	case "request-password-reset":
		r.body = map[string]any{"email": "nobody@example.com"}
	case "reset-password":
		r.path["token"], r.body = strings.Repeat("A", 43), map[string]any{"password": password + " new"}
		if who != nil {
			who.forget()
			r.path["token"] = s.mailed(who, "reset-password")
		}
	case "verify-email":
		r.path["token"] = strings.Repeat("A", 43)
		if who != nil {
			r.path["token"] = s.mailed(who, "verify-email")
		}
	case "change-email":
		r.body = map[string]any{"email": fresh + "@example.com"}
	case "change-password":
		r.body = map[string]any{"current_password": password, "new_password": password + " again"}
	case "step-up":
		r.body = map[string]any{"password": password}
	case "step-up-with-identity":
		r.body = map[string]any{"return_to": "/settings"}
	case "link-identity":
		r.body = map[string]any{"provider": "google", "return_to": "/settings"}
	case "edit-account", "replace-account":
		r.body = map[string]any{"display_name": "A name", "bio": "A bio"}
	case "pay-in-sandbox":
		r.path["token"], r.body = "pay_"+fresh, map[string]any{"outcome": "pending", "webhook": "never"}
		if who != nil {
			r.path["token"] = path.Base(who.begin("starter").Client["pay_url"])
		}
	}
}

// done holds a call of the client to having worked.
func (s *studio) done(_ any, err error) {
	s.t.Helper()
	s.must(err)
}

// posts are the objects of an answer that are posts: the one with an id or, if
// it is empty, all of them.
func posts(t *testing.T, body []byte, id string) (found []map[string]any) {
	t.Helper()
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return nil
	}
	var whole any
	if err := json.Unmarshal(body, &whole); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var walk func(any)
	walk = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, item := range value {
				walk(item)
			}
		case map[string]any:
			if _, post := value["locked"]; post && (id == "" || value["id"] == id) {
				found = append(found, value)
			}
			for _, member := range value {
				walk(member)
			}
		}
	}
	walk(whole)
	return found
}

func renditionsOf(post map[string]any) (names []string) {
	media, _ := post["media"].([]any)
	for _, m := range media {
		renditions, _ := m.(map[string]any)["renditions"].([]any)
		for _, r := range renditions {
			names = append(names, fmt.Sprint(r.(map[string]any)["name"]))
		}
	}
	return names
}
