package e2e

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/config"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

const webhookSecret = "whsec_aG9zdGlsZSB3ZWJob29rIHNlY3JldA=="

// stage is a server on which there is one of everything, and for each
// operation a request that is right.
type stage struct {
	*world
	document *document
	actor    *member // owns things, and sends the requests
	author   *member // whom the actor subscribes to, and sells posts
	samples  map[string]sample
	secrets  []string
}

func newStage(t *testing.T, c config.Config) *stage {
	t.Helper()
	c.Payments.Sandbox.WebhookSecret = webhookSecret
	c.Limits.Enabled = false // or nothing else would be heard after a second
	c.Media.CheckEvery = 0   // which would write down that it has looked
	issuer := withIssuer(t, &c)
	w := start(t, c)
	s := &stage{world: w, document: readDocument(t, w.server.URL), actor: w.member("actor"), author: w.member("author")}
	s.samples = s.makeSamples()
	for _, m := range []*member{s.actor, s.author} {
		s.secrets = append(s.secrets, m.Tokens().Access, m.Tokens().Refresh)
	}
	s.secrets = append(s.secrets, password, webhookSecret, issuer.ClientSecret)
	return s
}

// linked is an identity that signs in to the account of a member.
func (s *stage) linked(m *member) uuid.UUID {
	s.t.Helper()
	s.browser().link(m.token())
	return s.identities(m.token())[0].ID
}

func drafted(p *api.NewPost) { yes := true; p.Draft = &yes }

// open begins an upload, and sends its parts if it is to be whole.
func (m *member) open(whole bool) api.Upload {
	m.w.t.Helper()
	data := stamp(1)
	resp, err := m.CreateUploadWithResponse(m.w.t.Context(), api.NewUpload{
		Filename: "stamp.jpg", ContentType: "image/jpeg", Size: int64(len(data)), Purpose: api.NewUploadPurposePost,
	})
	m.w.must(err)
	for _, part := range resp.JSON201.Parts {
		if whole {
			req, err := http.NewRequestWithContext(m.w.t.Context(), part.Method, part.URL, bytes.NewReader(data))
			m.w.must(err)
			got, err := plainly.Do(req)
			m.w.must(err)
			m.w.must(got.Body.Close())
		}
	}
	return *resp.JSON201
}

// device signs the same account in once more.
func (m *member) device() (tokens sajin.Tokens, session string) {
	m.w.t.Helper()
	other := m.w.stranger()
	_, err := other.SignInWith(m.w.t.Context(), string(m.account.Email), password)
	m.w.must(err)
	resp, err := other.ListSessionsWithResponse(m.w.t.Context(), nil)
	m.w.must(err)
	for _, device := range resp.JSON200.Items {
		if device.Current {
			session = device.ID.String()
		}
	}
	return other.Tokens(), session
}

// signed are the headers of a webhook of the sandbox.
func signed(body []byte) http.Header {
	key, _ := base64.StdEncoding.DecodeString(webhookSecret[len("whsec_"):])
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "msg_zq7.%s.%s", at, body)
	return http.Header{"Webhook-Id": {"msg_zq7"}, "Webhook-Timestamp": {at}, "Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))}}
}

// makeSamples makes a right request of each operation, and what it is about.
func (s *stage) makeSamples() map[string]sample {
	actor, author, leaver, third := s.actor, s.author, s.member("leaver"), s.member("third")
	goner, operator, forgetful := s.member("goner"), s.member("operator"), s.member("forgetful")
	forgetful.forget()
	confirm, reset := s.mailed(operator, "verify-email"), s.mailed(forgetful, "reset-password")
	s.secrets = append(s.secrets, confirm, reset)
	s.use(func(people *accounts.Accounts) error {
		return people.GrantRole(s.t.Context(), operator.account.Handle, "admin")
	})
	actor.follow(author)
	third.follow(actor)
	actor.topUp("popular", api.SandboxAttemptWebhookNever)
	used, spare, theirs := actor.stamped(), actor.stamped(), author.stamped()
	bought, forSale := author.post(theirs, priced(10)).ID, author.post(theirs, priced(10)).ID
	purchase, edited := actor.purchase(bought), actor.post(used)
	actor.says(edited.ID, "other words")
	paid, awaited := actor.begin("starter"), actor.begin("starter")
	devices := [2]string{}
	_, devices[0] = actor.device()
	tokens, _ := actor.device()
	s.secrets = append(s.secrets, tokens.Access, tokens.Refresh)

	key := func() http.Header { return http.Header{"Idempotency-Key": {sajin.NewKey()}} }
	id := func(id uuid.UUID) map[string]string { return map[string]string{"id": id.String()} }
	handle := func(m *member) map[string]string { return map[string]string{"handle": m.account.Handle} }
	own := func(path map[string]string, want int) sample { return sample{who: actor, path: path, want: want} }
	public := func(path map[string]string) sample { return sample{path: path, want: 200} }
	draft := func() map[string]string { return id(actor.post(used, drafted).ID) }
	ping := []byte(`{"type":"ping","timestamp":"2026-01-01T00:00:00Z","data":{}}`)
	caption := map[string]any{
		"caption": "hello", "caption_locked": "shown", "tags": []string{"one"}, "category": "nature", "visibility": "public", "price_coins": 5, "draft": true, "media_ids": []string{used.String()},
	}
	account := map[string]any{"display_name": "A name", "bio": "A bio"}
	return map[string]sample{
		"jwks": public(nil), "health": public(nil), "readiness": public(nil), "service": public(nil), "list-coin-packs": public(nil), "list-posts": public(nil),
		"get-profile": public(handle(author)), "list-user-posts": public(handle(author)), "list-subscribers": public(handle(author)), "list-subscriptions": public(handle(author)),
		"search-profiles": {query: map[string]string{"query": "a"}, want: 200},
		"get-post":        public(id(forSale)),

		"get-earnings": own(nil, 200), "list-inbox": own(nil, 200), "list-library": own(nil, 200), "list-sessions": own(nil, 200), "list-top-ups": own(nil, 200),
		"upload-limits": own(nil, 200), "get-account": own(nil, 200), "list-own-posts": own(nil, 200), "get-wallet": own(nil, 200), "list-wallet-entries": own(nil, 200),
		"get-trial-balance": {who: operator, want: 200},

		"get-medium": own(id(used), 200), "retry-medium": own(id(used), 409), "delete-medium": own(id(spare), 204),
		"edit-medium": {who: actor, path: id(used), header: http.Header{"If-Match": {"*"}}, body: map[string]any{"alt": "a thing"}, want: 200},
		"create-post": {who: actor, body: caption, want: 201},
		"edit-post":   {who: actor, path: draft(), header: http.Header{"If-Match": {"*"}}, body: caption, want: 200},
		"delete-post": own(draft(), 204),

		"list-post-edits": own(id(edited.ID), 200),

		"purchase-post": {who: actor, path: id(forSale), header: key(), body: map[string]any{"price_coins": 10}, want: 201},
		"get-receipt":   own(id(purchase.Purchase.ID), 200),

		"start-top-up": {who: actor, header: key(), body: map[string]any{"pack_id": "starter", "provider": "sandbox"}, want: 201},
		"get-top-up":   own(id(paid.ID), 200), "confirm-top-up": own(id(paid.ID), 200),
		"pay-in-sandbox": {
			path: map[string]string{"token": path.Base(awaited.Client["pay_url"])}, body: map[string]any{"outcome": "pending", "webhook": "never"}, want: 200,
		},
		"receive-webhook": {path: map[string]string{"provider": "sandbox"}, header: signed(ping), raw: ping, want: 200},

		"create-upload": {who: actor, body: map[string]any{
			"filename": "a.jpg", "content_type": "image/jpeg", "size": 100, "purpose": "post", "sha256": fmt.Sprintf("%064x", 7),
		}, want: 201},
		"get-upload": own(id(actor.open(false).ID), 200), "complete-upload": own(id(actor.open(true).ID), 202), "abort-upload": own(id(actor.open(false).ID), 204),
		"sign-upload-part": own(map[string]string{"id": actor.open(false).ID.String(), "n": "1"}, 200),

		"register":                   {body: map[string]any{"email": "new@example.com", "password": password, "handle": "somebody_new", "display_name": "New"}, want: 201},
		"sign-in":                    {body: map[string]any{"email": string(actor.account.Email), "password": password}, want: 201},
		"refresh-session":            {body: map[string]any{"refresh_token": tokens.Refresh}, want: 200},
		"request-email-verification": own(nil, 202), "verify-email": {path: map[string]string{"token": confirm}, want: 204},
		"change-email":           {who: actor, body: map[string]any{"email": "moved@example.com"}, want: 202},
		"request-password-reset": {body: map[string]any{"email": "nobody@example.com"}, want: 202},
		"reset-password":         {path: map[string]string{"token": reset}, body: map[string]any{"password": password + " new"}, want: 204},
		"step-up":                {who: actor, body: map[string]any{"password": password}, want: 204},
		"end-session":            own(map[string]string{"id": devices[0]}, 204),
		"sign-out":               {who: leaver, want: 204}, "delete-account": {who: goner, want: 204},
		"edit-account":    {who: actor, header: http.Header{"If-Match": {"*"}}, body: account, want: 200},
		"replace-account": {who: actor, header: http.Header{"If-Match": {"*"}}, body: account, want: 200},
		"change-password": {who: third, body: map[string]any{"current_password": password, "new_password": password + " again"}, want: 204},

		"start-sign-in":         {path: map[string]string{"provider": "google"}, query: map[string]string{"return_to": "/library"}, want: 302},
		"sign-in-with-code":     {body: map[string]any{"code": "sjc_that_nobody_was_given"}, want: 401},
		"list-identities":       own(nil, 200),
		"link-identity":         {who: actor, body: map[string]any{"provider": "google", "return_to": "/settings"}, want: 200},
		"step-up-with-identity": {who: actor, path: map[string]string{"provider": "google"}, body: map[string]any{"return_to": "/settings"}, want: 200},
		"unlink-identity":       {who: third, path: id(s.linked(third)), want: 204},

		"subscribe": own(handle(third), 204), "unsubscribe": own(handle(author), 204), "remove-subscriber": own(handle(third), 204),
	}
}
