package httpapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/ports/throttle"
)

// strict are a server's limits: three requests of each class in three minutes.
func strict(refused map[httpapi.Class]int) func(s *accountServer, o *httpapi.Options) {
	return func(s *accountServer, o *httpapi.Options) {
		rates := map[httpapi.Class]throttle.Rate{}
		for _, class := range httpapi.Classes() {
			rates[class] = throttle.Rate{Burst: 3, Per: 3 * time.Minute}
		}
		o.Limits = &httpapi.Limits{
			Limiter: memory.NewThrottle(func() time.Time { return s.clock }), Rates: rates,
			Refused: func(c httpapi.Class) { refused[c]++ },
		}
	}
}

func TestLimits(t *testing.T) {
	const tooMany = "request.too-many"
	credentials := object{"email": "hana@example.com", "password": "password of hana"}
	get := func(from string) accountRequest {
		return accountRequest{Method: "GET", Path: "/v1/users/hana", From: from}
	}
	t.Run("who asks too often hears when to come again, and then may", func(t *testing.T) {
		refused := map[httpapi.Class]int{}
		s := newAccountServer(t, strict(refused))
		for range 3 {
			s.send(get("")).is(http.StatusNotFound)
		}
		s.clock = s.clock.Add(500 * time.Millisecond)
		for range 2 {
			a := s.send(get("")).problem(http.StatusTooManyRequests, tooMany)
			if a.Header.Get("Retry-After") != "60" || a.Body["retry_after"] != 60. {
				t.Error(a.Header, a.Text)
			}
		}
		if diff := cmp.Diff(map[httpapi.Class]int{httpapi.Reading: 2}, refused); diff != "" {
			t.Error(diff)
		}
		s.clock = s.clock.Add(time.Minute)
		s.send(get("")).is(http.StatusNotFound)
		s.send(get("")).is(http.StatusTooManyRequests)
	})
	t.Run("another address is another one, and 64 bits of version 6 are one", func(t *testing.T) {
		s := newAccountServer(t, strict(map[httpapi.Class]int{}))
		for _, from := range []string{"198.51.100.1:1", "198.51.100.2:1", "[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1"} {
			for range 3 {
				s.send(get(from)).is(http.StatusNotFound)
			}
		}
		s.send(get("[::ffff:198.51.100.1]:7")).is(http.StatusTooManyRequests)
		s.send(get("[2001:db8:0:1:ffff::2]:1")).is(http.StatusTooManyRequests)
	})
	t.Run("each class is counted by itself", func(t *testing.T) {
		s := newAccountServer(t, strict(map[httpapi.Class]int{}))
		for class, q := range map[httpapi.Class]accountRequest{
			httpapi.Reading: get(""), httpapi.Writing: {Method: "DELETE", Path: "/v1/users/account"},
			httpapi.Expensive: {Method: "GET", Path: "/v1/users?query=h"}, httpapi.Credentials: {Method: "POST", Path: "/v1/sessions", Body: credentials},
		} {
			for range 3 {
				if a := s.send(q); a.Status == http.StatusTooManyRequests {
					t.Errorf("%s: %s", class, a.Text)
				}
			}
			s.send(q).problem(http.StatusTooManyRequests, tooMany)
		}
	})
	t.Run("who is signed in is counted by account, wherever he comes from", func(t *testing.T) {
		s := newAccountServer(t, strict(map[httpapi.Class]int{}))
		hana := s.in("hana")
		s.clock = s.clock.Add(3 * time.Minute)
		bora := s.in("bora")
		for i := range 3 {
			s.send(accountRequest{Method: "GET", Path: "/v1/users/account", Token: hana, From: []string{"192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1"}[i]}).is(http.StatusOK)
		}
		s.send(accountRequest{Method: "GET", Path: "/v1/users/account", Token: hana, From: "192.0.2.4:1"}).is(http.StatusTooManyRequests)
		s.own(bora).is(http.StatusOK)
		s.send(get("192.0.2.4:1")).is(http.StatusOK)
	})
	t.Run("a refused body is not read", func(t *testing.T) {
		s := newAccountServer(t, strict(map[httpapi.Class]int{}))
		read := 0
		for range 4 {
			body := &countedBody{Reader: strings.NewReader(`{}`)}
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/sessions", body)
			s.api.ServeHTTP(httptest.NewRecorder(), r)
			if body.reads > 0 {
				read++
			}
		}
		if read != 3 {
			t.Errorf("%d bodies were read", read)
		}
	})
	t.Run("what is at no path is counted as well", func(t *testing.T) {
		s := newAccountServer(t, strict(map[httpapi.Class]int{}))
		for range 3 {
			s.send(accountRequest{Method: "GET", Path: "/nowhere"}).is(http.StatusNotFound)
		}
		s.send(accountRequest{Method: "GET", Path: "/nowhere"}).problem(http.StatusTooManyRequests, tooMany)
	})
	t.Run("who comes with bad tokens is soon not looked at, and good tokens cost nothing", func(t *testing.T) {
		looks := &looks{}
		s := newAccountServer(t, strict(map[httpapi.Class]int{}), func(_ *accountServer, o *httpapi.Options) {
			looks.Authenticator, o.Auth = o.Auth, looks
		})
		token := s.in("hana")
		for range 10 { // after three of them his account is refused, but not his token
			s.send(accountRequest{Method: "GET", Path: "/v1/users/account", Token: token, From: "203.0.113.1:1"})
		}
		if looks.n != 10 {
			t.Errorf("%d good tokens were looked at", looks.n)
		}
		for range 10 {
			s.send(accountRequest{Method: "GET", Path: "/v1/users/account", Token: "x.y.z", From: "203.0.113.2:1"})
		}
		if looks.n != 13 {
			t.Errorf("%d bad tokens were looked at", looks.n-10)
		}
		s.send(accountRequest{Method: "GET", Path: "/v1/users/account", Token: "x.y.z", From: "203.0.113.2:1"}).problem(http.StatusTooManyRequests, tooMany)
	})
}

type countedBody struct {
	io.Reader
	reads int
}

func (b *countedBody) Read(p []byte) (int, error) {
	b.reads++
	return b.Reader.Read(p)
}

type looks struct {
	httpapi.Authenticator
	n int
}

func (l *looks) Authenticate(ctx context.Context, token string) (accounts.Actor, error) {
	l.n++
	return l.Authenticator.Authenticate(ctx, token)
}
