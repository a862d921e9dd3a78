package e2e

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/mail"
	"github.com/sajin-sns/sajin/sdk/go/api"
	"github.com/sajin-sns/sajin/test/smtptest"
)

func (w *world) answers(want string, err error) {
	w.t.Helper()
	if got := code(err); got != want || want == "" && err != nil {
		w.t.Fatalf("got %v, want %q", err, want)
	}
}

// now is the account as it is.
func (m *member) now() api.Account {
	m.w.t.Helper()
	resp, err := m.GetAccountWithResponse(m.w.t.Context(), nil)
	m.w.must(err)
	return *resp.JSON200
}

func (w *world) verify(secret string) error {
	w.t.Helper()
	_, err := w.stranger().VerifyEmailWithResponse(w.t.Context(), secret)
	return err
}

func (w *world) reset(secret, password string) error {
	w.t.Helper()
	_, err := w.stranger().ResetPasswordWithResponse(w.t.Context(), secret, api.ChosenPassword{Password: password})
	return err
}

func TestMail(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		c.Mail.SiteName = "사진"
		w := start(t, c)
		t.Run("who signs up verifies the address by the link that is mailed", func(t *testing.T) {
			w.in(t)
			hana := w.member("hana")
			if hana.now().EmailVerified {
				t.Error("verified before")
			}
			secret := w.mailed(hana, "verify-email")
			if subject := w.mails(string(hana.account.Email))[0].Subject; !strings.Contains(subject, "사진") {
				t.Error(subject)
			}
			w.answers("accounts.link-invalid", w.verify(strings.Repeat("A", 47)))
			w.answers("", w.verify(secret))
			if !hana.now().EmailVerified {
				t.Error("not verified")
			}
			w.answers("accounts.link-invalid", w.verify(secret))
			_, err := hana.RequestEmailVerificationWithResponse(t.Context())
			w.answers("accounts.email-verified", err)
		})
		t.Run("asked for again, there is a second link, and the first one ends", func(t *testing.T) {
			w.in(t)
			hana := w.member("hana")
			first := w.mailed(hana, "verify-email")
			_, err := hana.RequestEmailVerificationWithResponse(t.Context())
			w.must(err)
			w.eventually("a second letter", func() bool { return len(w.links(string(hana.account.Email), "verify-email")) == 2 })
			w.answers("accounts.link-invalid", w.verify(first))
			links := w.links(string(hana.account.Email), "verify-email")
			second := links[slices.IndexFunc(links, func(l string) bool { return l != first })]
			w.watch.turn(24*time.Hour + time.Second)
			w.answers("accounts.link-invalid", w.verify(second))
		})
		t.Run("who forgot the password gets a new one, and everybody is signed out", func(t *testing.T) { forgetting(t, w) })
		t.Run("the answer is the same for those who are known and those who are not", func(t *testing.T) { sameAnswers(t, w) })
		t.Run("an address is changed by who gets mail there", func(t *testing.T) { moving(t, w) })
	})
}

func forgetting(t *testing.T, w *world) {
	w.in(t)
	hana := w.member("hana")
	email := string(hana.account.Email)
	hana.forget()
	secret := w.mailed(hana, "reset-password")
	w.answers("request.invalid", w.reset(secret, "short"))
	w.answers("accounts.link-invalid", w.verify(secret))
	w.answers("", w.reset(secret, "a new password"))
	w.answers("accounts.link-invalid", w.reset(secret, "another password"))

	_, err := hana.GetAccountWithResponse(t.Context(), nil)
	w.answers("accounts.session-ended", err)
	_, err = w.signIn(email, password, "phone")
	w.answers("accounts.bad-credentials", err)
	_, err = w.signIn(email, "a new password", "phone")
	w.answers("", err)
	w.eventually("a letter that tells of it", func() bool {
		return slices.ContainsFunc(w.mails(email), func(m mail.Message) bool { return strings.HasPrefix(m.Subject, "Your password") })
	})

	hana.forget()
	w.eventually("another link", func() bool { return len(w.links(email, "reset-password")) == 2 })
	links := w.links(email, "reset-password")
	late := links[slices.IndexFunc(links, func(l string) bool { return l != secret })]
	w.watch.turn(31 * time.Minute)
	w.answers("accounts.link-invalid", w.reset(late, "another password"))
}

func sameAnswers(t *testing.T, w *world) {
	w.in(t)
	hana := w.member("hana")
	ask := func(email string) (int, http.Header, []byte) {
		r := w.send("POST", "/v1/password-resets", "", []byte(`{"email":"`+email+`"}`), "Content-Type", "application/json")
		for _, changes := range []string{"X-Request-Id", "Date"} {
			r.header.Del(changes)
		}
		return r.status, r.header, r.body
	}
	status, header, body := ask(string(hana.account.Email))
	if status != http.StatusAccepted || len(body) != 0 {
		t.Fatal(status, string(body))
	}
	for _, stranger := range []string{"nobody_at_all@example.com", "other@example.org"} {
		otherStatus, otherHeader, otherBody := ask(stranger)
		if diff := cmp.Diff(header, otherHeader); status != otherStatus || diff != "" || !bytes.Equal(body, otherBody) {
			t.Error(otherStatus, diff)
		}
	}
	w.mailed(hana, "reset-password")
	if n := len(w.mails("nobody_at_all@example.com")); n != 0 {
		t.Errorf("%d mails to nobody", n)
	}
}

func moving(t *testing.T, w *world) {
	w.in(t)
	hana, bora := w.member("hana"), w.member("bora")
	old, moved := string(hana.account.Email), "new_"+string(hana.account.Email)
	change := func(m *member, email string) error {
		_, err := m.ChangeEmailWithResponse(t.Context(), api.WantedEmail{Email: email})
		return err
	}
	w.answers("accounts.email-taken", change(hana, string(bora.account.Email)))
	w.answers("accounts.email", change(hana, "nowhere"))
	w.watch.turn(11 * time.Minute)
	w.answers("accounts.step-up-required", change(hana, moved))
	_, err := hana.StepUpWithResponse(t.Context(), api.StepUp{Password: "wrong horse battery"})
	w.answers("accounts.wrong-password", err)
	_, err = hana.StepUpWithResponse(t.Context(), api.StepUp{Password: password})
	w.must(err)
	w.answers("", change(hana, moved))
	if own := hana.now(); string(own.Email) != old || own.PendingEmail == nil || string(*own.PendingEmail) != moved {
		t.Errorf("%+v", own)
	}
	secret := w.mailedTo(moved, "verify-email", 1)
	w.answers("", w.verify(secret))
	if own := hana.now(); string(own.Email) != moved || !own.EmailVerified || own.PendingEmail != nil {
		t.Errorf("%+v", own)
	}
	_, err = w.signIn(old, password, "phone")
	w.answers("accounts.bad-credentials", err)
	_, err = w.signIn(moved, password, "phone")
	w.answers("", err)
	w.eventually("a letter to the old address", func() bool {
		return slices.ContainsFunc(w.mails(old), func(m mail.Message) bool { return strings.Contains(m.Subject, "was changed") })
	})
	t.Run("of two who want one address at once one gets it", func(t *testing.T) {
		w.in(t)
		_, err := bora.StepUpWithResponse(t.Context(), api.StepUp{Password: password})
		w.must(err)
		_, err = hana.StepUpWithResponse(t.Context(), api.StepUp{Password: password})
		w.must(err)
		wanted := "wanted_" + old
		w.answers("", change(hana, wanted))
		first := w.mailedTo(wanted, "verify-email", 1)
		w.answers("", change(bora, wanted))
		w.eventually("both links", func() bool { return len(w.links(wanted, "verify-email")) == 2 })
		links := w.links(wanted, "verify-email")
		second := links[slices.IndexFunc(links, func(l string) bool { return l != first })]
		w.answers("", w.verify(first))
		w.answers("accounts.email-taken", w.verify(second))
	})
}

func TestMailServerHasABadDay(t *testing.T) {
	post := smtptest.Start(t, smtptest.Options{User: "sajin", Password: "hunter2"})
	post.Reply(smtptest.Rcpt, 451, "greylisted")
	c := config.Default()
	c.DataDir = t.TempDir()
	c.HTTP.Listen = "127.0.0.1:0"
	c.Mail.URL, c.Mail.From = config.URL(post.URL), "사진 <hello@photos.example.com>"
	w := start(t, c)
	hana := w.member("hana")
	w.eventually("the server was asked", func() bool { return post.Seen(smtptest.Rcpt) > 0 })
	if len(post.Messages()) != 0 {
		t.Fatal("it took the mail")
	}
	t.Run("a mail that waits is sent when the server takes it, also by the next process", func(t *testing.T) {
		w.in(t)
		w.down()
		post.Heal()
		w.watch.turn(time.Hour)
		w.up()
		w.eventually("the mail", func() bool { return len(post.Messages()) == 1 })
		m := post.Messages()[0]
		if m.To != string(hana.account.Email) || m.From != "hello@photos.example.com" || !bytes.Contains(m.Data, []byte("@photos.example.com>\r\n")) {
			t.Errorf("%s to %s: %s", m.From, m.To, m.Data)
		}
	})
	t.Run("a server that is gone is degraded, not down, and no password is told", func(t *testing.T) {
		w.in(t)
		post.Reply(smtptest.Auth, 535, "no")
		w.watch.turn(2 * time.Minute)
		ready := w.ask("GET", "/readyz", "")
		if ready.status != 200 || !bytes.Contains(ready.body, []byte(`"mail"`)) {
			t.Error(ready.status, string(ready.body))
		}
		if strings.Contains(w.log.String(), "hunter2") {
			t.Error("the password is in the log")
		}
	})
}
