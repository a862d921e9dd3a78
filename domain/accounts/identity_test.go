package accounts_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

var google = accounts.Introduction{
	Provider: "google", Issuer: "https://accounts.google.com", Subject: "117", Email: "Hana.Kim@Example.com", EmailVerified: true, Name: "Hana Kim",
}

func TestBeingIntroduced(t *testing.T) {
	t.Run("makes an application of name and address", func(t *testing.T) {
		email, profile, err := google.Application(google.Handle(""))
		if err != nil || email.Key != "hana.kim@example.com" || profile != (accounts.Profile{Handle: "hana_kim", DisplayName: "Hana Kim"}) {
			t.Error(email, profile, err)
		}
	})
	t.Run("without an address there is none", func(t *testing.T) {
		for _, address := range []string{"", "hana", "hana@localhost", "a b@example.com", "hana@example.com\r\nBcc: x@example.com"} {
			in := google
			in.Email = address
			_, _, err := in.Application("hana")
			is(t, err, accounts.ErrNoAddress)
		}
	})
	t.Run("of a name only what can be shown is kept", func(t *testing.T) {
		for name, want := range map[string]string{
			"": "hana_kim", "  ": "hana_kim", " 김\u202e하나\x00\n ": "김하나", strings.Repeat("가", 80): strings.Repeat("가", 50), "\xff\xfe": "hana_kim",
		} {
			in := google
			in.Name = name
			_, profile, err := in.Application("hana_kim")
			if err != nil || profile.DisplayName != want {
				t.Errorf("%q: %q %v", name, profile.DisplayName, err)
			}
		}
	})
}

func TestHandlesOfTheIntroduced(t *testing.T) {
	for _, c := range []struct{ name, address, want string }{
		{"Hana Kim", "x@example.com", "hana_kim"},
		{"  Hana--K. O'Neil ", "x@example.com", "hana_k_o_neil"},
		{"김하나", "Hana.Kim+tag@example.com", "hana_kim_tag"},
		{"Jo", "jo.lee@example.com", "jo_lee"},
		{"Admin", "admin@example.com", "member"},
		{"", "", "member"},
		{"김", "하@example.com", "member"},
		{strings.Repeat("x", 99), "", strings.Repeat("x", 23)},
		{strings.Repeat("x", 22) + " yz", "", strings.Repeat("x", 22)},
	} {
		in := accounts.Introduction{Name: c.name, Email: c.address}
		if got := in.Handle(""); got != c.want {
			t.Errorf("%q, %q: %q instead of %q", c.name, c.address, got, c.want)
		}
		numbered := in.Handle("012345")
		if got, err := accounts.ParseHandle(numbered); err != nil || got != c.want+"_012345" {
			t.Errorf("%q: %v", numbered, err)
		}
	}
}

func TestBeingRecognised(t *testing.T) {
	verified := func(t *testing.T) *accounts.Account {
		t.Helper()
		r := registered(t).Record()
		r.EmailVerifiedAt = noon
		return accounts.RestoreAccount(r)
	}
	in := google
	in.Email = "HANA@example.com"
	t.Run("takes both sides' word for the address", func(t *testing.T) {
		if err := verified(t).Recognise(in); err != nil {
			t.Error(err)
		}
	})
	t.Run("this server's alone will not do", func(t *testing.T) {
		in := in
		in.EmailVerified = false
		is(t, verified(t).Recognise(in), accounts.ErrLinkSignInFirst)
	})
	t.Run("nor the provider's: the account may have been made for the owner to fall for", func(t *testing.T) {
		is(t, registered(t).Recognise(in), accounts.ErrLinkSignInFirst)
	})
	t.Run("nor another address", func(t *testing.T) {
		in := in
		in.Email = "bora@example.com"
		is(t, verified(t).Recognise(in), accounts.ErrLinkSignInFirst)
	})
	t.Run("a new account has its address verified by who introduces it, if by anybody", func(t *testing.T) {
		for _, known := range []bool{true, false} {
			in := google
			in.EmailVerified = known
			email, profile, err := in.Application("hana")
			if err != nil {
				t.Fatal(err)
			}
			r := accounts.RegisterIntroduced(hana, email, profile, in, noon).Record()
			if r.EmailVerifiedAt.Equal(noon) != known || r.PasswordHash != "" {
				t.Errorf("%t: %+v", known, r)
			}
		}
	})
}

func TestLinking(t *testing.T) {
	id := ident.IdentityID{15: 4}
	linked := func(t *testing.T, a *accounts.Account) accounts.Identity {
		t.Helper()
		i, err := a.Link(id, google, 0, noon)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	t.Run("gives the account another way to sign in", func(t *testing.T) {
		a := registered(t)
		want := accounts.Identity{ID: id, Account: hana, Provider: "google", Issuer: google.Issuer, Subject: "117", Email: "Hana.Kim@Example.com", LinkedAt: noon}
		if diff := cmp.Diff(want, linked(t, a)); diff != "" {
			t.Error(diff)
		}
		happened(t, a, accounts.IdentityLinked{Account: hana, Identity: id, Provider: "google", At: noon})
	})
	t.Run("but not too many", func(t *testing.T) {
		a := registered(t)
		_, err := a.Link(id, google, accounts.MaxIdentities, noon)
		is(t, err, accounts.ErrTooManyIdentities)
		happened(t, a)
	})
	t.Run("nor one that was deleted", func(t *testing.T) {
		a := registered(t)
		i := linked(t, a)
		if err := a.Delete(grace, noon); err != nil {
			t.Fatal(err)
		}
		_, err := a.Link(id, google, 0, noon)
		is(t, err, accounts.ErrNotFound)
		is(t, a.Unlink(i, 2, noon), accounts.ErrNotFound)
	})
	t.Run("is undone by who has a password", func(t *testing.T) {
		a := registered(t)
		i := linked(t, a)
		a.Events()
		if err := a.Unlink(i, 1, noon); err != nil {
			t.Fatal(err)
		}
		happened(t, a, accounts.IdentityUnlinked{Account: hana, Identity: id, Provider: "google", At: noon})
	})
	t.Run("and by who has none, down to the last", func(t *testing.T) {
		email, profile, err := google.Application("hana")
		if err != nil {
			t.Fatal(err)
		}
		a := accounts.Register(hana, email, profile, "", noon)
		i := linked(t, a)
		a.Events()
		is(t, a.Unlink(i, 1, noon), accounts.ErrLastSignIn)
		happened(t, a)
		if err := a.Unlink(i, 2, noon); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("is nobody else's to undo", func(t *testing.T) {
		a := registered(t)
		i := linked(t, a)
		i.Account = bora
		is(t, a.Unlink(i, 2, noon), accounts.ErrIdentityNotFound)
	})
}

func TestSessionsOfTheIntroduced(t *testing.T) {
	open := func(proof int) accounts.SessionRecord {
		s := accounts.OpenSession(phone, hana, accounts.Device{}, [32]byte{1}, ttl, noon)
		if proof != 0 {
			s.SignedInAt(noon.AddDate(0, 0, proof))
		}
		return s.Record()
	}
	t.Run("are as good as the proof that the provider had", func(t *testing.T) {
		if got := open(-1).ProvedAt; got != noon.Add(-day) {
			t.Error(got)
		}
	})
	t.Run("and no better than their own beginning", func(t *testing.T) {
		if got := open(1).ProvedAt; got != noon {
			t.Error(got)
		}
	})
	t.Run("and prove nothing where the provider does not say when it asked", func(t *testing.T) {
		s := accounts.OpenSession(phone, hana, accounts.Device{}, [32]byte{1}, ttl, noon)
		s.SignedInAt(accounts.SessionRecord{}.ProvedAt)
		if got := s.Record().ProvedAt; !got.Before(noon.AddDate(-1, 0, 0)) {
			t.Error(got)
		}
	})
}
