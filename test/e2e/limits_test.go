package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/argon"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// through has a client's requests come from an address, as a proxy would say.
type through string

func (a through) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", "192.0.2.66, "+string(a)) // the first one is the client's own invention
	return http.DefaultTransport.RoundTrip(r)
}

// at is somebody at an address, who uses a server.
func (w *world) at(base, address string) *sajin.Client {
	w.t.Helper()
	client, err := sajin.New(base, through(address))
	w.must(err)
	return client
}

func TestLimitsOfRequests(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		l := &c.Limits
		for _, burst := range []*int{&l.ReadBurst, &l.WriteBurst, &l.ExpensiveBurst, &l.CredentialsBurst, &l.MoneyBurst, &l.WebhookBurst, &l.DeliveryBurst} {
			*burst = 3
		}
		for _, rate := range []*int{
			&l.ReadPerMinute, &l.WritePerMinute, &l.ExpensivePerMinute, &l.CredentialsPerMinute, &l.MoneyPerMinute, &l.WebhookPerMinute, &l.DeliveryPerMinute,
		} {
			*rate = 1
		}
		w := start(t, c)
		for class, request := range map[string][2]string{
			"read": {"GET", "/v1/posts"}, "write": {"DELETE", "/v1/users/account"}, "expensive": {"GET", "/v1/users?query=a"}, "credentials": {"POST", "/v1/sessions"},
			"money": {"POST", "/v1/top-ups"}, "webhook": {"POST", "/v1/webhooks/sandbox"}, "delivery": {"GET", "/media/x"},
		} {
			t.Run(class, func(t *testing.T) {
				w.in(t)
				for range 3 {
					if got := w.ask(request[0], request[1], ""); got.status == http.StatusTooManyRequests || got.status >= 500 {
						t.Errorf("%d %s", got.status, got.body)
					}
				}
				for range 2 {
					got := w.ask(request[0], request[1], "")
					after, _ := strconv.Atoi(got.header.Get("Retry-After"))
					if got.status != http.StatusTooManyRequests || got.problem().Code != "request.too-many" || after < 1 || after > 60 {
						t.Errorf("%d %v %s", got.status, got.header, got.body)
					}
				}
				if text := string(w.ask("GET", "/metrics", "").body); !strings.Contains(text, `sajin_requests_refused_total{class="`+class+`"} 2`) {
					t.Error("it is not counted")
				}
			})
		}
		t.Run("probes go on, and after a while so does everybody", func(t *testing.T) {
			w.in(t)
			if got := w.ask("GET", "/readyz", ""); got.status != http.StatusOK {
				t.Errorf("%d %s", got.status, got.body)
			}
			w.watch.turn(time.Minute)
			if got := w.ask("GET", "/v1/posts", ""); got.status != http.StatusOK {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	})
}

func TestLimitsOfGuesses(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		c.HTTP.TrustedProxies = []string{"loopback"}
		c.Limits.SignInPerDevice, c.Limits.SignInPerAccount = 4, 10
		w := start(t, c)
		other, err := server.Start(t.Context(), c, server.Options{Now: w.watch.now, Passwords: argon.ForTests})
		w.must(err)
		t.Cleanup(func() {
			http.DefaultClient.CloseIdleConnections()
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			if err := other.Stop(ctx); err != nil {
				t.Error(err)
			}
		})
		servers := []string{w.server.URL, other.URL}
		const email = "hana@example.com"
		phone := w.at(servers[0], "198.51.100.1")
		_, err = phone.SignUp(t.Context(), api.NewAccount{Email: email, Password: password, Handle: "hana"})
		w.must(err)
		stopped := func(err error) bool {
			problem, ok := errors.AsType[*sajin.Error](err)
			return ok && problem.Code == "accounts.too-many-attempts" && problem.RetryAfter != "" && strings.Contains(err.Error(), problem.RetryAfter+" s")
		}
		guess := func(t *testing.T, tries int, email string, address func(i int) string) (compared int) {
			t.Helper()
			for i := range tries {
				_, err := w.at(servers[i%2], address(i)).SignInWith(t.Context(), email, "a guess at it")
				switch {
				case code(err) == "accounts.bad-credentials":
					compared++
				case !stopped(err):
					t.Fatal(err)
				}
			}
			return compared
		}
		same := func(address string) func(int) string { return func(int) string { return address } }
		t.Run("two processes count together, and whether there is the account or not", func(t *testing.T) {
			w.in(t)
			for _, of := range []string{email, "nobody@example.com"} {
				if n := guess(t, 8, of, same("203.0.113.1")); n != 4 {
					t.Errorf("%d guesses at %s were compared", n, of)
				}
			}
		})
		t.Run("so do they when many addresses guess", func(t *testing.T) {
			w.in(t)
			if n := guess(t, 20, email, func(i int) string { return fmt.Sprintf("203.0.113.%d", i+2) }); n != 6 {
				t.Errorf("%d more guesses were compared", n)
			}
		})
		t.Run("a stranger to the account hears when to come again", func(t *testing.T) {
			w.in(t)
			if _, err := w.at(servers[0], "203.0.113.200").SignInWith(t.Context(), email, password); !stopped(err) {
				t.Error(err)
			}
		})
		t.Run("its owner gets in at home, and anywhere with the phone", func(t *testing.T) {
			w.in(t)
			_, err := w.at(servers[1], "198.51.100.1").SignInWith(t.Context(), email, password)
			w.must(err)
			w.must(phone.SignOutNow(t.Context()))
			elsewhere := w.at(servers[1], "203.0.113.201")
			elsewhere.Resume(phone.Tokens(), nil)
			_, err = elsewhere.SignInWith(t.Context(), email, password)
			w.must(err)
		})
		t.Run("a restart forgives nothing, and time does", func(t *testing.T) {
			w.in(t)
			w.down()
			w.up()
			servers[0] = w.server.URL
			if n := guess(t, 4, email, same("203.0.113.1")); n != 0 {
				t.Errorf("%d guesses were compared", n)
			}
			w.watch.turn(time.Hour)
			if _, err := w.at(servers[0], "203.0.113.202").SignInWith(t.Context(), email, password); err != nil {
				t.Error(err)
			}
		})
		t.Run("one sees where one signed in from", func(t *testing.T) {
			w.in(t)
			home := w.at(servers[0], "2001:db8::7")
			_, err := home.SignInWith(t.Context(), email, password)
			w.must(err)
			resp, err := home.ListSessionsWithResponse(t.Context(), nil)
			w.must(err)
			if at := resp.JSON200.Items[0].Address; at != "2001:db8::7" {
				t.Errorf("from %s", at)
			}
		})
	})
}

func TestNobodyIsBelievedWithoutAProxy(t *testing.T) {
	c := config.Default()
	c.DataDir, c.HTTP.Listen = t.TempDir(), "127.0.0.1:0"
	c.Limits.SignUpPerAddress = 2
	w := start(t, c)
	for i := range 3 {
		liar := w.at(w.server.URL, fmt.Sprintf("198.51.100.%d", i))
		_, err := liar.RegisterWithResponse(t.Context(), api.NewAccount{Email: fmt.Sprintf("u%d@example.com", i), Password: password, Handle: fmt.Sprintf("user_%d", i)})
		if i < 2 && err != nil || i == 2 && code(err) != "accounts.too-many-attempts" {
			t.Errorf("account %d: %v", i, err)
		}
	}
}
