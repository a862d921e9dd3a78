package accounts_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	rules "github.com/sajin-sns/sajin/domain/accounts"
)

func TestRefresh(t *testing.T) {
	t.Run("a chain of tokens stays in one session", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		first := w.signIn("hana")
		g := first
		for range 5 {
			w.pass(accessTTL)
			next := w.refresh(g.RefreshToken)
			if next.RefreshToken == g.RefreshToken || next.AccessToken == g.AccessToken {
				t.Fatal("a token twice")
			}
			w.equal(first.Session, next.Session)
			w.equal(rules.Actor{Account: hana, Session: first.Session, Role: "member"}, w.in(next, nil))
			g = next
		}
		w.equal(1, w.count(`SELECT count(*) FROM sessions`))
	})
	t.Run("two tabs that refresh at once both live on", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		g := w.signIn("hana")
		w.pass(time.Hour)
		one := w.refresh(g.RefreshToken)
		w.pass(rules.ReuseGrace)
		two := w.refresh(g.RefreshToken)
		w.pass(time.Hour)
		w.in(w.refresh(one.RefreshToken), nil)
		w.in(w.refresh(two.RefreshToken), nil)
	})
	t.Run("two who show one token are given one: none of them lives on unseen", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		copied := w.signIn("hana").RefreshToken
		owner := w.refresh(copied)
		w.pass(rules.ReuseGrace)
		thief := w.refresh(copied)
		w.equal(owner.RefreshToken, thief.RefreshToken)

		w.pass(accessTTL)
		owner = w.refresh(owner.RefreshToken)
		w.pass(rules.ReuseGrace + time.Microsecond)
		w.refuses(thief.RefreshToken, rules.ErrRefreshReused)
		w.in(owner, rules.ErrSessionEnded)
	})
	t.Run("a used token that comes back later ends the session, and all its tokens", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		stolen, elsewhere := w.signIn("hana"), w.signIn("hana")
		g := w.refresh(stolen.RefreshToken)
		tab := w.refresh(stolen.RefreshToken)
		last := w.refresh(g.RefreshToken)
		w.topics()

		w.pass(rules.ReuseGrace + time.Microsecond)
		w.in(last, nil) // so that the standing is remembered
		w.refuses(stolen.RefreshToken, rules.ErrRefreshReused)
		for _, dead := range []string{stolen.RefreshToken, g.RefreshToken, tab.RefreshToken, last.RefreshToken} {
			w.refuses(dead, rules.ErrRefreshToken)
		}
		w.in(last, rules.ErrSessionEnded)
		w.in(stolen, rules.ErrSessionEnded)
		w.equal(1, w.count(`SELECT count(*) FROM sessions WHERE id = $1 AND ended_why = 'reuse'`, last.Session))
		w.equal([]string{"accounts.session.reuse-detected.v1"}, w.topics())
		w.in(elsewhere, nil)
		w.in(w.refresh(elsewhere.RefreshToken), nil)
	})
	t.Run("the grace runs from the first use, not from the last", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		g := w.signIn("hana")
		for range 4 {
			w.refresh(g.RefreshToken)
			w.pass(10 * time.Second)
		}
		w.refuses(g.RefreshToken, rules.ErrRefreshReused)
	})
	t.Run("what is no refresh token is refused", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		g := w.signIn("hana")
		for _, bad := range []string{
			"", "sjr_", g.AccessToken, g.RefreshToken[4:], g.RefreshToken + "A", strings.ToUpper(g.RefreshToken), "sjx_" + g.RefreshToken[4:],
			"sjr_" + strings.Repeat("A", 43), "sjr_" + strings.Repeat("A", 1<<16), g.RefreshToken + "\x00",
		} {
			w.refuses(bad, rules.ErrRefreshToken)
		}
		w.refresh(g.RefreshToken)
	})
	t.Run("a session slides while it is used, and ends when it is not", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		g := w.signIn("hana")
		for range 4 {
			w.pass(refreshTTL - time.Microsecond)
			g = w.refresh(g.RefreshToken)
		}
		w.pass(refreshTTL)
		w.refuses(g.RefreshToken, rules.ErrRefreshToken)
	})
	t.Run("no session outlasts 180 days, nor does its access token", func(t *testing.T) {
		w := newWorld(t)
		w.pass(time.Second / 2) // the times of an access token are whole seconds
		w.register("hana")
		began := w.clock
		g := w.signIn("hana")
		for w.clock.Before(began.Add(rules.MaxSession - day)) {
			w.pass(day)
			g = w.refresh(g.RefreshToken)
		}
		w.pass(day - time.Minute)
		g = w.refresh(g.RefreshToken)
		w.equal(time.Minute, g.ExpiresIn)
		w.in(g, nil)
		w.pass(time.Minute - time.Millisecond)
		g = w.refresh(g.RefreshToken)
		w.in(g, nil)
		w.pass(time.Millisecond)
		w.in(g, rules.ErrSessionEnded)
		w.refuses(g.RefreshToken, rules.ErrRefreshToken)
	})
	t.Run("the new access token carries the role of now", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		g := w.signIn("hana")
		w.must(w.accounts.GrantRole(t.Context(), "hana", "admin"))
		claims, err := w.issuer.Verify(w.refresh(g.RefreshToken).AccessToken)
		w.must(err)
		w.equal("admin", claims.Role)
	})
	t.Run("when the theft cannot be recorded nothing has happened", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		g := w.signIn("hana")
		last := w.refresh(g.RefreshToken)
		w.pass(time.Minute)
		w.outbox.err = errors.New("no outbox")
		w.refuses(g.RefreshToken, w.outbox.err)
		w.refresh(last.RefreshToken)
		w.outbox.err = nil
		w.refuses(g.RefreshToken, rules.ErrRefreshReused)
	})
	t.Run("the tokens of a deleted account are refused", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		g := w.signIn("hana")
		w.must(w.accounts.Delete(t.Context(), hana))
		w.refuses(g.RefreshToken, rules.ErrRefreshToken)
	})
}
