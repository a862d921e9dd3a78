package e2e

import (
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// TestSecretsAreNotLogged does the main job with a server that logs all that it
// can, and some of it wrongly, and looks for what nobody may read in a log.
func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	c := oneBackend(t)
	c.Payments.Sandbox.WebhookSecret = webhookSecret
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
	w.down()

	pem, err := os.ReadFile(server.KeyFile(c))
	w.must(err)
	keep("the signing key", strings.Split(string(pem), "\n")[1])
	log := w.log.String()
	if strings.Count(log, `"msg":"request"`) < 20 || !strings.Contains(log, "DEBUG") {
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
	return u.Query().Get("sig")
}
