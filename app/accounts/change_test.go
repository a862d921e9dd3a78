package accounts_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sajin-sns/sajin/app/accounts"
	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

func TestChangePassword(t *testing.T) {
	t.Run("ends every session but the one that it is changed in", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		w.register("bora")
		here, there, other := w.signIn("hana"), w.signIn("hana"), w.signIn("bora")
		w.topics()
		w.must(w.credentials.ChangePassword(t.Context(), hana, accounts.ChangePassword{Session: here.Session, Current: passwordOf("hana"), New: "another one"}))
		w.equal([]string{"accounts.account.password-changed.v1"}, w.topics())
		w.refuses(there.RefreshToken, rules.ErrRefreshToken)
		w.in(w.refresh(here.RefreshToken), nil)
		w.in(w.refresh(other.RefreshToken), nil)
		_, err := w.trySignIn("hana@example.com", passwordOf("hana"))
		w.is(err, rules.ErrBadCredentials)
		_, err = w.trySignIn("hana@example.com", "another one")
		w.must(err)
	})
	t.Run("needs the current one", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		g := w.signIn("hana")
		for _, wrong := range []string{"", "wrong horse", passwordOf("hana") + strings.Repeat("a", 2000)} {
			err := w.credentials.ChangePassword(t.Context(), hana, accounts.ChangePassword{Session: g.Session, Current: wrong, New: "another one"})
			w.is(err, rules.ErrWrongPassword)
			w.invalid(err, "current_password")
		}
		w.signIn("hana")
		w.in(g, nil)
	})
	t.Run("needs a good new one", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		w.invalid(w.credentials.ChangePassword(t.Context(), hana, accounts.ChangePassword{Current: passwordOf("hana"), New: "short"}), "new_password")
		w.signIn("hana")
	})
	t.Run("of two changes at once the second starts from a password that is no more", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		change := func(to string) error {
			return w.credentials.ChangePassword(t.Context(), hana, accounts.ChangePassword{Current: passwordOf("hana"), New: to})
		}
		w.hasher.meanwhile = func() { w.must(change("first one")) }
		w.is(change("second one"), rules.ErrWrongPassword)
		_, err := w.trySignIn("hana@example.com", "first one")
		w.must(err)
	})
}

func TestEdit(t *testing.T) {
	text := func(s string) *string { return &s }
	t.Run("changes what is named and leaves the rest", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		w.must(w.accounts.Edit(t.Context(), hana, accounts.Edit{DisplayName: text("Hana Kim"), Bio: text("hello")}))
		w.must(w.accounts.Edit(t.Context(), hana, accounts.Edit{Bio: text("")}))
		r := w.record(hana)
		w.equal(rules.Profile{Handle: "hana", DisplayName: "Hana Kim"}, r.Profile)
		w.equal(int64(3), r.Version)
	})
	t.Run("a name that was never given goes with the handle, a given one stays", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		w.must(w.accounts.Edit(t.Context(), hana, accounts.Edit{Handle: text("Hana_2")}))
		w.equal(rules.Profile{Handle: "hana_2", DisplayName: "hana_2"}, w.record(hana).Profile)
		w.must(w.accounts.Edit(t.Context(), hana, accounts.Edit{DisplayName: text("Hana Kim")}))
		w.must(w.accounts.Edit(t.Context(), hana, accounts.Edit{Handle: text("hana_3")}))
		w.equal(rules.Profile{Handle: "hana_3", DisplayName: "Hana Kim"}, w.record(hana).Profile)
	})
	t.Run("a copy that is out of date changes nothing", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		w.must(w.accounts.Edit(t.Context(), hana, accounts.Edit{Versions: []int64{1}, Bio: text("first")}))
		w.is(w.accounts.Edit(t.Context(), hana, accounts.Edit{Versions: []int64{1}, Bio: text("second")}), rules.ErrStale)
		w.is(w.accounts.Edit(t.Context(), hana, accounts.Edit{Versions: []int64{}, Bio: text("second")}), rules.ErrStale)
		w.must(w.accounts.Edit(t.Context(), hana, accounts.Edit{Versions: []int64{7, 2}, Bio: text("third")}))
		w.equal("third", w.record(hana).Bio)
	})
	t.Run("an avatar must be there to be shown, and the owner's", func(t *testing.T) {
		w := newWorld(t)
		hana, bora := w.register("hana"), w.register("bora")
		mine, theirs, none := ident.MediaID{15: 1}, ident.MediaID{15: 2}, ident.MediaID{}
		w.avatars[mine], w.avatars[theirs] = hana, bora
		w.must(w.accounts.Edit(t.Context(), hana, accounts.Edit{Avatar: &mine}))
		err := w.accounts.Edit(t.Context(), hana, accounts.Edit{Avatar: &theirs, Bio: text("hello")})
		w.is(err, rules.ErrAvatar)
		w.invalid(err, "avatar_media_id")
		w.equal(mine, w.record(hana).Avatar)
		w.equal("", w.record(hana).Bio)

		delete(w.avatars, mine) // it was there when it was chosen
		w.must(w.accounts.Edit(t.Context(), hana, accounts.Edit{Bio: text("hello")}))
		w.must(w.accounts.Edit(t.Context(), hana, accounts.Edit{Avatar: &none}))
		w.equal(none, w.record(hana).Avatar)
	})
	t.Run("every bad field is named", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		err := w.accounts.Edit(t.Context(), hana, accounts.Edit{Handle: text("a b"), DisplayName: text("a\x00"), Bio: text(strings.Repeat("a", 501))})
		w.invalid(err, "handle", "display_name", "bio")
	})
	t.Run("another's handle stays another's", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		w.register("bora")
		w.is(w.accounts.Edit(t.Context(), hana, accounts.Edit{Handle: text("BORA")}), rules.ErrHandleTaken)
		w.invalid(w.accounts.Edit(t.Context(), hana, accounts.Edit{Handle: text("admin")}), "handle")
		w.equal("hana", w.record(hana).Handle)
	})
}

func TestGrantRole(t *testing.T) {
	t.Run("an account is named by address or by handle", func(t *testing.T) {
		for _, name := range []string{"hana", "@Hana", " HANA ", "Hana@Example.com"} {
			w := newWorld(t)
			hana := w.register("hana")
			w.topics()
			w.must(w.accounts.GrantRole(t.Context(), name, "moderator"))
			w.must(w.accounts.GrantRole(t.Context(), name, "moderator"))
			w.equal(rules.Moderator, w.record(hana).Role)
			w.equal([]string{"accounts.account.role-granted.v1"}, w.topics())
		}
	})
	t.Run("what cannot be is said", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		w.invalid(w.accounts.GrantRole(t.Context(), "hana", "owner"), "role")
		w.invalid(w.accounts.GrantRole(t.Context(), "ha na", "admin"), "handle")
		w.invalid(w.accounts.GrantRole(t.Context(), "hana@", "admin"), "email")
		w.is(w.accounts.GrantRole(t.Context(), "bora", "admin"), rules.ErrNotFound)
		w.is(w.accounts.GrantRole(t.Context(), "bora@example.com", "admin"), rules.ErrNotFound)
		w.must(w.accounts.Delete(t.Context(), hana))
		w.is(w.accounts.GrantRole(t.Context(), "hana", "admin"), rules.ErrNotFound)
	})
}

func TestDelete(t *testing.T) {
	t.Run("takes the account away and signs it out everywhere", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		one, two := w.signIn("hana"), w.signIn("hana")
		w.topics()
		w.must(w.accounts.Delete(t.Context(), hana))
		w.equal([]string{"accounts.account.deleted.v1"}, w.topics())
		for _, g := range []accounts.Grant{one, two} {
			w.in(g, rules.ErrSessionEnded)
			w.refuses(g.RefreshToken, rules.ErrRefreshToken)
		}
		_, err := w.profiles.Profile(t.Context(), ident.AccountID{}, "hana")
		w.is(err, rules.ErrNotFound)
		_, err = w.profiles.ByHandle(t.Context(), "hana")
		w.is(err, rules.ErrNotFound)
		w.is(w.accounts.Delete(t.Context(), hana), rules.ErrNotFound)
	})
	t.Run("its address and handle stay taken while it can come back", func(t *testing.T) {
		w := newWorld(t)
		w.must(w.accounts.Delete(t.Context(), w.register("hana")))
		_, err := w.credentials.Register(t.Context(), rules.Application{Email: "hana@example.com", Password: "correct horse", Handle: "other"}, phone)
		w.is(err, rules.ErrEmailTaken)
	})
	t.Run("signing in within the grace brings it back, but not its sessions", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		before := w.signIn("hana")
		w.must(w.accounts.Delete(t.Context(), hana))
		w.pass(grace - 1)
		w.topics()
		g := w.signIn("hana")
		w.equal([]string{"accounts.account.restored.v1"}, w.topics())
		w.equal(hana, w.in(g, nil).Account)
		w.refuses(before.RefreshToken, rules.ErrRefreshToken)
		w.pass(day)
		w.must(w.maintenance.Purge(t.Context()))
		_, err := w.profiles.Own(t.Context(), hana)
		w.must(err)
	})
	t.Run("a wrong password does not bring it back", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		w.must(w.accounts.Delete(t.Context(), hana))
		_, err := w.trySignIn("hana@example.com", "wrong horse")
		w.is(err, rules.ErrBadCredentials)
		if w.record(hana).DeletedAt.IsZero() {
			t.Error("it is back")
		}
	})
	t.Run("when it cannot be told to others it has not happened", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		g := w.signIn("hana")
		w.outbox.err = errors.New("no outbox")
		w.is(w.accounts.Delete(t.Context(), hana), w.outbox.err)
		w.in(g, nil)
	})
}
