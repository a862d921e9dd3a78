package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/app/accounts"
	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/ports/store"
)

func TestResetPassword(t *testing.T) {
	const address = "hana@example.com"
	ask := func(w *world, address string) {
		w.t.Helper()
		w.must(w.credentials.RequestReset(w.t.Context(), address, "192.0.2.1"))
	}
	t.Run("the link gives a new password, ends all sessions and verifies the address", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		here := w.signIn("hana")
		w.in(here, nil)
		ask(w, "HANA@Example.com")
		secret := w.link(address, "reset-password")
		w.topics()
		w.must(w.credentials.ResetPassword(t.Context(), secret, "a new password"))
		w.in(here, rules.ErrSessionEnded)
		w.refuses(here.RefreshToken, rules.ErrRefreshToken)
		_, err := w.trySignIn(address, passwordOf("hana"))
		w.is(err, rules.ErrBadCredentials)
		_, err = w.trySignIn(address, "a new password")
		w.must(err)
		if w.record(hana).EmailVerifiedAt.IsZero() {
			t.Error("the address is not verified")
		}
		w.equal([]string{"accounts.account.email-verified.v1", "accounts.account.password-changed.v1"}, w.topics())
		w.equal([]string{confirmSubject, resetSubject, changedSubject}, w.letters(address))
	})
	t.Run("once, within half an hour, and only the last one", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		ask(w, address)
		first := w.link(address, "reset-password")
		ask(w, address)
		second := w.link(address, "reset-password")
		w.is(w.credentials.ResetPassword(t.Context(), first, "a new password"), store.ErrOneTimeToken)
		w.must(w.credentials.ResetPassword(t.Context(), second, "a new password"))
		w.is(w.credentials.ResetPassword(t.Context(), second, "another password"), store.ErrOneTimeToken)
		w.pass(time.Hour)
		ask(w, address)
		late := w.link(address, "reset-password")
		w.pass(accounts.ResetTTL)
		w.is(w.credentials.ResetPassword(t.Context(), late, "another password"), store.ErrOneTimeToken)
	})
	t.Run("a password that is not accepted leaves the link good, and a bad link costs no hash", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		ask(w, address)
		secret := w.link(address, "reset-password")
		hashes := w.hasher.hashes
		w.invalid(w.credentials.ResetPassword(t.Context(), secret, "short"), "password")
		w.is(w.credentials.ResetPassword(t.Context(), "sjl_"+strings.Repeat("A", 43), "a new password"), store.ErrOneTimeToken)
		w.equal(hashes, w.hasher.hashes)
		w.must(w.credentials.ResetPassword(t.Context(), secret, "a new password"))
	})
	t.Run("asking does the same whether anybody has the address or not", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		w.deliver()
		trace := func(address string) string {
			w.t.Helper()
			before := w.hasher.hashes + w.hasher.verifies + w.devices.standings
			ask(w, address)
			row := texts(w, `SELECT kind || ' ' || length(payload) || ' ' || attempts || ' ' || running FROM jobs`)
			w.equal(1, len(row))
			w.equal(before, w.hasher.hashes+w.hasher.verifies+w.devices.standings)
			w.deliver()
			w.equal(0, w.waiting())
			return row[0]
		}
		w.equal(trace("hana@example.com"), trace("none@example.com"))
		w.equal([]string{confirmSubject, resetSubject}, w.letters(address))
		w.equal(0, len(w.letters("none@example.com")))
	})
	t.Run("asking too often is held back whether anybody has the address or not", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		for _, address := range []string{"hana@example.com", "none@example.com"} {
			for range 3 {
				ask(w, address)
				w.deliver()
			}
			w.is(w.credentials.RequestReset(t.Context(), strings.ToUpper(address), "192.0.2.9"), accounts.ErrTooManyMails)
		}
		for i := range 4 {
			ask(w, strings.Repeat("x", i+1)+"@example.com")
		}
		w.is(w.credentials.RequestReset(t.Context(), "yet@example.com", "192.0.2.1"), accounts.ErrTooManyMails)
		w.must(w.credentials.RequestReset(t.Context(), "yet@example.com", "192.0.2.2"))
	})
	t.Run("who has left gets no letter, and an old link opens nothing", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		ask(w, address)
		secret := w.link(address, "reset-password")
		w.must(w.accounts.Delete(t.Context(), hana))
		w.is(w.credentials.ResetPassword(t.Context(), secret, "a new password"), store.ErrOneTimeToken)
		ask(w, address)
		w.equal([]string{confirmSubject, resetSubject}, w.letters(address))
		w.pass(grace)
		w.must(w.maintenance.Purge(t.Context()))
		w.equal(0, w.count(`SELECT count(*) FROM one_time_tokens WHERE used_at IS NULL`))
	})
	t.Run("changing the password ends links to a new one, and tells of it", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		ask(w, address)
		secret := w.link(address, "reset-password")
		w.must(w.credentials.ChangePassword(t.Context(), hana, accounts.ChangePassword{Current: passwordOf("hana"), New: "another one"}))
		w.is(w.credentials.ResetPassword(t.Context(), secret, "a new password"), store.ErrOneTimeToken)
		w.equal([]string{confirmSubject, resetSubject, changedSubject}, w.letters(address))
	})
}
