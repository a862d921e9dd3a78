package accounts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/accounts"
)

func address(t *testing.T, text string) accounts.Email {
	t.Helper()
	email, err := accounts.ParseEmail(text)
	if err != nil {
		t.Fatal(err)
	}
	return email
}

// unverified is where mail is to be sent.
func unverified(t *testing.T, a *accounts.Account) string {
	t.Helper()
	email, err := a.Unverified()
	if err != nil {
		t.Fatal(err)
	}
	return email.Address
}

func TestVerifyEmail(t *testing.T) {
	t.Run("mail that arrives at the account's address verifies it, once", func(t *testing.T) {
		a := registered(t)
		if got := unverified(t, a); got != "Hana@Example.com" {
			t.Error(got)
		}
		for range 2 {
			former, err := a.VerifyEmail("Hana@Example.com", noon)
			is(t, err, nil)
			if former != "" {
				t.Error("given up:", former)
			}
		}
		if diff := cmp.Diff([]any{accounts.EmailVerified{Account: hana, At: noon}}, a.Events()); diff != "" {
			t.Error(diff)
		}
		if r := a.Record(); r.EmailVerifiedAt != noon || r.Version != 2 {
			t.Error(r.EmailVerifiedAt, r.Version)
		}
		_, err := a.Unverified()
		is(t, err, accounts.ErrEmailVerified)
	})
	t.Run("the address that was asked for takes the place of the other one when mail arrives there", func(t *testing.T) {
		a := registered(t)
		is(t, a.RequestEmail(address(t, "Hana@New.example.com")), nil)
		if r := a.Record(); r.Email.Key != "hana@example.com" || unverified(t, a) != "Hana@New.example.com" {
			t.Error("it took its place at once", r.Email)
		}
		former, err := a.VerifyEmail("Hana@New.example.com", noon)
		is(t, err, nil)
		r := a.Record()
		if former != "Hana@Example.com" || r.Email.Key != "hana@new.example.com" || r.PendingEmail != "" || r.EmailVerifiedAt != noon || r.Version != 3 {
			t.Errorf("%q, %+v", former, r)
		}
		if diff := cmp.Diff([]any{accounts.EmailChanged{Account: hana, At: noon}}, a.Events()); diff != "" {
			t.Error(diff)
		}
		_, err = a.VerifyEmail("Hana@Example.com", noon)
		is(t, err, accounts.ErrNotThisAddress)
	})
	t.Run("of two that were asked for the last one counts", func(t *testing.T) {
		a := registered(t)
		is(t, a.RequestEmail(address(t, "one@example.com")), nil)
		is(t, a.RequestEmail(address(t, "two@example.com")), nil)
		_, err := a.VerifyEmail("one@example.com", noon)
		is(t, err, accounts.ErrNotThisAddress)
		_, err = a.VerifyEmail("two@example.com", noon)
		is(t, err, nil)
	})
	t.Run("asking for the address that one has takes the request back", func(t *testing.T) {
		a := registered(t)
		is(t, a.RequestEmail(address(t, "one@example.com")), nil)
		is(t, a.RequestEmail(address(t, "Hana@Example.com")), nil)
		_, err := a.VerifyEmail("one@example.com", noon)
		is(t, err, accounts.ErrNotThisAddress)
		if got := unverified(t, a); got != "Hana@Example.com" {
			t.Error(got)
		}
	})
	t.Run("nothing is verified for who has left", func(t *testing.T) {
		a := registered(t)
		is(t, a.Delete(grace, noon), nil)
		is(t, a.RequestEmail(address(t, "one@example.com")), accounts.ErrNotFound)
		_, err := a.Unverified()
		is(t, err, accounts.ErrNotFound)
		_, err = a.VerifyEmail("Hana@Example.com", noon)
		is(t, err, accounts.ErrNotThisAddress)
		a.Purge(noon.Add(grace))
		_, err = a.VerifyEmail("", noon)
		is(t, err, accounts.ErrNotThisAddress)
	})
}

func TestResetPassword(t *testing.T) {
	t.Run("is for who gets the account's mail, and verifies that", func(t *testing.T) {
		a := registered(t)
		is(t, a.ResetPassword("new hash", "Hana@Example.com", noon), nil)
		want := []any{accounts.EmailVerified{Account: hana, At: noon}, accounts.PasswordChanged{Account: hana, At: noon}}
		if diff := cmp.Diff(want, a.Events()); diff != "" {
			t.Error(diff)
		}
		if r := a.Record(); r.PasswordHash != "new hash" || r.EmailVerifiedAt != noon {
			t.Error(r)
		}
	})
	t.Run("not for who got it once, nor for who has left", func(t *testing.T) {
		a := registered(t)
		is(t, a.ResetPassword("new hash", "old@example.com", noon), accounts.ErrNotThisAddress)
		is(t, a.Delete(grace, noon.Add(time.Hour)), nil)
		is(t, a.ResetPassword("new hash", "Hana@Example.com", noon), accounts.ErrNotThisAddress)
		if r := a.Record(); r.PasswordHash == "new hash" {
			t.Error(r)
		}
	})
}
