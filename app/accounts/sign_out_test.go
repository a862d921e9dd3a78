package accounts_test

import (
	"testing"
	"time"

	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

func TestDevices(t *testing.T) {
	t.Run("the list says which one asks, and when each was last seen", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		w.register("bora")
		phone := w.signIn("hana")
		w.pass(time.Minute)
		laptop := w.signIn("hana")
		w.signIn("bora")
		w.pass(time.Minute)
		w.refresh(phone.RefreshToken)

		list, err := w.sessions.List(t.Context(), hana, phone.Session, store.Page{Limit: 10})
		w.must(err)
		began, seen := w.clock.Add(-2*time.Minute), w.clock.Add(-time.Minute)
		w.equal([]*store.Device{
			{ID: laptop.Session, UserAgent: "test", Address: "192.0.2.1", CreatedAt: seen, LastSeenAt: seen, ExpiresAt: seen.Add(refreshTTL)},
			{ID: phone.Session, UserAgent: "test", Address: "192.0.2.1", CreatedAt: began, LastSeenAt: w.clock, ExpiresAt: w.clock.Add(refreshTTL), Current: true},
		}, list.Items)

		w.must(w.sessions.Revoke(t.Context(), hana, laptop.Session))
		list, err = w.sessions.List(t.Context(), hana, phone.Session, store.Page{Limit: 10})
		w.must(err)
		w.equal(1, len(list.Items))
		w.equal(phone.Session, list.Items[0].ID)
	})
	t.Run("ending one session leaves the others", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		phone, laptop := w.signIn("hana"), w.signIn("hana")
		w.must(w.sessions.Revoke(t.Context(), hana, phone.Session))
		w.refuses(phone.RefreshToken, rules.ErrRefreshToken)
		w.in(w.refresh(laptop.RefreshToken), nil)
		w.equal(1, w.count(`SELECT count(*) FROM sessions WHERE ended_why = 'revoked'`))
	})
	t.Run("somebody else's session is not found, and lives on", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		bora := w.register("bora")
		g := w.signIn("hana")
		w.is(w.sessions.Revoke(t.Context(), bora, g.Session), rules.ErrSessionNotFound)
		w.is(w.sessions.Revoke(t.Context(), bora, ident.SessionID{15: 1}), rules.ErrSessionNotFound)
		w.must(w.sessions.SignOut(t.Context(), bora, g.Session))
		w.in(w.refresh(g.RefreshToken), nil)
	})
	t.Run("a session is ended once; signing out again is as good", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		g := w.signIn("hana")
		w.must(w.sessions.SignOut(t.Context(), hana, g.Session))
		w.must(w.sessions.SignOut(t.Context(), hana, g.Session))
		w.is(w.sessions.Revoke(t.Context(), hana, g.Session), rules.ErrSessionNotFound)
		w.equal(1, w.count(`SELECT count(*) FROM sessions WHERE ended_why = 'sign-out'`))
	})
}
