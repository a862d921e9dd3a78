package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/config"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// What the author of the locked post tells those alone who may open it.
const (
	secretCaption = "the address is 12 Hidden Lane"
	secretAlt     = "a letter with a name on it"
	secretName    = "flat-of-mina-3rd-floor.jpg"
	secretTaken   = "taken by Mina at home"
	secretComment = "a comment of the camera"
)

// vault is a world with a locked post, the secrets in it, and all who look.
type vault struct {
	*world
	author, buyer, fan, former, passerby *member
	post                                 api.Post
	receipt                              uuid.UUID
	events                               sqldb.DB
	secrets                              map[string]string // by what they are
}

func lockVault(t *testing.T, c config.Config) *vault {
	w := start(t, c)
	v := &vault{world: w, events: w.database()}
	keepEvents(t, v.events)
	v.author, v.buyer, v.fan, v.former, v.passerby = w.member("author"), w.member("buyer"), w.member("fan"), w.member("former"), w.member("passerby")
	for _, m := range []*member{v.buyer, v.fan, v.former} {
		m.follow(v.author)
	}
	v.former.unfollow(v.author)

	original := withMetadata(photo(1))
	file := file(original, "image/jpeg")
	file.Name = secretName
	var upload uuid.UUID
	file.Started = func(u api.Upload) { upload = u.ID }
	medium := v.author.take(file)
	_, err := v.author.EditMediumWithResponse(t.Context(), medium, nil, api.EditedMedium{Alt: secretAlt})
	w.must(err)
	v.post = v.author.post(medium, priced(30), func(p *api.NewPost) {
		caption, hidden, category := secretCaption, api.NewPostCaptionLockedHidden, "art"
		p.Caption, p.CaptionLocked, p.Category, p.Tags = &caption, &hidden, &category, &[]string{"window"}
	})
	w.give(v.buyer, 30)
	v.receipt = v.buyer.purchase(v.post.ID).Purchase.ID

	digest := sha256.Sum256(original)
	v.secrets = map[string]string{
		"its caption": secretCaption, "its alt text": secretAlt, "the name of the file": secretName, "the hash of the file": hex.EncodeToString(digest[:]),
		"who took it": secretTaken, "the comment in it": secretComment, "the key of the original": "originals/" + medium.String(), "its upload": upload.String(),
	}
	for _, key := range texts(t, v.events, `SELECT key FROM renditions WHERE NOT preview`) {
		v.secrets["the key "+key] = key
		v.secrets["the hash of "+key] = strings.TrimSuffix(key[strings.LastIndex(key, "-")+1:], path.Ext(key))
	}
	if len(v.secrets) != 12 {
		t.Fatalf("there are %d secrets", len(v.secrets))
	}
	for _, m := range []*member{v.buyer, v.fan} {
		w.eventually("the post is in the inbox", func() bool { return len(inbox(t, m.Client)) == 1 })
	}
	return v
}

// keepEvents has the database itself copy every event: they leave the outbox
// as soon as they are delivered.
func keepEvents(t *testing.T, db sqldb.DB) {
	t.Helper()
	statements := []string{
		`CREATE TABLE kept_events (topic TEXT NOT NULL, payload TEXT NOT NULL)`,
		`CREATE RULE keep AS ON INSERT TO outbox DO ALSO INSERT INTO kept_events VALUES (NEW.topic, NEW.payload)`,
	}
	if db.Dialect().ForUpdate == "" { // SQLite
		statements[1] = `CREATE TRIGGER keep AFTER INSERT ON outbox BEGIN INSERT INTO kept_events VALUES (NEW.topic, NEW.payload); END`
	}
	for _, statement := range statements {
		if _, err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// found names the secrets that a text holds.
func (v *vault) found(text string) []string {
	var found []string
	for what, secret := range v.secrets {
		if strings.Contains(text, secret) || strings.Contains(text, strings.ReplaceAll(secret, "/", `\/`)) {
			found = append(found, what)
		}
	}
	slices.Sort(found)
	return found
}

// everywhere is every path that may show something of the post.
func (v *vault) everywhere() []string {
	post, handle, medium := v.post.ID.String(), v.author.account.Handle, v.post.Media[0].ID.String()
	return []string{
		"/v1/posts/" + post, "/v1/posts", "/v1/posts?limit=1", "/v1/posts?tag=window", "/v1/posts?tag=%23Window", "/v1/posts?category=art", "/v1/posts?author=" + handle,
		"/v1/posts?kind=photo", "/v1/posts?price=paid", "/v1/posts?tag=window&category=art&kind=photo&price=paid&author=" + handle,
		"/v1/users/" + handle + "/posts", "/v1/users/" + handle, "/v1/users?query=author", "/v1/users/" + handle + "/subscribers", "/v1/users/" + handle + "/subscriptions",
		"/v1/users/account", "/v1/users/account/posts", "/v1/users/account/posts?state=published", "/v1/inbox", "/v1/library", "/v1/sessions",
		"/v1/wallet", "/v1/wallet/entries", "/v1/wallet/receipts/" + v.receipt.String(), "/v1/earnings", "/v1/top-ups", "/v1/coin-packs", "/v1/admin/ledger/trial-balance",
		"/v1/media/" + medium, "/v1/uploads/" + medium, "/v1/uploads/limits", "/v1/service", "/healthz", "/readyz", "/metrics", "/", "/docs/", "/openapi.json", "/openapi.yaml", "/openapi-3.0.json",
	}
}

// look reads everything as somebody does, with headers and all.
func (v *vault) look(m *member) map[string]string {
	token := ""
	if m != nil {
		token = m.token()
	}
	seen := map[string]string{}
	for _, at := range v.everywhere() {
		got := v.ask("GET", at, token)
		if got.status >= 500 {
			v.t.Errorf("%s: %d", at, got.status)
		}
		seen[at] = fmt.Sprintf("%d %v %s", got.status, got.header, got.body)
	}
	return seen
}

// lookers are all who may not open the post.
func (v *vault) lookers() map[string]*member {
	return map[string]*member{"a stranger": nil, "a subscriber": v.fan, "a former subscriber": v.former, "another member": v.passerby}
}

func TestLockedPostsTellNothing(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		v := lockVault(t, c)
		t.Run("whoever may open the post sees its secrets", v.open)
		t.Run("nobody else does, wherever he looks", v.closed)
		t.Run("what cannot be done tells nothing either", v.failures)
		t.Run("events, jobs and answers that are kept tell nothing", v.kept)
		t.Run("the log tells nothing", v.logged)
		t.Run("of the file only the picture is left", v.stripped)
		v.balanced()
	})
}

func (v *vault) open(t *testing.T) {
	v.in(t)
	seen := v.look(v.buyer)
	for _, at := range []string{"/v1/posts/" + v.post.ID.String(), "/v1/posts", "/v1/inbox", "/v1/library"} {
		got := v.found(seen[at])
		if !slices.Contains(got, "its caption") || !slices.Contains(got, "its alt text") || len(got) != 6 { // and two keys with their hashes
			t.Errorf("%s: the buyer sees %q", at, got)
		}
	}
	for at, text := range seen {
		for _, what := range v.found(text) {
			if strings.Contains(what, "original") || strings.Contains(what, "file") || what == "its upload" {
				t.Errorf("%s: the buyer sees %s", at, what)
			}
		}
	}
}

func (v *vault) closed(t *testing.T) {
	v.in(t)
	for who, m := range v.lookers() {
		posts := 0
		for at, text := range v.look(m) {
			if found := v.found(text); len(found) > 0 {
				t.Errorf("%s finds at %s: %q", who, at, found)
			}
			if strings.Contains(text, v.post.ID.String()) && strings.Contains(text, `"locked":true`) {
				posts++
			}
		}
		want := 11 // a post, nine feeds, a profile's posts
		if m == v.fan {
			want++
		}
		if posts != want {
			t.Errorf("%s meets the post in %d places", who, posts)
		}
	}
}

func (v *vault) failures(t *testing.T) {
	v.in(t)
	post, medium := v.post.ID.String(), v.post.Media[0].ID.String()
	tries := map[string][]string{ // method, path, body
		"buying it": {"POST", "/v1/posts/" + post + "/purchase", ""}, "changing it": {"PATCH", "/v1/posts/" + post, `{"caption":"mine"}`},
		"changing it badly": {"PATCH", "/v1/posts/" + post, `{"price_coins":-1}`}, "taking it away": {"DELETE", "/v1/posts/" + post, ""},
		"describing its picture": {"PATCH", "/v1/media/" + medium, `{"alt":"mine"}`}, "processing it again": {"POST", "/v1/media/" + medium + "/retry", ""},
		"taking its picture away": {"DELETE", "/v1/media/" + medium, ""}, "posting its picture": {"POST", "/v1/posts", `{"caption":"mine","media_ids":["` + medium + `"]}`},
		"wearing its picture": {"PATCH", "/v1/users/account", `{"avatar_media_id":"` + medium + `"}`},
	}
	for who, m := range v.lookers() {
		for what, try := range tries {
			token := ""
			if m != nil {
				token = m.token()
			}
			got := v.send(try[0], try[1], token, []byte(try[2]), "Content-Type", "application/json", "Idempotency-Key", sajin.NewKey())
			if got.status < 400 || got.status >= 500 || got.problem().Code == "" {
				t.Errorf("%s, %s: %d %s", who, what, got.status, got.body)
			}
			if found := v.found(fmt.Sprint(got.header, string(got.body))); len(found) > 0 {
				t.Errorf("%s finds in the answer to %s: %q", who, what, found)
			}
		}
	}
}

func (v *vault) kept(t *testing.T) {
	v.in(t)
	kept := texts(t, v.events, `SELECT topic || ' ' || payload FROM kept_events`)
	for _, topic := range []string{"accounts.account.registered.v1", "media.medium.ready.v1", "content.post.published.v1", "subscriptions.subscription.ended.v1", "wallet.purchase.settled.v1"} {
		if !slices.ContainsFunc(kept, func(e string) bool { return strings.HasPrefix(e, topic+" ") }) {
			t.Errorf("there was no %s among %d events", topic, len(kept))
		}
	}
	for what, query := range map[string]string{
		"events that were kept": `SELECT topic || ' ' || payload FROM kept_events`, "events that wait": `SELECT payload || last_error FROM outbox`,
		"events set aside": `SELECT payload || error FROM parked_events`, "events consumed": `SELECT consumer FROM consumed_events`,
		"jobs": `SELECT kind || payload || last_error FROM jobs`, "kept answers": `SELECT coalesce(result, '') FROM idempotency_keys`,
	} {
		if found := v.found(strings.Join(texts(t, v.events, query), "\n")); len(found) > 0 {
			t.Errorf("in %s: %q", what, found)
		}
	}
	if n := count(t, v.events, `SELECT count(*) FROM parked_events`); n != 0 {
		t.Errorf("%d events were set aside", n)
	}
}

// logged comes before anybody has fetched a picture, whose path is logged.
func (v *vault) logged(t *testing.T) {
	v.in(t)
	log := v.log.String()
	if !strings.Contains(log, "/v1/posts/"+v.post.ID.String()) {
		t.Fatal("the log is empty")
	}
	found := slices.DeleteFunc(v.found(log), func(what string) bool { return what == "its upload" }) // it is in the paths of requests
	for _, m := range []*member{v.author, v.buyer, v.fan} {
		for what, secret := range map[string]string{"a password": password, "an access token": m.Tokens().Access, "a refresh token": m.Tokens().Refresh, "an address": string(m.account.Email), "a signature": "sig="} {
			if strings.Contains(log, secret) {
				found = append(found, what)
			}
		}
	}
	if len(found) > 0 {
		t.Errorf("the log tells %q", found)
	}
}

func (v *vault) stripped(t *testing.T) {
	v.in(t)
	renditions := read(t, v.buyer.Client, v.post.ID).Media[0].Renditions
	if len(renditions) != 3 {
		t.Fatalf("%+v", renditions)
	}
	for _, r := range renditions {
		got := v.ask("GET", r.URL, v.buyer.token())
		config, _, err := image.DecodeConfig(bytes.NewReader(got.body))
		if got.status != 200 || err != nil {
			t.Fatalf("%s: %d, %v", r.Name, got.status, err)
		}
		if config.Height <= config.Width {
			t.Errorf("%s: the camera was held upright, and this was not read", r.Name)
		}
		for _, trace := range []string{"Exif", "http", "Photoshop", secretTaken, secretComment, "II*\x00", "MM\x00*"} {
			if bytes.Contains(got.body, []byte(trace)) {
				t.Errorf("%s: there is still %q in it", r.Name, trace)
			}
		}
		for _, segment := range segments(t, got.body) {
			if segment == 0xFE || segment > 0xE0 && segment <= 0xEF && segment != 0xE2 { // a colour profile is part of the picture
				t.Errorf("%s: there is a segment %X in it", r.Name, segment)
			}
		}
	}
	if strings.Contains(v.log.String(), "sig=") {
		t.Error("the log tells signatures")
	}
}

// segments lists the markers of a JPEG file up to its picture.
func segments(t *testing.T, data []byte) []byte {
	t.Helper()
	var found []byte
	for at := 2; at+4 <= len(data) && data[at] == 0xFF && data[at+1] != 0xDA; at += 2 + int(binary.BigEndian.Uint16(data[at+2:])) {
		found = append(found, data[at+1])
	}
	if len(found) < 3 { // tables and a frame
		t.Fatalf("%x is no picture", found)
	}
	return found
}

// withMetadata puts into a JPEG file what cameras and editors put there: Exif
// with a place and a name, XMP, and a comment. The camera was turned.
func withMetadata(picture []byte) []byte {
	segment := func(marker byte, text string) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xFF, marker}, uint16(2+len(text))), text...)
	}
	out := []byte{0xFF, 0xD8}
	out = append(out, segment(0xE1, "Exif\x00\x00"+string(exif()))...)
	out = append(out, segment(0xE1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta xmlns:x='adobe:ns:meta/'>"+secretTaken+"</x:xmpmeta>")...)
	out = append(out, segment(0xED, "Photoshop 3.0\x00"+secretTaken)...)
	out = append(out, segment(0xFE, secretComment)...)
	return append(out, picture[2:]...)
}

// exif is a TIFF block: orientation 6, an artist, and the place in a GPS directory.
func exif() []byte {
	le := binary.LittleEndian
	entry := func(b []byte, tag, kind uint16, n, value uint32) []byte {
		return le.AppendUint32(le.AppendUint32(le.AppendUint16(le.AppendUint16(b, tag), kind), n), value)
	}
	const first, artist = 8, 8 + 2 + 3*12 + 4
	gps := uint32(artist + len(secretTaken) + 1)
	gps += gps % 2
	place := gps + 2 + 4*12 + 4
	b := le.AppendUint32([]byte("II*\x00"), first)
	b = le.AppendUint16(b, 3)
	b = entry(b, 0x0112, 3, 1, 6)
	b = entry(b, 0x013B, 2, uint32(len(secretTaken)+1), artist)
	b = entry(b, 0x8825, 4, 1, gps)
	b = append(le.AppendUint32(b, 0), secretTaken+"\x00"...)
	for len(b) < int(gps) {
		b = append(b, 0)
	}
	b = le.AppendUint16(b, 4)
	b = entry(b, 1, 2, 2, 'N')
	b = entry(b, 2, 5, 3, place)
	b = entry(b, 3, 2, 2, 'E')
	b = entry(b, 4, 5, 3, place+24)
	b = le.AppendUint32(b, 0)
	for _, n := range []uint32{37, 1, 33, 1, 5915, 100, 126, 1, 58, 1, 4080, 100} {
		b = le.AppendUint32(b, n)
	}
	return b
}

// places reads a post wherever a client may meet it; nil where it does not.
func places(t *testing.T, client *sajin.Client, author *member, id uuid.UUID) map[string]*api.Post {
	t.Helper()
	ctx := t.Context()
	tag, category, handle := "window", "art", author.account.Handle
	found := map[string]*api.Post{"post": nil}
	if resp, err := client.GetPostWithResponse(ctx, id, nil); err == nil {
		found["post"] = resp.JSON200
	} else if code(err) != "content.post-not-found" {
		t.Error(err)
	}
	in := func(name string, posts []api.Post) {
		found[name] = nil
		if i := slices.IndexFunc(posts, func(p api.Post) bool { return p.ID == id }); i >= 0 {
			found[name] = &posts[i]
		}
	}
	for name, params := range map[string]*api.ListPostsParams{"main page": nil, "tag": {Tag: &tag}, "category": {Category: &category}, "author": {Author: &handle}} {
		resp, err := client.ListPostsWithResponse(ctx, params)
		if err != nil {
			t.Fatal(err)
		}
		in(name, resp.JSON200.Items)
	}
	resp, err := client.ListUserPostsWithResponse(ctx, handle, nil)
	if err != nil {
		t.Fatal(err)
	}
	in("author's page", resp.JSON200.Items)
	if client.Tokens().Access == "" {
		return found
	}
	in("inbox", inbox(t, client))
	library, err := client.ListLibraryWithResponse(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	var posts []api.Post
	for _, item := range library.JSON200.Items {
		posts = append(posts, item.Post)
	}
	in("library", posts)
	return found
}

// sees holds what somebody meets to: open or locked, in exactly these places.
func (w *world) sees(who string, client *sajin.Client, author *member, id uuid.UUID, locked bool, at ...string) {
	w.t.Helper()
	var met []string
	for place, post := range places(w.t, client, author, id) {
		if post == nil {
			continue
		}
		met = append(met, place)
		full := slices.ContainsFunc(post.Media[0].Renditions, func(r api.Rendition) bool { return r.Name != "preview" })
		if post.Locked != locked || full == locked || len(post.Media[0].Renditions) == 0 {
			w.t.Errorf("%s, %s: locked is %t, with %s", who, place, post.Locked, asJSON(w.t, post.Media[0].Renditions))
		}
	}
	slices.Sort(met)
	slices.Sort(at)
	if !slices.Equal(met, at) {
		w.t.Errorf("%s meets the post in %q, not in %q", who, met, at)
	}
}

func TestWhoMayOpen(t *testing.T) {
	public := []string{"post", "main page", "tag", "category", "author", "author's page"}
	and := func(more ...string) []string { return append(slices.Clone(public), more...) }
	tagged := func(p *api.NewPost) {
		category := "art"
		p.Tags, p.Category = &[]string{"window"}, &category
	}
	backends(t, func(t *testing.T, c config.Config) {
		c.Auth.DeleteGrace = time.Hour
		w := start(t, c)
		author, fan, other, stranger := w.member("author"), w.member("fan"), w.member("other"), w.stranger()
		free := author.post(author.stamped(), forSubscribers, tagged)
		sold := author.post(author.stamped(), forSubscribers, priced(10), tagged)
		w.give(fan, 100)
		w.give(other, 100)
		locked := func(t *testing.T, who string, m *member, id uuid.UUID, at ...string) {
			w.in(t)
			w.sees(who, m.Client, author, id, true, at...)
		}

		t.Run("a draft is its author's alone, and so are links to its pictures", func(t *testing.T) {
			w.in(t)
			draft := author.post(author.stamped(), tagged, func(p *api.NewPost) { yes := true; p.Draft = &yes })
			w.sees("a stranger", stranger, author, draft.ID, true)
			w.sees("a member", fan.Client, author, draft.ID, true)
			if _, err := fan.buy(draft.ID); code(err) != "content.post-not-found" {
				t.Error(err)
			}
			mine := rendition(t, read(t, author.Client, draft.ID), "w320")
			for who, token := range map[string]string{"a stranger": "", "a member": fan.token()} {
				if got := w.ask("GET", mine, token); got.status != 403 {
					t.Errorf("%s: %d", who, got.status)
				}
			}
			w.fetches(author, draft.ID)
		})
		t.Run("a subscribers' post is for subscribers alone, wherever it is met", func(t *testing.T) {
			w.in(t)
			for _, id := range []uuid.UUID{free.ID, sold.ID} {
				w.sees("the author", author.Client, author, id, false, public...)
				w.sees("a stranger", stranger, author, id, true, public...)
				locked(t, "a member", fan, id, public...)
			}
			fan.follow(author)
			w.eventually("they are in the inbox", func() bool { return len(inbox(t, fan.Client)) == 2 })
			w.sees("the subscriber", fan.Client, author, free.ID, false, and("inbox")...)
			locked(t, "the subscriber", fan, sold.ID, and("inbox")...)
			locked(t, "another member", other, free.ID, public...)
		})
		t.Run("it is sold to subscribers alone", func(t *testing.T) {
			w.in(t)
			if _, err := other.buy(sold.ID); code(err) != "content.subscribers-only" {
				t.Error("who does not subscribe:", err)
			}
			if got := other.wallet(); got.Total != 100 {
				t.Errorf("he was charged: %+v", got)
			}
			if _, err := fan.buy(free.ID); code(err) != "wallet.not-for-sale" {
				t.Error("what costs nothing:", err)
			}
			fan.purchase(sold.ID)
			w.sees("the subscriber", fan.Client, author, sold.ID, false, and("inbox", "library")...)
		})
		t.Run("unsubscribing closes what was not bought", func(t *testing.T) {
			w.in(t)
			fan.unfollow(author)
			locked(t, "the former subscriber", fan, free.ID, public...)
			w.sees("the former subscriber", fan.Client, author, sold.ID, false, and("library")...)
			fan.follow(author)
			w.sees("the subscriber again", fan.Client, author, free.ID, false, and("inbox")...)
			fan.unfollow(author)
		})
		t.Run("what the author changes later closes nothing that was bought", func(t *testing.T) {
			w.in(t)
			price := int64(1000)
			_, err := author.EditPostWithResponse(t.Context(), sold.ID, nil, api.EditedPost{PriceCoins: &price})
			w.must(err)
			w.sees("the buyer", fan.Client, author, sold.ID, false, and("library")...)
		})
		t.Run("a post that was taken away stays with who bought it, and is gone for others", func(t *testing.T) {
			w.in(t)
			_, err := author.DeletePostWithResponse(t.Context(), sold.ID, nil)
			w.must(err)
			w.sees("the buyer", fan.Client, author, sold.ID, false, "post", "library")
			w.sees("another member", other.Client, author, sold.ID, true)
			w.sees("a stranger", stranger, author, sold.ID, true)
			w.sees("the author", author.Client, author, sold.ID, true)
			if _, err := other.buy(sold.ID); code(err) != "content.post-not-found" {
				t.Error("it is still sold:", err)
			}
			if _, err := author.DeleteMediumWithResponse(t.Context(), sold.Media[0].ID); code(err) != "media.in-use" {
				t.Error("its picture can be taken away:", err)
			}
			w.fetches(fan, sold.ID)
		})
		t.Run("so it is when the author is gone, and gone for good", func(t *testing.T) {
			w.in(t)
			_, err := author.DeleteAccountWithResponse(t.Context())
			w.must(err)
			w.fetches(fan, sold.ID)
			if _, err := stranger.GetPostWithResponse(t.Context(), free.ID, nil); code(err) != "content.post-not-found" {
				t.Error("a post of nobody:", err)
			}
			w.watch.turn(2 * time.Hour)
			w.use(func(m *accounts.Maintenance) error { return m.Purge(t.Context()) })
			w.fetches(fan, sold.ID)
			library, err := fan.ListLibraryWithResponse(t.Context(), nil)
			w.must(err)
			if items := library.JSON200.Items; len(items) != 1 || items[0].Post.Locked || items[0].Post.Author.Handle != "deleted-"+author.account.ID.String() {
				t.Errorf("%+v", items)
			}
		})
		w.balanced()
	})
}

// fetches gets a picture of a post whole.
func (w *world) fetches(m *member, post uuid.UUID) {
	w.t.Helper()
	got := w.ask("GET", rendition(w.t, read(w.t, m.Client, post), "w320"), m.token())
	if _, err := decodeJPEG(got.body); got.status != 200 || err != nil {
		w.t.Errorf("%d, %v", got.status, err)
	}
}
