package httpapi_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/app/accounts"
)

// deliver sends the letters that wait.
func (s *accountServer) deliver() {
	s.t.Helper()
	for {
		l, ok, err := s.queue.Claim(s.t.Context(), []string{accounts.MailJob}, time.Minute)
		if err == nil && ok {
			err = s.postman.Worker().Run(s.t.Context(), l)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		if !ok {
			return
		}
	}
}

// link is the path of the last link that an address was mailed, and its secret.
func (s *accountServer) link(to string) (page, secret string) {
	s.t.Helper()
	s.deliver()
	m, ok := s.mailbox.Last(to)
	found := regexp.MustCompile(`https://sajin\.test(/[a-z-]+)#(\S+)`).FindStringSubmatch(m.Text)
	if !ok || found == nil {
		s.t.Fatalf("no link in %q", m.Text)
	}
	return found[1], found[2]
}

func TestMailedLinks(t *testing.T) {
	const reset = "/v1/password-resets/"
	t.Run("lead to a page that runs nothing but its own, and tells nobody", func(t *testing.T) {
		s := newAccountServer(t)
		s.register("hana")
		for range 2 {
			page, secret := s.link("hana@example.com")
			a := s.send(accountRequest{Method: "GET", Path: page}).is(http.StatusOK)
			policy := a.Header.Get("Content-Security-Policy")
			if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") || a.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Error(a.Header)
			}
			if regexp.MustCompile(`(?i)<style|\son\w+=|\sstyle=|<script[^>]*>[^<]`).MatchString(a.Text) || strings.Contains(a.Text, secret) {
				t.Error(a.Text)
			}
			for _, file := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(a.Text, -1) {
				s.send(accountRequest{Method: "GET", Path: file[1]}).is(http.StatusOK)
			}
			operation := regexp.MustCompile(`data-method="PUT" data-path="([^"]+)"`).FindStringSubmatch(a.Text)
			body := any(nil)
			if page == "/reset-password" {
				body = object{"password": "a new password"}
			}
			s.send(accountRequest{Method: "PUT", Path: strings.Replace(operation[1], "{token}", secret, 1), Body: body}).is(http.StatusNoContent)
			s.send(accountRequest{Method: "POST", Path: "/v1/password-resets", Body: object{"email": "hana@example.com"}}).is(http.StatusAccepted)
		}
	})
	t.Run("to a new password answer the same for everybody, and hold nothing back but bad input", func(t *testing.T) {
		s := newAccountServer(t)
		s.register("hana")
		answers := map[string]string{}
		for _, email := range []string{"hana@example.com", "nobody@example.com"} {
			a := s.send(accountRequest{Method: "POST", Path: "/v1/password-resets", Body: object{"email": email}}).is(http.StatusAccepted)
			a.Header.Del("X-Request-Id")
			var header strings.Builder
			if err := a.Header.Write(&header); err != nil {
				t.Fatal(err)
			}
			answers[email] = header.String() + a.Text
		}
		if diff := cmp.Diff(answers["hana@example.com"], answers["nobody@example.com"]); diff != "" {
			t.Error(diff)
		}
		s.send(accountRequest{Method: "POST", Path: "/v1/password-resets", Body: object{"email": "no address\r\nBcc: x"}}).problem(422, "accounts.email").at("body.email")
		s.send(accountRequest{Method: "POST", Path: "/v1/password-resets", Body: object{}}).problem(422, "request.invalid").at("body")
	})
	t.Run("that are none are not found, whatever they look like", func(t *testing.T) {
		s := newAccountServer(t)
		s.register("hana")
		_, confirm := s.link("hana@example.com")
		for _, wrong := range []string{"x", "sjl_" + strings.Repeat("A", 43), confirm} {
			s.send(accountRequest{Method: "PUT", Path: reset + wrong, Body: object{"password": "a new password"}}).problem(404, "accounts.link-invalid")
		}
		s.send(accountRequest{Method: "PUT", Path: reset + "x", Body: object{"password": "short"}}).problem(422, "request.invalid").at("body.password")
		s.send(accountRequest{Method: "PUT", Path: "/v1/email-verifications/" + strings.Repeat("x", 201)}).problem(422, "request.invalid").at("path.token")
		if strings.Contains(s.log.String(), confirm) {
			t.Error("a link is in the log")
		}
	})
	t.Run("are not sent again and again", func(t *testing.T) {
		s := newAccountServer(t)
		token := s.in("hana")
		s.deliver()
		var last *accountReply
		for range 4 {
			last = s.send(accountRequest{Method: "POST", Path: "/v1/email-verifications", Token: token})
			s.deliver()
		}
		last.problem(http.StatusTooManyRequests, "accounts.too-many-mails")
		if last.Body["retry_after"] == nil && last.Header.Get("Retry-After") == "" {
			t.Error("nobody knows when to come back:", last.Text)
		}
		if n := len(s.mailbox.All()); n != 4 { // the first one was for signing up
			t.Errorf("%d mails", n)
		}
	})
	t.Run("to a new address need a fresh proof of identity", func(t *testing.T) {
		s := newAccountServer(t)
		token := s.in("hana")
		change := accountRequest{Method: "PUT", Path: "/v1/users/account/email", Token: token, Body: object{"email": "hana@new.example.com"}}
		s.clock = s.clock.Add(11 * time.Minute)
		s.send(change).problem(http.StatusForbidden, "accounts.step-up-required")
		s.send(accountRequest{Method: "POST", Path: "/v1/sessions/current/step-up", Token: token, Body: object{"password": "password of hana"}}).is(204)
		a := s.send(change).is(http.StatusAccepted)
		if a.text("email") != "hana@example.com" || a.text("pending_email") != "hana@new.example.com" {
			t.Error(a.Text)
		}
		change.Token = ""
		s.send(change).problem(http.StatusUnauthorized, "accounts.sign-in")
	})
}
