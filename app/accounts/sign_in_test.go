package accounts_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/sajin-sns/sajin/app/accounts"
	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/token"
)

func TestSignIn(t *testing.T) {
	t.Run("gives an access token that says who, and a refresh token", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		g := w.signIn("hana")
		w.equal(rules.Actor{Account: hana, Session: g.Session, Role: "member"}, w.in(g, nil))
		claims, err := w.issuer.Verify(g.AccessToken)
		w.must(err)
		w.equal(token.Claims{Account: hana, Session: g.Session, Role: "member", IssuedAt: w.clock, ExpiresAt: w.clock.Add(accessTTL)}, claims)
		w.equal(accessTTL, g.ExpiresIn)
		if !regexp.MustCompile(`^sjr_[A-Za-z0-9_-]{43}$`).MatchString(g.RefreshToken) {
			t.Error(g.RefreshToken)
		}
	})
	t.Run("case and space around the address do not matter, those of the password do", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		_, err := w.trySignIn(" HANA@Example.Com ", passwordOf("hana"))
		w.must(err)
		_, err = w.trySignIn("hana@example.com", passwordOf("hana")+" ")
		w.is(err, rules.ErrBadCredentials)
	})
	t.Run("a refresh token is 256 bits of the given randomness, and only its digest is stored", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		secret := strings.Repeat("0123456789abcdef", 2)
		w.sessions.Mint.Random = strings.NewReader(secret)
		g := w.signIn("hana")
		w.equal("sjr_"+base64.RawURLEncoding.EncodeToString([]byte(secret)), g.RefreshToken)
		w.equal(0, w.count(`SELECT count(*) FROM refresh_tokens WHERE hash = $1 OR hash = $2`, []byte(secret), []byte(g.RefreshToken)))
		_, err := w.trySignIn("hana@example.com", passwordOf("hana"))
		if err == nil {
			t.Error("a token without randomness")
		}
	})
	t.Run("whatever is wrong, the answer is the same and costs one comparison", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		gone := w.register("gone")
		w.must(w.accounts.Delete(t.Context(), gone))
		w.pass(grace)
		for what, try := range map[string][2]string{
			"unknown address":   {"nobody@example.com", passwordOf("hana")},
			"no address":        {"hana", passwordOf("hana")},
			"nothing":           {"", ""},
			"wrong password":    {"hana@example.com", "password of hand"},
			"no password":       {"hana@example.com", ""},
			"the hash":          {"hana@example.com", "cheap hash of password of hana"},
			"a huge password":   {"hana@example.com", passwordOf("hana") + strings.Repeat("a", 2000)},
			"gone for good":     {"gone@example.com", passwordOf("gone")},
			"gone, and a guess": {"gone@example.com", "guess guess"},
		} {
			before := *w.hasher
			_, err := w.trySignIn(try[0], try[1])
			if f, _ := errors.AsType[*fault.Error](err); f != rules.ErrBadCredentials { // itself: no cause, no details
				t.Errorf("%s: %v", what, err)
			}
			if w.hasher.verifies != before.verifies+1 || w.hasher.hashes != before.hashes {
				t.Errorf("%s: %d comparisons, %d hashes", what, w.hasher.verifies-before.verifies, w.hasher.hashes-before.hashes)
			}
		}
		w.equal(0, w.count(`SELECT count(*) FROM sessions`))
		if w.hasher.longest > rules.MaxPasswordBytes {
			t.Errorf("%d bytes were hashed, which nobody can have chosen", w.hasher.longest)
		}
		t.Run("also after it was purged", func(*testing.T) {
			w.must(w.maintenance.Purge(t.Context()))
			before := w.hasher.verifies
			_, err := w.trySignIn("gone@example.com", passwordOf("gone"))
			w.is(err, rules.ErrBadCredentials)
			w.equal(before+1, w.hasher.verifies)
		})
	})
	t.Run("a hash that is out of date is replaced, and nothing else of the account", func(t *testing.T) {
		w := newWorld(t)
		want := w.record(w.register("hana"))
		w.hasher.cost = "dear"
		w.signIn("hana")
		want.PasswordHash = "dear hash of " + passwordOf("hana")
		w.equal(want, w.record(want.ID))
		hashes := w.hasher.hashes
		w.signIn("hana")
		w.equal(hashes, w.hasher.hashes)
	})
	t.Run("two who sign in while the hash is out of date both get in", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		w.hasher.cost = "dear"
		w.hasher.meanwhile = func() { w.signIn("hana") }
		w.signIn("hana")
		w.equal(2, w.count(`SELECT count(*) FROM sessions`))
	})
	t.Run("a password that is changed meanwhile lets nobody in", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		w.hasher.meanwhile = func() {
			w.must(w.credentials.ChangePassword(t.Context(), hana, accounts.ChangePassword{Current: passwordOf("hana"), New: "another one"}))
		}
		_, err := w.trySignIn("hana@example.com", passwordOf("hana"))
		w.is(err, rules.ErrBadCredentials)
		w.equal(0, w.count(`SELECT count(*) FROM sessions`))
	})
	t.Run("what the device says of itself is cleaned and kept", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		_, err := w.sessions.SignIn(t.Context(), accounts.SignIn{
			Email: "hana@example.com", Password: passwordOf("hana"),
			Device: rules.Device{UserAgent: "bad\x00\nagent " + strings.Repeat("x", 500), Address: "2001:db8::1"},
		})
		w.must(err)
		list, err := w.sessions.List(t.Context(), hana, ident.SessionID{}, store.Page{Limit: 10})
		w.must(err)
		w.equal("badagent "+strings.Repeat("x", 191), list.Items[0].UserAgent)
		w.equal("2001:db8::1", list.Items[0].Address)
	})
	t.Run("no secret is in what is printed of a refusal", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		_, err := w.trySignIn("hana@example.com", "hunter2 hunter2")
		if text := fmt.Sprintf("%+v %#v", err, err); strings.Contains(text, "hunter2") {
			t.Error(text)
		}
	})
}
