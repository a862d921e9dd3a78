package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestStepUp(t *testing.T) {
	const path = "/v1/sessions/current/step-up"
	s := newAccountServer(t)
	s.register("hana")
	in := s.signIn("hana")
	s.clock = s.clock.Add(11 * time.Minute)
	token := in.text("access_token")
	leave := accountRequest{Method: "DELETE", Path: "/v1/users/account", Token: token}

	s.send(leave).problem(http.StatusForbidden, "accounts.step-up-required")
	t.Run("needs the password", func(*testing.T) {
		a := s.send(accountRequest{Method: "POST", Path: path, Token: token, Body: object{"password": "wrong s3cret"}}).
			problem(http.StatusUnprocessableEntity, "accounts.wrong-password").at("body.password")
		if strings.Contains(a.Text+s.log.String(), "s3cret") {
			t.Error("the password is repeated")
		}
		s.send(leave).problem(http.StatusForbidden, "accounts.step-up-required")
	})
	t.Run("is for who is signed in", func(*testing.T) {
		s.send(accountRequest{Method: "POST", Path: path, Body: object{"password": "password of hana"}}).problem(http.StatusUnauthorized, "accounts.sign-in")
		s.send(accountRequest{Method: "DELETE", Path: "/v1/users/account"}).problem(http.StatusUnauthorized, "accounts.sign-in")
	})
	t.Run("lets through what needs it", func(*testing.T) {
		s.send(accountRequest{Method: "POST", Path: path, Token: token, Body: object{"password": "password of hana"}}).is(http.StatusNoContent)
		s.send(leave).is(http.StatusNoContent)
	})
}
