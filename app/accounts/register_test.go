package accounts_test

import (
	"errors"
	"strings"
	"testing"

	rules "github.com/sajin-sns/sajin/domain/accounts"
)

func TestRegister(t *testing.T) {
	hana := rules.Application{Email: " Hana@Example.com", Password: "correct horse", Handle: "Hana_K", DisplayName: "Hana Kim"}
	t.Run("makes a member, who can be found", func(t *testing.T) {
		w := newWorld(t)
		id, err := w.credentials.Register(t.Context(), hana, phone)
		w.must(err)
		w.equal(rules.Record{
			ID: id, Email: rules.Email{Address: "Hana@Example.com", Key: "hana@example.com"},
			Profile:      rules.Profile{Handle: "hana_k", DisplayName: "Hana Kim"},
			PasswordHash: "cheap hash of correct horse", Role: rules.Member, Version: 1, CreatedAt: w.clock,
		}, w.record(id))
		w.equal([]string{"accounts.account.registered.v1"}, w.topics())
		found, err := w.profiles.ByHandle(t.Context(), "HANA_K")
		w.must(err)
		w.equal(id, found)
	})
	t.Run("no account and no event come of an address or handle that is taken", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		w.topics()
		address, handle := hana, hana
		address.Email = "HANA@example.COM"
		handle.Handle, handle.Email = "hana", "other@example.com"
		_, err := w.credentials.Register(t.Context(), address, phone)
		w.is(err, rules.ErrEmailTaken)
		_, err = w.credentials.Register(t.Context(), handle, phone)
		w.is(err, rules.ErrHandleTaken)
		w.equal(1, w.count(`SELECT count(*) FROM accounts`))
		w.equal([]string(nil), w.topics())
	})
	t.Run("bad input is told at once, and costs no hash", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.credentials.Register(t.Context(), rules.Application{Email: "hana", Password: "hunter2", Handle: "admin"}, phone)
		w.invalid(err, "email", "password", "handle")
		if strings.Contains(err.Error(), "hunter2") {
			t.Error("the password is in", err)
		}
		w.equal(0, w.hasher.hashes)
	})
	t.Run("there is no account without its event", func(t *testing.T) {
		w := newWorld(t)
		w.outbox.err = errors.New("no outbox")
		_, err := w.credentials.Register(t.Context(), hana, phone)
		w.is(err, w.outbox.err)
		w.equal(0, w.count(`SELECT count(*) FROM accounts`))
	})
}
