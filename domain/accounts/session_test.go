package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

const ttl = 30 * 24 * time.Hour

var phone = ident.SessionID{15: 3}

// presenting is an open session of hana, read again to use its first token,
// which was used at a time, if ever.
func presenting(usedAt time.Time) *accounts.Session {
	r := accounts.OpenSession(phone, hana, accounts.Device{}, [32]byte{1}, ttl, noon).Record()
	r.Presented, r.Issued = r.Issued, accounts.RefreshToken{}
	r.Presented.UsedAt = usedAt
	return accounts.RestoreSession(r)
}

func TestOpening(t *testing.T) {
	t.Run("a session lasts as long as its first token", func(t *testing.T) {
		s := accounts.OpenSession(phone, hana, accounts.Device{UserAgent: "Sajin/1 (phone)", Address: "2001:db8::1"}, [32]byte{1}, ttl, noon)
		want := accounts.SessionRecord{
			ID: phone, Account: hana, Device: accounts.Device{UserAgent: "Sajin/1 (phone)", Address: "2001:db8::1"},
			CreatedAt: noon, LastSeenAt: noon, ExpiresAt: noon.Add(ttl), ProvedAt: noon, Issued: accounts.RefreshToken{Hash: [32]byte{1}, IssuedAt: noon},
		}
		if diff := cmp.Diff(want, s.Record()); diff != "" {
			t.Error(diff)
		}
		if !s.Live(noon) || s.Live(noon.Add(ttl)) {
			t.Error("it lives too short or too long")
		}
	})
	t.Run("of what a device says only what can be shown is kept", func(t *testing.T) {
		d := accounts.Device{UserAgent: " <b>\x00\x1b[31m\r\nX\u202eY\xff " + strings.Repeat("가", 300), Address: strings.Repeat("1", 100)}.Clean()
		if want := "<b>[31mXY " + strings.Repeat("가", 190); d.UserAgent != want {
			t.Errorf("%q", d.UserAgent)
		}
		if len(d.Address) != 64 {
			t.Error(d.Address)
		}
	})
}

func TestRefreshing(t *testing.T) {
	next := [32]byte{2}
	t.Run("a token is used once and gives the next", func(t *testing.T) {
		s, later := presenting(time.Time{}), noon.Add(day)
		if err := s.Refresh(next, ttl, later); err != nil {
			t.Fatal(err)
		}
		r := s.Record()
		if r.Presented.UsedAt != later || r.Issued != (accounts.RefreshToken{Hash: next, IssuedAt: later}) {
			t.Error(r)
		}
		if r.LastSeenAt != later || r.ExpiresAt != later.Add(ttl) {
			t.Error("the session does not slide", r)
		}
		happened(t, s)
	})
	for name, after := range map[string]time.Duration{"at once": 0, "at the end of the grace": accounts.ReuseGrace} {
		t.Run("the same token "+name+" gives another one, and its first use stands", func(t *testing.T) {
			used := noon.Add(time.Hour)
			s := presenting(used)
			if err := s.Refresh(next, ttl, used.Add(after)); err != nil {
				t.Fatal(err)
			}
			if r := s.Record(); r.Presented.UsedAt != used || r.Issued.Hash != next || !r.EndedAt.IsZero() {
				t.Error(r)
			}
			happened(t, s)
		})
	}
	t.Run("the same token later ends the session", func(t *testing.T) {
		used := noon.Add(time.Hour)
		s, now := presenting(used), used.Add(accounts.ReuseGrace+time.Microsecond)
		is(t, s.Refresh(next, ttl, now), accounts.ErrRefreshReused)
		if r := s.Record(); r.EndedAt != now || r.EndedWhy != accounts.EndedReuse || r.Issued.Hash == next || s.Live(now) {
			t.Error(r)
		}
		happened(t, s, accounts.SessionReuseDetected{Account: hana, Session: phone, At: now})
		is(t, s.Refresh(next, ttl, now), accounts.ErrRefreshToken)
	})
	t.Run("a token that nobody used in its time is refused, and no theft", func(t *testing.T) {
		r := presenting(time.Time{}).Record()
		r.ExpiresAt = noon.Add(2 * ttl) // another token of the session was used since
		s := accounts.RestoreSession(r)
		is(t, s.Refresh(next, ttl, noon.Add(ttl)), accounts.ErrRefreshToken)
		if diff := cmp.Diff(r, s.Record()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("an expired session is not refreshed", func(t *testing.T) {
		is(t, presenting(time.Time{}).Refresh(next, ttl, noon.Add(ttl)), accounts.ErrRefreshToken)
	})
	t.Run("no session outlasts its cap, however often it is refreshed", func(t *testing.T) {
		s, now := presenting(time.Time{}), noon
		for s.Live(now) {
			if err := s.Refresh(next, ttl, now); err != nil {
				t.Fatal(err)
			}
			r := s.Record()
			r.Presented = r.Issued
			s, now = accounts.RestoreSession(r), now.Add(day)
			if now.After(noon.Add(accounts.MaxSession + day)) {
				t.Fatal("it still lives")
			}
		}
		if got := s.Record().ExpiresAt; got != noon.Add(accounts.MaxSession) {
			t.Error(got)
		}
	})
}

func TestEnding(t *testing.T) {
	t.Run("its owner ends it, once", func(t *testing.T) {
		s, now := presenting(time.Time{}), noon.Add(time.Hour)
		if err := s.End(hana, accounts.EndedRevoked, now); err != nil {
			t.Fatal(err)
		}
		if r := s.Record(); r.EndedAt != now || r.EndedWhy != accounts.EndedRevoked || r.ExpiresAt != now {
			t.Error(r)
		}
		is(t, s.End(hana, accounts.EndedSignOut, now), accounts.ErrSessionNotFound)
	})
	t.Run("nobody else does", func(t *testing.T) {
		s := presenting(time.Time{})
		is(t, s.End(bora, accounts.EndedRevoked, noon), accounts.ErrSessionNotFound)
		if !s.Live(noon) {
			t.Error("ended")
		}
	})
	t.Run("one that expired is over already", func(t *testing.T) {
		is(t, presenting(time.Time{}).End(hana, accounts.EndedSignOut, noon.Add(ttl)), accounts.ErrSessionNotFound)
	})
}
