package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/sdk/go/api"
	"github.com/sajin-sns/sajin/test/oidctest"
)

// withIssuer configures an identity provider that is called google.
func withIssuer(t *testing.T, c *config.Config) *oidctest.Issuer {
	t.Helper()
	issuer := oidctest.Start(t)
	c.Auth.OIDC = map[string]config.OIDC{
		"google": {Issuer: issuer.URL, ClientID: issuer.ClientID, ClientSecret: config.Secret(issuer.ClientSecret)},
	}
	return issuer
}

// browser is one that keeps cookies, and is led by hand from page to page.
type browser struct {
	w      *world
	client http.Client
}

func (w *world) browser() *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	w.must(err)
	return &browser{w, http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) do(method, link, token string, body any) reply {
	b.w.t.Helper()
	if strings.HasPrefix(link, "/") {
		link = b.w.server.URL + link
	}
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		b.w.must(err)
		sent = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(b.w.t.Context(), method, link, sent)
	b.w.must(err)
	req.Header = as(token, nil)
	resp, err := b.client.Do(req)
	b.w.must(err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	b.w.must(err)
	return reply{resp.StatusCode, resp.Header, got}
}

// follow opens a page that must send the browser elsewhere, and answers where.
func (b *browser) follow(link string) string {
	b.w.t.Helper()
	got := b.do("GET", link, "", nil)
	if got.status != http.StatusFound && got.status != http.StatusSeeOther {
		b.w.t.Fatalf("%s: %d %s", link, got.status, got.body)
	}
	return got.header.Get("Location")
}

// depart begins to sign in, and is about to come back with the issuer's answer.
func (b *browser) depart(returnTo string) (callback string) {
	b.w.t.Helper()
	return b.follow(b.follow("/v1/auth/google/start?return_to=" + url.QueryEscape(returnTo)))
}

// arrive comes back, and answers where the browser ends up.
func (b *browser) arrive(callback string) (path string, fragment url.Values) {
	b.w.t.Helper()
	path, text, _ := strings.Cut(b.follow(callback), "#")
	fragment, err := url.ParseQuery(text)
	b.w.must(err)
	return path, fragment
}

// redeem exchanges a code for a session.
func (b *browser) redeem(code string) (api.Credentials, reply) {
	b.w.t.Helper()
	got := b.do("POST", "/v1/auth/sessions", "", map[string]string{"code": code})
	var c api.Credentials
	if got.status == http.StatusCreated {
		b.w.must(json.Unmarshal(got.body, &c))
	}
	return c, got
}

// signIn goes all the way, which must work.
func (b *browser) signIn() api.Credentials {
	b.w.t.Helper()
	_, fragment := b.arrive(b.depart("/"))
	c, got := b.redeem(fragment.Get("sign_in_code"))
	if got.status != http.StatusCreated {
		b.w.t.Fatalf("%v: %d %s", fragment, got.status, got.body)
	}
	return c
}

// refused goes as far as the issuer's answer, and answers why it ends there.
func (b *browser) refused() string {
	b.w.t.Helper()
	_, fragment := b.arrive(b.depart("/"))
	if fragment.Has("sign_in_code") {
		b.w.t.Error("it was not refused")
	}
	return fragment.Get("sign_in_error")
}

// toGo begins what needs an access token and sends the browser to the issuer.
func (b *browser) toGo(token, link string, body map[string]string) (callback string) {
	b.w.t.Helper()
	got := b.do("POST", link, token, body)
	var to struct{ URL string }
	if err := json.Unmarshal(got.body, &to); got.status != http.StatusOK || err != nil {
		b.w.t.Fatalf("%s: %d %s", link, got.status, got.body)
	}
	return b.follow(to.URL)
}

func (b *browser) link(token string) url.Values {
	b.w.t.Helper()
	_, fragment := b.arrive(b.toGo(token, "/v1/users/account/identities", map[string]string{"provider": "google", "return_to": "/settings"}))
	return fragment
}

// identities are one's own.
func (w *world) identities(token string) []api.IdentityView {
	w.t.Helper()
	var list api.IdentityList
	got := w.ask("GET", "/v1/users/account/identities", token)
	if err := json.Unmarshal(got.body, &list); got.status != http.StatusOK || err != nil {
		w.t.Fatalf("%d %s", got.status, got.body)
	}
	return list.Items
}

func TestSigningInWithAnIdentityProvider(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		issuer := withIssuer(t, &c)
		w := start(t, c)
		issuer.Now = w.watch.now
		db := w.database()
		rows := func() int64 {
			return count(t, db, `SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM identities) + (SELECT count(*) FROM sessions)`)
		}
		person := func(subject, email string) {
			issuer.SignIn(oidctest.Person{Subject: subject, Email: email, EmailVerified: true, Name: "Hana Kim"})
		}

		t.Run("the server tells that one can", func(t *testing.T) {
			w.in(t)
			resp, err := w.stranger().ServiceWithResponse(t.Context())
			w.must(err)
			if !strings.Contains(strings.Join(resp.JSON200.Capabilities, " "), "signin.google") {
				t.Error(resp.JSON200.Capabilities)
			}
		})
		t.Run("whoever comes first gets an account, and then comes back to it", func(t *testing.T) {
			w.in(t)
			person("first", "hana@example.com")
			b := w.browser()
			path, fragment := b.arrive(b.depart("/library?tab=new"))
			if path != "/library?tab=new" || len(fragment) != 1 {
				t.Errorf("ended up at %s with %v", path, fragment)
			}
			first, got := b.redeem(fragment.Get("sign_in_code"))
			if got.status != 201 || first.Account.Handle != "hana_kim" || first.Account.DisplayName != "Hana Kim" || first.Account.Email != "hana@example.com" || !first.Account.EmailVerified || first.TokenType != "Bearer" {
				t.Errorf("%d %s", got.status, got.body)
			}
			w.live("the first session", first.AccessToken, "")
			if got := w.identities(first.AccessToken); len(got) != 1 || got[0].Provider != "google" || got[0].Email != "hana@example.com" {
				t.Error(got)
			}
			again := w.browser().signIn()
			if again.Account.ID != first.Account.ID {
				t.Errorf("%s is not %s", again.Account.ID, first.Account.ID)
			}
			if _, err := w.refresh(again.RefreshToken); err != nil {
				t.Error(err)
			}
		})
		t.Run("also when the address at the provider has become another one", func(t *testing.T) {
			w.in(t)
			person("first", "married@example.com")
			if got := w.browser().signIn(); got.Account.Email != "hana@example.com" {
				t.Error(got.Account)
			}
		})
		t.Run("a name that is taken gets a number", func(t *testing.T) {
			w.in(t)
			person("second", "other.hana@example.com")
			if got := w.browser().signIn(); !strings.HasPrefix(got.Account.Handle, "hana_kim_") || len(got.Account.Handle) != len("hana_kim_123456") {
				t.Error(got.Account.Handle)
			}
		})
		t.Run("without an address there is no account", func(t *testing.T) {
			w.in(t)
			before := rows()
			person("third", "")
			if got := w.browser().refused(); got != "accounts.no-address" {
				t.Error(got)
			}
			if rows() != before {
				t.Error("there are rows of it")
			}
		})
		t.Run("such an account has no password to sign in with, and says what can be done", func(t *testing.T) {
			w.in(t)
			person("first", "hana@example.com")
			mine := w.browser().signIn()
			for _, guess := range []string{"", "password", "argon2id"} {
				if _, err := w.signIn("hana@example.com", guess, "x"); code(err) != "accounts.bad-credentials" {
					t.Error(err)
				}
			}
			got := w.send("POST", "/v1/users/account/password", mine.AccessToken, []byte(`{"current_password":"","new_password":"a new password"}`))
			if got.problem().Code != "accounts.no-password" {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
		t.Run("an account with the same address that nobody has verified stays its own", func(t *testing.T) {
			w.in(t)
			mina := w.member("mina")
			before := rows()
			person("mina at google", string(mina.account.Email))
			if got := w.browser().refused(); got != "accounts.link-sign-in-first" {
				t.Error(got)
			}
			if rows() != before {
				t.Error("there are rows of it")
			}
		})
		t.Run("one whose address both sides have verified is joined, and keeps its password", func(t *testing.T) {
			w.in(t)
			yuna := w.member("yuna")
			w.must(w.verify(w.mailed(yuna, "verify-email")))
			issuer.SignIn(oidctest.Person{Subject: "yuna at google", Email: string(yuna.account.Email)})
			if got := w.browser().refused(); got != "accounts.link-sign-in-first" {
				t.Error("the provider has not:", got)
			}
			person("yuna at google", strings.ToUpper(string(yuna.account.Email)))
			if got := w.browser().signIn(); got.Account.ID != yuna.account.ID {
				t.Error(got.Account)
			}
			if _, err := w.signIn(string(yuna.account.Email), password, "x"); err != nil {
				t.Error(err)
			}
		})
		t.Run("who has no password sets one by a reset, and needs the provider no more", func(t *testing.T) {
			w.in(t)
			person("sora at google", "sora@example.com")
			w.browser().signIn()
			_, err := w.stranger().RequestPasswordResetWithResponse(t.Context(), api.WantedEmail{Email: "sora@example.com"})
			w.must(err)
			w.must(w.reset(w.mailedTo("sora@example.com", "reset-password", 1), "a password of her own"))
			sora, err := w.signIn("sora@example.com", "a password of her own", "x")
			w.must(err)
			one := w.identities(sora.AccessToken)
			if len(one) != 1 {
				t.Fatal(one)
			}
			if got := w.ask("DELETE", "/v1/users/account/identities/"+one[0].ID.String(), sora.AccessToken); got.status != 204 {
				t.Errorf("%d %s", got.status, got.body)
			}
			if got := w.browser().signIn(); got.Account.ID != sora.Account.ID {
				t.Error("the address is verified on both sides, and still another account is made")
			}
		})
		t.Run("who has left comes back, within the time of grace, and not after it", func(t *testing.T) {
			w.in(t)
			person("leaver", "leaver@example.com")
			mine := w.browser().signIn()
			if got := w.ask("DELETE", "/v1/users/account", mine.AccessToken); got.status != 204 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			back := w.browser().signIn()
			if back.Account.ID != mine.Account.ID {
				t.Error("as somebody else")
			}
			if got := w.ask("DELETE", "/v1/users/account", back.AccessToken); got.status != 204 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			w.watch.turn(c.Auth.DeleteGrace + time.Second)
			defer w.watch.turn(-c.Auth.DeleteGrace - time.Second)
			if got := w.browser().refused(); got != "accounts.sign-in-refused" {
				t.Error(got)
			}
		})
	})
}

func TestLinkingAnIdentity(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		issuer := withIssuer(t, &c)
		w := start(t, c)
		issuer.Now = w.watch.now
		mina, bora := w.member("mina"), w.member("bora")
		work := oidctest.Person{Subject: "mina at google", Email: "mina@work.example.com", EmailVerified: true, Name: "Mina"}
		issuer.SignIn(work)
		t.Run("an identity that is linked signs in to the account, whatever its address", func(t *testing.T) {
			w.in(t)
			b := w.browser()
			path, fragment := b.arrive(b.toGo(mina.token(), "/v1/users/account/identities", map[string]string{"provider": "google", "return_to": "/settings"}))
			if path != "/settings" || fragment.Get("identity_linked") != "google" || len(fragment) != 1 {
				t.Error(path, fragment)
			}
			if got := w.browser().signIn(); got.Account.ID != mina.account.ID {
				t.Error(got.Account)
			}
			if got := w.identities(mina.token()); len(got) != 1 || got[0].Email != work.Email {
				t.Error(got)
			}
		})
		t.Run("again changes nothing", func(t *testing.T) {
			w.in(t)
			if got := w.browser().link(mina.token()); got.Get("identity_linked") != "google" {
				t.Error(got)
			}
			if got := w.identities(mina.token()); len(got) != 1 {
				t.Error(got)
			}
		})
		t.Run("it cannot be another account's, too", func(t *testing.T) {
			w.in(t)
			if got := w.browser().link(bora.token()); got.Get("sign_in_error") != "accounts.identity-taken" {
				t.Error(got)
			}
			if got := w.identities(bora.token()); len(got) != 0 {
				t.Error(got)
			}
		})
		t.Run("nobody unlinks that of others", func(t *testing.T) {
			w.in(t)
			id := w.identities(mina.token())[0].ID
			if _, err := bora.UnlinkIdentityWithResponse(t.Context(), id); code(err) != "accounts.identity-not-found" {
				t.Error(err)
			}
		})
		t.Run("what is unlinked signs in no more", func(t *testing.T) {
			w.in(t)
			b := w.browser()
			_, fragment := b.arrive(b.depart("/"))
			_, err := mina.UnlinkIdentityWithResponse(t.Context(), w.identities(mina.token())[0].ID)
			w.must(err)
			if _, got := b.redeem(fragment.Get("sign_in_code")); got.problem().Code != "accounts.sign-in-code" {
				t.Errorf("with a code from before: %d %s", got.status, got.body)
			}
			if got := w.browser().signIn(); got.Account.ID == mina.account.ID {
				t.Error("it still does")
			}
		})
		t.Run("the only way to sign in stays", func(t *testing.T) {
			w.in(t)
			only := w.browser().signIn()
			one := w.identities(only.AccessToken)
			got := w.ask("DELETE", "/v1/users/account/identities/"+one[0].ID.String(), only.AccessToken)
			if got.problem().Code != "accounts.last-sign-in" || got.status != 409 {
				t.Errorf("%d %s", got.status, got.body)
			}
			issuer.SignIn(oidctest.Person{Subject: "another", Email: "a@example.com"})
			if got := w.browser().link(only.AccessToken); got.Get("identity_linked") != "google" {
				t.Fatal(got)
			}
			if got := w.ask("DELETE", "/v1/users/account/identities/"+one[0].ID.String(), only.AccessToken); got.status != 204 {
				t.Errorf("one of two: %d %s", got.status, got.body)
			}
			if got := w.identities(only.AccessToken); len(got) != 1 || got[0].ID == one[0].ID {
				t.Error(got)
			}
		})
		t.Run("who is signed out meanwhile links nothing", func(t *testing.T) {
			w.in(t)
			issuer.SignIn(oidctest.Person{Subject: "late", Email: "late@example.com"})
			phone, err := w.signIn(string(bora.account.Email), password, "phone")
			w.must(err)
			b := w.browser()
			callback := b.toGo(phone.AccessToken, "/v1/users/account/identities", map[string]string{"provider": "google"})
			if got := w.ask("DELETE", "/v1/sessions/current", phone.AccessToken); got.status != 204 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if _, got := b.arrive(callback); got.Get("sign_in_error") != ended {
				t.Error(got)
			}
			if got := w.identities(bora.token()); len(got) != 0 {
				t.Error(got)
			}
		})
		t.Run("an old session must prove itself first, and the provider can vouch for it", func(t *testing.T) {
			w.in(t)
			owner := oidctest.Person{Subject: "owner", Email: "owner@example.com", EmailVerified: true, Name: "Owner"}
			issuer.SignIn(owner)
			only := w.browser().signIn()
			w.watch.turn(c.Auth.StepUpTTL)
			defer w.watch.turn(-c.Auth.StepUpTTL)
			needs := func(want bool) {
				t.Helper()
				got := w.send("POST", "/v1/users/account/identities", only.AccessToken, []byte(`{"provider":"google"}`))
				if (got.problem().Code == "accounts.step-up-required") != want {
					t.Errorf("%d %s", got.status, got.body)
				}
			}
			prove := func() url.Values {
				b := w.browser()
				_, fragment := b.arrive(b.toGo(only.AccessToken, "/v1/sessions/current/step-up/google", map[string]string{}))
				return fragment
			}
			needs(true)
			if got := w.send("POST", "/v1/sessions/current/step-up", only.AccessToken, []byte(`{"password":""}`)); got.problem().Code != "accounts.no-password" {
				t.Errorf("%d %s", got.status, got.body)
			}
			issuer.Lie(oidctest.Lies{StaleAuth: true})
			if got := prove(); got.Get("sign_in_error") != "accounts.no-proof" {
				t.Error("without signing in anew:", got)
			}
			issuer.Lie(oidctest.Lies{})
			issuer.SignIn(oidctest.Person{Subject: "somebody else", Email: "x@example.com"})
			w.browser().signIn() // with an account of their own
			if got := prove(); got.Get("sign_in_error") != "accounts.identity-not-found" {
				t.Error("as somebody else:", got)
			}
			needs(true)
			issuer.SignIn(owner)
			if got := prove(); got.Get("identity_proved") != "google" {
				t.Error(got)
			}
			needs(false)
		})
	})
}

func TestIdentityProvidersThatAreNotRight(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		issuer := withIssuer(t, &c)
		issuer.Lie(oidctest.Lies{Down: true})
		w := start(t, c)
		issuer.Now = w.watch.now
		db := w.database()
		t.Run("one that is down at the start stops nothing but itself", func(t *testing.T) {
			w.in(t)
			mina := w.member("mina")
			w.live("with a password", mina.token(), "")
			got := w.ask("GET", "/v1/auth/google/start", "")
			if got.status != 503 || got.problem().Code != "accounts.provider-unavailable" {
				t.Errorf("%d %s", got.status, got.body)
			}
			if got := w.ask("GET", "/readyz", ""); got.status != 200 || !strings.Contains(string(got.body), `"oidc.google"`) {
				t.Errorf("%d %s", got.status, got.body)
			}
			if got := w.ask("GET", "/v1/auth/nobody/start", ""); got.status != 404 || got.problem().Code != "accounts.no-such-provider" {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
		issuer.Lie(oidctest.Lies{})
		w.watch.turn(10 * time.Second)
		rows := func() int64 {
			return count(t, db, `SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM identities) + (SELECT count(*) FROM sessions)
				+ (SELECT count(*) FROM one_time_tokens WHERE used_at IS NULL AND purpose LIKE 'accounts.sign-in%')`)
		}
		before := rows()
		for what, l := range map[string]struct {
			lies oidctest.Lies
			want string
		}{
			"a wrong key":          {oidctest.Lies{WrongKey: true}, "accounts.sign-in-refused"},
			"a wrong nonce":        {oidctest.Lies{WrongNonce: true}, "accounts.sign-in-refused"},
			"a wrong audience":     {oidctest.Lies{WrongAudience: true}, "accounts.sign-in-refused"},
			"a wrong issuer":       {oidctest.Lies{WrongIssuer: true}, "accounts.sign-in-refused"},
			"an expired token":     {oidctest.Lies{Expired: true}, "accounts.sign-in-refused"},
			"a clock that is fast": {oidctest.Lies{Ahead: time.Hour}, "accounts.sign-in-refused"},
			"no signature":         {oidctest.Lies{Algorithm: "none"}, "accounts.sign-in-refused"},
			"a secret's signature": {oidctest.Lies{Algorithm: "HS256"}, "accounts.sign-in-refused"},
			"no token":             {oidctest.Lies{NoToken: true}, "accounts.sign-in-refused"},
			"a refusal":            {oidctest.Lies{Denies: true}, "accounts.sign-in-denied"},
			"too long an answer":   {oidctest.Lies{Huge: "/token"}, "accounts.provider-unavailable"},
			"no answer":            {oidctest.Lies{Huge: "/jwks"}, "accounts.provider-unavailable"},
		} {
			t.Run(what+" signs nobody in", func(t *testing.T) {
				w.in(t)
				issuer.Rotate(t) // so that keys are asked for
				issuer.Lie(l.lies)
				defer issuer.Lie(oidctest.Lies{})
				if got := w.browser().refused(); got != l.want {
					t.Errorf("%s instead of %s", got, l.want)
				}
				if got := rows(); got != before {
					t.Errorf("%d rows, before %d", got, before)
				}
			})
		}
		t.Run("the log says why", func(t *testing.T) {
			log := w.log.String()
			for _, why := range []string{"not signed with a key of the issuer", "answer to another request", "for somebody else", "of another issuer", "has expired", "of the future"} {
				if !strings.Contains(log, why) {
					t.Errorf("not: %s", why)
				}
			}
			if strings.Contains(log, issuer.ClientSecret) {
				t.Error("it holds the client's secret")
			}
		})
		t.Run("metrics tell it apart", func(t *testing.T) {
			w.in(t)
			got := string(w.ask("GET", "/metrics", "").body)
			for _, outcome := range []string{"unavailable", "signature", "nonce", "audience", "issuer", "expired", "clock", "malformed"} {
				if !strings.Contains(got, `sajin_identity_provider_operations_total{operation="exchange",outcome="`+outcome+`",provider="google"} `) {
					t.Errorf("not: %s", outcome)
				}
			}
		})
		t.Run("and then it works", func(t *testing.T) {
			w.in(t)
			w.browser().signIn()
		})
	})
}

func TestNobodyIsSignedInByAnother(t *testing.T) {
	c := oneBackend(t)
	issuer := withIssuer(t, &c)
	w := start(t, c)
	issuer.Now = w.watch.now
	t.Run("an answer that another browser went for is refused", func(t *testing.T) {
		w.in(t)
		callback := w.browser().depart("/")
		if path, got := w.browser().arrive(callback); path != "/" || got.Get("sign_in_error") != "accounts.sign-in-expired" {
			t.Error("without a cookie:", path, got)
		}
		victim := w.browser()
		victim.depart("/")
		if _, got := victim.arrive(callback); got.Get("sign_in_error") != "accounts.sign-in-expired" {
			t.Error("with a cookie of its own:", got)
		}
	})
	t.Run("a code that another browser was given is refused, and stays good for that", func(t *testing.T) {
		w.in(t)
		attacker, victim := w.browser(), w.browser()
		_, fragment := attacker.arrive(attacker.depart("/"))
		code := fragment.Get("sign_in_code")
		if _, got := victim.redeem(code); got.status != 401 || got.problem().Code != "accounts.sign-in-code" {
			t.Errorf("%d %s", got.status, got.body)
		}
		victim.arrive(victim.depart("/"))
		if _, got := victim.redeem(code); got.status != 401 {
			t.Errorf("%d %s", got.status, got.body)
		}
		if _, got := attacker.redeem(code); got.status != 201 {
			t.Errorf("%d %s", got.status, got.body)
		}
		if _, got := attacker.redeem(code); got.status != 401 {
			t.Errorf("a second time: %d %s", got.status, got.body)
		}
	})
	t.Run("a state that was changed is refused", func(t *testing.T) {
		w.in(t)
		b := w.browser()
		back := mustURL(t, b.depart("/"))
		q := back.Query()
		q.Set("state", q.Get("state")[1:]+"A")
		back.RawQuery = q.Encode()
		if _, got := b.arrive(back.String()); got.Get("sign_in_error") != "accounts.sign-in-expired" {
			t.Error(got)
		}
	})
	t.Run("an answer is good once, and for ten minutes; a code for one", func(t *testing.T) {
		w.in(t)
		b := w.browser()
		callback := b.depart("/")
		cookies := b.client.Jar.Cookies(mustURL(t, w.server.URL))
		if _, got := b.arrive(callback); !got.Has("sign_in_code") {
			t.Fatal(got)
		}
		b.client.Jar.SetCookies(mustURL(t, w.server.URL), cookies)
		asked := issuer.Asked("/token")
		if _, got := b.arrive(callback); got.Get("sign_in_error") != "accounts.sign-in-expired" || issuer.Asked("/token") != asked {
			t.Error("a second time:", got)
		}
		slow := w.browser()
		callback = slow.depart("/")
		w.watch.turn(10 * time.Minute)
		if _, got := slow.arrive(callback); got.Get("sign_in_error") != "accounts.sign-in-expired" {
			t.Error("late:", got)
		}
		_, fragment := slow.arrive(slow.depart("/"))
		w.watch.turn(time.Minute)
		if _, got := slow.redeem(fragment.Get("sign_in_code")); got.problem().Code != "accounts.sign-in-code" {
			t.Errorf("a late code: %d %s", got.status, got.body)
		}
	})
	t.Run("the cookie is for this server alone, and out of reach of scripts", func(t *testing.T) {
		w.in(t)
		got := w.ask("GET", "/v1/auth/google/start", "")
		cookie, err := http.ParseSetCookie(got.header.Get("Set-Cookie"))
		w.must(err)
		if cookie.Name != "sajin_oidc" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.MaxAge != 600 || cookie.Domain != "" {
			t.Error(cookie)
		}
		link := mustURL(t, got.header.Get("Location")).Query()
		for _, secret := range []string{link.Get("state"), link.Get("nonce"), link.Get("code_challenge")} {
			if len(secret) != 43 || strings.Contains(cookie.Value, secret) {
				t.Errorf("%q in %s", secret, cookie.Value)
			}
		}
	})
	t.Run("a browser is sent back to this server only", func(t *testing.T) {
		w.in(t)
		for _, path := range []string{
			"https://evil.example.com", "//evil.example.com", "/\\evil.example.com", "\\/evil.example.com", "/\t/evil.example.com", "evil", "/a b", "/a#sign_in_code=x",
			"javascript:alert(1)", "/\n", "/한", "/%zz", "/" + strings.Repeat("a", 512), " /a",
		} {
			if got := w.ask("GET", "/v1/auth/google/start?return_to="+url.QueryEscape(path), ""); got.status != 422 || got.header.Get("Location") != "" {
				t.Errorf("%q: %d %s %s", path, got.status, got.header.Get("Location"), got.body)
			}
		}
	})
	t.Run("on https the cookie is bound to the host", func(t *testing.T) {
		w.in(t)
		c := w.config
		c.HTTP.PublicURL = "https://photos.example.com"
		got := httptest.NewRecorder()
		w.must(server.Use(t.Context(), c, server.Options{}, func(api *httpapi.API) {
			api.ServeHTTP(got, httptest.NewRequest("GET", "/v1/auth/google/start", nil))
		}))
		cookie, err := http.ParseSetCookie(got.Header().Get("Set-Cookie"))
		w.must(err)
		if cookie.Name != "__Host-sajin_oidc" || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" {
			t.Error(cookie)
		}
		if to := mustURL(t, got.Header().Get("Location")).Query().Get("redirect_uri"); to != "https://photos.example.com/v1/auth/google/callback" {
			t.Error(to)
		}
	})
}

func TestSigningInAtOnce(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		issuer := withIssuer(t, &c)
		w := start(t, c)
		db := w.database()
		const many = 4
		atOnce := func(do func(n int)) {
			var all sync.WaitGroup
			for n := range many {
				all.Go(func() { do(n) })
			}
			all.Wait()
		}
		t.Run("one answer shown many times at once signs in once", func(t *testing.T) {
			w.in(t)
			issuer.SignIn(oidctest.Person{Subject: "one", Email: "one@example.com", EmailVerified: true})
			b := w.browser()
			callback := b.depart("/")
			cookies := b.client.Jar.Cookies(mustURL(t, w.server.URL))
			fragments := make([]url.Values, many)
			atOnce(func(n int) {
				twin := w.browser()
				twin.client.Jar.SetCookies(mustURL(t, w.server.URL), cookies)
				_, fragments[n] = twin.arrive(callback)
			})
			codes := 0
			for _, f := range fragments {
				if f.Has("sign_in_code") {
					codes++
				}
			}
			if codes != 1 || count(t, db, `SELECT count(*) FROM accounts WHERE email_key = 'one@example.com'`) != 1 {
				t.Error(fragments)
			}
		})
		t.Run("many first sign-ins at once make one account", func(t *testing.T) {
			w.in(t)
			issuer.SignIn(oidctest.Person{Subject: "two", Email: "two@example.com", EmailVerified: true, Name: "Two"})
			browsers, callbacks := make([]*browser, many), make([]string, many)
			for n := range many {
				browsers[n] = w.browser()
				callbacks[n] = browsers[n].depart("/")
			}
			got := make([]api.Credentials, many)
			atOnce(func(n int) {
				_, fragment := browsers[n].arrive(callbacks[n])
				got[n], _ = browsers[n].redeem(fragment.Get("sign_in_code"))
			})
			for _, c := range got {
				if c.AccessToken == "" || c.Account.ID != got[0].Account.ID {
					t.Errorf("%+v", got)
				}
			}
			if n := count(t, db, `SELECT count(*) FROM accounts WHERE email_key = 'two@example.com'`); n != 1 {
				t.Errorf("%d accounts", n)
			}
			if n := count(t, db, `SELECT count(*) FROM identities WHERE subject = 'two'`); n != 1 {
				t.Errorf("%d identities", n)
			}
		})
		t.Run("one code shown many times at once opens one session", func(t *testing.T) {
			w.in(t)
			b := w.browser()
			_, fragment := b.arrive(b.depart("/"))
			before := count(t, db, `SELECT count(*) FROM sessions`)
			atOnce(func(int) { b.redeem(fragment.Get("sign_in_code")) })
			if n := count(t, db, `SELECT count(*) FROM sessions`) - before; n != 1 {
				t.Errorf("%d sessions", n)
			}
		})
	})
}
