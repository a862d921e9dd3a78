package accounts_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
)

var (
	noon  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	hana  = ident.AccountID{15: 1}
	bora  = ident.AccountID{15: 2}
	day   = 24 * time.Hour
	grace = 30 * day
)

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

// invalid fails unless err is Invalid, about exactly these fields.
func invalid(t *testing.T, err error, paths ...string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Invalid {
		t.Fatalf("got %v, want Invalid", err)
	}
	var got []string
	for _, field := range f.Fields {
		got = append(got, field.Path)
	}
	if diff := cmp.Diff(paths, got); diff != "" {
		t.Fatal(diff)
	}
}

func application() accounts.Application {
	return accounts.Application{Email: "Hana@Example.com", Password: "correct horse", Handle: "hana_k", DisplayName: "Hana Kim"}
}

// registered is an account with no events left.
func registered(t *testing.T) *accounts.Account {
	t.Helper()
	email, profile, err := application().Check()
	if err != nil {
		t.Fatal(err)
	}
	a := accounts.Register(hana, email, profile, "hash", noon)
	a.Events()
	return a
}

func happened(t *testing.T, a interface{ Events() []any }, want ...any) {
	t.Helper()
	if diff := cmp.Diff(want, a.Events()); diff != "" {
		t.Fatal(diff)
	}
}

func TestApplying(t *testing.T) {
	t.Run("a new account is a member in its first version", func(t *testing.T) {
		email, profile, err := application().Check()
		if err != nil {
			t.Fatal(err)
		}
		a := accounts.Register(hana, email, profile, "hash", noon)
		want := accounts.Record{
			ID: hana, Email: accounts.Email{Address: "Hana@Example.com", Key: "hana@example.com"},
			Profile:      accounts.Profile{Handle: "hana_k", DisplayName: "Hana Kim"},
			PasswordHash: "hash", Role: accounts.Member, Version: 1, CreatedAt: noon,
		}
		if diff := cmp.Diff(want, a.Record()); diff != "" {
			t.Error(diff)
		}
		happened(t, a, accounts.Registered{Account: hana, Handle: "hana_k", At: noon})
		happened(t, a)
	})
	t.Run("everything that is wrong is said at once, and the password not repeated", func(t *testing.T) {
		in := accounts.Application{Email: "hana", Password: "secret!", Handle: "h", DisplayName: strings.Repeat("가", 51)}
		_, _, err := in.Check()
		invalid(t, err, "email", "password", "handle", "display_name")
		if strings.Contains(err.Error(), "secret!") {
			t.Error(err)
		}
	})
	t.Run("who gives no name goes by the handle", func(t *testing.T) {
		in := application()
		in.DisplayName = "  "
		if _, profile, err := in.Check(); err != nil || profile.DisplayName != "hana_k" {
			t.Error(profile, err)
		}
	})
}

func TestEmail(t *testing.T) {
	local64 := strings.Repeat("a", 64)
	for _, good := range []string{
		"a@b.kr", "hana.kim+tag@mail.example.com", "x_y-z!#$%&'*/=?^`{|}~@ex-ample.com", "하나@사진.한국", local64 + "@example.com",
		strings.Repeat("a", 254-len("@example.com")) + "@example.com",
	} {
		t.Run("accepted: "+good, func(t *testing.T) {
			if e, err := accounts.ParseEmail(good); err != nil || e.Address != good {
				t.Error(e, err)
			}
		})
	}
	for _, bad := range []string{
		"", "hana", "@example.com", "hana@", "hana@localhost", "hana@.com", "hana@example.", "hana@exa..mple.com", "hana@-a.com", "hana@a-.com",
		"a@b@example.com", "ha na@example.com", "hana@exam ple.com", "Hana <hana@example.com>", `"hana"@example.com`, "hana@[127.0.0.1]",
		"hana@example.com,bora@example.com", "hana@example.com\r\nBcc: x@example.com", "hana\x00@example.com", "hana\u200b@example.com",
		"hana\u202e@example.com", "hana\xff@example.com", ".hana@example.com", "hana.@example.com", "ha..na@example.com",
		"\u212aim@example.com" /* a Kelvin sign */, "hana@\u212aakao.com", "hana@" + strings.Repeat("a", 64) + ".com",
		strings.Repeat("a", 255-len("@example.com")) + "@example.com", strings.Repeat("가", 84) + "@example.com",
	} {
		t.Run("refused: "+bad, func(t *testing.T) {
			_, err := accounts.ParseEmail(bad)
			invalid(t, err, "email")
		})
	}
	t.Run("space around it goes, case makes no other address", func(t *testing.T) {
		e, err := accounts.ParseEmail(" \tHANA@Example.COM\n")
		if want := (accounts.Email{Address: "HANA@Example.COM", Key: "hana@example.com"}); err != nil || e != want {
			t.Error(e, err)
		}
	})
}

func TestHandle(t *testing.T) {
	for in, want := range map[string]string{
		"abc": "abc", "Hana_K": "hana_k", "_0_": "_0_", " hana ": "hana", strings.Repeat("z", 30): strings.Repeat("z", 30), "ADMIN": "admin",
	} {
		if got, err := accounts.ParseHandle(in); err != nil || got != want {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
	for _, bad := range []string{
		"", "ab", strings.Repeat("z", 31), "ha na", "ha-na", "ha.na", "@hana", "하나하나", "hаna" /* a Cyrillic а */, "ha\u212ana" /* a Kelvin sign */, "hana\x00", "hana\n_",
	} {
		_, err := accounts.ParseHandle(bad)
		invalid(t, err, "handle")
	}
	t.Run("words of the server cannot be had", func(t *testing.T) {
		for _, word := range []string{"admin", "Account", "API", "sajin", "me", "moderator", "support"} {
			in := application()
			in.Handle = word
			_, _, err := in.Check()
			invalid(t, err, "handle")
		}
	})
	t.Run("who has a word that became one of the server's keeps it", func(t *testing.T) {
		r := registered(t).Record()
		r.Handle = "admin"
		a := accounts.RestoreAccount(r)
		if err := a.Edit(accounts.Profile{Handle: "Admin", Bio: "hello"}); err != nil || a.Record().Handle != "admin" {
			t.Error(a.Record().Handle, err)
		}
	})
}

func TestPassword(t *testing.T) {
	for _, good := range []string{"12345678", "비밀번호여덟글자", "        ", strings.Repeat("a", 128), strings.Repeat("한", 128), strings.Repeat("😀", 128)} {
		if err := accounts.CheckPassword("password", good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "1234567", "비밀번호일곱자", strings.Repeat("a", 129), "12345678\xff"} {
		err := accounts.CheckPassword("new_password", bad)
		invalid(t, err, "new_password")
		if bad != "" && strings.Contains(err.Error(), bad) {
			t.Error(err)
		}
	}
}

func TestEditing(t *testing.T) {
	avatar := ident.MediaID{15: 9}
	t.Run("a change is a new version, no change is none", func(t *testing.T) {
		a := registered(t)
		changed := accounts.Profile{Handle: "Hana_2", DisplayName: " Hana\u200d ", Bio: "line\r\nline", Avatar: avatar}
		for range 2 {
			if err := a.Edit(changed); err != nil {
				t.Fatal(err)
			}
			if a.Record().Version != 2 {
				t.Fatal(a.Record().Version)
			}
		}
		if diff := cmp.Diff(accounts.Profile{Handle: "hana_2", DisplayName: "Hana\u200d", Bio: "line\nline", Avatar: avatar}, a.Record().Profile); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("every bad field is named, and nothing changes", func(t *testing.T) {
		a := registered(t)
		before := a.Record()
		err := a.Edit(accounts.Profile{Handle: "x", DisplayName: "a\nb", Bio: strings.Repeat("x", 501)})
		invalid(t, err, "handle", "display_name", "bio")
		if a.Record() != before {
			t.Error(a.Record())
		}
	})
	t.Run("a role is granted once", func(t *testing.T) {
		a := registered(t)
		for range 2 {
			if err := a.Grant(accounts.Admin, noon); err != nil {
				t.Fatal(err)
			}
		}
		happened(t, a, accounts.RoleGranted{Account: hana, Role: accounts.Admin, At: noon})
		if r := a.Record(); r.Role != accounts.Admin || r.Version != 2 {
			t.Error(r)
		}
	})
	t.Run("roles go by their names", func(t *testing.T) {
		for _, name := range []string{"member", "moderator", "admin"} {
			if role, err := accounts.ParseRole(name); err != nil || string(role) != name {
				t.Error(role, err)
			}
		}
		_, err := accounts.ParseRole("Admin")
		invalid(t, err, "role")
	})
	t.Run("a new password says in which session it was changed", func(t *testing.T) {
		a := registered(t)
		session := ident.SessionID{15: 7}
		if err := a.ChangePassword("other", session, noon); err != nil || a.Record().PasswordHash != "other" {
			t.Fatal(err)
		}
		happened(t, a, accounts.PasswordChanged{Account: hana, Session: session, At: noon})
	})
	t.Run("a better hash of the same password is nobody's business", func(t *testing.T) {
		a := registered(t)
		a.Rehash("better")
		if r := a.Record(); r.PasswordHash != "better" || r.Version != 1 {
			t.Error(r)
		}
		happened(t, a)
	})
}

func TestLeaving(t *testing.T) {
	deleted := func(t *testing.T) *accounts.Account {
		t.Helper()
		a := registered(t)
		if err := a.Delete(grace, noon); err != nil {
			t.Fatal(err)
		}
		happened(t, a, accounts.Deleted{Account: hana, PurgeAt: noon.Add(grace), At: noon})
		return a
	}
	t.Run("a deleted account is not there to be changed", func(t *testing.T) {
		a := deleted(t)
		is(t, a.Delete(grace, noon), accounts.ErrNotFound)
		is(t, a.Edit(a.Record().Profile), accounts.ErrNotFound)
		is(t, a.Grant(accounts.Admin, noon), accounts.ErrNotFound)
		is(t, a.ChangePassword("other", ident.SessionID{}, noon), accounts.ErrNotFound)
		happened(t, a)
	})
	t.Run("returning within the grace brings it back as it was", func(t *testing.T) {
		a := deleted(t)
		late := noon.Add(grace - time.Microsecond)
		if err := a.Return(late); err != nil || !a.Live() {
			t.Fatal(err)
		}
		happened(t, a, accounts.Restored{Account: hana, At: late})
		want := registered(t).Record()
		want.Version = 3
		if diff := cmp.Diff(want, a.Record()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("returning after the grace is like having no account", func(t *testing.T) {
		a := deleted(t)
		is(t, a.Return(noon.Add(grace)), accounts.ErrBadCredentials)
		happened(t, a)
	})
	t.Run("without a grace there is no way back", func(t *testing.T) {
		a := registered(t)
		if err := a.Delete(0, noon); err != nil {
			t.Fatal(err)
		}
		is(t, a.Return(noon), accounts.ErrBadCredentials)
	})
	t.Run("returning to an account that was never deleted changes nothing", func(t *testing.T) {
		a := registered(t)
		before := a.Record()
		if err := a.Return(noon); err != nil || a.Record() != before {
			t.Error(a.Record(), err)
		}
	})
	t.Run("purging leaves nothing personal, and frees address and handle", func(t *testing.T) {
		r := registered(t).Record()
		r.Bio, r.Avatar, r.Role = "about me", ident.MediaID{15: 9}, accounts.Admin
		a := accounts.RestoreAccount(r)
		if err := a.Delete(grace, noon); err != nil {
			t.Fatal(err)
		}
		a.Events()
		gone := noon.Add(grace)
		if a.Purge(gone.Add(-time.Microsecond)) {
			t.Fatal("purged within the grace")
		}
		if !a.Purge(gone) {
			t.Fatal("not purged")
		}
		want := accounts.Record{
			ID: hana, Email: accounts.Email{Key: "purged:" + hana.String()}, Profile: accounts.Profile{Handle: "deleted-" + hana.String()},
			Role: accounts.Member, Version: 3, CreatedAt: noon, DeletedAt: noon, PurgedAt: gone,
		}
		if diff := cmp.Diff(want, a.Record()); diff != "" {
			t.Error(diff)
		}
		happened(t, a, accounts.Purged{Account: hana, At: gone})
		if a.Purge(gone.Add(day)) {
			t.Error("purged twice")
		}
		is(t, a.Return(gone), accounts.ErrBadCredentials)
		if _, err := accounts.ParseEmail(a.Record().Email.Key); err == nil {
			t.Error("somebody could register the placeholder of an address")
		}
		if _, err := accounts.ParseHandle(a.Record().Handle); err == nil {
			t.Error("somebody could register the placeholder of a handle")
		}
	})
	t.Run("an account that was not deleted is never purged", func(t *testing.T) {
		if registered(t).Purge(noon.Add(1000 * day)) {
			t.Error("purged")
		}
	})
}
