package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// signIn opens a session without a client that would renew it by itself.
func (w *world) signIn(email, password, agent string) (api.Credentials, error) {
	w.t.Helper()
	resp, err := w.stranger().SignInWithResponse(w.t.Context(), api.NewSession{Email: email, Password: password}, func(_ context.Context, r *http.Request) error {
		r.Header.Set("User-Agent", agent)
		return nil
	})
	if err != nil {
		return api.Credentials{}, err
	}
	return *resp.JSON201, nil
}

func (w *world) refresh(token string) (api.Credentials, error) {
	w.t.Helper()
	resp, err := w.stranger().RefreshSessionWithResponse(w.t.Context(), api.ShownToken{RefreshToken: token})
	if err != nil {
		return api.Credentials{}, err
	}
	return *resp.JSON200, nil
}

// live holds a session to be good, or over: with its code.
func (w *world) live(what, access, problem string) {
	w.t.Helper()
	got := w.ask("GET", "/v1/users/account", access)
	if problem == "" && got.status != 200 || problem != "" && (got.status != 401 || got.problem().Code != problem) {
		w.t.Errorf("%s: %d %s", what, got.status, got.body)
	}
}

const ended = "accounts.session-ended"

func TestRefreshing(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		m := w.member("mina")
		open := func() api.Credentials {
			got, err := w.signIn(string(m.account.Email), password, "phone")
			w.must(err)
			return got
		}
		next := func(t *testing.T, of api.Credentials) api.Credentials {
			t.Helper()
			got, err := w.refresh(of.RefreshToken)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		t.Run("a refresh token gives the next one, and new access", func(t *testing.T) {
			w.in(t)
			first := open()
			w.watch.turn(time.Second)
			second := next(t, first)
			third := next(t, second)
			if first.RefreshToken == second.RefreshToken || second.RefreshToken == third.RefreshToken || first.AccessToken == second.AccessToken {
				t.Error("tokens are given twice")
			}
			for _, of := range []api.Credentials{first, second, third} {
				w.live("access", of.AccessToken, "")
			}
			if third.Account.ID != m.account.ID || third.ExpiresIn != int64(c.Auth.AccessTTL.Seconds()) {
				t.Errorf("%+v", third)
			}
		})
		t.Run("shown twice within half a minute, both who showed it stay signed in", func(t *testing.T) {
			w.in(t)
			first := open()
			one := next(t, first)
			w.watch.turn(20 * time.Second)
			other := next(t, first)
			w.live("one", one.AccessToken, "")
			w.live("the other", other.AccessToken, "")
			w.watch.turn(time.Hour)
			for _, of := range []api.Credentials{next(t, one), next(t, other)} {
				w.live("access", of.AccessToken, "")
			}
		})
		t.Run("so who copied a token is found out when both go on", func(t *testing.T) {
			w.in(t)
			first := open()
			owner := next(t, first)
			w.watch.turn(10 * time.Second)
			thief := next(t, first)
			w.watch.turn(time.Hour)
			owner = next(t, owner)
			w.watch.turn(31 * time.Second)
			if _, err := w.refresh(thief.RefreshToken); code(err) != "accounts.refresh-reused" {
				t.Error("the thief:", err)
			}
			w.live("the owner", owner.AccessToken, ended)
		})
		t.Run("shown again later, the whole session is over at once, and no other one", func(t *testing.T) {
			w.in(t)
			bystander, first := open(), open()
			second := next(t, first)
			third := next(t, second)
			w.watch.turn(31 * time.Second)
			for _, of := range []api.Credentials{first, second, third} {
				w.live("before", of.AccessToken, "")
			}
			if _, err := w.refresh(first.RefreshToken); code(err) != "accounts.refresh-reused" {
				t.Error("the stolen token:", err)
			}
			for _, of := range []api.Credentials{first, second, third} {
				w.live("after", of.AccessToken, ended)
				if _, err := w.refresh(of.RefreshToken); code(err) != "accounts.refresh-invalid" {
					t.Error("the session goes on:", err)
				}
			}
			w.live("another session", bystander.AccessToken, "")
			next(t, bystander)
		})
		t.Run("an access token ends by itself, a session that nobody uses too", func(t *testing.T) {
			w.in(t)
			first := open()
			w.watch.turn(c.Auth.AccessTTL + time.Second)
			w.live("old access", first.AccessToken, "accounts.token-expired")
			second := next(t, first)
			w.live("new access", second.AccessToken, "")
			w.watch.turn(c.Auth.RefreshTTL + time.Second)
			if _, err := w.refresh(second.RefreshToken); code(err) != "accounts.refresh-invalid" {
				t.Error("a month later:", err)
			}
		})
		t.Run("what is no token of ours is refused", func(t *testing.T) {
			w.in(t)
			first := open()
			for _, token := range []string{"", "x", first.RefreshToken[:20], first.RefreshToken + "A", flipped(first.RefreshToken, 10), strings.ToUpper(first.RefreshToken), first.AccessToken} {
				if _, err := w.refresh(token); code(err) != "accounts.refresh-invalid" && code(err) != "request.invalid" {
					t.Errorf("%q: %v", token, err)
				}
			}
			for _, token := range []string{first.RefreshToken, first.AccessToken[:len(first.AccessToken)-1], flipped(first.AccessToken, 30), first.AccessToken + "A", "x.y.z", strings.Replace(first.AccessToken, ".", "..", 1)} {
				w.live(token, token, "accounts.token-invalid")
			}
			next(t, first)
		})
	})
}

func TestDevices(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		m, other := w.member("mina"), w.member("other")
		email := string(m.account.Email)
		phone, err := w.signIn(email, password, "phone")
		w.must(err)
		tablet, err := w.signIn(email, password, "tablet")
		w.must(err)
		devices := func() []api.Session {
			t.Helper()
			resp, err := m.ListSessionsWithResponse(t.Context(), nil)
			w.must(err)
			return resp.JSON200.Items
		}
		agents := func() (all []string) {
			for _, d := range devices() {
				all = append(all, d.UserAgent)
			}
			return all
		}
		t.Run("one sees where one is signed in, and which of it is here", func(t *testing.T) {
			w.in(t)
			got := devices()
			if len(got) != 3 || got[0].UserAgent != "tablet" || got[1].UserAgent != "phone" || got[0].Current || got[1].Current || !got[2].Current {
				t.Fatalf("%+v", got)
			}
			for _, d := range got {
				if d.Address != "127.0.0.1" || !d.ExpiresAt.After(w.watch.now()) {
					t.Errorf("%+v", d)
				}
			}
		})
		t.Run("nobody ends another one's session", func(t *testing.T) {
			w.in(t)
			if _, err := other.EndSessionWithResponse(t.Context(), devices()[0].ID); code(err) != "accounts.session-not-found" {
				t.Error(err)
			}
			if _, err := m.EndSessionWithResponse(t.Context(), uuid.New()); code(err) != "accounts.session-not-found" {
				t.Error(err)
			}
			w.live("the tablet", tablet.AccessToken, "")
		})
		t.Run("a lost device is signed out at once", func(t *testing.T) {
			w.in(t)
			w.live("the tablet", tablet.AccessToken, "")
			_, err := m.EndSessionWithResponse(t.Context(), devices()[0].ID)
			w.must(err)
			w.live("the tablet", tablet.AccessToken, ended)
			if _, err := w.refresh(tablet.RefreshToken); code(err) != "accounts.refresh-invalid" {
				t.Error(err)
			}
			if got := agents(); !slices.Equal(got[:1], []string{"phone"}) || len(got) != 2 {
				t.Errorf("%q", got)
			}
		})
		t.Run("signing out ends access at once, and that of no other device", func(t *testing.T) {
			w.in(t)
			w.live("the phone", phone.AccessToken, "")
			if got := w.ask("DELETE", "/v1/sessions/current", phone.AccessToken); got.status != 204 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			w.live("the phone", phone.AccessToken, ended)
			if _, err := w.refresh(phone.RefreshToken); code(err) != "accounts.refresh-invalid" {
				t.Error(err)
			}
			w.live("here", m.token(), "")
		})
		t.Run("a new password ends every session but the one that set it", func(t *testing.T) {
			w.in(t)
			laptop, err := w.signIn(email, password, "laptop")
			w.must(err)
			w.live("the laptop", laptop.AccessToken, "")
			const changed = "battery staple, horse correct"
			if _, err := m.ChangePasswordWithResponse(t.Context(), api.ChangedPassword{CurrentPassword: "a guess", NewPassword: changed}); code(err) != "accounts.wrong-password" {
				t.Error("without the old one:", err)
			}
			w.live("the laptop", laptop.AccessToken, "")
			_, err = m.ChangePasswordWithResponse(t.Context(), api.ChangedPassword{CurrentPassword: password, NewPassword: changed})
			w.must(err)
			w.live("the laptop", laptop.AccessToken, ended)
			if _, err := w.refresh(laptop.RefreshToken); code(err) != "accounts.refresh-invalid" {
				t.Error("the laptop goes on:", err)
			}
			w.live("here", m.token(), "")
			if _, err := w.refresh(m.Tokens().Refresh); err != nil {
				t.Error("here:", err)
			}
			if _, err := w.signIn(email, password, "x"); code(err) != "accounts.bad-credentials" {
				t.Error("the old password:", err)
			}
			_, err = w.signIn(email, changed, "x")
			w.must(err)
			w.live("somebody else", other.token(), "")
		})
	})
}

func TestLeaving(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		m, fan, stranger := w.member("mina"), w.member("fan"), w.stranger()
		email, handle := string(m.account.Email), m.account.Handle
		post := m.post(m.stamped())
		fan.follow(m)
		w.eventually("the post is in the inbox", func() bool { return len(inbox(t, fan.Client)) == 1 })
		phone, err := w.signIn(email, password, "phone")
		w.must(err)
		there := func(t *testing.T, want bool) {
			t.Helper()
			_, profile := stranger.GetProfileWithResponse(t.Context(), handle, nil)
			_, single := stranger.GetPostWithResponse(t.Context(), post.ID, nil)
			if (profile == nil) != want || (single == nil) != want || (len(mainPage(t, stranger)) == 1) != want || (len(inbox(t, fan.Client)) == 1) != want ||
				(len(subscriptionsOf(t, stranger, fan)) == 1) != want {
				t.Errorf("wanted: %t; profile: %v, post: %v, main page: %d, inbox: %d", want, profile, single, len(mainPage(t, stranger)), len(inbox(t, fan.Client)))
			}
			if !want && (code(profile) != "accounts.not-found" || code(single) != "content.post-not-found") {
				t.Errorf("%v, %v", profile, single)
			}
		}
		again := func(handle, email string) (*api.Account, error) {
			return w.stranger().SignUp(t.Context(), api.NewAccount{Email: email, Password: password, Handle: handle})
		}
		leave := func(t *testing.T, access string) {
			t.Helper()
			if got := w.ask("DELETE", "/v1/users/account", access); got.status != 204 {
				t.Fatalf("%d %s", got.status, got.body)
			}
		}
		t.Run("who leaves is gone for everybody, and signed out everywhere, at once", func(t *testing.T) {
			w.in(t)
			there(t, true)
			w.live("the phone", phone.AccessToken, "")
			leave(t, m.token())
			w.live("here", m.token(), ended)
			w.live("the phone", phone.AccessToken, ended)
			if _, err := w.refresh(phone.RefreshToken); code(err) != "accounts.refresh-invalid" {
				t.Error(err)
			}
			there(t, false)
		})
		t.Run("address and handle are kept for the time of grace", func(t *testing.T) {
			w.in(t)
			w.watch.turn(c.Auth.DeleteGrace / 2)
			w.use(func(m *accounts.Maintenance) error { return m.Purge(t.Context()) })
			if _, err := again(handle, "x"+email); code(err) != "accounts.handle-taken" {
				t.Error(err)
			}
			if _, err := again("x_"+handle, email); code(err) != "accounts.email-taken" {
				t.Error(err)
			}
		})
		var back api.Credentials
		t.Run("signing in brings back who left, with all that was there", func(t *testing.T) {
			w.in(t)
			if _, err := w.signIn(email, "a guess at it", "phone"); code(err) != "accounts.bad-credentials" {
				t.Error(err)
			}
			there(t, false)
			back, err = w.signIn(email, password, "phone")
			w.must(err)
			there(t, true)
			if back.Account.ID != m.account.ID {
				t.Errorf("as %s", back.Account.ID)
			}
			if _, err := w.refresh(phone.RefreshToken); code(err) != "accounts.refresh-invalid" {
				t.Error("an old session came back as well:", err)
			}
		})
		t.Run("after the time of grace it is for good, and address and handle are free", func(t *testing.T) {
			w.in(t)
			leave(t, back.AccessToken)
			w.watch.turn(c.Auth.DeleteGrace + time.Second)
			if _, err := w.signIn(email, password, "phone"); code(err) != "accounts.bad-credentials" {
				t.Error("too late:", err)
			}
			w.use(func(m *accounts.Maintenance) error { return m.Purge(t.Context()) })
			if _, err := w.signIn(email, password, "phone"); code(err) != "accounts.bad-credentials" {
				t.Error("purged:", err)
			}
			successor, err := again(handle, email)
			w.must(err)
			if successor.ID == m.account.ID {
				t.Error("the account is the same one")
			}
			if got := mainPage(t, stranger); len(got) != 0 {
				t.Errorf("posts are inherited: %v", ids(got))
			}
			if got, err := stranger.ListUserPostsWithResponse(t.Context(), handle, nil); err != nil || len(got.JSON200.Items) != 0 {
				t.Errorf("posts are inherited: %+v, %v", got, err)
			}
			if got := subscribersOf(t, stranger, &member{account: *successor}); len(got) != 0 {
				t.Errorf("subscribers are inherited: %+v", got)
			}
			db := w.database()
			for _, personal := range []string{email, "phone"} {
				if n := count(t, db, `SELECT (SELECT count(*) FROM accounts WHERE id = $1 AND (email = $2 OR email_key = $2 OR bio = $2))
					+ (SELECT count(*) FROM sessions WHERE account = $1)`, m.accountID(), personal); n != 0 {
					t.Errorf("%d rows still tell %s", n, personal)
				}
			}
		})
		w.balanced()
	})
}

func TestRotatingKeys(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		author, buyer, stranger := w.member("author"), w.member("buyer"), w.stranger()
		post := author.post(author.stamped(), priced(5))
		w.give(buyer, 5)
		buyer.purchase(post.ID)
		link := rendition(t, read(t, buyer.Client, post.ID), "w320")
		cursor := func() *string {
			t.Helper()
			one := int64(1)
			resp, err := stranger.ListPostsWithResponse(t.Context(), &api.ListPostsParams{Limit: &one})
			w.must(err)
			return resp.JSON200.NextCursor
		}
		author.post(post.Media[0].ID)
		old := cursor()
		keys := func() (ids []string) {
			resp, err := stranger.JwksWithResponse(t.Context())
			w.must(err)
			for _, key := range resp.JSON200.Keys {
				ids = append(ids, key.Kid)
			}
			return ids
		}
		before := keys()
		if len(before) != 1 {
			t.Fatalf("%q", before)
		}
		file := server.KeyFile(w.config)
		rotate := func() {
			t.Helper()
			w.must(keyring.Rotate(file))
			// A new key rests for some seconds before it signs. They are over.
			past := time.Now().Add(-time.Minute)
			w.must(os.Chtimes(file, past, past))
		}
		valid := func(t *testing.T, want bool) {
			t.Helper()
			got := w.ask("GET", link, buyer.token())
			if want != (got.status == 200) {
				t.Errorf("the old link: %d", got.status)
			}
			one := int64(1)
			if _, err := stranger.ListPostsWithResponse(t.Context(), &api.ListPostsParams{Limit: &one, Cursor: old}); want != (err == nil) {
				t.Errorf("the old cursor: %v", err)
			}
		}

		rotate()
		t.Run("a running server shows both keys, and signs with the new one", func(t *testing.T) {
			w.in(t)
			w.eventually("both keys are shown", func() bool { return len(keys()) == 2 })
			got := keys()
			if got[1] != before[0] || got[0] == before[0] {
				t.Errorf("%q, and before %q", got, before)
			}
			fresh, err := w.signIn(string(buyer.account.Email), password, "phone")
			w.must(err)
			if kid := keyOf(t, fresh.AccessToken); kid != got[0] {
				t.Errorf("signed with %s of %q", kid, got)
			}
			if url := mustURL(t, rendition(t, read(t, buyer.Client, post.ID), "w320")); url.Query().Get("kid") != got[0][:8] {
				t.Errorf("a new link is signed with %s", url.Query().Get("kid"))
			}
		})
		t.Run("what the old key signed stays good", func(t *testing.T) {
			w.in(t)
			w.live("the old token", buyer.token(), "")
			valid(t, true)
		})
		t.Run("also after a restart", func(t *testing.T) {
			w.in(t)
			at := w.server.URL
			w.down()
			w.config.HTTP.Listen = strings.TrimPrefix(at, "http://")
			w.up()
			w.live("the old token", buyer.token(), "")
			valid(t, true)
		})
		t.Run("until it is the fourth", func(t *testing.T) {
			w.in(t)
			rotate()
			w.eventually("three keys are shown", func() bool { return len(keys()) == 3 })
			valid(t, true)
			rotate()
			w.eventually("the first key is gone", func() bool { return !slices.Contains(keys(), before[0]) })
			valid(t, false)
			if got := w.ask("GET", link, ""); got.status != 403 {
				t.Errorf("%d", got.status)
			}
		})
	})
}

// keyOf is the key that a token says it was signed with.
func keyOf(t *testing.T, token string) string {
	t.Helper()
	head, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	var header struct {
		KeyID string `json:"kid"`
	}
	if err := json.Unmarshal(head, &header); err != nil {
		t.Fatal(err)
	}
	return header.KeyID
}
