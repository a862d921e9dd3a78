package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/app/accounts"
	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

const (
	confirmSubject = "Confirm your e-mail address for 사진"
	resetSubject   = "Choose a new password for 사진"
	movedSubject   = "Your e-mail address at 사진 was changed"
	changedSubject = "Your password at 사진 was changed"
)

func texts(w *world, query string) []string {
	w.t.Helper()
	all, err := sqldb.List(w.t.Context(), w.db, sqldb.Scalar[string], query)
	w.must(err)
	return all
}

func TestVerifyEmail(t *testing.T) {
	t.Run("who registers is sent a link that verifies the address, once", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		secret := w.link("hana@example.com", "verify-email")
		w.topics()
		w.must(w.emails.Verify(t.Context(), secret))
		if w.record(hana).EmailVerifiedAt != w.clock {
			t.Error("not verified")
		}
		w.equal([]string{"accounts.account.email-verified.v1"}, w.topics())
		w.is(w.emails.Verify(t.Context(), secret), store.ErrOneTimeToken)
		w.is(w.emails.RequestVerification(t.Context(), hana, ""), rules.ErrEmailVerified)
		w.equal([]string{confirmSubject}, w.letters("hana@example.com"))
	})
	t.Run("asked for again, there is a new link, and the old one ends", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		first := w.link("hana@example.com", "verify-email")
		w.must(w.emails.RequestVerification(t.Context(), hana, "192.0.2.1"))
		second := w.link("hana@example.com", "verify-email")
		w.is(w.emails.Verify(t.Context(), first), store.ErrOneTimeToken)
		w.must(w.emails.Verify(t.Context(), second))
	})
	t.Run("a link works for a day", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		secret := w.link("hana@example.com", "verify-email")
		w.pass(accounts.VerifyTTL)
		w.is(w.emails.Verify(t.Context(), secret), store.ErrOneTimeToken)
	})
	t.Run("what is no link of ours opens nothing", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		secret := w.link("hana@example.com", "verify-email")
		for _, wrong := range []string{"", "sjl_", secret[1:], secret + "A", strings.ToUpper(secret), "sjl_" + strings.Repeat("A", 43), "sjr_" + secret[4:]} {
			w.is(w.emails.Verify(t.Context(), wrong), store.ErrOneTimeToken)
			w.is(w.credentials.ResetPassword(t.Context(), wrong, "a new password"), store.ErrOneTimeToken)
		}
		w.is(w.credentials.ResetPassword(t.Context(), secret, "a new password"), store.ErrOneTimeToken)
		w.must(w.emails.Verify(t.Context(), secret))
	})
	t.Run("who reads the database finds no link in it", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		w.must(w.credentials.RequestReset(t.Context(), "hana@example.com", ""))
		before := w.databaseText()
		secret := w.link("hana@example.com", "reset-password")
		for _, place := range []string{before, w.databaseText(), w.log.String()} {
			if strings.Contains(place, "sjl_") || strings.Contains(place, secret[4:]) {
				t.Error(place)
			}
		}
	})
	t.Run("whoever asks too often is told to wait", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		for range 3 {
			w.must(w.emails.RequestVerification(t.Context(), hana, "192.0.2.1"))
			w.deliver()
		}
		err := w.emails.RequestVerification(t.Context(), hana, "192.0.2.2")
		w.is(err, accounts.ErrTooManyMails)
		w.equal(fault.RateLimited, fault.KindOf(err))
		w.pass(20 * time.Minute)
		w.must(w.emails.RequestVerification(t.Context(), hana, "192.0.2.2"))
	})
}

func TestChangeEmail(t *testing.T) {
	const old, moved = "hana@example.com", "hana@new.example.com"
	t.Run("the new address counts once its owner has followed the link, and the old one is told", func(t *testing.T) {
		w := newWorld(t)
		hana := w.confirmed("hana")
		w.topics()
		w.must(w.emails.ChangeEmail(t.Context(), hana, moved, ""))
		secret := w.link(moved, "verify-email")
		w.equal(old, w.record(hana).Email.Address)
		w.equal([]string{confirmSubject}, w.letters(old))

		w.must(w.emails.Verify(t.Context(), secret))
		r := w.record(hana)
		w.equal([]any{moved, "", w.clock}, []any{r.Email.Address, r.PendingEmail, r.EmailVerifiedAt})
		w.equal([]string{"accounts.account.email-changed.v1"}, w.topics())
		w.equal([]string{confirmSubject, movedSubject}, w.letters(old))
		w.equal([]string{confirmSubject}, w.letters(moved))
		_, err := w.trySignIn(moved, passwordOf("hana"))
		w.must(err)
		_, err = w.trySignIn(old, passwordOf("hana"))
		w.is(err, rules.ErrBadCredentials)
	})
	for name, renew := range map[string]func(w *world, hana ident.AccountID) error{
		"changed": func(w *world, hana ident.AccountID) error {
			return w.credentials.ChangePassword(w.t.Context(), hana, accounts.ChangePassword{Current: passwordOf("hana"), New: "another one"})
		},
		"reset": func(w *world, _ ident.AccountID) error {
			w.must(w.credentials.RequestReset(w.t.Context(), old, ""))
			return w.credentials.ResetPassword(w.t.Context(), w.link(old, "reset-password"), "another one")
		},
	} {
		t.Run("a thief's wish for another address ends when the password is "+name, func(t *testing.T) {
			w := newWorld(t)
			hana := w.confirmed("hana")
			w.must(w.emails.ChangeEmail(t.Context(), hana, moved, ""))
			secret := w.link(moved, "verify-email")
			w.must(renew(w, hana))
			w.is(w.emails.Verify(t.Context(), secret), store.ErrOneTimeToken)
			r := w.record(hana)
			w.equal([]any{old, ""}, []any{r.Email.Address, r.PendingEmail})
		})
	}
	t.Run("an address that somebody has is taken", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		w.register("bora")
		w.is(w.emails.ChangeEmail(t.Context(), hana, "BORA@example.com", ""), rules.ErrEmailTaken)
		w.invalid(w.emails.ChangeEmail(t.Context(), hana, "nowhere", ""), "email")
	})
	t.Run("also when they come to have it before the link is followed", func(t *testing.T) {
		w := newWorld(t)
		hana, jin := w.confirmed("hana"), w.register("jin")
		w.must(w.emails.ChangeEmail(t.Context(), hana, "bora@example.com", ""))
		hanas := w.link("bora@example.com", "verify-email")
		w.must(w.emails.ChangeEmail(t.Context(), jin, "bora@example.com", ""))
		jins := w.link("bora@example.com", "verify-email")
		w.must(w.emails.Verify(t.Context(), jins))
		w.is(w.emails.Verify(t.Context(), hanas), rules.ErrEmailTaken)
		w.equal(old, w.record(hana).Email.Address)
		w.equal([]string{confirmSubject}, w.letters(old))
	})
	t.Run("of several that were asked for the last one counts", func(t *testing.T) {
		w := newWorld(t)
		hana := w.confirmed("hana")
		w.must(w.emails.ChangeEmail(t.Context(), hana, "one@example.com", ""))
		one := w.link("one@example.com", "verify-email")
		w.must(w.emails.ChangeEmail(t.Context(), hana, "two@example.com", ""))
		w.is(w.emails.Verify(t.Context(), one), store.ErrOneTimeToken)
		w.must(w.emails.Verify(t.Context(), w.link("two@example.com", "verify-email")))
		w.equal("two@example.com", w.record(hana).Email.Address)
	})
	t.Run("a letter that waited while the wish changed is not sent", func(t *testing.T) {
		w := newWorld(t)
		hana := w.confirmed("hana")
		w.must(w.emails.ChangeEmail(t.Context(), hana, "one@example.com", ""))
		w.must(w.emails.ChangeEmail(t.Context(), hana, "two@example.com", ""))
		w.equal(0, len(w.letters("one@example.com")))
		w.equal(1, len(w.letters("two@example.com")))
	})
	t.Run("naming the address that one has takes the request back", func(t *testing.T) {
		w := newWorld(t)
		hana := w.confirmed("hana")
		w.must(w.emails.ChangeEmail(t.Context(), hana, moved, ""))
		secret := w.link(moved, "verify-email")
		w.must(w.emails.ChangeEmail(t.Context(), hana, old, ""))
		w.equal("", w.record(hana).PendingEmail)
		w.is(w.emails.Verify(t.Context(), secret), store.ErrOneTimeToken)
		w.is(w.emails.RequestVerification(t.Context(), hana, ""), rules.ErrEmailVerified)
	})
	t.Run("links to a new password that were sent to the old address end", func(t *testing.T) {
		w := newWorld(t)
		hana := w.confirmed("hana")
		w.must(w.credentials.RequestReset(t.Context(), old, ""))
		reset := w.link(old, "reset-password")
		w.must(w.emails.ChangeEmail(t.Context(), hana, moved, ""))
		w.must(w.emails.Verify(t.Context(), w.link(moved, "verify-email")))
		w.is(w.credentials.ResetPassword(t.Context(), reset, "a new password"), store.ErrOneTimeToken)
		w.must(w.emails.ChangeEmail(t.Context(), hana, old, ""))
		w.must(w.emails.Verify(t.Context(), w.link(old, "verify-email")))
		w.equal(old, w.record(hana).Email.Address)
		w.is(w.credentials.ResetPassword(t.Context(), reset, "a new password"), store.ErrOneTimeToken)
	})
}
