package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/oidc"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/ports/identity"
	"github.com/sajin-sns/sajin/test/oidctest"
)

const callback = "https://photos.example.com/v1/auth/google/callback"

// bench is an issuer and a provider that signs in with it.
type bench struct {
	t        *testing.T
	issuer   *oidctest.Issuer
	provider *oidc.Provider
	clock    time.Time
}

func newBench(t *testing.T, change ...func(*oidc.Options)) *bench {
	t.Helper()
	b := &bench{t: t, issuer: oidctest.Start(t), clock: time.Now()}
	now := func() time.Time { return b.clock }
	b.issuer.Now, b.issuer.Redirects = now, []string{callback}
	o := oidc.Options{Issuer: b.issuer.URL, ClientID: b.issuer.ClientID, ClientSecret: b.issuer.ClientSecret, RedirectURL: callback, Now: now}
	for _, c := range change {
		c(&o)
	}
	b.provider = oidc.New(o)
	return b
}

func request() (identity.Request, identity.Answer) {
	verifier, nonce := rand.Text()+rand.Text(), rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	return identity.Request{State: rand.Text(), Nonce: nonce, Challenge: base64.RawURLEncoding.EncodeToString(sum[:])},
		identity.Answer{Verifier: verifier, Nonce: nonce}
}

// visit has a browser go to the issuer, and answers what it is sent back with.
func (b *bench) visit(link string) url.Values {
	b.t.Helper()
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(link)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil || !strings.HasPrefix(back.String(), callback+"?") {
		b.t.Fatalf("%s: %d, %v to %v", link, resp.StatusCode, err, back)
	}
	return back.Query()
}

// signIn goes all the way, with an issuer that may lie once it is known.
func (b *bench) signIn(lies oidctest.Lies) (identity.Claims, error) {
	b.t.Helper()
	ask, answer := request()
	link, err := b.provider.AuthURL(b.t.Context(), ask)
	if err != nil {
		return identity.Claims{}, err
	}
	back := b.visit(link)
	if back.Get("state") != ask.State {
		b.t.Fatalf("state %q comes back as %q", ask.State, back.Get("state"))
	}
	answer.Code = back.Get("code")
	b.issuer.Lie(lies)
	defer b.issuer.Lie(oidctest.Lies{})
	return b.provider.Exchange(b.t.Context(), answer)
}

func (b *bench) is(err, want error) {
	b.t.Helper()
	if !errors.Is(err, want) {
		b.t.Errorf("got %v, want %v", err, want)
	}
}

var hana = identity.Claims{Subject: "subject-1", Email: "hana@example.com", EmailVerified: true, Name: "Hana Kim"}

func TestSigningIn(t *testing.T) {
	t.Run("tells who it is", func(t *testing.T) {
		b := newBench(t)
		got, err := b.signIn(oidctest.Lies{NoAuthTime: true})
		want := hana
		want.Issuer = b.issuer.URL
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		if q := b.issuer.Last(); q.Get("scope") != "openid email profile" || q.Has("prompt") || q.Has("max_age") {
			t.Error(q)
		}
	})
	t.Run("an address that the issuer has not verified is not called verified", func(t *testing.T) {
		b := newBench(t)
		b.issuer.SignIn(oidctest.Person{Subject: "s", Email: "hana@example.com"})
		got, err := b.signIn(oidctest.Lies{})
		if err != nil || got.EmailVerified || got.Email != "hana@example.com" {
			t.Error(got, err)
		}
	})
	t.Run("a fresh proof is asked for, and its time told", func(t *testing.T) {
		b := newBench(t)
		ask, answer := request()
		ask.Fresh = true
		link, err := b.provider.AuthURL(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		answer.Code = b.visit(link).Get("code")
		got, err := b.provider.Exchange(t.Context(), answer)
		if err != nil || got.AuthTime.Unix() != b.clock.Unix() {
			t.Error(got, err)
		}
		if q := b.issuer.Last(); q.Get("prompt") != "login" || q.Get("max_age") != "0" {
			t.Error(q)
		}
	})
	t.Run("the client shows its secret as the issuer wants it", func(t *testing.T) {
		for _, method := range []string{"client_secret_basic", "client_secret_post"} {
			b := newBench(t)
			lies := oidctest.Lies{Methods: []string{method}}
			b.issuer.Lie(lies)
			if _, err := b.signIn(lies); err != nil {
				t.Errorf("%s: %v", method, err)
			}
		}
	})
	t.Run("keys that are rotated are found", func(t *testing.T) {
		b := newBench(t)
		for range 3 {
			if _, err := b.signIn(oidctest.Lies{}); err != nil {
				t.Fatal(err)
			}
			b.issuer.Rotate(t)
		}
		if n := b.issuer.Asked("/jwks"); n != 3 {
			t.Errorf("asked for keys %d times", n)
		}
	})
	t.Run("keys and addresses are not asked for again each time", func(t *testing.T) {
		b := newBench(t)
		for range 3 {
			if _, err := b.signIn(oidctest.Lies{}); err != nil {
				t.Fatal(err)
			}
		}
		asked := func() [2]int {
			return [2]int{b.issuer.Asked("/.well-known/openid-configuration"), b.issuer.Asked("/jwks")}
		}
		if asked() != [2]int{1, 1} {
			t.Error(asked())
		}
		b.clock = b.clock.Add(2 * time.Hour) // addresses may have changed, keys tell by their names
		if _, err := b.signIn(oidctest.Lies{}); err != nil || asked() != [2]int{2, 1} {
			t.Error(asked(), err)
		}
	})
	t.Run("any signature with a public key will do", func(t *testing.T) {
		b := newBench(t)
		if _, err := b.signIn(oidctest.Lies{Algorithm: "PS256"}); err != nil {
			t.Error(err)
		}
	})
	t.Run("clocks may differ by the skew, either way", func(t *testing.T) {
		b := newBench(t)
		for _, lies := range []oidctest.Lies{{Ahead: oidc.Skew - time.Second}, {Ahead: -time.Hour - oidc.Skew + 2*time.Second}} {
			if _, err := b.signIn(lies); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestWhatIsRefused(t *testing.T) {
	for what, c := range map[string]struct {
		lies oidctest.Lies
		why  error
	}{
		"a key that is not the issuer's":   {oidctest.Lies{WrongKey: true}, identity.ErrSignature},
		"a token without a signature":      {oidctest.Lies{Algorithm: "none"}, identity.ErrMalformed},
		"the public key used as a secret":  {oidctest.Lies{Algorithm: "HS256"}, identity.ErrMalformed},
		"the answer to another request":    {oidctest.Lies{WrongNonce: true}, identity.ErrNonce},
		"the answer to no request":         {oidctest.Lies{NoNonce: true}, identity.ErrNonce},
		"a token for somebody else":        {oidctest.Lies{WrongAudience: true}, identity.ErrAudience},
		"a token given to somebody else":   {oidctest.Lies{OtherParty: true}, identity.ErrAudience},
		"a token of nearly the issuer":     {oidctest.Lies{WrongIssuer: true}, identity.ErrIssuer},
		"a token that has expired":         {oidctest.Lies{Expired: true}, identity.ErrExpired},
		"a token that expired by the skew": {oidctest.Lies{Ahead: -time.Hour - oidc.Skew}, identity.ErrExpired},
		"a token of the future":            {oidctest.Lies{Ahead: oidc.Skew + time.Second}, identity.ErrClock},
		"a token of nobody":                {oidctest.Lies{NoSubject: true}, identity.ErrMalformed},
		"an answer without a token":        {oidctest.Lies{NoToken: true}, identity.ErrMalformed},
		"a token that is none":             {oidctest.Lies{Garbled: true}, identity.ErrMalformed},
	} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t)
			got, err := b.signIn(c.lies)
			b.is(err, identity.ErrRefused)
			b.is(err, c.why)
			if got != (identity.Claims{}) {
				t.Errorf("still says %+v", got)
			}
		})
	}
	for _, subject := range []string{"a\x00b", "a\r\nb", "\x1b", "a\xffb"} {
		t.Run(fmt.Sprintf("a person that is called %q", subject), func(t *testing.T) {
			b := newBench(t)
			b.issuer.SignIn(oidctest.Person{Subject: subject, Email: "hana@example.com"})
			_, err := b.signIn(oidctest.Lies{})
			b.is(err, identity.ErrMalformed)
		})
	}
	t.Run("another verifier than that of the request", func(t *testing.T) {
		b := newBench(t)
		ask, answer := request()
		link, err := b.provider.AuthURL(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		answer.Code, answer.Verifier = b.visit(link).Get("code"), rand.Text()+rand.Text()
		_, err = b.provider.Exchange(t.Context(), answer)
		b.is(err, identity.ErrRefused)
		b.is(err, identity.ErrCode)
	})
	t.Run("a code that was used", func(t *testing.T) {
		b := newBench(t)
		ask, answer := request()
		link, err := b.provider.AuthURL(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		answer.Code = b.visit(link).Get("code")
		if _, err := b.provider.Exchange(t.Context(), answer); err != nil {
			t.Fatal(err)
		}
		_, err = b.provider.Exchange(t.Context(), answer)
		b.is(err, identity.ErrCode)
	})
	t.Run("no nonce to compare with", func(t *testing.T) {
		b := newBench(t)
		ask, answer := request()
		link, err := b.provider.AuthURL(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		b.issuer.Lie(oidctest.Lies{NoNonce: true})
		answer.Code, answer.Nonce = b.visit(link).Get("code"), ""
		_, err = b.provider.Exchange(t.Context(), answer)
		b.is(err, identity.ErrNonce)
	})
	t.Run("who shows the wrong secret, which no error repeats", func(t *testing.T) {
		b := newBench(t, func(o *oidc.Options) { o.ClientSecret = "not the secret" })
		_, err := b.signIn(oidctest.Lies{})
		b.is(err, identity.ErrCode)
		if strings.Contains(err.Error(), "not the secret") || !strings.Contains(err.Error(), "invalid_client") {
			t.Error(err)
		}
	})
}

func TestAProviderThatIsAway(t *testing.T) {
	away := map[string]oidctest.Lies{
		"breaks off": {Down: true}, "is out of order": {Broken: true}, "is somewhere else": {NotFound: true},
		"answers without end": {Huge: "/.well-known/openid-configuration"}, "never answers": {Slow: "/.well-known/openid-configuration"},
		"calls itself something else": {Elsewhere: "https://evil.example.com"},
	}
	for what, lies := range away {
		t.Run("at first: "+what, func(t *testing.T) {
			b := newBench(t, func(o *oidc.Options) {
				if lies.Slow != "" {
					o.Timeout = 50 * time.Millisecond
				}
			})
			b.issuer.Lie(lies)
			_, err := b.signIn(lies)
			b.is(err, identity.ErrUnavailable)
			b.is(b.provider.Ping(t.Context()), identity.ErrUnavailable)
			b.issuer.Lie(oidctest.Lies{})
			b.is(b.provider.Ping(t.Context()), identity.ErrUnavailable) // it is let be for a moment
			b.clock = b.clock.Add(10 * time.Second)
			if _, err := b.signIn(oidctest.Lies{}); err != nil {
				t.Errorf("when it is back: %v", err)
			}
			b.is(b.provider.Ping(t.Context()), nil)
		})
	}
	for what, lies := range map[string]oidctest.Lies{
		"breaks off": {Down: true}, "is out of order": {Broken: true},
		"sends a token without end": {Huge: "/token"}, "keeps the token": {Slow: "/token"},
		"sends keys without end": {Huge: "/jwks"}, "keeps its keys": {Slow: "/jwks"},
	} {
		t.Run("when the code is exchanged: "+what, func(t *testing.T) {
			b := newBench(t, func(o *oidc.Options) {
				if lies.Slow != "" {
					o.Timeout = 200 * time.Millisecond
				}
			})
			_, err := b.signIn(lies)
			b.is(err, identity.ErrUnavailable)
			if fault.KindOf(err) != fault.Unavailable {
				t.Error(err)
			}
			if _, err := b.signIn(oidctest.Lies{}); err != nil && lies.Slow == "" {
				t.Errorf("when it is back: %v", err)
			}
		})
	}
	t.Run("who was known goes on to be used, and shows as unwell", func(t *testing.T) {
		b := newBench(t)
		if _, err := b.signIn(oidctest.Lies{}); err != nil {
			t.Fatal(err)
		}
		b.issuer.Lie(oidctest.Lies{Down: true})
		b.is(b.provider.Ping(t.Context()), nil) // it was well a moment ago
		b.clock = b.clock.Add(2 * time.Hour)
		b.is(b.provider.Ping(t.Context()), identity.ErrUnavailable)
		ask, _ := request()
		if _, err := b.provider.AuthURL(t.Context(), ask); err != nil {
			t.Error(err)
		}
	})
	t.Run("an exchange that fails makes it be asked again", func(t *testing.T) {
		b := newBench(t)
		_, err := b.signIn(oidctest.Lies{Broken: true})
		b.is(err, identity.ErrUnavailable)
		b.issuer.Lie(oidctest.Lies{Broken: true})
		b.is(b.provider.Ping(t.Context()), identity.ErrUnavailable)
	})
	t.Run("addresses that are less safe than the issuer are not used", func(t *testing.T) {
		b := newBench(t)
		b.issuer.Lie(oidctest.Lies{TokenURL: "ftp://example.com/token"})
		b.is(b.provider.Ping(t.Context()), identity.ErrUnavailable)
	})
	t.Run("many who ask at once ask it once", func(t *testing.T) {
		b := newBench(t)
		b.issuer.Lie(oidctest.Lies{Broken: true})
		errs := make(chan error)
		for range 10 {
			go func() {
				ask, _ := request()
				_, err := b.provider.AuthURL(t.Context(), ask)
				errs <- err
			}()
		}
		for range 10 {
			b.is(<-errs, identity.ErrUnavailable)
		}
		if n := b.issuer.Asked("/.well-known/openid-configuration"); n != 1 {
			t.Errorf("it was asked %d times", n)
		}
	})
	t.Run("who gives up waiting says nothing of the provider", func(t *testing.T) {
		b := newBench(t)
		b.issuer.Lie(oidctest.Lies{Slow: "/.well-known/openid-configuration"})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			ask, _ := request()
			_, err := b.provider.AuthURL(ctx, ask)
			done <- err
		}()
		for b.issuer.Asked("/.well-known/openid-configuration") == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
		b.is(<-done, context.Canceled)
		b.issuer.Lie(oidctest.Lies{})
		if _, err := b.signIn(oidctest.Lies{}); err != nil {
			t.Error(err)
		}
	})
}
