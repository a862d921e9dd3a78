package accounts_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/app/accounts"
	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/token"
)

func TestAuthenticate(t *testing.T) {
	signedIn := func(t *testing.T) (*world, ident.AccountID, accounts.Grant) {
		w := newWorld(t)
		hana := w.register("hana")
		return w, hana, w.signIn("hana")
	}
	t.Run("a token is verified once a minute, and its session looked at every ten seconds", func(t *testing.T) {
		w, _, g := signedIn(t)
		for range 30 { // seconds
			for range 3 {
				w.in(g, nil)
			}
			w.pass(time.Second)
		}
		w.equal(1, w.issuer.verified)
		w.equal(3, w.devices.standings)
	})
	t.Run("a token that was verified expires all the same", func(t *testing.T) {
		w, _, g := signedIn(t)
		w.in(g, nil)
		w.pass(accessTTL - time.Second)
		w.in(g, nil)
		w.pass(time.Second)
		w.in(g, token.ErrExpired)
		w.equal(2, w.issuer.verified)
	})
	t.Run("a token whose key is taken out of use ends with it, however long it says it is good", func(t *testing.T) {
		w, hana, g := signedIn(t)
		text, err := w.issuer.Issue(token.Claims{
			Account: hana, Session: g.Session, Role: "member", IssuedAt: w.clock, ExpiresAt: w.clock.Add(10 * 365 * 24 * time.Hour),
		})
		w.must(err)
		forged := accounts.Grant{AccessToken: text}
		w.in(forged, nil)
		w.issuer.Issuer = keyring.New(rand.Reader).Tokens("https://sajin.test", func() time.Time { return w.clock })
		w.pass(time.Minute - time.Microsecond)
		w.in(forged, nil)
		w.pass(time.Microsecond)
		w.in(forged, token.ErrInvalid)
	})
	t.Run("what is no token of ours is refused, however often", func(t *testing.T) {
		w, _, g := signedIn(t)
		for _, bad := range []string{"", "x", g.AccessToken + "x", g.AccessToken[:len(g.AccessToken)-4] + "AAAA", g.RefreshToken} {
			for range 2 {
				w.in(accounts.Grant{AccessToken: bad}, token.ErrInvalid)
			}
		}
		w.equal(0, w.devices.standings)
	})
	t.Run("a token of another account's session is refused", func(t *testing.T) {
		w, hana, _ := signedIn(t)
		w.register("bora")
		text, err := w.issuer.Issue(token.Claims{
			Account: hana, Session: w.signIn("bora").Session, Role: "member", IssuedAt: w.clock, ExpiresAt: w.clock.Add(accessTTL),
		})
		w.must(err)
		w.in(accounts.Grant{AccessToken: text}, rules.ErrSessionEnded)
	})
	t.Run("the role is the account's, whatever the token says", func(t *testing.T) {
		w, hana, g := signedIn(t)
		text, err := w.issuer.Issue(token.Claims{
			Account: hana, Session: g.Session, Role: "admin", IssuedAt: w.clock, ExpiresAt: w.clock.Add(accessTTL),
		})
		w.must(err)
		w.equal("member", w.in(accounts.Grant{AccessToken: text}, nil).Role)
	})

	ending := map[string]func(w *world, hana ident.AccountID, g accounts.Grant) error{
		"signing out": func(w *world, hana ident.AccountID, g accounts.Grant) error {
			return w.sessions.SignOut(w.t.Context(), hana, g.Session)
		},
		"being revoked": func(w *world, hana ident.AccountID, g accounts.Grant) error {
			return w.sessions.Revoke(w.t.Context(), hana, g.Session)
		},
		"deleting the account": func(w *world, hana ident.AccountID, _ accounts.Grant) error {
			return w.accounts.Delete(w.t.Context(), hana)
		},
		"a new password": func(w *world, hana ident.AccountID, _ accounts.Grant) error {
			return w.credentials.ChangePassword(w.t.Context(), hana, accounts.ChangePassword{
				Session: w.signIn("hana").Session, Current: passwordOf("hana"), New: "another one",
			})
		},
	}
	for what, end := range ending {
		t.Run(what+" shuts the token out at once", func(t *testing.T) {
			w, hana, g := signedIn(t)
			w.in(g, nil)
			w.must(end(w, hana, g))
			w.in(g, rules.ErrSessionEnded)
		})
		t.Run(what+" while the session is looked at shuts the token out at once", func(t *testing.T) {
			w, hana, g := signedIn(t)
			w.devices.meanwhile = func() { w.must(end(w, hana, g)) }
			w.in(g, nil) // as it was when it was read
			w.in(g, rules.ErrSessionEnded)
		})
	}
	t.Run("a session that ended stays ended, and costs one look", func(t *testing.T) {
		w, hana, g := signedIn(t)
		w.must(w.sessions.SignOut(t.Context(), hana, g.Session))
		for range 5 {
			w.in(g, rules.ErrSessionEnded)
		}
		w.equal(1, w.devices.standings)
	})
	t.Run("a role counts at once", func(t *testing.T) {
		w, _, g := signedIn(t)
		w.in(g, nil)
		w.must(w.accounts.GrantRole(t.Context(), "hana", "admin"))
		w.equal("admin", w.in(g, nil).Role)
	})
	t.Run("what another process does counts within ten seconds", func(t *testing.T) {
		w, hana, g := signedIn(t)
		w.in(g, nil)
		elsewhere := *w.sessions
		elsewhere.Standings = accounts.NewStandings(w.devices, func() time.Time { return w.clock })
		w.must(elsewhere.SignOut(t.Context(), hana, g.Session))
		w.pass(10*time.Second - time.Microsecond)
		w.in(g, nil)
		w.pass(time.Microsecond)
		w.in(g, rules.ErrSessionEnded)
	})
	t.Run("a session that expires is refused, also while its standing is remembered", func(t *testing.T) {
		w := newWorld(t)
		w.sessions.Mint.RefreshTTL = 5 * time.Second
		hana := w.register("hana")
		g := w.signIn("hana")
		w.equal(5*time.Second, g.ExpiresIn)
		text, err := w.issuer.Issue(token.Claims{
			Account: hana, Session: g.Session, Role: "member", IssuedAt: w.clock, ExpiresAt: w.clock.Add(accessTTL),
		})
		w.must(err)
		long := accounts.Grant{AccessToken: text}
		w.in(long, nil)
		w.pass(5 * time.Second)
		w.in(long, rules.ErrSessionEnded)
	})
	t.Run("a database that is away is not taken for an answer", func(t *testing.T) {
		w, _, g := signedIn(t)
		w.devices.err = errors.New("away")
		w.in(g, w.devices.err)
		w.devices.err = nil
		w.in(g, nil)
	})
}
