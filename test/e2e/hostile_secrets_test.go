package e2e

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/sdk/go/api"
	"github.com/sajin-sns/sajin/test/pgtest"
	"github.com/sajin-sns/sajin/test/s3test"
)

// TestSecretsAreNotLogged does the main job with a server that logs all that it
// can, and some of it wrongly, and looks for what nobody may read in a log.
//
// It runs on what has secrets of its own: a database with a password (which a
// server that trusts its socket does not look at), and a bucket.
func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	c := oneBackend(t)
	c.Limits.Enabled = false
	c.Payments.Sandbox.WebhookSecret = webhookSecret
	c.Database.URL = config.URL(strings.Replace(pgtest.URL(t), "postgres@", "postgres:"+databasePassword+"@", 1))
	bucket := inBucket(t, &c)
	issuer := withIssuer(t, &c)
	w := start(t, c)
	creator, fan := w.member("creator"), w.member("fan")
	secrets := map[string]string{"a password": password, "the webhook secret": strings.TrimPrefix(webhookSecret, "whsec_"), "a refresh token": "sjr_", "a hash": "argon2", "a signature": "sig="}
	keep := func(what, secret string) {
		t.Helper()
		if len(secret) < 8 {
			t.Fatalf("%s is %q", what, secret)
		}
		secrets[what] = secret
	}
	remember := func(what string, m *member) {
		keep(what+"'s access token", m.Tokens().Access)
		keep(what+"'s refresh token", m.Tokens().Refresh)
		keep(what+"'s address", string(m.account.Email))
	}
	remember("the creator", creator)
	remember("the fan", fan)
	keep("the database's password", databasePassword)
	keep("the bucket's key", s3test.SecretKey)
	keep("the client's secret at the issuer", issuer.ClientSecret)
	keep("the client's secret at the issuer, in a form", url.QueryEscape(issuer.ClientSecret))
	w.mailFlows(fan, keep)
	w.signInFlows(creator, keep)

	fan.follow(creator)
	post := creator.post(creator.stamped(), priced(30))
	keep("the link of a part", signature(t, creator.begun(t)))
	top := fan.begin("starter")
	_, secret, _ := strings.Cut(path.Base(top.Client["pay_url"]), "_secret_")
	keep("what pays for a top-up", secret)
	w.must(fan.PlaySandbox(t.Context(), top, api.SandboxAttemptOutcomeSucceeded, api.SandboxAttemptWebhookNow))
	w.eventually("the coins are there", func() bool { return fan.wallet().Total == 100 })
	fan.purchase(post.ID)
	bought := read(t, fan.Client, post.ID)
	for _, r := range bought.Media[0].Renditions {
		keep("the link of "+r.Name, signature(t, r.URL))
		if got := w.ask("GET", r.URL, fan.token()); got.status != http.StatusOK {
			t.Errorf("%s: %d", r.Name, got.status)
		}
		w.ask("GET", r.URL, creator.token()) // whose it is not
		w.ask("GET", strings.Replace(r.URL, "sig=", "sig=x", 1), fan.token())
	}
	for _, a := range []attempt{
		{method: "POST", target: "/v1/sessions", body: []byte(`{"email":"` + string(fan.account.Email) + `","password":"a wrong password"}`)},
		{method: "POST", target: "/v1/sessions", body: []byte(`{"email":"` + string(fan.account.Email) + `","password":"a wrong password"`)},
		{method: "POST", target: "/v1/users", body: []byte(`{"email":"` + string(fan.account.Email) + `","password":"a wrong password","handle":"x"}`)},
		{method: "POST", target: "/v1/sessions/refresh", body: []byte(`{"refresh_token":"` + fan.Tokens().Refresh + `x"}`)},
		{method: "GET", target: "/v1/wallet", header: as(fan.token()+"x", nil)},
		{method: "GET", target: "/v1/wallet?access_token=" + fan.token(), header: as(fan.token(), nil)},
		{method: "POST", target: "/v1/users/account/password", header: as(fan.token(), nil), body: []byte(`{"current_password":"a wrong password","new_password":"the new password"}`)},
		{method: "POST", target: "/v1/webhooks/sandbox", header: http.Header{"Webhook-Signature": {"v1,c2VjcmV0IHNpZ25hdHVyZQ=="}}, body: []byte(`{}`)},
	} {
		refused(t, a, send(t, w.server.URL, a))
	}
	keep("a wrong password", "a wrong password")
	keep("a signature of a webhook", "c2VjcmV0IHNpZ25hdHVyZQ")
	_, err := fan.ChangePasswordWithResponse(t.Context(), api.ChangedPassword{CurrentPassword: password, NewPassword: "the new password"})
	w.must(err)
	keep("a new password", "the new password")
	again := w.stranger()
	_, err = again.SignInWith(t.Context(), string(fan.account.Email), "the new password")
	w.must(err)
	remember("the fan again", &member{again, w, fan.account})
	w.must(again.SignOutNow(t.Context()))
	w.struggles(bucket.Name)
	w.down()

	pem, err := os.ReadFile(server.KeyFile(c))
	w.must(err)
	keep("the signing key", strings.Split(string(pem), "\n")[1])
	log := w.log.String()
	if strings.Count(log, `"msg":"request"`) < 20 || !strings.Contains(log, "DEBUG") || strings.Count(log, "started on what is not there") != 3 {
		t.Fatalf("the log says too little for this test: %s", log)
	}
	for what, secret := range secrets {
		for line := range strings.Lines(log) {
			if strings.Contains(line, secret) {
				t.Errorf("the log holds %s: %s", what, line)
				break
			}
		}
	}
}

const databasePassword = "hunter2-of-the-database"

// mailFlows goes through what is mailed, rightly and wrongly.
func (w *world) mailFlows(fan *member, keep func(what, secret string)) {
	w.t.Helper()
	confirm := w.mailed(fan, "verify-email")
	keep("a link that verifies", confirm)
	w.answers("accounts.link-invalid", w.reset(confirm, "a password by mail"))
	w.answers("", w.verify(confirm))
	w.answers("accounts.link-invalid", w.verify(confirm))
	forgetful := w.member("forgetful")
	forgetful.forget()
	link := w.mailed(forgetful, "reset-password")
	keep("a link that resets", link)
	w.answers("request.invalid", w.reset(link, "short"))
	w.answers("", w.reset(link, "a password by mail"))
	keep("a password by mail", "a password by mail")
	w.answers("accounts.link-invalid", w.reset(link+"x", "a password by mail"))
	moved := "moved" + string(forgetful.account.Email)
	keep("an address to move to", moved)
	again := w.stranger()
	_, err := again.SignInWith(w.t.Context(), string(forgetful.account.Email), "a password by mail")
	w.must(err)
	_, err = again.ChangeEmailWithResponse(w.t.Context(), api.WantedEmail{Email: moved})
	w.must(err)
	keep("a link that moves", w.mailedTo(moved, "verify-email", 1))
	w.ask("GET", "/verify-email?token="+confirm, "") // whoever takes the fragment for a query
	w.ask("GET", "/v1/password-resets/"+link, "")
}

// signInFlows goes through an identity provider, and through devices.
func (w *world) signInFlows(creator *member, keep func(what, secret string)) {
	w.t.Helper()
	b := w.browser()
	callback := b.depart("/library")
	query := mustURL(w.t, callback).Query()
	keep("the issuer's code", query.Get("code"))
	keep("the state", query.Get("state"))
	_, fragment := b.arrive(callback)
	code := fragment.Get("sign_in_code")
	keep("a sign-in code", code)
	for _, cookie := range b.client.Jar.Cookies(mustURL(w.t, w.server.URL+"/v1/auth/sessions")) {
		keep("the cookie "+cookie.Name, cookie.Value)
	}
	granted, _ := b.redeem(code)
	keep("an access token by code", granted.AccessToken)
	keep("a refresh token by code", granted.RefreshToken)
	b.redeem(code)
	b.arrive(callback)
	b.arrive(strings.Replace(callback, "state=", "state=x", 1))
	w.browser().link(creator.token())
	in, err := w.signIn(string(creator.account.Email), password, "phone")
	w.must(err)
	if in.DeviceToken != nil {
		keep("a device token", *in.DeviceToken)
		w.send("POST", "/v1/sessions", "", []byte(`{"email":"`+string(creator.account.Email)+`","password":"a wrong password","device_token":"`+*in.DeviceToken+`"}`), "Content-Type", "application/json")
	} else {
		w.t.Error("signing in gives no device token")
	}
	fresh, err := w.refresh(in.RefreshToken)
	w.must(err)
	keep("a refreshed token", fresh.RefreshToken)
	w.watch.turn(time.Minute)
	_, err = w.refresh(in.RefreshToken)
	w.answers("accounts.refresh-reused", err)
	w.watch.turn(-time.Minute)
}

// struggles has a server fail to start, which it says why.
func (w *world) struggles(bucket string) {
	w.t.Helper()
	for what, change := range map[string]func(c *config.Config){
		"no such database": func(c *config.Config) {
			c.Database.URL = config.URL("postgres://sajin:" + databasePassword + "@127.0.0.1:1/sajin")
		},
		"no such bucket": func(c *config.Config) {
			c.Blob.URL = config.URL(strings.Replace(c.Blob.URL.Reveal(), bucket, "no-such-bucket", 1))
		},
		"no such mail server": func(c *config.Config) {
			c.Mail.URL = config.URL("smtp://sajin:" + databasePassword + "@127.0.0.1:1")
		},
	} {
		c := w.config
		change(&c)
		log := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s, err := server.Start(w.t.Context(), c, server.Options{Log: log})
		log.Info("started on what is not there", "what", what, "error", fmt.Sprint(err), "config", fmt.Sprintf("%v %+v", c, c))
		if err == nil {
			w.must(s.Stop(w.t.Context()))
		}
	}
}

// begun is the link of the first part of an upload.
func (m *member) begun(t *testing.T) string {
	t.Helper()
	return m.open(false).Parts[0].URL
}

func signature(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return cmp.Or(u.Query().Get("sig"), u.Query().Get("X-Amz-Signature"))
}
